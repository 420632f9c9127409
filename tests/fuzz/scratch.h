/* A folder for the drivers that need one. */
#ifndef REFIT_TESTS_SCRATCH_H
#define REFIT_TESTS_SCRATCH_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* A new folder where temporary files go: whoever runs the driver says where that is, and removes what a crash left. */
static inline void make_scratch(char directory[PATH_MAX])
{
    const char *place = getenv("TMPDIR");
    int len = snprintf(directory, PATH_MAX, "%s/refit-fuzz-XXXXXX", place != NULL ? place : "/tmp");
    if (len >= PATH_MAX || mkdtemp(directory) == NULL)
        abort();
}

#endif
