/* test_dns_liars.c: a resolver, and hosts with a name server, among servers that lie, are broken, or never come to an
 * end: nothing of it is believed, and all of it is bounded. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/dns_stage.h"

enum way { FORGED, NO_EDNS, POISON, GARBAGE, ENDLESS, NXNS, SILENT };
static const char *const ways[] = {"forged", "no-edns", "poison", "garbage", "endless", "nxns", "silent", NULL};

struct liar_config {
  int way;
};

static const struct msim_field liar_fields[] = {
    {.key = "way", .kind = MSIM_FIELD_ENUM, .offset = offsetof(struct liar_config, way), .names = ways},
    {.key = NULL},
};

struct liar_state {
  unsigned count; /* of questions */
};

struct reply {
  struct msim__dns_writer writer;
  uint8_t bytes[8192];
  struct msim__dns_question question;
};

static void begin(struct reply *reply, uint16_t id, const struct msim__dns_question *question, uint8_t rcode)
{
  struct msim__dns_header header = {.id = id, .is_response = true, .authoritative = true, .rcode = rcode};

  msim__dns_writer_init(&reply->writer, reply->bytes, sizeof reply->bytes, &header);
  if (question != NULL)
    assert_true(msim__dns_write_question(&reply->writer, question));
}

static void put(struct reply *reply, enum msim__dns_section section, const char *name, uint16_t type, const char *value)
{
  struct msim__dns_record record = {.type = type, .class_ = MSIM__DNS_CLASS_IN, .ttl_s = 3600};
  struct msim__dns_name target;
  struct msim_addr addr;
  uint8_t rdata[300];

  assert_int_equal(msim__dns_name_parse(&record.name, name, strlen(name)), MSIM_OK);
  record.rdata.data = rdata;
  if (type == MSIM__DNS_A) {
    assert_int_equal(msim_addr_parse(&addr, value, strlen(value)), MSIM_OK);
    record.rdata.size_bytes = msim__dns_make_addr(rdata, sizeof rdata, &addr);
  } else {
    assert_int_equal(msim__dns_name_parse(&target, value, strlen(value)), MSIM_OK);
    record.rdata.size_bytes = msim__dns_make_name(rdata, sizeof rdata, &target);
  }
  (void)msim__dns_write_record(&reply->writer, section, &record);
}

static void end(struct msim_agent *agent, struct reply *reply, struct msim_endpoint to)
{
  struct msim_slice bytes = {reply->bytes, msim__dns_writer_end(&reply->writer)};
  const struct liar_config *config = msim_agent_config(agent);
  struct msim_value way = msim_value_text("way", ways[config->way]);

  assert_int_equal(msim_agent_send_udp_marked(agent, 53, to, bytes, "test.lie", &way, 1), MSIM_OK);
}

static void lie(struct msim_agent *agent, struct reply *reply, const struct msim__dns_header *header,
                const struct msim__dns_question *question, struct msim_endpoint from)
{
  const struct liar_config *config = msim_agent_config(agent);
  struct liar_state *state = msim_agent_state(agent);
  struct msim__dns_question other = *question;
  char name[MSIM__DNS_NAME_TEXT_BYTES], more[100];
  unsigned i;

  (void)msim__dns_name_format(&question->name, name);
  switch (config->way) {
  case FORGED:
    begin(reply, (uint16_t)(header->id + 1), question, 0); /* another id */
    put(reply, MSIM__DNS_ANSWER, name, MSIM__DNS_A, "6.6.6.6");
    end(agent, reply, from);
    other.type = MSIM__DNS_AAAA; /* another question */
    begin(reply, header->id, &other, 0);
    put(reply, MSIM__DNS_ANSWER, name, MSIM__DNS_A, "6.6.6.6");
    end(agent, reply, from);
    from.port++; /* another port */
    begin(reply, header->id, question, 0);
    put(reply, MSIM__DNS_ANSWER, name, MSIM__DNS_A, "6.6.6.6");
    end(agent, reply, from);
    from.port--;
    begin(reply, header->id, question, 0);
    put(reply, MSIM__DNS_ANSWER, name, MSIM__DNS_A, "192.0.2.1");
    break;
  case NO_EDNS:
    begin(reply, header->id, header->additional_count > 0 ? NULL : question,
          header->additional_count > 0 ? MSIM__DNS_FORMERR : MSIM__DNS_NOERROR);
    if (header->additional_count == 0)
      put(reply, MSIM__DNS_ANSWER, name, MSIM__DNS_A, "192.0.2.2");
    break;
  case POISON:
    begin(reply, header->id, question, 0);
    put(reply, MSIM__DNS_ANSWER, name, MSIM__DNS_A, "192.0.2.3");
    put(reply, MSIM__DNS_ANSWER, "www.good.test", MSIM__DNS_A, "6.6.6.6");
    put(reply, MSIM__DNS_AUTHORITY, "test", MSIM__DNS_NS, "evil.test");
    put(reply, MSIM__DNS_AUTHORITY, ".", MSIM__DNS_NS, "evil.test");
    put(reply, MSIM__DNS_ADDITIONAL, "evil.test", MSIM__DNS_A, "6.6.6.6");
    put(reply, MSIM__DNS_ADDITIONAL, "www.good.test", MSIM__DNS_A, "6.6.6.6");
    break;
  case GARBAGE:
    begin(reply, header->id, question, 0);
    reply->writer.header.answer_count = 60000;
    break;
  case ENDLESS:
    snprintf(more, sizeof more, "x%u.liar.test", ++state->count);
    begin(reply, header->id, question, 0);
    put(reply, MSIM__DNS_ANSWER, name, MSIM__DNS_CNAME, more);
    break;
  default:
    begin(reply, header->id, question, 0);
    reply->writer.header.authoritative = false;
    for (i = 0; i < 40; i++) {
      snprintf(more, sizeof more, "n%u.q%u.liar.test", i, state->count);
      put(reply, MSIM__DNS_AUTHORITY, name, MSIM__DNS_NS, more);
    }
    state->count++;
    break;
  }
  end(agent, reply, from);
}

static void hear(struct msim_agent *agent, struct msim_endpoint from, uint16_t port, struct msim_slice bytes)
{
  struct msim__dns_question question;
  struct msim__dns_reader reader;
  struct reply *reply = malloc(sizeof *reply);

  (void)port;
  assert_non_null(reply);
  assert_int_equal(msim__dns_reader_init(&reader, bytes), MSIM_OK);
  assert_int_equal(msim__dns_read_question(&reader, &question), 1);
  if (((const struct liar_config *)msim_agent_config(agent))->way != SILENT)
    lie(agent, reply, &reader.header, &question, from);
  free(reply);
}

static int start(struct msim_agent *agent)
{
  return msim_agent_bind_udp(agent, 53);
}

static const struct msim_agent_type liar = {.name = "liar",
                                            .state_bytes = sizeof(struct liar_state),
                                            .config_bytes = sizeof(struct liar_config),
                                            .fields = liar_fields,
                                            .start = start,
                                            .on_datagram = hear};

static const char world[] = "mailsim: 1\n"
                            "hosts:\n"
                            "  pc:\n"
                            "    resolver: [%s]\n"
                            "    agents: [{dns-client: {script: [%s]}}]\n"
                            "  dns: {agents: [{dns-resolver: {roots: [root]}}]}\n"
                            "  root:\n"
                            "    agents: [{dns-server: {zones: {.: {delegate: {liar.test: liar}, records: [\n"
                            "      {name: www.good.test, type: A, value: 192.0.2.9}]}}}}]\n"
                            "  liar: {agents: [{liar: {way: %s}}]}\n"
                            "links:\n"
                            "  - {join: [pc, dns], delay: 1ms}\n"
                            "  - {join: [dns, root], delay: 1ms}\n"
                            "  - {join: [dns, liar], delay: 1ms}\n";

/* The trace of a run; free it. */
static char *run(const char *way, const char *servers, const char *script)
{
  struct topology_text trace = {NULL, 0, 0};
  struct msim_out out = {&trace, dns_stage_keep};
  struct msim_slice yaml;
  struct msim_sim *sim;
  char text[2000];

  snprintf(text, sizeof text, world, servers, script, way);
  yaml.data = (const uint8_t *)text;
  yaml.size_bytes = strlen(text);
  topology_text_append(&trace, "", 0);
  assert_int_equal(msim_sim_new(&sim, NULL), MSIM_OK);
  assert_int_equal(msim_agent_register(sim, &liar), MSIM_OK);
  assert_int_equal(msim_topology_load_text(sim, "liars", yaml, NULL, dns_stage_tell, NULL), MSIM_OK);
  assert_int_equal(msim_trace_add(sim, "text", &out, NULL, NULL), MSIM_OK);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), MSIM_OK);
  assert_int_equal(msim_sim_finish(sim), MSIM_OK);
  msim_sim_free(sim);
  return trace.data;
}

#define WWW "{at: 1s, name: www.liar.test}"

/* RFC 5452: id, question, port. By the resolver and by the host itself. */
static void forged_answers_are_not_heard(void **state)
{
  static const char *const servers[] = {"dns", "liar"};
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    char *trace = run("forged", servers[i], WWW);

    assert_int_equal(dns_count(trace, "app pc dns.answer name=www.liar.test type=A address=192.0.2.1 "), 1);
    free(trace);
  }
}

/* RFC 6891 6.2.2; what was found out about a server is remembered. */
static void server_without_edns_is_asked_again_without(void **state)
{
  char *trace = run("no-edns", "dns", WWW ", {at: 2s, name: two.liar.test}");

  (void)state;
  assert_int_equal(dns_count(trace, "app pc dns.answer"), 2);
  assert_int_equal(dns_count(trace, "dns.query name=www.liar.test"), 4); /* pc, root, and two times liar */
  assert_int_equal(dns_count(trace, "dns.query name=two.liar.test"), 2);
  free(trace);
  trace = run("no-edns", "liar", WWW);
  assert_int_equal(dns_count(trace, "app pc dns.answer name=www.liar.test type=A address=192.0.2.2 "), 1);
  free(trace);
}

/* RFC 2181 5.4.1, RFC 5452 6: outside of liar.test its server has nothing to say. */
static void what_lies_outside_of_the_zone_is_not_believed(void **state)
{
  char *trace = run("poison", "dns", WWW ", {at: 2s, name: www.good.test}");

  (void)state;
  assert_int_equal(dns_count(trace, "app pc dns.answer name=www.liar.test type=A address=192.0.2.3 "), 1);
  assert_int_equal(dns_count(trace, "app pc dns.answer name=www.good.test type=A address=192.0.2.9 "), 1);
  assert_int_equal(dns_count(trace, "dns.learned zone=test"), 0);
  assert_int_equal(dns_count(trace, " test.lie way=poison\n"), 1); /* what an agent says of its datagram */
  free(trace);
}

static void garbage_is_no_answer(void **state)
{
  char *trace = run("garbage", "dns", WWW);

  (void)state;
  assert_int_equal(dns_count(trace, "app pc dns.failed name=www.liar.test type=A reason=server-failure"), 1);
  free(trace);
  trace = run("garbage", "liar", WWW);
  assert_int_equal(dns_count(trace, "app pc dns.failed name=www.liar.test type=A reason=bad-answer permanent=false"),
                   1);
  free(trace);
}

static void aliases_without_end_are_given_up(void **state)
{
  char *trace = run("endless", "dns", WWW);

  (void)state;
  assert_int_equal(dns_count(trace, "app pc dns.failed name=www.liar.test type=A reason=server-failure"), 1);
  assert_true(dns_count(trace, "udp dns>liar:53#") <= 2 * 20);
  free(trace);
}

/* One question, forty servers whose addresses nobody knows, each of which leads to forty more. */
static void one_question_costs_so_many_and_no_more(void **state)
{
  char *trace = run("nxns", "dns", WWW);

  (void)state;
  assert_true(dns_count(trace, "app pc dns.failed name=www.liar.test type=A reason=") >= 1);
  assert_true(dns_count(trace, "dns.query") <= 60);
  free(trace);
}

/* The second name server of a host is asked when the first one says nothing, and both twice. */
static void silent_server_makes_way_for_the_next(void **state)
{
  char *trace = run("silent", "liar, root", "{at: 1s, name: www.good.test}");

  (void)state;
  assert_non_null(strstr(trace, "\n6.00"));
  assert_int_equal(dns_count(trace, "app pc dns.answer name=www.good.test type=A address=192.0.2.9 "), 1);
  free(trace);
  trace = run("silent", "liar", "{at: 1s, name: www.good.test}");
  assert_non_null(strstr(trace, "\n11.000000000 app pc dns.failed name=www.good.test type=A reason=timeout "
                                "permanent=false"));
  assert_int_equal(dns_count(trace, "dns.query"), 2);
  free(trace);
}

/* Who is no name server says so by ICMP, and nobody waits. */
static void refused_port_is_not_waited_for(void **state)
{
  char *trace = run("silent", "pc, root", "{at: 1s, name: www.good.test}");

  (void)state;
  assert_int_equal(dns_count(trace, "\n1.00"), dns_count(trace, "\n") - 1);
  assert_int_equal(dns_count(trace, "app pc dns.answer name=www.good.test type=A address=192.0.2.9 "), 1);
  free(trace);
}

static void name_servers_of_a_host_are_checked(void **state)
{
  static const char *const servers[] = {"a", "b", "c", "d"}, *const empty[] = {"a", ""};
  struct msim_node *node;
  struct msim_sim *sim;

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), MSIM_OK);
  assert_int_equal(msim_node_add(sim, "pc", &node), MSIM_OK);
  assert_int_equal(msim_node_set_resolver(node, servers, 4), MSIM_ERR_LIMIT);
  assert_int_equal(msim_node_set_resolver(node, empty, 2), MSIM_ERR_INVALID);
  assert_int_equal(msim_node_set_resolver(node, servers, 3), MSIM_OK);
  assert_int_equal(msim_node_set_resolver(node, NULL, 0), MSIM_OK);
  msim_sim_free(sim);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forged_answers_are_not_heard),
      cmocka_unit_test(server_without_edns_is_asked_again_without),
      cmocka_unit_test(what_lies_outside_of_the_zone_is_not_believed),
      cmocka_unit_test(garbage_is_no_answer),
      cmocka_unit_test(aliases_without_end_are_given_up),
      cmocka_unit_test(one_question_costs_so_many_and_no_more),
      cmocka_unit_test(silent_server_makes_way_for_the_next),
      cmocka_unit_test(name_servers_of_a_host_are_checked),
      cmocka_unit_test(refused_port_is_not_waited_for),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
