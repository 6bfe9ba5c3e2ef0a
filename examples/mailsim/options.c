/* options.c: reading the command line. Knows no verb's options: each verb has its table. */
#include "command.h"

#include <errno.h>
#include <string.h>

#define NAME_BYTES_MAX 40

/* Letters inserted, removed, replaced, or two neighbours swapped, each counts one (restricted Damerau-Levenshtein). */
static size_t distance(const char *a, const char *b)
{
  size_t rows[3][NAME_BYTES_MAX + 1];
  size_t *before = rows[0], *last = rows[1], *now = rows[2], *spare;
  size_t a_bytes = strlen(a), b_bytes = strlen(b), i, k;

  if (a_bytes > NAME_BYTES_MAX || b_bytes > NAME_BYTES_MAX)
    return NAME_BYTES_MAX;
  for (k = 0; k <= b_bytes; k++)
    last[k] = before[k] = k;
  for (i = 1; i <= a_bytes; i++) {
    now[0] = i;
    for (k = 1; k <= b_bytes; k++) {
      size_t least = last[k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1);

      least = last[k] + 1 < least ? last[k] + 1 : least;
      least = now[k - 1] + 1 < least ? now[k - 1] + 1 : least;
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] && before[k - 2] + 1 < least)
        least = before[k - 2] + 1;
      now[k] = least;
    }
    spare = before;
    before = last;
    last = now;
    now = spare;
  }
  return last[b_bytes];
}

const char *nearest_name(const char *word, const char *const *names)
{
  const char *best = NULL;
  size_t least = SIZE_MAX;

  for (; *names != NULL; names++) {
    size_t far = distance(word, *names), longer = strlen(word) > strlen(*names) ? strlen(word) : strlen(*names);

    if (far < least && far * 3 <= longer + 2) {
      least = far;
      best = *names;
    }
  }
  return best;
}

static const struct option *find_option(const struct option *options, const char *name, size_t name_bytes)
{
  for (; options->name != NULL; options++)
    if (strlen(options->name) == name_bytes && memcmp(options->name, name, name_bytes) == 0)
      return options;
  return NULL;
}

static enum argument_kind unknown_option(const char *text, size_t name_bytes, const struct option *options)
{
  const char *names[64], *near;
  char name[NAME_BYTES_MAX + 1];
  size_t count = 0;

  for (; options->name != NULL && count + 1 < sizeof names / sizeof names[0]; options++)
    names[count++] = options->name;
  names[count] = NULL;
  if (name_bytes > NAME_BYTES_MAX)
    name_bytes = NAME_BYTES_MAX;
  memcpy(name, text, name_bytes);
  name[name_bytes] = '\0';
  near = nearest_name(name, names);
  if (near != NULL)
    complain("there is no option --%s; did you mean --%s?", name, near);
  else
    complain("there is no option --%s; see --help", name);
  return ARGUMENT_WRONG;
}

/* -o and --output, which every verb has: what would go to standard output goes to a file. false: said on stderr. */
static bool redirect(const char *path)
{
  if (strcmp(path, "-") == 0 || freopen(path, "w", stdout) != NULL)
    return true;
  complain("--output: %s cannot be written: %s", path, strerror(errno));
  return false;
}

/* The long name of a short option, with its value right behind it or NULL; NULL: there is none. */
static const char *long_name(const char *text, const char **value)
{
  static const struct {
    char letter;
    const char *name;
  } shorts[] = {{'h', "help"}, {'j', "jobs"}, {'o', "output"}, {'q', "quiet"}};
  size_t i;

  for (i = 0; i < sizeof shorts / sizeof shorts[0]; i++)
    if (text[1] == shorts[i].letter) {
      *value = text[2] != '\0' ? text + 2 : NULL;
      return shorts[i].name;
    }
  return NULL;
}

bool arguments_ask_help(const struct arguments *arguments)
{
  int i;

  for (i = arguments->next; i < arguments->count && strcmp(arguments->items[i], "--") != 0; i++)
    if (strcmp(arguments->items[i], "--help") == 0 || strcmp(arguments->items[i], "-h") == 0)
      return true;
  return false;
}

enum argument_kind argument_next(struct arguments *arguments, const struct option *options,
                                 const struct option **option, const char **value)
{
  static const struct option output = {"output", "FILE", NULL};
  const char *text, *given = NULL, *name;
  size_t name_bytes;
  bool is_short;

  if (arguments->next >= arguments->count)
    return ARGUMENT_END;
  text = arguments->items[arguments->next++];
  *value = text;
  if (!arguments->operands_only && strcmp(text, "--") == 0) {
    arguments->operands_only = true;
    return argument_next(arguments, options, option, value);
  }
  if (arguments->operands_only || text[0] != '-' || text[1] == '\0')
    return ARGUMENT_OPERAND;
  is_short = text[1] != '-';
  name = is_short ? long_name(text, &given) : text + 2;
  if (name == NULL) {
    complain("there is no option %s; see --help", text);
    return ARGUMENT_WRONG;
  }
  name_bytes = strcspn(name, "=");
  if (!is_short && name[name_bytes] == '=')
    given = name + name_bytes + 1;
  *option = name_bytes == 6 && memcmp(name, output.name, 6) == 0 ? &output : find_option(options, name, name_bytes);
  if (*option == NULL)
    return unknown_option(name, name_bytes, options);
  if ((*option)->value == NULL && given != NULL) {
    complain("--%s takes no value", (*option)->name);
    return ARGUMENT_WRONG;
  }
  *value = given;
  if ((*option)->value != NULL && given == NULL) {
    if (arguments->next >= arguments->count) {
      complain("--%s needs a value: %s", (*option)->name, (*option)->value);
      return ARGUMENT_WRONG;
    }
    *value = arguments->items[arguments->next++];
  }
  if (*option == &output)
    return redirect(*value) ? argument_next(arguments, options, option, value) : ARGUMENT_WRONG;
  return ARGUMENT_OPTION;
}

bool parse_count(const char *text, uint64_t *out)
{
  uint64_t value = 0;

  if (*text == '\0')
    return false;
  for (; *text != '\0'; text++) {
    uint64_t digit = (uint64_t)(*text - '0');

    if (*text < '0' || *text > '9' || value > (UINT64_MAX - digit) / 10)
      return false;
    value = value * 10 + digit;
  }
  *out = value;
  return true;
}

/* Digits, perhaps a point and more digits, times the unit; exact, or false. */
bool parse_time(const char *text, msim_ns *out)
{
  static const struct {
    const char *name;
    uint64_t ns;
  } units[] = {{"ns", 1},
               {"us", 1000},
               {"ms", 1000000},
               {"s", 1000000000},
               {"min", UINT64_C(60000000000)},
               {"h", UINT64_C(3600000000000)},
               {"d", UINT64_C(86400000000000)}};
  uint64_t whole = 0, part = 0, scale;
  size_t i;
  const char *start = text;

  if (strcmp(text, "quiet") == 0) {
    *out = MSIM_NEVER;
    return true;
  }
  for (; *text >= '0' && *text <= '9'; text++) {
    if (whole > INT64_MAX / 10 - 1)
      return false;
    whole = whole * 10 + (uint64_t)(*text - '0');
  }
  if (text == start)
    return false;
  start = *text == '.' ? ++text : text;
  for (; *text >= '0' && *text <= '9'; text++)
    ;
  for (i = 0; i < sizeof units / sizeof units[0]; i++)
    if (strcmp(text, units[i].name) == 0)
      break;
  if (i == sizeof units / sizeof units[0] || (start[-1] == '.' && start == text))
    return false;
  for (scale = units[i].ns; start < text; start++) {
    if (scale % 10 != 0)
      return false;
    scale /= 10;
    part += scale * (uint64_t)(*start - '0');
  }
  if (whole > ((uint64_t)INT64_MAX - part) / units[i].ns)
    return false;
  *out = whole * units[i].ns + part;
  return true;
}
