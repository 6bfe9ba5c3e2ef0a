/* smtp_policy.h: for whom a mail server takes mail: its domains and their users, aliases, and those whose mail it
 * relays.
 *
 * Answers from tables made once, so that a server of many users is as fast as a small one. Users are compared without
 * regard to the case of ASCII letters, as practically everywhere. What depends on time and number is in smtp_rules.h.
 */
#ifndef MSIM_AGENTS_SMTP_POLICY_H
#define MSIM_AGENTS_SMTP_POLICY_H

#include "mail/accounts.h"
#include "proto/address.h"

#include <mailsim/agent.h>

#define MSIM__SMTP_ALIAS_DEPTH_MAX 16u      /* an alias of an alias of …; deeper ones lead nowhere */
#define MSIM__SMTP_ALIAS_TARGETS_MAX 10000u /* of one address, all in all */

enum msim__smtp_place {
  MSIM__SMTP_PLACE_LOCAL,   /* a mailbox of this host */
  MSIM__SMTP_PLACE_ALIAS,   /* stands for others: msim__smtp_policy_expand */
  MSIM__SMTP_PLACE_NO_USER, /* a domain of this host, but nobody of that name */
  MSIM__SMTP_PLACE_FOREIGN  /* another domain */
};

/* `aliases: {info@b.example: [bob, ann@other.example], "@b.example": bob}` */
struct msim__smtp_alias_config {
  const char *key;
  struct msim_list targets; /* const char * */
};

/* All zero is an empty policy that is not yet initialised (mem is NULL). */
struct msim__smtp_policy {
  struct msim__mem *mem;
  struct msim__accounts *accounts;
  struct msim__names domains; /* lower case, with the @ before them */
  struct msim__names aliases; /* "local@domain" or "@domain", lower case -> const struct msim__smtp_alias_config */
  char **keys;                /* what the tables borrow */
  size_t key_count, key_capacity;
  struct msim_list relay_from;    /* const char *: addresses or "@domain"; borrowed */
  struct msim_list relay_clients; /* struct msim_cidr; borrowed */
};

void msim__smtp_policy_init(struct msim__smtp_policy *policy, struct msim__mem *mem, struct msim__accounts *accounts);
void msim__smtp_policy_release(struct msim__smtp_policy *policy);

/* A domain of this host. One that is there already is found. MSIM_ERR_NOMEM, MSIM_ERR_LIMIT. */
int msim__smtp_policy_add_domain(struct msim__smtp_policy *policy, const char *domain);
/* Its domain becomes one of this host; alias is borrowed. */
int msim__smtp_policy_add_alias(struct msim__smtp_policy *policy, const struct msim__smtp_alias_config *alias);

/* Where mail for an address belongs; *account is set for LOCAL. The postmaster, of this host or of its domains, is
 * always there (RFC 5321 4.5.1): NULL in *account with LOCAL means out of memory at the first mail for him. */
enum msim__smtp_place msim__smtp_policy_place(struct msim__smtp_policy *policy, const struct msim__address *address,
                                              struct msim__account **account);

/* Calls found for everybody whom an address stands for, each with the account, or NULL for an address elsewhere.
 * Aliases that lead to themselves end; what leads to nobody is left out. found returns 0, or a negative error, which
 * ends it. 0, found's error, or MSIM_ERR_LIMIT: too many. */
typedef int msim__smtp_found_fn(void *ctx, const char *address, struct msim__account *account);
int msim__smtp_policy_expand(struct msim__smtp_policy *policy, const char *address, msim__smtp_found_fn *found,
                             void *ctx);

/* Whether mail from this reverse-path, or from a client of this address, may go to other domains. */
bool msim__smtp_policy_may_relay(const struct msim__smtp_policy *policy, const char *reverse_path,
                                 const struct msim_addr *client);

/* Whether an address leads to this account, directly or as an alias; and whether its domain is of this host. */
bool msim__smtp_policy_owns(struct msim__smtp_policy *policy, const struct msim__account *account, const char *address);
bool msim__smtp_policy_is_own_domain(const struct msim__smtp_policy *policy, const char *address);

/* Whether addr is in the network. */
bool msim__smtp_in_network(const struct msim_cidr *network, const struct msim_addr *addr);

#endif
