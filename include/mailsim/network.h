/* network.h: Ethernet networks, and the addresses of their members, before the start and while it runs.
 *
 * A network is one learning switch with one cable for each member. The switch is a node of the simulation under the
 * network's name: it can crash and come back (host.h), its cables are links named "A-B" like all others, and faults
 * strike them likewise. On a cable packets travel in frames, and who sends to a neighbour asks by ARP (RFC 826) where
 * it is: docs/lan.md. Does not include: how networks are made (topology.h), who configures hosts (DHCP is an
 * agent's). */
#ifndef MAILSIM_NETWORK_H
#define MAILSIM_NETWORK_H

#include <mailsim/base.h>
#include <mailsim/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

struct msim_network;    /* lives as long as the simulation */
struct msim_attachment; /* a host's place in a network: its interface; lives as long as the simulation */

struct msim_mac {
  uint8_t bytes[6];
};
#define MSIM_MAC_TEXT_BYTES 18u
/* "02:1b:…", terminated; returns the length without the zero. */
MSIM_API size_t msim_mac_format(const struct msim_mac *mac, char out[MSIM_MAC_TEXT_BYTES]);
/* MSIM_ERR_SYNTAX. */
MSIM_API int msim_mac_parse(struct msim_mac *out, const char *text);

MSIM_API const char *msim_network_name(const struct msim_network *network);
/* Its first address; 0 bits before the start when it was given none. prefix_bits may be NULL. */
MSIM_API struct msim_addr msim_network_prefix(const struct msim_network *network, uint8_t *prefix_bits);

/* ---- at any time ---- */

/* The attachments of a host in the order in which they were made; NULL: past the last one. */
MSIM_API struct msim_attachment *msim_attachment_first(const struct msim_node *node);
MSIM_API struct msim_attachment *msim_attachment_next(const struct msim_attachment *attachment);
MSIM_API struct msim_attachment *msim_attachment_in(const struct msim_node *node, const struct msim_network *network);
MSIM_API struct msim_node *msim_attachment_node(const struct msim_attachment *attachment);
MSIM_API struct msim_network *msim_attachment_network(const struct msim_attachment *attachment);
MSIM_API struct msim_mac msim_attachment_mac(const struct msim_attachment *attachment);

/* What an attachment is told to be. While address has the family NONE the host has no address there, and sends nothing
 * but what says itself that it comes from 0.0.0.0 (agent.h). */
struct msim_addr_config {
  struct msim_addr address;
  struct msim_addr gateway; /* family NONE: none, and what is not of the prefix cannot be reached this way */
  uint32_t mtu_bytes;       /* 0: the network's; larger ones are cut to that */
  uint8_t prefix_bits;
};
MSIM_API struct msim_addr_config msim_attachment_config(const struct msim_attachment *attachment);

/* What agents are told by on_network (agent.h). */
enum msim_network_change {
  MSIM_NETWORK_ADDRESS,
  MSIM_NETWORK_NO_ADDRESS,
  MSIM_NETWORK_LINK_UP,
  MSIM_NETWORK_LINK_DOWN,
  MSIM_NETWORK_IPV6 /* addresses of IPv6, routers, or name servers that routers tell */
};

/* ---- while it runs ---- */

/* Gives the host an address, or another one, and announces it to the network (RFC 5227 2.3). What was said by
 * msim_network_attach is forgotten until the host crashes and comes back, which forgets this. Agents hear of it by
 * on_network (agent.h), before this returns. MSIM_ERR_INVALID: no address of a host in its prefix, or a gateway outside
 * of it; MSIM_ERR_EXISTS: another host of this simulation that this network can see has the address (ask first:
 * msim_attachment_probe); MSIM_ERR_STATE: before the start, or the host is down; MSIM_ERR_NOMEM. */
MSIM_API int msim_attachment_configure(struct msim_attachment *attachment, const struct msim_addr_config *config);
/* Takes the address away: the host has none there. What it knew of neighbours is forgotten, what waited for them is
 * dropped. Connections notice by their timers. No effect when there is none. */
MSIM_API void msim_attachment_deconfigure(struct msim_attachment *attachment);

/* Asks the network whether somebody has the address: probes of RFC 5227 2.1.1, three of them a second apart, then two
 * seconds of silence. fn is called once from the loop, unless the host crashes, it is called off by another probe, or
 * the attachment is configured before. in_use: somebody answered, or probes for the same address. MSIM_ERR_INVALID,
 * MSIM_ERR_STATE. */
typedef void msim_probe_fn(void *ctx, struct msim_attachment *attachment, const struct msim_addr *addr, bool in_use);
MSIM_API int msim_attachment_probe(struct msim_attachment *attachment, const struct msim_addr *addr, msim_probe_fn *fn,
                                   void *ctx);

#ifdef __cplusplus
}
#endif
#endif
