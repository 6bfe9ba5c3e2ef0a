/* smtp_server_fields.h: the configuration of the agent smtp-server. */
#ifndef MSIM_AGENTS_SMTP_SERVER_FIELDS_H
#define MSIM_AGENTS_SMTP_SERVER_FIELDS_H

#include <mailsim/agent.h>

struct msim__smtp_user_body {
  const char *password; /* "" for none */
  uint64_t size_bytes_max, quota_bytes;
};

struct msim__smtp_user_config {
  const char *key;
  const struct msim__smtp_user_body *body; /* NULL: nothing is said */
};

struct msim__smtp_domain_config {
  const char *key;
  struct msim_list users; /* struct msim__smtp_user_config */
};

struct msim__smtp_listener_config {
  uint64_t port;
  int role, auth, sender_check; /* smtp_incoming.h */
  struct msim_list mechanisms;  /* const char *; none: all that there are */
};

/* What a server does wrong, so that tests and readers see it found (docs/invariants.md). */
enum msim__smtp_server_bug {
  MSIM__SMTP_SERVER_BUG_NONE,
  MSIM__SMTP_SERVER_BUG_ACK_BEFORE_SYNC, /* says 250 before the disk has the message */
  MSIM__SMTP_SERVER_BUG_NO_TIMEOUT,      /* waits for its clients without end */
  MSIM__SMTP_SERVER_BUG_NO_HOP_LIMIT     /* takes mail that runs in a circle */
};

struct msim__smtp_server_config {
  struct msim_list domains;                   /* struct msim__smtp_domain_config */
  struct msim_list aliases;                   /* struct msim__smtp_alias_config */
  struct msim_list relay_from, relay_clients; /* const char *, struct msim_cidr */
  struct msim_list listeners;                 /* const struct msim__smtp_listener_config * */
  struct msim_list without, rules;            /* const char *, const struct msim__smtp_rule_config * */
  const char *hostname, *greeting;
  uint64_t port, size_bytes_max, recipients_max, connections_max, client_connections_max, preference, errors_max,
      auth_failures_max;
  msim_ns idle_ns, error_delay_ns;
  bool refuses_early_talkers, wants_valid_helo, tells_vrfy, tells_expn;
  int bug; /* enum msim__smtp_server_bug */
};

extern const struct msim_field msim__smtp_server_fields[];

#endif
