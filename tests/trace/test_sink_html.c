/* test_sink_html.c: what the player is given: columns, fates, texts that are safe inside a page, and the page around
 * them. What the page does with it: tests/player. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <mailsim/player.h>

#include "trace/json_check.h"
#include "trace/player_page.h"
#include "trace/stage.h"
#include "trace/story.h"

static struct stage s;

static int tear_down(void **state)
{
  (void)state;
  stage_tear_down(&s);
  return 0;
}

static void finish(void)
{
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(s.paper.data);
}

static void expect_part(const char *part)
{
  if (strstr(s.paper.data, part) == NULL)
    fail_msg("%s\nis not in\n%s", part, s.paper.data);
}

static void data_of_a_handshake_is_in_columns(void **state)
{
  (void)state;
  stage_set_up(&s, "html", "data");
  stage_hello(&s);
  finish();
  assert_int_equal(json_check_lines(s.paper.data, s.paper.size_bytes), 1);
  expect_part("{\"schema\":\"mailsim.play/1\",\"producer\":\"libmailsim " MSIM_VERSION "\"");
  expect_part("\"names\":[\"laptop\",\"mx\"]");
  expect_part("\"conns\":[{\"proto\":\"tcp\",\"client\":0,\"server\":1,\"number\":1,\"sport\":25,\"cport\":49152,"
              "\"addr\":[\"10.0.0.1\",\"192.0.2.25\"],\"isn\":[4000000000,100]}]");
  expect_part("\"text\":[\"\",\"220 mx.example.org ESMTP mailsim\\r\\n\"]");
  expect_part("\"seg\":{\"n\":4,\"t\":[0,10000000,10000000,10000000],\"d\":[10000000,10000000,10000000,10000000],"
              "\"c\":[0,0,0,0],\"up\":[1,0,1,0],\"num\":[1,1,2,2],\"f\":[2,18,16,24],\"seq\":[0,0,1,1],"
              "\"ack\":[0,1,1,1],\"win\":[65535,65535,65536,65536],\"len\":[0,0,0,34],\"x\":[0,0,0,1],\"u\":[0,0,0,0],"
              "\"o\":{\"0\":{\"mss\":1460,\"ws\":7,\"sackok\":true},\"1\":{\"mss\":1460,\"ws\":7,\"sackok\":true}}}");
  expect_part("\"steps\":[]}],\"strings\":{}}\n");
}

/* A copy begins where the original was sent, and a drop is told with its place and time. */
static void losses_copies_and_what_is_open_have_their_fates(void **state)
{
  (void)state;
  stage_set_up(&s, "html", "data");
  stage_segment(&s, &s.hello, true, 1, S, 0, 0, NULL);
  stage_emit(&s, 0);
  s.record.u.packet.link = "l1";
  s.record.u.packet.fault = "f1";
  stage_drop(&s, MSIM_MSEC(1), "loss");
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, NULL)->rtx_number = 1;
  stage_emit(&s, MSIM_SEC(1));
  stage_arrive(&s, MSIM_SEC(2));
  s.record.u.packet.duplicate = true;
  stage_arrive(&s, MSIM_SEC(3));
  stage_segment(&s, &s.hello, true, 3, A, 1, 1, NULL);
  stage_emit(&s, MSIM_SEC(5));
  finish();
  expect_part("\"t\":[0,1000000000,0,4000000000],\"d\":[-1,1000000000,2000000000,-2]");
  expect_part("\"lost\":\"loss\",\"after\":1000000,\"link\":\"l1\",\"fault\":\"f1\"}");
  expect_part("\"1\":{\"rtx\":1},\"2\":{\"rtx\":1,\"dup\":true}");
}

static void events_have_their_place_and_values(void **state)
{
  struct msim_value values[2] = {msim_value_text("message", "m1"), msim_value_int("uid", 7)};

  (void)state;
  stage_set_up(&s, "html", "data");
  stage_segment(&s, &s.hello, true, 1, S, 0, 0, NULL);
  stage_emit(&s, 0);
  stage_event(&s, MSIM_TRACE_APP, "mx", "store.add", values, 2);
  stage_emit(&s, 5);
  stage_event(&s, MSIM_TRACE_HOST, "mx", "crash", NULL, 0);
  stage_emit(&s, 6);
  finish();
  expect_part(
      "\"app\":[{\"i\":1,\"t\":5,\"h\":1,\"a\":\"tester\",\"e\":\"store.add\",\"v\":{\"message\":\"m1\",\"uid\":7}},"
      "{\"i\":1,\"t\":6,\"h\":1,\"k\":\"host\",\"a\":\"tester\",\"e\":\"crash\"}]");
}

/* Units of a mail in two segments, the second of them sent twice: its bytes once. */
static void mails_are_put_together(void **state)
{
  struct msim_trace_unit unit;
  struct msim_trace_packet *p;
  int i;

  (void)state;
  stage_set_up(&s, "html", "data");
  memset(&unit, 0, sizeof unit);
  unit.unit = "mail.content";
  unit.message = "m1";
  unit.edges = MSIM_EDGE_FIRST;
  unit.begin_byte = 2;
  unit.end_byte = 7;
  p = stage_segment(&s, &s.hello, true, 1, P, 1, 1, "xxA: b\n");
  p->units = &unit;
  p->unit_count = 1;
  stage_emit(&s, 0);
  unit.edges = MSIM_EDGE_LAST;
  unit.begin_byte = 0;
  unit.end_byte = 3;
  for (i = 0; i < 2; i++) {
    p = stage_segment(&s, &s.hello, true, 2 + (uint32_t)i, P, 8, 1, "\nc\n");
    p->units = &unit;
    p->unit_count = 1;
    p->rtx_number = i == 0 ? 0 : 2;
    stage_emit(&s, MSIM_MSEC(1));
  }
  finish();
  expect_part("\"contents\":[\"A: "
              "b\\n\\nc\\n\"],\"messages\":[{\"id\":\"m1\",\"t\":1000000,\"h\":1,\"from\":0,\"c\":0,\"x\":0}]");
  expect_part("\"units\":[\"\",\"mail.content m1\"]");
}

static void hostile_words_cannot_leave_their_place(void **state)
{
  (void)state;
  stage_set_up(&s, "html", "data");
  stage_segment(&s, &s.hello, true, 1, P, 1, 1, "</script><!--<script>&\xe2\x80\xa8\xff\x01");
  stage_emit(&s, 0);
  finish();
  assert_null(strchr(s.paper.data, '<'));
  expect_part("\\u003c/script\\u003e\\u003c!--\\u003cscript\\u003e\\u0026\\u2028\xef\xbf\xbd\\u0001");
}

static void page_is_whole(void **state)
{
  (void)state;
  if (msim__player_head_bytes == 0)
    skip();
  stage_set_up(&s, "html", NULL);
  stage_hello(&s);
  finish();
  assert_memory_equal(s.paper.data, "<!DOCTYPE html>", 15);
  assert_string_equal(s.paper.data + s.paper.size_bytes - 8, "</html>\n");
  expect_part("default-src 'none'");
  assert_null(strstr(s.paper.data, "@STYLE@"));
  assert_null(strstr(s.paper.data, "src=\"http"));
}

static void secrets_are_hidden_unless_asked_for(void **state)
{
  struct msim_trace_unit unit;
  int i;

  (void)state;
  memset(&unit, 0, sizeof unit);
  unit.unit = "auth.credentials";
  unit.secret = true;
  unit.begin_byte = 2;
  unit.end_byte = 8;
  for (i = 0; i < 2; i++) {
    struct msim_trace_packet *p;

    if (i == 1)
      stage_tear_down(&s);
    stage_set_up(&s, "html", i == 0 ? "data" : "data,show-secrets");
    p = stage_segment(&s, &s.hello, true, 1, P, 1, 1, "A geheim\r\n");
    p->units = &unit;
    p->unit_count = 1;
    stage_emit(&s, 0);
    finish();
    expect_part(i == 0 ? "\"A \\u003credacted:6\\u003e\\r\\n\"" : "\"A geheim\\r\\n\"");
  }
}

static void part_of_a_run_is_chosen_by_time(void **state)
{
  (void)state;
  stage_set_up(&s, "html", "data,from=15ms,to=25ms");
  stage_hello(&s);
  finish();
  expect_part("\"n\":2,\"t\":[20000000,0],\"d\":[0,-2]");
}

/* What tells steps: two of three were observed. */
static const char *tale_name(void *ctx)
{
  (void)ctx;
  return "tale/one";
}
static int tale_judge(void *ctx)
{
  return *(int *)ctx;
}
static const char *tale_language_at(void *ctx, size_t index)
{
  (void)ctx;
  return index == 0 ? "de" : NULL;
}
static const char *tale_title(void *ctx, size_t language)
{
  (void)ctx;
  return language == SIZE_MAX ? "Tale" : NULL;
}
static bool tale_step_at(void *ctx, size_t index, size_t language, struct msim__story_step *out)
{
  (void)ctx;
  out->number = (unsigned)index + 1;
  out->actor = "laptop";
  out->says = language == SIZE_MAX ? "It asks." : index == 0 ? "Er fragt." : NULL;
  out->is_observed = index < 2;
  out->n = index == 0 ? 1 : 4; /* the sending of c1, the arrival of s1 */
  return index < 3;
}

static void steps_stand_at_their_packets(void **state)
{
  static struct msim__story story = {.judge = tale_judge,
                                     .name = tale_name,
                                     .language_at = tale_language_at,
                                     .title = tale_title,
                                     .step_at = tale_step_at};
  int verdict = MSIM_OK;

  (void)state;
  stage_set_up(&s, "html", "data");
  story.ctx = &verdict;
  msim__trace_add_story(s.sim, &story);
  stage_hello(&s);
  finish();
  expect_part(
      "\"scene\":\"tale/one\",\"steps\":[{\"n\":1,\"actor\":\"laptop\",\"key\":\"tale/one.1\",\"ok\":true,\"seg\":0},"
      "{\"n\":2,\"actor\":\"laptop\",\"key\":\"tale/one.2\",\"ok\":true,\"seg\":1},"
      "{\"n\":3,\"actor\":\"laptop\",\"key\":\"tale/one.3\",\"ok\":false}]}]");
  expect_part(
      "\"strings\":{\"\":{\"tale/one.title\":\"Tale\",\"tale/one.1\":\"It asks.\",\"tale/one.2\":\"It asks.\",\"tale/"
      "one.3\":\"It asks.\"},\"de\":{\"tale/one.1\":\"Er fragt.\"}}");
}

static void wrong_options_are_told(void **state)
{
  struct msim_out out = {NULL, paper_write};

  (void)state;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  out.ctx = &s.paper;
  assert_int_equal(msim_trace_add(s.sim, "html", &out, "data,from=soon", NULL), MSIM_OK);
  assert_int_equal(msim_sim_start(s.sim), MSIM_ERR_INVALID);
  assert_non_null(strstr(msim_sim_error(s.sim), "\"soon\""));
}

static struct msim_slice slice(const char *text)
{
  struct msim_slice out;

  out.data = (const uint8_t *)text;
  out.size_bytes = strlen(text);
  return out;
}

static char told[256];
static void keep_finding(void *user, const struct msim_diag *diag)
{
  (void)user;
  snprintf(told, sizeof told, "%s", diag->text);
}

static void strings_stand_beside_the_run(void **state)
{
  static const struct {
    const char *text, *told;
  } wrong[] = {{"{\"lang\":", "this is no JSON: "},
               {"{}", "lang is missing: the language, such as \"fr\""},
               {"[]", "lang is missing: the language, such as \"fr\""},
               {"{\"lang\":\"fr\",\"dir\":\"up\"}", "dir is \"ltr\" or \"rtl\""},
               {"{\"lang\":\"fr\",\"ui\":[]}", "ui is an object from keys to texts"},
               {"{\"lang\":\"fr\",\"term\":{\"a\":1}}", "term has something that is no text"}};
  struct msim_out out = {NULL, paper_write};
  size_t i;

  (void)state;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  out.ctx = &s.paper;
  assert_int_equal(msim_trace_add(s.sim, "html", &out, "data", NULL), MSIM_OK);
  for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(msim_player_add_strings(s.sim, "f", slice(wrong[i].text), keep_finding, NULL), MSIM_ERR_SYNTAX);
    assert_memory_equal(told, wrong[i].told, strlen(wrong[i].told));
  }
  for (i = 0; i < MSIM_PLAYER_STRINGS_MAX; i++)
    assert_int_equal(
        msim_player_add_strings(s.sim, "f", slice("{\"lang\":\"x<\",\"dir\":\"rtl\",\"more\":[1]}"), NULL, NULL),
        MSIM_OK);
  assert_int_equal(msim_player_add_strings(s.sim, "f", slice("{\"lang\":\"fr\"}"), keep_finding, NULL), MSIM_ERR_LIMIT);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  assert_int_equal(msim_player_add_strings(s.sim, "f", slice("{\"lang\":\"fr\"}"), NULL, NULL), MSIM_ERR_STATE);
  finish();
  assert_int_equal(json_check_lines(s.paper.data, s.paper.size_bytes), 1);
  expect_part(",\"translations\":[{\"lang\":\"x\\u003c\",\"dir\":\"rtl\"},{");
}

/* Gives a page piece by piece. */
struct source {
  const char *data;
  size_t size_bytes, at, piece_bytes;
};
static int source_read(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct source *source = ctx;
  size_t size = source->size_bytes - source->at;

  size = size < source->piece_bytes ? size : source->piece_bytes;
  size = size < capacity_bytes ? size : capacity_bytes;
  memcpy(data, source->data + source->at, size);
  source->at += size;
  *size_bytes = size;
  return MSIM_OK;
}

static int refresh(const char *page, size_t size_bytes, struct paper *to, uint64_t fail_at)
{
  struct source source = {page, size_bytes, 0, 1000};
  struct msim_in in = {&source, source_read};
  struct msim_out out = {to, paper_write};
  struct fail_mem mem;
  int err;

  fail_mem_init(&mem, fail_at);
  err = msim_player_refresh(&mem.hook, &in, "page", &out, keep_finding, NULL);
  assert_true(fail_mem_clean(&mem));
  return err;
}

static void an_old_page_is_made_anew(void **state)
{
  struct paper paper;
  uint64_t fail_at;
  size_t i;
  static const char *const wrong[] = {"", "<html>", "id=\"mailsim-data\">{\"schema\":\"mailsim.play/1\"",
                                      "id=\"mailsim-data\">{\"schema\":\"mailsim.play/1\"}<b></script>",
                                      "id=\"mailsim-data\">{\"schema\":\"mailsim.play/2\"}</script>"};

  (void)state;
  if (msim__player_head_bytes == 0)
    skip();
  stage_set_up(&s, "html", NULL);
  stage_hello(&s);
  finish();
  memset(&paper, 0, sizeof paper);
  assert_int_equal(refresh(s.paper.data, s.paper.size_bytes, &paper, 0), MSIM_OK);
  assert_string_equal(paper.data, s.paper.data);
  for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(refresh(wrong[i], strlen(wrong[i]), &paper, 0), MSIM_ERR_SYNTAX);
  for (fail_at = 1; refresh(s.paper.data, s.paper.size_bytes, &paper, fail_at) != MSIM_OK; fail_at++)
    assert_true(fail_at < 20);
  paper.call_count = 0;
  paper.fail_at_call = 2;
  assert_int_equal(refresh(s.paper.data, s.paper.size_bytes, &paper, 0), MSIM_ERR_IO);
  free(paper.data);
}

static void memory_that_fails_ends_the_run_cleanly(void **state)
{
  struct msim_out out = {NULL, paper_write};
  struct msim_value value = msim_value_text("message", "m1");
  struct msim_trace_unit unit;
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  memset(&unit, 0, sizeof unit);
  unit.unit = "mail.content";
  unit.message = "m1";
  unit.edges = MSIM_EDGE_FIRST | MSIM_EDGE_LAST;
  unit.end_byte = 4;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    stage_tear_down(&s);
    err = stage_try(&s, fail_at);
    out.ctx = &s.paper;
    if (err == MSIM_OK)
      err = msim_trace_add(s.sim, "html", &out, "data", NULL);
    if (err == MSIM_OK)
      err = msim_player_add_strings(s.sim, "f", slice("{\"lang\":\"fr\",\"ui\":{\"play\":\"Lecture\"}}"), NULL, NULL);
    if (err == MSIM_OK)
      err = msim_sim_start(s.sim);
    if (err == MSIM_OK) {
      struct msim_trace_packet *p = stage_segment(&s, &s.hello, true, 2, P, 1, 1, "mail");

      p->units = &unit;
      p->unit_count = 1;
      stage_emit(&s, 0);
      stage_drop(&s, 1, "loss");
      stage_event(&s, MSIM_TRACE_APP, "mx", "store.add", &value, 1);
      stage_emit(&s, 2);
      err = msim_sim_finish(s.sim);
    }
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    assert_true(fail_at < 200);
  }
  assert_true(fail_at > 20);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
  const struct CMUnitTest tests[] = {
      CASE(data_of_a_handshake_is_in_columns),      CASE(losses_copies_and_what_is_open_have_their_fates),
      CASE(events_have_their_place_and_values),     CASE(mails_are_put_together),
      CASE(hostile_words_cannot_leave_their_place), CASE(page_is_whole),
      CASE(secrets_are_hidden_unless_asked_for),    CASE(part_of_a_run_is_chosen_by_time),
      CASE(steps_stand_at_their_packets),           CASE(wrong_options_are_told),
      CASE(strings_stand_beside_the_run),           CASE(an_old_page_is_made_anew),
      CASE(memory_that_fails_ends_the_run_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
