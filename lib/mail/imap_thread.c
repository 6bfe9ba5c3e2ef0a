/* imap_thread.c: THREAD=REFERENCES; see imap_thread.h. Step numbers are those of RFC 5256. By subject alone:
 * imap_thread_subject.c. */
#include "mail/imap_thread.h"

#include "core/names.h"

#include <string.h>

#define NODES_MAX 8000000u
#define LINK_STEPS_MAX (64u << 20) /* upwards, in search of loops; then no link is made any more that might be one */
#define ROOT 0u

/* A message, or one that others refer to. Places in nodes; 0 stands for none where it is not the root. */
struct node {
  uint32_t parent, child, last_child, next, prev;
  uint32_t mail; /* 1-based; 0: a dummy */
};

struct threads {
  const struct msim__imap_order *order;
  struct msim__mem *mem;
  struct node *nodes;
  size_t count, capacity;
  struct msim__names ids;      /* by message id; see node_of_id */
  struct msim__names subjects; /* struct slot by subject */
  struct slot *slots;
  uint32_t *places, *room; /* of siblings that are sorted */
  size_t place_count;      /* of places, of room and of slots */
  size_t steps;
};

/* The thread of a subject. */
struct slot {
  uint32_t node;
};

/* ---- nodes ---- */

static int add_node(struct threads *t, uint32_t mail, uint32_t *out)
{
  int err = msim__grow(t->mem, &t->nodes, &t->capacity, t->count + 1, NODES_MAX, sizeof *t->nodes);

  if (err != MSIM_OK)
    return err;
  memset(&t->nodes[t->count], 0, sizeof *t->nodes);
  t->nodes[t->count].mail = mail;
  *out = (uint32_t)t->count++;
  return MSIM_OK;
}

static void unlink_node(struct threads *t, uint32_t at)
{
  struct node *n = &t->nodes[at], *p = &t->nodes[n->parent];

  if (n->prev != 0)
    t->nodes[n->prev].next = n->next;
  else
    p->child = n->next;
  if (n->next != 0)
    t->nodes[n->next].prev = n->prev;
  else
    p->last_child = n->prev;
  n->parent = n->prev = n->next = 0;
}

static void append_child(struct threads *t, uint32_t parent, uint32_t at)
{
  struct node *n = &t->nodes[at], *p = &t->nodes[parent];

  n->parent = parent;
  n->prev = p->last_child;
  n->next = 0;
  if (p->last_child != 0)
    t->nodes[p->last_child].next = at;
  else
    p->child = at;
  p->last_child = at;
}

/* Its children take its place among its siblings. */
static void splice(struct threads *t, uint32_t at)
{
  struct node *n = &t->nodes[at], *p = &t->nodes[n->parent];
  uint32_t first = n->child, last = n->last_child, child;

  for (child = first; child != 0; child = t->nodes[child].next)
    t->nodes[child].parent = n->parent;
  if (first == 0) {
    unlink_node(t, at);
    return;
  }
  t->nodes[first].prev = n->prev;
  t->nodes[last].next = n->next;
  if (n->prev != 0)
    t->nodes[n->prev].next = first;
  else
    p->child = first;
  if (n->next != 0)
    t->nodes[n->next].prev = last;
  else
    p->last_child = last;
  memset(n, 0, sizeof *n);
}

/* The next node from above, siblings in their order; 0: the walk is over. */
static uint32_t next_down(const struct threads *t, uint32_t at)
{
  if (t->nodes[at].child != 0)
    return t->nodes[at].child;
  while (at != ROOT && t->nodes[at].next == 0)
    at = t->nodes[at].parent;
  return at == ROOT ? 0 : t->nodes[at].next;
}

/* ---- step 1: links ---- */

/* While links are made, the root is "no parent" and has no children. */
static bool makes_loop(struct threads *t, uint32_t parent, uint32_t child)
{
  uint32_t at;

  if (parent == child)
    return true;
  if (t->nodes[child].child == 0)
    return false;
  for (at = parent; at != ROOT; at = t->nodes[at].parent)
    if (at == child || t->steps++ >= LINK_STEPS_MAX)
      return true;
  return false;
}

static int node_of_id(struct threads *t, struct msim__imap_text_ref ref, uint32_t *out)
{
  struct msim_slice id = msim__imap_order_text(t->order, ref);
  const void *found = msim__names_find(&t->ids, (const char *)id.data, id.size_bytes);
  int err;

  *out = (uint32_t)(uintptr_t)found; /* the table wants pointers, and the nodes move: their numbers stand for them */
  if (found != NULL)
    return MSIM_OK;
  err = add_node(t, 0, out);
  if (err == MSIM_OK)
    err = msim__names_add(&t->ids, (const char *)id.data, id.size_bytes, (void *)(uintptr_t)*out);
  return err;
}

/* The message's own node. Of several of one id the first has it. */
static int node_of_mail(struct threads *t, uint32_t mail, uint32_t *out)
{
  struct msim__imap_text_ref id = t->order->mails[mail].id;
  int err = MSIM_OK;

  *out = ROOT;
  if (id.size_bytes > 0)
    err = node_of_id(t, id, out);
  if (err != MSIM_OK)
    return err;
  if (*out == ROOT || t->nodes[*out].mail != 0)
    return add_node(t, mail + 1, out);
  t->nodes[*out].mail = mail + 1;
  return MSIM_OK;
}

static int link_mail(struct threads *t, uint32_t mail)
{
  const struct msim__imap_order_mail *m = &t->order->mails[mail];
  uint32_t own, last = ROOT, at;
  size_t i;
  int err = node_of_mail(t, mail, &own);

  for (i = 0; i < m->ref_count && err == MSIM_OK; i++) {
    err = node_of_id(t, t->order->refs[m->ref_first + i], &at);
    if (err == MSIM_OK && last != ROOT && t->nodes[at].parent == ROOT && !makes_loop(t, last, at))
      append_child(t, last, at);
    last = at;
  }
  if (err != MSIM_OK)
    return err;
  if (t->nodes[own].parent != ROOT)
    unlink_node(t, own);
  if (last != ROOT && !makes_loop(t, last, own))
    append_child(t, last, own);
  return MSIM_OK;
}

/* ---- steps 2 and 3 ---- */

static void gather(struct threads *t)
{
  size_t i;

  for (i = 1; i < t->count; i++)
    if (t->nodes[i].parent == ROOT)
      append_child(t, ROOT, (uint32_t)i);
}

static void prune(struct threads *t)
{
  uint32_t at = t->nodes[ROOT].child, next;

  while (at != 0) { /* from above, so that each message moves once */
    struct node *n = &t->nodes[at];

    next = n->child;
    if (n->mail == 0 && n->parent != ROOT) {
      if (next == 0) { /* it goes, and with it nothing */
        uint32_t up = at;

        while (up != ROOT && t->nodes[up].next == 0)
          up = t->nodes[up].parent;
        next = up == ROOT ? 0 : t->nodes[up].next;
      }
      splice(t, at);
      at = next;
      continue;
    }
    at = next_down(t, at);
  }
  for (at = t->nodes[ROOT].child; at != 0; at = next) {
    next = t->nodes[at].next;
    if (t->nodes[at].mail == 0 && t->nodes[at].child == t->nodes[at].last_child) /* none, or one */
      splice(t, at);
  }
}

/* ---- steps 4 and 6: order ---- */

/* The message that stands for a thread: its own, or its first child's. */
static const struct msim__imap_order_mail *mail_of(const struct threads *t, uint32_t at)
{
  const struct node *n = &t->nodes[at];

  return &t->order->mails[(n->mail != 0 ? n->mail : t->nodes[n->child].mail) - 1];
}

static int compare_nodes(const void *ctx, uint32_t a, uint32_t b)
{
  const struct msim__imap_order_mail *left = mail_of(ctx, a), *right = mail_of(ctx, b);

  if (left->sent_unix_s != right->sent_unix_s)
    return left->sent_unix_s < right->sent_unix_s ? -1 : 1;
  return left < right ? -1 : left > right; /* they stand in the order of the mailbox */
}

static void sort_children(struct threads *t, uint32_t parent)
{
  size_t count = 0, i;
  uint32_t at;

  if (t->nodes[parent].child == t->nodes[parent].last_child)
    return;
  for (at = t->nodes[parent].child; at != 0; at = t->nodes[at].next)
    t->places[count++] = at;
  msim__imap_merge(t->places, t->room, count, compare_nodes, t);
  t->nodes[parent].child = t->nodes[parent].last_child = 0;
  for (i = 0; i < count; i++)
    append_child(t, parent, t->places[i]);
}

/* Those below dummies first: by them the dummies are sorted. */
static void sort_root(struct threads *t)
{
  uint32_t at;

  for (at = t->nodes[ROOT].child; at != 0; at = t->nodes[at].next)
    if (t->nodes[at].mail == 0)
      sort_children(t, at);
  sort_children(t, ROOT);
}

static void sort_all(struct threads *t)
{
  uint32_t at;

  for (at = t->nodes[ROOT].child; at != 0; at = next_down(t, at))
    sort_children(t, at);
  sort_children(t, ROOT);
}

/* ---- step 5: threads of one subject ---- */

static struct slot *slot_of(struct threads *t, uint32_t at)
{
  struct msim_slice subject = msim__imap_order_text(t->order, mail_of(t, at)->subject);

  return subject.size_bytes == 0 ? NULL
                                 : msim__names_find(&t->subjects, (const char *)subject.data, subject.size_bytes);
}

/* A dummy is neither a reply nor none. */
static bool is_reply(const struct threads *t, uint32_t at)
{
  return t->nodes[at].mail != 0 && mail_of(t, at)->reply;
}

static int fill_subjects(struct threads *t)
{
  size_t count = 0;
  uint32_t at;
  int err = MSIM_OK;

  for (at = t->nodes[ROOT].child; at != 0 && err == MSIM_OK; at = t->nodes[at].next) {
    struct msim_slice subject = msim__imap_order_text(t->order, mail_of(t, at)->subject);
    struct slot *slot = slot_of(t, at);

    if (subject.size_bytes == 0)
      continue;
    if (slot == NULL) {
      slot = &t->slots[count++];
      slot->node = at;
      err = msim__names_add(&t->subjects, (const char *)subject.data, subject.size_bytes, slot);
    } else if (t->nodes[slot->node].mail != 0 &&
               (t->nodes[at].mail == 0 || (is_reply(t, slot->node) && !is_reply(t, at)))) {
      slot->node = at;
    }
  }
  return err;
}

static void move_children(struct threads *t, uint32_t from, uint32_t to)
{
  while (t->nodes[from].child != 0) {
    uint32_t child = t->nodes[from].child;

    unlink_node(t, child);
    append_child(t, to, child);
  }
}

static int merge_pair(struct threads *t, struct slot *slot, uint32_t at)
{
  uint32_t dummy;
  int err;

  unlink_node(t, at);
  if (t->nodes[slot->node].mail == 0 && t->nodes[at].mail == 0) {
    move_children(t, at, slot->node);
    return MSIM_OK;
  }
  if (t->nodes[slot->node].mail == 0 || (is_reply(t, at) && !is_reply(t, slot->node))) {
    append_child(t, slot->node, at);
    return MSIM_OK;
  }
  err = add_node(t, 0, &dummy);
  if (err != MSIM_OK)
    return err;
  append_child(t, ROOT, dummy);
  unlink_node(t, slot->node);
  append_child(t, dummy, slot->node);
  append_child(t, dummy, at);
  slot->node = dummy;
  return MSIM_OK;
}

static int merge_subjects(struct threads *t)
{
  uint32_t at, next;
  struct slot *slot;
  int err = fill_subjects(t);

  for (at = t->nodes[ROOT].child; at != 0 && err == MSIM_OK; at = next) {
    next = t->nodes[at].next;
    slot = slot_of(t, at);
    if (slot == NULL || slot->node == at)
      continue;
    if (slot->node == next) /* it may move below a dummy behind all others */
      next = t->nodes[next].next;
    err = merge_pair(t, slot, at);
  }
  return err;
}

/* ---- the response ---- */

static void put_number(struct msim__buf *out, const struct threads *t, uint32_t at)
{
  msim__buf_append_uint(out, t->order->mails[t->nodes[at].mail - 1].number);
}

/* From a node that is written out back to where something is left to write. 0: the thread is over. */
static uint32_t put_ends(struct msim__buf *out, const struct threads *t, uint32_t at, uint32_t top)
{
  while (at != top) {
    uint32_t parent = t->nodes[at].parent;

    if (t->nodes[parent].child != t->nodes[parent].last_child)
      msim__buf_append_byte(out, ')');
    if (t->nodes[at].next != 0) {
      msim__buf_append_byte(out, '(');
      return t->nodes[at].next;
    }
    at = parent;
  }
  msim__buf_append_byte(out, ')');
  return 0;
}

/* A chain is numbers with a space between them; where it splits, each part is in parentheses. */
static void put_thread(struct msim__buf *out, const struct threads *t, uint32_t top)
{
  uint32_t at = top;

  msim__buf_append_byte(out, '(');
  while (at != 0) {
    const struct node *n = &t->nodes[at];

    if (n->mail != 0)
      put_number(out, t, at);
    if (n->child == 0) {
      at = put_ends(out, t, at, top);
      continue;
    }
    if (n->mail != 0)
      msim__buf_append_byte(out, ' ');
    if (n->child != n->last_child)
      msim__buf_append_byte(out, '(');
    at = n->child;
  }
}

/* ---- all of it ---- */

static int build(struct threads *t)
{
  uint32_t i, root;
  int err = add_node(t, 0, &root);

  for (i = 0; i < t->order->count && err == MSIM_OK; i++)
    err = link_mail(t, i);
  if (err != MSIM_OK)
    return err;
  t->place_count = t->count;
  t->places = msim__alloc(t->mem, t->place_count * 2 * sizeof *t->places);
  t->slots = msim__alloc(t->mem, t->place_count * sizeof *t->slots);
  if (t->places == NULL || t->slots == NULL)
    return MSIM_ERR_NOMEM;
  t->room = t->places + t->place_count;
  gather(t);
  prune(t);
  sort_root(t);
  return merge_subjects(t);
}

int msim__imap_put_references(struct msim__buf *out, const struct msim__imap_order *order)
{
  struct threads t;
  uint32_t at;
  int err;

  memset(&t, 0, sizeof t);
  t.order = order;
  t.mem = order->mem;
  msim__names_init(&t.ids, t.mem);
  msim__names_init(&t.subjects, t.mem);
  err = build(&t);
  if (err == MSIM_OK) {
    sort_all(&t);
    for (at = t.nodes[ROOT].child; at != 0; at = t.nodes[at].next)
      put_thread(out, &t, at);
    err = out->err;
  }
  if (t.places != NULL)
    msim__free(t.mem, t.places, t.place_count * 2 * sizeof *t.places);
  if (t.slots != NULL)
    msim__free(t.mem, t.slots, t.place_count * sizeof *t.slots);
  msim__names_release(&t.ids);
  msim__names_release(&t.subjects);
  msim__free(t.mem, t.nodes, t.capacity * sizeof *t.nodes);
  return err;
}
