/* shrink_hosts.c: leaving hosts out, with what names them.
 *
 * Whether a text names a host is known by its letters alone; agents of other people's have keys of their own. So there
 * are several ways, from the one that changes least, and a way that goes too far is refused: the host with its links
 * and the faults about it; with everything that is its name; or joined with a neighbour, who gets its links and is
 * meant wherever it was named. */
#include "explore/shrink.h"

#include "core/sim.h"

#include <string.h>

#define LINK_NAME_BYTES 160u
#define LINKS_AGAIN_MAX 512u /* of one host */

static struct msim__doc_node *section(const struct msim__shrink *shrink, const char *key)
{
  return msim__doc_find(shrink->document->root, key);
}

static bool same_text(const struct msim__doc_text *a, const struct msim__doc_text *b)
{
  return a->bytes != NULL && b->bytes != NULL && a->size_bytes == b->size_bytes &&
         memcmp(a->bytes, b->bytes, a->size_bytes) == 0;
}

bool msim__shrink_in_name(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || (unsigned char)c >= 0x80;
}

/* Where name stands in text as a word of its own, at or behind from; NULL: nowhere. */
static const char *find_word(const struct msim__doc_text *text, const char *from, const struct msim__doc_text *name)
{
  const char *end = text->bytes + text->size_bytes;

  for (; (size_t)(end - from) >= name->size_bytes && name->size_bytes > 0; from++)
    if (memcmp(from, name->bytes, name->size_bytes) == 0 && (from == text->bytes || !msim__shrink_in_name(from[-1])) &&
        (from + name->size_bytes == end || !msim__shrink_in_name(from[name->size_bytes])))
      return from;
  return NULL;
}

/* ---- links ---- */

static struct msim__doc_node *join_of(const struct msim__doc_node *link)
{
  return msim__doc_find(link, "join");
}

static struct msim__doc_node *end_of(const struct msim__doc_node *link, const struct msim__doc_text *host)
{
  struct msim__doc_node *end;

  for (end = msim__doc_first(join_of(link)); end != NULL && !same_text(&end->text, host); end = msim__doc_next(end))
    ;
  return end;
}

static struct msim__doc_node *other_end(const struct msim__doc_node *link, const struct msim__doc_node *end)
{
  struct msim__doc_node *other = msim__doc_first(join_of(link));

  return other == end ? msim__doc_next(other) : other;
}

/* The name that faults know a link by: its own, or those of its ends in order. false: too long. */
static bool name_link(const struct msim__doc_node *link, char out[LINK_NAME_BYTES])
{
  const struct msim__doc_node *name = msim__doc_find(link, "name"), *a = msim__doc_first(join_of(link)), *b, *swap;
  size_t size_bytes;

  if (name != NULL) {
    size_bytes = name->text.size_bytes;
    if (name->text.bytes == NULL || size_bytes >= LINK_NAME_BYTES)
      return false;
    memcpy(out, name->text.bytes, size_bytes + 1);
    return true;
  }
  b = msim__doc_next(a);
  if (a == NULL || b == NULL || a->text.bytes == NULL || b->text.bytes == NULL)
    return false;
  if (strcmp(a->text.bytes, b->text.bytes) > 0) {
    swap = a;
    a = b;
    b = swap;
  }
  size_bytes = a->text.size_bytes + 1 + b->text.size_bytes;
  if (size_bytes >= LINK_NAME_BYTES)
    return false;
  memcpy(out, a->text.bytes, a->text.size_bytes);
  out[a->text.size_bytes] = '-';
  memcpy(out + a->text.size_bytes + 1, b->text.bytes, b->text.size_bytes + 1);
  return true;
}

/* ---- the host with its links, and the faults about either ---- */

static void hide_faults_about(struct msim__shrink *shrink, const struct msim__doc_text *name)
{
  struct msim__doc_node *faults = section(shrink, "faults"), *fault, *node;

  for (fault = msim__doc_first(faults); fault != NULL; fault = msim__doc_next(fault))
    for (node = fault; node != NULL; node = msim__doc_walk(fault, node))
      if (node->kind == MSIM__YAML_SCALAR && node->text.bytes != NULL &&
          find_word(&node->text, node->text.bytes, name) != NULL) {
        msim__shrink_hide(shrink, fault);
        break;
      }
}

static void hide_link(struct msim__shrink *shrink, struct msim__doc_node *link)
{
  char bytes[LINK_NAME_BYTES];
  struct msim__doc_text name = {bytes, 0, false};

  if (name_link(link, bytes)) {
    name.size_bytes = strlen(bytes);
    hide_faults_about(shrink, &name);
  }
  msim__shrink_hide(shrink, link);
}

static void leave_out_host(struct msim__shrink *shrink, struct msim__doc_node *host)
{
  struct msim__doc_node *link;

  for (link = msim__doc_first(section(shrink, "links")); link != NULL; link = msim__doc_next(link))
    if (end_of(link, &host->key) != NULL)
      hide_link(shrink, link);
  hide_faults_about(shrink, &host->key);
  msim__shrink_hide(shrink, host);
}

/* ---- and all else that is its name ---- */

static void leave_out_names(struct msim__shrink *shrink, struct msim__doc_node *host)
{
  struct msim__doc_node *root = shrink->document->root, *node;

  leave_out_host(shrink, host);
  for (node = root; node != NULL; node = msim__doc_walk(root, node))
    if (node->kind == MSIM__YAML_SCALAR && same_text(&node->text, &host->key))
      msim__shrink_hide(shrink, node); /* an item of a list, or a key with its value */
}

/* ---- joined with a neighbour ---- */

void msim__shrink_rename(struct msim__shrink *shrink, struct msim__doc_node *node, const struct msim__doc_text *one,
                         const struct msim__doc_text *other)
{
  struct msim__buf buf;
  const char *from = node->text.bytes, *found;

  if (node->kind != MSIM__YAML_SCALAR || from == NULL || find_word(&node->text, from, one) == NULL)
    return;
  msim__buf_init(&buf, &shrink->document->sim->mem, MSIM_DOCUMENT_BYTES_MAX);
  while ((found = find_word(&node->text, from, one)) != NULL) {
    msim__buf_append(&buf, from, (size_t)(found - from));
    msim__buf_append(&buf, other->bytes, other->size_bytes);
    from = found + one->size_bytes;
  }
  msim__buf_append(&buf, from, (size_t)(node->text.bytes + node->text.size_bytes - from));
  if (buf.err == MSIM_OK) {
    msim__shrink_set_text(shrink, node, msim__buf_text(&buf), buf.size_bytes);
  } else {
    shrink->err = buf.err;
    shrink->ended = true;
  }
  msim__buf_release(&buf);
}

static void rename_link(struct msim__shrink *shrink, const char *was, const char *is)
{
  struct msim__doc_text one = {was, strlen(was), false}, other = {is, strlen(is), false};
  struct msim__doc_node *faults = section(shrink, "faults"), *node;

  for (node = faults; node != NULL; node = msim__doc_walk(faults, node))
    if (node->kind == MSIM__YAML_SCALAR && same_text(&node->text, &one))
      msim__shrink_set_text(shrink, node, other.bytes, other.size_bytes);
}

/* host's links are the neighbour's; the one between the two goes. */
static void move_links(struct msim__shrink *shrink, const struct msim__doc_node *host,
                       const struct msim__doc_text *neighbour)
{
  struct msim__doc_node *link, *end, *other;
  char was[LINK_NAME_BYTES], is[LINK_NAME_BYTES];
  bool has_name;

  for (link = msim__doc_first(section(shrink, "links")); link != NULL; link = msim__doc_next(link)) {
    end = end_of(link, &host->key);
    if (end == NULL)
      continue;
    other = other_end(link, end);
    if (other == NULL || same_text(&other->text, neighbour)) {
      hide_link(shrink, link);
      continue;
    }
    has_name = name_link(link, was);
    msim__shrink_set_text(shrink, end, neighbour->bytes, neighbour->size_bytes);
    if (has_name && name_link(link, is) && strcmp(was, is) != 0)
      rename_link(shrink, was, is);
  }
}

static bool join_with(struct msim__shrink *shrink, struct msim__doc_node *host, const struct msim__doc_text *neighbour)
{
  struct msim__doc_node *root = shrink->document->root, *faults = section(shrink, "faults"), *node;

  move_links(shrink, host, neighbour);
  for (node = root; node != NULL; node = msim__doc_walk(root, node))
    if (node->kind == MSIM__YAML_SCALAR && same_text(&node->text, &host->key))
      msim__shrink_set_text(shrink, node, neighbour->bytes, neighbour->size_bytes);
  for (node = faults; node != NULL; node = msim__doc_walk(faults, node))
    msim__shrink_rename(shrink, node, &host->key, neighbour);
  msim__shrink_hide(shrink, host);
  return msim__shrink_try(shrink);
}

static bool join_with_any(struct msim__shrink *shrink, struct msim__doc_node *host)
{
  struct msim__doc_text neighbours[LINKS_AGAIN_MAX];
  struct msim__doc_node *link, *end, *other;
  size_t count = 0, i;

  for (link = msim__doc_first(section(shrink, "links")); link != NULL && count < LINKS_AGAIN_MAX;
       link = msim__doc_next(link)) {
    end = end_of(link, &host->key);
    other = end != NULL ? other_end(link, end) : NULL;
    if (other != NULL && other->text.bytes != NULL)
      neighbours[count++] = other->text;
  }
  for (i = 0; i < count && !shrink->ended; i++)
    if (join_with(shrink, host, &neighbours[i]))
      return true;
  return false;
}

bool msim__shrink_hosts(struct msim__shrink *shrink)
{
  struct msim__doc_node *hosts = section(shrink, "hosts"), *host;
  bool smaller;

  if (hosts == NULL || hosts->kind != MSIM__YAML_MAP)
    return false;
  smaller = msim__shrink_list(shrink, hosts, leave_out_host);
  smaller = msim__shrink_list(shrink, hosts, leave_out_names) || smaller;
  for (host = msim__doc_first(hosts); host != NULL && !shrink->ended; host = msim__doc_next(host))
    smaller = join_with_any(shrink, host) || smaller;
  return smaller;
}
