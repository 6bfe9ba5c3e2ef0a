/* imap_wait.c: commands that are answered when the disk has what they have changed. See imap_session.h. */
#include "agents/imap_cmd.h"

/* Lives until the disk has answered, also when the session has gone. */
struct msim__imap_wait {
  struct msim__imap_wait *prev, *next;
  struct msim__imap_server *server;
  struct msim__imap_session *session; /* NULL: it has gone */
  msim__imap_safe_fn *safe;
  msim__imap_placed_fn *placed;
  struct msim__spool_place *places; /* messages are counted */
  size_t place_count, room_bytes;
  uint64_t room[];
};

static void free_wait(struct msim__imap_wait *wait)
{
  struct msim__mem *mem = &wait->server->base.mem;
  size_t i;

  if (wait->prev != NULL)
    wait->prev->next = wait->next;
  else
    wait->server->waits = wait->next;
  if (wait->next != NULL)
    wait->next->prev = wait->prev;
  for (i = 0; i < wait->place_count; i++)
    msim__message_unref(wait->places[i].message);
  msim__free(mem, wait->places, wait->place_count * sizeof *wait->places);
  msim__free(mem, wait, sizeof *wait + wait->room_bytes);
}

static struct msim__imap_wait *new_wait(struct msim__imap_session *session, const void *room, size_t room_bytes)
{
  struct msim__imap_wait *wait = msim__alloc_zeroed(&session->server->base.mem, 1, sizeof *wait + room_bytes);

  if (wait == NULL)
    return NULL;
  wait->server = session->server;
  wait->session = session;
  wait->room_bytes = room_bytes;
  if (room_bytes > 0)
    memcpy(wait->room, room, room_bytes);
  wait->next = session->server->waits;
  if (wait->next != NULL)
    wait->next->prev = wait;
  session->server->waits = wait;
  session->wait = wait;
  return wait;
}

static void drop(struct msim__imap_session *session, struct msim__imap_wait *wait, int err)
{
  session->wait = NULL;
  if (wait != NULL)
    free_wait(wait);
  msim__imap_failed(session, err);
}

static void on_changes(void *ctx, int err)
{
  struct msim__imap_wait *wait = ctx;
  struct msim__imap_session *session = wait->session;

  (void)err;
  if (session != NULL) {
    session->wait = NULL;
    wait->safe(session, wait->room);
  }
  free_wait(wait);
  if (session != NULL)
    msim__imap_resume(session);
}

void msim__imap_wait_changes(struct msim__imap_session *session, msim__imap_safe_fn *fn, const void *room,
                             size_t room_bytes)
{
  struct msim__imap_wait *wait = new_wait(session, room, room_bytes);
  int err = MSIM_ERR_NOMEM;

  if (wait != NULL) {
    wait->safe = fn;
    err = msim__spool_wait(&session->server->base.room->spool, on_changes, wait);
  }
  if (err != MSIM_OK)
    drop(session, wait, err);
}

/* ---- messages ---- */

static void tell_added(const struct msim__imap_wait *wait, size_t i, uint32_t uid)
{
  const struct msim__spool_place *place = &wait->places[i];
  char name[2200];
  struct msim_value values[4];
  size_t n = 0;

  msim__folder_path(place->box, name, sizeof name);
  values[n++] = msim_value_text("message", place->message->label);
  values[n++] = msim_value_text("mailbox", name);
  values[n++] = msim_value_int("uid", uid);
  values[n++] = msim_value_bool("durable", true);
  msim_agent_event(wait->server->base.agent, "store.add", values, n);
}

static void on_places(void *ctx, const uint32_t *uids)
{
  struct msim__imap_wait *wait = ctx;
  struct msim__imap_session *session = wait->session;
  size_t i;

  for (i = 0; i < wait->place_count; i++)
    tell_added(wait, i, uids[i]);
  if (session != NULL) {
    session->wait = NULL;
    wait->placed(session, wait->room, uids, wait->place_count);
  }
  free_wait(wait);
  if (session != NULL)
    msim__imap_resume(session);
}

void msim__imap_wait_places(struct msim__imap_session *session, const struct msim__spool_place *places, size_t count,
                            msim__imap_placed_fn *fn, const void *room, size_t room_bytes)
{
  struct msim__imap_wait *wait = new_wait(session, room, room_bytes);
  int err = MSIM_ERR_NOMEM;
  size_t i;

  if (wait != NULL)
    wait->places = msim__alloc(&session->server->base.mem, count * sizeof *places);
  if (wait != NULL && wait->places != NULL) {
    memcpy(wait->places, places, count * sizeof *places);
    wait->place_count = count;
    for (i = 0; i < count; i++)
      msim__message_ref(places[i].message);
    wait->placed = fn;
    err = msim__spool_take_places(&session->server->base.room->spool, places, count, on_places, wait);
  }
  if (err != MSIM_OK)
    drop(session, wait, err);
}

void msim__imap_wait_forget(struct msim__imap_session *session)
{
  if (session->wait != NULL)
    session->wait->session = NULL;
  session->wait = NULL;
}

void msim__imap_waits_free(struct msim__imap_server *server)
{
  while (server->waits != NULL)
    free_wait(server->waits);
}
