/* smtp_rules_fields.h: the text forms in the keys of a mail server's rules. */
#ifndef MSIM_AGENTS_SMTP_RULES_FIELDS_H
#define MSIM_AGENTS_SMTP_RULES_FIELDS_H

#include "agents/smtp_rules.h"

/* "20/min", "3/10s": so many in so much time. false: it is none. */
bool msim__smtp_rate_parse(const char *text, uint64_t *count, msim_ns *time_ns);

/* What stands in the macro. */
const char *msim__smtp_check_at(const char *text);
const char *msim__smtp_check_rate(const char *text);
const char *msim__smtp_check_reply(const char *text);
extern const char *const msim__smtp_cut_names[], *const msim__smtp_per_names[];
extern const struct msim_field msim__smtp_match_fields[], msim__smtp_greylist_fields[];

/* The keys that say at which moment what is done to whom. type: of the config; place: the rule in it with a dot behind,
 * or nothing. */
#define MSIM__SMTP_RULE_DEEDS(type, place)                                                                             \
  {.key = "at",                                                                                                        \
   .kind = MSIM_FIELD_TEXT,                                                                                            \
   .offset = offsetof(type, place at),                                                                                 \
   .check = msim__smtp_check_at,                                                                                       \
   .help = "when: greeting, a command such as RCPT, final-dot (the content is complete), or any command"},             \
      {.key = "match",                                                                                                 \
       .kind = MSIM_FIELD_STRUCT,                                                                                      \
       .offset = offsetof(type, place match),                                                                          \
       .fallback = "",                                                                                                 \
       .item = msim__smtp_match_fields,                                                                                \
       .item_bytes = sizeof(struct msim__smtp_match_config),                                                           \
       .help = "about whom; everybody when absent"},                                                                   \
      {.key = "rate",                                                                                                  \
       .kind = MSIM_FIELD_TEXT,                                                                                        \
       .offset = offsetof(type, place rate),                                                                           \
       .fallback = "\"\"",                                                                                             \
       .check = msim__smtp_check_rate,                                                                                 \
       .help = "acts only on what is more than this, such as 20/min"},                                                 \
      {.key = "per",                                                                                                   \
       .kind = MSIM_FIELD_ENUM,                                                                                        \
       .offset = offsetof(type, place per),                                                                            \
       .fallback = "client",                                                                                           \
       .names = msim__smtp_per_names,                                                                                  \
       .help = "whose rate"},                                                                                          \
      {.key = "greylist",                                                                                              \
       .kind = MSIM_FIELD_STRUCT,                                                                                      \
       .offset = offsetof(type, place greylist),                                                                       \
       .fallback = "",                                                                                                 \
       .item = msim__smtp_greylist_fields,                                                                             \
       .item_bytes = sizeof(struct msim__smtp_greylist_config),                                                        \
       .help = "acts only on who is new by network, sender and recipient (RFC 6647)"},                                 \
      {.key = "reply",                                                                                                 \
       .kind = MSIM_FIELD_TEXT,                                                                                        \
       .offset = offsetof(type, place reply),                                                                          \
       .fallback = "\"\"",                                                                                             \
       .check = msim__smtp_check_reply,                                                                                \
       .help = "says this instead of doing anything, such as 451 4.7.1 Later"},                                        \
      {.key = "delay",                                                                                                 \
       .kind = MSIM_FIELD_DURATION_NS,                                                                                 \
       .offset = offsetof(type, place delay_ns),                                                                       \
       .fallback = "0s",                                                                                               \
       .max = MSIM_SEC(365 * 86400),                                                                                   \
       .help = "the reply waits"},                                                                                     \
      {.key = "close",                                                                                                 \
       .kind = MSIM_FIELD_ENUM,                                                                                        \
       .offset = offsetof(type, place close),                                                                          \
       .fallback = "none",                                                                                             \
       .names = msim__smtp_cut_names,                                                                                  \
       .help = "the connection ends"},                                                                                 \
      {.key = "drop",                                                                                                  \
       .kind = MSIM_FIELD_BOOL,                                                                                        \
       .offset = offsetof(type, place drop),                                                                           \
       .fallback = "false",                                                                                            \
       .help = "says nothing at all"},                                                                                 \
  {                                                                                                                    \
    .key = "discard", .kind = MSIM_FIELD_BOOL, .offset = offsetof(type, place discard), .fallback = "false",           \
    .help = "the recipient, or the message, is taken and thrown away"                                                  \
  }

#endif
