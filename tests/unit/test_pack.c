/* A packed manifest is the manifest; anything else is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "refit/manifest.h"

static const char text[] =
    "desc: all there is\n"
    "tools: [cc --version]\n"
    "data:\n"
    "  table: {path: raw/t.csv}\n"
    "  far: {path: raw/f, snapshot: false, url: https://h/f, sha256: "
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}\n"
    "stages:\n"
    "  one:\n"
    "    kind: data\n"
    "    desc: the first\n"
    "    cmd: [echo a, echo b]\n"
    "    wdir: sub\n"
    "    deps: [x, ../y, /abs/z]\n"
    "    params: [a.b, {p.json: [c]}, {q.bin: null}]\n"
    "    outs: [o1, {o2: {cache: false, persist: true}}]\n"
    "    metrics: [{m.json: {cache: false}}]\n"
    "    plots: [p.csv]\n"
    "    env: [HOME, A=b, {S: {show: true}}]\n"
    "    resources: {cpus: 0.5, mem: 1G, pool: 3}\n"
    "    timeout: 90s\n"
    "    retries: 2\n"
    "    shell: bash\n"
    "    depfile: o.d\n"
    "    tools: [ld --version]\n"
    "    frozen: true\n"
    "    portable: true\n"
    "  two:\n"
    "    kind: deploy\n"
    "    cmd: 'true'\n"
    "    needs: [one]\n"
    "    always_changed: true\n"
    "    console: true\n";

struct fixture {
    struct arena arena;
    struct manifest loaded;
    struct buf packed;
};

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    struct error err;
    struct manifest_source source = {.path = STR("refit.yaml"), .text = str_from(text)};
    assert_int_equal(manifest_load(&f->arena, &source, 1, STR("/root/of"), NULL, &f->loaded, &err), STATUS_OK);
    manifest_pack(&f->loaded, &f->packed);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    buf_finish(&f->packed);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

/* Packing is a function of the content, so the same bytes mean that nothing was lost on the way. */
static void test_round_trip(void **state)
{
    struct fixture *f = *state;
    struct manifest again;
    assert_true(manifest_unpack(&f->arena, buf_view(&f->packed), &again));
    struct buf twice = {0};
    manifest_pack(&again, &twice);
    assert_int_equal(twice.len, f->packed.len);
    assert_memory_equal(twice.ptr, f->packed.ptr, twice.len);
    assert_int_equal(again.stage_count, 2);
    const struct manifest_stage *one = &again.stages[0], *two = &again.stages[1];
    assert_int_equal(one->out_count, 4);
    assert_true(one->outs[1].persist && !one->outs[1].cache);
    assert_int_equal(one->outs[2].kind, OUT_METRIC);
    assert_true(one->frozen && one->portable && !one->console);
    assert_int_equal(one->timeout_ms, 90000);
    assert_string_equal(one->deps[1].path.ptr, "y");
    assert_int_equal(one->deps[1].at.line, f->loaded.stages[0].deps[1].at.line);
    assert_true(two->console && two->always_changed);
    assert_int_equal(two->kind, STAGE_DEPLOY);
    assert_string_equal(two->needs[0].path.ptr, "one");
    buf_finish(&twice);
}

/* Every prefix is refused, and so is anything behind the end. */
static void test_truncated(void **state)
{
    struct fixture *f = *state;
    for (size_t len = 0; len < f->packed.len; len++) {
        struct arena scratch;
        arena_init(&scratch);
        char *copy = mem_alloc(len);
        memcpy(copy, f->packed.ptr, len);
        struct manifest out;
        assert_false(manifest_unpack(&scratch, (struct str){copy, len}, &out));
        free(copy);
        arena_finish(&scratch);
    }
    buf_u8(&f->packed, 0);
    struct manifest out;
    assert_false(manifest_unpack(&f->arena, buf_view(&f->packed), &out));
}

/* Bytes that were changed give a manifest or a refusal, never a read outside. */
static void test_damaged(void **state)
{
    struct fixture *f = *state;
    for (size_t at = 0; at < f->packed.len; at++) {
        struct arena scratch;
        arena_init(&scratch);
        char *copy = mem_alloc(f->packed.len);
        memcpy(copy, f->packed.ptr, f->packed.len);
        copy[at] = (char)~copy[at];
        struct manifest out;
        manifest_unpack(&scratch, (struct str){copy, f->packed.len}, &out);
        free(copy);
        arena_finish(&scratch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
