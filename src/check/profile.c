/* Profiles of columns. */
#include "check/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/digest.h"
#include "refit/base/fs.h"
#include "refit/check.h"

enum { PLACES = 4096, PROFILE_BYTES_MAX = 256 << 20 };

static void add_category(struct arena *arena, struct column_summary *s, const struct cell *cell)
{
    struct str text = {cell->ptr, cell->len};
    uint64_t hash = hash64(text.ptr, text.len), place = hash & (PLACES - 1);
    if (s->categories == NULL)
        s->categories = mem_alloc(PLACES * sizeof *s->categories);
    while (s->categories[place].count > 0 &&
           !(s->categories[place].hash == hash && str_equal(s->categories[place].text, text)))
        place = (place + 1) & (PLACES - 1);
    struct category *c = &s->categories[place];
    if (c->count == 0 && s->category_count == CATEGORIES_MAX) {
        s->many = true;
        return;
    }
    if (c->count++ == 0) {
        c->text = str_dup(arena, text);
        c->hash = hash;
        s->category_count++;
    }
}

void summary_add(struct arena *arena, struct column_summary *s, const struct cell *cell)
{
    double number;
    if (cell->kind == CELL_NULL) {
        s->nulls++;
        return;
    }
    bool is_number = cell_number(cell, &number);
    s->text |= !is_number;
    s->n += !is_number || !isnan(number);
    s->nans += is_number && isnan(number);
    if (s->quantiles == NULL)
        s->quantiles = mem_alloc(sizeof *s->quantiles);
    if (is_number && !s->text)
        quantile_add(s->quantiles, number);
    if (is_number && !s->text && s->sums != NULL && !isnan(number)) {
        exact_add(&s->sums[0], number);
        exact_add_square(&s->sums[1], number);
    }
    if (!s->many)
        add_category(arena, s, cell);
}

void summary_finish(struct column_summary *s)
{
    if (s->quantiles != NULL)
        quantile_finish(s->quantiles);
    free(s->quantiles);
    free(s->categories);
    free(s->sums);
}

static int compare_categories(const void *a, const void *b)
{
    return str_compare(((const struct category *)a)->text, ((const struct category *)b)->text);
}

static void make_categories(struct arena *arena, const struct column_summary *s, struct column_profile *out)
{
    struct category *all = arena_array(arena, struct category, s->category_count);
    for (uint32_t i = 0; i < PLACES && !s->many && s->categories != NULL; i++)
        if (s->categories[i].count > 0)
            all[out->bins++] = s->categories[i];
    qsort(all, out->bins, sizeof *all, compare_categories);
    out->values = arena_array(arena, struct str, out->bins);
    out->counts = arena_array(arena, uint64_t, out->bins);
    for (uint32_t i = 0; i < out->bins; i++) {
        out->values[i] = all[i].text;
        out->counts[i] = all[i].count;
    }
}

void profile_make(struct arena *arena, struct str name, struct column_summary *s, struct column_profile *out)
{
    *out = (struct column_profile){.name = name, .n = s->n, .nulls = s->nulls, .nans = s->nans,
                                    .number = !s->text && s->n > 0, .stdev = NAN};
    if (!out->number) { /* "nan" is a word like others */
        out->n += out->nans;
        out->nans = 0;
        make_categories(arena, s, out);
        return;
    }
    out->edges = arena_array(arena, double, PROFILE_BINS);
    out->counts = arena_array(arena, uint64_t, PROFILE_BINS + 1);
    uint32_t edges = 0;
    double below = nextafter(quantile_get(s->quantiles, 0), -INFINITY);
    if (isfinite(below))
        out->edges[edges++] = below;
    for (int i = 1; i < PROFILE_BINS; i++) {
        double edge = quantile_get(s->quantiles, i / (double)PROFILE_BINS);
        if (edges == 0 || edge > out->edges[edges - 1])
            out->edges[edges++] = edge;
    }
    out->bins = edges + 1;
    if (s->sums != NULL)
        out->stdev = exact_deviation(exact_get(&s->sums[0]), exact_get(&s->sums[1]), s->n);
    uint64_t strange;
    profile_count(out, s, out->counts, &strange);
}

/* ---- counting in the bins of another one ---- */

static uint32_t find_bin(const struct column_profile *p, double value)
{
    uint32_t low = 0, high = p->bins - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (p->edges[middle] >= value)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct counting {
    const struct column_profile *profile;
    uint64_t *counts;
};

static void count_value(void *ctx, double value, uint64_t count)
{
    const struct counting *c = ctx;
    c->counts[find_bin(c->profile, value)] += count;
}

void profile_count(const struct column_profile *p, const struct column_summary *s, uint64_t *counts,
                   uint64_t *strange)
{
    *strange = 0;
    memset(counts, 0, p->bins * sizeof *counts);
    if (p->number && s->quantiles != NULL) {
        struct counting counting = {p, counts};
        quantile_each(s->quantiles, count_value, &counting);
    }
    for (uint32_t i = 0; !p->number && s->categories != NULL && i < PLACES; i++) {
        const struct category *c = &s->categories[i];
        uint32_t low = 0, high = p->bins;
        while (low < high) {
            uint32_t middle = (low + high) / 2;
            if (str_compare(p->values[middle], c->text) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        if (c->count > 0 && low < p->bins && str_equal(p->values[low], c->text))
            counts[low] += c->count;
        else
            *strange += c->count;
    }
}

/* ---- JSON ---- */

static void print_column(struct json *j, const struct column_profile *p)
{
    json_key_str(j, p->name);
    json_open_object(j);
    json_key(j, "counts");
    json_open_array(j);
    for (uint32_t i = 0; i < p->bins; i++)
        json_int(j, (int64_t)p->counts[i]);
    json_close_array(j);
    json_key(j, p->number ? "edges" : "values");
    json_open_array(j);
    for (uint32_t i = 0; i + p->number < p->bins; i++)
        if (p->number && isinf(p->edges[i]))
            json_str(j, p->edges[i] < 0 ? STR("-Inf") : STR("Inf"));
        else if (p->number)
            json_real(j, p->edges[i]);
        else
            json_str(j, p->values[i]);
    json_close_array(j);
    json_key(j, "n");
    json_int(j, (int64_t)p->n);
    if (p->nans > 0) {
        json_key(j, "nans");
        json_int(j, (int64_t)p->nans);
    }
    json_key(j, "nulls");
    json_int(j, (int64_t)p->nulls);
    if (p->number && isfinite(p->stdev)) {
        json_key(j, "stdev");
        json_real(j, p->stdev);
    }
    json_key(j, "type");
    json_str(j, p->number ? STR("number") : STR("category"));
    json_close_object(j);
}

static int compare_columns(const void *a, const void *b)
{
    return str_compare(((const struct column_profile *)a)->name, ((const struct column_profile *)b)->name);
}

void profile_print(const struct column_profile *columns, uint32_t count, uint64_t rows, struct buf *out)
{
    struct column_profile *sorted = mem_alloc((count + 1) * sizeof *sorted);
    struct json j;
    if (count > 0)
        memcpy(sorted, columns, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_columns);
    json_init(&j, out);
    json_open_object(&j);
    json_key(&j, "columns");
    json_open_object(&j);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || !str_equal(sorted[i].name, sorted[i - 1].name))
            print_column(&j, &sorted[i]);
    json_close_object(&j);
    json_key(&j, "format");
    json_str(&j, STR("refit-profile/1"));
    json_key(&j, "rows");
    json_int(&j, (int64_t)rows);
    json_close_object(&j);
    buf_char(out, '\n');
    free(sorted);
}

static bool read_count(const struct value *v, uint64_t *out)
{
    *out = v != NULL && v->type == VALUE_INT && v->integer >= 0 ? (uint64_t)v->integer : 0;
    return v != NULL && v->type == VALUE_INT && v->integer >= 0;
}

static bool read_edge(const struct value *v, double *out)
{
    if (v->type == VALUE_STRING)
        *out = str_is(v->text, "Inf") ? (double)INFINITY : str_is(v->text, "-Inf") ? -(double)INFINITY : (double)NAN;
    else
        *out = value_number(v);
    return !isnan(*out);
}

static bool read_column(struct arena *arena, struct str name, const struct value *v, struct column_profile *out)
{
    const struct value *type = value_get(v, STR("type")), *counts = value_get(v, STR("counts"));
    const struct value *stdev = value_get(v, STR("stdev"));
    *out = (struct column_profile){.name = name, .stdev = NAN};
    const struct value *nans = value_get(v, STR("nans"));
    if (nans != NULL && !read_count(nans, &out->nans))
        return false;
    if (stdev != NULL && (!read_edge(stdev, &out->stdev) || !(out->stdev >= 0)))
        return false;
    if (type == NULL || type->type != VALUE_STRING || counts == NULL || counts->type != VALUE_LIST ||
        !read_count(value_get(v, STR("n")), &out->n) || !read_count(value_get(v, STR("nulls")), &out->nulls))
        return false;
    out->number = str_is(type->text, "number");
    out->bins = counts->list.count;
    const struct value *names = value_get(v, out->number ? STR("edges") : STR("values"));
    if (names == NULL || names->type != VALUE_LIST || names->list.count + out->number != out->bins)
        return false;
    out->counts = arena_array(arena, uint64_t, out->bins);
    out->edges = arena_array(arena, double, out->bins);
    out->values = arena_array(arena, struct str, out->bins);
    bool good = true;
    for (uint32_t i = 0; i < out->bins; i++)
        good = good && read_count(counts->list.items[i], &out->counts[i]);
    for (uint32_t i = 0; i < names->list.count && good; i++) {
        const struct value *item = names->list.items[i];
        if (out->number) {
            good = read_edge(item, &out->edges[i]) && (i == 0 || out->edges[i] > out->edges[i - 1]);
        } else {
            out->values[i] = item->text;
            good = item->type == VALUE_STRING && (i == 0 || str_compare(out->values[i - 1], item->text) < 0);
        }
    }
    return good;
}

enum status profile_read(struct arena *arena, const char *path, struct column_profile **columns, uint32_t *count,
                         uint64_t *rows, struct error *err)
{
    struct buf text = {0};
    struct value *root = NULL;
    enum status status = fs_read(path, PROFILE_BYTES_MAX, &text, err);
    if (status == STATUS_OK)
        status = json_parse(arena, buf_view(&text), path, &root, err);
    buf_finish(&text);
    if (status != STATUS_OK)
        return status;
    const struct value *format = value_get(root, STR("format")), *all = value_get(root, STR("columns"));
    const struct value *total = value_get(root, STR("rows"));
    bool good = format != NULL && format->type == VALUE_STRING && str_is(format->text, "refit-profile/1") &&
                all != NULL && all->type == VALUE_MAP && total != NULL && total->type == VALUE_INT &&
                total->integer >= 0;
    *rows = good ? (uint64_t)total->integer : 0;
    *count = good ? all->map.count : 0;
    *columns = arena_array(arena, struct column_profile, *count);
    for (uint32_t i = 0; i < *count && good; i++)
        good = read_column(arena, all->map.pairs[i].key, all->map.pairs[i].value, &(*columns)[i]);
    if (!good)
        return error_set(err, STATUS_MANIFEST, "%s is no profile of `refit check profile`", path);
    return STATUS_OK;
}

/* ---- of a file ---- */

static void count_fault(void *ctx, enum table_fault_kind kind, uint64_t line)
{
    (void)kind;
    (void)line;
    ++*(uint64_t *)ctx;
}

static enum status add_rows(struct arena *arena, struct table_file *table, struct column_summary *summaries,
                            uint32_t count, uint64_t *rows, struct error *err)
{
    struct table_batch batch;
    enum status status = table_next(table, &batch, err);
    while (status == STATUS_OK && batch.rows > 0) {
        *rows += batch.rows;
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t row = 0; row < batch.rows; row++)
                summary_add(arena, &summaries[i], &batch.columns[i][row]);
        status = table_next(table, &batch, err);
    }
    return status;
}

enum status profile_of_file(struct arena *arena, const char *path, const struct table_options *options,
                            struct column_profile **columns, uint32_t *count, uint64_t *rows, uint64_t *bad,
                            char sha256[SHA256_HEX + 1], uint64_t *bytes, struct error *err)
{
    struct table_options own = *options;
    struct table_file *table;
    *rows = *bad = 0;
    own.fault = count_fault;
    own.ctx = bad;
    own.whole_columns = true;
    enum status status = table_open(path, &own, &table, err);
    if (status != STATUS_OK)
        return status;
    const struct str *names = table_columns(table, count);
    struct column_summary *summaries = mem_alloc((*count + 1) * sizeof *summaries);
    for (uint32_t i = 0; i < *count; i++)
        summaries[i].sums = mem_alloc(2 * sizeof *summaries[i].sums);
    table_want(table, names, *count, NULL);
    status = add_rows(arena, table, summaries, *count, rows, err);
    *columns = arena_array(arena, struct column_profile, *count);
    for (uint32_t i = 0; i < *count; i++) {
        if (status == STATUS_OK)
            profile_make(arena, str_dup(arena, names[i]), &summaries[i], &(*columns)[i]);
        summary_finish(&summaries[i]);
    }
    free(summaries);
    if (status == STATUS_OK)
        memcpy(sha256, table_sha256(table), SHA256_HEX + 1);
    *bytes = table_bytes(table);
    table_close(table);
    return status;
}

enum status data_profile(struct arena *arena, const char *path, struct buf *out, uint64_t *bad, struct error *err)
{
    struct table_options options = {.format = TABLE_AUTO};
    struct column_profile *columns;
    uint32_t count;
    uint64_t rows, bytes;
    char sha256[SHA256_HEX + 1];
    enum status status = profile_of_file(arena, path, &options, &columns, &count, &rows, bad, sha256, &bytes, err);
    if (status == STATUS_OK)
        profile_print(columns, count, rows, out);
    return status;
}
