/* diff_flows.c: what differs in each flow from its first difference on: lines too many, missing, changed, moved, and
 * where both go on alike. Chooses nothing. */
#include "check/diff.h"

#include <stdlib.h> /* qsort */
#include <string.h>

/* What is behind the first difference of a stream: a piece in the middle, and an end that is alike. */
struct tail {
  struct msim__diff_pair first;
  uint64_t middle[2], alike_count, moved;
  uint32_t alike[2]; /* the first lines that are alike; 0: none */
};

static struct msim__diff_words words_of(const struct msim_diff *diff, size_t side, uint32_t line)
{
  struct msim__diff_words words;

  (void)msim__diff_words_of(msim__diff_text_of(&diff->side[side], line), &words);
  return words;
}

static int64_t offset(const struct msim_diff *diff, const uint32_t line[2])
{
  return (int64_t)(diff->side[1].lines[line[1] - 1].at_ns - diff->side[0].lines[line[0] - 1].at_ns);
}

static uint64_t size_of(int64_t offset_ns)
{
  return offset_ns < 0 ? 0u - (uint64_t)offset_ns : (uint64_t)offset_ns;
}

static bool first_of(const struct msim__diff_stream *stream, unsigned views, struct msim__diff_pair *out)
{
  bool found = false;
  unsigned view;

  for (view = 0; view < MSIM_VIEWS; view++) {
    if ((stream->views & views & 1u << view) == 0 || (found && stream->differs[view].index >= out->index))
      continue;
    *out = stream->differs[view];
    found = true;
  }
  return found;
}

static void measure(const struct msim_diff *diff, const struct msim__diff_stream *stream, struct tail *tail)
{
  uint32_t at[2] = {stream->last[0], stream->last[1]};
  size_t i;

  for (i = 0; i < 2; i++)
    tail->middle[i] = stream->count[i] > tail->first.index ? stream->count[i] - tail->first.index : 0;
  while (tail->middle[0] > 0 && tail->middle[1] > 0) {
    struct msim__diff_words a = words_of(diff, 0, at[0]), b = words_of(diff, 1, at[1]);

    if (!msim__diff_alike(&a, &b))
      break;
    if (!msim__diff_same(msim__diff_text_of(&diff->side[0], at[0]), msim__diff_text_of(&diff->side[1], at[1])))
      tail->moved++;
    for (i = 0; i < 2; i++) {
      tail->middle[i]--;
      tail->alike[i] = at[i];
      at[i] = diff->side[i].lines[at[i] - 1].previous;
    }
    tail->alike_count++;
  }
}

static bool is_repeated(const struct msim_diff *diff, uint32_t line)
{
  return line != 0 && words_of(diff, 1, line).part[MSIM__DIFF_NOTE].size_bytes > 0;
}

/* "s3 rtx s2": the first retransmission among those that are too many, or the one that stands for a segment that did
 * not arrive; else the first of them. */
static const char *extra_of(struct msim_diff *diff, const struct tail *tail)
{
  uint32_t line = tail->first.line[1], chosen = line;
  struct msim__diff_words words;
  struct msim_slice id, note;
  uint64_t i;

  for (i = 0; i < tail->middle[1] && line != 0 && !is_repeated(diff, line); i++)
    line = diff->side[1].lines[line - 1].next;
  if (is_repeated(diff, line))
    chosen = line;
  if (chosen == 0)
    return "";
  words = words_of(diff, 1, chosen);
  id = words.part[MSIM__DIFF_ID];
  note = words.part[MSIM__DIFF_NOTE];
  if (note.size_bytes == 0)
    return msim__diff_printf(diff, "%.*s", (int)id.size_bytes, id.size_bytes > 0 ? (const char *)id.data : "");
  return msim__diff_printf(diff, "%.*s %.*s", (int)id.size_bytes, (const char *)id.data, (int)note.size_bytes,
                           (const char *)note.data);
}

static bool is_counted(enum msim__diff_kind kind)
{
  return kind != MSIM__DIFF_TCP_STATE && kind != MSIM__DIFF_LATE && kind != MSIM__DIFF_FWD;
}

static int add_stream(struct msim_diff *diff, const struct msim__diff_stream *stream, unsigned views,
                      struct msim_diff_flow *flow, msim_ns *realigned_ns, bool *never)
{
  struct tail tail;
  uint64_t both;
  uint32_t last[2] = {stream->last[0], stream->last[1]};

  memset(&tail, 0, sizeof tail);
  if (!first_of(stream, views, &tail.first))
    return MSIM_OK;
  measure(diff, stream, &tail);
  both = tail.middle[0] < tail.middle[1] ? tail.middle[0] : tail.middle[1];
  flow->changed += both;
  flow->missing += tail.middle[0] - both;
  flow->extra += tail.middle[1] - both;
  flow->moved += tail.moved;
  if (last[0] != 0 && last[1] != 0 && size_of(offset(diff, last)) > size_of(flow->end_offset_ns))
    flow->end_offset_ns = offset(diff, last);
  if (tail.middle[1] > both && flow->extra_id[0] == '\0')
    flow->extra_id = extra_of(diff, &tail);
  if (flow->extra_id == NULL)
    return MSIM_ERR_NOMEM;
  if (tail.middle[0] + tail.middle[1] == 0)
    return MSIM_OK;
  if (tail.alike_count == 0) {
    *never = true;
  } else if (diff->side[1].lines[tail.alike[1] - 1].at_ns >= *realigned_ns) {
    struct msim_slice id = words_of(diff, 1, tail.alike[1]).part[MSIM__DIFF_ID];

    *realigned_ns = diff->side[1].lines[tail.alike[1] - 1].at_ns;
    flow->offset_ns = offset(diff, tail.alike);
    flow->realigned = msim__diff_printf(diff, "%.*s", (int)id.size_bytes, id.data != NULL ? (const char *)id.data : "");
  }
  return flow->realigned != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

static int tell(struct msim_diff *diff, uint32_t number)
{
  const struct msim__diff_flow *from = &diff->flows[number];
  unsigned views = 0, asked = msim__diff_views_to(diff->view), view;
  struct msim_diff_flow *flow;
  msim_ns realigned_ns = 0;
  bool never = false;
  uint32_t i;
  int err;

  for (i = from->first_stream; i != 0; i = diff->streams[i - 1].next)
    views |= diff->streams[i - 1].views & asked;
  if (views == 0)
    return MSIM_OK;
  err = msim__grow(&diff->mem, &diff->told_flows, &diff->told_flow_capacity, diff->told_flow_count + 1,
                   MSIM__DIFF_STREAMS_MAX, sizeof *diff->told_flows);
  if (err != MSIM_OK)
    return err;
  flow = &diff->told_flows[diff->told_flow_count];
  memset(flow, 0, sizeof *flow);
  flow->kind = from->kind;
  flow->name = from->name;
  flow->extra_id = flow->realigned = "";
  for (view = 0; (views & 1u << view) == 0; view++)
    ;
  flow->view = (enum msim_view)view;
  for (i = from->first_stream; i != 0 && err == MSIM_OK; i = diff->streams[i - 1].next)
    if (is_counted(diff->streams[i - 1].kind))
      err = add_stream(diff, &diff->streams[i - 1], views, flow, &realigned_ns, &never);
  if (never)
    flow->realigned = "";
  if (err == MSIM_OK)
    diff->told_flow_count++;
  return err;
}

static int by_name(const void *a, const void *b)
{
  const struct msim_diff_flow *x = a, *y = b;
  int order = strcmp(x->name, y->name);

  return order != 0 ? order : strcmp(x->kind, y->kind);
}

int msim__diff_tell_flows(struct msim_diff *diff)
{
  uint32_t shown = diff->shown_stream != 0 ? diff->streams[diff->shown_stream - 1].flow : UINT32_MAX, i;
  size_t first;
  int err = MSIM_OK;

  if (shown != UINT32_MAX)
    err = tell(diff, shown);
  first = diff->told_flow_count;
  for (i = 0; i < diff->flow_count && err == MSIM_OK; i++)
    if (i != shown)
      err = tell(diff, i);
  if (diff->told_flow_count > first)
    qsort(diff->told_flows + first, diff->told_flow_count - first, sizeof *diff->told_flows, by_name);
  diff->result.flow_count = diff->flow_count;
  diff->result.differing_count = diff->told_flow_count;
  return err;
}
