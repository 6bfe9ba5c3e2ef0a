/* findings.c: see findings.h. */
#include "check/findings.h"

#include <stdio.h>
#include <string.h>

#include "core/sim.h"

#define LINE_BYTES 2048u
#define LINES_BYTES_MAX ((size_t)MSIM_INVARIANTS_SHOWN * 2 * LINE_BYTES)

/* Text that is put together in a room of the caller's; what does not fit is counted. */
struct line {
  char *out;
  size_t capacity_bytes, size_bytes;
};

static void put_byte(struct line *line, char byte)
{
  if (line->size_bytes + 1 < line->capacity_bytes)
    line->out[line->size_bytes] = byte;
  line->size_bytes++;
}

static void put(struct line *line, const char *text)
{
  for (; *text != '\0'; text++)
    put_byte(line, *text);
}

/* Names and sentences may hold what a peer has sent: no control character of it reaches a terminal. */
static void put_foreign(struct line *line, const char *text)
{
  char hex[8];

  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    bool is_c1 = c == 0xc2 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] < 0xa0; /* U+0080 to U+009F */

    if (c >= 0x20 && c != 0x7f && !is_c1) {
      put_byte(line, (char)c);
      continue;
    }
    (void)snprintf(hex, sizeof hex, "\\x%02x", (unsigned)c);
    put(line, hex);
    if (is_c1) {
      (void)snprintf(hex, sizeof hex, "\\x%02x", (unsigned)(unsigned char)*++text);
      put(line, hex);
    }
  }
}

static void put_named(struct line *line, const char *before, const char *name)
{
  if (name[0] == '\0')
    return;
  put(line, before);
  put_foreign(line, name);
}

size_t msim_invariant_format(const struct msim_invariant_finding *f, char *out, size_t capacity_bytes)
{
  struct line line = {out, capacity_bytes, 0};
  char at[48];

  put(&line, f->rule);
  if (f->message[0] != '\0') {
    put_named(&line, " by ", f->message);
    put_named(&line, " for ", f->recipient);
    put_named(&line, " on ", f->host);
  } else if (f->connection[0] != '\0') {
    put_named(&line, " by the ", f->side);
    put_named(&line, " of ", f->connection);
  } else {
    put_named(&line, " by ", f->host);
  }
  (void)snprintf(at, sizeof at, " at %llu.%06llu s", (unsigned long long)(f->at_ns / 1000000000u),
                 (unsigned long long)(f->at_ns % 1000000000u / 1000u));
  put(&line, at);
  put_named(&line, ", ", f->segment);
  put_named(&line, ": ", f->text);
  if (capacity_bytes > 0)
    out[line.size_bytes < capacity_bytes ? line.size_bytes : capacity_bytes - 1] = '\0';
  return line.size_bytes;
}

void msim__findings_init(struct msim__findings *findings, struct msim_sim *sim, msim_invariants_fn *fn, void *user)
{
  findings->sim = sim;
  findings->fn = fn;
  findings->user = user;
  findings->count = 0;
  msim__buf_init(&findings->lines, &sim->mem, LINES_BYTES_MAX);
}

void msim__findings_release(struct msim__findings *findings)
{
  msim__buf_release(&findings->lines);
}

void msim__findings_take(void *user, const struct msim_invariant_finding *finding)
{
  struct msim__findings *findings = user;
  char line[LINE_BYTES];

  if (findings->count++ < MSIM_INVARIANTS_SHOWN) {
    (void)msim_invariant_format(finding, line, sizeof line);
    msim__buf_append_text(&findings->lines, "broken: ");
    msim__buf_append_text(&findings->lines, line);
    if (msim__buf_append_byte(&findings->lines, '\n') == MSIM_ERR_NOMEM)
      (void)msim__sim_fail_nomem(findings->sim);
  }
  if (findings->fn != NULL)
    findings->fn(findings->user, finding);
}

int msim__findings_write(const struct msim__findings *findings, const struct msim_out *out)
{
  int err =
      findings->lines.size_bytes > 0 ? out->write(out->ctx, findings->lines.data, findings->lines.size_bytes) : MSIM_OK;
  char more[48];
  int n;

  if (err != MSIM_OK || findings->count <= MSIM_INVARIANTS_SHOWN)
    return err;
  n = snprintf(more, sizeof more, "... and %llu more\n", (unsigned long long)(findings->count - MSIM_INVARIANTS_SHOWN));
  return out->write(out->ctx, more, (size_t)n);
}
