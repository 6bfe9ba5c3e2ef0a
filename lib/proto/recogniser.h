/* recogniser.h: what the bytes of a connection are whose ends are not ours: the units of docs/trace.md, found while
 * both directions pass by, as agents would have marked them.
 *
 * Incremental at every byte, of a fixed size, allocates nothing, and never asks for bytes to be held back: what a line
 * is may be known only behind its first word, so a unit may begin some bytes back. Where a client does not keep to the
 * protocol it says less (bytes without a unit), but of passwords it hides too much rather than too little: whatever a
 * client sends while it is not known how the server understands it is auth.credentials. Judges nothing, and does not
 * know labels: it tells where one is due. Encrypted connections end it. */
#ifndef MSIM_PROTO_RECOGNISER_H
#define MSIM_PROTO_RECOGNISER_H

#include "proto/dot.h"
#include "proto/http_body.h"
#include "proto/imap_gather.h"

enum msim__recogniser_protocol {
  MSIM__RECOGNISER_AUTO, /* by the first byte: a greeting, or a request */
  MSIM__RECOGNISER_SMTP,
  MSIM__RECOGNISER_POP,
  MSIM__RECOGNISER_IMAP,
  MSIM__RECOGNISER_HTTP,
  MSIM__RECOGNISER_NONE /* nothing is said, or no more */
};

/* Whose mail a unit is about. */
enum msim__recogniser_label {
  MSIM__RECOGNISER_NO_LABEL,
  MSIM__RECOGNISER_NEW_LABEL, /* a message that begins here */
  MSIM__RECOGNISER_SAME_LABEL /* the latest of the connection */
};

enum msim__recogniser_side { MSIM__RECOGNISER_CLIENT, MSIM__RECOGNISER_SERVER };

struct msim__recognised {
  enum msim__recogniser_side side;
  size_t at_byte;      /* of those that were fed: it begins, or ends, in front of this one */
  uint64_t back_bytes; /* of a beginning: so many bytes earlier, whenever they were fed */
  bool begins;
  const char *unit; /* static */
  enum msim__recogniser_label label;
};

/* at_byte never decreases. Each beginning has its end, unless the connection ends before. Not more than two are open
 * at once on a side. */
typedef void msim__recognised_fn(void *ctx, const struct msim__recognised *mark);

#define MSIM__RECOGNISER_TEXT_BYTES 96u
#define MSIM__RECOGNISER_TAG_BYTES 48u
#define MSIM__RECOGNISER_ASKED_MAX 64u

/* One direction. All members are private. */
struct msim__recogniser_way {
  uint8_t reading;                           /* lines at first; by protocol */
  uint8_t text_bytes;                        /* of text */
  bool decided, after_cr, breaks, spoken;    /* breaks: what is open ends in front of the next byte */
  uint8_t text[MSIM__RECOGNISER_TEXT_BYTES]; /* how the line begins */
  uint64_t line_bytes;
  const char *unit; /* open; or NULL */
  enum msim__recogniser_label label;
  bool secret; /* credentials within it are open */
  union {
    struct msim__dot dot;
    struct msim__imap_gather gather;
    struct msim__http_body body;
  } u;
};

/* What the client waits for before its next bytes have a meaning. */
enum msim__recogniser_wait {
  MSIM__RECOGNISER_NO_WAIT,
  MSIM__RECOGNISER_WAIT_LOGIN,   /* the next step, or the verdict */
  MSIM__RECOGNISER_WAIT_CONTENT, /* whether DATA, or a literal, is wanted */
  MSIM__RECOGNISER_WAIT_CIPHER   /* whether everything will be encrypted */
};

/* Of IMAP. size_bytes 0: none, or one that is too long to be remembered. */
struct msim__recogniser_tag {
  uint8_t size_bytes, bytes[MSIM__RECOGNISER_TAG_BYTES];
};

/* Start with msim__recogniser_init. All members are private. */
struct msim__recogniser {
  enum msim__recogniser_protocol protocol;
  enum msim__recogniser_wait wait;
  struct msim__recogniser_way ways[2];
  union {
    struct { /* every line of the client, and every content, has one reply; the greeting is the first */
      uint64_t sent_count, answered_count;
      uint64_t wait_number, content_number; /* of the reply that ends the wait; that decides about a message */
      uint64_t early_count, late_count;     /* lines sent during the wait; of them behind a lone dot */
      uint64_t chunk_left_bytes;
      bool early_dot;
    } smtp;
    struct {
      uint8_t asked[MSIM__RECOGNISER_ASKED_MAX]; /* commands without a reply, a ring */
      uint8_t first, count;
      bool lost; /* there were more of them */
    } pop;
    struct {
      struct msim__recogniser_tag tag, login_tag; /* of the command under way; of the latest that logs in or encrypts */
      uint8_t verb;
      bool goes_on[2]; /* behind a literal of the same command or response */
      bool is_content[2];
      bool is_fetch, in_section; /* the response under way */
      uint8_t word[16], word_bytes;
    } imap;
    struct {
      struct msim__http_head heads[2];
      unsigned status;
      uint64_t to_head; /* a bit for each request without a response, the oldest lowest: it was HEAD */
      uint8_t request_count;
      bool is_login, is_form, is_flawed[2], in_pairs, in_value, name_is_secret;
      uint8_t name_end[4]; /* the latest bytes of a name in a form or query */
    } http;
  } p;
};

void msim__recogniser_init(struct msim__recogniser *recogniser, enum msim__recogniser_protocol protocol);
/* The next bytes of that side, in the order in which the two sides knew of them. */
void msim__recogniser_feed(struct msim__recogniser *recogniser, enum msim__recogniser_side side,
                           struct msim_slice bytes, msim__recognised_fn *fn, void *ctx);

/* ---- between the files of the recogniser ---- */

extern const char msim__unit_credentials[], msim__unit_result[], msim__unit_content[];

struct msim__recogniser_feed {
  struct msim__recogniser *recogniser;
  struct msim__recogniser_way *way;
  enum msim__recogniser_side side;
  struct msim_slice bytes;
  size_t at;
  msim__recognised_fn *fn;
  void *ctx;
};

/* The unit begins back_bytes in front of the bytes at `at`; what is open ends. NULL: none. */
void msim__recogniser_begin(struct msim__recogniser_feed *feed, const char *unit, enum msim__recogniser_label label,
                            uint64_t back_bytes);
void msim__recogniser_end(struct msim__recogniser_feed *feed);
/* Credentials within what is open. */
void msim__recogniser_secret(struct msim__recogniser_feed *feed, bool begins);
/* What the line at hand is, asked behind each of its bytes until it is true: then the unit was begun, or there is none.
 * last: nothing more will be known. */
typedef bool msim__recogniser_decide_fn(struct msim__recogniser_feed *feed, bool last);
/* Takes a line up to LF, whatever stands in front of that. true: it is complete, and its first bytes are in text until
 * msim__recogniser_next_line. */
bool msim__recogniser_line(struct msim__recogniser_feed *feed, msim__recogniser_decide_fn *decide);
void msim__recogniser_next_line(struct msim__recogniser_way *way);
/* Of a complete line: it ended in CRLF. */
bool msim__recogniser_is_whole(const struct msim__recogniser_way *way);
/* The text without blanks in front. */
struct msim_slice msim__recogniser_text(const struct msim__recogniser_way *way);
/* Whether the text begins with the word, in letters of any size. */
bool msim__recogniser_starts(struct msim_slice text, const char *word);
/* Takes dot-stuffed content. true: the lone dot was among it. */
bool msim__recogniser_dot(struct msim__recogniser_feed *feed);

/* Take at least one byte. */
void msim__recogniser_smtp(struct msim__recogniser_feed *feed);
void msim__recogniser_pop(struct msim__recogniser_feed *feed);
void msim__recogniser_imap(struct msim__recogniser_feed *feed);
void msim__recogniser_http(struct msim__recogniser_feed *feed);
void msim__recogniser_smtp_begin(struct msim__recogniser *recogniser);
void msim__recogniser_pop_begin(struct msim__recogniser *recogniser);

#endif
