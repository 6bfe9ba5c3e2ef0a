/* dns_message.h: DNS messages (RFC 1035 4) as bytes and as values: header, questions, records, EDNS0 (RFC 6891).
 *
 * Read in order and in place: nothing is allocated, RDATA stays in the message (dns_rdata.h takes it apart). Written
 * into a buffer of the caller, names compressed; what does not fit is taken back whole, so that a message that is cut
 * ends between two records. Does not know zones, caches or transports. */
#ifndef MSIM_WIRE_DNS_MESSAGE_H
#define MSIM_WIRE_DNS_MESSAGE_H

#include "wire/dns_name.h"

#define MSIM__DNS_HEADER_BYTES 12u
#define MSIM__DNS_UDP_BYTES_MAX 512u /* without EDNS0 (RFC 1035 4.2.1) */
#define MSIM__DNS_MESSAGE_BYTES_MAX 65535u

/* Types of records (RFC 1035 3.2.2, 3596, 2782, 6891) and of questions only. */
enum msim__dns_type {
  MSIM__DNS_A = 1,
  MSIM__DNS_NS = 2,
  MSIM__DNS_CNAME = 5,
  MSIM__DNS_SOA = 6,
  MSIM__DNS_PTR = 12,
  MSIM__DNS_MX = 15,
  MSIM__DNS_TXT = 16,
  MSIM__DNS_AAAA = 28,
  MSIM__DNS_SRV = 33,
  MSIM__DNS_OPT = 41,
  MSIM__DNS_AXFR = 252,
  MSIM__DNS_ANY = 255
};
#define MSIM__DNS_CLASS_IN 1u
#define MSIM__DNS_CLASS_ANY 255u

enum msim__dns_rcode {
  MSIM__DNS_NOERROR = 0,
  MSIM__DNS_FORMERR = 1,
  MSIM__DNS_SERVFAIL = 2,
  MSIM__DNS_NXDOMAIN = 3,
  MSIM__DNS_NOTIMP = 4,
  MSIM__DNS_REFUSED = 5,
  MSIM__DNS_BADVERS = 16 /* RFC 6891 9: needs EDNS0 */
};

/* "MX" and so on; NULL: no name is known. */
const char *msim__dns_type_name(uint16_t type);
/* The type of a name, in any case; 0: unknown. "TYPE257" too (RFC 3597 5). */
uint16_t msim__dns_type_parse(const char *text, size_t text_bytes);
/* "NXDOMAIN" and so on; NULL: no name is known. */
const char *msim__dns_rcode_name(unsigned rcode);

struct msim__dns_header {
  uint16_t id;
  bool is_response, authoritative, truncated, recursion_desired, recursion_available, authentic, checking_disabled;
  uint8_t opcode; /* 0: query */
  uint8_t rcode;  /* the lower four bits; the upper ones are in the OPT record */
  uint16_t question_count, answer_count, authority_count, additional_count;
};

struct msim__dns_question {
  struct msim__dns_name name;
  uint16_t type, class_;
};

struct msim__dns_record {
  struct msim__dns_name name;
  uint16_t type, class_;
  uint32_t ttl_s;          /* with the highest bit set it counts as 0 (RFC 2181 8); OPT: its flags, as they stand */
  struct msim_slice rdata; /* within the message */
};

enum msim__dns_section {
  MSIM__DNS_QUESTION,
  MSIM__DNS_ANSWER,
  MSIM__DNS_AUTHORITY,
  MSIM__DNS_ADDITIONAL,
  MSIM__DNS_END
};

/* ---- reading ---- */

struct msim__dns_reader {
  struct msim_slice message; /* borrowed */
  size_t at;
  struct msim__dns_header header;
  enum msim__dns_section section; /* of what is read next */
  uint16_t left;                  /* in it */
};

/* Reads the header. MSIM_ERR_SYNTAX: shorter than one. */
int msim__dns_reader_init(struct msim__dns_reader *reader, struct msim_slice message);
/* 1: a question; 0: no more of them; MSIM_ERR_SYNTAX. Questions first, then records. */
int msim__dns_read_question(struct msim__dns_reader *reader, struct msim__dns_question *out);
/* 1: a record, of *section; 0: the message is over; MSIM_ERR_SYNTAX. Questions that were not read are passed over. */
int msim__dns_read_record(struct msim__dns_reader *reader, struct msim__dns_record *out,
                          enum msim__dns_section *section);

/* What an OPT record says (RFC 6891 6.1.3). MSIM_ERR_SYNTAX: options of impossible length, or not at the root. */
struct msim__dns_edns {
  uint16_t udp_bytes_max; /* never below 512 (6.2.3) */
  uint8_t version, rcode_high;
  bool dnssec_ok;
};
int msim__dns_read_edns(const struct msim__dns_record *record, struct msim__dns_edns *out);

/* ---- writing ---- */

#define MSIM__DNS_COMPRESSION_MAX 64u /* places that later names may point to */

struct msim__dns_writer {
  uint8_t *out; /* borrowed */
  size_t capacity_bytes, size_bytes;
  struct msim__dns_header header; /* counts are kept as records are added */
  uint16_t places[MSIM__DNS_COMPRESSION_MAX];
  size_t place_count;
  bool full; /* something did not fit */
};

/* Room for at least a header is needed. Counts in *header do not matter. */
void msim__dns_writer_init(struct msim__dns_writer *writer, uint8_t *out, size_t capacity_bytes,
                           const struct msim__dns_header *header);
/* Each adds one whole thing, or nothing: false then, and the writer is full. Sections in their order. */
bool msim__dns_write_question(struct msim__dns_writer *writer, const struct msim__dns_question *question);
/* rdata: names in full (dns_rdata.h); those of the types of RFC 1035 are compressed (RFC 3597 4). */
bool msim__dns_write_record(struct msim__dns_writer *writer, enum msim__dns_section section,
                            const struct msim__dns_record *record);
bool msim__dns_write_edns(struct msim__dns_writer *writer, const struct msim__dns_edns *edns);
/* Puts the header with its counts in front and returns the length of the message. */
size_t msim__dns_writer_end(struct msim__dns_writer *writer);

#endif
