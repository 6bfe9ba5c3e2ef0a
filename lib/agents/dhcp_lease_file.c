/* dhcp_lease_file.c: see dhcp_lease_file.h. */
#include "agents/dhcp_lease_file.h"

#include "core/hash.h"

#include <stdio.h>
#include <string.h>

#define SUM_BYTES 8u
#define SLACK_RECORDS 64u /* history that a file may hold in any case */

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

static void fill_record(uint8_t *p, const struct msim__dhcp_lease *lease)
{
  memset(p, 0, MSIM__DHCP_RECORD_BYTES);
  put(p + 8, lease->ends_ns, 8);
  put(p + 16, lease->address, 4);
  p[20] = lease->state;
  p[21] = lease->client.size_bytes;
  memcpy(p + 22, lease->mac, 6);
  memcpy(p + 28, lease->client.bytes, sizeof lease->client.bytes);
  put(p, msim__hash_bytes(0, p + SUM_BYTES, MSIM__DHCP_RECORD_BYTES - SUM_BYTES), SUM_BYTES);
}

/* What an offer was is not remembered: who asks again is offered again. */
static bool is_worth_it(const struct msim__dhcp_lease *lease)
{
  return lease->state == MSIM__DHCP_LEASE_ACTIVE || lease->state == MSIM__DHCP_LEASE_DECLINED ||
         (lease->state == MSIM__DHCP_LEASE_FREE && lease->client.size_bytes > 0);
}

/* ---- reading ---- */

static int take_record(struct msim__dhcp_lease_file *file, const uint8_t *p, msim_ns now_ns)
{
  struct msim__dhcp_lease *lease;
  struct msim__dhcp_key client;
  msim_ns ends_ns = get(p + 8, 8);
  uint8_t state = p[20];
  int err;

  memset(&client, 0, sizeof client);
  client.size_bytes = p[21];
  if (client.size_bytes > sizeof client.bytes)
    return MSIM_OK;
  memcpy(client.bytes, p + 28, sizeof client.bytes);
  err = msim__dhcp_leases_row(file->leases, (uint32_t)get(p + 16, 4), &lease);
  if (err != MSIM_OK || lease == NULL || lease->state == MSIM__DHCP_LEASE_KEPT ||
      (lease->is_reserved && client.size_bytes > 0 && !msim__dhcp_key_equal(&lease->client, &client)))
    return err;
  if (state == MSIM__DHCP_LEASE_DECLINED) {
    msim__dhcp_leases_decline(file->leases, lease, ends_ns);
  } else if (client.size_bytes > 0) {
    msim__dhcp_leases_bind(file->leases, lease, MSIM__DHCP_LEASE_ACTIVE, &client, ends_ns);
    memcpy(lease->mac, p + 22, sizeof lease->mac);
  }
  if (lease->state != MSIM__DHCP_LEASE_FREE && (state == MSIM__DHCP_LEASE_FREE || ends_ns <= now_ns))
    msim__dhcp_leases_free(file->leases, lease);
  return MSIM_OK;
}

static int read_all(struct msim__dhcp_lease_file *file, msim_ns now_ns)
{
  uint8_t record[MSIM__DHCP_RECORD_BYTES];
  size_t read_bytes;
  int err = MSIM_OK;

  while (err == MSIM_OK &&
         msim_disk_read(file->disk, file->name, (uint64_t)file->record_count * sizeof record, record, sizeof record,
                        &read_bytes) == MSIM_OK &&
         read_bytes == sizeof record &&
         get(record, SUM_BYTES) == msim__hash_bytes(0, record + SUM_BYTES, sizeof record - SUM_BYTES)) {
    err = take_record(file, record, now_ns);
    file->record_count++;
  }
  return err;
}

/* What follows the last whole record was torn by a crash: others would stand behind it unseen. */
static void cut_rest(struct msim__dhcp_lease_file *file)
{
  uint64_t size_bytes = 0, whole_bytes = (uint64_t)file->record_count * MSIM__DHCP_RECORD_BYTES;

  if (msim_disk_size(file->disk, file->name, &size_bytes) == MSIM_OK && size_bytes > whole_bytes)
    (void)msim_disk_truncate(file->disk, file->name, whole_bytes); /* out of memory has failed the run */
}

int msim__dhcp_lease_file_open(struct msim__dhcp_lease_file *file, struct msim_disk *disk,
                               struct msim__dhcp_leases *leases, const char *name, msim_ns now_ns)
{
  int err;

  memset(file, 0, sizeof *file);
  file->disk = disk;
  file->leases = leases;
  (void)snprintf(file->name, sizeof file->name, "dhcp/leases.%.63s", name);
  (void)snprintf(file->next_name, sizeof file->next_name, "dhcp/next.%.63s", name);
  err = read_all(file, now_ns);
  if (err == MSIM_OK)
    cut_rest(file);
  return err;
}

/* ---- writing ---- */

/* The state of today as a new file under the old name. The new content is made durable before its name is. */
static int rewrite(struct msim__dhcp_lease_file *file)
{
  const struct msim__dhcp_lease *lease = NULL;
  uint8_t record[MSIM__DHCP_RECORD_BYTES];
  size_t count = 0;
  int err = MSIM_OK;

  (void)msim_disk_remove(file->disk, file->next_name); /* left by a crash, if it is there */
  while (err == MSIM_OK && (lease = msim__dhcp_leases_walk(file->leases, lease)) != NULL) {
    if (!is_worth_it(lease))
      continue;
    fill_record(record, lease);
    err = msim_disk_append(file->disk, file->next_name, record, sizeof record);
    count++;
  }
  if (err == MSIM_OK && count > 0)
    err = msim_disk_sync(file->disk, file->next_name, NULL, NULL);
  if (err == MSIM_OK && count > 0)
    err = msim_disk_rename(file->disk, file->next_name, file->name);
  if (err == MSIM_OK && count > 0)
    err = msim_disk_sync_names(file->disk, NULL, NULL);
  if (err == MSIM_OK && count > 0)
    file->record_count = count;
  return err;
}

int msim__dhcp_lease_file_put(struct msim__dhcp_lease_file *file, const struct msim__dhcp_lease *lease)
{
  uint8_t record[MSIM__DHCP_RECORD_BYTES];
  bool is_first = file->record_count == 0;
  int err;

  if (file->record_count > 2 * file->leases->count + SLACK_RECORDS) {
    err = rewrite(file); /* with this lease in it */
    if (err != MSIM_ERR_LIMIT)
      return err;
  }
  fill_record(record, lease);
  err = msim_disk_append(file->disk, file->name, record, sizeof record);
  if (err != MSIM_OK)
    return err;
  file->record_count++;
  return is_first ? msim_disk_sync_names(file->disk, NULL, NULL) : MSIM_OK;
}

int msim__dhcp_lease_file_sync(struct msim__dhcp_lease_file *file, msim_disk_done_fn *fn, void *ctx)
{
  return msim_disk_sync(file->disk, file->name, fn, ctx);
}
