/* mails.c: what became of each mail of a run, read off the app events by a sink of our own.
 *
 * Sinks own their state and are told nothing about who opened them, so the table is collected there and handed over
 * through the sink's output when it is closed. Does not know scenes. */
#include "command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAILS_SHOWN 40u
#define MAILS_MAX 10000000u

struct mail {
  char label[64], store[64], mailbox[64], reason[64]; /* cut when longer */
  msim_ns sent_ns, outcome_ns;                        /* MSIM_NEVER: not seen */
  uint32_t copy_count, accepted_count, refused_count, failed_count, bounced_count;
};

/* The state of the sink. buckets hold numbers of mails plus one, open addressing. */
struct table {
  struct mail *mails;
  size_t mail_count, mail_capacity;
  uint32_t *buckets;
  size_t bucket_count; /* a power of two */
};

struct mails {
  char *data; /* the mails, as the sink wrote them */
  size_t size_bytes, capacity_bytes;
};

/* ---- the sink ---- */

static uint64_t hash_label(const char *label)
{
  uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

  for (; *label != '\0'; label++)
    hash = (hash ^ (unsigned char)*label) * UINT64_C(1099511628211);
  return hash ^ hash >> 32;
}

static uint32_t *bucket_of(const struct table *table, const char *label)
{
  size_t at = (size_t)hash_label(label) & (table->bucket_count - 1);

  while (table->buckets[at] != 0 && strcmp(table->mails[table->buckets[at] - 1].label, label) != 0)
    at = (at + 1) & (table->bucket_count - 1);
  return &table->buckets[at];
}

static int make_room(struct table *table, struct msim_sink *sink)
{
  size_t mails_wanted = table->mail_capacity == 0 ? 16 : table->mail_capacity * 2, i;
  size_t buckets_wanted = mails_wanted * 2;
  void *block;

  if (table->mail_count < table->mail_capacity)
    return MSIM_OK;
  if (mails_wanted > MAILS_MAX)
    return MSIM_ERR_LIMIT;
  block = msim_sink_resize(sink, table->mails, table->mail_capacity * sizeof *table->mails,
                           mails_wanted * sizeof *table->mails);
  if (block == NULL)
    return MSIM_ERR_NOMEM;
  table->mails = block;
  table->mail_capacity = mails_wanted;
  block = msim_sink_resize(sink, table->buckets, table->bucket_count * sizeof *table->buckets,
                           buckets_wanted * sizeof *table->buckets);
  if (block == NULL)
    return MSIM_ERR_NOMEM;
  table->buckets = block;
  table->bucket_count = buckets_wanted;
  memset(table->buckets, 0, buckets_wanted * sizeof *table->buckets);
  for (i = 0; i < table->mail_count; i++)
    *bucket_of(table, table->mails[i].label) = (uint32_t)i + 1;
  return MSIM_OK;
}

static void copy_text(char *out, size_t out_bytes, const char *text)
{
  size_t length = text != NULL ? strlen(text) : 0;

  if (length >= out_bytes)
    length = out_bytes - 1;
  if (length > 0)
    memcpy(out, text, length);
  out[length] = '\0';
}

static const struct msim_value *value_of(const struct msim_trace_event *event, const char *name)
{
  size_t i;

  for (i = 0; i < event->value_count; i++)
    if (strcmp(event->values[i].name, name) == 0)
      return &event->values[i];
  return NULL;
}

static const char *text_of(const struct msim_trace_event *event, const char *name)
{
  const struct msim_value *value = value_of(event, name);

  return value != NULL && value->kind == MSIM_VALUE_TEXT ? value->u.text : NULL;
}

static void note_event(struct mail *mail, const struct msim_trace_event *event, msim_ns at_ns)
{
  const struct msim_value *durable = value_of(event, "durable");

  if (strcmp(event->event, "user.send") == 0) {
    mail->sent_ns = at_ns;
  } else if (strcmp(event->event, "message.accepted") == 0) {
    mail->accepted_count++;
  } else if (strcmp(event->event, "store.add") == 0) {
    if (durable == NULL || durable->kind != MSIM_VALUE_BOOL || !durable->u.truth)
      return;
    if (mail->copy_count++ == 0) {
      mail->outcome_ns = at_ns;
      copy_text(mail->store, sizeof mail->store, event->host);
      copy_text(mail->mailbox, sizeof mail->mailbox, text_of(event, "mailbox"));
    }
  } else {
    uint32_t *count = strcmp(event->event, "message.refused") == 0   ? &mail->refused_count
                      : strcmp(event->event, "message.failed") == 0  ? &mail->failed_count
                      : strcmp(event->event, "message.bounced") == 0 ? &mail->bounced_count
                                                                     : NULL;

    if (count == NULL)
      return;
    ++*count;
    if (mail->copy_count == 0)
      mail->outcome_ns = at_ns;
    if (text_of(event, "reason") != NULL)
      copy_text(mail->reason, sizeof mail->reason, text_of(event, "reason"));
  }
}

/* What lies in a mailbox from the beginning is no mail of this run: store.add does not begin one. */
static int mails_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  const char *label = text_of(event, "message");
  struct table *table = state;
  char key[sizeof table->mails->label];
  uint32_t *bucket;
  int err;

  if (label == NULL || (strncmp(event->event, "message.", 8) != 0 && strcmp(event->event, "user.send") != 0 &&
                        strcmp(event->event, "store.add") != 0))
    return MSIM_OK;
  if (strcmp(event->event, "message.shown") == 0 || strcmp(event->event, "message.unavailable") == 0)
    return MSIM_OK;
  err = make_room(table, sink);
  if (err != MSIM_OK)
    return err;
  copy_text(key, sizeof key, label);
  bucket = bucket_of(table, key);
  if (*bucket == 0) {
    struct mail *mail = &table->mails[table->mail_count];

    if (strcmp(event->event, "store.add") == 0)
      return MSIM_OK;
    memset(mail, 0, sizeof *mail);
    memcpy(mail->label, key, sizeof key);
    mail->sent_ns = mail->outcome_ns = MSIM_NEVER;
    *bucket = (uint32_t)++table->mail_count;
  }
  note_event(&table->mails[*bucket - 1], event, record->at_ns);
  return MSIM_OK;
}

static int mails_close(void *state, struct msim_sink *sink)
{
  struct table *table = state;

  return table->mail_count > 0 ? msim_sink_write(sink, table->mails, table->mail_count * sizeof *table->mails)
                               : MSIM_OK;
}

/* ---- the other end ---- */

static int mails_take(void *ctx, const void *data, size_t size_bytes)
{
  struct mails *mails = ctx;

  if (size_bytes > mails->capacity_bytes - mails->size_bytes) {
    size_t wanted = mails->size_bytes + size_bytes;
    char *grown = realloc(mails->data, wanted * 2);

    if (grown == NULL)
      return MSIM_ERR_NOMEM;
    mails->data = grown;
    mails->capacity_bytes = wanted * 2;
  }
  memcpy(mails->data + mails->size_bytes, data, size_bytes);
  mails->size_bytes += size_bytes;
  return MSIM_OK;
}

struct mails *mails_watch(struct msim_sim *sim)
{
  static const struct msim_sink_type type = {.name = "mailsim-mails",
                                             .summary = "what became of each mail (for the command)",
                                             .state_bytes = sizeof(struct table),
                                             .kinds = MSIM_TRACE_BIT(MSIM_TRACE_APP),
                                             .record = mails_record,
                                             .close = mails_close};
  struct mails *mails = calloc(1, sizeof *mails);
  struct msim_out out;

  out.ctx = mails;
  out.write = mails_take;
  if (mails != NULL &&
      (msim_sink_register(sim, &type) != MSIM_OK || msim_trace_add(sim, type.name, &out, NULL, NULL) != MSIM_OK)) {
    free(mails);
    return NULL;
  }
  return mails;
}

void mails_free(struct mails *mails)
{
  if (mails == NULL)
    return;
  free(mails->data);
  free(mails);
}

/* ---- printing ---- */

static size_t mail_count(const struct mails *mails)
{
  return mails->size_bytes / sizeof(struct mail);
}

static void mail_at(const struct mails *mails, size_t index, struct mail *out)
{
  memcpy(out, mails->data + index * sizeof *out, sizeof *out);
}

static const char *outcome_of(const struct mail *mail)
{
  if (mail->copy_count > 0)
    return mail->failed_count > 0 || mail->bounced_count > 0 ? "partly delivered" : "delivered";
  if (mail->bounced_count > 0)
    return "bounced";
  if (mail->failed_count > 0)
    return "failed";
  if (mail->refused_count > 0)
    return "refused";
  return mail->accepted_count > 0 ? "on its way" : "not accepted yet";
}

static void print_mail(const struct output *output, const struct mail *mail)
{
  const char *outcome = outcome_of(mail);

  fputs("  ", output->file);
  output_text(output->file, mail->label);
  if (mail->sent_ns != MSIM_NEVER) {
    fputs("  sent at ", output->file);
    output_seconds(output->file, mail->sent_ns);
    fputs(" s", output->file);
  }
  fputs(", ", output->file);
  output_style(output, mail->copy_count > 0 ? STYLE_GOOD : mail->failed_count > 0 ? STYLE_BAD : STYLE_PLAIN);
  fputs(outcome, output->file);
  output_style(output, STYLE_PLAIN);
  if (mail->copy_count > 0) {
    fputs(" to ", output->file);
    output_text(output->file, mail->store);
    fputs("/", output->file);
    output_text(output->file, mail->mailbox);
    if (mail->copy_count > 1)
      fprintf(output->file, " and %" PRIu32 " more", mail->copy_count - 1);
  }
  if (mail->outcome_ns != MSIM_NEVER) {
    fputs(" at ", output->file);
    output_seconds(output->file, mail->outcome_ns);
    fputs(" s", output->file);
  }
  if (mail->reason[0] != '\0') {
    fputs(" (", output->file);
    output_text(output->file, mail->reason);
    fputs(")", output->file);
  }
  putc('\n', output->file);
}

void mails_print(const struct mails *mails, const struct output *output)
{
  size_t count = mail_count(mails), delivered = 0, i;
  struct mail mail;

  for (i = 0; i < count; i++) {
    mail_at(mails, i, &mail);
    delivered += mail.copy_count > 0 ? 1 : 0;
    if (i < MAILS_SHOWN)
      print_mail(output, &mail);
  }
  if (count > MAILS_SHOWN)
    fprintf(output->file, "  ... and %zu more\n", count - MAILS_SHOWN);
  fprintf(output->file, "mails %zu, delivered %zu\n", count, delivered);
}

void mails_print_json(const struct mails *mails, FILE *file)
{
  size_t i;
  struct mail mail;

  putc('[', file);
  for (i = 0; i < mail_count(mails); i++) {
    mail_at(mails, i, &mail);
    fputs(i > 0 ? ",{\"message\":" : "{\"message\":", file);
    output_json_text(file, mail.label);
    if (mail.sent_ns != MSIM_NEVER)
      fprintf(file, ",\"sent_at_ns\":%" PRIu64, mail.sent_ns);
    fputs(",\"outcome\":", file);
    output_json_text(file, outcome_of(&mail));
    if (mail.outcome_ns != MSIM_NEVER)
      fprintf(file, ",\"outcome_at_ns\":%" PRIu64, mail.outcome_ns);
    if (mail.copy_count > 0) {
      fputs(",\"store\":", file);
      output_json_text(file, mail.store);
      fputs(",\"mailbox\":", file);
      output_json_text(file, mail.mailbox);
    }
    fprintf(file, ",\"copies\":%" PRIu32, mail.copy_count);
    if (mail.reason[0] != '\0') {
      fputs(",\"reason\":", file);
      output_json_text(file, mail.reason);
    }
    putc('}', file);
  }
  putc(']', file);
}

bool mails_as_before(const struct mails *before, const struct mails *now, bool no_more, char *sentence,
                     size_t sentence_bytes)
{
  size_t i, k;
  struct mail was, is;

  for (i = 0; i < mail_count(before); i++) {
    mail_at(before, i, &was);
    if (was.copy_count == 0 || was.sent_ns == MSIM_NEVER) /* notices have other names when a host has begun anew */
      continue;
    memset(&is, 0, sizeof is);
    if (i < mail_count(now)) /* where it was, as a rule */
      mail_at(now, i, &is);
    for (k = 0; k < mail_count(now) && strcmp(is.label, was.label) != 0; k++)
      mail_at(now, k, &is);
    if (strcmp(is.label, was.label) != 0)
      snprintf(sentence, sentence_bytes, "%s was delivered, and is not sent now", was.label);
    else if (is.copy_count == 0 && is.bounced_count == 0 && is.failed_count == 0)
      snprintf(sentence, sentence_bytes, "%s was delivered, and is now %s", was.label, outcome_of(&is));
    else if (no_more && is.copy_count > was.copy_count)
      snprintf(sentence, sentence_bytes, "%s was delivered to %" PRIu32 " mailboxes, and now to %" PRIu32, was.label,
               was.copy_count, is.copy_count);
    else
      continue;
    return false;
  }
  return true;
}
