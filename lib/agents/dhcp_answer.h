/* dhcp_answer.h: what a DHCP server answers to one message (RFC 2131 4.3), from what it knows of its network and of its
 * leases. Does not send, and knows no clock: time is told. */
#ifndef MSIM_AGENTS_DHCP_ANSWER_H
#define MSIM_AGENTS_DHCP_ANSWER_H

#include "agents/dhcp_leases.h"

#define MSIM__DHCP_FOR_EVER UINT32_MAX /* as a lease in seconds (RFC 2131 3.3) */

/* What a server tells its clients. Addresses in host order. */
struct msim__dhcp_site {
  uint32_t own; /* the server identifier */
  uint32_t prefix;
  uint8_t prefix_bits;
  struct msim__dhcp_addrs routers, dns;
  const char *domain; /* "": none */
  uint16_t mtu_bytes; /* 0: not told */
  uint32_t lease_s, lease_max_s;
  uint32_t t1_s, t2_s;     /* 0: not told, the client takes a half and seven eighths */
  msim_ns offer_hold_ns;   /* how long an offered address waits for its request */
  msim_ns decline_hold_ns; /* how long an address that somebody else uses is left alone */
  uint16_t answer_after_s; /* whoever it does not know, and who has not tried for so long, is left to others */
  bool no_offers;          /* it extends what others have given, and gives nothing itself */
  bool authoritative;      /* there is nobody else who could know: what it does not know it takes over or refuses, where
                              RFC 2131 4.3.2 has it be silent */
};

enum msim__dhcp_what {
  MSIM__DHCP_IGNORED,
  MSIM__DHCP_OFFERED,
  MSIM__DHCP_LEASED,   /* to a client that had no lease here */
  MSIM__DHCP_EXTENDED, /* it had */
  MSIM__DHCP_REFUSED,
  MSIM__DHCP_EXHAUSTED, /* there is no address left; nothing is said */
  MSIM__DHCP_WITHDRAWN, /* the client took another server's offer */
  MSIM__DHCP_DECLINED,  /* somebody else has the address, says the client */
  MSIM__DHCP_RELEASED,
  MSIM__DHCP_INFORMED
};

/* To where a reply goes (RFC 2131 4.1). */
enum msim__dhcp_way {
  MSIM__DHCP_NOWHERE,   /* there is no reply */
  MSIM__DHCP_TO_ALL,    /* 255.255.255.255 */
  MSIM__DHCP_TO_HOLDER, /* an address that the client has: to */
  MSIM__DHCP_TO_FUTURE  /* one that it is about to have, so it cannot be asked for its hardware address: to */
};

struct msim__dhcp_answer {
  enum msim__dhcp_what what;
  enum msim__dhcp_way way;
  uint32_t to;
  struct msim__dhcp_lease *lease; /* that it is about; NULL: none */
  const char *why;                /* REFUSED: a sentence without its end; static */
  struct msim__dhcp_message reply;
};

/* lease_s 0: what the site says, else for so long. 0 or MSIM_ERR_NOMEM. */
int msim__dhcp_answer(const struct msim__dhcp_site *site, struct msim__dhcp_leases *leases,
                      const struct msim__dhcp_message *message, uint32_t lease_s, msim_ns now_ns,
                      struct msim__dhcp_answer *out);

/* A refusal of a request, whatever the leases say. */
void msim__dhcp_refuse(const struct msim__dhcp_site *site, const struct msim__dhcp_message *message, const char *why,
                       struct msim__dhcp_answer *out);

static inline uint32_t msim__dhcp_mask(uint8_t prefix_bits)
{
  return prefix_bits == 0 ? 0 : UINT32_MAX << (32 - prefix_bits);
}

#endif
