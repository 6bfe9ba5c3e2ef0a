/* smtp_stream.h: small things that both sides of SMTP do with a stream, and that all mail agents do with their host.
 *
 * Does not know any state of a dialogue. */
#ifndef MSIM_AGENTS_SMTP_STREAM_H
#define MSIM_AGENTS_SMTP_STREAM_H

#include "mail/accounts.h"
#include "mail/spool.h"

#include <mailsim/agent.h>

struct msim__mail_keep; /* mail_keep.h */

/* What the mail agents of one host share, and what of it stands on the host's disk. Its memory is asked for in the name
 * of the agent that comes first; the first to stop gives all of it back, since nobody is called again after that. */
struct msim__mail_room {
  struct msim__mem mem;
  struct msim__mail_queue queue;
  struct msim__store store;
  struct msim__spool spool;
  struct msim__mail_keep *keeps; /* messages on their way into both */
  struct msim__accounts accounts;
  struct msim__smtp_policy *policy; /* of the host's server: who has a mailbox here; NULL: there is none */
};

/* The first agent to come reads what the disk has of the queue and the mailboxes.
 * NULL: out of memory (the simulation has then failed). */
struct msim__mail_room *msim__mail_room_attach(struct msim_agent *agent);
void msim__mail_room_release(struct msim__mail_room *room); /* from stop; NULL is fine */

/* The host's next number of a message, from 1: for labels, Message-ID and Received. After a crash they go on behind the
 * milliseconds of the run, so that none is given twice by a host that takes fewer than a thousand a second. 0: out of
 * memory. */
uint64_t msim__mail_number_next(struct msim_agent *agent);

/* A memory door whose blocks are the agent's. */
void msim__agent_mem_init(struct msim__mem *mem, struct msim_agent *agent);

/* Writes all of it, marked as one unit; what does not fit into the send buffer goes behind it by reference. true: all
 * of it fitted. false: on_writable follows when there is room, or the stream is closed. */
bool msim__stream_send_unit(struct msim_agent *agent, struct msim_stream *stream, const char *unit, const char *label,
                            const void *data, size_t size_bytes);

/* Texts of events. */
#define MSIM__EVENT_LIST_MAX 1024u /* further items are not told */

#endif
