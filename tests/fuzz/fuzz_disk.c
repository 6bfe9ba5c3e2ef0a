/* fuzz_disk.c: the simulated disk against a list of everything that was ever done to it. What readers see is all of the
 * list, what is durable is what finished syncs cover; crashes strike off the rest. Input: latency, then steps. */
#include "fuzz.h"

#include <mailsim/mailsim.h>

#define STEPS_MAX 120u
#define BYTES_MAX 600u
#define NAMES 5u
#define INODES_MAX (STEPS_MAX + 1u)

static const char *const names[NAMES] = {"a", "b", "b.new", "c", "journal.7"};

enum kind { WRITE, TRUNCATE, LINK, UNLINK, RENAME };

struct op {
  enum kind kind;
  unsigned inode, name, to;
  size_t at, size;
  uint8_t bytes[40];
  bool durable;
};

struct request {
  struct model *model;
  size_t op_count; /* it covers those before */
  int inode;       /* -1: names */
};

struct state {
  uint8_t bytes[INODES_MAX][BYTES_MAX];
  size_t sizes[INODES_MAX];
  int files[NAMES]; /* inode, or -1 */
};

struct model {
  struct op ops[STEPS_MAX * 2];
  size_t op_count;
  unsigned inode_count;
  struct request requests[STEPS_MAX];
  size_t request_count, done_count;
  struct state state;
};

static void play(struct model *m)
{
  struct state *s = &m->state;
  size_t i;

  memset(s, 0, sizeof *s);
  for (i = 0; i < NAMES; i++)
    s->files[i] = -1;
  for (i = 0; i < m->op_count; i++) {
    const struct op *op = &m->ops[i];

    if (op->kind == WRITE) {
      memcpy(s->bytes[op->inode] + op->at, op->bytes, op->size);
      if (op->at + op->size > s->sizes[op->inode])
        s->sizes[op->inode] = op->at + op->size;
    } else if (op->kind == TRUNCATE) {
      if (op->at < s->sizes[op->inode])
        memset(s->bytes[op->inode] + op->at, 0, s->sizes[op->inode] - op->at);
      s->sizes[op->inode] = op->at;
    } else if (op->kind == LINK) {
      s->files[op->name] = (int)op->inode;
    } else {
      s->files[op->name] = -1;
      if (op->kind == RENAME)
        s->files[op->to] = (int)op->inode;
    }
  }
}

static bool is_content(const struct op *op)
{
  return op->kind == WRITE || op->kind == TRUNCATE;
}

static void done(void *ctx, int err)
{
  const struct request *request = ctx;
  struct model *m = request->model;
  size_t i;

  FUZZ_CHECK(err == 0);
  FUZZ_CHECK(request == &m->requests[m->done_count]); /* in order */
  m->done_count++;
  for (i = 0; i < request->op_count; i++)
    if (request->inode < 0 ? !is_content(&m->ops[i])
                           : is_content(&m->ops[i]) && m->ops[i].inode == (unsigned)request->inode)
      m->ops[i].durable = true;
}

static struct op *add(struct model *m, enum kind kind, unsigned inode, unsigned name)
{
  struct op *op = &m->ops[m->op_count++];

  memset(op, 0, sizeof *op);
  op->kind = kind;
  op->inode = inode;
  op->name = name;
  return op;
}

static void strike_off_unsynced(struct model *m)
{
  size_t i, kept = 0;

  for (i = 0; i < m->op_count; i++)
    if (m->ops[i].durable)
      m->ops[kept++] = m->ops[i];
  m->op_count = kept;
}

/* No name leads to it any more, durable or not: what was written to it is nobody's loss. */
static bool is_orphan(const struct model *m, unsigned inode)
{
  int files[NAMES] = {-1, -1, -1, -1, -1};
  size_t i;

  for (i = 0; i < m->op_count; i++) {
    const struct op *op = &m->ops[i];

    if (is_content(op))
      continue;
    if (!op->durable && op->kind != UNLINK && op->inode == inode)
      return false;
    if (!op->durable)
      continue;
    files[op->name] = op->kind == LINK ? (int)op->inode : -1;
    if (op->kind == RENAME)
      files[op->to] = (int)op->inode;
  }
  for (i = 0; i < NAMES; i++)
    if (files[i] == (int)inode)
      return false;
  return true;
}

/* The last write that is not durable: all before it is; of it the first units. */
static void tear(struct model *m, uint64_t random, size_t unit)
{
  size_t last = m->op_count, i, units;

  for (i = 0; i < m->op_count; i++)
    if (is_content(&m->ops[i]) && !m->ops[i].durable && !is_orphan(m, m->ops[i].inode))
      last = i;
  for (i = 0; i < m->op_count && i < last; i++)
    m->ops[i].durable = true;
  if (last == m->op_count)
    return;
  units = (m->ops[last].size + unit - 1) / unit;
  m->ops[last].size = units == 0 ? 0 : random % units * unit;
  m->ops[last].durable = m->ops[last].size > 0;
  strike_off_unsynced(m);
}

static void crash(struct model *m, struct msim_node *node, struct fuzz_input *input)
{
  struct msim_crash_opts opts;
  size_t i;

  memset(&opts, 0, sizeof opts);
  opts.disk = (enum msim_crash_disk)(fuzz_byte(input) % 4);
  opts.torn_unit_bytes = 1u + fuzz_byte(input) % 8u;
  opts.random = fuzz_byte(input);
  FUZZ_CHECK(msim_host_crash(node, &opts) == 0);
  m->request_count = m->done_count; /* the others are never told */
  if (opts.disk == MSIM_CRASH_WIPE)
    m->op_count = 0;
  else if (opts.disk == MSIM_CRASH_TORN)
    tear(m, opts.random, opts.torn_unit_bytes);
  else if (opts.disk == MSIM_CRASH_KEEP)
    for (i = 0; i < m->op_count; i++)
      m->ops[i].durable = true;
  else
    strike_off_unsynced(m);
  FUZZ_CHECK(msim_disk_append(msim_node_disk(node), "a", "x", 1) == MSIM_ERR_STATE);
  FUZZ_CHECK(msim_host_restart(node) == 0);
}

static void check(struct model *m, struct msim_disk *disk)
{
  const char *name = NULL;
  uint64_t used = 0, size;
  uint8_t bytes[BYTES_MAX];
  size_t got;
  unsigned i;

  play(m);
  for (i = 0; i < NAMES; i++) {
    int inode = m->state.files[i];

    if (inode < 0) {
      FUZZ_CHECK(msim_disk_size(disk, names[i], &size) == MSIM_ERR_NOT_FOUND);
      continue;
    }
    name = msim_disk_next(disk, name);
    FUZZ_CHECK(name != NULL && strcmp(name, names[i]) == 0);
    FUZZ_CHECK(msim_disk_size(disk, name, &size) == 0 && size == m->state.sizes[inode]);
    FUZZ_CHECK(msim_disk_read(disk, name, 0, bytes, sizeof bytes, &got) == 0 && got == size);
    FUZZ_CHECK(memcmp(bytes, m->state.bytes[inode], got) == 0);
    used += size;
  }
  FUZZ_CHECK(msim_disk_next(disk, name) == NULL);
  FUZZ_CHECK(msim_disk_used_bytes(disk) == used);
}

static void write_some(struct model *m, struct msim_disk *disk, unsigned name, struct fuzz_input *input)
{
  struct msim_slice bytes = fuzz_take(input, fuzz_byte(input) % 40u);
  size_t at = fuzz_byte(input);
  struct op *op;

  if (m->state.files[name] < 0) {
    m->state.files[name] = (int)m->inode_count++;
    (void)add(m, LINK, (unsigned)m->state.files[name], name);
  }
  op = add(m, WRITE, (unsigned)m->state.files[name], name);
  op->size = bytes.size_bytes;
  op->at = at % 2 != 0 ? m->state.sizes[op->inode] : at;
  if (op->at + op->size > BYTES_MAX)
    op->at = 0;
  if (op->size > 0)
    memcpy(op->bytes, bytes.data, op->size);
  FUZZ_CHECK(msim_disk_write(disk, names[name], op->at, bytes.data, bytes.size_bytes) == 0);
}

static void step(struct model *m, struct msim_sim *sim, struct msim_node *node, struct fuzz_input *input)
{
  struct msim_disk *disk = msim_node_disk(node);
  uint8_t what = fuzz_byte(input), which = fuzz_byte(input);
  unsigned name = which % NAMES, to = which / NAMES % NAMES;
  int inode = m->state.files[name];
  struct request *request;

  if (what < 0x60) {
    write_some(m, disk, name, input);
  } else if (what < 0x70 && inode >= 0) {
    struct op *op = add(m, TRUNCATE, (unsigned)inode, name);

    op->at = fuzz_byte(input);
    FUZZ_CHECK(msim_disk_truncate(disk, names[name], op->at) == 0);
  } else if (what < 0x80) {
    if (inode >= 0)
      (void)add(m, UNLINK, (unsigned)inode, name);
    FUZZ_CHECK(msim_disk_remove(disk, names[name]) == (inode >= 0 ? 0 : MSIM_ERR_NOT_FOUND));
  } else if (what < 0xa0) {
    if (inode >= 0 && name != to)
      add(m, RENAME, (unsigned)inode, name)->to = to;
    FUZZ_CHECK(msim_disk_rename(disk, names[name], names[to]) == (inode >= 0 ? 0 : MSIM_ERR_NOT_FOUND));
  } else if (what < 0xd0) {
    if (what % 2 != 0 && inode < 0)
      return;
    request = &m->requests[m->request_count++];
    request->model = m;
    request->op_count = m->op_count;
    request->inode = what % 2 != 0 ? inode : -1;
    FUZZ_CHECK((what % 2 != 0 ? msim_disk_sync(disk, names[name], done, request)
                              : msim_disk_sync_names(disk, done, request)) == 0);
  } else if (what < 0xf0) {
    FUZZ_CHECK(msim_sim_advance_to(sim, msim_sim_now_ns(sim) + which) == 0);
  } else {
    crash(m, node, input);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  struct model *m = calloc(1, sizeof *m);
  struct msim_disk_opts opts;
  struct msim_node *node = NULL;
  struct msim_sim *sim = NULL;
  unsigned steps = 0;

  FUZZ_CHECK(m != NULL && msim_sim_new(&sim, NULL) == 0 && msim_node_add(sim, "mx", &node) == 0);
  memset(&opts, 0, sizeof opts);
  opts.sync_latency_ns = fuzz_byte(&input);
  FUZZ_CHECK(msim_node_set_disk(node, &opts) == 0 && msim_sim_start(sim) == 0);
  play(m);
  while (input.rest.size_bytes > 0 && steps++ < STEPS_MAX) {
    step(m, sim, node, &input);
    check(m, msim_node_disk(node));
  }
  FUZZ_CHECK(msim_sim_run(sim, MSIM_NEVER) == 0);
  FUZZ_CHECK(m->done_count == m->request_count);
  check(m, msim_node_disk(node));
  msim_sim_free(sim);
  free(m);
  return 0;
}
