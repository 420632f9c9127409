/* One string: finding its templates, reading their paths, looking them up, putting values in. */
#include <stdlib.h>
#include <string.h>

#include "manifest/spell.h"
#include "manifest/template_string.h"

/* ---- finding ---- */

/* The next `${...}` from `at` that no backslash takes out of use. It ends at the first `}`, in the same line. */
static bool find_template(struct str text, size_t at, struct match *out)
{
    for (; at + 2 < text.len; at++) {
        const char *dollar = memchr(text.ptr + at, '$', text.len - at);
        if (dollar == NULL)
            return false;
        at = (size_t)(dollar - text.ptr);
        if (at + 2 >= text.len || text.ptr[at + 1] != '{' || (at > 0 && text.ptr[at - 1] == '\\'))
            continue;
        size_t end = at + 2;
        while (end < text.len && text.ptr[end] != '}' && text.ptr[end] != '\n')
            end++;
        if (end < text.len && text.ptr[end] == '}') {
            *out = (struct match){at, end + 1};
            return true;
        }
    }
    return false;
}

bool template_is_in_string(struct str text)
{
    struct match match;
    return find_template(text, 0, &match);
}

bool template_opens_in(struct str text)
{
    return memmem(text.ptr, text.len, "${", 2) != NULL;
}

/* ---- places ---- */

/* The bytes of a file from a line and column (in characters) on; empty if it has no such place. */
static struct str text_from(struct str text, struct position at)
{
    for (uint32_t line = 1; line < at.line; line++) {
        ptrdiff_t end = str_find(text, '\n');
        if (end < 0)
            return STR("");
        text = str_slice(text, (size_t)end + 1, text.len);
    }
    size_t skip = 0;
    for (uint32_t column = 1; column < at.column && skip < text.len; column++)
        for (skip++; skip < text.len && (text.ptr[skip] & 0xc0) == 0x80; skip++)
            ;
    return str_slice(text, skip, text.len);
}

static size_t count_openings(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i + 1 < text.len; i++)
        count += text.ptr[i] == '$' && text.ptr[i + 1] == '{';
    return count;
}

/* A string's templates follow each other in the file as they do in the string, however it is quoted or folded. If
 * what is found that way reads otherwise (an escape of YAML), the place is that of the string. */
static struct position place_of(const struct templates *t, struct str text, struct position at, struct match match)
{
    struct str raw = text_from(t->text, at), wanted = str_slice(text, match.start, match.end);
    size_t skip = count_openings(str_slice(text, 0, match.start));
    struct position place = at;
    for (size_t i = 0; i + 1 < raw.len; i++) {
        bool opening = raw.ptr[i] == '$' && raw.ptr[i + 1] == '{';
        if (opening && skip == 0)
            return str_starts(str_slice(raw, i, raw.len), wanted) ? place : at;
        skip -= opening;
        if (raw.ptr[i] == '\n')
            place = (struct position){place.line + 1, 1};
        else if ((raw.ptr[i + 1] & 0xc0) != 0x80)
            place.column++;
    }
    return at;
}

/* ---- paths ---- */

/* The next name of a path: `a`, then `.b` or `[b]`. False where there is none or it is malformed. */
static bool next_name(struct str *path, bool first, struct str *name)
{
    size_t start = 0;
    bool bracket = path->len > 0 && path->ptr[0] == '[';
    if (!first) {
        if (path->len == 0 || (!bracket && path->ptr[0] != '.'))
            return false;
        start = 1;
    }
    size_t end = start;
    while (end < path->len && strchr(".[]", path->ptr[end]) == NULL)
        end++;
    if (end == start || (path->len > end && path->ptr[end] == '\0'))
        return false;
    *name = str_trim(str_slice(*path, start, end));
    if (!first && bracket) {
        if (end == path->len || path->ptr[end] != ']')
            return false;
        for (end++; end < path->len && (path->ptr[end] == ' ' || path->ptr[end] == '\t'); end++)
            ;
    }
    *path = str_slice(*path, end, path->len);
    return true;
}

static bool is_well_formed(struct str path)
{
    struct str name;
    for (bool first = true; path.len > 0 || first; first = false)
        if (!next_name(&path, first, &name))
            return false;
    return true;
}

/* ---- looking up ---- */

static const struct value *find_in_scope(const struct scope *scope, struct str name)
{
    for (; scope != NULL; scope = scope->parent) {
        const struct value *found = NULL;
        if (scope->index != NULL) {
            uint32_t at = table_get(scope->index, name);
            found = at == TABLE_NONE ? NULL : scope->vars->map.pairs[at].value;
        } else {
            found = value_get(scope->vars, name);
        }
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* An index as Python reads it: from the end if it is negative. */
static const struct value *find_item(const struct value *list, struct str index)
{
    bool negative = index.len > 0 && index.ptr[0] == '-';
    size_t at = index.len > 0 && (negative || index.ptr[0] == '+');
    if (at == index.len || index.len - at > 9)
        return NULL;
    uint32_t n = 0;
    for (; at < index.len; at++) {
        if (index.ptr[at] < '0' || index.ptr[at] > '9')
            return NULL;
        n = n * 10 + (uint32_t)(index.ptr[at] - '0');
    }
    if (negative && n > 0)
        n = n > list->list.count ? list->list.count : list->list.count - n;
    return n < list->list.count ? list->list.items[n] : NULL;
}

static const struct value *find_within(const struct value *value, struct str name)
{
    return value->type == VALUE_LIST ? find_item(value, name) : value_get(value, name);
}

/* ---- what is missing ---- */

static struct str nearest_in(struct arena *arena, const struct scope *scope, const struct value *map, struct str word)
{
    uint32_t count = map ? map->map.count : 0, n = 0;
    for (const struct scope *s = scope; map == NULL && s != NULL; s = s->parent)
        count += s->vars ? s->vars->map.count : 0;
    struct str *names = arena_array(arena, struct str, count);
    for (uint32_t i = 0; map != NULL && i < map->map.count; i++)
        names[n++] = map->map.pairs[i].key;
    for (const struct scope *s = scope; map == NULL && s != NULL; s = s->parent)
        for (uint32_t i = 0; s->vars != NULL && i < s->vars->map.count; i++)
            names[n++] = s->vars->map.pairs[i].key;
    const struct str *nearest = str_nearest(word, names, n);
    return nearest ? *nearest : STR("");
}

/* Where a path was lost: its name was found in nothing. */
struct lost {
    struct str path;
    struct str name, rest;       /* the name in it that is missing, and what follows */
    const struct value *parent;  /* what the name was looked for in; NULL = the scope */
};

/* The path with the nearest name that there is, and what followed, if that is there too. In the arena; "" = none. */
static struct str suggestion(const struct templates *t, const struct lost *lost)
{
    struct str nearest = nearest_in(t->arena, lost->parent ? NULL : t->scope, lost->parent, lost->name), name;
    if (nearest.len == 0)
        return nearest;
    struct str before = str_slice(lost->path, 0, lost->path.len - lost->rest.len);
    while (before.len > 0 && strchr(".[", before.ptr[before.len - 1]) == NULL)
        before.len--;
    if (lost->parent == NULL)
        before.len = 0;
    const struct value *found = lost->parent ? find_within(lost->parent, nearest) : find_in_scope(t->scope, nearest);
    struct str rest = lost->rest;
    while (found != NULL && rest.len > 0)
        found = next_name(&rest, false, &name) ? find_within(found, name) : NULL;
    struct str dotted = before.len > 0 ? str_slice(before, 0, before.len - 1) : before;
    return str_format(t->arena, STR_FMT "%s" STR_FMT STR_FMT, STR_ARG(dotted), before.len > 0 ? "." : "",
                      STR_ARG(nearest), STR_ARG(found != NULL ? lost->rest : STR("")));
}

static struct str shown(const struct templates *t, struct str text)
{
    return str_printable(t->arena, text.len > 200 ? str_slice(text, 0, 200) : text);
}

static enum status is_missing(const struct templates *t, struct position at, const struct lost *lost,
                              struct error *err)
{
    const struct value *parent = lost->parent;
    struct str path = shown(t, lost->path);
    if (parent != NULL && parent->type == VALUE_LIST)
        return error_at(err, STATUS_MANIFEST, t->file, at.line, at.column,
                        "there is no `" STR_FMT "`%s: that list has %u item%s, the first is [0]", STR_ARG(path),
                        t->where, parent->list.count, parent->list.count == 1 ? "" : "s");
    if (parent != NULL && parent->type != VALUE_MAP)
        return error_at(err, STATUS_MANIFEST, t->file, at.line, at.column,
                        "there is no `" STR_FMT "`%s: what stands before `" STR_FMT "` is %s, not a map",
                        STR_ARG(path), t->where, STR_ARG(shown(t, lost->name)), value_type_name(parent->type));
    struct str nearest = shown(t, suggestion(t, lost));
    if (nearest.len > 0)
        return error_at(err, STATUS_MANIFEST, t->file, at.line, at.column,
                        "no variable is called `" STR_FMT "`%s; did you mean `" STR_FMT "`?", STR_ARG(path), t->where,
                        STR_ARG(nearest));
    return error_at(err, STATUS_MANIFEST, t->file, at.line, at.column,
                    "no variable is called `" STR_FMT "`%s; define it, or write $NAME for a variable of the shell, "
                    "\\${ for a literal ${",
                    STR_ARG(path), t->where);
}

static enum status look_up(const struct templates *t, struct str text, struct position at, struct match match,
                           const struct value **out, struct error *err)
{
    struct str path = str_slice(text, match.start + 2, match.end - 1), rest = path, name;
    if (!is_well_formed(path)) {
        struct position place = place_of(t, text, at, match);
        return error_at(err, STATUS_MANIFEST, t->file, place.line, place.column,
                        "`${" STR_FMT "}`%s cannot be read; write ${name}, ${name.part} or ${name[0]}, $NAME for a "
                        "variable of the shell, \\${ for a literal ${",
                        STR_ARG(shown(t, path)), t->where);
    }
    const struct value *parent = NULL, *found = NULL;
    for (bool first = true; rest.len > 0 || first; first = false) {
        next_name(&rest, first, &name);
        t->work->steps += parent != NULL && parent->type == VALUE_MAP ? parent->map.count : 1;
        found = first ? find_in_scope(t->scope, name) : find_within(parent, name);
        if (found == NULL)
            return is_missing(t, place_of(t, text, at, match), &(struct lost){path, name, rest, parent}, err);
        parent = found;
    }
    *out = found;
    return template_charge(t, at, 1, 0, err);
}

/* ---- values into strings ---- */

static enum status refuse_composite(const struct templates *t, struct str text, struct position at, struct match match,
                                    const struct value *value, struct error *err)
{
    struct position place = place_of(t, text, at, match);
    struct str path = shown(t, str_slice(text, match.start, match.end));
    return error_at(err, STATUS_MANIFEST, t->file, place.line, place.column,
                    "`" STR_FMT "`%s is %s; name one value in it%s", STR_ARG(path), t->where,
                    value_type_name(value->type),
                    value->type == VALUE_LIST ? ", or let `foreach` or `matrix` go through it"
                                              : " (in `cmd` a map stands for options)");
}

static enum status append_options(const struct templates *t, struct str text, struct position at, struct match match,
                                  const struct value *map, struct error *err)
{
    uint64_t nodes = 0;
    bool fine = spell_options(&t->work->text, map, &t->work->name, &nodes);
    enum status status = template_charge(t, at, nodes, 0, err);
    if (status != STATUS_OK || fine)
        return status;
    struct position place = place_of(t, text, at, match);
    struct str name = shown(t, buf_view(&t->work->name));
    return error_at(err, STATUS_MANIFEST, t->file, place.line, place.column,
                    "`" STR_FMT "` in the options `" STR_FMT "`%s is a list of lists or maps, or has too much in it; "
                    "options take lists of plain values",
                    STR_ARG(name), STR_ARG(shown(t, str_slice(text, match.start, match.end))), t->where);
}

static enum status append_value(const struct templates *t, struct str text, struct position at, struct match match,
                                enum template_use use, struct error *err)
{
    const struct value *value;
    enum status status = look_up(t, text, at, match, &value, err);
    if (status != STATUS_OK)
        return status;
    if (value->type == VALUE_MAP && use == TEMPLATE_COMMAND)
        return append_options(t, text, at, match, value, err);
    if (value->type == VALUE_MAP || value->type == VALUE_LIST)
        return refuse_composite(t, text, at, match, value, err);
    spell_scalar(&t->work->text, value);
    return STATUS_OK;
}

/* Takes the backslash out of `\${`, in what came out of the values too. */
static void unescape(struct buf *text)
{
    size_t kept = 0;
    for (size_t i = 0; i < text->len; i++)
        if (text->ptr[i] != '\\' || i + 2 >= text->len || text->ptr[i + 1] != '$' || text->ptr[i + 2] != '{')
            text->ptr[kept++] = text->ptr[i];
    text->len = kept;
}

static enum status finish_text(const struct templates *t, struct position at, struct str *out, struct error *err)
{
    unescape(&t->work->text);
    *out = str_dup(t->arena, buf_view(&t->work->text));
    return template_charge(t, at, 0, out->len, err);
}

enum status template_resolve_text(const struct templates *t, struct str text, struct position at, enum template_use use,
                                  struct str *out, struct error *err)
{
    struct buf *buf = &t->work->text;
    struct match match;
    size_t done = 0;
    enum status status = STATUS_OK;
    buf_clear(buf);
    while (status == STATUS_OK && find_template(text, done, &match)) {
        buf_str(buf, str_slice(text, done, match.start));
        status = append_value(t, text, at, match, use, err);
        done = match.end;
        if (status == STATUS_OK && buf->len > TEMPLATE_BYTES_MAX)
            status = template_charge(t, at, 0, buf->len, err);
    }
    if (status != STATUS_OK)
        return status;
    buf_str(buf, str_slice(text, done, text.len));
    return finish_text(t, at, out, err);
}

bool template_is_whole(struct str text, struct match *match)
{
    return find_template(text, 0, match) && match->start == 0 && match->end == text.len;
}

/* A tree of its own, all of it at one place. */
static enum status copy_to(const struct templates *t, const struct value *value, struct position at, struct value **out,
                           struct error *err)
{
    struct value *copy = *out = arena_copy(t->arena, value, sizeof *value);
    enum status status = template_charge(t, at, 1, 0, err);
    copy->line = at.line;
    copy->column = at.column;
    if (value->type == VALUE_LIST)
        copy->list.items = arena_array(t->arena, struct value *, value->list.count);
    for (uint32_t i = 0; value->type == VALUE_LIST && i < value->list.count && status == STATUS_OK; i++)
        status = copy_to(t, value->list.items[i], at, &copy->list.items[i], err);
    if (value->type == VALUE_MAP)
        copy->map.pairs = arena_array(t->arena, struct value_pair, value->map.count);
    for (uint32_t i = 0; value->type == VALUE_MAP && i < value->map.count && status == STATUS_OK; i++) {
        copy->map.pairs[i] = (struct value_pair){.key = value->map.pairs[i].key, .line = at.line, .column = at.column};
        status = copy_to(t, value->map.pairs[i].value, at, &copy->map.pairs[i].value, err);
    }
    return status;
}

enum status template_resolve_whole(const struct templates *t, struct str text, struct position at, struct match match,
                                   enum template_use use, const struct value **out, struct error *err)
{
    const struct value *value;
    enum status status = look_up(t, text, at, match, &value, err);
    if (status != STATUS_OK)
        return status;
    bool composite = value->type == VALUE_LIST || value->type == VALUE_MAP;
    if (composite && use == TEMPLATE_ARGUMENT) {
        struct value *placed;
        status = copy_to(t, value, at, &placed, err);
        *out = placed;
        return status;
    }
    if (composite && use == TEMPLATE_ITEMS) {
        *out = value;
        return STATUS_OK;
    }
    if (composite && (use != TEMPLATE_COMMAND || value->type == VALUE_LIST))
        return refuse_composite(t, text, at, match, value, err);
    struct value *copy = arena_copy(t->arena, value, sizeof *value);
    copy->line = at.line;
    copy->column = at.column;
    copy->resolved = true;
    *out = copy;
    if (value->type == VALUE_STRING || value->type == VALUE_NULL)
        return STATUS_OK;
    buf_clear(&t->work->text);
    if (composite) {
        copy->type = VALUE_STRING;
        status = append_options(t, text, at, match, value, err);
    } else {
        spell_scalar(&t->work->text, value);
    }
    return status == STATUS_OK ? finish_text(t, at, &copy->text, err) : status;
}
