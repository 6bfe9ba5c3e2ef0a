/* Tests of proto/imap_resync.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "proto/imap_resync.h"
#include "support/exact.h"

static struct msim__mem mem;

static struct msim__imap_cursor cursor_of(struct msim_slice text)
{
  struct msim__imap_cursor c = {(uint8_t *)(uintptr_t)text.data, 0, text.size_bytes};

  return c;
}

/* "67 9 1:5 | 1=3 2=4": uid validity, modseq, known UIDs if any, pairs. */
static void write_out(const struct msim__imap_resync *r, char *out)
{
  struct msim__imap_pairs pairs = {0, 0, 0, 0};
  uint32_t number, uid;
  size_t i;
  unsigned count = 0;

  out += sprintf(out, "%lu %llu", (unsigned long)r->uid_validity, (unsigned long long)r->modseq);
  for (i = 0; i < r->known.count; i++)
    out += sprintf(out, "%s%lu:%lu", i == 0 ? " " : ",", (unsigned long)r->known.ranges[i].first,
                   (unsigned long)r->known.ranges[i].last);
  while (count < 4 && msim__imap_pairs_next(r, &pairs, &number, &uid) == 1)
    out += sprintf(out, "%s%lu=%lu", count++ == 0 ? " | " : " ", (unsigned long)number, (unsigned long)uid);
}

static void parameters_are_read(void **state)
{
  static const struct {
    const char *text, *out; /* NULL: syntax */
  } rows[] = {
      {"(67890007 90060115194045000)", "67890007 90060115194045000"},
      {"(67 9 41,43:211,214:541)", "67 9 41:41,43:211,214:541"},
      {"(67 9 5:1,3)", "67 9 1:5"},
      {"(67 9 1:29 (1,3 2,8))", "67 9 1:29 | 1=2 3=8"},
      {"(67 9 (1:2,4 3:5))", "67 9 | 1=3 2=4 4=5"},
      {"(67 9 (1:4294967295 1:4294967295))", "67 9 | 1=1 2=2 3=3 4=4"},
      {"(67 9 (4294967295 4294967295))", "67 9 | 4294967295=4294967295"},
      {"(67 9 1:29 (1,3 2))", NULL},
      {"(67 9 1:29 (3,1 2,8))", NULL},
      {"(67 9 1:29 (1,1 2,8))", NULL},
      {"(67 9 1:29 (2:1 1:2))", NULL},
      {"(67 9 1:29 (1,3))", NULL},
      {"(67 9 1:29 1,3 2,8)", NULL},
      {"(67 9 1:29 (1,* 2,8))", NULL},
      {"(67 9 1:*)", NULL},
      {"(67 9 *)", NULL},
      {"(67 9 $)", NULL},
      {"(67 9 )", NULL},
      {"(67 0)", NULL},
      {"(0 9)", NULL},
      {"(4294967296 9)", NULL},
      {"(67 9223372036854775808)", NULL},
      {"(67)", NULL},
      {"67 9", NULL},
      {"()", NULL},
      {"", NULL},
  };
  char out[200];
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_slice text = exact_text(rows[i].text);
    struct msim__imap_cursor c = cursor_of(text);
    struct msim__imap_resync resync;
    int err;

    memset(&resync, 0, sizeof resync);
    err = msim__imap_take_resync(&c, &resync, &mem);
    if ((err == MSIM_OK) != (rows[i].out != NULL))
      fail_msg("%s: %d", rows[i].text, err);
    if (err == MSIM_OK) {
      write_out(&resync, out);
      assert_string_equal(out, rows[i].out);
      assert_true(msim__imap_at_end(&c));
    } else {
      assert_int_equal(err, MSIM_ERR_SYNTAX);
    }
    msim__imap_resync_release(&resync, &mem);
    exact_free(text);
  }
  assert_int_equal(mem.held_bytes, 0);
}

static void what_is_cut_is_refused(void **state)
{
  static const char whole[] = "(67 9 1:29,31 (1,3:4 2,8:9))";
  size_t n;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (n = 0; n < sizeof whole - 1; n++) {
    struct msim_slice text = exact_copy(whole, n);
    struct msim__imap_cursor c = cursor_of(text);
    struct msim__imap_resync resync;

    memset(&resync, 0, sizeof resync);
    assert_int_equal(msim__imap_take_resync(&c, &resync, &mem), MSIM_ERR_SYNTAX);
    msim__imap_resync_release(&resync, &mem);
    exact_free(text);
  }
  assert_int_equal(mem.held_bytes, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parameters_are_read),
      cmocka_unit_test(what_is_cut_is_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
