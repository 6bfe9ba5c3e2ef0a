/* webmail.h: the web front end of a mail provider: what its files share.
 *
 * Each request becomes a job: routed (webmail_route.c), its arguments read (webmail_args.c), run by the file of its
 * page (webmail_page_x.c), which asks the store (webmail_store.c, by POP or IMAP) and answers (webmail_answer.c) as
 * HTML or JSON. Connections of browsers are http_serving.c's. Keeps no mail of its own but what POP has no folders for.
 */
#ifndef MSIM_AGENTS_WEBMAIL_H
#define MSIM_AGENTS_WEBMAIL_H

#include "agents/http_serving.h"
#include "core/arena.h"
#include "text/json_out.h"

#define MSIM__WEBMAIL_TOKEN_BYTES 33u /* 128 bits in hexadecimal and a final zero */
#define MSIM__WEBMAIL_NAME_BYTES 256u /* of a user, a password, an address */
#define MSIM__WEBMAIL_ARGS_MAX 2000u
#define MSIM__WEBMAIL_PATH_PARTS_MAX 6u
#define MSIM__WEBMAIL_PAGE_BYTES_MAX ((size_t)64 << 20) /* of what is answered */
#define MSIM__WEBMAIL_IDS_MAX 1000u                     /* mails that are changed in one go */

enum msim__webmail_protocol { MSIM__WEBMAIL_POP, MSIM__WEBMAIL_IMAP };

struct msim__webmail_config {
  const char *domain, *title;
  int store; /* enum msim__webmail_protocol */
  const char *store_host, *submit;
  uint64_t store_port, submit_port, port;
  bool submit_login, save_sent;
  uint64_t connections_max, sessions_max, page_count, message_bytes_max, copies_bytes_max;
  msim_ns session_idle_ns, session_life_ns, reply_ns, idle_ns, request_ns;
};

/* A mail that POP gave; kept until the session ends, or until others need the room. */
struct msim__webmail_copy {
  struct msim__webmail_copy *next; /* the latest used first */
  char uid[72], label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1];
  struct msim__buf content;
  unsigned flags; /* which POP has none of */
};

struct msim__webmail_job;
struct msim__webmail_talk;
struct msim__webmail_letter;

struct msim__webmail_session {
  struct msim__webmail_session *prev, *next;
  char token[MSIM__WEBMAIL_TOKEN_BYTES], csrf[MSIM__WEBMAIL_TOKEN_BYTES];
  char user[MSIM__WEBMAIL_NAME_BYTES], password[MSIM__WEBMAIL_NAME_BYTES], address[2 * MSIM__WEBMAIL_NAME_BYTES];
  msim_ns made_ns, used_ns;
  unsigned job_count;                                   /* that use it */
  bool is_open;                                         /* in the list: a token leads to it */
  struct msim__webmail_job *asking_first, *asking_last; /* in line for the store; the first one is at it */
  struct msim__webmail_copy *copies;
  size_t copies_bytes;
};

/* The agent's state. */
struct msim__webmail {
  struct msim__http_serving serving; /* must be first */
  struct msim__webmail_session *sessions;
  size_t session_count;
  struct msim__webmail_job *jobs;
  struct msim__webmail_talk *talks;
  struct msim__webmail_letter *letters;
};

struct msim__webmail_arg {
  const char *name;        /* terminated */
  struct msim_slice value; /* terminated too */
  const char *file, *type; /* of an uploaded file; NULL: none */
};

enum msim__webmail_outcome {
  MSIM__WEBMAIL_DONE,
  MSIM__WEBMAIL_REFUSED,    /* name or password are wrong */
  MSIM__WEBMAIL_NOT_FOUND,  /* there is no such mail or folder */
  MSIM__WEBMAIL_IMPOSSIBLE, /* the store cannot do that */
  MSIM__WEBMAIL_TOO_LARGE,
  MSIM__WEBMAIL_UNAVAILABLE /* the store does not answer, or says no for now */
};

enum msim__webmail_task {
  MSIM__WEBMAIL_CHECK, /* the password */
  MSIM__WEBMAIL_LIST,
  MSIM__WEBMAIL_SEARCH,
  MSIM__WEBMAIL_FETCH,
  MSIM__WEBMAIL_CHANGE,
  MSIM__WEBMAIL_APPEND
};

enum msim__webmail_flag { MSIM__WEBMAIL_SEEN = 1, MSIM__WEBMAIL_FLAGGED = 2, MSIM__WEBMAIL_ANSWERED = 4 };

/* What is asked of the store. Borrowed until the outcome. */
struct msim__webmail_ask {
  enum msim__webmail_task task;
  const char *folder;     /* "INBOX" */
  const char *query;      /* SEARCH */
  uint64_t page;          /* LIST: from 0 */
  const char *const *ids; /* FETCH: one; CHANGE */
  size_t id_count;
  const char *action, *to;   /* CHANGE: delete, seen, unseen, flag, unflag, move (to a folder) */
  struct msim_slice content; /* APPEND: plain */
  const char *label;         /* of it */
  bool is_draft;
};

/* A row of a list. Texts are UTF-8, never NULL. */
struct msim__webmail_item {
  const char *id, *label, *from, *to, *subject;
  int64_t unix_s; /* of its date; 0: it has none */
  uint64_t size_bytes;
  unsigned flags;
};

struct msim__webmail_found {
  const char **folders;
  size_t folder_count, folder_capacity;
  struct msim__webmail_item *items; /* newest first */
  size_t item_count, item_capacity;
  uint64_t total;         /* in the folder, or found */
  struct msim__buf mail;  /* FETCH: plain */
  const char *label, *id; /* of it; APPEND: the new id, or NULL */
  unsigned flags;
};

typedef void msim__webmail_done_fn(struct msim__webmail_job *job, enum msim__webmail_outcome outcome);

struct msim__webmail_page;

struct msim__webmail_job {
  struct msim__webmail_job *prev, *next;
  struct msim__webmail *webmail;
  struct msim__http_conn *conn;       /* NULL: nobody waits for the answer any more */
  const struct msim__http_call *call; /* while conn is there */
  const struct msim__webmail_page *page;
  struct msim__webmail_session *session;
  struct msim__arena arena; /* of everything that the job needs */
  struct msim__webmail_arg *args;
  size_t arg_count, arg_capacity;
  const char *path[MSIM__WEBMAIL_PATH_PARTS_MAX]; /* decoded */
  size_t path_count;
  bool is_json;
  const char *fields; /* further ones of the answer, each with CRLF; NULL: none */
  struct msim__webmail_ask ask;
  struct msim__webmail_found found;
  msim__webmail_done_fn *done;
  char words[256]; /* what the store or the server for sending said last, for people */
  struct msim__webmail_job *asking_next;
  bool is_asking;
  bool must_finish;                    /* also when nobody waits for the answer any more */
  struct msim__webmail_talk *talk;     /* the one that works for it */
  struct msim__webmail_letter *letter; /* webmail_send.c */
};

/* A kind of page: by method and path. "*" in the path is any one piece. */
struct msim__webmail_page {
  const char *name; /* in the event http.response */
  const char *method, *path;
  bool is_open; /* without login */
  void (*run)(struct msim__webmail_job *job);
};

static inline const struct msim__webmail_config *msim__webmail_config_of(const struct msim__webmail_job *job)
{
  return msim_agent_config(job->webmail->serving.agent);
}

static inline struct msim__mem *msim__webmail_mem(struct msim__webmail_job *job)
{
  return &job->webmail->serving.mem;
}

static inline msim_ns msim__webmail_now_ns(const struct msim__webmail *webmail)
{
  return msim_sim_now_ns(msim_agent_sim(webmail->serving.agent));
}

/* ---- webmail_route.c ---- */

extern const struct msim__http_serving_ops msim__webmail_serving_ops;
/* Text in the job's arena; NULL: out of memory (the simulation has then failed). */
char *msim__webmail_format(struct msim__webmail_job *job, const char *format, ...) MSIM_PRINTF(2, 3);
char *msim__webmail_copy_text(struct msim__webmail_job *job, struct msim_slice text);
/* The job is over. Its connection, if there is one, has had its answer. */
void msim__webmail_job_free(struct msim__webmail_job *job);

/* ---- webmail_args.c ---- */

/* Those of the query and of the body. 0 or the status to answer with; *why then says why. */
unsigned msim__webmail_args_read(struct msim__webmail_job *job, const char **why);
/* The first of that name that is no file; "" when there is none. */
const char *msim__webmail_arg(const struct msim__webmail_job *job, const char *name);
struct msim_slice msim__webmail_arg_slice(const struct msim__webmail_job *job, const char *name);
bool msim__webmail_arg_add(struct msim__webmail_job *job, struct msim__webmail_arg arg);

/* ---- webmail_session.c ---- */

struct msim__webmail_session *msim__webmail_session_new(struct msim__webmail *webmail, const char *user,
                                                        const char *password);
/* Whether there is room for one more, after those whose time is over have gone. */
bool msim__webmail_session_fits(struct msim__webmail *webmail);
void msim__webmail_session_open(struct msim__webmail *webmail, struct msim__webmail_session *session);
/* By the request's cookie; NULL: none, or its time is over. */
struct msim__webmail_session *msim__webmail_session_find(struct msim__webmail *webmail, struct msim_slice fields);
/* No token leads to it any more; it is freed when no job uses it. */
void msim__webmail_session_end(struct msim__webmail *webmail, struct msim__webmail_session *session);
void msim__webmail_session_take(struct msim__webmail_job *job, struct msim__webmail_session *session);
void msim__webmail_session_leave(struct msim__webmail_job *job);
bool msim__webmail_same_token(const char *a, struct msim_slice b);
/* Field Set-Cookie with CRLF; "": none. NULL session: to be forgotten. */
const char *msim__webmail_cookie(struct msim__webmail_job *job, const struct msim__webmail_session *session);

/* ---- webmail_answer.c ---- */

/* All of these end the job. */
void msim__webmail_answer_html(struct msim__webmail_job *job, unsigned status, const char *page,
                               const struct msim__buf *html, const struct msim_value *values, size_t value_count);
void msim__webmail_answer_json(struct msim__webmail_job *job, unsigned status, const struct msim__buf *json,
                               const struct msim_value *values, size_t value_count);
/* To a page that the browser gets. In JSON: {"ok":true}. */
void msim__webmail_answer_redirect(struct msim__webmail_job *job, const char *location);
/* why: what is wrong; advice: what to do, may be NULL. */
void msim__webmail_answer_error(struct msim__webmail_job *job, unsigned status, const char *why, const char *advice);
/* The same for an outcome that is not DONE. */
void msim__webmail_answer_outcome(struct msim__webmail_job *job, enum msim__webmail_outcome outcome);
void msim__webmail_answer_file(struct msim__webmail_job *job, const char *type, const char *name,
                               struct msim_slice bytes);
void msim__webmail_answer_static(struct msim__webmail_job *job, const char *type, struct msim_slice bytes);
/* Fields that a browser may have to hear of with an error: Allow, with CRLF. */
void msim__webmail_answer_status(struct msim__webmail_job *job, unsigned status, const char *why, const char *advice,
                                 const char *fields);

/* ---- webmail_layout.c ---- */

void msim__webmail_html_init(struct msim__webmail_job *job, struct msim__buf *out);
/* Everything up to the heading, with the way to the other pages where somebody is logged in. */
void msim__webmail_html_begin(struct msim__webmail_job *job, struct msim__buf *out, const char *title);
void msim__webmail_html_end(struct msim__webmail_job *job, struct msim__buf *out);
void msim__webmail_html_notice(struct msim__buf *out, const char *kind, const char *text);
/* <input type=hidden>; also the token of the session. */
void msim__webmail_html_hidden(struct msim__buf *out, const char *name, const char *value);
void msim__webmail_html_csrf(struct msim__webmail_job *job, struct msim__buf *out);
/* A piece of a URL, percent-coded. */
void msim__webmail_html_url(struct msim__buf *out, const char *piece);
void msim__webmail_html_size(struct msim__buf *out, uint64_t size_bytes);
void msim__webmail_html_date(struct msim__webmail_job *job, struct msim__buf *out, int64_t unix_s);
const char *msim__webmail_style(void);

/* ---- webmail_store.c ---- */

/* Fills ask before. done is called from the loop or from within. */
void msim__webmail_ask(struct msim__webmail_job *job, msim__webmail_done_fn *done);
/* For the protocols: the outcome. */
void msim__webmail_settle(struct msim__webmail_job *job, enum msim__webmail_outcome outcome);
/* The job does not wait any more. */
void msim__webmail_ask_cancel(struct msim__webmail_job *job);
void msim__webmail_found_clear(struct msim__webmail_job *job);
bool msim__webmail_found_folder(struct msim__webmail_job *job, const char *name);
/* A row from the header of a mail. NULL: out of memory. */
struct msim__webmail_item *msim__webmail_found_item(struct msim__webmail_job *job, struct msim_slice header);
/* Whether the text of the mail or its header holds what is asked for, without regard to the case of ASCII letters. */
bool msim__webmail_matches(struct msim__webmail_job *job, struct msim_slice plain);
void msim__webmail_say(struct msim__webmail_job *job, struct msim_slice words); /* printable, and cut */
extern const char *const msim__webmail_folders[]; /* those that always are there; NULL at the end */

/* ---- webmail_pop.c, webmail_imap.c, webmail_disk.c ---- */

void msim__webmail_pop_start(struct msim__webmail_job *job);
void msim__webmail_imap_start(struct msim__webmail_job *job);
/* Folders that POP has none of, on the front end's disk. */
void msim__webmail_disk_start(struct msim__webmail_job *job);
void msim__webmail_copy_free(struct msim__webmail *webmail, struct msim__webmail_session *session,
                             struct msim__webmail_copy *copy);

/* ---- webmail_send.c ---- */

/* The job goes; a connection that still says goodbye stays. */
void msim__webmail_letter_leave(struct msim__webmail_job *job);
void msim__webmail_letters_release(struct msim__webmail *webmail); /* from stop */

/* ---- the pages ---- */

void msim__webmail_show_login(struct msim__webmail_job *job, unsigned status, const char *notice);
void msim__webmail_show_compose(struct msim__webmail_job *job, unsigned status, const char *notice);

void msim__webmail_run_login(struct msim__webmail_job *job);
void msim__webmail_run_login_post(struct msim__webmail_job *job);
void msim__webmail_run_logout(struct msim__webmail_job *job);
void msim__webmail_run_session(struct msim__webmail_job *job);
void msim__webmail_run_mailbox(struct msim__webmail_job *job);
void msim__webmail_run_search(struct msim__webmail_job *job);
void msim__webmail_run_change(struct msim__webmail_job *job);
void msim__webmail_run_mail(struct msim__webmail_job *job);
void msim__webmail_run_part(struct msim__webmail_job *job);
void msim__webmail_run_source(struct msim__webmail_job *job);
void msim__webmail_run_compose(struct msim__webmail_job *job);
void msim__webmail_run_send(struct msim__webmail_job *job);
void msim__webmail_run_draft(struct msim__webmail_job *job);
void msim__webmail_run_sent(struct msim__webmail_job *job);

#endif
