/* cc_half.c: half: a segment more for each window that arrives, half of it after each loss.
 *
 * No slow start: for links whose rate is about that of the initial window. */
#include <mailsim/cc.h>

struct half {
  uint32_t acked_bytes; /* of the present window */
};

static void start(void *state, struct msim_cc_vars *v, msim_ns now_ns)
{
  (void)state;
  (void)now_ns;
  v->cwnd_bytes = v->initial_window_bytes;
}

static void on_ack(void *state, struct msim_cc_vars *v, uint32_t acked_bytes, msim_ns now_ns)
{
  struct half *half = state;

  (void)now_ns;
  half->acked_bytes += acked_bytes;
  if (v->is_cwnd_limited && half->acked_bytes >= v->cwnd_bytes) {
    half->acked_bytes = 0;
    v->cwnd_bytes += v->mss_bytes;
  }
}

static void on_loss(void *state, struct msim_cc_vars *v, enum msim_loss why, msim_ns now_ns)
{
  struct half *half = state;

  (void)why;
  (void)now_ns;
  half->acked_bytes = 0;
  v->cwnd_bytes = v->cwnd_bytes / 2 > v->mss_bytes ? v->cwnd_bytes / 2 : v->mss_bytes;
  v->ssthresh_bytes = v->cwnd_bytes;
}

extern const struct msim_cc_type msim__cc_half;
const struct msim_cc_type msim__cc_half = {
    .name = "half",
    .summary = "one segment more per window, half after a loss",
    .state_bytes = sizeof(struct half),
    .start = start,
    .on_ack = on_ack,
    .on_loss = on_loss,
};
