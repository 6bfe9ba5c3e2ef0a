/* fault_split.c: the text of a connection is cut in two segments before one byte, wherever a line or a word ends there
 * or not: programs that take a segment for a line are found out. Nothing is lost and nothing comes later. */
#include "fault/fault.h"

#include "text/pattern.h"

#include <string.h>

struct config {
  const char *conn, *from;
  uint64_t at_byte;
};

static const struct msim_field fields[] = {
    {.key = "conn",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, conn),
     .help = "of which connection, relay>mx:25#1; * and ? are allowed"},
    {.key = "from",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct config, from),
     .fallback = "",
     .help = "what this host sends only"},
    {.key = "at",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, at_byte),
     .max = UINT32_MAX,
     .help = "so many bytes of what an end sends stand before the cut; 0: there is none"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  (void)fault;
  (void)wrong;
  (void)why;
  (void)why_bytes;
  return MSIM_OK;
}

static bool idle(const struct msim__fault *fault)
{
  return ((const struct config *)fault->plan.config)->at_byte == 0;
}

static uint32_t cut(const struct msim__fault *fault, const struct msim_node *sender, const struct msim_flow *flow,
                    uint32_t first_byte, uint32_t size_bytes)
{
  const struct config *config = fault->plan.config;
  uint32_t front = (uint32_t)config->at_byte - first_byte;
  char conn[MSIM_FLOW_TEXT_BYTES];

  if (front == 0 || front >= size_bytes || (config->from != NULL && strcmp(config->from, sender->name) != 0))
    return 0;
  (void)msim_flow_format(flow, conn, sizeof conn);
  return msim__pattern_match_text(config->conn, conn) ? front : 0;
}

extern const struct msim__fault_type msim__fault_split;
const struct msim__fault_type msim__fault_split = {
    .name = "split",
    .summary = "the text of a connection is cut in two segments",
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .cut = cut,
};
