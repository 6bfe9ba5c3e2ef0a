/* echo.c: see echo.h. */
#define _DEFAULT_SOURCE /* IP_MTU_DISCOVER */

#include "echo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_BYTES_MAX 65507u
#define LIMIT_NS MSIM_SEC(5) /* for one; nothing is lost on its way */

static const size_t sizes[] = {0, 1, 548, 549, 1472, 1473, 1480, 4000, 9000, 32768, 65506, DATAGRAM_BYTES_MAX};
#define SIZE_COUNT (sizeof sizes / sizeof *sizes)

/* ---- the simulated end ---- */

static void on_datagram(struct msim_agent *agent, struct msim_endpoint from, uint16_t local_port,
                        struct msim_slice bytes)
{
  (void)msim_agent_send_udp(agent, local_port, from, bytes);
}

static int start(struct msim_agent *agent)
{
  return msim_agent_bind_udp(agent, ECHO_PORT);
}

int echo_register(struct msim_sim *sim)
{
  struct msim_agent_type type;

  memset(&type, 0, sizeof type);
  type.name = "echo";
  type.summary = "sends datagrams back";
  type.start = start;
  type.on_datagram = on_datagram;
  return msim_agent_register(sim, &type);
}

int echo_add(struct msim_node *node)
{
  return msim_agent_add(node, "echo", NULL);
}

/* ---- the kernel's end ---- */

static void make(size_t number, uint8_t *out)
{
  size_t i;

  for (i = 0; i < sizes[number]; i++)
    out[i] = (uint8_t)(i * 31 ^ i >> 8 ^ number);
}

bool echo_open(struct echo *echo, uint32_t local, struct msim_addr host)
{
  struct sockaddr_in here, there;
  int without_df = IP_PMTUDISC_DONT;

  memset(echo, 0, sizeof *echo);
  echo->host = host;
  memset(&here, 0, sizeof here);
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(local);
  there = here;
  there.sin_addr.s_addr = htonl(msim_addr_ipv4_value(&host));
  there.sin_port = htons(ECHO_PORT);
  echo->fd = socket(AF_INET, SOCK_DGRAM, 0);
  return echo->fd >= 0 && fcntl(echo->fd, F_SETFL, O_NONBLOCK) == 0 &&
         setsockopt(echo->fd, IPPROTO_IP, IP_MTU_DISCOVER, &without_df, sizeof without_df) == 0 &&
         bind(echo->fd, (struct sockaddr *)&here, sizeof here) == 0 &&
         connect(echo->fd, (struct sockaddr *)&there, sizeof there) == 0;
}

void echo_work(struct echo *echo, msim_ns now_ns)
{
  static uint8_t sent[DATAGRAM_BYTES_MAX], got[DATAGRAM_BYTES_MAX + 1];
  ssize_t size;

  if (echo->failed || echo_is_done(echo))
    return;
  make(echo->next, sent);
  if (!echo->is_out) {
    echo->sent_at_ns = now_ns;
    echo->is_out = true;
    echo->failed = send(echo->fd, sent, sizes[echo->next], 0) != (ssize_t)sizes[echo->next];
  }
  size = recv(echo->fd, got, sizeof got, 0);
  if (size >= 0) {
    echo->failed |= (size_t)size != sizes[echo->next] || memcmp(sent, got, (size_t)size) != 0;
    echo->is_out = false;
    echo->next++;
  } else if (errno != EAGAIN || now_ns - echo->sent_at_ns > LIMIT_NS) {
    echo->failed = true;
  }
  if (echo->failed)
    printf("FAILED: a datagram of %u bytes did not come back\n", (unsigned)sizes[echo->next]);
}

bool echo_is_done(const struct echo *echo)
{
  return echo->next == SIZE_COUNT;
}

void echo_close(struct echo *echo)
{
  if (echo->fd >= 0)
    close(echo->fd);
}
