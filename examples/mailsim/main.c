/* main.c: the command mailsim: chooses the verb. Each verb has a file of its own. */
#include "command.h"

#include <string.h>

static const struct {
  const char *name, *summary;
  int (*go)(struct arguments *arguments);
} verbs[] = {
    {"run", "run a topology and tell what was seen", verb_run},
    {"show", "show a trace: ladder, mails, statistics, other forms", verb_show},
    {"check", "read topologies and tell what is wrong with them", verb_check},
    {"diff", "compare two traces or runs: first difference, why, what follows", verb_diff},
    {"explore", "run a topology for each fault, or each seed, in turn", verb_explore},
    {"test", "run expectations and goldens and tell what does not hold", verb_test},
    {"record", "write a first expectation from a run", verb_record},
    {"accept", "record goldens anew, after telling what changes", verb_accept},
    {"list", "list agents, faults, sites, sinks, congestion, invariants, topologies", verb_list},
    {"new", "write a small topology to start from", verb_new},
    {"serve", "let real programs talk to the simulated servers", verb_serve},
    {"schema", "write the format of topologies as JSON Schema", verb_schema},
};
#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

void print_usage(const char *synopsis, const char *text, const struct option *option)
{
  printf("usage: mailsim %s\n\n%s\n\n", synopsis, text);
  for (; option->name != NULL; option++) {
    int width = printf("  --%s%s%s", option->name, option->value != NULL ? " " : "",
                       option->value != NULL ? option->value : "");

    printf("%*s%s\n", width < 34 ? 34 - width : 2, "", option->help);
  }
  printf("  -o, --output FILE               what would go to standard output goes to FILE\n");
}

static void print_help(FILE *file)
{
  size_t i;

  fputs("usage: mailsim VERB ...\n\nSimulates hosts that send mail over a real TCP/IP, deterministically.\n\n", file);
  for (i = 0; i < VERB_COUNT; i++)
    fprintf(file, "  %-8s%s\n", verbs[i].name, verbs[i].summary);
  fputs("\nmailsim VERB --help tells more. Exit status: 0 fine, 1 a check failed, 2 unusable input or arguments.\n",
        file);
}

static int unknown_verb(const char *name)
{
  const char *names[VERB_COUNT + 1], *near;
  size_t i;

  for (i = 0; i < VERB_COUNT; i++)
    names[i] = verbs[i].name;
  names[VERB_COUNT] = NULL;
  near = nearest_name(name, names);
  if (near != NULL)
    complain("there is no verb \"%s\"; did you mean \"%s\"?", name, near);
  else
    complain("there is no verb \"%s\"; see mailsim --help", name);
  return EXIT_UNUSABLE;
}

int main(int argc, char **argv)
{
  struct arguments arguments = {.count = argc, .items = argv, .next = 2};
  size_t i;

  if (argc < 2) {
    print_help(stderr);
    return EXIT_UNUSABLE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    print_help(stdout);
    return close_output(stdout, EXIT_FINE);
  }
  if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
    printf("mailsim %s engine %d\n", msim_version(), MSIM_ENGINE);
    return close_output(stdout, EXIT_FINE);
  }
  for (i = 0; i < VERB_COUNT; i++)
    if (strcmp(argv[1], verbs[i].name) == 0)
      return verbs[i].go(&arguments);
  return unknown_verb(argv[1]);
}
