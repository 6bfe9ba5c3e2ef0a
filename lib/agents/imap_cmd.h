/* imap_cmd.h: one command of the IMAP server is one file: lib/agents/imap_cmd_x.c defines msim__imap_cmd_x.
 *
 * CMake enters it by its name; no other file is touched. What does not depend on the verb is checked in one place
 * before: imap_commands.c. */
#ifndef MSIM_AGENTS_IMAP_CMD_H
#define MSIM_AGENTS_IMAP_CMD_H

#include "agents/imap_session.h"
#include "proto/ascii.h"

#define MSIM__IMAP_IN(state) (1u << MSIM__IMAP_##state)
#define MSIM__IMAP_IN_ANY (MSIM__IMAP_IN(STRANGER) | MSIM__IMAP_IN(KNOWN) | MSIM__IMAP_IN(SELECTED))
#define MSIM__IMAP_IN_KNOWN (MSIM__IMAP_IN(KNOWN) | MSIM__IMAP_IN(SELECTED))

enum msim__imap_uid { MSIM__IMAP_UID_NEVER, MSIM__IMAP_UID_TOO };

struct msim__imap_cmd {
  const char *name;                                /* upper case */
  unsigned allowed;                                /* states; elsewhere BAD */
  enum msim__imap_uid uid;                         /* whether "UID" may stand before it */
  bool keeps_numbers;                              /* without "UID" no EXPUNGE is told during it (RFC 3501 7.4.1) */
  bool has_arguments;                              /* a space follows the verb; otherwise nothing does */
  bool may_have_arguments;                         /* it reads them itself, with the space */
  const char *capability;                          /* under which it is offered; NULL: it is of RFC 3501 */
  void (*run)(struct msim__imap_session *session); /* the cursor is at the first argument */
};

/* All of them, by name; NULL ends. Written by CMake. */
extern const struct msim__imap_cmd *const msim__registry_imap_cmd[];

/* imap_commands.c: runs the command in session->text, which ends with CRLF. */
void msim__imap_run(struct msim__imap_session *session);

#endif
