/* diff_write.c: what a comparison found, in a few lines for the output of a test. `mailsim diff` tells more. */
#include "check/diff.h"

#include <stdio.h>
#include <string.h>

#define CAUSES_SHOWN 3u

/* Where the lines go, and the first failure. */
struct report {
  const struct msim_out *out;
  int err;
};

static void put(struct report *report, const char *text)
{
  if (report->err == MSIM_OK && text[0] != '\0')
    report->err = report->out->write(report->out->ctx, text, strlen(text));
}

static void put_side(struct report *report, const char *mark, const char *text, uint64_t line)
{
  char number[32];

  if (text == NULL) {
    put(report, mark);
    put(report, "(nothing)\n");
    return;
  }
  (void)snprintf(number, sizeof number, "%llu: ", (unsigned long long)line);
  put(report, mark);
  put(report, number);
  put(report, text);
  put(report, "\n");
}

static void put_place(struct report *report, const struct msim_diff_place *place)
{
  put(report, "first difference: ");
  put(report, place->kind);
  put(report, " ");
  put(report, place->flow);
  put(report, " ");
  put(report, place->id);
  put(report, ", in its ");
  put(report, place->part);
  put(report, "\n");
  put_side(report, "  - ", place->text[MSIM_DIFF_EXPECTED], place->line[MSIM_DIFF_EXPECTED]);
  put_side(report, "  + ", place->text[MSIM_DIFF_ACTUAL], place->line[MSIM_DIFF_ACTUAL]);
}

static void put_causes(struct report *report, const struct msim_diff *diff)
{
  struct msim_diff_cause cause;
  size_t i;

  for (i = 0; i < CAUSES_SHOWN && msim_diff_cause_at(diff, i, &cause) == MSIM_OK; i++) {
    put(report, "why: ");
    put(report, cause.text);
    put(report, cause.place[0] != '\0' ? ", " : "");
    put(report, cause.place);
    put(report, "\n");
  }
}

int msim_diff_write(const struct msim_diff *diff, const struct msim_out *out)
{
  struct report report = {out, MSIM_OK};
  struct msim_diff_place place;
  const char *note;
  char count[96];
  size_t i;

  if (diff->is_compared && diff->result.differs) {
    if (msim_diff_first(diff, diff->view, &place) == MSIM_OK)
      put_place(&report, &place);
    put_causes(&report, diff);
    if (msim_diff_state(diff)[0] != '\0') {
      put(&report, "state: ");
      put(&report, msim_diff_state(diff));
      put(&report, "\n");
    }
    (void)snprintf(count, sizeof count, "%llu of %llu flows differ\n", (unsigned long long)diff->result.differing_count,
                   (unsigned long long)diff->result.flow_count);
    put(&report, count);
  }
  if (diff->is_compared && !diff->result.differs && diff->side[0].engine == diff->side[1].engine)
    return report.err; /* what traces do not tell matters where they differ */
  for (i = 0; (note = msim_diff_note_at(diff, i)) != NULL; i++) {
    put(&report, "note: ");
    put(&report, note);
    put(&report, "\n");
  }
  return report.err;
}
