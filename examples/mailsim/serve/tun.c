/* tun.c: a TUN device of Linux as a host of the simulation: a kernel routes into it, and whole foreign TCPs talk to
 * simulated hosts. The device's addresses and routes are the user's to set (docs/serve.md). Only Linux has this. */
#define _DEFAULT_SOURCE
#include "serve.h"

#include <mailsim/port.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>
#endif

#define PACKET_BYTES_MAX 65536u
#define PACKETS_AT_ONCE 256u

struct tun {
  struct serve *serve;
  struct msim_port *port;
  uv_poll_t poll;
  int file;
  char name[SERVE_NAME_BYTES], host[SERVE_NAME_BYTES];
  uint64_t lost_count;                                            /* packets that the kernel did not take */
  uint8_t outgoing[PACKET_BYTES_MAX], incoming[PACKET_BYTES_MAX]; /* as seen from here */
};

#ifdef __linux__

static int open_device(const char *name)
{
  struct ifreq request;
  int file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

  if (file < 0)
    return -1;
  memset(&request, 0, sizeof request);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  memcpy(request.ifr_name, name, strlen(name));
  if (ioctl(file, TUNSETIFF, &request) == 0)
    return file;
  close(file);
  return -1;
}

/* What has come to the port goes to the kernel. Called from the loop of the simulation. */
static void on_arrived(void *ctx, struct msim_port *port)
{
  struct tun *tun = ctx;
  size_t size_bytes;

  while ((size_bytes = msim_port_extract(port, tun->outgoing, sizeof tun->outgoing, NULL)) != 0)
    if (write(tun->file, tun->outgoing, size_bytes) != (ssize_t)size_bytes)
      tun->lost_count++; /* its queue is full, or the device is down: a packet is lost, as anywhere */
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
  struct tun *tun = poll->data;
  unsigned i;

  (void)events;
  if (status != 0 || tun->serve->ending)
    return;
  serve_enter(tun->serve);
  for (i = 0; i < PACKETS_AT_ONCE && tun->serve->failure == 0; i++) {
    ssize_t size_bytes = read(tun->file, tun->incoming, sizeof tun->incoming);

    if (size_bytes <= 0)
      break;
    (void)msim_port_inject(tun->port, (struct msim_slice){tun->incoming, (size_t)size_bytes});
  }
  serve_leave(tun->serve);
}

/* "tun0=HOST" */
static bool read_tun(struct tun *tun, const char *text)
{
  const char *equals = strchr(text, '=');
  size_t name_bytes = equals != NULL ? (size_t)(equals - text) : 0;

  if (name_bytes == 0 || name_bytes >= IFNAMSIZ || equals[1] == '\0' || strlen(equals + 1) >= sizeof tun->host) {
    complain("--tun %s: write DEVICE=HOST, such as msim0=outside", text);
    return false;
  }
  memcpy(tun->name, text, name_bytes);
  tun->name[name_bytes] = '\0';
  strcpy(tun->host, equals + 1);
  return true;
}

struct tun *tun_open(struct serve *serve, const char *text)
{
  static const char *const routes[] = {"0.0.0.0/0", "::/0", NULL};
  struct tun *tun = calloc(1, sizeof *tun);
  struct msim_port_opts opts;
  int err;

  if (tun == NULL) {
    complain("serve: out of memory");
    return NULL;
  }
  tun->file = -1;
  tun->serve = serve;
  memset(&opts, 0, sizeof opts);
  opts.routes = routes; /* whatever nobody has is behind the kernel */
  opts.arrived = on_arrived;
  opts.ctx = tun;
  opts.recognise = true;
  if (!read_tun(tun, text)) {
    tun_close(tun);
    return NULL;
  }
  if (msim_node_find(serve->sim, tun->host) == NULL) {
    complain("--tun %s: there is no host %s in this topology; it stands for the kernel, and has no agents", text,
             tun->host);
    tun_close(tun);
    return NULL;
  }
  err = msim_port_open(serve->sim, tun->host, &opts, &tun->port);
  if (err != MSIM_OK)
    complain("--tun %s: %s; the host may not have agents", text, msim_strerror(err));
  else if ((tun->file = open_device(tun->name)) < 0)
    complain("--tun %s: the device cannot be made: %s (it needs /dev/net/tun and the right CAP_NET_ADMIN)", text,
             strerror(errno));
  else
    return tun;
  tun_close(tun);
  return NULL;
}

bool tun_start(struct tun *tun)
{
  if (uv_poll_init(&tun->serve->loop, &tun->poll, tun->file) != 0)
    return false;
  tun->poll.data = tun;
  return uv_poll_start(&tun->poll, UV_READABLE, on_readable) == 0;
}

void tun_stop(struct tun *tun)
{
  if (tun != NULL && tun->poll.data != NULL && !uv_is_closing((uv_handle_t *)&tun->poll))
    uv_close((uv_handle_t *)&tun->poll, NULL);
}

void tun_close(struct tun *tun)
{
  if (tun == NULL)
    return;
  if (tun->file >= 0)
    close(tun->file);
  free(tun);
}

#else

struct tun *tun_open(struct serve *serve, const char *text)
{
  (void)serve;
  complain("--tun %s: only Linux has such devices", text);
  return NULL;
}

bool tun_start(struct tun *tun)
{
  (void)tun;
  return false;
}

void tun_stop(struct tun *tun)
{
  (void)tun;
}

void tun_close(struct tun *tun)
{
  (void)tun;
}

#endif
