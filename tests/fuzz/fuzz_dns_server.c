/* fuzz_dns_server.c: a name server and a resolver that get any datagrams and any bytes by TCP, and a root server that
 * answers the resolver with anything, under the right id and with the right question (parts.h).
 * Each datagram gets one response at most, and each response can be read to its last byte. */
#include "parts.h"

#include "agents/dns_rrset.h"

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

/* What a run keeps. */
struct state {
  struct msim_timer timer; /* must be first */
  struct msim_agent *agent;
  struct msim_stream *stream;
  size_t lie_next;
  unsigned asked_count, heard_count;
};

static struct state *state_of(struct msim_agent *agent)
{
  return fuzz_parts_of(agent)->state;
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
  state_of(agent)->stream = NULL;
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open, .on_readable = on_readable, .on_closed = on_closed};

static void tell(struct msim_timer *timer, msim_ns now_ns)
{
  struct state *state = (struct state *)(void *)timer;
  struct fuzz_parts *parts = fuzz_parts_of(state->agent);
  const struct fuzz_part *part = &parts->items[parts->next++];
  struct msim_endpoint to = {msim_addr_ipv4(part->kind == TO_RESOLVER ? 0x0a000004u : 0x0a000003u), 53};

  (void)now_ns;
  if (part->kind == TO_SERVER || part->kind == TO_RESOLVER) {
    state->asked_count++;
    (void)msim_agent_send_udp(state->agent, 4000, to, part->bytes);
  } else if (part->kind == BY_TCP) {
    if (state->stream == NULL && msim_agent_connect(state->agent, to, &stream_ops, NULL, &state->stream) != 0)
      return;
    (void)msim_stream_write(state->stream, part->bytes.data, part->bytes.size_bytes);
  }
  if (parts->next < parts->count)
    msim_timer_arm(timer, MSIM_MSEC(20));
  else if (state->stream != NULL)
    msim_stream_close(state->stream);
}

static int start_teller(struct msim_agent *agent)
{
  struct state *state = state_of(agent);

  state->agent = agent;
  msim_timer_init(&state->timer, msim_agent_node(agent), tell);
  if (fuzz_parts_of(agent)->count > 0)
    msim_timer_arm(&state->timer, MSIM_MSEC(1));
  return msim_agent_bind_udp(agent, 4000);
}

static void hear(struct msim_agent *agent, struct msim_endpoint from, uint16_t port, struct msim_slice bytes)
{
  struct msim__dns_reader reader;

  (void)from;
  (void)port;
  state_of(agent)->heard_count++;
  FUZZ_CHECK(msim__dns_message_is_whole(bytes));
  FUZZ_CHECK(msim__dns_reader_init(&reader, bytes) == 0);
  FUZZ_CHECK(reader.header.is_response);
  FUZZ_CHECK(bytes.size_bytes <= 1232);
}

/* The next lie, as an answer to this question. */
static void answer(struct msim_agent *agent, struct msim_endpoint from, uint16_t port, struct msim_slice bytes)
{
  struct fuzz_parts *parts = fuzz_parts_of(agent);
  struct state *state = parts->state;
  struct msim__dns_question question;
  struct msim__dns_reader reader;
  struct msim_slice reply;
  uint8_t out[600];
  size_t tries, head;

  for (tries = 0; tries < parts->count && parts->items[state->lie_next].kind != LIE; tries++)
    state->lie_next = (state->lie_next + 1) % parts->count;
  if (tries == parts->count || parts->items[state->lie_next].bytes.size_bytes < 10)
    return;
  reply = parts->items[state->lie_next].bytes;
  state->lie_next = (state->lie_next + 1) % parts->count;
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
    .name = "teller", .config_bytes = sizeof(struct fuzz_parts_config), .start = start_teller, .on_datagram = hear};
static const struct msim_agent_type liar = {
    .name = "liar", .config_bytes = sizeof(struct fuzz_parts_config), .start = start_liar, .on_datagram = answer};

static void check(struct fuzz_parts *parts)
{
  const struct state *state = parts->state;

  FUZZ_CHECK(state->heard_count <= state->asked_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  static const struct fuzz_parts_world world = {
      .topology = topology,
      .strangers = {{"peer", &teller}, {"root", &liar}},
      .kind_count = KINDS,
      .part_count_max = 64,
      .events_max = 200000,
      .until_ns = MSIM_NEVER,
      .state_bytes = sizeof(struct state),
      .check = check,
  };

  return fuzz_parts_run(&world, data, size_bytes);
}
