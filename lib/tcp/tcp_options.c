/* tcp_options.c: the options that TCP acts upon (RFC 9293 3.2), read from and written as the raw bytes that travel.
 *
 * Does not decide whether an option is offered: tcp_output.c does. */
#include "tcp/tcb.h"
#include "wire/tcp_header.h"

#include <string.h>

void msim__segment_read_options(struct msim__segment *seg, const struct msim__packet_cold *cold)
{
  struct msim_slice bytes = {cold->options, cold->option_bytes}, data;
  size_t offset = 0;
  uint8_t kind;

  while (msim__tcp_option_next(bytes, &offset, &kind, &data) == 1) {
    if (kind == MSIM__TCP_OPTION_MSS && data.size_bytes == 2)
      seg->mss_bytes = (uint16_t)(data.data[0] << 8 | data.data[1]);
    else if (kind == MSIM__TCP_OPTION_WINDOW_SCALE && data.size_bytes == 1)
      seg->window_shift = data.data[0] > 14 ? 14 : data.data[0]; /* RFC 7323 2.3 */
  }
}

uint8_t msim__tcp_write_syn_options(uint8_t out[40], uint16_t mss_bytes, int window_shift)
{
  const uint8_t mss[4] = {MSIM__TCP_OPTION_MSS, 4, (uint8_t)(mss_bytes >> 8), (uint8_t)(mss_bytes & 0xff)};
  const uint8_t scale[4] = {MSIM__TCP_OPTION_NOP, MSIM__TCP_OPTION_WINDOW_SCALE, 3, (uint8_t)window_shift};

  memcpy(out, mss, sizeof mss);
  if (window_shift < 0)
    return sizeof mss;
  memcpy(out + sizeof mss, scale, sizeof scale);
  return sizeof mss + sizeof scale;
}
