/* sockets_fixture.c: see sockets_fixture.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/sockets_fixture.h"

#include <string.h>

extern const struct msim_cc_type msim__cc_cubic, msim__cc_fixed, msim__cc_reno;
static const void *const cc_types[] = {&msim__cc_cubic, &msim__cc_fixed, &msim__cc_reno, NULL};
static const void *const *const types[MSIM__TYPE_KINDS] = {[MSIM__TYPE_CC] = cc_types};

static int build(struct sockets_world *w, uint64_t fail_at, const struct msim_tcp_opts *opts,
                 const struct msim_link_way *way)
{
  const struct msim_link_way plain = {.delay_ns = MSIM_MSEC(1)};
  struct msim_sim_opts sim_opts;
  struct msim_link_opts link;
  int err;

  memset(w, 0, sizeof *w);
  fail_mem_init(&w->mem, fail_at);
  memset(&sim_opts, 0, sizeof sim_opts);
  sim_opts.seed = 1;
  sim_opts.mem = w->mem.hook;
  memset(&link, 0, sizeof link);
  link.a_to_b = link.b_to_a = way != NULL ? *way : plain;
  if ((err = msim__sim_create(&w->sim, &sim_opts, types)) != MSIM_OK || (err = msim__net_create(w->sim)) != MSIM_OK ||
      (err = msim__tcp_create(w->sim)) != MSIM_OK || (err = msim__sockets_create(w->sim)) != MSIM_OK ||
      (err = msim_node_add(w->sim, "a", &w->a)) != MSIM_OK || (err = msim_node_add(w->sim, "b", &w->b)) != MSIM_OK ||
      (err = msim_node_add_addr(w->a, "10.0.0.1")) != MSIM_OK ||
      (err = msim_node_add_addr(w->b, "10.0.0.2")) != MSIM_OK || (err = msim_link_add(w->a, w->b, &link)) != MSIM_OK)
    return err;
  if (opts != NULL && (err = msim_node_set_tcp(w->a, opts)) == MSIM_OK)
    err = msim_node_set_tcp(w->b, opts);
  return err;
}

void sockets_world_open(struct sockets_world *w, const struct msim_tcp_opts *opts, const struct msim_link_way *way)
{
  assert_int_equal(build(w, 0, opts, way), MSIM_OK);
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
}

int sockets_world_try(struct sockets_world *w, uint64_t fail_at)
{
  return build(w, fail_at, NULL, NULL);
}

void sockets_world_close(struct sockets_world *w)
{
  if (w->sim != NULL)
    assert_int_not_equal(msim_sim_failure(w->sim), MSIM_ERR_BUG);
  msim_sim_free(w->sim);
  assert_int_equal(w->mem.wrong_size_count, 0);
  assert_int_equal(w->mem.held_bytes, 0);
  assert_true(fail_mem_clean(&w->mem));
}

void sockets_world_run_for(struct sockets_world *w, msim_ns span_ns)
{
  assert_int_equal(msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) + span_ns), MSIM_OK);
}

struct msim_socket *sockets_new(struct msim_node *node, enum msim_socket_type type)
{
  struct msim_socket *s = NULL;

  assert_int_equal(msim_socket_open(node, type, &s), 0);
  assert_non_null(s);
  return s;
}

struct msim_endpoint sockets_at(struct msim_node *node, uint16_t port)
{
  struct msim_endpoint end = {msim_node_addr(node), port};

  return end;
}

void sockets_world_listen(struct sockets_world *w, int backlog)
{
  const struct msim_endpoint local = {.port = SOCKETS_PORT};

  w->listener = sockets_new(w->b, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_bind(w->listener, &local), 0);
  assert_int_equal(msim_socket_listen(w->listener, backlog), 0);
}

void sockets_world_join(struct sockets_world *w)
{
  struct msim_endpoint to = sockets_at(w->b, SOCKETS_PORT);

  if (w->listener == NULL)
    sockets_world_listen(w, 5);
  w->client = sockets_new(w->a, MSIM_SOCK_STREAM);
  assert_int_equal(msim_socket_connect(w->client, &to), -MSIM_EINPROGRESS);
  sockets_world_run_for(w, MSIM_MSEC(20));
  assert_int_equal(msim_socket_accept(w->listener, &w->server, NULL), 0);
}

int sockets_send(struct msim_socket *s, const char *text)
{
  return msim_socket_send(s, text, strlen(text), 0);
}

void sockets_expect(struct msim_socket *s, const char *text)
{
  char got[4096];
  int size = msim_socket_recv(s, got, sizeof got - 1, 0);

  assert_true(size >= 0);
  got[size] = '\0';
  assert_string_equal(got, text);
}

int sockets_get(struct msim_socket *s, enum msim_socket_option option)
{
  int value = -1;

  assert_int_equal(msim_socket_get_int(s, option, &value), 0);
  return value;
}
