/* new.c: `mailsim new`: a small commented topology to start from. Does not overwrite anything. */
#include "command.h"

#include <errno.h>
#include <string.h>

static const struct option options[] = {
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

static const char *const lines[] = {
    "# A world for mailsim. Run it with: mailsim run THIS-FILE --trace text:-\n",
    "# The format is described in docs/topology.md; the agents and their keys: mailsim list agents\n",
    "mailsim: 1 # the version of this format\n",
    "title: Anna writes to Ben\n",
    "until: quiet # or a time, such as 30s\n",
    "\n",
    "hosts:\n",
    "  anna-pc:\n",
    "    agents:\n",
    "      - user:\n",
    "          address: anna@a.example\n",
    "          submit: mail-a # her provider takes the mail\n",
    "          script:\n",
    "            - at: 1s\n",
    "              send: {message: m1, to: [ben@b.example], subject: Hello, body: \"How are you?\"}\n",
    "  mail-a:\n",
    "    agents:\n",
    "      - smtp-server:\n",
    "          domains: {a.example: [anna]} # the mailboxes of this host\n",
    "          relay-from: [\"@a.example\"]   # whose mail to others it passes on\n",
    "      - smtp-client: {}              # passes it on\n",
    "  mail-b:\n",
    "    agents:\n",
    "      - smtp-server:\n",
    "          domains: {b.example: [ben]}\n",
    "\n",
    "links: # every quantity has a unit\n",
    "  - {join: [anna-pc, mail-a], delay: 10ms, rate: 10Mbit/s}\n",
    "  - {join: [mail-a, mail-b], delay: 25ms, rate: 100Mbit/s, loss: 1%}\n",
};

static int write_lines(FILE *file)
{
  size_t i;

  for (i = 0; i < sizeof lines / sizeof lines[0]; i++)
    if (fputs(lines[i], file) == EOF)
      return -1;
  return 0;
}

static int write_new(const char *path)
{
  FILE *file;
  bool failed;

  if (strcmp(path, "-") == 0) {
    (void)write_lines(stdout);
    return close_output(stdout, EXIT_FINE);
  }
  file = fopen(path, "wx"); /* C11 7.21.5.3: fails when there is such a file */
  if (file == NULL) {
    complain(errno == EEXIST ? "%s is there already and is left alone" : "%s cannot be written: %s", path,
             strerror(errno));
    return EXIT_UNUSABLE;
  }
  failed = write_lines(file) != 0;
  failed = fclose(file) != 0 || failed;
  if (failed) {
    complain("%s could not be written completely", path);
    return EXIT_UNUSABLE;
  }
  fputs("wrote ", stdout);
  output_text(stdout, path);
  fputs("; try: mailsim run ", stdout);
  output_text(stdout, path);
  putc('\n', stdout);
  return close_output(stdout, EXIT_FINE);
}

int verb_new(struct arguments *arguments)
{
  const struct option *option = NULL;
  const char *value = NULL, *path = NULL;
  enum argument_kind got;

  while ((got = argument_next(arguments, options, &option, &value)) != ARGUMENT_END) {
    if (got == ARGUMENT_WRONG)
      return EXIT_UNUSABLE;
    if (got == ARGUMENT_OPTION) {
      print_usage("new FILE",
                  "Writes a small commented topology to start from; - is standard output.\n"
                  "A file that exists is left alone (exit status 2).",
                  options);
      return close_output(stdout, EXIT_FINE);
    }
    if (path != NULL) {
      complain("new: one file at a time; %s is one too many", value);
      return EXIT_UNUSABLE;
    }
    path = value;
  }
  if (path == NULL) {
    complain("new: which file? See mailsim new --help");
    return EXIT_UNUSABLE;
  }
  return write_new(path);
}
