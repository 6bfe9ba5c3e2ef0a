/* webmail_talk.c: one connection of the webmail to the store's host; see webmail_talk.h. */
#include "agents/webmail_talk.h"

#include "agents/agents.h"
#include "proto/ascii.h"

#include <stdio.h>

#define LINGER_NS MSIM_SEC(30) /* for the server's half after our goodbye */

static void free_talk(struct msim__webmail_talk *talk)
{
  struct msim__webmail *webmail = talk->webmail;

  msim_timer_cancel(&talk->timer);
  if (talk->stream != NULL)
    msim_stream_set_data(talk->stream, NULL);
  if (talk->job != NULL)
    talk->job->talk = NULL;
  if (talk->prev != NULL)
    talk->prev->next = talk->next;
  else
    webmail->talks = talk->next;
  if (talk->next != NULL)
    talk->next->prev = talk->prev;
  memset(talk->password, 0, sizeof talk->password);
  talk->ops->free(talk);
}

void msim__webmail_talks_release(struct msim__webmail *webmail)
{
  while (webmail->talks != NULL)
    free_talk(webmail->talks);
}

void msim__webmail_talk_settle(struct msim__webmail_talk *talk, enum msim__webmail_outcome outcome)
{
  struct msim__webmail_job *job = talk->job;

  talk->job = NULL;
  if (job != NULL)
    msim__webmail_settle(job, outcome);
}

void msim__webmail_talk_heard(struct msim__webmail_talk *talk)
{
  const struct msim__webmail_config *config = msim_agent_config(talk->webmail->serving.agent);

  talk->heard = true;
  msim_timer_arm(&talk->timer, config->reply_ns);
}

void msim__webmail_talk_send(struct msim__webmail_talk *talk, const char *unit, const char *line)
{
  const struct msim__webmail_config *config = msim_agent_config(talk->webmail->serving.agent);

  msim_timer_arm(&talk->timer, config->reply_ns);
  (void)msim__stream_send_unit(talk->webmail->serving.agent, talk->stream, unit, NULL, line, strlen(line));
}

void msim__webmail_talk_close(struct msim__webmail_talk *talk)
{
  if (talk->closing)
    return;
  talk->closing = true;
  msim_stream_close(talk->stream);
  msim_timer_cancel(&talk->timer);
  msim_timer_set_background(&talk->timer, true);
  msim_timer_arm(&talk->timer, LINGER_NS);
}

static void drop(struct msim__webmail_talk *talk)
{
  talk->closing = true;
  if (talk->stream != NULL)
    msim_stream_abort(talk->stream);
}

void msim__webmail_talk_give_up(struct msim__webmail_talk *talk, const char *why)
{
  drop(talk);
  if (talk->job != NULL)
    msim__webmail_say(talk->job, msim__slice_text(why));
  msim__webmail_talk_settle(talk, MSIM__WEBMAIL_UNAVAILABLE);
}

void msim__webmail_talk_leave(struct msim__webmail_talk *talk)
{
  talk->job = NULL;
  drop(talk); /* while the name is looked up there is no stream: on_resolved frees it */
}

/* ---- the stream ---- */

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__webmail_talk *talk =
      (struct msim__webmail_talk *)(void *)((char *)timer - offsetof(struct msim__webmail_talk, timer));

  (void)now_ns;
  if (talk->closing)
    msim_stream_abort(talk->stream);
  else
    msim__webmail_talk_give_up(talk, "the server did not answer in time");
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__webmail_talk *talk = msim_stream_data(stream);

  (void)agent;
  if (talk != NULL && !talk->closing)
    talk->ops->readable(talk);
  if (talk == NULL || talk->closing)
    msim_stream_consume(stream, msim_stream_available_bytes(stream));
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__webmail_talk *talk = msim_stream_data(stream);

  (void)agent;
  if (talk == NULL) {
    msim_stream_close(stream);
    return;
  }
  if (talk->job != NULL && talk->job->words[0] == '\0')
    msim__webmail_say(talk->job, msim__slice_text("the server closed the connection"));
  msim__webmail_talk_close(talk);
  msim__webmail_talk_settle(talk, MSIM__WEBMAIL_UNAVAILABLE);
}

static void connect_next(struct msim__webmail_talk *talk);

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__webmail_talk *talk = msim_stream_data(stream);

  (void)agent;
  if (talk == NULL)
    return;
  talk->stream = NULL;
  msim_timer_cancel(&talk->timer);
  if (!talk->heard && !talk->closing && talk->place_next < talk->place_count) {
    connect_next(talk); /* nobody is there: another address of the host */
    return;
  }
  if (talk->job != NULL)
    msim__webmail_say(talk->job, msim__slice_text(msim_close_reason_name(why)));
  msim__webmail_talk_settle(talk, MSIM__WEBMAIL_UNAVAILABLE);
  free_talk(talk);
}

static const struct msim_stream_ops stream_ops = {
    .on_readable = on_readable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

static void connect_next(struct msim__webmail_talk *talk)
{
  const struct msim__webmail_config *config = msim_agent_config(talk->webmail->serving.agent);

  if (talk->place_next < talk->place_count &&
      msim__agent_connect_next(talk->webmail->serving.agent, talk->places, talk->place_count, &talk->place_next,
                               &stream_ops, talk, &talk->stream) == MSIM_OK) {
    msim_stream_set_nodelay(talk->stream, true);
    msim_timer_arm(&talk->timer, config->reply_ns);
    return;
  }
  talk->stream = NULL;
  if (talk->job != NULL)
    msim__webmail_say(talk->job, msim__slice_text("no connection could be opened"));
  msim__webmail_talk_settle(talk, MSIM__WEBMAIL_UNAVAILABLE);
  free_talk(talk);
}

static void on_resolved(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim__webmail_talk *talk = ctx;
  const struct msim__webmail_config *config = msim_agent_config(agent);
  size_t i;

  talk->resolving = false;
  for (i = 0; i < answers->count && talk->place_count < MSIM__WEBMAIL_ADDRESSES_MAX && talk->job != NULL; i++) {
    talk->places[talk->place_count].addr = answers->items[i].addr;
    talk->places[talk->place_count++].port = config->store_port != 0 ? (uint16_t)config->store_port : talk->ops->port;
  }
  connect_next(talk);
}

void msim__webmail_talk_begin(struct msim__webmail_talk *talk, const struct msim__webmail_talk_ops *ops,
                              struct msim__webmail_job *job)
{
  const struct msim__webmail_config *config = msim__webmail_config_of(job);
  struct msim_agent *agent = job->webmail->serving.agent;

  talk->ops = ops;
  talk->webmail = job->webmail;
  talk->job = job;
  job->talk = talk;
  talk->next = talk->webmail->talks;
  if (talk->next != NULL)
    talk->next->prev = talk;
  talk->webmail->talks = talk;
  msim_timer_init(&talk->timer, msim_agent_node(agent), on_timer);
  (void)snprintf(talk->user, sizeof talk->user, "%s", job->session->user);
  (void)snprintf(talk->password, sizeof talk->password, "%s", job->session->password);
  talk->login.user = talk->user;
  talk->login.password = talk->password;
  talk->login.random[0] = msim_agent_random(agent);
  talk->login.random[1] = msim_agent_random(agent);
  talk->resolving = true;
  (void)msim_agent_resolve(agent, config->store_host != NULL ? config->store_host : msim_agent_host(agent),
                           MSIM_NAME_ADDRESS, on_resolved, talk);
}
