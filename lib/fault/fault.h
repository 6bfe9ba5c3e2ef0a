/* fault.h: what a fault is made of, inside the library: when (faults.c), from what text (read.c), and what
 * (fault_x.c, one kind per file, entered by its name).
 *
 * Kinds only say what shall happen: packets are judged by net, hosts are crashed by host. */
#ifndef MSIM_FAULT_FAULT_H
#define MSIM_FAULT_FAULT_H

#include <mailsim/fault.h>

#include "agents/fields.h"
#include "core/rng.h"
#include "net/link.h"
#include "trace/record_match.h"

struct msim__fault;

/* begin, end: at their times, from a timer on the fault's node. judge: of each packet that a host or router puts on a
 * link while the fault lasts; it fills the verdict when it strikes. draws: it is asked also when another fault has
 * killed the packet already (the verdict has a reason then, and stays), so that its stream does not depend on others.
 * prepare: names become pointers, node is set; 0, or MSIM_ERR_NOT_FOUND and others with the end of a sentence in why
 * and in *wrong the key that it is about. Any but prepare may be NULL. idle: true when it can never strike, so that
 * nothing is installed; may be NULL. */
struct msim__fault_type {
  const char *name, *summary;
  size_t config_bytes, state_bytes;
  const struct msim_field *fields;
  int (*prepare)(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes);
  bool (*idle)(const struct msim__fault *fault);
  void (*begin)(struct msim__fault *fault);
  void (*end)(struct msim__fault *fault);
  void (*judge)(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                struct msim__packet_verdict *verdict);
  bool draws;
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
  bool begun;
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
extern const struct msim_field msim__fault_fields[]; /* the keys that every fault has */

/* A record of kind `fault`. */
void msim__fault_tell(struct msim__fault *fault, const char *event, const struct msim_value *values, size_t count);

/* The fault's own stream for a purpose; more may be NULL. */
void msim__fault_rng(const struct msim__fault *fault, const char *purpose, struct msim__rng *out);

/* ---- for kinds that are about a link ---- */

/* Finds the link, and with from only the direction that leaves this host. ways[1] is NULL then. */
int msim__fault_find_link(struct msim__fault *fault, const char *link, const char *from, struct msim__way *ways[2],
                          const char **wrong, char *why, size_t why_bytes);

#endif
