/* mail_keep.c: how a message comes into a host's charge; see mail_keep.h. */
#include "agents/mail_keep.h"

#include <string.h>

struct msim__mail_keep {
  struct msim__mail_keep *prev, *next;
  struct msim_agent *agent;
  struct msim__mail_room *room;
  struct msim__message *message; /* counted */
  msim__mail_kept_fn *fn;
  void *ctx;
  size_t count;
  struct msim__mail_place places[];
};

static size_t keep_bytes(size_t count)
{
  return sizeof(struct msim__mail_keep) + count * sizeof(struct msim__mail_place);
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
  msim__free(&room->mem, keep, keep_bytes(keep->count));
}

/* The first of those that share a mailbox stands for it. */
static bool has_own_copy(const struct msim__mail_keep *keep, size_t number)
{
  size_t i;

  for (i = 0; i < number; i++)
    if (keep->places[i].box == keep->places[number].box)
      return false;
  return keep->places[number].box != NULL;
}

/* The recipients of one mailbox, or of none: those elsewhere. to has room for MSIM__EVENT_LIST_MAX. */
static struct msim_value list_to(const struct msim__mail_keep *keep, const struct msim__mailbox *box, const char **to)
{
  struct msim_value value = {.name = "to", .kind = MSIM_VALUE_LIST};
  size_t i, count = 0;

  for (i = 0; i < keep->count && count < MSIM__EVENT_LIST_MAX; i++)
    if (keep->places[i].box == box)
      to[count++] = keep->message->recipients[keep->places[i].index];
  value.u.list.items = to;
  value.u.list.count = count;
  return value;
}

static void tell(const struct msim__mail_keep *keep, const uint32_t *uids)
{
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[5];
  size_t i, elsewhere = 0, boxes = 0;

  for (i = 0; i < keep->count; i++)
    elsewhere += keep->places[i].box == NULL;
  values[0] = msim_value_text("message", keep->message->label);
  if (elsewhere > 0) {
    values[1] = msim_value_int("recipients", (int64_t)elsewhere);
    values[2] = msim_value_int("waiting", keep->room->queue.entry_count);
    values[3] = list_to(keep, NULL, to);
    msim_agent_event(keep->agent, "smtp.queued", values, 4);
  }
  for (i = 0; i < keep->count; i++) {
    if (!has_own_copy(keep, i))
      continue;
    values[1] = msim_value_text("mailbox", keep->places[i].box->name);
    values[2] = msim_value_bool("durable", true);
    values[3] = msim_value_int("uid", uids[boxes++]);
    values[4] = list_to(keep, keep->places[i].box, to);
    msim_agent_event(keep->agent, "store.add", values, 5);
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

static int write_down(struct msim__mail_keep *keep)
{
  struct msim__mem *mem = &keep->room->mem;
  uint32_t *indices = msim__alloc(mem, keep->count * sizeof *indices);
  struct msim__mailbox **boxes = msim__alloc(mem, keep->count * sizeof(struct msim__mailbox *));
  size_t i, index_count = 0, box_count = 0;
  int err = MSIM_ERR_NOMEM;

  for (i = 0; indices != NULL && boxes != NULL && i < keep->count; i++) {
    if (keep->places[i].box == NULL)
      indices[index_count++] = keep->places[i].index;
    else if (has_own_copy(keep, i))
      boxes[box_count++] = keep->places[i].box;
  }
  if (indices != NULL && boxes != NULL)
    err = msim__spool_take(&keep->room->spool, keep->message, indices, index_count, boxes, box_count,
                           msim_sim_now_ns(msim_agent_sim(keep->agent)), msim_agent_unix_s(keep->agent), is_safe, keep);
  if (indices != NULL)
    msim__free(mem, indices, keep->count * sizeof *indices);
  if (boxes != NULL)
    msim__free(mem, boxes, keep->count * sizeof(struct msim__mailbox *));
  return err;
}

int msim__mail_keep(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message,
                    const struct msim__mail_place *places, size_t count, msim__mail_kept_fn *fn, void *ctx)
{
  struct msim__mail_keep *keep = msim__alloc_zeroed(&room->mem, 1, keep_bytes(count));
  int err;

  if (keep == NULL)
    return MSIM_ERR_NOMEM;
  keep->agent = agent;
  keep->room = room;
  keep->message = message;
  keep->fn = fn;
  keep->ctx = ctx;
  keep->count = count;
  memcpy(keep->places, places, count * sizeof *places);
  msim__message_ref(message);
  keep->next = room->keeps;
  if (keep->next != NULL)
    keep->next->prev = keep;
  room->keeps = keep;
  err = write_down(keep);
  if (err != MSIM_OK)
    drop(keep);
  return err;
}

void msim__mail_keep_stop(struct msim__mail_room *room)
{
  while (room->keeps != NULL)
    drop(room->keeps);
}
