/* resolver_tell.c: what can be seen of name look-ups: the events dns.answer and dns.failed of name servers,
 * hosts.answer and hosts.failed of the host table. */
#include "agents/resolver.h"

#include "agents/dns_marks.h"

uint16_t msim__question_wire_type(enum msim_name_type type)
{
  switch (type) {
  case MSIM_NAME_MX:
    return MSIM__DNS_MX;
  case MSIM_NAME_AAAA:
    return MSIM__DNS_AAAA;
  case MSIM_NAME_PTR:
    return MSIM__DNS_PTR;
  case MSIM_NAME_TXT:
    return MSIM__DNS_TXT;
  default:
    return MSIM__DNS_A;
  }
}

void msim__question_tell_answer(struct msim__question *q, const struct msim_answer *first)
{
  char address[MSIM_ADDR_TEXT_BYTES], type[16], server[MSIM_ADDR_TEXT_BYTES];
  struct msim_value values[6];
  size_t n = 0;

  values[n++] = msim_value_text("name", q->name);
  values[n++] = msim_value_text("type", msim__dns_type_format(msim__question_wire_type(q->type), type));
  if (q->type == MSIM_NAME_ADDRESS || q->type == MSIM_NAME_AAAA) {
    (void)msim_addr_format(&first->addr, address);
    values[n++] = msim_value_text("address", address);
  } else {
    values[n++] = msim_value_text("data", first->name);
    if (q->type == MSIM_NAME_MX)
      values[n++] = msim_value_int("preference", first->preference);
  }
  if (q->stub != NULL) {
    values[n++] = msim_value_int("ttl", (int64_t)first->ttl_s);
    (void)msim_addr_format(&q->exchange.server, server);
    values[n++] = msim_value_text("server", server);
  }
  msim_agent_event(q->agent, q->stub != NULL ? "dns.answer" : "hosts.answer", values, n);
}

void msim__question_tell_failure(struct msim__question *q)
{
  char type[16];
  struct msim_value values[4];

  values[0] = msim_value_text("name", q->name);
  values[1] = msim_value_text("type", msim__dns_type_format(msim__question_wire_type(q->type), type));
  values[2] = msim_value_text("reason", q->reason);
  values[3] = msim_value_bool("permanent", q->err == MSIM_ERR_NOT_FOUND);
  msim_agent_event(q->agent, q->stub != NULL ? "dns.failed" : "hosts.failed", values, 4);
}
