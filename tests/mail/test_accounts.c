/* Tests of mail/accounts.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "mail/accounts.h"
#include "support/fail_mem.h"

static struct msim_slice slice(const char *text)
{
  struct msim_slice s = {(const uint8_t *)text, strlen(text)};

  return s;
}

static void users_are_found_by_address_and_by_login(void **state)
{
  static const struct {
    const char *login, *key; /* NULL: nobody */
  } rows[] = {{"bob", "bob@b.example"},
              {"BOB", "bob@b.example"},
              {"bob@b.example", "bob@b.example"},
              {"Bob@C.Example", "bob@c.example"},
              {"bob@d.example", NULL},
              {"ann", "ann@c.example"},
              {"ann@b.example", NULL},
              {"", NULL},
              {"@", NULL},
              {"@b.example", NULL},
              {"bo", NULL},
              {"bob@", NULL},
              {"M\xc3\xbcller", "m\xc3\xbcller@b.example"}};
  struct msim__account_opts opts = {"blue", 1000, 0};
  struct msim__account *account, *other;
  struct msim__accounts accounts;
  struct msim__store store;
  struct msim__mem mem;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__store_init(&store, &mem);
  msim__accounts_init(&accounts, &mem, &store);
  assert_int_equal(msim__accounts_add(&accounts, "b.example", "Bob", &opts, &account), 0);
  assert_int_equal(msim__accounts_add(&accounts, "c.example", "Bob", NULL, &other), 0);
  assert_ptr_equal(account->box, other->box); /* of one name */
  assert_null(other->secret);
  assert_string_equal(account->secret->password, "blue");
  assert_int_equal(accounts.secret_count, 1);
  assert_int_equal(account->size_bytes_max, 1000);
  assert_string_equal(account->name, "Bob");
  assert_int_equal(msim__accounts_add(&accounts, "c.example", "ann", NULL, NULL), 0);
  assert_int_equal(msim__accounts_add(&accounts, "b.example", "m\xc3\xbcller", NULL, NULL), 0);
  /* found again, and told more */
  opts = (struct msim__account_opts){"red", 0, 5};
  assert_int_equal(msim__accounts_add(&accounts, "B.EXAMPLE", "bob", &opts, &other), 0);
  assert_ptr_equal(other, account);
  assert_string_equal(account->secret->password, "red");
  assert_int_equal(account->size_bytes_max, 1000);
  assert_int_equal(account->quota_bytes, 5);
  assert_int_equal(accounts.secret_count, 1);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    account = msim__accounts_find_login(&accounts, slice(rows[i].login));
    if (rows[i].key == NULL)
      assert_null(account);
    else
      assert_string_equal(account->key, rows[i].key);
  }
  assert_null(msim__accounts_find(&accounts, slice("bob"), slice("")));
  assert_string_equal(msim__accounts_find(&accounts, slice("bOb"), slice("B.example"))->key, "bob@b.example");
  msim__accounts_release(&accounts);
  msim__store_release(&store);
  assert_int_equal(mem.held_bytes, 0);
}

static void what_is_no_user_is_refused(void **state)
{
  static char long_name[400];
  struct msim__accounts accounts;
  struct msim__store store;
  struct msim__mem mem;

  (void)state;
  memset(long_name, 'x', sizeof long_name - 1);
  msim__mem_init(&mem, NULL);
  msim__store_init(&store, &mem);
  msim__accounts_init(&accounts, &mem, &store);
  assert_int_equal(msim__accounts_add(&accounts, "b.example", "", NULL, NULL), MSIM_ERR_LIMIT);
  assert_int_equal(msim__accounts_add(&accounts, "b.example", long_name, NULL, NULL), MSIM_ERR_LIMIT);
  assert_null(msim__accounts_find_login(&accounts, slice(long_name)));
  msim__accounts_release(&accounts);
  msim__store_release(&store);
  assert_int_equal(mem.held_bytes, 0);
}

static void any_failing_allocation_leaves_nothing_behind(void **state)
{
  struct msim__account_opts opts = {"blue", 0, 0};
  uint64_t n;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (n = 1; err != 0 && n < 100; n++) {
    struct msim__accounts accounts;
    struct msim__store store;
    struct msim__mem mem;
    struct fail_mem f;

    fail_mem_init(&f, n);
    msim__mem_init(&mem, &f.hook);
    msim__store_init(&store, &mem);
    msim__accounts_init(&accounts, &mem, &store);
    err = msim__accounts_add(&accounts, "b.example", "bob", &opts, NULL);
    if (err == 0)
      err = msim__accounts_add(&accounts, "c.example", "ann", NULL, NULL);
    assert_true(err == 0 || err == MSIM_ERR_NOMEM);
    msim__accounts_release(&accounts);
    msim__store_release(&store);
    assert_true(fail_mem_clean(&f));
  }
  assert_int_equal(err, 0);
  assert_true(n > 8);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(users_are_found_by_address_and_by_login),
      cmocka_unit_test(what_is_no_user_is_refused),
      cmocka_unit_test(any_failing_allocation_leaves_nothing_behind),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
