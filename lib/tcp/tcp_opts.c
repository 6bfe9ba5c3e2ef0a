/* tcp_opts.c: how a host's TCP behaves: defaults, ranges, and where the choice is kept.
 *
 * Does not read YAML: topology does. */
#include "core/sized.h"
#include "tcp/tcb.h"

#include <string.h>

#define BUFFER_BYTES_MIN 256u
#define BUFFER_BYTES_MAX (UINT64_C(1) << 30) /* RFC 7323 2.3: the largest window that scaling can express */
#define RTO_NS_MAX MSIM_SEC(86400)
#define TIME_WAIT_NS_MAX MSIM_SEC(86400)
#define RETRIES_MAX 1000u
#define LIFE_NS_MAX MSIM_SEC(30 * 86400)
#define KEEPALIVES_MAX 100u
#define INITIAL_SEGMENTS_MAX 1000u
#define QUICK_ACKS_MAX 1000u
#define WINDOW_SHIFT_MAX 14u /* RFC 7323 2.3 */
#define MSS_BYTES_MIN 28u    /* RFC 791: 68 bytes pass everywhere, less 40 of headers */

/* What a profile says goes before the defaults and behind what is given. */
static void keep_profile(struct msim_tcp_opts *o)
{
  if (o->profile == MSIM_TCP_FREEBSD && o->rto_min_ns == 0)
    o->rto_min_ns = MSIM_MSEC(230);
  if (o->profile != MSIM_TCP_PLAIN)
    return;
  o->no_timestamps = o->no_sack = o->no_window_scale = o->no_frto = true;
  if (o->ecn == MSIM_TCP_ECN_PASSIVE)
    o->ecn = MSIM_TCP_ECN_NONE;
  if (o->rto_min_ns == 0)
    o->rto_min_ns = MSIM_SEC(1); /* RFC 6298 2.4 */
  if (o->delayed_ack_ns == 0)
    o->delayed_ack_ns = MSIM_MSEC(200);
  if (o->initial_window_segments == 0)
    o->initial_window_segments = 3; /* RFC 3390 for an MSS of 1460 */
}

static void keep_defaults(struct msim_tcp_opts *o)
{
  if (o->congestion == NULL)
    o->congestion = "cubic";
  if (o->receive_buffer_bytes == 0)
    o->receive_buffer_bytes = 131072;
  if (o->send_buffer_bytes == 0)
    o->send_buffer_bytes = 131072;
  if (o->initial_window_segments == 0)
    o->initial_window_segments = 10;
  if (o->rto_min_ns == 0)
    o->rto_min_ns = MSIM_MSEC(200);
  if (o->rto_initial_ns == 0)
    o->rto_initial_ns = MSIM_SEC(1);
  if (o->rto_max_ns == 0)
    o->rto_max_ns = MSIM_SEC(120);
  if (o->delayed_ack_ns == 0)
    o->delayed_ack_ns = MSIM_MSEC(40);
  if (o->time_wait_ns == 0)
    o->time_wait_ns = MSIM_SEC(60);
  if (o->data_retries_max == 0)
    o->data_retries_max = 15;
  if (o->syn_retries_max == 0)
    o->syn_retries_max = 7; /* at 0, 1, 3 … 127 s, up to 247 s: MUST-23 asks for 180 */
  if (o->keepalive_interval_ns == 0)
    o->keepalive_interval_ns = MSIM_SEC(75);
  if (o->keepalive_probes_max == 0)
    o->keepalive_probes_max = 9;
  if (o->syn_backlog_max == 0)
    o->syn_backlog_max = 65536;
  if (o->challenge_acks_max == 0)
    o->challenge_acks_max = 1000;
  if (o->fastopen_pending_max == 0)
    o->fastopen_pending_max = 256;
  if (o->receive_buffer_max_bytes == 0)
    o->receive_buffer_max_bytes = o->receive_buffer_bytes;
  if (o->timestamp_tick_ns == 0)
    o->timestamp_tick_ns = MSIM_MSEC(1);
}

/* How it offers windows and marks time. */
static const char *what_is_wrong_in_offers(const struct msim_tcp_opts *o)
{
  if (o->receive_buffer_max_bytes < o->receive_buffer_bytes || o->receive_buffer_max_bytes > BUFFER_BYTES_MAX)
    return "the receive buffer may grow to at least its size and at most 1 GiB";
  if (o->timestamp_tick_ns < MSIM_MSEC(1) || o->timestamp_tick_ns > MSIM_SEC(1) || o->timestamp_tick_ns % 1000 != 0)
    return "the clock of timestamps ticks every 1 ms to 1 s, in whole microseconds (RFC 7323 5.4)";
  if (o->initial_receive_window_segments > INITIAL_SEGMENTS_MAX)
    return "the initial receive window is at most 1000 segments";
  if (o->quick_acks > QUICK_ACKS_MAX)
    return "there are at most 1000 quick acknowledgments";
  if (o->window_shift > WINDOW_SHIFT_MAX)
    return "the window scale is at most 14 (RFC 7323 2.3)";
  if ((unsigned)o->ports > MSIM_TCP_PORTS_HASHED)
    return "ports are sequential or hashed";
  if ((unsigned)o->isn > MSIM_TCP_ISN_CLOCK)
    return "initial sequence numbers come from a hash or a clock";
  return NULL;
}

static const char *what_is_wrong(struct msim_sim *sim, const struct msim_tcp_opts *o)
{
  if (msim__type_find(sim, MSIM__TYPE_CC, o->congestion) == NULL)
    return "there is no congestion controller of that name";
  if ((unsigned)o->profile > MSIM_TCP_PLAIN)
    return "there is no such profile";
  if (o->black_hole_timeouts > RETRIES_MAX)
    return "a black hole is suspected after at most 1000 timeouts";
  if ((unsigned)o->ecn > MSIM_TCP_ECN_NONE)
    return "ECN is passive, ask or none";
  if (o->receive_buffer_bytes < BUFFER_BYTES_MIN || o->receive_buffer_bytes > BUFFER_BYTES_MAX)
    return "the receive buffer must have 256 bytes to 1 GiB";
  if (o->send_buffer_bytes < BUFFER_BYTES_MIN || o->send_buffer_bytes > BUFFER_BYTES_MAX)
    return "the send buffer must have 256 bytes to 1 GiB";
  if (o->initial_window_segments > INITIAL_SEGMENTS_MAX)
    return "the initial window is at most 1000 segments";
  if (o->rto_max_ns > RTO_NS_MAX)
    return "the longest retransmission timeout is at most a day";
  if (o->rto_min_ns > o->rto_max_ns || o->rto_initial_ns > o->rto_max_ns)
    return "the retransmission timeout's minimum and initial value must not exceed its maximum";
  if (o->delayed_ack_ns > MSIM_MSEC(500))
    return "an ACK is delayed by at most 500 ms (RFC 9293 3.8.6.3)";
  if (o->time_wait_ns > TIME_WAIT_NS_MAX)
    return "TIME-WAIT lasts at most a day";
  if (o->data_retries_max > RETRIES_MAX || o->syn_retries_max > RETRIES_MAX)
    return "there are at most 1000 retries";
  if (o->keepalive_idle_ns > LIFE_NS_MAX || o->keepalive_interval_ns > LIFE_NS_MAX || o->fin_wait_2_ns > LIFE_NS_MAX ||
      o->user_timeout_ns > LIFE_NS_MAX)
    return "keep-alive, FIN-WAIT-2 and the user timeout wait at most 30 days";
  if (o->keepalive_probes_max > KEEPALIVES_MAX)
    return "there are at most 100 keep-alive probes";
  if (o->mss_bytes_max != 0 && (o->mss_bytes_max < MSS_BYTES_MIN || o->mss_bytes_max > UINT16_MAX))
    return "the largest segment must have 28 to 65535 bytes";
  if ((o->fastopen & ~(uint32_t)(MSIM_TCP_FASTOPEN_CLIENT | MSIM_TCP_FASTOPEN_SERVER)) != 0)
    return "Fast Open has a bit for the client and one for the server";
  return what_is_wrong_in_offers(o);
}

int msim__tcp_opts_complete(struct msim_sim *sim, const struct msim_tcp_opts *given, struct msim_tcp_opts *out,
                            const char **why)
{
  const char *wrong;

  *out = *given;
  keep_profile(out);
  keep_defaults(out);
  wrong = what_is_wrong(sim, out);
  if (why != NULL)
    *why = wrong;
  return wrong == NULL ? MSIM_OK : MSIM_ERR_INVALID;
}

static bool are_equal(const struct msim_tcp_opts *kept, struct msim_tcp_opts *opts)
{
  if (kept == NULL || strcmp(kept->congestion, opts->congestion) != 0)
    return false;
  opts->congestion = kept->congestion;
  return memcmp(kept, opts, sizeof *opts) == 0;
}

/* A million hosts that are told the same share one copy: equal neighbours are the usual case. */
static const struct msim_tcp_opts *shared_copy(struct msim_sim *sim, struct msim_tcp_opts *opts)
{
  struct msim__tcp *tcp = msim__tcp(sim);
  struct msim_tcp_opts *copy;
  size_t i;

  for (i = 0; i < MSIM__OPTS_KEPT; i++)
    if (are_equal(tcp->last_opts[i], opts))
      return tcp->last_opts[i];
  copy = msim__arena_alloc(&sim->arena, sizeof *copy);
  opts->congestion = msim__arena_text(&sim->arena, opts->congestion, strlen(opts->congestion));
  if (copy == NULL || opts->congestion == NULL)
    return NULL;
  *copy = *opts;
  memmove(tcp->last_opts + 1, tcp->last_opts, (MSIM__OPTS_KEPT - 1) * sizeof tcp->last_opts[0]);
  tcp->last_opts[0] = copy;
  return copy;
}

int msim__tcp_opts_share(struct msim_sim *sim, const struct msim_tcp_opts *given, const struct msim_tcp_opts **out)
{
  struct msim_tcp_opts full;
  const struct msim_tcp_opts *copy;
  int err = msim__tcp_opts_complete(sim, given, &full, NULL);

  if (err != MSIM_OK)
    return err;
  copy = shared_copy(sim, &full);
  if (copy == NULL)
    return MSIM_ERR_NOMEM;
  *out = copy;
  return MSIM_OK;
}

int msim_node_set_tcp_sized(struct msim_node *node, const struct msim_tcp_opts *opts, size_t opts_bytes)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_tcp_opts given;
  int err;

  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  err = msim__sized_in(&given, sizeof given, opts, opts_bytes);
  return err != MSIM_OK ? err : msim__tcp_opts_share(sim, &given, &node->tcp_opts);
}

const struct msim_tcp_opts *msim__tcp_opts_of(const struct msim_node *node)
{
  return node->tcp_opts != NULL ? node->tcp_opts : &msim__tcp(msim__node_sim(node))->defaults;
}
