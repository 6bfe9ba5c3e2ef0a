/* tcp_stray.c: segments of no connection, or of one that is no longer asked: resets, and answers to what fits nowhere.
 */
#include "tcp/tcb.h"

void msim__tcp_send_stray(struct msim_node *node, const struct msim__stray *stray)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__net *net = msim__net(sim);
  struct msim__tcp_node *row = msim__tcp_node_of(node);
  uint32_t index = msim__packet_new(&net->packets);
  struct msim__packet *packet;

  if (index == MSIM__PACKET_NONE || row == NULL) {
    if (index != MSIM__PACKET_NONE)
      msim__packet_free(&net->packets, index);
    msim__sim_fail_nomem(sim);
    return;
  }
  row->out_count++;
  if ((stray->flags & MSIM_TCP_RST) != 0)
    msim__tcp_count(node, MSIM__COUNT_out_rsts);
  packet = msim__packet_at(&net->packets, index);
  packet->proto = MSIM_PROTO_TCP;
  packet->tos = stray->tos;
  packet->src = stray->src;
  packet->dst = stray->dst;
  packet->src_port = stray->src_port;
  packet->dst_port = stray->dst_port;
  packet->seq = stray->seq;
  packet->ack = stray->ack;
  packet->flags = stray->flags;
  packet->window = stray->window;
  packet->tos = stray->tos;
  packet->bits = msim__tcp_opts_of(node)->no_pmtud ? MSIM__PACKET_MAY_FRAGMENT : 0;
  if (msim__addr_of(net, stray->dst)->family == MSIM_FAMILY_IPV6)
    packet->bits |= MSIM__PACKET_V6;
  packet->flow = stray->flow;
  if (stray->flow != NULL)
    msim__flow_ref(stray->flow);
  if (stray->side == MSIM__SIDE_SERVER)
    packet->bits |= MSIM__PACKET_SERVER_SIDE;
  if (msim__tcp_route_attach(net, packet, stray->route) != MSIM_OK ||
      (stray->has_timestamps && msim__packet_cold(&net->packets, packet) == NULL)) {
    msim__packet_free(&net->packets, index);
    msim__sim_fail_nomem(sim);
    return;
  }
  if (stray->has_timestamps) {
    msim__tcp_write_timestamps(packet->cold->options, stray->ts_value, stray->ts_echo);
    packet->cold->option_bytes = MSIM__TCP_TIMESTAMPS_BYTES;
  }
  msim__ip_send(node, index);
}
