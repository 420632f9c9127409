/* What a stage writes: outs, metrics and plots. */
#include <string.h>

#include "manifest/loader.h"
#include "refit/base/path.h"

/* What an out can say of itself; `cache` and `persist` change behaviour, the others are for people and other tools. */
static const struct str flag_names[] = {
    {"cache", 5},  {"persist", 7},  {"checkpoint", 10}, {"desc", 4}, {"type", 4},    {"labels", 6},  {"meta", 4},
    {"push", 4},   {"remote", 6},   {"template", 8},    {"x", 1},    {"y", 1},       {"x_label", 7}, {"y_label", 7},
    {"title", 5},  {"header", 6},
};
enum { FLAGS_ALL = sizeof flag_names / sizeof *flag_names, FLAGS_OF_OUTS = 9 }; /* the rest is for plots alone */

static const char *const section_names[3] = {[OUT_PLAIN] = "outs", [OUT_METRIC] = "metrics", [OUT_PLOT] = "plots"};

struct outs_gather {
    struct seen seen; /* paths */
    enum out_kind kind;
};

static bool is_known_flag(struct str name, enum out_kind kind)
{
    for (size_t i = 0; i < (kind == OUT_PLOT ? FLAGS_ALL : FLAGS_OF_OUTS); i++)
        if (str_equal(flag_names[i], name))
            return true;
    return false;
}

static enum status read_flags(struct loader *l, const struct value *flags, struct manifest_out *out, struct error *err)
{
    if (flags->type == VALUE_NULL)
        return STATUS_OK;
    if (flags->type == VALUE_LIST && out->kind == OUT_PLOT) { /* several plots of one file */
        enum status each = STATUS_OK;
        for (uint32_t i = 0; i < flags->list.count && each == STATUS_OK; i++)
            each = read_flags(l, flags->list.items[i], out, err);
        return each;
    }
    if (flags->type != VALUE_MAP)
        return read_type_error(l, flags, "what stands behind an out's path", "a map such as {cache: false}", err);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < flags->map.count && status == STATUS_OK; i++) {
        const struct value_pair *pair = &flags->map.pairs[i];
        if (str_is(pair->key, "cache"))
            status = read_bool(l, pair->value, "`cache` of an out", &out->cache, err);
        else if (str_is(pair->key, "persist"))
            status = read_bool(l, pair->value, "`persist` of an out", &out->persist, err);
        else if (!is_known_flag(pair->key, out->kind))
            status = REFUSE(l, pair, err, "unknown key `" STR_FMT "` of the out `" STR_FMT "`%s%s", STR_ARG(pair->key),
                            STR_ARG(out->path), loader_where(l),
                            loader_hint(l, pair->key, flag_names, out->kind == OUT_PLOT ? FLAGS_ALL : FLAGS_OF_OUTS));
    }
    return status;
}

static bool is_at_or_below(struct str path, struct str directory)
{
    return str_equal(path, directory) || path_is_below(path, directory);
}

/* Is a file that declares stages there, or in it? */
static bool is_source(const struct loader *l, struct str path)
{
    for (uint32_t i = 0; i < l->source_count; i++)
        if (is_at_or_below(l->sources[i].path, path))
            return true;
    return false;
}

enum status check_place(struct loader *l, const char *what, struct str path, struct position at, struct error *err)
{
    const char *fault = NULL;
    bool is_found_list = strcmp(what, "depfile") == 0 && path_is_below(path, STR(".refit/found"));
    if (!path_is_inside(path))
        fault = "is outside the project; write it inside, and copy it out in a stage of `kind: deploy`";
    else if (str_is(path, "."))
        fault = "is the project itself; name a file or a folder in it";
    else if ((is_at_or_below(path, STR(".refit")) && !is_found_list) || is_at_or_below(path, STR(".git")) ||
             is_at_or_below(path, STR(".dvc")))
        fault = "is inside a folder that belongs to refit, git or DVC; choose another place";
    else if (str_is(path, "refit.lock") || str_is(path_name(path), "dvc.lock") || str_is(path, "refit.config.yaml") ||
             str_is(path, ".refitignore") || is_source(l, path))
        fault = "is, or contains, a file that declares this project; choose another place";
    if (fault == NULL)
        return STATUS_OK;
    return REFUSE(l, &at, err, "the %s `" STR_FMT "`%s %s", what, STR_ARG(path), loader_where(l), fault);
}

static enum status add_out(struct loader *l, struct outs_gather *g, struct str raw, struct position at,
                           const struct value *flags, struct error *err)
{
    struct manifest_stage *stage = l->stage;
    struct manifest_out *out = &stage->outs[stage->out_count];
    *out = (struct manifest_out){.at = at, .kind = g->kind, .cache = true, .md5 = STR("")};
    enum status status = read_path(l, stage->wdir, raw, at, &out->path, err);
    if (status == STATUS_OK)
        status = check_place(l, "out", out->path, at, err);
    if (status == STATUS_OK && flags != NULL)
        status = read_flags(l, flags, out, err);
    if (status != STATUS_OK)
        return status;
    if (seen_add(&g->seen, out->path, 0) != TABLE_NONE)
        return REFUSE(l, &at, err, "the out `" STR_FMT "`%s is there twice (in outs, metrics or plots); remove one",
                      STR_ARG(out->path), loader_where(l));
    stage->out_count++;
    return STATUS_OK;
}

static enum status add_item(struct loader *l, struct outs_gather *g, const struct value *item, struct error *err)
{
    struct str raw;
    enum status status = STATUS_OK;
    const char *what = str_format(l->arena, "an item of `%s`", section_names[g->kind]).ptr;
    if (is_text(item)) {
        status = read_string(l, item, what, &raw, err);
        struct position at = {item->line, item->column};
        return status == STATUS_OK ? add_out(l, g, raw, at, NULL, err) : status;
    }
    if (item->type != VALUE_MAP)
        return read_type_error(l, item, what, "a string (a path) or a map (of a path to its flags)", err);
    for (uint32_t i = 0; i < item->map.count && status == STATUS_OK; i++) {
        const struct value_pair *pair = &item->map.pairs[i];
        status = read_key(l, pair, what, &raw, err);
        if (status == STATUS_OK)
            status = add_out(l, g, raw, (struct position){pair->line, pair->column}, pair->value, err);
    }
    return status;
}

static uint32_t count_outs(const struct value *list)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->list.count; i++)
        count += list->list.items[i]->type == VALUE_MAP ? list->list.items[i]->map.count : 1;
    return count;
}

enum status load_outs(struct loader *l, const struct value *const sections[3], struct error *err)
{
    uint32_t count = 0;
    for (int kind = OUT_PLAIN; kind <= OUT_PLOT; kind++)
        if (sections[kind] != NULL && sections[kind]->type == VALUE_LIST)
            count += count_outs(sections[kind]);
    struct outs_gather g = {0};
    enum status status = STATUS_OK;
    l->stage->outs = arena_array(l->arena, struct manifest_out, count);
    for (int kind = OUT_PLAIN; kind <= OUT_PLOT && status == STATUS_OK; kind++) {
        const struct value *section = sections[kind];
        if (section == NULL)
            continue;
        g.kind = (enum out_kind)kind;
        status = read_list(l, section, str_format(l->arena, "`%s`", section_names[kind]).ptr, err);
        for (uint32_t i = 0; status == STATUS_OK && section->type == VALUE_LIST && i < section->list.count; i++)
            status = add_item(l, &g, section->list.items[i], err);
    }
    seen_finish(&g.seen);
    return status;
}

bool manifest_is_metric(const struct manifest *manifest, const struct manifest_out *out)
{
    bool is = out->kind == OUT_METRIC;
    for (uint32_t i = 0; i < manifest->metric_count && !is; i++)
        is = str_equal(manifest->metrics[i].path, out->path);
    return is;
}
