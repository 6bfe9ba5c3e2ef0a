/* player_data.c: see player_data.h. */
#include "trace/player_data.h"

#include <string.h>

#include "text/diag.h"

#define FILE_BYTES_MAX ((size_t)512 << 20)
#define CHUNK_BYTES ((size_t)256 * 1024)
#define HEAD_BYTES ((size_t)256) /* from the beginning: where the form is told */

int msim__player_tell(const struct msim__player_source *source, int err, const char *text)
{
  struct msim_diag diag;

  if (source->fn != NULL) {
    msim__diag_set(&diag, source->name, 0, 0, "%s", text);
    source->fn(source->user, &diag);
  }
  return err;
}

static int read_all(struct msim__mem *mem, const struct msim_in *in, struct msim__player_data *data, size_t *size)
{
  for (;;) {
    size_t got = 0;
    int err = msim__grow(mem, &data->bytes, &data->capacity, *size + CHUNK_BYTES, FILE_BYTES_MAX, 1);

    if (err == MSIM_OK)
      err = in->read(in->ctx, data->bytes + *size, data->capacity - *size, &got);
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

static bool is_space(uint8_t c)
{
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static struct msim_slice trimmed(const uint8_t *data, size_t from, size_t to)
{
  struct msim_slice out;

  while (from < to && is_space(data[from]))
    from++;
  while (to > from && is_space(data[to - 1]))
    to--;
  out.data = data + from;
  out.size_bytes = to - from;
  return out;
}

static bool says(struct msim_slice json, const char *word)
{
  return find(json.data, json.size_bytes < HEAD_BYTES ? json.size_bytes : HEAD_BYTES, 0, word) != SIZE_MAX;
}

/* In a page the data ends at the first `<`: in it that is always escaped. */
static int take_page(const struct msim__player_source *source, struct msim__player_data *data, size_t size)
{
  static const char begin[] = "id=\"mailsim-data\">";
  size_t from = find(data->bytes, size, 0, begin), to;

  if (from == SIZE_MAX)
    return msim__player_tell(source, MSIM_ERR_SYNTAX, "this is no page of the player: it has no data");
  from += sizeof begin - 1;
  to = find(data->bytes, size, from, "<");
  if (to == SIZE_MAX || find(data->bytes, size, to, "</script>") != to)
    return msim__player_tell(source, MSIM_ERR_SYNTAX, "the data of the page is damaged");
  data->json = trimmed(data->bytes, from, to);
  return MSIM_OK;
}

int msim__player_data_read(struct msim__mem *mem, const struct msim_in *in, const struct msim__player_source *source,
                           struct msim__player_data *data)
{
  size_t size = 0;
  int err;

  memset(data, 0, sizeof *data);
  err = read_all(mem, in, data, &size);
  if (err == MSIM_ERR_LIMIT)
    return msim__player_tell(source, err, "the page is too large");
  if (err != MSIM_OK)
    return err;
  data->json = trimmed(data->bytes, 0, size);
  if (data->json.size_bytes == 0 || data->json.data[0] != '{' || !says(data->json, "\"schema\":\"mailsim.play/"))
    err = take_page(source, data, size);
  else if (memchr(data->json.data, '<', data->json.size_bytes) != NULL)
    err = msim__player_tell(source, MSIM_ERR_SYNTAX, "the data is damaged: a < stands in it, which must be \\u003c");
  if (err == MSIM_OK && !says(data->json, "\"schema\":\"mailsim.play/1\""))
    err = msim__player_tell(source, MSIM_ERR_SYNTAX, "the data of the page is not of the form mailsim.play/1");
  return err;
}

void msim__player_data_release(struct msim__mem *mem, struct msim__player_data *data)
{
  msim__free(mem, data->bytes, data->capacity);
  memset(data, 0, sizeof *data);
}

/* ---- JSON as text ---- */

static size_t skip_spaces(struct msim_slice s, size_t at)
{
  while (at < s.size_bytes && is_space(s.data[at]))
    at++;
  return at;
}

/* Behind the text that begins here; SIZE_MAX: it does not end. */
static size_t skip_text(struct msim_slice s, size_t at)
{
  for (at++; at < s.size_bytes; at++) {
    if (s.data[at] == '"')
      return at + 1;
    if (s.data[at] == '\\')
      at++;
  }
  return SIZE_MAX;
}

/* Behind the value that begins here. Which bracket closes which is the reader's to judge. */
static size_t skip_value(struct msim_slice s, size_t at)
{
  size_t depth = 0;

  while (at < s.size_bytes) {
    uint8_t c = s.data[at];

    if (c == '"') {
      at = skip_text(s, at);
      if (at == SIZE_MAX || depth == 0)
        return at;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']' || is_space(c)))
      return at;
    depth += c == '{' || c == '[';
    at++;
    if ((c == '}' || c == ']') && --depth == 0)
      return at;
  }
  return depth == 0 ? at : SIZE_MAX;
}

bool msim__player_member(struct msim_slice object, const char *key, struct msim_slice *value)
{
  size_t at = skip_spaces(object, 0), length = strlen(key), name, end;

  if (at >= object.size_bytes || object.data[at] != '{')
    return false;
  for (at++;; at++) {
    name = skip_spaces(object, at);
    if (name >= object.size_bytes || object.data[name] != '"' || (at = skip_text(object, name)) == SIZE_MAX)
      return false;
    end = at;
    at = skip_spaces(object, at);
    if (at >= object.size_bytes || object.data[at] != ':')
      return false;
    at = skip_spaces(object, at + 1);
    value->data = object.data + at;
    if ((at = skip_value(object, at)) == SIZE_MAX)
      return false;
    value->size_bytes = (size_t)(object.data + at - value->data);
    if (end - name == length + 2 && memcmp(object.data + name + 1, key, length) == 0)
      return true;
    at = skip_spaces(object, at);
    if (at >= object.size_bytes || object.data[at] != ',')
      return false;
  }
}

size_t msim__player_inside(struct msim_slice value, struct msim_slice *inside)
{
  size_t at = 0, count = 0;

  inside->data = value.data;
  inside->size_bytes = 0;
  if (value.size_bytes < 2 || (value.data[0] != '[' && value.data[0] != '{'))
    return 0;
  *inside = trimmed(value.data, 1, value.size_bytes - 1);
  while (at < inside->size_bytes) {
    if ((at = skip_value(*inside, skip_spaces(*inside, at))) == SIZE_MAX)
      return 0;
    at = skip_spaces(*inside, at);
    if (at < inside->size_bytes && inside->data[at] == ':') {
      at++;
      continue;
    }
    count++;
    if (at < inside->size_bytes && inside->data[at++] != ',')
      return 0;
  }
  return count;
}
