/* rule.h: rules in C about single packets: a function of yours is asked about each segment and datagram of a
 * connection, and says whether it is lost, late, or held back until you let it go.
 *
 * A rule is asked where the fault `drop` of a topology strikes: when the sender puts the packet on its first link, in
 * front of the queue, once for each packet, retransmissions included; routers and NAT on the way play no part. A packet
 * that a fault has killed is not asked about. Does not include: rules for a whole link, and everything that a topology
 * can say by itself (fault.h); changing packets. */
#ifndef MAILSIM_RULE_H
#define MAILSIM_RULE_H

#include <mailsim/fault.h>
#include <mailsim/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MSIM_RULES_MAX 1000u
#define MSIM_RULE_HELD_MAX 65536u /* packets that all rules of a simulation hold back at one time */

/* What becomes of a packet. */
enum msim_verdict {
  MSIM_VERDICT_PASS,    /* nothing; the next rule is asked */
  MSIM_VERDICT_DELIVER, /* it takes *delay_ns longer; later packets may pass it */
  MSIM_VERDICT_DROP,    /* it is lost: "lost(rule NAME)" in the trace */
  MSIM_VERDICT_HOLD     /* it comes when msim_rule_release lets it, so much later as it was held */
};

/* record is what a sink sees of the packet when it is sent: kind SEGMENT or DATAGRAM, point TX, at_ns the time, n 0;
 * its flow, side, number ("c3"), flags, relative numbers, payload and units are in record->u.packet. Borrowed during
 * the call. *delay_ns is 0 at first and counts for DELIVER only. The function must decide by what it sees and by ctx
 * alone, never by a clock or by chance, or the run is not the same twice; it may add, remove and release. */
typedef enum msim_verdict msim_rule_fn(void *ctx, const struct msim_trace_record *record, msim_ns *delay_ns);

/* Adds a rule about the packets of connections whose name fits conn ("relay>mx:25#1"; * and ? are allowed). name stands
 * in the trace and has the form of a fault's id; both are copied. Rules are asked in the order in which they were
 * added, and the first that does not let pass decides. At any time before msim_sim_finish: it is asked about what is
 * sent from then on. MSIM_ERR_INVALID (name), MSIM_ERR_EXISTS, MSIM_ERR_LIMIT, MSIM_ERR_STATE (finished),
 * MSIM_ERR_NOMEM. */
MSIM_API int msim_rule_add(struct msim_sim *sim, const char *name, const char *conn, msim_rule_fn *fn, void *ctx);

/* It is asked no more, its name is free again, and what it holds is let go. MSIM_ERR_NOT_FOUND. */
MSIM_API int msim_rule_remove(struct msim_sim *sim, const char *name);

/* Lets go of the first count_max packets that the rule holds (0: of all), in the order in which they were sent. Each
 * arrives as much later as it was held, whoever has crashed in between. A run that has become quiet goes on with the
 * next msim_sim_run. Returns how many were let go; MSIM_ERR_NOT_FOUND: no such rule. */
MSIM_API int msim_rule_release(struct msim_sim *sim, const char *name, uint32_t count_max);

/* What a rule has done so far. Members are only ever added at the end. */
struct msim_rule_info {
  uint64_t asked_count;
  uint64_t delivered_count, dropped_count, held_count; /* by its verdicts; what it let pass is not counted */
  uint64_t holding_count;                              /* held back now */
};
/* MSIM_ERR_NOT_FOUND. */
#define msim_rule_info(sim, name, out) msim_rule_info_sized((sim), (name), (out), sizeof(struct msim_rule_info))
MSIM_API int msim_rule_info_sized(const struct msim_sim *sim, const char *name, struct msim_rule_info *out,
                                  size_t out_bytes);

/* Whether a piece of this unit begins in the packet ("smtp.reply", see docs/trace.md; NULL: the whole payload is the
 * piece), whose bytes in it, without the line end, fit text ("250*"; NULL: any). * and ? are allowed in both. */
MSIM_API bool msim_rule_carries(const struct msim_trace_record *record, const char *unit, const char *text);

#ifdef __cplusplus
}
#endif
#endif
