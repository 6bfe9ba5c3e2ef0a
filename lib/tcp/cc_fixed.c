/* cc_fixed: a window that never changes: the initial one. The model to copy for a controller of one's own.
 *
 * Does not answer to losses, so it is no controller for a shared link. */
#include <mailsim/cc.h>

static void start(void *state, struct msim_cc_vars *v, msim_ns now_ns)
{
  (void)state;
  (void)now_ns;
  v->cwnd_bytes = v->initial_window_bytes;
}

static void on_ack(void *state, struct msim_cc_vars *v, uint32_t acked_bytes, msim_ns now_ns)
{
  (void)state;
  (void)v;
  (void)acked_bytes;
  (void)now_ns;
}

static void on_loss(void *state, struct msim_cc_vars *v, enum msim_loss why, msim_ns now_ns)
{
  (void)state;
  (void)v;
  (void)why;
  (void)now_ns;
}

extern const struct msim_cc_type msim__cc_fixed;
const struct msim_cc_type msim__cc_fixed = {
    .name = "fixed",
    .summary = "a constant window: as many segments as the initial window has",
    .start = start,
    .on_ack = on_ack,
    .on_loss = on_loss,
};
