/* serve.c: `mailsim serve`: real programs talk to simulated servers, across the simulated network.
 *
 * Reads what the user wants, opens the doors, runs the loop until a signal, and writes the traces to their end. Does
 * not carry bytes (bridge.c) and does not know the clock (pace.c). */
#define _POSIX_C_SOURCE 200809L
#include "control.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define SEED_DEFAULT 1u
#define FAULTS_MAX 16u
#define KEEP_MB_DEFAULT 256u
#define KEEP_MB_MAX 65536u
#define SPEED_MILLI_MAX UINT64_C(1000000)

static const struct option options[] = {
    {"map", "PORT=HOST:PORT@FROM", "a loopback port, and whom it reaches as whom; 0 is any free port; may be repeated"},
    {"uplink", "HOST:PORT=ADDRESS:PORT", "what comes to a simulated host goes out to a real address; may be repeated"},
    {"tun", "DEVICE=HOST", "a TUN device of Linux stands for this host: a kernel routes into the simulation"},
    {"listen", "ADDRESS", "where ports without an address listen (default: 127.0.0.1 and ::1)"},
    {"ports", "FILE", "write the ports that were opened, a line each"},
    {"control", "PORT", "HTTP and JSON, and a page of all mail, on 127.0.0.1; 0 is any free port"},
    {"keep", "MB", "how much of the trace the control interface can give out (default: 256)"},
    {"speed", "N", "simulated seconds in a second, 0.001 to 1000 (default: 1)"},
    {"connections", "N", "real connections at a time (default: 1000)"},
    {"trace", "FORMAT:PATH[,OPTIONS]", "write a trace; may be repeated"},
    {"seed", "N", "decides every random draw (default: what the file says, else 1)"},
    {"fault", "YAML", "add a fault, as an item of the section faults; may be repeated"},
    {"set", "PATH=VALUE", "put a value, as YAML, into the topology: links.0.delay=20ms; may be repeated"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

struct request {
  const char *topology, *listen, *ports, *tun;
  struct map maps[SERVE_DOORS_MAX];
  unsigned map_count;
  struct traces traces;
  const char *faults[FAULTS_MAX];
  size_t fault_count;
  struct settings settings;
  uint64_t seed, speed_milli, connection_max, keep_mb, control_port;
  bool has_seed, has_control, help;
};

/* ---- arguments ---- */

/* "2", "0.5" */
static bool read_speed(const char *text, uint64_t *out)
{
  uint64_t milli = 0, scale = 1000;
  bool point = false;
  const char *c = text;

  for (; *c != '\0'; c++) {
    if (*c == '.' && !point && c != text && c[1] != '\0') {
      point = true;
      continue;
    }
    if (*c < '0' || *c > '9' || milli > SPEED_MILLI_MAX || (point && scale == 1))
      return false;
    scale /= point ? 10 : 1;
    milli = point ? milli + (uint64_t)(*c - '0') * scale : milli * 10 + (uint64_t)(*c - '0') * 1000;
  }
  *out = milli;
  return milli > 0 && milli <= SPEED_MILLI_MAX;
}

static bool take_map(struct request *request, const char *name, const char *value)
{
  if (request->map_count == SERVE_DOORS_MAX) {
    complain("--%s: at most %u", name, SERVE_DOORS_MAX);
    return false;
  }
  return strcmp(name, "map") == 0 ? map_read_door(&request->maps[request->map_count++], value)
                                  : map_read_uplink(&request->maps[request->map_count++], value);
}

static bool take_number(struct request *request, const char *name, const char *value)
{
  if (strcmp(name, "speed") == 0) {
    if (read_speed(value, &request->speed_milli))
      return true;
    complain("--speed %s: write a number from 0.001 to 1000, such as 10", value);
  } else if (strcmp(name, "seed") == 0) {
    request->has_seed = true;
    if (parse_count(value, &request->seed))
      return true;
    complain("--seed %s: write a number from 0 to %" PRIu64, value, UINT64_MAX);
  } else if (strcmp(name, "control") == 0) {
    request->has_control = true;
    if (parse_count(value, &request->control_port) && request->control_port <= UINT16_MAX)
      return true;
    complain("--control %s: write a port, or 0 for any that is free", value);
  } else if (strcmp(name, "keep") == 0) {
    if (parse_count(value, &request->keep_mb) && request->keep_mb <= KEEP_MB_MAX)
      return true;
    complain("--keep %s: write a number of megabytes up to %u", value, KEEP_MB_MAX);
  } else {
    if (parse_count(value, &request->connection_max) && request->connection_max > 0 &&
        request->connection_max <= SERVE_CONNECTIONS_MAX)
      return true;
    complain("--connections %s: write a number from 1 to %u", value, SERVE_CONNECTIONS_MAX);
  }
  return false;
}

static bool take_fault(struct request *request, const char *value)
{
  if (request->fault_count == FAULTS_MAX) {
    complain("--fault: at most %u; write more of them into the topology", FAULTS_MAX);
    return false;
  }
  request->faults[request->fault_count++] = value;
  return true;
}

static bool take_option(struct request *request, const char *name, const char *value)
{
  if (strcmp(name, "map") == 0 || strcmp(name, "uplink") == 0)
    return take_map(request, name, value);
  if (strcmp(name, "trace") == 0)
    return traces_add(&request->traces, value);
  if (strcmp(name, "fault") == 0)
    return take_fault(request, value);
  if (strcmp(name, "set") == 0)
    return settings_add(&request->settings, value);
  if (strcmp(name, "listen") == 0)
    request->listen = value;
  else if (strcmp(name, "ports") == 0)
    request->ports = value;
  else if (strcmp(name, "tun") == 0)
    request->tun = value;
  else if (strcmp(name, "help") == 0)
    request->help = true;
  else
    return take_number(request, name, value);
  return true;
}

static bool read_arguments(struct arguments *arguments, struct request *request)
{
  const struct option *option = NULL;
  const char *value = NULL;

  for (;;) {
    switch (argument_next(arguments, options, &option, &value)) {
    case ARGUMENT_END:
      if (request->topology == NULL && !request->help)
        complain("serve: which topology? See mailsim serve --help");
      return request->topology != NULL || request->help;
    case ARGUMENT_WRONG:
      return false;
    case ARGUMENT_OPTION:
      if (!take_option(request, option->name, value))
        return false;
      break;
    case ARGUMENT_OPERAND:
      if (request->topology != NULL) {
        complain("serve: one topology at a time; %s is one too many", value);
        return false;
      }
      request->topology = value;
      break;
    }
  }
}

/* Nothing listens beyond this machine unless it was asked for, and then it is said. */
static bool place_doors(struct request *request)
{
  unsigned i;

  for (i = 0; i < request->map_count; i++) {
    struct map *map = &request->maps[i];

    if (map->is_uplink && !map_is_loopback(map->address))
      complain("serve: warning: simulated hosts reach %s, which is not this machine alone", map->address);
    if (map->is_uplink)
      continue;
    if (map->address[0] == '\0' && request->listen != NULL) {
      if (strlen(request->listen) >= sizeof map->address) {
        complain("--listen %s: an address of IPv4 or IPv6 is expected", request->listen);
        return false;
      }
      strcpy(map->address, request->listen);
    }
    if (map->address[0] != '\0' && !map_is_loopback(map->address))
      complain("serve: warning: %s is reached from other machines, and simulated servers guard nothing", map->address);
  }
  if (request->map_count > 0 || request->has_control || request->tun != NULL)
    return true;
  complain("serve: nothing to do without --map, --uplink, --tun or --control, such as --map 2525=HOST:25@FROM");
  return false;
}

/* ---- the loop ---- */

void serve_enter(struct serve *serve)
{
  pace_catch_up(&serve->pace);
}

void serve_leave(struct serve *serve)
{
  pace_catch_up(&serve->pace); /* what was done now has effects that are due now */
  pace_arm(&serve->pace);
}

void serve_end(struct serve *serve)
{
  size_t i;

  if (serve->ending)
    return;
  serve->ending = true;
  for (i = 0; i < serve->door_count; i++)
    door_close(&serve->doors[i]);
  bridge_close_all(serve);
  control_close(serve->control);
  tun_stop(serve->tun);
  pace_stop(&serve->pace);
  for (i = 0; i < sizeof serve->signals / sizeof serve->signals[0]; i++)
    if (serve->signals[i].data != NULL)
      uv_close((uv_handle_t *)&serve->signals[i], NULL);
}

static void on_signal(uv_signal_t *signal, int number)
{
  (void)number;
  serve_end(signal->data);
}

static bool catch_signals(struct serve *serve)
{
  static const int numbers[] = {SIGINT, SIGTERM};
  size_t i;

  for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (uv_signal_init(&serve->loop, &serve->signals[i]) != 0)
      return false;
    serve->signals[i].data = serve;
    if (uv_signal_start(&serve->signals[i], on_signal, numbers[i]) != 0)
      return false;
  }
  return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

/* ---- what is told ---- */

static void tell_door(FILE *file, const struct door *door)
{
  const char *address = door->map.address[0] != '\0' ? door->map.address : "127.0.0.1";
  bool is_ipv6 = strchr(address, ':') != NULL;

  if (door->map.is_uplink)
    fprintf(file, "uplink %s:%u to %s%s%s:%u\n", door->map.from, door->map.to_port, is_ipv6 ? "[" : "", address,
            is_ipv6 ? "]" : "", door->map.port);
  else
    fprintf(file, "listening on %s%s%s:%u for %s:%u from %s\n", is_ipv6 ? "[" : "", address, is_ipv6 ? "]" : "",
            door->port, door->map.to, door->map.to_port, door->map.from);
}

/* Whole or not at all: somebody waits for this file. */
static bool write_ports(const struct serve *serve, const char *path)
{
  size_t size = strlen(path) + sizeof ".new";
  char *fresh = malloc(size);
  FILE *file = NULL;
  unsigned i;
  bool fine;

  if (fresh != NULL) {
    (void)snprintf(fresh, size, "%s.new", path);
    file = fopen(fresh, "w");
  }
  fine = file != NULL;
  for (i = 0; fine && i < serve->door_count; i++)
    if (!serve->doors[i].map.is_uplink)
      fprintf(file, "%s:%u@%s %u\n", serve->doors[i].map.to, serve->doors[i].map.to_port, serve->doors[i].map.from,
              serve->doors[i].port);
  if (fine && serve->control != NULL)
    fprintf(file, "control %u\n", control_port(serve->control));
  if (file != NULL)
    fine = fclose(file) == 0 && rename(fresh, path) == 0;
  if (!fine)
    complain("--ports: %s cannot be written", path);
  free(fresh);
  return fine;
}

static void tell_end(const struct serve *serve)
{
  struct msim_counters c;

  msim_sim_counters(serve->sim, &c);
  fputs("served ", stdout);
  output_seconds(stdout, msim_sim_now_ns(serve->sim));
  printf(" s of simulated time: connections %" PRIu64 ", refused %" PRIu64 ", segments %" PRIu64 ", drops %" PRIu64
         ", retransmissions %" PRIu64 ", furthest behind the clock %" PRIu64 " ms\n",
         serve->carried_count, serve->refused_count, c.segment_count, c.drop_count, c.retransmit_count,
         serve->pace.lag_max_ns / 1000000);
}

/* ---- the verb ---- */

/* Those of the file come first; the command line adds to them. */
static bool take_gates(struct request *request, const struct msim_sim *sim)
{
  struct msim_topology_gate gate;
  char text[4 * SERVE_NAME_BYTES];
  bool is_door;
  size_t i;

  for (i = 0; msim_topology_gate_at(sim, i, &gate); i++) {
    is_door = gate.listen[0] != '\0';
    if (snprintf(text, sizeof text, "%s=%s%s%s", is_door ? gate.listen : gate.uplink, gate.to, is_door ? "@" : "",
                 is_door ? gate.from : "") < (int)sizeof text &&
        take_map(request, is_door ? "map" : "uplink", text))
      continue;
    complain("%s:%u: this item of serve cannot be used", request->topology, gate.line);
    return false;
  }
  return true;
}

static bool load_world(struct serve *serve, struct request *request, struct keep **keep)
{
  struct msim_sim_opts opts;
  unsigned findings = 0;
  int err;

  memset(&opts, 0, sizeof opts);
  opts.seed = SEED_DEFAULT;
  err = msim_sim_new(&serve->sim, &opts);
  if (err == MSIM_OK)
    err = topology_load(serve->sim, request->topology, &request->settings, print_finding, &findings);
  if (err != MSIM_OK) {
    if (findings == 0)
      complain("%s: %s", request->topology, msim_strerror(err));
    return false;
  }
  if (request->has_seed)
    msim_sim_set_seed(serve->sim, request->seed);
  if (!faults_add(serve->sim, request->faults, request->fault_count) || !take_gates(request, serve->sim) ||
      !place_doors(request))
    return false;
  if (request->tun != NULL) {
    serve->tun = tun_open(serve, request->tun);
    if (serve->tun == NULL)
      return false;
  }
  request->traces.goes_on = true;
  if (!traces_attach(&request->traces, serve->sim))
    return false;
  if (request->has_control) {
    *keep = keep_open(serve->sim, request->keep_mb * 1000000u);
    if (*keep == NULL)
      return false;
  }
  err = msim_sim_start(serve->sim);
  if (err != MSIM_OK)
    complain("%s: %s", request->topology, msim_sim_error(serve->sim));
  return err == MSIM_OK;
}

static bool open_doors(struct serve *serve, const struct request *request, struct keep *keep)
{
  unsigned i;

  if (request->has_control) {
    serve->control = control_open(serve, (uint16_t)request->control_port, keep);
    if (serve->control == NULL)
      return false;
  }
  for (i = 0; i < request->map_count; i++) {
    serve->door_count++;
    if (!door_open(&serve->doors[i], serve, &request->maps[i]))
      return false;
  }
  return true;
}

static bool begin(struct serve *serve, const struct request *request)
{
  unsigned i;

  if (!catch_signals(serve) || !pace_start(&serve->pace, serve, request->speed_milli) ||
      (serve->tun != NULL && !tun_start(serve->tun))) {
    complain("serve: out of memory");
    return false;
  }
  if (request->ports != NULL && !write_ports(serve, request->ports))
    return false;
  for (i = 0; i < serve->door_count; i++)
    tell_door(stdout, &serve->doors[i]);
  if (request->tun != NULL)
    printf("device and host %s\n", request->tun);
  if (serve->control != NULL)
    printf("control on http://127.0.0.1:%u/\n", control_port(serve->control));
  puts("ready");
  return fflush(stdout) == 0;
}

static int serve_request(struct serve *serve, struct request *request, struct keep **keep)
{
  bool fine;

  if (!load_world(serve, request, keep))
    return EXIT_UNUSABLE;
  if (uv_loop_init(&serve->loop) != 0) {
    complain("serve: out of memory");
    return EXIT_UNUSABLE;
  }
  serve->connection_max = request->connection_max;
  fine = open_doors(serve, request, *keep) && begin(serve, request);
  if (!fine)
    serve_end(serve);
  (void)uv_run(&serve->loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(&serve->loop);
  if (!fine)
    return EXIT_UNUSABLE;
  if (msim_sim_finish(serve->sim) != MSIM_OK && serve->failure == 0)
    complain("serve: %s", msim_sim_error(serve->sim));
  tell_end(serve);
  return serve->failure != 0 ? EXIT_UNUSABLE : close_output(stdout, EXIT_FINE);
}

int verb_serve(struct arguments *arguments)
{
  struct request *request = calloc(1, sizeof *request);
  struct serve *serve = calloc(1, sizeof *serve);
  struct keep *keep = NULL;
  int code = EXIT_UNUSABLE;

  if (request == NULL || serve == NULL) {
    complain("out of memory");
    free(request);
    free(serve);
    return code;
  }
  request->speed_milli = 1000;
  request->connection_max = SERVE_CONNECTIONS_DEFAULT;
  request->keep_mb = KEEP_MB_DEFAULT;
  if (read_arguments(arguments, request)) {
    if (request->help)
      print_usage("serve TOPOLOGY --map PORT=HOST:PORT@FROM [OPTIONS]",
                  "Opens ports on this machine behind which simulated servers answer: a mail client that connects to\n"
                  "PORT talks to HOST's port as if it sat at FROM, across the simulated network with its delay, its\n"
                  "losses and its faults, and every segment is in the trace. Prints \"ready\" when it may come. Ends\n"
                  "by SIGINT or SIGTERM; the traces are whole then.\n"
                  "Exit status: 0, 1 when a trace could not be written, 2 when something is unusable.",
                  options);
    code = request->help ? close_output(stdout, EXIT_FINE) : serve_request(serve, request, &keep);
  }
  control_free(serve->control);
  msim_sim_free(serve->sim);
  tun_close(serve->tun);
  keep_close(keep);
  if (!traces_close(&request->traces) && code == EXIT_FINE)
    code = EXIT_FAILED;
  free(serve);
  free(request);
  return code;
}
