/* loader.h: what the rooms of the topology loader share.
 *
 * A load has two halves. First everything is read and checked into a plan, with every finding collected (findings.c,
 * include.c, expand.c, topology_hosts.c, topology_links.c); then, only when nothing was found, topology.c builds the
 * world through the public doors. Does not know what agents do: fields.h fills their keys. */
#ifndef MSIM_TOPOLOGY_LOADER_H
#define MSIM_TOPOLOGY_LOADER_H

#include <mailsim/host.h>
#include <mailsim/topology.h>

#include "agents/fields.h"
#include "core/names.h"
#include "core/sim.h"
#include "text/yaml_tree.h"

#define MSIM__TOPOLOGY_INCLUDE_DEPTH_MAX 16u
#define MSIM__TOPOLOGY_FILES_MAX 256u
#define MSIM__TOPOLOGY_LIKE_DEPTH_MAX 16u
#define MSIM__TOPOLOGY_HOSTS_MAX MSIM__NODES_MAX
#define MSIM__TOPOLOGY_LINKS_MAX (UINT32_C(1) << 24)
#define MSIM__TOPOLOGY_FINDINGS_MAX 100u
#define MSIM__TOPOLOGY_ADDRS_MAX 256u                /* of one host */
#define MSIM__TOPOLOGY_NETWORKS_MAX 256u             /* that one host is in */
#define MSIM__TOPOLOGY_RESOLVERS_MAX 3u              /* of one host, as resolv.conf has it */
#define MSIM__TOPOLOGY_AGENTS_MAX 4096u              /* on one host */
#define MSIM__TOPOLOGY_FILLS_MAX (UINT64_C(1) << 25) /* values read again for the numbers of ranges, all together */
#define MSIM__TOPOLOGY_PATH_BYTES 1024u

/* ---- findings.c ---- */

struct msim__finding {
  struct msim__finding *next; /* in the order in which they are told */
  uint32_t file_index;
  struct msim_diag diag;
};

/* One file of the topology. */
struct msim__topology_file {
  struct msim__topology_file *next;       /* in order of reading */
  const struct msim__topology_file *from; /* who includes it; NULL: the main file */
  const char *path;  /* from the main file's folder; for the main file its own name without folder */
  const char *shown; /* in findings */
  uint32_t index, depth;
  struct msim__yaml tree;
};

/* ---- settings.c ---- */

/* What msim_topology_set said, once it is read. */
struct msim__setting {
  struct msim__setting *next;
  const char *shown; /* in findings */
  struct msim__yaml tree;
};

/* ---- plans ---- */

struct msim__agent_plan {
  const struct msim_agent_type *type;
  const void *config;
  const struct msim_tcp_opts *tcp; /* NULL: the host's */
  const struct msim__yaml_node *place;
};

struct msim__network_plan {
  struct msim__network_plan *next;
  const char *name;
  const struct msim_network_opts *opts;
  struct msim_addr prefix;
  uint8_t prefix_bits; /* 0: by its name, at the start */
  const struct msim__yaml_node *place;
  struct msim_network *network; /* once built */
};

/* A host's place in a network. */
struct msim__attach_plan {
  struct msim__network_plan *network;
  struct msim_attach_opts opts;
  bool wants_dhcp;
  const struct msim__yaml_node *place;
};

struct msim__nat_plan; /* topology_nat.c */

/* What the body of a host says; shared by the hosts of a range unless the body holds `{n}`. */
struct msim__host_plan {
  struct msim_list addrs;            /* of struct msim__addr_plan */
  struct msim_tcp_opts *tcp;         /* NULL: the defaults */
  const struct msim_disk_opts *disk; /* likewise */
  const struct msim__nat_plan *nat;  /* NULL: none */
  struct msim__agent_plan *agents;
  size_t agent_count;
  struct msim__attach_plan *attachments;
  size_t attachment_count;
  const char *resolvers[MSIM__TOPOLOGY_RESOLVERS_MAX]; /* its name servers */
  size_t resolver_count;
  int32_t zone_minutes;
  uint8_t ttl; /* 0: the default */
  bool no_icmp_errors, source_routes, no_ipv6, has_place;
  uint32_t place_ppm[2];
};

struct msim__addr_plan {
  const char *text;
  const struct msim__yaml_node *place;
};

struct msim__host {
  const char *name; /* lives with the load */
  const struct msim__host_plan *plan;
  const struct msim__yaml_node *place;
  struct msim_node *node; /* once built */
};

/* A body and the templates behind it: the first that has a key decides. */
struct msim__body {
  const struct msim__yaml_node *maps[MSIM__TOPOLOGY_LIKE_DEPTH_MAX + 1];
  size_t count;
};

/* One entry of `hosts`: one host or a range of them. */
struct msim__host_group {
  struct msim__host_group *next;
  const struct msim__yaml_node *key;
  const struct msim__yaml_node *value;
  struct msim__host *hosts;
  uint32_t count, first_number;
  bool is_range;
};

struct msim__link_plan {
  struct msim__link_plan *next;
  struct msim__host *a, *b;
  const struct msim_link_opts *opts;
  const struct msim__yaml_node *place;
};

/* Whose an address is. */
struct msim__addr_owner {
  const struct msim__host *host;
  const struct msim__yaml_node *place;
};

struct msim__fault_row; /* topology_faults.c */

struct msim__loader {
  struct msim_sim *sim;
  const struct msim_reader *reader;
  int err;                  /* MSIM_ERR_NOMEM ends the loading */
  struct msim__arena arena; /* of the load; what outlives it is in the simulation's */
  struct msim__fill fill;   /* into the simulation's arena, findings into this loader */
  struct msim__finding *findings;
  uint64_t finding_count;   /* kept or left out, each once */
  uint64_t complaint_count; /* repetitions too: tells whether a step went well */
  struct msim__setting *first_setting;
  bool is_incomplete; /* a file is missing, so that unknown names mean nothing */
  struct msim__topology_file *first_file, *last_file;
  uint32_t file_count;
  struct msim__names templates; /* to struct msim__yaml_node of the body */
  struct msim__names hosts;     /* to struct msim__host */
  struct msim__host_group *first_group, *last_group;
  struct msim__names addrs;      /* by their bytes, to struct msim__addr_owner */
  struct msim__names link_names; /* to the place of the name */
  struct msim__link_plan *first_link, *last_link;
  struct msim__names networks;       /* to struct msim__network_plan */
  struct msim__names attached_addrs; /* by the network's place and the address, to struct msim__addr_owner */
  struct msim__network_plan *first_network, *last_network;
  struct msim__fault_row *first_fault, *last_fault;
  struct msim__gate *first_gate, *last_gate; /* live with the simulation */
  uint32_t host_count, link_count;
  uint64_t fill_count; /* values read again */
  const char *title, *scene, *scene_case, *expect;
  msim_ns until_ns;
  int64_t start_unix_s;
  uint64_t seed;
  bool has_seed, has_start;
};

/* topology_expect.c: the text of the section `expect`, which lives with the simulation; NULL: there is none, or it was
 * reported. */
const char *msim__loader_read_expect(struct msim__loader *loader, const struct msim__yaml_node *root);

/* ---- topology.c, reader.c ---- */

/* Empty, over a simulation that is empty too and lends its memory; reader may be NULL. Closed in any state. */
void msim__loader_open(struct msim__loader *loader, struct msim_sim *sim, const struct msim_reader *reader);
void msim__loader_close(struct msim__loader *loader);

/* Takes the text of the main file, and the reader of what lies beside it, during the call. */
typedef int msim__main_file_fn(void *ctx, const char *path, struct msim_slice text, const struct msim_reader *reader);
/* Reads the main file for take, and returns what that returns; MSIM_ERR_IO with a finding, MSIM_ERR_NOMEM. */
int msim__topology_read_file(struct msim_sim *sim, const char *path, msim__main_file_fn *take, void *ctx,
                             msim_diag_fn *fn, void *user);

/* ---- findings.c ---- */

/* Keeps a finding, once, in the order file, line, column; past the maximum it is only counted. A msim_diag_fn. */
void msim__loader_keep(void *loader, const struct msim_diag *diag);
/* Hands the findings over; adds one sentence when some were left out. fn may be NULL. */
void msim__loader_tell(const struct msim__loader *loader, msim_diag_fn *fn, void *user);

/* A finding about a node. */
void msim__loader_report(struct msim__loader *loader, const struct msim__yaml_node *node, const char *format, ...)
    MSIM_PRINTF(3, 4);

/* ---- include.c ---- */

/* Reads the main file and, level by level in order of appearance, all that it includes. Trees that could not be read
 * have no root. 0, MSIM_ERR_NOMEM. */
int msim__loader_read_files(struct msim__loader *loader, const char *name, struct msim_slice text);
void msim__loader_release_files(struct msim__loader *loader);

/* settings.c: into the main file. Findings are kept in the loader. */
void msim__loader_apply_settings(struct msim__loader *loader, struct msim__yaml *tree);
bool msim__loader_is_setting(const struct msim__loader *loader, const char *shown);
void msim__loader_release_settings(struct msim__loader *loader);

/* A path in a file becomes one from the main file's folder; findings at place when it may not be used: absolute, with
 * "..", too long. NULL then, or when out of memory (loader->err). may_rise: one "../" may stand at its beginning. */
const char *msim__loader_path(struct msim__loader *loader, const struct msim__topology_file *file,
                              const struct msim__yaml_node *place, const char *what, bool may_rise);
/* The same path as it can be shown and opened by whoever named the main file. NULL: out of memory. */
const char *msim__loader_shown_path(struct msim__loader *loader, const char *path);
/* Whether the reader has such a file; a finding otherwise. */
void msim__loader_check_file(struct msim__loader *loader, const char *path, const struct msim__yaml_node *place,
                             const char *what);

/* The bytes of such a file: 0 with *out to be released, or a finding. */
int msim__loader_read_bytes(struct msim__loader *loader, const char *path, const struct msim__yaml_node *place,
                            const char *what, struct msim_slice *out);
void msim__loader_release_bytes(struct msim__loader *loader, struct msim_slice bytes);

/* ---- origin.c ---- */

/* Tells the net where the world is written. 0 or MSIM_ERR_NOMEM. */
int msim__loader_tell_origin(struct msim__loader *loader);

/* ---- topology_messages.c ---- */

/* The section `messages` of a file. */
void msim__loader_add_messages(struct msim__loader *loader, const struct msim__topology_file *from,
                               const struct msim__yaml_node *messages);

/* ---- expand.c ---- */

/* "pc[1..1000]" or a plain name. */
struct msim__range {
  const char *text;
  size_t front_bytes; /* before the bracket, or all of a plain name */
  const char *rear;   /* behind the bracket */
  size_t rear_bytes;
  uint32_t first, count;
  bool is_range;
};

/* 0, or MSIM_ERR_SYNTAX with *why the end of a sentence. text is borrowed. */
int msim__range_parse(struct msim__range *out, struct msim_slice text, const char **why);
/* The index-th name, terminated, in arena; NULL: out of memory. */
const char *msim__range_name(const struct msim__range *range, uint32_t index, struct msim__arena *arena);

/* The body with the templates that `like` names. false: findings, or out of memory. */
bool msim__body_open(struct msim__loader *loader, struct msim__body *body, const struct msim__yaml_node *map);
const struct msim__yaml_node *msim__body_find(const struct msim__body *body, const char *key);
bool msim__body_has_number(const struct msim__body *body);
/* Before a body is read anew for each number of a range: false, with a finding at place, when that and all ranges
 * before it are too many values together. */
bool msim__loader_may_fill(struct msim__loader *loader, const struct msim__yaml_node *place, uint64_t value_count,
                           uint32_t number_count);

/* ---- topology_hosts.c ---- */

void msim__loader_add_templates(struct msim__loader *loader, const struct msim__yaml_node *templates);
void msim__loader_add_hosts(struct msim__loader *loader, const struct msim__yaml_node *hosts);
/* After all files: the bodies, now that every name is known. */
void msim__loader_fill_hosts(struct msim__loader *loader);
/* For HOST fields: a msim__host_check_fn on a loader. */
int msim__loader_check_host(void *loader, const char *text, char *why, size_t why_bytes);
/* "" or ` (did you mean "x"?)` for the nearest host. */
const char *msim__loader_near_host(const struct msim__loader *loader, const char *text, char *out, size_t out_bytes);

/* ---- topology_agents.c ---- */

/* `agents` of a host into plan. host_tcp: the host's own `tcp`, which was found good; or NULL. */
void msim__loader_fill_agents(struct msim__loader *loader, const struct msim__yaml_node *agents,
                              const struct msim__yaml_node *host_tcp, struct msim__host_plan *plan);

/* ---- topology_tcp.c ---- */

/* `tcp` of a host; NULL: findings, or out of memory. The result lives with the simulation. */
struct msim_tcp_opts *msim__loader_fill_tcp(struct msim__loader *loader, const struct msim__yaml_node *map);
/* The same of an agent, laid over that of its host, which may be NULL. */
struct msim_tcp_opts *msim__loader_fill_agent_tcp(struct msim__loader *loader, const struct msim__yaml_node *map,
                                                  const struct msim__yaml_node *host_map);

/* ---- topology_disk.c ---- */

/* `disk` of a host; NULL: findings, or out of memory. The result lives with the load. */
struct msim_disk_opts *msim__loader_fill_disk(struct msim__loader *loader, const struct msim__yaml_node *map);

/* ---- topology_nat.c ---- */

/* `nat` of a host; NULL: findings, or out of memory. The result lives with the load. */
const struct msim__nat_plan *msim__loader_fill_nat(struct msim__loader *loader, const struct msim__yaml_node *map);
/* When hosts are in their networks. 0, MSIM_ERR_NOMEM, or negative with findings. */
int msim__loader_build_nat(struct msim__loader *loader, struct msim__host *host);

/* ---- topology_networks.c ---- */

/* When the names of all hosts are known, and before their bodies are read. */
void msim__loader_add_networks(struct msim__loader *loader, const struct msim__yaml_node *networks);
/* Two hosts of a network with one address, or one host twice in it. */
void msim__loader_own_attachment(struct msim__loader *loader, const struct msim__host *host,
                                 const struct msim__attach_plan *plan);
/* What stands at `ipv6` and `advertise` of a place in a network, into its plan. In topology_ipv6.c, with the fields. */
struct msim__advertise_keys;
void msim__loader_fill_ipv6(struct msim__loader *loader, const struct msim_list *ipv6,
                            const struct msim__advertise_keys *advertise, struct msim__attach_plan *plan);
/* `networks` of a host into plan. */
void msim__loader_fill_attachments(struct msim__loader *loader, const struct msim__yaml_node *value,
                                   struct msim__host_plan *plan);

/* ---- topology_links.c ---- */

void msim__loader_add_links(struct msim__loader *loader, const struct msim__yaml_node *links);

/* ---- topology_faults.c ---- */

void msim__loader_add_faults(struct msim__loader *loader, const struct msim__yaml_node *faults);
void msim__loader_add_buggify(struct msim__loader *loader, const struct msim__yaml_node *map);

/* ---- topology_serve.c ---- */

struct msim__gate;
void msim__loader_add_serve(struct msim__loader *loader, const struct msim__yaml_node *serve);
/* The index-th; false past the end. */
bool msim__gate_at(const struct msim__gate *first, size_t index, struct msim_topology_gate *out, size_t out_bytes);

/* When hosts and links are there. What names none of them is a finding. 0 or MSIM_ERR_NOMEM. */
int msim__loader_build_faults(struct msim__loader *loader);

/* ---- topology_way.c ---- */

/* Puts what map says about a direction over *way and *mark. is_half: map is `forward` or `back` and holds nothing else.
 * Lists live with the load. Findings go to the loader. */
void msim__loader_fill_way(struct msim__loader *loader, const struct msim__yaml_node *map, bool is_half,
                           struct msim_link_way *way, struct msim_ecn_mark *mark);

#endif
