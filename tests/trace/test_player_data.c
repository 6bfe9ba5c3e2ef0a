/* Pages made of what was written before: which data is taken, what is refused, two runs on one page, memory that fails.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <mailsim/player.h>

#include <string.h>

#include "support/fail_mem.h"
#include "trace/player_data.h"
#include "trace/player_page.h"

#define RUN "{\"topology\":\"a\",\"list\":[1,{\"x\":\"}]\\\"\"}]}"
#define DATA(run, rest)                                                                                                \
  "{\"schema\":\"mailsim.play/1\",\"producer\":\"p\",\"runs\":[" run "],\"strings\":{\"\":{}}" rest "}"

struct text {
  const char *data;
  size_t at;
};
static char written[400000], told[300];
static size_t written_bytes;

static int read_piece(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct text *text = ctx;
  size_t left = strlen(text->data + text->at);

  *size_bytes = left < 7 ? left : 7;
  assert_true(capacity_bytes >= 7);
  memcpy(data, text->data + text->at, *size_bytes);
  text->at += *size_bytes;
  return MSIM_OK;
}

static int write_piece(void *ctx, const void *data, size_t size_bytes)
{
  size_t *left = ctx; /* calls before it fails */

  if (*left == 0)
    return MSIM_ERR_IO;
  (*left)--;
  assert_true(written_bytes + size_bytes < sizeof written);
  memcpy(written + written_bytes, data, size_bytes);
  written_bytes += size_bytes;
  written[written_bytes] = '\0';
  return MSIM_OK;
}

static void keep(void *user, const struct msim_diag *diag)
{
  (void)user;
  snprintf(told, sizeof told, "%s: %s", diag->file, diag->text);
}

static int pair(const char *a, const char *b, uint64_t fail_at, size_t calls)
{
  struct text texts[2] = {{a, 0}, {b, 0}};
  struct msim_in in[2] = {{&texts[0], read_piece}, {&texts[1], read_piece}};
  static const char *const names[2] = {"a", "b"};
  struct msim_out out = {&calls, write_piece};
  struct fail_mem mem;
  int err;

  written_bytes = 0;
  told[0] = '\0';
  fail_mem_init(&mem, fail_at);
  err = msim_player_pair(&mem.hook, in, names, &out, keep, NULL);
  assert_true(fail_mem_clean(&mem));
  return err;
}

static void members_are_found_by_their_text(void **state)
{
  static const char *const damaged[] = {"",
                                        "[",
                                        "{",
                                        "{\"",
                                        "{\"b",
                                        "{\"b\"",
                                        "{\"b\":",
                                        "{\"b\":1",
                                        "{\"b\":1}",
                                        "{\"b\":[1,",
                                        "{\"b\":\"\\\"",
                                        "{1:2}",
                                        "{\"b\":1 2,\"a\":1}"};
  struct msim_slice object, value;
  char text[200];
  size_t i;

  (void)state;
  snprintf(text, sizeof text, " { \"a\\\"\" : \"}\" , \"list\" :[1, {\"a\":2},[ ]] ,\"a\": true}");
  object.data = (const uint8_t *)text;
  object.size_bytes = strlen(text);
  assert_true(msim__player_member(object, "a", &value));
  assert_int_equal(value.size_bytes, 4);
  assert_memory_equal(value.data, "true", 4);
  assert_true(msim__player_member(object, "list", &value));
  assert_int_equal(msim__player_inside(value, &value), 3);
  assert_int_equal(value.size_bytes, strlen("1, {\"a\":2},[ ]"));
  assert_false(msim__player_member(object, "none", &value));
  for (i = 0; i < sizeof damaged / sizeof *damaged; i++) {
    object.data = (const uint8_t *)damaged[i];
    object.size_bytes = strlen(damaged[i]);
    assert_false(msim__player_member(object, "a", &value));
  }
  object.data = (const uint8_t *)"[]{\"a\":1,\"b\":[2]}[1 2]";
  object.size_bytes = 2;
  assert_int_equal(msim__player_inside(object, &value), 0);
  object.data += 2;
  object.size_bytes = 15;
  assert_int_equal(msim__player_inside(object, &value), 2);
  object.data += 15;
  object.size_bytes = 5;
  assert_int_equal(msim__player_inside(object, &value), 0);
}

static void two_runs_come_on_one_page(void **state)
{
  const char *page = "<!DOCTYPE html>\n<script type=\"application/json\" id=\"mailsim-data\">\n" DATA(
      RUN, ",\"translations\":[{\"lang\":\"fr\"}]") "\n</script>";
  uint64_t fail_at;
  size_t calls;

  (void)state;
  if (msim__player_head_bytes == 0)
    skip();
  assert_int_equal(pair(page, " " DATA("{\"b\":1}", ",\"translations\":[{\"lang\":\"it\"}]") "\n", 0, 99), MSIM_OK);
  assert_non_null(strstr(written, "\"runs\":[" RUN ",{\"b\":1,\"strings\":{\"\":{}}}],\"strings\":{\"\":{}},"
                                  "\"translations\":[{\"lang\":\"fr\"},{\"lang\":\"it\"}]}"));
  assert_int_equal(pair(DATA(RUN, ""), page, 0, 99), MSIM_OK);
  assert_non_null(strstr(written, ",\"strings\":{\"\":{}},\"translations\":[{\"lang\":\"fr\"}]}"));
  assert_int_equal(pair(DATA(RUN, ""), DATA(RUN, ",\"translations\":[]"), 0, 99), MSIM_OK);
  assert_null(strstr(written, "translations\":["));
  for (fail_at = 1; pair(page, DATA(RUN, ""), fail_at, 99) != MSIM_OK; fail_at++)
    assert_true(fail_at < 20);
  assert_true(fail_at > 2);
  for (calls = 0; pair(page, DATA(RUN, ""), 0, calls) != MSIM_OK; calls++)
    assert_true(calls < 20);
  assert_true(calls > 5);
}

static void what_is_no_run_is_refused(void **state)
{
  static const struct {
    const char *data, *why;
  } rows[] = {
      {"", "b: this is no page of the player: it has no data"},
      {"{\"schema\":\"mailsim.play/1\",\"runs\":[" RUN "],\"strings\":{}}<",
       "b: the data is damaged: a < stands in it"},
      {"{\"schema\":\"mailsim.play/2\"}", "b: the data of the page is not of the form mailsim.play/1"},
      {"{\"schema\":\"mailsim.play/1\"}", "b: the data of the page is damaged: it has no run"},
      {DATA("", ""), "b: the data of the page is damaged: it has no run"},
      {DATA("{}", ""), "b: the data of the page is damaged: its run is empty"},
      {DATA("[1]", ""), "b: the data of the page is damaged: its run is empty"},
      {DATA(RUN "," RUN, ""), "b: this page has more than one run: give pages that have one"},
      {"{\"schema\":\"mailsim.play/1\",\"runs\":[" RUN "]}", "b: the data of the page is damaged: it has no strings"},
      {"{\"schema\":\"mailsim.play/1\",\"strings\":3,\"runs\":[" RUN "]}",
       "b: the data of the page is damaged: it has no strings"},
      {"{\"schema\":\"mailsim.play/1\",\"runs\":[" RUN, "b: the data of the page is damaged: it has no run"},
  };
  size_t i;

  (void)state;
  if (msim__player_head_bytes == 0)
    skip();
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(pair(DATA(RUN, ""), rows[i].data, 0, 99), MSIM_ERR_SYNTAX);
    assert_memory_equal(told, rows[i].why, strlen(rows[i].why));
    assert_int_equal(written_bytes, 0);
  }
  assert_int_equal(pair("x", DATA(RUN, ""), 0, 99), MSIM_ERR_SYNTAX);
  assert_memory_equal(told, "a: ", 3);
}

static void data_becomes_a_page_again(void **state)
{
  struct text text = {DATA(RUN, "") "\n", 0};
  struct msim_in in = {&text, read_piece};
  size_t calls = 99;
  struct msim_out out = {&calls, write_piece};

  (void)state;
  if (msim__player_head_bytes == 0)
    skip();
  written_bytes = 0;
  assert_int_equal(msim_player_refresh(NULL, &in, "x", &out, NULL, NULL), MSIM_OK);
  assert_non_null(strstr(written, DATA(RUN, "")));
  assert_non_null(strstr(written, "</html>"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members_are_found_by_their_text),
      cmocka_unit_test(two_runs_come_on_one_page),
      cmocka_unit_test(what_is_no_run_is_refused),
      cmocka_unit_test(data_becomes_a_page_again),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
