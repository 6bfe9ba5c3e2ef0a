/* http_serving.h: the server's side of HTTP/1.1 connections, for agents that answer requests (http-server, webmail).
 *
 * Keeps connections alive, takes pipelined requests one by one, bounds everything, and turns away what is no HTTP; the
 * agent sees whole requests and hands in whole answers, at once or later. Does not know what a path means. */
#ifndef MSIM_AGENTS_HTTP_SERVING_H
#define MSIM_AGENTS_HTTP_SERVING_H

#include "agents/smtp_stream.h"
#include "proto/http_body.h"
#include "proto/http_head.h"
#include "text/buf.h"

#include <mailsim/agent.h>

struct msim__http_conn;

/* A whole request. Everything is borrowed, and valid until the answer is handed in. */
struct msim__http_call {
  struct msim__http_request request;
  struct msim_slice body; /* without chunks */
  const char *message;    /* label that the sender's marks give it (webmail.submit), or NULL */
};

/* A whole answer; everything is copied. Content-Length, Date and Connection are written for it; a request by HEAD gets
 * the same without the body. */
struct msim__http_answer {
  unsigned status;
  const char *page;         /* for the event http.response */
  const char *type;         /* Content-Type; NULL: no such field */
  struct msim_slice fields; /* further fields, each with its CRLF, as http_write.h makes them; may be empty */
  struct msim_slice body;
  bool closes;                     /* this is the last one of the connection */
  const struct msim_value *values; /* further values of the event, at most 10; may be NULL */
  size_t value_count;
};

struct msim__http_serving_ops {
  /* Answers with msim__http_answer, from here or later; until then nothing more is read from the connection. */
  void (*call)(struct msim__http_conn *conn, const struct msim__http_call *call);
  /* The connection goes while an answer is owed; it must not be handed in any more. May be NULL. */
  void (*gone)(struct msim__http_conn *conn);
};

/* The first member of such an agent's state. From ops on set before start. */
struct msim__http_serving {
  struct msim__mem mem;
  struct msim_agent *agent;
  struct msim__http_conn *first;
  size_t conn_count;
  const struct msim__http_serving_ops *ops;
  uint64_t conns_max, requests_max; /* requests of one connection; 0: no limit */
  uint64_t body_bytes_max;
  msim_ns idle_ns;    /* between requests: then the connection is closed */
  msim_ns request_ns; /* for the rest of a request: then 408 */
};

/* From start: sets mem and agent, and listens. What msim_agent_listen gives; a taken port is said. */
int msim__http_serving_start(struct msim__http_serving *serving, struct msim_agent *agent, uint16_t port);
/* From stop. gone is called where an answer is owed. */
void msim__http_serving_stop(struct msim__http_serving *serving);

void msim__http_answer(struct msim__http_conn *conn, const struct msim__http_answer *answer);

/* A few words as a page of plain text, named "error" (405, 404, 500 …). fields as above. */
void msim__http_answer_error(struct msim__http_conn *conn, unsigned status, const char *words,
                             struct msim_slice fields);

struct msim__http_serving *msim__http_conn_serving(const struct msim__http_conn *conn);
struct msim_stream *msim__http_conn_stream(const struct msim__http_conn *conn);
/* The agent's own, for a call that is answered later. NULL at each new call. */
void msim__http_conn_set_data(struct msim__http_conn *conn, void *data);
void *msim__http_conn_data(const struct msim__http_conn *conn);

#endif
