/* Tests of mail/trace_header.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mail/trace_header.h"

static struct msim_slice slice(const char *text)
{
  struct msim_slice s = {(const uint8_t *)text, strlen(text)};

  return s;
}

static struct msim__trace_received example(void)
{
  struct msim__trace_received received = {0};

  received.helo = slice("pc-a");
  received.from = msim_addr_ipv4(0xc0000201);
  received.by = "mx.x.example";
  received.with = "ESMTP";
  received.id = "7";
  received.recipient = slice("b@y.example");
  received.unix_s = 1767225600; /* 2026-01-01T00:00:00Z, a Thursday */
  received.zone_minutes = 60;
  return received;
}

static void received_names_both_ends_and_the_time(void **state)
{
  struct msim__trace_received received = example();
  struct msim__mem mem;
  struct msim__buf out;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 1000);
  assert_int_equal(msim__trace_received_append(&out, &received), 0);
  assert_string_equal(msim__buf_text(&out), "Received: from pc-a ([192.0.2.1])\r\n"
                                            "\tby mx.x.example with ESMTP id 7\r\n"
                                            "\tfor <b@y.example>;\r\n"
                                            "\tThu, 01 Jan 2026 01:00:00 +0100\r\n");
  msim__buf_clear(&out);
  received.recipient.size_bytes = 0;
  assert_int_equal(msim_addr_parse(&received.from, "2001:db8::1", 11), 0);
  received.with = "SMTP";
  received.zone_minutes = 0;
  assert_int_equal(msim__trace_received_append(&out, &received), 0);
  assert_string_equal(msim__buf_text(&out), "Received: from pc-a ([IPv6:2001:db8::1])\r\n"
                                            "\tby mx.x.example with SMTP id 7;\r\n"
                                            "\tThu, 01 Jan 2026 00:00:00 +0000\r\n");
  msim__buf_release(&out);
}

static void received_from_a_hostile_name_stays_one_field(void **state)
{
  struct msim__trace_received received = example();
  struct msim__mem mem;
  struct msim__buf out;
  char longest[2001];

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 4000);
  received.helo = slice("x\r\nBcc: all (\x01;)");
  assert_int_equal(msim__trace_received_append(&out, &received), 0);
  assert_non_null(strstr(msim__buf_text(&out), "Received: from x??Bcc:?all????? ([192.0.2.1])\r\n"));
  msim__buf_clear(&out);
  received.helo.size_bytes = 0;
  assert_int_equal(msim__trace_received_append(&out, &received), 0);
  assert_non_null(strstr(msim__buf_text(&out), "Received: from unknown ([192.0.2.1])\r\n"));
  msim__buf_clear(&out);
  memset(longest, 'a', 2000);
  longest[2000] = '\0';
  received.helo = slice(longest);
  assert_int_equal(msim__trace_received_append(&out, &received), 0);
  assert_true(strcspn(msim__buf_text(&out), "\r") < 998);
  msim__buf_release(&out);
}

static void dates_outside_the_calendar_are_refused(void **state)
{
  struct msim__mem mem;
  struct msim__buf out;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 1000);
  assert_int_equal(msim__trace_date_append(&out, INT64_MAX, 0), MSIM_ERR_INVALID);
  assert_int_equal(msim__trace_message_id_append(&out, INT64_MAX, 1, "h", slice("")), MSIM_ERR_INVALID);
  msim__buf_clear(&out);
  assert_int_equal(msim__trace_date_append(&out, 1767225600, -90), 0);
  assert_string_equal(msim__buf_text(&out), "Date: Wed, 31 Dec 2025 22:30:00 -0130\r\n");
  msim__buf_release(&out);
}

static void message_id_tells_time_number_and_host(void **state)
{
  struct msim__mem mem;
  struct msim__buf out;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 1000);
  assert_int_equal(msim__trace_message_id_append(&out, 1767225661, 7, "pc-a", slice("x.example")), 0);
  assert_string_equal(msim__buf_text(&out), "<20260101000101.7.pc-a@x.example>");
  msim__buf_clear(&out);
  assert_int_equal(msim__trace_message_id_append(&out, 1767225661, 7, "pc>a", slice("")), 0);
  assert_string_equal(msim__buf_text(&out), "<20260101000101.7@pc?a>");
  msim__buf_release(&out);
}

static void received_fields_are_counted_in_the_header_only(void **state)
{
  static const char message[] = "RECEIVED: 1\r\nReceived : 2\r\n\tReceived: folded\r\nX-Received: no\r\nnonsense\r\n"
                                "received: 3\r\n\r\nReceived: body\r\n.\r\n";
  struct msim__mem mem;
  struct msim__buf many;
  unsigned count = 99, i;

  (void)state;
  assert_int_equal(msim__trace_received_count(slice(message), &count), 0);
  assert_int_equal(count, 3);
  assert_int_equal(msim__trace_received_count(slice(".\r\n"), &count), 0);
  assert_int_equal(count, 0);
  msim__mem_init(&mem, NULL);
  msim__buf_init(&many, &mem, 100000);
  for (i = 0; i < 101; i++)
    msim__buf_append_text(&many, "Received: x\r\n");
  assert_int_equal(msim__trace_received_count(slice(msim__buf_text(&many)), &count), 0);
  assert_int_equal(count, 101);
  for (i = 0; i < 3000; i++)
    msim__buf_append_text(&many, "A: x\r\n");
  assert_int_equal(msim__trace_received_count(slice(msim__buf_text(&many)), &count), MSIM_ERR_LIMIT);
  msim__buf_release(&many);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(received_names_both_ends_and_the_time),
      cmocka_unit_test(received_from_a_hostile_name_stays_one_field),
      cmocka_unit_test(dates_outside_the_calendar_are_refused),
      cmocka_unit_test(message_id_tells_time_number_and_host),
      cmocka_unit_test(received_fields_are_counted_in_the_header_only),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
