/* explore_repro.c: a failure that a sweep has found becomes a topology of its own, as small as it can be while the same
 * thing goes wrong in it: a file that is kept, sent, and run again.
 *
 * What can be left out is the library's to know (<mailsim/explore.h>); here a candidate is run and judged. */
#include "explore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COMMENT_BYTES 4096
#define PATH_BYTES 4096
#define EVENTS_SPARE 100000u

/* ---- bytes ---- */

struct bytes {
  char *data;
  size_t size_bytes, capacity_bytes;
};

static int take(void *ctx, const void *data, size_t size_bytes)
{
  struct bytes *bytes = ctx;

  if (bytes->size_bytes + size_bytes + 1 > bytes->capacity_bytes) {
    size_t wanted = (bytes->size_bytes + size_bytes + 1) * 2;
    char *fresh = realloc(bytes->data, wanted);

    if (fresh == NULL)
      return MSIM_ERR_NOMEM;
    bytes->data = fresh;
    bytes->capacity_bytes = wanted;
  }
  memcpy(bytes->data + bytes->size_bytes, data, size_bytes);
  bytes->size_bytes += size_bytes;
  return MSIM_OK;
}

static struct msim_slice text_of(struct msim_document *document, const char *comment)
{
  struct bytes bytes = {NULL, 0, 0};
  struct msim_out out;
  struct msim_slice text = {NULL, 0};

  out.ctx = &bytes;
  out.write = take;
  if (msim_document_write(document, comment, &out) != MSIM_OK) {
    free(bytes.data);
    return text;
  }
  text.data = (const uint8_t *)bytes.data;
  text.size_bytes = bytes.size_bytes;
  return text;
}

struct msim_slice repro_text(struct msim_document *document)
{
  return text_of(document, NULL);
}

void repro_text_free(struct msim_slice text)
{
  free((void *)(uintptr_t)(const void *)text.data);
}

struct msim_document *repro_document(const char *path, const uint64_t *seed, bool swarm)
{
  struct msim_document *document = NULL;
  unsigned findings = 0;
  char text[24];
  int err = msim_document_open_file(&document, path, NULL, print_finding, &findings);

  if (err == MSIM_OK)
    err = msim_document_set(document, "scene", NULL);
  if (err == MSIM_OK)
    err = msim_document_set(document, "scene-case", NULL);
  if (err == MSIM_OK)
    err = msim_document_set(document, "expect", NULL);
  if (err == MSIM_OK && seed != NULL) {
    snprintf(text, sizeof text, "%" PRIu64, *seed);
    err = msim_document_set(document, "seed", text);
  }
  if (err != MSIM_OK) {
    if (findings == 0)
      complain("%s: %s", path, msim_strerror(err));
    msim_document_free(document);
    return NULL;
  }
  if (swarm)
    (void)msim_document_draw_faults(document, *seed, 500000);
  return document;
}

/* ---- whether a candidate fails in the same way ---- */

struct candidate {
  const struct repro_request *request;
  const struct outcome *failure;
  struct outcome last; /* how the smallest one so far fails */
  bool out_of_time;
};

/* Mails are held against a run of the same world without the fault. */
static int run_without_fault(struct msim_slice text, const struct world_source *source, struct world *plain)
{
  struct msim_document *document = NULL;
  struct world_source without = *source;
  int err = msim_document_open_text(&document, "topology.yaml", text, NULL, NULL, NULL, NULL);

  memset(plain, 0, sizeof *plain);
  if (err == MSIM_OK)
    err = msim_document_remove(document, "faults", FAULT_ID);
  if (err != MSIM_OK) {
    msim_document_free(document);
    return err;
  }
  without.text = repro_text(document);
  msim_document_free(document);
  err = without.text.data != NULL ? world_load(plain, &without) : MSIM_ERR_NOMEM;
  if (err == MSIM_OK)
    err = world_run(plain);
  repro_text_free(without.text);
  return err;
}

static int fails_alike(void *user, struct msim_slice text, msim_ns *at_ns)
{
  struct candidate *candidate = user;
  const struct outcome *failure = candidate->failure;
  bool by_mails = strcmp(failure->rule, "outcome") == 0;
  struct world_source source = {.path = "topology.yaml", .text = text};
  struct world world, plain;
  struct outcome outcome;
  int err, plain_err = MSIM_OK;

  if (candidate->request->deadline_ms != 0 && status_clock_ms() >= candidate->request->deadline_ms) {
    candidate->out_of_time = true;
    return MSIM_ERR_LIMIT;
  }
  source.event_count_max = failure->event_count * 4 + EVENTS_SPARE;
  memset(&plain, 0, sizeof plain);
  err = world_load(&world, &source);
  if (err == MSIM_OK && by_mails)
    plain_err = run_without_fault(text, &source, &plain);
  if (err == MSIM_OK && plain_err == MSIM_OK) {
    err = world_run(&world);
    world_judge(&world, err, by_mails ? &plain : NULL, candidate->request->no_more, failure, &outcome);
    *at_ns = outcome.at_ns;
    err = outcome_is_like(&outcome, failure) ? 1 : 0;
    if (err == 1)
      candidate->last = outcome;
  } else {
    err = err == MSIM_ERR_NOMEM || plain_err == MSIM_ERR_NOMEM ? MSIM_ERR_NOMEM : 0;
  }
  world_free(&world);
  world_free(&plain);
  return err;
}

/* ---- the file ---- */

/* FNV-1a of what tells the failure from others: the same one gets the same name. */
static unsigned hash_of(const struct outcome *outcome)
{
  const char *const parts[] = {outcome->rule, outcome->place, outcome->step};
  uint32_t hash = 2166136261u;
  size_t i;
  const char *p;

  for (i = 0; i < 3; i++)
    for (p = parts[i]; *p != '\0'; p++)
      hash = (hash ^ (uint8_t)*p) * 16777619u;
  return (hash ^ hash >> 16) & 0xffffu;
}

static void name_file(const struct outcome *failure, char *out, size_t out_bytes)
{
  snprintf(out, out_bytes, "repro-%s-%04x.yaml", failure->rule, hash_of(failure));
}

static void make_comment(const struct repro *repro, const char *found_by, const char *what, char *out, size_t out_bytes)
{
  const struct outcome *failure = &repro->outcome;
  const struct msim_shrink_info *info = &repro->info;
  char name[64];
  int n;

  name_file(failure, name, sizeof name);
  n = snprintf(out, out_bytes, "%s: %s%s%.300s: %.1000s\nFound by %.500s: %.800s.\n", name, failure->rule,
               failure->place[0] != '\0' ? " by " : "", failure->place, failure->sentence, found_by, what);
  if (n < 0 || (size_t)n >= out_bytes || info->run_count == 0)
    return;
  snprintf(out + n, out_bytes - (size_t)n,
           "Made smaller in %" PRIu64 " runs%s: hosts %" PRIu64 " -> %" PRIu64 ", faults %" PRIu64 " -> %" PRIu64
           ", keys and values %" PRIu64 " -> %" PRIu64 ".\n",
           info->run_count, info->is_complete ? "" : ", and not to the end", info->hosts_before, info->hosts_after,
           info->faults_before, info->faults_after, info->nodes_before, info->nodes_after);
}

static int write_file(const char *path, struct msim_slice text)
{
  FILE *file = fopen(path, "wb");
  bool fine = file != NULL && fwrite(text.data, 1, text.size_bytes, file) == text.size_bytes;

  if (file != NULL && fclose(file) != 0)
    fine = false;
  if (!fine)
    complain("%s: %s", path, strerror(errno));
  return fine ? EXIT_FINE : EXIT_UNUSABLE;
}

int repro_put(struct repro *repro, const char *folder, const char *found_by, const char *what,
              const struct output *output)
{
  char comment[COMMENT_BYTES], path[PATH_BYTES], name[64];
  struct msim_slice text;
  int code = EXIT_FINE;

  name_file(&repro->outcome, name, sizeof name);
  if (repro->info.run_count > 0 && !repro->info.held)
    complain("explore: as a file of its own %s does not fail alike; it is kept as it is", name);
  make_comment(repro, found_by, what, comment, sizeof comment);
  text = text_of(repro->document, comment);
  if (text.data == NULL) {
    complain("out of memory");
    return EXIT_UNUSABLE;
  }
  if (folder == NULL) {
    fwrite(text.data, 1, text.size_bytes, output->file);
  } else {
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
      complain("--out %s: the path is too long", folder);
      code = EXIT_UNUSABLE;
    } else {
      code = write_file(path, text);
    }
    if (code == EXIT_FINE) {
      fputs("    kept: ", output->file);
      output_text(output->file, path);
      fprintf(output->file, ", %" PRIu64 " hosts, %" PRIu64 " faults, %" PRIu64 " runs\n",
              msim_document_count(repro->document, "hosts"), msim_document_count(repro->document, "faults"),
              repro->info.run_count);
    }
  }
  repro_text_free(text);
  return code;
}

/* ---- making it ---- */

/* What is no rule cannot be expected, nor one of several. */
static bool can_be_expected(const struct outcome *failure)
{
  return failure->is_alone && strcmp(failure->rule, "run") != 0 && strcmp(failure->rule, "outcome") != 0;
}

bool repro_make(struct repro *repro, const struct repro_request *request, const struct outcome *failure)
{
  struct candidate candidate = {request, failure, *failure, false};
  struct msim_shrink_opts opts = {.runs_max = request->runs_max};
  char expect[40];
  int err = MSIM_OK;

  memset(repro, 0, sizeof *repro);
  repro->document = repro_document(request->topology, request->seed, request->swarm);
  if (repro->document == NULL)
    return false;
  if (request->fault != NULL)
    err = msim_document_append(repro->document, "faults", request->fault);
  if (err == MSIM_OK && request->runs_max > 0)
    err = msim_document_shrink(repro->document, fails_alike, &candidate, &opts, &repro->info);
  if (candidate.out_of_time)
    err = MSIM_OK;
  if (candidate.out_of_time && !repro->info.held)
    repro->info.run_count = 0;
  repro->outcome = candidate.last;
  if (err == MSIM_OK && can_be_expected(&repro->outcome)) {
    snprintf(expect, sizeof expect, "{violates: %s}", failure->rule);
    err = msim_document_set(repro->document, "expect", expect);
  }
  if (err != MSIM_OK)
    complain("explore: %s", msim_strerror(err));
  return err == MSIM_OK;
}

void repro_free(struct repro *repro)
{
  msim_document_free(repro->document);
  repro->document = NULL;
}

bool repro_is_smaller(const struct repro *a, const struct repro *b)
{
  if (a->info.faults_after != b->info.faults_after)
    return a->info.faults_after < b->info.faults_after;
  if (a->info.hosts_after != b->info.hosts_after)
    return a->info.hosts_after < b->info.hosts_after;
  return a->info.nodes_after < b->info.nodes_after;
}
