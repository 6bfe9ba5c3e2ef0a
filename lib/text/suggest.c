/* suggest.c: see suggest.h. */
#include "text/suggest.h"

#include <stdint.h>
#include <string.h>

static unsigned char lower(char c)
{
  return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned smaller(unsigned a, unsigned b)
{
  return a < b ? a : b;
}

/* Both at most MSIM__SUGGEST_BYTES_MAX. Three rows of the usual table: two back are needed for swaps. */
static unsigned distance(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
  uint8_t rows[3][MSIM__SUGGEST_BYTES_MAX + 1];
  size_t i, j;

  for (j = 0; j <= b_bytes; j++)
    rows[0][j] = (uint8_t)j;
  for (i = 1; i <= a_bytes; i++) {
    uint8_t *now = rows[i % 3];
    const uint8_t *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

    now[0] = (uint8_t)i;
    for (j = 1; j <= b_bytes; j++) {
      unsigned differ = lower(a[i - 1]) != lower(b[j - 1]);
      unsigned best = smaller(smaller(last[j] + 1u, now[j - 1] + 1u), last[j - 1] + differ);

      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        best = smaller(best, before[j - 2] + 1u);
      now[j] = (uint8_t)best;
    }
  }
  return rows[a_bytes % 3][b_bytes];
}

const char *msim__suggest(const char *word, size_t n, const char *const *candidates, size_t count)
{
  const char *best = NULL;
  unsigned best_distance = MSIM__SUGGEST_BYTES_MAX + 1;
  size_t i;

  if (n == 0 || n > MSIM__SUGGEST_BYTES_MAX)
    return NULL;
  for (i = 0; i < count; i++) {
    size_t length = strlen(candidates[i]);
    size_t longer = length > n ? length : n, shorter = length > n ? n : length;
    unsigned allowed = longer < 2 ? 0 : longer < 6 ? 1 : (unsigned)(longer / 3);
    unsigned d;

    if (length == 0 || length > MSIM__SUGGEST_BYTES_MAX || longer - shorter > allowed)
      continue;
    d = distance(word, n, candidates[i], length);
    if (d <= allowed && d < best_distance) {
      best = candidates[i];
      best_distance = d;
    }
  }
  return best;
}
