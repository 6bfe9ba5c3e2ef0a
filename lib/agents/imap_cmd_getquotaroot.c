/* imap_cmd_getquotaroot.c: what a mailbox counts for (RFC 9208 4.1.2). See imap_cmd.h. */
#include "agents/imap_cmd.h"

void msim__imap_put_quota(struct msim__imap_session *session)
{
  uint64_t used = msim__folders_bytes(session->inbox), limit = session->account->quota_bytes;

  /* RFC 9208 5.1: in units of 1024 bytes */
  msim__buf_printf(&session->out, "* QUOTA \"\" (STORAGE %llu %llu)\r\n", (unsigned long long)((used + 1023) / 1024),
                   (unsigned long long)(limit / 1024));
}

static void run(struct msim__imap_session *session)
{
  struct msim__mailbox *box = msim__imap_take_folder(session, false);
  bool limited = session->account->quota_bytes > 0;

  if (box == NULL || !msim__imap_is_all(session))
    return;
  msim__buf_append_text(&session->out, "* QUOTAROOT ");
  msim__imap_put_name(session, &session->out, msim__imap_title_of(box));
  msim__buf_append_text(&session->out, limited ? " \"\"\r\n" : "\r\n");
  if (limited)
    msim__imap_put_quota(session);
  msim__imap_ok(session, NULL, "Told");
}

extern const struct msim__imap_cmd msim__imap_cmd_getquotaroot;
const struct msim__imap_cmd msim__imap_cmd_getquotaroot = {
    .name = "GETQUOTAROOT",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .capability = "QUOTA",
    .run = run,
};
