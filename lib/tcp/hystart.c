/* hystart.c: see hystart.h. Names of RFC 9406 4.2 and 4.3 stand beside the constants. */
#include "tcp/hystart.h"

#define RTT_THRESH_NS_MIN MSIM_MSEC(4)  /* MIN_RTT_THRESH */
#define RTT_THRESH_NS_MAX MSIM_MSEC(16) /* MAX_RTT_THRESH */
#define RTT_DIVISOR 8u                  /* MIN_RTT_DIVISOR */
#define SAMPLE_COUNT_MIN 8u             /* N_RTT_SAMPLE */
#define CSS_GROWTH_DIVISOR 4u
#define CSS_ROUNDS 5u
#define SEGMENTS_PER_ACK_MAX 8u /* L, of a sender that does not pace */

static void begin_round(struct msim__hystart *h, const struct msim_cc_vars *v)
{
  h->window_end = v->sent_total_bytes;
  h->last_min_ns = h->round_min_ns;
  h->round_min_ns = MSIM_NEVER;
  h->sample_count = 0;
}

void msim__hystart_start(struct msim__hystart *h, const struct msim_cc_vars *v)
{
  h->css_round_count = 0;
  h->round_min_ns = MSIM_NEVER;
  h->baseline_ns = MSIM_NEVER;
  begin_round(h, v);
}

static void grow(const struct msim__hystart *h, struct msim_cc_vars *v, uint32_t acked_bytes)
{
  uint32_t most = SEGMENTS_PER_ACK_MAX * v->mss_bytes, bytes = acked_bytes < most ? acked_bytes : most;

  if (v->is_cwnd_limited)
    v->cwnd_bytes += h->css_round_count > 0 ? bytes / CSS_GROWTH_DIVISOR : bytes;
}

/* Where one segment is timed per round trip, its time stands for the ACKs of the whole round. */
static void take_sample(struct msim__hystart *h, const struct msim_cc_vars *v)
{
  if (v->rtt_last_ns == 0)
    return;
  if (v->rtt_last_ns < h->round_min_ns)
    h->round_min_ns = v->rtt_last_ns;
  if (h->sample_count < UINT8_MAX)
    h->sample_count++;
}

static void look_for_queue(struct msim__hystart *h)
{
  msim_ns thresh_ns = h->last_min_ns / RTT_DIVISOR;

  if (h->last_min_ns == MSIM_NEVER)
    return;
  if (thresh_ns < RTT_THRESH_NS_MIN)
    thresh_ns = RTT_THRESH_NS_MIN;
  if (thresh_ns > RTT_THRESH_NS_MAX)
    thresh_ns = RTT_THRESH_NS_MAX;
  if (h->round_min_ns < h->last_min_ns + thresh_ns)
    return;
  h->baseline_ns = h->round_min_ns;
  h->css_round_count = 1; /* what is left of this round counts */
}

static void look_for_false_alarm(struct msim__hystart *h)
{
  if (h->round_min_ns >= h->baseline_ns)
    return;
  h->baseline_ns = MSIM_NEVER;
  h->css_round_count = 0;
}

bool msim__hystart_acked(struct msim__hystart *h, struct msim_cc_vars *v, uint32_t acked_bytes)
{
  grow(h, v, acked_bytes);
  take_sample(h, v);
  if (h->sample_count >= SAMPLE_COUNT_MIN) {
    if (h->css_round_count > 0)
      look_for_false_alarm(h);
    else
      look_for_queue(h);
  }
  if ((int32_t)(v->acked_total_bytes - h->window_end) < 0)
    return false;
  if (h->css_round_count > 0 && h->css_round_count++ == CSS_ROUNDS)
    return true;
  begin_round(h, v);
  return false;
}
