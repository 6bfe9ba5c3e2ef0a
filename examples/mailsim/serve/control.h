/* control.h: what the files of the control interface share: HTTP and JSON on loopback, for test suites in any language,
 * and a page for people.
 *
 * control.c speaks HTTP by libmicrohttpd and finds the route; each control_x.c answers the routes of one noun, with
 * jansson's trees. All of it on the thread of the loop, between two pieces of simulated time. */
#ifndef MAILSIM_CONTROL_H
#define MAILSIM_CONTROL_H

#include "serve.h"

#include <jansson.h>

#define ASK_WORDS_MAX 8u

/* A request that is there as a whole. */
struct ask {
  struct serve *serve;
  const char *method;               /* "GET" */
  const char *words[ASK_WORDS_MAX]; /* of the path behind /api/, decoded; NULL-terminated */
  size_t word_count;
  const char *body; /* terminated */
  size_t body_bytes;
  bool is_late;                                                  /* it has waited as long as it may */
  const char *(*query)(const struct ask *ask, const char *name); /* ?name=…; NULL: absent */
  void *connection;
};

/* What is sent back: json, or bytes (freed by control.c), or neither. */
struct answer {
  unsigned status;
  json_t *json;
  char *bytes;
  size_t byte_count;
  const char *type;       /* of bytes; static */
  const char *attachment; /* the name of a file, or NULL; static */
  bool waits;             /* not yet: ask again when something has happened, for wait_ms at most */
  uint64_t wait_ms;
};

/* {"error": "…"} */
void answer_error(struct answer *answer, unsigned status, const char *format, ...) MSIM_PRINTF(3, 4);
void answer_json(struct answer *answer, json_t *json); /* 200; takes the reference; NULL: out of memory */
void answer_done(struct answer *answer);               /* 204 */
/* Of an error of the library: 404, 409, 400 … with its sentence. */
void answer_failure(struct answer *answer, int err, const char *what);

/* Collects what the library writes. ctx of an msim_out. */
struct gather {
  char *bytes;
  size_t byte_count, capacity;
};
int gather_write(void *ctx, const void *data, size_t size_bytes);
/* As a JSON text; bytes that are no UTF-8 become U+FFFD. NULL: out of memory. */
json_t *gather_json(const struct gather *gather);

typedef void route_fn(const struct ask *ask, struct answer *answer);

route_fn control_mail_list, control_mail_one, control_mail_remove; /* control_mails.c */
route_fn control_user_put, control_user_remove;                    /* control_world.c */
route_fn control_status, control_connections, control_time, control_reset;
route_fn control_fault_add, control_fault_lift;
route_fn control_trace; /* control_trace.c */

/* Removes all mail. 0 or the first error. */
int control_remove_all(struct serve *serve);

/* control_trace.c: the trace so far, kept in a file without a name. */
struct keep;
/* Adds a sink before the start. NULL: said on stderr. */
struct keep *keep_open(struct msim_sim *sim, uint64_t bytes_max);
void keep_close(struct keep *keep); /* after the simulation */

struct control *control_open(struct serve *serve, uint16_t port, struct keep *keep); /* NULL: said on stderr */
uint16_t control_port(const struct control *control);
struct keep *control_keep(const struct control *control);
void control_close(struct control *control);
void control_free(struct control *control); /* after the loop */

extern const unsigned char control_page[]; /* inbox.html */
extern const size_t control_page_bytes;

#endif
