/* A rule from its file: arguments, example, stage. */
#include <string.h>

#include "manifest/rule.h"

const char *rule_type_name(enum rule_type type)
{
    static const char *const names[] = {
#define X(name, word, text) word,
        RULE_TYPE_TABLE(X)
#undef X
    };
    return names[type];
}

struct digest rules_shipped_digest(void)
{
    struct buf all = {0};
    for (const struct rule_shipped *rule = rules_shipped; rule->name != NULL; rule++) {
        buf_lstr(&all, str_from(rule->name));
        buf_lstr(&all, str_from(rule->text));
    }
    struct digest digest = digest_of(all.ptr, all.len);
    buf_finish(&all);
    return digest;
}

const struct rule_argument *rule_argument(const struct rule *rule, struct str name)
{
    for (uint32_t i = 0; i < rule->argument_count; i++)
        if (str_equal(rule->arguments[i].name, name))
            return &rule->arguments[i];
    return NULL;
}

/* Every key of a map must be among the `count` that are known. */
static enum status check_keys(struct loader *l, const struct value *map, const char *where, const struct str *known,
                              size_t count, struct error *err)
{
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct value_pair *pair = &map->map.pairs[i];
        bool found = false;
        for (size_t k = 0; k < count; k++)
            found = found || str_equal(pair->key, known[k]);
        if (!found)
            return REFUSE(l, pair, err, "unknown key `" STR_FMT "` %s%s", STR_ARG(pair->key), where,
                          loader_hint(l, pair->key, known, count));
    }
    return STATUS_OK;
}

/* ---- arguments ---- */

static enum status read_type(struct loader *l, const struct value *v, enum rule_type *out, struct error *err)
{
    static const struct str words[] = {
#define X(name, word, text) {word, sizeof word - 1},
        RULE_TYPE_TABLE(X)
#undef X
    };
    struct str name;
    enum status status = read_string(l, v, "`type` of an argument", &name, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_equal(name, words[i])) {
            *out = (enum rule_type)i;
            return STATUS_OK;
        }
    return REFUSE(l, v, err, "unknown type `" STR_FMT "`%s", STR_ARG(name),
                  loader_hint(l, name, words, sizeof words / sizeof *words));
}

static bool is_argument_name(struct str name)
{
    bool good = name.len > 0 && name.ptr[0] >= 'a' && name.ptr[0] <= 'z';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        good = good && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
    }
    return good;
}

static enum status read_choices(struct loader *l, const struct rule *rule, struct rule_argument *argument,
                                const struct value *v, struct error *err)
{
    enum status status = v->type == VALUE_LIST && v->list.count > 0
                             ? STATUS_OK
                             : read_type_error(l, v, "`choices`", "a list of values", err);
    for (uint32_t i = 0; status == STATUS_OK && i < v->list.count; i++)
        status = rule_check_value(l, rule, argument, v->list.items[i], err);
    argument->choices = v;
    return status;
}

static enum status read_argument(struct loader *l, const struct rule *rule, const struct value_pair *pair,
                                 struct rule_argument *argument, struct error *err)
{
    static const struct str known[] = {{"type", 4}, {"desc", 4}, {"required", 8}, {"default", 7}, {"choices", 7}};
    *argument = (struct rule_argument){.name = pair->key, .desc = STR("")};
    if (!is_argument_name(pair->key))
        return REFUSE(l, pair, err, "`" STR_FMT "` cannot name an argument; use a-z first, then a-z, 0-9 and `_`",
                      STR_ARG(pair->key));
    const struct value *v = pair->value, *type = value_get(v, STR("type")), *desc = value_get(v, STR("desc"));
    if (str_is(pair->key, "stage"))
        return REFUSE(l, pair, err, "`${stage}` is the name of the stage that uses the rule; give another");
    if (v->type != VALUE_MAP)
        return read_type_error(l, v, "an argument", "a map such as {type: path, desc: ...}", err);
    const char *where = str_format(l->arena, "of the argument `" STR_FMT "`", STR_ARG(pair->key)).ptr;
    enum status status = check_keys(l, v, where, known, sizeof known / sizeof *known, err);
    if (status == STATUS_OK && (type == NULL || desc == NULL))
        status = REFUSE(l, pair, err, "the argument `" STR_FMT "` has no `%s`; add it", STR_ARG(pair->key),
                        type == NULL ? "type" : "desc");
    if (status == STATUS_OK)
        status = read_type(l, type, &argument->type, err);
    if (status == STATUS_OK)
        status = read_string(l, desc, "`desc` of an argument", &argument->desc, err);
    const struct value *required = value_get(v, STR("required")), *choices = value_get(v, STR("choices"));
    const struct value *fallback = value_get(v, STR("default"));
    if (status == STATUS_OK && required != NULL)
        status = read_bool(l, required, "`required`", &argument->required, err);
    if (status == STATUS_OK && choices != NULL)
        status = read_choices(l, rule, argument, choices, err);
    if (status == STATUS_OK && fallback != NULL && argument->required)
        status = REFUSE(l, fallback, err,
                        "the argument `" STR_FMT "` is required and has a default; take one of them out",
                        STR_ARG(pair->key));
    if (status == STATUS_OK && fallback != NULL)
        status = rule_check_value(l, rule, argument, fallback, err);
    argument->fallback = fallback;
    return status;
}

static enum status read_arguments(struct loader *l, const struct value *args, struct rule *rule, struct error *err)
{
    if (args == NULL || args->type == VALUE_NULL)
        return STATUS_OK;
    if (args->type != VALUE_MAP)
        return read_type_error(l, args, "`args`", "a map of names to arguments", err);
    rule->arguments = arena_array(l->arena, struct rule_argument, args->map.count);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < args->map.count && status == STATUS_OK; i++) {
        status = read_argument(l, rule, &args->map.pairs[i], &rule->arguments[i], err);
        rule->argument_count += status == STATUS_OK;
    }
    return status;
}

/* ---- the stage ---- */

static enum status check_stage(struct loader *l, const struct value *stage, struct error *err)
{
    if (stage->type != VALUE_MAP)
        return read_type_error(l, stage, "`stage`", "a map with `cmd`", err);
    for (uint32_t i = 0; i < stage->map.count; i++) {
        const struct value_pair *pair = &stage->map.pairs[i];
        if (str_is(pair->key, "use") || str_is(pair->key, "with"))
            return REFUSE(l, pair, err, "a rule cannot use a rule; write its stage out in full");
        if (str_is(pair->key, "cmd") && pair->value->type == VALUE_STRING && str_find(pair->value->text, '\n') >= 0)
            return REFUSE(l, pair->value, err,
                          "`cmd` of a rule is one line or a list; an item of a list is one command, whatever lines "
                          "it has");
    }
    return STATUS_OK;
}

/* Fills in the example, and reads what comes out as a stage. */
static enum status try_example(struct loader *l, struct rule *rule, struct position at, struct error *err)
{
    struct value *expansion;
    const struct value *const *values;
    enum status status = rule_bind(l, rule, rule->example, at, &values, err);
    if (status == STATUS_OK)
        status = rule_fill(l, rule, values, (struct position){0}, &expansion, err);
    if (status != STATUS_OK)
        return status;
    rule->expansion = expansion;
    struct value_pair pair = {STR("example"), expansion->line, expansion->column, expansion};
    struct manifest_stage stage;
    return load_stage(l, &pair, &stage, err);
}

enum status rule_parse(struct arena *arena, struct str name, struct str file, struct str text, struct rule *out,
                       struct error *err)
{
    static const struct str known[] = {{"desc", 4}, {"args", 4}, {"example", 7}, {"stage", 5}};
    struct loader l = {.arena = arena, .file = str_terminated(arena, file), .root = STR("/"), .base = STR(".")};
    struct value *root;
    *out = (struct rule){.name = name, .file = str_from(l.file)};
    enum status status = yaml_parse(arena, text, file, &root, err);
    if (status == STATUS_OK && root->type != VALUE_MAP)
        status = read_type_error(&l, root, "a rule", "a map with `desc` and `stage`", err);
    if (status == STATUS_OK)
        status = check_keys(&l, root, "of a rule", known, sizeof known / sizeof *known, err);
    if (status != STATUS_OK)
        return status;
    const struct value *desc = value_get(root, STR("desc")), *stage = value_get(root, STR("stage"));
    if (desc == NULL || stage == NULL)
        return REFUSE(&l, root, err, "the rule has no `%s`; add it", desc == NULL ? "desc" : "stage");
    out->stage = stage;
    out->example = value_get(root, STR("example"));
    struct position at = {root->line, root->column};
    if (out->example != NULL)
        at = (struct position){out->example->line, out->example->column};
    else
        out->example = value_new(arena, VALUE_MAP, at.line, at.column);
    status = read_string(&l, desc, "`desc`", &out->desc, err);
    if (status == STATUS_OK)
        status = read_arguments(&l, value_get(root, STR("args")), out, err);
    if (status == STATUS_OK)
        status = check_stage(&l, stage, err);
    return status == STATUS_OK ? try_example(&l, out, at, err) : status;
}
