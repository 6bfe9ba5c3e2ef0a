/* parse_packet.c: the packets of a script from text: `< S 0:0(0) win 1000 <mss 1460>`, `< icmp unreachable …`.
 *
 * Does not know: tunnels (GRE, MPLS, IP in IP), UDP and fuzzing rules, which no script about one TCP needs. */
#include "tcp/script/script.h"

#include <mailsim/packet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct named {
  const char *name;
  uint8_t type, code;
};

/* RFC 792, 1122 3.2.2.1, 1812 5.2.7.1 */
static const struct named icmp_types[] = {
    {"unreachable", 3, 0},    {"source_quench", 4, 0},      {"redirect", 5, 0},
    {"time_exceeded", 11, 0}, {"parameter_problem", 12, 0}, {NULL, 0, 0},
};
static const struct named icmp_codes[] = {
    {"net_unreachable", 3, 0},
    {"host_unreachable", 3, 1},
    {"protocol_unreachable", 3, 2},
    {"port_unreachable", 3, 3},
    {"frag_needed", 3, 4},
    {"source_route_failed", 3, 5},
    {"net_unknown", 3, 6},
    {"host_unknown", 3, 7},
    {"source_host_isolated", 3, 8},
    {"net_prohibited", 3, 9},
    {"host_prohibited", 3, 10},
    {"net_unreachable_for_tos", 3, 11},
    {"host_unreachable_for_tos", 3, 12},
    {"packet_filtered", 3, 13},
    {"precedence_violation", 3, 14},
    {"precedence_cutoff", 3, 15},
    {"exc_ttl", 11, 0},
    {"exc_fragtime", 11, 1},
    {NULL, 0, 0},
};

static const struct named *find(const struct named *list, const char *name)
{
  for (; list->name != NULL; list++) {
    if (strcmp(list->name, name) == 0)
      return list;
  }
  return NULL;
}

/* [ect0] [ce] [noecn] [ect01] (tos 0x2) [ttl 5] */
static bool parse_ip_info(struct parser *p, struct packet_spec *packet)
{
  static const struct {
    const char *name;
    uint8_t value;
  } ecn[] = {{"noecn", 0}, {"ect1", 1}, {"ect0", 2}, {"ce", 3}};
  char end = parser_is_sign(p, '(') ? ')' : ']';
  int64_t value;
  size_t i;

  if (!parser_is_sign(p, '(') && !parser_is_sign(p, '['))
    return true;
  if (!parser_take(p))
    return false;
  if (parser_is_word(p, "tos") || parser_is_word(p, "ttl")) {
    bool tos = parser_is_word(p, "tos");

    if (!parser_take(p) || !parser_number(p, 0, 255, tos ? "the type of service" : "the time to live", &value))
      return false;
    packet->tos_check = tos ? TOS_EXACT : ECN_ANY;
    *(tos ? &packet->tos : &packet->ttl) = (uint8_t)value;
    return parser_expect_sign(p, end, "behind it");
  }
  if (parser_is_word(p, "ect01")) {
    if (packet->inbound)
      return parser_wanted(p, "ect0 or ect1: a packet that is put in has one of them");
    packet->tos_check = ECN_EITHER;
    return parser_take(p) && parser_expect_sign(p, end, "behind it");
  }
  for (i = 0; i < sizeof ecn / sizeof *ecn; i++) {
    if (parser_is_word(p, ecn[i].name)) {
      packet->tos_check = ECN_EXACT;
      packet->tos = ecn[i].value;
      return parser_take(p) && parser_expect_sign(p, end, "behind it");
    }
  }
  return parser_wanted(p, "noecn, ect0, ect1, ect01, ce, tos or ttl");
}

/* S. P. F. R. . - SEW and so on; a '.' stands for ACK */
static bool parse_flags(struct parser *p, struct packet_spec *packet)
{
  static const char letters[] = "FSRP.UEW";
  const char *c;

  if (parser_is_sign(p, '-'))
    return parser_take(p);
  if (p->token.kind == TOKEN_WORD) {
    for (c = p->token.text; *c != '\0'; c++) {
      const char *at = strchr(letters, *c);

      if (at == NULL)
        return script_fail(p->lexer.script, p->token.line, p->token.column,
                           "'%c' is no flag of TCP: F S R P . U E W, or '-' for none", *c);
      packet->flags |= (uint16_t)(1u << (at - letters));
    }
    if (!parser_take(p))
      return false;
  } else if (!parser_is_sign(p, '.')) {
    return parser_wanted(p, "the flags of a segment, or icmp");
  }
  if (parser_is_sign(p, '.')) {
    packet->flags |= MSIM_TCP_ACK;
    return parser_take(p);
  }
  return true;
}

/* 1:1001(1000) */
static bool parse_seq(struct parser *p, struct packet_spec *packet)
{
  unsigned line = p->token.line, column = p->token.column;
  int64_t begin, end, size;

  if (!parser_number(p, 0, UINT32_MAX, "the first sequence number", &begin) ||
      !parser_expect_sign(p, ':', "between the sequence numbers") ||
      !parser_number(p, 0, UINT32_MAX, "the sequence number behind the last byte", &end) ||
      !parser_expect_sign(p, '(', "before the length") || !parser_number(p, 0, 65535, "the length", &size) ||
      !parser_expect_sign(p, ')', "behind the length"))
    return false;
  if ((uint32_t)end != (uint32_t)(begin + size))
    return script_fail(p->lexer.script, line, column, "%lld and %lld bytes do not make %lld", (long long)begin,
                       (long long)size, (long long)end);
  packet->seq = (uint32_t)begin;
  packet->payload_bytes = (uint32_t)size;
  packet->has_seq = true;
  return true;
}

static bool parse_sack(struct parser *p, struct option_spec *option)
{
  int64_t left, right;

  while (p->token.kind == TOKEN_INTEGER) {
    if (option->count == 4)
      return parser_wanted(p, "at most four SACK blocks");
    if (!parser_number(p, 0, UINT32_MAX, "the left edge", &left) ||
        !parser_expect_sign(p, ':', "between the edges of a SACK block") ||
        !parser_number(p, 0, UINT32_MAX, "the right edge", &right))
      return false;
    option->left[option->count] = (uint32_t)left;
    option->right[option->count++] = (uint32_t)right;
  }
  return option->count > 0 || parser_wanted(p, "a SACK block such as 1001:2001");
}

/* Hexadecimal, a name for what the host gives, or nothing: a request */
static bool parse_cookie(struct parser *p, struct option_spec *option)
{
  const char *text = p->token.text;
  size_t size = p->token.text_bytes, i;

  if (p->token.kind != TOKEN_WORD && p->token.kind != TOKEN_INTEGER)
    return true;
  if (strspn(text, "0123456789abcdefABCDEF") != size) {
    option->cookie_name = text;
    return parser_take(p);
  }
  if (size % 2 != 0 || size / 2 > sizeof option->cookie)
    return parser_wanted(p, "a cookie of at most 16 bytes in hexadecimal");
  for (i = 0; i < size / 2; i++) {
    const char byte[3] = {text[2 * i], text[2 * i + 1], '\0'};

    option->cookie[i] = (uint8_t)strtoul(byte, NULL, 16);
  }
  option->count = (uint8_t)(size / 2);
  return parser_take(p);
}

static bool parse_timestamps(struct parser *p, struct option_spec *option)
{
  int64_t value, echo;

  if (!parser_is_word(p, "val"))
    return parser_wanted(p, "val behind TS");
  if (!parser_take(p) || !parser_number(p, 0, UINT32_MAX, "the timestamp", &value))
    return false;
  if (!parser_is_word(p, "ecr"))
    return parser_wanted(p, "ecr behind the timestamp");
  if (!parser_take(p) || !parser_number(p, 0, UINT32_MAX, "the echoed timestamp", &echo))
    return false;
  option->value = (uint32_t)value;
  option->echo = (uint32_t)echo;
  return true;
}

static bool parse_option(struct parser *p, struct option_spec *option)
{
  static const struct named kinds[] = {
      {"eol", OPTION_END, 0},
      {"nop", OPTION_NOP, 0},
      {"mss", OPTION_MSS, 0},
      {"wscale", OPTION_WSCALE, 0},
      {"sackOK", OPTION_SACKOK, 0},
      {"sack", OPTION_SACK, 0},
      {"TS", OPTION_TS, 0},
      {"FO", OPTION_FAST_OPEN, 0},
      {"FOEXP", OPTION_EXPERIMENT, 0},
      {NULL, 0, 0},
  };
  const struct named *kind = p->token.kind == TOKEN_WORD ? find(kinds, p->token.text) : NULL;
  int64_t value;

  if (kind == NULL)
    return parser_wanted(p, "an option of TCP: eol nop mss wscale sackOK sack TS FO FOEXP");
  option->kind = kind->type;
  if (!parser_take(p))
    return false;
  switch (option->kind) {
  case OPTION_MSS:
  case OPTION_WSCALE:
    if (!parser_number(p, 0, option->kind == OPTION_MSS ? 65535 : 255, "the value of the option", &value))
      return false;
    option->value = (uint32_t)value;
    return true;
  case OPTION_SACK:
    return parse_sack(p, option);
  case OPTION_TS:
    return parse_timestamps(p, option);
  case OPTION_FAST_OPEN:
  case OPTION_EXPERIMENT:
    return parse_cookie(p, option);
  default:
    return true;
  }
}

static bool parse_options(struct parser *p, struct packet_spec *packet)
{
  if (!parser_is_sign(p, '<'))
    return true;
  if (!parser_take(p))
    return false;
  if (p->token.kind == TOKEN_ELLIPSIS) {
    if (packet->inbound)
      return parser_wanted(p, "options: <...> is for packets that are waited for");
    packet->any_options = true;
    return parser_take(p) && parser_expect_sign(p, '>', "behind the options");
  }
  for (;;) {
    if (packet->option_count == OPTIONS_MAX)
      return parser_wanted(p, "at most 40 options");
    if (!parse_option(p, &packet->options[packet->option_count++]))
      return false;
    if (!parser_is_sign(p, ','))
      return parser_expect_sign(p, '>', "behind the options");
    if (!parser_take(p))
      return false;
  }
}

/* 8080 > 40000 */
static bool parse_ports(struct parser *p, struct packet_spec *packet)
{
  int64_t src, dst;

  if (p->token.kind != TOKEN_INTEGER)
    return true;
  if (!parser_number(p, 1, 65535, "the port of the sender", &src) || !parser_expect_sign(p, '>', "between the ports") ||
      !parser_number(p, 1, 65535, "the port of the receiver", &dst))
    return false;
  packet->src_port = (uint16_t)src;
  packet->dst_port = (uint16_t)dst;
  return true;
}

/* icmp unreachable frag_needed mtu 1300 [1:1461(1460)] */
static bool parse_icmp(struct parser *p, struct packet_spec *packet)
{
  const struct named *type, *code;
  int64_t value;

  packet->proto = MSIM_PROTO_ICMP;
  type = p->token.kind == TOKEN_WORD ? find(icmp_types, p->token.text) : NULL;
  if (type == NULL)
    return parser_wanted(p, "unreachable, source_quench, redirect, time_exceeded or parameter_problem");
  packet->icmp_type = type->type;
  if (!parser_take(p))
    return false;
  if (p->token.kind == TOKEN_WORD && !parser_is_word(p, "mtu")) {
    code = find(icmp_codes, p->token.text);
    if (code == NULL || code->type != type->type)
      return parser_wanted(p, "a code of this type, such as host_unreachable");
    packet->icmp_code = code->code;
    if (!parser_take(p))
      return false;
  }
  if (parser_is_word(p, "mtu")) {
    if (!parser_take(p) || !parser_number(p, 0, 65535, "the MTU", &value))
      return false;
    packet->mtu_bytes = (uint32_t)value;
  }
  if (!parser_is_sign(p, '['))
    return true;
  if (!parser_take(p))
    return false;
  if (p->token.kind == TOKEN_WORD && !parse_flags(p, packet)) /* flags of the packet that it is about */
    return false;
  return parse_seq(p, packet) && parser_expect_sign(p, ']', "behind the packet that it is about");
}

static bool parse_numbers(struct parser *p, struct packet_spec *packet)
{
  int64_t value;

  if (parser_is_word(p, "ack")) {
    if (!parser_take(p) || !parser_number(p, 0, UINT32_MAX, "the acknowledgment number", &value))
      return false;
    packet->has_ack = true;
    packet->ack = (uint32_t)value;
  }
  if (parser_is_word(p, "win")) {
    if (!parser_take(p) || !parser_number(p, 0, 65535, "the window", &value))
      return false;
    packet->has_window = true;
    packet->window = (uint16_t)value;
  }
  if (parser_is_word(p, "urg")) {
    if (!parser_take(p) || !parser_number(p, 0, 65535, "the urgent pointer", &value))
      return false;
    packet->urgent = (uint16_t)value;
  }
  return true;
}

bool parse_packet(struct parser *p, struct packet_spec *packet)
{
  packet->inbound = parser_is_sign(p, '<');
  packet->proto = MSIM_PROTO_TCP;
  if (!parser_take(p) || !parse_ip_info(p, packet))
    return false;
  if (parser_is_word(p, "icmp"))
    return parser_take(p) && parse_icmp(p, packet);
  if (parser_is_word(p, "udp") || parser_is_word(p, "gre") || parser_is_word(p, "mpls") || parser_is_word(p, "ipv4") ||
      parser_is_word(p, "ipv6"))
    return script_fail(p->lexer.script, p->token.line, p->token.column, "%s is not known here: TCP and ICMP over IPv4",
                       p->token.text);
  if (!parse_ports(p, packet) || !parse_flags(p, packet) || !parse_seq(p, packet) || !parse_numbers(p, packet) ||
      !parse_options(p, packet))
    return false;
  if (parser_is_sign(p, '{'))
    return parser_wanted(p, "the next event: rules for fuzzing are not known here");
  return true;
}
