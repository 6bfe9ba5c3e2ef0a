/* imap_match.c: whether a message is one that SEARCH looks for; see imap_match.h. */
#include "mail/imap_match.h"

#include "proto/ascii.h"
#include "proto/date.h"
#include "proto/encoded_word.h"
#include "proto/header.h"

#define DAY_S 86400

/* ---- text ---- */

static bool contains(struct msim_slice text, struct msim_slice what)
{
  size_t at;

  for (at = 0; at + what.size_bytes <= text.size_bytes; at++)
    if (what.size_bytes == 0 || (msim__ascii_lower(text.data[at]) == msim__ascii_lower(what.data[0]) &&
                                 msim__slice_equal_nocase(msim__slice_part(text, at, at + what.size_bytes), what)))
      return true;
  return false;
}

static struct msim_slice header_of(const struct msim__imap_parts *parts)
{
  return msim__slice_part(parts->message, parts->parts[0].header_at,
                          parts->parts[0].header_at + parts->parts[0].header_bytes);
}

/* A value unfolded, and with its encoded words decoded. */
static bool field_contains(struct msim__imap_match *match, struct msim_slice value, struct msim_slice what)
{
  size_t room_bytes = 4 * value.size_bytes + 1, n, decoded_bytes;
  uint8_t *room = msim__alloc(match->mem, room_bytes);
  bool found;

  if (room == NULL) {
    match->err = MSIM_ERR_NOMEM;
    return false;
  }
  (void)msim__header_unfold(value, room, value.size_bytes, &n);
  (void)msim__encoded_words_decode((struct msim_slice){room, n}, room + n, room_bytes - n, &decoded_bytes);
  found = contains((struct msim_slice){room, n}, what) || contains((struct msim_slice){room + n, decoded_bytes}, what);
  msim__free(match->mem, room, room_bytes);
  return found;
}

/* Any field of that name. An empty text is found where the field is (RFC 3501 6.4.4). */
static bool header_contains(struct msim__imap_match *match, struct msim_slice name, struct msim_slice what)
{
  const struct msim__imap_parts *parts = match->parts(match->ctx);
  struct msim__header_field field;
  struct msim__header_iter iter;

  if (parts == NULL)
    return false;
  msim__header_iter_init(&iter, header_of(parts));
  while (msim__header_next(&iter, &field) == 1)
    if (!field.bad && msim__slice_equal_nocase(field.name, name) && field_contains(match, field.value, what))
      return true;
  return false;
}

static bool part_contains(struct msim__imap_match *match, const struct msim__imap_parts *parts, size_t index,
                          struct msim_slice what)
{
  const struct msim__mime_part *part = &parts->parts[index];
  struct msim_slice body = msim__slice_part(parts->message, part->body_at, part->body_at + part->body_bytes);
  size_t room_bytes = body.size_bytes + MSIM__IMAP_DECODE_ROOM_BYTES;
  uint8_t *room;
  bool found;

  if (part->kind != MSIM__MIME_LEAF)
    return false;
  if (part->encoding != MSIM__MIME_BASE64 && part->encoding != MSIM__MIME_QUOTED)
    return contains(body, what);
  room = msim__alloc(match->mem, room_bytes);
  if (room == NULL) {
    match->err = MSIM_ERR_NOMEM;
    return false;
  }
  found = contains((struct msim_slice){room, msim__imap_decode(part->encoding, body, room, room_bytes)}, what);
  msim__free(match->mem, room, room_bytes);
  return found;
}

static bool body_contains(struct msim__imap_match *match, struct msim_slice what)
{
  const struct msim__imap_parts *parts = match->parts(match->ctx);
  size_t i;

  if (parts == NULL)
    return false;
  if (contains(msim__slice_part(parts->message, parts->parts[0].body_at, parts->message.size_bytes), what))
    return true;
  for (i = 0; i < parts->count; i++)
    if (part_contains(match, parts, i, what))
      return true;
  return false;
}

static bool text_contains(struct msim__imap_match *match, struct msim_slice what)
{
  const struct msim__imap_parts *parts = match->parts(match->ctx);
  struct msim__header_field field;
  struct msim__header_iter iter;

  if (parts == NULL)
    return false;
  if (contains(header_of(parts), what) || body_contains(match, what))
    return true;
  msim__header_iter_init(&iter, header_of(parts));
  while (msim__header_next(&iter, &field) == 1)
    if (!field.bad && field_contains(match, field.value, what))
      return true;
  return false;
}

/* ---- days ---- */

static int64_t day_of(int64_t unix_s)
{
  return unix_s >= 0 ? unix_s / DAY_S : -((-unix_s + DAY_S - 1) / DAY_S);
}

/* The day of the field Date in its own zone (RFC 3501 6.4.4: disregarding time and timezone). */
static bool sent_day(struct msim__imap_match *match, int64_t *day)
{
  const struct msim__imap_parts *parts = match->parts(match->ctx);
  struct msim__header_field field;
  int64_t unix_s;
  int zone;

  if (parts == NULL || msim__header_find(header_of(parts), "Date", 0, &field) != 1 ||
      msim__date_parse_mail(&unix_s, &zone, field.value) != MSIM_OK)
    return false;
  *day = day_of(unix_s + zone * 60);
  return true;
}

static bool day_fits(struct msim__imap_match *match, const struct msim__imap_search_node *node)
{
  int64_t wanted = day_of(node->day_unix_s), day = day_of(match->item->added_unix_s + match->zone_minutes * 60);

  switch (node->kind) {
  case MSIM__IMAP_SEARCH_BEFORE:
    return day < wanted;
  case MSIM__IMAP_SEARCH_ON:
    return day == wanted;
  case MSIM__IMAP_SEARCH_SINCE:
    return day >= wanted;
  case MSIM__IMAP_SEARCH_SENTBEFORE:
    return sent_day(match, &day) && day < wanted;
  case MSIM__IMAP_SEARCH_SENTON:
    return sent_day(match, &day) && day == wanted;
  default:
    return sent_day(match, &day) && day >= wanted;
  }
}

/* ---- keys ---- */

static bool has_keyword(const struct msim__imap_match *match, struct msim_slice name)
{
  size_t i;

  for (i = 0; i < match->box->keyword_count; i++)
    if (msim__slice_is(name, match->box->keywords[i]))
      return (match->item->flags >> (MSIM__FLAG_COUNT + i) & 1) != 0;
  return false;
}

static bool fits(struct msim__imap_match *match, const struct msim__imap_search *search, uint32_t at);

/* AND over what is below a node. */
static bool all_fit(struct msim__imap_match *match, const struct msim__imap_search *search, uint32_t child)
{
  for (; child != 0; child = search->nodes[child].next)
    if (!fits(match, search, child))
      return false;
  return true;
}

static bool flags_fit(const struct msim__imap_match *match, enum msim__imap_search_kind kind)
{
  uint32_t flags = match->item->flags;

  switch (kind) {
  case MSIM__IMAP_SEARCH_ANSWERED:
    return (flags & MSIM__FLAG_ANSWERED) != 0;
  case MSIM__IMAP_SEARCH_DELETED:
    return (flags & MSIM__FLAG_DELETED) != 0;
  case MSIM__IMAP_SEARCH_DRAFT:
    return (flags & MSIM__FLAG_DRAFT) != 0;
  case MSIM__IMAP_SEARCH_FLAGGED:
    return (flags & MSIM__FLAG_FLAGGED) != 0;
  case MSIM__IMAP_SEARCH_SEEN:
    return (flags & MSIM__FLAG_SEEN) != 0;
  case MSIM__IMAP_SEARCH_UNANSWERED:
    return (flags & MSIM__FLAG_ANSWERED) == 0;
  case MSIM__IMAP_SEARCH_UNDELETED:
    return (flags & MSIM__FLAG_DELETED) == 0;
  case MSIM__IMAP_SEARCH_UNDRAFT:
    return (flags & MSIM__FLAG_DRAFT) == 0;
  case MSIM__IMAP_SEARCH_UNFLAGGED:
    return (flags & MSIM__FLAG_FLAGGED) == 0;
  case MSIM__IMAP_SEARCH_UNSEEN:
    return (flags & MSIM__FLAG_SEEN) == 0;
  case MSIM__IMAP_SEARCH_RECENT:
    return match->recent;
  case MSIM__IMAP_SEARCH_OLD:
    return !match->recent;
  case MSIM__IMAP_SEARCH_NEW:
    return match->recent && (flags & MSIM__FLAG_SEEN) == 0;
  default:
    return true; /* ALL */
  }
}

/* Calls itself no deeper than MSIM__IMAP_SEARCH_DEPTH_MAX. */
static bool fits(struct msim__imap_match *match, const struct msim__imap_search *search, uint32_t at)
{
  static const char *const names[] = {"Bcc", "Cc", "From", "Subject", "To"};
  const struct msim__imap_search_node *node = &search->nodes[at];

  switch (node->kind) {
  case MSIM__IMAP_SEARCH_AND:
    return all_fit(match, search, node->child);
  case MSIM__IMAP_SEARCH_OR:
    return fits(match, search, node->child) || fits(match, search, search->nodes[node->child].next);
  case MSIM__IMAP_SEARCH_NOT:
    return !fits(match, search, node->child);
  case MSIM__IMAP_SEARCH_NUMBERS:
    return node->set.is_saved ? msim__imap_set_has(match->saved, match->item->uid)
                              : msim__imap_set_has(&node->set, match->number);
  case MSIM__IMAP_SEARCH_UID:
    return msim__imap_set_has(node->set.is_saved ? match->saved : &node->set, match->item->uid);
  case MSIM__IMAP_SEARCH_BCC:
    return header_contains(match, msim__slice_text(names[0]), node->text);
  case MSIM__IMAP_SEARCH_CC:
    return header_contains(match, msim__slice_text(names[1]), node->text);
  case MSIM__IMAP_SEARCH_FROM:
    return header_contains(match, msim__slice_text(names[2]), node->text);
  case MSIM__IMAP_SEARCH_SUBJECT:
    return header_contains(match, msim__slice_text(names[3]), node->text);
  case MSIM__IMAP_SEARCH_TO:
    return header_contains(match, msim__slice_text(names[4]), node->text);
  case MSIM__IMAP_SEARCH_HEADER:
    return header_contains(match, node->field, node->text);
  case MSIM__IMAP_SEARCH_BODY:
    return body_contains(match, node->text);
  case MSIM__IMAP_SEARCH_TEXT:
    return text_contains(match, node->text);
  case MSIM__IMAP_SEARCH_KEYWORD:
    return has_keyword(match, node->text);
  case MSIM__IMAP_SEARCH_UNKEYWORD:
    return !has_keyword(match, node->text);
  case MSIM__IMAP_SEARCH_LARGER:
    return msim__store_item_bytes(match->item) > node->number;
  case MSIM__IMAP_SEARCH_SMALLER:
    return msim__store_item_bytes(match->item) < node->number;
  case MSIM__IMAP_SEARCH_MODSEQ:
    return match->item->modseq >= node->number;
  case MSIM__IMAP_SEARCH_BEFORE:
  case MSIM__IMAP_SEARCH_ON:
  case MSIM__IMAP_SEARCH_SINCE:
  case MSIM__IMAP_SEARCH_SENTBEFORE:
  case MSIM__IMAP_SEARCH_SENTON:
  case MSIM__IMAP_SEARCH_SENTSINCE:
    return day_fits(match, node);
  default:
    return flags_fit(match, node->kind);
  }
}

bool msim__imap_matches(struct msim__imap_match *match, const struct msim__imap_search *search)
{
  return fits(match, search, 0);
}
