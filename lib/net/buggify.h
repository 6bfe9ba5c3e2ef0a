/* buggify.h: sites: places in our own hosts at which a rule from above (fault/) may have a way taken that is allowed
 * and rare, so that a short run meets what a long life would. The word is FoundationDB's.
 *
 * No site breaks a promise of its protocol: whoever fails behind one would have failed some day. Without such a rule a
 * site costs a look at one pointer. Does not decide anything; what a site does stands where it is. */
#ifndef MSIM_NET_BUGGIFY_H
#define MSIM_NET_BUGGIFY_H

#include "net/net.h"

/* Name in C, name, what it does. In order of their names. */
#define MSIM__SITE_MAP(X)                                                                                              \
  X(DISK_EARLY, "disk.early", "what was written is durable at once, its name or its content first, without a sync")    \
  X(DISK_LATE, "disk.late", "a sync takes up to 50 ms longer")                                                         \
  X(DNS_FORGET, "dns.forget", "the cache of a dns-resolver has lost an entry before its time")                         \
  X(NOTICE_LATE, "notice.late", "a notice about a delivery leaves its host up to 10 min later")                        \
  X(QUEUE_EARLY, "queue.early",                                                                                        \
    "the queue of a relay is looked through early: mail that waits is tried before its "                               \
    "time")                                                                                                            \
  X(SMTP_COALESCE, "smtp.coalesce", "a server's replies to all commands that have arrived leave together")             \
  X(SMTP_LATE, "smtp.late", "a server's reply comes up to 2 s later")                                                  \
  X(SMTP_ONE_MAIL, "smtp.one-mail", "a relay ends the connection after one mail")                                      \
  X(SMTP_PLAIN, "smtp.plain", "a server does not offer PIPELINING")                                                    \
  X(TCP_ACK, "tcp.ack", "an ACK that may wait is sent at once, or waits up to half a second")                          \
  X(TCP_CUT, "tcp.cut", "new text is cut in two segments between any two bytes")                                       \
  X(TCP_CUT_LINE_END, "tcp.cut-line-end", "CR and LF of a line travel in different segments")                          \
  X(TCP_TINY_WINDOW, "tcp.tiny-window", "the window of a new connection is one byte, and grows with what arrives")     \
  X(TCP_WAIT, "tcp.wait", "behind a cut the rest waits until the front is acknowledged")                               \
  X(TCP_WRAP, "tcp.wrap", "the first number of a connection is shortly before 2^32, so that numbers begin anew")       \
  X(UID_GAP, "uid.gap", "some UIDs are left out in front of a new mail")

enum msim__site {
#define MSIM__SITE_ENUM(c_name, name, summary) MSIM__SITE_##c_name,
  MSIM__SITE_MAP(MSIM__SITE_ENUM)
#undef MSIM__SITE_ENUM
      MSIM__SITES
};

struct msim__site_info {
  const char *name, *summary;
};
extern const struct msim__site_info msim__sites[MSIM__SITES];

struct msim__buggify {
  void *ctx;
  /* Whether the host takes the rare way this time; told by a record then. */
  bool (*fires)(void *ctx, const struct msim_node *node, enum msim__site site);
  /* Behind one that has fired: a number from 0 to bound - 1, by which it does so. */
  uint64_t (*draw)(void *ctx, const struct msim_node *node, enum msim__site site, uint64_t bound);
};
/* Borrowed; NULL: nobody is asked, as at first. */
static inline void msim__buggify_set(struct msim_sim *sim, const struct msim__buggify *rule)
{
  sim->buggify = rule;
}

static inline bool msim__buggify(const struct msim_node *node, enum msim__site site)
{
  const struct msim__buggify *rule = msim__node_sim(node)->buggify;

  return rule != NULL && rule->fires(rule->ctx, node, site);
}

static inline uint64_t msim__buggify_draw(const struct msim_node *node, enum msim__site site, uint64_t bound)
{
  const struct msim__buggify *rule = msim__node_sim(node)->buggify;

  return rule->draw(rule->ctx, node, site, bound);
}

#endif
