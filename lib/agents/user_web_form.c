/* user_web_form.c: links and forms on the pages of a webmail site, found and filled in as a person does it. */
#include "agents/user_web.h"

#include "mail/compose.h"
#include "proto/ascii.h"
#include "proto/http_form.h"
#include "proto/http_multipart.h"
#include "proto/http_write.h"

#include <stdio.h>

#define NAME_BYTES 256u
#define VALUE_BYTES 16384u /* of a control that is left as it is; its text on the page may be longer than it is */

/* ---- finding ---- */

bool msim__web_find_form(struct msim_slice page, enum msim__html_control_kind kind, const char *name,
                         struct msim__html_form *out)
{
  struct msim__html_control control;
  size_t at = 0, inner;

  while (msim__html_form_next(page, &at, out) == 1)
    for (inner = 0; msim__html_control_next(out->content, &inner, &control) == 1;)
      if (control.kind == kind && (name == NULL || msim__slice_is(control.name, name)))
        return true;
  return false;
}

static bool resolve(const struct msim__browser_page *page, struct msim_slice raw, struct msim__url *out)
{
  uint8_t text[MSIM__URL_BYTES_MAX];
  size_t size;

  return msim__html_decode(raw, text, sizeof text, &size) == MSIM_OK &&
         msim__url_resolve(out, page->url, (struct msim_slice){text, size}) == MSIM_OK;
}

bool msim__web_find_link(const struct msim__browser_page *page, const char *attribute, const char *value,
                         struct msim__url *out)
{
  struct msim__html_token token;
  struct msim_slice found, href;
  size_t at = 0;

  while (msim__html_next(page->body, &at, &token) == 1)
    if (token.kind == MSIM__HTML_OPEN && msim__slice_is(token.name, "a") &&
        msim__html_attribute(token.attributes, attribute, &found) == 1 && msim__slice_is(found, value) &&
        msim__html_attribute(token.attributes, "href", &href) == 1 && resolve(page, href, out))
      return true;
  return false;
}

/* The text in the first element that is marked as an alert (role=alert, or class error); empty when there is none. */
static struct msim_slice find_alert(struct msim_slice body)
{
  struct msim__html_token token;
  struct msim_slice value;
  bool open = false;
  size_t at = 0;

  while (msim__html_next(body, &at, &token) == 1) {
    if (open && token.kind == MSIM__HTML_TEXT)
      return token.text;
    if (token.kind == MSIM__HTML_OPEN &&
        ((msim__html_attribute(token.attributes, "role", &value) == 1 && msim__slice_is(value, "alert")) ||
         (msim__html_attribute(token.attributes, "class", &value) == 1 && msim__slice_is(value, "error"))))
      open = true;
  }
  return msim__slice_part(body, 0, 0);
}

void msim__web_reply(const struct msim__browser_page *page, char out[MSIM__WEB_REPLY_BYTES])
{
  struct msim_slice alert = find_alert(page->body);
  uint8_t text[150];
  size_t size = 0, i;

  if (alert.size_bytes > sizeof text)
    alert.size_bytes = sizeof text;
  (void)msim__html_decode(alert, text, sizeof text, &size);
  for (i = 0; i < size; i++)
    if (msim__ascii_is_control(text[i]))
      text[i] = ' ';
  (void)snprintf(out, MSIM__WEB_REPLY_BYTES, "%u %s%s%.*s", page->status, msim__http_status_words(page->status),
                 size > 0 ? ": " : "", (int)size, (const char *)text);
}

/* ---- writing ---- */

/* The body that becomes of a form; boundary NULL: urlencoded. */
struct body {
  struct msim__buf *out;
  const char *boundary;
  bool any; /* something stands there already */
};

/* Line ends of what was typed are CRLF (HTML, constructing an entry list). */
static void put_lines(struct msim__buf *out, struct msim_slice text)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++) {
    uint8_t c = text.data[i];
    bool paired = c == '\n' && i > 0 && text.data[i - 1] == '\r';

    if (c == '\r' || (c == '\n' && !paired))
      (void)msim__buf_append(out, "\r\n", 2);
    else if (!paired)
      (void)msim__buf_append_byte(out, (char)c);
  }
}

static void put_part_head(struct body *body, const char *name, const char *filename, const char *type)
{
  size_t room_bytes = 3 * (strlen(name) + (filename != NULL ? strlen(filename) : 0)) + 512, size = 0;
  char *room = msim__buf_room(body->out, room_bytes);

  if (room != NULL && msim__multipart_put_head((uint8_t *)room, room_bytes, &size, body->boundary, !body->any, name,
                                               filename, type) == MSIM_OK)
    msim__buf_took(body->out, size);
  body->any = true;
}

static void put_coded(struct msim__buf *out, struct msim_slice text)
{
  char *room = msim__buf_room(out, 3 * text.size_bytes + 1);
  size_t size;

  if (room != NULL && msim__percent_encode(text, true, false, (uint8_t *)room, 3 * text.size_bytes, &size) == MSIM_OK)
    msim__buf_took(out, size);
}

static void put_pair(struct body *body, struct msim__mem *mem, const char *name, struct msim_slice value)
{
  struct msim__buf text;

  if (body->boundary != NULL) {
    put_part_head(body, name, NULL, NULL);
    put_lines(body->out, value);
    return;
  }
  msim__buf_init(&text, mem, MSIM__BROWSER_BODY_BYTES_MAX);
  put_lines(&text, value);
  if (body->any)
    (void)msim__buf_append_byte(body->out, '&');
  put_coded(body->out, msim__slice_text(name));
  (void)msim__buf_append_byte(body->out, '=');
  put_coded(body->out, (struct msim_slice){(const uint8_t *)text.data, text.size_bytes});
  body->any = true;
  if (text.err != MSIM_OK && body->out->err == MSIM_OK)
    body->out->err = text.err;
  msim__buf_release(&text);
}

/* A control for files of which none was chosen is sent as one without a name. */
static void put_files(struct body *body, const char *name, const struct msim_list *attachments)
{
  const struct msim__user_attachment *const *items = attachments->items;
  size_t i;

  if (body->boundary == NULL)
    return; /* such a form sends names alone: the site wants no files */
  if (attachments->count == 0)
    put_part_head(body, name, "", "application/octet-stream");
  for (i = 0; i < attachments->count; i++) {
    put_part_head(body, name, items[i]->name, items[i]->type[0] != '\0' ? items[i]->type : "application/octet-stream");
    msim__compose_file_append(body->out, items[i]->name, items[i]->size_bytes);
  }
}

static const struct msim__web_fill *find_fill(const struct msim__web_filling *filling, const char *name)
{
  size_t i;

  for (i = 0; i < filling->fill_count; i++)
    if (filling->fills[i].name[0] != '\0' && strcmp(filling->fills[i].name, name) == 0)
      return &filling->fills[i];
  return NULL;
}

/* Whether it is the button of that name: by its value, or by the last part of the path to which it leads. */
static bool is_meant(const struct msim__html_control *control, const char *pressed)
{
  size_t size = strlen(pressed), end = control->action.size_bytes;

  return msim__slice_is(control->value, pressed) ||
         (end > size && control->action.data[end - size - 1] == '/' &&
          msim__slice_is(msim__slice_part(control->action, end - size, end), pressed));
}

/* The number of the button that is pressed, from 0, and where it leads. SIZE_MAX: it is not there. */
static size_t find_button(const struct msim__html_form *form, const struct msim__web_filling *filling,
                          struct msim_slice *action)
{
  struct msim__html_control control;
  size_t at = 0, number = 0;

  *action = form->action;
  for (; filling->pressed != NULL && msim__html_control_next(form->content, &at, &control) == 1;)
    if (control.kind == MSIM__HTML_BUTTON) {
      if (is_meant(&control, filling->pressed)) {
        if (control.action.size_bytes > 0)
          *action = control.action;
        return number;
      }
      number++;
    }
  return filling->must_press ? SIZE_MAX : 0;
}

/* false: a control that is left as it is does not fit. */
static bool put_controls(struct body *body, struct msim__mem *mem, const struct msim__html_form *form,
                         const struct msim__web_filling *filling, size_t button)
{
  struct msim__html_control control;
  uint8_t value[VALUE_BYTES];
  char name[NAME_BYTES];
  size_t at = 0, button_count = 0, size, value_bytes;

  while (msim__html_control_next(form->content, &at, &control) == 1) {
    const struct msim__web_fill *fill;

    if (msim__html_decode(control.name, (uint8_t *)name, sizeof name - 1, &size) != MSIM_OK)
      return false;
    name[size] = '\0';
    if (control.kind == MSIM__HTML_BUTTON && button_count++ != button)
      continue;
    if (size == 0 || (control.kind == MSIM__HTML_CHECK && !control.is_checked))
      continue;
    if (control.kind == MSIM__HTML_FILE) {
      put_files(body, name, &filling->attachments);
      continue;
    }
    fill = control.kind == MSIM__HTML_FIELD || control.kind == MSIM__HTML_PASSWORD ? find_fill(filling, name) : NULL;
    if (fill != NULL) {
      put_pair(body, mem, name, fill->value);
      continue;
    }
    if (msim__html_decode(control.value, value, sizeof value, &value_bytes) != MSIM_OK)
      return false;
    put_pair(body, mem, name, (struct msim_slice){value, value_bytes});
  }
  return true;
}

bool msim__web_post_form(struct msim__web_session *session, const struct msim__browser_page *page,
                         const struct msim__html_form *form, const struct msim__web_filling *filling, const char *unit,
                         const char *label, bool is_secret)
{
  struct msim__mem *mem = &session->web->mem;
  struct msim__browser_request request = {.method = "POST", .unit = unit, .label = label, .is_secret = is_secret};
  char boundary[48], type[96] = "application/x-www-form-urlencoded";
  struct msim__buf out;
  struct body body = {&out, form->is_multipart ? boundary : NULL, false};
  struct msim_slice action;
  struct msim__url url;
  size_t size = 0, button = find_button(form, filling, &action);
  bool fine;

  msim__buf_init(&out, mem, MSIM__BROWSER_BODY_BYTES_MAX);
  if (form->is_multipart) {
    (void)snprintf(boundary, sizeof boundary, "----mailsim%016llx",
                   (unsigned long long)msim_agent_random(session->web->agent));
    (void)snprintf(type, sizeof type, "multipart/form-data; boundary=%s", boundary);
  }
  fine = form->is_post && button != SIZE_MAX && resolve(page, action, &url) &&
         put_controls(&body, mem, form, filling, button);
  if (fine && form->is_multipart) {
    char *room = msim__buf_room(&out, sizeof boundary + 16);

    if (room != NULL && msim__multipart_put_end((uint8_t *)room, sizeof boundary + 16, &size, boundary) == MSIM_OK)
      msim__buf_took(&out, size);
  }
  fine = fine && out.err == MSIM_OK;
  if (fine) {
    request.type = type;
    request.body = (struct msim_slice){(const uint8_t *)out.data, out.size_bytes};
    msim__browser_go(&session->browser, &url, &request);
  }
  msim__buf_release(&out);
  return fine;
}

bool msim__web_keep_form(struct msim__web_session *session, const struct msim__browser_page *page,
                         const struct msim__html_form *form, struct msim__url *url, struct msim__buf *body)
{
  static const struct msim__web_filling nothing = {NULL, 0, NULL, false, {NULL, 0}};
  struct body out = {body, NULL, false};

  msim__buf_clear(body);
  return resolve(page, form->action, url) && put_controls(&out, &session->web->mem, form, &nothing, 0) &&
         body->err == MSIM_OK;
}
