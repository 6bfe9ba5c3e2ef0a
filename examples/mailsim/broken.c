/* broken.c: the rules of TCP and of mail that a run broke (docs/invariants.md), collected to be told at the end. */
#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX MSIM_INVARIANTS_SHOWN

struct finding {
  char rule[8], side[8], segment[16], text[320];
  char connection[MSIM_FLOW_TEXT_BYTES];
  char message[201], recipient[256], host[256]; /* of rules about mail */
  char line[1600];                              /* for people */
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
  snprintf(kept->message, sizeof kept->message, "%s", finding->message);
  snprintf(kept->recipient, sizeof kept->recipient, "%s", finding->recipient);
  snprintf(kept->host, sizeof kept->host, "%s", finding->host);
  (void)msim_invariant_format(finding, kept->line, sizeof kept->line);
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
    fprintf(output->file, "%s\n", f->line + strlen(f->rule));
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

    fprintf(file, "%s{\"rule\":\"%s\",", i > 0 ? "," : "", f->rule);
    if (f->message[0] == '\0' && f->connection[0] == '\0') {
      fputs("\"host\":", file);
      output_json_text(file, f->host);
    } else if (f->message[0] == '\0') {
      fprintf(file, "\"side\":\"%s\",\"conn\":", f->side);
      output_json_text(file, f->connection);
      fprintf(file, ",\"seg\":\"%s\"", f->segment);
    } else {
      fputs("\"message\":", file);
      output_json_text(file, f->message);
      fputs(",\"recipient\":", file);
      output_json_text(file, f->recipient);
      fputs(",\"host\":", file);
      output_json_text(file, f->host);
    }
    fprintf(file, ",\"n\":%" PRIu64 ",\"at_ns\":%" PRIu64 ",\"text\":", f->n, f->at_ns);
    output_json_text(file, f->text);
    putc('}', file);
  }
  putc(']', file);
}

/* Numbers are left out, and addresses, so that the same mistake about another mail reads the same. */
static void strip(const char *text, char *out, size_t out_bytes)
{
  size_t used = 0;

  while (*text != '\0' && used + 1 < out_bytes) {
    size_t word_bytes = strcspn(text, " ,;:()"), digit_bytes = strspn(text, "0123456789");

    if (word_bytes > 0 && memchr(text, '@', word_bytes) != NULL) {
      out[used++] = '@';
      text += word_bytes;
    } else if (digit_bytes > 0) {
      out[used++] = 'N';
      text += digit_bytes;
    } else {
      out[used++] = *text++;
    }
  }
  out[used] = '\0';
}

/* Of a connection its end: "server of mx:25", whoever has opened it and however often. */
static void place_of(const struct finding *f, char *out, size_t out_bytes)
{
  const char *server = strchr(f->connection, '>');
  size_t bytes = server != NULL ? strcspn(server + 1, "#") : 0;

  if (f->message[0] != '\0' || server == NULL)
    snprintf(out, out_bytes, "%s", f->host);
  else
    snprintf(out, out_bytes, "the %s of %.*s", f->side, (int)(bytes < 300 ? bytes : 300), server + 1);
}

bool broken_row(const struct broken *broken, size_t index, struct broken_row *out)
{
  const struct finding *f = &broken->first[index < SHOWN_MAX ? index : 0];

  if (index >= kept_count(broken))
    return false;
  snprintf(out->rule, sizeof out->rule, "%s", f->rule);
  place_of(f, out->place, sizeof out->place);
  strip(f->text, out->step, sizeof out->step);
  snprintf(out->sentence, sizeof out->sentence, "%s at %" PRIu64 ".%06" PRIu64 " s: %s",
           f->message[0] != '\0'      ? f->message
           : f->connection[0] != '\0' ? f->connection
                                      : f->host,
           f->at_ns / 1000000000u, f->at_ns % 1000000000u / 1000u, f->text);
  out->at_ns = f->at_ns;
  return true;
}
