/* browser.h: a simulated web browser's network half: fetches pages by HTTP/1.1 over one connection that it keeps alive,
 * keeps cookies, follows redirects.
 *
 * What comes from servers is not trusted: heads, bodies, redirects and waiting are bounded, and every request ends in
 * exactly one call. Does not know what a page means (html_form.h reads forms), fetches no pictures, speaks no TLS. */
#ifndef MSIM_AGENTS_BROWSER_H
#define MSIM_AGENTS_BROWSER_H

#include "agents/smtp_stream.h"
#include "proto/http_body.h"
#include "proto/http_jar.h"
#include "text/buf.h"

#include <mailsim/agent.h>

#define MSIM__BROWSER_ADDRESSES_MAX 8u /* of a host that are tried */
#define MSIM__BROWSER_REDIRECTS_MAX 10u
#define MSIM__BROWSER_BODY_BYTES_MAX ((size_t)65 << 20)

/* A whole page; borrowed until the call returns. */
struct msim__browser_page {
  const struct msim__url *url; /* where it was found, after redirects */
  unsigned status;             /* 200..599, also that of an error's page */
  struct msim_slice fields, body;
};

/* Both may begin the next request, or hang up. */
struct msim__browser_ops {
  void (*page)(void *ctx, const struct msim__browser_page *page);
  /* reason: no-address, no-such-host, connection, timeout, malformed, too-large, redirects, bad-url; detail: for people
   */
  void (*failed)(void *ctx, const char *reason, const char *detail);
};

/* What is asked for. method and unit are static, the rest is copied. */
struct msim__browser_request {
  const char *method; /* GET or POST */
  const char *type;   /* of the body, at most 127 bytes; NULL: there is none */
  struct msim_slice body;
  const char *unit;  /* NULL: http.request; static */
  const char *label; /* of the message that it posts, or NULL */
  bool is_secret;    /* the body has a password: it is marked as auth.credentials and does not stand in traces */
};

enum msim__browser_state {
  MSIM__BROWSER_IDLE, /* nothing is asked for; a connection may be open */
  MSIM__BROWSER_RESOLVING,
  MSIM__BROWSER_CONNECTING,
  MSIM__BROWSER_HEAD,
  MSIM__BROWSER_BODY
};

struct msim__browser {
  struct msim__mem *mem;
  struct msim_agent *agent;
  const struct msim__browser_ops *ops;
  void *ctx;
  struct msim__jar jar;
  struct msim_timer timer;
  enum msim__browser_state state;
  struct msim_stream *stream; /* NULL: none */
  bool is_leaving;            /* our half of the stream is closed */
  bool is_reused;             /* this request is not the first one of its connection */
  bool is_busy;               /* reading is under way further down the stack */
  struct msim__url url;       /* of the request under way, or of the latest page */
  struct msim__url site;      /* where the connection leads */
  struct msim_endpoint places[MSIM__BROWSER_ADDRESSES_MAX];
  size_t place_count, place_next;
  struct msim__browser_request request;
  struct msim__buf request_body;
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1], type[128]; /* of the request; "" for none */
  unsigned redirect_count, interim_count;
  struct msim__buf head, content;
  size_t earned_bytes; /* of content, since the timer was armed */
  struct msim__http_scan scan;
  struct msim__http_response response;
  struct msim__http_body body;
};

/* mem, agent, ops and ctx must outlive it. */
void msim__browser_init(struct msim__browser *b, struct msim_agent *agent, struct msim__mem *mem,
                        const struct msim__browser_ops *ops, void *ctx);
/* From stop, or when nothing is being looked up: drops the connection and the cookies without a call. */
void msim__browser_release(struct msim__browser *b);

/* Asks for a page; nothing may be under way. A call of ops follows, perhaps before this returns. */
void msim__browser_go(struct msim__browser *b, const struct msim__url *url,
                      const struct msim__browser_request *request);
void msim__browser_get(struct msim__browser *b, const struct msim__url *url);

/* Closes the connection in order; nothing may be under way. */
void msim__browser_hang_up(struct msim__browser *b);

bool msim__browser_is_idle(const struct msim__browser *b);

#endif
