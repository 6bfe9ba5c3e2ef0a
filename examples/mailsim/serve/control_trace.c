/* control_trace.c: the trace so far, for the control interface. It is kept as jsonl in a file without a name, which
 * goes with the program, and is written in other forms by replaying it. */
#define _POSIX_C_SOURCE 200809L
#include "control.h"

#include <stdlib.h>
#include <string.h>

struct keep {
  FILE *file;
  uint64_t byte_count, bytes_max;
  bool is_full;
};

static int keep_bytes(void *ctx, const void *data, size_t size_bytes)
{
  struct keep *keep = ctx;

  if (keep->is_full)
    return MSIM_OK;
  if (keep->byte_count + size_bytes > keep->bytes_max || fwrite(data, 1, size_bytes, keep->file) != size_bytes) {
    keep->is_full = true;
    complain("serve: the trace for the control interface ends here, after %llu bytes; --keep says how much",
             (unsigned long long)keep->byte_count);
    return MSIM_OK;
  }
  keep->byte_count += size_bytes;
  return MSIM_OK;
}

struct keep *keep_open(struct msim_sim *sim, uint64_t bytes_max)
{
  struct keep *keep = calloc(1, sizeof *keep);
  struct msim_out out = {keep, keep_bytes};

  if (keep != NULL)
    keep->file = tmpfile();
  if (keep == NULL || keep->file == NULL || msim_trace_add(sim, "jsonl", &out, NULL, NULL) != MSIM_OK) {
    complain("serve: the trace for the control interface cannot be kept");
    keep_close(keep);
    return NULL;
  }
  keep->bytes_max = bytes_max;
  return keep;
}

void keep_close(struct keep *keep)
{
  if (keep == NULL)
    return;
  if (keep->file != NULL)
    fclose(keep->file);
  free(keep);
}

/* ---- out again ---- */

struct slice_reader {
  FILE *file;
  uint64_t left_bytes;
};

static int read_slice(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct slice_reader *reader = ctx;
  size_t want = reader->left_bytes < capacity_bytes ? (size_t)reader->left_bytes : capacity_bytes;

  *size_bytes = fread(data, 1, want, reader->file);
  reader->left_bytes -= *size_bytes;
  return *size_bytes < want ? MSIM_ERR_IO : MSIM_OK;
}

/* Sinks write in blocks that may end within a line. */
static uint64_t whole_lines(struct keep *keep)
{
  uint64_t end = keep->byte_count;
  int c;

  while (end > 0) {
    if (fseek(keep->file, (long)(end - 1), SEEK_SET) != 0 || (c = getc(keep->file)) == EOF)
      return 0;
    if (c == '\n')
      break;
    end--;
  }
  return end;
}

static int convert(struct keep *keep, const char *form, struct gather *gather)
{
  struct slice_reader reader = {keep->file, whole_lines(keep)};
  struct msim_in in = {&reader, read_slice};
  struct msim_out out = {gather, gather_write};
  struct msim_sim *sim = NULL;
  int err = msim_sim_new(&sim, NULL), finish_err;

  if (err == MSIM_OK)
    err = msim_trace_add(sim, form, &out, NULL, NULL);
  if (err == MSIM_OK) {
    rewind(keep->file);
    err = msim_trace_replay(sim, &in, "the trace", NULL, NULL);
    finish_err = msim_sim_finish(sim);
    err = err == MSIM_OK ? finish_err : err;
  }
  msim_sim_free(sim);
  return err;
}

void control_trace(const struct ask *ask, struct answer *answer)
{
  static const struct {
    const char *form, *type, *name;
  } forms[] = {
      {"jsonl", "application/x-ndjson", "trace.jsonl"},      {"text", "text/plain; charset=utf-8", "trace.txt"},
      {"ladder", "text/plain; charset=utf-8", "ladder.txt"}, {"pcapng", "application/x-pcapng", "trace.pcapng"},
      {"html", "text/html; charset=utf-8", "trace.html"},
  };
  struct keep *keep = control_keep(ask->serve->control);
  struct gather gather = {NULL, 0, 0};
  size_t i;
  int err;

  for (i = 0; i < sizeof forms / sizeof forms[0] && strcmp(forms[i].form, ask->words[1]) != 0; i++)
    ;
  if (i == sizeof forms / sizeof forms[0]) {
    answer_error(answer, 404, "there is no form %s; there are jsonl, text, ladder, pcapng, html", ask->words[1]);
    return;
  }
  (void)msim_trace_flush(ask->serve->sim);
  err = fflush(keep->file) == 0 ? convert(keep, forms[i].form, &gather) : MSIM_ERR_IO;
  (void)fseek(keep->file, 0, SEEK_END);
  if (err != MSIM_OK) {
    free(gather.bytes);
    answer_failure(answer, err, "the trace");
    return;
  }
  answer->status = 200;
  answer->bytes = gather.bytes;
  answer->byte_count = gather.byte_count;
  answer->type = forms[i].type;
  answer->attachment = forms[i].name;
}
