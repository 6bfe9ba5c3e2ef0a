/* expect_drive.c: what an expectation itself makes go wrong: at a time, or at a moment that its own lines name.
 *
 * A moment is known only when it has come. So a run is made without the fault; where the moment then lies is told to a
 * second run as that very segment, or that very event, and up to there both are the same. Does not know any kind of
 * fault: <mailsim/fault.h> does. */
#include "check/expect.h"

#include <mailsim/fault.h>

#include <string.h>

#define FAULT_BYTES_MAX ((size_t)64 * 1024)

struct told {
  const struct msim__expect *expect;
  const struct msim__drive *drive;
  msim_diag_fn *fn;
  void *user;
};

/* A finding about a fault belongs to the line of the file. */
static void tell(void *user, const struct msim_diag *diag)
{
  struct told *told = user;
  struct msim_diag moved = *diag;

  moved.file = told->expect->name;
  moved.line = told->drive->line;
  moved.column = 0;
  if (told->fn != NULL)
    told->fn(told->user, &moved);
}

static void put_duration_key(struct msim__buf *buf, const char *key, msim_ns duration_ns)
{
  msim__buf_printf(buf, "%s%lluns", key, (unsigned long long)duration_ns);
}

int msim__expect_drives_add(struct msim__expect *expect, struct msim_sim *sim, msim_diag_fn *fn, void *user)
{
  struct msim__buf buf;
  size_t i;
  int err = MSIM_OK;

  msim__buf_init(&buf, expect->mem, FAULT_BYTES_MAX);
  for (i = 0; i < expect->drive_count && err == MSIM_OK; i++) {
    const struct msim__drive *drive = &expect->drives[i];
    struct told told = {expect, drive, fn, user};

    if (drive->moment != MSIM__EXPECT_NONE && drive->place == NULL)
      continue;
    msim__buf_clear(&buf);
    msim__buf_printf(&buf, "{id: %s, ", drive->id);
    if (drive->moment == MSIM__EXPECT_NONE) {
      put_duration_key(&buf, "at: ", drive->at_ns);
    } else {
      msim__buf_append_text(&buf, drive->place);
    }
    msim__buf_append_text(&buf, ", ");
    msim__buf_append_text(&buf, drive->fault);
    msim__buf_append_byte(&buf, '}');
    err = buf.err != MSIM_OK ? buf.err : msim_fault_add_yaml(sim, msim__buf_text(&buf), tell, &told);
  }
  msim__buf_release(&buf);
  return err;
}

/* Names in YAML's single quotes. */
static void put_quoted(struct msim__buf *buf, const char *text, size_t size_bytes)
{
  size_t i;

  msim__buf_append_byte(buf, '\'');
  for (i = 0; i < size_bytes; i++) {
    if (text[i] == '\'')
      msim__buf_append_byte(buf, '\'');
    msim__buf_append_byte(buf, text[i]);
  }
  msim__buf_append_byte(buf, '\'');
}

/* The how-manieth event of that host and name this is. */
static uint64_t ordinal_of(const struct msim__log *log, uint32_t number, const struct msim__log_fields *wanted)
{
  const char *text = msim__log_text(log, &log->lines[number]);
  uint64_t count = 1;
  uint32_t i;

  for (i = 0; i < number; i++) {
    const char *other = msim__log_text(log, &log->lines[i]);
    struct msim__log_fields f;

    if (log->lines[i].kind != MSIM__LOG_EVENT)
      continue;
    msim__log_fields(log, &log->lines[i], &f);
    count += f.host.size == wanted->host.size && f.event.size == wanted->event.size &&
             memcmp(other + f.host.begin, text + wanted->host.begin, f.host.size) == 0 &&
             memcmp(other + f.event.begin, text + wanted->event.begin, f.event.size) == 0;
  }
  return count;
}

/* "after: {conn: 'a>b:25#1', segment: s9}" */
static void put_place(const struct msim__expect *expect, struct msim__buf *buf, const struct msim__drive *drive)
{
  const struct msim__log *log = &expect->log;
  uint32_t number = expect->moments[drive->moment].found;
  const char *text = msim__log_text(log, &log->lines[number]);
  struct msim__log_fields f;

  msim__log_fields(log, &log->lines[number], &f);
  if (log->lines[number].kind == MSIM__LOG_EVENT) {
    msim__buf_append_text(buf, "after: {event: ");
    put_quoted(buf, text + f.event.begin, f.event.size);
    msim__buf_append_text(buf, ", host: ");
    put_quoted(buf, text + f.host.begin, f.host.size);
    msim__buf_printf(buf, ", nth: %llu", (unsigned long long)ordinal_of(log, number, &f));
  } else {
    msim__buf_append_text(buf, "after: {conn: ");
    put_quoted(buf, text + f.conn.begin, f.conn.size);
    msim__buf_append_text(buf, ", segment: ");
    put_quoted(buf, text + f.segment.begin, f.segment.size);
  }
  if (drive->delay_ns != 0)
    put_duration_key(buf, ", delay: ", drive->delay_ns);
  msim__buf_append_byte(buf, '}');
}

int msim__expect_drives_settle(struct msim__expect *expect, bool *again)
{
  struct msim__drive *first = NULL;
  struct msim__buf buf;
  size_t i;
  int err = MSIM_OK;

  *again = false;
  for (i = 0; i < expect->drive_count; i++) {
    struct msim__drive *drive = &expect->drives[i];
    uint32_t found = drive->moment != MSIM__EXPECT_NONE ? expect->moments[drive->moment].found : MSIM__LOG_NONE;

    if (drive->place != NULL || found == MSIM__LOG_NONE)
      continue;
    if (first == NULL || found < expect->moments[first->moment].found)
      first = drive; /* what happens later may change by this one */
  }
  if (first == NULL)
    return MSIM_OK;
  msim__buf_init(&buf, expect->mem, FAULT_BYTES_MAX);
  put_place(expect, &buf, first);
  first->place = buf.err == MSIM_OK ? msim__copy_text(expect->mem, msim__buf_text(&buf), buf.size_bytes) : NULL;
  if (first->place == NULL)
    err = buf.err != MSIM_OK ? buf.err : MSIM_ERR_NOMEM;
  msim__buf_release(&buf);
  *again = err == MSIM_OK;
  return err;
}

void msim__expect_drives_forget(struct msim__expect *expect)
{
  size_t i;

  for (i = 0; i < expect->drive_count; i++) {
    if (expect->drives[i].place != NULL)
      msim__free(expect->mem, expect->drives[i].place, strlen(expect->drives[i].place) + 1);
    expect->drives[i].place = NULL;
  }
}
