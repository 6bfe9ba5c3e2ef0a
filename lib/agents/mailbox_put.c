/* mailbox_put.c: messages that a program lays into mailboxes before the run; see <mailsim/mailbox.h>. They wait with
 * the simulation's letters until the host's server fills its mailboxes (mailbox_contents.c). */
#include <mailsim/mailbox.h>

#include "agents/agents.h"
#include "agents/mailbox_server.h"
#include "core/sized.h"
#include "mail/folders.h"
#include "mail/letters.h"
#include "proto/address.h"
#include "proto/ascii.h"
#include "proto/date.h"

#include <string.h>

#define FLAGS_ALL ((1u << MSIM__FLAG_COUNT) - 1 + MSIM_MAILBOX_RECENT)
#define SENDER_BYTES_MAX (MSIM__ADDRESS_LOCAL_BYTES_MAX + MSIM__ADDRESS_DOMAIN_BYTES_MAX + 1u)

static bool has_server(const struct msim_node *node)
{
  const struct msim_agent *agent;

  for (agent = node->agents; agent != NULL; agent = agent->next)
    if (strcmp(agent->type->name, "pop-server") == 0 || strcmp(agent->type->name, "imap-server") == 0)
      return true;
  return false;
}

/* Of the field Date; INT64_MIN: it has none that can be read. */
static int64_t date_of(const char *text, size_t size_bytes)
{
  static const char name[] = "date:";
  const char *end = text + size_bytes, *line = text, *next;
  int64_t unix_s;
  size_t i;

  while (line != end && *line != '\n' && *line != '\r') {
    for (i = 0; i < sizeof name - 1 && line + i < end && msim__ascii_lower((uint8_t)line[i]) == (uint8_t)name[i]; i++)
      ;
    if (i == sizeof name - 1 &&
        msim__date_parse_mail(&unix_s, NULL,
                              (struct msim_slice){(const uint8_t *)line + i, (size_t)(end - line) - i}) == MSIM_OK)
      return unix_s;
    next = memchr(line, '\n', (size_t)(end - line));
    line = next != NULL ? next + 1 : end;
  }
  return INT64_MIN;
}

static bool is_sound(const struct msim_mailbox_letter *letter)
{
  return letter->user != NULL && msim__mailbox_check_user(letter->user) == NULL &&
         strlen(letter->folder) <= MSIM__FOLDER_BYTES_MAX && msim__folder_is_title(msim__slice_text(letter->folder)) &&
         strlen(letter->sender) <= SENDER_BYTES_MAX && msim__mailbox_check_line(letter->sender) == NULL &&
         (letter->flags & ~FLAGS_ALL) == 0 && letter->reserved == 0 && letter->data != NULL &&
         (letter->internal_unix_s == MSIM_MAILBOX_DATE_OF_FIELD ||
          (letter->internal_unix_s >= MSIM__DATE_UNIX_MIN && letter->internal_unix_s <= MSIM__DATE_UNIX_MAX));
}

int msim_mailbox_put_sized(struct msim_node *node, const struct msim_mailbox_letter *given, size_t given_bytes)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_mailbox_letter letter;
  struct msim__laid laid;
  int err = msim__sized_in(&letter, sizeof letter, given, given_bytes);

  if (err != MSIM_OK)
    return err;
  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  if (letter.folder == NULL)
    letter.folder = "INBOX";
  if (letter.sender == NULL)
    letter.sender = "";
  if (!is_sound(&letter))
    return MSIM_ERR_INVALID;
  if (!has_server(node))
    return MSIM_ERR_NOT_FOUND;
  memset(&laid, 0, sizeof laid);
  laid.host = msim_node_name(node);
  laid.user = letter.user;
  laid.folder = letter.folder;
  laid.sender = letter.sender;
  laid.unix_s = letter.internal_unix_s == MSIM_MAILBOX_DATE_OF_FIELD ? date_of(letter.data, letter.size_bytes)
                                                                     : letter.internal_unix_s;
  laid.flags = letter.flags & ((1u << MSIM__FLAG_COUNT) - 1);
  laid.is_recent = (letter.flags & MSIM_MAILBOX_RECENT) != 0;
  return msim__letter_lay(sim, &laid, (struct msim_slice){letter.data, letter.size_bytes});
}
