/* tracepoint.c: fans a record out to those who want its kind. Does not format, filter or store anything: sinks do. */
#include "core/sim.h"

const char *msim_trace_kind_name(enum msim_trace_kind kind)
{
  switch (kind) {
#define MSIM_TRACE_CASE(name, text)                                                                                    \
  case MSIM_TRACE_##name:                                                                                              \
    return text;
    MSIM_TRACE_MAP(MSIM_TRACE_CASE)
#undef MSIM_TRACE_CASE
  case MSIM_TRACE_KINDS:
    break;
  }
  return NULL;
}

void msim__trace_emit(struct msim_sim *sim, struct msim_trace_record *record)
{
  struct msim__trace_hook *hook;

  record->n = ++sim->record_count;
  record->at_ns = sim->now_ns;
  record->key = sim->current_order;
  for (hook = sim->trace_hooks; hook != NULL; hook = hook->next) {
    int err;

    if ((hook->kinds & MSIM_TRACE_BIT(record->kind)) == 0)
      continue;
    err = hook->record(hook->ctx, record);
    if (err < 0 && sim->failure == MSIM_OK)
      msim__sim_fail(sim, err, "the trace cannot be written: %s", msim_strerror(err));
  }
}

void msim__trace_refresh(struct msim_sim *sim)
{
  struct msim__trace_hook *hook;

  sim->trace_kinds = 0;
  for (hook = sim->trace_hooks; hook != NULL; hook = hook->next)
    sim->trace_kinds |= hook->kinds;
}

void msim__trace_add_hook(struct msim_sim *sim, struct msim__trace_hook *hook)
{
  struct msim__trace_hook **end = &sim->trace_hooks;

  while (*end != NULL)
    end = &(*end)->next;
  hook->next = NULL;
  *end = hook;
  msim__trace_refresh(sim);
}
