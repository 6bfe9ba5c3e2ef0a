/* fault.h: what a fault is made of, inside the library: when (faults.c), from what text (read.c), and what
 * (fault_x.c, one kind per file, entered by its name).
 *
 * Kinds only say what shall happen: packets are judged by net, hosts are crashed by host. */
#ifndef MSIM_FAULT_FAULT_H
#define MSIM_FAULT_FAULT_H

#include <mailsim/fault.h>

#include "agents/fields.h"
#include "agents/service_rules.h"
#include "core/rng.h"
#include "host/rules.h"
#include "net/buggify.h"
#include "net/link.h"
#include "trace/record_match.h"

struct msim__fault;

/* prepare: names become pointers, node is set; 0, or MSIM_ERR_NOT_FOUND and others with the end of a sentence in why
 * and in *wrong the key that it is about. Any but prepare may be NULL.
 *
 * idle: true when it can never strike, so that nothing is installed.
 *
 * begin, end: at their times, from a timer on the fault's node. wake: at the time that the kind has set in wake_ns,
 * once. crashed: the fault's node has crashed while it lasts. release: gives back what the state holds beyond its
 * bytes, at the end of the simulation, or when it is lifted.
 *
 * judge: of each packet that a host or router puts on a link while the fault lasts; it fills the verdict when it
 * strikes. draws: it is asked also when another fault has struck already (the verdict has a reason then, and stays), so
 * that its stream does not depend on others.
 *
 * judge_dns, judge_dhcp, judge_smtp: likewise of each message, or moment of a session, that such a server would answer;
 * judge_disk: of each write, sync and read of the fault's node. Another fault has struck where the verdict has a fault.
 *
 * cut: where new text of TCP is cut in two segments, as in struct msim__tcp_cutter; of all faults the first cut counts,
 * and is told. clock_ns: how much the clock of the fault's node is ahead just now. alter: the params of a direction of
 * a link while the fault lasts (altering.c). fires, draw_site: as in struct msim__buggify.
 *
 * one_of: keys of which at least one must be written, NULL-terminated. */
struct msim__fault_type {
  const char *name, *summary;
  size_t config_bytes, state_bytes;
  const struct msim_field *fields;
  int (*prepare)(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes);
  bool (*idle)(const struct msim__fault *fault);
  void (*begin)(struct msim__fault *fault);
  void (*end)(struct msim__fault *fault);
  void (*wake)(struct msim__fault *fault);
  void (*alter)(const struct msim__fault *fault, const struct msim__way *way, struct msim__way_params *params);
  void (*judge)(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                struct msim__packet_verdict *verdict);
  void (*judge_dns)(struct msim__fault *fault, struct msim_agent *server, const struct msim__dns_asker *asker,
                    struct msim__dns_verdict *verdict);
  void (*judge_dhcp)(struct msim__fault *fault, struct msim_agent *server, struct msim_attachment *attachment,
                     const struct msim__dhcp_message *message, struct msim__dhcp_verdict *verdict);
  uint32_t (*cut)(const struct msim__fault *fault, const struct msim_node *sender, const struct msim_flow *flow,
                  uint32_t first_byte, uint32_t size_bytes);
  void (*judge_smtp)(struct msim__fault *fault, struct msim_agent *server, const struct msim__smtp_occasion *occasion,
                     struct msim__smtp_verdict *verdict);
  void (*judge_disk)(struct msim__fault *fault, enum msim__disk_act act, struct msim__disk_verdict *verdict);
  int64_t (*clock_ns)(const struct msim__fault *fault);
  bool (*fires)(struct msim__fault *fault, const struct msim_node *node, enum msim__site site);
  uint64_t (*draw_site)(struct msim__fault *fault, const struct msim_node *node, enum msim__site site, uint64_t bound);
  void (*crashed)(struct msim__fault *fault);
  void (*release)(struct msim__fault *fault);
  bool draws;
  const char *const *one_of;
};

/* `after` */
struct msim__fault_trigger {
  struct msim__record_match match;
  uint64_t nth;
  msim_ns delay_ns;
};

/* What is written about a fault. */
struct msim__fault_plan {
  const char *id;
  msim_ns at_ns;                           /* without after */
  msim_ns for_ns;                          /* 0: for ever */
  const struct msim__fault_trigger *after; /* or NULL */
  const struct msim__fault_type *type;
  const void *config;
  const char *says; /* its text in one line, cut */
  uint32_t line;    /* 0: it stands in no file */
};

struct msim__fault {
  struct msim__fault *next; /* by id: where they stand in the file does not matter */
  struct msim__fault_plan plan;
  struct msim_sim *sim;
  void *state;            /* state_bytes, zeroed */
  struct msim_node *node; /* on which it happens; its timer's */
  struct msim_timer timer;
  msim_ns begin_ns, end_ns; /* it lasts from .. to before; MSIM_NEVER while it is not known */
  bool begun, ended;
  bool is_late;        /* added while the simulation ran */
  msim_ns wake_ns;     /* MSIM_NEVER: none wanted */
  uint64_t seen_count; /* records that fitted `after` */
  uint64_t strike_count;
};

/* Makes the room; called once by msim_sim_new. MSIM_ERR_NOMEM. */
int msim__faults_create(struct msim_sim *sim);

/* Adds what was read. The plan's texts and config live as long as the simulation. 0; MSIM_ERR_EXISTS, MSIM_ERR_LIMIT,
 * or what prepare says, with the end of a sentence in why and in *wrong the key that it is about (or NULL);
 * MSIM_ERR_NOMEM. */
int msim__fault_add(struct msim_sim *sim, const struct msim__fault_plan *plan, const char **wrong, char *why,
                    size_t why_bytes);

/* Reads one item of the list. Findings go to fill. 0, MSIM_ERR_SYNTAX, MSIM_ERR_NOMEM. */
int msim__fault_read(struct msim_sim *sim, struct msim__fill *fill, const struct msim__yaml_node *item,
                     struct msim__fault_plan *out);
/* Reads the map of a built-in kind alone: a fault of the whole run, whose id is the kind. */
int msim__fault_read_whole(struct msim_sim *sim, struct msim__fill *fill, const char *kind,
                           const struct msim__yaml_node *map, struct msim__fault_plan *out);
extern const struct msim_field msim__fault_fields[]; /* the keys that every fault has */
const char *msim__fault_check_id(const char *text);  /* NULL, or what is wrong with an id */

/* A record of kind `fault`. */
void msim__fault_tell(struct msim__fault *fault, const char *event, const struct msim_value *values, size_t count);
/* The same about another host than the fault's node; NULL: about none. */
void msim__fault_tell_of(struct msim__fault *fault, const struct msim_node *node, const char *event,
                         const struct msim_value *values, size_t count);

/* The fault's own stream for a purpose. */
void msim__fault_rng(const struct msim__fault *fault, const char *purpose, struct msim__rng *out);
/* One for each host: "fault:ID/PURPOSE/HOST". */
void msim__fault_rng_of(const struct msim__fault *fault, const char *purpose, const struct msim_node *node,
                        struct msim__rng *out);

/* The first of those that are installed, by id. */
struct msim__fault *msim__faults_first(const struct msim_sim *sim);

static inline bool msim__fault_lasts(const struct msim__fault *fault)
{
  return fault->sim->now_ns >= fault->begin_ns && fault->sim->now_ns < fault->end_ns;
}

/* ---- for kinds that are about some of what passes ---- */

/* The keys `share`, `skip` and `times`, where config has them at its begin. */
struct msim__fault_some {
  uint32_t share_ppm;
  uint64_t skip_count, count_max;
};
#define MSIM__FAULT_SOME_FIELDS                                                                                        \
  {.key = "share",                                                                                                     \
   .kind = MSIM_FIELD_PPM,                                                                                             \
   .offset = offsetof(struct msim__fault_some, share_ppm),                                                             \
   .fallback = "100%",                                                                                                 \
   .help = "of those that fit, each for itself"},                                                                      \
      {.key = "skip",                                                                                                  \
       .kind = MSIM_FIELD_UINT,                                                                                        \
       .offset = offsetof(struct msim__fault_some, skip_count),                                                        \
       .fallback = "0",                                                                                                \
       .help = "so many that fit are let through first"},                                                              \
  {                                                                                                                    \
    .key = "times", .kind = MSIM_FIELD_UINT, .offset = offsetof(struct msim__fault_some, count_max),                   \
    .fallback = "1000000", .help = "so many are struck"                                                                \
  }
/* How far it is; zeroed at first. */
struct msim__fault_some_state {
  struct msim__rng rng; /* "fault:ID/some" */
  uint64_t fitting_count;
  bool has_rng;
};
bool msim__fault_some_idle(const struct msim__fault_some *some);
/* One that fits: whether it is struck. The caller counts strikes in strike_count. */
bool msim__fault_some_strikes(const struct msim__fault *fault, const struct msim__fault_some *some,
                              struct msim__fault_some_state *state);

/* Finds the host, which becomes the fault's node. Where types are given (NULL-terminated) it must have an agent of one
 * of them. 0, or MSIM_ERR_NOT_FOUND with the end of a sentence. */
int msim__fault_find_host(struct msim__fault *fault, const char *host, const char *const *types, const char **wrong,
                          char *why, size_t why_bytes);

/* ---- for kinds that are about a link ---- */

/* Finds the link, and with from only the direction that leaves this host. ways[1] is NULL then. */
int msim__fault_find_link(struct msim__fault *fault, const char *link, const char *from, struct msim__way *ways[2],
                          const char **wrong, char *why, size_t why_bytes);

/* ---- segment.c: kinds that are about segments ---- */

#define MSIM__SEGMENT_NAME_BYTES 16
/* "c3", "s9"; returns out. */
const char *msim__fault_segment_name(const struct msim__packet *packet, char out[MSIM__SEGMENT_NAME_BYTES]);

/* Which segments or datagrams; the config of such a kind begins with it. */
struct msim__fault_segment {
  const char *conn, *segment, *unit, *text, *flags, *from;
  uint64_t skip, times;
};
#define MSIM__FAULT_SEGMENT_TEXT(key_text, member, help_text)                                                          \
  {                                                                                                                    \
    .key = key_text, .kind = MSIM_FIELD_TEXT, .offset = offsetof(struct msim__fault_segment, member),                  \
    .fallback = "\"\"", .help = help_text                                                                              \
  }
#define MSIM__FAULT_SEGMENT_FIELDS                                                                                     \
  {.key = "conn",                                                                                                      \
   .kind = MSIM_FIELD_TEXT,                                                                                            \
   .offset = offsetof(struct msim__fault_segment, conn),                                                               \
   .help = "of which connection, relay>mx:25#1; * and ? are allowed in all of these"},                                 \
      MSIM__FAULT_SEGMENT_TEXT("segment", segment, "which one: c3, s9"),                                               \
      MSIM__FAULT_SEGMENT_TEXT("unit", unit, "or one with the beginning of such a piece: smtp.reply, mail.content"),   \
      MSIM__FAULT_SEGMENT_TEXT(                                                                                        \
          "text", text, "whose bytes in the segment, without line end, read so: \"250*\"; without unit: all of it"),   \
      MSIM__FAULT_SEGMENT_TEXT("flags", flags, "or of TCP with such flags as traces write them: S, S., F*, R*"),       \
      {.key = "from",                                                                                                  \
       .kind = MSIM_FIELD_HOST,                                                                                        \
       .offset = offsetof(struct msim__fault_segment, from),                                                           \
       .fallback = "",                                                                                                 \
       .help = "sent by this host only"},                                                                              \
      {.key = "skip",                                                                                                  \
       .kind = MSIM_FIELD_UINT,                                                                                        \
       .offset = offsetof(struct msim__fault_segment, skip),                                                           \
       .fallback = "0",                                                                                                \
       .help = "so many that fit are let through first"},                                                              \
  {                                                                                                                    \
    .key = "times", .kind = MSIM_FIELD_UINT, .offset = offsetof(struct msim__fault_segment, times), .fallback = "1",   \
    .help = "it happens to so many"                                                                                    \
  }
extern const char *const msim__fault_segment_one_of[];

/* Whether the packet is one of them, as its sender puts it on its first link, and it is its turn: counted then, in
 * *fitting_count and the fault's strikes, and told as `event`. */
bool msim__fault_segment_strikes(struct msim__fault *fault, const struct msim__way *way,
                                 const struct msim__packet *packet, uint64_t *fitting_count, const char *event);

#define MSIM__FAULT_LINK_FIELDS(config)                                                                                \
  {.key = "link", .kind = MSIM_FIELD_TEXT, .offset = offsetof(config, link), .help = "by its name"},                   \
  {                                                                                                                    \
    .key = "from", .kind = MSIM_FIELD_TEXT, .offset = offsetof(config, from), .fallback = "\"\"",                      \
    .help = "what this end of the link sends only"                                                                     \
  }

/* ---- impairing.c: kinds that draw as links do (net/impair.c) ---- */

/* State of such a kind; may be the first member of a larger one. */
struct msim__fault_impairing {
  struct msim__way *ways[2]; /* the second may be NULL */
  struct msim__impair *impairs[2];
  bool is_idle, has_begun;
};
/* For prepare; opts is used during the call. What msim__fault_find_link says, MSIM_ERR_INVALID, MSIM_ERR_NOMEM. */
int msim__fault_impair(struct msim__fault *fault, const char *link, const char *from,
                       const struct msim_impair_opts *opts, const char **wrong, char *why, size_t why_bytes);
bool msim__fault_impair_is_idle(const struct msim__fault *fault);
/* What the fault says of a packet. False: it is on another link, or something has killed it already. */
bool msim__fault_impair_decide(struct msim__fault *fault, const struct msim__way *way,
                               const struct msim__packet_verdict *verdict, struct msim__verdict *out);

/* ---- cutting.c: kinds by which links carry nothing ---- */

struct msim__fault_cut {
  struct msim__way *ways[2]; /* of a link; NULL: of the fault's node */
};
/* For prepare: one of link and host is there; the other is "" or NULL. */
int msim__fault_cut_find(struct msim__fault *fault, struct msim__fault_cut *cut, const char *link, const char *host,
                         const char **wrong, char *why, size_t why_bytes);
bool msim__fault_cut_has(const struct msim__fault *fault, const struct msim__fault_cut *cut,
                         const struct msim__way *way);
/* down or up: the record of the fault, and events link.down or link.up at both ends of each link. */
void msim__fault_cut_tell(struct msim__fault *fault, const struct msim__fault_cut *cut, bool is_down);

/* ---- altering.c: kinds for whose time a link is another one ---- */

struct msim__fault_altering {
  struct msim__way *ways[2]; /* the second may be NULL */
  const struct msim__way_params *before[2];
  struct msim__way_params made[2];
};
/* The state of a kind with alter is this. For prepare. */
int msim__fault_altering_find(struct msim__fault *fault, const char *link, const char *from, const char **wrong,
                              char *why, size_t why_bytes);
/* At the beginning and at the end. */
void msim__fault_altering_changed(struct msim__fault *fault);

#endif
