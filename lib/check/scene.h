/* scene.h: a scene file as checked structs.
 *
 * Reading reports as many findings as can be told apart. What has no influence on the verdict (notes, absorbs,
 * named_flags) is checked for its place only. Does not look at any trace. */
#ifndef MSIM_CHECK_SCENE_H
#define MSIM_CHECK_SCENE_H

#include "check/observe.h"
#include "check/scope.h"
#include "text/yaml_tree.h"

#define MSIM__SCENE_SPEC "libmailsim.scene/1"
#define MSIM__SCENE_NUMBER_MAX 999999
#define MSIM__SCENE_ITEMS_MAX 10000u /* steps, atoms of all steps, never predicates, statements at the end */

/* A name and the hosts that it stands for. */
struct msim__actor_hosts {
  const char *name;
  const char **hosts;
  size_t host_count;
};

struct msim__scene_conn {
  const char *name;
  const struct msim__actor_hosts *client, *server;
  uint16_t *ports;
  size_t port_count;
};

/* One line of `where` or `values`. */
enum msim__condition_op { MSIM__CONDITION_EQUAL, MSIM__CONDITION_HAS, MSIM__CONDITION_SCOPE };
struct msim__condition {
  enum msim__condition_op op;
  struct msim__seen_value value; /* EQUAL: also of kind LIST, "contains at least"; HAS: the list of names */
  enum msim__scope scope;        /* SCOPE: of the value of that name */
};
struct msim__conditions {
  struct msim__condition *items;
  size_t count;
};

/* What a predicate can ask; name as told when it fails. */
#define MSIM__TEST_MAP(X)                                                                                              \
  X(MATCH, "match")                                                                                                    \
  X(POINT, "point")                                                                                                    \
  X(FIRST_RX, "first arrival")                                                                                         \
  X(ARRIVED, "arrived")                                                                                                \
  X(FIRST_COPY, "first copy")                                                                                          \
  X(CONN, "conn")                                                                                                      \
  X(FROM, "from")                                                                                                      \
  X(TO, "to")                                                                                                          \
  X(DIR, "dir")                                                                                                        \
  X(FLAGS_HAS, "flags.has")                                                                                            \
  X(FLAGS_LACKS, "flags.lacks")                                                                                        \
  X(PAYLOAD, "payload")                                                                                                \
  X(CARRIES, "carries")                                                                                                \
  X(ACKS, "acks")                                                                                                      \
  X(OF, "of")                                                                                                          \
  X(HOST, "host")                                                                                                      \
  X(EVENT, "event")                                                                                                    \
  X(WHAT, "what")                                                                                                      \
  X(TARGET, "target")                                                                                                  \
  X(WHERE, "where")                                                                                                    \
  X(SOURCE_IS, "source_is")                                                                                            \
  X(DEST_IS, "dest_is")                                                                                                \
  X(ORDER, "order")

enum msim__test {
#define MSIM__TEST_ENUM(name, text) MSIM__TEST_##name,
  MSIM__TEST_MAP(MSIM__TEST_ENUM)
#undef MSIM__TEST_ENUM
      MSIM__TESTS
};
#define MSIM__TEST_BIT(test) ((uint32_t)1 << (test))

#define MSIM__ATOM_NONE SIZE_MAX

struct msim__predicate {
  const char *id;
  uint32_t tests;     /* bits; those that depend on the witness are chosen by predicate.c */
  uint8_t match;      /* enum msim__seen_kind */
  bool rx;            /* point: rx; otherwise the sending is looked at */
  bool has_point;     /* a point was given */
  bool payload;       /* some */
  bool broadcast;     /* to: broadcast */
  uint8_t dir;        /* enum msim__seen_dir */
  uint8_t has, lacks; /* flags */
  uint8_t edge;       /* of carries; 0: any */
  enum msim__scope source, dest;
  size_t conn; /* index into conns */
  const struct msim__actor_hosts *from, *to, *host, *target;
  const char *event, *what, *unit, *message; /* message NULL: any */
  struct msim__conditions unit_values, where;
  size_t acks, of; /* atoms, by number in the scene */
};

/* NONE: absent. START: the word start. STEP: the anchor of a step. ATOM: the record of an atom. */
enum msim__moment_kind { MSIM__MOMENT_NONE, MSIM__MOMENT_START, MSIM__MOMENT_STEP, MSIM__MOMENT_ATOM };
struct msim__moment {
  enum msim__moment_kind kind;
  size_t index;     /* of the step or the atom */
  const char *text; /* as written */
};

struct msim__atom {
  struct msim__predicate p;
  struct msim__moment after;
};

struct msim__step {
  unsigned number;
  const struct msim__actor_hosts *actor;
  const char *says, *kind;
  bool is_sequence;              /* seq, not all */
  size_t first_atom, atom_count; /* among the atoms of the scene */
  size_t anchor;                 /* an atom of the scene */
  size_t *causal;                /* indices of earlier steps */
  size_t causal_count;
  size_t narrated; /* likewise; MSIM__ATOM_NONE: none */
};

struct msim__never {
  struct msim__predicate p;
  const char *why; /* "" when it does not say */
  struct msim__moment before, after;
};

struct msim__omitted {
  bool is_teardown, must_occur;
  size_t conn;
};

/* lacks: the words are names that must not be there. empty: nothing may be there; then no words. */
struct msim__alternative {
  const char *text;
  bool empty, lacks;
  const char **words;
  size_t word_count;
};

struct msim__finally {
  const char *id;
  const struct msim__actor_hosts *store;
  const char *mailbox; /* NULL: any */
  bool durable;
  const char **contains, **lacks;
  size_t contains_count, lacks_count;
  struct msim__alternative *any_of;
  size_t any_of_count;
};

/* What a trace can contradict; the rest of `requires` is for those who build the topology. */
enum msim__requirement_kind {
  MSIM__REQUIRES_MAILBOX, /* host, word = user, words = messages, step */
  MSIM__REQUIRES_LINK_UP, /* host */
  MSIM__REQUIRES_ADDRESS, /* host, scope; UNSPECIFIED stands for none */
  MSIM__REQUIRES_NO_DHCP,
  MSIM__REQUIRES_NO_DNS,
  MSIM__REQUIRES_NO_NAT
};
struct msim__requirement {
  enum msim__requirement_kind kind;
  struct msim__actor_hosts host; /* the actor, or the word itself as a host */
  const char *word;
  const char **words;
  size_t word_count, step;
  enum msim__scope scope;
};

struct msim__scene {
  struct msim__mem *mem;
  struct msim__words *words; /* all texts and arrays without a capacity live there */
  const char *name, *title;
  struct msim__actor_hosts *actors;
  struct msim__scene_conn *conns;
  struct msim__step *steps;
  struct msim__atom *atoms;
  struct msim__never *nevers;
  struct msim__omitted *omitteds;
  struct msim__finally *finallys;
  struct msim__requirement *requirements;
  size_t actor_count, conn_count, step_count, atom_count, never_count, omitted_count, finally_count, requirement_count;
};

/* Fills a zeroed scene of which mem and words are set. case_id may be NULL. The tree may be released afterwards.
 * 0, MSIM_ERR_SYNTAX, MSIM_ERR_NOT_FOUND (the case), MSIM_ERR_NOMEM. */
int msim__scene_read(struct msim__scene *scene, const struct msim__yaml_node *root, const char *case_id,
                     msim_diag_fn *fn, void *user);

#endif
