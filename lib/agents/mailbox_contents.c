/* mailbox_contents.c: what lies in the mailboxes of a host when the run begins; see mailbox_contents.h. */
#include "agents/mailbox_contents.h"

#include "mail/compose.h"
#include "mail/folders.h"
#include "mail/letters.h"
#include "proto/address.h"
#include "proto/ascii.h"
#include "proto/date.h"

#include <stdio.h>

#define MAIL_BYTES_MAX (256u * 1024u * 1024u)

/* ---- keys ---- */

static const char *check_address(const char *text)
{
  struct msim__address address;

  return text[0] == '\0' || msim__address_parse(&address, msim__slice_text(text), true, NULL) == MSIM_OK
             ? NULL
             : "an address such as anna@x.example is expected here";
}

/* "2026-01-01" or with a time, as RFC 3339 writes it. */
static int read_date(const char *text, int64_t *unix_s)
{
  char whole[] = "yyyy-mm-ddT00:00:00Z";

  if (strlen(text) != 10)
    return msim__date_parse_iso(unix_s, msim__slice_text(text));
  memcpy(whole, text, 10);
  return msim__date_parse_iso(unix_s, msim__slice_text(whole));
}

static const char *check_date(const char *text)
{
  int64_t unix_s;

  return text[0] == '\0' || read_date(text, &unix_s) == MSIM_OK
             ? NULL
             : "a date such as 2026-01-01 or 2026-01-01T08:00:00Z is expected here";
}

static const char *check_folder(const char *text)
{
  return strlen(text) <= MSIM__FOLDER_BYTES_MAX && (text[0] == '\0' || msim__folder_is_title(msim__slice_text(text)))
             ? NULL
             : "a folder such as Lists/c is expected here: parts with / between them, no control characters, at most "
               "1000 bytes";
}

static const struct {
  const char *name;
  uint32_t flag;
} flag_names[] = {
    {"seen", MSIM__FLAG_SEEN},       {"answered", MSIM__FLAG_ANSWERED}, {"flagged", MSIM__FLAG_FLAGGED},
    {"deleted", MSIM__FLAG_DELETED}, {"draft", MSIM__FLAG_DRAFT},
};
#define FLAG_NAMES (sizeof flag_names / sizeof flag_names[0])

static uint32_t flag_of(const char *name)
{
  size_t i;

  for (i = 0; i < FLAG_NAMES; i++)
    if (strcmp(flag_names[i].name, name) == 0)
      return flag_names[i].flag;
  return 0;
}

static const char *check_flag(const char *text)
{
  return flag_of(text) != 0 ? NULL : "seen, answered, flagged, deleted or draft is expected here";
}

static const struct msim_field flag_item[] = {
    {.key = "flag", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_flag},
};

#define MAIL(member) offsetof(struct msim__mailbox_mail, member)
static const struct msim_field mail_fields[] = {
    {.key = "message",
     .kind = MSIM_FIELD_TEXT,
     .offset = MAIL(message),
     .fallback = "\"\"",
     .check = msim__mailbox_check_line,
     .help = "its label in the trace; HOST-N when absent"},
    {.key = "from",
     .kind = MSIM_FIELD_TEXT,
     .offset = MAIL(from),
     .fallback = "\"\"",
     .check = check_address,
     .help = "who has sent it; the host's postmaster when absent"},
    {.key = "to",
     .kind = MSIM_FIELD_TEXT,
     .offset = MAIL(to),
     .fallback = "\"\"",
     .check = check_address,
     .help = "whom it names; the user when absent"},
    {.key = "subject", .kind = MSIM_FIELD_TEXT, .offset = MAIL(subject), .fallback = "\"\"", .help = "UTF-8"},
    {.key = "body",
     .kind = MSIM_FIELD_TEXT,
     .offset = MAIL(body),
     .fallback = "\"\"",
     .help = "UTF-8; lines end in LF or CRLF"},
    {.key = "size",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = MAIL(size_bytes),
     .fallback = "0B",
     .max = MAIL_BYTES_MAX,
     .help = "fills the text so that the whole message measures this much"},
    {.key = "source",
     .kind = MSIM_FIELD_TEXT,
     .offset = MAIL(source),
     .fallback = "\"\"",
     .help = "instead of subject, body and size: the whole message, header, empty line and all"},
    {.key = "folder",
     .kind = MSIM_FIELD_TEXT,
     .offset = MAIL(folder),
     .fallback = "\"\"",
     .check = check_folder,
     .help = "where it lies, such as Lists/c; INBOX when absent"},
    {.key = "date",
     .kind = MSIM_FIELD_TEXT,
     .offset = MAIL(date),
     .fallback = "\"\"",
     .check = check_date,
     .help = "when it was written and came; the start of the run when absent"},
    {.key = "flags",
     .kind = MSIM_FIELD_LIST,
     .offset = MAIL(flags),
     .fallback = "",
     .item = flag_item,
     .item_bytes = sizeof(const char *),
     .max = FLAG_NAMES,
     .help = "seen, answered, flagged, deleted, draft"},
    {.key = NULL},
};

static const struct msim_field mail_item[] = {
    {.key = "mail",
     .kind = MSIM_FIELD_STRUCT,
     .offset = 0,
     .item = mail_fields,
     .item_bytes = sizeof(struct msim__mailbox_mail)},
};

const struct msim_field msim__mailbox_content_item[] = {
    {.key = "mails",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__mailbox_content_config, mails),
     .item = mail_item,
     .item_bytes = sizeof(const struct msim__mailbox_mail *),
     .max = MSIM__STORE_ITEMS_MAX},
};

/* ---- writing ---- */

struct writing {
  struct msim__mailbox_server *server;
  const struct msim__mailbox_mail *mail;
  const struct msim__laid *laid; /* NULL: the mail is of the configuration */
  struct msim__mailbox *inbox, *box;
  int64_t unix_s;
  char from[MSIM__ADDRESS_LOCAL_BYTES_MAX + MSIM__ADDRESS_DOMAIN_BYTES_MAX + 2];
  char to[MSIM__ADDRESS_LOCAL_BYTES_MAX + MSIM__ADDRESS_DOMAIN_BYTES_MAX + 2];
  uint64_t number;
};

/* Lines end in CRLF, the last one too. */
static int put_source(struct msim__buf *plain, const char *text)
{
  size_t i, n = strlen(text);

  for (i = 0; i < n; i++) {
    if (text[i] == '\r' && i + 1 < n && text[i + 1] == '\n')
      i++;
    if (text[i] == '\n' || text[i] == '\r')
      msim__buf_append(plain, "\r\n", 2);
    else
      msim__buf_append_byte(plain, text[i]);
  }
  if (n > 0 && text[n - 1] != '\n')
    msim__buf_append(plain, "\r\n", 2);
  return plain->err;
}

static int put_mail(const struct writing *w, struct msim__buf *plain)
{
  struct msim_agent *agent = w->server->agent;
  const char *to = w->to;
  struct msim__compose compose = {
      .from = w->from,
      .to = &to,
      .to_count = 1,
      .subject = w->mail->subject,
      .body = w->mail->body,
      .host = msim_agent_host(agent),
      .number = w->number,
      .unix_s = w->unix_s,
      .zone_minutes = msim_agent_zone_minutes(agent),
      .size_bytes = w->mail->size_bytes,
  };

  const struct msim__letter *letter;

  if (w->laid != NULL)
    return msim__buf_append(plain, w->laid->plain.data, w->laid->plain.size_bytes);
  letter = msim__letter_find(msim_agent_sim(agent), w->mail->message);

  if (letter != NULL)
    return msim__buf_append(plain, letter->plain.data, letter->plain.size_bytes);
  if (w->mail->source[0] != '\0')
    return put_source(plain, w->mail->source);
  return msim__compose_append(plain, &compose);
}

static struct msim__message *make_message(const struct writing *w, const struct msim__buf *plain,
                                          struct msim__buf *wire)
{
  struct msim_slice recipient = msim__slice_text(w->to);
  struct msim__message_opts opts = {.recipients = &recipient, .recipient_count = 1, .bare = w->laid != NULL};
  struct msim__message *message;
  char label[128];

  if (msim__message_to_wire(wire, (struct msim_slice){(const uint8_t *)plain->data, plain->size_bytes},
                            &opts.size_bytes, &opts.eight_bit) < 0)
    return NULL;
  (void)snprintf(label, sizeof label, "%.100s-%llu", msim_agent_host(w->server->agent), (unsigned long long)w->number);
  opts.label = msim__slice_text(w->mail->message[0] != '\0' ? w->mail->message : label);
  opts.reverse_path = msim__slice_text(w->from);
  opts.content = msim_blob_new(msim_agent_sim(w->server->agent), wire->data, wire->size_bytes);
  if (opts.content == NULL)
    return NULL;
  message = msim__message_new(&w->server->room->mem, &opts);
  msim_blob_unref(opts.content);
  return message;
}

static int keep(const struct writing *w, struct msim__message *message)
{
  struct msim_agent *agent = w->server->agent;
  struct msim_value values[4];
  const char *const *flags = w->mail->flags.items;
  char name[2200];
  uint32_t uid, bits = 0;
  size_t i;
  int err = msim__store_reserve(w->box, &uid);

  if (err < 0)
    return err;
  for (i = 0; i < w->mail->flags.count; i++)
    bits |= flag_of(flags[i]);
  if (w->laid != NULL)
    bits = w->laid->flags;
  msim__store_put(w->box, message, w->unix_s, uid, bits);
  if (w->laid != NULL && !w->laid->is_recent)
    w->box->recent_uid = uid + 1;
  values[0] = msim_value_text("message", message->label);
  msim__folder_path(w->box, name, sizeof name);
  values[1] = msim_value_text("mailbox", name);
  values[2] = msim_value_bool("durable", true);
  values[3] = msim_value_int("uid", uid);
  msim_agent_event(agent, "store.add", values, 4);
  return MSIM_OK;
}

/* A letter from a file has no other text. */
static bool is_clear(const struct msim__mailbox_server *server, const struct msim__mailbox_mail *mail)
{
  if (msim__letter_find(msim_agent_sim(server->agent), mail->message) == NULL ||
      (mail->subject[0] == '\0' && mail->body[0] == '\0' && mail->source[0] == '\0' && mail->size_bytes == 0))
    return true;
  msim_agent_fail(server->agent,
                  "mailboxes: message \"%.100s\" is a file, so it takes no subject, body, size or source",
                  mail->message);
  return false;
}

static int open_place(struct writing *w)
{
  struct msim_slice folder = msim__slice_text(w->mail->folder[0] != '\0' ? w->mail->folder : "INBOX");

  w->unix_s = msim_agent_unix_s(w->server->agent);
  if (w->mail->date[0] != '\0')
    (void)read_date(w->mail->date, &w->unix_s); /* it was checked */
  if (w->laid != NULL && w->laid->unix_s != INT64_MIN)
    w->unix_s = w->laid->unix_s;
  w->box = msim__folder_find(w->inbox, folder);
  return w->box != NULL ? MSIM_OK : msim__folder_create(w->inbox, folder, 0, &w->box);
}

static int fill_one(struct writing *w)
{
  struct msim__mem *mem = &w->server->room->mem;
  struct msim__message *message = NULL;
  struct msim__buf plain, wire;
  int err = open_place(w);

  if (err != MSIM_OK)
    return err;
  w->number = msim__mail_number_next(w->server->agent);
  msim__buf_init(&plain, mem, 4 * (size_t)MAIL_BYTES_MAX);
  msim__buf_init(&wire, mem, 8 * (size_t)MAIL_BYTES_MAX);
  err = put_mail(w, &plain);
  if (err == MSIM_OK) {
    message = make_message(w, &plain, &wire);
    err = message != NULL ? keep(w, message) : MSIM_ERR_NOMEM;
    msim__message_unref(message);
  }
  msim__buf_release(&plain);
  msim__buf_release(&wire);
  return err;
}

/* ---- whose it is ---- */

static void name_ends(struct writing *w, const char *user, const struct msim__account *account)
{
  const char *known = account != NULL && strchr(account->key, '@')[1] != '\0' ? account->key : user;

  if (w->mail->from[0] != '\0')
    (void)snprintf(w->from, sizeof w->from, "%s", w->mail->from);
  else
    (void)snprintf(w->from, sizeof w->from, "postmaster@%s", w->server->hostname);
  if (w->mail->to[0] != '\0')
    (void)snprintf(w->to, sizeof w->to, "%s", w->mail->to);
  else if (strchr(known, '@') != NULL)
    (void)snprintf(w->to, sizeof w->to, "%s", known);
  else
    (void)snprintf(w->to, sizeof w->to, "%s@%s", known, w->server->hostname);
}

/* The mail server of the host may start later, and know the user better; the mailbox is the same. */
static struct msim__mailbox *open_box(struct msim__mailbox_server *server, const char *user,
                                      const struct msim__account *account)
{
  const char *at = strrchr(user, '@');

  if (account != NULL)
    return account->box;
  return msim__store_open(&server->room->store, user, at != NULL ? (size_t)(at - user) : strlen(user));
}

static int fill_box(struct msim__mailbox_server *server, const struct msim__mailbox_content_config *content)
{
  const struct msim__account *account =
      msim__accounts_find_login(&server->room->accounts, msim__slice_text(content->key));
  const struct msim__mailbox_mail *const *mails = content->mails.items;
  struct writing w;
  size_t i;
  int err = MSIM_OK;

  memset(&w, 0, sizeof w);
  w.server = server;
  w.inbox = open_box(server, content->key, account);
  if (w.inbox == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; err == MSIM_OK && i < content->mails.count; i++) {
    w.mail = mails[i];
    if (!is_clear(server, w.mail))
      return MSIM_ERR_INVALID;
    name_ends(&w, content->key, account);
    err = fill_one(&w);
  }
  return err;
}

static int fill_laid(struct msim__mailbox_server *server, const struct msim__laid *laid)
{
  const struct msim__account *account =
      msim__accounts_find_login(&server->room->accounts, msim__slice_text(laid->user));
  const struct msim__mailbox_mail mail = {.message = "", .from = "", .to = "", .folder = laid->folder, .date = ""};
  struct writing w;

  memset(&w, 0, sizeof w);
  w.server = server;
  w.mail = &mail;
  w.laid = laid;
  w.inbox = open_box(server, laid->user, account);
  if (w.inbox == NULL)
    return MSIM_ERR_NOMEM;
  name_ends(&w, laid->user, account);
  (void)snprintf(w.from, sizeof w.from, "%s", laid->sender);
  return fill_one(&w);
}

int msim__mailbox_fill(struct msim__mailbox_server *server)
{
  const struct msim__mailbox_content_config *contents = server->config->contents.items;
  size_t count = server->config->contents.count, i;
  struct msim__laid *laid = msim__letter_laid(msim_agent_sim(server->agent));
  int err = MSIM_OK;

  for (i = 0; err == MSIM_OK && i < count; i++)
    err = fill_box(server, &contents[i]);
  /* A host may have several such servers: the first one takes them. */
  for (; err == MSIM_OK && laid != NULL; laid = laid->next)
    if (!laid->is_taken && strcmp(laid->host, msim_agent_host(server->agent)) == 0) {
      laid->is_taken = true;
      count++;
      err = fill_laid(server, laid);
    }
  if (err == MSIM_OK && count > 0)
    err = msim__spool_found(&server->room->spool);
  if (err != MSIM_OK && err != MSIM_ERR_NOMEM)
    msim_agent_fail(server->agent, "the mailboxes cannot be filled: %s", msim_strerror(err));
  return err;
}
