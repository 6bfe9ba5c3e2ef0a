/* dns_marks.c: see dns_marks.h. */
#include "agents/dns_marks.h"

#include <stdio.h>
#include <string.h>

#define NUMBERS_BYTES 24u /* "65535 65535 65535 " and a zero */

const char *msim__dns_type_format(uint16_t type, char *out)
{
  const char *name = msim__dns_type_name(type);

  if (name != NULL)
    (void)snprintf(out, 16, "%s", name);
  else
    (void)snprintf(out, 16, "TYPE%u", (unsigned)type); /* RFC 3597 5 */
  return out;
}

static void format_numbered_name(const char *numbers, const struct msim__dns_name *name, char *out)
{
  char text[MSIM__DNS_NAME_TEXT_BYTES];
  size_t size = strlen(numbers), text_bytes = msim__dns_name_format(name, text);

  memcpy(out, numbers, size);
  if (text_bytes >= MSIM__DNS_NAME_TEXT_BYTES - size)
    text_bytes = MSIM__DNS_NAME_TEXT_BYTES - size - 1;
  memcpy(out + size, text, text_bytes);
  out[size + text_bytes] = '\0';
}

static bool format_texts(struct msim_slice rdata, char *out)
{
  struct msim_slice part;
  size_t at = 0, size = 0, i;
  int got;

  while ((got = msim__dns_rdata_text(rdata, &at, &part)) == 1)
    for (i = 0; i < part.size_bytes && size + 5 < MSIM__DNS_NAME_TEXT_BYTES; i++) {
      uint8_t c = part.data[i];

      if (c >= ' ' && c <= '~' && c != '\\')
        out[size++] = (char)c;
      else
        size += (size_t)snprintf(out + size, 5, "\\%03u", (unsigned)c);
    }
  out[size] = '\0';
  return got == 0;
}

bool msim__dns_rdata_format(uint16_t type, struct msim_slice rdata, char *out)
{
  char numbers[NUMBERS_BYTES] = "";
  struct msim__dns_name name;
  struct msim__dns_soa soa;
  struct msim__dns_srv srv;
  struct msim_addr addr;
  uint16_t preference = 0;

  switch (type) {
  case MSIM__DNS_A:
  case MSIM__DNS_AAAA:
    if (msim__dns_rdata_addr(type, rdata, &addr) != MSIM_OK)
      return false;
    (void)msim_addr_format(&addr, out);
    return true;
  case MSIM__DNS_TXT:
    return format_texts(rdata, out);
  case MSIM__DNS_SRV:
    if (msim__dns_rdata_srv(rdata, &srv) != MSIM_OK)
      return false;
    (void)snprintf(numbers, sizeof numbers, "%u %u %u ", (unsigned)srv.priority, (unsigned)srv.weight,
                   (unsigned)srv.port);
    name = srv.target;
    break;
  case MSIM__DNS_SOA:
    if (msim__dns_rdata_soa(rdata, &soa) != MSIM_OK)
      return false;
    name = soa.server;
    break;
  default:
    if (msim__dns_rdata_name(type, rdata, &name, &preference) != MSIM_OK)
      return false;
    if (type == MSIM__DNS_MX)
      (void)snprintf(numbers, sizeof numbers, "%u ", (unsigned)preference);
    break;
  }
  format_numbered_name(numbers, &name, out);
  return true;
}

static void put(struct msim__dns_mark *mark, struct msim_value value)
{
  if (mark->value_count < MSIM__DNS_MARK_VALUES_MAX)
    mark->values[mark->value_count++] = value;
}

static bool data_of(struct msim_slice message, const struct msim__dns_record *record, char *out)
{
  uint8_t bytes[MSIM__DNS_NAME_TEXT_BYTES];
  struct msim_slice rdata = {bytes, 0};

  return msim__dns_rdata_expand(message, record, bytes, sizeof bytes, &rdata.size_bytes) == MSIM_OK &&
         msim__dns_rdata_format(record->type, rdata, out);
}

static bool is_address(uint16_t type)
{
  return type == MSIM__DNS_A || type == MSIM__DNS_AAAA;
}

/* The first record of the section that is wanted: of the type, or 0 for any address. */
static bool find_record(struct msim__dns_reader reader, enum msim__dns_section wanted, uint16_t type,
                        struct msim__dns_record *out)
{
  enum msim__dns_section section;

  while (msim__dns_read_record(&reader, out, &section) == 1)
    if (section == wanted && (type != 0 ? out->type == type : is_address(out->type)))
      return true;
  return false;
}

/* No answer, but whom to ask next (RFC 1034 4.3.2, 3 b). */
static bool fill_referral(struct msim__dns_mark *mark, const struct msim__dns_reader *reader)
{
  struct msim__dns_record record;

  if (reader->header.answer_count > 0 || reader->header.authoritative || reader->header.rcode != MSIM__DNS_NOERROR ||
      !find_record(*reader, MSIM__DNS_AUTHORITY, MSIM__DNS_NS, &record))
    return false;
  mark->unit = "dns.referral";
  (void)msim__dns_name_format(&record.name, mark->name);
  put(mark, msim_value_text("zone", mark->name));
  if (data_of(reader->message, &record, mark->data))
    put(mark, msim_value_text("server", mark->data));
  if (find_record(*reader, MSIM__DNS_ADDITIONAL, 0, &record) && data_of(reader->message, &record, mark->address))
    put(mark, msim_value_text("address", mark->address));
  return true;
}

static void fill_answer(struct msim__dns_mark *mark, const struct msim__dns_reader *reader, uint16_t type)
{
  const char *rcode = msim__dns_rcode_name(reader->header.rcode);
  struct msim__dns_record record;

  mark->unit = "dns.answer";
  if (reader->header.rcode != MSIM__DNS_NOERROR)
    put(mark, msim_value_text("rcode", rcode != NULL ? rcode : "?"));
  if (reader->header.truncated)
    put(mark, msim_value_bool("truncated", true));
  if (find_record(*reader, MSIM__DNS_ANSWER, 0, &record) && is_address(record.type) &&
      msim__dns_rdata_format(record.type, record.rdata, mark->address)) {
    put(mark, msim_value_text("address", mark->address));
  } else if (find_record(*reader, MSIM__DNS_ANSWER, type, &record) && data_of(reader->message, &record, mark->data)) {
    put(mark, msim_value_text("data", mark->data));
  } else {
    return;
  }
  put(mark, msim_value_int("ttl", (int64_t)record.ttl_s));
}

bool msim__dns_mark_fill(struct msim__dns_mark *mark, struct msim_slice message)
{
  struct msim__dns_question question;
  struct msim__dns_reader reader;

  mark->value_count = 0;
  if (msim__dns_reader_init(&reader, message) != MSIM_OK || msim__dns_read_question(&reader, &question) != 1)
    return false;
  if (reader.header.is_response && fill_referral(mark, &reader))
    return true;
  mark->unit = "dns.query";
  (void)msim__dns_name_format(&question.name, mark->name);
  put(mark, msim_value_text("name", mark->name));
  put(mark, msim_value_text("type", msim__dns_type_format(question.type, mark->type)));
  if (reader.header.is_response)
    fill_answer(mark, &reader, question.type);
  return true;
}

int msim__dns_send_udp(struct msim_node *node, uint16_t local_port, struct msim_endpoint to, struct msim_slice message)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__dns_mark mark;
  struct msim__units *units;
  int err;

  if (!msim__trace_wants(sim, MSIM_TRACE_DATAGRAM) || !msim__dns_mark_fill(&mark, message))
    return msim__udp_send(node, local_port, to, message, NULL);
  units = msim__units_new(&sim->mem, 1);
  if (units == NULL)
    return msim__sim_fail_nomem(sim);
  units->items[0].unit = mark.unit;
  units->items[0].end_byte = (uint32_t)message.size_bytes;
  units->items[0].edges = MSIM_EDGE_FIRST | MSIM_EDGE_LAST;
  err = msim__unit_set_values(units, 0, mark.values, mark.value_count);
  err = err != MSIM_OK ? msim__sim_fail_nomem(sim) : msim__udp_send(node, local_port, to, message, units);
  msim__units_unref(units);
  return err;
}
