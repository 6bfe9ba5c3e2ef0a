/* test_fields.c: filling a struct from a YAML map: every kind, every fallback rule, every sentence. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agents/fields.h"
#include "support/fail_mem.h"
#include "text/yaml_tree.h"

/* ---- a table with every kind ---- */

struct send {
  msim_ns at_ns;
  const char *to;
};

struct pair {
  const char *key;
  uint64_t value;
};

struct config {
  bool truth;
  uint64_t number;
  msim_ns wait_ns;
  uint64_t room_bytes, speed_bps;
  uint32_t share_ppm;
  const char *text, *host;
  int colour;
  struct msim_cidr net;
  struct msim_list numbers, sends, map;
  struct send *one;
};

static const char *check_at(const char *text)
{
  return strchr(text, '@') != NULL ? NULL : "there is no @ in this address";
}

static const char *const colours[] = {"red", "green", "blue", NULL};

#define END                                                                                                            \
  {                                                                                                                    \
    NULL, MSIM_FIELD_BOOL, 0, NULL, NULL, 0, NULL, 0, 0, NULL, NULL                                                    \
  }

static const struct msim_field send_fields[] = {
    {"at", MSIM_FIELD_DURATION_NS, offsetof(struct send, at_ns), "1s", NULL, 0, NULL, 0, 0, NULL, NULL},
    {"to", MSIM_FIELD_TEXT, offsetof(struct send, to), NULL, NULL, 0, NULL, 0, 0, check_at, NULL},
    END,
};
static const struct msim_field number_item[] = {
    {"number", MSIM_FIELD_UINT, 0, NULL, NULL, 0, NULL, 1, 100, NULL, NULL},
};
static const struct msim_field send_item[] = {
    {"send", MSIM_FIELD_STRUCT, 0, NULL, send_fields, sizeof(struct send), NULL, 0, 0, NULL, NULL},
};
static const struct msim_field pair_item[] = {
    {"value", MSIM_FIELD_UINT, offsetof(struct pair, value), NULL, NULL, 0, NULL, 0, 0, NULL, NULL},
};

#define FIELD(key, kind, member, fallback)                                                                             \
  {                                                                                                                    \
    key, kind, offsetof(struct config, member), fallback, NULL, 0, NULL, 0, 0, NULL, NULL                              \
  }

static const struct msim_field fields[] = {
    FIELD("truth", MSIM_FIELD_BOOL, truth, "true"),
    {"number", MSIM_FIELD_UINT, offsetof(struct config, number), "7", NULL, 0, NULL, 1, 1000, NULL, NULL},
    {"wait", MSIM_FIELD_DURATION_NS, offsetof(struct config, wait_ns), "10ms", NULL, 0, NULL, 1000, 3000000000u, NULL,
     NULL},
    {"room", MSIM_FIELD_SIZE_BYTES, offsetof(struct config, room_bytes), "64KiB", NULL, 0, NULL, 0, 1048576, NULL,
     NULL},
    {"speed", MSIM_FIELD_RATE_BPS, offsetof(struct config, speed_bps), "", NULL, 0, NULL, 1000, 0, NULL, NULL},
    {"share", MSIM_FIELD_PPM, offsetof(struct config, share_ppm), "2%", NULL, 0, NULL, 0, 500000, NULL, NULL},
    FIELD("text", MSIM_FIELD_TEXT, text, ""),
    FIELD("host", MSIM_FIELD_HOST, host, ""),
    {"colour", MSIM_FIELD_ENUM, offsetof(struct config, colour), "green", NULL, 0, colours, 0, 0, NULL, NULL},
    FIELD("net", MSIM_FIELD_CIDR, net, ""),
    {"numbers", MSIM_FIELD_LIST, offsetof(struct config, numbers), "[4, 5]", number_item, sizeof(uint64_t), NULL, 0, 3,
     NULL, NULL},
    {"sends", MSIM_FIELD_LIST, offsetof(struct config, sends), "", send_item, sizeof(struct send *), NULL, 0, 0, NULL,
     NULL},
    {"map", MSIM_FIELD_MAP, offsetof(struct config, map), "", pair_item, sizeof(struct pair), NULL, 1, 0, NULL, NULL},
    {"one", MSIM_FIELD_STRUCT, offsetof(struct config, one), "", send_fields, sizeof(struct send), NULL, 0, 0, NULL,
     NULL},
    END,
};

/* ---- running it ---- */

struct run {
  struct fail_mem memory;
  struct msim__mem mem;
  struct msim__arena arena;
  struct msim__yaml tree;
  struct msim__fill fill;
  struct config config;
  const char *const *other_keys;
  bool keep_absent;
  char said[2048];
};

static void hear(void *user, const struct msim_diag *diag)
{
  struct run *run = user;
  size_t used = strlen(run->said);

  snprintf(run->said + used, sizeof run->said - used, "%s:%u:%u: %s\n", diag->file, diag->line, diag->column,
           diag->text);
}

static int knows_mx(void *ctx, const char *text, char *why, size_t why_bytes)
{
  (void)ctx;
  if (strcmp(text, "mx") == 0)
    return 0;
  snprintf(why, why_bytes, "is no host here");
  return -1;
}

static void open_run(struct run *run, uint64_t fail_at)
{
  memset(run, 0, sizeof *run);
  fail_mem_init(&run->memory, fail_at);
  msim__mem_init(&run->mem, &run->memory.hook);
  msim__arena_init(&run->arena, &run->mem);
  run->fill.arena = &run->arena;
  run->fill.fn = hear;
  run->fill.user = run;
  run->fill.check_host = knows_mx;
}

static int fill_with(struct run *run, const struct msim_field *table, const char *yaml, void *config)
{
  struct msim_slice text = {(const uint8_t *)yaml, strlen(yaml)};
  int err = msim__yaml_parse(&run->tree, &run->mem, "f", text, hear, run);

  if (err == 0)
    err = msim__fields_fill(&run->fill, table, run->tree.root, run->other_keys, run->keep_absent, config);
  msim__yaml_release(&run->tree);
  return err;
}

static int fill(struct run *run, const char *yaml)
{
  return fill_with(run, fields, yaml, &run->config);
}

static void close_run(struct run *run)
{
  msim__arena_release(&run->arena);
  assert_true(fail_mem_clean(&run->memory));
}

/* ---- values ---- */

static void fill_when_empty_then_fallbacks(void **state)
{
  struct run run;
  const uint64_t *numbers;

  (void)state;
  open_run(&run, 0);
  assert_int_equal(fill(&run, ""), 0);
  assert_string_equal(run.said, "");
  assert_true(run.config.truth);
  assert_int_equal(run.config.number, 7);
  assert_int_equal(run.config.wait_ns, 10000000);
  assert_int_equal(run.config.room_bytes, 65536);
  assert_int_equal(run.config.speed_bps, 0);
  assert_int_equal(run.config.share_ppm, 20000);
  assert_null(run.config.text);
  assert_null(run.config.host);
  assert_int_equal(run.config.colour, 1);
  assert_int_equal(run.config.net.addr.family, MSIM_FAMILY_NONE);
  assert_int_equal(run.config.numbers.count, 2);
  numbers = run.config.numbers.items;
  assert_int_equal(numbers[0], 4);
  assert_int_equal(numbers[1], 5);
  assert_int_equal(run.config.sends.count, 0);
  assert_int_equal(run.config.map.count, 0);
  assert_null(run.config.one);
  close_run(&run);
}

static void fill_when_all_kinds_then_values(void **state)
{
  static const char yaml[] = "truth: false\nnumber: 42\nwait: 1.5s\nroom: 1KiB\nspeed: 10Mbit/s\nshare: 150ppm\n"
                             "text: Grüße\nhost: mx\ncolour: blue\nnet: 192.0.2.0/24\nnumbers: [1, 100]\n"
                             "sends: [{to: a@b}, {to: c@d, at: 2s}]\nmap: {z: 1, a: 2}\none: {to: x@y}\n";
  struct run run;
  struct send *const *sends;
  const struct pair *pairs;

  (void)state;
  open_run(&run, 0);
  assert_int_equal(fill(&run, yaml), 0);
  assert_string_equal(run.said, "");
  assert_false(run.config.truth);
  assert_int_equal(run.config.number, 42);
  assert_int_equal(run.config.wait_ns, 1500000000);
  assert_int_equal(run.config.room_bytes, 1024);
  assert_int_equal(run.config.speed_bps, 10000000);
  assert_int_equal(run.config.share_ppm, 150);
  assert_string_equal(run.config.text, "Gr\xc3\xbc\xc3\x9f"
                                       "e");
  assert_string_equal(run.config.host, "mx");
  assert_int_equal(run.config.colour, 2);
  assert_int_equal(run.config.net.addr.family, MSIM_FAMILY_IPV4);
  assert_memory_equal(run.config.net.addr.bytes, "\xc0\x00\x02\x00", 4);
  assert_int_equal(run.config.net.prefix_bits, 24);
  assert_int_equal(run.config.numbers.count, 2);
  sends = run.config.sends.items;
  assert_int_equal(run.config.sends.count, 2);
  assert_string_equal(sends[0]->to, "a@b");
  assert_int_equal(sends[0]->at_ns, 1000000000);
  assert_string_equal(sends[1]->to, "c@d");
  assert_int_equal(sends[1]->at_ns, 2000000000);
  pairs = run.config.map.items;
  assert_int_equal(run.config.map.count, 2);
  assert_string_equal(pairs[0].key, "z");
  assert_int_equal(pairs[0].value, 1);
  assert_string_equal(pairs[1].key, "a");
  assert_string_equal(run.config.one->to, "x@y");
  close_run(&run);
}

static void fill_when_numbered_then_n_is_replaced_everywhere(void **state)
{
  static const char yaml[] = "text: pc{n}-{n}\nnumber: \"{n}\"\nwait: \"{n}ms\"\nmap: {\"k{n}\": \"{n}\"}\n"
                             "numbers: [\"{n}\", 3]\n";
  const uint32_t number = 17;
  struct run run;

  (void)state;
  open_run(&run, 0);
  run.fill.number = &number;
  assert_int_equal(fill(&run, yaml), 0);
  assert_string_equal(run.said, "");
  assert_string_equal(run.config.text, "pc17-17");
  assert_int_equal(run.config.number, 17);
  assert_int_equal(run.config.wait_ns, 17000000);
  assert_string_equal(((const struct pair *)run.config.map.items)->key, "k17");
  assert_int_equal(((const struct pair *)run.config.map.items)->value, 17);
  assert_int_equal(((const uint64_t *)run.config.numbers.items)[0], 17);
  close_run(&run);
}

static void fill_when_not_numbered_then_n_stays(void **state)
{
  struct run run;

  (void)state;
  open_run(&run, 0);
  assert_int_equal(fill(&run, "text: pc{n}\n"), 0);
  assert_string_equal(run.config.text, "pc{n}");
  close_run(&run);
}

static void fill_when_keep_absent_then_members_stay(void **state)
{
  struct run run;

  (void)state;
  open_run(&run, 0);
  run.keep_absent = true;
  run.config.number = 99;
  run.config.colour = 2;
  assert_int_equal(fill(&run, "share: 1%"), 0);
  assert_int_equal(run.config.number, 99);
  assert_int_equal(run.config.colour, 2);
  assert_int_equal(run.config.share_ppm, 10000);
  assert_false(run.config.truth);
  close_run(&run);
}

static void fill_when_other_keys_then_they_are_known_and_suggested(void **state)
{
  static const char *const other[] = {"queue", NULL};
  struct run run;

  (void)state;
  open_run(&run, 0);
  run.other_keys = other;
  assert_int_equal(fill(&run, "queue: [anything]"), 0);
  assert_int_equal(fill(&run, "queeu: 1"), MSIM_ERR_SYNTAX);
  assert_string_equal(run.said, "f:1:1: unknown key \"queeu\" (did you mean \"queue\"?)\n");
  close_run(&run);
}

static void list_when_single_value_then_list_of_one(void **state)
{
  struct run run;

  (void)state;
  open_run(&run, 0);
  assert_int_equal(fill(&run, "numbers: 12"), 0);
  assert_int_equal(run.config.numbers.count, 1);
  assert_int_equal(((const uint64_t *)run.config.numbers.items)[0], 12);
  close_run(&run);
}

static void cidr_when_written_then_address_and_prefix(void **state)
{
  static const struct {
    const char *text;
    unsigned prefix;
  } cases[] = {{"10.0.0.0/8", 8},   {"10.0.0.1", 32},        {"0.0.0.0/0", 0},
               {"10.1.2.3/32", 32}, {"'2001:db8::/32'", 32}, {"'::1'", 128}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct run run;
    char yaml[64];

    open_run(&run, 0);
    snprintf(yaml, sizeof yaml, "net: %s", cases[i].text);
    assert_int_equal(fill(&run, yaml), 0);
    assert_int_equal(run.config.net.prefix_bits, cases[i].prefix);
    close_run(&run);
  }
}

/* ---- findings ---- */

static const struct {
  const char *yaml, *said;
} wrong[] = {
    {"nubmer: 3", "f:1:1: unknown key \"nubmer\" (did you mean \"number\"?)\n"},
    {"elephant: 3", "f:1:1: unknown key \"elephant\"\n"},
    {"truth: yes", "f:1:8: truth: write true, not \"yes\"\n"},
    {"number: 0", "f:1:9: number: 0 is not between 1 and 1000\n"},
    {"number: 1001", "f:1:9: number: 1001 is not between 1 and 1000\n"},
    {"number: many", "f:1:9: number: \"many\" is not a whole number\n"},
    {"wait: 10", "f:1:7: wait: \"10\" needs a unit: ns, us, ms, s, min, h or d\n"},
    {"wait: 999ns", "f:1:7: wait: \"999ns\" is too small: it must be at least 1us\n"},
    {"wait: 4s", "f:1:7: wait: \"4s\" is too large: it must be at most 3s\n"},
    {"wait: [1s]", "f:1:7: wait: a duration such as 10ms is expected here, not a list\n"},
    {"room: 2MiB", "f:1:7: room: \"2MiB\" is too large: it must be at most 1MiB\n"},
    {"speed: 999bit/s", "f:1:8: speed: \"999bit/s\" is too small: it must be at least 1kbit/s\n"},
    {"share: 51%", "f:1:8: share: \"51%\" is too large: it must be at most 50%\n"},
    {"text: {a: b}", "f:1:7: text: a text is expected here, not a map\n"},
    {"text: \"a\\0b\"", "f:1:7: text: a text cannot hold \\0\n"},
    {"host: mix", "f:1:7: host: \"mix\" is no host here\n"},
    {"host: ''", "f:1:7: host: the name of a host is expected here\n"},
    {"colour: gren", "f:1:9: colour: \"gren\" is not known; did you mean \"green\"?\n"},
    {"net: 192.0.2.0/33", "f:1:6: net: \"192.0.2.0/33\" needs a prefix length between 0 and 32 behind the slash\n"},
    {"net: 192.0.2.0/", "f:1:6: net: \"192.0.2.0/\" needs a prefix length between 0 and 32 behind the slash\n"},
    {"net: /24", "f:1:6: net: a network such as 192.0.2.0/24 is expected here, not \"/24\"\n"},
    {"net: 192.0.2/24", "f:1:6: net: a network such as 192.0.2.0/24 is expected here, not \"192.0.2/24\"\n"},
    {"net: [a]", "f:1:6: net: a network such as 192.0.2.0/24 is expected here, not a list or map\n"},
    {"numbers: x", "f:1:10: numbers: \"x\" is not a whole number\n"},
    {"numbers: {a: 1}", "f:1:10: numbers: a list is expected here, not a map\n"},
    {"numbers:", "f:1:9: numbers: a list is expected here, not nothing\n"},
    {"sends: a@b", "f:1:8: sends: a list is expected here, not a single value\n"},
    {"numbers: [1, 2, 3, 4]", "f:1:10: numbers: 4 entries are too many: there must be at most 3\n"},
    {"numbers: [1, x]", "f:1:14: numbers: \"x\" is not a whole number\n"},
    {"map: {}", "f:1:6: map: 0 entries are too few: there must be at least 1\n"},
    {"map: {'': 1}", "f:1:7: map: a key that is empty or holds \\0 cannot be used\n"},
    {"map: {a: b}", "f:1:10: a: \"b\" is not a whole number\n"},
    {"one: {at: 1s}", "f:1:6: the key \"to\" is missing\n"},
    {"one: {to: nobody}", "f:1:11: to: there is no @ in this address\n"},
    {"one: {to: a@b, ta: 1}", "f:1:16: unknown key \"ta\" (did you mean \"at\"?)\n"},
    {"one:", "f:1:5: one: a map is expected here, not nothing\n"},
    {"sends: [{to: a@b}, 3]", "f:1:20: sends: a map is expected here, not a single value\n"},
    /* several at once, each at its place */
    {"number: 0\nwait: 1\n\nwiat: 2s\n", "f:4:1: unknown key \"wiat\" (did you mean \"wait\"?)\n"
                                         "f:1:9: number: 0 is not between 1 and 1000\n"
                                         "f:2:7: wait: \"1\" needs a unit: ns, us, ms, s, min, h or d\n"},
};

static void fill_when_wrong_then_said_where_and_what(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct run run;

    open_run(&run, 0);
    assert_int_equal(fill(&run, wrong[i].yaml), MSIM_ERR_SYNTAX);
    assert_string_equal(run.said, wrong[i].said);
    close_run(&run);
  }
}

static void fill_when_nobody_listens_then_counted(void **state)
{
  struct run run;

  (void)state;
  open_run(&run, 0);
  run.fill.fn = NULL;
  assert_int_equal(fill(&run, "number: 0\nspeed: 1"), MSIM_ERR_SYNTAX);
  assert_int_equal(run.fill.finding_count, 2);
  close_run(&run);
}

static void fill_when_fallback_is_wrong_then_invalid(void **state)
{
  static const struct msim_field broken[] = {
      {"number", MSIM_FIELD_UINT, 0, "ten", NULL, 0, NULL, 0, 0, NULL, NULL},
      END,
  };
  struct run run;
  uint64_t number = 0;

  (void)state;
  open_run(&run, 0);
  assert_int_equal(fill_with(&run, broken, "", &number), MSIM_ERR_INVALID);
  assert_non_null(strstr(run.said, "the fallback of the key \"number\" cannot be used"));
  close_run(&run);
}

struct texts {
  const char *empty, *plain, *quoted, *odd;
};
static const struct msim_field text_fields[] = {
    {"empty", MSIM_FIELD_TEXT, offsetof(struct texts, empty), "\"\"", NULL, 0, NULL, 0, 0, NULL, NULL},
    {"plain", MSIM_FIELD_TEXT, offsetof(struct texts, plain), "a-1.5%/x", NULL, 0, NULL, 0, 0, NULL, NULL},
    {"quoted", MSIM_FIELD_TEXT, offsetof(struct texts, quoted), "\"a: \\\"b\\\"\"", NULL, 0, NULL, 0, 0, NULL, NULL},
    {"odd", MSIM_FIELD_TEXT, offsetof(struct texts, odd), "'-' ", NULL, 0, NULL, 0, 0, NULL, NULL},
    END,
};

static void fill_when_fallback_is_text_then_as_in_yaml(void **state)
{
  struct run run;
  struct texts texts;

  (void)state;
  open_run(&run, 0);
  memset(&texts, 0, sizeof texts);
  assert_int_equal(fill_with(&run, text_fields, "", &texts), 0);
  assert_string_equal(texts.empty, "");
  assert_string_equal(texts.plain, "a-1.5%/x");
  assert_string_equal(texts.quoted, "a: \"b\"");
  assert_string_equal(texts.odd, "-");
  close_run(&run);
}

struct nest {
  struct nest *inner;
};
static const struct msim_field nest_fields[] = {
    {"inner", MSIM_FIELD_STRUCT, offsetof(struct nest, inner), "{}", nest_fields, sizeof(struct nest), NULL, 0, 0, NULL,
     NULL},
    END,
};

static void fill_when_table_contains_itself_then_invalid(void **state)
{
  struct run run;
  struct nest nest = {NULL};

  (void)state;
  open_run(&run, 0);
  assert_int_equal(fill_with(&run, nest_fields, "", &nest), MSIM_ERR_INVALID);
  close_run(&run);
}

static void fill_when_no_table_then_no_keys(void **state)
{
  struct run run;

  (void)state;
  open_run(&run, 0);
  assert_int_equal(fill_with(&run, NULL, "", NULL), 0);
  assert_int_equal(fill_with(&run, NULL, "a: 1", NULL), MSIM_ERR_SYNTAX);
  assert_string_equal(run.said, "f:1:1: unknown key \"a\"\n");
  close_run(&run);
}

static void fill_when_memory_fails_then_nomem_and_no_leak(void **state)
{
  char yaml[16384]; /* long enough for several blocks of the arena */
  size_t used = (size_t)snprintf(yaml, sizeof yaml, "text: hello{n}\nmap: {a: 1, b: 2}\none: {to: x@y}\nsends:\n");
  const uint32_t number = 3;
  uint64_t at, failures = 0;

  (void)state;
  while (used < sizeof yaml - 64)
    used += (size_t)snprintf(yaml + used, sizeof yaml - used, "  - {to: \"a{n}@b\"}\n");
  for (at = 1;; at++) {
    struct run run;
    int err;

    open_run(&run, at);
    run.fill.number = &number;
    err = fill(&run, yaml);
    assert_true(run.memory.failed_count > 0 ? err == MSIM_ERR_NOMEM : err == 0);
    failures += run.memory.failed_count;
    close_run(&run);
    if (err == 0)
      break;
  }
  assert_true(failures > 3);
}

static void has_number_when_anywhere_then_true(void **state)
{
  static const struct {
    const char *yaml;
    bool has;
  } cases[] = {{"a: b", false}, {"a: [x, {y: 'z{n}'}]", true}, {"'{n}': 1", true}, {"{n: 1}", false}, {"", false}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct run run;
    struct msim_slice text = {(const uint8_t *)cases[i].yaml, strlen(cases[i].yaml)};

    open_run(&run, 0);
    assert_int_equal(msim__yaml_parse(&run.tree, &run.mem, "f", text, NULL, NULL), 0);
    assert_int_equal(msim__yaml_has_number(run.tree.root), cases[i].has);
    msim__yaml_release(&run.tree);
    close_run(&run);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fill_when_empty_then_fallbacks),
      cmocka_unit_test(fill_when_all_kinds_then_values),
      cmocka_unit_test(fill_when_numbered_then_n_is_replaced_everywhere),
      cmocka_unit_test(fill_when_not_numbered_then_n_stays),
      cmocka_unit_test(fill_when_keep_absent_then_members_stay),
      cmocka_unit_test(fill_when_other_keys_then_they_are_known_and_suggested),
      cmocka_unit_test(list_when_single_value_then_list_of_one),
      cmocka_unit_test(cidr_when_written_then_address_and_prefix),
      cmocka_unit_test(fill_when_wrong_then_said_where_and_what),
      cmocka_unit_test(fill_when_nobody_listens_then_counted),
      cmocka_unit_test(fill_when_fallback_is_wrong_then_invalid),
      cmocka_unit_test(fill_when_fallback_is_text_then_as_in_yaml),
      cmocka_unit_test(fill_when_table_contains_itself_then_invalid),
      cmocka_unit_test(fill_when_no_table_then_no_keys),
      cmocka_unit_test(fill_when_memory_fails_then_nomem_and_no_leak),
      cmocka_unit_test(has_number_when_anywhere_then_true),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
