/* width.h: how many columns of a terminal a character takes (Unicode's UAX 11, in coarse ranges).
 *
 * What can be wide is taken as wide; ambiguous characters are narrow, as on most terminals. Does not know sequences
 * that melt into one picture. */
#ifndef MSIM_TEXT_WIDTH_H
#define MSIM_TEXT_WIDTH_H

#include <stdint.h>

/* 0 for a mark that stands on the character in front of it, 2 for a wide one, else 1. code is printable (utf8.h). */
unsigned msim__char_width(uint32_t code);

#endif
