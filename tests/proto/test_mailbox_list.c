/* test_mailbox_list.c: address lists: good, obsolete and broken ones, cut at every byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/mailbox_list.h"

#include <stdio.h>

static size_t add(char *out, size_t n, const char *mark, struct msim_slice part)
{
  return n + (size_t)sprintf(out + n, "%s%.*s", mark, (int)part.size_bytes, (const char *)part.data);
}

/* "name|local@domain", "{name" and "}" for groups, one line each. */
static void spell(struct msim_slice text, char *out)
{
  struct msim__mailbox_list list = {text, 0, false};
  struct msim__mailbox_list_item item;
  uint8_t room[1000];
  size_t n = 0, count = 0;

  out[0] = '\0';
  while (msim__mailbox_list_next(&list, &item, room, sizeof room) == 1) {
    assert_true(count++ <= 2 * text.size_bytes + 2);
    assert_false(item.cut);
    if (item.kind == MSIM__MAILBOX_ADDRESS) {
      n = add(out, n, "", item.name);
      n = add(out, n, "|", item.local);
      n = add(out, n, "@", item.domain);
    } else {
      n = add(out, n, item.kind == MSIM__MAILBOX_GROUP ? "{" : "}", item.name);
    }
    n += (size_t)sprintf(out + n, "\n");
  }
}

static const struct {
  const char *text, *items;
} lists[] = {
    {"", ""},
    {"anna@x.example", "|anna@x.example\n"},
    {"anna@x.example, bert@y.example", "|anna@x.example\n|bert@y.example\n"},
    {"Anna A. Alt <anna@x.example>", "Anna A. Alt|anna@x.example\n"},
    {"\"Alt, Anna\" <anna@x.example>,b@y", "Alt, Anna|anna@x.example\n|b@y\n"},
    {"\"say \\\"hi\\\"\" <a@b>", "say \"hi\"|a@b\n"},
    {"J\xc3\xbcrgen <j\xc3\xbcrgen@b\xc3\xbc.example>", "J\xc3\xbcrgen|j\xc3\xbcrgen@b\xc3\xbc.example\n"},
    {"=?UTF-8?B?SsO8cmdlbg==?= <j@b.example>", "=?UTF-8?B?SsO8cmdlbg==?=|j@b.example\n"},
    {"a@b (Anna (the elder))", "Anna (the elder)|a@b\n"},
    {"a (c) @ (d) b . example (Anna)", "Anna|a@b.example\n"},
    {"\"a b\"@c", "|\"a b\"@c\n"},
    {"a@[192.0.2.1]", "|a@[192.0.2.1]\n"},
    {"<a@[IPv6:2001:db8::1]>", "|a@[IPv6:2001:db8::1]\n"},
    {"friends: a@b, Cora <c@d>;, e@f", "{friends\n|a@b\nCora|c@d\n}\n|e@f\n"},
    {"undisclosed-recipients:;", "{undisclosed-recipients\n}\n"},
    {"open: a@b", "{open\n|a@b\n}\n"},
    {"<@one.example,@two.example:a@b>", "|a@b\n"},
    {"Anna\r\n\t<a@b>,\r\n b@c", "Anna|a@b\n|b@c\n"},
    {"a@b,,, ,c@d,", "|a@b\n|c@d\n"},
    {"<>", "|@\n"},
    {"anna", "|anna@\n"},
    {"Anna <a@b", "Anna|a@b\n"},
    {"\"open <a@b>", "|\"open <a@b>@\n"},
    {"(only a comment)", ""},
    {"a@b <c@d>", "|c@d\n"}, /* of two the one in brackets */
    {"a@b@c", "|a@b@c\n"},
    {";;;", ""},
};

static void lists_give_their_items(void **state)
{
  char out[2000];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    struct msim_slice text = exact_text(lists[i].text);

    spell(text, out);
    assert_string_equal(out, lists[i].items);
    exact_free(text);
  }
}

static void every_cut_comes_to_an_end(void **state)
{
  char out[4000];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof lists / sizeof lists[0]; i++)
    for (n = 0; n < strlen(lists[i].text); n++) {
      struct msim_slice text = exact_copy(lists[i].text, n);

      spell(text, out);
      exact_free(text);
    }
}

static void small_room_is_told(void **state)
{
  struct msim__mailbox_list list = {{(const uint8_t *)"Annabella <anna@x.example>", 26}, 0, false};
  struct msim__mailbox_list_item item;
  uint8_t room[6];

  (void)state;
  assert_int_equal(msim__mailbox_list_next(&list, &item, room, sizeof room), 1);
  assert_true(item.cut);
  assert_int_equal(item.name.size_bytes, 6);
  assert_int_equal(msim__mailbox_list_next(&list, &item, room, sizeof room), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lists_give_their_items),
      cmocka_unit_test(every_cut_comes_to_an_end),
      cmocka_unit_test(small_room_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
