/* The top level of a manifest. */
#include <stdlib.h>

#include "manifest/loader.h"
#include "refit/base/path.h"

static const struct str key_names[] = {{"stages", 6}, {"vars", 4}, {"tools", 5}, {"desc", 4}, {"shell", 5},
                                        {"data", 4},   {"expect", 6}, {"gates", 5}};
enum { KEY_COUNT = sizeof key_names / sizeof *key_names, KEY_OWN = 2 /* the first that DVC does not know */ };

/* What a later version will understand. */
static const struct str later_names[] = {
    {"rules", 5},
};

static bool is_own_key(struct str key)
{
    for (int k = KEY_OWN; k < KEY_COUNT; k++)
        if (str_equal(key, key_names[k]))
            return true;
    return false;
}

static enum status check_keys(struct loader *l, const struct value *root, struct error *err)
{
    for (uint32_t i = 0; i < root->map.count; i++) {
        const struct value_pair *pair = &root->map.pairs[i];
        bool known = is_carried_key(pair->key);
        if (l->dialect == MANIFEST_DVC && is_own_key(pair->key))
            return REFUSE(l, pair, err, "`" STR_FMT "` at the top level " OWN_KEY, STR_ARG(pair->key));
        for (int k = 0; k < KEY_COUNT; k++)
            known = known || str_equal(pair->key, key_names[k]);
        for (size_t k = 0; k < sizeof later_names / sizeof *later_names; k++)
            if (str_equal(pair->key, later_names[k]))
                return REFUSE(l, pair, err, "`" STR_FMT "` at the top level is not supported yet; take it out",
                              STR_ARG(pair->key));
        if (!known)
            return REFUSE(l, pair, err, "unknown key `" STR_FMT "` at the top level%s", STR_ARG(pair->key),
                          loader_hint(l, pair->key, key_names, KEY_COUNT));
    }
    return STATUS_OK;
}

/* Two stages that write one depfile would each read the other's. */
static enum status check_depfiles(const struct manifest *m, struct error *err)
{
    struct seen seen = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < m->stage_count && status == STATUS_OK; i++) {
        const struct manifest_stage *stage = &m->stages[i];
        uint32_t first = stage->depfile.len > 0 ? seen_add(&seen, stage->depfile, i) : TABLE_NONE;
        if (first != TABLE_NONE)
            status = error_at(err, STATUS_MANIFEST, stage->file.ptr, stage->depfile_at.line, stage->depfile_at.column,
                              "the depfile `" STR_FMT "` in stage `" STR_FMT "` is that of stage `" STR_FMT
                              "` too; give each its own",
                              STR_ARG(stage->depfile), STR_ARG(stage->name), STR_ARG(m->stages[first].name));
    }
    seen_finish(&seen);
    return status;
}

static enum status load_stages(struct loader *l, const struct value *stages, struct error *err)
{
    if (stages->type != VALUE_MAP)
        return read_type_error(l, stages, "`stages`", "a map of names to stages", err);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < stages->map.count && status == STATUS_OK; i++)
        status = generate_stages(l, &stages->map.pairs[i], err);
    return status;
}

static enum status load_all_carried(struct loader *l, const struct value *root, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < root->map.count && status == STATUS_OK; i++)
        if (is_carried_key(root->map.pairs[i].key)) {
            struct value_pair resolved = root->map.pairs[i];
            const struct value *value;
            status = resolve_value(l, resolved.value, TEMPLATE_SCALAR, &value, err);
            resolved.value = (struct value *)value;
            if (status == STATUS_OK)
                status = load_carried(l, &resolved, err);
        }
    return status;
}

static enum status load_root(struct loader *l, const struct value *root, struct error *err)
{
    bool dvc = l->dialect == MANIFEST_DVC; /* one without stages may describe metrics, plots and artifacts */
    if (root->type == VALUE_NULL && dvc)
        return STATUS_OK;
    if (root->type == VALUE_NULL)
        return REFUSE(l, root, err, "the manifest is empty; it needs `stages:`");
    if (root->type != VALUE_MAP)
        return read_type_error(l, root, "the manifest", "a map with `stages`", err);
    enum status status = check_keys(l, root, err);
    const struct value *stages = value_get(root, STR("stages"));
    l->vars = value_get(root, STR("vars"));
    if (status == STATUS_OK && l->vars != NULL)
        status = need_variables(l, err);
    if (status == STATUS_OK)
        status = load_all_carried(l, root, err);
    if (status == STATUS_OK && stages == NULL && dvc)
        return STATUS_OK;
    if (status == STATUS_OK && stages == NULL && value_get(root, STR("expect")) == NULL &&
        value_get(root, STR("gates")) == NULL)
        status = REFUSE(l, root, err, "the manifest has no `stages`; add them");
    const struct value *desc = value_get(root, STR("desc")), *tools = value_get(root, STR("tools"));
    const struct value *shell = value_get(root, STR("shell")), *data = value_get(root, STR("data"));
    if (status == STATUS_OK && desc != NULL && desc->type != VALUE_NULL)
        status = resolve_value(l, desc, TEMPLATE_SCALAR, &desc, err);
    if (status == STATUS_OK && desc != NULL && desc->type != VALUE_NULL)
        status = read_string(l, desc, "`desc`", &l->manifest->desc, err);
    if (status == STATUS_OK && shell != NULL)
        status = read_shell(l, shell, &l->shell, err);
    if (status == STATUS_OK && tools != NULL)
        status = resolve_value(l, tools, TEMPLATE_SCALAR, &tools, err);
    if (status == STATUS_OK && tools != NULL)
        status = load_common_tools(l, tools, err);
    if (status == STATUS_OK && data != NULL)
        status = resolve_value(l, data, TEMPLATE_SCALAR, &data, err);
    if (status == STATUS_OK && data != NULL)
        status = load_data(l, data, err);
    if (status == STATUS_OK && stages != NULL)
        status = load_stages(l, stages, err);
    return status == STATUS_OK ? load_checks(l, root, err) : status;
}

static enum status load_data_source(struct loader *l, const struct manifest_source *source, const struct value *tree,
                                    struct error *err)
{
    struct manifest *m = l->manifest;
    MEM_GROW(m->stages, m->stage_count, l->stage_cap);
    enum status status = load_dvc_data(l, source, tree, &m->stages[m->stage_count], err);
    m->stage_count += status == STATUS_OK;
    return status;
}

static void begin_source(struct loader *l, const struct manifest_source *source)
{
    l->file = str_terminated(l->arena, source->path);
    l->text = source->text;
    l->base = str_dup(l->arena, path_parent(source->path));
    l->dialect = source->dialect;
    l->tools = NULL;
    l->tool_count = 0;
    l->shell = source->dialect == MANIFEST_DVC ? STR(SHELL_OF_DVC) : STR("/bin/sh");
    l->vars = NULL;
    l->variables = (struct variables){0};
    l->variables_loaded = false;
}

static enum status load_source(struct loader *l, const struct manifest_source *source, struct error *err)
{
    struct value *tree;
    begin_source(l, source);
    enum status status = yaml_parse(l->arena, source->text, source->path, &tree, err);
    if (status == STATUS_OK && source->dialect == MANIFEST_DVC_DATA)
        status = load_data_source(l, source, tree, err);
    else if (status == STATUS_OK)
        status = load_root(l, tree, err);
    variables_finish(&l->variables);
    return status;
}

enum status loader_read(struct loader *l, struct str path, struct position at, struct str *text, bool *found,
                        struct error *err)
{
    struct manifest *m = l->manifest;
    struct manifest_file file = {.path = path, .by = str_from(l->file), .at = at};
    enum status status = STATUS_NOT_FOUND;
    if (l->reader != NULL && l->reader->read != NULL)
        status = l->reader->read(l->reader->ctx, l->arena, path, text, err);
    if (status == STATUS_IO && at.line > 0) { /* a folder, no permission: what names it is wrong */
        struct error why = *err;
        return REFUSE(l, &at, err, "%s", why.message);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    *found = file.found = status == STATUS_OK;
    if (*found)
        file.digest = digest_of(text->ptr, text->len);
    if (table_add(&l->file_index, path, m->file_count) < m->file_count)
        return STATUS_OK;
    MEM_GROW(m->files, m->file_count, l->file_cap);
    m->files[m->file_count++] = file;
    return STATUS_OK;
}

/* Names that were generated, or that come from several files, may be there twice. */
static enum status check_names(const struct loader *l, struct error *err)
{
    const struct manifest *m = l->manifest;
    struct table names = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; (l->generated || l->source_count > 1) && i < m->stage_count && status == STATUS_OK; i++) {
        const struct manifest_stage *stage = &m->stages[i], *first;
        uint32_t at = table_add(&names, stage->name, i);
        first = &m->stages[at];
        if (at != i)
            status = error_at(err, STATUS_MANIFEST, stage->file.ptr, stage->at.line, stage->at.column,
                              "the stage `" STR_FMT "` is there already (" STR_FMT ":%u:%u); rename one of them",
                              STR_ARG(stage->name), STR_ARG(first->file), first->at.line, first->at.column);
    }
    table_finish(&names);
    return status;
}

static void finish(struct loader *l)
{
    free(l->manifest->stages);
    free(l->manifest->files);
    free(l->parsed);
    table_finish(&l->parsed_index);
    table_finish(&l->file_index);
    buf_finish(&l->work.text);
    buf_finish(&l->work.name);
}

enum status manifest_load(struct arena *arena, const struct manifest_source *sources, uint32_t count, struct str root,
                          const struct manifest_reader *reader, struct manifest *out, struct error *err)
{
    struct manifest loaded = {.desc = STR("")};
    struct loader l = {
        .arena = arena,
        .root = root,
        .sources = sources,
        .source_count = count,
        .reader = reader,
        .manifest = &loaded,
    };
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = load_source(&l, &sources[i], err);
    if (status == STATUS_OK)
        status = check_names(&l, err);
    if (status == STATUS_OK)
        status = check_depfiles(&loaded, err);
    if (status == STATUS_OK) {
        *out = loaded;
        out->stages = arena_copy(arena, loaded.stages, mem_product(loaded.stage_count, sizeof *loaded.stages));
        out->files = arena_copy(arena, loaded.files, mem_product(loaded.file_count, sizeof *loaded.files));
    }
    finish(&l);
    return status;
}

enum status manifest_read_section(struct arena *arena, const struct manifest_source *source, struct str root,
                                  const struct manifest_reader *reader, struct str name, const struct value **out,
                                  struct error *err)
{
    struct manifest ignored = {.desc = STR("")};
    struct loader l = {.arena = arena, .root = root, .sources = source, .source_count = 1, .reader = reader,
                       .manifest = &ignored};
    struct value *tree;
    *out = NULL;
    begin_source(&l, source);
    enum status status = yaml_parse(arena, source->text, source->path, &tree, err);
    if (status == STATUS_OK) {
        l.vars = value_get(tree, STR("vars"));
        *out = value_get(tree, name);
    }
    if (status == STATUS_OK && *out != NULL)
        status = resolve_value(&l, *out, TEMPLATE_ARGUMENT, out, err);
    variables_finish(&l.variables);
    finish(&l);
    return status;
}
