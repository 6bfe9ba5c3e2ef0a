/* player.h: what the page that plays a run (sink html, docs/player.md) is given beside the run: words in further
 * languages; and old pages made anew. Does not include: the page's data (docs/player.md), writing a page (trace.h). */
#ifndef MAILSIM_PLAYER_H
#define MAILSIM_PLAYER_H

#include <mailsim/base.h>
#include <mailsim/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MSIM_PLAYER_STRINGS_BYTES_MAX 1048576 /* of one file of strings */
#define MSIM_PLAYER_STRINGS_MAX 64            /* files of one simulation */

/* Adds a file of strings (JSON: lang, dir, ui, scene, term; docs/player.md) to the pages that this simulation writes.
 * Before its start; a later file wins. What is wrong is told to fn (may be NULL) under this name. 0, MSIM_ERR_SYNTAX,
 * MSIM_ERR_LIMIT, MSIM_ERR_STATE (started), MSIM_ERR_NOMEM. */
MSIM_API int msim_player_add_strings(struct msim_sim *sim, const char *name, struct msim_slice text, msim_diag_fn *fn,
                                     void *user);

/* Writes the run of an old page, or of a file that the sink html wrote with `data`, into the page of this library.
 * mem NULL: the C library. What is wrong is told to fn (may be NULL) under this name. 0, MSIM_ERR_SYNTAX (no such
 * page, or data of another form), MSIM_ERR_LIMIT (more than 512 MiB), MSIM_ERR_STATE (built without the player),
 * MSIM_ERR_NOMEM, or what in and out returned. */
MSIM_API int msim_player_refresh(const struct msim_mem *mem, const struct msim_in *in, const char *name,
                                 const struct msim_out *out, msim_diag_fn *fn, void *user);

/* Writes one page with two runs, below each other on one cursor, out of two pages or files of data with one run each.
 * Both are read whole before the first byte is written. Errors as of msim_player_refresh; a page that has two runs
 * already is MSIM_ERR_SYNTAX. */
MSIM_API int msim_player_pair(const struct msim_mem *mem, const struct msim_in in[2], const char *const names[2],
                              const struct msim_out *out, msim_diag_fn *fn, void *user);

#ifdef __cplusplus
}
#endif
#endif
