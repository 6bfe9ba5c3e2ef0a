/* exports.h: what a run leaves in its mailboxes, as folders and files that mail programs read. */
#ifndef MAILSIM_EXPORTS_H
#define MAILSIM_EXPORTS_H

#include "command.h"

#define EXPORTS_MAX 8

struct export_target {
  const char *path;
  bool is_mbox;
};

struct exports {
  struct export_target targets[EXPORTS_MAX];
  size_t count;
};

/* maildir:FOLDER or mbox:FOLDER, borrowed. false: said on stderr. */
bool exports_add(struct exports *exports, const char *text);
/* Before the run: each folder is new or empty, and is there from now on. false: said on stderr. */
bool exports_open(const struct exports *exports);
/* After it, before the simulation is freed. false: something could not be written, said on stderr. */
bool exports_write(const struct exports *exports, const struct msim_sim *sim);

/* ---- export_file.c: one message in its file ---- */

/* Copies a message to a file: lines end in LF; with from_quoted lines "From ", ">From " ... get one more ">" (mboxrd).
 */
struct export_writer {
  FILE *file;
  bool from_quoted;
  /* private */
  bool has_cr;   /* held back: a LF may follow */
  bool is_begun; /* something of the line is written */
  char held[8];  /* of the line's beginning that may be ">From " */
  size_t held_bytes;
  unsigned quote_count;
};
int export_message(struct export_writer *writer, const struct msim_node *node, size_t index, size_t place);

#endif
