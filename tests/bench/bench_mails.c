/* bench_mails N P K [S]: N users at P providers send K mails each to users of other providers: the agents user,
 * smtp-server and smtp-client with all that they do, queue and mailboxes included.
 *
 * Users hang on their provider's router (100 Mbit/s 10 ms), mail server and exchange too (1 Gbit/s 1 ms, 1 Gbit/s 5
 * ms). User i begins at i x 1 ms, each further mail comes 10 s later. A message measures S bytes when it is written; S
 * 0 or absent: a mix of 1, 4, 20 and 100 KiB, 16 KiB on average. N must be a multiple of P, P at least 2. A million
 * hosts with a mail each: bench_mails 1000000 1000 1 1024. */
#include "usage.h"

#include "star.h"

#include "agents/smtp_stream.h"

#define TEXT_BYTES_MAX (64u * 1024u * 1024u)

struct totals {
  uint64_t users, providers, mails_each, size_bytes;
  struct msim__mail_room **rooms; /* of each provider's mail server */
};
static struct totals totals; /* of this process: one simulation */

/* ---- texts: the YAML of an agent ---- */

struct text {
  char *data;
  size_t size_bytes;
};
static struct text text; /* reused */

static void text_add(const char *format, uint64_t a, uint64_t b)
{
  int size = snprintf(text.data + text.size_bytes, TEXT_BYTES_MAX - text.size_bytes, format, a, b);

  if (size < 0 || (size_t)size >= TEXT_BYTES_MAX - text.size_bytes) {
    fputs("bench_mails: too many users for one provider\n", stderr);
    exit(2);
  }
  text.size_bytes += (size_t)size;
}

static void tell(void *user, const struct msim_diag *diag)
{
  (void)user;
  fprintf(stderr, "bench_mails: %u:%u: %s\n", diag->line, diag->column, diag->text);
}

static void agent_add(struct msim_node *node, const char *type)
{
  bench_must(msim_agent_add_yaml(node, type, text.data, tell, NULL), type);
  text.size_bytes = 0;
}

/* ---- who writes to whom, and how much ---- */

static uint64_t size_of(uint64_t user, uint64_t mail)
{
  static const uint64_t mix_kib[10] = {1, 4, 20, 1, 4, 1, 100, 4, 1, 20};

  return totals.size_bytes != 0 ? totals.size_bytes : mix_kib[(user + mail * 3) % 10] * 1024;
}

/* User u of a provider is user u x P + provider of all. */
static void user_text(uint64_t user)
{
  uint64_t provider = user % totals.providers, number = user / totals.providers, i;

  text_add("address: u%" PRIu64 "@p%" PRIu64 ".example\n", number, provider);
  text_add("submit: mx%" PRIu64 "\nscript:\n", provider, 0);
  for (i = 0; i < totals.mails_each; i++) {
    uint64_t to_provider = (provider + 1 + (number + i) % (totals.providers - 1)) % totals.providers;
    uint64_t to_number = (number + i * 31) % (totals.users / totals.providers);

    text_add("- {at: %" PRIu64 "ms, send: {subject: Hello, size: %" PRIu64 "B, ", user + i * 10000, size_of(user, i));
    text_add("to: u%" PRIu64 "@p%" PRIu64 ".example}}\n", to_number, to_provider);
  }
}

static void server_text(uint64_t provider)
{
  uint64_t i, count = totals.users / totals.providers;

  text_add("domains:\n  p%" PRIu64 ".example: [u0", provider, 0);
  for (i = 1; i < count; i++)
    text_add(", u%" PRIu64, i, 0);
  text_add("]\nrelay-from: [\"@p%" PRIu64 ".example\"]\nconnections-max: 100000\n", provider, 0);
}

/* ---- the probe: hands us what a mail server keeps; added behind the others of its host ---- */

static int probe_start(struct msim_agent *agent)
{
  const uint64_t *provider = msim_agent_config(agent);

  totals.rooms[*provider] = msim__mail_room_attach(agent);
  return totals.rooms[*provider] == NULL ? MSIM_ERR_NOMEM : MSIM_OK;
}

static uint64_t delivered(uint64_t *size_bytes)
{
  const struct msim__mailbox *box;
  uint64_t i, count = 0;
  size_t j;

  *size_bytes = 0;
  for (i = 0; i < totals.providers; i++) {
    for (j = 0; (box = msim__store_at(&totals.rooms[i]->store, j)) != NULL; j++) {
      count += box->count;
      *size_bytes += box->size_bytes;
    }
  }
  return count;
}

/* ---- the world ---- */

static struct msim_node *node_numbered(struct msim_sim *sim, const char *format, uint64_t number)
{
  char name[32];

  snprintf(name, sizeof name, format, number);
  return bench_node(sim, name);
}

static void build(struct msim_sim *sim)
{
  struct msim_node *exchange = bench_node(sim, "exchange"), **routers;
  uint64_t i;

  routers = calloc(totals.providers, sizeof(struct msim_node *));
  if (routers == NULL)
    bench_must(MSIM_ERR_NOMEM, "routers");
  for (i = 0; i < totals.providers; i++) {
    struct msim_node *server = node_numbered(sim, "mx%" PRIu64, i);

    routers[i] = node_numbered(sim, "r%" PRIu64, i);
    bench_link(routers[i], exchange, 1000000000, MSIM_MSEC(5));
    bench_link(server, routers[i], 1000000000, MSIM_MSEC(1));
    server_text(i);
    agent_add(server, "smtp-server");
    text_add("connections-max: 100000\n", 0, 0);
    agent_add(server, "smtp-client");
    bench_must(msim_agent_add(server, "bench-probe", &i), "probe");
  }
  for (i = 0; i < totals.users; i++) {
    struct msim_node *host = node_numbered(sim, "u%" PRIu64, i);

    bench_link(host, routers[i % totals.providers], 100000000, MSIM_MSEC(10));
    user_text(i);
    agent_add(host, "user");
  }
  free(routers);
}

static bool take_args(int argc, char **argv)
{
  totals.users = bench_arg(argc, argv, 1, 1000);
  totals.providers = bench_arg(argc, argv, 2, 10);
  totals.mails_each = bench_arg(argc, argv, 3, 3);
  totals.size_bytes = bench_arg(argc, argv, 4, 0);
  if (totals.providers < 2 || totals.users < totals.providers || totals.users % totals.providers != 0)
    return false;
  totals.rooms = calloc(totals.providers, sizeof(struct msim__mail_room *));
  text.data = malloc(TEXT_BYTES_MAX); /* what is not written to is not resident */
  return totals.rooms != NULL && text.data != NULL;
}

static bool report(const struct msim_sim *sim, const struct usage at[4], uint64_t held_before_bytes)
{
  uint64_t mails = totals.users * totals.mails_each, kept_bytes, done = delivered(&kept_bytes);
  double user_s = at[3].user_s - at[2].user_s;
  struct msim_counters counters;
  bool ok = done == mails;

  msim_sim_counters(sim, &counters);
  printf("mails N=%" PRIu64 " P=%" PRIu64 " K=%" PRIu64 " S=%" PRIu64 " ok=%d mails=%" PRIu64 " delivered=%" PRIu64
         " setup_user=%.3f start_user=%.3f run_user=%.3f run_wall=%.3f all_wall=%.3f mails_per_s=%.0f segments=%" PRIu64
         " events=%" PRIu64 " retransmits=%" PRIu64 " drops=%" PRIu64 " sim_s=%.3f ",
         totals.users, totals.providers, totals.mails_each, totals.size_bytes, ok, mails, done,
         at[1].user_s - at[0].user_s, at[2].user_s - at[1].user_s, user_s, at[3].wall_s - at[2].wall_s,
         at[3].wall_s - at[0].wall_s, (double)mails / user_s, counters.segment_count, counters.event_count,
         counters.retransmit_count, counters.drop_count, (double)msim_sim_now_ns(sim) * 1e-9);
  printf("ns_user_per_seg=%.1f kept_bytes_per_mail=%.0f held_bytes_per_mail=%.0f setup_bytes_per_user=%.0f "
         "peak_rss_kb=%ld\n",
         user_s * 1e9 / (double)counters.segment_count, (double)kept_bytes / (double)mails,
         (double)(counters.held_bytes_peak - held_before_bytes) / (double)mails,
         (double)held_before_bytes / (double)totals.users, usage_peak_rss_kb());
  return ok;
}

int main(int argc, char **argv)
{
  static const struct msim_agent_type probe = {
      .name = "bench-probe", .config_bytes = sizeof(uint64_t), .start = probe_start};
  struct msim_counters counters;
  struct usage at[4];
  struct msim_sim *sim;
  bool ok;

  if (!take_args(argc, argv)) {
    fputs("usage: bench_mails N P K [S]; N a multiple of P, P at least 2\n", stderr);
    return 2;
  }
  at[0] = usage_now();
  bench_must(msim_sim_new(&sim, NULL), "new");
  bench_must(msim_agent_register(sim, &probe), "probe");
  build(sim);
  at[1] = usage_now();
  bench_must(msim_sim_start(sim), "start");
  at[2] = usage_now();
  msim_sim_counters(sim, &counters);
  bench_must(msim_sim_run(sim, MSIM_NEVER), "run");
  at[3] = usage_now();
  ok = report(sim, at, counters.held_bytes);
  msim_sim_free(sim);
  free(totals.rooms);
  free(text.data);
  return ok ? 0 : 1;
}
