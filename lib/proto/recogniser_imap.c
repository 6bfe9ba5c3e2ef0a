/* recogniser_imap.c: IMAP (RFC 3501, 9051, 7888) as it passes by; see recogniser.h.
 *
 * A unit is a line, or a literal: lines of one command have the unit of its first one. Literals are content where a
 * message is meant: of APPEND, and of a FETCH that gives a body. */
#include "proto/ascii.h"
#include "proto/recogniser.h"

static const char unit_command[] = "imap.command";
static const char unit_reply[] = "imap.reply";
static const char unit_overview[] = "imap.overview";

enum { LINES, LITERAL };
enum { OTHER, LOGIN, AUTHENTICATE, APPEND, CIPHER };

/* ---- words ---- */

static bool is_end(uint8_t byte)
{
  return msim__ascii_is_space(byte) || byte == '\r' || byte == '\n';
}

/* Takes the next word off. false: it may go on. */
static bool take_word(struct msim_slice *text, struct msim_slice *word)
{
  size_t from = 0, to;

  while (from < text->size_bytes && msim__ascii_is_space(text->data[from]))
    from++;
  for (to = from; to < text->size_bytes && !is_end(text->data[to]); to++)
    continue;
  *word = msim__slice_part(*text, from, to);
  *text = msim__slice_part(*text, to, text->size_bytes);
  return text->size_bytes > 0;
}

static void keep_tag(struct msim__recogniser_tag *tag, struct msim_slice word)
{
  tag->size_bytes = 0;
  if (word.size_bytes > sizeof tag->bytes)
    return;
  tag->size_bytes = (uint8_t)word.size_bytes;
  memcpy(tag->bytes, word.data, word.size_bytes);
}

static bool is_tag(const struct msim__recogniser_tag *tag, struct msim_slice word)
{
  return tag->size_bytes > 0 && msim__slice_equal((struct msim_slice){tag->bytes, tag->size_bytes}, word);
}

/* ---- the client ---- */

static bool is_login(struct msim_slice word)
{
  return msim__recogniser_starts(word, "LOGIN") || msim__recogniser_starts(word, "AUTH");
}

static bool is_odd(struct msim_slice word)
{
  size_t i;

  for (i = 0; i < word.size_bytes; i++)
    if (msim__ascii_is_control(word.data[i]))
      return true;
  return false;
}

static uint8_t verb_of(struct msim_slice word)
{
  static const struct {
    const char *name;
    uint8_t verb;
  } verbs[] = {
      {"LOGIN", LOGIN}, {"AUTHENTICATE", AUTHENTICATE}, {"APPEND", APPEND}, {"STARTTLS", CIPHER}, {"COMPRESS", CIPHER}};
  size_t i;

  for (i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
    if (msim__slice_is(word, verbs[i].name))
      return verbs[i].verb;
  return is_login(word) ? LOGIN : OTHER;
}

static bool decide_command(struct msim__recogniser_feed *feed, bool last)
{
  struct msim__recogniser *r = feed->recogniser;
  struct msim__recogniser_way *way = feed->way;
  struct msim_slice text = {way->text, way->text_bytes}, tag, verb;
  bool hides = r->wait != MSIM__RECOGNISER_NO_WAIT, complete;

  if (!hides && r->p.imap.goes_on[feed->side]) {
    hides = r->p.imap.verb == LOGIN || r->p.imap.verb == AUTHENTICATE;
  } else if (!hides) {
    complete = take_word(&text, &tag) && take_word(&text, &verb);
    if (!complete && !last)
      return false;
    r->p.imap.verb = complete ? verb_of(verb) : LOGIN;
    keep_tag(&r->p.imap.tag, tag);
    hides = r->p.imap.verb == LOGIN || r->p.imap.verb == AUTHENTICATE || is_login(tag) || is_odd(tag) || is_odd(verb);
    if (r->p.imap.verb == LOGIN || r->p.imap.verb == AUTHENTICATE || r->p.imap.verb == CIPHER)
      r->p.imap.login_tag = r->p.imap.tag;
  }
  msim__recogniser_begin(feed, hides ? msim__unit_credentials : unit_command, MSIM__RECOGNISER_NO_LABEL,
                         way->line_bytes);
  return true;
}

/* The mailbox of APPEND may be a literal too: then nothing stands in front of it. */
static bool announces_content(const struct msim__recogniser *r)
{
  const struct msim__recogniser_way *way = &r->ways[MSIM__RECOGNISER_CLIENT];
  struct msim_slice text = {way->text, way->text_bytes}, word;

  if (r->p.imap.verb != APPEND || r->p.imap.goes_on[MSIM__RECOGNISER_CLIENT])
    return r->p.imap.verb == APPEND;
  (void)take_word(&text, &word);
  (void)take_word(&text, &word);
  (void)take_word(&text, &word);
  return word.size_bytes > 0 && word.data[0] != '{';
}

static void on_command(struct msim__recogniser *r)
{
  if (r->wait != MSIM__RECOGNISER_NO_WAIT)
    return;
  if (r->p.imap.verb == AUTHENTICATE)
    r->wait = MSIM__RECOGNISER_WAIT_LOGIN;
  else if (r->p.imap.verb == CIPHER)
    r->wait = MSIM__RECOGNISER_WAIT_CIPHER;
}

/* ---- the server ---- */

static bool is_content(struct msim_slice section)
{
  while (section.size_bytes > 0 && (msim__ascii_is_digit(section.data[0]) || section.data[0] == '.'))
    section = msim__slice_part(section, 1, section.size_bytes);
  return section.size_bytes == 0 || msim__slice_is(section, "TEXT");
}

/* Follows what a FETCH gives, so that it is known what a literal holds: "BODY[1.TEXT]<0> {7}", "RFC822 {7}". */
static void look_for_content(struct msim__recogniser *r, uint8_t byte)
{
  struct msim_slice word = {r->p.imap.word, r->p.imap.word_bytes};
  bool *content = &r->p.imap.is_content[MSIM__RECOGNISER_SERVER];

  if (byte == '[' || (!r->p.imap.in_section && (byte == ' ' || byte == '('))) {
    if (word.size_bytes > 0)
      *content = msim__slice_is(word, "RFC822") || msim__slice_is(word, "RFC822.TEXT");
    r->p.imap.in_section = byte == '[';
    r->p.imap.word_bytes = 0;
  } else if (byte == ']') {
    *content = r->p.imap.in_section && is_content(word);
    r->p.imap.in_section = false;
    r->p.imap.word_bytes = 0;
  } else if (r->p.imap.in_section || word.size_bytes > 0 || byte == '\0' ||
             strchr("<>~{}0123456789\r\n", byte) == NULL) {
    *content = *content && r->p.imap.in_section;
    if (r->p.imap.word_bytes < sizeof r->p.imap.word)
      r->p.imap.word[r->p.imap.word_bytes++] = byte;
  }
}

static const char *unit_of_reply(struct msim__recogniser *r, struct msim_slice text, bool last)
{
  struct msim_slice first, second, third;
  bool complete = take_word(&text, &first);

  if (!complete)
    return last ? unit_reply : NULL;
  if (is_tag(&r->p.imap.login_tag, first))
    return msim__unit_result;
  if (!msim__slice_is(first, "*"))
    return unit_reply;
  complete = take_word(&text, &second);
  if (second.size_bytes > 0 && !msim__ascii_is_digit(second.data[0]))
    return unit_reply;
  complete = complete && take_word(&text, &third);
  if (!complete)
    return last ? unit_reply : NULL;
  r->p.imap.is_fetch = msim__slice_is(third, "FETCH");
  return r->p.imap.is_fetch ? unit_overview : unit_reply;
}

static bool decide_reply(struct msim__recogniser_feed *feed, bool last)
{
  struct msim__recogniser *r = feed->recogniser;
  struct msim_slice text = {feed->way->text, feed->way->text_bytes};
  const char *unit = r->p.imap.is_fetch ? unit_overview : unit_reply;

  if (!r->p.imap.goes_on[feed->side])
    unit = unit_of_reply(r, text, last);
  if (unit == NULL)
    return false;
  msim__recogniser_begin(feed, unit, MSIM__RECOGNISER_NO_LABEL, feed->way->line_bytes);
  return true;
}

static void on_go_ahead(struct msim__recogniser *r)
{
  struct msim__recogniser_way *client = &r->ways[MSIM__RECOGNISER_CLIENT];

  if (r->wait != MSIM__RECOGNISER_WAIT_CONTENT)
    return;
  r->wait = MSIM__RECOGNISER_NO_WAIT;
  client->breaks = client->unit != NULL && client->reading == LITERAL; /* what came too early was hidden */
}

/* A literal is refused: what comes is a new command. A line of it that has begun stays hidden. */
static void on_refusal(struct msim__recogniser *r)
{
  struct msim__recogniser_way *client = &r->ways[MSIM__RECOGNISER_CLIENT];

  memset(&client->u.gather, 0, sizeof client->u.gather);
  client->reading = LINES;
  client->decided = client->unit != NULL;
  r->p.imap.goes_on[MSIM__RECOGNISER_CLIENT] = false;
  r->p.imap.verb = OTHER;
}

static void on_tagged(struct msim__recogniser *r, struct msim_slice tag, bool ok)
{
  struct msim__recogniser_way *client = &r->ways[MSIM__RECOGNISER_CLIENT];
  bool content = r->wait == MSIM__RECOGNISER_WAIT_CONTENT, cipher = r->wait == MSIM__RECOGNISER_WAIT_CIPHER;

  if (r->wait == MSIM__RECOGNISER_NO_WAIT || !is_tag(content ? &r->p.imap.tag : &r->p.imap.login_tag, tag))
    return;
  r->wait = MSIM__RECOGNISER_NO_WAIT;
  if (content) {
    on_refusal(r);
  } else if (cipher && ok) {
    r->protocol = MSIM__RECOGNISER_NONE;
    client->breaks = client->unit != NULL;
  }
}

static void on_reply(struct msim__recogniser *r)
{
  struct msim__recogniser_way *server = &r->ways[MSIM__RECOGNISER_SERVER];
  struct msim_slice text = {server->text, server->text_bytes}, first, second;

  r->p.imap.is_fetch = r->p.imap.in_section = false;
  r->p.imap.word_bytes = 0;
  if (r->p.imap.goes_on[MSIM__RECOGNISER_SERVER])
    return;
  (void)take_word(&text, &first);
  (void)take_word(&text, &second);
  if (msim__slice_is(first, "+"))
    on_go_ahead(r);
  else if (!msim__slice_is(first, "*"))
    on_tagged(r, first, msim__slice_is(second, "OK"));
}

/* ---- both ---- */

static bool content_announced(const struct msim__recogniser_feed *feed)
{
  const struct msim__recogniser *r = feed->recogniser;

  return feed->side == MSIM__RECOGNISER_CLIENT ? announces_content(r)
                                               : r->p.imap.is_fetch && r->p.imap.is_content[MSIM__RECOGNISER_SERVER];
}

static void on_literal(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser *r = feed->recogniser;

  r->p.imap.is_content[feed->side] = content_announced(feed);
  r->p.imap.goes_on[feed->side] = true;
  if (feed->side == MSIM__RECOGNISER_CLIENT && feed->way->u.gather.synchronizing)
    r->wait = r->wait == MSIM__RECOGNISER_NO_WAIT ? MSIM__RECOGNISER_WAIT_CONTENT : r->wait;
  if (feed->way->u.gather.literal_left_bytes > 0)
    feed->way->reading = LITERAL;
}

static void begin_literal(struct msim__recogniser_feed *feed)
{
  const struct msim__recogniser *r = feed->recogniser;
  bool client = feed->side == MSIM__RECOGNISER_CLIENT;
  bool secret =
      client && (r->wait != MSIM__RECOGNISER_NO_WAIT || r->p.imap.verb == LOGIN || r->p.imap.verb == AUTHENTICATE);

  if (feed->way->unit != NULL)
    return;
  if (secret)
    msim__recogniser_begin(feed, msim__unit_credentials, MSIM__RECOGNISER_NO_LABEL, 0);
  else if (r->p.imap.is_content[feed->side])
    msim__recogniser_begin(feed, msim__unit_content, MSIM__RECOGNISER_NEW_LABEL, 0);
  else if (client)
    msim__recogniser_begin(feed, unit_command, MSIM__RECOGNISER_NO_LABEL, 0);
  else
    msim__recogniser_begin(feed, r->p.imap.is_fetch ? unit_overview : unit_reply, MSIM__RECOGNISER_NO_LABEL, 0);
}

static void take_literal(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser_way *way = feed->way;
  size_t there = feed->bytes.size_bytes - feed->at, taken;

  begin_literal(feed);
  if (there > way->u.gather.literal_left_bytes)
    there = (size_t)way->u.gather.literal_left_bytes;
  (void)msim__imap_gather_feed(&way->u.gather, msim__slice_part(feed->bytes, feed->at, feed->at + there), &taken);
  feed->at += there;
  if (way->u.gather.literal_left_bytes > 0)
    return;
  msim__recogniser_end(feed);
  way->reading = LINES;
}

/* One byte of a line. Where a line ends in something else than CRLF a reader may see another command: the unit ends. */
static void take_byte(struct msim__recogniser_feed *feed)
{
  bool client = feed->side == MSIM__RECOGNISER_CLIENT;
  struct msim__recogniser_feed one = *feed;
  enum msim__imap_gather_event event;
  size_t taken;

  one.bytes.size_bytes = feed->at + 1;
  (void)msim__recogniser_line(&one, client ? decide_command : decide_reply);
  event = msim__imap_gather_feed(&feed->way->u.gather, msim__slice_part(feed->bytes, feed->at, feed->at + 1), &taken);
  if (!client)
    look_for_content(feed->recogniser, feed->bytes.data[feed->at]);
  feed->at = one.at;
  if (feed->bytes.data[feed->at - 1] != '\n')
    return;
  if (event == MSIM__IMAP_GATHER_LITERAL)
    on_literal(feed);
  else if (event == MSIM__IMAP_GATHER_DONE && client)
    on_command(feed->recogniser);
  else if (event == MSIM__IMAP_GATHER_DONE)
    on_reply(feed->recogniser);
  if (event != MSIM__IMAP_GATHER_LITERAL)
    feed->recogniser->p.imap.goes_on[feed->side] = false;
  msim__recogniser_end(feed);
  msim__recogniser_next_line(feed->way);
}

/* Lines of a login have no literals. */
static void take_step(struct msim__recogniser_feed *feed)
{
  memset(&feed->way->u.gather, 0, sizeof feed->way->u.gather);
  if (!msim__recogniser_line(feed, decide_command))
    return;
  msim__recogniser_end(feed);
  msim__recogniser_next_line(feed->way);
}

void msim__recogniser_imap(struct msim__recogniser_feed *feed)
{
  if (feed->way->reading == LITERAL)
    take_literal(feed);
  else if (feed->side == MSIM__RECOGNISER_CLIENT && feed->recogniser->wait == MSIM__RECOGNISER_WAIT_LOGIN)
    take_step(feed);
  else
    take_byte(feed);
}
