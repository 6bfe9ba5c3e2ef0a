/* smtp_notice.c: who is told about a delivery; see smtp_notice.h. */
#include "agents/smtp_notice.h"

#include "agents/smtp_local.h"
#include "agents/smtp_policy.h"
#include "net/buggify.h"
#include "proto/address.h"
#include "proto/ascii.h"

#include <stdio.h>

#define NOTICE_BYTES_MAX ((size_t)1 << 30)
#define LATE_NS_MAX MSIM_SEC(600)

static const char *event_of(enum msim__dsn_action action)
{
  if (action == MSIM__DSN_FAILED)
    return "message.bounced";
  return action == MSIM__DSN_DELAYED ? "message.delayed" : "message.confirmed";
}

static const struct msim__dsn_recipient *dsn_of(const struct msim__message *message, uint32_t index)
{
  return message->dsn != NULL ? &message->dsn[index] : NULL;
}

enum who { WANTED, UNWANTED, ALL };

/* Who gets a notice, as people of this host would call him: his name where he is one of them. */
static const char *sender_name(const struct msim__mail_room *room, const struct msim__message *message)
{
  struct msim__account *account = NULL;
  struct msim__address address;

  if (room->policy != NULL &&
      msim__address_parse(&address, msim__slice_text(message->reverse_path), true, NULL) == MSIM_OK)
    (void)msim__smtp_policy_place(room->policy, &address, &account);
  return account != NULL ? account->name : message->reverse_path;
}

/* One event about the recipients that are told of, or not. */
static void tell(struct msim_agent *agent, const struct msim__mail_room *room, const struct msim__smtp_notice *notice,
                 const char *label, enum who who, const char *reason)
{
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[6];
  size_t count = 0, i, n = 0;

  for (i = 0; i < notice->outcome_count; i++) {
    uint32_t index = notice->outcomes[i].index;

    bool wanted = msim__dsn_is_wanted(dsn_of(notice->message, index), notice->action);

    if ((who == ALL || wanted == (who == WANTED)) && count < MSIM__EVENT_LIST_MAX)
      to[count++] = notice->message->recipients[index];
  }
  if (count == 0)
    return;
  values[n++] = msim_value_text("message", notice->message->label);
  if (label != NULL)
    values[n++] = msim_value_text("notice", label);
  if (reason != NULL)
    values[n++] = msim_value_text("reason", reason);
  if (label != NULL && notice->action > MSIM__DSN_DELAYED)
    values[n++] = msim_value_text("action", msim__dsn_action_name(notice->action));
  if (label != NULL)
    values[n++] = msim_value_text("to", sender_name(room, notice->message));
  values[n].name = label != NULL ? "about" : "to";
  values[n].kind = MSIM_VALUE_LIST;
  values[n].u.list.items = to;
  values[n++].u.list.count = count;
  msim_agent_event(agent, label != NULL ? event_of(notice->action) : "message.discarded", values, n);
}

static int64_t calendar(struct msim_agent *agent, msim_ns at_ns)
{
  msim_ns now_ns = msim_sim_now_ns(msim_agent_sim(agent));
  int64_t now_s = msim_agent_unix_s(agent);

  if (at_ns >= now_ns)
    return now_s + (int64_t)((at_ns - now_ns) / MSIM_SEC(1));
  return now_s - (int64_t)((now_ns - at_ns) / MSIM_SEC(1));
}

static struct msim__message *make_message(struct msim_agent *agent, struct msim__mail_room *room,
                                          const struct msim__message *original, struct msim__buf *plain,
                                          uint64_t number)
{
  struct msim_slice to = msim__slice_text(original->reverse_path);
  struct msim__message_opts opts = {.recipients = &to, .recipient_count = 1, .smtputf8 = original->smtputf8};
  struct msim__message *message = NULL;
  char label[2 * MSIM__MESSAGE_LABEL_BYTES_MAX];
  struct msim__buf wire;

  msim__buf_init(&wire, &room->mem, NOTICE_BYTES_MAX);
  (void)snprintf(label, sizeof label, "%.120s.dsn-%.60s-%llu", original->label, msim_agent_host(agent),
                 (unsigned long long)number);
  opts.label = msim__slice_text(label);
  if (msim__message_to_wire(&wire, (struct msim_slice){(const uint8_t *)plain->data, plain->size_bytes},
                            &opts.size_bytes, &opts.eight_bit) == MSIM_OK)
    opts.content = msim_blob_new(msim_agent_sim(agent), wire.data, wire.size_bytes);
  if (opts.content != NULL) {
    message = msim__message_new(&room->mem, &opts);
    msim_blob_unref(opts.content);
  }
  msim__buf_release(&wire);
  return message;
}

static struct msim__message *write_notice(struct msim_agent *agent, struct msim__mail_room *room,
                                          const struct msim__smtp_notice *notice, const struct msim__dsn_line *lines,
                                          size_t line_count)
{
  struct msim__dsn_report report = {
      .host = msim_agent_host(agent),
      .hostname = notice->hostname,
      .number = msim__mail_number_next(agent),
      .unix_s = msim_agent_unix_s(agent),
      .zone_minutes = msim_agent_zone_minutes(agent),
      .original = notice->message,
      .action = notice->action,
      .arrived_unix_s = calendar(agent, notice->arrived_ns),
      .retry_until_unix_s = calendar(agent, notice->retry_until_ns),
      .lines = lines,
      .line_count = line_count,
  };
  struct msim__message *message = NULL;
  struct msim__buf plain;

  msim__buf_init(&plain, &room->mem, NOTICE_BYTES_MAX);
  if (msim__dsn_append(&plain, &report) == MSIM_OK)
    message = make_message(agent, room, notice->message, &plain, report.number);
  msim__buf_release(&plain);
  return message;
}

/* The lines of those who want to know; statuses has room for each. */
static size_t fill_lines(const struct msim__smtp_notice *notice, struct msim__dsn_line *lines,
                         char (*statuses)[MSIM__DSN_STATUS_BYTES])
{
  size_t i, count = 0;

  for (i = 0; i < notice->outcome_count; i++) {
    const struct msim__smtp_outcome *outcome = &notice->outcomes[i];
    const struct msim__dsn_recipient *dsn = dsn_of(notice->message, outcome->index);

    if (!msim__dsn_is_wanted(dsn, notice->action))
      continue;
    msim__dsn_status(statuses[count], outcome->code, outcome->text, notice->otherwise);
    lines[count].recipient = notice->message->recipients[outcome->index];
    lines[count].orcpt = dsn != NULL ? dsn->orcpt : NULL;
    lines[count].status = statuses[count];
    lines[count].text = outcome->text;
    lines[count].server = outcome->remote && outcome->code != 0 ? notice->server : NULL;
    count++;
  }
  return count;
}

static void submit(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message)
{
  const struct msim_node *node = msim_agent_node(agent);
  msim_ns before_ns = room->queue.first_try_after_ns;

  if (msim__buggify(node, MSIM__SITE_NOTICE_LATE))
    room->queue.first_try_after_ns += msim__buggify_draw(node, MSIM__SITE_NOTICE_LATE, LATE_NS_MAX);
  (void)msim__smtp_local_submit(agent, room, message); /* out of memory ends the run, a full queue is told */
  room->queue.first_try_after_ns = before_ns;
}

void msim__smtp_notice_send(struct msim_agent *agent, struct msim__mail_room *room,
                            const struct msim__smtp_notice *notice)
{
  struct msim__dsn_line *lines;
  char(*statuses)[MSIM__DSN_STATUS_BYTES];
  struct msim__message *message;
  size_t count;

  if (notice->outcome_count == 0)
    return;
  if (notice->message->reverse_path[0] == '\0') {
    if (notice->action == MSIM__DSN_FAILED)
      tell(agent, room, notice, NULL, ALL, "null-sender");
    return;
  }
  lines = msim__alloc(&room->mem, notice->outcome_count * sizeof *lines);
  statuses = msim__alloc(&room->mem, notice->outcome_count * sizeof *statuses);
  count = lines != NULL && statuses != NULL ? fill_lines(notice, lines, statuses) : 0;
  if (count < notice->outcome_count && lines != NULL && statuses != NULL && notice->action == MSIM__DSN_FAILED)
    tell(agent, room, notice, NULL, UNWANTED, "not-wanted");
  message = count > 0 ? write_notice(agent, room, notice, lines, count) : NULL;
  if (message != NULL) {
    tell(agent, room, notice, message->label, WANTED, NULL);
    submit(agent, room, message);
    msim__message_unref(message);
  }
  msim__free(&room->mem, lines, lines != NULL ? notice->outcome_count * sizeof *lines : 0);
  msim__free(&room->mem, statuses, statuses != NULL ? notice->outcome_count * sizeof *statuses : 0);
}
