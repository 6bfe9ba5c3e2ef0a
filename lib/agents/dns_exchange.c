/* dns_exchange.c: see dns_exchange.h. */
#include "agents/dns_exchange.h"

#include "agents/agents.h"
#include "agents/dns_marks.h"
#include "streams/streams.h"

#include <string.h>

#define PORT_FIRST 49152u /* RFC 6335 6 */
#define PORT_COUNT 16384u
#define PORT_TRIES 64u
#define QUERY_BYTES 512u

static void on_timer(struct msim_timer *timer, msim_ns now_ns);

void msim__dns_exchange_init(struct msim__dns_exchange *exchange, struct msim_agent *agent, struct msim__rng *rng)
{
  memset(exchange, 0, sizeof *exchange);
  exchange->agent = agent;
  exchange->rng = rng;
  msim_timer_init(&exchange->timer, agent->node, on_timer);
}

static struct msim_sim *sim_of(const struct msim__dns_exchange *exchange)
{
  return msim__node_sim(exchange->agent->node);
}

void msim__dns_exchange_cancel(struct msim__dns_exchange *exchange, bool torn)
{
  msim_timer_cancel(&exchange->timer);
  if (!torn) {
    if (exchange->port != 0)
      msim__udp_unbind(exchange->agent->node, exchange->port);
    if (exchange->stream != NULL) {
      msim_stream_set_data(exchange->stream, NULL);
      msim_stream_close(exchange->stream);
    }
  }
  exchange->port = 0;
  exchange->stream = NULL;
  msim__dns_frame_release(&exchange->frame, &sim_of(exchange)->mem);
}

static void finish(struct msim__dns_exchange *exchange, int err, struct msim_slice message)
{
  struct msim_sim *sim = sim_of(exchange);
  struct msim__dns_frame frame = exchange->frame; /* message may lie in it, and the exchange may be freed */

  memset(&exchange->frame, 0, sizeof exchange->frame);
  msim__dns_exchange_cancel(exchange, false);
  exchange->done(exchange, err, message);
  msim__dns_frame_release(&frame, &sim->mem);
}

static void fail(struct msim__dns_exchange *exchange, int err)
{
  struct msim_slice none = {NULL, 0};

  finish(exchange, err, none);
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__dns_exchange *exchange =
      (struct msim__dns_exchange *)(void *)((char *)timer - offsetof(struct msim__dns_exchange, timer));

  (void)now_ns;
  fail(exchange, exchange->failure != MSIM_OK ? exchange->failure : MSIM_ERR_LIMIT);
}

/* ---- asking ---- */

static struct msim_slice write_query(struct msim__dns_exchange *exchange, uint8_t *out)
{
  struct msim__dns_header header = {.id = exchange->id, .recursion_desired = exchange->recursion_desired};
  struct msim__dns_edns edns = {.udp_bytes_max = MSIM__DNS_UDP_BYTES};
  struct msim__dns_writer writer;
  struct msim_slice query = {out, 0};

  msim__dns_writer_init(&writer, out, QUERY_BYTES, &header);
  (void)msim__dns_write_question(&writer, &exchange->question); /* a name and the rest always fit */
  if (exchange->edns)
    (void)msim__dns_write_edns(&writer, &edns);
  query.size_bytes = msim__dns_writer_end(&writer);
  return query;
}

/* Nobody hears of it at once: done is called from the loop. */
static void fail_soon(struct msim__dns_exchange *exchange, int err)
{
  exchange->failure = err;
  msim_timer_arm(&exchange->timer, 0);
}

static int send_query(struct msim__dns_exchange *exchange)
{
  struct msim_endpoint to = {exchange->server, MSIM__DNS_PORT};
  uint8_t bytes[QUERY_BYTES];
  int err;

  exchange->id = (uint16_t)msim__rng_below(exchange->rng, UINT16_MAX + 1u);
  err = msim__dns_send_udp(exchange->agent->node, exchange->port, to, write_query(exchange, bytes));
  if (err < 0 && err > MSIM_ERR_FATAL)
    fail_soon(exchange, MSIM_ERR_NOT_FOUND);
  return err <= MSIM_ERR_FATAL ? err : MSIM_OK;
}

/* ---- hearing ---- */

/* RFC 5452 9.1: id and question are ours. A server that could not even read the question repeats none. */
static bool is_answer(const struct msim__dns_exchange *exchange, struct msim_slice message,
                      struct msim__dns_header *header)
{
  struct msim__dns_question question;
  struct msim__dns_reader reader;

  if (msim__dns_reader_init(&reader, message) != MSIM_OK)
    return false;
  *header = reader.header;
  if (!header->is_response || header->id != exchange->id || header->opcode != 0)
    return false;
  if (header->question_count == 0)
    return header->rcode == MSIM__DNS_FORMERR || header->rcode == MSIM__DNS_NOTIMP;
  return header->question_count == 1 && msim__dns_read_question(&reader, &question) == 1 &&
         question.type == exchange->question.type && question.class_ == exchange->question.class_ &&
         msim__dns_name_equal(&question.name, &exchange->question.name);
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__dns_exchange *exchange = msim_stream_data(stream);
  uint8_t bytes[QUERY_BYTES];

  (void)agent;
  if (exchange != NULL)
    (void)msim__dns_frame_write(sim_of(exchange), stream, write_query(exchange, bytes), "dns.query");
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__dns_exchange *exchange = msim_stream_data(stream);
  struct msim__dns_header header;
  struct msim_slice message;
  int got;

  (void)agent;
  if (exchange == NULL)
    return;
  got = msim__dns_frame_read(&exchange->frame, &sim_of(exchange)->mem, stream, &message);
  if (got == MSIM_ERR_NOMEM)
    (void)msim__sim_fail_nomem(sim_of(exchange));
  else if (got < 0 || (got > 0 && !is_answer(exchange, message, &header)))
    fail(exchange, MSIM_ERR_NOT_FOUND);
  else if (got > 0)
    finish(exchange, MSIM_OK, message);
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__dns_exchange *exchange = msim_stream_data(stream);

  (void)agent;
  if (exchange != NULL)
    fail(exchange, MSIM_ERR_NOT_FOUND);
  else
    msim_stream_close(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__dns_exchange *exchange = msim_stream_data(stream);

  (void)agent;
  (void)why;
  if (exchange == NULL)
    return;
  exchange->stream = NULL;
  fail(exchange, MSIM_ERR_NOT_FOUND);
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

static void ask_by_tcp(struct msim__dns_exchange *exchange)
{
  struct msim_endpoint to = {exchange->server, MSIM__DNS_PORT};

  msim__udp_unbind(exchange->agent->node, exchange->port);
  exchange->port = 0;
  if (msim__stream_connect(exchange->agent->node, exchange->agent, to, &stream_ops, exchange, NULL,
                           &exchange->stream) != MSIM_OK) {
    exchange->stream = NULL;
    fail_soon(exchange, MSIM_ERR_NOT_FOUND);
    return;
  }
  msim_timer_arm(&exchange->timer, exchange->timeout_ns);
}

static void on_datagram(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes)
{
  struct msim__dns_exchange *exchange = ctx;
  struct msim__dns_header header;

  (void)local_port;
  if (from.port != MSIM__DNS_PORT || !msim_addr_equal(&from.addr, &exchange->server) ||
      !is_answer(exchange, bytes, &header))
    return; /* somebody else's, or forged: the right one may still come */
  if (exchange->edns && (header.rcode == MSIM__DNS_FORMERR || header.rcode == MSIM__DNS_NOTIMP)) {
    exchange->edns = false; /* RFC 6891 6.2.2 */
    (void)send_query(exchange);
  } else if (header.truncated) {
    ask_by_tcp(exchange);
  } else {
    finish(exchange, MSIM_OK, bytes);
  }
}

static void on_icmp(void *ctx, const struct msim__icmp_error *error)
{
  struct msim__dns_exchange *exchange = ctx;
  const struct msim__net *net = msim__net(sim_of(exchange));

  if (error->type == MSIM__ICMP_UNREACHABLE && error->remote_port == MSIM__DNS_PORT &&
      msim_addr_equal(msim__addr_of(net, error->remote), &exchange->server))
    fail(exchange, MSIM_ERR_NOT_FOUND);
}

static int bind_port(struct msim__dns_exchange *exchange)
{
  struct msim_node *node = exchange->agent->node;
  uint16_t port = 0;
  unsigned tries;
  int err = MSIM_ERR_EXISTS;

  for (tries = 0; tries < PORT_TRIES && err == MSIM_ERR_EXISTS; tries++) {
    port = (uint16_t)(PORT_FIRST + msim__rng_below(exchange->rng, PORT_COUNT));
    err = msim__udp_bind(node, port, on_datagram, exchange, NULL);
  }
  if (err == MSIM_ERR_EXISTS) /* nearly all are taken: any free one */
    err = msim__udp_bind(node, 0, on_datagram, exchange, &port);
  if (err != MSIM_OK)
    return err;
  exchange->port = port;
  msim__udp_set_error(node, port, on_icmp);
  return MSIM_OK;
}

int msim__dns_exchange_start(struct msim__dns_exchange *exchange)
{
  int err = bind_port(exchange);

  if (err != MSIM_OK)
    return err;
  exchange->failure = MSIM_OK;
  msim_timer_arm(&exchange->timer, exchange->timeout_ns);
  err = send_query(exchange);
  if (err != MSIM_OK)
    msim__dns_exchange_cancel(exchange, false);
  return err;
}
