/* test_record_match.c: lib/trace/record_match.c: which records a pattern fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/net.h"
#include "trace/record_match.h"

#include <string.h>

static struct msim_trace_record event(const struct msim_value *values, size_t count)
{
  struct msim_trace_record record;

  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_APP;
  record.u.event.host = "relay";
  record.u.event.agent = "smtp-server";
  record.u.event.event = "message.accepted";
  record.u.event.values = values;
  record.u.event.value_count = count;
  return record;
}

static void an_event_fits_by_name_host_agent_and_values(void **state)
{
  static const char *const to[] = {"bob@b.example", "eve@e.example"};
  struct msim_value values[4];
  struct msim_trace_record record;
  struct msim__value_match with[3] = {{"message", "m?"}, {"size", "24*"}, {"to", "eve@*"}};
  struct msim__record_match match;

  (void)state;
  values[0] = msim_value_text("message", "m1");
  values[1] = msim_value_int("size", 244);
  values[2] = msim_value_bool("durable", true);
  values[3].name = "to";
  values[3].kind = MSIM_VALUE_LIST;
  values[3].u.list.items = to;
  values[3].u.list.count = 2;
  record = event(values, 4);
  memset(&match, 0, sizeof match);
  assert_true(msim__record_matches(&match, &record));
  match.event = "message.*";
  match.host = "relay";
  match.agent = "smtp-*";
  match.with.items = with;
  match.with.count = 3;
  assert_true(msim__record_matches(&match, &record));
  with[2].glob = "mallory@*";
  assert_false(msim__record_matches(&match, &record));
  with[2].name = "durable";
  with[2].glob = "true";
  assert_true(msim__record_matches(&match, &record));
  with[2].name = "absent";
  with[2].glob = "*";
  assert_false(msim__record_matches(&match, &record));
  match.with.count = 0;
  match.host = "mx";
  assert_false(msim__record_matches(&match, &record));
  match.host = NULL;
  match.agent = "user";
  assert_false(msim__record_matches(&match, &record));
  record.u.event.agent = NULL; /* of the network layer */
  assert_false(msim__record_matches(&match, &record));
  match.agent = NULL;
  record.kind = MSIM_TRACE_STATE;
  assert_false(msim__record_matches(&match, &record));
}

static void a_segment_fits_when_it_is_sent(void **state)
{
  struct msim_flow flow;
  struct msim_trace_record record;
  struct msim__record_match match = {.conn = "alice>mx:25#*"};

  (void)state;
  memset(&flow, 0, sizeof flow);
  memset(&record, 0, sizeof record);
  flow.client = "alice";
  flow.server = "mx";
  flow.port = 25;
  flow.number = 3;
  record.kind = MSIM_TRACE_SEGMENT;
  record.u.packet.point = MSIM_POINT_TX;
  record.u.packet.flow = &flow;
  record.u.packet.number = 7;
  record.u.packet.from = "mx";
  assert_int_equal(msim__record_match_kinds(&match),
                   MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM));
  assert_true(msim__record_matches(&match, &record));
  match.segment = "s7";
  assert_true(msim__record_matches(&match, &record));
  match.segment = "c7";
  assert_false(msim__record_matches(&match, &record));
  record.u.packet.from_client = true;
  assert_true(msim__record_matches(&match, &record));
  record.u.packet.point = MSIM_POINT_RX;
  assert_false(msim__record_matches(&match, &record));
  record.u.packet.point = MSIM_POINT_TX;
  match.conn = "alice>mx:25#1";
  assert_false(msim__record_matches(&match, &record));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_event_fits_by_name_host_agent_and_values),
      cmocka_unit_test(a_segment_fits_when_it_is_sent),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
