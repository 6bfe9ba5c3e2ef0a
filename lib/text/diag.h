/* diag.h: putting together a finding about an input: place and sentence.
 *
 * Does not collect or print findings: they go to the caller's msim_diag_fn. */
#ifndef MSIM_TEXT_DIAG_H
#define MSIM_TEXT_DIAG_H

#include <mailsim/base.h>

#include <stdarg.h>

/* Fills diag; file is borrowed. Text that is too long is cut between characters and ends in "...". */
void msim__diag_set(struct msim_diag *diag, const char *file, unsigned line, unsigned column, const char *format, ...)
    MSIM_PRINTF(5, 6);
void msim__diag_set_args(struct msim_diag *diag, const char *file, unsigned line, unsigned column, const char *format,
                         va_list args) MSIM_PRINTF(5, 0);

#endif
