/* mailbox_server.c: what POP and IMAP servers share, but for logging in (mailbox_login.c) and what lies in mailboxes at
 * the start (mailbox_contents.c); see mailbox_server.h. */
#include "agents/mailbox_server.h"

#include "agents/mailbox_contents.h"
#include "proto/address.h"
#include "proto/ascii.h"

/* ---- keys ---- */

const char *msim__mailbox_check_user(const char *text)
{
  struct msim__address address;
  enum msim__address_flaw flaw;
  size_t used;

  if (msim__address_scan(&address, msim__slice_text(text), true, &used, &flaw) == MSIM_OK && !address.local_quoted &&
      text[used] == '\0')
    return NULL;
  return "a user such as bob or bob@b.example is expected here";
}

const char *msim__mailbox_check_line(const char *text)
{
  for (; *text != '\0'; text++)
    if (msim__ascii_is_control((uint8_t)*text))
      return "one line without control characters is expected here";
  return NULL;
}

static const char *check_password(const char *text)
{
  return strlen(text) <= MSIM__SASL_TEXT_BYTES_MAX ? NULL : "a password has at most 255 bytes";
}

static const char *check_mechanism(const char *text)
{
  enum msim__sasl_mechanism mechanism;

  if (msim__sasl_find(msim__slice_text(text), &mechanism))
    return NULL;
  return "SCRAM-SHA-256, CRAM-MD5, PLAIN or LOGIN is expected here";
}

static const struct msim_field account_fields[] = {
    {.key = "password",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__mailbox_account_body, password),
     .fallback = "\"\"",
     .check = check_password,
     .help = "with which the user can log in"},
    {.key = NULL},
};

const struct msim_field msim__mailbox_account_item[] = {
    {.key = "account",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct msim__mailbox_account_config, body),
     .item = account_fields,
     .item_bytes = sizeof(struct msim__mailbox_account_body)},
};

const struct msim_field msim__mailbox_mechanism_item[] = {
    {.key = "mechanism", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_mechanism},
};

/* ---- accounts ---- */

/* A user who is known already (with a domain, from the host's mail server) is told no other password here: there is one
 * truth. */
static int add_account(struct msim__mailbox_server *server, const struct msim__mailbox_account_config *config)
{
  struct msim__accounts *accounts = &server->room->accounts;
  struct msim__account *known = msim__accounts_find_login(accounts, msim__slice_text(config->key));
  struct msim__account_opts opts = {config->body != NULL ? config->body->password : NULL, 0, 0};
  const char *at = strrchr(config->key, '@');
  char user[MSIM__ADDRESS_LOCAL_BYTES_MAX + 1];
  size_t n = at != NULL ? (size_t)(at - config->key) : strlen(config->key);

  if (known != NULL && known->secret != NULL && opts.password != NULL && opts.password[0] != '\0' &&
      strcmp(known->secret->password, opts.password) != 0) {
    msim_agent_fail(server->agent, "the user \"%.100s\" has another password at this host already", config->key);
    return MSIM_ERR_INVALID;
  }
  if (known != NULL)
    return msim__accounts_add(accounts, strchr(known->key, '@') + 1, known->name, &opts, NULL);
  if (n >= sizeof user)
    return MSIM_ERR_LIMIT;
  memcpy(user, config->key, n);
  user[n] = '\0';
  return msim__accounts_add(accounts, at != NULL ? at + 1 : "", user, &opts, NULL);
}

/* ---- life ---- */

static unsigned mechanisms_of(const struct msim_list *names)
{
  const char *const *items = names->items;
  size_t count = names->count > 0 ? names->count : (size_t)MSIM__SASL_MECHANISM_COUNT, i;
  unsigned bits = 0;

  for (i = 0; i < count; i++) {
    enum msim__sasl_mechanism mechanism = (enum msim__sasl_mechanism)i;

    if ((names->count == 0 || msim__sasl_find(msim__slice_text(items[i]), &mechanism)) &&
        msim__sasl_is_there(mechanism))
      bits |= 1u << mechanism;
  }
  return bits;
}

int msim__mailbox_server_start(struct msim__mailbox_server *server, struct msim_agent *agent, const char *protocol)
{
  const struct msim__mailbox_config *config = msim_agent_config(agent);
  const struct msim__mailbox_account_config *accounts = config->accounts.items;
  size_t i;
  int err = MSIM_OK;

  msim__agent_mem_init(&server->mem, agent);
  server->agent = agent;
  server->config = config;
  server->protocol = protocol;
  server->hostname = config->hostname[0] != '\0' ? config->hostname : msim_agent_host(agent);
  server->mechanisms = mechanisms_of(&config->mechanisms);
  server->room = msim__mail_room_attach(agent);
  if (server->room == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; err == MSIM_OK && i < config->accounts.count; i++)
    err = add_account(server, &accounts[i]);
  /* After a crash the disk tells what is in the mailboxes. */
  if (err == MSIM_OK && msim_sim_now_ns(msim_agent_sim(agent)) == 0)
    err = msim__mailbox_fill(server);
  return err;
}

void msim__mailbox_server_stop(struct msim__mailbox_server *server)
{
  msim__mail_room_release(server->room);
  server->room = NULL;
}

/* ---- reading ---- */

bool msim__mailbox_lock(struct msim__mailbox *box)
{
  if (box->is_locked)
    return false;
  box->is_locked = true;
  return true;
}

void msim__mailbox_unlock(struct msim__mailbox *box)
{
  box->is_locked = false;
}

int msim__mailbox_remove(struct msim__mailbox_server *server, struct msim__mailbox *box, uint32_t uid,
                         const char *reason)
{
  size_t index = msim__store_index_of(box, uid);
  struct msim_value values[4];

  if (index == box->count)
    return MSIM_ERR_NOT_FOUND;
  values[0] = msim_value_text("message", box->items[index].message->label);
  values[1] = msim_value_text("mailbox", box->name);
  values[2] = msim_value_int("uid", uid);
  values[3] = msim_value_text("reason", reason);
  msim_agent_event(server->agent, "store.remove", values, 4);
  return msim__store_remove(box, index);
}

int msim__mailbox_plain(struct msim__buf *out, const struct msim__mailbox_item *item)
{
  msim__buf_append_text(out, item->message->return_path);
  return msim__message_to_plain(out, item->message);
}
