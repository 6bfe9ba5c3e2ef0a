/* letters.c: messages that were written beforehand; see letters.h. */
#include "mail/letters.h"

#include <string.h>

struct row {
  struct row *next;
  struct msim__letter letter;
};

/* The room of this layer: a list, since there are few, and each is looked up once or twice. */
struct room {
  struct row *first;
  struct msim__laid *laid, *laid_last;
  size_t laid_bytes;
  uint32_t count, laid_count;
};

const struct msim__letter *msim__letter_find(const struct msim_sim *sim, const char *label)
{
  const struct room *room = sim->rooms[MSIM__ROOM_MAIL];
  const struct row *row;

  for (row = room != NULL ? room->first : NULL; row != NULL; row = row->next)
    if (strcmp(row->letter.label, label) == 0)
      return &row->letter;
  return NULL;
}

/* With CRLF at the end of each line, into out unless that is NULL; how many bytes. */
static size_t put_lines(uint8_t *out, struct msim_slice text)
{
  size_t i, n = 0;

  for (i = 0; i < text.size_bytes; i++) {
    uint8_t c = text.data[i];
    bool is_end = c == '\n' || c == '\r' || i + 1 == text.size_bytes;

    if (c != '\n' && c != '\r') {
      if (out != NULL)
        out[n] = c;
      n++;
    } else if (c == '\r' && i + 1 < text.size_bytes && text.data[i + 1] == '\n') {
      i++;
    }
    if (is_end && out != NULL)
      memcpy(out + n, "\r\n", 2);
    n += is_end ? 2 : 0;
  }
  return n;
}

static struct room *open_room(struct msim_sim *sim)
{
  struct room *room = sim->rooms[MSIM__ROOM_MAIL];

  if (room == NULL)
    sim->rooms[MSIM__ROOM_MAIL] = room = msim__arena_alloc(&sim->arena, sizeof *room);
  return room;
}

static int check_text(struct msim_slice text)
{
  if (text.size_bytes > MSIM__LETTER_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  return text.size_bytes == 0 || memchr(text.data, '\0', text.size_bytes) != NULL ? MSIM_ERR_INVALID : MSIM_OK;
}

int msim__letter_add(struct msim_sim *sim, const char *label, struct msim_slice text)
{
  struct room *room = sim->rooms[MSIM__ROOM_MAIL];
  struct row *row;
  uint8_t *plain;
  size_t bytes;
  int err = check_text(text);

  if (room != NULL && room->count == MSIM__LETTERS_MAX)
    return MSIM_ERR_LIMIT;
  if (err != MSIM_OK)
    return err;
  if (msim__letter_find(sim, label) != NULL)
    return MSIM_ERR_EXISTS;
  bytes = put_lines(NULL, text);
  if (bytes > MSIM__LETTER_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  room = open_room(sim);
  row = msim__arena_alloc(&sim->arena, sizeof *row);
  plain = msim__arena_alloc(&sim->arena, bytes);
  if (room == NULL || row == NULL || plain == NULL)
    return MSIM_ERR_NOMEM;
  (void)put_lines(plain, text);
  row->letter.label = label;
  row->letter.plain = (struct msim_slice){plain, bytes};
  row->next = room->first;
  room->first = row;
  room->count++;
  return MSIM_OK;
}

struct msim__laid *msim__letter_laid(const struct msim_sim *sim)
{
  const struct room *room = sim->rooms[MSIM__ROOM_MAIL];

  return room != NULL ? room->laid : NULL;
}

static const char *keep_text(struct msim_sim *sim, const char *text)
{
  char *copy = msim__arena_alloc(&sim->arena, strlen(text) + 1);

  if (copy != NULL)
    memcpy(copy, text, strlen(text) + 1);
  return copy;
}

int msim__letter_lay(struct msim_sim *sim, const struct msim__laid *laid, struct msim_slice text)
{
  struct room *room = open_room(sim);
  struct msim__laid *own;
  uint8_t *plain;
  size_t bytes;
  int err = check_text(text);

  if (room == NULL)
    return MSIM_ERR_NOMEM;
  if (err != MSIM_OK)
    return err;
  bytes = put_lines(NULL, text);
  if (bytes > MSIM__LETTER_BYTES_MAX || room->laid_count == MSIM__LAID_MAX ||
      bytes > MSIM__LAID_BYTES_MAX - room->laid_bytes)
    return MSIM_ERR_LIMIT;
  own = msim__arena_alloc(&sim->arena, sizeof *own);
  plain = msim__arena_alloc(&sim->arena, bytes);
  if (own == NULL || plain == NULL)
    return MSIM_ERR_NOMEM;
  *own = *laid;
  own->next = NULL;
  own->user = keep_text(sim, laid->user);
  own->folder = keep_text(sim, laid->folder);
  own->sender = keep_text(sim, laid->sender);
  if (own->user == NULL || own->folder == NULL || own->sender == NULL)
    return MSIM_ERR_NOMEM;
  (void)put_lines(plain, text);
  own->plain = (struct msim_slice){plain, bytes};
  if (room->laid_last != NULL)
    room->laid_last->next = own;
  else
    room->laid = own;
  room->laid_last = own;
  room->laid_bytes += bytes;
  room->laid_count++;
  return MSIM_OK;
}
