/* topology_disk.c: `disk` of a host as struct msim_disk_opts. What a disk does is host's. */
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

#define LATENCY_NS_MAX MSIM_SEC(3600)
#define SIZE_BYTES_MAX (UINT64_C(1) << 50)

static const struct msim_field fields[] = {
    {.key = "sync-latency",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim_disk_opts, sync_latency_ns),
     .fallback = "0s",
     .max = LATENCY_NS_MAX,
     .help = "how long it takes until what was written is durable"},
    {.key = "write-rate",
     .kind = MSIM_FIELD_RATE_BPS,
     .offset = offsetof(struct msim_disk_opts, write_rate_bps),
     .fallback = "",
     .min = 1,
     .help = "how fast written bytes go to the medium before that; infinite when absent"},
    {.key = "size",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct msim_disk_opts, size_bytes),
     .fallback = "",
     .min = 1,
     .max = SIZE_BYTES_MAX,
     .help = "what all files may hold together; 1TiB when absent"},
    {.key = NULL},
};
const struct msim__section msim__section_disk = {.fields = fields};

struct msim_disk_opts *msim__loader_fill_disk(struct msim__loader *loader, const struct msim__yaml_node *map)
{
  struct msim_disk_opts *out = msim__arena_alloc(&loader->arena, sizeof *out);
  uint64_t before = loader->complaint_count;
  struct msim__fill fill = loader->fill;
  struct msim_diag diag;

  if (out == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return NULL;
  }
  if (msim__yaml_read_kind(map, "disk", MSIM__YAML_MAP, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return NULL;
  }
  if (msim__fields_fill(&fill, fields, map, NULL, false, out) == MSIM_ERR_NOMEM)
    loader->err = MSIM_ERR_NOMEM;
  return loader->complaint_count != before || loader->err != MSIM_OK ? NULL : out;
}
