/* suite.h: the scripts of tests/tcp/scripts, found and run. For test_scripts.c and test_moves.c. */
#ifndef MSIM_TESTS_TCP_SCRIPT_SUITE_H
#define MSIM_TESTS_TCP_SCRIPT_SUITE_H

#include "tcp/script/run.h"

#define SUITE_MAX 512

struct suite_entry {
  char name[160]; /* "grid/established-syn" */
  char path[640];
  char skip[200]; /* why it is not run; "" when it is */
};

struct suite {
  unsigned count;
  struct suite_entry entries[SUITE_MAX];
};

/* Every *.pkt of the folder and of its folders, by name; SKIP in the folder says which are not run, and why. False:
 * text tells on stderr. */
bool suite_open(struct suite *suite, const char *folder);

/* Reads and runs one file. False: out->text. */
bool suite_run_file(const char *path, const struct run_opts *opts, struct run_result *out);

/* The ways in which each script is run: with other numbers of both sides, once near where they wrap. */
#define SUITE_WAYS 2
struct run_opts suite_way(unsigned way);

#endif
