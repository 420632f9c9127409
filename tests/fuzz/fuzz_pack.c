/* Packed manifests: hostile bytes are refused, or are a manifest that packs and comes back as the same; a manifest that
 * was loaded comes back as it was, and gives the same graph or the same fault. */
#include <stdlib.h>
#include <string.h>

#include "refit/graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

/* Packs, unpacks and packs again: the same bytes. */
static void check_stable(struct arena *arena, const struct manifest *manifest, struct manifest *back)
{
    struct buf once = {0}, twice = {0};
    manifest_pack(manifest, &once);
    check(manifest_unpack(arena, str_dup(arena, buf_view(&once)), back));
    manifest_pack(back, &twice);
    check(str_equal(buf_view(&once), buf_view(&twice)));
    buf_finish(&once);
    buf_finish(&twice);
}

static void check_str(struct str s)
{
    check(s.ptr[s.len] == '\0');
}

static void check_unpacked(const struct manifest *manifest)
{
    for (uint32_t i = 0; i < manifest->stage_count; i++) {
        const struct manifest_stage *stage = &manifest->stages[i];
        check_str(stage->name);
        check_str(stage->file);
        check_str(stage->shell);
        check(stage->kind <= STAGE_DEPLOY);
        for (uint32_t j = 0; j < stage->out_count; j++) {
            check_str(stage->outs[j].path);
            check(stage->outs[j].kind <= OUT_PLOT);
        }
        for (uint32_t j = 0; j < stage->dep_count; j++)
            check_str(stage->deps[j].path);
    }
}

static void unpack(struct str bytes)
{
    struct arena arena;
    struct manifest manifest, back;
    arena_init(&arena);
    if (manifest_unpack(&arena, bytes, &manifest)) {
        check_unpacked(&manifest);
        check_stable(&arena, &manifest, &back);
    }
    arena_finish(&arena);
}

static void check_same_graph(struct arena *arena, const struct manifest *loaded, const struct manifest *back)
{
    struct graph a, b;
    struct error err_a = {0}, err_b = {0};
    enum status status = graph_build(arena, loaded, &a, &err_a);
    check(status == graph_build(arena, back, &b, &err_b));
    if (status != STATUS_OK) {
        check(strcmp(err_a.message, err_b.message) == 0 && err_a.line == err_b.line);
        return;
    }
    for (uint32_t i = 0; i < a.stage_count; i++)
        check(a.order[i].index == b.order[i].index);
    graph_finish(&a);
    graph_finish(&b);
}

static void load(struct str text)
{
    struct arena arena;
    struct manifest manifest, back;
    struct error err;
    arena_init(&arena);
    struct manifest_source source = {.path = STR("refit.yaml"), .text = text};
    if (manifest_load(&arena, &source, 1, STR("/p"), NULL, &manifest, &err) == STATUS_OK) {
        check_stable(&arena, &manifest, &back);
        check(back.stage_count == manifest.stage_count);
        check_same_graph(&arena, &manifest, &back);
    }
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = {(const char *)data, size};
    unpack(bytes);
    load(bytes);
    return 0;
}
