/* mail_send.c: mails that a program sends by a person of the topology; see <mailsim/mail.h>.
 *
 * A timer on the person's host does it, so that the mail begins inside the order of events. */
#include <mailsim/mail.h>

#include "agents/agents.h"
#include "agents/user_mail_keys.h"
#include "agents/user_sending.h"
#include "core/sized.h"

#include <string.h>

extern const struct msim_agent_type msim__agent_user;

/* In the arena of the simulation, with all its texts: it is there when the timer fires. */
struct posted {
  struct msim_timer timer;
  struct msim_node *node;
  struct msim__user_mail mail;
};

static struct msim_agent *sender_at(const struct msim_node *node)
{
  struct msim_agent *agent;

  for (agent = node->agents; agent != NULL; agent = agent->next)
    if (strcmp(agent->type->name, msim__agent_user.name) == 0 && agent->type->start == msim__agent_user.start &&
        msim__user_sends(agent))
      return agent;
  return NULL;
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct posted *posted = (struct posted *)(void *)((char *)timer - offsetof(struct posted, timer));
  struct msim_agent *agent = sender_at(posted->node);

  (void)now_ns;
  if (agent != NULL && agent->is_running)
    msim__user_post(agent, &posted->mail);
}

static const char *copy(struct msim__arena *arena, const char *text)
{
  return text == NULL ? "" : msim__arena_text(arena, text, strlen(text));
}

/* Takes the addresses of a list with commas apart. 0, MSIM_ERR_INVALID, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
static int read_recipients(struct msim__arena *arena, const char *text, struct msim_list *out)
{
  const char **items;
  size_t count = 1, i;
  const char *c;

  for (c = text; *c != '\0'; c++)
    count += *c == ',';
  if (count > MSIM_MAIL_RECIPIENTS_MAX)
    return MSIM_ERR_LIMIT;
  items = msim__arena_alloc(arena, count * sizeof *items);
  if (items == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < count; i++) {
    size_t n;

    text += strspn(text, " ");
    n = strcspn(text, ",");
    while (n > 0 && text[n - 1] == ' ')
      n--;
    items[i] = msim__arena_text(arena, text, n);
    if (items[i] == NULL)
      return MSIM_ERR_NOMEM;
    if (msim__user_check_address(items[i]) != NULL)
      return MSIM_ERR_INVALID;
    text += strcspn(text, ",");
    text += *text == ',';
  }
  out->items = items;
  out->count = count;
  return MSIM_OK;
}

static int fill(struct msim__arena *arena, const struct msim_mail *mail, struct msim__user_mail *out)
{
  out->message = copy(arena, mail->message);
  out->from = copy(arena, mail->from);
  out->subject = copy(arena, mail->subject);
  out->body = copy(arena, mail->body);
  out->size_bytes = mail->size_bytes;
  if (out->message == NULL || out->from == NULL || out->subject == NULL || out->body == NULL)
    return MSIM_ERR_NOMEM;
  return read_recipients(arena, mail->to, &out->to);
}

int msim_mail_send_sized(struct msim_node *node, const struct msim_mail *mail, size_t mail_bytes)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_agent *agent = sender_at(node);
  struct msim_mail full;
  struct posted *posted;
  int err;

  memset(&full, 0, sizeof full);
  if (msim__sized_in(&full, sizeof full, mail, mail_bytes) != MSIM_OK || full.to == NULL ||
      (full.from != NULL && msim__user_check_address(full.from) != NULL))
    return MSIM_ERR_INVALID;
  if (agent == NULL)
    return MSIM_ERR_NOT_FOUND;
  if (sim->finished || (sim->started && !node->is_up))
    return MSIM_ERR_STATE;
  if (full.size_bytes > MSIM__USER_MAIL_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  posted = msim__arena_alloc(&sim->arena, sizeof *posted);
  if (posted == NULL)
    return MSIM_ERR_NOMEM;
  posted->node = node;
  err = fill(&sim->arena, &full, &posted->mail);
  if (err != MSIM_OK)
    return err;
  if (!msim__user_mail_is_clear(agent, &posted->mail))
    return MSIM_ERR_INVALID;
  msim_timer_init(&posted->timer, node, on_timer);
  msim_timer_arm(&posted->timer, 0);
  return MSIM_OK;
}
