/* trace/player_data.h: the data of a page of the player, or of a file that the sink html wrote with `data`, as text.
 *
 * Looks at it only as far as its form and its safety go: what it says is the page's to read. */
#ifndef MSIM_TRACE_PLAYER_DATA_H
#define MSIM_TRACE_PLAYER_DATA_H

#include <mailsim/player.h>

#include "core/mem.h"

/* Whom findings are told, and under which name. */
struct msim__player_source {
  const char *name;
  msim_diag_fn *fn; /* may be NULL */
  void *user;
};

struct msim__player_data {
  uint8_t *bytes;
  size_t capacity;
  struct msim_slice json; /* one object, in which no `<` stands; inside of bytes */
};

/* Returns err when the finding was told. */
int msim__player_tell(const struct msim__player_source *source, int err, const char *text);

/* Reads all of in. 0, MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT (more than 512 MiB), MSIM_ERR_NOMEM, what in returned; to be
 * released in each case. */
int msim__player_data_read(struct msim__mem *mem, const struct msim_in *in, const struct msim__player_source *source,
                           struct msim__player_data *data);
void msim__player_data_release(struct msim__mem *mem, struct msim__player_data *data);

/* The value of an object's member, as text. False: there is none, or the object is damaged in front of it. */
bool msim__player_member(struct msim_slice object, const char *key, struct msim_slice *value);

/* The members of an object or the items of a list, as text without the brackets around them; how many there are. */
size_t msim__player_inside(struct msim_slice value, struct msim_slice *inside);

#endif
