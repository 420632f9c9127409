/*
 * From DVC's files to a refit.yaml: names, what is kept and what is written out, and the proof. Each way to write it is
 * tried in turn, the one that keeps most first; what it gives is loaded, and taken if it declares the same.
 */
#include "manifest/migrate.h"

#include <string.h>

#include "manifest/loader.h"
#include "refit/base/path.h"

static const char head[] =
    "# From DVC's files, by `refit migrate`. Commands run as DVC runs them, in the shell of who runs them: without\n"
    "# this line they run in /bin/sh everywhere.\n"
    "shell: $SHELL\n\n";

/* ---- names ---- */

bool migrate_is_of(const struct migration *m, uint32_t stage, uint32_t source, struct str *name)
{
    const struct manifest_stage *declared = &m->manifest->stages[stage];
    if (!str_equal(declared->file, m->sources[source].path))
        return false;
    size_t prefix = declared->source || str_is(declared->file, "dvc.yaml") ? 0 : declared->file.len + 1;
    *name = str_slice(declared->name, prefix, declared->name.len);
    return true;
}

static struct str clean(const struct migration *m, struct str name)
{
    enum { NAME_BYTES_MAX = 160 };
    struct buf out = {0};
    if (name.len == 0 || strchr("-./", name.ptr[0]) != NULL)
        buf_char(&out, '_');
    for (size_t i = 0; i < name.len && out.len < NAME_BYTES_MAX; i++)
        buf_char(&out, name.ptr[i] == '/' ? '.' : is_stage_name_byte((unsigned char)name.ptr[i]) ? name.ptr[i] : '_');
    struct str made = str_is_utf8(buf_view(&out)) ? str_dup(m->arena, buf_view(&out)) : STR("stage");
    buf_finish(&out);
    return made;
}

/* A name that nobody has: as it was, with its folder before it, or numbered. */
static struct str free_name(const struct migration *m, const struct table *taken, struct str folder, struct str base)
{
    struct str name = clean(m, base);
    if (table_get(taken, name) != TABLE_NONE && !str_is(folder, "."))
        name = clean(m, str_format(m->arena, STR_FMT "/" STR_FMT, STR_ARG(folder), STR_ARG(base)));
    struct str plain = name;
    for (unsigned n = 2; table_get(taken, name) != TABLE_NONE; n++)
        name = str_format(m->arena, STR_FMT "-%u", STR_ARG(plain), n);
    return name;
}

/* What is behind @ may be anything, but not of any length. */
static struct str member_name(const struct migration *m, struct table *taken, struct str group, struct str rest)
{
    enum { NAME_BYTES_MAX = 200 };
    struct str name = str_format(m->arena, STR_FMT STR_FMT, STR_ARG(group), STR_ARG(rest));
    if (name.len > NAME_BYTES_MAX)
        name = free_name(m, taken, STR("."), name);
    table_add(taken, name, 0);
    return name;
}

/* A generated stage is called as its group, with the same behind @; the group counts as one name. */
static void name_stages(struct migration *m)
{
    struct table groups = {0}, taken = {0};
    struct str *group_names = arena_array(m->arena, struct str, m->manifest->stage_count);
    uint32_t group_count = 0;
    m->names = arena_array(m->arena, struct str, m->manifest->stage_count);
    for (uint32_t source = 0; source < m->count; source++)
        for (uint32_t i = 0; i < m->manifest->stage_count; i++) {
            struct str name;
            if (!migrate_is_of(m, i, source, &name))
                continue;
            if (m->manifest->stages[i].source)
                name = path_name(name);
            ptrdiff_t at = str_find(name, '@');
            struct str base = at < 0 ? name : str_slice(name, 0, (size_t)at);
            struct str key = str_format(m->arena, "%u:" STR_FMT, source, STR_ARG(base));
            uint32_t group = table_add(&groups, key, group_count);
            if (group == group_count) {
                group_names[group_count++] = free_name(m, &taken, path_parent(m->sources[source].path), base);
                table_add(&taken, group_names[group], group);
            }
            m->names[i] = group_names[group];
            if (at >= 0)
                m->names[i] = member_name(m, &taken, group_names[group], str_slice(name, (size_t)at, name.len));
        }
    table_finish(&groups);
    table_finish(&taken);
}

/* ---- writing ---- */

/* Templates mean what the variables beside them say: in another file others would. */
static bool has_templates(const struct migration *m, uint32_t source)
{
    static const char *const keys[] = {"vars", "foreach", "matrix"};
    struct str text = m->sources[source].text;
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == '$' && text.ptr[i + 1] == '{')
            return true;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        struct str key = str_from(keys[k]);
        for (size_t i = 0; i + key.len <= text.len; i++)
            if (memcmp(text.ptr + i, key.ptr, key.len) == 0)
                return true;
    }
    return false;
}

static bool is_root(const struct migration *m, uint32_t source)
{
    return str_is(m->sources[source].path, "dvc.yaml");
}

static void write_out(const struct migration *m, uint32_t source, struct buf *out)
{
    struct str ignored;
    for (uint32_t i = 0; i < m->manifest->stage_count; i++)
        if (migrate_is_of(m, i, source, &ignored))
            migrate_write_stage(m, i, out);
}

/* The stages of all sources but the root's own file, if that is kept. */
static void write_stages(struct migration *m, struct buf *out)
{
    for (uint32_t source = 0; source < m->count; source++) {
        const struct manifest_source *each = &m->sources[source];
        if (m->way < KEEP_NONE && is_root(m, source))
            continue;
        size_t before = out->len;
        buf_print(out, "%s%*s# " STR_FMT "\n", before > 0 || m->way < KEEP_NONE ? "\n" : "", (int)m->indent, "",
                  STR_ARG(each->path));
        size_t begun = out->len;
        bool moved = each->dialect == MANIFEST_DVC && m->way == KEEP_ALL && !has_templates(m, source) &&
                     migrate_move_stages(m, source, out);
        if (!moved) {
            out->len = begun;
            write_out(m, source, out);
        }
        if (out->len == begun)
            out->len = before;
        else
            m->written_out += !moved && each->dialect == MANIFEST_DVC;
    }
    buf_append(out, "", 0);
}

static uint32_t find_root_source(const struct migration *m)
{
    for (uint32_t i = 0; i < m->count; i++)
        if (is_root(m, i))
            return i;
    return m->count;
}

/* Metrics of the top level that the root's own file does not name: all, if that is not kept. */
static uint32_t gather_metrics(const struct migration *m, uint32_t root, struct str *metrics)
{
    uint32_t count = 0;
    const struct value *own = root < m->count && m->way < KEEP_NONE
                                  ? value_get(m->trees[root], STR("metrics")) : NULL;
    for (uint32_t i = 0; i < m->manifest->metric_count; i++) {
        bool named = false;
        for (uint32_t k = 0; own != NULL && own->type == VALUE_LIST && k < own->list.count; k++) {
            struct str path;
            struct error ignored;
            named |= path_make(m->arena, STR("/"), STR("."), own->list.items[k]->text, &path, &ignored) == STATUS_OK &&
                     str_equal(path, m->manifest->metrics[i].path);
        }
        if (!named)
            metrics[count++] = m->manifest->metrics[i].path;
    }
    return count;
}

/* How far the names of stages stand in, where the root's own file is kept. */
static uint32_t indent_of(const struct migration *m, uint32_t root)
{
    const struct value *stages = root < m->count ? value_get(m->trees[root], STR("stages")) : NULL;
    bool block = stages != NULL && stages->type == VALUE_MAP && stages->map.count > 0 && m->way < KEEP_NONE &&
                 stages->map.pairs[0].column > 1;
    return block ? stages->map.pairs[0].column - 1 : 2;
}

/* False if this way does not lead to a text. */
static bool write_all(struct migration *m, struct buf *out)
{
    uint32_t root = find_root_source(m);
    struct str *metrics = arena_array(m->arena, struct str, m->manifest->metric_count);
    uint32_t metric_count = gather_metrics(m, root, metrics);
    struct buf stages = {0};
    bool good = true;
    m->indent = indent_of(m, root);
    m->written_out = 0;
    write_stages(m, &stages);
    if (root < m->count && m->way < KEEP_NONE) {
        good = migrate_keep_root(m, m->trees[root], m->sources[root].text, str_from(head), buf_view(&stages), metrics,
                                 metric_count, out);
    } else {
        buf_str(out, str_from(head));
        if (metric_count > 0)
            buf_str(out, STR("metrics:\n"));
        for (uint32_t i = 0; i < metric_count; i++) {
            buf_str(out, STR("  - "));
            migrate_append_string(out, metrics[i]);
            buf_char(out, '\n');
        }
        buf_str(out, stages.len > 0 ? STR("stages:\n") : STR("stages: {}\n"));
        buf_str(out, buf_view(&stages));
    }
    buf_finish(&stages);
    return good;
}

/* ---- the proof ---- */

static bool same_strs(const struct str *a, uint32_t a_count, const struct str *b, uint32_t b_count)
{
    bool same = a_count == b_count;
    for (uint32_t i = 0; i < a_count && same; i++)
        same = str_equal(a[i], b[i]);
    return same;
}

static bool same_params(const struct manifest_stage *a, const struct manifest_stage *b)
{
    bool same = a->params_count == b->params_count;
    for (uint32_t i = 0; i < a->params_count && same; i++) {
        const struct manifest_params *p = &a->params[i], *q = &b->params[i];
        same = str_equal(p->path, q->path) && p->whole == q->whole && p->key_count == q->key_count;
        for (uint32_t k = 0; k < p->key_count && same; k++)
            same = str_equal(p->keys[k].key, q->keys[k].key);
    }
    return same;
}

static bool same_stage(const struct manifest_stage *a, const struct manifest_stage *b)
{
    bool same = str_equal(a->wdir, b->wdir) && a->dep_count == b->dep_count && a->out_count == b->out_count &&
                a->frozen == b->frozen && a->always_changed == b->always_changed && same_params(a, b);
    if (same && !a->source)
        same = same_strs(a->commands, a->command_count, b->commands, b->command_count) &&
               str_equal(a->shell, b->shell);
    for (uint32_t i = 0; i < a->dep_count && same; i++)
        same = str_equal(a->deps[i].path, b->deps[i].path);
    for (uint32_t i = 0; i < a->out_count && same; i++)
        same = str_equal(a->outs[i].path, b->outs[i].path) && a->outs[i].kind == b->outs[i].kind &&
               a->outs[i].cache == b->outs[i].cache && a->outs[i].persist == b->outs[i].persist;
    return same;
}

/* The stages of `b` in the order of those of `a`: a kept file's come first there, whatever else was at the root. */
static bool put_in_order(const struct migration *m, struct manifest *b)
{
    const struct manifest *a = m->manifest;
    if (a->stage_count != b->stage_count)
        return false;
    struct manifest_stage *ordered = arena_array(m->arena, struct manifest_stage, b->stage_count);
    uint32_t next = 0;
    for (int pass = 0; pass <= 1; pass++) /* the root's own, and then the others */
        for (uint32_t source = 0; source < m->count; source++)
            for (uint32_t i = 0; i < a->stage_count; i++) {
                struct str ignored;
                if (is_root(m, source) == (pass == 0) && migrate_is_of(m, i, source, &ignored))
                    ordered[i] = b->stages[next++];
            }
    b->stages = ordered;
    return next == b->stage_count;
}

static bool is_same(const struct migration *m, const struct manifest *b)
{
    const struct manifest *a = m->manifest;
    bool same = a->metric_count == b->metric_count;
    for (uint32_t i = 0; i < a->stage_count && same; i++)
        same = same_stage(&a->stages[i], &b->stages[i]);
    for (uint32_t i = 0; i < a->metric_count && same; i++) {
        same = false;
        for (uint32_t k = 0; k < b->metric_count && !same; k++)
            same = str_equal(a->metrics[i].path, b->metrics[k].path);
    }
    return same;
}

static enum status try_way(struct migration *m, struct str root, const struct manifest_reader *reader,
                           struct dvc_migration *out, bool *good, struct error *err)
{
    struct buf text = {0};
    enum status status = STATUS_OK;
    *good = write_all(m, &text);
    if (*good) {
        out->text = str_dup(m->arena, buf_view(&text));
        struct manifest_source source = {.path = STR("refit.yaml"), .text = out->text};
        status = manifest_load(m->arena, &source, 1, root, reader, &out->manifest, err);
        *good = status == STATUS_OK && put_in_order(m, &out->manifest) && is_same(m, &out->manifest);
        out->written_out = m->written_out;
    }
    buf_finish(&text);
    return status == STATUS_MANIFEST || status == STATUS_USAGE ? STATUS_OK : status;
}

enum status dvc_migrate(struct arena *arena, const struct manifest_source *sources, uint32_t count, struct str root,
                        const struct manifest_reader *reader, const struct manifest *manifest,
                        struct dvc_migration *out, struct error *err)
{
    struct migration m = {.arena = arena, .manifest = manifest, .sources = sources, .count = count};
    enum status status = STATUS_OK;
    struct error why = {.message = "it does not come to the same stages"};
    bool good = false;
    m.trees = arena_array(arena, const struct value *, count);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
        struct value *tree;
        status = yaml_parse(arena, sources[i].text, sources[i].path, &tree, err);
        m.trees[i] = tree;
    }
    name_stages(&m);
    for (int way = KEEP_ALL; way <= KEEP_NONE && status == STATUS_OK && !good; way++) {
        m.way = (enum migrate_way)way;
        status = try_way(&m, root, reader, out, &good, &why);
    }
    if (status != STATUS_OK && why.status == status)
        *err = why;
    if (status == STATUS_OK && !good)
        return error_set(err, STATUS_MANIFEST, "no refit.yaml could be made that declares the same: %s", why.message);
    return status;
}
