/* `refit store`: where the store is, how much it holds; the rest is in transfer.c. */
#include <inttypes.h>

#include "cli/cli.h"

static enum status print_stats_json(struct invocation *in, struct store *store, const struct store_stats *stats,
                                    struct error *err)
{
    const struct {
        const char *key;
        uint64_t value;
    } fields[] = {
        {"records", stats->records},         {"objects", stats->objects},
        {"chunks", stats->chunks},           {"chunk_bytes", stats->chunk_bytes},
        {"compressed_bytes", stats->compressed_bytes}, {"file_bytes", stats->file_bytes},
        {"free_bytes", stats->free_bytes},   {"keys", stats->keys},
        {"out_bytes", stats->out_bytes},     {"oldest_ms", (uint64_t)stats->oldest_ms},
        {"newest_ms", (uint64_t)stats->newest_ms},
    };
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        json_key(&j, fields[i].key);
        json_int(&j, (int64_t)fields[i].value);
    }
    enum status status = cli_shares(in, store, &j, err);
    json_close_object(&j);
    if (status == STATUS_OK)
        output_json(&document);
    else
        buf_finish(&document);
    return status;
}

/* "3.1 times less"; "" where it makes no difference. */
static struct str ratio_text(struct arena *arena, uint64_t whole, uint64_t part)
{
    if (part == 0 || (double)whole < 1.05 * (double)part)
        return STR("");
    return str_format(arena, "%.1f times less", (double)whole / (double)part);
}

static void print_stats(struct arena *arena, struct str directory, const struct store_stats *stats)
{
    struct sheet sheet = {.arena = arena};
    struct str none = STR("");
    const struct {
        const char *name;
        struct str amount, remark;
    } lines[] = {
        {"store", directory, none},
        {"records", str_format(arena, "%" PRIu64, stats->records),
         str_format(arena, "of %" PRIu64 " keys", stats->keys)},
        {"oldest", output_time(arena, stats->oldest_ms), none},
        {"newest", output_time(arena, stats->newest_ms), none},
        {"objects", str_format(arena, "%" PRIu64, stats->objects), STR("of several chunks")},
        {"chunks", str_format(arena, "%" PRIu64, stats->chunks), none},
        {"outs", output_size(arena, stats->out_bytes), STR("of all records")},
        {"content", output_size(arena, stats->chunk_bytes), ratio_text(arena, stats->out_bytes, stats->chunk_bytes)},
        {"compressed", output_size(arena, stats->compressed_bytes),
         ratio_text(arena, stats->chunk_bytes, stats->compressed_bytes)},
        {"file", output_size(arena, stats->file_bytes), none},
        {"free", output_size(arena, stats->free_bytes), STR("of the file, to be used again")},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (lines[i].amount.len > 0)
            sheet_add(&sheet, PAINT_NONE, str_from(lines[i].name), lines[i].amount, lines[i].remark, none);
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
        return print_stats_json(in, project->store, &stats, err);
    if (project->store == NULL)
        printf("no store yet at " STR_FMT "\n", STR_ARG(str_printable(&in->arena, project->store_directory)));
    else
        print_stats(&in->arena, project->store_directory, &stats);
    return cli_shares(in, project->store, NULL, err);
}

/* An absolute path; raw, as scripts want it. */
static void print_path(struct invocation *in, const struct project *project)
{
    struct str path = project->store_directory;
    if (path.len == 0 || path.ptr[0] != '/')
        path = str_format(&in->arena, STR_FMT "/" STR_FMT, STR_ARG(project->root), STR_ARG(path));
    if (!in->json) {
        printf(STR_FMT "\n", STR_ARG(path));
        return;
    }
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_path(&j, "path", path);
    json_close_object(&j);
    output_json(&document);
}

static enum status tell(struct invocation *in, bool stats, struct error *err)
{
    struct project *project;
    if (in->argument_count > 1 || option_given(in, 'a'))
        return error_set(err, STATUS_USAGE, "`refit store %s` takes no more arguments", stats ? "stats" : "path");
    enum status status = cli_open_bare(in, &project, err);
    if (status != STATUS_OK)
        return status;
    if (stats)
        status = print_store(in, project, err);
    else
        print_path(in, project);
    project_close(project);
    return status;
}

static enum status run_store(struct invocation *in, struct error *err)
{
    static const struct str known[] = {STR("stats"), STR("path"), STR("export"), STR("import")};
    struct str what = in->arguments[0];
    if (str_is(what, "export"))
        return cli_export(in, err);
    if (str_is(what, "import"))
        return cli_import(in, err);
    if (str_is(what, "stats") || str_is(what, "path"))
        return tell(in, str_is(what, "stats"), err);
    const struct str *nearest = str_nearest(what, known, sizeof known / sizeof known[0]);
    return error_set(err, STATUS_USAGE, "`" STR_FMT "` is unknown; did you mean `refit store " STR_FMT "`?",
                     STR_ARG(what), STR_ARG(nearest ? *nearest : known[0]));
}

static const struct option_spec options[] = {
    {'a', "all", NULL, "export: every record and data set, not only those that refit.lock names"},
    {0, NULL, NULL, NULL},
};

const struct command command_store = {
    .name = "store",
    .summary = "what the store holds, and carrying it elsewhere",
    .arguments = "stats | path | export FILE [STAGE...] | import FILE",
    .description =
        "`stats` counts what the store holds: outs are those of all records; content is what was stored, each\n"
        "piece once; compressed is what is kept of it; file is the size of the store's file. Then what the\n"
        "records of each stage take (of refit.lock's: by key, or by the path of an out), and what was made on\n"
        "each day in each workspace: outs, what is kept of them, and what would go with them. `path` prints the\n"
        "store's folder.\n"
        "`export` writes the records of the stages in refit.lock (or of those that are named), with all that\n"
        "they need and what they read of data sets, to one file; `import` adds what such a file has to the\n"
        "store, verified. `-` is standard output or input. So a cache is carried from one CI job to the next.\n"
        "Verified means that it is whole, not that it is honest: results are believed, so import from those who\n"
        "may run your stages.",
    .examples = "  refit store stats\n"
                "  du -sh \"$(refit store path)\"\n"
                "  refit store export cache.refit\n"
                "  refit store export - train | ssh host refit -C project store import -",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_min = 1,
    .arguments_max = UINT32_MAX,
    .completion = COMPLETE_WORDS,
    .words = "stats path export import",
    .run = run_store,
};
