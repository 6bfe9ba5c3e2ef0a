/* check.c: `mailsim check`: reads topologies and the scenes that they name, starts what is on
 * the hosts, and runs nothing. */
#include "command.h"

#include <string.h>

static const struct option options[] = {
    {"set", "PATH=VALUE", "put a value, as YAML, into each topology first; may be repeated"},
    {"quiet", NULL, "print only what is wrong"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

/* A scene that cannot be used is a finding like others. */
static int check_scene(const struct msim_topology_info *info, unsigned *findings)
{
  struct msim_scene_opts opts;
  struct msim_scene *scene = NULL;
  int err;

  memset(&opts, 0, sizeof opts);
  opts.case_id = info->scene_case;
  err = msim_scene_load_file(&scene, info->scene, &opts, print_finding, findings);
  msim_scene_free(scene);
  return err;
}

static int check_file(const char *path, const struct settings *settings, bool quiet)
{
  struct msim_topology_info info;
  struct msim_sim *sim = NULL;
  unsigned findings = 0;
  int err = msim_sim_new(&sim, NULL), code = EXIT_FINE;

  if (err == MSIM_OK)
    err = topology_load(sim, path, settings, print_finding, &findings);
  if (err == MSIM_OK) {
    msim_topology_info(sim, &info);
    if (info.scene != NULL)
      err = check_scene(&info, &findings);
  }
  if (err == MSIM_OK && msim_sim_start(sim) != MSIM_OK) { /* what agents find wrong when they see all of their keys */
    fprintf(stderr, "%s: ", path);
    output_text(stderr, msim_sim_error(sim));
    fputc('\n', stderr);
    code = EXIT_FAILED;
  } else if (err != MSIM_OK) {
    if (findings == 0)
      complain("%s: %s", path, msim_strerror(err));
    code = err == MSIM_ERR_SYNTAX || err == MSIM_ERR_NOT_FOUND ? EXIT_FAILED : EXIT_UNUSABLE;
  } else if (!quiet) {
    output_text(stdout, path);
    fputs(": fine\n", stdout);
  }
  msim_sim_free(sim);
  return code;
}

int verb_check(struct arguments *arguments)
{
  const struct option *option = NULL;
  const char *path = NULL;
  int code = EXIT_FINE, first, one;
  bool quiet = false, any = false;
  struct settings settings = {.count = 0};
  enum argument_kind kind;

  /* options count wherever they stand, so they are read first */
  for (first = arguments->next; (kind = argument_next(arguments, options, &option, &path)) != ARGUMENT_END;) {
    if (kind == ARGUMENT_WRONG)
      return EXIT_UNUSABLE;
    if (kind == ARGUMENT_OPERAND) {
      any = true;
    } else if (strcmp(option->name, "quiet") == 0) {
      quiet = true;
    } else if (strcmp(option->name, "set") == 0) {
      if (!settings_add(&settings, path))
        return EXIT_UNUSABLE;
    } else {
      print_usage("check TOPOLOGY... [OPTIONS]",
                  "Reads topologies and the scenes that they name, and runs nothing. Everything that is wrong is\n"
                  "printed on standard error as FILE:LINE:COLUMN: SENTENCE.\n"
                  "Exit status: 0, 1 when something is wrong, 2 when a file cannot be read.",
                  options);
      return close_output(stdout, EXIT_FINE);
    }
  }
  if (!any) {
    complain("check: which topology? See mailsim check --help");
    return EXIT_UNUSABLE;
  }
  arguments->next = first;
  arguments->operands_only = false;
  while ((kind = argument_next(arguments, options, &option, &path)) != ARGUMENT_END) {
    if (kind != ARGUMENT_OPERAND)
      continue;
    one = check_file(path, &settings, quiet);
    code = one > code ? one : code;
  }
  return close_output(stdout, code);
}
