/* Tests of text/yaml_tree.c: what becomes a tree, what is refused, and what hostile input costs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include <stdio.h>
#include <stdlib.h>

#include "support/fail_mem.h"
#include "text/yaml_tree.h"

/* A reading with its findings put together as "line:column: sentence\n". */
struct reading {
  struct fail_mem f;
  struct msim__mem mem;
  struct msim__yaml tree;
  char found[40000];
  size_t found_bytes;
  unsigned found_count;
  int err;
};

static void note(void *user, const struct msim_diag *diag)
{
  struct reading *r = user;
  int wrote;

  assert_string_equal(diag->file, "t.yaml");
  wrote = snprintf(r->found + r->found_bytes, sizeof(r->found) - r->found_bytes, "%u:%u: %s\n", diag->line,
                   diag->column, diag->text);
  assert_true(wrote > 0 && (size_t)wrote < sizeof(r->found) - r->found_bytes);
  r->found_bytes += (size_t)wrote;
  r->found_count++;
}

static const struct msim__yaml_node *read_bytes(struct reading *r, const char *data, size_t size_bytes,
                                                uint64_t fail_at)
{
  struct msim_slice text;

  memset(r, 0, sizeof(*r));
  fail_mem_init(&r->f, fail_at);
  msim__mem_init(&r->mem, &r->f.hook);
  text.data = (const uint8_t *)data;
  text.size_bytes = size_bytes;
  r->err = msim__yaml_parse(&r->tree, &r->mem, "t.yaml", text, note, r);
  return r->tree.root;
}

static const struct msim__yaml_node *read_text(struct reading *r, const char *text)
{
  return read_bytes(r, text, strlen(text), 0);
}

static void done(struct reading *r)
{
  msim__yaml_release(&r->tree);
  assert_null(r->tree.root);
  assert_true(fail_mem_clean(&r->f));
}

/* ---- good ---- */

static void parse_of_small_file_gives_tree_with_places(void **state)
{
  struct reading r;
  const struct msim__yaml_node *root, *links, *link;
  const struct msim__yaml_entry *e;

  (void)state;
  root = read_text(&r, "mailsim: 1\n"
                       "title: \"Gr\xc3\xbc\xc3\x9f"
                       "e\"\n"
                       "links:\n"
                       "  - {join: [alice, mx], delay: 10ms}\n"
                       "  - rate: 10Mbit/s\n");
  assert_int_equal(r.err, 0);
  assert_int_equal(root->kind, MSIM__YAML_MAP);
  assert_int_equal(root->count, 3);
  assert_int_equal(root->line, 1);
  assert_string_equal(root->file, "t.yaml");
  assert_true(msim__yaml_is_text(msim__yaml_find(root, "mailsim"), "1"));
  assert_true(msim__yaml_find(root, "mailsim")->plain);
  assert_true(msim__yaml_is_text(msim__yaml_find(root, "title"), "Gr\xc3\xbc\xc3\x9f"
                                                                 "e"));
  assert_false(msim__yaml_find(root, "title")->plain);
  assert_null(msim__yaml_find(root, "hosts"));
  links = msim__yaml_find(root, "links");
  assert_int_equal(links->kind, MSIM__YAML_LIST);
  assert_int_equal(links->count, 2);
  e = msim__yaml_first(links);
  assert_null(e->key);
  link = e->value;
  assert_int_equal(link->line, 4);
  assert_int_equal(link->column, 5);
  e = msim__yaml_first(link);
  assert_true(msim__yaml_is_text(e->key, "join"));
  assert_int_equal(e->key->column, 6);
  assert_int_equal(e->column, 12);
  e = e->next;
  assert_true(msim__yaml_is_text(e->key, "delay"));
  assert_int_equal(e->value->line, 4);
  assert_int_equal(e->value->column, 32);
  assert_null(e->next);
  assert_int_equal(msim__yaml_first(links)->next->value->line, 5);
  /* root, 3 keys, 2 scalars, list, map(2 keys, list of 2, scalar), map(key, scalar) */
  assert_int_equal(root->node_count, 1 + 3 + 2 + 1 + (1 + 2 + 3 + 1) + 3);
  assert_int_equal(root->depth, 4);
  done(&r);
}

static void parse_of_scalar_styles_keeps_bytes(void **state)
{
  static const struct {
    const char *source, *text;
    bool plain, null;
  } table[] = {
      {"a", "a", true, false},
      {"", "", true, true},
      {"# only a comment\n", "", true, true},
      {"~", "~", true, true},
      {"null", "null", true, true},
      {"\"\"", "", false, false},
      {"'~'", "~", false, false},
      {"a b  c", "a b  c", true, false},
      {"'it''s'", "it's", false, false},
      {"\"\\t\\x41\\u00fc\\U0001f4e7\"", "\tA\xc3\xbc\xf0\x9f\x93\xa7", false, false},
      {"|\n one\n  two\n", "one\n two\n", false, false},
      {"|-\n one\n", "one", false, false},
      {"|+\n one\n\n", "one\n\n", false, false},
      {">\n one\n two\n", "one two\n", false, false},
      {"! 5", "5", false, false},
      {"!!str 5", "5", false, false},
      {"!!str", "", false, false},
      {"!!int 5", "5", true, false},
      {"!!null ~", "~", true, true},
      {"--- a\n...\n", "a", true, false},
      {"%YAML 1.1\n--- a", "a", true, false},
      {"\xef\xbb\xbf"
       "a",
       "a", true, false},
      {"a\r\n", "a", true, false},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    struct reading r;
    const struct msim__yaml_node *root = read_text(&r, table[i].source);

    if (r.err != 0 || !msim__yaml_is_text(root, table[i].text) || root->plain != table[i].plain ||
        msim__yaml_is_null(root) != table[i].null)
      fail_msg("row %u: %s", (unsigned)i, r.found);
    done(&r);
  }
}

static void parse_with_zero_in_escape_keeps_size(void **state)
{
  struct reading r;
  struct msim_slice text;

  (void)state;
  text = msim__yaml_slice(read_text(&r, "\"a\\0b\""));
  assert_int_equal(text.size_bytes, 3);
  assert_memory_equal(text.data, "a\0b", 4);
  done(&r);
}

static void alias_shares_the_node_and_knows_its_own_place(void **state)
{
  struct reading r;
  const struct msim__yaml_node *root = read_text(&r, "a: &x {k: v}\nb: *x\n*y : 1\n");
  const struct msim__yaml_entry *b;

  (void)state;
  assert_int_equal(r.err, MSIM_ERR_SYNTAX); /* &y is not set */
  done(&r);
  root = read_text(&r, "a: &x {k: v}\nb: *x\nc: &y key\n*y : 1\n");
  assert_int_equal(r.err, 0);
  b = msim__yaml_find_entry(root, "b");
  assert_ptr_equal(b->value, msim__yaml_find(root, "a"));
  assert_int_equal(b->line, 2);
  assert_int_equal(b->column, 4);
  assert_int_equal(b->value->line, 1);
  assert_true(msim__yaml_is_text(msim__yaml_find(root, "key"), "1"));
  done(&r);
}

static void merge_takes_what_is_not_written(void **state)
{
  struct reading r;
  const struct msim__yaml_node *root, *c;
  const struct msim__yaml_entry *e;

  (void)state;
  root = read_text(&r, "a: &a {x: 1, y: 2}\n"
                       "b: &b {y: 3, z: 4}\n"
                       "c: {<<: [*a, *b], z: 5, w: 6}\n"
                       "d: {y: 7, <<: *a}\n"
                       "e: {<<: {q: 8}, '<<': text}\n"
                       "f: {<<: *a}\n"
                       "g: {<<: []}\n");
  assert_int_equal(r.err, 0);
  c = msim__yaml_find(root, "c");
  assert_int_equal(c->count, 4);
  assert_true(msim__yaml_is_text(msim__yaml_find(c, "x"), "1"));
  assert_true(msim__yaml_is_text(msim__yaml_find(c, "y"), "2")); /* the first of the list wins */
  assert_true(msim__yaml_is_text(msim__yaml_find(c, "z"), "5")); /* what is written wins */
  e = msim__yaml_first(c);
  assert_true(msim__yaml_is_text(e->key, "z"));
  assert_false(e->merged);
  e = e->next->next;
  assert_true(msim__yaml_is_text(e->key, "x"));
  assert_true(e->merged);
  assert_true(msim__yaml_is_text(msim__yaml_find(msim__yaml_find(root, "d"), "y"), "7"));
  assert_int_equal(msim__yaml_find(root, "d")->count, 2);
  assert_true(msim__yaml_is_text(msim__yaml_find(msim__yaml_find(root, "e"), "q"), "8"));
  assert_true(msim__yaml_is_text(msim__yaml_find(msim__yaml_find(root, "e"), "<<"), "text"));
  assert_int_equal(msim__yaml_find(root, "f")->count, 2);
  assert_int_equal(msim__yaml_find(root, "g")->count, 0);
  done(&r);
}

/* keys: "k0000: 0000" and so on, in an order that is not sorted. */
static char *many_keys(unsigned count, unsigned step)
{
  char *text = malloc((size_t)count * 14 + 64);
  size_t size = 0;
  unsigned i;

  assert_non_null(text);
  for (i = 0; i < count; i++)
    size += (size_t)sprintf(text + size, "k%05u: %05u\n", i * step % count, i * step % count);
  text[size] = '\0';
  return text;
}

static void large_map_is_found_by_key_and_kept_in_order(void **state)
{
  struct reading r;
  char *text = many_keys(5003, 1009);
  const struct msim__yaml_node *root = read_text(&r, text);
  const struct msim__yaml_entry *e;
  unsigned i;

  (void)state;
  assert_int_equal(r.err, 0);
  assert_int_equal(root->count, 5003);
  for (i = 0; i < 5003; i++) {
    char key[16];

    (void)sprintf(key, "k%05u", i);
    assert_true(msim__yaml_is_text(msim__yaml_find(root, key), key + 1));
  }
  assert_null(msim__yaml_find(root, "k"));
  assert_null(msim__yaml_find(root, "k99999"));
  assert_null(msim__yaml_find(root, ""));
  e = msim__yaml_first(root);
  assert_true(msim__yaml_is_text(e->key, "k00000"));
  assert_true(msim__yaml_is_text(e->next->key, "k01009"));
  done(&r);
  free(text);
}

static void large_map_with_repeated_keys_reports_each_in_order(void **state)
{
  struct reading r;
  char *text = many_keys(100, 7);
  char more[] = "k00050: x\nk00007: y\nk00050: z\n";
  char *all = malloc(strlen(text) + sizeof(more));
  const struct msim__yaml_node *root;

  (void)state;
  assert_non_null(all);
  (void)sprintf(all, "%s%s", text, more);
  root = read_text(&r, all);
  assert_int_equal(r.err, MSIM_ERR_SYNTAX);
  assert_non_null(root); /* can still be checked */
  assert_int_equal(root->count, 100);
  assert_true(msim__yaml_is_text(msim__yaml_find(root, "k00050"), "00050"));
  /* 7 * i = 50 modulo 100 at i = 50; 7 at i = 1 */
  assert_string_equal(r.found, "101:1: the key \"k00050\" stands here a second time; the first is in line 51\n"
                               "102:1: the key \"k00007\" stands here a second time; the first is in line 2\n"
                               "103:1: the key \"k00050\" stands here a second time; the first is in line 51\n");
  done(&r);
  free(all);
  free(text);
}

/* ---- bad ---- */

static const struct {
  const char *source, *found;
} bad[] = {
    {"a: 1\nb: 2\na: 3\n", "3:1: the key \"a\" stands here a second time; the first is in line 1\n"},
    {"{a: 1, \"a\": 2}", "1:8: the key \"a\" stands here a second time; the first is in line 1\n"},
    {"a: {x: 1, x: 2}\nb: {y: 1, y: 2, y: 3}\n",
     "1:11: the key \"x\" stands here a second time; the first is in line 1\n"
     "2:11: the key \"y\" stands here a second time; the first is in line 2\n"
     "2:17: the key \"y\" stands here a second time; the first is in line 2\n"},
    {"a: &x {}\n<<: *x\n<<: *x\n", "3:1: the key \"<<\" stands here a second time; the first is in line 2\n"},
    {"a: *x\nb: *y\n", "1:4: there is no &x before this *x\n2:4: there is no &y before this *y\n"},
    {"a: &x [1, *x]\n", "1:11: *x stands inside of what it names\n"},
    {"&x a: &y {b: {<<: *y}}\n", "1:19: *y stands inside of what it names\n"
                                 "1:19: << takes a map or a list of maps, mostly as *names\n"},
    {"a: &x 1\nb: &x 2\n", "2:4: the anchor &x is set a second time; the first is in line 1\n"},
    {"<<: 5\n", "1:5: << takes a map or a list of maps, mostly as *names\n"},
    {"<<: [{}, 5]\n", "1:5: << takes a map or a list of maps, mostly as *names\n"},
    {"? [a]\n: b\nc: d\n", "1:3: a key is a word, not a list or a map\n"},
    {"a: !foo b\n", "1:4: the tag \"!foo\" cannot be used here; leave it out\n"},
    {"a: !!binary b\nc: !!set {d}\n", "1:4: the tag \"tag:yaml.org,2002:binary\" cannot be used here; leave it out\n"
                                      "2:4: the tag \"tag:yaml.org,2002:set\" cannot be used here; leave it out\n"},
    {"a: !!map [b]\n", "1:4: the tag \"tag:yaml.org,2002:map\" cannot be used here; leave it out\n"},
    {"a: 1\n---\nb: 2\n", "2:1: a second document begins here; one file holds one\n"},
    {"a: 1\n---\n", "2:1: a second document begins here; one file holds one\n"},
    {"a: 1\na: 2\nb: [\n", "4:1: a value is expected here\n"},
    {"hosts:\n\tmx: 1\n", "2:1: indentation is made of spaces, not of tabs\n"},
};

static void parse_of_bad_says_what_and_where(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    struct reading r;

    (void)read_text(&r, bad[i].source);
    if (strcmp(r.found, bad[i].found) != 0)
      fail_msg("%s gives\n%s", bad[i].source, r.found);
    assert_int_equal(r.err, MSIM_ERR_SYNTAX);
    done(&r);
  }
}

static void parse_with_many_findings_reports_some(void **state)
{
  struct reading r;
  char text[4000];
  size_t i;

  (void)state;
  for (i = 0; i + 4 < sizeof(text); i += 4)
    memcpy(text + i, "a: \n", 4);
  (void)read_bytes(&r, text, i, 0);
  assert_int_equal(r.err, MSIM_ERR_SYNTAX);
  assert_int_equal(r.found_count, MSIM__YAML_FINDINGS_MAX);
  done(&r);
}

static void parse_without_callback_still_refuses(void **state)
{
  struct msim__mem mem;
  struct msim__yaml tree;
  struct msim_slice text = {(const uint8_t *)"[", 1};

  (void)state;
  msim__mem_init(&mem, NULL);
  assert_int_equal(msim__yaml_parse(&tree, &mem, NULL, text, NULL, NULL), MSIM_ERR_SYNTAX);
  msim__yaml_release(&tree);
  assert_int_equal(mem.held_bytes, 0);
}

/* ---- hostile ---- */

static void alias_bomb_costs_an_error_not_memory(void **state)
{
  struct reading r;
  char text[2000];
  int size = sprintf(text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"), i, k;

  (void)state;
  for (i = 1; i < 12; i++) {
    size += sprintf(text + size, "a%d: &a%d [", i, i);
    for (k = 0; k < 10; k++)
      size += sprintf(text + size, "*a%d%s", i - 1, k < 9 ? "," : "]\n");
  }
  assert_null(read_text(&r, text));
  assert_int_equal(r.err, MSIM_ERR_LIMIT);
  assert_int_equal(r.found_count, 1);
  /* a0 to a5 hold 1,234,565 nodes (11, 111 ... 1,111,111): the third alias to a5 goes beyond four million */
  assert_non_null(strstr(r.found, "7:"));
  assert_non_null(strstr(r.found, "too many values"));
  assert_true(r.f.peak_bytes < 100000);
  done(&r);
}

static void merge_bomb_costs_an_error_not_memory(void **state)
{
  struct reading r;
  size_t size = 0;
  char *text = malloc(200000);
  int i;

  (void)state;
  assert_non_null(text);
  size += (size_t)sprintf(text + size, "a: &a {");
  for (i = 0; i < 1000; i++)
    size += (size_t)sprintf(text + size, "k%d: v,", i);
  size += (size_t)sprintf(text + size, "}\nb:\n");
  for (i = 0; i < 3000; i++)
    size += (size_t)sprintf(text + size, "- <<: *a\n");
  assert_null(read_text(&r, text));
  assert_int_equal(r.err, MSIM_ERR_LIMIT);
  assert_true(r.f.peak_bytes < (size_t)MSIM__YAML_NODES_MAX * 64);
  done(&r);
  free(text);
}

static void check_depth(const char *before, const char *inside, const char *after, unsigned depth, int expected)
{
  struct reading r;
  char *text = malloc(depth * (strlen(before) + strlen(after)) + strlen(inside) + 1);
  const struct msim__yaml_node *root;
  size_t size = 0;
  unsigned i;

  assert_non_null(text);
  for (i = 0; i < depth; i++)
    size += (size_t)sprintf(text + size, "%s", before);
  size += (size_t)sprintf(text + size, "%s", inside);
  for (i = 0; i < depth; i++)
    size += (size_t)sprintf(text + size, "%s", after);
  root = read_text(&r, text);
  assert_int_equal(r.err, expected);
  if (expected == 0)
    assert_int_equal(root->depth, depth);
  done(&r);
  free(text);
}

static void deep_nesting_is_limited(void **state)
{
  (void)state;
  check_depth("[", "", "]", MSIM__YAML_DEPTH_MAX, 0);
  check_depth("[", "", "]", MSIM__YAML_DEPTH_MAX + 1, MSIM_ERR_LIMIT);
  check_depth("{a: ", "b", "}", MSIM__YAML_DEPTH_MAX, 0);
  check_depth("{a: ", "b", "}", MSIM__YAML_DEPTH_MAX + 1, MSIM_ERR_LIMIT);
  check_depth("[", "", "", 100000, MSIM_ERR_LIMIT);
  check_depth("{", "", "", 100000, MSIM_ERR_LIMIT);
  check_depth("- ", "x", "", MSIM__YAML_DEPTH_MAX, 0);
  check_depth("- ", "x", "", 100000, MSIM_ERR_LIMIT);
  check_depth("? ", "x", "", 100000, MSIM_ERR_LIMIT);
}

static void deep_nesting_by_aliases_is_limited(void **state)
{
  struct reading r;
  char text[3000];
  int size = sprintf(text, "- &a0 []\n"), i;

  (void)state;
  for (i = 1; i < MSIM__YAML_DEPTH_MAX; i++)
    size += sprintf(text + size, "- %s&a%d [*a%d]\n", i == MSIM__YAML_DEPTH_MAX - 1 ? "[" : "", i, i - 1);
  (void)sprintf(text + size - 1, "]\n");
  assert_null(read_text(&r, text));
  assert_int_equal(r.err, MSIM_ERR_LIMIT);
  assert_non_null(strstr(r.found, "64:"));
  done(&r);
}

static void too_many_anchors_are_refused(void **state)
{
  struct reading r;
  char *text = malloc(200000);
  size_t size = 0;
  unsigned i;

  (void)state;
  assert_non_null(text);
  for (i = 0; i <= MSIM__YAML_ANCHORS_MAX; i++)
    size += (size_t)sprintf(text + size, "- &a%u x\n", i * 7919 % (MSIM__YAML_ANCHORS_MAX + 1));
  (void)read_text(&r, text);
  assert_int_equal(r.err, MSIM_ERR_LIMIT);
  assert_string_equal(r.found, "10001:3: there are too many anchors (at most 10000)\n");
  done(&r);
  free(text);
}

static void too_large_file_is_refused_unread(void **state)
{
  struct reading r;
  char *text = malloc(MSIM__YAML_FILE_BYTES_MAX + 1);

  (void)state;
  assert_non_null(text);
  assert_null(read_bytes(&r, text, MSIM__YAML_FILE_BYTES_MAX + 1, 0));
  assert_int_equal(r.err, MSIM_ERR_LIMIT);
  assert_string_equal(r.found, "0:0: the file has too many bytes (at most 16777216)\n");
  done(&r);
  free(text);
}

static const char sample[] =
    "%YAML 1.1\n"
    "---\n"
    "title: \"Gr\xc3\xbc\xc3\x9f"
    "e \\u20ac \\x41\"\n"
    "hosts: &h\n"
    "  alice: &base {addr: 10.0.0.1, nested: [a, [b, {c: d}]]}\n"
    "  'it''s': {<<: *base, addr: ~}\n"
    "  mx: {<<: [*base, {x: 1}], k1: , k2: , k3: , k4: , k5: , k6: , k7: , k8: , k9: , k1: 2}\n"
    "body: |\n"
    "  Hello\n"
    "\n"
    "    w\xc3\xb6rld\n"
    "folded: >-\n"
    "  a\n"
    "  b\n"
    "? !!str complex\n"
    ": - 1\n"
    "  - *h\n"
    "...\n";

static void sample_cut_anywhere_never_crashes(void **state)
{
  size_t size;
  unsigned good = 0;

  (void)state;
  for (size = 0; size < sizeof(sample); size++) {
    struct reading r;
    char *exact = malloc(size > 0 ? size : 1); /* so that reading past the end is a fault */

    assert_non_null(exact);
    memcpy(exact, sample, size);
    (void)read_bytes(&r, exact, size, 0);
    assert_true(r.err == 0 || r.err == MSIM_ERR_SYNTAX);
    assert_true(r.err == 0 ? r.tree.root != NULL && r.found_count == 0 : r.found_count > 0);
    good += r.err == 0;
    done(&r);
    free(exact);
  }
  assert_true(good > 30);
}

static void sample_with_any_byte_changed_never_crashes(void **state)
{
  static const char bytes[] = "\0\t\n -:[]{}&*!|>'\"%@`#,?~<\xff\xc3";
  char text[sizeof(sample)];
  size_t at, k;

  (void)state;
  for (at = 0; at < sizeof(sample) - 1; at++)
    for (k = 0; k < sizeof(bytes) - 1; k++) {
      struct reading r;

      memcpy(text, sample, sizeof(sample));
      text[at] = bytes[k];
      (void)read_bytes(&r, text, sizeof(sample) - 1, 0);
      assert_true(r.err == 0 || r.err == MSIM_ERR_SYNTAX);
      assert_true((r.err == 0) == (r.found_count == 0));
      done(&r);
    }
}

static void sample_with_each_allocation_failing_leaks_nothing(void **state)
{
  uint64_t n;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (n = 1; err == MSIM_ERR_NOMEM; n++) {
    struct reading r;

    (void)read_bytes(&r, sample, sizeof(sample) - 1, n);
    err = r.err;
    assert_true(n < 1000);
    assert_int_equal(err, r.f.failed_count > 0 ? MSIM_ERR_NOMEM : MSIM_ERR_SYNTAX);
    if (err == MSIM_ERR_NOMEM)
      assert_null(r.tree.root);
    done(&r);
  }
  assert_true(n > 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parse_of_small_file_gives_tree_with_places),
      cmocka_unit_test(parse_of_scalar_styles_keeps_bytes),
      cmocka_unit_test(parse_with_zero_in_escape_keeps_size),
      cmocka_unit_test(alias_shares_the_node_and_knows_its_own_place),
      cmocka_unit_test(merge_takes_what_is_not_written),
      cmocka_unit_test(large_map_is_found_by_key_and_kept_in_order),
      cmocka_unit_test(large_map_with_repeated_keys_reports_each_in_order),
      cmocka_unit_test(parse_of_bad_says_what_and_where),
      cmocka_unit_test(parse_with_many_findings_reports_some),
      cmocka_unit_test(parse_without_callback_still_refuses),
      cmocka_unit_test(alias_bomb_costs_an_error_not_memory),
      cmocka_unit_test(merge_bomb_costs_an_error_not_memory),
      cmocka_unit_test(deep_nesting_is_limited),
      cmocka_unit_test(deep_nesting_by_aliases_is_limited),
      cmocka_unit_test(too_many_anchors_are_refused),
      cmocka_unit_test(too_large_file_is_refused_unread),
      cmocka_unit_test(sample_cut_anywhere_never_crashes),
      cmocka_unit_test(sample_with_any_byte_changed_never_crashes),
      cmocka_unit_test(sample_with_each_allocation_failing_leaks_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
