/* `refit config`: every setting, its value, and where that comes from. A reader. */
#include "cli/cli.h"

static void print_json(const struct config_entry *entries, uint32_t count)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "settings");
    json_open_array(&j);
    for (uint32_t i = 0; i < count; i++) {
        json_open_object(&j);
        json_key(&j, "name");
        json_str(&j, entries[i].name);
        json_key(&j, "value");
        json_str(&j, entries[i].value);
        json_key(&j, "origin");
        json_str(&j, entries[i].origin);
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
    output_json(&document);
}

static enum status find_setting(struct invocation *in, const struct config *config, const struct config_entry **out,
                                struct error *err)
{
    struct str word = in->arguments[0];
    struct str *names = arena_array(&in->arena, struct str, config->entry_count);
    for (uint32_t i = 0; i < config->entry_count; i++) {
        names[i] = config->entries[i].name;
        if (str_equal(names[i], word)) {
            *out = &config->entries[i];
            return STATUS_OK;
        }
    }
    const struct str *nearest = str_nearest(word, names, config->entry_count);
    if (nearest != NULL)
        return error_set(err, STATUS_NOT_FOUND, "unknown setting `" STR_FMT "`; did you mean `" STR_FMT "`?",
                         STR_ARG(word), STR_ARG(*nearest));
    return error_set(err, STATUS_NOT_FOUND, "unknown setting `" STR_FMT "`; `refit config` lists them", STR_ARG(word));
}

static enum status print_settings(struct invocation *in, const struct config *config, struct error *err)
{
    const struct config_entry *entries = config->entries;
    uint32_t count = config->entry_count;
    if (in->argument_count > 0) {
        enum status status = find_setting(in, config, &entries, err);
        if (status != STATUS_OK)
            return status;
        count = 1;
    }
    if (in->json) {
        print_json(entries, count);
    } else if (in->argument_count > 0) {
        printf(STR_FMT "\n", STR_ARG(entries->value));
    } else {
        struct sheet sheet = {.arena = &in->arena};
        for (uint32_t i = 0; i < count; i++)
            sheet_add(&sheet, PAINT_NONE, entries[i].name, entries[i].value, entries[i].origin, STR(""));
        sheet_print(&sheet, output_color(in));
    }
    return STATUS_OK;
}

static enum status run_config(struct invocation *in, struct error *err)
{
    struct project *project;
    enum status status = cli_open_bare(in, &project, err);
    if (status != STATUS_OK)
        return status;
    status = print_settings(in, &project->config, err);
    project_close(project);
    return status;
}

const struct command command_config = {
    .name = "config",
    .summary = "show the settings and where they come from",
    .arguments = "[NAME]",
    .description =
        "Prints every setting with its value and its origin, or the value of one. Settings are read from\n"
        ".refit/config.yaml (this machine), refit.config.yaml (the project) and ~/.config/refit/config.yaml\n"
        "(the user); the first that has a setting wins. REFIT_STORE and REFIT_JOBS in the environment win\n"
        "over all files.",
    .examples = "  refit config\n"
                "  refit config jobs",
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_max = 1,
    .run = run_config,
};
