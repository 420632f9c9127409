/* An arena for each test: what it makes is gone when it ends. */
#ifndef REFIT_TESTS_IN_ARENA_H
#define REFIT_TESTS_IN_ARENA_H

#include "refit/base/arena.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

#endif
