/* fault_nat.c: a NAT forgets whom it knows, gives out few ports only, or forgets sooner than it was told to. What is
 * forwarded and paired stays. How it does that is net/nat_limit.c's. */
#include "fault/fault.h"

#include "net/nat.h"

#include <stdio.h>
#include <string.h>

struct config {
  const char *host;
  uint64_t port_count_max;
  msim_ns idle_ns;
  bool resets;
};

struct state {
  struct msim__nat_limit limit;
};

static const struct msim_field fields[] = {
    {.key = "host",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct config, host),
     .help = "the router that translates"},
    {.key = "reset",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct config, resets),
     .fallback = "false",
     .help = "at the beginning of the fault it forgets all mappings"},
    {.key = "ports",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, port_count_max),
     .fallback = "0",
     .max = 65535,
     .help = "so many mappings at a time, of all hosts and protocols; 0: as always"},
    {.key = "idle",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, idle_ns),
     .fallback = "0ms",
     .max = MSIM_SEC(86400),
     .help = "what is not used for so long is forgotten, also an established connection; 0s: as always"},
    {.key = NULL},
};

static void tell_end(struct msim__fault *fault, const char *event, uint8_t proto, struct msim__nat_end inside)
{
  struct msim__net *net = msim__net(fault->sim);
  char address[MSIM_ADDR_TEXT_BYTES];
  struct msim_value values[4];

  fault->strike_count++;
  (void)msim_addr_format(msim__addr_of(net, inside.addr), address);
  values[0] = msim_value_text("inside", msim__addr_name(net, inside.addr));
  values[1] = msim_value_text("proto", msim__nat_proto_name(proto));
  values[2] = msim_value_text("inside_address", address);
  values[3] = msim_value_int("inside_port", inside.port);
  msim__fault_tell(fault, event, values, 4);
}

static void refused(void *ctx, uint8_t proto, struct msim__nat_end inside)
{
  tell_end(ctx, "nat.refused", proto, inside);
}

static void expired(void *ctx, const struct msim__nat_mapping *mapping)
{
  tell_end(ctx, "nat.expired", mapping->proto, mapping->inside);
}

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  struct msim__nat_limit *limit = &((struct state *)fault->state)->limit;
  int err = msim__fault_find_host(fault, config->host, NULL, wrong, why, why_bytes);

  if (err != MSIM_OK)
    return err;
  if (msim__nat_of(fault->node) == NULL) {
    (void)snprintf(why, why_bytes, "the host \"%.80s\" translates nothing: it has no nat", config->host);
    return MSIM_ERR_INVALID;
  }
  limit->name = fault->plan.id;
  limit->port_count_max = (uint32_t)config->port_count_max;
  limit->idle_ns = config->idle_ns;
  limit->ctx = fault;
  limit->refused = refused;
  limit->expired = expired;
  return MSIM_OK;
}

static bool idle(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;

  return !config->resets && config->port_count_max == 0 && config->idle_ns == 0;
}

static bool has_limit(const struct config *config)
{
  return config->port_count_max != 0 || config->idle_ns != 0;
}

static void begin(struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  struct msim__nat *nat = msim__nat_of(fault->node);
  struct msim_value values[3];
  size_t n = 0;

  if (config->resets) {
    fault->strike_count++;
    values[n++] = msim_value_int("forgotten", (int64_t)nat->table.chosen_count);
  }
  if (config->port_count_max != 0)
    values[n++] = msim_value_int("ports", (int64_t)config->port_count_max);
  if (config->idle_ns != 0)
    values[n++] = msim_value_int("idle_ms", (int64_t)(config->idle_ns / MSIM_MSEC(1)));
  msim__fault_tell(fault, "nat", values, n);
  if (config->resets)
    msim__nat_forget(nat);
  if (has_limit(config))
    msim__nat_limit(nat, &((struct state *)fault->state)->limit);
}

static void end(struct msim__fault *fault)
{
  if (!has_limit(fault->plan.config))
    return;
  msim__fault_tell(fault, "nat.over", NULL, 0);
  msim__nat_unlimit(msim__nat_of(fault->node), &((struct state *)fault->state)->limit);
}

extern const struct msim__fault_type msim__fault_nat;
const struct msim__fault_type msim__fault_nat = {
    .name = "nat",
    .summary = "a NAT forgets, has few ports only, or forgets sooner",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .begin = begin,
    .end = end,
};
