/* The top level of a manifest. */
#include "manifest/loader.h"
#include "refit/base/path.h"

static const struct str key_names[] = {{"stages", 6}, {"tools", 5}, {"desc", 4}};
enum { KEY_COUNT = sizeof key_names / sizeof *key_names };

/* What a later version will understand. */
static const struct str later_names[] = {
    {"vars", 4},     {"params", 6}, {"metrics", 7}, {"plots", 5}, {"artifacts", 9},
    {"datasets", 8}, {"data", 4},   {"gates", 5},   {"rules", 5},
};

static enum status check_keys(struct loader *l, const struct value *root, struct error *err)
{
    for (uint32_t i = 0; i < root->map.count; i++) {
        const struct value_pair *pair = &root->map.pairs[i];
        bool known = false;
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
static enum status check_depfiles(struct loader *l, const struct manifest *m, struct error *err)
{
    struct seen seen = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < m->stage_count && status == STATUS_OK; i++) {
        const struct manifest_stage *stage = &m->stages[i];
        uint32_t first = stage->depfile.len > 0 ? seen_add(&seen, stage->depfile, i) : TABLE_NONE;
        if (first != TABLE_NONE)
            status = REFUSE(l, &stage->depfile_at, err,
                            "the depfile `" STR_FMT "` in stage `" STR_FMT "` is that of stage `" STR_FMT
                            "` too; give each its own",
                            STR_ARG(stage->depfile), STR_ARG(stage->name), STR_ARG(m->stages[first].name));
    }
    seen_finish(&seen);
    return status;
}

static enum status load_stages(struct loader *l, const struct value *stages, struct manifest *out, struct error *err)
{
    if (stages->type != VALUE_MAP)
        return read_type_error(l, stages, "`stages`", "a map of names to stages", err);
    out->stages = arena_array(l->arena, struct manifest_stage, stages->map.count);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < stages->map.count && status == STATUS_OK; i++)
        status = load_stage(l, &stages->map.pairs[i], &out->stages[i], err);
    out->stage_count = stages->map.count;
    return status == STATUS_OK ? check_depfiles(l, out, err) : status;
}

static enum status load_root(struct loader *l, const struct value *root, struct manifest *out, struct error *err)
{
    if (root->type == VALUE_NULL)
        return REFUSE(l, root, err, "the manifest is empty; it needs `stages:`");
    if (root->type != VALUE_MAP)
        return read_type_error(l, root, "the manifest", "a map with `stages`", err);
    enum status status = check_keys(l, root, err);
    const struct value *stages = value_get(root, STR("stages"));
    if (status == STATUS_OK && stages == NULL)
        status = REFUSE(l, root, err, "the manifest has no `stages`; add them");
    const struct value *desc = value_get(root, STR("desc")), *tools = value_get(root, STR("tools"));
    if (status == STATUS_OK && desc != NULL && desc->type != VALUE_NULL)
        status = read_string(l, desc, "`desc`", &out->desc, err);
    if (status == STATUS_OK && tools != NULL)
        status = load_common_tools(l, tools, err);
    return status == STATUS_OK ? load_stages(l, stages, out, err) : status;
}

enum status manifest_load(struct arena *arena, struct str text, struct str file, struct str root, struct str base,
                          struct manifest *out, struct error *err)
{
    struct loader l = {
        .arena = arena,
        .file = str_terminated(arena, file),
        .root = root,
        .base = str_dup(arena, base),
        .own_path = file.len > 0 ? path_join(arena, base, path_name(file)) : STR(""),
    };
    struct manifest loaded = {.file = str_from(l.file), .desc = STR("")};
    struct value *tree;
    enum status status = yaml_parse(arena, text, file, &tree, err);
    if (status == STATUS_OK)
        status = load_root(&l, tree, &loaded, err);
    if (status == STATUS_OK)
        *out = loaded;
    return status;
}
