/* mailbox_list.h: lists of addresses as header fields write them (RFC 5322 3.4, with the obsolete forms of 4.4 and the
 * UTF-8 of RFC 6532): mailboxes with names, groups, comments, routes.
 *
 * Tolerant: it reads what others wrote, passes over what makes no sense, and always comes to the end. Does not decode
 * encoded words (encoded_word.h) and does not judge addresses (address.h). */
#ifndef MSIM_PROTO_MAILBOX_LIST_H
#define MSIM_PROTO_MAILBOX_LIST_H

#include <mailsim/base.h>

enum msim__mailbox_kind {
  MSIM__MAILBOX_ADDRESS,
  MSIM__MAILBOX_GROUP,    /* begins; name is its name */
  MSIM__MAILBOX_GROUP_END /* also where the list ends inside of one */
};

/* Start with text and zeros. */
struct msim__mailbox_list {
  struct msim_slice text; /* the field's value, folded or not; must outlive the iterator */
  size_t at;
  bool in_group;
};

/* Parts lie in the caller's room until the next call. */
struct msim__mailbox_list_item {
  enum msim__mailbox_kind kind;
  struct msim_slice name;   /* unquoted, words joined by one space; else the comment behind a bare address; or empty */
  struct msim_slice local;  /* without white space and comments, with its quotes */
  struct msim_slice domain; /* likewise, with brackets of a literal; empty when there is none */
  bool cut;                 /* the room was too small for all of it */
};

/* 1: *out is the next item. 0: the end. room_bytes of 1000 are enough for what mail allows. */
int msim__mailbox_list_next(struct msim__mailbox_list *list, struct msim__mailbox_list_item *out, uint8_t *room,
                            size_t room_bytes);

#endif
