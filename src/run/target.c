/* What the words of a command line name, where DVC's files declare the stages. */
#include "refit/base/path.h"
#include "run/run.h"

static bool means_stages(const struct project *p, struct str name)
{
    enum name_kind kind = graph_name_kind(&p->graph, name);
    return kind == NAME_STAGE || kind == NAME_GROUP;
}

static bool is_glob(const struct project *p, struct str name)
{
    return graph_name_kind(&p->graph, name) == NAME_GLOB;
}

/* How the graph calls a stage of a dvc.yaml. */
static struct str name_in(struct arena *arena, struct str file, struct str name)
{
    return str_is(file, "dvc.yaml") ? name : str_format(arena, STR_FMT ":" STR_FMT, STR_ARG(file), STR_ARG(name));
}

/* The length of the `PATH/dvc.yaml` that a word begins with: all of it, or up to a colon. 0 = it does not. */
static size_t file_length(struct str word)
{
    static const struct str file = {"dvc.yaml", 8};
    for (size_t end = file.len; end <= word.len; end++) {
        struct str path = str_slice(word, 0, end);
        bool whole = end == word.len || word.ptr[end] == ':';
        if (whole && str_ends(path, file) && (end == file.len || word.ptr[end - file.len - 1] == '/'))
            return end;
    }
    return 0;
}

/* DVC's rules: a stage of a named file, one of the file where one stands, a .dvc file. Then what the graph calls it. */
static enum status find_of_dvc(const struct project *p, struct arena *arena, struct str word, struct str *out,
                               bool *file, struct error *err)
{
    size_t length = file_length(word);
    struct str path;
    if (length > 0 || str_ends(word, STR(".dvc"))) {
        size_t end = length > 0 ? length : word.len;
        enum status status = path_make(arena, p->root, p->cwd, str_slice(word, 0, end), &path, err);
        if (status != STATUS_OK)
            return status;
        *file = length > 0 && length == word.len;
        if (length > 0 && !*file)
            path = name_in(arena, path, str_slice(word, length + 1, word.len));
        if (*file || graph_name_kind(&p->graph, path) != NAME_NONE)
            *out = path;
        return STATUS_OK;
    }
    if (p->here.len > 0) {
        struct str name = name_in(arena, p->here, word);
        if (means_stages(p, name))
            *out = name;
        enum status status = path_make(arena, p->root, p->cwd, word, &path, err);
        if (status == STATUS_OK && out->len == 0 && is_glob(p, name) && !graph_is_made(&p->graph, path))
            *out = name;
        return status;
    }
    return STATUS_OK;
}

enum status project_target(const struct project *p, struct arena *arena, struct str word, struct str *out, bool *file,
                           struct error *err)
{
    enum status status = STATUS_OK;
    *file = false;
    *out = STR("");
    if (p->dialect == MANIFEST_DVC)
        status = find_of_dvc(p, arena, word, out, file, err);
    if (status != STATUS_OK || out->len > 0)
        return status;
    *out = word;
    if (means_stages(p, word))
        return STATUS_OK;
    struct str path;
    status = path_make(arena, p->root, p->cwd, word, &path, err);
    if (status == STATUS_OK && (!is_glob(p, word) || graph_is_made(&p->graph, path)))
        *out = path;
    return status;
}
