/* explore.h: what the files of `mailsim explore` share: the sweep itself (explore.c), one run and what was wrong with
 * it (explore_world.c), what was found (explore_found.c), and a failure made small and written down (explore_repro.c).
 */
#ifndef MAILSIM_EXPLORE_COMMAND_H
#define MAILSIM_EXPLORE_COMMAND_H

#include "command.h"

#define FAULT_BYTES 3200
#define FAULT_ID "explored"

#define NAME_BYTES 1200

/* ---- explore_world.c ---- */

struct world {
  struct msim_sim *sim;
  struct mails *mails;
  struct broken *broken;
  struct points *points;
};

/* What to run. */
struct world_source {
  const char *path;       /* of a topology file */
  struct msim_slice text; /* data not NULL: instead of the file */
  const uint64_t *seed;   /* or NULL */
  const char *fault;      /* as an item of `faults`, or NULL */
  uint64_t event_count_max;
  bool tell; /* findings are said on stderr */
};

/* A failure: what tells it from others, and what is said about it. */
struct outcome {
  char rule[16];   /* "" when all is well; "I3", "outcome", "run" */
  char place[320]; /* whose mistake; "" when nobody's */
  char step[320];  /* of what sort */
  char sentence[1024];
  bool is_alone; /* no other rule is broken */
  bool is_open;  /* nothing is wrong yet, but `until` cut the run before a mail was where it should be */
  msim_ns at_ns; /* when; MSIM_NEVER: at the end */
  uint64_t event_count;
};

/* Loads and watches. The world is freed in any case. */
int world_load(struct world *world, const struct world_source *source);
int world_run(struct world *world);
void world_free(struct world *world);

/* plain: what the run with a fault is held against, that without it; NULL: nothing. no_more: more copies are wrong too.
 * like: when this failure is among those of the run, it is the one that is told; NULL: the first is. */
void world_judge(const struct world *world, int err, const struct world *plain, bool no_more,
                 const struct outcome *like, struct outcome *out);
bool outcome_is_like(const struct outcome *a, const struct outcome *b);
void outcome_print_name(const struct outcome *outcome, FILE *file); /* "I1 on relay" */

/* ---- explore.c: the list of runs ---- */

struct explore_request {
  const char *topology, *restart, *disk, *out;
  enum points_kind each;
  uint64_t first_seed, last_seed, jobs, limit, shrink_runs;
  uint64_t deadline_ms; /* 0: none */
  msim_ns budget_ns;
  bool has_seeds, has_limit, swarm, shrink, quiet, help;
};

struct plan {
  const struct explore_request *request;
  struct world plain;   /* of the run without a fault */
  uint64_t place_count; /* at which something can go wrong */
  uint64_t count;       /* runs */
};

/* Which place the index-th run is about, the fault there, and what it is for people. */
uint64_t plan_place_of(const struct plan *plan, uint64_t index);
void plan_fault_of(const struct plan *plan, uint64_t index, char *out, size_t out_bytes);
void plan_name_of(const struct plan *plan, uint64_t index, char *out, size_t out_bytes);
bool plan_more_is_wrong(const struct explore_request *request);

/* ---- explore_found.c ---- */

/* Failures of one sort. */
struct example {
  struct outcome outcome;
  uint64_t index; /* of the run */
};
struct group {
  uint64_t count;
  struct example fastest;  /* the fewest events */
  struct example by_event; /* the fewest of those that an event sets off, not a certain segment: it bears more */
  bool has_by_event;
};

#define GROUPS_MAX 64
struct found {
  struct group groups[GROUPS_MAX];
  size_t group_count;
  uint64_t run_count, fine_count, open_count;
};

void found_note(struct found *found, const struct plan *plan, uint64_t index, const struct outcome *outcome);
/* Tells what was found, and keeps it where that was asked for. An exit code. */
int found_print(const struct output *output, const struct plan *plan, const struct found *found);

/* ---- explore_repro.c ---- */

struct repro_request {
  const char *topology; /* path */
  const char *fault;    /* as an item of `faults`, or NULL */
  const uint64_t *seed; /* or NULL */
  bool swarm;           /* faults are drawn by the seed */
  bool no_more;         /* as in world_judge */
  uint64_t runs_max;    /* 0: it is not made smaller */
  uint64_t deadline_ms; /* of the real clock; 0: none */
};

/* A failure as a topology of its own. */
struct repro {
  struct msim_document *document; /* NULL: there is none */
  struct msim_shrink_info info;
  struct outcome outcome; /* how it fails now */
};

/* Makes it, and makes it small. false: said on stderr. */
bool repro_make(struct repro *repro, const struct repro_request *request, const struct outcome *failure);
void repro_free(struct repro *repro);
bool repro_is_smaller(const struct repro *a, const struct repro *b);
/* Writes it to a file in folder, or to the output when folder is NULL. found_by: "mailsim explore big.yaml --each
 * crash"; what: "relay after message.accepted number 1". An exit code; said on stderr. */
int repro_put(struct repro *repro, const char *folder, const char *found_by, const char *what,
              const struct output *output);

/* A topology as a document, with the faults that a seed draws when swarm is set. NULL: said on stderr. */
struct msim_document *repro_document(const char *path, const uint64_t *seed, bool swarm);
/* The document as bytes, to be freed; data NULL: out of memory. */
struct msim_slice repro_text(struct msim_document *document);
void repro_text_free(struct msim_slice text);

#endif
