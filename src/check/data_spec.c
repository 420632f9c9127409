/* What a definition of expectations says: its settings, and which rules of what. */
#include <stdlib.h>
#include <string.h>

#include "check/data_rule.h"

static const char *const top_keys[] = {"data", "format", "delimiter", "header", "null_values", "severity", "show_rows",
                                       "columns", "verdict", "desc", "deps", NULL};

static bool is_several(const struct value *v)
{
    if (v->type != VALUE_LIST || v->list.count == 0)
        return false;
    for (uint32_t i = 0; i < v->list.count; i++)
        if (v->list.items[i]->type != VALUE_MAP)
            return false;
    return true;
}

static enum status read_rule(struct data_spec *spec, const struct value *v, enum rule rule, struct str column,
                             struct error *err)
{
    enum status status = STATUS_OK;
    if (!is_several(v))
        return data_spec_add(spec, v, rule, column, err);
    for (uint32_t i = 0; i < v->list.count && status == STATUS_OK; i++)
        status = data_spec_add(spec, v->list.items[i], rule, column, err);
    return status;
}

static enum rule rule_find(struct str name, enum rule first, enum rule end)
{
    while (first < end && !str_is(name, rule_name(first)))
        first++;
    return first;
}

static enum status read_column(struct data_spec *spec, const struct value_pair *column, struct error *err)
{
    struct str known[RULE_ROW_COUNT];
    for (uint32_t i = 0; i < RULE_ROW_COUNT; i++)
        known[i] = str_from(rule_name(i));
    if (column->value->type != VALUE_MAP)
        return REFUSE_AT(spec, column, err, "the rules of column `" STR_FMT "` must be a map, not %s",
                         STR_ARG(str_printable(spec->arena, column->key)), value_type_name(column->value->type));
    for (uint32_t i = 0; i < column->value->map.count; i++) {
        const struct value_pair *pair = &column->value->map.pairs[i];
        enum rule rule = rule_find(pair->key, 0, RULE_ROW_COUNT);
        if (rule == RULE_ROW_COUNT)
            return rule_refuse_unknown(spec, pair, "rule for a column called", known, RULE_ROW_COUNT, err);
        enum status status = read_rule(spec, pair->value, rule, column->key, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status read_null_values(struct data_spec *spec, const struct value *v, struct error *err)
{
    if (v->type != VALUE_LIST)
        return rule_want_type(spec, v, "null_values", "a list of strings", err);
    struct str *texts = arena_array(spec->arena, struct str, v->list.count);
    for (uint32_t i = 0; i < v->list.count; i++) {
        const struct value *item = v->list.items[i];
        if (item->type == VALUE_LIST || item->type == VALUE_MAP)
            return rule_want_type(spec, item, "null_values", "a list of strings", err);
        texts[i] = item->text;
    }
    spec->options.null_values = texts;
    spec->options.null_count = v->list.count;
    return STATUS_OK;
}

static enum status read_setting(struct data_spec *spec, const struct value_pair *pair, struct error *err)
{
    const struct value *v = pair->value;
    bool header = true;
    if (str_is(pair->key, "data"))
        return rule_read_text(spec, v, "data", &spec->data, err);
    if (str_is(pair->key, "null_values"))
        return read_null_values(spec, v, err);
    if (str_is(pair->key, "show_rows"))
        return rule_read_bool(spec, v, "show_rows", &spec->show_rows, err);
    if (str_is(pair->key, "header")) {
        enum status status = rule_read_bool(spec, v, "header", &header, err);
        spec->options.no_header = status == STATUS_OK && !header;
        return status;
    }
    if (str_is(pair->key, "format")) {
        bool csv = v->type == VALUE_STRING && str_is(v->text, "csv");
        if (!csv && !(v->type == VALUE_STRING && str_is(v->text, "jsonl")))
            return REFUSE_AT(spec, v, err, "`format` must be `csv` or `jsonl`");
        spec->options.format = csv ? TABLE_CSV : TABLE_JSONL;
    }
    if (str_is(pair->key, "delimiter")) {
        if (v->type != VALUE_STRING || v->text.len != 1 || strchr("\"\n\r", v->text.ptr[0]) != NULL)
            return REFUSE_AT(spec, v, err, "`delimiter` must be one byte, and no quote or line end");
        spec->options.delimiter = v->text.ptr[0];
    }
    return STATUS_OK;
}

static enum status read_top(struct data_spec *spec, const struct value_pair *pair, struct error *err)
{
    enum rule rule = rule_find(pair->key, RULE_ROW_COUNT, RULE_COUNT);
    if (rule < RULE_COUNT)
        return rule == RULE_MALFORMED ? STATUS_OK : read_rule(spec, pair->value, rule, STR(""), err);
    if (str_is(pair->key, "columns")) {
        if (pair->value->type != VALUE_MAP)
            return rule_want_type(spec, pair->value, "columns", "a map of columns to rules", err);
        enum status status = STATUS_OK;
        for (uint32_t i = 0; i < pair->value->map.count && status == STATUS_OK; i++)
            status = read_column(spec, &pair->value->map.pairs[i], err);
        return status;
    }
    struct str known[RULE_COUNT - RULE_ROW_COUNT + sizeof top_keys / sizeof *top_keys];
    uint32_t count = 0;
    for (const char *const *key = top_keys; *key != NULL; key++) {
        if (str_is(pair->key, *key))
            return STATUS_OK; /* read before */
        known[count++] = str_from(*key);
    }
    for (uint32_t i = RULE_ROW_COUNT; i < RULE_COUNT; i++)
        known[count++] = str_from(rule_name(i));
    return rule_refuse_unknown(spec, pair, "expectation or setting called", known, count, err);
}

enum status data_spec_read(struct arena *arena, const struct value *definition, const char *file,
                           struct data_spec *out, struct error *err)
{
    struct data_spec *spec = out;
    *spec = (struct data_spec){.arena = arena, .file = file};
    if (definition->type != VALUE_MAP)
        return rule_want_type(spec, definition, "the definition", "a map", err);
    const struct value *severity = value_get(definition, STR("severity"));
    const struct value *malformed = value_get(definition, STR("malformed"));
    enum status status = severity != NULL ? rule_read_severity(spec, severity, &spec->warns, err) : STATUS_OK;
    for (uint32_t i = 0; i < definition->map.count && status == STATUS_OK; i++)
        status = read_setting(spec, &definition->map.pairs[i], err);
    if (status == STATUS_OK && spec->data.len == 0)
        status = REFUSE_AT(spec, definition, err, "there is no `data`; name the file that is checked");
    if (status == STATUS_OK && malformed == NULL) { /* as if {max: 0} stood there */
        struct value *none = value_new(arena, VALUE_INT, definition->line, definition->column);
        none->text = STR("0");
        malformed = none;
    }
    if (status == STATUS_OK)
        status = data_spec_add(spec, malformed, RULE_MALFORMED, STR(""), err);
    for (uint32_t i = 0; i < definition->map.count && status == STATUS_OK; i++)
        status = read_top(spec, &definition->map.pairs[i], err);
    return status;
}

void data_spec_finish(struct data_spec *spec)
{
    for (uint32_t i = 0; i < spec->count; i++)
        data_expectation_finish(&spec->items[i]);
    free(spec->items);
}

enum status data_definition_check(struct arena *arena, const struct value *definition, const char *file,
                                  struct error *err)
{
    struct data_spec spec;
    enum status status = data_spec_read(arena, definition, file, &spec, err);
    data_spec_finish(&spec);
    return status;
}
