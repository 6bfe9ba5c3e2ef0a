/* recogniser_smtp.c: SMTP (RFC 5321, 3030, 4954) as it passes by; see recogniser.h.
 *
 * The two directions are tied by counting: each line of the client, and each content, gets one reply. A client that
 * sends before it may is followed nevertheless, but what it sent too early is hidden. */
#include "proto/ascii.h"
#include "proto/recogniser.h"
#include "proto/smtp_command.h"

static const char unit_command[] = "smtp.command";
static const char unit_envelope[] = "smtp.envelope";
static const char unit_reply[] = "smtp.reply";

enum { LINES, CONTENT, CHUNK };

void msim__recogniser_smtp_begin(struct msim__recogniser *r)
{
  r->p.smtp.sent_count = 1; /* connecting asks for the greeting */
}

/* ---- the client ---- */

/* Controls within the verb make a line that nobody understands alike. */
static bool is_odd(struct msim_slice verb)
{
  size_t i;

  for (i = 0; i < verb.size_bytes; i++)
    if (msim__ascii_is_control(verb.data[i]) && verb.data[i] != '\r' && verb.data[i] != '\n')
      return true;
  return false;
}

static bool decide_command(struct msim__recogniser_feed *feed, bool last)
{
  struct msim__recogniser_way *way = feed->way;
  struct msim_slice text = msim__recogniser_text(way);
  bool blank = way->text_bytes == MSIM__RECOGNISER_TEXT_BYTES && text.size_bytes < 4;

  if (feed->recogniser->wait == MSIM__RECOGNISER_NO_WAIT && text.size_bytes < 4 && !last)
    return false;
  if (text.size_bytes > 4)
    text.size_bytes = 4;
  if (feed->recogniser->wait != MSIM__RECOGNISER_NO_WAIT || blank || is_odd(text) ||
      msim__recogniser_starts(text, "AUTH"))
    msim__recogniser_begin(feed, msim__unit_credentials, MSIM__RECOGNISER_NO_LABEL, way->line_bytes);
  else if (msim__recogniser_starts(text, "MAIL"))
    msim__recogniser_begin(feed, unit_envelope, MSIM__RECOGNISER_NEW_LABEL, way->line_bytes);
  else if (msim__recogniser_starts(text, "RCPT"))
    msim__recogniser_begin(feed, unit_envelope, MSIM__RECOGNISER_SAME_LABEL, way->line_bytes);
  else
    msim__recogniser_begin(feed, unit_command, MSIM__RECOGNISER_NO_LABEL, way->line_bytes);
  return true;
}

static void wait_for(struct msim__recogniser *r, enum msim__recogniser_wait wait)
{
  r->wait = wait;
  r->p.smtp.wait_number = r->p.smtp.sent_count;
  r->p.smtp.early_count = r->p.smtp.late_count = 0;
  r->p.smtp.early_dot = false;
}

/* As a server reads it: what is no BDAT is followed by no chunk. */
static void begin_chunk(struct msim__recogniser *r, struct msim_slice line)
{
  struct msim__recogniser_way *way = &r->ways[MSIM__RECOGNISER_CLIENT];
  struct msim__smtp_command command;

  if (way->line_bytes > MSIM__RECOGNISER_TEXT_BYTES || msim__smtp_command_parse(&command, line, 0) != MSIM_OK)
    return;
  if (command.chunk_last)
    r->p.smtp.content_number = r->p.smtp.sent_count;
  r->p.smtp.chunk_left_bytes = command.chunk_bytes;
  if (command.chunk_bytes > 0)
    way->reading = CHUNK;
}

static void on_command(struct msim__recogniser *r)
{
  struct msim__recogniser_way *way = &r->ways[MSIM__RECOGNISER_CLIENT];
  struct msim_slice line = {way->text, way->text_bytes};
  struct msim_slice word = msim__recogniser_text(way);

  if (!msim__recogniser_is_whole(way))
    return; /* no server need take it for a line */
  r->p.smtp.sent_count++;
  if (r->wait != MSIM__RECOGNISER_NO_WAIT) {
    r->p.smtp.early_count++;
    r->p.smtp.late_count += r->p.smtp.early_dot;
    return;
  }
  if (msim__recogniser_starts(word, "AUTH")) {
    wait_for(r, MSIM__RECOGNISER_WAIT_LOGIN);
  } else if (msim__recogniser_starts(word, "STARTTLS")) {
    wait_for(r, MSIM__RECOGNISER_WAIT_CIPHER);
  } else if (msim__recogniser_starts(word, "DATA")) {
    wait_for(r, MSIM__RECOGNISER_WAIT_CONTENT);
    memset(&way->u.dot, 0, sizeof way->u.dot);
  } else if (msim__recogniser_starts(word, "BDAT") && line.size_bytes >= 2) {
    line.size_bytes -= 2;
    begin_chunk(r, line);
  }
}

/* Content that comes before it was asked for is followed by its dots, and hidden. */
static void look_for_early_dot(struct msim__recogniser_feed *feed, size_t from)
{
  struct msim__recogniser_feed early = *feed;

  if (feed->recogniser->wait != MSIM__RECOGNISER_WAIT_CONTENT || feed->recogniser->p.smtp.early_dot)
    return;
  early.bytes.size_bytes = feed->at;
  early.at = from;
  feed->recogniser->p.smtp.early_dot = msim__recogniser_dot(&early);
}

static void take_command(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser *r = feed->recogniser;
  enum msim__recogniser_wait before = r->wait;
  size_t from = feed->at;
  bool complete = msim__recogniser_line(feed, decide_command);

  if (before == MSIM__RECOGNISER_WAIT_CONTENT)
    look_for_early_dot(feed, from);
  if (!complete)
    return;
  on_command(r);
  msim__recogniser_end(feed);
  msim__recogniser_next_line(feed->way);
}

static void begin_content(struct msim__recogniser_feed *feed)
{
  if (feed->way->unit == NULL)
    msim__recogniser_begin(feed, msim__unit_content, MSIM__RECOGNISER_SAME_LABEL, 0);
}

static void take_content(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser *r = feed->recogniser;

  begin_content(feed);
  if (!msim__recogniser_dot(feed))
    return;
  msim__recogniser_end(feed);
  r->p.smtp.content_number = ++r->p.smtp.sent_count;
  feed->way->reading = LINES;
}

static void take_chunk(struct msim__recogniser_feed *feed)
{
  uint64_t *left = &feed->recogniser->p.smtp.chunk_left_bytes;
  size_t there = feed->bytes.size_bytes - feed->at;

  begin_content(feed);
  if (there > *left)
    there = (size_t)*left;
  feed->at += there;
  *left -= there;
  if (*left > 0)
    return;
  msim__recogniser_end(feed);
  feed->way->reading = LINES;
}

/* ---- the server ---- */

static unsigned code_of(const struct msim__recogniser_way *way)
{
  const uint8_t *text = way->text;

  if (way->text_bytes < 3 || !msim__ascii_is_digit(text[0]) || !msim__ascii_is_digit(text[1]) ||
      !msim__ascii_is_digit(text[2]))
    return 0;
  return (unsigned)(text[0] - '0') * 100 + (unsigned)(text[1] - '0') * 10 + (unsigned)(text[2] - '0');
}

static bool decide_reply(struct msim__recogniser_feed *feed, bool last)
{
  struct msim__recogniser *r = feed->recogniser;
  struct msim__recogniser_way *way = feed->way;
  unsigned code = code_of(way);
  uint64_t number = r->p.smtp.answered_count + 1;
  bool decides = r->p.smtp.content_number == number;

  if (way->text_bytes < 3 && !last)
    return false;
  if (way->unit != NULL) /* a further line of it */
    return true;
  if (code == 0)
    return true; /* no reply */
  if (r->wait == MSIM__RECOGNISER_WAIT_LOGIN && r->p.smtp.wait_number == number && code != 334)
    msim__recogniser_begin(feed, msim__unit_result, MSIM__RECOGNISER_NO_LABEL, way->line_bytes);
  else
    msim__recogniser_begin(feed, unit_reply, decides ? MSIM__RECOGNISER_SAME_LABEL : MSIM__RECOGNISER_NO_LABEL,
                           way->line_bytes);
  return true;
}

/* DATA may begin, or may not. What was sent too early has been counted as lines. */
static void on_data_reply(struct msim__recogniser *r, bool wanted)
{
  struct msim__recogniser_way *client = &r->ways[MSIM__RECOGNISER_CLIENT];

  r->wait = MSIM__RECOGNISER_NO_WAIT;
  r->p.smtp.answered_count = r->p.smtp.wait_number;
  if (!wanted)
    return;
  r->p.smtp.sent_count = r->p.smtp.wait_number;
  if (r->p.smtp.early_dot) {
    r->p.smtp.content_number = ++r->p.smtp.sent_count;
    r->p.smtp.sent_count += r->p.smtp.late_count;
    return;
  }
  client->reading = CONTENT;
  client->breaks = client->unit != NULL;
  msim__recogniser_next_line(client);
}

/* Codes of RFC 4954 6 that end an exchange, wherever they stand. */
static bool is_verdict(unsigned code)
{
  return code == 235 || code == 432 || code == 454 || code == 534 || code == 535 || code == 538;
}

static void on_reply(struct msim__recogniser *r, unsigned code)
{
  struct msim__recogniser_way *client = &r->ways[MSIM__RECOGNISER_CLIENT];
  bool due;

  if (r->p.smtp.answered_count < r->p.smtp.sent_count)
    r->p.smtp.answered_count++;
  due = r->p.smtp.answered_count >= r->p.smtp.wait_number;
  if (code == 334) {
    r->wait = MSIM__RECOGNISER_WAIT_LOGIN;
    r->p.smtp.wait_number = r->p.smtp.answered_count + 1;
  } else if (r->wait == MSIM__RECOGNISER_WAIT_LOGIN && (due || is_verdict(code))) {
    r->wait = MSIM__RECOGNISER_NO_WAIT;
  } else if (r->wait == MSIM__RECOGNISER_WAIT_CONTENT && (due || code == 354)) {
    on_data_reply(r, code == 354);
  } else if (r->wait == MSIM__RECOGNISER_WAIT_CIPHER && due) {
    r->wait = MSIM__RECOGNISER_NO_WAIT;
    if (code == 220) {
      r->protocol = MSIM__RECOGNISER_NONE;
      client->breaks = client->unit != NULL;
    }
  } else if (code == 354 && r->wait == MSIM__RECOGNISER_NO_WAIT && client->reading == LINES) {
    memset(&client->u.dot, 0, sizeof client->u.dot);
    r->p.smtp.wait_number = r->p.smtp.answered_count;
    r->p.smtp.early_dot = false;
    on_data_reply(r, true);
  }
}

static void take_reply(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser_way *way = feed->way;
  unsigned code;

  if (!msim__recogniser_line(feed, decide_reply))
    return;
  code = code_of(way);
  if (code == 0 || way->text[3] != '-') {
    msim__recogniser_end(feed);
    if (code != 0)
      on_reply(feed->recogniser, code);
  }
  msim__recogniser_next_line(way);
}

void msim__recogniser_smtp(struct msim__recogniser_feed *feed)
{
  if (feed->side == MSIM__RECOGNISER_SERVER)
    take_reply(feed);
  else if (feed->way->reading == CONTENT)
    take_content(feed);
  else if (feed->way->reading == CHUNK)
    take_chunk(feed);
  else
    take_command(feed);
}
