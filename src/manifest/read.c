/* Reading typed things out of values, with errors that say what was expected and what was found. */
#include <string.h>

#include "manifest/loader.h"
#include "refit/base/path.h"

const char *loader_where(struct loader *l)
{
    if (l->stage == NULL)
        return "";
    return str_format(l->arena, " in stage `" STR_FMT "`", STR_ARG(l->stage->name)).ptr;
}

const char *loader_hint(struct loader *l, struct str word, const struct str *candidates, size_t count)
{
    const struct str *nearest = str_nearest(word, candidates, count);
    if (nearest != NULL)
        return str_format(l->arena, "; did you mean `" STR_FMT "`?", STR_ARG(*nearest)).ptr;
    struct buf text = {0};
    for (size_t i = 0; i < count; i++) {
        buf_str(&text, i > 0 ? STR(", ") : STR("; known: "));
        buf_str(&text, candidates[i]);
    }
    const char *hint = str_terminated(l->arena, buf_view(&text));
    buf_finish(&text);
    return hint;
}

static bool is_plain_scalar(const struct value *v)
{
    return v->type == VALUE_BOOL || v->type == VALUE_INT || v->type == VALUE_FLOAT;
}

enum status read_type_error(struct loader *l, const struct value *v, const char *what, const char *expected,
                            struct error *err)
{
    const char *hint = "";
    bool is_short = v->text.len < 64 && str_find(v->text, '\n') < 0;
    if (v->resolved)
        hint = "; that is what the template stands for";
    else if (strstr(expected, "a string") != NULL && is_plain_scalar(v) && is_short)
        hint = str_format(l->arena, "; quote it: '" STR_FMT "'", STR_ARG(v->text)).ptr;
    else if (strncmp(expected, "a list", 6) == 0 && v->type == VALUE_STRING && is_short)
        hint = str_format(l->arena, "; write [" STR_FMT "]", STR_ARG(v->text)).ptr;
    return REFUSE(l, v, err, "%s%s must be %s, not %s%s", what, loader_where(l), expected, value_type_name(v->type),
                  hint);
}

/* ---- scalars ---- */

static enum status finish_string(struct loader *l, struct str text, struct position at, const char *what,
                                 struct str *out, struct error *err)
{
    if (text.len == 0)
        return REFUSE(l, &at, err, "%s%s is empty; write something, or leave it out", what, loader_where(l));
    if (str_find(text, '\0') >= 0)
        return REFUSE(l, &at, err, "%s%s contains a NUL byte; remove it", what, loader_where(l));
    *out = text;
    return STATUS_OK;
}

bool is_text(const struct value *v)
{
    return v->type == VALUE_STRING || (v->resolved && v->type != VALUE_NULL);
}

enum status read_string(struct loader *l, const struct value *v, const char *what, struct str *out, struct error *err)
{
    if (!is_text(v))
        return read_type_error(l, v, what, "a string", err);
    return finish_string(l, v->text, (struct position){v->line, v->column}, what, out, err);
}

enum status read_key(struct loader *l, const struct value_pair *pair, const char *what, struct str *out,
                     struct error *err)
{
    return finish_string(l, pair->key, (struct position){pair->line, pair->column}, what, out, err);
}

enum status read_bool(struct loader *l, const struct value *v, const char *what, bool *out, struct error *err)
{
    if (v->type != VALUE_BOOL)
        return read_type_error(l, v, what, "true or false", err);
    *out = v->boolean;
    return STATUS_OK;
}

enum status read_integer(struct loader *l, const struct value *v, const char *what, int64_t min, int64_t max,
                         int64_t *out, struct error *err)
{
    if (v->type != VALUE_INT)
        return read_type_error(l, v, what, "an integer", err);
    if (v->integer < min || v->integer > max)
        return REFUSE(l, v, err, "%s%s must be from %lld to %lld, not %lld", what, loader_where(l), (long long)min,
                      (long long)max, (long long)v->integer);
    *out = v->integer;
    return STATUS_OK;
}

enum status read_list(struct loader *l, const struct value *v, const char *what, struct error *err)
{
    if (v->type != VALUE_LIST && v->type != VALUE_NULL)
        return read_type_error(l, v, what, "a list", err);
    return STATUS_OK;
}

bool read_scalar_text(struct loader *l, const struct value *v, struct str *out)
{
    if (v->type == VALUE_NULL || v->type == VALUE_LIST || v->type == VALUE_MAP)
        return false;
    *out = v->text;
    if (v->type == VALUE_INT)
        *out = str_format(l->arena, "%lld", (long long)v->integer);
    return true;
}

enum status read_duration(struct loader *l, const struct value *v, const char *what, uint64_t *out, struct error *err)
{
    struct str text;
    if (!read_scalar_text(l, v, &text))
        return read_type_error(l, v, what, "a duration (90s, 15m, 1.5h, 2d)", err);
    if (!parse_duration_ms(text, out))
        return REFUSE(l, v, err,
                      "%s%s is not a duration: `" STR_FMT "`; write 90 (seconds), 500ms, 90s, 15m, 1.5h or 2d", what,
                      loader_where(l), STR_ARG(text));
    return STATUS_OK;
}

/* ---- paths ---- */

/* Does it begin with `scheme://`? */
static bool is_url(struct str raw)
{
    size_t at = 0;
    while (at < raw.len && ((raw.ptr[at] >= 'a' && raw.ptr[at] <= 'z') || (raw.ptr[at] >= '0' && raw.ptr[at] <= '9') ||
                            (at > 0 && strchr("+-.", raw.ptr[at]) != NULL)))
        at++;
    return at > 0 && str_starts(str_slice(raw, at, raw.len), STR("://"));
}

enum status read_path(struct loader *l, struct str wdir, struct str raw, struct position at, struct str *out,
                      struct error *err)
{
    if (str_starts(raw, STR("ds://")))
        return REFUSE(l, &at, err, "data sets of DVC are not supported yet%s; fetch `" STR_FMT "` in its own stage",
                      loader_where(l), STR_ARG(raw));
    if (is_url(raw))
        return REFUSE(l, &at, err, "remote paths are not supported yet%s; fetch `" STR_FMT "` in a stage of its own",
                      loader_where(l), STR_ARG(raw));
    struct error fault;
    if (path_make(l->arena, l->root, wdir, raw, out, &fault) != STATUS_OK)
        return REFUSE(l, &at, err, "%s%s", fault.message, loader_where(l));
    return STATUS_OK;
}
