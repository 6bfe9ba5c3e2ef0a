/* show.c: `mailsim show`: a written trace as a ladder, as the lives of its mails, as numbers, as a page,
 * or in other forms.
 *
 * The library feeds the file into sinks as if it were a run; this file chooses the sinks. Runs nothing. */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH_MIN 60u
#define WIDTH_MAX 500u
#define STRINGS_MAX 16u
#define STEP_MAX 99999999u

static const struct option options[] = {
    {"ladder", NULL, "a lifeline per host, an arrow per segment (default)"},
    {"mail", NULL, "what happened to each message, when and where"},
    {"stats", NULL, "connections, links and hosts in numbers"},
    {"conn", "NAME", "only this connection, such as pc-a>isp-x:25#1; * and ? stand for any text and any byte"},
    {"host", "NAME", "only what this host sends, gets or tells; * and ? as above"},
    {"html", "FILE", "write a page that plays the run, or both of two runs, in a browser; - is standard output"},
    {"scene", "FILE", "the scene whose steps the ladder or the page tells; a second one is that of a second trace"},
    {"case", "ID", "which case of the scene"},
    {"strings", "FILE", "words of the page in another language; may be repeated"},
    {"refresh", "PAGE", "instead of a trace: write the run of an old page into a page of today"},
    {"convert", "FORMAT:PATH[,OPTIONS]", "write the trace in another form; may be repeated; PATH - is standard output"},
    {"json", NULL, "print the statistics as one JSON object"},
    {"width", "COLUMNS", "width of the ladder (default: that of the terminal, else 100)"},
    {"color", "WHEN", "of the ladder: auto (a terminal without NO_COLOR, the default), always or never"},
    {"ascii", NULL, "draw the ladder without UTF-8"},
    {"full", NULL, "in the ladder also seq, ack and window of each segment"},
    {"step", "N..M", "in the ladder only from step N to step M of the scene; also N, N.. and ..M"},
    {"watch", NULL, "the ladder on a terminal, one step per key, or without a scene one row"},
    {"all", NULL, "in the ladder also the rows that no step of the scene is about"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

enum view { VIEW_NONE, VIEW_LADDER, VIEW_MAIL, VIEW_STATS };

struct request {
  const char *trace, *second, *conn, *host, *refresh, *html, *color, *step;
  const char *scenes[2], *cases[2]; /* of both traces */
  size_t scenes_count, cases_count;
  const char *strings[STRINGS_MAX];
  size_t strings_count;
  enum view view;
  struct traces traces;
  struct watch *watch; /* NULL: not asked for */
  uint64_t width, first_step, last_step;
  bool json, ascii, full, all, watched, help;
};

/* ---- arguments ---- */

static bool choose(struct request *request, enum view view)
{
  if (request->view != VIEW_NONE && request->view != view) {
    complain("show: one of --ladder, --mail and --stats at a time");
    return false;
  }
  request->view = view;
  return true;
}

/* "7", "7..9", "7..", "..9". */
static bool read_steps(const char *text, uint64_t *first, uint64_t *last)
{
  const char *dots = strstr(text, "..");
  char begin[12] = "0";

  *last = STEP_MAX;
  if (dots == NULL)
    return parse_count(text, first) && *first <= STEP_MAX && parse_count(text, last);
  if (dots - text >= (ptrdiff_t)sizeof begin || (dots == text && dots[2] == '\0'))
    return false;
  if (dots > text) {
    memcpy(begin, text, (size_t)(dots - text));
    begin[dots - text] = '\0';
  }
  if (!parse_count(begin, first) || (dots[2] != '\0' && !parse_count(dots + 2, last)))
    return false;
  return *first <= *last && *last <= STEP_MAX;
}

static bool take_option(struct request *request, const char *name, const char *value)
{
  if (strcmp(name, "watch") == 0)
    request->watched = true;
  if (strcmp(name, "ladder") == 0 || strcmp(name, "watch") == 0)
    return choose(request, VIEW_LADDER);
  if (strcmp(name, "mail") == 0)
    return choose(request, VIEW_MAIL);
  if (strcmp(name, "stats") == 0)
    return choose(request, VIEW_STATS);
  if (strcmp(name, "html") == 0) {
    char text[4096];

    request->html = value;
    if (snprintf(text, sizeof text, "html:%s", value) < (int)sizeof text)
      return traces_add(&request->traces, text);
    complain("--html: the name of the file is too long");
    return false;
  }
  if (strcmp(name, "convert") == 0)
    return traces_add(&request->traces, value);
  if (strcmp(name, "conn") == 0 || strcmp(name, "host") == 0) {
    *(name[0] == 'c' ? &request->conn : &request->host) = value;
    if (value[0] != '\0' && strchr(value, ',') == NULL && strlen(value) < 1000)
      return true;
    complain("--%s %s: write the name of a %s, such as %s, or a pattern such as %s", name, value,
             name[0] == 'c' ? "connection" : "host", name[0] == 'c' ? "pc-a>isp-x:25#1" : "pc-a",
             name[0] == 'c' ? "*:25#*" : "pc-*");
    return false;
  }
  if (strcmp(name, "strings") == 0) {
    if (request->strings_count == STRINGS_MAX) {
      complain("--strings: at most %u files", STRINGS_MAX);
      return false;
    }
    request->strings[request->strings_count++] = value;
    return true;
  }
  if (strcmp(name, "color") == 0) {
    request->color = value;
    if (strcmp(value, "auto") == 0 || strcmp(value, "always") == 0 || strcmp(value, "never") == 0)
      return true;
    complain("--color %s: write auto, always or never", value);
    return false;
  }
  if (strcmp(name, "step") == 0) {
    request->step = value;
    if (read_steps(value, &request->first_step, &request->last_step))
      return true;
    complain("--step %s: write a step such as 7, or some of them: 7..9, 7.., ..9", value);
    return false;
  }
  if (strcmp(name, "width") == 0) {
    if (parse_count(value, &request->width) && request->width >= WIDTH_MIN && request->width <= WIDTH_MAX)
      return true;
    complain("--width %s: write a number from %u to %u", value, WIDTH_MIN, WIDTH_MAX);
    return false;
  }
  if (strcmp(name, "scene") == 0 || strcmp(name, "case") == 0) {
    size_t *count = name[0] == 's' ? &request->scenes_count : &request->cases_count;

    if (*count == 2) {
      complain("--%s %s: at most two, one for each trace", name, value);
      return false;
    }
    (name[0] == 's' ? request->scenes : request->cases)[(*count)++] = value;
    return true;
  }
  if (strcmp(name, "refresh") == 0)
    request->refresh = value;
  else if (strcmp(name, "json") == 0)
    request->json = true;
  else if (strcmp(name, "ascii") == 0)
    request->ascii = true;
  else if (strcmp(name, "full") == 0)
    request->full = true;
  else if (strcmp(name, "all") == 0)
    request->all = true;
  else
    request->help = true;
  return true;
}

static bool refresh_fits(const struct request *request)
{
  if (request->html != NULL && request->traces.count == 1 && request->trace == NULL && request->view == VIEW_NONE &&
      request->scenes_count == 0 && request->strings_count == 0 && request->conn == NULL && request->host == NULL)
    return true;
  complain("--refresh goes with --html FILE alone: the old page has all the rest");
  return false;
}

static bool fits_together(struct request *request)
{
  if (request->refresh != NULL)
    return refresh_fits(request);
  if (request->trace == NULL) {
    complain("show: which trace? See mailsim show --help");
    return false;
  }
  if (request->second != NULL && (request->html == NULL || request->traces.count != 1 || request->view != VIEW_NONE)) {
    complain("show: two traces go with --html FILE alone, which shows both; mailsim diff %s %s compares them",
             request->trace, request->second);
    return false;
  }
  if (request->traces.on_stdout && request->view != VIEW_NONE) {
    complain("show: standard output cannot take a view and a trace");
    return false;
  }
  if (request->view == VIEW_NONE && request->traces.count == 0)
    request->view = request->json ? VIEW_STATS : VIEW_LADDER;
  if (request->json && request->view != VIEW_STATS) {
    complain("--json belongs to --stats; --convert jsonl:- writes the records");
    return false;
  }
  if (request->scenes_count > 0 && !traces_have(&request->traces, "html") && request->view != VIEW_LADDER) {
    complain("--scene belongs to --ladder and --html: they tell its steps");
    return false;
  }
  if (request->strings_count > 0 && !traces_have(&request->traces, "html")) {
    complain("--strings belongs to --html: it is for the page");
    return false;
  }
  if (request->full && request->view != VIEW_LADDER) {
    complain("--full belongs to --ladder");
    return false;
  }
  if ((request->all || request->step != NULL) && (request->scenes_count == 0 || request->view != VIEW_LADDER)) {
    complain("%s: give --ladder and --scene FILE: a trace does not say which of its rows are steps",
             request->all ? "--all" : "--step");
    return false;
  }
  if (request->cases_count > 0 && request->scenes_count == 0) {
    complain("--case %s: there is no scene; give --scene FILE", request->cases[0]);
    return false;
  }
  if (request->scenes_count > 1 && request->second == NULL) {
    complain("--scene %s: one trace has one scene; a second one belongs to a second trace", request->scenes[1]);
    return false;
  }
  if (request->watched && !watch_is_possible(request->trace))
    return false;
  if (request->conn != NULL && request->view == VIEW_MAIL) {
    complain("--conn: a mail has more than one connection; leave it out, or use --ladder");
    return false;
  }
  return true;
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
      if (request->second != NULL) {
        complain("show: at most two traces, on one page; %s is one too many", value);
        return false;
      }
      *(request->trace == NULL ? &request->trace : &request->second) = value;
      break;
    }
  }
}

/* ---- the view ---- */

static unsigned terminal_width(void)
{
  unsigned width = output_columns(stdout);

  if (width == 0)
    return 100;
  return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
}

/* A terminal whose locale does not speak of UTF-8 gets ASCII. Files and pipes get the same bytes everywhere. */
static bool terminal_is_ascii(void)
{
  static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  size_t i;

  if (!isatty(STDOUT_FILENO))
    return false;
  for (i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);

    if (value != NULL && *value != '\0')
      return strstr(value, "UTF-8") == NULL && strstr(value, "utf8") == NULL && strstr(value, "utf-8") == NULL;
  }
  return true;
}

static bool wants_color(const struct request *request)
{
  struct output output;

  output_init(&output, stdout);
  if (request->color == NULL || strcmp(request->color, "auto") == 0)
    return output.color;
  return strcmp(request->color, "always") == 0;
}

static bool add_view(const struct request *request, struct msim_sim *sim)
{
  static const char *const names[] = {NULL, "ladder", "mailsim-show-mail", "mailsim-show-stats"};
  struct msim_out out = msim_out_file(stdout);
  char text[2400], *p = text;
  struct msim_diag diag;
  int err = MSIM_OK;

  if (request->view == VIEW_NONE)
    return true;
  if (request->watched) {
    out.ctx = request->watch;
    out.write = watch_write;
  }
  text[0] = '\0';
  if (request->conn != NULL)
    p += sprintf(p, "conn=%s,", request->conn); /* shorter than 1000 bytes */
  if (request->host != NULL)
    p += sprintf(p, "host=%s,", request->host);
  if (request->view == VIEW_LADDER)
    p += sprintf(p, "width=%u%s%s%s%s%s%s,", request->width != 0 ? (unsigned)request->width : terminal_width(),
                 request->ascii || terminal_is_ascii() ? ",ascii" : "", wants_color(request) ? ",color" : "",
                 request->full ? ",full" : "", request->all ? ",all" : "", request->step != NULL ? ",steps=" : "",
                 request->step != NULL ? request->step : "");
  if (request->watched)
    p += sprintf(p, "marks,");
  if (request->view == VIEW_STATS && request->json)
    p += sprintf(p, "json,");
  if (p > text)
    p[-1] = '\0';
  if (request->view == VIEW_MAIL)
    err = msim_sink_register(sim, &show_mail_type);
  else if (request->view == VIEW_STATS)
    err = msim_sink_register(sim, &show_stats_type);
  memset(&diag, 0, sizeof diag);
  if (err == MSIM_OK)
    err = msim_trace_add(sim, names[request->view], &out, text[0] != '\0' ? text : NULL, &diag);
  if (err != MSIM_OK)
    complain("show: %s", diag.text[0] != '\0' ? diag.text : msim_strerror(err));
  return err == MSIM_OK;
}

/* ---- whether anything fits --conn and --host ---- */

static int any_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  bool *told = state;

  (void)record;
  if (*told)
    return MSIM_OK;
  *told = true;
  return msim_sink_write(sink, "", 1);
}

static const struct msim_sink_type any_type = {
    .name = "mailsim-show-any",
    .summary = "whether there is a record (for the command)",
    .state_bytes = sizeof(bool),
    .record = any_record,
};

static int note_any(void *ctx, const void *data, size_t size_bytes)
{
  (void)data;
  *(bool *)ctx = *(bool *)ctx || size_bytes > 0;
  return MSIM_OK;
}

static bool add_any(struct msim_sim *sim, const char *filter, bool *any)
{
  const struct msim_out out = {.ctx = any, .write = note_any};

  if (filter == NULL || (msim_sink_register(sim, &any_type) == MSIM_OK &&
                         msim_trace_add(sim, any_type.name, &out, filter, NULL) == MSIM_OK))
    return true;
  complain("show: out of memory");
  return false;
}

/* ---- the trace ---- */

static int feed(struct msim_sim *sim, const char *path)
{
  bool is_stdin = strcmp(path, "-") == 0;
  FILE *file = is_stdin ? stdin : fopen(path, "rb");
  struct msim_in in;
  unsigned findings = 0;
  int err, finish_err;

  if (file == NULL) {
    complain("%s cannot be read: %s", path, strerror(errno));
    return MSIM_ERR_IO;
  }
  in = msim_in_file(file);
  err = msim_trace_replay(sim, &in, is_stdin ? "standard input" : path, print_finding, &findings);
  if (!is_stdin)
    fclose(file);
  finish_err = msim_sim_finish(sim);
  if (err == MSIM_OK)
    err = finish_err;
  if (err != MSIM_OK && findings == 0)
    complain("%s: %s", path, msim_sim_error(sim)[0] != '\0' ? msim_sim_error(sim) : msim_strerror(err));
  return err;
}

static bool has_steps_asked_for(const struct request *request, const struct msim_scene *scene)
{
  struct msim_scene_step step;
  unsigned least = UINT32_MAX, most = 0;
  size_t i;

  for (i = 0; msim_scene_step_at(scene, i, &step) == MSIM_OK; i++) {
    if (step.number >= request->first_step && step.number <= request->last_step)
      return true;
    least = step.number < least ? step.number : least;
    most = step.number > most ? step.number : most;
  }
  complain("--step %s: the scene %s has the steps %u to %u", request->step, msim_scene_name(scene), least, most);
  return false;
}

/* The scene watches the trace as it would watch the run. The second of two traces has the second scene, if there is
 * one.
 */
static bool add_scene(const struct request *request, size_t which, struct msim_sim *sim, struct msim_scene **scene)
{
  size_t at = request->scenes_count > 1 ? which : 0;
  struct msim_scene_opts opts;
  unsigned findings = 0;
  int err;

  if (request->scenes_count == 0)
    return true;
  memset(&opts, 0, sizeof opts);
  opts.case_id = request->cases[request->cases_count > 1 ? which : 0];
  err = msim_scene_load_file(scene, request->scenes[at], &opts, print_finding, &findings);
  if (err == MSIM_OK)
    err = msim_scene_attach(*scene, sim);
  if (err != MSIM_OK && findings == 0)
    complain("%s: %s", request->scenes[at], msim_strerror(err));
  if (err != MSIM_OK || (request->step != NULL && !has_steps_asked_for(request, *scene)))
    return false;
  if (traces_have(&request->traces, "html") && !captions_load_all(*scene, request->scenes[at]))
    return false;
  return request->view != VIEW_LADDER || captions_load(*scene, request->scenes[at], NULL);
}

static bool add_strings(const struct request *request, struct msim_sim *sim)
{
  size_t i;

  for (i = 0; i < request->strings_count; i++)
    if (!strings_add(sim, request->strings[i]))
      return false;
  return true;
}

/* The data of one run for a page that shows two. */
static bool write_data(void *ctx, size_t which, const char *path, FILE *to)
{
  const struct request *request = ctx;
  struct msim_out out = msim_out_file(to);
  struct msim_scene *scene = NULL;
  struct msim_sim *sim = NULL;
  struct msim_diag diag;
  bool fine = false;
  char options_text[2200];

  memset(&diag, 0, sizeof diag);
  snprintf(options_text, sizeof options_text, "data%s%s%s%s", request->conn != NULL ? ",conn=" : "",
           request->conn != NULL ? request->conn : "", request->host != NULL ? ",host=" : "",
           request->host != NULL ? request->host : "");
  if (msim_sim_new(&sim, NULL) != MSIM_OK)
    complain("out of memory");
  else if (add_scene(request, which, sim, &scene) && (which > 0 || add_strings(request, sim))) {
    int err = msim_trace_add(sim, "html", &out, options_text, &diag);

    if (err != MSIM_OK)
      complain("show: %s", diag.text[0] != '\0' ? diag.text : msim_strerror(err));
    else
      fine = feed(sim, path) == MSIM_OK;
  }
  msim_sim_free(sim);
  msim_scene_free(scene);
  return fine;
}

static int show_pages(struct request *request)
{
  const char *const paths[2] = {request->trace, request->second};
  bool fine = request->refresh != NULL ? page_refresh(request->refresh, request->html)
                                       : page_pair(paths, request->html, write_data, request);

  return close_output(stdout, fine ? EXIT_FINE : EXIT_UNUSABLE);
}

static int show_request(struct request *request)
{
  struct msim_scene *scene = NULL;
  struct msim_sim *sim = NULL;
  char filter[2100];
  int code = EXIT_UNUSABLE;
  bool any = false;

  snprintf(filter, sizeof filter, "%s%s%s%s%s", request->conn != NULL ? "conn=" : "",
           request->conn != NULL ? request->conn : "", request->conn != NULL && request->host != NULL ? "," : "",
           request->host != NULL ? "host=" : "", request->host != NULL ? request->host : "");
  request->traces.filter = filter[0] != '\0' ? filter : NULL;
  request->watch = request->watched ? watch_new() : NULL;
  if (msim_sim_new(&sim, NULL) != MSIM_OK || (request->watched && request->watch == NULL))
    complain("out of memory");
  else if (add_scene(request, 0, sim, &scene) && add_strings(request, sim) && add_view(request, sim) &&
           traces_attach(&request->traces, sim) && add_any(sim, request->traces.filter, &any) &&
           feed(sim, request->trace) == MSIM_OK)
    code = EXIT_FINE;
  if (sim != NULL)
    (void)msim_sim_finish(sim);
  if (code == EXIT_FINE && request->traces.filter != NULL && !any)
    complain("nothing in %s fits %s; mailsim show %s --stats tells its connections and hosts", request->trace,
             request->traces.filter, request->trace);
  if (!traces_close(&request->traces))
    code = EXIT_UNUSABLE;
  if (request->watched && code == EXIT_FINE)
    code = watch_run(request->watch, scene);
  watch_free(request->watch);
  msim_sim_free(sim);
  msim_scene_free(scene);
  return close_output(stdout, code);
}

int verb_show(struct arguments *arguments)
{
  struct request request;
  int code = EXIT_UNUSABLE;

  memset(&request, 0, sizeof request);
  request.traces.option = "--convert";
  if (read_arguments(arguments, &request)) {
    if (request.help)
      print_usage("show TRACE [OPTIONS]\n       mailsim show --html FILE A B",
                  "Shows a trace that was written with --trace jsonl:FILE (- is standard input), or writes it in\n"
                  "other forms. With --convert and no view nothing is printed. A and B, each a trace or a page, come "
                  "on one page.\n"
                  "Exit status: 0, 2 when the trace cannot be used; what stands in front of the bad line is shown.",
                  options);
    if (request.help)
      code = close_output(stdout, EXIT_FINE);
    else if (request.refresh != NULL || request.second != NULL)
      code = show_pages(&request);
    else
      code = show_request(&request);
  }
  (void)traces_close(&request.traces);
  return code;
}
