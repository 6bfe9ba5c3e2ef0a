/* document.c: reading a topology into a document, and changing its first level.
 *
 * Files are joined as the loader joins them: names of all files are one set, lists go behind each other. Does not write
 * (document_write.c) and does not shrink. */
#include "explore/document.h"

#include "core/rng.h"
#include "text/utf8.h"
#include "text/yaml_tree.h"
#include "topology/loader.h"

#include <string.h>

/* ---- nodes ---- */

struct msim__doc_text msim__doc_text(struct msim_document *document, const char *bytes, size_t size_bytes, bool plain)
{
  struct msim__doc_text text;

  text.bytes = msim__arena_text(&document->arena, size_bytes > 0 ? bytes : "", size_bytes);
  text.size_bytes = size_bytes;
  text.plain = plain;
  return text;
}

struct msim__doc_node *msim__doc_add(struct msim_document *document, struct msim__doc_node *parent,
                                     enum msim__yaml_kind kind, const struct msim__doc_text *key, int *err)
{
  struct msim__doc_node *node = NULL;

  if (document->node_count == MSIM_DOCUMENT_NODES_MAX) {
    *err = MSIM_ERR_LIMIT;
    return NULL;
  }
  node = msim__arena_alloc(&document->arena, sizeof *node);
  if (node == NULL || (key != NULL && key->bytes == NULL)) {
    *err = MSIM_ERR_NOMEM;
    return NULL;
  }
  document->node_count++;
  node->kind = (uint8_t)kind;
  node->parent = parent;
  if (key != NULL)
    node->key = *key;
  if (parent == NULL)
    return node;
  if (parent->last != NULL)
    parent->last->next = node;
  else
    parent->first = node;
  parent->last = node;
  return node;
}

static struct msim__doc_node *there(struct msim__doc_node *node)
{
  while (node != NULL && node->gone)
    node = node->next;
  return node;
}

struct msim__doc_node *msim__doc_first(const struct msim__doc_node *node)
{
  return node != NULL ? there(node->first) : NULL;
}

struct msim__doc_node *msim__doc_next(const struct msim__doc_node *node)
{
  return node != NULL ? there(node->next) : NULL;
}

bool msim__doc_is(const struct msim__doc_text *text, const char *word)
{
  return text->bytes != NULL && text->size_bytes == strlen(word) && memcmp(text->bytes, word, text->size_bytes) == 0;
}

struct msim__doc_node *msim__doc_find(const struct msim__doc_node *map, const char *key)
{
  struct msim__doc_node *node;

  if (map == NULL || map->kind != MSIM__YAML_MAP)
    return NULL;
  for (node = msim__doc_first(map); node != NULL && !msim__doc_is(&node->key, key); node = msim__doc_next(node))
    ;
  return node;
}

struct msim__doc_node *msim__doc_walk(const struct msim__doc_node *top, struct msim__doc_node *node)
{
  struct msim__doc_node *next = msim__doc_first(node);

  while (next == NULL && node != top) {
    next = msim__doc_next(node);
    node = node->parent;
  }
  return next;
}

uint64_t msim__doc_nodes(const struct msim__doc_node *node)
{
  uint64_t count = node->key.bytes != NULL ? 2 : 1;
  const struct msim__doc_node *child;

  for (child = msim__doc_first(node); child != NULL; child = msim__doc_next(child)) /* as deep as a tree may be */
    count += msim__doc_nodes(child);
  return count;
}

/* ---- copying what was read ---- */

static struct msim__doc_text text_of(struct msim_document *document, const struct msim__yaml_node *scalar)
{
  return msim__doc_text(document, scalar->u.scalar.text, scalar->u.scalar.size_bytes, scalar->plain);
}

static int copy_below(struct msim_document *document, struct msim__doc_node *parent,
                      const struct msim__yaml_node *from);

static int copy_entry(struct msim_document *document, struct msim__doc_node *parent, const struct msim__yaml_entry *e)
{
  struct msim__doc_text key;
  struct msim__doc_node *node;
  int err = MSIM_OK;

  if (e->key != NULL)
    key = text_of(document, e->key);
  node = msim__doc_add(document, parent, (enum msim__yaml_kind)e->value->kind, e->key != NULL ? &key : NULL, &err);
  return node != NULL ? copy_below(document, node, e->value) : err;
}

static int copy_below(struct msim_document *document, struct msim__doc_node *parent, const struct msim__yaml_node *from)
{
  const struct msim__yaml_entry *e;
  int err = MSIM_OK;

  if (from->kind == MSIM__YAML_SCALAR) {
    parent->text = text_of(document, from);
    return parent->text.bytes != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
  }
  for (e = msim__yaml_first(from); e != NULL && err == MSIM_OK; e = e->next)
    err = copy_entry(document, parent, e);
  return err;
}

/* A section that stands in several files: what they say, one behind the other. */
static int join_section(struct msim_document *document, const struct msim__yaml_entry *e)
{
  struct msim__doc_node *section = msim__doc_find(document->root, e->key->u.scalar.text);

  if (section == NULL)
    return copy_entry(document, document->root, e);
  if (section->kind != e->value->kind || section->kind == MSIM__YAML_SCALAR)
    return MSIM_OK; /* `mailsim`; the loader will say what else it is */
  return copy_below(document, section, e->value);
}

/* ---- messages from files ---- */

static bool is_utf8(struct msim_slice bytes)
{
  size_t at, length;
  uint32_t code;

  for (at = 0; at < bytes.size_bytes; at += length) {
    length = msim__utf8_next(bytes.data + at, bytes.size_bytes - at, &code);
    if (length == 0 || code == 0)
      return false;
  }
  return true;
}

/* One message of a file: `file` becomes `text`, or a path from the main file's folder. */
static int take_message(struct msim_document *document, struct msim__loader *loader,
                        const struct msim__topology_file *from, const struct msim__yaml_entry *e)
{
  const struct msim__yaml_node *place = msim__yaml_find(e->value, "file");
  struct msim__doc_node *node = msim__doc_find(document->root, "messages");
  struct msim_slice bytes = {NULL, 0};
  const char *path;
  int err;

  node = msim__doc_find(msim__doc_find(node, e->key->u.scalar.text), "file");
  if (place == NULL || node == NULL || node->kind != MSIM__YAML_SCALAR)
    return MSIM_OK;
  path = msim__loader_path(loader, from, place, "file", false);
  if (path == NULL)
    return loader->err != MSIM_OK ? loader->err : MSIM_ERR_SYNTAX;
  err = msim__loader_read_bytes(loader, path, place, "file", &bytes);
  if (err != MSIM_OK)
    return loader->err != MSIM_OK ? loader->err : MSIM_ERR_SYNTAX;
  if (is_utf8(bytes)) {
    node->key = msim__doc_text(document, "text", 4, true);
    node->text = msim__doc_text(document, (const char *)bytes.data, bytes.size_bytes, false);
  } else {
    node->text = msim__doc_text(document, path, strlen(path), false);
  }
  msim__loader_release_bytes(loader, bytes);
  return node->key.bytes != NULL && node->text.bytes != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

static int take_messages(struct msim_document *document, struct msim__loader *loader,
                         const struct msim__topology_file *file)
{
  const struct msim__yaml_entry *e = msim__yaml_first(msim__yaml_find(file->tree.root, "messages"));
  int err = MSIM_OK;

  for (; e != NULL && e->key != NULL && err == MSIM_OK; e = e->next)
    err = take_message(document, loader, file, e);
  return err;
}

/* ---- opening ---- */

static int take_files(struct msim_document *document, struct msim__loader *loader)
{
  const struct msim__topology_file *file;
  const struct msim__yaml_entry *e;
  int err = MSIM_OK;

  for (file = loader->first_file; file != NULL; file = file->next)
    if (file->tree.root == NULL || file->tree.root->kind != MSIM__YAML_MAP) {
      if (file->tree.root != NULL)
        msim__loader_report(loader, file->tree.root, "a topology is expected here: keys with values");
      return MSIM_ERR_SYNTAX;
    }
  for (file = loader->first_file; file != NULL && err == MSIM_OK; file = file->next) {
    for (e = msim__yaml_first(file->tree.root); e != NULL && err == MSIM_OK; e = e->next)
      if (!msim__yaml_is_text(e->key, "include"))
        err = join_section(document, e);
    if (err == MSIM_OK)
      err = take_messages(document, loader, file);
  }
  return err;
}

struct opening {
  struct msim_document *document;
  msim_diag_fn *fn;
  void *user;
};

static int open_text(void *ctx, const char *name, struct msim_slice text, const struct msim_reader *reader)
{
  const struct opening *opening = ctx;
  struct msim__loader loader;
  int err;

  msim__loader_open(&loader, opening->document->sim, reader);
  err = msim__loader_read_files(&loader, name, text);
  if (err == MSIM_OK && loader.finding_count > 0)
    err = MSIM_ERR_SYNTAX;
  if (err == MSIM_OK)
    err = take_files(opening->document, &loader);
  if (err == MSIM_ERR_SYNTAX)
    msim__loader_tell(&loader, opening->fn, opening->user);
  msim__loader_close(&loader);
  return err;
}

static int make(struct msim_document **out, const struct msim_mem *mem)
{
  struct msim_document *document;
  struct msim_sim_opts opts;
  struct msim_sim *sim = NULL;
  int err;

  *out = NULL;
  memset(&opts, 0, sizeof opts);
  if (mem != NULL)
    opts.mem = *mem;
  err = msim_sim_new(&sim, &opts);
  if (err != MSIM_OK)
    return err;
  document = msim__arena_alloc(&sim->arena, sizeof *document);
  if (document == NULL) {
    msim_sim_free(sim);
    return MSIM_ERR_NOMEM;
  }
  document->sim = sim;
  msim__arena_init(&document->arena, &sim->mem);
  document->root = msim__doc_add(document, NULL, MSIM__YAML_MAP, NULL, &err);
  if (document->root == NULL)
    msim_document_free(document);
  else
    *out = document;
  return err;
}

static int finish(struct msim_document **out, int err)
{
  if (err == MSIM_OK)
    return err;
  msim_document_free(*out);
  *out = NULL;
  return err;
}

int msim_document_open_text(struct msim_document **out, const char *name, struct msim_slice text,
                            const struct msim_reader *reader, const struct msim_mem *mem, msim_diag_fn *fn, void *user)
{
  struct opening opening = {NULL, fn, user};
  int err = make(out, mem);

  if (err != MSIM_OK)
    return err;
  opening.document = *out;
  return finish(out, open_text(&opening, name, text, reader));
}

int msim_document_open_file(struct msim_document **out, const char *path, const struct msim_mem *mem, msim_diag_fn *fn,
                            void *user)
{
  struct opening opening = {NULL, fn, user};
  int err = make(out, mem);

  if (err != MSIM_OK)
    return err;
  opening.document = *out;
  return finish(out, msim__topology_read_file((*out)->sim, path, open_text, &opening, fn, user));
}

void msim_document_free(struct msim_document *document)
{
  if (document == NULL)
    return;
  msim__arena_release(&document->arena);
  msim_sim_free(document->sim); /* the document lies in its memory */
}

/* ---- the first level ---- */

/* Adds a value that is written as YAML below parent. */
static int add_yaml(struct msim_document *document, struct msim__doc_node *parent, const char *key, const char *yaml)
{
  struct msim_slice text = {(const uint8_t *)yaml, strlen(yaml)};
  struct msim__doc_text name = {NULL, 0, false};
  struct msim__doc_node *node;
  struct msim__yaml tree;
  int err = msim__yaml_parse(&tree, &document->sim->mem, NULL, text, NULL, NULL);

  if (key != NULL)
    name = msim__doc_text(document, key, strlen(key), true);
  if (err == MSIM_OK) {
    node = msim__doc_add(document, parent, (enum msim__yaml_kind)tree.root->kind, key != NULL ? &name : NULL, &err);
    if (node != NULL)
      err = copy_below(document, node, tree.root);
    if (node != NULL && err != MSIM_OK)
      node->gone = true;
  }
  msim__yaml_release(&tree);
  return err;
}

int msim_document_set(struct msim_document *document, const char *key, const char *yaml)
{
  struct msim__doc_node *old = msim__doc_find(document->root, key);
  int err = yaml != NULL ? add_yaml(document, document->root, key, yaml) : MSIM_OK;

  if (err == MSIM_OK && old != NULL)
    old->gone = true;
  return err;
}

int msim_document_append(struct msim_document *document, const char *key, const char *yaml)
{
  struct msim__doc_node *list = msim__doc_find(document->root, key);
  struct msim__doc_text name;
  int err = MSIM_OK;

  if (list == NULL) {
    name = msim__doc_text(document, key, strlen(key), true);
    list = msim__doc_add(document, document->root, MSIM__YAML_LIST, &name, &err);
    if (list == NULL)
      return err;
  }
  return list->kind == MSIM__YAML_LIST ? add_yaml(document, list, NULL, yaml) : MSIM_ERR_SYNTAX;
}

int msim_document_remove(struct msim_document *document, const char *key, const char *id)
{
  struct msim__doc_node *node;
  int err = MSIM_ERR_NOT_FOUND;

  for (node = msim__doc_first(msim__doc_find(document->root, key)); node != NULL; node = msim__doc_next(node)) {
    const struct msim__doc_node *name = msim__doc_find(node, "id");

    if (name == NULL || !msim__doc_is(&name->text, id))
      continue;
    node->gone = true;
    err = MSIM_OK;
  }
  return err;
}

uint64_t msim_document_count(const struct msim_document *document, const char *key)
{
  const struct msim__doc_node *node;
  struct msim__range range;
  struct msim_slice name;
  const char *why;
  uint64_t count = 0;

  for (node = msim__doc_first(msim__doc_find(document->root, key)); node != NULL; node = msim__doc_next(node)) {
    name.data = (const uint8_t *)node->key.bytes;
    name.size_bytes = node->key.size_bytes;
    count += name.data != NULL && msim__range_parse(&range, name, &why) == MSIM_OK ? range.count : 1;
  }
  return count;
}

uint64_t msim_document_draw_faults(struct msim_document *document, uint64_t seed, uint32_t share_ppm)
{
  struct msim__doc_node *node, *id;
  struct msim__rng rng;
  uint64_t count = 0;

  for (node = msim__doc_first(msim__doc_find(document->root, "faults")); node != NULL; node = msim__doc_next(node)) {
    id = msim__doc_find(node, "id");
    msim__rng_init(&rng, seed, "explore/swarm/", id != NULL && id->text.bytes != NULL ? id->text.bytes : "");
    node->gone = !msim__rng_chance(&rng, share_ppm);
    count += !node->gone;
  }
  return count;
}
