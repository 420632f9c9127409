/* The templates of a rule, filled in with what its arguments are. */
#include <stdlib.h>
#include <string.h>

#include "manifest/rule.h"
#include "refit/base/json.h"

/* More than any command can be; so a list that is written a thousand times ends in an error. */
enum { FILLED_BYTES_MAX = 1 << 20 };

struct fill {
    struct loader *l;
    const struct rule *rule;
    const struct value *const *values; /* of the arguments, and behind them the name of the stage */
    struct position at;
    size_t bytes; /* filled in so far; a node counts as some */
};

static enum rule_type type_of(const struct fill *f, uint32_t index)
{
    return index < f->rule->argument_count ? f->rule->arguments[index].type : RULE_STRING;
}

static struct position place(const struct fill *f, uint32_t line, uint32_t column)
{
    return f->at.line > 0 ? f->at : (struct position){line, column};
}

static enum status spend(struct fill *f, const struct value *v, size_t bytes, struct error *err)
{
    enum { NODE_BYTES = 16 };
    f->bytes += bytes + NODE_BYTES;
    if (f->bytes <= FILLED_BYTES_MAX)
        return STATUS_OK;
    struct position at = place(f, v->line, v->column);
    return REFUSE(f->l, &at, err, "the stage that the rule `" STR_FMT "` gives%s is longer than %d KiB; give it less",
                  STR_ARG(f->rule->name), loader_where(f->l), FILLED_BYTES_MAX >> 10);
}

/* ---- finding templates ---- */

/* A template in a text: from `${` to behind `}`. */
struct template_place {
    size_t start, end;
    struct str prefix;
    uint32_t index; /* of its argument */
};

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_prefix(struct str prefix)
{
    for (size_t i = 0; i < prefix.len; i++) {
        char c = prefix.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || strchr("-_=:,./+@ ", c) == NULL))
            return false;
    }
    return true;
}

static enum status read_template(struct fill *f, struct str text, struct position at, struct template_place *t,
                                 struct error *err)
{
    ptrdiff_t length = str_find(str_slice(text, t->start, text.len), '}');
    if (length < 0)
        return REFUSE(f->l, &at, err, "a template without its `}`; write \\${ for a literal ${");
    t->end = t->start + (size_t)length + 1;
    struct str inside = str_trim(str_slice(text, t->start + 2, t->end - 1)), name = inside;
    size_t begin = inside.len;
    while (begin > 0 && is_name_byte(inside.ptr[begin - 1]))
        begin--;
    name = str_slice(inside, begin, inside.len);
    t->prefix = str_slice(inside, 0, begin);
    if (name.len == 0 || !is_prefix(t->prefix))
        return REFUSE(f->l, &at, err,
                      "`${" STR_FMT "}` is no template of a rule; it takes ${NAME} or ${--option NAME}, and \\${ is a "
                      "literal ${",
                      STR_ARG(inside));
    uint32_t count = f->rule->argument_count + 1;
    struct str *names = arena_array(f->l->arena, struct str, count);
    for (t->index = 0; t->index < count; t->index++) {
        names[t->index] = t->index + 1 < count ? f->rule->arguments[t->index].name : STR("stage");
        if (str_equal(name, names[t->index]))
            return STATUS_OK;
    }
    return REFUSE(f->l, &at, err, "the rule has no argument `" STR_FMT "`%s", STR_ARG(name),
                  loader_hint(f->l, name, names, count));
}

/* The next template from `from`; *found is false if there is none. */
static enum status next_template(struct fill *f, struct str text, size_t from, struct position at,
                                 struct template_place *t, bool *found, struct error *err)
{
    *found = false;
    for (size_t i = from; i + 1 < text.len; i++)
        if (text.ptr[i] == '$' && text.ptr[i + 1] == '{' && (i == 0 || text.ptr[i - 1] != '\\')) {
            t->start = i;
            *found = true;
            return read_template(f, text, at, t, err);
        }
    return STATUS_OK;
}

/* ---- text ---- */

static struct str scalar_text(struct fill *f, const struct value *v)
{
    struct str text = v->text;
    read_scalar_text(f->l, v, &text);
    return text;
}

static void append_word(struct fill *f, struct buf *out, const struct template_place *t, const struct value *v,
                        bool is_path, char next)
{
    struct str text = scalar_text(f, v);
    if (is_path && str_starts(text, STR("-"))) /* or it would be taken for an option */
        text = str_format(f->l->arena, "./" STR_FMT, STR_ARG(text));
    buf_str(out, t->prefix);
    shell_append_word(out, text, next);
}

/* An argument as words of a command. */
static void append_words(struct fill *f, struct buf *out, const struct template_place *t, char next)
{
    const struct value *v = f->values[t->index];
    enum rule_type type = type_of(f, t->index);
    if (v == NULL)
        return;
    for (uint32_t i = 0; v->type == VALUE_LIST && i < v->list.count; i++) {
        if (i > 0)
            buf_char(out, ' ');
        append_word(f, out, t, v->list.items[i], type == RULE_PATHS, next);
    }
    if (v->type == VALUE_MAP) {
        struct buf text = {0};
        struct json j;
        json_init(&j, &text);
        json_value(&j, v);
        buf_str(out, t->prefix);
        shell_append_word(out, buf_view(&text), next);
        buf_finish(&text);
    } else if (v->type != VALUE_LIST) {
        append_word(f, out, t, v, type == RULE_PATH, next);
    }
}

static enum status append_template(struct fill *f, struct buf *out, const struct value *v, struct template_place *t,
                                   struct shell_text *shell, struct error *err)
{
    enum rule_type type = type_of(f, t->index);
    struct str written = str_slice(v->text, t->start, t->end);
    char next = t->end < v->text.len ? v->text.ptr[t->end] : '\0';
    if (shell != NULL) {
        const char *obstacle = shell_obstacle(shell);
        if (obstacle != NULL)
            return REFUSE(f->l, v, err, "`" STR_FMT "` stands %s; it is a quoted word by itself: put it elsewhere",
                          STR_ARG(written), obstacle);
        size_t before = out->len;
        append_words(f, out, t, next);
        if (out->len == before && before > 0 && out->ptr[before - 1] == ' ' && (next == ' ' || next == '\0'))
            out->len--; /* no blank for nothing */
        shell->last = ' '; /* if there was no word, a `#` behind it begins a comment */
        return STATUS_OK;
    }
    if (t->prefix.len > 0)
        return REFUSE(f->l, v, err, "`" STR_FMT "`: text before the name is for `cmd` and `tools` alone",
                      STR_ARG(written));
    if (type >= RULE_LIST)
        return REFUSE(f->l, v, err, "`" STR_FMT "` is a %s, which cannot stand within a string; let it stand alone",
                      STR_ARG(written), rule_type_name(type));
    if (f->values[t->index] != NULL)
        buf_str(out, scalar_text(f, f->values[t->index]));
    return STATUS_OK;
}

/* With `\${` as `${`. */
static void append_literal(struct buf *out, struct str text, struct shell_text *shell)
{
    size_t begin = out->len;
    for (size_t i = 0; i < text.len; i++)
        if (!str_starts(str_slice(text, i, text.len), STR("\\${")))
            buf_char(out, text.ptr[i]);
    if (shell != NULL)
        shell_read(shell, str_slice(buf_view(out), begin, out->len));
}

static enum status append_text(struct fill *f, struct buf *out, const struct value *v, struct shell_text *shell,
                               struct error *err)
{
    struct position at = {v->line, v->column};
    enum status status = STATUS_OK;
    bool found = true;
    for (size_t from = 0; found && status == STATUS_OK;) {
        struct template_place t = {.end = v->text.len};
        status = next_template(f, v->text, from, at, &t, &found, err);
        append_literal(out, str_slice(v->text, from, found ? t.start : v->text.len), shell);
        if (status == STATUS_OK && found)
            status = append_template(f, out, v, &t, shell, err);
        if (status == STATUS_OK)
            status = spend(f, v, out->len, err);
        from = t.end;
    }
    return status;
}

/* A text with templates in it, filled in. */
static enum status fill_text(struct fill *f, const struct value *v, bool is_shell, struct str *out, struct error *err)
{
    struct buf text = {0};
    struct shell_text shell = {0};
    enum status status = append_text(f, &text, v, is_shell ? &shell : NULL, err);
    *out = str_dup(f->l->arena, buf_view(&text));
    buf_finish(&text);
    return status;
}

/* ---- values ---- */

static enum status fill_value(struct fill *f, const struct value *v, bool is_shell, struct value **out,
                              struct error *err);

/* Is the text one template and nothing else? */
static enum status find_whole(struct fill *f, const struct value *v, bool *is_whole, uint32_t *index, struct error *err)
{
    struct template_place t = {0};
    struct position at = {v->line, v->column};
    enum status status = next_template(f, v->text, 0, at, &t, is_whole, err);
    *is_whole = status == STATUS_OK && *is_whole && t.start == 0 && t.end == v->text.len && t.prefix.len == 0;
    *index = t.index;
    return status;
}

/* As it is, but where it belongs. */
static struct value *copy(struct fill *f, const struct value *v)
{
    struct value *out = arena_copy(f->l->arena, v, sizeof *v);
    struct position at = place(f, v->line, v->column);
    out->line = at.line;
    out->column = at.column;
    if (v->type == VALUE_LIST) {
        out->list.items = arena_array(f->l->arena, struct value *, v->list.count);
        for (uint32_t i = 0; i < v->list.count; i++)
            out->list.items[i] = copy(f, v->list.items[i]);
    }
    if (v->type == VALUE_MAP) {
        out->map.pairs = arena_copy(f->l->arena, v->map.pairs, mem_product(v->map.count, sizeof *v->map.pairs));
        for (uint32_t i = 0; i < v->map.count; i++) {
            at = place(f, v->map.pairs[i].line, v->map.pairs[i].column);
            out->map.pairs[i].line = at.line;
            out->map.pairs[i].column = at.column;
            out->map.pairs[i].value = copy(f, v->map.pairs[i].value);
        }
    }
    return out;
}

static enum status fill_string(struct fill *f, const struct value *v, bool is_shell, struct value **out,
                               struct error *err)
{
    bool is_whole;
    uint32_t index;
    enum status status = find_whole(f, v, &is_whole, &index, err);
    if (status != STATUS_OK)
        return status;
    if (is_whole && f->values[index] == NULL) {
        *out = NULL;
    } else if (is_whole && !is_shell) {
        bool is_default = index < f->rule->argument_count && f->values[index] == f->rule->arguments[index].fallback;
        *out = is_default ? copy(f, f->values[index]) : (struct value *)f->values[index];
    } else {
        *out = copy(f, v);
        status = fill_text(f, v, is_shell, &(*out)->text, err);
        if (is_whole && (*out)->text.len == 0) /* a list without items */
            *out = NULL;
    }
    return status;
}

static enum status fill_list(struct fill *f, const struct value *v, bool is_shell, struct value *list,
                             struct error *err)
{
    struct value **items = NULL;
    uint32_t count = 0, cap = 0;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < v->list.count && status == STATUS_OK; i++) {
        struct value *item = NULL;
        status = fill_value(f, v->list.items[i], is_shell, &item, err);
        if (status != STATUS_OK || item == NULL)
            continue;
        bool is_splice = item->type == VALUE_LIST && v->list.items[i]->type == VALUE_STRING;
        uint32_t more = is_splice ? item->list.count : 1;
        for (uint32_t k = 0; k < more && status == STATUS_OK; k++) {
            MEM_GROW(items, count, cap);
            items[count++] = is_splice ? item->list.items[k] : item;
            status = spend(f, v, 0, err);
        }
    }
    list->list.items = arena_copy(f->l->arena, items, mem_product(count, sizeof *items));
    list->list.count = count;
    free(items);
    return status;
}

static enum status fill_key(struct fill *f, const struct value_pair *pair, struct value_pair *out, bool *left_out,
                            struct error *err)
{
    struct value key = {.type = VALUE_STRING, .line = pair->line, .column = pair->column, .text = pair->key};
    bool is_whole;
    uint32_t index;
    enum status status = find_whole(f, &key, &is_whole, &index, err);
    *left_out = status == STATUS_OK && is_whole && f->values[index] == NULL;
    return status == STATUS_OK ? fill_text(f, &key, false, &out->key, err) : status;
}

static enum status fill_map(struct fill *f, const struct value *v, bool is_shell, struct value *map, struct error *err)
{
    uint32_t count = 0;
    map->map.pairs = arena_array(f->l->arena, struct value_pair, v->map.count);
    for (uint32_t i = 0; i < v->map.count; i++) {
        const struct value_pair *pair = &v->map.pairs[i];
        struct value_pair *out = &map->map.pairs[count];
        struct position at = place(f, pair->line, pair->column);
        *out = (struct value_pair){.line = at.line, .column = at.column};
        bool left_out;
        enum status status = fill_key(f, pair, out, &left_out, err);
        if (status == STATUS_OK)
            status = fill_value(f, pair->value, is_shell, &out->value, err);
        if (status != STATUS_OK)
            return status;
        count += !left_out && out->value != NULL;
    }
    map->map.count = count;
    return STATUS_OK;
}

/* *out is NULL for what is left out. */
static enum status fill_value(struct fill *f, const struct value *v, bool is_shell, struct value **out,
                              struct error *err)
{
    enum status status = spend(f, v, 0, err);
    if (status != STATUS_OK)
        return status;
    if (v->type == VALUE_STRING)
        return fill_string(f, v, is_shell, out, err);
    struct position at = place(f, v->line, v->column);
    *out = arena_copy(f->l->arena, v, sizeof *v);
    (*out)->line = at.line;
    (*out)->column = at.column;
    if (v->type == VALUE_LIST)
        return fill_list(f, v, is_shell, *out, err);
    if (v->type != VALUE_MAP)
        return STATUS_OK;
    status = fill_map(f, v, is_shell, *out, err);
    if ((*out)->map.count == 0 && v->map.count > 0) /* nothing is left of it */
        *out = NULL;
    return status;
}

/* ---- paths ---- */

static enum status check_path(struct fill *f, struct str path, uint32_t line, uint32_t column, struct error *err)
{
    struct position at = {line, column};
    if (!rule_path_leaves(path))
        return STATUS_OK;
    return REFUSE(f->l, &at, err, "the path `" STR_FMT "` of the rule `" STR_FMT "`%s has a `..` in it", STR_ARG(path),
                  STR_ARG(f->rule->name), loader_where(f->l));
}

/* Of a path, or of a list of paths, alone or with something behind them. */
static enum status check_paths(struct fill *f, const struct value *v, bool strings, struct error *err)
{
    enum status status = STATUS_OK;
    if (v->type == VALUE_STRING && strings)
        return check_path(f, v->text, v->line, v->column, err);
    for (uint32_t i = 0; v->type == VALUE_LIST && i < v->list.count && status == STATUS_OK; i++)
        status = check_paths(f, v->list.items[i], strings, err);
    for (uint32_t i = 0; v->type == VALUE_MAP && i < v->map.count && status == STATUS_OK; i++)
        status = check_path(f, v->map.pairs[i].key, v->map.pairs[i].line, v->map.pairs[i].column, err);
    return status;
}

static enum status check_all_paths(struct fill *f, const struct value *stage, struct error *err)
{
    static const char *const keys[] = {"deps", "outs", "metrics", "plots", "wdir", "depfile", "params"};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && status == STATUS_OK; i++) {
        const struct value *v = value_get(stage, str_from(keys[i]));
        if (v != NULL)
            status = check_paths(f, v, strcmp(keys[i], "params") != 0, err);
    }
    return status;
}

/* One command, whatever lines its arguments have. */
static struct value *list_of_one(struct fill *f, struct value *v)
{
    struct value *list = value_new(f->l->arena, VALUE_LIST, v->line, v->column);
    list->list.items = arena_copy(f->l->arena, &v, sizeof v);
    list->list.count = 1;
    return list;
}

enum status rule_fill(struct loader *l, const struct rule *rule, const struct value *const *values,
                      struct position at, struct value **out, struct error *err)
{
    struct fill f = {.l = l, .rule = rule, .values = values, .at = at};
    const struct value *stage = rule->stage;
    struct position here = place(&f, stage->line, stage->column);
    struct value *map = value_new(l->arena, VALUE_MAP, here.line, here.column);
    map->map.pairs = arena_array(l->arena, struct value_pair, stage->map.count);
    for (uint32_t i = 0; i < stage->map.count; i++) {
        const struct value_pair *pair = &stage->map.pairs[i];
        bool is_shell = str_is(pair->key, "cmd") || str_is(pair->key, "tools");
        struct position place_of_key = place(&f, pair->line, pair->column);
        struct value *v;
        enum status status = fill_value(&f, pair->value, is_shell, &v, err);
        if (status != STATUS_OK)
            return status;
        if (v != NULL && v->type == VALUE_STRING && str_is(pair->key, "cmd"))
            v = list_of_one(&f, v);
        if (v != NULL)
            map->map.pairs[map->map.count++] =
                (struct value_pair){pair->key, place_of_key.line, place_of_key.column, v};
    }
    *out = map;
    return check_all_paths(&f, map, err);
}
