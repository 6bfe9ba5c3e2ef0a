/* explore.h: what the files of `mailsim explore` share: one run and what was wrong with it (explore_world.c), making a
 * failure small and writing it down (explore_repro.c), and the sweep itself (explore.c). */
#ifndef MAILSIM_EXPLORE_COMMAND_H
#define MAILSIM_EXPLORE_COMMAND_H

#include "command.h"

#define FAULT_BYTES 1600
#define FAULT_ID "explored"

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

/* ---- explore_repro.c ---- */

struct repro_request {
  const char *topology; /* path */
  const char *out;      /* folder, or NULL: standard output */
  const char *found_by; /* "mailsim explore big.yaml --each crash" */
  const char *what;     /* "relay after message.accepted number 1" */
  const char *fault;    /* or NULL */
  const uint64_t *seed; /* or NULL */
  bool swarm;           /* faults are drawn by the seed */
  bool no_more;         /* as in world_judge */
  uint64_t runs_max;    /* of one failure; 0: it is not made smaller */
  uint64_t deadline_ms; /* of the real clock; 0: none */
};

/* Makes the failure small and writes it. An exit code; said on stderr. */
int repro_write(const struct repro_request *request, const struct outcome *failure, const struct output *output);

/* A topology as a document, with the faults that a seed draws when swarm is set. NULL: said on stderr. */
struct msim_document *repro_document(const char *path, const uint64_t *seed, bool swarm);
/* The document as bytes, to be freed; data NULL: out of memory. */
struct msim_slice repro_text(struct msim_document *document);
void repro_text_free(struct msim_slice text);

#endif
