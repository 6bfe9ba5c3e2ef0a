/* dns_message.c: see dns_message.h. */
#include "wire/dns_message.h"

#include "wire/dns_rdata.h"
#include "wire/octets.h"

#include <string.h>

#define QUESTION_BYTES 4u /* behind its name */
#define RECORD_BYTES 10u  /* likewise, in front of RDATA */
#define POINTER 0xc000u
#define POINTER_TARGET_MAX 0x3fffu

/* bits of the second word of the header (RFC 1035 4.1.1, RFC 4035 3.1.6, 3.2.2) */
#define QR 0x8000u
#define AA 0x0400u
#define TC 0x0200u
#define RD 0x0100u
#define RA 0x0080u
#define AD 0x0020u
#define CD 0x0010u

/* ---- names of numbers ---- */

struct word {
  uint16_t number;
  const char *name;
};

static const struct word types[] = {
    {MSIM__DNS_A, "A"},     {MSIM__DNS_NS, "NS"},   {MSIM__DNS_CNAME, "CNAME"}, {MSIM__DNS_SOA, "SOA"},
    {MSIM__DNS_PTR, "PTR"}, {MSIM__DNS_MX, "MX"},   {MSIM__DNS_TXT, "TXT"},     {MSIM__DNS_AAAA, "AAAA"},
    {MSIM__DNS_SRV, "SRV"}, {MSIM__DNS_OPT, "OPT"}, {MSIM__DNS_AXFR, "AXFR"},   {MSIM__DNS_ANY, "ANY"},
};

const char *msim__dns_type_name(uint16_t type)
{
  size_t i;

  for (i = 0; i < sizeof types / sizeof types[0]; i++)
    if (types[i].number == type)
      return types[i].name;
  return NULL;
}

static bool same_word(const char *text, size_t text_bytes, const char *upper)
{
  size_t i;

  for (i = 0; i < text_bytes; i++) {
    char c = text[i];

    if (c >= 'a' && c <= 'z')
      c = (char)(c - 'a' + 'A');
    if (upper[i] == '\0' || c != upper[i])
      return false;
  }
  return upper[i] == '\0';
}

uint16_t msim__dns_type_parse(const char *text, size_t text_bytes)
{
  uint32_t value = 0;
  size_t i;

  for (i = 0; i < sizeof types / sizeof types[0]; i++)
    if (same_word(text, text_bytes, types[i].name))
      return types[i].number;
  if (text_bytes < 5 || !same_word(text, 4, "TYPE"))
    return 0;
  for (i = 4; i < text_bytes; i++) {
    if (text[i] < '0' || text[i] > '9')
      return 0;
    value = value * 10 + (uint32_t)(text[i] - '0');
    if (value > 65535)
      return 0;
  }
  return (uint16_t)value;
}

const char *msim__dns_rcode_name(unsigned rcode)
{
  static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

  if (rcode == MSIM__DNS_BADVERS)
    return "BADVERS";
  return rcode < sizeof names / sizeof names[0] ? names[rcode] : NULL;
}

/* ---- reading ---- */

int msim__dns_reader_init(struct msim__dns_reader *reader, struct msim_slice message)
{
  struct msim__dns_header *header = &reader->header;
  const uint8_t *p = message.data;
  unsigned bits;

  memset(reader, 0, sizeof *reader);
  if (message.size_bytes < MSIM__DNS_HEADER_BYTES)
    return MSIM_ERR_SYNTAX;
  bits = msim__octets_get16(p + 2);
  header->id = msim__octets_get16(p);
  header->is_response = (bits & QR) != 0;
  header->opcode = (uint8_t)(bits >> 11 & 15);
  header->authoritative = (bits & AA) != 0;
  header->truncated = (bits & TC) != 0;
  header->recursion_desired = (bits & RD) != 0;
  header->recursion_available = (bits & RA) != 0;
  header->authentic = (bits & AD) != 0;
  header->checking_disabled = (bits & CD) != 0;
  header->rcode = (uint8_t)(bits & 15);
  header->question_count = msim__octets_get16(p + 4);
  header->answer_count = msim__octets_get16(p + 6);
  header->authority_count = msim__octets_get16(p + 8);
  header->additional_count = msim__octets_get16(p + 10);
  reader->message = message;
  reader->at = MSIM__DNS_HEADER_BYTES;
  reader->left = header->question_count;
  return MSIM_OK;
}

int msim__dns_read_question(struct msim__dns_reader *reader, struct msim__dns_question *out)
{
  size_t at = reader->at;

  if (reader->section != MSIM__DNS_QUESTION || reader->left == 0)
    return 0;
  if (msim__dns_name_read(&out->name, reader->message, &at) != MSIM_OK ||
      reader->message.size_bytes - at < QUESTION_BYTES)
    return MSIM_ERR_SYNTAX;
  out->type = msim__octets_get16(reader->message.data + at);
  out->class_ = msim__octets_get16(reader->message.data + at + 2);
  reader->at = at + QUESTION_BYTES;
  reader->left--;
  return 1;
}

static uint16_t count_of(const struct msim__dns_header *header, enum msim__dns_section section)
{
  switch (section) {
  case MSIM__DNS_QUESTION:
    return header->question_count;
  case MSIM__DNS_ANSWER:
    return header->answer_count;
  case MSIM__DNS_AUTHORITY:
    return header->authority_count;
  case MSIM__DNS_ADDITIONAL:
    return header->additional_count;
  case MSIM__DNS_END:
    break;
  }
  return 0;
}

int msim__dns_read_record(struct msim__dns_reader *reader, struct msim__dns_record *out,
                          enum msim__dns_section *section)
{
  struct msim__dns_question question;
  const uint8_t *p;
  size_t at;
  int got = 1;

  while (got == 1)
    got = msim__dns_read_question(reader, &question);
  if (got < 0)
    return got;
  while (reader->left == 0 && reader->section < MSIM__DNS_END) {
    reader->section++;
    reader->left = count_of(&reader->header, reader->section);
  }
  *section = reader->section;
  if (reader->section == MSIM__DNS_END)
    return 0;
  at = reader->at;
  if (msim__dns_name_read(&out->name, reader->message, &at) != MSIM_OK ||
      reader->message.size_bytes - at < RECORD_BYTES)
    return MSIM_ERR_SYNTAX;
  p = reader->message.data + at;
  out->type = msim__octets_get16(p);
  out->class_ = msim__octets_get16(p + 2);
  out->ttl_s = msim__octets_get32(p + 4);
  if (out->type != MSIM__DNS_OPT && out->ttl_s > INT32_MAX)
    out->ttl_s = 0;
  out->rdata.data = p + RECORD_BYTES;
  out->rdata.size_bytes = msim__octets_get16(p + 8);
  if (reader->message.size_bytes - at - RECORD_BYTES < out->rdata.size_bytes)
    return MSIM_ERR_SYNTAX;
  reader->at = at + RECORD_BYTES + out->rdata.size_bytes;
  reader->left--;
  return 1;
}

int msim__dns_read_edns(const struct msim__dns_record *record, struct msim__dns_edns *out)
{
  size_t at = 0;

  if (record->type != MSIM__DNS_OPT || record->name.size_bytes != 1)
    return MSIM_ERR_SYNTAX;
  while (at < record->rdata.size_bytes) { /* options: code, length, data; none is understood */
    size_t length;

    if (record->rdata.size_bytes - at < 4)
      return MSIM_ERR_SYNTAX;
    length = msim__octets_get16(record->rdata.data + at + 2);
    if (record->rdata.size_bytes - at - 4 < length)
      return MSIM_ERR_SYNTAX;
    at += 4 + length;
  }
  out->udp_bytes_max = record->class_ < MSIM__DNS_UDP_BYTES_MAX ? MSIM__DNS_UDP_BYTES_MAX : record->class_;
  out->rcode_high = (uint8_t)(record->ttl_s >> 24);
  out->version = (uint8_t)(record->ttl_s >> 16);
  out->dnssec_ok = (record->ttl_s & 0x8000u) != 0;
  return MSIM_OK;
}

/* ---- writing ---- */

void msim__dns_writer_init(struct msim__dns_writer *writer, uint8_t *out, size_t capacity_bytes,
                           const struct msim__dns_header *header)
{
  memset(writer, 0, sizeof *writer);
  writer->out = out;
  writer->capacity_bytes = capacity_bytes < MSIM__DNS_MESSAGE_BYTES_MAX ? capacity_bytes : MSIM__DNS_MESSAGE_BYTES_MAX;
  writer->header = *header;
  writer->header.question_count = writer->header.answer_count = 0;
  writer->header.authority_count = writer->header.additional_count = 0;
  writer->size_bytes = MSIM__DNS_HEADER_BYTES;
}

static bool put(struct msim__dns_writer *writer, const void *bytes, size_t count)
{
  if (writer->capacity_bytes - writer->size_bytes < count) {
    writer->full = true;
    return false;
  }
  if (count > 0)
    memcpy(writer->out + writer->size_bytes, bytes, count);
  writer->size_bytes += count;
  return true;
}

static bool put16(struct msim__dns_writer *writer, unsigned value)
{
  uint8_t bytes[2];

  msim__octets_put16(bytes, (uint16_t)value);
  return put(writer, bytes, 2);
}

static bool put32(struct msim__dns_writer *writer, uint32_t value)
{
  uint8_t bytes[4];

  msim__octets_put32(bytes, value);
  return put(writer, bytes, 4);
}

/* Where this name was written before; 0: nowhere. */
static unsigned find_place(const struct msim__dns_writer *writer, const struct msim__dns_name *name)
{
  struct msim_slice written = {writer->out, writer->size_bytes};
  struct msim__dns_name other;
  size_t i;

  for (i = 0; i < writer->place_count; i++) {
    size_t at = writer->places[i];

    if (msim__dns_name_read(&other, written, &at) == MSIM_OK && msim__dns_name_equal(&other, name))
      return writer->places[i];
  }
  return 0;
}

/* RFC 1035 4.1.4: labels until the rest of the name stands somewhere already, then a pointer. */
static bool put_name(struct msim__dns_writer *writer, const struct msim__dns_name *name, bool compress)
{
  struct msim__dns_name rest = *name;

  while (rest.size_bytes > 1) {
    size_t here = writer->size_bytes, label = rest.bytes[0] + 1u;
    unsigned place = compress ? find_place(writer, &rest) : 0;

    if (place != 0)
      return put16(writer, POINTER | place);
    if (!put(writer, rest.bytes, label))
      return false;
    /* The name is complete, and so may be pointed to, before anybody looks for it. */
    if (here <= POINTER_TARGET_MAX && writer->place_count < MSIM__DNS_COMPRESSION_MAX)
      writer->places[writer->place_count++] = (uint16_t)here;
    (void)msim__dns_name_parent(&rest, &rest);
  }
  return put(writer, rest.bytes, 1);
}

/* What stands behind mark did not fit as a whole. */
static bool take_back(struct msim__dns_writer *writer, const struct msim__dns_writer *mark)
{
  writer->size_bytes = mark->size_bytes;
  writer->place_count = mark->place_count;
  writer->full = true;
  return false;
}

bool msim__dns_write_question(struct msim__dns_writer *writer, const struct msim__dns_question *question)
{
  struct msim__dns_writer mark = *writer;

  if (!put_name(writer, &question->name, true) || !put16(writer, question->type) || !put16(writer, question->class_))
    return take_back(writer, &mark);
  writer->header.question_count++;
  return true;
}

/* RDATA in full, its names compressed where the receiver must understand that (RFC 3597 4). */
static bool put_rdata(struct msim__dns_writer *writer, uint16_t type, struct msim_slice rdata)
{
  unsigned front_bytes, name_count, back_bytes;
  struct msim__dns_name name;
  size_t at;

  if (!msim__dns_rdata_layout(type, &front_bytes, &name_count, &back_bytes))
    return put(writer, rdata.data, rdata.size_bytes);
  if (rdata.size_bytes < front_bytes || !put(writer, rdata.data, front_bytes))
    return false;
  for (at = front_bytes; name_count > 0; name_count--)
    if (msim__dns_name_read(&name, rdata, &at) != MSIM_OK || !put_name(writer, &name, type != MSIM__DNS_SRV))
      return false;
  return rdata.size_bytes - at == back_bytes && put(writer, rdata.data + at, back_bytes);
}

static void count(struct msim__dns_header *header, enum msim__dns_section section)
{
  if (section == MSIM__DNS_ANSWER)
    header->answer_count++;
  else if (section == MSIM__DNS_AUTHORITY)
    header->authority_count++;
  else
    header->additional_count++;
}

bool msim__dns_write_record(struct msim__dns_writer *writer, enum msim__dns_section section,
                            const struct msim__dns_record *record)
{
  struct msim__dns_writer mark = *writer;
  size_t length_at;

  if (!put_name(writer, &record->name, true) || !put16(writer, record->type) || !put16(writer, record->class_) ||
      !put32(writer, record->ttl_s))
    return take_back(writer, &mark);
  length_at = writer->size_bytes;
  if (!put16(writer, 0) || !put_rdata(writer, record->type, record->rdata))
    return take_back(writer, &mark);
  msim__octets_put16(writer->out + length_at, (uint16_t)(writer->size_bytes - length_at - 2));
  count(&writer->header, section);
  return true;
}

bool msim__dns_write_edns(struct msim__dns_writer *writer, const struct msim__dns_edns *edns)
{
  struct msim__dns_record record;

  memset(&record, 0, sizeof record);
  msim__dns_name_root(&record.name);
  record.type = MSIM__DNS_OPT;
  record.class_ = edns->udp_bytes_max;
  record.ttl_s = (uint32_t)edns->rcode_high << 24 | (uint32_t)edns->version << 16 | (edns->dnssec_ok ? 0x8000u : 0);
  return msim__dns_write_record(writer, MSIM__DNS_ADDITIONAL, &record);
}

size_t msim__dns_writer_end(struct msim__dns_writer *writer)
{
  const struct msim__dns_header *header = &writer->header;
  unsigned bits = (unsigned)(header->opcode & 15) << 11 | (header->rcode & 15u);

  bits |= (header->is_response ? QR : 0) | (header->authoritative ? AA : 0) | (header->truncated ? TC : 0) |
          (header->recursion_desired ? RD : 0) | (header->recursion_available ? RA : 0) | (header->authentic ? AD : 0) |
          (header->checking_disabled ? CD : 0);
  msim__octets_put16(writer->out, header->id);
  msim__octets_put16(writer->out + 2, (uint16_t)bits);
  msim__octets_put16(writer->out + 4, header->question_count);
  msim__octets_put16(writer->out + 6, header->answer_count);
  msim__octets_put16(writer->out + 8, header->authority_count);
  msim__octets_put16(writer->out + 10, header->additional_count);
  return writer->size_bytes;
}
