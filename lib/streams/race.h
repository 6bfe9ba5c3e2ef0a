/* race.h: one connection to whichever of several places answers first (RFC 8305 5).
 *
 * Does not order the places: agents/resolver_pair.c does. */
#ifndef MSIM_STREAMS_RACE_H
#define MSIM_STREAMS_RACE_H

#include "streams/streams.h"

#define MSIM__RACE_DELAY_NS MSIM_MSEC(250) /* RFC 8305 8: connection attempt delay */
#define MSIM__RACE_PLACES_MAX 16u

struct msim__race; /* of one stream, until one attempt has won or all have failed */

/* What a race tells its stream, from the loop. */
struct msim__race_ops {
  void (*won)(void *ctx, struct msim__tcb *tcb);
  /* All places have been tried. The last attempt's connection is being told of its end. */
  void (*lost)(void *ctx, struct msim__tcb *tcb, enum msim_close_reason why);
  /* The attempt that stands for the stream is another one. */
  void (*moved)(void *ctx, struct msim__tcb *tcb);
};

/* Begins with places[*next]. *next goes on with every attempt, until the race is over or msim__race_forget was called.
 * MSIM_ERR_NOMEM, or what msim__tcp_open says of every place. */
int msim__race_begin(struct msim_node *node, const struct msim_endpoint *places, size_t count, size_t *next,
                     const struct msim_tcp_opts *opts, const struct msim__race_ops *ops, void *ctx,
                     struct msim__race **out, struct msim__tcb **tcb);
void msim__race_forget(struct msim__race *race); /* *next is not touched any more */
void msim__race_set_nodelay(struct msim__race *race, bool nodelay);
/* Ends it: every attempt but that of tcb is given up without a word. Frees the race. */
void msim__race_end(struct msim__race *race, const struct msim__tcb *tcb);
/* Its host is gone, or the simulation ends: connections are others' business. */
void msim__race_free(struct msim__race *race);

#endif
