/* smtp_stream.c: small things that the mail agents share; see smtp_stream.h. */
#include "agents/smtp_stream.h"

#include "agents/mail_keep.h"
#include "mail/folders.h"

#include <stdio.h>
#include <string.h>

#define FOUND_TEXT_BYTES 2300u /* the path of a folder, and a number */

static void *resize_for_agent(void *ctx, void *ptr, size_t size_old_bytes, size_t size_new_bytes)
{
  return msim_agent_resize(ctx, ptr, size_old_bytes, size_new_bytes);
}

void msim__agent_mem_init(struct msim__mem *mem, struct msim_agent *agent)
{
  struct msim_mem hook = {agent, resize_for_agent};

  msim__mem_init(mem, &hook);
}

static bool begin_numbers(struct msim_agent *agent)
{
  uint64_t *number = msim_agent_shared(agent, "mail.number", sizeof *number);

  if (number != NULL)
    *number = msim_sim_now_ns(msim_agent_sim(agent)) / MSIM_MSEC(1);
  return number != NULL;
}

/* After a crash: how many messages the disk has in each mailbox that has any, and how many wait. Whoever judges the run
 * compares it with what was promised. */
static void tell_found(struct msim_agent *agent, const struct msim__mail_room *room)
{
  char *texts[MSIM__EVENT_LIST_MAX];
  struct msim_value values[3];
  const struct msim__mailbox *box;
  size_t count = 0, i, told = 0, whole = 0;

  for (i = 0; (box = msim__store_at(&room->store, i)) != NULL; i++) {
    char text[FOUND_TEXT_BYTES];
    size_t used;

    if (box->count == 0)
      continue;
    whole++;
    if (count == MSIM__EVENT_LIST_MAX)
      continue;
    msim__folder_path(box, text, FOUND_TEXT_BYTES - 24);
    used = strlen(text);
    (void)snprintf(text + used, sizeof text - used, " %zu", box->count);
    texts[count] = msim_agent_resize(agent, NULL, 0, strlen(text) + 1);
    if (texts[count] == NULL)
      break; /* the simulation has failed */
    memcpy(texts[count++], text, strlen(text) + 1);
  }
  memset(values, 0, sizeof values);
  values[0] = msim_value_int("waiting", room->queue.entry_count);
  values[1].name = "mailboxes";
  values[1].kind = MSIM_VALUE_LIST;
  values[1].u.list.items = (const char *const *)texts;
  values[1].u.list.count = count;
  values[2] = msim_value_bool("partial", true);
  told = whole > count ? 3 : 2;
  msim_agent_event(agent, "store.found", values, told);
  for (i = 0; i < count; i++)
    (void)msim_agent_resize(agent, texts[i], strlen(texts[i]) + 1, 0);
}

struct msim__mail_room *msim__mail_room_attach(struct msim_agent *agent)
{
  struct msim__mail_room *room = msim_agent_shared(agent, "mail", sizeof *room);

  if (room == NULL || room->queue.mem != NULL)
    return room;
  msim__agent_mem_init(&room->mem, agent);
  msim__mail_queue_init(&room->queue, &room->mem);
  msim__store_init(&room->store, &room->mem);
  msim__accounts_init(&room->accounts, &room->mem, &room->store);
  room->store.uid_validity = (uint32_t)msim_agent_unix_s(agent);
  if (!begin_numbers(agent) ||
      msim__spool_open(&room->spool, msim_agent_node(agent), &room->mem, &room->queue, &room->store) != MSIM_OK) {
    msim__mail_room_release(room); /* what was read until then */
    return NULL;
  }
  if (msim_sim_now_ns(msim_agent_sim(agent)) > 0)
    tell_found(agent, room);
  return room;
}

void msim__mail_room_release(struct msim__mail_room *room)
{
  if (room == NULL)
    return;
  room->queue.wake = NULL;
  msim__spool_close(&room->spool);
  msim__mail_keep_stop(room);
  msim__mail_queue_release(&room->queue);
  msim__accounts_release(&room->accounts);
  msim__store_release(&room->store);
}

uint64_t msim__mail_number_next(struct msim_agent *agent)
{
  uint64_t *number = msim_agent_shared(agent, "mail.number", sizeof *number);

  return number != NULL ? ++*number : 0;
}

/* Beyond the send buffer's limit, for the few bytes that a dialogue may overshoot. */
static void write_rest(struct msim_agent *agent, struct msim_stream *stream, const uint8_t *data, size_t size_bytes)
{
  struct msim_blob *blob = msim_blob_new(msim_agent_sim(agent), data, size_bytes);

  if (blob == NULL)
    return;
  (void)msim_stream_write_blob(stream, blob, 0, size_bytes); /* a closed stream says so by on_closed */
  msim_blob_unref(blob);
}

bool msim__stream_send_unit(struct msim_agent *agent, struct msim_stream *stream, const char *unit, const char *label,
                            const void *data, size_t size_bytes)
{
  size_t fitted;

  msim_stream_mark(stream, unit, label, MSIM_MARK_BEGIN);
  fitted = msim_stream_write(stream, data, size_bytes);
  if (fitted < size_bytes)
    write_rest(agent, stream, (const uint8_t *)data + fitted, size_bytes - fitted);
  msim_stream_mark(stream, unit, label, MSIM_MARK_END);
  return fitted == size_bytes;
}
