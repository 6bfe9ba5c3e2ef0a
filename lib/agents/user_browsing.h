/* user_browsing.h: a person opens pages in a browser, one after another.
 *
 * Whole pages, without pictures and scripts. Does not know when a page is to be opened, and knows no webmail. */
#ifndef MSIM_AGENTS_USER_BROWSING_H
#define MSIM_AGENTS_USER_BROWSING_H

#include "agents/browser.h"

#define MSIM__USER_PAGES_MAX 10000u /* that wait for their turn */

/* All zero at first; agent and mem are set by the owner. */
struct msim__user_browsing {
  struct msim__mem mem;
  struct msim_agent *agent;
  struct msim__browser browser;
  struct msim_timer timer; /* until the connection is closed */
  const char **urls;       /* the one under way and those that wait; borrowed */
  size_t count, capacity;
  bool is_open;
  bool is_offline; /* the browser knows that there is no network */
};

/* From start, when a step browses. */
void msim__user_browsing_open(struct msim__user_browsing *browsing);
void msim__user_browsing_release(struct msim__user_browsing *browsing);

/* The act: url is borrowed until the agent stops. */
void msim__user_browse(struct msim__user_browsing *browsing, const char *url);

/* NULL, or what is wrong with a URL in the configuration. */
const char *msim__user_check_url(const char *text);

#endif
