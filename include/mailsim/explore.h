/* explore.h: a topology as a document that can be changed, written, and made smaller while something about it holds:
 * how a failure in a large world becomes a small file that shows it.
 *
 * A document is text with structure, not a world: whoever wants to run it writes it and loads what was written
 * (topology.h). Does not include: running and judging, which is the caller's (sim.h, check.h). */
#ifndef MAILSIM_EXPLORE_H
#define MAILSIM_EXPLORE_H

#include <mailsim/base.h>
#include <mailsim/topology.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MSIM_DOCUMENT_NODES_MAX 1000000u                /* keys and values of one document, aliases written out */
#define MSIM_DOCUMENT_BYTES_MAX ((size_t)32 << 20)      /* of its text */
#define MSIM_DOCUMENT_SHRINK_RUNS UINT64_C(1000)        /* when the caller does not say */
#define MSIM_DOCUMENT_SHRINK_RUNS_MAX UINT64_C(1000000) /* however large the caller's number is */

/* Used from one thread at a time. */
struct msim_document;

/* Reads a topology file with all that it includes; messages from files are taken in as texts, so that what is written
 * stands alone (but for a scene, and for messages that are no UTF-8, which keep their files). Values are not judged.
 * mem may be NULL: the C library. fn (may be NULL) is called for each finding. *out is NULL unless 0 is returned. 0,
 * MSIM_ERR_SYNTAX, MSIM_ERR_IO, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
MSIM_API int msim_document_open_file(struct msim_document **out, const char *path, const struct msim_mem *mem,
                                     msim_diag_fn *fn, void *user);
/* The same from memory; reader as in msim_topology_load_text. */
MSIM_API int msim_document_open_text(struct msim_document **out, const char *name, struct msim_slice text,
                                     const struct msim_reader *reader, const struct msim_mem *mem, msim_diag_fn *fn,
                                     void *user);
/* NULL is fine. */
MSIM_API void msim_document_free(struct msim_document *document);

/* Gives a key of the first level a value, written as YAML: "seed", "17"; yaml NULL takes it away.
 * MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
MSIM_API int msim_document_set(struct msim_document *document, const char *key, const char *yaml);
/* Adds an item to the end of a list of the first level, which is made where it is missing: "faults",
 * "{id: boom, crash: {host: relay}, at: 5s}". MSIM_ERR_SYNTAX (also: what is there is no list), MSIM_ERR_LIMIT,
 * MSIM_ERR_NOMEM. */
MSIM_API int msim_document_append(struct msim_document *document, const char *key, const char *yaml);
/* Takes away each item of such a list whose `id` this is. MSIM_ERR_NOT_FOUND: there is none. */
MSIM_API int msim_document_remove(struct msim_document *document, const char *key, const char *id);
/* How many entries a key of the first level has; ranges of names count as what they stand for. 0: there is none. */
MSIM_API uint64_t msim_document_count(const struct msim_document *document, const char *key);

/* Keeps each item of `faults` with a chance of share_ppm, by a random stream of its own, "explore/swarm/ID": a fault
 * that is added moves no other draw. Returns how many stay. */
MSIM_API uint64_t msim_document_draw_faults(struct msim_document *document, uint64_t seed, uint32_t share_ppm);

/* Writes it as YAML, the lines of comment (may be NULL) in front, each after "# ". What is written reads back as the
 * same document, and does not depend on how the file was written. What out returned, MSIM_ERR_LIMIT, or MSIM_ERR_NOMEM.
 */
MSIM_API int msim_document_write(struct msim_document *document, const char *comment, const struct msim_out *out);

/* Whether a topology still shows what it is made smaller for: 1 with *at_ns, the simulated time at which it was seen
 * (MSIM_NEVER: at the end); 0 when it does not load, or shows something else; negative ends the shrinking and is
 * returned. text lives during the call. */
typedef int msim_document_holds_fn(void *user, struct msim_slice text, msim_ns *at_ns);

/* All zero is a good default. */
struct msim_shrink_opts {
  uint64_t runs_max; /* calls of holds; 0: MSIM_DOCUMENT_SHRINK_RUNS */
};

/* Members are only ever added at the end. */
struct msim_shrink_info {
  uint64_t run_count;                 /* calls of holds */
  uint64_t hosts_before, hosts_after; /* as msim_document_count has them */
  uint64_t faults_before, faults_after;
  uint64_t nodes_before, nodes_after; /* keys and values */
  bool held;                          /* the document as it came in */
  bool is_complete;                   /* no step that is known makes it smaller; else runs_max was reached */
};

/* Makes a document smaller while holds says 1: ends the run earlier, leaves out faults, hosts (with their links and
 * what names them, or joined with a neighbour), then entries and items of every kind, then lowers numbers and shortens
 * texts; until none of that is left to do. Long lists by halves (Zeller and Hildebrandt, "Simplifying and isolating
 * failure-inducing input", TSE 2002). The result depends on document, holds and runs_max only. opts may be NULL. *out
 * (may be NULL) is filled unless MSIM_ERR_NOMEM. When it does not hold at first, nothing is changed.
 * 0, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM, or what holds returned; the document is then as small as it had become. */
#define msim_document_shrink(document, holds, user, opts, out)                                                         \
  msim_document_shrink_sized((document), (holds), (user), (opts), sizeof(struct msim_shrink_opts), (out),              \
                             sizeof(struct msim_shrink_info))
MSIM_API int msim_document_shrink_sized(struct msim_document *document, msim_document_holds_fn *holds, void *user,
                                        const struct msim_shrink_opts *opts, size_t opts_bytes,
                                        struct msim_shrink_info *out, size_t out_bytes);

#ifdef __cplusplus
}
#endif
#endif
