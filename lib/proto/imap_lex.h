/* imap_lex.h: the words of IMAP (RFC 3501 9, RFC 7888) in a command that is there as a whole: atoms, strings, numbers,
 * dates. Bounded by the command; gathering it from the network is imap_gather.h's.
 *
 * Each function takes one word at the cursor and says whether it was there; when it was not, the cursor stays where it
 * is. Does not know any command. */
#ifndef MSIM_PROTO_IMAP_LEX_H
#define MSIM_PROTO_IMAP_LEX_H

#include <mailsim/base.h>

/* A command without the CRLF at its end; literals stand in it as they came: "{5}", CRLF, 5 bytes. Quoted strings are
 * unquoted where they stand, so a command can be read once. */
struct msim__imap_cursor {
  uint8_t *data;
  size_t at, end;
};

bool msim__imap_is_atom_char(uint8_t c); /* RFC 3501 9 ATOM-CHAR */

bool msim__imap_at_end(const struct msim__imap_cursor *c);
bool msim__imap_take_byte(struct msim__imap_cursor *c, char byte);
/* A word without regard to case; what follows may be anything. */
bool msim__imap_take_word(struct msim__imap_cursor *c, const char *word);

bool msim__imap_take_atom(struct msim__imap_cursor *c, struct msim_slice *out);
/* Quoted or literal, without NUL: RFC 3501 9 string. Quoted ones may hold UTF-8 (RFC 9051 4.3). */
bool msim__imap_take_string(struct msim__imap_cursor *c, struct msim_slice *out);
/* A literal of any bytes. */
bool msim__imap_take_literal(struct msim__imap_cursor *c, struct msim_slice *out);
bool msim__imap_take_astring(struct msim__imap_cursor *c, struct msim_slice *out);
/* astring, or with the wildcards of LIST. */
bool msim__imap_take_pattern(struct msim__imap_cursor *c, struct msim_slice *out);
/* NIL (then *is_nil) or a string. */
bool msim__imap_take_nstring(struct msim__imap_cursor *c, struct msim_slice *out, bool *is_nil);

/* Up to 2^32-1; up to 2^63-1. */
bool msim__imap_take_number(struct msim__imap_cursor *c, uint32_t *out);
bool msim__imap_take_number64(struct msim__imap_cursor *c, uint64_t *out);

/* "1-Feb-1994", also quoted: the day, as seconds since 1970 of its beginning. */
bool msim__imap_take_date(struct msim__imap_cursor *c, int64_t *day_unix_s);
/* "\" 7-Feb-1994 21:52:25 -0800\"" in seconds since 1970. */
bool msim__imap_take_date_time(struct msim__imap_cursor *c, int64_t *unix_s);

/* Room for what the next one writes, without quotes: " 7-Feb-1994 21:52:25 -0800" and a final zero. */
#define MSIM__IMAP_DATE_TIME_BYTES 27
/* "" when the date leaves the calendar. */
void msim__imap_date_time_format(char *out, int64_t unix_s, int zone_minutes);

/* A flag or keyword: "\\Seen", "$Forwarded", "work". With its backslash. */
bool msim__imap_take_flag(struct msim__imap_cursor *c, struct msim_slice *out);

#endif
