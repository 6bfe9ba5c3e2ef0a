/* rule_i9.c: see rule_i9.h.
 *
 * What a host has heard is kept in rows, found by a hash of host, kind and name; names are kept as hashes only. Where
 * there are too many rows, or too many things in one, nothing is told. */
#include "check/rule_i9.h"

#include "core/hash.h"
#include "net/net.h"
#include "wire/dns_rdata.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX ((size_t)1 << 18)
#define ITEMS_MAX 12u
#define DNS_PORT 53u
#define SMTP_PORT 25u
#define LATELY_NS MSIM_SEC(600) /* an exchanger that was tried then was tried first, by another connection perhaps */
#define ROUNDING_NS MSIM_SEC(1)

enum row_kind {
  EXCHANGERS, /* of a domain: hashes of their names, with preferences */
  NAMES,      /* of an address */
  DOMAINS,    /* that name a host as an exchanger */
  HOST_NAME,  /* nothing; when one of its addresses was tried, or none was found */
  RECORDS     /* nothing; when the last of them of this name and type has had its time */
};

struct row {
  uint64_t key; /* 0: none */
  msim_ns at_ns, until_ns;
  bool takes_no_mail, is_full;
  uint32_t count;
  struct item {
    uint64_t value;
    uint32_t preference;
  } items[ITEMS_MAX];
};

struct msim__exchanger_rule {
  struct msim__trace_hook hook;
  struct msim_sim *sim;
  msim_invariants_fn *fn;
  void *user;
  struct msim_invariants_info *info;
  struct row *rows; /* open addressing, a power of two of them */
  size_t row_count, row_capacity;
  bool is_lied_to; /* a fault makes servers give answers that nobody has heard */
  int err;
};

/* ---- rows ---- */

static uint64_t key_of(const char *host, enum row_kind kind, uint64_t what)
{
  uint64_t key = UINT64_C(14695981039346656037) + (uint64_t)kind; /* FNV-1a */

  for (; *host != '\0'; host++)
    key = (key ^ (uint8_t)*host) * UINT64_C(1099511628211);
  key = msim__hash_join(key, what);
  return key != 0 ? key : 1;
}

static struct row *slot_of(struct row *rows, size_t capacity, uint64_t key)
{
  size_t at = (size_t)key & (capacity - 1);

  while (rows[at].key != 0 && rows[at].key != key)
    at = (at + 1) & (capacity - 1);
  return &rows[at];
}

static struct row *find(const struct msim__exchanger_rule *rule, const char *host, enum row_kind kind, uint64_t what)
{
  uint64_t key = key_of(host, kind, what);
  struct row *row = rule->row_capacity > 0 ? slot_of(rule->rows, rule->row_capacity, key) : NULL;

  return row != NULL && row->key == key ? row : NULL;
}

static int grow(struct msim__exchanger_rule *rule)
{
  size_t wanted = rule->row_capacity == 0 ? 64 : rule->row_capacity * 2, i;
  struct row *fresh = msim__alloc_zeroed(&rule->sim->mem, wanted, sizeof *fresh);

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < rule->row_capacity; i++)
    if (rule->rows[i].key != 0)
      *slot_of(fresh, wanted, rule->rows[i].key) = rule->rows[i];
  msim__free(&rule->sim->mem, rule->rows, rule->row_capacity * sizeof *rule->rows);
  rule->rows = fresh;
  rule->row_capacity = wanted;
  return MSIM_OK;
}

/* The row, made when there is none. NULL: too many, or out of memory. */
static struct row *row_of(struct msim__exchanger_rule *rule, const char *host, enum row_kind kind, uint64_t what)
{
  struct row *row = find(rule, host, kind, what);

  if (row != NULL || rule->row_count == ROWS_MAX)
    return row;
  if (2 * (rule->row_count + 1) > rule->row_capacity && grow(rule) != MSIM_OK) {
    rule->err = MSIM_ERR_NOMEM;
    return NULL;
  }
  row = slot_of(rule->rows, rule->row_capacity, key_of(host, kind, what));
  row->key = key_of(host, kind, what);
  rule->row_count++;
  return row;
}

static void put_item(struct row *row, uint64_t value, uint32_t preference)
{
  uint32_t i;

  if (row == NULL)
    return;
  for (i = 0; i < row->count; i++)
    if (row->items[i].value == value) {
      row->items[i].preference = preference;
      return;
    }
  row->is_full = row->is_full || row->count == ITEMS_MAX;
  if (row->count < ITEMS_MAX)
    row->items[row->count++] = (struct item){value, preference};
}

static uint64_t hash_addr(const struct msim_addr *addr)
{
  uint64_t hash = (uint64_t)addr->family;
  size_t i, n = addr->family == MSIM_FAMILY_IPV4 ? 4 : 16;

  for (i = 0; i < n; i++)
    hash = msim__hash_join(hash, addr->bytes[i]);
  return hash;
}

/* ---- telling ---- */

static void tell(struct msim__exchanger_rule *rule, const struct msim_trace_record *record, const char *text)
{
  struct msim_invariant_finding finding;

  rule->info->finding_count++;
  memset(&finding, 0, sizeof finding);
  finding.rule = "I9";
  finding.connection = finding.side = finding.segment = finding.message = finding.recipient = "";
  finding.host = record->u.packet.from;
  finding.text = text;
  finding.n = record->n;
  finding.at_ns = record->at_ns;
  rule->fn(rule->user, &finding);
}

/* ---- what hosts hear ---- */

static void hear_exchanger(struct msim__exchanger_rule *rule, const char *host, msim_ns now_ns,
                           const struct msim__dns_record *record, struct msim_slice rdata, bool *began)
{
  uint64_t domain = msim__dns_name_hash(&record->name), name;
  struct row *row = row_of(rule, host, EXCHANGERS, domain);
  struct msim__dns_name exchanger;
  uint16_t preference;

  if (row == NULL || msim__dns_rdata_name(MSIM__DNS_MX, rdata, &exchanger, &preference) != MSIM_OK)
    return;
  if (!*began) {
    row->count = 0;
    row->is_full = false;
    row->at_ns = now_ns;
  }
  *began = true;
  row->takes_no_mail = exchanger.size_bytes == 1; /* RFC 7505 */
  name = msim__dns_name_hash(&exchanger);
  put_item(row, name, preference);
  put_item(row_of(rule, host, DOMAINS, name), domain, 0);
}

/* Of one record that has come: what it says, and how long that holds. true: it is an address. */
static bool hear_record(struct msim__exchanger_rule *rule, const struct msim_trace_record *seen,
                        const struct msim__dns_reader *reader, const struct msim__dns_record *record,
                        const struct msim__dns_question *question, bool *began)
{
  const char *host = seen->u.packet.to;
  uint8_t bytes[512];
  struct msim_slice rdata = {bytes, 0};
  struct msim_addr addr;
  msim_ns until_ns = seen->at_ns + MSIM_SEC((msim_ns)(record->ttl_s >> 31 != 0 ? 0 : record->ttl_s));
  struct row *row;

  row = row_of(rule, host, RECORDS, msim__hash_join(msim__dns_name_hash(&record->name), record->type));
  if (row != NULL && row->until_ns < until_ns)
    row->until_ns = until_ns;
  if ((record->type != MSIM__DNS_MX && record->type != MSIM__DNS_A && record->type != MSIM__DNS_AAAA) ||
      msim__dns_rdata_expand(reader->message, record, bytes, sizeof bytes, &rdata.size_bytes) != MSIM_OK)
    return false;
  if (record->type == MSIM__DNS_MX) {
    hear_exchanger(rule, host, seen->at_ns, record, rdata, began);
    return false;
  }
  if (msim__dns_rdata_addr(record->type, rdata, &addr) != MSIM_OK)
    return false;
  row = row_of(rule, host, NAMES, hash_addr(&addr));
  put_item(row, msim__dns_name_hash(&record->name), 0);
  if (question->type == record->type)
    put_item(row_of(rule, host, NAMES, hash_addr(&addr)), msim__dns_name_hash(&question->name), 0);
  return true;
}

/* A response has come to the host that has asked. */
static void hear(struct msim__exchanger_rule *rule, const struct msim_trace_record *seen,
                 struct msim__dns_reader *reader, const struct msim__dns_question *question)
{
  struct msim__dns_record record;
  enum msim__dns_section section;
  bool began = false, has_address = false;
  struct row *row;

  if (reader->header.truncated)
    return;
  while (msim__dns_read_record(reader, &record, &section) > 0)
    if (record.type != MSIM__DNS_OPT && record.class_ == MSIM__DNS_CLASS_IN)
      has_address |= hear_record(rule, seen, reader, &record, question, &began);
  if (has_address || (question->type != MSIM__DNS_A && question->type != MSIM__DNS_AAAA))
    return;
  row = row_of(rule, seen->u.packet.to, HOST_NAME, msim__dns_name_hash(&question->name));
  if (row != NULL)
    row->at_ns = seen->at_ns; /* nothing to be tried */
}

/* A response from a server that is not the one who knows: it has heard all of this itself. */
static void judge_response(struct msim__exchanger_rule *rule, const struct msim_trace_record *seen,
                           struct msim__dns_reader *reader)
{
  struct msim__dns_record record;
  enum msim__dns_section section;
  char text[300], name[MSIM__DNS_NAME_TEXT_BYTES];

  while (msim__dns_read_record(reader, &record, &section) > 0) {
    const struct row *row;
    msim_ns until_ns = seen->at_ns + MSIM_SEC((msim_ns)record.ttl_s);

    if (record.type == MSIM__DNS_OPT || record.ttl_s >> 31 != 0)
      continue;
    row = find(rule, seen->u.packet.from, RECORDS, msim__hash_join(msim__dns_name_hash(&record.name), record.type));
    if (row == NULL || until_ns <= row->until_ns + ROUNDING_NS)
      continue;
    (void)msim__dns_name_format(&record.name, name);
    (void)snprintf(text, sizeof text, "it gives on %s of %.200s for %lu s, and was told so until %llu s only",
                   msim__dns_type_name(record.type) != NULL ? msim__dns_type_name(record.type) : "a record", name,
                   (unsigned long)record.ttl_s, (unsigned long long)(row->until_ns / MSIM_SEC(1)));
    tell(rule, seen, text);
    return;
  }
}

static int take_datagram(struct msim__exchanger_rule *rule, const struct msim_trace_record *seen)
{
  const struct msim_trace_packet *p = &seen->u.packet;
  struct msim__dns_question question;
  struct msim__dns_reader reader;

  if ((p->point != MSIM_POINT_TX && p->point != MSIM_POINT_RX) || p->packet->l4.udp.src_port != DNS_PORT ||
      p->unseen_bytes > 0 || p->from == NULL || p->to == NULL ||
      msim__dns_reader_init(&reader, p->packet->payload) != MSIM_OK || !reader.header.is_response ||
      msim__dns_read_question(&reader, &question) <= 0)
    return MSIM_OK;
  if (p->point == MSIM_POINT_RX)
    hear(rule, seen, &reader, &question);
  else if (!reader.header.authoritative && !rule->is_lied_to)
    judge_response(rule, seen, &reader);
  return rule->err;
}

/* ---- whom hosts call ---- */

static bool was_tried(const struct msim__exchanger_rule *rule, const char *host, uint64_t name, msim_ns since_ns,
                      msim_ns now_ns)
{
  const struct row *row = find(rule, host, HOST_NAME, name);

  return row != NULL && (row->at_ns >= since_ns || now_ns - row->at_ns <= LATELY_NS);
}

/* Whether it is the turn of the exchanger `name` of that domain. */
static bool is_its_turn(const struct msim__exchanger_rule *rule, const char *host, const struct row *domain,
                        uint64_t name, msim_ns now_ns)
{
  uint32_t i, preference = UINT32_MAX;

  if (domain->is_full)
    return true;
  for (i = 0; i < domain->count; i++)
    if (domain->items[i].value == name)
      preference = domain->items[i].preference;
  for (i = 0; i < domain->count; i++)
    if (domain->items[i].preference < preference &&
        !was_tried(rule, host, domain->items[i].value, domain->at_ns, now_ns))
      return preference == UINT32_MAX; /* it is none of them any more */
  return true;
}

void msim__exchanger_rule_connect(struct msim__exchanger_rule *rule, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *p = &record->u.packet;
  const struct row *names = find(rule, p->from, NAMES, hash_addr(&p->packet->dst)), *domains, *domain;
  bool may = false, too_early = false, unwanted = false;
  uint32_t i, k;

  if (names == NULL || p->packet->l4.tcp.dst_port != SMTP_PORT || names->is_full)
    return;
  for (i = 0; i < names->count; i++) {
    uint64_t name = names->items[i].value;
    struct row *host;

    domains = find(rule, p->from, DOMAINS, name);
    for (k = 0; domains != NULL && k < domains->count; k++) {
      domain = find(rule, p->from, EXCHANGERS, domains->items[k].value);
      if (domain == NULL || is_its_turn(rule, p->from, domain, name, record->at_ns))
        may = true;
      else
        too_early = true;
    }
    may = may || (domains != NULL && domains->is_full);
    domain = find(rule, p->from, EXCHANGERS, name);
    unwanted = unwanted || (domain != NULL && domain->takes_no_mail);
    host = row_of(rule, p->from, HOST_NAME, name);
    if (host != NULL)
      host->at_ns = record->at_ns;
    names = find(rule, p->from, NAMES, hash_addr(&p->packet->dst)); /* rows may have moved */
  }
  if (may)
    return;
  if (too_early)
    tell(rule, record, "it calls a mail exchanger while one that is preferred was not tried");
  else if (unwanted)
    tell(rule, record, "it calls a host whose domain takes no mail");
}

/* ---- life ---- */

static int take_record(void *ctx, const struct msim_trace_record *record)
{
  struct msim__exchanger_rule *rule = ctx;
  const struct msim_trace_event *event = &record->u.event;
  struct msim__dns_name name;
  struct row *row;
  size_t i;

  if (record->kind == MSIM_TRACE_DATAGRAM)
    return take_datagram(rule, record);
  if (record->kind == MSIM_TRACE_FAULT) {
    rule->is_lied_to |= strncmp(event->event, "dns", 3) == 0;
    return MSIM_OK;
  }
  if (event->host == NULL || strcmp(event->event, "dns.failed") != 0)
    return MSIM_OK;
  for (i = 0; i < event->value_count; i++) /* nobody has answered, so there is nothing to be tried */
    if (strcmp(event->values[i].name, "name") == 0 && event->values[i].kind == MSIM_VALUE_TEXT &&
        msim__dns_name_parse(&name, event->values[i].u.text, strlen(event->values[i].u.text)) == MSIM_OK) {
      row = row_of(rule, event->host, HOST_NAME, msim__dns_name_hash(&name));
      if (row != NULL)
        row->at_ns = record->at_ns;
    }
  return rule->err;
}

int msim__exchanger_rule_new(struct msim__exchanger_rule **out, struct msim_sim *sim, msim_invariants_fn *fn,
                             void *user, struct msim_invariants_info *info)
{
  struct msim__exchanger_rule *rule = msim__alloc_zeroed(&sim->mem, 1, sizeof *rule);

  *out = rule;
  if (rule == NULL)
    return MSIM_ERR_NOMEM;
  rule->sim = sim;
  rule->fn = fn;
  rule->user = user;
  rule->info = info;
  rule->hook.kinds =
      MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM) | MSIM_TRACE_BIT(MSIM_TRACE_APP) | MSIM_TRACE_BIT(MSIM_TRACE_FAULT);
  rule->hook.ctx = rule;
  rule->hook.record = take_record;
  return MSIM_OK;
}

struct msim__trace_hook *msim__exchanger_rule_hook(struct msim__exchanger_rule *rule)
{
  return &rule->hook;
}

void msim__exchanger_rule_free(struct msim__exchanger_rule *rule)
{
  struct msim__mem *mem;

  if (rule == NULL)
    return;
  mem = &rule->sim->mem;
  msim__free(mem, rule->rows, rule->row_capacity * sizeof *rule->rows);
  msim__free(mem, rule, sizeof *rule);
}
