/* test_filter.c: filters between agents and TCP: neither end notices, whatever becomes of the bytes on the way. */
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
#define KEY 0x5au
#define FRAME_BYTES_MAX 100u

/* ---- filters ---- */

/* XOR: other bytes, as many. Frames: a length (1 byte) before up to 100 bytes, like the records of TLS; the agent gets
 * whole frames only, and each is answered by an empty one, as a handshake would be. */
struct filter_state {
  struct msim_sim *sim;
  uint64_t out_bytes, in_bytes, in_calls, answers, answered;
  uint8_t frame[256];
  size_t frame_bytes;
  int fail_err; /* what in gives instead */
  bool released;
};

static int xor_bytes(struct msim_slice from, struct msim__buf *to)
{
  size_t i;

  for (i = 0; i < from.size_bytes; i++)
    (void)msim__buf_append_byte(to, (char)(from.data[i] ^ KEY));
  return MSIM_OK;
}

static int xor_out(void *state, struct msim_slice plain, struct msim__buf *wire)
{
  ((struct filter_state *)state)->out_bytes += plain.size_bytes;
  return xor_bytes(plain, wire);
}

static int xor_in(void *state, struct msim_slice wire, struct msim__buf *plain, struct msim__buf *answer)
{
  struct filter_state *s = state;

  (void)answer;
  s->in_bytes += wire.size_bytes;
  s->in_calls++;
  return s->fail_err != 0 ? s->fail_err : xor_bytes(wire, plain);
}

static void released(void *state)
{
  assert_false(((struct filter_state *)state)->released);
  ((struct filter_state *)state)->released = true;
}

static int frames_out(void *state, struct msim_slice plain, struct msim__buf *wire)
{
  size_t done, n;

  ((struct filter_state *)state)->out_bytes += plain.size_bytes;
  for (done = 0; done < plain.size_bytes; done += n) {
    n = plain.size_bytes - done < FRAME_BYTES_MAX ? plain.size_bytes - done : FRAME_BYTES_MAX;
    (void)msim__buf_append_byte(wire, (char)n);
    (void)msim__buf_append(wire, plain.data + done, n);
  }
  return MSIM_OK;
}

static int frames_in(void *state, struct msim_slice wire, struct msim__buf *plain, struct msim__buf *answer)
{
  struct filter_state *s = state;
  size_t i;

  s->in_bytes += wire.size_bytes;
  for (i = 0; i < wire.size_bytes; i++) {
    s->frame[s->frame_bytes++] = wire.data[i];
    if (s->frame_bytes < 1u + s->frame[0])
      continue;
    (void)msim__buf_append(plain, s->frame + 1, s->frame[0]);
    if (s->frame[0] > 0) {
      (void)msim__buf_append_byte(answer, '\0');
      s->answers++;
    } else {
      s->answered++;
    }
    s->frame_bytes = 0;
  }
  return MSIM_OK;
}

static const struct msim__filter_ops xors = {xor_out, xor_in, released};
static const struct msim__filter_ops frames = {frames_out, frames_in, released};

/* ---- two ends: the client says lines, the server says each again ---- */

struct end {
  struct msim_stream *stream;
  const struct msim__filter_ops *ops; /* NULL: none */
  struct filter_state state;
  bool is_server, closed, at_eof;
  enum msim_close_reason why;
  unsigned wakes; /* of on_readable */
  char lines[4000], labels[200];
};

struct world {
  struct tcp_world tcp;
  struct end client, server;
};

static struct end *end_of(struct msim_agent *agent)
{
  return (struct end *)(void *)agent;
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct end *end = end_of(agent);

  end->stream = stream;
  if (end->ops == NULL)
    return;
  assert_int_equal(msim__stream_set_filter(stream, end->ops, &end->state), MSIM_OK);
  assert_int_equal(msim__stream_set_filter(stream, end->ops, &end->state), MSIM_ERR_STATE);
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct end *end = end_of(agent);
  const char *label = msim_stream_message(stream);
  struct msim_slice line;

  end->wakes++;
  assert_true(msim_stream_peek(stream).size_bytes > 0);
  if (label != NULL)
    snprintf(end->labels + strlen(end->labels), sizeof end->labels - strlen(end->labels), "%s ", label);
  while (msim_stream_read_line(stream, 1000, &line) == 1) {
    size_t used = strlen(end->lines);

    snprintf(end->lines + used, sizeof end->lines - used, "[%.*s]", (int)line.size_bytes, (const char *)line.data);
    if (end->is_server)
      assert_int_equal(msim_stream_printf(stream, "%.*s\r\n", (int)line.size_bytes, (const char *)line.data), 0);
  }
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  end_of(agent)->at_eof = msim_stream_is_at_eof(stream);
  msim_stream_close(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  (void)stream;
  end_of(agent)->closed = true;
  end_of(agent)->why = why;
}

static const struct msim_stream_ops ops = {on_open, on_readable, NULL, on_eof, on_closed};

static void open_world(struct world *w, const struct msim__filter_ops *filter)
{
  struct msim_endpoint to = {.port = PORT};

  memset(w, 0, sizeof *w);
  w->client.ops = w->server.ops = filter;
  w->server.is_server = true;
  tcp_world_build(&w->tcp);
  assert_int_equal(msim__streams_create(w->tcp.sim), MSIM_OK);
  assert_int_equal(msim_sim_start(w->tcp.sim), MSIM_OK);
  assert_int_equal(msim__stream_listen(w->tcp.b, (struct msim_agent *)(void *)&w->server, PORT, &ops, NULL), MSIM_OK);
  to.addr = msim_node_addr(w->tcp.b);
  assert_int_equal(msim__stream_connect(w->tcp.a, (struct msim_agent *)(void *)&w->client, to, &ops, &w->client, NULL,
                                        &w->client.stream),
                   MSIM_OK);
  tcp_world_run_for(&w->tcp, MSIM_MSEC(50));
  assert_non_null(w->server.stream);
}

static void pass(struct world *w)
{
  tcp_world_run_for(&w->tcp, MSIM_SEC(2));
}

static void talk(struct world *w)
{
  char text[700];
  struct msim_blob *blob;

  assert_int_equal(msim_stream_write(w->client.stream, "NOOP\r\nhal", 9), 9);
  pass(w);
  assert_int_equal(msim_stream_write(w->client.stream, "f\r\n", 3), 3);
  pass(w);
  msim_stream_mark(w->client.stream, "mail.content", "m1", MSIM_MARK_BEGIN);
  assert_int_equal(msim_stream_write(w->client.stream, "mail\r\n", 6), 6);
  msim_stream_mark(w->client.stream, "mail.content", "m1", MSIM_MARK_END);
  pass(w);
  memset(text, 'x', sizeof text);
  memcpy(text + 698, "\r\n", 2);
  blob = msim_blob_new(w->tcp.sim, text, sizeof text);
  assert_int_equal(msim_stream_write_blob(w->client.stream, blob, 600, 101), MSIM_ERR_INVALID);
  assert_int_equal(msim_stream_write_blob(w->client.stream, blob, 0, sizeof text), MSIM_OK);
  msim_blob_unref(blob);
  pass(w);
  assert_int_equal(msim_stream_available_bytes(w->client.stream), 0);
  msim_stream_close(w->client.stream);
  tcp_world_run_for(&w->tcp, MSIM_SEC(300));
}

static void agents_do_not_notice(void **state)
{
  const struct msim__filter_ops *const filters[] = {NULL, &xors, &frames};
  static struct world plain, w;
  size_t i;

  (void)state;
  for (i = 0; i < 3; i++) {
    struct world *world = i == 0 ? &plain : &w;

    open_world(world, filters[i]);
    talk(world);
    assert_true(world->client.closed && world->server.closed);
    assert_int_equal(world->client.why, MSIM_CLOSED_DONE);
    assert_int_equal(world->server.why, MSIM_CLOSED_DONE);
    assert_true(world->client.at_eof && world->server.at_eof);
    assert_string_equal(world->client.lines, world->server.lines);
    assert_string_equal(world->server.labels, "m1 ");
    assert_string_equal(world->server.lines, plain.server.lines);
    assert_int_equal(world->client.state.released, i > 0);
    assert_int_equal(world->server.state.released, i > 0);
    assert_int_equal(world->client.state.out_bytes, i > 0 ? 718 : 0);
    if (filters[i] == &xors) {
      assert_int_equal(world->server.state.in_bytes, 718);
      assert_int_equal(world->server.wakes, plain.server.wakes);
      assert_int_equal(world->client.wakes, plain.client.wakes);
    }
    if (filters[i] == &frames) {
      assert_int_equal(world->server.state.in_bytes, 718 + world->server.state.answers + world->server.state.answered);
      assert_int_equal(world->server.state.answers, 10); /* 9, 3, 6, and seven of 100 bytes */
      assert_int_equal(world->client.state.answered, 10);
    }
    tcp_world_close(&world->tcp);
  }
}

/* What the filter gives is more than the send buffer holds, and all of it arrives. */
static void what_does_not_fit_goes_behind(void **state)
{
  static struct world w;
  size_t space, written;
  char text[100];
  unsigned lines = 0;

  (void)state;
  open_world(&w, &frames);
  memset(text, 'y', sizeof text);
  text[98] = '\r';
  text[99] = '\n';
  space = msim_stream_space_bytes(w.client.stream);
  while (msim_stream_write(w.client.stream, text, sizeof text) == sizeof text)
    lines++;
  assert_true(lines >= space / 102); /* each has grown by a byte */
  written = w.client.state.out_bytes;
  tcp_world_run_for(&w.tcp, MSIM_SEC(30));
  assert_int_equal(w.server.state.in_bytes, written + w.server.state.answers + w.server.state.answered);
  msim_stream_abort(w.client.stream);
  pass(&w);
  assert_true(w.server.closed && w.client.state.released && w.server.state.released);
  tcp_world_close(&w.tcp);
}

static void filter_that_fails_ends_the_connection(void **state)
{
  static struct world w;

  (void)state;
  open_world(&w, &xors);
  w.server.state.fail_err = MSIM_ERR_SYNTAX;
  assert_int_equal(msim_stream_write(w.client.stream, "a\r\n", 3), 3);
  pass(&w);
  assert_true(w.server.closed && w.client.closed);
  assert_int_equal(w.server.why, MSIM_CLOSED_ABORTED);
  assert_int_equal(w.client.why, MSIM_CLOSED_RESET);
  assert_string_equal(w.server.lines, "");
  tcp_world_close(&w.tcp);
}

static void filter_is_released_with_the_simulation(void **state)
{
  static struct world w;

  (void)state;
  open_world(&w, &xors);
  tcp_world_close(&w.tcp);
  assert_true(w.client.state.released && w.server.state.released);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agents_do_not_notice),
      cmocka_unit_test(what_does_not_fit_goes_behind),
      cmocka_unit_test(filter_that_fails_ends_the_connection),
      cmocka_unit_test(filter_is_released_with_the_simulation),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
