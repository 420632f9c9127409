/* For tests: a wall clock that is wrong, jumps, and hurries (LD_PRELOAD). The file $REFIT_CLOCK has lines "SINCE
 * SECONDS RATE": from the real time SINCE on (seconds since the epoch, with a fraction), the clock is ahead by so many
 * seconds, and goes RATE times as fast. The times of files are those that a kernel with that clock would have stamped.
 * The monotonic clock goes on as it does. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* libc's own function. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The file is read each time: it may grow while the program runs. */
static void shift(struct timespec *time)
{
    const char *path = getenv("REFIT_CLOCK");
    char text[4096];
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    double now = (double)time->tv_sec + (double)time->tv_nsec / 1e9, ahead = 0;
    for (char *at = text, *end;; at = end) {
        double since = strtod(at, &end);
        if (end == at)
            break;
        double seconds = strtod(end, &end), rate = strtod(end, &end);
        if (now >= since)
            ahead = seconds + (now - since) * (rate - 1);
    }
    time_t whole = (time_t)ahead - (ahead < 0); /* not after it */
    time->tv_sec += whole;
    time->tv_nsec += (long)((ahead - (double)whole) * 1e9);
    if (time->tv_nsec >= 1000000000) {
        time->tv_sec++;
        time->tv_nsec -= 1000000000;
    }
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    int rc = REAL(clock_gettime)(id, out);
    if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        shift(out);
    return rc;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

static int shifted(int rc, struct stat *st)
{
    if (rc == 0) {
        shift(&st->st_mtim);
        shift(&st->st_ctim);
    }
    return rc;
}

int stat(const char *restrict path, struct stat *restrict out)
{
    return shifted(REAL(stat)(path, out), out);
}

int lstat(const char *restrict path, struct stat *restrict out)
{
    return shifted(REAL(lstat)(path, out), out);
}

int fstat(int fd, struct stat *out)
{
    return shifted(REAL(fstat)(fd, out), out);
}

int fstatat(int directory, const char *restrict path, struct stat *restrict out, int flags)
{
    return shifted(REAL(fstatat)(directory, path, out, flags), out);
}
