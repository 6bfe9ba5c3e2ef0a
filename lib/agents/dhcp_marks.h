/* dhcp_marks.h: DHCP messages on their way, with what records carry of them: dhcp.discover, dhcp.offer, … and a few
 * named values (docs/trace.md); and the same values for events. Judges nothing. */
#ifndef MSIM_AGENTS_DHCP_MARKS_H
#define MSIM_AGENTS_DHCP_MARKS_H

#include <mailsim/agent.h>

#include "wire/dhcp_message.h"

#define MSIM__DHCP_MARK_VALUES_MAX 12u
#define MSIM__DHCP_SIZE_MAX 1472u /* of a message, so that no link of 1500 bytes cuts it */

struct msim__dhcp_mark {
  const char *unit; /* static; NULL: a message without a type */
  struct msim_value values[MSIM__DHCP_MARK_VALUES_MAX];
  size_t value_count;
  char mac[MSIM_MAC_TEXT_BYTES];
  char address[MSIM_ADDR_TEXT_BYTES], server[MSIM_ADDR_TEXT_BYTES], router[MSIM_ADDR_TEXT_BYTES];
  char dns[MSIM__DHCP_ADDRS_MAX][MSIM_ADDR_TEXT_BYTES];
  const char *dns_items[MSIM__DHCP_ADDRS_MAX];
};

/* What a message says. The values point into *mark and *message. */
void msim__dhcp_mark_fill(struct msim__dhcp_mark *mark, const struct msim__dhcp_message *message);
/* What a client has been told, for events: address (may have the family NONE), prefix, router, dns, domain, mtu, lease,
 * server. */
void msim__dhcp_mark_lease(struct msim__dhcp_mark *mark, const struct msim__dhcp_message *ack);

/* Sends by an attachment, to host order `to` (UINT32_MAX: to all). size_bytes_max: of the message, without IP and UDP
 * headers. 0 or as msim_agent_send_udp_by; MSIM_ERR_LIMIT too: it does not fit. */
int msim__dhcp_send(struct msim_agent *agent, struct msim_attachment *attachment, uint16_t local_port, uint32_t to,
                    const struct msim__dhcp_message *message, size_t size_bytes_max);

#endif
