/* traces.c: where the bytes of traces go: files and standard output. Does not format anything: sinks do. */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_stdout(const struct trace_target *target)
{
  return strcmp(target->path, "-") == 0;
}

static const char *option_of(const struct traces *traces)
{
  return traces->option != NULL ? traces->option : "--trace";
}

bool traces_add(struct traces *traces, const char *text)
{
  struct trace_target *target = &traces->targets[traces->count];
  const char *colon = strchr(text, ':');
  char *comma;
  size_t i;

  if (colon == NULL || colon == text || colon[1] == '\0' || colon[1] == ',') {
    complain("%s %s: write FORMAT:PATH, such as text:- or jsonl:run.jsonl", option_of(traces), text);
    return false;
  }
  if (traces->count == TRACES_MAX) {
    complain("at most %d traces can be written in one run", TRACES_MAX);
    return false;
  }
  target->format = malloc(strlen(text) + 1);
  if (target->format == NULL) {
    complain("out of memory");
    return false;
  }
  traces->count++;
  strcpy(target->format, text);
  target->path = target->format + (colon - text) + 1;
  target->path[-1] = '\0';
  comma = strchr(target->path, ',');
  if (comma != NULL)
    *comma = '\0';
  target->options = comma != NULL && comma[1] != '\0' ? comma + 1 : NULL;
  for (i = 0; i + 1 < traces->count; i++)
    if (strcmp(traces->targets[i].path, target->path) == 0) {
      complain("%s: %s cannot take two traces", option_of(traces),
               is_stdout(target) ? "standard output" : target->path);
      return false;
    }
  traces->on_stdout = traces->on_stdout || is_stdout(target);
  return true;
}

bool traces_have(const struct traces *traces, const char *format)
{
  size_t i;

  for (i = 0; i < traces->count; i++)
    if (strcmp(traces->targets[i].format, format) == 0)
      return true;
  return false;
}

static int write_file(void *ctx, const void *data, size_t size_bytes)
{
  return fwrite(data, 1, size_bytes, (FILE *)ctx) == size_bytes ? MSIM_OK : MSIM_ERR_IO;
}

/* A trace that cannot be written any more ends there; the simulation goes on. */
static int write_while_possible(void *ctx, const void *data, size_t size_bytes)
{
  struct trace_target *target = ctx;

  if (!target->broken && write_file(target->file, data, size_bytes) != MSIM_OK) {
    target->broken = true;
    complain("%s cannot be written any more: %s; the run goes on without this trace", target->path, strerror(errno));
  }
  return MSIM_OK;
}

/* The formats are looked at before any file is touched: a misspelt one must not empty a file. */
static bool formats_exist(const struct traces *traces, const struct msim_sim *sim)
{
  const char *names[64], *near;
  const struct msim_sink_type *type;
  size_t count = 0, i, k;

  while (count + 1 < sizeof names / sizeof names[0] && (type = msim_sink_type_at(sim, count)) != NULL)
    names[count++] = type->name;
  names[count] = NULL;
  for (i = 0; i < traces->count; i++) {
    for (k = 0; k < count && strcmp(names[k], traces->targets[i].format) != 0; k++)
      ;
    if (k < count)
      continue;
    near = nearest_name(traces->targets[i].format, names);
    complain("%s: there is no format \"%s\"%s%s%s", option_of(traces), traces->targets[i].format,
             near != NULL ? "; did you mean \"" : "; see mailsim list sinks", near != NULL ? near : "",
             near != NULL ? "\"?" : "");
    return false;
  }
  return true;
}

bool traces_attach(struct traces *traces, struct msim_sim *sim)
{
  size_t i;

  if (!formats_exist(traces, sim))
    return false;
  for (i = 0; i < traces->count; i++) {
    struct trace_target *target = &traces->targets[i];
    struct msim_out out;
    struct msim_diag diag;
    char options[4096];
    int err;

    if (snprintf(options, sizeof options, "%s%s%s", traces->filter != NULL ? traces->filter : "",
                 traces->filter != NULL && target->options != NULL ? "," : "",
                 target->options != NULL ? target->options : "") >= (int)sizeof options) {
      complain("%s %s: its options are too long", option_of(traces), target->format);
      return false;
    }

    target->file = is_stdout(target) ? stdout : fopen(target->path, "wb");
    if (target->file == NULL) {
      complain("%s cannot be written: %s", target->path, strerror(errno));
      return false;
    }
    out.ctx = traces->goes_on ? (void *)target : (void *)target->file;
    out.write = traces->goes_on ? write_while_possible : write_file;
    memset(&diag, 0, sizeof diag);
    err = msim_trace_add(sim, target->format, &out, options[0] != '\0' ? options : NULL, &diag);
    if (err != MSIM_OK) {
      complain("%s %s: %s", option_of(traces), target->format, diag.text[0] != '\0' ? diag.text : msim_strerror(err));
      return false;
    }
  }
  return true;
}

bool traces_close(struct traces *traces)
{
  bool fine = true;
  size_t i;

  for (i = 0; i < traces->count; i++) {
    struct trace_target *target = &traces->targets[i];

    if (target->file != NULL) {
      bool failed = ferror(target->file) != 0;

      failed = (target->file == stdout ? fflush(stdout) : fclose(target->file)) != 0 || failed;
      if (failed)
        complain("%s could not be written completely", is_stdout(target) ? "standard output" : target->path);
      fine = fine && !failed;
    }
    free(target->format);
  }
  traces->count = 0;
  return fine;
}
