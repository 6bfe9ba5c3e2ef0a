/* ledger_imap.c: what mailboxes must keep to while people read them by IMAP (rule I10): UIDs ascend and are never given
 * twice, what was acknowledged lies there also behind a crash, and flags change only when a command has come. See
 * ledger.h.
 *
 * A mailbox is known by its host and name, a session by its connection's name. Read are store.add and store.remove, the
 * events mailbox.* of servers, and on the wire APPENDUID and the flags in FETCH. Flags of a mailbox that a client has
 * opened who does not mark its lines are not judged. */
#include "check/ledger.h"

#include "core/hash.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 1400u
#define FLAGS_MAX ((size_t)1 << 16) /* of one mailbox; what is told of further messages is not judged */

/* The flags of a message as they were last told. */
struct told {
  uint32_t uid;
  uint64_t flags, command_count;
};

struct box {
  char *name;                      /* "mx\nbob/Sent", terminated */
  size_t host_bytes;               /* of it, with the LF */
  uint32_t last_uid, uid_validity; /* 0: none was seen yet */
  uint64_t count;                  /* of messages for sure */
  uint64_t command_count;          /* that may have changed flags, and crashes */
  bool opaque;                     /* somebody reads it who does not mark his lines */
  bool renamed;
  struct msim__ledger_message *latest; /* that came into it */
  struct told *flags;                  /* by uid */
  size_t flag_count, flag_capacity;
};

struct reader {
  char *name; /* of its connection, terminated */
  struct box *box;
  bool ahead; /* a command has come that may be for the mailbox that is selected next */
};

/* ---- tables ---- */

/* An object of zeros that begins with its name, of which the table has a copy. NULL: none, or out of memory. */
static void *find_or_add(struct msim__ledger *ledger, struct msim__names *names, const char *name, size_t name_bytes,
                         size_t object_bytes)
{
  struct msim__mem *mem = &ledger->sim->mem;
  char **object = msim__names_find(names, name, name_bytes);

  if (object != NULL || names->count >= MSIM__LEDGER_FLOWS_MAX)
    return object;
  object = msim__ledger_need(ledger, msim__alloc_zeroed(mem, 1, object_bytes));
  if (object == NULL)
    return NULL;
  *object = msim__ledger_need(ledger, msim__copy_text(mem, name, name_bytes));
  if (*object != NULL && msim__names_add(names, *object, name_bytes, object) == MSIM_OK)
    return object;
  if (*object != NULL)
    msim__free(mem, *object, name_bytes + 1);
  msim__free(mem, object, object_bytes);
  return msim__ledger_need(ledger, NULL);
}

static struct box *box_of(struct msim__ledger *ledger, const char *host, const char *mailbox)
{
  char name[NAME_BYTES];
  struct box *box;
  int got = snprintf(name, sizeof name, "%s\n%s", host, mailbox);

  if (got < 0 || (size_t)got >= sizeof name)
    return NULL;
  box = find_or_add(ledger, &ledger->imap_boxes, name, (size_t)got, sizeof *box);
  if (box != NULL)
    box->host_bytes = strlen(host) + 1;
  return box;
}

static bool is_of_host(const struct box *box, const char *host)
{
  return strncmp(box->name, host, box->host_bytes - 1) == 0 && host[box->host_bytes - 1] == '\0';
}

/* It is another mailbox from now on, of the same name. */
static void forget(struct box *box)
{
  box->last_uid = box->uid_validity = 0;
  box->count = 0;
  box->flag_count = 0;
  box->renamed = false;
  box->command_count++;
}

static void broken(struct msim__ledger *ledger, struct box *box, struct msim__ledger_message *message, const char *text,
                   unsigned long long number)
{
  char host[NAME_BYTES];

  if (message == NULL)
    message = box->latest;
  if (message == NULL)
    return;
  memcpy(host, box->name, box->host_bytes - 1);
  host[box->host_bytes - 1] = '\0';
  msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I10, host, NULL, "in the mailbox %.200s %s (%llu)",
                      box->name + box->host_bytes, text, number);
}

/* ---- events ---- */

static void on_add(struct msim__ledger *ledger, struct box *box, struct msim__ledger_message *message, uint64_t uid)
{
  if (uid <= box->last_uid)
    broken(ledger, box, message, "a UID was given that is not above all that were given before", uid);
  else
    box->last_uid = (uint32_t)uid;
  box->count++;
  box->latest = message;
}

/* Behind a crash too: what has gone is told, what has come was told when it was safe. */
static void on_selected(struct msim__ledger *ledger, struct box *box, const struct msim_trace_event *event)
{
  uint64_t count = msim__ledger_number(event, "count"), uid_next = msim__ledger_number(event, "uid_next");
  uint32_t uid_validity = (uint32_t)msim__ledger_number(event, "uid_validity");
  const char *conn = msim__ledger_text(event, "conn");
  struct reader *reader = conn != NULL ? msim__names_find(&ledger->imap_readers, conn, strlen(conn)) : NULL;

  if (box->uid_validity != 0 && uid_validity < box->uid_validity)
    broken(ledger, box, NULL, "the UIDVALIDITY is lower than before", uid_validity);
  if (box->uid_validity != 0 && uid_validity > box->uid_validity)
    forget(box);
  box->uid_validity = uid_validity;
  if (uid_next <= box->last_uid)
    broken(ledger, box, NULL, "the next UID was given already", uid_next);
  if (count < box->count)
    broken(ledger, box, NULL, "messages are missing that were there for sure and that nobody has taken out",
           (unsigned long long)(box->count - count));
  box->count = count;
  box->opaque = box->opaque || reader == NULL;
  if (reader == NULL)
    return;
  box->command_count += reader->ahead;
  reader->ahead = false;
  reader->box = box;
}

/* "a" and "a/b" become "x" and "x/b". */
static void on_renamed(struct msim__ledger *ledger, const char *host, const char *from, const char *to)
{
  size_t count = ledger->imap_boxes.count, from_bytes = strlen(from), i;
  char name[NAME_BYTES];

  for (i = 0; i < count; i++) {
    struct box *box = ledger->imap_boxes.rows[i].object, *other;
    const char *own = box->name + box->host_bytes;
    size_t rest = strlen(own);

    if (!is_of_host(box, host) || strncmp(own, from, from_bytes) != 0 ||
        (own[from_bytes] != '\0' && own[from_bytes] != '/') || strlen(to) + rest - from_bytes >= sizeof name)
      continue;
    memcpy(name, to, strlen(to));
    memcpy(name + strlen(to), own + from_bytes, rest - from_bytes + 1);
    other = box_of(ledger, host, name);
    if (other != NULL) {
      forget(other);
      other->last_uid = box->last_uid;
      other->uid_validity = box->uid_validity;
      other->count = box->count;
      other->latest = box->latest;
      other->opaque = other->opaque || box->opaque;
      other->renamed = true;
    }
    forget(box);
  }
}

/* What "bob/Sent 3" says of a mailbox; false: it is about another one. */
static bool tells_of(const char *item, const char *mailbox, uint64_t *count)
{
  const char *space = strrchr(item, ' ');

  if (space == NULL || (size_t)(space - item) != strlen(mailbox) || strncmp(item, mailbox, (size_t)(space - item)) != 0)
    return false;
  for (*count = 0, space++; *space >= '0' && *space <= '9'; space++)
    *count = *count * 10 + (uint64_t)(*space - '0');
  return *space == '\0';
}

/* Behind a crash the disk has told what lies in the mailboxes of the host; a mailbox that is not named holds nothing,
 * unless there were too many to name. I1: what a positive reply was for is there. */
static void on_found(struct msim__ledger *ledger, const struct msim_trace_event *event)
{
  bool partial = msim__ledger_value(event, "partial") != NULL;
  const struct msim_value *list = msim__ledger_value(event, "mailboxes");
  size_t i, k;

  if (list == NULL || list->kind != MSIM_VALUE_LIST)
    return;
  for (i = 0; i < ledger->imap_boxes.count; i++) {
    struct box *box = ledger->imap_boxes.rows[i].object;
    uint64_t count = 0;

    if (!is_of_host(box, event->host))
      continue;
    for (k = 0; k < list->u.list.count && !tells_of(list->u.list.items[k], box->name + box->host_bytes, &count); k++)
      count = 0;
    if (k == list->u.list.count && partial)
      continue;
    if (count < box->count && box->latest != NULL)
      msim__ledger_broken(ledger, box->latest, MSIM__MAIL_RULE_I1, event->host, NULL,
                          "the mailbox %.200s had %llu messages for sure, and the crash has left %llu",
                          box->name + box->host_bytes, (unsigned long long)box->count, (unsigned long long)count);
    box->count = count;
  }
}

int msim__ledger_take_mailbox(struct msim__ledger *ledger, const struct msim_trace_event *event)
{
  const char *mailbox = msim__ledger_text(event, "mailbox"), *label = msim__ledger_text(event, "message");
  const char *name = event->event;
  uint64_t uid = msim__ledger_number(event, "uid");
  bool add = strcmp(name, "store.add") == 0, remove = strcmp(name, "store.remove") == 0;
  struct box *box;

  if (strcmp(name, "store.found") == 0 && event->host != NULL)
    on_found(ledger, event);
  if (mailbox == NULL || event->host == NULL ||
      (add || remove ? uid == 0 || label == NULL : strncmp(name, "mailbox.", 8) != 0))
    return ledger->err; /* a reader's own copy has no uid */
  if (strcmp(name, "mailbox.renamed") == 0 && msim__ledger_text(event, "to") != NULL) {
    on_renamed(ledger, event->host, mailbox, msim__ledger_text(event, "to"));
    return ledger->err;
  }
  if (!add && !remove && strcmp(name, "mailbox.selected") != 0 && strcmp(name, "mailbox.created") != 0 &&
      strcmp(name, "mailbox.removed") != 0)
    return ledger->err;
  box = box_of(ledger, event->host, mailbox);
  if (box == NULL)
    return ledger->err;
  if (add)
    on_add(ledger, box, msim__ledger_message_of(ledger, label, true), uid);
  else if (remove)
    box->count -= box->count > 0;
  else if (strcmp(name, "mailbox.selected") == 0)
    on_selected(ledger, box, event);
  else
    forget(box);
  return ledger->err;
}

/* Flags may be as they were, and a new name may be undone. From an empty disk mailboxes begin anew, with another
 * UIDVALIDITY; that messages are missing is the matter of other rules. */
void msim__ledger_crash_mailboxes(struct msim__ledger *ledger, const char *host, bool wiped)
{
  size_t i;

  for (i = 0; i < ledger->imap_boxes.count; i++) {
    struct box *box = ledger->imap_boxes.rows[i].object;

    if (!is_of_host(box, host))
      continue;
    box->command_count++;
    if (box->renamed || wiped)
      forget(box);
  }
}

/* ---- the wire ---- */

struct text {
  const char *at, *end;
};

/* STORE, and what sets \Seen. */
static bool may_change_flags(const char *line, size_t line_bytes)
{
  static const char *const words[] = {"STORE", "BODY[", "BINARY[", "RFC822 ", "RFC822)", "RFC822\r", "RFC822.TEXT"};
  size_t i;

  for (i = 0; i < sizeof words / sizeof words[0]; i++)
    if (msim__ledger_holds(line, line_bytes, words[i]))
      return true;
  return false;
}

void msim__ledger_take_imap_command(struct msim__ledger *ledger, const struct msim_flow *flow, const char *line,
                                    size_t line_bytes, bool whole)
{
  char conn[MSIM_FLOW_TEXT_BYTES];
  size_t n = msim_flow_format(flow, conn, sizeof conn);
  struct reader *reader;

  if (n > 255)
    n = 255; /* as servers cut it */
  reader = find_or_add(ledger, &ledger->imap_readers, conn, n, sizeof *reader);
  if (reader == NULL || (whole && !may_change_flags(line, line_bytes)))
    return;
  reader->ahead = true;
  if (reader->box != NULL)
    reader->box->command_count++;
}

static bool take_number(struct text *t, uint64_t *out)
{
  const char *before = t->at;

  *out = 0;
  while (t->at < t->end && *t->at >= '0' && *t->at <= '9' && *out < UINT64_C(1) << 32)
    *out = *out * 10 + (uint64_t)(*t->at++ - '0');
  return t->at > before;
}

/* "\\Seen work)": a number for the set, whatever its order; \Recent is no flag of the message. */
static uint64_t take_flags(struct text *t)
{
  uint64_t sum = 1;

  while (t->at < t->end && *t->at != ')') {
    const char *begin = t->at;
    size_t n;

    while (t->at < t->end && *t->at != ' ' && *t->at != ')')
      t->at++;
    n = (size_t)(t->at - begin);
    if (n > 0 && !(n == 7 && msim__ledger_holds(begin, n, "\\Recent")))
      sum += msim__hash_bytes(0, begin, n);
    if (t->at < t->end && *t->at == ' ')
      t->at++;
  }
  return sum;
}

/* "* 3 FETCH (UID 7 FLAGS (\\Seen) ENVELOPE (…": the items of the list itself, up to a literal. */
static bool take_fetch(struct text *t, uint64_t *uid, uint64_t *flags)
{
  unsigned depth = 0;
  bool quoted = false;

  *uid = *flags = 0;
  for (; t->at < t->end && *t->at != '{' && (*uid == 0 || *flags == 0); t->at++) {
    if (quoted && *t->at == '\\' && t->at + 1 < t->end)
      t->at++;
    else if (*t->at == '"')
      quoted = !quoted;
    else if (!quoted && *t->at == '(')
      depth++;
    else if (!quoted && *t->at == ')')
      depth--;
    if (quoted || depth != 1 || (*t->at != '(' && *t->at != ' '))
      continue;
    if (t->end - t->at > 5 && memcmp(t->at + 1, "UID ", 4) == 0) {
      t->at += 5;
      (void)take_number(t, uid);
      t->at--;
    } else if (t->end - t->at > 8 && memcmp(t->at + 1, "FLAGS (", 7) == 0) {
      t->at += 8;
      *flags = take_flags(t);
    }
  }
  return *uid > 0 && *uid <= UINT32_MAX && *flags > 0;
}

static struct told *told_of(struct msim__ledger *ledger, struct box *box, uint32_t uid)
{
  size_t low = 0, high = box->flag_count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (box->flags[middle].uid < uid)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < box->flag_count && box->flags[low].uid == uid)
    return &box->flags[low];
  if (box->flag_count == FLAGS_MAX)
    return NULL;
  if (msim__grow(&ledger->sim->mem, &box->flags, &box->flag_capacity, box->flag_count + 1, FLAGS_MAX,
                 sizeof *box->flags) != MSIM_OK)
    return msim__ledger_need(ledger, NULL);
  memmove(&box->flags[low + 1], &box->flags[low], (box->flag_count - low) * sizeof *box->flags);
  memset(&box->flags[low], 0, sizeof *box->flags);
  box->flags[low].uid = uid;
  box->flag_count++;
  return &box->flags[low];
}

static void judge_flags(struct msim__ledger *ledger, struct box *box, const char *label, uint32_t uid, uint64_t flags)
{
  struct told *told = told_of(ledger, box, uid);
  struct msim__ledger_message *message = label != NULL ? msim__ledger_message_of(ledger, label, false) : NULL;

  if (told == NULL)
    return;
  if (told->flags != 0 && told->flags != flags && told->command_count == box->command_count && !box->opaque)
    broken(ledger, box, message, "flags have changed, and no command has come that would change them: UID", uid);
  told->flags = flags;
  told->command_count = box->command_count;
}

/* "a OK [APPENDUID 38505 3955:3957] …" (RFC 4315 3): by then the message has come into a mailbox of the host. */
static void judge_append(struct msim__ledger *ledger, const char *host, struct text t)
{
  uint64_t uid_validity, uid, last;
  struct box *box = NULL;
  size_t i;

  while (t.end - t.at >= 12 && memcmp(t.at, "[APPENDUID ", 11) != 0)
    t.at++;
  if (t.end - t.at < 12)
    return;
  t.at += 11;
  if (!take_number(&t, &uid_validity) || t.at == t.end || *t.at++ != ' ' || !take_number(&t, &uid))
    return;
  last = uid;
  if (t.at < t.end && *t.at == ':') {
    t.at++;
    (void)take_number(&t, &last);
  }
  for (i = 0; i < ledger->imap_boxes.count; i++) {
    struct box *other = ledger->imap_boxes.rows[i].object;

    if (!is_of_host(other, host) || (other->uid_validity != 0 && other->uid_validity != uid_validity))
      continue;
    if (other->last_uid >= last)
      return;
    if (box == NULL || other->uid_validity == uid_validity)
      box = other;
  }
  if (box != NULL)
    broken(ledger, box, NULL, "a message was acknowledged that has not come into it: UID", last);
}

void msim__ledger_take_imap_reply(struct msim__ledger *ledger, const struct msim_trace_packet *packet,
                                  const struct msim_trace_unit *unit)
{
  const char *data = (const char *)packet->packet->payload.data;
  struct text t = {data + unit->begin_byte, data + unit->end_byte};
  struct reader *reader;
  char conn[MSIM_FLOW_TEXT_BYTES];
  uint64_t uid, flags;
  size_t n;

  if (strcmp(unit->unit, "imap.reply") == 0) {
    judge_append(ledger, packet->from, t);
    return;
  }
  n = msim_flow_format(packet->flow, conn, sizeof conn);
  reader = msim__names_find(&ledger->imap_readers, conn, n > 255 ? 255 : n);
  if (reader != NULL && reader->box != NULL && t.end - t.at > 2 && t.at[0] == '*' && take_fetch(&t, &uid, &flags))
    judge_flags(ledger, reader->box, unit->message, (uint32_t)uid, flags);
}

void msim__ledger_mailboxes_free(struct msim__ledger *ledger)
{
  struct msim__mem *mem = &ledger->sim->mem;
  size_t i;

  for (i = 0; i < ledger->imap_boxes.count; i++) {
    struct box *box = ledger->imap_boxes.rows[i].object;

    msim__free(mem, box->flags, box->flag_capacity * sizeof *box->flags);
    msim__free(mem, box->name, ledger->imap_boxes.rows[i].name_bytes + 1);
    msim__free(mem, box, sizeof *box);
  }
  for (i = 0; i < ledger->imap_readers.count; i++) {
    struct reader *reader = ledger->imap_readers.rows[i].object;

    msim__free(mem, reader->name, ledger->imap_readers.rows[i].name_bytes + 1);
    msim__free(mem, reader, sizeof *reader);
  }
  msim__names_release(&ledger->imap_boxes);
  msim__names_release(&ledger->imap_readers);
}
