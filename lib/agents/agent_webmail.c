/* agent_webmail.c: the web front end of a mail provider: people log in with a browser, read, write and send; see
 * webmail.h and docs/webmail.md.
 *
 * Talks to the provider's SMTP and POP or IMAP servers over the network, on this host or another. Has no TLS, so
 * cookies are not marked Secure. */
#include "agents/webmail.h"
#include "agents/webmail_talk.h"

#include "proto/ascii.h"
#include "proto/address.h"

#include <mailsim/agent.h>

#include <stdio.h>

#define CONFIG(member) offsetof(struct msim__webmail_config, member)
#define MESSAGE_BYTES_MAX ((uint64_t)64 << 20)

static const char *const stores[] = {"pop", "imap", NULL};

static const char *check_domain(const char *text)
{
  return msim__domain_is_name(msim__slice_text(text), true) ? NULL : "a domain such as x.example is expected here";
}

static const char *check_title(const char *text)
{
  size_t i;

  for (i = 0; text[i] != '\0'; i++)
    if (msim__ascii_is_control((uint8_t)text[i]))
      return "one line without control characters is expected here";
  return i > 0 && i <= 100 ? NULL : "1 to 100 bytes are expected here";
}

static const struct msim_field fields[] = {
    {.key = "domain",
     .kind = MSIM_FIELD_TEXT,
     .offset = CONFIG(domain),
     .check = check_domain,
     .help = "who logs in as ann writes as ann@domain; names with an @ are addresses already"},
    {.key = "store",
     .kind = MSIM_FIELD_ENUM,
     .offset = CONFIG(store),
     .fallback = "imap",
     .names = stores,
     .help = "by which protocol mailboxes are reached"},
    {.key = "store-host",
     .kind = MSIM_FIELD_HOST,
     .offset = CONFIG(store_host),
     .fallback = "",
     .help = "the host with the mailboxes; this one when absent"},
    {.key = "store-port",
     .kind = MSIM_FIELD_UINT,
     .offset = CONFIG(store_port),
     .fallback = "0",
     .max = 65535,
     .help = "its port; 0 is the protocol's own: 110, 143"},
    {.key = "submit",
     .kind = MSIM_FIELD_HOST,
     .offset = CONFIG(submit),
     .fallback = "",
     .help = "the host that takes mail to be sent; this one when absent"},
    {.key = "submit-port",
     .kind = MSIM_FIELD_UINT,
     .offset = CONFIG(submit_port),
     .fallback = "587",
     .min = 1,
     .max = 65535,
     .help = "its port"},
    {.key = "submit-login",
     .kind = MSIM_FIELD_BOOL,
     .offset = CONFIG(submit_login),
     .fallback = "true",
     .help = "logs in there with the person's name and password"},
    {.key = "save-sent",
     .kind = MSIM_FIELD_BOOL,
     .offset = CONFIG(save_sent),
     .fallback = "true",
     .help = "keeps a copy of what was sent in the folder Sent"},
    {.key = "title",
     .kind = MSIM_FIELD_TEXT,
     .offset = CONFIG(title),
     .fallback = "Webmail",
     .check = check_title,
     .help = "what the pages call the service"},
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = CONFIG(port),
     .fallback = "80",
     .min = 1,
     .max = 65535,
     .help = "where it listens"},
    {.key = "connections-max",
     .kind = MSIM_FIELD_UINT,
     .offset = CONFIG(connections_max),
     .fallback = "1000",
     .min = 1,
     .max = 1000000,
     .help = "of browsers, at one time; further ones get 503"},
    {.key = "sessions-max",
     .kind = MSIM_FIELD_UINT,
     .offset = CONFIG(sessions_max),
     .fallback = "1000",
     .min = 1,
     .max = 1000000,
     .help = "people who are logged in at one time; further ones get 503"},
    {.key = "session-idle",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = CONFIG(session_idle_ns),
     .fallback = "30min",
     .min = 1,
     .help = "who does nothing for so long is logged out"},
    {.key = "session-life",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = CONFIG(session_life_ns),
     .fallback = "12h",
     .min = MSIM_SEC(1),
     .help = "after this time everybody has to log in again"},
    {.key = "page-mails",
     .kind = MSIM_FIELD_UINT,
     .offset = CONFIG(page_count),
     .fallback = "25",
     .min = 1,
     .max = 200,
     .help = "mails on one page of a list"},
    {.key = "message-size-max",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = CONFIG(message_bytes_max),
     .fallback = "25MiB",
     .min = 1024,
     .max = MESSAGE_BYTES_MAX,
     .help = "of a mail that is sent or shown; larger forms get 413"},
    {.key = "copies-max",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = CONFIG(copies_bytes_max),
     .fallback = "64MiB",
     .help = "POP: mails that are kept for a person who is logged in"},
    {.key = "reply-timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = CONFIG(reply_ns),
     .fallback = "30s",
     .min = MSIM_MSEC(1),
     .help = "how long the store may take for an answer"},
    {.key = "timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = CONFIG(idle_ns),
     .fallback = "60s",
     .min = MSIM_MSEC(1),
     .help = "a browser's connection on which nothing is asked for so long is closed"},
    {.key = "request-timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = CONFIG(request_ns),
     .fallback = "30s",
     .min = MSIM_MSEC(1),
     .help = "who has begun a request has so long for the rest of it, else 408"},
    {.key = NULL},
};

static int start(struct msim_agent *agent)
{
  const struct msim__webmail_config *config = msim_agent_config(agent);
  struct msim__webmail *webmail = msim_agent_state(agent);

  webmail->serving.ops = &msim__webmail_serving_ops;
  webmail->serving.conns_max = config->connections_max;
  webmail->serving.body_bytes_max = config->message_bytes_max + 65536; /* the frame of a form */
  webmail->serving.idle_ns = config->idle_ns;
  webmail->serving.request_ns = config->request_ns;
  return msim__http_serving_start(&webmail->serving, agent, (uint16_t)config->port);
}

static void stop(struct msim_agent *agent)
{
  struct msim__webmail *webmail = msim_agent_state(agent);
  struct msim__webmail_job *job;

  msim__webmail_talks_release(webmail);
  for (job = webmail->jobs; job != NULL; job = job->next)
    job->is_asking = false; /* nobody in line gets a turn */
  while (webmail->jobs != NULL)
    msim__webmail_job_free(webmail->jobs);
  msim__webmail_letters_release(webmail);
  while (webmail->sessions != NULL)
    msim__webmail_session_end(webmail, webmail->sessions);
  msim__http_serving_stop(&webmail->serving);
}

extern const struct msim_agent_type msim__agent_webmail;
const struct msim_agent_type msim__agent_webmail = {
    .name = "webmail",
    .summary = "a web site where people read, write and send their mail",
    .state_bytes = sizeof(struct msim__webmail),
    .config_bytes = sizeof(struct msim__webmail_config),
    .fields = fields,
    .start = start,
    .stop = stop,
};
