/* http_jar.c: the cookies that a browser keeps (RFC 6265 5.3, 5.4).
 *
 * Time comes in as an argument. */
#include "proto/http_jar.h"
#include "proto/ascii.h"

struct msim__jar_cookie {
  char *text; /* name, value, domain and path, one behind the other */
  size_t name_bytes, value_bytes, domain_bytes, path_bytes;
  int64_t expires_unix_s; /* INT64_MAX: with the browser */
  bool host_only;
};

struct view {
  struct msim_slice name, value, domain, path;
};

static size_t text_bytes(const struct msim__jar_cookie *c)
{
  return c->name_bytes + c->value_bytes + c->domain_bytes + c->path_bytes;
}

static struct view view_of(const struct msim__jar_cookie *c)
{
  struct msim_slice text = {(const uint8_t *)c->text, text_bytes(c)};
  size_t value = c->name_bytes, domain = value + c->value_bytes, path = domain + c->domain_bytes;
  struct view view;

  view.name = msim__slice_part(text, 0, value);
  view.value = msim__slice_part(text, value, domain);
  view.domain = msim__slice_part(text, domain, path);
  view.path = msim__slice_part(text, path, text.size_bytes);
  return view;
}

static void forget(struct msim__jar *jar, struct msim__mem *mem, size_t i)
{
  msim__free(mem, jar->cookies[i].text, text_bytes(&jar->cookies[i]) + 1);
  jar->count--;
  memmove(jar->cookies + i, jar->cookies + i + 1, (jar->count - i) * sizeof *jar->cookies);
}

void msim__jar_release(struct msim__jar *jar, struct msim__mem *mem)
{
  while (jar->count > 0)
    forget(jar, mem, jar->count - 1);
  msim__free(mem, jar->cookies, jar->capacity * sizeof *jar->cookies);
  memset(jar, 0, sizeof *jar);
}

static struct msim_slice path_of(const struct msim__url *url)
{
  struct msim_slice target = msim__slice_text(url->target);
  size_t at = 0;

  while (at < target.size_bytes && target.data[at] != '?')
    at++;
  return msim__slice_part(target, 0, at);
}

/* RFC 6265 5.1.4: up to, without, the last slash. */
static struct msim_slice default_path(struct msim_slice path)
{
  size_t end = path.size_bytes;

  while (end > 0 && path.data[end - 1] != '/')
    end--;
  return end <= 1 ? msim__slice_text("/") : msim__slice_part(path, 0, end - 1);
}

/* RFC 6265 5.1.3: the host is the domain or below it; an address has nothing above it. */
static bool domain_matches(struct msim_slice host, struct msim_slice domain)
{
  size_t above = host.size_bytes - domain.size_bytes;
  struct msim_addr addr;

  if (msim__slice_equal_nocase(host, domain))
    return true;
  return host.size_bytes > domain.size_bytes && host.data[above - 1] == '.' &&
         msim__slice_equal_nocase(msim__slice_part(host, above, host.size_bytes), domain) &&
         msim_addr_parse(&addr, (const char *)host.data, host.size_bytes) != MSIM_OK;
}

static bool path_matches(struct msim_slice path, struct msim_slice of_cookie)
{
  size_t size = of_cookie.size_bytes;

  if (path.size_bytes < size || !msim__slice_equal(msim__slice_part(path, 0, size), of_cookie))
    return false;
  return path.size_bytes == size || of_cookie.data[size - 1] == '/' || path.data[size] == '/';
}

static int add(struct msim__jar *jar, struct msim__mem *mem, const struct view *view, int64_t expires_unix_s,
               bool host_only)
{
  const struct msim_slice parts[] = {view->name, view->value, view->domain, view->path};
  struct msim__jar_cookie cookie = {NULL,
                                    view->name.size_bytes,
                                    view->value.size_bytes,
                                    view->domain.size_bytes,
                                    view->path.size_bytes,
                                    expires_unix_s,
                                    host_only};
  size_t at = 0, i;
  int err;

  if (jar->count == MSIM__JAR_COOKIES_MAX)
    forget(jar, mem, 0);
  err = msim__grow(mem, &jar->cookies, &jar->capacity, jar->count + 1, MSIM__JAR_COOKIES_MAX, sizeof cookie);
  if (err != MSIM_OK)
    return err;
  cookie.text = msim__alloc(mem, text_bytes(&cookie) + 1);
  if (cookie.text == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (parts[i].size_bytes > 0)
      memcpy(cookie.text + at, parts[i].data, parts[i].size_bytes);
    at += parts[i].size_bytes;
  }
  jar->cookies[jar->count++] = cookie;
  return 1;
}

int msim__jar_take(struct msim__jar *jar, struct msim__mem *mem, const struct msim__url *url,
                   struct msim_slice set_cookie, int64_t now_unix_s)
{
  struct msim_slice host = msim__slice_text(url->host);
  int64_t expires_unix_s = INT64_MAX;
  struct msim__set_cookie cookie;
  struct view view;
  bool host_only;
  size_t i;

  if (msim__set_cookie_parse(&cookie, set_cookie) != MSIM_OK || cookie.secure)
    return 0;
  host_only = cookie.domain.size_bytes == 0;
  if (!host_only && !msim__slice_equal_nocase(cookie.domain, host) &&
      (!domain_matches(host, cookie.domain) || memchr(cookie.domain.data, '.', cookie.domain.size_bytes) == NULL))
    return 0;
  view = (struct view){cookie.name, cookie.value, host_only ? host : cookie.domain,
                       cookie.path.size_bytes > 0 ? cookie.path : default_path(path_of(url))};
  if (cookie.has_max_age) /* goes before Expires */
    expires_unix_s = cookie.max_age_s > 0 ? now_unix_s + cookie.max_age_s : INT64_MIN;
  else if (cookie.has_expires)
    expires_unix_s = cookie.expires_unix_s;
  for (i = 0; i < jar->count; i++) {
    struct view old = view_of(&jar->cookies[i]);

    if (msim__slice_equal(old.name, view.name) && msim__slice_equal_nocase(old.domain, view.domain) &&
        msim__slice_equal(old.path, view.path)) {
      forget(jar, mem, i);
      break;
    }
  }
  return expires_unix_s <= now_unix_s ? 1 : add(jar, mem, &view, expires_unix_s, host_only);
}

static bool goes_with(const struct msim__jar_cookie *cookie, const struct view *view, const struct msim__url *url,
                      int64_t now_unix_s)
{
  struct msim_slice host = msim__slice_text(url->host);

  return cookie->expires_unix_s > now_unix_s && path_matches(path_of(url), view->path) &&
         (cookie->host_only ? msim__slice_equal_nocase(host, view->domain) : domain_matches(host, view->domain));
}

size_t msim__jar_format(const struct msim__jar *jar, const struct msim__url *url, int64_t now_unix_s, uint8_t *out,
                        size_t cap_bytes)
{
  size_t size = 0, length = SIZE_MAX, next, i;

  do { /* one round for each length of a path, downwards */
    next = 0;
    for (i = 0; i < jar->count; i++) {
      const struct view view = view_of(&jar->cookies[i]);
      size_t need = (size > 0 ? 2 : 0) + view.name.size_bytes + 1 + view.value.size_bytes;

      if (view.path.size_bytes < length && view.path.size_bytes > next)
        next = view.path.size_bytes;
      if (view.path.size_bytes != length || !goes_with(&jar->cookies[i], &view, url, now_unix_s) ||
          need > cap_bytes - size)
        continue;
      if (size > 0) {
        out[size++] = ';';
        out[size++] = ' ';
      }
      memcpy(out + size, view.name.data, view.name.size_bytes);
      size += view.name.size_bytes;
      out[size++] = '=';
      if (view.value.size_bytes > 0)
        memcpy(out + size, view.value.data, view.value.size_bytes);
      size += view.value.size_bytes;
    }
    length = next;
  } while (next > 0);
  return size;
}
