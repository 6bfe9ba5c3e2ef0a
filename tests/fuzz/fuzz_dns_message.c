/* fuzz_dns_message.c: lib/wire/dns_*: what can be read can be written and read again, with the same meaning.
 * Input: a message. */
#include "fuzz.h"
#include "wire/dns_rdata.h"

#define RECORDS_MAX 64

static void check_name(const struct msim__dns_name *name)
{
  char text[MSIM__DNS_NAME_TEXT_BYTES];
  size_t length = msim__dns_name_format(name, text);
  struct msim__dns_name again;

  FUZZ_CHECK(length < sizeof text && strlen(text) == length);
  FUZZ_CHECK(msim__dns_name_parse(&again, text, length) == MSIM_OK);
  FUZZ_CHECK(again.size_bytes == name->size_bytes && memcmp(again.bytes, name->bytes, name->size_bytes) == 0);
  FUZZ_CHECK(msim__dns_name_is_below(name, &again) && msim__dns_name_hash(name) == msim__dns_name_hash(&again));
  FUZZ_CHECK(msim__dns_name_label_count(name) <= MSIM__DNS_LABELS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  static uint8_t out[MSIM__DNS_MESSAGE_BYTES_MAX], rdata[RECORDS_MAX][4096], again[4096];
  struct msim__dns_record records[RECORDS_MAX];
  enum msim__dns_section sections[RECORDS_MAX], section;
  struct msim__dns_reader reader;
  struct msim__dns_writer writer;
  struct msim__dns_question question;
  struct msim__dns_record record;
  struct msim__dns_edns edns;
  uint8_t *copy = fuzz_copy(fuzz_slice_of(data, size_bytes));
  size_t count = 0, i, size, room = size_bytes > 2 ? 12 + (size_t)data[0] * 8 : sizeof out;

  if (msim__dns_reader_init(&reader, fuzz_slice_of(copy, size_bytes)) != MSIM_OK) {
    FUZZ_CHECK(size_bytes < MSIM__DNS_HEADER_BYTES);
    free(copy);
    return 0;
  }
  msim__dns_writer_init(&writer, out, (size_bytes & 1) != 0 ? room : sizeof out, &reader.header);
  while (msim__dns_read_question(&reader, &question) == 1) {
    check_name(&question.name);
    if (writer.header.question_count < 4)
      (void)msim__dns_write_question(&writer, &question);
  }
  while (count < RECORDS_MAX && msim__dns_read_record(&reader, &record, &section) == 1) {
    check_name(&record.name);
    FUZZ_CHECK(fuzz_within(record.rdata, reader.message));
    (void)msim__dns_read_edns(&record, &edns);
    if (msim__dns_rdata_expand(reader.message, &record, rdata[count], sizeof rdata[0], &size) != MSIM_OK)
      continue;
    records[count] = record;
    records[count].rdata = fuzz_slice_of(rdata[count], size);
    sections[count] = section;
    if (msim__dns_write_record(&writer, section, &records[count]))
      count++;
    else
      FUZZ_CHECK(writer.full);
  }
  size = msim__dns_writer_end(&writer);
  FUZZ_CHECK(size <= writer.capacity_bytes);
  FUZZ_CHECK(msim__dns_reader_init(&reader, fuzz_slice_of(out, size)) == MSIM_OK);
  FUZZ_CHECK(reader.header.rcode == writer.header.rcode && reader.header.opcode == writer.header.opcode);
  for (i = 0; i < count; i++) {
    FUZZ_CHECK(msim__dns_read_record(&reader, &record, &section) == 1);
    FUZZ_CHECK(section == sections[i] && record.type == records[i].type && record.ttl_s == records[i].ttl_s);
    FUZZ_CHECK(msim__dns_name_equal(&record.name, &records[i].name));
    FUZZ_CHECK(msim__dns_rdata_expand(reader.message, &record, again, sizeof again, &size) == MSIM_OK);
    FUZZ_CHECK(size == records[i].rdata.size_bytes);
  }
  FUZZ_CHECK(msim__dns_read_record(&reader, &record, &section) == 0);
  free(copy);
  return 0;
}
