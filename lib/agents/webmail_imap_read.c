/* webmail_imap_read.c: what an IMAP server says to the webmail (RFC 3501 7): the few things that it looks for, and how
 * to pass over all others. See webmail_imap.h. */
#include "agents/webmail_imap.h"

#include "mail/store.h"
#include "proto/ascii.h"
#include "proto/imap_mailbox.h"
#include "proto/imap_response.h"

#include <stdio.h>

/* Printable, and cut. */
static void keep_reply(struct msim__webmail_imap *imap, struct msim_slice line)
{
  size_t i;

  for (i = 0; i < line.size_bytes && i + 1 < sizeof imap->reply; i++)
    imap->reply[i] = msim__ascii_is_control(line.data[i]) ? '?' : (char)line.data[i];
  imap->reply[i] = '\0';
}

/* "IMAP4rev1 SASL-IR AUTH=PLAIN …" */
static void on_capabilities(struct msim__webmail_imap *imap, struct msim__imap_cursor *c)
{
  struct msim_slice word;

  while (msim__imap_take_byte(c, ' ') && msim__imap_take_atom(c, &word))
    if (word.size_bytes > 5 && msim__slice_is(msim__slice_part(word, 0, 5), "AUTH="))
      msim__smtp_credentials_offer(&imap->talk.login, msim__slice_part(word, 5, word.size_bytes));
    else if (msim__slice_is(word, "SASL-IR"))
      imap->sasl_ir = true;
    else if (msim__slice_is(word, "MOVE"))
      imap->has_move = true;
    else if (msim__slice_is(word, "UIDPLUS"))
      imap->has_uidplus = true;
}

/* "(\HasNoChildren) "/" name" */
static bool on_list(struct msim__webmail_imap *imap, struct msim__imap_cursor *c)
{
  char name[MSIM__IMAP_MAILBOX_BYTES_MAX + 1];
  struct msim_slice flag, word;
  bool no_select = false;
  size_t n;

  if (!msim__imap_take_byte(c, '('))
    return false;
  while (msim__imap_take_flag(c, &flag)) {
    no_select = no_select || msim__slice_is(flag, "\\Noselect") || msim__slice_is(flag, "\\NonExistent");
    if (!msim__imap_take_byte(c, ' '))
      break;
  }
  if (!msim__imap_take_byte(c, ')') || !msim__imap_take_byte(c, ' ') || !msim__imap_skip_value(c) ||
      !msim__imap_take_byte(c, ' ') || !msim__imap_take_astring(c, &word))
    return false;
  if (no_select || imap->talk.job == NULL ||
      msim__imap_utf7_decode(word, (uint8_t *)name, sizeof name - 1, &n) != MSIM_OK)
    return true;
  name[n] = '\0';
  if (!msim__slice_is(msim__slice_text(name), "INBOX"))
    (void)msim__webmail_found_folder(imap->talk.job, name);
  return true;
}

static bool on_search(struct msim__webmail_imap *imap, struct msim__imap_cursor *c)
{
  uint32_t uid;

  while (msim__imap_take_byte(c, ' ') && msim__imap_take_number(c, &uid)) {
    if (msim__grow(&imap->talk.webmail->serving.mem, &imap->uids, &imap->uid_capacity, imap->uid_count + 1,
                   MSIM__STORE_ITEMS_MAX, sizeof *imap->uids) != MSIM_OK)
      return false;
    imap->uids[imap->uid_count++] = uid;
  }
  return true;
}

/* ---- FETCH ---- */

struct fetched {
  uint32_t uid;
  unsigned flags;
  uint64_t size_bytes;
  int64_t internal_unix_s;
  bool has_content, has_header;
  struct msim_slice content, header;
};

static bool take_flags(struct msim__imap_cursor *c, unsigned *flags)
{
  struct msim_slice flag;

  if (!msim__imap_take_byte(c, '('))
    return false;
  while (msim__imap_take_flag(c, &flag)) {
    *flags |= msim__slice_is(flag, "\\Seen")       ? MSIM__WEBMAIL_SEEN
              : msim__slice_is(flag, "\\Flagged")  ? MSIM__WEBMAIL_FLAGGED
              : msim__slice_is(flag, "\\Answered") ? MSIM__WEBMAIL_ANSWERED
                                                   : 0u;
    if (!msim__imap_take_byte(c, ' '))
      break;
  }
  return msim__imap_take_byte(c, ')');
}

static bool take_item(struct msim__imap_cursor *c, struct msim_slice name, struct fetched *out)
{
  static const char header[] = "BODY[HEADER.FIELDS";

  if (msim__slice_is(name, "UID"))
    return msim__imap_take_number(c, &out->uid);
  if (msim__slice_is(name, "RFC822.SIZE"))
    return msim__imap_take_number64(c, &out->size_bytes);
  if (msim__slice_is(name, "FLAGS"))
    return take_flags(c, &out->flags);
  if (msim__slice_is(name, "INTERNALDATE"))
    return msim__imap_take_date_time(c, &out->internal_unix_s);
  if (msim__slice_is(name, "BODY[]"))
    return out->has_content = msim__imap_take_string(c, &out->content);
  if (name.size_bytes > sizeof header && msim__slice_is(msim__slice_part(name, 0, sizeof header - 1), header))
    return out->has_header = msim__imap_take_string(c, &out->header);
  return msim__imap_skip_value(c);
}

static bool keep_row(struct msim__webmail_imap *imap, const struct fetched *fetched)
{
  struct msim__webmail_job *job = imap->talk.job;
  struct msim__webmail_item *item = msim__webmail_found_item(job, fetched->header);

  if (item == NULL)
    return false;
  item->id = msim__webmail_format(job, "%lu.%lu", (unsigned long)imap->uid_validity, (unsigned long)fetched->uid);
  item->label = msim__webmail_copy_text(job, msim__slice_text(imap->label));
  item->size_bytes = fetched->size_bytes;
  item->flags = fetched->flags;
  if (item->unix_s == 0)
    item->unix_s = fetched->internal_unix_s;
  return item->id != NULL && item->label != NULL;
}

/* Behind "* 5 FETCH ". */
static bool on_fetch(struct msim__webmail_imap *imap, struct msim__imap_cursor *c)
{
  struct msim__webmail_job *job = imap->talk.job;
  struct fetched fetched;
  struct msim_slice name;

  memset(&fetched, 0, sizeof fetched);
  if (!msim__imap_take_byte(c, '('))
    return false;
  do {
    if (!msim__imap_take_item_name(c, &name) || !take_item(c, name, &fetched))
      return false;
  } while (msim__imap_take_byte(c, ' '));
  if (!msim__imap_take_byte(c, ')'))
    return false;
  if (job == NULL || fetched.uid == 0)
    return true; /* news that nobody asked for */
  if (imap->state == MSIM__WEBMAIL_IMAP_ROWS && fetched.has_header)
    return keep_row(imap, &fetched);
  if (imap->state != MSIM__WEBMAIL_IMAP_FETCH || !fetched.has_content || imap->got_content)
    return true;
  imap->got_content = true;
  job->found.flags = fetched.flags;
  job->found.label = msim__webmail_copy_text(job, msim__slice_text(imap->label));
  return msim__buf_append(&job->found.mail, fetched.content.data, fetched.content.size_bytes) == MSIM_OK;
}

/* ---- responses ---- */

/* Behind "* OK ". */
static void on_code(struct msim__webmail_imap *imap, struct msim__imap_cursor *c)
{
  if (msim__imap_take_word(c, "[CAPABILITY"))
    on_capabilities(imap, c);
  else if (msim__imap_take_word(c, "[UIDVALIDITY "))
    (void)msim__imap_take_number(c, &imap->uid_validity);
}

/* Behind "* ". */
static enum msim__webmail_imap_answer on_untagged(struct msim__webmail_imap *imap, struct msim__imap_cursor *c)
{
  struct msim_slice word;
  uint32_t number;
  bool fine = true;

  if (msim__imap_take_number(c, &number)) {
    if (msim__imap_take_word(c, " FETCH "))
      fine = on_fetch(imap, c);
    else if (msim__imap_take_word(c, " EXISTS"))
      imap->exists = number;
    return fine ? MSIM__WEBMAIL_IMAP_UNTAGGED : MSIM__WEBMAIL_IMAP_NONSENSE;
  }
  if (!msim__imap_take_atom(c, &word))
    return MSIM__WEBMAIL_IMAP_NONSENSE;
  if (msim__slice_is(word, "BYE"))
    return MSIM__WEBMAIL_IMAP_BYE;
  if (msim__slice_is(word, "CAPABILITY"))
    on_capabilities(imap, c);
  else if (msim__slice_is(word, "OK") && msim__imap_take_byte(c, ' '))
    on_code(imap, c);
  else if (msim__slice_is(word, "LIST") && msim__imap_take_byte(c, ' '))
    fine = on_list(imap, c);
  else if (msim__slice_is(word, "SEARCH"))
    fine = on_search(imap, c);
  return fine ? MSIM__WEBMAIL_IMAP_UNTAGGED : MSIM__WEBMAIL_IMAP_NONSENSE;
}

enum msim__webmail_imap_answer msim__webmail_imap_read(struct msim__webmail_imap *imap, struct msim_slice *rest)
{
  struct msim__imap_cursor c = {(uint8_t *)imap->text.data, 0, imap->text.size_bytes - 2};
  struct msim_slice whole = {c.data, c.end}, word;
  uint32_t tag;

  if (msim__imap_take_byte(&c, '+')) {
    (void)msim__imap_take_byte(&c, ' ');
    *rest = msim__slice_part(whole, c.at, c.end);
    return MSIM__WEBMAIL_IMAP_GO_ON;
  }
  if (msim__imap_take_word(&c, "* ")) {
    if (imap->state == MSIM__WEBMAIL_IMAP_GREETING)
      keep_reply(imap, msim__slice_part(whole, 2, whole.size_bytes));
    return on_untagged(imap, &c);
  }
  if (!msim__imap_take_byte(&c, 'W') || !msim__imap_take_number(&c, &tag) || tag != imap->tag ||
      !msim__imap_take_byte(&c, ' ') || !msim__imap_take_atom(&c, &word))
    return MSIM__WEBMAIL_IMAP_NONSENSE;
  keep_reply(imap, msim__slice_part(whole, (size_t)(word.data - whole.data), whole.size_bytes));
  *rest = msim__slice_part(whole, c.at, c.end);
  if (msim__imap_take_word(&c, " [CAPABILITY"))
    on_capabilities(imap, &c);
  return msim__slice_is(word, "OK") ? MSIM__WEBMAIL_IMAP_OK : MSIM__WEBMAIL_IMAP_NO;
}
