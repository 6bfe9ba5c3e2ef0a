/* base.h: what every other header of libmailsim needs: version, time, errors, borrowed bytes, addresses.
 *
 * Does not include: anything that knows a simulation (sim.h) or a packet (packet.h).
 * All functions here are pure and may be called from any thread. */
#ifndef MAILSIM_BASE_H
#define MAILSIM_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(MSIM_SHARED)
#define MSIM_API __declspec(dllimport)
#elif defined(__GNUC__)
#define MSIM_API __attribute__((visibility("default")))
#else
#define MSIM_API
#endif

#if defined(__GNUC__)
#define MSIM_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#else
#define MSIM_PRINTF(format_index, first_index)
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define MSIM_VERSION_MAJOR 0
#define MSIM_VERSION_MINOR 1
#define MSIM_VERSION_PATCH 0
#define MSIM_VERSION "0.1.0"

/* Raised only when a default run changes its trace. Stands in trace headers and goldens. */
#define MSIM_ENGINE 1

/* Instants count nanoseconds from the start of the run; durations are nanoseconds too. */
typedef uint64_t msim_ns;
#define MSIM_NEVER UINT64_MAX
#define MSIM_USEC(n) ((msim_ns)(n)*1000u)
#define MSIM_MSEC(n) ((msim_ns)(n)*1000000u)
#define MSIM_SEC(n) ((msim_ns)(n)*1000000000u)

/* name, value, sentence. Values from -1000 down never meet errno; those from -2000 down end the run. */
#define MSIM_ERR_MAP(X)                                                                                                \
  X(INVALID, -1001, "an argument is not valid")                                                                        \
  X(NOT_FOUND, -1002, "there is nothing of that name")                                                                 \
  X(EXISTS, -1003, "there is already one of that name")                                                                \
  X(LIMIT, -1004, "a limit is reached")                                                                                \
  X(SYNTAX, -1005, "the text cannot be read")                                                                          \
  X(STATE, -1006, "this cannot be done in this state")                                                                 \
  X(IO, -1007, "reading or writing failed")                                                                            \
  X(FATAL, -2000, "the simulation has failed")                                                                         \
  X(NOMEM, -2001, "out of memory")                                                                                     \
  X(AGENT, -2002, "an agent has reported a bug of its own")                                                            \
  X(BUG, -2003, "the library has found a bug of its own")

enum msim_err {
  MSIM_OK = 0,
#define MSIM_ERR_ENUM(name, value, text) MSIM_ERR_##name = (value),
  MSIM_ERR_MAP(MSIM_ERR_ENUM)
#undef MSIM_ERR_ENUM
};

/* A static English sentence for an enum msim_err; never NULL, also for unknown numbers. */
MSIM_API const char *msim_strerror(int err);

/* The version of the library that is running, as "major.minor.patch". Static. */
MSIM_API const char *msim_version(void);

/* Borrowed bytes: not terminated, not owned. data may be NULL only when size_bytes is 0. */
struct msim_slice {
  const uint8_t *data;
  size_t size_bytes;
};

/* One thing that is wrong with an input. line and column count from 1; 0 means "the file as a whole". */
struct msim_diag {
  const char *file; /* borrowed during the callback */
  unsigned line, column;
  char text[240]; /* one sentence, UTF-8, terminated */
};

/* Called once per finding; user is what was handed in beside it. */
typedef void msim_diag_fn(void *user, const struct msim_diag *diag);

/* The memory hook, shaped like realloc: size_old_bytes is 0 with ptr NULL for a new block; size_new_bytes 0 frees and
 * returns NULL. NULL otherwise means out of memory, and the old block stays valid. Blocks must be aligned for any type.
 * A simulation calls it from the thread that drives the simulation only. */
struct msim_mem {
  void *ctx;
  void *(*resize)(void *ctx, void *ptr, size_t size_old_bytes, size_t size_new_bytes);
};

/* An address. IPv4 uses the first four bytes, in network order; the rest is zero. */
enum msim_family { MSIM_FAMILY_NONE = 0, MSIM_FAMILY_IPV4 = 4, MSIM_FAMILY_IPV6 = 6 };

struct msim_addr {
  uint8_t family; /* enum msim_family */
  uint8_t bytes[16];
};

struct msim_endpoint {
  struct msim_addr addr;
  uint16_t port;
};

/* Room for the longest address text, brackets, port and the final zero. */
#define MSIM_ADDR_TEXT_BYTES 64

/* Reads "192.0.2.1" or "2001:db8::1" (RFC 4291 2.2); the whole text must be an address. MSIM_ERR_SYNTAX otherwise. */
MSIM_API int msim_addr_parse(struct msim_addr *out, const char *text, size_t text_bytes);

/* Writes the address as text (IPv6 by RFC 5952; "*" when it is none), terminated; out must have MSIM_ADDR_TEXT_BYTES.
 * Returns the length. */
MSIM_API size_t msim_addr_format(const struct msim_addr *addr, char *out);

/* "192.0.2.1:25", "[2001:db8::1]:25". Same contract as msim_addr_format. */
MSIM_API size_t msim_endpoint_format(const struct msim_endpoint *endpoint, char *out);

/* Same family and same address; two of family NONE are equal. */
MSIM_API bool msim_addr_equal(const struct msim_addr *a, const struct msim_addr *b);

/* Host byte order; addr must be IPv4. */
MSIM_API struct msim_addr msim_addr_ipv4(uint32_t value);
MSIM_API uint32_t msim_addr_ipv4_value(const struct msim_addr *addr);

/* A named value of an event, as it stands in app records. text and items are borrowed. */
enum msim_value_kind { MSIM_VALUE_TEXT, MSIM_VALUE_INT, MSIM_VALUE_BOOL, MSIM_VALUE_LIST };

struct msim_value {
  const char *name;
  enum msim_value_kind kind;
  union {
    const char *text; /* UTF-8 as far as the source is; sinks escape what is not */
    int64_t integer;
    bool truth;
    struct {
      const char *const *items;
      size_t count;
    } list;
  } u;
};

#define MSIM_VALUES_MAX 16 /* of one event */

static inline struct msim_value msim_value_text(const char *name, const char *text)
{
  struct msim_value v;
  v.name = name;
  v.kind = MSIM_VALUE_TEXT;
  v.u.text = text;
  return v;
}

static inline struct msim_value msim_value_int(const char *name, int64_t integer)
{
  struct msim_value v;
  v.name = name;
  v.kind = MSIM_VALUE_INT;
  v.u.integer = integer;
  return v;
}

static inline struct msim_value msim_value_bool(const char *name, bool truth)
{
  struct msim_value v;
  v.name = name;
  v.kind = MSIM_VALUE_BOOL;
  v.u.truth = truth;
  return v;
}

#ifdef __cplusplus
}
#endif
#endif
