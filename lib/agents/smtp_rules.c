/* smtp_rules.c: what a mail server does by rule; see smtp_rules.h. The keys are in smtp_rules_fields.c. */
#include "agents/smtp_rules.h"

#include "agents/smtp_policy.h"
#include "agents/smtp_rules_fields.h"
#include "core/hash.h"
#include "proto/ascii.h"
#include "proto/smtp_reply.h"
#include "text/pattern.h"

#include <stdio.h>

#define DELAY_MAX_NS (MSIM_NEVER / 2) /* of all rules together: who adds to it meets no overflow */
#define SUBJECT_BYTES 600u            /* longer ones are cut before they are compared */

struct msim__smtp_rule {
  const struct msim__smtp_rule_config *config;
  uint64_t match_count, act_count;
  struct msim__smtp_marks marks; /* of rate and greylist */
  uint64_t rate_count;
  msim_ns rate_ns; /* rate_count in this time; 0: no rate */
};

int msim__smtp_rules_init(struct msim__smtp_rules *rules, struct msim__mem *mem, struct msim_list configs)
{
  const struct msim__smtp_rule_config *const *items = configs.items;
  size_t i;

  memset(rules, 0, sizeof *rules);
  rules->mem = mem;
  if (configs.count == 0)
    return MSIM_OK;
  rules->rules = msim__alloc_zeroed(mem, configs.count, sizeof *rules->rules);
  if (rules->rules == NULL)
    return MSIM_ERR_NOMEM;
  rules->count = configs.count;
  for (i = 0; i < configs.count; i++) {
    rules->rules[i].config = items[i];
    rules->rules[i].marks.mem = mem;
    if (items[i]->rate[0] != '\0')
      (void)msim__smtp_rate_parse(items[i]->rate, &rules->rules[i].rate_count, &rules->rules[i].rate_ns);
  }
  return MSIM_OK;
}

void msim__smtp_rules_release(struct msim__smtp_rules *rules)
{
  size_t i;

  for (i = 0; i < rules->count; i++)
    msim__smtp_marks_release(&rules->rules[i].marks);
  if (rules->rules != NULL)
    msim__free(rules->mem, rules->rules, rules->count * sizeof *rules->rules);
  rules->rules = NULL;
  rules->count = 0;
}

/* ---- whether a rule is meant ---- */

static void copy_lower(char out[SUBJECT_BYTES], const char *text)
{
  size_t i;

  for (i = 0; text[i] != '\0' && i + 1 < SUBJECT_BYTES; i++)
    out[i] = (char)msim__ascii_lower((uint8_t)text[i]);
  out[i] = '\0';
}

/* Without regard to the case of ASCII letters. */
static bool fits(const char *pattern, const char *text)
{
  char low_pattern[SUBJECT_BYTES], low_text[SUBJECT_BYTES];

  if (pattern[0] == '\0')
    return true;
  copy_lower(low_pattern, pattern);
  copy_lower(low_text, text);
  return msim__pattern_match_text(low_pattern, low_text);
}

static bool fits_client(const struct msim__smtp_match_config *match, const struct msim_addr *client)
{
  const struct msim_cidr *networks = match->clients.items;
  size_t i;

  for (i = 0; i < match->clients.count; i++)
    if (msim__smtp_in_network(&networks[i], client))
      return true;
  return match->clients.count == 0;
}

static bool fits_any_recipient(const char *pattern, const struct msim__smtp_occasion *occasion)
{
  const char *address;
  size_t i;

  if (pattern[0] == '\0')
    return true;
  for (i = 0; occasion->to != NULL && (address = occasion->to(occasion->ctx, i)) != NULL; i++)
    if (fits(pattern, address))
      return true;
  return false;
}

bool msim__smtp_rule_is_meant(const struct msim__smtp_rule_config *config, const struct msim__smtp_occasion *occasion)
{
  const struct msim__smtp_match_config *match = config->match;
  bool is_command = occasion->at[0] >= 'A' && occasion->at[0] <= 'Z';

  if (!msim__slice_is(msim__slice_text(config->at), occasion->at) && (strcmp(config->at, "any") != 0 || !is_command))
    return false;
  if (occasion->now_ns < config->after_ns || (config->until_ns != 0 && occasion->now_ns >= config->until_ns))
    return false;
  if (match == NULL)
    return true;
  return (match->port == 0 || match->port == occasion->port) && fits_client(match, &occasion->client.addr) &&
         fits(match->from, occasion->from) && fits(match->helo, occasion->helo) &&
         fits(match->login, occasion->login) && fits_any_recipient(match->to, occasion);
}

/* ---- counting and remembering ---- */

static uint64_t join_text(uint64_t hash, const char *text)
{
  char low[SUBJECT_BYTES];

  copy_lower(low, text);
  return msim__hash_bytes(hash, low, strlen(low));
}

static uint64_t join_network(uint64_t hash, const struct msim_addr *addr, unsigned prefix_bits)
{
  unsigned i, bits = prefix_bits;

  hash = msim__hash_join(hash, addr->family);
  for (i = 0; i < 16 && bits > 0; i++) {
    hash = msim__hash_join(hash, bits >= 8 ? addr->bytes[i] : addr->bytes[i] & (0xff00u >> bits));
    bits -= bits >= 8 ? 8 : bits;
  }
  return hash;
}

static const char *first_recipient(const struct msim__smtp_occasion *occasion)
{
  const char *address = occasion->to != NULL ? occasion->to(occasion->ctx, 0) : NULL;

  return address != NULL ? address : "";
}

static uint64_t key_of(int per, const struct msim__smtp_occasion *occasion)
{
  switch ((enum msim__smtp_per)per) {
  case MSIM__SMTP_PER_CLIENT:
    return join_network(1, &occasion->client.addr, 128);
  case MSIM__SMTP_PER_SENDER:
    return join_text(2, occasion->from);
  case MSIM__SMTP_PER_LOGIN:
    return join_text(3, occasion->login);
  case MSIM__SMTP_PER_RECIPIENT:
    return join_text(4, first_recipient(occasion));
  case MSIM__SMTP_PER_SERVER:
    break;
  }
  return 5;
}

/* Counted in windows of the given length, each beginning with the first that comes after the one before. */
static bool is_too_often(struct msim__smtp_rule *rule, const struct msim__smtp_occasion *occasion)
{
  struct msim__smtp_mark *mark =
      msim__smtp_marks_get(&rule->marks, key_of(rule->config->per, occasion), occasion->now_ns, rule->rate_ns);

  if (mark == NULL)
    return true; /* nobody gets past by making us forget */
  if (occasion->now_ns - mark->first_ns >= rule->rate_ns) {
    mark->first_ns = occasion->now_ns;
    mark->count = 0;
  }
  mark->last_ns = mark->first_ns;
  mark->count++;
  return mark->count > rule->rate_count;
}

/* RFC 6647 2.3: who is new, by network, sender and recipient, is asked to come again. */
static bool is_to_come_again(struct msim__smtp_rule *rule, const struct msim__smtp_occasion *occasion)
{
  const struct msim__smtp_greylist_config *config = rule->config->greylist;
  uint64_t key = join_network(6, &occasion->client.addr, (unsigned)config->prefix_bits);
  msim_ns keep_ns = config->keep_ns > config->window_ns ? config->keep_ns : config->window_ns;
  struct msim__smtp_mark *mark;
  msim_ns age_ns;

  key = join_text(join_text(key, occasion->from), first_recipient(occasion));
  mark = msim__smtp_marks_get(&rule->marks, key, occasion->now_ns, keep_ns);
  if (mark == NULL)
    return false; /* no room to remember: mail goes before order */
  age_ns = occasion->now_ns - mark->first_ns;
  if (mark->count++ == 0 ||
      (mark->passed ? occasion->now_ns - mark->last_ns >= config->keep_ns : age_ns >= config->window_ns)) {
    mark->first_ns = mark->last_ns = occasion->now_ns;
    mark->passed = config->delay_ns == 0;
    return !mark->passed;
  }
  mark->last_ns = occasion->now_ns;
  mark->passed = mark->passed || age_ns >= config->delay_ns;
  return !mark->passed;
}

/* ---- what is done ---- */

static void set_reply(struct msim__smtp_effect *effect, const char *reply, const char *reason)
{
  struct msim_slice rest = msim__slice_text(reply + 4);
  struct msim__smtp_enhanced enhanced;
  size_t used;

  effect->code = (unsigned)(reply[0] - '0') * 100 + (unsigned)(reply[1] - '0') * 10 + (unsigned)(reply[2] - '0');
  effect->reason = reason;
  effect->text = reply + 4;
  if (msim__smtp_enhanced_parse(&enhanced, rest, &used)) {
    (void)snprintf(effect->enhanced, sizeof effect->enhanced, "%u.%u.%u", (unsigned)enhanced.class_digit,
                   (unsigned)enhanced.subject, (unsigned)enhanced.detail);
    effect->text += used;
  }
}

static bool settles(const struct msim__smtp_effect *effect)
{
  return effect->code != 0 || effect->cut != MSIM__SMTP_CUT_NONE || effect->drop || effect->discard;
}

static msim_ns add_delays(msim_ns a_ns, msim_ns b_ns)
{
  return b_ns < DELAY_MAX_NS - a_ns ? a_ns + b_ns : DELAY_MAX_NS;
}

struct msim__smtp_effect msim__smtp_effect_join(struct msim__smtp_effect loser, struct msim__smtp_effect winner)
{
  struct msim__smtp_effect both = settles(&winner) ? winner : loser;

  both.delay_ns = add_delays(loser.delay_ns, winner.delay_ns);
  return both;
}

/* true: no further rule is looked at. */
static bool act(const struct msim__smtp_rule_config *config, struct msim__smtp_effect *effect)
{
  const char *reply = config->reply;

  if (reply[0] == '\0' && config->greylist != NULL)
    reply = "451 4.7.1 Greylisted: please come again later";
  else if (reply[0] == '\0' && config->rate[0] != '\0' && config->close == MSIM__SMTP_CUT_NONE && !config->drop &&
           !config->discard && config->delay_ns == 0)
    reply = "450 4.7.1 Too much at a time: please come again later";
  effect->delay_ns = add_delays(effect->delay_ns, config->delay_ns);
  if (reply[0] != '\0')
    set_reply(effect, reply, config->greylist != NULL ? "greylisted" : config->rate[0] != '\0' ? "rate" : "rule");
  effect->cut = (enum msim__smtp_cut)config->close;
  effect->drop = config->drop;
  effect->discard = config->discard;
  return settles(effect);
}

struct msim__smtp_effect msim__smtp_rules_apply(struct msim__smtp_rules *rules,
                                                const struct msim__smtp_occasion *occasion)
{
  struct msim__smtp_effect effect;
  bool settled = false;
  size_t i;

  memset(&effect, 0, sizeof effect);
  for (i = 0; i < rules->count; i++) {
    struct msim__smtp_rule *rule = &rules->rules[i];
    const struct msim__smtp_rule_config *config = rule->config;

    /* nth counts whatever is meant, also what an earlier rule has settled */
    if (!msim__smtp_rule_is_meant(config, occasion) || ++rule->match_count < config->nth || settled)
      continue;
    if (config->times != 0 && rule->act_count >= config->times)
      continue;
    if ((rule->rate_ns != 0 && !is_too_often(rule, occasion)) ||
        (config->greylist != NULL && !is_to_come_again(rule, occasion)))
      continue;
    rule->act_count++;
    settled = act(config, &effect);
  }
  return effect;
}
