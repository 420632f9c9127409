/* Private to the executor. */
#ifndef REFIT_EXECUTE_PRIVATE_H
#define REFIT_EXECUTE_PRIVATE_H

#include <sys/types.h>

#include "refit/execute.h"

/*
 * Start one command in its own shell, session and process group, all signals at their defaults. False, with a sentence
 * in `message`, if that cannot be done.
 *
 * Not uv_spawn(): that forks, which copies the page tables of the whole program for each command (5 ms with 100 MB
 * resident, against 0.8 ms), and reaps children without their resource usage.
 */
bool spawn_shell(const struct execution_options *options, struct str command, pid_t *pid, struct buf *message);

#endif
