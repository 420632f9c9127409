/* What is in the files of metrics. */
#include "run/run.h"

static void flatten(struct arena *arena, struct str name, const struct value *value, metric_value_fn each, void *ctx)
{
    if (value->type != VALUE_MAP) {
        each(ctx, name.len > 0 ? name : STR("value"), value);
        return;
    }
    for (uint32_t i = 0; i < value->map.count; i++) {
        struct str key = value->map.pairs[i].key;
        struct str dotted = name.len > 0 ? str_format(arena, STR_FMT "." STR_FMT, STR_ARG(name), STR_ARG(key)) : key;
        flatten(arena, dotted, value->map.pairs[i].value, each, ctx);
    }
}

void metric_flatten(struct arena *arena, const struct value *value, metric_value_fn each, void *ctx)
{
    flatten(arena, STR(""), value, each, ctx);
}

static bool is_structured(struct str path)
{
    return params_has_keys(path) && !str_ends(path, STR(".py"));
}

enum status metric_parse(struct arena *arena, struct str path, struct str text, const struct manifest_reader *reader,
                         struct value **out, struct error *err)
{
    if (is_structured(path))
        return params_parse(arena, text, path, reader, out, err);
    ptrdiff_t end = str_find(text, '\n');
    *out = value_new(arena, VALUE_STRING, 1, 1);
    (*out)->text = str_trim(end < 0 ? text : str_slice(text, 0, (size_t)end));
    return STATUS_OK;
}
