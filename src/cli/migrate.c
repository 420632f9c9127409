/* `refit migrate`: a refit.yaml from DVC's files, and what dvc.lock records taken over. */
#include "cli/cli.h"

static const struct option_spec options[] = {
    {'n', "dry-run", NULL, "say what would be done, and do nothing"},
    {0, NULL, NULL, NULL},
};

struct totals {
    uint32_t taken, left;
};

static struct totals count_stages(const struct migrate_result *result)
{
    struct totals totals = {0};
    for (uint32_t i = 0; i < result->stage_count; i++) {
        totals.taken += result->stages[i].taken;
        totals.left += result->stages[i].reason.len > 0;
    }
    return totals;
}

static const char *plural(uint32_t count)
{
    return count == 1 ? "" : "s";
}

static void print_stages(struct invocation *in, const struct migrate_result *result)
{
    struct sheet sheet = {.arena = &in->arena};
    for (uint32_t i = 0; i < result->stage_count; i++) {
        const struct migrated_stage *stage = &result->stages[i];
        bool renamed = !str_equal(stage->name, stage->was);
        struct str what = stage->taken ? STR("taken over") : stage->reason.len > 0 ? STR("not taken over") : STR("");
        if (!renamed && stage->reason.len == 0 && in->verbose == 0)
            continue;
        struct str was = renamed ? str_format(&in->arena, "was " STR_FMT, STR_ARG(stage->was)) : STR("");
        sheet_add(&sheet, stage->reason.len > 0 ? PAINT_CHANGE : PAINT_GOOD, stage->name, what,
                  stage->reason.len > 0 ? stage->reason : was, stage->reason.len > 0 ? was : STR(""));
    }
    sheet_print(&sheet, output_color(in));
}

static void print_ignored(struct invocation *in, struct str lines)
{
    puts(".refitignore was left as it is; what .dvcignore says goes in there too:");
    while (lines.len > 0) {
        ptrdiff_t end = str_find(lines, '\n');
        struct str line = end < 0 ? lines : str_slice(lines, 0, (size_t)end);
        printf("  " STR_FMT "\n", STR_ARG(output_text(&in->arena, line)));
        lines = end < 0 ? STR("") : str_slice(lines, (size_t)end + 1, lines.len);
    }
}

static void print_text(struct invocation *in, const struct migrate_result *result)
{
    bool dry = option_given(in, 'n');
    struct totals totals = count_stages(result);
    if (!in->quiet)
        print_stages(in, result);
    printf("%s refit.yaml: %u stage%s, from %u dvc.yaml\n", dry ? "would make" : "made", result->stage_count,
           plural(result->stage_count), result->files);
    if (result->written_out > 0)
        printf("of %u of them what the stages come to was written out; comments and templates could not be kept\n",
               result->written_out);
    if (result->ignored.len > 0 && result->ignore_there)
        print_ignored(in, result->ignored);
    else if (result->ignored.len > 0)
        printf("%s .refitignore, from .dvcignore\n", dry ? "would make" : "made");
    printf("%s what dvc.lock and .dvc files have of %u stage%s", dry ? "would take over" : "took over", totals.taken,
           plural(totals.taken));
    if (totals.left > 0)
        printf("; %u will run", totals.left);
    putchar('\n');
    if (!dry)
        puts("DVC's files are as they were. Next: `refit status`, and commit refit.yaml and refit.lock");
}

static void print_json(const struct migrate_result *result)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "text");
    json_str(&j, result->text);
    json_key(&j, "written_out");
    json_int(&j, result->written_out);
    json_key(&j, "ignored");
    json_str(&j, result->ignored);
    json_key(&j, "stages");
    json_open_array(&j);
    for (uint32_t i = 0; i < result->stage_count; i++) {
        json_open_object(&j);
        json_key(&j, "name");
        json_str(&j, result->stages[i].name);
        json_key(&j, "was");
        json_str(&j, result->stages[i].was);
        json_key(&j, "taken");
        json_bool(&j, result->stages[i].taken);
        json_key(&j, "reason");
        json_str(&j, result->stages[i].reason);
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
    output_json(&document);
}

static enum status run_migrate_command(struct invocation *in, struct error *err)
{
    struct project *project;
    struct migrate_options run = {.dry_run = option_given(in, 'n')};
    struct migrate_result result;
    enum status status = cli_open(in, !run.dry_run, STR(""), &project, err);
    if (status != STATUS_OK)
        return status;
    status = run_migrate(project, &run, &in->arena, &result, err);
    if (status == STATUS_OK && in->json)
        print_json(&result);
    else if (status == STATUS_OK)
        print_text(in, &result);
    project_close(project);
    return status;
}

const struct command command_migrate = {
    .name = "migrate",
    .summary = "make a refit.yaml of a project of DVC",
    .arguments = "",
    .description =
        "Writes a refit.yaml that declares what every dvc.yaml and .dvc file of the project declares, with the\n"
        "comments and templates where they can be kept, and takes over what dvc.lock records: for each stage\n"
        "whose command, deps and parameters are still those, its outs go into the store, from the workspace or\n"
        "from DVC's cache, verified by MD5, and are fresh. Nothing of DVC's is changed, and a refit.yaml that\n"
        "is there is not overwritten. refit runs a dvc.yaml as it is: this is for saying more than DVC can.",
    .examples = "  refit migrate -n         what would be done\n"
                "  refit migrate && refit status",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_max = 0,
    .run = run_migrate_command,
};
