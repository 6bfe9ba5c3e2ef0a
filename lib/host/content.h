/* content.h: the bytes of a file as a row of parts of shared blobs.
 *
 * A write replaces parts and copies no bytes; two contents share what they have in common. Does not know names, nor
 * what is durable. */
#ifndef MSIM_HOST_CONTENT_H
#define MSIM_HOST_CONTENT_H

#include "core/mem.h"
#include "net/blob.h"

#define MSIM__CONTENT_BYTES_MAX (UINT64_C(1) << 50)

struct msim__extent {
  struct msim_blob *blob; /* counted; NULL: zeros */
  uint64_t at_bytes;      /* in the file */
  uint64_t size_bytes;    /* > 0 */
  uint64_t from_bytes;    /* in the blob */
};

/* All zero is empty. Extents are in order and cover everything. */
struct msim__content {
  struct msim__extent *extents;
  size_t count, capacity;
  size_t tidy_count; /* so many extents were looked at by msim__content_tidy */
  uint64_t size_bytes;
};

void msim__content_release(struct msim__mem *mem, struct msim__content *content);

/* Puts part of a blob (NULL: zeros) over and behind what is there. All or nothing. at + size is at most
 * MSIM__CONTENT_BYTES_MAX. 0 or MSIM_ERR_NOMEM. */
int msim__content_write(struct msim__mem *mem, struct msim__content *content, uint64_t at_bytes, struct msim_blob *blob,
                        uint64_t from_bytes, uint64_t size_bytes);
int msim__content_truncate(struct msim__mem *mem, struct msim__content *content, uint64_t size_bytes);

/* to becomes equal to from. */
int msim__content_copy(struct msim__mem *mem, struct msim__content *to, const struct msim__content *from);

size_t msim__content_read(const struct msim__content *content, uint64_t at_bytes, void *out, size_t size_bytes);
/* The blob that is exactly this range, borrowed; NULL: it lies otherwise. */
struct msim_blob *msim__content_blob_at(const struct msim__content *content, uint64_t at_bytes, uint64_t size_bytes);

/* Joins small extents that are new, so that a file of many small appends stays a short list; blobs that are held by
 * more than this content and its twin are left alone. *from_bytes: what is before it is as it was. 0 or MSIM_ERR_NOMEM,
 * which leaves the bytes as they were. */
int msim__content_tidy(struct msim__mem *mem, struct msim__content *content, uint64_t *from_bytes);

/* to, which has the same bytes as from, has the same extents too from at_bytes on, where an extent of from begins. 0 or
 * MSIM_ERR_NOMEM, which leaves everything as it was. */
int msim__content_share_tail(struct msim__mem *mem, struct msim__content *to, const struct msim__content *from,
                             uint64_t at_bytes);

#endif
