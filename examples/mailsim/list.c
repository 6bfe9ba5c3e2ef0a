/* list.c: `mailsim list`: what this build knows: agents and faults with their keys, sinks, congestion controls, rules.
 * The topologies are list_topologies.c. */
#include "command.h"

#include <string.h>

#define FIELD_DEPTH_MAX 8u

static const struct option options[] = {
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

static const char *const kinds[] = {"agents",     "faults",     "sites",      "sinks",
                                    "congestion", "invariants", "topologies", NULL};

static const char *kind_text(enum msim_field_kind kind)
{
  static const char *const texts[] = {"true or false", "number",         "duration", "size", "rate",
                                      "share",         "text",           "word",     "host", "address/prefix",
                                      "list",          "map from names", "map"};

  return (size_t)kind < sizeof texts / sizeof texts[0] ? texts[kind] : "?";
}

/* The item of a list or map has a key for messages only; it is never written and never absent. */
static void print_field(const struct output *output, const struct msim_field *field, unsigned depth, bool is_item)
{
  size_t i;

  fprintf(output->file, "%*s", (int)(2 + 2 * depth), "");
  output_style(output, STYLE_GOOD);
  fputs(is_item ? "each" : field->key, output->file);
  output_style(output, STYLE_PLAIN);
  fprintf(output->file, ": %s", kind_text(field->kind));
  for (i = 0; field->kind == MSIM_FIELD_ENUM && field->names != NULL && field->names[i] != NULL; i++)
    fprintf(output->file, "%s%s", i == 0 ? " (" : " ", field->names[i]);
  fputs(i > 0 ? ")" : "", output->file);
  if (field->fallback == NULL && !is_item)
    fputs(", required", output->file);
  else if (field->fallback != NULL && field->fallback[0] != '\0' && strcmp(field->fallback, "\"\"") != 0)
    fprintf(output->file, ", default %s", field->fallback);
  if (field->help != NULL) {
    output_style(output, STYLE_DIM);
    fprintf(output->file, "  %s", field->help);
    output_style(output, STYLE_PLAIN);
  }
  putc('\n', output->file);
}

/* Keys inside of keys are indented. The item of a list or map is described by one field. */
static void print_fields(const struct output *output, const struct msim_field *fields, unsigned depth)
{
  for (; fields != NULL && fields->key != NULL && depth < FIELD_DEPTH_MAX; fields++) {
    const struct msim_field *item = fields->item;
    unsigned inner = depth + 1;

    print_field(output, fields, depth, false);
    if (fields->kind == MSIM_FIELD_STRUCT)
      print_fields(output, item, inner);
    while (item != NULL && (fields->kind == MSIM_FIELD_LIST || fields->kind == MSIM_FIELD_MAP)) {
      print_field(output, item, inner++, true);
      if (item->kind == MSIM_FIELD_STRUCT)
        print_fields(output, item->item, inner);
      item = (item->kind == MSIM_FIELD_LIST || item->kind == MSIM_FIELD_MAP) && inner < FIELD_DEPTH_MAX ? item->item
                                                                                                        : NULL;
    }
  }
}

static void print_head(const struct output *output, const char *name, const char *summary)
{
  output_style(output, STYLE_BOLD);
  fputs(name, output->file);
  output_style(output, STYLE_PLAIN);
  fprintf(output->file, "%s%s\n", summary != NULL ? "  " : "", summary != NULL ? summary : "");
}

static void list_agents(const struct output *output, const struct msim_sim *sim)
{
  const struct msim_agent_type *type;
  size_t i;

  for (i = 0; (type = msim_agent_type_at(sim, i)) != NULL; i++) {
    print_head(output, type->name, type->summary);
    print_fields(output, type->fields, 0);
  }
}

static void list_faults(const struct output *output, const struct msim_sim *sim)
{
  struct msim_fault_info kind;
  size_t i;

  for (i = 0; msim_fault_kind_at(sim, i, &kind); i++) {
    print_head(output, kind.name, kind.summary);
    print_fields(output, kind.fields, 0);
  }
}

static void list_sites(const struct output *output)
{
  struct msim_fault_site_info site;
  size_t i;

  for (i = 0; msim_fault_site_at(i, &site); i++)
    print_head(output, site.name, site.summary);
}

static void list_sinks(const struct output *output, const struct msim_sim *sim)
{
  const struct msim_sink_type *type;
  size_t i, k;

  for (i = 0; (type = msim_sink_type_at(sim, i)) != NULL; i++) {
    print_head(output, type->name, type->summary);
    for (k = 0; type->options != NULL && type->options[k] != NULL; k++)
      fprintf(output->file, "%s%s", k == 0 ? "  options: " : ", ", type->options[k]);
    fputs(k > 0 ? "\n" : "", output->file);
  }
}

static void list_congestion(const struct output *output, const struct msim_sim *sim)
{
  const struct msim_cc_type *type;
  size_t i;

  for (i = 0; (type = msim_cc_type_at(sim, i)) != NULL; i++)
    print_head(output, type->name, type->summary);
}

static void list_invariants(const struct output *output)
{
  const struct msim_invariant *rule;
  size_t i;

  for (i = 0; (rule = msim_invariant_at(i)) != NULL; i++)
    print_head(output, rule->id, rule->about);
}

/* ---- the verb ---- */

static int list(const char *kind)
{
  struct output output;
  struct msim_sim *sim = NULL;
  const char *near;
  size_t i;
  int code = EXIT_FINE;

  for (i = 0; kinds[i] != NULL && strcmp(kinds[i], kind) != 0; i++)
    ;
  if (kinds[i] == NULL) {
    near = nearest_name(kind, kinds);
    complain("list: there is no kind \"%s\"%s%s%s", kind,
             near != NULL ? "; did you mean \"" : "; see mailsim list --help", near != NULL ? near : "",
             near != NULL ? "\"?" : "");
    return EXIT_UNUSABLE;
  }
  if (msim_sim_new(&sim, NULL) != MSIM_OK) {
    complain("out of memory");
    return EXIT_UNUSABLE;
  }
  output_init(&output, stdout);
  if (i == 0)
    list_agents(&output, sim);
  else if (i == 1)
    list_faults(&output, sim);
  else if (i == 2)
    list_sites(&output);
  else if (i == 3)
    list_sinks(&output, sim);
  else if (i == 4)
    list_congestion(&output, sim);
  else if (i == 5)
    list_invariants(&output);
  else
    code = list_topologies(&output);
  msim_sim_free(sim);
  return close_output(stdout, code);
}

int verb_list(struct arguments *arguments)
{
  const struct option *option = NULL;
  const char *value = NULL, *kind = NULL;
  enum argument_kind got;

  while ((got = argument_next(arguments, options, &option, &value)) != ARGUMENT_END) {
    if (got == ARGUMENT_WRONG)
      return EXIT_UNUSABLE;
    if (got == ARGUMENT_OPTION) {
      print_usage(
          "list agents|faults|sites|sinks|congestion|invariants|topologies",
          "Lists what this build knows: agents and faults with their keys, the sites of the fault buggify, forms of\n"
          "traces, congestion controls, the rules that every run is judged by, and the topologies in the folder\n"
          "topologies/ here or else those that were installed.",
          options);
      return close_output(stdout, EXIT_FINE);
    }
    if (kind != NULL) {
      complain("list: one kind at a time; %s is one too many", value);
      return EXIT_UNUSABLE;
    }
    kind = value;
  }
  if (kind == NULL) {
    complain("list: of what? agents, faults, sites, sinks, congestion, invariants or topologies");
    return EXIT_UNUSABLE;
  }
  return list(kind);
}
