/* fuzz_expect.c: the language of expectations, and judging by what was read: every fault has a place, a judgement
 * agrees with itself, nothing leaks. Input: an expectation, and behind a line "%%%" the lines of a text trace, which
 * may be anything. */
#include "check/expect.h"

#include "fuzz.h"
#include "support/fail_mem.h"

static struct msim_slice split(struct msim_slice *rest)
{
  static const char separator[] = "\n%%%\n";
  const size_t size = sizeof separator - 1;
  struct msim_slice all = *rest;
  size_t i;

  for (i = 0; i + size <= all.size_bytes; i++)
    if (memcmp(all.data + i, separator, size) == 0) {
      *rest = fuzz_part(all, i + size, all.size_bytes);
      return fuzz_part(all, 0, i + 1);
    }
  *rest = fuzz_part(all, all.size_bytes, all.size_bytes);
  return all;
}

static int count_bytes(void *ctx, const void *data, size_t size_bytes)
{
  (void)data;
  *(size_t *)ctx += size_bytes;
  return MSIM_OK;
}

static void check_failures(const struct msim__expect *expect, size_t line_count)
{
  size_t i;

  for (i = 0; i < expect->failure_count; i++) {
    FUZZ_CHECK(expect->failures[i].line >= 1 && expect->failures[i].line <= line_count);
    FUZZ_CHECK(expect->failures[i].text[0] != '\0');
  }
}

static void judge(struct msim__expect *expect, struct msim_slice trace, size_t line_count)
{
  size_t drafted = 0, count;
  struct msim_out out = {&drafted, count_bytes};
  unsigned rounds = 0;
  bool again = true;
  int err = msim__log_take(&expect->log, trace.data, trace.size_bytes);

  while (err == MSIM_OK && again) {
    err = msim__expect_judge(expect, &again);
    FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_NOMEM || err == MSIM_ERR_LIMIT);
    FUZZ_CHECK(++rounds <= expect->drive_count + 1);
    check_failures(expect, line_count);
  }
  count = expect->failure_count;
  if (err == MSIM_OK)
    err = msim__expect_judge(expect, &again);
  FUZZ_CHECK(err != MSIM_OK || (!again && expect->failure_count == count));
  if (err == MSIM_OK)
    FUZZ_CHECK(msim__expect_draft(expect, "x.yaml", 1, &out) != MSIM_OK || drafted > 0);
}

static void play(struct msim_slice text, struct msim_slice trace, uint64_t fail_at, uint64_t *request_count)
{
  struct fuzz_findings findings = {0, fuzz_line_count(text)};
  struct msim__expect expect;
  struct fail_mem memory;
  struct msim__mem mem;
  int err;

  fail_mem_init(&memory, fail_at);
  msim__mem_init(&mem, &memory.hook);
  err = msim__expect_init(&expect, &mem, "input.expect");
  if (err == MSIM_OK)
    err = msim__expect_read(&expect, text, fuzz_find, &findings);
  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_NOMEM || findings.count > 0);
  FUZZ_CHECK(err != MSIM_OK || findings.count == 0);
  if (err == MSIM_OK)
    judge(&expect, trace, findings.line_count);
  msim__expect_release(&expect);
  FUZZ_CHECK(fail_mem_clean(&memory));
  FUZZ_CHECK(fail_at != 0 || err != MSIM_ERR_NOMEM);
  *request_count = memory.request_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct msim_slice trace = fuzz_slice_of(data, size_bytes), text = split(&trace);
  uint64_t request_count, ignored;

  play(text, trace, 0, &request_count);
  if (request_count > 0)
    play(text, trace, 1 + fuzz_hash(fuzz_slice_of(data, size_bytes)) % request_count, &ignored);
  return 0;
}
