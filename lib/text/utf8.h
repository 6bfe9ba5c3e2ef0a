/* utf8.h: reading one character of UTF-8 (RFC 3629).
 *
 * Knows no character classes beyond the ones that make text dangerous to show. Does not normalise. */
#ifndef MSIM_TEXT_UTF8_H
#define MSIM_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length (1 to 4) of the character at data, its code point in *code; 0 when the bytes are no complete valid character
 * (overlong forms, surrogates and values above U+10FFFF are not valid: RFC 3629 section 3). size_bytes > 0. */
size_t msim__utf8_next(const uint8_t *data, size_t size_bytes, uint32_t *code);

/* Whether all of it is valid characters. */
bool msim__utf8_is_valid(const uint8_t *data, size_t size_bytes);

/* Whether a character can stand in a line for people: no control, no line or paragraph separator, nothing invisible
 * that reorders or hides its neighbours, no noncharacter. */
bool msim__utf8_printable(uint32_t code);

/* The longest length <= size_bytes at which data can be cut without splitting a valid character that goes on behind
 * it. total_bytes >= size_bytes is how much data there is. */
size_t msim__utf8_cut(const uint8_t *data, size_t total_bytes, size_t size_bytes);

#endif
