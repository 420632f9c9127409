/* `refit store`: where the store is, and how much it holds. A reader. */
#include <inttypes.h>

#include "cli/cli.h"

static void print_stats_json(const struct store_stats *stats)
{
    const struct {
        const char *key;
        uint64_t value;
    } fields[] = {
        {"records", stats->records},         {"objects", stats->objects},
        {"chunks", stats->chunks},           {"chunk_bytes", stats->chunk_bytes},
        {"compressed_bytes", stats->compressed_bytes}, {"file_bytes", stats->file_bytes},
    };
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        json_key(&j, fields[i].key);
        json_int(&j, (int64_t)fields[i].value);
    }
    json_close_object(&j);
    output_json(&document);
}

/* "1234 bytes", "3.4 MiB" */
static struct str size_text(struct arena *arena, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024)
        return str_format(arena, "%" PRIu64 " bytes", bytes);
    double amount = (double)bytes / 1024;
    size_t unit = 0;
    for (; amount >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        amount /= 1024;
    return str_format(arena, "%.1f %s", amount, units[unit]);
}

static void print_stats(struct arena *arena, struct str directory, const struct store_stats *stats)
{
    struct sheet sheet = {.arena = arena};
    struct str none = STR("");
    sheet_add(&sheet, PAINT_NONE, STR("store"), directory, none, none);
    sheet_add(&sheet, PAINT_NONE, STR("records"), str_format(arena, "%" PRIu64, stats->records), none, none);
    sheet_add(&sheet, PAINT_NONE, STR("objects"), str_format(arena, "%" PRIu64, stats->objects), none, none);
    sheet_add(&sheet, PAINT_NONE, STR("chunks"), str_format(arena, "%" PRIu64, stats->chunks), none, none);
    sheet_add(&sheet, PAINT_NONE, STR("content"), size_text(arena, stats->chunk_bytes), none, none);
    sheet_add(&sheet, PAINT_NONE, STR("compressed"), size_text(arena, stats->compressed_bytes), none, none);
    sheet_add(&sheet, PAINT_NONE, STR("file"), size_text(arena, stats->file_bytes), none, none);
    sheet_print(&sheet, false);
}

static enum status print_store(struct invocation *in, struct project *project, struct error *err)
{
    struct store_stats stats = {0};
    enum status status = project_open_store(project, err);
    if (status == STATUS_OK && project->store != NULL)
        status = store_get_stats(project->store, &stats, err);
    if (status != STATUS_OK)
        return status;
    if (in->json)
        print_stats_json(&stats);
    else if (project->store == NULL)
        printf("no store yet at " STR_FMT "\n", STR_ARG(str_printable(&in->arena, project->store_directory)));
    else
        print_stats(&in->arena, project->store_directory, &stats);
    return STATUS_OK;
}

/* An absolute path, raw, as scripts want it. */
static void print_path(const struct project *project)
{
    struct str directory = project->store_directory;
    bool absolute = directory.len > 0 && directory.ptr[0] == '/';
    if (!absolute)
        printf(STR_FMT "/", STR_ARG(project->root));
    printf(STR_FMT "\n", STR_ARG(directory));
}

static enum status run_store(struct invocation *in, struct error *err)
{
    struct str what = in->arguments[0];
    bool stats = str_is(what, "stats");
    if (!stats && !str_is(what, "path")) {
        const struct str known[] = {STR("stats"), STR("path")};
        const struct str *nearest = str_nearest(what, known, 2);
        return error_set(err, STATUS_USAGE, "`" STR_FMT "` is unknown; did you mean `refit store " STR_FMT "`?",
                         STR_ARG(what), STR_ARG(nearest ? *nearest : known[0]));
    }
    if (!stats && in->json)
        return error_set(err, STATUS_USAGE, "`refit store path` has no --json");
    struct project *project;
    enum status status = cli_open_bare(in, &project, err);
    if (status != STATUS_OK)
        return status;
    if (stats)
        status = print_store(in, project, err);
    else
        print_path(project);
    project_close(project);
    return status;
}

const struct command command_store = {
    .name = "store",
    .summary = "say where the store is and what it holds",
    .arguments = "stats | path",
    .description =
        "`stats` counts what the store holds: content is what was stored, each piece once; compressed is what\n"
        "is kept of it; file is the size of the store's file. `path` prints the store's folder. Reads only.",
    .examples = "  refit store stats\n"
                "  du -sh \"$(refit store path)\"",
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_min = 1,
    .arguments_max = 1,
    .completion = COMPLETE_WORDS,
    .words = "stats path",
    .run = run_store,
};
