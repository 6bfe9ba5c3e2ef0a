/* topology_tcp.c: `tcp` of a host as struct msim_tcp_opts. What the values do is TCP's; whether they fit each other
 * too. */
#include "text/escape.h"
#include "text/suggest.h"
#include "text/yaml_read.h"
#include "tcp/tcp.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

#define SHOWN_BYTES 48
#define CANDIDATES_MAX 64u
#define BUFFER_BYTES_MAX ((uint64_t)1 << 30) /* the largest window that scaling can tell (RFC 7323 2.3) */
#define TIMEOUT_NS_MAX MSIM_SEC(86400)
#define LIFE_NS_MAX MSIM_SEC(30 * 86400)

struct tcp_keys {
  uint64_t receive_buffer_bytes, send_buffer_bytes, initial_window, data_retries, syn_retries, mss_bytes;
  msim_ns rto_min_ns, rto_initial_ns, rto_max_ns, time_wait_ns;
  bool nagle, window_scale, timestamps, sack, prr, rack, frto, pmtud;
  int profile, ecn;
  msim_ns keepalive_idle_ns, keepalive_interval_ns, user_timeout_ns, fin_wait_2_ns;
  uint64_t keepalive_probes, syn_backlog, challenge_acks, black_hole, fastopen_pending;
  int fastopen;
};

/* Zero keeps the default in struct msim_tcp_opts, so no key takes zero. */
#define AMOUNT(name, kind, member, low, high, help)                                                                    \
  {                                                                                                                    \
    name, kind, offsetof(struct tcp_keys, member), "", NULL, 0, NULL, low, high, NULL, help                            \
  }
#define FLAG(name, member, help)                                                                                       \
  {                                                                                                                    \
    name, MSIM_FIELD_BOOL, offsetof(struct tcp_keys, member), "true", NULL, 0, NULL, 0, 0, NULL, help                  \
  }

static const char *const profiles[] = {"linux", "freebsd", "plain", NULL};         /* enum msim_tcp_profile */
static const char *const ecn_words[] = {"passive", "ask", "none", NULL};           /* enum msim_tcp_ecn */
static const char *const fastopens[] = {"none", "client", "server", "both", NULL}; /* enum msim_tcp_fastopen */

static const struct msim_field tcp_fields[] = {
    AMOUNT("receive-buffer", MSIM_FIELD_SIZE_BYTES, receive_buffer_bytes, 256, BUFFER_BYTES_MAX, "128KiB when absent"),
    AMOUNT("send-buffer", MSIM_FIELD_SIZE_BYTES, send_buffer_bytes, 256, BUFFER_BYTES_MAX, "128KiB when absent"),
    AMOUNT("initial-window", MSIM_FIELD_UINT, initial_window, 1, 1000, "in segments; 10 when absent"),
    AMOUNT("rto-min", MSIM_FIELD_DURATION_NS, rto_min_ns, 1, TIMEOUT_NS_MAX,
           "shortest retransmission timeout; 200ms when absent"),
    AMOUNT("rto-initial", MSIM_FIELD_DURATION_NS, rto_initial_ns, 1, TIMEOUT_NS_MAX, "the first one; 1s when absent"),
    AMOUNT("rto-max", MSIM_FIELD_DURATION_NS, rto_max_ns, 1, TIMEOUT_NS_MAX, "the longest one; 120s when absent"),
    AMOUNT("time-wait", MSIM_FIELD_DURATION_NS, time_wait_ns, 1, TIMEOUT_NS_MAX,
           "how long the end that closed first remembers; 60s when absent"),
    AMOUNT("data-retries", MSIM_FIELD_UINT, data_retries, 1, 1000,
           "of one segment, then the connection is given up; 15 when absent"),
    AMOUNT("syn-retries", MSIM_FIELD_UINT, syn_retries, 1, 1000, "likewise of SYN; 7 when absent"),
    AMOUNT("mss", MSIM_FIELD_SIZE_BYTES, mss_bytes, 28, 65535, "largest segment; from the MTU when absent"),
    AMOUNT("keepalive", MSIM_FIELD_DURATION_NS, keepalive_idle_ns, 1, LIFE_NS_MAX,
           "silence before an idle connection asks its peer; never when absent"),
    AMOUNT("keepalive-interval", MSIM_FIELD_DURATION_NS, keepalive_interval_ns, 1, LIFE_NS_MAX,
           "between its probes; 75s when absent"),
    AMOUNT("keepalive-probes", MSIM_FIELD_UINT, keepalive_probes, 1, 100,
           "without an answer, then the connection is given up; 9 when absent"),
    AMOUNT("user-timeout", MSIM_FIELD_DURATION_NS, user_timeout_ns, 1, LIFE_NS_MAX,
           "without progress, then the connection is given up; by data-retries alone when absent"),
    AMOUNT("fin-wait-2", MSIM_FIELD_DURATION_NS, fin_wait_2_ns, 1, LIFE_NS_MAX,
           "how long a closed end waits for a silent peer to close; for ever when absent"),
    AMOUNT("syn-backlog", MSIM_FIELD_UINT, syn_backlog, 1, UINT32_MAX,
           "connections of the host that are half open; 65536 when absent"),
    AMOUNT("challenge-acks", MSIM_FIELD_UINT, challenge_acks, 1, UINT32_MAX,
           "of the host in a second (RFC 5961 7); 1000 when absent"),
    AMOUNT("fastopen-pending", MSIM_FIELD_UINT, fastopen_pending, 1, UINT32_MAX,
           "of a server, opened by a cookie whose handshake is not over; 256 when absent"),
    FLAG("nagle", nagle, "small segments wait for an acknowledgement"),
    FLAG("window-scale", window_scale, "is offered"),
    FLAG("timestamps", timestamps, "are offered (RFC 7323)"),
    FLAG("sack", sack, "selective acknowledgment is offered (RFC 2018)"),
    FLAG("prr", prr, "proportional rate reduction during recovery (RFC 9937)"),
    FLAG("rack", rack, "loss by time and a probe of the tail, with SACK (RFC 8985)"),
    FLAG("frto", frto, "needless timeouts and retransmissions are found out and taken back (RFC 5682, 3522, 4015)"),
    FLAG("pmtud", pmtud, "routers say which size they take (RFC 1191); without it 536B beyond the next hop"),
    AMOUNT("black-hole", MSIM_FIELD_UINT, black_hole, 1, 1000,
           "timeouts of one segment, then smaller ones are tried; never when absent"),
    {"ecn", MSIM_FIELD_ENUM, offsetof(struct tcp_keys, ecn), "passive", NULL, 0, ecn_words, 0, 0, NULL,
     "congestion is marked instead of packets lost (RFC 3168): agreed to, also asked for, or neither"},
    {"fastopen", MSIM_FIELD_ENUM, offsetof(struct tcp_keys, fastopen), "none", NULL, 0, fastopens, 0, 0, NULL,
     "text with the SYN by a cookie (RFC 7413): asked for, granted, both"},
    {"profile", MSIM_FIELD_ENUM, offsetof(struct tcp_keys, profile), "linux", NULL, 0, profiles, 0, 0, NULL,
     "options of the SYN and their order, and defaults of the times; plain: no option but MSS"},
    {NULL, MSIM_FIELD_BOOL, 0, NULL, NULL, 0, NULL, 0, 0, NULL, NULL},
};
static const struct msim__key keys_by_hand[] = {
    {.name = "congestion", .form = MSIM__FORM_CONGESTION, .fallback = "cubic", .help = "congestion control, by name"},
    {.name = "delayed-ack",
     .form = MSIM__FORM_DURATION_OR,
     .fallback = "40ms",
     .help = "at most 500ms; none: every segment is acknowledged at once",
     .word = "none"},
    {.name = NULL},
};
const struct msim__section msim__section_tcp = {.fields = tcp_fields, .keys = keys_by_hand};

static void check_congestion(struct msim__loader *loader, const struct msim__yaml_node *place, const char *name)
{
  const char *names[CANDIDATES_MAX];
  char word[SHOWN_BYTES], tail[SHOWN_BYTES * 2];
  const struct msim_cc_type *type;
  size_t count = 0;

  if (msim__type_find(loader->sim, MSIM__TYPE_CC, name) != NULL)
    return;
  while (count < CANDIDATES_MAX && (type = msim__type_at(loader->sim, MSIM__TYPE_CC, count)) != NULL)
    names[count++] = type->name;
  (void)msim__escape_short(word, sizeof word, msim__yaml_slice(place));
  msim__loader_report(loader, place, "congestion: there is no congestion control \"%s\"%s", word,
                      msim__did_you_mean(tail, sizeof tail, msim__suggest(name, strlen(name), names, count)));
}

static void fill_congestion(struct msim__loader *loader, const struct msim__yaml_node *value, const char **out)
{
  struct msim__yaml_node node;
  struct msim_diag diag;
  const char *name;

  if (msim__fill_numbered(&loader->fill, value, &node) != MSIM_OK) {
    loader->err = MSIM_ERR_NOMEM;
  } else if (msim__yaml_read_text(&node, "congestion", &name, &diag) < 0) {
    msim__loader_keep(loader, &diag);
  } else {
    check_congestion(loader, value, name);
    *out = msim__arena_text(&loader->sim->arena, name, strlen(name));
    if (*out == NULL)
      loader->err = MSIM_ERR_NOMEM;
  }
}

/* A duration up to 500 ms (RFC 9293 3.8.6.3), or `none`. */
static void fill_delayed_ack(struct msim__loader *loader, const struct msim__yaml_node *value,
                             struct msim_tcp_opts *out)
{
  struct msim__yaml_node node;
  struct msim_diag diag;

  if (msim__fill_numbered(&loader->fill, value, &node) != MSIM_OK)
    loader->err = MSIM_ERR_NOMEM;
  else if (msim__yaml_is_text(&node, "none"))
    out->no_delayed_ack = true;
  else if (msim__yaml_read_duration(&node, "delayed-ack", &out->delayed_ack_ns, &diag) < 0)
    msim__loader_keep(loader, &diag);
  else if (out->delayed_ack_ns == 0 || out->delayed_ack_ns > MSIM_MSEC(500))
    msim__loader_report(loader, value, "delayed-ack: write none, or a duration of at most 500ms");
}

static void take(const struct tcp_keys *keys, struct msim_tcp_opts *out)
{
  out->receive_buffer_bytes = keys->receive_buffer_bytes;
  out->send_buffer_bytes = keys->send_buffer_bytes;
  out->initial_window_segments = (uint32_t)keys->initial_window;
  out->rto_min_ns = keys->rto_min_ns;
  out->rto_initial_ns = keys->rto_initial_ns;
  out->rto_max_ns = keys->rto_max_ns;
  out->time_wait_ns = keys->time_wait_ns;
  out->data_retries_max = (uint32_t)keys->data_retries;
  out->syn_retries_max = (uint32_t)keys->syn_retries;
  out->mss_bytes_max = (uint32_t)keys->mss_bytes;
  out->no_nagle = !keys->nagle;
  out->no_window_scale = !keys->window_scale;
  out->no_timestamps = !keys->timestamps;
  out->no_sack = !keys->sack;
  out->no_prr = !keys->prr;
  out->no_rack = !keys->rack;
  out->no_frto = !keys->frto;
  out->no_pmtud = !keys->pmtud;
  out->black_hole_timeouts = (uint32_t)keys->black_hole;
  out->keepalive_idle_ns = keys->keepalive_idle_ns;
  out->keepalive_interval_ns = keys->keepalive_interval_ns;
  out->keepalive_probes_max = (uint32_t)keys->keepalive_probes;
  out->user_timeout_ns = keys->user_timeout_ns;
  out->fin_wait_2_ns = keys->fin_wait_2_ns;
  out->syn_backlog_max = (uint32_t)keys->syn_backlog;
  out->challenge_acks_max = (uint32_t)keys->challenge_acks;
  out->ecn = (enum msim_tcp_ecn)keys->ecn;
  out->fastopen = (uint32_t)keys->fastopen;
  out->fastopen_pending_max = (uint32_t)keys->fastopen_pending;
  out->profile = (enum msim_tcp_profile)keys->profile;
}

struct msim_tcp_opts *msim__loader_fill_tcp(struct msim__loader *loader, const struct msim__yaml_node *map)
{
  const struct msim__yaml_node *delayed_ack = msim__yaml_find(map, "delayed-ack");
  const struct msim__yaml_node *congestion = msim__yaml_find(map, "congestion");
  struct msim_tcp_opts *out = msim__arena_alloc(&loader->sim->arena, sizeof *out), complete;
  uint64_t before = loader->complaint_count;
  struct msim__fill fill = loader->fill;
  struct tcp_keys keys;
  struct msim_diag diag;
  const char *why = NULL;

  memset(&keys, 0, sizeof keys);
  if (msim__yaml_read_kind(map, "tcp", MSIM__YAML_MAP, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return NULL;
  }
  fill.ignore_unknown = true; /* told by the next line */
  msim__section_check(loader, &msim__section_tcp, map);
  if (out == NULL || msim__fields_fill(&fill, tcp_fields, map, NULL, false, &keys) == MSIM_ERR_NOMEM) {
    loader->err = MSIM_ERR_NOMEM;
    return NULL;
  }
  if (delayed_ack != NULL)
    fill_delayed_ack(loader, delayed_ack, out);
  if (congestion != NULL)
    fill_congestion(loader, congestion, &out->congestion);
  if (loader->complaint_count != before || loader->err != MSIM_OK)
    return NULL;
  take(&keys, out);
  if (msim__tcp_opts_complete(loader->sim, out, &complete, &why) != MSIM_OK) {
    msim__loader_report(loader, map, "tcp: %s", why != NULL ? why : "these values do not fit each other");
    return NULL;
  }
  return out;
}
