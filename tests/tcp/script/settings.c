/* settings.c: options and shell lines of a script, as far as they say something about a TCP.
 *
 * sysctls that have a counterpart in msim_tcp_opts set it, in whatever way the shell line writes them; others, and
 * every other command, are passed over with a notice. */
#include "tcp/script/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "4096 131072 $((15*1024*1024))": the index-th, or the last that is there */
static uint64_t part(const char *value, unsigned index)
{
  uint64_t got = 0;
  char *end;

  do {
    value += strspn(value, " \t$()");
    got = strtoull(value, &end, 10);
    for (value = end; *value == '*'; value = end)
      got *= strtoull(value + 1, &end, 10);
    value += strcspn(value, " \t");
  } while (index-- > 0 && value[strspn(value, " \t")] != '\0');
  return got;
}

static bool set_switch(struct msim_tcp_opts *tcp, const char *key, uint64_t value)
{
  if (strcmp(key, "tcp_timestamps") == 0)
    tcp->no_timestamps = value == 0;
  else if (strcmp(key, "tcp_sack") == 0)
    tcp->no_sack = value == 0;
  else if (strcmp(key, "tcp_window_scaling") == 0)
    tcp->no_window_scale = value == 0;
  else if (strcmp(key, "tcp_recovery") == 0)
    tcp->no_rack = (value & 1) == 0;
  else
    return false;
  return true;
}

/* False: no such setting here. */
static bool set_number(struct run *run, const char *key, const char *text)
{
  struct msim_tcp_opts *tcp = &run->tcp;
  uint64_t value = strtoull(text, NULL, 0);

  if (set_switch(tcp, key, value))
    return true;
  if (strcmp(key, "tcp_rmem") == 0)
    tcp->receive_buffer_bytes = part(text, run->opts->lenient ? 2 : 1); /* of Linux, the shift follows the largest */
  else if (strcmp(key, "tcp_wmem") == 0)
    tcp->send_buffer_bytes = part(text, 1);
  else if (strcmp(key, "tcp_syn_retries") == 0 || strcmp(key, "tcp_synack_retries") == 0)
    tcp->syn_retries_max = (uint32_t)value;
  else if (strcmp(key, "tcp_retries2") == 0)
    tcp->data_retries_max = (uint32_t)value;
  else if (strcmp(key, "tcp_max_syn_backlog") == 0)
    tcp->syn_backlog_max = (uint32_t)value;
  else if (strcmp(key, "tcp_challenge_ack_limit") == 0)
    tcp->challenge_acks_max = (uint32_t)value;
  else if (strcmp(key, "tcp_fin_timeout") == 0)
    tcp->fin_wait_2_ns = MSIM_SEC(value);
  else if (strcmp(key, "tcp_rto_min_us") == 0)
    tcp->rto_min_ns = MSIM_USEC(value);
  else if (strcmp(key, "tcp_rto_max_ms") == 0)
    tcp->rto_max_ns = MSIM_MSEC(value);
  else if (strcmp(key, "tcp_fastopen") == 0)
    tcp->fastopen = (uint32_t)value & (MSIM_TCP_FASTOPEN_CLIENT | MSIM_TCP_FASTOPEN_SERVER);
  else if (strcmp(key, "tcp_ecn") == 0)
    tcp->ecn = value == 0 ? MSIM_TCP_ECN_NONE : value == 1 ? MSIM_TCP_ECN_ASK : MSIM_TCP_ECN_PASSIVE;
  else
    return false;
  return true;
}

/* What Linux has by default, or we always do: nothing is lost when it is passed over silently. */
static bool is_default(const char *key, const char *value)
{
  static const struct {
    const char *key, *value;
  } defaults[] = {
      {"tcp_dsack", "1"}, {"tcp_reordering", "3"}, {"tcp_no_metrics_save", "1"},       {"tcp_early_retrans", "3"},
      {"tcp_frto", "0"},  {"tcp_fack", "0"},       {"tcp_slow_start_after_idle", "1"},
  };
  size_t i;

  for (i = 0; i < sizeof defaults / sizeof *defaults; i++) {
    if (strcmp(defaults[i].key, key) == 0 && strcmp(defaults[i].value, value) == 0)
      return true;
  }
  return false;
}

static void set(struct run *run, const char *key, const char *value, bool started)
{
  static const char *const controllers[] = {"cubic", "reno"};
  size_t i;

  if (is_default(key, value))
    return;
  if (started) {
    run_notice(run, "passed over, the host runs already: %s=%s", key, value);
    return;
  }
  if (strcmp(key, "tcp_congestion_control") == 0) {
    for (i = 0; i < sizeof controllers / sizeof *controllers; i++) {
      if (strcmp(value, controllers[i]) == 0) {
        run->tcp.congestion = controllers[i];
        return;
      }
    }
  } else if (set_number(run, key, value)) {
    return;
  }
  run_notice(run, "passed over: %s=%s", key, value);
}

/* net.ipv4.tcp_sack=0, /proc/sys/net/ipv4/tcp_rmem="4096 65536 70000": from tcp_ on. Returns what is behind it. */
static const char *read_setting(struct run *run, const char *at, bool started)
{
  char key[64], value[128];
  size_t size = strcspn(at, "= \t\n\r"), used = 0;
  char quote = '\0';

  if (at[size] != '=' || size >= sizeof key)
    return at + size;
  memcpy(key, at, size);
  key[size] = '\0';
  at += size + 1;
  if (*at == '"' || *at == '\'')
    quote = *at++;
  while (*at != '\0' && (quote != '\0' ? *at != quote : strchr(" \t\r\n;&", *at) == NULL)) {
    if (used + 1 < sizeof value)
      value[used++] = *at;
    at++;
  }
  value[used] = '\0';
  set(run, key, value, started);
  return at;
}

/* What the script of that name says which stands beside the tests of Linux, and differs from here. */
static void set_defaults(struct run *run)
{
  run->tcp.syn_retries_max = 5;
  run->tcp.receive_buffer_bytes = UINT64_C(15) * 1024 * 1024;
  run->tcp.send_buffer_bytes = UINT64_C(256) * 1024;
  run->tcp.ecn = MSIM_TCP_ECN_NONE;
  run->tcp.fastopen = MSIM_TCP_FASTOPEN_SERVER; /* a client asks when sendto has MSG_FASTOPEN */
}

void settings_command(struct run *run, const char *command, bool started)
{
  const char *at = command;
  bool known = false;

  if (strstr(command, "defaults.sh") != NULL) {
    known = true;
    if (!started)
      set_defaults(run);
  }
  while ((at = strstr(at, "tcp_")) != NULL) {
    known = true;
    if (at > command && at[-1] != '.' && at[-1] != '/' && at[-1] != ' ')
      at += 4;
    else
      at = read_setting(run, at, started);
  }
  if (!known)
    run_notice(run, "passed over: %s", command);
}

static bool set_address(struct run *run, const struct script_option *option, struct msim_addr *out)
{
  return msim_addr_parse(out, option->value, strlen(option->value)) == MSIM_OK ||
         run_fail(run, "--%s: \"%s\" is no address", option->name, option->value);
}

/* In front of addresses, whose default it changes. */
static bool set_version(struct run *run, const char *value)
{
  if (strcmp(value, "ipv4") == 0)
    return true;
  if (strcmp(value, "ipv6") != 0)
    return run_fail(run, "--ip_version: %s is neither ipv4 nor ipv6", value);
  return msim_addr_parse(&run->local, "2001:db8::1", 11) == MSIM_OK &&
         msim_addr_parse(&run->remote, "2001:db8:1::1", 13) == MSIM_OK;
}

bool settings_options(struct run *run)
{
  const struct script_option *option;

  if (run->opts->lenient)
    set_defaults(run); /* also where a script leaves it to whoever runs it */
  for (option = run->script->options; option != NULL; option = option->next) {
    if (strcmp(option->name, "mtu") == 0) {
      run->mtu_bytes = (uint32_t)strtoul(option->value, NULL, 10);
      if (run->mtu_bytes < 68 || run->mtu_bytes > 65535)
        return run_fail(run, "--mtu: %s is not in 68 .. 65535", option->value);
    } else if (strcmp(option->name, "local_ip") == 0) {
      if (!set_address(run, option, &run->local))
        return false;
    } else if (strcmp(option->name, "remote_ip") == 0) {
      if (!set_address(run, option, &run->remote))
        return false;
    } else if (strcmp(option->name, "ip_version") == 0 && !set_version(run, option->value)) {
      return false;
    } else if (strstr(option->name, "tolerance") == NULL && strcmp(option->name, "ip_version") != 0) {
      run_notice(run, "passed over: --%s", option->name);
    }
  }
  if (run->local.family != run->remote.family)
    return run_fail(run, "--local_ip and --remote_ip are not of one kind");
  if (run->opts->lenient) { /* segments as large as after offload */
    run->tcp.mss_bytes_max = run->mtu_bytes - run_head_bytes(run) - 20;
    run->mtu_bytes = 65535;
  }
  return true;
}
