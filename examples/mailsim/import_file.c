/* import_file.c: the files of `--import`: whole plain files, and an mbox cut into its messages, which are told apart,
 * dated and unquoted as mboxrd has it. Does not choose files. */
#define _POSIX_C_SOURCE 200809L
#include "imports.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MBOX_BYTES_MAX (256u << 20)

bool import_fails(const char *path, const char *what)
{
  fputs("mailsim: --import: ", stderr);
  output_text(stderr, path);
  fprintf(stderr, ": %s\n", what);
  return false;
}

static char *load_open(int in, const char *path, size_t bytes_max, size_t *size_bytes)
{
  struct stat about;
  char *data = NULL;
  ssize_t got = 1;
  size_t room;

  if (fstat(in, &about) != 0 || !S_ISREG(about.st_mode)) {
    (void)import_fails(path, "this is no plain file");
    return NULL;
  }
  if ((uintmax_t)about.st_size > bytes_max) {
    (void)import_fails(path, bytes_max == MBOX_BYTES_MAX ? "the file is larger than 256 MiB"
                                                         : "the message is larger than 16 MiB");
    return NULL;
  }
  room = (size_t)about.st_size;
  data = malloc(room + 1);
  for (*size_bytes = 0; data != NULL && got > 0 && *size_bytes<room; *size_bytes += got> 0 ? (size_t)got : 0)
    do
      got = read(in, data + *size_bytes, room - *size_bytes);
    while (got < 0 && errno == EINTR);
  if (data == NULL || got < 0) {
    (void)import_fails(path, data == NULL ? "out of memory" : strerror(errno));
    free(data);
    return NULL;
  }
  data[*size_bytes] = '\0';
  return data;
}

char *import_load(const char *path, size_t bytes_max, bool follow, size_t *size_bytes)
{
  int in = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW)); /* a pipe would wait for ever */
  char *data = NULL;

  if (in < 0)
    (void)import_fails(path, errno == ELOOP ? "links are not followed here" : strerror(errno));
  else
    data = load_open(in, path, bytes_max, size_bytes);
  if (in >= 0)
    close(in);
  return data;
}

bool import_put(struct msim_node *node, const struct msim_mailbox_letter *letter, const char *path, size_t number)
{
  int err = msim_mailbox_put(node, letter);
  char where[32] = "";

  if (err == MSIM_OK)
    return true;
  if (number > 0)
    (void)snprintf(where, sizeof where, ": message %zu", number);
  fputs("mailsim: --import: ", stderr);
  output_text(stderr, path);
  fputs(where, stderr);
  if (err == MSIM_ERR_NOT_FOUND)
    fprintf(stderr, ": the host %s has no pop-server and no imap-server to keep it\n", msim_node_name(node));
  else if (err == MSIM_ERR_INVALID && letter->size_bytes == 0)
    fputs(": it is empty\n", stderr);
  else if (err == MSIM_ERR_INVALID && memchr(letter->data, '\0', letter->size_bytes) != NULL)
    fputs(": there is a byte of value 0 in it\n", stderr);
  else if (err == MSIM_ERR_INVALID)
    fputs(": there can be no such user, folder or sender\n", stderr);
  else if (err == MSIM_ERR_LIMIT)
    fputs(": too much: at most 16 MiB each, 256 MiB and 100000 messages together\n", stderr);
  else
    fprintf(stderr, ": %s\n", msim_strerror(err));
  return false;
}

/* ---- mbox ---- */

struct reading {
  struct msim_node *node;
  const struct import_target *target;
  struct msim_mailbox_letter letter;
  char sender[300];
  bool is_leading;          /* fields of flags stand in front, as --export writes them: others are the message's own */
  bool is_header, is_known; /* is_known: a field Status was there */
};

static const char *line_end(const char *line, const char *end)
{
  const char *c = memchr(line, '\n', (size_t)(end - line));

  return c != NULL ? c + 1 : end;
}

static bool begins(const char *line, const char *end, const char *text)
{
  size_t bytes = strlen(text);

  return (size_t)(end - line) >= bytes && strncasecmp(line, text, bytes) == 0;
}

static bool is_from(const char *line, const char *end)
{
  return (size_t)(end - line) >= 5 && memcmp(line, "From ", 5) == 0;
}

static bool is_empty_line(const char *line, const char *end)
{
  return line < end && (*line == '\n' || (*line == '\r' && line + 1 < end && line[1] == '\n'));
}

/* Days since 1970 in the Gregorian calendar; month 0..11. */
static int64_t days_of(int year, int month, int day)
{
  static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  int64_t past = month > 1 ? year : year - 1; /* the last year whose 29th of February may lie behind */

  return INT64_C(365) * (year - 1970) + past / 4 - past / 100 + past / 400 - 477 + before[month] + day - 1;
}

/* "From anna@x.example Thu Jan  1 00:00:00 2026" */
static void read_from(struct reading *reading, const char *line, const char *end)
{
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char text[128], month[4];
  const char *c = line + 5, *at;
  int day, hour, minute, second, year;
  size_t bytes;

  while (c < end && (unsigned char)*c > ' ' && *c != 0x7f)
    c++;
  bytes = (size_t)(c - line) - 5;
  if (bytes >= sizeof reading->sender || (bytes == 13 && memcmp(line + 5, "MAILER-DAEMON", 13) == 0))
    bytes = 0;
  memcpy(reading->sender, line + 5, bytes);
  reading->sender[bytes] = '\0';
  bytes = (size_t)(end - c) < sizeof text ? (size_t)(end - c) : sizeof text - 1;
  memcpy(text, c, bytes);
  text[bytes] = '\0';
  reading->letter.internal_unix_s = MSIM_MAILBOX_DATE_OF_FIELD;
  if (sscanf(text, " %*3s %3s %2d %2d:%2d:%2d %4d", month, &day, &hour, &minute, &second, &year) != 6)
    return;
  at = strstr(months, month);
  if (strlen(month) == 3 && at != NULL && (at - months) % 3 == 0 && year >= 1 && day >= 1 && day <= 31 && hour >= 0 &&
      hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60)
    reading->letter.internal_unix_s =
        days_of(year, (int)(at - months) / 3, day) * 86400 + hour * 3600 + minute * 60 + second;
}

/* false: the line is the message's. */
static bool take_flags(struct reading *reading, const char *line, const char *end)
{
  static const struct {
    const char *field;
    char letter;
    unsigned flag;
  } rows[] = {{"Status:", 'R', MSIM_MAILBOX_SEEN},
              {"X-Status:", 'A', MSIM_MAILBOX_ANSWERED},
              {"X-Status:", 'F', MSIM_MAILBOX_FLAGGED},
              {"X-Status:", 'D', MSIM_MAILBOX_DELETED},
              {"X-Status:", 'T', MSIM_MAILBOX_DRAFT}};
  bool status = begins(line, end, "Status:");
  size_t i;

  if (!status && !begins(line, end, "X-Status:") && !begins(line, end, "X-Keywords:"))
    return false;
  if (status && reading->is_known)
    return false;
  reading->is_known |= status;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (begins(line, end, rows[i].field) &&
        memchr(line + strlen(rows[i].field), rows[i].letter, (size_t)(end - line) - strlen(rows[i].field)) != NULL)
      reading->letter.flags |= rows[i].flag;
  if (status && memchr(line + 7, 'O', (size_t)(end - line) - 7) != NULL)
    reading->letter.flags &= ~(uint32_t)MSIM_MAILBOX_RECENT;
  return true;
}

/* One message in place: what stays moves to the front. next: where the following one begins. */
static bool read_one(struct reading *reading, char *line, char *end, size_t number)
{
  char *out = line, *next, *first = line, *c;

  reading->letter.flags = MSIM_MAILBOX_RECENT;
  reading->is_known = false;
  reading->is_header = true;
  reading->is_leading = begins(line, end, "Status:");
  reading->letter.data = line;
  for (; line < end; line = next) {
    next = line + (line_end(line, end) - line);
    if (is_empty_line(line, end))
      reading->is_header = false;
    if (reading->is_header && take_flags(reading, line, next))
      continue;
    if (reading->is_leading)
      reading->is_header = false;
    for (c = line; c < next && *c == '>'; c++)
      ;
    if (c > line && is_from(c, next))
      line++;
    memmove(out, line, (size_t)(next - line));
    out += next - line;
  }
  reading->letter.size_bytes = (size_t)(out - first);
  return import_put(reading->node, &reading->letter, reading->target->path, number);
}

static bool read_all(struct reading *reading, char *line, char *end)
{
  size_t number = 0;
  bool fine = true;

  if (line < end && !is_from(line, end))
    return import_fails(reading->target->path, "this is no mbox: its first line does not begin with \"From \"");
  while (fine && line < end) {
    char *begin = line + (line_end(line, end) - line), *stop = begin, *last = NULL;

    read_from(reading, line, begin);
    for (line = begin; line < end && !(is_from(line, end) && (last != NULL || line == begin)); line = stop) {
      stop = line + (line_end(line, end) - line);
      last = is_empty_line(line, end) ? line : NULL;
    }
    fine = read_one(reading, begin, last != NULL ? last : line, ++number);
  }
  return fine;
}

bool import_mbox(struct msim_node *node, const struct import_target *target)
{
  struct reading reading;
  size_t size_bytes;
  char *data = import_load(target->path, MBOX_BYTES_MAX, true, &size_bytes);
  bool fine;

  if (data == NULL)
    return false;
  memset(&reading, 0, sizeof reading);
  reading.node = node;
  reading.target = target;
  reading.letter.user = target->user;
  reading.letter.folder = target->folder[0] != '\0' ? target->folder : NULL;
  reading.letter.sender = reading.sender;
  fine = read_all(&reading, data, data + size_bytes);
  free(data);
  return fine;
}
