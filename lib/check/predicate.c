/* predicate.c: see predicate.h. */
#include "check/predicate.h"
#include "check/connection.h"

#include <mailsim/packet.h>

#include <string.h>

const char *msim__test_name(enum msim__test test)
{
  static const char *const names[] = {
#define MSIM__TEST_NAME(name, text) text,
      MSIM__TEST_MAP(MSIM__TEST_NAME)
#undef MSIM__TEST_NAME
  };

  return test < MSIM__TESTS ? names[test] : "";
}

bool msim__actor_has(const struct msim__actor_hosts *actor, const char *host)
{
  size_t i;

  for (i = 0; host != NULL && i < actor->host_count; i++)
    if (actor->hosts[i] == host)
      return true;
  return false;
}

const struct msim__seen_value *msim__seen_value(const struct msim__seen_values *values, const char *name)
{
  size_t i;

  for (i = 0; values != NULL && i < values->count; i++)
    if (values->items[i].name == name)
      return &values->items[i];
  return NULL;
}

static bool scalars_equal(const struct msim__seen_value *wanted, const struct msim__seen_value *found)
{
  if (wanted->kind != found->kind)
    return false;
  switch (wanted->kind) {
  case MSIM__SEEN_TEXT:
    return wanted->u.text == found->u.text;
  case MSIM__SEEN_INT:
    return wanted->u.integer == found->u.integer;
  case MSIM__SEEN_BOOL:
    return wanted->u.truth == found->u.truth;
  case MSIM__SEEN_LIST:
  case MSIM__SEEN_OTHER:
    break;
  }
  return false;
}

static bool contains_at_least(const struct msim__seen_value *wanted, const struct msim__seen_value *found)
{
  size_t i, k;

  if (found->kind != MSIM__SEEN_LIST)
    return false;
  for (i = 0; i < wanted->u.list.count; i++) {
    for (k = 0; k < found->u.list.count; k++)
      if (scalars_equal(&wanted->u.list.items[i], &found->u.list.items[k]))
        break;
    if (k == found->u.list.count)
      return false;
  }
  return true;
}

static bool condition_holds(const struct msim__condition *condition, const struct msim__seen_values *values)
{
  const struct msim__seen_value *found;
  size_t i;

  if (condition->op == MSIM__CONDITION_HAS) {
    for (i = 0; i < condition->value.u.list.count; i++)
      if (msim__seen_value(values, condition->value.u.list.items[i].u.text) == NULL)
        return false;
    return true;
  }
  found = msim__seen_value(values, condition->value.name);
  if (condition->op == MSIM__CONDITION_SCOPE)
    return found != NULL && found->kind == MSIM__SEEN_TEXT &&
           msim__scope_text(found->u.text, strlen(found->u.text)) == condition->scope;
  if (found == NULL)
    return false;
  return condition->value.kind == MSIM__SEEN_LIST ? contains_at_least(&condition->value, found)
                                                  : scalars_equal(&condition->value, found);
}

static bool conditions_hold(const struct msim__conditions *conditions, const struct msim__seen_values *values)
{
  size_t i;

  for (i = 0; i < conditions->count; i++)
    if (!condition_holds(&conditions->items[i], values))
      return false;
  return true;
}

static bool is_wire(const struct msim__seen *r)
{
  return r->kind == MSIM__SEEN_SEGMENT || r->kind == MSIM__SEEN_DATAGRAM;
}

/* A posted mail is an HTTP request too, listed as one or not. */
static bool unit_agrees(const char *wanted, const char *found)
{
  return wanted == found || (strcmp(found, "webmail.submit") == 0 && strcmp(wanted, "http.request") == 0);
}

static bool carries(const struct msim__predicate *p, const struct msim__seen *r)
{
  size_t i;

  for (i = 0; is_wire(r) && r->u.wire.units != NULL && i < r->u.wire.units->count; i++) {
    const struct msim__seen_unit *unit = &r->u.wire.units->items[i];

    if (unit_agrees(p->unit, unit->unit) && (p->message == NULL || p->message == unit->message) &&
        (p->edge == 0 || (p->edge & unit->edges) != 0) && conditions_hold(&p->unit_values, &unit->values))
      return true;
  }
  return false;
}

static const struct msim__seen *witness(size_t atom, const struct msim__predicate_context *context)
{
  uint32_t position = context->got[atom];

  return position != MSIM__SEEN_NONE ? &context->obs->records[position] : NULL;
}

static bool is_about(const struct msim__seen *r, const struct msim__seen *other, const struct msim__observation *obs)
{
  if (other == NULL)
    return false;
  if (is_wire(r))
    return r->kind == other->kind && r->u.wire.conn == other->u.wire.conn && r->u.wire.seg == other->u.wire.seg;
  if (r->kind == MSIM__SEEN_APP) {
    size_t i;
    const char *wanted[2];
    bool agrees[2] = {false, false};

    wanted[0] = obs->conns[other->u.wire.conn].name;
    wanted[1] = other->u.wire.seg;
    for (i = 0; r->u.app.values != NULL && i < r->u.app.values->count; i++) {
      const struct msim__seen_value *value = &r->u.app.values->items[i];

      if (value->kind == MSIM__SEEN_TEXT && strcmp(value->name, "conn") == 0)
        agrees[0] = value->u.text == wanted[0];
      if (value->kind == MSIM__SEEN_TEXT && strcmp(value->name, "seg") == 0)
        agrees[1] = value->u.text == wanted[1];
    }
    return agrees[0] && agrees[1];
  }
  return false;
}

static bool test_wire(const struct msim__predicate *p, enum msim__test test, const struct msim__seen *r,
                      const struct msim__predicate_context *context)
{
  const struct msim__seen *other;

  switch (test) {
  case MSIM__TEST_POINT:
    return is_wire(r) && r->point == (p->rx ? MSIM_POINT_RX : MSIM_POINT_TX);
  case MSIM__TEST_FIRST_RX:
    return r->first_rx && r->first_copy;
  case MSIM__TEST_ARRIVED:
    return r->kind == MSIM__SEEN_ARP ? !r->lost : is_wire(r) && r->u.wire.arrival != MSIM__SEEN_NONE;
  case MSIM__TEST_FIRST_COPY:
    return r->first_copy;
  case MSIM__TEST_CONN:
    return is_wire(r) && context->bound[p->conn] != MSIM__SEEN_NONE && r->u.wire.conn == context->bound[p->conn];
  case MSIM__TEST_DIR:
    return r->dir == p->dir;
  case MSIM__TEST_FLAGS_HAS:
    return (r->flags & p->has) == p->has;
  case MSIM__TEST_FLAGS_LACKS:
    return (r->flags & p->lacks) == 0;
  case MSIM__TEST_PAYLOAD:
    return is_wire(r) && (r->u.wire.len_bytes > 0) == p->payload;
  case MSIM__TEST_ACKS:
    other = witness(p->acks, context);
    return other != NULL && msim__seen_acks(r, other);
  case MSIM__TEST_OF:
    return is_about(r, witness(p->of, context), context->obs);
  case MSIM__TEST_SOURCE_IS:
    return is_wire(r) && r->src_scope == p->source;
  case MSIM__TEST_DEST_IS:
    return is_wire(r) && r->dst_scope == p->dest;
  default:
    return true;
  }
}

static bool passes(const struct msim__predicate *p, enum msim__test test, const struct msim__seen *r,
                   const struct msim__predicate_context *context)
{
  bool is_app = r->kind == MSIM__SEEN_APP;

  switch (test) {
  case MSIM__TEST_MATCH:
    return r->kind == p->match;
  case MSIM__TEST_FROM:
    return !is_app && msim__actor_has(p->from, r->from);
  case MSIM__TEST_TO:
    if (p->broadcast)
      return r->to != NULL && strcmp(r->to, "*") == 0;
    return msim__actor_has(p->to, r->to);
  case MSIM__TEST_CARRIES:
    return carries(p, r);
  case MSIM__TEST_HOST:
    return is_app && msim__actor_has(p->host, r->from);
  case MSIM__TEST_EVENT:
    return is_app && r->u.app.event == p->event;
  case MSIM__TEST_WHAT:
    return r->kind == MSIM__SEEN_ARP && r->u.arp.what == p->what;
  case MSIM__TEST_TARGET:
    return r->kind == MSIM__SEEN_ARP && msim__actor_has(p->target, r->u.arp.target);
  case MSIM__TEST_WHERE:
    return conditions_hold(&p->where, is_app ? r->u.app.values : NULL);
  default:
    return test_wire(p, test, r, context);
  }
}

uint32_t msim__predicate_tests(const struct msim__predicate *p, bool as_witness)
{
  uint32_t tests = p->tests;

  if (p->match == MSIM__SEEN_SEGMENT || p->match == MSIM__SEEN_DATAGRAM) {
    tests |= MSIM__TEST_BIT(MSIM__TEST_POINT);
    if (as_witness && p->rx)
      tests |= MSIM__TEST_BIT(MSIM__TEST_FIRST_RX);
    else if (as_witness && !p->has_point)
      tests |= MSIM__TEST_BIT(MSIM__TEST_ARRIVED) | MSIM__TEST_BIT(MSIM__TEST_FIRST_COPY);
  } else if (p->match == MSIM__SEEN_ARP && as_witness) {
    tests |= MSIM__TEST_BIT(MSIM__TEST_ARRIVED);
  }
  return tests;
}

bool msim__predicate_holds(const struct msim__predicate *p, uint32_t tests, const struct msim__seen *r,
                           const struct msim__predicate_context *context)
{
  unsigned test;

  if (r->kind != p->match)
    return false;
  for (test = 0; tests >> test != 0; test++)
    if ((tests >> test & 1) != 0 && !passes(p, (enum msim__test)test, r, context))
      return false;
  return true;
}

uint32_t msim__predicate_failures(const struct msim__predicate *p, uint32_t tests, const struct msim__seen *r,
                                  const struct msim__predicate_context *context)
{
  uint32_t failures = 0;
  unsigned test;

  if (r->kind != p->match)
    return MSIM__TEST_BIT(MSIM__TEST_MATCH);
  for (test = 0; tests >> test != 0; test++)
    if ((tests >> test & 1) != 0 && !passes(p, (enum msim__test)test, r, context))
      failures |= MSIM__TEST_BIT(test);
  return failures;
}
