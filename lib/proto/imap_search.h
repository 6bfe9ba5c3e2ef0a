/* imap_search.h: what SEARCH looks for (RFC 3501 6.4.4, 9 search-key), as a tree of bounded depth and size.
 *
 * Texts are borrowed from the command. Knows no messages: see lib/mail/imap_match.h. */
#ifndef MSIM_PROTO_IMAP_SEARCH_H
#define MSIM_PROTO_IMAP_SEARCH_H

#include "proto/imap_set.h"

#define MSIM__IMAP_SEARCH_DEPTH_MAX 50u
#define MSIM__IMAP_SEARCH_NODES_MAX 10000u

/* Name, kind, what follows it. */
#define MSIM__IMAP_SEARCH_MAP(X)                                                                                       \
  X("ALL", ALL, NONE)                                                                                                  \
  X("ANSWERED", ANSWERED, NONE)                                                                                        \
  X("BCC", BCC, TEXT)                                                                                                  \
  X("BEFORE", BEFORE, DATE)                                                                                            \
  X("BODY", BODY, TEXT)                                                                                                \
  X("CC", CC, TEXT)                                                                                                    \
  X("DELETED", DELETED, NONE)                                                                                          \
  X("DRAFT", DRAFT, NONE)                                                                                              \
  X("FLAGGED", FLAGGED, NONE)                                                                                          \
  X("FROM", FROM, TEXT)                                                                                                \
  X("HEADER", HEADER, FIELD)                                                                                           \
  X("KEYWORD", KEYWORD, ATOM)                                                                                          \
  X("LARGER", LARGER, NUMBER)                                                                                          \
  X("MODSEQ", MODSEQ, MODSEQ)                                                                                          \
  X("NEW", NEW, NONE)                                                                                                  \
  X("NOT", NOT, KEY)                                                                                                   \
  X("OLD", OLD, NONE)                                                                                                  \
  X("ON", ON, DATE)                                                                                                    \
  X("OR", OR, KEYS)                                                                                                    \
  X("RECENT", RECENT, NONE)                                                                                            \
  X("SEEN", SEEN, NONE)                                                                                                \
  X("SENTBEFORE", SENTBEFORE, DATE)                                                                                    \
  X("SENTON", SENTON, DATE)                                                                                            \
  X("SENTSINCE", SENTSINCE, DATE)                                                                                      \
  X("SINCE", SINCE, DATE)                                                                                              \
  X("SMALLER", SMALLER, NUMBER)                                                                                        \
  X("SUBJECT", SUBJECT, TEXT)                                                                                          \
  X("TEXT", TEXT, TEXT)                                                                                                \
  X("TO", TO, TEXT)                                                                                                    \
  X("UID", UID, SET)                                                                                                   \
  X("UNANSWERED", UNANSWERED, NONE)                                                                                    \
  X("UNDELETED", UNDELETED, NONE)                                                                                      \
  X("UNDRAFT", UNDRAFT, NONE)                                                                                          \
  X("UNFLAGGED", UNFLAGGED, NONE)                                                                                      \
  X("UNKEYWORD", UNKEYWORD, ATOM)                                                                                      \
  X("UNSEEN", UNSEEN, NONE)

enum msim__imap_search_kind {
#define MSIM__IMAP_SEARCH_ENUM(name, kind, form) MSIM__IMAP_SEARCH_##kind,
  MSIM__IMAP_SEARCH_MAP(MSIM__IMAP_SEARCH_ENUM)
#undef MSIM__IMAP_SEARCH_ENUM
      MSIM__IMAP_SEARCH_AND, /* of what is in parentheses, and of the whole */
  MSIM__IMAP_SEARCH_NUMBERS  /* of messages */
};

struct msim__imap_search_node {
  enum msim__imap_search_kind kind;
  uint32_t child, next; /* places in nodes: the first below it, the next beside it; 0: none */
  struct msim_slice text;
  struct msim_slice field; /* HEADER: its name */
  uint64_t number;
  int64_t day_unix_s;
  struct msim__imap_set set; /* UID, NUMBERS */
};

/* All zero is empty; node 0 is the whole. */
struct msim__imap_search {
  struct msim__imap_search_node *nodes;
  size_t count, capacity;
  bool has_modseq; /* RFC 7162 3.1.5 */
};

void msim__imap_search_release(struct msim__imap_search *search, struct msim__mem *mem);

/* Keys up to the end of the command, without CHARSET. 0, MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT (too deep or too many),
 * MSIM_ERR_NOMEM; *search is to be released in any case. */
int msim__imap_take_search(struct msim__imap_cursor *c, struct msim__imap_search *search, struct msim__mem *mem);

#endif
