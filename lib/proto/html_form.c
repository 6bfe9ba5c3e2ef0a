/* html_form.c: forms of HTML and their controls; see html.h. */
#include "proto/ascii.h"
#include "proto/html.h"

int msim__html_form_next(struct msim_slice page, size_t *at, struct msim__html_form *out)
{
  struct msim__html_token token;
  struct msim_slice value;
  size_t from;

  memset(out, 0, sizeof *out);
  do {
    if (msim__html_next(page, at, &token) == 0)
      return 0;
  } while (token.kind != MSIM__HTML_OPEN || !msim__slice_is(token.name, "form"));
  out->attributes = token.attributes;
  (void)msim__html_attribute(token.attributes, "action", &out->action);
  out->is_post = msim__html_attribute(token.attributes, "method", &value) == 1 && msim__slice_is(value, "post");
  out->is_multipart =
      msim__html_attribute(token.attributes, "enctype", &value) == 1 && msim__slice_is(value, "multipart/form-data");
  from = *at;
  while (msim__html_next(page, at, &token) == 1)
    if (token.kind == MSIM__HTML_CLOSE && msim__slice_is(token.name, "form")) {
      out->content = msim__slice_part(page, from, token.from);
      return 1;
    }
  out->content = msim__slice_part(page, from, page.size_bytes);
  return 1;
}

/* false: it does nothing, as a button that is only a button. */
static bool read_input(const struct msim__html_token *token, struct msim__html_control *out)
{
  static const struct {
    const char *type;
    enum msim__html_control_kind kind;
  } types[] = {{"password", MSIM__HTML_PASSWORD}, {"hidden", MSIM__HTML_HIDDEN}, {"checkbox", MSIM__HTML_CHECK},
               {"radio", MSIM__HTML_CHECK},       {"file", MSIM__HTML_FILE},     {"submit", MSIM__HTML_BUTTON}};
  struct msim_slice type;
  size_t i;

  (void)msim__html_attribute(token->attributes, "value", &out->value);
  out->is_checked = msim__html_attribute(token->attributes, "checked", &type) == 1;
  out->kind = MSIM__HTML_FIELD;
  (void)msim__html_attribute(token->attributes, "type", &type);
  for (i = 0; i < sizeof types / sizeof *types; i++)
    if (msim__slice_is(type, types[i].type))
      out->kind = types[i].kind;
  if (out->kind == MSIM__HTML_CHECK && out->value.size_bytes == 0)
    out->value = msim__slice_text("on");
  return !msim__slice_is(type, "button") && !msim__slice_is(type, "reset") && !msim__slice_is(type, "image");
}

/* HTML drops a line end at the beginning of the text. */
static void read_textarea(const struct msim__html_token *token, struct msim__html_control *out)
{
  size_t skip = token->text.size_bytes > 0 && token->text.data[0] == '\r' ? 1 : 0;

  if (skip < token->text.size_bytes && token->text.data[skip] == '\n')
    skip++;
  out->kind = MSIM__HTML_FIELD;
  out->value = msim__slice_part(token->text, skip, token->text.size_bytes);
}

/* Up to </select>: the value of the option that is chosen. */
static void read_select(struct msim_slice content, size_t *at, struct msim__html_control *out)
{
  struct msim__html_token token;
  struct msim_slice value;
  bool any = false;

  out->kind = MSIM__HTML_FIELD;
  while (msim__html_next(content, at, &token) == 1) {
    bool chosen;

    if (token.kind == MSIM__HTML_CLOSE && msim__slice_is(token.name, "select"))
      return;
    if (token.kind != MSIM__HTML_OPEN || !msim__slice_is(token.name, "option"))
      continue;
    chosen = msim__html_attribute(token.attributes, "selected", &value) == 1;
    (void)msim__html_attribute(token.attributes, "value", &value);
    if (!any || chosen)
      out->value = value;
    any = true;
  }
}

int msim__html_control_next(struct msim_slice content, size_t *at, struct msim__html_control *out)
{
  struct msim__html_token token;
  struct msim_slice value;

  while (msim__html_next(content, at, &token) == 1) {
    bool counts = true;

    memset(out, 0, sizeof *out);
    if (token.kind != MSIM__HTML_OPEN || msim__html_attribute(token.attributes, "disabled", &value) == 1)
      continue;
    (void)msim__html_attribute(token.attributes, "name", &out->name);
    (void)msim__html_attribute(token.attributes, "formaction", &out->action);
    if (msim__slice_is(token.name, "input")) {
      counts = read_input(&token, out);
    } else if (msim__slice_is(token.name, "textarea")) {
      read_textarea(&token, out);
    } else if (msim__slice_is(token.name, "select")) {
      read_select(content, at, out);
    } else if (msim__slice_is(token.name, "button")) {
      out->kind = MSIM__HTML_BUTTON;
      (void)msim__html_attribute(token.attributes, "value", &out->value);
      counts = msim__html_attribute(token.attributes, "type", &value) == 0 || msim__slice_is(value, "submit");
    } else {
      counts = false;
    }
    if (counts)
      return 1;
  }
  return 0;
}
