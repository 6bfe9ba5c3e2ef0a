/* smtp_policy.c: for whom a mail server takes mail; see smtp_policy.h. */
#include "agents/smtp_policy.h"

#include "mail/message.h"
#include "proto/ascii.h"

#include <stdio.h>

#define KEYS_MAX 10000000u
#define KEY_BYTES (MSIM__ADDRESS_LOCAL_BYTES_MAX + MSIM__ADDRESS_DOMAIN_BYTES_MAX + 8)

static const char postmaster[] = "postmaster";

void msim__smtp_policy_init(struct msim__smtp_policy *policy, struct msim__mem *mem, struct msim__accounts *accounts)
{
  memset(policy, 0, sizeof *policy);
  policy->mem = mem;
  policy->accounts = accounts;
  msim__names_init(&policy->domains, mem);
  msim__names_init(&policy->aliases, mem);
}

void msim__smtp_policy_release(struct msim__smtp_policy *policy)
{
  size_t i;

  if (policy->mem == NULL)
    return;
  msim__names_release(&policy->domains);
  msim__names_release(&policy->aliases);
  for (i = 0; i < policy->key_count; i++)
    msim__free(policy->mem, policy->keys[i], strlen(policy->keys[i]) + 1);
  msim__free(policy->mem, policy->keys, policy->key_capacity * sizeof *policy->keys);
  memset(policy, 0, sizeof *policy);
}

/* "local@domain" in lower case; its length, or 0 when it is longer than any address. */
static size_t make_key(char out[KEY_BYTES], struct msim_slice local, struct msim_slice domain)
{
  size_t n = local.size_bytes + 1 + domain.size_bytes, i, at = 0;

  if (n >= KEY_BYTES)
    return 0;
  for (i = 0; i < local.size_bytes; i++)
    out[at++] = (char)msim__ascii_lower(local.data[i]);
  out[at++] = '@';
  for (i = 0; i < domain.size_bytes; i++)
    out[at++] = (char)msim__ascii_lower(domain.data[i]);
  out[at] = '\0';
  return n;
}

static int add_key(struct msim__smtp_policy *policy, struct msim__names *names, const char *key, size_t key_bytes,
                   const void *object)
{
  int err;
  char *copy;

  if (msim__names_find(names, key, key_bytes) != NULL)
    return MSIM_OK;
  err = msim__grow(policy->mem, &policy->keys, &policy->key_capacity, policy->key_count + 1, KEYS_MAX,
                   sizeof *policy->keys);
  if (err < 0)
    return err;
  copy = msim__copy_text(policy->mem, key, key_bytes);
  if (copy == NULL)
    return MSIM_ERR_NOMEM;
  policy->keys[policy->key_count++] = copy;
  return msim__names_add(names, copy, key_bytes, (void *)(uintptr_t)object);
}

static bool is_own(const struct msim__smtp_policy *policy, struct msim_slice domain)
{
  char key[KEY_BYTES];
  size_t n = make_key(key, msim__slice_text(""), domain);

  return n > 0 && msim__names_find(&policy->domains, key, n) != NULL;
}

int msim__smtp_policy_add_domain(struct msim__smtp_policy *policy, const char *domain)
{
  char key[KEY_BYTES];
  size_t n = make_key(key, msim__slice_text(""), msim__slice_text(domain));

  return n == 0 ? MSIM_ERR_LIMIT : add_key(policy, &policy->domains, key, n, policy);
}

/* The part before the last @ without its quotes, and the part behind it. */
static bool split(const char *text, uint8_t local_bytes[MSIM__ADDRESS_LOCAL_BYTES_MAX], struct msim_slice *local,
                  struct msim_slice *domain)
{
  struct msim__address address;

  local->data = local_bytes;
  local->size_bytes = 0;
  if (text[0] == '@') {
    *domain = msim__slice_text(text + 1);
    return true;
  }
  if (msim__address_parse(&address, msim__slice_text(text), true, NULL) < 0)
    return false;
  *domain = address.domain;
  return msim__address_unquote_local(&address, local_bytes, MSIM__ADDRESS_LOCAL_BYTES_MAX, &local->size_bytes) ==
         MSIM_OK;
}

int msim__smtp_policy_add_alias(struct msim__smtp_policy *policy, const struct msim__smtp_alias_config *alias)
{
  uint8_t local_bytes[MSIM__ADDRESS_LOCAL_BYTES_MAX];
  struct msim_slice local, domain;
  char key[KEY_BYTES];
  size_t n;
  int err;

  if (!split(alias->key, local_bytes, &local, &domain))
    return MSIM_ERR_INVALID;
  n = make_key(key, msim__slice_text(""), domain);
  err = n == 0 ? MSIM_ERR_LIMIT : add_key(policy, &policy->domains, key, n, policy);
  if (err < 0)
    return err;
  n = make_key(key, local, domain);
  return n == 0 ? MSIM_ERR_LIMIT : add_key(policy, &policy->aliases, key, n, alias);
}

static const struct msim__smtp_alias_config *find_alias(const struct msim__smtp_policy *policy, struct msim_slice local,
                                                        struct msim_slice domain)
{
  char key[KEY_BYTES];
  size_t n = make_key(key, local, domain);

  return n > 0 ? msim__names_find(&policy->aliases, key, n) : NULL;
}

/* An alias goes before a user of the same name, a user before what is said for the whole domain. */
static enum msim__smtp_place look_up(struct msim__smtp_policy *policy, struct msim_slice local,
                                     struct msim_slice domain, struct msim__account **account,
                                     const struct msim__smtp_alias_config **alias)
{
  *account = NULL;
  if (domain.size_bytes > 0 && !is_own(policy, domain))
    return MSIM__SMTP_PLACE_FOREIGN;
  *alias = find_alias(policy, local, domain);
  if (*alias != NULL)
    return MSIM__SMTP_PLACE_ALIAS;
  *account = msim__accounts_find(policy->accounts, local, domain);
  if (*account != NULL)
    return MSIM__SMTP_PLACE_LOCAL;
  if (msim__slice_is(local, postmaster)) {
    (void)msim__accounts_add(policy->accounts, "", postmaster, NULL, account);
    return MSIM__SMTP_PLACE_LOCAL;
  }
  *alias = domain.size_bytes > 0 ? find_alias(policy, msim__slice_text(""), domain) : NULL;
  return *alias != NULL ? MSIM__SMTP_PLACE_ALIAS : MSIM__SMTP_PLACE_NO_USER;
}

enum msim__smtp_place msim__smtp_policy_place(struct msim__smtp_policy *policy, const struct msim__address *address,
                                              struct msim__account **account)
{
  uint8_t local_bytes[MSIM__ADDRESS_LOCAL_BYTES_MAX];
  struct msim_slice local = {local_bytes, 0};
  const struct msim__smtp_alias_config *alias;

  *account = NULL;
  if (msim__address_unquote_local(address, local_bytes, sizeof local_bytes, &local.size_bytes) < 0)
    return MSIM__SMTP_PLACE_NO_USER;
  return look_up(policy, local, address->domain, account, &alias);
}

/* ---- aliases ---- */

struct expansion {
  struct msim__smtp_policy *policy;
  msim__smtp_found_fn *found;
  void *ctx;
  unsigned step_count;
  const struct msim__smtp_alias_config *path[MSIM__SMTP_ALIAS_DEPTH_MAX + 1]; /* those under way */
};

static bool is_under_way(const struct expansion *x, const struct msim__smtp_alias_config *alias, unsigned depth)
{
  unsigned i;

  for (i = 0; i < depth; i++)
    if (x->path[i] == alias)
      return true;
  return false;
}

static int expand(struct expansion *x, const char *text, unsigned depth);

/* A target without a domain lies in that of its alias, or else is a user of this host by his name. */
static int expand_target(struct expansion *x, const char *target, struct msim_slice domain, unsigned depth)
{
  char text[MSIM__ADDRESS_LOCAL_BYTES_MAX + MSIM__ADDRESS_DOMAIN_BYTES_MAX + 2];
  struct msim_slice local = msim__slice_text(target);
  struct msim__account *account;

  if (msim__message_domain(target).size_bytes > 0)
    return expand(x, target, depth);
  if (msim__accounts_find(x->policy->accounts, local, domain) == NULL && find_alias(x->policy, local, domain) == NULL) {
    account = msim__accounts_find_login(x->policy->accounts, local);
    if (account != NULL)
      return x->found(x->ctx, account->key, account);
  }
  if (local.size_bytes + 1 + domain.size_bytes >= sizeof text)
    return MSIM_OK;
  (void)snprintf(text, sizeof text, "%s@%.*s", target, (int)domain.size_bytes, (const char *)domain.data);
  return expand(x, text, depth);
}

static int expand(struct expansion *x, const char *text, unsigned depth)
{
  uint8_t local_bytes[MSIM__ADDRESS_LOCAL_BYTES_MAX];
  const struct msim__smtp_alias_config *alias = NULL;
  struct msim__account *account = NULL;
  struct msim_slice local, domain;
  enum msim__smtp_place place;
  const char *const *targets;
  int err = MSIM_OK;
  size_t i;

  if (++x->step_count > MSIM__SMTP_ALIAS_TARGETS_MAX)
    return MSIM_ERR_LIMIT;
  if (depth > MSIM__SMTP_ALIAS_DEPTH_MAX || !split(text, local_bytes, &local, &domain))
    return MSIM_OK;
  place = look_up(x->policy, local, domain, &account, &alias);
  if (place == MSIM__SMTP_PLACE_NO_USER)
    return MSIM_OK;
  if (place == MSIM__SMTP_PLACE_LOCAL && account == NULL)
    return MSIM_ERR_NOMEM;
  if (place != MSIM__SMTP_PLACE_ALIAS)
    return x->found(x->ctx, text, account);
  if (is_under_way(x, alias, depth))
    return MSIM_OK; /* a circle: everybody in it is reached already */
  x->path[depth] = alias;
  targets = alias->targets.items;
  for (i = 0; err == MSIM_OK && i < alias->targets.count; i++) {
    account = NULL;
    if (strcmp(targets[i], text) == 0 ||
        (msim__message_domain(targets[i]).size_bytes == 0 && msim__slice_is(local, targets[i]))) {
      /* `bob@b.example: [bob, …]`: a copy for himself, not a circle */
      account = msim__accounts_find(x->policy->accounts, local, domain);
      if (account == NULL)
        account = msim__accounts_find_login(x->policy->accounts, local);
    }
    err = account != NULL ? x->found(x->ctx, text, account) : expand_target(x, targets[i], domain, depth + 1);
  }
  return err;
}

int msim__smtp_policy_expand(struct msim__smtp_policy *policy, const char *address, msim__smtp_found_fn *found,
                             void *ctx)
{
  struct expansion x = {policy, found, ctx, 0, {NULL}};

  return expand(&x, address, 0);
}

/* ---- who may ---- */

bool msim__smtp_in_network(const struct msim_cidr *network, const struct msim_addr *addr)
{
  unsigned bits = network->prefix_bits, i;

  if (network->addr.family != addr->family)
    return false;
  for (i = 0; bits > 0; i++) {
    uint8_t mask = (uint8_t)(bits >= 8 ? 0xffu : 0xff00u >> bits);

    if (((network->addr.bytes[i] ^ addr->bytes[i]) & mask) != 0)
      return false;
    bits -= bits >= 8 ? 8 : bits;
  }
  return true;
}

bool msim__smtp_policy_may_relay(const struct msim__smtp_policy *policy, const char *reverse_path,
                                 const struct msim_addr *client)
{
  const char *const *allowed = policy->relay_from.items;
  const struct msim_cidr *networks = policy->relay_clients.items;
  struct msim__address from, other;
  size_t i;

  for (i = 0; i < policy->relay_clients.count; i++)
    if (msim__smtp_in_network(&networks[i], client))
      return true;
  if (msim__address_parse(&from, msim__slice_text(reverse_path), true, NULL) < 0)
    return false; /* the null reverse-path too: it names no customer */
  for (i = 0; i < policy->relay_from.count; i++) {
    if (allowed[i][0] == '@' ? msim__domain_equal(from.domain, msim__slice_text(allowed[i] + 1))
                             : msim__address_parse(&other, msim__slice_text(allowed[i]), true, NULL) == MSIM_OK &&
                                   msim__address_equal(&from, &other))
      return true;
  }
  return false;
}

struct owner {
  const struct msim__account *account;
  bool found;
};

static int is_owner(void *ctx, const char *address, struct msim__account *account)
{
  struct owner *owner = ctx;

  (void)address;
  owner->found = owner->found || account == owner->account || (account != NULL && account->box == owner->account->box);
  return MSIM_OK;
}

bool msim__smtp_policy_owns(struct msim__smtp_policy *policy, const struct msim__account *account, const char *address)
{
  struct owner owner = {account, false};

  (void)msim__smtp_policy_expand(policy, address, is_owner, &owner);
  return owner.found;
}

bool msim__smtp_policy_is_own_domain(const struct msim__smtp_policy *policy, const char *address)
{
  struct msim_slice domain = msim__message_domain(address);

  return domain.size_bytes > 0 && is_own(policy, domain);
}
