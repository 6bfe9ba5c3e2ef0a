/* smtp_policy.h: for whom a mail server takes mail: its domains and their users, and the customers whose mail it
 * relays.
 *
 * Answers from tables made once, so that a server of many users is as fast as a small one. Does not know passwords,
 * aliases or lists. Users are compared without regard to the case of ASCII letters, as practically everywhere. */
#ifndef MSIM_AGENTS_SMTP_POLICY_H
#define MSIM_AGENTS_SMTP_POLICY_H

#include "core/names.h"
#include "mail/store.h"
#include "proto/address.h"

#include <mailsim/agent.h>

enum msim__smtp_place {
  MSIM__SMTP_PLACE_LOCAL,   /* a mailbox of this host */
  MSIM__SMTP_PLACE_NO_USER, /* a domain of this host, but nobody of that name */
  MSIM__SMTP_PLACE_FOREIGN  /* another domain */
};

/* All zero is an empty policy that is not yet initialised (mem is NULL). */
struct msim__smtp_policy {
  struct msim__mem *mem;
  struct msim__store *store;
  struct msim__names domains; /* lower case */
  struct msim__names users;   /* "local@domain", lower case -> struct msim__mailbox */
  char **keys;                /* what the tables borrow */
  size_t key_count, key_capacity;
  struct msim_list relay_from; /* const char *: addresses or "@domain"; borrowed */
};

void msim__smtp_policy_init(struct msim__smtp_policy *policy, struct msim__mem *mem, struct msim__store *store,
                            struct msim_list relay_from);
void msim__smtp_policy_release(struct msim__smtp_policy *policy);

/* A domain of this host, and a user of it, whose mailbox is opened under the user's name: the users of one name in
 * several domains share it. Those that are there already are found. MSIM_ERR_NOMEM, MSIM_ERR_LIMIT. */
int msim__smtp_policy_add_domain(struct msim__smtp_policy *policy, const char *domain);
int msim__smtp_policy_add_user(struct msim__smtp_policy *policy, const char *domain, const char *user);

/* Where mail for an address belongs; *box is set for LOCAL. The postmaster, of this host or of its domains, is always
 * there (RFC 5321 4.5.1): NULL in *box with LOCAL means out of memory at the first mail for him. */
enum msim__smtp_place msim__smtp_policy_place(struct msim__smtp_policy *policy, const struct msim__address *address,
                                              struct msim__mailbox **box);

/* Whether mail from this reverse-path may go to other domains. */
bool msim__smtp_policy_may_relay(const struct msim__smtp_policy *policy, const char *reverse_path);

#endif
