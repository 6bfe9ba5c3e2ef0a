/* test_rule_i9.c: lib/check/rule_i9.c, by records made by hand: answers given on after their time, exchangers in the
 * wrong order. With whole hosts it is tested in topology/test_bugs.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/invariants_stage.h"
#include "wire/dns_rdata.h"

/* One record of a response. */
struct answer {
  const char *name;
  uint16_t type, preference;
  const char *data; /* an address, or a name; NULL: the response has none */
  uint32_t ttl_s;
};

static void keep_any(void *user, const struct msim_invariant_finding *finding)
{
  struct stage *s = user;
  size_t used = strlen(s->told);

  assert_string_equal(finding->rule, "I9");
  snprintf(s->told + used, sizeof s->told - used, "%s: %s\n", finding->host, finding->text);
}

static int open_any(struct stage *s, uint64_t fail_at)
{
  struct msim_sim_opts opts;
  int err;

  memset(s, 0, sizeof *s);
  memset(&opts, 0, sizeof opts);
  fail_mem_init(&s->mem, fail_at);
  opts.mem = s->mem.hook;
  s->flow.client = "relay";
  s->flow.server = "mx";
  s->flow.port = 25;
  s->flow.number = 1;
  s->flow.proto = MSIM_PROTO_TCP;
  s->flow.id = 77;
  s->flow.refs = 1;
  err = msim__sim_create(&s->sim, &opts, NULL);
  return err == MSIM_OK ? msim_invariants_attach(s->sim, keep_any, s) : err;
}

static void close_any(struct stage *s)
{
  msim_sim_finish(s->sim);
  msim_sim_free(s->sim);
  assert_true(fail_mem_clean(&s->mem));
}

static void put_answer(struct msim__dns_writer *writer, const struct answer *answer)
{
  struct msim__dns_record record = {.type = answer->type, .class_ = MSIM__DNS_CLASS_IN, .ttl_s = answer->ttl_s};
  struct msim__dns_name name;
  struct msim_addr addr;
  uint8_t rdata[300];

  assert_int_equal(msim__dns_name_parse(&record.name, answer->name, strlen(answer->name)), 0);
  record.rdata.data = rdata;
  if (answer->type == MSIM__DNS_A) {
    assert_int_equal(msim_addr_parse(&addr, answer->data, strlen(answer->data)), 0);
    record.rdata.size_bytes = msim__dns_make_addr(rdata, sizeof rdata, &addr);
  } else {
    assert_int_equal(msim__dns_name_parse(&name, answer->data, strlen(answer->data)), 0);
    record.rdata.size_bytes = msim__dns_make_mx(rdata, sizeof rdata, answer->preference, &name);
  }
  assert_true(msim__dns_write_record(writer, MSIM__DNS_ANSWER, &record));
}

/* A response between two hosts, with up to two records. */
static void respond(struct stage *s, enum msim_trace_point point, const char *from, const char *to, bool authoritative,
                    const struct answer *answers, size_t count)
{
  struct msim__dns_header header = {.is_response = true, .authoritative = authoritative};
  struct msim__dns_question question = {.type = answers[0].type, .class_ = MSIM__DNS_CLASS_IN};
  struct msim__dns_writer writer;
  struct msim_trace_record record;
  struct msim_packet packet;
  uint8_t bytes[512];
  size_t i;

  assert_int_equal(msim__dns_name_parse(&question.name, answers[0].name, strlen(answers[0].name)), 0);
  msim__dns_writer_init(&writer, bytes, sizeof bytes, &header);
  assert_true(msim__dns_write_question(&writer, &question));
  for (i = 0; i < count && answers[i].data != NULL; i++)
    put_answer(&writer, &answers[i]);
  memset(&packet, 0, sizeof packet);
  packet.proto = MSIM_PROTO_UDP;
  packet.l4.udp.src_port = 53;
  packet.payload = (struct msim_slice){bytes, msim__dns_writer_end(&writer)};
  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_DATAGRAM;
  record.u.packet.point = point;
  record.u.packet.from = from;
  record.u.packet.to = to;
  record.u.packet.packet = &packet;
  msim__trace_emit(s->sim, &record);
}

static void call(struct stage *s, const char *address)
{
  struct msim_trace_record record;
  struct msim_packet packet;

  memset(&packet, 0, sizeof packet);
  packet.proto = MSIM_PROTO_TCP;
  packet.l4.tcp.flags = SYN;
  packet.l4.tcp.dst_port = 25;
  packet.l4.tcp.window_shift = -1;
  assert_int_equal(msim_addr_parse(&packet.dst, address, strlen(address)), 0);
  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_SEGMENT;
  record.u.packet.point = MSIM_POINT_TX;
  record.u.packet.flow = &s->flow;
  record.u.packet.from_client = true;
  record.u.packet.number = 1;
  record.u.packet.from = "relay";
  record.u.packet.to = "mx";
  record.u.packet.packet = &packet;
  s->flow.id++;
  msim__trace_emit(s->sim, &record);
}

#define A(name, address, ttl) ((struct answer){name, MSIM__DNS_A, 0, address, ttl})
#define MX(preference, name) ((struct answer){"b.example", MSIM__DNS_MX, preference, name, 3600})
#define HEARS(s, ...)                                                                                                  \
  respond((s), MSIM_POINT_RX, "ns", "relay", true, (const struct answer[]){__VA_ARGS__},                               \
          sizeof((const struct answer[]){__VA_ARGS__}) / sizeof(struct answer))

/* ---- time ---- */

static const struct late {
  uint64_t at_s;
  uint32_t ttl_s;
  bool authoritative, told;
} lates[] = {
    {0, 300, false, false}, {100, 200, false, false}, {100, 300, false, true}, {299, 1, false, false},
    {400, 0, false, true},  {400, 60, true, false},   {301, 0, false, false},
};

static void an_answer_is_not_given_on_after_its_time(void **state)
{
  static struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof lates / sizeof lates[0]; i++) {
    struct answer given = A("www.y.example", "192.0.2.7", lates[i].ttl_s);

    assert_int_equal(open_any(&s, 0), 0);
    HEARS(&s, A("www.y.example", "192.0.2.7", 300));
    s.sim->now_ns = MSIM_SEC(lates[i].at_s);
    respond(&s, MSIM_POINT_TX, "relay", "pc", lates[i].authoritative, &given, 1);
    if ((s.told[0] != '\0') != lates[i].told)
      fail_msg("case %zu: %s", i, s.told);
    close_any(&s);
  }
}

/* ---- order ---- */

static void hear_names(struct stage *s)
{
  HEARS(s, MX(10, "mx1.b.example"), MX(20, "mx2.b.example"));
  HEARS(s, A("mx1.b.example", "192.0.2.1", 3600));
  HEARS(s, A("mx2.b.example", "192.0.2.2", 3600));
}

static void exchangers_are_called_by_their_preference(void **state)
{
  static struct stage s;

  (void)state;
  assert_int_equal(open_any(&s, 0), 0);
  hear_names(&s);
  call(&s, "192.0.2.1");
  call(&s, "192.0.2.2");
  call(&s, "192.0.2.9"); /* nobody knows what that is */
  assert_string_equal(s.told, "");
  close_any(&s);
  assert_int_equal(open_any(&s, 0), 0);
  hear_names(&s);
  call(&s, "192.0.2.2");
  assert_string_equal(s.told, "relay: it calls a mail exchanger while one that is preferred was not tried\n");
  close_any(&s);
}

static void equal_ones_come_in_any_order(void **state)
{
  static struct stage s;

  (void)state;
  assert_int_equal(open_any(&s, 0), 0);
  HEARS(&s, MX(10, "mx1.b.example"), MX(10, "mx2.b.example"));
  HEARS(&s, A("mx2.b.example", "192.0.2.2", 3600));
  call(&s, "192.0.2.2");
  assert_string_equal(s.told, "");
  close_any(&s);
}

/* There is nothing to be called where a name has no address. */
static void one_without_an_address_is_passed_over(void **state)
{
  static struct stage s;

  (void)state;
  assert_int_equal(open_any(&s, 0), 0);
  HEARS(&s, MX(10, "mx1.b.example"), MX(20, "mx2.b.example"));
  HEARS(&s, A("mx1.b.example", NULL, 0));
  HEARS(&s, A("mx2.b.example", "192.0.2.2", 3600));
  call(&s, "192.0.2.2");
  assert_string_equal(s.told, "");
  close_any(&s);
}

static void a_domain_without_mail_is_left_alone(void **state)
{
  static struct stage s;

  (void)state;
  assert_int_equal(open_any(&s, 0), 0);
  HEARS(&s, MX(0, "."));
  HEARS(&s, A("b.example", "192.0.2.5", 3600));
  call(&s, "192.0.2.5");
  assert_string_equal(s.told, "relay: it calls a host whose domain takes no mail\n");
  close_any(&s);
}

static void without_memory_nothing_is_left_behind(void **state)
{
  static struct stage s;
  uint64_t i;

  (void)state;
  for (i = 1;; i++) {
    int err = open_any(&s, i);

    if (err == MSIM_OK) {
      hear_names(&s);
      call(&s, "192.0.2.1");
      err = msim_sim_failure(s.sim);
    }
    assert_int_equal(err, s.mem.failed_count == 0 ? MSIM_OK : MSIM_ERR_NOMEM);
    if (s.sim != NULL)
      msim_sim_free(s.sim);
    assert_true(fail_mem_clean(&s.mem));
    if (s.mem.failed_count == 0)
      break;
  }
  assert_true(i > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_answer_is_not_given_on_after_its_time),
      cmocka_unit_test(exchangers_are_called_by_their_preference),
      cmocka_unit_test(equal_ones_come_in_any_order),
      cmocka_unit_test(one_without_an_address_is_passed_over),
      cmocka_unit_test(a_domain_without_mail_is_left_alone),
      cmocka_unit_test(without_memory_nothing_is_left_behind),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
