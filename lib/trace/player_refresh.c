/* player_refresh.c: data that was written before in today's page: that of an old page, or that of two pages in one. */
#include <string.h>

#include "trace/player_data.h"
#include "trace/player_page.h"

static int check_built(const struct msim__player_source *source)
{
  if (msim__player_head_bytes != 0)
    return MSIM_OK;
  return msim__player_tell(source, MSIM_ERR_STATE, "the library was built without the player");
}

static int put(const struct msim_out *out, struct msim_slice s)
{
  return s.size_bytes > 0 ? out->write(out->ctx, s.data, s.size_bytes) : MSIM_OK;
}

static int put_text(const struct msim_out *out, const char *text)
{
  return out->write(out->ctx, text, strlen(text));
}

int msim_player_refresh(const struct msim_mem *mem, const struct msim_in *in, const char *name,
                        const struct msim_out *out, msim_diag_fn *fn, void *user)
{
  const struct msim__player_source source = {name, fn, user};
  struct msim__player_data data;
  struct msim__mem own;
  int err = check_built(&source);

  if (err != MSIM_OK)
    return err;
  msim__mem_init(&own, mem);
  err = msim__player_data_read(&own, in, &source, &data);
  if (err == MSIM_OK)
    err = out->write(out->ctx, msim__player_head, msim__player_head_bytes);
  if (err == MSIM_OK)
    err = put(out, data.json);
  if (err == MSIM_OK)
    err = out->write(out->ctx, msim__player_tail, msim__player_tail_bytes);
  msim__player_data_release(&own, &data);
  return err;
}

/* ---- two runs ---- */

/* Of one page: its only run without the braces, its sentences, and what files of strings added, without the brackets. */
struct part {
  struct msim__player_data data;
  struct msim_slice run, strings, translations;
};

static int take_part(const struct msim__player_source *source, struct part *part)
{
  struct msim_slice value;
  size_t count;

  if (!msim__player_member(part->data.json, "runs", &value) || (count = msim__player_inside(value, &part->run)) == 0)
    return msim__player_tell(source, MSIM_ERR_SYNTAX, "the data of the page is damaged: it has no run");
  if (count > 1)
    return msim__player_tell(source, MSIM_ERR_SYNTAX, "this page has more than one run: give pages that have one");
  if (part->run.data[0] != '{' || msim__player_inside(part->run, &part->run) == 0)
    return msim__player_tell(source, MSIM_ERR_SYNTAX, "the data of the page is damaged: its run is empty");
  if (!msim__player_member(part->data.json, "strings", &part->strings) || part->strings.data[0] != '{')
    return msim__player_tell(source, MSIM_ERR_SYNTAX, "the data of the page is damaged: it has no strings");
  if (msim__player_member(part->data.json, "translations", &value))
    (void)msim__player_inside(value, &part->translations);
  return MSIM_OK;
}

/* The first page's sentences hold for both; the second run has its own beside it, for it may be of another scene. */
static int write_pair(const struct msim_out *out, const struct part parts[2])
{
  const struct msim_slice *first = &parts[0].translations, *second = &parts[1].translations;
  int err = out->write(out->ctx, msim__player_head, msim__player_head_bytes);

  if (err == MSIM_OK)
    err = put_text(out, "{\"schema\":\"mailsim.play/1\",\"producer\":\"libmailsim " MSIM_VERSION "\",\"runs\":[{");
  if (err == MSIM_OK)
    err = put(out, parts[0].run);
  if (err == MSIM_OK)
    err = put_text(out, "},{");
  if (err == MSIM_OK)
    err = put(out, parts[1].run);
  if (err == MSIM_OK)
    err = put_text(out, ",\"strings\":");
  if (err == MSIM_OK)
    err = put(out, parts[1].strings);
  if (err == MSIM_OK)
    err = put_text(out, "}],\"strings\":");
  if (err == MSIM_OK)
    err = put(out, parts[0].strings);
  if (err == MSIM_OK && first->size_bytes + second->size_bytes > 0)
    err = put_text(out, ",\"translations\":[");
  if (err == MSIM_OK)
    err = put(out, *first);
  if (err == MSIM_OK && first->size_bytes > 0 && second->size_bytes > 0)
    err = put_text(out, ",");
  if (err == MSIM_OK)
    err = put(out, *second);
  if (err == MSIM_OK && first->size_bytes + second->size_bytes > 0)
    err = put_text(out, "]");
  if (err == MSIM_OK)
    err = put_text(out, "}");
  return err == MSIM_OK ? out->write(out->ctx, msim__player_tail, msim__player_tail_bytes) : err;
}

int msim_player_pair(const struct msim_mem *mem, const struct msim_in in[2], const char *const names[2],
                     const struct msim_out *out, msim_diag_fn *fn, void *user)
{
  struct msim__player_source source = {names[0], fn, user};
  struct part parts[2];
  struct msim__mem own;
  int err = check_built(&source), i;

  if (err != MSIM_OK)
    return err;
  msim__mem_init(&own, mem);
  memset(parts, 0, sizeof parts);
  for (i = 0; i < 2 && err == MSIM_OK; i++) {
    source.name = names[i];
    err = msim__player_data_read(&own, &in[i], &source, &parts[i].data);
    if (err == MSIM_OK)
      err = take_part(&source, &parts[i]);
  }
  if (err == MSIM_OK)
    err = write_pair(out, parts);
  for (i = 0; i < 2; i++)
    msim__player_data_release(&own, &parts[i].data);
  return err;
}
