/* test_dhcp.c: hosts that get their addresses from DHCP servers: leases from the first word to the last, also when
 * servers fall silent, fall over, quarrel, or are not there (docs/dhcp.md). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/dhcp_stage.h"

#define HOUR 3600.0
#define DAY 86400.0

#define HOME "mailsim: 1\nnetworks: {home: {prefix: 192.168.1.0/24, rate: 100Mbit/s, delay: 10us}}\nhosts:\n"
#define SERVER(keys)                                                                                                   \
  "  router: {networks: {home: 192.168.1.1}, agents: [{dhcp-server: {range: 192.168.1.100-192.168.1.101" keys "}}]}\n"
#define PC(name) "  " name ": {networks: {home: dhcp}}\n"
#define PC_WITH(name, keys) "  " name ": {networks: {home: dhcp}, agents: [{dhcp-client: {" keys "}}]}\n"

static void host_has_nothing_before_and_everything_after(void **state)
{
  struct msim_addr_config config;
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, HOME SERVER(", dns: [192.168.1.53], domain: home.example, mtu: 1400B, lease: 2h") PC("pc"),
                  NULL);
  dhcp_stage_until(&stage, 0);
  assert_int_equal(dhcp_stage_last(&stage, "pc"), 0);
  assert_int_equal(msim_node_addr(dhcp_stage_host(&stage, "pc")).family, MSIM_FAMILY_NONE);
  dhcp_stage_until(&stage, 20);
  assert_int_equal(dhcp_stage_last(&stage, "pc"), 100);
  config = msim_attachment_config(msim_attachment_first(dhcp_stage_host(&stage, "pc")));
  assert_int_equal(config.prefix_bits, 24);
  assert_int_equal(config.gateway.bytes[3], 1);
  assert_int_equal(config.mtu_bytes, 1400);
  dhcp_stage_finish(&stage);
  assert_int_equal(
      dhcp_stage_count(&stage, "app pc dhcp.bound address=192.168.1.100 prefix=24 router=192.168.1.1 dns="), 1);
  assert_int_equal(dhcp_stage_count(&stage, "app router dhcp.leased network=home address=192.168.1.100 mac="), 1);
  assert_int_equal(dhcp_stage_count(&stage, "domain=home.example"), 1);
  dhcp_stage_close(&stage);
}

static void reserved_address_goes_to_its_host(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(
      &stage, HOME SERVER(", reservations: {pc2: 192.168.1.7}") PC("pc1") PC_WITH("pc2", "client-id: second") PC("pc3"),
      NULL);
  dhcp_stage_until(&stage, 30);
  assert_int_equal(dhcp_stage_last(&stage, "pc1"), 100);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 7);
  assert_int_equal(dhcp_stage_last(&stage, "pc3"), 101);
  dhcp_stage_close(&stage);
}

static void lease_goes_on_for_days(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, HOME SERVER(", lease: 2h") PC("pc"), NULL);
  dhcp_stage_until(&stage, 3 * DAY);
  assert_int_equal(dhcp_stage_last(&stage, "pc"), 100);
  dhcp_stage_finish(&stage);
  assert_in_range(dhcp_stage_count(&stage, "app pc dhcp.renewed address=192.168.1.100"), 71, 75);
  assert_int_equal(dhcp_stage_count(&stage, "dhcp.expired"), 0);
  assert_int_equal(dhcp_stage_count(&stage, "app router dhcp.leased"), 1);
  dhcp_stage_close(&stage);
}

/* A run that nobody acts in any more is over: leases do not keep it going. */
static void leases_do_not_keep_a_run_alive(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, HOME SERVER("") PC("pc"), NULL);
  assert_int_equal(msim_sim_run(stage.sim, MSIM_NEVER), MSIM_OK);
  assert_int_equal(dhcp_stage_last(&stage, "pc"), 100);
  assert_true(msim_sim_now_ns(stage.sim) < MSIM_SEC(30));
  dhcp_stage_close(&stage);
}

/* The second server takes over what the first one has given, when the clients ask everybody. */
static void other_server_rebinds_when_the_first_is_gone(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(
      &stage,
      HOME SERVER(
          ", lease: 1h") "  spare: {networks: {home: 192.168.1.2}, agents: [{dhcp-server: {range: "
                         "192.168.1.100-192.168.1.101, lease: 1h, no-offers: true, authoritative: true, answer-after: "
                         "30s}}]}\n" PC("pc"),
      NULL);
  dhcp_stage_until(&stage, 60);
  assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "router"), NULL), MSIM_OK);
  dhcp_stage_until(&stage, 52 * 60);
  dhcp_stage_until(&stage, 5 * HOUR);
  assert_int_equal(dhcp_stage_last(&stage, "pc"), 100);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "app spare dhcp.leased network=home address=192.168.1.100"), 1);
  assert_true(dhcp_stage_count(&stage, "lease=3600 server=192.168.1.2") > 3);
  assert_int_equal(dhcp_stage_count(&stage, "dhcp.expired"), 0);
  dhcp_stage_close(&stage);
}

/* Nobody extends it: at the end of its time the host has no address, and says so. */
static void lease_that_nobody_extends_is_over_on_both_sides(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, HOME SERVER(", lease: 1h, rules: [{skip: 2, answer: none}]") PC("pc"), NULL);
  dhcp_stage_until(&stage, HOUR - 1);
  assert_int_equal(dhcp_stage_last(&stage, "pc"), 100);
  dhcp_stage_until(&stage, HOUR + 10);
  assert_int_equal(dhcp_stage_last(&stage, "pc"), 0);
  dhcp_stage_until(&stage, 3 * HOUR);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "app pc dhcp.expired address=192.168.1.100"), 1);
  assert_int_equal(dhcp_stage_count(&stage, "app router dhcp.lease_ended network=home address=192.168.1.100"), 1);
  assert_true(dhcp_stage_count(&stage, "app pc dhcp.failed network=home reason=no-offer") > 5);
  dhcp_stage_close(&stage);
}

static void used_up_range_serves_again_when_an_address_is_given_back(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage,
                  HOME SERVER("") PC("pc1") PC_WITH("pc2", "script: [{at: 2min, do: release}, {at: 20min, do: renew}]")
                      PC_WITH("pc3", "spread: 30s"),
                  NULL);
  dhcp_stage_until(&stage, 110);
  assert_int_equal(dhcp_stage_last(&stage, "pc1"), 100);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 101);
  assert_int_equal(dhcp_stage_last(&stage, "pc3"), 0);
  dhcp_stage_until(&stage, 10 * 60);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 0);
  assert_int_equal(dhcp_stage_last(&stage, "pc3"), 101);
  dhcp_stage_until(&stage, 30 * 60);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 0);
  dhcp_stage_finish(&stage);
  assert_in_range(dhcp_stage_count(&stage, "app router dhcp.exhausted network=home"), 8, 20);
  assert_int_equal(dhcp_stage_count(&stage, "app pc2 dhcp.released address=192.168.1.101"), 1);
  assert_int_equal(dhcp_stage_count(&stage, "address=192.168.1.101 mac=") > 2, 1);
  assert_int_equal(dhcp_stage_count(&stage, "app pc2 dhcp.failed"), 2); /* after 20 min, and once more */
  dhcp_stage_close(&stage);
}

static void expired_address_is_given_to_somebody_else(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, HOME SERVER(", lease: 10min") PC("pc1") PC("pc2") PC_WITH("pc3", "spread: 30s"), NULL);
  dhcp_stage_until(&stage, 110);
  assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "pc1"), NULL), MSIM_OK);
  dhcp_stage_until(&stage, 590);
  assert_int_equal(dhcp_stage_last(&stage, "pc3"), 0); /* the server cannot know that pc1 has crashed */
  dhcp_stage_until(&stage, 20 * 60);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 101);
  assert_int_equal(dhcp_stage_last(&stage, "pc3"), 100);
  dhcp_stage_close(&stage);
}

/* RFC 2131 3.2: what it remembers from before the crash. */
static void restarted_host_asks_for_what_it_had(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage,
                  HOME SERVER("") PC("pc1")
                      PC_WITH("pc2", "forgets: true, script: [{at: 65s, do: release}, {at: 2min, do: "
                                     "release}]"),
                  NULL);
  dhcp_stage_until(&stage, 60);
  assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "pc1"), NULL), MSIM_OK);
  assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "pc2"), NULL), MSIM_OK);
  dhcp_stage_until(&stage, 70);
  assert_int_equal(msim_host_restart(dhcp_stage_host(&stage, "pc1")), MSIM_OK);
  assert_int_equal(msim_host_restart(dhcp_stage_host(&stage, "pc2")), MSIM_OK);
  assert_int_equal(dhcp_stage_last(&stage, "pc1"), 0); /* a crash forgets it */
  dhcp_stage_until(&stage, 100);
  assert_int_equal(dhcp_stage_last(&stage, "pc1"), 100);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 101);
  dhcp_stage_until(&stage, 130); /* what its script had for the time in between is past, the rest is not */
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 0);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, " dhcp.discover mac="), 3);
  assert_int_equal(dhcp_stage_count(&stage, "app pc1 dhcp.bound"), 2);
  assert_int_equal(dhcp_stage_count(&stage, "app pc2 dhcp.released"), 1);
  dhcp_stage_close(&stage);
}

/* The host's address is wrong for the network that it wakes up in: here the server has another range since. */
static void remembered_address_that_is_wrong_is_refused(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage,
                  HOME "  router: {networks: {home: 192.168.1.1}, agents: [{dhcp-server: {range: "
                       "192.168.1.100-192.168.1.101, forgets: true, authoritative: true, rules: [{message: request, "
                       "skip: 2, count: 1, answer: nak}]}}]}\n" PC("pc1") PC("pc2"),
                  NULL);
  dhcp_stage_until(&stage, 60);
  assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "pc1"), NULL), MSIM_OK);
  dhcp_stage_until(&stage, 61);
  assert_int_equal(msim_host_restart(dhcp_stage_host(&stage, "pc1")), MSIM_OK);
  dhcp_stage_until(&stage, 100);
  assert_int_equal(dhcp_stage_last(&stage, "pc1"), 100);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "app pc1 dhcp.refused"), 1);
  assert_int_equal(dhcp_stage_count(&stage, " dhcp.discover mac="), 3);
  dhcp_stage_close(&stage);
}

/* What a server has acknowledged is on its disk. */
static void crashed_server_gives_nothing_out_twice(void **state)
{
  struct msim_crash_opts crash;
  struct dhcp_stage stage;

  (void)state;
  memset(&crash, 0, sizeof crash);
  crash.disk = MSIM_CRASH_LOSE_UNSYNCED;
  dhcp_stage_open(&stage, HOME SERVER("") PC("pc1") PC_WITH("pc2", "spread: 120s, retry-after: 10s"), NULL);
  dhcp_stage_until(&stage, 10);
  assert_int_equal(dhcp_stage_last(&stage, "pc1"), 100);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 0);
  assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "router"), &crash), MSIM_OK);
  dhcp_stage_until(&stage, 11);
  assert_int_equal(msim_host_restart(dhcp_stage_host(&stage, "router")), MSIM_OK);
  dhcp_stage_until(&stage, 200);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 101);
  dhcp_stage_until(&stage, 4 * HOUR);
  assert_int_equal(dhcp_stage_last(&stage, "pc1"), 100);
  dhcp_stage_close(&stage);
}

/* Somebody has set himself an address of the range by hand. */
static void taken_address_is_declined(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, HOME SERVER("") PC("pc") "  squatter: {networks: {home: 192.168.1.100}}\n", NULL);
  dhcp_stage_until(&stage, 60);
  assert_int_equal(dhcp_stage_last(&stage, "pc"), 101);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "app pc dhcp.declined address=192.168.1.100"), 1);
  assert_int_equal(dhcp_stage_count(&stage, "app router dhcp.lease_ended network=home address=192.168.1.100"), 1);
  assert_int_equal(dhcp_stage_count(&stage, "reason=declined"), 1);
  dhcp_stage_close(&stage);
}

static void taken_address_is_found_out_without_a_probe_too(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(
      &stage, HOME SERVER("") PC_WITH("pc", "no-probe: true") "  squatter: {networks: {home: 192.168.1.100}}\n", NULL);
  dhcp_stage_until(&stage, 60);
  assert_int_equal(dhcp_stage_last(&stage, "pc"), 101);
  dhcp_stage_close(&stage);
}

static void host_with_an_address_is_told_the_rest(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(
      &stage,
      HOME SERVER(
          ", dns: [192.168.1.53]") "  pc: {networks: {home: 192.168.1.9}, agents: [{dhcp-client: {inform: true}}]}\n",
      NULL);
  dhcp_stage_until(&stage, 30);
  assert_int_equal(dhcp_stage_last(&stage, "pc"), 9);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "app pc dhcp.informed prefix=24 router=192.168.1.1 dns="), 1);
  assert_int_equal(dhcp_stage_count(&stage, "dhcp.leased"), 0);
  dhcp_stage_close(&stage);
}

/* Two servers that know nothing of each other, with a range each: one offer is taken, the other withdrawn. */
static void two_servers_share_a_network(void **state)
{
  struct dhcp_stage stage;
  unsigned a, b;

  (void)state;
  dhcp_stage_open(&stage,
                  HOME SERVER("") "  other: {networks: {home: 192.168.1.2}, agents: [{dhcp-server: {range: "
                                  "192.168.1.200-192.168.1.201}}]}\n" PC("pc1") PC("pc2") PC("pc3") PC("pc4"),
                  NULL);
  dhcp_stage_until(&stage, 3 * DAY);
  a = dhcp_stage_last(&stage, "pc1");
  b = dhcp_stage_last(&stage, "pc4");
  assert_true(a != 0 && b != 0 && a != b);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "dhcp.bound"), 4);
  assert_int_equal(dhcp_stage_count(&stage, "dhcp.leased"), 4);
  dhcp_stage_close(&stage);
}

/* Each message may be lost, and come twice. */
static void lossy_network_gives_addresses_all_the_same(void **state)
{
  struct dhcp_stage stage;
  unsigned i, bound = 0;

  (void)state;
  dhcp_stage_open(
      &stage,
      "mailsim: 1\nnetworks: {home: {prefix: 192.168.1.0/24, delay: 1ms, loss: 10%, duplicate: 20%}}\nhosts:\n"
      "  router: {networks: {home: 192.168.1.1}, agents: [{dhcp-server: {lease: 30min}}]}\n"
      "  pc[1..40]: {networks: {home: dhcp}, agents: [{dhcp-client: {spread: 10s}}]}\n",
      NULL);
  dhcp_stage_until(&stage, DAY);
  for (i = 1; i <= 40; i++) {
    char name[16];

    snprintf(name, sizeof name, "pc%u", i);
    bound += dhcp_stage_last(&stage, name) != 0;
  }
  assert_in_range(bound, 38, 40);
  dhcp_stage_close(&stage);
}

/* A person sends a mail at a PC that is still waiting for its address; then at one that never gets one. */
static void mail_waits_for_the_address_or_fails_for_want_of_one(void **state)
{
#define MAIL                                                                                                           \
  "  pc: {networks: {home: dhcp}, agents: [{user: {address: a@x.example, submit: mx, script: [{at: 1s, send: "         \
  "{message: m1, to: b@y.example, body: Hi}}]}}]}\n"                                                                   \
  "  mx: {networks: {home: 192.168.1.5}, agents: [{smtp-server: {domains: {y.example: [b]}}}]}\n"
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, HOME SERVER("") MAIL, NULL);
  assert_int_equal(msim_sim_run(stage.sim, MSIM_NEVER), MSIM_OK);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "message.sent message=m1"), 1);
  dhcp_stage_close(&stage);

  dhcp_stage_open(&stage, HOME MAIL, NULL);
  assert_int_equal(msim_sim_run(stage.sim, MSIM_NEVER), MSIM_OK);
  assert_true(msim_sim_now_ns(stage.sim) < MSIM_SEC(70));
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "app pc dhcp.failed network=home reason=no-offer"), 1);
  assert_int_equal(dhcp_stage_count(&stage, "app pc message.failed message=m1 protocol=smtp reason=no-address"), 1);
  assert_int_equal(dhcp_stage_count(&stage, "tcp pc>"), 0);
  assert_true(strstr(stage.trace.data, "dhcp.failed") < strstr(stage.trace.data, "message.failed"));
  dhcp_stage_close(&stage);
}

/* The name servers come with the address: here a name is looked up by the one that DHCP has told. */
static void names_are_asked_where_the_network_says(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(
      &stage,
      HOME SERVER(
          ", dns: [ns], lease: 10min, rules: [{skip: 2, answer: none}]") "  ns: {networks: {home: 192.168.1.53}, "
                                                                         "agents: [{dns-server: {zones: {y.example: "
                                                                         "{records: "
                                                                         "[{name: www, type: A, value: "
                                                                         "192.0.2.7}]}}}}]}\n"
                                                                         "  pc: {networks: {home: dhcp}, agents: "
                                                                         "[{dns-client: {script: [{at: 1s, name: "
                                                                         "www.y.example}, "
                                                                         "{at: 20min, name: www.y.example}]}}]}\n",
      NULL);
  dhcp_stage_until(&stage, 30 * 60);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "app pc dns.answer name=www.y.example type=A address=192.0.2.7"), 1);
  assert_int_equal(dhcp_stage_count(&stage, "app pc dhcp.expired"), 1);
  dhcp_stage_close(&stage);
}

/* A router with two networks has two servers, and a host in both has two clients: each hears its own network. */
static void servers_and_clients_of_two_networks_share_their_ports(void **state)
{
  struct msim_attachment *home, *guest;
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(
      &stage,
      "mailsim: 1\nnetworks: {home: {prefix: 192.168.1.0/24}, guest: {prefix: 192.168.2.0/24}}\nhosts:\n"
      "  router: {networks: {home: 192.168.1.1, guest: 192.168.2.1}, agents: [{dhcp-server: {network: home}}, "
      "{dhcp-server: {network: guest, lease: 2h}}]}\n"
      "  pc: {networks: {home: dhcp, guest: dhcp}}\n  visitor: {networks: {guest: dhcp}}\n",
      NULL);
  dhcp_stage_until(&stage, 3 * HOUR);
  home = msim_attachment_first(dhcp_stage_host(&stage, "pc"));
  guest = msim_attachment_next(home);
  assert_int_equal(msim_attachment_config(home).address.bytes[2], 1);
  assert_int_equal(msim_attachment_config(guest).address.bytes[2], 2);
  assert_int_equal(msim_attachment_config(msim_attachment_first(dhcp_stage_host(&stage, "visitor"))).address.bytes[2],
                   2);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "app router dhcp.leased network=guest"), 2);
  assert_int_equal(dhcp_stage_count(&stage, "app router dhcp.leased network=home"), 1);
  dhcp_stage_close(&stage);
}

/* The journal of leases stays short, and a torn end of it is cut off. */
static void file_of_leases_is_bounded_and_survives_a_torn_write(void **state)
{
  struct msim_crash_opts crash;
  struct dhcp_stage stage;
  uint64_t size_bytes = 0;
  unsigned i;

  (void)state;
  dhcp_stage_open(&stage,
                  HOME "  router: {networks: {home: 192.168.1.1}, disk: {sync-latency: 20ms}, agents: [{dhcp-server: "
                       "{lease: 2min, range: 192.168.1.100-192.168.1.109}}]}\n" PC("pc1") PC("pc2"),
                  NULL);
  dhcp_stage_until(&stage, DAY);
  assert_int_equal(msim_disk_size(msim_node_disk(dhcp_stage_host(&stage, "router")), "dhcp/leases.home", &size_bytes),
                   MSIM_OK);
  assert_in_range(size_bytes / 96, 2, 2 * 2 + 64 + 2);
  memset(&crash, 0, sizeof crash);
  crash.disk = MSIM_CRASH_TORN;
  crash.torn_unit_bytes = 1;
  for (i = 0; i < 40; i++) { /* some of these come in the middle of a write */
    crash.random = i * 7919;
    dhcp_stage_until(&stage, DAY + i * 61.013);
    assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "router"), &crash), MSIM_OK);
    dhcp_stage_until(&stage, DAY + i * 61.013 + 1);
    assert_int_equal(msim_host_restart(dhcp_stage_host(&stage, "router")), MSIM_OK);
  }
  dhcp_stage_until(&stage, DAY + HOUR);
  assert_int_not_equal(dhcp_stage_last(&stage, "pc1"), 0);
  assert_int_not_equal(dhcp_stage_last(&stage, "pc2"), 0);
  dhcp_stage_close(&stage);
}

/* What cannot be written down is not promised. */
static void server_with_a_full_disk_acknowledges_nothing(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage,
                  HOME
                  "  router: {networks: {home: 192.168.1.1}, disk: {size: 100B}, agents: [dhcp-server]}\n" PC("pc1")
                      PC_WITH("pc2", "spread: 30s"),
                  NULL);
  dhcp_stage_until(&stage, 200);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "dhcp.bound"), 1); /* there is room for one */
  assert_int_equal(dhcp_stage_count(&stage, "app pc2 dhcp.failed network=home reason=no-answer"), 1);
  dhcp_stage_close(&stage);
}

/* Leases shorter than everybody expects, for one host, and refusals for a while. */
static void server_misbehaves_by_rule(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage,
                  HOME SERVER(", rules: [{message: request, from: pc1, lease: 30s}, {message: discover, from: pc2, "
                              "count: 2, answer: none}]") PC("pc1") PC("pc2"),
                  NULL);
  dhcp_stage_until(&stage, 200);
  assert_int_equal(dhcp_stage_last(&stage, "pc1"), 100);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 101);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "client=pc1 lease=30"), 1);
  assert_in_range(dhcp_stage_count(&stage, "app pc1 dhcp.renewed address=192.168.1.100"), 12, 14);
  assert_int_equal(dhcp_stage_count(&stage, "udp pc2>*:67#1 c3 (300) broadcast dhcp.discover"), 1);
  dhcp_stage_close(&stage);
}

static void plug_that_is_back_is_a_reason_to_ask(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage,
                  HOME SERVER("") "  pc: {networks: {home: dhcp}, agents: [{user: {address: a@x.example, script: [{at: "
                                  "1min, offline: true}, {at: 2min, online: true}]}}]}\n",
                  NULL);
  dhcp_stage_until(&stage, 130);
  dhcp_stage_finish(&stage);
  assert_int_equal(dhcp_stage_count(&stage, "120.000000000 udp pc>*:67#2 c1 (300) broadcast dhcp.request mac="), 1);
  assert_int_equal(dhcp_stage_count(&stage, "app pc dhcp.renewed address=192.168.1.100"), 1);
  dhcp_stage_close(&stage);
}

static void same_seed_gives_the_same_trace(void **state)
{
  static const char yaml[] = HOME SERVER(", lease: 5min") PC("pc1") PC("pc2") PC("pc3");
  struct dhcp_stage one, two;

  (void)state;
  dhcp_stage_open(&one, yaml, NULL);
  dhcp_stage_open(&two, yaml, NULL);
  dhcp_stage_until(&one, 2 * HOUR);
  dhcp_stage_until(&two, 2 * HOUR);
  dhcp_stage_finish(&one);
  dhcp_stage_finish(&two);
  assert_string_equal(one.trace.data, two.trace.data);
  dhcp_stage_close(&one);
  dhcp_stage_close(&two);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(host_has_nothing_before_and_everything_after),
      cmocka_unit_test(reserved_address_goes_to_its_host),
      cmocka_unit_test(lease_goes_on_for_days),
      cmocka_unit_test(leases_do_not_keep_a_run_alive),
      cmocka_unit_test(other_server_rebinds_when_the_first_is_gone),
      cmocka_unit_test(lease_that_nobody_extends_is_over_on_both_sides),
      cmocka_unit_test(used_up_range_serves_again_when_an_address_is_given_back),
      cmocka_unit_test(expired_address_is_given_to_somebody_else),
      cmocka_unit_test(restarted_host_asks_for_what_it_had),
      cmocka_unit_test(remembered_address_that_is_wrong_is_refused),
      cmocka_unit_test(crashed_server_gives_nothing_out_twice),
      cmocka_unit_test(taken_address_is_declined),
      cmocka_unit_test(taken_address_is_found_out_without_a_probe_too),
      cmocka_unit_test(host_with_an_address_is_told_the_rest),
      cmocka_unit_test(two_servers_share_a_network),
      cmocka_unit_test(lossy_network_gives_addresses_all_the_same),
      cmocka_unit_test(mail_waits_for_the_address_or_fails_for_want_of_one),
      cmocka_unit_test(names_are_asked_where_the_network_says),
      cmocka_unit_test(servers_and_clients_of_two_networks_share_their_ports),
      cmocka_unit_test(file_of_leases_is_bounded_and_survives_a_torn_write),
      cmocka_unit_test(server_with_a_full_disk_acknowledges_nothing),
      cmocka_unit_test(server_misbehaves_by_rule),
      cmocka_unit_test(plug_that_is_back_is_a_reason_to_ask),
      cmocka_unit_test(same_seed_gives_the_same_trace),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
