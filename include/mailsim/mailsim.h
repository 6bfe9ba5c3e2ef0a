/* mailsim.h: everything. */
#ifndef MAILSIM_MAILSIM_H
#define MAILSIM_MAILSIM_H

#include <mailsim/agent.h>
#include <mailsim/base.h>
#include <mailsim/cc.h>
#include <mailsim/check.h>
#include <mailsim/disk.h>
#include <mailsim/explore.h>
#include <mailsim/fault.h>
#include <mailsim/host.h>
#include <mailsim/mail.h>
#include <mailsim/mailbox.h>
#include <mailsim/nat.h>
#include <mailsim/packet.h>
#include <mailsim/player.h>
#include <mailsim/port.h>
#include <mailsim/rule.h>
#include <mailsim/sim.h>
#include <mailsim/socket.h>
#include <mailsim/stream.h>
#include <mailsim/topology.h>
#include <mailsim/trace.h>

#endif
