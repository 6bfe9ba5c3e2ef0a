/* test_imap_grammar.c: the grammar of IMAP by tables of good and bad: words, commands, sets, names, FETCH, SEARCH; and
 * commands that are gathered whole, and byte by byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/imap_command.h"
#include "proto/imap_fetch.h"
#include "proto/imap_gather.h"
#include "proto/imap_mailbox.h"
#include "proto/imap_search.h"
#include "support/exact.h"

#include <stdio.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct msim__mem mem;

static struct msim__imap_cursor cursor_of(struct msim_slice text)
{
  struct msim__imap_cursor c = {(uint8_t *)(uintptr_t)text.data, 0, text.size_bytes};

  return c;
}

static void assert_slice(struct msim_slice got, const char *expected)
{
  char text[300];

  assert_true(got.size_bytes < sizeof text);
  if (got.size_bytes > 0)
    memcpy(text, got.data, got.size_bytes);
  text[got.size_bytes] = '\0';
  assert_string_equal(text, expected);
}

static void strings_are_read_in_all_their_forms(void **state)
{
  static const struct {
    const char *text, *value; /* NULL: none */
    size_t left;
  } rows[] = {
      {"abc def", "abc", 4},
      {"a]b", "a]b", 0},
      {"\"a b\" x", "a b", 2},
      {"\"a\\\"b\\\\\"", "a\"b\\", 0},
      {"{3}\r\na\nb)", "a\nb", 1},
      {"{3+}\r\nabc", "abc", 0},
      {"{0}\r\n", "", 0},
      {"\"\"", "", 0},
      {"\"open", NULL, 5},
      {"\"a\\nb\"", NULL, 6},
      {"\"a\rb\"", NULL, 5},
      {"{4}\r\nabc", NULL, 8},
      {"{3}abc", NULL, 6},
      {"(a", NULL, 2},
      {"", NULL, 0},
      {"\"a\\", NULL, 3},
      {"{3-}\r\nabc", NULL, 9},
      {"{99999999999999999999}\r\n", NULL, 24},
      {"*", NULL, 1},
      {"\"\xc3\xa4\"", "\xc3\xa4", 0},
  };
  size_t i;

  (void)state;
  for (i = 0; i < ROWS(rows); i++) {
    struct msim_slice text = exact_text(rows[i].text), out;
    struct msim__imap_cursor c = cursor_of(text);
    bool found = msim__imap_take_astring(&c, &out);

    assert_int_equal(found, rows[i].value != NULL);
    if (found)
      assert_slice(out, rows[i].value);
    if (found)
      assert_int_equal(c.end - c.at, rows[i].left);
    else
      assert_int_equal(c.at, 0);
    exact_free(text);
  }
}

static void a_string_has_no_nul_and_a_literal_may(void **state)
{
  struct msim_slice text = exact_copy("{2}\r\na\0", 7), out;
  struct msim__imap_cursor c = cursor_of(text);

  (void)state;
  assert_false(msim__imap_take_string(&c, &out));
  assert_int_equal(c.at, 0);
  assert_true(msim__imap_take_literal(&c, &out));
  assert_int_equal(out.size_bytes, 2);
  exact_free(text);
}

static void dates_are_read_and_written(void **state)
{
  static const char *const bad[] = {"\"32-Jan-2026 00:00:00 +0000\"", "\"1-Jan-2026 00:00:00 +0000\" ",
                                    "\"01-Foo-2026 00:00:00 +0000\"", "\"01-Jan-2026 24:00:00 +0000\"",
                                    "\"01-Jan-2026 00:00:00 +2400\"", "\"01-Jan-2026 00:00:00\"",
                                    "01-Jan-2026 00:00:00 +0000"};
  struct msim_slice text = exact_text("\" 7-Feb-1994 21:52:25 -0800\"");
  struct msim__imap_cursor c = cursor_of(text);
  char out[MSIM__IMAP_DATE_TIME_BYTES];
  int64_t unix_s;
  size_t i;

  (void)state;
  assert_true(msim__imap_take_date_time(&c, &unix_s));
  assert_int_equal(unix_s, 760686745);
  msim__imap_date_time_format(out, unix_s, -480);
  assert_string_equal(out, " 7-Feb-1994 21:52:25 -0800");
  msim__imap_date_time_format(out, INT64_MAX / 2, 0);
  assert_string_equal(out, "");
  exact_free(text);
  for (i = 0; i < ROWS(bad); i++) {
    text = exact_text(bad[i]);
    c = cursor_of(text);
    assert_false(msim__imap_take_date_time(&c, &unix_s) && msim__imap_at_end(&c));
    exact_free(text);
  }
  text = exact_text("1-feb-1994 \"02-Feb-1994\" 30-Feb-1994");
  c = cursor_of(text);
  assert_true(msim__imap_take_date(&c, &unix_s));
  assert_int_equal(unix_s, 760060800);
  c.at++;
  assert_true(msim__imap_take_date(&c, &unix_s));
  assert_int_equal(unix_s, 760060800 + 86400);
  c.at++;
  assert_false(msim__imap_take_date(&c, &unix_s));
  exact_free(text);
}

static void commands_have_a_tag_and_a_verb(void **state)
{
  static const struct {
    const char *text, *tag, *verb;
    bool uid, fine;
  } rows[] = {
      {"a1 NOOP", "a1", "NOOP", false, true},
      {"A]b uid fetch 1 FLAGS", "A]b", "fetch", true, true},
      {"a UID", "a", "UID", true, false},
      {"a", "", "", false, false},
      {"a ", "a", "", false, false},
      {"+ NOOP", "", "", false, false},
      {" NOOP", "", "", false, false},
      {"a+b NOOP", "", "", false, false},
      {"", "", "", false, false},
      {"a (NOOP)", "a", "", false, false},
  };
  size_t i;

  (void)state;
  for (i = 0; i < ROWS(rows); i++) {
    struct msim_slice text = exact_text(rows[i].text);
    struct msim__imap_cursor c = cursor_of(text);
    struct msim__imap_command command;

    assert_int_equal(msim__imap_command_parse(&command, &c) == MSIM_OK, rows[i].fine);
    assert_slice(command.tag, rows[i].tag);
    if (rows[i].fine)
      assert_slice(command.verb, rows[i].verb);
    assert_int_equal(command.uid, rows[i].uid);
    exact_free(text);
  }
}

/* Events as letters: M, L (with "+" when it does not wait), D. */
static void gather(const char *stream, size_t piece_bytes, char *out)
{
  struct msim__imap_gather g;
  size_t at = 0, size = strlen(stream), taken;

  memset(&g, 0, sizeof g);
  while (at < size) {
    struct msim_slice part = exact_copy(stream + at, size - at < piece_bytes ? size - at : piece_bytes);
    enum msim__imap_gather_event event = msim__imap_gather_feed(&g, part, &taken);

    at += taken;
    if (event == MSIM__IMAP_GATHER_LITERAL)
      out += sprintf(out, "L%d%s@%d ", (int)g.literal_bytes, g.synchronizing ? "" : "+", (int)at);
    else if (event == MSIM__IMAP_GATHER_DONE)
      out += sprintf(out, "D@%d ", (int)at);
    else
      assert_int_equal(taken, part.size_bytes);
    exact_free(part);
  }
  *out = '\0';
}

static void commands_end_where_they_end_in_pieces_of_any_size(void **state)
{
  static const struct {
    const char *stream, *events;
  } rows[] = {
      {"a NOOP\r\nb NOOP\r\n", "D@8 D@16 "},
      {"a LOGIN {3}\r\nb\r\n {2+}\r\npw\r\n", "L3@13 L2+@23 D@27 "},
      {"a X \"{3}\r\nb\r\n", "D@10 D@13 "},
      {"a X \"\\\"{3}\" {1}\r\nx\r\n", "L1@17 D@20 "},
      {"a X {}\r\na X {3 }\r\na X {3}x\r\n", "D@8 D@18 D@28 "},
      {"a X\n\r\n\r\n", "D@6 D@8 "},
      {"a {0}\r\n\r\n", "L0@7 D@9 "},
      {"a {2}\r\n\r\n\r\n", "L2@7 D@11 "},
      {"a X {3}", ""},
      {"a {3}\n\r\n", "D@8 "},
      {"a {3}\r\r\n", "D@8 "},
  };
  size_t i, piece;

  (void)state;
  for (i = 0; i < ROWS(rows); i++)
    for (piece = 1; piece < 40; piece++) {
      char events[200];

      gather(rows[i].stream, piece, events);
      assert_string_equal(events, rows[i].events);
    }
}

static void sets_are_put_in_order(void **state)
{
  static const struct {
    const char *text, *ranges; /* NULL: none */
    uint32_t largest;
  } rows[] = {
      {"1", "1-1 ", 9},
      {"5:3,1,4:8", "1-1 3-8 ", 9},
      {"*", "9-9 ", 9},
      {"12:*", "9-12 ", 9},
      {"*:2", "2-9 ", 9},
      {"1:2,3", "1-3 ", 9},
      {"*", "", 0},
      {"1,3:*", "1-1 ", 0},
      {"4294967295,1", "1-1 4294967295-4294967295 ", 9},
      {"*:*,1", "1-1 9-9 ", 9},
      {"0", NULL, 9},
      {"1,", NULL, 9},
      {"1:", NULL, 9},
      {",1", NULL, 9},
      {"4294967296", NULL, 9},
      {"", NULL, 9},
      {"a", NULL, 9},
      {"1:0", NULL, 9},
  };
  size_t i, k;

  (void)state;
  for (i = 0; i < ROWS(rows); i++) {
    struct msim_slice text = exact_text(rows[i].text);
    struct msim__imap_cursor c = cursor_of(text);
    struct msim__imap_set set = {NULL, 0, 0, false};
    int err = msim__imap_take_set(&c, &set, &mem);
    char out[200] = "";

    assert_int_equal(err, rows[i].ranges != NULL ? MSIM_OK : MSIM_ERR_SYNTAX);
    if (err == MSIM_OK) {
      msim__imap_set_resolve(&set, rows[i].largest);
      for (k = 0; k < set.count; k++)
        sprintf(out + strlen(out), "%u-%u ", (unsigned)set.ranges[k].first, (unsigned)set.ranges[k].last);
      assert_string_equal(out, rows[i].ranges);
      for (k = 0; k < set.count; k++)
        assert_true(msim__imap_set_has(&set, set.ranges[k].first) && msim__imap_set_has(&set, set.ranges[k].last));
      assert_false(msim__imap_set_has(&set, 100));
    }
    msim__imap_set_release(&set, &mem);
    exact_free(text);
  }
  assert_int_equal(mem.held_bytes, 0);
}

static void names_go_through_modified_utf7_and_back(void **state)
{
  static const struct {
    const char *utf7, *utf8;
  } good[] = {
      {"INBOX", "INBOX"},
      {"R&AOk-sum&AOk-", "R\xc3\xa9sum\xc3\xa9"},
      {"&U,BTFw-", "\xe5\x8f\xb0\xe5\x8c\x97"},
      {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
      {"a&-b", "a&b"},
      {"&2D3eAA-", "\xf0\x9f\x98\x80"},
      {"", ""},
  };
  static const char *const bad[] = {"&",      "&AOk",  "&Jjo!", "&U,BTFw-&ZeVnLIqe-", "\xc3\xa9", "&AGEAYg-", "&2D0-",
                                    "&AOkA-", "&AOl-", "a\tb"};
  uint8_t out[100];
  size_t i, n;

  (void)state;
  for (i = 0; i < ROWS(good); i++) {
    struct msim_slice utf7 = exact_text(good[i].utf7), utf8 = exact_text(good[i].utf8);

    assert_int_equal(msim__imap_utf7_decode(utf7, out, sizeof out, &n), MSIM_OK);
    assert_slice((struct msim_slice){out, n}, good[i].utf8);
    assert_int_equal(msim__imap_utf7_encode(utf8, out, sizeof out, &n), MSIM_OK);
    assert_slice((struct msim_slice){out, n}, good[i].utf7);
    if (n > 0)
      assert_int_equal(msim__imap_utf7_encode(utf8, out, n - 1, &n), MSIM_ERR_LIMIT);
    exact_free(utf7);
    exact_free(utf8);
  }
  for (i = 0; i < ROWS(bad); i++) {
    struct msim_slice text = exact_text(bad[i]);

    assert_int_equal(msim__imap_utf7_decode(text, out, sizeof out, &n), MSIM_ERR_SYNTAX);
    exact_free(text);
  }
  assert_int_equal(msim__imap_utf7_encode((struct msim_slice){(const uint8_t *)"\xed\xa0\x80", 3}, out, 100, &n),
                   MSIM_ERR_SYNTAX);
}

static void patterns_match_as_in_list(void **state)
{
  static const struct {
    const char *pattern, *name;
    bool matches;
  } rows[] = {
      {"*", "a/b", true},
      {"%", "a/b", false},
      {"%", "a", true},
      {"a/%", "a/b", true},
      {"a/%", "a/b/c", false},
      {"a/*", "a/b/c", true},
      {"inbox", "INBOX", true},
      {"iNbOx/x", "INBOX/x", true},
      {"A", "a", false},
      {"", "", true},
      {"", "a", false},
      {"*c", "a/b/c", true},
      {"%/c", "a/b/c", false},
      {"*/c", "a/b/c", true},
      {"%/%", "a/b", true},
      {"%b%/*d", "abc/x/d", true},
      {"*%", "a/b", true},
      {"%*", "a/b", true},
      {"a", "ab", false},
      {"**b**", "a/b", true},
      {"inboxes", "INBOXes", false},
  };
  size_t i;

  (void)state;
  for (i = 0; i < ROWS(rows); i++) {
    struct msim_slice pattern = exact_text(rows[i].pattern), name = exact_text(rows[i].name);

    assert_int_equal(msim__imap_pattern_matches(pattern, name), rows[i].matches);
    exact_free(pattern);
    exact_free(name);
  }
}

static int parse_fetch(const char *words, struct msim__imap_fetch *fetch, struct msim_slice *text)
{
  struct msim__imap_cursor c;
  int err;

  *text = exact_text(words);
  c = cursor_of(*text);
  memset(fetch, 0, sizeof *fetch);
  err = msim__imap_take_fetch(&c, fetch, &mem);
  return err == MSIM_OK && !msim__imap_at_end(&c) ? MSIM_ERR_SYNTAX : err;
}

static void fetch_items_are_taken_apart(void **state)
{
  static const char *const bad[] = {"",
                                    "()",
                                    "(FLAGS",
                                    "FLAGS UID",
                                    "BODY[",
                                    "BODY[1.]",
                                    "BODY[MIME]",
                                    "BODY[0]",
                                    "BODY.PEEK",
                                    "BODY[]<0>",
                                    "BODY[]<0.0>",
                                    "BODY[FOO]",
                                    "(ALL)",
                                    "(FLAGS  UID)",
                                    "BODY[HEADER.FIELDS]",
                                    "BODY[HEADER.FIELDS ()]",
                                    "BODY[1.HEADER.FIELDS (A B]",
                                    "NONE",
                                    "BODY[01.]"};
  struct msim__imap_fetch fetch;
  struct msim_slice text;
  size_t i;

  (void)state;
  assert_int_equal(
      parse_fetch("(FLAGS uid BODY.PEEK[1.2.HEADER.FIELDS (From \"X Y\")]<5.10> RFC822.SIZE)", &fetch, &text), MSIM_OK);
  assert_int_equal(fetch.count, 4);
  assert_false(fetch.sets_seen);
  assert_int_equal(fetch.items[1].kind, MSIM__IMAP_FETCH_UID);
  assert_int_equal(fetch.items[2].section.kind, MSIM__IMAP_SECTION_FIELDS);
  assert_int_equal(fetch.items[2].section.path_count, 2);
  assert_int_equal(fetch.items[2].section.path[1], 2);
  assert_slice(fetch.names[fetch.items[2].section.name_first + 1], "X Y");
  assert_true(fetch.items[2].is_partial && fetch.items[2].part_at == 5 && fetch.items[2].part_bytes == 10);
  msim__imap_fetch_release(&fetch, &mem);
  exact_free(text);
  assert_int_equal(parse_fetch("full", &fetch, &text), MSIM_OK);
  assert_int_equal(fetch.count, 5);
  msim__imap_fetch_release(&fetch, &mem);
  exact_free(text);
  assert_int_equal(parse_fetch("BODY[3.MIME]", &fetch, &text), MSIM_OK);
  assert_true(fetch.sets_seen);
  msim__imap_fetch_release(&fetch, &mem);
  exact_free(text);
  for (i = 0; i < ROWS(bad); i++) {
    assert_int_equal(parse_fetch(bad[i], &fetch, &text), MSIM_ERR_SYNTAX);
    msim__imap_fetch_release(&fetch, &mem);
    exact_free(text);
  }
  assert_int_equal(mem.held_bytes, 0);
}

static int parse_search(const char *words, struct msim__imap_search *search, struct msim_slice *text)
{
  struct msim__imap_cursor c;

  *text = exact_text(words);
  c = cursor_of(*text);
  memset(search, 0, sizeof *search);
  return msim__imap_take_search(&c, search, &mem);
}

static void search_keys_become_a_tree(void **state)
{
  static const char *const good[] = {"ALL",
                                     "unseen 1:* UID 5,7",
                                     "OR (FROM a TO b) NOT NOT DELETED",
                                     "SINCE 1-Feb-1994 HEADER Message-ID \"<x@y>\" LARGER 5",
                                     "KEYWORD $work",
                                     "MODSEQ 620162338",
                                     "MODSEQ \"/flags/\\\\draft\" all 5",
                                     "((((ALL))))",
                                     "$"};
  static const char *const bad[] = {"",     "FOO",      "OR ALL", "NOT",      "ALL ",      "(ALL",
                                    "ALL)", "BEFORE x", "FROM",   "HEADER a", "LARGER -1", "KEYWORD \\Seen",
                                    "UID",  "ALL  ALL", "()",     "0"};
  struct msim__imap_search search;
  struct msim_slice text;
  char deep[300];
  size_t i;

  (void)state;
  for (i = 0; i < ROWS(good) + ROWS(bad); i++) {
    int err = parse_search(i < ROWS(good) ? good[i] : bad[i - ROWS(good)], &search, &text);

    assert_int_equal(err, i < ROWS(good) ? MSIM_OK : MSIM_ERR_SYNTAX);
    msim__imap_search_release(&search, &mem);
    exact_free(text);
  }
  assert_int_equal(parse_search("OR SEEN NOT (FLAGGED 3) SUBJECT x", &search, &text), MSIM_OK);
  i = search.nodes[0].child;
  assert_int_equal(search.nodes[i].kind, MSIM__IMAP_SEARCH_OR);
  assert_int_equal(search.nodes[search.nodes[i].child].kind, MSIM__IMAP_SEARCH_SEEN);
  assert_int_equal(search.nodes[search.nodes[search.nodes[i].child].next].kind, MSIM__IMAP_SEARCH_NOT);
  assert_int_equal(search.nodes[search.nodes[i].next].kind, MSIM__IMAP_SEARCH_SUBJECT);
  msim__imap_search_release(&search, &mem);
  exact_free(text);
  memset(deep, '(', 120);
  strcpy(deep + 120, "ALL");
  assert_int_equal(parse_search(deep, &search, &text), MSIM_ERR_LIMIT);
  msim__imap_search_release(&search, &mem);
  exact_free(text);
  assert_int_equal(mem.held_bytes, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strings_are_read_in_all_their_forms),
      cmocka_unit_test(a_string_has_no_nul_and_a_literal_may),
      cmocka_unit_test(dates_are_read_and_written),
      cmocka_unit_test(commands_have_a_tag_and_a_verb),
      cmocka_unit_test(commands_end_where_they_end_in_pieces_of_any_size),
      cmocka_unit_test(sets_are_put_in_order),
      cmocka_unit_test(names_go_through_modified_utf7_and_back),
      cmocka_unit_test(patterns_match_as_in_list),
      cmocka_unit_test(fetch_items_are_taken_apart),
      cmocka_unit_test(search_keys_become_a_tree),
  };

  msim__mem_init(&mem, NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
