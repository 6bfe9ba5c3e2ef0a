/* tun.c: see tun.h. */
#define _GNU_SOURCE /* unshare */

#include "tun.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEVICE "mailsim0"
#define QUEUE_PACKETS 10000 /* towards the simulation: nothing may be lost that the simulation did not lose */

static FILE *capture;

static int give_up(const char *what)
{
  printf("skipped: %s: %s\n", what, strerror(errno));
  return -1;
}

static void set_name(struct ifreq *request)
{
  memset(request, 0, sizeof *request);
  memcpy(request->ifr_name, DEVICE, sizeof DEVICE);
}

static int set_addr(int control, unsigned long what, uint32_t addr)
{
  struct sockaddr_in value;
  struct ifreq request;

  memset(&value, 0, sizeof value);
  value.sin_family = AF_INET;
  value.sin_addr.s_addr = htonl(addr);
  set_name(&request);
  memcpy(&request.ifr_addr, &value, sizeof value);
  return ioctl(control, what, &request);
}

static int bring_up(uint32_t addr, uint32_t netmask, unsigned mtu_bytes)
{
  int control = socket(AF_INET, SOCK_DGRAM, 0), result = -1;
  struct ifreq mtu, queue, flags;

  set_name(&mtu);
  mtu.ifr_mtu = (int)mtu_bytes;
  set_name(&queue);
  queue.ifr_qlen = QUEUE_PACKETS;
  set_name(&flags);
  flags.ifr_flags = IFF_UP | IFF_RUNNING;
  if (control >= 0 && set_addr(control, SIOCSIFADDR, addr) == 0 && set_addr(control, SIOCSIFNETMASK, netmask) == 0 &&
      ioctl(control, SIOCSIFMTU, &mtu) == 0 && ioctl(control, SIOCSIFTXQLEN, &queue) == 0 &&
      ioctl(control, SIOCSIFFLAGS, &flags) == 0)
    result = 0;
  if (control >= 0)
    close(control);
  return result;
}

int tun_open(uint32_t addr, uint32_t netmask, unsigned mtu_bytes)
{
  struct ifreq request;
  int fd;

  if (unshare(CLONE_NEWNET) != 0)
    return give_up("a network namespace of one's own is not permitted");
  fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return give_up("there is no TUN device to be had");
  set_name(&request);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(fd, TUNSETIFF, &request) != 0) {
    close(fd);
    return give_up("a TUN device is not permitted");
  }
  if (bring_up(addr, netmask, mtu_bytes) != 0) {
    close(fd);
    return give_up("the TUN device cannot be configured");
  }
  return fd;
}

unsigned long tun_drop_count(void)
{
  char line[512];
  FILE *file = fopen("/proc/self/net/dev", "r");
  unsigned long in = 0, out = 0;

  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    const char *at = strstr(line, DEVICE ":");

    /* bytes packets errs drop fifo frame compressed multicast, of both directions */
    if (at != NULL)
      sscanf(at + sizeof DEVICE, "%*u %*u %*u %lu %*u %*u %*u %*u %*u %*u %*u %lu", &in, &out);
  }
  if (file != NULL)
    fclose(file);
  return in + out;
}

bool tun_capture_open(const char *path)
{
  static const uint32_t head[] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, 65535, 101 /* LINKTYPE_RAW */};

  capture = fopen(path, "wb");
  return capture != NULL && fwrite(head, sizeof head, 1, capture) == 1;
}

void tun_capture_write(uint64_t at_ns, struct msim_slice packet)
{
  uint32_t head[4];

  if (capture == NULL)
    return;
  head[0] = (uint32_t)(at_ns / 1000000000u);
  head[1] = (uint32_t)(at_ns % 1000000000u);
  head[2] = head[3] = (uint32_t)packet.size_bytes;
  fwrite(head, sizeof head, 1, capture);
  fwrite(packet.data, packet.size_bytes, 1, capture);
}

void tun_capture_close(void)
{
  if (capture != NULL)
    fclose(capture);
  capture = NULL;
}
