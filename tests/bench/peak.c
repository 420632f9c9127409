/*
 * peak COMMAND...: run it with its output thrown away, and print the most memory that it had resident, in bytes.
 *
 * A process starts with the peak of the program that it was forked from, so that has to be a small one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void become(char **words)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0)
        execvp(words[0], words);
    fprintf(stderr, "peak: cannot run %s: %s\n", words[0], strerror(errno));
    _exit(127);
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status;
    if (argc < 2) {
        fprintf(stderr, "usage: peak COMMAND...\n");
        return 2;
    }
    pid_t pid = fork();
    if (pid == 0)
        become(argv + 1);
    if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
        fprintf(stderr, "peak: %s\n", strerror(errno));
        return 2;
    }
    printf("%lld\n", (long long)usage.ru_maxrss * 1024);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
