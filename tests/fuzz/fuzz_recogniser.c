/* fuzz_recogniser.c: lib/proto/recogniser.c: what is recognised does not depend on how the bytes come, units begin in
 * the order of their bytes and nest, and no login of SMTP or POP3 at the start of a line passes openly, unless it
 * is content or everything is encrypted. Input: the protocol, the size of pieces, then turns: whose, how many bytes,
 * the bytes. */
#include "fuzz.h"
#include "proto/recogniser.h"

struct way {
  uint64_t fed_bytes, last_begin;
  uint64_t open_begin[2];
  const char *open[2];
  unsigned depth;
  uint64_t hash;    /* of all marks */
  uint8_t *covered; /* of each byte: 1 hidden, 2 content */
};

struct run {
  struct msim__recogniser recogniser;
  struct way ways[2];
};

static uint64_t hash_text(uint64_t hash, const char *text)
{
  for (; *text != '\0'; text++)
    hash = hash * 31 + (uint8_t)*text;
  return hash;
}

static void cover(struct way *way, unsigned depth, uint64_t end)
{
  uint8_t what = strcmp(way->open[depth], "auth.credentials") == 0 ? 1
                 : strcmp(way->open[depth], "mail.content") == 0   ? 2
                                                                   : 0;
  uint64_t i;

  for (i = way->open_begin[depth]; i < end; i++)
    way->covered[i] |= what;
}

static void on_mark(void *ctx, const struct msim__recognised *mark)
{
  struct way *way = &((struct run *)ctx)->ways[mark->side];
  uint64_t at = way->fed_bytes + mark->at_byte;

  FUZZ_CHECK(mark->back_bytes <= at && (mark->begins || mark->back_bytes == 0));
  at -= mark->back_bytes;
  if (mark->begins) {
    FUZZ_CHECK(way->depth < 2 && at >= way->last_begin);
    way->last_begin = at;
    way->open_begin[way->depth] = at;
    way->open[way->depth++] = mark->unit;
  } else {
    FUZZ_CHECK(way->depth > 0 && strcmp(way->open[way->depth - 1], mark->unit) == 0);
    way->depth--;
    cover(way, way->depth, at);
  }
  way->hash = hash_text(way->hash * 31 + at * 8 + (uint64_t)mark->label * 2 + mark->begins, mark->unit);
}

static void feed(struct run *run, unsigned side, struct msim_slice bytes, size_t piece_bytes)
{
  size_t at = 0;

  while (at < bytes.size_bytes) {
    size_t n = bytes.size_bytes - at < piece_bytes ? bytes.size_bytes - at : piece_bytes;
    uint8_t *copy = fuzz_copy(fuzz_part(bytes, at, at + n));

    msim__recogniser_feed(&run->recogniser, (enum msim__recogniser_side)side, fuzz_slice_of(copy, n), on_mark, run);
    free(copy);
    run->ways[side].fed_bytes += n;
    at += n;
  }
}

static bool starts(struct msim_slice text, const char *word)
{
  size_t i, n = strlen(word);

  for (i = 0; i < n && i < text.size_bytes; i++)
    if ((text.data[i] & 0xdf) != word[i])
      return false;
  return text.size_bytes > n;
}

/* Bytes behind a word that logs in, at the start of a line. */
static void check_hidden(const struct run *run, enum msim__recogniser_protocol protocol, struct msim_slice client)
{
  const struct way *way = &run->ways[MSIM__RECOGNISER_CLIENT];
  size_t at;

  if (run->recogniser.protocol != protocol || (protocol != MSIM__RECOGNISER_SMTP && protocol != MSIM__RECOGNISER_POP))
    return;
  for (at = 0; at < client.size_bytes; at++) {
    struct msim_slice line = fuzz_part(client, at, client.size_bytes);

    if (at > 0 && client.data[at - 1] != '\n')
      continue;
    if (starts(line, "AUTH") || (protocol == MSIM__RECOGNISER_POP && (starts(line, "PASS") || starts(line, "APOP"))))
      FUZZ_CHECK(way->covered[at] != 0);
  }
}

static void play(struct run *run, enum msim__recogniser_protocol protocol, struct fuzz_input input, size_t piece_bytes)
{
  uint8_t *client = malloc(input.rest.size_bytes + 1);
  size_t client_bytes = 0, i;

  memset(run, 0, sizeof *run);
  msim__recogniser_init(&run->recogniser, protocol);
  for (i = 0; i < 2; i++) {
    run->ways[i].covered = calloc(input.rest.size_bytes + 1, 1);
    FUZZ_CHECK(run->ways[i].covered != NULL && client != NULL);
  }
  while (input.rest.size_bytes > 0) {
    uint8_t turn = fuzz_byte(&input);
    struct msim_slice bytes = fuzz_take(&input, (size_t)(turn & 0x7f) + 1);

    if (turn < 0x80 && bytes.size_bytes > 0)
      memcpy(client + client_bytes, bytes.data, bytes.size_bytes);
    client_bytes += turn < 0x80 ? bytes.size_bytes : 0;
    feed(run, turn >> 7, bytes, piece_bytes);
  }
  for (i = 0; i < 2; i++)
    while (run->ways[i].depth > 0)
      cover(&run->ways[i], --run->ways[i].depth, run->ways[i].fed_bytes);
  check_hidden(run, protocol, fuzz_slice_of(client, client_bytes));
  free(run->ways[0].covered);
  free(run->ways[1].covered);
  free(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  enum msim__recogniser_protocol protocol =
      (enum msim__recogniser_protocol)(fuzz_byte(&input) % (MSIM__RECOGNISER_NONE + 1));
  size_t pieces[3], i;
  struct run runs[3];

  pieces[0] = 128;
  pieces[1] = 1;
  pieces[2] = 1u + fuzz_byte(&input) % 32u;
  for (i = 0; i < 3; i++) {
    play(&runs[i], protocol, input, pieces[i]);
    FUZZ_CHECK(runs[i].ways[0].hash == runs[0].ways[0].hash && runs[i].ways[1].hash == runs[0].ways[1].hash);
  }
  return 0;
}
