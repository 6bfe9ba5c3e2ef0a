/* trace/jsonl_line.h: how the sink jsonl puts a line together: at a place p in the sink's buffer, for which there is
 * room for all that is bounded, so that nothing looks at the room again; what is not bounded goes through json_out.h.
 *
 * Does not know records: jsonl_packet.c and sink_jsonl.c do. */
#ifndef MSIM_TRACE_JSONL_LINE_H
#define MSIM_TRACE_JSONL_LINE_H

#include <string.h>

#include <mailsim/trace.h>

#include "text/json_out.h"
#include "trace/flow_text.h"
#include "trace/format.h"

#define MSIM__JSONL_SHORT_BYTES ((size_t)255) /* a longer text asks for room of its own */
/* Nine short texts with nothing but control bytes in them, and 2 KiB of keys and numbers: more than a line has behind
 * one call of msim__jsonl_place. */
#define MSIM__JSONL_ROOM_BYTES ((size_t)16 * 1024)

struct msim__jsonl {
  struct msim__json_out json;
  struct msim__buf scratch; /* text that has hidden parts */
  struct msim__flow_texts flows;
  bool full_text, show_secrets;
};

/* Where to go on, with MSIM__JSONL_ROOM_BYTES of room. The buffer of a sink has all of its memory from the start. After
 * an error nothing of it is written any more: it takes what comes. */
static inline char *msim__jsonl_place(struct msim__jsonl *jsonl)
{
  struct msim__buf *buf = jsonl->json.buf;
  char *p = msim__buf_room(buf, MSIM__JSONL_ROOM_BYTES);

  if (p == NULL) {
    buf->size_bytes = 0;
    p = buf->data;
  }
  return p;
}

/* Up to p all is written. */
static inline void msim__jsonl_took(struct msim__jsonl *jsonl, const char *p)
{
  jsonl->json.buf->size_bytes = (size_t)(p - jsonl->json.buf->data);
}

/* A string in quotes; the place behind it has less room by 6 * MSIM__JSONL_SHORT_BYTES at most. */
static inline char *msim__jsonl_bytes(struct msim__jsonl *jsonl, char *p, struct msim_slice text)
{
  if (text.size_bytes <= MSIM__JSONL_SHORT_BYTES)
    return msim__json_put(p, text);
  msim__jsonl_took(jsonl, p);
  jsonl->json.after_key = true; /* the key was written by hand */
  msim__json_bytes(&jsonl->json, text);
  return msim__jsonl_place(jsonl);
}

static inline char *msim__jsonl_text(struct msim__jsonl *jsonl, char *p, const char *text)
{
  struct msim_slice slice;

  slice.data = (const uint8_t *)text;
  slice.size_bytes = strlen(text);
  return msim__jsonl_bytes(jsonl, p, slice);
}

static inline char *msim__jsonl_literal(char *p, const char *literal, size_t size_bytes)
{
  memcpy(p, literal, size_bytes);
  return p + size_bytes;
}

#define MSIM__JSONL_PUT(p, literal) msim__jsonl_literal((p), literal, sizeof(literal) - 1)
/* literal: `,"key":`. Nothing at all for NULL, and for 0. */
#define MSIM__JSONL_TEXT(jsonl, p, literal, text)                                                                      \
  ((text) != NULL ? msim__jsonl_text((jsonl), MSIM__JSONL_PUT(p, literal), (text)) : (p))
#define MSIM__JSONL_NUMBER(p, literal, value)                                                                          \
  ((value) != 0 ? msim__put_uint(MSIM__JSONL_PUT(p, literal), (value)) : (p))

/* `,"values":{…}`, nothing when there are none. */
char *msim__jsonl_values(struct msim__jsonl *jsonl, char *p, const struct msim_value *values, size_t count);
/* `,"conn":…`, nothing for NULL. */
char *msim__jsonl_conn(struct msim__jsonl *jsonl, char *p, const struct msim_flow *flow);
/* `FROM>TO`: two MACs. At most 64 bytes. */
char *msim__jsonl_macs(char *p, const uint8_t from[6], const uint8_t to[6]);
/* An address in quotes. At most MSIM_ADDR_TEXT_BYTES + 2 bytes. */
char *msim__jsonl_endpoint(char *p, const struct msim_addr *addr, uint16_t port, bool has_port);

/* What a line says of a packet behind its kind. jsonl_packet.c. */
char *msim__jsonl_packet(struct msim__jsonl *jsonl, char *p, const struct msim_trace_record *record);

#endif
