/* test_dns_message.c: DNS messages and the data of their records, whole, cut at every byte, and full. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "wire/dns_rdata.h"

#include <string.h>

static struct msim__dns_name name_of(const char *text)
{
  struct msim__dns_name name;

  assert_int_equal(msim__dns_name_parse(&name, text, strlen(text)), MSIM_OK);
  return name;
}

static struct msim__dns_record record_of(const char *name, uint16_t type, uint32_t ttl_s, const uint8_t *rdata,
                                         size_t size_bytes)
{
  struct msim__dns_record record;

  memset(&record, 0, sizeof record);
  record.name = name_of(name);
  record.type = type;
  record.class_ = MSIM__DNS_CLASS_IN;
  record.ttl_s = ttl_s;
  record.rdata = (struct msim_slice){rdata, size_bytes};
  return record;
}

/* An answer to "y.example MX" with one of each kind of record behind it. */
static size_t write_answer(uint8_t *out, size_t capacity_bytes, bool *full)
{
  struct msim__dns_header header;
  struct msim__dns_writer writer;
  struct msim__dns_question question = {name_of("y.example"), MSIM__DNS_MX, MSIM__DNS_CLASS_IN};
  struct msim__dns_name mx = name_of("mx.y.example");
  struct msim__dns_soa soa = {name_of("ns.y.example"), name_of("admin.y.example"), 7, 3600, 600, 86400, 60};
  struct msim__dns_srv srv = {1, 2, 587, name_of("mx.y.example")};
  struct msim__dns_edns edns = {1232, 0, 0, true};
  struct msim_addr v4 = {MSIM_FAMILY_IPV4, {192, 0, 2, 25}}, v6 = {MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8}};
  uint8_t rdata[600];
  struct msim__dns_record record;

  memset(&header, 0, sizeof header);
  header.id = 0xabcd;
  header.is_response = header.authoritative = header.recursion_desired = true;
  msim__dns_writer_init(&writer, out, capacity_bytes, &header);
  (void)msim__dns_write_question(&writer, &question);
  record = record_of("y.example", MSIM__DNS_MX, 300, rdata, msim__dns_make_mx(rdata, sizeof rdata, 10, &mx));
  (void)msim__dns_write_record(&writer, MSIM__DNS_ANSWER, &record);
  record = record_of("y.example", MSIM__DNS_SOA, 60, rdata, msim__dns_make_soa(rdata, sizeof rdata, &soa));
  (void)msim__dns_write_record(&writer, MSIM__DNS_AUTHORITY, &record);
  record = record_of("mx.y.example", MSIM__DNS_A, 300, rdata, msim__dns_make_addr(rdata, sizeof rdata, &v4));
  (void)msim__dns_write_record(&writer, MSIM__DNS_ADDITIONAL, &record);
  record = record_of("mx.y.example", MSIM__DNS_AAAA, 300, rdata, msim__dns_make_addr(rdata, sizeof rdata, &v6));
  (void)msim__dns_write_record(&writer, MSIM__DNS_ADDITIONAL, &record);
  record =
      record_of("_submission._tcp.y.example", MSIM__DNS_SRV, 300, rdata, msim__dns_make_srv(rdata, sizeof rdata, &srv));
  (void)msim__dns_write_record(&writer, MSIM__DNS_ADDITIONAL, &record);
  (void)msim__dns_write_edns(&writer, &edns);
  *full = writer.full;
  return msim__dns_writer_end(&writer);
}

static void take(struct msim__dns_reader *reader, enum msim__dns_section section, uint16_t type, uint8_t *out,
                 struct msim_slice *rdata)
{
  struct msim__dns_record record;
  enum msim__dns_section got;
  size_t size;

  assert_int_equal(msim__dns_read_record(reader, &record, &got), 1);
  assert_int_equal(got, section);
  assert_int_equal(record.type, type);
  assert_int_equal(msim__dns_rdata_expand(reader->message, &record, out, 600, &size), MSIM_OK);
  *rdata = (struct msim_slice){out, size};
}

static void answer_is_read_as_it_was_written(void **state)
{
  uint8_t bytes[512], out[600];
  bool full;
  size_t size = write_answer(bytes, sizeof bytes, &full);
  struct msim__dns_reader reader;
  struct msim__dns_question question;
  struct msim__dns_record record;
  struct msim__dns_name name, mx = name_of("MX.Y.EXAMPLE"), admin = name_of("admin.y.example");
  struct msim__dns_soa soa;
  struct msim__dns_srv srv;
  struct msim__dns_edns edns;
  struct msim_addr addr;
  struct msim_slice rdata;
  enum msim__dns_section section;
  uint16_t preference;

  (void)state;
  assert_false(full);
  assert_int_equal(msim__dns_reader_init(&reader, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_int_equal(reader.header.id, 0xabcd);
  assert_true(reader.header.is_response && reader.header.authoritative && reader.header.recursion_desired);
  assert_false(reader.header.truncated || reader.header.recursion_available);
  assert_int_equal(reader.header.additional_count, 4);
  assert_int_equal(msim__dns_read_question(&reader, &question), 1);
  assert_int_equal(question.type, MSIM__DNS_MX);
  assert_int_equal(msim__dns_read_question(&reader, &question), 0);

  take(&reader, MSIM__DNS_ANSWER, MSIM__DNS_MX, out, &rdata);
  assert_int_equal(msim__dns_rdata_name(MSIM__DNS_MX, rdata, &name, &preference), MSIM_OK);
  assert_int_equal(preference, 10);
  assert_true(msim__dns_name_equal(&name, &mx));
  take(&reader, MSIM__DNS_AUTHORITY, MSIM__DNS_SOA, out, &rdata);
  assert_int_equal(msim__dns_rdata_soa(rdata, &soa), MSIM_OK);
  assert_true(msim__dns_name_equal(&soa.mailbox, &admin));
  assert_int_equal(soa.serial, 7);
  assert_int_equal(soa.minimum_s, 60);
  take(&reader, MSIM__DNS_ADDITIONAL, MSIM__DNS_A, out, &rdata);
  assert_int_equal(msim__dns_rdata_addr(MSIM__DNS_A, rdata, &addr), MSIM_OK);
  assert_int_equal(addr.bytes[3], 25);
  assert_int_equal(msim__dns_rdata_addr(MSIM__DNS_AAAA, rdata, &addr), MSIM_ERR_SYNTAX);
  take(&reader, MSIM__DNS_ADDITIONAL, MSIM__DNS_AAAA, out, &rdata);
  assert_int_equal(msim__dns_rdata_addr(MSIM__DNS_AAAA, rdata, &addr), MSIM_OK);
  assert_int_equal(addr.family, MSIM_FAMILY_IPV6);
  take(&reader, MSIM__DNS_ADDITIONAL, MSIM__DNS_SRV, out, &rdata);
  assert_int_equal(msim__dns_rdata_srv(rdata, &srv), MSIM_OK);
  assert_int_equal(srv.port, 587);
  assert_true(msim__dns_name_equal(&srv.target, &mx));
  assert_int_equal(msim__dns_read_record(&reader, &record, &section), 1);
  assert_int_equal(msim__dns_read_edns(&record, &edns), MSIM_OK);
  assert_int_equal(edns.udp_bytes_max, 1232);
  assert_true(edns.dnssec_ok);
  assert_int_equal(msim__dns_read_record(&reader, &record, &section), 0);
  assert_int_equal(section, MSIM__DNS_END);
  assert_int_equal(reader.at, size);
}

/* RFC 1035 4.1.4: later names point to earlier ones; RFC 2782: but not the target of SRV. */
static void names_are_compressed_except_in_srv(void **state)
{
  static const uint8_t whole[] = {2, 'm', 'x', 1, 'y', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0};
  uint8_t bytes[512];
  bool full;
  size_t size = write_answer(bytes, sizeof bytes, &full), i, found = 0, examples = 0;

  (void)state;
  for (i = 0; i + sizeof whole <= size; i++)
    found += memcmp(bytes + i, whole, sizeof whole) == 0;
  for (i = 0; i + 7 <= size; i++)
    examples += memcmp(bytes + i, "example", 7) == 0;
  assert_int_equal(found, 1);    /* in SRV */
  assert_int_equal(examples, 2); /* there, and in the question */
}

static int read_all(struct msim_slice message)
{
  struct msim__dns_reader reader;
  struct msim__dns_record record;
  enum msim__dns_section section;
  uint8_t out[600];
  size_t size;
  int got = msim__dns_reader_init(&reader, message);

  if (got != MSIM_OK)
    return got;
  while ((got = msim__dns_read_record(&reader, &record, &section)) == 1) {
    int err = msim__dns_rdata_expand(message, &record, out, sizeof out, &size);

    if (err != MSIM_OK)
      return err;
  }
  return got;
}

static void message_cut_anywhere_is_refused(void **state)
{
  uint8_t bytes[512];
  bool full;
  size_t size = write_answer(bytes, sizeof bytes, &full), n;

  (void)state;
  assert_int_equal(read_all((struct msim_slice){bytes, size}), 0);
  for (n = 0; n < size; n++) {
    struct msim_slice cut = exact_copy(bytes, n);

    assert_int_equal(read_all(cut), MSIM_ERR_SYNTAX);
    exact_free(cut);
  }
}

/* Whatever the room, what was written is whole records, and their number is in the header. */
static void writer_without_room_keeps_whole_records(void **state)
{
  uint8_t bytes[512];
  bool full, full_before = true;
  size_t whole = write_answer(bytes, sizeof bytes, &full), room;

  (void)state;
  for (room = MSIM__DNS_HEADER_BYTES; room <= whole; room++) {
    uint8_t *small = malloc(room);
    size_t size = write_answer(small, room, &full);

    assert_true(size <= room);
    assert_int_equal(full, room < whole);
    assert_int_equal(read_all((struct msim_slice){small, size}), 0);
    full_before = full;
    free(small);
  }
  assert_false(full_before);
}

static void rdata_of_wrong_form_is_refused(void **state)
{
  static const struct {
    uint16_t type;
    uint8_t size_bytes, bytes[8];
  } rows[] = {
      {MSIM__DNS_A, 3, {1, 2, 3}},
      {MSIM__DNS_A, 5, {1, 2, 3, 4, 5}},
      {MSIM__DNS_AAAA, 4, {1, 2, 3, 4}},
      {MSIM__DNS_MX, 2, {0, 10}},
      {MSIM__DNS_MX, 1, {0}},
      {MSIM__DNS_MX, 4, {0, 10, 0, 0}},
      {MSIM__DNS_NS, 0, {0}},
      {MSIM__DNS_CNAME, 2, {1, 'a'}},
      {MSIM__DNS_SRV, 6, {0, 1, 0, 1, 0, 1}},
      {MSIM__DNS_SOA, 2, {0, 0}},
      {MSIM__DNS_TXT, 0, {0}},
      {MSIM__DNS_TXT, 2, {2, 'a'}},
  };
  size_t i, size;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_slice copy = exact_copy(rows[i].bytes, rows[i].size_bytes);
    struct msim__dns_record record = record_of("a", rows[i].type, 0, copy.data, copy.size_bytes);
    uint8_t out[64];

    assert_int_equal(msim__dns_rdata_expand(copy, &record, out, sizeof out, &size), MSIM_ERR_SYNTAX);
    exact_free(copy);
  }
}

static void text_of_any_length_is_cut_into_strings(void **state)
{
  uint8_t text[600], rdata[700];
  size_t length, size, at, total;
  struct msim_slice part;

  (void)state;
  memset(text, 'x', sizeof text);
  for (length = 0; length <= sizeof text; length += 85) {
    size = msim__dns_make_text(rdata, sizeof rdata, (struct msim_slice){text, length});
    assert_int_equal(size, length + (length == 0 ? 1 : (length + 254) / 255));
    for (at = total = 0; msim__dns_rdata_text((struct msim_slice){rdata, size}, &at, &part) == 1;)
      total += part.size_bytes;
    assert_int_equal(total, length);
    assert_int_equal(msim__dns_make_text(rdata, size - 1, (struct msim_slice){text, length}), 0);
  }
}

static void edns_is_read_strictly(void **state)
{
  static const uint8_t good[] = {0, 10, 0, 2, 'a', 'b'}, bad[] = {0, 10, 0, 3, 'a', 'b'};
  struct msim__dns_record record = record_of(".", MSIM__DNS_OPT, 0x01008000, good, sizeof good);
  struct msim__dns_edns edns;

  (void)state;
  record.class_ = 100;
  assert_int_equal(msim__dns_read_edns(&record, &edns), MSIM_OK);
  assert_int_equal(edns.udp_bytes_max, 512); /* RFC 6891 6.2.3 */
  assert_int_equal(edns.rcode_high, 1);
  assert_int_equal(edns.version, 0);
  record.rdata.data = bad;
  assert_int_equal(msim__dns_read_edns(&record, &edns), MSIM_ERR_SYNTAX);
  record = record_of("a", MSIM__DNS_OPT, 0, good, sizeof good);
  assert_int_equal(msim__dns_read_edns(&record, &edns), MSIM_ERR_SYNTAX);
}

/* RFC 2181 8: a TTL with the highest bit set is taken for 0. */
static void ttl_beyond_its_range_counts_as_none(void **state)
{
  uint8_t bytes[64], rdata[4] = {192, 0, 2, 1};
  struct msim__dns_header header;
  struct msim__dns_writer writer;
  struct msim__dns_reader reader;
  struct msim__dns_record record = record_of("a", MSIM__DNS_A, 0x80000000u, rdata, 4);
  enum msim__dns_section section;

  (void)state;
  memset(&header, 0, sizeof header);
  msim__dns_writer_init(&writer, bytes, sizeof bytes, &header);
  assert_true(msim__dns_write_record(&writer, MSIM__DNS_ANSWER, &record));
  assert_int_equal(msim__dns_reader_init(&reader, (struct msim_slice){bytes, msim__dns_writer_end(&writer)}), MSIM_OK);
  assert_int_equal(msim__dns_read_record(&reader, &record, &section), 1);
  assert_int_equal(record.ttl_s, 0);
}

static void words_of_types_and_codes(void **state)
{
  (void)state;
  assert_int_equal(msim__dns_type_parse("mx", 2), MSIM__DNS_MX);
  assert_int_equal(msim__dns_type_parse("AAAA", 4), MSIM__DNS_AAAA);
  assert_int_equal(msim__dns_type_parse("AAA", 3), 0);
  assert_int_equal(msim__dns_type_parse("type257", 7), 257);
  assert_int_equal(msim__dns_type_parse("TYPE65536", 9), 0);
  assert_int_equal(msim__dns_type_parse("TYPE", 4), 0);
  assert_string_equal(msim__dns_type_name(MSIM__DNS_SOA), "SOA");
  assert_null(msim__dns_type_name(257));
  assert_string_equal(msim__dns_rcode_name(MSIM__DNS_NXDOMAIN), "NXDOMAIN");
  assert_null(msim__dns_rcode_name(15));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answer_is_read_as_it_was_written),
      cmocka_unit_test(names_are_compressed_except_in_srv),
      cmocka_unit_test(message_cut_anywhere_is_refused),
      cmocka_unit_test(writer_without_room_keeps_whole_records),
      cmocka_unit_test(rdata_of_wrong_form_is_refused),
      cmocka_unit_test(text_of_any_length_is_cut_into_strings),
      cmocka_unit_test(edns_is_read_strictly),
      cmocka_unit_test(ttl_beyond_its_range_counts_as_none),
      cmocka_unit_test(words_of_types_and_codes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
