/* Private to the executor. */
#ifndef REFIT_EXECUTE_PRIVATE_H
#define REFIT_EXECUTE_PRIVATE_H

#include <sys/types.h>

#include "refit/execute.h"

/*
 * No terminal may stop a command, or be asked by it for a password. In a session of its own it has none; but Linux
 * schedules each session as a whole (sched_autogroup), and a new one for each command puts it behind everything else
 * that a busy machine does. So the program leaves its terminal, and its commands inherit none. It is still interrupted
 * from there, which is a matter of process groups. False if it cannot leave, as the leader of its session.
 */
bool spawn_leave_terminal(void);

/*
 * Start one command in its own shell and process group, all signals at their defaults. False, with a sentence in
 * `message`, if that cannot be done.
 *
 * Not uv_spawn(): that forks, which copies the page tables of the whole program for each command (5 ms with 100 MB
 * resident, against 0.8 ms), and reaps children without their resource usage.
 */
bool spawn_shell(const struct execution_options *options, struct str command, bool own_session, pid_t *pid,
                 struct buf *message);

#endif
