/* smtp_rules_fields.h: the text forms in the keys of a mail server's rules. */
#ifndef MSIM_AGENTS_SMTP_RULES_FIELDS_H
#define MSIM_AGENTS_SMTP_RULES_FIELDS_H

#include <mailsim/base.h>

/* "20/min", "3/10s": so many in so much time. false: it is none. */
bool msim__smtp_rate_parse(const char *text, uint64_t *count, msim_ns *time_ns);

#endif
