/* smtp_command.h: one command line of SMTP taken apart (RFC 5321 4.1; 1870, 3030, 3207, 3461, 4954, 6152, 6531).
 *
 * Does not know what is allowed when (the server's table of states does), which extensions are on, or who exists. */
#ifndef MSIM_PROTO_SMTP_COMMAND_H
#define MSIM_PROTO_SMTP_COMMAND_H

#include "proto/address.h"
#include "proto/dsn.h"

/* Longest lines with their CRLF: RFC 5321 4.5.3.1.4, plus what the extensions add to each command. */
#define MSIM__SMTP_LINE_BYTES_MAX 512
#define MSIM__SMTP_LINE_VRFY_BYTES_MAX 522   /* 6531: 10 */
#define MSIM__SMTP_LINE_MAIL_BYTES_MAX 1172  /* 1870: 26; 6152: 17; 6531: 10; 4954: 500; 3461: 107 */
#define MSIM__SMTP_LINE_RCPT_BYTES_MAX 1012  /* 3461: 500 */
#define MSIM__SMTP_LINE_AUTH_BYTES_MAX 12288 /* 4954 4 */
#define MSIM__SMTP_PATH_BYTES_MAX 256        /* RFC 5321 4.5.3.1.3, brackets included */
#define MSIM__SMTP_PARAM_COUNT_MAX 16

enum msim__smtp_verb {
  MSIM__SMTP_UNKNOWN,
  MSIM__SMTP_HELO,
  MSIM__SMTP_EHLO,
  MSIM__SMTP_MAIL,
  MSIM__SMTP_RCPT,
  MSIM__SMTP_DATA,
  MSIM__SMTP_RSET,
  MSIM__SMTP_NOOP,
  MSIM__SMTP_QUIT,
  MSIM__SMTP_VRFY,
  MSIM__SMTP_EXPN,
  MSIM__SMTP_HELP,
  MSIM__SMTP_STARTTLS,
  MSIM__SMTP_AUTH,
  MSIM__SMTP_BDAT
};

enum msim__smtp_body {
  MSIM__SMTP_BODY_NONE,
  MSIM__SMTP_BODY_7BIT,
  MSIM__SMTP_BODY_8BITMIME,
  MSIM__SMTP_BODY_BINARYMIME
};

enum msim__smtp_flag {
  /* Addresses beyond ASCII may be used: for MAIL, SMTPUTF8 is offered (and the parameter is then demanded where
   * needed); for RCPT, the transaction was opened with it; for VRFY and EXPN, it is offered (RFC 6531 3.4, 3.7.4.2). */
  MSIM__SMTP_ALLOW_UTF8 = 1,
  /* "MAIL FROM: <a@b>" and "MAIL FROM:a@b", which RFC 5321 3.3 forbids and many clients send. */
  MSIM__SMTP_LENIENT = 2
};

struct msim__smtp_param {
  struct msim_slice keyword, value;
  bool has_value;
  bool known; /* read below: SIZE, BODY, SMTPUTF8, AUTH, RET, ENVID of MAIL, NOTIFY, ORCPT of RCPT; the others are for
                 the server to take or refuse (555) */
};

struct msim__smtp_path {
  bool null;               /* <> : address is empty */
  bool postmaster;         /* <Postmaster> without a domain (RFC 5321 4.5.1): address has a local part only */
  struct msim_slice route; /* "@a,@b" without the colon: to be ignored (RFC 5321 4.1.1.3, appendix C) */
  struct msim__address address;
};

/* All slices are parts of the line. Members that the verb does not use are zero. */
struct msim__smtp_command {
  enum msim__smtp_verb verb;
  struct msim_slice verb_text;
  struct msim_slice argument; /* everything behind the verb, without white space around it */

  bool helo_valid; /* HELO, EHLO: argument is a domain name or an address literal; whether to insist is policy */

  struct msim__smtp_path path; /* MAIL, RCPT */
  size_t param_count;
  struct msim__smtp_param params[MSIM__SMTP_PARAM_COUNT_MAX];
  bool has_size;
  uint64_t size_bytes; /* UINT64_MAX also for what is larger */
  enum msim__smtp_body body;
  enum msim__dsn_ret ret;
  struct msim_slice envid, auth; /* xtext, well formed; auth may be "<>" */
  bool has_auth;
  unsigned notify;         /* RCPT: bits of enum msim__dsn_notify */
  struct msim_slice orcpt; /* RCPT: "rfc822;" and xtext */
  bool smtputf8;           /* MAIL; VRFY and EXPN, whose argument then goes without it */

  struct msim_slice mechanism;        /* AUTH */
  struct msim_slice initial_response; /* AUTH: still in base64; empty when "=" was sent (RFC 4954 4) */
  bool has_initial_response;

  uint64_t chunk_bytes; /* BDAT; UINT64_MAX also for what is larger */
  bool chunk_last;

  /* What fits as an answer when the line is refused; code is 0 when it is not. */
  struct {
    unsigned code;
    const char *enhanced, *text; /* static */
  } reply;
};

/* line is one line without its CRLF. MSIM_OK; otherwise reply is filled: MSIM_ERR_NOT_FOUND a verb unknown here;
 * MSIM_ERR_SYNTAX; MSIM_ERR_LIMIT something is too long or too often there. verb and argument are set even then, as far
 * as they could be read. flags: enum msim__smtp_flag. */
int msim__smtp_command_parse(struct msim__smtp_command *out, struct msim_slice line, unsigned flags);

#endif
