/* topology.h: how a world is built, from YAML or by the same doors in C.
 *
 * Everything the file can say a program can say here; the loader uses nothing else. All of it before the start.
 * The format is described in docs/topology.md. */
#ifndef MAILSIM_TOPOLOGY_H
#define MAILSIM_TOPOLOGY_H

#include <mailsim/agent.h>
#include <mailsim/network.h>
#include <mailsim/sim.h>
#include <mailsim/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- YAML ---- */

/* Reads further files for the loader (include, scene). path is relative to the folder of the main file: what an
 * included file names is already joined to that file's own folder. MSIM_ERR_NOT_FOUND, MSIM_ERR_LIMIT (too large),
 * MSIM_ERR_IO and MSIM_ERR_NOMEM each give a sentence of their own. *out is given back through release, which may be
 * NULL. */
struct msim_reader {
  void *ctx;
  int (*read)(void *ctx, const char *path, struct msim_slice *out);
  void (*release)(void *ctx, struct msim_slice bytes);
};

/* Loads a topology into an empty simulation. fn is called for each finding; fn may be NULL.
 * 0, MSIM_ERR_SYNTAX, MSIM_ERR_IO, MSIM_ERR_NOMEM, MSIM_ERR_STATE (not empty). */
MSIM_API int msim_topology_load_file(struct msim_sim *sim, const char *path, msim_diag_fn *fn, void *user);
MSIM_API int msim_topology_load_text(struct msim_sim *sim, const char *name, struct msim_slice text,
                                     const struct msim_reader *reader, msim_diag_fn *fn, void *user);

/* Puts a value, as YAML, at a place of the main file that will be loaded: keys joined by dots, "hosts.pc-a.ttl"; of a
 * list the place of an item from 0, or its name or id, "links.0.delay", "faults.storm.loss"; a key that holds dots
 * stands in quotes. The last of them may be new. In the order of the calls; both texts are copied. What is wrong with it
 * is told by the loading, with "PATH=VALUE" for a file. 0, MSIM_ERR_STATE (loaded, or started), MSIM_ERR_LIMIT (more
 * than 256, a path of more than 1024 bytes, a value of more than 64 KiB), MSIM_ERR_NOMEM. */
MSIM_API int msim_topology_set(struct msim_sim *sim, const char *path, const char *value);

/* What the file says beside the world; all borrowed for the simulation's life. */
struct msim_topology_info {
  const char *name;       /* the file's stem, or what msim_sim_set_name said */
  const char *title;      /* "" when it has none */
  const char *scene;      /* path of the scene that it plays, or NULL */
  msim_ns until_ns;       /* MSIM_NEVER: until quiet */
  const char *scene_case; /* or NULL */
  const char *expect;     /* for msim_expect_load_text, its lines as numbered as in the file; or NULL */
};
#define msim_topology_info(sim, out) msim_topology_info_sized((sim), (out), sizeof(struct msim_topology_info))
MSIM_API void msim_topology_info_sized(const struct msim_sim *sim, struct msim_topology_info *out, size_t out_bytes);

/* An item of the section `serve`: a port of the real machine, for programs that let others talk to this world. Texts as
 * they stand there, "" when absent; borrowed for the simulation's life. */
struct msim_topology_gate {
  const char *listen; /* "2525", "127.0.0.1:2525"; "" of an uplink */
  const char *from;   /* with listen: the host in whose name real clients connect */
  const char *uplink; /* "mx:25": where hosts are let out */
  const char *to;     /* "isp-x:25", of an uplink "127.0.0.1:2525" */
  uint32_t line;      /* in its file */
};
/* The index-th item; false past the end. */
#define msim_topology_gate_at(sim, index, out)                                                                         \
  msim_topology_gate_at_sized((sim), (index), (out), sizeof(struct msim_topology_gate))
MSIM_API bool msim_topology_gate_at_sized(const struct msim_sim *sim, size_t index, struct msim_topology_gate *out,
                                          size_t out_bytes);

/* Writes the format of topologies as JSON Schema (draft 2020-12), one line, with the agents and congestion controllers
 * that sim knows, for editors that check and complete while one types. It allows a little more than the loader, which
 * also sees how values fit each other. out is used during the call only. What out returned, or MSIM_ERR_NOMEM. */
MSIM_API int msim_topology_schema(struct msim_sim *sim, const struct msim_out *out);

/* ---- C ---- */

MSIM_API int msim_sim_set_name(struct msim_sim *sim, const char *name, const char *title);
MSIM_API int msim_sim_set_start(struct msim_sim *sim,
                                int64_t unix_s); /* the date of t = 0; default 2026-01-01T00:00:00Z */
MSIM_API int msim_sim_set_until(struct msim_sim *sim,
                                msim_ns until_ns); /* what msim_topology_info gives; default MSIM_NEVER */

/* 1 to 63 of a-z A-Z 0-9 - _ . and UTF-8 letters, not beginning with '-' or '.'. MSIM_ERR_EXISTS, MSIM_ERR_INVALID,
 * MSIM_ERR_STATE, MSIM_ERR_NOMEM. *out may be NULL. */
MSIM_API int msim_node_add(struct msim_sim *sim, const char *name, struct msim_node **out);
MSIM_API struct msim_node *msim_node_find(const struct msim_sim *sim, const char *name); /* NULL: none */
MSIM_API const char *msim_node_name(const struct msim_node *node);
MSIM_API size_t msim_node_count(const struct msim_sim *sim);
MSIM_API struct msim_node *msim_node_at(const struct msim_sim *sim, size_t index); /* in order of addition */

/* An address of IPv4 or IPv6, "192.0.2.1", "2001:db8::1"; a prefix length may stand behind it and changes nothing. A
 * host has as many as it is given. One without any gets one from 10.0.0.0/8 by a hash of its name, so that it does not
 * depend on the other hosts; where somebody has one of IPv6, a router that has none gets one from fd6d:7369:6d00::/64
 * likewise. MSIM_ERR_EXISTS: another host has it. */
MSIM_API int msim_node_add_addr(struct msim_node *node, const char *addr);
MSIM_API struct msim_addr
msim_node_addr(const struct msim_node *node); /* its first of IPv4, else of IPv6; NONE before the start */

MSIM_API int msim_node_set_zone(struct msim_node *node, int minutes_east);
MSIM_API int msim_node_set_ttl(struct msim_node *node, uint8_t ttl); /* of the packets that it sends; default 64 */
/* Whether it tells by ICMP of packets that it has to give up (RFC 1122 3.2.2); default true. Without that a link of a
 * small MTU behind it is a black hole (RFC 2923 2.1). MSIM_ERR_STATE. */
MSIM_API int msim_node_set_icmp_errors(struct msim_node *node, bool sends);
/* Where it stands in pictures, in parts per million of their width from the left and of their height from the top.
 * Changes nothing of a run. MSIM_ERR_INVALID (more than 1000000), MSIM_ERR_STATE (started), MSIM_ERR_NOMEM. */
MSIM_API int msim_node_set_place(struct msim_node *node, uint32_t right_ppm, uint32_t down_ppm);
/* Whether it takes part in IPv6; default true. Without, what comes of it is dropped without a word, as a router does
 * that knows nothing of it, and what is sent finds no address (MSIM_CLOSED_NO_ADDRESS). Routes stay. MSIM_ERR_STATE. */
MSIM_API int msim_node_set_ipv6(struct msim_node *node, bool speaks);
/* Its first address of a family; NONE: it has none. */
MSIM_API struct msim_addr msim_node_addr_of(const struct msim_node *node, enum msim_family family);
/* Whether it follows source routes (RFC 791 3.1) as a router, takes them as an end, and may send by them
 * (MSIM_IP_OPTIONS of <mailsim/socket.h>); default false, as networks are run (RFC 7126 4.3, 4.4). MSIM_ERR_STATE. */
MSIM_API int msim_node_set_source_routes(struct msim_node *node, bool follows);

/* The name servers of a host, as resolv.conf has them: up to three, each an address or the name of a host of the
 * simulation, tried in this order. What its agents look up is then asked there (agent.h); count 0: the host table
 * answers again. At any time. MSIM_ERR_LIMIT: more than three; MSIM_ERR_INVALID: an empty one; MSIM_ERR_NOMEM. */
MSIM_API int msim_node_set_resolver(struct msim_node *node, const char *const *servers, size_t count);

/* Impairments of one direction of a link. All zero: a perfect wire. Shares are parts per million. */
enum msim_jitter { MSIM_JITTER_UNIFORM, MSIM_JITTER_NORMAL, MSIM_JITTER_EXPONENTIAL };
struct msim_impair_opts {
  uint32_t loss_ppm;
  /* Gilbert-Elliott: two states with a loss share each; moves are drawn per packet. bursts when burst_enter_ppm > 0. */
  uint32_t burst_enter_ppm, burst_leave_ppm, burst_loss_ppm, calm_loss_ppm;
  msim_ns jitter_ns; /* added delay in 0 .. jitter_ns (EXPONENTIAL: that mean, cut at ten times) */
  enum msim_jitter jitter_shape;
  bool jitter_reorders; /* false: a packet never overtakes another */
  uint32_t duplicate_ppm;
  uint32_t reorder_ppm; /* this share is held back by reorder_ns, so that later ones overtake it */
  msim_ns reorder_ns;
  uint32_t corrupt_ppm; /* arrives with a wrong checksum: the receiver drops it */
  const uint32_t
      *drop_nth;       /* scripted loss: ascending 1-based numbers of packets of this direction, ends with 0; copied */
  uint32_t drop_every; /* every so manyth is lost; 0: none */
  uint32_t reserved;   /* 0 */
};

struct msim_link_way {
  uint64_t rate_bps;          /* 0: infinite */
  msim_ns delay_ns;           /* at least 1 */
  uint64_t queue_bytes_max;   /* waiting, without the packet being sent; 0: no limit in bytes */
  uint32_t queue_packets_max; /* 0: no limit in packets (then queue_bytes_max decides); both 0: 1000 packets */
  struct msim_impair_opts impair;
};

/* Explicit congestion notification (RFC 3168 5): a packet whose transport can be told, and that finds more than this
 * waiting, is marked instead of being left to a full queue. Others are not touched. Both 0: nothing is marked. */
struct msim_ecn_mark {
  uint64_t queue_bytes;
  uint32_t queue_packets;
  uint32_t reserved; /* 0 */
};

/* What a provider's link does not carry. */
enum msim_link_filter {
  MSIM_FILTER_NONE,
  MSIM_FILTER_PRIVATE_SOURCE /* packets whose source address means nothing outside: private, shared, link-local */
};

struct msim_link_opts {
  const char *name;        /* NULL: "A-B" in the order of the names; a second link of the same two needs a name */
  uint32_t overhead_bytes; /* per packet, on the wire and in the queue */
  uint32_t mtu_bytes;      /* 0: 1500; 68 .. 65535 (RFC 791) */
  uint32_t cost;           /* of the route; 0: 1 */
  struct msim_link_way a_to_b, b_to_a;
  struct msim_ecn_mark a_to_b_mark, b_to_a_mark;
  enum msim_link_filter filter; /* of both directions */
  uint32_t line;                /* of the file in which it is written, for traces; 0: it stands in none */
};

/* Joins two nodes point to point. MSIM_ERR_INVALID, MSIM_ERR_EXISTS (the name), MSIM_ERR_STATE, MSIM_ERR_NOMEM. */
#define msim_link_add(a, b, opts) msim_link_add_sized((a), (b), (opts), sizeof(struct msim_link_opts))
MSIM_API int msim_link_add_sized(struct msim_node *a, struct msim_node *b, const struct msim_link_opts *opts,
                                 size_t opts_bytes);

/* ---- Ethernet networks: network.h has the rest ---- */

struct msim_network_opts {
  const char *prefix; /* "192.168.1.0/24", 8 to 30 bits, without host bits; NULL: a /24 of 192.168.0.0/16 by its name */
  uint32_t mtu_bytes; /* 0: 1500; 68 .. 9000 */
  uint32_t
      overhead_bytes; /* of each frame on the wire and in the queue; 0: 38, which is preamble, header, FCS and gap */
  struct msim_link_way cable; /* of each cable, in both directions; a delay of 0 is 1 us */
  struct msim_ecn_mark mark;
};
/* name: as of a node, and no node's. *out may be NULL. MSIM_ERR_INVALID, MSIM_ERR_EXISTS (the name), MSIM_ERR_STATE,
 * MSIM_ERR_NOMEM. */
#define msim_network_add(sim, name, opts, out)                                                                         \
  msim_network_add_sized((sim), (name), (opts), sizeof(struct msim_network_opts), (out))
MSIM_API int msim_network_add_sized(struct msim_sim *sim, const char *name, const struct msim_network_opts *opts,
                                    size_t opts_bytes, struct msim_network **out);
MSIM_API struct msim_network *msim_network_find(const struct msim_sim *sim, const char *name); /* NULL: none */

/* What a router says of itself to the hosts of a network (RFC 4861 6.2.1, RFC 8106). Zero members keep the default. */
struct msim_advertise_opts {
  const char *prefix;     /* "2001:db8:1::/64"; NULL: those of its own addresses there */
  const char *const *dns; /* up to three addresses, or names of hosts, then NULL; NULL: none */
  msim_ns interval_ns;    /* at most so long until the next one: 4 s to 30 min, default 10 min */
  msim_ns lifetime_ns;    /* for which it is a way to elsewhere, up to 9000 s; default three intervals */
  msim_ns preferred_ns;   /* for which addresses of the prefix are taken; default 7 days, or valid_ns if that is less */
  msim_ns valid_ns;       /* for which they are there; default 30 days; MSIM_NEVER: for ever */
  uint32_t mtu_bytes;     /* that it advises; 0: it advises none */
  bool no_default_route;  /* it is no way to elsewhere: a lifetime of 0 */
  bool is_off_link;       /* what has the prefix is not on the link: it goes by a router */
};

struct msim_attach_opts {
  const char *address; /* "192.168.1.10", of the network's prefix; NULL: one from there by the host's name */
  bool no_address;     /* instead: none, until it is configured while it runs */
  const char *gateway; /* where what is for elsewhere goes; NULL: the next hop that the topology tells */
  const char *mac;     /* "02:00:00:00:00:01"; NULL: a locally administered one by the two names */
  /* Addresses of IPv6 as in "2001:db8:1::10/64" (64 bits when none are named), and "auto": it makes one from each
   * prefix that a router advertises (RFC 4862); then NULL. NULL: it speaks no IPv6 there. With any it has one of the
   * link too. */
  const char *const *ipv6;
  const struct msim_advertise_opts
      *advertise; /* it is a router that advertises itself; not with "auto"; NULL: it is not */
};
/* Puts a host into a network; opts may be NULL. A host is in a network once. *out may be NULL. MSIM_ERR_INVALID (an
 * address that is not of the prefix, or not a host's; a MAC of a group), MSIM_ERR_EXISTS, MSIM_ERR_LIMIT (too many
 * addresses or name servers), MSIM_ERR_STATE, MSIM_ERR_NOMEM. */
#define msim_network_attach(network, node, opts, out)                                                                  \
  msim_network_attach_sized((network), (node), (opts), sizeof(struct msim_attach_opts), (out))
MSIM_API int msim_network_attach_sized(struct msim_network *network, struct msim_node *node,
                                       const struct msim_attach_opts *opts, size_t opts_bytes,
                                       struct msim_attachment **out);

/* Which stack a host's TCP looks like: the options of its SYN and their order, and the times that are not given. */
enum msim_tcp_profile {
  MSIM_TCP_LINUX,   /* the defaults of msim_tcp_opts; SYN: MSS, SACK permitted, timestamps, window scale */
  MSIM_TCP_FREEBSD, /* SYN: MSS, window scale, SACK permitted, timestamps; rto_min 230 ms */
  MSIM_TCP_PLAIN /* RFC 9293 and 6298 alone: no option but MSS, rto_min 1 s, delayed ACK 200 ms, window of RFC 3390 */
};

/* Whether a host's TCP uses explicit congestion notification (RFC 3168). */
enum msim_tcp_ecn {
  MSIM_TCP_ECN_PASSIVE, /* when the peer asks for it */
  MSIM_TCP_ECN_ASK,     /* its own SYNs ask too */
  MSIM_TCP_ECN_NONE     /* never */
};

/* How a host's TCP behaves. Zero members keep the default. */
/* TCP Fast Open (RFC 7413): who asks for cookies and sends text with the SYN, and who makes and takes them. */
enum msim_tcp_fastopen { MSIM_TCP_FASTOPEN_CLIENT = 1, MSIM_TCP_FASTOPEN_SERVER = 2 };

/* Where local ports of connections that name none come from (RFC 6056). */
enum msim_tcp_ports {
  MSIM_TCP_PORTS_SEQUENTIAL, /* one after the other, from a place of the host's own */
  MSIM_TCP_PORTS_HASHED      /* the same from a place of each remote endpoint's own (RFC 6056 3.3.3) */
};
/* Where initial sequence numbers come from. */
enum msim_tcp_isn {
  MSIM_TCP_ISN_HASHED, /* a clock and a keyed function of the four-tuple (RFC 6528) */
  MSIM_TCP_ISN_CLOCK   /* the clock alone (RFC 793 3.3): anybody can foretell them */
};

struct msim_tcp_opts {
  const char *congestion;                         /* "cubic", "reno", "fixed", or one registered; NULL: "cubic" */
  uint64_t receive_buffer_bytes;                  /* default 131072 */
  uint64_t send_buffer_bytes;                     /* default 131072 */
  uint32_t initial_window_segments;               /* default 10 (RFC 6928) */
  msim_ns rto_min_ns, rto_initial_ns, rto_max_ns; /* defaults 200 ms, 1 s, 120 s; RFC 6298 */
  msim_ns delayed_ack_ns;                         /* default 40 ms; at most 500 ms (RFC 9293 3.8.6.3) */
  msim_ns time_wait_ns;                           /* default 60 s */
  uint32_t data_retries_max;                      /* default 15 */
  uint32_t syn_retries_max;                       /* default 7: three minutes and more (RFC 9293 3.8.3) */
  uint32_t mss_bytes_max;                         /* default: from the MTU */
  bool no_delayed_ack, no_nagle, no_window_scale;
  bool no_timestamps; /* RFC 7323 */
  bool no_sack;       /* RFC 2018, 2883, 6675 */
  bool no_prr;        /* RFC 9937 */
  bool no_rack;       /* RFC 8985, which needs SACK; without it RFC 6675 */
  enum msim_tcp_profile profile;
  msim_ns keepalive_idle_ns;     /* 0: no keep-alive (RFC 9293 MUST-25) */
  msim_ns keepalive_interval_ns; /* between its probes; default 75 s */
  uint32_t keepalive_probes_max; /* without an answer, then the connection is given up; default 9 */
  uint32_t syn_backlog_max;      /* connections in SYN-RECEIVED of a host; further SYNs are dropped; default 65536 */
  uint32_t challenge_acks_max;   /* of a host in a second (RFC 5961 7); default 1000 */
  msim_ns user_timeout_ns;       /* without progress, then the connection is given up; 0: by data_retries_max alone */
  msim_ns fin_wait_2_ns;         /* FIN-WAIT-2 without a sign of the peer; 0: for ever, the other half may be in use */
  enum msim_tcp_ecn ecn;         /* default PASSIVE; with MSIM_TCP_PLAIN NONE unless it is ASK */
  bool no_frto;        /* RFC 5682, 3522, 3708 and 4015: cuts of the window that were for nothing are taken back */
  bool no_pmtud;       /* RFC 1191: without it no DF, and 536 bytes at most beyond the next hop */
  uint8_t reserved[2]; /* 0 */
  uint32_t black_hole_timeouts;      /* of one segment, then smaller ones are tried (RFC 2923 2.1); 0: never */
  uint32_t fastopen;                 /* bits of enum msim_tcp_fastopen; 0: none (RFC 7413) */
  uint32_t fastopen_pending_max;     /* of a server, opened by a cookie but not yet by a handshake; default 256 */
  uint32_t reserved2;                /* 0 */
  uint64_t receive_buffer_max_bytes; /* up to that the buffer grows while the user reads fast; 0: it does not grow */
  msim_ns timestamp_tick_ns;         /* of its clock, 1 ms to 1 s in whole us (RFC 7323 5.4); default 1 ms */
  uint32_t initial_receive_window_segments; /* offered at first, growing by twice what arrives; 0: the whole buffer */
  uint32_t quick_acks;                      /* that many segments of text are acknowledged at once; default 0 */
  uint32_t window_shift;                    /* 1 to 14 (RFC 7323 2.3); 0: the least that the buffer needs */
  enum msim_tcp_ports ports;                /* default SEQUENTIAL */
  enum msim_tcp_isn isn;                    /* default HASHED */
  bool no_hystart;                          /* RFC 9406: slow start ends by a loss or a mark alone */
  bool no_limited_transmit;                 /* RFC 3042, and what RFC 6675 5 step 3 makes of it */
  bool no_idle_restart;                     /* RFC 5681 4.1: an idle connection keeps its window */
  bool no_dsack;                            /* RFC 2883: what came twice is not told; what a peer tells counts */
  bool insecure_rst;                        /* without RFC 5961 3.2: any RST in the window ends a connection */
  uint8_t reserved3[7];                     /* 0 */
};
#define msim_node_set_tcp(node, opts) msim_node_set_tcp_sized((node), (opts), sizeof(struct msim_tcp_opts))
MSIM_API int msim_node_set_tcp_sized(struct msim_node *node, const struct msim_tcp_opts *opts, size_t opts_bytes);

/* Puts an agent on a host, configured by the YAML text of its mapping ("" for none). MSIM_ERR_NOT_FOUND: no such type.
 */
MSIM_API int msim_agent_add_yaml(struct msim_node *node, const char *type_name, const char *yaml, msim_diag_fn *fn,
                                 void *user);
/* The same with a filled config struct (config_bytes of the type), copied; what it points to is borrowed. */
MSIM_API int msim_agent_add(struct msim_node *node, const char *type_name, const void *config);
/* How TCP behaves in the connections that the agent added last to this host opens and accepts, instead of what the host
 * was told: zero members keep the default, not the host's value. In a topology that is the agent's key `tcp`, which is
 * laid over the host's. MSIM_ERR_NOT_FOUND: the host has no agent; MSIM_ERR_INVALID, MSIM_ERR_STATE, MSIM_ERR_NOMEM. */
#define msim_agent_set_tcp(node, opts) msim_agent_set_tcp_sized((node), (opts), sizeof(struct msim_tcp_opts))
MSIM_API int msim_agent_set_tcp_sized(struct msim_node *node, const struct msim_tcp_opts *opts, size_t opts_bytes);

/* ---- registries, for `mailsim list` ---- */
MSIM_API const struct msim_agent_type *msim_agent_type_at(const struct msim_sim *sim,
                                                          size_t index); /* NULL: past the end */

#ifdef __cplusplus
}
#endif
#endif
