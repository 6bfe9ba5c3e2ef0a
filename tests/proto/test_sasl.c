/* test_sasl.c: SASL by the examples of RFC 4616, 2195 and 7677, both sides against each other, and what is refused.
 * Where the library has no digests, CRAM-MD5 and SCRAM are not there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "proto/ascii.h"
#include "proto/base64.h"
#include "proto/sasl.h"

static const uint64_t random_words[4] = {1, 2, 3, 4};

static struct msim__sasl_secret secrets[] = {
    {.password = "tanstaaftanstaaf"}, {.password = "pencil"}, {.password = "=,"}};
static const char *const users[] = {"tim", "user", "a,b=c d"};
#define USER_COUNT (sizeof users / sizeof users[0])

static struct msim__sasl_secret *lookup(void *ctx, struct msim_slice user)
{
  size_t i;

  assert_ptr_equal(ctx, secrets);
  for (i = 0; i < USER_COUNT; i++)
    if (msim__slice_equal(user, msim__slice_text(users[i])))
      return &secrets[i];
  return NULL;
}

static void begin(struct msim__sasl_server *server, enum msim__sasl_mechanism mechanism)
{
  size_t i;

  for (i = 0; i < USER_COUNT; i++)
    secrets[i].has_keys = false;
  msim__sasl_server_init(server, mechanism, "mx.example", random_words, lookup, secrets);
}

/* One message in and one out, both as text. */
static enum msim__sasl_verdict say(struct msim__sasl_server *server, const char *text, size_t text_bytes, char *heard)
{
  struct msim_slice response = {(const uint8_t *)text, text_bytes};
  uint8_t out[MSIM__SASL_MESSAGE_BYTES_MAX];
  enum msim__sasl_verdict verdict;
  size_t n;

  verdict = msim__sasl_server_step(server, text != NULL ? &response : NULL, out, &n);
  assert_true(verdict == MSIM__SASL_MORE || n == 0);
  memcpy(heard, out, n);
  heard[n] = '\0';
  return verdict;
}

/* ---- names ---- */

static void names_are_found_without_regard_to_case(void **state)
{
  enum msim__sasl_mechanism found;
  unsigned i;

  (void)state;
  for (i = 0; i < MSIM__SASL_MECHANISM_COUNT; i++) {
    assert_true(msim__sasl_find(msim__slice_text(msim__sasl_name((enum msim__sasl_mechanism)i)), &found));
    assert_int_equal(found, i);
  }
  assert_true(msim__sasl_find(msim__slice_text("plain"), &found));
  assert_int_equal(found, MSIM__SASL_PLAIN);
  assert_false(msim__sasl_find(msim__slice_text("SCRAM-SHA-256-PLUS"), &found));
  assert_false(msim__sasl_find(msim__slice_text(""), &found));
  assert_true(msim__sasl_is_there(MSIM__SASL_PLAIN) && msim__sasl_is_there(MSIM__SASL_LOGIN));
#ifdef MSIM_HAVE_CRYPTO
  assert_true(msim__sasl_is_there(MSIM__SASL_SCRAM_SHA_256));
#else
  assert_false(msim__sasl_is_there(MSIM__SASL_SCRAM_SHA_256));
  assert_false(msim__sasl_is_there(MSIM__SASL_CRAM_MD5));
#endif
}

/* ---- the server ---- */

struct plain_row {
  const char *text;
  size_t size_bytes;
  enum msim__sasl_verdict verdict;
};
#define ROW(text, verdict)                                                                                             \
  {                                                                                                                    \
    text, sizeof text - 1, verdict                                                                                     \
  }

static void plain_is_judged(void **state)
{
  static char long_name[300];
  static const struct plain_row rows[] = {
      ROW("\0tim\0tanstaaftanstaaf", MSIM__SASL_DONE), /* RFC 4616 4 */
      ROW("tim\0tim\0tanstaaftanstaaf", MSIM__SASL_DONE),
      ROW("Ursel\0tim\0tanstaaftanstaaf", MSIM__SASL_REFUSED),
      ROW("\0tim\0tanstaaftanstaa", MSIM__SASL_REFUSED),
      ROW("\0tim\0tanstaaftanstaaff", MSIM__SASL_REFUSED),
      ROW("\0Tim\0tanstaaftanstaaf", MSIM__SASL_REFUSED),
      ROW("\0nobody\0x", MSIM__SASL_REFUSED),
      ROW("", MSIM__SASL_MALFORMED),
      ROW("tim", MSIM__SASL_MALFORMED),
      ROW("\0", MSIM__SASL_MALFORMED),
      ROW("\0tim", MSIM__SASL_MALFORMED),
      ROW("\0tim\0", MSIM__SASL_MALFORMED),
      ROW("\0\0tanstaaftanstaaf", MSIM__SASL_MALFORMED),
      ROW("\0tim\0tanstaaf\0tanstaaf", MSIM__SASL_MALFORMED),
  };
  struct msim__sasl_server server;
  char heard[MSIM__SASL_MESSAGE_BYTES_MAX + 1];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    begin(&server, MSIM__SASL_PLAIN);
    assert_int_equal(say(&server, NULL, 0, heard), MSIM__SASL_MORE);
    assert_string_equal(heard, "");
    assert_int_equal(say(&server, rows[i].text, rows[i].size_bytes, heard), rows[i].verdict);
    assert_string_equal(server.user, rows[i].verdict == MSIM__SASL_DONE ? "tim" : server.user);
  }
  memset(long_name, 'x', sizeof long_name);
  long_name[0] = long_name[sizeof long_name - 2] = '\0';
  begin(&server, MSIM__SASL_PLAIN);
  assert_int_equal(say(&server, long_name, sizeof long_name, heard), MSIM__SASL_MALFORMED);
}

static void login_is_judged(void **state)
{
  struct msim__sasl_server server;
  char heard[MSIM__SASL_MESSAGE_BYTES_MAX + 1];

  (void)state;
  begin(&server, MSIM__SASL_LOGIN);
  assert_int_equal(say(&server, NULL, 0, heard), MSIM__SASL_MORE);
  assert_string_equal(heard, "Username:");
  assert_int_equal(say(&server, "user", 4, heard), MSIM__SASL_MORE);
  assert_string_equal(heard, "Password:");
  assert_int_equal(say(&server, "pencil", 6, heard), MSIM__SASL_DONE);
  begin(&server, MSIM__SASL_LOGIN); /* the name sent at once */
  assert_int_equal(say(&server, "user", 4, heard), MSIM__SASL_MORE);
  assert_int_equal(say(&server, "", 0, heard), MSIM__SASL_REFUSED);
  begin(&server, MSIM__SASL_LOGIN);
  assert_int_equal(say(&server, "nobody", 6, heard), MSIM__SASL_MORE);
  assert_int_equal(say(&server, "pencil", 6, heard), MSIM__SASL_REFUSED);
  begin(&server, MSIM__SASL_LOGIN);
  assert_int_equal(say(&server, "", 0, heard), MSIM__SASL_MALFORMED);
}

#ifdef MSIM_HAVE_CRYPTO

static void cram_md5_is_the_example_of_rfc_2195(void **state)
{
  static const char *const wrong[] = {"tim b913a602c7eda7a495b4e6e7334d3891", "tim B913A602C7EDA7A495B4E6E7334D3890",
                                      "Tim b913a602c7eda7a495b4e6e7334d3890"};
  static const char *const malformed[] = {"", "tim", "tim ", " b913a602c7eda7a495b4e6e7334d3890",
                                          "tim b913a602c7eda7a495b4e6e7334d389"};
  struct msim__sasl_server server;
  char heard[MSIM__SASL_MESSAGE_BYTES_MAX + 1];
  size_t i;

  (void)state;
  begin(&server, MSIM__SASL_CRAM_MD5);
  assert_int_equal(say(&server, NULL, 0, heard), MSIM__SASL_MORE);
  assert_string_equal(heard, "<1.2@mx.example>");
  strcpy(server.nonce, "<1896.697170952@postoffice.reston.mci.net>");
  assert_int_equal(say(&server, "tim b913a602c7eda7a495b4e6e7334d3890", 36, heard), MSIM__SASL_DONE);
  assert_string_equal(server.user, "tim");
  for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    begin(&server, MSIM__SASL_CRAM_MD5);
    strcpy(server.nonce, "<1896.697170952@postoffice.reston.mci.net>");
    assert_int_equal(say(&server, wrong[i], strlen(wrong[i]), heard), MSIM__SASL_REFUSED);
  }
  for (i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
    begin(&server, MSIM__SASL_CRAM_MD5);
    assert_int_equal(say(&server, malformed[i], strlen(malformed[i]), heard), MSIM__SASL_MALFORMED);
  }
}

#define NONCE "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define FIRST "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
#define CHALLENGE "r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
#define FINAL "c=biws,r=" NONCE ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define VERIFIER "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static void begin_scram(struct msim__sasl_server *server)
{
  size_t n;

  begin(server, MSIM__SASL_SCRAM_SHA_256);
  strcpy(server->nonce, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
  assert_int_equal(msim__base64_decode(msim__slice_text("W22ZaJ0SNY7soEsUEjb6gQ=="), server->salt, 16, &n), 0);
}

static void scram_server_is_the_example_of_rfc_7677(void **state)
{
  struct msim__sasl_server server;
  char heard[MSIM__SASL_MESSAGE_BYTES_MAX + 1];
  int round;

  (void)state;
  begin_scram(&server);
  for (round = 0; round < 2; round++) { /* the second time with the keys of the first */
    assert_int_equal(say(&server, NULL, 0, heard), MSIM__SASL_MORE);
    assert_string_equal(heard, "");
    assert_int_equal(say(&server, FIRST, strlen(FIRST), heard), MSIM__SASL_MORE);
    assert_string_equal(heard, CHALLENGE);
    assert_int_equal(say(&server, FINAL, strlen(FINAL), heard), MSIM__SASL_MORE);
    assert_string_equal(heard, VERIFIER);
    assert_int_equal(say(&server, "", 0, heard), MSIM__SASL_DONE);
    assert_string_equal(server.user, "user");
    assert_true(secrets[1].has_keys);
    server.step = 0;
  }
}

static void scram_server_refuses(void **state)
{
  static const char *const first[] = {"",
                                      "n",
                                      "n,",
                                      "n,,",
                                      "p=tls-unique,,n=user,r=x",
                                      "x,,n=user,r=x",
                                      "n,user,n=user,r=x",
                                      "n,,m=1,n=user,r=x",
                                      "n,,n=,r=x",
                                      "n,,n=u=3Eser,r=x",
                                      "n,,n=u=2,r=x",
                                      "n,,n=user",
                                      "n,,n=user,r=",
                                      "n,,n=user,r=a b",
                                      "n,,r=x,n=user"};
  static const char *const final[] = {"",
                                      "c=biws",
                                      "c=biws,r=" NONCE,
                                      "c=biws,r=" NONCE ",p=",
                                      "c=biws,r=" NONCE ",p=AAAA",
                                      "c=eSws,r=" NONCE ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                                      "c=biws,r=" NONCE "x,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="};
  struct msim__sasl_server server;
  char heard[MSIM__SASL_MESSAGE_BYTES_MAX + 1];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof first / sizeof first[0]; i++) {
    begin_scram(&server);
    assert_int_equal(say(&server, first[i], strlen(first[i]), heard), MSIM__SASL_MALFORMED);
  }
  for (i = 0; i < sizeof final / sizeof final[0]; i++) {
    begin_scram(&server);
    assert_int_equal(say(&server, FIRST, strlen(FIRST), heard), MSIM__SASL_MORE);
    assert_int_equal(say(&server, final[i], strlen(final[i]), heard), MSIM__SASL_MALFORMED);
  }
  begin_scram(&server); /* for somebody else; with a proof that is none; and somebody who is not known */
  assert_int_equal(say(&server, "n,a=root,n=user,r=x", 19, heard), MSIM__SASL_REFUSED);
  begin_scram(&server);
  assert_int_equal(say(&server, FIRST, strlen(FIRST), heard), MSIM__SASL_MORE);
  strcpy(heard, FINAL);
  heard[strlen(FINAL) - 2] = 'R';
  assert_int_equal(say(&server, heard, strlen(heard), heard), MSIM__SASL_MALFORMED); /* spare bits */
  begin_scram(&server);
  assert_int_equal(say(&server, FIRST, strlen(FIRST), heard), MSIM__SASL_MORE);
  strcpy(heard, FINAL);
  heard[strlen(FINAL) - 10] = 'U';
  assert_int_equal(say(&server, heard, strlen(heard), heard), MSIM__SASL_REFUSED);
  begin_scram(&server);
  assert_int_equal(say(&server, "n,,n=none,r=rOprNGfwEbeRWgbNEkqO", 32, heard), MSIM__SASL_MORE);
  assert_string_equal(heard, CHALLENGE);
  assert_int_equal(say(&server, FINAL, strlen(FINAL), heard), MSIM__SASL_REFUSED);
  begin_scram(&server); /* something behind the server's signature */
  assert_int_equal(say(&server, FIRST, strlen(FIRST), heard), MSIM__SASL_MORE);
  assert_int_equal(say(&server, FINAL, strlen(FINAL), heard), MSIM__SASL_MORE);
  assert_int_equal(say(&server, "x", 1, heard), MSIM__SASL_MALFORMED);
}

static int answer(struct msim__sasl_client *client, const char *challenge, char *said)
{
  struct msim_slice slice = {(const uint8_t *)challenge, challenge != NULL ? strlen(challenge) : 0};
  uint8_t out[MSIM__SASL_MESSAGE_BYTES_MAX];
  size_t n;
  int err = msim__sasl_client_step(client, challenge != NULL ? &slice : NULL, out, &n);

  memcpy(said, out, n);
  said[n] = '\0';
  return err;
}

static void scram_client_is_the_example_of_rfc_7677(void **state)
{
  static const struct {
    const char *challenge;
    int err;
  } firsts[] = {
      {"", MSIM_ERR_SYNTAX},
      {"r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", MSIM_ERR_SYNTAX},
      {"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", MSIM_ERR_SYNTAX}, /* nothing of its own */
      {"r=" NONCE ",s=,i=4096", MSIM_ERR_SYNTAX},
      {"r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==", MSIM_ERR_SYNTAX},
      {"r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=x", MSIM_ERR_SYNTAX},
      {"r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095", MSIM_ERR_LIMIT},
      {"r=" NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999", MSIM_ERR_LIMIT},
  };
  struct msim__sasl_client client;
  char said[MSIM__SASL_MESSAGE_BYTES_MAX + 1];
  size_t i;

  (void)state;
  for (i = 0; i <= sizeof firsts / sizeof firsts[0]; i++) {
    assert_int_equal(msim__sasl_client_init(&client, MSIM__SASL_SCRAM_SHA_256, "user", "pencil", random_words), 0);
    strcpy(client.nonce, "rOprNGfwEbeRWgbNEkqO");
    assert_int_equal(answer(&client, NULL, said), 0);
    assert_string_equal(said, FIRST);
    if (i < sizeof firsts / sizeof firsts[0])
      assert_int_equal(answer(&client, firsts[i].challenge, said), firsts[i].err);
  }
  assert_int_equal(answer(&client, CHALLENGE, said), 0);
  assert_string_equal(said, FINAL);
  assert_false(client.trusted);
  assert_int_equal(answer(&client, "e=invalid-proof", said), MSIM_ERR_SYNTAX);
  assert_int_equal(answer(&client, "v=AAAA", said), MSIM_ERR_SYNTAX);
  assert_int_equal(answer(&client, "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", said), MSIM_ERR_INVALID);
  assert_false(client.trusted);
  assert_int_equal(answer(&client, VERIFIER, said), 0);
  assert_string_equal(said, "");
  assert_true(client.trusted);
  assert_int_equal(answer(&client, VERIFIER, said), MSIM_ERR_STATE);
}

static void cram_client_is_the_example_of_rfc_2195(void **state)
{
  struct msim__sasl_client client;
  char said[MSIM__SASL_MESSAGE_BYTES_MAX + 1];

  (void)state;
  assert_int_equal(msim__sasl_client_init(&client, MSIM__SASL_CRAM_MD5, "tim", "tanstaaftanstaaf", random_words), 0);
  assert_int_equal(answer(&client, NULL, said), MSIM_ERR_STATE);
  assert_int_equal(answer(&client, "<1896.697170952@postoffice.reston.mci.net>", said), 0);
  assert_string_equal(said, "tim b913a602c7eda7a495b4e6e7334d3890");
  assert_int_equal(answer(&client, "again", said), MSIM_ERR_STATE);
}

#endif

static void client_that_cannot_begin_says_why(void **state)
{
  static char long_text[400];
  struct msim__sasl_client client;

  (void)state;
  memset(long_text, 'x', sizeof long_text - 1);
  assert_int_equal(msim__sasl_client_init(&client, MSIM__SASL_PLAIN, "", "x", random_words), MSIM_ERR_INVALID);
  assert_int_equal(msim__sasl_client_init(&client, MSIM__SASL_PLAIN, "x", "", random_words), MSIM_ERR_INVALID);
  assert_int_equal(msim__sasl_client_init(&client, MSIM__SASL_PLAIN, long_text, "x", random_words), MSIM_ERR_LIMIT);
  assert_int_equal(msim__sasl_client_init(&client, MSIM__SASL_PLAIN, "x", long_text, random_words), MSIM_ERR_LIMIT);
#ifndef MSIM_HAVE_CRYPTO
  assert_int_equal(msim__sasl_client_init(&client, MSIM__SASL_CRAM_MD5, "x", "x", random_words), MSIM_ERR_NOT_FOUND);
#endif
}

/* ---- both sides ---- */

/* true: the server is convinced, and the client may believe it. */
static bool meet(enum msim__sasl_mechanism mechanism, const char *user, const char *password)
{
  uint8_t there[MSIM__SASL_MESSAGE_BYTES_MAX], back[MSIM__SASL_MESSAGE_BYTES_MAX];
  enum msim__sasl_verdict verdict = MSIM__SASL_MORE;
  bool first = msim__sasl_is_client_first(mechanism);
  struct msim__sasl_client client;
  struct msim__sasl_server server;
  struct msim_slice response, challenge = {back, 0};
  unsigned rounds = 0;
  size_t n;

  begin(&server, mechanism);
  assert_int_equal(msim__sasl_client_init(&client, mechanism, user, password, random_words), 0);
  if (!first)
    assert_int_equal(msim__sasl_server_step(&server, NULL, back, &challenge.size_bytes), MSIM__SASL_MORE);
  while (verdict == MSIM__SASL_MORE) {
    assert_int_equal(msim__sasl_client_step(&client, first ? NULL : &challenge, there, &n), 0);
    first = false;
    response = (struct msim_slice){there, n};
    verdict = msim__sasl_server_step(&server, &response, back, &challenge.size_bytes);
    assert_true(++rounds < 5);
  }
  assert_true(verdict != MSIM__SASL_DONE || client.trusted);
  return verdict == MSIM__SASL_DONE;
}

static void both_sides_understand_each_other(void **state)
{
  unsigned m;
  size_t i;

  (void)state;
  for (m = 0; m < MSIM__SASL_MECHANISM_COUNT; m++)
    for (i = 0; i < USER_COUNT && msim__sasl_is_there((enum msim__sasl_mechanism)m); i++) {
      assert_true(meet((enum msim__sasl_mechanism)m, users[i], secrets[i].password));
      assert_false(meet((enum msim__sasl_mechanism)m, users[i], "wrong"));
      assert_false(meet((enum msim__sasl_mechanism)m, "nobody", "pencil"));
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_found_without_regard_to_case),
      cmocka_unit_test(plain_is_judged),
      cmocka_unit_test(login_is_judged),
#ifdef MSIM_HAVE_CRYPTO
      cmocka_unit_test(cram_md5_is_the_example_of_rfc_2195),
      cmocka_unit_test(scram_server_is_the_example_of_rfc_7677),
      cmocka_unit_test(scram_server_refuses),
      cmocka_unit_test(scram_client_is_the_example_of_rfc_7677),
      cmocka_unit_test(cram_client_is_the_example_of_rfc_2195),
#endif
      cmocka_unit_test(client_that_cannot_begin_says_why),
      cmocka_unit_test(both_sides_understand_each_other),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
