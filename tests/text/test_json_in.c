/* Tests of lib/text/json_in.c: JSON by RFC 8259, and what is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/json_in.h"
#include "support/exact.h"
#include "support/fail_mem.h"

#include <stdio.h>
#include <string.h>

static int parse(struct msim__arena *arena, const char *data, size_t size_bytes, const struct msim__json_node **out)
{
  struct msim_slice text = exact_copy(data, size_bytes);
  const char *why = NULL;
  int err = msim__json_parse(arena, text, out, &why);

  exact_free(text);
  assert_non_null(why);
  assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM || *why != '\0');
  assert_true((err == MSIM_OK) == (*out != NULL));
  return err;
}

static void an_object_with_everything_when_read_then_all_of_it_is_there(void **state)
{
  static const char text[] =
      " {\"t\":true,\"f\":false,\"n\":null, \"i\":-12,\"big\":9223372036854775807,\"more\":"
      "9223372036854775808,\"x\":1.5e3,\"s\":\"a\\n\\u00fc\\ud83d\\ude00\\\"\",\"l\":[1,[],{}]}\r\n";
  struct msim__mem mem;
  struct msim__arena arena;
  const struct msim__json_node *root, *item;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__arena_init(&arena, &mem);
  assert_int_equal(parse(&arena, text, sizeof text - 1, &root), MSIM_OK);
  assert_int_equal(root->kind, MSIM__JSON_OBJECT);
  assert_int_equal(root->u.items.count, 9);
  assert_true(msim__json_find(root, "t")->u.truth);
  assert_int_equal(msim__json_find(root, "f")->kind, MSIM__JSON_BOOL);
  assert_false(msim__json_find(root, "f")->u.truth);
  assert_int_equal(msim__json_find(root, "n")->kind, MSIM__JSON_NULL);
  assert_int_equal(msim__json_find(root, "i")->u.integer, -12);
  assert_true(msim__json_find(root, "big")->u.integer == INT64_MAX);
  assert_int_equal(msim__json_find(root, "more")->kind, MSIM__JSON_NUMBER);
  assert_int_equal(msim__json_find(root, "x")->kind, MSIM__JSON_NUMBER);
  item = msim__json_find(root, "s");
  assert_int_equal(item->u.text.size_bytes, 9);
  assert_memory_equal(item->u.text.data, "a\n\xc3\xbc\xf0\x9f\x98\x80\"", 9);
  item = msim__json_find(root, "l");
  assert_int_equal(item->u.items.count, 3);
  assert_int_equal(item->u.items.first->next->kind, MSIM__JSON_LIST);
  assert_int_equal(item->u.items.first->next->next->kind, MSIM__JSON_OBJECT);
  assert_null(msim__json_find(root, "absent"));
  assert_null(msim__json_find(item, "l"));
  msim__arena_release(&arena);
}

static void texts_that_are_no_json_are_refused(void **state)
{
  static const char *const rows[] = {
      "",
      " ",
      "{",
      "}",
      "[1,]",
      "[1 2]",
      "{\"a\"}",
      "{\"a\":}",
      "{\"a\":1,}",
      "{a:1}",
      "{'a':1}",
      "tru",
      "nul",
      "TRUE",
      "01",
      "-",
      "-a",
      "1.",
      ".5",
      "1e",
      "1e+",
      "+1",
      "NaN",
      "Infinity",
      "-Infinity",
      "\"",
      "\"a",
      "\"\\x\"",
      "\"\\u12\"",
      "\"\\u12g4\"",
      "\"\t\"",
      "\"\x01\"",
      "1 2",
      "{} {}",
      "\"\xff\"",
      "\"\xc0\x80\"",
      "\"\xed\xa0\x80\"",
      "\"\xe2\x82\"",
      "{\"a\":1,\"a\":2}",
      "{\"a\":1,\"\\u0061\":2}",
      "\xef\xbb\xbf{}",
      "[1}",
      "{\"a\":1]",
      "// x\n1",
      "\"\\",
  };
  struct msim__mem mem;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim__arena arena;
    const struct msim__json_node *root;

    msim__arena_init(&arena, &mem);
    if (parse(&arena, rows[i], strlen(rows[i]), &root) != MSIM_ERR_SYNTAX)
      fail_msg("row %zu is taken: %s", i, rows[i]);
    msim__arena_release(&arena);
  }
  assert_int_equal(mem.held_bytes, 0);
}

static void zero_bytes_and_lone_surrogates_in_texts_are_kept(void **state)
{
  struct msim__mem mem;
  struct msim__arena arena;
  const struct msim__json_node *root;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__arena_init(&arena, &mem);
  assert_int_equal(parse(&arena, "\"a\\u0000b\"", 10, &root), MSIM_OK);
  assert_int_equal(root->u.text.size_bytes, 3);
  assert_memory_equal(root->u.text.data, "a\0b", 3);
  assert_int_equal(parse(&arena, "\"\\ud800x\"", 9, &root), MSIM_OK);
  assert_int_equal(root->u.text.size_bytes, 4);
  assert_memory_equal(root->u.text.data, "\xed\xa0\x80x", 4);
  msim__arena_release(&arena);
}

static void nesting_and_members_are_bounded(void **state)
{
  struct msim__mem mem;
  struct msim__arena arena;
  const struct msim__json_node *root;
  static char text[40000];
  size_t depth, used, i;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__arena_init(&arena, &mem);
  for (depth = MSIM__JSON_IN_DEPTH_MAX; depth <= MSIM__JSON_IN_DEPTH_MAX + 1; depth++) {
    /* the innermost list is not empty, so that it counts */
    memset(text, '[', depth);
    text[depth] = '1';
    memset(text + depth + 1, ']', depth);
    assert_int_equal(parse(&arena, text, 2 * depth + 1, &root),
                     depth <= MSIM__JSON_IN_DEPTH_MAX ? MSIM_OK : MSIM_ERR_LIMIT);
  }
  memset(text, '[', sizeof text);
  assert_int_equal(parse(&arena, text, sizeof text, &root), MSIM_ERR_LIMIT);
  for (i = 0, used = 0; i <= MSIM__JSON_IN_MEMBERS_MAX; i++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s\"k%zu\":1", i == 0 ? "{" : ",", i);
  assert_int_equal(parse(&arena, text, used, &root), MSIM_ERR_LIMIT);
  msim__arena_release(&arena);
}

static void every_cut_of_a_text_is_refused_or_read_and_nothing_behind_it_is_touched(void **state)
{
  static const char text[] = "{\"a\":[1,-2.5e+3,true,null,\"\\u00fc\\n\xc3\xbc\"],\"b\":{\"c\":\"d\"}}";
  struct msim__mem mem;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (i = 0; i < sizeof text; i++) {
    struct msim__arena arena;
    const struct msim__json_node *root;

    msim__arena_init(&arena, &mem);
    assert_int_equal(parse(&arena, text, i, &root), i == sizeof text - 1 ? MSIM_OK : MSIM_ERR_SYNTAX);
    msim__arena_release(&arena);
  }
}

static void whole_numbers_at_their_ends_when_asked_for_are_exact_or_refused(void **state)
{
  static const struct {
    const char *text;
    bool is_uint;
    uint64_t value;
  } rows[] = {{"0", true, 0},
              {"-0", true, 0},
              {"-1", false, 0},
              {"9223372036854775808", true, UINT64_C(9223372036854775808)},
              {"18446744073709551615", true, UINT64_MAX},
              {"18446744073709551616", false, 0},
              {"1.0", false, 0},
              {"1e3", false, 0},
              {"\"1\"", false, 0}};
  struct msim__mem mem;
  struct msim__arena arena;
  const struct msim__json_node *root;
  struct msim_slice text;
  const char *why;
  uint64_t value;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__arena_init(&arena, &mem);
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    text.data = (const uint8_t *)rows[i].text;
    text.size_bytes = strlen(rows[i].text);
    assert_int_equal(msim__json_parse(&arena, text, &root, &why), MSIM_OK);
    assert_int_equal(msim__json_uint_of(root, &value), rows[i].is_uint);
    if (rows[i].is_uint)
      assert_true(value == rows[i].value);
  }
  text.data = (const uint8_t *)"-9223372036854775808";
  text.size_bytes = 20;
  assert_int_equal(msim__json_parse(&arena, text, &root, &why), MSIM_OK);
  assert_int_equal(root->kind, MSIM__JSON_INT);
  assert_true(root->u.integer == INT64_MIN);
  msim__arena_release(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_numbers_at_their_ends_when_asked_for_are_exact_or_refused),
      cmocka_unit_test(an_object_with_everything_when_read_then_all_of_it_is_there),
      cmocka_unit_test(texts_that_are_no_json_are_refused),
      cmocka_unit_test(zero_bytes_and_lone_surrogates_in_texts_are_kept),
      cmocka_unit_test(nesting_and_members_are_bounded),
      cmocka_unit_test(every_cut_of_a_text_is_refused_or_read_and_nothing_behind_it_is_touched),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
