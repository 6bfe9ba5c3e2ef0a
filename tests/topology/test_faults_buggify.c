/* test_faults_buggify.c: hosts that do by chance what is allowed and rare: who reads them does not lose a byte or a
 * mail by it, and no rule of docs/invariants.md is broken, in the examples neither. */
#include "topology/fault_stage.h"

static void what_cannot_strike_changes_no_byte(void **state)
{
  static const char *const faults[] = {
      "  - {id: a, buggify: {sites: 0%}}\n", "  - {id: a, buggify: {sites: 100%, fire: 0%}}\n",
      "  - {id: a, buggify: {sites: 100%, fire: 100%}, after: {event: never.happens}}\n",
      "  - {id: a, buggify: {sites: 100%, fire: 100%, only: dns.forget}}\n", /* nobody has a cache here */
  };

  (void)state;
  assert_nothing_changes(faults, sizeof faults / sizeof faults[0]);
  {
    struct topology_run plain = run("  []\n"), off = run("  []\nbuggify: {sites: 0%}\n");

    assert_string_equal(plain.trace.data, off.trace.data);
    free(plain.trace.data);
    free(off.trace.data);
  }
}

static void the_section_is_the_fault_of_that_name(void **state)
{
  struct topology_run section = run("  []\nbuggify: {sites: 50%, fire: 50%}\n");
  struct topology_run fault = run("  - {id: buggify, buggify: {sites: 50%, fire: 50%}}\n");
  struct topology_run other = run("  - {id: other, buggify: {sites: 50%, fire: 50%}}\n");

  (void)state;
  assert_string_equal(section.trace.data, fault.trace.data);
  assert_string_not_equal(section.trace.data, other.trace.data);
  free(section.trace.data);
  free(fault.trace.data);
  free(other.trace.data);
}

/* How many sites fire in a run of that seed, and how often all of them. */
static size_t sites_of(uint64_t seed, const char *share, size_t *fired)
{
  struct msim_fault_site_info site;
  struct topology_run r;
  char text[200];
  size_t i, count = 0;

  snprintf(text, sizeof text, "  - {id: a, buggify: {sites: %s, fire: 50%%}}\n", share);
  topology_run_built(&r, build, text, seed, "text", "kind=fault");
  if (r.err != 0)
    fail_msg("%s\n%s", r.error, findings);
  for (i = 0; msim_fault_site_at(i, &site); i++) {
    snprintf(text, sizeof text, "buggify id=a site=%s\n", site.name);
    count += strstr(r.trace.data, text) != NULL;
  }
  *fired = count_of(r.trace.data, "buggify id=a site=");
  free(r.trace.data);
  return count;
}

static void the_seed_says_which_sites_there_are(void **state)
{
  size_t all_fired, some_fired, all = sites_of(1, "100%", &all_fired), least = SIZE_MAX, most = 0;
  uint64_t seed;

  (void)state;
  assert_in_range(all, 9, 16);
  for (seed = 1; seed <= 12; seed++) {
    size_t some = sites_of(seed, "25%", &some_fired);

    least = some < least ? some : least;
    most = some > most ? some : most;
  }
  assert_true(least < 3);
  assert_in_range(most, 3, all - 1);
}

/* One site, always: it fires, and two mails come. */
static void each_site_does_what_it_says(void **state)
{
  static const struct {
    const char *site, *sign; /* what is then seen in the trace; "": nothing that can be told so */
  } signs[] = {
      {"disk.early", ""},
      {"disk.late", ""},
      {"queue.early", ""},
      {"smtp.coalesce", ""},
      {"smtp.late", ""},
      {"smtp.plain", ""},
      {"tcp.ack", ""},
      {"tcp.cut", ""},
      {"tcp.cut-line-end", "\"220 relay ESMTP at your service\\r\"\n"},
      {"tcp.tiny-window", " S 0:0(0) win 1 <"},
      {"tcp.wrap", ""},
      {"uid.gap", ""},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof signs / sizeof signs[0]; i++) {
    char text[500], told[100];
    struct topology_run r;

    /* the far link is down at first, so that mail waits in the queue; alice sends ahead, so that replies can be one */
    snprintf(
        text, sizeof text,
        "  - {id: d, down: {link: far}, for: 20min}\n  - {id: a, buggify: {sites: 100%%, fire: 100%%, only: %s}}\n",
        signs[i].site);
    snprintf(told, sizeof told, "buggify id=a site=%s\n", signs[i].site);
    r = run(text);
    assert_has(&r, told);
    if (strstr(r.trace.data, signs[i].sign) == NULL)
      fail_msg("%s: there is no %s", signs[i].site, signs[i].sign);
    assert_int_equal(count_of(r.trace.data, "mx store.add"), 2);
    free(r.trace.data);
  }
}

static void another_fault_or_site_moves_no_draw(void **state)
{
  struct topology_run one = run("  - {id: a, buggify: {sites: 100%, fire: 30%, only: [tcp.cut]}}\n");
  struct topology_run two = run("  - {id: a, buggify: {sites: 100%, fire: 30%, only: [tcp.cut, notice.late]}}\n"
                                "  - {id: b, loss: {link: far, share: 0%}}\n");

  (void)state;
  assert_string_equal(one.trace.data, two.trace.data);
  free(one.trace.data);
  free(two.trace.data);
}

static void crashes_and_losses_beside_it_lose_no_mail(void **state)
{
  static char faults[] = "  - {id: boom, crash: {host: relay}, at: 1200ms, for: 5s}\n"
                         "  - {id: bang, crash: {host: mx, disk: torn, unit: 64B}, at: 8s, for: 5s}\n"
                         "  - {id: l, loss: {link: far, share: 10%}}\n"
                         "  - {id: s, clog: {hosts: random, over: 5s}, at: 20s}\n"
                         "buggify: {sites: 60%, fire: 60%}\n";
  uint64_t seed;

  (void)state;
  for (seed = 1; seed <= 40; seed++) {
    struct topology_run r;

    topology_run_built(&r, build, faults, seed, "text", "kind=app");
    if (r.err != 0)
      fail_msg("seed %u: %s", (unsigned)seed, r.error);
    assert_true(count_of(r.trace.data, "mx store.add") + count_of(r.trace.data, "alice message.failed") >= 2);
    free(r.trace.data);
  }
}

static void no_example_breaks_a_rule(void **state)
{
  static const char *const names[] = {
      "dhcp-nat-dns/all-present",
      "dns/cache",
      "greylisted-week",
      "home/mail-receive-imap",
      "home/mail-send",
      "ipv6/dual-stack",
      "lan-dhcp-nat/access",
      "lost-250",
      "mail-loop",
      "mail-receive-imap",
      "mail-receive-pop",
      "mail-receive-webmail",
      "mail-send-dns",
      "no-account-refused/recipient-without-mailbox",
      "provider-outage",
      "relay-crash",
      "webmail-send",
  };
  static const char *const shares[] = {"sites: 100%, fire: 100%", "sites: 50%, fire: 25%"};
  char path[1024], more[100];
  struct topology_run r;
  size_t i, k;

  (void)state;
  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    for (k = 0; k < 2 * sizeof shares / sizeof shares[0]; k++) {
      snprintf(path, sizeof path, "%s/topologies/%s.yaml", MSIM_SOURCE_DIR, names[i]);
      snprintf(more, sizeof more, "buggify: {%s}\n", shares[k / 2]);
      topology_run_file(&r, path, more, k, "text", "kind=check");
      if (r.err != 0)
        fail_msg("%s, %s, seed %u: %s", names[i], shares[k / 2], (unsigned)k, r.error);
      free(r.trace.data);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_cannot_strike_changes_no_byte),
      cmocka_unit_test(the_section_is_the_fault_of_that_name),
      cmocka_unit_test(the_seed_says_which_sites_there_are),
      cmocka_unit_test(each_site_does_what_it_says),
      cmocka_unit_test(another_fault_or_site_moves_no_draw),
      cmocka_unit_test(crashes_and_losses_beside_it_lose_no_mail),
      cmocka_unit_test(no_example_breaks_a_rule),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
