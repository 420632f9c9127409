/* The command line: which command it names, and its options, through getopt_long. */
#include <getopt.h>
#include <string.h>

#include "cli/cli.h"

enum { OPTIONS_MAX = 32 };

static const struct common_option {
    unsigned set;
    struct option_spec spec;
} common_options[] = {
    {COMMON_PROJECT | COMMON_FOLDER, {'C', "directory", "DIR", "go to DIR first"}},
    {COMMON_PROJECT, {'f', "file", "FILE", "the manifest (default: refit.yaml, or what DVC has, here or above)"}},
    {COMMON_OUTPUT, {'v', "verbose", NULL, "say more"}},
    {COMMON_OUTPUT, {'q', "quiet", NULL, "say less"}},
    {COMMON_JSON, {OPTION_JSON, "json", NULL, "JSON on standard output, for programs"}},
    {COMMON_OUTPUT, {OPTION_COLOR, "color", "WHEN", "auto, always or never (default: auto; NO_COLOR is honoured)"}},
    {~0u, {'h', "help", NULL, "print this"}},
};

/* Known to the parser where no command was named; `refit help` describes it. */
static const struct option_spec version_option = {OPTION_VERSION, "version", NULL, NULL};

void command_each_option(const struct command *command, void (*each)(void *ctx, const struct option_spec *spec),
                         void *ctx)
{
    for (const struct option_spec *spec = command->options; spec != NULL && spec->name != NULL; spec++)
        each(ctx, spec);
    for (size_t i = 0; i < sizeof common_options / sizeof common_options[0]; i++)
        if (common_options[i].set & command->common || common_options[i].set == ~0u)
            each(ctx, &common_options[i].spec);
}

/* ---- a command's options in one table ---- */

struct option_table {
    const struct option_spec *specs[OPTIONS_MAX];
    size_t count;
};

static void table_collect(void *ctx, const struct option_spec *spec)
{
    struct option_table *table = ctx;
    if (table->count < OPTIONS_MAX)
        table->specs[table->count++] = spec;
}

static struct option_table table_make(const struct command *command, bool implied)
{
    struct option_table table = {.count = 0};
    command_each_option(command, table_collect, &table);
    if (implied)
        table_collect(&table, &version_option);
    return table;
}

static const struct option_spec *table_by_id(const struct option_table *table, int id)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->specs[i]->id == id)
            return table->specs[i];
    return NULL;
}

static const struct option_spec *table_by_name(const struct option_table *table, struct str name)
{
    for (size_t i = 0; i < table->count; i++)
        if (str_is(name, table->specs[i]->name))
            return table->specs[i];
    return NULL;
}

static bool is_optional(const struct option_spec *spec)
{
    return spec->argument != NULL && spec->argument[0] == '[';
}

static bool is_number(const char *word)
{
    return word != NULL && word[0] != '\0' && strspn(word, "0123456789") == strlen(word);
}

/* ---- finding the command ---- */

/* As getopt_long() does it: in full, or so much of it that no other begins like that. */
static const struct option_spec *table_by_start(const struct option_table *table, struct str name)
{
    const struct option_spec *found = table_by_name(table, name);
    for (size_t i = 0; i < table->count && table_by_name(table, name) == NULL; i++)
        if (str_starts(str_from(table->specs[i]->name), name)) {
            if (found != NULL)
                return NULL;
            found = table->specs[i];
        }
    return found;
}

/* How many words does the option at words[0] take? Before the command, the options of `run` are known. */
static int option_width(const struct option_table *table, char *const *words)
{
    const char *word = words[0];
    const struct option_spec *spec = NULL;
    if (word[1] == '-') {
        if (strchr(word, '=') == NULL)
            spec = table_by_start(table, str_from(word + 2));
        return spec != NULL && spec->argument != NULL && !is_optional(spec) ? 2 : 1;
    }
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        spec = table_by_id(table, (unsigned char)*letter);
        if (spec == NULL || spec->argument == NULL)
            continue;
        if (letter[1] != '\0')
            return 1;
        return is_optional(spec) && !is_number(words[1]) ? 1 : 2;
    }
    return 1;
}

/* The index of the first word that is no option, or argc. */
static int first_word(int argc, char **argv)
{
    struct option_table table = table_make(&command_run, true);
    int i = 1;
    while (i < argc && argv[i][0] == '-' && argv[i][1] != '\0') {
        if (strcmp(argv[i], "--") == 0)
            return argc;
        i += option_width(&table, &argv[i]);
    }
    return i < argc ? i : argc;
}

/* ---- faults ---- */

/* The long options that begin like `name`, as "--a, --b"; empty if there are fewer than two. */
static struct str candidates(struct arena *arena, const struct option_table *table, struct str name)
{
    struct str list = STR("");
    unsigned count = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (name.len == 0 || !str_starts(str_from(table->specs[i]->name), name))
            continue;
        list = str_format(arena, STR_FMT "%s--%s", STR_ARG(list), count ? ", " : "", table->specs[i]->name);
        count++;
    }
    return count > 1 ? list : STR("");
}

static enum status unknown_long(struct invocation *in, const struct option_table *table, const char *word,
                                struct error *err)
{
    struct str name = str_from(word + 2);
    ptrdiff_t equals = str_find(name, '=');
    if (equals >= 0)
        name.len = (size_t)equals;
    struct str several = candidates(&in->arena, table, name);
    if (several.len > 0)
        return error_set(err, STATUS_USAGE, "`--" STR_FMT "` could be " STR_FMT "; write it in full", STR_ARG(name),
                         STR_ARG(several));
    struct str names[OPTIONS_MAX];
    for (size_t i = 0; i < table->count; i++)
        names[i] = str_from(table->specs[i]->name);
    const struct str *nearest = str_nearest(name, names, table->count);
    if (nearest != NULL)
        return error_set(err, STATUS_USAGE, "unknown option `--" STR_FMT "`; did you mean `--" STR_FMT "`?",
                         STR_ARG(name), STR_ARG(*nearest));
    return error_set(err, STATUS_USAGE, "`refit %s` has no option `--" STR_FMT "`; `refit %s --help` lists them",
                     in->command->name, STR_ARG(name), in->command->name);
}

/* What getopt_long() refused: `found` is what it returned, `word` the word it was at. */
static enum status refuse(struct invocation *in, const struct option_table *table, int found, const char *word,
                          struct error *err)
{
    bool is_long = word != NULL && word[0] == '-' && word[1] == '-';
    const struct option_spec *spec = optopt != 0 ? table_by_id(table, optopt) : NULL;
    if (spec != NULL && found == ':')
        return error_set(err, STATUS_USAGE, "option `%s%s` needs %s", optopt < 256 && !is_long ? "-" : "--",
                         optopt < 256 && !is_long ? (char[]){(char)optopt, '\0'} : spec->name, spec->argument);
    if (spec != NULL)
        return error_set(err, STATUS_USAGE, "option `--%s` takes no argument", spec->name);
    if (is_long && optopt == 0)
        return unknown_long(in, table, word, err);
    return error_set(err, STATUS_USAGE, "`refit %s` has no option `-%c`; `refit %s --help` lists them",
                     in->command->name, optopt, in->command->name);
}

/* ---- taking it apart ---- */

static enum status set_color(struct invocation *in, const char *when, struct error *err)
{
    if (strcmp(when, "auto") == 0)
        in->color = COLOR_AUTO;
    else if (strcmp(when, "always") == 0)
        in->color = COLOR_ALWAYS;
    else if (strcmp(when, "never") == 0)
        in->color = COLOR_NEVER;
    else
        return error_set(err, STATUS_USAGE, "--color takes auto, always or never, not `%s`", when);
    return STATUS_OK;
}

static enum status take(struct invocation *in, const struct option_spec *spec, const char *text, struct error *err)
{
    switch (spec->id) {
    case 'C': /* each from where the one before it led to */
        in->directory = in->directory == NULL || text[0] == '/'
                            ? text
                            : str_format(&in->arena, "%s/%s", in->directory, text).ptr;
        return STATUS_OK;
    case 'f':
        in->manifest = text;
        return STATUS_OK;
    case 'v':
        in->verbose++;
        return STATUS_OK;
    case 'q':
        in->quiet = true;
        return STATUS_OK;
    case 'h':
        in->help = true;
        return STATUS_OK;
    case OPTION_JSON:
        in->json = true;
        return STATUS_OK;
    case OPTION_VERSION:
        in->version = true;
        return STATUS_OK;
    case OPTION_COLOR:
        return set_color(in, text, err);
    default:
        in->values[in->value_count++] = (struct option_value){spec->id, text};
        return STATUS_OK;
    }
}

/* The table as getopt_long() wants it. `letters` has room for a colon and three characters an option. */
static void getopt_table(const struct option_table *table, struct option *longs, char *letters)
{
    *letters++ = ':';
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = table->specs[i];
        int kind = spec->argument == NULL ? no_argument : is_optional(spec) ? optional_argument : required_argument;
        longs[i] = (struct option){spec->name, kind, NULL, spec->id};
        if (spec->id > 255)
            continue;
        *letters++ = (char)spec->id;
        for (int colons = kind == no_argument ? 0 : kind == required_argument ? 1 : 2; colons > 0; colons--)
            *letters++ = ':';
    }
    *letters = '\0';
    longs[table->count] = (struct option){NULL, 0, NULL, 0};
}

static enum status parse_options(struct invocation *in, int argc, char **argv, struct error *err)
{
    struct option_table table = table_make(in->command, in->implied);
    struct option longs[OPTIONS_MAX + 1];
    char letters[3 * OPTIONS_MAX + 2];
    getopt_table(&table, longs, letters);
    size_t letters_max = 0; /* no more options than that: they can stand in clusters */
    for (int i = 1; i < argc; i++)
        letters_max += strlen(argv[i]);
    in->values = arena_array(&in->arena, struct option_value, letters_max);
    opterr = 0;
    optind = 0; /* start afresh, in glibc's way */
    int id;
    while ((id = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        if (id == '?' || id == ':')
            return refuse(in, &table, id, argv[optind - 1], err);
        const struct option_spec *spec = table_by_id(&table, id);
        const char *text = optarg;
        /* `-k 3`: getopt knows only `-k3` where the argument may be left out. */
        if (is_optional(spec) && text == NULL && optind < argc && is_number(argv[optind]))
            text = argv[optind++];
        enum status status = take(in, spec, text, err);
        if (status != STATUS_OK)
            return status;
    }
    in->arguments = arena_array(&in->arena, struct str, (size_t)argc);
    for (int i = optind; i < argc; i++)
        in->arguments[in->argument_count++] = str_from(argv[i]);
    return STATUS_OK;
}

static enum status check_arguments(const struct invocation *in, struct error *err)
{
    const struct command *command = in->command;
    if (in->argument_count < command->arguments_min)
        return error_set(err, STATUS_USAGE, "`refit %s` needs %s; `refit %s --help` has an example", command->name,
                         command->arguments, command->name);
    if (in->argument_count > command->arguments_max)
        return error_set(err, STATUS_USAGE, "`refit %s` does not take `" STR_FMT "`; usage: refit %s%s%s",
                         command->name, STR_ARG(in->arguments[command->arguments_max]), command->name,
                         command->arguments[0] ? " " : "", command->arguments);
    return STATUS_OK;
}

/* `-2` is a run: to getopt() it would be an option. */
static void spell_out_runs(struct invocation *in, char **words, int count)
{
    for (int i = 1; i < count && strcmp(words[i], "--") != 0; i++)
        if (words[i][0] == '-' && is_number(words[i] + 1)) {
            size_t size = strlen(words[i]) + sizeof "last";
            char *word = arena_alloc(&in->arena, size, 1);
            snprintf(word, size, "last%s", words[i]);
            words[i] = word;
        }
}

enum status invocation_parse(int argc, char **argv, struct invocation *in, struct error *err)
{
    arena_init(&in->arena);
    in->words = argv + 1;
    int word = first_word(argc, argv);
    in->command = word < argc ? command_find(str_from(argv[word])) : NULL;
    in->implied = in->command == NULL;
    char **words = arena_array(&in->arena, char *, (size_t)argc + 1);
    int count = 0;
    for (int i = 0; i < argc; i++)
        if (in->implied || i != word)
            words[count++] = argv[i];
    if (in->implied)
        in->command = &command_run;
    if (in->command->common & COMMON_RUNS)
        spell_out_runs(in, words, count);
    enum status status = parse_options(in, count, words, err);
    if (status == STATUS_OK && !in->help && !in->version)
        status = check_arguments(in, err);
    return status;
}

bool option_given(const struct invocation *in, int id)
{
    for (uint32_t i = 0; i < in->value_count; i++)
        if (in->values[i].id == id)
            return true;
    return false;
}

const char *option_text(const struct invocation *in, int id)
{
    const char *text = NULL;
    for (uint32_t i = 0; i < in->value_count; i++)
        if (in->values[i].id == id)
            text = in->values[i].text;
    return text;
}
