/* fuzz.h: what the fuzz targets share: checks, a cursor over the input, findings.
 *
 * A target is one file fuzz_x.c that defines LLVMFuzzerTestOneInput and asserts properties of what the input gives; the
 * same input always does the same. Runs under libFuzzer, or over files by replay.c. */
#ifndef MSIM_TESTS_FUZZ_FUZZ_H
#define MSIM_TESTS_FUZZ_FUZZ_H

#include <mailsim/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

/* Holds in every build, also with NDEBUG. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))

static inline void fuzz_fail(const char *condition, const char *file, int line)
{
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
  abort();
}

/* A copy of exactly this size, so that reading past its end is seen; free with free(). */
static inline uint8_t *fuzz_copy(struct msim_slice bytes)
{
  uint8_t *copy = malloc(bytes.size_bytes > 0 ? bytes.size_bytes : 1);

  FUZZ_CHECK(copy != NULL);
  if (bytes.size_bytes > 0)
    memcpy(copy, bytes.data, bytes.size_bytes);
  return copy;
}

static inline struct msim_slice fuzz_slice_of(const uint8_t *data, size_t size_bytes)
{
  struct msim_slice slice = {data, size_bytes};

  return slice;
}

static inline struct msim_slice fuzz_part(struct msim_slice bytes, size_t from, size_t to)
{
  return fuzz_slice_of(from > 0 ? bytes.data + from : bytes.data, to - from);
}

static inline bool fuzz_same(struct msim_slice a, struct msim_slice b)
{
  return a.size_bytes == b.size_bytes && (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

/* Whether part lies within bytes; an empty one may lie anywhere. */
static inline bool fuzz_within(struct msim_slice part, struct msim_slice bytes)
{
  return part.size_bytes == 0 ||
         (part.data >= bytes.data && part.data + part.size_bytes <= bytes.data + bytes.size_bytes);
}

/* ---- the input as a row of decisions; zeros when it is used up ---- */

struct fuzz_input {
  struct msim_slice rest;
};

static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
  uint8_t byte = 0;

  if (input->rest.size_bytes > 0) {
    byte = input->rest.data[0];
    input->rest = fuzz_part(input->rest, 1, input->rest.size_bytes);
  }
  return byte;
}

static inline uint64_t fuzz_number(struct fuzz_input *input, unsigned size_bytes)
{
  uint64_t value = 0;

  while (size_bytes-- > 0)
    value = value << 8 | fuzz_byte(input);
  return value;
}

static inline struct msim_slice fuzz_take(struct fuzz_input *input, size_t size_bytes)
{
  struct msim_slice part = input->rest;

  if (part.size_bytes > size_bytes)
    part.size_bytes = size_bytes;
  input->rest = fuzz_part(input->rest, part.size_bytes, input->rest.size_bytes);
  return part;
}

/* Where an allocation shall fail: a number that follows from the whole input. */
static inline uint64_t fuzz_hash(struct msim_slice bytes)
{
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  size_t i;

  for (i = 0; i < bytes.size_bytes; i++)
    hash = (hash ^ bytes.data[i]) * UINT64_C(0x100000001b3);
  return hash ^ hash >> 29;
}

/* ---- findings: each has a place in the text and a sentence ---- */

struct fuzz_findings {
  size_t count;
  size_t line_count; /* of the text; 0: not known */
};

static inline void fuzz_find(void *user, const struct msim_diag *diag)
{
  struct fuzz_findings *findings = user;
  const char *end = memchr(diag->text, '\0', sizeof diag->text);
  const char *c;

  FUZZ_CHECK(end != NULL && end > diag->text);
  for (c = diag->text; c < end; c++)
    FUZZ_CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
  FUZZ_CHECK(diag->file != NULL);
  FUZZ_CHECK(diag->line > 0 || diag->column == 0);
  FUZZ_CHECK(findings->line_count == 0 || diag->line <= findings->line_count);
  findings->count++;
}

/* Line ends of any kind, the last line, and the end itself, which libyaml puts into a line of its own. */
static inline size_t fuzz_line_count(struct msim_slice text)
{
  size_t i, count = 2;

  for (i = 0; i < text.size_bytes; i++) /* YAML 1.1 also ends lines at NEL, LS and PS */
    count += text.data[i] == '\n' || text.data[i] == '\r' || text.data[i] == 0x85 || text.data[i] == 0xa8 ||
             text.data[i] == 0xa9;
  return count;
}

#endif
