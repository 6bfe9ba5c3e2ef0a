/* play_text.c: texts that stand once in the data of the player, by number. Does not write them. */
#include "trace/play.h"

#include <string.h>

void msim__play_texts_init(struct msim__play_texts *texts, struct msim__mem *mem)
{
  msim__arena_init(&texts->arena, mem);
  msim__names_init(&texts->names, mem);
  texts->held_bytes = 0;
}

void msim__play_texts_release(struct msim__play_texts *texts)
{
  if (texts->arena.mem == NULL)
    return;
  msim__names_release(&texts->names);
  msim__arena_release(&texts->arena);
  texts->arena.mem = NULL;
}

/* Two texts that were cut may begin alike and be different: then the first one stands for both, with its own length. */
int msim__play_texts_put(struct msim__play_texts *texts, const char *data, size_t size_bytes, uint32_t cut_bytes,
                         uint32_t *index, bool *is_new)
{
  struct msim__play_text *text = msim__names_find(&texts->names, data, size_bytes);
  int err;

  if (is_new != NULL)
    *is_new = text == NULL;
  if (text == NULL) {
    char *copy = msim__arena_text(&texts->arena, data, size_bytes);

    text = msim__arena_alloc(&texts->arena, sizeof *text);
    if (copy == NULL || text == NULL)
      return MSIM_ERR_NOMEM;
    text->index = (uint32_t)texts->names.count;
    text->cut_bytes = cut_bytes;
    text->size_bytes = size_bytes;
    text->data = copy;
    err = msim__names_add(&texts->names, copy, size_bytes, text);
    if (err != MSIM_OK)
      return err;
    texts->held_bytes += size_bytes;
  }
  *index = text->index;
  return MSIM_OK;
}

const struct msim__play_text *msim__play_texts_at(const struct msim__play_texts *texts, size_t index)
{
  return texts->names.rows[index].object;
}

int msim__play_host(struct msim__play *play, const char *name, uint32_t *out)
{
  *out = MSIM__PLAY_NONE;
  return name != NULL ? msim__play_texts_put(&play->hosts, name, strlen(name), 0, out, NULL) : MSIM_OK;
}

int msim__play_word(struct msim__play *play, const char *text, uint32_t *out)
{
  *out = MSIM__PLAY_NONE;
  return text != NULL ? msim__play_texts_put(&play->words, text, strlen(text), 0, out, NULL) : MSIM_OK;
}
