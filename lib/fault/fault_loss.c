/* fault_loss.c: what a link carries is lost, for a time: a share, bursts, every so manyth, or those of a list. */
#include "fault/fault.h"

struct config {
  const char *link, *from;
  uint32_t share_ppm;
  const struct burst *burst;
  uint64_t every;
  struct msim_list list; /* of uint64_t */
};

#define LIST_MAX 100000u

struct burst {
  uint32_t enter_ppm, leave_ppm, loss_ppm, calm_loss_ppm;
};

#define SHARE(name, member, otherwise, text)                                                                           \
  {                                                                                                                    \
    .key = name, .kind = MSIM_FIELD_PPM, .offset = offsetof(struct burst, member), .fallback = otherwise, .help = text \
  }
static const struct msim_field burst_fields[] = {
    SHARE("enter", enter_ppm, NULL, "per packet, the chance that a burst begins"),
    SHARE("leave", leave_ppm, NULL, "per packet, the chance that it ends"),
    SHARE("loss", loss_ppm, "100%", "share lost in a burst"),
    SHARE("calm-loss", calm_loss_ppm, "", "share lost outside"),
    {.key = NULL},
};

static const struct msim_field list_item[] = {
    {.key = "list", .kind = MSIM_FIELD_UINT, .offset = 0, .min = 1, .max = UINT32_MAX},
};

static const struct msim_field fields[] = {
    MSIM__FAULT_LINK_FIELDS(struct config),
    {.key = "share",
     .kind = MSIM_FIELD_PPM,
     .offset = offsetof(struct config, share_ppm),
     .fallback = "",
     .help = "of its packets, each for itself"},
    {.key = "burst",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct config, burst),
     .fallback = "",
     .item = burst_fields,
     .item_bytes = sizeof(struct burst),
     .help = "loss in bursts (Gilbert-Elliott)"},
    {.key = "every",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, every),
     .fallback = "",
     .max = UINT32_MAX,
     .help = "10: every tenth packet, counted per direction while the fault lasts"},
    {.key = "list",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, list),
     .fallback = "",
     .item = list_item,
     .item_bytes = sizeof(uint64_t),
     .max = LIST_MAX,
     .help = "numbers of packets, counted likewise from 1, ascending"},
    {.key = NULL},
};

static const char *const one_of[] = {"share", "burst", "every", "list", NULL};

/* As net wants them: ends with 0. */
static uint32_t *numbers_of(struct msim__fault *fault, const struct msim_list *list)
{
  const uint64_t *from = list->items;
  uint32_t *made = msim__arena_alloc(&fault->sim->arena, (list->count + 1) * sizeof *made);
  size_t i;

  for (i = 0; made != NULL && i < list->count; i++)
    made[i] = (uint32_t)from[i];
  return made;
}

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  const struct burst *burst = config->burst;
  struct msim_impair_opts opts = {.loss_ppm = config->share_ppm, .drop_every = (uint32_t)config->every};

  if (burst != NULL) {
    opts.burst_enter_ppm = burst->enter_ppm;
    opts.burst_leave_ppm = burst->leave_ppm;
    opts.burst_loss_ppm = burst->loss_ppm;
    opts.calm_loss_ppm = burst->calm_loss_ppm;
  }
  if (config->list.count > 0) {
    opts.drop_nth = numbers_of(fault, &config->list);
    if (opts.drop_nth == NULL)
      return MSIM_ERR_NOMEM;
  }

  return msim__fault_impair(fault, config->link, config->from, &opts, wrong, why, why_bytes);
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  struct msim__verdict v;

  (void)packet;
  if (!msim__fault_impair_decide(fault, way, verdict, &v) || v.drop == NULL)
    return;
  fault->strike_count++;
  verdict->reason = v.drop;
  verdict->fault = fault->plan.id;
}

extern const struct msim__fault_type msim__fault_loss;
const struct msim__fault_type msim__fault_loss = {
    .name = "loss",
    .summary = "packets of a link are lost: a share, in bursts, every tenth, or by number",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct msim__fault_impairing),
    .fields = fields,
    .prepare = prepare,
    .idle = msim__fault_impair_is_idle,
    .judge = judge,
    .draws = true,
    .one_of = one_of,
};
