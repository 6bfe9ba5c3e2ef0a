/* port.h: a port through which packets of IPv4 and IPv6 enter and leave a simulation: its TUN interface.
 *
 * Behind a port is something that the simulation does not know: a TCP under test, a kernel, a player of recorded
 * packets. The port is a host of the topology without a TCP and without agents of its own. It is joined to other hosts
 * by links, with their delay and loss, and has addresses, and whole ranges of them if need be. What is sent to these
 * comes out of the port as bytes; what is put in travels like any other packet. In the trace the port's name stands for
 * what is behind it.
 *
 *     struct msim_port_opts opts = {0};
 *     const char *const addrs[] = {"192.0.2.9", NULL};
 *     opts.addrs = addrs;
 *     msim_port_open(sim, "out", &opts, &port);
 *     msim_link_add(msim_port_node(port), msim_node_find(sim, "mx"), &link);
 *     …
 *     msim_port_inject(port, packet);              the packet is sent now, at msim_sim_now_ns
 *     msim_sim_advance_to(sim, next_timer_ns);     ends early where opts.arrived calls msim_sim_stop
 *     while ((size = msim_port_extract(port, bytes, sizeof bytes, &at_ns)) != 0)
 *       …
 *
 * Time is the caller's: the simulation runs as far as it is told to, and then packets are put in. The same packets at
 * the same times give the same run. Include after or without the others; does not include: sockets, descriptors,
 * clocks. */
#ifndef MAILSIM_PORT_H
#define MAILSIM_PORT_H

#include <mailsim/topology.h>

#ifdef __cplusplus
extern "C" {
#endif

struct msim_port;

/* Called from the loop for each packet that has come to the port, after it was queued. May extract, inject and stop the
 * loop (msim_sim_stop); must not free the simulation. */
typedef void msim_port_fn(void *ctx, struct msim_port *port);

/* All zero is a good default. Everything is copied but ctx. */
struct msim_port_opts {
  const char *const *addrs;  /* its addresses, NULL-terminated; NULL: those that the host has, or one is made up */
  const char *const *routes; /* ranges behind it, "198.51.100.0/24", "2001:db8:1::/48", NULL-terminated; "0.0.0.0/0" and
                              * "::/0": all that nobody else has. The longest that fits counts, and a host's own address
                              * before any range */
  uint32_t queue_packets_max; /* that wait to be extracted; 0: 1000; at most 1048576. More are dropped ("queue") */
  msim_port_fn *arrived;      /* or NULL */
  void *ctx;
  /* What comes in over TCP is recognised as that of a socket is (msim_socket_recognise): its packets carry units, and
   * passwords are redacted. Not so in fragments, and between two ports. */
  bool recognise;
};

/* Makes a host of that name a port, before the start. A host that the topology has already becomes one if it has no
 * agents. The port belongs to the simulation and is released with it; there is nothing to close.
 * MSIM_ERR_INVALID (a name, an address, a limit), MSIM_ERR_EXISTS (it is a port, or has agents; an address is another
 * host's; a range is another port's), MSIM_ERR_LIMIT, MSIM_ERR_STATE (started), MSIM_ERR_NOMEM. After an error the
 * simulation cannot be told from one without the port, but for a host of that name and its addresses. */
#define msim_port_open(sim, name, opts, out)                                                                           \
  msim_port_open_sized((sim), (name), (opts), sizeof(struct msim_port_opts), (out))
MSIM_API int msim_port_open_sized(struct msim_sim *sim, const char *name, const struct msim_port_opts *opts,
                                  size_t opts_bytes, struct msim_port **out);

/* The host, for msim_link_add. */
MSIM_API struct msim_node *msim_port_node(const struct msim_port *port);

/* Sends one packet now, as its sender made it: TTL, id, DSCP and ECN bits, DF, and the options of IP and TCP stay
 * (RFC 791, 9293, 768, 792). Bytes behind its length are left out, the reserved bit is cleared, and a UDP datagram
 * without checksum gets one. It is sent like a packet of a host: one that is too large for the first link goes on in
 * fragments, or with DF dies and is answered with ICMP. A fragment is a packet too; the host that it is for puts the
 * parts together, and judges their checksum then. Starts the simulation when it has not been started. bytes are not
 * kept. Of IPv6 the flow label is left out, and extension headers other than that of a fragment are not taken (RFC
 * 8200 4).
 *
 * A packet without a flow gets one: a SYN opens it, named CLIENT>SERVER:PORT#N after the hosts that have the addresses
 * (the port, for its own), and its answers belong to it; other segments join the connection that their addresses and
 * ports belong to, or else begin one whose numbers start at 1. Of each port the latest 65536 connections are
 * remembered.
 *
 * 0; MSIM_ERR_INVALID: the packet was dropped, and counted by its reason (see below), nothing else has happened;
 * the sticky failure of the simulation. */
MSIM_API int msim_port_inject(struct msim_port *port, struct msim_slice bytes);

/* Takes the oldest packet that has come to the port, with true lengths and checksums; a fragment, where a link was too
 * narrow for the whole. Returns its length, 0 when there is none. When it is longer than capacity_bytes nothing is
 * written and the packet stays; 65535 bytes always suffice. *at_ns (at_ns may be NULL) is when it came. */
MSIM_API size_t msim_port_extract(struct msim_port *port, void *buffer, size_t capacity_bytes, msim_ns *at_ns);

/* What has happened so far. Members are only ever added at the end. */
struct msim_port_counters {
  uint64_t injected_count, injected_bytes;   /* sent */
  uint64_t extracted_count, extracted_bytes; /* taken */
  uint64_t waiting_count;                    /* to be extracted, now */
  uint64_t overflow_count;                   /* came when queue_packets_max were waiting */
  /* injected and dropped: */
  uint64_t truncated_count;   /* shorter than its headers say */
  uint64_t version_count;     /* neither IPv4 nor IPv6 */
  uint64_t header_count;      /* lengths in a header contradict each other */
  uint64_t checksum_count;    /* that of IP, TCP, UDP or ICMP is wrong */
  uint64_t fragment_count;    /* a part that fits into no packet: empty, of a length that cannot be, beyond the end */
  uint64_t ip_option_count;   /* an option of IP of an impossible length, or another extension header */
  uint64_t protocol_count;    /* not TCP, UDP or ICMP (of its IP) */
  uint64_t ttl_count;         /* its time to live is 0 (RFC 1122 3.2.1.7) */
  uint64_t source_count;      /* sent by nobody: no host and no port has the address */
  uint64_t destination_count; /* sent to nobody, to many, or back into the same port */
  uint64_t injected_fragment_count; /* of those injected: parts of packets */
};
#define msim_port_counters(port, out) msim_port_counters_sized((port), (out), sizeof(struct msim_port_counters))
MSIM_API void msim_port_counters_sized(const struct msim_port *port, struct msim_port_counters *out, size_t out_bytes);

#ifdef __cplusplus
}
#endif
#endif
