/* test_trace.c: adding sinks, their options and filters, what happens when writing fails, and memory for sinks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "trace/stage.h"

static struct stage s;

static int tear_down(void **state)
{
  (void)state;
  stage_tear_down(&s);
  return 0;
}

/* ---- a type from outside, through the public door ---- */

static struct {
  int open_count, record_count, close_count, open_result;
  char *block;
} seen;

static int count_open(void *state, struct msim_sink *sink)
{
  char *memory = msim_sink_alloc(sink, 100);

  seen.open_count++;
  assert_int_equal(*(uint64_t *)state, 0);
  assert_non_null(memory);
  assert_int_equal(memory[0] | memory[99], 0);
  assert_string_equal(msim_sink_option(sink, "colour"), "red");
  assert_null(msim_sink_option(sink, "color"));
  assert_ptr_equal(msim_sink_sim(sink), s.sim);
  msim_sink_printf(sink, "%s-%d\n", "begin", 7);
  return seen.open_result;
}

static int count_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  ++*(uint64_t *)state;
  seen.record_count++;
  return msim_sink_printf(sink, "%s\n", msim_trace_kind_name(record->kind));
}

static int count_close(void *state, struct msim_sink *sink)
{
  seen.close_count++;
  return msim_sink_printf(sink, "end %d\n", (int)*(uint64_t *)state);
}

static const char *const count_options[] = {"colour", NULL};
static const struct msim_sink_type count_type = {
    .name = "count",
    .state_bytes = sizeof(uint64_t),
    .kinds = MSIM_TRACE_BIT(MSIM_TRACE_APP) | MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT),
    .open = count_open,
    .record = count_record,
    .close = count_close,
    .options = count_options,
};

static void build(const char *options, int expected)
{
  struct msim_out out = {NULL, paper_write};

  memset(&seen, 0, sizeof seen);
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  out.ctx = &s.paper;
  assert_int_equal(msim_sink_register(s.sim, &count_type), MSIM_OK);
  assert_int_equal(msim_trace_add(s.sim, "count", &out, options, NULL), expected);
}

static void emit_one_of_each(void)
{
  stage_hello(&s);
  stage_event(&s, MSIM_TRACE_APP, "mx", "x", NULL, 0);
  stage_emit(&s, MSIM_SEC(1));
  stage_event(&s, MSIM_TRACE_HOST, "mx", "y", NULL, 0);
  stage_emit(&s, MSIM_SEC(1));
}

static void own_type_is_opened_fed_and_closed_once(void **state)
{
  (void)state;
  build("colour=red", MSIM_OK);
  assert_int_equal(s.sim->trace_kinds, 0);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  assert_int_equal(s.sim->trace_kinds, count_type.kinds);
  assert_false(s.sim->trace_hops);
  emit_one_of_each();
  assert_int_equal(s.paper.size_bytes, 0); /* written in large pieces */
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_int_equal(seen.open_count, 1);
  assert_int_equal(seen.record_count, 9);
  assert_int_equal(seen.close_count, 1);
  assert_string_equal(s.paper.data, "begin-7\nsegment\nsegment\nsegment\nsegment\nsegment\nsegment\nsegment\n"
                                    "segment\napp\nend 9\n");
}

static void sink_is_closed_and_flushed_when_the_simulation_is_freed(void **state)
{
  (void)state;
  build("colour=red", MSIM_OK);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  msim__sim_fail(s.sim, MSIM_ERR_BUG, "something else");
  msim_sim_free(s.sim);
  s.sim = NULL;
  assert_int_equal(seen.close_count, 1);
  assert_string_equal(s.paper.data, "begin-7\nend 0\n");
}

static void sink_that_cannot_open_fails_the_start(void **state)
{
  (void)state;
  build("colour=red", MSIM_OK);
  seen.open_result = MSIM_ERR_LIMIT;
  assert_int_equal(msim_sim_start(s.sim), MSIM_ERR_LIMIT);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_ERR_LIMIT);
  assert_int_equal(seen.close_count, 0);
}

static void registering_checks_the_type(void **state)
{
  struct msim_sink_type type = count_type;

  (void)state;
  build("colour=red", MSIM_OK);
  assert_int_equal(msim_sink_register(s.sim, &type), MSIM_ERR_EXISTS);
  type.name = "";
  assert_int_equal(msim_sink_register(s.sim, &type), MSIM_ERR_INVALID);
  type.name = "old";
  type.record = NULL;
  assert_int_equal(msim_sink_register(s.sim, &type), MSIM_ERR_INVALID);
  assert_int_equal(msim_sink_register(s.sim, NULL), MSIM_ERR_INVALID);
  type.record = count_record;
  assert_int_equal(msim_sink_register_sized(s.sim, &type, offsetof(struct msim_sink_type, record)), MSIM_ERR_INVALID);
  /* compiled when the struct ended with close: it has no options */
  assert_int_equal(msim_sink_register_sized(s.sim, &type, offsetof(struct msim_sink_type, options)), MSIM_OK);
  assert_null(((const struct msim_sink_type *)msim__type_find(s.sim, MSIM__TYPE_SINK, "old"))->options);
}

/* ---- options ---- */

static void wrong_options_are_told_with_the_nearest_spelling(void **state)
{
  static const struct {
    const char *sink, *options;
    int err;
    const char *text;
  } rows[] = {
      {"jsonal", NULL, MSIM_ERR_NOT_FOUND, "there is no sink \"jsonal\"; did you mean \"jsonl\"?"},
      {"\x1b", NULL, MSIM_ERR_NOT_FOUND, "there is no sink \"\\x1b\""},
      {"text", "fulltext", MSIM_ERR_INVALID, "the sink text has no option \"fulltext\"; did you mean \"full-text\"?"},
      {"text", "full-text,hop", MSIM_ERR_INVALID, "the sink text has no option \"hop\"; did you mean \"hops\"?"},
      {"jsonl", "addresses", MSIM_ERR_INVALID, "the sink jsonl has no option \"addresses\""},
      {"text", "kind=segmnet", MSIM_ERR_INVALID, "there is no kind of records \"segmnet\"; did you mean \"segment\"?"},
      {"text", "kind", MSIM_ERR_INVALID, "a value is missing behind the option \"kind\""},
      {"text", "conn=", MSIM_ERR_INVALID, "a value is missing behind the option \"conn\""},
      {"text", "hops=yes", MSIM_ERR_INVALID, "no value belongs behind the option \"hops\""},
      {"text", "hops,hops", MSIM_ERR_INVALID, "given twice is the option \"hops\""},
      {"text", "addresses,addresses", MSIM_ERR_INVALID, "given twice is the option \"addresses\""},
      {"text", "hops,", MSIM_ERR_INVALID, "an option has no name in \"hops,\""},
      {"text", "=x", MSIM_ERR_INVALID, "an option has no name in \"=x\""},
  };
  struct msim_out out = {&s.paper, paper_write};
  size_t i;

  (void)state;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct msim_diag diag;

    assert_int_equal(msim_trace_add(s.sim, rows[i].sink, &out, rows[i].options, &diag), rows[i].err);
    assert_string_equal(diag.text, rows[i].text);
    assert_int_equal(msim_trace_add(s.sim, rows[i].sink, &out, rows[i].options, NULL), rows[i].err);
  }
  assert_int_equal(msim_trace_add(s.sim, "text", &out, "", NULL), MSIM_OK);
}

static void options_are_bounded(void **state)
{
  static char many[MSIM__SINK_OPTION_BYTES_MAX + 2];
  struct msim_out out = {&s.paper, paper_write};
  struct msim_diag diag;
  size_t i;

  (void)state;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  for (i = 0; i <= MSIM__SINK_OPTIONS_MAX; i++)
    memcpy(many + 7 * i, "host=a,", 8);
  many[7 * MSIM__SINK_OPTIONS_MAX - 1] = '\0';
  assert_int_equal(msim_trace_add(s.sim, "text", &out, many, &diag), MSIM_OK);
  many[7 * MSIM__SINK_OPTIONS_MAX - 1] = ',';
  many[7 * MSIM__SINK_OPTIONS_MAX + 6] = '\0';
  assert_int_equal(msim_trace_add(s.sim, "text", &out, many, &diag), MSIM_ERR_LIMIT);
  assert_string_equal(diag.text, "too many options has the sink \"text\"");
  memset(many, 'x', sizeof many - 1);
  assert_int_equal(msim_trace_add(s.sim, "text", &out, many, &diag), MSIM_ERR_LIMIT);
}

static void value_behind_a_flag_of_the_type_fails_the_start(void **state)
{
  struct msim_out out = {&s.paper, paper_write};

  (void)state;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  assert_int_equal(msim_trace_add(s.sim, "text", &out, "addresses=all", NULL), MSIM_OK);
  assert_int_equal(msim_sim_start(s.sim), MSIM_ERR_INVALID);
  assert_string_equal(msim_sim_error(s.sim), "no value belongs behind the option \"addresses\" of the sink text");
}

static void sinks_cannot_be_added_after_the_start(void **state)
{
  struct msim_out out = {&s.paper, paper_write};
  struct msim_fingerprints prints;

  (void)state;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  assert_int_equal(msim_trace_add(s.sim, "text", NULL, NULL, NULL), MSIM_ERR_INVALID);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  assert_int_equal(msim_trace_add(s.sim, "text", &out, NULL, NULL), MSIM_ERR_STATE);
  assert_int_equal(msim_trace_fingerprints(s.sim, &prints), MSIM_ERR_STATE);
}

/* ---- filters ---- */

static void emit_for_filters(void)
{
  struct msim_value values[1] = {msim_value_text("message", "m1")};

  stage_segment(&s, &s.hello, true, 1, A, 1, 1, NULL);
  stage_emit(&s, 1);
  stage_segment(&s, &s.other, false, 2, A, 1, 1, NULL);
  stage_emit(&s, 2);
  s.record.u.packet.point = MSIM_POINT_FWD;
  stage_emit(&s, 2);
  stage_packet(&s, MSIM_TRACE_DATAGRAM, &s.query, true, 3, NULL);
  stage_emit(&s, 3);
  stage_event(&s, MSIM_TRACE_APP, "mx", "message.accepted", values, 1);
  stage_emit(&s, 4);
  stage_event(&s, MSIM_TRACE_APP, NULL, "x", NULL, 0);
  stage_emit(&s, 5);
  memset(&s.record, 0, sizeof s.record);
  s.record.kind = MSIM_TRACE_STATE;
  s.record.u.state.host = "laptop";
  s.record.u.state.flow = &s.hello;
  stage_emit(&s, 6);
  memset(&s.record, 0, sizeof s.record);
  s.record.kind = MSIM_TRACE_CWND;
  s.record.u.cwnd.host = "mx";
  s.record.u.cwnd.flow = &s.other;
  stage_emit(&s, 7);
  memset(&s.record, 0, sizeof s.record);
  s.record.kind = MSIM_TRACE_ARP;
  s.record.u.arp.from = "laptop";
  s.record.u.arp.to = "*";
  s.record.u.arp.what = "arp.request";
  s.record.u.arp.target = "mx";
  stage_emit(&s, 8);
}

/* The nanoseconds of the records that the sink let through, as a text of digits; f stands for fwd. */
static void filters_let_through_what_fits_all_of_them(void **state)
{
  static const struct {
    const char *options, *passed;
  } rows[] = {
      {NULL, "12345678"},
      {"hops", "12f345678"},
      {"kind=app", "45"},
      {"kind=app,kind=arp", "458"},
      {"kind=segment,hops", "12f"},
      {"host=laptop", "1368"},
      {"host=pc-?", "2"},
      {"host=m*", "12478"},
      {"host=laptop,host=pc-b", "12368"},
      {"conn=laptop>mx:25#1", "16"},
      {"conn=*:25#*", "1267"},
      {"conn=*:53#1,kind=datagram", "3"},
      {"conn=pc-b*,host=laptop", ""},
      {"host=none", ""},
  };
  size_t i;

  (void)state;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    char passed[20];
    const char *at;
    size_t count = 0;

    stage_tear_down(&s);
    stage_set_up(&s, "jsonl", rows[i].options);
    emit_for_filters();
    assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
    for (at = s.paper.data; (at = strstr(at, ",\"t\":")) != NULL && count + 1 < sizeof passed; at++)
      passed[count++] = strncmp(at + 6, ",\"kind\":\"segment\",\"point\":\"fwd\"", 31) == 0 ? 'f' : at[5];
    passed[count] = '\0';
    assert_string_equal(passed, rows[i].passed);
  }
}

/* ---- writing ---- */

static void write_error_sticks_and_ends_the_run(void **state)
{
  int i;

  (void)state;
  stage_set_up(&s, "text", NULL);
  s.paper.fail_at_call = 2;
  for (i = 0; i < 10000; i++)
    stage_hello(&s);
  assert_int_equal(msim_sim_failure(s.sim), MSIM_ERR_IO);
  assert_string_equal(msim_sim_error(s.sim), "the trace cannot be written: reading or writing failed");
  assert_int_equal(s.paper.call_count, 2); /* nothing more is tried */
  assert_int_equal(msim_sim_finish(s.sim), MSIM_ERR_IO);
  assert_int_equal(s.paper.call_count, 2);
}

static void write_error_at_the_end_is_told(void **state)
{
  (void)state;
  stage_set_up(&s, "jsonl", NULL);
  stage_hello(&s);
  s.paper.fail_at_call = 1;
  assert_int_equal(msim_sim_finish(s.sim), MSIM_ERR_IO);
  assert_int_equal(msim_sim_failure(s.sim), MSIM_ERR_IO);
}

static void one_failing_sink_leaves_the_others_whole(void **state)
{
  struct paper second;
  struct msim_out out = {&s.paper, paper_write};
  int i;

  (void)state;
  memset(&second, 0, sizeof second);
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  assert_int_equal(msim_trace_add(s.sim, "text", &out, NULL, NULL), MSIM_OK);
  out.ctx = &second;
  assert_int_equal(msim_trace_add(s.sim, "text", &out, NULL, NULL), MSIM_OK);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  s.paper.fail_at_call = 1;
  for (i = 0; i < 1000; i++)
    stage_hello(&s);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_ERR_IO);
  assert_true(second.size_bytes > 300000);
  assert_int_equal(second.data[second.size_bytes - 1], '\n');
  free(second.data);
}

/* ---- memory of sinks ---- */

static int hoard_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  char *a, *b, *c;

  (void)state;
  (void)record;
  a = msim_sink_resize(sink, NULL, 0, 10);
  b = msim_sink_resize(sink, NULL, 0, 20);
  c = msim_sink_resize(sink, NULL, 0, 30);
  assert_non_null(a);
  assert_non_null(b);
  assert_non_null(c);
  memset(b, 'b', 20);
  b = msim_sink_resize(sink, b, 20, 4000);
  assert_non_null(b);
  assert_memory_equal(b, "bbbbbbbbbbbbbbbbbbbb", 20);
  memset(b, 'c', 4000);
  assert_null(msim_sink_resize(sink, a, 10, 0));
  assert_null(msim_sink_resize(sink, c, 30, 0));
  assert_null(msim_sink_resize(sink, NULL, 0, SIZE_MAX - 3));
  return msim_sink_printf(sink, "%0600d|", 5);
}

static void memory_of_a_sink_is_released_with_it(void **state)
{
  static const struct msim_sink_type type = {.name = "hoard", .record = hoard_record};
  struct msim_out out = {&s.paper, paper_write};

  (void)state;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  assert_int_equal(msim_sink_register(s.sim, &type), MSIM_OK);
  assert_int_equal(msim_trace_add(s.sim, "hoard", &out, NULL, NULL), MSIM_OK);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  assert_int_equal(s.sim->trace_kinds, MSIM_TRACE_ALL);
  stage_hello(&s);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_int_equal(s.paper.size_bytes, 8 * 601);
  assert_int_equal(s.paper.data[599], '5');
  assert_int_equal(s.paper.data[600], '|');
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
  const struct CMUnitTest tests[] = {
      CASE(own_type_is_opened_fed_and_closed_once),
      CASE(sink_is_closed_and_flushed_when_the_simulation_is_freed),
      CASE(sink_that_cannot_open_fails_the_start),
      CASE(registering_checks_the_type),
      CASE(wrong_options_are_told_with_the_nearest_spelling),
      CASE(options_are_bounded),
      CASE(value_behind_a_flag_of_the_type_fails_the_start),
      CASE(sinks_cannot_be_added_after_the_start),
      CASE(filters_let_through_what_fits_all_of_them),
      CASE(write_error_sticks_and_ends_the_run),
      CASE(write_error_at_the_end_is_told),
      CASE(one_failing_sink_leaves_the_others_whole),
      CASE(memory_of_a_sink_is_released_with_it),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
