/* The policy: whose approval counts, how many are needed, and which gates an environment requires. */
#include "gate/gate.h"

#include <string.h>

struct reading {
    struct arena *arena;
    const char *file;
    struct gate_policy *out;
};

#define REFUSE(r, v, err, ...) error_at((err), STATUS_MANIFEST, (r)->file, (v)->line, (v)->column, __VA_ARGS__)

static enum status want(struct reading *r, const struct value *v, enum value_type type, const char *what,
                        const char *example, struct error *err)
{
    if (v->type == type)
        return STATUS_OK;
    return REFUSE(r, v, err, "%s is %s; write %s", what, value_type_name(v->type), example);
}

/* Every key of `map` must be one of `known` (names separated by blanks). */
static enum status check_keys(struct reading *r, const struct value *map, const char *what, const char *known,
                              struct error *err)
{
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct value_pair *pair = &map->map.pairs[i];
        struct str rest = str_from(known);
        bool found = false;
        while (rest.len > 0 && !found) {
            ptrdiff_t end = str_find(rest, ' ');
            size_t len = end >= 0 ? (size_t)end : rest.len;
            found = str_equal(pair->key, str_slice(rest, 0, len));
            rest = str_slice(rest, len + (end >= 0), rest.len);
        }
        if (!found)
            return REFUSE(r, pair, err, "%s has no `" STR_FMT "`; what may be there: %s", what, STR_ARG(pair->key),
                          known);
    }
    return STATUS_OK;
}

static enum status read_text(struct reading *r, const struct value *map, const char *key, struct str *out,
                             struct error *err)
{
    const struct value *v = value_get(map, str_from(key));
    if (v == NULL || v->type != VALUE_STRING || v->text.len == 0 || memchr(v->text.ptr, 0, v->text.len) != NULL)
        return REFUSE(r, v != NULL ? v : map, err, "`%s` must be there, and must be a text", key);
    *out = v->text;
    return STATUS_OK;
}

static enum status read_names(struct reading *r, const struct value *v, const char *what, struct gate_names *out,
                              struct error *err)
{
    enum status status = want(r, v, VALUE_LIST, what, "a list of names", err);
    if (status != STATUS_OK)
        return status;
    out->items = arena_array(r->arena, struct str, v->list.count);
    for (uint32_t i = 0; i < v->list.count; i++) {
        const struct value *item = v->list.items[i];
        status = want(r, item, VALUE_STRING, what, "a list of names", err);
        if (status != STATUS_OK)
            return status;
        for (uint32_t j = 0; j < out->count; j++)
            if (gate_same_principal(out->items[j], item->text))
                return REFUSE(r, item, err, "`" STR_FMT "` is there twice; remove one", STR_ARG(item->text));
        out->items[out->count++] = item->text;
    }
    return STATUS_OK;
}

static const struct gate_group *find_group(const struct gate_policy *policy, struct str name)
{
    for (uint32_t i = 0; i < policy->group_count; i++)
        if (str_equal(policy->groups[i].name, name))
            return &policy->groups[i];
    return NULL;
}

static enum status read_protection(struct reading *r, const struct value *v, struct error *err)
{
    r->out->protection_given = true;
    if (v->type == VALUE_STRING && str_is(v->text, "none"))
        return STATUS_OK;
    enum status status = want(r, v, VALUE_MAP, "`protected`", "`none` or {url: URL, ref: refs/heads/BRANCH}", err);
    if (status == STATUS_OK)
        status = check_keys(r, v, "`protected`", "url ref", err);
    if (status == STATUS_OK)
        status = read_text(r, v, "url", &r->out->url, err);
    if (status == STATUS_OK)
        status = read_text(r, v, "ref", &r->out->ref, err);
    return status;
}

static enum status read_groups(struct reading *r, const struct value *v, struct error *err)
{
    enum status status = want(r, v, VALUE_MAP, "`groups`", "NAME: [PRINCIPAL, ...]", err);
    if (status != STATUS_OK)
        return status;
    r->out->groups = arena_array(r->arena, struct gate_group, v->map.count);
    for (uint32_t i = 0; i < v->map.count && status == STATUS_OK; i++) {
        struct gate_group *group = &r->out->groups[r->out->group_count++];
        group->name = v->map.pairs[i].key;
        status = read_names(r, v->map.pairs[i].value, "a group", &group->members, err);
    }
    return status;
}

static enum status read_numbers(struct reading *r, const struct value *v, struct gate_rule *rule, struct error *err)
{
    const struct value *need = value_get(v, STR("need")), *author = value_get(v, STR("not_author")),
                       *expires = value_get(v, STR("expires"));
    uint64_t lasts_ms = 0;
    if (need != NULL && (need->type != VALUE_INT || need->integer < 1 || need->integer > 1000))
        return REFUSE(r, need, err, "`need` is a number of people, from 1 on");
    if (author != NULL && author->type != VALUE_BOOL)
        return REFUSE(r, author, err, "`not_author` is true or false");
    bool scalar = expires != NULL && (expires->type == VALUE_STRING || expires->type == VALUE_INT);
    if (expires != NULL && (!scalar || !parse_duration_ms(expires->text, &lasts_ms) || lasts_ms < 1000 ||
                            lasts_ms > INT64_MAX / 2))
        return REFUSE(r, expires, err, "`expires` is a duration, such as 14d");
    rule->need = need != NULL ? (uint32_t)need->integer : 1;
    rule->not_author = author == NULL || author->boolean;
    rule->expires_ms = (int64_t)lasts_ms;
    return STATUS_OK;
}

static enum status read_rule(struct reading *r, const struct value_pair *pair, struct gate_rule *rule,
                             struct error *err)
{
    const struct value *v = pair->value;
    rule->gate = pair->key;
    if (!gate_is_name(pair->key))
        return REFUSE(r, pair, err, "`" STR_FMT "` cannot be the name of a gate", STR_ARG(pair->key));
    enum status status = want(r, v, VALUE_MAP, "a gate", "{group: GROUP, need: 2, expires: 14d}", err);
    if (status == STATUS_OK)
        status = check_keys(r, v, "a gate", "group need not_author expires", err);
    if (status == STATUS_OK)
        status = read_text(r, v, "group", &rule->group, err);
    if (status == STATUS_OK)
        status = read_numbers(r, v, rule, err);
    if (status != STATUS_OK)
        return status;
    const struct gate_group *group = find_group(r->out, rule->group);
    if (group == NULL)
        return REFUSE(r, v, err, "there is no group `" STR_FMT "`; add it to `groups`", STR_ARG(rule->group));
    if (rule->need > group->members.count)
        return REFUSE(r, v, err, "%u approvals are needed, and `" STR_FMT "` has %u people", rule->need,
                      STR_ARG(rule->group), group->members.count);
    return STATUS_OK;
}

static enum status read_rules(struct reading *r, const struct value *v, struct error *err)
{
    enum status status = want(r, v, VALUE_MAP, "`gates`", "GATE: {group: GROUP, need: 2, expires: 14d}", err);
    if (status != STATUS_OK)
        return status;
    r->out->rules = arena_array(r->arena, struct gate_rule, v->map.count);
    for (uint32_t i = 0; i < v->map.count && status == STATUS_OK; i++)
        status = read_rule(r, &v->map.pairs[i], &r->out->rules[r->out->rule_count++], err);
    return status;
}

static enum status read_environment(struct reading *r, const struct value_pair *pair, struct gate_environment *out,
                                    struct error *err)
{
    const struct value *v = pair->value, *gates = value_get(v, STR("gates"));
    out->name = pair->key;
    out->since = STR("");
    enum status status = want(r, v, VALUE_MAP, "an environment", "{gates: [GATE, ...]}", err);
    if (status == STATUS_OK)
        status = check_keys(r, v, "an environment", "gates since", err);
    if (status == STATUS_OK && gates == NULL)
        return REFUSE(r, v, err, "`gates` must be there: those that must have passed, or [] for none");
    if (status == STATUS_OK)
        status = read_names(r, gates, "`gates` of an environment", &out->gates, err);
    const struct value *since = value_get(v, STR("since"));
    if (status == STATUS_OK && since != NULL) {
        out->since = since->text; /* which may look like a number */
        if (since->type == VALUE_LIST || since->type == VALUE_MAP ||
            (!gate_is_hex(out->since, 40) && !gate_is_hex(out->since, 64)))
            return REFUSE(r, since, err, "`since` is the full id of a commit: a name could be moved to another");
    }
    for (uint32_t i = 0; i < out->gates.count && status == STATUS_OK; i++)
        if (gate_policy_rule(r->out, out->gates.items[i]) == NULL)
            status = REFUSE(r, gates, err, "there is no gate `" STR_FMT "`; add it to `gates`",
                            STR_ARG(out->gates.items[i]));
    return status;
}

static enum status read_environments(struct reading *r, const struct value *v, struct error *err)
{
    enum status status = want(r, v, VALUE_MAP, "`environments`", "NAME: {gates: [GATE, ...]}", err);
    if (status != STATUS_OK)
        return status;
    r->out->environments = arena_array(r->arena, struct gate_environment, v->map.count);
    for (uint32_t i = 0; i < v->map.count && status == STATUS_OK; i++)
        status = read_environment(r, &v->map.pairs[i], &r->out->environments[r->out->environment_count++], err);
    return status;
}

enum status gate_policy_parse(struct arena *arena, struct str text, struct str file, struct gate_policy *out,
                              struct error *err)
{
    typedef enum status (*section_reader)(struct reading *r, const struct value *v, struct error *err);
    static const struct section {
        struct str name;
        section_reader read;
    } sections[] = {{{"protected", 9}, read_protection}, /* in an order in which what is named is there */
                    {{"groups", 6}, read_groups},
                    {{"gates", 5}, read_rules},
                    {{"environments", 12}, read_environments}};
    struct reading r = {arena, str_terminated(arena, file), out};
    struct value *root;
    *out = (struct gate_policy){.url = STR(""), .ref = STR("")};
    enum status status = yaml_parse(arena, text, str_from(r.file), &root, err);
    if (status == STATUS_OK)
        status = want(&r, root, VALUE_MAP, "the policy", "`repository`, `protected`, `groups` and `gates`", err);
    if (status == STATUS_OK)
        status = check_keys(&r, root, "the policy", "repository protected groups gates environments", err);
    if (status == STATUS_OK)
        status = read_text(&r, root, "repository", &out->repository, err);
    for (size_t i = 0; i < sizeof sections / sizeof *sections && status == STATUS_OK; i++) {
        const struct value *section = value_get(root, sections[i].name);
        status = section != NULL ? sections[i].read(&r, section, err) : STATUS_OK;
    }
    return status;
}

const struct gate_rule *gate_policy_rule(const struct gate_policy *policy, struct str gate)
{
    for (uint32_t i = 0; i < policy->rule_count; i++)
        if (str_equal(policy->rules[i].gate, gate))
            return &policy->rules[i];
    return NULL;
}

const struct gate_environment *gate_policy_environment(const struct gate_policy *policy, struct str name)
{
    for (uint32_t i = 0; i < policy->environment_count; i++)
        if (str_equal(policy->environments[i].name, name))
            return &policy->environments[i];
    return NULL;
}
