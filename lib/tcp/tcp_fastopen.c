/* tcp_fastopen.c: TCP Fast Open (RFC 7413): cookies made, judged, and kept; whether a SYN may carry text, and whether
 * the text of one is told before the handshake is over.
 *
 * The server keeps nothing of a cookie: it is a keyed function of the client's address, its key a named stream of the
 * host. The client keeps a few rows per host, the oldest of which goes first. Does not send. */
#include "core/hash.h"
#include "core/rng.h"
#include "tcp/tcp_fastopen.h"
#include "wire/tcp_header.h"

#include <string.h>

#define COOKIE_BYTES_MIN 4u           /* RFC 7413 4.1.1 */
#define COOKIE_BYTES_OWN 8u           /* what this server makes */
#define SYN_OPTION_BYTES_MAX 40u      /* text and options fit what the peer takes (4.1.3) */
#define REFUSED_FIRST_NS MSIM_SEC(60) /* after a lost SYN with the option, doubled with each further one */
#define REFUSED_DOUBLINGS_MAX 6u      /* about an hour */
#define OPTION_HEAD_BYTES 2u          /* kind, length */
#define RESET_SECONDS 60u

/* ---- the server ---- */

static bool serves(const struct msim__tcb *tcb)
{
  return (tcb->opts->fastopen & MSIM_TCP_FASTOPEN_SERVER) != 0;
}

/* Connections that a RST has ended before their handshake was over, by the second in which it came. */
struct msim__tcp_resets {
  uint64_t second; /* the latest one that is counted */
  uint32_t counts[RESET_SECONDS];
  uint32_t sum;
};

/* 5.1: they go on counting for a while: whoever has stolen a cookie would otherwise fill the server with connections
 * that the owner of the address resets. */
static uint32_t reset_count(struct msim__tcp_node *row, msim_ns now_ns)
{
  struct msim__tcp_resets *resets = row->fast_resets;
  uint64_t now = now_ns / UINT64_C(1000000000);
  unsigned i;

  if (resets == NULL)
    return 0;
  for (i = 0; resets->second < now && i < RESET_SECONDS; i++) {
    resets->second++;
    resets->sum -= resets->counts[resets->second % RESET_SECONDS];
    resets->counts[resets->second % RESET_SECONDS] = 0;
  }
  resets->second = now;
  return resets->sum;
}

static void note_reset(struct msim__tcb *tcb, struct msim__tcp_node *row)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);

  if (row->fast_resets == NULL)
    row->fast_resets = msim__alloc_zeroed(&sim->mem, 1, sizeof *row->fast_resets);
  if (row->fast_resets == NULL) {
    msim__sim_fail_nomem(sim);
    return;
  }
  (void)reset_count(row, sim->now_ns);
  row->fast_resets->counts[row->fast_resets->second % RESET_SECONDS]++;
  row->fast_resets->sum++;
}

static void make_cookie(const struct msim__tcb *tcb, uint8_t out[COOKIE_BYTES_OWN])
{
  const struct msim_addr *client = msim__addr_of(msim__tcb_room(tcb)->net, tcb->head.remote_id);
  struct msim__rng key;
  uint64_t h;
  size_t i;

  msim__rng_init(&key, msim__node_sim(tcb->head.node)->seed, "tcp-fastopen:", tcb->head.node->name);
  h = msim__hash_bytes(msim__rng_next(&key), client->bytes, sizeof client->bytes);
  h = msim__hash_join(h, msim__rng_next(&key));
  for (i = 0; i < COOKIE_BYTES_OWN; i++)
    out[i] = (uint8_t)(h >> 8 * i & 0xff);
}

static bool is_ours(const struct msim__tcb *tcb, const struct msim__segment *seg)
{
  uint8_t cookie[COOKIE_BYTES_OWN];

  if (seg->cookie_bytes != COOKIE_BYTES_OWN)
    return false;
  make_cookie(tcb, cookie);
  return memcmp(seg->cookie, cookie, sizeof cookie) == 0;
}

/* 4.2.2. Text without the option waits for ESTABLISHED as RFC 9293 3.10.7.2 has it; with it, but without a good cookie,
 * it is not taken, and the client sends it again. */
bool msim__tcb_fast_syn(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  struct msim__tcp_node *row = tcb->head.node->tcp_node;

  if (!seg->has_cookie || !serves(tcb))
    return true;
  if (!is_ours(tcb, seg)) {
    tcb->more |= MSIM__MORE_FAST_GRANT;
    return false;
  }
  if (row->fast_count + (uint64_t)reset_count(row, msim__node_sim(tcb->head.node)->now_ns) >=
      tcb->opts->fastopen_pending_max)
    return false;
  row->fast_count++;
  tcb->more |= MSIM__MORE_FAST_OPEN | MSIM__MORE_FAST_COUNTED;
  tcb->tell |= MSIM__TELL_ACCEPT | MSIM__TELL_OPEN;
  msim__cc_start(tcb);
  return true;
}

void msim__tcb_fast_left(struct msim__tcb *tcb)
{
  struct msim__tcp_node *row = tcb->head.node->tcp_node;

  if ((tcb->more & MSIM__MORE_FAST_COUNTED) == 0)
    return;
  tcb->more &= (uint8_t)~MSIM__MORE_FAST_COUNTED;
  row->fast_count--;
  if ((tcb->more & MSIM__MORE_FAST_RESET) != 0)
    note_reset(tcb, row);
}

/* ---- the client's cookies ---- */

static struct msim__tcp_cookie *find_cookie(const struct msim_node *node, uint32_t remote_id)
{
  const struct msim__tcp_node *row = node->tcp_node;
  uint32_t i;

  for (i = 0; row != NULL && row->cookies != NULL && i < row->cookies->count; i++) {
    if (row->cookies->rows[i].remote_id == remote_id)
      return &row->cookies->rows[i];
  }
  return NULL;
}

/* Made when new; NULL when out of memory (the simulation has then failed). */
static struct msim__tcp_cookie *own_cookie(struct msim_node *node, uint32_t remote_id)
{
  struct msim__tcp_cookie *cookie = find_cookie(node, remote_id);
  struct msim__tcp_node *row = msim__tcp_node_of(node);
  struct msim_sim *sim = msim__node_sim(node);

  if (cookie != NULL || row == NULL)
    return cookie;
  if (row->cookies == NULL)
    row->cookies = msim__alloc_zeroed(&sim->mem, 1, sizeof *row->cookies);
  if (row->cookies == NULL) {
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  cookie = &row->cookies->rows[row->cookies->next++ % MSIM__COOKIES_MAX];
  if (row->cookies->count < MSIM__COOKIES_MAX)
    row->cookies->count++;
  memset(cookie, 0, sizeof *cookie);
  cookie->remote_id = remote_id;
  return cookie;
}

void msim__tcp_cookies_release(struct msim__tcp *tcp, struct msim__tcp_node *row)
{
  msim__free(&tcp->sim->mem, row->cookies, row->cookies != NULL ? sizeof *row->cookies : 0);
  msim__free(&tcp->sim->mem, row->fast_resets, row->fast_resets != NULL ? sizeof *row->fast_resets : 0);
  row->cookies = NULL;
  row->fast_resets = NULL;
}

static bool is_refused(const struct msim__tcb *tcb, const struct msim__tcp_cookie *cookie)
{
  return cookie != NULL && cookie->refused_until_ns > msim__node_sim(tcb->head.node)->now_ns;
}

/* ---- the client's SYN ---- */

void msim__tcb_fast_begin(struct msim__tcb *tcb)
{
  if ((tcb->opts->fastopen & MSIM_TCP_FASTOPEN_CLIENT) != 0 &&
      !is_refused(tcb, find_cookie(tcb->head.node, tcb->head.remote_id)))
    tcb->more |= MSIM__MORE_FAST_ASKS;
}

/* A SYN that is repeated goes without (4.2.1): what did not pass is most likely the option or the text. */
static bool asks_now(const struct msim__tcb *tcb)
{
  return (tcb->more & MSIM__MORE_FAST_ASKS) != 0 && (tcb->bits & MSIM__TCB_SYN_REPEATED) == 0 &&
         tcb->head.state == MSIM__TCP_SYN_SENT;
}

uint32_t msim__tcb_fast_room_bytes(const struct msim__tcb *tcb)
{
  const struct msim__tcp_cookie *cookie = asks_now(tcb) ? find_cookie(tcb->head.node, tcb->head.remote_id) : NULL;
  uint32_t most, options_bytes;

  if (cookie == NULL || cookie->cookie_bytes == 0)
    return 0;
  most = cookie->mss_bytes < tcb->mss_path ? cookie->mss_bytes : tcb->mss_path;
  if (tcb->opts->mss_bytes_max != 0 && most > tcb->opts->mss_bytes_max)
    most = tcb->opts->mss_bytes_max;
  options_bytes = SYN_OPTION_BYTES_MAX + msim__tcp_route_bytes(tcb->route);
  return most > options_bytes ? most - options_bytes : 0;
}

uint32_t msim__tcb_fast_syn_bytes(const struct msim__tcb *tcb)
{
  uint32_t most = msim__tcb_fast_room_bytes(tcb), queued = msim__tcb_queued_from(tcb, tcb->iss + 1);

  return queued < most ? queued : most;
}

uint8_t msim__tcb_fast_write_option(const struct msim__tcb *tcb, uint8_t *out, size_t room_bytes)
{
  const struct msim__tcp_cookie *known = NULL;
  uint8_t cookie[COOKIE_BYTES_OWN];
  uint8_t size_bytes = 0, at;

  if ((tcb->more & MSIM__MORE_FAST_GRANT) != 0) {
    make_cookie(tcb, cookie);
    size_bytes = sizeof cookie;
  } else if (asks_now(tcb)) {
    known = find_cookie(tcb->head.node, tcb->head.remote_id);
    size_bytes = known != NULL ? known->cookie_bytes : 0;
  } else {
    return 0;
  }
  if ((OPTION_HEAD_BYTES + size_bytes + 3u) / 4 * 4 > room_bytes)
    return 0;
  out[0] = MSIM__TCP_OPTION_FAST_OPEN;
  out[1] = (uint8_t)(OPTION_HEAD_BYTES + size_bytes);
  if (size_bytes > 0)
    memcpy(out + OPTION_HEAD_BYTES, known != NULL ? known->cookie : cookie, size_bytes);
  for (at = out[1]; at % 4 != 0; at++)
    out[at] = MSIM__TCP_OPTION_NOP;
  return at;
}

/* 4.1.3: the cookie and the MSS are for the next connection; a SYN that only came through without the option says that
 * the path may not bear it (4.1.3.1). */
void msim__tcb_fast_answered(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  bool repeated = (tcb->bits & MSIM__TCB_SYN_REPEATED) != 0;
  bool grants = seg->has_cookie && seg->cookie_bytes >= COOKIE_BYTES_MIN;
  bool took_text = seg->ack != tcb->iss + 1;
  struct msim__tcp_cookie *cookie;

  if (took_text && (tcb->more & MSIM__MORE_FAST_ASKS) != 0)
    tcb->more |= MSIM__MORE_FAST_TOOK;
  if ((tcb->more & MSIM__MORE_FAST_ASKS) == 0 || (!repeated && !grants && !took_text))
    return;
  cookie = own_cookie(tcb->head.node, tcb->head.remote_id);
  if (cookie == NULL)
    return;
  if (repeated) {
    cookie->refused_until_ns = msim__node_sim(tcb->head.node)->now_ns + (REFUSED_FIRST_NS << cookie->losses);
    if (cookie->losses < REFUSED_DOUBLINGS_MAX)
      cookie->losses++;
    return;
  }
  cookie->losses = 0;
  cookie->mss_bytes = tcb->mss_peer;
  if (!grants)
    return;
  cookie->cookie_bytes = seg->cookie_bytes;
  memcpy(cookie->cookie, seg->cookie, seg->cookie_bytes);
}
