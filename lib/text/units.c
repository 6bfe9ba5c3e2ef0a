/* units.c: see units.h. One reader for all families; a family is a table of units and its sentences. */
#include "text/units.h"
#include "text/decimal.h"

#include <string.h>

struct unit {
  const char *name;
  uint64_t scale; /* in the smallest unit of the family */
};

struct family {
  const struct unit *units; /* ends with name NULL */
  uint64_t max;
  const char *bare, *unknown, *inexact, *too_large;
};

static const char not_a_number[] = "does not begin with a number";
static const char negative[] = "must not be negative";
static const char many_digits[] = "has more digits than can be counted with";

#define DURATION_UNITS "ns, us, ms, s, min, h or d"
static const struct unit duration_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000000},
    {"s", UINT64_C(1000000000)},
    {"min", UINT64_C(60000000000)},
    {"h", UINT64_C(3600000000000)},
    {"d", UINT64_C(86400000000000)},
    {NULL, 0},
};
static const struct family durations = {
    duration_units,
    INT64_MAX,
    "needs a unit: " DURATION_UNITS,
    "has a unit that is no duration: write " DURATION_UNITS,
    "is not a whole number of nanoseconds",
    "is too long: at most 292 years can be simulated",
};

#define SIZE_UNITS "B, kB, MB, GB, KiB, MiB or GiB"
static const struct unit size_units[] = {
    {"B", 1},
    {"kB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {NULL, 0},
};
static const struct family sizes = {
    size_units,
    INT64_MAX,
    "needs a unit: " SIZE_UNITS,
    "has a unit that is no size: write " SIZE_UNITS,
    "is not a whole number of bytes",
    "is too large",
};

#define RATE_UNITS "bit/s, kbit/s, Mbit/s, Gbit/s or Tbit/s"
static const struct unit rate_units[] = {
    {"bit/s", 1}, {"kbit/s", 1000}, {"Mbit/s", 1000000}, {"Gbit/s", 1000000000}, {"Tbit/s", UINT64_C(1000000000000)},
    {NULL, 0},
};
static const struct family rates = {
    rate_units,
    UINT64_C(1000000000000000),
    "needs a unit: " RATE_UNITS,
    "has a unit that is no rate: write " RATE_UNITS,
    "is not a whole number of bits per second",
    "is too fast: at most 1000Tbit/s",
};

static const struct unit share_units[] = {{"%", 10000}, {"ppm", 1}, {NULL, 0}};
static const struct family shares = {
    share_units,
    1000000,
    "needs a unit: % or ppm",
    "has a unit that is no share: write % or ppm",
    "is finer than one in a million (1ppm)",
    "is more than 100%",
};
static const struct family drifts = {
    share_units,
    INT32_MAX,
    "needs a unit: ppm or %",
    "has a unit that is no drift: write ppm or %",
    "is finer than one in a million (1ppm)",
    "is too large",
};

static const struct unit packet_units[] = {{"packets", 1}, {"packet", 1}, {NULL, 0}};
static const struct family packets = {
    packet_units,
    INT64_MAX,
    "needs a unit: packets",
    "has a unit other than packets",
    "is not a whole number of packets",
    "is too large",
};

static const char queue_bare[] = "needs a unit: packets, " SIZE_UNITS;
static const char queue_unknown[] = "has a unit that is no queue length: write packets, " SIZE_UNITS;

/* A number as written: whole + part / 10^decimals; the last digit of part is not 0. */
struct number {
  uint64_t whole, part;
  unsigned decimals;
};

static bool is_digit(uint8_t c)
{
  return c >= '0' && c <= '9';
}

/* Reads digits from *at on into *value; false on overflow. */
static bool read_digits(struct msim_slice text, size_t *at, uint64_t *value)
{
  *value = 0;
  for (; *at < text.size_bytes && is_digit(text.data[*at]); (*at)++) {
    uint64_t digit = (uint64_t)(text.data[*at] - '0');

    if (*value > (UINT64_MAX - digit) / 10)
      return false;
    *value = *value * 10 + digit;
  }
  return true;
}

static int refuse(const char **why, const char *reason)
{
  *why = reason;
  return MSIM_ERR_SYNTAX;
}

static int read_number(struct msim_slice text, size_t *at, struct number *number, const char **why)
{
  size_t start, stop, behind;
  struct msim_slice part;

  memset(number, 0, sizeof(*number));
  if (text.size_bytes > 1 && text.data[0] == '-' && is_digit(text.data[1]))
    return refuse(why, negative);
  if (text.size_bytes == 0 || !is_digit(text.data[0]))
    return refuse(why, not_a_number);
  if (!read_digits(text, at, &number->whole))
    return refuse(why, many_digits);
  if (*at == text.size_bytes || text.data[*at] != '.')
    return 0;
  start = stop = ++*at;
  while (stop < text.size_bytes && is_digit(text.data[stop]))
    stop++;
  if (stop == start)
    return refuse(why, "has no digits behind the point");
  behind = stop;
  while (stop > start && text.data[stop - 1] == '0')
    stop--;
  part.data = text.data;
  part.size_bytes = stop;
  if (stop - start > 19 || !read_digits(part, at, &number->part))
    return refuse(why, many_digits);
  number->decimals = (unsigned)(stop - start);
  *at = behind;
  return 0;
}

static bool name_is(const char *name, const uint8_t *data, size_t size_bytes)
{
  return strlen(name) == size_bytes && memcmp(name, data, size_bytes) == 0;
}

/* Takes count factors of prime out of *a and *b together; false when there are not so many. */
static bool divide_out(uint64_t *a, uint64_t *b, unsigned prime, unsigned count)
{
  while (count > 0) {
    if (*a % prime == 0)
      *a /= prime;
    else if (*b % prime == 0)
      *b /= prime;
    else
      return false;
    count--;
  }
  return true;
}

/* number * scale, which must be whole and at most max. */
static int multiply(const struct family *family, struct number number, uint64_t scale, uint64_t *out, const char **why)
{
  uint64_t part_scale = scale, part = 0;

  if (number.decimals > 0) {
    if (!divide_out(&part_scale, &number.part, 2, number.decimals) ||
        !divide_out(&part_scale, &number.part, 5, number.decimals))
      return refuse(why, family->inexact);
    part = number.part * part_scale; /* below scale: the part is below 1 */
  }
  if (part > family->max || number.whole > (family->max - part) / scale)
    return refuse(why, family->too_large);
  *out = number.whole * scale + part;
  return 0;
}

static int parse(const struct family *family, struct msim_slice text, uint64_t *out, const char **why)
{
  struct number number;
  const struct unit *unit;
  size_t at = 0;
  int err = read_number(text, &at, &number, why);

  if (err < 0)
    return err;
  if (at == text.size_bytes) {
    if (text.size_bytes == 1 && number.whole == 0) {
      *out = 0;
      return 0;
    }
    return refuse(why, family->bare);
  }
  if (text.data[at] == ' ')
    at++;
  for (unit = family->units; unit->name != NULL; unit++)
    if (name_is(unit->name, text.data + at, text.size_bytes - at))
      return multiply(family, number, unit->scale, out, why);
  return refuse(why, family->unknown);
}

int msim__units_parse_duration(struct msim_slice text, msim_ns *out, const char **why)
{
  return parse(&durations, text, out, why);
}

int msim__units_parse_size(struct msim_slice text, uint64_t *out_bytes, const char **why)
{
  return parse(&sizes, text, out_bytes, why);
}

int msim__units_parse_rate(struct msim_slice text, uint64_t *out_bps, const char **why)
{
  return parse(&rates, text, out_bps, why);
}

int msim__units_parse_share(struct msim_slice text, uint32_t *out_ppm, const char **why)
{
  uint64_t value;
  int err = parse(&shares, text, &value, why);

  if (err == 0)
    *out_ppm = (uint32_t)value;
  return err;
}

int msim__units_parse_packets(struct msim_slice text, uint64_t *out_count, const char **why)
{
  return parse(&packets, text, out_count, why);
}

int msim__units_parse_count(struct msim_slice text, uint64_t *out_count, const char **why)
{
  struct number number;
  size_t at = 0;
  int err = read_number(text, &at, &number, why);

  if (err < 0)
    return err;
  if (at < text.size_bytes || memchr(text.data, '.', at) != NULL)
    return refuse(why, "must be a whole number without a unit");
  *out_count = number.whole;
  return 0;
}

int msim__units_parse_queue(struct msim_slice text, uint64_t *out, bool *in_packets, const char **why)
{
  const char *packets_why = NULL;
  int err = parse(&sizes, text, out, why);

  if (err == 0) {
    *in_packets = false;
    return 0;
  }
  if (*why == sizes.bare)
    return refuse(why, queue_bare);
  if (*why != sizes.unknown)
    return err;
  err = parse(&packets, text, out, &packets_why);
  if (err == 0)
    *in_packets = true;
  else
    *why = packets_why == packets.unknown ? queue_unknown : packets_why;
  return err;
}

static int parse_signed(const struct family *family, struct msim_slice text, int64_t *out, const char **why)
{
  bool minus = text.size_bytes > 0 && text.data[0] == '-';
  uint64_t value;
  int err;

  if (minus || (text.size_bytes > 0 && text.data[0] == '+')) {
    text.data++;
    text.size_bytes--;
    if (text.size_bytes == 0 || !is_digit(text.data[0]))
      return refuse(why, not_a_number);
  }
  err = parse(family, text, &value, why);
  if (err == 0)
    *out = minus ? -(int64_t)value : (int64_t)value; /* every maximum fits int64_t */
  return err;
}

int msim__units_parse_duration_signed(struct msim_slice text, int64_t *out_ns, const char **why)
{
  return parse_signed(&durations, text, out_ns, why);
}

int msim__units_parse_drift(struct msim_slice text, int32_t *out_ppm, const char **why)
{
  int64_t value;
  int err = parse_signed(&drifts, text, &value, why);

  if (err == 0)
    *out_ppm = (int32_t)value;
  return err;
}

/* whole, the fraction of that many digits without trailing zeros, and a unit of one or two letters; second: 0 or one.
 */
static inline size_t put(uint64_t whole, uint64_t fraction, unsigned decimals, char first, char second, char *out)
{
  size_t length = msim__decimal_uint(whole, out);

  if (fraction != 0) {
    out[length++] = '.';
    msim__decimal_fixed(fraction, decimals, out + length);
    length += decimals;
    while (out[length - 1] == '0')
      length--;
  }
  out[length] = first;
  out[length + 1] = second;
  out[length + 2] = '\0';
  return length + (second != '\0' ? 2 : 1);
}

/* value / 10^decimals. */
static size_t format(uint64_t value, unsigned decimals, const char *unit, char *out)
{
  size_t length, unit_bytes = strlen(unit);
  uint64_t power = 1;
  unsigned i;

  for (i = 0; i < decimals; i++)
    power *= 10;
  length = put(value / power, value % power, decimals, '\0', '\0', out) - 1;
  memcpy(out + length, unit, unit_bytes + 1);
  return length + unit_bytes;
}

size_t msim__units_format_duration(msim_ns duration_ns, char *out)
{
  const uint64_t hour = UINT64_C(3600000000000);

  if (duration_ns == 0)
    return format(0, 0, "s", out);
  if (duration_ns % (24 * hour) == 0)
    return format(duration_ns / (24 * hour), 0, "d", out);
  if (duration_ns % hour == 0)
    return format(duration_ns / hour, 0, "h", out);
  if (duration_ns >= MSIM_SEC(1))
    return put(duration_ns / MSIM_SEC(1), duration_ns % MSIM_SEC(1), 9, 's', '\0', out);
  if (duration_ns >= MSIM_MSEC(1))
    return put(duration_ns / MSIM_MSEC(1), duration_ns % MSIM_MSEC(1) * 1000, 9, 'm', 's', out);
  if (duration_ns >= MSIM_USEC(1))
    return put(duration_ns / MSIM_USEC(1), duration_ns % MSIM_USEC(1), 3, 'u', 's', out);
  return format(duration_ns, 0, "ns", out);
}

size_t msim__units_format_seconds(msim_ns at_ns, char *out)
{
  size_t length = msim__decimal_uint(at_ns / MSIM_SEC(1), out);

  out[length] = '.';
  msim__decimal_fixed(at_ns % MSIM_SEC(1), 9, out + length + 1);
  out[length + 10] = '\0';
  return length + 10;
}

size_t msim__units_format_size(uint64_t size_bytes, char *out)
{
  static const unsigned char order[] = {6, 5, 4, 3, 2, 1}; /* in size_units: binary ones first */
  size_t i;

  for (i = 0; i < sizeof(order); i++)
    if (size_bytes != 0 && size_bytes % size_units[order[i]].scale == 0)
      return format(size_bytes / size_units[order[i]].scale, 0, size_units[order[i]].name, out);
  return format(size_bytes, 0, "B", out);
}

size_t msim__units_format_rate(uint64_t rate_bps, char *out)
{
  unsigned i = 4;

  while (i > 0 && rate_bps < rate_units[i].scale)
    i--;
  return format(rate_bps, 3 * i, rate_units[i].name, out);
}

size_t msim__units_format_share(uint32_t share_ppm, char *out)
{
  if (share_ppm % 100 == 0)
    return format(share_ppm, 4, "%", out);
  return format(share_ppm, 0, "ppm", out);
}
