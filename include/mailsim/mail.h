/* mail.h: mails that a program sends in the middle of a run, and how many of them lie where: for test bodies.
 *
 * What became of a mail on its way is told by events of a trace; this tells what there is. Does not include: mails that
 * a topology sends by itself (`script` of a user), folders and flags (mailbox.h). */
#ifndef MAILSIM_MAIL_H
#define MAILSIM_MAIL_H

#include <mailsim/mailbox.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MSIM_MAIL_RECIPIENTS_MAX 1000u

/* All of it is copied. What is NULL or 0 is left out. */
struct msim_mail {
  const char *message; /* its label in traces and for the functions below: "m1"; NULL: HOST-N */
  const char *from;    /* NULL: the person's own address */
  const char *to;      /* one address, or several with commas between them; must be there */
  const char *subject; /* UTF-8 */
  const char *body;    /* UTF-8, lines end in LF */
  uint64_t size_bytes; /* it measures that at least: filled up behind the body */
};

/* The person at that host (its first agent `user` that has `submit`) writes this mail and sends it, now; before the
 * start: at the start. It is on its way with the next msim_sim_run. Sent by nobody when the host crashes before.
 * MSIM_ERR_NOT_FOUND: nobody there sends mail; MSIM_ERR_INVALID: no recipient, an address that is none, or a label that
 * stands for a file; MSIM_ERR_STATE: the host is down, or the run is finished; MSIM_ERR_LIMIT; MSIM_ERR_NOMEM. */
#define msim_mail_send(node, mail) msim_mail_send_sized((node), (mail), sizeof(struct msim_mail))
MSIM_API int msim_mail_send_sized(struct msim_node *node, const struct msim_mail *mail, size_t mail_bytes);

/* How many copies of a message lie in mailboxes now: in those that an address belongs to ("bob@b.example", as in
 * `domains` and `accounts`; not an alias), on all hosts and in all folders; recipient NULL: in any mailbox. label NULL:
 * of any message. What was fetched and deleted, or lost by a crash, does not count; nor do hosts that are down. */
MSIM_API uint64_t msim_mail_count(const struct msim_sim *sim, const char *label, const char *recipient);

/* Where one of these copies lies: index counts them from 0, in the order of the hosts' addition, their mailboxes, and
 * the places in those. node, mailbox and place are what mailbox.h calls node, index and place. MSIM_ERR_NOT_FOUND: past
 * the end. */
struct msim_mail_place {
  struct msim_node *node;
  size_t mailbox, place;
};
#define msim_mail_find(sim, label, recipient, index, out)                                                              \
  msim_mail_find_sized((sim), (label), (recipient), (index), (out), sizeof(struct msim_mail_place))
MSIM_API int msim_mail_find_sized(const struct msim_sim *sim, const char *label, const char *recipient, uint64_t index,
                                  struct msim_mail_place *out, size_t out_bytes);

/* Writes this copy as a reader gets it, header and body (msim_mailbox_write). MSIM_ERR_NOT_FOUND, or as that. */
MSIM_API int msim_mail_write(const struct msim_sim *sim, const char *label, const char *recipient, uint64_t index,
                             const struct msim_out *out);

#ifdef __cplusplus
}
#endif
#endif
