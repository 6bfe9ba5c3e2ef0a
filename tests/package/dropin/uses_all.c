/* uses_all.c: asks for agent echo, sink csv, controller half and SMTP command XPING by their names, and sees that each
 * does its work.
 *
 * A rule may only speak of a command that there is, and XPING says its argument. A talker of its own sends 100 lines of
 * 1000 bytes; the network loses one segment; all lines must come back. */
#include <mailsim/mailsim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES 100u
#define LINE_BYTES 1000u

static const char world[] = "mailsim: 1\n"
                            "hosts:\n"
                            "  wall: {agents: [{echo: {port: 4007, line-max: 2KiB}}]}\n"
                            "  voice: {tcp: {congestion: half}, agents: [talker]}\n"
                            "  post: {agents: [{smtp-server: {rules: [{at: XPING, nth: 2, reply: 450 Enough}]}}]}\n"
                            "links: [{join: [voice, post], delay: 1ms}, {join: [voice, wall], delay: 10ms, rate: "
                            "10Mbit/s, forward: {drop: [9]}}]\n";

static struct {
  unsigned said_count, heard_count;
} talk;
static char csv[1 << 20];
static size_t csv_bytes;

static void say(struct msim_agent *agent, struct msim_stream *stream)
{
  char line[LINE_BYTES + 2];

  (void)agent;
  for (; talk.said_count < LINES && msim_stream_space_bytes(stream) >= sizeof line; talk.said_count++) {
    memset(line, 'a' + (int)(talk.said_count % 26), LINE_BYTES);
    memcpy(line + LINE_BYTES, "\r\n", 2);
    (void)msim_stream_write(stream, line, sizeof line);
  }
}

static void hear(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim_slice line;

  (void)agent;
  while (msim_stream_read_line(stream, LINE_BYTES, &line) > 0) {
    if (line.size_bytes == LINE_BYTES && line.data[0] == 'a' + talk.heard_count % 26)
      talk.heard_count++;
  }
  if (talk.heard_count == LINES)
    msim_stream_close(stream);
}

static const struct msim_stream_ops ops = {.on_open = say, .on_writable = say, .on_readable = hear};

static char pongs[400];

static void ping(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  (void)msim_stream_printf(stream, "XPING one\r\nXPING two\r\nQUIT\r\n");
}

static void pong(struct msim_agent *agent, struct msim_stream *stream)
{
  size_t n = strlen(pongs);

  (void)agent;
  n += msim_stream_read(stream, pongs + n, sizeof pongs - 1 - n);
  pongs[n] = '\0';
}

static void hang_up(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static const struct msim_stream_ops ping_ops = {.on_open = ping, .on_readable = pong, .on_eof = hang_up};

static void call_post(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim_endpoint to;

  (void)ctx;
  if (answers->count == 0)
    return;
  to.addr = answers->items[0].addr;
  to.port = 25;
  (void)msim_agent_connect(agent, to, &ping_ops, NULL, NULL);
}

static void call(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim_endpoint to;

  (void)ctx;
  if (answers->count == 0)
    return;
  to.addr = answers->items[0].addr;
  to.port = 4007;
  (void)msim_agent_connect(agent, to, &ops, NULL, NULL);
}

static int talker_start(struct msim_agent *agent)
{
  int err = msim_agent_resolve(agent, "wall", MSIM_NAME_ADDRESS, call, NULL);

  return err < 0 ? err : msim_agent_resolve(agent, "post", MSIM_NAME_ADDRESS, call_post, NULL);
}

static const struct msim_agent_type talker = {.name = "talker", .start = talker_start};

static int keep(void *ctx, const void *data, size_t size_bytes)
{
  (void)ctx;
  if (size_bytes >= sizeof csv - csv_bytes)
    return MSIM_ERR_LIMIT;
  memcpy(csv + csv_bytes, data, size_bytes);
  csv_bytes += size_bytes;
  return MSIM_OK;
}

static void tell(void *user, const struct msim_diag *diag)
{
  (void)user;
  fprintf(stderr, "%s:%u:%u: %s\n", diag->file, diag->line, diag->column, diag->text);
}

static int run(void)
{
  struct msim_slice text = {(const uint8_t *)world, sizeof world - 1};
  struct msim_out out = {NULL, keep};
  struct msim_sim *sim = NULL;
  int err = msim_sim_new(&sim, NULL);

  if (err == MSIM_OK)
    err = msim_agent_register(sim, &talker);
  if (err == MSIM_OK)
    err = msim_topology_load_text(sim, "world", text, NULL, tell, NULL);
  if (err == MSIM_OK)
    err = msim_trace_add(sim, "csv", &out, NULL, NULL);
  if (err == MSIM_OK)
    err = msim_sim_run(sim, MSIM_NEVER);
  if (err == MSIM_OK)
    err = msim_sim_finish(sim);
  msim_sim_free(sim);
  return err;
}

/* In the lines of csv: the window of voice before and after its loss. */
static bool window_was_halved(void)
{
  unsigned long before = 0, after = 0;
  unsigned loss_count = 0, drop_count = 0;
  char *line;

  for (line = strtok(csv, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    char *window = strstr(line, ",cwnd,voice,");

    if (strstr(line, ",segment,voice,") != NULL && strstr(line, ",drop") != NULL)
      drop_count++;
    if (window == NULL)
      continue;
    after = strtoul(window + strlen(",cwnd,voice,"), NULL, 10);
    if (strstr(line, ",fast-retransmit") != NULL) {
      loss_count++;
      if (after != before / 2)
        return false;
    }
    before = after;
  }
  return drop_count == 1 && loss_count == 1;
}

int main(void)
{
  static const char head[] = "at_ns,kind,host,bytes,what\n0,segment,voice,0,tx\n";
  int err = run();

  if (err != MSIM_OK) {
    fprintf(stderr, "uses_all: %s\n", msim_strerror(err));
    return 1;
  }
  if (talk.heard_count != LINES) {
    fprintf(stderr, "uses_all: %u of %u lines came back\n", talk.heard_count, LINES);
    return 1;
  }
  if (strncmp(csv, head, sizeof head - 1) != 0) {
    fprintf(stderr, "uses_all: the csv begins\n%.200s\n", csv);
    return 1;
  }
  if (strstr(pongs, "\r\n250 2.0.0 Pong one\r\n450 Enough\r\n221 ") == NULL) {
    fprintf(stderr, "uses_all: XPING is answered\n%s\n", pongs);
    return 1;
  }
  if (!window_was_halved()) {
    fprintf(stderr, "uses_all: the window was not halved at the loss\n");
    return 1;
  }
  return 0;
}
