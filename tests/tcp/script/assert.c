/* assert.c: code between %{ and }%: assertions about TCP_INFO, in as much of Python as such scripts use.
 *
 * Statements: assert EXPR[, text], NAME = EXPR, print … (passed over). Expressions: numbers, tcpi_… names, constants,
 * names that were set, + - * / // %, comparisons, & | << >>, and or not, abs min max. All values are numbers. */
#include "tcp/script/run.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct eval {
  struct run *run;
  const char *at, *line;
  const struct msim_tcp_info *info;
  unsigned depth;
  bool failed;
  char seen[512]; /* names and their values */
};

static double parse_or(struct eval *e);

static double complain(struct eval *e, const char *what)
{
  if (!e->failed)
    run_fail(e->run, "%s at \"%.40s\"", what, e->at);
  e->failed = true;
  return 0;
}

static void blanks(struct eval *e)
{
  while (*e->at == ' ' || *e->at == '\t' || (*e->at == '\\' && e->at[1] == '\n') || (e->depth > 0 && *e->at == '\n'))
    e->at++;
}

static bool sign(struct eval *e, const char *text)
{
  size_t size = strlen(text);

  blanks(e);
  if (strncmp(e->at, text, size) != 0)
    return false;
  if (isalpha((unsigned char)text[0]) && (isalnum((unsigned char)e->at[size]) || e->at[size] == '_'))
    return false;
  e->at += size;
  return true;
}

/* ---- TCP_INFO in Linux's units ---- */

static double us(msim_ns ns)
{
  return (double)(run_usec(ns) / 1000);
}

static double ms(msim_ns ago_ns)
{
  return ago_ns == MSIM_NEVER ? 0 : (double)(ago_ns / 1000000);
}

static bool field(const struct msim_tcp_info *i, const char *name, double *out)
{
  const struct {
    const char *name;
    double value;
  } fields[] = {
      {"state", i->state},
      {"ca_state", i->ca_state},
      {"options", i->options},
      {"snd_wscale", i->snd_wscale},
      {"rcv_wscale", i->rcv_wscale},
      {"backoff", i->backoff},
      {"probes", i->probes},
      {"retransmits", i->retransmits},
      {"snd_mss", i->snd_mss},
      {"rcv_mss", i->rcv_mss},
      {"advmss", i->advmss},
      {"pmtu", i->pmtu},
      {"unacked", i->unacked},
      {"sacked", i->sacked},
      {"lost", i->lost},
      {"retrans", i->retrans},
      {"reordering", i->reordering},
      {"snd_cwnd", i->snd_cwnd},
      {"snd_ssthresh", i->snd_ssthresh},
      {"snd_wnd", i->snd_wnd},
      {"rcv_wnd", i->rcv_wnd},
      {"notsent_bytes", i->notsent_bytes},
      {"rcv_space", i->rcv_space_bytes},
      {"total_retrans", i->total_retrans},
      {"delivered", i->delivered},
      {"reord_seen", i->reord_seen},
      {"bytes_acked", (double)i->bytes_acked},
      {"bytes_received", (double)i->bytes_received},
      {"bytes_sent", (double)i->bytes_sent},
      {"bytes_retrans", (double)i->bytes_retrans},
      {"segs_out", i->segs_out},
      {"segs_in", i->segs_in},
      {"rtt", us(i->rtt_ns)},
      {"rttvar", us(i->rttvar_ns)},
      {"min_rtt", us(i->min_rtt_ns)},
      {"rto", us(i->rto_ns)},
      {"busy_time", us(i->busy_time_ns)},
      {"rwnd_limited", us(i->rwnd_limited_ns)},
      {"sndbuf_limited", us(i->sndbuf_limited_ns)},
      {"last_data_sent", ms(i->last_data_sent_ns)},
      {"last_data_recv", ms(i->last_data_recv_ns)},
      {"last_ack_recv", ms(i->last_ack_recv_ns)},
  };
  size_t k;

  for (k = 0; k < sizeof fields / sizeof *fields; k++) {
    if (strcmp(fields[k].name, name) == 0) {
      *out = fields[k].value;
      return true;
    }
  }
  return false;
}

static int find_current(void *ctx, const struct msim_tcp_info *info)
{
  struct {
    const struct conn *conn;
    struct msim_tcp_info *out;
  } *want = ctx;

  if (info->local.port != want->conn->local_port || info->remote.port != want->conn->remote_port)
    return 0;
  *want->out = *info;
  return 1;
}

/* The connection that the script is at, also when its socket is closed; without one, the listener. */
static void look(struct run *run, struct msim_tcp_info *out)
{
  struct {
    const struct conn *conn;
    struct msim_tcp_info *out;
  } want;
  unsigned i;

  memset(out, 0, sizeof *out);
  out->state = MSIM_TCP_CLOSE;
  want.conn = run->current;
  want.out = out;
  if (run->current != NULL) {
    msim_tcp_iterate(run->host, find_current, &want);
    return;
  }
  for (i = FDS_MAX; i-- > 0;) {
    if (run->fds[i].socket != NULL) {
      msim_socket_tcp_info(run->fds[i].socket, out);
      return;
    }
  }
}

/* ---- expressions ---- */

static double function(struct eval *e, const char *name)
{
  double value, next;

  e->depth++;
  value = parse_or(e);
  while (sign(e, ",")) {
    next = parse_or(e);
    if ((strcmp(name, "min") == 0) == (next < value))
      value = next;
  }
  e->depth--;
  if (!sign(e, ")"))
    return complain(e, "expected ')'");
  return strcmp(name, "abs") == 0 && value < 0 ? -value : value;
}

static double name_value(struct eval *e)
{
  char name[64];
  size_t size = 0, used;
  int64_t number;
  double value = 0;
  unsigned i;

  while (isalnum((unsigned char)e->at[size]) || e->at[size] == '_')
    size++;
  if (size == 0 || size >= sizeof name)
    return complain(e, "expected a value");
  memcpy(name, e->at, size);
  name[size] = '\0';
  e->at += size;
  if (strcmp(name, "abs") == 0 || strcmp(name, "min") == 0 || strcmp(name, "max") == 0)
    return sign(e, "(") ? function(e, name) : complain(e, "expected '('");
  if (strcmp(name, "int") == 0 || strcmp(name, "float") == 0)
    return sign(e, "(") ? function(e, name) : complain(e, "expected '('");
  for (i = 0; i < e->run->variable_count; i++) {
    if (strcmp(e->run->variables[i].name, name) == 0)
      return e->run->variables[i].value;
  }
  if (symbol_value(name, &number))
    return (double)number;
  if (strncmp(name, "tcpi_", 5) != 0 || !field(e->info, name + 5, &value)) {
    e->at -= size;
    return complain(e, "no such name here");
  }
  used = strlen(e->seen);
  snprintf(e->seen + used, sizeof e->seen - used, "%s%s is %.15g", used > 0 ? ", " : "", name, value);
  return value;
}

static double parse_atom(struct eval *e)
{
  double value;
  char *end;

  if (e->failed || e->depth > 64)
    return complain(e, "nested too deeply");
  if (sign(e, "(")) {
    e->depth++;
    value = parse_or(e);
    if (!sign(e, ")"))
      complain(e, "expected ')'");
    e->depth--;
    return value;
  }
  if (sign(e, "-")) {
    e->depth++;
    value = -parse_atom(e);
    e->depth--;
    return value;
  }
  blanks(e);
  if (isdigit((unsigned char)*e->at) || *e->at == '.') {
    value = strtod(e->at, &end);
    e->at = end;
    return value;
  }
  return name_value(e);
}

static double parse_product(struct eval *e)
{
  double value = parse_atom(e);

  while (!e->failed) {
    bool whole = sign(e, "//"), remainder = !whole && sign(e, "%");

    if (whole || remainder || sign(e, "/")) {
      double by = parse_atom(e);

      if (!e->failed && by == 0)
        return complain(e, "division by zero");
      if (remainder)
        value = (double)((int64_t)value % (int64_t)by);
      else
        value = whole ? (double)((int64_t)value / (int64_t)by) : value / by;
    } else if (sign(e, "*")) {
      value *= parse_atom(e);
    } else {
      break;
    }
  }
  return value;
}

static double parse_sum(struct eval *e)
{
  double value = parse_product(e);

  while (!e->failed) {
    if (sign(e, "+"))
      value += parse_product(e);
    else if (sign(e, "-"))
      value -= parse_product(e);
    else
      break;
  }
  return value;
}

static double parse_bits(struct eval *e)
{
  double value = parse_sum(e);

  while (!e->failed) {
    int64_t left = (int64_t)value;

    if (sign(e, "<<"))
      value = (double)(left << ((int64_t)parse_sum(e) & 31));
    else if (sign(e, ">>"))
      value = (double)(left >> ((int64_t)parse_sum(e) & 31));
    else if (sign(e, "&"))
      value = (double)(left & (int64_t)parse_sum(e));
    else if (sign(e, "|"))
      value = (double)(left | (int64_t)parse_sum(e));
    else
      break;
  }
  return value;
}

/* a < b <= c as in Python: each neighbour with its neighbour */
static double parse_comparison(struct eval *e)
{
  double left = parse_bits(e), right;
  bool truth = true, compared = false;

  while (!e->failed) {
    bool holds;

    if (sign(e, "=="))
      holds = left == (right = parse_bits(e));
    else if (sign(e, "!="))
      holds = left != (right = parse_bits(e));
    else if (sign(e, "<="))
      holds = left <= (right = parse_bits(e));
    else if (sign(e, ">="))
      holds = left >= (right = parse_bits(e));
    else if (sign(e, "<"))
      holds = left < (right = parse_bits(e));
    else if (sign(e, ">"))
      holds = left > (right = parse_bits(e));
    else
      break;
    truth = truth && holds;
    compared = true;
    left = right;
  }
  return compared ? truth : left;
}

static double parse_not(struct eval *e)
{
  return sign(e, "not") ? parse_not(e) == 0 : parse_comparison(e);
}

static double parse_and(struct eval *e)
{
  double value = parse_not(e);

  while (!e->failed && sign(e, "and")) {
    double right = parse_not(e);

    value = value != 0 && right != 0;
  }
  return value;
}

static double parse_or(struct eval *e)
{
  double value = parse_and(e);

  while (!e->failed && sign(e, "or")) {
    double right = parse_and(e);

    value = value != 0 || right != 0;
  }
  return value;
}

/* ---- statements ---- */

static bool set_variable(struct eval *e, const char *name, size_t size, double value)
{
  struct run *run = e->run;
  unsigned i;

  for (i = 0; i < run->variable_count; i++) {
    if (strlen(run->variables[i].name) == size && memcmp(run->variables[i].name, name, size) == 0)
      break;
  }
  if (i == sizeof run->variables / sizeof *run->variables)
    return run_fail(run, "more than %u names are set", i);
  if (i == run->variable_count) {
    /* the script's memory outlives the run */
    run->variables[run->variable_count++].name = script_copy((struct script *)(uintptr_t)run->script, name, size);
  }
  run->variables[i].value = value;
  return true;
}

/* Up to the end of the statement; quotes hide its signs. */
static void skip_message(struct eval *e)
{
  char quote = '\0';

  for (; *e->at != '\0' && *e->at != '\n' && (quote != '\0' || *e->at != ';'); e->at++) {
    if (quote != '\0' ? *e->at == quote : *e->at == '\'' || *e->at == '"')
      quote = quote != '\0' ? '\0' : *e->at;
  }
}

static bool statement(struct eval *e)
{
  double value;
  size_t size;

  e->seen[0] = '\0';
  e->line = e->at;
  if (sign(e, "assert")) {
    const char *begin = e->at, *end;

    value = parse_or(e);
    for (end = e->at; end > begin && strchr(" \t\r\n", end[-1]) != NULL; end--)
      ;
    if (!e->failed && value == 0)
      return run_fail(e->run, "assert%.*s does not hold: %s", (int)(end - begin), begin, e->seen);
    if (sign(e, ",")) /* what Python would print */
      skip_message(e);
    return !e->failed;
  }
  if (strncmp(e->at, "print", 5) == 0 || strncmp(e->at, "import", 6) == 0 || strncmp(e->at, "from ", 5) == 0) {
    e->at += strcspn(e->at, "\n");
    return true;
  }
  for (size = 0; isalnum((unsigned char)e->at[size]) || e->at[size] == '_'; size++)
    ;
  if (size > 0) {
    const char *name = e->at;

    e->at += size;
    blanks(e);
    if (*e->at == '=' && e->at[1] != '=') {
      e->at++;
      value = parse_or(e);
      return !e->failed && set_variable(e, name, size, value);
    }
    e->at = name;
  }
  complain(e, "expected assert or NAME = VALUE");
  return false;
}

bool assert_code(struct run *run, const char *code)
{
  struct msim_tcp_info info;
  struct eval e;

  memset(&e, 0, sizeof e);
  look(run, &info);
  e.run = run;
  e.at = code;
  e.info = &info;
  for (;;) {
    e.at += strspn(e.at, " \t\r\n;\\");
    if (*e.at == '#')
      e.at += strcspn(e.at, "\n");
    else if (*e.at == '\0')
      return true;
    else if (!statement(&e))
      return false;
    else if (e.at[strspn(e.at, " \t\r")] != '\0' && strchr(";\n#", e.at[strspn(e.at, " \t\r")]) == NULL)
      return complain(&e, "expected the end of the line") != 0;
  }
}
