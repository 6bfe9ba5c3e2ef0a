/* player_refresh.c: an old page's run in today's page. Looks at the data only as far as its form and its safety go: the
 * page reads it. */
#include <mailsim/player.h>

#include <string.h>

#include "core/mem.h"
#include "text/diag.h"
#include "trace/player_page.h"

#define PAGE_BYTES_MAX ((size_t)512 << 20)
#define CHUNK_BYTES ((size_t)256 * 1024)
#define SCHEMA_BYTES ((size_t)256) /* from the beginning: where the form is told */

static int read_all(struct msim__mem *mem, const struct msim_in *in, uint8_t **data, size_t *capacity, size_t *size)
{
  for (;;) {
    size_t got = 0;
    int err = msim__grow(mem, data, capacity, *size + CHUNK_BYTES, PAGE_BYTES_MAX, 1);

    if (err == MSIM_OK)
      err = in->read(in->ctx, *data + *size, *capacity - *size, &got);
    if (err != MSIM_OK || got == 0)
      return err;
    *size += got;
  }
}

/* The place of a word, or SIZE_MAX. */
static size_t find(const uint8_t *data, size_t size, size_t from, const char *word)
{
  size_t length = strlen(word);

  while (from + length <= size) {
    const uint8_t *at = memchr(data + from, word[0], size - length - from + 1);

    if (at == NULL)
      return SIZE_MAX;
    if (memcmp(at, word, length) == 0)
      return (size_t)(at - data);
    from = (size_t)(at - data) + 1;
  }
  return SIZE_MAX;
}

static int tell(const char *name, msim_diag_fn *fn, void *user, int err, const char *text)
{
  struct msim_diag diag;

  if (fn != NULL) {
    msim__diag_set(&diag, name, 0, 0, "%s", text);
    fn(user, &diag);
  }
  return err;
}

static int write_page(const struct msim_out *out, const uint8_t *data, size_t size)
{
  int err = out->write(out->ctx, msim__player_head, msim__player_head_bytes);

  if (err == MSIM_OK)
    err = out->write(out->ctx, data, size);
  if (err == MSIM_OK)
    err = out->write(out->ctx, msim__player_tail, msim__player_tail_bytes);
  return err;
}

/* The data ends at the first `<`: in it that is always escaped. */
static int rewrite(const uint8_t *data, size_t size, const char *name, const struct msim_out *out, msim_diag_fn *fn,
                   void *user)
{
  static const char begin[] = "id=\"mailsim-data\">";
  size_t from = find(data, size, 0, begin), to, head;

  if (from == SIZE_MAX)
    return tell(name, fn, user, MSIM_ERR_SYNTAX, "this is no page of the player: it has no data");
  from += sizeof begin - 1;
  to = find(data, size, from, "<");
  if (to == SIZE_MAX || find(data, size, to, "</script>") != to)
    return tell(name, fn, user, MSIM_ERR_SYNTAX, "the data of the page is damaged");
  while (from < to && (data[from] == '\n' || data[from] == ' '))
    from++;
  while (to > from && (data[to - 1] == '\n' || data[to - 1] == ' '))
    to--;
  head = to - from < SCHEMA_BYTES ? to : from + SCHEMA_BYTES;
  if (find(data, head, from, "\"schema\":\"mailsim.play/1\"") == SIZE_MAX)
    return tell(name, fn, user, MSIM_ERR_SYNTAX, "the data of the page is not of the form mailsim.play/1");
  return write_page(out, data + from, to - from);
}

int msim_player_refresh(const struct msim_mem *mem, const struct msim_in *in, const char *name,
                        const struct msim_out *out, msim_diag_fn *fn, void *user)
{
  struct msim__mem own;
  uint8_t *data = NULL;
  size_t capacity = 0, size = 0;
  int err;

  if (msim__player_head_bytes == 0)
    return tell(name, fn, user, MSIM_ERR_STATE, "the library was built without the player");
  msim__mem_init(&own, mem);
  err = read_all(&own, in, &data, &capacity, &size);
  if (err == MSIM_ERR_LIMIT)
    err = tell(name, fn, user, err, "the page is too large");
  if (err == MSIM_OK)
    err = rewrite(data, size, name, out, fn, user);
  msim__free(&own, data, capacity);
  return err;
}
