/* DVC's files. The first byte says of which kind the rest is: what is accepted keeps its promises, faults have a place,
 * and what a dvc.yaml declares can be declared by a refit.yaml. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"
#include "refit/dvc.h"
#include "refit/graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_fault(enum status status, const struct error *err)
{
    check(status == STATUS_MANIFEST && err->file[0] != '\0' && err->message[0] != '\0');
}

static bool is_below(struct arena *arena, struct str path)
{
    struct str made;
    struct error err;
    return path_make(arena, STR("/r"), STR("."), path, &made, &err) == STATUS_OK && str_equal(path, made) &&
           path_is_inside(path) && !str_is(path, ".");
}

/* A dvc.yaml at the root, one below it and a .dvc file, with NUL between them. */
static void check_manifests(struct arena *arena, struct str text)
{
    static const struct manifest_source files[] = {{.path = {"dvc.yaml", 8}, .dialect = MANIFEST_DVC},
                                                   {.path = {"s/dvc.yaml", 10}, .dialect = MANIFEST_DVC},
                                                   {.path = {"s/d.dvc", 7}, .dialect = MANIFEST_DVC_DATA}};
    struct manifest_source sources[3];
    uint32_t count = 0;
    for (size_t i = 0; i < 3 && text.len > 0; i++) {
        ptrdiff_t end = str_find(text, '\0');
        sources[count] = files[i];
        sources[count].text = end < 0 ? text : str_slice(text, 0, (size_t)end);
        text = end < 0 ? STR("") : str_slice(text, (size_t)end + 1, text.len);
        count += sources[count].text.len > 0;
    }
    struct manifest manifest;
    struct error err = {0};
    enum status status = manifest_load(arena, sources, count, STR("/r"), NULL, &manifest, &err);
    if (status != STATUS_OK) {
        check_fault(status, &err);
        return;
    }
    for (uint32_t i = 0; i < manifest.stage_count; i++) {
        const struct manifest_stage *stage = &manifest.stages[i];
        check(stage->source == (stage->command_count == 0) && path_is_inside(stage->wdir));
        for (uint32_t k = 0; k < stage->out_count; k++)
            check(is_below(arena, stage->outs[k].path) &&
                  (stage->outs[k].md5.len == 0 || dvc_is_md5(stage->outs[k].md5)));
    }
    struct graph graph;
    struct dvc_migration made;
    if (graph_build(arena, &manifest, &graph, &err) == STATUS_OK) { /* with two stages of one name there is none */
        graph_finish(&graph);
        check(dvc_migrate(arena, sources, count, STR("/r"), NULL, &manifest, &made, &err) == STATUS_OK);
        check(made.manifest.stage_count == manifest.stage_count);
    }
}

static void check_entries(struct arena *arena, const struct dvc_entry *entries, uint32_t count, bool of_folder)
{
    for (uint32_t i = 0; i < count; i++) {
        check(entries[i].path.len > 0 && (entries[i].md5.len == 0 || dvc_is_md5(entries[i].md5)));
        check(!of_folder || (is_below(arena, entries[i].path) && entries[i].md5.len == 32));
        check(!of_folder || i == 0 || str_compare(entries[i - 1].path, entries[i].path) < 0);
    }
}

static void check_lock(struct arena *arena, struct str text)
{
    struct dvc_lock lock;
    struct error err = {0};
    enum status status = dvc_parse_lock(arena, text, STR("dvc.lock"), &lock, &err);
    if (status != STATUS_OK) {
        check_fault(status, &err);
        return;
    }
    for (uint32_t i = 0; i < lock.stage_count; i++) {
        const struct dvc_lock_stage *stage = &lock.stages[i];
        check(dvc_lock_find(&lock, stage->name) == stage);
        check_entries(arena, stage->deps, stage->dep_count, false);
        check_entries(arena, stage->outs, stage->out_count, false);
        for (uint32_t k = 0; k < stage->command_count; k++)
            check(str_trim(stage->commands[k]).len > 0);
    }
}

static void check_folder(struct arena *arena, struct str text)
{
    struct dvc_entry *entries;
    uint32_t count;
    struct error err = {0};
    enum status status = dvc_parse_folder(arena, text, "a.dir", &entries, &count, &err);
    if (status == STATUS_OK)
        check_entries(arena, entries, count, true);
    else
        check_fault(status, &err);
}

/* What is found stands in the text, and is found again where it is all that there is. */
static void check_config(struct arena *arena, struct str text)
{
    struct str value, again;
    if (!dvc_config_get(arena, text, STR("cache"), STR("dir"), &value))
        return;
    check(value.len <= text.len && str_find(value, '\n') < 0);
    if (str_find(value, '"') >= 0)
        return;
    struct str alone = str_format(arena, "[cache]\ndir = \"" STR_FMT "\"\n", STR_ARG(value));
    if (str_find(value, '\0') < 0)
        check(dvc_config_get(arena, alone, STR("cache"), STR("dir"), &again) && str_equal(value, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct arena *, struct str) = {check_manifests, check_lock, check_folder,
                                                                check_config};
    struct arena arena;
    if (size == 0)
        return 0;
    arena_init(&arena);
    kinds[data[0] % 4](&arena, (struct str){(const char *)data + 1, size - 1});
    arena_finish(&arena);
    return 0;
}
