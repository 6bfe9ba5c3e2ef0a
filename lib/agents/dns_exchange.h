/* dns_exchange.h: one question to one name server, and what came of it: from a port and with an id that are drawn
 * (RFC 5452), by UDP with EDNS0 (RFC 6891), by TCP when the answer was cut (RFC 7766), without EDNS0 when the server
 * does not know it.
 *
 * Answers are checked: source, port, id and question. Does not know which server to ask, nor what to do with answers:
 * the stub (resolver_stub.c) and the resolver (dns_iterate.c) do. */
#ifndef MSIM_AGENTS_DNS_EXCHANGE_H
#define MSIM_AGENTS_DNS_EXCHANGE_H

#include <mailsim/agent.h>

#include "agents/dns_frames.h"
#include "core/rng.h"
#include "net/net.h"
#include "wire/dns_message.h"

#define MSIM__DNS_PORT 53u
#define MSIM__DNS_UDP_BYTES 1232u /* what is offered by EDNS0: fits wherever IPv6 would */

struct msim__dns_exchange {
  /* set by the owner: */
  struct msim_agent *agent; /* in whose name connections are opened; it lives as long as the exchange */
  struct msim__rng *rng;
  struct msim__dns_question question;
  struct msim_addr server;
  bool recursion_desired, edns; /* edns false afterwards: the server does not know it */
  msim_ns timeout_ns;
  /* Once per start that succeeded, from the loop. MSIM_OK: message answers the question, borrowed for the call. Else
   * MSIM_ERR_LIMIT: no answer in time; MSIM_ERR_NOT_FOUND: nobody can be reached there. The exchange is then as before
   * its start, and may be started again or freed. */
  void (*done)(struct msim__dns_exchange *exchange, int err, struct msim_slice message);
  /* private: */
  struct msim_timer timer;
  struct msim_stream *stream;
  struct msim__dns_frame frame;
  int failure;
  uint16_t id, port; /* port 0: not bound */
};

/* Timer initialised, everything else zero. */
void msim__dns_exchange_init(struct msim__dns_exchange *exchange, struct msim_agent *agent, struct msim__rng *rng);
/* MSIM_ERR_NOMEM, MSIM_ERR_LIMIT: no free port. done is then not called. */
int msim__dns_exchange_start(struct msim__dns_exchange *exchange);
/* Forgets it. torn: streams and ports are gone already, or are about to be (stop, crash). */
void msim__dns_exchange_cancel(struct msim__dns_exchange *exchange, bool torn);

#endif
