/* yaml_read.c: see yaml_read.h. */
#include "text/yaml_read.h"
#include "text/diag.h"
#include "text/escape.h"
#include "text/suggest.h"
#include "text/units.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 48 /* of foreign words in a sentence */

static int complain(const struct msim__yaml_node *node, const char *what, struct msim_diag *diag, const char *format,
                    ...) MSIM_PRINTF(4, 5);

void msim__yaml_finding(struct msim_diag *diag, const struct msim__yaml_node *node, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  msim__diag_set_args(diag, node->file, node->line, node->column, format, args);
  va_end(args);
}

/* As above, with "what: " in front. */
static int complain(const struct msim__yaml_node *node, const char *what, struct msim_diag *diag, const char *format,
                    ...)
{
  struct msim_diag sentence;
  va_list args;

  va_start(args, format);
  msim__diag_set_args(&sentence, node->file, node->line, node->column, format, args);
  va_end(args);
  msim__yaml_finding(diag, node, "%s%s%s", what != NULL ? what : "", what != NULL ? ": " : "", sentence.text);
  return MSIM_ERR_SYNTAX;
}

static const char *shown(char *out, const struct msim__yaml_node *node)
{
  (void)msim__escape_short(out, SHOWN_BYTES, msim__yaml_slice(node));
  return out;
}

static const char *kind_text(const struct msim__yaml_node *node)
{
  switch ((enum msim__yaml_kind)node->kind) {
  case MSIM__YAML_LIST:
    return "a list";
  case MSIM__YAML_MAP:
    return "a map";
  case MSIM__YAML_SCALAR:
    break;
  }
  return msim__yaml_is_null(node) ? "nothing" : "a single value";
}

/* A scalar that is there, or the sentence that wanted is expected. */
static int need_scalar(const struct msim__yaml_node *node, const char *what, const char *wanted, struct msim_diag *diag)
{
  if (node->kind == MSIM__YAML_SCALAR && !msim__yaml_is_null(node))
    return 0;
  return complain(node, what, diag, "%s is expected here, not %s", wanted, kind_text(node));
}

int msim__yaml_read_kind(const struct msim__yaml_node *node, const char *what, enum msim__yaml_kind kind,
                         struct msim_diag *diag)
{
  static const char *const names[] = {"a single value", "a list", "a map"};

  if (node->kind == (uint8_t)kind)
    return 0;
  return complain(node, what, diag, "%s is expected here, not %s", names[kind], kind_text(node));
}

static bool is_one_of(const struct msim__yaml_node *node, const char *const *words)
{
  for (; *words != NULL; words++)
    if (msim__yaml_is_text(node, *words))
      return true;
  return false;
}

int msim__yaml_read_bool(const struct msim__yaml_node *node, const char *what, bool *out, struct msim_diag *diag)
{
  static const char *const yes[] = {"yes", "Yes", "YES", "y", "Y", "on", "On", "ON", "True", "TRUE", "1", NULL};
  static const char *const no[] = {"no", "No", "NO", "n", "N", "off", "Off", "OFF", "False", "FALSE", "0", NULL};
  char word[SHOWN_BYTES];
  bool truth = msim__yaml_is_text(node, "true");

  if (need_scalar(node, what, "true or false", diag) < 0)
    return MSIM_ERR_SYNTAX;
  if (truth || msim__yaml_is_text(node, "false")) {
    if (!node->plain)
      return complain(node, what, diag, "write %s without quotes", truth ? "true" : "false");
    *out = truth;
    return 0;
  }
  if (is_one_of(node, yes) || is_one_of(node, no))
    return complain(node, what, diag, "write %s, not \"%s\"", is_one_of(node, yes) ? "true" : "false",
                    shown(word, node));
  return complain(node, what, diag, "\"%s\" is neither true nor false", shown(word, node));
}

static bool is_digits(struct msim_slice text)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++)
    if (text.data[i] < '0' || text.data[i] > '9')
      return false;
  return text.size_bytes > 0;
}

/* Sign and amount of a whole number. huge: more than fits. */
static int read_whole(const struct msim__yaml_node *node, const char *what, bool *minus, uint64_t *amount, bool *huge,
                      struct msim_diag *diag)
{
  struct msim_slice text = msim__yaml_slice(node);
  char word[SHOWN_BYTES];
  const char *why;

  if (need_scalar(node, what, "a whole number", diag) < 0)
    return MSIM_ERR_SYNTAX;
  *minus = text.size_bytes > 0 && text.data[0] == '-';
  if (*minus) {
    text.data++;
    text.size_bytes--;
  }
  if (!is_digits(text))
    return complain(node, what, diag, "\"%s\" is not a whole number", shown(word, node));
  if (!node->plain)
    return complain(node, what, diag, "write %s without quotes", shown(word, node));
  if (text.size_bytes > 1 && text.data[0] == '0')
    return complain(node, what, diag, "write %s without zeros in front", shown(word, node));
  *huge = msim__units_parse_count(text, amount, &why) < 0;
  return 0;
}

int msim__yaml_read_uint(const struct msim__yaml_node *node, const char *what, uint64_t min, uint64_t max,
                         uint64_t *out, struct msim_diag *diag)
{
  uint64_t amount = 0;
  bool minus, huge;
  char word[SHOWN_BYTES];

  if (read_whole(node, what, &minus, &amount, &huge, diag) < 0)
    return MSIM_ERR_SYNTAX;
  if (huge || (minus && amount != 0) || amount < min || amount > max)
    return complain(node, what, diag, "%s is not between %llu and %llu", shown(word, node), (unsigned long long)min,
                    (unsigned long long)max);
  *out = amount;
  return 0;
}

int msim__yaml_read_int(const struct msim__yaml_node *node, const char *what, int64_t min, int64_t max, int64_t *out,
                        struct msim_diag *diag)
{
  uint64_t amount = 0, most;
  bool minus, huge;
  char word[SHOWN_BYTES];
  int64_t value = 0;

  if (read_whole(node, what, &minus, &amount, &huge, diag) < 0)
    return MSIM_ERR_SYNTAX;
  most = (uint64_t)INT64_MAX + (minus ? 1 : 0);
  huge = huge || amount > most;
  if (!huge)
    value = !minus ? (int64_t)amount : amount == most ? INT64_MIN : -(int64_t)amount;
  if (huge || value < min || value > max)
    return complain(node, what, diag, "%s is not between %lld and %lld", shown(word, node), (long long)min,
                    (long long)max);
  *out = value;
  return 0;
}

int msim__yaml_read_text(const struct msim__yaml_node *node, const char *what, const char **out, struct msim_diag *diag)
{
  struct msim_slice text = msim__yaml_slice(node);

  if (need_scalar(node, what, "a text", diag) < 0)
    return MSIM_ERR_SYNTAX;
  if (memchr(text.data, 0, text.size_bytes) != NULL)
    return complain(node, what, diag, "a text cannot hold \\0");
  *out = (const char *)text.data;
  return 0;
}

/* "a, b or c"; false when there is nothing to say or too much. */
static bool join_words(char *out, size_t out_bytes, const char *const *words, size_t count)
{
  size_t used = 0, i;

  for (i = 0; i < count; i++) {
    const char *between = i == 0 ? "" : i + 1 == count ? " or " : ", ";
    int wrote = snprintf(out + used, out_bytes - used, "%s%s", between, words[i]);

    if (wrote < 0 || (size_t)wrote >= out_bytes - used)
      return false;
    used += (size_t)wrote;
  }
  return count > 0;
}

int msim__yaml_read_word(const struct msim__yaml_node *node, const char *what, const char *const *words, size_t count,
                         size_t *out, struct msim_diag *diag)
{
  struct msim_slice text = msim__yaml_slice(node);
  char word[SHOWN_BYTES], list[160];
  const char *near;
  size_t i;

  if (need_scalar(node, what, "a word", diag) < 0)
    return MSIM_ERR_SYNTAX;
  for (i = 0; i < count; i++)
    if (msim__yaml_is_text(node, words[i])) {
      *out = i;
      return 0;
    }
  near = msim__suggest((const char *)text.data, text.size_bytes, words, count);
  if (near != NULL)
    return complain(node, what, diag, "\"%s\" is not known; did you mean \"%s\"?", shown(word, node), near);
  if (!join_words(list, sizeof(list), words, count))
    return complain(node, what, diag, "\"%s\" is not known", shown(word, node));
  return complain(node, what, diag, "\"%s\" is not known; write %s", shown(word, node), list);
}

static int unfit(const struct msim__yaml_node *node, const char *what, const char *why, struct msim_diag *diag)
{
  char word[SHOWN_BYTES];

  return complain(node, what, diag, "\"%s\" %s", shown(word, node), why);
}

int msim__yaml_read_duration(const struct msim__yaml_node *node, const char *what, msim_ns *out, struct msim_diag *diag)
{
  const char *why = "";

  if (need_scalar(node, what, "a duration such as 10ms", diag) < 0)
    return MSIM_ERR_SYNTAX;
  return msim__units_parse_duration(msim__yaml_slice(node), out, &why) < 0 ? unfit(node, what, why, diag) : 0;
}

int msim__yaml_read_size(const struct msim__yaml_node *node, const char *what, uint64_t *out_bytes,
                         struct msim_diag *diag)
{
  const char *why = "";

  if (need_scalar(node, what, "a size such as 64KiB", diag) < 0)
    return MSIM_ERR_SYNTAX;
  return msim__units_parse_size(msim__yaml_slice(node), out_bytes, &why) < 0 ? unfit(node, what, why, diag) : 0;
}

int msim__yaml_read_rate(const struct msim__yaml_node *node, const char *what, uint64_t *out_bps,
                         struct msim_diag *diag)
{
  const char *why = "";

  if (need_scalar(node, what, "a rate such as 10Mbit/s", diag) < 0)
    return MSIM_ERR_SYNTAX;
  return msim__units_parse_rate(msim__yaml_slice(node), out_bps, &why) < 0 ? unfit(node, what, why, diag) : 0;
}

int msim__yaml_read_share(const struct msim__yaml_node *node, const char *what, uint32_t *out_ppm,
                          struct msim_diag *diag)
{
  const char *why = "";

  if (need_scalar(node, what, "a share such as 2%", diag) < 0)
    return MSIM_ERR_SYNTAX;
  return msim__units_parse_share(msim__yaml_slice(node), out_ppm, &why) < 0 ? unfit(node, what, why, diag) : 0;
}

int msim__yaml_read_queue(const struct msim__yaml_node *node, const char *what, uint64_t *out, bool *in_packets,
                          struct msim_diag *diag)
{
  const char *why = "";

  if (need_scalar(node, what, "a queue length such as 64KiB or 1000 packets", diag) < 0)
    return MSIM_ERR_SYNTAX;
  return msim__units_parse_queue(msim__yaml_slice(node), out, in_packets, &why) < 0 ? unfit(node, what, why, diag) : 0;
}
