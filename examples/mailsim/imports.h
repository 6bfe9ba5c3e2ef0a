/* imports.h: mail in folders and files of mail programs that lies in mailboxes when a run begins. */
#ifndef MAILSIM_IMPORTS_H
#define MAILSIM_IMPORTS_H

#include "command.h"

#define IMPORTS_MAX 64

struct import_target {
  const char *text; /* as it was given */
  const char *path;
  char user[330], host[260], folder[1010]; /* folder: "" for INBOX */
  bool is_mbox;
};

struct imports {
  struct import_target targets[IMPORTS_MAX];
  size_t count;
};

/* maildir:USER@HOST=FOLDER or mbox:USER@HOST=FILE, a folder behind the host: USER@HOST/Lists/c. Borrowed. false: said
 * on stderr. */
bool imports_add(struct imports *imports, const char *text);
/* Before the run: reads all of them into the mailboxes. false: said on stderr. */
bool imports_read(const struct imports *imports, struct msim_sim *sim);

/* ---- import_file.c ---- */

/* The whole of a plain file, malloc'ed: no link, no pipe, at most so large. NULL: said on stderr. */
char *import_load(const char *path, size_t bytes_max, bool follow, size_t *size_bytes);
/* Lays one message down; number: of the message in its file, 0: it is the file. false: said on stderr. */
bool import_put(struct msim_node *node, const struct msim_mailbox_letter *letter, const char *path, size_t number);
/* All messages of an mbox. false: said on stderr. */
bool import_mbox(struct msim_node *node, const struct import_target *target);
bool import_fails(const char *path, const char *what); /* false */

#endif
