/* base_subject.h: what a subject is about, without the "Re:", "Fwd:" and "[list]" that travel with it (RFC 5256 2.1).
 *
 * Time is bounded by the length of the subject. Does not decode encoded words and does not fold case. */
#ifndef MSIM_PROTO_BASE_SUBJECT_H
#define MSIM_PROTO_BASE_SUBJECT_H

#include <mailsim/base.h>

/* text is unfolded and decoded; white space in it is joined to one space where it stands. *base is a part of it.
 * *reply: something was taken away that says that it answers or passes on another message (RFC 5256 3). */
void msim__base_subject(uint8_t *text, size_t size_bytes, struct msim_slice *base, bool *reply);

#endif
