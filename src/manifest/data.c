/* Data sets: sources whose content the store keeps, so that a past build can be had back after they have changed. */
#include <string.h>

#include "manifest/loader.h"
#include "refit/base/path.h"

enum { SHA256_HEX = 64 };

static const struct str known[] = {{"path", 4}, {"url", 3}, {"sha256", 6}, {"snapshot", 8}};
enum { KNOWN_COUNT = sizeof known / sizeof *known };

static bool is_known(struct str key)
{
    for (int k = 0; k < KNOWN_COUNT; k++)
        if (str_equal(key, known[k]))
            return true;
    return false;
}

static bool is_sha256(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr("0123456789abcdef", text.ptr[i]) == NULL)
            return false;
    return text.len == SHA256_HEX;
}

static enum status load_url(struct loader *l, const struct value *v, struct manifest_data *out, struct error *err)
{
    static const struct str schemes[] = {{"http://", 7}, {"https://", 8}, {"ftp://", 6}, {"file://", 7}};
    enum status status = read_string(l, v, "`url`", &out->url, err);
    bool known_scheme = false;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes && status == STATUS_OK; i++)
        known_scheme |= str_starts(out->url, schemes[i]) && out->url.len > schemes[i].len;
    for (size_t i = 0; i < out->url.len && known_scheme; i++)
        known_scheme = (unsigned char)out->url.ptr[i] > ' ' && out->url.ptr[i] != 0x7f;
    return status != STATUS_OK || known_scheme
               ? status
               : REFUSE(l, v, err, "`url` must begin with http://, https://, ftp:// or file://, and have no blanks");
}

static enum status load_key(struct loader *l, const struct value_pair *pair, struct manifest_data *out,
                            struct error *err)
{
    const struct value *v = pair->value;
    struct str raw;
    if (str_is(pair->key, "snapshot"))
        return read_bool(l, v, "`snapshot`", &out->snapshot, err);
    if (str_is(pair->key, "url"))
        return load_url(l, v, out, err);
    if (str_is(pair->key, "sha256")) {
        enum status status = read_string(l, v, "`sha256`", &out->sha256, err);
        return status != STATUS_OK || is_sha256(out->sha256)
                   ? status
                   : REFUSE(l, v, err, "`sha256` must be 64 hexadecimal digits in lower case");
    }
    out->at = (struct position){v->line, v->column};
    enum status status = read_string(l, v, "`path`", &raw, err);
    if (status == STATUS_OK)
        status = read_path(l, l->base, raw, out->at, &out->path, err);
    if (status == STATUS_OK && (!path_is_inside(out->path) || str_is(out->path, ".")))
        return REFUSE(l, v, err, "the data set `" STR_FMT "` is outside the project, or the project itself; name a "
                      "path inside it, which may be a link", STR_ARG(out->name));
    return status;
}

static enum status load_set(struct loader *l, const struct value_pair *pair, struct manifest_data *out,
                            struct error *err)
{
    const struct value *map = pair->value;
    *out = (struct manifest_data){.name = pair->key, .url = STR(""), .sha256 = STR(""), .snapshot = true};
    enum status status = check_stage_name(l, pair->key, pair->line, pair->column, err);
    if (status != STATUS_OK)
        return status;
    if (map->type != VALUE_MAP)
        return REFUSE(l, pair, err, "the data set `" STR_FMT "` must be a map with `path`, not %s",
                      STR_ARG(pair->key), value_type_name(map->type));
    for (uint32_t i = 0; i < map->map.count && status == STATUS_OK; i++) {
        const struct value_pair *item = &map->map.pairs[i];
        status = is_known(item->key) ? load_key(l, item, out, err)
                                     : REFUSE(l, item, err, "unknown key `" STR_FMT "` in the data set `" STR_FMT
                                              "`%s", STR_ARG(item->key), STR_ARG(pair->key),
                                              loader_hint(l, item->key, known, KNOWN_COUNT));
    }
    if (status == STATUS_OK && value_get(map, STR("path")) == NULL)
        return REFUSE(l, pair, err, "the data set `" STR_FMT "` has no `path`", STR_ARG(pair->key));
    if (status == STATUS_OK && out->url.len > 0 && out->sha256.len == 0)
        return REFUSE(l, pair, err, "the data set `" STR_FMT "` has a `url` and no `sha256`, so nothing says what is "
                      "to come from there; add the `sha256` of the file", STR_ARG(pair->key));
    return status;
}

enum status load_data(struct loader *l, const struct value *v, struct error *err)
{
    struct manifest *m = l->manifest;
    if (v->type == VALUE_NULL)
        return STATUS_OK;
    if (v->type != VALUE_MAP)
        return read_type_error(l, v, "`data`", "a map of names to data sets", err);
    m->data = arena_array(l->arena, struct manifest_data, v->map.count);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < v->map.count && status == STATUS_OK; i++, m->data_count++)
        status = load_set(l, &v->map.pairs[i], &m->data[i], err);
    return status;
}

bool manifest_data_concerns(const struct manifest_data *set, struct str path)
{
    return str_equal(set->path, path) || path_is_below(path, set->path) || path_is_below(set->path, path);
}

const struct manifest_data *manifest_find_data(const struct manifest *manifest, struct str path)
{
    for (uint32_t i = 0; i < manifest->data_count; i++)
        if (manifest_data_concerns(&manifest->data[i], path))
            return &manifest->data[i];
    return NULL;
}

bool manifest_keeps(const struct manifest *manifest, struct str path)
{
    for (uint32_t i = 0; i < manifest->data_count; i++)
        if (manifest->data[i].snapshot && manifest_data_concerns(&manifest->data[i], path))
            return true;
    return false;
}
