/* stores.h: what mailboxes hold at the end of a trace, computed from store.add and store.remove. */
#ifndef MSIM_CHECK_STORES_H
#define MSIM_CHECK_STORES_H

#include "check/scene.h"

struct msim__copy {
  struct msim__copy *next;
  bool durable;
};

/* One message in one mailbox of one host; in order of their first appearance. */
struct msim__stored {
  struct msim__stored *next;
  const char *host, *mailbox, *message;
  struct msim__copy *copies, **end; /* in order of arrival; NULL: all removed */
};

/* *first is NULL when nothing was ever stored. Everything lives in arena. 0 or MSIM_ERR_NOMEM. */
int msim__stores_read(const struct msim__observation *obs, struct msim__arena *arena, struct msim__stored **first);

/* Whether a copy lies in a mailbox (NULL: any) of the actor's hosts; durable: a lasting one. message NULL: any message.
 */
bool msim__stores_have(const struct msim__stored *first, const struct msim__actor_hosts *actor, const char *mailbox,
                       bool durable, const char *message);

#endif
