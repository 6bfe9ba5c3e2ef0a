/* http_date.h: dates in HTTP fields (RFC 9110 5.6.7): one form to write, three to read.
 *
 * Knows no clock; the calendar is date.h's. */
#ifndef MSIM_PROTO_HTTP_DATE_H
#define MSIM_PROTO_HTTP_DATE_H

#include <mailsim/base.h>

#define MSIM__HTTP_DATE_BYTES 30 /* "Thu, 01 Jan 2026 00:00:00 GMT" and a final zero */

/* IMF-fixdate. MSIM_ERR_INVALID outside the years 0..9999; out is then an empty text. */
int msim__http_date_format(char *out, int64_t unix_s);

/* IMF-fixdate, the form of RFC 850 ("Sunday, 06-Nov-94 08:49:37 GMT", years 70..99 are of the last century) and that of
 * asctime. The weekday is not judged. MSIM_ERR_SYNTAX: anything else. */
int msim__http_date_parse(int64_t *unix_s, struct msim_slice text);

#endif
