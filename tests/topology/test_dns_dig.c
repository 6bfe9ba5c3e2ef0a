/* test_dns_dig.c: what dig sends (tests/data/dig) goes through a port to a simulated name server, and comes back with
 * what a name server would say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/dns_stage.h"

static const char world[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  out:\n"
    "  router:\n"
    "  ns:\n"
    "    address: 192.0.2.53\n"
    "    agents:\n"
    "      - dns-server:\n"
    "          zones:\n"
    "            y.example:\n"
    "              delegate: {sub: other}\n"
    "              records:\n"
    "                - {type: MX, value: [10 mx, 20 mx2.z.example]}\n"
    "                - {type: TXT, value: \"v=spf1 mx -all\"}\n"
    "                - {name: mx, type: A, value: 192.0.2.25}\n"
    "                - {name: www, type: A, value: [192.0.2.7, 192.0.2.8], ttl: 5min}\n"
    "                - {name: www, type: AAAA, value: \"2001:db8::7\"}\n"
    "                - {name: mail, type: CNAME, value: www}\n"
    "                - {name: _imap._tcp, type: SRV, value: 0 1 143 mx}\n"
    "                - {name: \"*.wild\", type: A, value: 192.0.2.99}\n"
    "                - {name: big, type: TXT, value: [\n"
    "                    \"a "
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\n"
    "                    \"b "
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\",\n"
    "                    \"c "
    "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\",\n"
    "                    \"d "
    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\",\n"
    "                    \"e "
    "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"]}\n"
    "            2.0.192.in-addr.arpa:\n"
    "              records: [{name: \"25\", type: PTR, value: mx.y.example}]\n"
    "  other: {address: 192.0.2.54}\n"
    "links:\n"
    "  - {join: [out, router], delay: 1ms}\n"
    "  - {join: [router, ns], delay: 1ms}\n"
    "  - {join: [router, other], delay: 1ms}\n";

static struct msim_slice read_query(struct topology_text *text, const char *name)
{
  struct msim_slice query;
  char path[400];

  snprintf(path, sizeof path, MSIM_SOURCE_DIR "/tests/data/dig/%s.bin", name);
  *text = topology_read_file(path);
  assert_non_null(text->data);
  query.data = (const uint8_t *)text->data;
  query.size_bytes = text->size_bytes;
  return query;
}

static void each_question_of_dig_gets_its_answer(void **state)
{
#define SOA "; NS y.example 300 SOA ns.y.example"
#define OPT "; OPT 1232 0"
  static const char *const rows[][2] = {
      {"a", "NOERROR aa; AN www.y.example 300 A 192.0.2.7; AN www.y.example 300 A 192.0.2.8" OPT},
      {"aaaa", "NOERROR aa; AN www.y.example 3600 AAAA 2001:db8::7" OPT},
      {"mx", "NOERROR aa; AN y.example 3600 MX 10 mx.y.example; AN y.example 3600 MX 20 mx2.z.example"
             "; AR mx.y.example 3600 A 192.0.2.25" OPT},
      {"ns", "NOERROR aa; AN y.example 3600 NS ns.y.example; AR ns.y.example 3600 A 192.0.2.53" OPT},
      {"soa", "NOERROR aa; AN y.example 3600 SOA ns.y.example" OPT},
      {"txt", "NOERROR aa; AN y.example 3600 TXT v=spf1 mx -all" OPT},
      {"srv",
       "NOERROR aa; AN _imap._tcp.y.example 3600 SRV 0 1 143 mx.y.example; AR mx.y.example 3600 A 192.0.2.25" OPT},
      {"ptr", "NOERROR aa; AN 25.2.0.192.in-addr.arpa 3600 PTR mx.y.example" OPT},
      {"cname", "NOERROR aa; AN mail.y.example 3600 CNAME www.y.example" OPT},
      {"cname-followed", "NOERROR aa; AN mail.y.example 3600 CNAME www.y.example; AN www.y.example 300 A 192.0.2.7"
                         "; AN www.y.example 300 A 192.0.2.8" OPT},
      {"any", "NOERROR aa; AN y.example 3600 SOA ns.y.example" OPT}, /* RFC 8482 4.1: one of the sets */
      {"nxdomain", "NXDOMAIN aa" SOA OPT},
      {"nodata", "NOERROR aa" SOA OPT},
      {"wildcard", "NOERROR aa; AN a.b.wild.y.example 3600 A 192.0.2.99" OPT},
      {"referral", "NOERROR; NS sub.y.example 3600 NS other.sub.y.example"
                   "; AR other.sub.y.example 3600 A 192.0.2.54" OPT},
      {"foreign", "REFUSED" OPT},
      {"recursive", "NOERROR aa; AN www.y.example 300 A 192.0.2.7; AN www.y.example 300 A 192.0.2.8" OPT},
      {"no-edns", "NOERROR aa; AN y.example 3600 MX 10 mx.y.example; AN y.example 3600 MX 20 mx2.z.example"
                  "; AR mx.y.example 3600 A 192.0.2.25"},
      {"badvers", "NOERROR; OPT 1232 1"}, /* 16: the upper part of the code stands in OPT */
      {"small", "NOERROR aa tc"},
      {"nsid", "NOERROR aa; AN y.example 3600 NS ns.y.example; AR ns.y.example 3600 A 192.0.2.53" OPT},
      {"update", "NOTIMP"},
      {"chaos", "REFUSED" OPT},
  };
  struct dns_stage *stage = malloc(sizeof *stage);
  size_t i;

  (void)state;
  assert_non_null(stage);
  dns_stage_open(stage, world);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct topology_text text;
    struct msim_slice query = read_query(&text, rows[i][0]);

    dns_stage_send(stage, "ns", query);
    assert_true(stage->response.size_bytes >= 12);
    assert_memory_equal(stage->response.data, query.data, 2);               /* the id */
    assert_int_equal(stage->response.data[2] & 0x79, query.data[2] & 0x79); /* opcode, and RD */
    if (strcmp(dns_text(stage, stage->response), rows[i][1]) != 0)
      fail_msg("%s: %s\n   not: %s", rows[i][0], stage->text, rows[i][1]);
    free(text.data);
  }
  assert_int_equal(msim_sim_finish(stage->sim), MSIM_OK);
  /* the payloads that strangers sent have no marks, the server's answers do */
  assert_true(strstr(stage->trace.data, "dns.answer name=www.y.example type=A address=192.0.2.7 ttl=300") != NULL);
  dns_stage_close(stage);
  free(stage);
}

/* RFC 7766: length, message, and the whole answer that UDP could not carry; two questions at once, in pieces. */
static void by_tcp_the_whole_answer_comes(void **state)
{
  struct dns_stage *stage = malloc(sizeof *stage);
  struct topology_text text;
  struct msim_slice query = read_query(&text, "large"), answer;
  struct msim_socket *s;
  struct msim_endpoint to = {msim_addr_ipv4(0xc0000235), 53};
  uint8_t got[4096];
  size_t have = 0, i;

  (void)state;
  assert_non_null(stage);
  dns_stage_open(stage, world);
  assert_int_equal(msim_sim_start(stage->sim), MSIM_OK);
  assert_int_equal(msim_socket_open(msim_node_find(stage->sim, "other"), MSIM_SOCK_STREAM, &s), 0);
  (void)msim_socket_connect(s, &to);
  assert_int_equal(msim_sim_advance_to(stage->sim, MSIM_SEC(1)), 0);
  for (i = 0; i < 2 * query.size_bytes; i++)
    assert_int_equal(msim_socket_send(s, query.data + i % query.size_bytes, 1, 0), 1);
  assert_int_equal(msim_sim_advance_to(stage->sim, MSIM_SEC(2)), 0);
  for (;;) {
    int n = msim_socket_recv(s, got + have, sizeof got - have, 0);

    if (n <= 0)
      break;
    have += (size_t)n;
  }
  answer.data = got + 2;
  answer.size_bytes = (size_t)got[0] << 8 | got[1];
  assert_int_equal(have, 2 * (answer.size_bytes + 2));
  assert_memory_equal(got, got + have / 2, have / 2);
  assert_int_equal(dns_count(dns_text(stage, answer), "AN big.y.example 3600 TXT "), 5);
  assert_memory_equal(stage->text, "NOERROR aa;", 11);
  /* who says nothing for a while is hung up on */
  assert_int_equal(msim_sim_advance_to(stage->sim, MSIM_SEC(20)), 0);
  assert_true(msim_socket_recv(s, got, sizeof got, 0) <= 0);
  (void)msim_socket_close(s);
  free(text.data);
  dns_stage_close(stage);
  free(stage);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_question_of_dig_gets_its_answer),
      cmocka_unit_test(by_tcp_the_whole_answer_comes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
