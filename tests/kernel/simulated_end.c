/* simulated_end.c: see simulated_end.h. */
#include "simulated_end.h"

#include <string.h>

struct config {
  struct transfer *transfers;
  size_t count;
  struct msim_addr kernel;
};

static void work(struct msim_stream *stream)
{
  struct transfer_end *end = msim_stream_data(stream);
  uint8_t bytes[4096];
  struct msim_slice got;
  size_t size;

  while ((got = msim_stream_peek(stream)).size_bytes > 0) {
    transfer_take(end, got);
    msim_stream_consume(stream, got.size_bytes);
  }
  end->got_eof = msim_stream_is_at_eof(stream);
  while ((size = transfer_fill(end, bytes, sizeof bytes)) > 0) {
    size = msim_stream_write(stream, bytes, size);
    if (size == 0)
      break;
    end->sent_bytes += size;
  }
  if (transfer_should_close(end)) {
    end->closed_half = true;
    msim_stream_close(stream);
  }
}

static void on_ready(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  work(stream);
}

static void on_accepted(struct msim_agent *agent, struct msim_stream *stream)
{
  const struct config *config = msim_agent_config(agent);
  size_t i;

  for (i = 0; i < config->count && config->transfers[i].port != msim_stream_local(stream).port; i++)
    ;
  msim_stream_set_data(stream, &config->transfers[i].simulated);
  work(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct transfer_end *end = msim_stream_data(stream);

  (void)agent;
  end->over = true;
  end->failed |= why != MSIM_CLOSED_DONE;
}

static const struct msim_stream_ops opener_ops = {on_ready, on_ready, on_ready, on_ready, on_closed};
static const struct msim_stream_ops acceptor_ops = {on_accepted, on_ready, on_ready, on_ready, on_closed};

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  int err = MSIM_OK;
  size_t i;

  for (i = 0; i < config->count && err == MSIM_OK; i++) {
    struct transfer *transfer = &config->transfers[i];
    struct msim_endpoint to = {config->kernel, transfer->port};

    err = transfer->kernel_connects ? msim_agent_listen(agent, transfer->port, &acceptor_ops)
                                    : msim_agent_connect(agent, to, &opener_ops, &transfer->simulated, NULL);
  }
  return err;
}

int simulated_end_register(struct msim_sim *sim)
{
  struct msim_agent_type type;

  memset(&type, 0, sizeof type);
  type.name = "exchange";
  type.summary = "carries made-up bytes to and from a kernel";
  type.config_bytes = sizeof(struct config);
  type.start = start;
  return msim_agent_register(sim, &type);
}

int simulated_end_add(struct msim_node *node, struct transfer *transfers, size_t count, struct msim_addr kernel)
{
  struct config config;

  memset(&config, 0, sizeof config);
  config.transfers = transfers;
  config.count = count;
  config.kernel = kernel;
  return msim_agent_add(node, "exchange", &config);
}
