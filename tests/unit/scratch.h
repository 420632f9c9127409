/* Where the unit tests put what they make: in TMPDIR, as everybody does. */
#ifndef REFIT_TESTS_SCRATCH_H
#define REFIT_TESTS_SCRATCH_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { SCRATCH_SIZE = 512 };

/* A template for mkdtemp() and mkstemp(). Returns `out`. */
static inline char *scratch_name(char out[SCRATCH_SIZE], const char *word)
{
    const char *folder = getenv("TMPDIR");
    int len = snprintf(out, SCRATCH_SIZE, "%s/refit-%s-XXXXXX", folder && folder[0] ? folder : "/tmp", word);
    assert(len < SCRATCH_SIZE);
    (void)len;
    return out;
}

#endif
