/* ledger_events.c: what agents tell, and what it means for the ledger; see ledger.h. */
#include "check/ledger.h"

#include <string.h>

/* One event about one message at one host. */
struct told {
  struct msim__ledger *ledger;
  const struct msim_trace_event *event;
  struct msim__ledger_message *message;
  const char *host;
  int64_t reply_class;
  const char *reason;                        /* "" when it has none */
  const struct msim__ledger_message *notice; /* that tells of it; NULL: none */
};

const struct msim_value *msim__ledger_value(const struct msim_trace_event *event, const char *name)
{
  size_t i;

  for (i = 0; i < event->value_count; i++)
    if (strcmp(event->values[i].name, name) == 0)
      return &event->values[i];
  return NULL;
}

const char *msim__ledger_text(const struct msim_trace_event *event, const char *name)
{
  const struct msim_value *value = msim__ledger_value(event, name);

  return value != NULL && value->kind == MSIM_VALUE_TEXT ? value->u.text : NULL;
}

static int64_t number_of(const struct msim_trace_event *event, const char *name)
{
  const struct msim_value *value = msim__ledger_value(event, name);

  return value != NULL && value->kind == MSIM_VALUE_INT ? value->u.integer : 0;
}

uint64_t msim__ledger_number(const struct msim_trace_event *event, const char *name)
{
  int64_t number = number_of(event, name);

  return number > 0 ? (uint64_t)number : 0;
}

/* ---- custodies ---- */

typedef bool custody_test(const struct msim__custody *custody);

static struct msim__custody *find(const struct msim__ledger_recipient *recipient, const char *host, custody_test *test)
{
  struct msim__custody *custody;

  for (custody = recipient->custodies; custody != NULL; custody = custody->next)
    if (custody->host == host && (test == NULL || test(custody)))
      return custody;
  return NULL;
}

static bool is_fresh(const struct msim__custody *custody)
{
  return custody->created && !custody->kept && !custody->stored;
}

static bool is_of_user(const struct msim__custody *custody)
{
  return custody->user;
}

static bool is_crashed(const struct msim__custody *custody)
{
  return custody->crashed;
}

/* Said to be taken, and not kept anywhere: I1 was told of it, and it may still come to be kept. */
static bool is_promised(const struct msim__custody *custody)
{
  return custody->accepted && !custody->kept && !custody->stored;
}

static bool is_unanswered(const struct msim__custody *custody)
{
  return !custody->accepted && !custody->created && !custody->user && (custody->kept || custody->stored);
}

/* Has charge for sure, and may pass it on. */
static bool is_holder(const struct msim__custody *custody)
{
  return custody->user || custody->created || (custody->accepted && !custody->stored);
}

/* An attempt to pass it on has ended without the other side's word for this host. */
static void attempt_ended(struct msim__ledger_recipient *recipient, struct msim__custody *custody)
{
  if (custody->passed)
    recipient->unclear_count++;
  custody->passed = custody->crashed = false;
}

/* The host has no charge any more. That it knows so is not on its disk at once, so it is kept in mind for a crash. */
static void let_go(struct told *t, struct msim__ledger_recipient *r, struct msim__custody *custody)
{
  if (custody->user) {
    msim__custody_remove(t->ledger, r, custody);
    return;
  }
  custody->created = custody->kept = custody->stored = custody->accepted = custody->passed = custody->crashed = false;
  custody->gone = true;
}

/* ---- events ---- */

static void name(struct told *t, struct msim__ledger_recipient *r)
{
  t->message->named_count += !r->named;
  r->named = true;
}

/* How many copies, or notices, there may be: one, one more for each exchange without a clear end, and where an alias
 * leads here, one for each of those whom it may stand for. */
static uint32_t copies_max(const struct told *t, const struct msim__ledger_recipient *r)
{
  return r->unclear_count + r->alias_count + t->message->alias_count + (r->named ? 1 : t->message->named_count + 1);
}

/* Whoever is named twice is owed one copy. */
static void on_send(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = find(r, t->host, is_of_user);

  if (custody == NULL)
    custody = msim__custody_add(t->ledger, r, t->host);
  if (custody != NULL)
    custody->user = true;
  name(t, r);
}

static void on_created(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = msim__custody_add(t->ledger, r, t->host);

  if (custody != NULL)
    custody->created = true;
  name(t, r);
}

/* The one who may pass it on to host, and has not; NULL: none. */
static struct msim__custody *find_passer(const struct msim__ledger_recipient *r, const char *host)
{
  struct msim__custody *custody;

  for (custody = r->custodies; custody != NULL; custody = custody->next)
    if (custody->host != host && is_holder(custody) && !custody->passed)
      return custody;
  return NULL;
}

/* Nobody has passed r on, who was named: it comes in place of one whom the sender named too, and an alias leads here.
 */
static void take_alias(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *passer;
  size_t i;

  for (i = 0; i < t->message->recipient_count; i++) {
    struct msim__ledger_recipient *named = &t->message->recipients[i];

    passer = named != r && named->named && !named->aliased ? find_passer(named, t->host) : NULL;
    if (passer == NULL)
      continue;
    named->aliased = true;
    r->alias_count++;
    return;
  }
}

static void on_accepted(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = find(r, t->host, is_unanswered), *other;

  if (!t->message->written)
    name(t, r);
  if (++r->accepted_count > MSIM__LEDGER_HOPS_MAX + copies_max(t, r))
    msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I8, t->host, r->address,
                        "it was taken %u times, more often than mail may be passed on", r->accepted_count);
  other = find_passer(r, t->host);
  if (other != NULL && other->crashed)
    r->unclear_count++; /* whether it will be told is not certain */
  else if (other != NULL)
    other->passed = true;
  else if (r->named && t->message->written)
    take_alias(t, r);
  if (custody == NULL)
    custody = msim__custody_add(t->ledger, r, t->host);
  if (custody == NULL)
    return;
  custody->accepted = true;
  if (custody->stored)
    msim__custody_remove(t->ledger, r, custody);
}

static void on_queued(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = find(r, t->host, is_fresh);

  if (custody == NULL)
    custody = find(r, t->host, is_crashed); /* it came back from disk */
  if (custody == NULL)
    custody = find(r, t->host, is_promised);
  if (custody == NULL)
    custody = msim__custody_add(t->ledger, r, t->host);
  if (custody == NULL)
    return;
  custody->kept = true;
  custody->crashed = false;
}

static void on_stored(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = find(r, t->host, is_fresh);

  if (custody == NULL)
    custody = find(r, t->host, is_promised);
  r->delivered_count++;
  if (r->delivered_count > copies_max(t, r))
    msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I3, t->host, r->address,
                        "copy %u was delivered, and %u exchanges on its way had no clear end", r->delivered_count,
                        r->unclear_count);
  if (r->named && r->returned_count > 0 && r->unclear_count + r->alias_count + t->message->alias_count == 0)
    msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I4, t->host, r->address,
                        "it was delivered after its sender had been told that it was not");
  if (custody != NULL) {
    msim__custody_remove(t->ledger, r, custody);
    return;
  }
  custody = msim__custody_add(t->ledger, r, t->host);
  if (custody != NULL)
    custody->stored = true;
}

static void on_sent(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = find(r, t->host, is_holder);

  if (custody == NULL)
    return;
  if (r->named && !custody->passed && !r->aliased) { /* taken, and not under this name: an alias led somewhere else */
    r->aliased = true;
    t->message->alias_count++;
  }
  let_go(t, r, custody);
}

/* What was given up without a reply may still be under way, and arrive beside the next attempt. */
static void on_retry(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = find(r, t->host, is_holder);
  const char *reply = msim__ledger_text(t->event, "reply");

  if (custody == NULL)
    return;
  if (!custody->passed && (reply == NULL || reply[0] < '0' || reply[0] > '9'))
    r->unclear_count++;
  attempt_ended(r, custody);
}

/* A host that has taken two copies tries each by its own time: the one that is due, or the first. */
static struct msim__custody *find_due(const struct told *t, const struct msim__ledger_recipient *r)
{
  struct msim__custody *custody;

  for (custody = r->custodies; custody != NULL; custody = custody->next)
    if (custody->host == t->host && is_holder(custody) && custody->retry_ns <= t->ledger->now_ns)
      return custody;
  return find(r, t->host, is_holder);
}

static void on_deferred(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = find_due(t, r);
  const char *domain = msim__ledger_text(t->event, "domain"), *at = strrchr(r->address, '@');
  msim_ns wait_ns = MSIM_SEC((msim_ns)number_of(t->event, "retry_s"));

  if (custody == NULL || domain == NULL || at == NULL ||
      (strlen(at + 1) != strlen(domain) || !msim__ledger_holds(at + 1, strlen(domain), domain)))
    return;
  attempt_ended(r, custody);
  if (t->ledger->now_ns < custody->retry_ns)
    msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I7, t->host, r->address,
                        "it was tried again before the time that had been told");
  custody->retry_ns = t->ledger->now_ns + wait_ns;
}

static void on_failed(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = find(r, t->host, is_holder);

  if (custody == NULL)
    return;
  attempt_ended(r, custody);
  if (custody->user) { /* the person knows */
    msim__custody_remove(t->ledger, r, custody);
    return;
  }
  custody->failed = true;
  custody->good = t->reply_class == 5 || strcmp(t->reason, "expired") == 0;
  if (!custody->good)
    msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I7, t->host, r->address,
                        "it was given up, though nothing had refused it for good and its time was not over");
}

static void on_bounced(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = find(r, t->host, is_holder);

  if (t->message->from_nobody)
    msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I5, t->host, r->address,
                        "a notice was written about mail that comes from <>");
  if (custody != NULL && !custody->good)
    msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I7, t->host, r->address,
                        "it was returned, though nothing had refused it for good and its time was not over");
  if (++r->returned_count > copies_max(t, r))
    msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I2, t->host, r->address,
                        "its sender was told %u times that it was not delivered", r->returned_count);
  if (r->named && r->delivered_count > 0 && r->unclear_count + r->alias_count + t->message->alias_count == 0)
    msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I4, t->host, r->address,
                        "it was delivered, and its sender was told that it was not");
  if (custody == NULL)
    return;
  let_go(t, r, custody);
  if (t->notice != NULL)
    custody->notice = t->notice;
}

static void on_discarded(struct told *t, struct msim__ledger_recipient *r)
{
  struct msim__custody *custody = find(r, t->host, is_holder);

  if (custody != NULL)
    let_go(t, r, custody);
}

/* ---- the table ---- */

/* What to do when `to` is absent: nothing; not judge the message any more; take all recipients. */
enum without { IGNORE, LOOSE, ALL };

static const struct row {
  const char *event;
  void (*take)(struct told *told, struct msim__ledger_recipient *recipient);
  bool adds; /* makes messages and recipients that are not known yet */
  enum without without;
} rows[] = {
    {"user.send", on_send, true, IGNORE},
    {"user.retry", on_retry, false, ALL},
    {"message.accepted", on_accepted, true, IGNORE},
    {"message.created", on_created, true, IGNORE},
    {"message.sent", on_sent, false, ALL},
    {"message.failed", on_failed, false, ALL},
    {"message.bounced", on_bounced, false, IGNORE},
    {"message.discarded", on_discarded, false, IGNORE},
    {"message.delayed", NULL, false, IGNORE},
    {"message.confirmed", NULL, false, IGNORE},
    {"message.converted", NULL, false, IGNORE},
    {"smtp.queued", on_queued, true, LOOSE},
    {"smtp.deferred", on_deferred, false, ALL},
    {"store.add", on_stored, true, LOOSE},
    {"store.remove", NULL, true, IGNORE},
    {"webmail.received", NULL, false, IGNORE},
};

static const struct row *find_row(const char *event)
{
  size_t i;

  if (event[0] != 'm' && event[0] != 's' && event[0] != 'u' && event[0] != 'w')
    return NULL;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (strcmp(rows[i].event, event) == 0)
      return &rows[i];
  return NULL;
}

static void take_one(struct told *t, const struct row *row, const char *address)
{
  struct msim__ledger_recipient *recipient = msim__ledger_recipient_of(t->ledger, t->message, address, row->adds);

  if (recipient != NULL)
    row->take(t, recipient);
}

static void take_recipients(struct told *t, const struct row *row)
{
  const struct msim_value *to = msim__ledger_value(t->event, "about"); /* of a notice, whose `to` is the sender */
  size_t i;

  if (to == NULL)
    to = msim__ledger_value(t->event, "to");
  if (to != NULL && to->kind == MSIM_VALUE_TEXT) {
    take_one(t, row, to->u.text);
  } else if (to != NULL && to->kind == MSIM_VALUE_LIST) {
    for (i = 0; i < to->u.list.count; i++)
      take_one(t, row, to->u.list.items[i]);
  } else if (row->without == ALL) {
    for (i = 0; i < t->message->recipient_count; i++)
      row->take(t, &t->message->recipients[i]);
  } else if (row->without == LOOSE && (row->take != on_stored || msim__ledger_value(t->event, "uid") != NULL)) {
    t->message->loose = true; /* a reader's own copy has no uid, and is no delivery */
  }
}

/* What an event says of the message as a whole. */
static void take_message(struct told *t, const struct row *row)
{
  const char *from = msim__ledger_text(t->event, "from"), *notice = msim__ledger_text(t->event, "notice");
  const struct msim_value *hidden;
  struct msim__ledger_message *other;
  size_t i;

  if (row->take == on_send && t->message->recipient_count > 0)
    t->message->loose = true; /* two mails of one label cannot be told apart */
  if (row->take == on_send || row->take == on_created)
    t->message->written = true;
  if (from != NULL && from[0] == '\0')
    t->message->from_nobody = true;
  if (from != NULL && from[0] != '\0' && t->message->notice)
    msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I5, t->host, NULL,
                        "a notice has another sender than <>");
  if (notice != NULL && (other = msim__ledger_message_of(t->ledger, notice, true)) != NULL) {
    other->notice = true;
    t->notice = other;
  }
  if (strcmp(t->event->event, "message.converted") == 0 ||
      (strcmp(t->event->event, "webmail.received") == 0 && t->message->body_count > 0))
    t->message->converted = true; /* or typed in once more: the site writes another message */
  if (strcmp(t->event->event, "store.remove") == 0 && msim__ledger_text(t->event, "conn") != NULL)
    msim__ledger_judge_removal(t->ledger, t->message, t->host, msim__ledger_text(t->event, "conn"));
  if (row->take == on_discarded && msim__ledger_value(t->event, "to") == NULL)
    t->message->dropped = true;
  hidden = msim__ledger_value(t->event, "bcc");
  if (hidden == NULL || hidden->kind != MSIM_VALUE_LIST)
    return;
  for (i = 0; i < hidden->u.list.count; i++) {
    char *copy = msim__copy_text(&t->ledger->sim->mem, hidden->u.list.items[i], strlen(hidden->u.list.items[i]));

    if (copy == NULL || msim__grow(&t->ledger->sim->mem, &t->message->hidden, &t->message->hidden_capacity,
                                   t->message->hidden_count + 1, MSIM__LEDGER_RECIPIENTS_MAX, sizeof(char *)) < 0) {
      (void)msim__ledger_need(t->ledger, NULL);
      if (copy != NULL)
        msim__free(&t->ledger->sim->mem, copy, strlen(copy) + 1);
      return;
    }
    t->message->hidden[t->message->hidden_count++] = copy;
  }
}

static void look_for_secrets(struct told *t)
{
  size_t i, k;

  for (i = 0; i < t->event->value_count; i++) {
    const struct msim_value *value = &t->event->values[i];

    for (k = 0; value->kind == MSIM_VALUE_TEXT && k < t->ledger->secret_count; k++)
      if (strstr(value->u.text, t->ledger->secrets[k]) != NULL)
        msim__ledger_broken(t->ledger, t->message, MSIM__MAIL_RULE_I14, t->host, NULL,
                            "a password stands in the value %s of %s", value->name, t->event->event);
  }
}

int msim__ledger_take_event(struct msim__ledger *ledger, const struct msim_trace_event *event)
{
  const struct row *row = find_row(event->event);
  const char *label;
  struct told told;

  if (strncmp(event->event, "store.", 6) == 0 || strncmp(event->event, "mailbox.", 8) == 0)
    (void)msim__ledger_take_mailbox(ledger, event);
  if (row == NULL || event->host == NULL || (label = msim__ledger_text(event, "message")) == NULL)
    return ledger->err;
  told.ledger = ledger;
  told.event = event;
  told.message = msim__ledger_message_of(ledger, label, row->adds);
  told.host = msim__ledger_host_of(ledger, event->host);
  told.reply_class = number_of(event, "reply_class");
  told.notice = NULL;
  told.reason = msim__ledger_text(event, "reason");
  if (told.reason == NULL)
    told.reason = "";
  if (told.message == NULL || told.host == NULL)
    return ledger->err;
  if (ledger->secret_count > 0)
    look_for_secrets(&told);
  take_message(&told, row);
  if (row->take != NULL)
    take_recipients(&told, row);
  return ledger->err;
}

/* The host has written it and not kept it yet: after a crash it was never there. */
static bool is_unsafe(const struct msim__ledger_message *message, const char *host)
{
  size_t i;

  for (i = 0; i < message->recipient_count; i++)
    if (find(&message->recipients[i], host, is_fresh) != NULL)
      return true;
  return false;
}

/* Charge that was over when the host crashed. What it told its sender by a notice that was not safe it has to tell
 * again; anything else may come back from disk, and be passed on or returned once more. */
static void crash_gone(struct msim__ledger *ledger, struct msim__ledger_recipient *r, struct msim__custody *custody)
{
  if (custody->notice != NULL && is_unsafe(custody->notice, custody->host)) {
    r->returned_count--;
    custody->gone = custody->failed = custody->good = false;
    custody->notice = NULL;
    custody->kept = custody->accepted = custody->crashed = custody->down = true;
    custody->retry_ns = 0;
    return;
  }
  r->unclear_count++;
  msim__custody_remove(ledger, r, custody);
}

/* What the host was about to be asked for, or to be told, is not clear any more. Notices are younger than what they are
 * about, and so still as they were when that is looked at. */
void msim__ledger_take_crash(struct msim__ledger *ledger, const struct msim_trace_event *event)
{
  const char *host = msim__ledger_host_of(ledger, event->host), *disk = msim__ledger_text(event, "disk");
  struct msim__ledger_message *message;
  struct msim__custody *custody, *next;
  size_t i;

  msim__ledger_crash_mailboxes(ledger, event->host, disk != NULL && strcmp(disk, "wipe") == 0);
  for (message = ledger->oldest; message != NULL; message = message->newer)
    for (i = 0; i < message->recipient_count; i++)
      for (custody = message->recipients[i].custodies; custody != NULL; custody = next) {
        next = custody->next;
        if (custody->host != host)
          continue;
        if (custody->gone) {
          crash_gone(ledger, &message->recipients[i], custody);
          continue;
        }
        if (is_fresh(custody)) {
          msim__custody_remove(ledger, &message->recipients[i], custody);
          continue;
        }
        if (is_unanswered(custody)) { /* it may be on disk or not: the client will try again */
          message->recipients[i].unclear_count++;
          msim__custody_remove(ledger, &message->recipients[i], custody);
          continue;
        }
        attempt_ended(&message->recipients[i], custody);
        custody->crashed = custody->down = true;
        custody->retry_ns = 0;
      }
}

void msim__ledger_take_restart(struct msim__ledger *ledger, const struct msim_trace_event *event)
{
  const char *host = msim__ledger_host_of(ledger, event->host);
  struct msim__ledger_message *message;
  struct msim__custody *custody;
  size_t i;

  for (message = ledger->oldest; message != NULL; message = message->newer)
    for (i = 0; i < message->recipient_count; i++)
      for (custody = message->recipients[i].custodies; custody != NULL; custody = custody->next)
        if (custody->host == host)
          custody->down = false;
}
