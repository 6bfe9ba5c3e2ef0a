/* webmail_imap.c: the webmail's folders by IMAP (RFC 3501, 4315, 6851): one session for each thing that is asked, as
 * simple front ends do; see webmail_imap.h.
 *
 * Everything stays at the server: flags, drafts, what was sent. Mails are named by UIDVALIDITY and UID, so that a link
 * never leads to another mail. What is deleted goes to Trash, and from there for good. */
#include "agents/webmail_imap.h"

#include "mail/imap_text.h"
#include "proto/ascii.h"

#include <stdio.h>

#define ROW_ITEMS "(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE)])"

#define AT(name) MSIM__WEBMAIL_IMAP_##name

static struct msim__webmail_imap *imap_of(struct msim__webmail_talk *talk)
{
  return (struct msim__webmail_imap *)(void *)talk; /* its first member */
}

/* ---- saying ---- */

/* "W5 " and what the caller appends. */
static void begin(struct msim__webmail_imap *imap, struct msim__buf *line, enum msim__webmail_imap_state state)
{
  imap->state = state;
  msim__buf_init(line, &imap->talk.webmail->serving.mem, 65536);
  (void)msim__buf_printf(line, "W%u ", ++imap->tag);
}

static void end(struct msim__webmail_imap *imap, struct msim__buf *line)
{
  (void)msim__buf_append_text(line, "\r\n");
  if (line->err == 0)
    msim__webmail_talk_send(&imap->talk, imap->state == AT(LOGIN) ? "auth.credentials" : "imap.command",
                            msim__buf_text(line));
  else
    msim__webmail_talk_give_up(&imap->talk, "the request is too long");
  msim__buf_release(line);
}

static void command(struct msim__webmail_imap *imap, enum msim__webmail_imap_state state, const char *text)
{
  struct msim__buf line;

  begin(imap, &line, state);
  (void)msim__buf_append_text(&line, text);
  end(imap, &line);
}

/* "SELECT INBOX" */
static void command_folder(struct msim__webmail_imap *imap, enum msim__webmail_imap_state state, const char *verb,
                           const char *folder)
{
  struct msim__buf line;

  begin(imap, &line, state);
  (void)msim__buf_append_text(&line, verb);
  msim__imap_put_mailbox(&line, msim__slice_text(folder));
  end(imap, &line);
}

static void log_out(struct msim__webmail_imap *imap, enum msim__webmail_outcome outcome)
{
  imap->outcome = outcome;
  if (outcome != MSIM__WEBMAIL_DONE)
    msim__webmail_say(imap->talk.job, msim__slice_text(imap->reply));
  command(imap, AT(LOGOUT), "LOGOUT");
}

/* ---- logging in ---- */

static bool authenticate(struct msim__webmail_imap *imap)
{
  char line[MSIM__SMTP_CREDENTIALS_LINE_BYTES + 1], text[MSIM__SMTP_CREDENTIALS_LINE_BYTES + 16];
  size_t n;

  while ((n = msim__smtp_credentials_begin(&imap->talk.login, line)) > 7) {
    line[n - 2] = '\0'; /* "AUTH NAME what-comes-first" without its CRLF */
    if (!imap->sasl_ir && strchr(line + 5, ' ') != NULL)
      continue; /* RFC 4959 */
    (void)snprintf(text, sizeof text, "AUTHENTICATE %s", line + 5);
    command(imap, AT(LOGIN), text);
    return true;
  }
  return false;
}

static void log_in(struct msim__webmail_imap *imap)
{
  struct msim__buf line;

  if (authenticate(imap))
    return;
  begin(imap, &line, AT(LOGIN));
  (void)msim__buf_append_text(&line, "LOGIN ");
  msim__imap_put_astring(&line, msim__slice_text(imap->talk.user));
  (void)msim__buf_append_byte(&line, ' ');
  msim__imap_put_astring(&line, msim__slice_text(imap->talk.password));
  imap->talk.login.cancelled = false;
  imap->talk.login.sasl.trusted = true; /* nothing is left to be proved */
  end(imap, &line);
}

static void on_login(struct msim__webmail_imap *imap, bool ok)
{
  if (!ok && imap->talk.login.cancelled) { /* this mechanism has failed, not the password */
    log_in(imap);
    return;
  }
  if (!ok || !imap->talk.login.sasl.trusted || imap->talk.login.cancelled) {
    log_out(imap, strstr(imap->reply, "[UNAVAILABLE]") != NULL ? MSIM__WEBMAIL_UNAVAILABLE : MSIM__WEBMAIL_REFUSED);
    return;
  }
  if (imap->talk.job->ask.task == MSIM__WEBMAIL_CHECK)
    log_out(imap, MSIM__WEBMAIL_DONE);
  else
    command(imap, AT(FOLDERS), "LIST \"\" \"*\"");
}

/* ---- work ---- */

/* "7.12,7.13" as "12,13"; false: none is of this mailbox as it is now. */
static bool put_uids(const struct msim__webmail_imap *imap, struct msim__buf *line)
{
  const struct msim__webmail_ask *ask = &imap->talk.job->ask;
  bool any = false;
  size_t i;

  for (i = 0; i < ask->id_count; i++) {
    const char *dot = strchr(ask->ids[i], '.');
    uint64_t validity, uid;

    if (dot == NULL ||
        !msim__slice_number((struct msim_slice){(const uint8_t *)ask->ids[i], (size_t)(dot - ask->ids[i])},
                            &validity) ||
        !msim__slice_number(msim__slice_text(dot + 1), &uid) || validity != imap->uid_validity || uid == 0 ||
        uid > UINT32_MAX)
      continue;
    (void)msim__buf_printf(line, "%s%lu", any ? "," : "", (unsigned long)uid);
    any = true;
  }
  return any;
}

/* verb, UIDs, what follows. Where no mail is meant that is there: the end. */
static bool command_uids(struct msim__webmail_imap *imap, enum msim__webmail_imap_state state, const char *verb,
                         const char *behind, const char *folder)
{
  struct msim__buf line;

  begin(imap, &line, state);
  (void)msim__buf_append_text(&line, verb);
  if (!put_uids(imap, &line)) {
    msim__buf_release(&line);
    imap->tag--;
    (void)snprintf(imap->reply, sizeof imap->reply, "there is no such mail");
    log_out(imap, MSIM__WEBMAIL_NOT_FOUND);
    return false;
  }
  (void)msim__buf_append_text(&line, behind);
  if (folder != NULL)
    msim__imap_put_mailbox(&line, msim__slice_text(folder));
  end(imap, &line);
  return true;
}

static void move(struct msim__webmail_imap *imap)
{
  const char *to = imap->talk.job->ask.to;

  if (imap->has_move)
    (void)command_uids(imap, AT(MOVE), "UID MOVE ", " ", to);
  else
    (void)command_uids(imap, AT(COPY), "UID COPY ", " ", to);
}

static bool is_action(const struct msim__webmail_imap *imap, const char *action)
{
  return strcmp(imap->talk.job->ask.action, action) == 0;
}

static void change(struct msim__webmail_imap *imap)
{
  struct msim__webmail_ask *ask = &imap->talk.job->ask;

  if (is_action(imap, "seen"))
    (void)command_uids(imap, AT(STORE), "UID STORE ", " +FLAGS.SILENT (\\Seen)", NULL);
  else if (is_action(imap, "unseen"))
    (void)command_uids(imap, AT(STORE), "UID STORE ", " -FLAGS.SILENT (\\Seen)", NULL);
  else if (is_action(imap, "answered"))
    (void)command_uids(imap, AT(STORE), "UID STORE ", " +FLAGS.SILENT (\\Answered)", NULL);
  else if (is_action(imap, "flag"))
    (void)command_uids(imap, AT(STORE), "UID STORE ", " +FLAGS.SILENT (\\Flagged)", NULL);
  else if (is_action(imap, "unflag"))
    (void)command_uids(imap, AT(STORE), "UID STORE ", " -FLAGS.SILENT (\\Flagged)", NULL);
  else if (is_action(imap, "delete") && (strcmp(ask->folder, "Trash") == 0 || strcmp(ask->folder, "Drafts") == 0))
    (void)command_uids(imap, AT(MARK), "UID STORE ", " +FLAGS.SILENT (\\Deleted)", NULL);
  else if (is_action(imap, "delete")) {
    ask->to = "Trash";
    move(imap);
  } else if (is_action(imap, "move") && ask->to != NULL && ask->to[0] != '\0')
    move(imap);
  else
    log_out(imap, MSIM__WEBMAIL_IMPOSSIBLE);
}

static void list_page(struct msim__webmail_imap *imap)
{
  const struct msim__webmail_config *config = msim_agent_config(imap->talk.webmail->serving.agent);
  struct msim__webmail_job *job = imap->talk.job;
  uint64_t skip = job->ask.page * config->page_count, last, first;
  char text[256];

  job->found.total = imap->exists;
  if (skip >= imap->exists) {
    log_out(imap, MSIM__WEBMAIL_DONE);
    return;
  }
  last = imap->exists - skip;
  first = last > config->page_count ? last - config->page_count + 1 : 1;
  (void)snprintf(text, sizeof text, "FETCH %lu:%lu " ROW_ITEMS, (unsigned long)first, (unsigned long)last);
  command(imap, AT(ROWS), text);
}

static void search(struct msim__webmail_imap *imap)
{
  const char *query = imap->talk.job->ask.query;
  struct msim__buf line;

  begin(imap, &line, AT(SEARCH));
  (void)msim__buf_printf(&line, "UID SEARCH CHARSET UTF-8 TEXT {%lu}", (unsigned long)strlen(query));
  imap->literal_sent = false;
  end(imap, &line);
}

static void list_found(struct msim__webmail_imap *imap)
{
  const struct msim__webmail_config *config = msim_agent_config(imap->talk.webmail->serving.agent);
  size_t from = imap->uid_count > config->page_count ? imap->uid_count - (size_t)config->page_count : 0, i;
  struct msim__buf line;

  imap->talk.job->found.total = imap->uid_count;
  if (imap->uid_count == 0) {
    log_out(imap, MSIM__WEBMAIL_DONE);
    return;
  }
  begin(imap, &line, AT(ROWS));
  (void)msim__buf_append_text(&line, "UID FETCH ");
  for (i = from; i < imap->uid_count; i++)
    (void)msim__buf_printf(&line, "%s%lu", i > from ? "," : "", (unsigned long)imap->uids[i]);
  (void)msim__buf_append_text(&line, " " ROW_ITEMS);
  end(imap, &line);
}

static void append(struct msim__webmail_imap *imap)
{
  const struct msim__webmail_ask *ask = &imap->talk.job->ask;
  struct msim__buf line;

  begin(imap, &line, AT(APPEND));
  (void)msim__buf_append_text(&line, "APPEND ");
  msim__imap_put_mailbox(&line, msim__slice_text(ask->folder));
  (void)msim__buf_printf(&line, " (\\Seen%s) {%lu}", ask->is_draft ? " \\Draft" : "",
                         (unsigned long)ask->content.size_bytes);
  imap->literal_sent = false;
  end(imap, &line);
}

/* Folders are known. */
static void begin_work(struct msim__webmail_imap *imap)
{
  const struct msim__webmail_ask *ask = &imap->talk.job->ask;

  if (ask->task == MSIM__WEBMAIL_APPEND)
    append(imap);
  else
    command_folder(imap, AT(SELECT),
                   ask->task == MSIM__WEBMAIL_LIST || ask->task == MSIM__WEBMAIL_SEARCH ? "EXAMINE " : "SELECT ",
                   ask->folder);
}

static bool is_own_folder(const char *name)
{
  size_t i;

  for (i = 0; msim__webmail_folders[i] != NULL; i++)
    if (strcmp(name, msim__webmail_folders[i]) == 0)
      return true;
  return false;
}

static void on_selected(struct msim__webmail_imap *imap, bool ok)
{
  const struct msim__webmail_ask *ask = &imap->talk.job->ask;

  if (!ok) { /* those that always are there may not have been made yet */
    log_out(imap, ask->task == MSIM__WEBMAIL_LIST && is_own_folder(ask->folder) ? MSIM__WEBMAIL_DONE
                                                                                : MSIM__WEBMAIL_NOT_FOUND);
    return;
  }
  if (ask->task == MSIM__WEBMAIL_LIST)
    list_page(imap);
  else if (ask->task == MSIM__WEBMAIL_SEARCH)
    search(imap);
  else if (ask->task == MSIM__WEBMAIL_FETCH)
    (void)command_uids(imap, AT(FETCH), "UID FETCH ", " (UID FLAGS BODY[])", NULL);
  else
    change(imap);
}

/* RFC 3501 6.3.11: the folder is made when the server says that it would help. */
static bool can_create(const struct msim__webmail_imap *imap)
{
  return !imap->created && strstr(imap->reply, "[TRYCREATE]") != NULL;
}

static void create(struct msim__webmail_imap *imap)
{
  const struct msim__webmail_ask *ask = &imap->talk.job->ask;

  imap->created = true;
  command_folder(imap, AT(CREATE), "CREATE ", ask->task == MSIM__WEBMAIL_APPEND ? ask->folder : ask->to);
}

/* "[APPENDUID 7 12]" */
static void on_appended(struct msim__webmail_imap *imap, struct msim_slice rest)
{
  struct msim__imap_cursor c = {(uint8_t *)(uintptr_t)rest.data, 0, rest.size_bytes};
  uint32_t validity, uid;

  if (msim__imap_take_word(&c, " [APPENDUID ") && msim__imap_take_number(&c, &validity) &&
      msim__imap_take_byte(&c, ' ') && msim__imap_take_number(&c, &uid))
    imap->talk.job->found.id =
        msim__webmail_format(imap->talk.job, "%lu.%lu", (unsigned long)validity, (unsigned long)uid);
  log_out(imap, MSIM__WEBMAIL_DONE);
}

/* Newest first: the server gives them the other way round. */
static void on_rows(struct msim__webmail_imap *imap)
{
  struct msim__webmail_found *found = &imap->talk.job->found;
  size_t i;

  for (i = 0; i < found->item_count / 2; i++) {
    struct msim__webmail_item other = found->items[i];

    found->items[i] = found->items[found->item_count - 1 - i];
    found->items[found->item_count - 1 - i] = other;
  }
  log_out(imap, MSIM__WEBMAIL_DONE);
}

/* A command that puts something into a folder was refused. */
static void create_or_fail(struct msim__webmail_imap *imap)
{
  if (can_create(imap))
    create(imap);
  else
    log_out(imap, MSIM__WEBMAIL_UNAVAILABLE);
}

static void on_refused(struct msim__webmail_imap *imap)
{
  switch (imap->state) {
  case AT(APPEND):
  case AT(MOVE):
  case AT(COPY):
    create_or_fail(imap);
    return;
  default:
    log_out(imap, MSIM__WEBMAIL_UNAVAILABLE);
    return;
  }
}

static void on_ok(struct msim__webmail_imap *imap, struct msim_slice rest)
{
  switch (imap->state) {
  case AT(FOLDERS):
    begin_work(imap);
    return;
  case AT(SEARCH):
    list_found(imap);
    return;
  case AT(ROWS):
    on_rows(imap);
    return;
  case AT(FETCH):
    (void)snprintf(imap->reply, sizeof imap->reply, "there is no such mail");
    log_out(imap, imap->got_content ? MSIM__WEBMAIL_DONE : MSIM__WEBMAIL_NOT_FOUND);
    return;
  case AT(CREATE):
    if (imap->talk.job->ask.task == MSIM__WEBMAIL_APPEND)
      append(imap);
    else
      move(imap);
    return;
  case AT(COPY):
    (void)command_uids(imap, AT(MARK), "UID STORE ", " +FLAGS.SILENT (\\Deleted)", NULL);
    return;
  case AT(MARK):
    if (imap->has_uidplus)
      (void)command_uids(imap, AT(EXPUNGE), "UID EXPUNGE ", "", NULL);
    else
      command(imap, AT(EXPUNGE), "EXPUNGE");
    return;
  case AT(APPEND):
    on_appended(imap, rest);
    return;
  default: /* STORE, MOVE, EXPUNGE */
    log_out(imap, MSIM__WEBMAIL_DONE);
    return;
  }
}

static void on_done(struct msim__webmail_imap *imap, bool ok, struct msim_slice rest)
{
  switch (imap->state) {
  case AT(CAPABILITY):
    log_in(imap);
    return;
  case AT(LOGIN):
    on_login(imap, ok);
    return;
  case AT(SELECT):
    on_selected(imap, ok);
    return;
  case AT(LOGOUT):
    msim__webmail_talk_close(&imap->talk);
    msim__webmail_talk_settle(&imap->talk, imap->outcome);
    return;
  default:
    if (ok)
      on_ok(imap, rest);
    else
      on_refused(imap);
    return;
  }
}

/* ---- responses ---- */

static void send_literal(struct msim__webmail_imap *imap)
{
  const struct msim__webmail_ask *ask = &imap->talk.job->ask;
  struct msim_agent *agent = imap->talk.webmail->serving.agent;

  imap->literal_sent = true;
  if (imap->state == AT(APPEND))
    (void)msim__stream_send_unit(agent, imap->talk.stream, "mail.content", ask->label, ask->content.data,
                                 ask->content.size_bytes);
  else
    msim__webmail_talk_send(&imap->talk, "imap.command", ask->query);
  msim__webmail_talk_send(&imap->talk, "imap.command", "\r\n");
}

static void on_go_on(struct msim__webmail_imap *imap, struct msim_slice challenge)
{
  char answer[MSIM__SMTP_CREDENTIALS_LINE_BYTES + 1];
  size_t n;

  if (imap->state == AT(LOGIN)) {
    n = msim__smtp_credentials_answer(&imap->talk.login, challenge, answer);
    answer[n] = '\0';
    msim__webmail_talk_send(&imap->talk, "auth.credentials", answer);
  } else if ((imap->state == AT(APPEND) || imap->state == AT(SEARCH)) && !imap->literal_sent) {
    send_literal(imap);
  } else {
    msim__webmail_talk_give_up(&imap->talk, "the server's reply makes no sense");
  }
}

static void on_response(struct msim__webmail_imap *imap)
{
  struct msim_slice rest = {NULL, 0};
  bool greeting = imap->state == AT(GREETING);

  switch (msim__webmail_imap_read(imap, &rest)) {
  case MSIM__WEBMAIL_IMAP_UNTAGGED:
    if (greeting)
      command(imap, AT(CAPABILITY), "CAPABILITY");
    return;
  case MSIM__WEBMAIL_IMAP_GO_ON:
    on_go_on(imap, rest);
    return;
  case MSIM__WEBMAIL_IMAP_OK:
    on_done(imap, true, rest);
    return;
  case MSIM__WEBMAIL_IMAP_NO:
    on_done(imap, false, rest);
    return;
  case MSIM__WEBMAIL_IMAP_BYE:
    if (imap->state == AT(LOGOUT))
      return; /* the tagged one follows */
    msim__webmail_talk_give_up(&imap->talk, "the server closes the session");
    return;
  case MSIM__WEBMAIL_IMAP_NONSENSE:
    msim__webmail_talk_give_up(&imap->talk, "the server's reply makes no sense");
    return;
  }
}

/* A response has the label of its first byte; the content's is the same. */
static void readable(struct msim__webmail_talk *talk)
{
  const struct msim__webmail_config *config = msim_agent_config(talk->webmail->serving.agent);
  struct msim__webmail_imap *imap = imap_of(talk);
  enum msim__imap_gather_event event;
  struct msim_slice part;
  const char *label;
  size_t taken;

  while (!talk->closing && (part = msim_stream_peek(talk->stream)).size_bytes > 0) {
    if (imap->text.size_bytes == 0) {
      label = msim_stream_message(talk->stream);
      (void)snprintf(imap->label, sizeof imap->label, "%s", label != NULL ? label : "");
    }
    event = msim__imap_gather_feed(&imap->gather, part, &taken);
    (void)msim__buf_append(&imap->text, part.data, taken);
    msim_stream_consume(talk->stream, taken);
    msim__webmail_talk_heard(talk);
    if (imap->text.err != 0) {
      msim__webmail_say(talk->job, msim__slice_text("the mail is too large"));
      talk->closing = true;
      msim_stream_abort(talk->stream);
      msim__webmail_talk_settle(talk, MSIM__WEBMAIL_TOO_LARGE);
      return;
    }
    if (event != MSIM__IMAP_GATHER_DONE)
      continue;
    on_response(imap);
    msim__buf_release(&imap->text);
    msim__buf_init(&imap->text, &talk->webmail->serving.mem, 2 * (size_t)config->message_bytes_max);
  }
}

static void free_imap(struct msim__webmail_talk *talk)
{
  struct msim__webmail_imap *imap = imap_of(talk);
  struct msim__mem *mem = &talk->webmail->serving.mem;

  msim__buf_release(&imap->text);
  msim__free(mem, imap->uids, imap->uid_capacity * sizeof *imap->uids);
  msim__free(mem, imap, sizeof *imap);
}

static const struct msim__webmail_talk_ops ops = {.port = 143, .readable = readable, .free = free_imap};

void msim__webmail_imap_start(struct msim__webmail_job *job)
{
  struct msim__webmail_imap *imap = msim__alloc_zeroed(msim__webmail_mem(job), 1, sizeof *imap);
  size_t i;

  if (imap == NULL)
    return; /* out of memory: the simulation has failed */
  for (i = 0; msim__webmail_folders[i] != NULL; i++)
    (void)msim__webmail_found_folder(job, msim__webmail_folders[i]);
  msim__buf_init(&imap->text, msim__webmail_mem(job), 2 * (size_t)msim__webmail_config_of(job)->message_bytes_max);
  msim__webmail_talk_begin(&imap->talk, &ops, job);
}
