/* webmail_session.c: who is logged in at the webmail: sessions, their cookies (RFC 6265) and tokens against forged
 * requests; see webmail.h.
 *
 * A session ends by logging out, after a time without requests, and after a time in any case. It lives in memory: after
 * a crash everybody logs in again. */
#include "agents/webmail.h"

#include "proto/ascii.h"
#include "proto/http_cookie.h"

#include <stdio.h>

#define COOKIE_NAME "sid"

static void make_token(struct msim_agent *agent, char out[MSIM__WEBMAIL_TOKEN_BYTES])
{
  unsigned long long high = msim_agent_random(agent), low = msim_agent_random(agent);

  (void)snprintf(out, MSIM__WEBMAIL_TOKEN_BYTES, "%016llx%016llx", high, low);
}

/* Without telling by its time how much of it is right. */
bool msim__webmail_same_token(const char *a, struct msim_slice b)
{
  unsigned different = 0;
  size_t i;

  if (b.size_bytes != MSIM__WEBMAIL_TOKEN_BYTES - 1)
    return false;
  for (i = 0; i < b.size_bytes; i++)
    different |= (unsigned)(uint8_t)a[i] ^ b.data[i];
  return different == 0;
}

struct msim__webmail_session *msim__webmail_session_new(struct msim__webmail *webmail, const char *user,
                                                        const char *password)
{
  struct msim__webmail_session *session = msim__alloc_zeroed(&webmail->serving.mem, 1, sizeof *session);
  const struct msim__webmail_config *config = msim_agent_config(webmail->serving.agent);

  if (session == NULL)
    return NULL;
  (void)snprintf(session->user, sizeof session->user, "%s", user);
  (void)snprintf(session->password, sizeof session->password, "%s", password);
  (void)snprintf(session->address, sizeof session->address, strchr(user, '@') != NULL ? "%s" : "%s@%s", user,
                 config->domain);
  return session;
}

static void free_session(struct msim__webmail *webmail, struct msim__webmail_session *session)
{
  while (session->copies != NULL)
    msim__webmail_copy_free(webmail, session, session->copies);
  memset(session->password, 0, sizeof session->password);
  msim__free(&webmail->serving.mem, session, sizeof *session);
}

void msim__webmail_session_end(struct msim__webmail *webmail, struct msim__webmail_session *session)
{
  if (session->is_open) {
    session->is_open = false;
    if (session->prev != NULL)
      session->prev->next = session->next;
    else
      webmail->sessions = session->next;
    if (session->next != NULL)
      session->next->prev = session->prev;
    webmail->session_count--;
  }
  if (session->job_count == 0)
    free_session(webmail, session);
}

static bool is_over(const struct msim__webmail *webmail, const struct msim__webmail_session *session)
{
  const struct msim__webmail_config *config = msim_agent_config(webmail->serving.agent);
  msim_ns now_ns = msim__webmail_now_ns(webmail);

  return now_ns - session->used_ns >= config->session_idle_ns || now_ns - session->made_ns >= config->session_life_ns;
}

bool msim__webmail_session_fits(struct msim__webmail *webmail)
{
  const struct msim__webmail_config *config = msim_agent_config(webmail->serving.agent);
  struct msim__webmail_session *session, *next;

  for (session = webmail->sessions; session != NULL; session = next) {
    next = session->next;
    if (is_over(webmail, session))
      msim__webmail_session_end(webmail, session);
  }
  return webmail->session_count < config->sessions_max;
}

void msim__webmail_session_open(struct msim__webmail *webmail, struct msim__webmail_session *session)
{
  make_token(webmail->serving.agent, session->token);
  make_token(webmail->serving.agent, session->csrf);
  session->made_ns = session->used_ns = msim__webmail_now_ns(webmail);
  session->is_open = true;
  session->next = webmail->sessions;
  if (session->next != NULL)
    session->next->prev = session;
  webmail->sessions = session;
  webmail->session_count++;
}

struct msim__webmail_session *msim__webmail_session_find(struct msim__webmail *webmail, struct msim_slice fields)
{
  struct msim__webmail_session *session;
  struct msim_slice token;

  if (msim__cookie_find(fields, COOKIE_NAME, &token) != 1)
    return NULL;
  for (session = webmail->sessions; session != NULL; session = session->next)
    if (msim__webmail_same_token(session->token, token))
      break;
  if (session == NULL)
    return NULL;
  if (is_over(webmail, session)) {
    msim__webmail_session_end(webmail, session);
    return NULL;
  }
  session->used_ns = msim__webmail_now_ns(webmail);
  return session;
}

void msim__webmail_session_take(struct msim__webmail_job *job, struct msim__webmail_session *session)
{
  job->session = session;
  session->job_count++;
}

void msim__webmail_session_leave(struct msim__webmail_job *job)
{
  struct msim__webmail_session *session = job->session;

  if (session == NULL)
    return;
  job->session = NULL;
  if (--session->job_count == 0 && !session->is_open)
    free_session(job->webmail, session);
}

const char *msim__webmail_cookie(struct msim__webmail_job *job, const struct msim__webmail_session *session)
{
  struct msim__set_cookie cookie = {
      .name = {(const uint8_t *)COOKIE_NAME, sizeof COOKIE_NAME - 1},
      .path = {(const uint8_t *)"/", 1},
      .has_max_age = true,
      .http_only = true,
      .same_site = MSIM__SAME_SITE_LAX,
  };
  const struct msim__webmail_config *config = msim__webmail_config_of(job);
  uint8_t value[512];
  size_t n;

  if (session != NULL) {
    cookie.value = msim__slice_text(session->token);
    cookie.max_age_s = (int64_t)(config->session_life_ns / MSIM_SEC(1));
  }
  if (msim__set_cookie_format(&cookie, value, sizeof value, &n) != MSIM_OK)
    return "";
  return msim__webmail_format(job, "Set-Cookie: %.*s\r\n", (int)n, (const char *)value);
}
