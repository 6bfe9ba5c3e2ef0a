/* agent.h: how to write an agent: a program that runs on a simulated host.
 *
 * The library allocates the agent's state, fills its configuration, owns its streams; there is nothing to free.
 * Handlers return void: failing is a call. Built-in agents use these same doors and no others below them. Does not
 * include: streams (stream.h), mail itself (lib/mail is private to the built-in agents). */
#ifndef MAILSIM_AGENT_H
#define MAILSIM_AGENT_H

#include <mailsim/network.h>
#include <mailsim/sim.h>
#include <mailsim/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One key of an agent's configuration. The loader checks the YAML text and stores the value at offset. */
enum msim_field_kind {
  MSIM_FIELD_BOOL,        /* bool */
  MSIM_FIELD_UINT,        /* uint64_t; a bare number within min..max */
  MSIM_FIELD_DURATION_NS, /* msim_ns; "10ms" */
  MSIM_FIELD_SIZE_BYTES,  /* uint64_t; "64KiB" */
  MSIM_FIELD_RATE_BPS,    /* uint64_t; "10Mbit/s" */
  MSIM_FIELD_PPM,         /* uint32_t, parts per million; "2%", "150ppm" */
  MSIM_FIELD_TEXT,        /* const char *, UTF-8 */
  MSIM_FIELD_ENUM,        /* int: index into names */
  MSIM_FIELD_HOST,        /* const char *: a host of the topology, a domain name or an address */
  MSIM_FIELD_CIDR,        /* struct msim_cidr; "192.0.2.0/24" */
  MSIM_FIELD_LIST,        /* struct msim_list of items described by item[0] */
  MSIM_FIELD_MAP,   /* struct msim_list; each item begins with `const char *key`, its value by item[0]. Where that is a
                       STRUCT, a list of names may stand for the map: their structs are NULL */
  MSIM_FIELD_STRUCT /* pointer to a struct of item_bytes described by the table item; NULL when absent */
};

struct msim_list {
  void *items;
  size_t count;
};

struct msim_cidr {
  struct msim_addr addr;
  uint8_t prefix_bits;
};

struct msim_field {
  const char *key; /* NULL ends a table */
  enum msim_field_kind kind;
  size_t offset;
  const char *fallback; /* NULL: the key is required; "": absent means zero, NULL or empty; else text as in YAML */
  const struct msim_field *item;
  size_t item_bytes;        /* LIST, MAP: of one item; STRUCT: of the struct */
  const char *const *names; /* ENUM: NULL-terminated */
  uint64_t min, max; /* UINT and quantities: bounds, max 0 means none; LIST, MAP: of the count, max 0 means 65536 */
  /* TEXT, and the keys of a MAP: NULL, or gives a sentence on what is wrong, or NULL for fine */
  const char *(*check)(const char *text);
  const char *help; /* one line for the schema and `mailsim list agents` */
};

struct msim_agent_type {
  const char *name;
  const char *summary; /* one line for `mailsim list agents` */
  size_t state_bytes, config_bytes;
  const struct msim_field *fields; /* NULL: takes no keys */
  /* Called at the start of the run in the order of host names, within a host in the order of addition.
   * 0, or a negative enum msim_err with a text said by msim_agent_fail. */
  int (*start)(struct msim_agent *agent);
  /* may be NULL: */
  void (*on_datagram)(struct msim_agent *agent, struct msim_endpoint from, uint16_t local_port,
                      struct msim_slice bytes);
  void (*stop)(struct msim_agent *agent); /* the simulation is being freed: release what msim_agent_resize gave */
  /* The host has crashed (host.h): release what msim_agent_resize gave and references to blobs, and do nothing else;
   * what one does to streams, timers or the disk now has no effect. NULL: stop is called for that. State and shared
   * memory are then zeroed, and start is called when the host comes back. */
  void (*crash)(struct msim_agent *agent);
  /* An attachment of the host has got an address, another one, or none; or its plug was pulled, or is back. Agents are
   * started whether or not the host has an address: what it has then is not told here (network.h). */
  void (*on_network)(struct msim_agent *agent, struct msim_attachment *attachment, enum msim_network_change change);
  bool needs_network; /* a topology that puts it on a host without `networks` is refused, with the place */
};

/* The type is copied; what it points to is borrowed for the simulation's life. MSIM_ERR_EXISTS: the name is taken;
 * MSIM_ERR_INVALID: it has no start, or a field "tcp", which in a topology is a key of every agent (topology.h). */
#define msim_agent_register(sim, type) msim_agent_register_sized((sim), (type), sizeof(struct msim_agent_type))
MSIM_API int msim_agent_register_sized(struct msim_sim *sim, const struct msim_agent_type *type, size_t type_bytes);

/* ---- what an agent can ask for; all only from its own handlers or timers ---- */

MSIM_API void *msim_agent_state(struct msim_agent *agent);              /* state_bytes, zeroed at first */
MSIM_API const void *msim_agent_config(const struct msim_agent *agent); /* config_bytes, as the fields say */
MSIM_API struct msim_node *msim_agent_node(const struct msim_agent *agent);
MSIM_API struct msim_sim *msim_agent_sim(const struct msim_agent *agent);
MSIM_API const char *msim_agent_host(const struct msim_agent *agent); /* the host's name */
MSIM_API const char *msim_agent_name(const struct msim_agent *agent); /* its type's name */

/* Zeroed memory that lives as long as the simulation, so for what is made once in a run; NULL when out of memory (the
 * simulation has then failed). */
MSIM_API void *msim_agent_alloc(struct msim_agent *agent, size_t size_bytes);
/* realloc with sizes; what is not given back (size_new_bytes 0) by the end of stop() counts as a leak. New bytes are
 * not zeroed. NULL when out of memory (the simulation has then failed; the old block stays valid). */
MSIM_API void *msim_agent_resize(struct msim_agent *agent, void *ptr, size_t size_old_bytes, size_t size_new_bytes);

/* The next number of the agent's own random stream, which others cannot disturb. */
MSIM_API uint64_t msim_agent_random(struct msim_agent *agent);
/* Uniform in 0 .. bound-1; 0 when bound is 0. */
MSIM_API uint64_t msim_agent_random_below(struct msim_agent *agent, uint64_t bound);

/* The host's calendar: seconds since 1970-01-01T00:00:00Z and its zone in minutes east of UTC. */
MSIM_API int64_t msim_agent_unix_s(const struct msim_agent *agent);
MSIM_API int msim_agent_zone_minutes(const struct msim_agent *agent);

/* Memory shared by the agents of one host under a name (a mail queue, a store): zeroed at its first use, size_bytes
 * must agree at each. It lives until every agent of the simulation has stopped; a crash of the host zeroes it. NULL
 * when out of memory. */
MSIM_API void *msim_agent_shared(struct msim_agent *agent, const char *key, size_t size_bytes);

/* Accepts connections at a port of the host. ops is borrowed for the agent's life.
 * MSIM_ERR_EXISTS: the port is taken. */
MSIM_API int msim_agent_listen(struct msim_agent *agent, uint16_t port, const struct msim_stream_ops *ops);
/* Opens a connection; every outcome arrives by ops. data is what msim_stream_data gives. *out may be NULL.
 * MSIM_ERR_NOMEM, MSIM_ERR_LIMIT: no free port. */
MSIM_API int msim_agent_connect(struct msim_agent *agent, struct msim_endpoint to, const struct msim_stream_ops *ops,
                                void *data, struct msim_stream **out);

/* Datagrams: those for a bound port arrive by on_datagram. Sending needs no bound port; bytes are copied.
 * MSIM_ERR_EXISTS: the port is taken; MSIM_ERR_LIMIT: too long for a datagram. */
MSIM_API int msim_agent_bind_udp(struct msim_agent *agent, uint16_t port);
MSIM_API void msim_agent_unbind_udp(struct msim_agent *agent, uint16_t port); /* one that is not bound is left alone */
MSIM_API int msim_agent_send_udp(struct msim_agent *agent, uint16_t local_port, struct msim_endpoint to,
                                 struct msim_slice bytes);
/* The same, and says what the datagram is: unit (static) and what stands in it, as records then `carry` it. values are
 * copied, their names are static; at most MSIM_VALUES_MAX. MSIM_ERR_NOMEM too. */
MSIM_API int msim_agent_send_udp_marked(struct msim_agent *agent, uint16_t local_port, struct msim_endpoint to,
                                        struct msim_slice bytes, const char *unit, const struct msim_value *values,
                                        size_t count);
/* The same by one attachment of the host, whatever routes say: without an address it sends from 0.0.0.0, as DHCP does
 * (RFC 2131 4.1). To 255.255.255.255, or to the last address of a prefix, a datagram goes to all: each host that it
 * reaches has it for its own. msim_agent_send_udp sends broadcasts too, by the first attachment that has an address. */
MSIM_API int msim_agent_send_udp_by(struct msim_agent *agent, struct msim_attachment *attachment, uint16_t local_port,
                                    struct msim_endpoint to, struct msim_slice bytes, const char *unit,
                                    const struct msim_value *values, size_t count);
/* By which attachment the datagram has come that on_datagram is being told of; NULL: by a link or from the host itself.
 */
MSIM_API struct msim_attachment *msim_agent_datagram_by(const struct msim_agent *agent);

/* Name look-up. A host that has a name server (msim_node_set_resolver) asks it by DNS, and tells by the events
 * dns.answer and dns.failed. For others, and for names of hosts without a dot, a host table made from the topology
 * answers, in the same simulated instant, but always by a call from the loop; it tells by hosts.answer and hosts.failed,
 * but not where an address was asked for, or the host's own name. */
enum msim_name_type {
  MSIM_NAME_ADDRESS, /* IPv4: addr, and name as it was asked for */
  MSIM_NAME_MX,      /* name, preference; addr too where it is known already, else its family is NONE */
  MSIM_NAME_AAAA,    /* addr */
  MSIM_NAME_PTR,     /* asked for with an address as text, or a name in in-addr.arpa; name */
  MSIM_NAME_TXT      /* name is the text, at most 1023 bytes of it, escaped as in zone files; DNS only */
};
struct msim_answer {
  struct msim_addr addr;
  const char *name;    /* the host that has it; "." for the exchanger of a domain that takes no mail (RFC 7505) */
  uint16_t preference; /* MX: lower first */
  uint32_t ttl_s;
};
struct msim_answers {
  int err; /* 0; MSIM_ERR_NOT_FOUND: there is no such name or no such record; MSIM_ERR_STATE: the host has no address
              itself; others are temporary */
  const struct msim_answer *items;
  size_t count;
};
typedef void msim_resolved_fn(struct msim_agent *agent, void *ctx, const struct msim_answers *answers);
/* name is copied. fn is called exactly once, while the agent lives. An address as text is answered too. While a DHCP
 * client of the host is still fetching its address the question waits for that.
 * MSIM_ERR_NOMEM. */
MSIM_API int msim_agent_resolve(struct msim_agent *agent, const char *name, enum msim_name_type type,
                                msim_resolved_fn *fn, void *ctx);
/* Says that this host takes mail for a domain: the host table's answer to MX. From start() only. */
MSIM_API int msim_agent_announce_mx(struct msim_agent *agent, const char *domain, uint16_t preference);
/* Who has said so, in order of preference, whatever name servers say: up to count_max of them in out, whose texts live
 * as long as the simulation. Returns how many. Complete after the start of every agent. */
MSIM_API size_t msim_agent_announced_mx(const struct msim_agent *agent, const char *domain, struct msim_answer *out,
                                        size_t count_max);

/* The label of the message to which the next unread byte of the stream belongs, by its sender's marks; NULL: none. */
MSIM_API const char *msim_stream_message(const struct msim_stream *stream);

/* Records an app event. At most MSIM_VALUES_MAX values. Costs a branch when nobody listens. */
MSIM_API void msim_agent_event(struct msim_agent *agent, const char *event, const struct msim_value *values,
                               size_t count);

/* For an agent's own bugs, never for bad input from a peer: ends the run with MSIM_ERR_AGENT and this text. */
MSIM_API void msim_agent_fail(struct msim_agent *agent, const char *format, ...) MSIM_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
