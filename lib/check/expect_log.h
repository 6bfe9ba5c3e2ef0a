/* expect_log.h: a run as the lines of its text trace (docs/trace.md), so that what a test writes and what a run prints
 * are the same language.
 *
 * Takes the bytes of a sink `text`, then cuts them into lines and those into fields. Does not judge. */
#ifndef MSIM_CHECK_EXPECT_LOG_H
#define MSIM_CHECK_EXPECT_LOG_H

#include "core/arena.h"
#include "core/names.h"
#include "text/buf.h"

#define MSIM__LOG_BYTES_MAX ((size_t)256 * 1024 * 1024) /* of a run; more is refused */
#define MSIM__LOG_LINES_MAX ((size_t)1 << 24)
#define MSIM__LOG_NONE UINT32_MAX

enum msim__log_kind { MSIM__LOG_OTHER, MSIM__LOG_SEGMENT, MSIM__LOG_DATAGRAM, MSIM__LOG_EVENT, MSIM__LOG_STATE };

/* Bytes of a line, counted from its beginning. */
struct msim__span {
  uint32_t begin, size;
};

struct msim__log_line {
  size_t begin; /* in the bytes of the run */
  uint32_t size_bytes;
  uint32_t conn; /* SEGMENT, DATAGRAM */
  uint32_t next; /* line of that connection; MSIM__LOG_NONE: none */
  msim_ns at_ns;
  uint8_t kind; /* enum msim__log_kind */
  bool from_client;
};

struct msim__log_conn {
  const char *name;
  uint32_t first, last; /* lines */
};

struct msim__log {
  struct msim__mem *mem;
  struct msim__arena arena; /* names of connections */
  struct msim__buf bytes;
  struct msim__log_line *lines;
  size_t line_count, line_capacity;
  struct msim__log_conn *conns; /* in the order of their first lines */
  size_t conn_count, conn_capacity;
  struct msim__names conn_names; /* object: number + 1 */
};

/* The fields of a line; size 0 where it has none. */
struct msim__log_fields {
  struct msim__span kind;          /* "tcp", "app" */
  struct msim__span conn, segment; /* of packets and states */
  struct msim__span host, event;   /* of events; of states host and FROM>TO */
  struct msim__span flags, range;  /* "P.", "1:34(33)"; of a datagram "(33)" */
  struct msim__span ack, win;      /* the numbers */
  struct msim__span options, fate; /* with their brackets; several fates are one */
  struct msim__span text;          /* without quotes, escaped */
  bool has_text;
  struct msim__span unit, values; /* the first unit of a datagram, NAME=VALUE ... */
  struct msim__span rtx;          /* "s2" */
  uint32_t tail;                  /* where the line ends: the place of what is missing */
};

void msim__log_init(struct msim__log *log, struct msim__mem *mem);
void msim__log_release(struct msim__log *log);
void msim__log_clear(struct msim__log *log);

/* Bytes of the trace, in pieces of any size; errors stick in log->bytes. */
int msim__log_take(struct msim__log *log, const void *data, size_t size_bytes);

/* Cuts what was taken into lines. 0, MSIM_ERR_LIMIT (too many), MSIM_ERR_NOMEM, or what stuck. */
int msim__log_cut(struct msim__log *log);

const char *msim__log_text(const struct msim__log *log, const struct msim__log_line *line);
void msim__log_fields(const struct msim__log *log, const struct msim__log_line *line, struct msim__log_fields *out);

/* The next NAME=VALUE from *at on within span; false: none. value is without quotes. */
bool msim__log_value(const char *line, struct msim__span span, uint32_t *at, struct msim__span *name,
                     struct msim__span *value);
/* The same for the items of a list "[a,b]"; *at is 0 at first. */
bool msim__log_item(const char *line, struct msim__span list, uint32_t *at, struct msim__span *item);
/* The value of that name; false: there is none. */
bool msim__log_value_named(const char *line, struct msim__span values, const char *name, struct msim__span *value);
bool msim__span_is(const char *line, struct msim__span span, const char *text);

#endif
