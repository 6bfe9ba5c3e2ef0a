/* accounts.c: the users of a host; see accounts.h. */
#include "mail/accounts.h"

#include "proto/address.h"
#include "proto/ascii.h"

#define KEY_BYTES (MSIM__ADDRESS_LOCAL_BYTES_MAX + MSIM__ADDRESS_DOMAIN_BYTES_MAX + 8)

void msim__accounts_init(struct msim__accounts *accounts, struct msim__mem *mem, struct msim__store *store)
{
  memset(accounts, 0, sizeof *accounts);
  accounts->mem = mem;
  accounts->store = store;
  msim__names_init(&accounts->by_address, mem);
  msim__names_init(&accounts->by_name, mem);
}

static void free_account(struct msim__accounts *accounts, struct msim__account *account)
{
  msim__free(accounts->mem, account->secret, account->secret != NULL ? sizeof *account->secret : 0);
  msim__free(accounts->mem, account->key, account->key != NULL ? strlen(account->key) + 1 : 0);
  msim__free(accounts->mem, account, sizeof *account);
}

void msim__accounts_release(struct msim__accounts *accounts)
{
  size_t i;

  if (accounts->mem == NULL)
    return;
  for (i = 0; i < accounts->by_address.count; i++)
    free_account(accounts, accounts->by_address.rows[i].object);
  msim__names_release(&accounts->by_address);
  msim__names_release(&accounts->by_name);
  for (i = 0; i < accounts->name_count; i++)
    msim__free(accounts->mem, accounts->names[i], strlen(accounts->names[i]) + 1);
  msim__free(accounts->mem, accounts->names, accounts->name_capacity * sizeof *accounts->names);
  memset(accounts, 0, sizeof *accounts);
}

/* "local@domain" in lower case, terminated; its length, or 0 when it is longer than any address. */
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

static int add_name(struct msim__accounts *accounts, struct msim__account *account, size_t name_bytes)
{
  char *copy;
  int err;

  if (msim__names_find(&accounts->by_name, account->key, name_bytes) != NULL)
    return MSIM_OK;
  err = msim__grow(accounts->mem, &accounts->names, &accounts->name_capacity, accounts->name_count + 1,
                   MSIM__ACCOUNTS_MAX, sizeof *accounts->names);
  if (err < 0)
    return err;
  copy = msim__copy_text(accounts->mem, account->key, name_bytes);
  if (copy == NULL)
    return MSIM_ERR_NOMEM;
  accounts->names[accounts->name_count++] = copy;
  return msim__names_add(&accounts->by_name, copy, name_bytes, account);
}

static int make_account(struct msim__accounts *accounts, const char *key, size_t key_bytes, const char *user,
                        struct msim__account **out)
{
  struct msim__account *account;
  int err;

  if (accounts->by_address.count >= MSIM__ACCOUNTS_MAX)
    return MSIM_ERR_LIMIT;
  account = msim__alloc_zeroed(accounts->mem, 1, sizeof *account);
  if (account == NULL)
    return MSIM_ERR_NOMEM;
  account->key = msim__copy_text(accounts->mem, key, key_bytes);
  account->box = account->key != NULL ? msim__store_open(accounts->store, user, strlen(user)) : NULL;
  err =
      account->box != NULL ? msim__names_add(&accounts->by_address, account->key, key_bytes, account) : MSIM_ERR_NOMEM;
  if (err < 0) {
    free_account(accounts, account);
    return err;
  }
  account->name = account->box->name;
  *out = account;
  return add_name(accounts, account, (size_t)(strchr(account->key, '@') - account->key));
}

static int say_more(struct msim__accounts *accounts, struct msim__account *account,
                    const struct msim__account_opts *opts)
{
  if (opts->size_bytes_max != 0)
    account->size_bytes_max = opts->size_bytes_max;
  if (opts->quota_bytes != 0)
    account->quota_bytes = opts->quota_bytes;
  if (opts->password == NULL || opts->password[0] == '\0')
    return MSIM_OK;
  if (account->secret == NULL) {
    account->secret = msim__alloc_zeroed(accounts->mem, 1, sizeof *account->secret);
    if (account->secret == NULL)
      return MSIM_ERR_NOMEM;
    accounts->secret_count++;
  }
  account->secret->password = opts->password;
  account->secret->has_keys = false;
  return MSIM_OK;
}

int msim__accounts_add(struct msim__accounts *accounts, const char *domain, const char *user,
                       const struct msim__account_opts *opts, struct msim__account **out)
{
  struct msim_slice local = msim__slice_text(user);
  struct msim__account *account;
  char key[KEY_BYTES];
  size_t n = local.size_bytes > 0 ? make_key(key, local, msim__slice_text(domain)) : 0;
  int err = MSIM_OK;

  if (n == 0)
    return MSIM_ERR_LIMIT;
  account = msim__names_find(&accounts->by_address, key, n);
  if (account == NULL)
    err = make_account(accounts, key, n, user, &account);
  if (err == MSIM_OK && opts != NULL)
    err = say_more(accounts, account, opts);
  if (err == MSIM_OK && out != NULL)
    *out = account;
  return err;
}

static struct msim__account *unless_gone(struct msim__account *account)
{
  return account != NULL && !account->is_gone ? account : NULL;
}

struct msim__account *msim__accounts_find(const struct msim__accounts *accounts, struct msim_slice local,
                                          struct msim_slice domain)
{
  char key[KEY_BYTES];
  size_t n = make_key(key, local, domain);

  return n > 0 ? unless_gone(msim__names_find(&accounts->by_address, key, n)) : NULL;
}

struct msim__account *msim__accounts_find_login(const struct msim__accounts *accounts, struct msim_slice name)
{
  char key[KEY_BYTES];
  size_t at = name.size_bytes, n;

  while (at > 0 && name.data[at - 1] != '@')
    at--;
  if (at > 0)
    return msim__accounts_find(accounts, msim__slice_part(name, 0, at - 1),
                               msim__slice_part(name, at, name.size_bytes));
  n = make_key(key, name, (struct msim_slice){NULL, 0});
  return n > 1 ? unless_gone(msim__names_find(&accounts->by_name, key, n - 1)) : NULL;
}
