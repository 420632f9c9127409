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

/* A command that is nothing but the name of a program and its arguments, in letters, digits and _-./+,:@%= and without
 * anything that a shell would do or expand. False otherwise; then there is nothing to finish. */
struct words {
    struct buf text;
    char **items; /* malloc'd; NULL at the end */
    size_t count;
};
bool words_split(struct str command, struct words *out);
void words_finish(struct words *words);

/*
 * Start one command in its own process group, all signals at their defaults: in a shell of its own, or, as make does
 * it, without one where /bin/sh is asked to start a program and nothing else. What cannot be started so is left to the
 * shell, which says why. False, with a sentence in `message`, if the shell cannot be started.
 *
 * Not uv_spawn(): that forks, which copies the page tables of the whole program for each command (5 ms with 100 MB
 * resident, against 0.8 ms), and reaps children without their resource usage.
 */
bool spawn_command(const struct execution_options *options, struct str command, bool own_session, pid_t *pid,
                   struct buf *message);

#endif
