/* errnos.c: names and sentences of errors. */
#include <mailsim/socket.h>

static const struct {
  int value;
  const char *name, *text;
} rows[] = {
#define ROW(name, value, text) {value, #name, text},
    MSIM_ERRNO_MAP(ROW)
#undef ROW
};

static int positive(int err)
{
  return err < 0 && err > MSIM_ERR_INVALID ? -err : err;
}

const char *msim_errno_name(int err)
{
  size_t i;

  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].value == positive(err))
      return rows[i].name;
  }
  switch ((enum msim_err)err) {
#define NAME(name, value, text)                                                                                        \
  case MSIM_ERR_##name:                                                                                                \
    return "MSIM_ERR_" #name;
    MSIM_ERR_MAP(NAME)
#undef NAME
  case MSIM_OK:
    return "0";
  }
  return "?";
}

const char *msim_errno_text(int err)
{
  size_t i;

  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].value == positive(err))
      return rows[i].text;
  }
  return msim_strerror(err);
}
