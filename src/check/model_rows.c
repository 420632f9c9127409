/* Reading the rows of candidate, baseline and anchor. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/model.h"

/* Where in a batch each thing is; NONE = not wanted. */
enum { NONE = UINT32_MAX };
struct columns {
    struct str *names;
    uint32_t count, key, label, prediction, score, cluster;
    uint32_t **by;    /* of each `by` */
    uint32_t **where; /* of each expression's columns */
};

struct row_reader {
    struct arena *arena;
    const struct model_spec *spec;
    struct model_rows *rows;
    struct model_table table;
    struct columns columns;
    enum model_side side;
};

/* ---- columns ---- */

static uint32_t want(struct columns *columns, struct str name)
{
    for (uint32_t i = 0; i < columns->count; i++)
        if (str_equal(columns->names[i], name))
            return i;
    columns->names[columns->count] = name;
    return columns->count++;
}

static uint32_t count_names(const struct model_spec *spec)
{
    uint32_t total = 5, count;
    for (uint32_t i = 0; i < spec->by_count; i++)
        total += spec->by[i].count;
    for (uint32_t i = 0; i < spec->where_count; i++) {
        expression_columns(spec->where[i].expression, &count);
        total += count;
    }
    return total;
}

static uint32_t *want_all(struct row_reader *r, const struct str *names, uint32_t count)
{
    uint32_t *places = arena_array(r->arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++)
        places[i] = want(&r->columns, names[i]);
    return places;
}

static void want_slices(struct row_reader *r)
{
    const struct model_spec *spec = r->spec;
    r->columns.by = arena_array(r->arena, uint32_t *, spec->by_count);
    r->columns.where = arena_array(r->arena, uint32_t *, spec->where_count);
    for (uint32_t i = 0; i < spec->by_count; i++)
        r->columns.by[i] = want_all(r, spec->by[i].columns, spec->by[i].count);
    for (uint32_t i = 0; i < spec->where_count; i++) {
        uint32_t count;
        const struct str *names = expression_columns(spec->where[i].expression, &count);
        r->columns.where[i] = want_all(r, names, count);
    }
}

static const char *purpose_of(const struct row_reader *r, uint32_t column)
{
    const struct columns *c = &r->columns;
    return column == c->key          ? "`key` of `rows`"
           : column == c->label      ? "`label` of `rows`"
           : column == c->prediction ? "`prediction` of `rows`"
           : column == c->score      ? "`score` of `rows`"
           : column == c->cluster    ? "`cluster` of `rows`"
                                     : "a slice";
}

/* Labels need not be in more than the candidate's file; what else is wanted must be there. */
static enum status choose_columns(struct row_reader *r, struct error *err)
{
    const struct model_spec *spec = r->spec;
    const struct model_needs *needs = &r->rows->needs;
    struct columns *c = &r->columns;
    bool first = r->side == MODEL_CANDIDATE;
    *c = (struct columns){.names = arena_array(r->arena, struct str, count_names(spec))};
    c->key = want(c, spec->key);
    c->label = want(c, spec->label);
    c->prediction = needs->classes || needs->values ? want(c, spec->prediction) : NONE;
    c->score = needs->scores ? want(c, spec->score) : NONE;
    c->cluster = first && spec->cluster.len > 0 ? want(c, spec->cluster) : NONE;
    if (first)
        want_slices(r);
    bool *there = arena_array(r->arena, bool, c->count);
    table_want(r->table.table, c->names, c->count, there);
    for (uint32_t i = 0; i < c->count; i++)
        if (!there[i] && (i != c->label || first))
            return model_table_lacks(r->arena, &r->table, c->names[i], purpose_of(r, i), err);
    r->rows->files[r->side].has_label = there[c->label];
    return STATUS_OK;
}

/* ---- cells ---- */

struct str model_label(struct arena *arena, struct str text)
{
    bool plain = true;
    for (size_t i = 0; i < text.len && plain; i++)
        plain = text.ptr[i] >= '0' && text.ptr[i] <= '9';
    bool padded = text.len > 1 && text.ptr[0] == '0' && text.ptr[1] >= '0' && text.ptr[1] <= '9';
    struct cell cell = {text.ptr, (uint32_t)text.len, CELL_TEXT};
    double number;
    if (plain || padded || !cell_number(&cell, &number) || !isfinite(number) || fabs(number) >= 0x1p53)
        return text;
    return str_format(arena, "%.17g", number == 0 ? 0 : number);
}

static struct str canonical(struct arena *arena, const struct cell *cell)
{
    return model_label(arena, (struct str){cell->ptr, cell->len});
}

static struct str printable(const struct row_reader *r, const struct cell *cell)
{
    struct str text = {cell->ptr, cell->len < 60 ? cell->len : 60};
    return str_printable(r->arena, text);
}

static enum status check_cell(const struct row_reader *r, const struct cell *cell, uint32_t column, uint64_t line,
                              struct error *err)
{
    struct str name = r->columns.names[column];
    if (cell->kind == CELL_NULL || cell->len == 0)
        return model_table_fault(&r->table, line, err, "`" STR_FMT "` is empty; a gate needs it in every row",
                                 STR_ARG(name));
    if (cell->kind == CELL_NESTED)
        return model_table_fault(&r->table, line, err, "`" STR_FMT "` must be one value", STR_ARG(name));
    return STATUS_OK;
}

static enum status read_number(const struct row_reader *r, const struct cell *cell, uint32_t column, uint64_t line,
                               double *out, struct error *err)
{
    enum status status = check_cell(r, cell, column, line, err);
    if (status == STATUS_OK && (!cell_number(cell, out) || !isfinite(*out)))
        return model_table_fault(&r->table, line, err, "`" STR_FMT "` must be a number, and is `" STR_FMT "`",
                                 STR_ARG(r->columns.names[column]), STR_ARG(printable(r, cell)));
    return status;
}

static enum status read_class(struct row_reader *r, const struct cell *cell, uint32_t column, uint64_t line,
                              uint32_t *out, struct error *err)
{
    enum status status = check_cell(r, cell, column, line, err);
    if (status == STATUS_OK) {
        struct arena_mark mark = arena_get_mark(r->arena);
        struct str text = canonical(r->arena, cell);
        *out = model_names_find(r->rows->classes, text);
        if (*out == MODEL_NAME_NONE)
            *out = model_names_add(r->rows->classes, text);
        else
            arena_rewind(r->arena, mark);
    }
    return status;
}

/* ---- rows ---- */

static enum status read_label(struct row_reader *r, const struct cell *cell, struct model_row *row, struct error *err)
{
    enum status status = read_class(r, cell, r->columns.label, row->line, &row->label, err);
    if (status == STATUS_OK && r->rows->needs.truths)
        status = read_number(r, cell, r->columns.label, row->line, &row->truth, err);
    return status;
}

static enum status read_prediction(struct row_reader *r, const struct cell *cell, struct model_row *row,
                                   struct error *err)
{
    enum status status = STATUS_OK;
    if (r->rows->needs.classes)
        status = read_class(r, cell, r->columns.prediction, row->line, &row->predicted, err);
    if (status == STATUS_OK && r->rows->needs.values)
        status = read_number(r, cell, r->columns.prediction, row->line, &row->value, err);
    return status;
}

static enum status read_score(struct row_reader *r, const struct cell *cell, struct model_row *row, struct error *err)
{
    enum status status = read_number(r, cell, r->columns.score, row->line, &row->score, err);
    if (status == STATUS_OK && r->rows->needs.probabilities && !(row->score >= 0 && row->score <= 1))
        return model_table_fault(&r->table, row->line, err,
                                 "`" STR_FMT "` is %g; log_loss needs a probability, from 0 to 1",
                                 STR_ARG(r->columns.names[r->columns.score]), row->score);
    return status;
}

static enum status read_row(struct row_reader *r, const struct table_batch *batch, uint32_t i, struct model_row *row,
                            struct error *err)
{
    const struct columns *c = &r->columns;
    const struct cell *key = &batch->columns[c->key][i];
    *row = (struct model_row){.line = batch->lines[i],
                              .label = MODEL_NAME_NONE,
                              .predicted = MODEL_NAME_NONE,
                              .cluster = MODEL_NAME_NONE,
                              .truth = NAN,
                              .value = NAN,
                              .score = NAN};
    enum status status = check_cell(r, key, c->key, row->line, err);
    if (status == STATUS_OK)
        row->key = str_dup(r->arena, (struct str){key->ptr, key->len});
    if (status == STATUS_OK && r->rows->files[r->side].has_label)
        status = read_label(r, &batch->columns[c->label][i], row, err);
    if (status == STATUS_OK && c->prediction != NONE)
        status = read_prediction(r, &batch->columns[c->prediction][i], row, err);
    if (status == STATUS_OK && c->score != NONE)
        status = read_score(r, &batch->columns[c->score][i], row, err);
    if (status == STATUS_OK && c->cluster != NONE) {
        const struct cell *cluster = &batch->columns[c->cluster][i];
        status = check_cell(r, cluster, c->cluster, row->line, err);
        if (status == STATUS_OK)
            row->cluster = model_names_add(r->rows->clusters, (struct str){cluster->ptr, cluster->len});
    }
    return status;
}

/* The value of a `by`: `country=DE, device=phone`. */
static uint32_t group_of(struct row_reader *r, const struct table_batch *batch, uint32_t by, uint32_t row)
{
    struct buf text = {0};
    for (uint32_t i = 0; i < r->spec->by[by].count; i++) {
        const struct cell *cell = &batch->columns[r->columns.by[by][i]][row];
        buf_print(&text, "%s" STR_FMT, i > 0 ? ", " : "", STR_ARG(r->spec->by[by].columns[i]));
        if (cell->kind == CELL_NULL) {
            buf_print(&text, " is null");
        } else {
            struct arena_mark mark = arena_get_mark(r->arena);
            buf_print(&text, "=" STR_FMT, STR_ARG(canonical(r->arena, cell)));
            arena_rewind(r->arena, mark);
        }
    }
    uint32_t number = model_names_add(r->rows->groups[by], buf_view(&text));
    buf_finish(&text);
    return number;
}

static void read_groups(struct row_reader *r, const struct table_batch *batch, struct model_row *rows)
{
    const struct model_spec *spec = r->spec;
    uint32_t width = spec->by_count + spec->where_count;
    bool is_in[TABLE_ROWS_MAX];
    for (uint32_t i = 0; i < batch->rows; i++) {
        rows[i].groups = arena_array(r->arena, uint32_t, width);
        for (uint32_t by = 0; by < spec->by_count; by++)
            rows[i].groups[by] = group_of(r, batch, by, i);
    }
    for (uint32_t w = 0; w < spec->where_count; w++) {
        expression_test_batch(spec->where[w].expression, batch, r->columns.where[w], is_in);
        for (uint32_t i = 0; i < batch->rows; i++)
            rows[i].groups[spec->by_count + w] = is_in[i];
    }
}

static enum status read_batches(struct row_reader *r, struct error *err)
{
    struct model_file *file = &r->rows->files[r->side];
    struct table_batch batch;
    enum status status;
    while ((status = model_table_next(&r->table, &batch, err)) == STATUS_OK && batch.rows > 0) {
        uint32_t first = file->count;
        for (uint32_t i = 0; i < batch.rows && status == STATUS_OK; i++) {
            MEM_GROW(file->rows, file->count, file->cap);
            status = read_row(r, &batch, i, &file->rows[file->count++], err);
        }
        if (status != STATUS_OK)
            return status;
        if (r->side == MODEL_CANDIDATE && model_spec_has_slices(r->spec))
            read_groups(r, &batch, &file->rows[first]);
    }
    return status;
}

static enum status read_file(struct row_reader *r, struct model_verdict *verdict, struct error *err)
{
    struct model_file *file = &r->rows->files[r->side];
    file->path = r->spec->rows[r->side];
    enum status status = model_table_open(r->arena, file->path, &r->table, err);
    if (status != STATUS_OK)
        return status;
    status = choose_columns(r, err);
    if (status == STATUS_OK)
        status = read_batches(r, err);
    if (status == STATUS_OK && file->count == 0)
        status = model_table_fault(&r->table, 0, err, "there are no rows; nothing can be compared");
    if (status == STATUS_OK)
        model_add_input(r->arena, verdict, file->path, model_side_name(r->side),
                        table_sha256(r->table.table), table_bytes(r->table.table));
    table_close(r->table.table);
    return status;
}

static struct model_needs needs_of(const struct model_spec *spec)
{
    struct model_needs needs = {.values = spec->churn_tolerance.given};
    for (uint32_t i = 0; i < spec->metric_count; i++) {
        if (!spec->metrics[i].of_rows)
            continue;
        enum metric metric = spec->metrics[i].metric;
        bool scored = metric == METRIC_AUC || metric == METRIC_LOG_LOSS;
        bool valued = metric == METRIC_RMSE || metric == METRIC_MAE;
        needs.scores |= scored;
        needs.probabilities |= metric == METRIC_LOG_LOSS;
        needs.truths |= valued;
        needs.classes |= !scored && !valued;
    }
    needs.values |= needs.truths;
    needs.classes |= spec->churn.given && !spec->churn_tolerance.given;
    return needs;
}

enum status model_rows_read(struct arena *arena, const struct model_spec *spec, struct model_verdict *verdict,
                            struct model_rows *out, struct error *err)
{
    *out = (struct model_rows){.needs = needs_of(spec)};
    out->classes = model_names_create(arena);
    out->clusters = model_names_create(arena);
    out->group_count = spec->by_count;
    out->groups = arena_array(arena, struct model_names *, spec->by_count);
    for (uint32_t i = 0; i < spec->by_count; i++)
        out->groups[i] = model_names_create(arena);
    struct row_reader reader = {.arena = arena, .spec = spec, .rows = out};
    enum status status = STATUS_OK;
    for (int side = 0; side < MODEL_SIDES && status == STATUS_OK; side++) {
        reader.side = (enum model_side)side;
        if (spec->rows[side].len > 0)
            status = read_file(&reader, verdict, err);
    }
    return status == STATUS_OK ? model_rows_join(arena, spec, out, err) : status;
}

void model_rows_finish(struct model_rows *rows)
{
    for (int side = 0; side < MODEL_SIDES; side++)
        free(rows->files[side].rows);
    for (uint32_t i = 0; i < rows->group_count; i++)
        model_names_destroy(rows->groups[i]);
    model_names_destroy(rows->classes);
    model_names_destroy(rows->clusters);
    *rows = (struct model_rows){.group_count = 0};
}
