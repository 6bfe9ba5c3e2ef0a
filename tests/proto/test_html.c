/* test_html.c: tags, attributes, references and forms of pages good and bad. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/ascii.h"
#include "proto/html.h"

#include <stdio.h>

static void assert_slice(struct msim_slice slice, const char *text)
{
  assert_int_equal(slice.size_bytes, strlen(text));
  assert_memory_equal(slice.data, text, slice.size_bytes);
}

/* Tokens as text: "<a|href=x>", "</a>", "'text'", with the content of text elements in braces. */
static void dump(struct msim_slice page, char *out, size_t cap)
{
  struct msim__html_token t;
  size_t at = 0, n = 0, last = 0;

  out[0] = '\0';
  while (msim__html_next(page, &at, &t) == 1) {
    const char *form = t.kind == MSIM__HTML_TEXT ? "'%.*s'" : t.kind == MSIM__HTML_CLOSE ? "</%.*s>" : "<%.*s|%.*s>";
    struct msim_slice first = t.kind == MSIM__HTML_TEXT ? t.text : t.name;

    assert_true(at > last && t.from >= last && t.from < at);
    last = at;
    if (t.kind == MSIM__HTML_OPEN)
      n += (size_t)snprintf(out + n, cap - n, "<%.*s|%.*s>", (int)t.name.size_bytes, (const char *)t.name.data,
                            (int)t.attributes.size_bytes, (const char *)t.attributes.data);
    else
      n += (size_t)snprintf(out + n, cap - n, form[0] == '<' ? "</%.*s>" : "'%.*s'", (int)first.size_bytes,
                            (const char *)first.data);
    if (t.kind == MSIM__HTML_OPEN && t.text.size_bytes > 0)
      n += (size_t)snprintf(out + n, cap - n, "{%.*s}", (int)t.text.size_bytes, (const char *)t.text.data);
    assert_true(n < cap);
  }
}

static const char *const pages[][2] = {
    {"", ""},
    {"a", "'a'"},
    {"<p>a<b>c</b>", "<p|>'a'<b|>'c'</b>"},
    {"<!DOCTYPE html><!-- <b> --><br/>x", "<br|/>'x'"},
    {"<a href=\"a>b\" x='>'>t</a>", "<a| href=\"a>b\" x='>'>'t'</a>"},
    {"<a title=it's>t", "<a| title=it's>'t'"},
    {"1 < 2 <3>", "'1 ''< 2 ''<3>'"},
    {"<textarea name=b><p>\n</textarea >x", "<textarea| name=b>{<p>\n}</textarea>'x'"},
    {"<!-- <textarea> -->x<i>", "'x'<i|>"},
    {"<SCRIPT>a<b></script>c", "<SCRIPT|>{a<b>}</script>'c'"},
    {"<title>x", "<title|>{x}"},
    {"<title>x</titl", "<title|>{x</titl}"},
    {"a<b c", "'a''<b c'"},
    {"<b c=\">", "'<b c=\">'"},
    {"<b <i>x", "<b| <i>'x'"},
    {"<", "'<'"},
    {"</", "'</'"},
    {"<!--", ""},
    {"<!-", ""},
    {"<?xml ?>a", "'a'"},
};

static void pages_are_cut_into_tokens(void **state)
{
  char out[500];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof pages / sizeof *pages; i++) {
    struct msim_slice page = exact_text(pages[i][0]);

    dump(page, out, sizeof out);
    assert_string_equal(out, pages[i][1]);
    exact_free(page);
  }
}

static void attributes_are_found(void **state)
{
  struct msim_slice a = exact_text(" href=\"/a?b=1&amp;c\"  checked X = 'y z' empty=\"\" un=q/r/ last=\"open"), v;

  (void)state;
  assert_int_equal(msim__html_attribute(a, "HREF", &v), 1);
  assert_slice(v, "/a?b=1&amp;c");
  assert_int_equal(msim__html_attribute(a, "checked", &v), 1);
  assert_slice(v, "");
  assert_int_equal(msim__html_attribute(a, "x", &v), 1);
  assert_slice(v, "y z");
  assert_int_equal(msim__html_attribute(a, "empty", &v), 1);
  assert_slice(v, "");
  assert_int_equal(msim__html_attribute(a, "un", &v), 1);
  assert_slice(v, "q/r/");
  assert_int_equal(msim__html_attribute(a, "last", &v), 1);
  assert_slice(v, "open");
  assert_int_equal(msim__html_attribute(a, "z", &v), 0);
  exact_free(a);
}

static const char *const texts[][2] = {
    {"", ""},
    {"a&amp;b&lt;&gt;&quot;&apos;&#39;&#x27;", "a&b<>\"'''"},
    {"&#65;&#x41;&#xe9;&#8364;&#x1F600;&nbsp;", "AA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc2\xa0"},
    {"&#0;&#xd800;&#x110000;&#99999999;", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"&", "&"},
    {"&;", "&;"},
    {"&amp", "&amp"},
    {"&#;&#x;&#x", "&#;&#x;&#x"},
    {"&#1a;&unknown;&AMP;", "&#1a;&unknown;&AMP;"},
    {"&&amp;amp;", "&&amp;"},
};

static void references_are_decoded(void **state)
{
  uint8_t out[100];
  size_t i, size;

  (void)state;
  for (i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct msim_slice text = exact_text(texts[i][0]);

    assert_int_equal(msim__html_decode(text, out, sizeof out, &size), 0);
    assert_slice((struct msim_slice){out, size}, texts[i][1]);
    assert_true(size <= text.size_bytes);
    if (size > 0)
      assert_int_equal(msim__html_decode(text, out, size - 1, &size), MSIM_ERR_LIMIT);
    exact_free(text);
  }
  assert_int_equal(msim__html_encode(msim__slice_text("<a href='x'>&\"\xc3\xa9"), out, sizeof out, &size), 0);
  assert_slice((struct msim_slice){out, size}, "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\xc3\xa9");
  assert_int_equal(msim__html_encode(msim__slice_text("a<"), out, 4, &size), MSIM_ERR_LIMIT);
}

static void forms_and_their_controls_are_found(void **state)
{
  static const char text[] =
      "<form><input name=q></form><p><FORM METHOD=Post action='/go?a&amp;b' enctype=\"multipart/form-data\">"
      "<input type=hidden name=csrf value=\"x&lt;y\"><input name=user><input type=PASSWORD name=pw value=''>"
      "<textarea name=body>\r\n\nhi &amp; </p></textarea><select name=s><option value=1>One<option value=2 selected>Two"
      "</select><input type=checkbox name=c checked><input type=radio name=r value=3><input type=file name=f>"
      "<input type=reset><input type=button name=n><input name=off disabled><button name=action "
      "value=send>Send</button>"
      "<button type=button name=no>x</button><input type=submit value=Go></form><form action=/last><input name=z>";
  static const struct {
    enum msim__html_control_kind kind;
    const char *name, *value;
    bool is_checked;
  } wanted[] = {
      {MSIM__HTML_HIDDEN, "csrf", "x&lt;y", false}, {MSIM__HTML_FIELD, "user", "", false},
      {MSIM__HTML_PASSWORD, "pw", "", false},       {MSIM__HTML_FIELD, "body", "\nhi &amp; </p>", false},
      {MSIM__HTML_FIELD, "s", "2", false},          {MSIM__HTML_CHECK, "c", "on", true},
      {MSIM__HTML_CHECK, "r", "3", false},          {MSIM__HTML_FILE, "f", "", false},
      {MSIM__HTML_BUTTON, "action", "send", false}, {MSIM__HTML_BUTTON, "", "Go", false},
  };
  struct msim_slice page = exact_copy(text, sizeof text - 1);
  struct msim__html_control control;
  struct msim__html_form form;
  size_t at = 0, inner = 0, i;

  (void)state;
  assert_int_equal(msim__html_form_next(page, &at, &form), 1);
  assert_false(form.is_post || form.is_multipart);
  assert_slice(form.action, "");
  assert_int_equal(msim__html_form_next(page, &at, &form), 1);
  assert_true(form.is_post && form.is_multipart);
  assert_slice(form.action, "/go?a&amp;b");
  for (i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    assert_int_equal(msim__html_control_next(form.content, &inner, &control), 1);
    assert_int_equal(control.kind, wanted[i].kind);
    assert_slice(control.name, wanted[i].name);
    assert_slice(control.value, wanted[i].value);
    assert_int_equal(control.is_checked, wanted[i].is_checked);
  }
  assert_int_equal(msim__html_control_next(form.content, &inner, &control), 0);
  assert_int_equal(msim__html_form_next(page, &at, &form), 1); /* not closed */
  inner = 0;
  assert_int_equal(msim__html_control_next(form.content, &inner, &control), 1);
  assert_slice(control.name, "z");
  assert_int_equal(msim__html_form_next(page, &at, &form), 0);
  exact_free(page);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pages_are_cut_into_tokens),
      cmocka_unit_test(attributes_are_found),
      cmocka_unit_test(references_are_decoded),
      cmocka_unit_test(forms_and_their_controls_are_found),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
