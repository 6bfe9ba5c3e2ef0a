/* mail_keep.c: how a message comes into a host's charge; see mail_keep.h. */
#include "agents/mail_keep.h"

struct msim__mail_keep {
  struct msim__mail_keep *prev, *next;
  struct msim_agent *agent;
  struct msim__mail_room *room;
  struct msim__message *message; /* counted */
  msim__mail_kept_fn *fn;
  void *ctx;
  size_t recipient_count; /* elsewhere */
  size_t box_count;
  struct msim__mailbox *boxes[];
};

static size_t keep_bytes(size_t box_count)
{
  return sizeof(struct msim__mail_keep) + box_count * sizeof(struct msim__mailbox *);
}

static void drop(struct msim__mail_keep *keep)
{
  struct msim__mail_room *room = keep->room;

  if (keep->prev != NULL)
    keep->prev->next = keep->next;
  else
    room->keeps = keep->next;
  if (keep->next != NULL)
    keep->next->prev = keep->prev;
  msim__message_unref(keep->message);
  msim__free(&room->mem, keep, keep_bytes(keep->box_count));
}

static void tell(const struct msim__mail_keep *keep, const uint32_t *uids)
{
  struct msim_value values[4];
  size_t i;

  values[0] = msim_value_text("message", keep->message->label);
  if (keep->recipient_count > 0) {
    values[1] = msim_value_int("recipients", (int64_t)keep->recipient_count);
    values[2] = msim_value_int("waiting", keep->room->queue.entry_count);
    msim_agent_event(keep->agent, "smtp.queued", values, 3);
  }
  for (i = 0; i < keep->box_count; i++) {
    values[1] = msim_value_text("mailbox", keep->boxes[i]->name);
    values[2] = msim_value_bool("durable", true);
    values[3] = msim_value_int("uid", uids[i]);
    msim_agent_event(keep->agent, "store.add", values, 4);
  }
}

static void is_safe(void *ctx, const uint32_t *uids)
{
  struct msim__mail_keep *keep = ctx;
  msim__mail_kept_fn *fn = keep->fn;
  void *fn_ctx = keep->ctx;

  tell(keep, uids);
  drop(keep);
  if (fn != NULL)
    fn(fn_ctx);
}

int msim__mail_keep(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message,
                    const uint32_t *indices, size_t count, struct msim__mailbox *const *boxes, size_t box_count,
                    msim__mail_kept_fn *fn, void *ctx)
{
  struct msim__mail_keep *keep = msim__alloc_zeroed(&room->mem, 1, keep_bytes(box_count));
  size_t i;
  int err;

  if (keep == NULL)
    return MSIM_ERR_NOMEM;
  keep->agent = agent;
  keep->room = room;
  keep->message = message;
  keep->fn = fn;
  keep->ctx = ctx;
  keep->recipient_count = count;
  keep->box_count = box_count;
  for (i = 0; i < box_count; i++)
    keep->boxes[i] = boxes[i];
  msim__message_ref(message);
  keep->next = room->keeps;
  if (keep->next != NULL)
    keep->next->prev = keep;
  room->keeps = keep;
  err = msim__spool_take(&room->spool, message, indices, count, boxes, box_count,
                         msim_sim_now_ns(msim_agent_sim(agent)), msim_agent_unix_s(agent), is_safe, keep);
  if (err != MSIM_OK)
    drop(keep);
  return err;
}

void msim__mail_keep_stop(struct msim__mail_room *room)
{
  while (room->keeps != NULL)
    drop(room->keeps);
}
