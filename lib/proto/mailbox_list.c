/* mailbox_list.c: lists of addresses in header fields; see mailbox_list.h. */
#include "proto/mailbox_list.h"

#include "proto/ascii.h"
#include "proto/cfws.h"

/* The byte that tells what the words from `at` on are, and where it stands: one of < @ : , ; or 0 at the end. */
static uint8_t find_delimiter(struct msim_slice text, size_t at, size_t *where)
{
  while (at < text.size_bytes) {
    uint8_t c = text.data[at];

    if (c == '"') {
      at = msim__quoted_read(text, at, NULL);
    } else if (c == '(') {
      at = msim__comment_read(text, at, NULL);
    } else if (c == '<' || c == '@' || c == ':' || c == ',' || c == ';') {
      *where = at;
      return c;
    } else {
      at++;
    }
  }
  *where = at;
  return 0;
}

/* Words up to `end` as a phrase: unquoted, one space between them. */
static void read_phrase(struct msim_slice text, size_t at, size_t end, struct msim__scratch *out)
{
  struct msim_slice part = msim__slice_part(text, 0, end);
  size_t from = out->size_bytes, stop;

  while ((at = msim__cfws_skip(part, at)) < end) {
    if (out->size_bytes > from)
      msim__scratch_put(out, ' ');
    if (part.data[at] == '"') {
      at = msim__quoted_read(part, at, out);
      continue;
    }
    stop = msim__atom_end(part, at);
    stop = stop == at ? at + 1 : stop; /* a special that has no business here stands for itself */
    for (; at < stop; at++)
      msim__scratch_put(out, part.data[at]);
  }
}

/* Everything up to one of the bytes in `stops`, as it is written but without white space and comments. */
static size_t read_bare(struct msim_slice text, size_t at, const char *stops, struct msim__scratch *out)
{
  while ((at = msim__cfws_skip(text, at)) < text.size_bytes) {
    uint8_t c = text.data[at];
    size_t stop;

    if (c != '\0' && strchr(stops, c) != NULL)
      break;
    stop = c == '"' ? msim__quoted_read(text, at, NULL) : at + 1;
    for (; at < stop; at++)
      if (text.data[at] != '\r' && text.data[at] != '\n')
        msim__scratch_put(out, text.data[at]);
  }
  return at;
}

/* Of the text between `from` and `to`, the last comment. */
static void read_comment(struct msim_slice text, size_t from, size_t to, struct msim__scratch *out)
{
  struct msim_slice part = msim__slice_part(text, 0, to);
  size_t begin = out->size_bytes;

  while (from < to) {
    if (part.data[from] == '"') {
      from = msim__quoted_read(part, from, NULL);
    } else if (part.data[from] == '(') {
      out->size_bytes = begin;
      from = msim__comment_read(part, from, out);
    } else {
      from++;
    }
  }
}

static struct msim_slice since(const struct msim__scratch *out, size_t from)
{
  return msim__slice_part((struct msim_slice){out->data, out->size_bytes}, from, out->size_bytes);
}

static size_t read_domain(struct msim_slice text, size_t at, const char *stops, struct msim__scratch *out)
{
  size_t first = msim__cfws_skip(text, at);

  if (first < text.size_bytes && text.data[first] == '[') { /* a literal may hold what ends a list elsewhere */
    at = read_bare(text, first, "]", out);
    if (at < text.size_bytes)
      msim__scratch_put(out, text.data[at++]);
  }
  return read_bare(text, at, stops, out);
}

/* "<" at `at`: the address in angle brackets, with the route that RFC 5322 4.4 lets it have, which is dropped. */
static size_t read_angle(struct msim_slice text, size_t at, struct msim__mailbox_list_item *item,
                         struct msim__scratch *out)
{
  size_t from, where;

  at = msim__cfws_skip(text, at + 1);
  if (at < text.size_bytes && text.data[at] == '@') {
    const uint8_t *close = memchr(text.data + at, '>', text.size_bytes - at);
    size_t end = close != NULL ? (size_t)(close - text.data) : text.size_bytes;

    for (where = at; where < end && text.data[where] != ':'; where++)
      continue;
    if (where < end)
      at = where + 1;
  }
  from = out->size_bytes;
  at = read_bare(text, at, "@>", out);
  item->local = since(out, from);
  if (at < text.size_bytes && text.data[at] == '@') {
    from = out->size_bytes;
    at = read_domain(text, at + 1, ">", out);
    item->domain = since(out, from);
  }
  if (at < text.size_bytes)
    at++;
  /* what follows up to the next comma is nothing */
  while ((at = msim__cfws_skip(text, at)) < text.size_bytes && text.data[at] != ',' && text.data[at] != ';')
    at++;
  return at;
}

/* A bare address, or words without one. */
static size_t read_plain(struct msim_slice text, size_t at, struct msim__mailbox_list_item *item,
                         struct msim__scratch *out)
{
  size_t begin = at, from = out->size_bytes;

  at = read_bare(text, at, "@,;", out);
  item->local = since(out, from);
  if (at < text.size_bytes && text.data[at] == '@') {
    from = out->size_bytes;
    at = read_domain(text, at + 1, ",;<", out);
    item->domain = since(out, from);
    if (at < text.size_bytes && text.data[at] == '<') /* a@b <a@b>: the brackets repeat it */
      at = read_angle(text, at, item, out);
  }
  from = out->size_bytes;
  read_comment(text, begin, at, out);
  item->name = since(out, from);
  return at;
}

static size_t skip_separators(struct msim__mailbox_list *list)
{
  size_t at = list->at;

  while ((at = msim__cfws_skip(list->text, at)) < list->text.size_bytes &&
         (list->text.data[at] == ',' || (list->text.data[at] == ';' && !list->in_group)))
    at++;
  return at;
}

int msim__mailbox_list_next(struct msim__mailbox_list *list, struct msim__mailbox_list_item *out, uint8_t *room,
                            size_t room_bytes)
{
  struct msim__scratch scratch = {room, room_bytes, 0, false};
  size_t at = skip_separators(list), where;
  uint8_t delimiter;

  memset(out, 0, sizeof *out);
  if (at >= list->text.size_bytes || list->text.data[at] == ';') {
    bool ends = list->in_group;

    list->at = at < list->text.size_bytes ? at + 1 : at;
    list->in_group = false;
    out->kind = MSIM__MAILBOX_GROUP_END;
    return ends ? 1 : 0;
  }
  delimiter = find_delimiter(list->text, at, &where);
  if (delimiter == ':' && !list->in_group) {
    out->kind = MSIM__MAILBOX_GROUP;
    list->in_group = true;
    read_phrase(list->text, at, where, &scratch);
    out->name = since(&scratch, 0);
    list->at = where + 1;
  } else if (delimiter == '<') {
    read_phrase(list->text, at, where, &scratch);
    out->name = since(&scratch, 0);
    list->at = read_angle(list->text, where, out, &scratch);
  } else {
    list->at = read_plain(list->text, at, out, &scratch);
  }
  out->cut = scratch.cut;
  return 1;
}
