/* hot.h: a mark for functions that run for every packet: the compiler puts them next to each other, apart from what
 * runs once in a while, so that the way of a packet fits into fewer lines of the instruction cache. */
#ifndef MSIM_CORE_HOT_H
#define MSIM_CORE_HOT_H

#if defined(__GNUC__)
#define MSIM__HOT __attribute__((hot))
#else
#define MSIM__HOT
#endif

#endif
