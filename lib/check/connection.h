/* connection.h: sendings joined with arrivals, and what became of each connection.
 *
 * Works on what observe.h kept. Does not know scenes. */
#ifndef MSIM_CHECK_CONNECTION_H
#define MSIM_CHECK_CONNECTION_H

#include "check/observe.h"

/* Fills what observe.h says is set here; may be called again after more records. *twice is the position of a segment
 * that was sent under a name already used (then MSIM_ERR_SYNTAX). 0 or MSIM_ERR_NOMEM. */
int msim__connections_settle(struct msim__observation *obs, size_t *twice);

/* Whether a acknowledges all of b: ACK set, same connection, opposite direction, numbers modulo 2^32. */
bool msim__seen_acks(const struct msim__seen *a, const struct msim__seen *b);

/* NULL when the opening was complete (SYN, SYN+ACK, ACK arrived, no data sent before the third), else what is wrong. */
const char *msim__connection_handshake(const struct msim__observation *obs, const struct msim__seen_conn *conn);

/* NULL when the closing was complete (a FIN each way, arrived and acknowledged), else what is wrong. */
const char *msim__connection_teardown(const struct msim__observation *obs, const struct msim__seen_conn *conn);

#endif
