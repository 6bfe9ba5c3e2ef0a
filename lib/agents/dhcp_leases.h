/* dhcp_leases.h: which address of a DHCP server's range belongs to whom, and until when (RFC 2131 4.3.1).
 *
 * A row for each address that was ever spoken of, found by address, by client, and by the time at which it ends; none
 * of that looks at other rows. Time is simulated time that the caller tells. Does not know messages, nor the disk. */
#ifndef MSIM_AGENTS_DHCP_LEASES_H
#define MSIM_AGENTS_DHCP_LEASES_H

#include "core/pool.h"
#include "wire/dhcp_message.h"

#define MSIM__DHCP_KEY_BYTES (1u + MSIM__DHCP_CLIENT_ID_BYTES)
#define MSIM__DHCP_RANGE_MAX (UINT32_C(1) << 20) /* addresses of a server */

/* Who a client is: by its identifier (option 61), else by its hardware address (RFC 2131 4.2); the first byte says
 * which of the two. size_bytes 0: nobody. */
struct msim__dhcp_key {
  uint8_t size_bytes;
  uint8_t bytes[MSIM__DHCP_KEY_BYTES];
};

enum msim__dhcp_lease_state {
  MSIM__DHCP_LEASE_FREE,     /* client is who had it last and may have it again */
  MSIM__DHCP_LEASE_OFFERED,  /* held for client until ends_ns */
  MSIM__DHCP_LEASE_ACTIVE,   /* client's until ends_ns */
  MSIM__DHCP_LEASE_DECLINED, /* somebody who is not known here has it: nobody gets it until ends_ns */
  MSIM__DHCP_LEASE_KEPT      /* never given out: the server's own, the router's */
};

struct msim__dhcp_lease {
  uint32_t address; /* host order */
  uint8_t state;    /* enum msim__dhcp_lease_state */
  bool is_reserved; /* for client, always */
  uint8_t mac[6];   /* of the client, as it said */
  msim_ns ends_ns;  /* OFFERED, ACTIVE, DECLINED; MSIM_NEVER: for ever */
  struct msim__dhcp_key client;
  char host_name[MSIM__DHCP_TEXT_BYTES / 2]; /* as it said, cut; "" */
  /* private: */
  struct msim__dhcp_lease *address_next, *client_next; /* in their buckets */
  struct msim__dhcp_lease *older, *newer;              /* FREE and not reserved: by how long it is free */
  struct msim__dhcp_lease *made_next;                  /* all rows */
  size_t heap_at;                                      /* 1-based place among those that end; 0: none */
};

struct msim__dhcp_leases {
  struct msim__mem *mem;
  uint32_t first, last; /* what may be given out to anybody; last < first: nothing */
  struct msim__pool pool;
  size_t count;
  size_t active_count, offered_count;
  /* private: */
  uint64_t untouched; /* the lowest address of the range that may have no row */
  struct msim__dhcp_lease **by_address, **by_client;
  size_t bucket_count;
  struct msim__dhcp_lease **heap;
  size_t heap_count, heap_capacity;
  struct msim__dhcp_lease *oldest, *newest, *made;
};

void msim__dhcp_leases_init(struct msim__dhcp_leases *leases, struct msim__mem *mem, uint32_t first, uint32_t last);
void msim__dhcp_leases_release(struct msim__dhcp_leases *leases);

void msim__dhcp_key_of(struct msim__dhcp_key *out, const struct msim__dhcp_message *message);
bool msim__dhcp_key_equal(const struct msim__dhcp_key *a, const struct msim__dhcp_key *b);

/* Sets an address aside for one client; it may lie outside of the range. MSIM_ERR_EXISTS: address or client has a row;
 * MSIM_ERR_NOMEM. */
int msim__dhcp_leases_reserve(struct msim__dhcp_leases *leases, uint32_t address, const struct msim__dhcp_key *client);
/* Takes an address out of what is given out. MSIM_ERR_EXISTS, MSIM_ERR_NOMEM. */
int msim__dhcp_leases_keep(struct msim__dhcp_leases *leases, uint32_t address);

/* NULL: none. */
struct msim__dhcp_lease *msim__dhcp_leases_of(struct msim__dhcp_leases *leases, const struct msim__dhcp_key *client);
struct msim__dhcp_lease *msim__dhcp_leases_at(struct msim__dhcp_leases *leases, uint32_t address);

/* The row of an address, made if it is one of the range. *out NULL: it is not. 0 or MSIM_ERR_NOMEM. */
int msim__dhcp_leases_row(struct msim__dhcp_leases *leases, uint32_t address, struct msim__dhcp_lease **out);

/* The row of an address that client may have: its own, or one of the range that nobody has. *out NULL: it may not.
 * Nothing changes but that a row may be made. 0 or MSIM_ERR_NOMEM. */
int msim__dhcp_leases_claim(struct msim__dhcp_leases *leases, const struct msim__dhcp_key *client, uint32_t address,
                            struct msim__dhcp_lease **out);

/* The address for a client that asks for any: what it has or had, else wanted (0: nothing) if nobody has that, else one
 * that was never given out, else the one that is free for longest. *out NULL: there is none. 0 or MSIM_ERR_NOMEM. */
int msim__dhcp_leases_choose(struct msim__dhcp_leases *leases, const struct msim__dhcp_key *client, uint32_t wanted,
                             struct msim__dhcp_lease **out);

/* OFFERED or ACTIVE for client until ends_ns. What else the client had is free. */
void msim__dhcp_leases_bind(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease,
                            enum msim__dhcp_lease_state state, const struct msim__dhcp_key *client, msim_ns ends_ns);
/* DECLINED until ends_ns; its client is forgotten, but for a reservation's. */
void msim__dhcp_leases_decline(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease, msim_ns ends_ns);
/* FREE; who had it is remembered. */
void msim__dhcp_leases_free(struct msim__dhcp_leases *leases, struct msim__dhcp_lease *lease);

/* What ends first: MSIM_NEVER where nothing does. The row whose end has come by now_ns, or NULL; the caller frees it.
 */
msim_ns msim__dhcp_leases_next_ns(const struct msim__dhcp_leases *leases);
struct msim__dhcp_lease *msim__dhcp_leases_ended(struct msim__dhcp_leases *leases, msim_ns now_ns);

/* All rows, in no order that means anything: first with NULL. NULL: no more. */
struct msim__dhcp_lease *msim__dhcp_leases_walk(const struct msim__dhcp_leases *leases,
                                                const struct msim__dhcp_lease *after);

#endif
