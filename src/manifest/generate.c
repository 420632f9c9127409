/*
 * From a definition under `stages:` to stages: one for it, or one for each item of its `foreach`, or one for each
 * combination of its `matrix`. Each is resolved in a scope of its own, then loaded.
 */
#include <stdlib.h>
#include <string.h>

#include "manifest/loader.h"
#include "manifest/spell.h"
#include "manifest/template_string.h"

enum { STAGES_MAX = 250000 };

/* What is generated: a name, and the map of `item` and `key` that its templates see. */
struct instance {
    struct str name;
    struct value *iteration;
};

struct instances {
    struct loader *l;
    const struct value_pair *group;
    struct table names; /* → index; a name that comes again takes the place of the first */
    struct instance *items;
    uint32_t count, cap;
    struct buf name;
};

static const char *in_stage(struct loader *l, struct str name)
{
    return str_format(l->arena, " in stage `" STR_FMT "`", STR_ARG(str_printable(l->arena, name))).ptr;
}

static struct templates templates_of(struct loader *l, const struct scope *scope, const char *where)
{
    return (struct templates){l->arena, scope, &l->work, l->file, l->text, where};
}

/* ---- one stage ---- */

/* The folder that a stage's files of variables are relative to. It is resolved without them. */
static enum status vars_folder(struct loader *l, const struct value *definition, const struct templates *t,
                               struct str *out, struct error *err)
{
    const struct value *wdir = value_get(definition, STR("wdir"));
    struct str raw;
    *out = l->base;
    if (wdir == NULL)
        return STATUS_OK;
    enum status status = template_resolve(t, wdir, TEMPLATE_SCALAR, &wdir, err);
    if (status == STATUS_OK)
        status = read_string(l, wdir, "`wdir`", &raw, err);
    return status == STATUS_OK ? read_path(l, l->base, raw, (struct position){wdir->line, wdir->column}, out, err)
                               : status;
}

/* A map but for one key. */
static const struct value *without(struct arena *arena, const struct value *definition, const char *key)
{
    struct value *copy = arena_copy(arena, definition, sizeof *definition);
    copy->map.pairs = arena_array(arena, struct value_pair, definition->map.count);
    copy->map.count = 0;
    for (uint32_t i = 0; i < definition->map.count; i++)
        if (!str_is(definition->map.pairs[i].key, key))
            copy->map.pairs[copy->map.count++] = definition->map.pairs[i];
    return copy;
}

static enum status resolve_with_vars(struct loader *l, const struct value_pair *pair, const struct value *vars,
                                     struct templates *t, const struct value *iteration, const struct value **out,
                                     struct error *err)
{
    struct str folder;
    struct variables own;
    enum status status = vars_folder(l, pair->value, t, &folder, err);
    if (status != STATUS_OK)
        return status;
    status = variables_extend(l, vars, folder, &l->variables, t->scope, iteration, &own, err);
    t->scope = &own.scope;
    if (status == STATUS_OK)
        status = template_resolve_stage(t, without(l->arena, pair->value, "vars"), out, err);
    variables_finish(&own);
    return status;
}

enum status need_variables(struct loader *l, struct error *err)
{
    if (l->variables_loaded)
        return STATUS_OK;
    l->variables_loaded = true;
    return variables_load(l, l->vars, &l->variables, err);
}

static enum status resolve(struct loader *l, const struct value_pair *pair, const struct value *iteration,
                           const struct value **out, struct error *err)
{
    const struct value *vars = value_get(pair->value, STR("vars"));
    enum status status = STATUS_OK;
    *out = pair->value;
    if (iteration == NULL && vars == NULL && !template_opens_in_tree(pair->value))
        return STATUS_OK;
    if (iteration != NULL || vars != NULL || (!l->variables_loaded && template_is_in(pair->value)))
        status = need_variables(l, err);
    struct scope scope = {.vars = iteration, .parent = &l->variables.scope};
    struct templates t = templates_of(l, iteration ? &scope : &l->variables.scope, in_stage(l, pair->key));
    if (status != STATUS_OK)
        return status;
    if (vars != NULL)
        return resolve_with_vars(l, pair, vars, &t, iteration, out, err);
    return template_resolve_stage(&t, pair->value, out, err);
}

enum status add_resolved_stage(struct loader *l, const struct value_pair *pair, struct error *err)
{
    struct manifest *m = l->manifest;
    MEM_GROW(m->stages, m->stage_count, l->stage_cap);
    enum status status = load_stage(l, pair, &m->stages[m->stage_count], err);
    m->stage_count += status == STATUS_OK;
    return status;
}

/* From a definition to a stage. `iteration` has what it goes through, NULL for none. */
static enum status add_stage(struct loader *l, const struct value_pair *pair, const struct value *iteration,
                             struct error *err)
{
    struct value_pair resolved = *pair;
    const struct value *definition = pair->value;
    enum status status = check_stage_name(l, pair->key, pair->line, pair->column, err);
    if (status == STATUS_OK && definition->type == VALUE_MAP)
        status = resolve(l, pair, iteration, &definition, err);
    resolved.value = (struct value *)definition;
    return status == STATUS_OK ? add_resolved_stage(l, &resolved, err) : status;
}

/* ---- many ---- */

static struct value *make_map(struct arena *arena, uint32_t count)
{
    struct value *map = value_new(arena, VALUE_MAP, 0, 0);
    map->map.pairs = arena_array(arena, struct value_pair, count);
    return map;
}

static void put(struct value *map, struct str key, const struct value *value)
{
    map->map.pairs[map->map.count++] = (struct value_pair){.key = key, .value = (struct value *)value};
}

static struct value *make_string(struct arena *arena, struct str text)
{
    struct value *value = value_new(arena, VALUE_STRING, 0, 0);
    value->text = text;
    return value;
}

static enum status too_many(struct loader *l, const struct value_pair *group, struct error *err)
{
    return REFUSE(l, group, err, "`" STR_FMT "` comes to more than %d stages; generate fewer", STR_ARG(group->key),
                  STAGES_MAX);
}

/* One more, called GROUP@value as `g->name` has it; it sees `item`, and `key` unless that is NULL. */
static enum status add_instance(struct instances *g, const struct value *item, const struct value *key,
                                struct error *err)
{
    struct loader *l = g->l;
    struct templates t = templates_of(l, NULL, "");
    struct position at = {g->group->line, g->group->column};
    struct str name = str_format(l->arena, STR_FMT "@" STR_FMT, STR_ARG(g->group->key), STR_ARG(buf_view(&g->name)));
    enum status status = template_charge(&t, at, 1, name.len, err);
    if (status == STATUS_OK)
        status = check_stage_name(l, name, at.line, at.column, err);
    if (status == STATUS_OK && (g->count == STAGES_MAX || l->manifest->stage_count + g->count >= STAGES_MAX))
        status = too_many(l, g->group, err);
    if (status != STATUS_OK)
        return status;
    struct value *iteration = make_map(l->arena, 2);
    put(iteration, STR("item"), item);
    if (key != NULL)
        put(iteration, STR("key"), key);
    uint32_t index = table_add(&g->names, name, g->count);
    if (index == g->count) {
        MEM_GROW(g->items, g->count, g->cap);
        g->count++;
    }
    g->items[index] = (struct instance){name, iteration};
    return STATUS_OK;
}

static enum status add_all(struct instances *g, const struct value *definition, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < g->count && status == STATUS_OK; i++) {
        struct value_pair pair = {
            .key = g->items[i].name,
            .line = g->group->line,
            .column = g->group->column,
            .value = (struct value *)definition,
        };
        status = add_stage(g->l, &pair, g->items[i].iteration, err);
    }
    return status;
}

static bool is_composite(const struct value *value)
{
    return value->type == VALUE_LIST || value->type == VALUE_MAP;
}

static bool is_whole_template(const struct value *value)
{
    struct match match;
    return value->type == VALUE_STRING && template_is_whole(value->text, &match);
}

/* How a value reads in a name. A boolean that came out of a variable reads as Python has it: DVC's names do. */
static void spell_in_name(struct buf *out, const struct value *value, bool from_variable)
{
    if (value->type == VALUE_BOOL && from_variable)
        buf_str(out, value->boolean ? STR("True") : STR("False"));
    else
        spell_scalar(out, value);
}

/* ---- foreach ---- */

static enum status through_list(struct instances *g, const struct value *raw, const struct value *list,
                                struct error *err)
{
    bool composite = false;
    for (uint32_t i = 0; i < list->list.count; i++)
        composite |= is_composite(list->list.items[i]);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < list->list.count && status == STATUS_OK; i++) {
        const struct value *item = list->list.items[i];
        buf_clear(&g->name);
        if (composite)
            buf_print(&g->name, "%u", i);
        else
            spell_in_name(&g->name, item, raw->type != VALUE_LIST || is_whole_template(raw->list.items[i]));
        status = add_instance(g, item, NULL, err);
    }
    return status;
}

static enum status through_map(struct instances *g, const struct value *map, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < map->map.count && status == STATUS_OK; i++) {
        buf_clear(&g->name);
        buf_str(&g->name, map->map.pairs[i].key);
        status = add_instance(g, map->map.pairs[i].value, make_string(g->l->arena, map->map.pairs[i].key), err);
    }
    return status;
}

static enum status check_foreach_keys(struct loader *l, const struct value_pair *group, struct error *err)
{
    for (uint32_t i = 0; i < group->value->map.count; i++) {
        const struct value_pair *pair = &group->value->map.pairs[i];
        if (!str_is(pair->key, "foreach") && !str_is(pair->key, "do"))
            return REFUSE(l, pair, err, "`" STR_FMT "` stands beside `foreach` in `" STR_FMT "`; put it into its `do`",
                          STR_ARG(pair->key), STR_ARG(group->key));
    }
    const struct value *body = value_get(group->value, STR("do"));
    if (body == NULL || body->type != VALUE_MAP)
        return REFUSE(l, group, err,
                      "`foreach` in `" STR_FMT "` needs `do`, a map with `cmd`", STR_ARG(group->key));
    for (uint32_t i = 0; i < body->map.count; i++) {
        const struct value_pair *pair = &body->map.pairs[i];
        if (str_is(pair->key, "foreach") || str_is(pair->key, "matrix") || str_is(pair->key, "do"))
            return REFUSE(l, pair, err, "`" STR_FMT "` inside the `do` of `" STR_FMT "`; `matrix` alone goes through "
                          "several lists", STR_ARG(pair->key), STR_ARG(group->key));
    }
    return STATUS_OK;
}

static enum status expand_foreach(struct instances *g, const struct value *raw, struct error *err)
{
    struct loader *l = g->l;
    const struct value *items;
    enum status status = check_foreach_keys(l, g->group, err);
    if (status == STATUS_OK)
        status = need_variables(l, err);
    struct templates t = templates_of(l, &l->variables.scope, in_stage(l, g->group->key));
    if (status == STATUS_OK)
        status = template_resolve(&t, raw, TEMPLATE_ITEMS, &items, err);
    if (status != STATUS_OK)
        return status;
    if (items->type == VALUE_LIST)
        status = through_list(g, raw, items, err);
    else if (items->type == VALUE_MAP)
        status = through_map(g, items, err);
    else
        status = REFUSE(l, raw, err, "`foreach` in `" STR_FMT "` goes through a list or a map, not %s",
                        STR_ARG(g->group->key), value_type_name(items->type));
    return status == STATUS_OK ? add_all(g, value_get(g->group->value, STR("do")), err) : status;
}

/* ---- matrix ---- */

/* One dimension: a name and its values. */
struct axis {
    struct str name;
    const struct value *raw, *values; /* a list */
};

static const struct value *keys_of(struct arena *arena, const struct value *map)
{
    struct value *list = value_new(arena, VALUE_LIST, map->line, map->column);
    list->list.items = arena_array(arena, struct value *, map->map.count);
    for (uint32_t i = 0; i < map->map.count; i++)
        list->list.items[list->list.count++] = make_string(arena, map->map.pairs[i].key);
    return list;
}

static enum status read_axes(struct instances *g, const struct value *raw, const struct value *resolved,
                             struct axis *axes, uint64_t *product, struct error *err)
{
    struct loader *l = g->l;
    *product = 1;
    for (uint32_t i = 0; i < resolved->map.count; i++) {
        const struct value *values = resolved->map.pairs[i].value;
        if (values->type == VALUE_MAP && raw->map.pairs[i].value->type != VALUE_MAP)
            values = keys_of(l->arena, values);
        if (values->type != VALUE_LIST)
            return REFUSE(l, &raw->map.pairs[i], err, "`" STR_FMT "` in the `matrix` of `" STR_FMT
                          "` must be a list, not %s", STR_ARG(str_printable(l->arena, resolved->map.pairs[i].key)),
                          STR_ARG(g->group->key), value_type_name(values->type));
        axes[i] = (struct axis){resolved->map.pairs[i].key, raw->map.pairs[i].value, values};
        *product *= values->list.count;
        if (*product > STAGES_MAX)
            return too_many(l, g->group, err);
    }
    return STATUS_OK;
}

/* The n-th combination; the last axis changes fastest. */
static enum status add_combination(struct instances *g, const struct axis *axes, uint32_t count, uint64_t n,
                                   uint64_t product, struct error *err)
{
    struct arena *arena = g->l->arena;
    struct value *item = make_map(arena, count);
    buf_clear(&g->name);
    for (uint32_t i = 0; i < count; i++) {
        product /= axes[i].values->list.count;
        uint32_t at = (uint32_t)(n / product);
        n %= product;
        const struct value *value = axes[i].values->list.items[at];
        if (i > 0)
            buf_char(&g->name, '-');
        if (is_composite(value))
            buf_print(&g->name, STR_FMT "%u", STR_ARG(axes[i].name), at);
        else
            spell_in_name(&g->name, value,
                          axes[i].raw->type != VALUE_LIST || is_whole_template(axes[i].raw->list.items[at]));
        put(item, axes[i].name, value);
    }
    return add_instance(g, item, make_string(arena, str_dup(arena, buf_view(&g->name))), err);
}

static enum status expand_matrix(struct instances *g, const struct value *raw, struct error *err)
{
    struct loader *l = g->l;
    const struct value *resolved;
    uint64_t product = 0;
    if (raw->type != VALUE_MAP || raw->map.count == 0)
        return REFUSE(l, raw, err, "`matrix` in `" STR_FMT "` must be a map of names to lists, not %s",
                      STR_ARG(g->group->key), raw->type == VALUE_MAP ? "an empty one" : value_type_name(raw->type));
    enum status status = need_variables(l, err);
    struct templates t = templates_of(l, &l->variables.scope, in_stage(l, g->group->key));
    if (status == STATUS_OK)
        status = template_resolve(&t, raw, TEMPLATE_ITEMS, &resolved, err);
    if (status != STATUS_OK)
        return status;
    struct axis *axes = arena_array(l->arena, struct axis, resolved->map.count);
    status = read_axes(g, raw, resolved, axes, &product, err);
    for (uint64_t n = 0; n < product && status == STATUS_OK; n++)
        status = add_combination(g, axes, resolved->map.count, n, product, err);
    return status == STATUS_OK ? add_all(g, without(l->arena, g->group->value, "matrix"), err) : status;
}

/* ---- which ---- */

enum status resolve_value(struct loader *l, const struct value *value, enum template_use use, const struct value **out,
                          struct error *err)
{
    enum status status = template_is_in(value) ? need_variables(l, err) : STATUS_OK;
    struct templates t = templates_of(l, &l->variables.scope, "");
    return status == STATUS_OK ? template_resolve(&t, value, use, out, err) : status;
}

enum status generate_stages(struct loader *l, const struct value_pair *pair, struct error *err)
{
    const struct value *foreach = value_get(pair->value, STR("foreach"));
    const struct value *matrix = value_get(pair->value, STR("matrix"));
    if (foreach == NULL && value_get(pair->value, STR("do")) != NULL)
        return REFUSE(l, pair, err, "`" STR_FMT "` has `do` without `foreach`; say what it is done for",
                      STR_ARG(pair->key));
    if (foreach == NULL && matrix == NULL)
        return add_stage(l, pair, NULL, err);
    struct instances g = {.l = l, .group = pair};
    enum status status = check_stage_name(l, pair->key, pair->line, pair->column, err);
    l->generated = true;
    if (status == STATUS_OK)
        status = foreach ? expand_foreach(&g, foreach, err) : expand_matrix(&g, matrix, err);
    table_finish(&g.names);
    free(g.items);
    buf_finish(&g.name);
    return status;
}
