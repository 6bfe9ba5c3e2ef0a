/* world.c: a program that uses the installed library: two hosts and an agent of its own, checked by what it heard.
 *
 * An agent "ring" on one host calls the one on the other, says a word, and hears it back. 10 ms lie between them. */
#include <mailsim/mailsim.h>

#include <stdio.h>
#include <string.h>

struct config {
  const char *whom; /* NULL: is called */
};

static const struct msim_field fields[] = {
    {.key = "whom", .kind = MSIM_FIELD_HOST, .offset = offsetof(struct config, whom), .fallback = ""},
    {.key = NULL},
};

struct state {
  char heard[32];
  msim_ns heard_at_ns;
};

static struct state last; /* what the caller heard */

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  struct msim_slice line;

  while (msim_stream_read_line(stream, sizeof state->heard, &line) > 0) {
    snprintf(state->heard, sizeof state->heard, "%.*s", (int)line.size_bytes, (const char *)line.data);
    state->heard_at_ns = msim_sim_now_ns(msim_agent_sim(agent));
    if (config->whom == NULL)
      (void)msim_stream_printf(stream, "%s, %s\r\n", state->heard, msim_agent_host(agent));
    else
      last = *state;
    msim_stream_close(stream);
  }
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  const struct config *config = msim_agent_config(agent);

  if (config->whom != NULL)
    (void)msim_stream_printf(stream, "Grüße\r\n");
}

static const struct msim_stream_ops ops = {.on_open = on_open, .on_readable = on_readable};

static void call(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim_endpoint to;

  (void)ctx;
  if (answers->count == 0)
    return;
  to.addr = answers->items[0].addr;
  to.port = 7;
  (void)msim_agent_connect(agent, to, &ops, NULL, NULL);
}

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);

  if (config->whom == NULL)
    return msim_agent_listen(agent, 7, &ops);
  return msim_agent_resolve(agent, config->whom, MSIM_NAME_ADDRESS, call, NULL);
}

static const struct msim_agent_type ring = {
    .name = "ring",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
};

static int count_bytes(void *ctx, const void *data, size_t size_bytes)
{
  (void)data;
  *(size_t *)ctx += size_bytes;
  return MSIM_OK;
}

static int build(struct msim_sim *sim, size_t *traced_bytes)
{
  struct msim_link_opts link = {.a_to_b.delay_ns = MSIM_MSEC(10), .b_to_a.delay_ns = MSIM_MSEC(10)};
  struct msim_out out = {traced_bytes, count_bytes};
  struct msim_node *anna, *bert;
  int err = msim_agent_register(sim, &ring);

  if (err == MSIM_OK)
    err = msim_node_add(sim, "anna", &anna);
  if (err == MSIM_OK)
    err = msim_node_add(sim, "bert", &bert);
  if (err == MSIM_OK)
    err = msim_link_add(anna, bert, &link);
  if (err == MSIM_OK)
    err = msim_agent_add_yaml(anna, "ring", "{whom: bert}", NULL, NULL);
  if (err == MSIM_OK)
    err = msim_agent_add(bert, "ring", NULL);
  if (err == MSIM_OK)
    err = msim_trace_add(sim, "text", &out, NULL, NULL);
  return err;
}

int main(void)
{
  struct msim_counters counters;
  struct msim_sim *sim = NULL;
  size_t traced_bytes = 0;
  int err = msim_sim_new(&sim, NULL);

  if (err == MSIM_OK)
    err = build(sim, &traced_bytes);
  if (err == MSIM_OK)
    err = msim_sim_run(sim, MSIM_NEVER);
  if (err == MSIM_OK)
    err = msim_sim_finish(sim);
  if (err != MSIM_OK) {
    fprintf(stderr, "world.c: %s\n", msim_strerror(err));
    return 1;
  }
  msim_sim_counters(sim, &counters);
  msim_sim_free(sim);
  /* SYN and SYN+ACK, then the word and its answer: four times 10 ms */
  if (strcmp(last.heard, "Grüße, bert") != 0 || last.heard_at_ns != MSIM_MSEC(40) || counters.connection_count != 1 ||
      counters.drop_count != 0 || traced_bytes < 500 || strcmp(msim_version(), MSIM_VERSION) != 0) {
    fprintf(stderr, "world.c: heard \"%s\" at %llu ns, %llu connections, %zu bytes of trace, version %s\n", last.heard,
            (unsigned long long)last.heard_at_ns, (unsigned long long)counters.connection_count, traced_bytes,
            msim_version());
    return 1;
  }
  return 0;
}
