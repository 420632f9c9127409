/* Interrupts: counted, seen by whoever waits, and patience for one of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "refit/base/interrupt.h"

static void test_counting(void **state)
{
    (void)state;
    struct error err;
    struct pollfd waits = {.fd = interrupt_fd(), .events = POLLIN};
    assert_int_equal(interrupt_check(false, &err), STATUS_OK);
    assert_int_equal(poll(&waits, 1, 0), 0);
    raise(SIGTERM);
    assert_int_equal(interrupt_count(), 1);
    assert_int_equal(poll(&waits, 1, 0), 1);
    interrupt_seen();
    interrupt_seen();
    assert_int_equal(poll(&waits, 1, 0), 0);
    assert_int_equal(interrupt_check(false, &err), STATUS_INTERRUPTED);
    assert_int_equal(status_exit(err.status), 130);
    assert_int_equal(interrupt_check(true, &err), STATUS_OK);
    interrupt_hurry();
    assert_int_equal(interrupt_check(true, &err), STATUS_INTERRUPTED);
    raise(SIGINT);
    raise(SIGHUP); /* ignored, as under nohup */
    assert_int_equal(interrupt_count(), 3);
}

static void test_waiting(void **state)
{
    (void)state;
    struct error err;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    /* It was asked to end already: nobody waits for what never comes. */
    assert_int_equal(interrupt_wait(ends[0], POLLIN, &err), STATUS_INTERRUPTED);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counting), cmocka_unit_test(test_waiting)};
    signal(SIGHUP, SIG_IGN);
    interrupt_watch();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
