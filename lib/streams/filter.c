/* filter.c: see filter.h. */
#include "streams/filter.h"

#include <string.h>

struct msim__filter {
  struct msim__mem *mem;
  struct msim__tcb *tcb;
  const struct msim__filter_ops *ops;
  void *state;
  struct msim__buf plain; /* for the agent, which has read this much of it: */
  size_t read_bytes;
  struct msim__buf wire; /* while something is being sent */
  bool broken;
  char label[MSIM__LABEL_BYTES_MAX + 1];
};

int msim__filter_new(struct msim__filter **out, struct msim__tcb *tcb, const struct msim__filter_ops *ops, void *state)
{
  struct msim__mem *mem = &msim__node_sim(msim__tcp_node(tcb))->mem;
  struct msim__filter *filter = msim__alloc_zeroed(mem, 1, sizeof *filter);

  if (filter == NULL)
    return MSIM_ERR_NOMEM;
  filter->mem = mem;
  filter->tcb = tcb;
  filter->ops = ops;
  filter->state = state;
  msim__buf_init(&filter->plain, mem, MSIM__FILTER_WIRE_BYTES_MAX);
  msim__buf_init(&filter->wire, mem, MSIM__FILTER_WIRE_BYTES_MAX);
  *out = filter;
  return MSIM_OK;
}

void msim__filter_free(struct msim__filter *filter)
{
  if (filter == NULL)
    return;
  if (filter->ops->release != NULL)
    filter->ops->release(filter->state);
  msim__buf_release(&filter->plain);
  msim__buf_release(&filter->wire);
  msim__free(filter->mem, filter, sizeof *filter);
}

static void fail(struct msim__filter *filter, int err)
{
  if (err == MSIM_ERR_NOMEM)
    (void)msim__sim_fail_nomem(msim__node_sim(msim__tcp_node(filter->tcb)));
  filter->broken = true;
  msim__tcp_abort(filter->tcb);
}

/* ---- writing ---- */

/* What does not fit into the send buffer goes behind it: the filter has given it, and cannot take it back. */
static int send_wire(struct msim__filter *filter)
{
  size_t size_bytes = filter->wire.size_bytes, done;
  struct msim_blob *rest;
  int err = MSIM_OK;

  if (size_bytes == 0)
    return MSIM_OK;
  done = msim__tcp_write(filter->tcb, filter->wire.data, size_bytes);
  if (done < size_bytes) {
    rest = msim_blob_new(msim__node_sim(msim__tcp_node(filter->tcb)), filter->wire.data + done, size_bytes - done);
    if (rest == NULL)
      return MSIM_ERR_NOMEM;
    err = msim__tcp_write_blob(filter->tcb, rest, 0, size_bytes - done);
    msim_blob_unref(rest);
  }
  msim__buf_release(&filter->wire);
  msim__buf_init(&filter->wire, filter->mem, MSIM__FILTER_WIRE_BYTES_MAX);
  return err;
}

static int put_out(struct msim__filter *filter, struct msim_slice plain)
{
  int err = filter->ops->out(filter->state, plain, &filter->wire);

  if (err == MSIM_OK)
    err = filter->wire.err;
  if (err == MSIM_OK)
    err = send_wire(filter);
  if (err != MSIM_OK && err != MSIM_ERR_STATE) /* closed already: the caller's mistake only */
    fail(filter, err);
  return err;
}

size_t msim__filter_write(struct msim__filter *filter, const void *data, size_t size_bytes)
{
  struct msim_slice plain = {data, size_bytes};
  size_t space_bytes = filter->broken ? 0 : msim__tcp_space_bytes(filter->tcb);

  if (plain.size_bytes > space_bytes) {
    plain.size_bytes = space_bytes;
    msim__tcp_want_writable(filter->tcb);
  }
  if (plain.size_bytes == 0 || put_out(filter, plain) != MSIM_OK)
    return 0;
  return plain.size_bytes;
}

int msim__filter_write_blob(struct msim__filter *filter, struct msim_blob *blob, size_t offset_bytes, size_t size_bytes)
{
  struct msim_slice plain;

  if (offset_bytes > blob->size_bytes || size_bytes > blob->size_bytes - offset_bytes)
    return MSIM_ERR_INVALID;
  if (filter->broken)
    return MSIM_ERR_STATE;
  plain.data = blob->data + offset_bytes;
  plain.size_bytes = size_bytes;
  return put_out(filter, plain);
}

/* ---- reading ---- */

static void keep_label(struct msim__filter *filter, const char *label)
{
  size_t size_bytes = label != NULL ? strlen(label) : 0;

  if (size_bytes > MSIM__LABEL_BYTES_MAX)
    size_bytes = MSIM__LABEL_BYTES_MAX;
  if (size_bytes > 0)
    memcpy(filter->label, label, size_bytes);
  filter->label[size_bytes] = '\0';
}

/* One piece of what has arrived; false: there is none, or enough is kept for the agent. */
static bool take_piece(struct msim__filter *filter)
{
  struct msim_slice piece = msim__tcp_peek(filter->tcb, 0);
  int err;

  if (filter->broken || piece.size_bytes == 0 ||
      filter->plain.size_bytes - filter->read_bytes >= MSIM__FILTER_READ_BYTES_MAX)
    return false;
  if (filter->plain.size_bytes == filter->read_bytes) {
    msim__buf_clear(&filter->plain);
    filter->read_bytes = 0;
    keep_label(filter, msim__tcp_message(filter->tcb));
  }
  err = filter->ops->in(filter->state, piece, &filter->plain, &filter->wire);
  if (err == MSIM_OK)
    err = filter->plain.err != 0 ? filter->plain.err : filter->wire.err;
  msim__tcp_consume(filter->tcb, piece.size_bytes);
  if (err == MSIM_OK)
    err = send_wire(filter);
  if (err == MSIM_ERR_STATE)
    err = MSIM_OK; /* an answer to a connection that ends is for nobody */
  if (err != MSIM_OK)
    fail(filter, err);
  return err == MSIM_OK;
}

struct msim_slice msim__filter_peek(struct msim__filter *filter, size_t offset_bytes)
{
  struct msim_slice slice = {NULL, 0};

  while (filter->plain.size_bytes - filter->read_bytes <= offset_bytes)
    if (!take_piece(filter))
      return slice;
  slice.data = (const uint8_t *)filter->plain.data + filter->read_bytes + offset_bytes;
  slice.size_bytes = filter->plain.size_bytes - filter->read_bytes - offset_bytes;
  return slice;
}

void msim__filter_consume(struct msim__filter *filter, size_t size_bytes)
{
  size_t there_bytes = filter->plain.size_bytes - filter->read_bytes;

  filter->read_bytes += size_bytes < there_bytes ? size_bytes : there_bytes;
  if (filter->read_bytes < MSIM__FILTER_READ_BYTES_MAX)
    return;
  there_bytes = filter->plain.size_bytes - filter->read_bytes; /* a stream that is never read empty */
  memmove(filter->plain.data, filter->plain.data + filter->read_bytes, there_bytes);
  filter->plain.size_bytes = there_bytes;
  filter->read_bytes = 0;
}

size_t msim__filter_available_bytes(struct msim__filter *filter)
{
  while (take_piece(filter))
    continue;
  return filter->plain.size_bytes - filter->read_bytes;
}

bool msim__filter_is_at_eof(struct msim__filter *filter)
{
  return msim__filter_peek(filter, 0).size_bytes == 0 && msim__tcp_is_at_eof(filter->tcb);
}

const char *msim__filter_message(struct msim__filter *filter)
{
  return msim__filter_peek(filter, 0).size_bytes > 0 && filter->label[0] != '\0' ? filter->label : NULL;
}
