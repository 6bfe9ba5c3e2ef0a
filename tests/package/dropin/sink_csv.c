/* sink_csv.c: csv: segments and windows as lines of values with commas. Names of hosts hold neither commas nor quotes.
 */
#include <mailsim/trace.h>

#include <inttypes.h>

static int open_csv(void *state, struct msim_sink *sink)
{
  (void)state;
  return msim_sink_printf(sink, "at_ns,kind,host,bytes,what\n");
}

static int record_csv(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  static const char *const points[] = {"tx", "rx", "drop", "fwd"};

  (void)state;
  if (record->kind == MSIM_TRACE_CWND)
    return msim_sink_printf(sink, "%" PRIu64 ",cwnd,%s,%" PRIu32 ",%s\n", record->at_ns, record->u.cwnd.host,
                            record->u.cwnd.cwnd_bytes, record->u.cwnd.why);
  return msim_sink_printf(sink, "%" PRIu64 ",segment,%s,%zu,%s\n", record->at_ns, record->u.packet.from,
                          record->u.packet.packet->payload.size_bytes, points[record->u.packet.point]);
}

extern const struct msim_sink_type msim__sink_csv;
const struct msim_sink_type msim__sink_csv = {
    .name = "csv",
    .summary = "segments and congestion windows, one line each",
    .kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_CWND),
    .open = open_csv,
    .record = record_csv,
};
