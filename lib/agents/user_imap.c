/* user_imap.c: a person's program reads mail by IMAP (RFC 3501): shows what there is, fetches the mails that are
 * picked, and keeps them no longer than the session lasts.
 *
 * In lock-step: the next command is chosen by the reply. The session stays open for a while after the last thing that
 * was done. Mails are told apart by the labels that the server's marks give them; without marks there is nothing to
 * pick. What the server says is not trusted: responses and lists are bounded. Does not speak TLS, and changes nothing
 * but \Seen. */
#include "agents/user_imap.h"

#include "agents/agents.h"
#include "proto/ascii.h"

#include <stdio.h>

#define REPLY_NS MSIM_SEC(300)  /* how long one may take */
#define LINGER_NS MSIM_SEC(120) /* for the server's half after our goodbye */
#define WISHES_MAX 1000u
#define LINE_BYTES (MSIM__SMTP_CREDENTIALS_LINE_BYTES + 64u)
#define CACHE "cache" /* the mailbox in which mails lie for the moment */

/* ---- outcomes ---- */

static void drop_wishes(struct msim__user_imap *imap, const char *reason)
{
  size_t i;

  for (i = 0; i < imap->wish_count; i++)
    msim__user_tell_unavailable(imap->check.inbox, imap->wishes[i].label, reason);
  imap->wish_count = 0;
}

static void fail(struct msim__user_imap *imap, const char *reason, const char *reply)
{
  if (imap->checking)
    msim__user_tell_failed(imap->check.inbox, imap->check.receive, reason, reply);
  imap->checking = false;
  drop_wishes(imap, reason);
}

static void tell_copy(struct msim__user_imap *imap, const char *event, const char *label)
{
  struct msim_value values[3];

  values[0] = msim_value_text("message", label);
  values[1] = msim_value_text("mailbox", CACHE);
  values[2] = msim_value_bool("durable", false);
  msim_agent_event(imap->check.inbox->agent, event, values, 3);
}

static void drop_copies(struct msim__user_imap *imap)
{
  size_t i;

  for (i = 0; i < imap->item_count; i++)
    if (imap->items[i].is_held)
      tell_copy(imap, "store.remove", imap->items[i].label);
  imap->item_count = 0;
}

static void tell_listed(struct msim__user_imap *imap)
{
  struct msim_value values[4];
  uint64_t size_bytes = 0;
  size_t i;

  if (!imap->checking)
    return;
  for (i = 0; i < imap->item_count; i++)
    size_bytes += imap->items[i].size_bytes;
  values[0] = msim_value_text("mailbox", imap->check.receive->login);
  values[1] = msim_value_text("protocol", "imap");
  values[2] = msim_value_int("count", (int64_t)imap->item_count);
  values[3] = msim_value_int("size", (int64_t)size_bytes);
  msim_agent_event(imap->check.inbox->agent, "mailbox.listed", values, 4);
  imap->checking = false;
}

static void free_imap(struct msim__user_check *check)
{
  struct msim__user_imap *imap = (struct msim__user_imap *)(void *)check; /* its first member */
  struct msim__mem *mem = &check->inbox->mem;

  msim_timer_cancel(&imap->timer);
  if (imap->stream != NULL)
    msim_stream_set_data(imap->stream, NULL);
  msim__user_check_leave(check);
  msim__buf_release(&imap->text);
  msim__free(mem, imap->items, imap->item_capacity * sizeof *imap->items);
  msim__free(mem, imap->wishes, imap->wish_capacity * sizeof *imap->wishes);
  msim__free(mem, imap, sizeof *imap);
}

/* ---- saying ---- */

static void send(struct msim__user_imap *imap, const char *unit, const char *line)
{
  msim_timer_arm(&imap->timer, REPLY_NS);
  (void)msim__stream_send_unit(imap->check.inbox->agent, imap->stream, unit, NULL, line, strlen(line));
}

/* text goes behind a new tag. */
static void command(struct msim__user_imap *imap, enum msim__user_imap_state state, const char *text)
{
  char line[LINE_BYTES];

  imap->state = state;
  (void)snprintf(line, sizeof line, "A%u %s\r\n", ++imap->tag, text);
  send(imap, state == MSIM__USER_IMAP_LOGIN ? "auth.credentials" : "imap.command", line);
}

static void give_up(struct msim__user_imap *imap, const char *why)
{
  fail(imap, "connection", why);
  drop_copies(imap);
  imap->state = MSIM__USER_IMAP_OVER;
  msim_stream_abort(imap->stream);
}

static void say_goodbye(struct msim__user_imap *imap)
{
  if (imap->closing)
    return;
  imap->closing = true;
  imap->state = MSIM__USER_IMAP_OVER;
  drop_copies(imap);
  msim_stream_close(imap->stream);
  msim_timer_set_background(&imap->timer, true);
  msim_timer_arm(&imap->timer, LINGER_NS);
}

static void refuse(struct msim__user_imap *imap)
{
  fail(imap, "refused", imap->reply);
  command(imap, MSIM__USER_IMAP_LOGOUT, "LOGOUT");
}

/* ---- logging in ---- */

static size_t put_quoted(char *out, const char *text)
{
  size_t n = 0;

  out[n++] = '"';
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\')
      out[n++] = '\\';
    out[n++] = *text;
  }
  out[n++] = '"';
  out[n] = '\0';
  return n;
}

/* By the strongest mechanism that is left; false: there is none. RFC 4959: what the client says first needs SASL-IR. */
static bool authenticate(struct msim__user_imap *imap)
{
  char line[MSIM__SMTP_CREDENTIALS_LINE_BYTES + 1], text[MSIM__SMTP_CREDENTIALS_LINE_BYTES + 16];
  size_t n;

  while ((n = msim__smtp_credentials_begin(&imap->login, line)) > 7) {
    line[n - 2] = '\0'; /* "AUTH NAME what-comes-first" without its CRLF */
    if (!imap->sasl_ir && strchr(line + 5, ' ') != NULL)
      continue;
    (void)snprintf(text, sizeof text, "AUTHENTICATE %s", line + 5);
    command(imap, MSIM__USER_IMAP_LOGIN, text);
    return true;
  }
  return false;
}

static void log_in(struct msim__user_imap *imap)
{
  const struct msim__user_receive *receive = imap->check.receive;
  char text[4 * MSIM__SASL_TEXT_BYTES_MAX + 32] = "LOGIN ";
  size_t n = 6;

  if ((receive->auth == MSIM__USER_AUTH_AUTO || receive->auth == MSIM__USER_AUTH_SASL) && authenticate(imap))
    return;
  if (receive->auth == MSIM__USER_AUTH_SASL || receive->auth == MSIM__USER_AUTH_APOP) {
    (void)snprintf(imap->reply, sizeof imap->reply, "the server does not offer the way to log in that is wanted");
    refuse(imap);
    return;
  }
  n += put_quoted(text + n, receive->login);
  text[n++] = ' ';
  (void)put_quoted(text + n, receive->password);
  imap->login.cancelled = false;
  imap->login.sasl.trusted = true; /* nothing is left to be proved */
  command(imap, MSIM__USER_IMAP_LOGIN, text);
}

static void on_challenge(struct msim__user_imap *imap, struct msim_slice challenge)
{
  char answer[MSIM__SMTP_CREDENTIALS_LINE_BYTES + 1];
  size_t n;

  if (imap->state != MSIM__USER_IMAP_LOGIN) {
    give_up(imap, "the server's reply makes no sense");
    return;
  }
  n = msim__smtp_credentials_answer(&imap->login, challenge, answer);
  answer[n] = '\0';
  send(imap, "auth.credentials", answer);
}

static void on_login(struct msim__user_imap *imap, bool ok)
{
  if (ok && imap->login.sasl.trusted && !imap->login.cancelled)
    command(imap, MSIM__USER_IMAP_SELECT, "SELECT INBOX");
  else if (!ok && imap->login.cancelled) /* this mechanism has failed, not the password */
    log_in(imap);
  else
    refuse(imap);
}

/* ---- reading ---- */

static void look(struct msim__user_imap *imap)
{
  size_t i;

  for (i = 0; i < imap->item_count; i++)
    imap->items[i].is_seen = false;
  imap->stale = false;
  command(imap, MSIM__USER_IMAP_OVERVIEW, "UID FETCH 1:* (UID FLAGS RFC822.SIZE ENVELOPE)");
}

/* What the server does not have any more. */
static void drop_unseen(struct msim__user_imap *imap)
{
  size_t i, count = 0;

  for (i = 0; i < imap->item_count; i++)
    if (imap->items[i].is_seen)
      imap->items[count++] = imap->items[i];
    else if (imap->items[i].is_held)
      tell_copy(imap, "store.remove", imap->items[i].label);
  imap->item_count = count;
}

static struct msim__user_imap_item *find(struct msim__user_imap *imap, const char *label)
{
  size_t i;

  for (i = 0; i < imap->item_count; i++)
    if (strcmp(imap->items[i].label, label) == 0)
      return &imap->items[i];
  return NULL;
}

static void drop_wish(struct msim__user_imap *imap)
{
  imap->wish_count--;
  memmove(imap->wishes, imap->wishes + 1, imap->wish_count * sizeof *imap->wishes);
}

/* The next mail that somebody waits for; when there is none the session waits for a while. */
static void go_on(struct msim__user_imap *imap)
{
  struct msim__user_imap_item *item;
  char text[64];

  while (imap->wish_count > 0) {
    const char *label = imap->wishes[0].label;

    item = find(imap, label);
    if (item == NULL && imap->stale) { /* it may have come since */
      look(imap);
      return;
    }
    if (item != NULL && !item->is_held) {
      imap->got_content = false;
      (void)snprintf(text, sizeof text, "UID FETCH %lu (UID BODY[])", (unsigned long)item->uid);
      command(imap, MSIM__USER_IMAP_FETCH, text);
      return;
    }
    if (item != NULL)
      msim__user_tell_shown(imap->check.inbox, label);
    else
      msim__user_tell_unavailable(imap->check.inbox, label, "not-found");
    drop_wish(imap);
  }
  if (imap->checking) {
    look(imap);
    return;
  }
  imap->state = MSIM__USER_IMAP_READY;
  msim_timer_arm(&imap->timer, imap->check.receive->stay_ns);
}

static void on_fetched(struct msim__user_imap *imap, bool ok)
{
  struct msim__user_imap_item *item = find(imap, imap->wishes[0].label);

  if (ok && imap->got_content && item != NULL) {
    item->is_held = true;
    tell_copy(imap, "store.add", item->label);
    msim__user_tell_shown(imap->check.inbox, item->label);
  } else {
    msim__user_tell_unavailable(imap->check.inbox, imap->wishes[0].label, "gone");
  }
  drop_wish(imap);
  go_on(imap);
}

static void on_done(struct msim__user_imap *imap, bool ok)
{
  switch (imap->state) {
  case MSIM__USER_IMAP_CAPABILITY:
    log_in(imap);
    return;
  case MSIM__USER_IMAP_LOGIN:
    on_login(imap, ok);
    return;
  case MSIM__USER_IMAP_SELECT:
    if (ok)
      look(imap);
    else
      refuse(imap);
    return;
  case MSIM__USER_IMAP_OVERVIEW:
    if (!ok) {
      refuse(imap);
      return;
    }
    drop_unseen(imap);
    tell_listed(imap);
    go_on(imap);
    return;
  case MSIM__USER_IMAP_FETCH:
    on_fetched(imap, ok);
    return;
  case MSIM__USER_IMAP_LOGOUT:
    say_goodbye(imap);
    return;
  case MSIM__USER_IMAP_GREETING:
  case MSIM__USER_IMAP_READY:
  case MSIM__USER_IMAP_OVER:
    give_up(imap, "the server's reply makes no sense");
    return;
  }
}

static void on_response(struct msim__user_imap *imap)
{
  struct msim_slice rest = {NULL, 0};
  bool greeting = imap->state == MSIM__USER_IMAP_GREETING;

  switch (msim__user_imap_read(imap, &rest)) {
  case MSIM__USER_IMAP_UNTAGGED:
    if (greeting && (imap->login.offered != 0 || imap->sasl_ir))
      log_in(imap);
    else if (greeting)
      command(imap, MSIM__USER_IMAP_CAPABILITY, "CAPABILITY");
    return;
  case MSIM__USER_IMAP_GO_ON:
    on_challenge(imap, rest);
    return;
  case MSIM__USER_IMAP_OK:
    on_done(imap, true);
    return;
  case MSIM__USER_IMAP_NO:
    on_done(imap, false);
    return;
  case MSIM__USER_IMAP_BYE:
    if (imap->state == MSIM__USER_IMAP_LOGOUT)
      return; /* the tagged one follows */
    fail(imap, greeting || imap->state == MSIM__USER_IMAP_LOGIN ? "refused" : "connection", imap->reply);
    say_goodbye(imap);
    return;
  case MSIM__USER_IMAP_NONSENSE:
    give_up(imap, "the server's reply makes no sense");
    return;
  }
}

/* ---- the stream ---- */

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__user_imap *imap =
      (struct msim__user_imap *)(void *)((char *)timer - offsetof(struct msim__user_imap, timer));

  (void)now_ns;
  if (imap->closing)
    msim_stream_abort(imap->stream);
  else if (imap->state == MSIM__USER_IMAP_READY)
    command(imap, MSIM__USER_IMAP_LOGOUT, "LOGOUT");
  else
    give_up(imap, "the server did not answer in time");
}

/* A response has the label of its first byte; the content's is the same. */
static void read_some(struct msim__user_imap *imap)
{
  struct msim_slice part = msim_stream_peek(imap->stream);
  enum msim__imap_gather_event event;
  size_t taken;

  if (imap->text.size_bytes == 0) {
    const char *label = msim_stream_message(imap->stream);

    (void)snprintf(imap->label, sizeof imap->label, "%s", label != NULL ? label : "");
  }
  event = msim__imap_gather_feed(&imap->gather, part, &taken);
  msim__buf_append(&imap->text, part.data, taken);
  msim_stream_consume(imap->stream, taken);
  if (imap->text.err != 0) {
    give_up(imap, "the server's reply is too long");
    return;
  }
  if (imap->state != MSIM__USER_IMAP_READY)
    msim_timer_arm(&imap->timer, REPLY_NS);
  if (event != MSIM__IMAP_GATHER_DONE)
    return;
  on_response(imap);
  msim__buf_release(&imap->text);
  msim__buf_init(&imap->text, &imap->check.inbox->mem, MSIM__USER_IMAP_BYTES_MAX);
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__user_imap *imap = msim_stream_data(stream);

  (void)agent;
  while (imap != NULL && imap->state != MSIM__USER_IMAP_OVER && msim_stream_available_bytes(stream) > 0)
    read_some(imap);
  if (imap == NULL || imap->state == MSIM__USER_IMAP_OVER)
    msim_stream_consume(stream, msim_stream_available_bytes(stream));
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__user_imap *imap = msim_stream_data(stream);

  (void)agent;
  if (imap != NULL)
    msim_timer_arm(&imap->timer, REPLY_NS);
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__user_imap *imap = msim_stream_data(stream);

  (void)agent;
  if (imap == NULL) {
    msim_stream_close(stream);
    return;
  }
  fail(imap, "connection", "the server closed the connection");
  say_goodbye(imap);
}

static void connect_next(struct msim__user_imap *imap);

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__user_imap *imap = msim_stream_data(stream);

  (void)agent;
  if (imap == NULL)
    return;
  imap->stream = NULL;
  msim_timer_cancel(&imap->timer);
  if (imap->state == MSIM__USER_IMAP_GREETING && imap->reply[0] == '\0' && imap->place_next < imap->place_count) {
    connect_next(imap); /* nobody is there: another address of the host */
    return;
  }
  fail(imap, "connection", msim_close_reason_name(why));
  drop_copies(imap);
  free_imap(&imap->check);
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

/* ---- connecting ---- */

static void connect_next(struct msim__user_imap *imap)
{
  while (imap->place_next < imap->place_count)
    if (msim__agent_connect_next(imap->check.inbox->agent, imap->places, imap->place_count, &imap->place_next,
                                 &stream_ops, imap, &imap->stream) == MSIM_OK) {
      msim_stream_set_nodelay(imap->stream, true);
      return;
    }
  imap->stream = NULL;
  fail(imap, "connection", "no connection could be opened");
  free_imap(&imap->check);
}

static void on_resolved(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim__user_imap *imap = ctx;
  uint64_t port = imap->check.receive->port;
  size_t i;

  (void)agent;
  for (i = 0; i < answers->count && imap->place_count < MSIM__USER_IMAP_ADDRESSES_MAX; i++) {
    imap->places[imap->place_count].addr = answers->items[i].addr;
    imap->places[imap->place_count++].port = port != 0 ? (uint16_t)port : msim__user_imap.port;
  }
  if (answers->err == MSIM_ERR_STATE)
    fail(imap, "no-address", "this computer has no address");
  else if (imap->place_count == 0)
    fail(imap, "no-such-host", "the provider's name is not known");
  connect_next(imap);
}

/* The session that can still be used, or a new one. NULL: out of memory. */
static struct msim__user_imap *session_of(struct msim__user_inbox *inbox, const struct msim__user_receive *receive)
{
  struct msim__user_check *check;
  struct msim__user_imap *imap;

  for (check = inbox->first; check != NULL; check = check->next) {
    imap = (struct msim__user_imap *)(void *)check;
    if (check->receive == receive && imap->state < MSIM__USER_IMAP_LOGOUT)
      return imap;
  }
  imap = msim__alloc_zeroed(&inbox->mem, 1, sizeof *imap);
  if (imap == NULL)
    return NULL;
  msim__user_check_enter(&imap->check, inbox, receive);
  msim_timer_init(&imap->timer, msim_agent_node(inbox->agent), on_timer);
  msim__buf_init(&imap->text, &inbox->mem, MSIM__USER_IMAP_BYTES_MAX);
  imap->login.user = receive->login;
  imap->login.password = receive->password;
  imap->login.random[0] = msim_agent_random(inbox->agent);
  imap->login.random[1] = msim_agent_random(inbox->agent);
  (void)msim_agent_resolve(inbox->agent, receive->host, MSIM_NAME_ADDRESS, on_resolved, imap);
  return imap;
}

/* ---- the acts ---- */

static void check(struct msim__user_inbox *inbox, const struct msim__user_receive *receive)
{
  struct msim__user_imap *imap = session_of(inbox, receive);

  if (imap == NULL)
    return; /* out of memory: the simulation has failed */
  imap->checking = true;
  if (imap->state == MSIM__USER_IMAP_READY)
    look(imap);
}

static void select_mail(struct msim__user_inbox *inbox, const struct msim__user_receive *receive, const char *label)
{
  struct msim__user_imap *imap = session_of(inbox, receive);

  if (imap == NULL)
    return;
  if (msim__grow(&inbox->mem, &imap->wishes, &imap->wish_capacity, imap->wish_count + 1, WISHES_MAX,
                 sizeof *imap->wishes) != MSIM_OK) {
    msim__user_tell_unavailable(inbox, label, "too-many");
    return;
  }
  (void)snprintf(imap->wishes[imap->wish_count++].label, sizeof imap->wishes[0].label, "%s", label);
  imap->stale = true;
  if (imap->state == MSIM__USER_IMAP_READY)
    go_on(imap);
}

/* The program sees at once that there is no network: RFC 3501 leaves it to the client what it keeps, and this one keeps
 * nothing. */
static void unplugged(struct msim__user_inbox *inbox)
{
  struct msim__user_check *at;

  for (at = inbox->first; at != NULL; at = at->next) {
    struct msim__user_imap *imap = (struct msim__user_imap *)(void *)at;

    if (at->receive->protocol == MSIM__USER_IMAP && imap->stream != NULL && imap->state != MSIM__USER_IMAP_OVER) {
      fail(imap, "offline", "the plug was pulled");
      drop_copies(imap);
      imap->state = MSIM__USER_IMAP_OVER;
      msim_stream_abort(imap->stream);
    }
  }
}

static const char *known(const struct msim__user_inbox *inbox, const struct msim__user_receive *receive, size_t index)
{
  const struct msim__user_check *check;

  for (check = inbox->first; check != NULL; check = check->next) {
    const struct msim__user_imap *imap = (const struct msim__user_imap *)(const void *)check;

    if (check->receive == receive && imap->state < MSIM__USER_IMAP_LOGOUT)
      return index < imap->item_count ? imap->items[index].label : NULL;
  }
  return NULL;
}

const struct msim__user_protocol_type msim__user_imap = {
    .name = "imap",
    .port = 143,
    .check = check,
    .select = select_mail,
    .forget = free_imap,
    .unplugged = unplugged,
    .known = known,
};
