/* serve_none.c: stands for `mailsim serve` where the command was built without libuv. */
#include "../../command.h"

int verb_serve(struct arguments *arguments)
{
  (void)arguments;
  complain("serve: this mailsim was built without libuv; install it (Debian: libuv1-dev) and build again");
  return EXIT_UNUSABLE;
}
