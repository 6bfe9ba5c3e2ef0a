/* octets.h: numbers in network byte order, to and from memory of any alignment.
 *
 * Does not check bounds: the caller knows how many bytes there are. */
#ifndef MSIM_WIRE_OCTETS_H
#define MSIM_WIRE_OCTETS_H

#include <stdint.h>

static inline uint16_t msim__octets_get16(const uint8_t *p)
{
  return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline uint32_t msim__octets_get32(const uint8_t *p)
{
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void msim__octets_put16(uint8_t *p, uint16_t value)
{
  p[0] = (uint8_t)(value >> 8);
  p[1] = (uint8_t)value;
}

static inline void msim__octets_put32(uint8_t *p, uint32_t value)
{
  p[0] = (uint8_t)(value >> 24);
  p[1] = (uint8_t)(value >> 16);
  p[2] = (uint8_t)(value >> 8);
  p[3] = (uint8_t)value;
}

#endif
