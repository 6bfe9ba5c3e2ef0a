/* run_topology.c: the smallest program that loads a topology and runs it, with the trace as text on standard output.
 *
 *   cc run_topology.c $(pkg-config --cflags --libs mailsim) && ./a.out topologies/mail-send.yaml */
#include <mailsim/mailsim.h>

#include <stdio.h>

static void say(void *user, const struct msim_diag *diag)
{
  (void)user;
  fprintf(stderr, "%s:%u:%u: %s\n", diag->file, diag->line, diag->column, diag->text);
}

static int write_stdout(void *ctx, const void *data, size_t size_bytes)
{
  (void)ctx;
  return fwrite(data, 1, size_bytes, stdout) == size_bytes ? MSIM_OK : MSIM_ERR_IO;
}

int main(int argc, char **argv)
{
  struct msim_sim_opts opts = {.seed = 1};
  struct msim_out out = {.ctx = NULL, .write = write_stdout};
  struct msim_topology_info info;
  struct msim_sim *sim;
  int err;

  if (argc != 2) {
    fprintf(stderr, "usage: run_topology FILE\n");
    return 2;
  }
  err = msim_sim_new(&sim, &opts);
  if (err == MSIM_OK)
    err = msim_topology_load_file(sim, argv[1], say, NULL);
  if (err == MSIM_OK)
    err = msim_trace_add(sim, "text", &out, NULL, NULL);
  if (err == MSIM_OK) {
    msim_topology_info(sim, &info);
    err = msim_sim_run(sim, info.until_ns);
  }
  if (err == MSIM_OK)
    err = msim_sim_finish(sim); /* writes what the sinks still hold */
  if (err != MSIM_OK)
    fprintf(stderr, "run_topology: %s\n", msim_strerror(err));
  msim_sim_free(sim);
  return err == MSIM_OK ? 0 : 2;
}
