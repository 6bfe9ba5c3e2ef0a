/* fuzz_smtp_server.c: a whole simulated mail server, talked to by a peer that sends any bytes in any pieces. The run
 * never fails, every answer is a reply as RFC 5321 writes it, there are no more of them than lines came, and how the
 * bytes were cut into pieces makes no difference. Input: how to end, the size of the pieces, the time between them,
 * then the bytes. */
#include "talk.h"

#include "proto/smtp_reply.h"

static const char topology[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  peer:\n"
    "    address: 10.0.0.2\n"
    "  mx:\n"
    "    address: 10.0.0.1\n"
    "    agents:\n"
    "      - smtp-server:\n"
    "          domains: {b.example: {bob: {password: blue, size-max: 1500B}, ann: , full: {quota: 1B}}}\n"
    "          aliases: {all@b.example: [bob, ann, all], away@b.example: x@y.example, \"@c.example\": bob}\n"
    "          relay-from: [\"@a.example\"]\n"
    "          size-max: 2KiB\n"
    "          recipients-max: 3\n"
    "          tell-vrfy: true\n"
    "          tell-expn: true\n"
    "          rules:\n"
    "            - {at: HELP, delay: 1s}\n"
    "            - {at: RCPT, match: {to: \"ann@*\"}, nth: 2, times: 1, reply: 451 4.7.1 Later, delay: 100ms}\n"
    "            - {at: NOOP, nth: 3, drop: true, times: 1}\n"
    "            - {at: final-dot, match: {from: \"z@*\"}, close: before-reply}\n"
    "            - {at: VRFY, nth: 4, close: after-reply}\n"
    "            - {at: RSET, rate: 5/10d, per: server, reply: 421 4.7.0 Slow down}\n"
    "            - {at: BDAT, nth: 4, times: 1, reply: 452 4.3.1 Not this one}\n"
    "            - {at: RCPT, match: {to: \"*@c.example\"}, discard: true}\n"
    "links:\n"
    "  - {join: [peer, mx], delay: 3ms, rate: 1Mbit/s}\n";

/* A refused line is over at the next LF, bare or not (stream.h), so each LF may earn an answer. */
static void check_replies(const struct fuzz_talk *talk)
{
  struct msim_slice rest = fuzz_slice_of(talk->replies, talk->replies_bytes);
  struct msim__smtp_reply reply;
  size_t count = 0, i, from = 0;
  unsigned first_code = 0;

  memset(&reply, 0, sizeof reply);
  for (i = 1; i < rest.size_bytes; i++) {
    int got;

    if (rest.data[i] != '\n')
      continue;
    FUZZ_CHECK(rest.data[i - 1] == '\r' && i + 1 - from <= MSIM__SMTP_REPLY_LINE_BYTES_MAX);
    got = msim__smtp_reply_feed(&reply, fuzz_part(rest, from, i - 1));
    FUZZ_CHECK(got >= 0);
    from = i + 1;
    if (got == 1) {
      count++;
      first_code = count == 1 ? reply.code : first_code;
      memset(&reply, 0, sizeof reply);
    }
  }
  FUZZ_CHECK(from == rest.size_bytes && reply.line_count == 0); /* no half reply */
  if (talk->ending == FUZZ_ABORTS)
    return;
  FUZZ_CHECK(first_code == 220);
  FUZZ_CHECK(count <= 3 + fuzz_count_lf(talk->bytes)); /* the greeting, a line without an end, a farewell */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  static const struct fuzz_world world = {.topology = topology,
                                          .port = 25,
                                          .bytes_max = 4096u,
                                          .replies_bytes_max = (size_t)512 * 1024,
                                          .prologue = "",
                                          .dated = false,
                                          .check = check_replies};

  return fuzz_talk_over(&world, data, size_bytes);
}
