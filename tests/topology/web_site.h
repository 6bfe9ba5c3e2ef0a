/* web_site.h: a scripted webmail site for tests of people in browsers: pages by the paths and forms that a real one
 * has, and oddities that a test asks for. It has no mail: what is posted is kept as text.
 *
 * For tests only; include after the cmocka headers, in one file of a program. */
#ifndef MSIM_TESTS_TOPOLOGY_WEB_SITE_H
#define MSIM_TESTS_TOPOLOGY_WEB_SITE_H

#include <mailsim/mailsim.h>

#include "agents/http_serving.h"
#include "proto/ascii.h"
#include "proto/http_cookie.h"
#include "proto/http_form.h"
#include "proto/http_multipart.h"

#include <stdio.h>
#include <string.h>

struct web_site {
  const char *password;    /* of user "b" */
  unsigned send_status;    /* 0: sent; else the status of the answer */
  unsigned send_refusals;  /* so often; then it is sent */
  unsigned session_pages;  /* after so many pages the site forgets who is in; 0: never */
  bool requests_close;     /* no connection is kept alive */
  bool asks_for_ever;      /* the password, whatever it is told */
  const char *broken_page; /* a path that gets nonsense */
  /* results */
  char log[20000]; /* "POST /send [label]|" with "=" and its fields for forms */
  size_t log_bytes;
  unsigned login_count, page_count, number;
  char sid[32];
};

struct web_site_config {
  struct web_site *site;
};

struct web_site_state {
  struct msim__http_serving serving; /* first */
};

static void site_log(struct web_site *site, const char *text, size_t size)
{
  assert_true(site->log_bytes + size < sizeof site->log);
  memcpy(site->log + site->log_bytes, text, size);
  site->log_bytes += size;
  site->log[site->log_bytes] = '\0';
}

static void site_page(struct msim__http_conn *conn, unsigned status, const char *page, const char *fields,
                      const char *body)
{
  struct web_site *site =
      ((const struct web_site_config *)msim_agent_config(msim__http_conn_serving(conn)->agent))->site;
  struct msim__http_answer answer = {.status = status,
                                     .page = page,
                                     .type = "text/html",
                                     .fields = msim__slice_text(fields),
                                     .body = msim__slice_text(body),
                                     .closes = site->requests_close};

  msim__http_answer(conn, &answer);
}

static const char site_login[] =
    "<!DOCTYPE html><title>In</title><form action=/search><input name=q></form>"
    "<form method=post action='/login?x&amp;y'><input type=hidden name=from value='/&quot;'>"
    "<input name=user><input type=password name=pw><button>In</button></form>";

/* The values of the fields of a multipart form, as "name=value;". */
static void site_log_form(struct web_site *site, const struct msim__http_call *call)
{
  struct msim__multipart_iter iter;
  struct msim__multipart_part part;
  struct msim_slice type;
  char boundary[MSIM__MULTIPART_BOUNDARY_BYTES_MAX + 1];
  int got;

  if (msim__http_field_find(call->request.head.fields, "Content-Type", 0, &type) == 0)
    return;
  site_log(site, "=", 1);
  if (msim__multipart_boundary(type, boundary) != MSIM_OK) {
    site_log(site, (const char *)call->body.data, call->body.size_bytes);
    return;
  }
  msim__multipart_begin(&iter, call->body, boundary);
  while ((got = msim__multipart_next(&iter, &part)) == 1) {
    site_log(site, (const char *)part.name.data, part.name.size_bytes);
    site_log(site, part.has_filename ? "@" : "=", 1);
    if (part.has_filename)
      site_log(site, (const char *)part.filename.data, part.filename.size_bytes);
    if (part.has_filename) {
      char size[32];

      site_log(site, size, (size_t)snprintf(size, sizeof size, ":%zu", part.content.size_bytes));
    } else {
      site_log(site, (const char *)part.content.data, part.content.size_bytes);
    }
    site_log(site, ";", 1);
  }
  assert_int_equal(got, 0);
}

static bool site_is_in(const struct web_site *site, const struct msim__http_call *call)
{
  struct msim_slice sid;

  return site->sid[0] != '\0' && msim__cookie_find(call->request.head.fields, "sid", &sid) == 1 &&
         msim__slice_is(sid, site->sid);
}

static void site_post_login(struct msim__http_conn *conn, struct web_site *site, const struct msim__http_call *call)
{
  uint8_t password[100];
  char fields[200];
  size_t size;

  site->login_count++;
  if (site->asks_for_ever) {
    site_page(conn, 200, "login", "", site_login);
    return;
  }
  if (msim__form_get(call->body, "pw", password, sizeof password, &size) != 1 ||
      !msim__slice_equal((struct msim_slice){password, size}, msim__slice_text(site->password))) {
    char body[1000];

    (void)snprintf(body, sizeof body, "<p role=alert>That is &quot;wrong&quot;</p>%s", site_login);
    site_page(conn, 403, "login-refused", "", body);
    return;
  }
  site->page_count = 0;
  (void)snprintf(site->sid, sizeof site->sid, "s%u", ++site->number);
  (void)snprintf(fields, sizeof fields, "Set-Cookie: sid=%s; HttpOnly; Path=/\r\nLocation: mail\r\n", site->sid);
  site_page(conn, 303, "login", fields, "");
}

#define SITE_LOGOUT                                                                                                    \
  "<form method=post action=/logout><input type=hidden name=csrf value=t0k><button>Out</button></form>"

static void site_in(struct msim__http_conn *conn, struct msim_slice path,
                    struct msim_slice query)
{
  if (msim__slice_is(path, "/mail") && msim__slice_is(query, "page=2"))
    site_page(conn, 200, "mailbox", "", "<a href=/mail/9 data-message=m9>Nine</a>" SITE_LOGOUT);
  else if (msim__slice_is(path, "/mail"))
    site_page(conn, 200, "mailbox", "",
              "<a href='/mail/1' data-message=m1>One</a><a data-message='m&amp;2' href=/mail/2>Two</a>"
              "<a rel=next href='?page=2'>more</a><a href=/compose data-action=compose>write</a>" SITE_LOGOUT);
  else if (msim__slice_is(path, "/mail/2"))
    site_page(conn, 404, "error", "", "<p class=error>gone</p>");
  else if (path.size_bytes > 6 && msim__slice_is(msim__slice_part(path, 0, 6), "/mail/"))
    site_page(conn, 200, "mail", "", "<pre>Hello</pre>" SITE_LOGOUT);
  else if (msim__slice_is(path, "/compose"))
    site_page(conn, 200, "compose", "",
              SITE_LOGOUT
              "<form id=compose method=post action=/send enctype=multipart/form-data>"
              "<input type=hidden name=csrf value='t&amp;k'><input name=to><input name=cc><input name=bcc>"
              "<input name=subject value=old><textarea name=body>\nold</textarea><input type=file name=attach>"
              "<input type=checkbox name=keep value=yes checked><input type=checkbox name=no>"
              "<button name=action value=send>Send</button>"
              "<button name=action value=draft formaction=/draft>Keep</button></form>");
  else if (msim__slice_is(path, "/sent"))
    site_page(conn, 200, "sent", "", "It is on its way." SITE_LOGOUT);
  else
    site_page(conn, 404, "error", "", "nothing here");
}

static void site_call(struct msim__http_conn *conn, const struct msim__http_call *call)
{
  struct web_site *site =
      ((const struct web_site_config *)msim_agent_config(msim__http_conn_serving(conn)->agent))->site;
  struct msim_slice path = call->request.path;
  bool is_post = msim__slice_is(call->request.method, "POST"), is_in = site_is_in(site, call);
  char line[400];

  site_log(site, line,
           (size_t)snprintf(line, sizeof line, "%.*s %.*s%s%s", (int)call->request.method.size_bytes,
                            (const char *)call->request.method.data, (int)call->request.target.size_bytes,
                            (const char *)call->request.target.data, call->message != NULL ? " " : "",
                            call->message != NULL ? call->message : ""));
  site_log_form(site, call);
  site_log(site, "|", 1);
  if (is_in && site->session_pages > 0 && ++site->page_count > site->session_pages) {
    site->sid[0] = '\0';
    is_in = false;
  }
  if (site->broken_page != NULL && msim__slice_is(path, site->broken_page))
    site_page(conn, 200, "broken", "", "<form method=post><input name=body><textarea name=\xff></form><a href=x");
  else if (msim__slice_is(path, "/"))
    site_page(conn, 303, "start", "Location: /mail\r\n", "");
  else if (msim__slice_is(path, "/login"))
    is_post ? site_post_login(conn, site, call) : site_page(conn, 200, "login", "", site_login);
  else if (!is_in)
    site_page(conn, 303, "login", "Location: http://mx/login\r\n", "");
  else if (is_post && msim__slice_is(path, "/send") && site->send_status != 0 && site->send_refusals-- > 0)
    site_page(conn, site->send_status, "compose", "", "<i class=error>550 No such\r\nuser</i>");
  else if (is_post && msim__slice_is(path, "/logout"))
    site_page(conn, 303, "logout", "Set-Cookie: sid=; Max-Age=0; Path=/\r\nLocation: /login\r\n", "");
  else if (is_post)
    site_page(conn, 303, "posted", msim__slice_is(path, "/send") ? "Location: /sent\r\n" : "Location: /mail\r\n", "");
  else
    site_in(conn, path, call->request.query);
}

static int site_start(struct msim_agent *agent)
{
  static const struct msim__http_serving_ops ops = {.call = site_call};
  struct web_site_state *state = msim_agent_state(agent);

  state->serving.ops = &ops;
  state->serving.conns_max = 100;
  state->serving.body_bytes_max = 1000000;
  state->serving.idle_ns = MSIM_SEC(120);
  state->serving.request_ns = MSIM_SEC(30);
  return msim__http_serving_start(&state->serving, agent, 80);
}

static void site_stop(struct msim_agent *agent)
{
  struct web_site_state *state = msim_agent_state(agent);

  msim__http_serving_stop(&state->serving);
}

static inline int web_site_add(struct msim_sim *sim, const char *host, struct web_site *site)
{
  static const struct msim_agent_type type = {.name = "site",
                                              .summary = "a webmail site by script",
                                              .state_bytes = sizeof(struct web_site_state),
                                              .config_bytes = sizeof(struct web_site_config),
                                              .start = site_start,
                                              .stop = site_stop};
  struct web_site_config config = {site};
  int err = msim_agent_register(sim, &type);

  return err != 0 ? err : msim_agent_add(msim_node_find(sim, host), "site", &config);
}

#endif
