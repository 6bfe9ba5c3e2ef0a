/* words.c: see words.h. */
#include "check/words.h"

#include <string.h>

void msim__words_init(struct msim__words *words, struct msim__mem *mem)
{
  msim__arena_init(&words->arena, mem);
  msim__names_init(&words->names, mem);
}

void msim__words_release(struct msim__words *words)
{
  msim__names_release(&words->names);
  msim__arena_release(&words->arena);
}

const char *msim__words_get(struct msim__words *words, const char *text, size_t size_bytes)
{
  char *copy = msim__names_find(&words->names, text, size_bytes);

  if (copy != NULL)
    return copy;
  copy = msim__arena_text(&words->arena, text, size_bytes);
  if (copy == NULL || msim__names_add(&words->names, copy, size_bytes, copy) != MSIM_OK)
    return NULL;
  return copy;
}

const char *msim__words_text(struct msim__words *words, const char *text)
{
  return msim__words_get(words, text, strlen(text));
}
