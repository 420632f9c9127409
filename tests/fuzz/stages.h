/* What holds for every stage that was loaded, whatever it was loaded from. */
#ifndef REFIT_TESTS_STAGES_H
#define REFIT_TESTS_STAGES_H

#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"
#include "refit/manifest.h"

static inline void must(bool condition)
{
    if (!condition)
        abort();
}

static inline void check_path(struct arena *arena, struct str path)
{
    struct str again;
    struct error err;
    must(path_make(arena, STR("/project"), STR("."), path, &again, &err) == STATUS_OK && str_equal(again, path));
}

/* A slash stands in the name of a generated stage only, behind its group's name. */
static inline void check_name(struct str name)
{
    ptrdiff_t slash = str_find(name, '/'), mark = str_find(name, '@');
    must(name.len > 0 && name.len <= 200 && str_is_utf8(name) && name.ptr[name.len] == '\0');
    must(slash < 0 || (mark > 0 && mark < slash));
    for (size_t i = 0; i < name.len; i++)
        must((unsigned char)name.ptr[i] >= ' ');
}

static inline void check_stage(struct arena *arena, const struct manifest_stage *stage)
{
    check_name(stage->name);
    must(stage->command_count > 0 && stage->retries <= 100 && path_is_inside(stage->wdir));
    for (uint32_t i = 0; i < stage->command_count; i++)
        must(stage->commands[i].len > 0 && str_find(stage->commands[i], '\0') < 0);
    for (uint32_t i = 0; i < stage->dep_count; i++)
        check_path(arena, stage->deps[i].path);
    for (uint32_t i = 0; i < stage->out_count; i++) {
        check_path(arena, stage->outs[i].path);
        must(path_is_below(stage->outs[i].path, STR(".")));
    }
    for (uint32_t i = 0; i < stage->params_count; i++) {
        check_path(arena, stage->params[i].path);
        must(stage->params[i].whole || stage->params[i].key_count > 0);
    }
    for (uint32_t i = 1; i < stage->resource_count; i++)
        must(str_compare(stage->resources[i - 1].name, stage->resources[i].name) < 0);
    for (uint32_t i = 0; i < stage->env_count; i++)
        must(stage->env[i].name.len > 0 && str_find(stage->env[i].value, '\0') < 0);
}

#endif
