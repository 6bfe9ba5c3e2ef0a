/* dns_value.c: see dns_value.h. */
#include "agents/dns_value.h"

#include <mailsim/topology.h>

#include "proto/ascii.h"

#include <stdio.h>
#include <string.h>

int msim__dns_place_name(const struct msim__dns_place *place, const char *front, struct msim__dns_name *out)
{
  char text[MSIM__DNS_VALUE_TEXT_MAX];
  const char *zone = strcmp(place->text, ".") == 0 ? "" : place->text;

  if ((size_t)snprintf(text, sizeof text, "%s.%s", front, zone) >= sizeof text)
    return MSIM_ERR_LIMIT;
  return msim__dns_name_parse(out, text, strlen(text));
}

/* A name to which a record leads: in full when there is a dot in it. */
static int parse_target(const struct msim__dns_place *place, const char *text, struct msim__dns_name *out)
{
  if (strcmp(text, "@") == 0) {
    *out = *place->origin;
    return MSIM_OK;
  }
  return strchr(text, '.') != NULL ? msim__dns_name_parse(out, text, strlen(text))
                                   : msim__dns_place_name(place, text, out);
}

/* A number of 16 bits and the blanks behind it. */
static bool take_number(const char **text, uint16_t *out)
{
  uint32_t value = 0;
  const char *p = *text;

  while (*p >= '0' && *p <= '9' && value <= UINT16_MAX)
    value = value * 10 + (uint32_t)(*p++ - '0');
  if (p == *text || value > UINT16_MAX || *p != ' ')
    return false;
  while (*p == ' ')
    p++;
  *text = p;
  *out = (uint16_t)value;
  return true;
}

static size_t make_address(const struct msim_sim *sim, uint16_t type, const char *value, uint8_t *out)
{
  const enum msim_family family = type == MSIM__DNS_A ? MSIM_FAMILY_IPV4 : MSIM_FAMILY_IPV6;
  const struct msim_node *node;
  struct msim_addr addr;

  if (msim_addr_parse(&addr, value, strlen(value)) != MSIM_OK) {
    node = msim_node_find(sim, value);
    if (node == NULL)
      return 0;
    addr = msim_node_addr_of(node, family);
  }
  if (addr.family != family)
    return 0;
  return msim__dns_make_addr(out, MSIM__DNS_VALUE_BYTES, &addr);
}

size_t msim__dns_value_make(const struct msim_sim *sim, const struct msim__dns_place *place, uint16_t type,
                            const char *value, uint8_t *out)
{
  struct msim__dns_name name;
  struct msim__dns_srv srv;
  uint16_t preference;

  switch (type) {
  case MSIM__DNS_A:
  case MSIM__DNS_AAAA:
    return make_address(sim, type, value, out);
  case MSIM__DNS_TXT:
    return msim__dns_make_text(out, MSIM__DNS_VALUE_BYTES, msim__slice_text(value));
  case MSIM__DNS_MX:
    if (!take_number(&value, &preference) || parse_target(place, value, &name) != MSIM_OK)
      return 0;
    return msim__dns_make_mx(out, MSIM__DNS_VALUE_BYTES, preference, &name);
  case MSIM__DNS_SRV:
    if (!take_number(&value, &srv.priority) || !take_number(&value, &srv.weight) || !take_number(&value, &srv.port) ||
        parse_target(place, value, &srv.target) != MSIM_OK)
      return 0;
    return msim__dns_make_srv(out, MSIM__DNS_VALUE_BYTES, &srv);
  default:
    return parse_target(place, value, &name) == MSIM_OK ? msim__dns_make_name(out, MSIM__DNS_VALUE_BYTES, &name) : 0;
  }
}
