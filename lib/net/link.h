/* link.h: one direction of a link: transmitter, queue, wire, impairments.
 *
 * One queued event per busy direction: the arrival of the packet at its head. When a packet is accepted its start of
 * transmission and its arrival are known (FIFO at a fixed rate), so no event is needed for the transmitter.
 * Does not know addresses: ip.c decides where a packet goes. */
#ifndef MSIM_NET_LINK_H
#define MSIM_NET_LINK_H

#include "net/net.h"
#include "wire/ethernet.h"

struct msim__way_params { /* shared by equal links */
  struct msim_link_way way;
  struct msim_ecn_mark mark;
  uint32_t overhead_bytes, mtu_bytes, cost;
  bool is_cable;      /* of a network: what is on it travels in frames (lan.h) */
  bool drops_private; /* packets with a source that means nothing outside */
};

/* State of the impairments of one direction, made only when there are any (impair.c). */
struct msim__impair;

struct msim__flight { /* accepted and not yet arrived, in order of arrival */
  msim_ns arrive_ns;
  uint32_t packet;
  uint32_t behind_count; /* when so many later ones have been put on the wire, it comes right behind the last of them */
};
struct msim__wait { /* accepted and not yet being sent, in order of sending */
  msim_ns start_ns;
  uint32_t size_bytes;
};

/* What waits for the transmitter; made when something first does, at a fixed rate. */
struct msim__backlog {
  struct msim__wait *waits; /* ring */
  uint32_t head, count, capacity;
  uint64_t size_bytes;
};

/* What a direction needs from its first packet on: of millions of hosts most may never speak. */
#define MSIM__FLIGHTS_INLINE 4u
struct msim__traffic {
  struct msim__flight *flights; /* ring: the inline one until it is too small */
  uint32_t head, count, capacity;
  uint32_t behind_count;         /* flights that wait for later ones */
  msim_ns free_ns;               /* the transmitter is busy until then */
  msim_ns last_arrive_ns;        /* of what may not be overtaken */
  struct msim__backlog *backlog; /* or NULL */
  struct msim__flight first[MSIM__FLIGHTS_INLINE];
};

struct msim__way {
  struct msim_timer arrival; /* on the receiving node; owner found by its address: first member */
  struct msim__port *to;     /* the receiving port */
  const struct msim__way_params *params;
  struct msim__impair *impair;
  struct msim__traffic *traffic; /* NULL before the first packet */
};

/* Both ends of a link and both directions, in one piece. */
struct msim__link {
  struct msim__port ends[2];
  struct msim__way ways[2]; /* ways[i] leaves ends[i] */
};

/* Of its header of IP: with options more than 20, of IPv6 40 and the fragment header. */
static inline uint32_t msim__packet_head_bytes(const struct msim__packet *packet)
{
  return (msim__packet_is_v6(packet) ? 40u : 20u) +
         ((packet->bits & MSIM__PACKET_RARE) != 0 ? packet->cold->rare->ip_option_bytes : 0u);
}
/* Bytes on the wire of a packet of IPv4, link overhead not counted; of one of IPv6 20 less than it has. */
static inline uint32_t msim__packet_plain_size_bytes(const struct msim__packet *packet)
{
  uint32_t size = 20u + packet->payload_bytes; /* RFC 791 3.1 */

  if (packet->proto == MSIM_PROTO_TCP)
    return size + 20u + (packet->cold != NULL ? packet->cold->option_bytes : 0u);
  return size + 8u; /* UDP and ICMP */
}
uint32_t msim__packet_other_size_bytes(const struct msim__packet *packet); /* of IPv6, with options, or a fragment */
static inline uint32_t msim__packet_size_bytes(const struct msim__packet *packet)
{
  return (packet->bits & (MSIM__PACKET_RARE | MSIM__PACKET_V6)) == 0 ? msim__packet_plain_size_bytes(packet)
                                                                     : msim__packet_other_size_bytes(packet);
}

/* The same as it counts on the wire: a frame is padded (IEEE 802.3 3.2.8). */
static inline uint32_t msim__packet_wire_bytes(const struct msim__packet *packet)
{
  uint32_t size = msim__packet_size_bytes(packet);

  if ((packet->bits & MSIM__PACKET_RARE) != 0 && packet->cold->rare->has_frame)
    size += (uint32_t)msim__ethernet_padding_bytes(size);
  return size;
}

/* Makes a link in memory of the caller's, zeroed, which lives as long as the simulation. name: copied already. The cost
 * of ways[1] of a cable is 0. MSIM_ERR_INVALID, MSIM_ERR_EXISTS, MSIM_ERR_STATE, MSIM_ERR_NOMEM. */
int msim__link_make(struct msim__link *link, struct msim_node *a, struct msim_node *b,
                    const struct msim_link_opts *opts, bool is_cable);

/* Puts a packet on the wire or drops it (recorded). Takes the packet. size_bytes: msim__packet_size_bytes of it. */
void msim__way_send(struct msim__way *way, uint32_t packet_index, uint32_t size_bytes);

/* What is on this way arrives at until_ns, if it would have before. How many there are. */
uint32_t msim__way_put_off(struct msim__way *way, msim_ns until_ns);
/* Puts a packet that was held back on its way again; it arrives in left_ns. Takes the packet. */
void msim__way_go_on(struct msim__way *way, uint32_t packet_index, msim_ns left_ns);

/* What is on this way is lost without a record. */
void msim__way_forget(struct msim__net *net, struct msim__way *way);
void msim__way_release(struct msim__net *net, struct msim__way *way); /* queues; packets are released whole */
/* The node's loopback port, made at first use; NULL when out of memory. */
struct msim__port *msim__loopback(struct msim_node *node);
#define MSIM__LOOPBACK_DELAY_NS MSIM_USEC(10)
#define MSIM__MTU_BYTES_MIN 68u
#define MSIM__MTU_BYTES_DEFAULT 1500u

#define MSIM__HELD_NS_MAX (MSIM_NEVER / 4)
/* Asked when a packet is put on a link, before the queue sees it. Borrows the packet. hold: takes one whose verdict was
 * is_held, and that would arrive in left_ns; may be NULL when there is no such verdict. */
struct msim__packet_rules {
  void *ctx;
  void (*hold)(void *ctx, struct msim__way *way, uint32_t packet_index, msim_ns left_ns);
  void (*judge)(void *ctx, const struct msim__way *way, const struct msim__packet *packet,
                struct msim__packet_verdict *verdict);
};

/* ---- impair.c ---- */

struct msim__verdict {
  const char *drop; /* reason, or NULL */
  msim_ns jitter_ns;
  msim_ns held_ns;   /* held back by that: later packets pass it */
  bool may_overtake; /* jitter may carry it past those before it */
  bool duplicate, corrupt;
};
bool msim__impair_any(const struct msim_impair_opts *opts);
/* name: of the direction, "LINK/FROM>TO", borrowed: the random streams are named after it. NULL when out of memory. */
struct msim__impair *msim__impair_new(struct msim__net *net, const struct msim_impair_opts *opts, const char *name);
extern const char *const msim__jitter_names[3];                                      /* of enum msim_jitter */
const struct msim_impair_opts *msim__impair_opts(const struct msim__impair *impair); /* as they were given */
void msim__impair_begin(struct msim__impair *impair); /* at the start, when the seed is settled */
void msim__impair_decide(struct msim__impair *impair, struct msim__verdict *out);
/* NULL, or what is wrong with the options. */
const char *msim__impair_check(const struct msim_impair_opts *opts);

#endif
