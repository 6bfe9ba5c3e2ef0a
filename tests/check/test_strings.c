/* test_strings.c: captions in other languages: complete for each scene of the project, and all or nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_files.h"
#include "support/fail_mem.h"
#include "text/yaml_tree.h"

#define CAPTION_CHARACTERS_MAX 140u /* two lines of a narrow page */

static const struct {
  const char *file, *case_id;
} scenes[] = {
    {"mail-send", NULL},
    {"mail-send-auth", NULL},
    {"webmail-send", NULL},
    {"mail-receive-pop", NULL},
    {"mail-receive-imap", NULL},
    {"mail-receive-webmail", NULL},
    {"pop-offline", NULL},
    {"imap-offline", NULL},
    {"imap-selected-only", NULL},
    {"lan-dhcp-nat", "access"},
    {"lan-dhcp-nat", "static-nat"},
    {"dns", "lookup"},
    {"dns", "cache"},
    {"dhcp-nat-dns", "all-present"},
    {"dhcp-nat-dns", "no-dhcp"},
    {"dhcp-nat-dns", "no-dns"},
    {"dhcp-nat-dns", "no-nat"},
    {"no-account-refused", "send-without-contract"},
    {"no-account-refused", "send-wrong-password"},
    {"no-account-refused", "receive-without-mailbox"},
    {"no-account-refused", "webmail-not-registered"},
    {"no-account-refused", "recipient-without-mailbox"},
};
#define SCENE_COUNT (sizeof scenes / sizeof scenes[0])

static const char *const languages[] = {"en", "de"};
#define LANGUAGE_COUNT (sizeof languages / sizeof languages[0])

static struct msim_scene *load(const char *name, const char *case_id, struct fail_mem *mem)
{
  struct msim_scene_opts opts;
  struct msim_scene *scene = NULL;
  struct msim_slice text;
  char path[128];

  memset(&opts, 0, sizeof opts);
  opts.case_id = case_id;
  if (mem != NULL)
    opts.mem = mem->hook;
  snprintf(path, sizeof path, "topologies/scenes/%s.yaml", name);
  text = file_read(path);
  assert_int_equal(msim_scene_load_text(&scene, path, text, &opts, NULL, NULL), 0);
  file_free(text);
  return scene;
}

static struct msim_slice slice(const char *text)
{
  struct msim_slice bytes = {(const uint8_t *)text, strlen(text)};

  return bytes;
}

static size_t count_characters(const char *text)
{
  size_t count = 0;

  for (; *text != '\0'; text++)
    count += ((unsigned char)*text & 0xc0) != 0x80;
  return count;
}

static struct msim_slice read_strings(const char *language)
{
  char path[128];

  snprintf(path, sizeof path, "topologies/scenes/strings/%s.yaml", language);
  return file_read(path);
}

/* ---- the project's own ---- */

/* A sentence that was replaced stands elsewhere; English ones may be the scene's own, see below. */
static void strings_when_of_the_project_then_every_step_of_every_scene(void **state)
{
  size_t i, k, l;

  (void)state;
  for (l = 0; l < LANGUAGE_COUNT; l++) {
    struct msim_slice text = read_strings(languages[l]);

    for (i = 0; i < SCENE_COUNT; i++) {
      struct msim_scene *scene = load(scenes[i].file, scenes[i].case_id, NULL);
      struct msim_scene_step step;
      struct findings findings = {.count = 0};
      const char *says[64], *title = msim_scene_title(scene);

      assert_true(msim_scene_step_count(scene) <= 64);
      for (k = 0; msim_scene_step_at(scene, k, &step) == MSIM_OK; k++)
        says[k] = step.says;
      if (msim_scene_load_strings_text(scene, "strings", text, findings_keep, &findings) != MSIM_OK)
        fail_msg("%s: %s: %s", languages[l], msim_scene_name(scene), findings.text);
      if (msim_scene_title(scene) == title && strcmp(languages[l], "en") != 0)
        fail_msg("%s: %s has no title", languages[l], msim_scene_name(scene));
      for (k = 0; msim_scene_step_at(scene, k, &step) == MSIM_OK; k++) {
        if (step.says == says[k] && strcmp(languages[l], "en") != 0)
          fail_msg("%s: %s: step %u has no sentence", languages[l], msim_scene_name(scene), step.number);
        if (count_characters(step.says) < 10 || count_characters(step.says) > CAPTION_CHARACTERS_MAX)
          fail_msg("%s: %s: step %u: \"%s\"", languages[l], msim_scene_name(scene), step.number, step.says);
      }
      msim_scene_free(scene);
    }
    file_free(text);
  }
}

static bool is_case_of_any(const char *name, const char *case_id)
{
  size_t i;

  for (i = 0; i < SCENE_COUNT; i++)
    if (strcmp(scenes[i].file, name) == 0 &&
        (scenes[i].case_id == NULL ? case_id == NULL : case_id != NULL && strcmp(scenes[i].case_id, case_id) == 0))
      return true;
  return false;
}

/* How many steps a scene or case has; 0 when there is no sentence for one of them. */
static size_t count_sentences(const char *name, const char *case_id, const struct msim__yaml_node *body)
{
  struct msim_scene *scene = load(name, case_id, NULL);
  struct msim_scene_step step;
  char number[16];
  size_t i;

  for (i = 0; msim_scene_step_at(scene, i, &step) == MSIM_OK; i++) {
    snprintf(number, sizeof number, "%u", step.number);
    if (msim__yaml_find(body, number) == NULL)
      fail_msg("%s: no sentence for step %s", msim_scene_name(scene), number);
  }
  msim_scene_free(scene);
  return i;
}

/* What counts here is what stands in the file. */
static void strings_when_of_the_project_then_a_sentence_per_step_and_none_more(void **state)
{
  struct msim_mem hook = {NULL, NULL};
  struct msim__mem mem;
  size_t l;

  (void)state;
  msim__mem_init(&mem, &hook);
  for (l = 0; l < LANGUAGE_COUNT; l++) {
    struct msim_slice text = read_strings(languages[l]);
    struct msim__yaml tree;
    const struct msim__yaml_entry *e, *inner;
    size_t seen = 0;

    assert_int_equal(msim__yaml_parse(&tree, &mem, "strings", text, NULL, NULL), 0);
    for (e = msim__yaml_first(tree.root); e != NULL; e = e->next) {
      const char *name = e->key->u.scalar.text;

      if (is_case_of_any(name, NULL)) {
        assert_int_equal(e->value->count, count_sentences(name, NULL, e->value) + 1);
        seen++;
        continue;
      }
      for (inner = msim__yaml_first(e->value); inner != NULL; inner = inner->next, seen++) {
        if (!is_case_of_any(name, inner->key->u.scalar.text))
          fail_msg("%s: there is no scene %s/%s", languages[l], name, inner->key->u.scalar.text);
        assert_int_equal(inner->value->count, count_sentences(name, inner->key->u.scalar.text, inner->value) + 1);
      }
    }
    assert_int_equal(seen, SCENE_COUNT);
    msim__yaml_release(&tree);
    file_free(text);
  }
}

/* ---- how they are read ---- */

static void strings_when_some_steps_then_the_others_keep_theirs(void **state)
{
  struct msim_scene *scene = load("mail-send", NULL, NULL);
  struct msim_scene_step step;
  const char *third, *title;

  (void)state;
  title = msim_scene_title(scene);
  assert_int_equal(msim_scene_step_at(scene, 2, &step), 0);
  third = step.says;
  assert_int_equal(
      msim_scene_load_strings_text(scene, "s", slice("mail-send: {2: Grüße, 13: \"\\u0645\"}\n"), NULL, NULL), 0);
  assert_int_equal(msim_scene_step_at(scene, 1, &step), 0);
  assert_string_equal(step.says, "Gr\xc3\xbc\xc3\x9f"
                                 "e");
  assert_int_equal(msim_scene_step_at(scene, 12, &step), 0);
  assert_string_equal(step.says, "\xd9\x85");
  assert_int_equal(msim_scene_step_at(scene, 2, &step), 0);
  assert_ptr_equal(step.says, third);
  assert_ptr_equal(msim_scene_title(scene), title);
  assert_int_equal(msim_scene_load_strings_text(scene, "s", slice("mail-send: {title: Neu}\n"), NULL, NULL), 0);
  assert_string_equal(msim_scene_title(scene), "Neu");
  msim_scene_free(scene);
}

static void strings_when_something_is_wrong_then_told_and_nothing_is_taken(void **state)
{
  static const struct {
    const char *text, *said;
    int err;
  } cases[] = {
      {"mail-send: {1: neu, 14: x}\n", "1:21: 14 is neither title nor the number of a step of mail-send\n",
       MSIM_ERR_SYNTAX},
      {"mail-send: {1: neu, says: x}\n", "1:21: says is neither title nor the number of a step of mail-send\n",
       MSIM_ERR_SYNTAX},
      {"mail-send: {1: neu, 2: [x]}\n", "1:24: a sentence: ", MSIM_ERR_SYNTAX},
      {"mail-send: [neu]\n", "1:12: the sentences of a scene are a map from the numbers of its steps\n",
       MSIM_ERR_SYNTAX},
      {"- mail-send\n", "1:1: a file of strings is a map from scenes to their sentences\n", MSIM_ERR_SYNTAX},
      {"mail-send: {1: neu, 1: neuer}\n", "1:21: ", MSIM_ERR_SYNTAX},
      {"mail-send-auth: {1: neu}\n", "", MSIM_ERR_NOT_FOUND},
      {"mail: {send: {1: neu}}\n", "", MSIM_ERR_NOT_FOUND},
      {"mail-send: {", "", MSIM_ERR_SYNTAX},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_scene *scene = load("mail-send", NULL, NULL);
    struct findings findings = {.count = 0};
    struct msim_scene_step step;

    assert_int_equal(msim_scene_load_strings_text(scene, "s", slice(cases[i].text), findings_keep, &findings),
                     cases[i].err);
    if (strncmp(findings.text, cases[i].said, strlen(cases[i].said)) != 0)
      fail_msg("%s: %s", cases[i].text, findings.text);
    assert_int_equal(findings.count > 0, cases[i].err == MSIM_ERR_SYNTAX);
    assert_int_equal(msim_scene_step_at(scene, 0, &step), 0);
    assert_string_equal(step.says, "A person at PC A decides to send a mail to B.");
    msim_scene_free(scene);
  }
}

static void strings_when_scene_has_cases_then_those_of_its_case(void **state)
{
  static const char text[] = "dns: {lookup: {1: eins}, cache: {1: zwei}}\ndn: {s: {1: drei}}\n";
  struct msim_scene *scene = load("dns", "cache", NULL);
  struct msim_scene_step step;

  (void)state;
  assert_int_equal(msim_scene_load_strings_text(scene, "s", slice(text), NULL, NULL), 0);
  assert_int_equal(msim_scene_step_at(scene, 0, &step), 0);
  assert_string_equal(step.says, "zwei");
  assert_int_equal(msim_scene_load_strings_text(scene, "s", slice("dns/cache: {1: vier}\n"), NULL, NULL), 0);
  assert_int_equal(msim_scene_step_at(scene, 0, &step), 0);
  assert_string_equal(step.says, "vier");
  msim_scene_free(scene);
}

static void strings_when_file_then_as_from_memory(void **state)
{
  struct msim_scene *scene = load("mail-send", NULL, NULL);
  struct findings findings = {.count = 0};
  struct msim_scene_step step;

  (void)state;
  assert_int_equal(msim_scene_load_strings_file(scene, MSIM_SOURCE_DIR "/topologies/scenes/strings/none.yaml",
                                                findings_keep, &findings),
                   MSIM_ERR_IO);
  assert_string_equal(findings.text, "0:0: the file cannot be read\n");
  assert_int_equal(msim_scene_load_strings_file(scene, MSIM_SOURCE_DIR "/topologies/scenes/strings/de.yaml",
                                                findings_keep, &findings),
                   0);
  assert_int_equal(msim_scene_step_at(scene, 12, &step), 0);
  assert_string_equal(step.says, "ISP X wei\xc3\x9f, dass die Mail weitergegeben ist.");
  msim_scene_free(scene);
}

static void strings_when_memory_fails_then_nomem_nothing_taken_and_no_leak(void **state)
{
  uint64_t at;

  (void)state;
  for (at = 1;; at++) {
    struct fail_mem memory;
    struct msim_scene *scene;
    struct msim_scene_step step;
    int err;

    fail_mem_init(&memory, 0);
    scene = load("mail-send", NULL, &memory);
    memory.fail_at = memory.request_count + at;
    err = msim_scene_load_strings_text(scene, "s", slice("mail-send: {1: eins, 2: zwei}\n"), NULL, NULL);
    assert_int_equal(err, memory.failed_count > 0 ? MSIM_ERR_NOMEM : 0);
    assert_int_equal(msim_scene_step_at(scene, 0, &step), 0);
    assert_int_equal(strcmp(step.says, "eins") == 0, err == 0);
    msim_scene_free(scene);
    assert_true(fail_mem_clean(&memory));
    if (err == 0)
      break;
  }
  assert_true(at > 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strings_when_of_the_project_then_every_step_of_every_scene),
      cmocka_unit_test(strings_when_of_the_project_then_a_sentence_per_step_and_none_more),
      cmocka_unit_test(strings_when_some_steps_then_the_others_keep_theirs),
      cmocka_unit_test(strings_when_something_is_wrong_then_told_and_nothing_is_taken),
      cmocka_unit_test(strings_when_scene_has_cases_then_those_of_its_case),
      cmocka_unit_test(strings_when_file_then_as_from_memory),
      cmocka_unit_test(strings_when_memory_fails_then_nomem_nothing_taken_and_no_leak),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
