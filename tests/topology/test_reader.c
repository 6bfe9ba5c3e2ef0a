/* test_reader.c: topologies from the file system. The examples of the project are the files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/fail_mem.h"
#include "topology/probe.h"

#define TOPOLOGIES MSIM_SOURCE_DIR "/topologies/"
#define BAD MSIM_SOURCE_DIR "/tests/topology/bad/"

static struct msim_sim *load(const char *path)
{
  struct msim_sim *sim = probe_sim();
  struct probe_said said;

  said.text[0] = '\0';
  if (msim_topology_load_file(sim, path, probe_hear, &said) != 0)
    fail_msg("%s", said.text);
  return sim;
}

static void load_file_when_hello_then_two_hosts(void **state)
{
  struct msim_sim *sim = load(TOPOLOGIES "hello.yaml");
  struct msim_topology_info info;

  (void)state;
  msim_topology_info(sim, &info);
  assert_string_equal(info.name, "hello");
  assert_int_equal(msim_node_count(sim), 2);
  assert_non_null(msim_node_find(sim, "alice")->agents);
  assert_non_null(msim_node_find(sim, "mx")->agents);
  msim_sim_free(sim);
}

static void load_file_when_mail_send_then_four_hosts_and_the_scene(void **state)
{
  struct msim_sim *sim = load(TOPOLOGIES "mail-send.yaml");
  struct msim_topology_info info;

  (void)state;
  msim_topology_info(sim, &info);
  assert_string_equal(info.name, "mail-send");
  assert_string_equal(info.scene, TOPOLOGIES "scenes/mail-send.yaml");
  assert_int_equal(msim_node_count(sim), 4);
  assert_int_equal(msim_node_find(sim, "pc-a")->port_count, 1);
  assert_int_equal(msim_node_find(sim, "isp-x")->port_count, 2);
  assert_int_equal(msim_node_find(sim, "isp-y")->port_count, 2);
  assert_int_equal(msim_node_find(sim, "pc-b")->port_count, 1);
  msim_sim_free(sim);
}

/* Every ```yaml block of docs/topology.md is a whole topology. */
static void load_text_when_example_of_the_documentation_then_fine(void **state)
{
  static char text[65536];
  FILE *file = fopen(MSIM_SOURCE_DIR "/docs/topology.md", "rb");
  struct probe_said said;
  size_t size, count = 0;
  char *block, *end;

  (void)state;
  assert_non_null(file);
  size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  assert_true(size > 0 && size < sizeof text - 1);
  text[size] = '\0';
  for (block = strstr(text, "```yaml\n"); block != NULL; block = strstr(end + 1, "```yaml\n"), count++) {
    struct msim_sim *sim = probe_sim();

    block += strlen("```yaml\n");
    end = strstr(block, "```");
    assert_non_null(end);
    *end = '\0';
    if (probe_load(sim, block, NULL, &said) != 0)
      fail_msg("%s%s", said.text, block);
    msim_sim_free(sim);
  }
  assert_true(count >= 4);
}

static void load_file_when_part_is_broken_then_told_by_its_path(void **state)
{
  struct msim_sim *sim = probe_sim();
  struct probe_said said;

  (void)state;
  said.text[0] = '\0';
  assert_int_equal(msim_topology_load_file(sim, BAD "include-circle.yaml", probe_hear, &said), MSIM_ERR_SYNTAX);
  assert_string_equal(said.text, BAD "parts/circle-b.yaml:1:11: include: this file would include itself\n");
  msim_sim_free(sim);
}

static void load_file_when_absent_then_io(void **state)
{
  struct msim_sim *sim = probe_sim();
  struct probe_said said;

  (void)state;
  said.text[0] = '\0';
  assert_int_equal(msim_topology_load_file(sim, BAD "no-such-file.yaml", probe_hear, &said), MSIM_ERR_IO);
  assert_string_equal(said.text, BAD "no-such-file.yaml:0:0: the file cannot be opened; is its path right, and may it "
                                     "be read?\n");
  assert_int_equal(msim_topology_load_file(sim, BAD "no-such-file.yaml", NULL, NULL), MSIM_ERR_IO);
  msim_sim_free(sim);
}

/* A folder opens and cannot be read, or does not open, as the system likes it. */
static void load_file_when_folder_then_io(void **state)
{
  struct msim_sim *sim = probe_sim();

  (void)state;
  assert_int_equal(msim_topology_load_file(sim, BAD "parts", NULL, NULL), MSIM_ERR_IO);
  msim_sim_free(sim);
}

static void load_file_when_memory_fails_then_nomem_and_no_leak(void **state)
{
  uint64_t at, first;

  (void)state;
  for (at = 1;; at++) {
    struct fail_mem memory;
    struct msim_sim_opts opts;
    struct msim_sim *sim;
    int err;

    fail_mem_init(&memory, 0);
    memset(&opts, 0, sizeof opts);
    opts.mem = memory.hook;
    assert_int_equal(msim_sim_new(&sim, &opts), 0);
    first = memory.request_count;
    memory.fail_at = first + at;
    err = msim_topology_load_file(sim, TOPOLOGIES "mail-send.yaml", NULL, NULL);
    assert_int_equal(err, memory.failed_count > 0 ? MSIM_ERR_NOMEM : 0);
    msim_sim_free(sim);
    assert_true(fail_mem_clean(&memory));
    if (err == 0)
      break;
  }
  assert_true(at > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(load_file_when_hello_then_two_hosts),
      cmocka_unit_test(load_file_when_mail_send_then_four_hosts_and_the_scene),
      cmocka_unit_test(load_text_when_example_of_the_documentation_then_fine),
      cmocka_unit_test(load_file_when_part_is_broken_then_told_by_its_path),
      cmocka_unit_test(load_file_when_absent_then_io),
      cmocka_unit_test(load_file_when_folder_then_io),
      cmocka_unit_test(load_file_when_memory_fails_then_nomem_and_no_leak),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
