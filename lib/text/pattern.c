/* pattern.c: see pattern.h. */
#include "text/pattern.h"

#include <string.h>

bool msim__pattern_match(struct msim_slice pattern, struct msim_slice text)
{
  size_t p = 0, t = 0;
  size_t star = SIZE_MAX, retry = 0; /* behind the last '*' met, and where its match would end next */

  while (t < text.size_bytes) {
    if (p < pattern.size_bytes && pattern.data[p] == '*') {
      star = ++p;
      retry = t;
    } else if (p < pattern.size_bytes && (pattern.data[p] == '?' || pattern.data[p] == text.data[t])) {
      p++;
      t++;
    } else if (star != SIZE_MAX) {
      /* Only the last star needs another try: an earlier one that takes more cannot help. */
      p = star;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size_bytes && pattern.data[p] == '*')
    p++;
  return p == pattern.size_bytes;
}

bool msim__pattern_match_text(const char *pattern, const char *text)
{
  struct msim_slice p, t;

  p.data = (const uint8_t *)pattern;
  p.size_bytes = strlen(pattern);
  t.data = (const uint8_t *)text;
  t.size_bytes = strlen(text);
  return msim__pattern_match(p, t);
}
