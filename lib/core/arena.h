/* arena.h: memory that lives as long as its owner and is released whole.
 *
 * For names, topology objects, configuration. Not for anything that comes and goes: use pool.h. */
#ifndef MSIM_CORE_ARENA_H
#define MSIM_CORE_ARENA_H

#include "core/mem.h"

struct msim__arena_block;

struct msim__arena {
  struct msim__mem *mem;
  struct msim__arena_block *blocks;
  size_t used_bytes, capacity_bytes; /* of the newest block: objects grow up to used, texts down to capacity */
};

void msim__arena_init(struct msim__arena *arena, struct msim__mem *mem);
void msim__arena_release(struct msim__arena *arena);

/* Zeroed, aligned for any type; NULL when out of memory. size_bytes 0 gives a unique non-NULL pointer. */
void *msim__arena_alloc(struct msim__arena *arena, size_t size_bytes);

/* A terminated copy that lives as long as the arena; NULL when out of memory. */
char *msim__arena_text(struct msim__arena *arena, const char *text, size_t size_bytes);

#endif
