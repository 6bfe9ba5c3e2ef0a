/* fuzz_dns_server.c: a name server and a resolver that get any datagrams and any bytes by TCP, and a root server that
 * answers the resolver with anything, under the right id and with the right question. The run never fails and comes to
 * an end, nothing leaks, each datagram gets one response at most, and each response can be read to its last byte.
 * Input: parts of a kind, a length and so many bytes. */
#include <mailsim/agent.h>
#include <mailsim/topology.h>

#include "agents/dns_rrset.h"
#include "fuzz.h"
#include "support/fail_mem.h"

#define PARTS_MAX 64u
#define EVENTS_MAX 200000u

static const char topology[] = "mailsim: 1\n"
                               "hosts:\n"
                               "  peer: {address: 10.0.0.2}\n"
                               "  ns:\n"
                               "    address: 10.0.0.3\n"
                               "    agents:\n"
                               "      - dns-server:\n"
                               "          zones:\n"
                               "            .: {delegate: {example: ns}}\n"
                               "            y.example:\n"
                               "              delegate: {sub: peer}\n"
                               "              records:\n"
                               "                - {type: MX, value: 10 mx}\n"
                               "                - {name: mx, type: A, value: peer}\n"
                               "                - {name: mail, type: CNAME, value: mx}\n"
                               "                - {name: loop, type: CNAME, value: loop}\n"
                               "                - {name: \"*.wild\", type: TXT, value: text}\n"
                               "  dns: {address: 10.0.0.4, agents: [{dns-resolver: {roots: [root], cache-size: 8}}]}\n"
                               "  root: {address: 10.0.0.5}\n"
                               "links:\n"
                               "  - {join: [peer, ns], delay: 1ms}\n"
                               "  - {join: [peer, dns], delay: 1ms}\n"
                               "  - {join: [dns, root], delay: 1ms}\n";

enum kind { TO_SERVER, TO_RESOLVER, BY_TCP, LIE, KINDS };

struct part {
  enum kind kind;
  struct msim_slice bytes;
};

/* All that a run shares; the agents' configurations are pointers to it. */
struct talk {
  struct part parts[PARTS_MAX];
  size_t part_count, next, lie_next;
  unsigned asked_count, heard_count;
  struct msim_stream *stream;
  struct msim_timer timer;
  struct msim_agent *agent;
};

struct config {
  struct talk *talk;
};

static struct talk *talk_of(struct msim_agent *agent)
{
  return ((const struct config *)msim_agent_config(agent))->talk;
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  (void)stream;
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_consume(stream, msim_stream_available_bytes(stream));
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  (void)stream;
  (void)why;
  talk_of(agent)->stream = NULL;
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open, .on_readable = on_readable, .on_closed = on_closed};

static void tell(struct msim_timer *timer, msim_ns now_ns)
{
  struct talk *talk = (struct talk *)(void *)((char *)timer - offsetof(struct talk, timer));
  const struct part *part = &talk->parts[talk->next++];
  struct msim_endpoint to = {msim_addr_ipv4(part->kind == TO_RESOLVER ? 0x0a000004u : 0x0a000003u), 53};

  (void)now_ns;
  if (part->kind == TO_SERVER || part->kind == TO_RESOLVER) {
    talk->asked_count++;
    (void)msim_agent_send_udp(talk->agent, 4000, to, part->bytes);
  } else if (part->kind == BY_TCP) {
    if (talk->stream == NULL && msim_agent_connect(talk->agent, to, &stream_ops, talk, &talk->stream) != 0)
      return;
    (void)msim_stream_write(talk->stream, part->bytes.data, part->bytes.size_bytes);
  }
  if (talk->next < talk->part_count)
    msim_timer_arm(timer, MSIM_MSEC(20));
  else if (talk->stream != NULL)
    msim_stream_close(talk->stream);
}

static int start_teller(struct msim_agent *agent)
{
  struct talk *talk = talk_of(agent);

  talk->agent = agent;
  msim_timer_init(&talk->timer, msim_agent_node(agent), tell);
  if (talk->part_count > 0)
    msim_timer_arm(&talk->timer, MSIM_MSEC(1));
  return msim_agent_bind_udp(agent, 4000);
}

static void hear(struct msim_agent *agent, struct msim_endpoint from, uint16_t port, struct msim_slice bytes)
{
  struct msim__dns_reader reader;

  (void)from;
  (void)port;
  talk_of(agent)->heard_count++;
  FUZZ_CHECK(msim__dns_message_is_whole(bytes));
  FUZZ_CHECK(msim__dns_reader_init(&reader, bytes) == 0);
  FUZZ_CHECK(reader.header.is_response);
  FUZZ_CHECK(bytes.size_bytes <= 1232);
}

/* The next lie, as an answer to this question. */
static void answer(struct msim_agent *agent, struct msim_endpoint from, uint16_t port, struct msim_slice bytes)
{
  struct talk *talk = talk_of(agent);
  struct msim__dns_question question;
  struct msim__dns_reader reader;
  struct msim_slice reply;
  uint8_t out[600];
  size_t tries, head;

  for (tries = 0; tries < talk->part_count && talk->parts[talk->lie_next].kind != LIE; tries++)
    talk->lie_next = (talk->lie_next + 1) % talk->part_count;
  if (tries == talk->part_count || talk->parts[talk->lie_next].bytes.size_bytes < 10)
    return;
  reply = talk->parts[talk->lie_next].bytes;
  talk->lie_next = (talk->lie_next + 1) % talk->part_count;
  FUZZ_CHECK(msim__dns_reader_init(&reader, bytes) == 0 && msim__dns_read_question(&reader, &question) == 1);
  head = reader.at;
  memcpy(out, bytes.data, head);
  memcpy(out + 2, reply.data + 2, 8);
  out[2] = (uint8_t)((out[2] & 7u) | 0x80u); /* an answer to a query */
  out[4] = 0;
  out[5] = 1;
  out[6] = out[8] = out[10] = 0; /* counts that may be true */
  out[7] &= 3u;
  out[9] &= 3u;
  out[11] = reply.data[0] & 3u;
  memcpy(out + head, reply.data + 10, reply.size_bytes - 10);
  reply.data = out;
  reply.size_bytes += head - 10;
  (void)msim_agent_send_udp(agent, port, from, reply);
}

static int start_liar(struct msim_agent *agent)
{
  return msim_agent_bind_udp(agent, 53);
}

static const struct msim_agent_type teller = {
    .name = "teller", .config_bytes = sizeof(struct config), .start = start_teller, .on_datagram = hear};
static const struct msim_agent_type liar = {
    .name = "liar", .config_bytes = sizeof(struct config), .start = start_liar, .on_datagram = answer};

static void cut(struct talk *talk, const uint8_t *data, size_t size_bytes)
{
  size_t at = 0;

  while (size_bytes - at >= 2 && talk->part_count < PARTS_MAX) {
    struct part *part = &talk->parts[talk->part_count++];
    size_t n = data[at + 1] < size_bytes - at - 2 ? data[at + 1] : size_bytes - at - 2;

    part->kind = (enum kind)(data[at] % KINDS);
    part->bytes = fuzz_slice_of(data + at + 2, n);
    at += 2 + n;
  }
}

static void play(struct talk *talk, uint64_t fail_at, uint64_t *request_count)
{
  struct msim_sim_opts opts;
  struct config config = {talk};
  struct msim_sim *sim = NULL;
  struct fail_mem mem;
  int err;

  memset(&opts, 0, sizeof opts);
  fail_mem_init(&mem, fail_at);
  opts.event_count_max = EVENTS_MAX;
  opts.mem = mem.hook;
  talk->next = talk->lie_next = 0;
  talk->asked_count = talk->heard_count = 0;
  talk->stream = NULL;
  err = msim_sim_new(&sim, &opts);
  if (err == MSIM_OK)
    err = msim_topology_load_text(sim, "dns.yaml", fuzz_slice_of((const uint8_t *)topology, sizeof topology - 1), NULL,
                                  NULL, NULL);
  if (err == MSIM_OK)
    err = msim_agent_register(sim, &teller);
  if (err == MSIM_OK)
    err = msim_agent_register(sim, &liar);
  if (err == MSIM_OK)
    err = msim_agent_add(msim_node_find(sim, "peer"), "teller", &config);
  if (err == MSIM_OK)
    err = msim_agent_add(msim_node_find(sim, "root"), "liar", &config);
  if (err == MSIM_OK)
    err = msim_sim_run(sim, MSIM_NEVER);
  FUZZ_CHECK(err == (mem.failed_count > 0 ? MSIM_ERR_NOMEM : MSIM_OK));
  FUZZ_CHECK(talk->heard_count <= talk->asked_count);
  msim_sim_free(sim);
  FUZZ_CHECK(fail_mem_clean(&mem));
  *request_count = mem.request_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct talk *talk = calloc(1, sizeof *talk);
  uint64_t request_count;

  FUZZ_CHECK(talk != NULL);
  cut(talk, data, size_bytes);
  play(talk, 0, &request_count);
  play(talk, 1 + fuzz_hash(fuzz_slice_of(data, size_bytes)) % request_count, &request_count);
  free(talk);
  return 0;
}
