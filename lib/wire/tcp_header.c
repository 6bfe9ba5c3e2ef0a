/* tcp_header.c: the TCP header and its options (RFC 9293 3.1) as bytes and as values.
 *
 * Does not judge whether an option belongs on the segment. */
#include "wire/tcp_header.h"
#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/octets.h"

#include <string.h>

void msim__tcp_header_init(struct msim__tcp_header *header)
{
  memset(header, 0, sizeof *header);
  header->window_shift = -1;
}

size_t msim__tcp_header_encode(const struct msim__tcp_header *header, uint8_t *out, size_t cap_bytes)
{
  size_t header_bytes = msim__tcp_header_bytes(header);

  if (cap_bytes < header_bytes || header->options_bytes > MSIM__TCP_OPTIONS_BYTES_MAX ||
      header->flags > MSIM__TCP_FLAGS_MASK)
    return 0;
  memset(out, 0, header_bytes);
  msim__octets_put16(out, header->src_port);
  msim__octets_put16(out + 2, header->dst_port);
  msim__octets_put32(out + 4, header->seq);
  msim__octets_put32(out + 8, header->ack);
  msim__octets_put16(out + 12, (uint16_t)(header_bytes / 4 << 12 | header->flags));
  msim__octets_put16(out + 14, header->window);
  msim__octets_put16(out + 16, header->checksum);
  msim__octets_put16(out + 18, header->urgent);
  memcpy(out + MSIM__TCP_HEADER_BYTES_MIN, header->options, header->options_bytes);
  return header_bytes;
}

int msim__tcp_option_next(struct msim_slice options, size_t *offset, uint8_t *kind, struct msim_slice *data)
{
  const uint8_t *p = options.data;
  size_t at = *offset, length;

  while (at < options.size_bytes && p[at] == MSIM__TCP_OPTION_NOP)
    at++;
  *offset = at;
  if (at >= options.size_bytes || p[at] == MSIM__TCP_OPTION_END)
    return 0;
  if (options.size_bytes - at < 2)
    return MSIM_ERR_SYNTAX;
  length = p[at + 1];
  if (length < 2 || length > options.size_bytes - at) /* MUST-7: would loop, or read beyond the header */
    return MSIM_ERR_SYNTAX;
  *kind = p[at];
  data->data = p + at + 2;
  data->size_bytes = length - 2;
  *offset = at + length;
  return 1;
}

static bool take_sack(struct msim__tcp_header *h, struct msim_slice data)
{
  size_t i;

  if (data.size_bytes == 0 || data.size_bytes % 8 != 0 || data.size_bytes / 8 > MSIM__TCP_SACK_MAX)
    return false;
  h->sack_count = (uint8_t)(data.size_bytes / 8);
  for (i = 0; i < h->sack_count; i++) {
    h->sack[i].left = msim__octets_get32(data.data + 8 * i);
    h->sack[i].right = msim__octets_get32(data.data + 8 * i + 4);
  }
  return true;
}

/* False: a well-known option of a wrong length, which is passed over as if it were unknown. */
static bool take_option(struct msim__tcp_header *h, uint8_t kind, struct msim_slice data)
{
  switch (kind) {
  case MSIM__TCP_OPTION_MSS:
    if (data.size_bytes != 2)
      return false;
    h->mss_bytes = msim__octets_get16(data.data);
    return true;
  case MSIM__TCP_OPTION_WINDOW_SCALE:
    if (data.size_bytes != 1)
      return false;
    h->window_shift = data.data[0];
    return true;
  case MSIM__TCP_OPTION_SACK_PERMITTED:
    if (data.size_bytes != 0)
      return false;
    h->sack_permitted = true;
    return true;
  case MSIM__TCP_OPTION_SACK:
    return take_sack(h, data);
  case MSIM__TCP_OPTION_TIMESTAMPS:
    if (data.size_bytes != 8)
      return false;
    h->has_timestamps = true;
    h->ts_value = msim__octets_get32(data.data);
    h->ts_echo = msim__octets_get32(data.data + 4);
    return true;
  default: /* MUST-6: unknown options are ignored without error */
    return true;
  }
}

int msim__tcp_header_decode(struct msim__tcp_header *out, struct msim_slice bytes)
{
  const uint8_t *p = bytes.data;
  struct msim_slice data;
  size_t header_bytes, at = 0;
  uint8_t kind;
  int got;

  msim__tcp_header_init(out);
  if (bytes.size_bytes < MSIM__TCP_HEADER_BYTES_MIN)
    return MSIM_ERR_LIMIT;
  out->src_port = msim__octets_get16(p);
  out->dst_port = msim__octets_get16(p + 2);
  out->seq = msim__octets_get32(p + 4);
  out->ack = msim__octets_get32(p + 8);
  out->flags = msim__octets_get16(p + 12) & MSIM__TCP_FLAGS_MASK;
  out->window = msim__octets_get16(p + 14);
  out->checksum = msim__octets_get16(p + 16);
  out->urgent = msim__octets_get16(p + 18);

  header_bytes = (size_t)(p[12] >> 4) * 4;
  if (header_bytes < MSIM__TCP_HEADER_BYTES_MIN)
    return MSIM_ERR_SYNTAX;
  if (bytes.size_bytes < header_bytes)
    return MSIM_ERR_LIMIT;
  out->options_bytes = (uint8_t)(header_bytes - MSIM__TCP_HEADER_BYTES_MIN);
  memcpy(out->options, p + MSIM__TCP_HEADER_BYTES_MIN, out->options_bytes);
  while ((got = msim__tcp_option_next((struct msim_slice){out->options, out->options_bytes}, &at, &kind, &data)) > 0)
    if (!take_option(out, kind, data))
      out->options_bad = true;
  if (got < 0)
    out->options_bad = true;
  return MSIM_OK;
}

/* A list that grows to 40 bytes and remembers that it would have grown further. */
struct list {
  uint8_t bytes[MSIM__TCP_OPTIONS_BYTES_MAX];
  size_t size_bytes;
  bool full;
};

static void put_byte(struct list *list, uint8_t byte)
{
  if (list->size_bytes == sizeof list->bytes) {
    list->full = true;
    return;
  }
  list->bytes[list->size_bytes++] = byte;
}

static void put_word(struct list *list, uint32_t word)
{
  put_byte(list, (uint8_t)(word >> 24));
  put_byte(list, (uint8_t)(word >> 16));
  put_byte(list, (uint8_t)(word >> 8));
  put_byte(list, (uint8_t)word);
}

/* NOPs until the list is `rest` beyond a multiple of 4, so that the option's own value is aligned. */
static void align(struct list *list, size_t rest)
{
  while (list->size_bytes % 4 != rest && !list->full)
    put_byte(list, MSIM__TCP_OPTION_NOP);
}

static void put_mss(struct list *list, const struct msim__tcp_header *h)
{
  if (h->mss_bytes == 0)
    return;
  align(list, 0);
  put_byte(list, MSIM__TCP_OPTION_MSS);
  put_byte(list, 4);
  put_byte(list, (uint8_t)(h->mss_bytes >> 8));
  put_byte(list, (uint8_t)h->mss_bytes);
}

static void put_window_scale(struct list *list, const struct msim__tcp_header *h)
{
  if (h->window_shift < 0)
    return;
  align(list, 1);
  put_byte(list, MSIM__TCP_OPTION_WINDOW_SCALE);
  put_byte(list, 3);
  put_byte(list, (uint8_t)h->window_shift);
}

/* Linux puts this option into the two bytes before the timestamps; without timestamps it stands behind two NOPs. */
static void put_sack_permitted(struct list *list, const struct msim__tcp_header *h, enum msim__tcp_layout layout)
{
  if (!h->sack_permitted)
    return;
  if (layout == MSIM__TCP_LAYOUT_LINUX)
    align(list, h->has_timestamps ? 0 : 2);
  put_byte(list, MSIM__TCP_OPTION_SACK_PERMITTED);
  put_byte(list, 2);
}

static void put_timestamps(struct list *list, const struct msim__tcp_header *h)
{
  if (!h->has_timestamps)
    return;
  align(list, 2);
  put_byte(list, MSIM__TCP_OPTION_TIMESTAMPS);
  put_byte(list, 10);
  put_word(list, h->ts_value);
  put_word(list, h->ts_echo);
}

static void put_sack(struct list *list, const struct msim__tcp_header *h)
{
  size_t i;

  if (h->sack_count == 0)
    return;
  align(list, 2);
  put_byte(list, MSIM__TCP_OPTION_SACK);
  put_byte(list, (uint8_t)(2 + 8 * h->sack_count));
  for (i = 0; i < h->sack_count; i++) {
    put_word(list, h->sack[i].left);
    put_word(list, h->sack[i].right);
  }
}

int msim__tcp_header_lay_options(struct msim__tcp_header *header, enum msim__tcp_layout layout)
{
  struct list list;

  memset(&list, 0, sizeof list);
  memset(header->options, 0, sizeof header->options);
  header->options_bytes = 0;
  header->options_bad = false;
  if (header->sack_count > MSIM__TCP_SACK_MAX || header->window_shift > 255)
    return MSIM_ERR_INVALID;
  put_mss(&list, header);
  if (layout == MSIM__TCP_LAYOUT_FREEBSD)
    put_window_scale(&list, header);
  put_sack_permitted(&list, header, layout);
  put_timestamps(&list, header);
  if (layout == MSIM__TCP_LAYOUT_LINUX)
    put_window_scale(&list, header);
  put_sack(&list, header);
  while (list.size_bytes % 4 != 0)
    put_byte(&list, MSIM__TCP_OPTION_END);
  if (list.full)
    return MSIM_ERR_LIMIT;
  memcpy(header->options, list.bytes, list.size_bytes);
  header->options_bytes = (uint8_t)list.size_bytes;
  return MSIM_OK;
}

void msim__tcp_header_seal(uint8_t *segment, size_t size_bytes, const struct msim_addr *src,
                           const struct msim_addr *dst)
{
  msim__octets_put16(segment + 16, 0);
  msim__octets_put16(segment + 16,
                     msim__checksum_transport(src, dst, MSIM__IP_TCP, (struct msim_slice){segment, size_bytes}));
}

bool msim__tcp_header_verify(struct msim_slice segment, const struct msim_addr *src, const struct msim_addr *dst)
{
  return msim__checksum_transport(src, dst, MSIM__IP_TCP, segment) == 0;
}
