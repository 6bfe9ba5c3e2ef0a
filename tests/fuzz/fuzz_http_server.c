/* fuzz_http_server.c: a whole simulated web server, talked to by a peer that sends any bytes in any pieces. The run
 * never fails, the server never waits for ever, what it says are answers and nothing else, and how the bytes were cut
 * into pieces makes no difference. Input: how to end, the size of the pieces, the time between them, then the bytes. */
#include "proto/http_head.h"
#include "talk.h"

static const char topology[] = "mailsim: 1\n"
                               "hosts:\n"
                               "  peer:\n"
                               "    address: 10.0.0.2\n"
                               "  mx:\n"
                               "    address: 10.0.0.1\n"
                               "    agents:\n"
                               "      - http-server:\n"
                               "          pages:\n"
                               "            /: {body: hello}\n"
                               "            /big: {size: 3KiB}\n"
                               "            /old: {status: 301, location: /}\n"
                               "          requests-max: 20\n"
                               "links:\n"
                               "  - {join: [peer, mx], delay: 3ms, rate: 1Mbit/s}\n";

/* Heads with their bodies, one behind the other; only where HEAD was asked for bodies are missing. */
static void check_replies(const struct fuzz_talk *talk)
{
  struct msim_slice rest = fuzz_slice_of(talk->replies, talk->replies_bytes);
  const char *asked = talk->bytes.size_bytes > 0 ? (const char *)talk->bytes.data : "";
  struct msim__http_scan scan = {0, 0, 0};
  struct msim__http_response answer;
  size_t i;

  for (i = 0; i + 4 <= talk->bytes.size_bytes; i++)
    if (memcmp(asked + i, "HEAD", 4) == 0)
      return;
  while (rest.size_bytes > 0 && talk->ending != FUZZ_ABORTS) {
    FUZZ_CHECK(msim__http_response_read(&scan, rest, MSIM__HTTP_HEAD_BYTES_MAX, false, &answer) == 1);
    FUZZ_CHECK(answer.head.framing == MSIM__HTTP_LENGTH || answer.status == 304 || answer.status == 100);
    FUZZ_CHECK(answer.head.length_bytes <= rest.size_bytes - answer.head.size_bytes);
    rest = fuzz_part(rest, answer.head.size_bytes + (size_t)answer.head.length_bytes, rest.size_bytes);
    FUZZ_CHECK(answer.head.keep_alive || rest.size_bytes == 0);
  }
}

/* Pieces take time, and an answer says when it was given. */
static void blank_dates(struct fuzz_talk *talk)
{
  size_t i;

  for (i = 0; i + 37 <= talk->replies_bytes; i++)
    if (memcmp(talk->replies + i, "\r\nDate: ", 8) == 0)
      memset(talk->replies + i + 8, '*', 29);
}

/* Whether to be asked to go on is of use depends on what has come already. */
static bool never_asks_to_go_on(struct msim_slice bytes)
{
  size_t i;

  for (i = 0; i + 4 <= bytes.size_bytes; i++)
    if (memcmp(bytes.data + i, "100-", 4) == 0)
      return false;
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  static const struct fuzz_world world = {.topology = topology,
                                          .port = 80,
                                          .bytes_max = 2048u,
                                          .replies_bytes_max = (size_t)2048 * 1024,
                                          .prologue = "",
                                          .check = check_replies,
                                          .blank = blank_dates,
                                          .is_comparable = never_asks_to_go_on};

  return fuzz_talk_over(&world, data, size_bytes);
}
