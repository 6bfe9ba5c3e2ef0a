/* expect_read_flow.c: reads the lines of a flow: `C "EHLO *" ; S "250-*" within 2s`, gaps, sets, ends. */
#include "check/expect_reader.h"

#include <string.h>

void msim__read_flow(struct msim__expect_reader *reader, struct msim__clause *clause, bool dialogue)
{
  struct msim__expect *expect = reader->expect;
  struct msim__expect_flow *flow;
  struct msim__word word;
  char shown[MSIM__WORD_SHOWN_BYTES];
  const char *conn;

  if (!msim__clause_need(reader, clause, "a connection such as laptop>mx:25#1", &word))
    return;
  if (word.quoted || memchr(word.text, '>', word.size_bytes) == NULL ||
      memchr(word.text, ':', word.size_bytes) == NULL) {
    msim__expect_error(reader, clause->line, word.column,
                       "\"%s\" is no connection: write CLIENT>SERVER:PORT#N, as a trace does",
                       msim__word_show(&word, shown));
    return;
  }
  if (!msim__clause_is_over(clause)) {
    (void)msim__clause_word(reader, clause, &word);
    msim__expect_error(reader, clause->line, word.column, "a ; is expected behind the connection, not \"%s\"",
                       msim__word_show(&word, shown));
    return;
  }
  conn = msim__word_keep(reader, &word);
  flow = MSIM__EXPECT_ADD(reader, expect->flows, expect->flow_count, expect->flow_capacity);
  if (flow == NULL)
    return;
  memset(flow, 0, sizeof *flow);
  flow->conn = conn;
  flow->line = clause->line;
  flow->dialogue = dialogue;
  flow->first_item = expect->item_count;
}

static struct msim__flow_item *add_item(struct msim__expect_reader *reader, enum msim__item_kind kind, unsigned line)
{
  struct msim__expect *expect = reader->expect;
  struct msim__flow_item *item = MSIM__EXPECT_ADD(reader, expect->items, expect->item_count, expect->item_capacity);

  if (item == NULL)
    return NULL;
  memset(item, 0, sizeof *item);
  item->kind = kind;
  item->line = line;
  item->first_want = expect->want_count;
  item->moment = MSIM__EXPECT_NONE;
  expect->flows[expect->flow_count - 1].item_count++;
  return item;
}

static struct msim__flow_item *last_item(struct msim__expect_reader *reader)
{
  struct msim__expect *expect = reader->expect;

  return expect->flows[expect->flow_count - 1].item_count > 0 ? &expect->items[expect->item_count - 1] : NULL;
}

/* `within 2s`, `exactly 5s`, `after 1s`, `as NAME`, about the item in front. */
static void read_suffixes(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  static const char *const timings[] = {"within", "exactly", "after"};
  struct msim__word word;
  char shown[MSIM__WORD_SHOWN_BYTES];
  unsigned before = reader->finding_count, i;

  while (reader->finding_count == before && reader->err == MSIM_OK && msim__clause_word(reader, clause, &word)) {
    struct msim__flow_item *item = last_item(reader);

    for (i = 0; i < 3 && !msim__word_is(&word, timings[i]); i++)
      continue;
    if (i == 3 && !msim__word_is(&word, "as")) {
      msim__expect_error(reader, clause->line, word.column, "\"%s\": within, exactly, after, as or ; is expected here",
                         msim__word_show(&word, shown));
    } else if (item == NULL || (item->kind != MSIM__ITEM_LINE && item->kind != MSIM__ITEM_UNORDERED)) {
      msim__expect_error(reader, clause->line, word.column, "\"%s\" needs a line in front of it",
                         msim__word_show(&word, shown));
    } else if (i == 3) {
      item->moment = msim__clause_name_moment(reader, clause);
    } else if (item->timing != MSIM__TIMING_NONE) {
      msim__expect_error(reader, clause->line, word.column, "one line has one time at most");
    } else {
      item->timing = (enum msim__timing)(i + 1);
      (void)msim__clause_duration(reader, clause, &item->timing_ns);
    }
  }
}

/* Wanted lines up to `}` or the end of the clause. */
static void read_set(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  struct msim__word word;

  while (msim__clause_peek(reader, clause, &word)) {
    struct msim__flow_item *item = last_item(reader);

    if (msim__word_is(&word, "}")) {
      (void)msim__clause_word(reader, clause, &word);
      reader->in_set = false;
      if (item->want_count == 0)
        msim__expect_error(reader, clause->line, word.column, "there is nothing between these braces");
      else
        read_suffixes(reader, clause);
      return;
    }
    if (item->want_count == MSIM__EXPECT_SET_MAX) {
      msim__expect_error(reader, clause->line, word.column, "more than %u lines in one set", MSIM__EXPECT_SET_MAX);
      return;
    }
    if (msim__clause_packet(reader, clause, NULL) == MSIM__EXPECT_NONE)
      return;
    item->want_count++;
    if (msim__clause_peek(reader, clause, &word) && !msim__word_is(&word, "}")) {
      msim__expect_error(reader, clause->line, word.column, "; or } is expected here");
      return;
    }
  }
}

/* One line, or several of which one is enough. */
static void read_either(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  struct msim__flow_item *item = add_item(reader, MSIM__ITEM_LINE, clause->line);
  struct msim__word word;

  while (item != NULL) {
    if (item->want_count == MSIM__EXPECT_SET_MAX) {
      msim__expect_error(reader, clause->line, 0, "more than %u lines to choose from", MSIM__EXPECT_SET_MAX);
      return;
    }
    if (msim__clause_packet(reader, clause, NULL) == MSIM__EXPECT_NONE)
      return;
    item->want_count++;
    if (!msim__clause_peek(reader, clause, &word) || !msim__word_is(&word, "|"))
      break;
    (void)msim__clause_word(reader, clause, &word);
  }
  if (item != NULL)
    read_suffixes(reader, clause);
}

void msim__read_flow_clause(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  struct msim__clause ahead = *clause;
  struct msim__word word, brace;

  if (reader->in_set) {
    read_set(reader, clause);
    return;
  }
  if (!msim__clause_word(reader, &ahead, &word))
    return;
  if (msim__word_is(&word, "...") || msim__word_is(&word, "end")) {
    (void)add_item(reader, msim__word_is(&word, "end") ? MSIM__ITEM_END : MSIM__ITEM_GAP, clause->line);
    if (!msim__clause_is_over(&ahead))
      msim__expect_error(reader, clause->line, word.column, "a ; is expected behind %s",
                         msim__word_is(&word, "end") ? "end" : "...");
  } else if (msim__word_is(&word, "unordered")) {
    if (!msim__clause_need(reader, &ahead, "{", &brace))
      return;
    if (!msim__word_is(&brace, "{")) {
      msim__expect_error(reader, clause->line, brace.column, "{ is expected behind unordered");
      return;
    }
    if (add_item(reader, MSIM__ITEM_UNORDERED, clause->line) == NULL)
      return;
    reader->in_set = true;
    read_set(reader, &ahead);
  } else if (msim__word_is(&word, "within") || msim__word_is(&word, "exactly") || msim__word_is(&word, "after") ||
             msim__word_is(&word, "as")) {
    read_suffixes(reader, clause);
  } else {
    read_either(reader, clause);
  }
}
