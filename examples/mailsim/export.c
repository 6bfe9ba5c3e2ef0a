/* export.c: `--export`: what a run has left in its mailboxes, as Maildir folders or mbox files.
 *
 * FOLDER/HOST/USER is a Maildir, its further folders lie in it as Maildir++ names them (.Lists.c);
 * FOLDER/HOST/USER.mbox is an mbox, a further folder has USER,FOLDER.mbox. Names come from a run that may be anybody's:
 * a byte that could lead elsewhere is written as %XX. Folders are new or empty at first, so nothing that was there is
 * touched. */
#define _POSIX_C_SOURCE 200809L
#include "exports.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES 8192u
#define LETTERS 26u /* keywords that a Maildir file's name can have: a to z */

struct path {
  char text[PATH_BYTES];
  size_t bytes;
  bool is_full;
};

/* One mailbox on its way. */
struct job {
  const struct msim_node *node;
  size_t index;
  struct msim_mailbox_info info;
  struct path path; /* of the Maildir or of the mbox */
};

/* ---- paths ---- */

static void add_byte(struct path *path, char c)
{
  if (path->bytes + 1 >= sizeof path->text)
    path->is_full = true;
  else
    path->text[path->bytes++] = c;
  path->text[path->bytes] = '\0';
}

static void add_text(struct path *path, const char *text)
{
  for (; *text != '\0'; text++)
    add_byte(path, *text);
}

static void begin_path(struct path *path, const char *text)
{
  path->bytes = 0;
  path->is_full = false;
  path->text[0] = '\0';
  add_text(path, text);
}

static void cut_path(struct path *path, size_t bytes)
{
  path->bytes = bytes;
  path->text[bytes] = '\0';
}

static bool is_plain(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80 ||
         (c != '\0' && strchr("-_+=@", c) != NULL);
}

/* One step of a path. separator: what '/' becomes, 0: %2F. dots: '.' may stand in it, not in front. */
static void add_name(struct path *path, const char *name, char separator, bool dots)
{
  static const char digits[] = "0123456789ABCDEF";
  const char *c;

  for (c = name; *c != '\0'; c++) {
    if (is_plain(*c) || (*c == '.' && dots && c != name)) {
      add_byte(path, *c);
    } else if (*c == '/' && separator != '\0') {
      add_byte(path, separator);
    } else {
      add_byte(path, '%');
      add_byte(path, digits[(unsigned char)*c >> 4]);
      add_byte(path, digits[(unsigned char)*c & 15]);
    }
  }
}

static bool fails(const char *path, const char *what)
{
  fputs("mailsim: ", stderr);
  output_text(stderr, path);
  fprintf(stderr, ": %s\n", what);
  return false;
}

static bool make_folder(const struct path *path, bool may_exist)
{
  if (path->is_full)
    return fails(path->text, "the path is too long");
  if (mkdir(path->text, 0777) == 0 || (may_exist && errno == EEXIST))
    return true;
  return fails(path->text, strerror(errno));
}

/* ---- the folders that were asked for ---- */

bool exports_add(struct exports *exports, const char *text)
{
  static const char *const names[] = {"maildir", "mbox", NULL};
  const char *colon = strchr(text, ':');
  size_t i, kind = 0;

  while (colon != NULL && names[kind] != NULL &&
         (strlen(names[kind]) != (size_t)(colon - text) || strncmp(names[kind], text, (size_t)(colon - text)) != 0))
    kind++;
  if (colon == NULL || colon[1] == '\0' || names[kind] == NULL) {
    complain("--export %s: write maildir:FOLDER or mbox:FOLDER", text);
    return false;
  }
  if (exports->count == EXPORTS_MAX) {
    complain("--export: at most %d in one run", EXPORTS_MAX);
    return false;
  }
  for (i = 0; i < exports->count; i++)
    if (strcmp(exports->targets[i].path, colon + 1) == 0) {
      complain("--export: %s cannot take two exports", colon + 1);
      return false;
    }
  exports->targets[exports->count].path = colon + 1;
  exports->targets[exports->count++].is_mbox = kind == 1;
  return true;
}

static bool is_empty(const char *path)
{
  DIR *folder = opendir(path);
  const struct dirent *entry;
  bool empty = folder != NULL;

  if (folder == NULL)
    return fails(path, strerror(errno));
  while (empty && (entry = readdir(folder)) != NULL)
    empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
  closedir(folder);
  return empty || fails(path, "there is something in this folder; --export wants a new or an empty one");
}

bool exports_open(const struct exports *exports)
{
  size_t i;

  for (i = 0; i < exports->count; i++) {
    const char *path = exports->targets[i].path;

    if (mkdir(path, 0777) == 0)
      continue;
    if (errno != EEXIST)
      return fails(path, strerror(errno));
    if (!is_empty(path))
      return false;
  }
  return true;
}

/* ---- Maildir ---- */

static void add_flags(struct path *path, const struct msim_mailbox_message *message)
{
  static const struct {
    unsigned flag;
    char letter;
  } letters[] = {/* in ASCII's order */
                 {MSIM_MAILBOX_DRAFT, 'D'},
                 {MSIM_MAILBOX_FLAGGED, 'F'},
                 {MSIM_MAILBOX_ANSWERED, 'R'},
                 {MSIM_MAILBOX_SEEN, 'S'},
                 {MSIM_MAILBOX_DELETED, 'T'}};
  unsigned i;

  add_text(path, ":2,");
  for (i = 0; i < sizeof letters / sizeof letters[0]; i++)
    if ((message->flags & letters[i].flag) != 0)
      add_byte(path, letters[i].letter);
  for (i = 0; i < LETTERS; i++)
    if ((message->keywords >> i & 1) != 0)
      add_byte(path, (char)('a' + i));
}

/* What nobody has seen yet is new. */
static bool is_new(const struct msim_mailbox_message *message)
{
  return message->flags == MSIM_MAILBOX_RECENT && message->keywords == 0;
}

static bool set_date(const char *path, int64_t unix_s)
{
  struct timespec times[2];

  memset(times, 0, sizeof times);
  times[0].tv_sec = times[1].tv_sec = (time_t)unix_s;
  return utimensat(AT_FDCWD, path, times, 0) == 0;
}

/* Written in tmp, then in its place at once: who looks at the folder meanwhile sees whole messages only. */
static bool write_maildir_message(struct job *job, size_t place, const struct msim_mailbox_message *message)
{
  struct export_writer writer;
  struct path to = job->path;
  size_t folder_bytes = job->path.bytes;
  char name[96];
  bool fine;

  (void)snprintf(name, sizeof name, "%" PRId64 ".V%" PRIu32 "U%" PRIu32 ".", message->internal_unix_s,
                 job->info.uid_validity, message->uid);
  add_text(&job->path, "/tmp/");
  add_text(&to, is_new(message) ? "/new/" : "/cur/");
  add_text(&job->path, name);
  add_text(&to, name);
  add_name(&job->path, msim_node_name(job->node), '\0', true);
  add_name(&to, msim_node_name(job->node), '\0', true);
  if (!is_new(message))
    add_flags(&to, message);
  memset(&writer, 0, sizeof writer);
  writer.file = job->path.is_full || to.is_full ? NULL : fopen(job->path.text, "wbx");
  fine = writer.file != NULL && export_message(&writer, job->node, job->index, place) == MSIM_OK;
  if (writer.file != NULL && fclose(writer.file) != 0)
    fine = false;
  fine = fine && set_date(job->path.text, message->internal_unix_s) && rename(job->path.text, to.text) == 0;
  if (!fine)
    (void)fails(to.text, job->path.is_full || to.is_full ? "the path is too long" : strerror(errno));
  cut_path(&job->path, folder_bytes);
  return fine;
}

static bool write_keywords(struct job *job)
{
  size_t folder_bytes = job->path.bytes, i;
  const char *keyword = msim_mailbox_keyword_at(job->node, job->index, 0);
  bool fine = true;
  FILE *file;

  if (keyword == NULL)
    return true;
  add_text(&job->path, "/dovecot-keywords");
  file = fopen(job->path.text, "wbx");
  for (i = 0; file != NULL && keyword != NULL && i < LETTERS; i++) {
    fprintf(file, "%zu %s\n", i, keyword);
    keyword = msim_mailbox_keyword_at(job->node, job->index, i + 1);
  }
  if (file == NULL || fclose(file) != 0)
    fine = fails(job->path.text, strerror(errno));
  cut_path(&job->path, folder_bytes);
  return fine;
}

static bool open_maildir(struct job *job)
{
  static const char *const parts[] = {"", "/tmp", "/new", "/cur"};
  size_t folder_bytes, i;
  bool fine = true;

  add_name(&job->path, job->info.user, '\0', true);
  if (strcmp(job->info.folder, "INBOX") != 0) {
    fine = make_folder(&job->path, true); /* the store may have it before the user's INBOX */
    add_text(&job->path, "/.");
    add_name(&job->path, job->info.folder, '.', false);
  }
  folder_bytes = job->path.bytes;
  for (i = 0; fine && i < sizeof parts / sizeof parts[0]; i++) {
    add_text(&job->path, parts[i]);
    fine = make_folder(&job->path, i == 0 && strcmp(job->info.folder, "INBOX") == 0);
    cut_path(&job->path, folder_bytes);
  }
  return fine && write_keywords(job);
}

static bool write_maildir(struct job *job)
{
  struct msim_mailbox_message message;
  size_t i;
  bool fine = open_maildir(job);

  for (i = 0; fine && msim_mailbox_message_at(job->node, job->index, i, &message) == MSIM_OK; i++)
    fine = write_maildir_message(job, i, &message);
  return fine;
}

/* ---- mbox ---- */

/* "From sender Thu Jan  1 00:00:00 2026", then what other programs' fields say of flags. */
static void put_mbox_head(FILE *file, const struct job *job, const struct msim_mailbox_message *message)
{
  static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  time_t at = (time_t)message->internal_unix_s;
  struct tm tm;
  const char *c;
  unsigned i;

  fputs("From ", file);
  for (c = message->sender[0] != '\0' ? message->sender : "MAILER-DAEMON"; *c != '\0'; c++)
    putc((unsigned char)*c <= ' ' ? '_' : *c, file);
  if (gmtime_r(&at, &tm) == NULL)
    memset(&tm, 0, sizeof tm);
  fprintf(file, " %s %s %2d %02d:%02d:%02d %d\n", days[tm.tm_wday], months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
          tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
  fprintf(file, "Status: %s%s\n", (message->flags & MSIM_MAILBOX_SEEN) != 0 ? "R" : "",
          (message->flags & MSIM_MAILBOX_RECENT) != 0 ? "" : "O");
  if ((message->flags & (MSIM_MAILBOX_ANSWERED | MSIM_MAILBOX_FLAGGED | MSIM_MAILBOX_DRAFT | MSIM_MAILBOX_DELETED)) !=
      0)
    fprintf(file, "X-Status: %s%s%s%s\n", (message->flags & MSIM_MAILBOX_ANSWERED) != 0 ? "A" : "",
            (message->flags & MSIM_MAILBOX_FLAGGED) != 0 ? "F" : "",
            (message->flags & MSIM_MAILBOX_DRAFT) != 0 ? "T" : "",
            (message->flags & MSIM_MAILBOX_DELETED) != 0 ? "D" : "");
  if (message->keywords != 0)
    fputs("X-Keywords:", file);
  for (i = 0; i < 32 && message->keywords >> i != 0; i++)
    if ((message->keywords >> i & 1) != 0)
      fprintf(file, " %s", msim_mailbox_keyword_at(job->node, job->index, i));
  if (message->keywords != 0)
    putc('\n', file);
}

static bool write_mbox(struct job *job)
{
  struct msim_mailbox_message message;
  FILE *file;
  size_t i;
  int err = MSIM_OK;

  add_name(&job->path, job->info.user, '\0', true);
  if (strcmp(job->info.folder, "INBOX") != 0) {
    add_byte(&job->path, ',');
    add_name(&job->path, job->info.folder, '\0', true);
  }
  add_text(&job->path, ".mbox");
  file = job->path.is_full ? NULL : fopen(job->path.text, "wbx");
  if (file == NULL)
    return fails(job->path.text, job->path.is_full ? "the path is too long" : strerror(errno));
  for (i = 0; err == MSIM_OK && msim_mailbox_message_at(job->node, job->index, i, &message) == MSIM_OK; i++) {
    struct export_writer writer;

    memset(&writer, 0, sizeof writer);
    writer.file = file;
    writer.from_quoted = true;
    put_mbox_head(file, job, &message);
    err = export_message(&writer, job->node, job->index, i);
    putc('\n', file);
  }
  if (fclose(file) != 0 || err != MSIM_OK)
    return fails(job->path.text, err == MSIM_ERR_NOMEM ? "out of memory" : strerror(errno));
  return true;
}

/* ---- all of them ---- */

static bool write_host(const struct export_target *target, const struct msim_node *node)
{
  struct job job;
  size_t folder_bytes = 0;
  int err;

  memset(&job, 0, sizeof job);
  job.node = node;
  for (job.index = 0; (err = msim_mailbox_at(node, job.index, &job.info)) != MSIM_ERR_NOT_FOUND; job.index++) {
    if (folder_bytes == 0) {
      begin_path(&job.path, target->path);
      add_byte(&job.path, '/');
      add_name(&job.path, msim_node_name(node), '\0', true);
      if (!make_folder(&job.path, false))
        return false;
      add_byte(&job.path, '/');
      folder_bytes = job.path.bytes;
    }
    if (err != MSIM_OK)
      continue; /* a folder that was deleted */
    if (!(target->is_mbox ? write_mbox(&job) : write_maildir(&job)))
      return false;
    cut_path(&job.path, folder_bytes);
  }
  return true;
}

bool exports_write(const struct exports *exports, const struct msim_sim *sim)
{
  size_t i, k;

  for (i = 0; i < exports->count; i++)
    for (k = 0; k < msim_node_count(sim); k++)
      if (!write_host(&exports->targets[i], msim_node_at(sim, k)))
        return false;
  return true;
}
