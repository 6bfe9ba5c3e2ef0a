/* serve.h: what the files of `mailsim serve` share: real connections on loopback, each carried by a simulated one.
 *
 * One thread, one loop (libuv). The simulation is paced to the clock (pace.c); everything that comes from outside first
 * lets it catch up (serve_enter), does its part, and lets it go on (serve_leave). Does not include: the control
 * interface's pages (control.h). */
#ifndef MAILSIM_SERVE_H
#define MAILSIM_SERVE_H

#include "command.h"

#include <uv.h>

#define SERVE_NAME_BYTES 64u
#define SERVE_DOORS_MAX 64u
#define SERVE_CONNECTIONS_DEFAULT 1000u
#define SERVE_CONNECTIONS_MAX 60000u

struct serve;

/* ---- pace.c: simulated time that follows the clock ---- */

struct pace {
  struct serve *serve;
  uv_timer_t timer;
  uint64_t begin_real_ns; /* uv_hrtime at begin_ns of simulated time */
  msim_ns begin_ns;
  uint64_t speed_milli;                     /* 1000: as fast as the clock */
  uint64_t lag_ns, lag_max_ns, lag_told_ns; /* of simulated time behind the clock; when it was told, uv_hrtime */
  uint64_t rest_count;                      /* times that the clock was given up: simulated time lasted longer then */
};

/* Simulated time begins to run. */
bool pace_start(struct pace *pace, struct serve *serve, uint64_t speed_milli);
/* Executes what is due by now, a bounded piece of it. */
void pace_catch_up(struct pace *pace);
/* Sets the timer for what is due next. */
void pace_arm(struct pace *pace);
/* Lets by_ns of simulated time pass at once; real time stands still. 0 or the failure of the simulation. */
int pace_skip(struct pace *pace, msim_ns by_ns);
void pace_stop(struct pace *pace);

/* ---- map.c: which port leads where ---- */

/* Of a door: real clients come in on the address, and go on from host `from` to host `to`, port to_port. Of an uplink
 * (is_uplink): simulated clients that come to host `from`, port to_port, go on to the real address. */
struct map {
  char from[SERVE_NAME_BYTES], to[SERVE_NAME_BYTES];
  uint16_t to_port;
  char address[SERVE_NAME_BYTES]; /* numeric; "" of a door: both loopback addresses */
  uint16_t port;                  /* of the real address; 0 of a door: any that is free */
  bool is_uplink;
};

/* "2525=isp-x:25@pc-a", "0=…", "127.0.0.1:2525=…", "[::1]:2525=…". false: said on stderr. */
bool map_read_door(struct map *map, const char *text);
/* "mx:25=127.0.0.1:2525". false: said on stderr. */
bool map_read_uplink(struct map *map, const char *text);
/* Whether the address means this machine alone: 127.0.0.0/8 and ::1. */
bool map_is_loopback(const char *address);

/* ---- bridge.c: one real connection and its simulated one ---- */

struct bridge;
/* A real client has come to a door. Takes the connection off the listener; true: it is carried, or was refused. */
bool bridge_from_real(struct serve *serve, struct msim_node *node, const struct msim_endpoint *to,
                      uv_stream_t *listener);
/* A simulated client has come to an uplink; takes the socket. From within the simulation's loop. */
void bridge_from_simulated(struct serve *serve, const struct map *map, struct msim_socket *socket);
void bridge_close_all(struct serve *serve);
/* The next of all bridges; NULL: the first. For lists. */
const struct bridge *bridge_next(const struct serve *serve, const struct bridge *bridge);
struct msim_socket *bridge_socket(const struct bridge *bridge);
void bridge_counts(const struct bridge *bridge, uint64_t *in_bytes, uint64_t *out_bytes);

/* ---- door.c: listeners, real ones and simulated ones ---- */

struct door {
  struct serve *serve;
  struct map map;
  struct msim_node *node;
  struct msim_endpoint to;
  uv_tcp_t listeners[2];
  unsigned listener_count;
  struct msim_socket *simulated; /* of an uplink */
  uint16_t port;
};

/* Opens what the map says. false: said on stderr. */
bool door_open(struct door *door, struct serve *serve, const struct map *map);
void door_close(struct door *door);

/* ---- tun.c: a kernel behind a host ---- */

struct tun;
/* "msim0=outside": before the start. NULL: said on stderr. */
struct tun *tun_open(struct serve *serve, const char *text);
bool tun_start(struct tun *tun); /* in the loop */
void tun_stop(struct tun *tun);  /* NULL is fine, here and below */
void tun_close(struct tun *tun); /* after the loop and the simulation */

/* ---- serve.c ---- */

struct control;

struct serve {
  uv_loop_t loop;
  uv_signal_t signals[2];
  struct msim_sim *sim;
  struct pace pace;
  struct door doors[SERVE_DOORS_MAX];
  unsigned door_count;
  struct bridge *first_bridge;
  uint64_t connection_count, connection_max; /* now; the limit */
  uint64_t carried_count, refused_count;     /* ever */
  struct control *control;                   /* NULL: none */
  struct tun *tun;                           /* NULL: none */
  int failure;                               /* of the simulation, told already */
  bool ending;
};

/* Around whatever comes from outside of the simulation. */
void serve_enter(struct serve *serve);
void serve_leave(struct serve *serve);
/* Begins the end: doors and connections are closed, and the loop runs out. */
void serve_end(struct serve *serve);

#endif
