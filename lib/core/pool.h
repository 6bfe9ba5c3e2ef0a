/* pool.h: free lists of objects of one size, for what comes and goes on the hot path.
 *
 * Slabs are released with the pool only. With MSIM_NO_POOL each object is an allocation of its own, so that sanitizers
 * and valgrind see every use after free. Objects are not zeroed. */
#ifndef MSIM_CORE_POOL_H
#define MSIM_CORE_POOL_H

#include "core/mem.h"

struct msim__pool_slab;

struct msim__pool {
  struct msim__mem *mem;
  struct msim__pool_slab *slabs;
  void *free_list; /* the first word of a free object is the next one */
  size_t item_bytes;
  size_t slab_items;
  size_t live_count;
};

void msim__pool_init(struct msim__pool *pool, struct msim__mem *mem, size_t item_bytes);
void msim__pool_release(struct msim__pool *pool);
void *msim__pool_refill(struct msim__pool *pool); /* the slow path of msim__pool_get */

/* Uninitialised; NULL when out of memory. */
static inline void *msim__pool_get(struct msim__pool *pool)
{
#ifdef MSIM_NO_POOL
  void *fresh = msim__alloc(pool->mem, pool->item_bytes);
  if (fresh != NULL)
    pool->live_count++;
  return fresh;
#else
  void *item = pool->free_list;

  if (item == NULL)
    return msim__pool_refill(pool);
  pool->free_list = *(void **)item;
  pool->live_count++;
  return item;
#endif
}

static inline void msim__pool_put(struct msim__pool *pool, void *item)
{
  pool->live_count--;
#ifdef MSIM_NO_POOL
  msim__free(pool->mem, item, pool->item_bytes);
#else
  *(void **)item = pool->free_list;
  pool->free_list = item;
#endif
}

#endif
