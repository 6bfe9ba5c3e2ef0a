/* tcp_intake.c: see tcp_intake.h. These are Linux's habits, each off unless an option asks for it: then a connection
 * has a struct of its own for them, others have a NULL. Does not send: tcp_output.c offers what stands here. */
#include "tcp/tcp_intake.h"

#include "net/buggify.h"

#include <string.h>

#define MOST_SEGMENTS_FIRST 10u /* what a sender may bring in its first round trip (RFC 6928) */
#define SPARE_SEGMENTS 16u

static msim_ns now_of(const struct msim__tcb *tcb)
{
  return msim__node_sim(tcb->head.node)->now_ns;
}

int msim__tcb_intake_begin(struct msim__tcb *tcb)
{
  const struct msim_tcp_opts *opts = tcb->opts;
  struct msim__tcp_intake *intake;

  bool is_tiny = msim__buggify(tcb->head.node, MSIM__SITE_TCP_TINY_WINDOW);

  msim__tcb_intake_release(tcb);
  if (!is_tiny && opts->quick_acks == 0 && opts->initial_receive_window_segments == 0 &&
      opts->receive_buffer_max_bytes <= opts->receive_buffer_bytes)
    return MSIM_OK;
  intake = msim__pool_get(&msim__tcb_room(tcb)->intakes);
  if (intake == NULL)
    return msim__sim_fail_nomem(msim__node_sim(tcb->head.node));
  memset(intake, 0, sizeof *intake);
  intake->quick_acks = opts->quick_acks;
  intake->limit_bytes = is_tiny ? 1 : opts->initial_receive_window_segments * tcb->mss_own;
  tcb->intake = intake;
  return MSIM_OK;
}

void msim__tcb_intake_release(struct msim__tcb *tcb)
{
  if (tcb->intake != NULL)
    msim__pool_put(&msim__tcb_room(tcb)->intakes, tcb->intake);
  tcb->intake = NULL;
}

static uint32_t read_seq(const struct msim__tcb *tcb)
{
  return tcb->rcv_nxt - tcb->available_bytes;
}

static void begin_round(struct msim__tcb *tcb)
{
  tcb->intake->since_ns = now_of(tcb);
  tcb->intake->begin_seq = read_seq(tcb);
}

bool msim__tcb_intake_text(struct msim__tcb *tcb, uint32_t text_bytes)
{
  struct msim__tcp_intake *intake = tcb->intake;

  if (intake->limit_bytes != 0) {
    intake->limit_bytes += 2 * text_bytes;
    if (intake->limit_bytes >= msim__tcb_receive_buffer_bytes(tcb))
      intake->limit_bytes = 0;
  }
  if (intake->most_bytes == 0) {
    intake->most_bytes = MOST_SEGMENTS_FIRST * tcb->mss_own;
    begin_round(tcb);
  }
  if (intake->quick_acks == 0)
    return false;
  intake->quick_acks--;
  return true;
}

/* Dynamic right-sizing: who reads so much in a round trip gets a window for twice that, since a sender in slow start
 * brings twice as much in the next; and more where it has grown faster than that. */
static void grow_buffer(struct msim__tcb *tcb, uint32_t read_bytes)
{
  struct msim__tcp_intake *intake = tcb->intake;
  uint64_t wanted = 2 * (uint64_t)read_bytes + SPARE_SEGMENTS * tcb->mss_own;

  wanted += 2 * (wanted * (read_bytes - intake->most_bytes) / intake->most_bytes);
  if (wanted > tcb->opts->receive_buffer_max_bytes)
    wanted = tcb->opts->receive_buffer_max_bytes;
  if (wanted > intake->buffer_bytes)
    intake->buffer_bytes = (uint32_t)wanted;
  intake->most_bytes = read_bytes;
}

void msim__tcb_intake_consumed(struct msim__tcb *tcb)
{
  struct msim__tcp_intake *intake = tcb->intake;
  uint32_t read_bytes;

  if (intake->most_bytes == 0 || (tcb->bits & MSIM__TCB_HAS_RTT) == 0 ||
      now_of(tcb) - intake->since_ns < tcb->cc.srtt_ns ||
      tcb->opts->receive_buffer_max_bytes <= tcb->opts->receive_buffer_bytes)
    return;
  read_bytes = read_seq(tcb) - intake->begin_seq;
  if (read_bytes > intake->most_bytes)
    grow_buffer(tcb, read_bytes);
  begin_round(tcb);
}
