/* Tests of text/yaml_set.c: which place is meant, what is made on the way, what stays as it was. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <string.h>

#include "support/fail_mem.h"
#include "text/yaml_set.h"

static const char text[] = "hosts: &all\n"
                           "  a: {ttl: 1}\n"
                           "  b.c: {ttl: 2}\n"
                           "again: *all\n"
                           "links:\n"
                           "  - {name: up, delay: 1ms}\n"
                           "  - {id: down, delay: 2ms}\n"
                           "nothing:\n"
                           "word: x\n";

struct stage {
  struct fail_mem f;
  struct msim__mem mem;
  struct msim__yaml tree, value;
  struct msim_diag diag;
  const struct msim__yaml_node *before;
};

static int parse(struct stage *s, struct msim__yaml *tree, const char *source)
{
  struct msim_slice slice = {(const uint8_t *)source, strlen(source)};

  return msim__yaml_parse(tree, &s->mem, "t", slice, NULL, NULL);
}

static int set(struct stage *s, const char *source, const char *path, const char *value, uint64_t fail_at)
{
  int err;

  memset(s, 0, sizeof *s);
  fail_mem_init(&s->f, fail_at);
  msim__mem_init(&s->mem, &s->f.hook);
  err = parse(s, &s->tree, source);
  s->before = s->tree.root;
  if (err == MSIM_OK)
    err = parse(s, &s->value, value);
  if (err == MSIM_OK)
    err = msim__yaml_set(&s->tree, &s->mem, path, s->value.root, &s->diag);
  return err;
}

static void done(struct stage *s)
{
  msim__yaml_release(&s->tree);
  msim__yaml_release(&s->value);
  assert_true(fail_mem_clean(&s->f));
}

/* A tree as text: maps in braces in their order. */
static void write(const struct msim__yaml_node *node, char *out)
{
  const struct msim__yaml_entry *e;
  uint32_t count = 0, nodes = 1;

  out += strlen(out);
  if (node->kind == MSIM__YAML_SCALAR) {
    strcpy(out, node->u.scalar.text);
    return;
  }
  strcpy(out, node->kind == MSIM__YAML_MAP ? "{" : "[");
  for (e = msim__yaml_first(node); e != NULL; e = e->next, count++) {
    if (count > 0)
      strcat(out, ",");
    if (e->key != NULL) {
      strcat(out, e->key->u.scalar.text);
      strcat(out, ":");
      assert_ptr_equal(msim__yaml_find_entry(node, e->key->u.scalar.text), e);
    }
    write(e->value, out);
    nodes += e->value->node_count + (e->key != NULL ? 1u : 0u);
    assert_true(e->value->depth < node->depth);
  }
  assert_int_equal(node->count, count);
  assert_int_equal(node->node_count, nodes);
  strcat(out, node->kind == MSIM__YAML_MAP ? "}" : "]");
}

static void expect(const char *source, const char *path, const char *value, const char *wanted)
{
  char found[4000] = "";
  struct stage s;

  assert_int_equal(set(&s, source, path, value, 0), MSIM_OK);
  write(s.tree.root, found);
  assert_string_equal(found, wanted);
  done(&s);
}

static void the_place_that_is_meant_gets_the_value(void **state)
{
#define REST ",nothing:,word:x}"
#define LINKS ",links:[{name:up,delay:1ms},{id:down,delay:2ms}]"
  (void)state;
  /* what shares it by an alias stays */
  expect(text, "hosts.a.ttl", "9", "{hosts:{a:{ttl:9},b.c:{ttl:2}},again:{a:{ttl:1},b.c:{ttl:2}}" LINKS REST);
  expect(text, "hosts.\"b.c\".ttl", "9", "{hosts:{a:{ttl:1},b.c:{ttl:9}},again:{a:{ttl:1},b.c:{ttl:2}}" LINKS REST);
  expect("l: [{name: up, d: 1}, {id: down, d: 2}]", "l.up.d", "3", "{l:[{name:up,d:3},{id:down,d:2}]}");
  expect("l: [{name: up, d: 1}, {id: down, d: 2}]", "l.down.d", "3", "{l:[{name:up,d:1},{id:down,d:3}]}");
  expect("l: [{name: up, d: 1}, {id: down, d: 2}]", "l.1.d", "[3, {a: b}]",
         "{l:[{name:up,d:1},{id:down,d:[3,{a:b}]}]}");
  expect("l: [1, 2]", "l.0", "{}", "{l:[{},2]}");
}

static void what_is_missing_is_made(void **state)
{
  (void)state;
  expect("a: 1", "b", "{c: {d: 2}}", "{a:1,b:{c:{d:2}}}");
  expect("a:", "a.b", "2", "{a:{b:2}}");
  expect("", "a", "2", "{a:2}");
  expect("l: [1, 2]", "l.2", "3", "{l:[1,2,3]}");
  expect("a: 1\nl:", "l.0", "{x: 3}", "{a:1,l:[{x:3}]}");
  /* a map that is large enough to have an order for look-ups */
  expect("{i: 1, h: 1, g: 1, f: 1, e: 1, d: 1, c: 1, b: 1}", "a", "2", "{i:1,h:1,g:1,f:1,e:1,d:1,c:1,b:1,a:2}");
}

static void what_cannot_be_set_is_told(void **state)
{
  static const struct {
    const char *path;
    int err;
    const char *why;
  } rows[] = {
      {"", MSIM_ERR_SYNTAX, "the path \"\" is not keys joined by dots, such as links.0.delay"},
      {"a.", MSIM_ERR_SYNTAX, "the path \"a.\" is not keys"},
      {".a", MSIM_ERR_SYNTAX, "the path \".a\" is not keys"},
      {"\"a", MSIM_ERR_SYNTAX, "the path \"\\\"a\" is not keys"},
      {"\"a\"b", MSIM_ERR_SYNTAX, "the path"},
      {"links.2x.delay", MSIM_ERR_NOT_FOUND, "there is no item \"2x\" in this list"},
      {"links.3", MSIM_ERR_NOT_FOUND, "there is no item \"3\" in this list"},
      {"links.99999999999999999999999", MSIM_ERR_NOT_FOUND, "there is no item"},
      {"hosts.d.ttl", MSIM_ERR_NOT_FOUND, "there is no \"d\" here to put something into; is it spelt right?"},
      {"links.2.delay", MSIM_ERR_NOT_FOUND, "there is no \"2\" here"},
      {"word.x", MSIM_ERR_NOT_FOUND, "\"x\" cannot be there: what it should lie in is a single value"},
      {"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", MSIM_ERR_LIMIT, "the path"},
  };
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(set(&s, text, rows[i].path, "1", 0), rows[i].err);
    assert_memory_equal(s.diag.text, rows[i].why, strlen(rows[i].why));
    assert_ptr_equal(s.tree.root, s.before);
    done(&s);
  }
}

static void memory_that_fails_leaves_the_tree(void **state)
{
  struct stage s;
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    err = set(&s, "{i: 1, h: 1, g: 1, f: 1, e: 1, d: 1, c: 1, b: 1}", "a", "2", fail_at);
    assert_true(err == MSIM_OK || (err == MSIM_ERR_NOMEM && s.tree.root == s.before));
    done(&s);
    assert_true(fail_at < 1000);
  }
  assert_true(fail_at > 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_place_that_is_meant_gets_the_value),
      cmocka_unit_test(what_is_missing_is_made),
      cmocka_unit_test(what_cannot_be_set_is_told),
      cmocka_unit_test(memory_that_fails_leaves_the_tree),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
