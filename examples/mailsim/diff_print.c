/* diff_print.c: what `mailsim diff` found, for people and for programs. Compares nothing. */
#include "diffs.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN_BYTES 400u /* of a line; around the place that differs */
#define FLOWS_SHOWN 8u
#define CONTEXT_LINES 2

/* ---- lines ---- */

static bool is_inside(char byte)
{
  return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Where the shown part of a line begins. */
static size_t begin_of(const char *text, size_t column)
{
  size_t begin = strlen(text) <= SHOWN_BYTES || column < SHOWN_BYTES / 2 ? 0 : column - SHOWN_BYTES / 4;

  while (begin > 0 && is_inside(text[begin]))
    begin--;
  return begin;
}

static void print_line(const struct output *output, const char *mark, const char *text, size_t column)
{
  char room[SHOWN_BYTES + 1];
  size_t begin = begin_of(text, column), size = strlen(text + begin);

  if (size > SHOWN_BYTES) {
    size = SHOWN_BYTES;
    while (size > 0 && is_inside(text[begin + size]))
      size--;
  }
  memcpy(room, text + begin, size);
  room[size] = '\0';
  fprintf(output->file, "  %s %s", mark, begin > 0 ? "..." : "");
  output_text(output->file, room);
  fputs(text[begin + size] != '\0' ? "...\n" : "\n", output->file);
}

static size_t characters(const char *text, size_t from, size_t to)
{
  size_t count = 0;

  for (; from < to && text[from] != '\0'; from++)
    count += is_inside(text[from]) ? 0 : 1;
  return count;
}

static void print_caret(const struct output *output, const struct msim_diff_place *place, size_t side)
{
  const char *text = place->text[side];
  size_t begin = begin_of(text, place->column[side]), end = begin + SHOWN_BYTES, width, i;

  end = place->column[side] + place->width[side] < end ? place->column[side] + place->width[side] : end;
  width = characters(text, place->column[side], end);
  fputs("    ", output->file);
  for (i = characters(text, begin, place->column[side]) + (begin > 0 ? 3 : 0); i > 0; i--)
    putc(' ', output->file);
  output_style(output, STYLE_BOLD);
  for (i = width > 0 ? width : 1; i > 0; i--)
    putc('^', output->file);
  output_style(output, STYLE_PLAIN);
  fprintf(output->file, " %s\n", place->part);
}

static void print_context(const struct diff_told *told, const struct output *output, int from, int to)
{
  int distance;

  for (distance = from; distance <= to; distance++) {
    bool is_same;
    const char *text = distance == 0 ? NULL : msim_diff_context(told->diff, distance, &is_same);

    if (text == NULL)
      continue;
    output_style(output, STYLE_DIM);
    print_line(output, is_same ? " " : "~", text, 0);
    output_style(output, STYLE_PLAIN);
  }
}

static void print_place(const struct diff_told *told, const struct output *output, const struct msim_diff_place *place)
{
  putc('\n', output->file);
  print_context(told, output, -CONTEXT_LINES, -1);
  output_style(output, STYLE_BAD);
  if (place->text[0] != NULL)
    print_line(output, "-", place->text[0], place->column[0]);
  output_style(output, STYLE_PLAIN);
  output_style(output, STYLE_GOOD);
  if (place->text[1] != NULL)
    print_line(output, "+", place->text[1], place->column[1]);
  output_style(output, STYLE_PLAIN);
  if (place->text[0] != NULL && place->text[1] != NULL)
    print_caret(output, place, 1);
  else
    fprintf(output->file, "    %s\n", place->text[1] != NULL ? "not in the first one" : "not in the second one");
  print_context(told, output, 1, CONTEXT_LINES);
  putc('\n', output->file);
}

/* ---- the parts ---- */

static bool last_view(const struct diff_told *told, unsigned view)
{
  /* what belongs to no view is told only when there is nothing else to tell */
  return view > (unsigned)told->view || (view == MSIM_VIEW_REST && (!told->result.view_differs[MSIM_VIEW_REST] ||
                                                                    told->result.view_differs[MSIM_VIEW_WIRE]));
}

static void print_views(const struct diff_told *told, const struct output *output)
{
  unsigned view;

  output_style(output, told->result.differs ? STYLE_BAD : STYLE_GOOD);
  fputs(told->result.differs ? "DIFFERS" : "SAME", output->file);
  output_style(output, STYLE_PLAIN);
  fputs("  view: ", output->file);
  for (view = 0; view < MSIM_VIEWS && !last_view(told, view); view++) {
    bool differs = told->result.view_differs[view];

    fprintf(output->file, "%s%s ", view > 0 ? " | " : "", msim_view_name((enum msim_view)view));
    output_style(output, differs ? STYLE_BAD : STYLE_PLAIN);
    fputs(differs ? "DIFFERS" : "same", output->file);
    if (differs)
      output_style(output, STYLE_PLAIN);
  }
  putc('\n', output->file);
}

static void print_at(FILE *file, msim_ns at_ns)
{
  fprintf(file, "%" PRIu64 ".%09" PRIu64, at_ns / 1000000000u, at_ns % 1000000000u);
}

static void print_name(FILE *file, const struct msim_diff_place *place)
{
  bool is_flow = strchr(place->flow, '#') != NULL;

  fputs(is_flow ? "flow " : "host ", file);
  if (strchr(place->flow, '>') != NULL && !is_flow)
    fprintf(file, "%s ", place->kind);
  output_text(file, place->flow);
  fputs(is_flow ? strcmp(place->kind, "udp") == 0 ? ", datagram " : ", segment " : ", ", file);
  output_text(file, place->id);
}

static void print_heading(FILE *file, const struct msim_diff_place *place)
{
  fputs("first difference: ", file);
  if (place->line[0] == place->line[1] || place->line[1] == 0)
    fprintf(file, "line %" PRIu64, place->line[0]);
  else if (place->line[0] == 0)
    fprintf(file, "line %" PRIu64 " of the second", place->line[1]);
  else
    fprintf(file, "lines %" PRIu64 " and %" PRIu64, place->line[0], place->line[1]);
  fputs(", t=", file);
  print_at(file, place->text[0] != NULL ? place->at_ns[0] : place->at_ns[1]);
  fputs(", ", file);
  print_name(file, place);
  putc('\n', file);
}

static void begin_part(const struct output *output, const char *name, bool *begun)
{
  if (!*begun)
    output_style(output, STYLE_BOLD);
  fprintf(output->file, "%-9s", *begun ? "" : name);
  if (!*begun)
    output_style(output, STYLE_PLAIN);
  *begun = true;
}

static void print_causes(const struct diff_told *told, const struct output *output)
{
  struct msim_diff_cause cause;
  bool begun = false;
  size_t i;

  for (i = 0; msim_diff_cause_at(told->diff, i, &cause) == MSIM_OK; i++) {
    begin_part(output, "why", &begun);
    output_text(output->file, cause.text);
    if (cause.place[0] != '\0') {
      fputs(" (", output->file);
      output_text(output->file, cause.place);
      putc(')', output->file);
    }
    putc('\n', output->file);
  }
}

static void print_offset(FILE *file, int64_t offset_ns)
{
  uint64_t size = offset_ns < 0 ? 0u - (uint64_t)offset_ns : (uint64_t)offset_ns;
  unsigned digits = 9;
  uint64_t part = size % 1000000000u;

  fprintf(file, "%c%" PRIu64, offset_ns < 0 ? '-' : '+', size / 1000000000u);
  for (; digits > 0 && part % 10 == 0; digits--)
    part /= 10;
  if (digits > 0)
    fprintf(file, ".%0*" PRIu64, (int)digits, part);
  putc('s', file);
}

static void print_count(FILE *file, const char **comma, uint64_t count, const char *what)
{
  if (count == 0)
    return;
  fprintf(file, "%s%" PRIu64 " %s", *comma, count, what);
  *comma = ", ";
}

static void print_flow(FILE *file, const struct msim_diff_flow *flow)
{
  const char *comma = "";

  print_count(file, &comma, flow->extra, "extra");
  if (flow->extra > 0 && flow->extra_id[0] != '\0') {
    fputs(" (", file);
    output_text(file, flow->extra_id);
    putc(')', file);
  }
  print_count(file, &comma, flow->missing, "missing");
  print_count(file, &comma, flow->changed, "changed");
  print_count(file, &comma, flow->moved, "at another time");
  if (comma[0] == '\0')
    fputs("only states of its ends differ", file);
  if (flow->realigned[0] != '\0') {
    fputs(", realigned at ", file);
    output_text(file, flow->realigned);
    if (flow->offset_ns != 0) {
      putc(' ', file);
      print_offset(file, flow->offset_ns);
    }
  } else if (flow->extra + flow->missing + flow->changed > 0) {
    fputs(", and not the same again", file);
  }
  if (flow->end_offset_ns != 0 && flow->end_offset_ns != flow->offset_ns) {
    fputs(", ", file);
    print_offset(file, flow->end_offset_ns);
    fputs(" at its end", file);
  }
}

static void print_flows(const struct diff_told *told, const struct output *output)
{
  uint64_t others = told->result.differing_count > 0 ? told->result.differing_count - 1 : 0;
  struct msim_diff_flow flow;
  bool begun = false;
  size_t i;

  if (msim_diff_flow_at(told->diff, 0, &flow) != MSIM_OK)
    return;
  begin_part(output, "after", &begun);
  print_flow(output->file, &flow);
  if (others == 0)
    fputs("; nothing else differs\n", output->file);
  else
    fprintf(output->file, "; %" PRIu64 " of %" PRIu64 " others differ\n", others, told->result.flow_count - 1);
  for (i = 1; i <= FLOWS_SHOWN && msim_diff_flow_at(told->diff, i, &flow) == MSIM_OK; i++) {
    begin_part(output, "", &begun);
    fprintf(output->file, "%s %s ", msim_view_name(flow.view), flow.kind);
    output_text(output->file, flow.name);
    fputs(": ", output->file);
    print_flow(output->file, &flow);
    putc('\n', output->file);
  }
  if (others > FLOWS_SHOWN) {
    begin_part(output, "", &begun);
    fprintf(output->file, "and %" PRIu64 " more (--json has all)\n", others - FLOWS_SHOWN);
  }
}

/* The smaller views begin to differ later, mostly. */
static void print_then(const struct diff_told *told, const struct output *output, const struct msim_diff_place *shown)
{
  struct msim_diff_place place;
  bool begun = false;
  unsigned view;

  for (view = shown->view; view-- > 0;) {
    if (!told->result.view_differs[view] || msim_diff_first(told->diff, (enum msim_view)view, &place) != MSIM_OK)
      continue;
    begin_part(output, "then", &begun);
    fprintf(output->file, "%s differs from t=", msim_view_name((enum msim_view)view));
    print_at(output->file, place.text[0] != NULL ? place.at_ns[0] : place.at_ns[1]);
    fputs(" on: ", output->file);
    print_name(output->file, &place);
    fprintf(output->file, " (%s)\n", place.part);
  }
}

/* A word of a shell. */
static void print_quoted(FILE *file, const char *text)
{
  if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:,=@")] == '\0') {
    output_text(file, text);
    return;
  }
  putc('\'', file);
  for (; *text != '\0'; text++) {
    char one[2] = {*text, '\0'};

    if (*text == '\'')
      fputs("'\\''", file);
    else if (is_inside(*text) || (unsigned char)*text >= 0x80)
      putc(*text, file);
    else
      output_text(file, one);
  }
  putc('\'', file);
}

static void print_faults(const struct diff_told *told, FILE *file)
{
  size_t i;

  for (i = 0; i < told->fault_count; i++) {
    fputs(" --fault ", file);
    print_quoted(file, told->faults[i]);
  }
}

/* As `mailsim accept` names them: world.golden beside world.yaml. */
static bool is_golden_of(const char *golden, const char *topology)
{
  size_t stem_bytes = strlen(golden) - strlen(".golden");

  return strncmp(golden, topology, stem_bytes) == 0 &&
         (strcmp(topology + stem_bytes, ".yaml") == 0 || strcmp(topology + stem_bytes, ".yml") == 0);
}

static void print_try(const struct diff_told *told, const struct output *output, const struct msim_diff_place *place)
{
  const struct diff_operand *a = &told->operands[0], *b = &told->operands[1];
  FILE *file = output->file;
  bool begun = false;

  if (place != NULL && strchr(place->flow, '#') != NULL && strchr(place->flow, '\'') == NULL && !b->is_text &&
      strcmp(b->path, "-") != 0) {
    begin_part(output, "try", &begun);
    fputs(b->is_topology ? "mailsim run " : "mailsim show ", file);
    print_quoted(file, b->path);
    print_faults(told, file);
    fputs(b->is_topology ? " --trace 'ladder:-,all,conn=" : " --conn '", file);
    output_text(file, place->flow);
    fputs("'\n", file);
  }
  if (a->is_topology && b->is_topology && strcmp(a->path, b->path) != 0) {
    begin_part(output, "try", &begun);
    fputs("diff -u ", file);
    print_quoted(file, a->path);
    putc(' ', file);
    print_quoted(file, b->path);
    putc('\n', file);
  }
  if (a->is_golden && is_golden_of(a->path, b->path)) {
    begin_part(output, "try", &begun);
    fputs("mailsim accept ", file);
    print_quoted(file, b->path);
    fputs(" (when what it does now is right)\n", file);
  } else if (!a->is_topology && b->is_topology && strcmp(a->path, "-") != 0 && told->fault_count == 0 &&
             !a->is_golden) {
    begin_part(output, "try", &begun);
    fputs("mailsim run ", file);
    print_quoted(file, b->path);
    fprintf(file, " --trace %s:", a->is_text ? "text" : "jsonl");
    print_quoted(file, a->path);
    fputs(" (when what it does now is right)\n", file);
  }
}

static void print_notes(const struct diff_told *told, const struct output *output)
{
  const char *note;
  bool begun = false;
  size_t i;

  for (i = 0; (note = msim_diff_note_at(told->diff, i)) != NULL; i++) {
    begin_part(output, "note", &begun);
    output_text(output->file, note);
    putc('\n', output->file);
  }
}

void diff_print(const struct diff_told *told, const struct output *output, bool quiet)
{
  struct msim_diff_place place;
  bool is_shown = msim_diff_first(told->diff, told->view, &place) == MSIM_OK;
  const char *state = msim_diff_state(told->diff);
  bool begun = false;

  print_views(told, output);
  if (quiet)
    return;
  if (told->result.differs) {
    if (is_shown) {
      print_heading(output->file, &place);
      print_place(told, output, &place);
    }
    print_causes(told, output);
    if (is_shown && state[0] != '\0') {
      begin_part(output, "state", &begun);
      output_text(output->file, state);
      putc('\n', output->file);
    }
    print_flows(told, output);
    if (is_shown)
      print_then(told, output, &place);
    print_try(told, output, is_shown ? &place : NULL);
  }
  print_notes(told, output);
}

/* ---- for programs ---- */

static void put_pair(FILE *file, const char *name, uint64_t a, uint64_t b, bool has_a, bool has_b)
{
  fprintf(file, ",\"%s\":[", name);
  if (has_a)
    fprintf(file, "%" PRIu64, a);
  else
    fputs("null", file);
  if (has_b)
    fprintf(file, ",%" PRIu64 "]", b);
  else
    fputs(",null]", file);
}

static void put_place(FILE *file, const struct msim_diff_place *place)
{
  bool has_a = place->text[0] != NULL, has_b = place->text[1] != NULL;
  size_t i;

  fprintf(file, "{\"view\":\"%s\",\"kind\":", msim_view_name(place->view));
  output_json_text(file, place->kind);
  fputs(",\"flow\":", file);
  output_json_text(file, place->flow);
  fputs(",\"id\":", file);
  output_json_text(file, place->id);
  fprintf(file, ",\"part\":\"%s\"", place->part);
  put_pair(file, "line", place->line[0], place->line[1], has_a, has_b);
  put_pair(file, "at_ns", place->at_ns[0], place->at_ns[1], has_a, has_b);
  put_pair(file, "column", place->column[0], place->column[1], has_a, has_b);
  put_pair(file, "width", place->width[0], place->width[1], has_a, has_b);
  fputs(",\"text\":[", file);
  for (i = 0; i < 2; i++) {
    fputs(i > 0 ? "," : "", file);
    if (place->text[i] != NULL)
      output_json_text(file, place->text[i]);
    else
      fputs("null", file);
  }
  fputs("]}", file);
}

static void put_firsts(const struct diff_told *told, FILE *file)
{
  struct msim_diff_place place;
  const char *comma = "";
  unsigned view;

  fputs(",\"first\":{", file);
  for (view = 0; view <= (unsigned)told->view; view++) {
    if (msim_diff_first(told->diff, (enum msim_view)view, &place) != MSIM_OK)
      continue;
    fprintf(file, "%s\"%s\":", comma, msim_view_name((enum msim_view)view));
    put_place(file, &place);
    comma = ",";
  }
  fputs("}", file);
}

static void put_flows(const struct diff_told *told, FILE *file)
{
  struct msim_diff_flow flow;
  size_t i;

  fprintf(file, ",\"flow_count\":%" PRIu64 ",\"flows\":[", told->result.flow_count);
  for (i = 0; msim_diff_flow_at(told->diff, i, &flow) == MSIM_OK; i++) {
    fprintf(file, "%s{\"kind\":", i > 0 ? "," : "");
    output_json_text(file, flow.kind);
    fputs(",\"flow\":", file);
    output_json_text(file, flow.name);
    fprintf(file,
            ",\"view\":\"%s\",\"extra\":%" PRIu64 ",\"missing\":%" PRIu64 ",\"changed\":%" PRIu64 ",\"moved\":%" PRIu64
            ",\"extra_id\":",
            msim_view_name(flow.view), flow.extra, flow.missing, flow.changed, flow.moved);
    output_json_text(file, flow.extra_id);
    fputs(",\"realigned\":", file);
    output_json_text(file, flow.realigned);
    fprintf(file, ",\"offset_ns\":%" PRId64 ",\"end_offset_ns\":%" PRId64 "}", flow.offset_ns, flow.end_offset_ns);
  }
  fputs("]", file);
}

void diff_print_json(const struct diff_told *told, FILE *file)
{
  struct msim_diff_cause cause;
  const char *note;
  unsigned view;
  size_t i;

  fprintf(file, "{\"differs\":%s,\"views\":{", told->result.differs ? "true" : "false");
  for (view = 0; view <= (unsigned)told->view; view++)
    fprintf(file, "%s\"%s\":%s", view > 0 ? "," : "", msim_view_name((enum msim_view)view),
            told->result.view_differs[view] ? "true" : "false");
  fprintf(file, "},\"lines\":[%" PRIu64 ",%" PRIu64 "]", told->result.line_count[0], told->result.line_count[1]);
  put_firsts(told, file);
  fputs(",\"why\":[", file);
  for (i = 0; msim_diff_cause_at(told->diff, i, &cause) == MSIM_OK; i++) {
    fputs(i > 0 ? ",{\"text\":" : "{\"text\":", file);
    output_json_text(file, cause.text);
    fputs(",\"place\":", file);
    output_json_text(file, cause.place);
    putc('}', file);
  }
  fputs("],\"state\":", file);
  output_json_text(file, msim_diff_state(told->diff));
  put_flows(told, file);
  fputs(",\"notes\":[", file);
  for (i = 0; (note = msim_diff_note_at(told->diff, i)) != NULL; i++) {
    fputs(i > 0 ? "," : "", file);
    output_json_text(file, note);
  }
  fputs("]}\n", file);
}
