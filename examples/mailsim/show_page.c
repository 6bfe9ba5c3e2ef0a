/* show_page.c: pages out of what was written before: an old page made anew, two runs on one page. The library puts them
 * together; this file opens, keeps and replaces files. Draws nothing. */
#include "command.h"

#include <errno.h>
#include <string.h>

#include <mailsim/check.h>
#include <mailsim/player.h>

#define SNIFF_BYTES 512u

static bool copy_to(FILE *from, const char *path)
{
  FILE *to = fopen(path, "wb");
  char block[65536];
  size_t got;
  bool fine = to != NULL;

  rewind(from);
  while (fine && (got = fread(block, 1, sizeof block, from)) > 0)
    fine = fwrite(block, 1, got, to) == got;
  if (to != NULL)
    fine = fclose(to) == 0 && fine;
  if (!fine)
    complain("%s cannot be written: %s", path, strerror(errno));
  return fine;
}

/* A page that is being made: written whole before it takes the place of a file, which may be one of those read. */
struct making {
  FILE *to;
  struct msim_out out;
  const char *path;
  bool to_stdout;
};

static bool making_begin(struct making *making, const char *path)
{
  making->path = path;
  making->to_stdout = strcmp(path, "-") == 0;
  making->to = making->to_stdout ? stdout : tmpfile();
  making->out = msim_out_file(making->to);
  if (making->to == NULL)
    complain("%s cannot be written: %s", path, strerror(errno));
  return making->to != NULL;
}

static bool making_end(struct making *making, bool fine)
{
  if (making->to_stdout || making->to == NULL)
    return fine;
  fine = fine && copy_to(making->to, making->path);
  fclose(making->to);
  return fine;
}

bool page_refresh(const char *old, const char *path)
{
  FILE *from = fopen(old, "rb");
  struct msim_in in = msim_in_file(from);
  struct making making;
  unsigned findings = 0;
  bool fine = false;

  if (from == NULL) {
    complain("%s cannot be read: %s", old, strerror(errno));
    return false;
  }
  if (making_begin(&making, path)) {
    int err = msim_player_refresh(NULL, &in, old, &making.out, print_finding, &findings);

    if (err != MSIM_OK && findings == 0)
      complain("%s: %s", old, msim_strerror(err));
    fine = making_end(&making, err == MSIM_OK);
  }
  fclose(from);
  return fine;
}

/* ---- two runs ---- */

/* A page, or its data, as it is; false: something else, a trace perhaps. */
static bool is_page(FILE *file)
{
  char head[SNIFF_BYTES + 1];
  size_t got = fread(head, 1, SNIFF_BYTES, file);

  rewind(file);
  head[got] = '\0';
  return head[0] == '<' || strstr(head, "\"schema\":\"mailsim.play/") != NULL;
}

/* The data of one of both, to be read from the beginning. NULL: it was told why not. */
static FILE *open_part(const char *path, size_t which, page_data_fn *make, void *ctx)
{
  FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "rb");

  if (file == NULL && strcmp(path, "-") != 0) {
    complain("%s cannot be read: %s", path, strerror(errno));
    return NULL;
  }
  if (file != NULL && fseek(file, 0, SEEK_SET) != 0) { /* it is looked at before it is read */
    complain("%s is a pipe: give a file, or a trace as standard input by -", path);
    fclose(file);
    return NULL;
  }
  if (file != NULL && is_page(file))
    return file;
  if (file != NULL)
    fclose(file);
  file = tmpfile();
  if (file == NULL) {
    complain("a temporary file cannot be written: %s", strerror(errno));
    return NULL;
  }
  if (make(ctx, which, path, file) && fflush(file) == 0) {
    rewind(file);
    return file;
  }
  fclose(file);
  return NULL;
}

bool page_pair(const char *const paths[2], const char *path, page_data_fn *make, void *ctx)
{
  FILE *parts[2] = {NULL, NULL};
  struct msim_in in[2];
  struct making making;
  unsigned findings = 0;
  bool fine = false;
  size_t i;

  for (i = 0; i < 2 && (i == 0 || parts[0] != NULL); i++) {
    parts[i] = open_part(paths[i], i, make, ctx);
    in[i] = msim_in_file(parts[i]);
  }
  if (parts[0] != NULL && parts[1] != NULL && making_begin(&making, path)) {
    int err = msim_player_pair(NULL, in, paths, &making.out, print_finding, &findings);

    if (err != MSIM_OK && findings == 0)
      complain("%s: %s", path, msim_strerror(err));
    fine = making_end(&making, err == MSIM_OK);
  }
  for (i = 0; i < 2; i++)
    if (parts[i] != NULL)
      fclose(parts[i]);
  return fine;
}
