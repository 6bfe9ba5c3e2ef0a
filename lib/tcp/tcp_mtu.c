/* tcp_mtu.c: how large a segment the path takes: by the route, by what routers tell (RFC 1191), and, where they tell
 * nothing, by what does not get through (RFC 2923 2.1, RFC 4821 7.7 in short).
 *
 * What a router has told is kept for later connections of the host to that address, for ten minutes and so many
 * addresses. Does not look for more than the route says while a connection lasts. There is no least size above that of
 * RFC 791: segments have DF, so what a path really takes has to be accepted. */
#include "tcp/tcp_mtu.h"
#include "tcp/tcp_sack.h"

#define MTU_BYTES_MIN 68u         /* RFC 791 */
#define MTU_BYTES_REMOTE 576u     /* RFC 1122 3.3.3: beyond the next hop, where nothing is known */
#define MTU_BYTES_MIN_V6 1280u    /* RFC 8200 5 */
#define TOLD_NS_MAX MSIM_SEC(600) /* RFC 1191 6.3 */
#define PATHS_MAX 64u

/* What a host has been told of paths (RFC 1191 6.3). */
struct msim__tcp_path {
  msim_ns told_ns;
  uint32_t remote_id;
  uint32_t mtu_bytes;
};
struct msim__tcp_paths {
  uint32_t count, next; /* the next one replaces the oldest */
  struct msim__tcp_path rows[PATHS_MAX];
};

static uint16_t mss_of(const struct msim__tcb *tcb, uint32_t mtu)
{
  uint32_t headers_bytes = msim__tcb_header_bytes(tcb);

  if (mtu <= headers_bytes)
    return msim__tcb_mss_default(tcb);
  return (uint16_t)(mtu - headers_bytes > UINT16_MAX ? UINT16_MAX : mtu - headers_bytes);
}

/* What every path takes, whatever routers say (RFC 8201 4: no less in IPv6). */
static uint32_t least_mtu(const struct msim__tcb *tcb)
{
  return msim__tcb_is_v6(tcb) ? MTU_BYTES_MIN_V6 : MTU_BYTES_MIN;
}

/* ---- what is kept ---- */

static struct msim__tcp_path *find_path(const struct msim_node *node, uint32_t remote_id)
{
  const struct msim__tcp_node *row = node->tcp_node;
  uint32_t i;

  for (i = 0; row != NULL && row->paths != NULL && i < row->paths->count; i++) {
    if (row->paths->rows[i].remote_id == remote_id)
      return &row->paths->rows[i];
  }
  return NULL;
}

static uint32_t told_mtu(const struct msim__tcb *tcb, uint32_t mtu)
{
  const struct msim__tcp_path *path = find_path(tcb->head.node, tcb->head.remote_id);

  if (path == NULL || msim__node_sim(tcb->head.node)->now_ns - path->told_ns >= TOLD_NS_MAX || path->mtu_bytes > mtu)
    return mtu;
  return path->mtu_bytes;
}

/* Out of memory fails the simulation. */
static void keep_told(struct msim__tcb *tcb, uint32_t mtu)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);
  struct msim__tcp_path *path = find_path(tcb->head.node, tcb->head.remote_id);
  struct msim__tcp_node *row = msim__tcp_node_of(tcb->head.node);

  if (row == NULL)
    return;
  if (row->paths == NULL)
    row->paths = msim__alloc_zeroed(&sim->mem, 1, sizeof *row->paths);
  if (row->paths == NULL) {
    msim__sim_fail_nomem(sim);
    return;
  }
  if (path == NULL) {
    path = &row->paths->rows[row->paths->next++ % PATHS_MAX];
    if (row->paths->count < PATHS_MAX)
      row->paths->count++;
  }
  path->remote_id = tcb->head.remote_id;
  path->mtu_bytes = mtu;
  path->told_ns = sim->now_ns;
}

void msim__tcp_paths_release(struct msim__tcp *tcp, struct msim__tcp_node *row)
{
  msim__free(&tcp->sim->mem, row->paths, row->paths != NULL ? sizeof *row->paths : 0);
  row->paths = NULL;
}

/* ---- a connection ---- */

void msim__tcb_mtu_begin(struct msim__tcb *tcb)
{
  uint32_t mtu = msim__ip_mtu_for(tcb->head.node, msim__tcb_towards(tcb));
  uint32_t remote = msim__tcb_is_v6(tcb) ? MTU_BYTES_MIN_V6 : MTU_BYTES_REMOTE;

  tcb->mss_own = mss_of(tcb, mtu);
  if (tcb->opts->no_pmtud && mtu > remote && !msim__ip_is_next_hop(tcb->head.node, tcb->head.remote_id))
    mtu = remote;
  else if (!tcb->opts->no_pmtud)
    mtu = told_mtu(tcb, mtu);
  tcb->mss_told = tcb->mss_path = mss_of(tcb, mtu);
}

/* Smaller only: what is known of the path is not worth more on another. */
void msim__tcb_mtu_rerouted(struct msim__tcb *tcb)
{
  uint16_t mss = mss_of(tcb, msim__ip_mtu_for(tcb->head.node, msim__tcb_towards(tcb)));

  if (mss < tcb->mss_told)
    tcb->mss_told = mss;
  if (mss < tcb->mss_path)
    tcb->mss_path = mss;
  msim__tcb_update_mss(tcb);
}

/* RFC 1191 7: what routers that do not tell their MTU most likely have; the next one below. */
static uint32_t plateau_below(uint32_t mtu)
{
  static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296};
  size_t i;

  for (i = 0; i < sizeof plateaus / sizeof *plateaus; i++) {
    if (plateaus[i] < mtu)
      return plateaus[i];
  }
  return MTU_BYTES_MIN;
}

/* Everything from the refused segment on is cut anew and sent at once; that is no sign of congestion. What claims to be
 * smaller than it is, is taken for the least (RFC 5927 7.2); that it quotes what is under way is known. */
void msim__tcb_mtu_told(struct msim__tcb *tcb, uint32_t mtu, uint32_t seq)
{
  uint32_t header_bytes = msim__tcb_header_bytes(tcb) + msim__tcb_option_bytes(tcb) + msim__tcp_route_bytes(tcb->route);
  uint32_t now = tcb->cc.mss_bytes + header_bytes;

  if (tcb->opts->no_pmtud)
    return;
  if (mtu == 0)
    mtu = plateau_below(now);
  if (mtu < least_mtu(tcb))
    mtu = least_mtu(tcb);
  if (mtu >= now)
    return;
  keep_told(tcb, mtu);
  tcb->mss_told = tcb->mss_path = (uint16_t)(mtu - msim__tcb_header_bytes(tcb));
  msim__tcb_update_mss(tcb);
  if (msim__seq_before(seq, tcb->snd_nxt) && (tcb->bits & MSIM__TCB_RECOVERING) == 0)
    tcb->snd_nxt = seq;
  msim__tcb_output(tcb);
}

/* 1024 is what Linux tries first; 536 passes wherever 576 do. When neither gets through it was not the size. */
void msim__tcb_mtu_timeout(struct msim__tcb *tcb)
{
  static const uint16_t of_v4[] = {1024, MSIM__MSS_DEFAULT_V4, UINT16_MAX};
  static const uint16_t of_v6[] = {MSIM__MSS_DEFAULT_V6, MSIM__MSS_DEFAULT_V6, UINT16_MAX}; /* every path takes it */
  const uint16_t *sizes = msim__tcb_is_v6(tcb) ? of_v6 : of_v4;
  uint32_t first = tcb->opts->black_hole_timeouts, before_bytes = tcb->cc.mss_bytes, size;

  if (first == 0 || tcb->retries < first)
    return;
  size = sizes[(tcb->retries - first) % (sizeof of_v4 / sizeof *of_v4)];
  if (size < tcb->mss_told && tcb->snd_max - tcb->snd_una <= size)
    return; /* little is under way: no smaller segment could help */
  tcb->mss_path = (uint16_t)(size < tcb->mss_told ? size : tcb->mss_told);
  msim__tcb_update_mss(tcb);
  if (tcb->cc.cwnd_bytes == before_bytes)
    tcb->cc.cwnd_bytes = tcb->cc.mss_bytes; /* one segment, as after every timeout */
}
