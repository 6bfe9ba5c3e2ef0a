/* recogniser_http.c: HTTP/1.1 (RFC 9112) as it passes by; see recogniser.h.
 *
 * Of a request that logs in the body is secret, and of others what a form or a query has under the name of a password,
 * and the field Authorization. Which requests log in, or post a finished mail, is known by the paths that the webmail
 * has. Finds ends of messages; does not refuse what servers refuse. */
#include "proto/ascii.h"
#include "proto/recogniser.h"

#include <string.h>

static const char unit_request[] = "http.request";
static const char unit_submit[] = "webmail.submit";
static const char unit_response[] = "http.response";

enum { START, FIELDS, BODY, REST };

/* ---- names and values: of a query, of a form ---- */

static void begin_pairs(struct msim__recogniser *r)
{
  r->p.http.in_pairs = true;
  r->p.http.in_value = r->p.http.name_is_secret = false;
  memset(r->p.http.name_end, 0, sizeof r->p.http.name_end);
}

/* "password", "user_pwd", "Pass": what a name ends in so far. One with an escape may be anything. */
static bool is_secret_name(const uint8_t end[4])
{
  return memcmp(end, "pass", 4) == 0 || memcmp(end + 1, "pwd", 3) == 0 || end[3] == '%';
}

/* feed->at is in front of the byte. */
static void take_pair_byte(struct msim__recogniser_feed *feed, uint8_t byte)
{
  struct msim__recogniser *r = feed->recogniser;

  if (r->p.http.in_value && r->p.http.name_is_secret && byte != '&')
    msim__recogniser_secret(feed, true);
  if (byte == '&') {
    msim__recogniser_secret(feed, false);
    begin_pairs(r);
  } else if (byte == '=') {
    r->p.http.in_value = true;
  } else if (!r->p.http.in_value) {
    memmove(r->p.http.name_end, r->p.http.name_end + 1, 3);
    r->p.http.name_end[3] = msim__ascii_lower(byte);
    r->p.http.name_is_secret = r->p.http.name_is_secret || is_secret_name(r->p.http.name_end);
  }
}

/* ---- lines ---- */

static struct msim_slice text_of(const struct msim__recogniser_feed *feed)
{
  return (struct msim_slice){feed->way->text, feed->way->text_bytes};
}

static size_t find_any(struct msim_slice text, size_t from, const char *bytes)
{
  while (from < text.size_bytes && (text.data[from] == '\0' || strchr(bytes, text.data[from]) == NULL))
    from++;
  return from < text.size_bytes ? from : text.size_bytes;
}

static bool path_ends_in(struct msim_slice path, const char *word)
{
  size_t size_bytes = strlen(word);

  return path.size_bytes >= size_bytes &&
         msim__slice_is(msim__slice_part(path, path.size_bytes - size_bytes, path.size_bytes), word);
}

/* Known once the path is. */
static bool decide_request(struct msim__recogniser_feed *feed, bool last)
{
  struct msim__recogniser *r = feed->recogniser;
  struct msim_slice text = text_of(feed), method, path;
  size_t space = find_any(text, 0, " \r\n"), end = find_any(text, space + 1, "? \r\n");

  if (!last && end >= text.size_bytes)
    return false;
  if (space == 0 && text.data[0] != ' ') /* an empty line in front of a request (RFC 9112 2.2) */
    return true;
  method = msim__slice_part(text, 0, space);
  path = space + 1 < end ? msim__slice_part(text, space + 1, end) : msim__slice_part(text, space, space);
  r->p.http.is_login = path_ends_in(path, "/login");
  r->p.http.is_form = false;
  if (msim__slice_is(method, "HEAD") && r->p.http.request_count < 64)
    r->p.http.to_head |= UINT64_C(1) << r->p.http.request_count;
  if (msim__slice_is(method, "POST") && path_ends_in(path, "/send"))
    msim__recogniser_begin(feed, unit_submit, MSIM__RECOGNISER_NEW_LABEL, feed->way->line_bytes);
  else
    msim__recogniser_begin(feed, unit_request, MSIM__RECOGNISER_NO_LABEL, feed->way->line_bytes);
  if (end < text.size_bytes && text.data[end] == '?')
    begin_pairs(r);
  return true;
}

static bool decide_response(struct msim__recogniser_feed *feed, bool last)
{
  struct msim_slice text = text_of(feed);

  if (text.size_bytes < 5 && !last)
    return false;
  if (msim__recogniser_starts(text, "HTTP/"))
    msim__recogniser_begin(feed, unit_response, MSIM__RECOGNISER_NO_LABEL, feed->way->line_bytes);
  return true;
}

static bool decide_field(struct msim__recogniser_feed *feed, bool last)
{
  struct msim_slice text = text_of(feed);
  size_t colon = find_any(text, 0, ":");

  if (colon == text.size_bytes)
    return last;
  text.size_bytes = colon;
  if (feed->side == MSIM__RECOGNISER_CLIENT &&
      (msim__slice_is(text, "Authorization") || msim__slice_is(text, "Proxy-Authorization")))
    msim__recogniser_secret(feed, true);
  return true;
}

static void on_field(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser *r = feed->recogniser;
  struct msim__http_head *head = &r->p.http.heads[feed->side];
  struct msim_slice text = text_of(feed), value;
  size_t colon = find_any(text, 0, ":");

  if (feed->side == MSIM__RECOGNISER_CLIENT)
    msim__recogniser_secret(feed, false);
  if (colon == text.size_bytes)
    return;
  value = msim__slice_part(text, colon + 1, find_any(text, colon + 1, "\r\n"));
  value = msim__slice_trim(value);
  text.size_bytes = colon;
  if (msim__slice_is(text, "Content-Length")) {
    r->p.http.is_flawed[feed->side] |= !msim__slice_number(value, &head->length_bytes);
    head->framing = head->framing == MSIM__HTTP_CHUNKED ? MSIM__HTTP_CHUNKED : MSIM__HTTP_LENGTH;
  } else if (msim__slice_is(text, "Transfer-Encoding")) {
    r->p.http.is_flawed[feed->side] |= !msim__slice_is(value, "chunked");
    head->framing = MSIM__HTTP_CHUNKED;
  } else if (msim__slice_is(text, "Content-Type") && feed->side == MSIM__RECOGNISER_CLIENT) {
    r->p.http.is_form = msim__recogniser_starts(value, "application/x-www-form-urlencoded");
  }
}

/* ---- messages ---- */

static void begin_head(struct msim__recogniser_feed *feed)
{
  struct msim__http_head *head = &feed->recogniser->p.http.heads[feed->side];

  memset(head, 0, sizeof *head);
  head->framing = feed->side == MSIM__RECOGNISER_CLIENT ? MSIM__HTTP_NO_BODY : MSIM__HTTP_UNTIL_CLOSE;
  feed->recogniser->p.http.is_flawed[feed->side] = false;
  feed->way->reading = FIELDS;
}

static void on_status(struct msim__recogniser_feed *feed)
{
  struct msim_slice text = text_of(feed);
  size_t at = find_any(text, 0, " ");
  unsigned status = 0;

  for (at++; at < text.size_bytes && msim__ascii_is_digit(text.data[at]) && status < 1000; at++)
    status = status * 10 + (unsigned)(text.data[at] - '0');
  feed->recogniser->p.http.status = status;
  begin_head(feed);
}

static void end_message(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser *r = feed->recogniser;

  msim__recogniser_end(feed);
  feed->way->reading = START;
  if (feed->side == MSIM__RECOGNISER_CLIENT) {
    r->p.http.request_count = (uint8_t)(r->p.http.request_count + (r->p.http.request_count < 64));
  } else if (r->p.http.status / 100 != 1 && r->p.http.request_count > 0) {
    r->p.http.request_count--;
    r->p.http.to_head >>= 1;
  }
}

/* Nobody knows where it ends: what may hold a password is hidden, the rest says nothing. */
static void give_up(struct msim__recogniser_feed *feed)
{
  const struct msim__recogniser *r = feed->recogniser;

  if (feed->side == MSIM__RECOGNISER_CLIENT && (r->p.http.is_login || r->p.http.is_form))
    msim__recogniser_begin(feed, msim__unit_credentials, MSIM__RECOGNISER_NO_LABEL, 0);
  else
    msim__recogniser_end(feed);
  feed->way->reading = REST;
}

static void begin_body(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser *r = feed->recogniser;
  struct msim__http_head *head = &r->p.http.heads[feed->side];
  bool client = feed->side == MSIM__RECOGNISER_CLIENT;
  unsigned status = r->p.http.status;

  if (!client && status == 101) {
    msim__recogniser_end(feed);
    r->protocol = MSIM__RECOGNISER_NONE;
    return;
  }
  if (!client && ((r->p.http.to_head & 1) != 0 || status / 100 == 1 || status == 204 || status == 304))
    head->framing = MSIM__HTTP_NO_BODY;
  r->p.http.in_pairs = false;
  if (r->p.http.is_flawed[feed->side] && head->framing != MSIM__HTTP_NO_BODY) {
    give_up(feed);
  } else if (head->framing == MSIM__HTTP_NO_BODY || (head->framing == MSIM__HTTP_LENGTH && head->length_bytes == 0)) {
    end_message(feed);
  } else {
    (void)msim__http_body_begin(&feed->way->u.body, head, UINT64_MAX);
    feed->way->reading = BODY;
    if (client && r->p.http.is_login)
      msim__recogniser_begin(feed, msim__unit_credentials, MSIM__RECOGNISER_NO_LABEL, 0);
    else if (client && r->p.http.is_form)
      begin_pairs(r);
  }
}

/* Chunks byte by byte, so that it is known at which one they make no sense. */
static void take_body(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser *r = feed->recogniser;
  bool chunked = r->p.http.heads[feed->side].framing == MSIM__HTTP_CHUNKED;
  size_t begin = feed->at, consumed, i, from, end = chunked ? begin + 1 : feed->bytes.size_bytes;
  struct msim_slice content;
  int got = msim__http_body_read(&feed->way->u.body, msim__slice_part(feed->bytes, begin, end), &content, &consumed);

  if (feed->side == MSIM__RECOGNISER_CLIENT && r->p.http.is_form && !r->p.http.is_login && content.size_bytes > 0) {
    from = (size_t)(content.data - feed->bytes.data);
    for (i = 0; i < content.size_bytes; i++) {
      feed->at = from + i;
      take_pair_byte(feed, content.data[i]);
    }
  }
  feed->at = begin + consumed;
  if (got > 0)
    end_message(feed);
  else if (got < 0)
    give_up(feed);
}

/* ---- bytes ---- */

static void on_line(struct msim__recogniser_feed *feed)
{
  bool empty = feed->way->text[0] == '\n' || (feed->way->text[0] == '\r' && feed->way->text_bytes == 2);

  feed->recogniser->p.http.in_pairs = false;
  if (feed->way->reading == FIELDS && empty) {
    begin_body(feed);
  } else if (feed->way->reading == FIELDS) {
    on_field(feed);
  } else if (feed->side == MSIM__RECOGNISER_SERVER && feed->way->unit == NULL) { /* no response: what is it then? */
    feed->recogniser->protocol = MSIM__RECOGNISER_NONE;
  } else if (feed->side == MSIM__RECOGNISER_SERVER) {
    on_status(feed);
  } else if (!empty) {
    msim__recogniser_secret(feed, false);
    begin_head(feed);
  }
}

static void take_line_byte(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser *r = feed->recogniser;
  struct msim__recogniser_feed one = *feed;
  uint8_t byte = feed->bytes.data[feed->at];
  bool complete, client = feed->side == MSIM__RECOGNISER_CLIENT;

  if (client && r->p.http.in_pairs && msim__ascii_is_space(byte)) {
    msim__recogniser_secret(feed, false);
    r->p.http.in_pairs = false;
  } else if (client && r->p.http.in_pairs) {
    take_pair_byte(feed, byte);
  }
  one.bytes.size_bytes = feed->at + 1;
  complete = msim__recogniser_line(&one, feed->way->reading == FIELDS ? decide_field
                                         : client                     ? decide_request
                                                                      : decide_response);
  feed->at = one.at;
  if (!complete)
    return;
  on_line(feed);
  msim__recogniser_next_line(feed->way);
}

void msim__recogniser_http(struct msim__recogniser_feed *feed)
{
  if (feed->way->reading == BODY)
    take_body(feed);
  else if (feed->way->reading == REST)
    feed->at = feed->bytes.size_bytes;
  else
    take_line_byte(feed);
}
