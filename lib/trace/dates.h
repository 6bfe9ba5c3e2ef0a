/* trace/dates.h: finds dates as they stand in mail dialogues, so that fingerprints can leave them out.
 *
 * Finds the date-time of RFC 5322 section 3.3 ("Thu, 1 Jan 2026 00:00:00 +0000") and that of IMAP (RFC 3501 section 9,
 * "01-Jan-2026 00:00:00 +0000"). Does not check whether such a day exists, and knows no comments inside of dates. */
#ifndef MSIM_TRACE_DATES_H
#define MSIM_TRACE_DATES_H

#include <mailsim/base.h>

#define MSIM__DATE_BYTES_MAX ((size_t)31)

/* The first date that lies in [from, size_bytes) of data: the weekday in front and the zone behind belong to it. */
bool msim__date_find(const uint8_t *data, size_t size_bytes, size_t from, size_t *begin, size_t *end);

#endif
