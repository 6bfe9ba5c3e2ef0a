/* net_fixture.h: worlds of hosts and links without any layer above net, and what was recorded in them.
 *
 * For tests only; include after the cmocka headers. All memory of a world goes through fail_mem, and closing a world
 * asserts that nothing is held. */
#ifndef MSIM_TESTS_SUPPORT_NET_FIXTURE_H
#define MSIM_TESTS_SUPPORT_NET_FIXTURE_H

#include <mailsim/topology.h>

#include "net/net.h"
#include "support/fail_mem.h"

/* A packet record, copied. Texts are empty where the record had NULL. */
struct net_seen {
  enum msim_trace_kind kind;
  enum msim_trace_point point;
  msim_ns at_ns;
  uint64_t key;
  char from[64], to[64], link[136], reason[24], what[32], flow[144];
  bool from_client, duplicate;
  uint32_t number, rtx_number, seq, ack, window_bytes;
  uint8_t ttl, tos;
  uint16_t payload_bytes, ip_option_bytes;
  uint32_t tag;       /* the first four bytes of the payload, big-endian; 0 when there are fewer */
  uint32_t icmp_rest; /* ICMP only */
};

struct net_world {
  struct msim_sim *sim;
  struct msim__net *net;
  struct fail_mem mem;
  struct msim__trace_hook hook;
  struct net_seen *seen;
  size_t seen_count, seen_capacity;
  size_t received_count; /* by net_world_bind's ports */
  struct msim_endpoint received_from;
  uint8_t received_bytes[64];
  size_t received_size_bytes;
};

/* An empty world that records every packet; hops: also MSIM_POINT_FWD. */
void net_world_open(struct net_world *w, uint64_t seed, bool hops);
/* The same, unchecked, with the fail_at-th request for memory failing (0: none). 0 or MSIM_ERR_NOMEM. */
int net_world_try(struct net_world *w, uint64_t fail_at);
void net_world_close(struct net_world *w);
void net_world_mute(struct net_world *w); /* records nothing from now on */

struct msim_node *net_world_node(struct net_world *w, const char *name);
/* Nodes are made when new. delay_ns both ways, infinite rate. */
void net_world_join(struct net_world *w, const char *a, const char *b, msim_ns delay_ns);
void net_world_link(struct net_world *w, const char *a, const char *b, const struct msim_link_opts *opts);
/* The same delay both ways, everything else zero. */
struct msim_link_opts net_link_of(msim_ns delay_ns);

/* A packet of proto with src_port and dst_port and a payload of payload_bytes that begins with tag; no flow.
 * Returns what msim__ip_send returned. ttl 0: the node's. */
int net_world_send(struct net_world *w, const char *from, const char *to, uint8_t proto, uint8_t ttl, uint32_t tag,
                   uint16_t payload_bytes);
/* An empty UDP port that counts what arrives. */
void net_world_bind(struct net_world *w, const char *host, uint16_t port);
int net_world_udp(struct net_world *w, const char *from, uint16_t from_port, const char *to, uint16_t to_port,
                  const char *text);
void net_world_run(struct net_world *w);

/* The index-th record of this point (and kind); fails the test when there is none. */
const struct net_seen *net_seen_at(const struct net_world *w, enum msim_trace_kind kind, enum msim_trace_point point,
                                   size_t index);
size_t net_seen_count(const struct net_world *w, enum msim_trace_kind kind, enum msim_trace_point point);
/* The records as lines, without n and key; skip: a host whose records are left out, or NULL. Free with free(). */
char *net_seen_text(const struct net_world *w, const char *skip);

/* Asserts that count successes among draws fit to share_ppm within four standard deviations of the binomial. */
void assert_share(uint64_t count, uint64_t draws, uint64_t share_ppm);

#endif
