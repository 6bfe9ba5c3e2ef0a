/* test_findings.c: bad/NAME.yaml must be refused with exactly what bad/NAME.diag says, for every NAME in bad/list.
 *
 * A line of a .diag file is [FILE:]LINE:COLUMN: SENTENCE; FILE is left out for the file itself. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "topology/probe.h"

#define FOLDER MSIM_SOURCE_DIR "/tests/topology/bad/"

/* Malloced, terminated; NULL: there is no such file. */
static char *slurp(const char *path)
{
  char whole[512], *text;
  size_t size;
  FILE *file;

  snprintf(whole, sizeof whole, "%s%s", FOLDER, path);
  file = fopen(whole, "rb");
  if (file == NULL)
    return NULL;
  text = calloc(1, 65536);
  assert_non_null(text);
  size = fread(text, 1, 65535, file);
  assert_true(size < 65535);
  fclose(file);
  return text;
}

static int read_folder(void *ctx, const char *path, struct msim_slice *out)
{
  char *text = slurp(path);

  (void)ctx;
  if (text == NULL)
    return MSIM_ERR_NOT_FOUND;
  out->data = (const uint8_t *)text;
  out->size_bytes = strlen(text);
  return MSIM_OK;
}

static void release_folder(void *ctx, struct msim_slice bytes)
{
  (void)ctx;
  free((void *)(uintptr_t)(const void *)bytes.data);
}

struct heard {
  char name[128];
  char text[16384];
};

static void hear(void *user, const struct msim_diag *diag)
{
  struct heard *heard = user;
  size_t used = strlen(heard->text);
  bool own = strcmp(diag->file, heard->name) == 0;

  snprintf(heard->text + used, sizeof heard->text - used, "%s%s%u:%u: %s\n", own ? "" : diag->file, own ? "" : ":",
           diag->line, diag->column, diag->text);
}

/* Whether what was said is what is expected; both are printed otherwise. */
static bool try_one(const char *name)
{
  static const struct msim_reader reader = {NULL, read_folder, release_folder};
  struct msim_sim *sim = probe_sim();
  struct heard heard;
  struct msim_slice text;
  char path[160], *yaml, *expected;
  bool right;

  snprintf(heard.name, sizeof heard.name, "%s.yaml", name);
  heard.text[0] = '\0';
  yaml = slurp(heard.name);
  snprintf(path, sizeof path, "%s.diag", name);
  expected = slurp(path);
  if (yaml == NULL || expected == NULL)
    fail_msg("bad/%s.yaml or bad/%s.diag is missing", name, name);
  text.data = (const uint8_t *)yaml;
  text.size_bytes = strlen(yaml);
  assert_int_equal(msim_topology_load_text(sim, heard.name, text, &reader, hear, &heard), MSIM_ERR_SYNTAX);
  right = strcmp(heard.text, expected) == 0;
  if (!right)
    print_error("bad/%s.yaml\n  expected:\n%s  got:\n%s", name, expected, heard.text);
  free(yaml);
  free(expected);
  msim_sim_free(sim);
  return right;
}

static void load_when_bad_then_every_finding_at_its_place(void **state)
{
  char *list = slurp("list"), *name, *end;
  size_t count = 0, wrong_count = 0;

  (void)state;
  assert_non_null(list);
  for (name = list; *name != '\0'; name = end + 1, count++) {
    end = strchr(name, '\n');
    assert_non_null(end);
    *end = '\0';
    wrong_count += !try_one(name);
  }
  free(list);
  assert_int_equal(wrong_count, 0);
  assert_true(count >= 100);
}

/* 300 unknown keys: the first hundred by place of discovery, and one sentence about the others. */
static void load_when_very_many_findings_then_some_are_left_out(void **state)
{
  static char yaml[16384];
  static struct probe_said said;
  struct msim_sim *sim = probe_sim();
  size_t used, lines = 0, i;

  (void)state;
  used = (size_t)snprintf(yaml, sizeof yaml, "mailsim: 1\nhosts: {a: }\n");
  for (i = 0; i < 300; i++)
    used += (size_t)snprintf(yaml + used, sizeof yaml - used, "unheard-of-%u: 1\n", (unsigned)i);
  assert_int_equal(probe_load(sim, yaml, NULL, &said), MSIM_ERR_SYNTAX);
  for (i = 0; said.text[i] != '\0'; i++)
    lines += said.text[i] == '\n';
  assert_int_equal(lines, 101);
  assert_non_null(strstr(said.text, "t.yaml:102:1: unknown key \"unheard-of-99\"\n"
                                    "t.yaml:0:0: there is more to find; the first 100 are shown\n"));
  msim_sim_free(sim);
}

static void load_when_bad_then_world_stays_empty(void **state)
{
  struct msim_sim *sim = probe_sim();
  struct probe_said said;

  (void)state;
  assert_int_equal(probe_load(sim, "mailsim: 1\nhosts: {a: {ttl: 0}, b: }\n", NULL, &said), MSIM_ERR_SYNTAX);
  assert_int_equal(msim_node_count(sim), 0);
  assert_int_equal(probe_load(sim, "mailsim: 1\nhosts: {a: {ttl: 1}, b: }\n", NULL, &said), 0);
  assert_int_equal(msim_node_count(sim), 2);
  msim_sim_free(sim);
}

static void load_when_nobody_listens_then_error_alone(void **state)
{
  static const char yaml[] = "mailsim: 2\n";
  struct msim_slice text = {(const uint8_t *)yaml, sizeof yaml - 1};
  struct msim_sim *sim = probe_sim();

  (void)state;
  assert_int_equal(msim_topology_load_text(sim, "t", text, NULL, NULL, NULL), MSIM_ERR_SYNTAX);
  msim_sim_free(sim);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(load_when_bad_then_every_finding_at_its_place),
      cmocka_unit_test(load_when_very_many_findings_then_some_are_left_out),
      cmocka_unit_test(load_when_bad_then_world_stays_empty),
      cmocka_unit_test(load_when_nobody_listens_then_error_alone),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
