/* Tests of lib/check/scene*.c: every scene of the project loads without a finding; what is wrong in one is told with
 * its place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_files.h"
#include "support/fail_mem.h"

static int load(struct msim_scene **scene, struct msim_slice text, const char *case_id, struct findings *findings,
                struct fail_mem *mem)
{
  struct msim_scene_opts opts;

  memset(&opts, 0, sizeof opts);
  memset(findings, 0, sizeof *findings);
  opts.case_id = case_id;
  if (mem != NULL)
    opts.mem = mem->hook;
  return msim_scene_load_text(scene, "scene.yaml", text, &opts, findings_keep, findings);
}

/* The numbers of steps were counted by hand in the files. */
static void every_scene_of_the_project_loads_without_a_finding(void **state)
{
  static const struct {
    const char *file, *case_id, *name;
    size_t step_count;
  } rows[] = {
      {"mail-send", NULL, "mail-send", 13},
      {"mail-send-auth", NULL, "mail-send-auth", 15},
      {"webmail-send", NULL, "webmail-send", 16},
      {"mail-receive-pop", NULL, "mail-receive-pop", 12},
      {"mail-receive-imap", NULL, "mail-receive-imap", 10},
      {"mail-receive-webmail", NULL, "mail-receive-webmail", 10},
      {"lan-dhcp-nat", "access", "lan-dhcp-nat/access", 16},
      {"lan-dhcp-nat", "static-nat", "lan-dhcp-nat/static-nat", 6},
      {"dns", "lookup", "dns/lookup", 12},
      {"dns", "cache", "dns/cache", 8},
      {"dhcp-nat-dns", "all-present", "dhcp-nat-dns/all-present", 6},
      {"dhcp-nat-dns", "no-dhcp", "dhcp-nat-dns/no-dhcp", 2},
      {"dhcp-nat-dns", "no-dns", "dhcp-nat-dns/no-dns", 3},
      {"dhcp-nat-dns", "no-nat", "dhcp-nat-dns/no-nat", 3},
      {"pop-offline", NULL, "pop-offline", 4},
      {"imap-offline", NULL, "imap-offline", 4},
      {"imap-selected-only", NULL, "imap-selected-only", 5},
      {"no-account-refused", "send-without-contract", "no-account-refused/send-without-contract", 6},
      {"no-account-refused", "send-wrong-password", "no-account-refused/send-wrong-password", 6},
      {"no-account-refused", "receive-without-mailbox", "no-account-refused/receive-without-mailbox", 6},
      {"no-account-refused", "webmail-not-registered", "no-account-refused/webmail-not-registered", 5},
      {"no-account-refused", "recipient-without-mailbox", "no-account-refused/recipient-without-mailbox", 6},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_scene *scene;
    struct findings findings;
    struct msim_slice text;
    char path[128];

    snprintf(path, sizeof path, "topologies/scenes/%s.yaml", rows[i].file);
    text = file_read(path);
    if (load(&scene, text, rows[i].case_id, &findings, NULL) != MSIM_OK || findings.count != 0)
      fail_msg("%s: %s", path, findings.text);
    assert_string_equal(msim_scene_name(scene), rows[i].name);
    assert_int_equal(msim_scene_step_count(scene), rows[i].step_count);
    msim_scene_free(scene);
    file_free(text);
  }
}

static void a_case_when_it_is_not_there_then_those_there_are_named(void **state)
{
  struct msim_slice cases = file_read("topologies/scenes/dns.yaml"),
                    single = file_read("topologies/scenes/mail-send.yaml");
  struct msim_scene *scene;
  struct findings findings;

  (void)state;
  assert_int_equal(load(&scene, cases, NULL, &findings, NULL), MSIM_ERR_NOT_FOUND);
  assert_null(scene);
  assert_non_null(strstr(findings.text, "choose one of lookup, cache"));
  assert_int_equal(load(&scene, cases, "cash", &findings, NULL), MSIM_ERR_NOT_FOUND);
  assert_non_null(strstr(findings.text, "no case \"cash\"; there are lookup, cache"));
  assert_int_equal(load(&scene, single, "lookup", &findings, NULL), MSIM_ERR_NOT_FOUND);
  assert_non_null(strstr(findings.text, "has no cases"));
  file_free(cases);
  file_free(single);
}

/* text with the first occurrence of from replaced. */
static struct msim_slice replaced(struct msim_slice text, const char *from, const char *to)
{
  const char *found = strstr((const char *)text.data, from);
  struct msim_slice out;
  size_t before, total;
  char *data;

  if (found == NULL)
    fail_msg("not in the scene: %s", from);
  before = (size_t)(found - (const char *)text.data);
  total = text.size_bytes - strlen(from) + strlen(to);
  data = malloc(total + 1);
  assert_non_null(data);
  memcpy(data, text.data, before);
  memcpy(data + before, to, strlen(to));
  memcpy(data + before + strlen(to), found + strlen(from), text.size_bytes - before - strlen(from) + 1);
  out.data = (const uint8_t *)data;
  out.size_bytes = total;
  return out;
}

static const struct {
  const char *from, *to, *finding;
} broken[] = {
    {"scene/1", "scene/9", "2:7: spec must be libmailsim.scene/1"},
    {"scene: letter", "scenery: letter", "\"scene\" is missing"},
    {"mail: {hosts: [mail-1, mail-2]}", "mail: {}", "8:9: \"hosts\" is missing"},
    {"mail: {hosts: [mail-1, mail-2]}", "mail: mail-1", "8:9: an actor must be a map"},
    {"client: anna", "client: nobody", "16:16: client: there is no actor \"nobody\""},
    {"ports: [25, 587]", "ports: [25, 65536]", "65536 is not between 1 and 65535"},
    {"ports: [25, 587]", "ports: []", "at least one port"},
    {"pick: first-established", "pick: last", "\"last\" is not known"},
    {"number: 2", "number: 1", "the numbers of steps must increase"},
    {"number: 2", "number: two", "\"two\" is not a whole number"},
    {"actor: mail", "actor: male", "actor: there is no actor \"male\""},
    {"kind: action", "kind: reaction", "did you mean \"action\"?"},
    {"anchor: send", "anchor: sender", "the anchor sender is no atom of this step"},
    {"anchor: send\n", "\n", "\"anchor\" is missing"},
    {"      all:\n", "      any:\n", "\"all\" or \"seq\""},
    {"{causal: [1], narrated: 1}", "{causal: [7], narrated: 1}", "step 7 does not come before step 2"},
    {"{causal: [1], narrated: 1}", "{causal: [2], narrated: 1}", "step 2 does not come before step 2"},
    {"{causal: [1], narrated: 1}", "{causal: [1], narrated: 99}", "step 99 does not come before step 2"},
    {"{causal: [1], narrated: 1}", "{narrated: 1}", "\"causal\" is missing"},
    {"match: app", "match: apple", "\"apple\" is not known; write segment, datagram, arp or app"},
    {"event: user.send, where", "event: [user.send], where", "event: a single value is expected here, not a list"},
    {"conn: c1, from: anna", "conn: c7, from: anna", "there is no connection \"c7\""},
    {"from: anna, to: mail", "from: nobody, to: mail", "from: there is no actor \"nobody\""},
    {"has: [SYN], lacks", "has: [SIN], lacks", "did you mean \"FIN\"?"},
    {"payload: none", "payload: all", "\"all\" is not known"},
    {"edge: last", "edge: middle", "\"middle\" is not known"},
    {"point: rx", "point: drop", "\"drop\" is not known"},
    {"source_is: global", "source_is: local", "\"local\" is not known"},
    {"acks: 2.syn", "acks: 9.syn", "\"9.syn\" names no earlier step or atom"},
    {"acks: 2.syn", "acks: 3.synack", "names no earlier step or atom"},
    {"acks: 2.syn", "acks: 1.send", "acks must name a segment"},
    {"of: 5.content", "of: 5.arrival", "names no earlier step or atom"},
    {"after: 5.content}", "after: 6}", "an atom cannot wait for its own step"},
    {"after: 5.content}", "after: soon}", "\"soon\" names no earlier step or atom"},
    {"id: arrival", "id: content", "id content twice in one step"},
    {"has: [size]", "has: size", "has: a list is expected here"},
    {"message: m1, online: true", "message: {m1: 1}", "not a map"},
    {"after_step: 3", "after_step: 4", "after_step names no earlier step"},
    {"what: handshake", "what: handwave", "\"handwave\" is not known"},
    {"what: teardown, conn: c1", "what: teardown, conn: c2", "there is no connection \"c2\""},
    {"must_occur: true", "must_occur: yes", "write true, not \"yes\""},
    {"before: 1}", "before: 4}", "\"4\" names no earlier step or atom"},
    {"id: not-shown-early", "id: no-login", "id no-login twice"},
    {"store: anna", "store: ann", "store: there is no actor \"ann\""},
    {"any_of: [empty,", "any_of: [full,", "\"full\" is no alternative"},
    {"lacks m1]", "lacks m1 and]", "is no alternative"},
    {"lacks m1]", "lacks ]", "is no alternative"},
    {"durable: true}\n  - {id: nothing-left", "durable: maybe}\n  - {id: nothing-left", "\"maybe\" is neither"},
    {"steps:", "steps: [", ""},
    {"scene: letter", "scene: letter\nscene: again", ""},
};

static void what_is_wrong_in_a_scene_is_told(void **state)
{
  struct msim_slice good = file_read("tests/check/data/letter.yaml");
  size_t i;

  (void)state;
  for (i = 0; i < sizeof broken / sizeof broken[0]; i++) {
    struct msim_slice bad = replaced(good, broken[i].from, broken[i].to);
    struct msim_scene *scene;
    struct findings findings;

    if (load(&scene, bad, NULL, &findings, NULL) != MSIM_ERR_SYNTAX || findings.count == 0 || scene != NULL ||
        strstr(findings.text, broken[i].finding) == NULL)
      fail_msg("%s: %s", broken[i].to, findings.text);
    file_free(bad);
  }
  file_free(good);
}

static void an_unknown_field_is_a_warning(void **state)
{
  struct msim_slice good = file_read("tests/check/data/letter.yaml"), odd;
  struct msim_scene *scene;
  struct findings findings;

  (void)state;
  odd = replaced(good, "title: A letter", "titel: A letter");
  assert_int_equal(load(&scene, odd, NULL, &findings, NULL), MSIM_OK);
  assert_int_equal(findings.count, 1);
  assert_string_equal(findings.text, "4:1: unknown field \"titel\" in a scene is ignored; did you mean \"title\"?\n");
  assert_string_equal(msim_scene_title(scene), "");
  msim_scene_free(scene);
  file_free(odd);
  file_free(good);
}

static void two_things_that_are_wrong_are_told_in_one_go(void **state)
{
  struct msim_slice good = file_read("tests/check/data/letter.yaml"), one, two;
  struct msim_scene *scene;
  struct findings findings;

  (void)state;
  one = replaced(good, "anchor: send", "anchor: sender");
  two = replaced(one, "store: anna", "store: ann");
  assert_int_equal(load(&scene, two, NULL, &findings, NULL), MSIM_ERR_SYNTAX);
  assert_int_equal(findings.count, 2);
  file_free(two);
  file_free(one);
  file_free(good);
}

static void every_cut_and_many_damages_of_a_scene_are_read_or_refused(void **state)
{
  struct msim_slice good = file_read("tests/check/data/letter.yaml"), part;
  size_t i;

  (void)state;
  for (i = 0; i < good.size_bytes; i += 7) {
    struct msim_scene *scene;
    struct findings findings;
    uint8_t *data = malloc(good.size_bytes);
    int err;

    assert_non_null(data);
    memcpy(data, good.data, good.size_bytes);
    part.data = data;
    part.size_bytes = i;
    err = load(&scene, part, NULL, &findings, NULL);
    assert_true(err == MSIM_OK || err == MSIM_ERR_SYNTAX);
    msim_scene_free(scene);
    data[i] ^= 0x15;
    part.size_bytes = good.size_bytes;
    err = load(&scene, part, NULL, &findings, NULL);
    assert_true(err == MSIM_OK || findings.count > 0);
    msim_scene_free(scene);
    free(data);
  }
  file_free(good);
}

static void every_allocation_when_it_fails_is_reported_and_nothing_leaks(void **state)
{
  struct msim_slice text = file_read("tests/check/data/letter.yaml");
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err == MSIM_ERR_NOMEM; fail_at++) {
    struct msim_scene *scene;
    struct findings findings;
    struct fail_mem mem;

    assert_true(fail_at < 10000);
    fail_mem_init(&mem, fail_at);
    err = load(&scene, text, NULL, &findings, &mem);
    msim_scene_free(scene);
    assert_true(fail_mem_clean(&mem));
  }
  assert_int_equal(err, MSIM_OK);
  assert_true(fail_at > 10);
  file_free(text);
}

static void a_file_that_is_not_there_is_told(void **state)
{
  struct msim_scene *scene;
  struct findings findings;

  (void)state;
  memset(&findings, 0, sizeof findings);
  assert_int_equal(msim_scene_load_file(&scene, MSIM_SOURCE_DIR "/no/such.yaml", NULL, findings_keep, &findings),
                   MSIM_ERR_IO);
  assert_null(scene);
  assert_string_equal(findings.text, "0:0: the file cannot be read\n");
  assert_int_equal(msim_scene_load_file(&scene, MSIM_SOURCE_DIR "/tests/check/data/letter.yaml", NULL, NULL, NULL),
                   MSIM_OK);
  msim_scene_free(scene);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_scene_of_the_project_loads_without_a_finding),
      cmocka_unit_test(a_case_when_it_is_not_there_then_those_there_are_named),
      cmocka_unit_test(what_is_wrong_in_a_scene_is_told),
      cmocka_unit_test(an_unknown_field_is_a_warning),
      cmocka_unit_test(two_things_that_are_wrong_are_told_in_one_go),
      cmocka_unit_test(every_cut_and_many_damages_of_a_scene_are_read_or_refused),
      cmocka_unit_test(every_allocation_when_it_fails_is_reported_and_nothing_leaks),
      cmocka_unit_test(a_file_that_is_not_there_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
