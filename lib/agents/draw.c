/* draw.c: sizes and waits drawn from distributions; see draw.h. */
#include "agents/draw.h"

#include "agents/agents.h"
#include "agents/draw_tables.h"

#include <stdio.h>

#define ONE UINT64_C(65536)
#define Z90 UINT64_C(83988) /* below this many standard deviations lie nine of ten, in 1/65536 */
#define SPREAD_MAX (20 * 65536u)

/* ---- keys ---- */

#define UNIFORM(kind_of, name)                                                                                         \
  static const struct msim_field name[] = {                                                                            \
      {.key = "from", .kind = kind_of, .offset = offsetof(struct msim__draw_uniform, from)},                           \
      {.key = "to", .kind = kind_of, .offset = offsetof(struct msim__draw_uniform, to)},                               \
      {.key = NULL},                                                                                                   \
  }
#define LOGNORMAL(kind_of, name)                                                                                       \
  static const struct msim_field name[] = {                                                                            \
      {.key = "median", .kind = kind_of, .offset = offsetof(struct msim__draw_lognormal, median), .min = 1},           \
      {.key = "p90", .kind = kind_of, .offset = offsetof(struct msim__draw_lognormal, p90), .min = 1},                 \
      {.key = NULL},                                                                                                   \
  }
#define DRAW(kind_of, name, uniform_fields, lognormal_fields, item_fields)                                             \
  static const struct msim_field item_fields[] = {{.key = "item", .kind = kind_of, .offset = 0}};                      \
  const struct msim_field name[] = {                                                                                   \
      {.key = "fixed",                                                                                                 \
       .kind = kind_of,                                                                                                \
       .offset = offsetof(struct msim__draw, fixed),                                                                   \
       .fallback = "",                                                                                                 \
       .help = "always the same"},                                                                                     \
      {.key = "uniform",                                                                                               \
       .kind = MSIM_FIELD_STRUCT,                                                                                      \
       .offset = offsetof(struct msim__draw, uniform),                                                                 \
       .fallback = "",                                                                                                 \
       .item = uniform_fields,                                                                                         \
       .item_bytes = sizeof(struct msim__draw_uniform),                                                                \
       .help = "all between two as likely"},                                                                           \
      {.key = "exponential",                                                                                           \
       .kind = kind_of,                                                                                                \
       .offset = offsetof(struct msim__draw, exponential),                                                             \
       .fallback = "",                                                                                                 \
       .help = "the mean; as between events that know nothing of each other"},                                         \
      {.key = "lognormal",                                                                                             \
       .kind = MSIM_FIELD_STRUCT,                                                                                      \
       .offset = offsetof(struct msim__draw, lognormal),                                                               \
       .fallback = "",                                                                                                 \
       .item = lognormal_fields,                                                                                       \
       .item_bytes = sizeof(struct msim__draw_lognormal),                                                              \
       .help = "many small and few very large"},                                                                       \
      {.key = "table",                                                                                                 \
       .kind = MSIM_FIELD_LIST,                                                                                        \
       .offset = offsetof(struct msim__draw, table),                                                                   \
       .fallback = "",                                                                                                 \
       .item = item_fields,                                                                                            \
       .item_bytes = sizeof(uint64_t),                                                                                 \
       .max = 10000,                                                                                                   \
       .help = "each of these as likely as the others"},                                                               \
      {.key = NULL},                                                                                                   \
  }

UNIFORM(MSIM_FIELD_DURATION_NS, wait_uniform);
UNIFORM(MSIM_FIELD_SIZE_BYTES, size_uniform);
LOGNORMAL(MSIM_FIELD_DURATION_NS, wait_lognormal);
LOGNORMAL(MSIM_FIELD_SIZE_BYTES, size_lognormal);
DRAW(MSIM_FIELD_DURATION_NS, msim__draw_wait_fields, wait_uniform, wait_lognormal, wait_item);
DRAW(MSIM_FIELD_SIZE_BYTES, msim__draw_size_fields, size_uniform, size_lognormal, size_item);

/* ---- drawing ---- */

uint64_t msim__draw_exponential(uint64_t (*next)(void *ctx), void *ctx)
{
  uint64_t sum = 0, random;
  unsigned times;

  /* The distribution has no memory: beyond the last point it goes on like from the start. */
  for (times = 0; times < 8; times++) {
    uint64_t index, rest, low;

    random = next(ctx);
    index = random >> 56;
    rest = random >> 40 & 0xffff;
    if (index == 255) {
      sum += exponential_table[256];
      continue;
    }
    low = exponential_table[index];
    return sum + low + (exponential_table[index + 1] - low) * rest / ONE;
  }
  return sum;
}

uint32_t msim__draw_spread(uint64_t median, uint64_t p90)
{
  uint32_t whole = 0, part = 0;
  uint64_t ratio;

  while (p90 >= UINT64_C(1) << 40) { /* so that nothing below overflows */
    p90 >>= 1;
    median = median > 1 ? median >> 1 : 1;
  }
  ratio = p90 * ONE / median;
  if (ratio <= ONE)
    return 0;
  while (ratio >= 2 * ONE) {
    ratio >>= 1;
    whole++;
  }
  if (whole >= 20)
    return SPREAD_MAX;
  while (power_table[part + 1] <= ratio && part < 255)
    part++;
  return whole * 65536u + part * 256u +
         (uint32_t)((ratio - power_table[part]) * 256u / (power_table[part + 1] - power_table[part]));
}

uint64_t msim__draw_lognormal(uint64_t random, uint32_t spread)
{
  uint64_t index = random >> 56, rest = random >> 40 & 0xffff, size, exponent, fraction, low, power;
  int64_t z = normal_table[index] + (int64_t)((uint64_t)(normal_table[index + 1] - normal_table[index]) * rest / ONE);

  size = (uint64_t)(z < 0 ? -z : z) * spread / Z90;
  exponent = size / ONE;
  fraction = size % ONE;
  low = power_table[fraction >> 8];
  power = low + (power_table[(fraction >> 8) + 1] - low) * (fraction & 255) / 256;
  power = exponent > 23 ? UINT64_C(1) << 40 : power << exponent;
  return z < 0 ? ONE * ONE / power : power;
}

static uint64_t next_random(void *ctx)
{
  return msim__rng_next(ctx);
}

/* value * factor / 65536, not above max. */
static uint64_t scale(uint64_t value, uint64_t factor, uint64_t max)
{
  uint64_t whole = value / ONE, rest = value % ONE;

  if (factor > 0 && whole > max / factor)
    return max;
  value = whole * factor + rest * factor / ONE;
  return value < max ? value : max;
}

uint64_t msim__draw_from(struct msim__rng *rng, const struct msim__draw *draw, uint64_t max)
{
  uint64_t value = 0;

  if (draw->fixed > 0) {
    value = draw->fixed;
  } else if (draw->uniform != NULL) {
    uint64_t from = draw->uniform->from, to = draw->uniform->to;

    value = to > from ? from + msim__rng_below(rng, to - from + 1) : from;
  } else if (draw->exponential > 0) {
    value = scale(draw->exponential, msim__draw_exponential(next_random, rng), max);
  } else if (draw->lognormal != NULL) {
    uint32_t spread = msim__draw_spread(draw->lognormal->median, draw->lognormal->p90);

    value = scale(draw->lognormal->median, msim__draw_lognormal(msim__rng_next(rng), spread), max);
  } else if (draw->table.count > 0) {
    value = ((const uint64_t *)draw->table.items)[msim__rng_below(rng, draw->table.count)];
  }
  return value < max ? value : max;
}

uint64_t msim__draw(struct msim_agent *agent, const struct msim__draw *draw, uint64_t max)
{
  return msim__draw_from(&agent->rng, draw, max);
}

void msim__draw_begin(struct msim__rng *rng, const struct msim_agent *agent, const char *purpose)
{
  struct msim_sim *sim = msim_agent_sim(agent);
  char name[400];

  snprintf(name, sizeof name, "agent:%s/%s#%u", agent->node->name, agent->type->name, (unsigned)agent->number);
  msim__rng_init(rng, msim_sim_seed(sim), name, purpose);
  rng->n = msim_sim_now_ns(sim);
}
