/* Counting the signals that ask the process to end. */
#include "refit/base/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_uint requests;
static atomic_int event_fd = -1;

static void on_signal(int number)
{
    int before = errno;
    uint64_t one = 1;
    (void)number;
    atomic_fetch_add(&requests, 1);
    if (write(atomic_load(&event_fd), &one, sizeof one) < 0) {
        /* Nobody waits on it, or it is readable already. */
    }
    errno = before;
}

void interrupt_watch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    atomic_store(&event_fd, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        /* Calls that wait are not cut short: where that matters, interrupt_wait() is called before. */
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
        if (numbers[i] != SIGHUP || sigaction(SIGHUP, NULL, &before) != 0 || before.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
    }
}

unsigned interrupt_count(void)
{
    return atomic_load_explicit(&requests, memory_order_relaxed);
}

void interrupt_hurry(void)
{
    atomic_fetch_add(&requests, 1);
}

enum status interrupt_check(bool patient, struct error *err)
{
    return interrupt_count() > (unsigned)patient ? error_set(err, STATUS_INTERRUPTED, "interrupted") : STATUS_OK;
}

int interrupt_fd(void)
{
    return atomic_load(&event_fd);
}

void interrupt_seen(void)
{
    uint64_t count;
    if (read(interrupt_fd(), &count, sizeof count) < 0) {
        /* Taken back already. */
    }
}

enum status interrupt_wait(int fd, short events, struct error *err)
{
    struct pollfd waits[] = {{.fd = fd, .events = events}, {.fd = interrupt_fd(), .events = POLLIN}};
    enum status status = interrupt_check(false, err);
    while (status == STATUS_OK && poll(waits, 2, -1) < 0 && errno == EINTR)
        status = interrupt_check(false, err);
    return status == STATUS_OK ? interrupt_check(false, err) : status;
}
