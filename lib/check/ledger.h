/* ledger.h: the mail ledger: who has charge of each recipient of each message, from records alone, and what must never
 * become of one (docs/invariants.md, rules I1 to L1).
 *
 * A message is known by its label, which travels with its bytes, never by its Message-ID. Agents do not call anything
 * of this. Rooms: ledger.c (tables, findings, the end of a run), ledger_events.c (what agents tell), ledger_wire.c
 * (what is on the wire: replies, bodies, headers), ledger_pop.c (who may delete), ledger_imap.c (what mailboxes keep
 * to).
 */
#ifndef MSIM_CHECK_LEDGER_H
#define MSIM_CHECK_LEDGER_H

#include <mailsim/check.h>

#include "core/names.h"
#include "core/sim.h"

/* id, what it is about. The ids are stable; a rule that goes leaves a gap. */
#define MSIM__MAIL_RULE_MAP(X)                                                                                         \
  X(I1, "what was taken charge of is not lost")                                                                        \
  X(I2, "each recipient ends one way, and not in silence")                                                             \
  X(I3, "a second copy only after an exchange without an end")                                                         \
  X(I4, "delivered and returned only after such an exchange")                                                          \
  X(I5, "no notice about a notice")                                                                                    \
  X(I6, "the body arrives as it was sent")                                                                             \
  X(I7, "what is refused for now is kept, and tried again in time")                                                    \
  X(I8, "no mail runs in a circle for ever")                                                                           \
  X(I10, "mailboxes keep their UIDs, their messages and their flags")                                                  \
  X(I11, "POP3 deletes behind QUIT only")                                                                              \
  X(I14, "hidden recipients and passwords stay hidden")                                                                \
  X(L1, "no mail waits when nothing will happen any more")

enum msim__mail_rule {
#define MSIM__MAIL_RULE_ENUM(id, about) MSIM__MAIL_RULE_##id,
  MSIM__MAIL_RULE_MAP(MSIM__MAIL_RULE_ENUM)
#undef MSIM__MAIL_RULE_ENUM
      MSIM__MAIL_RULES
};

#define MSIM__LEDGER_MESSAGES_MAX ((size_t)1 << 18)
#define MSIM__LEDGER_RECIPIENTS_MAX ((size_t)65536) /* of one message */
#define MSIM__LEDGER_BODIES_MAX 4u                  /* forms of one body: as sent, and converted */
#define MSIM__LEDGER_FLOWS_MAX ((size_t)1 << 16)
#define MSIM__LEDGER_SECRETS_MAX 32u
#define MSIM__LEDGER_HEADER_BYTES_MAX ((size_t)65536)
#define MSIM__LEDGER_HOPS_MAX 101u /* RFC 5321 6.3: at least 100 Received fields, and the hop that refuses */

/* A host has charge of a recipient, or is about to. */
struct msim__custody {
  struct msim__custody *next;
  const char *host;                          /* of the ledger's names */
  bool user;                                 /* a person's own computer */
  bool created;                              /* the host wrote the message itself */
  bool kept;                                 /* in a queue */
  bool stored;                               /* in a mailbox; the charge is over when that was acknowledged */
  bool accepted;                             /* it was said that it is taken */
  bool passed;                               /* another host has taken it, and this one does not know yet */
  bool crashed;                              /* the host has crashed, and was not heard of it since */
  bool down;                                 /* and is not up again: what its disk has cannot be known */
  bool gone;                                 /* over; but a crash may have the host forget that */
  bool failed, good;                         /* given up; for good: by 5xx or after its time */
  msim_ns retry_ns;                          /* not before this time; 0: any */
  const struct msim__ledger_message *notice; /* that told its sender why it is gone; NULL: none did */
};

struct msim__ledger_recipient {
  char *address; /* terminated */
  uint64_t hash;
  struct msim__custody *custodies; /* oldest first */
  uint32_t delivered_count, returned_count, unclear_count, accepted_count;
  uint32_t alias_count; /* copies that were on their way to somebody else, until an alias led them here */
  bool aliased;         /* such a copy was his */
  bool named;           /* by who wrote the message; others stand in for somebody: an alias leads to them */
};

struct msim__ledger_message {
  struct msim__ledger_message *newer;
  char *label;
  uint32_t told;            /* bits of rules: each is told once */
  bool from_nobody, notice; /* its sender is <>; it tells of another message */
  bool loose;               /* facts are missing: not judged */
  bool written;             /* it was seen to be written; otherwise it comes from outside */
  uint32_t named_count;
  uint32_t alias_count; /* of those named who were passed on under another name that is not known */
  bool converted;       /* the next body may be another one */
  bool dropped;         /* a rule has made a host acknowledge it and throw it away */
  struct msim__ledger_recipient *recipients;
  size_t recipient_count, recipient_capacity;
  char **hidden; /* addresses in bcc */
  size_t hidden_count, hidden_capacity;
  uint64_t bodies[MSIM__LEDGER_BODIES_MAX];
  unsigned body_count;
};

/* A conversation in SMTP, from the first word about a message to the end of its content. */
struct msim__ledger_flow {
  struct msim__ledger_flow *next;
  uint64_t id;
  struct msim__ledger_message *message; /* whose content is under way; NULL: none */
  bool smtp; /* a sender was named: content comes as SMTP has it; else only a login was seen, of any protocol */
  bool chunked, in_body, at_line_start, after_dot, over, lost;
  uint32_t next_number; /* of the byte that is to come */
  char *header;
  size_t header_bytes, header_capacity;
  uint64_t hash, body_bytes;
  uint8_t held[8];
  size_t held_bytes;
  unsigned login_lines; /* 0: none expected */
  uint8_t last_byte;
};

struct msim__ledger {
  struct msim__trace_hook hook;
  struct msim_sim *sim;
  msim_invariants_fn *fn;
  void *user;
  struct msim_invariants_info *info;
  struct msim__names hosts, messages;
  struct msim__names imap_boxes, imap_readers; /* ledger_imap.c */
  struct msim__names readers;                  /* sessions of POP3 by the names of their connections; ledger_pop.c */
  struct msim__ledger_message *oldest, *newest;
  struct msim__ledger_flow **flows; /* buckets */
  size_t flow_count;
  char *secrets[MSIM__LEDGER_SECRETS_MAX];
  size_t secret_count;
  const char *last_label; /* of the record before, which most often is that of this one */
  struct msim__ledger_message *last_message;
  msim_ns now_ns;
  uint64_t n;
  int err; /* MSIM_ERR_NOMEM, which then ends the run */
};

/* Its hook is to be hung into the trace; fn, user and info as in msim_invariants_attach. MSIM_ERR_NOMEM. */
int msim__ledger_new(struct msim__ledger **out, struct msim_sim *sim, msim_invariants_fn *fn, void *user,
                     struct msim_invariants_info *info);
void msim__ledger_free(struct msim__ledger *ledger);
/* What must hold when a run is over; only where nothing would have happened any more. */
void msim__ledger_finish(struct msim__ledger *ledger);

/* ---- shared by the rooms ---- */

/* Tells a finding, once per message and rule; never about a message that is not judged. host, address may be NULL. */
void msim__ledger_broken(struct msim__ledger *ledger, struct msim__ledger_message *message, enum msim__mail_rule rule,
                         const char *host, const char *address, const char *format, ...) MSIM_PRINTF(6, 7);

/* Notes that memory is out when what an allocation gave is NULL, and returns it. */
void *msim__ledger_need(struct msim__ledger *ledger, void *block);

/* The message of that label; with add it is made. NULL: none, too many, or out of memory. */
struct msim__ledger_message *msim__ledger_message_of(struct msim__ledger *ledger, const char *label, bool add);
struct msim__ledger_recipient *msim__ledger_recipient_of(struct msim__ledger *ledger,
                                                         struct msim__ledger_message *message, const char *address,
                                                         bool add);
const char *msim__ledger_host_of(struct msim__ledger *ledger, const char *name);

/* NULL: out of memory. */
struct msim__custody *msim__custody_add(struct msim__ledger *ledger, struct msim__ledger_recipient *recipient,
                                        const char *host);
void msim__custody_remove(struct msim__ledger *ledger, struct msim__ledger_recipient *recipient,
                          struct msim__custody *custody);

int msim__ledger_take_event(struct msim__ledger *ledger, const struct msim_trace_event *event);
void msim__ledger_take_crash(struct msim__ledger *ledger, const struct msim_trace_event *event);
void msim__ledger_take_restart(struct msim__ledger *ledger, const struct msim_trace_event *event);
int msim__ledger_take_segment(struct msim__ledger *ledger, const struct msim_trace_packet *packet);
void msim__ledger_flows_free(struct msim__ledger *ledger);

/* A segment has arrived: looks for the goodbyes of those who read by POP3. */
int msim__ledger_take_arrival(struct msim__ledger *ledger, const struct msim_trace_packet *packet);
/* A message was deleted in the session of POP3 on the connection of that name. */
void msim__ledger_judge_removal(struct msim__ledger *ledger, struct msim__ledger_message *message, const char *host,
                                const char *conn);
void msim__ledger_readers_free(struct msim__ledger *ledger);

/* store.add, store.remove and mailbox.*: others are passed over. */
int msim__ledger_take_mailbox(struct msim__ledger *ledger, const struct msim_trace_event *event);
/* wiped: nothing is left on its disk. */
void msim__ledger_crash_mailboxes(struct msim__ledger *ledger, const char *host, bool wiped);
/* A line of a client by IMAP has arrived; not whole: some of it cannot be seen. */
void msim__ledger_take_imap_command(struct msim__ledger *ledger, const struct msim_flow *flow, const char *line,
                                    size_t line_bytes, bool whole);
/* A unit imap.reply or imap.overview is sent as a whole. */
void msim__ledger_take_imap_reply(struct msim__ledger *ledger, const struct msim_trace_packet *packet,
                                  const struct msim_trace_unit *unit);
void msim__ledger_mailboxes_free(struct msim__ledger *ledger);

/* A value of an event by name. NULL: there is none, or no such text; 0: no such number, or a negative one. */
const struct msim_value *msim__ledger_value(const struct msim_trace_event *event, const char *name);
const char *msim__ledger_text(const struct msim_trace_event *event, const char *name);
uint64_t msim__ledger_number(const struct msim_trace_event *event, const char *name);

/* Keeps a password, so that it is found where it must not be. */
void msim__ledger_keep_secret(struct msim__ledger *ledger, const char *text, size_t size_bytes);
/* Whether bytes hold text, without regard to the case of ASCII letters. */
bool msim__ledger_holds(const char *bytes, size_t size_bytes, const char *text);

#endif
