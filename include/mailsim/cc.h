/* cc.h: how to write a congestion controller.
 *
 * TCP decides that something was lost; the controller decides how much may be sent. It sees numbers only and has no way
 * back into the connection. Model to copy: lib/tcp/cc_fixed.c. */
#ifndef MAILSIM_CC_H
#define MAILSIM_CC_H

#include <mailsim/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

enum msim_loss {
  MSIM_LOSS_DUPACK,  /* fast retransmit: recovery begins */
  MSIM_LOSS_TIMEOUT, /* the retransmission timer */
  MSIM_LOSS_ECN
};

struct msim_cc_vars {
  uint32_t cwnd_bytes, ssthresh_bytes; /* written by the controller */
  /* read-only for the controller: */
  uint32_t mss_bytes;
  uint32_t initial_window_bytes;
  uint32_t flight_bytes; /* sent and not yet acknowledged, before this event */
  msim_ns srtt_ns, rtt_min_ns, rtt_last_ns;
  bool in_recovery;
  bool is_cwnd_limited; /* the sender used its whole window: growing makes sense (RFC 7661, RFC 9438 4.4) */
  /* Counted from the initial sequence number, modulo 2^32: what of a transfer is acknowledged, and what was sent at
   * least once. A round trip ends when what was sent at its beginning is acknowledged (RFC 9406 4.2). */
  uint32_t acked_total_bytes, sent_total_bytes;
};

struct msim_cc_type {
  const char *name;
  const char *summary;
  size_t state_bytes; /* at most 128; zeroed, lives in the connection */
  void (*start)(void *state, struct msim_cc_vars *v, msim_ns now_ns);
  void (*on_ack)(void *state, struct msim_cc_vars *v, uint32_t acked_bytes,
                 msim_ns now_ns); /* new data, not in recovery */
  void (*on_loss)(void *state, struct msim_cc_vars *v, enum msim_loss why, msim_ns now_ns);
  /* may be NULL: */
  /* With PRR (RFC 9937) the window is ssthresh afterwards, whatever this has made of it. */
  void (*on_recovered)(void *state, struct msim_cc_vars *v, msim_ns now_ns);
  void (*on_idle)(void *state, struct msim_cc_vars *v, msim_ns idle_ns); /* RFC 5681 4.1 */
  /* The last on_loss was for nothing: what was taken for lost had only been late (RFC 4015). cwnd and ssthresh stand
   * where they were before it, or higher; what else on_loss changed is to go back too. NULL: cuts are not taken back.
   */
  void (*on_undo)(void *state, struct msim_cc_vars *v, msim_ns now_ns);
};

/* The type is copied; its strings are borrowed for the simulation's life. */
#define msim_cc_register(sim, type) msim_cc_register_sized((sim), (type), sizeof(struct msim_cc_type))
MSIM_API int msim_cc_register_sized(struct msim_sim *sim, const struct msim_cc_type *type, size_t type_bytes);

/* The types known to this simulation, built-in ones first. NULL: past the end. */
MSIM_API const struct msim_cc_type *msim_cc_type_at(const struct msim_sim *sim, size_t index);

#ifdef __cplusplus
}
#endif
#endif
