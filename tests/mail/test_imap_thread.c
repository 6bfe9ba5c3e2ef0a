/* Tests of mail/imap_thread.c, imap_thread_subject.c and imap_order.c: threads by tables, references that run in
 * circles, random ones, and a hundred thousand messages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mail/imap_thread.h"
#include "support/fail_mem.h"

static struct msim__mem mem;

/* A header per message, "|" for CRLF; the sent date is its number in minutes unless the header has one. */
static int add(struct msim__imap_order *order, uint32_t number, const char *text)
{
  struct msim__imap_order_mail mail;
  char header[4000];
  size_t n = 0;

  for (; *text != '\0'; text++) {
    assert_true(n + 6 < sizeof header);
    header[n++] = *text != '|' ? *text : '\r';
    if (*text == '|')
      header[n++] = '\n';
  }
  memcpy(header + n, "\r\n\r\n", 4);
  n += 4;
  memset(&mail, 0, sizeof mail);
  mail.number = number;
  mail.arrival_unix_s = number * 60;
  mail.size_bytes = n;
  return msim__imap_order_add(order, &mail, (struct msim_slice){(const uint8_t *)header, n});
}

#define MAILS_MAX 12

static void assert_threads(int (*put)(struct msim__buf *, const struct msim__imap_order *), const char *const *mails,
                           const char *expected)
{
  struct msim__imap_order order;
  struct msim__buf out;
  uint32_t i;

  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 100000);
  msim__imap_order_init(&order, &mem, MSIM__IMAP_ORDER_THREADS);
  for (i = 0; i < MAILS_MAX && mails[i] != NULL; i++)
    assert_int_equal(add(&order, i + 1, mails[i]), 0);
  assert_int_equal(put(&out, &order), 0);
  assert_string_equal(msim__buf_text(&out), expected);
  msim__buf_release(&out);
  msim__imap_order_release(&order);
  assert_int_equal(mem.held_bytes, 0);
}

struct row {
  const char *mails[MAILS_MAX + 1];
  const char *expected;
};

static void references_make_threads(void **state)
{
  static const struct row rows[] = {
      {{NULL}, ""},
      {{"A: b"}, "(1)"},
      {{"Message-ID: <a@x>", "Message-ID: <b@x>|References: <a@x>", "Message-ID: <c@x>|References: <a@x> <b@x>"},
       "(1 2 3)"},
      {{"Message-ID: <a@x>", "Message-ID: <b@x>|References: <a@x>", "Message-ID: <c@x>|References: <a@x>"},
       "(1 (2)(3))"},
      /* In-Reply-To where there are no references; its first identifier alone */
      {{"Message-ID: <a@x>", "In-Reply-To: <a@x> <z@x>", "References: none|In-Reply-To: me <a@x>"}, "(1 (2)(3))"},
      /* children before their parents, and a parent that never comes */
      {{"Message-ID: <c@x>|References: <a@x> <b@x>", "Message-ID: <b@x>|References: <a@x>", "Message-ID: <a@x>"},
       "(3 2 1)"},
      {{"References: <q@x>|Subject: a", "References: <q@x>|Subject: b"}, "((1)(2))"},
      {{"References: <q@x>|Subject: a"}, "(1)"},
      {{"References: <p@x> <q@x>|Subject: a", "References: <p@x> <r@x>|Subject: b"}, "((1)(2))"},
      {{"Message-ID: <a@x>", "References: <a@x> <gone@x>", "References: <a@x> <gone@x>"}, "(1 (2)(3))"},
      /* one identifier twice: the first has it */
      {{"Message-ID: <a@x>", "Message-ID: <a@x>", "References: <a@x>"}, "(1 3)(2)"},
      /* quoting makes no difference, case does */
      {{"Message-ID: <\"a\"@x>", "References: <a@x>", "References: <A@x>|Subject: z"}, "(1 2)(3)"},
      /* loops */
      {{"Message-ID: <a@x>|References: <a@x>"}, "(1)"},
      {{"Message-ID: <a@x>|References: <b@x>", "Message-ID: <b@x>|References: <a@x>"}, "(2 1)"},
      {{"Message-ID: <a@x>|References: <c@x> <b@x>", "Message-ID: <b@x>|References: <a@x> <c@x>",
        "Message-ID: <c@x>|References: <b@x> <a@x>"},
       "(3 2 1)"},
      /* truncated references take no parent away; a message without any has none, whatever others say */
      {{"Message-ID: <a@x>", "Message-ID: <b@x>|References: <a@x>", "Message-ID: <c@x>|References: <z@x> <b@x>"},
       "(1 2 3)"},
      {{"References: <b@x> <c@x>|Message-ID: <d@x>|Subject: d", "Message-ID: <c@x>|Subject: c"}, "(2 1)"},
      /* siblings by date */
      {{"Message-ID: <a@x>", "References: <a@x>|Date: 2 Jan 2026 00:00 +0000",
        "References: <a@x>|Date: 1 Jan 2026 00:00 +0000", "References: <a@x>|Date: 2 Jan 2026 01:00 +0100"},
       "(1 (3)(2)(4))"},
      {{"Date: 3 Jan 2026 00:00 +0000", "Date: 1 Jan 2026 00:00 +0000", "Date: 2 Jan 2026 00:00 +0000"}, "(2)(3)(1)"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_threads(msim__imap_put_references, rows[i].mails, rows[i].expected);
}

static void threads_of_one_subject_are_joined(void **state)
{
  static const struct row rows[] = {
      {{"Subject: one", "Subject: Re: ONE"}, "(1 2)"},
      {{"Subject: Re: one", "Subject: one"}, "(2 1)"},
      {{"Subject: one", "Subject: one"}, "((1)(2))"},
      {{"Subject: one", "Subject: one", "Subject: one"}, "((1)(2)(3))"},
      {{"Subject: Re: one", "Subject: re: one"}, "((1)(2))"},
      {{"Subject: one", "Subject: Re: one", "Subject: [x] Fwd: one (fwd)"}, "(1 (2)(3))"},
      {{"Subject: ", "Subject: Re: ", "A: b"}, "(1)(2)(3)"},
      {{"Subject: one|References: <q@x>", "Subject: one|References: <q@x>", "Subject: one"}, "((1)(2)(3))"},
      {{"Subject: one", "Subject: one|References: <q@x>", "Subject: one|References: <q@x>"}, "((1)(2)(3))"},
      {{"Subject: one|References: <q@x>", "Subject: two|References: <q@x>", "Subject: one|References: <r@x>",
        "Subject: two|References: <r@x>"},
       "((1)(2)(3)(4))"},
      {{"Subject: =?utf-8?q?gr=C3=BCn?=", "Subject: Re: =?iso-8859-1?q?GR=DCN?="}, "(1 2)"},
      {{"Subject: a|Message-ID: <a@x>", "Subject: b|References: <a@x>", "Subject: Re: b"}, "(1 2)(3)"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_threads(msim__imap_put_references, rows[i].mails, rows[i].expected);
}

static void subjects_alone_make_flat_threads(void **state)
{
  static const struct row rows[] = {
      {{NULL}, ""},
      {{"Subject: one", "Subject: two", "Subject: Re: one", "Subject: [l] one", "Subject: two"}, "(1 (3)(4))(2 5)"},
      {{"Subject: b|Date: 2 Jan 2026 00:00 +0000", "Subject: a|Date: 3 Jan 2026 00:00 +0000",
        "Subject: a|Date: 1 Jan 2026 00:00 +0000"},
       "(3 2)(1)"},
      {{"A: b", "Subject: "}, "(1 2)"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_threads(msim__imap_put_ordered_subject, rows[i].mails, rows[i].expected);
}

/* ---- order ---- */

static void messages_are_sorted_by_any_criteria(void **state)
{
  static const char *const mails[] = {
      "Subject: Re: beta|From: \"z\" <anna@x>|To: b@y|Cc: q@r|Date: 3 Jan 2026 00:00 +0000|X: 12345",
      "Subject: Alpha|From: Berta@x|To: g: a@y;|Date: 1 Jan 2026 01:00 +0100",
      "Subject: =?utf-8?q?=C3=84lpha?=|From: \"carl\"@x|To: (nobody)|Cc: P@r|Date: nonsense",
      "From: =?utf-8?q?Arno?= <zoe@x>|To: \"y\" <a@y>|Date: 1 Jan 2026 00:00 +0000",
  };
  static const struct {
    const char *keys, *expected;
  } rows[] = {
      {"(ARRIVAL)", "1 2 3 4"},      {"(REVERSE ARRIVAL)", "4 3 2 1"},
      {"(DATE)", "3 2 4 1"}, /* 3 has no date but its arrival; 2 and 4 are the same moment */
      {"(REVERSE DATE)", "1 2 4 3"}, {"(DATE REVERSE ARRIVAL)", "3 4 2 1"},
      {"(SUBJECT)", "4 2 3 1"}, /* the mark behind an A comes after all letters */
      {"(FROM)", "1 2 3 4"},         {"(DISPLAYFROM)", "4 2 3 1"},
      {"(TO)", "3 4 1 2"},           {"(DISPLAYTO)", "3 1 2 4"},
      {"(CC SIZE)", "2 4 3 1"},      {"(CC REVERSE SIZE)", "4 2 3 1"},
      {"(SIZE)", "2 4 3 1"},
  };
  struct msim__imap_order order;
  uint32_t places[4], room[4], i, k;
  char got[40];

  (void)state;
  msim__mem_init(&mem, NULL);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[60];
    struct msim__imap_cursor c = {(uint8_t *)text, 0, strlen(rows[i].keys)};
    struct msim__imap_sort sort;

    strcpy(text, rows[i].keys);
    assert_int_equal(msim__imap_take_sort(&c, &sort), 0);
    msim__imap_order_init(&order, &mem, sort.kinds);
    for (k = 0; k < 4; k++)
      assert_int_equal(add(&order, k + 1, mails[k]), 0);
    msim__imap_order_sort(&order, &sort, places, room);
    (void)snprintf(got, sizeof got, "%u %u %u %u", order.mails[places[0]].number, order.mails[places[1]].number,
                   order.mails[places[2]].number, order.mails[places[3]].number);
    if (strcmp(got, rows[i].expected) != 0)
      fail_msg("%s: %s", rows[i].keys, got);
    msim__imap_order_release(&order);
  }
  assert_int_equal(mem.held_bytes, 0);
}

/* ---- what must hold of any ---- */

static uint32_t roll(uint64_t *dice, uint32_t bound)
{
  *dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(*dice >> 33) % bound;
}

/* Parentheses close, and each number stands there once. */
static void assert_whole(const char *text, uint32_t count)
{
  uint8_t *seen = calloc(count + 1, 1);
  uint32_t found = 0;
  long depth = 0;

  assert_non_null(seen);
  while (*text != '\0') {
    if (*text >= '0' && *text <= '9') {
      unsigned long number = strtoul(text, (char **)(uintptr_t)&text, 10);

      assert_in_range(number, 1, count);
      assert_int_equal(seen[number]++, 0);
      found++;
      continue;
    }
    depth += *text == '(';
    depth -= *text == ')';
    assert_true(depth > 0 || *text == ')');
    assert_true(depth >= 0);
    text++;
  }
  assert_int_equal(depth, 0);
  assert_int_equal(found, count);
  free(seen);
}

static void random_references_lose_nothing(void **state)
{
  struct msim__imap_order order;
  struct msim__buf out;
  uint64_t seed;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (seed = 1; seed <= 2000; seed++) {
    uint64_t dice = seed;
    uint32_t count = 1 + roll(&dice, 30), ids = 1 + roll(&dice, 40), i, k;

    msim__buf_init(&out, &mem, 100000);
    msim__imap_order_init(&order, &mem, MSIM__IMAP_ORDER_THREADS);
    for (i = 0; i < count; i++) {
      char text[600];
      size_t n = (size_t)snprintf(
          text, sizeof text,
          "Message-ID: <%u@x>|Subject: %s%u|Date: %u Jan 2026 00:00 +0000|References:", roll(&dice, ids),
          roll(&dice, 2) == 0 ? "Re: " : "", roll(&dice, 4), 1 + roll(&dice, 28));

      for (k = roll(&dice, 6); k > 0; k--)
        n += (size_t)snprintf(text + n, sizeof text - n, " <%u@x>", roll(&dice, ids));
      assert_int_equal(add(&order, i + 1, text), 0);
    }
    assert_int_equal(msim__imap_put_references(&out, &order), 0);
    assert_whole(msim__buf_text(&out), count);
    msim__buf_clear(&out);
    assert_int_equal(msim__imap_put_ordered_subject(&out, &order), 0);
    assert_whole(msim__buf_text(&out), count);
    msim__buf_release(&out);
    msim__imap_order_release(&order);
  }
  assert_int_equal(mem.held_bytes, 0);
}

enum { MANY = 100000 };

static void write_header(char *out, size_t out_bytes, unsigned shape, uint32_t i)
{
  uint32_t mine = shape == 1 ? MANY - i : shape == 3 ? (i * UINT32_C(7919)) % MANY : i;
  uint32_t above = shape == 2 ? 0 : shape == 4 ? mine % 1000 * 100 : mine == 0 ? MANY : mine - 1;

  if (shape < 5 || i < MANY / 2)
    (void)snprintf(out, out_bytes, "Message-ID: <%u@x>|References: <%u@x>|Subject: %s%u", mine, above,
                   i % 2 == 0 ? "" : "Re: ", i % 977);
  else if (i % 2 == 0)
    (void)snprintf(out, out_bytes, "References: <y%u@x> <z%u@x>", i / 2, i / 2);
  else
    (void)snprintf(out, out_bytes, "References: <%u@x> <y%u@x>", MANY / 2 - 1, i / 2);
}

/* One chain upwards, one downwards, everybody below one, chains whose middle is linked last, small threads; and what
 * would look for a loop up the whole chain, again and again. */
static void many_messages_take_no_long_time(void **state)
{
  struct msim__imap_order order;
  struct msim__buf out;
  unsigned shape;
  uint32_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (shape = 0; shape < 6; shape++) {
    msim__buf_init(&out, &mem, SIZE_MAX / 2);
    msim__imap_order_init(&order, &mem, MSIM__IMAP_ORDER_THREADS);
    for (i = 0; i < MANY; i++) {
      char text[200];

      write_header(text, sizeof text, shape, i);
      assert_int_equal(add(&order, i + 1, text), 0);
    }
    assert_int_equal(msim__imap_put_references(&out, &order), 0);
    assert_whole(msim__buf_text(&out), MANY);
    msim__buf_clear(&out);
    assert_int_equal(msim__imap_put_ordered_subject(&out, &order), 0);
    assert_whole(msim__buf_text(&out), MANY);
    msim__buf_release(&out);
    msim__imap_order_release(&order);
  }
  assert_int_equal(mem.held_bytes, 0);
}

static void without_memory_it_fails_cleanly(void **state)
{
  struct msim__imap_order order;
  struct msim__buf out;
  struct fail_mem fail;
  uint64_t at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (at = 1; err != MSIM_OK; at++) {
    fail_mem_init(&fail, at);
    msim__mem_init(&mem, &fail.hook);
    msim__buf_init(&out, &mem, 1000);
    msim__imap_order_init(&order, &mem, MSIM__IMAP_ORDER_THREADS | 1u << MSIM__IMAP_SORT_FROM);
    err = add(&order, 1, "Message-ID: <a@x>|References: <b@x> <c@x>|Subject: Re: a|From: q@r");
    if (err == MSIM_OK)
      err = add(&order, 2, "Subject: a|References: <b@x> <d@x>");
    if (err == MSIM_OK)
      err = add(&order, 3, "Subject: a");
    if (err == MSIM_OK)
      err = msim__imap_put_references(&out, &order);
    if (err == MSIM_OK)
      err = msim__imap_put_ordered_subject(&out, &order);
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    msim__buf_release(&out);
    msim__imap_order_release(&order);
    assert_true(fail_mem_clean(&fail));
  }
  assert_true(at > 8);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(references_make_threads),          cmocka_unit_test(threads_of_one_subject_are_joined),
      cmocka_unit_test(subjects_alone_make_flat_threads), cmocka_unit_test(messages_are_sorted_by_any_criteria),
      cmocka_unit_test(random_references_lose_nothing),   cmocka_unit_test(many_messages_take_no_long_time),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
