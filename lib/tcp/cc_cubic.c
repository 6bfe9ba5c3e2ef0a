/* cc_cubic: CUBIC (RFC 9438), with HyStart++ (RFC 9406) in its first slow start.
 *
 * Integers only: bytes and milliseconds. */
#include "tcp/hystart.h"

/* C = 4/10 segments per second^3; beta = 7/10; alpha = 3 (1 - beta) / (1 + beta) = 9/17 (4.1, 4.3). */
#define BETA_NUMERATOR 7u
#define BETA_DENOMINATOR 10u
#define ALPHA_NUMERATOR 9u
#define ALPHA_DENOMINATOR 17u
#define WINDOW_BYTES_MAX (UINT32_C(1) << 30)
/* 524 s on either side of the plateau: even of segments of 28 bytes the cubic then exceeds every window. */
#define DISTANCE_MS_MAX ((msim_ns)1 << 19)

enum {
  FIRST_SLOW_START = 1, /* HyStart++ decides */
  IN_EPOCH = 2,         /* a stage of congestion avoidance has begun */
  AFTER_TIMEOUT = 4,    /* the next stage is the first after a timeout */
  PAUSED = 8            /* the application does not use the window */
};

struct cubic {
  struct msim__hystart hystart;
  uint32_t bits;
  uint32_t max_bytes;   /* W_max */
  uint32_t prior_bytes; /* cwnd_prior */
  uint32_t reno_bytes;  /* W_est */
  uint64_t reno_rest;   /* of W_est, in 1/(17 cwnd) of a byte */
  uint64_t rest;        /* of the window, in 1/cwnd of a byte */
  msim_ns epoch_ns;     /* t_epoch, moved by the time that was paused */
  msim_ns paused_ns;    /* since */
  uint32_t plateau_ms;  /* K */
  struct {
    uint32_t bits, max_bytes, prior_bytes, reno_bytes, plateau_ms;
    msim_ns epoch_ns;
  } before; /* the last loss (4.9) */
};
_Static_assert(sizeof(struct cubic) <= 128, "the state of a controller is bounded");

static uint32_t at_least(uint64_t value, uint32_t least)
{
  return value > least ? (uint32_t)value : least;
}

/* The largest integer whose cube is not above value: three bits of value decide one of the root. */
static uint32_t cube_root(uint64_t value)
{
  uint64_t root = 0;
  int shift;

  for (shift = 63; shift >= 0; shift -= 3) {
    uint64_t tried;

    root *= 2;
    tried = 3 * root * (root + 1) + 1; /* (root + 1)^3 - root^3 */
    if (value >> shift >= tried) {
      value -= tried << shift;
      root++;
    }
  }
  return (uint32_t)root;
}

/* Figure 2: K^3 = (W_max - cwnd_epoch) / C; in ms^3 and bytes a segment per C is 2.5e9 mss. */
static uint32_t plateau_ms(uint32_t below_bytes, uint32_t mss_bytes)
{
  return cube_root((uint64_t)below_bytes * UINT64_C(2500000000) / mss_bytes);
}

/* Figure 1. */
static uint32_t cubic_window(const struct cubic *c, const struct msim_cc_vars *v, msim_ns elapsed_ns)
{
  msim_ns t_ms = elapsed_ns / 1000000, k_ms = c->plateau_ms;
  msim_ns d_ms = t_ms > k_ms ? t_ms - k_ms : k_ms - t_ms;
  uint64_t bytes;

  if (d_ms > DISTANCE_MS_MAX)
    d_ms = DISTANCE_MS_MAX;
  bytes = d_ms * d_ms * d_ms / 2500 * v->mss_bytes / 1000000; /* below 2^62 on the way */
  if (t_ms < k_ms)
    return bytes < c->max_bytes ? c->max_bytes - (uint32_t)bytes : 0;
  return bytes < WINDOW_BYTES_MAX - c->max_bytes ? c->max_bytes + (uint32_t)bytes : WINDOW_BYTES_MAX;
}

static void start(void *state, struct msim_cc_vars *v, msim_ns now_ns)
{
  struct cubic *c = state;

  (void)now_ns;
  v->cwnd_bytes = v->initial_window_bytes;
  c->bits = v->no_hystart ? 0 : FIRST_SLOW_START;
  msim__hystart_start(&c->hystart, v);
}

static void begin_epoch(struct cubic *c, const struct msim_cc_vars *v, msim_ns now_ns)
{
  /* 4.8: the first stage after a timeout; 4.10: slow start ended without a loss. Both begin at the plateau. */
  if ((c->bits & AFTER_TIMEOUT) != 0 || c->max_bytes < v->cwnd_bytes)
    c->max_bytes = v->cwnd_bytes;
  if (c->max_bytes > WINDOW_BYTES_MAX)
    c->max_bytes = WINDOW_BYTES_MAX;
  c->plateau_ms = c->max_bytes > v->cwnd_bytes ? plateau_ms(c->max_bytes - v->cwnd_bytes, v->mss_bytes) : 0;
  c->reno_bytes = v->cwnd_bytes;
  c->reno_rest = 0;
  c->rest = 0;
  c->epoch_ns = now_ns;
  c->bits = (c->bits & ~(uint32_t)(AFTER_TIMEOUT | PAUSED | FIRST_SLOW_START)) | IN_EPOCH;
}

/* 4.3, figure 4: what Reno would have, with alpha 1 once the window is back where it was. */
static void grow_reno(struct cubic *c, const struct msim_cc_vars *v, uint32_t acked_bytes)
{
  bool is_back = c->reno_bytes >= c->prior_bytes;
  uint64_t unit = (uint64_t)v->cwnd_bytes * ALPHA_DENOMINATOR;

  c->reno_rest += (uint64_t)acked_bytes * v->mss_bytes * (is_back ? ALPHA_DENOMINATOR : ALPHA_NUMERATOR);
  if (c->reno_rest / unit < WINDOW_BYTES_MAX - c->reno_bytes)
    c->reno_bytes += (uint32_t)(c->reno_rest / unit);
  else
    c->reno_bytes = WINDOW_BYTES_MAX;
  c->reno_rest %= unit;
}

/* 4.4 and 4.5: so that the window of one round trip takes it to where the cubic will be by then. Growth is counted in
 * bytes acknowledged, so that delayed ACKs do not halve it. */
static void grow_cubic(struct cubic *c, struct msim_cc_vars *v, uint32_t acked_bytes, msim_ns elapsed_ns)
{
  uint32_t cwnd = v->cwnd_bytes, target = cubic_window(c, v, elapsed_ns + v->srtt_ns);

  if (target > cwnd + cwnd / 2)
    target = cwnd + cwnd / 2; /* 4.2 */
  if (target <= cwnd)
    return;
  c->rest += (uint64_t)(target - cwnd) * acked_bytes;
  v->cwnd_bytes += (uint32_t)(c->rest / cwnd);
  c->rest %= cwnd;
}

static void avoid_congestion(struct cubic *c, struct msim_cc_vars *v, uint32_t acked_bytes, msim_ns now_ns)
{
  msim_ns elapsed_ns;

  if (acked_bytes > v->cwnd_bytes)
    acked_bytes = v->cwnd_bytes; /* one round trip at a time */
  if ((c->bits & IN_EPOCH) == 0)
    begin_epoch(c, v, now_ns);
  if ((c->bits & PAUSED) != 0) { /* 4.2, 5.8: time in which the window was not used does not count */
    c->epoch_ns += now_ns - c->paused_ns;
    c->bits &= ~(uint32_t)PAUSED;
  }
  elapsed_ns = now_ns - c->epoch_ns;
  grow_reno(c, v, acked_bytes);
  if (cubic_window(c, v, elapsed_ns) >= c->reno_bytes)
    grow_cubic(c, v, acked_bytes, elapsed_ns);
  else if (v->cwnd_bytes < c->reno_bytes)
    v->cwnd_bytes = c->reno_bytes;
}

static void note_pause(struct cubic *c, msim_ns now_ns)
{
  if ((c->bits & (IN_EPOCH | PAUSED)) != IN_EPOCH)
    return;
  c->bits |= PAUSED;
  c->paused_ns = now_ns;
}

static void on_ack(void *state, struct msim_cc_vars *v, uint32_t acked_bytes, msim_ns now_ns)
{
  struct cubic *c = state;

  if ((c->bits & FIRST_SLOW_START) != 0 && v->cwnd_bytes < v->ssthresh_bytes) {
    if (msim__hystart_acked(&c->hystart, v, acked_bytes)) {
      c->bits &= ~(uint32_t)FIRST_SLOW_START;
      v->ssthresh_bytes = v->cwnd_bytes;
    }
    return;
  }
  if (!v->is_cwnd_limited) {
    note_pause(c, now_ns);
    return;
  }
  if (v->cwnd_bytes < v->ssthresh_bytes) { /* 4.10: RFC 5681 3.1 */
    v->cwnd_bytes += acked_bytes < v->mss_bytes ? acked_bytes : v->mss_bytes;
    c->bits &= ~(uint32_t)IN_EPOCH;
    return;
  }
  avoid_congestion(c, v, acked_bytes, now_ns);
}

static void on_loss(void *state, struct msim_cc_vars *v, enum msim_loss why, msim_ns now_ns)
{
  struct cubic *c = state;
  uint64_t reduced = (uint64_t)v->flight_bytes * BETA_NUMERATOR / BETA_DENOMINATOR;

  (void)now_ns;
  c->before.bits = c->bits;
  c->before.max_bytes = c->max_bytes;
  c->before.prior_bytes = c->prior_bytes;
  c->before.reno_bytes = c->reno_bytes;
  c->before.plateau_ms = c->plateau_ms;
  c->before.epoch_ns = c->epoch_ns;
  if (v->cwnd_bytes < c->max_bytes) /* 4.7: leaves room to whoever came meanwhile: (1 + beta) / 2 */
    c->max_bytes = (uint32_t)((uint64_t)v->cwnd_bytes * (BETA_DENOMINATOR + BETA_NUMERATOR) / (2 * BETA_DENOMINATOR));
  else
    c->max_bytes = v->cwnd_bytes;
  c->prior_bytes = v->cwnd_bytes;
  c->bits &= ~(uint32_t)(FIRST_SLOW_START | IN_EPOCH);
  v->ssthresh_bytes = at_least(reduced, 2 * v->mss_bytes); /* 4.6, figure 5 */
  v->cwnd_bytes = why == MSIM_LOSS_ECN ? at_least(reduced, v->mss_bytes) : v->ssthresh_bytes;
  if (why == MSIM_LOSS_TIMEOUT) { /* 4.8 */
    c->bits |= AFTER_TIMEOUT;
    v->cwnd_bytes = v->mss_bytes;
  }
}

/* 4.9.1, 4.9.2: on the curve again, in the time that it began with. */
static void on_undo(void *state, struct msim_cc_vars *v, msim_ns now_ns)
{
  struct cubic *c = state;

  (void)v;
  (void)now_ns;
  c->bits = c->before.bits;
  c->max_bytes = c->before.max_bytes;
  c->prior_bytes = c->before.prior_bytes;
  c->reno_bytes = c->before.reno_bytes;
  c->plateau_ms = c->before.plateau_ms;
  c->epoch_ns = c->before.epoch_ns;
}

/* RFC 6582 3.2 step 3, a full acknowledgment, its first option: no burst when little is in flight. */
static void on_recovered(void *state, struct msim_cc_vars *v, msim_ns now_ns)
{
  uint32_t careful = at_least(v->flight_bytes, v->mss_bytes) + v->mss_bytes;

  (void)state;
  (void)now_ns;
  v->cwnd_bytes = v->ssthresh_bytes < careful ? v->ssthresh_bytes : careful;
}

/* RFC 5681 4.1, the restart window. What was known of the path ages but is not forgotten (RFC 7661 4.4.2): slow start
 * leads back to three quarters of it. */
static void on_idle(void *state, struct msim_cc_vars *v, msim_ns idle_ns)
{
  struct cubic *c = state;

  (void)idle_ns;
  c->bits &= ~(uint32_t)(IN_EPOCH | PAUSED);
  if (v->cwnd_bytes <= v->initial_window_bytes)
    return;
  v->ssthresh_bytes = at_least((uint64_t)v->cwnd_bytes * 3 / 4, v->ssthresh_bytes);
  v->cwnd_bytes = v->initial_window_bytes;
}

extern const struct msim_cc_type msim__cc_cubic;
const struct msim_cc_type msim__cc_cubic = {
    .name = "cubic",
    .summary = "CUBIC of RFC 9438, slow start with HyStart++ of RFC 9406",
    .state_bytes = sizeof(struct cubic),
    .start = start,
    .on_ack = on_ack,
    .on_loss = on_loss,
    .on_recovered = on_recovered,
    .on_idle = on_idle,
    .on_undo = on_undo,
};
