/* base_subject.c: what a subject is about; see base_subject.h. Step numbers are those of RFC 5256 2.1. */
#include "proto/base_subject.h"

#include "proto/ascii.h"

struct subject {
  const uint8_t *text;
  size_t from, to;
  size_t chain_end; /* blobs up to there are followed by no "re:"; from below it that need not be looked at again */
  bool reply;
};

/* Step 1. */
static size_t join_spaces(uint8_t *text, size_t size_bytes)
{
  size_t i, n = 0;

  for (i = 0; i < size_bytes; i++) {
    bool space = text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n';

    if (space && n > 0 && text[n - 1] == ' ')
      continue;
    text[n++] = space ? ' ' : text[i];
  }
  return n;
}

static bool has_word(const struct subject *s, size_t at, const char *word)
{
  size_t n = strlen(word);
  struct msim_slice here = {s->text + at, n};

  return s->to - at >= n && msim__slice_is(here, word);
}

static size_t skip_space(const struct subject *s, size_t at)
{
  while (at < s->to && s->text[at] == ' ')
    at++;
  return at;
}

/* Behind a "[blob]" with the space after it; `at` where there is none. */
static size_t skip_blob(const struct subject *s, size_t at)
{
  size_t end = at + 1;

  if (at >= s->to || s->text[at] != '[')
    return at;
  while (end < s->to && s->text[end] != '[' && s->text[end] != ']' && s->text[end] != '\0')
    end++;
  return end < s->to && s->text[end] == ']' ? skip_space(s, end + 1) : at;
}

/* Behind "re:", "fw [x]:" or "fwd:"; `at` where there is none. */
static size_t skip_refwd(const struct subject *s, size_t at)
{
  size_t end = has_word(s, at, "fwd") ? at + 3 : has_word(s, at, "re") || has_word(s, at, "fw") ? at + 2 : at;

  if (end == at)
    return at;
  end = skip_blob(s, skip_space(s, end));
  return end < s->to && s->text[end] == ':' ? end + 1 : at;
}

/* Step 2. */
static void drop_trailers(struct subject *s)
{
  while (s->to > s->from) {
    if (s->text[s->to - 1] == ' ') {
      s->to--;
    } else if (s->to - s->from >= 5 && has_word(s, s->to - 5, "(fwd)")) {
      s->to -= 5;
      s->reply = true;
    } else {
      return;
    }
  }
}

/* Step 3: one leader. */
static bool drop_leader(struct subject *s)
{
  size_t at = s->from, next, end;

  if (at < s->to && s->text[at] == ' ') {
    s->from++;
    return true;
  }
  if (at < s->chain_end)
    return false;
  while ((next = skip_blob(s, at)) > at)
    at = next;
  end = skip_refwd(s, at);
  if (end == at) {
    s->chain_end = at;
    return false;
  }
  s->from = end;
  s->reply = true;
  return true;
}

/* Step 4. */
static bool drop_blob(struct subject *s)
{
  size_t end = skip_blob(s, s->from);

  if (end == s->from || end == s->to)
    return false;
  s->from = end;
  return true;
}

void msim__base_subject(uint8_t *text, size_t size_bytes, struct msim_slice *base, bool *reply)
{
  struct subject s = {text, 0, join_spaces(text, size_bytes), 0, false};
  bool again = true;

  while (again) {
    drop_trailers(&s);
    s.chain_end = s.from;
    while (drop_leader(&s) || drop_blob(&s)) /* step 5 */
      continue;
    again = s.to - s.from >= 6 && has_word(&s, s.from, "[fwd:") && s.text[s.to - 1] == ']';
    if (again) { /* step 6 */
      s.from += 5;
      s.to--;
      s.reply = true;
    }
  }
  base->data = text + s.from;
  base->size_bytes = s.to - s.from;
  *reply = s.reply;
}
