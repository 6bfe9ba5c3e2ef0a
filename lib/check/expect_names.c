/* expect_names.c: whether hosts and events that an expectation names can be there at all. `never relai message.bounced`
 * is kept by every run, so a spelling that is nearly right is refused. Agents may have events of their own: what is
 * near to none of ours passes. */
#include "check/expect.h"

#include <mailsim/topology.h>

#include <string.h>

#include "text/diag.h"
#include "text/suggest.h"

#define HOSTS_COMPARED 512u

/* Those of docs/trace.md; tests/command/expectations.sh holds both against each other. */
static const char *const events[] = {
    "arp.failed",
    "arp.resolved",
    "auth.ok",
    "auth.refused",
    "connection.chosen",
    "dhcp.bound",
    "dhcp.declined",
    "dhcp.exhausted",
    "dhcp.expired",
    "dhcp.failed",
    "dhcp.informed",
    "dhcp.lease_ended",
    "dhcp.leased",
    "dhcp.refused",
    "dhcp.released",
    "dhcp.renewed",
    "dns.answer",
    "dns.cache_hit",
    "dns.expired",
    "dns.failed",
    "dns.learned",
    "draft.failed",
    "draft.saved",
    "hosts.answer",
    "hosts.failed",
    "http.failed",
    "http.received",
    "http.response",
    "ipv6.address",
    "ipv6.deprecated",
    "ipv6.duplicate",
    "ipv6.expired",
    "ipv6.router",
    "link.down",
    "link.up",
    "mailbox.check_failed",
    "mailbox.created",
    "mailbox.listed",
    "mailbox.login_ok",
    "mailbox.login_refused",
    "mailbox.removed",
    "mailbox.renamed",
    "mailbox.retrieved_all",
    "mailbox.selected",
    "message.accepted",
    "message.bounced",
    "message.confirmed",
    "message.converted",
    "message.created",
    "message.delayed",
    "message.discarded",
    "message.failed",
    "message.refused",
    "message.sent",
    "message.shown",
    "message.unavailable",
    "nat.expired",
    "nat.mapped",
    "nat.restored",
    "nd.failed",
    "nd.resolved",
    "smtp.deferred",
    "smtp.queued",
    "store.add",
    "store.found",
    "store.remove",
    "user.browse",
    "user.check",
    "user.draft",
    "user.retry",
    "user.select",
    "user.send",
    "webmail.draft",
    "webmail.failed",
    "webmail.login_ok",
    "webmail.login_refused",
    "webmail.logout",
    "webmail.received",
    "webmail.sent",
};
#define EVENT_COUNT (sizeof events / sizeof events[0])

struct teller {
  const struct msim__expect *expect;
  const struct msim_sim *sim;
  msim_diag_fn *fn;
  void *user;
  unsigned count;
};

static bool has_glob(const char *text, size_t size_bytes)
{
  return memchr(text, '*', size_bytes) != NULL || memchr(text, '?', size_bytes) != NULL;
}

static void tell(struct teller *teller, const char *what, const char *name, size_t size_bytes, const char *near,
                 unsigned line, unsigned column)
{
  struct msim_diag diag;

  teller->count++;
  msim__diag_set(&diag, teller->expect->name, line, column, "there is no %s \"%.*s\"%s%.80s%s", what,
                 (int)(size_bytes < 80 ? size_bytes : 80), name,
                 near != NULL ? "; did you mean \"" : " in this topology", near != NULL ? near : "",
                 near != NULL ? "\"?" : "");
  if (teller->fn != NULL)
    teller->fn(teller->user, &diag);
}

static void check_host(struct teller *teller, const char *name, size_t size_bytes, unsigned line, unsigned column)
{
  const char *names[HOSTS_COMPARED];
  size_t i, count = msim_node_count(teller->sim);

  if (size_bytes == 0 || has_glob(name, size_bytes) || (size_bytes == 1 && *name == '-'))
    return;
  for (i = 0; i < count; i++) {
    const char *known = msim_node_name(msim_node_at(teller->sim, i));

    if (strlen(known) == size_bytes && memcmp(known, name, size_bytes) == 0)
      return;
    if (i < HOSTS_COMPARED)
      names[i] = known;
  }
  tell(teller, "host", name, size_bytes,
       msim__suggest(name, size_bytes, names, count < HOSTS_COMPARED ? count : HOSTS_COMPARED), line, column);
}

/* CLIENT>SERVER:PORT#N; where no host is known there stands an address. */
static void check_conn(struct teller *teller, const char *conn, unsigned line, unsigned column)
{
  const char *arrow = strchr(conn, '>'), *colon = strrchr(conn, ':');

  if (arrow == NULL || colon == NULL || colon < arrow)
    return;
  if (strspn(conn, "0123456789.:abcdef") < (size_t)(arrow - conn))
    check_host(teller, conn, (size_t)(arrow - conn), line, column);
  arrow++;
  if (strspn(arrow, "0123456789.:abcdef[]") < (size_t)(colon - arrow))
    check_host(teller, arrow, (size_t)(colon - arrow), line, column);
}

/* A slip of the keyboard keeps one half of AREA.WHAT; an agent's own events have an area of their own. */
static bool is_slip(const char *event, const char *near)
{
  const char *dot = strchr(event, '.'), *near_dot = strchr(near, '.');

  if (dot == NULL || near_dot == NULL)
    return false;
  if (dot - event == near_dot - near && memcmp(event, near, (size_t)(dot - event)) == 0)
    return true;
  return dot - event >= 4 && strcmp(dot, near_dot) == 0;
}

static void check_event(struct teller *teller, const struct msim__want *want)
{
  const char *event = want->globs[MSIM__WANT_EVENT], *near;
  size_t i;

  if (event == NULL || has_glob(event, strlen(event)))
    return;
  for (i = 0; i < EVENT_COUNT; i++)
    if (strcmp(events[i], event) == 0)
      return;
  near = msim__suggest(event, strlen(event), events, EVENT_COUNT);
  if (near != NULL && is_slip(event, near))
    tell(teller, "event", event, strlen(event), near, want->line, want->column);
}

int msim__expect_check_names(const struct msim__expect *expect, const struct msim_sim *sim, msim_diag_fn *fn,
                             void *user)
{
  struct teller teller = {expect, sim, fn, user, 0};
  size_t i;

  for (i = 0; i < expect->flow_count; i++)
    check_conn(&teller, expect->flows[i].conn, expect->flows[i].line, 0);
  for (i = 0; i < expect->want_count; i++) {
    const struct msim__want *want = &expect->wants[i];

    if (want->globs[MSIM__WANT_HOST] != NULL)
      check_host(&teller, want->globs[MSIM__WANT_HOST], strlen(want->globs[MSIM__WANT_HOST]), want->line, want->column);
    if (want->globs[MSIM__WANT_CONN] != NULL)
      check_conn(&teller, want->globs[MSIM__WANT_CONN], want->line, want->column);
    check_event(&teller, want);
  }
  return teller.count > 0 ? MSIM_ERR_SYNTAX : MSIM_OK;
}
