/* icmp.c: ICMP for IPv4 (RFC 792) as bytes and as values: echo, unreachable, time exceeded, parameter problem.
 *
 * Does not decide when a message is due or how often; no ICMPv6. */
#include "wire/icmp.h"
#include "wire/checksum.h"
#include "wire/octets.h"

#include <string.h>

#define QUOTED_PAYLOAD_BYTES_MIN 8u /* RFC 792: 64 bits of the original datagram's data */

struct msim__icmp_message msim__icmp_make_echo(bool reply, uint16_t id, uint16_t seq, struct msim_slice data)
{
  struct msim__icmp_message message;

  message.type = reply ? MSIM__ICMP_ECHO_REPLY : MSIM__ICMP_ECHO;
  message.code = 0;
  message.rest = (uint32_t)id << 16 | seq;
  message.payload = data;
  return message;
}

static struct msim__icmp_message make_error(uint8_t type, uint8_t code, uint32_t rest, struct msim_slice datagram)
{
  struct msim__icmp_message message;

  message.type = type;
  message.code = code;
  message.rest = rest;
  message.payload = datagram;
  if (message.payload.size_bytes > MSIM__ICMP_QUOTE_BYTES_MAX)
    message.payload.size_bytes = MSIM__ICMP_QUOTE_BYTES_MAX;
  return message;
}

struct msim__icmp_message msim__icmp_make_unreachable(uint8_t code, uint16_t next_hop_mtu_bytes,
                                                      struct msim_slice datagram)
{
  uint32_t rest = code == MSIM__ICMP_FRAGMENTATION_NEEDED ? next_hop_mtu_bytes : 0;

  return make_error(MSIM__ICMP_UNREACHABLE, code, rest, datagram);
}

struct msim__icmp_message msim__icmp_make_time_exceeded(uint8_t code, struct msim_slice datagram)
{
  return make_error(MSIM__ICMP_TIME_EXCEEDED, code, 0, datagram);
}

struct msim__icmp_message msim__icmp_make_parameter_problem(uint8_t pointer, struct msim_slice datagram)
{
  return make_error(MSIM__ICMP_PARAMETER_PROBLEM, 0, (uint32_t)pointer << 24, datagram);
}

bool msim__icmp_is_error(uint8_t type)
{
  return type == MSIM__ICMP_UNREACHABLE || type == MSIM__ICMP_SOURCE_QUENCH || type == MSIM__ICMP_REDIRECT ||
         type == MSIM__ICMP_TIME_EXCEEDED || type == MSIM__ICMP_PARAMETER_PROBLEM;
}

size_t msim__icmp_encode(const struct msim__icmp_message *message, uint8_t *out, size_t cap_bytes)
{
  size_t payload_bytes = message->payload.size_bytes;

  if (cap_bytes < MSIM__ICMP_HEADER_BYTES || cap_bytes - MSIM__ICMP_HEADER_BYTES < payload_bytes)
    return 0;
  out[0] = message->type;
  out[1] = message->code;
  msim__octets_put16(out + 2, 0);
  msim__octets_put32(out + 4, message->rest);
  if (payload_bytes > 0)
    memcpy(out + MSIM__ICMP_HEADER_BYTES, message->payload.data, payload_bytes);
  payload_bytes += MSIM__ICMP_HEADER_BYTES;
  msim__octets_put16(out + 2, msim__checksum_of((struct msim_slice){out, payload_bytes}));
  return payload_bytes;
}

int msim__icmp_decode(struct msim__icmp_message *out, struct msim_slice bytes)
{
  memset(out, 0, sizeof *out);
  if (bytes.size_bytes < MSIM__ICMP_HEADER_BYTES)
    return MSIM_ERR_LIMIT;
  out->type = bytes.data[0];
  out->code = bytes.data[1];
  out->rest = msim__octets_get32(bytes.data + 4);
  out->payload.data = bytes.data + MSIM__ICMP_HEADER_BYTES;
  out->payload.size_bytes = bytes.size_bytes - MSIM__ICMP_HEADER_BYTES;
  return msim__checksum_of(bytes) == 0 ? MSIM_OK : MSIM_ERR_INVALID;
}

int msim__icmp_decode_quoted(const struct msim__icmp_message *message, struct msim__ipv4_header *header,
                             struct msim_slice *start)
{
  size_t header_bytes, original_bytes, needed_bytes;
  int err;

  start->data = NULL;
  start->size_bytes = 0;
  if (!msim__icmp_is_error(message->type))
    return MSIM_ERR_INVALID;
  err = msim__ipv4_decode_quoted(header, message->payload);
  if (err < 0)
    return err;
  header_bytes = msim__ipv4_header_bytes(header);
  original_bytes = header->total_bytes - header_bytes;
  needed_bytes = original_bytes < QUOTED_PAYLOAD_BYTES_MIN ? original_bytes : QUOTED_PAYLOAD_BYTES_MIN;
  start->data = message->payload.data + header_bytes;
  start->size_bytes = message->payload.size_bytes - header_bytes;
  if (start->size_bytes > original_bytes)
    start->size_bytes = original_bytes; /* what follows is an extension (RFC 4884), not the datagram */
  return start->size_bytes < needed_bytes ? MSIM_ERR_LIMIT : MSIM_OK;
}
