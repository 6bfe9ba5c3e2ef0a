/* suite.c: finds scripts in folders, reads them, and runs them. */
#define _POSIX_C_SOURCE 200809L /* opendir */
#include "tcp/script/suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1024u * 1024)

static bool ends_with(const char *text, const char *end)
{
  size_t size = strlen(text), end_size = strlen(end);

  return size > end_size && strcmp(text + size - end_size, end) == 0;
}

/* inner "" at first */
static bool add_folder(struct suite *suite, const char *folder, const char *inner)
{
  char path[400];
  struct dirent *found;
  bool good = true;
  DIR *dir;

  snprintf(path, sizeof path, "%.300s%s%.60s", folder, inner[0] != '\0' ? "/" : "", inner);
  dir = opendir(path);
  if (dir == NULL) {
    fprintf(stderr, "%s: cannot be opened\n", path);
    return false;
  }
  while (good && (found = readdir(dir)) != NULL) {
    struct suite_entry *entry = &suite->entries[suite->count];
    const char *name = found->d_name;

    if (ends_with(name, ".pkt")) {
      if (suite->count == SUITE_MAX) {
        fprintf(stderr, "more than %d scripts\n", SUITE_MAX);
        good = false;
        break;
      }
      snprintf(entry->path, sizeof entry->path, "%s/%.200s", path, name);
      snprintf(entry->name, sizeof entry->name, "%.60s%s%.*s", inner, inner[0] != '\0' ? "/" : "",
               (int)(strlen(name) - 4), name);
      suite->count++;
    } else if (inner[0] == '\0' && strchr(name, '.') == NULL && strcmp(name, "SKIP") != 0) {
      good = add_folder(suite, folder, name);
    }
  }
  closedir(dir);
  return good;
}

static int by_name(const void *a, const void *b)
{
  return strcmp(((const struct suite_entry *)a)->name, ((const struct suite_entry *)b)->name);
}

/* "NAME  reason" in lines; # begins a comment */
static bool read_skips(struct suite *suite, const char *folder)
{
  char path[400], line[400];
  FILE *file;
  bool good = true;

  snprintf(path, sizeof path, "%s/SKIP", folder);
  file = fopen(path, "r");
  while (file != NULL && good && fgets(line, sizeof line, file) != NULL) {
    size_t size = strcspn(line, " \t\r\n");
    unsigned i;

    if (size == 0 || line[0] == '#')
      continue;
    for (i = 0; i < suite->count; i++) {
      if (strlen(suite->entries[i].name) == size && memcmp(suite->entries[i].name, line, size) == 0)
        break;
    }
    if (i == suite->count) {
      fprintf(stderr, "%s: there is no script %.*s\n", path, (int)size, line);
      good = false;
    } else {
      const char *why = line + size + strspn(line + size, " \t");

      snprintf(suite->entries[i].skip, sizeof suite->entries[i].skip, "%.*s", (int)strcspn(why, "\r\n"), why);
      if (suite->entries[i].skip[0] == '\0') {
        fprintf(stderr, "%s: %s: the reason is missing\n", path, suite->entries[i].name);
        good = false;
      }
    }
  }
  if (file != NULL)
    fclose(file);
  return good;
}

bool suite_open(struct suite *suite, const char *folder)
{
  memset(suite, 0, sizeof *suite);
  if (!add_folder(suite, folder, ""))
    return false;
  qsort(suite->entries, suite->count, sizeof suite->entries[0], by_name);
  return read_skips(suite, folder);
}

bool suite_run_file(const char *path, const struct run_opts *opts, struct run_result *out)
{
  FILE *file = fopen(path, "rb");
  struct script script;
  char *text = malloc(FILE_MAX_BYTES);
  size_t size;
  bool good;

  out->failed = true;
  if (file == NULL || text == NULL) {
    snprintf(out->text, sizeof out->text, "%s: cannot be read", path);
    if (file != NULL)
      fclose(file);
    free(text);
    return false;
  }
  size = fread(text, 1, FILE_MAX_BYTES, file);
  fclose(file);
  good = script_read(&script, path, text, size);
  if (good)
    good = script_run(&script, opts, out);
  else
    snprintf(out->text, sizeof out->text, "%s", script.error);
  script_free(&script);
  free(text);
  return good;
}

struct run_opts suite_way(unsigned way)
{
  struct run_opts opts;

  memset(&opts, 0, sizeof opts);
  opts.seed = way + 1;
  opts.isn_offset = way == 0 ? 0 : UINT32_C(0) - 700;
  return opts;
}
