/* user_mail_keys.h: the keys of a mail that a person writes (`send` of a step), and what their values may be.
 *
 * Does not write it: see user_sending.h. */
#ifndef MSIM_AGENTS_USER_MAIL_KEYS_H
#define MSIM_AGENTS_USER_MAIL_KEYS_H

#include <mailsim/agent.h>

extern const struct msim_field msim__user_mail_fields[];  /* of struct msim__user_mail */
extern const struct msim_field msim__user_address_item[]; /* of lists of addresses, with ranges */

/* NULL, or what is expected instead. */
const char *msim__user_check_address(const char *text);
const char *msim__user_check_name(const char *text);

#endif
