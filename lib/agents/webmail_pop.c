/* webmail_pop.c: the webmail's inbox by POP3 (RFC 1939, 2449, 5034): one session for each thing that is asked, since
 * what is deleted goes with QUIT and a mailbox is one's own for so long.
 *
 * POP has no overview: what is listed is fetched whole, once, and kept with the person's session as far as there is
 * room. Mails stay at the server until they are deleted. Drafts and the like are webmail_disk.c's. */
#include "agents/webmail_talk.h"

#include "mail/store.h"
#include "proto/ascii.h"
#include "proto/dot.h"
#include "proto/header.h"
#include "proto/pop_command.h"

#include <stdio.h>

#define LINE_BYTES_MAX 16384u /* of a reply: a challenge in base64 may be long */

enum state { GREETING, CAPA, CAPA_LIST, AUTH, USER, PASS, UIDL, UIDL_LIST, LIST, LIST_LIST, RETR, CONTENT, DELE, QUIT };

struct item {
  uint32_t number;
  uint64_t size_bytes;
  char uid[MSIM__POP_UID_BYTES_MAX + 1];
};

struct pop {
  struct msim__webmail_talk talk; /* first */
  enum state state;
  enum msim__webmail_outcome outcome;
  struct item *items;
  size_t item_count, item_capacity;
  size_t at, first; /* the item that is next, from the newest down to first */
  uint64_t found_count;
  struct msim__dot dot;
  struct msim__webmail_copy *copy; /* that is coming in */
};

static struct msim__mem *mem_of(struct pop *pop)
{
  return &pop->talk.webmail->serving.mem;
}

/* ---- copies ---- */

void msim__webmail_copy_free(struct msim__webmail *webmail, struct msim__webmail_session *session,
                             struct msim__webmail_copy *copy)
{
  struct msim__webmail_copy **at = &session->copies;

  while (*at != NULL && *at != copy)
    at = &(*at)->next;
  if (*at == copy) {
    *at = copy->next;
    session->copies_bytes -= copy->content.size_bytes;
  }
  msim__buf_release(&copy->content);
  msim__free(&webmail->serving.mem, copy, sizeof *copy);
}

/* The one that was used last comes first. */
static struct msim__webmail_copy *find_copy(struct msim__webmail_session *session, const char *uid)
{
  struct msim__webmail_copy **at = &session->copies, *copy;

  while (*at != NULL && strcmp((*at)->uid, uid) != 0)
    at = &(*at)->next;
  copy = *at;
  if (copy == NULL)
    return NULL;
  *at = copy->next;
  copy->next = session->copies;
  session->copies = copy;
  return copy;
}

/* Others make room; the newest stays, however large it is. */
static void keep_copy(struct pop *pop, struct msim__webmail_session *session)
{
  const struct msim__webmail_config *config = msim_agent_config(pop->talk.webmail->serving.agent);
  struct msim__webmail_copy *copy = pop->copy, *last;

  pop->copy = NULL;
  copy->next = session->copies;
  session->copies = copy;
  session->copies_bytes += copy->content.size_bytes;
  while (session->copies_bytes > config->copies_bytes_max && copy->next != NULL) {
    for (last = copy->next; last->next != NULL; last = last->next)
      continue;
    msim__webmail_copy_free(pop->talk.webmail, session, last);
  }
}

static struct msim_slice content_of(const struct msim__webmail_copy *copy)
{
  return (struct msim_slice){(const uint8_t *)copy->content.data, copy->content.size_bytes};
}

/* ---- saying ---- */

static void say(struct pop *pop, enum state state, const char *line)
{
  pop->state = state;
  msim__webmail_talk_send(&pop->talk, "pop.command", line);
}

static void say_secret(struct pop *pop, enum state state, const char *line)
{
  pop->state = state;
  msim__webmail_talk_send(&pop->talk, "auth.credentials", line);
}

static void quit(struct pop *pop, enum msim__webmail_outcome outcome)
{
  pop->outcome = outcome;
  say(pop, QUIT, "QUIT\r\n");
}

static void log_in(struct pop *pop)
{
  char line[MSIM__SMTP_CREDENTIALS_LINE_BYTES + 1];
  size_t n = msim__smtp_credentials_begin(&pop->talk.login, line);

  if (n > 0 && n <= MSIM__POP_LINE_BYTES_MAX) {
    line[n] = '\0';
    say_secret(pop, AUTH, line);
    return;
  }
  (void)snprintf(line, sizeof line, "USER %s\r\n", pop->talk.user);
  say(pop, USER, line);
}

/* ---- what is wanted ---- */

static struct item *find_item(struct pop *pop, const char *uid)
{
  size_t i;

  for (i = 0; i < pop->item_count; i++)
    if (strcmp(pop->items[i].uid, uid) == 0)
      return &pop->items[i];
  return NULL;
}

static void add_row(struct pop *pop, const struct item *from, const struct msim__webmail_copy *copy)
{
  struct msim__webmail_job *job = pop->talk.job;
  struct msim__webmail_item *item = msim__webmail_found_item(
      job, copy != NULL ? content_of(copy) : msim__slice_text("Subject: (too large to be shown here)\r\n\r\n"));

  if (item == NULL)
    return; /* out of memory, or enough */
  item->id = msim__webmail_copy_text(job, msim__slice_text(from->uid));
  item->size_bytes = from->size_bytes;
  if (copy == NULL)
    return;
  item->label = msim__webmail_copy_text(job, msim__slice_text(copy->label));
  item->flags = copy->flags;
}

static void retrieve(struct pop *pop, const struct item *item)
{
  char line[32];

  (void)snprintf(line, sizeof line, "RETR %lu\r\n", (unsigned long)item->number);
  say(pop, RETR, line);
}

/* The next row: from a copy, or after fetching. */
static void list_next(struct pop *pop)
{
  const struct msim__webmail_config *config = msim_agent_config(pop->talk.webmail->serving.agent);
  struct msim__webmail_job *job = pop->talk.job;

  while (pop->at > pop->first) {
    const struct item *item = &pop->items[pop->at - 1];
    const struct msim__webmail_copy *copy = find_copy(job->session, item->uid);

    if (copy == NULL && item->size_bytes <= config->message_bytes_max) {
      retrieve(pop, item);
      return;
    }
    pop->at--;
    if (job->ask.task == MSIM__WEBMAIL_SEARCH && (copy == NULL || !msim__webmail_matches(job, content_of(copy))))
      continue;
    add_row(pop, item, copy);
    pop->found_count++;
  }
  job->found.total = job->ask.task == MSIM__WEBMAIL_LIST ? pop->item_count : pop->found_count;
  quit(pop, MSIM__WEBMAIL_DONE);
}

static void hand_over(struct pop *pop, struct msim__webmail_copy *copy)
{
  struct msim__webmail_job *job = pop->talk.job;
  struct msim__buf *mail = &job->found.mail;

  copy->flags |= MSIM__WEBMAIL_SEEN;
  job->found.flags = copy->flags;
  job->found.label = msim__webmail_copy_text(job, msim__slice_text(copy->label));
  (void)msim__buf_append(mail, copy->content.data, copy->content.size_bytes);
  quit(pop, mail->err == MSIM_ERR_LIMIT ? MSIM__WEBMAIL_TOO_LARGE : MSIM__WEBMAIL_DONE);
}

static void fetch(struct pop *pop)
{
  const struct msim__webmail_config *config = msim_agent_config(pop->talk.webmail->serving.agent);
  struct msim__webmail_job *job = pop->talk.job;
  struct item *item = find_item(pop, job->ask.ids[0]);
  struct msim__webmail_copy *copy = find_copy(job->session, job->ask.ids[0]);

  if (item == NULL) {
    quit(pop, MSIM__WEBMAIL_NOT_FOUND);
  } else if (copy != NULL) {
    hand_over(pop, copy);
  } else if (item->size_bytes > config->message_bytes_max) {
    quit(pop, MSIM__WEBMAIL_TOO_LARGE);
  } else {
    pop->at = (size_t)(item - pop->items) + 1;
    retrieve(pop, item);
  }
}

static void delete_next(struct pop *pop)
{
  const struct msim__webmail_ask *ask = &pop->talk.job->ask;
  struct item *item;
  char line[32];

  while (pop->at < ask->id_count) {
    item = find_item(pop, ask->ids[pop->at++]);
    if (item == NULL)
      continue; /* it is gone already */
    (void)snprintf(line, sizeof line, "DELE %lu\r\n", (unsigned long)item->number);
    say(pop, DELE, line);
    return;
  }
  quit(pop, MSIM__WEBMAIL_DONE);
}

/* UIDs and sizes are known. */
static void begin_work(struct pop *pop)
{
  const struct msim__webmail_config *config = msim_agent_config(pop->talk.webmail->serving.agent);
  const struct msim__webmail_ask *ask = &pop->talk.job->ask;
  uint64_t skip = ask->page * config->page_count;

  switch (ask->task) {
  case MSIM__WEBMAIL_CHECK: /* who logs in sees the list next: what it takes is fetched over this connection */
  case MSIM__WEBMAIL_LIST:
    pop->at = skip < pop->item_count ? pop->item_count - (size_t)skip : 0;
    pop->first = pop->at > config->page_count ? pop->at - (size_t)config->page_count : 0;
    list_next(pop);
    return;
  case MSIM__WEBMAIL_SEARCH:
    pop->at = pop->item_count;
    list_next(pop);
    return;
  case MSIM__WEBMAIL_FETCH:
    fetch(pop);
    return;
  case MSIM__WEBMAIL_CHANGE:
    pop->at = 0;
    delete_next(pop);
    return;
  default:
    quit(pop, MSIM__WEBMAIL_DONE);
    return;
  }
}

/* ---- content ---- */

static bool begin_copy(struct pop *pop)
{
  const struct msim__webmail_config *config = msim_agent_config(pop->talk.webmail->serving.agent);

  if (pop->copy == NULL)
    pop->copy = msim__alloc_zeroed(mem_of(pop), 1, sizeof *pop->copy);
  if (pop->copy == NULL)
    return false;
  msim__buf_init(&pop->copy->content, mem_of(pop), 2 * (size_t)config->message_bytes_max);
  memset(&pop->dot, 0, sizeof pop->dot);
  return true;
}

static void end_content(struct pop *pop)
{
  const struct item *item = &pop->items[pop->at - 1];
  struct msim__webmail_session *session = pop->talk.job->session;

  memcpy(pop->copy->uid, item->uid, sizeof item->uid);
  if (pop->copy->label[0] == '\0') /* no marks: mail of a foreign server gets its label here */
    (void)snprintf(pop->copy->label, sizeof pop->copy->label, "%.100s-%llu",
                   msim_agent_host(pop->talk.webmail->serving.agent),
                   (unsigned long long)msim__mail_number_next(pop->talk.webmail->serving.agent));
  keep_copy(pop, session);
  if (pop->talk.job->ask.task == MSIM__WEBMAIL_FETCH)
    hand_over(pop, session->copies);
  else
    list_next(pop);
}

/* false: more has to come. */
static bool read_content(struct pop *pop)
{
  struct msim_slice part = msim_stream_peek(pop->talk.stream);
  struct msim__webmail_copy *copy = pop->copy;
  const char *label;
  size_t taken, written;
  char *room;
  int got;

  if (part.size_bytes == 0)
    return false;
  if (pop->dot.seen.size_bytes == 0) {
    label = msim_stream_message(pop->talk.stream);
    (void)snprintf(copy->label, sizeof copy->label, "%s", label != NULL ? label : "");
  }
  room = msim__buf_room(&copy->content, part.size_bytes + 2);
  if (room == NULL) {
    msim__webmail_talk_give_up(&pop->talk, "the message is longer than was said");
    return false;
  }
  got = msim__dot_decode(&pop->dot, part, (uint8_t *)room, part.size_bytes + 2, &taken, &written);
  msim__buf_took(&copy->content, written);
  msim_stream_consume(pop->talk.stream, taken);
  msim__webmail_talk_heard(&pop->talk);
  if (got > 0)
    end_content(pop);
  return true;
}

/* ---- replies ---- */

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

static bool on_uid(struct pop *pop, struct msim_slice line)
{
  struct msim_slice uid;
  struct item *item;
  uint64_t number;

  if (!read_pair(line, &number, &uid) || uid.size_bytes > MSIM__POP_UID_BYTES_MAX ||
      msim__grow(mem_of(pop), &pop->items, &pop->item_capacity, pop->item_count + 1, MSIM__STORE_ITEMS_MAX,
                 sizeof *pop->items) != MSIM_OK)
    return false;
  item = &pop->items[pop->item_count++];
  memset(item, 0, sizeof *item);
  item->number = (uint32_t)number;
  memcpy(item->uid, uid.data, uid.size_bytes);
  return true;
}

/* Both lists come in the same order: the next item is nearly always the one. */
static bool on_size(struct pop *pop, struct msim_slice line)
{
  struct msim_slice word;
  uint64_t number, size_bytes;
  size_t i;

  if (!read_pair(line, &number, &word) || !msim__slice_number(word, &size_bytes))
    return false;
  for (i = 0; i < pop->item_count; i++) {
    struct item *item = &pop->items[pop->at];

    pop->at = pop->at + 1 < pop->item_count ? pop->at + 1 : 0;
    if (item->number == number) {
      item->size_bytes = size_bytes;
      break;
    }
  }
  return true;
}

static void on_list_line(struct pop *pop, struct msim_slice line)
{
  static const struct msim_slice sasl = {(const uint8_t *)"SASL ", 5};
  bool ends = msim__slice_is(line, "."), fine = true;

  if (pop->state == CAPA_LIST && ends)
    log_in(pop);
  else if (pop->state == CAPA_LIST && line.size_bytes > 5 &&
           msim__slice_equal_nocase(msim__slice_part(line, 0, 5), sasl))
    msim__smtp_credentials_offer(&pop->talk.login, msim__slice_part(line, 5, line.size_bytes));
  else if (pop->state == UIDL_LIST && ends)
    say(pop, LIST, "LIST\r\n");
  else if (pop->state == UIDL_LIST)
    fine = on_uid(pop, line);
  else if (pop->state == LIST_LIST && ends)
    begin_work(pop);
  else if (pop->state == LIST_LIST)
    fine = on_size(pop, line);
  if (!fine)
    msim__webmail_talk_give_up(&pop->talk, "the server's list makes no sense");
}

/* RFC 3206, RFC 2449 8.1.1: what says that the password is not to blame. */
static bool is_temporary(struct msim_slice line)
{
  static const char *const codes[] = {"-ERR [IN-USE]", "-ERR [SYS/TEMP]", "-ERR [LOGIN-DELAY]", "-ERR [SYS/PERM]"};
  size_t i, n;

  for (i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    n = strlen(codes[i]);
    if (line.size_bytes >= n && msim__slice_is(msim__slice_part(line, 0, n), codes[i]))
      return true;
  }
  return false;
}

static void refused(struct pop *pop, struct msim_slice line)
{
  quit(pop, is_temporary(line) ? MSIM__WEBMAIL_UNAVAILABLE : MSIM__WEBMAIL_REFUSED);
}

static void on_auth(struct pop *pop, bool ok, struct msim_slice line)
{
  char answer[MSIM__SMTP_CREDENTIALS_LINE_BYTES + 1];
  size_t n;

  if (line.data[0] == '+' && !ok) { /* RFC 5034 4: "+ " and a challenge */
    n = msim__smtp_credentials_answer(&pop->talk.login, msim__slice_part(line, 1, line.size_bytes), answer);
    answer[n] = '\0';
    say_secret(pop, AUTH, answer);
  } else if (ok && pop->talk.login.sasl.trusted && !pop->talk.login.cancelled) {
    say(pop, UIDL, "UIDL\r\n");
  } else if (pop->talk.login.cancelled) { /* this mechanism has failed, not the password */
    log_in(pop);
  } else {
    refused(pop, line);
  }
}

static void on_transfer_status(struct pop *pop, bool ok)
{
  if (pop->state == DELE) {
    delete_next(pop);
    return;
  }
  pop->state = CONTENT;
  if (ok && begin_copy(pop))
    return;
  if (pop->talk.job->ask.task == MSIM__WEBMAIL_FETCH) {
    quit(pop, MSIM__WEBMAIL_UNAVAILABLE);
    return;
  }
  pop->at--;
  list_next(pop);
}

static void on_status(struct pop *pop, bool ok, struct msim_slice line)
{
  char secret[MSIM__WEBMAIL_NAME_BYTES + 16];

  switch (pop->state) {
  case GREETING:
    if (ok)
      say(pop, CAPA, "CAPA\r\n");
    else
      quit(pop, MSIM__WEBMAIL_UNAVAILABLE);
    return;
  case CAPA:
    pop->state = CAPA_LIST;
    if (!ok)
      log_in(pop); /* older than RFC 2449 */
    return;
  case AUTH:
    on_auth(pop, ok, line);
    return;
  case USER:
    if (!ok) {
      refused(pop, line);
      return;
    }
    (void)snprintf(secret, sizeof secret, "PASS %s\r\n", pop->talk.password);
    say_secret(pop, PASS, secret);
    return;
  case PASS:
    if (ok)
      say(pop, UIDL, "UIDL\r\n");
    else
      refused(pop, line);
    return;
  case UIDL:
    pop->state = UIDL_LIST;
    if (!ok)
      quit(pop, MSIM__WEBMAIL_IMPOSSIBLE); /* without lasting names no link would lead to the same mail twice */
    return;
  case LIST:
    pop->state = LIST_LIST;
    pop->at = 0;
    if (!ok)
      quit(pop, MSIM__WEBMAIL_UNAVAILABLE);
    return;
  case QUIT:
    if (!ok && pop->talk.job->ask.task == MSIM__WEBMAIL_CHANGE)
      pop->outcome = MSIM__WEBMAIL_UNAVAILABLE; /* RFC 1939 6: some were not removed */
    msim__webmail_talk_close(&pop->talk);
    msim__webmail_talk_settle(&pop->talk, pop->outcome);
    return;
  default:
    on_transfer_status(pop, ok);
    return;
  }
}

static void on_line(struct pop *pop, struct msim_slice line)
{
  bool ok = line.size_bytes >= 3 && memcmp(line.data, "+OK", 3) == 0;
  bool challenge = pop->state == AUTH && line.size_bytes >= 1 && line.data[0] == '+';

  msim__webmail_talk_heard(&pop->talk);
  if (pop->state == CAPA_LIST || pop->state == UIDL_LIST || pop->state == LIST_LIST) {
    on_list_line(pop, line);
    return;
  }
  if (pop->state != QUIT && !challenge)
    msim__webmail_say(pop->talk.job, ok ? msim__slice_text("") : line);
  if (ok || challenge || (line.size_bytes >= 4 && memcmp(line.data, "-ERR", 4) == 0))
    on_status(pop, ok, line);
  else
    msim__webmail_talk_give_up(&pop->talk, "the server's reply makes no sense");
}

static void readable(struct msim__webmail_talk *talk)
{
  struct pop *pop = (struct pop *)(void *)talk; /* its first member */
  struct msim_slice line;
  bool more = true;
  int got;

  while (more && !talk->closing) {
    if (pop->state == CONTENT) {
      more = read_content(pop);
      continue;
    }
    got = msim_stream_read_line(talk->stream, LINE_BYTES_MAX, &line);
    if (got > 0)
      on_line(pop, line);
    else if (got < 0)
      msim__webmail_talk_give_up(talk, "the server's reply makes no sense");
    more = got > 0;
  }
}

static void free_pop(struct msim__webmail_talk *talk)
{
  struct pop *pop = (struct pop *)(void *)talk;
  struct msim__mem *mem = mem_of(pop);

  if (pop->copy != NULL) {
    msim__buf_release(&pop->copy->content);
    msim__free(mem, pop->copy, sizeof *pop->copy);
  }
  msim__free(mem, pop->items, pop->item_capacity * sizeof *pop->items);
  msim__free(mem, pop, sizeof *pop);
}

static const struct msim__webmail_talk_ops ops = {.port = 110, .readable = readable, .free = free_pop};

/* ---- the door ---- */

/* Flags live with the copies. */
static void set_flags(struct msim__webmail_job *job)
{
  static const struct {
    const char *action;
    unsigned set, clear;
  } acts[] = {{"seen", MSIM__WEBMAIL_SEEN, 0},
              {"unseen", 0, MSIM__WEBMAIL_SEEN},
              {"flag", MSIM__WEBMAIL_FLAGGED, 0},
              {"unflag", 0, MSIM__WEBMAIL_FLAGGED}};
  struct msim__webmail_copy *copy;
  size_t i, k;

  for (i = 0; i < sizeof acts / sizeof acts[0]; i++) {
    if (strcmp(job->ask.action, acts[i].action) != 0)
      continue;
    for (k = 0; k < job->ask.id_count; k++) {
      copy = find_copy(job->session, job->ask.ids[k]);
      if (copy != NULL)
        copy->flags = (copy->flags | acts[i].set) & ~acts[i].clear;
    }
    msim__webmail_settle(job, MSIM__WEBMAIL_DONE);
    return;
  }
  msim__webmail_settle(job, MSIM__WEBMAIL_IMPOSSIBLE); /* POP has one folder */
}

void msim__webmail_pop_start(struct msim__webmail_job *job)
{
  struct pop *pop;
  size_t i;

  for (i = 0; i < 3; i++) /* nothing is moved, so there is no trash */
    (void)msim__webmail_found_folder(job, msim__webmail_folders[i]);
  if (job->ask.task == MSIM__WEBMAIL_CHANGE && strcmp(job->ask.action, "delete") != 0) {
    set_flags(job);
    return;
  }
  pop = msim__alloc_zeroed(msim__webmail_mem(job), 1, sizeof *pop);
  if (pop != NULL)
    msim__webmail_talk_begin(&pop->talk, &ops, job);
}
