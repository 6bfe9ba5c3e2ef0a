/* foreign.c: bytes of real programs on a socket of a simulated host: the recogniser (proto/recogniser.h) says what they
 * are, and they are marked as an agent would mark them, in the same writes.
 *
 * Gives labels to messages. Does not know where the bytes come from, nor hold any back. */
#include <mailsim/socket.h>

#include <stdio.h>
#include <string.h>

#include "agents/foreign.h"
#include "agents/smtp_stream.h"
#include "sockets/sockets.h"
#include "streams/streams.h"

struct foreign {
  struct msim_sim *sim;
  struct msim__recogniser recogniser;
  enum msim__recogniser_side side;       /* of the real program */
  char label[MSIM__LABEL_BYTES_MAX + 1]; /* of the latest message, or "" */
};

/* ---- which protocol ---- */

static enum msim__recogniser_protocol protocol_of_type(const char *type)
{
  static const struct {
    const char *type;
    enum msim__recogniser_protocol protocol;
  } known[] = {{"smtp-server", MSIM__RECOGNISER_SMTP},
               {"pop-server", MSIM__RECOGNISER_POP},
               {"imap-server", MSIM__RECOGNISER_IMAP},
               {"webmail", MSIM__RECOGNISER_HTTP},
               {"http-server", MSIM__RECOGNISER_HTTP}};
  size_t i;

  for (i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(known[i].type, type) == 0)
      return known[i].protocol;
  return MSIM__RECOGNISER_AUTO;
}

/* RFC 6335. */
static enum msim__recogniser_protocol protocol_of_port(uint16_t port)
{
  switch (port) {
  case 25:
  case 587:
    return MSIM__RECOGNISER_SMTP;
  case 110:
    return MSIM__RECOGNISER_POP;
  case 143:
    return MSIM__RECOGNISER_IMAP;
  case 80:
  case 8080:
    return MSIM__RECOGNISER_HTTP;
  default:
    return MSIM__RECOGNISER_AUTO;
  }
}

enum msim__recogniser_protocol msim__foreign_protocol(const struct msim_node *server, uint16_t port)
{
  const struct msim_agent *agent = server != NULL ? msim__stream_listener(server, port) : NULL;
  enum msim__recogniser_protocol protocol = MSIM__RECOGNISER_AUTO;

  if (agent != NULL)
    protocol = protocol_of_type(agent->type->name);
  return protocol != MSIM__RECOGNISER_AUTO ? protocol : protocol_of_port(port);
}

/* ---- labels ---- */

void msim__foreign_label(struct msim_node *node, char *out)
{
  uint64_t number =
      node->agents != NULL ? msim__mail_number_next(node->agents) : msim__agents_real_mail_next(msim__node_sim(node));

  (void)snprintf(out, MSIM__LABEL_BYTES_MAX + 1, "%.100s-%llu", node->name, (unsigned long long)number);
}

/* ---- what the program sends ---- */

struct sending {
  struct foreign *foreign;
  struct msim__tcb *tcb;
  const uint8_t *data;
  size_t written, taken_bytes; /* of data: handed over; and taken, which is as much unless memory is out */
  bool urgent;
};

static void write_up_to(struct sending *sending, size_t at)
{
  const uint8_t *from = sending->data + sending->written;
  size_t size_bytes = at - sending->written;

  if (size_bytes == 0)
    return;
  sending->taken_bytes += sending->urgent ? msim__tcp_write_urgent(sending->tcb, from, size_bytes)
                                          : msim__tcp_write(sending->tcb, from, size_bytes);
  sending->written = at;
}

static void on_sent(void *ctx, const struct msim__recognised *mark)
{
  struct sending *sending = ctx;
  struct foreign *foreign = sending->foreign;
  const char *label;

  write_up_to(sending, mark->at_byte);
  if (mark->begins && mark->label == MSIM__RECOGNISER_NEW_LABEL)
    msim__foreign_label(msim__tcp_node(sending->tcb), foreign->label);
  label = mark->label != MSIM__RECOGNISER_NO_LABEL && foreign->label[0] != '\0' ? foreign->label : NULL;
  if (mark->begins)
    msim__tcp_mark_back(sending->tcb, mark->unit, label, (uint32_t)mark->back_bytes);
  else
    msim__tcp_mark(sending->tcb, mark->unit, label, false);
}

/* As one write: what goes into which segment does not depend on what is recognised. */
static size_t send(void *state, struct msim__tcb *tcb, struct msim_slice bytes, bool urgent)
{
  struct foreign *foreign = state;
  struct sending sending = {foreign, tcb, bytes.data, 0, 0, urgent};
  size_t space = msim__tcp_space_bytes(tcb);

  if (bytes.size_bytes > space) {
    msim__tcp_want_writable(tcb);
    bytes.size_bytes = space;
  }
  msim__tcp_hold(tcb, true);
  msim__recogniser_feed(&foreign->recogniser, foreign->side, bytes, on_sent, &sending);
  write_up_to(&sending, bytes.size_bytes);
  msim__tcp_hold(tcb, false);
  return sending.taken_bytes;
}

/* ---- what it receives ---- */

struct receiving {
  struct foreign *foreign;
  const struct msim__tcb *tcb; /* or NULL */
  size_t offset_bytes;
};

/* To a real server: the label that the simulated client has given. */
static void on_received(void *ctx, const struct msim__recognised *mark)
{
  const struct receiving *receiving = ctx;
  struct foreign *foreign = receiving->foreign;
  const char *label;

  if (foreign->side != MSIM__RECOGNISER_SERVER || !mark->begins || mark->label == MSIM__RECOGNISER_NO_LABEL ||
      receiving->tcb == NULL || mark->at_byte < mark->back_bytes)
    return;
  label = msim__tcp_message_at(receiving->tcb, receiving->offset_bytes + mark->at_byte - (size_t)mark->back_bytes);
  (void)snprintf(foreign->label, sizeof foreign->label, "%s", label != NULL ? label : "");
}

static void received(void *state, const struct msim__tcb *tcb, struct msim_slice bytes, size_t offset_bytes)
{
  struct foreign *foreign = state;
  struct receiving receiving = {foreign, tcb, offset_bytes};
  enum msim__recogniser_side other =
      foreign->side == MSIM__RECOGNISER_CLIENT ? MSIM__RECOGNISER_SERVER : MSIM__RECOGNISER_CLIENT;

  msim__recogniser_feed(&foreign->recogniser, other, bytes, on_received, &receiving);
}

/* ---- the public call ---- */

static void release(void *state)
{
  struct foreign *foreign = state;

  msim__free(&foreign->sim->mem, foreign, sizeof *foreign);
}

int msim_socket_recognise(struct msim_socket *s)
{
  static const struct msim__socket_follower follower = {send, received, release};
  int err = msim__socket_enter(s, false);
  struct foreign *foreign;
  bool client;

  if (err != 0)
    return err;
  if (s->type != MSIM_SOCK_STREAM)
    return -MSIM_EOPNOTSUPP;
  if (s->tcb == NULL)
    return -MSIM_ENOTCONN;
  foreign = msim__alloc_zeroed(&msim__socket_sim(s)->mem, 1, sizeof *foreign);
  if (foreign == NULL)
    return msim__sim_fail_nomem(msim__socket_sim(s));
  foreign->sim = msim__socket_sim(s);
  client = msim__tcp_is_client(s->tcb);
  foreign->side = client ? MSIM__RECOGNISER_CLIENT : MSIM__RECOGNISER_SERVER;
  msim__recogniser_init(&foreign->recogniser, client ? msim__foreign_protocol(msim__tcp_peer(s->tcb), s->remote.port)
                                                     : msim__foreign_protocol(s->node, s->local.port));
  msim__socket_follow(s, &follower, foreign);
  return 0;
}
