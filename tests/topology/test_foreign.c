/* test_foreign.c: bytes of real programs on sockets: they have the units that agents' bytes have, their mails have
 * labels, their passwords are redacted, and what is sent, and in which segments, stays as it is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/mailsim.h>

#include "support/fail_mem.h"
#include "support/topology_run.h"

#include <stdlib.h>
#include <string.h>

static const char topology[] = "mailsim: 1\n"
                               "hosts:\n"
                               "  laptop:\n"
                               "  provider:\n"
                               "    agents:\n"
                               "      - smtp-server:\n"
                               "          domains: {x.example: {anna: {password: blue-42}}}\n"
                               "          listen: [{port: 25, role: mx, auth: none}, {port: 2587, role: submission}]\n"
                               "      - pop-server\n"
                               "      - imap-server\n"
                               "  bob-pc:\n"
                               "    agents:\n"
                               "      - user:\n"
                               "          address: bob@y.example\n"
                               "          submit: outside\n"
                               "          submit-port: 2525\n"
                               "          script: [{at: 1s, send: {message: m1, to: anna@x.example, subject: one}}]\n"
                               "  outside:\n"
                               "links:\n"
                               "  - {join: [laptop, provider], delay: 5ms}\n"
                               "  - {join: [bob-pc, outside], delay: 5ms}\n";

struct world {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct msim_socket *socket;
  struct topology_text trace, heard;
};

static int keep(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return 0;
}

static void tell(void *user, const struct msim_diag *diag)
{
  (void)user;
  fail_msg("%u:%u: %s", diag->line, diag->column, diag->text);
}

static void ignore(void *user, const struct msim_diag *diag)
{
  (void)user;
  (void)diag;
}

/* 0, or what failed. */
static int try_open(struct world *w, const char *sink, const char *options, uint64_t fail_at)
{
  struct msim_slice text = {(const uint8_t *)topology, sizeof topology - 1};
  struct msim_out out = {&w->trace, keep};
  struct msim_sim_opts opts = {.seed = 1};
  int err;

  memset(w, 0, sizeof *w);
  topology_text_append(&w->trace, "", 0);
  topology_text_append(&w->heard, "", 0);
  fail_mem_init(&w->mem, fail_at);
  opts.mem = w->mem.hook;
  err = msim_sim_new(&w->sim, &opts);
  if (err == MSIM_OK)
    err = msim_topology_load_text(w->sim, "foreign.yaml", text, NULL, fail_at == 0 ? tell : ignore, NULL);
  if (err == MSIM_OK)
    err = msim_trace_add(w->sim, sink, &out, options, NULL);
  return err == MSIM_OK ? msim_sim_start(w->sim) : err;
}

static void open_world(struct world *w, const char *sink, const char *options)
{
  assert_int_equal(try_open(w, sink, options, 0), MSIM_OK);
}

static void close_world(struct world *w)
{
  msim_sim_free(w->sim);
  assert_true(fail_mem_clean(&w->mem));
  free(w->trace.data);
  free(w->heard.data);
}

static void run_for(struct world *w, msim_ns span_ns)
{
  char bytes[4096];
  int got;

  (void)msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) + span_ns);
  while (w->socket != NULL && (got = msim_socket_recv(w->socket, bytes, sizeof bytes, 0)) > 0)
    topology_text_append(&w->heard, bytes, (size_t)got);
}

static int join(struct world *w, uint16_t port, bool recognise)
{
  struct msim_endpoint to = {msim_node_addr(msim_node_find(w->sim, "provider")), port};
  int err = msim_socket_open(msim_node_find(w->sim, "laptop"), MSIM_SOCK_STREAM, &w->socket);

  if (err == 0)
    err = msim_socket_connect(w->socket, &to);
  if (err == -MSIM_EINPROGRESS)
    err = recognise ? msim_socket_recognise(w->socket) : 0;
  if (err == 0)
    run_for(w, MSIM_SEC(1));
  return err;
}

/* In pieces, each a millisecond behind the one before. */
static void say(struct world *w, const char *text, size_t piece_bytes)
{
  size_t left = strlen(text);

  while (left > 0 && msim_sim_failure(w->sim) == MSIM_OK) {
    size_t n = left < piece_bytes ? left : piece_bytes;

    if (msim_socket_send(w->socket, text, n, 0) < (int)n)
      break;
    text += n;
    left -= n;
    if (left > 0)
      run_for(w, MSIM_MSEC(1));
  }
  run_for(w, MSIM_SEC(2));
}

static void leave(struct world *w)
{
  (void)msim_socket_close(w->socket);
  w->socket = NULL;
  run_for(w, MSIM_SEC(60));
}

static void send_mail(struct world *w, size_t piece_bytes)
{
  say(w, "EHLO laptop\r\n", piece_bytes);
  say(w, "AUTH PLAIN AGFubmEAYmx1ZS00Mg==\r\n", piece_bytes);
  say(w, "MAIL FROM:<anna@x.example>\r\nRCPT TO:<anna@x.example>\r\nDATA\r\n", piece_bytes);
  say(w, "Subject: one\r\n\r\nHello\r\n.\r\nQUIT\r\n", piece_bytes);
}

/* The trace is whole. */
static void finish(struct world *w)
{
  w->socket = NULL;
  (void)msim_sim_finish(w->sim);
}

static void assert_in(const struct topology_text *text, const char *what)
{
  if (strstr(text->data, what) == NULL)
    fail_msg("is not there: %s", what);
}

static void assert_not_in(const struct topology_text *text, const char *what)
{
  if (strstr(text->data, what) != NULL)
    fail_msg("is there: %s", what);
}

/* ---- clients ---- */

static void mail_of_a_real_client_has_units_and_a_label(void **state)
{
  struct world w;

  (void)state;
  open_world(&w, "jsonl", NULL);
  assert_int_equal(join(&w, 2587, true), 0);
  send_mail(&w, 4096);
  leave(&w);
  assert_in(&w.heard, "235 2.7.0");
  assert_in(&w.heard, "250 2.0.0");
  finish(&w);
  assert_not_in(&w.trace, "AGFubmEA");
  assert_in(&w.trace, "\"text\":\"<redacted:33>\",\"carries\":[{\"unit\":\"auth.credentials\"");
  assert_in(&w.trace,
            "\"carries\":[{\"unit\":\"smtp.envelope\",\"message\":\"laptop-1\",\"edges\":[\"first\",\"last\"]},"
            "{\"unit\":\"smtp.envelope\",\"message\":\"laptop-1\",\"edges\":[\"first\",\"last\"]},"
            "{\"unit\":\"smtp.command\",\"edges\":[\"first\",\"last\"]}]");
  assert_in(&w.trace,
            "\"carries\":[{\"unit\":\"mail.content\",\"message\":\"laptop-1\",\"edges\":[\"first\",\"last\"]},"
            "{\"unit\":\"smtp.command\"");
  assert_in(&w.trace, "{\"unit\":\"smtp.reply\",\"message\":\"laptop-1\"");
  assert_in(&w.trace, "\"event\":\"message.accepted\",\"values\":{\"message\":\"laptop-1\"");
  close_world(&w);
}

/* Of a line the first word is passed before it is known. */
static void bytes_that_come_singly_hide_the_same(void **state)
{
  struct world w;

  (void)state;
  open_world(&w, "jsonl", NULL);
  assert_int_equal(join(&w, 2587, true), 0);
  assert_int_equal(msim_socket_set_int(w.socket, MSIM_TCP_NODELAY, 1), 0);
  send_mail(&w, 1);
  leave(&w);
  finish(&w);
  assert_in(&w.heard, "235 2.7.0");
  assert_in(&w.heard, "250 2.0.0");
  assert_in(&w.trace, "\"text\":\"U\",\"link\"");
  assert_in(&w.trace, "\"text\":\"<redacted:1>\",\"carries\":[{\"unit\":\"auth.credentials\",\"hidden\"");
  assert_not_in(&w.trace, "\"text\":\"=\"");
  assert_in(&w.trace, "\"text\":\"<\",\"carries\":[{\"unit\":\"smtp.envelope\",\"message\":\"laptop-1\"}]");
  assert_in(&w.trace, "\"text\":\".\",\"carries\":[{\"unit\":\"mail.content\",\"message\":\"laptop-1\"}]");
  close_world(&w);
}

static void say_without_a_mail(struct world *w, bool recognise)
{
  open_world(w, "text", "show-secrets");
  assert_int_equal(join(w, 2587, recognise), 0);
  say(w, "EHLO laptop\r\nNOOP\r\nRSET\r\n", 4096);
  say(w, "AUTH PLAIN AGFubmEAYmx1ZS00Mg==\r\n", 7);
  say(w, "NOOP\r\nNOOP\r\n", 3);
  leave(w);
  finish(w);
}

static void segments_stay_as_they_are(void **state)
{
  struct world plain, marked;

  (void)state;
  say_without_a_mail(&plain, false);
  say_without_a_mail(&marked, true);
  assert_string_equal(plain.heard.data, marked.heard.data);
  assert_string_equal(plain.trace.data, marked.trace.data);
  close_world(&plain);
  close_world(&marked);
}

/* More commands in one segment than it can tell of, and more than are remembered: what hides is told nevertheless. */
static void login_behind_many_commands_is_hidden(void **state)
{
  static char many[6 * 5000 + 1], few[6 * 40 + 64];
  struct world w;
  unsigned i;

  (void)state;
  for (i = 0; i < 5000; i++)
    memcpy(many + 6 * (size_t)i, "NOOP\r\n", 7);
  memcpy(few, many, 6 * 40);
  strcpy(few + 6 * 40, "AUTH PLAIN c2VjcmV0\r\n");
  open_world(&w, "jsonl", "full-text");
  assert_int_equal(join(&w, 25, true), 0);
  assert_int_equal(msim_socket_send(w.socket, many, sizeof many - 1, 0), sizeof many - 1);
  say(&w, few, 4096);
  leave(&w);
  finish(&w);
  assert_not_in(&w.trace, "c2VjcmV0");
  assert_in(&w.trace, "NOOP\\r\\n<redacted:");
  close_world(&w);
  open_world(&w, "jsonl", "full-text");
  assert_int_equal(join(&w, 25, true), 0);
  say(&w, few, 4096);
  finish(&w);
  assert_not_in(&w.trace, "c2VjcmV0");
  assert_in(&w.trace, "NOOP\\r\\n<redacted:");
  close_world(&w);
}

/* More than the send buffer takes at once: only what was taken has been recognised. */
static void large_content_is_one_unit(void **state)
{
  static const size_t size_bytes = 300000;
  char *content = malloc(size_bytes + 6);
  struct world w;
  size_t at = 0;

  (void)state;
  assert_non_null(content);
  memset(content, 'x', size_bytes);
  for (at = 70; at + 2 < size_bytes; at += 72)
    memcpy(content + at, "\r\n", 2);
  memcpy(content, "Subject: large\r\n\r\n", 18);
  memcpy(content + size_bytes, "\r\n.\r\n", 6);
  open_world(&w, "jsonl", NULL);
  assert_int_equal(join(&w, 25, true), 0);
  say(&w, "EHLO laptop\r\n", 4096);
  say(&w, "MAIL FROM:<a@y.example>\r\nRCPT TO:<anna@x.example>\r\nDATA\r\n", 4096);
  for (at = 0; at < size_bytes + 5;) {
    int sent = msim_socket_send(w.socket, content + at, size_bytes + 5 - at, 0);

    assert_true(sent > 0 || sent == -MSIM_EAGAIN);
    at += sent > 0 ? (size_t)sent : 0;
    run_for(&w, MSIM_MSEC(1));
  }
  run_for(&w, MSIM_SEC(2));
  leave(&w);
  free(content);
  assert_in(&w.heard, "250 2.0.0");
  finish(&w);
  assert_in(&w.trace, "{\"unit\":\"mail.content\",\"message\":\"laptop-1\",\"edges\":[\"first\"]}");
  assert_in(&w.trace, "{\"unit\":\"mail.content\",\"message\":\"laptop-1\",\"edges\":[\"last\"]}");
  close_world(&w);
}

static void readers_and_webs_are_known_by_the_agent(void **state)
{
  struct world w;

  (void)state;
  open_world(&w, "jsonl", NULL);
  assert_int_equal(join(&w, 110, true), 0);
  say(&w, "USER anna\r\nPASS blue-42\r\n", 4096);
  say(&w, "QUIT\r\n", 4096);
  leave(&w);
  assert_in(&w.heard, "+OK 0 messages");
  assert_int_equal(join(&w, 143, true), 0);
  say(&w, "a LOGIN anna {7}\r\n", 4096);
  say(&w, "blue-42\r\n", 4096);
  say(&w, "b APPEND INBOX {19+}\r\nSubject: a\r\n\r\nHello\r\nc LOGOUT\r\n", 4096);
  leave(&w);
  assert_in(&w.heard, "a OK");
  assert_in(&w.heard, "b OK");
  finish(&w);
  assert_not_in(&w.trace, "blue-42");
  assert_in(&w.trace, "\"text\":\"USER anna\\r\\n<redacted:14>\"");
  assert_in(&w.trace, "{\"unit\":\"mail.content\",\"message\":\"laptop-1\",\"edges\":[\"first\",\"last\"]}");
  assert_in(&w.trace, "\"event\":\"store.add\",\"values\":{\"message\":\"laptop-1\"");
  close_world(&w);
}

/* ---- servers ---- */

static void replies_of_a_real_server_have_the_label_of_the_mail(void **state)
{
  static const char *const replies[] = {"220 outside\r\n", "250 outside\r\n", "250 Ok\r\n", "250 Ok\r\n",
                                        "354 Go on\r\n",   "250 Taken\r\n",   "221 Bye\r\n"};
  struct msim_endpoint at = {.port = 2525};
  struct msim_socket *listener = NULL;
  struct world w;
  size_t i;

  (void)state;
  open_world(&w, "jsonl", NULL);
  assert_int_equal(msim_socket_open(msim_node_find(w.sim, "outside"), MSIM_SOCK_STREAM, &listener), 0);
  assert_int_equal(msim_socket_bind(listener, &at), 0);
  assert_int_equal(msim_socket_listen(listener, 5), 0);
  run_for(&w, MSIM_SEC(2));
  assert_int_equal(msim_socket_accept(listener, &w.socket, NULL), 0);
  assert_int_equal(msim_socket_recognise(w.socket), 0);
  for (i = 0; i < sizeof replies / sizeof replies[0]; i++) /* not port 25: known by its first byte */
    say(&w, replies[i], 4096);
  assert_in(&w.heard, "Subject: one");
  finish(&w);
  assert_in(&w.trace, "\"text\":\"220 outside\\r\\n\",\"carries\":[{\"unit\":\"smtp.reply\",\"edges\"");
  assert_in(&w.trace, "\"text\":\"250 Taken\\r\\n\",\"carries\":[{\"unit\":\"smtp.reply\",\"message\":\"m1\"");
  assert_in(&w.trace, "\"event\":\"message.sent\"");
  close_world(&w);
}

/* ---- the call ---- */

static void recognising_needs_a_connection(void **state)
{
  struct world w;
  struct msim_socket *datagram = NULL, *fresh = NULL;

  (void)state;
  open_world(&w, "text", NULL);
  assert_int_equal(msim_socket_recognise(NULL), -MSIM_EBADF);
  assert_int_equal(msim_socket_open(msim_node_find(w.sim, "laptop"), MSIM_SOCK_DGRAM, &datagram), 0);
  assert_int_equal(msim_socket_recognise(datagram), -MSIM_EOPNOTSUPP);
  assert_int_equal(msim_socket_open(msim_node_find(w.sim, "laptop"), MSIM_SOCK_STREAM, &fresh), 0);
  assert_int_equal(msim_socket_recognise(fresh), -MSIM_ENOTCONN);
  assert_int_equal(join(&w, 25, true), 0);
  assert_int_equal(msim_socket_recognise(w.socket), 0); /* begins anew */
  say(&w, "QUIT\r\n", 4096);
  close_world(&w);
}

/* Also with a crash at the other end, and with what is unread when the connection ends. */
static void what_is_unread_at_the_end_is_followed(void **state)
{
  struct world w;
  struct msim_socket *socket;

  (void)state;
  open_world(&w, "text", NULL);
  assert_int_equal(join(&w, 25, true), 0);
  socket = w.socket;
  assert_int_equal(msim_socket_send(socket, "QUIT\r\n", 6, 0), 6);
  w.socket = NULL;
  run_for(&w, MSIM_SEC(5));
  assert_int_equal(msim_socket_shutdown(socket, MSIM_SHUT_WR), 0);
  run_for(&w, MSIM_SEC(200));
  w.socket = socket;
  run_for(&w, 1);
  assert_in(&w.heard, "221 ");
  close_world(&w);
}

/* Each request for memory from the connection on fails once. */
static void without_memory_it_fails_cleanly(void **state)
{
  uint64_t fail_at, begin;
  bool failed = true;
  struct world w;

  (void)state;
  open_world(&w, "jsonl", NULL);
  begin = w.mem.request_count;
  close_world(&w);
  for (fail_at = begin + 1; failed; fail_at++) {
    assert_int_equal(try_open(&w, "jsonl", NULL, fail_at), MSIM_OK);
    if (join(&w, 2587, true) == 0)
      send_mail(&w, 4096);
    failed = w.mem.failed_count > 0;
    if (failed)
      assert_int_equal(msim_sim_failure(w.sim), MSIM_ERR_NOMEM);
    close_world(&w);
  }
  assert_true(fail_at > begin + 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mail_of_a_real_client_has_units_and_a_label),
      cmocka_unit_test(bytes_that_come_singly_hide_the_same),
      cmocka_unit_test(segments_stay_as_they_are),
      cmocka_unit_test(login_behind_many_commands_is_hidden),
      cmocka_unit_test(large_content_is_one_unit),
      cmocka_unit_test(readers_and_webs_are_known_by_the_agent),
      cmocka_unit_test(replies_of_a_real_server_have_the_label_of_the_mail),
      cmocka_unit_test(recognising_needs_a_connection),
      cmocka_unit_test(what_is_unread_at_the_end_is_followed),
      cmocka_unit_test(without_memory_it_fails_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
