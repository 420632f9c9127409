/*
 * Shared by the files of this module: commands as data, and what they have in common.
 *
 * Each command is one `struct command` in a file of its own. Its table of options serves the parser, `--help` and shell
 * completion alike, so the three cannot drift apart. A command returns a status like any function; only main() prints
 * errors and turns a status into an exit status.
 */
#ifndef REFIT_CLI_PRIVATE_H
#define REFIT_CLI_PRIVATE_H

#include <stdio.h>

#include "refit/base/version.h"
#include "refit/base/json.h"
#include "refit/run.h"


/* ---- options (options.c) ---- */

/* Options without a short letter; the others have their letter as id. */
enum option_id {
    OPTION_JSON = 256,
    OPTION_COLOR,
    OPTION_VERSION,
    OPTION_SINGLE,
    OPTION_DOWNSTREAM,
    OPTION_DEPLOY,
    OPTION_LOCKED,
    OPTION_WAIT,
    OPTION_EXIT_CODE,
    OPTION_DOT,
    OPTION_MERMAID,
    OPTION_NAMES,
    OPTION_REPAIR,
    OPTION_BUDGET,
    OPTION_NO_COMPACT,
    OPTION_RESCUE,
    OPTION_FORGET,
    OPTION_FORGET_UNSEEN,
    OPTION_SINCE,
    OPTION_UNTIL,
    OPTION_REV,
    OPTION_FAILED,
    OPTION_REMOVE,
    OPTION_INTO,
    OPTION_RERUN,
    OPTION_FROM,
    OPTION_REPRODUCED,
    OPTION_KEY,
    OPTION_EXPIRES,
    OPTION_ENVIRONMENT,
    OPTION_REASON,
    OPTION_VERIFY,
    OPTION_SPEC,
    OPTION_STAGE,
    OPTION_BASELINE
};

struct option_spec {
    int id;
    const char *name;     /* long, without dashes; NULL ends a table */
    const char *argument; /* NULL = none; in brackets = may be left out, and is a number */
    const char *help;
};

/* Options that several commands take; `common` of a command is a set of them. */
enum common_options {
    COMMON_PROJECT = 1, /* -C, -f */
    COMMON_FOLDER = 2,  /* -C alone */
    COMMON_OUTPUT = 4,  /* -v, -q, --color */
    COMMON_JSON = 8,
    COMMON_RUNS = 16, /* -1, -2, ... are arguments */
};

enum completion {
    COMPLETE_NOTHING,
    COMPLETE_STAGES,
    COMPLETE_RULES,
    COMPLETE_RUNS,
    COMPLETE_COMMANDS,
    COMPLETE_WORDS,
    COMPLETE_FOLDERS
};

struct invocation;

struct command {
    const char *name;
    const char *summary;     /* one line */
    const char *arguments;   /* as in the usage line; "" = none */
    const char *description; /* lines */
    const char *examples;    /* lines */
    const struct option_spec *options; /* its own; NULL = none */
    unsigned common;
    uint32_t arguments_min, arguments_max;
    enum completion completion;
    const char *words; /* COMPLETE_WORDS: separated by spaces */
    enum status (*run)(struct invocation *in, struct error *err);
};

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* A command line, taken apart. */
struct invocation {
    const struct command *command;
    bool implied; /* no command was named: `refit train` */
    struct arena arena;
    char *const *words; /* as they were given, NULL at the end */
    const char *directory, *manifest;
    unsigned verbose;
    bool quiet, json, help, version;
    enum color_choice color;
    struct str *arguments;
    uint32_t argument_count;
    struct option_value {
        int id;
        const char *text; /* NULL = given without an argument */
    } *values;
    uint32_t value_count;
    int exit_status; /* of a command that returns STATUS_OK */
};

/* Finds the command, and parses the rest for it. `in` is zeroed by the caller, who finishes in->arena. */
enum status invocation_parse(int argc, char **argv, struct invocation *in, struct error *err);

bool option_given(const struct invocation *in, int id);
const char *option_text(const struct invocation *in, int id); /* of the last one; NULL = not given, or no argument */

/* Calls `each` for every option of a command: its own, then the common ones. */
void command_each_option(const struct command *command, void (*each)(void *ctx, const struct option_spec *spec),
                         void *ctx);

/* ---- commands (commands.c) ---- */

extern const struct command *const cli_commands[]; /* NULL at the end */
const struct command *command_find(struct str name); /* NULL if there is none */
const struct command *command_nearest(struct str word);

extern const struct command command_run, command_status, command_why, command_graph, command_logs, command_restore,
    command_accept, command_metrics, command_store, command_config, command_init, command_completion, command_help,
    command_version, command_verify, command_gc, command_rules, command_migrate,
    command_history, command_show, command_diff, command_pin, command_forget, command_reproduce,
    command_check_determinism, command_approve, command_reject, command_approvals, command_audit, command_check;

/* ---- help (help.c) ---- */

void help_print_program(void);
void help_print_command(const struct command *command);

/* ---- the project (open.c) ---- */

/* With in->directory and in->manifest; `settings` (YAML, "" = none) are those of the command line. */
enum status cli_open(const struct invocation *in, bool writer, struct str settings, struct project **out,
                     struct error *err);
/* With what else of the options is set. */
enum status cli_open_as(const struct invocation *in, struct project_options options, struct str settings,
                        struct project **out, struct error *err);
enum status cli_open_bare(const struct invocation *in, struct project **out, struct error *err);

/* The arguments as targets: names of stages, everything else as a canonical path. In in->arena. */
enum status cli_targets(struct invocation *in, const struct project *project, struct str **targets, uint32_t *count,
                        struct error *err);

/* Which stages the arguments select, in in->arena; without arguments all, or those of the dvc.yaml below the root where
 * the user stands, and what they need. */
enum status cli_select(struct invocation *in, const struct project *project,
                       struct graph_selection_options *selection, bool **selected, struct error *err);

/* The stage that is the only argument, which becomes its name. STATUS_USAGE with a suggestion if there is none. */
enum status cli_stage(struct invocation *in, const struct project *project, struct stage_id *out,
                      struct error *err);

/* ---- records (record.c) ---- */

/* The record that the stage's outs in this workspace came from, in `arena`; NULL if none is known, or if its last
 * attempt left none. */
enum status cli_record(struct project *project, struct arena *arena, struct str stage, const struct record **out,
                       struct error *err);

/* ---- parts of `refit store` (transfer.c, shares.c) ---- */

/* What stages and days hold, as tables or (`j`) into an open object. `store` may be NULL (shares.c). */
enum status cli_shares(struct invocation *in, struct store *store, struct json *j, struct error *err);
enum status cli_export(struct invocation *in, struct error *err);
enum status cli_import(struct invocation *in, struct error *err);

/* ---- what came of stages that were made again (reproduce.c) ---- */

void output_reproduced(struct invocation *in, const struct reproduced_stage *stages, uint32_t count);
void output_reproduced_json(const struct reproduced_stage *stage); /* one line */

/* ---- faults of the store (verify.c) ---- */

/* " of stage `train`" if refit.lock names that key; else "". In in->arena. */
struct str cli_stage_of_key(struct invocation *in, const struct lock *lock, struct digest key);

/* ---- output (output.c) ---- */

bool output_color(const struct invocation *in);
struct report *output_report(const struct invocation *in); /* in the style that fits; writes to stdout */

/* Destroys the report. What it could not write is an error, unless `status` is one already. */
enum status output_end(struct report *report, enum status status, struct error *err);

/* Text that may hold names already made printable, such as a reason: as it is, unless a terminal would obey it. */
struct str output_text(struct arena *arena, struct str text);

/* A line on standard error that is no error. */
void output_warn(struct invocation *in, struct str text);

/* Writes a document and a newline to stdout, and frees it. */
void output_json(struct buf *document);

/* "2026-11-23 22:01", local time; "" for none. */
struct str output_time(struct arena *arena, int64_t at_ms);

/* "1234 bytes", "3.4 MiB" */
struct str output_size(struct arena *arena, uint64_t bytes);

/* Lines of cells in aligned columns; each goes through output_text(). */
#define SHEET_COLUMNS 4
enum paint { PAINT_NONE, PAINT_GOOD, PAINT_CHANGE, PAINT_BAD, PAINT_DIM };

struct sheet {
    struct arena *arena;
    struct sheet_cell {
        struct str text;
        enum paint paint;
    } (*rows)[SHEET_COLUMNS];
    uint32_t count, cap;
};

void sheet_add(struct sheet *sheet, enum paint paint, struct str a, struct str b, struct str c, struct str d);
/* Prints the lines, the second cell painted, and frees them. */
void sheet_print(struct sheet *sheet, bool color);

#endif
