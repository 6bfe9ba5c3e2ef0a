/* dhcp_client_file.h: the lease that a DHCP client remembers on the disk of its host (RFC 2131 3.2).
 *
 * The file is dhcp/lease.NETWORK, numbers little-endian: 8 checksum of what follows, 8 time of the request (ns since
 * the start), 4 length, and the acknowledgement as it is on the wire. */
#ifndef MSIM_AGENTS_DHCP_CLIENT_FILE_H
#define MSIM_AGENTS_DHCP_CLIENT_FILE_H

#include <mailsim/disk.h>

#include "agents/dhcp_acquire.h"

/* false: nothing that can be read is there. network: its name. */
bool msim__dhcp_client_file_read(struct msim_disk *disk, const char *network, struct msim__dhcp_held *out);
/* Waits for nobody: what a crash takes is asked for anew. */
void msim__dhcp_client_file_write(struct msim_disk *disk, const char *network, const struct msim__dhcp_held *held);
void msim__dhcp_client_file_remove(struct msim_disk *disk, const char *network);

#endif
