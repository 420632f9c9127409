/* Manifests: what a stage becomes, and what is refused, where, and with which words. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "refit/manifest.h"
#include "in_arena.h"

static struct manifest load_at(const char *text, struct str path)
{
    struct manifest manifest = {0};
    struct error err = {0};
    struct manifest_source source = {.path = path, .text = str_from(text)};
    if (manifest_load(&arena, &source, 1, STR("/p"), NULL, &manifest, &err) != STATUS_OK)
        fail_msg("%s\n%u:%u: %s", text, err.line, err.column, err.message);
    return manifest;
}

static struct manifest load(const char *text)
{
    return load_at(text, STR("refit.yaml"));
}

/* The one stage `s` with these keys. */
static const struct manifest_stage *stage(const char *keys)
{
    struct manifest manifest = load(str_format(&arena, "stages:\n  s:\n%s", keys).ptr);
    assert_int_equal(manifest.stage_count, 1);
    return &manifest.stages[0];
}

static void refuses(const char *text, uint32_t line, uint32_t column, const char *part)
{
    struct manifest manifest;
    struct error err = {0};
    struct manifest_source source = {.path = STR("refit.yaml"), .text = str_from(text)};
    enum status status = manifest_load(&arena, &source, 1, STR("/p"), NULL, &manifest, &err);
    if (status != STATUS_MANIFEST || err.line != line || err.column != column || strstr(err.message, part) == NULL)
        fail_msg("%s\ngot %u:%u %s\nnot %u:%u %s", text, err.line, err.column, err.message, line, column, part);
    assert_string_equal(err.file, "refit.yaml");
    assert_null(strchr(err.message, '\n'));
}

/* One more key in a stage that is good otherwise; it stands in line 4, column 5. */
static void refuses_key(const char *key, uint32_t line, uint32_t column, const char *part)
{
    refuses(str_format(&arena, "stages:\n  s:\n    cmd: x\n    %s\n", key).ptr, line, column, part);
}

static void is(struct str s, const char *wanted)
{
    assert_string_equal(str_terminated(&arena, s), wanted);
}

/* ---- what is read ---- */

static void reads_a_whole_stage(void **state)
{
    (void)state;
    struct manifest manifest = load("desc: digits\n"
                                    "tools: [python3 --version]\n"
                                    "stages:\n"
                                    "  train@a-1.b+c:\n"
                                    "    kind: model\n"
                                    "    cmd: python3 src/train.py\n"
                                    "    deps: [src/train.py, data/, ./x//y/../z]\n"
                                    "    params: [train.lr, train.epochs]\n"
                                    "    outs: [models/digits.json]\n"
                                    "    env: [SEED, MODE=fast=1, EMPTY=, {SECRET: {show: true}}, {N: {value: 1.10}}]\n"
                                    "    resources: {mem: 512M, cpus: 0.5, licence: 2}\n"
                                    "    timeout: 1.5h\n"
                                    "    retries: 3\n"
                                    "    shell: bash\n"
                                    "    needs: [other]\n"
                                    "    depfile: out.d\n"
                                    "    tools: [nvcc --version, python3 --version]\n"
                                    "    portable: true\n"
                                    "    console: true\n"
                                    "    frozen: true\n"
                                    "    always_changed: true\n"
                                    "    desc: trains\n"
                                    "    meta: {owner: me}\n"
                                    "  other: {cmd: 'true'}\n");
    is(manifest.desc, "digits");
    is(manifest.stages[0].file, "refit.yaml");
    assert_int_equal(manifest.stage_count, 2);
    const struct manifest_stage *s = &manifest.stages[0];
    is(s->name, "train@a-1.b+c");
    assert_int_equal(s->at.line, 4);
    assert_int_equal(s->at.column, 3);
    assert_string_equal(stage_kind_name(s->kind), "model");
    assert_int_equal(s->command_count, 1);
    is(s->commands[0], "python3 src/train.py");
    assert_int_equal(s->cmd_at.line, 6);
    assert_int_equal(s->dep_count, 3);
    is(s->deps[1].path, "data");
    is(s->deps[2].path, "x/z");
    assert_int_equal(s->deps[1].at.column, 26);
    assert_int_equal(s->params_count, 1);
    is(s->params[0].path, "params.yaml");
    assert_int_equal(s->params[0].key_count, 2);
    is(s->params[0].keys[1].key, "train.epochs");
    assert_int_equal(s->out_count, 1);
    assert_true(s->outs[0].cache && !s->outs[0].persist);
    assert_int_equal(s->env_count, 5);
    assert_false(s->env[0].has_value);
    is(s->env[1].name, "MODE");
    is(s->env[1].value, "fast=1");
    assert_true(s->env[2].has_value && s->env[2].value.len == 0);
    assert_true(s->env[3].show && !s->env[3].has_value);
    is(s->env[4].value, "1.10");
    assert_int_equal(s->resource_count, 3);
    is(s->resources[0].name, "cpus");
    assert_int_equal(s->resources[0].amount, 500);
    assert_int_equal(s->resources[1].amount, 2);
    assert_int_equal(s->resources[2].amount, 512 << 20);
    assert_int_equal(s->timeout_ms, 5400000);
    assert_int_equal(s->retries, 3);
    is(s->shell, "bash");
    is(s->needs[0].path, "other");
    is(s->depfile, "out.d");
    assert_int_equal(s->tool_count, 2);
    is(s->tools[1], "nvcc --version");
    assert_true(s->portable && s->console && s->frozen && s->always_changed);
    is(s->desc, "trains");
    is(value_get(s->meta, STR("owner"))->text, "me");
    s = &manifest.stages[1];
    is(s->shell, "/bin/sh");
    is(s->wdir, ".");
    is(s->depfile, "");
    is(s->tools[0], "python3 --version");
    assert_int_equal(s->tool_count, 1);
    assert_int_equal(s->kind, STAGE_PLAIN);
}

static void splits_commands(void **state)
{
    (void)state;
    const struct manifest_stage *s = stage("    cmd: |\n      one\n\n"
                                           "      two \\\n        --more \\\n        'x'\n      three \\\\\n"
                                           "      four \\\n");
    assert_int_equal(s->command_count, 4);
    is(s->commands[0], "one");
    is(s->commands[1], "two   --more   'x'");
    is(s->commands[2], "three \\\\");
    is(s->commands[3], "four \\");
    s = stage("    cmd: >-\n      one\n      two\n");
    assert_int_equal(s->command_count, 1);
    is(s->commands[0], "one two");
    s = stage("    cmd:\n    - one\n    - |\n      for x in 1 2; do\n        echo $x\n      done\n    - three\n");
    assert_int_equal(s->command_count, 3);
    is(s->commands[1], "for x in 1 2; do\n  echo $x\ndone");
    s = stage("    cmd: echo \\${HOME} $USER $$ \\\\ \\$x\n");
    is(s->commands[0], "echo ${HOME} $USER $$ \\\\ \\$x");
}

static void gathers_params_by_file(void **state)
{
    (void)state;
    const struct manifest_stage *s = stage("    cmd: x\n    wdir: sub\n"
                                           "    params: [a, {other.json: [b, c], ../w.yaml: }, d, {./params.yaml: [e]},"
                                           " {w.toml: ~}]\n");
    assert_int_equal(s->params_count, 4);
    is(s->params[0].path, "sub/params.yaml");
    assert_int_equal(s->params[0].key_count, 3);
    is(s->params[0].keys[2].key, "e");
    is(s->params[1].path, "sub/other.json");
    assert_int_equal(s->params[1].key_count, 2);
    assert_false(s->params[1].whole);
    is(s->params[2].path, "w.yaml");
    assert_true(s->params[2].whole);
    is(s->params[3].path, "sub/w.toml");
    assert_true(s->params[3].whole);
}

static void reads_outs_of_three_kinds(void **state)
{
    (void)state;
    const struct manifest_stage *s =
        stage("    cmd: x\n"
              "    plots:\n"
              "    - p.csv: {x: a, y: b, x_label: c, y_label: d, title: e, template: f, header: false, cache: false}\n"
              "    metrics: [{m.json: {cache: false}}]\n"
              "    outs:\n"
              "    - a: {persist: true, desc: d, type: t, labels: [l], meta: {}, push: true, remote: r,"
              " checkpoint: true}\n"
              "    - b:\n"
              "    - {c: {cache: true}, d: {}}\n"
              "    - e\n");
    static const char *const paths[] = {"a", "b", "c", "d", "e", "m.json", "p.csv"};
    assert_int_equal(s->out_count, 7);
    for (uint32_t i = 0; i < s->out_count; i++) {
        is(s->outs[i].path, paths[i]);
        assert_int_equal(s->outs[i].kind, i < 5 ? OUT_PLAIN : i == 5 ? OUT_METRIC : OUT_PLOT);
        assert_int_equal(s->outs[i].cache, i < 5);
        assert_int_equal(s->outs[i].persist, i == 0);
    }
}

static void makes_paths_canonical(void **state)
{
    (void)state;
    struct manifest manifest = load_at("stages:\n"
                                       "  a: {cmd: x, wdir: w/./v, deps: [../a, ../../../b, /p/c, /etc/d], outs: [o]}\n"
                                       "  b: {cmd: x, deps: [../../e], outs: [../f], depfile: d}\n",
                                       STR("sub/refit.yaml"));
    is(manifest.stages[0].wdir, "sub/w/v");
    is(manifest.stages[0].deps[0].path, "sub/w/a");
    is(manifest.stages[0].deps[1].path, "b");
    is(manifest.stages[0].deps[2].path, "c");
    is(manifest.stages[0].deps[3].path, "/etc/d");
    is(manifest.stages[0].outs[0].path, "sub/w/v/o");
    is(manifest.stages[1].wdir, "sub");
    is(manifest.stages[1].deps[0].path, "../e");
    is(manifest.stages[1].outs[0].path, "f");
    is(manifest.stages[1].depfile, "sub/d");
}

static void null_lists_are_empty(void **state)
{
    (void)state;
    const struct manifest_stage *s = stage("    cmd: x\n    deps:\n    params:\n    outs:\n    metrics: ~\n    plots:\n"
                                           "    env:\n    resources:\n    needs:\n    tools:\n    desc:\n    meta:\n");
    assert_int_equal(s->dep_count + s->params_count + s->out_count + s->env_count + s->resource_count + s->needs_count +
                         s->tool_count,
                     0);
    assert_int_equal(load("stages: {}\n").stage_count, 0);
}

/* Keys shared through anchors and merges are the stage's own, and escapes are undone once for each. */
static void shares_through_anchors(void **state)
{
    (void)state;
    struct manifest manifest = load("stages:\n"
                                    "  a: &a\n"
                                    "    cmd: echo \\${X}\n"
                                    "    deps: &d [x]\n"
                                    "  b: *a\n"
                                    "  c: {<<: *a, cmd: y}\n"
                                    "  d: {cmd: y, deps: *d}\n");
    assert_int_equal(manifest.stage_count, 4);
    is(manifest.stages[1].commands[0], "echo ${X}");
    is(manifest.stages[2].commands[0], "y");
    for (int i = 0; i < 4; i++)
        is(manifest.stages[i].deps[0].path, "x");
}

static void repeats_of_env_and_tools_are_one(void **state)
{
    (void)state;
    const struct manifest_stage *s = stage("    cmd: x\n    env: [A, B=1, A, B=1]\n    tools: [t, t]\n");
    assert_int_equal(s->env_count, 2);
    assert_int_equal(s->tool_count, 1);
}

static void names_are_bytes(void **state)
{
    (void)state;
    const struct manifest_stage *s = stage("    cmd: x\n    deps: [\"new\\nline\", !bytes \"caf\\xe9\"]\n");
    is(s->deps[0].path, "new\nline");
    is(s->deps[1].path, "caf\xe9");
    struct manifest manifest = load("stages: {\xc3\xa9t\xc3\xa9_1: {cmd: x}, 5: {cmd: y}}\n");
    is(manifest.stages[0].name, "\xc3\xa9t\xc3\xa9_1");
    is(manifest.stages[1].name, "5");
}

/* Ten thousand stages, each with distinct paths; lists long enough for the table. */
static void loads_many(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_str(&text, STR("stages:\n"));
    for (int i = 0; i < 10000; i++)
        buf_print(&text, "  s%d: {cmd: cp a%d b%d, deps: [a%d], outs: [b%d]}\n", i, i, i, i, i);
    buf_str(&text, STR("  all:\n    cmd: x\n    deps:\n"));
    for (int i = 0; i < 10000; i++)
        buf_print(&text, "    - b%d\n", i);
    struct manifest manifest = load(text.ptr);
    assert_int_equal(manifest.stage_count, 10001);
    is(manifest.stages[9999].outs[0].path, "b9999");
    assert_int_equal(manifest.stages[10000].dep_count, 10000);
    buf_str(&text, STR("    - ./b5000\n"));
    refuses(text.ptr, 20005, 7, "the dep `b5000` in stage `all` is there twice");
    buf_finish(&text);
}

/* ---- what is refused ---- */

static void refuses_top_levels(void **state)
{
    (void)state;
    refuses("", 1, 1, "the manifest is empty");
    refuses("- a\n", 1, 1, "must be a map with `stages`, not a list");
    refuses("desc: x\n", 1, 1, "has no `stages`");
    refuses("stages: [a]\n", 1, 9, "`stages` must be a map of names to stages, not a list");
    refuses("stages:\n", 1, 8, "must be a map of names to stages, not nothing");
    refuses("stage:\n  a: {cmd: x}\n", 1, 1, "unknown key `stage` at the top level; did you mean `stages`?");
    refuses("stages: {}\nwhatever: 1\n", 2, 1,
            "unknown key `whatever` at the top level; known: stages, vars, tools, desc, shell, data, expect, "
            "gates");
    refuses("stages: {}\ndesc: [1]\n", 2, 7, "`desc` must be a string, not a list");
    refuses("stages: {}\ntools: python3\n", 2, 8, "`tools` must be a list, not a string; write [python3]");
    refuses("rules: []\nstages: {}\n", 1, 1, "`rules` at the top level is not supported yet");
}

static void loads_data(void **state)
{
    (void)state;
    struct manifest manifest = load("vars: [{dir: raw}]\ndata:\n  table: {path: \"${dir}/t.csv\"}\n"
         "  images: {path: ./raw/images, snapshot: false}\n"
         "  far: {path: f, url: https://h/f, sha256: "
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}\nstages: {}\n");
    assert_int_equal(manifest.data_count, 3);
    is(manifest.data[0].path, "raw/t.csv");
    assert_true(manifest.data[0].snapshot);
    is(manifest.data[1].path, "raw/images");
    assert_false(manifest.data[1].snapshot);
    is(manifest.data[2].url, "https://h/f");
    assert_true(manifest_keeps(&manifest, STR("raw/t.csv")));
    assert_true(manifest_keeps(&manifest, STR("raw")));
    assert_false(manifest_keeps(&manifest, STR("raw/images/1.png")));
    assert_true(manifest_find_data(&manifest, STR("raw/images/1.png")) == &manifest.data[1]);
    assert_null(manifest_find_data(&manifest, STR("raw2")));
}

static void refuses_data(void **state)
{
    (void)state;
    refuses("data: [x]\nstages: {}\n", 1, 7, "`data` must be a map of names to data sets, not a list");
    refuses("data: {a: x.csv}\nstages: {}\n", 1, 8, "the data set `a` must be a map with `path`, not a string");
    refuses("data: {a: {url: file:///x}}\nstages: {}\n", 1, 8, "the data set `a` has no `path`");
    refuses("data: {a: {path: x, pth: y}}\nstages: {}\n", 1, 21, "unknown key `pth` in the data set `a`; did you mean");
    refuses("data: {a: {path: x, url: y}}\nstages: {}\n", 1, 26, "must begin with http://");
    refuses("data: {a: {path: x, url: 'http://h/a b'}}\nstages: {}\n", 1, 26, "no blanks");
    refuses("data: {a: {path: x, url: file:///y}}\nstages: {}\n", 1, 8, "a `url` and no `sha256`");
    refuses("data: {a: {path: x, sha256: z}}\nstages: {}\n", 1, 29, "64 hexadecimal digits");
    refuses("data: {a: {path: ../x}}\nstages: {}\n", 1, 18, "outside the project");
    refuses("data: {a: {path: x, snapshot: 1}}\nstages: {}\n", 1, 31, "`snapshot` must be");
}

static void checks_are_stages(void **state)
{
    (void)state;
    struct manifest m = load("stages:\n  s: {cmd: x}\ntools: [cc --version]\nexpect:\n"
         "  input: {data: d/x.csv, desc: the table, columns: {a: {foreign_key: {column: a, file: keys.csv}}}}\n"
         "gates:\n  release: {model: m.bin, rows: {candidate: c.csv, baseline: b.csv, key: id, label: y, "
         "prediction: p}, baseline: production, "
         "metrics: {accuracy: {better: higher, max_drop: 0.01}}, verdict: v/r.json}\n");
    assert_int_equal(m.stage_count, 3);
    assert_int_equal(m.check_count, 2);
    const struct manifest_stage *input = &m.stages[m.checks[0].stage], *release = &m.stages[m.checks[1].stage];
    is(input->name, "input");
    is(input->desc, "the table");
    assert_int_equal(input->kind, STAGE_DATA);
    assert_int_equal(input->check, 1);
    is(input->commands[0], "\"$REFIT\" check data input --stage");
    assert_int_equal(input->dep_count, 2);
    is(input->deps[0].path, "d/x.csv");
    is(input->deps[1].path, "keys.csv");
    is(input->params[0].path, "refit.yaml");
    is(input->params[0].keys[0].key, "expect.input");
    is(input->outs[0].path, "checks/input.json");
    is(m.checks[0].verdict, "checks/input.json");
    is(m.checks[0].subject, "d/x.csv");
    assert_int_equal(m.checks[0].kind, CHECK_DATA);
    is(release->commands[0], "\"$REFIT\" check model release --stage");
    is(release->outs[0].path, "v/r.json");
    assert_int_equal(release->dep_count, 3);
    is(release->deps[0].path, "m.bin");
    is(release->deps[1].path, "c.csv");
    is(release->deps[2].path, "b.csv");
    assert_int_equal(m.checks[1].kind, CHECK_MODEL);
    is(m.checks[1].subject, "m.bin");
    assert_int_equal(m.stages[0].check, 0);
}

static void refuses_checks(void **state)
{
    (void)state;
    refuses("stages: {}\nexpect: [x]\n", 2, 9, "`expect` must be a map of names to checks, not a list");
    refuses("stages: {}\ngates: x\n", 2, 8, "`gates` must be a map of names to checks, not a string");
    refuses("stages: {}\nexpect: {a: x.csv}\n", 2, 10, "the expectations `a` must be a map with `data`, not a string");
    refuses("stages: {}\nexpect: {a: {data: d, columns: {x: {betwen: [0, 1]}}}}\n", 2, 37,
            "there is no rule for a column called `betwen`; did you mean `between`?");
    refuses("stages: {}\nexpect: {a: {}}\n", 2, 10, "the expectations `a` has no `data`; name the file");
    refuses("stages: {}\ngates: {a: {}}\n", 2, 9, "the gate `a` has no `model`; name the file");
    refuses("stages: {}\ngates: {a: {model: \"${x}\"}}\n", 2, 21, "`x`");
    refuses("stages: {a: {cmd: x}}\nexpect: {a: {data: d}}\n", 2, 10, "the stage `a` is there already");
}

static void refuses_stages(void **state)
{
    (void)state;
    refuses("stages:\n  s:\n", 2, 3, "stage `s` must be a map with `cmd`, not nothing");
    refuses("stages:\n  s: echo\n", 2, 3, "stage `s` must be a map with `cmd`, not a string");
    refuses("stages:\n  s: {deps: [x]}\n", 2, 3, "stage `s` has no `cmd`");
    refuses("stages:\n  s: {cmd: x}\n  s: {cmd: y}\n", 3, 3, "`s` is there twice, first in line 2");
    refuses_key("dep: [x]", 4, 5, "unknown key `dep` in stage `s`; did you mean `deps`?");
    refuses_key("comand: x", 4, 5, "unknown key `comand` in stage `s`");
    refuses_key("cmd: y", 4, 5, "`cmd` is there twice");
    refuses_key("expect: {data: x}", 4, 5, "`expect` in stage `s` belongs to the top level, where checks have names");
}

static void refuses_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "\"a b\"", "\"a\\tb\"", "\"a\\nb\"", "'a:b'", "a/b", "'a\\b'", "a$b", "'a*b'", "a?b", "'a[b'", "'a]b'", "'a{b'",
        "'a}b'", "'a,b'", "'a''b'", "'a\"b'", "'a#b'", "-a", ".a", "..", "''", "a!b", "a%b", "\"a\\0b\"", "\"a\\_b\"",
        "\"a\\u2028b\"",
        "\"\\ufeffa\"", "\"a\\u3000b\"", "!bytes \"\\xff\"",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        refuses(str_format(&arena, "stages:\n  ? %s\n  : {cmd: x}\n", names[i]).ptr, 2, 5,
                str_is(str_from(names[i]), "''") ? "cannot be empty" : "cannot name a stage");
    struct buf text = {0};
    buf_str(&text, STR("stages: {"));
    for (int i = 0; i < 201; i++)
        buf_char(&text, 'x');
    buf_str(&text, STR(": {cmd: y}}"));
    refuses(text.ptr, 1, 10, "longer than 200 bytes");
    buf_finish(&text);
}

static void refuses_templates(void **state)
{
    (void)state;
    refuses("stages: {s: {cmd: \"echo ${x}\"}}\n", 1, 25,
            "no variable is called `x` in stage `s`; define it, or write $");
    refuses_key("deps: [a, \"${b}\"]", 4, 16, "no variable");
    refuses_key("outs: [{\"${b}\": {cache: false}}]", 4, 14, "no variable");
    refuses_key("desc: a ${b}", 4, 13, "no variable");
    refuses_key("meta: {a: [\"${b}\"]}", 4, 17, "no variable");
    refuses_key("frozen: ${b}", 4, 13, "no variable");
    refuses_key("retries: ${b}", 4, 14, "no variable");
    refuses_key("deps: [\"\\\\${a}${b}\"]", 4, 19, "no variable is called `b`");
}

static void refuses_types(void **state)
{
    (void)state;
    refuses("stages: {s: {cmd: true}}\n", 1, 19,
            "`cmd` in stage `s` must be a string or a list of strings, not true or false; quote it: 'true'");
    refuses("stages: {s: {cmd: }}\n", 1, 19, "`cmd` in stage `s` must be a string or a list of strings, not nothing");
    refuses("stages: {s: {cmd: []}}\n", 1, 19, "`cmd` in stage `s` is empty");
    refuses("stages: {s: {cmd: ''}}\n", 1, 19, "`cmd` in stage `s` is empty");
    refuses("stages: {s: {cmd: \" \\n \"}}\n", 1, 19, "`cmd` in stage `s` is empty");
    refuses("stages: {s: {cmd: \"a\\0b\"}}\n", 1, 19, "NUL byte");
    refuses("stages: {s: {cmd: [1]}}\n", 1, 20,
            "an item of `cmd` in stage `s` must be a string, not an integer; quote it: '1'");
    refuses_key("deps: x", 4, 11, "`deps` in stage `s` must be a list, not a string; write [x]");
    refuses_key("deps: [[x]]", 4, 12, "an item of `deps` in stage `s` must be a string, not a list");
    refuses_key("outs: {a: b}", 4, 11, "`outs` in stage `s` must be a list, not a map");
    refuses_key("outs: [1]", 4, 12, "an item of `outs` in stage `s` must be a string (a path) or a map");
    refuses_key("outs: [{a: 1}]", 4, 16, "what stands behind an out's path in stage `s` must be a map");
    refuses_key("outs: [{a: {cache: 1}}]", 4, 24,
                "`cache` of an out in stage `s` must be true or false, not an integer");
    refuses_key("outs: [{a: {cach: true}}]", 4, 17,
                "unknown key `cach` of the out `a` in stage `s`; did you mean `cache`?");
    refuses_key("metrics: [{a: {template: x}}]", 4, 20, "unknown key `template`");
    refuses_key("params: x", 4, 13, "`params` in stage `s` must be a list");
    refuses_key("params: [1]", 4, 14, "an item of `params` in stage `s` must be a string");
    refuses_key("params: [{f.yaml: x}]", 4, 23, "must be a list of keys, or nothing, not a string; write [x]");
    refuses_key("params: [{f.yaml: []}]", 4, 23, "no keys of `f.yaml` in stage `s`");
    refuses_key("params: [{f.yaml: [1]}]", 4, 24, "a key in `params` in stage `s` must be a string, not an integer");
    refuses_key("frozen: 1", 4, 13, "`frozen` in stage `s` must be true or false, not an integer");
    refuses_key("portable: yes", 4, 15, "must be true or false, not a string");
    refuses_key("wdir: ~", 4, 11, "`wdir` in stage `s` must be a string, not nothing");
}

static void refuses_values(void **state)
{
    (void)state;
    refuses_key("kind: modle", 4, 11, "unknown kind `modle` in stage `s`; did you mean `model`?");
    refuses_key("retries: 101", 4, 14, "`retries` in stage `s` must be from 0 to 100, not 101");
    refuses_key("retries: -1", 4, 14, "must be from 0 to 100");
    refuses_key("timeout: soon", 4, 14, "is not a duration: `soon`");
    refuses_key("timeout: -5", 4, 14, "is not a duration: `-5`");
    refuses_key("shell: bash -e", 4, 12, "one program, without options");
    refuses_key("resources: [cpus]", 4, 16, "`resources` in stage `s` must be a map");
    refuses_key("resources: {cpus: -1}", 4, 23, "`-1`, and it cannot be negative; write a number with at most three");
    refuses_key("resources: {mem: lots}", 4, 22, "the amount of `mem` in stage `s` is `lots`; write a size");
    refuses_key("resources: {gpus: 0.5}", 4, 23, "write a whole number");
    refuses_key("resources: {gpus: [1]}", 4, 23, "must be a number, not a list");
    refuses_key("resources: {'a b': 1}", 4, 17, "cannot name a resource");
    refuses_key("env: {A: 1}", 4, 10, "`env` in stage `s` must be a list of NAME or NAME=value, not a map");
    refuses_key("env: ['A B']", 4, 11, "`A B` in `env` in stage `s` cannot name a variable");
    refuses_key("env: [=x]", 4, 11, "cannot name a variable");
    refuses_key("env: [A=1, A=2]", 4, 16, "`A` is in `env` in stage `s` twice with different meanings");
    refuses_key("env: [{A: 1}]", 4, 15, "takes {value, show}; or write `- A=VALUE`");
    refuses_key("env: [{A: {shown: true}}]", 4, 16, "unknown key `shown` in `env` in stage `s`; did you mean `show`?");
    refuses_key("env: [{A: {value: [1]}}]", 4, 23, "`value` in `env` in stage `s` must be a string, not a list");
    refuses_key("needs: [a, a]", 4, 16, "the stage `a` is in `needs` in stage `s` twice");
    refuses_key("tools: ['  ']", 4, 13, "is blank");
    refuses_key("wdir: ..", 4, 11, "the working directory `..` in stage `s` is outside the project");
    refuses_key("depfile: ../x.d", 4, 14, "the depfile `../x.d` in stage `s` is outside the project");
}

static void refuses_places(void **state)
{
    (void)state;
    refuses_key("outs: [../x]", 4, 12, "the out `../x` in stage `s` is outside the project");
    refuses_key("outs: [/tmp/x]", 4, 12, "is outside the project");
    refuses_key("outs: [.]", 4, 12, "is the project itself");
    refuses_key("outs: [/p]", 4, 12, "is the project itself");
    refuses_key("outs: [.refit]", 4, 12, "belongs to refit, git or DVC");
    refuses_key("outs: [.git/hooks/x]", 4, 12, "belongs to refit, git or DVC");
    refuses_key("outs: [./refit.yaml]", 4, 12, "a file that declares this project");
    refuses_key("outs: [refit.lock]", 4, 12, "a file that declares this project");
    refuses_key("outs: [a, b/../a]", 4, 15, "the out `a` in stage `s` is there twice");
    refuses_key("outs: [a]\n    metrics: [a]", 5, 15, "the out `a` in stage `s` is there twice");
    refuses_key("deps: [a, ./a]", 4, 15, "the dep `a` in stage `s` is there twice");
    refuses_key("deps: ['']", 4, 12, "an item of `deps` in stage `s` is empty");
    refuses_key("deps: [https://host/x]", 4, 12, "remote paths are not supported yet in stage `s`");
    refuses_key("outs: [s3://bucket/x]", 4, 12, "remote paths are not supported yet");
    refuses_key("deps: [\"a\\0b\"]", 4, 12, "NUL byte");
    const struct manifest_stage *s = stage("    cmd: x\n    outs: [.gitx, .refit.d/x, a/.git/x]\n");
    assert_int_equal(s->out_count, 3);
}

/* A manifest that cannot be loaded leaves the result as it was. */
static void leaves_the_result_alone(void **state)
{
    (void)state;
    struct manifest manifest = {.stage_count = 7};
    struct error err;
    struct str text = STR("stages: {a: {cmd: x}, b: {}}");
    struct manifest_source source = {.path = STR("m"), .text = text};
    enum status status = manifest_load(&arena, &source, 1, STR("/p"), NULL, &manifest, &err);
    assert_int_equal(status, STATUS_MANIFEST);
    assert_int_equal(manifest.stage_count, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_a_whole_stage, set_up, tear_down),
        cmocka_unit_test_setup_teardown(splits_commands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gathers_params_by_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_outs_of_three_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(makes_paths_canonical, set_up, tear_down),
        cmocka_unit_test_setup_teardown(null_lists_are_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shares_through_anchors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeats_of_env_and_tools_are_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loads_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_top_levels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loads_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_data, set_up, tear_down),
        cmocka_unit_test_setup_teardown(checks_are_stages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_checks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_stages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_templates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_the_result_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
