/* topology.c: the topology that a verb is given: a file or standard input, with what --set says in its place. Runs
 * nothing. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#define STDIN_BYTES_MAX ((size_t)16 << 20)
#define CHUNK_BYTES ((size_t)65536)

/* Up to the first = that is not in quotes. NULL: there is none. */
static const char *equals_in(const char *text)
{
  bool quoted = false;

  for (; *text != '\0' && (*text != '=' || quoted); text++)
    quoted = *text == '"' ? !quoted : quoted;
  return *text == '=' ? text : NULL;
}

bool settings_add(struct settings *settings, const char *text)
{
  const char *equals = equals_in(text);

  if (equals == NULL || equals == text)
    complain("--set %s: write PATH=VALUE, such as links.0.delay=20ms", text);
  else if (settings->count == SETTINGS_MAX)
    complain("--set: at most %u; write more of them into the topology", SETTINGS_MAX);
  else
    settings->items[settings->count++] = text;
  return settings->count > 0 && settings->items[settings->count - 1] == text;
}

static int set(struct msim_sim *sim, const char *text)
{
  const char *equals = equals_in(text);
  size_t size_bytes = (size_t)(equals - text);
  char *path = malloc(size_bytes + 1);
  int err = MSIM_ERR_NOMEM;

  if (path != NULL) {
    memcpy(path, text, size_bytes);
    path[size_bytes] = '\0';
    err = msim_topology_set(sim, path, equals + 1);
  }
  free(path);
  return err;
}

static int load_stdin(struct msim_sim *sim, msim_diag_fn *fn, void *user)
{
  struct msim_slice text = {NULL, 0};
  uint8_t *data = NULL;
  size_t size = 0;
  int err = MSIM_OK;

  while (err == MSIM_OK && !feof(stdin)) {
    uint8_t *more = realloc(data, size + CHUNK_BYTES);

    if (more == NULL) {
      err = MSIM_ERR_NOMEM;
      break;
    }
    data = more;
    size += fread(data + size, 1, CHUNK_BYTES, stdin);
    err = ferror(stdin) ? MSIM_ERR_IO : size > STDIN_BYTES_MAX ? MSIM_ERR_LIMIT : MSIM_OK;
  }
  text.data = data;
  text.size_bytes = size;
  if (err == MSIM_OK)
    err = msim_topology_load_text(sim, "stdin.yaml", text, NULL, fn, user);
  free(data);
  return err;
}

int topology_load(struct msim_sim *sim, const char *path, const struct settings *settings, msim_diag_fn *fn, void *user)
{
  int err = MSIM_OK;
  size_t i;

  for (i = 0; settings != NULL && i < settings->count && err == MSIM_OK; i++)
    err = set(sim, settings->items[i]);
  if (err != MSIM_OK)
    return err;
  return strcmp(path, "-") == 0 ? load_stdin(sim, fn, user) : msim_topology_load_file(sim, path, fn, user);
}
