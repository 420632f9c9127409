/* DVC's files: a dvc.yaml and a .dvc file as sources, its configuration, lists of folders, dvc.lock; and MD5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "refit/base/md5.h"
#include "refit/dvc.h"
#include "refit/manifest.h"
#include "scratch.h"
#include "in_arena.h"

static void assert_str(struct str got, const char *wanted)
{
    assert_string_equal(str_terminated(&arena, got), wanted);
}

static const struct manifest *load(const struct manifest_source *sources, uint32_t count)
{
    struct manifest *manifest = arena_new(&arena, struct manifest);
    struct error err;
    if (manifest_load(&arena, sources, count, STR("/p"), NULL, manifest, &err) != STATUS_OK)
        fail_msg("%s:%u:%u: %s", err.file, err.line, err.column, err.message);
    return manifest;
}

static void reads_manifests(void **state)
{
    (void)state;
    const struct manifest_source sources[] = {
        {STR("dvc.yaml"), STR("metrics: [m.json]\nstages:\n  a:\n    cmd: |\n      x \\\n      y\n"
                              "    deps: [b, b]\n    params: [{p.json: []}]\n"), MANIFEST_DVC},
        {STR("s/t/dvc.yaml"), STR("metrics: [m.json, ../../m.json]\n"
                                  "stages:\n  a/b c: {cmd: z, deps: [../x], outs: [y]}\n"), MANIFEST_DVC},
        {STR("s/d.dvc"), STR("outs:\n- {md5: 0123456789abcdef0123456789abcdef.dir, path: d, nfiles: 3}\n"
                             "- {path: e, isexec: true}\n"), MANIFEST_DVC_DATA},
    };
    const struct manifest *m = load(sources, 3);
    assert_int_equal(m->stage_count, 3);
    const struct manifest_stage *a = &m->stages[0], *b = &m->stages[1], *d = &m->stages[2];
    assert_str(a->name, "a");
    assert_str(a->shell, SHELL_OF_DVC);
    assert_int_equal(a->command_count, 2);
    assert_str(a->commands[0], "x \\");
    assert_int_equal(a->dep_count, 1);
    assert_true(a->params[0].whole);
    assert_str(b->name, "s/t/dvc.yaml:a/b c");
    assert_str(b->wdir, "s/t");
    assert_str(b->deps[0].path, "s/x");
    assert_str(b->outs[0].path, "s/t/y");
    assert_str(d->name, "s/d.dvc");
    assert_true(d->source && d->frozen && d->kind == STAGE_DATA && d->command_count == 0);
    assert_str(d->outs[0].path, "s/d");
    assert_str(d->outs[0].md5, "0123456789abcdef0123456789abcdef.dir");
    assert_str(d->outs[1].md5, "");
    assert_true(d->outs[1].executable && !d->outs[0].executable);
    assert_int_equal(m->metric_count, 2);
    assert_str(m->metrics[0].path, "m.json");
    assert_str(m->metrics[1].path, "s/t/m.json");
}

static void reads_configuration(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"[cache]\ndir = /a/b\n", "/a/b"},
        {"  [cache]  \r\n\tdir=../x # there\r\n", "../x"},
        {"['remote \"cache\"']\ndir = no\n[ 'cache' ]\n  dir = \"a # b\"", "a # b"},
        {"[cache]\ndir = a\n[core]\ndir = b\n[cache]\ntype = copy\ndir = c\n", "c"},
        {"[cache]\n# dir = a\ndirectory = b\n", NULL},
        {"dir = a\n[cache\ndir = b\n", NULL},
        {"[cache]\ndir\n=\n[]\n]\n[cache", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str got;
        bool found = dvc_config_get(&arena, str_from(cases[i].text), STR("cache"), STR("dir"), &got);
        if (found != (cases[i].wanted != NULL))
            fail_msg("case %zu: %d", i, found);
        if (found)
            assert_str(got, cases[i].wanted);
    }
}

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void reads_folders(void **state)
{
    (void)state;
    struct dvc_entry *entries;
    uint32_t count;
    struct error err;
    assert_int_equal(dvc_parse_folder(&arena, STR("[{\"md5\": \"" A "\", \"relpath\": \"b/c\"}, {\"relpath\": \"b.c\", "
                                                  "\"md5\": \"" B "\"}]"), "f", &entries, &count, &err), STATUS_OK);
    assert_int_equal(count, 2);
    assert_str(entries[0].path, "b.c");
    assert_str(entries[0].md5, B);
    static const char *const faults[] = {
        "", "{}", "[1]", "[{\"md5\": \"" A "\"}]", "[{\"relpath\": \"a\"}]",
        "[{\"relpath\": \"../a\", \"md5\": \"" A "\"}]",
        "[{\"relpath\": \"/a\", \"md5\": \"" A "\"}]", "[{\"relpath\": \"a//b\", \"md5\": \"" A "\"}]",
        "[{\"relpath\": \".\", \"md5\": \"" A "\"}]", "[{\"relpath\": \"a\", \"md5\": \"" A ".dir\"}]",
        "[{\"relpath\": \"a\", \"md5\": \"" A "\"}, {\"relpath\": \"a\", \"md5\": \"" B "\"}]",
        "[{\"relpath\": \"a\", \"md5\": \"A" A "\"}]", "[{\"relpath\": 1, \"md5\": \"" A "\"}]",
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (dvc_parse_folder(&arena, str_from(faults[i]), "f", &entries, &count, &err) != STATUS_MANIFEST)
            fail_msg("taken: %s", faults[i]);
}

static void reads_locks(void **state)
{
    (void)state;
    struct dvc_lock lock;
    struct error err;
    struct str text = STR("schema: '2.0'\nstages:\n  a:\n    cmd: |\n      x\n\n      y\n"
                          "    deps:\n    - path: b\n      hash: md5\n      md5: " A "\n"
                          "      size: 3\n      isexec: true\n    params:\n"
                          "      params.yaml:\n        c.d: 1.5\n"
                          "    outs:\n    - {path: e, md5: " B ".dir, nfiles: 2}\n"
                          "  b@1:\n    cmd: [p, 'q\n\n      ']\n");
    assert_int_equal(dvc_parse_lock(&arena, text, STR("dvc.lock"), &lock, &err), STATUS_OK);
    const struct dvc_lock_stage *a = dvc_lock_find(&lock, STR("a")), *b = dvc_lock_find(&lock, STR("b@1"));
    assert_null(dvc_lock_find(&lock, STR("b")));
    assert_int_equal(a->command_count, 2);
    assert_str(a->commands[1], "y");
    assert_true(a->dep_count == 1 && a->deps[0].executable && a->deps[0].size == 3);
    assert_str(a->deps[0].md5, A);
    assert_str(a->outs[0].md5, B ".dir");
    assert_non_null(value_get(value_get(a->params, STR("params.yaml")), STR("c.d")));
    assert_true(b->command_count == 2 && b->dep_count == 0 && b->out_count == 0 && b->params == NULL);
    assert_str(b->commands[1], "q");

    assert_int_equal(dvc_parse_lock(&arena, STR("a: {cmd: x}\n"), STR("f"), &lock, &err), STATUS_OK);
    assert_non_null(dvc_lock_find(&lock, STR("a")));
    assert_int_equal(dvc_parse_lock(&arena, STR(""), STR("f"), &lock, &err), STATUS_OK);
    assert_int_equal(lock.stage_count, 0);
    static const char *const faults[] = {
        "schema: '3.0'\nstages: {}\n", "schema: 2\n", "schema: '2.0'\nstages: []\n", "a: 1\n", "a: {}\n",
        "a: {cmd: 1}\n",
        "a: {cmd: [1]}\n", "a: {cmd: x, deps: 1}\n", "a: {cmd: x, outs: [{}]}\n", "a: {cmd: x, params: [1]}\n",
        "a: {cmd: x, deps: [{path: b, md5: c}]}\n", "- a\n",
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (dvc_parse_lock(&arena, str_from(faults[i]), STR("f"), &lock, &err) != STATUS_MANIFEST)
            fail_msg("taken: %s", faults[i]);
}

static void computes_md5(void **state)
{
    (void)state;
    struct md5 *md5;
    struct error err;
    char hex[MD5_HEX + 1];
    assert_int_equal(md5_create(&md5, &err), STATUS_OK);
    assert_int_equal(md5_bytes(md5, STR(""), hex, &err), STATUS_OK);
    assert_string_equal(hex, "d41d8cd98f00b204e9800998ecf8427e");
    assert_int_equal(md5_bytes(md5, STR("message digest"), hex, &err), STATUS_OK);
    assert_string_equal(hex, "f96b697d7cb7938d525a2f31aaf161d0");
    char name[SCRATCH_SIZE];
    int fd = mkstemp(scratch_name(name, "md5"));
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a\r\nb\r", 5), 5);
    assert_int_equal(md5_file(md5, name, false, hex, &err), STATUS_OK);
    char wanted[MD5_HEX + 1];
    md5_bytes(md5, STR("a\r\nb\r"), wanted, &err);
    assert_string_equal(hex, wanted);
    assert_int_equal(md5_file(md5, name, true, hex, &err), STATUS_OK);
    md5_bytes(md5, STR("a\nb\r"), wanted, &err);
    assert_string_equal(hex, wanted);
    assert_int_equal(pwrite(fd, "\0\r\nb\r", 5, 0), 5); /* no text */
    assert_int_equal(md5_file(md5, name, true, hex, &err), STATUS_OK);
    md5_bytes(md5, STR("\0\r\nb\r"), wanted, &err);
    assert_string_equal(hex, wanted);
    close(fd);
    unlink(name);
    assert_int_equal(md5_file(md5, name, false, hex, &err), STATUS_NOT_FOUND);
    md5_destroy(md5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_manifests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_configuration, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_folders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_locks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(computes_md5, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
