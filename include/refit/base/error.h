/*
 * Statuses and errors.
 *
 * Every function that can fail returns `enum status` and takes `struct error *err` as its last argument. The error is
 * set once, where the fault is found, and is left untouched on success. Callers pass it up; a caller adds a noun with
 * error_wrap() only where the callee could not know it. Only main() prints.
 *
 * A stage whose command fails is data (a state in the run's result), never an error.
 */
#ifndef REFIT_BASE_ERROR_H
#define REFIT_BASE_ERROR_H

#include <stdbool.h>
#include <stdarg.h>
#include <stdint.h>

/* name, exit status of the program, meaning */
#define STATUS_TABLE(X)                                               \
    X(OK, 0, "success")                                               \
    X(FAILED, 1, "a stage failed")                                    \
    X(USAGE, 2, "the command line is wrong")                          \
    X(MANIFEST, 2, "the manifest, a parameter file or configuration is wrong") \
    X(NOT_FOUND, 2, "what was asked for does not exist")              \
    X(IO, 5, "the operating system refused a file operation")         \
    X(STORE, 5, "the store or the workspace state cannot be used")    \
    X(CORRUPT, 5, "bytes read back do not match their digest")        \
    X(LOCKED, 5, "another run holds this workspace")                  \
    X(COLLECTED, 5, "gc took away what had just been relied upon")    \
    X(NETWORK, 5, "what is elsewhere could not be had")               \
    X(INTERRUPTED, 130, "the user interrupted")

enum status {
#define X(name, exit_status, meaning) STATUS_##name,
    STATUS_TABLE(X)
#undef X
};

struct error {
    enum status status;
    uint32_t line, column; /* 1-based; 0 = no position, or no column */
    char file[512];        /* "" = no file */
    char message[2048];    /* one line: what, and what to do */
};

/* The exit status of the program for a status. */
int status_exit(enum status status);

/* Where several exit statuses apply, the first of 130, 5, 2, 1, 4, 3 counts. */
bool exit_is_worse(int one, int other);

/* Set an error without a position. Returns `status`, so that a caller can write `return error_set(...)`. */
enum status error_set(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Set an error at a place in a file that the user wrote. */
enum status error_at(struct error *err, enum status status, const char *file, uint32_t line, uint32_t column,
                     const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Set an error from errno: the formatted text, then ": " and strerror(errnum). */
enum status error_errno(struct error *err, enum status status, int errnum, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Put the formatted text and ": " before the message. Returns the error's status. */
enum status error_wrap(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Write "FILE:LINE:COLUMN: message" into `out` (always terminated), control bytes escaped. Returns `out`. */
const char *error_text(const struct error *err, char *out, unsigned size);

#endif
