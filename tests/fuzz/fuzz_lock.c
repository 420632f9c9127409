/* refit.lock from hostile bytes: what is accepted is written in a form that reads back as the same, and is written the
 * same again; its outs stay inside the project. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"
#include "refit/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_outs(struct arena *arena, const struct lock *lock)
{
    for (uint32_t i = 0; i < lock->stage_count; i++)
        for (uint32_t j = 0; j < lock->stages[i].out_count; j++) {
            struct str path = lock->stages[i].outs[j].path, made;
            struct error err;
            if (path_make(arena, STR("/r"), STR("."), path, &made, &err) != STATUS_OK || !str_equal(path, made) ||
                !path_is_inside(path) || str_is(path, "."))
                abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct lock lock, back;
    struct error err = {.status = STATUS_OK};
    struct buf once = {0}, twice = {0};
    arena_init(&arena);
    if (lock_parse(&arena, (struct str){(const char *)data, size}, &lock, &err) == STATUS_OK) {
        check_outs(&arena, &lock);
        lock_print(&lock, &once);
        if (lock_parse(&arena, buf_view(&once), &back, &err) != STATUS_OK || back.stage_count != lock.stage_count)
            abort();
        lock_print(&back, &twice);
        if (!str_equal(buf_view(&once), buf_view(&twice)))
            abort();
        for (uint32_t i = 0; i < lock.stage_count; i++)
            if (!digest_equal(fields_key(&lock.stages[i].fields), fields_key(&back.stages[i].fields)))
                abort();
    }
    buf_finish(&once);
    buf_finish(&twice);
    arena_finish(&arena);
    return 0;
}
