/* webmail_letter.h: a mail that a person sends by the webmail, from the form to the server's answer; shared by
 * webmail_send.c (the form, and what comes after) and webmail_submit.c (SMTP). */
#ifndef MSIM_AGENTS_WEBMAIL_LETTER_H
#define MSIM_AGENTS_WEBMAIL_LETTER_H

#include "agents/smtp_credentials.h"
#include "agents/smtp_outgoing.h"
#include "agents/webmail.h"
#include "mail/compose.h"

#define MSIM__WEBMAIL_PEOPLE_MAX 1000u /* of one field */
#define MSIM__WEBMAIL_FILES_MAX 100u

struct msim__webmail_people {
  const char **items; /* addresses, in the job's arena */
  size_t count;
};

typedef void msim__webmail_submitted_fn(struct msim__webmail_job *job, bool is_sent);

struct msim__webmail_letter {
  struct msim__webmail_letter *prev, *next;
  struct msim__webmail *webmail;
  struct msim__webmail_job *job; /* NULL: it has its answer; the connection says goodbye */
  bool is_draft, kept, attached;
  const char *flaw, *id;
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1];
  struct msim__webmail_people to, cc, bcc;
  struct msim__compose_attachment *attachments;
  size_t attachment_count;
  struct msim__buf plain;
  char refused[512]; /* addresses that the server did not want, for people */
  /* sending */
  struct msim__message *message;
  struct msim__smtp_outgoing out;
  struct msim__smtp_credentials login;
  char user[MSIM__WEBMAIL_NAME_BYTES], password[MSIM__WEBMAIL_NAME_BYTES];
  struct msim_endpoint places[8];
  size_t place_count, place_next;
  bool offered;
  msim__webmail_submitted_fn *submitted;
};

struct msim__webmail_letter *msim__webmail_letter_new(struct msim__webmail_job *job);

/* Hands letter->plain to the server for submission. submitted is called from the loop, with job->words. */
void msim__webmail_submit(struct msim__webmail_job *job, msim__webmail_submitted_fn *submitted);

#endif
