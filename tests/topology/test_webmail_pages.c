/* Tests of the webmail's pages as documents: every tag is closed where it must be, every field has a label, every id is
 * there once. With a folder as argument the pages are written there, for tests/webmail/screenshots.sh. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/webmail_stage.h"

static const char *folder; /* NULL: pages are not written */

#define DEPTH_MAX 60

static const char box[] =
    "mailboxes: {ann: ["
    "{message: m1, from: bob@y.example, subject: Hello, body: \"Hello Ann\\n\\nShall we meet on Friday?\\n\\nBob\"}, "
    "{message: m2, from: newsletter-of-a-very-long-name@a-domain-that-is-quite-long.example, subject: \"A subject that "
    "is so "
    "long that it does not fit into one line of any window, and then goes on and on, "
    "andhasawordthatisverylongandcannotbebrokenanywhere\", body: x}, "
    "{message: m3, from: carol@y.example, source: \"From: =?utf-8?q?Carol_M=C3=BCller?= <carol@y.example>\\n"
    "To: ann@x.example, Dave <dave@z.example>\\nCc: erin@z.example\\nDate: Wed, 31 Dec 2025 18:20:00 +0100\\n"
    "Subject: =?iso-8859-1?q?Gr=FC=DFe_und_ein_Bild?=\\nMessage-ID: <m3@y.example>\\nMIME-Version: 1.0\\n"
    "Content-Type: multipart/mixed; boundary=B\\n\\n--B\\nContent-Type: text/html; charset=utf-8\\n\\n"
    "<h1>Our offer</h1><p>Read <a href='http://shop.example/offer?id=1'>all of it</a> "
    "today.</p><ul><li>One<li>Two</ul>\\n"
    "--B\\nContent-Type: image/png; name=holiday.png\\nContent-Transfer-Encoding: base64\\n\\niVBORw0KGgo=\\n"
    "--B\\nContent-Type: application/pdf; name=\\\"a report with quite a long name, as they often "
    "have.pdf\\\"\\n\\nx\\n--B--\\n\"}, "
    "{message: m4, from: eve@z.example, subject: \"<script>alert('x')</script>\", body: \"A line that is so long that "
    "it has to be "
    "broken in a window of any width, since mail programs leave that to whoever shows it, and many write whole "
    "paragraphs into one "
    "line.\\n\\n> quoted\\n> "
    "text\\n\\nhttp://an.example/with/a/path/that/is/so/long/that/it/does/not/fit/into/one/line/of/a/phone"
    "\\n\"}]}";

/* ---- documents ---- */

static bool is_void(const char *name)
{
  static const char *const names[] = {"meta", "link", "input", "br", "!DOCTYPE"};
  size_t i;

  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(name, names[i]) == 0)
      return true;
  return false;
}

static void check_tags(const struct visit *visit)
{
  char open[DEPTH_MAX][20], name[20];
  const char *at = visit->body_of;
  size_t depth = 0, n;

  while ((at = strchr(at, '<')) != NULL) {
    bool ends = at[1] == '/';

    at += 1 + ends;
    n = strcspn(at, " >\n");
    assert_in_range(n, 1, sizeof name - 1);
    memcpy(name, at, n);
    name[n] = '\0';
    at = strchr(at, '>'); /* escaped in attributes */
    assert_non_null(at);
    if (is_void(name))
      continue;
    if (!ends) {
      assert_in_range(depth, 0, DEPTH_MAX - 1);
      memcpy(open[depth++], name, sizeof name);
      continue;
    }
    assert_true(depth > 0);
    if (strcmp(open[--depth], name) != 0)
      fail_msg("%s: </%s> closes <%s>", visit->path, name, open[depth]);
  }
  assert_int_equal(depth, 0);
}

static unsigned count(const char *text, const char *what)
{
  unsigned n = 0;

  for (; (text = strstr(text, what)) != NULL; text++)
    n++;
  return n;
}

/* Each id once; a label for each field that is seen. */
static void check_ids(const struct visit *visit)
{
  const char *at = visit->body_of;
  char id[80], what[100];
  size_t n;

  while ((at = strstr(at, " id=\"")) != NULL) {
    at += 5;
    n = strcspn(at, "\"");
    assert_in_range(n, 1, sizeof id - 1);
    memcpy(id, at, n);
    id[n] = '\0';
    (void)snprintf(what, sizeof what, " id=\"%s\"", id);
    assert_int_equal(count(visit->body_of, what), 1);
    (void)snprintf(what, sizeof what, "for=\"%s\"", id);
    if (strcmp(id, "main") != 0 && strcmp(id, "compose") != 0 && count(visit->body_of, what) != 1)
      fail_msg("%s: no label for %s", visit->path, id);
  }
}

static void write_page(const struct visit *visit, const char *name)
{
  static const char link[] = "href=\"/style.css\"";
  const char *style = strstr(visit->body_of, link), *body = visit->body_of;
  char path[1000];
  FILE *file;

  if (folder == NULL)
    return;
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "wb");
  assert_non_null(file);
  if (style != NULL) {
    (void)fwrite(body, 1, (size_t)(style - body), file);
    (void)fputs("href=\"style.css\"", file); /* as a file there is no root */
    body = style + sizeof link - 1;
  }
  (void)fwrite(body, 1, strlen(body), file);
  assert_int_equal(fclose(file), 0);
}

static void pages_are_whole_documents(void **state)
{
  static const char *const names[] = {
      NULL,           "login.html",  "login-refused.html", NULL,        "mailbox.html", "mail.html",  "mail-long.html",
      "compose.html", "reply.html",  "refused.html",       NULL,        "drafts.html",  "draft.html", NULL,
      "sent.html",    "search.html", "empty.html",         "error.html"};
  static struct mail_stage stage;
  struct visitor v = {
      .visits = {
          {.method = "GET", .path = "/style.css"},
          {.method = "GET", .path = "/login"},
          {.method = "POST", .path = "/login", .body = "user=ann&password=wrong"},
          LOG_IN,
          {.method = "GET", .path = "/mail"},
          {.method = "GET", .path = "/mail/1767225600.3"},
          {.method = "GET", .path = "/mail/1767225600.4"},
          {.method = "GET", .path = "/compose"},
          {.method = "GET", .path = "/compose?all=1767225600.3"},
          {.method = "POST", .path = "/send", .body = "csrf={csrf}&to=nobody%40x.example&subject=Hi&body=Text"},
          {.method = "POST",
           .path = "/draft",
           .type = "multipart/form-data; boundary=BOX",
           .body = "--BOX\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n"
                   "--BOX\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nHalf a letter\r\n"
                   "--BOX\r\nContent-Disposition: form-data; name=\"attach\"; "
                   "filename=\"plan.txt\"\r\n\r\nx\r\n--BOX--\r\n"},
          {.method = "GET", .path = "/mail?folder=Drafts"},
          {.method = "GET", .path = "/compose?draft=1767225601.1&folder=Drafts"},
          {.method = "POST", .path = "/send", .body = "csrf={csrf}&to=bob%40x.example&subject=Hi&body=Text"},
          {.method = "GET", .path = "/sent"},
          {.method = "GET", .path = "/search?q=friday"},
          {.method = "GET", .path = "/mail?folder=Trash"},
          {.method = "GET", .path = "/mail/9.9"},
      }};
  size_t i;

  (void)state;
  webmail_build(&stage, "imap", box, ", title: Mail of X");
  webmail_visit(&stage, "pc", &v);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  write_page(visit_at(&v, 0), "style.css");
  for (i = 0; i < v.count; i++) {
    const struct visit *visit = visit_at(&v, i);

    if (names[i] == NULL)
      continue;
    assert_holds(visit, "<!DOCTYPE html>\n<html lang=\"en\">");
    assert_holds(visit, "<meta name=\"viewport\"");
    assert_int_equal(count(visit->body_of, "<h1>"), 1);
    assert_lacks(visit, "<script");
    assert_lacks(visit, " style=");
    assert_lacks(visit, " onclick");
    check_tags(visit);
    check_ids(visit);
    write_page(visit, names[i]);
  }
  visitor_release(&v);
  stage_end(&stage);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(pages_are_whole_documents)};

  folder = argc > 1 ? argv[1] : NULL;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
