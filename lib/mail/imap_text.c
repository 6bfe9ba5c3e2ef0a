/* imap_text.c: strings of IMAP, and the parts of a message; see imap_text.h. */
#include "mail/imap_text.h"

#include "proto/ascii.h"
#include "proto/imap_lex.h"
#include "proto/imap_mailbox.h"

#define QUOTED_BYTES_MAX 1000u
#define FIRST_PARTS 16u

static bool is_quotable(struct msim_slice text)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++)
    if (text.data[i] >= 0x7f || text.data[i] < 0x20)
      return false;
  return text.size_bytes <= QUOTED_BYTES_MAX;
}

void msim__imap_put_string(struct msim__buf *out, struct msim_slice text)
{
  size_t i, nul_count = 0;

  if (is_quotable(text)) {
    msim__buf_append_byte(out, '"');
    for (i = 0; i < text.size_bytes; i++) {
      if (text.data[i] == '"' || text.data[i] == '\\')
        msim__buf_append_byte(out, '\\');
      msim__buf_append_byte(out, (char)text.data[i]);
    }
    msim__buf_append_byte(out, '"');
    return;
  }
  for (i = 0; i < text.size_bytes; i++)
    nul_count += text.data[i] == '\0';
  msim__buf_printf(out, "{%zu}\r\n", text.size_bytes - nul_count);
  for (i = 0; nul_count > 0 && i < text.size_bytes; i++)
    if (text.data[i] != '\0')
      msim__buf_append_byte(out, (char)text.data[i]);
  if (nul_count == 0)
    msim__buf_append(out, text.data, text.size_bytes);
}

void msim__imap_put_nstring(struct msim__buf *out, struct msim_slice text)
{
  if (text.data == NULL)
    msim__buf_append_text(out, "NIL");
  else
    msim__imap_put_string(out, text);
}

void msim__imap_put_mailbox(struct msim__buf *out, struct msim_slice utf8)
{
  uint8_t name[4 * MSIM__IMAP_MAILBOX_BYTES_MAX + 2];
  struct msim_slice text = {name, 0};

  if (msim__imap_utf7_encode(utf8, name, sizeof name, &text.size_bytes) != MSIM_OK)
    text = utf8;
  msim__imap_put_astring(out, text);
}

void msim__imap_put_astring(struct msim__buf *out, struct msim_slice text)
{
  bool atom;
  size_t i;

  atom = text.size_bytes > 0 && !msim__slice_is(text, "NIL");
  for (i = 0; i < text.size_bytes && atom; i++)
    atom = msim__imap_is_atom_char(text.data[i]);
  if (atom)
    msim__buf_append(out, text.data, text.size_bytes);
  else
    msim__imap_put_string(out, text);
}

int msim__imap_parts_find(struct msim__imap_parts *parts, struct msim__mem *mem, struct msim_slice message)
{
  size_t wanted = FIRST_PARTS;
  int err;

  memset(parts, 0, sizeof *parts);
  parts->message = message;
  for (;;) {
    parts->capacity = wanted;
    parts->parts = msim__alloc(mem, wanted * sizeof *parts->parts);
    if (parts->parts == NULL)
      return MSIM_ERR_NOMEM;
    err = msim__mime_walk(message, parts->parts, wanted, &parts->count);
    if (err == MSIM_OK || wanted == MSIM__IMAP_PARTS_MAX)
      return MSIM_OK;
    msim__imap_parts_release(parts, mem);
    parts->message = message;
    wanted = MSIM__IMAP_PARTS_MAX;
  }
}

void msim__imap_parts_release(struct msim__imap_parts *parts, struct msim__mem *mem)
{
  msim__free(mem, parts->parts, parts->capacity * sizeof *parts->parts);
  memset(parts, 0, sizeof *parts);
}
