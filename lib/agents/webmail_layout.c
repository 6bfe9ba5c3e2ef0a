/* webmail_layout.c: what all HTML pages of the webmail share: the frame, the way around, forms' hidden fields, sizes
 * and dates; see webmail.h.
 *
 * Pages work without scripts, by keyboard, and on narrow screens; headings, labels and landmarks say what is what. */
#include "agents/webmail.h"

#include "proto/ascii.h"
#include "proto/date.h"
#include "proto/http_form.h"
#include "text/html_out.h"

#include <stdio.h>

void msim__webmail_html_init(struct msim__webmail_job *job, struct msim__buf *out)
{
  msim__buf_init(out, msim__webmail_mem(job), MSIM__WEBMAIL_PAGE_BYTES_MAX);
}

void msim__webmail_html_url(struct msim__buf *out, const char *piece)
{
  struct msim_slice text = msim__slice_text(piece);
  char *room = msim__buf_room(out, 3 * text.size_bytes);
  size_t n;

  if (room != NULL && msim__percent_encode(text, false, false, (uint8_t *)room, 3 * text.size_bytes, &n) == MSIM_OK)
    msim__buf_took(out, n);
}

void msim__webmail_html_hidden(struct msim__buf *out, const char *name, const char *value)
{
  (void)msim__buf_append_text(out, "<input type=\"hidden\" name=\"");
  (void)msim__html_put_words(out, name);
  (void)msim__buf_append_text(out, "\" value=\"");
  (void)msim__html_put_words(out, value);
  (void)msim__buf_append_text(out, "\">");
}

void msim__webmail_html_csrf(struct msim__webmail_job *job, struct msim__buf *out)
{
  if (job->session != NULL)
    msim__webmail_html_hidden(out, "csrf", job->session->csrf);
}

void msim__webmail_html_notice(struct msim__buf *out, const char *kind, const char *text)
{
  (void)msim__buf_append_text(out, "<p class=\"notice ");
  (void)msim__buf_append_text(out, kind);
  (void)msim__buf_append_text(out, "\" role=\"");
  (void)msim__buf_append_text(out, kind);
  (void)msim__buf_append_text(out, "\">");
  (void)msim__html_put_words(out, text);
  (void)msim__buf_append_text(out, "</p>\n");
}

static void put_bar(struct msim__webmail_job *job, struct msim__buf *out)
{
  const struct msim__webmail_config *config = msim__webmail_config_of(job);

  (void)msim__buf_append_text(out, "<header class=\"bar\">\n<a class=\"home\" href=\"/mail\">");
  (void)msim__html_put_words(out, config->title);
  (void)msim__buf_append_text(out, "</a>\n");
  if (job->session != NULL && job->session->is_open) {
    (void)msim__buf_append_text(out,
                                "<nav aria-label=\"Mail\"><a href=\"/mail\">Inbox</a> <a href=\"/compose\">Write"
                                "</a></nav>\n<form class=\"find\" role=\"search\" action=\"/search\"><label for=\"q\">"
                                "Search</label> <input id=\"q\" name=\"q\" type=\"search\" required> "
                                "<button>Search</button></form>\n<form class=\"leave\" method=\"post\" "
                                "action=\"/logout\">");
    msim__webmail_html_csrf(job, out);
    (void)msim__buf_append_text(out, "<span class=\"who\">");
    (void)msim__html_put_words(out, job->session->address);
    (void)msim__buf_append_text(out, "</span> <button>Log out</button></form>\n");
  }
  (void)msim__buf_append_text(out, "</header>\n");
}

void msim__webmail_html_begin(struct msim__webmail_job *job, struct msim__buf *out, const char *title)
{
  const struct msim__webmail_config *config = msim__webmail_config_of(job);

  (void)msim__buf_append_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                                   "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
  (void)msim__html_put_words(out, title);
  (void)msim__buf_append_text(out, " - ");
  (void)msim__html_put_words(out, config->title);
  (void)msim__buf_append_text(out, "</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n"
                                   "<a class=\"skip\" href=\"#main\">To the content</a>\n");
  put_bar(job, out);
  (void)msim__buf_append_text(out, "<main id=\"main\">\n<h1>");
  (void)msim__html_put_words(out, title);
  (void)msim__buf_append_text(out, "</h1>\n");
}

void msim__webmail_html_end(struct msim__webmail_job *job, struct msim__buf *out)
{
  (void)job;
  (void)msim__buf_append_text(out, "</main>\n</body>\n</html>\n");
}

void msim__webmail_html_size(struct msim__buf *out, uint64_t size_bytes)
{
  if (size_bytes < 1000)
    (void)msim__buf_printf(out, "%u B", (unsigned)size_bytes);
  else if (size_bytes < 1000000)
    (void)msim__buf_printf(out, "%u kB", (unsigned)((size_bytes + 500) / 1000));
  else
    (void)msim__buf_printf(out, "%llu.%u MB", (unsigned long long)(size_bytes / 1000000),
                           (unsigned)(size_bytes / 100000 % 10));
}

/* In the time of the host: of a mail of today the time, of others the day. */
void msim__webmail_html_date(struct msim__webmail_job *job, struct msim__buf *out, int64_t unix_s)
{
  struct msim_agent *agent = job->webmail->serving.agent;
  int64_t shift_s = (int64_t)msim_agent_zone_minutes(agent) * 60;
  struct msim__date date, today;

  if (unix_s == 0 || msim__date_from_unix(&date, unix_s + shift_s) != MSIM_OK ||
      msim__date_from_unix(&today, msim_agent_unix_s(agent) + shift_s) != MSIM_OK) {
    (void)msim__buf_append_text(out, "no date");
    return;
  }
  (void)msim__buf_printf(out, "<time datetime=\"%04d-%02d-%02dT%02d:%02d\">", date.year, date.month, date.day,
                         date.hour, date.minute);
  if (date.year == today.year && date.month == today.month && date.day == today.day)
    (void)msim__buf_printf(out, "%02d:%02d</time>", date.hour, date.minute);
  else
    (void)msim__buf_printf(out, "%04d-%02d-%02d</time>", date.year, date.month, date.day);
}

/* System fonts and colours; two themes, as the system has them. Contrast is at least 4.5 to 1 in both. */
static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1c2126;--paper:#fff;--soft:#f1f3f5;--line:#c9ced4;--link:#0b57a4;--accent:#0b57a4;"
    "--on:#fff;--warn:#9c1c1c;--good:#17603a;--quiet:#555e68}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--paper:#15181b;--soft:#20252a;--line:#454d56;--link:#"
    "8cc2ff;"
    "--accent:#8cc2ff;--on:#0d1b2a;--warn:#ff9d96;--good:#8ad6ab;--quiet:#a5aeb8}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}\n"
    "a{color:var(--link)}\n"
    "a:focus-visible,button:focus-visible,input:focus-visible,textarea:focus-visible,select:focus-visible,"
    "summary:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\n"
    ".skip{position:absolute;left:-999px}\n.skip:focus{left:.5rem;top:.5rem;background:var(--paper);padding:.5rem;z-"
    "index:1}\n"
    ".bar{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;padding:.5rem 1rem;background:var(--soft);"
    "border-bottom:1px solid var(--line)}\n"
    ".home{font-weight:700;color:var(--ink);text-decoration:none}\n.bar nav{display:flex;gap:1rem}\n"
    ".find{min-width:0;display:flex;gap:.4rem;align-items:center;flex:1 1 12rem}\n.find "
    "label{position:absolute;left:-999px}\n"
    ".find input{flex:1;min-width:0;width:100%}\n.leave{display:flex;gap:.6rem;align-items:center;min-width:0}\n"
    ".who{color:var(--quiet);overflow-wrap:anywhere}\n"
    "main{max-width:60rem;margin:0 auto;padding:1rem}\n"
    "h1{font-size:1.4rem;line-height:1.25;margin:.2rem 0 "
    ".8rem;overflow-wrap:anywhere}\nh2{font-size:1.1rem;margin:1.2rem 0 .4rem}\n"
    "input,textarea,select,button{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--quiet);"
    "border-radius:.3rem;padding:.35rem .6rem;max-width:100%}\n"
    "input[type=checkbox]{width:1.2rem;height:1.2rem;margin:0}\n"
    "button{cursor:pointer;background:var(--soft)}\nbutton.main{background:var(--accent);color:var(--on);"
    "border-color:var(--accent);font-weight:600}\n"
    ".field{margin:0 0 .8rem}\n.field label{display:block;font-weight:600}\n.field input:not([type=checkbox]),"
    ".field textarea{width:100%}\n.narrow{max-width:24rem}\ntextarea{min-height:16rem;line-height:1.5}\n"
    ".acts{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.6rem 0}\n"
    ".notice{border:1px solid currentColor;border-left-width:.4rem;border-radius:.3rem;padding:.5rem "
    ".8rem;margin:.6rem 0}\n"
    ".alert{color:var(--warn)}\n.status{color:var(--good)}\n"
    ".folders{display:flex;flex-wrap:wrap;gap:.3rem .8rem;margin:0 0 .8rem;padding:0;list-style:none}\n"
    ".folders a[aria-current]{font-weight:700;color:var(--ink);text-decoration-thickness:.15em}\n"
    ".mails{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}\n"
    ".mails li{display:grid;grid-template-columns:auto minmax(0,14rem) minmax(0,1fr) auto;gap:.2rem "
    ".8rem;align-items:center;"
    "padding:.5rem .2rem;border-bottom:1px solid var(--line)}\n"
    ".mails .from,.mails .subject{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}\n"
    ".mails .when{color:var(--quiet);white-space:nowrap;font-variant-numeric:tabular-nums}\n"
    ".new .from,.new .subject{font-weight:700}\n.mark{color:var(--quiet);font-weight:400}\n"
    ".head{margin:0 0 1rem;display:grid;grid-template-columns:auto minmax(0,1fr);gap:.1rem .8rem}\n"
    ".head dt{color:var(--quiet)}\n.head dd{margin:0;overflow-wrap:anywhere}\n"
    ".text{white-space:pre-wrap;overflow-wrap:anywhere;border-top:1px solid var(--line);padding:1rem 0;margin:0;"
    "font:inherit;max-width:72ch}\n"
    ".files{padding-left:1.2rem;overflow-wrap:anywhere}\n.quiet{color:var(--quiet)}\n"
    "@media(max-width:40rem){main{padding:.8rem}.mails li{grid-template-columns:auto minmax(0,1fr) auto}"
    ".mails .from{grid-row:1;grid-column:2}.mails .when{grid-row:1;grid-column:3}"
    ".mails .subject{grid-row:2;grid-column:2/4;white-space:normal;overflow-wrap:anywhere}.find{flex-basis:100%}"
    ".leave{flex:1;justify-content:space-between}button,input,select{min-height:2.6rem}"
    "input[type=checkbox]{min-height:0}}\n";

const char *msim__webmail_style(void)
{
  return style;
}
