/* storm.h: a storm of mails through bad weather: 10 providers with 10 users each, 2 % loss on every link, one provider
 * down for an hour, one relay that loses its power and what it had not synced. And a judge of it that shares nothing
 * with the library's ledger: it counts what agents tell, per mail and recipient.
 *
 * Users write to users of other providers; every 5th mail goes to three of them, every 10th also to somebody who does
 * not exist, every 50th to such a one alone (and every 100th to one of the writer's own provider, who is refused at
 * once). For the test of it and for bench_mail_storm. Public headers only. */
#ifndef MSIM_TESTS_BENCH_STORM_H
#define MSIM_TESTS_BENCH_STORM_H

#include <mailsim/mailsim.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORM_PROVIDERS 10u
#define STORM_USERS 100u
#define STORM_MS 600000u
#define STORM_RECIPIENTS_MAX 4u
#define STORM_CUT_PROVIDER 3u
#define STORM_CRASHING_PROVIDER 7u
#define STORM_TEXT_BYTES (4u * 1024u * 1024u)

struct storm_result {
  uint64_t pair_count;      /* of mail and recipient */
  uint64_t delivered_count; /* pairs, not copies */
  uint64_t bounced_count;   /* told by a notice */
  uint64_t refused_count;   /* told by the provider's reply */
  uint64_t copy_count;      /* beyond the first */
  uint64_t unclear_count;   /* exchanges without a clear end */
  uint64_t notice_count, notice_delivered_count;
  uint64_t wrong_count; /* pairs that the rules do not explain */
  char wrong[200];      /* the first of them */
};

struct storm {
  uint64_t mail_count; /* a multiple of STORM_USERS, written within STORM_MS */
  const char
      *crash_event; /* the relay crashes behind the nth of these; NULL: message.sent, in the middle of the storm */
  uint64_t crash_nth;
  const char *crash_disk; /* NULL: lose-unsynced */
  struct storm_result result;
  size_t result_bytes;
  char error[300];
};

/* ---- who writes to whom ---- */

struct storm_mail {
  char to[STORM_RECIPIENTS_MAX][40];
  unsigned count;
  bool exists[STORM_RECIPIENTS_MAX];
  uint64_t size_bytes;
};

static inline void storm_to(struct storm_mail *mail, bool exists, uint64_t user)
{
  char *at = mail->to[mail->count];
  unsigned provider = (unsigned)(user % STORM_PROVIDERS), number = (unsigned)(user / STORM_PROVIDERS % 10);

  if (exists)
    snprintf(at, sizeof mail->to[0], "u%u@p%u.example", number, provider);
  else
    snprintf(at, sizeof mail->to[0], "nobody%u@p%u.example", number, provider);
  mail->exists[mail->count++] = exists;
}

/* Mail i is written by user i modulo STORM_USERS; user u lives at provider u modulo STORM_PROVIDERS. */
static inline struct storm_mail storm_mail_at(uint64_t i)
{
  static const uint64_t kib[10] = {1, 4, 20, 1, 4, 1, 100, 4, 1, 20};
  uint64_t user = i % STORM_USERS, round = i / STORM_USERS, shift = 1 + (round + user / 10) % 9;
  uint64_t turn = i % 10 * 10 + i / 10 % 10; /* neighbours are of one provider */
  struct storm_mail mail;

  memset(&mail, 0, sizeof mail);
  mail.size_bytes = kib[(user + round * 3) % 10] * 1024;
  if (turn % 50 == 49) {
    storm_to(&mail, false, turn == 99 ? user : user + shift);
    return mail;
  }
  storm_to(&mail, true, user + shift + round % 10 * 10);
  if (turn % 5 == 0) {
    storm_to(&mail, true, user + shift % 9 + 1);
    storm_to(&mail, true, user + (shift + 1) % 9 + 1 + 10);
  }
  if (turn % 10 == 0)
    storm_to(&mail, false, user + shift);
  return mail;
}

/* ---- the judge: a sink that counts, and tells its result when the run is over ---- */

struct storm_pair {
  uint32_t delivered, bounced, refused;
  uint32_t notices;                 /* that the writer has got */
  uint32_t accepted, sent;          /* by servers; as clients learned */
  uint32_t forgotten;               /* done once more by the host that crashed */
  bool sent_before, bounced_before; /* by that host, before the crash */
};

struct storm_judge {
  struct storm_pair *pairs; /* STORM_RECIPIENTS_MAX of each mail */
  uint64_t mail_count;
  bool crashed; /* the relay has */
  struct storm_result result;
};

static inline int storm_judge_open(void *state, struct msim_sink *sink)
{
  struct storm_judge *judge = state;
  const char *count = msim_sink_option(sink, "mails");

  judge->mail_count = count != NULL ? strtoull(count, NULL, 10) : 0;
  judge->pairs = msim_sink_alloc(sink, (size_t)judge->mail_count * STORM_RECIPIENTS_MAX * sizeof(struct storm_pair));
  return judge->pairs != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

static inline const struct msim_value *storm_value(const struct msim_trace_event *event, const char *name)
{
  size_t i;

  for (i = 0; i < event->value_count; i++)
    if (strcmp(event->values[i].name, name) == 0)
      return &event->values[i];
  return NULL;
}

/* What the crashing host had done before, and does again, it has forgotten. */
static inline void storm_note_again(const struct storm_judge *judge, struct storm_pair *pair, bool *before)
{
  pair->forgotten += judge->crashed && *before;
  *before = !judge->crashed;
}

static inline void storm_note(const struct storm_judge *judge, struct storm_pair *pair,
                              const struct msim_trace_event *event)
{
  char crashing[16];
  bool at_crashing;

  snprintf(crashing, sizeof crashing, "mx%u", STORM_CRASHING_PROVIDER);
  at_crashing = strcmp(event->host, crashing) == 0;
  if (strcmp(event->event, "store.add") == 0) {
    pair->delivered++;
  } else if (strcmp(event->event, "message.bounced") == 0) {
    pair->bounced++;
    if (at_crashing)
      storm_note_again(judge, pair, &pair->bounced_before);
  } else if (strcmp(event->event, "message.accepted") == 0) {
    pair->accepted++;
  } else if (strcmp(event->event, "message.failed") == 0 && event->host[0] == 'u') {
    pair->refused++;
  } else if (strcmp(event->event, "message.sent") == 0) {
    pair->sent++;
    if (at_crashing)
      storm_note_again(judge, pair, &pair->sent_before);
  }
}

/* A notice has come: it tells of the one recipient of its mail who does not exist. */
static inline void storm_note_notice(struct storm_judge *judge, uint64_t number)
{
  struct storm_mail mail = storm_mail_at(number);
  unsigned k;

  judge->result.notice_delivered_count++;
  for (k = 0; k < mail.count; k++)
    if (!mail.exists[k])
      judge->pairs[number * STORM_RECIPIENTS_MAX + k].notices++;
}

static inline int storm_judge_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct storm_judge *judge = state;
  const struct msim_trace_event *event = &record->u.event;
  const struct msim_value *label, *to;
  struct storm_mail mail;
  uint64_t number;
  char *end;
  unsigned k;
  size_t i;

  (void)sink;
  if (record->kind == MSIM_TRACE_HOST) {
    judge->crashed |= strcmp(event->event, "crash") == 0;
    return MSIM_OK;
  }
  label = storm_value(event, "message");
  if (label == NULL || label->kind != MSIM_VALUE_TEXT || event->host == NULL)
    return MSIM_OK;
  number = strtoull(label->u.text + 1, &end, 10);
  if (number >= judge->mail_count)
    return MSIM_ERR_INVALID;
  if (*end == '.') { /* m17.dsn-mx3-2 */
    if (strcmp(event->event, "store.add") == 0)
      storm_note_notice(judge, number);
    return MSIM_OK;
  }
  if (strcmp(event->event, "message.bounced") == 0)
    judge->result.notice_count++;
  to = storm_value(event, strcmp(event->event, "message.bounced") == 0 ? "about" : "to");
  mail = storm_mail_at(number);
  for (k = 0; k < mail.count; k++) {
    struct storm_pair *pair = &judge->pairs[number * STORM_RECIPIENTS_MAX + k];
    bool meant = to == NULL;

    if (to != NULL && to->kind == MSIM_VALUE_TEXT)
      meant = strcmp(to->u.text, mail.to[k]) == 0;
    for (i = 0; to != NULL && to->kind == MSIM_VALUE_LIST && i < to->u.list.count; i++)
      meant |= strcmp(to->u.list.items[i], mail.to[k]) == 0;
    if (meant)
      storm_note(judge, pair, event);
  }
  return MSIM_OK;
}

/* One outcome; more copies of it than one only for exchanges without a clear end, or a host that has forgotten. */
static inline void storm_judge_pair(struct storm_judge *judge, uint64_t number, const struct storm_mail *mail,
                                    unsigned k)
{
  const struct storm_pair *pair = &judge->pairs[number * STORM_RECIPIENTS_MAX + k];
  struct storm_result *r = &judge->result;
  uint32_t unclear = pair->accepted > pair->sent ? pair->accepted - pair->sent : 0;
  uint32_t told = pair->notices + pair->refused, got = mail->exists[k] ? pair->delivered : told;
  bool wrong = got == 0 || got > 1 + unclear + pair->forgotten ||
               (mail->exists[k] ? pair->bounced + pair->refused : pair->delivered) != 0;

  r->pair_count++;
  r->delivered_count += pair->delivered > 0;
  r->bounced_count += pair->notices > 0;
  r->refused_count += pair->refused > 0;
  r->copy_count += got > 1 ? got - 1 : 0;
  r->unclear_count += unclear;
  if (wrong && r->wrong_count++ == 0)
    snprintf(r->wrong, sizeof r->wrong,
             "m%" PRIu64
             " for %s: delivered %u, bounced %u, notices %u, refused %u, accepted %u, sent %u, forgotten %u",
             number, mail->to[k], pair->delivered, pair->bounced, pair->notices, pair->refused, pair->accepted,
             pair->sent, pair->forgotten);
}

static inline int storm_judge_close(void *state, struct msim_sink *sink)
{
  struct storm_judge *judge = state;
  uint64_t i;
  unsigned k;

  for (i = 0; judge->pairs != NULL && i < judge->mail_count; i++) {
    struct storm_mail mail = storm_mail_at(i);

    for (k = 0; k < mail.count; k++)
      storm_judge_pair(judge, i, &mail, k);
  }
  return msim_sink_write(sink, &judge->result, sizeof judge->result);
}

static inline int storm_take(void *ctx, const void *data, size_t size_bytes)
{
  struct storm *storm = ctx;

  if (storm->result_bytes + size_bytes > sizeof storm->result)
    return MSIM_ERR_IO;
  memcpy((char *)&storm->result + storm->result_bytes, data, size_bytes);
  storm->result_bytes += size_bytes;
  return MSIM_OK;
}

/* ---- the world ---- */

struct storm_text {
  char *data;
  size_t size_bytes;
};

static inline void storm_add(struct storm_text *text, const char *format, ...) MSIM_PRINTF(2, 3);

static inline void storm_add(struct storm_text *text, const char *format, ...)
{
  va_list args;
  int size;

  va_start(args, format);
  size = vsnprintf(text->data + text->size_bytes, STORM_TEXT_BYTES - text->size_bytes, format, args);
  va_end(args);
  if (size > 0)
    text->size_bytes += (size_t)size;
  if (text->size_bytes > STORM_TEXT_BYTES)
    text->size_bytes = STORM_TEXT_BYTES;
}

static inline void storm_tell(void *user, const struct msim_diag *diag)
{
  struct storm *storm = user;

  if (storm->error[0] == '\0')
    snprintf(storm->error, sizeof storm->error, "%u:%u: %s", diag->line, diag->column, diag->text);
}

static inline void storm_hosts(struct storm_text *text, uint64_t mail_count)
{
  uint64_t every_ms = STORM_MS / mail_count, i;
  unsigned p, u, k;

  storm_add(text, "mailsim: 1\ntitle: A storm\nhosts:\n  exchange:\n");
  for (p = 0; p < STORM_PROVIDERS; p++) {
    storm_add(text, "  r%u:\n  mx%u:\n    disk: {sync-latency: 2ms}\n    agents:\n", p, p);
    storm_add(text, "      - smtp-server: {domains: {p%u.example: [u0, u1, u2, u3, u4, u5, u6, u7, u8, u9]}, ", p);
    storm_add(text, "relay-from: '@p%u.example'}\n      - smtp-client: {queue: {retry: [5min, 10min, 20min]}}\n", p);
  }
  for (u = 0; u < STORM_USERS; u++) {
    storm_add(text, "  u%u-%u:\n    agents:\n      - user:\n          address: u%u@p%u.example\n", u / STORM_PROVIDERS,
              u % STORM_PROVIDERS, u / STORM_PROVIDERS, u % STORM_PROVIDERS);
    storm_add(text, "          submit: mx%u\n          retry: {after: 10min, times: 20}\n          script:\n",
              u % STORM_PROVIDERS);
    for (i = u; i < mail_count; i += STORM_USERS) {
      struct storm_mail mail = storm_mail_at(i);

      storm_add(text, "            - {at: %" PRIu64 "ms, send: {message: m%" PRIu64 ", size: %" PRIu64 "B, to: [",
                i * every_ms, i, mail.size_bytes);
      for (k = 0; k < mail.count; k++)
        storm_add(text, "%s%s", k > 0 ? ", " : "", mail.to[k]);
      storm_add(text, "]}}\n");
    }
  }
}

static inline void storm_lose(struct storm_text *text, const char *format, unsigned a, unsigned b)
{
  char link[40];

  snprintf(link, sizeof link, format, a, b);
  storm_add(text, "  - {id: loss-%s, loss: {link: %s, share: 2%%}}\n", link, link);
}

/* The provider's router goes down while the reply to a mail that its server has taken is on the way to it, and the
 * relay crashes before it has written down that a mail was handed on: neither can be told apart from a failure. */
static inline void storm_weather(struct storm_text *text, const struct storm *storm)
{
  const char *event = storm->crash_event != NULL ? storm->crash_event : "message.sent";
  uint64_t nth = storm->crash_event != NULL ? storm->crash_nth : storm->mail_count / 20;
  unsigned p, u;

  storm_add(text, "links:\n");
  for (p = 0; p < STORM_PROVIDERS; p++) {
    storm_add(text, "  - {join: [mx%u, r%u], name: mx%u, delay: 1ms, rate: 1Gbit/s}\n", p, p, p);
    storm_add(text, "  - {join: [r%u, exchange], name: r%u, delay: 5ms, rate: 1Gbit/s}\n", p, p);
  }
  for (u = 0; u < STORM_USERS; u++)
    storm_add(text, "  - {join: [u%u-%u, r%u], name: u%u-%u, delay: 10ms, rate: 100Mbit/s}\n", u / STORM_PROVIDERS,
              u % STORM_PROVIDERS, u % STORM_PROVIDERS, u / STORM_PROVIDERS, u % STORM_PROVIDERS);
  storm_add(text,
            "faults:\n  - {id: cut, down: {host: r%u}, after: {event: message.accepted, host: mx%u, nth: %" PRIu64,
            STORM_CUT_PROVIDER, STORM_CUT_PROVIDER, storm->mail_count / 16);
  storm_add(text,
            "}, for: 1h}\n  - {id: power, crash: {host: mx%u, disk: %s}, after: {event: %s, host: mx%u, nth: %" PRIu64,
            STORM_CRASHING_PROVIDER, storm->crash_disk != NULL ? storm->crash_disk : "lose-unsynced", event,
            STORM_CRASHING_PROVIDER, nth);
  storm_add(text, "}, for: 15min}\n");
  for (p = 0; p < STORM_PROVIDERS; p++) {
    storm_lose(text, "mx%u", p, 0);
    storm_lose(text, "r%u", p, 0);
  }
  for (u = 0; u < STORM_USERS; u++)
    storm_lose(text, "u%u-%u", u / STORM_PROVIDERS, u % STORM_PROVIDERS);
}

/* Loads the world and hangs the judge in; its result is in storm->result behind msim_sim_finish. error tells what is
 * wrong with the topology, where anything is. */
static inline int storm_build(struct msim_sim *sim, struct storm *storm)
{
  static const char *const options[] = {"mails", NULL};
  static const struct msim_sink_type type = {
      .name = "storm",
      .summary = "counts outcomes",
      .state_bytes = sizeof(struct storm_judge),
      .kinds = 1u << MSIM_TRACE_APP | 1u << MSIM_TRACE_HOST,
      .open = storm_judge_open,
      .record = storm_judge_record,
      .close = storm_judge_close,
      .options = options,
  };
  struct storm_text text = {malloc(STORM_TEXT_BYTES), 0};
  struct msim_out out = {storm, storm_take};
  struct msim_slice yaml;
  char option[40];
  int err;

  if (text.data == NULL)
    return MSIM_ERR_NOMEM;
  storm_hosts(&text, storm->mail_count);
  storm_weather(&text, storm);
  yaml.data = (const uint8_t *)text.data;
  yaml.size_bytes = text.size_bytes;
  err = msim_topology_load_text(sim, "storm", yaml, NULL, storm_tell, storm);
  if (err == MSIM_OK)
    err = msim_sink_register(sim, &type);
  snprintf(option, sizeof option, "mails=%" PRIu64, storm->mail_count);
  if (err == MSIM_OK)
    err = msim_trace_add(sim, "storm", &out, option, NULL);
  free(text.data);
  return err;
}

#endif
