/* names.c: see names.h. */
#include "core/names.h"

#include <string.h>

#include "core/hash.h"

#define NAMES_MAX ((size_t)1 << 31)

void msim__names_init(struct msim__names *names, struct msim__mem *mem)
{
  memset(names, 0, sizeof *names);
  names->mem = mem;
}

void msim__names_release(struct msim__names *names)
{
  msim__free(names->mem, names->rows, names->capacity * sizeof *names->rows);
  msim__free(names->mem, names->buckets, names->bucket_count * sizeof *names->buckets);
  msim__names_init(names, names->mem);
}

static int rehash(struct msim__names *names)
{
  size_t wanted = names->bucket_count == 0 ? 16 : names->bucket_count * 2, i;
  uint32_t *fresh = msim__alloc_zeroed(names->mem, wanted, sizeof *fresh);

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < names->count; i++) {
    size_t at = (size_t)names->rows[i].hash & (wanted - 1);

    while (fresh[at] != 0)
      at = (at + 1) & (wanted - 1);
    fresh[at] = (uint32_t)(i + 1);
  }
  msim__free(names->mem, names->buckets, names->bucket_count * sizeof *names->buckets);
  names->buckets = fresh;
  names->bucket_count = wanted;
  return MSIM_OK;
}

void *msim__names_find(const struct msim__names *names, const char *name, size_t name_bytes)
{
  uint64_t hash = msim__hash_bytes(0, name, name_bytes);
  size_t at;

  if (names->bucket_count == 0)
    return NULL;
  for (at = (size_t)hash & (names->bucket_count - 1); names->buckets[at] != 0;
       at = (at + 1) & (names->bucket_count - 1)) {
    const struct msim__name_row *row = &names->rows[names->buckets[at] - 1];

    if (row->hash == hash && row->name_bytes == name_bytes && memcmp(row->name, name, name_bytes) == 0)
      return row->object;
  }
  return NULL;
}

int msim__names_add(struct msim__names *names, const char *name, size_t name_bytes, void *object)
{
  struct msim__name_row *row;
  size_t at;
  int err;

  if (msim__names_find(names, name, name_bytes) != NULL)
    return MSIM_ERR_EXISTS;
  if (names->bucket_count < (names->count + 1) * 2 && (err = rehash(names)) != MSIM_OK)
    return err;
  err = msim__grow(names->mem, &names->rows, &names->capacity, names->count + 1, NAMES_MAX, sizeof *names->rows);
  if (err != MSIM_OK)
    return err;
  row = &names->rows[names->count];
  row->name = name;
  row->name_bytes = name_bytes;
  row->hash = msim__hash_bytes(0, name, name_bytes);
  row->object = object;
  at = (size_t)row->hash & (names->bucket_count - 1);
  while (names->buckets[at] != 0)
    at = (at + 1) & (names->bucket_count - 1);
  names->buckets[at] = (uint32_t)(++names->count);
  return MSIM_OK;
}
