/* fuzz_imap_grammar.c: lib/proto: commands of IMAP end at the same places however their bytes come; names that are
 * decoded are written alike; FETCH, SEARCH, SORT and QRESYNC read anything, stay inside of it and leak nothing; a base
 * subject is a part of its subject, and its own. Input: the size of
 * pieces, then the bytes of a connection. */
#include "fuzz.h"
#include "proto/base_subject.h"
#include "proto/imap_command.h"
#include "proto/imap_fetch.h"
#include "proto/imap_gather.h"
#include "proto/imap_mailbox.h"
#include "proto/imap_resync.h"
#include "proto/imap_search.h"
#include "proto/imap_sort.h"

static uint64_t gather(struct msim_slice bytes, size_t piece_bytes)
{
  struct msim__imap_gather g = {0};
  uint64_t hash = 0;
  size_t at = 0, taken;

  while (at < bytes.size_bytes) {
    size_t n = bytes.size_bytes - at < piece_bytes ? bytes.size_bytes - at : piece_bytes;
    enum msim__imap_gather_event event = msim__imap_gather_feed(&g, fuzz_part(bytes, at, at + n), &taken);

    FUZZ_CHECK(taken > 0 && taken <= n);
    at += taken;
    if (event != MSIM__IMAP_GATHER_MORE)
      hash = hash * 31 + at * 4 + event;
  }
  return hash;
}

static void check_name(struct msim_slice text)
{
  size_t cap = 4 * text.size_bytes + 2, n, back;
  uint8_t *utf8 = malloc(cap), *utf7 = malloc(4 * cap + 2);

  FUZZ_CHECK(utf8 != NULL && utf7 != NULL);
  if (msim__imap_utf7_decode(text, utf8, cap, &n) == MSIM_OK) {
    FUZZ_CHECK(msim__imap_utf7_encode(fuzz_slice_of(utf8, n), utf7, 4 * cap + 2, &back) == MSIM_OK);
    FUZZ_CHECK(fuzz_same(fuzz_slice_of(utf7, back), text));
  }
  free(utf8);
  free(utf7);
}

static void check_words(struct msim_slice text, struct msim__mem *mem)
{
  uint8_t *copy = fuzz_copy(text);
  struct msim__imap_cursor c = {copy, 0, text.size_bytes}, start;
  struct msim__imap_command command;
  struct msim__imap_fetch fetch = {0};
  struct msim__imap_search search = {0};
  struct msim__imap_set set = {0};
  struct msim_slice whole = fuzz_slice_of(copy, text.size_bytes);
  size_t i;

  if (msim__imap_command_parse(&command, &c) == MSIM_OK)
    (void)msim__imap_take_byte(&c, ' ');
  else
    c.at = 0;
  FUZZ_CHECK(fuzz_within(command.tag, whole) && fuzz_within(command.verb, whole));
  start = c;
  if (msim__imap_take_fetch(&c, &fetch, mem) == MSIM_OK)
    FUZZ_CHECK(fetch.count > 0 && c.at <= c.end);
  for (i = 0; i < fetch.name_count; i++)
    FUZZ_CHECK(fuzz_within(fetch.names[i], whole));
  c = start;
  if (msim__imap_take_set(&c, &set, mem) == MSIM_OK) {
    msim__imap_set_resolve(&set, 17);
    for (i = 0; i < set.count; i++)
      FUZZ_CHECK(set.ranges[i].first <= set.ranges[i].last && (i == 0 || set.ranges[i].first > set.ranges[i - 1].last));
  }
  c = start;
  if (msim__imap_take_search(&c, &search, mem) == MSIM_OK)
    FUZZ_CHECK(search.count > 1 && msim__imap_at_end(&c));
  for (i = 0; i < search.count; i++)
    FUZZ_CHECK(search.nodes[i].child < search.count && search.nodes[i].next < search.count);
  msim__imap_fetch_release(&fetch, mem);
  msim__imap_search_release(&search, mem);
  msim__imap_set_release(&set, mem);
  free(copy);
}

static void check_resync(struct msim_slice text, struct msim__mem *mem)
{
  uint8_t *copy = fuzz_copy(text);
  struct msim__imap_cursor c = {copy, 0, text.size_bytes}, start;
  struct msim__imap_pairs pairs = {0, 0, 0, 0};
  struct msim__imap_resync resync;
  struct msim__imap_command command;
  struct msim__imap_sort sort;
  uint32_t number, uid, last_number = 0, last_uid = 0;
  unsigned count = 0;

  if (msim__imap_command_parse(&command, &c) == MSIM_OK)
    (void)msim__imap_take_byte(&c, ' ');
  else
    c.at = 0;
  start = c;
  if (msim__imap_take_sort(&c, &sort) == MSIM_OK)
    FUZZ_CHECK(sort.count > 0 && sort.count <= MSIM__IMAP_SORT_KEYS_MAX && sort.kinds != 0);
  c = start;
  memset(&resync, 0, sizeof resync);
  if (msim__imap_take_resync(&c, &resync, mem) == MSIM_OK) {
    FUZZ_CHECK(resync.uid_validity > 0 && resync.modseq > 0);
    while (count++ < 1000 && msim__imap_pairs_next(&resync, &pairs, &number, &uid) == 1) {
      FUZZ_CHECK(number > last_number && uid > last_uid);
      last_number = number;
      last_uid = uid;
    }
  }
  msim__imap_resync_release(&resync, mem);
  free(copy);
}

static void check_subject(struct msim_slice text)
{
  uint8_t *copy = fuzz_copy(text), *again;
  struct msim_slice base, twice;
  bool reply;

  msim__base_subject(copy, text.size_bytes, &base, &reply);
  FUZZ_CHECK(fuzz_within(base, fuzz_slice_of(copy, text.size_bytes)));
  again = fuzz_copy(base);
  msim__base_subject(again, base.size_bytes, &twice, &reply);
  FUZZ_CHECK(!reply && twice.size_bytes == base.size_bytes);
  free(again);
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  size_t piece_bytes = (size_t)fuzz_byte(&input) + 1;
  struct msim__mem mem;

  msim__mem_init(&mem, NULL);
  FUZZ_CHECK(gather(input.rest, input.rest.size_bytes + 1) == gather(input.rest, piece_bytes));
  check_name(input.rest);
  check_words(input.rest, &mem);
  check_resync(input.rest, &mem);
  check_subject(input.rest);
  FUZZ_CHECK(mem.held_bytes == 0);
  return 0;
}
