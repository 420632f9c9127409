/* Templates, variables and generators: places and words of errors, files that are asked for, limits. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "manifest/spell.h"
#include "manifest/template.h"
#include "refit/manifest.h"
#include "in_arena.h"

/* ---- a project in memory ---- */

struct memory_file {
    const char *path, *text;
};

static enum status read_memory(void *ctx, struct arena *into, struct str path, struct str *text, struct error *err)
{
    (void)err;
    for (const struct memory_file *file = ctx; file->path != NULL; file++)
        if (str_is(path, file->path)) {
            *text = str_dup(into, str_from(file->text));
            return STATUS_OK;
        }
    return STATUS_NOT_FOUND;
}

/* The first file is the manifest. */
static enum status load(const struct memory_file *files, struct manifest *out, struct error *err)
{
    struct manifest_source source = {.path = str_from(files[0].path), .text = str_from(files[0].text)};
    struct manifest_reader reader = {.read = read_memory, .ctx = (void *)(uintptr_t)(files + 1)};
    return manifest_load(&arena, &source, 1, STR("/p"), &reader, out, err);
}

static struct manifest loads(const struct memory_file *files)
{
    struct manifest manifest = {0};
    struct error err = {0};
    if (load(files, &manifest, &err) != STATUS_OK)
        fail_msg("%s\n%s:%u:%u: %s", files[0].text, err.file, err.line, err.column, err.message);
    return manifest;
}

static void refuses_in(const struct memory_file *files, const char *file, uint32_t line, uint32_t column,
                       const char *part)
{
    struct manifest manifest;
    struct error err = {0};
    enum status status = load(files, &manifest, &err);
    if (status != STATUS_MANIFEST || err.line != line || err.column != column || strstr(err.message, part) == NULL)
        fail_msg("%s\ngot %u:%u %s\nnot %u:%u %s", files[0].text, err.line, err.column, err.message, line, column,
                 part);
    assert_string_equal(err.file, file);
    assert_null(strchr(err.message, '\n'));
}

static void refuses(const char *text, uint32_t line, uint32_t column, const char *part)
{
    const struct memory_file files[] = {{"refit.yaml", text}, {NULL, NULL}};
    refuses_in(files, "refit.yaml", line, column, part);
}

static void is(struct str s, const char *wanted)
{
    if (!str_is(s, wanted))
        fail_msg("`%.*s` is not `%s`", (int)s.len, s.ptr, wanted);
}

/* ---- a tree in a scope, without a manifest ---- */

static const struct value *yaml(const char *text)
{
    struct value *value;
    struct error err = {0};
    if (yaml_parse(&arena, str_from(text), STR("t.yaml"), &value, &err) != STATUS_OK)
        fail_msg("%s: %s", text, err.message);
    return value;
}

static enum status resolve(const char *text, const struct scope *scope, enum template_use use,
                           const struct value **out, struct error *err)
{
    struct template_work work = {0};
    struct templates t = {&arena, scope, &work, "t.yaml", str_from(text), ""};
    enum status status = template_resolve(&t, yaml(text), use, out, err);
    buf_finish(&work.text);
    buf_finish(&work.name);
    return status;
}

static void resolves_trees_in_scopes(void **state)
{
    (void)state;
    struct scope outer = {.vars = yaml("{a: 1, b: {c: [x, y]}}")}, inner = {.vars = yaml("{a: 2}"), .parent = &outer};
    const struct value *out;
    struct error err;
    assert_int_equal(resolve("{p: '${a}', q: ['-${a}-', '${b.c[1]}'], r: plain}", &inner, TEMPLATE_SCALAR, &out, &err),
                     STATUS_OK);
    const struct value *p = value_get(out, STR("p")), *q = value_get(out, STR("q"));
    assert_int_equal(p->type, VALUE_INT);
    assert_int_equal(p->integer, 2);
    assert_true(p->resolved);
    assert_int_equal(p->column, 5);
    is(q->list.items[0]->text, "-2-");
    is(q->list.items[1]->text, "y");
    assert_int_equal(resolve("'${b}'", &outer, TEMPLATE_ITEMS, &out, &err), STATUS_OK);
    assert_ptr_equal(out, value_get(outer.vars, STR("b")));
}

static void shares_what_has_no_template(void **state)
{
    (void)state;
    struct scope scope = {.vars = yaml("{a: 1}")};
    const char *text = "{p: {q: [1, 2, x]}, r: '${a}'}";
    struct template_work work = {0};
    struct templates t = {&arena, &scope, &work, "t.yaml", str_from(text), ""};
    const struct value *tree = yaml(text), *out;
    struct error err;
    assert_true(template_is_in(tree));
    assert_false(template_is_in(value_get(tree, STR("p"))));
    assert_int_equal(template_resolve(&t, tree, TEMPLATE_SCALAR, &out, &err), STATUS_OK);
    assert_ptr_not_equal(out, tree);
    assert_ptr_equal(value_get(out, STR("p")), value_get(tree, STR("p")));
    buf_finish(&work.text);
}

static void names_in_many(void **state)
{
    (void)state;
    struct buf text = {0}, big = {0};
    buf_str(&text, STR("{"));
    for (int i = 0; i < 2000; i++)
        buf_print(&text, "v%d: %d, ", i, i);
    buf_str(&text, STR("}"));
    buf_print(&big, "vars: [%s]\nstages: {s: {cmd: 'x ${v1999} ${v0}'}}\n", text.ptr);
    const struct memory_file files[] = {{"refit.yaml", big.ptr}, {NULL, NULL}};
    is(loads(files).stages[0].commands[0], "x 1999 0");
    buf_finish(&text);
    buf_finish(&big);
}

/* ---- how values read ---- */

static void spells(const char *yaml_text, const char *wanted)
{
    struct buf out = {0};
    spell_scalar(&out, yaml(yaml_text));
    is(buf_view(&out), wanted);
    buf_finish(&out);
}

static void spells_numbers(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"1.0", "1.0"}, {"0.1", "0.1"}, {"1e-4", "0.0001"}, {"1e-5", "1e-05"}, {"123e-7", "1.23e-05"},
        {"1e15", "1000000000000000.0"}, {"1e16", "1e+16"}, {"-1e16", "-1e+16"}, {"1.5e300", "1.5e+300"},
        {"5e-324", "5e-324"}, {"1.7976931348623157e308", "1.7976931348623157e+308"}, {"-0.0", "-0.0"},
        {"123456789.123456789", "123456789.12345679"}, {"0.30000000000000004", "0.30000000000000004"},
        {".inf", "inf"}, {"-.inf", "-inf"}, {".nan", "nan"}, {"1e400", "inf"}, {"1_000", "1000"}, {"-0", "0"},
        {"9223372036854775807", "9223372036854775807"}, {"9223372036854775808", "9223372036854775808"},
        {"-9223372036854775808", "-9223372036854775808"}, {"-1_000_000_000_000_000_000_000", "-1000000000000000000000"},
        {"+00018446744073709551616", "18446744073709551616"}, {"0xffffffffffffffffffff", "1208925819614629174706175"},
        {"0o7777777777777777777777777", "37778931862957161709567"}, {"017", "17"}, {"null", "None"}, {"True", "true"},
        {"2020-01-01", "2020-01-01"}, {"yes", "yes"}, {"'1.0'", "1.0"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        spells(pairs[i][0], pairs[i][1]);
}

/* ---- places ---- */

static void points_at_the_template(void **state)
{
    (void)state;
    refuses("stages:\n  s:\n    cmd: echo ${a}\n", 3, 15, "no variable is called `a` in stage `s`");
    refuses("vars: [{a: 1}]\nstages:\n  s:\n    cmd: 'it''s ${a} ${b}'\n", 4, 22, "`b`");
    refuses("vars: [{a: 1}]\nstages:\n  s:\n    cmd: \"é ${a} ${b}\"\n", 4, 18, "`b`");
    refuses("vars: [{a: 1}]\nstages:\n  s:\n    cmd: |\n      one ${a}\n      two \\${c} ${b}\n", 6, 17, "`b`");
    refuses("vars: [{a: 1}]\nstages:\n  s:\n    cmd: >-\n      one ${a}\n      two\n      ${b}\n", 7, 7, "`b`");
    refuses("vars: [{a: 1}]\nstages:\n  s:\n    cmd: one ${a}\n      ${b}\n", 5, 7, "`b`");
    refuses("vars: [{a: 1}]\nstages:\n  s:\n    cmd: \"\\x24{a} ${b}\"\n", 4, 10, "`b`");
    refuses("stages:\n  s:\n    cmd: x\n    outs:\n    - a${b}:\n        cache: false\n", 5, 8, "`b`");
    refuses("x: &x echo ${b}\nstages: {s: {cmd: *x}}\n", 1, 1, "unknown key `x`");
    refuses("stages:\n  a: {cmd: &x 'echo ${b}'}\n", 2, 21, "`b`");
    refuses("stages:\n  g:\n    foreach: [1, 2]\n    do:\n      cmd: x ${itme}\n", 5, 14,
            "no variable is called `itme` in stage `g@1`; did you mean `item`?");
    refuses("stages:\n  g:\n    foreach: ${abc}\n    do: {cmd: x}\n", 3, 14, "`abc`");
    refuses("stages:\n  g:\n    matrix:\n      k: [1, '${abc}']\n    cmd: x\n", 4, 15, "`abc`");
    refuses("stages: {s: {cmd: x ${b}}}\n", 1, 22, "between [] or {} a string with ${...} needs quotes");
    refuses("tools: ['python ${v}']\nstages: {}\n", 1, 17, "no variable is called `v`");
}

static void names_the_nearest(void **state)
{
    (void)state;
    const char *vars = "vars: [{train: {lr: 1, layers: [{size: 3}]}, name: x}]\nstages: {s: {cmd: '%s'}}\n";
    static const char *const cases[][2] = {
        {"${trian.lr}", "`trian.lr` in stage `s`; did you mean `train.lr`?"},
        {"${trian.zz}", "`trian.zz` in stage `s`; did you mean `train`?"},
        {"${train.rl}", "`train.rl` in stage `s`; did you mean `train.lr`?"},
        {"${train[lrr]}", "`train[lrr]` in stage `s`; did you mean `train.lr`?"},
        {"${train.layers[0].sise}", "did you mean `train.layers[0].size`?"},
        {"${train.layers[3]}", "there is no `train.layers[3]` in stage `s`: that list has 1 item, the first is [0]"},
        {"${name.x}", "what stands before `x` is a string, not a map"},
        {"${HOME}", "define it, or write $NAME for a variable of the shell, \\${ for a literal ${"},
        {"${HOME:-x}", "no variable is called `HOME:-x`"},
        {"${train..lr}", "`${train..lr}` in stage `s` cannot be read; write ${name}"},
        {"${a[b}", "cannot be read"}, {"${a]}", "cannot be read"}, {"${.a}", "cannot be read"}, {"${}", "cannot be"},
        {"${train.layers}", "is a list; name one value in it, or let `foreach` or `matrix` go through it"},
        {"x ${train}", "`layers` in the options `${train}` in stage `s` is a list of lists or maps"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf text = {0};
        const char *mark = strstr(vars, "%s");
        buf_append(&text, vars, (size_t)(mark - vars));
        buf_str(&text, str_from(cases[i][0]));
        buf_str(&text, str_from(mark + 2));
        refuses(text.ptr, 2, str_starts(str_from(cases[i][0]), STR("x ")) ? 22 : 20, cases[i][1]);
        buf_finish(&text);
    }
}

/* ---- files ---- */

static void lists_the_files(void **state)
{
    (void)state;
    const struct memory_file files[] = {
        {"sub/refit.yaml", "vars: [v.yaml, {z: 1}]\nstages:\n  s: {cmd: 'x ${a}', wdir: w, vars: [v.json]}\n"},
        {"sub/v.yaml", "a: 1\n"},
        {"sub/w/v.json", "{\"b\": 2}"},
        {NULL, NULL},
    };
    struct manifest m = loads(files);
    assert_int_equal(m.file_count, 3);
    is(m.files[0].path, "sub/params.yaml");
    assert_false(m.files[0].found);
    assert_int_equal(m.files[0].at.line, 0);
    is(m.files[1].path, "sub/v.yaml");
    assert_true(m.files[1].found);
    assert_true(digest_equal(m.files[1].digest, digest_of("a: 1\n", 5)));
    assert_int_equal(m.files[1].at.column, 8);
    is(m.files[2].path, "sub/w/v.json");
    is(m.files[2].by, "sub/refit.yaml");
}

/* Without a template and `vars`, params.yaml is for those stages alone that name its keys. */
static void reads_no_file_for_nothing(void **state)
{
    (void)state;
    const struct memory_file files[] = {
        {"refit.yaml", "stages:\n  s: {cmd: 'x \\${a} $HOME', params: [b]}\n"},
        {"params.yaml", "[this is no map"},
        {NULL, NULL},
    };
    struct manifest m = loads(files);
    assert_int_equal(m.file_count, 0);
    is(m.stages[0].commands[0], "x ${a} $HOME");
}

static void refuses_files(void **state)
{
    (void)state;
    const struct memory_file broken[] = {
        {"refit.yaml", "stages: {s: {cmd: 'x ${a}'}}\n"}, {"params.yaml", "a: [\n"}, {NULL, NULL}};
    refuses_in(broken, "params.yaml", 2, 1, "broken YAML");
    const struct memory_file list[] = {
        {"refit.yaml", "stages: {s: {cmd: 'x ${a}'}}\n"}, {"params.yaml", "\n- a\n"}, {NULL, NULL}};
    refuses_in(list, "params.yaml", 2, 1, "must be a map of names to values, not a list");
    const struct memory_file twice[] = {
        {"refit.yaml", "vars:\n- v.yaml\nstages: {}\n"}, {"params.yaml", "a: {b: 1}\n"}, {"v.yaml", "a:\n  b: 2\n"},
        {NULL, NULL}};
    refuses_in(twice, "v.yaml", 2, 3, "the variable `a.b` is there already (params.yaml:1:5)");
    const struct memory_file json[] = {
        {"refit.yaml", "vars: [v.json, {a: 1}]\nstages: {}\n"}, {"v.json", "{\"a\": 1}"}, {NULL, NULL}};
    refuses_in(json, "refit.yaml", 1, 17, "the variable `a` is there already (v.json); remove one");
    refuses("vars: [none.yaml]\nstages: {}\n", 1, 8, "there is no `none.yaml`");
    const struct memory_file keys[] = {
        {"refit.yaml", "vars: ['v.yaml:trian']\nstages: {}\n"}, {"v.yaml", "train: 2\n"}, {NULL, NULL}};
    refuses_in(keys, "refit.yaml", 1, 8, "`v.yaml` has no key `trian` at its top; did you mean `train`?");
}

/* ---- limits ---- */

static void load_is_bounded(const char *text, const char *part)
{
    struct manifest manifest;
    struct error err = {0};
    const struct memory_file files[] = {{"refit.yaml", text}, {NULL, NULL}};
    assert_int_equal(load(files, &manifest, &err), STATUS_MANIFEST);
    if (strstr(err.message, part) == NULL)
        fail_msg("%s is not in: %s", part, err.message);
    assert_null(strchr(err.message, '\n'));
    assert_true(err.line > 0);
    assert_true(arena_bytes(&arena) < (size_t)2 << 30);
}

static void bounds_explosions(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_str(&text, STR("vars:\n- l: &l [0"));
    for (int i = 1; i < 1000; i++)
        buf_print(&text, ", %d", i);
    buf_str(&text, STR("]\nstages:\n  s:\n    matrix: {a: '${l}', b: '${l}', c: '${l}'}\n    cmd: x\n"));
    load_is_bounded(text.ptr, "`s` comes to more than 250000 stages");
    buf_clear(&text);
    /* A long string, often. */
    buf_str(&text, STR("vars:\n- s: '"));
    for (int i = 0; i < 100000; i++)
        buf_char(&text, 'x');
    buf_str(&text, STR("'\nstages:\n  s:\n    cmd: '"));
    for (int i = 0; i < 3000; i++)
        buf_str(&text, STR("${s}"));
    buf_str(&text, STR("'\n"));
    load_is_bounded(text.ptr, "more than 5000000 values or 256 MiB in stage `s`");
    buf_clear(&text);
    /* Lists of lists of aliases, under many items. */
    buf_str(&text, STR("stages:\n  s:\n    foreach: [0"));
    for (int i = 1; i < 1000; i++)
        buf_print(&text, ", %d", i);
    buf_str(&text, STR("]\n    do:\n      cmd: x${item}\n      meta:\n      - &a [x, x, x, x, x, x, x, x, x, x]\n"
                       "      - &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
                       "      - &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
                       "      - [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"));
    load_is_bounded(text.ptr, "more than 5000000 values");
    buf_finish(&text);
}

/* The last of many names, for many stages. */
static void bounds_lookups(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_str(&text, STR("vars:\n- m: {k: {"));
    for (int i = 0; i < 50000; i++)
        buf_print(&text, "n%d: 0, ", i);
    buf_str(&text, STR("}}\n  l: &l [0"));
    for (int i = 1; i < 300; i++)
        buf_print(&text, ", %d", i);
    buf_str(&text, STR("]\nstages:\n  s:\n    matrix: {a: '${l}', b: '${l}'}\n    cmd: x ${m.k.n49999}\n"));
    load_is_bounded(text.ptr, "look too often into maps that are too large");
    buf_finish(&text);
}

static void allows_many(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_str(&text, STR("vars:\n- l: &l [0"));
    for (int i = 1; i < 317; i++)
        buf_print(&text, ", %d", i);
    buf_str(&text, STR("]\nstages:\n  s:\n    matrix: {a: '${l}', b: '${l}'}\n    cmd: x ${item.a} ${item.b}\n"
                       "    outs: ['o/${key}']\n"));
    const struct memory_file files[] = {{"refit.yaml", text.ptr}, {NULL, NULL}};
    struct manifest m = loads(files);
    assert_int_equal(m.stage_count, 317 * 317);
    is(m.stages[317 * 317 - 1].name, "s@316-316");
    is(m.stages[318].commands[0], "x 1 1");
    buf_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(resolves_trees_in_scopes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shares_what_has_no_template, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_in_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(spells_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(points_at_the_template, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_the_nearest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_the_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_no_file_for_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_explosions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_lookups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(allows_many, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
