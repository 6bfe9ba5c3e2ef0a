/* diffs.h: what the files of `mailsim diff` share. */
#ifndef MAILSIM_DIFFS_H
#define MAILSIM_DIFFS_H

#include "command.h"

/* One of the two: a trace, or a topology that is run. */
struct diff_operand {
  const char *path; /* "-": standard input */
  bool is_topology;
  bool is_text; /* a trace in the form text */
  bool is_golden;
};

struct diff_told {
  const struct diff_operand *operands; /* two */
  struct msim_diff *diff;
  struct msim_diff_result result;
  enum msim_view view;
  const char *const *faults; /* that the second one was given */
  size_t fault_count;
};

void diff_print(const struct diff_told *told, const struct output *output, bool quiet); /* quiet: the first line only */
void diff_print_json(const struct diff_told *told, FILE *file);

#endif
