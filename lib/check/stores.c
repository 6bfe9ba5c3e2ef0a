/* stores.c: see stores.h. */
#include "check/stores.h"

#include <string.h>

#include "check/predicate.h"

struct reader {
  struct msim__arena *arena;
  struct msim__names index; /* by the three words, as pointers: looked up only */
  struct msim__stored *first, *last;
};

struct key {
  const char *host, *mailbox, *message;
};

static struct msim__stored *find(struct reader *reader, const struct key *key)
{
  struct msim__stored *stored = msim__names_find(&reader->index, (const char *)key, sizeof *key);
  struct key *copy;

  if (stored != NULL)
    return stored;
  stored = msim__arena_alloc(reader->arena, sizeof *stored);
  copy = msim__arena_alloc(reader->arena, sizeof *copy);
  if (stored == NULL || copy == NULL)
    return NULL;
  *copy = *key;
  stored->end = &stored->copies;
  stored->host = key->host;
  stored->mailbox = key->mailbox;
  stored->message = key->message;
  if (msim__names_add(&reader->index, (const char *)copy, sizeof *copy, stored) != MSIM_OK)
    return NULL;
  if (reader->last != NULL)
    reader->last->next = stored;
  else
    reader->first = stored;
  reader->last = stored;
  return stored;
}

static const char *text_of(const struct msim__seen_values *values, const char *name)
{
  size_t i;

  for (i = 0; values != NULL && i < values->count; i++)
    if (strcmp(values->items[i].name, name) == 0)
      return values->items[i].kind == MSIM__SEEN_TEXT ? values->items[i].u.text : NULL;
  return NULL;
}

/* 1 true, 0 false, -1 not said. */
static int durable_of(const struct msim__seen_values *values)
{
  size_t i;

  for (i = 0; values != NULL && i < values->count; i++)
    if (strcmp(values->items[i].name, "durable") == 0)
      return values->items[i].kind == MSIM__SEEN_BOOL ? values->items[i].u.truth : -1;
  return -1;
}

/* A copy of the same sort goes first; when none is or none was named, the newest. */
static void take_out(struct msim__stored *stored, int durable)
{
  struct msim__copy **at, **found = NULL;

  for (at = &stored->copies; *at != NULL; at = &(*at)->next) {
    found = at;
    if (durable >= 0 && (*at)->durable == (durable != 0))
      break;
  }
  if (found == NULL)
    return;
  *found = (*found)->next;
  if (*found == NULL)
    stored->end = found;
}

static int put_in(struct reader *reader, struct msim__stored *stored, int durable)
{
  struct msim__copy *copy = msim__arena_alloc(reader->arena, sizeof *copy);

  if (copy == NULL)
    return MSIM_ERR_NOMEM;
  copy->durable = durable == 1;
  *stored->end = copy;
  stored->end = &copy->next;
  return MSIM_OK;
}

static int apply(struct reader *reader, const struct msim__seen *r)
{
  bool is_add = strcmp(r->u.app.event, "store.add") == 0;
  struct msim__stored *stored;
  struct key key;

  if (!is_add && strcmp(r->u.app.event, "store.remove") != 0)
    return MSIM_OK;
  memset(&key, 0, sizeof key);
  key.host = r->from;
  key.mailbox = text_of(r->u.app.values, "mailbox");
  key.message = text_of(r->u.app.values, "message");
  if (key.mailbox == NULL || key.message == NULL)
    return MSIM_OK;
  stored = find(reader, &key);
  if (stored == NULL)
    return MSIM_ERR_NOMEM;
  if (is_add)
    return put_in(reader, stored, durable_of(r->u.app.values));
  take_out(stored, durable_of(r->u.app.values));
  return MSIM_OK;
}

int msim__stores_read(const struct msim__observation *obs, struct msim__arena *arena, struct msim__stored **first)
{
  struct reader reader = {.arena = arena};
  size_t i;
  int err = MSIM_OK;

  msim__names_init(&reader.index, obs->mem);
  for (i = 0; err == MSIM_OK && i < obs->record_count; i++)
    if (obs->records[i].kind == MSIM__SEEN_APP)
      err = apply(&reader, &obs->records[i]);
  msim__names_release(&reader.index);
  *first = reader.first;
  return err;
}

bool msim__stores_have(const struct msim__stored *first, const struct msim__actor_hosts *actor, const char *mailbox,
                       bool durable, const char *message)
{
  const struct msim__stored *stored;
  const struct msim__copy *copy;

  for (stored = first; stored != NULL; stored = stored->next) {
    if ((message != NULL && stored->message != message) || (mailbox != NULL && stored->mailbox != mailbox) ||
        !msim__actor_has(actor, stored->host))
      continue;
    for (copy = stored->copies; copy != NULL; copy = copy->next)
      if (!durable || copy->durable)
        return true;
  }
  return false;
}
