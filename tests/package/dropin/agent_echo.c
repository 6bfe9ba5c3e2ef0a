/* agent_echo.c: echo: answers every line with itself. Does not answer what is no line, it hangs up. */
#include <mailsim/agent.h>

struct config {
  uint64_t port, line_bytes_max;
};

static const struct msim_field fields[] = {
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, port),
     .fallback = "7",
     .min = 1,
     .max = 65535},
    {.key = "line-max",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct config, line_bytes_max),
     .fallback = "512B"},
    {.key = NULL},
};

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  const struct config *config = msim_agent_config(agent);
  struct msim_slice line;
  int got;

  while ((got = msim_stream_read_line(stream, (size_t)config->line_bytes_max, &line)) > 0)
    (void)msim_stream_printf(stream, "%.*s\r\n", (int)line.size_bytes, (const char *)line.data);
  if (got < 0)
    msim_stream_abort(stream);
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static const struct msim_stream_ops ops = {.on_readable = on_readable, .on_eof = on_eof};

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);

  return msim_agent_listen(agent, (uint16_t)config->port, &ops);
}

extern const struct msim_agent_type msim__agent_echo;
const struct msim_agent_type msim__agent_echo = {
    .name = "echo",
    .summary = "answers every line with itself",
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
};
