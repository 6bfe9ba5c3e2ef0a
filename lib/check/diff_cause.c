/* diff_cause.c: why two runs differ: what decides a run stands in the first line of a jsonl trace, seed, links, faults
 * and all, and the two are compared piece by piece.
 *
 * Knows no keys but those by which pieces are named: what is new there is compared without a word here. */
#include "check/diff.h"

#include <string.h>

#include "text/json_in.h"
#include "text/units.h"

#define CAUSES_MAX ((size_t)32)
#define VALUE_BYTES 200
#define CHANGES_BYTES 600

typedef const struct msim__json_node node;

/* Two first lines. */
struct heads {
  struct msim_diff *diff;
  struct msim__arena arena;
  node *root[2];
  size_t more_count; /* causes beyond those that are kept */
  int err;
};

static const char *text_of(node *object, const char *key)
{
  node *value = object != NULL ? msim__json_find(object, key) : NULL;

  return value != NULL && value->kind == MSIM__JSON_TEXT ? value->u.text.data : "";
}

/* "hello.yaml:14"; "" where the trace does not tell. */
static const char *place_of(struct heads *heads, size_t which, node *object)
{
  const struct msim__diff_side *side = &heads->diff->side[which];
  node *line = object != NULL ? msim__json_find(object, "line") : NULL;
  const char *file = side->is_live ? side->name : text_of(heads->root[which], "file");
  uint64_t number;

  if (line == NULL || !msim__json_uint_of(line, &number) || number == 0 || file[0] == '\0')
    return "";
  return msim__diff_printf(heads->diff, "%s:%llu", file, (unsigned long long)number);
}

/* in_front: it explains the first difference. */
static void add(struct heads *heads, const char *text, const char *place, bool in_front)
{
  struct msim_diff *diff = heads->diff;
  size_t at;

  if (heads->err != MSIM_OK)
    return;
  if (text == NULL || place == NULL) {
    heads->err = MSIM_ERR_NOMEM;
    return;
  }
  if (diff->cause_count == CAUSES_MAX) {
    heads->more_count++;
    return;
  }
  heads->err = msim__grow(&diff->mem, &diff->causes, &diff->cause_capacity, diff->cause_count + 1, CAUSES_MAX,
                          sizeof *diff->causes);
  if (heads->err != MSIM_OK)
    return;
  at = in_front ? 0 : diff->cause_count;
  memmove(diff->causes + at + 1, diff->causes + at, (diff->cause_count - at) * sizeof *diff->causes);
  diff->causes[at].text = text;
  diff->causes[at].place = place;
  diff->cause_count++;
}

/* ---- values ---- */

static bool ends_with(const char *text, const char *end)
{
  size_t text_bytes = strlen(text), end_bytes = strlen(end);

  return text_bytes >= end_bytes && strcmp(text + text_bytes - end_bytes, end) == 0;
}

/* As people write it. */
static void put_value(struct msim__buf *buf, node *value)
{
  const char *key = value != NULL && value->key != NULL ? value->key : "";
  char text[MSIM__UNITS_TEXT_BYTES];
  uint64_t number;
  node *item;

  if (value == NULL) {
    (void)msim__buf_append_text(buf, "none");
  } else if (value->kind == MSIM__JSON_TEXT) {
    (void)msim__buf_append_text(buf, value->u.text.data);
  } else if (value->kind == MSIM__JSON_BOOL) {
    (void)msim__buf_append_text(buf, value->u.truth ? "true" : "false");
  } else if (value->kind == MSIM__JSON_LIST && value->u.items.first != NULL &&
             value->u.items.first->kind == MSIM__JSON_OBJECT) {
    (void)msim__buf_printf(buf, "%zu of them", value->u.items.count);
  } else if (value->kind == MSIM__JSON_LIST) {
    for (item = value->u.items.first; item != NULL; item = item->next) {
      if (item != value->u.items.first)
        (void)msim__buf_append_byte(buf, ' ');
      put_value(buf, item);
    }
  } else if (!msim__json_uint_of(value, &number)) {
    (void)msim__buf_append_text(buf, value->kind == MSIM__JSON_INT ? "a negative number" : "something else");
  } else {
    if (strcmp(key, "delay") == 0 || strcmp(key, "jitter") == 0 || ends_with(key, "_ns"))
      (void)msim__units_format_duration(number, text);
    else if (strcmp(key, "rate") == 0)
      (void)msim__units_format_rate(number, text);
    else if (ends_with(key, "_ppm") && number <= 1000000)
      (void)msim__units_format_share((uint32_t)number, text);
    else
      text[0] = '\0';
    if (text[0] != '\0')
      (void)msim__buf_append_text(buf, text);
    else
      (void)msim__buf_append_uint(buf, number);
  }
}

static bool same_value(node *a, node *b)
{
  node *x, *y;

  if (a == NULL || b == NULL || a->kind != b->kind)
    return a == b;
  switch (a->kind) {
  case MSIM__JSON_NULL:
    return true;
  case MSIM__JSON_BOOL:
    return a->u.truth == b->u.truth;
  case MSIM__JSON_INT:
    return a->u.integer == b->u.integer;
  case MSIM__JSON_NUMBER:
  case MSIM__JSON_TEXT:
    return a->u.text.size_bytes == b->u.text.size_bytes &&
           memcmp(a->u.text.data, b->u.text.data, a->u.text.size_bytes) == 0;
  case MSIM__JSON_LIST:
  case MSIM__JSON_OBJECT:
    break;
  }
  for (x = a->u.items.first, y = b->u.items.first; x != NULL && y != NULL; x = x->next, y = y->next)
    if (!same_value(x, y) ||
        (a->kind == MSIM__JSON_OBJECT && (x->key_bytes != y->key_bytes || memcmp(x->key, y->key, x->key_bytes) != 0)))
      return false;
  return x == y;
}

/* The endings of keys are units, which the values are written with. */
static int bare_key_bytes(const char *key)
{
  static const char *const ends[] = {"_ns", "_ppm"};
  size_t i;

  for (i = 0; i < 2; i++)
    if (ends_with(key, ends[i]))
      return (int)(strlen(key) - strlen(ends[i]));
  return (int)strlen(key);
}

static void put_change(struct msim__buf *buf, node *a, node *b, const char *of)
{
  const char *key = a != NULL ? a->key : b->key;

  if (buf->size_bytes > 0)
    (void)msim__buf_append_text(buf, ", ");
  (void)msim__buf_printf(buf, "%s%.*s ", of, bare_key_bytes(key), key);
  put_value(buf, a);
  (void)msim__buf_append_text(buf, ", now ");
  put_value(buf, b);
}

/* Each member that differs, but where it stands. */
static void put_changes(struct msim__buf *buf, node *a, node *b, const char *of)
{
  node *x;

  for (x = a->u.items.first; x != NULL; x = x->next) {
    node *y = msim__json_find(b, x->key);

    if (strcmp(x->key, "line") == 0 || same_value(x, y))
      continue;
    if (x->kind == MSIM__JSON_OBJECT && y != NULL && y->kind == MSIM__JSON_OBJECT)
      put_changes(buf, x, y, strcmp(x->key, "ba") == 0 ? "back: " : "");
    else
      put_change(buf, x, y, of);
  }
  for (x = b->u.items.first; x != NULL; x = x->next)
    if (strcmp(x->key, "line") != 0 && msim__json_find(a, x->key) == NULL)
      put_change(buf, NULL, x, of);
}

/* Both directions of a link changed alike are told once. */
static bool is_change_of_both(node *a, node *b)
{
  return msim__json_find(a, "ab") != NULL && msim__json_find(b, "ab") != NULL &&
         same_value(msim__json_find(a, "ab"), msim__json_find(a, "ba")) &&
         same_value(msim__json_find(b, "ab"), msim__json_find(b, "ba"));
}

/* NULL: out of memory. */
static const char *changes_of(struct heads *heads, node *a, node *b)
{
  struct msim__buf buf;
  const char *text;

  msim__buf_init(&buf, &heads->diff->mem, CHANGES_BYTES);
  if (is_change_of_both(a, b))
    put_changes(&buf, msim__json_find(a, "ab"), msim__json_find(b, "ab"), "");
  else
    put_changes(&buf, a, b, "");
  if (is_change_of_both(a, b) && buf.size_bytes == 0)
    put_changes(&buf, a, b, "");
  text = buf.err == MSIM_ERR_NOMEM ? NULL
                                   : msim__diff_printf(heads->diff, "%s%s", msim__buf_text(&buf),
                                                       buf.err == MSIM_ERR_LIMIT ? ", and more" : "");
  msim__buf_release(&buf);
  return text;
}

/* ---- lists of things with names ---- */

struct list {
  const char *key, *noun, *name; /* in the first line, for people, the member that names an item */
};

/* Whether the first difference is about this thing: a fault that stands in its fate, a link between its two hosts. */
static bool explains(const struct heads *heads, const struct list *list, node *item)
{
  const struct msim_diff_place *place = &heads->diff->first[heads->diff->view];
  const char *name = text_of(item, list->name);
  size_t i;

  if (!heads->diff->is_first[heads->diff->view])
    return false;
  if (strcmp(list->key, "faults") == 0) {
    char mark[160];
    size_t size = strlen(name);

    if (size == 0 || size + 3 > sizeof mark)
      return false;
    mark[0] = ' ';
    memcpy(mark + 1, name, size);
    mark[size + 1] = ')';
    mark[size + 2] = '\0';
    for (i = 0; i < 2; i++)
      if (place->text[i] != NULL && strstr(place->text[i], mark) != NULL)
        return true;
    return false;
  }
  if (strcmp(list->key, "links") == 0) {
    const char *a = text_of(item, "a"), *b = text_of(item, "b"), *at = strstr(place->flow, a);

    return a[0] != '\0' && b[0] != '\0' && at != NULL && strstr(place->flow, b) != NULL;
  }
  return false;
}

static void tell_item(struct heads *heads, const struct list *list, node *a, node *b)
{
  node *any = b != NULL ? b : a;
  const char *name = text_of(any, list->name), *says = text_of(any, "says"), *text, *changes;
  const char *place = place_of(heads, b != NULL ? 1 : 0, any);

  if (strcmp(list->key, "settings") == 0) {
    if (a == NULL || b == NULL || same_value(msim__json_find(a, "digest"), msim__json_find(b, "digest")))
      return; /* what is new or gone is told by its own list */
    text = msim__diff_printf(heads->diff, "the settings of %s differ", name);
  } else if (a != NULL && b != NULL) {
    changes = changes_of(heads, a, b);
    if (changes != NULL && changes[0] == '\0')
      return; /* it only stands elsewhere */
    text = changes != NULL ? msim__diff_printf(heads->diff, "%s %s: %s", list->noun, name, changes) : NULL;
  } else {
    text = msim__diff_printf(heads->diff, "%s %s %s%s%s", list->noun, name, b != NULL ? "is new" : "is gone",
                             says[0] != '\0' ? ": " : "", says);
  }
  add(heads, text, place, explains(heads, list, any));
}

/* A table from names to items. */
static int name_all(node *items, const char *key, struct msim__names *names)
{
  node *item;
  int err = MSIM_OK;

  for (item = items != NULL && items->kind == MSIM__JSON_LIST ? items->u.items.first : NULL;
       item != NULL && (err == MSIM_OK || err == MSIM_ERR_EXISTS); item = item->next) {
    const char *name = text_of(item, key);

    err = msim__names_add(names, name, strlen(name), (void *)(uintptr_t)(const void *)item);
  }
  return err == MSIM_ERR_EXISTS ? MSIM_OK : err;
}

static void compare_lists(struct heads *heads, const struct list *list)
{
  struct msim__names names[2];
  size_t i, k;

  for (i = 0; i < 2; i++) {
    msim__names_init(&names[i], &heads->diff->mem);
    if (heads->err == MSIM_OK)
      heads->err = name_all(msim__json_find(heads->root[i], list->key), list->name, &names[i]);
  }
  for (k = 0; heads->err == MSIM_OK && k < names[0].count; k++) {
    const struct msim__name_row *row = &names[0].rows[k];
    node *a = row->object, *b = msim__names_find(&names[1], row->name, row->name_bytes);

    if (!same_value(a, b))
      tell_item(heads, list, a, b);
  }
  for (k = 0; heads->err == MSIM_OK && k < names[1].count; k++) {
    const struct msim__name_row *row = &names[1].rows[k];

    if (msim__names_find(&names[0], row->name, row->name_bytes) == NULL)
      tell_item(heads, list, NULL, row->object);
  }
  for (i = 0; i < 2; i++)
    msim__names_release(&names[i]);
}

/* ---- all of it ---- */

static void compare_value(struct heads *heads, const char *key, const char *noun)
{
  node *a = msim__json_find(heads->root[0], key), *b = msim__json_find(heads->root[1], key);
  struct msim__buf buf;

  if (same_value(a, b))
    return;
  msim__buf_init(&buf, &heads->diff->mem, VALUE_BYTES);
  (void)msim__buf_append_text(&buf, noun);
  (void)msim__buf_append_byte(&buf, ' ');
  put_value(&buf, a);
  (void)msim__buf_append_text(&buf, ", now ");
  put_value(&buf, b);
  add(heads, buf.err == MSIM_ERR_NOMEM ? NULL : msim__diff_printf(heads->diff, "%s", msim__buf_text(&buf)), "", false);
  msim__buf_release(&buf);
}

/* Nothing that is told apart differs. */
static void tell_rest(struct heads *heads)
{
  if (msim__json_find(heads->root[0], "settings") == NULL || msim__json_find(heads->root[1], "settings") == NULL)
    add(heads,
        "seed, hosts, links and faults are the same, and a trace tells no more: look at what the hosts are set to", "",
        false);
  else
    add(heads, "topology, seed and engine are the same: another build of the library, or of an agent of your own", "",
        false);
}

static void compare_heads(struct heads *heads)
{
  static const struct list lists[] = {{"faults", "fault", "id"},
                                      {"links", "link", "name"},
                                      {"networks", "network", "name"},
                                      {"hosts", "host", "name"},
                                      {"settings", "settings", "name"}};
  size_t i;

  compare_value(heads, "seed", "seed");
  for (i = 0; i < sizeof lists / sizeof *lists; i++)
    compare_lists(heads, &lists[i]);
  compare_value(heads, "start", "the start of the calendar (seconds since 1970)");
  if (heads->diff->cause_count == 0 && heads->err == MSIM_OK && heads->diff->result.differs)
    tell_rest(heads);
  if (heads->more_count > 0 && heads->err == MSIM_OK)
    heads->err = msim__diff_note(
        heads->diff, msim__diff_printf(heads->diff, "%zu more differences of the topologies", heads->more_count));
}

/* What the lines alone tell: seeds, and the fault that stands in a fate. */
static void tell_by_lines(struct heads *heads)
{
  struct msim_diff *diff = heads->diff;
  const struct msim_diff_place *place = &diff->first[diff->view];
  const char *begin, *end, *space;
  size_t i;

  if (diff->side[0].seed != diff->side[1].seed)
    add(heads,
        msim__diff_printf(diff, "seed %llu, now %llu", (unsigned long long)diff->side[0].seed,
                          (unsigned long long)diff->side[1].seed),
        "", false);
  for (i = 0; i < 2 && diff->is_first[diff->view]; i++) {
    if (place->text[i] == NULL || strcmp(place->part, "fate") != 0)
      continue;
    begin = place->text[i] + place->column[i];
    end = strchr(begin, ')');
    space = strchr(begin, ' ');
    if (end == NULL || space == NULL || space > end)
      continue;
    add(heads,
        msim__diff_printf(diff, "fault %.*s %s this segment", (int)(end - space - 1), space + 1,
                          i == 0 ? "has not struck" : "has struck"),
        "", true);
  }
}

/* Behind what is written otherwise: what came of it first. */
static int tell_draw(struct heads *heads)
{
  const char *text = NULL;
  int err = heads->err == MSIM_OK ? msim__diff_draws_tell(heads->diff, &text) : heads->err;

  if (err == MSIM_OK && text != NULL) {
    add(heads, text, "", false);
    err = heads->err;
  }
  return err;
}

int msim__diff_causes(struct msim_diff *diff)
{
  struct heads heads;
  const char *why;
  size_t i;

  memset(&heads, 0, sizeof heads);
  if (diff->side[0].head == NULL || diff->side[1].head == NULL) {
    heads.diff = diff;
    tell_by_lines(&heads);
    return tell_draw(&heads);
  }
  heads.diff = diff;
  msim__arena_init(&heads.arena, &diff->mem);
  for (i = 0; i < 2 && heads.err == MSIM_OK; i++) {
    struct msim_slice text;

    text.data = (const uint8_t *)diff->side[i].head;
    text.size_bytes = diff->side[i].head_bytes;
    heads.err = msim__json_parse(&heads.arena, text, &heads.root[i], &why);
  }
  if (heads.err == MSIM_OK)
    compare_heads(&heads);
  msim__arena_release(&heads.arena);
  return tell_draw(&heads);
}
