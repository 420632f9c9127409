/* Rows of several files side by side: sorted by key before anything else, so that their order never matters. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check/model.h"

static int compare_rows(const void *a, const void *b)
{
    const struct model_row *x = a, *y = b;
    int by_key = str_compare(x->key, y->key);
    return by_key ? by_key : (x->line > y->line) - (x->line < y->line);
}

static enum status fault(const struct model_file *file, const struct model_row *row, struct error *err,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));

static enum status fault(const struct model_file *file, const struct model_row *row, struct error *err,
                         const char *format, ...)
{
    struct model_table table = {.path = file->path};
    char text[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return model_table_fault(&table, row->line, err, "%s", text);
}

/* Keys for messages. */
static struct str shown(struct arena *arena, struct str key)
{
    return str_printable(arena, str_slice(key, 0, key.len < 80 ? key.len : 80));
}

static enum status check_twice(struct arena *arena, const struct model_file *file, struct error *err)
{
    for (uint32_t i = 1; i < file->count; i++) {
        const struct model_row *one = &file->rows[i - 1], *two = &file->rows[i];
        if (str_equal(one->key, two->key))
            return fault(file, two, err, "the key `" STR_FMT "` is there twice, first on line %llu; which is meant?",
                         STR_ARG(shown(arena, two->key)), (unsigned long long)one->line);
    }
    return STATUS_OK;
}

static enum status check_label(struct arena *arena, const struct model_rows *rows, const struct model_file *other,
                               uint32_t i, struct error *err)
{
    const struct model_file *file = &rows->files[MODEL_CANDIDATE];
    const struct model_row *one = &file->rows[i], *two = &other->rows[i];
    if (!other->has_label || one->label == two->label)
        return STATUS_OK;
    struct str a = model_names_text(rows->classes, one->label), b = model_names_text(rows->classes, two->label);
    return fault(other, two, err, "the label of `" STR_FMT "` is `" STR_FMT "`, and `" STR_FMT "` in " STR_FMT
                 ":%llu; both must be of the same test set", STR_ARG(shown(arena, two->key)), STR_ARG(shown(arena, b)),
                 STR_ARG(shown(arena, a)), STR_ARG(file->path), (unsigned long long)one->line);
}

static enum status match(struct arena *arena, const struct model_rows *rows, const struct model_file *other,
                         struct error *err)
{
    const struct model_file *file = &rows->files[MODEL_CANDIDATE];
    uint32_t most = file->count > other->count ? file->count : other->count;
    for (uint32_t i = 0; i < most; i++) {
        const struct model_row *one = i < file->count ? &file->rows[i] : NULL;
        const struct model_row *two = i < other->count ? &other->rows[i] : NULL;
        int order = one == NULL ? 1 : two == NULL ? -1 : str_compare(one->key, two->key);
        if (order < 0)
            return fault(file, one, err, "the key `" STR_FMT "` is not in " STR_FMT
                         "; score both models on the same rows", STR_ARG(shown(arena, one->key)), STR_ARG(other->path));
        if (order > 0)
            return fault(other, two, err, "the key `" STR_FMT "` is not in " STR_FMT
                         "; score both models on the same rows", STR_ARG(shown(arena, two->key)), STR_ARG(file->path));
        enum status status = check_label(arena, rows, other, i, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Classes by the order of their names, clusters by that of their first key. */
static void renumber(struct arena *arena, struct model_rows *rows)
{
    const uint32_t *rank = model_names_ranks(rows->classes, arena);
    uint32_t *seen = arena_array(arena, uint32_t, model_names_count(rows->clusters)), next = 0;
    rows->class_count = model_names_count(rows->classes);
    rows->positive = rows->positive < rows->class_count ? rank[rows->positive] : MODEL_NAME_NONE;
    for (int side = 0; side < MODEL_SIDES; side++)
        for (uint32_t i = 0; i < rows->files[side].count; i++) {
            struct model_row *row = &rows->files[side].rows[i];
            if (row->label != MODEL_NAME_NONE)
                row->label = rank[row->label];
            if (row->predicted != MODEL_NAME_NONE)
                row->predicted = rank[row->predicted];
            if (row->cluster != MODEL_NAME_NONE) {
                uint32_t *number = &seen[row->cluster];
                *number = *number ? *number : ++next;
                row->cluster = *number - 1;
            }
        }
}

/* A label that nobody has would make every metric of it undefined. */
static enum status find_positive(struct arena *arena, const struct model_spec *spec, struct model_rows *rows,
                                 struct error *err)
{
    const struct model_file *file = &rows->files[MODEL_CANDIDATE];
    uint32_t number = model_names_find(rows->classes, model_label(arena, spec->positive));
    rows->positive = number;
    for (uint32_t i = 0; i < file->count; i++)
        if (file->rows[i].label == number)
            return STATUS_OK;
    return error_at(err, STATUS_FAILED, str_terminated(arena, file->path), 0, 0,
                    "no row has the label `" STR_FMT "`, which is `positive` of gate `" STR_FMT "`",
                    STR_ARG(spec->positive), STR_ARG(spec->name));
}

enum status model_rows_join(struct arena *arena, const struct model_spec *spec, struct model_rows *rows,
                            struct error *err)
{
    enum status status = STATUS_OK;
    for (int side = 0; side < MODEL_SIDES && status == STATUS_OK; side++) {
        struct model_file *file = &rows->files[side];
        if (file->count > 1)
            qsort(file->rows, file->count, sizeof *file->rows, compare_rows);
        status = check_twice(arena, file, err);
    }
    for (int side = MODEL_BASELINE; side < MODEL_SIDES && status == STATUS_OK; side++)
        if (spec->rows[side].len > 0)
            status = match(arena, rows, &rows->files[side], err);
    if (status == STATUS_OK && spec->positive.ptr != NULL)
        status = find_positive(arena, spec, rows, err);
    if (status == STATUS_OK)
        renumber(arena, rows);
    return status;
}
