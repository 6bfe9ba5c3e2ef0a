/* script.h: a script in packetdrill notation as data, and how it is read from text.
 *
 * Memory of a script lies in one list of blocks and goes with it. Times are nanoseconds of the script. Does not run
 * anything (run.h) and knows no constant by name (symbols.h). */
#ifndef MSIM_TESTS_TCP_SCRIPT_SCRIPT_H
#define MSIM_TESTS_TCP_SCRIPT_SCRIPT_H

#include <mailsim/base.h>

struct script_block {
  struct script_block *next;
};

/* ---- tokens ---- */
enum token_kind {
  TOKEN_END,
  TOKEN_INTEGER,
  TOKEN_HEX,
  TOKEN_FLOAT,
  TOKEN_WORD,
  TOKEN_STRING,    /* text: without quotes, escapes resolved */
  TOKEN_BACKQUOTE, /* text: the command */
  TOKEN_CODE,      /* text: what stands between %{ and }% */
  TOKEN_ELLIPSIS,
  TOKEN_OPTION,  /* text: without the dashes */
  TOKEN_ADDRESS, /* 192.0.2.1 */
  TOKEN_SIGN     /* one character, in sign */
};

struct token {
  enum token_kind kind;
  unsigned line, column;
  char sign;
  int64_t number;
  const char *text; /* terminated; what was written, or as said above */
  size_t text_bytes;
  size_t begin, end; /* place in the source */
};

struct script;

struct lexer {
  struct script *script;
  const char *source;
  size_t size, at;
  unsigned line, column;
};

/* False: script->error is set. */
bool lexer_next(struct lexer *lexer, struct token *out);

/* ---- expressions of system calls ---- */
enum expr_kind {
  EXPR_ELLIPSIS,
  EXPR_NUMBER,
  EXPR_WORD,
  EXPR_STRING,
  EXPR_LIST,   /* [a, b] and {a, b} */
  EXPR_OR,     /* first | second */
  EXPR_ASSIGN, /* first = second */
  EXPR_CALL    /* text(items): htons(8080) */
};

struct expr {
  enum expr_kind kind;
  unsigned line, column;
  int64_t number;
  const char *text;
  size_t text_bytes;
  struct expr *first, *second; /* EXPR_OR, EXPR_ASSIGN */
  struct expr *items;          /* EXPR_LIST, EXPR_CALL */
  struct expr *next;           /* in the list that it is an item of */
};

/* ---- packets ---- */
enum option_kind {
  OPTION_END = 0,
  OPTION_NOP = 1,
  OPTION_MSS = 2,
  OPTION_WSCALE = 3,
  OPTION_SACKOK = 4,
  OPTION_SACK = 5,
  OPTION_TS = 8,
  OPTION_FAST_OPEN = 34,
  OPTION_EXPERIMENT = 254 /* Fast Open as it was before RFC 7413 */
};
#define OPTIONS_MAX 40

struct option_spec {
  uint8_t kind;
  uint32_t value, echo; /* mss, shift; TS */
  uint8_t count;        /* of SACK blocks, of cookie bytes */
  uint32_t left[4], right[4];
  uint8_t cookie[16];
  const char *cookie_name; /* FO NAME: the cookie that the host gave under this name; or NULL */
};

enum ecn_check { ECN_ANY, ECN_EXACT, ECN_EITHER, TOS_EXACT };

struct packet_spec {
  bool inbound;
  uint8_t proto; /* enum msim_proto */
  enum ecn_check tos_check;
  uint8_t tos, ttl;            /* ttl 0: not given */
  uint16_t src_port, dst_port; /* 0: not given */
  uint16_t flags;
  uint32_t seq, payload_bytes;
  bool has_ack, has_window, has_seq;
  uint32_t ack;
  uint16_t window, urgent;
  bool any_options;
  unsigned option_count;
  struct option_spec options[OPTIONS_MAX];
  uint8_t icmp_type, icmp_code;
  uint32_t mtu_bytes;
};

struct call_spec {
  const char *name;
  struct expr *arguments;
  struct expr *result;
  const char *errno_name; /* or NULL */
  bool blocks;            /* END was given */
  msim_ns end_ns;
};

/* ---- events ---- */
enum time_kind { TIME_ABSOLUTE, TIME_RELATIVE, TIME_ANY, TIME_RANGE, TIME_RELATIVE_RANGE };
enum event_kind { EVENT_PACKET, EVENT_CALL, EVENT_COMMAND, EVENT_CODE };

struct event {
  struct event *next;
  enum event_kind kind;
  enum time_kind time;
  unsigned line, column;
  msim_ns at_ns, end_ns;
  const char *source; /* the line as written, without its time */
  union {
    struct packet_spec *packet;
    struct call_spec *call;
    const char *text; /* command or code */
  } u;
};

struct script_option {
  struct script_option *next;
  const char *name, *value; /* value "" when none */
};

struct script {
  struct script_block *blocks;
  const char *path;
  struct script_option *options;
  struct event *events;
  const char *before, *after; /* commands around the events, or NULL */
  char error[512];            /* "path:line:column: sentence"; "" while all is well */
};

/* The text need not be terminated and is not kept. False: script->error. script_free in either case. */
bool script_read(struct script *script, const char *path, const char *text, size_t size_bytes);
void script_free(struct script *script);

void *script_alloc(struct script *script, size_t size_bytes); /* zeroed; never NULL: the process ends */
const char *script_copy(struct script *script, const char *text, size_t size_bytes);
/* Keeps the first; always false. */
bool script_fail(struct script *script, unsigned line, unsigned column, const char *format, ...) MSIM_PRINTF(4, 5);

/* ---- parser, shared by parse.c and parse_packet.c ---- */
struct parser {
  struct lexer lexer;
  struct token token; /* the next one, not yet taken */
  size_t taken_end;   /* where the last one taken ends in the source */
};

bool parser_take(struct parser *p);
bool parser_is_sign(const struct parser *p, char sign);
bool parser_is_word(const struct parser *p, const char *word);
bool parser_expect_sign(struct parser *p, char sign, const char *where);
bool parser_number(struct parser *p, int64_t min, int64_t max, const char *what, int64_t *out);
bool parser_wanted(struct parser *p, const char *what);
bool parse_packet(struct parser *p, struct packet_spec *packet);

#endif
