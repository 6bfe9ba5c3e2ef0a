/* smtp_policy.c: for whom a mail server takes mail; see smtp_policy.h. */
#include "agents/smtp_policy.h"

#include "proto/ascii.h"

#include <string.h>

#define KEYS_MAX 10000000u

static const char postmaster[] = "postmaster";

void msim__smtp_policy_init(struct msim__smtp_policy *policy, struct msim__mem *mem, struct msim__store *store,
                            struct msim_list relay_from)
{
  memset(policy, 0, sizeof *policy);
  policy->mem = mem;
  policy->store = store;
  policy->relay_from = relay_from;
  msim__names_init(&policy->domains, mem);
  msim__names_init(&policy->users, mem);
}

void msim__smtp_policy_release(struct msim__smtp_policy *policy)
{
  size_t i;

  if (policy->mem == NULL)
    return;
  msim__names_release(&policy->domains);
  msim__names_release(&policy->users);
  for (i = 0; i < policy->key_count; i++)
    msim__free(policy->mem, policy->keys[i], strlen(policy->keys[i]) + 1);
  msim__free(policy->mem, policy->keys, policy->key_capacity * sizeof *policy->keys);
  policy->keys = NULL;
  policy->key_count = policy->key_capacity = 0;
  policy->mem = NULL;
}

/* "local@domain" in lower case; its length, or 0 when it is longer than any address. */
static size_t make_key(char *out, size_t out_bytes, struct msim_slice local, struct msim_slice domain)
{
  size_t n = local.size_bytes + 1 + domain.size_bytes, i, at = 0;

  if (n >= out_bytes)
    return 0;
  for (i = 0; i < local.size_bytes; i++)
    out[at++] = (char)msim__ascii_lower(local.data[i]);
  out[at++] = '@';
  for (i = 0; i < domain.size_bytes; i++)
    out[at++] = (char)msim__ascii_lower(domain.data[i]);
  out[at] = '\0';
  return n;
}

#define KEY_BYTES (MSIM__ADDRESS_LOCAL_BYTES_MAX + MSIM__ADDRESS_DOMAIN_BYTES_MAX + 8)

static int add_key(struct msim__smtp_policy *policy, struct msim__names *names, const char *key, size_t key_bytes,
                   void *object)
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
  return msim__names_add(names, copy, key_bytes, object);
}

int msim__smtp_policy_add_domain(struct msim__smtp_policy *policy, const char *domain)
{
  char key[KEY_BYTES];
  size_t n = make_key(key, sizeof key, msim__slice_text(""), msim__slice_text(domain));

  return n == 0 ? MSIM_ERR_LIMIT : add_key(policy, &policy->domains, key, n, policy);
}

int msim__smtp_policy_add_user(struct msim__smtp_policy *policy, const char *domain, const char *user)
{
  char key[KEY_BYTES];
  size_t n = make_key(key, sizeof key, msim__slice_text(user), msim__slice_text(domain));
  struct msim__mailbox *box;

  if (n == 0)
    return MSIM_ERR_LIMIT;
  box = msim__store_open(policy->store, user, strlen(user));
  if (box == NULL)
    return MSIM_ERR_NOMEM;
  return add_key(policy, &policy->users, key, n, box);
}

enum msim__smtp_place msim__smtp_policy_place(struct msim__smtp_policy *policy, const struct msim__address *address,
                                              struct msim__mailbox **box)
{
  uint8_t local_bytes[MSIM__ADDRESS_LOCAL_BYTES_MAX];
  struct msim_slice local = {local_bytes, 0};
  char key[KEY_BYTES];
  size_t n;

  *box = NULL;
  n = make_key(key, sizeof key, msim__slice_text(""), address->domain);
  if (address->domain.size_bytes > 0 && (n == 0 || msim__names_find(&policy->domains, key, n) == NULL))
    return MSIM__SMTP_PLACE_FOREIGN;
  if (msim__address_unquote_local(address, local_bytes, sizeof local_bytes, &local.size_bytes) < 0)
    return MSIM__SMTP_PLACE_NO_USER;
  n = make_key(key, sizeof key, local, address->domain);
  *box = n > 0 ? msim__names_find(&policy->users, key, n) : NULL;
  if (*box == NULL && msim__slice_is(local, postmaster))
    *box = msim__store_open(policy->store, postmaster, sizeof postmaster - 1);
  else if (*box == NULL)
    return MSIM__SMTP_PLACE_NO_USER;
  return MSIM__SMTP_PLACE_LOCAL;
}

bool msim__smtp_policy_may_relay(const struct msim__smtp_policy *policy, const char *reverse_path)
{
  const char *const *allowed = policy->relay_from.items;
  struct msim__address from, other;
  size_t i;

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
