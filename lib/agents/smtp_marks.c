/* smtp_marks.c: what a mail server remembers; see smtp_marks.h. */
#include "agents/smtp_marks.h"

#include <string.h>

#define ROWS_MIN 64u

void msim__smtp_marks_release(struct msim__smtp_marks *marks)
{
  if (marks->rows != NULL)
    msim__free(marks->mem, marks->rows, marks->row_count * sizeof *marks->rows);
  marks->rows = NULL;
  marks->row_count = marks->used_count = 0;
}

/* The row of a key, or the free one where it belongs. There is always a free one. */
static struct msim__smtp_mark *find_row(struct msim__smtp_mark *rows, size_t row_count, uint64_t key)
{
  size_t at = (size_t)key & (row_count - 1);

  while (rows[at].key != 0 && rows[at].key != key)
    at = (at + 1) & (row_count - 1);
  return &rows[at];
}

/* Moves what is still worth keeping into a table in which it takes up no more than half. */
static bool rebuild(struct msim__smtp_marks *marks, msim_ns now_ns, msim_ns keep_ns)
{
  size_t kept = 0, row_count = ROWS_MIN, i;
  struct msim__smtp_mark *rows;

  marks->oldest_ns = now_ns;
  for (i = 0; i < marks->row_count; i++) {
    struct msim__smtp_mark *row = &marks->rows[i];

    if (row->key != 0 && now_ns - row->last_ns >= keep_ns)
      row->key = 0;
    kept += row->key != 0;
    if (row->key != 0 && row->last_ns < marks->oldest_ns)
      marks->oldest_ns = row->last_ns;
  }
  while (row_count < 4 * (kept + 1) && row_count < 2 * MSIM__SMTP_MARKS_MAX)
    row_count *= 2;
  rows = msim__alloc_zeroed(marks->mem, row_count, sizeof *rows);
  if (rows == NULL)
    return false;
  for (i = 0; i < marks->row_count; i++)
    if (marks->rows[i].key != 0)
      *find_row(rows, row_count, marks->rows[i].key) = marks->rows[i];
  msim__smtp_marks_release(marks);
  marks->rows = rows;
  marks->row_count = row_count;
  marks->used_count = kept;
  return kept < MSIM__SMTP_MARKS_MAX;
}

struct msim__smtp_mark *msim__smtp_marks_get(struct msim__smtp_marks *marks, uint64_t key, msim_ns now_ns,
                                             msim_ns keep_ns)
{
  struct msim__smtp_mark *row;

  key += key == 0;
  row = marks->row_count > 0 ? find_row(marks->rows, marks->row_count, key) : NULL;
  if (row != NULL && row->key == key)
    return row;
  if (marks->used_count >= marks->row_count / 2) {
    if (marks->used_count >= MSIM__SMTP_MARKS_MAX && now_ns - marks->oldest_ns < keep_ns)
      return NULL; /* nothing has become old since it was full: not worth looking each time */
    if (!rebuild(marks, now_ns, keep_ns))
      return NULL;
    row = find_row(marks->rows, marks->row_count, key);
  }
  marks->used_count++;
  row->key = key;
  row->first_ns = row->last_ns = now_ns;
  row->count = 0;
  row->passed = false;
  return row;
}
