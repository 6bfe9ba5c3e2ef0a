/* run.c: `mailsim run`: runs a topology and tells what was seen. */
#define _POSIX_C_SOURCE 200809L
#include "command.h"
#include "exports.h"
#include "imports.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SEED_DEFAULT 1u
#define FAULTS_MAX 16u
#define STRINGS_MAX 16u

static const struct option options[] = {
    {"trace", "FORMAT:PATH[,OPTIONS]", "write a trace; may be repeated; PATH - is standard output"},
    {"stats", "FILE[,every=TIME]", "write time series as CSV: short for --trace csv:FILE"},
    {"import", "FORMAT:USER@HOST=PATH", "mail that lies in a mailbox at the start, maildir or mbox; may be repeated"},
    {"export", "FORMAT:FOLDER", "write the mailboxes at the end, as maildir or mbox; may be repeated"},
    {"seed", "N|random", "decides every random draw (default: what the file says, else 1)"},
    {"until", "TIME", "end at 10s, 500ms, 2min ..., or quiet (default: what the file says)"},
    {"scene", "FILE", "check the run against this scene (default: what the file says)"},
    {"case", "ID", "which case of the scene"},
    {"order", "ORDER", "order of the steps: causal, narrated or both (default: both)"},
    {"strings", "FILE", "words in another language for pages of the trace html; may be repeated"},
    {"language", "CODE", "of the scene's captions, such as de (default: LC_ALL, LC_MESSAGES, LANG)"},
    {"fault", "YAML", "add a fault, as an item of the section faults; may be repeated"},
    {"set", "PATH=VALUE", "put a value, as YAML, into the topology: links.0.delay=20ms; may be repeated"},
    {"check", NULL, "run again in other circumstances and compare: is it the same to the byte?"},
    {"no-invariants", NULL, "do not judge the segments of TCP by docs/invariants.md"},
    {"json", NULL, "print the results as one JSON object"},
    {"quiet", NULL, "print only what is wrong"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

struct request {
  const char *topology, *scene, *scene_case, *language;
  enum msim_scene_order order;
  struct traces traces;
  struct exports exports;
  struct imports imports;
  uint64_t seed;
  msim_ns until_ns;
  const char *program;
  const char *faults[FAULTS_MAX];
  size_t fault_count;
  struct settings settings;
  const char *strings[STRINGS_MAX];
  size_t strings_count;
  bool has_seed, has_until, check, no_invariants, json, quiet, help;
};

struct run {
  struct msim_sim *sim;
  struct msim_scene *scene; /* NULL: none */
  struct steps *steps;      /* NULL: the list comes at the end */
  struct mails *mails;
  struct broken *broken;
  struct msim_topology_info info;
  struct msim_invariants_info invariants;
  struct msim_fingerprints prints;
  struct msim_scene_result result;
  msim_ns end_ns;
};

/* ---- SIGINT ---- */

/* A signal handler can reach static data only. */
static volatile sig_atomic_t interrupted;
static struct msim_sim *running;

static void on_interrupt(int number)
{
  (void)number;
  interrupted = 1;
  msim_sim_stop(running); /* sets a flag that the loop looks at */
}

/* The second SIGINT ends the program: the handler stands for one. */
static void catch_interrupt(struct msim_sim *sim)
{
  struct sigaction action;

  running = sim;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_interrupt;
  action.sa_flags = (int)SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
}

/* ---- arguments ---- */

static bool random_seed(uint64_t *out)
{
  FILE *file = fopen("/dev/urandom", "rb");
  bool fine = file != NULL && fread(out, sizeof *out, 1, file) == 1;

  if (file != NULL)
    fclose(file);
  if (!fine)
    complain("--seed random: no random numbers can be read here; give a number");
  return fine;
}

static bool read_order(struct request *request, const char *value)
{
  static const char *const names[] = {"both", "causal", "narrated", NULL};
  int i;

  for (i = 0; names[i] != NULL; i++)
    if (strcmp(names[i], value) == 0) {
      request->order = (enum msim_scene_order)i;
      return true;
    }
  complain("--order %s: write causal, narrated or both", value);
  return false;
}

static bool take_option(struct request *request, const char *name, const char *value)
{
  if (strcmp(name, "trace") == 0)
    return traces_add(&request->traces, value);
  if (strcmp(name, "stats") == 0) {
    char text[4096];

    if (snprintf(text, sizeof text, "csv:%s", value) < (int)sizeof text)
      return traces_add(&request->traces, text);
    complain("--stats: the name of the file is too long");
    return false;
  }
  if (strcmp(name, "import") == 0)
    return imports_add(&request->imports, value);
  if (strcmp(name, "export") == 0)
    return exports_add(&request->exports, value);
  if (strcmp(name, "seed") == 0) {
    request->has_seed = true;
    if (strcmp(value, "random") == 0)
      return random_seed(&request->seed);
    if (parse_count(value, &request->seed))
      return true;
    complain("--seed %s: write a number from 0 to %" PRIu64 ", or random", value, UINT64_MAX);
    return false;
  }
  if (strcmp(name, "until") == 0) {
    request->has_until = true;
    if (parse_time(value, &request->until_ns))
      return true;
    complain("--until %s: write a time such as 10s, 500ms or 2min, or quiet", value);
    return false;
  }
  if (strcmp(name, "order") == 0)
    return read_order(request, value);
  if (strcmp(name, "fault") == 0) {
    if (request->fault_count == FAULTS_MAX)
      complain("--fault: at most %u; write more of them into the topology", FAULTS_MAX);
    else
      request->faults[request->fault_count++] = value;
    return request->faults[request->fault_count - 1] == value;
  }
  if (strcmp(name, "set") == 0)
    return settings_add(&request->settings, value);
  if (strcmp(name, "strings") == 0) {
    if (request->strings_count == STRINGS_MAX)
      complain("--strings: at most %u files", STRINGS_MAX);
    else
      request->strings[request->strings_count++] = value;
    return request->strings[request->strings_count - 1] == value;
  }
  if (strcmp(name, "scene") == 0)
    request->scene = value;
  else if (strcmp(name, "case") == 0)
    request->scene_case = value;
  else if (strcmp(name, "language") == 0)
    request->language = value;
  else if (strcmp(name, "check") == 0)
    request->check = true;
  else if (strcmp(name, "no-invariants") == 0)
    request->no_invariants = true;
  else if (strcmp(name, "json") == 0)
    request->json = true;
  else if (strcmp(name, "quiet") == 0)
    request->quiet = true;
  else
    request->help = true;
  return true;
}

static bool read_arguments(struct arguments *arguments, struct request *request)
{
  const struct option *option = NULL;
  const char *value = NULL;

  for (;;) {
    switch (argument_next(arguments, options, &option, &value)) {
    case ARGUMENT_END:
      if (request->topology == NULL && !request->help)
        complain("run: which topology? See mailsim run --help");
      if (request->topology != NULL && strcmp(request->topology, "-") == 0 && request->check) {
        complain("--check runs it again, so standard input is not enough: give it a file");
        return false;
      }
      return request->topology != NULL || request->help;
    case ARGUMENT_WRONG:
      return false;
    case ARGUMENT_OPTION:
      if (!take_option(request, option->name, value))
        return false;
      break;
    case ARGUMENT_OPERAND:
      if (request->topology != NULL) {
        complain("run: one topology at a time; %s is one too many", value);
        return false;
      }
      request->topology = value;
      break;
    }
  }
}

/* ---- the run ---- */

bool faults_add(struct msim_sim *sim, const char *const *faults, size_t fault_count)
{
  unsigned findings = 0;
  size_t i;
  int err;

  for (i = 0; i < fault_count; i++) {
    err = msim_fault_add_yaml(sim, faults[i], print_finding, &findings);
    if (err != MSIM_OK) {
      complain("--fault %s: %s", faults[i], msim_strerror(err));
      return false;
    }
  }
  return true;
}

static bool load_world(struct run *run, const struct request *request)
{
  struct msim_sim_opts opts;
  unsigned findings = 0;
  int err;

  memset(&opts, 0, sizeof opts);
  opts.seed = SEED_DEFAULT;
  err = msim_sim_new(&run->sim, &opts);
  if (err == MSIM_OK)
    err = topology_load(run->sim, request->topology, &request->settings, print_finding, &findings);
  if (err != MSIM_OK) {
    if (findings == 0)
      complain("%s: %s", request->topology, msim_strerror(err));
    return false;
  }
  if (request->has_seed)
    msim_sim_set_seed(run->sim, request->seed);
  if (!faults_add(run->sim, request->faults, request->fault_count) || !imports_read(&request->imports, run->sim))
    return false;
  msim_topology_info(run->sim, &run->info);
  return true;
}

static bool load_scene(struct run *run, const struct request *request)
{
  const char *path = request->scene != NULL ? request->scene : run->info.scene;
  struct msim_scene_opts opts;
  unsigned findings = 0;
  int err;

  if (path == NULL) {
    if (request->scene_case != NULL)
      complain("--case %s: there is no scene", request->scene_case);
    return request->scene_case == NULL;
  }
  memset(&opts, 0, sizeof opts);
  opts.case_id = request->scene_case != NULL ? request->scene_case
                 : request->scene == NULL    ? run->info.scene_case
                                             : NULL;
  err = msim_scene_load_file(&run->scene, path, &opts, print_finding, &findings);
  if (err == MSIM_OK)
    err = msim_scene_attach(run->scene, run->sim);
  if (err != MSIM_OK && findings == 0)
    complain("%s: %s", path, msim_strerror(err));
  if (err != MSIM_OK)
    return false;
  if (traces_have(&request->traces, "html") && !captions_load_all(run->scene, path))
    return false;
  /* what programs read does not depend on the environment */
  return captions_load(run->scene, path, request->language == NULL && request->json ? "en" : request->language);
}

static bool attach(struct run *run, struct request *request)
{
  size_t i;
  int err;

  if (!load_scene(run, request))
    return false;
  for (i = 0; i < request->strings_count; i++)
    if (!strings_add(run->sim, request->strings[i]))
      return false;
  run->mails = mails_watch(run->sim);
  if (run->mails == NULL) {
    complain("out of memory");
    return false;
  }
  err = msim_trace_fingerprints(run->sim, &run->prints);
  if (err != MSIM_OK) {
    complain("fingerprints: %s", msim_strerror(err));
    return false;
  }
  if (!request->no_invariants) {
    run->broken = broken_watch(run->sim);
    if (run->broken == NULL) {
      complain("out of memory");
      return false;
    }
  }
  return exports_open(&request->exports) && traces_attach(&request->traces, run->sim);
}

/* Steps are told while they happen when a person looks on: results and status have the terminal to themselves. */
static bool open_steps(struct run *run, const struct request *request, bool is_taken)
{
  FILE *file = request->traces.on_stdout ? stderr : stdout;

  if (run->scene == NULL || request->quiet || request->json || is_taken || !status_is_wanted() || !isatty(fileno(file)))
    return true;
  run->steps = steps_open(run->scene, file);
  if (run->steps == NULL)
    complain("out of memory");
  return run->steps != NULL;
}

static int simulate(struct run *run, const struct request *request)
{
  bool is_taken = request->traces.on_stdout && isatty(STDOUT_FILENO);
  struct status_opts status = {run->info.name, run->scene, request->order, NULL, is_taken};
  int err, finish_err;

  if (!open_steps(run, request, is_taken))
    return MSIM_ERR_NOMEM;
  status.steps = run->steps;
  catch_interrupt(run->sim);
  err = status_run(run->sim, request->has_until ? request->until_ns : run->info.until_ns, &status, &interrupted);
  run->end_ns = msim_sim_now_ns(run->sim);
  finish_err = msim_sim_finish(run->sim);
  msim_invariants_info(run->sim, &run->invariants);
  if (err == MSIM_OK)
    err = finish_err;
  if (err != MSIM_OK) {
    const char *text = msim_sim_error(run->sim);

    fprintf(stderr, "mailsim: the run failed at ");
    output_seconds(stderr, run->end_ns);
    fprintf(stderr, " s: ");
    output_text(stderr, text[0] != '\0' ? text : msim_strerror(err));
    putc('\n', stderr);
    return err;
  }
  if (interrupted) {
    fprintf(stderr, "mailsim: interrupted at ");
    output_seconds(stderr, run->end_ns);
    fprintf(stderr, " s of simulated time\n");
  }
  if (run->scene != NULL) {
    err = msim_scene_judge(run->scene, request->order, &run->result);
    if (err != MSIM_OK)
      complain("the scene cannot be judged: %s", msim_strerror(err));
  }
  return err;
}

/* ---- results for people ---- */

static void print_step(const struct output *output, const struct msim_scene_step *step)
{
  fprintf(output->file, "%4u  ", step->number);
  if (step->state == MSIM_SCENE_OBSERVED) {
    output_style(output, STYLE_GOOD);
    fprintf(output->file, "%4" PRIu64 ".%06" PRIu64 " s", step->at_ns / 1000000000u, step->at_ns % 1000000000u / 1000u);
  } else {
    output_style(output, STYLE_BAD);
    fputs(step->state == MSIM_SCENE_MISSING ? "      MISSING" : "  NOT REACHED", output->file);
  }
  output_style(output, STYLE_PLAIN);
  fputs("  ", output->file);
  output_text(output->file, step->says);
  putc('\n', output->file);
}

static void print_scene(const struct output *output, const struct run *run, bool quiet)
{
  struct msim_scene_step step;
  const char *failure;
  size_t i;

  if (run->steps != NULL) {
    steps_tell_end(run->steps);
  } else if (!quiet) {
    output_style(output, STYLE_BOLD);
    output_text(output->file,
                msim_scene_title(run->scene)[0] != '\0' ? msim_scene_title(run->scene) : msim_scene_name(run->scene));
    output_style(output, STYLE_PLAIN);
    putc('\n', output->file);
    for (i = 0; msim_scene_step_at(run->scene, i, &step) == MSIM_OK; i++)
      print_step(output, &step);
  }
  for (i = 0; (failure = msim_scene_failure_at(run->scene, i)) != NULL; i++) {
    output_style(output, STYLE_BAD);
    fputs("failed: ", output->file);
    output_style(output, STYLE_PLAIN);
    output_text(output->file, failure);
    putc('\n', output->file);
  }
  if (quiet && run->result.holds)
    return;
  output_style(output, run->result.holds ? STYLE_GOOD : STYLE_BAD);
  output_text(output->file, msim_scene_summary(run->scene));
  output_style(output, STYLE_PLAIN);
  putc('\n', output->file);
}

static void print_counters(const struct output *output, const struct run *run)
{
  struct msim_counters c;

  msim_sim_counters(run->sim, &c);
  fputs("time ", output->file);
  output_seconds(output->file, run->end_ns);
  fprintf(output->file,
          " s, events %" PRIu64 ", connections %" PRIu64 ", segments %" PRIu64 ", datagrams %" PRIu64 ", hops %" PRIu64
          ", drops %" PRIu64 ", retransmissions %" PRIu64 "\n",
          c.event_count, c.connection_count, c.segment_count, c.datagram_count, c.hop_count, c.drop_count,
          c.retransmit_count);
}

static void print_results(const struct output *output, const struct run *run, const struct request *request)
{
  if (run->scene != NULL) {
    print_scene(output, run, request->quiet);
  } else if (!request->quiet) {
    output_style(output, STYLE_BOLD);
    output_text(output->file, run->info.title[0] != '\0' ? run->info.title : run->info.name);
    output_style(output, STYLE_PLAIN);
    putc('\n', output->file);
    mails_print(run->mails, output);
  }
  if (run->broken != NULL)
    broken_print(run->broken, output);
  if (request->quiet)
    return;
  print_counters(output, run);
  fprintf(output->file, "seed %" PRIu64 ", engine %d\n", msim_sim_seed(run->sim), MSIM_ENGINE);
  fprintf(output->file, "fingerprint mail %016" PRIx64 " app %016" PRIx64 " seg %016" PRIx64 " wire %016" PRIx64 "\n",
          run->prints.mail, run->prints.app, run->prints.seg, run->prints.wire);
}

/* ---- results for programs ---- */

static void print_json_scene(FILE *file, const struct run *run)
{
  static const char *const states[] = {"observed", "missing", "not-reached"};
  struct msim_scene_step step;
  const char *failure;
  size_t i;

  fputs(",\"scene\":{\"name\":", file);
  output_json_text(file, msim_scene_name(run->scene));
  fprintf(file, ",\"holds\":%s,\"applicable\":%s,\"summary\":", run->result.holds ? "true" : "false",
          run->result.applicable ? "true" : "false");
  output_json_text(file, msim_scene_summary(run->scene));
  fputs(",\"steps\":[", file);
  for (i = 0; msim_scene_step_at(run->scene, i, &step) == MSIM_OK; i++) {
    fprintf(file, "%s{\"number\":%u,\"actor\":", i > 0 ? "," : "", step.number);
    output_json_text(file, step.actor);
    fputs(",\"says\":", file);
    output_json_text(file, step.says);
    fprintf(file, ",\"state\":\"%s\"", states[step.state]);
    if (step.state == MSIM_SCENE_OBSERVED)
      fprintf(file, ",\"n\":%" PRIu64 ",\"at_ns\":%" PRIu64, step.n, step.at_ns);
    putc('}', file);
  }
  fputs("],\"failures\":[", file);
  for (i = 0; (failure = msim_scene_failure_at(run->scene, i)) != NULL; i++) {
    fputs(i > 0 ? "," : "", file);
    output_json_text(file, failure);
  }
  fputs("]}", file);
}

static void print_json(FILE *file, const struct run *run)
{
  struct msim_counters c;

  msim_sim_counters(run->sim, &c);
  fputs("{\"topology\":", file);
  output_json_text(file, run->info.name);
  fprintf(file, ",\"title\":");
  output_json_text(file, run->info.title);
  fprintf(file, ",\"seed\":%" PRIu64 ",\"engine\":%d,\"end_ns\":%" PRIu64 ",\"interrupted\":%s",
          msim_sim_seed(run->sim), MSIM_ENGINE, run->end_ns, interrupted ? "true" : "false");
  if (run->scene != NULL)
    print_json_scene(file, run);
  if (run->broken != NULL) {
    fprintf(file, ",\"invariants\":{\"connections\":%" PRIu64 ",\"unjudged\":%" PRIu64 ",\"findings\":",
            run->invariants.connection_count, run->invariants.unjudged_count);
    broken_print_json(run->broken, file);
    putc('}', file);
  }
  fputs(",\"mails\":", file);
  mails_print_json(run->mails, file);
  fprintf(file,
          ",\"counters\":{\"events\":%" PRIu64 ",\"connections\":%" PRIu64 ",\"segments\":%" PRIu64
          ",\"datagrams\":%" PRIu64 ",\"hops\":%" PRIu64 ",\"drops\":%" PRIu64 ",\"retransmissions\":%" PRIu64 "}",
          c.event_count, c.connection_count, c.segment_count, c.datagram_count, c.hop_count, c.drop_count,
          c.retransmit_count);
  fprintf(file,
          ",\"fingerprints\":{\"mail\":\"%016" PRIx64 "\",\"app\":\"%016" PRIx64 "\",\"seg\":\"%016" PRIx64
          "\",\"wire\":\"%016" PRIx64 "\"}}\n",
          run->prints.mail, run->prints.app, run->prints.seg, run->prints.wire);
}

/* ---- the verb ---- */

static bool is_fine(const struct run *run)
{
  return (run->scene == NULL || run->result.holds) && run->invariants.finding_count == 0;
}

/* What it tells goes behind the results; of those for programs it must not become a part. */
static int check_again(const struct run *run, const struct request *request, const struct output *output)
{
  struct same_request same = {request->program,   request->topology, msim_sim_seed(run->sim), request->until_ns,
                              request->has_until, request->faults,   request->fault_count,    &request->settings};
  struct output told = *output;

  if (request->json)
    output_init(&told, stderr);
  return same_check(&same, &told, request->quiet);
}

static int run_request(struct run *run, struct request *request)
{
  struct output output;
  int code = EXIT_UNUSABLE;

  if (!load_world(run, request) || !attach(run, request) || simulate(run, request) != MSIM_OK) {
    if (run->sim != NULL)
      (void)msim_sim_finish(run->sim); /* what the sinks have is written before their files are closed */
    (void)traces_close(&request->traces);
    return EXIT_UNUSABLE;
  }
  if (traces_close(&request->traces) && exports_write(&request->exports, run->sim)) {
    output_init(&output, request->traces.on_stdout ? stderr : stdout);
    if (request->json)
      print_json(output.file, run);
    else
      print_results(&output, run, request);
    code = request->check && !interrupted ? check_again(run, request, &output) : EXIT_FINE;
    if (code == EXIT_FINE && !is_fine(run))
      code = EXIT_FAILED;
    code = close_output(output.file, code);
  }
  return interrupted && code != EXIT_UNUSABLE ? EXIT_INTERRUPTED : code;
}

static bool goes_together(const struct request *request)
{
  if (request->check && request->imports.count > 0)
    complain("--check reads no mail from files: leave --import out, or put the mail into the topology by `messages`");
  return !request->check || request->imports.count == 0;
}

int verb_run(struct arguments *arguments)
{
  struct request request;
  struct run run;
  int code = EXIT_UNUSABLE;

  memset(&request, 0, sizeof request);
  memset(&run, 0, sizeof run);
  request.program = arguments->items[0];
  if (read_arguments(arguments, &request) && goes_together(&request)) {
    if (request.help)
      print_usage(
          "run TOPOLOGY [OPTIONS]",
          "Runs a topology. Prints the steps of its scene as they were observed, or without a scene what\n"
          "became of the mails; then counters and fingerprints. With a trace on standard output the\n"
          "results go to standard error.\n"
          "Exit status: 0, 1 when the scene does not hold or TCP broke a rule, 2 when something is unusable or\n"
          "the run fails.",
          options);
    code = request.help ? close_output(stdout, EXIT_FINE) : run_request(&run, &request);
  }
  (void)traces_close(&request.traces);
  steps_free(run.steps);
  msim_scene_free(run.scene);
  msim_sim_free(run.sim);
  mails_free(run.mails);
  broken_free(run.broken);
  return code;
}
