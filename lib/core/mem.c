/* mem.c: see mem.h. */
#include "core/mem.h"

#include <stdlib.h>
#include <string.h>

static void *default_resize(void *ctx, void *ptr, size_t size_old_bytes, size_t size_new_bytes)
{
  (void)ctx;
  (void)size_old_bytes;
  if (size_new_bytes == 0) {
    free(ptr);
    return NULL;
  }
  return realloc(ptr, size_new_bytes);
}

void msim__mem_init(struct msim__mem *mem, const struct msim_mem *hook)
{
  memset(mem, 0, sizeof *mem);
  if (hook != NULL && hook->resize != NULL)
    mem->hook = *hook;
  else
    mem->hook.resize = default_resize;
}

void *msim__resize(struct msim__mem *mem, void *ptr, size_t size_old_bytes, size_t size_new_bytes)
{
  void *fresh;

  if (size_new_bytes == 0 || size_new_bytes > PTRDIFF_MAX)
    return NULL;
  fresh = mem->hook.resize(mem->hook.ctx, ptr, size_old_bytes, size_new_bytes);
  if (fresh == NULL)
    return NULL;
  if (ptr == NULL)
    mem->block_count++;
  mem->held_bytes += size_new_bytes - size_old_bytes;
  if (mem->held_bytes > mem->peak_bytes)
    mem->peak_bytes = mem->held_bytes;
  return fresh;
}

void *msim__alloc(struct msim__mem *mem, size_t size_bytes)
{
  return msim__resize(mem, NULL, 0, size_bytes);
}

void *msim__alloc_zeroed(struct msim__mem *mem, size_t count, size_t size_bytes)
{
  void *ptr;

  if (count == 0 || size_bytes == 0 || count > PTRDIFF_MAX / size_bytes)
    return NULL;
  ptr = msim__alloc(mem, count * size_bytes);
  if (ptr != NULL)
    memset(ptr, 0, count * size_bytes);
  return ptr;
}

void msim__free(struct msim__mem *mem, void *ptr, size_t size_bytes)
{
  if (ptr == NULL)
    return;
  mem->hook.resize(mem->hook.ctx, ptr, size_bytes, 0);
  mem->held_bytes -= size_bytes;
  mem->block_count--;
}

char *msim__copy_text(struct msim__mem *mem, const char *text, size_t size_bytes)
{
  char *copy = msim__alloc(mem, size_bytes + 1);

  if (copy == NULL)
    return NULL;
  if (size_bytes > 0)
    memcpy(copy, text, size_bytes);
  copy[size_bytes] = '\0';
  return copy;
}

#define FIRST_BYTES 64u /* of a list at most: many hold one or two items for ever */
#define FIRST_COUNT 8u

static size_t first_count(size_t item_bytes)
{
  if (item_bytes >= FIRST_BYTES)
    return 1;
  return item_bytes * FIRST_COUNT <= FIRST_BYTES ? FIRST_COUNT : FIRST_BYTES / item_bytes;
}

int msim__grow(struct msim__mem *mem, void *items, size_t *capacity, size_t need, size_t items_max, size_t item_bytes)
{
  void *old, *fresh;
  size_t wanted = *capacity > 0 ? *capacity : first_count(item_bytes);

  if (need <= *capacity)
    return MSIM_OK;
  if (need > items_max)
    return MSIM_ERR_LIMIT;
  while (wanted < need)
    wanted = wanted > SIZE_MAX / 2 ? need : wanted * 2;
  if (wanted > items_max)
    wanted = items_max;
  if (wanted > PTRDIFF_MAX / item_bytes)
    return MSIM_ERR_NOMEM;
  memcpy(&old, items, sizeof old); /* items is the address of a typed pointer */
  fresh = msim__resize(mem, old, *capacity * item_bytes, wanted * item_bytes);
  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  memcpy(items, &fresh, sizeof fresh);
  *capacity = wanted;
  return MSIM_OK;
}
