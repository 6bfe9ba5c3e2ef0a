/* imap_envelope.c: ENVELOPE (RFC 3501 7.4.2): fields of a header as strings, addresses taken apart. See imap_text.h. */
#include "mail/imap_text.h"

#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/mailbox_list.h"

#define ROOM_BYTES 4000u

/* The field in one line; NIL where there is none. */
static void put_text(struct msim__buf *out, struct msim_slice header, const char *name)
{
  struct msim__header_field field;
  struct msim_slice text = {NULL, 0};
  uint8_t *room;

  if (msim__header_find(header, name, 0, &field) != 1) {
    msim__imap_put_nstring(out, text);
    return;
  }
  room = msim__alloc(out->mem, field.value.size_bytes + 1);
  if (room == NULL) {
    out->err = MSIM_ERR_NOMEM;
    return;
  }
  text.data = room;
  (void)msim__header_unfold(field.value, room, field.value.size_bytes + 1, &text.size_bytes);
  msim__imap_put_string(out, text);
  msim__free(out->mem, room, field.value.size_bytes + 1);
}

/* RFC 3501 9 addr-mailbox: without the quoting of RFC 5322. */
static struct msim_slice unquote(struct msim_slice local, uint8_t *room)
{
  struct msim_slice out = {room, 0};
  size_t i;

  if (local.size_bytes < 2 || local.data[0] != '"')
    return local;
  for (i = 1; i + 1 < local.size_bytes && out.size_bytes < ROOM_BYTES; i++) {
    if (local.data[i] == '\\' && i + 2 < local.size_bytes)
      i++;
    room[out.size_bytes++] = local.data[i];
  }
  return out;
}

static struct msim_slice or_nil(struct msim_slice text)
{
  if (text.size_bytes == 0)
    text.data = NULL;
  return text;
}

static void put_item(struct msim__buf *out, const struct msim__mailbox_list_item *item)
{
  static const struct msim_slice nothing = {NULL, 0};
  uint8_t local[ROOM_BYTES];

  if (item->kind == MSIM__MAILBOX_GROUP_END) {
    msim__buf_append_text(out, "(NIL NIL NIL NIL)");
    return;
  }
  msim__buf_append_byte(out, '(');
  msim__imap_put_nstring(out, item->kind == MSIM__MAILBOX_GROUP ? nothing : or_nil(item->name));
  msim__buf_append_text(out, " NIL ");
  msim__imap_put_string(out, item->kind == MSIM__MAILBOX_GROUP ? item->name : unquote(item->local, local));
  msim__buf_append_byte(out, ' ');
  if (item->kind == MSIM__MAILBOX_GROUP)
    msim__imap_put_nstring(out, nothing);
  else
    msim__imap_put_string(out, item->domain); /* NIL would be a group: RFC 3501 7.4.2 */
  msim__buf_append_byte(out, ')');
}

/* Of all fields of that name together. false: nobody is named, and nothing was put. */
static bool put_addresses(struct msim__buf *out, struct msim_slice header, const char *name)
{
  struct msim__header_field field;
  struct msim__mailbox_list_item item;
  uint8_t room[ROOM_BYTES];
  bool any = false;
  unsigned nth;

  for (nth = 0; msim__header_find(header, name, nth, &field) == 1; nth++) {
    struct msim__mailbox_list list = {field.value, 0, false};

    while (msim__mailbox_list_next(&list, &item, room, sizeof room) == 1) {
      if (!any)
        msim__buf_append_byte(out, '(');
      any = true;
      put_item(out, &item);
    }
  }
  if (any)
    msim__buf_append_byte(out, ')');
  return any;
}

void msim__imap_put_envelope(struct msim__buf *out, struct msim_slice header)
{
  static const char *const names[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
  size_t i;

  msim__buf_append_byte(out, '(');
  put_text(out, header, "Date");
  msim__buf_append_byte(out, ' ');
  put_text(out, header, "Subject");
  for (i = 0; i < sizeof names / sizeof names[0]; i++) {
    msim__buf_append_byte(out, ' ');
    /* Sender and Reply-To are From where they are missing */
    if (!put_addresses(out, header, names[i]) && !((i == 1 || i == 2) && put_addresses(out, header, names[0])))
      msim__buf_append_text(out, "NIL");
  }
  msim__buf_append_byte(out, ' ');
  put_text(out, header, "In-Reply-To");
  msim__buf_append_byte(out, ' ');
  put_text(out, header, "Message-ID");
  msim__buf_append_byte(out, ')');
}
