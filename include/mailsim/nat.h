/* nat.h: network address translation of a router (RFC 4787, 5382, 5508): how it is set up, and what it remembers.
 *
 * The networks inside are a world of addresses of their own: others may use the same ones. docs/nat.md tells what
 * a NAT does here, requirement by requirement. Does not include: networks (topology.h), who has which address
 * (network.h). */
#ifndef MAILSIM_NAT_H
#define MAILSIM_NAT_H

#include <mailsim/base.h>
#include <mailsim/network.h>
#include <mailsim/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What may come in for a host that has spoken to somebody (RFC 4787 5). */
enum msim_nat_filtering {
  MSIM_NAT_ADDRESS_DEPENDENT,    /* from hosts that it has sent to */
  MSIM_NAT_ENDPOINT_INDEPENDENT, /* from everybody */
  MSIM_NAT_ADDRESS_AND_PORT      /* from the very ports that it has sent to */
};

/* Zero members keep the default. */
struct msim_nat_opts {
  struct msim_network *const *inside; /* one at least; the router is in all of them */
  size_t inside_count;
  const char *outside; /* the address that all share, one of the router's; NULL: that by which a packet leaves */
  enum msim_nat_filtering filtering;
  uint16_t first_port, last_port; /* that it gives out; both 0: those of RFC 4787 4.2.2 */
  uint32_t session_count_max;     /* default 65536 */
  msim_ns udp_timeout_ns;         /* default 5 min, at least 2 by RFC 4787; shorter ones are taken as said */
  msim_ns tcp_timeout_ns;         /* of an established connection; default 2 h 4 min (RFC 5382 5) */
  msim_ns tcp_brief_timeout_ns;   /* of one that opens or closes; default 4 min */
  msim_ns icmp_timeout_ns;        /* of a query; default 60 s (RFC 5508 3.2) */
  bool no_hairpinning;            /* what is inside is not reached by its address outside */
  bool picks_up;                  /* a segment from inside that is no SYN begins a session too: after a restart */
  uint8_t reserved[6];            /* 0 */
};

/* Makes a router translate, before the start; copied. Once per router, and a network is inside of one. The router needs
 * an address outside: one of its own that is not of those networks, or else it gets one by its name. MSIM_ERR_INVALID,
 * MSIM_ERR_EXISTS, MSIM_ERR_LIMIT (too many), MSIM_ERR_STATE, MSIM_ERR_NOMEM. */
#define msim_node_set_nat(node, opts) msim_node_set_nat_sized((node), (opts), sizeof(struct msim_nat_opts))
MSIM_API int msim_node_set_nat_sized(struct msim_node *node, const struct msim_nat_opts *opts, size_t opts_bytes);

/* A fixed pair: whatever comes for outside goes to inside, and the other way round. outside becomes an address of the
 * router. Behind msim_node_set_nat and before the start. MSIM_ERR_INVALID: inside is of none of its networks;
 * MSIM_ERR_EXISTS: one of the two has a pair, or outside is another host's; MSIM_ERR_STATE, MSIM_ERR_NOMEM. */
MSIM_API int msim_nat_add_pair(struct msim_node *node, const char *inside, const char *outside);

/* Forwards one port of the address outside to a host inside: of `outside`, else of one of the router's own, else of
 * that which it has just now by a network outside, and of none where it has none. proto: MSIM_PROTO_TCP or
 * MSIM_PROTO_UDP. Errors as above; MSIM_ERR_EXISTS: that port, or that of the host, is forwarded already. */
MSIM_API int msim_nat_add_forward(struct msim_node *node, uint8_t proto, uint16_t outside_port, const char *inside,
                                  uint16_t inside_port);

/* What it remembers now, in the order in which it learned it: forwarded ports first. Mappings live until the simulation
 * goes on. NULL: past the last one, or the host is no NAT. */
struct msim_nat_mapping;
MSIM_API const struct msim_nat_mapping *msim_nat_first(const struct msim_node *node);
MSIM_API const struct msim_nat_mapping *msim_nat_next(const struct msim_nat_mapping *mapping);

struct msim_nat_view {
  struct msim_endpoint inside, outside; /* port: of ICMP the identifier of a query */
  const char *inside_host;              /* its name, or its address; lives as long as the simulation */
  uint32_t session_count;               /* remote endpoints that are spoken to */
  uint8_t proto;                        /* enum msim_proto */
  bool is_static;                       /* a forwarded port, or one of a fixed pair */
  uint8_t reserved[2];
};
#define msim_nat_look(node, mapping, out) msim_nat_look_sized((node), (mapping), (out), sizeof(struct msim_nat_view))
MSIM_API void msim_nat_look_sized(const struct msim_node *node, const struct msim_nat_mapping *mapping,
                                  struct msim_nat_view *out, size_t out_bytes);

#ifdef __cplusplus
}
#endif
#endif
