/* topology_way.c: the keys of one direction of a link, as struct msim_link_way.
 *
 * They stand in the link for both directions, and in `forward` and `back` for one. What they do is net/impair.c's. */
#include "net/link.h"
#include "text/units.h"
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

#define DELAY_NS_MAX MSIM_SEC(86400)
#define HOLD_NS_MAX MSIM_SEC(3600)
#define DROPS_MAX 100000u

struct burst_keys {
  uint32_t enter_ppm, leave_ppm, loss_ppm, calm_loss_ppm;
};

struct reorder_keys {
  uint32_t share_ppm;
  msim_ns by_ns;
};

struct jitter_keys {
  msim_ns up_to_ns;
  int shape;
  bool reorders;
};

struct way_keys {
  uint64_t rate_bps;
  msim_ns delay_ns;
  uint32_t loss_ppm, duplicate_ppm, corrupt_ppm;
  struct burst_keys *burst;
  struct reorder_keys *reorder;
  struct msim_list drop; /* of uint64_t */
  uint64_t drop_every;
};

#define FIELD(name, kind, type, member, fallback, low, high, help)                                                     \
  {                                                                                                                    \
    name, kind, offsetof(struct type, member), fallback, NULL, 0, NULL, low, high, NULL, help                          \
  }
#define END                                                                                                            \
  {                                                                                                                    \
    NULL, MSIM_FIELD_BOOL, 0, NULL, NULL, 0, NULL, 0, 0, NULL, NULL                                                    \
  }

static const struct msim_field burst_fields[] = {
    FIELD("enter", MSIM_FIELD_PPM, burst_keys, enter_ppm, NULL, 1, 0, "per packet, the chance that a burst begins"),
    FIELD("leave", MSIM_FIELD_PPM, burst_keys, leave_ppm, NULL, 0, 0, "per packet, the chance that it ends"),
    FIELD("loss", MSIM_FIELD_PPM, burst_keys, loss_ppm, "100%", 0, 0, "share lost in a burst"),
    FIELD("calm-loss", MSIM_FIELD_PPM, burst_keys, calm_loss_ppm, "", 0, 0, "share lost outside"),
    END,
};

static const struct msim_field reorder_fields[] = {
    FIELD("share", MSIM_FIELD_PPM, reorder_keys, share_ppm, NULL, 0, 0, "how many are held back"),
    FIELD("by", MSIM_FIELD_DURATION_NS, reorder_keys, by_ns, NULL, 1, HOLD_NS_MAX, "how long"),
    END,
};

static const char *const shapes[] = {"uniform", "normal", "exponential", NULL}; /* as enum msim_jitter */

static const struct msim_field jitter_fields[] = {
    FIELD("up-to", MSIM_FIELD_DURATION_NS, jitter_keys, up_to_ns, NULL, 0, HOLD_NS_MAX,
          "longest added delay; of exponential the mean"),
    {"shape", MSIM_FIELD_ENUM, offsetof(struct jitter_keys, shape), "uniform", NULL, 0, shapes, 0, 0, NULL,
     "how the added delay is spread"},
    FIELD("reorders", MSIM_FIELD_BOOL, jitter_keys, reorders, "false", 0, 0, "packets may overtake each other"),
    END,
};

static const struct msim_field drop_item[] = {
    {"drop", MSIM_FIELD_UINT, 0, NULL, NULL, 0, NULL, 1, UINT32_MAX, NULL, NULL},
};

static const struct msim_field way_fields[] = {
    FIELD("rate", MSIM_FIELD_RATE_BPS, way_keys, rate_bps, "", 1, 0,
          "how fast bits go onto the wire; infinitely when absent"),
    FIELD("delay", MSIM_FIELD_DURATION_NS, way_keys, delay_ns, "", 1, DELAY_NS_MAX, "time on the wire"),
    FIELD("loss", MSIM_FIELD_PPM, way_keys, loss_ppm, "", 0, 0, "share of packets lost, each for itself"),
    FIELD("duplicate", MSIM_FIELD_PPM, way_keys, duplicate_ppm, "", 0, 0, "share of packets that arrive twice"),
    FIELD("corrupt", MSIM_FIELD_PPM, way_keys, corrupt_ppm, "", 0, 0,
          "share of packets that arrive damaged; the receiver drops them"),
    {"burst", MSIM_FIELD_STRUCT, offsetof(struct way_keys, burst), "", burst_fields, sizeof(struct burst_keys), NULL, 0,
     0, NULL, "loss in bursts (Gilbert-Elliott)"},
    {"reorder", MSIM_FIELD_STRUCT, offsetof(struct way_keys, reorder), "", reorder_fields, sizeof(struct reorder_keys),
     NULL, 0, 0, NULL, "a share of the packets is held back, so that others overtake"},
    {"drop", MSIM_FIELD_LIST, offsetof(struct way_keys, drop), "", drop_item, sizeof(uint64_t), NULL, 0, DROPS_MAX,
     NULL, "numbers of packets that are lost, from 1, ascending"},
    FIELD("drop-every", MSIM_FIELD_UINT, way_keys, drop_every, "", 0, UINT32_MAX, "10: every tenth packet is lost"),
    END,
};

static const struct msim__key keys_by_hand[] = {
    {.name = "queue",
     .form = MSIM__FORM_QUEUE,
     .fallback = "1000 packets",
     .help = "how much may wait for the wire; what does not fit is lost"},
    {.name = "ecn-mark",
     .form = MSIM__FORM_QUEUE,
     .fallback = "",
     .help = "when more than this waits, packets that can be marked are (RFC 3168); never when absent"},
    {.name = "jitter",
     .form = MSIM__FORM_JITTER,
     .fallback = "",
     .help = "added delay, drawn per packet",
     .fields = jitter_fields},
    {.name = NULL},
};
const struct msim__section msim__section_way = {.fields = way_fields, .keys = keys_by_hand};

/* A size or a number of packets. */
static void fill_amount(struct msim__loader *loader, const struct msim__yaml_node *value, const char *key,
                        uint64_t *bytes, uint32_t *packets)
{
  struct msim__yaml_node node;
  struct msim_diag diag;
  uint64_t amount;
  bool in_packets;

  if (msim__fill_numbered(&loader->fill, value, &node) != MSIM_OK)
    loader->err = MSIM_ERR_NOMEM;
  else if (msim__yaml_read_queue(&node, key, &amount, &in_packets, &diag) < 0)
    msim__loader_keep(loader, &diag);
  else if (amount == 0 || (in_packets && amount > UINT32_MAX))
    msim__loader_report(loader, value, "%s: it must hold at least 1B or 1 packets, and at most 4294967295 packets",
                        key);
  else {
    *bytes = in_packets ? 0 : amount;
    *packets = in_packets ? (uint32_t)amount : 0;
  }
}

/* A duration, or {up-to, shape, reorders}. */
static void fill_jitter(struct msim__loader *loader, struct msim__fill *fill, const struct msim__yaml_node *value,
                        struct msim_impair_opts *impair)
{
  struct jitter_keys keys;
  struct msim__yaml_node node;
  struct msim_diag diag;

  memset(&keys, 0, sizeof keys);
  if (value->kind == MSIM__YAML_MAP) {
    if (msim__fields_fill(fill, jitter_fields, value, NULL, false, &keys) == MSIM_ERR_NOMEM)
      loader->err = MSIM_ERR_NOMEM;
  } else if (msim__fill_numbered(fill, value, &node) != MSIM_OK) {
    loader->err = MSIM_ERR_NOMEM;
  } else if (msim__yaml_read_duration(&node, "jitter", &keys.up_to_ns, &diag) < 0) {
    msim__loader_keep(loader, &diag);
  } else if (keys.up_to_ns > HOLD_NS_MAX) {
    msim__loader_report(loader, value, "jitter: a packet is not held back for more than 1h");
  }
  impair->jitter_ns = keys.up_to_ns;
  impair->jitter_shape = (enum msim_jitter)keys.shape;
  impair->jitter_reorders = keys.reorders;
}

static void take_drop(struct msim__loader *loader, const struct msim__yaml_node *place, const struct msim_list *list,
                      struct msim_impair_opts *impair)
{
  const uint64_t *from = list->items;
  uint32_t *made = msim__arena_alloc(&loader->arena, (list->count + 1) * sizeof *made);
  size_t i;

  if (made == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  for (i = 0; i < list->count; i++) {
    made[i] = (uint32_t)from[i];
    if (i > 0 && made[i] <= made[i - 1]) {
      msim__loader_report(loader, place, "drop: the numbers must ascend, but %lu follows %lu", (unsigned long)made[i],
                          (unsigned long)made[i - 1]);
      return;
    }
  }
  impair->drop_nth = list->count > 0 ? made : NULL;
}

static void take(const struct way_keys *keys, struct msim_link_way *way)
{
  way->rate_bps = keys->rate_bps;
  way->delay_ns = keys->delay_ns;
  way->impair.loss_ppm = keys->loss_ppm;
  way->impair.duplicate_ppm = keys->duplicate_ppm;
  way->impair.corrupt_ppm = keys->corrupt_ppm;
  way->impair.drop_every = (uint32_t)keys->drop_every;
  if (keys->burst != NULL) {
    way->impair.burst_enter_ppm = keys->burst->enter_ppm;
    way->impair.burst_leave_ppm = keys->burst->leave_ppm;
    way->impair.burst_loss_ppm = keys->burst->loss_ppm;
    way->impair.calm_loss_ppm = keys->burst->calm_loss_ppm;
  }
  if (keys->reorder != NULL) {
    way->impair.reorder_ppm = keys->reorder->share_ppm;
    way->impair.reorder_ns = keys->reorder->by_ns;
  }
}

void msim__loader_fill_way(struct msim__loader *loader, const struct msim__yaml_node *map, bool is_half,
                           struct msim_link_way *way, struct msim_ecn_mark *mark)
{
  const struct msim__yaml_node *queue = msim__yaml_find(map, "queue"), *jitter = msim__yaml_find(map, "jitter");
  const struct msim__yaml_node *drop = msim__yaml_find(map, "drop"), *ecn_mark = msim__yaml_find(map, "ecn-mark");
  struct msim__fill fill = loader->fill;
  uint64_t before = loader->complaint_count;
  struct way_keys keys;
  const char *wrong;

  fill.arena = &loader->arena;
  fill.ignore_unknown = true; /* told here, or for a whole link by topology_links.c */
  if (is_half)
    msim__section_check(loader, &msim__section_way, map);
  memset(&keys, 0, sizeof keys);
  keys.rate_bps = way->rate_bps;
  keys.delay_ns = way->delay_ns;
  keys.loss_ppm = way->impair.loss_ppm;
  keys.duplicate_ppm = way->impair.duplicate_ppm;
  keys.corrupt_ppm = way->impair.corrupt_ppm;
  keys.drop_every = way->impair.drop_every;
  if (msim__fields_fill(&fill, way_fields, map, NULL, true, &keys) == MSIM_ERR_NOMEM) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  take(&keys, way);
  if (drop != NULL && loader->complaint_count == before)
    take_drop(loader, drop, &keys.drop, &way->impair);
  if (queue != NULL)
    fill_amount(loader, queue, "queue", &way->queue_bytes_max, &way->queue_packets_max);
  if (ecn_mark != NULL)
    fill_amount(loader, ecn_mark, "ecn-mark", &mark->queue_bytes, &mark->queue_packets);
  if (jitter != NULL)
    fill_jitter(loader, &fill, jitter, &way->impair);
  wrong = loader->complaint_count == before ? msim__impair_check(&way->impair) : NULL;
  if (wrong != NULL)
    msim__loader_report(loader, map, "%s", wrong);
}
