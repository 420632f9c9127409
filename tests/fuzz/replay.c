/* Replays a corpus through a fuzz driver, for the ordinary tests: no fuzzing engine is needed.
 *
 * Each input is placed so that its last byte is the last of a page and the next page cannot be touched: a parser that
 * reads past the end crashes at once, with or without a sanitizer. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void die(const char *what, const char *path)
{
    fprintf(stderr, "replay: %s %s: %s\n", what, path, strerror(errno));
    exit(2);
}

static void read_all(int fd, uint8_t *into, size_t size, const char *path)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(fd, into + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            die("cannot read", path);
        if (got == 0) {
            fprintf(stderr, "replay: %s became shorter while it was read\n", path);
            exit(2);
        }
        done += (size_t)got;
    }
}

static void replay_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        die("cannot open", path);
    size_t size = (size_t)st.st_size, page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = (size + page - 1) / page * page;
    uint8_t *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + room, page, PROT_NONE) != 0)
        die("no memory for", path);
    read_all(fd, map + room - size, size, path);
    close(fd);
    /* Named before it runs, so that a crash says which input it was. */
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(map + room - size, size);
    munmap(map, room + page);
}

static size_t replay(const char *path);

static size_t replay_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        die("cannot list", path);
    size_t inputs = 0;
    for (int i = 0; i < count; i++) {
        char name[4096];
        int len = snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (len < 0 || (size_t)len >= sizeof name) {
            fprintf(stderr, "replay: %s: a path is too long\n", path);
            exit(2);
        }
        if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0)
            inputs += replay(name);
        free(entries[i]);
    }
    free(entries);
    return inputs;
}

static size_t replay(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        die("cannot find", path);
    if (S_ISDIR(st.st_mode))
        return replay_folder(path);
    replay_file(path);
    return 1;
}

int main(int argc, char **argv)
{
    size_t inputs = 0;
    for (int i = 1; i < argc; i++)
        inputs += replay(argv[i]);
    if (inputs == 0) {
        fprintf(stderr, "replay: no inputs; name files or folders\n");
        return 2;
    }
    printf("%zu inputs\n", inputs);
    return 0;
}
