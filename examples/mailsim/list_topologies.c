/* list_topologies.c: `mailsim list topologies`: those of a checkout when there is one here, else those that were
 * installed, with the title of each. */
#define _XOPEN_SOURCE 700
#include "command.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOPOLOGIES_MAX 1000u
#define PATH_BYTES_MAX 4096u

struct found {
  char *paths[TOPOLOGIES_MAX];
  size_t count;
};

static int compare_paths(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_topology(const char *name)
{
  size_t length = strlen(name);

  return length > 5 && name[0] != '.' && strcmp(name + length - 5, ".yaml") == 0;
}

/* In the folder, and in those in it: examples of one scene lie together. The folder scenes has what they are judged by.
 */
static bool find(struct found *found, const char *folder, bool deeper)
{
  char path[PATH_BYTES_MAX];
  const struct dirent *entry;
  DIR *dir = opendir(folder);

  if (dir == NULL)
    return false;
  while (found->count < TOPOLOGIES_MAX && (entry = readdir(dir)) != NULL) {
    if (entry->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
      continue;
    if (!is_topology(entry->d_name)) {
      if (deeper && strcmp(entry->d_name, "scenes") != 0)
        (void)find(found, path, false);
      continue;
    }
    found->paths[found->count] = malloc(strlen(path) + 1);
    if (found->paths[found->count] != NULL)
      strcpy(found->paths[found->count++], path);
  }
  closedir(dir);
  return true;
}

static void print(const struct output *output, const char *path)
{
  struct msim_topology_info info;
  struct msim_sim *sim = NULL;
  bool fine = msim_sim_new(&sim, NULL) == MSIM_OK && msim_topology_load_file(sim, path, NULL, NULL) == MSIM_OK;

  output_style(output, STYLE_BOLD);
  fputs(path, output->file);
  output_style(output, STYLE_PLAIN);
  if (fine) {
    msim_topology_info(sim, &info);
    fputs("\n  ", output->file);
    output_text(output->file, info.title);
  } else {
    fputs("  (cannot be loaded; see mailsim check)", output->file);
  }
  putc('\n', output->file);
  msim_sim_free(sim);
}

/* An installed tree can be moved: they lie beside the program's own folder, as they did when it was built. NULL: not
 * known on this system. */
static const char *beside_program(char *room, size_t room_bytes)
{
  static const char under[] = "/share/mailsim/topologies";
  ssize_t size = readlink("/proc/self/exe", room, room_bytes - 1);
  unsigned up;

  if (size <= 0)
    return NULL;
  room[size] = '\0';
  for (up = 0; up < 2; up++) { /* PREFIX/bin/mailsim */
    char *slash = strrchr(room, '/');

    if (slash == NULL)
      return NULL;
    *slash = '\0';
  }
  if (strlen(room) + sizeof under > room_bytes)
    return NULL;
  strcat(room, under);
  return room;
}

int list_topologies(const struct output *output)
{
  char room[PATH_BYTES_MAX];
  const char *folders[] = {"topologies", beside_program(room, sizeof room), MAILSIM_TOPOLOGIES};
  struct found found = {.count = 0};
  size_t i;

  for (i = 0; i < sizeof folders / sizeof folders[0]; i++)
    if (folders[i] != NULL && find(&found, folders[i], true))
      break;
  if (i == sizeof folders / sizeof folders[0]) {
    complain("there is no folder topologies here, and no %s", MAILSIM_TOPOLOGIES);
    return EXIT_UNUSABLE;
  }
  qsort(found.paths, found.count, sizeof found.paths[0], compare_paths);
  for (i = 0; i < found.count; i++) {
    print(output, found.paths[i]);
    free(found.paths[i]);
  }
  return EXIT_FINE;
}
