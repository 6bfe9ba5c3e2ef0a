/* schema.h: what the parts of the schema share: the writer, and the pieces that schema_fields.c writes. */
#ifndef MSIM_TOPOLOGY_SCHEMA_H
#define MSIM_TOPOLOGY_SCHEMA_H

#include "text/json_out.h"

#include <mailsim/agent.h>

struct msim__schema {
  struct msim_sim *sim;
  struct msim__buf out;
  struct msim__json_out json;
  struct msim__buf words; /* of one description */
  int err;                /* of words and defaults: MSIM_ERR_NOMEM, MSIM_ERR_LIMIT */
};

void msim__schema_put_ref(struct msim__schema *w, const char *definition);
void msim__schema_put_ref_object(struct msim__schema *w, const char *definition);
void msim__schema_begin(struct msim__schema *w, const char *key);
void msim__schema_begin_list(struct msim__schema *w, const char *key);
void msim__schema_put_word(struct msim__schema *w, const char *word);
void msim__schema_put_array(struct msim__schema *w, const char *item, uint64_t count_max);
void msim__schema_put_count(struct msim__schema *w, uint64_t min, uint64_t max);
/* fallback: text as in YAML, or NULL. */
void msim__schema_put_default(struct msim__schema *w, const char *fallback);
/* A map with these keys and no others; depth counts tables inside each other. */
void msim__schema_put_closed_map(struct msim__schema *w, const struct msim_field *fields, unsigned depth);
void msim__schema_put_agent_map(struct msim__schema *w,
                                const struct msim_field *fields); /* with what all agents take */
void msim__schema_put_fields(struct msim__schema *w, const struct msim_field *fields, unsigned depth);

#endif
