/* content.c: the bytes of a file; see content.h. */
#include "host/content.h"

#include <string.h>

#define EXTENTS_MAX (1u << 24)
#define TIDY_COUNT 32u       /* so many new extents are worth a look */
#define TIDY_BYTES_MAX 4096u /* larger ones stay alone */
#define TIDY_TOTAL_MAX (1u << 20)
#define SHARED_BYTES_MIN 64u /* less than what an extent costs */

static uint64_t end_of(const struct msim__extent *e)
{
  return e->at_bytes + e->size_bytes;
}

void msim__content_release(struct msim__mem *mem, struct msim__content *content)
{
  size_t i;

  for (i = 0; i < content->count; i++)
    msim_blob_unref(content->extents[i].blob);
  msim__free(mem, content->extents, content->capacity * sizeof *content->extents);
  memset(content, 0, sizeof *content);
}

/* The extent that holds a place; count when it is at or behind the end. */
static size_t find(const struct msim__content *content, uint64_t at_bytes)
{
  size_t low = 0, high = content->count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (end_of(&content->extents[middle]) <= at_bytes)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int room_for(struct msim__mem *mem, struct msim__content *content, size_t more)
{
  return msim__grow(mem, &content->extents, &content->capacity, content->count + more, EXTENTS_MAX,
                    sizeof *content->extents);
}

/* An extent boundary at this place, which lies inside the content; there is room. */
static void split(struct msim__content *content, uint64_t at_bytes)
{
  size_t i = find(content, at_bytes);
  struct msim__extent *e = &content->extents[i];
  uint64_t front_bytes;

  if (i == content->count || e->at_bytes == at_bytes)
    return;
  front_bytes = at_bytes - e->at_bytes;
  memmove(e + 1, e, (content->count - i) * sizeof *e);
  content->count++;
  e[0].size_bytes = front_bytes;
  e[1].at_bytes = at_bytes;
  e[1].size_bytes -= front_bytes;
  e[1].from_bytes += front_bytes;
  if (e[1].blob != NULL)
    msim_blob_ref(e[1].blob);
}

static void push(struct msim__content *content, uint64_t size_bytes, struct msim_blob *blob, uint64_t from_bytes)
{
  struct msim__extent *e = &content->extents[content->count++];

  e->blob = blob;
  e->at_bytes = content->size_bytes;
  e->size_bytes = size_bytes;
  e->from_bytes = from_bytes;
  content->size_bytes += size_bytes;
  if (blob != NULL)
    msim_blob_ref(blob);
}

/* Takes out the extents from first to before last. */
static void take_out(struct msim__content *content, size_t first, size_t last)
{
  size_t i;

  for (i = first; i < last; i++)
    msim_blob_unref(content->extents[i].blob);
  memmove(&content->extents[first], &content->extents[last], (content->count - last) * sizeof *content->extents);
  content->count -= last - first;
}

int msim__content_write(struct msim__mem *mem, struct msim__content *content, uint64_t at_bytes, struct msim_blob *blob,
                        uint64_t from_bytes, uint64_t size_bytes)
{
  uint64_t end_bytes = at_bytes + size_bytes;
  size_t first, last;
  int err = room_for(mem, content, 4); /* two splits, a gap, the new one */

  if (err != MSIM_OK)
    return err;
  if (at_bytes > content->size_bytes)
    push(content, at_bytes - content->size_bytes, NULL, 0);
  if (size_bytes == 0)
    return MSIM_OK;
  if (at_bytes == content->size_bytes) {
    push(content, size_bytes, blob, from_bytes);
    return MSIM_OK;
  }
  split(content, at_bytes);
  split(content, end_bytes);
  first = find(content, at_bytes);
  last = find(content, end_bytes);
  if (blob != NULL)
    msim_blob_ref(blob); /* before the same blob may be let go */
  take_out(content, first, last);
  memmove(&content->extents[first + 1], &content->extents[first], (content->count - first) * sizeof *content->extents);
  content->count++;
  content->extents[first] = (struct msim__extent){blob, at_bytes, size_bytes, from_bytes};
  if (end_bytes > content->size_bytes)
    content->size_bytes = end_bytes;
  return MSIM_OK;
}

int msim__content_truncate(struct msim__mem *mem, struct msim__content *content, uint64_t size_bytes)
{
  int err = room_for(mem, content, 1);

  if (err != MSIM_OK)
    return err;
  if (size_bytes > content->size_bytes) {
    push(content, size_bytes - content->size_bytes, NULL, 0);
    return MSIM_OK;
  }
  split(content, size_bytes);
  take_out(content, find(content, size_bytes), content->count);
  content->size_bytes = size_bytes;
  return MSIM_OK;
}

int msim__content_copy(struct msim__mem *mem, struct msim__content *to, const struct msim__content *from)
{
  struct msim__content fresh = {0};
  size_t i;

  if (from->count > 0) {
    int err = room_for(mem, &fresh, from->count);

    if (err != MSIM_OK)
      return err;
    memcpy(fresh.extents, from->extents, from->count * sizeof *fresh.extents);
  }
  fresh.count = from->count;
  fresh.size_bytes = from->size_bytes;
  for (i = 0; i < fresh.count; i++)
    if (fresh.extents[i].blob != NULL)
      msim_blob_ref(fresh.extents[i].blob);
  msim__content_release(mem, to);
  *to = fresh;
  return MSIM_OK;
}

size_t msim__content_read(const struct msim__content *content, uint64_t at_bytes, void *out, size_t size_bytes)
{
  uint8_t *to = out;
  size_t done = 0, i;

  for (i = find(content, at_bytes); i < content->count && done < size_bytes; i++) {
    const struct msim__extent *e = &content->extents[i];
    uint64_t skip_bytes = at_bytes + done - e->at_bytes, part_bytes = e->size_bytes - skip_bytes;

    if (part_bytes > size_bytes - done)
      part_bytes = size_bytes - done;
    if (e->blob == NULL)
      memset(to + done, 0, (size_t)part_bytes);
    else
      memcpy(to + done, e->blob->data + e->from_bytes + skip_bytes, (size_t)part_bytes);
    done += (size_t)part_bytes;
  }
  return done;
}

struct msim_blob *msim__content_blob_at(const struct msim__content *content, uint64_t at_bytes, uint64_t size_bytes)
{
  size_t i = find(content, at_bytes);
  const struct msim__extent *e = &content->extents[i];

  if (i == content->count || e->at_bytes != at_bytes || e->size_bytes != size_bytes || e->blob == NULL ||
      e->from_bytes != 0 || e->blob->size_bytes != size_bytes)
    return NULL;
  return e->blob;
}

/* An extent that is worth joining: small, and not of a blob that others hold as well (a mail that lies in a mailbox),
 * which would then be there twice. The file itself holds it twice: as it is seen, and as it is durable. */
static bool is_joinable(const struct msim__extent *e)
{
  return e->size_bytes < TIDY_BYTES_MAX && (e->blob == NULL || e->blob->refs <= 2 || e->size_bytes <= SHARED_BYTES_MIN);
}

/* Makes one of the extents from first to before last. */
static int join(struct msim__mem *mem, struct msim__content *content, size_t first, size_t last)
{
  uint64_t at_bytes = content->extents[first].at_bytes, total_bytes = end_of(&content->extents[last - 1]) - at_bytes;
  struct msim_blob *blob = msim__blob_room(mem, (size_t)total_bytes);

  if (blob == NULL)
    return MSIM_ERR_NOMEM;
  blob->size_bytes = (uint32_t)msim__content_read(content, at_bytes, blob->data, (size_t)total_bytes);
  take_out(content, first + 1, last);
  msim_blob_unref(content->extents[first].blob);
  content->extents[first] = (struct msim__extent){blob, at_bytes, total_bytes, 0};
  return MSIM_OK;
}

int msim__content_tidy(struct msim__mem *mem, struct msim__content *content, uint64_t *from_bytes)
{
  size_t first = content->tidy_count < content->count ? content->tidy_count : content->count, last;
  uint64_t total_bytes;
  int err = MSIM_OK;

  *from_bytes = content->size_bytes;
  if (content->count - first < TIDY_COUNT)
    return MSIM_OK;
  *from_bytes = content->extents[first].at_bytes;
  for (; first < content->count && err == MSIM_OK; first++) {
    total_bytes = 0;
    for (last = first; last < content->count && is_joinable(&content->extents[last]) && total_bytes < TIDY_TOTAL_MAX;
         last++)
      total_bytes += content->extents[last].size_bytes;
    if (last > first + 1)
      err = join(mem, content, first, last);
  }
  content->tidy_count = content->count;
  if (content->count > 0 && is_joinable(&content->extents[content->count - 1]))
    content->tidy_count--; /* it may still grow */
  return err;
}

int msim__content_share_tail(struct msim__mem *mem, struct msim__content *to, const struct msim__content *from,
                             uint64_t at_bytes)
{
  size_t i = find(from, at_bytes);
  int err = room_for(mem, to, from->count - i + 1);

  if (err == MSIM_OK)
    err = msim__content_truncate(mem, to, at_bytes);
  for (; err == MSIM_OK && i < from->count; i++)
    push(to, from->extents[i].size_bytes, from->extents[i].blob, from->extents[i].from_bytes);
  return err;
}
