/* service_rules.h: where rules from above (fault/) have their say in what a server answers.
 *
 * A server asks them about each message that it would answer, and does what the verdict says; where nothing is set it
 * looks at one pointer. Does not decide anything. */
#ifndef MSIM_AGENTS_SERVICE_RULES_H
#define MSIM_AGENTS_SERVICE_RULES_H

#include <mailsim/agent.h>

#include "agents/dhcp_server_fields.h"
#include "agents/dns_serving.h"
#include "agents/smtp_rules.h"

/* Of a question that is well formed, in front of the server's own answer. */
enum msim__dns_what {
  MSIM__DNS_AS_ALWAYS,
  MSIM__DNS_RCODE,    /* nothing but rcode */
  MSIM__DNS_SILENCE,  /* not a word */
  MSIM__DNS_TOO_LONG, /* TC and no records: only of a datagram, the question comes again by TCP */
  MSIM__DNS_LAME,     /* as a server that does not know the zone: no authority, no records */
  MSIM__DNS_RECORD    /* rdata, of the name and type that was asked for */
};

/* Comes zeroed. Borrowed by the server for the call. */
struct msim__dns_verdict {
  const char *fault; /* whose it is; NULL: nobody has said anything yet */
  enum msim__dns_what what;
  unsigned rcode;
  struct msim_slice rdata;
  uint32_t ttl_s;
};

/* Of a message of a client, behind the server's own `rules`. Comes zeroed. */
struct msim__dhcp_verdict {
  const char *fault;
  bool is_silent;    /* it was not heard */
  bool refuses;      /* a request is answered by NAK */
  bool is_exhausted; /* a discover finds no address */
  uint32_t lease_s;  /* 0: as always */
};

/* At a moment of a session, over the server's own `rules`. Comes zeroed. */
struct msim__smtp_verdict {
  const char *fault;
  struct msim__smtp_effect effect;
};

struct msim__service_rules {
  void *ctx;
  /* Any may be NULL. */
  void (*dns)(void *ctx, struct msim_agent *server, const struct msim__dns_asker *asker,
              struct msim__dns_verdict *verdict);
  void (*dhcp)(void *ctx, struct msim_agent *server, struct msim_attachment *attachment,
               const struct msim__dhcp_message *message, struct msim__dhcp_verdict *verdict);
  void (*smtp)(void *ctx, struct msim_agent *server, const struct msim__smtp_occasion *occasion,
               struct msim__smtp_verdict *verdict);
};

/* Before the start. Borrowed; NULL: nobody is asked, as at first. */
void msim__service_rules_set(struct msim_sim *sim, const struct msim__service_rules *rules);
const struct msim__service_rules *msim__service_rules_of(const struct msim_sim *sim);

#endif
