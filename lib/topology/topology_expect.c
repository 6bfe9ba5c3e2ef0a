/* topology_expect.c: the section `expect`: what a run of the topology must show (docs/expectations.md), as a block of
 * text, as a list of its lines, or as {violates: I1}. The text is kept with as many empty lines in front that its lines
 * have the numbers that they have in the file. Does not read the language: check/expect_read.c does. */
#include <mailsim/check.h>

#include "text/buf.h"
#include "text/yaml_read.h"
#include "topology/loader.h"

#include <string.h>

#define TEXT_BYTES_MAX ((size_t)8 * 1024 * 1024)

/* Goes to a line, by empty ones; false when the text is past it already. */
static void go_to_line(struct msim__buf *buf, unsigned *line, unsigned wanted)
{
  for (; *line < wanted; ++*line)
    msim__buf_append_byte(buf, '\n');
}

static void add_text(struct msim__buf *buf, unsigned *line, const struct msim__yaml_node *node)
{
  struct msim_slice text = msim__yaml_slice(node);
  size_t i;

  /* what is written in a block begins on the line behind its `|` */
  go_to_line(buf, line, node->line + (!node->plain && memchr(text.data, '\n', text.size_bytes) != NULL ? 1 : 0));
  msim__buf_append(buf, text.data, text.size_bytes);
  for (i = 0; i < text.size_bytes; i++)
    *line += text.data[i] == '\n';
}

static void add_list(struct msim__loader *loader, struct msim__buf *buf, unsigned *line,
                     const struct msim__yaml_node *list)
{
  const struct msim__yaml_entry *e;
  struct msim_diag diag;
  const char *text;

  for (e = msim__yaml_first(list); e != NULL; e = e->next) {
    if (msim__yaml_read_text(e->value, "expect", &text, &diag) < 0) {
      msim__loader_keep(loader, &diag);
      continue;
    }
    add_text(buf, line, e->value);
    msim__buf_append_byte(buf, '\n');
    ++*line;
  }
}

static void add_map(struct msim__loader *loader, struct msim__buf *buf, unsigned *line,
                    const struct msim__yaml_node *map)
{
  const struct msim__yaml_entry *e = msim__yaml_first(map);
  struct msim_diag diag;
  const char *text;

  if (e == NULL || map->count != 1 || !msim__yaml_is_text(e->key, "violates")) {
    msim__loader_report(loader, map, "expect: as a map it has one key: {violates: I1}; all else is written as text");
    return;
  }
  if (msim__yaml_read_text(e->value, "violates", &text, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  go_to_line(buf, line, e->value->line);
  msim__buf_append_text(buf, "violates ");
  msim__buf_append_text(buf, text);
}

/* What is wrong with the text is told as it is read; hosts and events that it names are looked at when it is used. */
static void check_text(struct msim__loader *loader, struct msim__buf *buf)
{
  struct msim_expect_opts opts;
  struct msim_expect *expect = NULL;
  struct msim_slice text;
  int err;

  memset(&opts, 0, sizeof opts);
  opts.mem = loader->sim->mem.hook;
  text.data = (const uint8_t *)msim__buf_text(buf);
  text.size_bytes = buf->size_bytes;
  err = msim_expect_load_text(&expect, loader->first_file->path, text, &opts, msim__loader_keep, loader);
  if (err == MSIM_ERR_NOMEM)
    loader->err = err;
  msim_expect_free(expect);
}

const char *msim__loader_read_expect(struct msim__loader *loader, const struct msim__yaml_node *root)
{
  const struct msim__yaml_node *node = msim__yaml_find(root, "expect");
  const char *kept = NULL;
  struct msim__buf buf;
  unsigned line = 1;

  if (node == NULL)
    return NULL;
  msim__buf_init(&buf, &loader->sim->mem, TEXT_BYTES_MAX);
  if (node->kind == MSIM__YAML_LIST)
    add_list(loader, &buf, &line, node);
  else if (node->kind == MSIM__YAML_MAP)
    add_map(loader, &buf, &line, node);
  else if (msim__yaml_is_null(node))
    msim__loader_report(loader, node, "expect: there is nothing here");
  else
    add_text(&buf, &line, node);
  if (buf.err == MSIM_ERR_LIMIT)
    msim__loader_report(loader, node, "expect: this is too long; write it into a file of its own");
  if (buf.err == MSIM_OK)
    check_text(loader, &buf);
  if (buf.err == MSIM_OK)
    kept = msim__arena_text(&loader->sim->arena, msim__buf_text(&buf), buf.size_bytes);
  if (kept == NULL && buf.err != MSIM_ERR_LIMIT)
    loader->err = MSIM_ERR_NOMEM;
  msim__buf_release(&buf);
  return kept;
}
