/* Parameter files: the parser by the ending of the name. */
#include "refit/base/json.h"
#include "refit/manifest.h"

static bool is_yaml(struct str file)
{
    return str_ends(file, STR(".yaml")) || str_ends(file, STR(".yml"));
}

static bool is_converted(struct str file)
{
    return str_ends(file, STR(".toml")) || str_ends(file, STR(".py"));
}

bool params_has_keys(struct str file)
{
    return is_yaml(file) || is_converted(file) || str_ends(file, STR(".json"));
}

/* Places in what a converter wrote are not those of the file. */
static void forget_places(struct value *value)
{
    value->line = value->column = 0;
    for (uint32_t i = 0; value->type == VALUE_LIST && i < value->list.count; i++)
        forget_places(value->list.items[i]);
    for (uint32_t i = 0; value->type == VALUE_MAP && i < value->map.count; i++) {
        value->map.pairs[i].line = value->map.pairs[i].column = 0;
        forget_places(value->map.pairs[i].value);
    }
}

static enum status parse_converted(struct arena *arena, struct str text, struct str file,
                                   const struct manifest_reader *reader, struct value **out, struct error *err)
{
    struct str yaml;
    enum status status = reader->convert(reader->ctx, arena, file, text, &yaml, err);
    if (status == STATUS_OK)
        status = yaml_parse(arena, yaml, file, out, err);
    if (status == STATUS_OK)
        forget_places(*out);
    return status;
}

enum status params_parse(struct arena *arena, struct str text, struct str file, const struct manifest_reader *reader,
                         struct value **out, struct error *err)
{
    if (is_yaml(file))
        return yaml_parse(arena, text, file, out, err);
    const char *name = str_terminated(arena, file);
    if (str_ends(file, STR(".json")))
        return json_parse(arena, text, name, out, err);
    if (is_converted(file) && reader != NULL && reader->convert != NULL)
        return parse_converted(arena, text, file, reader, out, err);
    return error_at(err, STATUS_MANIFEST, name, 0, 0,
                    "parameters are read from .yaml, .yml, .json, .toml and .py files only");
}
