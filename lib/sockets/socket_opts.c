/* socket_opts.c: setsockopt and getsockopt: a table of who may what, then one switch each way.
 *
 * What TCP has to know stands in the socket's struct msim_tcp_opts and is applied to its connection at once. */
#include "core/sized.h"
#include "sockets/sockets.h"
#include "wire/source_route.h"

#include <string.h>

#define BUFFER_BYTES_MIN 256
#define BUFFER_BYTES_MAX (1 << 30)
#define NAME_BYTES_MAX 63u

/* Who has the option, and whether it can be set. */
enum { SET = 1, TCP = 2, UDP = 4, BOTH = TCP | UDP };

static const uint8_t rules[MSIM_SOCKET_OPTIONS] = {
    [MSIM_SO_REUSEADDR] = SET | BOTH,    [MSIM_SO_SNDBUF] = SET | BOTH,
    [MSIM_SO_RCVBUF] = SET | BOTH,       [MSIM_SO_ERROR] = BOTH,
    [MSIM_SO_KEEPALIVE] = SET | BOTH,    [MSIM_SO_LINGER] = SET | BOTH,
    [MSIM_SO_RCVLOWAT] = SET | BOTH,     [MSIM_SO_TYPE] = BOTH,
    [MSIM_SO_ACCEPTCONN] = BOTH,         [MSIM_TCP_NODELAY] = SET | TCP,
    [MSIM_TCP_CORK] = SET | TCP,         [MSIM_TCP_MAXSEG] = SET | TCP,
    [MSIM_TCP_SYNCNT] = SET | TCP,       [MSIM_TCP_NOTSENT_LOWAT] = SET | TCP,
    [MSIM_TCP_USER_TIMEOUT] = SET | TCP, [MSIM_TCP_KEEPIDLE] = SET | TCP,
    [MSIM_TCP_KEEPINTVL] = SET | TCP,    [MSIM_TCP_KEEPCNT] = SET | TCP,
    [MSIM_TCP_NOOPT] = SET | TCP,        [MSIM_TCP_FASTOPEN] = SET | TCP,
    [MSIM_TCP_CONGESTION] = SET | TCP,   [MSIM_TCP_INFO] = TCP,
    [MSIM_TCP_QUICKACK] = SET | TCP,     [MSIM_TCP_DEFER_ACCEPT] = SET | TCP,
    [MSIM_TCP_LINGER2] = SET | TCP,      [MSIM_IP_TOS] = SET | BOTH,
    [MSIM_IP_MTU_DISCOVER] = SET | BOTH, [MSIM_IP_MTU] = BOTH,
    [MSIM_IP_OPTIONS] = SET | TCP,
};

static bool has_option(const struct msim_socket *s, enum msim_socket_option option, unsigned need)
{
  unsigned type = s->type == MSIM_SOCK_STREAM ? TCP : UDP;

  return (unsigned)option < MSIM_SOCKET_OPTIONS && (rules[option] & type) != 0 && (rules[option] & need) == need;
}

/* ---- set ---- */

static int clamp(int value, int least, int most)
{
  return value < least ? least : value > most ? most : value;
}

static bool is_within(int value, int least, int most)
{
  return value >= least && value <= most;
}

/* Before the SYN. */
static bool is_fresh(const struct msim_socket *s)
{
  return s->phase == MSIM__SOCKET_IDLE || s->phase == MSIM__SOCKET_LISTENING;
}

static int set_times(struct msim_socket *s, enum msim_socket_option option, int value)
{
  struct msim_tcp_opts *o = &s->opts;

  if (option == MSIM_TCP_USER_TIMEOUT) {
    if (value < 0)
      return -MSIM_EINVAL;
    o->user_timeout_ns = MSIM_MSEC((unsigned)value);
    return msim__socket_apply(s);
  }
  if (!is_within(value, 1, option == MSIM_TCP_KEEPCNT ? 100 : 32767))
    return -MSIM_EINVAL;
  if (option == MSIM_TCP_KEEPCNT)
    o->keepalive_probes_max = (uint32_t)value;
  else if (option == MSIM_TCP_KEEPINTVL)
    o->keepalive_interval_ns = MSIM_SEC((unsigned)value);
  else
    s->keepalive_idle_ns = MSIM_SEC((unsigned)value);
  if (o->keepalive_idle_ns != 0)
    o->keepalive_idle_ns = s->keepalive_idle_ns;
  return msim__socket_apply(s);
}

/* What holds for the SYN or for good. */
static int set_before(struct msim_socket *s, enum msim_socket_option option, int value)
{
  struct msim_tcp_opts *o = &s->opts;

  if (!is_fresh(s))
    return -MSIM_EINVAL;
  if (option == MSIM_TCP_MAXSEG) {
    if (!is_within(value, 28, UINT16_MAX))
      return -MSIM_EINVAL;
    o->mss_bytes_max = (uint32_t)value;
    return 0;
  }
  o->no_timestamps = o->no_sack = o->no_window_scale = value != 0;
  return 0;
}

static int set_tos(struct msim_socket *s, int value)
{
  if (!is_within(value, 0, 255))
    return -MSIM_EINVAL;
  s->tos = value;
  if (s->type == MSIM_SOCK_DGRAM && s->is_bound)
    msim__udp_set_tos(s->node, s->local.port, (uint8_t)value);
  if (s->tcb != NULL)
    msim__tcp_set_tos(s->tcb, (uint8_t)value);
  return 0;
}

/* Of a listener: how many connections may be open by a cookie alone. */
static int set_fast_open(struct msim_socket *s, int value)
{
  if (value < 0 || !is_fresh(s))
    return -MSIM_EINVAL;
  if (value > 0) {
    s->opts.fastopen |= MSIM_TCP_FASTOPEN_SERVER;
    s->opts.fastopen_pending_max = (uint32_t)value;
  } else {
    s->opts.fastopen &= ~(uint32_t)MSIM_TCP_FASTOPEN_SERVER;
  }
  return 0;
}

static int set_mtu_discover(struct msim_socket *s, int value)
{
  if (!is_within(value, MSIM_PMTUDISC_DONT, MSIM_PMTUDISC_DO))
    return -MSIM_EINVAL;
  s->mtu_discover = value;
  s->opts.no_pmtud = value == MSIM_PMTUDISC_DONT;
  return msim__socket_apply(s);
}

/* Of type int; those of TCP that go to the connection return by apply. */
static int set_int(struct msim_socket *s, enum msim_socket_option option, int value)
{
  switch ((int)option) {
  case MSIM_SO_REUSEADDR:
    s->reuse = value != 0;
    return 0;
  case MSIM_SO_SNDBUF:
    s->opts.send_buffer_bytes = (uint64_t)clamp(value, BUFFER_BYTES_MIN, BUFFER_BYTES_MAX);
    return msim__socket_apply(s);
  case MSIM_SO_RCVBUF:
    s->opts.receive_buffer_bytes = (uint64_t)clamp(value, BUFFER_BYTES_MIN, BUFFER_BYTES_MAX);
    s->opts.receive_buffer_max_bytes = s->opts.receive_buffer_bytes; /* who sets it grows it himself */
    return msim__socket_apply(s);
  case MSIM_SO_KEEPALIVE:
    s->opts.keepalive_idle_ns = value != 0 ? s->keepalive_idle_ns : 0;
    return msim__socket_apply(s);
  case MSIM_SO_RCVLOWAT:
    s->low_water_bytes = value < 1 ? 1 : value;
    return 0;
  case MSIM_TCP_NODELAY:
    s->opts.no_nagle = value != 0;
    if (s->tcb != NULL)
      msim__tcp_set_nodelay(s->tcb, value != 0);
    return msim__socket_apply(s);
  case MSIM_TCP_CORK:
    s->corked = value != 0;
    if (s->tcb != NULL)
      msim__tcp_set_cork(s->tcb, s->corked);
    return msim__socket_sim(s)->failure;
  case MSIM_TCP_MAXSEG:
  case MSIM_TCP_NOOPT:
    return set_before(s, option, value);
  case MSIM_TCP_SYNCNT:
    if (!is_within(value, 1, 127))
      return -MSIM_EINVAL;
    s->opts.syn_retries_max = (uint32_t)value;
    return msim__socket_apply(s);
  case MSIM_TCP_NOTSENT_LOWAT:
    s->not_sent_low_bytes = value;
    return 0;
  case MSIM_TCP_USER_TIMEOUT:
  case MSIM_TCP_KEEPIDLE:
  case MSIM_TCP_KEEPINTVL:
  case MSIM_TCP_KEEPCNT:
    return set_times(s, option, value);
  case MSIM_TCP_QUICKACK:
    s->opts.no_delayed_ack = value != 0 || msim__tcp_opts_of(s->node)->no_delayed_ack;
    return msim__socket_apply(s);
  case MSIM_TCP_DEFER_ACCEPT:
    s->defer_accept_s = value < 0 ? 0 : value;
    return 0;
  case MSIM_TCP_LINGER2:
    s->fin_wait_2_s = value < 0 ? 0 : value;
    return 0;
  case MSIM_IP_TOS:
    return set_tos(s, value);
  case MSIM_IP_MTU_DISCOVER:
    return set_mtu_discover(s, value);
  case MSIM_TCP_FASTOPEN:
    return set_fast_open(s, value);
  default:
    return -MSIM_ENOPROTOOPT;
  }
}

static int set_congestion(struct msim_socket *s, const char *name, size_t name_bytes)
{
  char text[NAME_BYTES_MAX + 1];
  const struct msim_cc_type *type;

  if (name_bytes == 0 || name_bytes > NAME_BYTES_MAX)
    return -MSIM_EINVAL;
  memcpy(text, name, name_bytes);
  text[name_bytes] = '\0';
  type = msim__type_find(msim__socket_sim(s), MSIM__TYPE_CC, text);
  if (type == NULL)
    return -MSIM_ENOENT;
  s->opts.congestion = type->name;
  return msim__socket_apply(s);
}

/* A source route, judged here as far as that goes without a destination. */
static int set_ip_options(struct msim_socket *s, const void *value, size_t value_bytes)
{
  const struct msim_slice stops = {value, value_bytes};
  uint8_t made[MSIM__SOURCE_ROUTE_BYTES_MAX];
  const struct msim_addr nobody = {.family = MSIM_FAMILY_IPV4};
  struct msim_addr first;

  if (s->phase != MSIM__SOCKET_IDLE)
    return -MSIM_EINVAL;
  if (value_bytes > 0 && !s->node->source_routes)
    return -MSIM_EPERM;
  if (value_bytes > 0 && msim__source_route_begin(made, stops, &nobody, &first) == 0)
    return -MSIM_EINVAL;
  s->ip_option_bytes = (uint8_t)value_bytes;
  if (value_bytes > 0)
    memcpy(s->ip_options, value, value_bytes);
  return 0;
}

int msim_socket_setsockopt(struct msim_socket *s, enum msim_socket_option option, const void *value, size_t value_bytes)
{
  int err = msim__socket_enter(s, false), number;

  if (err != 0)
    return err;
  if (!has_option(s, option, SET))
    return -MSIM_ENOPROTOOPT;
  if (value == NULL && (option != MSIM_IP_OPTIONS || value_bytes != 0))
    return -MSIM_EINVAL;
  if (option == MSIM_IP_OPTIONS)
    return set_ip_options(s, value, value_bytes);
  if (option == MSIM_TCP_CONGESTION)
    return set_congestion(s, value, value_bytes);
  if (option == MSIM_SO_LINGER) {
    if (value_bytes < sizeof s->linger)
      return -MSIM_EINVAL;
    memcpy(&s->linger, value, sizeof s->linger);
    return 0;
  }
  if (value_bytes < sizeof number)
    return -MSIM_EINVAL;
  memcpy(&number, value, sizeof number);
  return set_int(s, option, number);
}

/* ---- get ---- */

static int seconds(msim_ns ns)
{
  return (int)(ns / UINT64_C(1000000000));
}

static int get_max_seg(const struct msim_socket *s)
{
  struct msim_tcp_info info;

  if (s->tcb != NULL) {
    msim__tcp_info(s->tcb, &info);
    return (int)info.snd_mss;
  }
  return s->opts.mss_bytes_max != 0 ? (int)s->opts.mss_bytes_max : 536;
}

static int get_mtu(const struct msim_socket *s, int *out)
{
  uint32_t mtu = 0;

  if (s->phase != MSIM__SOCKET_CONNECTED)
    return -MSIM_ENOTCONN;
  if (s->tcb != NULL)
    mtu = msim__tcp_path_mtu_bytes(s->tcb);
  else if (msim__addr_find_for(s->node, &s->remote.addr) != 0)
    mtu = msim__ip_mtu_for(s->node, msim__addr_find_for(s->node, &s->remote.addr));
  *out = (int)mtu;
  return 0;
}

static int get_int(struct msim_socket *s, enum msim_socket_option option, int *out)
{
  const struct msim_tcp_opts *o = &s->opts;

  switch ((int)option) {
  case MSIM_SO_REUSEADDR:
    *out = s->reuse;
    return 0;
  case MSIM_SO_SNDBUF:
    *out = (int)o->send_buffer_bytes;
    return 0;
  case MSIM_SO_RCVBUF:
    *out = (int)o->receive_buffer_bytes;
    return 0;
  case MSIM_SO_ERROR:
    *out = -msim__socket_take_error(s);
    return 0;
  case MSIM_SO_KEEPALIVE:
    *out = o->keepalive_idle_ns != 0;
    return 0;
  case MSIM_SO_RCVLOWAT:
    *out = s->low_water_bytes;
    return 0;
  case MSIM_SO_TYPE:
    *out = (int)s->type;
    return 0;
  case MSIM_SO_ACCEPTCONN:
    *out = s->phase == MSIM__SOCKET_LISTENING;
    return 0;
  case MSIM_TCP_NODELAY:
    *out = o->no_nagle;
    return 0;
  case MSIM_TCP_CORK:
    *out = s->corked;
    return 0;
  case MSIM_TCP_MAXSEG:
    *out = get_max_seg(s);
    return 0;
  case MSIM_TCP_SYNCNT:
    *out = (int)o->syn_retries_max;
    return 0;
  case MSIM_TCP_NOTSENT_LOWAT:
    *out = s->not_sent_low_bytes;
    return 0;
  case MSIM_TCP_USER_TIMEOUT:
    *out = (int)(o->user_timeout_ns / 1000000);
    return 0;
  case MSIM_TCP_KEEPIDLE:
    *out = seconds(s->keepalive_idle_ns);
    return 0;
  case MSIM_TCP_KEEPINTVL:
    *out = seconds(o->keepalive_interval_ns);
    return 0;
  case MSIM_TCP_KEEPCNT:
    *out = (int)o->keepalive_probes_max;
    return 0;
  case MSIM_TCP_NOOPT:
    *out = o->no_timestamps && o->no_sack && o->no_window_scale;
    return 0;
  case MSIM_TCP_FASTOPEN:
    *out = (o->fastopen & MSIM_TCP_FASTOPEN_SERVER) != 0 ? (int)o->fastopen_pending_max : 0;
    return 0;
  case MSIM_TCP_QUICKACK:
    *out = o->no_delayed_ack;
    return 0;
  case MSIM_TCP_DEFER_ACCEPT:
    *out = s->defer_accept_s;
    return 0;
  case MSIM_TCP_LINGER2:
    *out = s->fin_wait_2_s > 0 ? s->fin_wait_2_s : 60;
    return 0;
  case MSIM_IP_TOS:
    *out = s->tos;
    return 0;
  case MSIM_IP_MTU_DISCOVER:
    *out = s->mtu_discover;
    return 0;
  case MSIM_IP_MTU:
    return get_mtu(s, out);
  default:
    return -MSIM_ENOPROTOOPT;
  }
}

static int give(void *value, size_t *value_bytes, const void *from, size_t from_bytes)
{
  if (*value_bytes < from_bytes)
    return -MSIM_EINVAL;
  memcpy(value, from, from_bytes);
  *value_bytes = from_bytes;
  return 0;
}

/* Of a connection what its segments have, also by a route that the peer's have come by. */
static int get_ip_options(const struct msim_socket *s, void *value, size_t *value_bytes)
{
  uint8_t options[MSIM__SOURCE_ROUTE_BYTES_MAX];

  if (s->tcb == NULL)
    return give(value, value_bytes, s->ip_options, s->ip_option_bytes);
  return give(value, value_bytes, options, msim__tcp_ip_options(s->tcb, options));
}

int msim_socket_getsockopt(struct msim_socket *s, enum msim_socket_option option, void *value, size_t *value_bytes)
{
  int err = msim__socket_enter(s, false), number = 0;

  if (err != 0)
    return err;
  if (!has_option(s, option, 0))
    return -MSIM_ENOPROTOOPT;
  if (value == NULL || value_bytes == NULL)
    return -MSIM_EINVAL;
  if (option == MSIM_IP_OPTIONS)
    return get_ip_options(s, value, value_bytes);
  if (option == MSIM_TCP_INFO)
    return msim_socket_tcp_info_sized(s, value, *value_bytes);
  if (option == MSIM_SO_LINGER)
    return give(value, value_bytes, &s->linger, sizeof s->linger);
  if (option == MSIM_TCP_CONGESTION)
    return give(value, value_bytes, s->opts.congestion, strlen(s->opts.congestion) + 1);
  err = get_int(s, option, &number);
  return err != 0 ? err : give(value, value_bytes, &number, sizeof number);
}

/* ---- TCP_INFO ---- */

int msim_socket_tcp_info_sized(const struct msim_socket *s, struct msim_tcp_info *out, size_t out_bytes)
{
  struct msim_tcp_info full;

  if (s == NULL || out == NULL)
    return -MSIM_EBADF;
  if (s->is_dead)
    return -MSIM_ENETDOWN;
  if (s->type != MSIM_SOCK_STREAM)
    return -MSIM_EINVAL;
  if (s->tcb != NULL) {
    msim__tcp_info(s->tcb, &full);
  } else {
    msim__tcp_info_none(&full);
    full.local = s->local;
    full.state = s->phase == MSIM__SOCKET_LISTENING ? MSIM_TCP_LISTEN : MSIM_TCP_CLOSE;
    full.unacked = s->waiting_count;
    full.sacked = s->backlog;
  }
  msim__sized_out(out, out_bytes, &full, sizeof full);
  return 0;
}
