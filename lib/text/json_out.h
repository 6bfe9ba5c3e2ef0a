/* json_out.h: writes JSON (RFC 8259) into a buffer, record after record, without allocating once the buffer is warm.
 *
 * The output is always valid JSON in valid UTF-8, whatever the strings hold: control bytes, quotes and backslashes are
 * escaped, and each byte that is not part of a valid UTF-8 character becomes U+FFFD. Nothing is written for looks: no
 * spaces, no indentation. Does not read JSON, knows no floating-point numbers. */
#ifndef MSIM_TEXT_JSON_OUT_H
#define MSIM_TEXT_JSON_OUT_H

#include "text/buf.h"

#define MSIM__JSON_DEPTH_MAX 63

struct msim__json_out {
  struct msim__buf *buf; /* borrowed; its sticky error is the writer's too */
  uint64_t is_object;    /* bit d: the container at depth d is an object */
  uint64_t has_items;    /* bit d: something stands in it already */
  unsigned depth;        /* 0: outside of everything */
  bool after_key;        /* a key waits for its value */
  bool for_html;
};

/* for_html: < > & U+2028 U+2029 are written as \uXXXX, so that the text can stand in a script element. Room is
 * asked for the worst case of a piece: the maximum of buf must be at least 1024 bytes, and MSIM_ERR_LIMIT may come that
 * much early. */
void msim__json_init(struct msim__json_out *json, struct msim__buf *buf, bool for_html);

/* Calls in an order that would not be JSON (a value without its key in an object, a key in an array, an end that does
 * not fit, too deep) set the buffer's error to MSIM_ERR_STATE; then nothing more is written. */
void msim__json_object_begin(struct msim__json_out *json);
void msim__json_object_end(struct msim__json_out *json);
void msim__json_array_begin(struct msim__json_out *json);
void msim__json_array_end(struct msim__json_out *json);
void msim__json_key(struct msim__json_out *json, const char *key);
void msim__json_text(struct msim__json_out *json, const char *text);
void msim__json_bytes(struct msim__json_out *json, struct msim_slice text);
void msim__json_uint(struct msim__json_out *json, uint64_t value);
void msim__json_int(struct msim__json_out *json, int64_t value);
void msim__json_bool(struct msim__json_out *json, bool value);
void msim__json_null(struct msim__json_out *json);

/* Key and value in one. text NULL: nothing at all is written. */
void msim__json_key_text(struct msim__json_out *json, const char *key, const char *text);
void msim__json_key_uint(struct msim__json_out *json, const char *key, uint64_t value);
void msim__json_key_int(struct msim__json_out *json, const char *key, int64_t value);
void msim__json_key_bool(struct msim__json_out *json, const char *key, bool value);

/* A string in quotes at p, for lines that are put together by hand: returns the place behind. Room: six times its bytes
 * and 16. Not for HTML. */
char *msim__json_put(char *p, struct msim_slice text);

/* Ends a line of JSON Lines: everything must be closed. Returns 0 or the buffer's error. */
int msim__json_line_end(struct msim__json_out *json);

#endif
