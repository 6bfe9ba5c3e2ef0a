/* schema.c: `mailsim schema`: the format of topologies as JSON Schema, for editors. */
#include "command.h"

static const struct option options[] = {
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

static int write_stdout(void *ctx, const void *data, size_t size_bytes)
{
  (void)ctx;
  return fwrite(data, 1, size_bytes, stdout) == size_bytes ? MSIM_OK : MSIM_ERR_IO;
}

static int write_schema(void)
{
  struct msim_out out = {NULL, write_stdout};
  struct msim_sim *sim = NULL;
  int err = msim_sim_new(&sim, NULL);

  if (err == MSIM_OK)
    err = msim_topology_schema(sim, &out);
  msim_sim_free(sim);
  if (err == MSIM_OK || err == MSIM_ERR_IO)
    return close_output(stdout, EXIT_FINE); /* says why when it failed */
  complain("schema: %s", msim_strerror(err));
  return EXIT_UNUSABLE;
}

int verb_schema(struct arguments *arguments)
{
  const struct option *option = NULL;
  const char *value = NULL;

  switch (argument_next(arguments, options, &option, &value)) {
  case ARGUMENT_END:
    return write_schema();
  case ARGUMENT_WRONG:
    return EXIT_UNUSABLE;
  case ARGUMENT_OPERAND:
    complain("schema: it takes no operands; %s is one too many", value);
    return EXIT_UNUSABLE;
  case ARGUMENT_OPTION:
    break;
  }
  print_usage("schema",
              "Prints the format of topologies as JSON Schema (2020-12). Editors that know YAML check and\n"
              "complete with it: mailsim schema >mailsim.schema.json, and as first line of a topology\n"
              "# yaml-language-server: $schema=mailsim.schema.json",
              options);
  return close_output(stdout, EXIT_FINE);
}
