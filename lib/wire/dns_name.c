/* dns_name.c: see dns_name.h. A name that is held is always well formed, so only reading checks. */
#include "wire/dns_name.h"

#include <string.h>

#define POINTER_BITS 0xc0u

static uint8_t lower(uint8_t byte)
{
  return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

void msim__dns_name_root(struct msim__dns_name *out)
{
  out->size_bytes = 1;
  out->bytes[0] = 0;
}

/* ---- text ---- */

/* One byte of a label at *at, escapes undone. MSIM_ERR_SYNTAX. */
static int take_byte(const char *text, size_t text_bytes, size_t *at, uint8_t *byte)
{
  unsigned value = 0, i;

  if (text[*at] != '\\') {
    *byte = (uint8_t)text[(*at)++];
    return MSIM_OK;
  }
  if (++*at == text_bytes)
    return MSIM_ERR_SYNTAX;
  if (text[*at] < '0' || text[*at] > '9') {
    *byte = (uint8_t)text[(*at)++];
    return MSIM_OK;
  }
  for (i = 0; i < 3; i++, ++*at) {
    if (*at == text_bytes || text[*at] < '0' || text[*at] > '9')
      return MSIM_ERR_SYNTAX;
    value = value * 10 + (unsigned)(text[*at] - '0');
  }
  *byte = (uint8_t)value;
  return value <= 255 ? MSIM_OK : MSIM_ERR_SYNTAX;
}

int msim__dns_name_parse(struct msim__dns_name *out, const char *text, size_t text_bytes)
{
  size_t at = 0, size = 0, label = 0;

  if (text_bytes == 1 && text[0] == '.') {
    msim__dns_name_root(out);
    return MSIM_OK;
  }
  while (at < text_bytes) {
    label = size++;
    while (at < text_bytes && text[at] != '.') {
      uint8_t byte = 0;
      int err = take_byte(text, text_bytes, &at, &byte);

      if (err != MSIM_OK)
        return err;
      if (size - label > MSIM__DNS_LABEL_BYTES_MAX || size + 1 >= MSIM__DNS_NAME_BYTES_MAX)
        return MSIM_ERR_LIMIT;
      out->bytes[size++] = byte;
    }
    if (size - label == 1)
      return MSIM_ERR_SYNTAX;
    out->bytes[label] = (uint8_t)(size - label - 1);
    at++; /* the dot, or one past the end */
  }
  if (size == 0)
    return MSIM_ERR_SYNTAX;
  out->bytes[size++] = 0;
  out->size_bytes = (uint8_t)size;
  return MSIM_OK;
}

static bool stands_alone(uint8_t byte)
{
  return (lower(byte) >= 'a' && lower(byte) <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' ||
         byte == '*' || byte == '/';
}

size_t msim__dns_name_format(const struct msim__dns_name *name, char *out)
{
  size_t at = 0, length = 0;
  unsigned i;

  if (name->size_bytes == 1)
    out[length++] = '.';
  while (name->bytes[at] != 0) {
    if (at > 0)
      out[length++] = '.';
    for (i = 1; i <= name->bytes[at]; i++) {
      uint8_t byte = name->bytes[at + i];

      if (stands_alone(byte)) {
        out[length++] = (char)byte;
        continue;
      }
      out[length++] = '\\';
      out[length++] = (char)('0' + byte / 100);
      out[length++] = (char)('0' + byte / 10 % 10);
      out[length++] = (char)('0' + byte % 10);
    }
    at += name->bytes[at] + 1u;
  }
  out[length] = '\0';
  return length;
}

/* ---- messages ---- */

int msim__dns_name_read(struct msim__dns_name *out, struct msim_slice message, size_t *at)
{
  size_t here = *at, behind = 0, low = *at, size = 0;

  for (;;) {
    uint8_t length;

    if (here >= message.size_bytes)
      return MSIM_ERR_SYNTAX;
    length = message.data[here];
    if ((length & POINTER_BITS) == POINTER_BITS) {
      size_t target;

      if (message.size_bytes - here < 2)
        return MSIM_ERR_SYNTAX;
      target = (size_t)(length & ~POINTER_BITS) << 8 | message.data[here + 1];
      if (behind == 0)
        behind = here + 2;
      if (target >= low) /* never forwards, never to where it has been */
        return MSIM_ERR_SYNTAX;
      here = low = target;
      continue;
    }
    if (length > MSIM__DNS_LABEL_BYTES_MAX || message.size_bytes - here - 1 < length ||
        size + length + 1u > MSIM__DNS_NAME_BYTES_MAX)
      return MSIM_ERR_SYNTAX;
    memcpy(out->bytes + size, message.data + here, length + 1u);
    size += length + 1u;
    here += length + 1u;
    if (length == 0)
      break;
  }
  out->size_bytes = (uint8_t)size;
  *at = behind != 0 ? behind : here;
  return MSIM_OK;
}

/* ---- comparing ---- */

static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t size_bytes)
{
  size_t i;

  for (i = 0; i < size_bytes; i++) /* lengths are below 64 and so no letters */
    if (lower(a[i]) != lower(b[i]))
      return false;
  return true;
}

bool msim__dns_name_equal(const struct msim__dns_name *a, const struct msim__dns_name *b)
{
  return a->size_bytes == b->size_bytes && same_bytes(a->bytes, b->bytes, a->size_bytes);
}

uint64_t msim__dns_name_hash(const struct msim__dns_name *name)
{
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  size_t i;

  for (i = 0; i < name->size_bytes; i++)
    hash = (hash ^ lower(name->bytes[i])) * UINT64_C(0x100000001b3);
  return hash ^ hash >> 32;
}

unsigned msim__dns_name_label_count(const struct msim__dns_name *name)
{
  unsigned count = 0;
  size_t at;

  for (at = 0; name->bytes[at] != 0; at += name->bytes[at] + 1u)
    count++;
  return count;
}

bool msim__dns_name_is_below(const struct msim__dns_name *name, const struct msim__dns_name *zone)
{
  size_t at = 0;

  while (name->size_bytes - at > zone->size_bytes)
    at += name->bytes[at] + 1u; /* at the start of a label */
  return name->size_bytes - at == zone->size_bytes && same_bytes(name->bytes + at, zone->bytes, zone->size_bytes);
}

bool msim__dns_name_parent(struct msim__dns_name *out, const struct msim__dns_name *name)
{
  size_t skip = name->bytes[0] + 1u, size = name->size_bytes - skip;

  if (name->size_bytes == 1)
    return false;
  memmove(out->bytes, name->bytes + skip, size);
  out->size_bytes = (uint8_t)size;
  return true;
}

bool msim__dns_name_wildcard(struct msim__dns_name *out, const struct msim__dns_name *name)
{
  size_t size = name->size_bytes;

  if (size + 2 > MSIM__DNS_NAME_BYTES_MAX)
    return false;
  memmove(out->bytes + 2, name->bytes, size);
  out->bytes[0] = 1;
  out->bytes[1] = '*';
  out->size_bytes = (uint8_t)(size + 2);
  return true;
}
