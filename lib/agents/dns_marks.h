/* dns_marks.h: what a DNS message says in a few named values, as records carry it with its datagram: dns.query,
 * dns.referral, dns.answer (docs/trace.md).
 *
 * Made from the bytes themselves, so that whoever sends a message need not tell twice. Judges nothing. */
#ifndef MSIM_AGENTS_DNS_MARKS_H
#define MSIM_AGENTS_DNS_MARKS_H

#include "net/net.h"
#include "wire/dns_rdata.h"

#define MSIM__DNS_MARK_VALUES_MAX 6u

struct msim__dns_mark {
  const char *unit; /* static */
  struct msim_value values[MSIM__DNS_MARK_VALUES_MAX];
  size_t value_count;
  char name[MSIM__DNS_NAME_TEXT_BYTES], data[MSIM__DNS_NAME_TEXT_BYTES];
  char address[MSIM_ADDR_TEXT_BYTES], type[16];
};

/* false: the message is no DNS, or has no question to speak of. */
bool msim__dns_mark_fill(struct msim__dns_mark *mark, struct msim_slice message);

/* RDATA with names in full as text: "10 mx.y.example". out has MSIM__DNS_NAME_TEXT_BYTES; longer texts are cut. false:
 * the type has no text here. */
bool msim__dns_rdata_format(uint16_t type, struct msim_slice rdata, char *out);
/* "MX" or "TYPE257". out has 16 bytes. Returns out. */
const char *msim__dns_type_format(uint16_t type, char *out);

/* Sends a message with its mark. As msim__udp_send. */
int msim__dns_send_udp(struct msim_node *node, uint16_t local_port, struct msim_endpoint to, struct msim_slice message);

#endif
