/* dsn.c: notices about delivery; see dsn.h. */
#include "mail/dsn.h"

#include "mail/trace_header.h"
#include "proto/ascii.h"
#include "proto/date.h"
#include "proto/header.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES_MAX 400u /* of one reply in a notice */

const char *msim__dsn_action_name(enum msim__dsn_action action)
{
  static const char *const names[] = {"failed", "delayed", "delivered", "relayed", "expanded"};

  return names[action];
}

bool msim__dsn_is_wanted(const struct msim__dsn_recipient *dsn, enum msim__dsn_action action)
{
  unsigned notify = dsn != NULL ? dsn->notify : 0;

  if (notify == 0)
    return action == MSIM__DSN_FAILED || action == MSIM__DSN_DELAYED;
  if (action == MSIM__DSN_FAILED)
    return (notify & MSIM__DSN_FAILURE) != 0;
  return (notify & (action == MSIM__DSN_DELAYED ? MSIM__DSN_DELAY : MSIM__DSN_SUCCESS)) != 0;
}

/* "C.SSS.DDD" at the start of text. Its length, or 0. */
static size_t status_bytes(const char *text)
{
  size_t n = 0, group, digits;

  for (group = 0; group < 3; group++) {
    if (group > 0 && text[n++] != '.')
      return 0;
    for (digits = 0; digits < 3 && msim__ascii_is_digit((uint8_t)text[n]); digits++)
      n++;
    if (digits == 0 || (group == 0 && digits > 1))
      return 0;
  }
  return text[n] == '\0' || text[n] == ' ' ? n : 0;
}

void msim__dsn_status(char out[MSIM__DSN_STATUS_BYTES], unsigned code, const char *text, const char *otherwise)
{
  size_t n = strlen(text) > 4 ? status_bytes(text + 4) : 0;

  if (code == 0)
    (void)snprintf(out, MSIM__DSN_STATUS_BYTES, "%s", otherwise);
  else if (n > 0 && (unsigned)(text[4] - '0') == code / 100)
    (void)snprintf(out, MSIM__DSN_STATUS_BYTES, "%.*s", (int)n, text + 4);
  else
    (void)snprintf(out, MSIM__DSN_STATUS_BYTES, "%u.0.0", code / 100 % 10);
}

/* Without what would end the line; folded where it is long. */
static void append_line_text(struct msim__buf *out, const char *text)
{
  size_t i, column = 40;

  for (i = 0; text[i] != '\0' && i < TEXT_BYTES_MAX; i++) {
    uint8_t c = (uint8_t)text[i];

    if (c == ' ' && column > 70 && text[i + 1] != ' ' && text[i + 1] != '\0') {
      msim__buf_append_text(out, "\r\n");
      column = 0;
    }
    msim__buf_append_byte(out, msim__ascii_is_control(c) ? '?' : (char)c);
    column++;
  }
}

static bool is_ascii(const char *text)
{
  while (*text != '\0')
    if ((uint8_t)*text++ >= 0x80)
      return false;
  return true;
}

static int append_date_field(struct msim__buf *out, const char *field, int64_t unix_s, int zone_minutes)
{
  char text[MSIM__DATE_TEXT_BYTES];
  int err = msim__date_format(text, unix_s, zone_minutes);

  if (err < 0)
    return err;
  msim__buf_append_text(out, field);
  msim__buf_append_text(out, text);
  return msim__buf_append_text(out, "\r\n");
}

/* ---- the parts ---- */

static const char *subject_of(enum msim__dsn_action action)
{
  switch (action) {
  case MSIM__DSN_FAILED:
    return "Undelivered mail returned to its sender";
  case MSIM__DSN_DELAYED:
    return "Delayed mail (still being tried)";
  case MSIM__DSN_DELIVERED:
  case MSIM__DSN_RELAYED:
  case MSIM__DSN_EXPANDED:
    break;
  }
  return "Delivery report";
}

static const char *opening_of(enum msim__dsn_action action)
{
  switch (action) {
  case MSIM__DSN_FAILED:
    return "Your mail could not be delivered to:\r\n";
  case MSIM__DSN_DELAYED:
    return "Your mail has not been delivered yet. It is still being tried, you need not send it again:\r\n";
  case MSIM__DSN_DELIVERED:
    return "Your mail was delivered to:\r\n";
  case MSIM__DSN_RELAYED:
    return "Your mail was passed on to a host that will not report its delivery:\r\n";
  case MSIM__DSN_EXPANDED:
    break;
  }
  return "Your mail was passed on to the members of a list:\r\n";
}

static int append_head(struct msim__buf *out, const struct msim__dsn_report *report, const char *boundary,
                       bool eight_bit)
{
  int err = msim__trace_date_append(out, report->unix_s, report->zone_minutes);

  if (err < 0)
    return err;
  msim__buf_append_text(out, "From: Mail Delivery System <MAILER-DAEMON@");
  msim__buf_append_text(out, report->hostname);
  msim__buf_append_text(out, ">\r\nTo: ");
  msim__buf_append_text(out, report->original->reverse_path);
  msim__buf_append_text(out, "\r\nSubject: ");
  msim__buf_append_text(out, subject_of(report->action));
  msim__buf_append_text(out, "\r\nMessage-ID: ");
  err = msim__trace_message_id_append(out, report->unix_s, report->number, report->host,
                                      msim__slice_text(report->hostname));
  if (err < 0)
    return err;
  /* RFC 3834 5: nobody shall answer it by himself */
  msim__buf_append_text(out, "\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n");
  msim__buf_append_text(out, "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"");
  msim__buf_append_text(out, boundary);
  msim__buf_append_text(out, eight_bit ? "\"\r\nContent-Transfer-Encoding: 8bit\r\n" : "\"\r\n");
  return out->err;
}

static void append_delimiter(struct msim__buf *out, const char *boundary, const char *behind)
{
  msim__buf_append_text(out, "\r\n--");
  msim__buf_append_text(out, boundary);
  msim__buf_append_text(out, behind);
}

static void append_people(struct msim__buf *out, const struct msim__dsn_report *report)
{
  size_t i;

  msim__buf_append_text(out, "This is the mail system at host ");
  msim__buf_append_text(out, report->hostname);
  msim__buf_append_text(out, ".\r\n\r\n");
  msim__buf_append_text(out, opening_of(report->action));
  for (i = 0; i < report->line_count; i++) {
    const struct msim__dsn_line *line = &report->lines[i];

    msim__buf_append_text(out, "\r\n<");
    msim__buf_append_text(out, line->recipient);
    msim__buf_append_text(out, ">:\r\n  ");
    if (line->server != NULL) {
      msim__buf_append_text(out, "host ");
      msim__buf_append_text(out, line->server);
      msim__buf_append_text(out, " said: ");
    }
    append_line_text(out, line->text);
    msim__buf_append_text(out, "\r\n");
  }
}

static void append_recipient(struct msim__buf *out, const struct msim__dsn_line *line, enum msim__dsn_action action)
{
  if (line->orcpt != NULL && line->orcpt[0] != '\0') {
    msim__buf_append_text(out, "Original-Recipient: ");
    append_line_text(out, line->orcpt);
    msim__buf_append_text(out, "\r\n");
  }
  msim__buf_append_text(out, is_ascii(line->recipient) ? "Final-Recipient: rfc822; " : "Final-Recipient: utf-8; ");
  msim__buf_append_text(out, line->recipient);
  msim__buf_append_text(out, "\r\nAction: ");
  msim__buf_append_text(out, msim__dsn_action_name(action));
  msim__buf_append_text(out, "\r\nStatus: ");
  msim__buf_append_text(out, line->status);
  msim__buf_append_text(out, "\r\n");
  if (line->server != NULL) {
    msim__buf_append_text(out, "Remote-MTA: dns; ");
    msim__buf_append_text(out, line->server);
    msim__buf_append_text(out, "\r\nDiagnostic-Code: smtp; ");
    append_line_text(out, line->text);
    msim__buf_append_text(out, "\r\n");
  }
}

static int append_status(struct msim__buf *out, const struct msim__dsn_report *report)
{
  size_t i;
  int err = MSIM_OK;

  if (report->original->envid[0] != '\0') {
    msim__buf_append_text(out, "Original-Envelope-Id: ");
    append_line_text(out, report->original->envid);
    msim__buf_append_text(out, "\r\n");
  }
  msim__buf_append_text(out, "Reporting-MTA: dns; ");
  msim__buf_append_text(out, report->hostname);
  msim__buf_append_text(out, "\r\n");
  err = append_date_field(out, "Arrival-Date: ", report->arrived_unix_s, report->zone_minutes);
  for (i = 0; i < report->line_count && err == MSIM_OK; i++) {
    msim__buf_append_text(out, "\r\n");
    append_recipient(out, &report->lines[i], report->action);
    if (report->action == MSIM__DSN_DELAYED)
      err = append_date_field(out, "Will-Retry-Until: ", report->retry_until_unix_s, report->zone_minutes);
  }
  return err == MSIM_OK ? out->err : err;
}

/* RFC 3461 6.2: the message comes back whole only when it has failed and its sender asked for that. */
static bool is_whole_wanted(const struct msim__dsn_report *report)
{
  return report->action == MSIM__DSN_FAILED && report->original->ret == MSIM__DSN_RET_FULL;
}

static bool has_eight_bit(struct msim_slice bytes)
{
  uint8_t all = 0;
  size_t i;

  for (i = 0; i < bytes.size_bytes; i++)
    all |= bytes.data[i];
  return (all & 0x80) != 0;
}

int msim__dsn_append(struct msim__buf *out, const struct msim__dsn_report *report)
{
  bool whole = is_whole_wanted(report), global = report->original->smtputf8, eight_bit;
  struct msim__buf plain;
  struct msim_slice back;
  char boundary[48];
  size_t end;
  int err;

  msim__buf_init(&plain, out->mem, SIZE_MAX / 2);
  err = msim__message_to_plain(&plain, report->original);
  back = (struct msim_slice){(const uint8_t *)plain.data, plain.size_bytes};
  if (err == MSIM_OK && !whole && msim__header_end(back, &end) == MSIM_OK)
    back.size_bytes = end;
  else if (err == MSIM_OK && !whole)
    back.size_bytes = 0; /* a header that nobody can read */
  eight_bit = has_eight_bit(back);
  (void)snprintf(boundary, sizeof boundary, "=_dsn.%llu.%lld", (unsigned long long)report->number,
                 (long long)report->unix_s);
  if (err == MSIM_OK)
    err = append_head(out, report, boundary, eight_bit || global);
  if (err == MSIM_OK) {
    append_delimiter(out, boundary, "\r\nContent-Type: text/plain; charset=utf-8\r\n");
    msim__buf_append_text(out, global ? "Content-Transfer-Encoding: 8bit\r\n\r\n" : "\r\n");
    append_people(out, report);
    append_delimiter(out, boundary,
                     global ? "\r\nContent-Type: message/global-delivery-status\r\n\r\n"
                            : "\r\nContent-Type: message/delivery-status\r\n\r\n");
    err = append_status(out, report);
  }
  if (err == MSIM_OK) {
    append_delimiter(out, boundary, "\r\nContent-Type: ");
    msim__buf_append_text(out, whole ? (global ? "message/global" : "message/rfc822")
                                     : (global ? "message/global-headers" : "text/rfc822-headers"));
    msim__buf_append_text(out, eight_bit ? "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" : "\r\n\r\n");
    msim__buf_append(out, back.data, back.size_bytes);
    append_delimiter(out, boundary, "--\r\n");
    err = out->err;
  }
  msim__buf_release(&plain);
  return err;
}
