/* origin.h: where a world comes from, for the first line of a trace: whoever compares two runs can then say which line
 * of which file made the difference. Decides nothing in a run. */
#ifndef MSIM_NET_ORIGIN_H
#define MSIM_NET_ORIGIN_H

#include "net/net.h"

#define MSIM__ORIGIN_SETTINGS_MAX 256u /* beyond that, one for a whole section */
#define MSIM__ORIGIN_SAYS_BYTES_MAX ((size_t)400)

struct msim__origin_fault {
  struct msim__origin_fault *next; /* by id */
  const char *id, *kind, *says;    /* says: its text in one line, cut */
  uint32_t line;                   /* 0: it stands in no file */
};

/* Something that was read and is told by nothing else in the first line: its digest shows that it differs. */
struct msim__origin_setting {
  struct msim__origin_setting *next; /* in the order of the file */
  const char *name;                  /* "host pc-a" */
  uint64_t digest;
  uint32_t line;
};

struct msim__origin {
  const char *file; /* the main file's own name, without its folder; or NULL */
  struct msim__origin_fault *faults;
  struct msim__origin_setting *settings, *last_setting;
};

/* Made when first asked for; NULL when out of memory. */
struct msim__origin *msim__origin(struct msim__net *net);
/* Texts are copied. 0 or MSIM_ERR_NOMEM. */
int msim__origin_set_file(struct msim__net *net, const char *file);
int msim__origin_add_fault(struct msim__net *net, const char *id, const char *kind, const char *says, uint32_t line);
int msim__origin_add_setting(struct msim__net *net, const char *name, uint64_t digest, uint32_t line);

#endif
