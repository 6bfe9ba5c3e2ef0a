/* test_messages.c: the section `messages`: letters from files, sent and laid into mailboxes, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/probe.h"

#include <string.h>

#define FILE_OF(path, bytes)                                                                                           \
  {                                                                                                                    \
    path, bytes, sizeof bytes - 1                                                                                      \
  }
/* A folder with these files. */
static const struct file {
  const char *path, *bytes;
  size_t size_bytes;
} files[] = {
    FILE_OF("lf.eml", "Subject: Gr\xc3\xbc\xc3\x9f\n\n.dot\nlatin \xe9\nend"),
    FILE_OF("crlf.eml", "Subject: x\r\n\r\n\r\rbody\r\n"),
    FILE_OF("parts/more.yaml", "messages: {m3: {file: third.eml}}\n"),
    FILE_OF("parts/third.eml", "Subject: third\n\n3\n"),
    FILE_OF("empty.eml", ""),
    FILE_OF("nul.eml", "Subject: x\n\na\0b\n"),
    FILE_OF("again.yaml", "messages: {m1: {file: lf.eml}}\n"),
};

static int read_file(void *ctx, const char *path, struct msim_slice *out)
{
  static const uint8_t much[(16u << 20) + 1] = {1}; /* one byte too many */
  size_t i;

  (void)ctx;
  if (strcmp(path, "huge.eml") == 0) {
    out->data = much;
    out->size_bytes = sizeof much;
    return MSIM_OK;
  }
  for (i = 0; i < sizeof files / sizeof files[0]; i++)
    if (strcmp(files[i].path, path) == 0) {
      out->data = (const uint8_t *)files[i].bytes;
      out->size_bytes = files[i].size_bytes;
      return MSIM_OK;
    }
  return strcmp(path, "broken.eml") == 0 ? MSIM_ERR_IO : MSIM_ERR_NOT_FOUND;
}

static int load(struct msim_sim *sim, const char *text, struct probe_said *said)
{
  struct msim_reader reader = {NULL, read_file, NULL};

  said->text[0] = '\0';
  return msim_topology_load_text(sim, "w.yaml", (struct msim_slice){(const uint8_t *)text, strlen(text)}, &reader,
                                 probe_hear, said);
}

struct heard {
  char text[4096];
  size_t bytes;
};

static int hear(void *ctx, const void *data, size_t size_bytes)
{
  struct heard *heard = ctx;

  assert_true(heard->bytes + size_bytes < sizeof heard->text);
  memcpy(heard->text + heard->bytes, data, size_bytes);
  heard->bytes += size_bytes;
  heard->text[heard->bytes] = '\0';
  return MSIM_OK;
}

static const char *bytes_of(const struct msim_sim *sim, size_t box, size_t place, struct heard *heard)
{
  struct msim_out out = {heard, hear};

  heard->bytes = 0;
  heard->text[0] = '\0';
  assert_int_equal(msim_mailbox_write(msim_node_find(sim, "mx"), box, place, &out), MSIM_OK);
  return heard->text;
}

static void letters_when_named_then_sent_and_stored_as_they_are(void **state)
{
  static const char world[] =
      "mailsim: 1\n"
      "include: [parts/more.yaml]\n"
      "messages: {m1: {file: lf.eml}, m2: {file: crlf.eml}, m4: {text: \"Subject: four\\r\\n\\r\\n4\\n\"}}\n"
      "hosts:\n"
      "  pc: {agents: [{user: {address: a@x.example, submit: mx, script: [{at: 1s, send: {message: m1, to: "
      "b@b.example}}]}}]}\n"
      "  mx:\n"
      "    agents:\n"
      "      - smtp-server: {domains: {b.example: [b]}}\n"
      "      - imap-server: {mailboxes: {b: [{message: m2, from: c@c.example, flags: [seen, draft], date: 2025-02-03}, "
      "{message: m3, folder: Old/Er}, {message: m4, folder: Old/Er}]}}\n"
      "links: [{join: [pc, mx], delay: 1ms}]\n";
  struct msim_sim *sim = probe_sim();
  struct msim_mailbox_message message;
  struct msim_mailbox_info info;
  struct probe_said said;
  const struct msim_node *mx;
  struct heard heard;
  size_t boxes;
  int err = load(sim, world, &said);

  (void)state;
  if (err != MSIM_OK)
    fail_msg("%s", said.text);
  assert_int_equal(msim_mailbox_at(msim_node_find(sim, "mx"), 0, &info), MSIM_ERR_NOT_FOUND); /* not started */
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), MSIM_OK);
  mx = msim_node_find(sim, "mx");
  for (boxes = 0; (err = msim_mailbox_at(mx, boxes, &info)) != MSIM_ERR_NOT_FOUND; boxes++)
    assert_int_equal(err, MSIM_OK);
  assert_int_equal(boxes, 3); /* INBOX, Old, Old/Er */
  assert_int_equal(msim_mailbox_at(mx, 0, &info), MSIM_OK);
  assert_string_equal(info.user, "b");
  assert_string_equal(info.folder, "INBOX");
  assert_int_equal(info.message_count, 2);
  assert_int_equal(info.uid_next, 3);

  assert_int_equal(msim_mailbox_message_at(mx, 0, 0, &message), MSIM_OK);
  assert_string_equal(message.label, "m2");
  assert_string_equal(message.sender, "c@c.example");
  assert_int_equal(message.internal_unix_s, 1738540800);
  assert_int_equal(message.flags, MSIM_MAILBOX_SEEN | MSIM_MAILBOX_DRAFT | MSIM_MAILBOX_RECENT);
  assert_string_equal(bytes_of(sim, 0, 0, &heard), "Return-Path: <c@c.example>\r\nSubject: x\r\n\r\n\r\n\r\nbody\r\n");
  assert_int_equal(message.size_bytes, heard.bytes);

  assert_int_equal(msim_mailbox_message_at(mx, 0, 1, &message), MSIM_OK);
  assert_string_equal(message.label, "m1");
  assert_non_null(
      strstr(bytes_of(sim, 0, 1, &heard), "\r\nSubject: Gr\xc3\xbc\xc3\x9f\r\n\r\n.dot\r\nlatin \xe9\r\nend\r\n"));
  assert_int_equal(msim_mailbox_message_at(mx, 0, 2, &message), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_mailbox_message_at(mx, 9, 0, &message), MSIM_ERR_NOT_FOUND);

  assert_int_equal(msim_mailbox_at(mx, 2, &info), MSIM_OK);
  assert_string_equal(info.folder, "Old/Er");
  assert_non_null(strstr(bytes_of(sim, 2, 0, &heard), "Subject: third\r\n\r\n3\r\n"));
  assert_non_null(strstr(bytes_of(sim, 2, 1, &heard), "Subject: four\r\n\r\n4\r\n"));
  assert_null(msim_mailbox_keyword_at(mx, 0, 0));
  msim_sim_free(sim);
}

static void letters_when_unusable_then_said_where(void **state)
{
  static const struct {
    const char *messages, *says;
  } rows[] = {
      {"messages: {m1: {file: none.eml}}\n", "w.yaml:2:23: file: \"none.eml\" does not exist"},
      {"messages: {m1: {file: broken.eml}}\n", "w.yaml:2:23: file: \"broken.eml\" cannot be read"},
      {"messages: {m1: {file: ../up.eml}}\n", "w.yaml:2:23: file: the path must stay below the folder of this file"},
      {"messages: {m1: {file: /etc/passwd}}\n", "w.yaml:2:23: file: the path must be relative"},
      {"messages: {m1: {file: empty.eml}}\n", "w.yaml:2:23: file: there is nothing in this file"},
      {"messages: {m1: {file: nul.eml}}\n", "w.yaml:2:23: file: a byte of value 0 is in this file"},
      {"messages: {m1: {file: huge.eml}}\n", "w.yaml:2:23: file: a message has at most 16 MiB"},
      {"messages: {m1: {fiel: lf.eml}}\n", "w.yaml:2:17: unknown key \"fiel\" (did you mean \"file\"?)"},
      {"messages: {m1: {file: lf.eml, text: Hi}}\n", "w.yaml:2:37: write either file or text, not both"},
      {"messages: {m1: {}}\n", "w.yaml:2:16: the key \"file\" is missing: the path of the message; or \"text\""},
      {"messages: {m1: {text: \"\"}}\n", "w.yaml:2:23: text: there is nothing in this text"},
      {"messages: {m1: }\n", "w.yaml:2:"},
      {"messages: [m1]\n", "w.yaml:2:11: messages: "},
      {"messages: {\"\": {file: lf.eml}}\n", "w.yaml:2:12: messages: a name of 1 to 200 bytes"},
      {"include: [again.yaml]\nmessages: {m1: {file: lf.eml}}\n",
       "again.yaml:1:12: messages: there is a message of this name in another file already"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_sim *sim = probe_sim();
    struct probe_said said;
    char text[400];

    (void)snprintf(text, sizeof text, "mailsim: 1\n%shosts: {pc: }\n", rows[i].messages);
    assert_int_equal(load(sim, text, &said), MSIM_ERR_SYNTAX);
    if (strstr(said.text, rows[i].says) == NULL)
      fail_msg("row %d: %s", (int)i, said.text);
    msim_sim_free(sim);
  }
}

static void letters_when_given_other_text_too_then_refused(void **state)
{
  static const char *const rows[][2] = {
      {"user: {address: a@x.example, submit: pc, script: [{send: {message: m1, to: b@b.example, body: Hi}}]}",
       "step 1: message \"m1\" is a file, so it takes no subject, body, size or attachments"},
      {"pop-server: {mailboxes: {b: [{message: m1, subject: Hi}]}}",
       "message \"m1\" is a file, so it takes no subject, body, size or source"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct msim_sim *sim = probe_sim();
    struct probe_said said;
    char text[400];

    (void)snprintf(text, sizeof text, "mailsim: 1\nmessages: {m1: {file: lf.eml}}\nhosts: {pc: {agents: [%s]}}\n",
                   rows[i][0]);
    assert_int_equal(load(sim, text, &said), MSIM_OK);
    assert_int_not_equal(msim_sim_run(sim, MSIM_NEVER), MSIM_OK);
    if (strstr(msim_sim_error(sim), rows[i][1]) == NULL)
      fail_msg("%s", msim_sim_error(sim));
    msim_sim_free(sim);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(letters_when_named_then_sent_and_stored_as_they_are),
      cmocka_unit_test(letters_when_unusable_then_said_where),
      cmocka_unit_test(letters_when_given_other_text_too_then_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
