/* accounts.h: the users of a host: their addresses, mailboxes, passwords and limits.
 *
 * One list for all mail agents of the host, so that whoever may send with a password may also read with it. Addresses
 * and names are compared without regard to the case of ASCII letters. Who has gone is not found. Does not know aliases.
 */
#ifndef MSIM_MAIL_ACCOUNTS_H
#define MSIM_MAIL_ACCOUNTS_H

#include "mail/store.h"
#include "proto/sasl.h"

#define MSIM__ACCOUNTS_MAX 10000000u

struct msim__account {
  char *key;        /* "local@domain", lower case; terminated */
  const char *name; /* the user, as first written; the mailbox's name */
  struct msim__mailbox *box;
  struct msim__sasl_secret *secret; /* NULL: cannot log in */
  uint64_t size_bytes_max;          /* of a message; 0: no limit of its own */
  uint64_t quota_bytes;             /* of the mailbox; 0: none */
  bool is_gone;                     /* by hand: nobody finds it, until it is added again */
};

/* All zero is a list that is not yet initialised (mem is NULL). */
struct msim__accounts {
  struct msim__mem *mem;
  struct msim__store *store;
  struct msim__names by_address; /* struct msim__account by its key */
  struct msim__names by_name;    /* the first of each name, by the part of the key before the @ */
  char **names;                  /* what by_name borrows */
  size_t name_count, name_capacity;
  size_t secret_count; /* how many can log in */
};

void msim__accounts_init(struct msim__accounts *accounts, struct msim__mem *mem, struct msim__store *store);
void msim__accounts_release(struct msim__accounts *accounts); /* may be used again after init */

/* What is said about a user; zeros for nothing. password is borrowed for the list's life. */
struct msim__account_opts {
  const char *password;
  uint64_t size_bytes_max, quota_bytes;
};

/* A user of a domain ("" for the host itself), whose mailbox is opened under the user's name: users of one name in
 * several domains share it. One that is there is found, and what opts says is added to it. opts may be NULL. 0,
 * MSIM_ERR_NOMEM, MSIM_ERR_LIMIT (too long for an address, or too many). */
int msim__accounts_add(struct msim__accounts *accounts, const char *domain, const char *user,
                       const struct msim__account_opts *opts, struct msim__account **out);

/* By address; local unquoted. NULL: nobody. */
struct msim__account *msim__accounts_find(const struct msim__accounts *accounts, struct msim_slice local,
                                          struct msim_slice domain);

/* By what somebody calls himself at a login: "bob@b.example", or "bob", which is the first of that name. */
struct msim__account *msim__accounts_find_login(const struct msim__accounts *accounts, struct msim_slice name);

#endif
