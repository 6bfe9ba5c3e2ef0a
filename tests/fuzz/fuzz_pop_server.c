/* fuzz_pop_server.c: a whole simulated POP3 server, talked to by a peer that sends any bytes in any pieces. The run
 * never fails, the server never waits for ever, every line that it says ends in CRLF, and how the bytes were cut into
 * pieces makes no difference. Input: how to end, the size of the pieces, the time between them, then the bytes. */
#include "talk.h"

static const char topology[] = "mailsim: 1\n"
                               "hosts:\n"
                               "  peer:\n"
                               "    address: 10.0.0.2\n"
                               "  mx:\n"
                               "    address: 10.0.0.1\n"
                               "    agents:\n"
                               "      - pop-server:\n"
                               "          accounts: {b: {password: p}, c: {password: q}}\n"
                               "          mailboxes:\n"
                               "            b:\n"
                               "              - {message: m1, from: a@x.example, source: \"A: b\\n\\n.\\n..x\\n\"}\n"
                               "              - {message: m2, from: a@x.example, subject: Two, size: 3KiB}\n"
                               "              - {message: m3, from: a@x.example, source: x}\n"
                               "          auth-failures-max: 3\n"
                               "          error-delay: 10ms\n"
                               "links:\n"
                               "  - {join: [peer, mx], delay: 3ms, rate: 1Mbit/s}\n";

/* Lines end in CRLF; the first is the greeting. */
static void check_replies(const struct fuzz_talk *talk)
{
  size_t i;

  for (i = 0; i < talk->replies_bytes; i++)
    FUZZ_CHECK(talk->replies[i] != '\n' || (i > 0 && talk->replies[i - 1] == '\r'));
  if (talk->ending == FUZZ_ABORTS)
    return;
  FUZZ_CHECK(talk->replies_bytes > 5 && memcmp(talk->replies, "+OK mx", 6) == 0);
  FUZZ_CHECK(talk->replies[talk->replies_bytes - 1] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  static const struct fuzz_world world = {.topology = topology,
                                          .port = 110,
                                          .bytes_max = 1024u,
                                          .replies_bytes_max = (size_t)2048 * 1024,
                                          .prologue = "",
                                          .dated = false,
                                          .check = check_replies};

  return fuzz_talk_over(&world, data, size_bytes);
}
