/* Rules: what a stage that uses one becomes, and what is refused, in which file and where. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "refit/manifest.h"
#include "refit/rule.h"
#include "in_arena.h"

/* The project has one file, rules/r.yaml. */
static enum status read_rule(void *ctx, struct arena *in, struct str path, struct str *text, struct error *err)
{
    (void)in;
    if (ctx == NULL || !str_is(path, "rules/r.yaml"))
        return error_set(err, STATUS_NOT_FOUND, "not there");
    *text = str_from(ctx);
    return STATUS_OK;
}

static enum status load_with(const char *rule, const char *text, struct manifest *manifest, struct error *err)
{
    struct manifest_source source = {.path = STR("refit.yaml"), .text = str_from(text)};
    struct manifest_reader reader = {.read = read_rule, .ctx = (void *)rule};
    return manifest_load(&arena, &source, 1, STR("/p"), &reader, manifest, err);
}

/* The one stage `s` with these keys. */
static const struct manifest_stage *stage(const char *rule, const char *keys)
{
    struct manifest manifest = {0};
    struct error err = {0};
    if (load_with(rule, str_format(&arena, "stages:\n  s:\n    use: r\n%s", keys).ptr, &manifest, &err) != STATUS_OK)
        fail_msg("%s\n%s\n%s:%u:%u: %s", rule, keys, err.file, err.line, err.column, err.message);
    assert_int_equal(manifest.stage_count, 1);
    return &manifest.stages[0];
}

static void refuses(const char *rule, const char *text, const char *file, uint32_t line, uint32_t column,
                    const char *part)
{
    struct manifest manifest;
    struct error err = {0};
    enum status status = load_with(rule, text, &manifest, &err);
    if (status != STATUS_MANIFEST || err.line != line || err.column != column || strstr(err.message, part) == NULL ||
        strcmp(err.file, file) != 0)
        fail_msg("%s\n%s\ngot %s:%u:%u %s\nnot %s:%u:%u %s", rule, text, err.file, err.line, err.column, err.message,
                 file, line, column, part);
    assert_null(strchr(err.message, '\n'));
}

/* A rule with an optional argument `a` of this type, and this command. */
static const char *rule_of(const char *type, const char *cmd)
{
    return str_format(&arena, "desc: d\nargs:\n  a: {type: %s, desc: d}\nstage:\n  cmd: [%s]\n", type, cmd).ptr;
}

static void gives(const char *type, const char *cmd, const char *value, const char *expected)
{
    const char *with = value[0] ? str_format(&arena, "    with:\n      a: %s\n", value).ptr : "";
    const struct manifest_stage *s = stage(rule_of(type, cmd), with);
    assert_int_equal(s->command_count, 1);
    if (!str_is(s->commands[0], expected))
        fail_msg("%s with %s\ngot " STR_FMT "\nnot %s", cmd, value, STR_ARG(s->commands[0]), expected);
}

/* ---- commands ---- */

static void words(void **state)
{
    (void)state;
    static const struct {
        const char *type, *cmd, *value, *expected;
    } cases[] = {
        {"string", "'x ${a}'", "plain", "x plain"},
        {"string", "'x ${ a }'", "plain", "x plain"},
        {"string", "'x ${a} y'", "a b", "x 'a b' y"},
        {"string", "'x ${a}'", "\"it's\"", "x 'it'\\''s'"},
        {"string", "'x ${a}'", "\"$(touch b)\"", "x '$(touch b)'"},
        {"string", "'x ${a}'", "\"`touch b`\"", "x '`touch b`'"},
        {"string", "'x ${a}'", "\"a\\nb\"", "x 'a\nb'"},
        {"string", "'x ${a}'", "'a;b'", "x 'a;b'"},
        {"string", "'x ${a}'", "'*'", "x '*'"},
        {"string", "'x ${a}'", "'~'", "x '~'"},
        {"string", "'x ${a}'", "'a=b'", "x 'a=b'"},
        {"string", "'x ${a}'", "'#'", "x '#'"},
        {"string", "'x ${a}'", "'\\'", "x '\\'"},
        {"string", "'x ${a}'", "''", "x ''"},
        {"string", "'x --y=${a}'", "a b", "x --y='a b'"},
        {"string", "'x${a}y'", "a b", "x'a b'y"},
        {"string", "'x ${a}>out'", "'2'", "x '2'>out"},
        {"string", "'x ${a} >out'", "'2'", "x 2 >out"},
        {"string", "'x ${a}'", "é", "x 'é'"},
        {"string", "'x ${a} y'", "", "x y"},
        {"string", "'x ${a}'", "", "x"},
        {"string", "'x ${a} y'", "null", "x y"},
        {"string", "'x y=${a}'", "", "x y="},
        {"string", "'x ${--opt a} y'", "b c", "x --opt 'b c' y"},
        {"string", "'x ${--opt=a} y'", "b c", "x --opt='b c' y"},
        {"string", "'x ${--opt a} y'", "", "x y"},
        {"string", "'x \\${B} ${a}'", "b", "x ${B} b"},
        {"path", "'x ${a}'", "-rf", "x ./-rf"},
        {"path", "'x ${a}'", "a/b.c", "x a/b.c"},
        {"integer", "'x ${a}'", "0x10", "x 16"},
        {"integer", "'x ${a}'", "-5", "x -5"},
        {"number", "'x ${a}'", "0.10", "x 0.10"},
        {"number", "'x ${a}'", "3", "x 3"},
        {"boolean", "'x ${a}'", "true", "x true"},
        {"list", "'x ${a} y'", "[a b, 3, 0.10, c]", "x 'a b' 3 0.10 c y"},
        {"list", "'x ${a} y'", "[]", "x y"},
        {"list", "'x ${-I a}'", "[a, b c]", "x -I a -I 'b c'"},
        {"paths", "'x ${a}'", "[-a, b]", "x ./-a b"},
        {"map", "'x ${a}'", "{b: 1, c: [x, \"it's\"], d: {e: 0.5}}",
         "x '{\"b\":1,\"c\":[\"x\",\"it'\\''s\"],\"d\":{\"e\":0.5}}'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        gives(cases[i].type, cases[i].cmd, cases[i].value, cases[i].expected);
}

static void obstacles(void **state)
{
    (void)state;
    static const struct {
        const char *cmd, *part;
    } cases[] = {
        {"\"x '${a}'\"", "inside quotes"},
        {"'x \"${a}\"'", "inside quotes"},
        {"\"x 'b' \\\"c${a}\\\"\"", "inside quotes"},
        {"'x # ${a}'", "in a comment"},
        {"'x ${a} # ${a}'", "in a comment"},
        {"'x ${a}# ${a}'", "in a comment"},
        {"'x `y ${a}`'", "backquote"},
        {"'x \"$(y \"${a}\")\"'", "inside double quotes"},
        {"'x \"`y` \" ${a}'", "inside double quotes"},
        {"'x <<E ${a}'", "<<"},
        {"'x $((1 + ${a}))'", "(("},
        {"\"x $'b' ${a}\"", "$'"},
        {"'x $${a}'", "after a `$`"},
        {"'x >&${a}'", "the word behind `>&`"},
        {"'x >& ${a}'", "the word behind `>&`"},
        {"'x 2>&1${a}'", "the word behind `>&`"},
        {"'x [[ ${a} -eq 1 ]]'", "after `[[` or a subscript"},
        {"'y[${a}]=1'", "after `[[` or a subscript"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *rule = rule_of("string", cases[i].cmd);
        refuses(rule, "stages: {s: {use: r}}\n", "rules/r.yaml", 5, 9, cases[i].part);
    }
    gives("string", "\"x 'b' ${a}\"", "c d", "x 'b' 'c d'");
    gives("string", "'x \"b\\\"c\" ${a}'", "c d", "x \"b\\\"c\" 'c d'");
    gives("string", "'x 2>&1 ${a}'", "c d", "x 2>&1 'c d'");
    gives("string", "'[ ${a} = b ] && x'", "c d", "[ 'c d' = b ] && x");
    gives("string", "'x b#c ${a}'", "c d", "x b#c 'c d'");
    gives("string", "'x $(y ${a})'", "c d", "x $(y 'c d')");
    gives("string", "'x \\\\\\\" ${a}'", "c d", "x \\\\\\\" 'c d'");
}

/* ---- values ---- */

static const char everything[] = "desc: d\n"
                                 "args:\n"
                                 "  in: {type: path, desc: d, required: true}\n"
                                 "  more: {type: paths, desc: d}\n"
                                 "  out: {type: path, desc: d, default: o.txt}\n"
                                 "  size: {type: string, desc: d}\n"
                                 "  limit: {type: integer, desc: d}\n"
                                 "  metric: {type: path, desc: d}\n"
                                 "example: {in: i.txt}\n"
                                 "stage:\n"
                                 "  kind: data\n"
                                 "  cmd: x ${in}\n"
                                 "  deps: [\"${in}\", fixed.txt, \"${more}\"]\n"
                                 "  outs: [\"${out}\", {\"${out}.log\": {cache: false}}]\n"
                                 "  metrics: [\"${metric}\": {cache: false}]\n"
                                 "  timeout: ${limit}\n"
                                 "  resources: {mem: \"${size}\", cpus: 1}\n"
                                 "  env: [A=1, \"B=${in}\"]\n"
                                 "  tools: [\"${in} --version\"]\n";

static void values(void **state)
{
    (void)state;
    const struct manifest_stage *s = stage(everything, "    with: {in: a b}\n");
    assert_true(str_is(s->rule, "r"));
    assert_int_equal(s->kind, STAGE_DATA);
    assert_int_equal(s->dep_count, 2);
    assert_true(str_is(s->deps[0].path, "a b"));
    assert_int_equal(s->deps[0].at.line, 4); /* the argument's place */
    assert_true(str_is(s->deps[1].path, "fixed.txt"));
    assert_int_equal(s->deps[1].at.line, 3); /* that of `use` */
    assert_int_equal(s->out_count, 2);
    assert_true(str_is(s->outs[0].path, "o.txt"));
    assert_true(str_is(s->outs[1].path, "o.txt.log"));
    assert_false(s->outs[1].cache);
    assert_int_equal(s->timeout_ms, 0);
    assert_int_equal(s->resource_count, 1);
    assert_true(str_is(s->env[1].value, "a b"));
    assert_true(str_is(s->tools[0], "'a b' --version"));
    s = stage(everything, "    with: {in: \"a\\nb\"}\n");
    assert_int_equal(s->command_count, 1);
    assert_true(str_is(s->commands[0], "x 'a\nb'"));
    s = stage(everything, "    with: {in: a, more: [b, c], limit: 5, size: 1K, metric: m.json}\n");
    assert_int_equal(s->dep_count, 4);
    assert_true(str_is(s->deps[3].path, "c"));
    assert_int_equal(s->timeout_ms, 5000);
    assert_int_equal(s->resource_count, 2);
    assert_int_equal(s->out_count, 3);
    assert_int_equal(s->outs[2].kind, OUT_METRIC);
}

static void own_keys(void **state)
{
    (void)state;
    const struct manifest_stage *s = stage(everything, "    with: {in: a}\n"
                                                       "    kind: model\n"
                                                       "    deps: [own.txt, fixed.txt]\n"
                                                       "    outs:\n"
                                                       "    resources: {cpus: 2, gpus: 1}\n"
                                                       "    env: [C=3]\n"
                                                       "    tools: [own --version]\n"
                                                       "    timeout: 1m\n"
                                                       "    wdir: w\n");
    assert_int_equal(s->kind, STAGE_MODEL);
    assert_int_equal(s->dep_count, 3);
    assert_true(str_is(s->deps[2].path, "w/own.txt"));
    assert_int_equal(s->deps[2].at.line, 6);
    assert_int_equal(s->out_count, 2);
    assert_true(str_is(s->outs[0].path, "w/o.txt"));
    assert_int_equal(s->resource_count, 2);
    assert_true(str_is(s->resources[0].name, "cpus"));
    assert_int_equal(s->resources[0].amount, 2000);
    assert_int_equal(s->env_count, 3);
    assert_int_equal(s->tool_count, 2);
    assert_int_equal(s->timeout_ms, 60000);
    s = stage(everything, "    with: {in: a}\n    cmd: own\n");
    assert_true(str_is(s->commands[0], "own"));
}

/* What the manifest's templates stand for: scalars are strings too, lists and maps come whole, nothing is filled in
 * twice. */
static void templates(void **state)
{
    (void)state;
    const char *rule = "desc: d\n"
                       "args: {t: {type: string, desc: d}, p: {type: paths, desc: d}, m: {type: map, desc: d}}\n"
                       "stage: {cmd: \"x ${t} ${m} ${stage} \\\\${H}\", deps: [\"${p}\"], desc: \"${t}\"}\n";
    const char *text = "vars: [{n: 0.50, list: [a, b c], map: {k: [1, {z: '\\${t}'}]}}]\n"
                       "stages:\n"
                       "  s:\n"
                       "    foreach: [u/v]\n"
                       "    do:\n"
                       "      use: r\n"
                       "      with: {t: \"${n}\", p: \"${list}\", m: \"${map}\"}\n"
                       "  plain:\n"
                       "    use: r\n"
                       "    with: {t: '\\${t} ${item}'}\n";
    struct manifest m;
    struct error err = {0};
    assert_int_equal(load_with(rule, text, &m, &err), STATUS_MANIFEST); /* `item` is for foreach */
    text = str_format(&arena, "%.*s", (int)(strstr(text, " ${item}") - text), text).ptr;
    text = str_format(&arena, "%s'}\n", text).ptr;
    if (load_with(rule, text, &m, &err) != STATUS_OK)
        fail_msg("%s:%u:%u: %s", err.file, err.line, err.column, err.message);
    assert_true(str_is(m.stages[0].name, "s@u/v"));
    assert_string_equal(m.stages[0].commands[0].ptr, "x 0.5 '{\"k\":[1,{\"z\":\"\\\\${t}\"}]}' 's@u%2Fv' ${H}");
    assert_int_equal(m.stages[0].dep_count, 2);
    assert_true(str_is(m.stages[0].deps[1].path, "b c"));
    assert_int_equal(m.stages[0].deps[1].at.line, 7);
    assert_true(str_is(m.stages[0].desc, "0.5"));
    assert_string_equal(m.stages[1].commands[0].ptr, "x '${t}' plain ${H}");
    assert_true(str_is(m.stages[1].desc, "${t}"));
}

/* ---- what is refused ---- */

static void faults_of_use(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *part;
    } cases[] = {
        {"stages: {s: {use: q}}\n", 1, 19, "no rule is called `q` in stage `s`: there is no rules/q.yaml"},
        {"stages: {s: {use: python.scirpt}}\n", 1, 19, "did you mean `python.script`?"},
        {"stages: {s: {use: ../r}}\n", 1, 19, "cannot name a rule"},
        {"stages: {s: {use: 1}}\n", 1, 19, "must be a string"},
        {"stages: {s: {with: {in: a}, cmd: x}}\n", 1, 20, "has no `use`"},
        {"stages: {s: {use: r}}\n", 1, 19, "needs `in` (path: d); add it under `with:`"},
        {"stages: {s: {use: r, with: {in: null}}}\n", 1, 19, "needs `in`"},
        {"stages: {s: {use: r, with: [a]}}\n", 1, 28, "a map of arguments"},
        {"stages: {s: {use: r, with: {inn: a}}}\n", 1, 29, "did you mean `in`?"},
        {"stages: {s: {use: r, with: {in: [a]}}}\n", 1, 33, "must be a path, not a list"},
        {"stages: {s: {use: r, with: {in: 3}}}\n", 1, 33, "must be a path, not an integer"},
        {"stages: {s: {use: r, with: {in: a/../b}}}\n", 1, 33, "without `..`"},
        {"stages: {s: {use: r, with: {in: ''}}}\n", 1, 33, "cannot be the path ``"},
        {"stages: {s: {use: r, with: {in: a, more: b}}}\n", 1, 42, "write [b]"},
        {"stages: {s: {use: r, with: {in: a, more: [..]}}}\n", 1, 43, "without `..`"},
        {"stages: {s: {use: r, with: {in: a, more: [1]}}}\n", 1, 43, "a string (a path)"},
        {"stages: {s: {use: r, with: {in: a, limit: x}}}\n", 1, 43, "must be an integer"},
        {"stages: {s: {use: r, with: {in: a, size: 1.5}}}\n", 1, 42, "quote it: '1.5'"},
        {"stages: {s: {use: r, with: {in: a}, dep: [b]}}\n", 1, 37, "did you mean `deps`?"},
        {"stages: {s: {use: r, with: {in: a}, shell: fish}}\n", 1, 44, "need a shell such as"},
        {"stages: {s: {use: r, with: {in: a}, outs: [o.txt.log]}}\n", 1, 44, "is there twice"},
        {"stages: {s: {use: r, with: {in: \"${x}\"}}}\n", 1, 34, "no variable is called `x`"},
        {"vars: [{x: [1]}]\nstages: {s: {use: r, with: {in: \"${x}\"}}}\n", 2, 33, "must be a path, not a list"},
        {"vars: [{x: [a, 1]}]\nstages: {s: {use: r, with: {in: a, more: \"${x}\"}}}\n", 2, 42, "a string (a path)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuses(everything, cases[i].text, "refit.yaml", cases[i].line, cases[i].column, cases[i].part);
    const char *choice = "desc: d\nargs:\n  a: {type: string, desc: d, choices: [red, green]}\n"
                         "stage: {cmd: \"x ${a}\"}\n";
    refuses(choice, "stages: {s: {use: r, with: {a: gren}}}\n", "refit.yaml", 1, 32, "did you mean `green`?");
    assert_true(str_is(stage(choice, "    with: {a: green}\n")->commands[0], "x green"));
}

static void faults_of_rules(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        uint32_t line, column;
        const char *part;
    } cases[] = {
        {"[]\n", 1, 1, "a map with `desc` and `stage`"},
        {"desc: d\n", 1, 1, "no `stage`"},
        {"stage: {cmd: x}\n", 1, 1, "no `desc`"},
        {"desc: d\nstages: {cmd: x}\n", 2, 1, "did you mean `stage`?"},
        {"desc: d\nstage: []\n", 2, 8, "must be a map with `cmd`"},
        {"desc: d\nstage: {cmd: x, use: y}\n", 2, 17, "cannot use a rule"},
        {"desc: d\nstage: {cmd: \"x\\ny\"}\n", 2, 14, "one line or a list"},
        {"desc: d\nstage: {desc: x}\n", 2, 8, "no `cmd`"},
        {"desc: d\nstage: {cmd: x, dep: [y]}\n", 2, 17, "did you mean `deps`?"},
        {"desc: d\nstage: {cmd: x, retries: many}\n", 2, 26, "must be an integer"},
        {"desc: d\nstage: {cmd: x, deps: [../y]}\n", 2, 24, "has a `..` in it"},
        {"desc: d\nstage: {cmd: x, outs: [../y: {cache: false}]}\n", 2, 24, "has a `..` in it"},
        {"desc: d\nstage: {cmd: x, wdir: a/..}\n", 2, 23, "has a `..` in it"},
        {"desc: d\nstage: {cmd: x, params: [../p.yaml: [a]]}\n", 2, 26, "has a `..` in it"},
        {"desc: d\nstage: {cmd: \"x ${b}\"}\n", 2, 14, "the rule has no argument `b`"},
        {"desc: d\nstage: {cmd: \"x ${B}\"}\n", 2, 14, "is no template of a rule"},
        {"desc: d\nstage: {cmd: \"x ${b\"}\n", 2, 14, "without its `}`"},
        {"desc: d\nargs: [a]\nstage: {cmd: x}\n", 2, 7, "a map of names to arguments"},
        {"desc: d\nargs: {A: {type: path, desc: d}}\nstage: {cmd: x}\n", 2, 8, "cannot name an argument"},
        {"desc: d\nargs: {a: path}\nstage: {cmd: x}\n", 2, 11, "a map such as"},
        {"desc: d\nargs: {a: {desc: d}}\nstage: {cmd: x}\n", 2, 8, "has no `type`"},
        {"desc: d\nargs: {a: {type: path}}\nstage: {cmd: x}\n", 2, 8, "has no `desc`"},
        {"desc: d\nargs: {a: {type: pat, desc: d}}\nstage: {cmd: x}\n", 2, 18, "did you mean `path`?"},
        {"desc: d\nargs: {a: {type: path, desc: d, defualt: x}}\nstage: {cmd: x}\n", 2, 33,
         "did you mean `default`?"},
        {"desc: d\nargs: {a: {type: path, desc: d, default: 1}}\nstage: {cmd: x}\n", 2, 42, "must be a path"},
        {"desc: d\nargs: {a: {type: path, desc: d, default: x, required: true}}\nstage: {cmd: x}\n", 2, 42,
         "required and has a default"},
        {"desc: d\nargs: {a: {type: integer, desc: d, choices: [x]}}\nstage: {cmd: x}\n", 2, 46, "must be an integer"},
        {"desc: d\nargs: {a: {type: path, desc: d, required: true}}\nstage: {cmd: x}\n", 1, 1, "needs `a`"},
        {"desc: d\nargs: {a: {type: path, desc: d}}\nexample: {b: x}\nstage: {cmd: x}\n", 3, 11, "no argument `b`"},
        {"desc: d\nargs: {a: {type: path, desc: d}}\nexample: {a: ../x}\nstage: {cmd: x}\n", 3, 14,
         "without `..`"},
        {"desc: d\nargs: {a: {type: paths, desc: d}}\nstage: {cmd: x, desc: \"a ${a}\"}\n", 3, 23,
         "let it stand alone"},
        {"desc: d\nargs: {a: {type: path, desc: d}}\nstage: {cmd: x, desc: \"${-x a}\"}\n", 3, 23,
         "`cmd` and `tools` alone"},
        {"desc: d\ndesc: e\nstage: {cmd: x}\n", 2, 1, "desc"},
        {"desc: d\nstage: {cmd: x\n", 3, 1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuses(cases[i].rule, "stages: {s: {use: r}}\n", "rules/r.yaml", cases[i].line, cases[i].column,
                cases[i].part);
}

/* A long argument that is written often. */
static void too_long(void **state)
{
    (void)state;
    struct buf rule = {0}, text = {0};
    buf_print(&rule, "desc: d\nargs: {a: {type: string, desc: d}}\nstage:\n  cmd: [");
    for (int i = 0; i < 2000; i++)
        buf_print(&rule, "'${a}',");
    buf_print(&rule, "x]\n");
    buf_print(&text, "stages:\n  s:\n    use: r\n    with:\n      a: ");
    for (int i = 0; i < 1000; i++)
        buf_print(&text, "x");
    buf_print(&text, "\n");
    refuses(rule.ptr, text.ptr, "refit.yaml", 3, 10, "longer than 1024 KiB");
    buf_finish(&rule);
    buf_finish(&text);
}

/* ---- files ---- */

static void listed(void **state)
{
    (void)state;
    struct manifest manifest;
    struct error err;
    const char *text = "stages: {s: {use: r}, t: {use: r}, u: {use: python.script, with: {script: a.py}}}\n";
    assert_int_equal(load_with("desc: d\nstage: {cmd: x}\n", text, &manifest, &err), STATUS_OK);
    assert_int_equal(manifest.file_count, 2);
    assert_true(str_is(manifest.files[0].path, "rules/r.yaml"));
    assert_true(manifest.files[0].found);
    assert_true(str_is(manifest.files[1].path, "rules/python.script.yaml"));
    assert_false(manifest.files[1].found);
    struct buf packed = {0};
    struct manifest again;
    manifest_pack(&manifest, &packed);
    assert_true(manifest_unpack(&arena, buf_view(&packed), &again));
    assert_true(str_is(again.stages[2].rule, "python.script"));
    buf_finish(&packed);
}

/* Every rule that is shipped holds with its example, and says what it is for. */
static void shipped(void **state)
{
    (void)state;
    struct error err = {0};
    for (const struct rule_shipped *rule = rules_shipped; rule->name != NULL; rule++) {
        struct rule parsed;
        if (rule_parse(&arena, str_from(rule->name), str_from(rule->name), str_from(rule->text), &parsed, &err) !=
            STATUS_OK)
            fail_msg("%s:%u:%u: %s", err.file, err.line, err.column, err.message);
        assert_true(parsed.desc.len > 0 && parsed.example->map.count > 0);
        assert_true(rule == rules_shipped || strcmp(rule[-1].name, rule->name) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),         cmocka_unit_test(obstacles),       cmocka_unit_test(values),
        cmocka_unit_test(own_keys),      cmocka_unit_test(templates),
            cmocka_unit_test(faults_of_use),   cmocka_unit_test(faults_of_rules),
        cmocka_unit_test(too_long),      cmocka_unit_test(listed),          cmocka_unit_test(shipped),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
