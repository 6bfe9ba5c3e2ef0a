/* test_tcp_rules_life.c: lib/check/tcp_rules_life.c: which states an end goes through (I12). In what it is left (L2) is
 * tested with hosts, in topology/test_bugs.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/invariants_stage.h"

/* The client's way, as a list of states; what is told of it. */
static void walk(const char *const *states, const char *told)
{
  struct stage s;
  size_t i;

  open_stage(&s);
  SEND(&s, 'c', SYN, .seq = 0);
  for (i = 0; states[i + 1] != NULL; i++)
    move(&s, true, states[i], states[i + 1]);
  s.sim->failure = MSIM_ERR_STATE; /* what is owed at the end is not looked at here */
  close_stage(&s, told);
}

static void every_way_of_the_standard_is_silent(void **state)
{
  static const char *const ways[][10] = {
      {"CLOSED", "SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"},
      {"CLOSED", "SYN-SENT", "ESTABLISHED", "FIN-WAIT-1", "CLOSING", "TIME-WAIT"},
      {"CLOSED", "SYN-SENT", "ESTABLISHED", "CLOSE-WAIT", "LAST-ACK", "CLOSED"},
      {"CLOSED", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "CLOSED"},
      {"LISTEN", "SYN-RECEIVED", "FIN-WAIT-1", "CLOSED"},
      {"LISTEN", "SYN-RECEIVED", "CLOSED"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof ways / sizeof ways[0]; i++)
    walk(ways[i], "");
}

/* A SYN that was under way for minutes comes when its connection was given up: the port listens, and opens it anew. */
static void a_late_syn_opens_once_more(void **state)
{
  static const char *const ways[][2] = {
      {"LISTEN", "SYN-RECEIVED"}, {"SYN-RECEIVED", "CLOSED"}, {"LISTEN", "SYN-RECEIVED"}, {"SYN-RECEIVED", "CLOSED"}};
  struct stage s;
  size_t i;

  (void)state;
  open_stage(&s);
  SEND(&s, 'c', SYN, .seq = 0);
  for (i = 0; i < sizeof ways / sizeof ways[0]; i++)
    move(&s, false, ways[i][0], ways[i][1]);
  s.sim->failure = MSIM_ERR_STATE;
  close_stage(&s, "");
}

static void a_move_that_nothing_leads_to_is_told(void **state)
{
  static const char *const ways[][5] = {
      {"CLOSED", "ESTABLISHED"},
      {"CLOSED", "SYN-SENT", "ESTABLISHED", "TIME-WAIT"},
      {"CLOSED", "SYN-SENT", "ESTABLISHED", "LAST-ACK"},
      {"CLOSED", "SYN-SENT", "SENT"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof ways / sizeof ways[0]; i++)
    walk(ways[i], "I12 client : it went from ");
}

static void a_state_is_left_by_who_is_in_it(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  SEND(&s, 'c', SYN, .seq = 0);
  move(&s, true, "CLOSED", "SYN-SENT");
  move(&s, true, "ESTABLISHED", "FIN-WAIT-1");
  s.sim->failure = MSIM_ERR_STATE;
  close_stage(&s, "I12 client : it left ESTABLISHED, but was in SYN-SENT");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_way_of_the_standard_is_silent),
      cmocka_unit_test(a_late_syn_opens_once_more),
      cmocka_unit_test(a_move_that_nothing_leads_to_is_told),
      cmocka_unit_test(a_state_is_left_by_who_is_in_it),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
