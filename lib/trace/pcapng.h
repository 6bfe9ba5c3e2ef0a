/* trace/pcapng.h: blocks of the capture format pcapng (draft-ietf-opsawg-pcapng) in little-endian order.
 *
 * A block is put together in a buffer and is complete when it is ended. Does not know records: sink_pcapng.c does. */
#ifndef MSIM_TRACE_PCAPNG_H
#define MSIM_TRACE_PCAPNG_H

#include "text/buf.h"

/* Block types of section 4. */
enum msim__pcapng_type {
  MSIM__PCAPNG_SECTION = 0x0a0d0d0a,
  MSIM__PCAPNG_INTERFACE = 1,
  MSIM__PCAPNG_NAMES = 4,
  MSIM__PCAPNG_PACKET = 6
};

enum msim__pcapng_option {
  MSIM__PCAPNG_END = 0,
  MSIM__PCAPNG_COMMENT = 1,
  MSIM__PCAPNG_HARDWARE = 2,    /* of a section */
  MSIM__PCAPNG_APPLICATION = 4, /* of a section */
  MSIM__PCAPNG_NAME = 2,        /* of an interface */
  MSIM__PCAPNG_DESCRIPTION = 3, /* of an interface */
  MSIM__PCAPNG_TSRESOL = 9,     /* of an interface: one byte, 9 for nanoseconds */
  MSIM__PCAPNG_TSOFFSET = 14    /* of an interface: seconds to add, 64 bits with a sign */
};

#define MSIM__PCAPNG_LINKTYPE_ETHERNET 1u
#define MSIM__PCAPNG_LINKTYPE_RAW 101u /* IPv4 or IPv6 without a header of a link */
#define MSIM__PCAPNG_OPTION_BYTES_MAX ((size_t)65535)

struct msim__pcapng {
  struct msim__buf block; /* the one that is being made */
};

/* Allocates nothing yet. */
void msim__pcapng_init(struct msim__pcapng *pcapng, struct msim__mem *mem);
void msim__pcapng_release(struct msim__pcapng *pcapng);

void msim__pcapng_begin(struct msim__pcapng *pcapng, uint32_t type);
void msim__pcapng_put16(struct msim__pcapng *pcapng, uint16_t value);
void msim__pcapng_put32(struct msim__pcapng *pcapng, uint32_t value);
void msim__pcapng_put64(struct msim__pcapng *pcapng, uint64_t value);
/* Bytes, then zeros up to a multiple of 4. */
void msim__pcapng_put_padded(struct msim__pcapng *pcapng, const void *data, size_t size_bytes);

/* An option with its code, length and padding; data is cut at MSIM__PCAPNG_OPTION_BYTES_MAX. */
void msim__pcapng_option(struct msim__pcapng *pcapng, uint16_t code, const void *data, size_t size_bytes);
void msim__pcapng_option_text(struct msim__pcapng *pcapng, uint16_t code, const char *text);
void msim__pcapng_option64(struct msim__pcapng *pcapng, uint16_t code, uint64_t value);
void msim__pcapng_options_end(struct msim__pcapng *pcapng);

/* A block of a packet, all at once. comment: its pieces in their order, together at most
 * MSIM__PCAPNG_OPTION_BYTES_MAX; each may be empty. */
struct msim__pcapng_packet {
  uint32_t interface, original_bytes;
  uint64_t stamp;
  struct msim_slice bytes, comment[4];
};
void msim__pcapng_packet(struct msim__pcapng *pcapng, const struct msim__pcapng_packet *packet, struct msim__buf *out);

/* Writes the block with both lengths to out. Errors of the block stick in out. */
void msim__pcapng_end(struct msim__pcapng *pcapng, struct msim__buf *out);

#endif
