/* reader.c: topologies from the file system. Which paths may be read is include.c's to say. */
#include "core/sim.h"
#include "text/diag.h"
#include "text/file_in.h"
#include "topology/loader.h"

#include <string.h>

struct folder {
  struct msim__mem *mem;
  const char *path;  /* of the main file */
  size_t path_bytes; /* up to and with the last slash */
};

static int read_path(struct msim__mem *mem, const char *path, struct msim_slice *out)
{
  uint8_t *data, *fit;
  size_t capacity, size;
  int err = msim__file_read(mem, path, MSIM__YAML_FILE_BYTES_MAX, &data, &capacity, &size);

  if (err == MSIM_OK) {
    /* Released by its size alone: it must be the true one. */
    fit = msim__resize(mem, data, capacity, size > 0 ? size : 1);
    if (fit != NULL) {
      out->data = fit;
      out->size_bytes = size;
      return MSIM_OK;
    }
    err = MSIM_ERR_NOMEM;
  }
  msim__free(mem, data, capacity);
  return err;
}

static int folder_read(void *ctx, const char *path, struct msim_slice *out)
{
  const struct folder *folder = ctx;
  size_t bytes = strlen(path), whole_bytes = folder->path_bytes + bytes + 1;
  char *whole = msim__alloc(folder->mem, whole_bytes);
  int err;

  if (whole == NULL)
    return MSIM_ERR_NOMEM;
  memcpy(whole, folder->path, folder->path_bytes);
  memcpy(whole + folder->path_bytes, path, bytes + 1);
  err = read_path(folder->mem, whole, out);
  msim__free(folder->mem, whole, whole_bytes);
  return err;
}

static void folder_release(void *ctx, struct msim_slice bytes)
{
  const struct folder *folder = ctx;

  msim__free(folder->mem, (void *)(uintptr_t)(const void *)bytes.data, bytes.size_bytes > 0 ? bytes.size_bytes : 1);
}

int msim__topology_read_file(struct msim_sim *sim, const char *path, msim__main_file_fn *take, void *ctx,
                             msim_diag_fn *fn, void *user)
{
  const char *slash = strrchr(path, '/');
  struct folder folder;
  struct msim_reader reader;
  struct msim_slice text = {NULL, 0};
  struct msim_diag diag;
  int err;

  folder.mem = &sim->mem;
  folder.path = path;
  folder.path_bytes = slash != NULL ? (size_t)(slash - path) + 1 : 0;
  reader.ctx = &folder;
  reader.read = folder_read;
  reader.release = folder_release;
  err = read_path(&sim->mem, path, &text);
  if (err == MSIM_OK) {
    err = take(ctx, path, text, &reader);
    folder_release(&folder, text);
    return err;
  }
  if (err == MSIM_ERR_NOMEM)
    return err;
  msim__diag_set(&diag, path, 0, 0, "the file %s",
                 err == MSIM_ERR_LIMIT       ? "is too large"
                 : err == MSIM_ERR_NOT_FOUND ? "cannot be opened; is its path right, and may it be read?"
                                             : "cannot be read");
  if (fn != NULL)
    fn(user, &diag);
  return MSIM_ERR_IO;
}

struct load {
  struct msim_sim *sim;
  msim_diag_fn *fn;
  void *user;
};

static int take_text(void *ctx, const char *path, struct msim_slice text, const struct msim_reader *reader)
{
  struct load *load = ctx;

  return msim_topology_load_text(load->sim, path, text, reader, load->fn, load->user);
}

int msim_topology_load_file(struct msim_sim *sim, const char *path, msim_diag_fn *fn, void *user)
{
  struct load load = {sim, fn, user};

  return msim__topology_read_file(sim, path, take_text, &load, fn, user);
}
