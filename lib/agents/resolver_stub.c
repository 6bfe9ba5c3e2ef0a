/* resolver_stub.c: a host's own resolver: it asks the name servers of its host one after the other, and takes their
 * answers apart (RFC 1035 7.2 and 7.3, RFC 1123 6.1.3.3).
 *
 * As most stubs do it waits five seconds for each, goes round twice, and takes "no such name" for an answer but a
 * server's failure not. Keeps nothing: caches are the name servers'. */
#include "agents/resolver.h"

#include "agents/dns_marks.h"
#include "agents/dns_rrset.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 2u
#define TIMEOUT_NS MSIM_SEC(5)
#define CHAIN_MAX 16u /* aliases, one leading to the next */
#define RDATA_BYTES 1280u

struct text {
  char text[MSIM__DNS_NAME_TEXT_BYTES];
};

/* An answer as it is being read. */
struct found {
  struct msim_answer items[MSIM__ANSWERS_MAX];
  struct text *texts; /* of the items' names */
  size_t count;
  uint32_t ttl_s; /* of the aliases, the least */
};

/* RFC 1035 3.5: an IPv4 address backwards, in front of in-addr.arpa; RFC 3596 2.5: one of IPv6 by its hexadecimal
 * digits, in front of ip6.arpa. */
static int parse_name(struct msim__question *q, struct msim__dns_name *out)
{
  static const char digits[] = "0123456789abcdef", tail[] = "ip6.arpa";
  struct msim_addr addr;
  char text[80];
  size_t i;

  if (q->type != MSIM_NAME_PTR || msim_addr_parse(&addr, q->name, strlen(q->name)) != MSIM_OK)
    return msim__dns_name_parse(out, q->name, strlen(q->name));
  if (addr.family == MSIM_FAMILY_IPV6) {
    for (i = 0; i < 32; i++) {
      uint8_t byte = addr.bytes[15 - i / 2];

      text[2 * i] = digits[i % 2 == 0 ? byte & 15u : byte >> 4];
      text[2 * i + 1] = '.';
    }
    memcpy(text + 64, tail, sizeof tail);
    return msim__dns_name_parse(out, text, strlen(text));
  }
  (void)snprintf(text, sizeof text, "%u.%u.%u.%u.in-addr.arpa", (unsigned)addr.bytes[3], (unsigned)addr.bytes[2],
                 (unsigned)addr.bytes[1], (unsigned)addr.bytes[0]);
  return msim__dns_name_parse(out, text, strlen(text));
}

/* Ends it from the loop. */
static void give_up(struct msim__question *q, int err, const char *reason)
{
  q->err = err;
  if (reason != NULL)
    q->reason = reason;
  msim_timer_arm(&q->timer, 0);
}

static bool server_addr(const struct msim__question *q, const char *server, struct msim_addr *out)
{
  const struct msim_node *node;

  if (msim_addr_parse(out, server, strlen(server)) == MSIM_OK)
    return true;
  node = msim_node_find(msim__node_sim(q->agent->node), server);
  if (node == NULL)
    return false;
  *out = msim_node_addr_of(node, msim_node_addr(q->agent->node).family); /* as this host speaks, first of all IPv4 */
  return out->family != MSIM_FAMILY_NONE;
}

static void ask_next(struct msim__question *q)
{
  struct msim__stub *stub = q->stub;

  while (q->try_count < ROUNDS * stub->count) {
    int err;

    if (!server_addr(q, stub->servers[q->try_count++ % stub->count], &q->exchange.server)) {
      q->reason = "no-server";
      continue;
    }
    q->exchange.edns = true;
    err = msim__dns_exchange_start(&q->exchange);
    if (err == MSIM_OK || err <= MSIM_ERR_FATAL)
      return; /* in the latter case the run is over */
    q->reason = "no-port";
  }
  give_up(q, MSIM_ERR_IO, NULL);
}

/* ---- answers ---- */

/* Where the chain of aliases leads that begins at *name; the least time to live on the way. */
static void follow(const struct msim__dns_reader *start, uint16_t type, struct msim__dns_name *name, uint32_t *ttl_s)
{
  struct msim__dns_record record;
  enum msim__dns_section section;
  unsigned length = 0;
  bool moved = true;

  while (moved && length++ < CHAIN_MAX) {
    struct msim__dns_reader reader = *start;

    moved = false;
    while (!moved && msim__dns_read_record(&reader, &record, &section) == 1) {
      uint8_t bytes[MSIM__DNS_NAME_BYTES_MAX];
      struct msim_slice rdata = {bytes, 0};
      struct msim__dns_name target;

      if (section != MSIM__DNS_ANSWER || !msim__dns_name_equal(&record.name, name))
        continue;
      if (record.type == type)
        return;
      if (record.type != MSIM__DNS_CNAME ||
          msim__dns_rdata_expand(reader.message, &record, bytes, sizeof bytes, &rdata.size_bytes) != MSIM_OK ||
          msim__dns_rdata_name(MSIM__DNS_CNAME, rdata, &target, NULL) != MSIM_OK)
        continue;
      *name = target;
      *ttl_s = record.ttl_s < *ttl_s ? record.ttl_s : *ttl_s;
      moved = true;
    }
  }
}

static bool take_record(struct found *found, uint16_t type, struct msim_slice rdata, struct msim_answer *item)
{
  struct msim__dns_name name;
  char *text = found->texts[found->count].text;

  switch (type) {
  case MSIM__DNS_A:
  case MSIM__DNS_AAAA:
    item->name = NULL;
    return msim__dns_rdata_addr(type, rdata, &item->addr) == MSIM_OK;
  case MSIM__DNS_TXT:
    item->name = text;
    return msim__dns_rdata_format(type, rdata, text);
  default:
    if (msim__dns_rdata_name(type, rdata, &name, &item->preference) != MSIM_OK)
      return false;
    (void)msim__dns_name_format(&name, text);
    item->name = text;
    return true;
  }
}

static void take_records(struct msim__question *q, struct msim__dns_reader reader, struct found *found)
{
  uint16_t type = msim__question_wire_type(q->type);
  struct msim__dns_name name = q->exchange.question.name;
  enum msim__dns_section section;
  struct msim__dns_record record;
  uint8_t bytes[RDATA_BYTES];

  follow(&reader, type, &name, &found->ttl_s);
  while (found->count < MSIM__ANSWERS_MAX && msim__dns_read_record(&reader, &record, &section) == 1) {
    struct msim_answer *item = &found->items[found->count];
    struct msim_slice rdata = {bytes, 0};

    if (section != MSIM__DNS_ANSWER || record.type != type || record.class_ != MSIM__DNS_CLASS_IN ||
        !msim__dns_name_equal(&record.name, &name) ||
        msim__dns_rdata_expand(reader.message, &record, bytes, sizeof bytes, &rdata.size_bytes) != MSIM_OK)
      continue;
    memset(item, 0, sizeof *item);
    if (!take_record(found, type, rdata, item))
      continue;
    if (item->name == NULL)
      item->name = q->name;
    item->ttl_s = record.ttl_s < found->ttl_s ? record.ttl_s : found->ttl_s;
    found->count++;
  }
}

static void read_answer(struct msim__question *q, const struct msim__dns_reader *reader)
{
  struct msim__mem *mem = &msim__node_sim(q->agent->node)->mem;
  struct found *found = msim__alloc_zeroed(mem, 1, sizeof *found);
  struct text *texts = msim__alloc_zeroed(mem, MSIM__ANSWERS_MAX, sizeof *texts);
  struct msim_answers answers;

  if (found == NULL || texts == NULL) {
    (void)msim__sim_fail_nomem(msim__node_sim(q->agent->node));
  } else {
    found->texts = texts;
    found->ttl_s = UINT32_MAX;
    take_records(q, *reader, found);
    answers.err = MSIM_OK;
    answers.items = found->items;
    answers.count = found->count;
    if (found->count > 0) {
      msim__question_tell_answer(q, &found->items[0]);
      msim__question_end(q, &answers);
    } else {
      give_up(q, MSIM_ERR_NOT_FOUND, reader->header.rcode == MSIM__DNS_NXDOMAIN ? "no-such-name" : "no-such-record");
    }
  }
  msim__free(mem, texts, MSIM__ANSWERS_MAX * sizeof *texts);
  msim__free(mem, found, sizeof *found);
}

static void done(struct msim__dns_exchange *exchange, int err, struct msim_slice message)
{
  struct msim__question *q =
      (struct msim__question *)(void *)((char *)exchange - offsetof(struct msim__question, exchange));
  struct msim__dns_reader reader;

  if (err == MSIM_OK && (msim__dns_reader_init(&reader, message) != MSIM_OK || !msim__dns_message_is_whole(message))) {
    q->reason = "bad-answer";
  } else if (err == MSIM_OK) {
    if (reader.header.rcode == MSIM__DNS_NOERROR || reader.header.rcode == MSIM__DNS_NXDOMAIN) {
      read_answer(q, &reader);
      return;
    }
    q->reason = reader.header.rcode == MSIM__DNS_SERVFAIL ? "server-failure" : "refused";
  } else {
    q->reason = err == MSIM_ERR_LIMIT ? "timeout" : "unreachable";
  }
  ask_next(q);
}

void msim__stub_ask(struct msim__question *q)
{
  q->reason = "no-server";
  msim__dns_exchange_init(&q->exchange, q->agent, &q->stub->rng);
  q->exchange.question.type = msim__question_wire_type(q->type);
  q->exchange.question.class_ = MSIM__DNS_CLASS_IN;
  q->exchange.recursion_desired = true;
  q->exchange.timeout_ns = TIMEOUT_NS;
  q->exchange.done = done;
  if (parse_name(q, &q->exchange.question.name) != MSIM_OK)
    give_up(q, MSIM_ERR_NOT_FOUND, "bad-name");
  else
    ask_next(q);
}
