/* fuzz_sockets.c: two hosts, a link that may lose, and any calls of socket.h in any order at any times. Nothing leaks
 * and nothing breaks, no call answers with a number that is none, and what a stream gives is a beginning of what was
 * sent into it: every socket sends the same endless text. Input: loss, whether memory fails, then the calls. */
#include <mailsim/mailsim.h>

#include "fuzz.h"
#include "support/fail_mem.h"

#define SLOTS 12u
#define CALLS_MAX 400u
#define PART_BYTES_MAX 6000u
#define EVENTS_MAX 300000u

struct slot {
  struct msim_socket *socket; /* NULL: free */
  bool stream, urgent;
  uint32_t sent_bytes, got_bytes;
};

struct world {
  struct fuzz_input input;
  struct msim_sim *sim;
  struct msim_node *nodes[2];
  struct slot slots[SLOTS];
  bool urgent; /* urgent bytes are left out of the text: it is not compared */
  unsigned callbacks;
};

static uint8_t text_at(uint32_t place)
{
  return (uint8_t)(place * 31u + place / 253u);
}

/* A count, an error of socket.h, or the failure of the simulation. */
static void check_answer(const struct world *w, int answer, int most)
{
  FUZZ_CHECK(answer <= most);
  if (answer < 0 && answer > MSIM_ERR_INVALID)
    FUZZ_CHECK(strcmp(msim_errno_name(answer), "?") != 0);
  else if (answer < 0)
    FUZZ_CHECK(answer == msim_sim_failure(w->sim));
}

static struct slot *free_slot(struct world *w)
{
  size_t i;

  for (i = 0; i < SLOTS; i++) {
    if (w->slots[i].socket == NULL)
      return &w->slots[i];
  }
  return NULL;
}

static struct slot *any_slot(struct world *w)
{
  return &w->slots[fuzz_byte(&w->input) % SLOTS];
}

static struct msim_endpoint any_end(struct world *w)
{
  static const uint8_t addrs[6][4] = {{10, 0, 0, 1}, {10, 0, 0, 2},    {127, 0, 0, 1},
                                      {0, 0, 0, 0},  {203, 0, 113, 1}, {224, 0, 0, 1}};
  struct msim_endpoint end = {{MSIM_FAMILY_IPV4, {0}}, 0};
  uint8_t choice = fuzz_byte(&w->input);

  memcpy(end.addr.bytes, addrs[choice % 6], 4);
  if (choice > 250)
    end.addr.family = (uint8_t)(choice % 7);
  end.port = (uint16_t)(fuzz_byte(&w->input) % 4);
  return end;
}

static void do_open(struct world *w)
{
  struct slot *slot = free_slot(w);
  uint8_t choice = fuzz_byte(&w->input);

  if (slot == NULL)
    return;
  memset(slot, 0, sizeof *slot);
  slot->stream = (choice & 2) == 0;
  check_answer(
      w, msim_socket_open(w->nodes[choice & 1], slot->stream ? MSIM_SOCK_STREAM : MSIM_SOCK_DGRAM, &slot->socket), 0);
}

static void do_accept(struct world *w, struct slot *slot)
{
  struct slot *fresh = free_slot(w);
  struct msim_socket *socket = NULL;

  if (fresh == NULL)
    return;
  check_answer(w, msim_socket_accept(slot->socket, &socket, NULL), 0);
  memset(fresh, 0, sizeof *fresh);
  fresh->socket = socket;
  fresh->stream = true;
}

static void do_connect(struct world *w, struct slot *slot)
{
  struct msim_endpoint end = any_end(w);
  int answer = msim_socket_connect(slot->socket, &end);

  check_answer(w, answer, 0);
  if (answer == -MSIM_EINPROGRESS) /* also the next one, after a failure */
    slot->sent_bytes = slot->got_bytes = 0;
}

static const int flags_of_send[] = {0, MSIM_MSG_MORE, MSIM_MSG_OOB, MSIM_MSG_FASTOPEN, MSIM_MSG_DONTWAIT};
static const int flags_of_recv[] = {0, MSIM_MSG_PEEK, MSIM_MSG_TRUNC, MSIM_MSG_WAITALL, MSIM_MSG_OOB};

static void do_send(struct world *w, struct slot *slot)
{
  static uint8_t bytes[PART_BYTES_MAX];
  size_t size = fuzz_number(&w->input, 2) % PART_BYTES_MAX, i;
  int flags = flags_of_send[fuzz_byte(&w->input) % 5], sent;
  struct msim_endpoint to = any_end(w);

  if (flags == MSIM_MSG_OOB && !w->urgent)
    flags = 0;
  for (i = 0; i < size; i++)
    bytes[i] = text_at(slot->sent_bytes + (uint32_t)i);
  sent = msim_socket_sendto(slot->socket, bytes, size, flags,
                            (flags & MSIM_MSG_FASTOPEN) != 0 || !slot->stream ? &to : NULL);
  check_answer(w, sent, (int)size);
  if (sent > 0)
    slot->sent_bytes += (uint32_t)sent;
}

static void do_recv(struct world *w, struct slot *slot)
{
  static uint8_t bytes[PART_BYTES_MAX];
  size_t size = fuzz_number(&w->input, 2) % PART_BYTES_MAX, i;
  int flags = flags_of_recv[fuzz_byte(&w->input) % 5], got = msim_socket_recv(slot->socket, bytes, size, flags);

  check_answer(w, got, slot->stream ? (int)size : 65507);
  if (got <= 0 || !slot->stream || w->urgent || flags == MSIM_MSG_OOB)
    return;
  for (i = 0; flags != MSIM_MSG_TRUNC && i < (size_t)got; i++)
    FUZZ_CHECK(bytes[i] == text_at(slot->got_bytes + (uint32_t)i));
  if (flags != MSIM_MSG_PEEK)
    slot->got_bytes += (uint32_t)got;
}

static void do_option(struct world *w, struct slot *slot)
{
  static const char *const names[] = {"cubic", "reno", "fixed", "none"};
  enum msim_socket_option option = (enum msim_socket_option)(fuzz_byte(&w->input) % (MSIM_SOCKET_OPTIONS + 1u));
  int value = (int)(uint32_t)fuzz_number(&w->input, (fuzz_byte(&w->input) & 3u) + 1u), back = 0;
  size_t back_bytes = sizeof back;
  const char *name = names[(unsigned)value % 4];
  struct msim_linger linger = {value & 1, value >> 1 & 1};

  if (option == MSIM_TCP_CONGESTION)
    check_answer(w, msim_socket_setsockopt(slot->socket, option, name, strlen(name)), 0);
  else if (option == MSIM_SO_LINGER)
    check_answer(w, msim_socket_setsockopt(slot->socket, option, &linger, sizeof linger), 0);
  else
    check_answer(w, msim_socket_set_int(slot->socket, option, value), 0);
  check_answer(w, msim_socket_getsockopt(slot->socket, option, &back, &back_bytes), 0);
}

static void on_event(void *arg, struct msim_socket *socket, uint32_t events)
{
  struct world *w = arg;
  size_t i;

  FUZZ_CHECK(events != 0);
  w->callbacks++;
  for (i = 0; i < SLOTS; i++) {
    if (w->slots[i].socket == socket && (w->callbacks & 7) == 7) {
      FUZZ_CHECK(msim_socket_close(socket) == 0);
      w->slots[i].socket = NULL;
    }
  }
}

static int on_info(void *ctx, const struct msim_tcp_info *info)
{
  (void)ctx;
  FUZZ_CHECK(info->state >= MSIM_TCP_ESTABLISHED && info->state <= MSIM_TCP_CLOSING && info->state != MSIM_TCP_CLOSE);
  FUZZ_CHECK(info->busy_time_ns >= info->rwnd_limited_ns);
  FUZZ_CHECK(info->bytes_retrans <= info->bytes_sent);
  return 0;
}

static void do_look(struct world *w, struct slot *slot)
{
  struct msim_endpoint end;
  struct msim_tcp_info info;
  int value = 0;

  (void)msim_socket_poll(slot->socket, fuzz_byte(&w->input));
  check_answer(w, msim_socket_ioctl(slot->socket, (enum msim_ioctl)(fuzz_byte(&w->input) % 5), &value), 0);
  FUZZ_CHECK(value >= 0);
  check_answer(w, msim_socket_local(slot->socket, &end), 0);
  check_answer(w, msim_socket_remote(slot->socket, &end), 0);
  check_answer(w, msim_socket_tcp_info(slot->socket, &info), 0);
  check_answer(w, msim_tcp_iterate(msim_socket_node(slot->socket), on_info, NULL), 0);
}

static void do_close(struct world *w, struct slot *slot)
{
  (void)w;
  FUZZ_CHECK(msim_socket_close(slot->socket) == 0);
  slot->socket = NULL;
}

static void do_call(struct world *w)
{
  unsigned call = fuzz_byte(&w->input) % 16;
  struct slot *slot = any_slot(w);
  struct msim_endpoint end;

  if (call == 0) {
    do_open(w);
    return;
  }
  if (call == 1) {
    (void)msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) + MSIM_USEC(100) * (1u + fuzz_byte(&w->input) * 20u));
    return;
  }
  if (call == 2) {
    (void)msim_sim_step(w->sim);
    return;
  }
  if (slot->socket == NULL)
    return;
  switch (call) {
  case 3:
    end = any_end(w);
    check_answer(w, msim_socket_bind(slot->socket, &end), 0);
    break;
  case 4:
    check_answer(w, msim_socket_listen(slot->socket, fuzz_byte(&w->input) % 5), 0);
    break;
  case 5:
    do_accept(w, slot);
    break;
  case 6:
  case 7:
    do_connect(w, slot);
    break;
  case 8:
  case 9:
    do_send(w, slot);
    break;
  case 10:
  case 11:
    do_recv(w, slot);
    break;
  case 12:
    check_answer(w, msim_socket_shutdown(slot->socket, (enum msim_shutdown)(fuzz_byte(&w->input) % 4)), 0);
    break;
  case 13:
    do_option(w, slot);
    break;
  case 14:
    if ((fuzz_byte(&w->input) & 1) != 0)
      check_answer(w, msim_socket_set_callback(slot->socket, fuzz_byte(&w->input), on_event, w), 0);
    else
      do_close(w, slot);
    break;
  default:
    do_look(w, slot);
    break;
  }
}

static int build(struct world *w, struct fail_mem *mem, uint8_t loss)
{
  struct msim_sim_opts opts = {.seed = 1, .event_count_max = EVENTS_MAX};
  struct msim_link_opts link;
  int err;

  opts.mem = mem->hook;
  memset(&link, 0, sizeof link);
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_MSEC(1);
  link.a_to_b.rate_bps = link.b_to_a.rate_bps = 100000000;
  link.a_to_b.impair.loss_ppm = link.b_to_a.impair.loss_ppm = loss * 1000u;
  err = msim_sim_new(&w->sim, &opts);
  if (err == MSIM_OK)
    err = msim_node_add(w->sim, "a", &w->nodes[0]);
  if (err == MSIM_OK)
    err = msim_node_add(w->sim, "b", &w->nodes[1]);
  if (err == MSIM_OK)
    err = msim_node_add_addr(w->nodes[0], "10.0.0.1");
  if (err == MSIM_OK)
    err = msim_node_add_addr(w->nodes[1], "10.0.0.2");
  return err == MSIM_OK ? msim_link_add(w->nodes[0], w->nodes[1], &link) : err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct world w = {.input = {fuzz_slice_of(data, size_bytes)}};
  struct fail_mem mem;
  uint8_t mode, loss;
  unsigned calls;
  int failure;

  loss = fuzz_byte(&w.input);
  mode = fuzz_byte(&w.input);
  w.urgent = (mode & 4) != 0;
  fail_mem_init(&mem, (mode & 3) == 3 ? fuzz_hash(fuzz_slice_of(data, size_bytes)) % 400 : 0);
  if (build(&w, &mem, loss) == MSIM_OK) {
    for (calls = 0; calls < CALLS_MAX && w.input.rest.size_bytes > 0; calls++)
      do_call(&w);
    (void)msim_sim_advance_to(w.sim, msim_sim_now_ns(w.sim) + MSIM_SEC(5));
    failure = msim_sim_failure(w.sim);
    FUZZ_CHECK(failure == MSIM_OK || failure == MSIM_ERR_LIMIT || (failure == MSIM_ERR_NOMEM && mem.failed_count > 0));
  }
  msim_sim_free(w.sim);
  FUZZ_CHECK(fail_mem_clean(&mem));
  return 0;
}
