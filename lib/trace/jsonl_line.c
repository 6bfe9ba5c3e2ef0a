/* jsonl_line.c: see jsonl_line.h. */
#include "trace/jsonl_line.h"

#include <mailsim/network.h>

#define PUT MSIM__JSONL_PUT

char *msim__jsonl_conn(struct msim__jsonl *jsonl, char *p, const struct msim_flow *flow)
{
  char name[MSIM_FLOW_TEXT_BYTES];
  const struct msim__flow_text *kept;
  struct msim_slice text;

  if (flow == NULL)
    return p;
  kept = msim__flow_text(&jsonl->flows, flow);
  if (kept != NULL && kept->is_plain) {
    p = msim__flow_text_copy(PUT(p, ",\"conn\":\""), kept);
    *p = '"';
    return p + 1;
  }
  text.data = (const uint8_t *)name;
  text.size_bytes = (size_t)(msim__put_flow(name, flow) - name);
  return msim__jsonl_bytes(jsonl, PUT(p, ",\"conn\":"), text);
}

char *msim__jsonl_endpoint(char *p, const struct msim_addr *addr, uint16_t port, bool has_port)
{
  *p = '"';
  p = msim__put_endpoint(p + 1, addr, port, has_port);
  *p = '"';
  return p + 1;
}

char *msim__jsonl_macs(char *p, const uint8_t from[6], const uint8_t to[6])
{
  struct msim_mac mac;

  *p++ = '"';
  memcpy(mac.bytes, from, 6);
  p += msim_mac_format(&mac, p);
  *p++ = '>';
  memcpy(mac.bytes, to, 6);
  p += msim_mac_format(&mac, p);
  *p++ = '"';
  return p;
}

static char *put_list(struct msim__jsonl *jsonl, char *p, const struct msim_value *value)
{
  size_t i;

  *p++ = '[';
  for (i = 0; i < value->u.list.count; i++) {
    if (i > 0)
      *p++ = ',';
    msim__jsonl_took(jsonl, p);
    p = msim__jsonl_text(jsonl, msim__jsonl_place(jsonl), value->u.list.items[i]);
  }
  *p = ']';
  return p + 1;
}

static char *put_value(struct msim__jsonl *jsonl, char *p, const struct msim_value *value)
{
  switch (value->kind) {
  case MSIM_VALUE_TEXT:
    return msim__jsonl_text(jsonl, p, value->u.text != NULL ? value->u.text : "");
  case MSIM_VALUE_INT:
    return p + msim__decimal_int(value->u.integer, p);
  case MSIM_VALUE_BOOL:
    return value->u.truth ? PUT(p, "true") : PUT(p, "false");
  case MSIM_VALUE_LIST:
    return put_list(jsonl, p, value);
  }
  return p;
}

char *msim__jsonl_values(struct msim__jsonl *jsonl, char *p, const struct msim_value *values, size_t count)
{
  char separator = '{';
  size_t i, k;

  if (count == 0)
    return p;
  p = PUT(p, ",\"values\":");
  for (i = 0; i < count; i++) {
    for (k = 0; k < i && strcmp(values[k].name, values[i].name) != 0;)
      k++;
    if (k < i)
      continue; /* a name stands once in an object: the first value holds */
    *p++ = separator;
    separator = ',';
    msim__jsonl_took(jsonl, p);
    p = msim__jsonl_text(jsonl, msim__jsonl_place(jsonl), values[i].name);
    *p++ = ':';
    p = put_value(jsonl, p, &values[i]);
  }
  *p++ = '}';
  msim__jsonl_took(jsonl, p);
  return msim__jsonl_place(jsonl);
}
