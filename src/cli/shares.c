/* Part of `refit store stats`: what each stage holds, and what was made in which workspace on which day. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "refit/base/table.h"

enum { DAYS_SHOWN = 20 };

/* Groups of records by a text. */
struct groups {
    struct invocation *in;
    const struct lock *lock;
    struct table keys, paths; /* of the lock's stages → index there */
    struct table index; /* text → number */
    struct group {
        struct str name;      /* of a stage or of a workspace */
        struct str day;       /* "2026-11-24"; "" = of stages */
        int64_t newest_ms;
        struct store_share share;
    } *items;
    uint32_t count, cap;
};

static uint32_t group_number(struct groups *g, struct str name, struct str day)
{
    struct arena *arena = &g->in->arena;
    struct arena_mark mark = arena_get_mark(arena);
    struct str text = str_format(arena, STR_FMT "\n" STR_FMT, STR_ARG(day), STR_ARG(name));
    uint32_t at = table_get(&g->index, text);
    if (at != TABLE_NONE) {
        arena_rewind(arena, mark);
        return at;
    }
    MEM_GROW(g->items, g->count, g->cap);
    g->items[g->count] = (struct group){.name = str_dup(arena, name), .day = str_dup(arena, day)};
    table_add(&g->index, text, g->count);
    return g->count++;
}

/* A record does not name its stage. The key does, if refit.lock has it; otherwise a path does, since no two stages make
 * the same. */
static struct str stage_of(const struct groups *g, const struct record *record)
{
    uint32_t at = table_get(&g->keys, (struct str){(const char *)record->key.bytes, DIGEST_SIZE});
    if (at == TABLE_NONE && record->out_count > 0)
        at = table_get(&g->paths, record->outs[0].path);
    return at != TABLE_NONE ? g->lock->stages[at].name : STR("");
}

static void index_lock(struct groups *g, const struct lock *lock)
{
    g->lock = lock;
    for (uint32_t i = 0; i < lock->stage_count; i++) {
        const struct lock_stage *stage = &lock->stages[i];
        table_add(&g->keys, (struct str){(const char *)stage->key.bytes, DIGEST_SIZE}, i);
        for (uint32_t j = 0; j < stage->out_count; j++)
            table_add(&g->paths, stage->outs[j].path, i);
    }
}

static uint32_t group_by_stage(void *ctx, const struct record *record)
{
    struct groups *g = ctx;
    return group_number(g, stage_of(g, record), STR(""));
}

static uint32_t group_by_day(void *ctx, const struct record *record)
{
    struct groups *g = ctx;
    time_t seconds = (time_t)(record->created_ms / 1000);
    struct tm local;
    char text[32] = "";
    if (localtime_r(&seconds, &local) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d", &local);
    uint32_t at = group_number(g, record->origin, str_from(text));
    if (record->created_ms > g->items[at].newest_ms)
        g->items[at].newest_ms = record->created_ms;
    return at;
}

/* Stages by name, those of others last; days, the newest first. */
static int compare_groups(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->newest_ms != y->newest_ms)
        return x->newest_ms > y->newest_ms ? -1 : 1;
    if ((x->name.len == 0) != (y->name.len == 0))
        return x->name.len == 0 ? 1 : -1;
    return str_compare(x->name, y->name);
}

static enum status gather(struct groups *g, struct store *store, store_group_fn group, struct error *err)
{
    struct store_share *shares;
    uint32_t count;
    enum status status = store_get_shares(store, group, g, &shares, &count, err);
    for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
        g->items[i].share = shares[i];
    if (status == STATUS_OK && g->count > 1)
        qsort(g->items, g->count, sizeof *g->items, compare_groups);
    free(shares);
    return status;
}

static void finish(struct groups *g)
{
    free(g->items);
    table_finish(&g->keys);
    table_finish(&g->paths);
    table_finish(&g->index);
}

/* ---- showing ---- */

static void print_json(struct json *j, const struct groups *g, const char *key, const char *name)
{
    json_key(j, key);
    json_open_array(j);
    for (uint32_t i = 0; i < g->count; i++) {
        const struct group *group = &g->items[i];
        json_open_object(j);
        json_key(j, name);
        if (group->name.len > 0)
            json_str(j, group->name);
        else
            json_null(j);
        if (group->day.len > 0) {
            json_key(j, "day");
            json_str(j, group->day);
        }
        json_key(j, "records");
        json_int(j, (int64_t)group->share.records);
        json_key(j, "out_bytes");
        json_int(j, (int64_t)group->share.out_bytes);
        json_key(j, "content_bytes");
        json_int(j, (int64_t)group->share.content_bytes);
        json_key(j, "compressed_bytes");
        json_int(j, (int64_t)group->share.kept_bytes);
        json_key(j, "own_bytes");
        json_int(j, (int64_t)group->share.own_bytes);
        json_close_object(j);
    }
    json_close_array(j);
}

/* "train  3 records  12.0 MiB in 4.1 MiB  3.9 MiB shared with no other" */
static void print_group(struct invocation *in, struct sheet *sheet, const struct group *group, struct str name)
{
    struct arena *arena = &in->arena;
    const struct store_share *s = &group->share;
    sheet_add(sheet, PAINT_NONE, name,
              str_format(arena, "%" PRIu64 " record%s", s->records, s->records == 1 ? "" : "s"),
              str_format(arena, STR_FMT " in " STR_FMT, STR_ARG(output_size(arena, s->out_bytes)),
                         STR_ARG(output_size(arena, s->kept_bytes))),
              str_format(arena, STR_FMT " shared with no other", STR_ARG(output_size(arena, s->own_bytes))));
}

static void print_stages(struct invocation *in, const struct groups *g)
{
    struct sheet sheet = {.arena = &in->arena};
    for (uint32_t i = 0; i < g->count; i++)
        print_group(in, &sheet, &g->items[i],
                    g->items[i].name.len > 0 ? g->items[i].name : STR("(of no stage in refit.lock)"));
    puts("\nby stage:");
    sheet_print(&sheet, false);
}

static void print_days(struct invocation *in, const struct groups *g)
{
    struct sheet sheet = {.arena = &in->arena};
    uint32_t shown = in->verbose > 0 || g->count <= DAYS_SHOWN ? g->count : DAYS_SHOWN;
    for (uint32_t i = 0; i < shown; i++)
        print_group(in, &sheet, &g->items[i],
                    str_format(&in->arena, STR_FMT " " STR_FMT, STR_ARG(g->items[i].day), STR_ARG(g->items[i].name)));
    puts("\nby day and workspace:");
    sheet_print(&sheet, false);
    if (shown < g->count)
        printf("and %u more; -v shows all\n", g->count - shown);
}

enum status cli_shares(struct invocation *in, struct store *store, struct json *j, struct error *err)
{
    struct lock lock;
    struct error why;
    if (lock_load(&in->arena, &lock, &why) != STATUS_OK) {
        char text[1024];
        lock = (struct lock){0};
        output_warn(in, str_format(&in->arena, "%s; so no record is of a stage that is known",
                                error_text(&why, text, sizeof text)));
    }
    struct groups stages = {.in = in}, days = {.in = in};
    index_lock(&stages, &lock);
    enum status status = store != NULL ? gather(&stages, store, group_by_stage, err) : STATUS_OK;
    if (status == STATUS_OK && store != NULL)
        status = gather(&days, store, group_by_day, err);
    if (status == STATUS_OK && j != NULL) {
        print_json(j, &stages, "stages", "stage");
        print_json(j, &days, "days", "origin");
    } else if (status == STATUS_OK && stages.count > 0) {
        print_stages(in, &stages);
        print_days(in, &days);
    }
    finish(&stages);
    finish(&days);
    return status;
}
