/* dns_serving.c: see dns_serving.h. */
#include "agents/dns_serving.h"

#include "agents/agents.h"
#include "agents/dns_exchange.h"
#include "agents/dns_marks.h"
#include "agents/service_rules.h"

#include <string.h>

#define IDLE_NS MSIM_SEC(10) /* RFC 7766 6.2.3: a few seconds */
#define OPT_BYTES 11u
#define OPCODE_QUERY 0u

struct msim__dns_connection {
  struct msim_timer idle; /* must be first */
  struct msim__dns_connection *next;
  struct msim__dns_serving *serving;
  struct msim_stream *stream;
  struct msim__dns_frame frame;
  uint64_t number;
  unsigned pending_count;
  bool is_over;    /* the peer asks no more */
  bool is_reading; /* questions are being taken just now */
};

static struct msim__mem *mem_of(const struct msim__dns_serving *serving)
{
  return &msim__node_sim(serving->agent->node)->mem;
}

bool msim__dns_response_add(struct msim__dns_response *response, enum msim__dns_section section,
                            const struct msim__dns_rrset *set, const struct msim__dns_name *owner, uint32_t ttl_s)
{
  struct msim__dns_response_set *row = &response->sets[response->set_count];
  size_t i;

  for (i = 0; i < response->set_count; i++)
    if (response->sets[i].set == set && msim__dns_name_equal(response->sets[i].owner, owner))
      return false;
  if (response->set_count == MSIM__DNS_RESPONSE_SETS_MAX)
    return false;
  row->set = set;
  row->owner = owner;
  row->ttl_s = ttl_s;
  row->section = section;
  response->set_count++;
  return true;
}

/* ---- writing ---- */

static bool write_set(struct msim__dns_writer *writer, const struct msim__dns_response_set *row)
{
  struct msim__dns_writer mark = *writer;
  struct msim__dns_record record;
  size_t at = 0;

  record.name = *row->owner;
  record.type = row->set->type;
  record.class_ = MSIM__DNS_CLASS_IN;
  record.ttl_s = row->ttl_s;
  while (msim__dns_rrset_next(row->set, &at, &record.rdata))
    if (!msim__dns_write_record(writer, row->section, &record)) {
      *writer = mark;
      return false;
    }
  return true;
}

/* Additional records are left out where they do not fit; without the others it is no answer, and TC says so
 * (RFC 2181 9). */
static void write_sets(struct msim__dns_writer *writer, const struct msim__dns_response *response)
{
  struct msim__dns_writer mark = *writer;
  size_t i;

  for (i = 0; i < response->set_count; i++)
    if (!write_set(writer, &response->sets[i]) && response->sets[i].section != MSIM__DNS_ADDITIONAL) {
      *writer = mark;
      writer->header.truncated = true;
      return;
    }
}

static struct msim_slice write_response(const struct msim__dns_asker *asker, const struct msim__dns_response *response,
                                        bool has_question, uint8_t *out, size_t capacity_bytes)
{
  struct msim__dns_header header = {
      .id = asker->id,
      .opcode = asker->opcode,
      .is_response = true,
      .authoritative = response->authoritative,
      .truncated = response->truncated,
      .recursion_desired = asker->recursion_desired,
      .recursion_available = response->recursion_available,
      .checking_disabled = asker->checking_disabled,
      .rcode = (uint8_t)(response->rcode & 15u),
  };
  struct msim__dns_edns edns = {.udp_bytes_max = MSIM__DNS_UDP_BYTES, .rcode_high = (uint8_t)(response->rcode >> 4)};
  struct msim__dns_writer writer;
  struct msim_slice message = {out, 0};

  msim__dns_writer_init(&writer, out, capacity_bytes - (asker->has_edns ? OPT_BYTES : 0), &header);
  if (has_question)
    (void)msim__dns_write_question(&writer, &asker->question);
  write_sets(&writer, response);
  if (asker->has_edns) {
    writer.capacity_bytes += OPT_BYTES;
    (void)msim__dns_write_edns(&writer, &edns);
  }
  message.size_bytes = msim__dns_writer_end(&writer);
  return message;
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream);

static struct msim__dns_connection *find_connection(const struct msim__dns_serving *serving, uint64_t number)
{
  struct msim__dns_connection *c;

  for (c = serving->first; c != NULL && c->number != number; c = c->next)
    ;
  return c;
}

static void answer_by_tcp(struct msim__dns_serving *serving, const struct msim__dns_asker *asker,
                          const struct msim__dns_response *response, bool has_question)
{
  struct msim__dns_connection *c = find_connection(serving, asker->connection);
  uint8_t *bytes;

  if (c == NULL)
    return;
  if (c->pending_count > 0)
    c->pending_count--;
  bytes = msim__alloc(mem_of(serving), MSIM__DNS_MESSAGE_BYTES_MAX);
  if (bytes == NULL) {
    (void)msim__sim_fail_nomem(msim__node_sim(serving->agent->node));
    return;
  }
  (void)msim__dns_frame_write(msim__node_sim(serving->agent->node), c->stream,
                              write_response(asker, response, has_question, bytes, MSIM__DNS_MESSAGE_BYTES_MAX),
                              "dns.answer");
  msim__free(mem_of(serving), bytes, MSIM__DNS_MESSAGE_BYTES_MAX);
  msim_timer_arm(&c->idle, IDLE_NS);
  if (!c->is_reading)
    on_readable(serving->agent, c->stream); /* what had to wait */
  if (c->is_over && c->pending_count == 0)
    msim_stream_close(c->stream);
}

static void answer(struct msim__dns_serving *serving, const struct msim__dns_asker *asker,
                   const struct msim__dns_response *response, bool has_question)
{
  size_t limit = asker->has_edns ? asker->udp_bytes_max : MSIM__DNS_UDP_BYTES_MAX;
  uint8_t bytes[MSIM__DNS_UDP_BYTES];

  if (asker->connection != 0) {
    answer_by_tcp(serving, asker, response, has_question);
    return;
  }
  if (limit > sizeof bytes)
    limit = sizeof bytes;
  /* lost is lost; but where the first link carries less than was offered, less is said */
  if (msim__dns_send_udp(serving->agent->node, MSIM__DNS_PORT, asker->from,
                         write_response(asker, response, has_question, bytes, limit)) == MSIM_ERR_LIMIT)
    (void)msim__dns_send_udp(serving->agent->node, MSIM__DNS_PORT, asker->from,
                             write_response(asker, response, has_question, bytes, MSIM__DNS_UDP_BYTES_MAX));
}

void msim__dns_serving_answer(struct msim__dns_serving *serving, const struct msim__dns_asker *asker,
                              const struct msim__dns_response *response)
{
  answer(serving, asker, response, true);
}

/* ---- reading ---- */

static void refuse(struct msim__dns_serving *serving, const struct msim__dns_asker *asker, unsigned rcode,
                   bool has_question)
{
  struct msim__dns_response *response = msim__alloc_zeroed(mem_of(serving), 1, sizeof *response);

  if (response == NULL) {
    (void)msim__sim_fail_nomem(msim__node_sim(serving->agent->node));
    return;
  }
  response->rcode = rcode;
  answer(serving, asker, response, has_question);
  msim__free(mem_of(serving), response, sizeof *response);
}

/* A record that is answered in place of what the server knows. False: out of memory. */
static bool put_record(struct msim__dns_serving *serving, const struct msim__dns_asker *asker,
                       const struct msim__dns_verdict *verdict, struct msim__dns_rrset *set,
                       struct msim__dns_response *response)
{
  msim__dns_rrset_init(set, &asker->question.name, asker->question.type);
  if (msim__dns_rrset_add(set, mem_of(serving), verdict->rdata) != MSIM_OK)
    return false;
  (void)msim__dns_response_add(response, MSIM__DNS_ANSWER, set, &set->name, verdict->ttl_s);
  return true;
}

/* Answers as rules from above have it. */
static void answer_by_rule(struct msim__dns_serving *serving, const struct msim__dns_asker *asker,
                           const struct msim__dns_verdict *verdict)
{
  struct msim__dns_connection *c = find_connection(serving, asker->connection);
  struct msim__dns_response *response;
  struct msim__dns_rrset set;
  bool is_filled = true;

  if (verdict->what == MSIM__DNS_SILENCE) {
    if (c != NULL)
      c->pending_count--; /* it is not waited for */
    return;
  }
  response = msim__alloc_zeroed(mem_of(serving), 1, sizeof *response);
  memset(&set, 0, sizeof set);
  if (response != NULL) {
    response->rcode = verdict->what == MSIM__DNS_RCODE ? verdict->rcode : MSIM__DNS_NOERROR;
    response->truncated = verdict->what == MSIM__DNS_TOO_LONG;
    response->recursion_available = serving->recurses;
    response->authoritative = !serving->recurses && verdict->what != MSIM__DNS_LAME &&
                              (response->rcode == MSIM__DNS_NOERROR || response->rcode == MSIM__DNS_NXDOMAIN);
    if (verdict->what == MSIM__DNS_RECORD)
      is_filled = put_record(serving, asker, verdict, &set, response);
  }
  if (response == NULL || !is_filled)
    (void)msim__sim_fail_nomem(msim__node_sim(serving->agent->node));
  else
    answer(serving, asker, response, true);
  msim__dns_rrset_release(&set, mem_of(serving));
  msim__free(mem_of(serving), response, sizeof *response);
}

/* A question to which there is an answer. */
static void ask(struct msim__dns_serving *serving, const struct msim__dns_asker *asker)
{
  const struct msim__service_rules *rules = msim__service_rules_of(msim__node_sim(serving->agent->node));
  struct msim__dns_verdict verdict;

  memset(&verdict, 0, sizeof verdict);
  if (rules != NULL && rules->dns != NULL)
    rules->dns(rules->ctx, serving->agent, asker, &verdict);
  if (verdict.what == MSIM__DNS_AS_ALWAYS)
    serving->ask(serving->agent, asker);
  else
    answer_by_rule(serving, asker, &verdict);
}

/* Whether all of the message can be read; what its OPT record says. Two of them are one too many (RFC 6891 6.1.1). */
static bool read_rest(struct msim__dns_reader *reader, struct msim__dns_asker *asker, uint8_t *version)
{
  struct msim__dns_record record;
  enum msim__dns_section section;
  struct msim__dns_edns edns;
  int got;

  while ((got = msim__dns_read_record(reader, &record, &section)) == 1) {
    if (record.type != MSIM__DNS_OPT)
      continue;
    if (asker->has_edns || section != MSIM__DNS_ADDITIONAL || msim__dns_read_edns(&record, &edns) != MSIM_OK)
      return false;
    asker->has_edns = true;
    asker->udp_bytes_max = edns.udp_bytes_max;
    *version = edns.version;
  }
  return got == 0;
}

/* What is no question gets a word on why; what is an answer, or no message at all, gets none, or two servers could talk
 * to each other for ever. */
static void take(struct msim__dns_serving *serving, struct msim_endpoint from, uint64_t connection,
                 struct msim_slice message)
{
  struct msim__dns_asker asker;
  struct msim__dns_reader reader;
  uint8_t version = 0;

  memset(&asker, 0, sizeof asker);
  if (msim__dns_reader_init(&reader, message) != MSIM_OK || reader.header.is_response)
    return;
  asker.from = from;
  asker.connection = connection;
  asker.id = reader.header.id;
  asker.opcode = reader.header.opcode;
  asker.recursion_desired = reader.header.recursion_desired;
  asker.checking_disabled = reader.header.checking_disabled;
  if (connection != 0)
    find_connection(serving, connection)->pending_count++; /* it is there: it is just being read from */
  if (reader.header.opcode != OPCODE_QUERY)
    refuse(serving, &asker, MSIM__DNS_NOTIMP, false);
  else if (reader.header.question_count != 1 || msim__dns_read_question(&reader, &asker.question) != 1)
    refuse(serving, &asker, MSIM__DNS_FORMERR, false);
  else if (!read_rest(&reader, &asker, &version))
    refuse(serving, &asker, MSIM__DNS_FORMERR, true);
  else if (version > 0)
    refuse(serving, &asker, MSIM__DNS_BADVERS, true);
  else if (asker.question.class_ != MSIM__DNS_CLASS_IN || asker.question.type == MSIM__DNS_AXFR ||
           asker.question.type == MSIM__DNS_AXFR - 1 || asker.question.type == MSIM__DNS_OPT) /* 251: IXFR */
    refuse(serving, &asker, MSIM__DNS_REFUSED, true);
  else
    ask(serving, &asker);
}

void msim__dns_serving_datagram(struct msim__dns_serving *serving, struct msim_endpoint from, struct msim_slice bytes)
{
  if (from.port != 0) /* nobody could be answered there */
    take(serving, from, 0, bytes);
}

/* ---- connections ---- */

static void on_idle(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__dns_connection *c = (struct msim__dns_connection *)(void *)timer;

  (void)now_ns;
  msim_stream_abort(c->stream); /* RFC 7766 6.2.3 lets a server close whenever it wants */
}

static void forget(struct msim__dns_connection *c)
{
  struct msim__dns_serving *serving = c->serving;
  struct msim__dns_connection **at = &serving->first;

  msim_timer_cancel(&c->idle);
  while (*at != c)
    at = &(*at)->next;
  *at = c->next;
  serving->connection_count--;
  msim__dns_frame_release(&c->frame, mem_of(serving));
  msim__free(mem_of(serving), c, sizeof *c);
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__dns_serving *serving = msim_agent_state(agent);
  struct msim__dns_connection *c;

  if (serving->connection_count == MSIM__DNS_CONNECTIONS_MAX) {
    msim_stream_abort(stream);
    return;
  }
  c = msim__alloc_zeroed(mem_of(serving), 1, sizeof *c);
  if (c == NULL) {
    (void)msim__sim_fail_nomem(msim__node_sim(agent->node));
    return;
  }
  c->serving = serving;
  c->stream = stream;
  c->number = ++serving->last_connection;
  c->next = serving->first;
  serving->first = c;
  serving->connection_count++;
  msim_stream_set_data(stream, c);
  msim_timer_init(&c->idle, agent->node, on_idle);
  msim_timer_arm(&c->idle, IDLE_NS);
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__dns_connection *c = msim_stream_data(stream);
  struct msim_slice message;
  int got;

  if (c == NULL)
    return;
  c->is_reading = true;
  /* who asks more than it hears has to wait; the window closes then */
  while (c->pending_count < MSIM__DNS_PENDING_MAX &&
         (got = msim__dns_frame_read(&c->frame, mem_of(c->serving), stream, &message)) != 0) {
    if (got < 0) {
      if (got == MSIM_ERR_NOMEM)
        (void)msim__sim_fail_nomem(msim__node_sim(agent->node));
      msim_stream_abort(stream);
      break;
    }
    msim_timer_arm(&c->idle, IDLE_NS);
    take(c->serving, msim_stream_remote(stream), c->number, message);
    msim__dns_frame_release(&c->frame, mem_of(c->serving));
  }
  c->is_reading = false;
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__dns_connection *c = msim_stream_data(stream);

  (void)agent;
  if (c == NULL || c->pending_count == 0)
    msim_stream_close(stream);
  else
    c->is_over = true;
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__dns_connection *c = msim_stream_data(stream);

  (void)agent;
  (void)why;
  if (c != NULL)
    forget(c);
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

int msim__dns_serving_start(struct msim__dns_serving *serving)
{
  int err = msim_agent_bind_udp(serving->agent, MSIM__DNS_PORT);

  return err != MSIM_OK ? err : msim_agent_listen(serving->agent, MSIM__DNS_PORT, &stream_ops);
}

void msim__dns_serving_release(struct msim__dns_serving *serving)
{
  while (serving->first != NULL)
    forget(serving->first);
}
