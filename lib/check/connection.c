/* connection.c: see connection.h. */
#include "check/connection.h"

#include <string.h>

#include "core/hash.h"

#define NONE MSIM__SEEN_NONE

/* One row per (connection, segment). sent: position of its TX. arrived: for an origin, the segment of its bytes that
 * arrived first. */
struct row {
  const char *seg, *arrived;
  uint32_t conn, sent;
};

struct table {
  struct msim__mem *mem;
  struct row *rows; /* open addressing; seg NULL: free */
  size_t row_count; /* a power of two */
};

static bool is_wire(const struct msim__seen *r)
{
  return r->kind == MSIM__SEEN_SEGMENT || r->kind == MSIM__SEEN_DATAGRAM;
}

/* At least twice as many rows as can be used: a wire record names at most two segments. */
static int table_init(struct table *table, const struct msim__observation *obs)
{
  size_t wanted = 16, used = 0, i;

  for (i = 0; i < obs->record_count; i++)
    used += is_wire(&obs->records[i]) ? 2 : 0;
  while (wanted / 2 < used)
    wanted *= 2;
  table->mem = obs->mem;
  table->row_count = wanted;
  table->rows = msim__alloc_zeroed(obs->mem, wanted, sizeof *table->rows);
  return table->rows != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

static struct row *table_row(struct table *table, uint32_t conn, const char *seg)
{
  uint64_t hash = msim__mix64((uint64_t)(uintptr_t)seg ^ ((uint64_t)conn << 40)); /* looked up only, never walked */
  size_t at = (size_t)hash & (table->row_count - 1);
  struct row *row;

  for (row = &table->rows[at]; row->seg != NULL; row = &table->rows[at]) {
    if (row->seg == seg && row->conn == conn)
      return row;
    at = (at + 1) & (table->row_count - 1);
  }
  row->seg = seg;
  row->conn = conn;
  row->sent = NONE;
  return row;
}

static void chain(struct msim__observation *obs, uint32_t position)
{
  struct msim__seen_conn *conn = &obs->conns[obs->records[position].u.wire.conn];

  if (conn->first_sent == NONE)
    conn->first_sent = position;
  else
    obs->records[conn->last_sent].u.wire.next_sent = position;
  conn->last_sent = position;
}

static int join(struct msim__observation *obs, struct table *table, size_t *twice)
{
  uint32_t i;

  for (i = 0; i < obs->record_count; i++) {
    struct msim__seen *r = &obs->records[i];
    struct row *row;

    if (!is_wire(r))
      continue;
    row = table_row(table, r->u.wire.conn, r->u.wire.seg);
    if (r->point == MSIM_POINT_TX) {
      if (row->sent != NONE) {
        *twice = i;
        return MSIM_ERR_SYNTAX;
      }
      row->sent = i;
      chain(obs, i);
    } else if (r->point == MSIM_POINT_RX) {
      r->first_rx = row->sent == NONE || obs->records[row->sent].u.wire.arrival == NONE;
      if (row->sent != NONE && r->first_rx)
        obs->records[row->sent].u.wire.arrival = i;
      if (r->u.wire.rtx != NULL)
        row = table_row(table, r->u.wire.conn, r->u.wire.rtx);
      if (row->arrived == NULL)
        row->arrived = r->u.wire.seg;
    }
  }
  return MSIM_OK;
}

bool msim__seen_acks(const struct msim__seen *a, const struct msim__seen *b)
{
  uint32_t end = b->u.wire.seq + b->u.wire.len_bytes + ((b->flags & MSIM_TCP_SYN) != 0 ? 1u : 0u) +
                 ((b->flags & MSIM_TCP_FIN) != 0 ? 1u : 0u);

  return a->kind == MSIM__SEEN_SEGMENT && b->kind == MSIM__SEEN_SEGMENT && (a->flags & MSIM_TCP_ACK) != 0 &&
         a->u.wire.conn == b->u.wire.conn && a->dir != b->dir && (uint32_t)(a->u.wire.ack - end) < (uint32_t)1 << 31;
}

static void settle(struct msim__observation *obs, struct msim__seen_conn *conn)
{
  const struct msim__seen *syn = NULL, *answer = NULL;
  uint32_t i;

  for (i = conn->first_sent; i != NONE; i = obs->records[i].u.wire.next_sent) {
    const struct msim__seen *r = &obs->records[i];

    if (r->dir == MSIM__SEEN_TO_SERVER && (r->flags & (MSIM_TCP_SYN | MSIM_TCP_ACK)) == MSIM_TCP_SYN) {
      if (conn->syn == NONE)
        conn->syn = i;
      if (syn == NULL && r->u.wire.arrival != NONE)
        syn = r;
    } else if (r->u.wire.arrival == NONE || (r->flags & MSIM_TCP_RST) != 0) {
      continue;
    } else if (syn != NULL && answer == NULL && r->dir == MSIM__SEEN_TO_CLIENT && (r->flags & MSIM_TCP_SYN) != 0 &&
               msim__seen_acks(r, syn)) {
      answer = r;
    } else if (answer != NULL && (r->flags & MSIM_TCP_SYN) == 0 && msim__seen_acks(r, answer)) {
      conn->established = r->u.wire.arrival;
      conn->opened_by = i;
      break;
    }
  }
}

int msim__connections_settle(struct msim__observation *obs, size_t *twice)
{
  struct table table;
  size_t i;
  int err;

  for (i = 0; i < obs->conn_count; i++) {
    struct msim__seen_conn *conn = &obs->conns[i];

    conn->first_sent = conn->last_sent = conn->syn = conn->established = conn->opened_by = NONE;
  }
  for (i = 0; i < obs->record_count; i++)
    if (is_wire(&obs->records[i]))
      obs->records[i].u.wire.arrival = obs->records[i].u.wire.next_sent = NONE;
  err = table_init(&table, obs);
  if (err != MSIM_OK)
    return err;
  err = join(obs, &table, twice);
  for (i = 0; err == MSIM_OK && i < obs->record_count; i++) {
    struct msim__seen *r = &obs->records[i];

    if (is_wire(r))
      r->first_copy =
          r->u.wire.rtx == NULL || table_row(&table, r->u.wire.conn, r->u.wire.rtx)->arrived == r->u.wire.seg;
  }
  msim__free(table.mem, table.rows, table.row_count * sizeof *table.rows);
  for (i = 0; err == MSIM_OK && i < obs->conn_count; i++)
    if (obs->conns[i].kind == MSIM__SEEN_SEGMENT)
      settle(obs, &obs->conns[i]);
  return err;
}

const char *msim__connection_handshake(const struct msim__observation *obs, const struct msim__seen_conn *conn)
{
  uint32_t i;

  if (conn->established == NONE)
    return "it never completed";
  for (i = conn->first_sent; i != NONE && i < conn->opened_by; i = obs->records[i].u.wire.next_sent)
    if (obs->records[i].u.wire.len_bytes > 0)
      return "data precede it";
  return NULL;
}

static bool fin_is_acknowledged(const struct msim__observation *obs, uint32_t fin)
{
  uint32_t i;

  for (i = obs->records[fin].u.wire.next_sent; i != NONE; i = obs->records[i].u.wire.next_sent)
    if (obs->records[i].u.wire.arrival != NONE && msim__seen_acks(&obs->records[i], &obs->records[fin]))
      return true;
  return false;
}

const char *msim__connection_teardown(const struct msim__observation *obs, const struct msim__seen_conn *conn)
{
  uint8_t dir;
  uint32_t i;

  for (dir = MSIM__SEEN_TO_SERVER; dir <= MSIM__SEEN_TO_CLIENT; dir++) {
    for (i = conn->first_sent; i != NONE; i = obs->records[i].u.wire.next_sent) {
      const struct msim__seen *r = &obs->records[i];

      if (r->dir == dir && (r->flags & MSIM_TCP_FIN) != 0 && r->u.wire.arrival != NONE)
        break;
    }
    if (i == NONE)
      return dir == MSIM__SEEN_TO_SERVER ? "no FIN from client to server" : "no FIN from server to client";
    if (!fin_is_acknowledged(obs, i))
      return dir == MSIM__SEEN_TO_SERVER ? "the FIN from client to server is not acknowledged"
                                         : "the FIN from server to client is not acknowledged";
  }
  return NULL;
}
