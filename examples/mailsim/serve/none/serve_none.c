/* serve_none.c: stands for `mailsim serve` where the command was built without the libraries that it needs. */
#include "command.h"

int verb_serve(struct arguments *arguments)
{
  (void)arguments;
  complain("serve: this mailsim was built without libuv, libmicrohttpd and jansson; install them (Debian: "
           "libuv1-dev libmicrohttpd-dev libjansson-dev) and build again");
  return EXIT_UNUSABLE;
}
