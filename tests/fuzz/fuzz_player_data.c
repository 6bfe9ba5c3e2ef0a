/* fuzz_player_data.c: lib/trace/player_data.c and player_refresh.c: two pages or files of data, put on one page. What
 * is written can be read again, is one object with two runs, and has no `<` in it, whatever was in the sources. Input:
 * both, with a zero byte between them. */
#include "fuzz.h"
#include "trace/player_data.h"
#include "trace/player_page.h"

#define SIZE_MAX_BYTES ((size_t)65536)

struct source {
  struct msim_slice left;
};

struct paper {
  uint8_t *data;
  size_t size, capacity;
};

static int read_some(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct source *source = ctx;
  size_t size = source->left.size_bytes < capacity_bytes ? source->left.size_bytes : capacity_bytes;

  if (size > 0)
    memcpy(data, source->left.data, size);
  source->left.data += size;
  source->left.size_bytes -= size;
  *size_bytes = size;
  return MSIM_OK;
}

static int write_some(void *ctx, const void *data, size_t size_bytes)
{
  struct paper *paper = ctx;

  FUZZ_CHECK(paper->size + size_bytes <= paper->capacity);
  memcpy(paper->data + paper->size, data, size_bytes);
  paper->size += size_bytes;
  return MSIM_OK;
}

static int pair(struct msim_slice a, struct msim_slice b, struct paper *paper)
{
  static const char *const names[2] = {"a", "b"};
  struct source sources[2] = {{a}, {b}};
  const struct msim_in in[2] = {{&sources[0], read_some}, {&sources[1], read_some}};
  const struct msim_out out = {paper, write_some};

  paper->size = 0;
  return msim_player_pair(NULL, in, names, &out, NULL, NULL);
}

static void check_page(const struct paper *paper)
{
  struct msim_slice json, runs, inside;
  struct source source;
  struct msim_in in = {&source, read_some};
  struct msim__player_source name = {"page", NULL, NULL};
  struct msim__player_data data;
  struct paper none = {NULL, 0, 0};
  struct msim__mem mem;

  msim__mem_init(&mem, NULL);
  source.left.data = paper->data;
  source.left.size_bytes = paper->size;
  FUZZ_CHECK(msim__player_data_read(&mem, &in, &name, &data) == MSIM_OK);
  json = data.json;
  FUZZ_CHECK(memchr(json.data, '<', json.size_bytes) == NULL);
  FUZZ_CHECK(msim__player_member(json, "runs", &runs));
  FUZZ_CHECK(msim__player_inside(runs, &inside) == 2);
  FUZZ_CHECK(msim__player_member(json, "strings", &runs));
  FUZZ_CHECK(pair(json, json, &none) == MSIM_ERR_SYNTAX); /* it has two already */
  msim__player_data_release(&mem, &data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *between = size > 0 ? memchr(data, 0, size) : NULL;
  struct msim_slice a, b;
  struct paper paper;

  if (msim__player_head_bytes == 0 || between == NULL || size > SIZE_MAX_BYTES)
    return 0;
  a.data = data;
  a.size_bytes = (size_t)(between - data);
  b.data = between + 1;
  b.size_bytes = size - a.size_bytes - 1;
  paper.size = 0;
  paper.capacity = msim__player_head_bytes + msim__player_tail_bytes + size + 256;
  paper.data = malloc(paper.capacity);
  FUZZ_CHECK(paper.data != NULL);
  if (pair(a, b, &paper) == MSIM_OK)
    check_page(&paper);
  free(paper.data);
  return 0;
}
