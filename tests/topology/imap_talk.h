/* imap_talk.h: an IMAP server, clients that say what a table tells them to, and what they have to hear.
 *
 * For tests only; include after the cmocka headers, in one file of a program. */
#ifndef MSIM_TESTS_TOPOLOGY_IMAP_TALK_H
#define MSIM_TESTS_TOPOLOGY_IMAP_TALK_H

#include "mail_stage.h"

#define LOGIN "a LOGIN bob blue\r\n"
#define OPEN LOGIN "b SELECT INBOX\r\n"

static struct mail_stage stage;
static struct feed feeds[2];

static int build(const char *yaml)
{
  int err = stage_begin(&stage, 0);
  char keys[2000];

  (void)snprintf(keys, sizeof keys, "{%s}", yaml);
  if (err == 0)
    err = stage_host(&stage, "mx", NULL);
  if (err == 0)
    err = stage_agent(&stage, "mx", "imap-server", keys);
  if (err == 0)
    err = stage_spy(&stage, "mx");
  return err;
}

static void add_feed(unsigned n, const char *bytes, enum feed_end end)
{
  static const char *const hosts[] = {"pc", "pd"};

  memset(&feeds[n], 0, sizeof feeds[n]);
  feeds[n].host = "mx";
  feeds[n].bytes = bytes;
  feeds[n].size_bytes = strlen(bytes);
  feeds[n].end = end;
  feeds[n].port = 143;
  assert_int_equal(stage_host(&stage, hosts[n], "mx"), 0);
  assert_int_equal(stage_feed(&stage, hosts[n], &feeds[n]), 0);
}

/* One client; what it heard. The stage is to be ended. */
static const char *talk(const char *yaml, const char *bytes)
{
  assert_int_equal(build(yaml), 0);
  add_feed(0, bytes, FEED_CLOSES);
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  return feeds[0].heard;
}

/* Each line of wanted, '|' between them, comes in this order; a line that begins with "!" comes nowhere. */
static void assert_heard(const char *heard, const char *wanted)
{
  const char *at = heard;

  while (*wanted != '\0') {
    size_t n = strcspn(wanted, "|");
    char line[2000];

    assert_true(n < sizeof line);
    memcpy(line, wanted, n);
    line[n] = '\0';
    if (line[0] == '!') {
      if (strstr(heard, line + 1) != NULL)
        fail_msg("\"%s\" was said in:\n%s", line + 1, heard);
    } else {
      const char *found = strstr(at, line);

      if (found == NULL) {
        (void)fprintf(stderr, "%s", at); /* longer than what fail_msg shows */
        fail_msg("\"%s\" is missing", line);
      }
      at = found + n;
    }
    wanted += n + (wanted[n] == '|');
  }
}

struct row {
  const char *bytes, *wanted;
};

static void run_rows(const char *yaml, const struct row *rows, size_t count)
{
  size_t i;

  for (i = 0; i < count; i++) {
    assert_heard(talk(yaml, rows[i].bytes), rows[i].wanted);
    stage_end(&stage);
  }
}
#define RUN(yaml, rows) run_rows(yaml, rows, sizeof(rows) / sizeof((rows)[0]))

#endif
