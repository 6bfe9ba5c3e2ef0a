/* tcp_header.h: the TCP header and its options (RFC 9293 3.1) as bytes and as values.
 *
 * The options travel twice: raw, in their order, which is what the encoder writes; and decoded, which is what TCP
 * reads. Whoever fills the decoded values calls msim__tcp_header_lay_options to make the raw bytes from them. Does not
 * judge whether an option belongs on the segment (MSS without SYN): that is TCP's business. */
#ifndef MSIM_WIRE_TCP_HEADER_H
#define MSIM_WIRE_TCP_HEADER_H

#include <mailsim/base.h>

#define MSIM__TCP_HEADER_BYTES_MIN 20
#define MSIM__TCP_OPTIONS_BYTES_MAX 40
#define MSIM__TCP_SACK_MAX 4 /* RFC 2018 3: what fits into 40 bytes */

enum msim__tcp_flag {
  MSIM__TCP_FIN = 0x001,
  MSIM__TCP_SYN = 0x002,
  MSIM__TCP_RST = 0x004,
  MSIM__TCP_PSH = 0x008,
  MSIM__TCP_ACK = 0x010,
  MSIM__TCP_URG = 0x020,
  MSIM__TCP_ECE = 0x040, /* RFC 3168 */
  MSIM__TCP_CWR = 0x080, /* RFC 3168 */
  MSIM__TCP_AE = 0x100   /* RFC 9768 */
};
#define MSIM__TCP_FLAGS_MASK 0xfffu /* with the three bits that are still reserved */

enum msim__tcp_option_kind {
  MSIM__TCP_OPTION_END = 0,
  MSIM__TCP_OPTION_NOP = 1,
  MSIM__TCP_OPTION_MSS = 2,
  MSIM__TCP_OPTION_WINDOW_SCALE = 3,   /* RFC 7323 2.2 */
  MSIM__TCP_OPTION_SACK_PERMITTED = 4, /* RFC 2018 2 */
  MSIM__TCP_OPTION_SACK = 5,           /* RFC 2018 3 */
  MSIM__TCP_OPTION_TIMESTAMPS = 8,     /* RFC 7323 3.2 */
  MSIM__TCP_OPTION_USER_TIMEOUT = 28,  /* RFC 5482; raw only */
  MSIM__TCP_OPTION_FAST_OPEN = 34      /* RFC 7413; raw only */
};

/* [left, right): right is the first byte that is not held (RFC 2018 3). */
struct msim__tcp_sack_block {
  uint32_t left, right;
};

struct msim__tcp_header {
  uint16_t src_port, dst_port;
  uint32_t seq, ack;
  uint16_t flags;  /* enum msim__tcp_flag, 12 bits */
  uint16_t window; /* as on the wire, unscaled */
  uint16_t checksum;
  uint16_t urgent;

  /* Decoded options. Where one stands twice, the last one counts. */
  uint16_t mss_bytes;   /* 0: absent, or given as 0 */
  int16_t window_shift; /* -1: absent; values above 14 are given as they are (RFC 7323 2.3) */
  bool sack_permitted;
  bool has_timestamps;
  bool options_bad; /* some option had an impossible length: MUST-7 of RFC 9293 3.1 */
  uint8_t sack_count;
  struct msim__tcp_sack_block sack[MSIM__TCP_SACK_MAX];
  uint32_t ts_value, ts_echo;

  uint8_t options_bytes; /* raw; at most 40; the encoder pads to a multiple of 4 with zeros (end of list) */
  uint8_t options[MSIM__TCP_OPTIONS_BYTES_MAX];
};

/* All zero but for the values that say "absent". */
void msim__tcp_header_init(struct msim__tcp_header *header);

/* Length of the header on the wire, options padded. */
static inline size_t msim__tcp_header_bytes(const struct msim__tcp_header *header)
{
  return MSIM__TCP_HEADER_BYTES_MIN + (((size_t)header->options_bytes + 3) & ~(size_t)3);
}

/* Writes the header with the *raw* options and the checksum as it stands; returns its length. 0: out is too small, or
 * flags or options do not fit. */
size_t msim__tcp_header_encode(const struct msim__tcp_header *header, uint8_t *out, size_t cap_bytes);

/* Reads the header of a segment; what follows it is the payload. The checksum is not judged: see verify.
 * MSIM_OK, also with bad options, which are flagged and kept raw; MSIM_ERR_LIMIT cut off; MSIM_ERR_SYNTAX a data offset
 * below 5. */
int msim__tcp_header_decode(struct msim__tcp_header *out, struct msim_slice bytes);

/* The order in which the common stacks lay their options; both keep every value aligned as RFC 7323 appendix A wants.
 */
enum msim__tcp_layout {
  MSIM__TCP_LAYOUT_LINUX,  /* MSS, SACK permitted, timestamps, window scale, SACK */
  MSIM__TCP_LAYOUT_FREEBSD /* MSS, window scale, SACK permitted, timestamps, SACK */
};

/* Makes the raw options from the decoded ones that are present, and clears options_bad. MSIM_ERR_LIMIT when they take
 * more than 40 bytes (four SACK blocks beside timestamps); MSIM_ERR_INVALID for a value no option can carry. The raw
 * options are then empty. */
int msim__tcp_header_lay_options(struct msim__tcp_header *header, enum msim__tcp_layout layout);

/* One option of a raw list: data without kind and length bytes. NOPs are passed over.
 * 1 got one; 0 the end; MSIM_ERR_SYNTAX an impossible length, after which nothing can be read. *offset starts at 0. */
int msim__tcp_option_next(struct msim_slice options, size_t *offset, uint8_t *kind, struct msim_slice *data);

/* Puts the checksum into a complete segment of at least 20 bytes. */
void msim__tcp_header_seal(uint8_t *segment, size_t size_bytes, const struct msim_addr *src,
                           const struct msim_addr *dst);

/* segment must be exactly the segment, at least 20 bytes. */
bool msim__tcp_header_verify(struct msim_slice segment, const struct msim_addr *src, const struct msim_addr *dst);

#endif
