/*
 * chunks STORE COPY FILE...: how this build's sizes of chunks and transactions do.
 *
 * Puts each file in turn into the store, which is made if it is not there, and gets the first one back into COPY.
 * Prints one JSON object: the sizes that it was built with, what each put and the get took, and what the store had
 * after each put.
 * The sizes are constants of the store, so there is one program for each choice (configure.py); chunks.py runs them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "refit/store.h"
#include "store/store.h"

#define COMPRESSION 3 /* as in the configuration's default */

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int fail(const struct error *err)
{
    char text[sizeof err->file + sizeof err->message];
    fprintf(stderr, "chunks: %s\n", error_text(err, text, sizeof text));
    return 1;
}

/* Open, put, flush and close: what a run with one large out costs. */
static enum status put(const char *directory, const char *path, struct digest *digest, struct store_stats *stats,
                       double *seconds, struct error *err)
{
    const struct store_options options = {.compression = COMPRESSION};
    struct store *store = NULL;
    uint64_t size;
    double start_s = now_s();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot open %s", path);
    enum status status = store_open(directory, &options, &store, err);
    if (status == STATUS_OK)
        status = store_put_fd(store, fd, path, digest, &size, NULL, NULL, err);
    if (status == STATUS_OK)
        status = store_flush(store, err);
    *seconds = now_s() - start_s;
    if (status == STATUS_OK)
        status = store_get_stats(store, stats, err);
    store_close(store);
    close(fd);
    return status;
}

static enum status get(const char *directory, struct digest digest, const char *path, double *seconds,
                       struct error *err)
{
    const struct store_options options = {.read_only = true};
    struct store *store = NULL;
    double start_s = now_s();
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot make %s", path);
    enum status status = store_open(directory, &options, &store, err);
    if (status == STATUS_OK)
        status = store_get_fd(store, digest, fd, path, NULL, NULL, err);
    *seconds = now_s() - start_s;
    store_close(store);
    if (close(fd) != 0 && status == STATUS_OK)
        status = error_errno(err, STATUS_IO, errno, "cannot write %s", path);
    return status;
}

int main(int argc, char **argv)
{
    struct error err;
    struct digest first = {0}, digest;
    double seconds = 0;
    if (argc < 4) {
        fprintf(stderr, "usage: chunks STORE COPY FILE...\n");
        return 2;
    }
    printf("{\"min\": %u, \"average\": %u, \"max\": %u, \"batch\": %u, ", CHUNK_MIN, CHUNK_AVERAGE, CHUNK_MAX,
           BATCH_BYTES_MAX);
    printf("\"puts\": [");
    for (int i = 3; i < argc; i++) {
        struct store_stats stats;
        if (put(argv[1], argv[i], &digest, &stats, &seconds, &err) != STATUS_OK)
            return fail(&err);
        if (i == 3)
            first = digest;
        printf("%s{\"seconds\": %.6f, \"chunks\": %llu, \"chunk_bytes\": %llu, \"compressed_bytes\": %llu, "
               "\"kept_bytes\": %llu}", i == 3 ? "" : ", ", seconds, (unsigned long long)stats.chunks,
               (unsigned long long)stats.chunk_bytes, (unsigned long long)stats.compressed_bytes,
               (unsigned long long)(stats.file_bytes - stats.free_bytes));
    }
    if (get(argv[1], first, argv[2], &seconds, &err) != STATUS_OK)
        return fail(&err);
    printf("], \"get_seconds\": %.6f}\n", seconds);
    return 0;
}
