/* smtp_marks.h: what a mail server remembers about clients, senders and recipients that come again: when it first and
 * last saw a key, and how often.
 *
 * A key is a 64-bit hash; two keys that meet in one are one. Bounded: what has not been seen for its time is dropped
 * when room is needed, and when nothing can be dropped, nothing new is remembered. Knows no policy. */
#ifndef MSIM_AGENTS_SMTP_MARKS_H
#define MSIM_AGENTS_SMTP_MARKS_H

#include "core/mem.h"

#define MSIM__SMTP_MARKS_MAX 65536u

struct msim__smtp_mark {
  uint64_t key; /* 0: free */
  msim_ns first_ns, last_ns;
  uint64_t count;
  bool passed;
};

/* All zero is an empty one, except for mem. */
struct msim__smtp_marks {
  struct msim__mem *mem;
  struct msim__smtp_mark *rows; /* open addressing; a power of two of them */
  size_t row_count, used_count;
  msim_ns oldest_ns; /* when it is full: none was last seen before that */
};

void msim__smtp_marks_release(struct msim__smtp_marks *marks);

/* The mark of a key, made if need be (count 0, both times now). Rows whose last_ns lies keep_ns or more before now_ns
 * may be dropped. NULL: out of memory or of room. Valid until the next call. */
struct msim__smtp_mark *msim__smtp_marks_get(struct msim__smtp_marks *marks, uint64_t key, msim_ns now_ns,
                                             msim_ns keep_ns);

#endif
