/* decimal.h: whole numbers to decimal digits, fast.
 *
 * Does not read numbers and knows no units: see units.h. */
#ifndef MSIM_TEXT_DECIMAL_H
#define MSIM_TEXT_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/* Digits and sign of the longest 64-bit number. No terminating zero is written by any function here. */
#define MSIM__DECIMAL_BYTES 20

/* Writes value and returns the length; out has room for MSIM__DECIMAL_BYTES. */
size_t msim__decimal_uint(uint64_t value, char *out);
size_t msim__decimal_int(int64_t value, char *out);

/* Four numbers with dots between them, 15 bytes at most, as an address of IPv4 has them; returns the place behind. */
char *msim__decimal_dotted(const uint8_t bytes[4], char *out);

/* Writes exactly width digits (width <= 19), zeros in front; value < 10^width. */
void msim__decimal_fixed(uint64_t value, unsigned width, char *out);

#endif
