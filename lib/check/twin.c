/* twin.c: see twin.h. Compares nothing. */
#include "check/twin.h"

#include <string.h>

#include "core/mem.h"
#include "core/sim.h"

#define SLICE_EVENTS 256u

static int keep(void *ctx, const void *data, size_t size_bytes)
{
  struct msim__twin *twin = ctx;
  int err =
      msim__grow(&twin->sim->mem, &twin->text, &twin->capacity_bytes, twin->size_bytes + size_bytes, SIZE_MAX / 2, 1);

  if (err != MSIM_OK)
    return err;
  memcpy(twin->text + twin->size_bytes, data, size_bytes);
  twin->size_bytes += size_bytes;
  return MSIM_OK;
}

static int pull(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct msim__twin *twin = ctx;
  int left = 1;

  while (twin->given_bytes == twin->size_bytes && !twin->is_over) {
    twin->given_bytes = twin->size_bytes = 0;
    left = msim_sim_run_slice(twin->sim, twin->until_ns, SLICE_EVENTS);
    if (left > 0)
      continue;
    twin->is_over = true;
    left = left < 0 ? left : msim_sim_finish(twin->sim);
    if (left < 0)
      return left;
  }
  if (capacity_bytes > twin->size_bytes - twin->given_bytes)
    capacity_bytes = twin->size_bytes - twin->given_bytes;
  if (capacity_bytes > 0)
    memcpy(data, twin->text + twin->given_bytes, capacity_bytes);
  twin->given_bytes += capacity_bytes;
  *size_bytes = capacity_bytes;
  return MSIM_OK;
}

int msim__twin_init(struct msim__twin *twin, struct msim_sim *sim, msim_ns until_ns, const char *options,
                    struct msim_in *in)
{
  struct msim_out sink = {twin, keep};

  memset(twin, 0, sizeof *twin);
  twin->sim = sim;
  twin->until_ns = until_ns;
  in->ctx = twin;
  in->read = pull;
  return msim_trace_add(sim, "jsonl", &sink, options, NULL);
}

void msim__twin_release(struct msim__twin *twin)
{
  msim__free(&twin->sim->mem, twin->text, twin->capacity_bytes);
}
