/* smtp_server_fields.c: the keys of the agent smtp-server, and what their texts must look like. */
#include "agents/smtp_server_fields.h"

#include "agents/smtp_incoming.h"
#include "proto/ascii.h"

/* ---- checks ---- */

static const char *check_user(const char *text)
{
  struct msim__address address;
  enum msim__address_flaw flaw;
  size_t used;

  if (msim__address_scan(&address, msim__slice_text(text), true, &used, &flaw) == MSIM_OK &&
      address.domain.size_bytes == 0 && !address.local_quoted && text[used] == '\0')
    return NULL;
  return "the part of an address before the @ is expected here";
}

static const char *check_password(const char *text)
{
  return strlen(text) <= MSIM__SASL_TEXT_BYTES_MAX ? NULL : "a password has at most 255 bytes";
}

static const char *check_customer(const char *text)
{
  struct msim__address address;

  if (text[0] == '@' ? msim__domain_is_name(msim__slice_text(text + 1), true)
                     : msim__address_parse(&address, msim__slice_text(text), true, NULL) == MSIM_OK)
    return NULL;
  return "an address such as anna@x.example or a domain such as @x.example is expected here";
}

static const char *check_target(const char *text)
{
  struct msim__address address;

  if (check_user(text) == NULL || msim__address_parse(&address, msim__slice_text(text), true, NULL) == MSIM_OK)
    return NULL;
  return "an address such as anna@x.example or the name of a user is expected here";
}

static const char *check_line(const char *text)
{
  for (; *text != '\0'; text++)
    if (msim__ascii_is_control((uint8_t)*text))
      return "one line without control characters is expected here";
  return NULL;
}

static const char *check_mechanism(const char *text)
{
  enum msim__sasl_mechanism mechanism;

  if (msim__sasl_find(msim__slice_text(text), &mechanism))
    return NULL;
  return "SCRAM-SHA-256, CRAM-MD5, PLAIN or LOGIN is expected here";
}

static const char *check_extension(const char *text)
{
  static const char *const known[] = {"PIPELINING", "SIZE",       "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN",
                                      "CHUNKING",   "BINARYMIME", "AUTH"};
  size_t i;

  for (i = 0; i < sizeof known / sizeof known[0]; i++)
    if (msim__slice_is(msim__slice_text(text), known[i]))
      return NULL;
  return "an extension that is offered is expected here: PIPELINING, SIZE, 8BITMIME, ENHANCEDSTATUSCODES, SMTPUTF8, "
         "DSN, "
         "CHUNKING, BINARYMIME or AUTH";
}

/* ---- users, aliases, customers ---- */

static const struct msim_field user_fields[] = {
    {.key = "password",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__smtp_user_body, password),
     .fallback = "\"\"",
     .check = check_password,
     .help = "with which the user can log in"},
    {.key = "size-max",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct msim__smtp_user_body, size_bytes_max),
     .fallback = "0B",
     .help = "of one message for this user; 0B is the server's"},
    {.key = "quota",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct msim__smtp_user_body, quota_bytes),
     .fallback = "0B",
     .help = "of the mailbox; 0B is none"},
    {.key = NULL},
};

static const struct msim_field user_item[] = {
    {.key = "user",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct msim__smtp_user_config, body),
     .item = user_fields,
     .item_bytes = sizeof(struct msim__smtp_user_body)},
};

static const struct msim_field domain_item[] = {
    {.key = "users",
     .kind = MSIM_FIELD_MAP,
     .offset = offsetof(struct msim__smtp_domain_config, users),
     .item = user_item,
     .item_bytes = sizeof(struct msim__smtp_user_config),
     .check = check_user,
     .max = 1000000},
};

static const struct msim_field target_item[] = {
    {.key = "target", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_target},
};

static const struct msim_field alias_item[] = {
    {.key = "targets",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__smtp_alias_config, targets),
     .item = target_item,
     .item_bytes = sizeof(const char *),
     .min = 1,
     .max = MSIM__SMTP_ALIAS_TARGETS_MAX},
};

static const struct msim_field customer_item[] = {
    {.key = "customer", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_customer},
};

static const struct msim_field network_item[] = {
    {.key = "network", .kind = MSIM_FIELD_CIDR, .offset = 0},
};

static const struct msim_field extension_item[] = {
    {.key = "extension", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_extension},
};

/* ---- listeners ---- */

static const char *const role_names[] = {"mx", "submission", NULL};
static const char *const auth_names[] = {"auto", "none", "offered", "required", NULL};
static const char *const sender_names[] = {"any", "login", "domain", NULL};

static const struct msim_field mechanism_item[] = {
    {.key = "mechanism", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_mechanism},
};

#define LISTENER(member) offsetof(struct msim__smtp_listener_config, member)
static const struct msim_field listener_fields[] = {
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = LISTENER(port),
     .min = 1,
     .max = 65535,
     .help = "where it listens"},
    {.key = "role",
     .kind = MSIM_FIELD_ENUM,
     .offset = LISTENER(role),
     .fallback = "mx",
     .names = role_names,
     .help = "mx takes mail from anybody for its users; submission takes new mail from its users (RFC 6409)"},
    {.key = "auth",
     .kind = MSIM_FIELD_ENUM,
     .offset = LISTENER(auth),
     .fallback = "auto",
     .names = auth_names,
     .help = "logging in; auto: required for submission, else offered where somebody has a password"},
    {.key = "mechanisms",
     .kind = MSIM_FIELD_LIST,
     .offset = LISTENER(mechanisms),
     .fallback = "",
     .item = mechanism_item,
     .item_bytes = sizeof(const char *),
     .help = "how; all that there are when absent"},
    {.key = "sender-check",
     .kind = MSIM_FIELD_ENUM,
     .offset = LISTENER(sender_check),
     .fallback = "any",
     .names = sender_names,
     .help =
         "of envelope and header; login: only addresses that lead to who has logged in; domain: those of its domains"},
    {.key = NULL},
};

static const struct msim_field listener_item[] = {
    {.key = "listener",
     .kind = MSIM_FIELD_STRUCT,
     .offset = 0,
     .item = listener_fields,
     .item_bytes = sizeof(struct msim__smtp_listener_config)},
};

/* ---- the agent ---- */

static const char *const bug_names[] = {"none", "ack-before-sync", "no-timeout", "no-hop-limit", NULL};

#define SERVER(member) offsetof(struct msim__smtp_server_config, member)
const struct msim_field msim__smtp_server_fields[] = {
    {.key = "domains",
     .kind = MSIM_FIELD_MAP,
     .offset = SERVER(domains),
     .fallback = "",
     .item = domain_item,
     .item_bytes = sizeof(struct msim__smtp_domain_config),
     .help = "the domains that it takes mail for, each with its users: names, or a map to what is said about them"},
    {.key = "aliases",
     .kind = MSIM_FIELD_MAP,
     .offset = SERVER(aliases),
     .fallback = "",
     .item = alias_item,
     .item_bytes = sizeof(struct msim__smtp_alias_config),
     .check = check_customer,
     .help = "addresses that stand for others; @domain stands for who is not known there"},
    {.key = "relay-from",
     .kind = MSIM_FIELD_LIST,
     .offset = SERVER(relay_from),
     .fallback = "",
     .item = customer_item,
     .item_bytes = sizeof(const char *),
     .help = "senders whose mail to other domains is passed on: addresses, or @domain"},
    {.key = "relay-clients",
     .kind = MSIM_FIELD_LIST,
     .offset = SERVER(relay_clients),
     .fallback = "",
     .item = network_item,
     .item_bytes = sizeof(struct msim_cidr),
     .help = "networks whose mail to other domains is passed on"},
    {.key = "hostname",
     .kind = MSIM_FIELD_TEXT,
     .offset = SERVER(hostname),
     .fallback = "\"\"",
     .check = check_line,
     .help = "what it calls itself; the host's name when absent"},
    {.key = "greeting",
     .kind = MSIM_FIELD_TEXT,
     .offset = SERVER(greeting),
     .fallback = "\"ESMTP at your service\"",
     .check = check_line,
     .help = "what it says behind its name"},
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = SERVER(port),
     .fallback = "25",
     .min = 1,
     .max = 65535,
     .help = "where it listens, when there is no listen"},
    {.key = "listen",
     .kind = MSIM_FIELD_LIST,
     .offset = SERVER(listeners),
     .fallback = "",
     .item = listener_item,
     .item_bytes = sizeof(const struct msim__smtp_listener_config *),
     .max = 16,
     .help = "several ports, and what each is for"},
    {.key = "size-max",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = SERVER(size_bytes_max),
     .fallback = "35MB",
     .min = 1024,
     .max = 1u << 30,
     .help = "of one message"},
    {.key = "recipients-max",
     .kind = MSIM_FIELD_UINT,
     .offset = SERVER(recipients_max),
     .fallback = "1000",
     .min = 1,
     .max = MSIM__MESSAGE_RECIPIENTS_MAX,
     .help = "of one message"},
    {.key = "connections-max",
     .kind = MSIM_FIELD_UINT,
     .offset = SERVER(connections_max),
     .fallback = "1000",
     .min = 1,
     .max = 1000000,
     .help = "at one time; further ones hear 421"},
    {.key = "connections-per-client",
     .kind = MSIM_FIELD_UINT,
     .offset = SERVER(client_connections_max),
     .fallback = "0",
     .max = 1000000,
     .help = "at one time from one address; 0 is no limit"},
    {.key = "errors-max",
     .kind = MSIM_FIELD_UINT,
     .offset = SERVER(errors_max),
     .fallback = "20",
     .max = 1000000,
     .help = "wrong commands of one connection; then 421"},
    {.key = "auth-failures-max",
     .kind = MSIM_FIELD_UINT,
     .offset = SERVER(auth_failures_max),
     .fallback = "3",
     .min = 1,
     .max = 1000000,
     .help = "failed logins of one connection; then 421"},
    {.key = "error-delay",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = SERVER(error_delay_ns),
     .fallback = "0s",
     .max = MSIM_SEC(3600),
     .help = "every refusal waits so long"},
    {.key = "timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = SERVER(idle_ns),
     .fallback = "5min",
     .min = MSIM_SEC(1),
     .help = "who says nothing for so long hears 421"},
    {.key = "refuse-early-talkers",
     .kind = MSIM_FIELD_BOOL,
     .offset = SERVER(refuses_early_talkers),
     .fallback = "false",
     .help = "who talks before a late greeting hears 554"},
    {.key = "strict-helo",
     .kind = MSIM_FIELD_BOOL,
     .offset = SERVER(wants_valid_helo),
     .fallback = "false",
     .help = "EHLO and HELO need a domain name or an address literal"},
    {.key = "tell-vrfy",
     .kind = MSIM_FIELD_BOOL,
     .offset = SERVER(tells_vrfy),
     .fallback = "false",
     .help = "VRFY is answered"},
    {.key = "tell-expn",
     .kind = MSIM_FIELD_BOOL,
     .offset = SERVER(tells_expn),
     .fallback = "false",
     .help = "EXPN is answered"},
    {.key = "without",
     .kind = MSIM_FIELD_LIST,
     .offset = SERVER(without),
     .fallback = "",
     .item = extension_item,
     .item_bytes = sizeof(const char *),
     .help = "extensions that it does not offer"},
    {.key = "rules",
     .kind = MSIM_FIELD_LIST,
     .offset = SERVER(rules),
     .fallback = "",
     .item = msim__smtp_rule_item,
     .item_bytes = sizeof(const struct msim__smtp_rule_config *),
     .help = "what it does at which moment to whom, in this order"},
    {.key = "mx-preference",
     .kind = MSIM_FIELD_UINT,
     .offset = SERVER(preference),
     .fallback = "10",
     .max = 65535,
     .help = "of its entry as mail exchanger for its domains; lower is tried first"},
    {.key = "bug",
     .kind = MSIM_FIELD_ENUM,
     .offset = SERVER(bug),
     .fallback = "none",
     .names = bug_names,
     .help =
         "a mistake to be found by tests: 250 before the disk has the message, silence without end, mail in a circle"},
    {.key = NULL},
};
