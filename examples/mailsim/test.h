/* test.h: what the files of `mailsim test`, `accept` and `record` share. */
#ifndef MAILSIM_COMMAND_TEST_H
#define MAILSIM_COMMAND_TEST_H

#include "command.h"

#define TEST_AGAIN_MAX 64u /* runs that are made to find where something goes wrong */

/* ---- test_find.c: which tests there are ---- */

struct test_case {
  char *path;   /* an expectation, or a topology */
  char *golden; /* beside it, or NULL */
  bool is_expect;
};

struct test_list {
  struct test_case *cases; /* by path, each once */
  size_t count, capacity;
};

/* What a path stands for: a file, or the tests in a folder and those below it. goldens: only what has one. false: said
 * on stderr. */
bool test_list_add(struct test_list *list, const char *path, bool goldens);
void test_list_sort(struct test_list *list);
void test_list_free(struct test_list *list);
/* "a/b.yaml", ".golden" -> "a/b.golden", to be freed; NULL: out of memory. */
char *test_beside(const char *path, const char *suffix);

/* ---- test_world.c: one run of a topology ---- */

struct test_world {
  struct msim_sim *sim;
  struct msim_fingerprints prints;
  struct msim_topology_info info;
  char *trace; /* of the form text, when it was asked for */
  size_t trace_bytes, trace_capacity;
};

/* What is wrong with files is told to `to`. seed NULL: what the file says, else 1. Nothing is started. false: told. */
bool test_world_open(struct test_world *world, const char *topology, const uint64_t *seed, FILE *to);
bool test_world_keep_trace(struct test_world *world, FILE *to); /* before the start */
/* until NULL: what the topology says. false: the run failed, told. */
bool test_world_run(struct test_world *world, const msim_ns *until_ns, FILE *to);
void test_world_close(struct test_world *world);

/* A msim_diag_fn that writes "file:line:column: sentence" to the FILE that user is. */
void test_finding(void *user, const struct msim_diag *diag);
/* Texts of several lines, each behind an indent; control characters are escaped. */
void test_print_lines(FILE *to, const char *indent, const char *text);

/* The expectation of a file, or of the section of a topology; *expect NULL and true: there is none. *topology is the
 * path of the topology, to be freed. false: told. */
bool test_expect_open(const char *path, bool is_expect, struct msim_expect **expect, char **topology, FILE *to);

/* ---- test_run.c: one test ---- */

enum test_verdict { TEST_OK, TEST_FAILED, TEST_UNUSABLE };

/* Runs it and writes what is wrong to `to`. */
enum test_verdict test_run(const struct test_case *test, bool check_again, uint64_t *run_count, FILE *to);
/* One run of what a test is about, with what its expectation makes go wrong, for goldens. false: told. */
bool test_run_for_golden(const struct test_case *test, uint64_t seed, bool has_seed, bool trace,
                         struct test_world *world, FILE *to);

/* ---- golden.c: what a run was ---- */

#define GOLDEN_VIEWS 4u
struct golden {
  unsigned view; /* 0 mail, 1 app, 2 seg, 3 wire: what is compared, with what it contains */
  uint64_t engine, seed, prints[GOLDEN_VIEWS];
  char *data;        /* the file */
  const char *trace; /* in data: of the form text; NULL: only fingerprints are kept */
};

const char *golden_view_name(unsigned view);
bool golden_view_find(const char *name, unsigned *view);
bool golden_read(struct golden *golden, const char *path, FILE *to);
void golden_free(struct golden *golden);
bool golden_write(const struct golden *golden, const char *path, FILE *to);
void golden_prints(const struct msim_fingerprints *from, uint64_t out[GOLDEN_VIEWS]);
/* "view: mail same | app same | seg DIFFERS | wire DIFFERS". */
void golden_tell_views(const struct golden *golden, const uint64_t now[GOLDEN_VIEWS], FILE *to);
/* The first line of two traces that differs. */
void golden_tell_line(const char *before, const char *now, FILE *to);
/* Compares the run of a test with its golden. */
enum test_verdict golden_compare(const struct test_case *test, FILE *to);

/* ---- test_report.c ---- */

struct test_outcome {
  enum test_verdict verdict;
  uint64_t run_count, wall_ms;
  char *text; /* what is wrong; "" when nothing is */
};

void test_report_people(const struct test_case *test, const struct test_outcome *outcome, const struct output *output,
                        bool quiet);
void test_report_people_end(const struct test_outcome *outcomes, size_t count, const struct output *output);
void test_report_tap(const struct test_case *test, const struct test_outcome *outcome, size_t number, FILE *file);
/* false: said on stderr. */
bool test_report_junit(const struct test_list *list, const struct test_outcome *outcomes, const char *path);

#endif
