/* `use` and `with`: the rule that a stage uses, found, filled in, and put together with the stage's own keys. */
#include <stdlib.h>
#include <string.h>

#include "manifest/rule.h"
#include "refit/base/path.h"

/* ---- arguments ---- */

bool rule_path_leaves(struct str path)
{
    struct str rest = path;
    for (ptrdiff_t slash; (slash = str_find(rest, '/')) >= 0; rest = str_slice(rest, (size_t)slash + 1, rest.len))
        if (slash == 2 && str_starts(rest, STR("..")))
            return true;
    return str_is(rest, "..");
}

static const char *what_argument(struct loader *l, const struct rule *rule, const struct rule_argument *argument)
{
    return str_format(l->arena, "the argument `" STR_FMT "` of the rule `" STR_FMT "`", STR_ARG(argument->name),
                      STR_ARG(rule->name)).ptr;
}

static enum status check_item(struct loader *l, const char *what, bool is_path, const struct value *v,
                              struct error *err)
{
    if (is_path && !is_text(v))
        return read_type_error(l, v, what, "a string (a path)", err);
    if (is_path && (v->text.len == 0 || rule_path_leaves(v->text)))
        return REFUSE(l, v, err, "%s%s cannot be the path `" STR_FMT "`; name one without `..`", what, loader_where(l),
                      STR_ARG(v->text));
    if (v->type == VALUE_LIST || v->type == VALUE_MAP || v->type == VALUE_NULL)
        return read_type_error(l, v, what, "a list of strings and numbers", err);
    if (str_find(v->text, '\0') >= 0)
        return REFUSE(l, v, err, "%s%s contains a NUL byte; remove it", what, loader_where(l));
    return STATUS_OK;
}

static enum status check_type(struct loader *l, const char *what, enum rule_type type, const struct value *v,
                              struct error *err)
{
    static const char *const expected[] = {
#define X(name, word, text) text,
        RULE_TYPE_TABLE(X)
#undef X
    };
    static const enum value_type types[] = {
        [RULE_STRING] = VALUE_STRING, [RULE_PATH] = VALUE_STRING,   [RULE_INTEGER] = VALUE_INT,
        [RULE_NUMBER] = VALUE_FLOAT,  [RULE_BOOLEAN] = VALUE_BOOL,  [RULE_LIST] = VALUE_LIST,
        [RULE_PATHS] = VALUE_LIST,    [RULE_MAP] = VALUE_MAP,
    };
    bool text = type == RULE_STRING || type == RULE_PATH;
    if (v->type != types[type] && !(type == RULE_NUMBER && v->type == VALUE_INT) && !(text && is_text(v)))
        return read_type_error(l, v, what, expected[type], err);
    enum status status = STATUS_OK;
    if (text)
        status = check_item(l, what, type == RULE_PATH, v, err);
    for (uint32_t i = 0; v->type == VALUE_LIST && i < v->list.count && status == STATUS_OK; i++)
        status = check_item(l, what, type == RULE_PATHS, v->list.items[i], err);
    return status;
}

static bool is_choice(const struct value *choices, const struct value *v)
{
    for (uint32_t i = 0; i < choices->list.count; i++)
        if (value_equal(choices->list.items[i], v))
            return true;
    return false;
}

enum status rule_check_value(struct loader *l, const struct rule *rule, const struct rule_argument *argument,
                             const struct value *v, struct error *err)
{
    const char *what = what_argument(l, rule, argument);
    enum status status = check_type(l, what, argument->type, v, err);
    const struct value *choices = argument->choices;
    if (status != STATUS_OK || choices == NULL || is_choice(choices, v))
        return status;
    struct str *names = arena_array(l->arena, struct str, choices->list.count);
    for (uint32_t i = 0; i < choices->list.count; i++)
        names[i] = choices->list.items[i]->text;
    return REFUSE(l, v, err, "%s%s cannot be `" STR_FMT "`%s", what, loader_where(l), STR_ARG(v->text),
                  loader_hint(l, v->text, names, choices->list.count));
}

static enum status check_names(struct loader *l, const struct rule *rule, const struct value *with, struct error *err)
{
    struct str *names = arena_array(l->arena, struct str, rule->argument_count);
    for (uint32_t i = 0; i < rule->argument_count; i++)
        names[i] = rule->arguments[i].name;
    for (uint32_t i = 0; i < with->map.count; i++) {
        const struct value_pair *pair = &with->map.pairs[i];
        if (rule_argument(rule, pair->key) == NULL)
            return REFUSE(l, pair, err, "the rule `" STR_FMT "` has no argument `" STR_FMT "`%s%s", STR_ARG(rule->name),
                          STR_ARG(pair->key), loader_where(l),
                          rule->argument_count > 0 ? loader_hint(l, pair->key, names, rule->argument_count) : "");
    }
    return STATUS_OK;
}

/* The name of a stage as that of a file: behind an `@` there may be slashes. */
static struct str file_name(struct arena *arena, struct str stage)
{
    struct buf out = {0};
    for (size_t i = 0; i < stage.len; i++) {
        if (stage.ptr[i] == '/' || stage.ptr[i] == '%')
            buf_print(&out, "%%%02X", (unsigned)stage.ptr[i]);
        else
            buf_char(&out, stage.ptr[i]);
    }
    struct str name = str_dup(arena, buf_view(&out));
    buf_finish(&out);
    return name;
}

enum status rule_bind(struct loader *l, const struct rule *rule, const struct value *with, struct position at,
                      const struct value *const **out, struct error *err)
{
    const struct value **values = arena_array(l->arena, const struct value *, (size_t)rule->argument_count + 1);
    struct value *name = value_new(l->arena, VALUE_STRING, at.line, at.column);
    name->text = file_name(l->arena, l->stage != NULL ? l->stage->name : STR("example"));
    values[rule->argument_count] = name;
    *out = values;
    if (with != NULL && with->type != VALUE_MAP && with->type != VALUE_NULL)
        return read_type_error(l, with, "what a rule is used with", "a map of arguments", err);
    bool has_arguments = with != NULL && with->type == VALUE_MAP;
    enum status status = has_arguments ? check_names(l, rule, with, err) : STATUS_OK;
    for (uint32_t i = 0; i < rule->argument_count && status == STATUS_OK; i++) {
        const struct rule_argument *argument = &rule->arguments[i];
        const struct value *v = has_arguments ? value_get(with, argument->name) : NULL;
        if (v != NULL && v->type != VALUE_NULL)
            status = rule_check_value(l, rule, argument, v, err);
        else if (argument->required)
            status = REFUSE(l, &at, err, "the rule `" STR_FMT "`%s needs `" STR_FMT "` (%s: " STR_FMT
                            "); add it under `with:`",
                            STR_ARG(rule->name), loader_where(l), STR_ARG(argument->name),
                            rule_type_name(argument->type), STR_ARG(argument->desc));
        else
            v = argument->fallback;
        values[i] = v != NULL && v->type != VALUE_NULL ? v : NULL;
    }
    return status;
}

/* ---- finding a rule ---- */

static enum status unknown_rule(struct loader *l, const struct value *use, struct error *err)
{
    enum { SHIPPED_MAX = 256 };
    struct str names[SHIPPED_MAX];
    size_t count = 0;
    while (rules_shipped[count].name != NULL && count < SHIPPED_MAX) {
        names[count] = str_from(rules_shipped[count].name);
        count++;
    }
    return REFUSE(l, use, err, "no rule is called `" STR_FMT "`%s: there is no rules/" STR_FMT ".yaml%s",
                  STR_ARG(use->text), loader_where(l), STR_ARG(use->text), loader_hint(l, use->text, names, count));
}

static bool is_rule_name(struct str name)
{
    bool good = name.len > 0 && name.len <= 100 && name.ptr[0] != '.' && name.ptr[0] != '-';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        good = good && (letter || c == '.' || c == '_' || c == '-');
    }
    return good;
}

/* The text of a rule: the project's own, then what refit ships. */
static enum status find_text(struct loader *l, const struct value *use, struct str *file, struct str *text,
                             struct error *err)
{
    bool found;
    *file = str_format(l->arena, "rules/" STR_FMT ".yaml", STR_ARG(use->text));
    struct position at = {use->line, use->column};
    enum status status = loader_read(l, *file, at, text, &found, err);
    if (status != STATUS_OK || found)
        return status;
    for (const struct rule_shipped *rule = rules_shipped; rule->name != NULL; rule++)
        if (str_is(use->text, rule->name)) {
            *file = str_format(l->arena, "refit's rules/%s.yaml", rule->name);
            *text = str_from(rule->text);
            return STATUS_OK;
        }
    return unknown_rule(l, use, err);
}

static enum status find_rule(struct loader *l, const struct value *use, const struct rule **out, struct error *err)
{
    struct str name, file, text;
    enum status status = read_string(l, use, "`use`", &name, err);
    if (status != STATUS_OK)
        return status;
    for (struct rule_loaded *loaded = l->rules; loaded != NULL; loaded = loaded->next)
        if (str_equal(loaded->rule.name, name)) {
            *out = &loaded->rule;
            return STATUS_OK;
        }
    if (!is_rule_name(name))
        return REFUSE(l, use, err, "`" STR_FMT "`%s cannot name a rule; use letters, digits and `_ - .`", STR_ARG(name),
                      loader_where(l));
    status = find_text(l, use, &file, &text, err);
    struct rule_loaded *loaded = arena_new(l->arena, struct rule_loaded);
    if (status == STATUS_OK)
        status = rule_parse(l->arena, name, file, text, &loaded->rule, err);
    if (status != STATUS_OK)
        return status;
    loaded->next = l->rules;
    l->rules = loaded;
    *out = &loaded->rule;
    return STATUS_OK;
}

/* ---- putting it together ---- */

static struct value_pair *find_pair(struct value *map, struct str key)
{
    for (uint32_t i = 0; i < map->map.count; i++)
        if (str_equal(map->map.pairs[i].key, key))
            return &map->map.pairs[i];
    return NULL;
}

/* The items of both, what is the same once. */
static struct value *add_lists(struct arena *arena, const struct value *rule, const struct value *own)
{
    struct value *out = value_new(arena, VALUE_LIST, own->line, own->column);
    out->list.items = arena_array(arena, struct value *, (size_t)rule->list.count + own->list.count);
    for (uint32_t i = 0; i < rule->list.count; i++)
        out->list.items[out->list.count++] = rule->list.items[i];
    for (uint32_t i = 0; i < own->list.count; i++) {
        bool there = false;
        for (uint32_t k = 0; k < rule->list.count && !there; k++)
            there = value_equal(rule->list.items[k], own->list.items[i]);
        if (!there)
            out->list.items[out->list.count++] = own->list.items[i];
    }
    return out;
}

/* The entries of both; the stage's own win. */
static struct value *add_maps(struct arena *arena, const struct value *rule, const struct value *own)
{
    struct value *out = value_new(arena, VALUE_MAP, own->line, own->column);
    out->map.pairs = arena_array(arena, struct value_pair, (size_t)rule->map.count + own->map.count);
    for (uint32_t i = 0; i < own->map.count; i++)
        out->map.pairs[out->map.count++] = own->map.pairs[i];
    for (uint32_t i = 0; i < rule->map.count; i++)
        if (value_get(own, rule->map.pairs[i].key) == NULL)
            out->map.pairs[out->map.count++] = rule->map.pairs[i];
    return out;
}

static bool is_added(struct str key)
{
    static const char *const keys[] = {"deps", "params", "outs", "metrics", "plots", "env", "needs", "tools",
                                       "resources", "meta"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (str_is(key, keys[i]))
            return true;
    return false;
}

/* One of the stage's own keys into what the rule gave; there is room. */
static void merge_key(struct loader *l, struct value *stage, const struct value_pair *own)
{
    struct value_pair *there = find_pair(stage, own->key);
    if (there == NULL) {
        stage->map.pairs[stage->map.count++] = *own;
        return;
    }
    struct value *rule = there->value;
    there->line = own->line;
    there->column = own->column;
    if (!is_added(own->key) || (own->value->type != rule->type && own->value->type != VALUE_NULL))
        there->value = own->value;
    else if (own->value->type == VALUE_LIST)
        there->value = add_lists(l->arena, rule, own->value);
    else if (own->value->type == VALUE_MAP)
        there->value = add_maps(l->arena, rule, own->value);
}

/* Words were quoted for a shell that quotes as POSIX says. */
static enum status check_shell(struct loader *l, const struct value *stage, struct error *err)
{
    static const char *const names[] = {"sh", "bash", "dash", "ash", "ksh", "zsh"};
    const struct value *shell = value_get(stage, STR("shell"));
    if (shell == NULL || shell->type != VALUE_STRING)
        return STATUS_OK;
    struct str name = path_name(shell->text);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(name, names[i]))
            return STATUS_OK;
    return REFUSE(l, shell, err, "the commands of a rule%s need a shell such as /bin/sh or bash, not `" STR_FMT "`",
                  loader_where(l), STR_ARG(shell->text));
}

enum status rule_expand(struct loader *l, const struct value **stage, struct str *name, struct error *err)
{
    const struct value *own = *stage, *use = value_get(own, STR("use")), *with = value_get(own, STR("with"));
    *name = STR("");
    if (l->dialect == MANIFEST_DVC) /* has no such keys */
        return STATUS_OK;
    if (use == NULL && with != NULL)
        return REFUSE(l, with, err, "`with`%s has no `use`; name the rule that these arguments are for",
                      loader_where(l));
    if (use == NULL)
        return STATUS_OK;
    const struct rule *rule = NULL;
    struct value *filled = NULL;
    struct position at = {use->line, use->column};
    enum status status = find_rule(l, use, &rule, err);
    if (status != STATUS_OK)
        return status;
    const struct value *const *values = NULL;
    status = rule_bind(l, rule, with, at, &values, err);
    if (status == STATUS_OK)
        status = rule_fill(l, rule, values, at, &filled, err);
    if (status != STATUS_OK)
        return status;
    struct value *merged = value_new(l->arena, VALUE_MAP, own->line, own->column);
    merged->map.pairs = arena_array(l->arena, struct value_pair, (size_t)filled->map.count + own->map.count);
    memcpy(merged->map.pairs, filled->map.pairs, filled->map.count * sizeof *filled->map.pairs);
    merged->map.count = filled->map.count;
    for (uint32_t i = 0; i < own->map.count; i++)
        if (own->map.pairs[i].value != use && own->map.pairs[i].value != with)
            merge_key(l, merged, &own->map.pairs[i]);
    *stage = merged;
    *name = rule->name;
    return check_shell(l, merged, err);
}
