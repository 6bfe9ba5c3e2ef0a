/* control_world.c: the world itself, for the control interface: how it stands, its connections, users, faults and time.
 */
#define _POSIX_C_SOURCE 200809L
#include "control.h"

#include <string.h>

/* ---- how it stands ---- */

static json_t *doors_of(const struct serve *serve)
{
  json_t *list = json_array();
  unsigned i;

  for (i = 0; i < serve->door_count; i++) {
    const struct map *map = &serve->doors[i].map;

    if (map->is_uplink)
      (void)json_array_append_new(list,
                                  json_pack("{s:s, s:s, s:i, s:s, s:i}", "kind", "uplink", "host", map->from, "port",
                                            map->to_port, "to_address", map->address, "to_port", map->port));
    else
      (void)json_array_append_new(list,
                                  json_pack("{s:s, s:i, s:s, s:i, s:s}", "kind", "door", "port", serve->doors[i].port,
                                            "host", map->to, "host_port", map->to_port, "from", map->from));
  }
  return list;
}

void control_status(const struct ask *ask, struct answer *answer)
{
  const struct serve *serve = ask->serve;
  struct msim_topology_info info;
  struct msim_counters c;

  msim_topology_info(serve->sim, &info);
  msim_sim_counters(serve->sim, &c);
  answer_json(answer,
              json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "topology", info.name,
                        "now_ns", (json_int_t)msim_sim_now_ns(serve->sim), "seed",
                        (json_int_t)msim_sim_seed(serve->sim), "speed_milli", (json_int_t)serve->pace.speed_milli,
                        "lag_ns", (json_int_t)serve->pace.lag_ns, "lag_max_ns", (json_int_t)serve->pace.lag_max_ns,
                        "connections", (json_int_t)serve->connection_count, "carried", (json_int_t)serve->carried_count,
                        "refused", (json_int_t)serve->refused_count, "segments", (json_int_t)c.segment_count, "drops",
                        (json_int_t)c.drop_count, "retransmissions", (json_int_t)c.retransmit_count, "doors",
                        doors_of(serve)));
}

void control_connections(const struct ask *ask, struct answer *answer)
{
  const struct bridge *bridge = NULL;
  json_t *list = json_array();

  while ((bridge = bridge_next(ask->serve, bridge)) != NULL) {
    struct msim_tcp_info info;
    uint64_t in_bytes, out_bytes;
    char name[256];

    memset(&info, 0, sizeof info);
    (void)msim_socket_tcp_info(bridge_socket(bridge), &info);
    (void)msim_socket_name(bridge_socket(bridge), name, sizeof name);
    bridge_counts(bridge, &in_bytes, &out_bytes);
    (void)json_array_append_new(list,
                                json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "connection", name, "state",
                                          msim_tcp_state_name((enum msim_tcp_state)info.state), "in_bytes",
                                          (json_int_t)in_bytes, "out_bytes", (json_int_t)out_bytes, "cwnd_bytes",
                                          (json_int_t)info.snd_cwnd_bytes, "rtt_ns", (json_int_t)info.rtt_ns, "rto_ns",
                                          (json_int_t)info.rto_ns, "retransmissions", (json_int_t)info.total_retrans));
  }
  answer_json(answer, json_pack("{s:o}", "connections", list));
}

/* ---- users ---- */

static struct msim_node *host_of(const struct ask *ask, struct answer *answer)
{
  struct msim_node *node = msim_node_find(ask->serve->sim, ask->words[1]);

  if (node == NULL)
    answer_error(answer, 404, "there is no host %s", ask->words[1]);
  return node;
}

/* {"password": "…"}; an empty body: a user who cannot log in. */
void control_user_put(const struct ask *ask, struct answer *answer)
{
  struct msim_node *node = host_of(ask, answer);
  const char *password = NULL;
  json_error_t error;
  json_t *json;
  int err;

  if (node == NULL)
    return;
  json = json_loadb(ask->body_bytes > 0 ? ask->body : "{}", ask->body_bytes > 0 ? ask->body_bytes : 2,
                    JSON_REJECT_DUPLICATES, &error);
  if (json == NULL || json_unpack_ex(json, &error, JSON_STRICT, "{s?s}", "password", &password) != 0) {
    answer_error(answer, 400, "%s; write {\"password\": \"...\"}", error.text);
  } else {
    err = msim_mailbox_user_add(node, ask->words[2], password);
    if (err == MSIM_OK)
      answer_done(answer);
    else
      answer_failure(answer, err, ask->words[2]);
  }
  json_decref(json);
}

void control_user_remove(const struct ask *ask, struct answer *answer)
{
  struct msim_node *node = host_of(ask, answer);
  int err = node != NULL ? msim_mailbox_user_remove(node, ask->words[2]) : MSIM_OK;

  if (node != NULL && err == MSIM_OK)
    answer_done(answer);
  else if (node != NULL)
    answer_failure(answer, err, ask->words[2]);
}

/* ---- faults ---- */

struct findings {
  char text[400];
};

static void keep_first(void *user, const struct msim_diag *diag)
{
  struct findings *findings = user;

  if (findings->text[0] == '\0')
    (void)snprintf(findings->text, sizeof findings->text, "line %u, column %u: %s", diag->line, diag->column,
                   diag->text);
}

/* The body is an item of the list `faults`, in YAML or JSON. */
void control_fault_add(const struct ask *ask, struct answer *answer)
{
  struct findings findings = {""};
  int err = strlen(ask->body) == ask->body_bytes
                ? msim_fault_add_yaml(ask->serve->sim, ask->body, keep_first, &findings)
                : MSIM_ERR_SYNTAX;

  if (err == MSIM_OK)
    answer_done(answer);
  else if (findings.text[0] != '\0')
    answer_error(answer, 400, "%s", findings.text);
  else
    answer_failure(answer, err, "the fault");
}

void control_fault_lift(const struct ask *ask, struct answer *answer)
{
  int err = msim_fault_lift(ask->serve->sim, ask->words[1]);

  if (err == MSIM_OK)
    answer_done(answer);
  else
    answer_failure(answer, err, ask->words[1]);
}

/* ---- time ---- */

/* {"by": "10min"}: passes at once, with all that happens in it. */
void control_time(const struct ask *ask, struct answer *answer)
{
  const char *by = NULL;
  json_error_t error;
  json_t *json = json_loadb(ask->body, ask->body_bytes, JSON_REJECT_DUPLICATES, &error);
  msim_ns by_ns;
  int err;

  if (json == NULL || json_unpack_ex(json, &error, JSON_STRICT, "{s:s}", "by", &by) != 0) {
    answer_error(answer, 400, "%s; write {\"by\": \"10min\"}", error.text);
  } else if (!parse_time(by, &by_ns) || by_ns == MSIM_NEVER) {
    answer_error(answer, 400, "by: write a time such as 10s, 500ms or 2min");
  } else {
    err = pace_skip(&ask->serve->pace, by_ns);
    if (err == MSIM_OK)
      answer_json(answer, json_pack("{s:I}", "now_ns", (json_int_t)msim_sim_now_ns(ask->serve->sim)));
    else
      answer_failure(answer, err, "the simulation");
  }
  json_decref(json);
}

/* Between two tests: no connection, no mail, no fault that came by the control interface. */
void control_reset(const struct ask *ask, struct answer *answer)
{
  int err;

  bridge_close_all(ask->serve);
  serve_leave(ask->serve); /* locks of mailboxes go with the connections */
  msim_fault_lift_added(ask->serve->sim);
  err = control_remove_all(ask->serve);
  if (err == MSIM_OK)
    answer_done(answer);
  else
    answer_failure(answer, err, "not all mail could be taken out");
}
