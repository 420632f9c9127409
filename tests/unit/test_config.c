/* Configuration: priorities, origins, defaults, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "refit/manifest.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    unsetenv("REFIT_STORE");
    unsetenv("REFIT_JOBS");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static struct config load(const struct config_source *sources, uint32_t count)
{
    struct config config = {0};
    struct error err = {0};
    if (config_load(&arena, sources, count, &config, &err) != STATUS_OK)
        fail_msg("%s:%u:%u: %s", err.file, err.line, err.column, err.message);
    return config;
}

static const struct config_entry *entry(const struct config *config, const char *name)
{
    for (uint32_t i = 0; i < config->entry_count; i++)
        if (str_is(config->entries[i].name, name))
            return &config->entries[i];
    fail_msg("no entry %s", name);
    return NULL;
}

static void shows(const struct config *config, const char *name, const char *value, const char *origin)
{
    const struct config_entry *e = entry(config, name);
    assert_string_equal(str_terminated(&arena, e->value), value);
    assert_string_equal(str_terminated(&arena, e->origin), origin);
}

static const struct manifest_resource *resource(const struct config *config, const char *name)
{
    for (uint32_t i = 0; i < config->resource_count; i++)
        if (str_is(config->resources[i].name, name))
            return &config->resources[i];
    fail_msg("no resource %s", name);
    return NULL;
}

/* What is shown can be written: a stronger file takes a limit away. */
static void none_is_no_budget(void **state)
{
    (void)state;
    const struct config_source sources[] = {{STR("a.yaml"), STR("store: {budget: none}\n")},
                                            {STR("b.yaml"), STR("store: {budget: 5M}\n")}};
    struct config config = load(sources, 2);
    assert_true(config.store_budget_bytes == UINT64_MAX);
    shows(&config, "store.budget", "none", "a.yaml:1");
}

static void has_defaults(void **state)
{
    (void)state;
    struct config config = load(NULL, 0);
    assert_int_equal(config.store_path.len, 0);
    assert_true(config.jobs >= 1);
    assert_int_equal(config.keep_going, 1);
    assert_int_equal(config.grace_ms, 10000);
    assert_int_equal(config.compression, 3);
    assert_int_equal(config.resource_count, 3);
    assert_int_equal(resource(&config, "cpus")->amount, config.jobs * 1000);
    assert_true(resource(&config, "mem")->amount > 1 << 20);
    shows(&config, "store.path", ".refit/store", "default");
    shows(&config, "grace", "10s", "default");
    assert_int_equal(config.entry_count, 16);
    for (uint32_t i = 1; i < config.entry_count; i++)
        assert_true(str_compare(config.entries[i - 1].name, config.entries[i].name) < 0);
}

static void first_source_wins(void **state)
{
    (void)state;
    const struct config_source sources[] = {
        {STR(".refit/config.yaml"), STR("jobs: 3\nresources: {gpus: 2}\n")},
        {STR("refit.config.yaml"),
         STR("# project\njobs: 5\nstore:\n  path: /var/store\nresources: {gpus: 4, licence: 1}\n")},
        {STR("user"), STR("grace: 1.5s\nstore.path: /other\nkeep_going: 0\ncompression: 0\nresources.mem: 1G\n")},
        {STR("empty"), STR("")},
    };
    struct config config = load(sources, 4);
    assert_int_equal(config.jobs, 3);
    assert_true(str_is(config.store_path, "/var/store"));
    assert_int_equal(config.grace_ms, 1500);
    assert_int_equal(config.keep_going, 0);
    assert_int_equal(config.compression, 0);
    assert_int_equal(config.resource_count, 4);
    assert_int_equal(resource(&config, "gpus")->amount, 2);
    assert_int_equal(resource(&config, "licence")->amount, 1);
    assert_int_equal(resource(&config, "mem")->amount, 1 << 30);
    assert_true(str_is(config.resources[0].name, "cpus"));
    shows(&config, "jobs", "3", ".refit/config.yaml:1");
    shows(&config, "store.path", "/var/store", "refit.config.yaml:4");
    shows(&config, "resources.licence", "1", "refit.config.yaml:5");
    shows(&config, "resources.mem", "1G", "user:5");
    shows(&config, "grace", "1.5s", "user:1");
}

static void environment_is_between(void **state)
{
    (void)state;
    setenv("REFIT_STORE", "/env/store", 1);
    setenv("REFIT_JOBS", "7", 1);
    const struct config_source file = {STR("f"), STR("jobs: 3\nstore.path: /file\n")};
    struct config config = load(&file, 1);
    assert_int_equal(config.jobs, 7);
    shows(&config, "jobs", "7", "environment REFIT_JOBS");
    shows(&config, "store.path", "/env/store", "environment REFIT_STORE");
    const struct config_source sources[] = {file, {STR("command line"), STR("jobs: 2\n")}};
    config = load(sources, 2);
    assert_int_equal(config.jobs, 2);
    shows(&config, "jobs", "2", "command line");
    setenv("REFIT_STORE", "", 1); /* empty is unset */
    setenv("REFIT_JOBS", "", 1);
    config = load(&file, 1);
    assert_int_equal(config.jobs, 3);
    assert_true(str_is(config.store_path, "/file"));
}

static void refuses_bad_variables(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "-1", "many", "1.5", "65536", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct config config;
        struct error err = {0};
        setenv("REFIT_JOBS", bad[i], 1);
        assert_int_equal(config_load(&arena, NULL, 0, &config, &err), STATUS_MANIFEST);
        assert_non_null(strstr(err.message, "REFIT_JOBS"));
        assert_non_null(strstr(err.message, bad[i]));
    }
}

static void refuses_with_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *part;
    } cases[] = {
        {"job: 1\n", 1, 1, "unknown setting `job`; did you mean `jobs`?"},
        {"store: {pth: x}\n", 1, 9, "unknown setting `store.pth`; did you mean `store.path`?"},
        {"colour: 1\n", 1, 1, "known: approvals.key, approvals.policy, approvals.policy_sha256, "
         "approvals.ref, approvals.signers, approvals.signers_sha256, approvals.url, compression, grace, jobs, "
         "keep_going, store.budget, store.path, resources"},
        {"approvals: x\n", 1, 12, "`approvals` must be a map"},
        {"approvals: {policy: [x]}\n", 1, 21, "a setting of `approvals` must be a string"},
        {"jobs: 0\n", 1, 7, "`jobs` must be from 1 to 65535, not 0"},
        {"jobs: two\n", 1, 7, "`jobs` must be an integer, not a string"},
        {"keep_going: -1\n", 1, 13, "`keep_going` must be from 0"},
        {"compression: 20\n", 1, 14, "`compression` must be from 0 to 19, not 20"},
        {"grace: long\n", 1, 8, "`grace` is not a duration"},
        {"store.path: ~/x\n", 1, 13, "write the absolute path"},
        {"store.path:\n", 1, 12, "`store.path` must be a string, not nothing"},
        {"store: x\n", 1, 8, "`store` must be a map"},
        {"store: {budget: lots}\n", 1, 17, "`store.budget` is `lots`; write a size"},
        {"resources: 3\n", 1, 12, "`resources` must be a map"},
        {"resources:\n  gpus: -1\n", 2, 9, "cannot be negative"},
        {"resources: {mem: x}\n", 1, 18, "write a size"},
        {"store: {path: a}\nstore.path: b\n", 2, 1, "`store.path` is there twice"},
        {"jobs: 1\njobs: 2\n", 2, 1, "`jobs` is there twice"},
        {"[1]\n", 1, 1, "the configuration must be a map of settings, not a list"},
        {"jobs: [\n", 2, 1, "broken YAML"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        /* A mistake is told even where a stronger source has set the same. */
        const struct config_source sources[] = {
            {STR("strong"), STR("jobs: 1\nkeep_going: 1\ncompression: 1\ngrace: 1\nresources: {gpus: 1, mem: 1}\n")},
            {STR("weak"), str_from(cases[i].text)},
        };
        struct config config;
        struct error err = {0};
        assert_int_equal(config_load(&arena, sources, 2, &config, &err), STATUS_MANIFEST);
        if (err.line != cases[i].line || err.column != cases[i].column || strstr(err.message, cases[i].part) == NULL)
            fail_msg("%s: %u:%u: %s", cases[i].text, err.line, err.column, err.message);
        assert_string_equal(err.file, "weak");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(none_is_no_budget, set_up, tear_down),
        cmocka_unit_test_setup_teardown(has_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(first_source_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(environment_is_between, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_bad_variables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_with_a_place, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
