/* pop_commands.c: the commands of a POP3 server: the one place where everything is checked that does not depend on the
 * verb, and what several verbs need. The verbs are in pop_cmd_*.c. */
#include "agents/pop_cmd.h"

#include "proto/ascii.h"

#include <stdio.h>

static const struct msim__pop_cmd *find_verb(struct msim_slice name)
{
  size_t i;

  for (i = 0; msim__registry_pop_cmd[i] != NULL; i++)
    if (msim__slice_is(name, msim__registry_pop_cmd[i]->name))
      return msim__registry_pop_cmd[i];
  return NULL;
}

static const char *sequence_hint(const struct msim__pop_incoming *session, const struct msim__pop_cmd *verb)
{
  if (session->state == MSIM__POP_TRANSACTION)
    return "You are logged in already";
  return (verb->allowed & MSIM__POP_ALLOW_BEFORE) != 0 ? "Say USER first" : "Log in first";
}

void msim__pop_command(struct msim__pop_incoming *session, struct msim_slice line)
{
  struct msim__pop_command command;
  int err = msim__pop_command_parse(&command, line, session->utf8);
  const struct msim__pop_cmd *verb = find_verb(command.verb_text);
  enum msim__pop_state before = session->state;

  if (err == MSIM_ERR_NOT_FOUND && verb != NULL)
    err = MSIM_OK; /* a verb of its own grammar */
  if (err == MSIM_ERR_NOT_FOUND || err == MSIM_ERR_LIMIT)
    msim__pop_complain(session, command.flaw);
  else if (verb == NULL || (verb->is_offered != NULL && !verb->is_offered(session)))
    msim__pop_complain(session, "This command is not offered here");
  else if ((verb->allowed & 1u << session->state) == 0)
    msim__pop_complain(session, sequence_hint(session, verb));
  else if (err < 0)
    msim__pop_complain(session, command.flaw);
  else
    verb->run(session, &command);
  if (before == MSIM__POP_NAMED && session->state == MSIM__POP_NAMED && command.verb != MSIM__POP_USER)
    session->state = MSIM__POP_AUTHORIZATION; /* RFC 1939 7: PASS follows USER, and nothing else between */
}

void msim__pop_offer(const struct msim__pop_incoming *session, struct msim__buf *out, const char *capability,
                     const char *arguments)
{
  if (!msim__pop_offers(session->server, capability))
    return;
  msim__buf_append_text(out, capability);
  if (arguments != NULL && arguments[0] != '\0') {
    msim__buf_append_text(out, " ");
    msim__buf_append_text(out, arguments);
  }
  msim__buf_append_text(out, "\r\n");
}

/* ---- messages ---- */

struct msim__pop_item *msim__pop_item(struct msim__pop_incoming *session, uint32_t number)
{
  if (number == 0 || number > session->item_count) {
    msim__pop_complain(session, "There is no message of this number");
    return NULL;
  }
  if (session->items[number - 1].deleted) {
    msim__pop_complain(session, "This message is deleted");
    return NULL;
  }
  return &session->items[number - 1];
}

const struct msim__mailbox_item *msim__pop_stored(struct msim__pop_incoming *session, const struct msim__pop_item *item)
{
  size_t index = msim__store_index_of(session->box, item->uid);

  if (index < session->box->count)
    return &session->box->items[index];
  msim__pop_err(session, "SYS/TEMP", "Somebody has taken this message away"); /* by another way than POP */
  return NULL;
}

size_t msim__pop_count(const struct msim__pop_incoming *session, uint64_t *size_bytes)
{
  size_t count = 0, i;

  *size_bytes = 0;
  for (i = 0; i < session->item_count; i++)
    if (!session->items[i].deleted) {
      count++;
      *size_bytes += session->items[i].size_bytes;
    }
  return count;
}

void msim__pop_list(struct msim__pop_incoming *session, const struct msim__pop_command *command,
                    msim__pop_text_fn *text)
{
  const struct msim__pop_item *one;
  char words[MSIM__POP_UID_BYTES_MAX + 1];
  struct msim__buf out;
  uint64_t size_bytes;
  size_t i;

  if (command->has_number) {
    one = msim__pop_item(session, command->number);
    if (one == NULL)
      return;
    (void)text(session, one, words, sizeof words);
    msim__pop_ok(session, "%lu %s", (unsigned long)command->number, words);
    return;
  }
  msim__buf_init(&out, &session->server->mailboxes.mem, (size_t)MSIM__STORE_ITEMS_MAX * 96);
  msim__buf_printf(&out, "+OK %lu messages", (unsigned long)msim__pop_count(session, &size_bytes));
  msim__buf_printf(&out, " (%llu octets)\r\n", (unsigned long long)size_bytes);
  for (i = 0; i < session->item_count; i++) {
    size_t n = session->items[i].deleted ? 0 : text(session, &session->items[i], words, sizeof words);

    if (n == 0)
      continue;
    msim__buf_append_uint(&out, i + 1);
    msim__buf_append_byte(&out, ' ');
    msim__buf_append(&out, words, n);
    msim__buf_append(&out, "\r\n", 2);
  }
  if (msim__buf_append(&out, ".\r\n", 3) == MSIM_OK)
    msim__pop_send(session, "pop.reply", NULL, out.data, out.size_bytes);
  else
    msim__pop_err(session, "SYS/TEMP", "There is no memory for this");
  msim__buf_release(&out);
}

/* All of it, beyond the limit of the send buffer if need be. */
static void put(struct msim__pop_incoming *session, const char *text, size_t size_bytes)
{
  size_t fitted = msim_stream_write(session->stream, text, size_bytes);
  struct msim_blob *rest;

  if (fitted == size_bytes)
    return;
  rest = msim_blob_new(msim_agent_sim(session->agent), text + fitted, size_bytes - fitted);
  if (rest == NULL)
    return;
  (void)msim_stream_write_blob(session->stream, rest, 0, size_bytes - fitted); /* a closed stream says so elsewhere */
  msim_blob_unref(rest);
}

void msim__pop_send_message(struct msim__pop_incoming *session, const struct msim__mailbox_item *stored,
                            size_t size_bytes, bool whole)
{
  const struct msim__message *message = stored->message;
  const char *unit = whole ? "mail.content" : "pop.reply";
  size_t wire_bytes = msim_blob_bytes(message->content).size_bytes;

  msim_stream_mark(session->stream, unit, message->label, MSIM_MARK_BEGIN);
  put(session, message->return_path, strlen(message->return_path));
  (void)msim_stream_write_blob(session->stream, message->content, 0, size_bytes);
  if (!whole) /* the lone dot */
    (void)msim_stream_write_blob(session->stream, message->content, wire_bytes - 3, 3);
  msim_stream_mark(session->stream, unit, message->label, MSIM_MARK_END);
}
