/* host.h: hosts that fail: a crash, and the start after it.
 *
 * Does not include: when it happens (fault.h), what is on the disk (disk.h). */
#ifndef MAILSIM_HOST_H
#define MAILSIM_HOST_H

#include <mailsim/disk.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a crash leaves on the disk. enum name, name in topologies and traces. Everything that a finished sync covers is
 * left by the first three. */
#define MSIM_CRASH_MAP(X)                                                                                              \
  X(KEEP, "keep")                   /* all that was written */                                                         \
  X(LOSE_UNSYNCED, "lose-unsynced") /* what is durable, and nothing else */                                            \
  X(TORN, "torn")                   /* all up to the last write that no sync covers; of that one the beginning */      \
  X(WIPE, "wipe")                   /* nothing */                                                                      \
  X(STALE, "stale")                 /* what was durable some time ago, as from a backup */

enum msim_crash_disk {
#define MSIM_CRASH_ENUM(name, text) MSIM_CRASH_##name,
  MSIM_CRASH_MAP(MSIM_CRASH_ENUM)
#undef MSIM_CRASH_ENUM
};

/* All zero: keep. NULL is the same. */
struct msim_crash_opts {
  enum msim_crash_disk disk;
  uint32_t torn_unit_bytes; /* TORN: the cut is at a multiple of it; 0: 512 */
  msim_ns stale_ns;         /* STALE: so old, or up to an eighth more where the disk has changed since; the host must
                             * have been told by msim_host_keep_stale */
  uint64_t random;          /* TORN: chooses where the last write is cut; a fault draws it from its own stream */
};

/* The host is gone at once, in the middle of everything: agents lose their memory without a word, connections and ports
 * are forgotten (no FIN, no RST: peers learn it by their timeouts, or by the RST of the host after its restart), timers
 * do not fire, what arrives dies with the reason "down". A record of kind `host`, event `crash`, tells it.
 * From a timer, never from a handler of an agent on that host. MSIM_ERR_STATE: the run has not begun, or the host is
 * down. MSIM_ERR_INVALID, MSIM_ERR_NOMEM. */
#define msim_host_crash(node, opts) msim_host_crash_sized((node), (opts), sizeof(struct msim_crash_opts))
MSIM_API int msim_host_crash_sized(struct msim_node *node, const struct msim_crash_opts *opts, size_t opts_bytes);

/* The host is there again, and its agents start anew on zeroed state, with what the disk has. A record of kind `host`,
 * event `restart`. MSIM_ERR_STATE: it is not down. Else what an agent's start returned (the simulation has then
 * failed).
 */
MSIM_API int msim_host_restart(struct msim_node *node);

MSIM_API bool msim_host_is_up(const struct msim_node *node); /* it is, but between a crash and the restart */

/* From now on the disk keeps enough of its past for MSIM_CRASH_STALE with stale_ns up to span_ns; costs up to nine
 * lists of its files. Before the start. MSIM_ERR_STATE, MSIM_ERR_INVALID (0), MSIM_ERR_NOMEM. */
MSIM_API int msim_host_keep_stale(struct msim_node *node, msim_ns span_ns);

/* "keep" …; static; NULL for an unknown value. */
MSIM_API const char *msim_crash_disk_name(enum msim_crash_disk disk);

#ifdef __cplusplus
}
#endif
#endif
