/* webmail_args.c: what a request says: pairs of the query, of forms (urlencoded or multipart/form-data) and of JSON;
 * see webmail.h. Values are copied; one that holds a zero byte is refused, since nothing here has a use for it. */
#include "agents/webmail.h"

#include "proto/ascii.h"
#include "proto/base64.h"
#include "proto/http_form.h"
#include "proto/http_multipart.h"
#include "text/json_in.h"
#include "text/utf8.h"

struct msim_slice msim__webmail_arg_slice(const struct msim__webmail_job *job, const char *name)
{
  size_t i;

  for (i = 0; i < job->arg_count; i++)
    if (job->args[i].file == NULL && strcmp(job->args[i].name, name) == 0)
      return job->args[i].value;
  return msim__slice_text("");
}

const char *msim__webmail_arg(const struct msim__webmail_job *job, const char *name)
{
  return (const char *)msim__webmail_arg_slice(job, name).data; /* terminated, see above */
}

bool msim__webmail_arg_add(struct msim__webmail_job *job, struct msim__webmail_arg arg)
{
  if (arg.name == NULL || arg.value.data == NULL ||
      msim__grow(msim__webmail_mem(job), &job->args, &job->arg_capacity, job->arg_count + 1, MSIM__WEBMAIL_ARGS_MAX,
                 sizeof *job->args) != MSIM_OK)
    return false;
  job->args[job->arg_count++] = arg;
  return true;
}

/* Text for people: UTF-8 without zero bytes. */
static bool is_text(struct msim_slice value)
{
  size_t at, n;
  uint32_t code;

  for (at = 0; at < value.size_bytes; at += n) {
    n = msim__utf8_next(value.data + at, value.size_bytes - at, &code);
    if (n == 0 || code == 0)
      return false;
  }
  return true;
}

static struct msim_slice decode(struct msim__webmail_job *job, struct msim_slice coded, bool is_form)
{
  uint8_t *room = msim__arena_alloc(&job->arena, coded.size_bytes + 1);
  struct msim_slice out = {NULL, 0};

  if (room != NULL && msim__percent_decode(coded, is_form, room, coded.size_bytes, &out.size_bytes) == MSIM_OK)
    out.data = room;
  return out;
}

static bool read_pairs(struct msim__webmail_job *job, struct msim_slice form)
{
  struct msim__form_pair pair;
  size_t at = 0;

  while (msim__form_next(form, &at, &pair) == 1) {
    struct msim__webmail_arg arg = {.value = decode(job, pair.value, true)};
    struct msim_slice name = decode(job, pair.name, true);

    arg.name = (const char *)name.data;
    if (name.data == NULL || arg.value.data == NULL || !is_text(name) || !is_text(arg.value) ||
        !msim__webmail_arg_add(job, arg))
      return false;
  }
  return true;
}

static struct msim_slice copy(struct msim__webmail_job *job, struct msim_slice bytes)
{
  struct msim_slice out = {(const uint8_t *)msim__webmail_copy_text(job, bytes), bytes.size_bytes};

  return out;
}

static struct msim_slice part_name(struct msim__webmail_job *job, struct msim_slice text)
{
  uint8_t *room = msim__arena_alloc(&job->arena, text.size_bytes + 1);
  struct msim_slice out = {NULL, 0};

  if (room != NULL && msim__multipart_name_decode(text, room, text.size_bytes, &out.size_bytes) == MSIM_OK)
    out.data = room;
  return out;
}

static bool read_parts(struct msim__webmail_job *job, const char *boundary)
{
  struct msim__multipart_iter iter;
  struct msim__multipart_part part;
  int got;

  msim__multipart_begin(&iter, job->call->body, boundary);
  while ((got = msim__multipart_next(&iter, &part)) == 1) {
    struct msim_slice name = part_name(job, part.name), file;
    struct msim__webmail_arg arg = {.name = (const char *)name.data, .value = copy(job, part.content)};

    if (name.data == NULL || !is_text(name))
      return false;
    if (part.has_filename) {
      file = part_name(job, part.filename);
      if (file.data == NULL || !is_text(file))
        return false;
      if (file.size_bytes == 0 && part.content.size_bytes == 0)
        continue; /* a field for files that was left empty */
      arg.file = (const char *)file.data;
      arg.type = (const char *)copy(job, part.type).data;
    } else if (!is_text(part.content)) {
      return false;
    }
    if (!msim__webmail_arg_add(job, arg))
      return false;
  }
  return got == 0;
}

/* ---- JSON ---- */

static struct msim_slice text_of(const struct msim__json_node *node)
{
  return node != NULL && node->kind == MSIM__JSON_TEXT
             ? (struct msim_slice){(const uint8_t *)node->u.text.data, node->u.text.size_bytes}
             : msim__slice_text("");
}

/* {"name": "a.txt", "type": "text/plain", "base64": "…"} */
static bool add_file(struct msim__webmail_job *job, const struct msim__json_node *node)
{
  struct msim_slice coded = text_of(msim__json_find(node, "base64"));
  struct msim_slice name = text_of(msim__json_find(node, "name")), type = text_of(msim__json_find(node, "type"));
  uint8_t *room = msim__arena_alloc(&job->arena, coded.size_bytes + 1);
  struct msim__webmail_arg arg = {.name = "attach", .value = {room, 0}};

  if (room == NULL || !is_text(name) || !is_text(type) ||
      msim__base64_decode(coded, room, coded.size_bytes, &arg.value.size_bytes) != MSIM_OK)
    return false;
  arg.file = (const char *)name.data;
  arg.type = (const char *)type.data;
  return msim__webmail_arg_add(job, arg);
}

static bool add_value(struct msim__webmail_job *job, const char *key, const struct msim__json_node *node)
{
  struct msim__webmail_arg arg = {.name = key, .value = text_of(node)};

  if (node->kind == MSIM__JSON_INT) {
    arg.value = msim__slice_text("");
    arg.value.data = (const uint8_t *)msim__webmail_format(job, "%lld", (long long)node->u.integer);
    arg.value.size_bytes = arg.value.data != NULL ? strlen((const char *)arg.value.data) : 0;
  } else if (node->kind == MSIM__JSON_OBJECT) {
    return strcmp(key, "attach") == 0 && add_file(job, node);
  } else if (node->kind != MSIM__JSON_TEXT) {
    return node->kind == MSIM__JSON_NULL;
  }
  return is_text(arg.value) && msim__webmail_arg_add(job, arg);
}

static bool read_json(struct msim__webmail_job *job)
{
  const struct msim__json_node *root, *member, *item;
  const char *why;

  if (msim__json_parse(&job->arena, job->call->body, &root, &why) != MSIM_OK || root->kind != MSIM__JSON_OBJECT)
    return false;
  for (member = root->u.items.first; member != NULL; member = member->next) {
    const char *key = strcmp(member->key, "ids") == 0 ? "id" : member->key;

    if (member->kind != MSIM__JSON_LIST) {
      if (!add_value(job, key, member))
        return false;
      continue;
    }
    for (item = member->u.items.first; item != NULL; item = item->next)
      if (!add_value(job, key, item))
        return false;
  }
  return true;
}

/* ---- the whole ---- */

static bool has_type(struct msim_slice type, const char *name)
{
  size_t n = strlen(name);

  return type.size_bytes >= n && msim__slice_is(msim__slice_part(type, 0, n), name) &&
         (type.size_bytes == n || type.data[n] == ';' || msim__ascii_is_space(type.data[n]));
}

unsigned msim__webmail_args_read(struct msim__webmail_job *job, const char **why)
{
  const struct msim__http_request *request = &job->call->request;
  char boundary[MSIM__MULTIPART_BOUNDARY_BYTES_MAX + 1];
  struct msim_slice type;
  bool is_fine;

  *why = "The query makes no sense: %-codes of UTF-8 are expected";
  if (!read_pairs(job, request->query))
    return 400;
  if (!msim__slice_equal(request->method, msim__slice_text("POST")) || job->call->body.size_bytes == 0)
    return 0;
  if (msim__http_field_find(request->head.fields, "Content-Type", 0, &type) != 1)
    type.size_bytes = 0;
  *why = "The form makes no sense";
  if (has_type(type, "application/x-www-form-urlencoded"))
    is_fine = read_pairs(job, job->call->body);
  else if (has_type(type, "multipart/form-data"))
    is_fine = msim__multipart_boundary(type, boundary) == MSIM_OK && read_parts(job, boundary);
  else if (has_type(type, "application/json"))
    is_fine = read_json(job);
  else {
    *why = "A form or JSON is expected here";
    return 415;
  }
  return is_fine ? 0 : 400;
}
