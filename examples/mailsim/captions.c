/* captions.c: the language of a scene's captions: strings/LANGUAGE.yaml beside the scene. The library takes a file and
 * knows no language; only this command looks at the environment. And files of strings for the
 * player's page. */
#define _POSIX_C_SOURCE 200809L
#include "command.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LANGUAGE_BYTES_MAX 32
#define PATH_BYTES_MAX 2048
#define LANGUAGES_MAX 64

/* Letters, digits and '-': a name of a file and nothing else. Ends where a locale names its encoding. */
static bool copy_language(const char *text, char *out)
{
  size_t i;

  for (i = 0; text[i] != '\0' && text[i] != '.' && text[i] != '@'; i++) {
    char c = text[i] == '_' ? '-' : text[i];

    if (i == LANGUAGE_BYTES_MAX ||
        !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
      return false;
    out[i] = c;
  }
  out[i] = '\0';
  return i > 0;
}

static void environment_language(char *out)
{
  static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"}; /* in the order of POSIX */
  const char *value = NULL;
  size_t i;

  for (i = 0; i < sizeof names / sizeof names[0] && (value == NULL || value[0] == '\0'); i++)
    value = getenv(names[i]);
  if (value == NULL || !copy_language(value, out) || strcmp(out, "C") == 0 || strcmp(out, "POSIX") == 0)
    strcpy(out, "en");
}

/* false: no such file. */
static bool find_strings(const char *scene_path, const char *language, char *path)
{
  const char *slash = strrchr(scene_path, '/');
  int folder_bytes = slash != NULL ? (int)(slash - scene_path) + 1 : 0;
  FILE *file;

  if (strlen(scene_path) + LANGUAGE_BYTES_MAX + sizeof "strings/.yaml" > PATH_BYTES_MAX)
    return false;
  snprintf(path, PATH_BYTES_MAX, "%.*sstrings/%s.yaml", folder_bytes, scene_path, language);
  file = fopen(path, "rb");
  if (file != NULL)
    fclose(file);
  return file != NULL;
}

bool captions_load(struct msim_scene *scene, const char *scene_path, const char *asked)
{
  char language[LANGUAGE_BYTES_MAX + 1], path[PATH_BYTES_MAX];
  unsigned findings = 0;
  bool found;
  int err;

  if (asked == NULL) {
    environment_language(language);
  } else if (!copy_language(asked, language)) {
    complain("--language %s: write a language such as en or de", asked);
    return false;
  }
  found = find_strings(scene_path, language, path);
  if (!found && strchr(language, '-') != NULL) { /* de for de-AT */
    *strchr(language, '-') = '\0';
    found = find_strings(scene_path, language, path);
  }
  err = found ? msim_scene_load_strings_file(scene, path, print_finding, &findings) : MSIM_ERR_NOT_FOUND;
  if (err == MSIM_OK || (err == MSIM_ERR_NOT_FOUND && (asked == NULL || strcmp(language, "en") == 0)))
    return true; /* what the scene says itself is better than nothing */
  if (err == MSIM_ERR_NOT_FOUND)
    complain("--language %s: there are no captions of %s in this language", asked, msim_scene_name(scene));
  else if (findings == 0)
    complain("%s: %s", path, msim_strerror(err));
  return false;
}

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The languages that have a file there, in the order of their names: what a folder lists has none. */
static size_t list_languages(const char *folder, char names[][LANGUAGE_BYTES_MAX + 1], size_t names_max)
{
  DIR *dir = opendir(folder);
  const char *sorted[LANGUAGES_MAX];
  char copy[LANGUAGES_MAX][LANGUAGE_BYTES_MAX + 1];
  const struct dirent *entry;
  size_t count = 0, i;

  while (dir != NULL && count < names_max && (entry = readdir(dir)) != NULL) {
    size_t length = strlen(entry->d_name);

    if (length <= 5 || strcmp(entry->d_name + length - 5, ".yaml") != 0 || length - 5 > LANGUAGE_BYTES_MAX)
      continue;
    memcpy(copy[count], entry->d_name, length - 5);
    copy[count][length - 5] = '\0';
    sorted[count] = copy[count];
    if (strchr(copy[count], '.') == NULL)
      count++;
  }
  if (dir != NULL)
    closedir(dir);
  qsort(sorted, count, sizeof *sorted, compare_names);
  for (i = 0; i < count; i++)
    strcpy(names[i], sorted[i]);
  return count;
}

bool captions_load_all(struct msim_scene *scene, const char *scene_path)
{
  const char *slash = strrchr(scene_path, '/');
  int folder_bytes = slash != NULL ? (int)(slash - scene_path) + 1 : 0;
  char folder[PATH_BYTES_MAX], path[PATH_BYTES_MAX + LANGUAGE_BYTES_MAX + 8];
  char names[LANGUAGES_MAX][LANGUAGE_BYTES_MAX + 1];
  unsigned findings = 0;
  size_t count, i;

  if (snprintf(folder, sizeof folder, "%.*sstrings", folder_bytes, scene_path) >= (int)sizeof folder)
    return true;
  count = list_languages(folder, names, LANGUAGES_MAX);
  for (i = 0; i < count; i++) {
    int err;

    if (snprintf(path, sizeof path, "%s/%s.yaml", folder, names[i]) >= (int)sizeof path)
      continue;
    err = msim_scene_add_language_file(scene, names[i], path, print_finding, &findings);
    if (err != MSIM_OK && err != MSIM_ERR_NOT_FOUND) {
      if (findings == 0)
        complain("%s: %s", path, msim_strerror(err));
      return false;
    }
  }
  return true;
}

bool strings_add(struct msim_sim *sim, const char *path)
{
  FILE *file = fopen(path, "rb");
  char *data = file != NULL ? malloc(MSIM_PLAYER_STRINGS_BYTES_MAX + 1) : NULL;
  struct msim_slice text;
  unsigned findings = 0;
  int err;

  if (data == NULL) {
    complain("%s cannot be read: %s", path, file == NULL ? strerror(errno) : "out of memory");
    if (file != NULL)
      fclose(file);
    return false;
  }
  text.data = (const uint8_t *)data;
  text.size_bytes = fread(data, 1, MSIM_PLAYER_STRINGS_BYTES_MAX + 1, file);
  err = ferror(file) ? MSIM_ERR_IO : msim_player_add_strings(sim, path, text, print_finding, &findings);
  fclose(file);
  free(data);
  if (err != MSIM_OK && findings == 0)
    complain("%s: %s", path, msim_strerror(err));
  return err == MSIM_OK;
}
