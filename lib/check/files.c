/* files.c: open files of the C library as places that bytes go to and come from; see <mailsim/check.h>. */
#include <mailsim/check.h>

static int write_file(void *ctx, const void *data, size_t size_bytes)
{
  return fwrite(data, 1, size_bytes, ctx) == size_bytes ? MSIM_OK : MSIM_ERR_IO;
}

static int read_file(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  *size_bytes = fread(data, 1, capacity_bytes, ctx);
  return *size_bytes > 0 || !ferror((FILE *)ctx) ? MSIM_OK : MSIM_ERR_IO;
}

struct msim_out msim_out_file(FILE *file)
{
  return (struct msim_out){file, write_file};
}

struct msim_in msim_in_file(FILE *file)
{
  return (struct msim_in){file, read_file};
}
