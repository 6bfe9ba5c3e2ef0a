/* imap_cmd_append.c: messages into a mailbox (RFC 3501 6.3.11, RFC 3502): answered when they are on the disk. See
 * imap_cmd.h. */
#include "agents/imap_cmd.h"

#include <stdio.h>

#define LABEL_BYTES 300

struct appending {
  struct msim__mailbox *box;
  struct msim__spool_place places[MSIM__IMAP_APPEND_MAX];
  size_t count;
};

/* The reply code needs no more. */
struct appended {
  uint32_t uid_validity;
};

static void on_placed(struct msim__imap_session *session, void *room, const uint32_t *uids, size_t count)
{
  const struct appended *appended = room;
  char code[100];

  if (count == 1)
    (void)snprintf(code, sizeof code, "APPENDUID %lu %lu", (unsigned long)appended->uid_validity,
                   (unsigned long)uids[0]);
  else /* given one after the other */
    (void)snprintf(code, sizeof code, "APPENDUID %lu %lu:%lu", (unsigned long)appended->uid_validity,
                   (unsigned long)uids[0], (unsigned long)uids[count - 1]);
  msim__imap_ok(session, msim__imap_offers(session, "UIDPLUS") ? code : NULL, "Appended");
}

/* Lines of the simulation's messages end in CRLF; a bare LF becomes one. */
static int make_content(struct msim__imap_session *session, struct msim_slice plain, struct msim__message_opts *opts)
{
  struct msim__mem *mem = &session->server->base.mem;
  struct msim__buf lines, wire;
  bool ends = plain.size_bytes >= 2 && memcmp(plain.data + plain.size_bytes - 2, "\r\n", 2) == 0;
  int err;

  msim__buf_init(&lines, mem, SIZE_MAX / 2);
  msim__buf_init(&wire, mem, SIZE_MAX / 2);
  msim__buf_append(&lines, plain.data, plain.size_bytes);
  if (!ends)
    msim__buf_append_text(&lines, "\r\n"); /* the wire form ends with a line; see binary in message.h */
  err =
      lines.err != 0
          ? lines.err
          : msim__message_to_wire(&wire, (struct msim_slice){(const uint8_t *)msim__buf_text(&lines), lines.size_bytes},
                                  &opts->size_bytes, &opts->eight_bit);
  if (err == MSIM_OK) {
    if (!ends) {
      opts->binary = true;
      opts->size_bytes = plain.size_bytes;
    }
    opts->content = msim_blob_new(msim_agent_sim(session->agent), wire.data, wire.size_bytes);
    err = opts->content == NULL ? MSIM_ERR_NOMEM : MSIM_OK;
  }
  msim__buf_release(&lines);
  msim__buf_release(&wire);
  return err;
}

static int make_message(struct msim__imap_session *session, struct msim_slice plain, struct msim__message **out)
{
  const char *marked = session->append_label[0] != '\0' ? session->append_label : NULL;
  struct msim__message_opts opts;
  char label[LABEL_BYTES];
  int err;

  memset(&opts, 0, sizeof opts);
  (void)snprintf(label, sizeof label, "%.200s-%llu", msim_agent_host(session->agent),
                 (unsigned long long)msim__mail_number_next(session->agent));
  opts.label = msim__slice_text(marked != NULL ? marked : label);
  opts.bare = true;
  err = make_content(session, plain, &opts);
  if (err != MSIM_OK)
    return err;
  *out = msim__message_new(&session->server->base.room->mem, &opts); /* it outlives the agent */
  msim_blob_unref(opts.content);
  return *out != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

/* " (\\Seen) \"…\" {5}": one message. */
static int take_message(struct msim__imap_session *session, struct appending *a)
{
  struct msim__spool_place *place = &a->places[a->count];
  struct msim__imap_cursor *c = &session->cursor;
  struct msim_slice plain;
  int err;

  if (a->count == MSIM__IMAP_APPEND_MAX)
    return MSIM_ERR_LIMIT;
  memset(place, 0, sizeof *place);
  place->box = a->box;
  place->unix_s = msim_agent_unix_s(session->agent);
  if (!msim__imap_take_byte(c, ' '))
    return MSIM_ERR_SYNTAX;
  if (c->at < c->end && c->data[c->at] == '(' &&
      (!msim__imap_take_flags(session, a->box, false, &place->flags) || !msim__imap_take_byte(c, ' ')))
    return MSIM_ERR_SYNTAX;
  if (msim__imap_take_date_time(c, &place->unix_s) && !msim__imap_take_byte(c, ' '))
    return MSIM_ERR_SYNTAX;
  if (!msim__imap_take_literal(c, &plain))
    return MSIM_ERR_SYNTAX;
  if (plain.size_bytes == 0)
    return MSIM_ERR_INVALID; /* RFC 3502: that is how a client gives up */
  err = make_message(session, plain, &place->message);
  if (err == MSIM_OK)
    a->count++;
  return err;
}

static bool fits_quota(const struct msim__imap_session *session, const struct appending *a)
{
  uint64_t bytes = msim__folders_bytes(session->inbox);
  size_t i;

  for (i = 0; i < a->count; i++)
    bytes += a->places[i].message->size_bytes;
  return session->account->quota_bytes == 0 || bytes <= session->account->quota_bytes;
}

static void append(struct msim__imap_session *session, struct appending *a)
{
  struct appended appended = {a->box->uid_validity};
  int err = take_message(session, a);

  while (err == MSIM_OK && !msim__imap_at_end(&session->cursor))
    err = msim__imap_offers(session, "MULTIAPPEND") ? take_message(session, a) : MSIM_ERR_SYNTAX;
  if (err == MSIM_ERR_INVALID)
    msim__imap_no(session, NULL, "There is no message in it");
  else if (err != MSIM_OK)
    msim__imap_failed(session, err);
  else if (!fits_quota(session, a))
    msim__imap_no(session, "OVERQUOTA", "There is no room for this message");
  else
    msim__imap_wait_places(session, a->places, a->count, on_placed, &appended, sizeof appended);
}

static void run(struct msim__imap_session *session)
{
  struct msim__mailbox *box = msim__imap_take_folder(session, true);
  struct msim__mem *mem = &session->server->base.mem;
  struct appending *a;
  size_t i;

  if (box == NULL)
    return;
  a = msim__alloc_zeroed(mem, 1, sizeof *a);
  if (a == NULL) {
    msim__imap_failed(session, MSIM_ERR_NOMEM);
    return;
  }
  a->box = box;
  append(session, a);
  for (i = 0; i < a->count; i++)
    msim__message_unref(a->places[i].message);
  msim__free(mem, a, sizeof *a);
}

extern const struct msim__imap_cmd msim__imap_cmd_append;
const struct msim__imap_cmd msim__imap_cmd_append = {
    .name = "APPEND",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
