/* golden.c: what a run was: a file with its four fingerprints, and as a rule its trace. A golden says which view of a
 * run it is about (docs/trace.md); what differs beyond that view is no difference. Does not decide what to record:
 * accept.c does. */
#include "diffs.h"
#include "test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "mailsim-golden/1 view "
#define GOLDEN_BYTES_MAX ((size_t)1 << 30)
#define TRACE_LINE_SHOWN 160

static const char *const views[GOLDEN_VIEWS] = {"mail", "app", "seg", "wire"};

const char *golden_view_name(unsigned view)
{
  return view < GOLDEN_VIEWS ? views[view] : "";
}

bool golden_view_find(const char *name, unsigned *view)
{
  for (*view = 0; *view < GOLDEN_VIEWS; ++*view)
    if (strcmp(views[*view], name) == 0)
      return true;
  return false;
}

void golden_prints(const struct msim_fingerprints *from, uint64_t out[GOLDEN_VIEWS])
{
  out[0] = from->mail;
  out[1] = from->app;
  out[2] = from->seg;
  out[3] = from->wire;
}

/* ---- files ---- */

static char *read_whole(FILE *file)
{
  size_t size = 0, capacity = 65536;
  char *data = malloc(capacity);

  while (data != NULL) {
    size_t got = fread(data + size, 1, capacity - size - 1, file);

    size += got;
    data[size] = '\0';
    if (got == 0)
      return data;
    if (size + 1 == capacity) {
      char *grown = capacity < GOLDEN_BYTES_MAX ? realloc(data, capacity * 2) : NULL;

      if (grown == NULL)
        break;
      data = grown;
      capacity *= 2;
    }
  }
  free(data);
  return NULL;
}

/* `key NUMBER `, moved past; false: it does not stand there. */
static bool take(const char **at, const char *key, int base, uint64_t *out)
{
  size_t n = strlen(key);
  char *end;

  if (strncmp(*at, key, n) != 0)
    return false;
  errno = 0;
  *out = strtoull(*at + n, &end, base);
  if (end == *at + n || errno != 0)
    return false;
  *at = end;
  return true;
}

static bool read_head(struct golden *golden)
{
  const char *at = golden->data;
  char name[8];
  size_t n;

  if (strncmp(at, HEAD, sizeof HEAD - 1) != 0)
    return false;
  at += sizeof HEAD - 1;
  n = strcspn(at, " \n");
  if (n >= sizeof name)
    return false;
  memcpy(name, at, n);
  name[n] = '\0';
  at += n;
  if (!golden_view_find(name, &golden->view) || !take(&at, " engine ", 10, &golden->engine) ||
      !take(&at, " seed ", 10, &golden->seed) || !take(&at, "\nfingerprint mail ", 16, &golden->prints[0]) ||
      !take(&at, " app ", 16, &golden->prints[1]) || !take(&at, " seg ", 16, &golden->prints[2]) ||
      !take(&at, " wire ", 16, &golden->prints[3]) || *at != '\n')
    return false;
  golden->trace = at[1] != '\0' ? at + 1 : NULL;
  return true;
}

bool golden_read(struct golden *golden, const char *path, FILE *to)
{
  FILE *file = fopen(path, "rb");

  memset(golden, 0, sizeof *golden);
  if (file != NULL) {
    golden->data = read_whole(file);
    fclose(file);
  }
  if (golden->data != NULL && read_head(golden))
    return true;
  output_text(to, path);
  fprintf(to,
          file == NULL ? ": the golden cannot be read: %s\n"
                       : ": this is no golden: it has to begin with \"" HEAD "VIEW\"; mailsim accept makes one\n",
          strerror(errno));
  golden_free(golden);
  return false;
}

void golden_free(struct golden *golden)
{
  free(golden->data);
  memset(golden, 0, sizeof *golden);
}

bool golden_write(const struct golden *golden, const char *path, FILE *to)
{
  FILE *file = fopen(path, "wb");
  bool failed = file == NULL;

  if (file != NULL) {
    fprintf(file, HEAD "%s engine %" PRIu64 " seed %" PRIu64 "\n", views[golden->view], golden->engine, golden->seed);
    fprintf(file, "fingerprint mail %016" PRIx64 " app %016" PRIx64 " seg %016" PRIx64 " wire %016" PRIx64 "\n",
            golden->prints[0], golden->prints[1], golden->prints[2], golden->prints[3]);
    if (golden->trace != NULL)
      fputs(golden->trace, file);
    failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
  }
  if (failed) {
    output_text(to, path);
    fprintf(to, ": the golden cannot be written: %s\n", strerror(errno));
  }
  return !failed;
}

/* ---- comparing ---- */

void golden_tell_views(const struct golden *golden, const uint64_t now[GOLDEN_VIEWS], FILE *to)
{
  unsigned i;

  fputs("view", to);
  for (i = 0; i < GOLDEN_VIEWS; i++)
    fprintf(to, "%s %s %s", i == 0 ? ":" : " |", views[i], golden->prints[i] == now[i] ? "same" : "DIFFERS");
  putc('\n', to);
}

static void put_trace_line(const char *mark, const char *line, FILE *to)
{
  char part[TRACE_LINE_SHOWN + 1];
  size_t n = strcspn(line, "\n");

  fputs(mark, to);
  if (n > TRACE_LINE_SHOWN)
    n = TRACE_LINE_SHOWN;
  while (n > 0 && ((unsigned char)line[n] & 0xc0) == 0x80)
    n--;
  memcpy(part, line, n);
  part[n] = '\0';
  output_text(to, part);
  fputs(line[n] != '\0' && line[n] != '\n' ? "\xe2\x80\xa6\n" : "\n", to);
}

void golden_tell_line(const char *before, const char *now, FILE *to)
{
  unsigned long line = 1;

  for (;; line++) {
    size_t b = strcspn(before, "\n"), n = strcspn(now, "\n");

    if (b != n || memcmp(before, now, b) != 0)
      break;
    if (before[b] == '\0' && now[n] == '\0')
      return;
    before += b + (before[b] != '\0' ? 1 : 0);
    now += n + (now[n] != '\0' ? 1 : 0);
  }
  fprintf(to, "first difference: line %lu of the trace\n", line);
  put_trace_line("  - ", before, to);
  put_trace_line("  + ", now, to);
}

/* ---- as `mailsim diff` tells it ---- */

struct text_in {
  const char *at;
};

static int read_text(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct text_in *in = ctx;

  *size_bytes = strlen(in->at);
  if (*size_bytes > capacity_bytes)
    *size_bytes = capacity_bytes;
  memcpy(data, in->at, *size_bytes);
  in->at += *size_bytes;
  return MSIM_OK;
}

static int read_side(struct msim_diff *diff, enum msim_diff_side side, const char *trace, const char *name, FILE *to)
{
  struct text_in text = {trace};
  struct msim_in in = {&text, read_text};

  return msim_diff_read(diff, side, &in, name, test_finding, to);
}

/* false: the traces cannot be compared so. */
static bool tell_diff(const struct test_case *test, const struct golden *golden, const char *now, FILE *to)
{
  struct diff_operand operands[2] = {{.path = "-", .is_text = true}, {.path = "-", .is_text = true}};
  struct diff_told told = {.operands = operands, .view = (enum msim_view)golden->view};
  struct output output = {.file = to};
  bool fine;

  if (!test->is_expect) { /* then it can be run by that name, to look closer */
    operands[1].path = test->path;
    operands[1].is_topology = true;
    operands[1].is_text = false;
  }
  fine = msim_diff_new(&told.diff, NULL) == MSIM_OK &&
         read_side(told.diff, MSIM_DIFF_EXPECTED, golden->trace, test->golden, to) == MSIM_OK &&
         read_side(told.diff, MSIM_DIFF_ACTUAL, now, "the run now", to) == MSIM_OK &&
         msim_diff_compare(told.diff, told.view, &told.result) == MSIM_OK && told.result.differs;
  if (fine)
    diff_print(&told, &output, false);
  msim_diff_free(told.diff);
  return fine;
}

static void advise(const char *path, FILE *to)
{
  fputs("  if that is right: mailsim accept ", to);
  output_text(to, path);
  putc('\n', to);
}

enum test_verdict golden_compare(const struct test_case *test, FILE *to)
{
  struct golden golden;
  struct test_world world;
  uint64_t now[GOLDEN_VIEWS];
  enum test_verdict verdict = TEST_UNUSABLE;

  if (!golden_read(&golden, test->golden, to))
    return TEST_UNUSABLE;
  if (golden.engine != MSIM_ENGINE) {
    output_text(to, test->golden);
    fprintf(to, ": it was recorded with engine %" PRIu64 ", this is engine %d, so a difference would say nothing\n",
            golden.engine, MSIM_ENGINE);
    advise(test->path, to);
    golden_free(&golden);
    return TEST_UNUSABLE;
  }
  if (test_run_for_golden(test, golden.seed, true, golden.trace != NULL, &world, to)) {
    golden_prints(&world.prints, now);
    verdict = golden.prints[golden.view] == now[golden.view] ? TEST_OK : TEST_FAILED;
    if (verdict == TEST_FAILED) {
      output_text(to, test->golden);
      fprintf(to, ": the run is not what it was in the view %s\n", views[golden.view]);
      if (golden.trace == NULL || world.trace == NULL || !tell_diff(test, &golden, world.trace, to)) {
        golden_tell_views(&golden, now, to);
        if (golden.trace != NULL && world.trace != NULL)
          golden_tell_line(golden.trace, world.trace, to);
      }
      advise(test->path, to);
    }
    test_world_close(&world);
  }
  golden_free(&golden);
  return verdict;
}
