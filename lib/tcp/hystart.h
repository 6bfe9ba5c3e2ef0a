/* hystart.h: HyStart++ (RFC 9406): the first slow start, and when it is enough.
 *
 * Growing round-trip times tell that a queue builds up. The window then grows slowly for some rounds (CSS), and goes on
 * as before when the round-trip times fall again. Does not decide anything after a loss: its caller then stops asking.
 */
#ifndef MSIM_TCP_HYSTART_H
#define MSIM_TCP_HYSTART_H

#include <mailsim/cc.h>

struct msim__hystart {
  uint32_t window_end; /* a round ends when this count of bytes sent is acknowledged */
  uint8_t sample_count;
  uint8_t css_round_count;                        /* begun; 0: not in CSS */
  msim_ns round_min_ns, last_min_ns, baseline_ns; /* MSIM_NEVER: none */
};

void msim__hystart_start(struct msim__hystart *h, const struct msim_cc_vars *v);

/* New data was acknowledged: grows the window and watches the rounds. True: slow start is over. */
bool msim__hystart_acked(struct msim__hystart *h, struct msim_cc_vars *v, uint32_t acked_bytes);

#endif
