/* yaml_tree.c: see yaml_tree.h. Events of libyaml in, tree out; containers under construction are on a stack of fixed
 * depth, so nothing recurses. Nodes, entries and texts live in the tree's arena.
 *
 * libyaml allocates with the C library's malloc, not through msim__mem; that is accepted, because it is bounded by the
 * size of the file and gone when msim__yaml_parse returns. What is wrong on the level of characters and punctuation is
 * explained by yaml_syntax.c. */
#include "text/yaml_tree.h"
#include "text/diag.h"
#include "text/escape.h"
#include "text/yaml_syntax.h"

#include <string.h>

#define SORTED_FROM 9  /* entries from which a map is sorted for look-ups and for finding duplicates */
#define SHOWN_BYTES 48 /* of foreign words in a sentence */
#define TAG_PREFIX "tag:yaml.org,2002:"

struct frame {
  struct msim__yaml_node *node;
  struct msim__yaml_entry *first, *last;
  struct msim__yaml_entry *merged_first, *merged_last; /* brought in by <<, appended when the map is complete */
  const struct msim__yaml_node *key;                   /* NULL with has_key: a key that was refused */
  bool has_key, merge, has_merge;
  unsigned merge_line;
};

struct anchor {
  const char *name;
  struct msim__yaml_node *node;
};

struct builder {
  struct msim__yaml *tree;
  struct msim__mem *mem;
  const char *file;
  msim_diag_fn *fn;
  void *user;
  struct frame frames[MSIM__YAML_DEPTH_MAX];
  unsigned frame_count;
  struct msim__yaml_node *root;
  struct anchor *anchors; /* sorted by name */
  size_t anchor_count, anchor_capacity;
  unsigned document_count, finding_count;
  uint32_t node_count; /* aliases written out */
  int err;             /* 0 or what msim__yaml_parse will return; NOMEM and LIMIT end the reading */
  bool lost;           /* something could not be put into the tree */
};

static void report(struct builder *b, unsigned line, unsigned column, const char *format, ...) MSIM_PRINTF(4, 5);

static void deliver(struct builder *b, const struct msim_diag *diag)
{
  if (b->err == 0)
    b->err = MSIM_ERR_SYNTAX;
  if (b->fn != NULL && b->finding_count < MSIM__YAML_FINDINGS_MAX)
    b->fn(b->user, diag);
  b->finding_count++;
}

static void report(struct builder *b, unsigned line, unsigned column, const char *format, ...)
{
  struct msim_diag diag;
  va_list args;

  va_start(args, format);
  msim__diag_set_args(&diag, b->file, line, column, format, args);
  va_end(args);
  deliver(b, &diag);
}

static int out_of_memory(struct builder *b)
{
  b->err = MSIM_ERR_NOMEM;
  return MSIM_ERR_NOMEM;
}

static int limit(struct builder *b, unsigned line, unsigned column, const char *what, unsigned max)
{
  report(b, line, column, "%s (at most %u)", what, max);
  b->err = MSIM_ERR_LIMIT;
  return MSIM_ERR_LIMIT;
}

static unsigned line_of(const yaml_event_t *event)
{
  return (unsigned)event->start_mark.line + 1;
}

static unsigned column_of(const yaml_event_t *event)
{
  return (unsigned)event->start_mark.column + 1;
}

static const char *shown(char *out, const void *text, size_t size_bytes)
{
  struct msim_slice slice;

  slice.data = text;
  slice.size_bytes = size_bytes;
  (void)msim__escape_short(out, SHOWN_BYTES, slice);
  return out;
}

/* Nodes and what aliases stand for are counted before they are made. */
static int charge(struct builder *b, uint32_t nodes, unsigned line, unsigned column)
{
  if (nodes > MSIM__YAML_NODES_MAX - b->node_count)
    return limit(b, line, column, "there are too many values, with what aliases stand for", MSIM__YAML_NODES_MAX);
  b->node_count += nodes;
  return 0;
}

static struct msim__yaml_node *new_node(struct builder *b, enum msim__yaml_kind kind, const yaml_event_t *event)
{
  struct msim__yaml_node *node;

  if (charge(b, 1, line_of(event), column_of(event)) < 0)
    return NULL;
  node = msim__arena_alloc(&b->tree->arena, sizeof(*node));
  if (node == NULL) {
    (void)out_of_memory(b);
    return NULL;
  }
  node->file = b->file;
  node->line = line_of(event);
  node->column = column_of(event);
  node->kind = (uint8_t)kind;
  node->node_count = 1;
  node->depth = kind == MSIM__YAML_SCALAR ? 0 : 1;
  return node;
}

/* ---- keys ---- */

/* The second one loses. Its value gives way to the key that was first, which sweep() needs for its sentence. */
static void mark_repeated(const struct msim__yaml_entry *first, struct msim__yaml_entry *second)
{
  second->repeated = true;
  second->value = first->key;
}

/* Takes repeated entries out of the list, in file order, and reports those that somebody wrote. */
static void sweep(struct builder *b, struct frame *f)
{
  struct msim__yaml_entry **link = &f->first;
  struct msim__yaml_entry *e;
  char word[SHOWN_BYTES];

  f->node->count = 0;
  while ((e = *link) != NULL) {
    if (!e->repeated) {
      f->node->count++;
      link = &e->next;
      continue;
    }
    if (!e->merged)
      report(b, e->key->line, e->key->column, "the key \"%s\" stands here a second time; the first is in line %u",
             shown(word, e->key->u.scalar.text, e->key->u.scalar.size_bytes), e->value->line);
    *link = e->next;
  }
  f->node->u.items.first = f->first;
}

static void mark_small(struct msim__yaml_entry *first)
{
  struct msim__yaml_entry *e, *f;

  for (e = first; e != NULL; e = e->next)
    for (f = first; f != e; f = f->next)
      if (!f->repeated && msim__yaml_compare_keys(f->key, e->key) == 0) {
        mark_repeated(f, e);
        break;
      }
}

static int mark_large(struct builder *b, struct frame *f, size_t count)
{
  struct msim__yaml_entry **items = msim__arena_alloc(&b->tree->arena, count * sizeof(*items));
  struct msim__yaml_entry **spare = msim__alloc(b->mem, count * sizeof(*spare));
  struct msim__yaml_entry *e;
  size_t i = 0, kept = 0;

  if (items == NULL || spare == NULL) {
    msim__free(b->mem, spare, count * sizeof(*spare));
    return out_of_memory(b);
  }
  for (e = f->first; e != NULL; e = e->next)
    items[i++] = e;
  msim__yaml_sort(items, spare, count);
  msim__free(b->mem, spare, count * sizeof(*spare));
  for (i = 0; i < count; i++)
    if (kept > 0 && msim__yaml_compare_keys(items[kept - 1]->key, items[i]->key) == 0)
      mark_repeated(items[kept - 1], items[i]);
    else
      items[kept++] = items[i];
  if (kept >= SORTED_FROM)
    f->node->u.items.sorted = (const struct msim__yaml_entry *const *)items;
  return 0;
}

/* Closes a map: what << brought in goes behind what was written, and every key is there once. */
static int finish_map(struct builder *b, struct frame *f)
{
  const struct msim__yaml_entry *e;
  size_t count = 0;

  if (f->last != NULL)
    f->last->next = f->merged_first;
  else
    f->first = f->merged_first;
  for (e = f->first; e != NULL; e = e->next)
    count++;
  if (count < SORTED_FROM)
    mark_small(f->first);
  else if (mark_large(b, f, count) < 0)
    return b->err;
  sweep(b, f);
  return 0;
}

/* ---- putting values into their containers ---- */

static struct msim__yaml_entry *add_entry(struct builder *b, struct frame *f, const struct msim__yaml_node *key,
                                          const struct msim__yaml_node *value, bool merged)
{
  struct msim__yaml_entry *e = msim__arena_alloc(&b->tree->arena, sizeof(*e));
  struct msim__yaml_entry **first = merged ? &f->merged_first : &f->first;
  struct msim__yaml_entry **last = merged ? &f->merged_last : &f->last;

  if (e == NULL) {
    (void)out_of_memory(b);
    return NULL;
  }
  e->key = key;
  e->value = value;
  e->merged = merged;
  if (*last != NULL)
    (*last)->next = e;
  else
    *first = e;
  *last = e;
  /* Sums stay below the limit because every part was charged to the file as a whole. */
  f->node->node_count += value->node_count + (key != NULL ? key->node_count : 0);
  if (f->node->depth < value->depth + 1)
    f->node->depth = (uint8_t)(value->depth + 1);
  return e;
}

static int merge_map(struct builder *b, struct frame *f, const struct msim__yaml_node *map, unsigned line,
                     unsigned column)
{
  const struct msim__yaml_entry *e;

  for (e = map->u.items.first; e != NULL; e = e->next) {
    struct msim__yaml_entry *made;

    if (charge(b, e->key->node_count + e->value->node_count, line, column) < 0)
      return b->err;
    made = add_entry(b, f, e->key, e->value, true);
    if (made == NULL)
      return b->err;
    made->line = e->line;
    made->column = e->column;
  }
  return 0;
}

static int merge_value(struct builder *b, struct frame *f, const struct msim__yaml_node *value, unsigned line,
                       unsigned column)
{
  const struct msim__yaml_entry *e;
  bool maps = value->kind != MSIM__YAML_SCALAR;

  if (value->kind == MSIM__YAML_MAP)
    return merge_map(b, f, value, line, column);
  if (value->kind == MSIM__YAML_LIST)
    for (e = value->u.items.first; e != NULL; e = e->next)
      maps = maps && e->value->kind == MSIM__YAML_MAP;
  if (!maps) {
    report(b, line, column, "<< takes a map or a list of maps, mostly as *names");
    b->lost = true;
    return 0;
  }
  for (e = value->u.items.first; e != NULL; e = e->next)
    if (merge_map(b, f, e->value, line, column) < 0)
      return b->err;
  return 0;
}

static void take_key(struct builder *b, struct frame *f, const struct msim__yaml_node *node, unsigned line,
                     unsigned column)
{
  f->has_key = true;
  f->key = node;
  f->merge = false;
  if (node->kind != MSIM__YAML_SCALAR) {
    report(b, line, column, "a key is a word, not a list or a map");
    b->lost = true;
    f->key = NULL;
  } else if (node->plain && msim__yaml_is_text(node, "<<")) {
    if (f->has_merge)
      report(b, line, column, "the key \"<<\" stands here a second time; the first is in line %u", f->merge_line);
    else
      f->merge_line = line;
    f->merge = true;
    f->has_merge = true;
  }
}

/* A complete node goes into the container that is open, or is the root. line and column: where it is written here. */
static int attach(struct builder *b, struct msim__yaml_node *node, unsigned line, unsigned column)
{
  struct frame *f;
  struct msim__yaml_entry *e;

  if (b->frame_count == 0) {
    b->root = node;
    return 0;
  }
  f = &b->frames[b->frame_count - 1];
  if (f->node->kind == MSIM__YAML_MAP && !f->has_key) {
    take_key(b, f, node, line, column);
    return 0;
  }
  if (f->node->kind == MSIM__YAML_MAP) {
    f->has_key = false;
    if (f->merge)
      return merge_value(b, f, node, line, column);
    if (f->key == NULL)
      return 0;
  }
  e = add_entry(b, f, f->node->kind == MSIM__YAML_MAP ? f->key : NULL, node, false);
  if (e == NULL)
    return b->err;
  e->line = line;
  e->column = column;
  if (f->node->kind == MSIM__YAML_LIST)
    f->node->u.items.first = f->first;
  f->node->count++;
  return 0;
}

/* ---- anchors and tags ---- */

static bool find_anchor(const struct builder *b, const char *name, size_t *at)
{
  size_t low = 0, high = b->anchor_count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(b->anchors[middle].name, name);

    if (order == 0) {
      *at = middle;
      return true;
    }
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  *at = low;
  return false;
}

static int set_anchor(struct builder *b, const yaml_char_t *name_bytes, struct msim__yaml_node *node)
{
  const char *name = (const char *)name_bytes;
  char word[SHOWN_BYTES];
  size_t at;
  int err;

  if (name == NULL)
    return 0;
  if (find_anchor(b, name, &at)) {
    report(b, node->line, node->column, "the anchor &%s is set a second time; the first is in line %u",
           shown(word, name, strlen(name)), b->anchors[at].node->line);
    b->lost = true;
    return 0;
  }
  err = msim__grow(b->mem, &b->anchors, &b->anchor_capacity, b->anchor_count + 1, MSIM__YAML_ANCHORS_MAX,
                   sizeof(*b->anchors));
  if (err == MSIM_ERR_LIMIT)
    return limit(b, node->line, node->column, "there are too many anchors", MSIM__YAML_ANCHORS_MAX);
  name = err < 0 ? NULL : msim__arena_text(&b->tree->arena, name, strlen(name));
  if (name == NULL)
    return out_of_memory(b);
  memmove(b->anchors + at + 1, b->anchors + at, (b->anchor_count - at) * sizeof(*b->anchors));
  b->anchors[at].name = name;
  b->anchors[at].node = node;
  b->anchor_count++;
  return 0;
}

static int on_alias(struct builder *b, const yaml_event_t *event)
{
  const char *name = (const char *)event->data.alias.anchor;
  unsigned line = line_of(event), column = column_of(event);
  struct msim__yaml_node *node;
  char word[SHOWN_BYTES];
  size_t at;

  if (!find_anchor(b, name, &at) || b->anchors[at].node->open) {
    if (at < b->anchor_count && strcmp(b->anchors[at].name, name) == 0)
      report(b, line, column, "*%s stands inside of what it names", shown(word, name, strlen(name)));
    else
      report(b, line, column, "there is no &%s before this *%s", shown(word, name, strlen(name)), word);
    b->lost = true;
    node = new_node(b, MSIM__YAML_SCALAR, event); /* in its place, so that pairs stay pairs */
    if (node == NULL)
      return b->err;
    node->u.scalar.text = "";
    return attach(b, node, line, column);
  }
  node = b->anchors[at].node;
  if (charge(b, node->node_count, line, column) < 0)
    return b->err;
  if (b->frame_count + node->depth > MSIM__YAML_DEPTH_MAX)
    return limit(b, line, column, "lists and maps stand too deep inside each other", MSIM__YAML_DEPTH_MAX);
  return attach(b, node, line, column);
}

/* Which node kind each standard tag stands for. */
static const struct {
  const char *name;
  enum msim__yaml_kind kind;
} tags[] = {
    {"str", MSIM__YAML_SCALAR},   {"int", MSIM__YAML_SCALAR}, {"bool", MSIM__YAML_SCALAR}, {"null", MSIM__YAML_SCALAR},
    {"merge", MSIM__YAML_SCALAR}, {"seq", MSIM__YAML_LIST},   {"map", MSIM__YAML_MAP},
};

/* *is_text becomes true for tags that make a scalar text, however it looks. */
static void check_tag(struct builder *b, const yaml_char_t *tag_bytes, const struct msim__yaml_node *node,
                      bool *is_text)
{
  const char *tag = (const char *)tag_bytes;
  char word[SHOWN_BYTES];
  size_t i;

  *is_text = false;
  if (tag == NULL)
    return;
  if (strcmp(tag, "!") == 0) { /* YAML 1.1, 3.3.2: the non-specific tag means the plain kind of node */
    *is_text = node->kind == MSIM__YAML_SCALAR;
    return;
  }
  if (strncmp(tag, TAG_PREFIX, sizeof(TAG_PREFIX) - 1) == 0)
    for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
      if (strcmp(tag + sizeof(TAG_PREFIX) - 1, tags[i].name) == 0 && (uint8_t)tags[i].kind == node->kind) {
        *is_text = i == 0;
        return;
      }
  report(b, node->line, node->column, "the tag \"%s\" cannot be used here; leave it out",
         shown(word, tag, strlen(tag)));
  b->lost = true;
}

/* ---- events ---- */

static int on_scalar(struct builder *b, const yaml_event_t *event)
{
  struct msim__yaml_node *node = new_node(b, MSIM__YAML_SCALAR, event);
  bool is_text;

  if (node == NULL)
    return b->err;
  node->u.scalar.text =
      msim__arena_text(&b->tree->arena, (const char *)event->data.scalar.value, event->data.scalar.length);
  if (node->u.scalar.text == NULL)
    return out_of_memory(b);
  node->u.scalar.size_bytes = event->data.scalar.length;
  check_tag(b, event->data.scalar.tag, node, &is_text);
  node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !is_text;
  if (set_anchor(b, event->data.scalar.anchor, node) < 0)
    return b->err;
  return attach(b, node, node->line, node->column);
}

static int on_begin(struct builder *b, const yaml_event_t *event, enum msim__yaml_kind kind, const yaml_char_t *tag,
                    const yaml_char_t *anchor)
{
  struct msim__yaml_node *node;
  struct frame *f;
  bool is_text;

  if (b->frame_count == MSIM__YAML_DEPTH_MAX)
    return limit(b, line_of(event), column_of(event), "lists and maps stand too deep inside each other",
                 MSIM__YAML_DEPTH_MAX);
  node = new_node(b, kind, event);
  if (node == NULL)
    return b->err;
  check_tag(b, tag, node, &is_text);
  if (set_anchor(b, anchor, node) < 0)
    return b->err;
  node->open = true;
  f = &b->frames[b->frame_count++];
  memset(f, 0, sizeof(*f));
  f->node = node;
  return 0;
}

static int on_end(struct builder *b)
{
  struct frame *f = &b->frames[b->frame_count - 1];

  if (f->node->kind == MSIM__YAML_MAP && finish_map(b, f) < 0)
    return b->err;
  f->node->open = false;
  b->frame_count--;
  return attach(b, f->node, f->node->line, f->node->column);
}

/* 1: go on; 0: the end; negative: no more can be read. */
static int on_event(struct builder *b, const yaml_event_t *event)
{
  int err = 0;

  switch (event->type) {
  case YAML_STREAM_END_EVENT:
    return 0;
  case YAML_DOCUMENT_START_EVENT:
    if (++b->document_count > 1) {
      report(b, line_of(event), column_of(event), "a second document begins here; one file holds one");
      b->lost = true;
      return 0;
    }
    break;
  case YAML_ALIAS_EVENT:
    err = on_alias(b, event);
    break;
  case YAML_SCALAR_EVENT:
    err = on_scalar(b, event);
    break;
  case YAML_SEQUENCE_START_EVENT:
    err = on_begin(b, event, MSIM__YAML_LIST, event->data.sequence_start.tag, event->data.sequence_start.anchor);
    break;
  case YAML_MAPPING_START_EVENT:
    err = on_begin(b, event, MSIM__YAML_MAP, event->data.mapping_start.tag, event->data.mapping_start.anchor);
    break;
  case YAML_SEQUENCE_END_EVENT:
  case YAML_MAPPING_END_EVENT:
    err = on_end(b);
    break;
  case YAML_NO_EVENT:
  case YAML_STREAM_START_EVENT:
  case YAML_DOCUMENT_END_EVENT:
    break;
  }
  return err < 0 ? err : 1;
}

static void run(struct builder *b, yaml_parser_t *parser, struct msim_slice text)
{
  yaml_event_t event;
  struct msim_diag diag;
  int more = 1;

  yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(parser, text.data != NULL ? text.data : (const unsigned char *)"", text.size_bytes);
  while (more > 0) {
    if (!yaml_parser_parse(parser, &event)) {
      if (parser->error == YAML_MEMORY_ERROR) {
        (void)out_of_memory(b);
        return;
      }
      msim__yaml_explain(parser, text, b->file, &diag);
      deliver(b, &diag);
      b->lost = true;
      return;
    }
    more = on_event(b, &event);
    yaml_event_delete(&event);
  }
  if (b->root == NULL && b->err == 0) {
    memset(&event, 0, sizeof(event)); /* nothing in the file: line 1, column 1 */
    b->root = new_node(b, MSIM__YAML_SCALAR, &event);
    if (b->root != NULL) {
      b->root->u.scalar.text = "";
      b->root->plain = true;
    }
  }
}

int msim__yaml_parse(struct msim__yaml *tree, struct msim__mem *mem, const char *file, struct msim_slice text,
                     msim_diag_fn *fn, void *user)
{
  struct builder b;
  struct msim_diag diag;
  yaml_parser_t parser;

  memset(&b, 0, sizeof(b));
  b.tree = tree;
  b.mem = mem;
  b.fn = fn;
  b.user = user;
  tree->root = NULL;
  msim__arena_init(&tree->arena, mem);
  b.file = msim__arena_text(&tree->arena, file != NULL ? file : "", file != NULL ? strlen(file) : 0);
  if (b.file == NULL)
    return MSIM_ERR_NOMEM;
  if (text.size_bytes > MSIM__YAML_FILE_BYTES_MAX)
    return limit(&b, 0, 0, "the file has too many bytes", (unsigned)MSIM__YAML_FILE_BYTES_MAX);
  if (msim__yaml_check_bytes(&text, b.file, &diag) < 0) {
    deliver(&b, &diag);
    return b.err;
  }
  if (!yaml_parser_initialize(&parser))
    return MSIM_ERR_NOMEM;
  run(&b, &parser, text);
  yaml_parser_delete(&parser);
  msim__free(mem, b.anchors, b.anchor_capacity * sizeof(*b.anchors));
  if (!b.lost && (b.err == 0 || b.err == MSIM_ERR_SYNTAX))
    tree->root = b.root;
  return b.err;
}

void msim__yaml_release(struct msim__yaml *tree)
{
  msim__arena_release(&tree->arena);
  tree->root = NULL;
}
