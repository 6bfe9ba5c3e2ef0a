/* fault.h: what goes wrong in a run, and when: the same faults as in the section `faults` of a topology.
 *
 * Every fault draws from a random stream of its own, named after its id: one that is taken away, or that has a share of
 * 0, leaves the run as it would have been without it. Does not include: crashing a host by hand (host.h), impairments
 * that a link always has (topology.h). The kinds and their keys are in docs/faults.md. */
#ifndef MAILSIM_FAULT_H
#define MAILSIM_FAULT_H

#include <mailsim/agent.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MSIM_FAULT_ID_BYTES_MAX 63u
#define MSIM_FAULTS_MAX 10000u

/* Adds one fault, written as an item of the list `faults`: "{id: boom, crash: {host: relay}, at: 5s}". Hosts and links
 * must be there already. fn (may be NULL) is called for each finding. Also while it runs, between two runs or steps of
 * the loop: `at` then counts from the begin of the run as ever, and what lies in the past begins now.
 * 0, MSIM_ERR_SYNTAX, MSIM_ERR_EXISTS (the id), MSIM_ERR_STATE (finished; or this kind has to be there from the start),
 * MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
MSIM_API int msim_fault_add_yaml(struct msim_sim *sim, const char *yaml, msim_diag_fn *fn, void *user);

/* Ends a fault now, as if its time were over, and forgets it: its id may be used again. Between two runs or steps of
 * the loop. MSIM_ERR_NOT_FOUND: there is none of that id (or it can never strike). */
MSIM_API int msim_fault_lift(struct msim_sim *sim, const char *id);
/* The same for all faults that were added while it ran. */
MSIM_API void msim_fault_lift_added(struct msim_sim *sim);

/* A kind of fault, for `mailsim list`. */
struct msim_fault_info {
  const char *name;    /* its key */
  const char *summary; /* one line */
  const struct msim_field *fields;
};
/* The index-th kind; false past the end. */
#define msim_fault_kind_at(sim, index, out)                                                                            \
  msim_fault_kind_at_sized((sim), (index), (out), sizeof(struct msim_fault_info))
MSIM_API bool msim_fault_kind_at_sized(const struct msim_sim *sim, size_t index, struct msim_fault_info *out,
                                       size_t out_bytes);

/* A site of the kind buggify, for `mailsim list`: where hosts do by chance what is allowed and rare. */
struct msim_fault_site_info {
  const char *name;
  const char *summary; /* one line */
};
/* The index-th site; false past the end. */
#define msim_fault_site_at(index, out) msim_fault_site_at_sized((index), (out), sizeof(struct msim_fault_site_info))
MSIM_API bool msim_fault_site_at_sized(size_t index, struct msim_fault_site_info *out, size_t out_bytes);

/* How often faults have struck so far: packets that they dropped or held, crashes and cuts. Of one by its id; of all
 * with NULL. 0 when there is none of that id. */
MSIM_API uint64_t msim_fault_count(const struct msim_sim *sim, const char *id);

#ifdef __cplusplus
}
#endif
#endif
