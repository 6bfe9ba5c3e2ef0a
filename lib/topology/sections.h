/* sections.h: the keys that each map of a topology may hold: one list for the loader, which refuses all others, and for
 * the schema, which tells them to editors.
 *
 * A list stands in the file that reads its section. Does not read values; agents bring tables of their own. */
#ifndef MSIM_TOPOLOGY_SECTIONS_H
#define MSIM_TOPOLOGY_SECTIONS_H

#include <mailsim/agent.h>

#include "text/yaml_node.h"

struct msim__loader;

/* What may stand at a key that is read by hand. */
enum msim__form {
  MSIM__FORM_VERSION,     /* min */
  MSIM__FORM_TEXT,        /* any scalar */
  MSIM__FORM_TEXTS,       /* a list of them */
  MSIM__FORM_TRUTH,       /* true or false */
  MSIM__FORM_COUNT,       /* a bare number, min to max */
  MSIM__FORM_DURATION_OR, /* or one word */
  MSIM__FORM_DATE,
  MSIM__FORM_ZONE,
  MSIM__FORM_ADDRESS,
  MSIM__FORM_ADDRESSES,
  MSIM__FORM_RESOLVER, /* a text, or a list of a few */
  MSIM__FORM_QUEUE,
  MSIM__FORM_JITTER,     /* a duration, or a map of fields */
  MSIM__FORM_CONGESTION, /* a type of the simulation's */
  MSIM__FORM_JOIN,       /* two names */
  MSIM__FORM_TEMPLATES,  /* bodies of hosts by name */
  MSIM__FORM_HOSTS,      /* likewise */
  MSIM__FORM_AGENTS,
  MSIM__FORM_TCP,
  MSIM__FORM_DISK,
  MSIM__FORM_LINKS,
  MSIM__FORM_FAULTS,
  MSIM__FORM_BUGGIFY,  /* the map of that kind of fault */
  MSIM__FORM_WAY,      /* one direction of a link */
  MSIM__FORM_MESSAGES, /* messages by label */
  MSIM__FORM_NETWORKS, /* networks by name */
  MSIM__FORM_ATTACHMENTS,
  MSIM__FORM_NAT,
  MSIM__FORM_EXPECT, /* a text, a list of texts, or {violates: RULE} */
  MSIM__FORM_SERVE
};

#define MSIM__KEY_BUGGIFY "buggify"
#define MSIM__KEY_TCP "tcp" /* of a host, and of every agent beside the keys of its type */

struct msim__key {
  const char *name; /* NULL ends a table */
  enum msim__form form;
  const char *fallback; /* as in struct msim_field: NULL: required; "": absent; else text as in YAML */
  const char *help;
  uint64_t min, max;               /* COUNT, VERSION */
  const char *word;                /* DURATION_OR */
  const struct msim_field *fields; /* JITTER */
};

/* What may stand in one map. */
struct msim__section {
  const struct msim_field *fields;  /* read by fields.h; may be NULL */
  const struct msim__key *keys;     /* read by hand; may be NULL */
  const struct msim__section *also; /* stands in the same map; may be NULL */
};

/* What a router says of itself in a network: `advertise` of its place there. */
struct msim__advertise_keys {
  const char *prefix;
  struct msim_list dns; /* of const char * */
  msim_ns interval_ns, lifetime_ns, preferred_ns, valid_ns;
  uint64_t mtu_bytes;
  bool default_route, on_link;
};
extern const struct msim_field msim__advertise_fields[]; /* topology_ipv6.c */

extern const struct msim__section msim__section_main;       /* topology.c */
extern const struct msim__section msim__section_host;       /* topology_hosts.c */
extern const struct msim__section msim__section_tcp;        /* topology_tcp.c */
extern const struct msim__section msim__section_disk;       /* topology_disk.c */
extern const struct msim__section msim__section_nat;        /* topology_nat.c */
extern const struct msim__section msim__section_link;       /* topology_links.c */
extern const struct msim__section msim__section_way;        /* topology_way.c */
extern const struct msim__section msim__section_message;    /* topology_messages.c */
extern const struct msim__section msim__section_network;    /* topology_networks.c */
extern const struct msim__section msim__section_attachment; /* topology_networks.c */
extern const struct msim__section msim__section_serve;      /* topology_serve.c */

/* Findings for the keys of map that section does not hold. */
void msim__section_check(struct msim__loader *loader, const struct msim__section *section,
                         const struct msim__yaml_node *map);

#endif
