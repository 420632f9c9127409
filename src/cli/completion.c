/* `refit completion`: scripts that complete commands, options and names of stages, made from the commands' tables. */
#include "cli/cli.h"

/* Text between single quotes. bash and zsh leave the quotes for one of them, fish escapes it. */
static void print_quoted(const char *text, bool fish)
{
    putchar('\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs(fish ? "\\'" : "'\\''", stdout);
        else
            putchar(*text);
    }
    putchar('\'');
}

static void print_option_words(void *ctx, const struct option_spec *spec)
{
    (void)ctx;
    if (spec->id < 256)
        printf(" -%c", spec->id);
    printf(" --%s", spec->name);
}

static void print_command_names(void)
{
    for (const struct command *const *command = cli_commands; *command != NULL; command++)
        printf(" %s", (*command)->name);
}

/* One line of a `case`: the options of a command, and where its arguments come from. The same for bash and zsh. */
static void print_case(const struct command *command)
{
    printf("    (%s) options='", command->name);
    command_each_option(command, print_option_words, NULL);
    fputs("' source=", stdout);
    switch (command->completion) {
    case COMPLETE_STAGES:
        fputs("stages", stdout);
        break;
    case COMPLETE_RULES:
        fputs("rules", stdout);
        break;
    case COMPLETE_COMMANDS:
        fputs("commands", stdout);
        break;
    case COMPLETE_WORDS:
        printf("words list='%s'", command->words);
        break;
    case COMPLETE_FOLDERS:
        fputs("folders", stdout);
        break;
    case COMPLETE_NOTHING:
        fputs("nothing", stdout);
        break;
    }
    puts(" ;;");
}

static void print_cases(void)
{
    puts("    case $command in");
    for (const struct command *const *command = cli_commands; *command != NULL; command++)
        print_case(*command);
    /* No command, or a target of `run`. */
    fputs("    (*) options='", stdout);
    command_each_option(&command_run, print_option_words, NULL);
    puts(" --version'; [[ -z $command ]] && source=first ;;\n    esac");
}

/* Stage names go through no expansion: they are what somebody wrote in a manifest. */
static void print_bash(void)
{
    puts("# Completion of refit for bash. To use it now: eval \"$(refit completion bash)\"\n"
         "_refit_offer() {\n"
         "    local word\n"
         "    while IFS= read -r word; do\n"
         "        [[ $word == \"$1\"* ]] && COMPREPLY+=(\"$word\")\n"
         "    done\n"
         "}\n"
         "_refit() {\n"
         "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    local command= options= source=stages list= i before=\n"
         "    local -a where=()\n"
         "    COMPREPLY=()\n"
         "    # Names of stages have : and @, at which bash takes words apart, and it puts in what comes behind.\n"
         "    [[ -n $COMP_LINE ]] && current=${COMP_LINE:0:COMP_POINT} && current=${current##*[[:space:]]}\n"
         "    for ((i = ${#current}; i > 0; i--)); do\n"
         "        [[ $COMP_WORDBREAKS == *\"${current:i-1:1}\"* ]] && before=${current:0:i} && break\n"
         "    done\n"
         "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "        case ${COMP_WORDS[i]} in\n"
         "        (-C|--directory|-f|--file) where+=(\"${COMP_WORDS[i]}\" \"${COMP_WORDS[i+1]}\"); ((i++)) ;;\n"
         "        (-j|--jobs|--color) ((i++)) ;;\n"
         "        (-*) ;;\n"
         "        (*) [[ -z $command ]] && command=${COMP_WORDS[i]} ;;\n"
         "        esac\n"
         "    done");
    print_cases();
    fputs("    local commands='", stdout);
    print_command_names();
    puts("'\n"
         "    case $previous in\n"
         "    (-C|--directory) source=folders ;;\n"
         "    (-f|--file) source=files ;;\n"
         "    (-j|--jobs) source=nothing ;;\n"
         "    (--color) source=words list='auto always never' ;;\n"
         "    (*) [[ $current == -* ]] && source=words list=$options ;;\n"
         "    esac\n"
         "    case $source in\n"
         "    (words) _refit_offer \"$current\" < <(printf '%s\\n' $list) ;;\n"
         "    (folders) _refit_offer \"$current\" < <(compgen -d -- \"$current\") ;;\n"
         "    (files) _refit_offer \"$current\" < <(compgen -f -- \"$current\") ;;\n"
         "    (commands|first) _refit_offer \"$current\" < <(printf '%s\\n' $commands) ;;\n"
         "    esac\n"
         "    case $source in\n"
         "    (stages|first)\n"
         "        _refit_offer \"$current\" < <(\"${COMP_WORDS[0]}\" \"${where[@]}\" graph --names 2>/dev/null) ;;\n"
         "    (rules)\n"
         "        _refit_offer \"$current\" < <(\"${COMP_WORDS[0]}\" \"${where[@]}\" rules --names 2>/dev/null) ;;\n"
         "    esac\n"
         "    COMPREPLY=(\"${COMPREPLY[@]#\"$before\"}\")\n"
         "}\n"
         "complete -F _refit refit");
}

static void print_zsh(void)
{
    puts("#compdef refit\n"
         "# Completion of refit for zsh. To use it now: eval \"$(refit completion zsh)\"\n"
         "_refit() {\n"
         "    local command options source=stages list i\n"
         "    local -a where commands\n"
         "    for ((i = 2; i < CURRENT; i++)); do\n"
         "        case ${words[i]} in\n"
         "        (-C|--directory|-f|--file) where+=(\"${words[i]}\" \"${words[i+1]}\"); ((i++)) ;;\n"
         "        (-j|--jobs|--color) ((i++)) ;;\n"
         "        (-*) ;;\n"
         "        (*) [[ -z $command ]] && command=${words[i]} ;;\n"
         "        esac\n"
         "    done");
    print_cases();
    puts("    commands=(");
    for (const struct command *const *command = cli_commands; *command != NULL; command++) {
        printf("        %s:", (*command)->name);
        print_quoted((*command)->summary, false);
        putchar('\n');
    }
    puts("    )\n"
         "    case ${words[CURRENT-1]} in\n"
         "    (-C|--directory) source=folders ;;\n"
         "    (-f|--file) source=files ;;\n"
         "    (-j|--jobs) source=nothing ;;\n"
         "    (--color) source=words list='auto always never' ;;\n"
         "    (*) [[ ${words[CURRENT]} == -* ]] && source=words list=$options ;;\n"
         "    esac\n"
         "    case $source in\n"
         "    (words) compadd -- ${=list} ;;\n"
         "    (folders) _files -/ ;;\n"
         "    (files) _files ;;\n"
         "    (commands|first) _describe command commands ;;\n"
         "    esac\n"
         "    case $source in\n"
         "    (stages|first) compadd -- ${(f)\"$(${words[1]} \"${where[@]}\" graph --names 2>/dev/null)\"} ;;\n"
         "    (rules) compadd -- ${(f)\"$(${words[1]} \"${where[@]}\" rules --names 2>/dev/null)\"} ;;\n"
         "    esac\n"
         "}\n"
         "if [[ ${funcstack[1]} == _refit ]]; then\n"
         "    _refit \"$@\"\n"
         "else\n"
         "    compdef _refit refit\n"
         "fi");
}

static void print_fish_option(void *ctx, const struct option_spec *spec)
{
    printf("complete -c refit -n '%s'", (const char *)ctx);
    if (spec->id < 256)
        printf(" -s %c", spec->id);
    printf(" -l %s%s -d ", spec->name, spec->argument == NULL || spec->argument[0] == '[' ? "" : " -r");
    print_quoted(spec->help, true);
    putchar('\n');
}

static void print_fish_arguments(const struct command *command, const char *condition)
{
    static const char stages[] = "(refit graph --names 2>/dev/null)";
    if (command->completion == COMPLETE_STAGES)
        printf("complete -c refit -n '%s' -a '%s'\n", condition, stages);
    else if (command->completion == COMPLETE_RULES)
        printf("complete -c refit -n '%s' -a '(refit rules --names 2>/dev/null)'\n", condition);
    else if (command->completion == COMPLETE_WORDS)
        printf("complete -c refit -n '%s' -a '%s'\n", condition, command->words);
    else if (command->completion == COMPLETE_FOLDERS)
        printf("complete -c refit -n '%s' -a '(__fish_complete_directories)'\n", condition);
    else if (command->completion == COMPLETE_COMMANDS) {
        printf("complete -c refit -n '%s' -a '", condition);
        print_command_names();
        puts("'");
    }
}

static void print_fish(void)
{
    static char none[] = "__fish_use_subcommand";
    puts("# Completion of refit for fish. To use it now: refit completion fish | source\n"
         "complete -c refit -f");
    for (const struct command *const *command = cli_commands; *command != NULL; command++) {
        printf("complete -c refit -n %s -a %s -d ", none, (*command)->name);
        print_quoted((*command)->summary, true);
        putchar('\n');
        char condition[64];
        snprintf(condition, sizeof condition, "__fish_seen_subcommand_from %s", (*command)->name);
        print_fish_arguments(*command, condition);
        command_each_option(*command, print_fish_option, condition);
    }
    print_fish_arguments(&command_run, none);
    command_each_option(&command_run, print_fish_option, none);
}

static enum status run_completion(struct invocation *in, struct error *err)
{
    static const struct {
        struct str shell;
        void (*print)(void);
    } shells[] = {{STR("bash"), print_bash}, {STR("zsh"), print_zsh}, {STR("fish"), print_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (str_equal(in->arguments[0], shells[i].shell)) {
            shells[i].print();
            return STATUS_OK;
        }
    return error_set(err, STATUS_USAGE, "there is completion for bash, zsh and fish, not for `" STR_FMT "`",
                     STR_ARG(in->arguments[0]));
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print a script for the shell's completion",
    .arguments = "bash|zsh|fish",
    .description =
        "Prints a script that completes commands, options and names of stages. `ninja install` puts the three\n"
        "where the shells look for them.",
    .examples = "  eval \"$(refit completion bash)\"\n"
                "  refit completion fish > ~/.config/fish/completions/refit.fish",
    .arguments_min = 1,
    .arguments_max = 1,
    .completion = COMPLETE_WORDS,
    .words = "bash zsh fish",
    .run = run_completion,
};
