/* test_document.c: a topology as a document: what is written is what was read, and the same world. */
#define _POSIX_C_SOURCE 200809L /* opendir */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/mailsim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fail_mem.h"
#include "support/topology_run.h"

#define FOLDER MSIM_SOURCE_DIR "/topologies"

static int take(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return MSIM_OK;
}

static struct topology_text write_document(struct msim_document *document, const char *comment)
{
  struct topology_text text = {NULL, 0, 0};
  struct msim_out out = {.ctx = &text, .write = take};

  assert_int_equal(msim_document_write(document, comment, &out), 0);
  return text;
}

static struct msim_document *open_bytes(const char *data, size_t size_bytes)
{
  struct msim_slice slice = {(const uint8_t *)data, size_bytes};
  struct msim_document *document = NULL;

  assert_int_equal(msim_document_open_text(&document, "x.yaml", slice, NULL, NULL, NULL, NULL), 0);
  return document;
}

static struct msim_document *open_words(const char *text)
{
  return open_bytes(text, strlen(text));
}

static void tell(void *user, const struct msim_diag *diag)
{
  (void)user;
  print_message("%s:%u:%u: %s\n", diag->file, diag->line, diag->column, diag->text);
}

/* ---- every example ---- */

static int is_topology(const char *path)
{
  struct topology_text text = topology_read_file(path);
  int is = text.data != NULL && (strncmp(text.data, "mailsim:", 8) == 0 || strstr(text.data, "\nmailsim:") != NULL);

  free(text.data);
  return is;
}

/* What is written reads back as itself, and is a topology again. */
static void check_file(const char *path)
{
  struct msim_document *document = NULL, *again;
  struct topology_text first, second;
  struct msim_slice slice;
  struct msim_sim *sim = NULL;

  if (!is_topology(path))
    return;
  assert_int_equal(msim_document_open_file(&document, path, NULL, tell, NULL), 0);
  assert_int_equal(msim_document_set(document, "scene", NULL), 0);
  assert_int_equal(msim_document_set(document, "scene-case", NULL), 0);
  first = write_document(document, NULL);
  again = open_bytes(first.data, first.size_bytes);
  second = write_document(again, NULL);
  assert_string_equal(first.data, second.data);
  slice.data = (const uint8_t *)first.data;
  slice.size_bytes = first.size_bytes;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  if (msim_topology_load_text(sim, path, slice, NULL, tell, NULL) != MSIM_OK)
    fail_msg("%s is no topology when it is written again:\n%s", path, first.data);
  msim_sim_free(sim);
  msim_document_free(document);
  msim_document_free(again);
  free(first.data);
  free(second.data);
}

static unsigned check_folder(const char *path)
{
  DIR *folder = opendir(path);
  struct dirent *entry;
  unsigned count = 0;
  char whole[1024];

  assert_non_null(folder);
  while ((entry = readdir(folder)) != NULL) {
    size_t bytes = strlen(entry->d_name);

    snprintf(whole, sizeof whole, "%s/%s", path, entry->d_name);
    if (bytes > 5 && strcmp(entry->d_name + bytes - 5, ".yaml") == 0) {
      check_file(whole);
      count++;
    } else if (strchr(entry->d_name, '.') == NULL && strcmp(entry->d_name, "scenes") != 0) {
      count += check_folder(whole);
    }
  }
  closedir(folder);
  return count;
}

static void examples_when_written_then_they_load(void **state)
{
  (void)state;
  assert_true(check_folder(FOLDER) > 30);
}

static void run_prints(const char *path, bool written, struct msim_fingerprints *prints)
{
  struct msim_document *document = NULL;
  struct topology_text text;
  struct msim_slice slice;
  struct msim_sim *sim = NULL;
  struct msim_topology_info info;

  assert_int_equal(msim_document_open_file(&document, path, NULL, tell, NULL), 0);
  assert_int_equal(msim_document_set(document, "scene", NULL), 0);
  assert_int_equal(msim_document_set(document, "scene-case", NULL), 0);
  text = write_document(document, NULL);
  slice.data = (const uint8_t *)text.data;
  slice.size_bytes = text.size_bytes;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  if (written)
    assert_int_equal(msim_topology_load_text(sim, path, slice, NULL, tell, NULL), 0);
  else
    assert_int_equal(msim_topology_load_file(sim, path, tell, NULL), 0);
  assert_int_equal(msim_trace_fingerprints(sim, prints), 0);
  msim_topology_info(sim, &info);
  assert_int_equal(msim_sim_run(sim, info.until_ns), 0);
  assert_int_equal(msim_sim_finish(sim), 0);
  msim_sim_free(sim);
  msim_document_free(document);
  free(text.data);
}

static void world_when_written_then_it_runs_the_same(void **state)
{
  static const char *const paths[] = {FOLDER "/mail-send.yaml", FOLDER "/relay-crash.yaml", FOLDER "/dns/lookup.yaml"};
  struct msim_fingerprints file, written;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    memset(&file, 0, sizeof file);
    memset(&written, 0, sizeof written);
    run_prints(paths[i], false, &file);
    run_prints(paths[i], true, &written);
    assert_memory_equal(&file, &written, sizeof file);
  }
}

/* ---- texts ---- */

static void scalars_when_written_then_what_they_were(void **state)
{
  static const struct {
    const char *yaml, *written;
  } cases[] = {
      {"a: 5", "a: 5\n"},
      {"a: \"5\"", "a: \"5\"\n"},
      {"a: 'it''s'", "a: \"it's\"\n"},
      {"a: |\n  one\n  two\n", "a: \"one\\ntwo\\n\"\n"},
      {"a: >\n  one\n  two\n", "a: \"one two\\n\"\n"},
      {"a:", "a: null\n"},
      {"a: ~", "a: ~\n"},
      {"a: -5m", "a: -5m\n"},
      {"a: pc[1..3]", "a: pc[1..3]\n"},
      {"a: [pc\\, b]", "a: [\"pc\\\\\", b]\n"},
      {"a: {b: \"h[1..3]\"}", "a: {b: \"h[1..3]\"}\n"},
      {"a: 10:20", "a: 10:20\n"},
      {"a: {b: 10:20}", "a: {b: \"10:20\"}\n"},
      {"a: \"\\0\\x07\\u200b\\t\\r\\n\"", "a: \"\\x00\\x07\\u200b\\t\\r\\n\"\n"},
      {"a: \"b\xc3\xbc \xf0\x9f\x93\xa7\"", "a: \"b\xc3\xbc \xf0\x9f\x93\xa7\"\n"},
      {"a: \"# no comment\"", "a: \"# no comment\"\n"},
      {"\"a: b\": c", "\"a: b\": c\n"},
      {"a: &x [1, 2]\nb: *x", "a: [1, 2]\nb: [1, 2]\n"},
      {"a: {}\nb: []", "a: {}\nb: []\n"},
      {"a: 5%", "a: 5%\n"},
      {"a: b#c", "a: b#c\n"},
      {"zebra: 1\nlinks: []\nhosts: {}\nmailsim: 1", "mailsim: 1\nhosts: {}\nlinks: []\nzebra: 1\n"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_document *document = open_words(cases[i].yaml);
    struct topology_text text = write_document(document, NULL);

    assert_string_equal(text.data, cases[i].written);
    msim_document_free(document);
    free(text.data);
  }
}

static void values_when_too_long_for_a_line_then_several(void **state)
{
  static const char yaml[] =
      "hosts: {a: {agents: [{user: {address: alice@a.example, submit: relay, script: [{at: 1s, send: {message: m1, "
      "to: bob@b.example, subject: Hi, body: Hello}}]}}, [[x], y]]}, b: {}}\n";
  static const char expected[] =
      "hosts:\n"
      "  a:\n"
      "    agents:\n"
      "      - user:\n"
      "          address: alice@a.example\n"
      "          submit: relay\n"
      "          script: [{at: 1s, send: {message: m1, to: bob@b.example, subject: Hi, body: Hello}}]\n"
      "      - [[x], y]\n"
      "  b: {}\n";
  struct msim_document *document = open_words(yaml);
  struct topology_text text = write_document(document, NULL);

  (void)state;
  assert_string_equal(text.data, expected);
  msim_document_free(document);
  free(text.data);
}

static void comment_when_it_has_lines_then_each_is_one(void **state)
{
  struct msim_document *document = open_words("a: 1");
  struct topology_text text = write_document(document, "one\n\ntwo \x07\xff x");

  (void)state;
  assert_string_equal(text.data, "# one\n#\n# two ?? x\na: 1\n");
  msim_document_free(document);
  free(text.data);
}

/* ---- the first level ---- */

static void first_level_when_changed_then_written(void **state)
{
  struct msim_document *document = open_words("mailsim: 1\nseed: 5\nhosts:\n  a: {}\n  pc[1..10]: {}\n");
  struct topology_text text;

  (void)state;
  assert_int_equal(msim_document_count(document, "hosts"), 11);
  assert_int_equal(msim_document_count(document, "faults"), 0);
  assert_int_equal(msim_document_set(document, "seed", "7"), 0);
  assert_int_equal(msim_document_set(document, "expect", "{violates: [I1]}"), 0);
  assert_int_equal(msim_document_set(document, "absent", NULL), 0);
  assert_int_equal(msim_document_set(document, "seed", "{"), MSIM_ERR_SYNTAX);
  assert_int_equal(msim_document_append(document, "faults", "{id: x, crash: {host: a}}"), 0);
  assert_int_equal(msim_document_append(document, "faults", "{id: y, crash: {host: a}}"), 0);
  assert_int_equal(msim_document_append(document, "hosts", "{id: y}"), MSIM_ERR_SYNTAX);
  assert_int_equal(msim_document_count(document, "faults"), 2);
  text = write_document(document, NULL);
  assert_string_equal(text.data, "mailsim: 1\nseed: 7\nhosts:\n  a: {}\n  pc[1..10]: {}\nfaults:\n"
                                 "  - {id: x, crash: {host: a}}\n  - {id: y, crash: {host: a}}\n"
                                 "expect:\n  violates: [I1]\n");
  free(text.data);
  msim_document_free(document);
}

static void faults_when_drawn_then_each_by_its_own_stream(void **state)
{
  struct msim_document *few = open_words("faults: [{id: a}, {id: b}, {id: c}]");
  struct msim_document *more = open_words("faults: [{id: z}, {id: a}, {id: b}, {id: y}, {id: c}]");
  uint64_t seed, few_count = 0;
  bool differs = false;

  (void)state;
  for (seed = 1; seed <= 20; seed++) {
    struct msim_document *f = open_words("faults: [{id: a}, {id: b}, {id: c}]");
    struct msim_document *m = open_words("faults: [{id: z}, {id: a}, {id: b}, {id: y}, {id: c}]");
    struct topology_text of_f, of_m;
    const char *const ids[] = {"id: a", "id: b", "id: c"};
    size_t i;

    few_count += msim_document_draw_faults(f, seed, 500000);
    (void)msim_document_draw_faults(m, seed, 500000);
    of_f = write_document(f, NULL);
    of_m = write_document(m, NULL);
    for (i = 0; i < 3; i++)
      assert_int_equal(strstr(of_f.data, ids[i]) != NULL, strstr(of_m.data, ids[i]) != NULL);
    differs = differs || strstr(of_m.data, "id: z") == NULL;
    msim_document_free(f);
    msim_document_free(m);
    free(of_f.data);
    free(of_m.data);
  }
  assert_true(few_count > 15 && few_count < 45);
  assert_true(differs);
  assert_int_equal(msim_document_draw_faults(few, 1, 1000000), 3);
  assert_int_equal(msim_document_draw_faults(more, 1, 0), 0);
  msim_document_free(few);
  msim_document_free(more);
}

/* ---- several files ---- */

struct files {
  const char *const (*rows)[2]; /* name, text; NULL ends them */
};

static int read_one(void *ctx, const char *path, struct msim_slice *out)
{
  const struct files *files = ctx;
  size_t i;

  for (i = 0; files->rows[i][0] != NULL; i++)
    if (strcmp(files->rows[i][0], path) == 0) {
      out->data = (const uint8_t *)files->rows[i][1];
      out->size_bytes = strlen(files->rows[i][1]);
      return MSIM_OK;
    }
  return MSIM_ERR_NOT_FOUND;
}

static const char *const rows[][2] = {
    {"sub/more.yaml",
     "hosts: {b: {}}\nmessages: {m1: {file: hello.eml}, m2: {file: latin.eml}}\nlinks: [{join: [a, b]}]\n"},
    {"sub/hello.eml", "Subject: Hi\r\n\r\nHello\n"},
    {"sub/latin.eml", "Subject: Hi\n\n\xe4\n"},
    {NULL, NULL},
};
static const char main_file[] = "mailsim: 1\ninclude: [sub/more.yaml]\nhosts: {a: {}}\nfaults: []\n";

static int open_files(struct msim_document **out, const struct msim_mem *mem)
{
  struct files files = {rows};
  struct msim_reader reader = {.ctx = &files, .read = read_one};
  struct msim_slice text = {(const uint8_t *)main_file, sizeof main_file - 1};

  return msim_document_open_text(out, "x.yaml", text, &reader, mem, NULL, NULL);
}

static void files_when_included_then_one_document(void **state)
{
  struct msim_document *document = NULL;
  struct topology_text text;

  (void)state;
  assert_int_equal(open_files(&document, NULL), 0);
  text = write_document(document, NULL);
  assert_string_equal(text.data, "mailsim: 1\nmessages:\n  m1: {text: \"Subject: Hi\\r\\n\\r\\nHello\\n\"}\n"
                                 "  m2: {file: \"sub/latin.eml\"}\nhosts:\n  a: {}\n  b: {}\nlinks:\n"
                                 "  - {join: [a, b]}\nfaults: []\n");
  free(text.data);
  msim_document_free(document);
}

static void file_when_unusable_then_told(void **state)
{
  static const char *const cases[] = {
      "[1, 2]", "a: {", "5", "include: [absent.yaml]", "a: 1\na: 2", "messages: {m: {file: absent.eml}}", ""};
  struct files files = {rows};
  struct msim_reader reader = {.ctx = &files, .read = read_one};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_slice text = {(const uint8_t *)cases[i], strlen(cases[i])};
    struct msim_document *document = (struct msim_document *)&files;

    assert_int_equal(msim_document_open_text(&document, "x.yaml", text, &reader, NULL, NULL, NULL), MSIM_ERR_SYNTAX);
    assert_null(document);
  }
}

static void memory_when_none_then_said_and_given_back(void **state)
{
  struct fail_mem mem;
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err == MSIM_ERR_NOMEM; fail_at++) {
    struct msim_document *document = NULL;
    struct topology_text text = {NULL, 0, 0};
    struct msim_out out = {.ctx = &text, .write = take};

    fail_mem_init(&mem, fail_at);
    err = open_files(&document, &mem.hook);
    if (err == MSIM_OK)
      err = msim_document_set(document, "seed", "9");
    if (err == MSIM_OK)
      err = msim_document_append(document, "faults", "{id: x}");
    if (err == MSIM_OK)
      err = msim_document_write(document, "comment", &out);
    msim_document_free(document);
    free(text.data);
    assert_true(fail_mem_clean(&mem));
  }
  assert_int_equal(err, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(examples_when_written_then_they_load),
      cmocka_unit_test(world_when_written_then_it_runs_the_same),
      cmocka_unit_test(scalars_when_written_then_what_they_were),
      cmocka_unit_test(values_when_too_long_for_a_line_then_several),
      cmocka_unit_test(comment_when_it_has_lines_then_each_is_one),
      cmocka_unit_test(first_level_when_changed_then_written),
      cmocka_unit_test(faults_when_drawn_then_each_by_its_own_stream),
      cmocka_unit_test(files_when_included_then_one_document),
      cmocka_unit_test(file_when_unusable_then_told),
      cmocka_unit_test(memory_when_none_then_said_and_given_back),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
