/* smtp_rules.h: what a mail server does at which moment to whom: by rule and count and time, never by dice.
 *
 *   rules:
 *     - {at: RCPT, match: {to: "*@b.example"}, times: 2, reply: "451 4.7.1 Later"}
 *     - {at: final-dot, close: before-reply, times: 1}
 *     - {at: MAIL, rate: 20/min, per: client, reply: "421 4.7.0 Slow down"}
 *     - {at: RCPT, greylist: {delay: 5min}}
 *
 * Rules are looked at in their order; delays add up, and the first that does anything else is the last. Does not know
 * sessions: who asks says what is known by then, and does what comes out. */
#ifndef MSIM_AGENTS_SMTP_RULES_H
#define MSIM_AGENTS_SMTP_RULES_H

#include "agents/smtp_marks.h"

#include <mailsim/agent.h>

enum msim__smtp_cut {
  MSIM__SMTP_CUT_NONE,
  MSIM__SMTP_CUT_BEFORE_REPLY, /* the connection ends instead of the reply */
  MSIM__SMTP_CUT_AFTER_REPLY,
  MSIM__SMTP_CUT_RESET /* as the first, by RST */
};

enum msim__smtp_per {
  MSIM__SMTP_PER_CLIENT,
  MSIM__SMTP_PER_SENDER,
  MSIM__SMTP_PER_LOGIN,
  MSIM__SMTP_PER_RECIPIENT,
  MSIM__SMTP_PER_SERVER /* all together */
};

struct msim__smtp_match_config {
  const char *from, *to, *helo, *login; /* patterns; "" for any */
  struct msim_list clients;             /* struct msim_cidr; none for any */
  uint64_t port;                        /* 0 for any */
};

/* RFC 6647. */
struct msim__smtp_greylist_config {
  msim_ns delay_ns;  /* who comes again sooner comes too soon */
  msim_ns window_ns; /* who comes again later begins anew */
  msim_ns keep_ns;   /* who has passed is known so long after the last time */
  uint64_t prefix_bits;
};

struct msim__smtp_rule_config {
  const char *at; /* a verb, "greeting", "final-dot", or "any" for any verb */
  const struct msim__smtp_match_config *match;
  uint64_t nth, times;        /* acts from the nth match on, times often; times 0: always */
  msim_ns after_ns, until_ns; /* from when, and until when; until 0: for ever */
  const char *rate;           /* "20/min": acts only on what is more than that; "" for none */
  int per;                    /* enum msim__smtp_per */
  const struct msim__smtp_greylist_config *greylist;
  const char *reply; /* "451 4.7.1 Later", or "" */
  msim_ns delay_ns;
  int close; /* enum msim__smtp_cut */
  bool drop, discard;
};

extern const struct msim_field msim__smtp_rule_item[]; /* of a LIST of const struct msim__smtp_rule_config * */

/* What is known at that moment. Texts may be "". */
struct msim__smtp_occasion {
  const char *at; /* "RCPT", "greeting", "final-dot" */
  msim_ns now_ns;
  struct msim_endpoint client;
  uint16_t port;
  const char *helo, *login, *from;
  const char *(*to)(void *ctx, size_t index); /* the recipients by number; NULL past the end; may be NULL for none */
  void *ctx;
};

/* All zero: nothing happens. */
struct msim__smtp_effect {
  msim_ns delay_ns;   /* the reply waits */
  unsigned code;      /* 0: the usual reply */
  char enhanced[20];  /* "" for none */
  const char *text;   /* of the reply */
  const char *reason; /* "rule", "greylisted", "rate" */
  enum msim__smtp_cut cut;
  bool drop;    /* no reply at all */
  bool discard; /* taken, and thrown away */
};

struct msim__smtp_rule;
struct msim__smtp_rules {
  struct msim__mem *mem;
  struct msim__smtp_rule *rules;
  size_t count;
};

/* configs: const struct msim__smtp_rule_config *; borrowed. MSIM_ERR_NOMEM. */
int msim__smtp_rules_init(struct msim__smtp_rules *rules, struct msim__mem *mem, struct msim_list configs);
void msim__smtp_rules_release(struct msim__smtp_rules *rules);

/* Whether the moment, the time and the match are those of the rule. */
bool msim__smtp_rule_is_meant(const struct msim__smtp_rule_config *config, const struct msim__smtp_occasion *occasion);

/* What comes out of both: delays add up; of the rest what wins does, where it does anything. */
struct msim__smtp_effect msim__smtp_effect_join(struct msim__smtp_effect loser, struct msim__smtp_effect winner);

/* Counts the occasion, and says what is to be done. */
struct msim__smtp_effect msim__smtp_rules_apply(struct msim__smtp_rules *rules,
                                                const struct msim__smtp_occasion *occasion);

#endif
