/* trace/hold.h: lines of the text form in the order of sending, each waiting until the fate of its packet is known.
 *
 * First in, first out: a line behind a waiting one is held too. At most 65,536 lines wait, for at most 10 simulated
 * seconds, and at most 64 MiB are held; then the oldest is written with the fate `open`. What has been written is
 * remembered for as long as its place is not used again (4096 lines or more), so that a late fate can still be told
 * with its delay. Does not know what the lines say. */
#ifndef MSIM_TRACE_HOLD_H
#define MSIM_TRACE_HOLD_H

#include "text/buf.h"

#define MSIM__HOLD_LINES_MIN ((size_t)4096)
#define MSIM__HOLD_LINES_MAX ((size_t)65536)   /* that wait for a fate */
#define MSIM__HOLD_PLACES_MAX ((size_t)262144) /* with those behind them */
#define MSIM__HOLD_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define MSIM__HOLD_NS_MAX MSIM_SEC(10)

struct msim__hold_line;

/* What a line is made of; the fate and what came behind it begin with a space each, or are empty. */
struct msim__hold_parts {
  struct msim_slice head, fate, also, tail;
};
/* Writes something else than a line of text. The parts are borrowed; errors stick in out. */
typedef void msim__hold_write_fn(void *user, struct msim__buf *out, const struct msim__hold_parts *parts);

struct msim__hold {
  struct msim__mem *mem;
  struct msim__buf *out;      /* borrowed */
  msim__hold_write_fn *write; /* NULL: a line of text */
  void *write_user;
  struct msim__buf bytes;        /* of the lines that are held, and of their fates */
  uint64_t bytes_base;           /* place of bytes.data[0] in the endless sequence of bytes */
  struct msim__hold_line *lines; /* ring of capacity, a power of two */
  uint64_t *buckets;             /* newest line of each chain, 0: none; as many as lines */
  size_t capacity, waiting_count;
  uint64_t oldest, head, tail; /* numbers of lines from 1: first remembered, first held, next one */
  uint64_t begin, split;       /* of the line that is being made */
};

/* MSIM_ERR_NOMEM: nothing is held then. */
int msim__hold_init(struct msim__hold *hold, struct msim__mem *mem, struct msim__buf *out);
/* Before the first line. */
void msim__hold_set_write(struct msim__hold *hold, msim__hold_write_fn *write, void *user);
void msim__hold_release(struct msim__hold *hold); /* without writing anything; may be called again */

/* Tells the present time: lines that are too old become open. */
void msim__hold_tick(struct msim__hold *hold, msim_ns now_ns);

/* A line is appended to the buffer that begin returns. A line that waits is split where its fate belongs; the space in
 * front of the fate is added. Neither part has a line end. Errors stick in out. */
struct msim__buf *msim__hold_begin(struct msim__hold *hold);
void msim__hold_split(struct msim__hold *hold);
void msim__hold_end(struct msim__hold *hold);                                     /* a line without fate */
void msim__hold_end_packet(struct msim__hold *hold, uint64_t key, msim_ns at_ns); /* waits for one */
/* With a fate that is known already; a later arrival of the same key still finds the line. */
void msim__hold_end_fated(struct msim__hold *hold, uint64_t key, msim_ns at_ns, const char *fate, size_t fate_bytes);

/* What is known of the packet with this key (the oldest one without a fate, else the newest). */
struct msim__hold_found {
  struct msim__hold_line *line; /* NULL: nothing */
  msim_ns at_ns;
  bool is_written; /* the fate needs a line of its own */
  bool is_fated;   /* by an earlier call, or open and then told */
};
struct msim__hold_found msim__hold_find(const struct msim__hold *hold, uint64_t key);

/* The fate of a line that is not fated. delivered: after delay_ns; else the text. For a line that is written already
 * only the fact is kept. */
void msim__hold_deliver(struct msim__hold *hold, struct msim__hold_line *line, msim_ns delay_ns);
void msim__hold_fate(struct msim__hold *hold, struct msim__hold_line *line, const char *fate, size_t fate_bytes);
/* More about a line that is not written, behind its fate ("dup+12ms"). */
void msim__hold_also(struct msim__hold *hold, struct msim__hold_line *line, const char *text, size_t text_bytes);

/* Writes everything; what waits is open. */
void msim__hold_close(struct msim__hold *hold);

#endif
