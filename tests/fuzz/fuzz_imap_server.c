/* fuzz_imap_server.c: a whole simulated IMAP server, talked to by a peer that logs in, selects a mailbox and then sends
 * any bytes in any pieces. The run never fails, what is said are whole responses that begin as RFC 3501 has it, there
 * are no more ends of commands than lines came, and how the bytes were cut into pieces makes no difference but to
 * dates. Input: how to end, the size of the pieces, the time between them, then the bytes. */
#include "talk.h"

#include "proto/imap_gather.h"

static const char prologue[] = "a LOGIN bob blue\r\nb SELECT INBOX\r\n";

static const char topology[] = "mailsim: 1\n"
                               "hosts:\n"
                               "  peer:\n"
                               "    address: 10.0.0.2\n"
                               "  mx:\n"
                               "    address: 10.0.0.1\n"
                               "    agents:\n"
                               "      - imap-server:\n"
                               "          accounts: {bob: {password: blue}}\n"
                               "          append-max: 2KiB\n"
                               "          mailboxes:\n"
                               "            bob:\n"
                               "              - {message: m1, subject: one}\n"
                               "              - {message: m2, source: \"From: a (b) <c@d>\\r\\nContent-Type: "
                               "multipart/mixed; boundary=x\\r\\n\\r\\n--x\\r\\n\\r\\na\\r\\n--x\\r\\nContent-Type: "
                               "message/rfc822\\r\\n\\r\\nTo: q@r\\r\\n\\r\\nb\\r\\n--x--\\r\\n\"}\n"
                               "links:\n"
                               "  - {join: [peer, mx], delay: 3ms, rate: 100Mbit/s}\n";

static void check_replies(const struct fuzz_talk *talk)
{
  struct msim_slice rest = fuzz_slice_of(talk->replies, talk->replies_bytes);
  struct msim__imap_gather gather = {0};
  size_t at = 0, from = 0, taken, tagged_count = 0;

  while (at < rest.size_bytes) {
    enum msim__imap_gather_event event = msim__imap_gather_feed(&gather, fuzz_part(rest, at, rest.size_bytes), &taken);

    at += taken;
    if (event == MSIM__IMAP_GATHER_MORE)
      break;
    if (event == MSIM__IMAP_GATHER_LITERAL)
      continue;
    FUZZ_CHECK(at - from >= 4);
    tagged_count += rest.data[from] != '*' && rest.data[from] != '+';
    from = at;
  }
  FUZZ_CHECK(from == rest.size_bytes); /* no half response */
  if (talk->ending == FUZZ_ABORTS)
    return;
  FUZZ_CHECK(rest.size_bytes > 5 && memcmp(rest.data, "* OK ", 5) == 0);
  FUZZ_CHECK(tagged_count <= fuzz_count_lf(talk->bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  static const struct fuzz_world world = {.topology = topology,
                                          .port = 143,
                                          .bytes_max = 4096u,
                                          .replies_bytes_max = (size_t)4 * 1024 * 1024,
                                          .prologue = prologue,
                                          .dated = true,
                                          .check = check_replies};

  return fuzz_talk_over(&world, data, size_bytes);
}
