/* test_format.c: names, endpoints and the walk over a payload. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "trace/format.h"
#include "trace/stage.h"

static void endpoints_are_written_with_and_without_port(void **state)
{
  static const struct {
    const char *addr;
    uint16_t port;
    bool has_port;
    const char *text;
  } rows[] = {
      {"0.0.0.0", 0, true, "0.0.0.0:0"},         {"255.255.255.255", 65535, true, "255.255.255.255:65535"},
      {"192.0.2.1", 25, false, "192.0.2.1"},     {"2001:db8::1", 25, true, "[2001:db8::1]:25"},
      {"2001:db8::1", 25, false, "2001:db8::1"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct msim_addr addr;
    char out[MSIM_ADDR_TEXT_BYTES], *end;

    assert_int_equal(msim_addr_parse(&addr, rows[i].addr, strlen(rows[i].addr)), MSIM_OK);
    end = msim__put_endpoint(out, &addr, rows[i].port, rows[i].has_port);
    *end = '\0';
    assert_string_equal(out, rows[i].text);
  }
}

static void long_names_are_cut_between_characters(void **state)
{
  char name[MSIM__FORMAT_NAME_BYTES_MAX + 40], out[2 * MSIM_FLOW_TEXT_BYTES];
  struct msim_flow flow;

  (void)state;
  memset(name, 'x', sizeof name);
  memcpy(name + MSIM__FORMAT_NAME_BYTES_MAX - 1, "\xc3\xa4", 2);
  name[sizeof name - 1] = '\0';
  stage_flow(&flow, name, name, 65535, MSIM_PROTO_TCP, 1);
  flow.number = UINT32_MAX;
  assert_int_equal(msim__put_flow(out, &flow) - out, 254 + 1 + 254 + 1 + 5 + 1 + 10);
  assert_true(254 + 1 + 254 + 1 + 5 + 1 + 10 < MSIM_FLOW_TEXT_BYTES);
  assert_int_equal(msim__put_name(out, NULL) - out, 1);
}

/* Begin and end of up to three units; capital letters are secret. What comes out: bytes, or <N>. */
static void payload_is_walked_in_pieces(void **state)
{
  static const struct {
    const char *payload;
    uint32_t ranges[3][2];
    size_t limit;
    const char *shown;
    bool is_cut;
  } rows[] = {
      {"", {{0, 5}}, 10, "", false},
      {"abc", {{0, 0}}, 10, "abc", false},
      {"abc", {{0, 0}}, 2, "ab", true},
      {"ABC", {{0, 3}}, 10, "<3>", false},
      {"abCDe", {{2, 4}}, 10, "ab<2>e", false},
      {"abCDe", {{2, 4}}, 3, "ab<2>", true}, /* a hidden range is told whole */
      {"abCDe", {{2, 4}}, 2, "ab", true},
      {"abCDEFg", {{4, 6}, {2, 4}}, 10, "ab<4>g", false},
      {"abCDEFg", {{3, 6}, {2, 5}}, 10, "ab<4>g", false},
      {"aBcDe", {{3, 4}, {1, 2}, {1, 2}}, 10, "a<1>c<1>e", false},
      {"abC", {{2, 4294967295u}}, 10, "ab<1>", false},
      {"abc", {{3, 9}}, 10, "abc", false},
      {"abc", {{2, 1}}, 10, "abc", false},
      {"AbCdef", {{2, 3}, {0, 1}}, 4, "<1>b<1>d", true},
  };
  size_t i, k;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct msim_trace_unit units[3];
    struct msim_trace_packet packet;
    struct msim_packet view;
    struct msim__payload_walk walk;
    struct msim__payload_piece piece;
    char shown[64] = "";

    memset(units, 0, sizeof units);
    memset(&packet, 0, sizeof packet);
    memset(&view, 0, sizeof view);
    for (k = 0; k < 3; k++) {
      units[k].secret = true;
      units[k].begin_byte = rows[i].ranges[k][0];
      units[k].end_byte = rows[i].ranges[k][1];
    }
    view.payload = exact_text(rows[i].payload);
    packet.packet = &view;
    packet.units = units;
    packet.unit_count = 3;
    msim__payload_walk_init(&walk, &packet, rows[i].limit, false);
    while (msim__payload_next(&walk, &piece)) {
      if (piece.redacted_bytes != 0) {
        size_t size = strlen(shown);

        shown[size] = '<';
        shown[size + 1] = (char)('0' + piece.redacted_bytes);
        shown[size + 2] = '>';
      } else {
        strncat(shown, (const char *)piece.bytes.data, piece.bytes.size_bytes);
      }
    }
    assert_string_equal(shown, rows[i].shown);
    assert_int_equal(msim__payload_is_cut(&walk), rows[i].is_cut);
    exact_free(view.payload);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(endpoints_are_written_with_and_without_port),
      cmocka_unit_test(long_names_are_cut_between_characters),
      cmocka_unit_test(payload_is_walked_in_pieces),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
