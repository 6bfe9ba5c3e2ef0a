/* pop_cmd.h: one command of the POP3 server is one file: lib/agents/pop_cmd_x.c defines msim__pop_cmd_x.
 *
 * CMake enters it by its name; no other file is touched. The grammar is in lib/proto/pop_command.h; a verb that it does
 * not know gets its argument as text. What does not depend on the verb is checked in one place before: pop_commands.c.
 */
#ifndef MSIM_AGENTS_POP_CMD_H
#define MSIM_AGENTS_POP_CMD_H

#include "agents/pop_incoming.h"

#define MSIM__POP_ALLOW(state) (1u << MSIM__POP_##state)
#define MSIM__POP_ALLOW_BEFORE (MSIM__POP_ALLOW(AUTHORIZATION) | MSIM__POP_ALLOW(NAMED))
#define MSIM__POP_ALLOW_ANY (MSIM__POP_ALLOW_BEFORE | MSIM__POP_ALLOW(TRANSACTION))

struct msim__pop_cmd {
  const char *name; /* upper case */
  unsigned allowed; /* states; elsewhere -ERR */
  /* Whether the server has it at all; NULL: yes. */
  bool (*is_offered)(const struct msim__pop_incoming *session);
  /* Exactly one reply, also later. */
  void (*run)(struct msim__pop_incoming *session, const struct msim__pop_command *command);
  /* Appends lines to the reply to CAPA, each with its CRLF, by msim__pop_offer. NULL: none. */
  void (*offer)(const struct msim__pop_incoming *session, struct msim__buf *out);
};

/* All of them, by name; NULL ends. Written by CMake. */
extern const struct msim__pop_cmd *const msim__registry_pop_cmd[];

/* ---- what several of them need; pop_commands.c ---- */

/* "CAPABILITY arguments" and CRLF, unless the server is told to do without it. arguments may be NULL. */
void msim__pop_offer(const struct msim__pop_incoming *session, struct msim__buf *out, const char *capability,
                     const char *arguments);

/* The item of a message number that is there and not deleted; NULL: the reply is given. */
struct msim__pop_item *msim__pop_item(struct msim__pop_incoming *session, uint32_t number);

/* What lies in the mailbox for it; NULL: it is gone, and the reply is given. */
const struct msim__mailbox_item *msim__pop_stored(struct msim__pop_incoming *session,
                                                  const struct msim__pop_item *item);

/* Messages that are not deleted, and their octets. */
size_t msim__pop_count(const struct msim__pop_incoming *session, uint64_t *size_bytes);

/* LIST and UIDL: text writes what stands behind the number of a message, and returns its length. */
typedef size_t msim__pop_text_fn(const struct msim__pop_incoming *session, const struct msim__pop_item *item, char *out,
                                 size_t out_bytes);
void msim__pop_list(struct msim__pop_incoming *session, const struct msim__pop_command *command,
                    msim__pop_text_fn *text);

/* RETR and TOP: Return-Path and, of the content in its wire form, the first size_bytes; the end mark follows. A whole
 * message is marked as mail.content, end mark included, a part as pop.reply. */
void msim__pop_send_message(struct msim__pop_incoming *session, const struct msim__mailbox_item *stored,
                            size_t size_bytes, bool whole);

#endif
