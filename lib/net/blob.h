/* blob.h: shared immutable bytes and shared labels, both counted; payload travels by reference to a blob.
 *
 * Counts are plain integers: a blob never leaves the partition that made it. */
#ifndef MSIM_NET_BLOB_H
#define MSIM_NET_BLOB_H

#include <mailsim/stream.h>

#include "core/sim.h"

struct msim_blob {
  struct msim__mem *mem;
  uint32_t refs;
  uint32_t
      capacity_bytes; /* of data; a send buffer fills the last blob further before it is shared beyond size_bytes */
  uint32_t size_bytes;
  uint8_t data[];
};
#define MSIM__BLOB_BYTES_MAX (UINT32_MAX / 2)

/* Uninitialised room for capacity_bytes, size_bytes 0, one reference; NULL when out of memory (nothing is failed). */
struct msim_blob *msim__blob_room(struct msim__mem *mem, size_t capacity_bytes);

/* A message's label ("m1"), counted; bytes are those of the text. */
struct msim__label {
  struct msim__mem *mem;
  uint32_t refs;
  uint32_t size_bytes;
  char text[]; /* terminated */
};
#define MSIM__LABEL_BYTES_MAX 200u
/* Cut at MSIM__LABEL_BYTES_MAX; NULL when out of memory. */
struct msim__label *msim__label_new(struct msim__mem *mem, const char *text);
void msim__label_ref(struct msim__label *label);   /* NULL is fine */
void msim__label_unref(struct msim__label *label); /* NULL is fine */

/* The application units that overlap one payload; immutable once attached to a packet. */
struct msim__unit {
  const char *unit;              /* static */
  struct msim__label *message;   /* counted; or NULL */
  uint32_t begin_byte, end_byte; /* within the payload */
  uint8_t edges;
  bool secret;
  uint32_t value_count, values_bytes; /* values_bytes: of their block */
  struct msim_value *values;          /* owned: what the bytes say; or NULL */
};
struct msim__units {
  struct msim__mem *mem;
  uint32_t refs;
  uint32_t count;
  struct msim__unit items[];
};
#define MSIM__UNITS_MAX 32u /* of one payload; further ones are not told */
/* Items are zeroed; NULL when out of memory. */
struct msim__units *msim__units_new(struct msim__mem *mem, uint32_t count);
/* Copies values, with their texts and lists, into the unit; names are static. Once per unit, at most MSIM_VALUES_MAX.
 * MSIM_ERR_NOMEM. */
int msim__unit_set_values(struct msim__units *units, uint32_t index, const struct msim_value *values, size_t count);
void msim__units_ref(struct msim__units *units);   /* NULL is fine */
void msim__units_unref(struct msim__units *units); /* NULL is fine */

#endif
