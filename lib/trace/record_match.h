/* record_match.h: a pattern for one record: which event, or which segment, this is about.
 *
 * Shared by what waits for something to happen. Names and values are globs (text/pattern.h). Does not count and does
 * not remember. */
#ifndef MSIM_TRACE_RECORD_MATCH_H
#define MSIM_TRACE_RECORD_MATCH_H

#include <mailsim/agent.h>
#include <mailsim/trace.h>

/* NULL: any. With conn it is about segments and datagrams as they are sent, without it about events. */
struct msim__record_match {
  const char *event, *host, *agent;
  struct msim_list with; /* of struct msim__value_match: all of them must be there and fit */
  const char *conn;      /* "relay>mx:25#*" */
  const char *segment;   /* "c3" */
};

struct msim__value_match {
  const char *name;
  const char *glob;
};

/* What a list of these patterns needs to see: bits of enum msim_trace_kind. */
uint32_t msim__record_match_kinds(const struct msim__record_match *match);
bool msim__record_matches(const struct msim__record_match *match, const struct msim_trace_record *record);

#endif
