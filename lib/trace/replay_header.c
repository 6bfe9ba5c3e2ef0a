/* replay_header.c: addresses, ports and headers of a packet, as fields of a jsonl trace have them. */
#include "trace/replay.h"

#include <string.h>

#include <mailsim/network.h>

#include "trace/format.h"

typedef const struct msim__json_node node;

static bool wrong(struct msim__replay *replay, const char *field, const char *why)
{
  return msim__replay_fail(replay, MSIM_ERR_SYNTAX, field, why);
}

bool msim__replay_text_is(node *value, const char *text)
{
  return value->kind == MSIM__JSON_TEXT && value->u.text.size_bytes == strlen(text) &&
         memcmp(value->u.text.data, text, value->u.text.size_bytes) == 0;
}

int msim__replay_index_of(node *value, const char *const *names, int count)
{
  int i;

  for (i = 0; value != NULL && i < count; i++)
    if (msim__replay_text_is(value, names[i]))
      return i;
  return -1;
}

bool msim__replay_u32(struct msim__replay *replay, node *object, const char *field, uint32_t max, uint32_t *out)
{
  uint64_t value = *out;

  if (!msim__replay_uint(replay, object, field, max, &value))
    return false;
  *out = (uint32_t)value;
  return true;
}

bool msim__replay_bool(struct msim__replay *replay, node *object, const char *field, bool *out)
{
  node *value = msim__json_find(object, field);

  if (value != NULL && value->kind != MSIM__JSON_BOOL)
    return wrong(replay, field, "true or false is expected");
  *out = value != NULL && value->u.truth;
  return true;
}

bool msim__replay_take_number(const char *text, size_t *size_bytes, char mark, uint32_t max, uint32_t *out)
{
  size_t at = *size_bytes, i;
  uint64_t value = 0;

  while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9')
    at--;
  if (at == *size_bytes || *size_bytes - at > 10 || at == 0 || text[at - 1] != mark)
    return false;
  for (i = at; i < *size_bytes; i++)
    value = value * 10 + (uint64_t)(text[i] - '0');
  *size_bytes = at - 1;
  *out = (uint32_t)value;
  return value <= max;
}

static bool read_endpoint(struct msim__replay *replay, node *object, const char *field, bool has_port,
                          struct msim_addr *addr, uint16_t *port)
{
  const char *text;
  size_t size_bytes;
  uint32_t number = 0;

  if (!msim__replay_text(replay, object, field, true, &text))
    return false;
  size_bytes = strlen(text);
  if (has_port && !msim__replay_take_number(text, &size_bytes, ':', UINT16_MAX, &number))
    return wrong(replay, field, "ADDRESS:PORT is expected");
  if (has_port && size_bytes > 2 && text[0] == '[' && text[size_bytes - 1] == ']') {
    text++;
    size_bytes -= 2;
  }
  *port = (uint16_t)number;
  if (size_bytes == 1 && text[0] == '*')
    return true;
  return msim_addr_parse(addr, text, size_bytes) == MSIM_OK || wrong(replay, field, "an address is expected");
}

bool msim__replay_addr(struct msim__replay *replay, node *object, const char *field, struct msim_addr *out)
{
  const char *text;

  if (!msim__replay_text(replay, object, field, false, &text))
    return false;
  return text == NULL || msim_addr_parse(out, text, strlen(text)) == MSIM_OK ||
         wrong(replay, field, "an address is expected");
}

bool msim__replay_macs(struct msim__replay *replay, node *object, const char *field, uint8_t from[6], uint8_t to[6],
                       bool *is_there)
{
  struct msim_mac macs[2];
  const char *text;
  char half[MSIM_MAC_TEXT_BYTES];

  if (!msim__replay_text(replay, object, field, false, &text))
    return false;
  *is_there = text != NULL;
  if (text == NULL)
    return true;
  if (strlen(text) != 2 * MSIM_MAC_TEXT_BYTES - 1 || text[MSIM_MAC_TEXT_BYTES - 1] != '>')
    return wrong(replay, field, "two MACs with > between them are expected");
  memcpy(half, text, MSIM_MAC_TEXT_BYTES - 1);
  half[MSIM_MAC_TEXT_BYTES - 1] = '\0';
  if (msim_mac_parse(&macs[0], half) != MSIM_OK || msim_mac_parse(&macs[1], text + MSIM_MAC_TEXT_BYTES) != MSIM_OK)
    return wrong(replay, field, "a MAC is six pairs of digits 0-9a-f with : between them");
  memcpy(from, macs[0].bytes, 6);
  memcpy(to, macs[1].bytes, 6);
  return true;
}

static bool read_flags(struct msim__replay *replay, node *object, struct msim_tcp_view *tcp)
{
  node *flags, *flag;
  size_t i;

  if (!msim__replay_items(replay, object, "flags", MSIM__JSON_LIST, &flags))
    return false;
  for (flag = flags != NULL ? flags->u.items.first : NULL; flag != NULL; flag = flag->next) {
    for (i = 0; i < 8 && !msim__replay_text_is(flag, msim__flag_names[i].name); i++)
      ;
    if (i == 8)
      return wrong(replay, "flags", "SYN, ACK, FIN, RST, PSH, URG, ECE and CWR are known");
    tcp->flags = (uint16_t)(tcp->flags | msim__flag_names[i].bit);
  }
  return true;
}

/* A pair of numbers of 32 bits. */
static bool read_pair(node *list, uint32_t *first, uint32_t *second)
{
  uint64_t a, b;

  if (list->kind != MSIM__JSON_LIST || list->u.items.count != 2 || !msim__json_uint_of(list->u.items.first, &a) ||
      !msim__json_uint_of(list->u.items.first->next, &b) || a > UINT32_MAX || b > UINT32_MAX)
    return false;
  *first = (uint32_t)a;
  *second = (uint32_t)b;
  return true;
}

/* Up to 16 bytes, two digits each. */
static bool read_fastopen(struct msim__replay *replay, node *options, struct msim_tcp_view *tcp)
{
  static const char digits[] = "0123456789abcdef";
  const char *text;
  size_t i;

  if (!msim__replay_text(replay, options, "tfo", false, &text))
    return false;
  if (text == NULL)
    return true;
  if (strspn(text, digits) != strlen(text) || strlen(text) % 2 != 0 || strlen(text) > 2 * sizeof tcp->fastopen)
    return wrong(replay, "tfo", "at most 16 bytes are expected, two digits 0-9a-f each");
  tcp->has_fastopen = true;
  tcp->fastopen_bytes = (uint8_t)(strlen(text) / 2);
  for (i = 0; i < tcp->fastopen_bytes; i++)
    tcp->fastopen[i] =
        (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 | (strchr(digits, text[2 * i + 1]) - digits));
  return true;
}

static bool read_options(struct msim__replay *replay, node *object, struct msim_tcp_view *tcp)
{
  node *options, *list, *item;
  uint32_t mss = 0, shift = UINT32_MAX;

  if (!msim__replay_items(replay, object, "options", MSIM__JSON_OBJECT, &options) || options == NULL)
    return replay->err == MSIM_OK;
  if (!msim__replay_u32(replay, options, "mss", UINT16_MAX, &mss) ||
      !msim__replay_u32(replay, options, "wscale", 14, &shift) ||
      !msim__replay_bool(replay, options, "sackok", &tcp->sack_permitted) || !read_fastopen(replay, options, tcp) ||
      !msim__replay_items(replay, options, "sack", MSIM__JSON_LIST, &list))
    return false;
  tcp->mss_bytes = (uint16_t)mss;
  tcp->window_shift = shift == UINT32_MAX ? -1 : (int8_t)shift;
  for (item = list != NULL ? list->u.items.first : NULL; item != NULL; item = item->next) {
    struct msim_sack *sack = &tcp->sack[tcp->sack_count];

    if (tcp->sack_count++ == 4 || !read_pair(item, &sack->left, &sack->right))
      return wrong(replay, "sack", "at most four pairs of numbers are expected");
  }
  item = msim__json_find(options, "ts");
  tcp->has_timestamp = item != NULL;
  return item == NULL || read_pair(item, &tcp->ts_value, &tcp->ts_echo) ||
         wrong(replay, "ts", "two numbers are expected");
}

bool msim__replay_tcp(struct msim__replay *replay, node *object, int shift, struct msim_trace_packet *packet,
                      struct msim_tcp_view *tcp)
{
  uint32_t urgent = 0, window;

  tcp->window_shift = -1;
  if (!read_flags(replay, object, tcp) || !msim__replay_u32(replay, object, "seq", UINT32_MAX, &packet->seq) ||
      !msim__replay_u32(replay, object, "ack", UINT32_MAX, &packet->ack) ||
      !msim__replay_u32(replay, object, "win", UINT32_MAX, &packet->window_bytes) ||
      !read_options(replay, object, tcp) || !msim__replay_u32(replay, object, "urgent", UINT16_MAX, &urgent))
    return false;
  tcp->seq = packet->seq;
  tcp->ack = packet->ack;
  tcp->urgent = (uint16_t)urgent;
  window = packet->window_bytes;
  if ((tcp->flags & MSIM_TCP_SYN) == 0)
    window >>= shift;
  tcp->window = window < UINT16_MAX ? (uint16_t)window : UINT16_MAX;
  return true;
}

bool msim__replay_ports(struct msim__replay *replay, node *object, struct msim_packet *view)
{
  bool has_ports = view->proto == MSIM_PROTO_TCP || view->proto == MSIM_PROTO_UDP;
  uint16_t src, dst;

  if (!read_endpoint(replay, object, "src", has_ports, &view->src, &src) ||
      !read_endpoint(replay, object, "dst", has_ports, &view->dst, &dst))
    return false;
  if (view->proto == MSIM_PROTO_TCP) {
    view->l4.tcp.src_port = src;
    view->l4.tcp.dst_port = dst;
  } else if (view->proto == MSIM_PROTO_UDP) {
    view->l4.udp.src_port = src;
    view->l4.udp.dst_port = dst;
  }
  return true;
}

void msim__replay_set_icmp(struct msim_icmp_view *icmp, const char *what, uint32_t mtu_bytes)
{
  static const struct {
    const char *what;
    uint8_t type, code;
  } rows[] = {
      {"icmp.echo-reply", 0, 0},
      {"icmp.echo", 8, 0},
      {"icmp.time-exceeded", 11, 0},
      {"icmp.parameter-problem", 12, 0},
      {"icmp.net-unreachable", 3, 0},
      {"icmp.host-unreachable", 3, 1},
      {"icmp.protocol-unreachable", 3, 2},
      {"icmp.port-unreachable", 3, 3},
      {"icmp.fragmentation-needed", 3, 4},
      {"icmp.prohibited", 3, 13},
      {"icmp.unreachable", 3, 5},
      {"icmp.too-big", 2, 0},
      {"icmp.router-solicitation", 133, 0},
      {"icmp.router-advertisement", 134, 0},
      {"icmp.neighbor-solicitation", 135, 0},
      {"icmp.neighbor-advertisement", 136, 0},
  };
  size_t i;

  icmp->type = 255;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(rows[i].what, what) != 0)
      continue;
    icmp->type = rows[i].type;
    icmp->code = rows[i].code;
  }
  icmp->rest = mtu_bytes;
}
