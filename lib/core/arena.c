/* arena.c: see arena.h. */
#include "core/arena.h"

#include <stdalign.h>
#include <string.h>

struct msim__arena_block {
  struct msim__arena_block *next;
  size_t size_bytes; /* of the whole block */
};

#define ALIGN_BYTES alignof(max_align_t)
#define BLOCK_BYTES_MIN 4096u
#define BLOCK_BYTES_MAX (256u * 1024u)

static size_t rounded(size_t size_bytes)
{
  return (size_bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

void msim__arena_init(struct msim__arena *arena, struct msim__mem *mem)
{
  memset(arena, 0, sizeof *arena);
  arena->mem = mem;
}

void msim__arena_release(struct msim__arena *arena)
{
  struct msim__arena_block *block, *next;

  for (block = arena->blocks; block != NULL; block = next) {
    next = block->next;
    msim__free(arena->mem, block, block->size_bytes);
  }
  arena->blocks = NULL;
  arena->used_bytes = arena->capacity_bytes = 0;
}

static int add_block(struct msim__arena *arena, size_t need_bytes)
{
  size_t head = rounded(sizeof(struct msim__arena_block));
  size_t size = arena->blocks == NULL ? BLOCK_BYTES_MIN : arena->blocks->size_bytes * 2;
  struct msim__arena_block *block;

  if (size > BLOCK_BYTES_MAX)
    size = BLOCK_BYTES_MAX;
  if (need_bytes > PTRDIFF_MAX - head)
    return MSIM_ERR_NOMEM;
  if (size < head + need_bytes)
    size = head + need_bytes;
  block = msim__alloc(arena->mem, size);
  if (block == NULL)
    return MSIM_ERR_NOMEM;
  block->next = arena->blocks;
  block->size_bytes = size;
  arena->blocks = block;
  arena->used_bytes = head;
  arena->capacity_bytes = size;
  return MSIM_OK;
}

void *msim__arena_alloc(struct msim__arena *arena, size_t size_bytes)
{
  size_t need;
  char *place;

  if (size_bytes > PTRDIFF_MAX / 2)
    return NULL;
  need = rounded(size_bytes == 0 ? 1 : size_bytes);
  if (need > arena->capacity_bytes - arena->used_bytes && add_block(arena, need) != MSIM_OK)
    return NULL;
  place = (char *)arena->blocks + arena->used_bytes;
  arena->used_bytes += need;
  memset(place, 0, need);
  return place;
}

char *msim__arena_text(struct msim__arena *arena, const char *text, size_t size_bytes)
{
  char *copy;

  if (size_bytes > PTRDIFF_MAX / 2)
    return NULL;
  if (size_bytes + 1 > arena->capacity_bytes - arena->used_bytes &&
      add_block(arena, rounded(size_bytes + 1)) != MSIM_OK)
    return NULL;
  arena->capacity_bytes -= size_bytes + 1;
  copy = (char *)arena->blocks + arena->capacity_bytes;
  if (size_bytes > 0)
    memcpy(copy, text, size_bytes);
  copy[size_bytes] = '\0';
  return copy;
}
