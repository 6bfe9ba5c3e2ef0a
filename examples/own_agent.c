/* own_agent.c: an agent outside of the library, in a world that is built in C.
 *
 * A greeter asks each visitor for a name and greets back. Both are registered like the built-in agents and have the
 * same rights as they, so a topology file could name them too. */
#include <mailsim/mailsim.h>

#include <stdio.h>

static void say(struct msim_agent *agent, struct msim_slice line)
{
  printf("%8.3f ms  %s hears: %.*s\n", (double)msim_sim_now_ns(msim_agent_sim(agent)) / 1e6, msim_agent_host(agent),
         (int)line.size_bytes, (const char *)line.data);
}

static void greeter_open(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  (void)msim_stream_printf(stream, "Who are you?\r\n");
}

static void greeter_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim_slice line;

  if (msim_stream_read_line(stream, 100, &line) <= 0)
    return;
  say(agent, line);
  (void)msim_stream_printf(stream, "Hello, %.*s!\r\n", (int)line.size_bytes, (const char *)line.data);
  msim_stream_close(stream);
}

static const struct msim_stream_ops greeter_ops = {.on_open = greeter_open, .on_readable = greeter_readable};

static int greeter_start(struct msim_agent *agent)
{
  return msim_agent_listen(agent, 7000, &greeter_ops);
}

struct visitor_config {
  const char *host;
};
static const struct msim_field visitor_fields[] = {
    {.key = "host", .kind = MSIM_FIELD_HOST, .offset = offsetof(struct visitor_config, host), .help = "whom to visit"},
    {.key = NULL},
};

static void visitor_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim_slice line;

  while (msim_stream_read_line(stream, 100, &line) > 0) {
    say(agent, line);
    if (line.size_bytes > 0 && line.data[line.size_bytes - 1] == '?')
      (void)msim_stream_printf(stream, "%s\r\n", msim_agent_host(agent));
    else
      msim_stream_close(stream);
  }
}

static const struct msim_stream_ops visitor_ops = {.on_readable = visitor_readable};

static void visitor_go(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  (void)ctx;
  if (answers->count > 0)
    (void)msim_agent_connect(agent, (struct msim_endpoint){answers->items[0].addr, 7000}, &visitor_ops, NULL, NULL);
}

static int visitor_start(struct msim_agent *agent)
{
  const struct visitor_config *config = msim_agent_config(agent);

  return msim_agent_resolve(agent, config->host, MSIM_NAME_ADDRESS, visitor_go, NULL);
}

static const struct msim_agent_type greeter = {.name = "greeter", .start = greeter_start};
static const struct msim_agent_type visitor = {
    .name = "visitor", .config_bytes = sizeof(struct visitor_config), .fields = visitor_fields, .start = visitor_start};

int main(void)
{
  struct msim_link_opts link = {.a_to_b.delay_ns = MSIM_MSEC(20), .b_to_a.delay_ns = MSIM_MSEC(20)};
  struct msim_node *anna, *hall;
  struct msim_sim *sim = NULL;
  int err = msim_sim_new(&sim, NULL);

  if (err == MSIM_OK && (err = msim_agent_register(sim, &greeter)) == MSIM_OK &&
      (err = msim_agent_register(sim, &visitor)) == MSIM_OK && (err = msim_node_add(sim, "anna", &anna)) == MSIM_OK &&
      (err = msim_node_add(sim, "hall", &hall)) == MSIM_OK && (err = msim_link_add(anna, hall, &link)) == MSIM_OK &&
      (err = msim_agent_add_yaml(hall, "greeter", "", NULL, NULL)) == MSIM_OK &&
      (err = msim_agent_add_yaml(anna, "visitor", "{host: hall}", NULL, NULL)) == MSIM_OK)
    err = msim_sim_run(sim, MSIM_NEVER);
  if (err != MSIM_OK)
    fprintf(stderr, "own_agent: %s\n", msim_strerror(err));
  msim_sim_free(sim);
  return err == MSIM_OK ? 0 : 2;
}
