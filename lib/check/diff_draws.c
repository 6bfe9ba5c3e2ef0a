/* diff_draws.c: what chance has decided in runs that are made for the comparison: a journal of their draws, and which
 * decision came out otherwise first. Traces have no draws; a draw is told only where it is known.
 *
 * A draw is known by its stream and its number, which nothing else can shift, so two journals are laid beside each
 * other by these. */
#include "check/diff.h"

#include "core/rng.h"
#include "core/sim.h"
#include "text/units.h"

#include <stdio.h>
#include <string.h>

#define STREAM_BYTES 400
#define DRAWS_MAX ((size_t)4 << 20) /* of a side: what comes later is not kept */

struct draw {
  msim_ns at_ns;
  uint64_t n;
  uint32_t drawn_ppm, share_ppm;
};

struct stream {
  struct msim__rng_watch watch; /* must be first */
  struct stream *next;
  struct msim__diff_draws *draws;
  const char *name;
  struct draw *rows; /* by n */
  size_t count, capacity;
};

struct msim__diff_draws {
  struct msim__journal journal;
  struct msim_diff *diff;
  struct msim_sim *sim; /* NULL: it is over */
  struct msim__names names;
  struct stream *first, **end;
  size_t count;
  bool is_cut; /* something is missing: it says nothing then */
  int err;
};

static void run_short(struct msim__diff_draws *draws)
{
  draws->is_cut = true;
  draws->err = MSIM_ERR_NOMEM;
}

static void note(const struct msim__rng_watch *watch, uint64_t n, uint32_t drawn_ppm, uint32_t share_ppm)
{
  struct stream *stream = (struct stream *)(uintptr_t)(const void *)watch; /* its first member; it is ours */
  struct msim__diff_draws *draws = stream->draws;

  if (draws->sim == NULL || draws->is_cut)
    return;
  if (draws->count == DRAWS_MAX)
    draws->is_cut = true;
  else if (msim__grow(&draws->diff->mem, &stream->rows, &stream->capacity, stream->count + 1, DRAWS_MAX,
                      sizeof *stream->rows) != MSIM_OK)
    run_short(draws);
  if (draws->is_cut)
    return;
  stream->rows[stream->count++] = (struct draw){draws->sim->now_ns, n, drawn_ppm, share_ppm};
  draws->count++;
}

static void open_stream(void *ctx, struct msim__rng *rng, const char *name, const char *more)
{
  struct msim__diff_draws *draws = ctx;
  char text[STREAM_BYTES];
  int size = snprintf(text, sizeof text, "%s%s", name, more != NULL ? more : "");
  struct stream *stream;

  if (size < 0 || (size_t)size >= sizeof text || draws->is_cut)
    return;
  stream = msim__names_find(&draws->names, text, (size_t)size);
  if (stream == NULL) {
    stream = msim__arena_alloc(&draws->diff->arena, sizeof *stream);
    if (stream != NULL)
      stream->name = msim__arena_text(&draws->diff->arena, text, (size_t)size);
    if (stream == NULL || stream->name == NULL ||
        msim__names_add(&draws->names, stream->name, (size_t)size, stream) != MSIM_OK) {
      run_short(draws);
      return;
    }
    stream->watch.note = note;
    stream->draws = draws;
    *draws->end = stream;
    draws->end = &stream->next;
  }
  rng->watch = &stream->watch;
}

int msim__diff_draws_begin(struct msim_diff *diff, struct msim__diff_side *side, struct msim_sim *sim)
{
  struct msim__diff_draws *draws;

  if (side->draws != NULL)
    return MSIM_ERR_STATE;
  draws = msim__arena_alloc(&diff->arena, sizeof *draws);
  if (draws == NULL)
    return MSIM_ERR_NOMEM;
  draws->diff = diff;
  draws->sim = sim;
  draws->end = &draws->first;
  draws->journal.ctx = draws;
  draws->journal.open = open_stream;
  msim__names_init(&draws->names, &diff->mem);
  sim->journal = &draws->journal;
  side->draws = draws;
  return MSIM_OK;
}

int msim__diff_draws_end(struct msim__diff_side *side)
{
  if (side->draws == NULL)
    return MSIM_OK;
  if (side->draws->sim != NULL)
    side->draws->sim->journal = NULL;
  side->draws->sim = NULL;
  return side->draws->err;
}

void msim__diff_draws_release(struct msim_diff *diff, struct msim__diff_side *side)
{
  struct stream *stream;

  if (side->draws == NULL)
    return;
  (void)msim__diff_draws_end(side);
  for (stream = side->draws->first; stream != NULL; stream = stream->next)
    msim__free(&diff->mem, stream->rows, stream->capacity * sizeof *stream->rows);
  msim__names_release(&side->draws->names);
}

/* ---- which one ---- */

static bool strikes(const struct draw *draw)
{
  return draw != NULL && draw->drawn_ppm < draw->share_ppm;
}

static const struct draw *draw_at(const struct stream *stream, uint64_t n)
{
  size_t low = 0, high = stream != NULL ? stream->count : 0;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (stream->rows[middle].n == n)
      return &stream->rows[middle];
    if (stream->rows[middle].n < n)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

struct decision {
  const char *stream;
  const struct draw *draw[2]; /* NULL: not drawn, or not known */
  msim_ns at_ns;
};

/* Of those that struck in this side and not in the other one the earliest, if it is earlier than *best. */
static void find_earlier(const struct msim_diff *diff, size_t which, struct decision *best)
{
  const struct msim__diff_draws *mine = diff->side[which].draws, *others = diff->side[1 - which].draws;
  const struct stream *stream;
  size_t i;

  for (stream = mine->first; stream != NULL; stream = stream->next) {
    const struct stream *other = msim__names_find(&others->names, stream->name, strlen(stream->name));

    for (i = 0; i < stream->count && stream->rows[i].at_ns < best->at_ns; i++) {
      const struct draw *row = &stream->rows[i], *counterpart;

      if (!strikes(row))
        continue;
      counterpart = draw_at(other, row->n);
      if (strikes(counterpart))
        continue;
      best->stream = stream->name;
      best->draw[which] = row;
      best->draw[1 - which] = counterpart;
      best->at_ns = row->at_ns;
      break;
    }
  }
}

/* With one journal: the only one that struck in the instant of the first difference, where that is in a fate. */
static void find_here(const struct msim_diff *diff, size_t which, struct decision *out)
{
  const struct msim_diff_place *place = &diff->first[diff->view];
  const struct stream *stream;
  size_t i, count = 0;

  if (!diff->is_first[diff->view] || strcmp(place->part, "fate") != 0 || place->text[which] == NULL)
    return;
  for (stream = diff->side[which].draws->first; stream != NULL; stream = stream->next)
    for (i = 0; i < stream->count; i++) {
      if (stream->rows[i].at_ns != place->at_ns[which] || !strikes(&stream->rows[i]))
        continue;
      out->stream = stream->name;
      out->draw[which] = &stream->rows[i];
      count++;
    }
  if (count != 1)
    out->stream = NULL;
}

static const char *sentence(struct msim_diff *diff, const struct decision *d, bool knows_both)
{
  const struct draw *any = d->draw[1] != NULL ? d->draw[1] : d->draw[0];
  unsigned percent = any->drawn_ppm / 10000u, rest = any->drawn_ppm % 10000u;
  char share[2][MSIM__UNITS_TEXT_BYTES];
  const char *words[2];
  size_t i;

  for (i = 0; i < 2; i++) {
    share[i][0] = '\0';
    if (d->draw[i] != NULL)
      (void)msim__units_format_share(d->draw[i]->share_ppm, share[i]);
    words[i] = d->draw[i] == NULL ? "not drawn" : strikes(d->draw[i]) ? "struck at " : "passed at ";
  }
  i = any == d->draw[1];
  if (!knows_both)
    return msim__diff_printf(diff, "draw %llu of %s is %u.%04u%%: %s%s", (unsigned long long)any->n + 1, d->stream,
                             percent, rest, words[i], share[i]);
  return msim__diff_printf(diff, "draw %llu of %s is %u.%04u%%: %s%s; now %s%s", (unsigned long long)any->n + 1,
                           d->stream, percent, rest, words[0], share[0], words[1], share[1]);
}

int msim__diff_draws_tell(struct msim_diff *diff, const char **out)
{
  const struct msim__diff_draws *a = diff->side[0].draws, *b = diff->side[1].draws;
  struct decision found = {.at_ns = MSIM_NEVER};

  *out = NULL;
  if (!diff->result.differs || diff->side[0].seed != diff->side[1].seed || (a != NULL && a->is_cut) ||
      (b != NULL && b->is_cut))
    return MSIM_OK;
  if (a != NULL && b != NULL) {
    find_earlier(diff, 0, &found);
    find_earlier(diff, 1, &found);
  } else if (a != NULL || b != NULL) {
    find_here(diff, a != NULL ? 0 : 1, &found);
  }
  if (found.stream == NULL)
    return MSIM_OK;
  *out = sentence(diff, &found, a != NULL && b != NULL);
  return *out != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}
