/* agent_http_server.c: a web server with pages that stand in its configuration (RFC 9110, 9112).
 *
 * GET and HEAD, with entity tags. Connections are http_serving.c's. Does not run programs, does not know users. */
#include "agents/http_serving.h"

#include "core/hash.h"
#include "proto/ascii.h"
#include "proto/http_form.h"
#include "proto/http_write.h"

#include <stdio.h>

#define PAGE_BYTES_MAX ((uint64_t)64 << 20)
#define PATH_BYTES_MAX 2048u
#define FIELDS_BYTES 2560u /* of a page: a location may be long */

struct page_body {
  const char *body, *type, *location;
  uint64_t size_bytes, status;
};

struct page {
  const char *key;              /* the path */
  const struct page_body *body; /* NULL: nothing is said */
};

struct config {
  struct msim_list pages; /* struct page */
  uint64_t port, connections_max, requests_max;
  msim_ns idle_ns, request_ns;
};

struct state {
  struct msim__http_serving serving; /* must be first */
};

/* ---- keys ---- */

static const char *check_path(const char *text)
{
  const char *c;

  if (text[0] != '/' || strlen(text) > PATH_BYTES_MAX)
    return "a path such as /index.html is expected here";
  for (c = text; *c != '\0'; c++)
    if ((uint8_t)*c < ' ' || *c == 0x7f || *c == '?' || *c == '#')
      return "a path without query is expected here";
  return NULL;
}

static const char *check_line(const char *text)
{
  return msim__http_is_value(msim__slice_text(text)) ? NULL : "one line is expected here";
}

static const char *check_location(const char *text)
{
  for (; *text != '\0'; text++)
    if (*text <= ' ' || *text > '~')
      return "a URL is expected here, such as /other or http://www.example/";
  return NULL;
}

#define PAGE(member) offsetof(struct page_body, member)
static const struct msim_field page_fields[] = {
    {.key = "body", .kind = MSIM_FIELD_TEXT, .offset = PAGE(body), .fallback = "\"\"", .help = "what the page says"},
    {.key = "type",
     .kind = MSIM_FIELD_TEXT,
     .offset = PAGE(type),
     .fallback = "\"text/html; charset=utf-8\"",
     .check = check_line,
     .help = "its media type"},
    {.key = "size",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = PAGE(size_bytes),
     .fallback = "0B",
     .max = PAGE_BYTES_MAX,
     .help = "fills the page so that it measures this much"},
    {.key = "status",
     .kind = MSIM_FIELD_UINT,
     .offset = PAGE(status),
     .fallback = "200",
     .min = 200,
     .max = 599,
     .help = "with another one than 200 it is a page of an error, or leads elsewhere"},
    {.key = "location",
     .kind = MSIM_FIELD_TEXT,
     .offset = PAGE(location),
     .fallback = "\"\"",
     .check = check_location,
     .help = "with status 301, 302, 303, 307 or 308: where it leads"},
    {.key = NULL},
};

static const struct msim_field page_item[] = {
    {.key = "page",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct page, body),
     .item = page_fields,
     .item_bytes = sizeof(struct page_body)},
};

static const struct msim_field fields[] = {
    {.key = "pages",
     .kind = MSIM_FIELD_MAP,
     .offset = offsetof(struct config, pages),
     .item = page_item,
     .item_bytes = sizeof(struct page),
     .check = check_path,
     .min = 1,
     .max = 10000,
     .help = "by path, each with body, type, size, status, location"},
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, port),
     .fallback = "80",
     .min = 1,
     .max = 65535,
     .help = "where it listens"},
    {.key = "connections-max",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, connections_max),
     .fallback = "1000",
     .min = 1,
     .max = 1000000,
     .help = "at one time; further ones get 503"},
    {.key = "requests-max",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, requests_max),
     .fallback = "1000",
     .max = 1000000000,
     .help = "of one connection, which is then closed; 1: no connection is kept alive; 0: no limit"},
    {.key = "timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, idle_ns),
     .fallback = "60s",
     .min = MSIM_MSEC(1),
     .help = "a connection on which nothing is asked for so long is closed"},
    {.key = "request-timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, request_ns),
     .fallback = "30s",
     .min = MSIM_MSEC(1),
     .help = "who has begun a request has so long for the rest of it, else 408"},
    {.key = NULL},
};

/* ---- answering ---- */

/* By the path as it reads without percent codes. NULL: there is none. */
static const struct page *find_page(struct msim_agent *agent, struct msim_slice path)
{
  const struct config *config = msim_agent_config(agent);
  const struct page *pages = config->pages.items;
  uint8_t text[PATH_BYTES_MAX];
  size_t size, i;

  if (msim__percent_decode(path, false, text, sizeof text, &size) != MSIM_OK)
    return NULL;
  for (i = 0; i < config->pages.count; i++)
    if (msim__slice_equal(msim__slice_text(pages[i].key), (struct msim_slice){text, size}))
      return &pages[i];
  return NULL;
}

/* What is missing to the size is dots, in lines. 0 or the buffer's error. */
static int write_body(struct msim__buf *out, const struct page_body *page)
{
  size_t at;

  (void)msim__buf_append_text(out, page->body);
  for (at = out->size_bytes; out->err == MSIM_OK && at < page->size_bytes; at++)
    (void)msim__buf_append_byte(out, at % 80 == 79 || at + 1 == page->size_bytes ? '\n' : '.');
  return out->err;
}

static bool has_tag(const struct msim__http_call *call, const char *tag)
{
  struct msim_slice value;

  return msim__http_field_find(call->request.head.fields, "If-None-Match", 0, &value) == 1 &&
         msim__http_etag_matches(value, msim__slice_text(tag));
}

static void send_page(struct msim__http_conn *conn, const struct msim__http_call *call, const struct page *page)
{
  static const struct page_body nothing = {"", "text/html; charset=utf-8", "", 0, 200};
  const struct page_body *body = page->body != NULL ? page->body : &nothing;
  struct msim__http_serving *serving = msim__http_conn_serving(conn);
  struct msim__http_answer answer = {.status = (unsigned)body->status, .page = page->key, .type = body->type};
  struct msim__http_writer w;
  uint8_t more[FIELDS_BYTES];
  struct msim__buf text;
  char tag[24];

  msim__buf_init(&text, &serving->mem, (size_t)PAGE_BYTES_MAX + strlen(body->body));
  if (write_body(&text, body) != MSIM_OK) {
    msim__buf_release(&text);
    return; /* out of memory: the simulation has failed */
  }
  answer.body = (struct msim_slice){(const uint8_t *)text.data, text.size_bytes};
  msim__http_writer_begin(&w, more, sizeof more);
  if (body->location[0] != '\0')
    msim__http_put_text(&w, "Location", body->location);
  if (answer.status == 200) {
    (void)snprintf(tag, sizeof tag, "\"%016llx\"",
                   (unsigned long long)msim__hash_bytes(0, answer.body.data, answer.body.size_bytes));
    msim__http_put_text(&w, "ETag", tag);
    if (has_tag(call, tag)) {
      answer.status = 304;
      answer.type = NULL;
      answer.body.size_bytes = 0;
    }
  }
  answer.fields = (struct msim_slice){more, w.size_bytes};
  msim__http_answer(conn, &answer);
  msim__buf_release(&text);
}

static void on_call(struct msim__http_conn *conn, const struct msim__http_call *call)
{
  static const char *const others[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"};
  struct msim_slice method = call->request.method;
  const struct page *page;
  size_t i;

  for (i = 0; i < sizeof others / sizeof *others; i++)
    if (msim__slice_equal(method, msim__slice_text(others[i]))) {
      msim__http_answer_error(conn, 405, "Pages can only be read here", msim__slice_text("Allow: GET, HEAD\r\n"));
      return;
    }
  if (!msim__slice_equal(method, msim__slice_text("GET")) && !msim__slice_equal(method, msim__slice_text("HEAD"))) {
    msim__http_answer_error(conn, 501, "The method is not known", msim__slice_text(""));
    return;
  }
  page = find_page(msim__http_conn_serving(conn)->agent, call->request.path);
  if (page != NULL)
    send_page(conn, call, page);
  else
    msim__http_answer_error(conn, 404, "There is no such page", msim__slice_text(""));
}

static const struct msim__http_serving_ops serving_ops = {.call = on_call};

/* ---- the agent ---- */

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);

  state->serving.ops = &serving_ops;
  state->serving.conns_max = config->connections_max;
  state->serving.requests_max = config->requests_max;
  state->serving.body_bytes_max = 65536; /* nothing is done with it, but the connection lives on */
  state->serving.idle_ns = config->idle_ns;
  state->serving.request_ns = config->request_ns;
  return msim__http_serving_start(&state->serving, agent, (uint16_t)config->port);
}

static void stop(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);

  msim__http_serving_stop(&state->serving);
}

extern const struct msim_agent_type msim__agent_http_server;
const struct msim_agent_type msim__agent_http_server = {
    .name = "http-server",
    .summary = "a web server with pages of its own",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
    .stop = stop,
};
