/* test_moves.c: every legal move from state to state (lib/tcp/tcp_state.c) is made by some script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tcp/script/suite.h"
#include "tcp/tcb.h"

#include <string.h>

_Static_assert(RUN_MOVES == MSIM__TCP_STATES, "a row per state");

static void moves_when_all_scripts_have_run_then_every_legal_one_was_made(void **state)
{
  static struct suite suite;
  static struct run_result result;
  unsigned i, from, to, legal_count = 0;

  (void)state;
  assert_true(suite_open(&suite, MSIM_SOURCE_DIR "/tests/tcp/scripts"));
  memset(&result, 0, sizeof result);
  for (i = 0; i < suite.count; i++) {
    struct run_opts opts = suite_way(0);

    if (suite.entries[i].skip[0] == '\0') /* its verdict is test_scripts' business */
      suite_run_file(suite.entries[i].path, &opts, &result);
  }
  for (from = 0; from < MSIM__TCP_STATES; from++) {
    for (to = 0; to < MSIM__TCP_STATES; to++) {
      bool legal = msim__tcp_may_move((enum msim__tcp_state)from, (enum msim__tcp_state)to);
      bool made = (result.moves[from] & 1u << to) != 0;

      legal_count += legal;
      if (legal != made)
        fail_msg("%s to %s is %s, but was %s", msim__tcp_state_name((enum msim__tcp_state)from),
                 msim__tcp_state_name((enum msim__tcp_state)to), legal ? "legal" : "not legal",
                 legal ? "never made" : "made");
    }
  }
  assert_true(legal_count > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(moves_when_all_scripts_have_run_then_every_legal_one_was_made),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
