/* test_golden.c: every example topology, run with seed 1, gives the trace in tests/golden byte for byte.
 * `topology_test_golden --accept` rewrites the goldens: look at the difference before you commit it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest/digest.h"
#include "support/topology_run.h"

/* All but the large ones, whose fingerprints lie in tests/expect (mailing, office-day). logs_in: by the strongest
 * mechanism that the library was built with, so another trace without digests. */
static const struct example {
  const char *name;
  bool logs_in;
} examples[] = {
    {"dhcp-lease", false},
    {"dns/cache", false},
    {"dns/lookup", false},
    {"greylisted-week", false},
    {"hello", false},
    {"ipv6/dual-stack", false},
    {"imap-offline", true},
    {"imap-selected-only", true},
    {"ipv6/fallback", false},
    {"ipv6/slaac", false},
    {"lan", false},
    {"lost-250", false},
    {"mail-loop", false},
    {"mail-receive-imap", true},
    {"mail-receive-pop", false},
    {"mail-receive-webmail", true},
    {"mail-send", false},
    {"mail-send-auth", true},
    {"mail-send-dns", false},
    {"dhcp-nat-dns/all-present", false},
    {"dhcp-nat-dns/no-dhcp", false},
    {"dhcp-nat-dns/no-dns", false},
    {"dhcp-nat-dns/no-nat", false},
    {"home/mail-receive-imap", true},
    {"home/mail-receive-pop", false},
    {"home/mail-send", false},
    {"lan-dhcp-nat/access", false},
    {"lan-dhcp-nat/static-nat", false},
    {"mail-send-ipv6", false},
    {"no-route", false},
    {"pop-offline", true},
    {"provider-outage", false},
    {"real-clients", true},
    {"relay-crash", false},
    {"webmail-send", true},
    {"no-account-refused/receive-without-mailbox", true},
    {"no-account-refused/recipient-without-mailbox", false},
    {"no-account-refused/send-without-contract", true},
    {"no-account-refused/send-wrong-password", true},
    {"no-account-refused/webmail-not-registered", true},
};
#define COUNT (sizeof examples / sizeof examples[0])

static void path_of(char *out, size_t capacity, const char *folder, const char *name, const char *suffix)
{
  snprintf(out, capacity, "%s/%s/%s%s", MSIM_SOURCE_DIR, folder, name, suffix);
}

static void run_by_name(struct topology_run *run, const char *name)
{
  char path[1024];

  path_of(path, sizeof path, "topologies", name, ".yaml");
  topology_run_file(run, path, NULL, 1, "text", NULL);
  if (run->err != 0)
    fail_msg("%s: %s", name, run->error);
}

/* Says which line differs first: a byte count helps nobody. */
static void compare(const char *name, const char *wanted, const char *found)
{
  unsigned line = 1;

  while (*wanted != '\0' || *found != '\0') {
    size_t w = strcspn(wanted, "\n"), f = strcspn(found, "\n");

    if (w != f || memcmp(wanted, found, w) != 0)
      fail_msg("%s differs at line %u\n  - %.*s\n  + %.*s", name, line, (int)w, wanted, (int)f, found);
    wanted += w + (wanted[w] != '\0');
    found += f + (found[f] != '\0');
    line++;
  }
}

static void each_topology_run_with_seed_1_gives_its_golden(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < COUNT; i++) {
    struct topology_run run;
    struct topology_text golden;
    char path[1024];

    if (examples[i].logs_in && !(msim__digest_is_there(MSIM__DIGEST_SHA256) && msim__digest_is_there(MSIM__DIGEST_MD5)))
      continue;
    run_by_name(&run, examples[i].name);
    path_of(path, sizeof path, "tests/golden", examples[i].name, ".trace");
    golden = topology_read_file(path);
    if (golden.data == NULL)
      fail_msg("%s: there is no golden; make it with --accept", examples[i].name);
    compare(examples[i].name, golden.data, run.trace.data);
    free(golden.data);
    free(run.trace.data);
  }
}

static int accept_all(void)
{
  size_t i;

  for (i = 0; i < COUNT; i++) {
    struct topology_run run;
    char path[1024];
    FILE *file;

    run_by_name(&run, examples[i].name);
    path_of(path, sizeof path, "tests/golden", examples[i].name, ".trace");
    file = fopen(path, "wb");
    if (file == NULL || fwrite(run.trace.data, 1, run.trace.size_bytes, file) != run.trace.size_bytes ||
        fclose(file) != 0) {
      perror(path);
      return 2;
    }
    free(run.trace.data);
  }
  return 0;
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_topology_run_with_seed_1_gives_its_golden)};

  if (argc == 2 && strcmp(argv[1], "--accept") == 0)
    return accept_all();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
