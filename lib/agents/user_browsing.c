/* user_browsing.c: a person opens pages in a browser; see user_browsing.h. */
#include "agents/user_browsing.h"

#include "net/net.h"
#include "proto/ascii.h"

#define STAY_NS MSIM_SEC(5) /* the connection is kept for a further page */

const char *msim__user_check_url(const char *text)
{
  struct msim__url url;

  return msim__url_parse(&url, msim__slice_text(text)) == MSIM_OK
             ? NULL
             : "a URL such as http://www.example/ is expected here; https is not spoken";
}

static void browse_next(struct msim__user_browsing *browsing);

static void tell_failed(struct msim__user_browsing *browsing, const char *reason, const char *detail)
{
  struct msim_value values[] = {
      msim_value_text("url", browsing->urls[0]),
      msim_value_text("reason", reason),
      msim_value_text("detail", detail),
  };

  msim_agent_event(browsing->agent, "http.failed", values, 3);
}

/* The page under way is over. */
static void end_page(struct msim__user_browsing *browsing)
{
  browsing->count--;
  memmove(browsing->urls, browsing->urls + 1, browsing->count * sizeof *browsing->urls);
  if (browsing->count > 0)
    browse_next(browsing);
  else
    msim_timer_arm(&browsing->timer, STAY_NS);
}

static void on_page(void *ctx, const struct msim__browser_page *page)
{
  (void)page; /* the browser has told http.received */
  end_page(ctx);
}

static void on_failed(void *ctx, const char *reason, const char *detail)
{
  struct msim__user_browsing *browsing = ctx;

  tell_failed(browsing, reason, detail);
  end_page(browsing);
}

static const struct msim__browser_ops ops = {.page = on_page, .failed = on_failed};

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__user_browsing *browsing =
      (struct msim__user_browsing *)(void *)((char *)timer - offsetof(struct msim__user_browsing, timer));

  (void)now_ns;
  msim__browser_hang_up(&browsing->browser);
}

static void browse_next(struct msim__user_browsing *browsing)
{
  struct msim__url url;

  while (browsing->count > 0 && browsing->is_offline) {
    tell_failed(browsing, "offline", "the plug is pulled");
    browsing->count--;
    memmove(browsing->urls, browsing->urls + 1, browsing->count * sizeof *browsing->urls);
  }
  if (browsing->count == 0)
    return;
  (void)msim__url_parse(&url, msim__slice_text(browsing->urls[0])); /* the configuration was checked */
  msim__browser_get(&browsing->browser, &url);
}

void msim__user_browse(struct msim__user_browsing *browsing, const char *url)
{
  struct msim_value value = msim_value_text("url", url);

  msim_agent_event(browsing->agent, "user.browse", &value, 1);
  if (msim__grow(&browsing->mem, &browsing->urls, &browsing->capacity, browsing->count + 1, MSIM__USER_PAGES_MAX,
                 sizeof *browsing->urls) != MSIM_OK)
    return; /* out of memory, or so many pages wait that this one is never opened */
  browsing->urls[browsing->count++] = url;
  msim_timer_cancel(&browsing->timer);
  if (browsing->count == 1)
    browse_next(browsing);
}

void msim__user_browsing_open(struct msim__user_browsing *browsing)
{
  if (browsing->is_open)
    return;
  browsing->is_open = true;
  msim__browser_init(&browsing->browser, browsing->agent, &browsing->mem, &ops, browsing);
  msim_timer_init(&browsing->timer, msim_agent_node(browsing->agent), on_timer);
}

void msim__user_browsing_release(struct msim__user_browsing *browsing)
{
  if (!browsing->is_open)
    return;
  msim_timer_cancel(&browsing->timer);
  msim__browser_release(&browsing->browser);
  msim__free(&browsing->mem, browsing->urls, browsing->capacity * sizeof *browsing->urls);
  browsing->urls = NULL;
  browsing->count = browsing->capacity = 0;
  browsing->is_open = false;
}
