/* sockets.c: a program's own code at both ends of a simulated connection, by BSD-like calls that never wait: the
 * program decides when time passes.
 *
 *   cc sockets.c $(pkg-config --cflags --libs mailsim) && ./a.out */
#include <mailsim/mailsim.h>

#include <stdio.h>
#include <string.h>

static int fails(const char *what, int answer)
{
  if (answer < 0)
    fprintf(stderr, "%s: %s (%s)\n", what, msim_errno_text(answer), msim_errno_name(answer));
  return answer < 0;
}

/* Two hosts, 20 ms apart. */
static int build(struct msim_sim *sim, struct msim_node **pc, struct msim_node **server)
{
  struct msim_link_opts link = {.a_to_b = {.delay_ns = MSIM_MSEC(20)}, .b_to_a = {.delay_ns = MSIM_MSEC(20)}};
  int err = msim_node_add(sim, "pc", pc);

  if (err == MSIM_OK)
    err = msim_node_add(sim, "server", server);
  if (err == MSIM_OK)
    err = msim_link_add(*pc, *server, &link);
  return err != MSIM_OK ? err : msim_sim_start(sim);
}

/* Lets time pass until the socket is ready for it. */
static void wait_for(struct msim_sim *sim, struct msim_socket *s, uint32_t events)
{
  while (msim_socket_poll(s, events) == 0 && msim_sim_step(sim) > 0)
    ;
  printf("%7.3f ms  ", (double)msim_sim_now_ns(sim) / 1e6);
}

static int talk(struct msim_sim *sim, struct msim_node *pc, struct msim_node *server)
{
  struct msim_endpoint to = {.addr = msim_node_addr(server), .port = 7};
  struct msim_socket *listener, *client, *served;
  struct msim_tcp_info info;
  char text[64];
  int got;

  if (fails("open", msim_socket_open(server, MSIM_SOCK_STREAM, &listener)) ||
      fails("open", msim_socket_open(pc, MSIM_SOCK_STREAM, &client)) ||
      fails("bind", msim_socket_bind(listener, &to)) || fails("listen", msim_socket_listen(listener, 5)))
    return 1;
  got = msim_socket_connect(client, &to); /* begins only */
  printf("%7.3f ms  connect: %s\n", 0.0, msim_errno_name(got));
  wait_for(sim, client, MSIM_POLLOUT);
  printf("connected\n");
  if (fails("send", msim_socket_send(client, "hello", 5, 0)))
    return 1;
  wait_for(sim, listener, MSIM_POLLIN);
  if (fails("accept", msim_socket_accept(listener, &served, NULL)))
    return 1;
  printf("accepted\n");
  wait_for(sim, served, MSIM_POLLIN);
  got = msim_socket_recv(served, text, sizeof text, 0);
  if (fails("recv", got) || fails("send", msim_socket_send(served, text, (size_t)got, 0)))
    return 1;
  printf("the server hears: %.*s\n", got, text);
  wait_for(sim, client, MSIM_POLLIN);
  got = msim_socket_recv(client, text, sizeof text, 0);
  printf("the client hears: %.*s\n", got, text);
  msim_socket_tcp_info(client, &info);
  printf("            %s, rtt %.3f ms\n", msim_tcp_state_name((enum msim_tcp_state)info.state),
         (double)info.rtt_ns / 1e6);
  return fails("recv", got);
}

int main(void)
{
  struct msim_node *pc, *server;
  struct msim_sim *sim;
  int err = msim_sim_new(&sim, NULL);

  if (err == MSIM_OK)
    err = build(sim, &pc, &server);
  if (err == MSIM_OK)
    err = talk(sim, pc, server);
  if (err < 0)
    fprintf(stderr, "%s\n", msim_strerror(err));
  msim_sim_free(sim);
  return err == MSIM_OK ? 0 : 1;
}
