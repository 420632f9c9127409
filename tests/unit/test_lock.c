/* refit.lock: what is written reads back the same, byte for byte, and what is malformed is refused with its line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "refit/run.h"

static struct arena arena;

static int set_up(void **unused)
{
    (void)unused;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    arena_finish(&arena);
    return 0;
}

#define HEX "0123456789abcdef0123456789abcdef"
#define HEAD "refit_lock: 1\nstages:\n  a:\n"

static struct digest some_digest(void)
{
    struct digest d = {{0}};
    assert_true(digest_parse(STR(HEX), &d));
    return d;
}

static void prints(const struct lock *lock, const char *want)
{
    struct buf out = {0};
    lock_print(lock, &out);
    assert_string_equal(out.ptr, want);
    buf_finish(&out);
}

/* Parses, and expects the same bytes when it is printed again. */
static struct lock reads_back(const struct lock *lock)
{
    struct buf once = {0}, twice = {0};
    struct lock back;
    struct error err;
    lock_print(lock, &once);
    if (lock_parse(&arena, str_dup(&arena, buf_view(&once)), &back, &err) != STATUS_OK)
        fail_msg("%u: %s\n%s", err.line, err.message, once.ptr);
    lock_print(&back, &twice);
    assert_string_equal(once.ptr, twice.ptr);
    buf_finish(&once);
    buf_finish(&twice);
    return back;
}

static void a_lock_is_one_line_a_fact(void **unused)
{
    (void)unused;
    struct field fields[] = {
        {FIELD_PLATFORM, STR(""), STR("linux-x86_64")},
        {FIELD_COMMAND, STR("0"), STR("python3 train.py")},
        {FIELD_COMMAND, STR("1"), STR("echo done")},
        {FIELD_SHELL, STR(""), STR("/bin/sh")},
        {FIELD_WDIR, STR(""), STR(".")},
        {FIELD_ENV, STR("SEED"), STR("unset")},
        {FIELD_PARAM, STR("params.yaml:lr"), STR("0.1")},
        {FIELD_TOOL, STR("python3 --version"), STR("Python 3")},
        {FIELD_DEP, STR("a b.csv"), STR("file " HEX)},
        {FIELD_OUT, STR("m.json"), STR("cached")},
        {FIELD_DEPFILE, STR(""), STR("t.d")},
    };
    struct record_out outs[] = {
        {.path = STR("m.json"), .kind = ENTRY_FILE, .stored = true, .digest = some_digest(), .size = 12},
        {.path = STR("run"), .kind = ENTRY_FILE, .executable = true, .stored = true, .digest = some_digest()},
        {.path = STR("tree"), .kind = ENTRY_DIRECTORY, .digest = some_digest(), .size = 18446744073709551u},
        {.path = STR("way"), .kind = ENTRY_LINK, .stored = true, .digest = some_digest(), .size = 3},
    };
    struct field found[] = {{FIELD_FOUND, STR("lib/loss.py"), STR("file " HEX)},
                            {FIELD_FOUND, STR("lib/net.py"), STR("exec " HEX)}};
    struct lock_stage stages[] = {{STR("train"), some_digest(), {fields, 11}, outs, 4, {found, 2}},
                                  {STR("zero"), some_digest(), {NULL, 0}, NULL, 0, {NULL, 0}}};
    struct lock lock = {.stages = stages, .stage_count = 2};
    prints(&lock, "# Written by refit; commit it. What each stage was built from, and what it produced.\n"
                  "refit_lock: 1\n"
                  "stages:\n"
                  "  train:\n"
                  "    key: \"" HEX "\"\n"
                  "    platform: linux-x86_64\n"
                  "    cmd:\n"
                  "      - \"python3 train.py\"\n"
                  "      - \"echo done\"\n"
                  "    shell: /bin/sh\n"
                  "    wdir: \".\"\n"
                  "    env:\n"
                  "      SEED: unset\n"
                  "    params:\n"
                  "      \"params.yaml:lr\": \"0.1\"\n"
                  "    tools:\n"
                  "      \"python3 --version\": \"Python 3\"\n"
                  "    deps:\n"
                  "      \"a b.csv\": \"file " HEX "\"\n"
                  "    outs:\n"
                  "      m.json: cached\n"
                  "    depfile: t.d\n"
                  "    found:\n"
                  "      lib/loss.py: \"file " HEX "\"\n"
                  "      lib/net.py: \"exec " HEX "\"\n"
                  "    produced:\n"
                  "      m.json: \"file " HEX " 12\"\n"
                  "      run: \"exec " HEX " 0\"\n"
                  "      tree: \"directory " HEX " 18446744073709551 unstored\"\n"
                  "      way: \"link " HEX " 3\"\n"
                  "  zero:\n"
                  "    key: \"" HEX "\"\n");
    struct lock back = reads_back(&lock);
    assert_int_equal(back.stage_count, 2);
    const struct lock_stage *train = lock_find(&back, STR("train"));
    assert_non_null(train);
    assert_true(digest_equal(train->key, some_digest()));
    assert_int_equal(train->fields.count, 11);
    for (uint32_t i = 0; i < 11; i++) {
        assert_int_equal(train->fields.items[i].tag, fields[i].tag);
        assert_true(str_equal(train->fields.items[i].name, fields[i].name));
        assert_true(str_equal(train->fields.items[i].value, fields[i].value));
    }
    assert_true(digest_equal(fields_key(&train->fields), fields_key(&stages[0].fields)));
    assert_int_equal(train->found.count, 2);
    assert_string_equal(train->found.items[1].name.ptr, "lib/net.py");
    assert_int_equal(train->out_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(str_equal(train->outs[i].path, outs[i].path));
        assert_int_equal(train->outs[i].kind, outs[i].kind);
        assert_int_equal(train->outs[i].executable, outs[i].executable);
        assert_int_equal(train->outs[i].stored, outs[i].stored);
        assert_int_equal(train->outs[i].size, outs[i].size);
        assert_true(digest_equal(train->outs[i].digest, outs[i].digest));
    }
    assert_null(lock_find(&back, STR("trai")));
}

static void an_empty_lock_is_one(void **unused)
{
    (void)unused;
    struct lock lock = {.stages = NULL, .stage_count = 0};
    prints(&lock, "# Written by refit; commit it. What each stage was built from, and what it produced.\n"
                  "refit_lock: 1\nstages: {}\n");
    struct lock back = reads_back(&lock);
    assert_int_equal(back.stage_count, 0);
    assert_null(lock_find(&back, STR("a")));
}

/* Whatever bytes stand in names and values, the fields come back, and with them the key. */
static void odd_strings_come_back(void **unused)
{
    (void)unused;
    static const struct str odd[] = {
        {"", 0},
        {"a: b", 4},
        {"# x", 3},
        {"yes", 3},
        {"null", 4},
        {"~", 1},
        {"1", 1},
        {"0x1f", 4},
        {"1.0", 3},
        {"-", 1},
        {"- a", 3},
        {"[a]", 3},
        {"{a: b}", 6},
        {"a\nb", 3},
        {"a\n", 2},
        {"\ta", 2},
        {" a", 2},
        {"a ", 2},
        {"\"a\"", 3},
        {"'", 1},
        {"a\\b", 3},
        {"\xff\xfe", 2},
        {"\x01\x7f", 2},
        {"\xc3\xa9", 2},
        {"\xef\xbb\xbfx", 4},
        {"\xc2\x85", 2},
        {"\xe2\x80\xa8", 3},
        {"&a", 2},
        {"*a", 2},
        {"!a", 2},
        {"!bytes x", 8},
        {"%a", 2},
        {"@a", 2},
        {"`a", 2},
        {"<<", 2},
        {"---", 3},
        {"...", 3},
        {"? a", 3},
        {"a #b", 4},
        {"a:", 2},
        {"|", 1},
        {">", 1},
        {".inf", 4},
        {"1_000", 5},
        {"2001-01-01", 10},
        {"\r\n", 2},
        {"\xed\xa0\x80", 3},
        {"=", 1},
        {"true", 4},
        {"stages", 6},
    };
    enum { COUNT = sizeof odd / sizeof *odd };
    struct field fields[COUNT + 1];
    for (uint32_t i = 0; i < COUNT; i++)
        fields[i] = (struct field){FIELD_PARAM, odd[i], odd[COUNT - 1 - i]};
    fields_sort(&(struct fields){fields, COUNT});
    for (uint32_t i = 0; i < COUNT; i++) {
        fields[COUNT] = (struct field){FIELD_DEPFILE, STR(""), odd[i]};
        struct record_out out = {.path = odd[i], .kind = ENTRY_FILE, .stored = true, .digest = some_digest()};
        struct lock_stage stage = {odd[i], some_digest(), {fields, COUNT + 1}, &out, odd[i].len > 0, {NULL, 0}};
        struct lock lock = {.stages = &stage, .stage_count = 1}, back = reads_back(&lock);
        assert_true(str_equal(back.stages[0].name, odd[i]));
        assert_int_equal(back.stages[0].fields.count, COUNT + 1);
        for (uint32_t j = 0; j <= COUNT; j++) {
            assert_true(str_equal(back.stages[0].fields.items[j].name, fields[j].name));
            assert_true(str_equal(back.stages[0].fields.items[j].value, fields[j].value));
        }
        if (odd[i].len > 0)
            assert_true(str_equal(back.stages[0].outs[0].path, odd[i]));
    }
}

static void stages_are_sorted_when_read(void **unused)
{
    (void)unused;
    struct lock lock;
    struct error err;
    assert_int_equal(lock_parse(&arena, STR("refit_lock: 1\nstages:\n  b: {}\n  c: {}\n  a: {}\n"), &lock, &err),
                     STATUS_OK);
    assert_int_equal(lock.stage_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(lock.stages[i].name.ptr[0], 'a' + (int)i);
    assert_non_null(lock_find(&lock, STR("c")));
    assert_true(digest_is_zero(lock.stages[0].key));
}

static void malformed_locks_are_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        uint32_t line;
        const char *word; /* in the message */
    } table[] = {
        {"", 1, "no refit.lock"},
        {"x", 1, "no refit.lock"},
        {"[]", 1, "no refit.lock"},
        {"stages: {}\n", 1, "no refit.lock"},
        {"refit_lock: 1\n", 1, "no refit.lock"},
        {"refit_lock: \"1\"\nstages: {}\n", 1, "no refit.lock"},
        {"refit_lock: 1\nstages: []\n", 1, "no refit.lock"},
        {"refit_lock: 2\nstages: {}\n", 1, "use the refit that wrote it"},
        {"refit_lock: 0\nstages: {}\n", 1, "use the refit that wrote it"},
        {"refit_lock: 1\nstages:\n  a: b\n", 3, "a stage is a map"},
        {HEAD "    key: 12\n", 4, "malformed key"},
        {HEAD "    key: [a]\n", 4, "malformed key"},
        {HEAD "    news: 1\n", 4, "unknown key"},
        {HEAD "    cmd: x\n", 4, "`cmd` is a list"},
        {HEAD "    deps: [a]\n", 4, "are maps"},
        {HEAD "    deps:\n      a: [b]\n", 5, "single value"},
        {HEAD "    cmd:\n      - [b]\n", 5, "single value"},
        {HEAD "    shell: {}\n", 4, "single value"},
        {HEAD "    deps: {a: x, a: y}\n", 4, "a"},
        {HEAD "    produced: []\n", 4, "map of paths"},
        {HEAD "    produced:\n      x: 1\n", 5, "KIND DIGEST SIZE"},
        {HEAD "    produced:\n      x: fifo " HEX " 1\n", 5, "file, exec, link or directory"},
        {HEAD "    produced:\n      x: file 12 1\n", 5, "digest or the size"},
        {HEAD "    produced:\n      x: file " HEX "\n", 5, "digest or the size"},
        {HEAD "    produced:\n      x: file " HEX " -1\n", 5, "digest or the size"},
        {HEAD "    produced:\n      x: file " HEX " 1x\n", 5, "digest or the size"},
        {HEAD "    produced:\n      x: file " HEX " 99999999999999999999\n", 5, "digest or the size"},
        {HEAD "    produced:\n      x: file  " HEX " 1\n", 5, "digest or the size"},
        {HEAD "    produced:\n      x: file " HEX " 1 stored\n", 5, "behind the size"},
        {HEAD "    produced:\n      x: file " HEX " 1 unstored x\n", 5, "behind the size"},
        /* restoring writes to these paths */
        {HEAD "    produced:\n      ../x: file " HEX " 1\n", 5, "inside the project"},
        {HEAD "    produced:\n      /etc/x: file " HEX " 1\n", 5, "inside the project"},
        {HEAD "    produced:\n      a/../../x: file " HEX " 1\n", 5, "inside the project"},
        {HEAD "    produced:\n      ./x: file " HEX " 1\n", 5, "inside the project"},
        {HEAD "    produced:\n      x/: file " HEX " 1\n", 5, "inside the project"},
        {HEAD "    produced:\n      .: directory " HEX " 1\n", 5, "inside the project"},
        {HEAD "    produced:\n      \"\": file " HEX " 1\n", 5, "inside the project"},
        {HEAD "    produced:\n      \"a\\0b\": file " HEX " 1\n", 5, "inside the project"},
        /* broken merges */
        {"<<<<<<< HEAD\nrefit_lock: 1\n", 1, "merge conflict"},
        {"refit_lock: 1\nstages:\n<<<<<<< ours\n  a: {}\n=======\n  b: {}\n>>>>>>> theirs\n", 3, "merge conflict"},
        {"refit_lock: 1\nstages: {\n", 3, ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lock lock;
        struct error err = {.status = STATUS_OK};
        if (lock_parse(&arena, str_from(table[i].text), &lock, &err) != STATUS_MANIFEST)
            fail_msg("accepted: %s", table[i].text);
        assert_string_equal(err.file, "refit.lock");
        if (err.line != table[i].line || strstr(err.message, table[i].word) == NULL)
            fail_msg("%s\ngives line %u: %s", table[i].text, err.line, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_lock_is_one_line_a_fact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_lock_is_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(odd_strings_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stages_are_sorted_when_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(malformed_locks_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
