/* Tests of lib/check/trace_reader.c: written traces, whole and broken. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check/trace_reader.h"
#include "check_files.h"
#include "support/exact.h"
#include "support/fail_mem.h"

#define HEAD "{\"schema\":\"mailsim-trace/1\",\"topology\":\"t\",\"seed\":1,\"engine\":1}\n"
#define SEGMENT                                                                                                        \
  "{\"n\":1,\"t\":5,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>b:25#1\",\"seg\":\"c1\",\"from\":\"a\","        \
  "\"to\":\"b\",\"dir\":\"client-to-server\""

struct reading {
  struct fail_mem mem;
  struct msim__mem door;
  struct msim__words words;
  struct msim__observation obs;
  struct findings findings;
};

static int read_bytes(struct reading *r, struct msim_slice text, uint64_t fail_at)
{
  memset(r, 0, sizeof *r);
  fail_mem_init(&r->mem, fail_at);
  msim__mem_init(&r->door, &r->mem.hook);
  msim__words_init(&r->words, &r->door);
  msim__observation_init(&r->obs, &r->door, &r->words);
  return msim__trace_read(&r->obs, "t.jsonl", text, findings_keep, &r->findings);
}

static int read_text(struct reading *r, const char *text)
{
  struct msim_slice bytes = exact_text(text);
  int err = read_bytes(r, bytes, 0);

  exact_free(bytes);
  return err;
}

static void end_reading(struct reading *r)
{
  msim__observation_release(&r->obs);
  msim__words_release(&r->words);
  assert_true(fail_mem_clean(&r->mem));
}

static void a_trace_when_read_then_its_records_are_there_as_predicates_need_them(void **state)
{
  static const char text[] =
      HEAD SEGMENT ",\"flags\":[\"SYN\",\"ECE\"],\"seq\":4294967296,\"ack\":-1,\"len\":7,\"src\":\"10.0.0.1:5\","
                   "\"dst\":\"[2001:db8::1]:25\",\"carries\":[{\"unit\":\"u\",\"message\":\"m1\",\"edges\":[\"last\"],"
                   "\"values\":{\"ttl\":300,\"names\":[\"x\",2],\"ok\":true,\"odd\":1.5}}]}\n"
                   "{\"n\":2,\"t\":5,\"kind\":\"state\",\"host\":\"a\"}\n"
                   "{\"n\":7,\"t\":6,\"kind\":\"segment\",\"point\":\"rx\",\"conn\":\"a>b:25#1\",\"seg\":\"c1\","
                   "\"from\":\"a\",\"to\":\"b\"}\n"
                   "{\"n\":8,\"t\":6,\"kind\":\"segment\",\"point\":\"drop\",\"conn\":\"a>b:25#1\",\"seg\":\"s1\","
                   "\"from\":\"b\",\"to\":\"a\",\"reason\":\"loss\"}\n"
                   "{\"n\":9,\"t\":9,\"kind\":\"arp\",\"from\":\"a\",\"to\":\"*\",\"what\":\"arp.request\","
                   "\"target\":\"b\",\"reason\":\"down\"}\n"
                   "{\"n\":10,\"t\":9,\"kind\":\"app\",\"host\":\"a\",\"event\":\"user.send\"}";
  struct reading r;
  const struct msim__seen *seen;
  const struct msim__seen_unit *unit;

  (void)state;
  assert_int_equal(read_text(&r, text), MSIM_OK);
  assert_int_equal(r.findings.count, 0);
  assert_int_equal(r.obs.record_count, 4); /* the state and the drop are nothing that a predicate asks for */
  seen = &r.obs.records[0];
  assert_int_equal(seen->n, 1);
  assert_int_equal(seen->at_ns, 5);
  assert_int_equal(seen->flags, MSIM_TCP_SYN | MSIM_TCP_ECE);
  assert_int_equal(seen->u.wire.seq, 0); /* modulo 2^32 */
  assert_int_equal(seen->u.wire.ack, UINT32_MAX);
  assert_int_equal(seen->u.wire.len_bytes, 7);
  assert_int_equal(seen->src_scope, 2); /* private */
  assert_int_equal(seen->dst_scope, 1); /* global */
  unit = &seen->u.wire.units->items[0];
  assert_string_equal(unit->unit, "u");
  assert_string_equal(unit->message, "m1");
  assert_int_equal(unit->edges, MSIM_EDGE_LAST);
  assert_int_equal(unit->values.count, 4);
  assert_int_equal(unit->values.items[0].u.integer, 300);
  assert_int_equal(unit->values.items[1].u.list.count, 2);
  assert_int_equal(unit->values.items[2].kind, MSIM__SEEN_BOOL);
  assert_int_equal(unit->values.items[3].kind, MSIM__SEEN_OTHER);
  assert_int_equal(r.obs.records[1].n, 7);
  assert_int_equal(r.obs.records[1].dir, MSIM__SEEN_TO_SERVER); /* by the name of the segment */
  assert_true(r.obs.records[2].lost);
  assert_string_equal(r.obs.records[2].u.arp.target, "b");
  assert_string_equal(r.obs.records[3].from, "a");
  assert_int_equal(r.obs.conn_count, 1);
  assert_string_equal(r.obs.conns[0].client, "a");
  assert_string_equal(r.obs.conns[0].server, "b");
  assert_int_equal(r.obs.conns[0].port, 25);
  end_reading(&r);
}

static void names_with_signs_in_them_are_taken_apart_from_the_end(void **state)
{
  static const char text[] = HEAD "{\"n\":1,\"t\":5,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":"
                                  "\"a>b:1#2>c:9#1:65535#12\",\"seg\":\"c1\",\"from\":\"a>b:1#2\",\"to\":\"c:9#1\"}\n";
  struct reading r;

  (void)state;
  assert_int_equal(read_text(&r, text), MSIM_OK);
  assert_string_equal(r.obs.conns[0].client, "a>b:1#2");
  assert_string_equal(r.obs.conns[0].server, "c:9#1");
  assert_int_equal(r.obs.conns[0].port, 65535);
  end_reading(&r);
}

static void a_broken_line_is_refused_with_its_number(void **state)
{
  static const char *const rows[] = {
      "",
      "{",
      "[]",
      "1",
      "null",
      "{}",
      "{\"n\":1}",
      "{\"n\":1,\"kind\":5}",
      "{\"n\":0,\"kind\":\"state\"}",
      "{\"n\":true,\"kind\":\"state\"}",
      "{\"n\":1.0,\"kind\":\"state\"}",
      "{\"n\":\"1\",\"kind\":\"state\"}",
      "{\"n\":99999999999999999999,\"kind\":\"state\"}",
      "{\"n\":1,\"t\":-1,\"kind\":\"state\"}",
      "{\"n\":1,\"kind\":\"app\",\"host\":\"a\"}",
      "{\"n\":1,\"kind\":\"app\",\"event\":\"e\"}",
      "{\"n\":1,\"kind\":\"app\",\"host\":\"a\",\"event\":\"e\",\"values\":[]}",
      "{\"n\":1,\"kind\":\"arp\",\"from\":\"a\",\"to\":\"b\"}",
      "\xff",
      "{\"n\":1,\"t\":5,\"kind\":\"segment\"}",
      SEGMENT ",\"n\":2}",
      SEGMENT ",\"flags\":\"SYN\"}",
      SEGMENT ",\"flags\":[1]}",
      SEGMENT ",\"flags\":[\"XYZ\"]}",
      SEGMENT ",\"seq\":1.5}",
      SEGMENT ",\"seq\":\"1\"}",
      SEGMENT ",\"len\":-1}",
      SEGMENT ",\"len\":4294967296}",
      SEGMENT ",\"src\":5}",
      SEGMENT ",\"rtx\":5}",
      SEGMENT ",\"reason\":5}",
      SEGMENT ",\"carries\":{}}",
      SEGMENT ",\"carries\":[1]}",
      SEGMENT ",\"carries\":[{}]}",
      SEGMENT ",\"carries\":[{\"unit\":1}]}",
      SEGMENT ",\"carries\":[{\"unit\":\"u\",\"edges\":[\"middle\"]}]}",
      SEGMENT ",\"carries\":[{\"unit\":\"u\",\"values\":[]}]}",
      "{\"n\":1,\"kind\":\"segment\",\"point\":\"up\",\"conn\":\"a>b:25#1\",\"seg\":\"c1\",\"from\":\"a\",\"to\":"
      "\"b\"}",
      "{\"n\":1,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>b:25\",\"seg\":\"c1\",\"from\":\"a\",\"to\":\"b\"}",
      "{\"n\":1,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>b:99999#1\",\"seg\":\"c1\",\"from\":\"a\",\"to\":"
      "\"b\"}",
      "{\"n\":1,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\">b:25#1\",\"seg\":\"c1\",\"from\":\"\",\"to\":\"b\"}",
      "{\"n\":1,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>:25#1\",\"seg\":\"c1\",\"from\":\"a\",\"to\":\"\"}",
      "{\"n\":1,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>b:25#1\",\"seg\":\"x1\",\"from\":\"a\",\"to\":"
      "\"b\"}",
      "{\"n\":1,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>b:25#1\",\"seg\":\"c1\",\"from\":\"b\",\"to\":"
      "\"a\"}",
      "{\"n\":1,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>b:25#1\",\"seg\":\"c1\",\"from\":\"a\",\"to\":\"b\","
      "\"dir\":\"left\"}",
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct reading r;
    char text[1024];

    snprintf(text, sizeof text, HEAD "%s\n", rows[i]);
    if (read_text(&r, text) != MSIM_ERR_SYNTAX || r.findings.count != 1 || strncmp(r.findings.text, "2:0: ", 5) != 0)
      fail_msg("row %zu: %s\n%s", i, rows[i], r.findings.text);
    end_reading(&r);
  }
}

static void a_trace_without_its_first_line_is_refused(void **state)
{
  static const char *const rows[] = {"", "{\"schema\":\"other/1\"}\n", "{\"n\":1,\"kind\":\"state\"}\n", "[]\n", "{}"};
  struct reading r;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(read_text(&r, rows[i]), MSIM_ERR_SYNTAX);
    assert_memory_equal(r.findings.text, "1:0: ", 5);
    end_reading(&r);
  }
}

static void numbers_that_do_not_increase_are_refused(void **state)
{
  struct reading r;

  (void)state;
  assert_int_equal(read_text(&r, HEAD "{\"n\":4,\"kind\":\"state\"}\n{\"n\":4,\"kind\":\"state\"}\n"), MSIM_ERR_SYNTAX);
  assert_memory_equal(r.findings.text, "3:0: ", 5);
  end_reading(&r);
}

static void every_allocation_when_it_fails_is_reported_and_nothing_leaks(void **state)
{
  struct msim_slice text = file_read("tests/check/data/good.jsonl");
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err == MSIM_ERR_NOMEM; fail_at++) {
    struct reading r;

    assert_true(fail_at < 10000);
    err = read_bytes(&r, text, fail_at);
    assert_int_equal(r.findings.count, 0);
    end_reading(&r);
  }
  assert_int_equal(err, MSIM_OK);
  assert_true(fail_at > 10);
  file_free(text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_trace_when_read_then_its_records_are_there_as_predicates_need_them),
      cmocka_unit_test(names_with_signs_in_them_are_taken_apart_from_the_end),
      cmocka_unit_test(a_broken_line_is_refused_with_its_number),
      cmocka_unit_test(a_trace_without_its_first_line_is_refused),
      cmocka_unit_test(numbers_that_do_not_increase_are_refused),
      cmocka_unit_test(every_allocation_when_it_fails_is_reported_and_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
