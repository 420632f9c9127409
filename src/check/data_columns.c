#include <fnmatch.h>
#include <stdlib.h>

#include "check/data.h"

bool data_column_is_pattern(struct str column)
{
    return str_find(column, '*') >= 0 || str_find(column, '?') >= 0 || str_find(column, '[') >= 0;
}

/* A column can be called like a pattern: then the rule is its own. */
static bool is_pattern(const struct expectation *e, const struct str *columns, uint32_t count)
{
    bool wild = e->rule < RULE_ROW_COUNT && data_column_is_pattern(e->column);
    for (uint32_t i = 0; i < count && wild; i++)
        wild = !str_equal(columns[i], e->column);
    return wild;
}

/* `e` is the caller's still if no column matches. */
static enum status expand_one(struct data_spec *spec, const struct expectation *e, const struct str *columns,
                              uint32_t count, bool *matched, struct error *err)
{
    const char *pattern = str_terminated(spec->arena, e->column);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        const char *name = str_terminated(spec->arena, columns[i]); /* the verdict outlives the table */
        if (fnmatch(pattern, name, 0) != 0)
            continue;
        *matched = true;
        status = data_spec_add(spec, e->at, e->rule, str_from(name), err);
    }
    return status;
}

enum status data_spec_expand(struct data_spec *spec, const struct str *columns, uint32_t count, struct error *err)
{
    struct expectation *old = spec->items;
    uint32_t old_count = spec->count;
    enum status status = STATUS_OK;
    spec->items = NULL;
    spec->count = spec->cap = 0;
    for (uint32_t i = 0; i < old_count; i++) {
        bool matched = false;
        if (status == STATUS_OK && is_pattern(&old[i], columns, count))
            status = expand_one(spec, &old[i], columns, count, &matched, err);
        if (matched) {
            data_expectation_finish(&old[i]);
            continue;
        }
        MEM_GROW(spec->items, spec->count, spec->cap);
        spec->items[spec->count++] = old[i];
    }
    free(old);
    return status;
}
