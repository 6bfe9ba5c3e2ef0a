/* Tests of agents/dns_zone.c: which set, alias, cut or wildcard answers (RFC 1034 4.3.2, RFC 4592). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "agents/agents.h"
#include "agents/dns_marks.h"
#include "agents/dns_zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct book {
  struct msim_sim *sim;
  struct msim_agent agent;
  struct msim__dns_zones zones;
  struct msim__dns_zone *zone;
  struct msim__dns_response response;
  char text[1000];
};

static struct msim__dns_name name_of(const char *text)
{
  struct msim__dns_name name;

  assert_int_equal(msim__dns_name_parse(&name, text, strlen(text)), MSIM_OK);
  return name;
}

static int add(struct book *book, const char *owner, uint16_t type, const char *value)
{
  struct msim__dns_name name = name_of(owner), target;
  struct msim_slice rdata;
  struct msim_addr addr;
  uint8_t bytes[300];

  rdata.data = bytes;
  if (type == MSIM__DNS_A) {
    assert_int_equal(msim_addr_parse(&addr, value, strlen(value)), MSIM_OK);
    rdata.size_bytes = msim__dns_make_addr(bytes, sizeof bytes, &addr);
  } else {
    target = name_of(value);
    rdata.size_bytes = msim__dns_make_name(bytes, sizeof bytes, &target);
  }
  return msim__dns_zone_add(&book->zones, book->zone, &name, type, 60, rdata);
}

static struct book *open_book(void)
{
  struct book *book = calloc(1, sizeof *book);
  struct msim__dns_name origin = name_of("Y.Example");
  struct msim_sim_opts opts;

  memset(&opts, 0, sizeof opts);
  assert_non_null(book);
  assert_int_equal(msim__sim_create(&book->sim, &opts, NULL), MSIM_OK);
  assert_int_equal(msim__net_create(book->sim), MSIM_OK);
  assert_int_equal(msim_node_add(book->sim, "ns", &book->agent.node), MSIM_OK);
  msim__dns_zones_init(&book->zones, &book->agent);
  assert_int_equal(msim__dns_zone_new(&book->zones, &origin, &book->zone), MSIM_OK);
  return book;
}

static void close_book(struct book *book)
{
  msim__dns_zones_release(&book->zones);
  msim_sim_free(book->sim);
  free(book);
}

/* "NOERROR aa AN name value; …" */
static const char *ask(struct book *book, const char *name, uint16_t type)
{
  static const char *const sections[] = {"", "AN", "NS", "AR", ""};
  struct msim__dns_question question = {.name = name_of(name), .type = type, .class_ = MSIM__DNS_CLASS_IN};
  char owner[MSIM__DNS_NAME_TEXT_BYTES], value[MSIM__DNS_NAME_TEXT_BYTES];
  size_t n, i;

  memset(&book->response, 0, sizeof book->response);
  msim__dns_zones_answer(&book->zones, &question, &book->response);
  n = (size_t)snprintf(book->text, sizeof book->text, "%s%s", msim__dns_rcode_name(book->response.rcode),
                       book->response.authoritative ? " aa" : "");
  for (i = 0; i < book->response.set_count; i++) {
    const struct msim__dns_response_set *row = &book->response.sets[i];
    struct msim_slice rdata;
    size_t at = 0;

    (void)msim__dns_name_format(row->owner, owner);
    while (msim__dns_rrset_next(row->set, &at, &rdata) && msim__dns_rdata_format(row->set->type, rdata, value))
      n += (size_t)snprintf(book->text + n, sizeof book->text - n, "; %s %s %.60s", sections[row->section], owner,
                            value);
  }
  return book->text;
}

/* The example of RFC 4592 2.2.1, as far as its types are known here. */
static void wildcards_answer_as_in_the_example_of_rfc_4592(void **state)
{
  struct book *book = open_book();

  (void)state;
  assert_int_equal(add(book, "*.y.example", MSIM__DNS_A, "192.0.2.1"), MSIM_OK);
  assert_int_equal(add(book, "sub.*.y.example", MSIM__DNS_A, "192.0.2.2"), MSIM_OK);
  assert_int_equal(add(book, "host1.y.example", MSIM__DNS_A, "192.0.2.3"), MSIM_OK);
  assert_int_equal(add(book, "_ssh._tcp.host1.y.example", MSIM__DNS_A, "192.0.2.4"), MSIM_OK);
  assert_int_equal(add(book, "subdel.y.example", MSIM__DNS_NS, "ns.z.example"), MSIM_OK);
  assert_string_equal(ask(book, "host3.y.example", MSIM__DNS_A), "NOERROR aa; AN host3.y.example 192.0.2.1");
  assert_string_equal(ask(book, "host3.y.example", MSIM__DNS_MX), "NOERROR aa");
  assert_string_equal(ask(book, "foo.bar.y.example", MSIM__DNS_A), "NOERROR aa; AN foo.bar.y.example 192.0.2.1");
  assert_string_equal(ask(book, "host1.y.example", MSIM__DNS_MX), "NOERROR aa");
  assert_string_equal(ask(book, "sub.*.y.example", MSIM__DNS_MX), "NOERROR aa");
  assert_string_equal(ask(book, "_telnet._tcp.host1.y.example", MSIM__DNS_A), "NXDOMAIN aa");
  assert_string_equal(ask(book, "_tcp.host1.y.example", MSIM__DNS_A), "NOERROR aa"); /* an empty non-terminal */
  assert_string_equal(ask(book, "host.subdel.y.example", MSIM__DNS_A), "NOERROR; NS subdel.y.example ns.z.example");
  assert_string_equal(ask(book, "ghost.*.y.example", MSIM__DNS_MX), "NXDOMAIN aa");
  assert_string_equal(ask(book, "*.y.example", MSIM__DNS_A), "NOERROR aa; AN *.y.example 192.0.2.1");
  close_book(book);
}

static void aliases_are_followed_within_the_zones_and_end(void **state)
{
  struct book *book = open_book();

  (void)state;
  assert_int_equal(add(book, "a.y.example", MSIM__DNS_CNAME, "B.y.example"), MSIM_OK);
  assert_int_equal(add(book, "b.y.example", MSIM__DNS_CNAME, "out.z.example"), MSIM_OK);
  assert_int_equal(add(book, "loop.y.example", MSIM__DNS_CNAME, "loop.y.example"), MSIM_OK);
  assert_int_equal(add(book, "*.w.y.example", MSIM__DNS_CNAME, "x.w.y.example"), MSIM_OK);
  assert_string_equal(ask(book, "A.y.example", MSIM__DNS_A),
                      "NOERROR aa; AN a.y.example B.y.example; AN b.y.example out.z.example");
  assert_string_equal(ask(book, "a.y.example", MSIM__DNS_CNAME), "NOERROR aa; AN a.y.example B.y.example");
  assert_string_equal(ask(book, "loop.y.example", MSIM__DNS_A), "NOERROR aa; AN loop.y.example loop.y.example");
  assert_string_equal(ask(book, "q.w.y.example", MSIM__DNS_A),
                      "NOERROR aa; AN q.w.y.example x.w.y.example; AN x.w.y.example x.w.y.example");
  assert_string_equal(ask(book, "z.example", MSIM__DNS_A), "REFUSED");
  close_book(book);
}

static void what_does_not_belong_together_is_refused(void **state)
{
  struct book *book = open_book();
  struct msim__dns_name origin = name_of("y.example");
  struct msim__dns_zone *other;
  char text[20];
  unsigned i;

  (void)state;
  assert_int_equal(msim__dns_zone_new(&book->zones, &origin, &other), MSIM_ERR_EXISTS);
  assert_int_equal(add(book, "www.z.example", MSIM__DNS_A, "192.0.2.1"), MSIM_ERR_INVALID);
  assert_int_equal(add(book, "a.y.example", MSIM__DNS_CNAME, "b.y.example"), MSIM_OK);
  assert_int_equal(add(book, "a.y.example", MSIM__DNS_A, "192.0.2.1"), MSIM_ERR_INVALID);
  assert_int_equal(add(book, "a.y.example", MSIM__DNS_CNAME, "c.y.example"), MSIM_ERR_INVALID);
  assert_int_equal(add(book, "b.y.example", MSIM__DNS_A, "192.0.2.1"), MSIM_OK);
  assert_int_equal(add(book, "b.y.example", MSIM__DNS_CNAME, "c.y.example"), MSIM_ERR_INVALID);
  for (i = 0; i < MSIM__DNS_RRSET_RECORDS_MAX; i++) {
    snprintf(text, sizeof text, "10.0.%u.%u", i / 256, i % 256);
    assert_int_equal(add(book, "many.y.example", MSIM__DNS_A, text), MSIM_OK);
    assert_int_equal(add(book, "many.y.example", MSIM__DNS_A, text), MSIM_OK); /* the same is there once */
  }
  assert_int_equal(add(book, "many.y.example", MSIM__DNS_A, "10.1.0.0"), MSIM_ERR_LIMIT);
  close_book(book);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wildcards_answer_as_in_the_example_of_rfc_4592),
      cmocka_unit_test(aliases_are_followed_within_the_zones_and_end),
      cmocka_unit_test(what_does_not_belong_together_is_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
