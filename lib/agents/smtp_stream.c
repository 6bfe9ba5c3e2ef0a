/* smtp_stream.c: small things that the mail agents share; see smtp_stream.h. */
#include "agents/smtp_stream.h"

#include "agents/mail_keep.h"

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
