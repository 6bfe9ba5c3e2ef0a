/* fuzz_yaml_tree.c: lib/text/yaml_tree.c: every fault has a place and a sentence, a tree that is given out agrees with
 * itself, and nothing leaks, also when an allocation fails. Input: a YAML text. */
#include "fuzz.h"
#include "support/fail_mem.h"
#include "text/yaml_read.h"
#include "text/yaml_tree.h"

#define WALK_MAX 100000u /* nodes, aliases written out */

static void check_scalar(const struct msim__yaml_node *node)
{
  struct msim_diag diag;
  const char *text;
  msim_ns span;
  int64_t number;
  bool truth;

  FUZZ_CHECK(node->depth == 0 && node->count == 0 && node->node_count == 1);
  FUZZ_CHECK(node->u.scalar.text[node->u.scalar.size_bytes] == '\0');
  if (msim__yaml_read_text(node, "x", &text, &diag) == MSIM_OK)
    FUZZ_CHECK(strlen(text) == node->u.scalar.size_bytes);
  if (msim__yaml_read_int(node, "x", -5, 5, &number, &diag) == MSIM_OK)
    FUZZ_CHECK(number >= -5 && number <= 5 && node->plain);
  if (msim__yaml_read_bool(node, "x", &truth, &diag) == MSIM_OK)
    FUZZ_CHECK(msim__yaml_is_text(node, truth ? "true" : "false"));
  if (msim__yaml_read_duration(node, "x", &span, &diag) != MSIM_OK)
    FUZZ_CHECK(diag.line == node->line && diag.column == node->column && diag.text[0] != '\0');
}

/* Sums up what stands in the node itself from what is below it; the depth is limited by the tree. */
static void check_node(const struct msim__yaml_node *node, size_t line_count)
{
  const struct msim__yaml_entry *entry;
  uint32_t count = 0, node_count = 1;
  unsigned depth = 0;

  FUZZ_CHECK(node->line >= 1 && node->line <= line_count && node->column >= 1 && !node->open);
  FUZZ_CHECK(node->file != NULL && node->depth <= MSIM__YAML_DEPTH_MAX);
  if (node->kind == MSIM__YAML_SCALAR) {
    check_scalar(node);
    return;
  }
  for (entry = msim__yaml_first(node); entry != NULL; entry = entry->next) {
    count++;
    FUZZ_CHECK((entry->key != NULL) == (node->kind == MSIM__YAML_MAP) && entry->line >= 1 && !entry->repeated);
    FUZZ_CHECK(!entry->merged || node->kind == MSIM__YAML_MAP);
    if (entry->key != NULL) {
      FUZZ_CHECK(entry->key->kind == MSIM__YAML_SCALAR);
      node_count++;
      /* keys with zero bytes cannot be asked for by name */
      if (strlen(entry->key->u.scalar.text) == entry->key->u.scalar.size_bytes)
        FUZZ_CHECK(msim__yaml_find_entry(node, entry->key->u.scalar.text) == entry);
    }
    check_node(entry->value, line_count);
    node_count += entry->value->node_count;
    if (entry->value->depth > depth)
      depth = entry->value->depth;
  }
  FUZZ_CHECK(count == node->count);
  if (node->kind == MSIM__YAML_LIST)
    FUZZ_CHECK(node->depth == depth + 1 && node->node_count == node_count);
  else /* what << brought and the map then said itself was counted too */
    FUZZ_CHECK(node->depth >= depth + 1 && node->node_count >= node_count);
}

static int parse(struct msim_slice text, uint64_t fail_at, uint64_t *request_count)
{
  struct fuzz_findings findings = {0, fuzz_line_count(text)};
  struct fail_mem memory;
  struct msim__mem mem;
  struct msim__yaml tree;
  int err;

  fail_mem_init(&memory, fail_at);
  msim__mem_init(&mem, &memory.hook);
  err = msim__yaml_parse(&tree, &mem, "input.yaml", text, fuzz_find, &findings);
  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_SYNTAX || err == MSIM_ERR_LIMIT || err == MSIM_ERR_NOMEM);
  FUZZ_CHECK(findings.count <= MSIM__YAML_FINDINGS_MAX + 1);
  if (err != MSIM_ERR_NOMEM)
    FUZZ_CHECK((err == MSIM_OK) == (findings.count == 0));
  FUZZ_CHECK(err != MSIM_OK || tree.root != NULL);
  FUZZ_CHECK((err == MSIM_ERR_NOMEM) == (memory.failed_count > 0));
  if (tree.root != NULL && tree.root->node_count <= WALK_MAX)
    check_node(tree.root, findings.line_count);
  msim__yaml_release(&tree);
  FUZZ_CHECK(fail_mem_clean(&memory) && mem.held_bytes == 0);
  *request_count = memory.request_count;
  return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct msim_slice text = fuzz_slice_of(data, size_bytes);
  uint64_t request_count, ignored;
  int err = parse(text, 0, &request_count);

  FUZZ_CHECK(err != MSIM_ERR_NOMEM);
  if (request_count > 0)
    FUZZ_CHECK(parse(text, 1 + fuzz_hash(text) % request_count, &ignored) == MSIM_ERR_NOMEM);
  return 0;
}
