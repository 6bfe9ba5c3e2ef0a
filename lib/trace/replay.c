/* replay.c: a written trace (jsonl) as a stream of records again: its lines, and the world that its first line names.
 *
 * The world is built through the same doors as any other, so that sinks find hosts and links where they always are;
 * nothing runs in it. Does not read records (replay_record.c) and writes nothing. */
#include "trace/replay.h"

#include <string.h>

#include "net/lan.h"
#include "text/diag.h"

#define SCHEMA "mailsim-trace/1"
#define CHUNK_BYTES ((size_t)64 * 1024)

typedef const struct msim__json_node node;

/* ---- findings and fields ---- */

bool msim__replay_fail(struct msim__replay *replay, int err, const char *field, const char *why)
{
  struct msim_diag diag;

  if (replay->err != MSIM_OK)
    return false;
  replay->err = err;
  if (replay->fn == NULL || err == MSIM_ERR_NOMEM)
    return false;
  if (field != NULL)
    msim__diag_set(&diag, replay->name, replay->line_number, 0, "\"%s\": %s", field, why);
  else
    msim__diag_set(&diag, replay->name, replay->line_number, 0, "%s", why);
  replay->fn(replay->user, &diag);
  return false;
}

bool msim__replay_text(struct msim__replay *replay, node *object, const char *field, bool required, const char **out)
{
  node *value = msim__json_find(object, field);

  *out = NULL;
  if (value == NULL)
    return !required || msim__replay_fail(replay, MSIM_ERR_SYNTAX, field, "the field is missing");
  if (value->kind != MSIM__JSON_TEXT)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, field, "a string is expected");
  if (strlen(value->u.text.data) != value->u.text.size_bytes)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, field, "a zero byte stands in it");
  *out = value->u.text.data;
  return true;
}

bool msim__replay_uint(struct msim__replay *replay, node *object, const char *field, uint64_t max, uint64_t *out)
{
  node *value = msim__json_find(object, field);
  uint64_t number;

  if (value == NULL)
    return true;
  if (!msim__json_uint_of(value, &number) || number > max)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, field, "a whole number is expected, or it is too large");
  *out = number;
  return true;
}

bool msim__replay_items(struct msim__replay *replay, node *object, const char *field, enum msim__json_kind kind,
                        node **out)
{
  *out = msim__json_find(object, field);
  if (*out != NULL && (*out)->kind != kind)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, field,
                             kind == MSIM__JSON_LIST ? "a list is expected" : "an object is expected");
  return true;
}

/* ---- the world ---- */

static bool read_place(struct msim__replay *replay, node *host, struct msim_node *made)
{
  uint64_t ppm[2] = {0, 0};
  node *at, *right, *down;

  if (!msim__replay_items(replay, host, "at", MSIM__JSON_LIST, &at) || at == NULL)
    return at == NULL && replay->err == MSIM_OK;
  right = at->u.items.first;
  down = right != NULL ? right->next : NULL;
  if (at->u.items.count != 2 || !msim__json_uint_of(right, &ppm[0]) || !msim__json_uint_of(down, &ppm[1]) ||
      ppm[0] > UINT32_MAX || ppm[1] > UINT32_MAX ||
      msim_node_set_place(made, (uint32_t)ppm[0], (uint32_t)ppm[1]) != MSIM_OK)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, "at", "two numbers up to 1000000 are expected");
  return true;
}

static bool add_host(struct msim__replay *replay, node *host)
{
  struct msim_node *made;
  const char *name;
  node *addresses, *item;
  int err;

  if (!msim__replay_text(replay, host, "name", true, &name) ||
      !msim__replay_items(replay, host, "addresses", MSIM__JSON_LIST, &addresses))
    return false;
  msim__net(replay->sim)->no_auto_addrs = true;
  err = msim_node_add(replay->sim, name, &made);
  if (err != MSIM_OK)
    return msim__replay_fail(replay, err, "hosts", err == MSIM_ERR_EXISTS ? "a host stands twice" : "a name is wrong");
  for (item = addresses != NULL ? addresses->u.items.first : NULL; item != NULL; item = item->next) {
    err = item->kind == MSIM__JSON_TEXT ? msim_node_add_addr(made, item->u.text.data) : MSIM_ERR_SYNTAX;
    if (err != MSIM_OK)
      return msim__replay_fail(replay, err, "addresses",
                               err == MSIM_ERR_EXISTS ? "an address stands twice" : "an address is wrong");
  }
  return read_place(replay, host, made);
}

static bool read_way(struct msim__replay *replay, node *link, const char *field, struct msim_link_way *way,
                     struct msim_ecn_mark *mark)
{
  node *object;
  uint64_t delay_ns = 1;

  if (!msim__replay_items(replay, link, field, MSIM__JSON_OBJECT, &object))
    return false;
  if (object != NULL && (!msim__replay_uint(replay, object, "rate", UINT64_MAX, &way->rate_bps) ||
                         !msim__replay_uint(replay, object, "delay", INT64_MAX, &delay_ns) ||
                         !msim__replay_way_rest(replay, object, way, mark)))
    return false;
  way->delay_ns = delay_ns;
  return true;
}

static bool add_link(struct msim__replay *replay, node *link)
{
  struct msim_link_opts opts;
  struct msim_node *a, *b;
  const char *a_name, *b_name;
  int err;

  memset(&opts, 0, sizeof opts);
  if (!msim__replay_text(replay, link, "name", false, &opts.name) ||
      !msim__replay_text(replay, link, "a", true, &a_name) || !msim__replay_text(replay, link, "b", true, &b_name) ||
      !read_way(replay, link, "ab", &opts.a_to_b, &opts.a_to_b_mark) ||
      !read_way(replay, link, "ba", &opts.b_to_a, &opts.b_to_a_mark) || !msim__replay_link_rest(replay, link, &opts))
    return false;
  a = msim_node_find(replay->sim, a_name);
  b = msim_node_find(replay->sim, b_name);
  if (a == NULL || b == NULL)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, "links", "a link joins a host that is not listed");
  err = msim_link_add(a, b, &opts);
  return err == MSIM_OK ||
         msim__replay_fail(replay, err, "links",
                           err == MSIM_ERR_EXISTS ? "a name of a link stands twice" : "a link cannot be like this");
}

static bool add_member(struct msim__replay *replay, struct msim_network *network, node *member)
{
  struct msim_attach_opts opts;
  struct msim_node *host;
  const char *name;
  int err;

  memset(&opts, 0, sizeof opts);
  if (!msim__replay_text(replay, member, "host", true, &name) ||
      !msim__replay_text(replay, member, "address", false, &opts.address) ||
      !msim__replay_text(replay, member, "mac", false, &opts.mac))
    return false;
  opts.no_address = opts.address == NULL;
  host = msim_node_find(replay->sim, name);
  if (host == NULL)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, "members", "a host is not listed");
  err = msim_network_attach(network, host, &opts, NULL);
  return err == MSIM_OK || msim__replay_fail(replay, err, "members", "a host cannot be in a network like this");
}

static bool add_network(struct msim__replay *replay, node *object)
{
  struct msim_network_opts opts;
  struct msim_network *network;
  const char *name;
  uint64_t realm = 0;
  node *members, *item;
  int err;

  memset(&opts, 0, sizeof opts);
  if (!msim__replay_text(replay, object, "name", true, &name) ||
      !msim__replay_text(replay, object, "prefix", false, &opts.prefix) ||
      !msim__replay_uint(replay, object, "realm", MSIM__REALMS_MAX, &realm) ||
      !read_way(replay, object, "cable", &opts.cable, &opts.mark) ||
      !msim__replay_items(replay, object, "members", MSIM__JSON_LIST, &members))
    return false;
  err = msim_network_add(replay->sim, name, &opts, &network);
  while (err == MSIM_OK && msim__net(replay->sim)->realm_count < realm)
    err = msim__realm_new(msim__net(replay->sim)) == 0 ? MSIM_ERR_LIMIT : MSIM_OK;
  if (err == MSIM_OK)
    err = msim__lan_set_realm(network, (uint32_t)realm);
  if (err != MSIM_OK)
    return msim__replay_fail(replay, err, "networks",
                             err == MSIM_ERR_EXISTS ? "a name stands twice" : "a network cannot be like this");
  for (item = members != NULL ? members->u.items.first : NULL; item != NULL; item = item->next) {
    if (!add_member(replay, network, item))
      return false;
  }
  return true;
}

static bool read_names(struct msim__replay *replay, node *head)
{
  const char *topology, *title;
  uint64_t seed = 0, engine = MSIM_ENGINE;
  node *start = msim__json_find(head, "start");
  int err;

  if (!msim__replay_text(replay, head, "topology", false, &topology) ||
      !msim__replay_text(replay, head, "title", false, &title) ||
      !msim__replay_uint(replay, head, "seed", UINT64_MAX, &seed) ||
      !msim__replay_uint(replay, head, "engine", UINT32_MAX, &engine))
    return false;
  if (start != NULL && start->kind != MSIM__JSON_INT)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, "start", "a whole number is expected");
  err = msim_sim_set_name(replay->sim, topology != NULL ? topology : "", title);
  if (err == MSIM_OK && start != NULL)
    err = msim_sim_set_start(replay->sim, start->u.integer);
  msim_sim_set_seed(replay->sim, seed);
  replay->sim->engine = (uint32_t)engine;
  return err == MSIM_OK || msim__replay_fail(replay, err, NULL, "");
}

static bool read_head(struct msim__replay *replay, node *head)
{
  node *hosts, *links, *networks, *item, *schema = msim__json_find(head, "schema");
  int err;

  if (schema == NULL || schema->kind != MSIM__JSON_TEXT || strcmp(schema->u.text.data, SCHEMA) != 0)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, "schema", "the first line must say " SCHEMA);
  if (!read_names(replay, head) || !msim__replay_items(replay, head, "hosts", MSIM__JSON_LIST, &hosts) ||
      !msim__replay_items(replay, head, "links", MSIM__JSON_LIST, &links) ||
      !msim__replay_items(replay, head, "networks", MSIM__JSON_LIST, &networks))
    return false;
  for (item = hosts != NULL ? hosts->u.items.first : NULL; item != NULL; item = item->next)
    if (!add_host(replay, item))
      return false;
  for (item = links != NULL ? links->u.items.first : NULL; item != NULL; item = item->next)
    if (!add_link(replay, item))
      return false;
  for (item = networks != NULL ? networks->u.items.first : NULL; item != NULL; item = item->next)
    if (!add_network(replay, item))
      return false;
  if (!msim__replay_origin(replay, head))
    return false;
  err = msim_sim_start(replay->sim);
  if (err != MSIM_OK)
    replay->err = err; /* the simulation has the sentence */
  return err == MSIM_OK;
}

/* ---- lines ---- */

/* How the text form begins; people mix the two up. */
static bool is_text_form(struct msim_slice line)
{
  return line.size_bytes > sizeof SCHEMA - 1 && memcmp(line.data, SCHEMA " ", sizeof SCHEMA) == 0;
}

static bool read_line(struct msim__replay *replay, struct msim_slice line, bool is_cut)
{
  const char *why;
  node *root;
  int err;

  replay->line_number++;
  if (replay->line_number == 1 && is_text_form(line))
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, NULL,
                             "this trace is in the form text, for people; the form jsonl is needed");
  err = msim__json_parse(&replay->line, line, &root, &why);
  if (err == MSIM_ERR_NOMEM)
    return msim__replay_fail(replay, err, NULL, "");
  if (err != MSIM_OK && is_cut)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, NULL, "the trace is cut off in the middle of this line");
  if (err != MSIM_OK)
    return msim__replay_fail(replay, err, "no JSON", why);
  if (root->kind != MSIM__JSON_OBJECT)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, NULL, "this line is no JSON object");
  return replay->line_number == 1 ? read_head(replay, root) : msim__replay_record(replay, root);
}

/* What has been read and not yet been used up. */
struct window {
  uint8_t *data;
  size_t capacity_bytes, begin, end; /* of data: [begin, end) is unread */
  size_t seen;                       /* in front of it no line ends */
};

/* More bytes into the window; *size_bytes 0: there are none. */
static bool read_more(struct msim__replay *replay, const struct msim_in *in, struct window *window, size_t *size_bytes)
{
  size_t limit = replay->line_number == 0 ? MSIM__TRACE_HEAD_BYTES_MAX : MSIM__TRACE_RECORD_BYTES_MAX;
  int err;

  if (window->begin > 0) {
    memmove(window->data, window->data + window->begin, window->end - window->begin);
    window->end -= window->begin;
    window->seen -= window->begin;
    window->begin = 0;
  }
  if (window->end > limit) {
    replay->line_number++;
    return msim__replay_fail(replay, MSIM_ERR_LIMIT, NULL, "the line is too long");
  }
  if (window->capacity_bytes - window->end < CHUNK_BYTES) {
    size_t wanted = window->capacity_bytes == 0 ? 2 * CHUNK_BYTES : window->capacity_bytes * 2;
    uint8_t *grown = (uint8_t *)msim__resize(&replay->sim->mem, window->data, window->capacity_bytes, wanted);

    if (grown == NULL)
      return msim__replay_fail(replay, MSIM_ERR_NOMEM, NULL, "");
    window->data = grown;
    window->capacity_bytes = wanted;
  }
  *size_bytes = 0;
  err = in->read(in->ctx, window->data + window->end, CHUNK_BYTES, size_bytes);
  if (err < 0 || *size_bytes > CHUNK_BYTES) {
    replay->line_number++;
    return msim__replay_fail(replay, err < 0 ? err : MSIM_ERR_INVALID, NULL, "the trace cannot be read");
  }
  window->end += *size_bytes;
  return true;
}

/* Whether to go on behind a line. */
static bool take_line(struct msim__replay *replay, struct msim_slice line, bool is_cut)
{
  bool fine;

  msim__arena_init(&replay->line, &replay->sim->mem);
  fine = read_line(replay, line, is_cut);
  msim__arena_release(&replay->line);
  return fine && !replay->sim->stopping;
}

static void read_lines(struct msim__replay *replay, const struct msim_in *in, struct window *window)
{
  struct msim_slice line;
  size_t got;

  for (;;) {
    const uint8_t *newline = window->end > window->seen ? (const uint8_t *)memchr(window->data + window->seen, '\n',
                                                                                  window->end - window->seen)
                                                        : NULL;

    if (newline != NULL) {
      line.data = window->data + window->begin;
      line.size_bytes = (size_t)(newline - line.data);
      window->begin = window->seen = (size_t)(newline - window->data) + 1;
      if (!take_line(replay, line, false))
        return;
      continue;
    }
    window->seen = window->end;
    if (!read_more(replay, in, window, &got))
      return;
    if (got == 0)
      break;
  }
  line.data = window->data + window->begin;
  line.size_bytes = window->end - window->begin;
  if (line.size_bytes > 0) {
    (void)take_line(replay, line, true);
  } else if (replay->line_number == 0) {
    replay->line_number = 1;
    (void)msim__replay_fail(replay, MSIM_ERR_SYNTAX, NULL, "the trace is empty");
  }
}

int msim_trace_replay(struct msim_sim *sim, const struct msim_in *in, const char *name, msim_diag_fn *fn, void *user)
{
  struct msim__replay replay;
  struct window window;

  if (in == NULL || in->read == NULL)
    return MSIM_ERR_INVALID;
  if (sim->failure != MSIM_OK)
    return sim->failure;
  if (sim->started || sim->starting || msim__net(sim) == NULL || msim__net(sim)->node_count > 0)
    return MSIM_ERR_STATE;
  memset(&replay, 0, sizeof replay);
  memset(&window, 0, sizeof window);
  replay.sim = sim;
  replay.name = name != NULL ? name : "trace";
  replay.fn = fn;
  replay.user = user;
  msim__arena_init(&replay.held, &sim->mem);
  msim__names_init(&replay.flows, &sim->mem);
  sim->stopping = false;
  replay.payload = (uint8_t *)msim__alloc(&sim->mem, MSIM__REPLAY_PAYLOAD_BYTES_MAX);
  if (replay.payload != NULL)
    read_lines(&replay, in, &window);
  else
    replay.err = MSIM_ERR_NOMEM;
  msim__free(&sim->mem, replay.payload, replay.payload != NULL ? MSIM__REPLAY_PAYLOAD_BYTES_MAX : 0);
  msim__free(&sim->mem, window.data, window.capacity_bytes);
  msim__names_release(&replay.flows);
  msim__arena_release(&replay.held);
  return replay.err;
}
