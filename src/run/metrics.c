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

/*
 * Python writes numbers into JSON that JSON does not have: NaN, Infinity and -Infinity. *plain is the text with a 0 for
 * each, *yaml with the name that YAML has for it. False if there is none.
 */
static bool name_python_numbers(struct arena *arena, struct str text, struct str *plain, struct str *yaml)
{
    static const struct str words[] = {{"NaN", 3}, {"Infinity", 8}}, names[] = {{".nan", 4}, {".inf", 4}};
    struct buf zeros = {0}, named = {0};
    bool quoted = false, any = false;
    for (size_t i = 0; i < text.len;) {
        int word = -1;
        for (int k = 0; k < 2 && !quoted; k++)
            if (str_starts(str_slice(text, i, text.len), words[k]))
                word = k;
        size_t len = word >= 0 ? words[word].len : quoted && text.ptr[i] == '\\' && i + 1 < text.len ? 2 : 1;
        struct str piece = str_slice(text, i, i + len);
        quoted ^= piece.ptr[0] == '"';
        any |= word >= 0;
        buf_str(&zeros, word >= 0 ? STR("0") : piece);
        buf_str(&named, word >= 0 ? names[word] : piece);
        i += len;
    }
    *plain = str_dup(arena, buf_view(&zeros));
    *yaml = str_dup(arena, buf_view(&named));
    buf_finish(&zeros);
    buf_finish(&named);
    return any;
}

static enum status parse_json(struct arena *arena, struct str path, struct str text,
                              const struct manifest_reader *reader, struct value **out, struct error *err)
{
    struct str plain, yaml;
    if (!name_python_numbers(arena, text, &plain, &yaml))
        return params_parse(arena, text, path, reader, out, err);
    enum status status = params_parse(arena, plain, path, reader, out, err);
    return status == STATUS_OK ? yaml_parse(arena, yaml, path, out, err) : status;
}

enum status metric_parse(struct arena *arena, struct str path, struct str text, const struct manifest_reader *reader,
                         struct value **out, struct error *err)
{
    if (str_ends(path, STR(".json")))
        return parse_json(arena, path, text, reader, out, err);
    if (is_structured(path))
        return params_parse(arena, text, path, reader, out, err);
    ptrdiff_t end = str_find(text, '\n');
    *out = value_new(arena, VALUE_STRING, 1, 1);
    (*out)->text = str_trim(end < 0 ? text : str_slice(text, 0, (size_t)end));
    return STATUS_OK;
}
