/* mailbox_read.c: a message of a mailbox as a person reads it; see <mailsim/mailbox.h>. Changes nothing. */
#include <mailsim/mailbox.h>

#include "agents/agents.h"
#include "core/sized.h"
#include "mail/readable.h"

#include <stdio.h>
#include <string.h>

_Static_assert(MSIM_MAILBOX_NAME_BYTES == MSIM__READABLE_NAME_BYTES &&
                   MSIM_MAILBOX_TYPE_BYTES == MSIM__READABLE_TYPE_BYTES,
               "names and types are handed out as they are");

/* A message, taken apart. */
struct reading {
  struct msim__mem mem;
  struct msim__buf plain;
  struct msim__imap_parts parts;
};

static int append(void *ctx, const void *data, size_t size_bytes)
{
  struct msim__buf *buf = ctx;

  msim__buf_append(buf, data, size_bytes);
  return buf->err;
}

/* Release it also after an error. */
static int take_apart(struct reading *reading, const struct msim_node *node, size_t index, size_t place)
{
  struct msim_out out;
  int err;

  memset(reading, 0, sizeof *reading);
  msim__mem_init(&reading->mem, &msim__node_sim(node)->mem.hook);
  msim__buf_init(&reading->plain, &reading->mem, SIZE_MAX);
  out.ctx = &reading->plain;
  out.write = append;
  err = msim_mailbox_write(node, index, place, &out);
  return err == MSIM_OK ? msim__imap_parts_find(
                              &reading->parts, &reading->mem,
                              (struct msim_slice){(const uint8_t *)reading->plain.data, reading->plain.size_bytes})
                        : err;
}

static void release(struct reading *reading)
{
  msim__imap_parts_release(&reading->parts, &reading->mem);
  msim__buf_release(&reading->plain);
}

int msim_mailbox_field(const struct msim_node *node, size_t index, size_t place, const char *name,
                       const struct msim_out *out)
{
  struct reading reading;
  struct msim__buf value;
  int err = take_apart(&reading, node, index, place), found;

  msim__buf_init(&value, &reading.mem, SIZE_MAX);
  if (err == MSIM_OK) {
    found = msim__readable_field(&value, reading.parts.message, name);
    err = found < 0 ? found : found == 0 ? MSIM_ERR_NOT_FOUND : out->write(out->ctx, value.data, value.size_bytes);
  }
  msim__buf_release(&value);
  release(&reading);
  return err;
}

/* One role for each part; also judges which are shown. Freed by the caller. */
static enum msim__readable_role *judge(struct reading *reading, struct msim__buf *text, int *err)
{
  enum msim__readable_role *roles = msim__alloc_zeroed(&reading->mem, reading->parts.count, sizeof *roles);

  *err = roles != NULL ? msim__readable_text(text, &reading->parts, roles) : MSIM_ERR_NOMEM;
  return roles;
}

int msim_mailbox_text(const struct msim_node *node, size_t index, size_t place, const struct msim_out *out)
{
  enum msim__readable_role *roles = NULL;
  struct reading reading;
  struct msim__buf text;
  int err = take_apart(&reading, node, index, place);

  msim__buf_init(&text, &reading.mem, SIZE_MAX);
  if (err == MSIM_OK)
    roles = judge(&reading, &text, &err);
  if (err == MSIM_OK)
    err = out->write(out->ctx, text.data, text.size_bytes);
  msim__free(&reading.mem, roles, roles != NULL ? reading.parts.count * sizeof *roles : 0);
  msim__buf_release(&text);
  release(&reading);
  return err;
}

static void describe(struct msim_mailbox_part *part, const struct reading *reading, size_t number,
                     enum msim__readable_role role)
{
  const struct msim__mime_part *is = &reading->parts.parts[number];

  memset(part, 0, sizeof *part);
  msim__readable_type(&reading->parts, number, part->type);
  if (role == MSIM__READABLE_ATTACHED)
    msim__readable_name(&reading->parts, number, part->name);
  part->depth = is->depth;
  part->is_multipart = is->kind == MSIM__MIME_MULTIPART;
  part->is_shown = role == MSIM__READABLE_SHOWN;
  part->is_attached = role == MSIM__READABLE_ATTACHED;
  part->coded_bytes = is->body_bytes;
}

int msim_mailbox_part_at_sized(const struct msim_node *node, size_t index, size_t place, size_t number,
                               struct msim_mailbox_part *out, size_t out_bytes)
{
  enum msim__readable_role *roles = NULL;
  struct msim_mailbox_part part;
  struct reading reading;
  struct msim__buf text;
  int err = take_apart(&reading, node, index, place);

  msim__buf_init(&text, &reading.mem, SIZE_MAX);
  if (err == MSIM_OK && number >= reading.parts.count)
    err = MSIM_ERR_NOT_FOUND;
  if (err == MSIM_OK)
    roles = judge(&reading, &text, &err);
  if (err == MSIM_OK) {
    describe(&part, &reading, number, roles[number]);
    msim__sized_out(out, out_bytes, &part, sizeof part);
  }
  msim__free(&reading.mem, roles, roles != NULL ? reading.parts.count * sizeof *roles : 0);
  msim__buf_release(&text);
  release(&reading);
  return err;
}

int msim_mailbox_write_part(const struct msim_node *node, size_t index, size_t place, size_t number,
                            const struct msim_out *out)
{
  struct reading reading;
  struct msim__buf content;
  int err = take_apart(&reading, node, index, place);

  msim__buf_init(&content, &reading.mem, SIZE_MAX);
  if (err == MSIM_OK && number >= reading.parts.count)
    err = MSIM_ERR_NOT_FOUND;
  if (err == MSIM_OK)
    err = msim__readable_content(&content, &reading.parts, number);
  if (err == MSIM_OK)
    err = out->write(out->ctx, content.data, content.size_bytes);
  msim__buf_release(&content);
  release(&reading);
  return err;
}
