/* test_stream.c: streams over TCP between two hosts: lines whole and in pieces, refusals, marks, ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "streams/streams.h"
#include "support/tcp_fixture.h"

#include <stdio.h>
#include <string.h>

#define PORT 25u

/* One end; an agent is any pointer. */
struct end {
  struct msim_stream *stream;
  char heard[512];
  char lines[2048];      /* "[line]" or "LIMIT", "SYNTAX" */
  size_t line_bytes_max; /* 0: does not read */
};

struct world {
  struct tcp_world tcp;
  struct end client, server;
};

static struct end *end_of(struct msim_agent *agent)
{
  return (struct end *)(void *)agent;
}

static void add(char *log, size_t log_bytes, const char *format, ...)
{
  size_t used = strlen(log);
  va_list args;

  va_start(args, format);
  vsnprintf(log + used, log_bytes - used, format, args);
  va_end(args);
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  end_of(agent)->stream = stream;
  add(end_of(agent)->heard, sizeof end_of(agent)->heard, "open ");
}

static void read_lines(struct end *end)
{
  struct msim_slice line;
  int got;

  while ((got = msim_stream_read_line(end->stream, end->line_bytes_max, &line)) != 0) {
    if (got == 1)
      add(end->lines, sizeof end->lines, "[%.*s]", (int)line.size_bytes, (const char *)line.data);
    else
      add(end->lines, sizeof end->lines, "%s",
          got == MSIM_ERR_LIMIT    ? "LIMIT"
          : got == MSIM_ERR_SYNTAX ? "SYNTAX"
                                   : "?");
  }
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct end *end = end_of(agent);

  (void)stream;
  if (end->line_bytes_max > 0)
    read_lines(end);
}

static void on_writable(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)stream;
  add(end_of(agent)->heard, sizeof end_of(agent)->heard, "writable ");
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  add(end_of(agent)->heard, sizeof end_of(agent)->heard, "eof ");
  msim_stream_close(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  (void)stream;
  add(end_of(agent)->heard, sizeof end_of(agent)->heard, "%s", msim_close_reason_name(why));
  end_of(agent)->stream = NULL;
}

static const struct msim_stream_ops ops = {on_open, on_readable, on_writable, on_eof, on_closed};

static void open_world(struct world *w)
{
  struct msim_endpoint to = {.port = PORT};

  memset(w, 0, sizeof *w);
  tcp_world_build(&w->tcp);
  assert_int_equal(msim__streams_create(w->tcp.sim), MSIM_OK);
  assert_int_equal(msim_sim_start(w->tcp.sim), MSIM_OK);
  assert_int_equal(msim__stream_listen(w->tcp.b, (struct msim_agent *)(void *)&w->server, PORT, &ops, NULL), MSIM_OK);
  assert_int_equal(msim__stream_listen(w->tcp.b, (struct msim_agent *)(void *)&w->server, PORT, &ops, NULL),
                   MSIM_ERR_EXISTS);
  to.addr = msim_node_addr(w->tcp.b);
  assert_int_equal(msim__stream_connect(w->tcp.a, (struct msim_agent *)(void *)&w->client, to, &ops, &w->client, NULL,
                                        &w->client.stream),
                   MSIM_OK);
  tcp_world_run_for(&w->tcp, MSIM_MSEC(50));
  assert_non_null(w->server.stream);
}

static void close_world(struct world *w)
{
  tcp_world_close(&w->tcp);
}

static void pass(struct world *w)
{
  tcp_world_run_for(&w->tcp, MSIM_MSEC(50));
}

/* text, lines with a limit of 8 */
static const struct {
  const char *text;
  size_t text_bytes;
  const char *lines;
} cases[] = {
    {"NOOP\r\n", 6, "[NOOP]"},
    {"\r\n", 2, "[]"},
    {"a\r\nb\r\n", 6, "[a][b]"},
    {"12345678\r\n", 10, "[12345678]"},
    {"123456789\r\nok\r\n", 15, "LIMIT[ok]"},
    {"12345678\rx\nno\r\nok\r\n", 19, "SYNTAX[ok]"},
    {"a\nno\r\nok\r\n", 10, "SYNTAX[ok]"}, /* what stands behind a bare LF is no line */
    {"a\rb\r\nok\r\n", 9, "SYNTAX[ok]"},
    {"a\r\r\nok\r\n", 8, "SYNTAX[ok]"},
    {"a\0b\r\nok\r\n", 9, "SYNTAX[ok]"},
    {"\303\274ber\r\n", 7, "[\303\274ber]"},
    {"no end", 6, ""},
    {"no end\r", 7, ""},
    {"123456789012345678901234567890", 30, "LIMIT"},
};

static void line_when_whole_or_byte_by_byte_then_the_same(void **state)
{
  struct world w;
  size_t i, k;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_world(&w);
    w.server.line_bytes_max = 8;
    assert_int_equal(msim_stream_write(w.client.stream, cases[i].text, cases[i].text_bytes), cases[i].text_bytes);
    pass(&w);
    assert_string_equal(w.server.lines, cases[i].lines);
    close_world(&w);
    open_world(&w);
    w.server.line_bytes_max = 8;
    for (k = 0; k < cases[i].text_bytes; k++) {
      assert_int_equal(msim_stream_write(w.client.stream, cases[i].text + k, 1), 1);
      pass(&w);
    }
    assert_string_equal(w.server.lines, cases[i].lines);
    close_world(&w);
  }
}

/* Longer than a segment: put together. */
static void line_when_it_lies_in_many_pieces_then_whole(void **state)
{
  struct world w;
  static char text[6002];
  struct msim_slice line;

  (void)state;
  open_world(&w);
  memset(text, 'l', 6000);
  text[3000] = 'm';
  memcpy(text + 6000, "\r\n", 2);
  assert_int_equal(msim_stream_write(w.client.stream, text, sizeof text), sizeof text);
  pass(&w);
  assert_int_equal(msim_stream_available_bytes(w.server.stream), 6002);
  assert_int_equal(msim_stream_read_line(w.server.stream, 6000, &line), 1);
  assert_int_equal(line.size_bytes, 6000);
  assert_memory_equal(line.data, text, 6000);
  assert_int_equal(msim_stream_available_bytes(w.server.stream), 0);
  close_world(&w);
}

static void bytes_when_read_peeked_consumed_then_in_order(void **state)
{
  struct world w;
  char out[8];
  struct msim_slice part;

  (void)state;
  open_world(&w);
  assert_int_equal(msim_stream_write(w.client.stream, "abcdefgh", 8), 8);
  pass(&w);
  part = msim_stream_peek(w.server.stream);
  assert_int_equal(part.size_bytes, 8);
  assert_memory_equal(part.data, "abcdefgh", 8);
  assert_int_equal(msim_stream_read(w.server.stream, out, 3), 3);
  assert_memory_equal(out, "abc", 3);
  msim_stream_consume(w.server.stream, 2);
  assert_int_equal(msim_stream_read(w.server.stream, out, sizeof out), 3);
  assert_memory_equal(out, "fgh", 3);
  assert_int_equal(msim_stream_read(w.server.stream, out, sizeof out), 0);
  assert_int_equal(msim_stream_peek(w.server.stream).size_bytes, 0);
  assert_false(msim_stream_is_at_eof(w.server.stream));
  close_world(&w);
}

static void printf_when_it_does_not_fit_then_nothing_is_written(void **state)
{
  struct world w;
  static char text[5000];
  static uint8_t zeros[131072];

  (void)state;
  open_world(&w);
  assert_int_equal(msim_stream_printf(w.client.stream, "%s %d\r\n", "RCPT", 7), MSIM_OK);
  memset(text, 'x', 4097);
  assert_int_equal(msim_stream_printf(w.client.stream, "%s", text), MSIM_ERR_LIMIT);
  text[4096] = '\0';
  assert_int_equal(msim_stream_printf(w.client.stream, "%s", text), MSIM_OK);
  pass(&w);
  assert_int_equal(msim_stream_available_bytes(w.server.stream), 8 + 4096);
  /* the reader holds back: both buffers fill */
  assert_true(msim_stream_write(w.client.stream, zeros, sizeof zeros) > 0);
  pass(&w);
  msim_stream_write(w.client.stream, zeros, msim_stream_space_bytes(w.client.stream));
  assert_int_equal(msim_stream_space_bytes(w.client.stream), 0);
  assert_int_equal(msim_stream_printf(w.client.stream, "x"), MSIM_ERR_LIMIT);
  msim_stream_consume(w.server.stream, msim_stream_available_bytes(w.server.stream));
  pass(&w);
  assert_string_equal(w.client.heard, "open writable ");
  close_world(&w);
}

static void stream_when_closed_then_both_are_told_once(void **state)
{
  struct world w;

  (void)state;
  open_world(&w);
  msim_stream_close(w.client.stream);
  assert_int_equal(msim_sim_run(w.tcp.sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w.client.heard, "open eof done");
  assert_string_equal(w.server.heard, "open eof done");
  close_world(&w);
}

static void stream_when_aborted_then_reset_and_later_calls_do_nothing(void **state)
{
  struct world w;

  (void)state;
  open_world(&w);
  msim_stream_abort(w.client.stream);
  msim_stream_abort(w.client.stream);
  msim_stream_close(w.client.stream);
  assert_int_equal(msim_stream_write(w.client.stream, "x", 1), 0);
  assert_int_equal(msim_stream_printf(w.client.stream, "x"), MSIM_ERR_LIMIT);
  assert_string_equal(w.client.heard, "open ");
  assert_int_equal(msim_sim_run(w.tcp.sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w.client.heard, "open aborted");
  assert_string_equal(w.server.heard, "open reset");
  close_world(&w);
}

static void names_and_message_when_asked_then_known(void **state)
{
  struct world w;
  char name[64];
  const struct msim_addr a = msim_addr_ipv4(0x0a000001);
  struct msim_endpoint remote;
  struct msim_blob *blob;

  (void)state;
  open_world(&w);
  assert_int_equal(msim_stream_name(w.server.stream, name, sizeof name), 8);
  assert_string_equal(name, "a>b:25#1");
  remote = msim_stream_remote(w.server.stream);
  assert_true(msim_addr_equal(&remote.addr, &a));
  assert_int_equal(msim_stream_local(w.server.stream).port, PORT);
  assert_int_equal(msim_stream_local(w.client.stream).port, remote.port);
  assert_ptr_equal(msim_stream_data(w.client.stream), &w.client);
  msim_stream_set_data(w.server.stream, name);
  assert_ptr_equal(msim_stream_data(w.server.stream), name);
  msim_stream_set_nodelay(w.client.stream, true);
  blob = msim_blob_new(w.tcp.sim, "letter", 6);
  msim_stream_mark(w.client.stream, "mail.content", "m7", MSIM_MARK_BEGIN);
  assert_int_equal(msim_stream_write_blob(w.client.stream, blob, 0, 6), MSIM_OK);
  msim_stream_mark(w.client.stream, "mail.content", "m7", MSIM_MARK_END);
  msim_blob_unref(blob);
  pass(&w);
  assert_string_equal(msim_stream_message(w.server.stream), "m7");
  close_world(&w);
}

static void reasons_when_named_then_all_known(void **state)
{
  (void)state;
  assert_string_equal(msim_close_reason_name(MSIM_CLOSED_DONE), "done");
  assert_string_equal(msim_close_reason_name(MSIM_CLOSED_RESET), "reset");
  assert_string_equal(msim_close_reason_name(MSIM_CLOSED_REFUSED), "refused");
  assert_string_equal(msim_close_reason_name(MSIM_CLOSED_TIMEOUT), "timeout");
  assert_string_equal(msim_close_reason_name(MSIM_CLOSED_UNREACHABLE), "unreachable");
  assert_string_equal(msim_close_reason_name(MSIM_CLOSED_ABORTED), "aborted");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(line_when_whole_or_byte_by_byte_then_the_same),
      cmocka_unit_test(line_when_it_lies_in_many_pieces_then_whole),
      cmocka_unit_test(bytes_when_read_peeked_consumed_then_in_order),
      cmocka_unit_test(printf_when_it_does_not_fit_then_nothing_is_written),
      cmocka_unit_test(stream_when_closed_then_both_are_told_once),
      cmocka_unit_test(stream_when_aborted_then_reset_and_later_calls_do_nothing),
      cmocka_unit_test(names_and_message_when_asked_then_known),
      cmocka_unit_test(reasons_when_named_then_all_known),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
