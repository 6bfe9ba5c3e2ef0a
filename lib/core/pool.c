/* pool.c: see pool.h. */
#include "core/pool.h"

#include <stdalign.h>
#include <string.h>

struct msim__pool_slab {
  struct msim__pool_slab *next;
  size_t size_bytes;
};

#define ALIGN_BYTES alignof(max_align_t)
#define SLAB_ITEMS_MAX 1024u

static size_t rounded(size_t size_bytes)
{
  return (size_bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

void msim__pool_init(struct msim__pool *pool, struct msim__mem *mem, size_t item_bytes)
{
  memset(pool, 0, sizeof *pool);
  pool->mem = mem;
  pool->item_bytes = rounded(item_bytes);
  pool->slab_items = 8;
}

void msim__pool_release(struct msim__pool *pool)
{
  struct msim__pool_slab *slab, *next;

  for (slab = pool->slabs; slab != NULL; slab = next) {
    next = slab->next;
    msim__free(pool->mem, slab, slab->size_bytes);
  }
  pool->slabs = NULL;
  pool->free_list = NULL;
}

void *msim__pool_refill(struct msim__pool *pool)
{
  size_t head = rounded(sizeof(struct msim__pool_slab)), i;
  size_t size = head + pool->slab_items * pool->item_bytes;
  struct msim__pool_slab *slab = msim__alloc(pool->mem, size);
  char *first;

  if (slab == NULL)
    return NULL;
  slab->next = pool->slabs;
  slab->size_bytes = size;
  pool->slabs = slab;
  first = (char *)slab + head;
  for (i = pool->slab_items; i-- > 1;) {
    void *item = first + i * pool->item_bytes;
    *(void **)item = pool->free_list;
    pool->free_list = item;
  }
  if (pool->slab_items < SLAB_ITEMS_MAX)
    pool->slab_items *= 2;
  pool->live_count++;
  return first;
}
