/* imap_fetch.c: the items of FETCH; see imap_fetch.h. */
#include "proto/imap_fetch.h"

#include "proto/ascii.h"

void msim__imap_fetch_release(struct msim__imap_fetch *fetch, struct msim__mem *mem)
{
  msim__free(mem, fetch->items, fetch->capacity * sizeof *fetch->items);
  msim__free(mem, fetch->names, fetch->name_capacity * sizeof *fetch->names);
  memset(fetch, 0, sizeof *fetch);
}

static int add(struct msim__imap_fetch *fetch, struct msim__mem *mem, enum msim__imap_fetch_kind kind,
               struct msim__imap_fetch_item **out)
{
  int err = msim__grow(mem, &fetch->items, &fetch->capacity, fetch->count + 1, MSIM__IMAP_FETCH_ITEMS_MAX,
                       sizeof *fetch->items);

  if (err != MSIM_OK)
    return err;
  *out = &fetch->items[fetch->count++];
  memset(*out, 0, sizeof **out);
  (*out)->kind = kind;
  (*out)->peek =
      kind < MSIM__IMAP_FETCH_SECTION || kind == MSIM__IMAP_FETCH_RFC822_HEADER || kind == MSIM__IMAP_FETCH_BINARY_SIZE;
  fetch->kinds |= 1u << kind;
  return MSIM_OK;
}

/* "(From To)" */
static int take_names(struct msim__imap_cursor *c, struct msim__imap_fetch *fetch, struct msim__mem *mem,
                      struct msim__imap_section *section)
{
  struct msim_slice name;
  int err;

  if (!msim__imap_take_word(c, " ("))
    return MSIM_ERR_SYNTAX;
  section->name_first = fetch->name_count;
  do {
    if (!msim__imap_take_astring(c, &name))
      return MSIM_ERR_SYNTAX;
    err = msim__grow(mem, &fetch->names, &fetch->name_capacity, fetch->name_count + 1, MSIM__IMAP_FETCH_NAMES_MAX,
                     sizeof *fetch->names);
    if (err != MSIM_OK)
      return err;
    fetch->names[fetch->name_count++] = name;
    section->name_count++;
  } while (msim__imap_take_byte(c, ' '));
  return msim__imap_take_byte(c, ')') ? MSIM_OK : MSIM_ERR_SYNTAX;
}

/* Behind the "[": path and text, up to the "]". */
static int take_section(struct msim__imap_cursor *c, struct msim__imap_fetch *fetch, struct msim__mem *mem,
                        struct msim__imap_section *section)
{
  int err = MSIM_OK;
  uint32_t number;
  bool word = true; /* one may follow */

  while (c->at < c->end && msim__ascii_is_digit(c->data[c->at])) {
    if (section->path_count == MSIM__IMAP_SECTION_DEPTH_MAX)
      return MSIM_ERR_LIMIT;
    if (!msim__imap_take_number(c, &number) || number == 0)
      return MSIM_ERR_SYNTAX;
    section->path[section->path_count++] = number;
    word = msim__imap_take_byte(c, '.');
    if (!word)
      break;
  }
  if (!word)
    section->kind = MSIM__IMAP_SECTION_ALL;
  else if (msim__imap_take_word(c, "HEADER.FIELDS.NOT"))
    section->kind = MSIM__IMAP_SECTION_FIELDS_NOT;
  else if (msim__imap_take_word(c, "HEADER.FIELDS"))
    section->kind = MSIM__IMAP_SECTION_FIELDS;
  else if (msim__imap_take_word(c, "HEADER"))
    section->kind = MSIM__IMAP_SECTION_HEADER;
  else if (msim__imap_take_word(c, "TEXT"))
    section->kind = MSIM__IMAP_SECTION_TEXT;
  else if (section->path_count > 0 && msim__imap_take_word(c, "MIME"))
    section->kind = MSIM__IMAP_SECTION_MIME;
  else if (section->path_count > 0)
    return MSIM_ERR_SYNTAX; /* "1." */
  if (section->kind == MSIM__IMAP_SECTION_FIELDS || section->kind == MSIM__IMAP_SECTION_FIELDS_NOT)
    err = take_names(c, fetch, mem, section);
  return err != MSIM_OK ? err : msim__imap_take_byte(c, ']') ? MSIM_OK : MSIM_ERR_SYNTAX;
}

/* "<0.2048>" */
static int take_partial(struct msim__imap_cursor *c, struct msim__imap_fetch_item *item)
{
  if (!msim__imap_take_byte(c, '<'))
    return MSIM_OK;
  item->is_partial = true;
  return msim__imap_take_number64(c, &item->part_at) && msim__imap_take_byte(c, '.') &&
                 msim__imap_take_number64(c, &item->part_bytes) && item->part_bytes > 0 && msim__imap_take_byte(c, '>')
             ? MSIM_OK
             : MSIM_ERR_SYNTAX;
}

static int take_body(struct msim__imap_cursor *c, struct msim__imap_fetch *fetch, struct msim__mem *mem)
{
  struct msim__imap_section section;
  struct msim__imap_fetch_item *item;
  bool peek = msim__imap_take_word(c, ".PEEK");
  int err;

  if (!msim__imap_take_byte(c, '['))
    return peek ? MSIM_ERR_SYNTAX : add(fetch, mem, MSIM__IMAP_FETCH_BODY, &item);
  memset(&section, 0, sizeof section);
  err = take_section(c, fetch, mem, &section);
  if (err == MSIM_OK)
    err = add(fetch, mem, MSIM__IMAP_FETCH_SECTION, &item);
  if (err != MSIM_OK)
    return err;
  item->section = section;
  item->peek = peek;
  return take_partial(c, item);
}

/* Behind "BINARY": a path and nothing else (RFC 9051 9 section-binary). */
static int take_binary(struct msim__imap_cursor *c, struct msim__imap_fetch *fetch, struct msim__mem *mem)
{
  enum msim__imap_fetch_kind kind =
      msim__imap_take_word(c, ".SIZE") ? MSIM__IMAP_FETCH_BINARY_SIZE : MSIM__IMAP_FETCH_BINARY;
  bool peek = kind == MSIM__IMAP_FETCH_BINARY_SIZE || msim__imap_take_word(c, ".PEEK");
  struct msim__imap_section section;
  struct msim__imap_fetch_item *item;
  int err;

  memset(&section, 0, sizeof section);
  err = msim__imap_take_byte(c, '[') ? take_section(c, fetch, mem, &section) : MSIM_ERR_SYNTAX;
  if (err == MSIM_OK && section.kind != MSIM__IMAP_SECTION_ALL)
    err = MSIM_ERR_SYNTAX;
  if (err == MSIM_OK)
    err = add(fetch, mem, kind, &item);
  if (err != MSIM_OK)
    return err;
  item->section = section;
  item->peek = peek;
  return kind == MSIM__IMAP_FETCH_BINARY ? take_partial(c, item) : MSIM_OK;
}

static int take_item(struct msim__imap_cursor *c, struct msim__imap_fetch *fetch, struct msim__mem *mem)
{
  static const struct {
    const char *name;
    enum msim__imap_fetch_kind kind;
  } rows[] = {/* longer ones first */
              {"BODYSTRUCTURE", MSIM__IMAP_FETCH_BODYSTRUCTURE},
              {"RFC822.HEADER", MSIM__IMAP_FETCH_RFC822_HEADER},
              {"RFC822.SIZE", MSIM__IMAP_FETCH_SIZE},
              {"RFC822.TEXT", MSIM__IMAP_FETCH_RFC822_TEXT},
              {"RFC822", MSIM__IMAP_FETCH_RFC822},
              {"INTERNALDATE", MSIM__IMAP_FETCH_INTERNALDATE},
              {"ENVELOPE", MSIM__IMAP_FETCH_ENVELOPE},
              {"MODSEQ", MSIM__IMAP_FETCH_MODSEQ},
              {"FLAGS", MSIM__IMAP_FETCH_FLAGS},
              {"UID", MSIM__IMAP_FETCH_UID}};
  struct msim__imap_fetch_item *item;
  size_t i;

  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (msim__imap_take_word(c, rows[i].name))
      return add(fetch, mem, rows[i].kind, &item);
  if (msim__imap_take_word(c, "BINARY"))
    return take_binary(c, fetch, mem);
  return msim__imap_take_word(c, "BODY") ? take_body(c, fetch, mem) : MSIM_ERR_SYNTAX;
}

/* RFC 3501 6.4.5: they stand alone. 1: taken. */
static int take_macro(struct msim__imap_cursor *c, struct msim__imap_fetch *fetch, struct msim__mem *mem)
{
  static const enum msim__imap_fetch_kind kinds[] = {MSIM__IMAP_FETCH_FLAGS, MSIM__IMAP_FETCH_INTERNALDATE,
                                                     MSIM__IMAP_FETCH_SIZE, MSIM__IMAP_FETCH_ENVELOPE,
                                                     MSIM__IMAP_FETCH_BODY};
  struct msim__imap_fetch_item *item;
  size_t count = msim__imap_take_word(c, "FAST") ? 3 : msim__imap_take_word(c, "ALL") ? 4 : 0, i;
  int err = MSIM_OK;

  if (count == 0 && msim__imap_take_word(c, "FULL"))
    count = 5;
  for (i = 0; i < count && err == MSIM_OK; i++)
    err = add(fetch, mem, kinds[i], &item);
  return err != MSIM_OK ? err : count > 0;
}

int msim__imap_take_fetch(struct msim__imap_cursor *c, struct msim__imap_fetch *fetch, struct msim__mem *mem)
{
  size_t before = c->at, i;
  int err = take_macro(c, fetch, mem);

  if (err == 1) {
    err = MSIM_OK;
  } else if (err == 0 && msim__imap_take_byte(c, '(')) {
    do
      err = take_item(c, fetch, mem);
    while (err == MSIM_OK && msim__imap_take_byte(c, ' '));
    if (err == MSIM_OK && !msim__imap_take_byte(c, ')'))
      err = MSIM_ERR_SYNTAX;
  } else if (err == 0) {
    err = take_item(c, fetch, mem);
  }
  for (i = 0; i < fetch->count; i++)
    fetch->sets_seen = fetch->sets_seen || !fetch->items[i].peek;
  if (err != MSIM_OK)
    c->at = before;
  return err;
}
