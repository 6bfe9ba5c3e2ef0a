/* tcp_send_buffer.c: the bytes that the user has handed over and the peer has not yet acknowledged.
 *
 * A list of pieces of blobs. What is written by copy fills chunks of its own, which grow with the stream; what is
 * written by reference is never copied. Segments refer to the pieces: appending to a chunk leaves what is on its way
 * alone. Does not decide what is sent. */
#include "tcp/tcb.h"

#include <string.h>

#define CHUNK_BYTES_MIN 512u
#define CHUNK_BYTES_MAX 16384u
#define CHUNK_BYTES_REST 64u                /* a free end shorter than this is not kept for an idle connection */
#define QUEUE_BYTES_MAX (UINT32_C(1) << 30) /* of all together: keeps sequence numbers comparable */

static uint32_t queued_bytes(const struct msim__tcb *tcb)
{
  uint32_t first = msim__seq_max(tcb->snd_una, tcb->iss + 1);

  return msim__tcb_queued_from(tcb, first);
}

size_t msim__tcp_space_bytes(const struct msim__tcb *tcb)
{
  uint64_t queued = queued_bytes(tcb);

  return queued < tcb->opts->send_buffer_bytes ? (size_t)(tcb->opts->send_buffer_bytes - queued) : 0;
}

static struct msim__tcp_piece *add_piece(struct msim__tcb *tcb, struct msim_blob *blob, uint32_t offset_bytes)
{
  struct msim__tcp_piece *piece = msim__pool_get(&msim__tcb_room(tcb)->pieces);

  if (piece == NULL)
    return NULL;
  piece->next = NULL;
  piece->blob = blob;
  msim_blob_ref(blob);
  piece->offset_bytes = offset_bytes;
  piece->size_bytes = 0;
  piece->begin_seq = tcb->queue_end;
  if (tcb->send_last != NULL)
    tcb->send_last->next = piece;
  else
    tcb->send_first = piece;
  tcb->send_last = piece;
  return piece;
}

/* Whole segments, so that a stream of large writes never makes a segment that spans two chunks. */
static size_t chunk_bytes(const struct msim__tcb *tcb, size_t wanted_bytes)
{
  size_t mss = tcb->cc.mss_bytes, largest = CHUNK_BYTES_MAX, bytes = CHUNK_BYTES_MIN;

  if (tcb->send_fill != NULL && tcb->send_first != NULL)
    bytes = (size_t)tcb->send_fill->capacity_bytes * 2;
  if (bytes < wanted_bytes)
    bytes = wanted_bytes;
  if (mss > 0 && mss < CHUNK_BYTES_MAX)
    largest = CHUNK_BYTES_MAX / mss * mss;
  return bytes < largest ? bytes : largest;
}

/* A chunk with a free end, and the last piece standing at it. */
static int make_room(struct msim__tcb *tcb, size_t wanted_bytes)
{
  struct msim_blob *fill = tcb->send_fill;
  const struct msim__tcp_piece *last = tcb->send_last;

  if (fill == NULL || fill->size_bytes == fill->capacity_bytes) {
    struct msim_blob *fresh = msim__blob_room(&msim__node_sim(tcb->head.node)->mem, chunk_bytes(tcb, wanted_bytes));

    if (fresh == NULL)
      return MSIM_ERR_NOMEM;
    msim_blob_unref(fill);
    tcb->send_fill = fill = fresh;
  }
  if (last != NULL && last->blob == fill && last->offset_bytes + last->size_bytes == fill->size_bytes)
    return MSIM_OK;
  return add_piece(tcb, fill, fill->size_bytes) != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

int msim__tcb_send_copy(struct msim__tcb *tcb, const void *data, size_t size_bytes)
{
  const uint8_t *from = data;

  while (size_bytes > 0) {
    struct msim_blob *fill;
    size_t part;

    if (make_room(tcb, size_bytes) != MSIM_OK)
      return MSIM_ERR_NOMEM;
    fill = tcb->send_fill;
    part = fill->capacity_bytes - fill->size_bytes;
    if (part > size_bytes)
      part = size_bytes;
    memcpy(fill->data + fill->size_bytes, from, part);
    fill->size_bytes += (uint32_t)part;
    tcb->send_last->size_bytes += (uint32_t)part;
    tcb->queue_end += (uint32_t)part;
    from += part;
    size_bytes -= part;
  }
  return MSIM_OK;
}

MSIM__HOT int msim__tcb_send_refer(struct msim__tcb *tcb, struct msim_blob *blob, size_t offset_bytes,
                                   size_t size_bytes)
{
  struct msim__tcp_piece *piece;

  if (size_bytes > QUEUE_BYTES_MAX - queued_bytes(tcb))
    return MSIM_ERR_LIMIT;
  if (size_bytes == 0)
    return MSIM_OK;
  piece = add_piece(tcb, blob, (uint32_t)offset_bytes);
  if (piece == NULL)
    return MSIM_ERR_NOMEM;
  piece->size_bytes = (uint32_t)size_bytes;
  tcb->queue_end += (uint32_t)size_bytes;
  return MSIM_OK;
}

static void drop_first(struct msim__tcb *tcb)
{
  struct msim__tcp_piece *piece = tcb->send_first;

  tcb->send_first = piece->next;
  if (tcb->send_first == NULL)
    tcb->send_last = NULL;
  if (tcb->send_cursor == piece)
    tcb->send_cursor = NULL;
  msim_blob_unref(piece->blob);
  msim__pool_put(&msim__tcb_room(tcb)->pieces, piece);
}

/* Everything is acknowledged: a small chunk that nobody else refers to serves again, from its beginning. */
static void keep_or_drop_fill(struct msim__tcb *tcb)
{
  struct msim_blob *fill = tcb->send_fill;

  if (fill == NULL)
    return;
  if (fill->refs == 1 && fill->capacity_bytes <= CHUNK_BYTES_MIN) {
    fill->size_bytes = 0;
  } else if (fill->capacity_bytes > CHUNK_BYTES_MIN || fill->capacity_bytes - fill->size_bytes < CHUNK_BYTES_REST) {
    msim_blob_unref(fill);
    tcb->send_fill = NULL;
  }
}

MSIM__HOT void msim__tcb_send_acked(struct msim__tcb *tcb)
{
  while (tcb->send_first != NULL &&
         !msim__seq_after(tcb->send_first->begin_seq + tcb->send_first->size_bytes, tcb->snd_una))
    drop_first(tcb);
  if (tcb->send_first == NULL)
    keep_or_drop_fill(tcb);
}

void msim__tcb_send_release(struct msim__tcb *tcb)
{
  while (tcb->send_first != NULL)
    drop_first(tcb);
  msim_blob_unref(tcb->send_fill);
  tcb->send_fill = NULL;
}

static struct msim__tcp_piece *piece_at(struct msim__tcb *tcb, uint32_t seq)
{
  struct msim__tcp_piece *piece = tcb->send_cursor;

  if (piece == NULL || msim__seq_before(seq, piece->begin_seq))
    piece = tcb->send_first;
  while (piece != NULL && !msim__seq_before(seq, piece->begin_seq + piece->size_bytes))
    piece = piece->next;
  tcb->send_cursor = piece;
  return piece;
}

static int attach_copy(struct msim__tcb *tcb, struct msim__packet *packet, const struct msim__tcp_piece *piece,
                       uint32_t skip_bytes, uint32_t size_bytes)
{
  struct msim_blob *blob = msim__blob_room(&msim__node_sim(tcb->head.node)->mem, size_bytes);

  if (blob == NULL)
    return MSIM_ERR_NOMEM;
  for (; piece != NULL && blob->size_bytes < size_bytes; piece = piece->next) {
    uint32_t part = piece->size_bytes - skip_bytes, rest = size_bytes - blob->size_bytes;

    if (part > rest)
      part = rest;
    memcpy(blob->data + blob->size_bytes, piece->blob->data + piece->offset_bytes + skip_bytes, part);
    blob->size_bytes += part;
    skip_bytes = 0;
  }
  packet->payload = blob;
  packet->payload_offset_bytes = 0;
  return blob->size_bytes == size_bytes ? MSIM_OK : MSIM_ERR_BUG;
}

MSIM__HOT int msim__tcb_send_attach(struct msim__tcb *tcb, struct msim__packet *packet, uint32_t seq,
                                    uint32_t size_bytes)
{
  struct msim__tcp_piece *piece = piece_at(tcb, seq);
  uint32_t skip_bytes;

  if (piece == NULL)
    return MSIM_ERR_BUG;
  packet->payload_bytes = (uint16_t)size_bytes;
  skip_bytes = seq - piece->begin_seq;
  if (piece->size_bytes - skip_bytes < size_bytes)
    return attach_copy(tcb, packet, piece, skip_bytes, size_bytes);
  packet->payload = piece->blob;
  msim_blob_ref(piece->blob);
  packet->payload_offset_bytes = piece->offset_bytes + skip_bytes;
  return MSIM_OK;
}
