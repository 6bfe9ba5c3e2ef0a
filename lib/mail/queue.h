/* queue.h: the mail queue of a host: what was accepted for elsewhere and has not left yet.
 *
 * One entry per message and recipient domain; entries of one domain meet in a destination, so that one connection
 * serves them all. Entries wait by time (a heap), are ready (in a destination's line), or are being tried. Does not
 * connect, does not know retry schedules, does not write bounces: the relaying agent does what is done. */
#ifndef MSIM_MAIL_QUEUE_H
#define MSIM_MAIL_QUEUE_H

#include "mail/message.h"

#define MSIM__MAIL_QUEUE_ENTRIES_MAX 1000000u
#define MSIM__MAIL_QUEUE_BUCKETS 256u
#define MSIM__MAIL_REPLY_BYTES_MAX 256u

enum msim__mail_entry_state {
  MSIM__MAIL_WAITING, /* until due_ns */
  MSIM__MAIL_READY,   /* in its destination's line */
  MSIM__MAIL_ACTIVE   /* being tried */
};

struct msim__mail_entry {
  struct msim__message *message; /* counted */
  struct msim__mail_dest *dest;
  enum msim__mail_entry_state state;
  uint64_t number; /* order of acceptance, from 1 */
  msim_ns queued_ns, due_ns;
  unsigned attempt_count; /* finished ones */
  bool warned;            /* for the relaying agent: the sender was told that it takes long */
  uint32_t recipient_count, pending_count;
  size_t heap_index;                      /* while waiting */
  struct msim__mail_entry *prev, *next;   /* all entries, in order of acceptance */
  struct msim__mail_entry *ready_next;    /* the destination's line */
  char reply[MSIM__MAIL_REPLY_BYTES_MAX]; /* what was last said about it; "" at first */
  struct msim__mail_target {
    uint32_t index; /* in message->recipients */
    bool settled;   /* delivered, or given up: not to be named again */
    bool held;      /* for the relaying agent: refused for now in the attempt under way; cleared at its start */
  } targets[];
};

struct msim__mail_dest {
  struct msim__mail_dest *bucket_next;
  struct msim__mail_entry *ready_first, *ready_last;
  uint64_t hash;
  uint32_t entry_count; /* in any state */
  uint32_t fill_count;  /* private to add */
  struct msim__mail_entry *filling;
  void *user;                           /* of the relaying agent; the destination stays while it is set */
  struct msim__mail_dest *waiting_next; /* likewise: for a line of destinations that have ready entries */
  bool waiting;
  size_t domain_bytes;
  char domain[]; /* terminated, as the first recipient wrote it */
};

/* All zero is an empty queue that is not yet initialised (mem is NULL). */
struct msim__mail_queue {
  struct msim__mem *mem;
  struct msim__mail_entry *first, *last;
  uint32_t entry_count, entry_count_peak;
  uint32_t prepared_count; /* entries that are not in the queue yet */
  uint64_t number_next;
  struct msim__mail_entry **heap; /* waiting ones by (due_ns, number) */
  size_t heap_count, heap_capacity;
  struct msim__mail_dest *buckets[MSIM__MAIL_QUEUE_BUCKETS];
  /* Set by the agent that empties the queue; called when something has been added. NULL: nobody does. */
  void (*wake)(void *ctx);
  void *wake_ctx;
  msim_ns first_try_after_ns; /* set by the same */
  /* Set by who writes the queue down (spool.h): an entry was put back, or is over. NULL: nobody does. */
  void (*changed)(void *ctx, struct msim__mail_entry *entry, bool gone);
  void *changed_ctx;
};

/* Entries that are complete but not in the queue: they wait until they are written down. */
struct msim__mail_batch {
  struct msim__mail_entry *first; /* chained by ready_next, numbers ascending */
  uint32_t count;
};

void msim__mail_queue_init(struct msim__mail_queue *queue, struct msim__mem *mem);
/* Drops every entry. The queue is then empty and may be used again. */
void msim__mail_queue_release(struct msim__mail_queue *queue);

/* Takes charge of the given recipients of a message (indices into its table; none may lack a domain), due after
 * first_try_after_ns, and wakes the agent. All or nothing: 0, MSIM_ERR_NOMEM, MSIM_ERR_LIMIT, MSIM_ERR_INVALID. */
int msim__mail_queue_add(struct msim__mail_queue *queue, struct msim__message *message, const uint32_t *indices,
                         size_t count, msim_ns now_ns);

/* The same in two steps. What prepare has made, commit puts into the queue (cannot fail), or abandon drops. */
int msim__mail_queue_prepare(struct msim__mail_queue *queue, struct msim__message *message, const uint32_t *indices,
                             size_t count, msim_ns now_ns, struct msim__mail_batch *out);
void msim__mail_queue_commit(struct msim__mail_queue *queue, struct msim__mail_batch *batch);
void msim__mail_queue_abandon(struct msim__mail_queue *queue, struct msim__mail_batch *batch);

/* When the next waiting entry is due; MSIM_NEVER: none waits. */
msim_ns msim__mail_queue_next_ns(const struct msim__mail_queue *queue);

/* Moves the earliest entry that is due into its destination's line, and returns the destination; NULL: none is due. */
struct msim__mail_dest *msim__mail_queue_take_due(struct msim__mail_queue *queue, msim_ns now_ns);

/* The first in line, now active; NULL: the line is empty. */
struct msim__mail_entry *msim__mail_queue_start(struct msim__mail_dest *dest);

/* An active entry goes back to wait. Cannot fail. */
void msim__mail_queue_defer(struct msim__mail_queue *queue, struct msim__mail_entry *entry, msim_ns due_ns);

/* One recipient needs no further attempt. number is its place in targets. */
void msim__mail_queue_settle(struct msim__mail_entry *entry, uint32_t number);

/* An active entry is over. Its destination goes too when it was the last one and user is NULL. */
void msim__mail_queue_remove(struct msim__mail_queue *queue, struct msim__mail_entry *entry);

/* After user was set to NULL: the destination goes when nothing is in it. */
void msim__mail_queue_drop_dest(struct msim__mail_queue *queue, struct msim__mail_dest *dest);

#endif
