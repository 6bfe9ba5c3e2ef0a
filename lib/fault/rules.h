/* rules.h: rules in C about single packets, inside the library; see <mailsim/rule.h>. */
#ifndef MSIM_FAULT_RULES_H
#define MSIM_FAULT_RULES_H

#include <mailsim/rule.h>

/* Makes the room; called once by msim_sim_new, behind msim__faults_create: faults are asked first. MSIM_ERR_NOMEM. */
int msim__rules_create(struct msim_sim *sim);

#endif
