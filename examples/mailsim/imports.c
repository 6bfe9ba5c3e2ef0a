/* imports.c: `--import`: whose mail is read from where, and Maildir folders. What `--export` writes is read back.
 *
 * A folder may be anybody's: links are not followed, only plain files are read, and numbers and sizes have limits.
 * Dates are those that names of files tell, or the field Date; never those of files, so the same names give the same
 * run. */
#define _POSIX_C_SOURCE 200809L
#include "imports.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES 4096u
#define NAMES_MAX 100000u
#define MESSAGE_BYTES_MAX (16u << 20)

struct names {
  char **items;
  size_t count, capacity;
};

/* ---- what is asked for ---- */

static bool copy_part(char *out, size_t out_bytes, const char *from, const char *end)
{
  size_t bytes = (size_t)(end - from);

  if (bytes >= out_bytes)
    return false;
  memcpy(out, from, bytes);
  out[bytes] = '\0';
  return true;
}

bool imports_add(struct imports *imports, const char *text)
{
  struct import_target *target = &imports->targets[imports->count];
  const char *user = strchr(text, ':'), *equals = user != NULL ? strchr(user, '=') : NULL, *slash, *at;
  size_t kind = strncmp(text, "maildir:", 8) == 0 ? 0 : strncmp(text, "mbox:", 5) == 0 ? 1 : 2;

  if (imports->count == IMPORTS_MAX) {
    complain("--import: at most %d in one run", IMPORTS_MAX);
    return false;
  }
  if (kind < 2 && equals != NULL && equals[1] != '\0') {
    user++;
    slash = memchr(user, '/', (size_t)(equals - user));
    if (slash == NULL)
      slash = equals;
    for (at = slash; at > user && *at != '@'; at--)
      ;
    if (at > user && at + 1 < slash && slash + 1 != equals && copy_part(target->user, sizeof target->user, user, at) &&
        copy_part(target->host, sizeof target->host, at + 1, slash) &&
        copy_part(target->folder, sizeof target->folder, slash < equals ? slash + 1 : equals, equals)) {
      target->text = text;
      target->path = equals + 1;
      target->is_mbox = kind == 1;
      imports->count++;
      return true;
    }
  }
  complain("--import %s: write maildir:USER@HOST=FOLDER or mbox:USER@HOST=FILE", text);
  return false;
}

/* ---- names in a folder, in an order of their own ---- */

static void free_names(struct names *names)
{
  size_t i;

  for (i = 0; i < names->count; i++)
    free(names->items[i]);
  free(names->items);
  memset(names, 0, sizeof *names);
}

static bool add_name(struct names *names, const char *name)
{
  size_t capacity = names->capacity == 0 ? 64 : 2 * names->capacity;
  char **items;

  if (names->count == names->capacity) {
    items = realloc(names->items, capacity * sizeof *items);
    if (items == NULL)
      return false;
    names->items = items;
    names->capacity = capacity;
  }
  names->items[names->count] = malloc(strlen(name) + 1);
  if (names->items[names->count] == NULL)
    return false;
  memcpy(names->items[names->count++], name, strlen(name) + 1);
  return true;
}

/* hidden: those that begin with a dot, but "." and ".."; or all others. missing: the folder need not be there. */
static bool list_names(struct names *names, const char *path, bool hidden, bool missing)
{
  const struct dirent *entry;
  const char *what = NULL;
  struct stat about;
  DIR *folder;

  if (lstat(path, &about) != 0)
    return (missing && errno == ENOENT) || import_fails(path, strerror(errno));
  if (missing && S_ISLNK(about.st_mode))
    return import_fails(path, "links are not followed here");
  folder = opendir(path);
  if (folder == NULL)
    return import_fails(path, strerror(errno));
  while (what == NULL && (entry = readdir(folder)) != NULL) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || (entry->d_name[0] == '.') != hidden)
      continue;
    if (names->count == NAMES_MAX)
      what = "there are more than 100000 files in this folder";
    else if (!add_name(names, entry->d_name))
      what = "out of memory";
  }
  closedir(folder);
  return what == NULL || import_fails(path, what);
}

/* Digits; what follows them. The value stops growing far beyond any date. */
static const char *read_number(const char *text, uint64_t *value)
{
  for (*value = 0; *text >= '0' && *text <= '9'; text++)
    if (*value < UINT64_C(1000000000000000))
      *value = *value * 10 + (uint64_t)(*text - '0');
  return text;
}

/* Names as --export makes them, DATE.VvalidityUuid.HOST, tell their place; others their date. */
static void read_place(const char *name, uint64_t *uid, uint64_t *date)
{
  uint64_t validity;
  const char *c = read_number(name, date);

  *uid = UINT64_MAX;
  if (c != name && c[0] == '.' && c[1] == 'V') {
    c = read_number(c + 2, &validity);
    if (c[0] == 'U' && c[1] >= '0' && c[1] <= '9')
      (void)read_number(c + 1, uid);
  }
}

static int compare_names(const void *left, const void *right)
{
  const char *a = *(char *const *)left, *b = *(char *const *)right;
  uint64_t a_uid, b_uid, a_date, b_date;

  read_place(a, &a_uid, &a_date);
  read_place(b, &b_uid, &b_date);
  if (a_uid != b_uid)
    return a_uid < b_uid ? -1 : 1;
  if (a_date != b_date)
    return a_date < b_date ? -1 : 1;
  return strcmp(a, b);
}

/* ---- Maildir ---- */

static uint32_t flags_of(const char *name)
{
  static const char letters[] = "SRFTD";
  const char *info = strstr(name, ":2,"), *letter;
  uint32_t flags = 0;

  for (; info != NULL && *info != '\0'; info++) {
    letter = strchr(letters, *info);
    if (letter != NULL)
      flags |= 1u << (letter - letters); /* in the order of enum msim_mailbox_flag */
  }
  return flags;
}

static int64_t date_of(const char *name)
{
  uint64_t date;
  const char *end = read_number(name, &date);

  return end == name || *end != '.' || date > UINT64_C(253402300799) ? MSIM_MAILBOX_DATE_OF_FIELD : (int64_t)date;
}

/* "Return-Path: <anna@x.example>" in front tells who has sent it. */
static void read_sender(char *out, size_t out_bytes, const char *data, size_t size_bytes)
{
  static const char field[] = "Return-Path: <";
  const size_t begin = sizeof field - 1;
  size_t i;

  out[0] = '\0';
  if (size_bytes < begin || memcmp(data, field, begin) != 0)
    return;
  for (i = begin; i < size_bytes && i - begin + 1 < out_bytes && (unsigned char)data[i] > ' ' && data[i] != 0x7f; i++) {
    if (data[i] == '>') {
      memcpy(out, data + begin, i - begin);
      out[i - begin] = '\0';
      return;
    }
  }
}

static bool read_message(struct msim_node *node, struct msim_mailbox_letter *letter, const char *path, const char *name,
                         bool is_new)
{
  char sender[300], *data = import_load(path, MESSAGE_BYTES_MAX, false, &letter->size_bytes);
  bool fine;

  if (data == NULL)
    return false;
  read_sender(sender, sizeof sender, data, letter->size_bytes);
  letter->sender = sender;
  letter->data = data;
  letter->internal_unix_s = date_of(name);
  letter->flags = is_new ? (uint32_t)MSIM_MAILBOX_RECENT : flags_of(name);
  fine = import_put(node, letter, path, 0);
  free(data);
  return fine;
}

/* Both parts in one order: a message goes from new to cur and keeps its place. */
static bool read_parts(struct msim_node *node, struct msim_mailbox_letter *letter, const char *path)
{
  static const char *const parts[] = {"cur", "new"};
  struct names names[2];
  char file[PATH_BYTES];
  size_t i[2] = {0, 0}, k;
  bool fine = true;

  memset(names, 0, sizeof names);
  for (k = 0; fine && k < 2; k++) {
    fine = snprintf(file, sizeof file, "%s/%s", path, parts[k]) < (int)sizeof file
               ? list_names(&names[k], file, false, true)
               : import_fails(path, "the path is too long");
    if (names[k].count > 0)
      qsort(names[k].items, names[k].count, sizeof names[k].items[0], compare_names);
  }
  while (fine && (i[0] < names[0].count || i[1] < names[1].count)) {
    k = i[0] == names[0].count ||
        (i[1] < names[1].count && compare_names(&names[1].items[i[1]], &names[0].items[i[0]]) < 0);
    fine = snprintf(file, sizeof file, "%s/%s/%s", path, parts[k], names[k].items[i[k]]) < (int)sizeof file
               ? read_message(node, letter, file, names[k].items[i[k]], k == 1)
               : import_fails(path, "the path is too long");
    i[k]++;
  }
  free_names(&names[0]);
  free_names(&names[1]);
  return fine;
}

static int hex(char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* ".Lists.c" is Lists/c, "%2E" a byte by its number. */
static bool read_title(char *out, size_t out_bytes, const char *above, const char *name)
{
  size_t n = (size_t)snprintf(out, out_bytes, "%s%s", above, above[0] != '\0' ? "/" : "");

  for (name++; *name != '\0' && n + 1 < out_bytes; name++) {
    if (*name == '%' && hex(name[1]) >= 0 && hex(name[2]) >= 0) {
      out[n++] = (char)(hex(name[1]) * 16 + hex(name[2]));
      name += 2;
    } else {
      out[n++] = *name == '.' ? '/' : *name;
    }
  }
  out[n < out_bytes ? n : out_bytes - 1] = '\0';
  return *name == '\0';
}

static bool is_folder(const char *path)
{
  struct stat about;

  return lstat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool read_maildir(struct msim_node *node, const struct import_target *target)
{
  struct msim_mailbox_letter letter;
  struct names names;
  char path[PATH_BYTES], title[2100];
  size_t i;
  bool fine;

  memset(&letter, 0, sizeof letter);
  memset(&names, 0, sizeof names);
  letter.user = target->user;
  letter.folder = target->folder[0] != '\0' ? target->folder : NULL;
  if (snprintf(path, sizeof path, "%s/cur", target->path) < (int)sizeof path && !is_folder(path))
    return import_fails(target->path, "this is no Maildir: it has no folder cur");
  fine = list_names(&names, target->path, true, false) && read_parts(node, &letter, target->path);
  if (names.count > 0)
    qsort(names.items, names.count, sizeof names.items[0], compare_names);
  for (i = 0; fine && i < names.count; i++) {
    if (snprintf(path, sizeof path, "%s/%s", target->path, names.items[i]) >= (int)sizeof path)
      fine = import_fails(target->path, "the path is too long");
    else if (!is_folder(path))
      continue; /* what mail programs keep beside: .uidvalidity */
    else if (!read_title(title, sizeof title, target->folder, names.items[i]))
      fine = import_fails(path, "the folder's name is too long");
    letter.folder = title;
    fine = fine && read_parts(node, &letter, path);
  }
  free_names(&names);
  return fine;
}

bool imports_read(const struct imports *imports, struct msim_sim *sim)
{
  struct msim_node *node;
  size_t i;

  for (i = 0; i < imports->count; i++) {
    const struct import_target *target = &imports->targets[i];

    node = msim_node_find(sim, target->host);
    if (node == NULL) {
      complain("--import %s: there is no host %s", target->text, target->host);
      return false;
    }
    if (!(target->is_mbox ? import_mbox(node, target) : read_maildir(node, target)))
      return false;
  }
  return true;
}
