/* names.h: a table from names to objects, iterated in insertion order.
 *
 * Names are borrowed and must outlive the table. Nothing is ever removed. */
#ifndef MSIM_CORE_NAMES_H
#define MSIM_CORE_NAMES_H

#include "core/mem.h"

struct msim__name_row {
  const char *name;
  size_t name_bytes;
  uint64_t hash;
  void *object;
};

struct msim__names {
  struct msim__mem *mem;
  struct msim__name_row *rows; /* insertion order */
  size_t count, capacity;
  uint32_t *buckets; /* 1-based row numbers, open addressing; a power of two of them */
  size_t bucket_count;
};

void msim__names_init(struct msim__names *names, struct msim__mem *mem);
void msim__names_release(struct msim__names *names);

/* 0, MSIM_ERR_EXISTS, MSIM_ERR_NOMEM, MSIM_ERR_LIMIT (more than 2^31 names). */
int msim__names_add(struct msim__names *names, const char *name, size_t name_bytes, void *object);
void *msim__names_find(const struct msim__names *names, const char *name, size_t name_bytes); /* NULL: none */

#endif
