/* mem.h: the one door to memory inside the library: the caller's hook plus accounting.
 *
 * Every block is freed with the size it was asked for with; nothing below examples/ calls malloc.
 * Does not decide what to do when memory runs out: it returns NULL, callers report MSIM_ERR_NOMEM. */
#ifndef MSIM_CORE_MEM_H
#define MSIM_CORE_MEM_H

#include <mailsim/base.h>

struct msim__mem {
  struct msim_mem hook;
  size_t held_bytes; /* handed out and not yet given back */
  size_t peak_bytes;
  uint64_t block_count; /* handed out and not yet given back */
};

/* hook NULL or hook->resize NULL: the C library's realloc and free. */
void msim__mem_init(struct msim__mem *mem, const struct msim_mem *hook);

/* Uninitialised bytes; NULL when out of memory. size_bytes > 0. */
void *msim__alloc(struct msim__mem *mem, size_t size_bytes);

/* Zeroed array; NULL when out of memory or when count * size_bytes overflows. */
void *msim__alloc_zeroed(struct msim__mem *mem, size_t count, size_t size_bytes);

/* ptr may be NULL with size_old_bytes 0. On NULL the old block is untouched. size_new_bytes > 0. */
void *msim__resize(struct msim__mem *mem, void *ptr, size_t size_old_bytes, size_t size_new_bytes);

/* ptr may be NULL. size_bytes is what it was allocated with. */
void msim__free(struct msim__mem *mem, void *ptr, size_t size_bytes);

/* A terminated copy of size_bytes bytes; free with size_bytes + 1. */
char *msim__copy_text(struct msim__mem *mem, const char *text, size_t size_bytes);

/* Grows an array of item_bytes items so that at least need fit. *items and *capacity are updated; the capacity doubles,
 * starting from 8 or from what 64 bytes hold, at least 1. 0, MSIM_ERR_NOMEM, or MSIM_ERR_LIMIT when need > items_max.
 * Free with capacity * item_bytes. */
int msim__grow(struct msim__mem *mem, void *items, size_t *capacity, size_t need, size_t items_max, size_t item_bytes);

#endif
