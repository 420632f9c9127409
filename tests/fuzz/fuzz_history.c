/* What the history keeps from hostile bytes: refused, or sound and the same when it is encoded again. The first byte
 * says what the others are taken for. */
#include <stdlib.h>
#include <string.h>

#include "store/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void try_packed(struct arena *arena, struct str bytes)
{
    struct str plain, again;
    struct buf packed = {0};
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (history_unpack(context, arena, bytes, &plain)) {
        history_pack(plain, &packed);
        check(packed.len <= plain.len + 4);
        check(history_unpack(context, arena, buf_view(&packed), &again) && str_equal(plain, again));
    }
    ZSTD_freeDCtx(context);
    buf_finish(&packed);
}

/* False if they were refused. */
static bool code_again(struct arena *arena, uint8_t kind, struct str bytes, struct buf *again)
{
    struct history_run run;
    struct history_stage *stages;
    struct history_build build;
    struct history_metric *metrics;
    uint32_t count;
    if (kind == 1 && history_run_decode(bytes, arena, &run)) {
        history_run_encode(&run, again);
        return true;
    }
    if (kind == 2 && history_stages_decode(bytes, arena, &stages, &count)) {
        for (uint32_t i = 0; i < count; i++)
            check(stage_state_is_final(stages[i].state));
        history_stages_encode(stages, count, again);
        return true;
    }
    if (kind == 3 && history_build_decode(bytes, arena, &build)) {
        for (uint32_t i = 0; i < build.out_count; i++)
            check(strlen(build.outs[i].path.ptr) == build.outs[i].path.len);
        history_build_encode(&build, again);
        return true;
    }
    if (kind == 4 && history_metrics_decode(bytes, arena, &metrics, &count)) {
        history_metrics_encode(metrics, count, again);
        return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct buf again = {0};
    if (size == 0)
        return 0;
    struct str bytes = {(const char *)data + 1, size - 1};
    arena_init(&arena);
    if (data[0] == 0)
        try_packed(&arena, bytes);
    else if (code_again(&arena, data[0], bytes, &again))
        check(str_equal(buf_view(&again), bytes));
    buf_finish(&again);
    arena_finish(&arena);
    return 0;
}
