/* broken.c: the rules of TCP that a run broke (docs/invariants.md), collected to be told at the end. */
#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 20u

struct finding {
  char rule[8], side[8], segment[16], text[240];
  char connection[MSIM_FLOW_TEXT_BYTES];
  uint64_t n;
  msim_ns at_ns;
};

struct broken {
  uint64_t count;
  struct finding first[SHOWN_MAX];
};

static void note(void *user, const struct msim_invariant_finding *finding)
{
  struct broken *broken = user;
  struct finding *kept;

  if (broken->count++ >= SHOWN_MAX)
    return;
  kept = &broken->first[broken->count - 1];
  snprintf(kept->rule, sizeof kept->rule, "%s", finding->rule);
  snprintf(kept->side, sizeof kept->side, "%s", finding->side);
  snprintf(kept->segment, sizeof kept->segment, "%s", finding->segment);
  snprintf(kept->text, sizeof kept->text, "%s", finding->text);
  snprintf(kept->connection, sizeof kept->connection, "%s", finding->connection);
  kept->n = finding->n;
  kept->at_ns = finding->at_ns;
}

struct broken *broken_watch(struct msim_sim *sim)
{
  struct broken *broken = calloc(1, sizeof *broken);

  if (broken != NULL && msim_invariants_attach(sim, note, broken) != MSIM_OK) {
    free(broken);
    return NULL;
  }
  return broken;
}

void broken_free(struct broken *broken)
{
  free(broken);
}

static uint64_t kept_count(const struct broken *broken)
{
  return broken->count < SHOWN_MAX ? broken->count : SHOWN_MAX;
}

void broken_print(const struct broken *broken, const struct output *output)
{
  uint64_t i;

  for (i = 0; i < kept_count(broken); i++) {
    const struct finding *f = &broken->first[i];

    output_style(output, STYLE_BAD);
    fprintf(output->file, "broken: %s", f->rule);
    output_style(output, STYLE_PLAIN);
    fprintf(output->file, " by the %s of ", f->side);
    output_text(output->file, f->connection);
    fputs(" at ", output->file);
    output_seconds(output->file, f->at_ns);
    fprintf(output->file, " s%s%s: %s\n", f->segment[0] != '\0' ? ", " : "", f->segment, f->text);
  }
  if (broken->count > SHOWN_MAX)
    fprintf(output->file, "... and %" PRIu64 " more\n", broken->count - SHOWN_MAX);
}

void broken_print_json(const struct broken *broken, FILE *file)
{
  uint64_t i;

  putc('[', file);
  for (i = 0; i < kept_count(broken); i++) {
    const struct finding *f = &broken->first[i];

    fprintf(file, "%s{\"rule\":\"%s\",\"side\":\"%s\",\"conn\":", i > 0 ? "," : "", f->rule, f->side);
    output_json_text(file, f->connection);
    fprintf(file, ",\"seg\":\"%s\",\"n\":%" PRIu64 ",\"at_ns\":%" PRIu64 ",\"text\":", f->segment, f->n, f->at_ns);
    output_json_text(file, f->text);
    putc('}', file);
  }
  putc(']', file);
}
