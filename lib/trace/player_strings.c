/* player_strings.c: files of strings for the player: checked, and kept as JSON that is safe inside a page. Does not
 * choose a language: the page does. */
#include <mailsim/player.h>

#include <string.h>

#include "text/diag.h"
#include "text/json_in.h"
#include "text/json_out.h"
#include "trace/story.h"

#define KEPT_BYTES_MAX ((size_t)8 << 20) /* of one file: every byte may become an escape */

struct reading {
  const char *name;
  msim_diag_fn *fn;
  void *user;
};

static int wrong(const struct reading *reading, int err, const char *what, const char *why)
{
  struct msim_diag diag;

  if (reading->fn == NULL)
    return err;
  msim__diag_set(&diag, reading->name, 0, 0, "%s%s", what, why);
  reading->fn(reading->user, &diag);
  return err;
}

static void put_text(struct msim__json_out *json, const struct msim__json_node *node)
{
  struct msim_slice s;

  s.data = (const uint8_t *)node->u.text.data;
  s.size_bytes = node->u.text.size_bytes;
  msim__json_bytes(json, s);
}

/* An object of texts. */
static int put_table(const struct reading *reading, struct msim__json_out *json, const struct msim__json_node *root,
                     const char *key)
{
  const struct msim__json_node *table = msim__json_find(root, key), *member;

  if (table == NULL)
    return MSIM_OK;
  if (table->kind != MSIM__JSON_OBJECT)
    return wrong(reading, MSIM_ERR_SYNTAX, key, " is an object from keys to texts");
  msim__json_key(json, key);
  msim__json_object_begin(json);
  for (member = table->u.items.first; member != NULL; member = member->next) {
    if (member->kind != MSIM__JSON_TEXT)
      return wrong(reading, MSIM_ERR_SYNTAX, key, " has something that is no text");
    msim__json_key(json, member->key);
    put_text(json, member);
  }
  msim__json_object_end(json);
  return MSIM_OK;
}

static bool is_one_of(const struct msim__json_node *node, const char *a, const char *b)
{
  return node->kind == MSIM__JSON_TEXT && (strcmp(node->u.text.data, a) == 0 || strcmp(node->u.text.data, b) == 0);
}

/* What is not known is passed over, as the page does. */
static int put_strings(const struct reading *reading, struct msim__json_out *json, const struct msim__json_node *root)
{
  static const char *const tables[] = {"ui", "scene", "term"};
  const struct msim__json_node *lang = msim__json_find(root, "lang"), *dir = msim__json_find(root, "dir");
  size_t i;
  int err = MSIM_OK;

  if (lang == NULL || lang->kind != MSIM__JSON_TEXT || lang->u.text.size_bytes == 0)
    return wrong(reading, MSIM_ERR_SYNTAX, "", "lang is missing: the language, such as \"fr\"");
  if (dir != NULL && !is_one_of(dir, "ltr", "rtl"))
    return wrong(reading, MSIM_ERR_SYNTAX, "", "dir is \"ltr\" or \"rtl\"");
  msim__json_object_begin(json);
  msim__json_key(json, "lang");
  put_text(json, lang);
  if (dir != NULL) {
    msim__json_key(json, "dir");
    put_text(json, dir);
  }
  for (i = 0; i < sizeof tables / sizeof *tables && err == MSIM_OK; i++)
    err = put_table(reading, json, root, tables[i]);
  msim__json_object_end(json);
  return err;
}

static int keep(struct msim_sim *sim, const struct msim__buf *buf)
{
  struct msim__player_strings *kept = msim__arena_alloc(&sim->arena, sizeof *kept);
  char *json = msim__arena_text(&sim->arena, buf->data, buf->size_bytes);

  if (kept == NULL || json == NULL)
    return MSIM_ERR_NOMEM;
  kept->json = json;
  kept->size_bytes = buf->size_bytes;
  return msim__trace_add_strings(sim, kept);
}

int msim_player_add_strings(struct msim_sim *sim, const char *name, struct msim_slice text, msim_diag_fn *fn,
                            void *user)
{
  const struct reading reading = {name, fn, user};
  const struct msim__json_node *root = NULL;
  struct msim__arena arena;
  struct msim__json_out json;
  struct msim__buf buf;
  const char *why = "";
  int err;

  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  if (text.size_bytes > MSIM_PLAYER_STRINGS_BYTES_MAX)
    return wrong(&reading, MSIM_ERR_LIMIT, "", "the file of strings is too large");
  msim__arena_init(&arena, &sim->mem);
  msim__buf_init(&buf, &sim->mem, KEPT_BYTES_MAX);
  msim__json_init(&json, &buf, true);
  err = msim__json_parse(&arena, text, &root, &why);
  if (err != MSIM_OK && err != MSIM_ERR_NOMEM)
    err = wrong(&reading, err, "this is no JSON: ", why);
  if (err == MSIM_OK)
    err = put_strings(&reading, &json, root);
  if (err == MSIM_OK)
    err = buf.err;
  if (err == MSIM_OK)
    err = keep(sim, &buf);
  if (err == MSIM_ERR_LIMIT && fn != NULL && buf.err == MSIM_OK)
    err = wrong(&reading, err, "", "there are too many files of strings");
  msim__buf_release(&buf);
  msim__arena_release(&arena);
  return err;
}
