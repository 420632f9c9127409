/* Manifests and configuration: any bytes give a manifest that keeps its promises, or an error with a place. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"
#include "refit/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_path(struct arena *arena, struct str path)
{
    struct str again;
    struct error err;
    must(path_make(arena, STR("/project"), STR("."), path, &again, &err) == STATUS_OK && str_equal(again, path));
}

static void check_stage(struct arena *arena, const struct manifest_stage *stage)
{
    must(stage->name.len > 0 && str_is_utf8(stage->name) && str_find(stage->name, '/') < 0);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena);
    struct str text = {(const char *)data, size};
    struct manifest manifest;
    struct error err = {0};
    const struct manifest_source sources[] = {{STR("sub/refit.yaml"), text, MANIFEST_REFIT}};
    enum status status = manifest_load(&arena, sources, 1, STR("/project"), NULL, &manifest, &err);
    must(status == STATUS_OK || (status == STATUS_MANIFEST && err.line > 0 && err.column > 0 && err.message[0]));
    for (uint32_t i = 0; status == STATUS_OK && i < manifest.stage_count; i++)
        check_stage(&arena, &manifest.stages[i]);
    const struct config_source source = {STR("config.yaml"), text};
    struct config config;
    status = config_load(&arena, &source, 1, &config, &err);
    must(status == STATUS_MANIFEST || (status == STATUS_OK && config.jobs > 0 && config.compression <= 19));
    arena_finish(&arena);
    return 0;
}
