/* `refit gc`: drops from the store what has not been used for longest, and gives the room back. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "refit/base/path.h"

static const struct option_spec options[] = {
    {OPTION_BUDGET, "budget", "SIZE", "what the store may take, such as 10G (default: store.budget, or no limit)"},
    {'n', "dry-run", NULL, "only say what would go"},
    {OPTION_FORGET, "forget", "PATH", "the workspace at PATH, or HOST:PATH, is gone for good: its results may go"},
    {OPTION_FORGET_UNSEEN, "forget-unseen", "TIME", "nor those of what is gone or elsewhere, and silent so long"},
    {OPTION_RESCUE, "rescue", NULL, "also remove what was moved to .refit/rescue and .refit/attempts"},
    {OPTION_REPRODUCED, "reproduced", NULL,
     "also remove folders of `refit reproduce` that nobody has changed, and baselines that the store has"},
    {OPTION_NO_COMPACT, "no-compact", NULL, "leave the store's file as large as it is"},
    {0, NULL, NULL, NULL},
};

/* Of workspaces that were not looked at; a store of containers may have thousands. */
enum { UNREAD_SHOWN = 5 };

static void warn(void *ctx, struct str text)
{
    output_warn(ctx, text);
}

/* ---- what came of it ---- */

static const char *state_name(enum workspace_state state)
{
    static const char *const names[] = {
        [WORKSPACE_READ] = "read", [WORKSPACE_GONE] = "gone", [WORKSPACE_ELSEWHERE] = "elsewhere",
        [WORKSPACE_FORGOTTEN] = "forgotten"};
    return names[state];
}

static const char *compaction_name(const struct gc_result *result)
{
    static const char *const names[] = {[COMPACTION_DONE] = "done", [COMPACTION_IN_USE] = "in use",
                                        [COMPACTION_NO_SPACE] = "no space", [COMPACTION_NOT_OURS] = "not ours"};
    return result->compacted ? names[result->compaction] : "not needed";
}

static bool is_over(const struct gc_result *result, uint64_t budget_bytes)
{
    return result->counts.left_bytes > budget_bytes;
}

static void print_workspaces_json(struct json *j, const struct gc_result *result)
{
    json_key(j, "workspaces");
    json_open_array(j);
    for (uint32_t i = 0; i < result->workspace_count; i++) {
        const struct gc_workspace *w = &result->workspaces[i];
        json_open_object(j);
        json_path(j, "path", w->path);
        json_key(j, "host");
        json_str(j, w->host);
        json_key(j, "state");
        json_str(j, str_from(state_name(w->state)));
        json_key(j, "refs");
        json_int(j, w->refs);
        json_key(j, "roots");
        json_int(j, w->roots);
        json_key(j, "seen_ms");
        json_int(j, w->seen_ms);
        json_close_object(j);
    }
    json_close_array(j);
}

static void print_json(const struct gc_result *result, bool dry_run, uint64_t budget_bytes)
{
    const struct store_collect_counts *c = &result->counts;
    const struct {
        const char *key;
        uint64_t value;
    } fields[] = {
        {"records", c->records},           {"taken_records", c->taken_records}, {"root_records", c->root_records},
        {"chunks", c->chunks},             {"taken_chunks", c->taken_chunks},   {"objects", c->objects},
        {"taken_objects", c->taken_objects}, {"used_bytes", c->used_bytes},     {"left_bytes", c->left_bytes},
        {"root_bytes", c->root_bytes},     {"file_bytes", result->file_bytes},  {"damaged", c->damaged},
        {"rescue_bytes", result->rescue_bytes}, {"attempt_bytes", result->attempt_bytes},
        {"forgotten_files", result->forgotten_files},
        {"reproduced_folders", result->reproduced_folders}, {"reproduced_bytes", result->reproduced_bytes},
        {"removed_folders", result->removed_folders}, {"removed_bytes", result->removed_bytes},
        {"baseline_bytes", result->baseline_bytes}, {"removed_baseline_bytes", result->removed_baseline_bytes},
    };
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "event");
    json_str(&j, STR("gc_finished"));
    json_key(&j, "dry_run");
    json_bool(&j, dry_run);
    json_key(&j, "budget_bytes");
    if (budget_bytes == UINT64_MAX)
        json_null(&j);
    else
        json_int(&j, (int64_t)budget_bytes);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        json_key(&j, fields[i].key);
        json_int(&j, (int64_t)fields[i].value);
    }
    json_key(&j, "over_budget");
    json_bool(&j, is_over(result, budget_bytes));
    json_key(&j, "compaction");
    json_str(&j, str_from(compaction_name(result)));
    print_workspaces_json(&j, result);
    json_close_object(&j);
    output_json(&document);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* What there is to know of a workspace that was not looked at. */
static struct str workspace_remark(struct arena *arena, const struct gc_workspace *w)
{
    struct str seen = output_time(arena, w->seen_ms);
    switch (w->state) {
    case WORKSPACE_READ:
        break;
    case WORKSPACE_GONE:
        return str_format(arena, "its folder is gone, last seen " STR_FMT "; `refit gc --forget PATH` lets its results "
                          "go", STR_ARG(seen));
    case WORKSPACE_ELSEWHERE:
        return str_format(arena, "on " STR_FMT ", last seen " STR_FMT "; `refit gc --forget HOST:PATH` lets its "
                          "results go", STR_ARG(w->host), STR_ARG(seen));
    case WORKSPACE_FORGOTTEN:
        return str_format(arena, "on " STR_FMT ", last seen " STR_FMT, STR_ARG(w->host), STR_ARG(seen));
    }
    return STR("");
}

/* "roots   /home/ann/digits  12 results in 3 versions of refit.lock" */
static void print_workspaces(struct invocation *in, const struct gc_result *result)
{
    struct arena *arena = &in->arena;
    struct sheet sheet = {.arena = arena};
    uint32_t unread = 0;
    int64_t oldest_ms = INT64_MAX;
    for (uint32_t i = 0; i < result->workspace_count; i++) {
        const struct gc_workspace *w = &result->workspaces[i];
        if (w->state == WORKSPACE_GONE || w->state == WORKSPACE_ELSEWHERE) {
            oldest_ms = w->seen_ms < oldest_ms ? w->seen_ms : oldest_ms;
            if (++unread > UNREAD_SHOWN && in->verbose == 0)
                continue;
        }
        bool forgotten = w->state == WORKSPACE_FORGOTTEN;
        sheet_add(&sheet, PAINT_NONE,
                  !forgotten ? STR("roots") : option_given(in, 'n') ? STR("would forget") : STR("forgot"), w->path,
                  str_format(arena, "%u result%s in %u version%s of refit.lock", w->roots, plural(w->roots), w->refs,
                             plural(w->refs)),
                  workspace_remark(arena, w));
    }
    sheet_print(&sheet, false);
    if (unread > UNREAD_SHOWN)
        printf("%u workspaces that are gone or on other hosts keep their results, the first seen last " STR_FMT ";%s\n"
               "`refit gc --forget-unseen 30d` lets those go that have published nothing for 30 days\n", unread,
               STR_ARG(output_time(arena, oldest_ms)), in->verbose == 0 ? " -v shows all;" : "");
}

static void print_compaction(struct invocation *in, const struct gc_result *result)
{
    static const char *const texts[] = {
        [COMPACTION_DONE] = "",
        [COMPACTION_IN_USE] = "; another process has the store open, so its file will shrink at the next gc",
        [COMPACTION_NO_SPACE] = "; the disk has no room for a copy, so it does not shrink",
        [COMPACTION_NOT_OURS] = "; it belongs to another user, so it does not shrink",
    };
    printf("the store's file has " STR_FMT "%s\n", STR_ARG(output_size(&in->arena, result->file_bytes)),
           result->compacted ? texts[result->compaction] : "");
}

static void print_kept(struct invocation *in, const struct gc_result *result)
{
    uint64_t bytes = result->rescue_bytes + result->attempt_bytes;
    bool removed = option_given(in, OPTION_RESCUE);
    if (bytes > 0)
        printf("%s: " STR_FMT " in .refit/rescue and .refit/attempts%s\n",
               !removed ? "left alone" : option_given(in, 'n') ? "would be removed" : "removed",
               STR_ARG(output_size(&in->arena, bytes)), removed ? "" : "; --rescue removes it");
}

static void print_reproduced(struct invocation *in, const struct gc_result *result)
{
    bool dry_run = option_given(in, 'n');
    bool removed = option_given(in, OPTION_REPRODUCED) && (dry_run || result->removed_folders > 0);
    bool some = removed && !dry_run;
    uint32_t count = some ? result->removed_folders : result->reproduced_folders;
    uint64_t bytes = some ? result->removed_bytes : result->reproduced_bytes;
    if (result->reproduced_folders > 0)
        printf("%s: " STR_FMT " in %u folder%s of .refit/reproduce%s\n",
               !removed ? "left alone" : dry_run ? "would be removed" : "removed",
               STR_ARG(output_size(&in->arena, bytes)), count, plural(count),
               option_given(in, OPTION_REPRODUCED)
                   ? ""
                   : "; --reproduced removes those that nobody has changed anything in");
}

static void print_baselines(struct invocation *in, const struct gc_result *result)
{
    struct arena *arena = &in->arena;
    bool asked = option_given(in, OPTION_REPRODUCED);
    uint64_t gone = result->removed_baseline_bytes, left = result->baseline_bytes - gone;
    if (gone > 0)
        printf("%s: " STR_FMT " in .refit/baselines, which the store has\n",
               option_given(in, 'n') ? "would be removed" : "removed", STR_ARG(output_size(arena, gone)));
    if (left > 0)
        printf("left alone: " STR_FMT " in .refit/baselines%s\n", STR_ARG(output_size(arena, left)),
               asked ? ", which the store does not have" : "; --reproduced removes what the store has");
}

/* "dropped 3 records of 12: 40.0 MiB; 9 stay, 5 of them roots: 100.0 MiB" */
static void print_result(struct invocation *in, const struct gc_result *result, uint64_t budget_bytes)
{
    struct arena *arena = &in->arena;
    const struct store_collect_counts *c = &result->counts;
    bool dry_run = option_given(in, 'n');
    uint64_t gone = c->used_bytes > c->left_bytes ? c->used_bytes - c->left_bytes : 0;
    print_workspaces(in, result);
    printf("%s %" PRIu64 " of %" PRIu64 " record%s and %" PRIu64 " of %" PRIu64 " chunk%s: " STR_FMT "\n",
           dry_run ? "would drop" : "dropped", c->taken_records, c->records, plural(c->records), c->taken_chunks,
           c->chunks, plural(c->chunks), STR_ARG(output_size(arena, gone)));
    printf("%" PRIu64 " record%s %s, %" PRIu64 " of them root%s: " STR_FMT, c->records - c->taken_records,
           plural(c->records - c->taken_records), c->records - c->taken_records == 1 ? "stays" : "stay",
           c->root_records, plural(c->root_records), STR_ARG(output_size(arena, c->left_bytes)));
    if (budget_bytes != UINT64_MAX)
        printf(" of a budget of " STR_FMT, STR_ARG(output_size(arena, budget_bytes)));
    putchar('\n');
    if (is_over(result, budget_bytes))
        printf("this is over the budget: roots always stay, and take " STR_FMT "; the rest is the store's own tables\n",
               STR_ARG(output_size(arena, c->root_bytes)));
    if (c->damaged > 0)
        printf("%" PRIu64 " record%s cannot be read whole; see `refit verify`\n", c->damaged, plural(c->damaged));
    print_compaction(in, result);
    print_kept(in, result);
    print_reproduced(in, result);
    print_baselines(in, result);
}

/* ---- doing it ---- */

static enum status read_budget(const struct invocation *in, const struct project *project, uint64_t *bytes,
                               struct error *err)
{
    const char *text = option_text(in, OPTION_BUDGET);
    *bytes = project->config.store_budget_bytes;
    if (text == NULL || parse_bytes(str_from(text), bytes))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "--budget %s is no size; write one such as 500M or 10G", text);
}

/* As a workspace publishes its own: absolute, whether it is there or not. */
static enum status read_forget(struct invocation *in, const struct project *project, struct gc_options *wanted,
                               struct error *err)
{
    const char *word = option_text(in, OPTION_FORGET), *colon = word != NULL ? strstr(word, ":/") : NULL;
    const struct str top = STR("/");
    struct str here, made;
    if (word == NULL)
        return STATUS_OK;
    if (colon != NULL && colon > word && memchr(word, '/', (size_t)(colon - word)) == NULL) {
        wanted->forget_host = str_format(&in->arena, "%.*s", (int)(colon - word), word).ptr;
        word = colon + 1;
    }
    enum status status = path_make(&in->arena, top, project->root, project->cwd, &here, err);
    if (status == STATUS_OK)
        status = path_make(&in->arena, top, here, str_from(word), &made, err);
    if (status != STATUS_OK)
        return error_wrap(err, "--forget");
    wanted->forget = str_format(&in->arena, "%s" STR_FMT, made.ptr[0] == '/' ? "" : "/", STR_ARG(made)).ptr;
    return STATUS_OK;
}

static enum status read_unseen(const struct invocation *in, uint64_t *ms, struct error *err)
{
    const char *text = option_text(in, OPTION_FORGET_UNSEEN);
    if (text == NULL || (parse_duration_ms(str_from(text), ms) && *ms > 0))
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "--forget-unseen %s is no time; write one such as 30d or 12h", text);
}

static enum status collect(struct invocation *in, struct project *project, struct error *err)
{
    struct gc_options wanted = {.dry_run = option_given(in, 'n'),
                                .compact = !option_given(in, OPTION_NO_COMPACT),
                                .rescue = option_given(in, OPTION_RESCUE),
                                .reproduced = option_given(in, OPTION_REPRODUCED),
                                .warn = warn,
                                .ctx = in};
    struct gc_result result = {0};
    enum status status = read_budget(in, project, &wanted.budget_bytes, err);
    if (status == STATUS_OK)
        status = read_forget(in, project, &wanted, err);
    if (status == STATUS_OK)
        status = read_unseen(in, &wanted.forget_unseen_ms, err);
    if (status == STATUS_OK)
        status = project_open_store(project, err); /* to see whether there is one: gc makes none */
    if (status == STATUS_OK && project->store != NULL && !wanted.dry_run) {
        store_close(project->store);
        project->store = NULL;
        project->writer = true;
        status = project_open_store(project, err);
    }
    if (status != STATUS_OK)
        return status;
    if (project->store == NULL && !in->json) {
        printf("no store yet at " STR_FMT "\n", STR_ARG(str_printable(&in->arena, project->store_directory)));
        return STATUS_OK;
    }
    if (project->store != NULL)
        status = run_gc(project, &wanted, &result, err);
    if (status == STATUS_OK && in->json)
        print_json(&result, wanted.dry_run, wanted.budget_bytes);
    else if (status == STATUS_OK && !in->quiet)
        print_result(in, &result, wanted.budget_bytes);
    return status;
}

static enum status run_gc_command(struct invocation *in, struct error *err)
{
    struct project *project;
    enum status status = cli_open_bare(in, &project, err);
    if (status != STATUS_OK)
        return status;
    status = collect(in, project, err);
    project_close(project);
    return status;
}

const struct command command_gc = {
    .name = "gc",
    .summary = "drop what has not been used for longest from the store",
    .arguments = "",
    .description =
        "Drops the least recently used records, until what remains fits the budget, and what no record refers\n"
        "to any more; without a budget only the latter. What a refit.lock names stays, whatever the budget: that\n"
        "of each workspace that uses the store, as it is and at the tips of its git branches and tags. A\n"
        "workspace whose folder is gone, or that is on another host, keeps what it published last: a container\n"
        "may have a new host name each time, and --forget-unseen lets go of those that do not come back. The\n"
        "store's file is then compacted, if that is worth it and nobody else has the store open. A stage whose\n"
        "record was dropped runs again when it is needed. Others may use the store meanwhile.",
    .examples = "  refit gc --budget 10G\n"
                "  refit gc --budget 10G --dry-run      what would go\n"
                "  refit gc --forget /home/ann/old      that workspace will not come back\n"
                "  refit gc --budget 50G --forget-unseen 30d      on the machine of CI's containers",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .run = run_gc_command,
};
