/* Linked into the programs that are built with the thread sanitizer. Its runtime (gcc 12's at least) makes a thread's
 * table of pending signals at the first call that can block, and loses a signal that arrives meanwhile. For us that is
 * the end of a run's first command, and the run waits for ever. So make that call before there are children. */
#include <unistd.h>

__attribute__((constructor)) static void make_signal_table(void)
{
    usleep(1);
}
