/* watch.c: a ladder on a terminal, one step per key, or without a scene one row.
 *
 * The ladder is drawn first, into memory, with the option `marks`; what is shown of it is written anew for each key, by
 * a handful of escape codes that every terminal of today has. The terminal is as it was on every way out. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE /* TIOCGWINSZ */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

#define BYTES_MAX ((size_t)64 * 1024 * 1024)
#define CAPTION_ROWS 3u
#define CAPTION_ROWS_FROM 10u /* a terminal of fewer rows has no room for captions */
#define ESCAPE_MS 50          /* an arrow key comes as several bytes, a lone escape as one */

struct watch {
  char *bytes;
  size_t size_bytes, capacity_bytes;
  size_t *lines, *stops; /* begins of lines; numbers of lines */
  size_t line_count, stop_count;
  const struct msim_scene *scene; /* NULL: none */
  bool has_steps;
};

/* ---- collecting ---- */

struct watch *watch_new(void)
{
  return calloc(1, sizeof(struct watch));
}

void watch_free(struct watch *watch)
{
  if (watch == NULL)
    return;
  free(watch->bytes);
  free(watch->lines);
  free(watch->stops);
  free(watch);
}

int watch_write(void *ctx, const void *data, size_t size_bytes)
{
  struct watch *watch = ctx;
  size_t need_bytes = watch->size_bytes + size_bytes;

  if (need_bytes > BYTES_MAX) {
    complain("--watch: the ladder has more than %zu MiB; take a part of it by --step, --conn or --host",
             BYTES_MAX / 1024 / 1024);
    return MSIM_ERR_LIMIT;
  }
  if (need_bytes > watch->capacity_bytes) {
    size_t capacity_bytes = need_bytes * 2;
    char *bytes = realloc(watch->bytes, capacity_bytes);

    if (bytes == NULL)
      return MSIM_ERR_NOMEM;
    watch->bytes = bytes;
    watch->capacity_bytes = capacity_bytes;
  }
  memcpy(watch->bytes + watch->size_bytes, data, size_bytes);
  watch->size_bytes += size_bytes;
  return MSIM_OK;
}

static char mark_of(const struct watch *watch, size_t line)
{
  return watch->bytes[watch->lines[line]];
}

/* Where the reader stops: at steps, without any at rows; and at the end, when there is more behind the last one. */
static bool find_lines(struct watch *watch)
{
  size_t count = 1, i;

  for (i = 0; i < watch->size_bytes; i++)
    count += watch->bytes[i] == '\n' ? 1 : 0;
  watch->lines = malloc(count * sizeof *watch->lines);
  watch->stops = malloc(count * sizeof *watch->stops);
  if (watch->lines == NULL || watch->stops == NULL)
    return false;
  for (i = 0; i < watch->size_bytes; i++)
    if (i == 0 || watch->bytes[i - 1] == '\n')
      watch->lines[watch->line_count++] = i;
  for (i = 0; i < watch->line_count; i++)
    watch->has_steps = watch->has_steps || mark_of(watch, i) == 's';
  for (i = 0; i < watch->line_count; i++)
    if (mark_of(watch, i) == (watch->has_steps ? 's' : 'r') || i + 1 == watch->line_count)
      watch->stops[watch->stop_count++] = i;
  return true;
}

/* ---- drawing ---- */

static void put_line(const struct watch *watch, size_t line)
{
  const char *text = watch->bytes + watch->lines[line] + 1;
  size_t end = line + 1 < watch->line_count ? watch->lines[line + 1] : watch->size_bytes;

  fwrite(text, 1, end - watch->lines[line] - 1, stdout);
}

/* Whether the margin of a line has a step: "  7 ", "7,9 " (two), "7-9 " (all of them), "7+ " (and others). */
static bool is_step_of(const char *margin, unsigned number)
{
  char *end;
  unsigned long first = strtoul(margin, &end, 10), last = first;

  if (*end == ',' || *end == '-')
    last = strtoul(end + 1, NULL, 10);
  return *end == '-' ? number >= first && number <= last : number == first || number == last;
}

/* As many rows as there are, broken at spaces; returns how many were used. */
static unsigned put_caption(const struct msim_scene_step *step, unsigned columns, unsigned rows)
{
  const char *text = step->says;
  unsigned used = 0, row, indent = 6;

  if (columns < 20)
    return 0;
  printf("%4u  ", step->number);
  for (row = 0; row < rows; row++) {
    size_t fits = output_fit(text, columns - indent, &used), end = fits;

    if (text[fits] != '\0' && row + 1 < rows)
      while (end > 0 && text[end] != ' ')
        end--;
    if (end == 0)
      end = fits;
    output_text_part(stdout, text, end);
    putchar('\n');
    text += end;
    text += strspn(text, " ");
    if (*text == '\0' || end == 0)
      return row + 1;
    if (row + 1 < rows)
      fputs("      ", stdout);
  }
  return rows;
}

static void put_captions(const struct watch *watch, size_t line, unsigned columns)
{
  const char *margin = watch->bytes + watch->lines[line] + 1;
  struct msim_scene_step step;
  unsigned used = 0;
  size_t i;

  if (watch->scene == NULL || mark_of(watch, line) != 's')
    return;
  for (i = 0; used < CAPTION_ROWS && msim_scene_step_at(watch->scene, i, &step) == MSIM_OK; i++)
    if (is_step_of(margin, step.number))
      used += put_caption(&step, columns, CAPTION_ROWS - used);
}

static void put_foot(const struct watch *watch, size_t stop, unsigned columns)
{
  char text[160];
  unsigned used;

  snprintf(text, sizeof text, "%zu/%zu   space or n: on   b: back   g, G: begin, end   q: quit", stop + 1,
           watch->stop_count);
  output_text_part(stdout, text, output_fit(text, columns - 1, &used));
}

/* The rows up to that of the stop, as many as there is room for, under the names of their hosts. */
static void draw(const struct watch *watch, size_t stop)
{
  struct winsize size = {0, 0, 0, 0};
  size_t line = watch->stops[stop], first, head, shown;
  unsigned rows, columns, foot;

  (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  rows = size.ws_row > 2 ? size.ws_row : 24;
  columns = size.ws_col > 2 ? size.ws_col : 80;
  foot = watch->has_steps && rows >= CAPTION_ROWS_FROM ? 1 + CAPTION_ROWS : 1;
  first = line + 1 > rows - foot ? line + 1 - (rows - foot) : 0;
  for (head = line; head > 0 && mark_of(watch, head) != 'h'; head--)
    ;
  fputs("\033[H\033[J", stdout);
  for (shown = first; shown <= line; shown++)
    put_line(watch, shown == first && head < first ? head : shown);
  if (foot > 1) {
    printf("\033[%u;1H", rows - CAPTION_ROWS);
    put_captions(watch, line, columns);
  }
  printf("\033[%u;1H", rows);
  put_foot(watch, stop, columns);
  fflush(stdout);
}

/* ---- the terminal ---- */

/* A signal handler can reach static data only. */
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
  if (number != SIGWINCH)
    caught = number;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
#define SIGNALS (sizeof signals / sizeof *signals)

struct terminal {
  struct termios before;
  struct sigaction actions[SIGNALS];
  sigset_t mask; /* as it was; signals come while keys are waited for, and never between */
};

static bool terminal_take(struct terminal *terminal)
{
  struct termios raw;
  struct sigaction action;
  sigset_t blocked;
  size_t i;

  if (tcgetattr(STDIN_FILENO, &terminal->before) != 0)
    return false;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigemptyset(&blocked);
  for (i = 0; i < SIGNALS; i++)
    sigaddset(&blocked, signals[i]);
  sigprocmask(SIG_BLOCK, &blocked, &terminal->mask);
  for (i = 0; i < SIGNALS; i++)
    sigaction(signals[i], &action, &terminal->actions[i]);
  raw = terminal->before;
  raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  raw.c_cc[VSUSP] = _POSIX_VDISABLE; /* nobody would put the screen back */
  (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  fputs("\033[?1049h\033[?25l\033[?7l", stdout); /* another screen, no cursor, no wrapping */
  return true;
}

static void terminal_give_back(const struct terminal *terminal)
{
  size_t i;

  fputs("\033[?7h\033[?25h\033[?1049l", stdout);
  fflush(stdout);
  (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
  for (i = 0; i < SIGNALS; i++)
    sigaction(signals[i], &terminal->actions[i], NULL);
  sigprocmask(SIG_SETMASK, &terminal->mask, NULL);
}

/* ---- keys ---- */

enum key { KEY_NONE, KEY_ON, KEY_BACK, KEY_FIRST, KEY_LAST, KEY_DRAW, KEY_END };

/* The next byte; -1: a signal or nothing within the time, -2: there will be none. wait_ms -1: for ever. */
static int next_byte(const struct terminal *terminal, int wait_ms)
{
  struct timespec wait = {0, (long)ESCAPE_MS * 1000000};
  unsigned char byte;
  fd_set set;
  int ready;

  FD_ZERO(&set);
  FD_SET(STDIN_FILENO, &set);
  ready = pselect(STDIN_FILENO + 1, &set, NULL, NULL, wait_ms < 0 ? NULL : &wait, &terminal->mask);
  if (ready <= 0)
    return ready == 0 || errno == EINTR ? -1 : -2;
  return read(STDIN_FILENO, &byte, 1) == 1 ? byte : -2;
}

/* ECMA-48 5.4: CSI, parameters, and a final byte; in their other mode terminals send SS3 and one byte for arrows. */
static enum key escape_key(const struct terminal *terminal)
{
  int byte = next_byte(terminal, ESCAPE_MS), parameter = 0;

  if (byte != '[' && byte != 'O')
    return KEY_NONE;
  do {
    byte = next_byte(terminal, ESCAPE_MS);
    if (byte >= '0' && byte <= '9')
      parameter = byte;
  } while (byte >= 0x20 && byte <= 0x3f);
  switch (byte) {
  case 'C':
  case 'B':
    return KEY_ON;
  case 'D':
  case 'A':
    return KEY_BACK;
  case 'H':
    return KEY_FIRST;
  case 'F':
    return KEY_LAST;
  case '~':
    return parameter == '1' || parameter == '7'   ? KEY_FIRST
           : parameter == '4' || parameter == '8' ? KEY_LAST
           : parameter == '5'                     ? KEY_BACK
           : parameter == '6'                     ? KEY_ON
                                                  : KEY_NONE;
  default:
    return byte == -2 ? KEY_END : KEY_NONE;
  }
}

static enum key next_key(const struct terminal *terminal)
{
  int byte = next_byte(terminal, -1);

  switch (byte) {
  case ' ':
  case '\n':
  case '\r':
  case 'n':
  case 'j':
  case 'l':
    return KEY_ON;
  case 'b':
  case 'p':
  case 'k':
  case 'h':
  case 0x08:
  case 0x7f:
    return KEY_BACK;
  case 'g':
    return KEY_FIRST;
  case 'G':
    return KEY_LAST;
  case 'q':
  case 'Q':
  case 0x04: /* control-D, which is an end of input to other programs */
  case -2:
    return KEY_END;
  case 0x1b:
    return escape_key(terminal);
  default:
    return byte == -1 || byte == 0x0c ? KEY_DRAW : KEY_NONE; /* control-L, or another size */
  }
}

static void follow_keys(const struct watch *watch, const struct terminal *terminal)
{
  enum key key = KEY_DRAW;
  size_t stop = 0, last = watch->stop_count - 1;

  while (key != KEY_END && !caught) {
    size_t shown = stop;

    if (key == KEY_ON && stop < last)
      stop++;
    else if (key == KEY_BACK && stop > 0)
      stop--;
    else if (key == KEY_FIRST || key == KEY_LAST)
      stop = key == KEY_FIRST ? 0 : last;
    if (stop != shown || key == KEY_DRAW)
      draw(watch, stop);
    key = next_key(terminal);
  }
}

/* ---- the view ---- */

bool watch_is_possible(const char *trace)
{
  const char *term = getenv("TERM");

  if (strcmp(trace, "-") == 0)
    complain("--watch reads its keys from standard input: give it the trace as a file");
  else if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
    complain("--watch needs a terminal for its keys and its picture; for a file or a pipe leave it out");
  else if (term == NULL || *term == '\0' || strcmp(term, "dumb") == 0)
    complain("--watch needs a terminal that moves its cursor, and TERM is %s; leave it out",
             term != NULL && *term != '\0' ? term : "not set");
  else
    return true;
  return false;
}

int watch_run(struct watch *watch, const struct msim_scene *scene)
{
  struct terminal terminal;

  watch->scene = scene;
  if (!find_lines(watch)) {
    complain("out of memory");
    return EXIT_UNUSABLE;
  }
  if (watch->stop_count == 0) {
    complain("--watch: there is no row to look at");
    return EXIT_FINE;
  }
  if (!terminal_take(&terminal)) {
    complain("the terminal cannot be used: %s", strerror(errno));
    return EXIT_UNUSABLE;
  }
  follow_keys(watch, &terminal);
  terminal_give_back(&terminal);
  if (caught)
    raise(caught);
  return caught ? EXIT_INTERRUPTED : EXIT_FINE;
}
