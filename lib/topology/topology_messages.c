/* topology_messages.c: the section `messages`: letters that somebody has written, into files or into the topology.
 *
 * Paths are those of include.c: below the folder of the file that names them. Does not look at what a letter says. */
#include "mail/letters.h"
#include "mail/message.h"
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

static const struct msim__key keys[] = {
    {.name = "file",
     .form = MSIM__FORM_TEXT,
     .fallback = "",
     .help = "path of the whole message, header, empty line and all"},
    {.name = "text", .form = MSIM__FORM_TEXT, .fallback = "", .help = "or the whole message itself"},
    {.name = NULL},
};
const struct msim__section msim__section_message = {.keys = keys};

static bool is_label(struct msim_slice text)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++)
    if (text.data[i] < ' ' || text.data[i] == 0x7f)
      return false;
  return text.size_bytes > 0 && text.size_bytes <= MSIM__MESSAGE_LABEL_BYTES_MAX;
}

static void keep(struct msim__loader *loader, const struct msim__yaml_entry *e, const struct msim__yaml_node *place,
                 const char *what, struct msim_slice bytes)
{
  struct msim_slice name = msim__yaml_slice(e->key);
  const char *label = msim__arena_text(&loader->sim->arena, (const char *)name.data, name.size_bytes);
  int err = label != NULL ? msim__letter_add(loader->sim, label, bytes) : MSIM_ERR_NOMEM;

  if (err == MSIM_ERR_NOMEM)
    loader->err = err;
  else if (err == MSIM_ERR_EXISTS)
    msim__loader_report(loader, e->key, "messages: there is a message of this name in another file already");
  else if (err == MSIM_ERR_LIMIT)
    msim__loader_report(loader, place, "file: a message has at most %u MiB, and there are at most %u of them",
                        MSIM__LETTER_BYTES_MAX >> 20, MSIM__LETTERS_MAX);
  else if (err != MSIM_OK && bytes.size_bytes == 0)
    msim__loader_report(loader, place, "%s: there is nothing in this %s", what, what);
  else if (err != MSIM_OK)
    msim__loader_report(loader, place, "%s: a byte of value 0 is in this %s, which no message can have", what, what);
}

static void add_message(struct msim__loader *loader, const struct msim__topology_file *from,
                        const struct msim__yaml_entry *e)
{
  const struct msim__yaml_node *place, *text;
  struct msim_slice bytes = {NULL, 0};
  struct msim_diag diag;
  const char *path;

  if (!is_label(msim__yaml_slice(e->key))) {
    msim__loader_report(loader, e->key, "messages: a name of 1 to %u bytes without control characters is expected here",
                        MSIM__MESSAGE_LABEL_BYTES_MAX);
    return;
  }
  if (msim__yaml_read_kind(e->value, "messages", MSIM__YAML_MAP, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  msim__section_check(loader, &msim__section_message, e->value);
  place = msim__yaml_find(e->value, "file");
  text = msim__yaml_find(e->value, "text");
  if ((place == NULL) == (text == NULL)) {
    msim__loader_report(loader, text != NULL ? text : e->value,
                        text != NULL ? "write either file or text, not both"
                                     : "the key \"file\" is missing: the path of the message; or \"text\"");
    return;
  }
  if (text != NULL) {
    if (msim__yaml_read_text(text, "text", &path, &diag) < 0)
      msim__loader_keep(loader, &diag);
    else
      keep(loader, e, text, "text", msim__yaml_slice(text));
    return;
  }
  path = msim__loader_path(loader, from, place, "file", false);
  if (path == NULL || msim__loader_read_bytes(loader, path, place, "file", &bytes) != MSIM_OK)
    return;
  keep(loader, e, place, "file", bytes);
  msim__loader_release_bytes(loader, bytes);
}

void msim__loader_add_messages(struct msim__loader *loader, const struct msim__topology_file *from,
                               const struct msim__yaml_node *messages)
{
  const struct msim__yaml_entry *e;
  struct msim_diag diag;

  if (msim__yaml_read_kind(messages, "messages", MSIM__YAML_MAP, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  for (e = msim__yaml_first(messages); e != NULL && loader->err == MSIM_OK; e = e->next)
    add_message(loader, from, e);
}
