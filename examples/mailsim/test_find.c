/* test_find.c: which tests there are: files that are named, and those in folders: expectations (`.expect`), and
 * topologies that say what they expect, play a scene or have a golden beside them. Does not load any of them. */
#define _POSIX_C_SOURCE 200809L
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 16u
#define CASES_MAX 100000u
#define LINE_BYTES 256

static bool ends_with(const char *text, const char *end)
{
  size_t n = strlen(text), m = strlen(end);

  return n > m && strcmp(text + n - m, end) == 0;
}

static const char *suffix_of(const char *path)
{
  const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path, *dot = strrchr(name, '.');

  return dot != NULL && dot != name ? dot : path + strlen(path);
}

char *test_beside(const char *path, const char *suffix)
{
  size_t stem = (size_t)(suffix_of(path) - path);
  char *out = malloc(stem + strlen(suffix) + 1);

  if (out != NULL) {
    memcpy(out, path, stem);
    strcpy(out + stem, suffix);
  }
  return out;
}

static bool is_there(const char *path)
{
  struct stat status;

  return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

static bool is_topology(const char *path)
{
  return ends_with(path, ".yaml") || ends_with(path, ".yml");
}

/* What the keys at the beginnings of lines say: whether it is a topology, and one with something to test. */
static bool looks_testable(const char *path)
{
  FILE *file = fopen(path, "rb");
  char line[LINE_BYTES];
  bool is_world = false, claims = false;

  if (file == NULL)
    return false;
  while (fgets(line, sizeof line, file) != NULL) {
    is_world = is_world || strncmp(line, "mailsim:", 8) == 0;
    claims = claims || strncmp(line, "expect:", 7) == 0 || strncmp(line, "scene:", 6) == 0;
  }
  fclose(file);
  return is_world && claims;
}

/* A golden beside `NAME.yaml` and `NAME.expect` is the topology's. */
static bool find_golden(struct test_case *test)
{
  char *golden = test_beside(test->path, ".golden"), *topology = test_beside(test->path, ".yaml");
  bool fine = golden != NULL && topology != NULL;

  test->golden = NULL;
  if (fine && is_there(golden) && (!test->is_expect || !is_there(topology))) {
    test->golden = golden;
    golden = NULL;
  }
  free(golden);
  free(topology);
  return fine;
}

static bool add_case(struct test_list *list, const char *path)
{
  struct test_case test;

  memset(&test, 0, sizeof test);
  if (list->count == list->capacity) {
    size_t wanted = list->capacity == 0 ? 64 : list->capacity * 2;
    struct test_case *grown = list->count < CASES_MAX ? realloc(list->cases, wanted * sizeof *grown) : NULL;

    if (grown == NULL) {
      complain(list->count < CASES_MAX ? "out of memory" : "there are more tests than %u", CASES_MAX);
      return false;
    }
    list->cases = grown;
    list->capacity = wanted;
  }
  test.path = malloc(strlen(path) + 1);
  test.is_expect = ends_with(path, ".expect");
  if (test.path != NULL)
    strcpy(test.path, path);
  if (test.path == NULL || !find_golden(&test)) {
    free(test.path);
    complain("out of memory");
    return false;
  }
  list->cases[list->count++] = test;
  return true;
}

static void drop_last(struct test_list *list)
{
  list->count--;
  free(list->cases[list->count].path);
  free(list->cases[list->count].golden);
}

static bool add_found(struct test_list *list, const char *path, bool goldens)
{
  bool is_expect = ends_with(path, ".expect");

  if (!is_expect && !is_topology(path))
    return true;
  if (!add_case(list, path))
    return false;
  if (goldens ? list->cases[list->count - 1].golden == NULL
              : !is_expect && list->cases[list->count - 1].golden == NULL && !looks_testable(path))
    drop_last(list);
  return true;
}

static bool walk(struct test_list *list, const char *folder, bool goldens, unsigned depth)
{
  DIR *entries = opendir(folder);
  struct dirent *entry;
  bool fine = entries != NULL;

  if (!fine)
    complain("%s cannot be read: %s", folder, strerror(errno));
  while (fine && (entry = readdir(entries)) != NULL) {
    struct stat status;
    size_t room = strlen(folder) + strlen(entry->d_name) + 2;
    char *path;

    if (entry->d_name[0] == '.')
      continue;
    path = malloc(room);
    if (path == NULL) {
      complain("out of memory");
      fine = false;
      break;
    }
    if (strcmp(folder, ".") == 0)
      strcpy(path, entry->d_name);
    else
      snprintf(path, room, "%s%s%s", folder, ends_with(folder, "/") ? "" : "/", entry->d_name);
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
      fine = depth == 0 || walk(list, path, goldens, depth - 1);
    else
      fine = add_found(list, path, goldens);
    free(path);
  }
  if (entries != NULL)
    closedir(entries);
  return fine;
}

bool test_list_add(struct test_list *list, const char *path, bool goldens)
{
  struct stat status;
  size_t before = list->count;

  if (stat(path, &status) != 0) {
    complain("%s: %s", path, strerror(errno));
    return false;
  }
  if (S_ISDIR(status.st_mode)) {
    if (!walk(list, path, goldens, DEPTH_MAX))
      return false;
    if (list->count == before && !goldens)
      complain("%s: there is no test in this folder: no .expect, and no topology with expect, scene or golden", path);
    return list->count > before || goldens;
  }
  if (ends_with(path, ".golden")) { /* stands for what it is about */
    char *about = test_beside(path, ".yaml");
    bool fine;

    if (about != NULL && !is_there(about)) {
      free(about);
      about = test_beside(path, ".expect");
    }
    fine = about != NULL && add_case(list, about);
    free(about);
    return fine;
  }
  if (!ends_with(path, ".expect") && !is_topology(path)) {
    complain("%s: a test is a .expect file, a topology (.yaml), a .golden, or a folder of them", path);
    return false;
  }
  return add_case(list, path);
}

static int by_path(const void *a, const void *b)
{
  return strcmp(((const struct test_case *)a)->path, ((const struct test_case *)b)->path);
}

void test_list_sort(struct test_list *list)
{
  size_t i, kept = 0;

  if (list->count > 1)
    qsort(list->cases, list->count, sizeof *list->cases, by_path);
  for (i = 0; i < list->count; i++) {
    if (kept > 0 && strcmp(list->cases[kept - 1].path, list->cases[i].path) == 0) {
      free(list->cases[i].path);
      free(list->cases[i].golden);
    } else {
      list->cases[kept++] = list->cases[i];
    }
  }
  list->count = kept;
}

void test_list_free(struct test_list *list)
{
  while (list->count > 0)
    drop_last(list);
  free(list->cases);
  memset(list, 0, sizeof *list);
}
