/* user_mail_keys.c: the keys of a mail that a person writes, and what their values may be. */
#include "agents/user_mail_keys.h"

#include "agents/user_addresses.h"
#include "agents/user_sending.h"
#include "proto/address.h"
#include "proto/ascii.h"

#include <stdio.h>

const char *msim__user_check_address(const char *text)
{
  struct msim__address address;

  return msim__address_parse(&address, msim__slice_text(text), true, NULL) == MSIM_OK
             ? NULL
             : "an address such as anna@x.example is expected here";
}

/* An address, or a range of them, which is judged by its first. */
static const char *check_addresses(const char *text)
{
  static const char bad_range[] = "a range such as reader[1..1000]@y.example is expected here, of at most 65536";
  const char *begin = strchr(text, '[');
  uint64_t first, last;
  char one[512];
  size_t open, close;

  if (msim__user_range(text, &open, &close, &first, &last)) {
    int n = snprintf(one, sizeof one, "%.*s%llu%s", (int)open, text, (unsigned long long)last, text + close + 1);

    return n > 0 && (size_t)n < sizeof one ? msim__user_check_address(one) : bad_range;
  }
  return begin != NULL && strstr(begin, "..") != NULL ? bad_range : msim__user_check_address(text);
}

static const char *check_address_or_none(const char *text)
{
  return text[0] == '\0' ? NULL : msim__user_check_address(text);
}

const char *msim__user_check_name(const char *text)
{
  return text[0] != '\0' ? NULL : "a name is expected here";
}

static const char *check_type(const char *text)
{
  const char *c, *slash = strchr(text, '/');

  for (c = text; *c != '\0'; c++)
    if (*c <= ' ' || *c > '~' || *c == '"' || *c == ';')
      slash = NULL;
  return text[0] == '\0' || (slash != NULL && slash > text && slash[1] != '\0')
             ? NULL
             : "a type such as application/pdf is expected here";
}

const struct msim_field msim__user_address_item[] = {
    {.key = "to", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_addresses},
};

static const struct msim_field attachment_fields[] = {
    {.key = "name",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__user_attachment, name),
     .check = msim__user_check_name,
     .help = "of the file, UTF-8; its bytes follow from it"},
    {.key = "type",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__user_attachment, type),
     .fallback = "\"\"",
     .check = check_type,
     .help = "application/octet-stream when absent"},
    {.key = "size",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct msim__user_attachment, size_bytes),
     .max = MSIM__USER_MAIL_BYTES_MAX,
     .help = "before it is coded"},
    {.key = NULL},
};

static const struct msim_field attachment_item[] = {
    {.key = "attachment",
     .kind = MSIM_FIELD_STRUCT,
     .offset = 0,
     .item = attachment_fields,
     .item_bytes = sizeof(struct msim__user_attachment)},
};

const struct msim_field msim__user_mail_fields[] = {
    {.key = "message",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__user_mail, message),
     .fallback = "\"\"",
     .help = "its label in the trace; HOST-N when absent"},
    {.key = "from",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__user_mail, from),
     .fallback = "\"\"",
     .check = check_address_or_none,
     .help = "another sender than the account's address"},
    {.key = "to",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__user_mail, to),
     .item = msim__user_address_item,
     .item_bytes = sizeof(const char *),
     .min = 1,
     .max = 1000,
     .help = "the recipients' addresses; reader[1..9]@y.example stands for nine"},
    {.key = "cc",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__user_mail, cc),
     .fallback = "",
     .item = msim__user_address_item,
     .item_bytes = sizeof(const char *),
     .max = 1000,
     .help = "further recipients"},
    {.key = "bcc",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__user_mail, bcc),
     .fallback = "",
     .item = msim__user_address_item,
     .item_bytes = sizeof(const char *),
     .max = 1000,
     .help = "further recipients of whom the others shall not know"},
    {.key = "subject",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__user_mail, subject),
     .fallback = "\"\"",
     .help = "UTF-8"},
    {.key = "body",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__user_mail, body),
     .fallback = "\"\"",
     .help = "UTF-8; lines end in LF or CRLF"},
    {.key = "size",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct msim__user_mail, size_bytes),
     .fallback = "0B",
     .max = MSIM__USER_MAIL_BYTES_MAX,
     .help = "fills the text so that the whole message measures this much"},
    {.key = "attachments",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__user_mail, attachments),
     .fallback = "",
     .item = attachment_item,
     .item_bytes = sizeof(const struct msim__user_attachment *),
     .max = 100,
     .help = "files that go with it"},
    {.key = "draft",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct msim__user_mail, is_draft),
     .fallback = "false",
     .help = "via webmail: it is kept as a draft, and not sent"},
    {.key = NULL},
};
