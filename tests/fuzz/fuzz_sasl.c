/* fuzz_sasl.c: lib/proto/sasl_*.c: a server that hears anything, and a client that does. Neither writes more than there
 * is room for, nobody gets in who was not let in by the password, and a client trusts no server that cannot know it.
 * Input: mechanism, then messages, each with its length before it. */
#include "fuzz.h"
#include "proto/ascii.h"
#include "proto/sasl.h"

#define STEPS_MAX 6

static struct msim__sasl_secret *lookup(void *ctx, struct msim_slice user)
{
  return msim__slice_is(user, "bob") ? ctx : NULL;
}

static struct msim_slice take_message(struct fuzz_input *input)
{
  size_t n = fuzz_byte(input);

  return fuzz_take(input, n + 256 * (fuzz_byte(input) % 16u));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  static const uint64_t random_words[4] = {1, 2, 3, 4};
  static const uint8_t salt[16] = {0};
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  enum msim__sasl_mechanism mechanism = (enum msim__sasl_mechanism)(fuzz_byte(&input) % MSIM__SASL_MECHANISM_COUNT);
  struct msim__sasl_secret secret = {.password = "7Fqz-unguessable"};
  uint8_t *out = malloc(MSIM__SASL_MESSAGE_BYTES_MAX);
  struct msim__sasl_server server;
  struct msim__sasl_client client;
  enum msim__sasl_verdict verdict;
  unsigned i;
  size_t n;

  FUZZ_CHECK(out != NULL);
  /* what SCRAM would derive takes long and is the same each time: keys that nobody has a password for */
  memcpy(secret.salt, salt, sizeof salt);
  secret.has_keys = true;
  msim__sasl_server_init(&server, mechanism, "mx.example", random_words, lookup, &secret);
  verdict = msim__sasl_server_step(&server, NULL, out, &n);
  FUZZ_CHECK(verdict == MSIM__SASL_MORE || verdict == MSIM__SASL_BROKEN);
  for (i = 0; i < STEPS_MAX && verdict == MSIM__SASL_MORE; i++) {
    struct msim_slice response = take_message(&input);

    verdict = msim__sasl_server_step(&server, &response, out, &n);
    FUZZ_CHECK(n <= MSIM__SASL_MESSAGE_BYTES_MAX && (verdict == MSIM__SASL_MORE || n == 0));
    FUZZ_CHECK(verdict != MSIM__SASL_DONE || mechanism == MSIM__SASL_PLAIN || mechanism == MSIM__SASL_LOGIN);
    FUZZ_CHECK(strlen(server.user) <= MSIM__SASL_TEXT_BYTES_MAX);
  }
  if (msim__sasl_client_init(&client, mechanism, "bob", "7Fqz-unguessable", random_words) == MSIM_OK) {
    int err = msim__sasl_is_client_first(mechanism) ? msim__sasl_client_step(&client, NULL, out, &n) : MSIM_OK;

    for (i = 0; i < STEPS_MAX && err == MSIM_OK; i++) {
      struct msim_slice challenge = take_message(&input);

      err = msim__sasl_client_step(&client, &challenge, out, &n);
      FUZZ_CHECK(n <= MSIM__SASL_MESSAGE_BYTES_MAX && (err == MSIM_OK || n == 0));
    }
    FUZZ_CHECK(err < 0 && (mechanism != MSIM__SASL_SCRAM_SHA_256 || !client.trusted));
  }
  free(out);
  return 0;
}
