/* check.h: deciding whether a run shows a scene, and whether its TCP and its mail keep the rules.
 *
 * A scene is a YAML file that names few steps; a trace holds many more records. The steps are found in it, in order, by
 * the earliest records that fit; records that no step claims do not matter. The format is described in docs/scenes.md.
 * Does not include: what is recorded and how it is written (trace.h). */
#ifndef MAILSIM_CHECK_H
#define MAILSIM_CHECK_H

#include <mailsim/base.h>
#include <mailsim/sim.h>
#include <mailsim/trace.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One scene, or one case of a scene file, with what it has seen of one run. Used from one thread at a time. */
struct msim_scene;

/* All zero is a good default. */
struct msim_scene_opts {
  const char *case_id; /* which case of a file that has several; NULL: the file has none */
  struct msim_mem mem; /* resize NULL: the C library */
};

/* Reads a scene. fn (may be NULL) is called for each finding; findings of a scene that loads are warnings. *out is NULL
 * unless 0 is returned. 0, MSIM_ERR_SYNTAX, MSIM_ERR_NOT_FOUND (no such case; the finding lists those there are),
 * MSIM_ERR_IO, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
#define msim_scene_load_file(out, path, opts, fn, user)                                                                \
  msim_scene_load_file_sized((out), (path), (opts), sizeof(struct msim_scene_opts), (fn), (user))
MSIM_API int msim_scene_load_file_sized(struct msim_scene **out, const char *path, const struct msim_scene_opts *opts,
                                        size_t opts_bytes, msim_diag_fn *fn, void *user);
/* The same from memory; name stands in the findings. */
#define msim_scene_load_text(out, name, text, opts, fn, user)                                                          \
  msim_scene_load_text_sized((out), (name), (text), (opts), sizeof(struct msim_scene_opts), (fn), (user))
MSIM_API int msim_scene_load_text_sized(struct msim_scene **out, const char *name, struct msim_slice text,
                                        const struct msim_scene_opts *opts, size_t opts_bytes, msim_diag_fn *fn,
                                        void *user);

/* Puts the sentences of a file of strings over the scene's title and what its steps say: its captions in another
 * language (docs/scenes.md; those of the scenes in topologies/ are in topologies/scenes/strings/). All of them, or none
 * when something is wrong. A step that the file does not tell keeps its sentence; texts that were handed out stay
 * valid. 0, MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT, MSIM_ERR_IO (each told to fn), MSIM_ERR_NOT_FOUND (it has nothing about
 * this scene and case; not told), MSIM_ERR_NOMEM. */
MSIM_API int msim_scene_load_strings_file(struct msim_scene *scene, const char *path, msim_diag_fn *fn, void *user);
/* The same from memory; name stands in the findings. */
MSIM_API int msim_scene_load_strings_text(struct msim_scene *scene, const char *name, struct msim_slice text,
                                          msim_diag_fn *fn, void *user);

/* Keeps the sentences of a file of strings beside the scene's own, under the name of a language such as "de", for what
 * tells a run in several of them: the sink html asks the scene that is attached to its simulation. Errors as above. */
MSIM_API int msim_scene_add_language_file(struct msim_scene *scene, const char *language, const char *path,
                                          msim_diag_fn *fn, void *user);
/* The same from memory; name stands in the findings. */
MSIM_API int msim_scene_add_language_text(struct msim_scene *scene, const char *language, const char *name,
                                          struct msim_slice text, msim_diag_fn *fn, void *user);

/* Before or after msim_sim_free of the simulation that it watches. NULL is fine. */
MSIM_API void msim_scene_free(struct msim_scene *scene);

/* Watches a run: before the start of sim. One simulation per scene, any number of scenes per simulation.
 * MSIM_ERR_STATE: started already, or the scene has seen something before. MSIM_ERR_NOMEM. */
MSIM_API int msim_scene_attach(struct msim_scene *scene, struct msim_sim *sim);

/* Takes a written trace (form jsonl) instead of a run. fn is called for the first thing that is wrong with it.
 * MSIM_ERR_SYNTAX, MSIM_ERR_STATE (the scene has seen something before), MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
MSIM_API int msim_scene_read_trace(struct msim_scene *scene, const char *name, struct msim_slice text, msim_diag_fn *fn,
                                   void *user);

/* Causal order must hold in every run; narrated order, that of the telling, in the example of the scene. */
enum msim_scene_order { MSIM_SCENE_BOTH, MSIM_SCENE_CAUSAL, MSIM_SCENE_NARRATED };

struct msim_scene_result {
  bool holds;                        /* applicable, every step observed, nothing forbidden, the end as it should be */
  bool applicable;                   /* nothing that the scene requires was seen to be missing */
  size_t step_count, observed_count; /* observed in the first of the orders asked for */
  size_t failure_count;              /* sentences for msim_scene_failure_at */
};

/* Decides on what was seen so far; may be called again after more of the run. *out is filled when 0 is returned.
 * MSIM_ERR_NOMEM, MSIM_ERR_LIMIT (the run had too many records), MSIM_ERR_SYNTAX (a trace that contradicts itself). */
#define msim_scene_judge(scene, order, out)                                                                            \
  msim_scene_judge_sized((scene), (order), (out), sizeof(struct msim_scene_result))
MSIM_API int msim_scene_judge_sized(struct msim_scene *scene, enum msim_scene_order order,
                                    struct msim_scene_result *out, size_t out_bytes);

/* What became of a step in the last judgement; MISSING: not observed; NOT_REACHED: a step that it needs is missing. */
enum msim_scene_state { MSIM_SCENE_OBSERVED, MSIM_SCENE_MISSING, MSIM_SCENE_NOT_REACHED };

struct msim_scene_step {
  unsigned number;
  const char *actor, *says, *kind; /* as in the file, "" when it does not say; borrowed for the scene's life */
  enum msim_scene_state state;
  uint64_t n;    /* of the record that stands for the step; 0 unless observed */
  msim_ns at_ns; /* its time */
};

/* How many steps the scene has. */
MSIM_API size_t msim_scene_step_count(const struct msim_scene *scene);
/* MSIM_ERR_NOT_FOUND: past the end. Before a judgement every step is NOT_REACHED. */
#define msim_scene_step_at(scene, index, out)                                                                          \
  msim_scene_step_at_sized((scene), (index), (out), sizeof(struct msim_scene_step))
MSIM_API int msim_scene_step_at_sized(const struct msim_scene *scene, size_t index, struct msim_scene_step *out,
                                      size_t out_bytes);

/* What is wrong, one sentence each; NULL past the end. Lives until the next judgement. */
MSIM_API const char *msim_scene_failure_at(const struct msim_scene *scene, size_t index);

/* The verdict in one line, "scene mail-send: 13/13 steps, causal ok, narrated ok"; "" before a judgement. */
MSIM_API const char *msim_scene_summary(const struct msim_scene *scene);

/* Borrowed for the scene's life. */
MSIM_API const char *msim_scene_name(const struct msim_scene *scene);  /* with "/CASE" where there is one */
MSIM_API const char *msim_scene_title(const struct msim_scene *scene); /* "" when it has none */

/* ---- invariants: what must hold in every run (docs/invariants.md) ---- */

/* A rule that was broken; everything is borrowed during the callback. Rules of TCP are about a connection, those of
 * mail about a message; what does not apply is "". */
struct msim_invariant_finding {
  const char *rule;       /* "T5", "I3"; stable */
  const char *connection; /* "laptop>mx:25#1" */
  const char *side;       /* whose end broke it: "client", "server" */
  const char *segment;    /* "c3", or "" where no segment did it */
  const char *text;       /* one sentence without its end */
  uint64_t n;             /* of the record at which it was seen */
  msim_ns at_ns;          /* its time */
  const char *message;    /* "m1": its label */
  const char *recipient;  /* "bob@y.example" */
  const char *host;       /* at which it was seen */
};

typedef void msim_invariants_fn(void *user, const struct msim_invariant_finding *finding);

/* Judges every TCP connection and every message of a run, from its records alone: before the start. fn (may be NULL) is
 * called for each finding, once per connection, side and rule, or per message and rule, until msim_sim_finish has
 * returned. Once per simulation.
 * MSIM_ERR_STATE: started, or attached already. MSIM_ERR_NOMEM. */
MSIM_API int msim_invariants_attach(struct msim_sim *sim, msim_invariants_fn *fn, void *user);

/* A rule that runs are judged by: its id ("T5", "I3") and a few words. One id may stand for two. */
struct msim_invariant {
  const char *id, *about;
};
MSIM_API const struct msim_invariant *msim_invariant_at(size_t index); /* from 0; NULL behind the last one */

/* One line without its end about a finding, as `mailsim run` prints it behind "broken: ": "I3 by m1 for bob@y.example
 * on mx at 4.200000 s: …". Control characters that come from outside are escaped. Terminated, cut at capacity_bytes;
 * returns the whole length. */
MSIM_API size_t msim_invariant_format(const struct msim_invariant_finding *finding, char *out, size_t capacity_bytes);

/* Writes what was broken so far as the command prints it, a line each; nothing when all is well. What must hold at the
 * end of a run is judged by msim_sim_finish. 0, or what out returned. */
#define MSIM_INVARIANTS_SHOWN 20u /* lines; then how many more there were */
MSIM_API int msim_invariants_write(const struct msim_sim *sim, const struct msim_out *out);

/* An open file, such as stderr, as a place for bytes. It is not closed, and must stay open as long as that is used. */
MSIM_API struct msim_out msim_out_file(FILE *file);
MSIM_API struct msim_in msim_in_file(FILE *file); /* the same for bytes to be read, from where it stands */

/* Members are only ever added at the end. */
struct msim_invariants_info {
  uint64_t finding_count;
  uint64_t connection_count; /* judged */
  uint64_t unjudged_count;   /* connections beyond what is kept at one time */
  uint64_t message_count;    /* judged */
  uint64_t unjudged_message_count;
};
/* All zero when nothing is attached. */
#define msim_invariants_info(sim, out) msim_invariants_info_sized((sim), (out), sizeof(struct msim_invariants_info))
MSIM_API void msim_invariants_info_sized(const struct msim_sim *sim, struct msim_invariants_info *out,
                                         size_t out_bytes);

/* ---- expectations: what a run must show, and what it must not (docs/expectations.md) ---- */

/* What one `.expect` file says, with what it has seen of one run. Used from one thread at a time. */
struct msim_expect;

/* All zero is a good default. */
struct msim_expect_opts {
  struct msim_mem mem; /* resize NULL: the C library */
};

/* Reads an expectation. fn (may be NULL) is called for each finding. *out is NULL unless 0 is returned.
 * 0, MSIM_ERR_SYNTAX, MSIM_ERR_IO, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
#define msim_expect_load_file(out, path, opts, fn, user)                                                               \
  msim_expect_load_file_sized((out), (path), (opts), sizeof(struct msim_expect_opts), (fn), (user))
MSIM_API int msim_expect_load_file_sized(struct msim_expect **out, const char *path,
                                         const struct msim_expect_opts *opts, size_t opts_bytes, msim_diag_fn *fn,
                                         void *user);
/* The same from memory; name stands in the findings. */
#define msim_expect_load_text(out, name, text, opts, fn, user)                                                         \
  msim_expect_load_text_sized((out), (name), (text), (opts), sizeof(struct msim_expect_opts), (fn), (user))
MSIM_API int msim_expect_load_text_sized(struct msim_expect **out, const char *name, struct msim_slice text,
                                         const struct msim_expect_opts *opts, size_t opts_bytes, msim_diag_fn *fn,
                                         void *user);
/* Before or after msim_sim_free of the simulation that it watches. NULL is fine. */
MSIM_API void msim_expect_free(struct msim_expect *expect);

/* What the file says about the runs that it wants; texts are borrowed for the expectation's life. Members are only ever
 * added at the end. */
struct msim_expect_info {
  const char *topology; /* as it is written: relative to the file; NULL: not said */
  const char *violates; /* the rule that has to be broken, and no other; NULL: none may. For the caller to compare */
  bool has_seeds, has_until;
  uint64_t seed_first, seed_last;
  msim_ns until_ns;
  size_t claim_count; /* how much is claimed; 0: nothing but a topology */
  bool has_sometimes; /* something for msim_expect_end */
};
#define msim_expect_info(expect, out) msim_expect_info_sized((expect), (out), sizeof(struct msim_expect_info))
MSIM_API void msim_expect_info_sized(const struct msim_expect *expect, struct msim_expect_info *out, size_t out_bytes);

/* Begins to watch a run: before the start of sim, once its world is there. Adds the faults that the file itself makes.
 * fn (may be NULL) is told of hosts and events that are not there. Again for each further run, also of another seed.
 * MSIM_ERR_SYNTAX (told), MSIM_ERR_STATE (started), MSIM_ERR_EXISTS, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
MSIM_API int msim_expect_attach(struct msim_expect *expect, struct msim_sim *sim, msim_diag_fn *fn, void *user);

struct msim_expect_result {
  bool holds;
  /* This run was made to find a moment at which something goes wrong. Nothing is decided: make a new simulation of the
   * same world and seed, attach, run and judge it. At most as often as the file has lines `at MOMENT`. */
  bool again;
  size_t failure_count; /* for msim_expect_failure_at */
};
/* Decides on a run that is over (msim_sim_finish). *out is filled when 0 is returned.
 * MSIM_ERR_STATE (nothing was watched), MSIM_ERR_LIMIT (the run is too long), MSIM_ERR_NOMEM. */
#define msim_expect_judge(expect, out) msim_expect_judge_sized((expect), (out), sizeof(struct msim_expect_result))
MSIM_API int msim_expect_judge_sized(struct msim_expect *expect, struct msim_expect_result *out, size_t out_bytes);
/* After the last run: whether what has to happen sometimes has happened in one of them. */
#define msim_expect_end(expect, out) msim_expect_end_sized((expect), (out), sizeof(struct msim_expect_result))
MSIM_API int msim_expect_end_sized(struct msim_expect *expect, struct msim_expect_result *out, size_t out_bytes);

/* One thing that is wrong, with its place in the file: a line that says what, then lines that show it, each with its
 * end. column 0: not known. Lives until the next judgement. */
struct msim_expect_failure {
  unsigned line, column;
  const char *text;
};
/* MSIM_ERR_NOT_FOUND: past the end. */
#define msim_expect_failure_at(expect, index, out)                                                                     \
  msim_expect_failure_at_sized((expect), (index), (out), sizeof(struct msim_expect_failure))
MSIM_API int msim_expect_failure_at_sized(const struct msim_expect *expect, size_t index,
                                          struct msim_expect_failure *out, size_t out_bytes);

/* What a draft tells of each connection: what was said, or every segment with its flags, bytes and fate. */
enum msim_expect_form { MSIM_EXPECT_DIALOGUES, MSIM_EXPECT_SEGMENTS };
/* Writes an expectation that the run just watched fulfils: a draft to be cut down to what matters. topology is what it
 * names. MSIM_ERR_STATE, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM, or what out returned. */
MSIM_API int msim_expect_draft(struct msim_expect *expect, const char *topology, enum msim_expect_form form,
                               const struct msim_out *out);

/* ---- whether two runs are the same ---- */

#define MSIM_DIFFERENCE_BYTES 600

/* The first line of a trace (jsonl, with whole payloads and all hops) in which two runs differ, each as far as it fits:
 * what both have in common ends at column. The line in front of all records, which tells what they were made of, is not
 * compared: what that decides shows in the others. */
struct msim_difference {
  bool differs;
  uint64_t line;                                                       /* of the trace, from 1 */
  msim_ns at_ns;                                                       /* simulated time */
  size_t column;                                                       /* bytes */
  char expected[MSIM_DIFFERENCE_BYTES], actual[MSIM_DIFFERENCE_BYTES]; /* "" at the end of a trace */
};

/* Runs two simulations beside each other, which were made alike and have not started, until until_ns (MSIM_NEVER: until
 * quiet), and compares all that they record. Ends at the first difference. Both are finished afterwards and belong to
 * the caller. 0: *out is filled; else why one of them failed. */
#define msim_same_run(a, b, until_ns, out)                                                                             \
  msim_same_run_sized((a), (b), (until_ns), (out), sizeof(struct msim_difference))
MSIM_API int msim_same_run_sized(struct msim_sim *a, struct msim_sim *b, msim_ns until_ns, struct msim_difference *out,
                                 size_t out_bytes);

/* The same with what another process writes, or has written: its trace of the form jsonl with the options
 * `full-text,hops`. Before the start of sim, which is stopped at the first difference. expected is copied; its ctx must
 * live until msim_same_finish. MSIM_ERR_STATE: started. MSIM_ERR_NOMEM. */
struct msim_same;
MSIM_API int msim_same_new(struct msim_same **out, struct msim_sim *sim, const struct msim_in *expected);
/* After msim_sim_finish: fills *out. 0, or what reading returned. */
#define msim_same_finish(same, out) msim_same_finish_sized((same), (out), sizeof(struct msim_difference))
MSIM_API int msim_same_finish_sized(struct msim_same *same, struct msim_difference *out, size_t out_bytes);
/* Before or after msim_sim_free of the simulation, but after its finish. NULL is fine. */
MSIM_API void msim_same_free(struct msim_same *same);

/* ---- where two traces differ, and why ---- */

/* Each view is contained in the next (docs/trace.md). REST holds what belongs to no view: records of the kinds state,
 * cwnd, fault, host, check and message, and parts of packets. */
enum msim_view { MSIM_VIEW_MAIL, MSIM_VIEW_APP, MSIM_VIEW_SEG, MSIM_VIEW_WIRE, MSIM_VIEW_REST };
#define MSIM_VIEWS 5
/* "mail" …; static; NULL for an unknown one. */
MSIM_API const char *msim_view_name(enum msim_view view);

/* A comparison of two traces: what was expected, and what there is now. Used from one thread at a time. Both are held
 * in memory, as lines of the form text. */
struct msim_diff;
enum msim_diff_side { MSIM_DIFF_EXPECTED, MSIM_DIFF_ACTUAL };

/* All zero is a good default. */
struct msim_diff_opts {
  uint64_t bytes_max;  /* of the lines of one trace; 0: 1 GiB */
  struct msim_mem mem; /* resize NULL: the C library */
};

#define msim_diff_new(out, opts) msim_diff_new_sized((out), (opts), sizeof(struct msim_diff_opts))
MSIM_API int msim_diff_new_sized(struct msim_diff **out, const struct msim_diff_opts *opts, size_t opts_bytes);
MSIM_API void msim_diff_free(struct msim_diff *diff); /* NULL is fine */

/* Reads a written trace, of the form jsonl or text, which is told by its first line. name is for findings and sentences
 * and copied. fn (may be NULL) is called for the first thing that is wrong. MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT,
 * MSIM_ERR_STATE (that side is there already), MSIM_ERR_NOMEM, what read returned. */
MSIM_API int msim_diff_read(struct msim_diff *diff, enum msim_diff_side side, const struct msim_in *in,
                            const char *name, msim_diag_fn *fn, void *user);

/* Runs a simulation that has not started until until_ns (MSIM_NEVER: until quiet) and takes its trace, with the options
 * that the other side was written with, if that has been read already. It is finished afterwards and belongs to the
 * caller. MSIM_ERR_STATE, MSIM_ERR_NOMEM, MSIM_ERR_LIMIT, or why the run failed (then msim_sim_error has the sentence).
 */
MSIM_API int msim_diff_run(struct msim_diff *diff, enum msim_diff_side side, struct msim_sim *sim, msim_ns until_ns,
                           const char *name);

struct msim_diff_result {
  bool differs; /* in the view that was asked for, or one contained in it */
  bool view_differs[MSIM_VIEWS];
  bool is_shown;            /* there is a first difference; a view may differ in what lines do not show */
  uint64_t line_count[2];   /* of the two traces */
  uint64_t flow_count;      /* connections, exchanges of datagrams, hosts with events */
  uint64_t differing_count; /* of them */
};

/* Compares both, once; differences below this view are ignored. MSIM_ERR_STATE: a side is missing, or it was compared
 * already. MSIM_ERR_INVALID: they are of different engines, so that what differs says nothing; msim_diff_note_at has
 * the sentence. MSIM_ERR_NOMEM. */
#define msim_diff_compare(diff, view, out)                                                                             \
  msim_diff_compare_sized((diff), (view), (out), sizeof(struct msim_diff_result))
MSIM_API int msim_diff_compare_sized(struct msim_diff *diff, enum msim_view view, struct msim_diff_result *out,
                                     size_t out_bytes);

/* A line and its counterpart. Texts live as long as the comparison; [0] is what was expected, [1] what there is. */
struct msim_diff_place {
  enum msim_view view; /* the smallest one in which they differ */
  const char *kind;    /* "tcp", "udp", "app", … */
  const char *flow;    /* "laptop>mx:25#1", or the host */
  const char *id;      /* "s2", or the event */
  const char *part;    /* in what they differ first: "time", "flags", "fate", …; "line" where one is missing */
  const char *text[2]; /* the lines; NULL: it has none */
  uint64_t line[2];    /* their numbers in the form text, from 1; 0: none */
  msim_ns at_ns[2];
  size_t column[2], width[2]; /* bytes of that part in the text */
};
/* The earliest difference of this view and those contained in it. MSIM_ERR_NOT_FOUND: none that a line shows. */
#define msim_diff_first(diff, view, out) msim_diff_first_sized((diff), (view), (out), sizeof(struct msim_diff_place))
MSIM_API int msim_diff_first_sized(const struct msim_diff *diff, enum msim_view view, struct msim_diff_place *out,
                                   size_t out_bytes);

/* Lines of the same flow around the first difference: -1 is the one in front of it, 1 the one behind; *is_same: both
 * traces have it. NULL: there is none. */
MSIM_API const char *msim_diff_context(const struct msim_diff *diff, int distance, bool *is_same);

/* The state of both ends at the first difference, "" where the traces do not tell. */
MSIM_API const char *msim_diff_state(const struct msim_diff *diff);

/* What differs of one flow. The flow of the first difference comes first, the others in the order of their names. */
struct msim_diff_flow {
  const char *kind, *name;
  enum msim_view view;     /* the smallest one in which it differs */
  uint64_t extra, missing; /* lines without counterpart, from the first difference on */
  uint64_t changed;        /* lines that say something else */
  uint64_t moved;          /* lines that say the same of what was sent, but not of when */
  const char *extra_id;    /* the first extra one, "s3 rtx s2", or "" */
  const char *realigned;   /* the line from which on it is the same again but for time, "c3"; "" never */
  int64_t offset_ns;       /* by so much it is later then */
  int64_t end_offset_ns;   /* and at its end */
};
#define msim_diff_flow_at(diff, index, out)                                                                            \
  msim_diff_flow_at_sized((diff), (index), (out), sizeof(struct msim_diff_flow))
MSIM_API int msim_diff_flow_at_sized(const struct msim_diff *diff, size_t index, struct msim_diff_flow *out,
                                     size_t out_bytes); /* MSIM_ERR_NOT_FOUND: past the end */

/* What decides a run and differs, the most likely cause of the first difference first. */
struct msim_diff_cause {
  const char *text;  /* one sentence without its end */
  const char *place; /* "hello.yaml:14", where the trace tells it, or "" */
};
#define msim_diff_cause_at(diff, index, out)                                                                           \
  msim_diff_cause_at_sized((diff), (index), (out), sizeof(struct msim_diff_cause))
MSIM_API int msim_diff_cause_at_sized(const struct msim_diff *diff, size_t index, struct msim_diff_cause *out,
                                      size_t out_bytes); /* MSIM_ERR_NOT_FOUND: past the end */

/* What could not be compared, one sentence each; NULL past the end. */
MSIM_API const char *msim_diff_note_at(const struct msim_diff *diff, size_t index);

/* Writes the most important of this in a few lines, for the output of a test: the first difference in full, causes, the
 * state, how many flows differ, notes. Nothing when nothing differs. 0, or what out returned. */
MSIM_API int msim_diff_write(const struct msim_diff *diff, const struct msim_out *out);

#ifdef __cplusplus
}
#endif
#endif
