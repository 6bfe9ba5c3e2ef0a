/* kernel_end.c: see kernel_end.h. */
#define _DEFAULT_SOURCE /* struct tcp_info */

#include "kernel_end.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE_BYTES 65536u

static struct sockaddr_in name_of(uint32_t addr, uint16_t port)
{
  struct sockaddr_in name;

  memset(&name, 0, sizeof name);
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(addr);
  name.sin_port = htons(port);
  return name;
}

static bool never_block(int fd)
{
  return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

bool kernel_end_open(struct kernel_end *end, const struct transfer *transfer, uint32_t local)
{
  struct sockaddr_in here = name_of(local, transfer->kernel_connects ? 0 : transfer->port);
  struct sockaddr_in there = name_of(msim_addr_ipv4_value(&transfer->host_addr), transfer->port);
  int fd = socket(AF_INET, SOCK_STREAM, 0);

  end->listener = end->fd = -1;
  if (fd < 0 || !never_block(fd) || bind(fd, (struct sockaddr *)&here, sizeof here) != 0)
    return false;
  if (!transfer->kernel_connects) {
    end->listener = fd;
    return listen(fd, 1) == 0;
  }
  end->fd = fd;
  return connect(fd, (struct sockaddr *)&there, sizeof there) == 0 || errno == EINPROGRESS;
}

static bool would_block(void)
{
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOTCONN; /* the last: connecting still */
}

static void read_all(struct kernel_end *end, struct transfer_end *account)
{
  uint8_t bytes[PIECE_BYTES];
  ssize_t got;

  while (!account->got_eof && (got = recv(end->fd, bytes, sizeof bytes, 0)) >= 0) {
    if (got == 0)
      account->got_eof = true;
    transfer_take(account, (struct msim_slice){bytes, (size_t)got});
  }
  if (!account->got_eof && !would_block())
    account->failed = true;
}

static void write_all(struct kernel_end *end, struct transfer_end *account)
{
  uint8_t bytes[PIECE_BYTES];
  size_t size;
  ssize_t put;

  while ((size = transfer_fill(account, bytes, sizeof bytes)) > 0) {
    put = send(end->fd, bytes, size, MSG_NOSIGNAL);
    if (put < 0) {
      account->failed |= !would_block();
      return;
    }
    account->sent_bytes += (uint64_t)put;
  }
}

/* After both FINs the kernel has nothing more to tell but that ours was acknowledged. */
static bool all_acknowledged(struct kernel_end *end)
{
  struct tcp_info info;
  socklen_t size = sizeof info;

  if (getsockopt(end->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    return false;
  end->retransmitted_count = info.tcpi_total_retrans;
  if (info.tcpi_options != 0)
    end->options = info.tcpi_options;
  return info.tcpi_state == TCP_CLOSE || info.tcpi_state == TCP_TIME_WAIT;
}

void kernel_end_work(struct kernel_end *end, struct transfer_end *account)
{
  if (account->over || account->failed)
    return;
  if (end->fd < 0) {
    end->fd = accept(end->listener, NULL, NULL);
    if (end->fd < 0 || !never_block(end->fd))
      return;
  }
  read_all(end, account);
  write_all(end, account);
  if (transfer_should_close(account)) {
    if (shutdown(end->fd, SHUT_WR) == 0)
      account->closed_half = true;
    else
      account->failed |= !would_block();
  }
  account->over = account->closed_half && account->got_eof && all_acknowledged(end);
}

void kernel_end_close(struct kernel_end *end)
{
  if (end->fd >= 0)
    close(end->fd);
  if (end->listener >= 0)
    close(end->listener);
}
