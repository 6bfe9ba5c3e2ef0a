/* control_mails.c: mail that has come, for the control interface: lists, one message in parts, taking out. */
#define _POSIX_C_SOURCE 200809L
#include "control.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LIST_DEFAULT 1000u
#define WAIT_MAX_S 300u
#define PARTS_MAX 1000u

/* ---- one message as JSON ---- */

static json_t *text_of(const struct msim_node *node, size_t box, size_t place, const char *field)
{
  struct gather gather = {NULL, 0, 0};
  struct msim_out out = {&gather, gather_write};
  json_t *json = NULL;
  int err =
      field != NULL ? msim_mailbox_field(node, box, place, field, &out) : msim_mailbox_text(node, box, place, &out);

  if (err == MSIM_OK)
    json = gather_json(&gather);
  else if (err == MSIM_ERR_NOT_FOUND)
    json = json_null();
  free(gather.bytes);
  return json;
}

static json_t *foreign_text(const char *text)
{
  struct gather gather = {NULL, 0, 0};
  json_t *json = gather_write(&gather, text, strlen(text)) == MSIM_OK ? gather_json(&gather) : NULL;

  free(gather.bytes);
  return json;
}

static json_t *flags_of(const struct msim_node *node, size_t box, const struct msim_mailbox_message *message)
{
  static const char *const names[] = {"seen", "answered", "flagged", "deleted", "draft", "recent"};
  json_t *list = json_array();
  const char *keyword;
  size_t i;

  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    if ((message->flags >> i & 1) != 0)
      (void)json_array_append_new(list, json_string(names[i]));
  for (i = 0; (keyword = msim_mailbox_keyword_at(node, box, i)) != NULL; i++)
    if ((message->keywords >> i & 1) != 0)
      (void)json_array_append_new(list, foreign_text(keyword));
  return list;
}

static json_t *outline(const struct msim_node *node, size_t box, size_t place, const struct msim_mailbox_info *info,
                       const struct msim_mailbox_message *message)
{
  return json_pack("{s:s, s:o, s:o, s:I, s:I, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "host", msim_node_name(node),
                   "user", foreign_text(info->user), "folder", foreign_text(info->folder), "uid",
                   (json_int_t)message->uid, "uid_validity", (json_int_t)info->uid_validity, "label",
                   foreign_text(message->label), "sender", foreign_text(message->sender), "date_unix_s",
                   (json_int_t)message->internal_unix_s, "size_bytes", (json_int_t)message->size_bytes, "flags",
                   flags_of(node, box, message), "from", text_of(node, box, place, "From"), "to",
                   text_of(node, box, place, "To"), "subject", text_of(node, box, place, "Subject"));
}

/* ---- which ones ---- */

struct filter {
  const char *host, *user, *folder, *subject;
  uint64_t count, limit, after_uid;
};

static bool read_number(const struct ask *ask, const char *name, uint64_t fallback, uint64_t *out,
                        struct answer *answer)
{
  const char *text = ask->query(ask, name);

  *out = fallback;
  if (text == NULL || parse_count(text, out))
    return true;
  answer_error(answer, 400, "%s: a number is expected", name);
  return false;
}

static bool read_filter(const struct ask *ask, struct filter *filter, struct answer *answer)
{
  filter->host = ask->query(ask, "host");
  filter->user = ask->query(ask, "user");
  filter->folder = ask->query(ask, "folder");
  filter->subject = ask->query(ask, "subject");
  return read_number(ask, "count", 0, &filter->count, answer) &&
         read_number(ask, "limit", LIST_DEFAULT, &filter->limit, answer) &&
         read_number(ask, "after", 0, &filter->after_uid, answer);
}

static bool fits_box(const struct filter *filter, const struct msim_node *node, const struct msim_mailbox_info *info)
{
  return (filter->host == NULL || strcmp(filter->host, msim_node_name(node)) == 0) &&
         (filter->user == NULL || strcmp(filter->user, info->user) == 0) &&
         (filter->folder == NULL || strcmp(filter->folder, info->folder) == 0);
}

/* What of it is looked for is a part of the subject. */
static bool fits_subject(const struct filter *filter, const struct msim_node *node, size_t box, size_t place)
{
  json_t *subject;
  bool fits;

  if (filter->subject == NULL)
    return true;
  subject = text_of(node, box, place, "Subject");
  fits = json_is_string(subject) && strstr(json_string_value(subject), filter->subject) != NULL;
  json_decref(subject);
  return fits;
}

/* Calls fn for each message that fits, until it returns false. */
typedef bool message_fn(void *ctx, struct msim_node *node, size_t box, size_t place,
                        const struct msim_mailbox_info *info, const struct msim_mailbox_message *message);

static void each_message(const struct serve *serve, const struct filter *filter, message_fn *fn, void *ctx)
{
  struct msim_mailbox_message message;
  struct msim_mailbox_info info;
  size_t host, box, place;
  int err;

  for (host = 0; host < msim_node_count(serve->sim); host++) {
    struct msim_node *node = msim_node_at(serve->sim, host);

    for (box = 0; (err = msim_mailbox_at(node, box, &info)) != MSIM_ERR_NOT_FOUND; box++) {
      if (err != MSIM_OK || !fits_box(filter, node, &info))
        continue;
      for (place = 0; msim_mailbox_message_at(node, box, place, &message) == MSIM_OK; place++)
        if (message.uid > filter->after_uid && fits_subject(filter, node, box, place) &&
            !fn(ctx, node, box, place, &info, &message))
          return;
    }
  }
}

/* ---- lists ---- */

struct listing {
  json_t *list;
  uint64_t count, limit;
};

static bool list_one(void *ctx, struct msim_node *node, size_t box, size_t place, const struct msim_mailbox_info *info,
                     const struct msim_mailbox_message *message)
{
  struct listing *listing = ctx;

  listing->count++;
  if (listing->count <= listing->limit)
    (void)json_array_append_new(listing->list, outline(node, box, place, info, message));
  return true;
}

static bool count_one(void *ctx, struct msim_node *node, size_t box, size_t place, const struct msim_mailbox_info *info,
                      const struct msim_mailbox_message *message)
{
  (void)node;
  (void)box;
  (void)place;
  (void)info;
  (void)message;
  ++*(uint64_t *)ctx;
  return true;
}

void control_mail_list(const struct ask *ask, struct answer *answer)
{
  struct listing listing = {NULL, 0, 0};
  struct filter filter;
  uint64_t timeout_s, there = 0;

  if (!read_filter(ask, &filter, answer) || !read_number(ask, "timeout", 0, &timeout_s, answer))
    return;
  if (filter.count > 0)
    each_message(ask->serve, &filter, count_one, &there);
  if (there < filter.count && !ask->is_late && timeout_s > 0) {
    answer->waits = true;
    answer->wait_ms = (timeout_s < WAIT_MAX_S ? timeout_s : WAIT_MAX_S) * 1000;
    return;
  }
  listing.list = json_array();
  listing.limit = filter.limit;
  each_message(ask->serve, &filter, list_one, &listing);
  answer_json(answer, json_pack("{s:I, s:b, s:o}", "count", (json_int_t)listing.count, "enough",
                                listing.count >= filter.count, "mails", listing.list));
}

/* ---- one ---- */

struct search {
  struct msim_node *node;
  size_t box, place;
  struct msim_mailbox_info info;
  struct msim_mailbox_message message;
  uint64_t uid;
  bool found;
};

static bool find_uid(void *ctx, struct msim_node *node, size_t box, size_t place, const struct msim_mailbox_info *info,
                     const struct msim_mailbox_message *message)
{
  struct search *search = ctx;

  if (message->uid != search->uid)
    return true;
  search->node = node;
  search->box = box;
  search->place = place;
  search->info = *info;
  search->message = *message;
  search->found = true;
  return false;
}

/* mails/HOST/USER/UID?folder=… */
static bool find(const struct ask *ask, struct search *search, struct answer *answer)
{
  struct filter filter;

  memset(&filter, 0, sizeof filter);
  memset(search, 0, sizeof *search);
  if (ask->word_count < 4 || !parse_count(ask->words[3], &search->uid)) {
    answer_error(answer, 404, "write mails/HOST/USER/UID");
    return false;
  }
  filter.host = ask->words[1];
  filter.user = ask->words[2];
  filter.folder = ask->query(ask, "folder");
  if (filter.folder == NULL)
    filter.folder = "INBOX";
  each_message(ask->serve, &filter, find_uid, search);
  if (!search->found)
    answer_error(answer, 404, "there is no such message");
  return search->found;
}

static json_t *parts_of(const struct search *search)
{
  json_t *list = json_array();
  struct msim_mailbox_part part;
  size_t i;

  for (i = 0; i < PARTS_MAX && msim_mailbox_part_at(search->node, search->box, search->place, i, &part) == MSIM_OK; i++)
    (void)json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:I, s:I, s:b, s:b}", "part", (json_int_t)i, "type",
                                                part.type, "name", part.name, "depth", (json_int_t)part.depth,
                                                "coded_bytes", (json_int_t)part.coded_bytes, "shown", part.is_shown,
                                                "attached", part.is_attached));
  return list;
}

static void answer_raw(const struct search *search, struct answer *answer)
{
  struct gather gather = {NULL, 0, 0};
  struct msim_out out = {&gather, gather_write};
  int err = msim_mailbox_write(search->node, search->box, search->place, &out);

  answer->status = 200;
  answer->bytes = gather.bytes;
  answer->byte_count = gather.byte_count;
  answer->type = "message/rfc822";
  answer->attachment = "message.eml";
  if (err != MSIM_OK)
    answer_failure(answer, err, "the message");
}

/* As a file, whatever it says that it is: nothing of a mail is run by a browser here. */
static void answer_part(const struct search *search, const char *number, struct answer *answer)
{
  struct gather gather = {NULL, 0, 0};
  struct msim_out out = {&gather, gather_write};
  uint64_t part;
  int err = parse_count(number, &part) ? msim_mailbox_write_part(search->node, search->box, search->place, part, &out)
                                       : MSIM_ERR_NOT_FOUND;

  if (err == MSIM_OK) {
    answer->status = 200;
    answer->bytes = gather.bytes;
    answer->byte_count = gather.byte_count;
    answer->type = "application/octet-stream";
    answer->attachment = "part";
    return;
  }
  free(gather.bytes);
  answer_failure(answer, err, "the part");
}

void control_mail_one(const struct ask *ask, struct answer *answer)
{
  struct search search;
  json_t *json;

  if (!find(ask, &search, answer))
    return;
  if (ask->word_count == 5 && strcmp(ask->words[4], "raw") == 0) {
    answer_raw(&search, answer);
  } else if (ask->word_count == 6 && strcmp(ask->words[4], "parts") == 0) {
    answer_part(&search, ask->words[5], answer);
  } else if (ask->word_count > 4) {
    answer_error(answer, 404, "of a message there are raw and parts/N");
  } else {
    json = outline(search.node, search.box, search.place, &search.info, &search.message);
    if (json != NULL) {
      (void)json_object_set_new(json, "date", text_of(search.node, search.box, search.place, "Date"));
      (void)json_object_set_new(json, "message_id", text_of(search.node, search.box, search.place, "Message-ID"));
      (void)json_object_set_new(json, "text", text_of(search.node, search.box, search.place, NULL));
      (void)json_object_set_new(json, "parts", parts_of(&search));
    }
    answer_json(answer, json);
  }
}

/* ---- taking out ---- */

/* Of a mailbox from its end, so that places stay. The first error. */
static int remove_all_of(struct msim_node *node, size_t box, const struct filter *filter, uint64_t *count)
{
  struct msim_mailbox_message message;
  size_t place = 0;
  int err = MSIM_OK;

  while (msim_mailbox_message_at(node, box, place, &message) == MSIM_OK)
    place++;
  while (place-- > 0 && err == MSIM_OK)
    if (fits_subject(filter, node, box, place)) {
      err = msim_mailbox_remove(node, box, place);
      *count += err == MSIM_OK;
    }
  return err;
}

static int remove_fitting(struct serve *serve, const struct filter *filter, uint64_t *count)
{
  struct msim_mailbox_info info;
  int err, first = MSIM_OK;
  size_t host, box;

  for (host = 0; host < msim_node_count(serve->sim); host++) {
    struct msim_node *node = msim_node_at(serve->sim, host);

    for (box = 0; (err = msim_mailbox_at(node, box, &info)) != MSIM_ERR_NOT_FOUND; box++) {
      if (err != MSIM_OK || info.message_count == 0 || !fits_box(filter, node, &info))
        continue;
      err = remove_all_of(node, box, filter, count);
      first = first == MSIM_OK ? err : first;
    }
  }
  return first;
}

int control_remove_all(struct serve *serve)
{
  struct filter all;
  uint64_t count = 0;

  memset(&all, 0, sizeof all);
  return remove_fitting(serve, &all, &count);
}

void control_mail_remove(const struct ask *ask, struct answer *answer)
{
  struct filter filter;
  struct search search;
  uint64_t count = 0;
  int err;

  if (ask->word_count > 1) {
    if (!find(ask, &search, answer))
      return;
    err = msim_mailbox_remove(search.node, search.box, search.place);
    count = err == MSIM_OK;
  } else {
    if (!read_filter(ask, &filter, answer))
      return;
    err = remove_fitting(ask->serve, &filter, &count);
  }
  if (err != MSIM_OK)
    answer_failure(answer, err, "not all could be taken out");
  else
    answer_json(answer, json_pack("{s:I}", "removed", (json_int_t)count));
}
