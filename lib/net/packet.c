/* packet.c: see packet.h. Chunks never move, so a pointer to a packet holds until the packet is freed. */
#include "net/packet.h"

#include <string.h>

/* A free packet's links: `number` is the next free one, `bits` says that it is free: no other has all of them. */
#define BITS_FREE 0xffu

void msim__packets_init(struct msim__packets *packets, struct msim__mem *mem)
{
  memset(packets, 0, sizeof *packets);
  packets->mem = mem;
  msim__pool_init(&packets->cold, mem, sizeof(struct msim__packet_cold));
  msim__pool_init(&packets->rare, mem, sizeof(struct msim__packet_rare));
}

void msim__whole_unref(struct msim__packets *packets, struct msim__whole *whole)
{
  if (whole == NULL || --whole->ref_count > 0)
    return;
  if (msim__packet_at(packets, whole->packet)->bits != BITS_FREE) /* it is, where all are released at once */
    msim__packet_free(packets, whole->packet);
  msim__free(packets->mem, whole, sizeof *whole);
}

static void let_go(struct msim__packets *packets, struct msim__packet *packet)
{
  msim_blob_unref(packet->payload);
  msim__flow_unref(packet->flow);
  if (packet->cold != NULL) {
    msim__units_unref(packet->cold->units);
    if (packet->cold->rare != NULL) {
      msim__whole_unref(packets, packet->cold->rare->whole);
      msim__pool_put(&packets->rare, packet->cold->rare);
    }
    msim__pool_put(&packets->cold, packet->cold);
  }
}

void msim__packets_release(struct msim__packets *packets)
{
  size_t i, k;

  for (i = 0; i < packets->chunk_count; i++) {
    for (k = 0; k < MSIM__PACKET_CHUNK; k++) {
      struct msim__packet *packet = &packets->chunks[i][k];

      if (packet->bits != BITS_FREE && (i != 0 || k != MSIM__PACKET_NONE))
        msim__packet_free(packets, (uint32_t)(i << MSIM__PACKET_CHUNK_BITS | k));
    }
  }
  for (i = 0; i < packets->chunk_count; i++) /* after all: what is let go may free another packet */
    msim__free(packets->mem, packets->chunks[i], MSIM__PACKET_CHUNK * sizeof(struct msim__packet));
  msim__free(packets->mem, packets->chunks, packets->chunk_capacity * sizeof *packets->chunks);
  msim__pool_release(&packets->cold);
  msim__pool_release(&packets->rare);
  packets->chunks = NULL;
  packets->chunk_count = packets->chunk_capacity = 0;
}

static int add_chunk(struct msim__packets *packets)
{
  struct msim__packet *chunk;
  uint32_t first = (uint32_t)(packets->chunk_count << MSIM__PACKET_CHUNK_BITS), k;

  if (msim__grow(packets->mem, &packets->chunks, &packets->chunk_capacity, packets->chunk_count + 1,
                 MSIM__PACKET_CHUNKS_MAX, sizeof *packets->chunks) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  chunk = msim__alloc_zeroed(packets->mem, MSIM__PACKET_CHUNK, sizeof *chunk);
  if (chunk == NULL)
    return MSIM_ERR_NOMEM;
  packets->chunks[packets->chunk_count++] = chunk;
  for (k = MSIM__PACKET_CHUNK; k-- > 0;) {
    chunk[k].bits = BITS_FREE;
    if (first + k == MSIM__PACKET_NONE)
      continue;
    chunk[k].number = packets->free_index;
    packets->free_index = first + k;
  }
  return MSIM_OK;
}

MSIM__HOT uint32_t msim__packet_new(struct msim__packets *packets)
{
  struct msim__packet *packet;
  uint32_t index;

  if (packets->free_index == MSIM__PACKET_NONE && add_chunk(packets) != MSIM_OK)
    return MSIM__PACKET_NONE;
  index = packets->free_index;
  packet = msim__packet_at(packets, index);
  packets->free_index = packet->number;
  memset(packet, 0, sizeof *packet);
  packets->live_count++;
  return index;
}

MSIM__HOT void msim__packet_free(struct msim__packets *packets, uint32_t index)
{
  struct msim__packet *packet = msim__packet_at(packets, index);

  let_go(packets, packet);
  packet->bits = BITS_FREE;
  packet->number = packets->free_index;
  packets->free_index = index;
  packets->live_count--;
}

struct msim__packet_cold *msim__packet_cold(struct msim__packets *packets, struct msim__packet *packet)
{
  if (packet->cold == NULL) {
    packet->cold = msim__pool_get(&packets->cold);
    if (packet->cold != NULL)
      memset(packet->cold, 0, sizeof *packet->cold);
  }
  return packet->cold;
}

struct msim__packet_rare *msim__packet_rare(struct msim__packets *packets, struct msim__packet *packet)
{
  struct msim__packet_cold *cold = msim__packet_cold(packets, packet);

  if (cold == NULL)
    return NULL;
  if (cold->rare == NULL) {
    cold->rare = msim__pool_get(&packets->rare);
    if (cold->rare == NULL)
      return NULL;
    memset(cold->rare, 0, sizeof *cold->rare);
    packet->bits |= MSIM__PACKET_RARE;
  }
  return cold->rare;
}

static int copy_cold(struct msim__packets *packets, struct msim__packet *copy, const struct msim__packet *packet)
{
  struct msim__packet_cold *cold = msim__packet_cold(packets, copy);
  struct msim__packet_rare *rare;

  if (cold == NULL)
    return MSIM_ERR_NOMEM;
  *cold = *packet->cold;
  cold->rare = NULL;
  msim__units_ref(cold->units);
  if (packet->cold->rare == NULL)
    return MSIM_OK;
  rare = msim__packet_rare(packets, copy);
  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  *rare = *packet->cold->rare;
  if (rare->whole != NULL)
    rare->whole->ref_count++;
  return MSIM_OK;
}

uint32_t msim__packet_copy(struct msim__packets *packets, uint32_t index)
{
  uint32_t copy_index = msim__packet_new(packets);
  const struct msim__packet *packet = msim__packet_at(packets, index);
  struct msim__packet *copy;

  if (copy_index == MSIM__PACKET_NONE)
    return MSIM__PACKET_NONE;
  copy = msim__packet_at(packets, copy_index);
  *copy = *packet;
  copy->cold = NULL;
  if (copy->payload != NULL)
    msim_blob_ref(copy->payload);
  if (copy->flow != NULL)
    msim__flow_ref(copy->flow);
  if (packet->cold != NULL && copy_cold(packets, copy, packet) != MSIM_OK) {
    msim__packet_free(packets, copy_index);
    return MSIM__PACKET_NONE;
  }
  return copy_index;
}
