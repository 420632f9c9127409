/* `refit verify`: reads the whole store, and says what is damaged. A reader, unless it repairs. */
#include <inttypes.h>

#include "cli/cli.h"

static const struct option_spec options[] = {
    {OPTION_REPAIR, "repair", NULL, "take out what is damaged, so that it is made again"},
    {0, NULL, NULL, NULL},
};

struct view {
    struct invocation *in;
    struct lock lock; /* for the names of stages */
};

struct str cli_stage_of_key(struct invocation *in, const struct lock *lock, struct digest key)
{
    for (uint32_t i = 0; i < lock->stage_count; i++)
        if (digest_equal(lock->stages[i].key, key))
            return str_format(&in->arena, " of stage `" STR_FMT "`", STR_ARG(lock->stages[i].name));
    return STR("");
}

static const char *kind_name(enum store_fault_kind kind)
{
    return kind == FAULT_CHUNK ? "chunk" : kind == FAULT_OBJECT ? "object" : "record";
}

static void print_fault_json(struct view *view, const struct store_fault *fault)
{
    char hex[DIGEST_HEX + 1];
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "event");
    json_str(&j, STR("fault"));
    json_key(&j, "kind");
    json_str(&j, str_from(kind_name(fault->kind)));
    json_key(&j, fault->kind == FAULT_RECORD ? "key" : "digest");
    json_str(&j, str_from(digest_hex(fault->digest, hex)));
    for (uint32_t i = 0; fault->kind == FAULT_RECORD && i < view->lock.stage_count; i++)
        if (digest_equal(view->lock.stages[i].key, fault->digest)) {
            json_key(&j, "stage");
            json_str(&j, view->lock.stages[i].name);
            break;
        }
    if (fault->path.len > 0)
        json_path(&j, "out", fault->path);
    json_key(&j, "text");
    json_str(&j, fault->text);
    json_key(&j, "repaired");
    json_bool(&j, fault->repaired);
    json_close_object(&j);
    output_json(&document);
}

/* "damaged    record 0123... of stage `train`: its out model.bin cannot be had: chunk 4567... is damaged" */
static void print_fault(void *ctx, const struct store_fault *fault)
{
    struct view *view = ctx;
    struct arena *arena = &view->in->arena;
    char hex[DIGEST_HEX + 1];
    if (view->in->json) {
        print_fault_json(view, fault);
        return;
    }
    struct arena_mark mark = arena_get_mark(arena);
    bool record = fault->kind == FAULT_RECORD;
    printf("%-9s  %s %s" STR_FMT ": ", fault->repaired ? "taken out" : "damaged", kind_name(fault->kind),
           digest_hex(fault->digest, hex),
           STR_ARG(record ? output_text(arena, cli_stage_of_key(view->in, &view->lock, fault->digest)) : STR("")));
    if (fault->path.len > 0)
        printf("its out " STR_FMT " cannot be had: ", STR_ARG(str_printable(arena, fault->path)));
    printf(STR_FMT "\n", STR_ARG(fault->text));
    arena_rewind(arena, mark);
}

static void print_counts_json(const struct store_verify_counts *counts)
{
    const struct {
        const char *key;
        uint64_t value;
    } fields[] = {
        {"records", counts->records},           {"objects", counts->objects},
        {"chunks", counts->chunks},             {"read_bytes", counts->read_bytes},
        {"faults", counts->faults},             {"repaired", counts->repaired},
        {"loose_chunks", counts->loose_chunks}, {"loose_bytes", counts->loose_bytes},
    };
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "event");
    json_str(&j, STR("verify_finished"));
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        json_key(&j, fields[i].key);
        json_int(&j, (int64_t)fields[i].value);
    }
    json_close_object(&j);
    output_json(&document);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* "no faults in 12 records, 3 objects and 40 chunks (1.2 GiB); 2 chunks (1.0 KiB) belong to no record" */
static void print_counts(struct invocation *in, const struct store_verify_counts *c)
{
    struct arena *arena = &in->arena;
    if (c->faults == 0)
        printf("no faults");
    else
        printf("%" PRIu64 " fault%s", c->faults, plural(c->faults));
    printf(" in %" PRIu64 " record%s, %" PRIu64 " object%s of several chunks and %" PRIu64 " chunk%s (" STR_FMT ")",
           c->records, plural(c->records), c->objects, plural(c->objects), c->chunks, plural(c->chunks),
           STR_ARG(output_size(arena, c->read_bytes)));
    if (c->loose_chunks > 0)
        printf("; %" PRIu64 " chunk%s (" STR_FMT ") belong%s to no record", c->loose_chunks, plural(c->loose_chunks),
               STR_ARG(output_size(arena, c->loose_bytes)), c->loose_chunks == 1 ? "s" : "");
    putchar('\n');
    if (c->faults > c->repaired)
        puts(c->repaired > 0 ? "what was not taken out has been put right by another process meanwhile"
                             : "`refit verify --repair` takes out what is damaged; `refit` makes it again");
}

/* The store for reading; to repair it, for writing too, but it is never made. */
static enum status open_store(struct project *project, bool repair, struct error *err)
{
    enum status status = project_open_store(project, err);
    if (status != STATUS_OK || project->store == NULL || !repair)
        return status;
    store_close(project->store);
    project->store = NULL;
    project->writer = true;
    return project_open_store(project, err);
}

static enum status verify(struct invocation *in, struct project *project, struct error *err)
{
    struct view view = {.in = in};
    struct error ignored;
    bool repair = option_given(in, OPTION_REPAIR);
    struct store_verify_options wanted = {.repair = repair, .fault = print_fault, .ctx = &view};
    struct store_verify_counts counts = {0};
    enum status status = open_store(project, repair, err);
    if (status != STATUS_OK)
        return status;
    if (project->store == NULL && !in->json) {
        printf("no store yet at " STR_FMT "\n", STR_ARG(str_printable(&in->arena, project->store_directory)));
        return STATUS_OK;
    }
    /* A store can be verified without it: it only gives names. */
    if (lock_load(&in->arena, &view.lock, &ignored) != STATUS_OK)
        view.lock = (struct lock){0};
    if (project->store != NULL)
        status = store_verify(project->store, &wanted, &counts, err);
    if (status != STATUS_OK)
        return status;
    if (in->json)
        print_counts_json(&counts);
    else
        print_counts(in, &counts);
    in->exit_status = counts.faults > 0 ? status_exit(STATUS_CORRUPT) : 0;
    return STATUS_OK;
}

static enum status run_verify(struct invocation *in, struct error *err)
{
    struct project *project;
    enum status status = cli_open_bare(in, &project, err);
    if (status != STATUS_OK)
        return status;
    status = verify(in, project, err);
    project_close(project);
    return status;
}

const struct command command_verify = {
    .name = "verify",
    .summary = "read the whole store, and say what is damaged",
    .arguments = "",
    .description =
        "Reads every record, tree and chunk, and checks every digest. Prints a line for each fault, then what\n"
        "was read; chunks that belong to no record are counted, and are no fault. Exit 5 if there was a fault,\n"
        "else 0. --repair takes out what is damaged, and records whose outs cannot be had, so that the next\n"
        "run makes them again; nothing intact is touched. Others may use the store meanwhile.",
    .examples = "  refit verify\n"
                "  refit verify --repair; refit      take out what is damaged, and make it again",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .run = run_verify,
};
