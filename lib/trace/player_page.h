/* trace/player_page.h: the page of the player as bytes, cut where the data belongs. Written by player/embed.cmake from
 * the files in player/ at build time; both are empty in a build without the player (MSIM_PLAYER). */
#ifndef MSIM_TRACE_PLAYER_PAGE_H
#define MSIM_TRACE_PLAYER_PAGE_H

#include <stddef.h>

extern const unsigned char msim__player_head[], msim__player_tail[];
extern const size_t msim__player_head_bytes, msim__player_tail_bytes;

#endif
