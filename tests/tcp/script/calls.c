/* calls.c: the system calls of scripts, over socket.h.
 *
 * Sockets of scripts block unless O_NONBLOCK is set, and those of socket.h never do: a call that would block is tried
 * again after each event until it is done, and when that was is compared with what the line says. Descriptors are the
 * script's own numbers. */
#include "tcp/script/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX (64u * 1024 * 1024) /* of one call */

/* What a call has come to. */
struct outcome {
  int value;   /* >= 0, or -MSIM_E… */
  bool blocks; /* a blocking call is not done yet */
};

struct call_type {
  const char *name;
  bool (*run)(struct run *run, const struct call_spec *call, struct outcome *out);
};

/* ---- arguments ---- */

static const struct expr *item(const struct expr *list, unsigned index)
{
  while (list != NULL && index-- > 0)
    list = list->next;
  return list;
}

static bool bad(struct run *run, const struct expr *expr, const char *wanted)
{
  if (expr == NULL)
    return run_fail(run, "an argument is missing: %s", wanted);
  return run_fail(run, "column %u: expected %s", expr->column, wanted);
}

static bool number(struct run *run, const struct expr *expr, int64_t *out)
{
  int64_t second;

  if (expr == NULL)
    return bad(run, expr, "a number");
  switch (expr->kind) {
  case EXPR_NUMBER:
    *out = expr->number;
    return true;
  case EXPR_WORD:
    return symbol_value(expr->text, out) || run_fail(run, "column %u: no constant %s", expr->column, expr->text);
  case EXPR_OR:
    if (!number(run, expr->first, out) || !number(run, expr->second, &second))
      return false;
    *out |= second;
    return true;
  default:
    return bad(run, expr, "a number or constants joined with |");
  }
}

/* Of {a=1, b=2}: the value of b, or NULL */
static const struct expr *field(const struct expr *list, const char *name)
{
  const struct expr *at;

  if (list == NULL || list->kind != EXPR_LIST)
    return NULL;
  for (at = list->items; at != NULL; at = at->next) {
    if (at->kind == EXPR_ASSIGN && at->first->text != NULL && strcmp(at->first->text, name) == 0)
      return at->second;
  }
  return NULL;
}

/* {sa_family = AF_INET, sin_port = htons(8080), sin_addr = inet_addr("192.0.2.1")}; ... leaves what out holds */
static bool endpoint(struct run *run, const struct expr *expr, struct msim_endpoint *out)
{
  const struct expr *family = field(expr, "sa_family"), *port = field(expr, "sin_port");
  const struct expr *addr = field(expr, "sin_addr");
  int64_t value;

  if (expr == NULL || expr->kind == EXPR_ELLIPSIS)
    return true;
  if (family == NULL || !number(run, family, &value))
    return bad(run, expr, "... or {sa_family = …, sin_port = …, sin_addr = …}");
  out->addr.family = MSIM_FAMILY_NONE;
  if (value == 0)
    return true;
  if (port == NULL || port->kind != EXPR_CALL || !number(run, port->items, &value))
    return bad(run, expr, "sin_port = htons(N)");
  out->port = (uint16_t)value;
  if (addr != NULL && addr->kind == EXPR_WORD && strcmp(addr->text, "INADDR_ANY") == 0)
    return true;
  if (addr == NULL || addr->kind != EXPR_CALL || addr->items == NULL || addr->items->kind != EXPR_STRING ||
      msim_addr_parse(&out->addr, addr->items->text, addr->items->text_bytes) != MSIM_OK)
    return bad(run, expr, "sin_addr = inet_addr(\"192.0.2.1\")");
  return true;
}

static struct script_fd *fd_at(struct run *run, const struct expr *expr)
{
  int64_t value;

  if (!number(run, expr, &value))
    return NULL;
  if (value < 0 || value >= FDS_MAX) {
    run_fail(run, "descriptors are 0 .. %d here", FDS_MAX - 1);
    return NULL;
  }
  return &run->fds[value];
}

/* The number that a call shall return, under which a new socket is kept. */
static struct script_fd *fd_new(struct run *run, const struct call_spec *call)
{
  struct script_fd *fd = fd_at(run, call->result);

  if (fd != NULL && fd->socket != NULL) {
    run_fail(run, "descriptor %lld is open", (long long)(fd - run->fds));
    return NULL;
  }
  return fd;
}

static void settle_outcome(const struct script_fd *fd, int value, struct outcome *out)
{
  out->value = value;
  out->blocks = !fd->non_blocking && (value == -MSIM_EAGAIN || value == -MSIM_EINPROGRESS || value == -MSIM_EALREADY);
}

/* ---- opening ---- */

static bool call_socket(struct run *run, const struct call_spec *call, struct outcome *out)
{
  int64_t domain, type;
  struct script_fd *fd;

  if (!number(run, item(call->arguments, 1), &type))
    return false;
  if (call->arguments->kind == EXPR_ELLIPSIS)
    domain = 2;
  else if (!number(run, call->arguments, &domain))
    return false;
  if (domain != 2)
    return run_fail(run, "hosts speak IPv4: AF_INET, or ...");
  fd = fd_new(run, call);
  if (fd == NULL)
    return false;
  memset(fd, 0, sizeof *fd);
  fd->non_blocking = (type & 04000) != 0;
  out->value = msim_socket_open(run->host, (type & 0xf) == 1 ? MSIM_SOCK_STREAM : MSIM_SOCK_DGRAM, &fd->socket);
  if (out->value >= 0)
    out->value = (int)(fd - run->fds);
  if (run->opts->lenient && fd->socket != NULL) /* a young connection of Linux does not delay its ACKs */
    msim_socket_set_int(fd->socket, MSIM_TCP_QUICKACK, 1);
  run->current = NULL;
  return true;
}

static bool call_bind(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);
  struct msim_endpoint local;

  memset(&local, 0, sizeof local);
  local.port = 8080;
  if (fd == NULL || !endpoint(run, item(call->arguments, 1), &local))
    return false;
  fd->local_port = local.port;
  out->value = msim_socket_bind(fd->socket, &local);
  return true;
}

static bool call_listen(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);
  int64_t backlog;

  if (fd == NULL || !number(run, item(call->arguments, 1), &backlog))
    return false;
  out->value = msim_socket_listen(fd->socket, (int)backlog);
  if (out->value >= 0) {
    struct msim_endpoint local;

    fd->listens = true;
    run->listen_port = msim_socket_local(fd->socket, &local) >= 0 ? local.port : fd->local_port;
    run->current = NULL;
  }
  return true;
}

static bool call_connect(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);
  struct msim_endpoint remote;

  memset(&remote, 0, sizeof remote);
  remote.addr = run->remote;
  remote.port = 8080;
  if (fd == NULL || !endpoint(run, item(call->arguments, 1), &remote))
    return false;
  settle_outcome(fd, msim_socket_connect(fd->socket, &remote), out);
  return true;
}

static bool same_end(struct run *run, const struct expr *expr, const struct msim_endpoint *actual)
{
  struct msim_endpoint wanted = *actual;
  char text[MSIM_ADDR_TEXT_BYTES];

  if (!endpoint(run, expr, &wanted))
    return false;
  if (wanted.port == actual->port && (wanted.addr.family == 0 || msim_addr_equal(&wanted.addr, &actual->addr)))
    return true;
  msim_endpoint_format(actual, text);
  return run_fail(run, "the address is %s", text);
}

static bool call_accept(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *listener = fd_at(run, call->arguments), *fd;
  struct msim_socket *socket = NULL;
  struct msim_endpoint remote;
  int64_t flags = 0;

  if (listener == NULL || (item(call->arguments, 3) != NULL && !number(run, item(call->arguments, 3), &flags)))
    return false;
  settle_outcome(listener, msim_socket_accept(listener->socket, &socket, &remote), out);
  if (socket == NULL)
    return true;
  fd = fd_new(run, call);
  if (fd == NULL) {
    msim_socket_close(socket);
    return run_fail(run, "a connection was accepted");
  }
  memset(fd, 0, sizeof *fd);
  fd->socket = socket;
  fd->non_blocking = (flags & 04000) != 0;
  out->value = (int)(fd - run->fds);
  return same_end(run, item(call->arguments, 1), &remote);
}

static bool call_name(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);
  struct msim_endpoint end;

  if (fd == NULL)
    return false;
  out->value = strcmp(call->name, "getsockname") == 0 ? msim_socket_local(fd->socket, &end)
                                                      : msim_socket_remote(fd->socket, &end);
  return out->value < 0 || same_end(run, item(call->arguments, 1), &end);
}

/* ---- bytes ---- */

/* [{..., 1000}, {"abc", 3}]: the sum of their sizes */
static bool vector_bytes(struct run *run, const struct expr *list, int64_t *out)
{
  const struct expr *at;
  int64_t size;

  *out = 0;
  if (list == NULL || list->kind != EXPR_LIST)
    return bad(run, list, "[{..., N}]");
  for (at = list->items; at != NULL; at = at->next) {
    if (at->kind != EXPR_LIST || !number(run, item(at->items, 1), &size) || size < 0 || size > BYTES_MAX)
      return bad(run, at, "{..., N}");
    *out += size;
  }
  return true;
}

static bool message_bytes(struct run *run, const struct expr *message, int64_t *out)
{
  return vector_bytes(run, field(message, "msg_iov"), out);
}

static bool size_of(struct run *run, const struct call_spec *call, int64_t *out)
{
  const char *name = call->name;
  const struct expr *what = item(call->arguments, 1);

  if (strcmp(name, "writev") == 0 || strcmp(name, "readv") == 0)
    return vector_bytes(run, what, out);
  if (strcmp(name, "sendmsg") == 0 || strcmp(name, "recvmsg") == 0)
    return message_bytes(run, what, out);
  if (!number(run, item(call->arguments, 2), out))
    return false;
  return (*out >= 0 && *out <= BYTES_MAX) || bad(run, item(call->arguments, 2), "a size that fits");
}

static bool flags_of(struct run *run, const struct call_spec *call, int64_t *out)
{
  const char *name = call->name;
  bool message = strcmp(name, "sendmsg") == 0 || strcmp(name, "recvmsg") == 0;

  *out = 0;
  if (strcmp(name, "write") == 0 || strcmp(name, "read") == 0 || strcmp(name, "writev") == 0 ||
      strcmp(name, "readv") == 0)
    return true;
  return number(run, item(call->arguments, message ? 2 : 3), out);
}

static bool call_send(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);
  const struct expr *data = item(call->arguments, 1);
  size_t done = run->pending.done_bytes;
  struct msim_endpoint remote;
  int64_t size, flags;
  bool to, fast;
  char *bytes;

  if (fd == NULL || !size_of(run, call, &size) || !flags_of(run, call, &flags))
    return false;
  memset(&remote, 0, sizeof remote);
  remote.addr = run->remote;
  remote.port = 8080;
  to = strcmp(call->name, "sendto") == 0 && item(call->arguments, 4) != NULL;
  if (to && !endpoint(run, item(call->arguments, 4), &remote))
    return false;
  fast = (flags & MSIM_MSG_FASTOPEN) != 0;
  if (fast && run->pending.again) /* the connection is under way: what is left is sent as usual */
    flags &= ~(int64_t)MSIM_MSG_FASTOPEN;
  bytes = calloc(1, (size_t)size + 1);
  if (bytes == NULL)
    return run_fail(run, "out of memory");
  if (data != NULL && data->kind == EXPR_STRING)
    memcpy(bytes, data->text, data->text_bytes < (size_t)size ? data->text_bytes : (size_t)size);
  out->value = (flags & MSIM_MSG_FASTOPEN) != 0 || (to && !fast)
                   ? msim_socket_sendto(fd->socket, bytes + done, (size_t)size - done, (int)flags, &remote)
                   : msim_socket_send(fd->socket, bytes + done, (size_t)size - done, (int)flags);
  free(bytes);
  if (out->value > 0 || size == 0)
    done += (size_t)out->value;
  out->blocks = !fd->non_blocking && (flags & MSIM_MSG_DONTWAIT) == 0 && done < (size_t)size &&
                (out->value >= 0 || out->value == -MSIM_EAGAIN || out->value == -MSIM_EINPROGRESS);
  run->pending.done_bytes = done;
  if (out->value >= 0 || done > 0)
    out->value = (int)done;
  return true;
}

static bool call_receive(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);
  const struct expr *data = item(call->arguments, 1);
  int64_t size, flags;
  char *bytes;
  bool same = true;

  if (fd == NULL || !size_of(run, call, &size) || !flags_of(run, call, &flags))
    return false;
  bytes = malloc((size_t)size + 1);
  if (bytes == NULL)
    return run_fail(run, "out of memory");
  settle_outcome(fd, msim_socket_recv(fd->socket, bytes, (size_t)size, (int)flags), out);
  if ((flags & (MSIM_MSG_DONTWAIT | MSIM_MSG_OOB)) != 0)
    out->blocks = false;
  if (out->value > 0 && data != NULL && data->kind == EXPR_STRING)
    same = data->text_bytes >= (size_t)out->value && memcmp(bytes, data->text, (size_t)out->value) == 0;
  free(bytes);
  return same || run_fail(run, "other bytes were read");
}

/* ---- the rest ---- */

static bool call_shutdown(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);
  int64_t how;

  if (fd == NULL || !number(run, item(call->arguments, 1), &how))
    return false;
  out->value = msim_socket_shutdown(fd->socket, (enum msim_shutdown)how);
  return true;
}

static bool call_close(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);

  if (fd == NULL)
    return false;
  out->value = msim_socket_close(fd->socket);
  memset(fd, 0, sizeof *fd);
  return true;
}

static bool call_fcntl(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);
  int64_t what, flags;

  if (fd == NULL || !number(run, item(call->arguments, 1), &what))
    return false;
  out->value = fd->socket == NULL ? -MSIM_EBADF : 0;
  if (what == 3 && fd->socket != NULL)
    out->value = 2 | (fd->non_blocking ? 04000 : 0);
  if (what == 4) {
    if (!number(run, item(call->arguments, 2), &flags))
      return false;
    fd->non_blocking = (flags & 04000) != 0;
  }
  return what == 3 || what == 4 || run_fail(run, "fcntl knows F_GETFL and F_SETFL here");
}

/* [N] or N */
static const struct expr *inside(const struct expr *expr)
{
  return expr != NULL && expr->kind == EXPR_LIST ? expr->items : expr;
}

static bool call_ioctl(struct run *run, const struct call_spec *call, struct outcome *out)
{
  static const struct {
    int64_t number;
    enum msim_ioctl what;
  } known[] = {{0x541b, MSIM_FIONREAD}, {0x5411, MSIM_SIOCOUTQ}, {0x894b, MSIM_SIOCOUTQNSD}, {0x8905, MSIM_SIOCATMARK}};
  struct script_fd *fd = fd_at(run, call->arguments);
  int64_t request, wanted;
  int value = 0;
  size_t i;

  if (fd == NULL || !number(run, item(call->arguments, 1), &request))
    return false;
  for (i = 0; i < sizeof known / sizeof *known && known[i].number != request; i++)
    ;
  if (i == sizeof known / sizeof *known)
    return run_fail(run, "ioctl knows SIOCINQ, SIOCOUTQ, SIOCOUTQNSD and SIOCATMARK here");
  out->value = msim_socket_ioctl(fd->socket, known[i].what, &value);
  if (out->value < 0)
    return true;
  if (!number(run, inside(item(call->arguments, 2)), &wanted))
    return false;
  return wanted == value || run_fail(run, "the value is %d", value);
}

static bool call_setsockopt(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);
  const struct expr *name = item(call->arguments, 2), *value = item(call->arguments, 3);
  enum msim_socket_option option;
  struct msim_linger linger;
  int64_t n, m;

  if (fd == NULL || name == NULL || name->kind != EXPR_WORD)
    return run_fail(run, "setsockopt wants the name of an option");
  option = symbol_option(name->text);
  if (option == MSIM_SOCKET_OPTIONS)
    return run_fail(run, "no option %s here", name->text);
  if (option == MSIM_TCP_CONGESTION && value != NULL && value->kind == EXPR_STRING) {
    out->value = msim_socket_setsockopt(fd->socket, option, value->text, value->text_bytes);
    return true;
  }
  if (option == MSIM_SO_LINGER) {
    if (!number(run, field(value, "onoff"), &n) || !number(run, field(value, "linger"), &m))
      return false;
    linger.on = (int)n;
    linger.seconds = (int)m;
    out->value = msim_socket_setsockopt(fd->socket, option, &linger, sizeof linger);
    return true;
  }
  if (!number(run, inside(value), &n))
    return false;
  out->value = msim_socket_set_int(fd->socket, option, (int)n);
  return true;
}

static bool call_getsockopt(struct run *run, const struct call_spec *call, struct outcome *out)
{
  struct script_fd *fd = fd_at(run, call->arguments);
  const struct expr *name = item(call->arguments, 2), *value = item(call->arguments, 3);
  enum msim_socket_option option;
  char text[64] = "";
  size_t size = sizeof text;
  int64_t wanted;
  int n = 0;

  if (fd == NULL || name == NULL || name->kind != EXPR_WORD)
    return run_fail(run, "getsockopt wants the name of an option");
  option = symbol_option(name->text);
  if (option == MSIM_SOCKET_OPTIONS)
    return run_fail(run, "no option %s here", name->text);
  if (option == MSIM_TCP_CONGESTION && value != NULL && value->kind == EXPR_STRING) {
    out->value = msim_socket_getsockopt(fd->socket, option, text, &size);
    return out->value < 0 || strcmp(text, value->text) == 0 || run_fail(run, "the value is \"%s\"", text);
  }
  out->value = msim_socket_get_int(fd->socket, option, &n);
  if (out->value < 0 || value == NULL || value->kind == EXPR_ELLIPSIS ||
      (inside(value) != NULL && inside(value)->kind == EXPR_ELLIPSIS))
    return true;
  if (!number(run, inside(value), &wanted))
    return false;
  return wanted == n || run_fail(run, "the value is %d", n);
}

/* poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, timeout in ms) */
static bool call_poll(struct run *run, const struct call_spec *call, struct outcome *out)
{
  const struct expr *list = item(call->arguments, 0), *at;
  int64_t timeout, events, wanted;

  if (list == NULL || list->kind != EXPR_LIST || !number(run, item(call->arguments, 2), &timeout))
    return run_fail(run, "poll wants [{fd=…, events=…, revents=…}], their number and a time");
  for (at = list->items; at != NULL; at = at->next) {
    const struct script_fd *fd = fd_at(run, field(at, "fd"));

    if (fd == NULL || !number(run, field(at, "events"), &events))
      return false;
    out->value += msim_socket_poll(fd->socket, (uint32_t)events) != 0;
  }
  out->blocks = out->value == 0 && timeout != 0 &&
                (timeout < 0 || msim_sim_now_ns(run->sim) < run->pending.begun_ns + MSIM_MSEC(timeout));
  for (at = out->blocks ? NULL : list->items; at != NULL; at = at->next) {
    const struct script_fd *fd = fd_at(run, field(at, "fd"));
    uint32_t revents;

    if (fd == NULL || !number(run, field(at, "events"), &events))
      return false;
    revents = msim_socket_poll(fd->socket, (uint32_t)events);
    if (field(at, "revents") == NULL)
      continue;
    if (!number(run, field(at, "revents"), &wanted))
      return false;
    if (wanted != (int64_t)revents)
      return run_fail(run, "revents is 0x%x, not 0x%x", revents, (unsigned)wanted);
  }
  return true;
}

/* ---- running ---- */

static const struct call_type types[] = {
    {"socket", call_socket},
    {"bind", call_bind},
    {"listen", call_listen},
    {"connect", call_connect},
    {"accept", call_accept},
    {"accept4", call_accept},
    {"getsockname", call_name},
    {"getpeername", call_name},
    {"write", call_send},
    {"writev", call_send},
    {"send", call_send},
    {"sendto", call_send},
    {"sendmsg", call_send},
    {"read", call_receive},
    {"readv", call_receive},
    {"recv", call_receive},
    {"recvfrom", call_receive},
    {"recvmsg", call_receive},
    {"shutdown", call_shutdown},
    {"close", call_close},
    {"fcntl", call_fcntl},
    {"ioctl", call_ioctl},
    {"setsockopt", call_setsockopt},
    {"getsockopt", call_getsockopt},
    {"poll", call_poll},
};

static bool check_result(struct run *run, const struct call_spec *call, int value)
{
  int64_t wanted;

  if (call->result->kind == EXPR_ELLIPSIS)
    return true;
  if (!number(run, call->result, &wanted))
    return false;
  if (wanted == -1 && call->errno_name != NULL) {
    wanted = -symbol_errno(call->errno_name);
    if (wanted == 0)
      return run_fail(run, "no error %s", call->errno_name);
  }
  if (wanted == value)
    return true;
  if (value < 0)
    return run_fail(run, "the call returned -1 %s (%s)", msim_errno_name(value), msim_errno_text(value));
  return run_fail(run, "the call returned %d", value);
}

static const struct call_type *type_of(const char *name)
{
  size_t i;

  for (i = 0; i < sizeof types / sizeof *types; i++) {
    if (strcmp(types[i].name, name) == 0)
      return &types[i];
  }
  return NULL;
}

/* Once; true when nothing is wrong yet. */
static bool attempt(struct run *run)
{
  struct pending *p = &run->pending;
  struct outcome out = {0, false};

  if (!type_of(p->call->name)->run(run, p->call, &out))
    return false;
  p->again = true;
  if (out.blocks)
    return true;
  p->over = true;
  p->over_ns = run_usec(msim_sim_now_ns(run->sim));
  p->result = out.value;
  return true;
}

static bool conclude(struct run *run)
{
  struct pending *p = &run->pending;
  const struct event *event = run->event;
  bool good;

  run->event = p->event;
  good = check_result(run, p->call, p->result);
  if (good && p->call->blocks &&
      (p->over_ns + run->opts->tolerance_ns < p->end_ns || p->over_ns > p->end_ns + run->opts->tolerance_ns))
    good = run_fail(run, "the call ended at %.6f, not at %.6f", (double)p->over_ns / 1e9, (double)p->end_ns / 1e9);
  run->event = event;
  memset(p, 0, sizeof *p);
  return good;
}

bool call_retry(struct run *run)
{
  const struct event *event = run->event;
  bool good;

  if (run->pending.event == NULL || run->pending.over)
    return true;
  run->event = run->pending.event;
  good = attempt(run);
  run->event = event;
  return good && (!run->pending.over || conclude(run));
}

bool call_finish(struct run *run)
{
  if (run->pending.event == NULL)
    return true;
  if (run->pending.call->blocks && !run_until(run, run->pending.end_ns + run->opts->tolerance_ns + 499))
    return false;
  if (run->pending.event == NULL)
    return true;
  run->event = run->pending.event;
  return run_fail(run, "the call still blocks at %.6f", (double)msim_sim_now_ns(run->sim) / 1e9);
}

bool call_start(struct run *run, const struct event *event)
{
  struct pending *p = &run->pending;

  if (!call_finish(run))
    return false;
  if (type_of(event->u.call->name) == NULL)
    return run_fail(run, "no system call %s here", event->u.call->name);
  memset(p, 0, sizeof *p);
  p->event = event;
  p->call = event->u.call;
  p->begun_ns = run->last_ns;
  p->end_ns = p->call->end_ns + (event->time == TIME_RELATIVE ? run->last_ns - event->at_ns : 0);
  if (!attempt(run))
    return false;
  if (p->over)
    return conclude(run);
  if (p->call->blocks)
    return true;
  /* what is there at once is no blocking */
  if (!run_settle(run))
    return false;
  return p->event == NULL || run_fail(run, "the call blocks; a line for that says when it ends: BEGIN...END");
}
