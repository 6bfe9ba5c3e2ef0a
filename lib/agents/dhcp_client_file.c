/* dhcp_client_file.c: see dhcp_client_file.h. */
#include "agents/dhcp_client_file.h"

#include "core/hash.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 96u
#define SUM_BYTES 8u
#define HEAD_BYTES 20u
#define MESSAGE_BYTES_MAX 1472u

static void name_of(const char *network, char *out)
{
  (void)snprintf(out, NAME_BYTES, "dhcp/lease.%.63s", network);
}

static void put(uint8_t *p, uint64_t value, size_t size_bytes)
{
  size_t i;

  for (i = 0; i < size_bytes; i++)
    p[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *p, size_t size_bytes)
{
  uint64_t value = 0;
  size_t i;

  for (i = 0; i < size_bytes; i++)
    value |= (uint64_t)p[i] << (8 * i);
  return value;
}

bool msim__dhcp_client_file_read(struct msim_disk *disk, const char *network, struct msim__dhcp_held *out)
{
  uint8_t bytes[HEAD_BYTES + MESSAGE_BYTES_MAX];
  char name[NAME_BYTES];
  size_t read_bytes, length;

  memset(out, 0, sizeof *out);
  name_of(network, name);
  if (msim_disk_read(disk, name, 0, bytes, sizeof bytes, &read_bytes) != MSIM_OK || read_bytes < HEAD_BYTES)
    return false;
  length = (size_t)get(bytes + 16, 4);
  if (length > read_bytes - HEAD_BYTES ||
      get(bytes, SUM_BYTES) != msim__hash_bytes(0, bytes + SUM_BYTES, HEAD_BYTES - SUM_BYTES + length) ||
      msim__dhcp_decode(&out->ack, (struct msim_slice){bytes + HEAD_BYTES, length}) != MSIM_OK ||
      out->ack.type != MSIM__DHCP_ACK || !out->ack.has_lease || out->ack.your.family != MSIM_FAMILY_IPV4) {
    memset(out, 0, sizeof *out);
    return false;
  }
  out->since_ns = get(bytes + 8, 8);
  msim__dhcp_held_times(out, NULL);
  return true;
}

void msim__dhcp_client_file_write(struct msim_disk *disk, const char *network, const struct msim__dhcp_held *held)
{
  uint8_t bytes[HEAD_BYTES + MESSAGE_BYTES_MAX];
  char name[NAME_BYTES];
  size_t length = msim__dhcp_encode(&held->ack, bytes + HEAD_BYTES, MESSAGE_BYTES_MAX);

  if (length == 0)
    return;
  name_of(network, name);
  put(bytes + 8, held->since_ns, 8);
  put(bytes + 16, length, 4);
  put(bytes, msim__hash_bytes(0, bytes + SUM_BYTES, HEAD_BYTES - SUM_BYTES + length), SUM_BYTES);
  if (msim_disk_write(disk, name, 0, bytes, HEAD_BYTES + length) == MSIM_OK &&
      msim_disk_sync(disk, name, NULL, NULL) == MSIM_OK)
    (void)msim_disk_sync_names(disk, NULL, NULL);
}

void msim__dhcp_client_file_remove(struct msim_disk *disk, const char *network)
{
  char name[NAME_BYTES];

  name_of(network, name);
  if (msim_disk_remove(disk, name) == MSIM_OK)
    (void)msim_disk_sync_names(disk, NULL, NULL);
}
