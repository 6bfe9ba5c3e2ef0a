/* smtp_replies.c: what an SMTP server says: replies, complaints, refusals, the last word; and what rules make of them:
 * late, cut off, or not said at all. See smtp_incoming.h. */
#include "agents/smtp_incoming.h"

#include "net/buggify.h"
#include "proto/ascii.h"
#include "proto/smtp_reply.h"

#include <stdio.h>

#define LINGER_NS MSIM_SEC(120) /* for the peer's half after our last reply */
#define REPLY_BYTES 2048u
#define LATE_NS_MAX MSIM_SEC(2)

/* A reply that waits for its time. */
struct msim__smtp_late {
  struct msim_timer timer;
  struct msim__smtp_incoming *session;
  const char *unit;
  bool ends;
  enum msim__smtp_cut cut;
  size_t size_bytes;
  uint8_t bytes[REPLY_BYTES];
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1]; /* of the message that it decides about, or "" */
};

void msim__smtp_late_free(struct msim__smtp_incoming *session)
{
  if (session->late == NULL)
    return;
  msim_timer_cancel(&session->late->timer);
  msim__free(&session->server->mem, session->late, sizeof *session->late);
  session->late = NULL;
}

void msim__smtp_incoming_end(struct msim__smtp_incoming *session)
{
  session->state = MSIM__SMTP_IN_CLOSING;
  if (session->late != NULL) {
    session->late->ends = true; /* once it is said */
    return;
  }
  if (session->ended)
    return;
  session->ended = true;
  msim_stream_close(session->stream);
  msim_timer_cancel(&session->timer);
  msim_timer_set_background(&session->timer, true);
  msim_timer_arm(&session->timer, LINGER_NS);
}

/* Says it, or cuts the connection off before or behind it. */
static void say(struct msim__smtp_incoming *session, const char *unit, const char *label, const uint8_t *bytes,
                size_t size_bytes, enum msim__smtp_cut cut)
{
  if (cut == MSIM__SMTP_CUT_RESET) {
    session->state = MSIM__SMTP_IN_CLOSING;
    msim_stream_abort(session->stream);
    return;
  }
  if (cut != MSIM__SMTP_CUT_BEFORE_REPLY &&
      !msim__stream_send_unit(session->agent, session->stream, unit, label, bytes, size_bytes))
    session->choked = true;
  if (cut != MSIM__SMTP_CUT_NONE) {
    msim__smtp_incoming_reset(session);
    msim__smtp_incoming_end(session);
  }
}

static void on_late(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__smtp_late *late = (struct msim__smtp_late *)(void *)timer; /* its first member */
  struct msim__smtp_incoming *session = late->session;
  bool ends = late->ends;

  (void)now_ns;
  session->late = NULL;
  session->held = session->custody != NULL;
  say(session, late->unit, late->label[0] != '\0' ? late->label : NULL, late->bytes, late->size_bytes, late->cut);
  msim__free(&session->server->mem, late, sizeof *late);
  if (ends)
    msim__smtp_incoming_end(session);
  if (!session->held)
    msim__smtp_incoming_resume(session);
}

/* The replies of a pipelining client keep their order: it is not read on while one waits. */
static bool put_off(struct msim__smtp_incoming *session, const char *unit, const char *label, const uint8_t *bytes,
                    size_t size_bytes, const struct msim__smtp_effect *effect)
{
  struct msim__smtp_late *late = msim__alloc_zeroed(&session->server->mem, 1, sizeof *late);

  if (late == NULL)
    return false;
  late->session = session;
  late->unit = unit;
  late->cut = effect->cut;
  late->size_bytes = size_bytes;
  memcpy(late->bytes, bytes, size_bytes);
  (void)snprintf(late->label, sizeof late->label, "%s", label != NULL ? label : "");
  msim_timer_init(&late->timer, msim_agent_node(session->agent), on_late);
  msim_timer_arm(&late->timer, effect->delay_ns);
  msim_timer_cancel(&session->timer);
  session->late = late;
  session->held = true;
  return true;
}

void msim__smtp_incoming_reply_unit(struct msim__smtp_incoming *session, const char *unit, unsigned code,
                                    const char *enhanced, const char *text)
{
  const char *label = session->deciding ? session->label : NULL;
  struct msim__smtp_effect effect = session->effect;
  uint8_t bytes[REPLY_BYTES];
  size_t n;

  memset(&session->effect, 0, sizeof session->effect);
  if (effect.code / 100 == 2 && code / 100 == 2) { /* the same in other words */
    code = effect.code;
    enhanced = effect.enhanced;
    text = effect.text;
  }
  if (enhanced != NULL && (enhanced[0] == '\0' || !msim__smtp_incoming_offers(session, "ENHANCEDSTATUSCODES")))
    enhanced = NULL;
  if (msim__smtp_reply_format(bytes, sizeof bytes, code, enhanced, msim__slice_text(text), &n) < 0 &&
      msim__smtp_reply_format(bytes, sizeof bytes, code, enhanced, msim__slice_text("?"), &n) < 0)
    return;
  if (text[0] == '\0' && n == 5) { /* RFC 4954 4: an empty challenge still has its space */
    memcpy(bytes + 3, " \r\n", 3);
    n = 6;
  }
  if (effect.drop)
    return;
  if (msim__buggify(msim_agent_node(session->agent), MSIM__SITE_SMTP_LATE))
    effect.delay_ns += msim__buggify_draw(msim_agent_node(session->agent), MSIM__SITE_SMTP_LATE, LATE_NS_MAX);
  if (effect.delay_ns == 0 || session->late != NULL || !put_off(session, unit, label, bytes, n, &effect))
    say(session, unit, label, bytes, n, effect.cut);
}

void msim__smtp_incoming_reply(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                               const char *text)
{
  msim__smtp_incoming_reply_unit(session, "smtp.reply", code, enhanced, text);
}

void msim__smtp_incoming_complain(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                                  const char *text)
{
  session->effect.delay_ns += session->server->error_delay_ns;
  if (++session->error_count > session->server->errors_max)
    msim__smtp_incoming_close(session, 421, "4.7.0", "Too many errors");
  else
    msim__smtp_incoming_reply(session, code, enhanced, text);
}

void msim__smtp_incoming_close(struct msim__smtp_incoming *session, unsigned code, const char *enhanced,
                               const char *text)
{
  msim__smtp_incoming_reply(session, code, enhanced, text);
  msim__smtp_incoming_reset(session);
  msim__smtp_incoming_end(session);
}

void msim__smtp_incoming_refuse(struct msim__smtp_incoming *session, const char *to, const char *reason, unsigned code,
                                const char *enhanced, const char *text)
{
  struct msim_value values[7];
  char reply[160];
  size_t n = 0;

  (void)snprintf(reply, sizeof reply, "%u %s%s%s", code, enhanced, enhanced[0] != '\0' ? " " : "", text);
  if (session->label[0] != '\0')
    values[n++] = msim_value_text("message", session->label);
  values[n++] = msim_value_text("protocol", "smtp");
  values[n++] = msim_value_text("reason", reason);
  values[n++] = msim_value_int("reply_class", code / 100);
  values[n++] = msim_value_text("reply", reply);
  values[n++] = msim_value_text("from", session->reverse_path);
  if (to != NULL)
    values[n++] = msim_value_text("to", to);
  msim_agent_event(session->agent, "message.refused", values, n);
  session->effect.delay_ns += session->server->error_delay_ns;
  if (code == 421) /* RFC 5321 3.8: says that the connection ends */
    msim__smtp_incoming_close(session, code, enhanced, text);
  else
    msim__smtp_incoming_reply(session, code, enhanced, text);
}
