/* agent_user.c: a person at a PC: who it is, and what it does at given times or by chance.
 *
 * Acts are rows of one table, by their key in the script. What becomes of a mail is told in user_sending.h, how
 * mail is read in user_reading.h. */
#include "agents/draw.h"
#include "agents/user_addresses.h"
#include "agents/user_browsing.h"
#include "agents/user_habit.h"
#include "agents/user_mail_keys.h"
#include "agents/user_reading.h"
#include "agents/user_sending.h"
#include "agents/user_web.h"
#include "mail/letters.h"
#include "proto/address.h"
#include "proto/ascii.h"

#include <stdio.h>
#include <string.h>

struct step_config {
  msim_ns at_ns;
  const char *account, *browse;
  const struct msim__user_mail *send;
  struct msim_list select; /* const char * */
  bool check, offline, online, unplug;
};

struct account_config {
  const char *key;
  const struct msim__user_account *account;
};

struct traffic_config {
  uint64_t mail_count;
  msim_ns from_ns;
  const struct msim__draw *every, *size;
  struct msim_list to; /* const char * */
  const char *subject;
};

struct config {
  struct msim__user_account account; /* first: ACCOUNT_FIELDS count from its start */
  struct msim_list accounts;         /* struct account_config: further ones */
  struct msim_list script;           /* const struct step_config * */
  const struct traffic_config *traffic;
  const struct msim__user_habit_config *reading;
  const struct msim__user_retry *retry;
};

/* ---- keys ---- */

static const char *check_secret(const char *text)
{
  size_t n = strlen(text);

  return n > 0 && n <= MSIM__SASL_TEXT_BYTES_MAX ? NULL : "1 to 255 bytes are expected here";
}

static const struct msim_field label_item[] = {
    {.key = "message", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = msim__user_check_name},
};

static const struct msim_field step_fields[] = {
    {.key = "at",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct step_config, at_ns),
     .fallback = "0s",
     .help = "when, from the start of the run"},
    {.key = "account",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct step_config, account),
     .fallback = "\"\"",
     .help = "one of accounts; absent: the person's own"},
    {.key = "send",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct step_config, send),
     .item = msim__user_mail_fields,
     .item_bytes = sizeof(struct msim__user_mail),
     .fallback = "",
     .help = "a mail to be written and sent"},
    {.key = "check",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct step_config, check),
     .fallback = "false",
     .help = "looks into the mailbox at the provider"},
    {.key = "select",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct step_config, select),
     .fallback = "",
     .item = label_item,
     .item_bytes = sizeof(const char *),
     .help = "picks mails by their labels and looks at them"},
    {.key = "browse",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct step_config, browse),
     .fallback = "",
     .check = msim__user_check_url,
     .help = "opens a page, e.g. http://www.example/"},
    {.key = "offline",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct step_config, offline),
     .fallback = "false",
     .help =
         "pulls the plug of the PC, and its programs know: they end what is under way and work with what they have"},
    {.key = "unplug",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct step_config, unplug),
     .fallback = "false",
     .help = "pulls it without a word: its programs find out when nothing answers"},
    {.key = "online",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct step_config, online),
     .fallback = "false",
     .help = "puts it back"},
    {.key = NULL},
};

static const struct msim_field step_item[] = {
    {.key = "step",
     .kind = MSIM_FIELD_STRUCT,
     .offset = 0,
     .item = step_fields,
     .item_bytes = sizeof(struct step_config)},
};

static const struct msim_field login_fields[] = {
    {.key = "user", .kind = MSIM_FIELD_TEXT, .offset = offsetof(struct msim__user_login, user), .check = check_secret},
    {.key = "password",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__user_login, password),
     .check = check_secret},
    {.key = NULL},
};

static const char *const via_names[] = {"smtp", "webmail", NULL};

/* The same for the person's own account and for further ones. */
#define ACCOUNT_FIELDS                                                                                                 \
  {.key = "address",                                                                                                   \
   .kind = MSIM_FIELD_TEXT,                                                                                            \
   .offset = offsetof(struct msim__user_account, address),                                                             \
   .check = msim__user_check_address,                                                                                  \
   .help = "the person's mail address"},                                                                               \
      {.key = "name",                                                                                                  \
       .kind = MSIM_FIELD_TEXT,                                                                                        \
       .offset = offsetof(struct msim__user_account, name),                                                            \
       .fallback = "\"\"",                                                                                             \
       .help = "the person's name, for the field From"},                                                               \
      {.key = "submit",                                                                                                \
       .kind = MSIM_FIELD_HOST,                                                                                        \
       .offset = offsetof(struct msim__user_account, submit),                                                          \
       .fallback = "",                                                                                                 \
       .help = "the provider's host that takes the mail; needed by who sends"},                                        \
      {.key = "submit-port",                                                                                           \
       .kind = MSIM_FIELD_UINT,                                                                                        \
       .offset = offsetof(struct msim__user_account, submit_port),                                                     \
       .fallback = "0",                                                                                                \
       .max = 65535,                                                                                                   \
       .help = "its port; 0 is 25, or 80 via webmail; with a login usually 587"},                                      \
      {.key = "via",                                                                                                   \
       .kind = MSIM_FIELD_ENUM,                                                                                        \
       .offset = offsetof(struct msim__user_account, via),                                                             \
       .fallback = "smtp",                                                                                             \
       .names = via_names,                                                                                             \
       .help = "how mail gets there: by SMTP, or typed in at the provider's webmail site"},                            \
      {.key = "receive",                                                                                               \
       .kind = MSIM_FIELD_STRUCT,                                                                                      \
       .offset = offsetof(struct msim__user_account, receive),                                                         \
       .fallback = "",                                                                                                 \
       .item = msim__user_receive_fields,                                                                              \
       .item_bytes = sizeof(struct msim__user_receive),                                                                \
       .help = "where and how mail is read"},                                                                          \
  {                                                                                                                    \
    .key = "login", .kind = MSIM_FIELD_STRUCT, .offset = offsetof(struct msim__user_account, login), .fallback = "",   \
    .item = login_fields, .item_bytes = sizeof(struct msim__user_login),                                               \
    .help = "name and password at the provider; sent by the strongest way that is offered"                             \
  }

static const struct msim_field account_fields[] = {ACCOUNT_FIELDS, {.key = NULL}};

static const struct msim_field account_item[] = {
    {.key = "account",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct account_config, account),
     .item = account_fields,
     .item_bytes = sizeof(struct msim__user_account)},
};

static const struct msim_field traffic_fields[] = {
    {.key = "mails",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct traffic_config, mail_count),
     .min = 1,
     .max = 10000000,
     .help = "how many"},
    {.key = "from",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct traffic_config, from_ns),
     .fallback = "0s",
     .help = "from when on; the first one comes after a wait"},
    {.key = "every",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct traffic_config, every),
     .item = msim__draw_wait_fields,
     .item_bytes = sizeof(struct msim__draw),
     .help = "the wait before each"},
    {.key = "size",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct traffic_config, size),
     .fallback = "",
     .item = msim__draw_size_fields,
     .item_bytes = sizeof(struct msim__draw),
     .help = "how much each measures at least"},
    {.key = "to",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct traffic_config, to),
     .item = msim__user_address_item,
     .item_bytes = sizeof(const char *),
     .min = 1,
     .max = 100000,
     .help = "one of these gets it, each as likely as the others"},
    {.key = "subject",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct traffic_config, subject),
     .fallback = "\"\"",
     .help = "UTF-8"},
    {.key = NULL},
};

static const struct msim_field retry_fields[] = {
    {.key = "after",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__user_retry, after_ns),
     .min = 1,
     .help = "how long the person waits"},
    {.key = "times",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct msim__user_retry, count_max),
     .fallback = "1",
     .max = 1000000,
     .help = "how often it is tried again"},
    {.key = NULL},
};

static const struct msim_field fields[] = {
    ACCOUNT_FIELDS,
    {.key = "accounts",
     .kind = MSIM_FIELD_MAP,
     .offset = offsetof(struct config, accounts),
     .fallback = "",
     .item = account_item,
     .item_bytes = sizeof(struct account_config),
     .max = 1000,
     .help = "further accounts by names of one's own, each with address, name, submit, submit-port, login, receive"},
    {.key = "script",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, script),
     .fallback = "",
     .item = step_item,
     .item_bytes = sizeof(const struct step_config *),
     .help = "what the person does, and when"},
    {.key = "traffic",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct config, traffic),
     .fallback = "",
     .item = traffic_fields,
     .item_bytes = sizeof(struct traffic_config),
     .help = "mails at times, of sizes and to people that are drawn"},
    {.key = "reading",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct config, reading),
     .fallback = "",
     .item = msim__user_habit_fields,
     .item_bytes = sizeof(struct msim__user_habit_config),
     .help = "looking into the mailbox, and at mails, at times that are drawn"},
    {.key = "retry",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct config, retry),
     .fallback = "",
     .item = retry_fields,
     .item_bytes = sizeof(struct msim__user_retry),
     .help = "what fails for now is tried again; absent: it has failed"},
    {.key = NULL},
};

/* ---- acts ---- */

struct step {
  struct msim_timer timer;
  struct msim_agent *agent;
  const struct step_config *config;
  const struct msim__user_account *account;
};

struct state {
  struct msim__user_outbox outbox;
  struct msim__user_inbox inbox;
  struct msim__user_browsing browsing;
  struct msim__user_web web;
  struct msim__user_habit habit;
  struct step *steps;
  size_t step_count;
  struct msim_timer traffic_timer;
  struct msim__rng traffic_rng; /* "agent:HOST/user#N/traffic": what sessions draw moves no mail */
  uint64_t traffic_count;
  struct msim_list traffic_to; /* const char *: ranges written out */
};

static void send_mail(struct state *state, const struct msim__user_account *account, const struct msim__user_mail *mail)
{
  if (account->via == MSIM__USER_VIA_WEBMAIL)
    msim__user_web_send(&state->web, account, mail, &state->outbox.retry);
  else
    msim__user_send(&state->outbox, account, mail);
}

static void act_send(struct step *step)
{
  struct state *state = msim_agent_state(step->agent);
  struct msim__user_mail mail = *step->config->send;

  if (msim__user_addresses_expand(step->agent, mail.to, &mail.to) == MSIM_OK &&
      msim__user_addresses_expand(step->agent, mail.cc, &mail.cc) == MSIM_OK &&
      msim__user_addresses_expand(step->agent, mail.bcc, &mail.bcc) == MSIM_OK)
    send_mail(state, step->account, &mail);
}

static void act_check(struct step *step)
{
  struct state *state = msim_agent_state(step->agent);

  msim__user_check_mail(&state->inbox, step->account->receive);
}

static void act_select(struct step *step)
{
  struct state *state = msim_agent_state(step->agent);
  const char *const *labels = step->config->select.items;
  size_t i;

  for (i = 0; i < step->config->select.count; i++)
    msim__user_select(&state->inbox, step->account->receive, labels[i]);
}

static void act_browse(struct step *step)
{
  struct state *state = msim_agent_state(step->agent);

  msim__user_browse(&state->browsing, step->config->browse);
}

static void plug(struct step *step, bool is_plugged)
{
  struct state *state = msim_agent_state(step->agent);

  state->browsing.is_offline = !is_plugged;
  msim__user_plug(&state->inbox, is_plugged);
}

static void act_offline(struct step *step)
{
  plug(step, false);
}

static void act_unplug(struct step *step)
{
  struct state *state = msim_agent_state(step->agent);

  msim__user_unplug(&state->inbox);
}

static void act_online(struct step *step)
{
  plug(step, true);
}

enum need { NEEDS_NOTHING, NEEDS_SUBMIT, NEEDS_RECEIVE };

/* A step does what it has a key for, in this order. */
static const struct act {
  const char *key;
  size_t offset, size_bytes; /* of the member of step_config that says so by not being zero */
  enum need need;            /* of the account */
  void (*run)(struct step *step);
} acts[] = {
    {"online", offsetof(struct step_config, online), sizeof(bool), NEEDS_NOTHING, act_online},
    {"send", offsetof(struct step_config, send), sizeof(void *), NEEDS_SUBMIT, act_send},
    {"check", offsetof(struct step_config, check), sizeof(bool), NEEDS_RECEIVE, act_check},
    {"select", offsetof(struct step_config, select), sizeof(void *), NEEDS_RECEIVE, act_select},
    {"browse", offsetof(struct step_config, browse), sizeof(void *), NEEDS_NOTHING, act_browse},
    {"offline", offsetof(struct step_config, offline), sizeof(bool), NEEDS_NOTHING, act_offline},
    {"unplug", offsetof(struct step_config, unplug), sizeof(bool), NEEDS_NOTHING, act_unplug},
};
#define ACT_COUNT (sizeof acts / sizeof acts[0])

static bool is_told(const struct step_config *config, const struct act *act)
{
  const unsigned char *at = (const unsigned char *)config + act->offset;
  size_t i;

  for (i = 0; i < act->size_bytes; i++)
    if (at[i] != 0)
      return true;
  return false;
}

static void on_time(struct msim_timer *timer, msim_ns now_ns)
{
  struct step *step = (struct step *)(void *)((char *)timer - offsetof(struct step, timer));
  size_t i;

  (void)now_ns;
  for (i = 0; i < ACT_COUNT; i++)
    if (is_told(step->config, &acts[i]))
      acts[i].run(step);
}

/* What is to be sent must be possible with the account. */
static int check_mail(const struct step *step, unsigned number)
{
  const struct msim__user_mail *mail = step->config->send;
  bool via_webmail = step->account->via == MSIM__USER_VIA_WEBMAIL;

  if (mail->is_draft && !via_webmail)
    msim_agent_fail(step->agent, "step %u: draft needs an account with via: webmail", number);
  else if (!msim__user_mail_is_clear(step->agent, mail))
    msim_agent_fail(step->agent,
                    "step %u: message \"%.100s\" is a file, so it takes no subject, body, size or attachments", number,
                    mail->message);
  else if (via_webmail && msim__letter_find(msim_agent_sim(step->agent), mail->message) != NULL)
    msim_agent_fail(step->agent, "step %u: message \"%.100s\" is a file, which cannot be typed in at a webmail site",
                    number, mail->message);
  else
    return MSIM_OK;
  return MSIM_ERR_INVALID;
}

/* What a step asks for must be possible with its account. */
static int check_step(const struct step *step, unsigned number)
{
  struct state *state = msim_agent_state(step->agent);
  bool any = false;
  size_t i;

  for (i = 0; i < ACT_COUNT; i++) {
    if (!is_told(step->config, &acts[i]))
      continue;
    any = true;
    if ((acts[i].need == NEEDS_SUBMIT && step->account->submit == NULL) ||
        (acts[i].need == NEEDS_RECEIVE && step->account->receive == NULL)) {
      msim_agent_fail(step->agent, "step %u: %s needs an account with %s", number, acts[i].key,
                      acts[i].need == NEEDS_SUBMIT ? "submit" : "receive");
      return MSIM_ERR_INVALID;
    }
  }
  if (step->config->send != NULL && check_mail(step, number) != MSIM_OK)
    return MSIM_ERR_INVALID;
  if (step->config->browse != NULL)
    msim__user_browsing_open(&state->browsing);
  if (any)
    return step->account->receive != NULL ? msim__user_inbox_open(&state->inbox) : MSIM_OK;
  msim_agent_fail(step->agent, "step %u does nothing: it needs send, check, select, browse, offline, unplug or online",
                  number);
  return MSIM_ERR_INVALID;
}

/* ---- traffic ---- */

static void arm_traffic(struct msim_agent *agent, msim_ns from_ns)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);

  msim_timer_arm(&state->traffic_timer, from_ns + msim__draw_from(&state->traffic_rng, config->traffic->every,
                                                                  MSIM_SEC(UINT64_C(1000000000))));
}

static void on_traffic(struct msim_timer *timer, msim_ns now_ns)
{
  struct state *state = (struct state *)(void *)((char *)timer - offsetof(struct state, traffic_timer));
  struct msim_agent *agent = state->outbox.agent;
  const struct config *config = msim_agent_config(agent);
  const struct traffic_config *traffic = config->traffic;
  const char *const *to = state->traffic_to.items;
  const char *one = to[msim__rng_below(&state->traffic_rng, state->traffic_to.count)];
  struct msim__user_mail mail = {.message = "", .from = "", .to = {&one, 1}, .subject = traffic->subject, .body = ""};

  (void)now_ns;
  if (traffic->size != NULL)
    mail.size_bytes = msim__draw_from(&state->traffic_rng, traffic->size, MSIM__USER_MAIL_BYTES_MAX);
  if (++state->traffic_count < traffic->mail_count)
    arm_traffic(agent, 0);
  send_mail(state, &config->account, &mail);
}

/* ---- mails of a program (mail_send.c) ---- */

bool msim__user_sends(const struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);

  return config->account.submit != NULL;
}

void msim__user_post(struct msim_agent *agent, const struct msim__user_mail *mail)
{
  const struct config *config = msim_agent_config(agent);

  send_mail(msim_agent_state(agent), &config->account, mail);
}

/* ---- the agent ---- */

static const struct msim__user_account *find_account(struct msim_agent *agent, const char *name)
{
  const struct config *config = msim_agent_config(agent);
  const struct account_config *accounts = config->accounts.items;
  size_t i;

  if (name == NULL || name[0] == '\0')
    return &config->account;
  for (i = 0; i < config->accounts.count; i++)
    if (strcmp(accounts[i].key, name) == 0)
      return accounts[i].account;
  msim_agent_fail(agent, "there is no account \"%.100s\"; name it in accounts", name);
  return NULL;
}

/* A webmail site wants to know who is there. */
static int check_account(struct msim_agent *agent, const struct msim__user_account *account)
{
  if (account == NULL || account->via != MSIM__USER_VIA_WEBMAIL || account->login != NULL)
    return MSIM_OK;
  msim_agent_fail(agent, "via: webmail needs a login: name and password at the site");
  return MSIM_ERR_INVALID;
}

static int check_accounts(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  const struct account_config *accounts = config->accounts.items;
  int err = check_account(agent, &config->account);
  size_t i;

  for (i = 0; err == MSIM_OK && i < config->accounts.count; i++)
    err = check_account(agent, accounts[i].account);
  return err;
}

static int start_script(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  const struct step_config *const *steps = config->script.items;
  struct state *state = msim_agent_state(agent);
  size_t i;
  int err;

  if (config->script.count == 0)
    return MSIM_OK;
  state->steps = msim__alloc_zeroed(&state->outbox.mem, config->script.count, sizeof *state->steps);
  if (state->steps == NULL)
    return MSIM_ERR_NOMEM;
  state->step_count = config->script.count;
  for (i = 0; i < config->script.count; i++)
    msim_timer_init(&state->steps[i].timer, msim_agent_node(agent), on_time);
  for (i = 0; i < config->script.count; i++) {
    struct step *step = &state->steps[i];

    step->agent = agent;
    step->config = steps[i];
    step->account = find_account(agent, steps[i]->account);
    if (step->account == NULL)
      return MSIM_ERR_INVALID;
    err = check_step(step, (unsigned)i + 1);
    if (err != MSIM_OK)
      return err;
    msim_timer_arm(&step->timer, steps[i]->at_ns);
  }
  return MSIM_OK;
}

static int start_reading(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  int err;

  if (config->account.receive == NULL) {
    msim_agent_fail(agent, "reading needs receive: where and how mail is read");
    return MSIM_ERR_INVALID;
  }
  err = msim__user_inbox_open(&state->inbox);
  if (err == MSIM_OK)
    msim__user_habit_start(&state->habit, &state->inbox, config->account.receive, config->reading);
  return err;
}

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  int err;

  msim__agent_mem_init(&state->outbox.mem, agent);
  msim__agent_mem_init(&state->inbox.mem, agent);
  msim__agent_mem_init(&state->browsing.mem, agent);
  msim__agent_mem_init(&state->web.mem, agent);
  state->outbox.agent = state->inbox.agent = state->browsing.agent = state->web.agent = agent;
  state->inbox.web = &state->web;
  state->inbox.is_offline = state->browsing.is_offline = msim__user_is_unplugged(agent); /* behind a crash */
  if (config->retry != NULL)
    state->outbox.retry = *config->retry;
  msim_timer_init(&state->traffic_timer, msim_agent_node(agent), on_traffic);
  msim__draw_begin(&state->traffic_rng, agent, "/traffic");
  if (config->traffic != NULL && config->account.submit == NULL) {
    msim_agent_fail(agent, "traffic needs submit: the provider's host that takes the mail");
    return MSIM_ERR_INVALID;
  }
  err = check_accounts(agent);
  if (err == MSIM_OK)
    err = start_script(agent);
  if (err == MSIM_OK && config->traffic != NULL)
    err = msim__user_addresses_expand(agent, config->traffic->to, &state->traffic_to);
  if (err == MSIM_OK && config->traffic != NULL)
    arm_traffic(agent, config->traffic->from_ns);
  if (err == MSIM_OK && config->reading != NULL)
    err = start_reading(agent);
  return err;
}

static void stop(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);
  size_t i;

  msim__user_outbox_release(&state->outbox);
  msim__user_inbox_release(&state->inbox);
  msim__user_browsing_release(&state->browsing);
  msim__user_web_release(&state->web);
  msim_timer_cancel(&state->traffic_timer);
  msim__user_habit_stop(&state->habit);
  for (i = 0; i < state->step_count; i++)
    msim_timer_cancel(&state->steps[i].timer);
  if (state->step_count > 0)
    msim__free(&state->outbox.mem, state->steps, state->step_count * sizeof *state->steps);
  state->steps = NULL;
  state->step_count = 0;
}

extern const struct msim_agent_type msim__agent_user;
const struct msim_agent_type msim__agent_user = {
    .name = "user",
    .summary = "a person at a PC who writes mails, at given times or by chance, and reads those that come",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
    .stop = stop,
};
