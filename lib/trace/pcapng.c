/* pcapng.c: see pcapng.h. */
#include "trace/pcapng.h"

#include <string.h>

/* One block: a packet of 65,535 bytes and its options, or names in pieces of 64 KiB. */
#define BLOCK_BYTES_MAX ((size_t)4 * 65536)
#define PACKET_BYTES ((size_t)28 + 4 + 4 + 4) /* of a packet's block: in front of its bytes, comment, end, length */
#define DIRECT_BYTES_MAX ((size_t)16 * 1024)  /* a longer one is put together first, and may be longer than out is */
#define LENGTH_PLACE ((size_t)4)              /* of the first length, behind the type */

void msim__pcapng_init(struct msim__pcapng *pcapng, struct msim__mem *mem)
{
  msim__buf_init(&pcapng->block, mem, BLOCK_BYTES_MAX);
}

void msim__pcapng_release(struct msim__pcapng *pcapng)
{
  msim__buf_release(&pcapng->block);
}

static void store32(char *p, uint32_t value)
{
  p[0] = (char)(uint8_t)value;
  p[1] = (char)(uint8_t)(value >> 8);
  p[2] = (char)(uint8_t)(value >> 16);
  p[3] = (char)(uint8_t)(value >> 24);
}

void msim__pcapng_put16(struct msim__pcapng *pcapng, uint16_t value)
{
  char *p = msim__buf_room(&pcapng->block, 2);

  if (p == NULL)
    return;
  p[0] = (char)(uint8_t)value;
  p[1] = (char)(uint8_t)(value >> 8);
  msim__buf_took(&pcapng->block, 2);
}

void msim__pcapng_put32(struct msim__pcapng *pcapng, uint32_t value)
{
  char *p = msim__buf_room(&pcapng->block, 4);

  if (p == NULL)
    return;
  store32(p, value);
  msim__buf_took(&pcapng->block, 4);
}

void msim__pcapng_put64(struct msim__pcapng *pcapng, uint64_t value)
{
  msim__pcapng_put32(pcapng, (uint32_t)value);
  msim__pcapng_put32(pcapng, (uint32_t)(value >> 32));
}

void msim__pcapng_put_padded(struct msim__pcapng *pcapng, const void *data, size_t size_bytes)
{
  static const char zeros[4] = {0};

  (void)msim__buf_append(&pcapng->block, data, size_bytes);
  (void)msim__buf_append(&pcapng->block, zeros, (4 - size_bytes % 4) % 4);
}

void msim__pcapng_begin(struct msim__pcapng *pcapng, uint32_t type)
{
  msim__buf_clear(&pcapng->block);
  msim__pcapng_put32(pcapng, type);
  msim__pcapng_put32(pcapng, 0); /* its length, known at the end */
}

void msim__pcapng_option(struct msim__pcapng *pcapng, uint16_t code, const void *data, size_t size_bytes)
{
  if (size_bytes > MSIM__PCAPNG_OPTION_BYTES_MAX)
    size_bytes = MSIM__PCAPNG_OPTION_BYTES_MAX;
  msim__pcapng_put16(pcapng, code);
  msim__pcapng_put16(pcapng, (uint16_t)size_bytes);
  msim__pcapng_put_padded(pcapng, data, size_bytes);
}

void msim__pcapng_option_text(struct msim__pcapng *pcapng, uint16_t code, const char *text)
{
  msim__pcapng_option(pcapng, code, text, strlen(text));
}

void msim__pcapng_option64(struct msim__pcapng *pcapng, uint16_t code, uint64_t value)
{
  msim__pcapng_put16(pcapng, code);
  msim__pcapng_put16(pcapng, 8);
  msim__pcapng_put64(pcapng, value);
}

void msim__pcapng_options_end(struct msim__pcapng *pcapng)
{
  msim__pcapng_put32(pcapng, MSIM__PCAPNG_END);
}

static size_t padded(size_t size_bytes)
{
  return (size_bytes + 3) / 4 * 4;
}

static char *put(char *p, struct msim_slice piece)
{
  if (piece.size_bytes == 0)
    return p;
  memcpy(p, piece.data, piece.size_bytes);
  return p + piece.size_bytes;
}

/* Zeros up to a multiple of 4 from start. */
static char *pad(char *p, const char *start)
{
  while ((p - start) % 4 != 0)
    *p++ = '\0';
  return p;
}

void msim__pcapng_packet(struct msim__pcapng *pcapng, const struct msim__pcapng_packet *packet, struct msim__buf *out)
{
  size_t comment_bytes = 0, size_bytes, i;
  struct msim__buf *buf = out;
  char *start, *p;

  for (i = 0; i < 4; i++)
    comment_bytes += packet->comment[i].size_bytes;
  size_bytes = PACKET_BYTES + padded(packet->bytes.size_bytes) + padded(comment_bytes);
  if (size_bytes > DIRECT_BYTES_MAX) {
    buf = &pcapng->block;
    msim__buf_clear(buf);
  }
  start = p = msim__buf_room(buf, size_bytes);
  if (p != NULL) {
    store32(p, MSIM__PCAPNG_PACKET);
    store32(p + 4, (uint32_t)size_bytes);
    store32(p + 8, packet->interface);
    store32(p + 12, (uint32_t)(packet->stamp >> 32));
    store32(p + 16, (uint32_t)packet->stamp);
    store32(p + 20, (uint32_t)packet->bytes.size_bytes);
    store32(p + 24, packet->original_bytes);
    p = pad(put(p + 28, packet->bytes), start);
    store32(p, MSIM__PCAPNG_COMMENT | (uint32_t)comment_bytes << 16);
    p += 4;
    for (i = 0; i < 4; i++)
      p = put(p, packet->comment[i]);
    p = pad(p, start);
    store32(p, MSIM__PCAPNG_END);
    store32(p + 4, (uint32_t)size_bytes);
    msim__buf_took(buf, size_bytes);
  }
  if (buf->err != MSIM_OK && out->err == MSIM_OK)
    out->err = buf->err;
  if (buf != out)
    (void)msim__buf_append(out, buf->data, buf->size_bytes);
}

void msim__pcapng_end(struct msim__pcapng *pcapng, struct msim__buf *out)
{
  uint32_t size = (uint32_t)pcapng->block.size_bytes + 4; /* at most BLOCK_BYTES_MAX */

  msim__pcapng_put32(pcapng, size);
  if (pcapng->block.err != MSIM_OK) {
    if (out->err == MSIM_OK)
      out->err = pcapng->block.err;
    return;
  }
  store32(pcapng->block.data + LENGTH_PLACE, size);
  (void)msim__buf_append(out, pcapng->block.data, pcapng->block.size_bytes);
}
