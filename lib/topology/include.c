/* include.c: the files of a topology: paths, order, and the limits of including.
 *
 * A path is taken from the folder of the file that names it and stays below the main file's folder. A file that is
 * named twice is read once. Opens nothing: the reader does. */
#include "text/diag.h"
#include "text/escape.h"
#include "text/yaml_read.h"
#include "topology/loader.h"

#include <string.h>

#define SHOWN_BYTES 64

/* What is wrong with a path in a file, or NULL. */
static const char *check_path(const char *path)
{
  const char *from = path;
  size_t length = strlen(path);

  if (length == 0)
    return "a path is expected here";
  if (length >= MSIM__TOPOLOGY_PATH_BYTES)
    return "the path is too long";
  if (strchr(path, '\\') != NULL || strchr(path, ':') != NULL)
    return "write the path with / only, without drive or scheme";
  if (path[0] == '/')
    return "the path must be relative to the folder of this file";
  for (;;) {
    const char *slash = strchr(from, '/');
    size_t bytes = slash != NULL ? (size_t)(slash - from) : strlen(from);

    if (bytes == 2 && memcmp(from, "..", 2) == 0)
      return "the path must stay below the folder of this file, so it cannot hold \"..\"";
    if (bytes == 0 || (bytes == 1 && from[0] == '.'))
      return "the path holds an empty step or \".\"";
    if (slash == NULL)
      return NULL;
    from = slash + 1;
  }
}

/* folder of (with its slash) joined with path. */
static const char *join(struct msim__loader *loader, const char *of, const char *path)
{
  const char *slash = strrchr(of, '/');
  size_t folder_bytes = slash != NULL ? (size_t)(slash - of) + 1 : 0, path_bytes = strlen(path);
  char *made = msim__arena_alloc(&loader->arena, folder_bytes + path_bytes + 1);

  if (made == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return NULL;
  }
  memcpy(made, of, folder_bytes);
  memcpy(made + folder_bytes, path, path_bytes);
  return made;
}

const char *msim__loader_path(struct msim__loader *loader, const struct msim__topology_file *file,
                              const struct msim__yaml_node *place, const char *what, bool may_rise)
{
  struct msim_diag diag;
  const char *path, *wrong, *joined;

  if (msim__yaml_read_text(place, what, &path, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return NULL;
  }
  wrong = check_path(may_rise && strncmp(path, "../", 3) == 0 ? path + 3 : path);
  joined = wrong == NULL ? join(loader, file->path, path) : NULL;
  if (joined != NULL && strlen(joined) >= MSIM__TOPOLOGY_PATH_BYTES)
    wrong = "the path is too long";
  if (wrong == NULL)
    return joined;
  loader->is_incomplete = true;
  msim__loader_report(loader, place, "%s: %s", what, wrong);
  return NULL;
}

const char *msim__loader_shown_path(struct msim__loader *loader, const char *path)
{
  return join(loader, loader->first_file->shown, path);
}

int msim__loader_read_bytes(struct msim__loader *loader, const char *path, const struct msim__yaml_node *place,
                            const char *what, struct msim_slice *out)
{
  char word[SHOWN_BYTES];
  int err;

  loader->is_incomplete = loader->is_incomplete || loader->reader == NULL;
  if (loader->reader == NULL) {
    msim__loader_report(loader, place, "%s: further files cannot be read here", what);
    return MSIM_ERR_IO;
  }
  err = loader->reader->read(loader->reader->ctx, path, out);
  if (err == MSIM_OK)
    return err;
  loader->is_incomplete = true;
  if (err == MSIM_ERR_NOMEM) {
    loader->err = err;
    return err;
  }
  (void)msim__escape_short(word, sizeof word, msim__yaml_slice(place));
  msim__loader_report(loader, place, "%s: \"%s\" %s", what, word,
                      err == MSIM_ERR_NOT_FOUND ? "does not exist"
                      : err == MSIM_ERR_LIMIT   ? "is too large"
                                                : "cannot be read");
  return err;
}

void msim__loader_release_bytes(struct msim__loader *loader, struct msim_slice bytes)
{
  if (loader->reader->release != NULL)
    loader->reader->release(loader->reader->ctx, bytes);
}

void msim__loader_check_file(struct msim__loader *loader, const char *path, const struct msim__yaml_node *place,
                             const char *what)
{
  struct msim_slice bytes = {NULL, 0};

  if (msim__loader_read_bytes(loader, path, place, what, &bytes) == MSIM_OK)
    msim__loader_release_bytes(loader, bytes);
}

/* ---- files ---- */

static struct msim__topology_file *add_file(struct msim__loader *loader, const struct msim__topology_file *from,
                                            const char *path, const char *shown)
{
  struct msim__topology_file *file = msim__arena_alloc(&loader->arena, sizeof *file);

  if (file == NULL || path == NULL || shown == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return NULL;
  }
  file->from = from;
  file->depth = from != NULL ? from->depth + 1 : 0;
  file->path = path;
  file->shown = shown;
  file->index = loader->file_count++;
  msim__arena_init(&file->tree.arena, &loader->sim->mem);
  if (loader->last_file != NULL)
    loader->last_file->next = file;
  else
    loader->first_file = file;
  loader->last_file = file;
  return file;
}

static void parse_file(struct msim__loader *loader, struct msim__topology_file *file, struct msim_slice text)
{
  if (msim__yaml_parse(&file->tree, &loader->sim->mem, file->shown, text, msim__loader_keep, loader) == MSIM_ERR_NOMEM)
    loader->err = MSIM_ERR_NOMEM;
  loader->is_incomplete = loader->is_incomplete || file->tree.root == NULL;
}

/* The file of that path when it is there already; *is_cycle: it is on the way to from. */
static bool is_known(const struct msim__loader *loader, const struct msim__topology_file *from, const char *path,
                     bool *is_cycle)
{
  const struct msim__topology_file *file;

  *is_cycle = false;
  for (file = from; file != NULL; file = file->from)
    *is_cycle = *is_cycle || strcmp(file->path, path) == 0;
  for (file = loader->first_file; file != NULL; file = file->next)
    if (strcmp(file->path, path) == 0)
      return true;
  return false;
}

static void include(struct msim__loader *loader, const struct msim__topology_file *from,
                    const struct msim__yaml_node *place)
{
  const char *path = msim__loader_path(loader, from, place, "include", false);
  struct msim__topology_file *file;
  struct msim_slice bytes = {NULL, 0};
  bool is_cycle;

  if (path == NULL)
    return;
  if (is_known(loader, from, path, &is_cycle)) {
    if (is_cycle)
      msim__loader_report(loader, place, "include: this file would include itself");
    return;
  }
  if (from->depth + 1 >= MSIM__TOPOLOGY_INCLUDE_DEPTH_MAX) {
    msim__loader_report(loader, place, "include: files are nested too deeply (at most %u)",
                        MSIM__TOPOLOGY_INCLUDE_DEPTH_MAX);
    return;
  }
  if (loader->file_count == MSIM__TOPOLOGY_FILES_MAX) {
    msim__loader_report(loader, place, "include: there are too many files (at most %u)", MSIM__TOPOLOGY_FILES_MAX);
    return;
  }
  if (msim__loader_read_bytes(loader, path, place, "include", &bytes) != MSIM_OK)
    return;
  file = add_file(loader, from, path, msim__loader_shown_path(loader, path));
  if (file != NULL)
    parse_file(loader, file, bytes);
  msim__loader_release_bytes(loader, bytes);
}

static void include_all(struct msim__loader *loader, const struct msim__topology_file *file)
{
  const struct msim__yaml_node *list = msim__yaml_find(file->tree.root, "include");
  const struct msim__yaml_entry *e;
  struct msim_diag diag;

  if (list == NULL)
    return;
  if (msim__yaml_read_kind(list, "include", MSIM__YAML_LIST, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  for (e = msim__yaml_first(list); e != NULL && loader->err == MSIM_OK; e = e->next)
    include(loader, file, e->value);
}

int msim__loader_read_files(struct msim__loader *loader, const char *name, struct msim_slice text)
{
  const char *slash = strrchr(name, '/');
  const char *stem = slash != NULL ? slash + 1 : name;
  struct msim__topology_file *file;

  file = add_file(loader, NULL, msim__arena_text(&loader->arena, stem, strlen(stem)),
                  msim__arena_text(&loader->arena, name, strlen(name)));
  if (file != NULL)
    parse_file(loader, file, text);
  if (file != NULL)
    msim__loader_apply_settings(loader, &file->tree);
  /* Files are appended while the list is walked: each is looked at once, nobody recurses. */
  for (; file != NULL && loader->err == MSIM_OK; file = file->next)
    include_all(loader, file);
  return loader->err;
}

void msim__loader_release_files(struct msim__loader *loader)
{
  struct msim__topology_file *file;

  for (file = loader->first_file; file != NULL; file = file->next)
    msim__yaml_release(&file->tree);
}
