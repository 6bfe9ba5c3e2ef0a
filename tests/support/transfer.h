/* transfer.h: what is to be carried between two TCPs, and the account of what each end has got.
 *
 * Contents are made from a seed and the place, so both ends know them and nothing is kept. Knows neither sockets nor
 * streams. */
#ifndef MSIM_TESTS_SUPPORT_TRANSFER_H
#define MSIM_TESTS_SUPPORT_TRANSFER_H

#include <mailsim/base.h>

/* One end of one connection. */
struct transfer_end {
  uint64_t to_send_bytes, sent_bytes;
  uint64_t expected_bytes, received_bytes;
  uint32_t send_seed, receive_seed;
  bool closes_after_peer; /* else once everything is sent: the other half goes on */
  bool closed_half, got_eof;
  bool wrong, failed, over;
};

enum transfer_kind { TRANSFER_FETCH, TRANSFER_SEND, TRANSFER_BOTH }; /* as the one who connects sees it */

/* What the two ends have before them: the opener sends opener_bytes and the acceptor acceptor_bytes, as kind says. Who
 * only receives closes after the other. */
void transfer_init(struct transfer_end *opener, struct transfer_end *acceptor, enum transfer_kind kind, uint32_t seed,
                   uint64_t opener_bytes, uint64_t acceptor_bytes);

/* Up to capacity_bytes of what the end sends next; does not count them as sent. */
size_t transfer_fill(const struct transfer_end *end, uint8_t *out, size_t capacity_bytes);
/* Judges what the end has received. */
void transfer_take(struct transfer_end *end, struct msim_slice bytes);
/* Whether the end should close its half now. */
bool transfer_should_close(const struct transfer_end *end);

#endif
