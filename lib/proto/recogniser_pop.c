/* recogniser_pop.c: POP3 (RFC 1939, 2449, 5034) as it passes by; see recogniser.h.
 *
 * Whether a reply has more than one line follows from the command, so commands without a reply are remembered. A client
 * with more of them than fit is followed no more, and all that it sends behind AUTH is hidden. */
#include "proto/ascii.h"
#include "proto/recogniser.h"

static const char unit_command[] = "pop.command";
static const char unit_reply[] = "pop.reply";

enum { LINES, LIST, CONTENT };

enum asked {
  ONE_LINE,
  MANY_LINES, /* after +OK */
  MAIL,
  TOP,
  VERDICT, /* PASS, APOP */
  STEP,    /* AUTH, and what follows it */
  CIPHER
};

static void push(struct msim__recogniser *r, enum asked asked)
{
  if (r->p.pop.count == MSIM__RECOGNISER_ASKED_MAX) {
    r->p.pop.lost = true;
    return;
  }
  r->p.pop.asked[(r->p.pop.first + r->p.pop.count++) % MSIM__RECOGNISER_ASKED_MAX] = (uint8_t)asked;
}

static enum asked first_asked(const struct msim__recogniser *r)
{
  return r->p.pop.count > 0 ? (enum asked)r->p.pop.asked[r->p.pop.first] : ONE_LINE;
}

static void pop(struct msim__recogniser *r)
{
  if (r->p.pop.count == 0)
    return;
  r->p.pop.first = (uint8_t)((r->p.pop.first + 1u) % MSIM__RECOGNISER_ASKED_MAX);
  r->p.pop.count--;
}

void msim__recogniser_pop_begin(struct msim__recogniser *r)
{
  push(r, ONE_LINE); /* the greeting */
}

/* ---- the client ---- */

static bool is_login(struct msim_slice text)
{
  return msim__recogniser_starts(text, "PASS") || msim__recogniser_starts(text, "APOP") ||
         msim__recogniser_starts(text, "AUTH");
}

static bool decide_command(struct msim__recogniser_feed *feed, bool last)
{
  struct msim__recogniser_way *way = feed->way;
  struct msim_slice text = msim__recogniser_text(way);
  bool hides = feed->recogniser->wait != MSIM__RECOGNISER_NO_WAIT;
  size_t i;

  if (!hides && text.size_bytes < 4 && !last)
    return false;
  hides = hides || is_login(text) || (way->text_bytes == MSIM__RECOGNISER_TEXT_BYTES && text.size_bytes < 4);
  for (i = 0; i < text.size_bytes && i < 4; i++)
    hides = hides || (msim__ascii_is_control(text.data[i]) && text.data[i] != '\r' && text.data[i] != '\n');
  msim__recogniser_begin(feed, hides ? msim__unit_credentials : unit_command, MSIM__RECOGNISER_NO_LABEL,
                         way->line_bytes);
  return true;
}

/* Of a verb of four letters: something stands behind it. */
static bool has_argument(struct msim_slice text)
{
  return msim__slice_trim(msim__slice_part(text, 4, text.size_bytes - 2)).size_bytes > 0;
}

static enum asked asked_by(struct msim_slice text)
{
  static const struct {
    const char *word;
    enum asked asked;
  } verbs[] = {{"CAPA", MANY_LINES}, {"RETR", MAIL},    {"TOP", TOP},
               {"PASS", VERDICT},    {"APOP", VERDICT}, {"STLS", CIPHER}};
  size_t i;

  for (i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
    if (msim__recogniser_starts(text, verbs[i].word))
      return verbs[i].asked;
  if (msim__recogniser_starts(text, "AUTH"))
    return has_argument(text) ? STEP : MANY_LINES;
  if (msim__recogniser_starts(text, "LIST") || msim__recogniser_starts(text, "UIDL"))
    return has_argument(text) ? ONE_LINE : MANY_LINES;
  return ONE_LINE;
}

static void on_command(struct msim__recogniser *r)
{
  struct msim_slice text = msim__recogniser_text(&r->ways[MSIM__RECOGNISER_CLIENT]);
  enum asked asked;

  if (!msim__recogniser_is_whole(&r->ways[MSIM__RECOGNISER_CLIENT]))
    return;
  if (r->wait != MSIM__RECOGNISER_NO_WAIT) /* the answer to a challenge, or something that was sent too early */
    asked = r->wait == MSIM__RECOGNISER_WAIT_LOGIN && r->p.pop.count == 0 ? STEP : ONE_LINE;
  else
    asked = text.size_bytes < 6 ? ONE_LINE : asked_by(text);
  push(r, asked);
  if (asked == STEP)
    r->wait = MSIM__RECOGNISER_WAIT_LOGIN;
  else if (asked == CIPHER)
    r->wait = MSIM__RECOGNISER_WAIT_CIPHER;
}

static void take_command(struct msim__recogniser_feed *feed)
{
  if (!msim__recogniser_line(feed, decide_command))
    return;
  on_command(feed->recogniser);
  msim__recogniser_end(feed);
  msim__recogniser_next_line(feed->way);
}

/* ---- the server ---- */

static bool decide_reply(struct msim__recogniser_feed *feed, bool last)
{
  const struct msim__recogniser_way *way = feed->way;
  enum asked asked = first_asked(feed->recogniser);
  bool more = way->text_bytes >= 2 && way->text[0] == '+' && msim__ascii_is_space(way->text[1]);

  if (way->text_bytes < 2 && !last)
    return false;
  if (feed->recogniser->p.pop.lost || (way->text[0] != '+' && way->text[0] != '-'))
    return true;
  msim__recogniser_begin(feed, asked == VERDICT || (asked == STEP && !more) ? msim__unit_result : unit_reply,
                         MSIM__RECOGNISER_NO_LABEL, way->line_bytes);
  return true;
}

static void on_step(struct msim__recogniser *r, bool more)
{
  if (!more) {
    r->wait = MSIM__RECOGNISER_NO_WAIT;
    return;
  }
  r->wait = MSIM__RECOGNISER_WAIT_LOGIN;
  if (r->p.pop.count > 0) /* the answer is here already */
    r->p.pop.asked[r->p.pop.first] = STEP;
}

static void on_cipher(struct msim__recogniser *r, bool ok)
{
  struct msim__recogniser_way *client = &r->ways[MSIM__RECOGNISER_CLIENT];

  r->wait = MSIM__RECOGNISER_NO_WAIT;
  if (!ok)
    return;
  r->protocol = MSIM__RECOGNISER_NONE;
  client->breaks = client->unit != NULL;
}

/* What follows the first line, if anything does. */
static void begin_more(struct msim__recogniser_feed *feed, enum asked asked)
{
  memset(&feed->way->u.dot, 0, sizeof feed->way->u.dot);
  feed->way->reading = asked == MANY_LINES ? LIST : CONTENT;
  if (asked == MAIL)
    msim__recogniser_begin(feed, msim__unit_content, MSIM__RECOGNISER_NEW_LABEL, 0);
  else if (asked == TOP)
    msim__recogniser_begin(feed, unit_reply, MSIM__RECOGNISER_NO_LABEL, 0);
}

static void take_reply(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser *r = feed->recogniser;
  enum asked asked = first_asked(r);
  bool ok, more;

  if (!msim__recogniser_line(feed, decide_reply))
    return;
  ok = msim__recogniser_starts((struct msim_slice){feed->way->text, feed->way->text_bytes}, "+OK");
  more = feed->way->text[0] == '+' && !ok;
  msim__recogniser_next_line(feed->way);
  if (r->p.pop.lost) {
    msim__recogniser_end(feed);
    return;
  }
  pop(r);
  if (ok && (asked == MANY_LINES || asked == MAIL || asked == TOP)) {
    begin_more(feed, asked);
    return;
  }
  msim__recogniser_end(feed);
  if (asked == STEP || (more && r->wait == MSIM__RECOGNISER_NO_WAIT))
    on_step(r, more);
  else if (asked == CIPHER)
    on_cipher(r, ok);
}

void msim__recogniser_pop(struct msim__recogniser_feed *feed)
{
  if (feed->side == MSIM__RECOGNISER_CLIENT) {
    take_command(feed);
  } else if (feed->way->reading == LINES) {
    take_reply(feed);
  } else if (msim__recogniser_dot(feed)) {
    msim__recogniser_end(feed);
    feed->way->reading = LINES;
  }
}
