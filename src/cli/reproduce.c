/* `refit reproduce`: a past build in a folder of its own, compared with what its refit.lock says. */
#include "cli/cli.h"

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

static void print_json_end(const struct reproduction *r, bool same)
{
    struct buf line = {0};
    struct json j;
    json_init(&j, &line);
    json_open_object(&j);
    json_key(&j, "event");
    json_str(&j, STR("reproduce_finished"));
    json_key(&j, "commit");
    json_str(&j, r->commit);
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

static void print_result(struct invocation *in, const struct reproduction *r)
{
    uint32_t counts[REPRODUCED_PASSED_OVER + 1] = {0};
    for (uint32_t i = 0; i < r->stage_count; i++)
        counts[r->stages[i].result]++;
    bool same = counts[REPRODUCED_DIFFERENT] + counts[REPRODUCED_NOT] == 0;
    in->exit_status = same ? 0 : status_exit(STATUS_FAILED);
    for (uint32_t i = 0; in->json && i < r->stage_count; i++)
        output_reproduced_json(&r->stages[i]);
    if (in->json) {
        print_json_end(r, same);
        return;
    }
    print_lacks(in, r);
    output_reproduced(in, r->stages, r->stage_count);
    printf("%.12s: %u identical, %u different, %u not reproducible; in " STR_FMT "\n", r->commit.ptr,
           counts[REPRODUCED_IDENTICAL], counts[REPRODUCED_DIFFERENT], counts[REPRODUCED_NOT],
           STR_ARG(output_text(&in->arena, r->folder)));
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
        print_result(in, r);
    return status;
}

static enum status run_reproduce(struct invocation *in, struct error *err)
{
    struct project *here;
    struct reproduction r = {0};
    struct config_source settings = {STR("command line"), STR("keep_going: 0\n")};
    struct reproduce_options wanted = {.revision = str_terminated(&in->arena, in->arguments[0]),
                                       .into = option_text(in, OPTION_INTO),
                                       .rerun = option_given(in, OPTION_RERUN),
                                       .config_overrides = &settings,
                                       .override_count = 1};
    in->arguments++; /* what follows is targets of the copy */
    in->argument_count--;
    enum status status = cli_open_bare(in, &here, err);
    if (status != STATUS_OK)
        return status;
    status = reproduce_open(here, &wanted, &r, err);
    if (status == STATUS_OK)
        status = reproduce(in, &r, &wanted, err);
    reproduce_close(&r);
    project_close(here);
    return status;
}

const struct command command_reproduce = {
    .name = "reproduce",
    .summary = "have a past build back, in a folder of its own",
    .arguments = "REV [TARGET...]",
    .description =
        "Writes the files of a commit into a folder of its own, puts the recorded sources there, and takes the\n"
        "outs that the commit's refit.lock names from the store; with --rerun every stage is executed there\n"
        "again, but for deploy stages. Says of each stage whether its outs are bit for bit what refit.lock says\n"
        "(exit status 0 if all are, 1 otherwise). Nothing but that folder is written to: not the working\n"
        "tree, not git's index.",
    .examples = "  refit reproduce v1.2                     everything that v1.2 built\n"
                "  refit reproduce HEAD~3 train --rerun     train that model again\n"
                "  refit reproduce 3f2a91c --into /tmp/old",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_min = 1,
    .arguments_max = UINT32_MAX,
    .completion = COMPLETE_NOTHING,
    .run = run_reproduce,
};
