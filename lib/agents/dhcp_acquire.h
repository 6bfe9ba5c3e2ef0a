/* dhcp_acquire.h: the states of a DHCP client (RFC 2131 figure 5): told what has happened and when, it says what is to
 * be done now, and when it wants to be woken. Does not send, does not touch the host, and has no timer of its own. */
#ifndef MSIM_AGENTS_DHCP_ACQUIRE_H
#define MSIM_AGENTS_DHCP_ACQUIRE_H

#include "core/rng.h"
#include "wire/dhcp_message.h"

enum msim__dhcp_state {
  MSIM__DHCP_STATE_INIT, /* nothing is under way; the next try may have a time */
  MSIM__DHCP_STATE_SELECTING,
  MSIM__DHCP_STATE_REQUESTING,
  MSIM__DHCP_STATE_REBOOTING, /* it reminds of an address that it had */
  MSIM__DHCP_STATE_CHECKING,  /* somebody else may use what it was given */
  MSIM__DHCP_STATE_BOUND,
  MSIM__DHCP_STATE_RENEWING,
  MSIM__DHCP_STATE_REBINDING,
  MSIM__DHCP_STATE_INFORMING, /* it has an address and asks for the rest */
  MSIM__DHCP_STATE_INFORMED,
  MSIM__DHCP_STATE_RELEASING /* the server is being told; then the address goes */
};

struct msim__dhcp_acquire_opts {
  uint8_t mac[6];
  uint8_t client_id[MSIM__DHCP_CLIENT_ID_BYTES], client_id_bytes; /* 0: none is sent */
  const char *host_name;                                          /* "": none is sent */
  bool broadcast;     /* replies to the address that is about to be its own would not be heard */
  bool checks;        /* asks the network whether somebody has the address before it uses it */
  uint32_t lease_s;   /* that it asks for; 0: what the server likes */
  uint32_t wanted;    /* address that it would like; 0: any */
  uint32_t inform;    /* address that it has from elsewhere, so that it asks for the rest only; 0: none */
  uint32_t tries_max; /* of each message without an answer, at least 1; refusals and conflicts too */
  msim_ns retry_ns;   /* after it has given up; 0: never again */
  msim_ns spread_ns;  /* the first try comes after a part of this, drawn (RFC 2131 4.4.1) */
};

/* What is to be done, in this order. */
enum {
  MSIM__DHCP_ACT_SEND = 1,        /* message to act.to */
  MSIM__DHCP_ACT_REFUSED = 2,     /* a server has refused; told before what follows from it */
  MSIM__DHCP_ACT_DECLINED = 4,    /* somebody else has the address */
  MSIM__DHCP_ACT_EXPIRED = 8,     /* nobody has extended the lease */
  MSIM__DHCP_ACT_RELEASED = 16,   /* it was given back */
  MSIM__DHCP_ACT_CLEAR = 32,      /* the address must not be used any more */
  MSIM__DHCP_ACT_CHECK = 64,      /* the network is to be asked; then msim__dhcp_acquire_checked */
  MSIM__DHCP_ACT_CONFIGURE = 128, /* the lease is the host's from now on */
  MSIM__DHCP_ACT_EXTENDED = 256,  /* it goes on, perhaps with other values beside the address */
  MSIM__DHCP_ACT_INFORMED = 512,  /* what was asked for beside the address is there */
  MSIM__DHCP_ACT_FAILED = 1024    /* given up, for act.reason */
};

struct msim__dhcp_act {
  unsigned what;
  const char *reason; /* FAILED: "no-offer", "no-answer", "refused", "conflict" */
  uint32_t to;        /* SEND: an address, or UINT32_MAX for all */
  struct msim__dhcp_message message;
};

/* What it was told, and until when. */
struct msim__dhcp_held {
  struct msim__dhcp_message ack; /* type MSIM__DHCP_NONE: nothing */
  msim_ns since_ns;              /* its request was sent */
  msim_ns t1_ns, t2_ns, ends_ns; /* instants; MSIM_NEVER: never */
};

struct msim__dhcp_acquire {
  struct msim__dhcp_acquire_opts opts;
  struct msim__rng *rng;
  enum msim__dhcp_state state;
  struct msim__dhcp_held held;
  bool has_address;   /* the host uses it */
  msim_ns wake_ns;    /* MSIM_NEVER: by messages only */
  bool in_background; /* nobody waits for that */
  uint32_t tries;
  /* private: */
  bool has_failed; /* and was not bound since */
  bool is_stopped; /* by hand */
  uint32_t refusals, conflicts;
  uint32_t xid;
  msim_ns began_ns, asked_ns;
  uint16_t secs;
  struct msim_addr offered, offered_by;
};

/* held: what is remembered from an earlier life, or NULL. rng is borrowed. Nothing is to be done before wake_ns. */
void msim__dhcp_acquire_start(struct msim__dhcp_acquire *client, const struct msim__dhcp_acquire_opts *opts,
                              struct msim__rng *rng, const struct msim__dhcp_held *held, msim_ns now_ns);

/* Each of these fills *act. wake_ns has come: */
void msim__dhcp_acquire_wake(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act);
void msim__dhcp_acquire_receive(struct msim__dhcp_acquire *client, const struct msim__dhcp_message *message,
                                msim_ns now_ns, struct msim__dhcp_act *act);
/* The network has answered, or not: whether somebody else has the address. */
void msim__dhcp_acquire_checked(struct msim__dhcp_acquire *client, bool is_taken, msim_ns now_ns,
                                struct msim__dhcp_act *act);
/* Somebody else uses the address that the host has (RFC 5227 2.4). */
void msim__dhcp_acquire_conflict(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act);
/* The host was cut off and may be on another network now (RFC 2131 3.7). */
void msim__dhcp_acquire_replugged(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act);
/* As a person does by hand: give the address back and stay without; begin anew or extend now. */
void msim__dhcp_acquire_give_back(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act);
void msim__dhcp_acquire_renew(struct msim__dhcp_acquire *client, msim_ns now_ns, struct msim__dhcp_act *act);

/* Fills the times of what was acknowledged: since_ns is given. rng NULL: without the random part of T1 and T2. */
void msim__dhcp_held_times(struct msim__dhcp_held *held, struct msim__rng *rng);

const char *msim__dhcp_state_name(enum msim__dhcp_state state); /* "selecting" */

#endif
