/* Trees of values with templates into trees without. What has none is not copied. */
#include "manifest/seen.h"
#include "manifest/template_string.h"

/* Does a string or a key in the tree have what is asked for? */
static bool any_string(const struct value *value, bool (*has)(struct str text))
{
    if (value->type == VALUE_STRING)
        return has(value->text);
    for (uint32_t i = 0; value->type == VALUE_LIST && i < value->list.count; i++)
        if (any_string(value->list.items[i], has))
            return true;
    for (uint32_t i = 0; value->type == VALUE_MAP && i < value->map.count; i++)
        if (has(value->map.pairs[i].key) || any_string(value->map.pairs[i].value, has))
            return true;
    return false;
}

bool template_is_in(const struct value *value)
{
    return any_string(value, template_is_in_string);
}

bool template_opens_in_tree(const struct value *value)
{
    return any_string(value, template_opens_in);
}

enum status template_charge(const struct templates *t, struct position at, uint64_t nodes, uint64_t bytes,
                            struct error *err)
{
    t->work->nodes += nodes;
    t->work->bytes += bytes;
    if (t->work->nodes <= TEMPLATE_NODES_MAX && t->work->bytes <= TEMPLATE_BYTES_MAX &&
        t->work->steps <= TEMPLATE_STEPS_MAX)
        return STATUS_OK;
    if (t->work->steps > TEMPLATE_STEPS_MAX)
        return error_at(err, STATUS_MANIFEST, t->file, at.line, at.column,
                        "templates%s look too often into maps that are too large; generate less, or split the maps",
                        t->where);
    return error_at(err, STATUS_MANIFEST, t->file, at.line, at.column,
                    "what the manifest comes to with its templates is more than %d values or %d MiB%s; generate less",
                    TEMPLATE_NODES_MAX, TEMPLATE_BYTES_MAX >> 20, t->where);
}

static enum status resolve_string(const struct templates *t, const struct value *value, enum template_use use,
                                  const struct value **out, struct error *err)
{
    struct match match;
    struct position at = {value->line, value->column};
    if (!template_opens_in(value->text))
        return STATUS_OK;
    if (template_is_whole(value->text, &match))
        return template_resolve_whole(t, value->text, at, match, use, out, err);
    struct str text;
    enum status status = template_resolve_text(t, value->text, at, use, &text, err);
    if (status == STATUS_OK) {
        struct value *copy = arena_copy(t->arena, value, sizeof *value);
        copy->text = text;
        *out = copy;
    }
    return status;
}

static enum status resolve_list(const struct templates *t, const struct value *list, enum template_use use,
                                const struct value **out, struct error *err)
{
    struct value **items = NULL;
    for (uint32_t i = 0; i < list->list.count; i++) {
        const struct value *item = list->list.items[i];
        enum status status = template_resolve(t, item, use, &item, err);
        if (status != STATUS_OK)
            return status;
        if (item != list->list.items[i] && items == NULL) {
            struct value *copy = arena_copy(t->arena, list, sizeof *list);
            items = arena_copy(t->arena, list->list.items, mem_product(list->list.count, sizeof *items));
            copy->list.items = items;
            *out = copy;
        }
        if (items != NULL)
            items[i] = (struct value *)item;
    }
    return STATUS_OK;
}

/* Two keys that were different templates may have become one. */
static enum status check_keys(const struct templates *t, const struct value *map, struct error *err)
{
    struct seen seen = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < map->map.count && status == STATUS_OK; i++) {
        const struct value_pair *pair = &map->map.pairs[i];
        if (seen_add(&seen, pair->key, 0) != TABLE_NONE)
            status = error_at(err, STATUS_MANIFEST, t->file, pair->line, pair->column,
                              "the key `" STR_FMT "`%s is there twice once its templates are resolved; remove one",
                              STR_ARG(str_printable(t->arena, pair->key)), t->where);
    }
    seen_finish(&seen);
    return status;
}

static enum status resolve_key(const struct templates *t, struct value_pair *pair, struct error *err)
{
    struct position at = {pair->line, pair->column};
    if (!template_opens_in(pair->key))
        return STATUS_OK;
    return template_resolve_text(t, pair->key, at, TEMPLATE_SCALAR, &pair->key, err);
}

/* What a key of a stage takes. */
static enum template_use use_of(struct str key)
{
    return str_is(key, "cmd") ? TEMPLATE_COMMAND : str_is(key, "with") ? TEMPLATE_ARGUMENT : TEMPLATE_SCALAR;
}

/* `is_stage`: its own keys are words of the format, and only some of them take more than scalars. */
static enum status resolve_map(const struct templates *t, const struct value *map, enum template_use use, bool is_stage,
                               const struct value **out, struct error *err)
{
    struct value_pair *pairs = NULL;
    bool rekeyed = false;
    for (uint32_t i = 0; i < map->map.count; i++) {
        struct value_pair pair = map->map.pairs[i];
        const struct value *value = pair.value;
        enum template_use inner = is_stage ? use_of(pair.key) : use;
        enum status status = is_stage ? STATUS_OK : resolve_key(t, &pair, err);
        if (status == STATUS_OK)
            status = template_resolve(t, value, inner, &value, err);
        if (status != STATUS_OK)
            return status;
        bool new_key = pair.key.ptr != map->map.pairs[i].key.ptr;
        rekeyed |= new_key;
        if ((new_key || value != pair.value) && pairs == NULL) {
            struct value *copy = arena_copy(t->arena, map, sizeof *map);
            pairs = arena_copy(t->arena, map->map.pairs, mem_product(map->map.count, sizeof *pairs));
            copy->map.pairs = pairs;
            *out = copy;
        }
        if (pairs != NULL) {
            pairs[i] = pair;
            pairs[i].value = (struct value *)value;
        }
    }
    return rekeyed ? check_keys(t, *out, err) : STATUS_OK;
}

enum status template_resolve(const struct templates *t, const struct value *value, enum template_use use,
                             const struct value **out, struct error *err)
{
    enum status status = template_charge(t, (struct position){value->line, value->column}, 1, 0, err);
    *out = value;
    if (status != STATUS_OK)
        return status;
    if (value->type == VALUE_STRING)
        return resolve_string(t, value, use, out, err);
    if (value->type == VALUE_LIST)
        return resolve_list(t, value, use, out, err);
    return value->type == VALUE_MAP ? resolve_map(t, value, use, false, out, err) : STATUS_OK;
}

enum status template_resolve_stage(const struct templates *t, const struct value *definition,
                                   const struct value **out, struct error *err)
{
    *out = definition;
    return resolve_map(t, definition, TEMPLATE_SCALAR, true, out, err);
}

enum status template_refuse(const struct templates *t, const struct value *value, const char *what, struct error *err)
{
    enum status status = STATUS_OK;
    struct position at = {value->line, value->column};
    bool there = value->type == VALUE_STRING && template_is_in_string(value->text);
    for (uint32_t i = 0; value->type == VALUE_LIST && i < value->list.count && status == STATUS_OK; i++)
        status = template_refuse(t, value->list.items[i], what, err);
    for (uint32_t i = 0; value->type == VALUE_MAP && i < value->map.count && status == STATUS_OK; i++) {
        const struct value_pair *pair = &value->map.pairs[i];
        if (template_is_in_string(pair->key)) {
            at = (struct position){pair->line, pair->column};
            there = true;
            break;
        }
        status = template_refuse(t, pair->value, what, err);
    }
    if (there)
        return error_at(err, STATUS_MANIFEST, t->file, at.line, at.column,
                        "%s%s cannot contain templates; write the value itself", what, t->where);
    return status;
}
