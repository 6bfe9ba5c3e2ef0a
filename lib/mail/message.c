/* message.c: one message under way or stored; see message.h.
 *
 * Everything but the content lies in one block: the struct, the table of recipients, the texts. */
#include "mail/message.h"

#include "proto/dot.h"
#include "text/utf8.h"

#include <string.h>

static const char return_path_head[] = "Return-Path: <";
static const char return_path_tail[] = ">\r\n";

/* Adds to a size; false when it would leave the range of size_t. */
static bool add_bytes(size_t *total_bytes, size_t more_bytes)
{
  if (more_bytes > SIZE_MAX - *total_bytes)
    return false;
  *total_bytes += more_bytes;
  return true;
}

static const char *text_or_none(const char *text)
{
  return text != NULL ? text : "";
}

/* Whether the sender has said anything about any recipient: most do not, and pay nothing then. */
static bool has_dsn(const struct msim__message_opts *opts)
{
  size_t i;

  for (i = 0; opts->dsn != NULL && i < opts->recipient_count; i++)
    if (opts->dsn[i].notify != 0 || text_or_none(opts->dsn[i].orcpt)[0] != '\0')
      return true;
  return false;
}

static bool add_dsn(size_t *total, const struct msim__message_opts *opts)
{
  size_t i;

  if (!add_bytes(total, opts->recipient_count * sizeof(struct msim__dsn_recipient)))
    return false;
  for (i = 0; i < opts->recipient_count; i++)
    if (!add_bytes(total, strlen(text_or_none(opts->dsn[i].orcpt)) + 1))
      return false;
  return true;
}

static bool block_size(const struct msim__message_opts *opts, size_t label_bytes, size_t *out)
{
  size_t total = sizeof(struct msim__message), i;

  if (opts->recipient_count > MSIM__MESSAGE_RECIPIENTS_MAX)
    return false;
  if (!add_bytes(&total, opts->recipient_count * sizeof(char *)) || !add_bytes(&total, label_bytes + 1) ||
      !add_bytes(&total, opts->reverse_path.size_bytes) || !add_bytes(&total, opts->reverse_path.size_bytes) ||
      !add_bytes(&total, 1 + sizeof return_path_head + sizeof return_path_tail) ||
      !add_bytes(&total, strlen(text_or_none(opts->envid)) + 1) || (has_dsn(opts) && !add_dsn(&total, opts)))
    return false;
  for (i = 0; i < opts->recipient_count; i++)
    if (!add_bytes(&total, opts->recipients[i].size_bytes) || !add_bytes(&total, 1))
      return false;
  *out = total;
  return true;
}

static char *put(char *at, const void *data, size_t size_bytes)
{
  if (size_bytes > 0)
    memcpy(at, data, size_bytes);
  return at + size_bytes;
}

static char *put_text(char *at, struct msim_slice text, const char **out)
{
  *out = at;
  at = put(at, text.data, text.size_bytes);
  *at = '\0';
  return at + 1;
}

/* The table of what was said about each recipient, with its texts behind it. Returns where they end. */
static char *put_dsn(char *at, struct msim__dsn_recipient *table, const struct msim__message_opts *opts)
{
  size_t i;

  for (i = 0; i < opts->recipient_count; i++) {
    const char *orcpt = text_or_none(opts->dsn[i].orcpt);

    table[i].notify = opts->dsn[i].notify;
    at = put_text(at, (struct msim_slice){(const uint8_t *)orcpt, strlen(orcpt)}, &table[i].orcpt);
  }
  return at;
}

struct msim__message *msim__message_new(struct msim__mem *mem, const struct msim__message_opts *opts)
{
  struct msim_slice label = opts->label;
  struct msim__message *message;
  const char *envid = text_or_none(opts->envid), **recipients;
  struct msim__dsn_recipient *dsn = NULL;
  size_t block_bytes, i;
  char *at;

  if (label.size_bytes > MSIM__MESSAGE_LABEL_BYTES_MAX)
    label.size_bytes = msim__utf8_cut(label.data, label.size_bytes, MSIM__MESSAGE_LABEL_BYTES_MAX);
  if (!block_size(opts, label.size_bytes, &block_bytes))
    return NULL;
  message = msim__alloc(mem, block_bytes);
  if (message == NULL)
    return NULL;
  memset(message, 0, sizeof *message);
  recipients = (const char **)(message + 1);
  at = (char *)(recipients + opts->recipient_count);
  if (has_dsn(opts)) {
    dsn = (struct msim__dsn_recipient *)(void *)at; /* aligned: pointers stand before it */
    at = put_dsn((char *)(dsn + opts->recipient_count), dsn, opts);
  }
  message->dsn = dsn;
  message->ret = opts->ret;
  message->smtputf8 = opts->smtputf8;
  message->binary = opts->binary;
  at = put_text(at, (struct msim_slice){(const uint8_t *)envid, strlen(envid)}, &message->envid);
  at = put_text(at, label, &message->label);
  at = put_text(at, opts->reverse_path, &message->reverse_path);
  for (i = 0; i < opts->recipient_count; i++)
    at = put_text(at, opts->recipients[i], &recipients[i]);
  message->return_path = at;
  if (opts->bare) {
    *at = '\0';
  } else {
    at = put(at, return_path_head, sizeof return_path_head - 1);
    at = put(at, opts->reverse_path.data, opts->reverse_path.size_bytes);
    put(at, return_path_tail, sizeof return_path_tail);
  }
  message->mem = mem;
  message->refs = 1;
  message->recipients = recipients;
  message->recipient_count = (uint32_t)opts->recipient_count;
  message->content = opts->content;
  message->size_bytes = opts->size_bytes;
  message->eight_bit = opts->eight_bit;
  message->block_bytes = block_bytes;
  if (opts->content != NULL)
    msim_blob_ref(opts->content);
  return message;
}

void msim__message_ref(struct msim__message *message)
{
  message->refs++;
}

void msim__message_unref(struct msim__message *message)
{
  if (message == NULL || --message->refs > 0)
    return;
  if (message->content != NULL)
    msim_blob_unref(message->content);
  msim__free(message->mem, message, message->block_bytes);
}

struct msim_slice msim__message_domain(const char *address)
{
  const char *at = strrchr(address, '@');
  struct msim_slice domain = {NULL, 0};

  if (at != NULL) {
    domain.data = (const uint8_t *)at + 1;
    domain.size_bytes = strlen(at + 1);
  }
  return domain;
}

int msim__message_to_wire(struct msim__buf *out, struct msim_slice plain, uint64_t *size_bytes, bool *eight_bit)
{
  struct msim__dot dot = {0};
  uint8_t piece[1024];
  size_t taken, written;
  int err;

  while (plain.size_bytes > 0) {
    msim__dot_encode(&dot, plain, piece, sizeof piece, &taken, &written);
    err = msim__buf_append(out, piece, written);
    if (err < 0)
      return err;
    plain.data += taken;
    plain.size_bytes -= taken;
  }
  *size_bytes = dot.seen.size_bytes;
  *eight_bit = dot.seen.eight_bit;
  if (dot.line_bytes > 0)
    *size_bytes += 2; /* the CRLF that the end adds to a last line without one */
  written = msim__dot_encode_end(&dot, piece, sizeof piece);
  return msim__buf_append(out, piece, written);
}

/* message->binary: the CRLF that only the wire needs is left out, which a cut does not reach. */
static int to_plain(struct msim__buf *out, const struct msim__message *message, struct msim_slice wire)
{
  uint64_t left = message->size_bytes;
  struct msim__dot dot = {0};
  uint8_t piece[1024];
  size_t taken, written;
  int got = 0, err;

  while (got == 0 && wire.size_bytes > 0) {
    got = msim__dot_decode(&dot, wire, piece, sizeof piece, &taken, &written);
    if (message->binary && written > left)
      written = (size_t)left; /* the CRLF that only the wire needs */
    left -= message->binary ? written : 0;
    err = msim__buf_append(out, piece, written);
    if (err < 0)
      return err;
    wire.data += taken;
    wire.size_bytes -= taken;
  }
  return out->err;
}

int msim__message_to_plain(struct msim__buf *out, const struct msim__message *message)
{
  return to_plain(out, message, msim_blob_bytes(message->content));
}

int msim__message_header_to_plain(struct msim__buf *out, const struct msim__message *message)
{
  struct msim_slice wire = msim_blob_bytes(message->content);
  size_t at = 0;

  while (at < wire.size_bytes) {
    const uint8_t *lf = memchr(wire.data + at, '\n', wire.size_bytes - at);
    size_t end = lf != NULL ? (size_t)(lf - wire.data) + 1 : wire.size_bytes;
    bool empty = end - at == 1 || (end - at == 2 && wire.data[at] == '\r');

    at = end;
    if (empty)
      break;
  }
  wire.size_bytes = at;
  return to_plain(out, message, wire);
}
