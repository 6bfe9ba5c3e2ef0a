/* fuzz_document.c: lib/explore/document.c and document_write.c: what is written reads back as the same document, to the
 * byte and to the quotes, and shrinking it comes to an end. Input: a YAML text. */
#include "explore/document.h"
#include "fuzz.h"
#include "support/fail_mem.h"

#include <stdlib.h>

#define INPUT_BYTES_MAX 20000u

struct text {
  char *data;
  size_t size_bytes;
};

static int take(void *ctx, const void *data, size_t size_bytes)
{
  struct text *text = ctx;

  text->data = malloc(size_bytes + 1);
  FUZZ_CHECK(text->data != NULL);
  memcpy(text->data, data, size_bytes);
  text->data[size_bytes] = '\0';
  text->size_bytes = size_bytes;
  return MSIM_OK;
}

static struct text write_document(struct msim_document *document)
{
  struct text text = {NULL, 0};
  struct msim_out out = {.ctx = &text, .write = take};

  FUZZ_CHECK(msim_document_write(document, NULL, &out) == MSIM_OK);
  return text;
}

static void check_text(const struct msim__doc_text *a, const struct msim__doc_text *b)
{
  bool is_null = a->plain && a->size_bytes == 0;

  FUZZ_CHECK((a->bytes != NULL) == (b->bytes != NULL));
  if (a->bytes == NULL)
    return;
  FUZZ_CHECK(a->plain || !b->plain); /* what was in quotes stays so */
  if (!is_null)
    FUZZ_CHECK(a->size_bytes == b->size_bytes && memcmp(a->bytes, b->bytes, a->size_bytes) == 0);
}

static void check_node(const struct msim__doc_node *a, const struct msim__doc_node *b)
{
  const struct msim__doc_node *x = msim__doc_first(a), *y = msim__doc_first(b);

  FUZZ_CHECK(a->kind == b->kind);
  check_text(&a->key, &b->key);
  check_text(&a->text, &b->text);
  for (; x != NULL && y != NULL; x = msim__doc_next(x), y = msim__doc_next(y))
    check_node(x, y);
  FUZZ_CHECK(x == NULL && y == NULL);
}

/* Sections change their order; their names do not repeat. */
static void check_root(const struct msim__doc_node *a, const struct msim__doc_node *b)
{
  const struct msim__doc_node *x, *y;
  size_t a_count = 0, b_count = 0;

  for (y = msim__doc_first(b); y != NULL; y = msim__doc_next(y))
    b_count++;
  for (x = msim__doc_first(a); x != NULL; x = msim__doc_next(x)) {
    a_count++;
    for (y = msim__doc_first(b); y != NULL; y = msim__doc_next(y))
      if (x->key.size_bytes == y->key.size_bytes && memcmp(x->key.bytes, y->key.bytes, x->key.size_bytes) == 0)
        break;
    FUZZ_CHECK(y != NULL);
    check_node(x, y);
  }
  FUZZ_CHECK(a_count == b_count);
}

static int holds(void *user, struct msim_slice text, msim_ns *at_ns)
{
  const uint8_t *byte = user;

  *at_ns = MSIM_SEC(1);
  return memchr(text.data, *byte, text.size_bytes) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct msim_slice slice = {data, size_bytes};
  struct msim_document *document = NULL, *again = NULL;
  struct text first, second;
  struct fail_mem mem;
  struct msim_shrink_opts opts = {.runs_max = 200};
  struct msim_shrink_info info;
  uint8_t byte = size_bytes > 0 ? data[size_bytes / 2] : 0;

  if (size_bytes > INPUT_BYTES_MAX)
    return 0;
  fail_mem_init(&mem, 0);
  if (msim_document_open_text(&document, "x", slice, NULL, &mem.hook, NULL, NULL) == MSIM_OK) {
    first = write_document(document);
    slice.data = (const uint8_t *)first.data;
    slice.size_bytes = first.size_bytes;
    FUZZ_CHECK(msim_document_open_text(&again, "x", slice, NULL, &mem.hook, NULL, NULL) == MSIM_OK ||
               first.size_bytes == 0);
    if (again != NULL) {
      check_root(document->root, again->root);
      second = write_document(again);
      FUZZ_CHECK(strcmp(first.data, second.data) == 0);
      free(second.data);
      FUZZ_CHECK(msim_document_shrink(again, holds, &byte, &opts, &info) == MSIM_OK);
      FUZZ_CHECK(info.run_count <= 200);
    }
    msim_document_free(again);
    free(first.data);
  }
  msim_document_free(document);
  FUZZ_CHECK(fail_mem_clean(&mem));
  return 0;
}
