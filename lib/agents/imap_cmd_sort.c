/* imap_cmd_sort.c: which messages are like that, in which order (RFC 5256 BASE.6.4.SORT, RFC 5267 3.1, RFC 5957). See
 * imap_cmd.h. */
#include "agents/imap_ordering.h"

static void put_list(struct msim__imap_session *session, const struct msim__imap_searching *s)
{
  size_t i;

  msim__buf_append_text(&session->out, "* SORT");
  for (i = 0; i < s->count; i++)
    msim__buf_printf(&session->out, " %lu", (unsigned long)msim__imap_number_of(session, s->rows[i]));
  msim__imap_put_found_modseq(session, s);
  msim__buf_append_text(&session->out, "\r\n");
}

/* The rows are put into the order of their messages. */
static int put_in_order(struct msim__imap_session *session, struct msim__imap_searching *s,
                        const struct msim__imap_order *order, const struct msim__imap_sort *keys)
{
  struct msim__mem *mem = &session->server->base.mem;
  size_t count = s->count, i;
  uint32_t *places = count > 0 ? msim__alloc(mem, 2 * count * sizeof *places) : NULL;

  if (count == 0)
    return MSIM_OK;
  if (places == NULL)
    return MSIM_ERR_NOMEM;
  msim__imap_order_sort(order, keys, places, places + count);
  for (i = 0; i < count; i++)
    places[i] = s->rows[places[i]];
  memcpy(s->rows, places, count * sizeof *places);
  msim__free(mem, places, 2 * count * sizeof *places);
  return MSIM_OK;
}

static bool take_keys(struct msim__imap_session *session, struct msim__imap_searching *s, struct msim__imap_sort *keys)
{
  unsigned display = 1u << MSIM__IMAP_SORT_DISPLAYFROM | 1u << MSIM__IMAP_SORT_DISPLAYTO;

  return msim__imap_take_returns(session, s, "ESORT") && msim__imap_take_sort(&session->cursor, keys) == MSIM_OK &&
         ((keys->kinds & display) == 0 || msim__imap_offers(session, "SORT=DISPLAY"));
}

static void run(struct msim__imap_session *session)
{
  struct msim__imap_searching s;
  struct msim__imap_order order;
  struct msim__imap_sort keys;
  int err;

  memset(&s, 0, sizeof s);
  if (!take_keys(session, &s, &keys)) {
    msim__imap_bad(session, "Criteria in parentheses, a character set and keys are needed");
    return;
  }
  msim__imap_order_init(&order, &session->server->base.mem, keys.kinds);
  if (msim__imap_find_ordering(session, &s, &order)) {
    err = put_in_order(session, &s, &order, &keys);
    if (err == MSIM_OK && s.extended)
      msim__imap_put_esearch(session, &s);
    else if (err == MSIM_OK)
      put_list(session, &s);
    if ((s.wanted & MSIM__IMAP_RETURN_SAVE) != 0)
      msim__imap_save_found(session, &s, err == MSIM_OK);
    if (err == MSIM_OK)
      msim__imap_ok(session, NULL, "Sorted");
    else
      msim__imap_failed(session, err);
  }
  msim__imap_order_release(&order);
  msim__imap_searching_release(session, &s);
}

extern const struct msim__imap_cmd msim__imap_cmd_sort;
const struct msim__imap_cmd msim__imap_cmd_sort = {
    .name = "SORT",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .uid = MSIM__IMAP_UID_TOO,
    .keeps_numbers = true,
    .has_arguments = true,
    .capability = "SORT",
    .run = run,
};
