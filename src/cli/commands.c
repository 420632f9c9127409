/* The commands, in the order in which `refit help` lists them. */
#include "cli/cli.h"

const struct command *const cli_commands[] = {
    &command_run,       &command_status,            &command_why,     &command_graph,      &command_logs,
    &command_metrics,   &command_history,           &command_show,    &command_restore,    &command_accept,
    &command_diff,      &command_check,
    &command_reproduce, &command_check_determinism, &command_store,   &command_verify,     &command_gc,
    &command_approve,   &command_reject,            &command_approvals, &command_audit,
    &command_pin,       &command_forget,            &command_rules,   &command_config,     &command_init,
    &command_migrate,   &command_completion,        &command_help,    &command_version,
    NULL,
};

enum { COMMAND_COUNT = sizeof cli_commands / sizeof cli_commands[0] - 1 };

const struct command *command_find(struct str name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (str_is(name, cli_commands[i]->name))
            return cli_commands[i];
    return NULL;
}

const struct command *command_nearest(struct str word)
{
    struct str names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = str_from(cli_commands[i]->name);
    const struct str *nearest = str_nearest(word, names, COMMAND_COUNT);
    return nearest != NULL ? cli_commands[nearest - names] : NULL;
}
