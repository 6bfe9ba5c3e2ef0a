/* user_pop.c: a person's program fetches mail by POP3 (RFC 1939, 2449, 5034): everything that it has no copy of, one
 * message after another; what is safe on the PC's disk is deleted at the server, unless it shall stay there.
 *
 * In lock-step: the next command is chosen by the reply. What the server says is not trusted: lines, lists and messages
 * are bounded. Does not speak TLS. */
#include "agents/user_pop.h"

#include "agents/agents.h"
#include "proto/ascii.h"

#include <stdio.h>

#define LINE_BYTES_MAX 16384u /* of a reply: a challenge in base64 may be long */
#define MAIL_BYTES_MAX ((size_t)256 << 20)
#define REPLY_NS MSIM_SEC(300)  /* how long one may take */
#define LINGER_NS MSIM_SEC(120) /* for the server's half after our goodbye */
#define ORIGIN_BYTES 640u

/* ---- outcomes ---- */

static void fail(struct msim__user_pop *pop, const char *reason, const char *reply)
{
  if (!pop->settled)
    msim__user_tell_failed(pop->check.inbox, pop->check.receive, reason, reply);
  pop->settled = true;
}

static void tell_listed(struct msim__user_pop *pop)
{
  struct msim_value values[4];
  uint64_t size_bytes = 0;
  size_t i;

  for (i = 0; i < pop->item_count; i++)
    size_bytes += pop->items[i].size_bytes;
  values[0] = msim_value_text("mailbox", pop->check.receive->login);
  values[1] = msim_value_text("protocol", "pop");
  values[2] = msim_value_int("count", (int64_t)pop->item_count);
  values[3] = msim_value_int("size", (int64_t)size_bytes);
  msim_agent_event(pop->check.inbox->agent, "mailbox.listed", values, 4);
}

static void tell_retrieved(struct msim__user_pop *pop)
{
  struct msim_value values[3];

  if (pop->failed_count > 0) {
    fail(pop, "incomplete", "some messages were not given out");
    return;
  }
  values[0] = msim_value_text("mailbox", pop->check.receive->login);
  values[1] = msim_value_text("protocol", "pop");
  values[2] = msim_value_int("count", (int64_t)pop->fetched_count);
  msim_agent_event(pop->check.inbox->agent, "mailbox.retrieved_all", values, 3);
  pop->settled = true;
}

static void free_pop(struct msim__user_check *check)
{
  struct msim__user_pop *pop = (struct msim__user_pop *)(void *)check; /* its first member */
  struct msim__mem *mem = &check->inbox->mem;

  msim_timer_cancel(&pop->timer);
  if (pop->stream != NULL)
    msim_stream_set_data(pop->stream, NULL);
  msim__user_save_forget(check->inbox, pop);
  msim__user_check_leave(check);
  msim__buf_release(&pop->content);
  msim__free(mem, pop->items, pop->item_capacity * sizeof *pop->items);
  msim__free(mem, pop, sizeof *pop);
}

/* ---- saying ---- */

void msim__user_pop_send(struct msim__user_pop *pop, enum msim__user_pop_state state, const char *unit,
                         const char *line)
{
  pop->state = state;
  msim_timer_arm(&pop->timer, REPLY_NS);
  (void)msim__stream_send_unit(pop->check.inbox->agent, pop->stream, unit, NULL, line, strlen(line));
}

void msim__user_pop_command(struct msim__user_pop *pop, enum msim__user_pop_state state, const char *line)
{
  msim__user_pop_send(pop, state, "pop.command", line);
}

static void quit(struct msim__user_pop *pop)
{
  msim__user_pop_command(pop, MSIM__USER_POP_QUIT, "QUIT\r\n");
}

void msim__user_pop_refuse(struct msim__user_pop *pop)
{
  fail(pop, "refused", pop->reply);
  quit(pop);
}

/* The server does not make sense, or is too slow: RFC 1939 6, nothing is deleted without QUIT. */
static void give_up(struct msim__user_pop *pop, const char *why)
{
  fail(pop, "connection", why);
  pop->state = MSIM__USER_POP_OVER;
  msim_stream_abort(pop->stream);
}

static void say_goodbye(struct msim__user_pop *pop)
{
  if (pop->closing)
    return;
  pop->closing = true;
  pop->state = MSIM__USER_POP_OVER;
  msim_stream_close(pop->stream);
  msim_timer_cancel(&pop->timer);
  msim_timer_set_background(&pop->timer, true);
  msim_timer_arm(&pop->timer, LINGER_NS);
}

/* ---- lists ---- */

/* "number word". false: no such line. */
static bool read_pair(struct msim_slice line, uint64_t *number, struct msim_slice *word)
{
  size_t at = 0, end;

  while (at < line.size_bytes && line.data[at] != ' ')
    at++;
  if (!msim__slice_number(msim__slice_part(line, 0, at), number) || at == line.size_bytes)
    return false;
  for (end = at + 1; end < line.size_bytes && line.data[end] != ' '; end++)
    continue;
  *word = msim__slice_part(line, at + 1, end);
  return word->size_bytes > 0 && *number > 0 && *number <= MSIM__POP_NUMBER_MAX;
}

static struct msim__user_pop_item *add_item(struct msim__user_pop *pop, uint64_t number)
{
  struct msim__user_pop_item *item;

  if (msim__grow(&pop->check.inbox->mem, &pop->items, &pop->item_capacity, pop->item_count + 1, MSIM__STORE_ITEMS_MAX,
                 sizeof *pop->items) < 0)
    return NULL;
  item = &pop->items[pop->item_count++];
  memset(item, 0, sizeof *item);
  item->number = (uint32_t)number;
  return item;
}

static void on_uid(struct msim__user_pop *pop, struct msim_slice line)
{
  struct msim_slice uid;
  struct msim__user_pop_item *item;
  uint64_t number;

  if (!read_pair(line, &number, &uid) || uid.size_bytes > MSIM__POP_UID_BYTES_MAX) {
    give_up(pop, "the server's list makes no sense");
    return;
  }
  item = add_item(pop, number);
  if (item == NULL)
    give_up(pop, "the server's list is too long");
  else
    memcpy(item->uid, uid.data, uid.size_bytes); /* zeroed behind it */
}

/* Both lists come in the same order: the next item is nearly always the one. */
static void on_size(struct msim__user_pop *pop, struct msim_slice line)
{
  struct msim_slice word;
  uint64_t number, size_bytes;
  size_t i;

  if (!read_pair(line, &number, &word) || !msim__slice_number(word, &size_bytes) ||
      (!pop->has_uids && add_item(pop, number) == NULL)) {
    give_up(pop, "the server's list makes no sense");
    return;
  }
  for (i = 0; i < pop->item_count; i++) {
    struct msim__user_pop_item *item = &pop->items[pop->at];

    pop->at = pop->at + 1 < pop->item_count ? pop->at + 1 : 0;
    if (item->number == number) {
      item->size_bytes = size_bytes < MAIL_BYTES_MAX ? size_bytes : MAIL_BYTES_MAX;
      return;
    }
  }
}

static void make_origin(const struct msim__user_pop *pop, const struct msim__user_pop_item *item, char *out)
{
  (void)snprintf(out, ORIGIN_BYTES, "pop:%.255s/%.255s/%s", pop->check.receive->host, pop->check.receive->login,
                 item->uid);
}

/* Which ones are here already. */
static int find_copies(struct msim__user_pop *pop)
{
  const struct msim__mailbox *local = pop->check.inbox->local;
  char origin[ORIGIN_BYTES];
  struct msim__names known;
  size_t i;
  int err = MSIM_OK;

  msim__names_init(&known, &pop->check.inbox->mem);
  for (i = 0; i < local->count && err != MSIM_ERR_NOMEM; i++) {
    const char *envid = local->items[i].message->envid;

    err = msim__names_add(&known, envid, strlen(envid), local->items[i].message);
  }
  for (i = 0; i < pop->item_count && err != MSIM_ERR_NOMEM; i++) {
    make_origin(pop, &pop->items[i], origin);
    pop->items[i].is_kept = pop->has_uids && msim__names_find(&known, origin, strlen(origin)) != NULL;
  }
  msim__names_release(&known);
  return err == MSIM_ERR_NOMEM ? err : MSIM_OK;
}

/* ---- messages ---- */

static void delete_next(struct msim__user_pop *pop)
{
  char line[32];

  while (pop->at < pop->item_count && (!pop->items[pop->at].is_kept || pop->check.receive->leave_on_server))
    pop->at++;
  if (pop->at == pop->item_count) {
    quit(pop);
    return;
  }
  (void)snprintf(line, sizeof line, "DELE %lu\r\n", (unsigned long)pop->items[pop->at++].number);
  msim__user_pop_command(pop, MSIM__USER_POP_DELE, line);
}

static void fetch_next(struct msim__user_pop *pop)
{
  char line[32];

  while (pop->at < pop->item_count && pop->items[pop->at].is_kept)
    pop->at++;
  if (pop->at == pop->item_count) {
    tell_retrieved(pop);
    pop->at = 0;
    delete_next(pop);
    return;
  }
  (void)snprintf(line, sizeof line, "RETR %lu\r\n", (unsigned long)pop->items[pop->at].number);
  msim__user_pop_command(pop, MSIM__USER_POP_RETR, line);
}

static void begin_fetching(struct msim__user_pop *pop)
{
  tell_listed(pop);
  pop->at = 0;
  if (find_copies(pop) == MSIM_OK)
    fetch_next(pop);
  else
    give_up(pop, "there is no memory");
}

/* The copy is safe: from now on the server's may go. */
static void on_saved(void *ctx)
{
  struct msim__user_pop *pop = ctx;

  pop->items[pop->at++].is_kept = true;
  pop->fetched_count++;
  if (pop->state == MSIM__USER_POP_DISK)
    fetch_next(pop);
}

static void save(struct msim__user_pop *pop)
{
  struct msim__user_inbox *inbox = pop->check.inbox;
  struct msim_slice plain = {(const uint8_t *)pop->content.data, pop->content.size_bytes};
  char origin[ORIGIN_BYTES];
  int err;

  if (pop->label[0] == '\0') /* no marks: mail of a foreign server gets its label here */
    (void)snprintf(pop->label, sizeof pop->label, "%.100s-%llu", msim_agent_host(inbox->agent),
                   (unsigned long long)msim__mail_number_next(inbox->agent));
  make_origin(pop, &pop->items[pop->at], origin);
  pop->state = MSIM__USER_POP_DISK;
  msim_timer_cancel(&pop->timer);
  err = msim__user_save(inbox, pop->label, pop->has_uids ? origin : "", plain, on_saved, pop);
  msim__buf_release(&pop->content);
  msim__buf_init(&pop->content, &inbox->mem, MAIL_BYTES_MAX);
  if (err == MSIM_OK)
    return;
  fail(pop, "disk-full", msim_strerror(err));
  quit(pop);
}

/* false: more has to come. */
static bool read_content(struct msim__user_pop *pop)
{
  struct msim_slice part = msim_stream_peek(pop->stream);
  const char *label;
  size_t taken, written;
  char *room;
  int got;

  if (part.size_bytes == 0)
    return false;
  if (pop->dot.seen.size_bytes == 0) {
    label = msim_stream_message(pop->stream);
    (void)snprintf(pop->label, sizeof pop->label, "%s", label != NULL ? label : "");
  }
  room = msim__buf_room(&pop->content, part.size_bytes + 2);
  if (room == NULL) {
    give_up(pop, "the message is too long");
    return false;
  }
  got = msim__dot_decode(&pop->dot, part, (uint8_t *)room, part.size_bytes + 2, &taken, &written);
  msim__buf_took(&pop->content, written);
  msim_stream_consume(pop->stream, taken);
  msim_timer_arm(&pop->timer, REPLY_NS);
  if (got > 0)
    save(pop);
  return true;
}

/* ---- replies ---- */

/* Printable, and cut. */
static void keep_reply(struct msim__user_pop *pop, struct msim_slice line)
{
  size_t i;

  for (i = 0; i < line.size_bytes && i + 1 < sizeof pop->reply; i++)
    pop->reply[i] = msim__ascii_is_control(line.data[i]) ? '?' : (char)line.data[i];
  pop->reply[i] = '\0';
}

/* RFC 1939 7: what looks like a Message-ID in the greeting. */
static void on_greeting(struct msim__user_pop *pop, bool ok, struct msim_slice line)
{
  size_t from = 0, to;

  if (!ok) {
    msim__user_pop_refuse(pop);
    return;
  }
  while (from < line.size_bytes && line.data[from] != '<')
    from++;
  for (to = from; to < line.size_bytes && line.data[to] != '>'; to++)
    continue;
  if (to < line.size_bytes && to - from + 2 <= sizeof pop->stamp) {
    memcpy(pop->stamp, line.data + from, to - from + 1);
    pop->stamp[to - from + 1] = '\0';
  }
  msim__user_pop_command(pop, MSIM__USER_POP_CAPA, "CAPA\r\n");
}

static void on_capability(struct msim__user_pop *pop, struct msim_slice line)
{
  if (line.size_bytes > 5 && msim__slice_is(msim__slice_part(line, 0, 5), "SASL "))
    msim__smtp_credentials_offer(&pop->login, msim__slice_part(line, 5, line.size_bytes));
}

static void on_list_line(struct msim__user_pop *pop, struct msim_slice line)
{
  bool ends = msim__slice_is(line, ".");

  switch (pop->state) {
  case MSIM__USER_POP_CAPA_LIST:
    if (ends)
      msim__user_pop_log_in(pop);
    else
      on_capability(pop, line);
    return;
  case MSIM__USER_POP_UIDL_LIST:
    if (ends)
      msim__user_pop_command(pop, MSIM__USER_POP_LIST, "LIST\r\n");
    else
      on_uid(pop, line);
    return;
  default:
    if (ends)
      begin_fetching(pop);
    else
      on_size(pop, line);
    return;
  }
}

static void on_status(struct msim__user_pop *pop, bool ok, struct msim_slice line)
{
  switch (pop->state) {
  case MSIM__USER_POP_GREETING:
    on_greeting(pop, ok, line);
    return;
  case MSIM__USER_POP_CAPA:
    if (ok)
      pop->state = MSIM__USER_POP_CAPA_LIST;
    else
      msim__user_pop_log_in(pop); /* older than RFC 2449 */
    return;
  case MSIM__USER_POP_AUTH:
    msim__user_pop_on_auth(pop, ok, line);
    return;
  case MSIM__USER_POP_USER:
    if (ok)
      msim__user_pop_send_secret(pop, MSIM__USER_POP_PASS, "PASS", pop->check.receive->password, "");
    else
      msim__user_pop_refuse(pop);
    return;
  case MSIM__USER_POP_PASS:
    if (ok)
      msim__user_pop_command(pop, MSIM__USER_POP_UIDL, "UIDL\r\n");
    else
      msim__user_pop_refuse(pop);
    return;
  case MSIM__USER_POP_UIDL: /* optional in RFC 1939: without it everything is new each time */
    pop->has_uids = ok;
    if (ok)
      pop->state = MSIM__USER_POP_UIDL_LIST;
    else
      msim__user_pop_command(pop, MSIM__USER_POP_LIST, "LIST\r\n");
    return;
  case MSIM__USER_POP_LIST:
    pop->state = MSIM__USER_POP_LIST_LIST;
    if (!ok)
      msim__user_pop_refuse(pop);
    return;
  case MSIM__USER_POP_RETR:
    memset(&pop->dot, 0, sizeof pop->dot);
    pop->state = MSIM__USER_POP_CONTENT;
    if (ok)
      return;
    pop->failed_count++;
    pop->at++;
    fetch_next(pop);
    return;
  case MSIM__USER_POP_DELE:
    delete_next(pop);
    return;
  case MSIM__USER_POP_QUIT:
    say_goodbye(pop);
    return;
  case MSIM__USER_POP_CAPA_LIST:
  case MSIM__USER_POP_UIDL_LIST:
  case MSIM__USER_POP_LIST_LIST:
  case MSIM__USER_POP_CONTENT:
  case MSIM__USER_POP_DISK:
  case MSIM__USER_POP_OVER:
    return;
  }
}

static void on_line(struct msim__user_pop *pop, struct msim_slice line)
{
  bool ok = line.size_bytes >= 3 && memcmp(line.data, "+OK", 3) == 0;
  bool challenge = pop->state == MSIM__USER_POP_AUTH && line.size_bytes >= 1 && line.data[0] == '+';

  msim_timer_arm(&pop->timer, REPLY_NS);
  if (pop->state == MSIM__USER_POP_CAPA_LIST || pop->state == MSIM__USER_POP_UIDL_LIST ||
      pop->state == MSIM__USER_POP_LIST_LIST) {
    on_list_line(pop, line);
    return;
  }
  keep_reply(pop, line);
  if (ok || challenge || (line.size_bytes >= 4 && memcmp(line.data, "-ERR", 4) == 0))
    on_status(pop, ok, line);
  else
    give_up(pop, "the server's reply makes no sense");
}

/* ---- the stream ---- */

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__user_pop *pop =
      (struct msim__user_pop *)(void *)((char *)timer - offsetof(struct msim__user_pop, timer));

  (void)now_ns;
  if (pop->closing)
    msim_stream_abort(pop->stream);
  else
    give_up(pop, "the server did not answer in time");
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__user_pop *pop = msim_stream_data(stream);

  (void)agent;
  if (pop != NULL)
    msim_timer_arm(&pop->timer, REPLY_NS);
}

/* false: more has to come, or nothing is wanted. */
static bool read_line(struct msim__user_pop *pop)
{
  struct msim_slice line;
  int got = msim_stream_read_line(pop->stream, LINE_BYTES_MAX, &line);

  if (got > 0)
    on_line(pop, line);
  else if (got < 0)
    give_up(pop, "the server's reply makes no sense");
  return got > 0;
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__user_pop *pop = msim_stream_data(stream);
  bool more = true;

  (void)agent;
  while (pop != NULL && more && pop->state != MSIM__USER_POP_OVER && pop->state != MSIM__USER_POP_DISK)
    more = pop->state == MSIM__USER_POP_CONTENT ? read_content(pop) : read_line(pop);
  if (pop == NULL || pop->state == MSIM__USER_POP_OVER)
    msim_stream_consume(stream, msim_stream_available_bytes(stream));
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__user_pop *pop = msim_stream_data(stream);

  (void)agent;
  if (pop == NULL) {
    msim_stream_close(stream);
    return;
  }
  if (pop->state == MSIM__USER_POP_AUTH || pop->state == MSIM__USER_POP_PASS || pop->state == MSIM__USER_POP_GREETING)
    fail(pop, "refused", pop->reply[0] != '\0' ? pop->reply : "the server closed the connection");
  fail(pop, "connection", "the server closed the connection");
  say_goodbye(pop);
}

static void connect_next(struct msim__user_pop *pop);

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__user_pop *pop = msim_stream_data(stream);

  (void)agent;
  if (pop == NULL)
    return;
  pop->stream = NULL;
  msim_timer_cancel(&pop->timer);
  if (pop->state == MSIM__USER_POP_GREETING && pop->reply[0] == '\0' && pop->place_next < pop->place_count) {
    connect_next(pop); /* nobody is there: another address of the host */
    return;
  }
  fail(pop, "connection", msim_close_reason_name(why));
  free_pop(&pop->check);
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

/* ---- connecting ---- */

static void connect_next(struct msim__user_pop *pop)
{
  while (pop->place_next < pop->place_count)
    if (msim__agent_connect_next(pop->check.inbox->agent, pop->places, pop->place_count, &pop->place_next, &stream_ops,
                                 pop, &pop->stream) == MSIM_OK) {
      msim_stream_set_nodelay(pop->stream, true);
      return;
    }
  pop->stream = NULL;
  fail(pop, "connection", "no connection could be opened");
  free_pop(&pop->check);
}

static void on_resolved(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim__user_pop *pop = ctx;
  uint64_t port = pop->check.receive->port;
  size_t i;

  (void)agent;
  for (i = 0; i < answers->count && pop->place_count < MSIM__USER_POP_ADDRESSES_MAX; i++) {
    pop->places[pop->place_count].addr = answers->items[i].addr;
    pop->places[pop->place_count++].port = port != 0 ? (uint16_t)port : msim__user_pop.port;
  }
  if (answers->err == MSIM_ERR_STATE)
    fail(pop, "no-address", "this computer has no address");
  else if (pop->place_count == 0)
    fail(pop, "no-such-host", "the provider's name is not known");
  connect_next(pop);
}

static void check(struct msim__user_inbox *inbox, const struct msim__user_receive *receive)
{
  struct msim__user_pop *pop = msim__alloc_zeroed(&inbox->mem, 1, sizeof *pop);

  if (pop == NULL)
    return; /* out of memory: the simulation has failed */
  msim__user_check_enter(&pop->check, inbox, receive);
  msim_timer_init(&pop->timer, msim_agent_node(inbox->agent), on_timer);
  msim__buf_init(&pop->content, &inbox->mem, MAIL_BYTES_MAX);
  pop->login.user = receive->login;
  pop->login.password = receive->password;
  pop->login.random[0] = msim_agent_random(inbox->agent);
  pop->login.random[1] = msim_agent_random(inbox->agent);
  (void)msim_agent_resolve(inbox->agent, receive->host, MSIM_NAME_ADDRESS, on_resolved, pop);
}

const struct msim__user_protocol_type msim__user_pop = {
    .name = "pop",
    .port = 110,
    .check = check,
    .forget = free_pop,
};
