/* replay.c: runs a fuzz target over files, and over all files of folders, so that its corpus is an ordinary test.
 *
 * Usage: fuzz_x PATH... Each file is one input. Makes no inputs of its own: that is libFuzzer's business. */
#define _POSIX_C_SOURCE 200809L

#include "fuzz.h"

#include <dirent.h>

static size_t replay_file(const char *path)
{
  FILE *file = fopen(path, "rb");
  uint8_t *data = malloc(1);
  size_t size = 0, got;

  if (file == NULL || data == NULL) {
    fprintf(stderr, "%s: cannot be opened\n", path);
    exit(2);
  }
  do {
    uint8_t part[4096];
    uint8_t *more;

    got = fread(part, 1, sizeof part, file);
    more = realloc(data, size + got + 1);
    if (more == NULL)
      exit(2);
    data = more;
    memcpy(data + size, part, got);
    size += got;
  } while (got > 0);
  fclose(file);
  data = realloc(data, size > 0 ? size : 1); /* exactly: reading past the end is then seen */
  if (data == NULL)
    exit(2);
  if (LLVMFuzzerTestOneInput(data, size) != 0)
    exit(1);
  free(data);
  return 1;
}

static int by_name(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t replay_folder(const char *path, DIR *folder)
{
  const struct dirent *entry;
  char **names = NULL;
  size_t count = 0, i, total = 0;

  while ((entry = readdir(folder)) != NULL) {
    size_t bytes = strlen(path) + strlen(entry->d_name) + 2;

    if (entry->d_name[0] == '.')
      continue;
    names = realloc(names, (count + 1) * sizeof *names);
    if (names == NULL || (names[count] = malloc(bytes)) == NULL)
      exit(2);
    snprintf(names[count++], bytes, "%s/%s", path, entry->d_name);
  }
  closedir(folder);
  if (count > 0)
    qsort(names, count, sizeof *names, by_name);
  for (i = 0; i < count; i++) {
    fprintf(stderr, "%s\n", names[i]); /* the last one is the one that failed */
    total += replay_file(names[i]);
    free(names[i]);
  }
  free(names);
  return total;
}

int main(int argc, char **argv)
{
  size_t total = 0;
  int i;

  for (i = 1; i < argc; i++) {
    DIR *folder = opendir(argv[i]);

    total += folder != NULL ? replay_folder(argv[i], folder) : replay_file(argv[i]);
  }
  printf("%lu inputs\n", (unsigned long)total);
  return total > 0 ? 0 : 2;
}
