/* test_report.c: what came of tests, for people, as TAP, and as JUnit's XML. Does not run anything. */
#include "test.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *const words[] = {"ok", "FAILED", "UNUSABLE"};

void test_report_people(const struct test_case *test, const struct test_outcome *outcome, const struct output *output,
                        bool quiet)
{
  FILE *file = output->file;

  if (quiet && outcome->verdict == TEST_OK)
    return;
  output_style(output, outcome->verdict == TEST_OK ? STYLE_GOOD : STYLE_BAD);
  fprintf(file, "%-9s", words[outcome->verdict]);
  output_style(output, STYLE_PLAIN);
  output_text(file, test->path);
  if (outcome->run_count > 1)
    fprintf(file, " (%" PRIu64 " runs)", outcome->run_count);
  putc('\n', file);
  test_print_lines(file, "  ", outcome->text);
}

void test_report_people_end(const struct test_outcome *outcomes, size_t count, const struct output *output)
{
  size_t counts[3] = {0, 0, 0}, i;

  for (i = 0; i < count; i++)
    counts[outcomes[i].verdict]++;
  output_style(output, counts[TEST_OK] == count ? STYLE_GOOD : STYLE_BAD);
  fprintf(output->file, "%zu test%s: %zu ok", count, count == 1 ? "" : "s", counts[TEST_OK]);
  if (counts[TEST_FAILED] > 0)
    fprintf(output->file, ", %zu failed", counts[TEST_FAILED]);
  if (counts[TEST_UNUSABLE] > 0)
    fprintf(output->file, ", %zu unusable", counts[TEST_UNUSABLE]);
  output_style(output, STYLE_PLAIN);
  putc('\n', output->file);
}

/* TAP version 13: what is wrong stands in a block of YAML behind the line. */
void test_report_tap(const struct test_case *test, const struct test_outcome *outcome, size_t number, FILE *file)
{
  fprintf(file, "%s %zu - ", outcome->verdict == TEST_OK ? "ok" : "not ok", number);
  for (const char *c = test->path; *c != '\0'; c++) /* a `#` would begin a directive */
    putc(*c == '#' || (unsigned char)*c < 0x20 ? '_' : *c, file);
  putc('\n', file);
  if (outcome->text[0] == '\0')
    return;
  fprintf(file, "  ---\n  severity: %s\n  message: |\n", outcome->verdict == TEST_FAILED ? "fail" : "error");
  test_print_lines(file, "    ", outcome->text);
  fputs("  ...\n", file);
}

/* ---- JUnit ---- */

/* XML 1.0 has no control characters but tab and line end, not even escaped. */
static void put_xml(FILE *file, const char *text)
{
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;

    if (c == '&')
      fputs("&amp;", file);
    else if (c == '<')
      fputs("&lt;", file);
    else if (c == '>')
      fputs("&gt;", file);
    else if (c == '"')
      fputs("&quot;", file);
    else if (c < 0x20 && c != '\n' && c != '\t')
      fprintf(file, "\\x%02x", c);
    else
      putc(c, file);
  }
}

static void put_case(FILE *file, const struct test_case *test, const struct test_outcome *outcome)
{
  char first[200];
  size_t n = strcspn(outcome->text, "\n");

  fputs("  <testcase classname=\"mailsim\" name=\"", file);
  put_xml(file, test->path);
  fprintf(file, "\" time=\"%" PRIu64 ".%03" PRIu64 "\"", outcome->wall_ms / 1000, outcome->wall_ms % 1000);
  if (outcome->verdict == TEST_OK) {
    fputs("/>\n", file);
    return;
  }
  if (n >= sizeof first)
    n = sizeof first - 1;
  while (n > 0 && ((unsigned char)outcome->text[n] & 0xc0) == 0x80)
    n--;
  memcpy(first, outcome->text, n);
  first[n] = '\0';
  fprintf(file, ">\n    <%s message=\"", outcome->verdict == TEST_FAILED ? "failure" : "error");
  put_xml(file, first);
  fputs("\">", file);
  put_xml(file, outcome->text);
  fprintf(file, "</%s>\n  </testcase>\n", outcome->verdict == TEST_FAILED ? "failure" : "error");
}

bool test_report_junit(const struct test_list *list, const struct test_outcome *outcomes, const char *path)
{
  FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
  size_t counts[3] = {0, 0, 0}, i;
  uint64_t wall_ms = 0;
  bool failed = file == NULL;

  for (i = 0; i < list->count; i++) {
    counts[outcomes[i].verdict]++;
    wall_ms += outcomes[i].wall_ms;
  }
  if (file != NULL) {
    fprintf(file,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"mailsim\" tests=\"%zu\" "
            "failures=\"%zu\" errors=\"%zu\" time=\"%" PRIu64 ".%03" PRIu64 "\">\n",
            list->count, counts[TEST_FAILED], counts[TEST_UNUSABLE], wall_ms / 1000, wall_ms % 1000);
    for (i = 0; i < list->count; i++)
      put_case(file, &list->cases[i], &outcomes[i]);
    fputs("</testsuite>\n</testsuites>\n", file);
    failed = ferror(file) != 0;
    failed = (file == stdout ? fflush(file) : fclose(file)) != 0 || failed;
  }
  if (failed)
    complain("--junit: %s cannot be written: %s", path, strerror(errno));
  return !failed;
}
