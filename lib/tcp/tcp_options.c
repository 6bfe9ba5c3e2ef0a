/* tcp_options.c: the options that TCP acts upon (RFC 9293 3.2), read from and written as the raw bytes that travel.
 *
 * The layout that all current stacks use, NOP, NOP, timestamps, is read and written without a search. Does not decide
 * when an option is sent: tcp_output.c does. */
#include "tcp/tcb.h"
#include "wire/tcp_header.h"

#include <string.h>

#define SHIFT_MAX 14 /* RFC 7323 2.3 */

static const uint8_t timestamps_head[4] = {MSIM__TCP_OPTION_NOP, MSIM__TCP_OPTION_NOP, MSIM__TCP_OPTION_TIMESTAMPS, 10};

static uint32_t read_u32(const uint8_t *p)
{
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void write_u32(uint8_t *p, uint32_t value)
{
  p[0] = (uint8_t)(value >> 24);
  p[1] = (uint8_t)(value >> 16 & 0xff);
  p[2] = (uint8_t)(value >> 8 & 0xff);
  p[3] = (uint8_t)(value & 0xff);
}

static void take_timestamps(struct msim__segment *seg, const uint8_t *data)
{
  seg->has_timestamps = true;
  seg->ts_value = read_u32(data);
  seg->ts_echo = read_u32(data + 4);
}

static void take_sack(struct msim__segment *seg, struct msim_slice data)
{
  seg->sack = data.data;
  seg->sack_count = (uint8_t)(data.size_bytes / 8);
}

/* RFC 7413 4.1.1: 4 to 16 bytes, an even number; none asks for one. Anything else is no such option. */
static void take_cookie(struct msim__segment *seg, struct msim_slice data)
{
  if (data.size_bytes > 16 || data.size_bytes % 2 != 0 || data.size_bytes == 2)
    return;
  seg->has_cookie = true;
  seg->cookie = data.data;
  seg->cookie_bytes = (uint8_t)data.size_bytes;
}

/* RFC 9293 3.1: MSS and scale count on a SYN only. */
static void take_on_syn(struct msim__segment *seg, uint8_t kind, struct msim_slice data)
{
  if (kind == MSIM__TCP_OPTION_MSS && data.size_bytes == 2)
    seg->mss_bytes = (uint16_t)(data.data[0] << 8 | data.data[1]);
  else if (kind == MSIM__TCP_OPTION_WINDOW_SCALE && data.size_bytes == 1)
    seg->window_shift = data.data[0] > SHIFT_MAX ? SHIFT_MAX : data.data[0];
  else if (kind == MSIM__TCP_OPTION_SACK_PERMITTED && data.size_bytes == 0)
    seg->sack_permitted = true;
  else if (kind == MSIM__TCP_OPTION_FAST_OPEN)
    take_cookie(seg, data);
}

void msim__segment_read_options(struct msim__segment *seg, const struct msim__packet_cold *cold)
{
  struct msim_slice bytes = {cold->options, cold->option_bytes}, data;
  size_t offset = 0;
  uint8_t kind;

  if (cold->option_bytes == MSIM__TCP_TIMESTAMPS_BYTES &&
      memcmp(cold->options, timestamps_head, sizeof timestamps_head) == 0) {
    take_timestamps(seg, cold->options + sizeof timestamps_head);
    return;
  }
  while (msim__tcp_option_next(bytes, &offset, &kind, &data) == 1) {
    if (kind == MSIM__TCP_OPTION_TIMESTAMPS && data.size_bytes == 8)
      take_timestamps(seg, data.data);
    else if (kind == MSIM__TCP_OPTION_SACK && data.size_bytes % 8 == 0)
      take_sack(seg, data);
    else if ((seg->flags & MSIM_TCP_SYN) != 0)
      take_on_syn(seg, kind, data);
  }
}

void msim__tcp_write_timestamps(uint8_t out[MSIM__TCP_TIMESTAMPS_BYTES], uint32_t value, uint32_t echo)
{
  memcpy(out, timestamps_head, sizeof timestamps_head);
  write_u32(out + 4, value);
  write_u32(out + 8, echo);
}

/* A SYN offers; a SYN, ACK takes up what was offered (RFC 7323 2.2 and 3.2, RFC 2018 2). */
uint8_t msim__tcb_write_syn_options(const struct msim__tcb *tcb, uint8_t out[40])
{
  bool answers = tcb->head.state != MSIM__TCP_SYN_SENT;
  enum msim__tcp_layout layout =
      tcb->opts->profile == MSIM_TCP_FREEBSD ? MSIM__TCP_LAYOUT_FREEBSD : MSIM__TCP_LAYOUT_LINUX;
  struct msim__tcp_header header;

  msim__tcp_header_init(&header);
  header.mss_bytes = tcb->mss_own;
  if (answers ? (tcb->bits & MSIM__TCB_SCALING) != 0 : !tcb->opts->no_window_scale)
    header.window_shift = tcb->rcv_shift;
  header.sack_permitted = answers ? (tcb->bits & MSIM__TCB_SACK) != 0 : !tcb->opts->no_sack;
  if (answers ? (tcb->bits & MSIM__TCB_TIMESTAMPS) != 0 : !tcb->opts->no_timestamps) {
    header.has_timestamps = true;
    header.ts_value = msim__tcb_ts_now(tcb);
    header.ts_echo = answers ? tcb->ts_recent : 0;
  }
  if (msim__tcp_header_lay_options(&header, layout) != MSIM_OK)
    return 0;
  memcpy(out, header.options, header.options_bytes);
  if ((tcb->more & (MSIM__MORE_FAST_ASKS | MSIM__MORE_FAST_GRANT)) == 0)
    return header.options_bytes;
  return (uint8_t)(header.options_bytes +
                   msim__tcb_fast_write_option(tcb, out + header.options_bytes, 40u - header.options_bytes));
}
