/* dns_stage.h: a world with name servers and a stranger behind a port (203.0.113.9) who asks them by datagrams, and
 * responses as one line of text.
 *
 * For tests only; include after the cmocka headers, in one file of a program. */
#ifndef MSIM_TESTS_TOPOLOGY_DNS_STAGE_H
#define MSIM_TESTS_TOPOLOGY_DNS_STAGE_H

#include <mailsim/mailsim.h>

#include "agents/dns_marks.h"
#include "support/topology_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DNS_STRANGER 0xcb007109u /* 203.0.113.9 */
#define DNS_TEXT_BYTES 8192

struct dns_stage {
  struct msim_sim *sim;
  struct msim_port *port;
  struct topology_text trace;
  uint8_t packet[70000];
  struct msim_slice response; /* within packet; empty: there was none */
  char text[DNS_TEXT_BYTES];
};

static int dns_stage_keep(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return 0;
}

static void dns_stage_tell(void *user, const struct msim_diag *diag)
{
  (void)user;
  fail_msg("%u:%u: %s", diag->line, diag->column, diag->text);
}

static void dns_stage_stop(void *ctx, struct msim_port *port)
{
  struct dns_stage *stage = ctx;

  assert_ptr_equal(port, stage->port);
  msim_sim_stop(stage->sim);
}

/* The topology has a host "out". */
static inline void dns_stage_open(struct dns_stage *stage, const char *yaml)
{
  static const char *const routes[] = {"203.0.113.0/24", NULL};
  struct msim_slice text = {(const uint8_t *)yaml, strlen(yaml)};
  struct msim_out out = {&stage->trace, dns_stage_keep};
  struct msim_port_opts opts;

  memset(stage, 0, sizeof *stage);
  topology_text_append(&stage->trace, "", 0);
  assert_int_equal(msim_sim_new(&stage->sim, NULL), MSIM_OK);
  assert_int_equal(msim_topology_load_text(stage->sim, "dns.yaml", text, NULL, dns_stage_tell, NULL), MSIM_OK);
  memset(&opts, 0, sizeof opts);
  opts.routes = routes;
  opts.arrived = dns_stage_stop;
  opts.ctx = stage;
  assert_int_equal(msim_port_open(stage->sim, "out", &opts, &stage->port), MSIM_OK);
  assert_int_equal(msim_trace_add(stage->sim, "text", &out, NULL, NULL), MSIM_OK);
}

static inline void dns_stage_close(struct dns_stage *stage)
{
  msim_sim_free(stage->sim);
  free(stage->trace.data);
}

/* Sends a datagram to port 53 of a host and waits for the answer, at most a minute. */
static inline void dns_stage_send(struct dns_stage *stage, const char *server, struct msim_slice bytes)
{
  struct msim_packet packet;
  struct msim_slice whole = {stage->packet, 0};
  size_t size;

  assert_int_equal(msim_sim_start(stage->sim), MSIM_OK);
  memset(&packet, 0, sizeof packet);
  packet.src = msim_addr_ipv4(DNS_STRANGER);
  packet.dst = msim_node_addr(msim_node_find(stage->sim, server));
  packet.proto = MSIM_PROTO_UDP;
  packet.ttl = 64;
  packet.l4.udp.src_port = 40000;
  packet.l4.udp.dst_port = 53;
  packet.payload = bytes;
  whole.size_bytes = msim_packet_encode(&packet, stage->packet, sizeof stage->packet);
  assert_int_not_equal(whole.size_bytes, 0);
  assert_int_equal(msim_port_inject(stage->port, whole), MSIM_OK);
  assert_int_equal(msim_sim_run(stage->sim, msim_sim_now_ns(stage->sim) + MSIM_SEC(60)), MSIM_OK);
  stage->response.size_bytes = 0;
  size = msim_port_extract(stage->port, stage->packet, sizeof stage->packet, NULL);
  if (size == 0)
    return;
  whole.size_bytes = size;
  assert_int_equal(msim_packet_decode(&packet, whole), MSIM_OK);
  assert_int_equal(packet.proto, MSIM_PROTO_UDP);
  assert_int_equal(packet.l4.udp.src_port, 53);
  assert_int_equal(packet.l4.udp.dst_port, 40000);
  stage->response = packet.payload;
}

static size_t dns_put_record(char *out, size_t size, struct msim_slice message, const struct msim__dns_record *record,
                             enum msim__dns_section section)
{
  static const char *const sections[] = {"", "AN", "NS", "AR", ""};
  char name[MSIM__DNS_NAME_TEXT_BYTES], data[MSIM__DNS_NAME_TEXT_BYTES], type[16];
  uint8_t bytes[4096];
  struct msim_slice rdata = {bytes, 0};
  struct msim__dns_edns edns;

  if (record->type == MSIM__DNS_OPT) {
    assert_int_equal(section, MSIM__DNS_ADDITIONAL);
    assert_int_equal(msim__dns_read_edns(record, &edns), MSIM_OK);
    return (size_t)snprintf(out, size, "; OPT %u %u", (unsigned)edns.udp_bytes_max, (unsigned)edns.rcode_high);
  }
  (void)msim__dns_name_format(&record->name, name);
  assert_int_equal(msim__dns_rdata_expand(message, record, bytes, sizeof bytes, &rdata.size_bytes), MSIM_OK);
  if (!msim__dns_rdata_format(record->type, rdata, data))
    strcpy(data, "?");
  return (size_t)snprintf(out, size, "; %s %s %u %s %.60s", sections[section], name, (unsigned)record->ttl_s,
                          msim__dns_type_format(record->type, type), data);
}

/* "NOERROR aa; AN www.y.example 3600 A 192.0.2.7; OPT 1232 0"; "nothing" when there was no response. */
static inline const char *dns_text(struct dns_stage *stage, struct msim_slice message)
{
  struct msim__dns_question question;
  struct msim__dns_reader reader;
  struct msim__dns_record record;
  enum msim__dns_section section;
  const char *rcode;
  char *out = stage->text;
  size_t n;
  int got;

  if (message.size_bytes == 0)
    return "nothing";
  assert_int_equal(msim__dns_reader_init(&reader, message), MSIM_OK);
  assert_true(reader.header.is_response);
  rcode = msim__dns_rcode_name(reader.header.rcode);
  n = (size_t)snprintf(out, DNS_TEXT_BYTES, "%s%s%s%s", rcode != NULL ? rcode : "?",
                       reader.header.authoritative ? " aa" : "", reader.header.truncated ? " tc" : "",
                       reader.header.recursion_available ? " ra" : "");
  while ((got = msim__dns_read_question(&reader, &question)) == 1)
    ;
  assert_int_equal(got, 0);
  while ((got = msim__dns_read_record(&reader, &record, &section)) == 1)
    n += dns_put_record(out + n, DNS_TEXT_BYTES - n, message, &record, section);
  assert_int_equal(got, 0);
  assert_true(n < DNS_TEXT_BYTES);
  assert_int_equal(reader.at, message.size_bytes);
  return out;
}

/* Asks for a name; recursion desired where the type is followed by '+', EDNS0 where by '*': "MX+*". */
static inline const char *dns_ask(struct dns_stage *stage, const char *server, const char *name, const char *type)
{
  size_t type_bytes = strcspn(type, "+*");
  struct msim__dns_header header = {.id = 4711, .recursion_desired = strchr(type, '+') != NULL};
  struct msim__dns_edns edns = {.udp_bytes_max = 1232};
  struct msim__dns_question question = {.class_ = MSIM__DNS_CLASS_IN};
  struct msim__dns_writer writer;
  uint8_t bytes[512];
  struct msim_slice query = {bytes, 0};

  question.type = msim__dns_type_parse(type, type_bytes);
  assert_int_equal(msim__dns_name_parse(&question.name, name, strlen(name)), MSIM_OK);
  msim__dns_writer_init(&writer, bytes, sizeof bytes, &header);
  assert_true(msim__dns_write_question(&writer, &question));
  if (strchr(type, '*') != NULL)
    assert_true(msim__dns_write_edns(&writer, &edns));
  query.size_bytes = msim__dns_writer_end(&writer);
  dns_stage_send(stage, server, query);
  if (stage->response.size_bytes > 0)
    assert_true(stage->response.data[0] == 4711 >> 8 && stage->response.data[1] == (4711 & 255));
  return dns_text(stage, stage->response);
}

static inline unsigned dns_count(const char *text, const char *what)
{
  unsigned n = 0;

  for (text = strstr(text, what); text != NULL; text = strstr(text + 1, what))
    n++;
  return n;
}

#endif
