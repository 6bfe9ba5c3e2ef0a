/* imap_gather.h: finds where a command of IMAP ends while it comes in (RFC 3501 2.2.1, 7888): lines, and the literals
 * that their ends announce.
 *
 * Resumable at every byte, counts and keeps nothing. Whether a line makes sense is imap_lex.h's question: CR and LF
 * that do not stand together are handed on. */
#ifndef MSIM_PROTO_IMAP_GATHER_H
#define MSIM_PROTO_IMAP_GATHER_H

#include <mailsim/base.h>

/* Start from {0}. */
struct msim__imap_gather {
  uint64_t literal_bytes;      /* the latest that was announced */
  uint64_t literal_left_bytes; /* of it, still to come */
  bool synchronizing;          /* the latest one waits for "+" */
  uint8_t mark;                /* private: how far the end of the line looks like "{5+}" CRLF */
  bool quoted, escaped, plus;  /* private */
  uint64_t number;             /* private */
};

enum msim__imap_gather_event {
  MSIM__IMAP_GATHER_MORE,    /* all of the input belongs to the command, and more has to come */
  MSIM__IMAP_GATHER_LITERAL, /* a literal was announced; what is taken ends with the CRLF behind it */
  MSIM__IMAP_GATHER_DONE     /* what is taken ends with the command's CRLF; ready for the next one */
};

/* *taken: how much of the input belongs to the command. After LITERAL the next call goes on with its bytes. Where the
 * server refuses a synchronizing one, the command is over: start again from {0}. */
enum msim__imap_gather_event msim__imap_gather_feed(struct msim__imap_gather *gather, struct msim_slice input,
                                                    size_t *taken);

#endif
