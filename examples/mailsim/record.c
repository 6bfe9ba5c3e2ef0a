/* record.c: `mailsim record`: writes a first expectation from a run of a topology, which holds as it is. Does not
 * overwrite anything. */
#include "test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct option options[] = {
    {"seed", "N", "of the run (default: what the file says, else 1)"},
    {"until", "TIME", "end at 10s, 500ms, 2min ..., or quiet (default: what the file says)"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

struct request {
  const char *topology, *path; /* path NULL: beside the topology */
  uint64_t seed;
  msim_ns until_ns;
  bool has_seed, has_until, help;
};

static int put(void *ctx, const void *data, size_t size_bytes)
{
  return fwrite(data, 1, size_bytes, ctx) == size_bytes ? MSIM_OK : MSIM_ERR_IO;
}

/* How the draft names the topology: by its name alone where both lie in one folder, else as the user did. */
static const char *shown_path(const struct request *request, const char *path)
{
  const char *slash = strrchr(request->topology, '/'), *other = strrchr(path, '/');
  size_t folder = slash != NULL ? (size_t)(slash - request->topology) + 1 : 0;
  size_t other_folder = other != NULL ? (size_t)(other - path) + 1 : 0;

  if (folder == other_folder && strncmp(request->topology, path, folder) == 0)
    return request->topology + folder;
  return request->topology;
}

static int draft(const struct request *request, const char *path, FILE *file)
{
  static const char ends[] = "finally queues empty ; tcp none open"; /* what a draft looks at */
  struct msim_slice text = {(const uint8_t *)ends, sizeof ends - 1};
  struct msim_expect *expect = NULL;
  struct test_world world;
  struct msim_out out = {file, put};
  int err = MSIM_ERR_STATE;

  if (test_world_open(&world, request->topology, request->has_seed ? &request->seed : NULL, stderr)) {
    err = msim_expect_load_text(&expect, "draft", text, NULL, NULL, NULL);
    if (err == MSIM_OK)
      err = msim_expect_attach(expect, world.sim, NULL, NULL);
    if (err == MSIM_OK && !test_world_run(&world, request->has_until ? &request->until_ns : NULL, stderr))
      err = MSIM_ERR_FATAL;
    if (err == MSIM_OK)
      err = msim_expect_draft(expect, shown_path(request, path), &out);
    if (err != MSIM_OK && err != MSIM_ERR_FATAL)
      complain("record: %s: %s", request->topology, msim_strerror(err));
  }
  msim_expect_free(expect);
  test_world_close(&world);
  return err == MSIM_OK ? EXIT_FINE : EXIT_UNUSABLE;
}

/* Only a whole draft becomes a file. */
static int write_draft(const struct request *request, const char *path)
{
  FILE *draft_file = tmpfile(), *file;
  int code, c;
  bool failed;

  if (draft_file == NULL) {
    complain("record: %s", strerror(errno));
    return EXIT_UNUSABLE;
  }
  code = draft(request, path, draft_file);
  rewind(draft_file);
  if (code == EXIT_FINE) {
    bool is_stdout = strcmp(path, "-") == 0;

    file = is_stdout ? stdout : fopen(path, "wx"); /* C11 7.21.5.3: fails when there is such a file */
    if (file == NULL) {
      complain(errno == EEXIST ? "%s is there already and is left alone" : "%s cannot be written: %s", path,
               strerror(errno));
      fclose(draft_file);
      return EXIT_UNUSABLE;
    }
    if (request->has_until)
      fprintf(file, "until %" PRIu64 "ns\n", request->until_ns);
    while ((c = getc(draft_file)) != EOF)
      putc(c, file);
    failed = ferror(file) != 0;
    if (!is_stdout) {
      failed = fclose(file) != 0 || failed;
      if (!failed) {
        fputs("wrote ", stdout);
        output_text(stdout, path);
        fputs("; try: mailsim test ", stdout);
        output_text(stdout, path);
        putchar('\n');
      }
    }
    if (failed)
      complain("%s could not be written completely", path);
    code = failed ? EXIT_UNUSABLE : close_output(stdout, EXIT_FINE);
  }
  fclose(draft_file);
  return code;
}

static bool take_option(struct request *request, const char *name, const char *value)
{
  if (strcmp(name, "seed") == 0) {
    request->has_seed = parse_count(value, &request->seed);
    if (!request->has_seed)
      complain("--seed %s: write a number from 0 to %" PRIu64, value, UINT64_MAX);
    return request->has_seed;
  }
  if (strcmp(name, "until") == 0) {
    request->has_until = parse_time(value, &request->until_ns) && request->until_ns != MSIM_NEVER;
    if (!request->has_until)
      complain("--until %s: write a time such as 10s, 500ms or 2min", value);
    return request->has_until;
  }
  request->help = true;
  return true;
}

static bool read_arguments(struct arguments *arguments, struct request *request)
{
  const struct option *option = NULL;
  const char *value = NULL;
  enum argument_kind got;

  while ((got = argument_next(arguments, options, &option, &value)) != ARGUMENT_END) {
    if (got == ARGUMENT_WRONG || (got == ARGUMENT_OPTION && !take_option(request, option->name, value)))
      return false;
    if (got != ARGUMENT_OPERAND)
      continue;
    if (request->topology == NULL) {
      request->topology = value;
    } else if (request->path == NULL) {
      request->path = value;
    } else {
      complain("record: one topology and one file; %s is one too many", value);
      return false;
    }
  }
  if (request->topology == NULL && !request->help)
    complain("record: which topology? See mailsim record --help");
  return request->topology != NULL || request->help;
}

int verb_record(struct arguments *arguments)
{
  struct request request = {.seed = 0};
  char *beside;
  int code;

  if (!read_arguments(arguments, &request))
    return EXIT_UNUSABLE;
  if (request.help) {
    print_usage(
        "record TOPOLOGY [FILE]",
        "Runs a topology and writes an expectation which that run holds: its dialogues, and what became of each\n"
        "mail. FILE is NAME.expect beside the topology unless it is said; - is standard output. A file that\n"
        "exists is left alone (exit status 2).",
        options);
    return close_output(stdout, EXIT_FINE);
  }
  beside = request.path == NULL ? test_beside(request.topology, ".expect") : NULL;
  if (request.path == NULL && beside == NULL) {
    complain("out of memory");
    return EXIT_UNUSABLE;
  }
  code = write_draft(&request, request.path != NULL ? request.path : beside);
  free(beside);
  return code;
}
