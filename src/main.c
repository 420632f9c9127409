/* The program: finds the command, runs it, prints its error, and turns its status into an exit status. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "refit/base/interrupt.h"

/* A reader that goes away must not end a run: writes to it fail instead. Commands of stages get the default back. */
static void ignore_broken_pipes(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &action, NULL);
}

/* A file opened by us must never take the place of a standard stream that the caller closed. */
static bool fill_standard_streams(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

static enum status dispatch(struct invocation *in, struct error *err)
{
    if (in->version)
        return command_version.run(in, err);
    if (in->help && in->implied)
        help_print_program();
    else if (in->help)
        help_print_command(in->command);
    else
        return in->command->run(in, err);
    return STATUS_OK;
}

static bool reader_is_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

/* What was printed must have arrived, or the exit status would lie. A reader that went away had enough. */
static enum status flush_output(struct error *err)
{
    errno = 0;
    if ((fflush(stdout) == 0 && !ferror(stdout)) || errno == EPIPE || reader_is_gone())
        return STATUS_OK;
    return error_errno(err, STATUS_IO, errno ? errno : EIO, "cannot write to standard output");
}

int main(int argc, char **argv)
{
    if (!fill_standard_streams())
        return status_exit(STATUS_IO);
    ignore_broken_pipes();
    interrupt_watch();
    struct invocation in = {0};
    struct error err;
    enum status status = invocation_parse(argc, argv, &in, &err);
    if (status == STATUS_OK)
        status = dispatch(&in, &err);
    /* An error of the command counts more than one of the output. */
    struct error late;
    enum status flushed = flush_output(&late);
    if (status == STATUS_OK && flushed != STATUS_OK) {
        status = flushed;
        err = late;
        in.exit_status = 0;
    }
    int exit_status = in.exit_status;
    if (status != STATUS_OK) {
        char text[sizeof err.file + sizeof err.message + 64];
        fprintf(stderr, "refit: %s\n", error_text(&err, text, sizeof text));
        if (exit_status == 0) /* a run may know one that counts more */
            exit_status = status_exit(status);
    }
    arena_finish(&in.arena);
    return exit_status;
}
