/* impair.c: loss, bursts, jitter, duplication, reordering, corruption of one direction of a link.
 *
 * Each purpose has a random stream of its own, so that a share of 0 leaves the others' draws and the trace untouched.
 * Only decides; link.c acts. */
#include "net/link.h"

#include <string.h>

#define PPM_ALL 1000000u
#define DROPS_MAX 100000u

enum purpose { LOSS, BURST_MOVE, BURST_LOSS, JITTER, DUPLICATE, REORDER, CORRUPT, PURPOSES };
static const char *const purpose_names[PURPOSES] = {"/loss",      "/burst-move", "/burst-loss", "/jitter",
                                                    "/duplicate", "/reorder",    "/corrupt"};

struct msim__impair {
  const struct msim_sim *sim;
  struct msim_impair_opts opts; /* drop_nth is a copy */
  struct msim__rng rng[PURPOSES];
  const char *name;
  uint64_t packet_count;
  size_t drop_at; /* next row of drop_nth */
  bool in_burst;
};

bool msim__impair_any(const struct msim_impair_opts *o)
{
  return o->loss_ppm != 0 || o->burst_enter_ppm != 0 || o->calm_loss_ppm != 0 || o->jitter_ns != 0 ||
         o->duplicate_ppm != 0 || o->reorder_ppm != 0 || o->corrupt_ppm != 0 || o->drop_nth != NULL ||
         o->drop_every != 0;
}

const char *msim__impair_check(const struct msim_impair_opts *o)
{
  size_t i;

  if (o->loss_ppm > PPM_ALL || o->burst_enter_ppm > PPM_ALL || o->burst_leave_ppm > PPM_ALL ||
      o->burst_loss_ppm > PPM_ALL || o->calm_loss_ppm > PPM_ALL || o->duplicate_ppm > PPM_ALL ||
      o->reorder_ppm > PPM_ALL || o->corrupt_ppm > PPM_ALL)
    return "a share is over 100 %";
  if (o->reorder_ppm != 0 && o->reorder_ns == 0)
    return "reordering needs the time by which packets are held back";
  if (o->jitter_ns > MSIM_SEC(3600) || o->reorder_ns > MSIM_SEC(3600))
    return "a packet is not held back for more than an hour";
  for (i = 0; o->drop_nth != NULL && o->drop_nth[i] != 0; i++) {
    if (i == DROPS_MAX || (i > 0 && o->drop_nth[i] <= o->drop_nth[i - 1]))
      return "the packets to drop are at most 100000 ascending numbers";
  }
  return NULL;
}

struct msim__impair *msim__impair_new(struct msim__net *net, const struct msim_impair_opts *opts, const char *name)
{
  struct msim__arena *arena = &net->sim->arena;
  struct msim__impair *impair = msim__arena_alloc(arena, sizeof *impair);
  size_t count = 0;

  if (impair == NULL)
    return NULL;
  impair->sim = net->sim;
  impair->opts = *opts;
  impair->name = name;
  if (opts->drop_nth != NULL) {
    uint32_t *copy;

    while (opts->drop_nth[count] != 0)
      count++;
    copy = msim__arena_alloc(arena, (count + 1) * sizeof *copy);
    if (copy == NULL)
      return NULL;
    memcpy(copy, opts->drop_nth, (count + 1) * sizeof *copy);
    impair->opts.drop_nth = copy;
  }
  return impair;
}

const char *const msim__jitter_names[3] = {"uniform", "normal", "exponential"};

const struct msim_impair_opts *msim__impair_opts(const struct msim__impair *impair)
{
  return &impair->opts;
}

void msim__impair_begin(struct msim__impair *impair)
{
  const struct msim_sim *sim = impair->sim;
  size_t i;

  for (i = 0; i < PURPOSES; i++) {
    msim__rng_init(&impair->rng[i], sim->seed, impair->name, purpose_names[i]);
    if (sim->journal != NULL)
      sim->journal->open(sim->journal->ctx, &impair->rng[i], impair->name, purpose_names[i]);
  }
}

/* Gilbert-Elliott: first the packet's fate in the present state, then the move of the state. */
static bool lost_in_burst(struct msim__impair *impair)
{
  const struct msim_impair_opts *o = &impair->opts;
  bool lost = msim__rng_chance(&impair->rng[BURST_LOSS], impair->in_burst ? o->burst_loss_ppm : o->calm_loss_ppm);

  if (msim__rng_chance(&impair->rng[BURST_MOVE], impair->in_burst ? o->burst_leave_ppm : o->burst_enter_ppm))
    impair->in_burst = !impair->in_burst;
  return lost;
}

/* -ln(u) in units of 2^-16 for u = draw / 2^64, by leading zeros and linear interpolation in a table of ln(1 + k/16).
 */
static uint64_t minus_log_16(uint64_t draw)
{
  static const uint32_t ln_16[17] = {0,     3973,  7719,  11262, 14624, 17821, 20870, 23784, 26573,
                                     29248, 31818, 34292, 36675, 38976, 41197, 43345, 45426};
  unsigned zeros = 0, row;
  uint64_t mantissa, part, log;

  if (draw == 0)
    draw = 1;
  while ((draw >> 63) == 0) {
    draw <<= 1;
    zeros++;
  }
  mantissa = draw << 1; /* the bits behind the leading one */
  row = (unsigned)(mantissa >> 60);
  part = (mantissa >> 44) & 0xffff;
  log = ln_16[row] + (((uint64_t)(ln_16[row + 1] - ln_16[row]) * part) >> 16);
  return (uint64_t)(zeros + 1) * 45426u - log; /* ln 2 = 45426 / 65536 */
}

static msim_ns jitter(struct msim__impair *impair)
{
  msim_ns most_ns = impair->opts.jitter_ns, sum_ns = 0, mean_ns = most_ns;
  struct msim__rng *rng = &impair->rng[JITTER];
  int i;

  switch (impair->opts.jitter_shape) {
  case MSIM_JITTER_UNIFORM:
    return msim__rng_below(rng, most_ns + 1);
  case MSIM_JITTER_NORMAL: /* the sum of four uniform draws: mean half, bell-shaped, exact in integers */
    for (i = 0; i < 4; i++)
      sum_ns += msim__rng_below(rng, most_ns + 1);
    return sum_ns / 4;
  case MSIM_JITTER_EXPONENTIAL:
    sum_ns = (mean_ns >> 16) * minus_log_16(msim__rng_next(rng));
    sum_ns += ((mean_ns & 0xffff) * minus_log_16(msim__rng_at(rng->seed, rng->stream, rng->n - 1))) >> 16;
    return sum_ns > mean_ns * 10 ? mean_ns * 10 : sum_ns;
  }
  return 0;
}

void msim__impair_decide(struct msim__impair *impair, struct msim__verdict *out)
{
  const struct msim_impair_opts *o = &impair->opts;

  memset(out, 0, sizeof *out);
  impair->packet_count++;
  if (o->drop_nth != NULL && o->drop_nth[impair->drop_at] == impair->packet_count) {
    impair->drop_at++;
    out->drop = "loss";
  }
  if (o->drop_every != 0 && impair->packet_count % o->drop_every == 0)
    out->drop = "loss";
  if (msim__rng_chance(&impair->rng[LOSS], o->loss_ppm))
    out->drop = "loss";
  if ((o->burst_enter_ppm != 0 || o->calm_loss_ppm != 0) && lost_in_burst(impair))
    out->drop = "loss";
  if (o->jitter_ns != 0) {
    out->jitter_ns = jitter(impair);
    out->may_overtake = o->jitter_reorders;
  }
  if (msim__rng_chance(&impair->rng[REORDER], o->reorder_ppm))
    out->held_ns = o->reorder_ns;
  out->duplicate = msim__rng_chance(&impair->rng[DUPLICATE], o->duplicate_ppm);
  out->corrupt = msim__rng_chance(&impair->rng[CORRUPT], o->corrupt_ppm);
}
