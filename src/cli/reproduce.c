/* `refit reproduce`: a past build in a folder of its own, compared with what its refit.lock says. */
#include "cli/past.h"
#include "refit/vcs.h"

static const struct option_spec options[] = {
    {OPTION_INTO, "into", "DIR", "the folder, which must be new or empty (default: .refit/reproduce/ID)"},
    {OPTION_RERUN, "rerun", NULL, "execute every stage again, instead of taking outs from the store"},
    {0, NULL, NULL, NULL},
};

static void print_lacks(struct invocation *in, const struct reproduction *r)
{
    for (uint32_t i = 0; i < r->lack_count; i++)
        output_warn(in, str_format(&in->arena, STR_FMT ": " STR_FMT,
                                   STR_ARG(str_printable(&in->arena, r->lacks[i].path)), STR_ARG(r->lacks[i].reason)));
}

void output_reproduced(struct invocation *in, const struct reproduced_stage *stages, uint32_t count)
{
    static const enum paint paints[] = {[REPRODUCED_IDENTICAL] = PAINT_GOOD,
                                        [REPRODUCED_DIFFERENT] = PAINT_BAD,
                                        [REPRODUCED_NOT] = PAINT_BAD,
                                        [REPRODUCED_PASSED_OVER] = PAINT_DIM};
    struct sheet sheet = {.arena = &in->arena};
    for (uint32_t i = 0; i < count; i++) {
        const struct reproduced_stage *s = &stages[i];
        if (in->quiet && s->result != REPRODUCED_DIFFERENT && s->result != REPRODUCED_NOT)
            continue;
        sheet_add(&sheet, paints[s->result], s->name, str_from(reproduced_name(s->result)),
                  s->reason.len > 0 || s->line_count == 0 ? s->reason : s->lines[0], STR(""));
        for (uint32_t k = s->reason.len == 0; k < s->line_count; k++)
            sheet_add(&sheet, PAINT_NONE, STR(""), STR(""), s->lines[k], STR(""));
    }
    sheet_print(&sheet, output_color(in));
}

void output_reproduced_json(const struct reproduced_stage *s)
{
    struct buf line = {0};
    struct json j;
    json_init(&j, &line);
    json_open_object(&j);
    json_key(&j, "event");
    json_str(&j, STR("stage_reproduced"));
    json_key(&j, "stage");
    json_str(&j, s->name);
    json_key(&j, "result");
    json_str(&j, str_from(reproduced_name(s->result)));
    json_key(&j, "ran");
    json_bool(&j, s->ran);
    json_key(&j, "reason");
    json_str(&j, s->reason);
    json_key(&j, "differences");
    json_open_array(&j);
    for (uint32_t i = 0; i < s->line_count; i++)
        json_str(&j, s->lines[i]);
    json_close_array(&j);
    json_close_object(&j);
    output_json(&line);
}

static void print_json_end(const struct reproduction *r, const struct history_run *run, bool same)
{
    struct buf line = {0};
    struct json j;
    json_init(&j, &line);
    json_open_object(&j);
    json_key(&j, "event");
    json_str(&j, STR("reproduce_finished"));
    json_key(&j, "run"); /* null: a revision was named */
    run != NULL ? json_str(&j, run->id) : json_null(&j);
    json_key(&j, "commit");
    json_str(&j, r->commit);
    json_key(&j, "dirty"); /* the run was made from more than that commit */
    json_bool(&j, run != NULL && run->dirty);
    json_path(&j, "folder", r->folder);
    json_key(&j, "lacking");
    json_open_array(&j);
    for (uint32_t i = 0; i < r->lack_count; i++) {
        json_open_object(&j);
        json_path(&j, "path", r->lacks[i].path);
        json_key(&j, "reason");
        json_str(&j, r->lacks[i].reason);
        json_close_object(&j);
    }
    json_close_array(&j);
    json_key(&j, "identical");
    json_bool(&j, same);
    json_close_object(&j);
    output_json(&line);
}

/* "v1.2" is the commit; "20261105T143012Z-1a2b" is made from it. */
static struct str shown_name(struct invocation *in, const struct reproduction *r, const struct history_run *run)
{
    return run == NULL ? str_slice(r->commit, 0, 12)
                       : str_format(&in->arena, STR_FMT " at %.12s", STR_ARG(run->id), r->commit.ptr);
}

static void print_result(struct invocation *in, const struct reproduction *r, const struct history_run *run)
{
    uint32_t counts[REPRODUCED_PASSED_OVER + 1] = {0};
    for (uint32_t i = 0; i < r->stage_count; i++)
        counts[r->stages[i].result]++;
    bool same = counts[REPRODUCED_DIFFERENT] + counts[REPRODUCED_NOT] == 0;
    in->exit_status = same ? 0 : status_exit(STATUS_FAILED);
    for (uint32_t i = 0; in->json && i < r->stage_count; i++)
        output_reproduced_json(&r->stages[i]);
    if (in->json) {
        print_json_end(r, run, same);
        return;
    }
    print_lacks(in, r);
    output_reproduced(in, r->stages, r->stage_count);
    printf(STR_FMT ": %u identical, %u different, %u not reproducible; in " STR_FMT "\n",
           STR_ARG(shown_name(in, r, run)), counts[REPRODUCED_IDENTICAL], counts[REPRODUCED_DIFFERENT],
           counts[REPRODUCED_NOT], STR_ARG(output_text(&in->arena, r->folder)));
}

static enum status reproduce(struct invocation *in, struct reproduction *r, const struct reproduce_options *wanted,
                             struct error *err)
{
    struct str *targets;
    uint32_t count;
    enum status status = cli_targets(in, r->project, &targets, &count, err);
    if (status != STATUS_OK)
        return status;
    struct report *report = output_report(in);
    status = reproduce_run(r, wanted, targets, count, report, err);
    status = output_end(report, status, err);
    if (status == STATUS_OK)
        print_result(in, r, wanted->run);
    return status;
}

/* A history that cannot be read keeps no revision from being had back. */
static enum status find_build(struct invocation *in, struct past *past, struct str word, struct lock *lock,
                              struct reproduce_options *wanted, struct error *err)
{
    struct vcs_commit commit;
    struct error why, ignored;
    enum status status = past_read(in, past, &why);
    if (status == STATUS_OK)
        status = past_find_or_revision(past, &in->arena, word, &wanted->run, &why);
    else if (vcs_find_commit(&in->arena, past->project->root.ptr, str_terminated(&in->arena, word), &commit,
                             &ignored) == STATUS_OK)
        status = STATUS_OK;
    if (status != STATUS_OK)
        *err = why;
    if (status == STATUS_OK && wanted->run == NULL)
        wanted->revision = str_terminated(&in->arena, word);
    if (status != STATUS_OK || wanted->run == NULL)
        return status;
    wanted->lock = lock;
    if (wanted->run->dirty && wanted->run->commit.len > 0)
        output_warn(in, str_format(&in->arena, "run " STR_FMT " was made from changes to %.12s that are not in git; "
                                   "its outs are looked for with the code of that commit", STR_ARG(wanted->run->id),
                                   wanted->run->commit.ptr));
    return history_get_lock(past->history, wanted->run->number, &in->arena, lock, err);
}

static enum status run_reproduce(struct invocation *in, struct error *err)
{
    struct past past = {0};
    struct lock lock;
    struct reproduction r = {0};
    struct str word = in->arguments[0];
    struct config_source settings = {STR("command line"), STR("keep_going: 0\n")};
    struct reproduce_options wanted = {.into = option_text(in, OPTION_INTO),
                                       .rerun = option_given(in, OPTION_RERUN),
                                       .config_overrides = &settings,
                                       .override_count = 1};
    in->arguments++; /* what follows is targets of the copy */
    in->argument_count--;
    enum status status = cli_open_bare(in, &past.project, err);
    if (status != STATUS_OK)
        return status;
    status = find_build(in, &past, word, &lock, &wanted, err);
    if (status == STATUS_OK)
        status = reproduce_open(past.project, &wanted, &r, err);
    if (status == STATUS_OK)
        status = reproduce(in, &r, &wanted, err);
    reproduce_close(&r);
    past_close(&past);
    return status;
}

const struct command command_reproduce = {
    .name = "reproduce",
    .summary = "have a past build back, in a folder of its own",
    .arguments = "REV|RUN [TARGET...]",
    .description =
        "Writes the files of a commit into a folder of its own, puts the recorded sources there, and takes the\n"
        "outs that the commit's refit.lock names from the store; with --rerun every stage is executed there\n"
        "again, but for deploy stages. Says of each stage whether its outs are bit for bit what refit.lock says\n"
        "(exit status 0 if all are, 1 otherwise). Nothing but that folder is written to: not the working\n"
        "tree, not git's index.\n"
        "\n"
        "A folder in which somebody has changed or added something is not started over; `refit gc --reproduced`\n"
        "removes those below .refit/reproduce in which nobody has.\n"
        "\n"
        "A RUN is named as for `refit show`. It is reproduced at the commit that it was made from, and compared\n"
        "with what it made, whatever refit.lock is in that commit. What it had that was not committed is not in\n"
        "git: its outs may still be in the store, but --rerun runs the code of the commit, and says what differs.",
    .examples = "  refit reproduce v1.2                     everything that v1.2 built\n"
                "  refit reproduce last-4                   what that run made\n"
                "  refit reproduce HEAD~3 train --rerun     train that model again\n"
                "  refit reproduce 3f2a91c --into /tmp/old",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON | COMMON_RUNS,
    .arguments_min = 1,
    .arguments_max = UINT32_MAX,
    .completion = COMPLETE_RUNS,
    .run = run_reproduce,
};
