/* `refit check`: judges data (or what else its first word names) by a definition, and leaves a verdict. */
#include "cli/check.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/manifest.h"

static const struct option_spec options[] = {
    {OPTION_SPEC, "spec", "FILE", "the definition is this YAML file, and not in the manifest"},
    {'o', "output", "FILE", "write the verdict there"},
    {OPTION_BASELINE, "baseline", NULL, "of a gate: only say which files its baseline's name stands for"},
    {OPTION_STAGE, "stage", NULL, "as a stage: exit 0 whatever the verdict, which others judge"},
    {0, NULL, NULL, NULL},
};

enum { SPEC_BYTES_MAX = 16 << 20 };

/* What is checked -> who does it. */
static const struct check_word {
    const char *name;
    enum status (*run)(struct invocation *in, struct error *err);
} words[] = {
    {"data", check_data},
    {"model", check_model},
    {"profile", check_profile},
};
enum { WORD_COUNT = sizeof words / sizeof words[0] };

static enum status read_spec(struct invocation *in, const char *path, struct value **out, struct error *err)
{
    struct buf text = {0};
    enum status status = fs_read(path, SPEC_BYTES_MAX, &text, err);
    if (status == STATUS_OK)
        status = yaml_parse(&in->arena, str_dup(&in->arena, buf_view(&text)), str_from(path), out, err);
    buf_finish(&text);
    return status;
}

static enum status find_in_manifest(struct invocation *in, const char *section, struct check_definition *out,
                                    struct error *err)
{
    struct project *project;
    const struct value *checks;
    if (in->argument_count < 2)
        return error_set(err, STATUS_USAGE, "name what is checked: refit check %s NAME, or refit check %s --spec FILE",
                         section[0] == 'e' ? "data" : "model", section[0] == 'e' ? "data" : "model");
    out->name = in->arguments[1];
    enum status status = cli_open_bare(in, &project, err); /* goes to the root */
    if (status != STATUS_OK)
        return status;
    out->file = str_dup(&in->arena, project->manifest_path).ptr;
    status = project_read_section(project, &in->arena, str_from(section), &checks, err);
    project_close(project);
    if (status != STATUS_OK)
        return status;
    out->value = value_get(checks, out->name);
    if (out->value != NULL)
        return STATUS_OK;
    uint32_t count = checks != NULL && checks->type == VALUE_MAP ? checks->map.count : 0;
    struct str *names = arena_array(&in->arena, struct str, count);
    for (uint32_t i = 0; i < count; i++)
        names[i] = checks->map.pairs[i].key;
    const struct str *near = str_nearest(out->name, names, count);
    if (near != NULL)
        return error_set(err, STATUS_NOT_FOUND, "%s has no `%s." STR_FMT "`; did you mean `" STR_FMT "`?", out->file,
                         section, STR_ARG(str_printable(&in->arena, out->name)), STR_ARG(*near));
    return error_set(err, STATUS_NOT_FOUND, "%s has no `%s." STR_FMT "`", out->file, section,
                     STR_ARG(str_printable(&in->arena, out->name)));
}

enum status check_find(struct invocation *in, const char *section, struct check_definition *out, struct error *err)
{
    struct value *value = NULL;
    *out = (struct check_definition){.file = option_text(in, OPTION_SPEC)};
    if (out->file == NULL)
        return find_in_manifest(in, section, out, err);
    out->name = in->argument_count > 1 ? in->arguments[1] : str_from(out->file);
    if (in->directory != NULL && chdir(in->directory) < 0)
        return error_errno(err, STATUS_USAGE, errno, "cannot enter %s", in->directory);
    enum status status = read_spec(in, out->file, &value, err);
    out->value = value;
    return status;
}

const char *check_verdict_path(struct invocation *in, const struct check_definition *definition)
{
    const struct value *verdict = value_get(definition->value, STR("verdict"));
    if (option_text(in, 'o') != NULL)
        return option_text(in, 'o');
    if (verdict != NULL && verdict->type == VALUE_STRING)
        return str_terminated(&in->arena, verdict->text);
    if (option_text(in, OPTION_SPEC) != NULL)
        return NULL;
    return str_format(&in->arena, "checks/" STR_FMT ".json", STR_ARG(definition->name)).ptr;
}

enum status check_spare(const char *path, const char *input, struct error *err)
{
    struct stat a, b;
    if (path == NULL || stat(path, &a) != 0 || stat(input, &b) != 0 || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "the result would take the place of %s; name another file", input);
}

enum status check_write(struct invocation *in, const char *path, struct buf *verdict, struct error *err)
{
    if (in->json)
        fwrite(verdict->ptr, 1, verdict->len, stdout);
    struct stat st;
    if (path == NULL)
        return STATUS_OK;
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return error_set(err, STATUS_USAGE, "%s is no regular file, and nothing is written there; --json prints the "
                         "verdict", path);
    enum status status = fs_make_parents(path, err);
    if (status != STATUS_OK)
        return status;
    const char *temporary = str_format(&in->arena, "%s.%ld.part", path, (long)getpid()).ptr;
    return fs_write_atomic(path, temporary, buf_view(verdict), 0666, false, err);
}

static enum status run(struct invocation *in, struct error *err)
{
    struct str names[WORD_COUNT];
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (str_is(in->arguments[0], words[i].name))
            return words[i].run(in, err);
        names[i] = str_from(words[i].name);
    }
    const struct str *near = str_nearest(in->arguments[0], names, WORD_COUNT);
    return error_set(err, STATUS_USAGE, "refit check knows no `" STR_FMT "`%s" STR_FMT "%s",
                     STR_ARG(str_printable(&in->arena, in->arguments[0])), near != NULL ? "; did you mean `" : "",
                     STR_ARG(near != NULL ? *near : STR("")), near != NULL ? "`?" : "");
}

const struct command command_check = {
    .name = "check",
    .summary = "judge data by what is expected of it, and models by their gates",
    .arguments = "data [NAME] | model [NAME] | profile DATA",
    .description = "Reads the data once, judges it by `expect.NAME` of the manifest (or by the file of --spec),\n"
                   "writes the verdict (checks/NAME.json), and prints a line for each expectation. Neither store nor\n"
                   "state is touched. Exit status: 0 if all hold or only warn, 4 if one does not.\n"
                   "`model` judges a model by `gates.NAME` in the same way, and exits with 3 if it needs approval.\n"
                   "`profile` writes what the columns of a data file are like, for others to be compared with.\n",
    .examples = "  refit check data people\n"
                "  refit check data --spec people.yaml --json\n"
                "  refit check model release\n"
                "  refit check profile people.csv -o people.profile.json\n",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_min = 1,
    .arguments_max = 2,
    .completion = COMPLETE_WORDS,
    .words = "data model profile",
    .run = run,
};
