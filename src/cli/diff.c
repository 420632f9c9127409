/* `refit diff`: what differs between two past builds, or one and the workspace. A reader. */
#include "cli/past.h"

static const struct option_spec options[] = {
    {OPTION_EXIT_CODE, "exit-code", NULL, "exit with 1 if anything differs"},
    {0, NULL, NULL, NULL},
};

/* ---- lines ---- */

static void print_line(struct arena *arena, const char *indent, struct str text)
{
    printf("%s" STR_FMT "\n", indent, STR_ARG(output_text(arena, text)));
}

static void print_files(struct arena *arena, const struct path_changes *files)
{
    for (uint32_t i = 0; i < files->count; i++) {
        const struct path_change *file = &files->items[i];
        const char *word = !file->was ? "new " : !file->is ? "no more " : "";
        print_line(arena, "    ", str_format(arena, "%s" STR_FMT "%s", word, STR_ARG(str_printable(arena, file->path)),
                                             file->was && file->is ? " changed" : ""));
    }
    if (files->more > 0)
        printf("    and %u more\n", files->more);
    if (files->unknown.len > 0)
        print_line(arena, "    which files is not known: ", files->unknown);
}

static void print_field(struct arena *arena, const struct field_difference *d)
{
    struct str text = field_change_text(arena, d->old, d->now);
    if (d->maker.len > 0)
        text = str_format(arena, STR_FMT " (made by " STR_FMT ")", STR_ARG(text), STR_ARG(d->maker));
    print_line(arena, "  ", text);
    print_files(arena, &d->files);
}

static struct str size_text(struct arena *arena, const struct record_out *out)
{
    return out == NULL ? STR("nothing") : out->kind == ENTRY_LINK ? STR("a link") : output_size(arena, out->size);
}

static struct str side_name(const struct picture *side)
{
    return side->kind == PICTURE_WORKSPACE ? STR("the workspace") : side->name;
}

/* ", 1.5 MiB of it shared", or why that cannot be told */
static struct str shared_text(struct arena *arena, const struct sides *s, const struct out_difference *d)
{
    if (d->compared)
        return str_format(arena, ", " STR_FMT " of it shared", STR_ARG(output_size(arena, d->overlap.shared)));
    if (d->lacks_old && d->lacks_now)
        return str_format(arena, ", neither that of " STR_FMT " nor that of " STR_FMT " is in the store",
                          STR_ARG(side_name(&s->old)), STR_ARG(side_name(&s->now)));
    if (!d->lacks_old && !d->lacks_now)
        return STR("");
    return str_format(arena, ", that of " STR_FMT " is not in the store",
                      STR_ARG(side_name(d->lacks_old ? &s->old : &s->now)));
}

static void print_out(struct arena *arena, const struct sides *s, const struct out_difference *d)
{
    struct str path = str_printable(arena, d->path);
    struct str shared = d->old != NULL && d->now != NULL ? shared_text(arena, s, d) : STR("");
    print_line(arena, "  ", str_format(arena, "out " STR_FMT " " STR_FMT " → " STR_FMT STR_FMT, STR_ARG(path),
                                       STR_ARG(size_text(arena, d->old)), STR_ARG(size_text(arena, d->now)),
                                       STR_ARG(shared)));
    print_files(arena, &d->files);
}

static void print_stage(struct invocation *in, const struct sides *sides, const struct stage_difference *s)
{
    struct arena *arena = &in->arena;
    struct sheet sheet = {.arena = arena};
    print_line(arena, "", str_format(arena, "%s" STR_FMT, !s->was ? "new stage " : !s->is ? "no more stage " : "",
                                     STR_ARG(s->name.len > 0 ? s->name : STR("metrics of no stage"))));
    if (s->before.len > 0)
        print_line(arena, "  it was called ", s->before);
    if (s->note.len > 0)
        print_line(arena, "  here it ", s->note);
    if (s->undetermined && s->found_unknown)
        puts("  made from the same, as far as is known, and yet different: what its depfile named is not on record, so "
             "it may have found other inputs");
    else if (s->undetermined)
        puts("  made from the same, and yet different: it is not deterministic, or reads what it does not declare");
    for (uint32_t i = 0; i < s->field_count && s->was && s->is; i++)
        print_field(arena, &s->fields[i]);
    for (uint32_t i = 0; i < s->out_count; i++)
        print_out(arena, sides, &s->outs[i]);
    for (uint32_t i = 0; i < s->metric_count; i++)
        sides_metric(in, &s->metrics[i], &sheet);
    for (uint32_t i = 0; i < sheet.count; i++)
        sheet.rows[i][0].text = str_format(arena, "  " STR_FMT, STR_ARG(sheet.rows[i][0].text));
    sheet_print(&sheet, output_color(in));
}

static void print_lines(struct invocation *in, const struct sides *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        print_stage(in, s, &s->stages[i]);
    if (s->count == 0)
        puts("nothing differs");
}

/* ---- JSON ---- */

static void put_files(struct json *j, const struct path_changes *files)
{
    json_key(j, "files");
    json_open_array(j);
    for (uint32_t i = 0; i < files->count; i++) {
        json_open_object(j);
        json_path(j, "path", files->items[i].path);
        json_key(j, "change");
        json_str(j, !files->items[i].was ? STR("new") : !files->items[i].is ? STR("gone") : STR("changed"));
        json_close_object(j);
    }
    json_close_array(j);
    json_key(j, "more_files");
    json_int(j, files->more);
    json_key(j, "files_unknown"); /* why; null: they are known */
    files->unknown.len > 0 ? json_str(j, files->unknown) : json_null(j);
}

static void put_field(struct json *j, const struct field_difference *d)
{
    const struct field *any = d->now != NULL ? d->now : d->old;
    json_open_object(j);
    json_key(j, "kind");
    json_str(j, str_from(field_tag_name(any->tag)));
    json_path(j, "name", any->name);
    json_key(j, "old");
    d->old != NULL ? json_str(j, d->old->value) : json_null(j);
    json_key(j, "new");
    d->now != NULL ? json_str(j, d->now->value) : json_null(j);
    json_key(j, "made_by");
    d->maker.len > 0 ? json_str(j, d->maker) : json_null(j);
    put_files(j, &d->files);
    json_close_object(j);
}

static void put_content(struct json *j, const char *key, const struct record_out *out)
{
    char hex[DIGEST_HEX + 1];
    json_key(j, key);
    if (out == NULL) {
        json_null(j);
        return;
    }
    json_open_object(j);
    json_key(j, "digest");
    json_str(j, str_from(digest_hex(out->digest, hex)));
    json_key(j, "size");
    json_int(j, (int64_t)out->size);
    json_close_object(j);
}

static void put_out(struct json *j, const struct out_difference *d)
{
    json_open_object(j);
    json_path(j, "path", d->path);
    put_content(j, "old", d->old);
    put_content(j, "new", d->now);
    json_key(j, "shared_bytes"); /* of the new one; null: not known, since they are not in the store */
    d->compared ? json_int(j, (int64_t)d->overlap.shared) : json_null(j);
    put_files(j, &d->files);
    json_close_object(j);
}

static void put_stage(struct invocation *in, struct json *j, const struct stage_difference *s)
{
    json_open_object(j);
    json_key(j, "stage");
    json_str(j, s->name);
    json_key(j, "change");
    json_str(j, !s->was ? STR("new") : !s->is ? STR("gone") : STR("changed"));
    json_key(j, "was");
    s->before.len > 0 ? json_str(j, s->before) : json_null(j);
    json_key(j, "note");
    json_str(j, s->note);
    json_key(j, "undetermined");
    json_bool(j, s->undetermined);
    json_key(j, "found_unknown"); /* its depfile may have named other inputs */
    json_bool(j, s->found_unknown);
    json_key(j, "changes");
    json_open_array(j);
    for (uint32_t i = 0; i < s->field_count; i++)
        put_field(j, &s->fields[i]);
    json_close_array(j);
    json_key(j, "outs");
    json_open_array(j);
    for (uint32_t i = 0; i < s->out_count; i++)
        put_out(j, &s->outs[i]);
    json_close_array(j);
    json_key(j, "metrics");
    json_open_array(j);
    for (uint32_t i = 0; i < s->metric_count; i++)
        sides_metric_json(in, &s->metrics[i], j);
    json_close_array(j);
    json_close_object(j);
}

static void print_json(struct invocation *in, const struct sides *s)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    sides_json(s, &j);
    json_key(&j, "stages");
    json_open_array(&j);
    for (uint32_t i = 0; i < s->count; i++)
        put_stage(in, &j, &s->stages[i]);
    json_close_array(&j);
    json_close_object(&j);
    output_json(&document);
}

static enum status run_diff(struct invocation *in, struct error *err)
{
    struct sides sides;
    const struct str none = {0};
    enum status status =
        sides_open(in, in->arguments[0], in->argument_count > 1 ? in->arguments[1] : none, &sides, err);
    if (status == STATUS_OK) {
        in->json ? print_json(in, &sides) : print_lines(in, &sides);
        in->exit_status = option_given(in, OPTION_EXIT_CODE) && sides.count > 0;
    }
    sides_close(&sides);
    return status;
}

const struct command command_diff = {
    .name = "diff",
    .summary = "say what differs between two builds",
    .arguments = "A [B]",
    .description =
        "Prints, for each stage that differs, what it was made from (command, parameters, deps, environment,\n"
        "tools) where that differs, its outs with how much of the new one is in chunks that the old one has\n"
        "too, and the metrics. A and B are runs (an id, so much of one that no other begins like it, `last`,\n"
        "-1), revisions of git (by their refit.lock), or `.`: the workspace, as `refit status` sees it; B is\n"
        "that unless it is named. A dep that a stage makes says so: what has no such remark was changed by\n"
        "somebody. Reads only.",
    .examples = "  refit diff HEAD              what is here with the commit\n"
                "  refit diff v1.0 v1.1\n"
                "  refit diff -1 last           the last run with the one before\n"
                "  refit diff --exit-code main  for scripts: 1 if anything differs",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON | COMMON_RUNS,
    .arguments_min = 1,
    .arguments_max = 2,
    .completion = COMPLETE_RUNS,
    .run = run_diff,
};
