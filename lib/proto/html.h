/* html.h: as much of HTML as a simulated browser needs of pages: tags, their attributes, and forms with their controls.
 *
 * A tolerant, bounded reader over a whole page; nothing is built and nothing is kept. What it hands out is borrowed and
 * as written: msim__html_decode decodes character references. Does not check nesting, knows no scripts and no styles.
 */
#ifndef MSIM_PROTO_HTML_H
#define MSIM_PROTO_HTML_H

#include <mailsim/base.h>

#define MSIM__HTML_ATTRIBUTES_MAX 64u /* of a tag; further ones are not read */

enum msim__html_kind { MSIM__HTML_TEXT, MSIM__HTML_OPEN, MSIM__HTML_CLOSE };

struct msim__html_token {
  enum msim__html_kind kind;
  struct msim_slice name;       /* of a tag, as written */
  struct msim_slice attributes; /* of an opening tag */
  struct msim_slice text;       /* of TEXT; of an opening script, style, title or textarea: all that stands in it */
  size_t from;                  /* where it begins in the page */
};

/* Start with *at 0. 1: *out is the next token; comments and declarations are passed over. 0: the end. From an
 * unfinished tag on everything is text. Takes time in proportion to the page. */
int msim__html_next(struct msim_slice page, size_t *at, struct msim__html_token *out);

/* An attribute by name, without regard to case: 1 and its value as written, without quotes (empty when it has none); 0:
 * not there. */
int msim__html_attribute(struct msim_slice attributes, const char *name, struct msim_slice *value);

/* Decodes &amp; &lt; &gt; &quot; &apos; &nbsp; and numeric references; what is none stays. Never longer than the text.
 * MSIM_ERR_LIMIT: out is too small; *size_bytes is then 0. */
int msim__html_decode(struct msim_slice raw, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* Encodes & < > " ' so that text can stand in HTML, also between quotes. MSIM_ERR_LIMIT as above (six times suffices).
 */
int msim__html_encode(struct msim_slice text, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* ---- forms ---- */

struct msim__html_form {
  struct msim_slice attributes, content;
  struct msim_slice action; /* as written; empty: the page itself */
  bool is_post, is_multipart;
};

/* Start with *at 0. 1: *out is the next form; 0: there is none. Forms do not nest; one that is not closed ends with the
 * page. */
int msim__html_form_next(struct msim_slice page, size_t *at, struct msim__html_form *out);

enum msim__html_control_kind {
  MSIM__HTML_FIELD,    /* text and everything that is written into */
  MSIM__HTML_PASSWORD, /* likewise, hidden from view */
  MSIM__HTML_HIDDEN,
  MSIM__HTML_CHECK, /* checkbox and radio */
  MSIM__HTML_FILE,
  MSIM__HTML_BUTTON /* that submits */
};

struct msim__html_control {
  enum msim__html_control_kind kind;
  struct msim_slice name, value; /* as written; name may be empty */
  struct msim_slice action;      /* of a button that leads elsewhere than its form: formaction */
  bool is_checked;
};

/* The controls of a form's content: input, textarea, button and select (its chosen option, or the first one); disabled
 * ones and those that do nothing are passed over. Start with *at 0. 1, or 0 at the end. */
int msim__html_control_next(struct msim_slice content, size_t *at, struct msim__html_control *out);

#endif
