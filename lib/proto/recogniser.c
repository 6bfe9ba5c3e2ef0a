/* recogniser.c: what the protocols share: lines, the units that are open, which protocol it is. See recogniser.h; one
 * protocol each is in recogniser_x.c. */
#include "proto/recogniser.h"

#include "proto/ascii.h"

#define SCRATCH_BYTES 4096u

const char msim__unit_credentials[] = "auth.credentials";
const char msim__unit_result[] = "auth.result";
const char msim__unit_content[] = "mail.content";

void msim__recogniser_init(struct msim__recogniser *r, enum msim__recogniser_protocol protocol)
{
  memset(r, 0, sizeof *r);
  r->protocol = protocol;
  if (protocol == MSIM__RECOGNISER_SMTP)
    msim__recogniser_smtp_begin(r);
  else if (protocol == MSIM__RECOGNISER_POP)
    msim__recogniser_pop_begin(r);
}

/* ---- units ---- */

static void tell(struct msim__recogniser_feed *feed, bool begins, const char *unit, enum msim__recogniser_label label,
                 uint64_t back_bytes)
{
  struct msim__recognised mark = {feed->side, feed->at, back_bytes, begins, unit, label};

  feed->fn(feed->ctx, &mark);
}

void msim__recogniser_end(struct msim__recogniser_feed *feed)
{
  struct msim__recogniser_way *way = feed->way;

  way->breaks = false;
  msim__recogniser_secret(feed, false);
  if (way->unit == NULL)
    return;
  tell(feed, false, way->unit,
       way->label == MSIM__RECOGNISER_NO_LABEL ? MSIM__RECOGNISER_NO_LABEL : MSIM__RECOGNISER_SAME_LABEL, 0);
  way->unit = NULL;
}

void msim__recogniser_begin(struct msim__recogniser_feed *feed, const char *unit, enum msim__recogniser_label label,
                            uint64_t back_bytes)
{
  msim__recogniser_end(feed);
  if (unit == NULL)
    return;
  feed->way->unit = unit;
  feed->way->label = label;
  tell(feed, true, unit, label, back_bytes);
}

void msim__recogniser_secret(struct msim__recogniser_feed *feed, bool begins)
{
  if (feed->way->secret == begins)
    return;
  feed->way->secret = begins;
  tell(feed, begins, msim__unit_credentials, MSIM__RECOGNISER_NO_LABEL, 0);
}

/* ---- lines ---- */

bool msim__recogniser_line(struct msim__recogniser_feed *feed, msim__recogniser_decide_fn *decide)
{
  struct msim__recogniser_way *way = feed->way;

  while (feed->at < feed->bytes.size_bytes) {
    uint8_t byte = feed->bytes.data[feed->at++];

    way->line_bytes++;
    if (way->text_bytes < MSIM__RECOGNISER_TEXT_BYTES)
      way->text[way->text_bytes++] = byte;
    if (!way->decided)
      way->decided = decide(feed, byte == '\n' || way->text_bytes == MSIM__RECOGNISER_TEXT_BYTES);
    if (byte == '\n')
      return true;
    way->after_cr = byte == '\r';
  }
  return false;
}

void msim__recogniser_next_line(struct msim__recogniser_way *way)
{
  way->line_bytes = 0;
  way->text_bytes = 0;
  way->decided = way->after_cr = false;
}

bool msim__recogniser_is_whole(const struct msim__recogniser_way *way)
{
  return way->after_cr;
}

struct msim_slice msim__recogniser_text(const struct msim__recogniser_way *way)
{
  struct msim_slice text = {way->text, way->text_bytes};
  size_t from = 0;

  while (from < text.size_bytes && msim__ascii_is_space(text.data[from]))
    from++;
  return msim__slice_part(text, from, text.size_bytes);
}

bool msim__recogniser_starts(struct msim_slice text, const char *word)
{
  size_t size_bytes = strlen(word);

  return text.size_bytes >= size_bytes && msim__slice_is(msim__slice_part(text, 0, size_bytes), word);
}

bool msim__recogniser_dot(struct msim__recogniser_feed *feed)
{
  uint8_t scratch[SCRATCH_BYTES];
  size_t taken, written;
  int got = 0;

  while (got == 0 && feed->at < feed->bytes.size_bytes) {
    got = msim__dot_decode(&feed->way->u.dot, msim__slice_part(feed->bytes, feed->at, feed->bytes.size_bytes), scratch,
                           sizeof scratch, &taken, &written);
    feed->at += taken;
  }
  return got == 1;
}

/* ---- protocols ---- */

/* Servers of mail speak first, those of HTTP never do. */
static enum msim__recogniser_protocol guess(enum msim__recogniser_side side, uint8_t first)
{
  if (side == MSIM__RECOGNISER_CLIENT)
    return first >= 'A' && first <= 'Z' ? MSIM__RECOGNISER_HTTP : MSIM__RECOGNISER_NONE;
  switch (first) {
  case '2': /* 220, or it is FTP, which is not told apart and does no harm */
  case '5':
    return MSIM__RECOGNISER_SMTP;
  case '+':
  case '-':
    return MSIM__RECOGNISER_POP;
  case '*':
    return MSIM__RECOGNISER_IMAP;
  default:
    return MSIM__RECOGNISER_NONE;
  }
}

static void take(struct msim__recogniser_feed *feed)
{
  switch (feed->recogniser->protocol) {
  case MSIM__RECOGNISER_SMTP:
    msim__recogniser_smtp(feed);
    return;
  case MSIM__RECOGNISER_POP:
    msim__recogniser_pop(feed);
    return;
  case MSIM__RECOGNISER_IMAP:
    msim__recogniser_imap(feed);
    return;
  case MSIM__RECOGNISER_HTTP:
    msim__recogniser_http(feed);
    return;
  case MSIM__RECOGNISER_AUTO:
  case MSIM__RECOGNISER_NONE: /* what was open has no end that would be known */
    msim__recogniser_end(feed);
    feed->at = feed->bytes.size_bytes;
    return;
  }
}

void msim__recogniser_feed(struct msim__recogniser *r, enum msim__recogniser_side side, struct msim_slice bytes,
                           msim__recognised_fn *fn, void *ctx)
{
  struct msim__recogniser_feed feed = {r, &r->ways[side], side, bytes, 0, fn, ctx};

  if (bytes.size_bytes == 0)
    return;
  if (r->protocol == MSIM__RECOGNISER_AUTO)
    msim__recogniser_init(r, guess(side, bytes.data[0]));
  if (feed.way->breaks)
    msim__recogniser_end(&feed);
  while (feed.at < bytes.size_bytes)
    take(&feed);
}
