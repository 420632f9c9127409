/* Parameter files: the parser by the ending of the name. */
#include "refit/base/json.h"
#include "refit/manifest.h"

enum status params_parse(struct arena *arena, struct str text, struct str file, struct value **out, struct error *err)
{
    if (str_ends(file, STR(".yaml")) || str_ends(file, STR(".yml")))
        return yaml_parse(arena, text, file, out, err);
    const char *name = str_terminated(arena, file);
    if (str_ends(file, STR(".json")))
        return json_parse(arena, text, name, out, err);
    return error_at(err, STATUS_MANIFEST, name, 0, 0, "parameters are read from .yaml, .yml and .json files only");
}
