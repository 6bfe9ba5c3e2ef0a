/* nat_fixed.c: forwarded ports, and the address outside on which they stand: one that was told, else whichever the
 * router has just now, for a lease may bring another one. */
#include "net/nat.h"

static struct msim__net *net_of(const struct msim__nat *nat)
{
  return msim__net(msim__node_sim(nat->node));
}

static uint32_t address_for_forwards(const struct msim__nat *nat)
{
  const struct msim_attachment *a;

  if (nat->outside_id != 0)
    return nat->outside_id;
  if (nat->own_id != 0)
    return nat->own_id;
  for (a = msim_attachment_first(nat->node); a != NULL; a = a->next) {
    if (a->network->realm != nat->realm && a->addr_id != 0)
      return a->addr_id;
  }
  return 0;
}

int msim__nat_enter_forwards(struct msim__nat *nat)
{
  size_t i;
  int err = MSIM_OK;

  nat->forward_id = address_for_forwards(nat);
  for (i = 0; i < nat->forward_count && nat->forward_id != 0 && err == MSIM_OK; i++) {
    const struct msim__nat_forward *f = &nat->forwards[i];
    struct msim__nat_end inside = {msim__addr_intern_in(net_of(nat), nat->realm, &f->inside), f->inside_port};
    struct msim__nat_end outside = {nat->forward_id, f->outside_port};
    struct msim__nat_mapping *m =
        inside.addr == 0 ? NULL : msim__nat_map_to(&nat->table, f->proto, inside, outside, &err);

    if (inside.addr == 0)
      err = MSIM_ERR_NOMEM;
    if (m != NULL)
      m->is_lasting = true;
  }
  return err;
}

/* By a second way out others may have got those ports meanwhile: they make room. */
static void make_room(struct msim__nat *nat)
{
  size_t i;

  for (i = 0; i < nat->forward_count; i++) {
    struct msim__nat_end outside = {address_for_forwards(nat), nat->forwards[i].outside_port};
    struct msim__nat_mapping *m = msim__nat_find_outside(&nat->table, nat->forwards[i].proto, outside);

    if (m != NULL)
      msim__nat_unmap(&nat->table, m);
  }
}

void msim__nat_readdress(struct msim_node *node)
{
  struct msim__nat *nat = msim__nat_of(node);
  struct msim__nat_mapping *m, *next;

  if (nat->forward_count == 0 || address_for_forwards(nat) == nat->forward_id)
    return;
  for (m = nat->table.oldest_mapping; m != NULL; m = next) {
    next = m->newer;
    if (m->is_lasting)
      msim__nat_unmap(&nat->table, m); /* its peers have to learn where it is now */
  }
  make_room(nat);
  if (msim__nat_enter_forwards(nat) != MSIM_OK) {
    msim__sim_fail_nomem(msim__node_sim(node));
    return;
  }
  for (m = nat->table.oldest_mapping; m != NULL; m = m->newer) {
    if (m->is_lasting)
      msim__nat_tell(nat, m, "nat.mapped");
  }
}
