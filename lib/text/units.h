/* units.h: quantities as people write them: 10ms, 64KiB, 10Mbit/s, 2%, 1000 packets. Whole numbers inside, exact.
 *
 * A number is digits, or digits '.' digits where the result is whole in the smallest unit; then, perhaps after one
 * space, a unit, spelt exactly as in the lists below. No signs, no exponents, no digit groups. A number without a unit
 * is refused where a unit belongs, except a plain 0.
 *
 *   durations, in ns    ns us ms s min h d
 *   sizes, in bytes     B kB MB GB (powers of 1000), KiB MiB GiB (powers of 1024)
 *   rates, in bit/s     bit/s kbit/s Mbit/s Gbit/s Tbit/s (powers of 1000)
 *   shares, in ppm      % ppm, at most 100%
 *   queues              a size, or "N packets"
 *
 * Does not know where the text came from: the caller makes the sentence. */
#ifndef MSIM_TEXT_UNITS_H
#define MSIM_TEXT_UNITS_H

#include <mailsim/base.h>

/* The longest duration that is accepted, 292 years: sums of two never overflow msim_ns. */
#define MSIM__UNITS_DURATION_MAX_NS ((msim_ns)INT64_MAX)

/* All parsers: 0, or MSIM_ERR_SYNTAX with *why a static piece of a sentence that follows the quoted text, such as
 * `needs a unit: ns, us, ms, s, min, h or d`; *out is then untouched. */
int msim__units_parse_duration(struct msim_slice text, msim_ns *out, const char **why);
int msim__units_parse_size(struct msim_slice text, uint64_t *out_bytes, const char **why);
int msim__units_parse_rate(struct msim_slice text, uint64_t *out_bps, const char **why);
int msim__units_parse_share(struct msim_slice text, uint32_t *out_ppm, const char **why);
int msim__units_parse_packets(struct msim_slice text, uint64_t *out_count, const char **why);

/* A whole number without a unit, 0 to UINT64_MAX. */
int msim__units_parse_count(struct msim_slice text, uint64_t *out_count, const char **why);

/* A size in bytes or a number of packets; *in_packets tells which. A plain 0 is 0 bytes. */
int msim__units_parse_queue(struct msim_slice text, uint64_t *out, bool *in_packets, const char **why);

/* With an optional sign in front, for clocks that go wrong: offsets (ns) and drifts (ppm, not bounded by 100%). */
int msim__units_parse_duration_signed(struct msim_slice text, int64_t *out_ns, const char **why);
int msim__units_parse_drift(struct msim_slice text, int32_t *out_ppm, const char **why);

/* All formatters write terminated text into out (MSIM__UNITS_TEXT_BYTES) and return its length. What they write is
 * exact and is read back by the parser to the same value. */
#define MSIM__UNITS_TEXT_BYTES 40

/* Whole hours and days as h and d; else in the largest of ns, us, ms, s that is not larger than the value: 10ms,
 * 10.24ms, 1.5s, 90s, 2h, 0s. */
size_t msim__units_format_duration(msim_ns duration_ns, char *out);

/* Seconds with nine digits behind the point, as instants stand in traces: 61.200000000. Fast. */
size_t msim__units_format_seconds(msim_ns at_ns, char *out);

/* In the largest of GiB, MiB, KiB, GB, MB, kB, B that divides it: 64KiB, 1500B, 10kB. */
size_t msim__units_format_size(uint64_t size_bytes, char *out);

/* In the largest unit not larger than the rate: 10Mbit/s, 1.5Mbit/s. */
size_t msim__units_format_rate(uint64_t rate_bps, char *out);

/* Multiples of 0.01% as %, the others as ppm: 2%, 0.5%, 150ppm. */
size_t msim__units_format_share(uint32_t share_ppm, char *out);

#endif
