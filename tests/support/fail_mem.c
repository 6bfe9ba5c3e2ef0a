/* fail_mem.c: see fail_mem.h. Each block carries its size in front; nothing here is part of the library. */
#include "support/fail_mem.h"

#include <stdlib.h>
#include <string.h>

union head {
  size_t size_bytes;
  max_align_t align;
};

static void drop(struct fail_mem *f, union head *head)
{
  f->held_bytes -= head->size_bytes;
  f->block_count--;
  free(head);
}

static void *resize(void *ctx, void *ptr, size_t size_old_bytes, size_t size_new_bytes)
{
  struct fail_mem *f = ctx;
  union head *old = ptr != NULL ? (union head *)ptr - 1 : NULL;
  union head *made;

  if ((old != NULL ? old->size_bytes : 0) != size_old_bytes)
    f->wrong_size_count++;
  if (size_new_bytes == 0) {
    if (old != NULL)
      drop(f, old);
    return NULL;
  }
  f->request_count++;
  if (f->fail_at != 0 && (f->request_count == f->fail_at || (f->fail_onwards && f->request_count > f->fail_at))) {
    f->failed_count++;
    return NULL;
  }
  if (size_new_bytes > SIZE_MAX - sizeof(*made))
    return NULL;
  made = malloc(sizeof(*made) + size_new_bytes);
  if (made == NULL)
    return NULL;
  made->size_bytes = size_new_bytes;
  memset(made + 1, 0xa5, size_new_bytes);
  f->held_bytes += size_new_bytes;
  f->block_count++;
  if (f->held_bytes > f->peak_bytes)
    f->peak_bytes = f->held_bytes;
  if (old != NULL) {
    memcpy(made + 1, old + 1, old->size_bytes < size_new_bytes ? old->size_bytes : size_new_bytes);
    drop(f, old);
  }
  return made + 1;
}

void fail_mem_init(struct fail_mem *f, uint64_t fail_at)
{
  memset(f, 0, sizeof(*f));
  f->hook.ctx = f;
  f->hook.resize = resize;
  f->fail_at = fail_at;
}

bool fail_mem_clean(const struct fail_mem *f)
{
  return f->held_bytes == 0 && f->block_count == 0 && f->wrong_size_count == 0;
}
