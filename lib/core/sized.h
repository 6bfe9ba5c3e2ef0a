/* sized.h: structs whose callers may have been compiled with another version of the headers, shorter or longer.
 *
 * The public macros pass the size that the caller was compiled with. Does not help a struct that lies inside another or
 * in an array: such ones cannot grow (docs/decisions.md). */
#ifndef MSIM_CORE_SIZED_H
#define MSIM_CORE_SIZED_H

#include <mailsim/base.h>

/* From the caller: what it does not know is zero. MSIM_ERR_INVALID when given is NULL, or when it asks for something
 * that this library does not know: a byte other than zero beyond full_bytes. */
int msim__sized_in(void *full, size_t full_bytes, const void *given, size_t given_bytes);

/* To the caller: what this library does not know is zero, what the caller does not know is left out. */
void msim__sized_out(void *out, size_t out_bytes, const void *full, size_t full_bytes);

#endif
