/* smtp_rules_fields.c: the keys of a mail server's rules; see smtp_rules.h. */
#include "agents/smtp_rules_fields.h"

#include "agents/smtp_cmd.h"
#include "agents/smtp_rules.h"
#include "proto/ascii.h"
#include "proto/smtp_reply.h"
#include "text/units.h"

#include <stdio.h>

#define RATE_MAX 1000000000u

bool msim__smtp_rate_parse(const char *text, uint64_t *count, msim_ns *time_ns)
{
  const char *slash = strchr(text, '/'), *why;
  struct msim_slice number = msim__slice_text(text), rest;
  char with_number[32];

  if (slash == NULL)
    return false;
  number.size_bytes = (size_t)(slash - text);
  if (!msim__slice_number(number, count) || *count > RATE_MAX || strlen(slash + 1) + 2 > sizeof with_number)
    return false;
  /* "min" is "1min" */
  (void)snprintf(with_number, sizeof with_number, "%s%s", msim__ascii_is_digit((uint8_t)slash[1]) ? "" : "1",
                 slash + 1);
  rest = msim__slice_text(with_number);
  return msim__units_parse_duration(rest, time_ns, &why) == MSIM_OK && *time_ns > 0;
}

const char *msim__smtp_check_rate(const char *text)
{
  uint64_t count;
  msim_ns time_ns;

  return text[0] == '\0' || msim__smtp_rate_parse(text, &count, &time_ns) ? NULL
                                                                          : "a rate such as 20/min is expected here";
}

const char *msim__smtp_check_reply(const char *text)
{
  struct msim__smtp_enhanced enhanced;
  struct msim__smtp_reply reply;
  uint8_t bytes[1024];
  size_t i, n;

  memset(&reply, 0, sizeof reply);
  if (text[0] == '\0')
    return NULL;
  for (i = 0; text[i] != '\0'; i++)
    if (msim__ascii_is_control((uint8_t)text[i]))
      return "one line without control characters is expected here";
  if (strlen(text) < 5 || text[3] != ' ' || msim__smtp_reply_feed(&reply, msim__slice_text(text)) != 1 ||
      reply.code / 100 == 3)
    return "a reply such as \"451 4.7.1 Later\" is expected here: a code beginning with 2, 4 or 5, and a text";
  if (msim__smtp_enhanced_parse(&enhanced, msim__slice_text(text + 4), &n) && enhanced.class_digit != reply.code / 100)
    return "the enhanced code begins with another digit than the code";
  if (msim__smtp_reply_format(bytes, sizeof bytes, reply.code, NULL, msim__slice_text(text + 4), &n) < 0)
    return "the reply is longer than a line may be";
  return NULL;
}

const char *msim__smtp_check_at(const char *text)
{
  static const char *const moments[] = {"greeting", "final-dot", "any"};
  size_t i;

  for (i = 0; i < sizeof moments / sizeof moments[0]; i++)
    if (strcmp(text, moments[i]) == 0)
      return NULL;
  for (i = 0; msim__registry_smtp_cmd[i] != NULL; i++)
    if (msim__slice_is(msim__slice_text(text), msim__registry_smtp_cmd[i]->name))
      return NULL;
  return "greeting, final-dot, any, or a command such as RCPT is expected here";
}

const char *const msim__smtp_cut_names[] = {"none", "before-reply", "after-reply", "reset", NULL};
const char *const msim__smtp_per_names[] = {"client", "sender", "login", "recipient", "server", NULL};

static const struct msim_field client_item[] = {
    {.key = "client", .kind = MSIM_FIELD_CIDR, .offset = 0},
};

#define MATCH(member) offsetof(struct msim__smtp_match_config, member)
const struct msim_field msim__smtp_match_fields[] = {
    {.key = "from",
     .kind = MSIM_FIELD_TEXT,
     .offset = MATCH(from),
     .fallback = "\"\"",
     .help = "the reverse-path, as a pattern such as *@x.example"},
    {.key = "to",
     .kind = MSIM_FIELD_TEXT,
     .offset = MATCH(to),
     .fallback = "\"\"",
     .help = "a recipient, as a pattern"},
    {.key = "client",
     .kind = MSIM_FIELD_LIST,
     .offset = MATCH(clients),
     .fallback = "",
     .item = client_item,
     .item_bytes = sizeof(struct msim_cidr),
     .help = "networks or addresses that it comes from"},
    {.key = "helo",
     .kind = MSIM_FIELD_TEXT,
     .offset = MATCH(helo),
     .fallback = "\"\"",
     .help = "what the client calls itself, as a pattern"},
    {.key = "login",
     .kind = MSIM_FIELD_TEXT,
     .offset = MATCH(login),
     .fallback = "\"\"",
     .help = "who has logged in, as a pattern"},
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = MATCH(port),
     .fallback = "0",
     .max = 65535,
     .help = "of the server"},
    {.key = NULL},
};

#define GREY(member) offsetof(struct msim__smtp_greylist_config, member)
const struct msim_field msim__smtp_greylist_fields[] = {
    {.key = "delay",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = GREY(delay_ns),
     .fallback = "5min",
     .help = "who comes again sooner comes too soon"},
    {.key = "window",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = GREY(window_ns),
     .fallback = "2d",
     .help = "who comes again later begins anew"},
    {.key = "keep",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = GREY(keep_ns),
     .fallback = "36d",
     .help = "who has passed is known so long after the last time"},
    {.key = "client-prefix",
     .kind = MSIM_FIELD_UINT,
     .offset = GREY(prefix_bits),
     .fallback = "24",
     .max = 128,
     .help = "clients that agree in so many bits of their address are one"},
    {.key = NULL},
};

#define RULE(member) offsetof(struct msim__smtp_rule_config, member)
static const struct msim_field rule_fields[] = {
    MSIM__SMTP_RULE_DEEDS(struct msim__smtp_rule_config, ),
    {.key = "nth",
     .kind = MSIM_FIELD_UINT,
     .offset = RULE(nth),
     .fallback = "1",
     .min = 1,
     .max = 1000000000,
     .help = "acts from the nth match on"},
    {.key = "times",
     .kind = MSIM_FIELD_UINT,
     .offset = RULE(times),
     .fallback = "0",
     .max = 1000000000,
     .help = "so often, then no more; 0 is always"},
    {.key = "after",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = RULE(after_ns),
     .fallback = "0s",
     .help = "from this time of the run on"},
    {.key = "until",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = RULE(until_ns),
     .fallback = "0s",
     .help = "up to this time of the run; 0 is always"},
    {.key = NULL},
};

const struct msim_field msim__smtp_rule_item[] = {
    {.key = "rule",
     .kind = MSIM_FIELD_STRUCT,
     .offset = 0,
     .item = rule_fields,
     .item_bytes = sizeof(struct msim__smtp_rule_config)},
};
