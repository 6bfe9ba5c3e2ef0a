/* pop_command.h: one command line of POP3 taken apart (RFC 1939; 2449, 2595, 5034, 6856).
 *
 * Does not know what is allowed when, which extensions are on, which messages there are. */
#ifndef MSIM_PROTO_POP_COMMAND_H
#define MSIM_PROTO_POP_COMMAND_H

#include <mailsim/base.h>

#define MSIM__POP_LINE_BYTES_MAX 255u       /* of a command with its CRLF, RFC 2449 4 */
#define MSIM__POP_REPLY_LINE_BYTES_MAX 512u /* of a reply's first line with its CRLF, likewise */
#define MSIM__POP_UID_BYTES_MAX 70u         /* RFC 1939 7 */
#define MSIM__POP_NUMBER_MAX UINT32_C(0xffffffff)

/* Verb, word. */
#define MSIM__POP_VERB_MAP(X)                                                                                          \
  X(APOP, "APOP")                                                                                                      \
  X(AUTH, "AUTH")                                                                                                      \
  X(CAPA, "CAPA")                                                                                                      \
  X(DELE, "DELE")                                                                                                      \
  X(LIST, "LIST")                                                                                                      \
  X(NOOP, "NOOP")                                                                                                      \
  X(PASS, "PASS")                                                                                                      \
  X(QUIT, "QUIT")                                                                                                      \
  X(RETR, "RETR")                                                                                                      \
  X(RSET, "RSET")                                                                                                      \
  X(STAT, "STAT")                                                                                                      \
  X(STLS, "STLS")                                                                                                      \
  X(TOP, "TOP")                                                                                                        \
  X(UIDL, "UIDL")                                                                                                      \
  X(USER, "USER")                                                                                                      \
  X(UTF8, "UTF8")

enum msim__pop_verb {
  MSIM__POP_UNKNOWN,
#define MSIM__POP_VERB_ENUM(name, text) MSIM__POP_##name,
  MSIM__POP_VERB_MAP(MSIM__POP_VERB_ENUM)
#undef MSIM__POP_VERB_ENUM
      MSIM__POP_VERB_COUNT
};

/* All slices are parts of the line. Members that the verb does not use are zero. */
struct msim__pop_command {
  enum msim__pop_verb verb;
  struct msim_slice verb_text;
  struct msim_slice argument; /* what stands behind the verb and its space */

  struct msim_slice name;     /* USER, APOP */
  struct msim_slice password; /* PASS: all of the argument, spaces included (RFC 1939 7) */
  struct msim_slice digest;   /* APOP: 32 digits of base 16, small letters */

  bool has_number;
  uint32_t number;     /* LIST, UIDL, RETR, DELE, TOP: as told, 0 too; MSIM__POP_NUMBER_MAX also for what is larger */
  uint32_t line_count; /* TOP; likewise */

  struct msim_slice mechanism;        /* AUTH; empty: none is named */
  struct msim_slice initial_response; /* AUTH: in base64, or "=" (RFC 5034 4) */
  bool has_initial_response;

  const char *flaw; /* what is wrong with it, for the answer; static; NULL: nothing */
};

/* line is one line without its CRLF. utf8: names and passwords may go beyond ASCII (RFC 6856 2). MSIM_OK; otherwise
 * flaw is filled: MSIM_ERR_NOT_FOUND a verb unknown here; MSIM_ERR_SYNTAX; MSIM_ERR_LIMIT the line is too long. verb
 * and argument are set even then, as far as they could be read. */
int msim__pop_command_parse(struct msim__pop_command *out, struct msim_slice line, bool utf8);

const char *msim__pop_verb_name(enum msim__pop_verb verb); /* "RETR"; NULL for UNKNOWN */

#endif
