/* ledger_wire.c: what the ledger reads off the wire: the reply by which a host takes charge, at the moment of its
 * sending; the bodies of mails, hop by hop; headers and logins. See ledger.h.
 *
 * Bytes count when they are sent for the first time and in order; what has a gap is not judged. */
#include "check/ledger.h"

#include "core/hash.h"

#include <string.h>

#define BUCKETS 1024u

static struct msim__ledger_flow **find_link(struct msim__ledger *ledger, uint64_t id)
{
  struct msim__ledger_flow **link = &ledger->flows[id % BUCKETS];

  while (*link != NULL && (*link)->id != id)
    link = &(*link)->next;
  return link;
}

static struct msim__ledger_flow *find_flow(struct msim__ledger *ledger, const struct msim_flow *flow)
{
  return ledger->flows == NULL ? NULL : *find_link(ledger, msim_flow_id(flow));
}

/* NULL: too many, or out of memory. */
static struct msim__ledger_flow *open_flow(struct msim__ledger *ledger, const struct msim_flow *flow)
{
  struct msim__mem *mem = &ledger->sim->mem;
  struct msim__ledger_flow **link;

  if (ledger->flows == NULL)
    ledger->flows = msim__ledger_need(ledger, msim__alloc_zeroed(mem, BUCKETS, sizeof *ledger->flows));
  if (ledger->flows == NULL)
    return NULL;
  link = find_link(ledger, msim_flow_id(flow));
  if (*link != NULL || ledger->flow_count >= MSIM__LEDGER_FLOWS_MAX)
    return *link;
  *link = msim__ledger_need(ledger, msim__alloc_zeroed(mem, 1, sizeof **link));
  if (*link == NULL)
    return NULL;
  (*link)->id = msim_flow_id(flow);
  ledger->flow_count++;
  return *link;
}

static void close_flow(struct msim__ledger *ledger, struct msim__ledger_flow *flow)
{
  struct msim__ledger_flow **link = find_link(ledger, flow->id);

  *link = flow->next;
  msim__free(&ledger->sim->mem, flow->header, flow->header_capacity);
  msim__free(&ledger->sim->mem, flow, sizeof *flow);
  ledger->flow_count--;
}

void msim__ledger_flows_free(struct msim__ledger *ledger)
{
  size_t i;

  for (i = 0; ledger->flows != NULL && i < BUCKETS; i++)
    while (ledger->flows[i] != NULL)
      close_flow(ledger, ledger->flows[i]);
  msim__free(&ledger->sim->mem, ledger->flows, ledger->flows != NULL ? BUCKETS * sizeof *ledger->flows : 0);
  ledger->flows = NULL;
}

/* ---- replies ---- */

/* I1: at the sending of the positive reply, something that outlives a crash must hold each recipient. */
static void judge_reply(struct msim__ledger *ledger, struct msim__ledger_message *message, const char *name)
{
  const char *host = msim__ledger_host_of(ledger, name);
  const struct msim__custody *custody;
  bool known = message->dropped;
  size_t i;

  for (i = 0; i < message->recipient_count; i++) {
    const struct msim__ledger_recipient *recipient = &message->recipients[i];

    known = known || recipient->accepted_count > 0;
    for (custody = recipient->custodies; custody != NULL; custody = custody->next)
      if (custody->host == host && custody->accepted && !custody->kept && !custody->stored)
        msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I1, host, recipient->address,
                            "it was acknowledged, and neither a queue nor a mailbox holds it");
  }
  if (!known)
    msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I1, host, NULL,
                        "it was acknowledged before the host had taken charge of it");
}

/* ---- headers ---- */

static bool is_bcc_line(const char *line, size_t left)
{
  return left > 4 && (line[0] | 0x20) == 'b' && (line[1] | 0x20) == 'c' && (line[2] | 0x20) == 'c' &&
         (line[3] == ':' || line[3] == ' ');
}

/* I14: who was to stay hidden is named, or a password is. */
static void judge_header(struct msim__ledger *ledger, const struct msim__ledger_flow *flow, const char *host)
{
  struct msim__ledger_message *message = flow->message;
  const char *at = flow->header, *end = flow->header + flow->header_bytes, *lf;
  size_t i;

  while (at < end) {
    if (is_bcc_line(at, (size_t)(end - at)))
      msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I14, host, NULL, "the header has a field Bcc");
    lf = memchr(at, '\n', (size_t)(end - at));
    at = lf != NULL ? lf + 1 : end;
  }
  for (i = 0; i < message->hidden_count; i++)
    if (msim__ledger_holds(flow->header, flow->header_bytes, message->hidden[i]))
      msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I14, host, message->hidden[i],
                          "the header names a recipient who was to stay hidden");
  for (i = 0; i < ledger->secret_count; i++)
    if (msim__ledger_holds(flow->header, flow->header_bytes, ledger->secrets[i]))
      msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I14, host, NULL, "the header holds a password");
}

/* ---- bodies ---- */

/* Eight bytes at a time, however they are cut into segments. */
static void hash_bytes(struct msim__ledger_flow *flow, const uint8_t *data, size_t size_bytes)
{
  uint64_t word;

  if (size_bytes == 0)
    return;
  flow->last_byte = data[size_bytes - 1];
  flow->body_bytes += size_bytes;
  while (size_bytes > 0) {
    if (flow->held_bytes == 0 && size_bytes >= 8) {
      memcpy(&word, data, 8);
      flow->hash = (flow->hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
      flow->hash ^= flow->hash >> 29;
      data += 8;
      size_bytes -= 8;
      continue;
    }
    flow->held[flow->held_bytes++] = *data++;
    size_bytes--;
    if (flow->held_bytes == 8) {
      memcpy(&word, flow->held, 8);
      flow->hash = (flow->hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
      flow->hash ^= flow->hash >> 29;
      flow->held_bytes = 0;
    }
  }
}

/* Behind DATA dots are doubled, and a lone one ends it (RFC 5321 4.5.2). */
static void read_body(struct msim__ledger_flow *flow, const uint8_t *data, size_t size_bytes)
{
  if (flow->chunked) {
    hash_bytes(flow, data, size_bytes);
    return;
  }
  while (size_bytes > 0 && !flow->over) {
    const uint8_t *lf;
    size_t n;

    if (flow->at_line_start && *data == '.') {
      flow->at_line_start = false;
      flow->after_dot = true;
      data++;
      size_bytes--;
      continue;
    }
    flow->over = flow->after_dot && *data == '\r';
    flow->after_dot = flow->at_line_start = false;
    if (flow->over)
      return;
    lf = memchr(data, '\n', size_bytes);
    n = lf != NULL ? (size_t)(lf - data) + 1 : size_bytes;
    while (lf != NULL && n < size_bytes && data[n] != '.') { /* only a dot at the start of a line matters */
      lf = memchr(data + n, '\n', size_bytes - n);
      n = lf != NULL ? (size_t)(lf - data) + 1 : size_bytes;
    }
    hash_bytes(flow, data, n);
    flow->at_line_start = lf != NULL;
    data += n;
    size_bytes -= n;
  }
}

/* Whether the header is complete with the byte that was added last. */
static bool header_ends(const struct msim__ledger_flow *flow)
{
  const char *end = flow->header + flow->header_bytes;

  return (flow->header_bytes == 2 && memcmp(end - 2, "\r\n", 2) == 0) ||
         (flow->header_bytes >= 4 && memcmp(end - 4, "\r\n\r\n", 4) == 0);
}

static void read_content(struct msim__ledger *ledger, struct msim__ledger_flow *flow, const uint8_t *data,
                         size_t size_bytes, const char *host)
{
  while (size_bytes > 0 && !flow->in_body && !flow->lost) {
    const uint8_t *lf = memchr(data, '\n', size_bytes);
    size_t n = lf != NULL ? (size_t)(lf - data) + 1 : size_bytes;

    if (flow->header_bytes + n > MSIM__LEDGER_HEADER_BYTES_MAX) {
      flow->lost = true;
      return;
    }
    if (msim__grow(&ledger->sim->mem, &flow->header, &flow->header_capacity, flow->header_bytes + n,
                   MSIM__LEDGER_HEADER_BYTES_MAX, 1) < 0) {
      (void)msim__ledger_need(ledger, NULL);
      flow->lost = true;
      return;
    }
    memcpy(flow->header + flow->header_bytes, data, n);
    flow->header_bytes += n;
    data += n;
    size_bytes -= n;
    if (lf == NULL || !header_ends(flow))
      continue;
    judge_header(ledger, flow, host);
    flow->in_body = flow->at_line_start = true;
  }
  if (flow->in_body)
    read_body(flow, data, size_bytes);
}

static uint64_t end_of_body(const struct msim__ledger_flow *flow)
{
  uint64_t hash = flow->hash;
  size_t i;

  for (i = 0; i < flow->held_bytes; i++)
    hash = msim__hash_join(hash, flow->held[i]);
  return msim__hash_join(hash, flow->body_bytes);
}

static void judge_body(struct msim__ledger *ledger, struct msim__ledger_flow *flow, const char *host)
{
  struct msim__ledger_message *message = flow->message;
  uint64_t hash = end_of_body(flow);
  unsigned i;

  if (flow->lost || !flow->in_body || (!flow->chunked && !flow->over) ||
      (flow->chunked && flow->body_bytes > 0 && flow->last_byte != '\n'))
    return;
  for (i = 0; i < message->body_count; i++)
    if (message->bodies[i] == hash)
      return;
  if ((message->body_count == 0 || message->converted) && message->body_count < MSIM__LEDGER_BODIES_MAX) {
    message->bodies[message->body_count++] = hash;
    message->converted = false;
    return;
  }
  msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I6, host, NULL,
                      "the body that is passed on is not the one that was sent (%llu bytes)",
                      (unsigned long long)flow->body_bytes);
}

static void begin_content(struct msim__ledger *ledger, struct msim__ledger_flow *flow, const char *label,
                          uint32_t number)
{
  flow->message = label != NULL ? msim__ledger_message_of(ledger, label, false) : NULL;
  flow->next_number = number;
  flow->in_body = flow->at_line_start = flow->after_dot = flow->over = flow->lost = false;
  flow->header_bytes = flow->held_bytes = 0;
  flow->hash = flow->body_bytes = 0;
}

static void take_content(struct msim__ledger *ledger, struct msim__ledger_flow *flow,
                         const struct msim_trace_packet *packet, const struct msim_trace_unit *unit)
{
  uint32_t begin = packet->seq + unit->begin_byte, size = unit->end_byte - unit->begin_byte, skip;

  if ((unit->edges & MSIM_EDGE_FIRST) != 0 && (flow->message == NULL || begin == flow->next_number))
    begin_content(ledger, flow, unit->message, begin);
  if (flow->message == NULL)
    return;
  skip = flow->next_number - begin;
  if (skip > size) { /* nothing new, or a gap */
    flow->lost = flow->lost || (int32_t)skip < 0;
    return;
  }
  if (unit->end_byte > packet->packet->payload.size_bytes || packet->unseen_bytes > 0)
    flow->lost = true;
  else
    read_content(ledger, flow, packet->packet->payload.data + unit->begin_byte + skip, size - skip, packet->from);
  flow->next_number += size - skip;
  if ((unit->edges & MSIM_EDGE_LAST) == 0)
    return;
  judge_body(ledger, flow, packet->from);
  close_flow(ledger, flow);
}

/* ---- logins ---- */

static int digit_value(uint8_t c)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *at = c != '\0' ? strchr(digits, c) : NULL;

  return at != NULL ? (int)(at - digits) : -1;
}

/* Base64 into out. Its length. */
static size_t decode(const uint8_t *data, size_t size_bytes, char *out, size_t cap_bytes)
{
  uint32_t bits = 0;
  unsigned count = 0;
  size_t i, n = 0;

  for (i = 0; i < size_bytes && n < cap_bytes; i++) {
    int value = digit_value(data[i]);

    if (value < 0)
      break;
    bits = bits << 6 | (uint32_t)value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out[n++] = (char)(bits >> count);
    }
  }
  return n;
}

/* What PLAIN (RFC 4616) and LOGIN send; other mechanisms send no password. */
static void take_login(struct msim__ledger *ledger, struct msim__ledger_flow *flow, const uint8_t *line,
                       size_t line_bytes)
{
  char plain[600];
  const char *nul;
  size_t n;

  if (line_bytes > 10 && memcmp(line, "AUTH LOGIN", 10) == 0) {
    flow->login_lines = 1;
    return;
  }
  if (line_bytes > 11 && memcmp(line, "AUTH PLAIN ", 11) == 0) {
    line += 11;
    line_bytes -= 11;
  }
  n = decode(line, line_bytes, plain, sizeof plain);
  nul = n > 0 ? memchr(plain, '\0', n) : NULL;
  if (nul != NULL)
    nul = memchr(nul + 1, '\0', (size_t)(plain + n - nul - 1));
  if (nul != NULL)
    msim__ledger_keep_secret(ledger, nul + 1, (size_t)(plain + n - nul - 1));
  else if (flow->login_lines == 2)
    msim__ledger_keep_secret(ledger, plain, n);
  flow->login_lines = flow->login_lines == 1 ? 2 : 0;
}

/* ---- segments ---- */

static void take_unit(struct msim__ledger *ledger, const struct msim_trace_packet *packet,
                      const struct msim_trace_unit *unit)
{
  struct msim_slice payload = packet->packet->payload;
  const uint8_t *data = payload.data + unit->begin_byte;
  size_t size = unit->end_byte - unit->begin_byte;
  bool whole = unit->end_byte <= payload.size_bytes && packet->unseen_bytes == 0;
  struct msim__ledger_flow *flow;
  struct msim__ledger_message *message;

  if (strcmp(unit->unit, "mail.content") == 0) {
    flow = find_flow(ledger, packet->flow);
    if (flow != NULL && flow->smtp && packet->from_client)
      take_content(ledger, flow, packet, unit);
  } else if (packet->rtx_number != 0 || !whole || size == 0) {
    return;
  } else if (strcmp(unit->unit, "smtp.reply") == 0) {
    if (unit->message == NULL || (unit->edges & MSIM_EDGE_FIRST) == 0 || data[0] != '2')
      return;
    message = msim__ledger_message_of(ledger, unit->message, false);
    if (message != NULL)
      judge_reply(ledger, message, packet->from);
  } else if (strcmp(unit->unit, "smtp.envelope") == 0) {
    flow = open_flow(ledger, packet->flow);
    if (flow != NULL && (unit->edges & MSIM_EDGE_FIRST) != 0 && size > 4 && memcmp(data, "MAIL", 4) == 0) {
      flow->smtp = true;
      flow->chunked = false;
    }
  } else if (strcmp(unit->unit, "smtp.command") == 0) {
    flow = size > 4 && memcmp(data, "BDAT", 4) == 0 ? find_flow(ledger, packet->flow) : NULL;
    if (flow != NULL)
      flow->chunked = true;
  } else if (unit->unit[0] == 'i' && !packet->from_client) {
    if (unit->edges == (MSIM_EDGE_FIRST | MSIM_EDGE_LAST) &&
        (strcmp(unit->unit, "imap.reply") == 0 || strcmp(unit->unit, "imap.overview") == 0))
      msim__ledger_take_imap_reply(ledger, packet, unit);
  } else if (strcmp(unit->unit, "auth.credentials") == 0) {
    flow = open_flow(ledger, packet->flow);
    if (flow != NULL)
      take_login(ledger, flow, data, size);
  }
}

int msim__ledger_take_segment(struct msim__ledger *ledger, const struct msim_trace_packet *packet)
{
  size_t i;

  if (packet->flow == NULL || packet->packet == NULL)
    return MSIM_OK;
  for (i = 0; i < packet->unit_count; i++)
    take_unit(ledger, packet, &packet->units[i]);
  return ledger->err;
}
