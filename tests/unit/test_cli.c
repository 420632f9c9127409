/* The command line: which command it names, and what its options are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* A command line whose words are separated by spaces,. */
static enum status parse(struct invocation *in, const char *line, struct error *err)
{
    static char words[512];
    static char *argv[64];
    int argc = 0;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = words; *word != '\0';) {
        argv[argc++] = word;
        word += strcspn(word, " ");
        if (*word != '\0')
            *word++ = '\0';
    }
    argv[argc] = NULL;
    *in = (struct invocation){0};
    return invocation_parse(argc, argv, in, err);
}

static struct invocation accepted(const char *line)
{
    struct invocation in;
    struct error err;
    if (parse(&in, line, &err) != STATUS_OK)
        fail_msg("%s: %s", line, err.message);
    return in;
}

static void refused(const char *line, const char *words)
{
    struct invocation in;
    struct error err;
    assert_int_equal(parse(&in, line, &err), STATUS_USAGE);
    if (strstr(err.message, words) == NULL)
        fail_msg("%s: `%s` does not say `%s`", line, err.message, words);
    arena_finish(&in.arena);
}

static void names_command(const char *line, const char *command, bool implied, const char *first)
{
    struct invocation in = accepted(line);
    assert_string_equal(in.command->name, command);
    assert_int_equal(in.implied, implied);
    if (first == NULL)
        assert_int_equal(in.argument_count, 0);
    else
        assert_string_equal(in.arguments[0].ptr, first);
    arena_finish(&in.arena);
}

static void finds_the_command(void **state)
{
    (void)state;
    names_command("refit", "run", true, NULL);
    names_command("refit train", "run", true, "train");
    names_command("refit -j4 train", "run", true, "train");
    names_command("refit -j 4 train", "run", true, "train");
    names_command("refit --jobs 4 train", "run", true, "train");
    names_command("refit -C folder status", "status", false, NULL);
    names_command("refit -vC folder status", "status", false, NULL);
    names_command("refit -Cfolder status", "status", false, NULL);
    names_command("refit --directory=folder status", "status", false, NULL);
    names_command("refit --directory folder status train", "status", false, "train");
    names_command("refit run status", "run", false, "status");
    names_command("refit -- status", "run", true, "status");
    names_command("refit train status", "run", true, "train");
    names_command("refit -k train", "run", true, "train");
    names_command("refit -k 3 train", "run", true, "train");
    names_command("refit -", "run", true, "-");
    names_command("refit why train --json", "why", false, "train");
}

static void is_failures(const char *line, const char *number, const char *first)
{
    struct invocation in = accepted(line);
    assert_true(option_given(&in, 'k'));
    const char *text = option_text(&in, 'k');
    if (number == NULL)
        assert_null(text);
    else
        assert_string_equal(text, number);
    assert_int_equal(in.argument_count, first != NULL);
    if (first != NULL)
        assert_string_equal(in.arguments[0].ptr, first);
    arena_finish(&in.arena);
}

static void keep_going_takes_a_number_or_none(void **state)
{
    (void)state;
    is_failures("refit -k", NULL, NULL);
    is_failures("refit -k3", "3", NULL);
    is_failures("refit -k 3", "3", NULL);
    is_failures("refit -k 3 train", "3", "train");
    is_failures("refit train -k 3", "3", "train");
    is_failures("refit -k train", NULL, "train");
    is_failures("refit -nk 2 train", "2", "train");
    is_failures("refit --keep-going=0", "0", NULL);
    is_failures("refit --keep-going train", NULL, "train");
    is_failures("refit -k 3x", NULL, "3x");
}

static void reads_common_options(void **state)
{
    (void)state;
    struct invocation in = accepted("refit status train -vvq -C a -C b -f x.yaml --json --color=never");
    assert_int_equal(in.verbose, 2);
    assert_true(in.quiet && in.json);
    assert_string_equal(in.directory, "a/b");
    assert_string_equal(in.manifest, "x.yaml");
    assert_int_equal(in.color, COLOR_NEVER);
    assert_int_equal(in.argument_count, 1);
    assert_int_equal(in.value_count, 0);
    arena_finish(&in.arena);
    in = accepted("refit --version");
    assert_true(in.version && in.implied);
    arena_finish(&in.arena);
    in = accepted("refit why --help");
    assert_true(in.help && !in.implied);
    arena_finish(&in.arena);
}

static void options_stand_in_clusters(void **state)
{
    (void)state;
    struct invocation in = accepted("refit -nBs -nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
    assert_true(option_given(&in, 'n') && option_given(&in, 'B') && option_given(&in, 's'));
    assert_false(option_given(&in, 'j'));
    arena_finish(&in.arena);
}

static void refuses_with_a_suggestion(void **state)
{
    (void)state;
    refused("refit --forse", "did you mean `--force`?");
    refused("refit --d", "--downstream, --deploy");
    refused("refit --xyzzy=3", "`refit run` has no option `--xyzzy`; `refit run --help` lists them");
    refused("refit status -j4", "`refit status` has no option `-j`; `refit status --help` lists them");
    refused("refit -j", "option `-j` needs N");
    refused("refit run --jobs", "option `--jobs` needs N");
    refused("refit --json=3", "option `--json` takes no argument");
    refused("refit --color=red", "auto, always or never");
    refused("refit why", "`refit why` needs STAGE");
    refused("refit why a b", "does not take `b`");
    refused("refit status --version", "has no option");
    refused("refit -k status", "has no option `-k`");
    refused("refit completion --json bash", "has no option");
}

static void commands_are_complete(void **state)
{
    (void)state;
    for (const struct command *const *command = cli_commands; *command != NULL; command++) {
        assert_ptr_equal(command_find(str_from((*command)->name)), *command);
        assert_non_null((*command)->summary);
        assert_non_null((*command)->arguments);
        assert_non_null((*command)->description);
        assert_non_null(strstr((*command)->examples, "refit"));
        assert_non_null((*command)->run);
    }
    assert_string_equal(command_nearest(STR("staus"))->name, "status");
    assert_string_equal(command_nearest(STR("hlep"))->name, "help");
    assert_null(command_nearest(STR("preprocess")));
    assert_null(command_find(STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_command),         cmocka_unit_test(keep_going_takes_a_number_or_none),
        cmocka_unit_test(reads_common_options),      cmocka_unit_test(options_stand_in_clusters),
        cmocka_unit_test(refuses_with_a_suggestion), cmocka_unit_test(commands_are_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
