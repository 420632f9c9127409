/* `refit help`, and the `--help` of every command, made from its table. */
#include "cli/cli.h"

void help_print_program(void)
{
    puts("refit " REFIT_VERSION ": make for machine learning\n\n"
         "Usage: refit [run] [OPTION...] [TARGET...]\n"
         "       refit COMMAND [OPTION...] [ARGUMENT...]\n\n"
         "Without a command, `run`: brings every target up to date, running only what changed.\n\n"
         "Commands:");
    for (const struct command *const *command = cli_commands; *command != NULL; command++)
        printf("  %-11s %s\n", (*command)->name, (*command)->summary);
    puts("\n`refit help COMMAND` says more about one. `refit --version` prints the version.\n\n"
         "Examples:\n"
         "  refit                 run what changed\n"
         "  refit -j4 train       bring the stage `train`, and what it needs, up to date\n"
         "  refit why train       say why it would run");
}

static void print_option(void *ctx, const struct option_spec *spec)
{
    (void)ctx;
    char left[64];
    const char *argument = spec->argument != NULL ? spec->argument : "";
    const char *space = spec->argument != NULL ? " " : "";
    if (spec->id < 256)
        snprintf(left, sizeof left, "-%c, --%s%s%s", spec->id, spec->name, space, argument);
    else
        snprintf(left, sizeof left, "    --%s%s%s", spec->name, space, argument);
    printf("  %-26s %s\n", left, spec->help);
}

void help_print_command(const struct command *command)
{
    printf("refit %s: %s\n\n", command->name, command->summary);
    printf("Usage: refit %s [OPTION...]%s%s\n\n", command->name, command->arguments[0] ? " " : "", command->arguments);
    printf("%s\n\nOptions:\n", command->description);
    command_each_option(command, print_option, NULL);
    printf("\nExamples:\n%s\n", command->examples);
}

static enum status run_help(struct invocation *in, struct error *err)
{
    if (in->argument_count == 0) {
        help_print_program();
        return STATUS_OK;
    }
    const struct command *command = command_find(in->arguments[0]);
    if (command != NULL) {
        help_print_command(command);
        return STATUS_OK;
    }
    command = command_nearest(in->arguments[0]);
    if (command != NULL)
        return error_set(err, STATUS_USAGE, "unknown command `" STR_FMT "`; did you mean `refit help %s`?",
                         STR_ARG(in->arguments[0]), command->name);
    return error_set(err, STATUS_USAGE, "unknown command `" STR_FMT "`; `refit help` lists them",
                     STR_ARG(in->arguments[0]));
}

const struct command command_help = {
    .name = "help",
    .summary = "say what a command does",
    .arguments = "[COMMAND]",
    .description = "Prints what a command does, its options and examples; without one, the list of commands.",
    .examples = "  refit help run\n"
                "  refit run --help      the same",
    .arguments_max = 1,
    .completion = COMPLETE_COMMANDS,
    .run = run_help,
};
