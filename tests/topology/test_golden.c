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

#include "support/topology_run.h"

static const char *const names[] = {"hello", "mail-send", "mail-receive-pop", "mail-receive-imap"};
#define COUNT (sizeof names / sizeof names[0])

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

    run_by_name(&run, names[i]);
    path_of(path, sizeof path, "tests/golden", names[i], ".trace");
    golden = topology_read_file(path);
    if (golden.data == NULL)
      fail_msg("%s: there is no golden; make it with --accept", names[i]);
    compare(names[i], golden.data, run.trace.data);
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

    run_by_name(&run, names[i]);
    path_of(path, sizeof path, "tests/golden", names[i], ".trace");
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
