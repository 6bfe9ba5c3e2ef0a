/* origin.c: what the first line of a trace says of the files that were read: their name, and a digest of each host,
 * template, message and network. A digest is of what is written, not of how: comments, order of lines and quotes do not
 * count. Does not read anything (topology.c). */
#include "net/origin.h"

#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "text/yaml_node.h"
#include "topology/loader.h"

#define NAME_BYTES 96

/* Bounded: a tree with its aliases written out is (yaml_tree.h). */
static uint64_t digest_of(const struct msim__yaml_node *node)
{
  uint64_t h = (uint64_t)node->kind + 1, sum = 0;
  const struct msim__yaml_entry *e;

  if (node->kind == MSIM__YAML_SCALAR)
    return msim__hash_bytes(h, node->u.scalar.text, node->u.scalar.size_bytes);
  for (e = msim__yaml_first(node); e != NULL; e = e->next) {
    uint64_t item = digest_of(e->value);

    if (e->key != NULL)
      sum += msim__hash_join(msim__hash_bytes(h, e->key->u.scalar.text, e->key->u.scalar.size_bytes), item);
    else
      sum = msim__hash_join(sum, item);
  }
  return msim__hash_join(h, sum);
}

static uint32_t line_of(const struct msim__loader *loader, const struct msim__topology_file *file, unsigned line)
{
  return file == loader->first_file ? line : 0;
}

static int add_section(struct msim__loader *loader, const struct msim__topology_file *file, const char *key,
                       const char *noun, uint32_t *left)
{
  const struct msim__yaml_node *section = msim__yaml_find(file->tree.root, key);
  const struct msim__yaml_entry *e;
  struct msim__net *net = msim__net(loader->sim);
  char name[NAME_BYTES];
  int err = MSIM_OK;

  if (section == NULL || section->kind != MSIM__YAML_MAP)
    return MSIM_OK;
  if (section->count > *left)
    return msim__origin_add_setting(net, key, digest_of(section), line_of(loader, file, section->line));
  *left -= section->count;
  for (e = msim__yaml_first(section); e != NULL && err == MSIM_OK; e = e->next) {
    (void)snprintf(name, sizeof name, "%s %s", noun, e->key->u.scalar.text);
    err = msim__origin_add_setting(net, name, digest_of(e->value), line_of(loader, file, e->key->line));
  }
  return err;
}

int msim__loader_tell_origin(struct msim__loader *loader)
{
  static const char *const sections[][2] = {
      {"hosts", "host"}, {"templates", "template"}, {"messages", "message"}, {"networks", "network"}};
  const struct msim__topology_file *file;
  uint32_t left = MSIM__ORIGIN_SETTINGS_MAX;
  int err = msim__origin_set_file(msim__net(loader->sim), loader->first_file->path);
  size_t i;

  for (file = loader->first_file; file != NULL; file = file->next)
    for (i = 0; i < sizeof sections / sizeof *sections && err == MSIM_OK; i++)
      err = add_section(loader, file, sections[i][0], sections[i][1], &left);
  return err;
}
