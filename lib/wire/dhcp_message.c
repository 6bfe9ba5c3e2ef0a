/* dhcp_message.c: see dhcp_message.h. Reading gathers each option's pieces first (RFC 3396) and then looks at it once.
 */
#include "wire/dhcp_message.h"

#include "wire/octets.h"

#include <string.h>

#define FIXED_BYTES 236u /* in front of the magic cookie */
#define SNAME_AT 44u
#define SNAME_BYTES 64u
#define FILE_AT 108u
#define FILE_BYTES 128u
#define OPTIONS_AT (FIXED_BYTES + 4)
#define BROADCAST_BIT 0x8000u
#define PAD 0u
#define END 255u
#define HTYPE_ETHERNET 1u
#define OVERLOAD_FILE 1u
#define OVERLOAD_SNAME 2u
#define OVERLOAD_OPTION_BYTES 3u

static const uint8_t cookie[4] = {99, 130, 83, 99};

const char *msim__dhcp_type_name(uint8_t type)
{
  static const char *const names[] = {"bootp", "discover", "offer",   "request", "decline",
                                      "ack",   "nak",      "release", "inform"};

  return type < sizeof names / sizeof names[0] ? names[type] : NULL;
}

bool msim__dhcp_asks_for(const struct msim__dhcp_message *message, uint8_t option)
{
  return message->ask_count == 0 || memchr(message->asks, option, message->ask_count) != NULL;
}

/* ---- writing ---- */

struct area {
  uint8_t *bytes;
  size_t capacity_bytes, size_bytes; /* capacity: without the end mark */
};

/* The options, then file, then sname; one area where nothing is overloaded. */
struct out {
  struct area areas[3];
  size_t area_count;
  bool full;
};

/* In the first area that has room. */
static uint8_t *option(struct out *out, uint8_t code, size_t size_bytes)
{
  size_t i;

  for (i = 0; i < out->area_count && !out->full; i++) {
    struct area *area = &out->areas[i];
    uint8_t *p = area->bytes + area->size_bytes;

    if (area->capacity_bytes - area->size_bytes < size_bytes + 2)
      continue;
    p[0] = code;
    p[1] = (uint8_t)size_bytes;
    area->size_bytes += size_bytes + 2;
    return p + 2;
  }
  out->full = true;
  return NULL;
}

static void put_bytes(struct out *out, uint8_t code, const void *bytes, size_t size_bytes)
{
  uint8_t *p = size_bytes > 0 ? option(out, code, size_bytes) : NULL;

  if (p != NULL)
    memcpy(p, bytes, size_bytes);
}

static void put_text(struct out *out, uint8_t code, const char *text)
{
  put_bytes(out, code, text, strlen(text));
}

static void put_number(struct out *out, uint8_t code, bool present, uint32_t value, size_t size_bytes)
{
  uint8_t *p = present ? option(out, code, size_bytes) : NULL;

  if (p == NULL)
    return;
  if (size_bytes == 2)
    msim__octets_put16(p, (uint16_t)value);
  else
    msim__octets_put32(p, value);
}

static void put_addr(struct out *out, uint8_t code, const struct msim_addr *addr)
{
  if (addr->family == MSIM_FAMILY_IPV4)
    put_bytes(out, code, addr->bytes, 4);
}

static void put_addrs(struct out *out, uint8_t code, const struct msim__dhcp_addrs *addrs)
{
  uint8_t *p = addrs->count > 0 ? option(out, code, (size_t)addrs->count * 4) : NULL;
  size_t i;

  for (i = 0; p != NULL && i < addrs->count; i++)
    memcpy(p + 4 * i, addrs->items[i].bytes, 4);
}

static void put_fixed_addr(uint8_t *p, const struct msim_addr *addr)
{
  if (addr->family == MSIM_FAMILY_IPV4)
    memcpy(p, addr->bytes, 4);
}

static void put_options(struct out *out, const struct msim__dhcp_message *message)
{
  uint32_t mask = message->mask_bits == 0 ? 0 : UINT32_MAX << (32 - message->mask_bits);

  if (message->type != MSIM__DHCP_NONE)
    put_bytes(out, MSIM__DHCP_OPT_TYPE, &message->type, 1);
  put_bytes(out, MSIM__DHCP_OPT_CLIENT_ID, message->client_id, message->client_id_bytes);
  put_addr(out, MSIM__DHCP_OPT_SERVER, &message->server);
  put_addr(out, MSIM__DHCP_OPT_REQUESTED, &message->requested);
  put_number(out, MSIM__DHCP_OPT_LEASE, message->has_lease, message->lease_s, 4);
  put_number(out, MSIM__DHCP_OPT_T1, message->has_t1, message->t1_s, 4);
  put_number(out, MSIM__DHCP_OPT_T2, message->has_t2, message->t2_s, 4);
  put_number(out, MSIM__DHCP_OPT_MASK, message->has_mask, mask, 4); /* in front of the routers (RFC 2132 3.3) */
  put_addrs(out, MSIM__DHCP_OPT_ROUTERS, &message->routers);
  put_addrs(out, MSIM__DHCP_OPT_DNS, &message->dns);
  put_text(out, MSIM__DHCP_OPT_HOST_NAME, message->host_name);
  put_text(out, MSIM__DHCP_OPT_DOMAIN, message->domain);
  put_number(out, MSIM__DHCP_OPT_MTU, message->has_mtu, message->mtu_bytes, 2);
  put_number(out, MSIM__DHCP_OPT_SIZE_MAX, message->size_bytes_max != 0, message->size_bytes_max, 2);
  put_bytes(out, MSIM__DHCP_OPT_ASKS, message->asks, message->ask_count);
  put_text(out, MSIM__DHCP_OPT_TEXT, message->text);
}

static void put_header(const struct msim__dhcp_message *message, uint8_t *out)
{
  memset(out, 0, MSIM__DHCP_MESSAGE_BYTES_MIN);
  out[0] = message->op;
  out[1] = HTYPE_ETHERNET;
  out[2] = sizeof message->mac;
  out[3] = message->hops;
  msim__octets_put32(out + 4, message->xid);
  msim__octets_put16(out + 8, message->secs);
  msim__octets_put16(out + 10, message->broadcast ? BROADCAST_BIT : 0);
  put_fixed_addr(out + 12, &message->client);
  put_fixed_addr(out + 16, &message->your);
  put_fixed_addr(out + 20, &message->next);
  put_fixed_addr(out + 24, &message->relay);
  memcpy(out + 28, message->mac, sizeof message->mac);
  memcpy(out + FIXED_BYTES, cookie, sizeof cookie);
}

/* 0: it does not fit. */
static size_t put_all(const struct msim__dhcp_message *message, uint8_t *out, size_t capacity_bytes, bool overloads)
{
  size_t reserved = overloads ? OVERLOAD_OPTION_BYTES : 0, size, i;
  struct out o = {{{out + OPTIONS_AT, capacity_bytes - OPTIONS_AT - 1 - reserved, 0},
                   {out + FILE_AT, FILE_BYTES - 1, 0},
                   {out + SNAME_AT, SNAME_BYTES - 1, 0}},
                  overloads ? 3 : 1,
                  false};
  uint8_t *p;

  put_header(message, out);
  put_options(&o, message);
  if (o.full)
    return 0;
  if (overloads) {
    o.areas[0].capacity_bytes += reserved;
    o.area_count = 1;
    p = option(&o, MSIM__DHCP_OPT_OVERLOAD, 1);
    if (p != NULL) /* its room was kept */
      *p =
          (uint8_t)((o.areas[1].size_bytes > 0 ? OVERLOAD_FILE : 0) | (o.areas[2].size_bytes > 0 ? OVERLOAD_SNAME : 0));
  }
  for (i = 0; i < 3; i++)
    if (i == 0 || o.areas[i].size_bytes > 0)
      o.areas[i].bytes[o.areas[i].size_bytes] = END;
  size = OPTIONS_AT + o.areas[0].size_bytes + 1;
  return size > MSIM__DHCP_MESSAGE_BYTES_MIN ? size : MSIM__DHCP_MESSAGE_BYTES_MIN;
}

size_t msim__dhcp_encode(const struct msim__dhcp_message *message, uint8_t *out, size_t capacity_bytes)
{
  size_t size;

  if (capacity_bytes < MSIM__DHCP_MESSAGE_BYTES_MIN)
    return 0;
  size = put_all(message, out, capacity_bytes, false);
  return size != 0 ? size : put_all(message, out, capacity_bytes, true);
}

/* ---- reading ---- */

/* The data of one option, its pieces put together. */
struct gathered {
  uint8_t code;
  size_t size_bytes;
  uint8_t bytes[255];
};

struct in {
  struct msim_slice areas[3]; /* the options, then file, then sname (RFC 2131 4.1) */
  size_t area_count;
};

/* Adds every piece of this code to *out. MSIM_ERR_SYNTAX: a length leads out of its area. Too long ones are cut. */
static int gather_area(struct msim_slice area, uint8_t code, struct gathered *out)
{
  size_t at = 0;

  while (at < area.size_bytes && area.data[at] != END) {
    size_t length;

    if (area.data[at] == PAD) {
      at++;
      continue;
    }
    if (area.size_bytes - at < 2)
      return MSIM_ERR_SYNTAX;
    length = area.data[at + 1];
    if (area.size_bytes - at - 2 < length)
      return MSIM_ERR_SYNTAX;
    if (area.data[at] == code) {
      size_t room = sizeof out->bytes - out->size_bytes, part = length < room ? length : room;

      memcpy(out->bytes + out->size_bytes, area.data + at + 2, part);
      out->size_bytes += part;
    }
    at += 2 + length;
  }
  return MSIM_OK;
}

/* 1: it is there; 0: it is not; MSIM_ERR_SYNTAX. */
static int gather(const struct in *in, uint8_t code, struct gathered *out)
{
  size_t i;

  out->code = code;
  out->size_bytes = 0;
  for (i = 0; i < in->area_count; i++) {
    int err = gather_area(in->areas[i], code, out);

    if (err != MSIM_OK)
      return err;
  }
  return out->size_bytes > 0;
}

/* An option of exactly size_bytes into value. A length of its own is an error, absence is none. */
static int take_number(const struct in *in, uint8_t code, size_t size_bytes, bool *present, uint32_t *value)
{
  struct gathered g;
  int got = gather(in, code, &g);

  *present = got == 1;
  if (got != 1)
    return got;
  if (g.size_bytes != size_bytes)
    return MSIM_ERR_SYNTAX;
  *value = size_bytes == 1 ? g.bytes[0] : size_bytes == 2 ? msim__octets_get16(g.bytes) : msim__octets_get32(g.bytes);
  return MSIM_OK;
}

static void set_addr(struct msim_addr *out, const uint8_t *p)
{
  memset(out, 0, sizeof *out);
  out->family = MSIM_FAMILY_IPV4;
  memcpy(out->bytes, p, 4);
}

static int take_addrs(const struct in *in, uint8_t code, struct msim__dhcp_addrs *out)
{
  struct gathered g;
  int got = gather(in, code, &g);

  if (got == 1 && g.size_bytes % 4 != 0)
    return MSIM_ERR_SYNTAX;
  for (out->count = 0; got == 1 && out->count < MSIM__DHCP_ADDRS_MAX && 4u * out->count < g.size_bytes; out->count++)
    set_addr(&out->items[out->count], g.bytes + 4 * out->count);
  return got < 0 ? got : MSIM_OK;
}

static int take_addr(const struct in *in, uint8_t code, struct msim_addr *out)
{
  struct gathered g;
  int got = gather(in, code, &g);

  if (got == 1 && g.size_bytes != 4)
    return MSIM_ERR_SYNTAX;
  if (got == 1)
    set_addr(out, g.bytes);
  return got < 0 ? got : MSIM_OK;
}

/* Up to the first zero: some senders end their texts with one (RFC 2132 2). */
static int take_text(const struct in *in, uint8_t code, char out[MSIM__DHCP_TEXT_BYTES])
{
  struct gathered g;
  int got = gather(in, code, &g);
  size_t n = 0;

  while (got == 1 && n < g.size_bytes && n < MSIM__DHCP_TEXT_BYTES - 1 && g.bytes[n] != 0) {
    out[n] = (char)g.bytes[n];
    n++;
  }
  out[n] = '\0';
  return got < 0 ? got : MSIM_OK;
}

static int take_bytes(const struct in *in, uint8_t code, uint8_t *out, size_t capacity_bytes, uint8_t *size_bytes)
{
  struct gathered g;
  int got = gather(in, code, &g);

  *size_bytes = 0;
  if (got != 1)
    return got;
  *size_bytes = (uint8_t)(g.size_bytes < capacity_bytes ? g.size_bytes : capacity_bytes);
  memcpy(out, g.bytes, *size_bytes);
  return MSIM_OK;
}

static int take_mask(const struct in *in, struct msim__dhcp_message *out)
{
  uint32_t mask = 0;
  int err = take_number(in, MSIM__DHCP_OPT_MASK, 4, &out->has_mask, &mask);

  if ((~mask & (~mask + 1)) != 0) /* what is left of ones from the left is one less than a power of two */
    return MSIM_ERR_SYNTAX;
  for (out->mask_bits = 0; mask != 0; mask <<= 1)
    out->mask_bits++;
  return err;
}

static int take_options(const struct in *in, struct msim__dhcp_message *out)
{
  uint32_t type = 0, mtu = 0, size_max = 0;
  bool present;
  int err = take_number(in, MSIM__DHCP_OPT_TYPE, 1, &present, &type);

  if (err == MSIM_OK && present && (type < MSIM__DHCP_DISCOVER || type > MSIM__DHCP_INFORM))
    err = MSIM_ERR_SYNTAX;
  if (err == MSIM_OK)
    err = take_mask(in, out);
  if (err == MSIM_OK)
    err = take_number(in, MSIM__DHCP_OPT_LEASE, 4, &out->has_lease, &out->lease_s);
  if (err == MSIM_OK)
    err = take_number(in, MSIM__DHCP_OPT_T1, 4, &out->has_t1, &out->t1_s);
  if (err == MSIM_OK)
    err = take_number(in, MSIM__DHCP_OPT_T2, 4, &out->has_t2, &out->t2_s);
  if (err == MSIM_OK)
    err = take_number(in, MSIM__DHCP_OPT_MTU, 2, &out->has_mtu, &mtu);
  if (err == MSIM_OK)
    err = take_number(in, MSIM__DHCP_OPT_SIZE_MAX, 2, &present, &size_max);
  if (err == MSIM_OK)
    err = take_addr(in, MSIM__DHCP_OPT_REQUESTED, &out->requested);
  if (err == MSIM_OK)
    err = take_addr(in, MSIM__DHCP_OPT_SERVER, &out->server);
  if (err == MSIM_OK)
    err = take_addrs(in, MSIM__DHCP_OPT_ROUTERS, &out->routers);
  if (err == MSIM_OK)
    err = take_addrs(in, MSIM__DHCP_OPT_DNS, &out->dns);
  if (err == MSIM_OK)
    err = take_text(in, MSIM__DHCP_OPT_HOST_NAME, out->host_name);
  if (err == MSIM_OK)
    err = take_text(in, MSIM__DHCP_OPT_DOMAIN, out->domain);
  if (err == MSIM_OK)
    err = take_text(in, MSIM__DHCP_OPT_TEXT, out->text);
  if (err == MSIM_OK)
    err = take_bytes(in, MSIM__DHCP_OPT_CLIENT_ID, out->client_id, sizeof out->client_id, &out->client_id_bytes);
  if (err == MSIM_OK)
    err = take_bytes(in, MSIM__DHCP_OPT_ASKS, out->asks, sizeof out->asks, &out->ask_count);
  out->type = (uint8_t)type;
  out->mtu_bytes = (uint16_t)mtu;
  out->size_bytes_max = (uint16_t)size_max;
  return err;
}

static void take_fixed(struct msim__dhcp_message *out, const uint8_t *p)
{
  struct msim_addr *const addrs[4] = {&out->client, &out->your, &out->next, &out->relay};
  static const uint8_t none[4];
  size_t i;

  out->op = p[0];
  out->hops = p[3];
  out->xid = msim__octets_get32(p + 4);
  out->secs = msim__octets_get16(p + 8);
  out->broadcast = (msim__octets_get16(p + 10) & BROADCAST_BIT) != 0;
  for (i = 0; i < 4; i++)
    if (memcmp(p + 12 + 4 * i, none, 4) != 0)
      set_addr(addrs[i], p + 12 + 4 * i);
  memcpy(out->mac, p + 28, sizeof out->mac);
}

int msim__dhcp_decode(struct msim__dhcp_message *out, struct msim_slice bytes)
{
  const uint8_t *p = bytes.data;
  struct in in;
  uint32_t overload = 0;
  bool present;
  int err = MSIM_OK;

  memset(out, 0, sizeof *out);
  if (bytes.size_bytes < OPTIONS_AT || memcmp(p + FIXED_BYTES, cookie, sizeof cookie) != 0 ||
      (p[0] != MSIM__DHCP_TO_SERVER && p[0] != MSIM__DHCP_TO_CLIENT) || p[1] != HTYPE_ETHERNET ||
      p[2] != sizeof out->mac)
    return MSIM_ERR_SYNTAX;
  in.areas[0].data = p + OPTIONS_AT;
  in.areas[0].size_bytes = bytes.size_bytes - OPTIONS_AT;
  in.area_count = 1;
  err = take_number(&in, MSIM__DHCP_OPT_OVERLOAD, 1, &present, &overload);
  if (err == MSIM_OK && (overload & OVERLOAD_FILE) != 0)
    in.areas[in.area_count++] = (struct msim_slice){p + FILE_AT, FILE_BYTES};
  if (err == MSIM_OK && (overload & OVERLOAD_SNAME) != 0)
    in.areas[in.area_count++] = (struct msim_slice){p + SNAME_AT, SNAME_BYTES};
  if (err == MSIM_OK)
    err = take_options(&in, out);
  if (err == MSIM_OK)
    take_fixed(out, p);
  else
    memset(out, 0, sizeof *out);
  return err;
}
