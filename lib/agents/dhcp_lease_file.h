/* dhcp_lease_file.h: a DHCP server's leases on the disk of its host, so that a crash gives nothing out twice (RFC 2131
 * 2.2): a journal of records of one size, written anew when most of it is history.
 *
 * The file is dhcp/leases.NETWORK. A record, numbers little-endian: 8 checksum of what follows, 8 end (ns since the
 * start), 4 address, 1 state, 1 length of the client's key, 6 MAC, 65 key, 3 zeros. The last record of an address
 * counts; one that does not fit its checksum ends the file. Does not know messages. */
#ifndef MSIM_AGENTS_DHCP_LEASE_FILE_H
#define MSIM_AGENTS_DHCP_LEASE_FILE_H

#include <mailsim/disk.h>

#include "agents/dhcp_leases.h"

#define MSIM__DHCP_RECORD_BYTES 96u
#define MSIM__DHCP_FILE_NAME_BYTES 96u

struct msim__dhcp_lease_file {
  struct msim_disk *disk;
  struct msim__dhcp_leases *leases;
  size_t record_count;
  char name[MSIM__DHCP_FILE_NAME_BYTES], next_name[MSIM__DHCP_FILE_NAME_BYTES];
};

/* Reads what is there into leases, which have their reservations already and nothing else. name: of the network. 0 or
 * MSIM_ERR_NOMEM. */
int msim__dhcp_lease_file_open(struct msim__dhcp_lease_file *file, struct msim_disk *disk,
                               struct msim__dhcp_leases *leases, const char *name, msim_ns now_ns);

/* Writes down how a lease is now; who has to wait for it asks for a sync afterwards. MSIM_ERR_LIMIT: the disk is full,
 * and nothing was written; MSIM_ERR_NOMEM. */
int msim__dhcp_lease_file_put(struct msim__dhcp_lease_file *file, const struct msim__dhcp_lease *lease);
/* fn is called from the loop when all that was put is durable. As msim_disk_sync. */
int msim__dhcp_lease_file_sync(struct msim__dhcp_lease_file *file, msim_disk_done_fn *fn, void *ctx);

#endif
