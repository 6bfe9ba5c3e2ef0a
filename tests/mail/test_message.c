/* Tests of mail/message.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mail/fake_blob.h"
#include "mail/message.h"
#include "support/fail_mem.h"

static struct msim_slice slice(const char *text)
{
  struct msim_slice s = {(const uint8_t *)text, strlen(text)};

  return s;
}

static void message_keeps_copies_of_its_envelope(void **state)
{
  char label[] = "m1", from[] = "a@x.example", to[] = "b@y.example";
  struct msim_slice recipients[2];
  struct msim__message_opts opts = {0};
  struct msim__message *message;
  struct fail_mem f;
  struct msim__mem mem;

  (void)state;
  fail_mem_init(&f, 0);
  msim__mem_init(&mem, &f.hook);
  recipients[0] = slice(to);
  recipients[1] = slice("c@z.example");
  opts.label = slice(label);
  opts.reverse_path = slice(from);
  opts.recipients = recipients;
  opts.recipient_count = 2;
  opts.content = msim_blob_new(NULL, ".\r\n", 3);
  opts.size_bytes = 0;
  opts.eight_bit = true;
  message = msim__message_new(&mem, &opts);
  msim_blob_unref(opts.content);
  assert_int_equal(fake_blob_count, 1);
  label[0] = from[0] = to[0] = 'Z';
  assert_string_equal(message->label, "m1");
  assert_string_equal(message->reverse_path, "a@x.example");
  assert_string_equal(message->return_path, "Return-Path: <a@x.example>\r\n");
  assert_int_equal(message->recipient_count, 2);
  assert_string_equal(message->recipients[0], "b@y.example");
  assert_string_equal(message->recipients[1], "c@z.example");
  assert_true(message->eight_bit);
  msim__message_ref(message);
  msim__message_unref(message);
  assert_string_equal(message->label, "m1");
  msim__message_unref(message);
  msim__message_unref(NULL);
  assert_int_equal(fake_blob_count, 0);
  assert_true(fail_mem_clean(&f));
}

/* RFC 3461: kept as it was decoded; nothing is allocated for what nobody said. */
static void message_keeps_what_was_asked_about_its_recipients(void **state)
{
  static const struct msim__dsn_recipient said[] = {{MSIM__DSN_SUCCESS | MSIM__DSN_DELAY, "rfc822;B@y.example"},
                                                    {0, NULL}};
  static const struct msim__dsn_recipient nothing[] = {{0, ""}, {0, NULL}};
  struct msim_slice recipients[2];
  struct msim__message_opts opts = {0};
  struct msim__message *message;
  struct msim__mem mem;
  size_t bare_bytes;

  (void)state;
  msim__mem_init(&mem, NULL);
  recipients[0] = slice("b@y.example");
  recipients[1] = slice("c@z.example");
  opts.label = slice("m1");
  opts.recipients = recipients;
  opts.recipient_count = 2;
  opts.dsn = nothing;
  message = msim__message_new(&mem, &opts);
  assert_null(message->dsn);
  assert_string_equal(message->envid, "");
  assert_int_equal(message->ret, MSIM__DSN_RET_NONE);
  assert_false(message->smtputf8 || message->binary);
  bare_bytes = mem.held_bytes;
  msim__message_unref(message);
  opts.dsn = said;
  opts.ret = MSIM__DSN_RET_HEADERS;
  opts.envid = "QQ 314";
  opts.smtputf8 = true;
  message = msim__message_new(&mem, &opts);
  assert_true(mem.held_bytes > bare_bytes);
  assert_int_equal(message->dsn[0].notify, MSIM__DSN_SUCCESS | MSIM__DSN_DELAY);
  assert_string_equal(message->dsn[0].orcpt, "rfc822;B@y.example");
  assert_int_equal(message->dsn[1].notify, 0);
  assert_string_equal(message->dsn[1].orcpt, "");
  assert_string_equal(message->envid, "QQ 314");
  assert_int_equal(message->ret, MSIM__DSN_RET_HEADERS);
  assert_true(message->smtputf8);
  assert_string_equal(message->recipients[0], "b@y.example");
  assert_string_equal(message->label, "m1");
  msim__message_unref(message);
  assert_int_equal(mem.held_bytes, 0);
}

/* Without a line end at its end, and with what would otherwise be one's. */
static void binary_message_comes_back_as_it_was(void **state)
{
  static const char *const rows[] = {"", "x", "\r", "\n", "a\r\n.", "a\r\n.\r\nb", ".", "\r\n", "..\r\n"};
  struct msim__message_opts opts = {.binary = true};
  struct msim__message *message;
  struct msim__buf wire, plain;
  struct msim__mem mem;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint64_t told;

    msim__buf_init(&wire, &mem, 1000);
    msim__buf_init(&plain, &mem, 1000);
    assert_int_equal(msim__message_to_wire(&wire, slice(rows[i]), &told, &opts.eight_bit), 0);
    opts.size_bytes = strlen(rows[i]);
    assert_true(told == opts.size_bytes || told == opts.size_bytes + 2);
    opts.content = msim_blob_new(NULL, wire.data, wire.size_bytes);
    message = msim__message_new(&mem, &opts);
    msim_blob_unref(opts.content);
    assert_int_equal(msim__message_to_plain(&plain, message), 0);
    assert_int_equal(plain.size_bytes, strlen(rows[i]));
    assert_memory_equal(msim__buf_text(&plain), rows[i], plain.size_bytes);
    msim__message_unref(message);
    msim__buf_release(&wire);
    msim__buf_release(&plain);
  }
  assert_int_equal(mem.held_bytes, 0);
}

static void message_of_null_reverse_path_has_empty_return_path(void **state)
{
  struct msim__message_opts opts = {0};
  struct msim__message *message;
  struct msim__mem mem;

  (void)state;
  msim__mem_init(&mem, NULL);
  opts.label = slice("n");
  message = msim__message_new(&mem, &opts);
  assert_string_equal(message->reverse_path, "");
  assert_string_equal(message->return_path, "Return-Path: <>\r\n");
  assert_int_equal(message->recipient_count, 0);
  msim__message_unref(message);
  assert_int_equal(mem.held_bytes, 0);
}

static void message_with_long_label_is_cut_between_characters(void **state)
{
  struct msim__message_opts opts = {0};
  struct msim__message *message;
  struct msim__mem mem;
  char label[301];
  size_t i;

  (void)state;
  for (i = 0; i < 199; i++)
    label[i] = 'x';
  memcpy(label + 199, "\xc3\xa4\xc3\xa4", 5); /* the first umlaut would be split at 200 */
  msim__mem_init(&mem, NULL);
  opts.label = slice(label);
  message = msim__message_new(&mem, &opts);
  assert_int_equal(strlen(message->label), 199);
  msim__message_unref(message);
}

static void message_when_memory_fails_is_null(void **state)
{
  struct msim__message_opts opts = {0};
  struct fail_mem f;
  struct msim__mem mem;

  (void)state;
  fail_mem_init(&f, 1);
  msim__mem_init(&mem, &f.hook);
  opts.label = slice("m1");
  assert_null(msim__message_new(&mem, &opts));
  fail_mem_init(&f, 0);
  opts.recipient_count = MSIM__MESSAGE_RECIPIENTS_MAX + 1;
  assert_null(msim__message_new(&mem, &opts));
  assert_true(fail_mem_clean(&f));
}

static void domain_of_an_address_is_what_follows_the_last_at(void **state)
{
  static const struct {
    const char *address, *domain;
  } rows[] = {{"b@y.example", "y.example"},
              {"\"a@b\"@z.example", "z.example"},
              {"x@[192.0.2.1]", "[192.0.2.1]"},
              {"postmaster", ""},
              {"", ""},
              {"a@", ""}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_slice domain = msim__message_domain(rows[i].address);

    assert_int_equal(domain.size_bytes, strlen(rows[i].domain));
    if (domain.size_bytes > 0)
      assert_memory_equal(domain.data, rows[i].domain, domain.size_bytes);
  }
}

/* RFC 5321 4.5.2: a dot at the start of a line is doubled, the end is a dot alone. */
static void content_on_the_wire_has_dots_doubled_and_comes_back(void **state)
{
  static const struct {
    const char *plain, *wire;
    unsigned size_bytes;
    bool eight_bit;
  } rows[] = {
      {"", ".\r\n", 0, false},
      {"Hi\r\n", "Hi\r\n.\r\n", 4, false},
      {".\r\n", "..\r\n.\r\n", 3, false},
      {"a\r\n.b\r\n..\r\n", "a\r\n..b\r\n...\r\n.\r\n", 11, false},
      {"gr\xc3\xbc\xc3\x9f\r\n", "gr\xc3\xbc\xc3\x9f\r\n.\r\n", 8, true},
      {"no end", "no end\r\n.\r\n", 8, false},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim__message_opts opts = {0};
    struct msim__message *message;
    struct msim__buf wire, plain;
    struct msim__mem mem;

    msim__mem_init(&mem, NULL);
    msim__buf_init(&wire, &mem, 1000);
    msim__buf_init(&plain, &mem, 1000);
    assert_int_equal(msim__message_to_wire(&wire, slice(rows[i].plain), &opts.size_bytes, &opts.eight_bit), 0);
    assert_string_equal(msim__buf_text(&wire), rows[i].wire);
    assert_int_equal(opts.size_bytes, rows[i].size_bytes);
    assert_int_equal(opts.eight_bit, rows[i].eight_bit);
    opts.label = slice("m");
    opts.content = msim_blob_new(NULL, wire.data, wire.size_bytes);
    message = msim__message_new(&mem, &opts);
    msim_blob_unref(opts.content);
    assert_int_equal(msim__message_to_plain(&plain, message), 0);
    assert_int_equal(plain.size_bytes, rows[i].size_bytes);
    assert_memory_equal(msim__buf_text(&plain), rows[i].plain, strlen(rows[i].plain));
    msim__message_unref(message);
    msim__buf_release(&wire);
    msim__buf_release(&plain);
    assert_int_equal(mem.held_bytes, 0);
  }
}

static void long_content_goes_there_and_back(void **state)
{
  char text[9001];
  struct msim__message_opts opts = {0};
  struct msim__message *message;
  struct msim__buf wire, plain;
  struct msim__mem mem;
  size_t i;

  (void)state;
  for (i = 0; i < 9000; i++)
    text[i] = ".\r\n"[i % 3];
  text[9000] = '\0';
  msim__mem_init(&mem, NULL);
  msim__buf_init(&wire, &mem, 100000);
  msim__buf_init(&plain, &mem, 100000);
  assert_int_equal(msim__message_to_wire(&wire, slice(text), &opts.size_bytes, &opts.eight_bit), 0);
  assert_int_equal(opts.size_bytes, 9000);
  assert_int_equal(wire.size_bytes, 12003); /* 3000 dots doubled, and the end */
  opts.content = msim_blob_new(NULL, wire.data, wire.size_bytes);
  message = msim__message_new(&mem, &opts);
  msim_blob_unref(opts.content);
  assert_int_equal(msim__message_to_plain(&plain, message), 0);
  assert_int_equal(plain.size_bytes, 9000);
  assert_memory_equal(plain.data, text, 9000);
  msim__message_unref(message);
  msim__buf_release(&wire);
  msim__buf_release(&plain);
}

static void content_beyond_the_buffer_is_a_limit(void **state)
{
  struct msim__buf wire;
  struct msim__mem mem;
  uint64_t size_bytes;
  bool eight_bit;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&wire, &mem, 4);
  assert_int_equal(msim__message_to_wire(&wire, slice("Hello\r\n"), &size_bytes, &eight_bit), MSIM_ERR_LIMIT);
  msim__buf_release(&wire);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(message_keeps_copies_of_its_envelope),
      cmocka_unit_test(message_keeps_what_was_asked_about_its_recipients),
      cmocka_unit_test(binary_message_comes_back_as_it_was),
      cmocka_unit_test(message_of_null_reverse_path_has_empty_return_path),
      cmocka_unit_test(message_with_long_label_is_cut_between_characters),
      cmocka_unit_test(message_when_memory_fails_is_null),
      cmocka_unit_test(domain_of_an_address_is_what_follows_the_last_at),
      cmocka_unit_test(content_on_the_wire_has_dots_doubled_and_comes_back),
      cmocka_unit_test(long_content_goes_there_and_back),
      cmocka_unit_test(content_beyond_the_buffer_is_a_limit),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
