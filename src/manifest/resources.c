/* Amounts of resources: processors, memory, and pools that the user names. */
#include <stdlib.h>

#include "manifest/loader.h"

static bool is_pool_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-')))
            return false;
    }
    return name.len > 0;
}

static bool parse_count(struct str text, uint64_t *out)
{
    uint64_t milli;
    if (!parse_milli(text, &milli) || milli % 1000 != 0)
        return false;
    *out = milli / 1000;
    return true;
}

enum status read_resource(struct loader *l, const struct value_pair *pair, struct manifest_resource *out,
                          struct error *err)
{
    if (!is_pool_name(pair->key))
        return REFUSE(l, pair, err, "`" STR_FMT "`%s cannot name a resource; use letters, digits, `_` and `-`",
                      STR_ARG(pair->key), loader_where(l));
    const char *what = str_format(l->arena, "the amount of `" STR_FMT "`", STR_ARG(pair->key)).ptr;
    struct str text;
    if (!read_scalar_text(l, pair->value, &text))
        return read_type_error(l, pair->value, what, "a number", err);
    *out = (struct manifest_resource){.name = pair->key, .at = {pair->line, pair->column}};
    bool is_cpus = str_is(pair->key, "cpus"), is_mem = str_is(pair->key, "mem");
    bool (*parse)(struct str, uint64_t *) = is_cpus ? parse_milli : is_mem ? parse_bytes : parse_count;
    if (parse(text, &out->amount))
        return STATUS_OK;
    const char *rule = is_cpus ? "a number with at most three decimals, such as 2 or 0.5"
                       : is_mem ? "a size, such as 512M or 1.5G"
                                : "a whole number";
    return REFUSE(l, pair->value, err, "%s%s is `" STR_FMT "`%s; write %s", what, loader_where(l), STR_ARG(text),
                  text.len > 0 && text.ptr[0] == '-' ? ", and it cannot be negative" : "", rule);
}

static int compare_resources(const void *a, const void *b)
{
    const struct manifest_resource *x = a, *y = b;
    return str_compare(x->name, y->name);
}

void sort_resources(struct manifest_resource *resources, uint32_t count)
{
    if (count > 1)
        qsort(resources, count, sizeof *resources, compare_resources);
}

enum status load_resources(struct loader *l, const struct value *v, struct error *err)
{
    if (v->type == VALUE_NULL)
        return STATUS_OK;
    if (v->type != VALUE_MAP)
        return read_type_error(l, v, "`resources`", "a map such as {cpus: 2, mem: 4G}", err);
    struct manifest_stage *stage = l->stage;
    stage->resources = arena_array(l->arena, struct manifest_resource, v->map.count);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < v->map.count && status == STATUS_OK; i++)
        status = read_resource(l, &v->map.pairs[i], &stage->resources[i], err);
    stage->resource_count = v->map.count;
    sort_resources(stage->resources, stage->resource_count);
    return status;
}
