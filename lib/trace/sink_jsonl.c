/* sink_jsonl.c: the trace in full, one JSON object per line, for programs; the form is described in docs/trace.md.
 *
 * Every line is valid JSON in valid UTF-8 whatever the bytes are. A field that is absent has its default: 0, false,
 * nothing. New fields are added behind the others only. Keeps no record: what stands in a line stood in the record. */
#include "trace/jsonl.h"
#include "trace/jsonl_line.h"
#include "trace/trace.h"

#define TEXT_BYTES_MAX ((size_t)8 * 1024 * 1024) /* payload with hidden parts, put together */

#define PUT MSIM__JSONL_PUT
#define TEXT MSIM__JSONL_TEXT
#define NUMBER MSIM__JSONL_NUMBER

static char *put_event(struct msim__jsonl *jsonl, char *p, const struct msim_trace_event *event)
{
  p = TEXT(jsonl, p, ",\"host\":", event->host);
  p = TEXT(jsonl, p, ",\"agent\":", event->agent);
  p = TEXT(jsonl, p, ",\"event\":", event->event);
  return msim__jsonl_values(jsonl, p, event->values, event->value_count);
}

static char *put_state(struct msim__jsonl *jsonl, char *p, const struct msim_trace_state *state)
{
  p = TEXT(jsonl, p, ",\"host\":", state->host);
  p = msim__jsonl_conn(jsonl, p, state->flow);
  p = TEXT(jsonl, p, ",\"from\":", state->from);
  p = TEXT(jsonl, p, ",\"to\":", state->to);
  return TEXT(jsonl, p, ",\"why\":", state->why);
}

static char *put_cwnd(struct msim__jsonl *jsonl, char *p, const struct msim_trace_cwnd *cwnd)
{
  p = TEXT(jsonl, p, ",\"host\":", cwnd->host);
  p = msim__jsonl_conn(jsonl, p, cwnd->flow);
  p = cwnd->from_client ? PUT(p, ",\"dir\":\"client-to-server\"") : PUT(p, ",\"dir\":\"server-to-client\"");
  p = NUMBER(p, ",\"cwnd\":", cwnd->cwnd_bytes);
  p = NUMBER(p, ",\"ssthresh\":", cwnd->ssthresh_bytes);
  p = NUMBER(p, ",\"flight\":", cwnd->flight_bytes);
  p = NUMBER(p, ",\"srtt\":", cwnd->srtt_ns);
  p = NUMBER(p, ",\"rto\":", cwnd->rto_ns);
  return TEXT(jsonl, p, ",\"why\":", cwnd->why);
}

static char *put_arp(struct msim__jsonl *jsonl, char *p, const struct msim_trace_arp *arp)
{
  p = TEXT(jsonl, p, ",\"from\":", arp->from);
  p = TEXT(jsonl, p, ",\"to\":", arp->to);
  p = TEXT(jsonl, p, ",\"what\":", arp->what);
  p = TEXT(jsonl, p, ",\"target\":", arp->target);
  p = TEXT(jsonl, p, ",\"reason\":", arp->reason);
  p = TEXT(jsonl, p, ",\"fault\":", arp->fault);
  p = TEXT(jsonl, p, ",\"link\":", arp->link);
  if (arp->operation == 0) /* nothing is known of the frame */
    return p;
  p = msim__jsonl_endpoint(PUT(p, ",\"src\":"), &arp->sender_addr, 0, false);
  p = msim__jsonl_endpoint(PUT(p, ",\"dst\":"), &arp->target_addr, 0, false);
  p = msim__jsonl_macs(PUT(p, ",\"frame\":"), arp->frame_src, arp->frame_dst);
  return msim__jsonl_macs(PUT(p, ",\"macs\":"), arp->sender_mac, arp->target_mac);
}

/* ---- the sink ---- */

static int jsonl_open(void *state, struct msim_sink *sink)
{
  struct msim__jsonl *jsonl = (struct msim__jsonl *)state;
  int err;

  msim__json_init(&jsonl->json, msim__sink_buf(sink), false);
  msim__buf_init(&jsonl->scratch, msim__sink_mem(sink), TEXT_BYTES_MAX);
  err = msim__flow_texts_init(&jsonl->flows, msim__sink_mem(sink));
  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "full-text", &jsonl->full_text);
  if (err == MSIM_OK)
    err = msim__sink_flag(sink, "show-secrets", &jsonl->show_secrets);
  if (err == MSIM_OK)
    err = msim__jsonl_put_header(&jsonl->json, msim_sink_sim(sink), msim__sink_options(sink));
  if (err == MSIM_OK)
    err = msim__sink_buf(sink)->err;
  if (err != MSIM_OK) /* a sink that does not open is not closed */
    msim__flow_texts_release(&jsonl->flows);
  return err;
}

/* `,"kind":"segment"` */
static char *put_kind(char *p, enum msim_trace_kind kind)
{
  switch (kind) {
#define KIND(name, text)                                                                                               \
  case MSIM_TRACE_##name:                                                                                              \
    return PUT(p, ",\"kind\":\"" text "\"");
    MSIM_TRACE_MAP(KIND)
#undef KIND
  case MSIM_TRACE_KINDS:
    break;
  }
  return p;
}

static int jsonl_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct msim__jsonl *jsonl = (struct msim__jsonl *)state;
  char *p;

  (void)sink;
  if (record->kind >= MSIM_TRACE_KINDS)
    return MSIM_OK;
  p = msim__put_uint(PUT(msim__jsonl_place(jsonl), "{\"n\":"), record->n);
  p = msim__put_uint(PUT(p, ",\"t\":"), record->at_ns);
  p = put_kind(p, record->kind);
  switch (record->kind) {
  case MSIM_TRACE_SEGMENT:
  case MSIM_TRACE_DATAGRAM:
  case MSIM_TRACE_ICMP:
  case MSIM_TRACE_FRAGMENT:
    p = msim__jsonl_packet(jsonl, p, record);
    break;
  case MSIM_TRACE_ARP:
    p = put_arp(jsonl, p, &record->u.arp);
    break;
  case MSIM_TRACE_STATE:
    p = put_state(jsonl, p, &record->u.state);
    break;
  case MSIM_TRACE_CWND:
    p = put_cwnd(jsonl, p, &record->u.cwnd);
    break;
  case MSIM_TRACE_APP:
  case MSIM_TRACE_HOST:
  case MSIM_TRACE_FAULT:
  case MSIM_TRACE_CHECK:
  case MSIM_TRACE_MESSAGE:
    p = put_event(jsonl, p, &record->u.event);
    break;
  case MSIM_TRACE_KINDS:
    break;
  }
  msim__jsonl_took(jsonl, PUT(p, "}\n"));
  return jsonl->json.buf->err;
}

static int jsonl_close(void *state, struct msim_sink *sink)
{
  struct msim__jsonl *jsonl = (struct msim__jsonl *)state;

  msim__buf_release(&jsonl->scratch);
  msim__flow_texts_release(&jsonl->flows);
  return msim__sink_buf(sink)->err;
}

static const char *const option_names[] = {"full-text", "show-secrets", NULL};

extern const struct msim_sink_type msim__sink_jsonl;
const struct msim_sink_type msim__sink_jsonl = {
    .name = "jsonl",
    .summary = "one JSON object per record with everything that is known, for programs",
    .state_bytes = sizeof(struct msim__jsonl),
    .open = jsonl_open,
    .record = jsonl_record,
    .close = jsonl_close,
    .options = option_names,
};
