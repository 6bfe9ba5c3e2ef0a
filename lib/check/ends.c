/* ends.c: see ends.h. */
#include "check/ends.h"

#include <string.h>

#include "check/predicate.h"
#include "check/stores.h"
#include "text/buf.h"

#define PROBLEM_BYTES_MAX 2048u

static bool alternative_holds(const struct msim__stored *stored, const struct msim__finally *f,
                              const struct msim__alternative *alternative)
{
  size_t i;

  if (alternative->empty)
    return !msim__stores_have(stored, f->store, f->mailbox, f->durable, NULL);
  for (i = 0; i < alternative->word_count; i++)
    if (msim__stores_have(stored, f->store, f->mailbox, f->durable, alternative->words[i]) == alternative->lacks)
      return false;
  return true;
}

/* Appends what of the words is there although it should not be, or the reverse. */
static void list_wrong(struct msim__buf *buf, const struct msim__stored *stored, const struct msim__finally *f,
                       const char *const *words, size_t count, bool wanted)
{
  const char *lead = wanted ? "it lacks " : "it contains ";
  size_t i;

  for (i = 0; i < count; i++) {
    if (msim__stores_have(stored, f->store, f->mailbox, f->durable, words[i]) == wanted)
      continue;
    msim__buf_append_text(buf, buf->size_bytes > 0 && *lead == 'i' ? ", " : "");
    msim__buf_append_text(buf, lead);
    msim__buf_append_text(buf, words[i]);
    lead = " and ";
  }
}

static void list_any_of(struct msim__buf *buf, const struct msim__stored *stored, const struct msim__finally *f)
{
  size_t i;

  for (i = 0; i < f->any_of_count; i++)
    if (alternative_holds(stored, f, &f->any_of[i]))
      return;
  if (f->any_of_count == 0)
    return;
  msim__buf_append_text(buf, buf->size_bytes > 0 ? ", none of: " : "none of: ");
  for (i = 0; i < f->any_of_count; i++) {
    msim__buf_append_text(buf, i > 0 ? "; " : "");
    msim__buf_append_text(buf, f->any_of[i].text);
  }
}

int msim__ends_finally(const struct msim__scene *scene, const struct msim__observation *obs, struct msim__arena *arena,
                       const char ***problems)
{
  struct msim__stored *stored = NULL;
  struct msim__buf buf;
  size_t i;
  int err = msim__stores_read(obs, arena, &stored);

  *problems = msim__arena_alloc(arena, scene->finally_count * sizeof **problems);
  if (err != MSIM_OK || *problems == NULL)
    return MSIM_ERR_NOMEM;
  msim__buf_init(&buf, obs->mem, PROBLEM_BYTES_MAX);
  for (i = 0; i < scene->finally_count && err == MSIM_OK; i++) {
    const struct msim__finally *f = &scene->finallys[i];

    msim__buf_clear(&buf);
    list_wrong(&buf, stored, f, f->contains, f->contains_count, true);
    list_wrong(&buf, stored, f, f->lacks, f->lacks_count, false);
    list_any_of(&buf, stored, f);
    /* a sentence that is too long is cut where it is: what is wrong counts, not all of it */
    if (buf.err == MSIM_ERR_NOMEM)
      err = MSIM_ERR_NOMEM;
    else if (buf.size_bytes > 0 && ((*problems)[i] = msim__arena_text(arena, buf.data, buf.size_bytes)) == NULL)
      err = MSIM_ERR_NOMEM;
  }
  msim__buf_release(&buf);
  return err;
}

/* ---- requires ---- */

static bool is_event(const struct msim__seen *r, const char *event)
{
  return r->kind == MSIM__SEEN_APP && strcmp(r->u.app.event, event) == 0;
}

static bool is_wire(const struct msim__seen *r)
{
  return r->kind == MSIM__SEEN_SEGMENT || r->kind == MSIM__SEEN_DATAGRAM;
}

static const char *text_of(const struct msim__seen_values *values, const char *name)
{
  size_t i;

  for (i = 0; values != NULL && i < values->count; i++)
    if (strcmp(values->items[i].name, name) == 0 && values->items[i].kind == MSIM__SEEN_TEXT)
      return values->items[i].u.text;
  return NULL;
}

/* Each message was added before the anchor of the step. A step that was not observed tells nothing. */
static bool mailbox_unmet(const struct msim__requirement *q, const struct msim__observation *obs, uint32_t anchor)
{
  size_t i, k;

  for (i = 0; anchor != MSIM__SEEN_NONE && i < q->word_count; i++) {
    for (k = 0; k < anchor; k++) {
      const struct msim__seen *r = &obs->records[k];

      if (is_event(r, "store.add") && msim__actor_has(&q->host, r->from) &&
          text_of(r->u.app.values, "mailbox") == q->word && text_of(r->u.app.values, "message") == q->words[i])
        break;
    }
    if (k == anchor)
      return true;
  }
  return false;
}

/* The first sign decides: a packet that went through, or word that the link is down. */
static bool link_unmet(const struct msim__requirement *q, const struct msim__observation *obs)
{
  size_t i;

  for (i = 0; i < obs->record_count; i++) {
    const struct msim__seen *r = &obs->records[i];

    if (is_event(r, "link.down") && msim__actor_has(&q->host, r->from))
      return true;
    if (!is_wire(r))
      continue;
    if (r->point == MSIM_POINT_TX ? msim__actor_has(&q->host, r->from) && r->u.wire.arrival != MSIM__SEEN_NONE
                                  : msim__actor_has(&q->host, r->to))
      return false;
  }
  return false;
}

/* The first address under which the host is seen decides. */
static bool address_unmet(const struct msim__requirement *q, const struct msim__observation *obs)
{
  size_t i;

  for (i = 0; i < obs->record_count; i++) {
    const struct msim__seen *r = &obs->records[i];
    uint8_t scope = MSIM__SCOPE_UNKNOWN;

    if (!is_wire(r))
      continue;
    if (r->point == MSIM_POINT_TX && msim__actor_has(&q->host, r->from))
      scope = r->src_scope;
    else if (r->point == MSIM_POINT_RX && msim__actor_has(&q->host, r->to))
      scope = r->dst_scope;
    if (scope != MSIM__SCOPE_UNKNOWN)
      return scope != q->scope;
  }
  return false;
}

static bool was_seen(const struct msim__observation *obs, const char *const *events, const char *const *units)
{
  size_t i, k, j;

  for (i = 0; i < obs->record_count; i++) {
    const struct msim__seen *r = &obs->records[i];

    for (k = 0; events[k] != NULL; k++)
      if (is_event(r, events[k]))
        return true;
    for (j = 0; is_wire(r) && r->u.wire.units != NULL && j < r->u.wire.units->count; j++)
      for (k = 0; units[k] != NULL; k++)
        if (strcmp(r->u.wire.units->items[j].unit, units[k]) == 0)
          return true;
  }
  return false;
}

static bool is_unmet(const struct msim__requirement *q, const struct msim__observation *obs, const uint32_t *anchors)
{
  static const char *const none[] = {NULL};
  static const char *const dhcp_events[] = {"dhcp.bound", NULL};
  static const char *const dhcp_units[] = {"dhcp.offer", "dhcp.ack", NULL};
  static const char *const dns_events[] = {"dns.answer", NULL};
  static const char *const dns_units[] = {"dns.answer", "dns.referral", NULL};
  static const char *const nat_events[] = {"nat.mapped", "nat.restored", NULL};

  switch (q->kind) {
  case MSIM__REQUIRES_MAILBOX:
    return mailbox_unmet(q, obs, anchors[q->step]);
  case MSIM__REQUIRES_LINK_UP:
    return link_unmet(q, obs);
  case MSIM__REQUIRES_ADDRESS:
    return address_unmet(q, obs);
  case MSIM__REQUIRES_NO_DHCP:
    return was_seen(obs, dhcp_events, dhcp_units);
  case MSIM__REQUIRES_NO_DNS:
    return was_seen(obs, dns_events, dns_units);
  case MSIM__REQUIRES_NO_NAT:
    return was_seen(obs, nat_events, none);
  }
  return false;
}

int msim__ends_requires(const struct msim__scene *scene, const struct msim__observation *obs, struct msim__arena *arena,
                        const uint32_t *anchors, bool **unmet)
{
  size_t i;

  *unmet = msim__arena_alloc(arena, scene->requirement_count * sizeof **unmet);
  if (*unmet == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < scene->requirement_count; i++)
    (*unmet)[i] = is_unmet(&scene->requirements[i], obs, anchors);
  return MSIM_OK;
}
