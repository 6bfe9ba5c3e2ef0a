/* sink_html.c: the run as one page that plays it, in any browser, without a network; with the option `data` only what
 * the page plays, as JSON. docs/player.md describes both.
 *
 * Nothing is written before the end: the page needs the fate of every packet. Collects and formats nothing itself:
 * play*.c do; the page is in player/. */
#include <string.h>

#include "text/units.h"
#include "trace/play.h"
#include "trace/player_page.h"
#include "trace/trace.h"

struct html_sink {
  struct msim__play play;
  bool data_only;
};

static int take_time(struct msim_sink *sink, const char *key, msim_ns *out)
{
  const char *value = msim_sink_option(sink, key), *why = NULL;
  struct msim_slice text;

  if (value == NULL)
    return MSIM_OK;
  text.data = (const uint8_t *)value;
  text.size_bytes = strlen(value);
  if (msim__units_parse_duration(text, out, &why) == MSIM_OK)
    return MSIM_OK;
  return msim__sim_fail(msim_sink_sim(sink), MSIM_ERR_INVALID, "the option \"%s\" of the sink html: \"%.40s\" %s", key,
                        value, why != NULL ? why : "is no time");
}

static int html_open(void *state, struct msim_sink *sink)
{
  struct html_sink *html = (struct html_sink *)state;
  int err = msim__play_init(&html->play, msim_sink_sim(sink));

  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "data", &html->data_only);
  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "show-secrets", &html->play.shows_secrets);
  if (err == MSIM_OK)
    err = take_time(sink, "from", &html->play.from_ns);
  if (err == MSIM_OK)
    err = take_time(sink, "to", &html->play.to_ns);
  if (err == MSIM_OK && !html->data_only && msim__player_head_bytes == 0)
    err = msim__sim_fail(msim_sink_sim(sink), MSIM_ERR_INVALID,
                         "the sink html can only write `data` here: the library was built without the player");
  if (err != MSIM_OK)
    msim__play_release(&html->play); /* a sink whose open fails is not closed */
  return err;
}

static int html_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct html_sink *html = (struct html_sink *)state;
  int err = msim__play_take(&html->play, record);

  if (err != MSIM_ERR_LIMIT)
    return err;
  return msim__sim_fail(msim_sink_sim(sink), err,
                        "too many %s for a page: choose by the options from=, to=, conn= or host= of the sink html",
                        html->play.too_many);
}

static int html_close(void *state, struct msim_sink *sink)
{
  struct html_sink *html = (struct html_sink *)state;
  struct msim__json_out json;
  int err = MSIM_OK;

  msim__json_init(&json, msim__sink_buf(sink), true);
  if (!html->data_only)
    err = msim_sink_write(sink, msim__player_head, msim__player_head_bytes);
  if (err == MSIM_OK)
    err = msim__play_write(&html->play, &json);
  if (err == MSIM_OK && html->data_only)
    err = msim_sink_write(sink, "\n", 1);
  else if (err == MSIM_OK)
    err = msim_sink_write(sink, msim__player_tail, msim__player_tail_bytes);
  msim__play_release(&html->play);
  return err;
}

static const char *const option_names[] = {"data", "show-secrets", "from", "to", NULL};

extern const struct msim_sink_type msim__sink_html;
const struct msim_sink_type msim__sink_html = {
    .name = "html",
    .summary = "one page that plays the run in a browser, without a network",
    .state_bytes = sizeof(struct html_sink),
    .kinds = MSIM_TRACE_ALL & ~MSIM_TRACE_BIT(MSIM_TRACE_FRAGMENT),
    .open = html_open,
    .record = html_record,
    .close = html_close,
    .options = option_names,
};
