/*
 * Interrupts: how often this process has been asked to end (Ctrl-C, SIGTERM, a terminal that goes away).
 *
 * The one number is looked at wherever something may take long: for each block of a file, each entry of a folder, each
 * value of the store. What finds it raised gives STATUS_INTERRUPTED, and cleans up as after any error. Nothing that
 * makes work durable looks at it, so what was finished is kept.
 *
 * Work that was costly to come by (the outs of a command that has ended) is patient: it goes on after a first request,
 * until a second one, or until the grace period is over.
 */
#ifndef REFIT_BASE_INTERRUPT_H
#define REFIT_BASE_INTERRUPT_H

#include <stdbool.h>

#include "refit/base/error.h"

/* Count SIGINT, SIGTERM and SIGHUP (unless that is ignored: nohup) from now on, instead of ending. */
void interrupt_watch(void);

/* How often: 0 = not at all, 2 and more = at once. Safe on any thread. */
unsigned interrupt_count(void);

/* The grace period is over: as if asked again. */
void interrupt_hurry(void);

/* STATUS_INTERRUPTED if the process was asked to end; with `patient`, if it was asked again. */
enum status interrupt_check(bool patient, struct error *err);

/* Becomes readable with every request, for event loops; interrupt_seen() takes that back. -1 if nobody watches. */
int interrupt_fd(void);
void interrupt_seen(void);

/* Wait until a descriptor can be read from (POLLIN) or written to (POLLOUT), or STATUS_INTERRUPTED. */
enum status interrupt_wait(int fd, short events, struct error *err);

#endif
