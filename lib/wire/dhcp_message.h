/* dhcp_message.h: DHCP messages (RFC 2131 2) and the options that hosts use (RFC 2132) as bytes and as values.
 *
 * Options that are not known are passed over when read. What is said in several pieces counts as one (RFC 3396), and
 * the fields sname and file are searched where the message says so (option overload). Does not know leases or states.
 */
#ifndef MSIM_WIRE_DHCP_MESSAGE_H
#define MSIM_WIRE_DHCP_MESSAGE_H

#include <mailsim/base.h>

#define MSIM__DHCP_SERVER_PORT 67u
#define MSIM__DHCP_CLIENT_PORT 68u
#define MSIM__DHCP_MESSAGE_BYTES_MIN 300u /* what is sent is never shorter (RFC 1542 2.1) */
#define MSIM__DHCP_MESSAGE_BYTES_MAX 576u /* what every client takes, IP and UDP headers included (RFC 2131 2) */
#define MSIM__DHCP_ADDRS_MAX 4u           /* of a list of routers or servers; more are passed over */
#define MSIM__DHCP_TEXT_BYTES 128u        /* of a name or message with its zero; longer ones are cut */
#define MSIM__DHCP_CLIENT_ID_BYTES 64u
#define MSIM__DHCP_ASKS_MAX 32u

enum msim__dhcp_op { MSIM__DHCP_TO_SERVER = 1, MSIM__DHCP_TO_CLIENT = 2 }; /* BOOTREQUEST, BOOTREPLY */

/* RFC 2132 9.6 */
enum msim__dhcp_type {
  MSIM__DHCP_NONE, /* BOOTP */
  MSIM__DHCP_DISCOVER,
  MSIM__DHCP_OFFER,
  MSIM__DHCP_REQUEST,
  MSIM__DHCP_DECLINE,
  MSIM__DHCP_ACK,
  MSIM__DHCP_NAK,
  MSIM__DHCP_RELEASE,
  MSIM__DHCP_INFORM
};
const char *msim__dhcp_type_name(uint8_t type); /* "discover"; NULL: unknown */

enum msim__dhcp_option {
  MSIM__DHCP_OPT_MASK = 1,
  MSIM__DHCP_OPT_ROUTERS = 3,
  MSIM__DHCP_OPT_DNS = 6,
  MSIM__DHCP_OPT_HOST_NAME = 12,
  MSIM__DHCP_OPT_DOMAIN = 15,
  MSIM__DHCP_OPT_MTU = 26,
  MSIM__DHCP_OPT_REQUESTED = 50,
  MSIM__DHCP_OPT_LEASE = 51,
  MSIM__DHCP_OPT_OVERLOAD = 52,
  MSIM__DHCP_OPT_TYPE = 53,
  MSIM__DHCP_OPT_SERVER = 54,
  MSIM__DHCP_OPT_ASKS = 55,
  MSIM__DHCP_OPT_TEXT = 56,
  MSIM__DHCP_OPT_SIZE_MAX = 57,
  MSIM__DHCP_OPT_T1 = 58,
  MSIM__DHCP_OPT_T2 = 59,
  MSIM__DHCP_OPT_CLIENT_ID = 61
};

struct msim__dhcp_addrs {
  uint8_t count;
  struct msim_addr items[MSIM__DHCP_ADDRS_MAX];
};

/* All zero says nothing. Addresses of family 0 and counts of 0 are absent; so are numbers without their has_. */
struct msim__dhcp_message {
  uint8_t op, hops, type; /* type: enum msim__dhcp_type */
  bool broadcast;         /* the client cannot hear what is sent to its address alone yet (RFC 2131 4.1) */
  uint32_t xid;
  uint16_t secs;
  uint8_t mac[6];                             /* chaddr: Ethernet only */
  struct msim_addr client, your, next, relay; /* ciaddr, yiaddr, siaddr, giaddr */
  struct msim_addr requested, server;         /* options 50 and 54 */
  bool has_mask, has_lease, has_t1, has_t2, has_mtu;
  uint8_t mask_bits;                  /* length of the prefix */
  uint32_t lease_s, t1_s, t2_s;       /* UINT32_MAX: for ever (RFC 2131 3.3) */
  uint16_t mtu_bytes, size_bytes_max; /* size_bytes_max 0: not told */
  struct msim__dhcp_addrs routers, dns;
  char host_name[MSIM__DHCP_TEXT_BYTES], domain[MSIM__DHCP_TEXT_BYTES], text[MSIM__DHCP_TEXT_BYTES];
  uint8_t client_id_bytes, ask_count;
  uint8_t client_id[MSIM__DHCP_CLIENT_ID_BYTES];
  uint8_t asks[MSIM__DHCP_ASKS_MAX]; /* option 55: which options are wanted */
};

/* What finds no room among the options stands in file and sname (option overload). Returns the length, at least
 * MSIM__DHCP_MESSAGE_BYTES_MIN; 0: capacity_bytes are too few. */
size_t msim__dhcp_encode(const struct msim__dhcp_message *message, uint8_t *out, size_t capacity_bytes);

/* MSIM_ERR_SYNTAX: too short, no DHCP, no Ethernet, options that contradict their lengths, a mask with holes. Never
 * reads out partly: *out is complete or zero. */
int msim__dhcp_decode(struct msim__dhcp_message *out, struct msim_slice bytes);

/* Whether the client asks for this option; one that asks for nothing gets everything. */
bool msim__dhcp_asks_for(const struct msim__dhcp_message *message, uint8_t option);

#endif
