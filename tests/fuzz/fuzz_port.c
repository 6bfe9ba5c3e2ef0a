/* fuzz_port.c: any packets at any times through <mailsim/port.h> into a world with a router, a mail server and a user
 * whose mail goes out by the port. Every packet that is given is either sent or counted by the reason of its drop; what
 * comes out can be read, its checksums included; nothing is left behind and the run never fails. Input: a choice, then
 * steps. What a TCP does with odd segments is fuzz_tcp_segment.c's business, what bytes mean fuzz_packet.c's. */
#include <mailsim/port.h>

#include "fuzz.h"
#include "net/net.h"
#include "support/fail_mem.h"
#include "wire/ipv4.h"
#include "wire/octets.h"

#define STEPS_MAX 200u
#define EVENTS_MAX 200000u
#define PACKET_BYTES_MAX 3000u
#define OUTSIDE 0xcb007109u /* 203.0.113.9, behind the port; the user's server */

static const char topology[] = "mailsim: 1\n"
                               "hosts:\n"
                               "  mx:\n"
                               "    addresses: [10.0.0.25]\n"
                               "    agents: [{smtp-server: {domains: {b.example: [bob]}}}]\n"
                               "  pc:\n"
                               "    addresses: [10.0.0.7]\n"
                               "    tcp: {data-retries: 3, syn-retries: 2}\n"
                               "    agents: [{user: {address: a@a.example, submit: 203.0.113.9,\n"
                               "      script: [{at: 1ms, send: {to: x@c.example, subject: s, size: 3kB}}]}}]\n"
                               "  router:\n"
                               "  out: {addresses: [192.0.2.9]}\n"
                               "links:\n"
                               "  - {join: [out, router], delay: 1ms}\n"
                               "  - {join: [router, mx], delay: 1ms, mtu: 600B}\n"
                               "  - {join: [router, pc], delay: 1ms, loss: 1%, duplicate: 1%, corrupt: 1%}\n";

struct world {
  struct msim_sim *sim;
  struct msim_port *port;
  struct fail_mem memory;
  uint64_t given_count;
  uint8_t last[PACKET_BYTES_MAX]; /* what came out last: answers are made from it, and ICMP quotes it */
  size_t last_bytes;
};

static void open_world(struct world *w, unsigned choice)
{
  static const char *const routes[] = {"203.0.113.0/24", "198.51.100.0/24", NULL};
  struct msim_sim_opts opts;
  struct msim_port_opts port;
  struct fuzz_findings findings = {0, 0};

  fail_mem_init(&w->memory, 0);
  memset(&opts, 0, sizeof opts);
  opts.mem = w->memory.hook;
  opts.seed = choice;
  opts.event_count_max = EVENTS_MAX;
  FUZZ_CHECK(msim_sim_new(&w->sim, &opts) == MSIM_OK);
  FUZZ_CHECK(msim_topology_load_text(w->sim, "port.yaml", fuzz_slice_of((const uint8_t *)topology, sizeof topology - 1),
                                     NULL, fuzz_find, &findings) == MSIM_OK);
  memset(&port, 0, sizeof port);
  port.routes = routes;
  port.queue_packets_max = (choice & 2) != 0 ? 3 : 0;
  port.recognise = true;
  FUZZ_CHECK(msim_port_open(w->sim, "out", &port, &w->port) == MSIM_OK);
}

/* Whatever was given is accounted for, and nothing has failed but, where told, an allocation. */
static void check(const struct world *w)
{
  struct msim_port_counters c;
  int failure = msim_sim_failure(w->sim);

  FUZZ_CHECK(failure == MSIM_OK || (failure == MSIM_ERR_NOMEM && w->memory.failed_count > 0));
  if (failure != MSIM_OK)
    return;
  msim_port_counters(w->port, &c);
  FUZZ_CHECK(c.injected_count + c.truncated_count + c.version_count + c.header_count + c.checksum_count +
                 c.fragment_count + c.ip_option_count + c.protocol_count + c.ttl_count + c.source_count +
                 c.destination_count ==
             w->given_count);
}

static void give(struct world *w, struct msim_slice bytes)
{
  uint8_t *copy = fuzz_copy(bytes); /* not kept by the port */
  int err = msim_port_inject(w->port, fuzz_slice_of(copy, bytes.size_bytes));

  free(copy);
  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_INVALID || (err == MSIM_ERR_NOMEM && w->memory.failed_count > 0));
  w->given_count++;
}

/* ---- packets that get somewhere ---- */

static unsigned sum_of(unsigned sum, const uint8_t *p, size_t size_bytes)
{
  size_t i;

  for (i = 0; i < size_bytes; i++) {
    sum += i % 2 == 0 ? (unsigned)p[i] << 8 : p[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

/* Puts the sum of the message right, if it is whole and has room for one. */
static void seal(uint8_t *p, size_t head, size_t size_bytes)
{
  uint8_t tail[4] = {0, p[9], (uint8_t)((size_bytes - head) >> 8), (uint8_t)(size_bytes - head)};
  size_t at = head + (p[9] == MSIM_PROTO_TCP ? 16u : p[9] == MSIM_PROTO_UDP ? 6u : 2u);
  unsigned sum = p[9] == MSIM_PROTO_ICMP ? 0 : sum_of(sum_of(0, p + 12, 8), tail, sizeof tail);

  if (size_bytes < at + 2)
    return;
  msim__octets_put16(p + at, 0);
  msim__octets_put16(p + at, (uint16_t)(~sum_of(sum, p + head, size_bytes - head) & 0xffff));
}

static size_t begin_packet(uint8_t *p, struct fuzz_input *input, uint8_t proto)
{
  static const uint32_t inside[] = {0x0a000019u, 0x0a000007u, 0x0a000019u, 0xcb007101u};
  unsigned choice = fuzz_byte(input);

  memset(p, 0, MSIM__IPV4_HEADER_BYTES_MIN);
  p[0] = 0x45;
  p[8] = (choice & 0x10) != 0 ? (uint8_t)(choice >> 5) : 64;
  p[9] = proto;
  msim__octets_put32(p + 12, (choice & 4) != 0 ? OUTSIDE + (choice >> 6) : OUTSIDE);
  msim__octets_put32(p + 16, inside[choice & 3]);
  p[6] = (choice & 8) != 0 ? 0x40 : 0;
  return MSIM__IPV4_HEADER_BYTES_MIN;
}

static void give_sealed(struct world *w, uint8_t *p, size_t size_bytes)
{
  msim__octets_put16(p + 2, (uint16_t)size_bytes);
  msim__octets_put16(p + 10, 0);
  msim__octets_put16(p + 10, (uint16_t)(~sum_of(0, p, MSIM__IPV4_HEADER_BYTES_MIN) & 0xffff));
  give(w, fuzz_slice_of(p, size_bytes));
}

/* In parts that the input cuts, repeats, leaves out and lets overlap. */
static void give_parts(struct world *w, struct fuzz_input *input, const uint8_t *p, size_t size_bytes)
{
  uint8_t part[PACKET_BYTES_MAX];
  size_t at, size, last = size_bytes - MSIM__IPV4_HEADER_BYTES_MIN;
  unsigned i, count = fuzz_byte(input) % 16, id = fuzz_byte(input) % 4;

  for (i = 0, at = 0; i <= count; i++, at += size) {
    unsigned choice = fuzz_byte(input);

    if ((choice & 0x80) != 0) /* anywhere */
      at = fuzz_number(input, 2) % 1024 * 8 % (last + 8);
    size = ((choice & 15) + 1u) * 8;
    if (at >= last || at + size > last || i == count)
      size = at < last ? last - at : 0;
    memcpy(part, p, MSIM__IPV4_HEADER_BYTES_MIN);
    memcpy(part + MSIM__IPV4_HEADER_BYTES_MIN, p + MSIM__IPV4_HEADER_BYTES_MIN + (at < last ? at : 0), size);
    part[5] = (uint8_t)id;
    msim__octets_put16(part + 6, (uint16_t)(at / 8 % 8192 | (at + size < last || (choice & 0x40) != 0 ? 0x2000u : 0)));
    if ((choice & 0x30) != 0x30) /* else lost */
      give_sealed(w, part, MSIM__IPV4_HEADER_BYTES_MIN + size);
  }
}

/* The header of IP last, when the rest is there. */
static void end_packet(struct world *w, struct fuzz_input *input, uint8_t *p, size_t size_bytes, bool in_parts)
{
  seal(p, MSIM__IPV4_HEADER_BYTES_MIN, size_bytes);
  if (in_parts)
    give_parts(w, input, p, size_bytes);
  else
    give_sealed(w, p, size_bytes);
}

static size_t append(uint8_t *p, size_t size_bytes, struct msim_slice bytes)
{
  if (bytes.size_bytes > 0)
    memcpy(p + size_bytes, bytes.data, bytes.size_bytes);
  return size_bytes + bytes.size_bytes;
}

/* A segment that answers the last one, as nearly as the input lets it: connections get somewhere. */
static void give_answer(struct world *w, struct fuzz_input *input, bool in_parts)
{
  uint8_t p[PACKET_BYTES_MAX];
  size_t size = begin_packet(p, input, MSIM_PROTO_TCP);
  unsigned flags = fuzz_byte(input), off = fuzz_byte(input);
  const uint8_t *tcp = w->last + MSIM__IPV4_HEADER_BYTES_MIN;
  uint32_t length;

  memset(p + size, 0, 20);
  if (w->last_bytes >= 40 && w->last[9] == MSIM_PROTO_TCP) {
    length = (uint32_t)(w->last_bytes - 20 - (size_t)(tcp[12] >> 4) * 4) + ((tcp[13] & 2) != 0) + (tcp[13] & 1);
    memcpy(p + 12, w->last + 16, 4);
    memcpy(p + 16, w->last + 12, 4);
    memcpy(p + size, tcp + 2, 2);
    memcpy(p + size + 2, tcp, 2);
    msim__octets_put32(p + size + 4, msim__octets_get32(tcp + 8) + (off >> 4));
    msim__octets_put32(p + size + 8, msim__octets_get32(tcp + 4) + length - (off & 15));
  } else {
    msim__octets_put16(p + size, (uint16_t)(4000 + off % 4));
    msim__octets_put16(p + size + 2, 25);
  }
  p[size + 12] = 0x50;
  p[size + 13] = (uint8_t)flags;
  msim__octets_put16(p + size + 14, 8000);
  size = append(p, size + 20, fuzz_take(input, fuzz_byte(input)));
  end_packet(w, input, p, size, in_parts);
}

/* An error that quotes what came out last, perhaps spoilt; or an echo. */
static void give_icmp(struct world *w, struct fuzz_input *input, bool in_parts)
{
  uint8_t p[PACKET_BYTES_MAX];
  size_t size = begin_packet(p, input, MSIM_PROTO_ICMP), quoted = w->last_bytes < 68 ? w->last_bytes : 68;

  memset(p + size, 0, 8);
  p[size] = fuzz_byte(input) % 20;
  p[size + 1] = fuzz_byte(input) % 16;
  msim__octets_put16(p + size + 6, (uint16_t)fuzz_number(input, 2));
  if (w->last_bytes >= 20) /* to its sender */
    memcpy(p + 16, w->last + 12, 4);
  size = append(p, size + 8, fuzz_slice_of(w->last, quoted));
  if (quoted > 0)
    p[28 + fuzz_byte(input) % quoted] ^= fuzz_byte(input);
  end_packet(w, input, p, size, in_parts);
}

static void give_datagram(struct world *w, struct fuzz_input *input, bool in_parts)
{
  uint8_t p[PACKET_BYTES_MAX];
  size_t size = begin_packet(p, input, MSIM_PROTO_UDP), length = fuzz_number(input, 2) % 2000;

  memset(p + size, 0, 8 + length);
  msim__octets_put16(p + size, 53);
  msim__octets_put16(p + size + 2, (uint16_t)fuzz_byte(input));
  msim__octets_put16(p + size + 4, (uint16_t)(8 + length));
  end_packet(w, input, p, size + 8 + length, in_parts);
}

/* ---- steps ---- */

static void take(struct world *w)
{
  uint8_t bytes[65535];
  struct msim_packet packet;
  size_t size, too_small;

  too_small = msim_port_extract(w->port, bytes, 1, NULL);
  size = msim_port_extract(w->port, bytes, sizeof bytes, NULL);
  FUZZ_CHECK(size == too_small);
  if (size == 0)
    return;
  FUZZ_CHECK(msim_packet_decode(&packet, fuzz_slice_of(bytes, size)) == MSIM_OK);
  FUZZ_CHECK(packet.ttl > 0);
  w->last_bytes = size < sizeof w->last ? size : sizeof w->last;
  memcpy(w->last, bytes, w->last_bytes);
}

static void step(struct world *w, struct fuzz_input *input)
{
  unsigned what = fuzz_byte(input);
  int err;

  switch (what & 7) {
  case 0:
    give(w, fuzz_take(input, fuzz_number(input, 2) % PACKET_BYTES_MAX));
    return;
  case 1:
  case 2:
    give_answer(w, input, (what & 0x80) != 0);
    return;
  case 3:
    give_icmp(w, input, (what & 0x80) != 0);
    return;
  case 4:
    give_datagram(w, input, (what & 0x80) != 0);
    return;
  case 5:
  case 6:
    take(w);
    return;
  default:
    err = msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) + (MSIM_USEC(100) << (what >> 3) % 20));
    FUZZ_CHECK(err == msim_sim_failure(w->sim));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  unsigned choice = fuzz_byte(&input), steps = 0;
  struct world *w = calloc(1, sizeof *w);

  FUZZ_CHECK(w != NULL);
  open_world(w, choice);
  FUZZ_CHECK(msim_sim_start(w->sim) == MSIM_OK);
  if ((choice & 1) != 0)
    w->memory.fail_at = w->memory.request_count + 1 + fuzz_hash(input.rest) % 200;
  while (input.rest.size_bytes > 0 && steps++ < STEPS_MAX) {
    step(w, &input);
    check(w);
  }
  (void)msim_sim_run(w->sim, MSIM_NEVER); /* nobody answers any more */
  check(w);
  if (msim_sim_failure(w->sim) == MSIM_OK) {
    struct msim_port_counters c;

    w->memory.fail_at = 0;
    FUZZ_CHECK(msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) + MSIM_SEC(3600)) == MSIM_OK);
    msim_port_counters(w->port, &c);
    FUZZ_CHECK(msim__net(w->sim)->packets.live_count == c.waiting_count); /* no packet is held by anybody else */
  }
  msim_sim_free(w->sim);
  FUZZ_CHECK(fail_mem_clean(&w->memory));
  free(w);
  return 0;
}
