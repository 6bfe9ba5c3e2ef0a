/* cc_reno: slow start, congestion avoidance and the answers to loss of RFC 5681, with the recovery of RFC 6582.
 *
 * Does not decide what was lost, and does not inflate the window during recovery: TCP does both. */
#include <mailsim/cc.h>

struct reno {
  uint32_t acked_bytes; /* since the window last grew in congestion avoidance */
};

static uint32_t at_least(uint32_t value, uint32_t least)
{
  return value > least ? value : least;
}

static void start(void *state, struct msim_cc_vars *v, msim_ns now_ns)
{
  (void)state;
  (void)now_ns;
  v->cwnd_bytes = v->initial_window_bytes;
}

static void on_ack(void *state, struct msim_cc_vars *v, uint32_t acked_bytes, msim_ns now_ns)
{
  struct reno *reno = state;

  (void)now_ns;
  if (!v->is_cwnd_limited)
    return;
  if (v->cwnd_bytes < v->ssthresh_bytes) { /* RFC 5681 3.1, equation 2 */
    v->cwnd_bytes += acked_bytes < v->mss_bytes ? acked_bytes : v->mss_bytes;
    return;
  }
  /* RFC 5681 3.1, the way it recommends: one segment for each window acknowledged */
  reno->acked_bytes += acked_bytes;
  if (reno->acked_bytes >= v->cwnd_bytes) {
    reno->acked_bytes -= v->cwnd_bytes;
    v->cwnd_bytes += v->mss_bytes;
  }
}

static void on_loss(void *state, struct msim_cc_vars *v, enum msim_loss why, msim_ns now_ns)
{
  struct reno *reno = state;

  (void)now_ns;
  reno->acked_bytes = 0;
  v->ssthresh_bytes = at_least(v->flight_bytes / 2, 2 * v->mss_bytes); /* RFC 5681 3.1, equation 4 */
  v->cwnd_bytes = why == MSIM_LOSS_TIMEOUT ? v->mss_bytes : v->ssthresh_bytes;
}

/* RFC 6582 3.2 step 3, a full acknowledgment, its first option: no burst when little is in flight. */
static void on_recovered(void *state, struct msim_cc_vars *v, msim_ns now_ns)
{
  uint32_t careful = at_least(v->flight_bytes, v->mss_bytes) + v->mss_bytes;

  (void)state;
  (void)now_ns;
  v->cwnd_bytes = v->ssthresh_bytes < careful ? v->ssthresh_bytes : careful;
}

/* RFC 5681 4.1: the restart window. */
static void on_idle(void *state, struct msim_cc_vars *v, msim_ns idle_ns)
{
  (void)state;
  (void)idle_ns;
  if (v->cwnd_bytes > v->initial_window_bytes)
    v->cwnd_bytes = v->initial_window_bytes;
}

/* Nothing beside cwnd and ssthresh was changed that matters. */
static void on_undo(void *state, struct msim_cc_vars *v, msim_ns now_ns)
{
  (void)state;
  (void)v;
  (void)now_ns;
}

extern const struct msim_cc_type msim__cc_reno;
const struct msim_cc_type msim__cc_reno = {
    .name = "reno",
    .summary = "slow start and congestion avoidance of RFC 5681, recovery of RFC 6582",
    .state_bytes = sizeof(struct reno),
    .start = start,
    .on_ack = on_ack,
    .on_loss = on_loss,
    .on_recovered = on_recovered,
    .on_idle = on_idle,
    .on_undo = on_undo,
};
