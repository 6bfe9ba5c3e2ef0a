/* play_mail.c: mails as they went from host to host, put together from the segments that carried their bytes first.
 *
 * Segments that repeat nothing come in the order of their bytes, so bytes are appended. What the trace does not have
 * (unseen_bytes), and what is too long, is counted and told. Does not decode: the page shows what was on the wire. */
#include "trace/play.h"

#include <string.h>

#include "text/utf8.h"

static int begin_capture(struct msim__play *play, struct msim__play_conn *conn, int side, const char *message)
{
  struct msim__play_capture *capture = conn->captures[side];

  if (capture == NULL) {
    capture = msim__alloc_zeroed(play->mem, 1, sizeof *capture);
    if (capture == NULL)
      return MSIM_ERR_NOMEM;
    msim__buf_init(&capture->bytes, play->mem, MSIM__PLAY_CONTENT_BYTES_MAX);
    conn->captures[side] = capture;
  }
  msim__buf_clear(&capture->bytes);
  capture->cut_bytes = 0;
  capture->is_open = true;
  return msim__play_word(play, message, &capture->message);
}

static int append(struct msim__play_capture *capture, const uint8_t *data, size_t size_bytes)
{
  size_t room = MSIM__PLAY_CONTENT_BYTES_MAX - capture->bytes.size_bytes, taken;

  if (capture->cut_bytes > 0)
    room = 0; /* a mail has no holes */
  taken = size_bytes <= room ? size_bytes : msim__utf8_cut(data, size_bytes, room);
  capture->cut_bytes += (uint32_t)(size_bytes - taken);
  return msim__buf_append(&capture->bytes, data, taken);
}

static int end_capture(struct msim__play *play, uint32_t conn_index, int side, msim_ns at_ns)
{
  struct msim__play_conn *conn = &play->conns[conn_index];
  struct msim__play_capture *capture = conn->captures[side];
  struct msim__play_content *mail;
  size_t size_bytes = capture->bytes.size_bytes;
  int err;

  capture->is_open = false;
  if (play->contents.held_bytes + size_bytes > MSIM__PLAY_CONTENTS_BYTES_MAX) {
    capture->cut_bytes += (uint32_t)size_bytes;
    size_bytes = 0;
  }
  play->too_many = "mails";
  err = msim__grow(play->mem, &play->mails, &play->mail_capacity, play->mail_count + 1, MSIM__PLAY_ROWS_MAX,
                   sizeof *play->mails);
  if (err != MSIM_OK)
    return err;
  mail = &play->mails[play->mail_count];
  mail->message = capture->message;
  mail->host = side == 0 ? conn->server : conn->client;
  mail->from = side == 0 ? conn->client : conn->server;
  mail->conn = conn_index;
  mail->at_ns = at_ns;
  err = msim__play_texts_put(&play->contents, msim__buf_text(&capture->bytes), size_bytes, capture->cut_bytes,
                             &mail->text, NULL);
  play->mail_count += err == MSIM_OK;
  return err;
}

int msim__play_take_content(struct msim__play *play, const struct msim_trace_record *record, uint32_t conn_index)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  size_t size_bytes = packet->packet->payload.size_bytes, seen = size_bytes - packet->unseen_bytes, i;
  int side = packet->from_client ? 0 : 1, err = MSIM_OK;

  for (i = 0; i < packet->unit_count && err == MSIM_OK; i++) {
    const struct msim_trace_unit *unit = &packet->units[i];
    struct msim__play_conn *conn = &play->conns[conn_index];
    size_t begin = unit->begin_byte, end = unit->end_byte < size_bytes ? unit->end_byte : size_bytes;

    if (unit->end_byte == 0 && packet->unit_count == 1) /* a written trace does not tell where a unit lies */
      end = size_bytes;
    if (unit->unit == NULL || unit->message == NULL || strcmp(unit->unit, "mail.content") != 0)
      continue;
    if ((unit->edges & MSIM_EDGE_FIRST) != 0)
      err = begin_capture(play, conn, side, unit->message);
    if (err != MSIM_OK || conn->captures[side] == NULL || !conn->captures[side]->is_open)
      continue;
    if (begin < end && begin < seen)
      err = append(conn->captures[side], packet->packet->payload.data + begin, (end < seen ? end : seen) - begin);
    if (end > seen)
      conn->captures[side]->cut_bytes += (uint32_t)(end - (begin > seen ? begin : seen));
    if (err == MSIM_OK && (unit->edges & MSIM_EDGE_LAST) != 0)
      err = end_capture(play, conn_index, side, record->at_ns);
  }
  return err;
}

void msim__play_release_captures(struct msim__play *play)
{
  size_t i;
  int side;

  for (i = 0; i < play->conn_count; i++)
    for (side = 0; side < 2; side++) {
      struct msim__play_capture *capture = play->conns[i].captures[side];

      if (capture == NULL)
        continue;
      msim__buf_release(&capture->bytes);
      msim__free(play->mem, capture, sizeof *capture);
    }
}
