/* user_imap_responses.c: what an IMAP server says to a person's program (RFC 3501 7): the few things that it looks for,
 * and how to pass over all others. See user_imap.h. */
#include "agents/user_imap.h"

#include "proto/ascii.h"
#include "proto/imap_response.h"

/* Printable, and cut. */
static void keep_reply(struct msim__user_imap *imap, struct msim_slice line)
{
  size_t i;

  for (i = 0; i < line.size_bytes && i + 1 < sizeof imap->reply; i++)
    imap->reply[i] = msim__ascii_is_control(line.data[i]) ? '?' : (char)line.data[i];
  imap->reply[i] = '\0';
}

/* "IMAP4rev1 SASL-IR AUTH=PLAIN …" */
static void on_capabilities(struct msim__user_imap *imap, struct msim__imap_cursor *c)
{
  struct msim_slice word;

  while (msim__imap_take_byte(c, ' ') && msim__imap_take_atom(c, &word))
    if (word.size_bytes > 5 && msim__slice_is(msim__slice_part(word, 0, 5), "AUTH="))
      msim__smtp_credentials_offer(&imap->login, msim__slice_part(word, 5, word.size_bytes));
    else if (msim__slice_is(word, "SASL-IR"))
      imap->sasl_ir = true;
}

static struct msim__user_imap_item *item_of(struct msim__user_imap *imap, uint32_t uid)
{
  struct msim__user_imap_item *item;
  size_t i;

  for (i = imap->item_count; i > 0; i--)
    if (imap->items[i - 1].uid == uid)
      return &imap->items[i - 1];
  if (msim__grow(&imap->check.inbox->mem, &imap->items, &imap->item_capacity, imap->item_count + 1,
                 MSIM__STORE_ITEMS_MAX, sizeof *imap->items) != MSIM_OK)
    return NULL;
  item = &imap->items[imap->item_count++];
  memset(item, 0, sizeof *item);
  item->uid = uid;
  return item;
}

/* Behind "* 5 FETCH ". */
static bool on_fetch(struct msim__user_imap *imap, struct msim__imap_cursor *c)
{
  struct msim__user_imap_item *item;
  struct msim_slice name, value;
  uint64_t size_bytes = 0;
  uint32_t uid = 0;
  bool content = false;

  if (!msim__imap_take_byte(c, '('))
    return false;
  do {
    if (!msim__imap_take_item_name(c, &name))
      return false;
    if (msim__slice_is(name, "UID") ? !msim__imap_take_number(c, &uid)
        : msim__slice_is(name, "RFC822.SIZE")
            ? !msim__imap_take_number64(c, &size_bytes)
            : (msim__slice_is(name, "BODY[]") ? !(content = msim__imap_take_string(c, &value))
                                              : !msim__imap_skip_value(c)))
      return false;
  } while (msim__imap_take_byte(c, ' '));
  if (!msim__imap_take_byte(c, ')'))
    return false;
  imap->got_content = imap->got_content || content;
  if (uid == 0)
    return true; /* news that nobody asked for */
  item = item_of(imap, uid);
  if (item == NULL)
    return false;
  item->is_seen = true;
  if (size_bytes > 0)
    item->size_bytes = size_bytes;
  if (item->label[0] == '\0')
    memcpy(item->label, imap->label, sizeof item->label);
  return true;
}

/* Behind "* ". */
static enum msim__user_imap_answer on_untagged(struct msim__user_imap *imap, struct msim__imap_cursor *c)
{
  struct msim_slice word;
  uint32_t number;

  if (msim__imap_take_number(c, &number)) {
    if (msim__imap_take_word(c, " FETCH "))
      return on_fetch(imap, c) ? MSIM__USER_IMAP_UNTAGGED : MSIM__USER_IMAP_NONSENSE;
    return MSIM__USER_IMAP_UNTAGGED;
  }
  if (!msim__imap_take_atom(c, &word))
    return MSIM__USER_IMAP_NONSENSE;
  if (msim__slice_is(word, "CAPABILITY"))
    on_capabilities(imap, c);
  else if (msim__slice_is(word, "BYE"))
    return MSIM__USER_IMAP_BYE;
  else if (msim__slice_is(word, "OK") && msim__imap_take_word(c, " [CAPABILITY"))
    on_capabilities(imap, c);
  else if (msim__slice_is(word, "OK"))
    return MSIM__USER_IMAP_UNTAGGED;
  return MSIM__USER_IMAP_UNTAGGED;
}

enum msim__user_imap_answer msim__user_imap_read(struct msim__user_imap *imap, struct msim_slice *rest)
{
  struct msim__imap_cursor c = {(uint8_t *)imap->text.data, 0, imap->text.size_bytes - 2};
  struct msim_slice whole = {c.data, c.end}, word;
  uint32_t tag;

  if (msim__imap_take_byte(&c, '+')) {
    (void)msim__imap_take_byte(&c, ' ');
    *rest = msim__slice_part(whole, c.at, c.end);
    return MSIM__USER_IMAP_GO_ON;
  }
  if (msim__imap_take_word(&c, "* ")) {
    if (imap->state == MSIM__USER_IMAP_GREETING || whole.size_bytes < sizeof imap->reply)
      keep_reply(imap, msim__slice_part(whole, 2, whole.size_bytes));
    return on_untagged(imap, &c);
  }
  if (!msim__imap_take_byte(&c, 'A') || !msim__imap_take_number(&c, &tag) || tag != imap->tag ||
      !msim__imap_take_byte(&c, ' ') || !msim__imap_take_atom(&c, &word))
    return MSIM__USER_IMAP_NONSENSE;
  keep_reply(imap, msim__slice_part(whole, (size_t)(word.data - whole.data), whole.size_bytes));
  return msim__slice_is(word, "OK") ? MSIM__USER_IMAP_OK : MSIM__USER_IMAP_NO;
}
