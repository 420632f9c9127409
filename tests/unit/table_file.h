/* The one file of a group of tests that read tables. */
#ifndef REFIT_TESTS_TABLE_FILE_H
#define REFIT_TESTS_TABLE_FILE_H

#include <unistd.h>

#include "scratch.h"

static char path[SCRATCH_SIZE];

static void put_file(const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(scratch_name(path, "table"));
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

#endif
