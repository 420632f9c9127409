/*
 * A history as it is after many runs, each of which changed three stages and a metric of each.
 *
 *     past FOLDER RUNS STAGES       prints the bytes that a run takes
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "store/history.h"

enum { CHANGED = 3 };

struct past {
    struct arena arena;
    struct history_build *builds;
    struct history_metric *metrics;
    unsigned run;
};

static void fail(const struct error *err)
{
    fprintf(stderr, "past: %s\n", err->message);
    exit(1);
}

static void change(struct past *past, unsigned stage)
{
    struct history_build *build = &past->builds[stage];
    struct record_out *out = arena_new(&past->arena, struct record_out);
    struct str text = str_format(&past->arena, "%u %u", stage, past->run);
    char hex[DIGEST_HEX + 1];
    *out = (struct record_out){.path = str_format(&past->arena, "models/%u.json", stage),
                               .kind = ENTRY_FILE,
                               .stored = true,
                               .digest = digest_of(text.ptr, text.len),
                               .size = 123456};
    *build = (struct history_build){.stage = str_format(&past->arena, "train@%u", stage),
                                    .key = digest_of(text.ptr, text.len),
                                    .fields = str_format(&past->arena, "cmd python3 src/train.py %u\ndep data file %s",
                                                         stage, digest_hex(digest_of(text.ptr, text.len), hex)),
                                    .outs = out,
                                    .out_count = 1};
}

static void complete(void *ctx, uint32_t at)
{
    struct past *past = ctx;
    past->metrics[at] = (struct history_metric){STR("metrics.json"), STR("accuracy"),
                                                str_format(&past->arena, "0.%03u", past->run % 1000)};
    past->builds[at].metrics = at == 0 ? &past->metrics[at] : NULL;
    past->builds[at].metric_count = at == 0;
}

static void add(struct past *past, struct history *history, uint32_t stages)
{
    struct error err;
    struct history_stage did[CHANGED];
    for (unsigned i = 0; i < CHANGED; i++) {
        unsigned stage = i == 0 ? 0 : (past->run * 2 + i) % stages;
        change(past, stage);
        did[i] = (struct history_stage){past->builds[stage].stage, STATE_RAN, past->builds[stage].key, 1234,
                                        STR("dep data changed")};
    }
    struct history_run run = {.id = str_format(&past->arena, "20261105T143000Z-%04x", past->run),
                              .started_ms = 1700000000000 + past->run * 60000ll,
                              .user = STR("ann"),
                              .host = STR("host"),
                              .command = STR("run"),
                              .folder = STR("."),
                              .version = STR("1"),
                              .commit = STR("0123456789abcdef0123456789abcdef01234567"),
                              .branch = STR("main"),
                              .exit_status = past->run % 10 == 0,
                              .counts = {stages - CHANGED, 0, CHANGED}};
    struct history_addition addition = {.run = &run, .stages = did, .stage_count = CHANGED, .builds = past->builds,
                                        .build_count = stages, .complete = complete, .ctx = past};
    if (history_add(history, &addition, &err) != STATUS_OK)
        fail(&err);
}

int main(int argc, char **argv)
{
    struct error err;
    struct history *history;
    struct past past = {.run = 0};
    struct stat st;
    if (argc != 4)
        return 2;
    unsigned runs = (unsigned)atoi(argv[2]), stages = (unsigned)atoi(argv[3]);
    arena_init(&past.arena);
    past.builds = arena_array(&past.arena, struct history_build, stages);
    past.metrics = arena_array(&past.arena, struct history_metric, stages);
    if (history_open(argv[1], false, &history, &err) != STATUS_OK)
        fail(&err);
    mdb_env_set_flags(history->env.lmdb, MDB_NOSYNC, 1);
    for (unsigned i = 0; i < stages; i++)
        change(&past, i);
    for (past.run = 1; past.run <= runs; past.run++)
        add(&past, history, stages);
    mdb_env_sync(history->env.lmdb, 1);
    history_close(history);
    if (stat(str_format(&past.arena, "%s/data.mdb", argv[1]).ptr, &st) == 0)
        printf("%lld\n", (long long)st.st_size / runs);
    arena_finish(&past.arena);
    return 0;
}
