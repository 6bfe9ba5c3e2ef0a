/* diff_pairs.c: each stream laid beside its counterpart, line by line, and the views in which that shows a difference.
 *
 * Where both traces have fingerprints, those decide whether a view differs; what lines show is then put into the
 * smallest view that does. Else the lines decide. Reads no lines apart (diff_line.c). */
#include "check/diff.h"

#include <string.h>

#define BIT(view) (1u << (view))

static void compare(const struct msim_diff *diff, struct msim__diff_stream *stream, const struct msim__diff_pair *pair)
{
  struct msim__diff_words words[2];
  struct msim_slice text[2];
  unsigned views, view;
  size_t i;

  for (i = 0; i < 2; i++)
    if (pair->line[i] != 0)
      text[i] = msim__diff_text_of(&diff->side[i], pair->line[i]);
  if (pair->line[0] != 0 && pair->line[1] != 0 && msim__diff_same(text[0], text[1]))
    return;
  for (i = 0; i < 2; i++)
    if (pair->line[i] != 0)
      (void)msim__diff_words_of(text[i], &words[i]);
  views = msim__diff_views_of(pair->line[0] != 0 ? &words[0] : NULL, pair->line[1] != 0 ? &words[1] : NULL);
  views &= ~stream->views;
  stream->views |= views;
  for (view = 0; view < MSIM_VIEWS; view++)
    if ((views & BIT(view)) != 0)
      stream->differs[view] = *pair;
}

static void walk(const struct msim_diff *diff, struct msim__diff_stream *stream)
{
  struct msim__diff_pair pair;
  size_t i;

  memset(&pair, 0, sizeof pair);
  for (i = 0; i < 2; i++)
    pair.line[i] = stream->first[i];
  for (; pair.line[0] != 0 || pair.line[1] != 0; pair.index++) {
    compare(diff, stream, &pair);
    for (i = 0; i < 2; i++)
      if (pair.line[i] != 0)
        pair.line[i] = diff->side[i].lines[pair.line[i] - 1].next;
  }
}

/* Fingerprints of which the same can be expected: of the two runs, or of traces that hold equally much. */
static bool take_prints(const struct msim_diff *diff, struct msim_fingerprints prints[2])
{
  const struct msim__diff_side *side = diff->side;
  bool of_runs = side[0].has_run_prints && side[1].has_run_prints;
  size_t i;

  for (i = 0; i < 2; i++)
    prints[i] = of_runs ? side[i].run_prints : side[i].prints;
  return of_runs || (side[0].has_prints && side[1].has_prints && side[0].is_full == side[1].is_full);
}

static void views_by_prints(struct msim_diff *diff, const struct msim_fingerprints *a,
                            const struct msim_fingerprints *b)
{
  bool *differs = diff->result.view_differs;

  differs[MSIM_VIEW_MAIL] = a->mail != b->mail;
  differs[MSIM_VIEW_APP] = a->app != b->app;
  differs[MSIM_VIEW_SEG] = a->seg != b->seg;
  differs[MSIM_VIEW_WIRE] = a->wire != b->wire;
}

static void views_by_lines(struct msim_diff *diff)
{
  bool *differs = diff->result.view_differs;
  size_t i;

  differs[MSIM_VIEW_MAIL] = diff->side[0].mail_sum != diff->side[1].mail_sum;
  differs[MSIM_VIEW_APP] = diff->side[0].app_sum != diff->side[1].app_sum;
  for (i = 0; i < diff->stream_count; i++) {
    const struct msim__diff_stream *stream = &diff->streams[i];

    if ((stream->views & BIT(MSIM_VIEW_APP)) != 0 && stream->kind != MSIM__DIFF_APP &&
        (stream->kind == MSIM__DIFF_DATAGRAM || stream->text_hash[0] != stream->text_hash[1]))
      differs[MSIM_VIEW_APP] = true;
    if ((stream->views & BIT(MSIM_VIEW_SEG)) != 0)
      differs[MSIM_VIEW_SEG] = true;
    if ((stream->views & BIT(MSIM_VIEW_WIRE)) != 0)
      differs[MSIM_VIEW_WIRE] = true;
  }
}

/* Which of two pairs of a stream stands in front. */
static bool is_earlier(const struct msim__diff_pair *a, const struct msim__diff_pair *b)
{
  return a->index < b->index;
}

/* What would belong to a view that does not differ belongs to the next one: the order of events, for instance. */
static void settle(const struct msim_diff *diff, struct msim__diff_stream *stream)
{
  unsigned view;

  for (view = 0; view < MSIM_VIEW_REST; view++) {
    if ((stream->views & BIT(view)) == 0 || diff->result.view_differs[view])
      continue;
    if ((stream->views & BIT(view + 1)) == 0 || is_earlier(&stream->differs[view], &stream->differs[view + 1]))
      stream->differs[view + 1] = stream->differs[view];
    stream->views = (stream->views & ~BIT(view)) | BIT(view + 1);
  }
}

void msim__diff_pairs(struct msim_diff *diff)
{
  bool *differs = diff->result.view_differs;
  struct msim_fingerprints prints[2];
  bool routers = diff->side[0].has_fwd == diff->side[1].has_fwd;
  size_t i;

  for (i = 0; i < diff->stream_count; i++)
    if (routers || diff->streams[i].kind != MSIM__DIFF_FWD)
      walk(diff, &diff->streams[i]);
  if (take_prints(diff, prints))
    views_by_prints(diff, &prints[0], &prints[1]);
  else
    views_by_lines(diff);
  for (i = MSIM_VIEW_APP; i < MSIM_VIEWS; i++)
    differs[i] = differs[i] || differs[i - 1];
  for (i = 0; i < diff->stream_count; i++) {
    settle(diff, &diff->streams[i]);
    differs[MSIM_VIEW_REST] = differs[MSIM_VIEW_REST] || diff->streams[i].views != 0;
  }
}

/* ---- the earliest ---- */

struct candidate {
  struct msim__diff_pair pair;
  uint32_t stream; /* from 1 */
  msim_ns at_ns;
  unsigned rank; /* what happens inside of a host is a consequence of what came to it */
  uint32_t line;
};

static void consider(const struct msim_diff *diff, uint32_t number, const struct msim__diff_pair *pair,
                     struct candidate *best)
{
  const struct msim__diff_stream *stream = &diff->streams[number - 1];
  struct candidate c = {*pair, number, MSIM_NEVER, 0, 0};
  size_t i;

  for (i = 0; i < 2; i++)
    if (pair->line[i] != 0 && diff->side[i].lines[pair->line[i] - 1].at_ns < c.at_ns)
      c.at_ns = diff->side[i].lines[pair->line[i] - 1].at_ns;
  c.rank = stream->kind == MSIM__DIFF_OTHER || stream->kind == MSIM__DIFF_TCP_STATE ? 1 : 0;
  c.line = pair->line[0] != 0 ? pair->line[0] : pair->line[1];
  if (best->stream == 0 || c.at_ns < best->at_ns || (c.at_ns == best->at_ns && c.rank < best->rank) ||
      (c.at_ns == best->at_ns && c.rank == best->rank && c.line < best->line))
    *best = c;
}

struct msim__diff_pair msim__diff_earliest(const struct msim_diff *diff, enum msim_view view, uint32_t *stream)
{
  struct candidate best;
  unsigned v;
  size_t i;

  memset(&best, 0, sizeof best);
  for (i = 0; i < diff->stream_count; i++)
    for (v = 0; v <= (unsigned)view; v++)
      if ((diff->streams[i].views & BIT(v)) != 0)
        consider(diff, (uint32_t)i + 1, &diff->streams[i].differs[v], &best);
  *stream = best.stream;
  return best.pair;
}
