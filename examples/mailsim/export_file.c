/* export_file.c: the bytes of one message on their way to a file: lines end in LF as mail programs keep them, and in an
 * mbox no line looks like the beginning of a message. Does not name files. */
#include "exports.h"

#include <string.h>

static const char from[] = "From ";
#define FROM_BYTES (sizeof from - 1)

static void put_quotes(const struct export_writer *writer, unsigned count)
{
  unsigned i;

  for (i = 0; i < count; i++)
    putc('>', writer->file);
}

/* The beginning of the line is known: it is told. */
static void let_go(struct export_writer *writer)
{
  if (writer->held_bytes == FROM_BYTES)
    putc('>', writer->file);
  put_quotes(writer, writer->quote_count);
  fwrite(writer->held, 1, writer->held_bytes, writer->file);
  writer->quote_count = 0;
  writer->held_bytes = 0;
  writer->is_begun = true;
}

static void put_byte(struct export_writer *writer, char c)
{
  if (writer->from_quoted && !writer->is_begun) {
    if (c == '>' && writer->held_bytes == 0 && writer->quote_count < 1000000) {
      writer->quote_count++;
      return;
    }
    if (c == from[writer->held_bytes]) {
      writer->held[writer->held_bytes++] = c;
      if (writer->held_bytes == FROM_BYTES)
        let_go(writer);
      return;
    }
    let_go(writer);
  }
  putc(c, writer->file);
  writer->is_begun = c != '\n';
}

static int put_bytes(void *ctx, const void *data, size_t size_bytes)
{
  struct export_writer *writer = ctx;
  const char *bytes = data;
  size_t i;

  for (i = 0; i < size_bytes; i++) {
    if (writer->has_cr && bytes[i] != '\n')
      put_byte(writer, '\r');
    writer->has_cr = bytes[i] == '\r';
    if (!writer->has_cr)
      put_byte(writer, bytes[i]);
  }
  return ferror(writer->file) ? MSIM_ERR_IO : MSIM_OK;
}

int export_message(struct export_writer *writer, const struct msim_node *node, size_t index, size_t place)
{
  struct msim_out out = {writer, put_bytes};
  int err = msim_mailbox_write(node, index, place, &out);

  if (writer->has_cr)
    put_byte(writer, '\r');
  if (writer->from_quoted && !writer->is_begun && (writer->quote_count > 0 || writer->held_bytes > 0))
    let_go(writer);
  if (writer->is_begun)
    put_byte(writer, '\n'); /* the last line ends too: the next message follows */
  return err == MSIM_OK && ferror(writer->file) ? MSIM_ERR_IO : err;
}
