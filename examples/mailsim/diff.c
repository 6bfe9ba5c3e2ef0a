/* diff.c: `mailsim diff`: two traces, or what topologies do, laid beside each other. The library compares; this file
 * reads arguments and files. What is printed is in diff_print.c. */
#include "diffs.h"

#include <errno.h>
#include <string.h>

#define FAULTS_MAX 16u

static const struct option options[] = {
    {"view", "VIEW", "ignore what differs below this view: mail, app, seg or wire"},
    {"seed", "N", "run topologies with this seed (default: that of the topology, else 1)"},
    {"until", "TIME", "run topologies until then, such as 10s or 2min (default: until all is quiet)"},
    {"fault", "YAML", "an item of `faults` for the second one, a topology; may be repeated"},
    {"json", NULL, "print one JSON object"},
    {"quiet", NULL, "print the first line only"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

struct request {
  struct diff_operand operands[2];
  size_t operand_count;
  enum msim_view view;
  uint64_t seed;
  msim_ns until_ns;
  const char *faults[FAULTS_MAX];
  size_t fault_count;
  bool has_seed, has_until, json, quiet, help;
};

/* ---- arguments ---- */

static bool take_view(struct request *request, const char *value)
{
  const char *names[MSIM_VIEW_REST + 1], *near;
  unsigned view;

  for (view = 0; view < MSIM_VIEW_REST; view++) {
    names[view] = msim_view_name((enum msim_view)view);
    if (strcmp(names[view], value) != 0)
      continue;
    request->view = (enum msim_view)view;
    return true;
  }
  names[MSIM_VIEW_REST] = NULL;
  near = nearest_name(value, names);
  complain("--view %s: there are mail, app, seg and wire%s%s%s", value, near != NULL ? "; did you mean " : "",
           near != NULL ? near : "", near != NULL ? "?" : "");
  return false;
}

static bool take_option(struct request *request, const char *name, const char *value)
{
  if (strcmp(name, "view") == 0)
    return take_view(request, value);
  if (strcmp(name, "seed") == 0) {
    request->has_seed = parse_count(value, &request->seed);
    if (!request->has_seed)
      complain("--seed %s: write a number", value);
    return request->has_seed;
  }
  if (strcmp(name, "until") == 0) {
    request->has_until = parse_time(value, &request->until_ns);
    if (!request->has_until)
      complain("--until %s: write a time such as 10s, 500ms or 2min, or quiet", value);
    return request->has_until;
  }
  if (strcmp(name, "fault") == 0) {
    if (request->fault_count == FAULTS_MAX) {
      complain("--fault: at most %u; write more of them into the topology", FAULTS_MAX);
      return false;
    }
    request->faults[request->fault_count++] = value;
  } else if (strcmp(name, "json") == 0) {
    request->json = true;
  } else if (strcmp(name, "quiet") == 0) {
    request->quiet = true;
  } else {
    request->help = true;
  }
  return true;
}

static bool ends_with(const char *text, const char *end)
{
  size_t text_bytes = strlen(text), end_bytes = strlen(end);

  return text_bytes >= end_bytes && strcmp(text + text_bytes - end_bytes, end) == 0;
}

static bool take_operand(struct request *request, const char *path)
{
  struct diff_operand *operand = &request->operands[request->operand_count];

  if (request->operand_count == 2) {
    complain("diff: two things are compared; %s is one too many", path);
    return false;
  }
  request->operand_count++;
  operand->path = path;
  operand->is_golden = ends_with(path, ".golden");
  operand->is_topology = ends_with(path, ".yaml") || ends_with(path, ".yml");
  return true;
}

static bool fits_together(const struct request *request)
{
  const struct diff_operand *a = &request->operands[0], *b = &request->operands[1];

  if (request->operand_count < 2)
    complain("diff: which two? Traces (jsonl or text) or topologies (.yaml); see mailsim diff --help");
  else if (strcmp(a->path, "-") == 0 && strcmp(b->path, "-") == 0)
    complain("diff: standard input can be one of the two only");
  else if (request->fault_count > 0 && !b->is_topology)
    complain("--fault: %s is a trace; faults are for a topology in the second place", b->path);
  else if ((request->has_seed || request->has_until) && !a->is_topology && !b->is_topology)
    complain("--seed and --until are for topologies; both of these are traces");
  else
    return true;
  return false;
}

static bool read_arguments(struct arguments *arguments, struct request *request)
{
  const struct option *option = NULL;
  const char *value = NULL;

  for (;;) {
    switch (argument_next(arguments, options, &option, &value)) {
    case ARGUMENT_END:
      return request->help || fits_together(request);
    case ARGUMENT_WRONG:
      return false;
    case ARGUMENT_OPTION:
      if (!take_option(request, option->name, value))
        return false;
      break;
    case ARGUMENT_OPERAND:
      if (!take_operand(request, value))
        return false;
      break;
    }
  }
}

/* ---- the two sides ---- */

struct reading {
  FILE *file;
  bool looked, is_text; /* at its first byte */
};

static int read_file(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct reading *reading = ctx;

  *size_bytes = fread(data, 1, capacity_bytes, reading->file);
  if (!reading->looked && *size_bytes > 0) {
    reading->looked = true;
    reading->is_text = *(const char *)data != '{';
  }
  return *size_bytes == 0 && ferror(reading->file) ? MSIM_ERR_IO : MSIM_OK;
}

static bool read_trace(struct msim_diff *diff, enum msim_diff_side side, struct diff_operand *operand)
{
  bool is_stdin = strcmp(operand->path, "-") == 0;
  struct reading reading = {is_stdin ? stdin : fopen(operand->path, "rb"), false, false};
  struct msim_in in = {&reading, read_file};
  unsigned findings = 0;
  int err;

  if (reading.file == NULL) {
    complain("%s cannot be read: %s", operand->path, strerror(errno));
    return false;
  }
  err = msim_diff_read(diff, side, &in, is_stdin ? "standard input" : operand->path, print_finding, &findings);
  operand->is_text = reading.is_text;
  if (!is_stdin)
    fclose(reading.file);
  if (err != MSIM_OK && findings == 0)
    complain("%s: %s", operand->path, msim_strerror(err));
  return err == MSIM_OK;
}

static bool run_topology(struct msim_diff *diff, enum msim_diff_side side, const struct request *request)
{
  const char *path = request->operands[side].path;
  struct msim_topology_info info;
  struct msim_sim_opts opts;
  struct msim_sim *sim = NULL;
  unsigned findings = 0;
  int err;

  memset(&opts, 0, sizeof opts);
  opts.seed = 1;
  err = msim_sim_new(&sim, &opts);
  if (err == MSIM_OK)
    err = msim_topology_load_file(sim, path, print_finding, &findings);
  if (err == MSIM_OK && request->has_seed)
    msim_sim_set_seed(sim, request->seed);
  if (err == MSIM_OK && side == MSIM_DIFF_ACTUAL && !faults_add(sim, request->faults, request->fault_count)) {
    msim_sim_free(sim);
    return false;
  }
  if (err == MSIM_OK) {
    msim_topology_info(sim, &info);
    err = msim_diff_run(diff, side, sim, request->has_until ? request->until_ns : info.until_ns, path);
  }
  if (err != MSIM_OK && findings == 0)
    complain("%s: %s", path, sim != NULL && msim_sim_error(sim)[0] != '\0' ? msim_sim_error(sim) : msim_strerror(err));
  msim_sim_free(sim);
  return err == MSIM_OK;
}

/* Traces first: a run then records as they were recorded. */
static bool read_both(struct msim_diff *diff, struct request *request)
{
  int side;

  for (side = 0; side < 2; side++)
    if (!request->operands[side].is_topology && !read_trace(diff, (enum msim_diff_side)side, &request->operands[side]))
      return false;
  for (side = 0; side < 2; side++)
    if (request->operands[side].is_topology && !run_topology(diff, (enum msim_diff_side)side, request))
      return false;
  return true;
}

static int diff_request(struct request *request)
{
  struct diff_told told = {.operands = request->operands,
                           .view = request->view,
                           .faults = request->faults,
                           .fault_count = request->fault_count};
  struct output output;
  int code = EXIT_UNUSABLE, err;

  if (msim_diff_new(&told.diff, NULL) != MSIM_OK)
    complain("out of memory");
  else if (read_both(told.diff, request)) {
    err = msim_diff_compare(told.diff, request->view, &told.result);
    output_init(&output, stdout);
    if (err != MSIM_OK) {
      const char *why = msim_diff_note_at(told.diff, 0);

      complain("diff: these cannot be compared: %s", err == MSIM_ERR_INVALID && why != NULL ? why : msim_strerror(err));
    } else {
      if (request->json)
        diff_print_json(&told, stdout);
      else
        diff_print(&told, &output, request->quiet);
      code = told.result.differs ? EXIT_FAILED : EXIT_FINE;
    }
  }
  msim_diff_free(told.diff);
  return close_output(stdout, code);
}

int verb_diff(struct arguments *arguments)
{
  struct request request;

  memset(&request, 0, sizeof request);
  request.view = MSIM_VIEW_REST;
  if (!read_arguments(arguments, &request))
    return EXIT_UNUSABLE;
  if (!request.help)
    return diff_request(&request);
  print_usage("diff EXPECTED ACTUAL [OPTIONS]",
              "Compares two traces that were written with --trace jsonl:FILE or text:FILE (- is standard input).\n"
              "Instead of a trace a topology (.yaml) may stand, which is then run. Prints which views differ, the\n"
              "first difference, why, and what follows from it.\n"
              "Exit status: 0 the same, 1 they differ, 2 they cannot be compared.",
              options);
  return close_output(stdout, EXIT_FINE);
}
