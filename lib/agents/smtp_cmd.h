/* smtp_cmd.h: one command of the SMTP server is one file: lib/agents/smtp_cmd_x.c defines msim__smtp_cmd_x.
 *
 * CMake enters it by its name; no other file is touched. A verb that lib/proto/smtp_command.h has a grammar for gets
 * its argument taken apart; any other gets it as text (command->argument). What does not depend on the verb is checked
 * in one place before: smtp_commands.c. */
#ifndef MSIM_AGENTS_SMTP_CMD_H
#define MSIM_AGENTS_SMTP_CMD_H

#include "agents/smtp_incoming.h"

#define MSIM__SMTP_ALLOW(state) (1u << MSIM__SMTP_IN_##state)
#define MSIM__SMTP_ALLOW_ANY                                                                                           \
  (MSIM__SMTP_ALLOW(START) | MSIM__SMTP_ALLOW(READY) | MSIM__SMTP_ALLOW(MAIL) | MSIM__SMTP_ALLOW(RCPT) |               \
   MSIM__SMTP_ALLOW(BDAT))

struct msim__smtp_cmd {
  const char *name;   /* upper case */
  unsigned allowed;   /* states; elsewhere 503 */
  bool needs_login;   /* where the port demands one (RFC 4954 6): 530 before it */
  bool about_message; /* refusing it by rule is an event: message.refused */
  /* Whether the server has it at all; NULL: yes. Otherwise it is answered 502. */
  bool (*is_offered)(const struct msim__smtp_incoming *session);
  /* Exactly one reply, also later (msim__smtp_incoming_reply and those beside it). */
  void (*run)(struct msim__smtp_incoming *session, const struct msim__smtp_command *command);
  /* Appends "\nKEYWORD …" for each extension that the reply to EHLO offers, by msim__smtp_offer. NULL: none. */
  void (*offer)(const struct msim__smtp_incoming *session, struct msim__buf *out);
};

/* All of them, by name; NULL ends. Written by CMake. */
extern const struct msim__smtp_cmd *const msim__registry_smtp_cmd[];

/* ---- what several of them need; smtp_commands.c ---- */

/* Appends a keyword, unless the server is told to do without it. true: something may be appended behind it. */
bool msim__smtp_offer(const struct msim__smtp_incoming *session, struct msim__buf *out, const char *keyword);

/* EHLO and HELO. */
void msim__smtp_incoming_greet(struct msim__smtp_incoming *session, const struct msim__smtp_command *command,
                               bool esmtp);

/* The mailbox of a path without its brackets, into out. false: it does not fit, which the parser has excluded. */
bool msim__smtp_path_text(const struct msim__smtp_path *path, char *out, size_t out_bytes);

/* Whether every parameter belongs to an extension that is offered; otherwise the reply is given (RFC 5321 4.1.1.11). */
bool msim__smtp_params_are_known(struct msim__smtp_incoming *session, const struct msim__smtp_command *command);

#endif
