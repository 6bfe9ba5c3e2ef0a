/* command.h: what the files of the command share. The command uses <mailsim/...> only, like any other program. */
#ifndef MAILSIM_COMMAND_H
#define MAILSIM_COMMAND_H

#include <mailsim/mailsim.h>

#include <signal.h>
#include <stdio.h>

/* Exit codes. INTERRUPTED is what shells expect of a program that SIGINT ended. */
enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_UNUSABLE = 2, EXIT_INTERRUPTED = 130 };

/* ---- options.c ---- */

struct option {
  const char *name;  /* "seed", given as --seed */
  const char *value; /* name of its value in the help, or NULL: takes none */
  const char *help;
};

/* Walks through argv behind the verb. Options and operands may be mixed; "--" ends the options. */
struct arguments {
  int count;
  char **items;
  int next;
  bool operands_only;
};

enum argument_kind { ARGUMENT_END, ARGUMENT_OPTION, ARGUMENT_OPERAND, ARGUMENT_WRONG };

/* Whether --help is among them, for verbs that look at their operands at once. */
bool arguments_ask_help(const struct arguments *arguments);
/* The next argument. OPTION: *option, and *value when it takes one. OPERAND: *value. WRONG: it was said on stderr.
 * options ends with a name NULL. */
enum argument_kind argument_next(struct arguments *arguments, const struct option *options,
                                 const struct option **option, const char **value);

/* The nearest of the names (NULL-terminated), or NULL when none is near. */
const char *nearest_name(const char *word, const char *const *names);

/* "10ms", "1.5s", "2min", "1h", "quiet" (MSIM_NEVER). */
bool parse_time(const char *text, msim_ns *out);
bool parse_count(const char *text, uint64_t *out);

/* ---- output.c ---- */

/* Where results go: standard output, or standard error when the trace has standard output. */
struct output {
  FILE *file;
  bool color;
};

void output_init(struct output *output, FILE *file);

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_GOOD, STYLE_BAD, STYLE_DIM };
/* Begins a style; STYLE_PLAIN ends it. Nothing unless the output has colour. */
void output_style(const struct output *output, enum style style);

/* Foreign text: control characters and bytes that are no UTF-8 are written as \xNN, so that a file cannot drive a
 * terminal. */
void output_text(FILE *file, const char *text);
void output_text_part(FILE *file, const char *text, size_t size_bytes);
/* How many bytes of a text fit into so many columns of a terminal, as output_text writes them, and how many they use.
 * Characters that are wide in most fonts count two. */
size_t output_fit(const char *text, unsigned columns, unsigned *used);
/* Of the terminal behind a file, or what COLUMNS says; 0: neither. */
unsigned output_columns(FILE *file);
void output_seconds(FILE *file, msim_ns at_ns);      /* 12.345678 */
void output_json_text(FILE *file, const char *text); /* in quotes */

/* A complaint about the use of the command, on stderr, "mailsim: ..." */
void complain(const char *format, ...) MSIM_PRINTF(1, 2);

/* msim_diag_fn: prints "file:line:column: sentence" on stderr and counts in *(unsigned *)user. */
void print_finding(void *user, const struct msim_diag *diag);

/* EXIT_UNUSABLE with a complaint when what was written cannot reach its file, else code. */
int close_output(FILE *file, int code);

/* ---- traces.c: where the bytes of traces go ---- */

#define TRACES_MAX 32

struct trace_target {
  char *format, *path;
  const char *options; /* inside of path's block, or NULL */
  FILE *file;
  bool broken; /* could not be written once */
};

struct traces {
  struct trace_target targets[TRACES_MAX];
  size_t count;
  bool on_stdout;
  const char *option; /* how the user gave them, for complaints; NULL: --trace */
  const char *filter; /* an option that each of them gets in front of its own, or NULL */
  bool goes_on;       /* also when one cannot be written any more, which is said then */
};

/* FORMAT:PATH[,options]; path "-" is standard output. false: said on stderr. */
bool traces_add(struct traces *traces, const char *text);
/* Opens the files and adds the sinks. false: said on stderr. */
bool traces_attach(struct traces *traces, struct msim_sim *sim);
/* Whether one of them is of this format. */
bool traces_have(const struct traces *traces, const char *format);
/* Closes the files. false: one could not be written, said on stderr. */
bool traces_close(struct traces *traces);

/* ---- mails.c: what became of the mails, from app events ---- */

struct mails;
/* Watches a simulation before its start. NULL: out of memory. */
struct mails *mails_watch(struct msim_sim *sim);
void mails_free(struct mails *mails);
void mails_print(const struct mails *mails, const struct output *output);
void mails_print_json(const struct mails *mails, FILE *file);
/* Whether each mail of a person that was delivered before is now delivered, returned, or known to its sender as failed;
 * no_more: and has no more copies than before. Of two runs that have ended. false: sentence says what is not. */
bool mails_as_before(const struct mails *before, const struct mails *now, bool no_more, char *sentence,
                     size_t sentence_bytes);

/* ---- captions.c ---- */

/* Gives a scene the captions of a language ("de", "en-GB"), or when NULL of the environment's, from the file
 * strings/LANGUAGE.yaml beside the scene's. Without such a file the scene keeps its own. false: the language that was
 * asked for is not there, or its file is broken; said on stderr. */
bool captions_load(struct msim_scene *scene, const char *scene_path, const char *asked);
/* Gives a scene the captions of every language beside its own, for what tells a run in several. false: a file is
 * broken; said on stderr. */
bool captions_load_all(struct msim_scene *scene, const char *scene_path);
/* Gives the player's page a file of strings. false: said on stderr. */
bool strings_add(struct msim_sim *sim, const char *path);

/* ---- status.c: a line about a long run ---- */

struct status_opts {
  const char *name;         /* of the topology */
  struct msim_scene *scene; /* whose steps are counted; NULL: none */
  enum msim_scene_order order;
  struct steps *steps; /* to be told as they are observed; NULL: not */
  bool is_off;         /* the terminal is used by something else */
};

/* Runs until until_ns like msim_sim_run. On a terminal a line on standard error tells how far it is, at most ten times
 * a second. Ends early when *interrupted (may be NULL) is not 0. */
int status_run(struct msim_sim *sim, msim_ns until_ns, const struct status_opts *opts,
               const volatile sig_atomic_t *interrupted);

/* The real clock, and whether there is a terminal that such a line can be written to. */
uint64_t status_clock_ms(void);
bool status_is_wanted(void);

/* ---- list_topologies.c ---- */

/* An exit code. */
int list_topologies(const struct output *output);

/* ---- steps.c: steps of a scene, told on a terminal while they happen ---- */

struct steps;
/* NULL: out of memory. The scene has to stay. */
struct steps *steps_open(struct msim_scene *scene, FILE *file);
void steps_free(struct steps *steps);
/* Those that were observed since, by the last judgement. false: none. */
bool steps_tell(struct steps *steps);
/* All that were not told yet; when the end of the run has changed what was told, all. */
void steps_tell_end(struct steps *steps);

/* ---- show_page.c: pages out of what was written before. False: it was told why not. ---- */

/* Writes an old page's run into a page of today; "-" is standard output. */
bool page_refresh(const char *old, const char *path);
/* Turns a trace, which of both, into data of the player. False: it was told why not. */
typedef bool page_data_fn(void *ctx, size_t which, const char *trace, FILE *to);
/* Two runs, each a page, the data of one, or a trace, on one page. */
bool page_pair(const char *const paths[2], const char *path, page_data_fn *make, void *ctx);

/* ---- show_mail.c, show_stats.c: views of a trace as sinks of the command's own ---- */

extern const struct msim_sink_type show_mail_type, show_stats_type; /* show_stats_type knows the option `json` */

/* ---- watch.c: a ladder, one step per key ---- */

struct watch;
/* Whether there is a terminal for it, and the trace is not where keys come from. false: said on stderr. */
bool watch_is_possible(const char *trace);
struct watch *watch_new(void); /* NULL: out of memory */
void watch_free(struct watch *watch);
/* What a ladder with the option `marks` is written to: ctx is the watch. */
int watch_write(void *ctx, const void *data, size_t size_bytes);
/* Once the ladder is complete. scene: judged, or NULL. An exit code. */
int watch_run(struct watch *watch, const struct msim_scene *scene);

/* ---- broken.c: rules of TCP that a run broke ---- */

struct broken;
/* Watches a simulation before its start; freed after the simulation. NULL: out of memory. */
struct broken *broken_watch(struct msim_sim *sim);
void broken_free(struct broken *broken);
void broken_print(const struct broken *broken, const struct output *output); /* nothing when none was broken */
void broken_print_json(const struct broken *broken, FILE *file);             /* a list */
/* One of the first few findings: what tells it from others (the rule, whose mistake, and of what sort), and a sentence.
 */
struct broken_row {
  char rule[8], place[320], step[320], sentence[1024];
  msim_ns at_ns;
};
bool broken_row(const struct broken *broken, size_t index, struct broken_row *out); /* false: past the end */

/* ---- run.c ---- */

/* Adds what --fault gave. false: said on stderr. */
/* ---- topology.c: the topology that a verb is given ---- */

#define SETTINGS_MAX 64u
struct settings { /* of --set: "PATH=VALUE" */
  const char *items[SETTINGS_MAX];
  size_t count;
};
/* Borrows the text. false: said on stderr. */
bool settings_add(struct settings *settings, const char *text);
/* A file, or "-" for standard input, which names no further files. settings may be NULL. As msim_topology_load_file. */
int topology_load(struct msim_sim *sim, const char *path, const struct settings *settings, msim_diag_fn *fn,
                  void *user);

bool faults_add(struct msim_sim *sim, const char *const *faults, size_t fault_count);

/* ---- same.c: whether a topology runs the same again ---- */

struct same_request {
  const char *program; /* argv[0] */
  const char *topology;
  uint64_t seed;
  msim_ns until_ns;
  bool has_until;
  const char *const *faults; /* --fault */
  size_t fault_count;
  const struct settings *settings;
};
/* Runs it again in other circumstances. An exit code: EXIT_FAILED when a run differs, which is told on output; said on
 * stderr when one is unusable. */
int same_check(const struct same_request *request, const struct output *output, bool quiet);

/* ---- points.c: where in a run something can go wrong ---- */

enum points_kind { POINTS_NONE, POINTS_DROP, POINTS_CRASH, POINTS_SPLIT };
enum points_kind points_kind_of(const char *name); /* "drop", "crash", "split"; else POINTS_NONE */
const char *points_kind_name(enum points_kind kind);

struct points;
/* Watches a simulation before its start; freed after the simulation. NULL: out of memory. */
struct points *points_watch(struct msim_sim *sim, enum points_kind kind);
/* After the end of the simulation, before the rest. false: out of memory. */
bool points_settle(struct points *points);
size_t points_count(const struct points *points);
/* "drop: {...}", an item of `faults` but its id; and what it is for people. */
void points_fault(const struct points *points, size_t index, char *out, size_t out_bytes);
msim_ns points_time(const struct points *points, size_t index); /* of a crash */
void points_what(const struct points *points, size_t index, char *out, size_t out_bytes);
void points_free(struct points *points);

/* ---- verbs: arguments behind the verb; return an exit code ---- */

int verb_run(struct arguments *arguments);
int verb_check(struct arguments *arguments);
int verb_diff(struct arguments *arguments);
int verb_explore(struct arguments *arguments);
int verb_list(struct arguments *arguments);
int verb_new(struct arguments *arguments);
int verb_show(struct arguments *arguments);
int verb_schema(struct arguments *arguments);
int verb_test(struct arguments *arguments);
int verb_record(struct arguments *arguments);
int verb_accept(struct arguments *arguments);
int verb_serve(struct arguments *arguments); /* serve/serve.c, or serve_none.c where the build has no libuv */

/* The help of one verb on standard output. */
void print_usage(const char *synopsis, const char *text, const struct option *options);

#endif
