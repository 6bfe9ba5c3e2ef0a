/* trace_reader.h: a written trace (form jsonl, docs/trace.md) as an observation.
 *
 * Fields that no predicate can ask for are not looked at, except that every line must be one JSON object. */
#ifndef MSIM_CHECK_TRACE_READER_H
#define MSIM_CHECK_TRACE_READER_H

#include "check/observe.h"

#define MSIM__TRACE_SCHEMA "mailsim-trace/1"
#define MSIM__TRACE_LINE_BYTES_MAX ((size_t)1 << 20)

/* Adds all records of the text. fn (may be NULL) is told what is wrong, with the line; reading ends there.
 * 0, MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
int msim__trace_read(struct msim__observation *obs, const char *name, struct msim_slice text, msim_diag_fn *fn,
                     void *user);

#endif
