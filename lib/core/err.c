/* err.c: texts of the error numbers, and the version. Does not hold any state of a failure: sim.c does. */
#include <mailsim/base.h>

const char *msim_strerror(int err)
{
  switch (err) {
  case MSIM_OK:
    return "fine";
#define MSIM_ERR_CASE(name, value, text)                                                                               \
  case value:                                                                                                          \
    return text;
    MSIM_ERR_MAP(MSIM_ERR_CASE)
#undef MSIM_ERR_CASE
  default:
    return "an unknown error number";
  }
}

const char *msim_version(void)
{
  return MSIM_VERSION;
}
