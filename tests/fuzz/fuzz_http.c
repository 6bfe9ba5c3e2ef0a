/* fuzz_http.c: lib/proto/http_head.c, http_body.c, http_form.c, http_multipart.c, http_cookie.c, http_url.c and html.c:
 * whatever comes, and however it is cut into pieces, the same is read, within the input and within the limits.
 * Input: how it is cut, then the bytes. */
#include "fuzz.h"
#include "proto/html.h"
#include "proto/http_body.h"
#include "proto/http_cookie.h"
#include "proto/http_form.h"
#include "proto/http_multipart.h"
#include "proto/http_url.h"
#include "proto/http_write.h"

#define HEAD_MAX 300u
#define CONTENT_MAX 500u

static void check_fields(const struct msim__http_head *head, struct msim_slice input)
{
  struct msim__http_field field;
  size_t at = 0, count = 0;

  FUZZ_CHECK(head->size_bytes <= input.size_bytes && head->size_bytes <= HEAD_MAX);
  FUZZ_CHECK(fuzz_within(head->fields, fuzz_part(input, 0, head->size_bytes)));
  while (msim__http_field_next(head->fields, &at, &field) == 1) {
    FUZZ_CHECK(msim__http_is_token(field.name) && msim__http_is_value(field.value));
    count++;
  }
  FUZZ_CHECK(at == head->fields.size_bytes && count <= MSIM__HTTP_FIELD_COUNT_MAX);
}

/* The content in pieces of any size is the same, and so is where it ends. */
static void check_body(const struct msim__http_head *head, struct msim_slice input, size_t step)
{
  uint8_t content[2][CONTENT_MAX];
  size_t sizes[2] = {0, 0}, ends[2] = {0, 0}, way;
  int results[2] = {0, 0};

  for (way = 0; way < 2; way++) {
    size_t shown = 0;
    struct msim__http_body body;

    results[way] = msim__http_body_begin(&body, head, CONTENT_MAX);
    while (results[way] == 0) {
      struct msim_slice piece;
      size_t used;

      results[way] = msim__http_body_read(&body, fuzz_part(input, ends[way], shown), &piece, &used);
      FUZZ_CHECK(used <= shown - ends[way] && piece.size_bytes <= used && piece.size_bytes <= CONTENT_MAX - sizes[way]);
      if (piece.size_bytes > 0)
        memcpy(content[way] + sizes[way], piece.data, piece.size_bytes);
      sizes[way] += piece.size_bytes;
      ends[way] += used;
      if (results[way] != 0 || used > 0)
        continue;
      if (shown == input.size_bytes)
        break;
      shown = way == 0 || input.size_bytes - shown < step ? input.size_bytes : shown + step;
    }
  }
  FUZZ_CHECK(results[0] == results[1]);
  if (results[0] < 0)
    return;
  FUZZ_CHECK(ends[0] == ends[1] && sizes[0] == sizes[1] && memcmp(content[0], content[1], sizes[0]) == 0);
}

static void check_request(struct msim_slice input, size_t step)
{
  struct msim__http_request whole, pieces;
  struct msim__http_scan scan = {0, 0, 0}, again = {0, 0, 0};
  int got = msim__http_request_read(&scan, input, HEAD_MAX, &whole), now = 0;
  size_t size;

  for (size = 0; now == 0; size += step) {
    now = msim__http_request_read(&again, fuzz_part(input, 0, size < input.size_bytes ? size : input.size_bytes),
                                  HEAD_MAX, &pieces);
    if (size >= input.size_bytes)
      break;
  }
  FUZZ_CHECK(now == got && whole.refusal == pieces.refusal && (got < 0) == (whole.refusal != 0));
  if (got != 1)
    return;
  check_fields(&whole.head, input);
  FUZZ_CHECK(whole.head.size_bytes == pieces.head.size_bytes && fuzz_same(whole.path, pieces.path));
  FUZZ_CHECK(msim__http_is_token(whole.method) && msim__http_is_host(whole.host));
  FUZZ_CHECK(fuzz_within(whole.target, input) && whole.target.size_bytes > 0);
  check_body(&whole.head, fuzz_part(input, whole.head.size_bytes, input.size_bytes), step);
}

static void check_response(struct msim_slice input, size_t step)
{
  struct msim__http_response whole, pieces;
  struct msim__http_scan scan = {0, 0, 0}, again = {0, 0, 0};
  int got = msim__http_response_read(&scan, input, HEAD_MAX, false, &whole), now = 0;
  size_t size;

  for (size = 0; now == 0; size += step) {
    now = msim__http_response_read(&again, fuzz_part(input, 0, size < input.size_bytes ? size : input.size_bytes),
                                   HEAD_MAX, false, &pieces);
    if (size >= input.size_bytes)
      break;
  }
  FUZZ_CHECK(now == got && (got < 0) == (whole.why != NULL));
  if (got != 1)
    return;
  check_fields(&whole.head, input);
  FUZZ_CHECK(whole.status >= 100 && whole.status <= 599 && whole.status == pieces.status);
  check_body(&whole.head, fuzz_part(input, whole.head.size_bytes, input.size_bytes), step);
}

static void check_form(struct msim_slice input)
{
  struct msim__form_pair pair;
  uint8_t *out = malloc(3 * input.size_bytes + 1), *back = malloc(3 * input.size_bytes + 1);
  size_t at = 0, size, again;

  FUZZ_CHECK(out != NULL && back != NULL);
  while (msim__form_next(input, &at, &pair) == 1)
    FUZZ_CHECK(fuzz_within(pair.name, input) && fuzz_within(pair.value, input));
  FUZZ_CHECK(msim__percent_encode(input, true, false, out, 3 * input.size_bytes, &size) == MSIM_OK);
  FUZZ_CHECK(msim__percent_decode(fuzz_slice_of(out, size), true, back, size, &again) == MSIM_OK);
  FUZZ_CHECK(fuzz_same(fuzz_slice_of(back, again), input));
  if (msim__percent_decode(input, true, out, input.size_bytes, &size) == MSIM_OK)
    FUZZ_CHECK(size <= input.size_bytes);
  free(out);
  free(back);
}

static void check_multipart(struct msim_slice input)
{
  struct msim__multipart_iter iter;
  struct msim__multipart_part part;
  unsigned count = 0;
  int got;

  msim__multipart_begin(&iter, input, "B");
  while ((got = msim__multipart_next(&iter, &part)) == 1) {
    FUZZ_CHECK(fuzz_within(part.content, input) && fuzz_within(part.name, input) && fuzz_within(part.filename, input));
    FUZZ_CHECK(msim__multipart_may_hold("B", part.content) || part.content.size_bytes > 2);
    FUZZ_CHECK(++count <= MSIM__MULTIPART_PARTS_MAX);
  }
  FUZZ_CHECK(got == 0 || got == MSIM_ERR_SYNTAX || got == MSIM_ERR_LIMIT);
}

static void check_cookie(struct msim_slice input)
{
  struct msim__set_cookie cookie, back;
  struct msim_slice name, value;
  uint8_t out[8192];
  size_t at = 0, size;

  while (msim__cookie_next(input, &at, &name, &value) == 1)
    FUZZ_CHECK(fuzz_within(name, input) && fuzz_within(value, input) && name.size_bytes > 0);
  if (msim__set_cookie_parse(&cookie, input) != MSIM_OK ||
      msim__set_cookie_format(&cookie, out, sizeof out, &size) != MSIM_OK)
    return;
  FUZZ_CHECK(msim__set_cookie_parse(&back, fuzz_slice_of(out, size)) == MSIM_OK);
  FUZZ_CHECK(fuzz_same(back.name, cookie.name) && fuzz_same(back.value, cookie.value));
  FUZZ_CHECK(back.secure == cookie.secure && back.has_max_age == cookie.has_max_age);
}

static void check_url(struct msim_slice input)
{
  static struct msim__url base, url, again;
  char text[MSIM__URL_BYTES_MAX + 300], host[264];
  int size;

  memset(&base, 0, sizeof base);
  memcpy(base.host, "a", 2);
  memcpy(base.target, "/b/c?d", 7);
  base.port = 80;
  if (msim__url_resolve(&url, &base, input) != MSIM_OK)
    return;
  FUZZ_CHECK(url.target[0] == '/' && url.host[0] != '\0' && url.port != 0);
  (void)msim__url_host(&url, host);
  size = snprintf(text, sizeof text, "http://%s%s", host, url.target);
  if ((size_t)size > MSIM__URL_BYTES_MAX)
    return;
  FUZZ_CHECK(msim__url_parse(&again, fuzz_slice_of((const uint8_t *)text, (size_t)size)) == MSIM_OK);
  FUZZ_CHECK(msim__url_same_site(&url, &again) && strcmp(url.target, again.target) == 0);
}

static void check_html(struct msim_slice input)
{
  struct msim__html_token token;
  struct msim__html_form form;
  struct msim__html_control control;
  struct msim_slice value;
  uint8_t *out = malloc(6 * input.size_bytes + 1), *back = malloc(6 * input.size_bytes + 1);
  size_t at = 0, last = 0, inner, size, again;

  FUZZ_CHECK(out != NULL && back != NULL);
  while (msim__html_next(input, &at, &token) == 1) {
    FUZZ_CHECK(at > last && at <= input.size_bytes && fuzz_within(token.name, input));
    FUZZ_CHECK(fuzz_within(token.text, input) && (token.kind != MSIM__HTML_TEXT || token.text.size_bytes > 0));
    if (msim__html_attribute(token.attributes, "a", &value) == 1)
      FUZZ_CHECK(fuzz_within(value, input));
    last = at;
  }
  for (at = 0; msim__html_form_next(input, &at, &form) == 1;)
    for (inner = 0; msim__html_control_next(form.content, &inner, &control) == 1;)
      FUZZ_CHECK(fuzz_within(control.name, form.content));
  FUZZ_CHECK(msim__html_decode(input, out, input.size_bytes, &size) == MSIM_OK);
  FUZZ_CHECK(msim__html_encode(input, out, 6 * input.size_bytes, &size) == MSIM_OK);
  FUZZ_CHECK(msim__html_decode(fuzz_slice_of(out, size), back, size, &again) == MSIM_OK);
  FUZZ_CHECK(fuzz_same(fuzz_slice_of(back, again), input));
  free(out);
  free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  size_t step = 1u + fuzz_byte(&input) % 16u;
  uint8_t *copy = fuzz_copy(input.rest);
  struct msim_slice bytes = fuzz_slice_of(copy, input.rest.size_bytes);

  check_request(bytes, step);
  check_response(bytes, step);
  check_form(bytes);
  check_multipart(bytes);
  check_cookie(bytes);
  check_url(bytes);
  check_html(bytes);
  free(copy);
  return 0;
}
