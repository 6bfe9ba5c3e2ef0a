/* disk.h: the simulated disk of a host: the only way to what outlives a crash.
 *
 * A flat folder of named files. What is written is seen by every reader at once, and is durable only when a sync that
 * was asked for afterwards is done. As POSIX has it, content and names are two things: msim_disk_sync makes the content
 * of one file durable, msim_disk_sync_names makes durable which names there are and which files they stand for. A file
 * whose name was never synced is gone after a crash that loses what is unsynced, however often its content was.
 * Simplified: there is one folder; a sync that is done is believed, no disk lies; nothing becomes durable by itself.
 *
 * Reading takes no time. A disk costs memory from its first use on; contents are shared by reference where they are
 * given as blobs. Does not include: crashes (host.h), what agents keep there. */
#ifndef MAILSIM_DISK_H
#define MAILSIM_DISK_H

#include <mailsim/agent.h>

#ifdef __cplusplus
extern "C" {
#endif

struct msim_disk;

#define MSIM_DISK_NAME_BYTES_MAX 200u
#define MSIM_DISK_FILES_MAX 1000000u

/* All zero is a good default. */
struct msim_disk_opts {
  msim_ns sync_latency_ns; /* of each sync; 0: done in the same simulated instant */
  uint64_t write_rate_bps; /* bits per second at which unsynced bytes go to the medium; 0: infinite */
  uint64_t size_bytes;     /* what all files may hold together; 0: 1 TiB */
};

/* How the host's disk is. Before the start only: MSIM_ERR_STATE. MSIM_ERR_NOMEM. */
#define msim_node_set_disk(node, opts) msim_node_set_disk_sized((node), (opts), sizeof(struct msim_disk_opts))
MSIM_API int msim_node_set_disk_sized(struct msim_node *node, const struct msim_disk_opts *opts, size_t opts_bytes);

/* The host's disk, made when first asked for; the same one after a restart. NULL: out of memory (the simulation has
 * then failed). */
MSIM_API struct msim_disk *msim_node_disk(struct msim_node *node);

/* Names have 1 to 200 bytes, none of them zero. All calls that change something: 0, MSIM_ERR_INVALID (name, or past the
 * end of numbers), MSIM_ERR_LIMIT (the disk is full, or has too many files; nothing was changed), MSIM_ERR_IO (writes and
 * syncs that a fault lets fail; nothing was changed), MSIM_ERR_STATE (the host is down), MSIM_ERR_NOMEM (the simulation
 * has then failed). */

/* Writes over or behind what is there; the file is made when there is none, a gap reads as zeros. Bytes are copied. */
MSIM_API int msim_disk_write(struct msim_disk *disk, const char *name, uint64_t offset_bytes, const void *data,
                             size_t size_bytes);
/* At the end of the file. */
MSIM_API int msim_disk_append(struct msim_disk *disk, const char *name, const void *data, size_t size_bytes);
/* The same with a whole blob, by reference: its bytes are not copied. */
MSIM_API int msim_disk_append_blob(struct msim_disk *disk, const char *name, struct msim_blob *blob);
/* Cuts the file, or fills it up with zeros. MSIM_ERR_NOT_FOUND. */
MSIM_API int msim_disk_truncate(struct msim_disk *disk, const char *name, uint64_t size_bytes);
/* In one step: there is never none of that name. What stood there before is gone. MSIM_ERR_NOT_FOUND. */
MSIM_API int msim_disk_rename(struct msim_disk *disk, const char *from, const char *to);
MSIM_API int msim_disk_remove(struct msim_disk *disk, const char *name); /* MSIM_ERR_NOT_FOUND */

/* Copies up to size_bytes from offset_bytes on; *read_bytes is how many there were. MSIM_ERR_NOT_FOUND. */
MSIM_API int msim_disk_read(const struct msim_disk *disk, const char *name, uint64_t offset_bytes, void *out,
                            size_t size_bytes, size_t *read_bytes);
/* Exactly that range as a blob with one reference for the caller, shared with the disk when it was written as that
 * blob. NULL: not all of it is there, or out of memory (the simulation has then failed). */
MSIM_API struct msim_blob *msim_disk_read_blob(struct msim_disk *disk, const char *name, uint64_t offset_bytes,
                                               size_t size_bytes);
MSIM_API int msim_disk_size(const struct msim_disk *disk, const char *name,
                            uint64_t *size_bytes); /* MSIM_ERR_NOT_FOUND */
/* The first name, in the order of their bytes, that comes behind after; NULL: none does. after NULL: the first of all.
 * Valid until the disk changes. */
MSIM_API const char *msim_disk_next(const struct msim_disk *disk, const char *after);
MSIM_API uint64_t msim_disk_used_bytes(const struct msim_disk *disk);

/* err: 0. From the event loop, never from inside the call, in the order in which syncs were asked for; never when the
 * host crashes before. */
typedef void msim_disk_done_fn(void *ctx, int err);
/* Makes durable what was written to the file until now. fn may be NULL. MSIM_ERR_NOT_FOUND. */
MSIM_API int msim_disk_sync(struct msim_disk *disk, const char *name, msim_disk_done_fn *fn, void *ctx);
/* Makes durable which names there are now. */
MSIM_API int msim_disk_sync_names(struct msim_disk *disk, msim_disk_done_fn *fn, void *ctx);

#ifdef __cplusplus
}
#endif
#endif
