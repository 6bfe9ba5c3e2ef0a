/* imap_command.h: the beginning of every command of IMAP (RFC 3501 9): tag, "UID" where it stands, verb.
 *
 * Arguments are read by those who know the verb, with the cursor that is left. */
#ifndef MSIM_PROTO_IMAP_COMMAND_H
#define MSIM_PROTO_IMAP_COMMAND_H

#include "proto/imap_lex.h"

struct msim__imap_command {
  struct msim_slice tag;  /* empty: there is none that could be answered */
  struct msim_slice verb; /* as written; of "UID FETCH" it is "FETCH" */
  bool uid;
};

/* Leaves the cursor behind the verb. MSIM_ERR_SYNTAX: there is no tag or no verb; what was found is told. */
int msim__imap_command_parse(struct msim__imap_command *out, struct msim__imap_cursor *c);

#endif
