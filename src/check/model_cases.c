/* Behaviour cases: what somebody tried on the candidate, and whether it did as it should. */
#include <stdlib.h>

#include "check/model.h"

struct kind {
    struct str name;
    uint64_t n, failing, lines[MODEL_LINES_MAX];
    uint32_t line_count;
};

struct kinds {
    struct arena *arena;
    struct kind *items;
    uint32_t count, cap;
};

static bool read_passed(const struct cell *cell, bool *out)
{
    static const char *const words[] = {"true", "1", "pass", "false", "0", "fail", NULL};
    struct str text = {cell->ptr, cell->len};
    for (int i = 0; words[i] != NULL; i++)
        if (cell->kind != CELL_NULL && str_is(text, words[i])) {
            *out = i < 3;
            return true;
        }
    return false;
}

static struct kind *find_kind(struct kinds *kinds, struct str name)
{
    for (uint32_t i = 0; i < kinds->count; i++)
        if (str_equal(kinds->items[i].name, name))
            return &kinds->items[i];
    MEM_GROW(kinds->items, kinds->count, kinds->cap);
    kinds->items[kinds->count] = (struct kind){.name = str_dup(kinds->arena, name)};
    return &kinds->items[kinds->count++];
}

static enum status count_batch(struct kinds *kinds, const struct model_table *table, const struct table_batch *batch,
                               struct error *err)
{
    for (uint32_t i = 0; i < batch->rows; i++) {
        const struct cell *kind = &batch->columns[0][i], *passed = &batch->columns[1][i];
        bool good;
        if (!read_passed(passed, &good))
            return model_table_fault(table, batch->lines[i], err, "`passed` is `%.*s`; it must be true or false",
                                     (int)passed->len, passed->ptr);
        struct kind *k = find_kind(kinds, (struct str){kind->ptr, kind->kind == CELL_NULL ? 0 : kind->len});
        k->n++;
        k->failing += !good;
        if (!good && k->line_count < MODEL_LINES_MAX)
            k->lines[k->line_count++] = batch->lines[i];
    }
    return STATUS_OK;
}

static int compare_kinds(const void *a, const void *b)
{
    return str_compare(((const struct kind *)a)->name, ((const struct kind *)b)->name);
}

static void conclude(struct arena *arena, const struct model_spec *spec, struct kinds *kinds,
                     struct model_verdict *verdict)
{
    if (kinds->count > 1)
        qsort(kinds->items, kinds->count, sizeof *kinds->items, compare_kinds);
    for (uint32_t i = 0; i < kinds->count; i++) {
        const struct kind *k = &kinds->items[i];
        struct model_result result = model_result_new("cases", k->name);
        const struct amount *bound = &spec->cases_failing;
        double limit = !bound->given ? 0 : bound->relative ? bound->value * (double)k->n : bound->value;
        result.warns = spec->warns;
        result.n = k->n;
        result.failing = k->failing;
        result.bound = bound->given ? bound->value : 0;
        result.relative = bound->relative;
        result.line_count = k->line_count;
        for (uint32_t line = 0; line < k->line_count; line++)
            result.lines[line] = k->lines[line];
        result.outcome = (double)k->failing > limit ? MODEL_NEEDS_APPROVAL : MODEL_PASS;
        result.message = str_format(arena, "%llu of %llu behaviour cases fail; max_failing " STR_FMT,
                                    (unsigned long long)k->failing, (unsigned long long)k->n,
                                    STR_ARG(model_amount(arena, result.bound, result.relative)));
        *model_add_result(verdict) = result;
    }
}

enum status model_judge_cases(struct arena *arena, const struct model_spec *spec, struct model_verdict *verdict,
                              struct error *err)
{
    static const struct str wanted[] = {{"kind", 4}, {"passed", 6}};
    struct kinds kinds = {.arena = arena};
    struct model_table table;
    struct table_batch batch;
    bool there[2];
    enum status status = model_table_open(arena, spec->cases, &table, err);
    if (status != STATUS_OK)
        return status;
    table_want(table.table, wanted, 2, there);
    if (!there[1])
        status = model_table_lacks(arena, &table, wanted[1], "whether a case passed", err);
    while (status == STATUS_OK && (status = model_table_next(&table, &batch, err)) == STATUS_OK && batch.rows > 0)
        status = count_batch(&kinds, &table, &batch, err);
    if (status == STATUS_OK && kinds.count == 0)
        status = model_table_fault(&table, 0, err, "there are no behaviour cases; nothing can be judged");
    if (status == STATUS_OK) {
        model_add_input(arena, verdict, spec->cases, "cases", table_sha256(table.table), table_bytes(table.table));
        conclude(arena, spec, &kinds, verdict);
    }
    table_close(table.table);
    free(kinds.items);
    return status;
}
