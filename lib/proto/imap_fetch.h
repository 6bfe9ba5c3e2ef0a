/* imap_fetch.h: what FETCH asks for (RFC 3501 6.4.5, 9 fetch-att): items, sections of a body, parts of a section.
 *
 * ALL, FAST and FULL are taken apart. Texts are borrowed from the command. Knows no messages. */
#ifndef MSIM_PROTO_IMAP_FETCH_H
#define MSIM_PROTO_IMAP_FETCH_H

#include "core/mem.h"
#include "proto/imap_lex.h"

#define MSIM__IMAP_FETCH_ITEMS_MAX 1000u
#define MSIM__IMAP_FETCH_NAMES_MAX 10000u
#define MSIM__IMAP_SECTION_DEPTH_MAX 33u

enum msim__imap_fetch_kind {
  MSIM__IMAP_FETCH_FLAGS,
  MSIM__IMAP_FETCH_UID,
  MSIM__IMAP_FETCH_INTERNALDATE,
  MSIM__IMAP_FETCH_SIZE, /* RFC822.SIZE */
  MSIM__IMAP_FETCH_ENVELOPE,
  MSIM__IMAP_FETCH_BODY, /* without extension data */
  MSIM__IMAP_FETCH_BODYSTRUCTURE,
  MSIM__IMAP_FETCH_MODSEQ,        /* RFC 7162 */
  MSIM__IMAP_FETCH_SECTION,       /* BODY[…] */
  MSIM__IMAP_FETCH_RFC822,        /* the same as BODY[], under its own name */
  MSIM__IMAP_FETCH_RFC822_HEADER, /* BODY.PEEK[HEADER] */
  MSIM__IMAP_FETCH_RFC822_TEXT,   /* BODY[TEXT] */
  MSIM__IMAP_FETCH_BINARY,        /* BINARY[…]: decoded (RFC 9051 6.4.5) */
  MSIM__IMAP_FETCH_BINARY_SIZE    /* how long that is */
};

enum msim__imap_section_kind {
  MSIM__IMAP_SECTION_ALL,
  MSIM__IMAP_SECTION_HEADER,
  MSIM__IMAP_SECTION_FIELDS,
  MSIM__IMAP_SECTION_FIELDS_NOT,
  MSIM__IMAP_SECTION_TEXT,
  MSIM__IMAP_SECTION_MIME
};

struct msim__imap_section {
  enum msim__imap_section_kind kind;
  uint32_t path[MSIM__IMAP_SECTION_DEPTH_MAX]; /* "1.2" */
  unsigned path_count;
  size_t name_first, name_count; /* of fields, in msim__imap_fetch.names */
};

struct msim__imap_fetch_item {
  enum msim__imap_fetch_kind kind;
  bool peek; /* \Seen stays as it is */
  bool is_partial;
  uint64_t part_at, part_bytes;
  struct msim__imap_section section;
};

/* All zero is empty. */
struct msim__imap_fetch {
  struct msim__imap_fetch_item *items;
  size_t count, capacity;
  struct msim_slice *names;
  size_t name_count, name_capacity;
  unsigned kinds; /* bits 1 << kind that are asked for */
  bool sets_seen; /* an item is none of those that peek */
};

void msim__imap_fetch_release(struct msim__imap_fetch *fetch, struct msim__mem *mem);

/* One item, a macro, or a list in parentheses. 0, MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM; *fetch is to be
 * released in any case. */
int msim__imap_take_fetch(struct msim__imap_cursor *c, struct msim__imap_fetch *fetch, struct msim__mem *mem);

#endif
