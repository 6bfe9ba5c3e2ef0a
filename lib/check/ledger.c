/* ledger.c: the tables of the mail ledger, its findings, and the end of a run; see ledger.h. */
#include "check/ledger.h"

#include "core/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KINDS (MSIM_TRACE_BIT(MSIM_TRACE_APP) | MSIM_TRACE_BIT(MSIM_TRACE_HOST) | MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT))

static const char *const rule_names[] = {
#define RULE_NAME(id, about) #id,
    MSIM__MAIL_RULE_MAP(RULE_NAME)
#undef RULE_NAME
};

/* ---- findings ---- */

void msim__ledger_broken(struct msim__ledger *ledger, struct msim__ledger_message *message, enum msim__mail_rule rule,
                         const char *host, const char *address, const char *format, ...)
{
  struct msim_invariant_finding finding;
  char text[300];
  va_list arguments;

  if ((message->loose && rule != MSIM__MAIL_RULE_I10 && rule != MSIM__MAIL_RULE_I11) ||
      (message->told >> rule & 1u) != 0)
    return;
  message->told |= UINT32_C(1) << rule;
  ledger->info->finding_count++;
  if (ledger->fn == NULL)
    return;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  memset(&finding, 0, sizeof finding);
  finding.rule = rule_names[rule];
  finding.connection = finding.side = finding.segment = "";
  finding.text = text;
  finding.n = ledger->n;
  finding.at_ns = ledger->now_ns;
  finding.message = message->label;
  finding.host = host != NULL ? host : "";
  finding.recipient = address != NULL ? address : "";
  ledger->fn(ledger->user, &finding);
}

/* ---- tables ---- */

void *msim__ledger_need(struct msim__ledger *ledger, void *block)
{
  if (block == NULL)
    ledger->err = MSIM_ERR_NOMEM;
  return block;
}

const char *msim__ledger_host_of(struct msim__ledger *ledger, const char *name)
{
  size_t n = strlen(name);
  char *copy = msim__names_find(&ledger->hosts, name, n);

  if (copy != NULL)
    return copy;
  copy = msim__ledger_need(ledger, msim__copy_text(&ledger->sim->mem, name, n));
  if (copy != NULL && msim__names_add(&ledger->hosts, copy, n, copy) != MSIM_OK) {
    ledger->err = MSIM_ERR_NOMEM;
    msim__free(&ledger->sim->mem, copy, n + 1);
    copy = NULL;
  }
  return copy;
}

static struct msim__ledger_message *add_message(struct msim__ledger *ledger, const char *label, size_t label_bytes)
{
  struct msim__mem *mem = &ledger->sim->mem;
  struct msim__ledger_message *message;

  if (ledger->messages.count >= MSIM__LEDGER_MESSAGES_MAX) {
    ledger->info->unjudged_message_count++;
    return NULL;
  }
  message = msim__ledger_need(ledger, msim__alloc_zeroed(mem, 1, sizeof *message));
  if (message == NULL)
    return NULL;
  message->label = msim__copy_text(mem, label, label_bytes);
  if (message->label == NULL || msim__names_add(&ledger->messages, message->label, label_bytes, message) != MSIM_OK) {
    ledger->err = MSIM_ERR_NOMEM;
    if (message->label != NULL)
      msim__free(mem, message->label, label_bytes + 1);
    msim__free(mem, message, sizeof *message);
    return NULL;
  }
  if (ledger->newest != NULL)
    ledger->newest->newer = message;
  else
    ledger->oldest = message;
  ledger->newest = message;
  ledger->info->message_count++;
  return message;
}

struct msim__ledger_message *msim__ledger_message_of(struct msim__ledger *ledger, const char *label, bool add)
{
  size_t n;
  struct msim__ledger_message *message = ledger->last_message;

  if (message != NULL && strcmp(message->label, label) == 0)
    return message;
  n = strlen(label);
  message = msim__names_find(&ledger->messages, label, n);
  if (message == NULL && add)
    message = add_message(ledger, label, n);
  if (message != NULL)
    ledger->last_message = message;
  return message;
}

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_text(const char *a, const char *b)
{
  while (*a != '\0' && lower(*a) == lower(*b)) {
    a++;
    b++;
  }
  return *a == *b;
}

static uint64_t hash_text(const char *text)
{
  uint64_t h = UINT64_C(0xcbf29ce484222325);

  for (; *text != '\0'; text++)
    h = (h ^ (uint8_t)lower(*text)) * UINT64_C(0x100000001b3);
  return h;
}

struct msim__ledger_recipient *msim__ledger_recipient_of(struct msim__ledger *ledger,
                                                         struct msim__ledger_message *message, const char *address,
                                                         bool add)
{
  struct msim__mem *mem = &ledger->sim->mem;
  uint64_t hash = hash_text(address);
  struct msim__ledger_recipient *recipient;
  size_t i;

  for (i = 0; i < message->recipient_count; i++)
    if (message->recipients[i].hash == hash && same_text(message->recipients[i].address, address))
      return &message->recipients[i];
  if (!add || i == MSIM__LEDGER_RECIPIENTS_MAX)
    return NULL;
  if (msim__grow(mem, &message->recipients, &message->recipient_capacity, i + 1, MSIM__LEDGER_RECIPIENTS_MAX,
                 sizeof *recipient) < 0)
    return msim__ledger_need(ledger, NULL);
  recipient = &message->recipients[i];
  memset(recipient, 0, sizeof *recipient);
  recipient->address = msim__ledger_need(ledger, msim__copy_text(mem, address, strlen(address)));
  if (recipient->address == NULL)
    return NULL;
  recipient->hash = hash;
  message->recipient_count++;
  return recipient;
}

struct msim__custody *msim__custody_add(struct msim__ledger *ledger, struct msim__ledger_recipient *recipient,
                                        const char *host)
{
  struct msim__custody *custody = msim__ledger_need(ledger, msim__alloc_zeroed(&ledger->sim->mem, 1, sizeof *custody));
  struct msim__custody **link;

  if (custody == NULL)
    return NULL;
  custody->host = host;
  for (link = &recipient->custodies; *link != NULL; link = &(*link)->next)
    continue;
  *link = custody;
  return custody;
}

void msim__custody_remove(struct msim__ledger *ledger, struct msim__ledger_recipient *recipient,
                          struct msim__custody *custody)
{
  struct msim__custody **link = &recipient->custodies;

  while (*link != custody)
    link = &(*link)->next;
  *link = custody->next;
  msim__free(&ledger->sim->mem, custody, sizeof *custody);
}

/* ---- secrets ---- */

void msim__ledger_keep_secret(struct msim__ledger *ledger, const char *text, size_t size_bytes)
{
  size_t i;

  if (size_bytes < 6 || ledger->secret_count == MSIM__LEDGER_SECRETS_MAX) /* shorter ones would be found everywhere */
    return;
  for (i = 0; i < ledger->secret_count; i++)
    if (strlen(ledger->secrets[i]) == size_bytes && memcmp(ledger->secrets[i], text, size_bytes) == 0)
      return;
  ledger->secrets[ledger->secret_count] =
      msim__ledger_need(ledger, msim__copy_text(&ledger->sim->mem, text, size_bytes));
  if (ledger->secrets[ledger->secret_count] != NULL)
    ledger->secret_count++;
}

bool msim__ledger_holds(const char *bytes, size_t size_bytes, const char *text)
{
  size_t n = strlen(text), i, k;

  for (i = 0; n > 0 && i + n <= size_bytes; i++) {
    for (k = 0; k < n && lower(bytes[i + k]) == lower(text[k]); k++)
      continue;
    if (k == n)
      return true;
  }
  return false;
}

/* ---- the end of a run ---- */

static void judge_rest(struct msim__ledger *ledger, struct msim__ledger_message *message,
                       const struct msim__ledger_recipient *recipient, const struct msim__custody *custody)
{
  if (custody->gone)
    return;
  if (custody->stored && !custody->accepted)
    return; /* it lies in a mailbox, and the reply was never given */
  if (custody->user && custody->crashed)
    return; /* nobody has promised anything yet */
  if (custody->crashed && custody->down)
    msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I1, custody->host, recipient->address,
                        "the host had charge of it, crashed, and never came back");
  else if (custody->crashed)
    msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I1, custody->host, recipient->address,
                        "the host had charge of it, crashed, and knows nothing of it any more");
  else if (custody->failed)
    msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I2, custody->host, recipient->address,
                        "it was given up, and nobody was told");
  else if (custody->kept)
    msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_L1, custody->host, recipient->address,
                        "it still waits in the queue, and nothing is left that would move it");
  else
    msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I2, custody->host, recipient->address,
                        "the host has charge of it, and nothing has become of it");
}

void msim__ledger_finish(struct msim__ledger *ledger)
{
  struct msim__ledger_message *message;
  const struct msim__custody *custody;
  size_t i;

  ledger->now_ns = ledger->sim->now_ns;
  ledger->n = ledger->sim->record_count;
  if (ledger->sim->failure != MSIM_OK || !msim_sim_is_quiet(ledger->sim))
    return;
  for (message = ledger->oldest; message != NULL; message = message->newer)
    for (i = 0; i < message->recipient_count; i++)
      for (custody = message->recipients[i].custodies; custody != NULL; custody = custody->next)
        judge_rest(ledger, message, &message->recipients[i], custody);
}

/* ---- life ---- */

static int take_record(void *ctx, const struct msim_trace_record *record)
{
  struct msim__ledger *ledger = ctx;

  if (record->kind == MSIM_TRACE_SEGMENT) {
    if (record->u.packet.unit_count == 0 ||
        (record->u.packet.point != MSIM_POINT_TX && record->u.packet.point != MSIM_POINT_RX))
      return MSIM_OK;
    ledger->now_ns = record->at_ns;
    ledger->n = record->n;
    return record->u.packet.point == MSIM_POINT_TX ? msim__ledger_take_segment(ledger, &record->u.packet)
                                                   : msim__ledger_take_arrival(ledger, &record->u.packet);
  }
  ledger->now_ns = record->at_ns;
  ledger->n = record->n;
  if (record->kind == MSIM_TRACE_APP)
    return msim__ledger_take_event(ledger, &record->u.event);
  if (strcmp(record->u.event.event, "crash") == 0 && record->u.event.host != NULL)
    msim__ledger_take_crash(ledger, &record->u.event);
  if (strcmp(record->u.event.event, "restart") == 0 && record->u.event.host != NULL)
    msim__ledger_take_restart(ledger, &record->u.event);
  return ledger->err;
}

int msim__ledger_new(struct msim__ledger **out, struct msim_sim *sim, msim_invariants_fn *fn, void *user,
                     struct msim_invariants_info *info)
{
  struct msim__ledger *ledger = msim__alloc_zeroed(&sim->mem, 1, sizeof *ledger);

  *out = ledger;
  if (ledger == NULL)
    return MSIM_ERR_NOMEM;
  ledger->sim = sim;
  ledger->fn = fn;
  ledger->user = user;
  ledger->info = info;
  msim__names_init(&ledger->hosts, &sim->mem);
  msim__names_init(&ledger->messages, &sim->mem);
  msim__names_init(&ledger->readers, &sim->mem);
  msim__names_init(&ledger->imap_boxes, &sim->mem);
  msim__names_init(&ledger->imap_readers, &sim->mem);
  ledger->hook.kinds = KINDS;
  ledger->hook.ctx = ledger;
  ledger->hook.record = take_record;
  return MSIM_OK;
}

static void free_text(struct msim__mem *mem, char *text)
{
  msim__free(mem, text, strlen(text) + 1);
}

static void free_message(struct msim__ledger *ledger, struct msim__ledger_message *message)
{
  struct msim__mem *mem = &ledger->sim->mem;
  size_t i;

  for (i = 0; i < message->recipient_count; i++) {
    while (message->recipients[i].custodies != NULL)
      msim__custody_remove(ledger, &message->recipients[i], message->recipients[i].custodies);
    free_text(mem, message->recipients[i].address);
  }
  for (i = 0; i < message->hidden_count; i++)
    free_text(mem, message->hidden[i]);
  msim__free(mem, message->recipients, message->recipient_capacity * sizeof *message->recipients);
  msim__free(mem, message->hidden, message->hidden_capacity * sizeof *message->hidden);
  free_text(mem, message->label);
  msim__free(mem, message, sizeof *message);
}

void msim__ledger_free(struct msim__ledger *ledger)
{
  struct msim__mem *mem = &ledger->sim->mem;
  struct msim__ledger_message *message;
  size_t i;

  msim__ledger_flows_free(ledger);
  msim__ledger_readers_free(ledger);
  msim__ledger_mailboxes_free(ledger);
  while ((message = ledger->oldest) != NULL) {
    ledger->oldest = message->newer;
    free_message(ledger, message);
  }
  for (i = 0; i < ledger->hosts.count; i++)
    free_text(mem, ledger->hosts.rows[i].object);
  for (i = 0; i < ledger->secret_count; i++)
    free_text(mem, ledger->secrets[i]);
  msim__names_release(&ledger->hosts);
  msim__names_release(&ledger->messages);
  msim__free(mem, ledger, sizeof *ledger);
}
