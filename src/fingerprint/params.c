/* Parameter files: loaded once, found by dotted keys, spread into leaves. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprint/fingerprint.h"
#include "refit/base/fs.h"

enum { PARAMS_BYTES_MAX = 64 << 20 };

static struct params_file *remember(struct fingerprint *fp, struct str path)
{
    uint32_t index = table_get(&fp->params_index, path);
    if (index == TABLE_NONE) {
        index = fp->params_count;
        MEM_GROW(fp->params, fp->params_count, fp->params_cap);
        struct str copy = str_dup(&fp->arena, path);
        fp->params[fp->params_count++] = (struct params_file){.path = copy};
        table_add(&fp->params_index, copy, index);
    }
    return &fp->params[index];
}

static enum status load_parsed(struct fingerprint *fp, struct params_file *file, struct error *err)
{
    struct buf text = {0};
    enum status status = fs_read(file->path.ptr, PARAMS_BYTES_MAX, &text, err);
    if (status == STATUS_OK)
        status = params_parse(&fp->arena, str_dup(&fp->arena, buf_view(&text)), file->path, fp->reader, &file->root,
                              err);
    buf_finish(&text);
    return status;
}

static enum status load_digest(struct fingerprint *fp, struct params_file *file, struct error *err)
{
    struct digest_options options = {.mode = DIGEST_DEP, .budget_bytes = UINT64_MAX, .verify = true};
    struct input input;
    bool complete;
    enum status status = digest_path(fp, &fp->arena, file->path, &options, &input, &complete, err);
    if (status == STATUS_OK && input.kind == ENTRY_MISSING)
        status = error_set(err, STATUS_NOT_FOUND, STR_FMT " is missing", STR_ARG(file->path));
    file->root = NULL;
    file->digest = input.digest;
    return status;
}

enum status params_load(struct fingerprint *fp, const struct manifest_stage *stage,
                        const struct manifest_params *params, struct params_file **out, struct error *err)
{
    const char *manifest_file = str_terminated(&fp->arena, stage->file);
    *out = remember(fp, params->path);
    struct stat st;
    struct file_stat now = {0};
    bool found = stat(params->path.ptr, &st) == 0;
    if (found)
        now = file_stat_of(&st);
    if ((*out)->loaded && file_stat_equal(&now, &(*out)->stat))
        return STATUS_OK;
    (*out)->stat = now;
    (*out)->settled = found && file_is_settled(fp, params->path, &now);
    (*out)->loaded = false;
    (*out)->loads++;
    bool parsed = params_has_keys(params->path);
    if (!parsed && !params->whole)
        return error_at(err, STATUS_MANIFEST, manifest_file, params->at.line, params->at.column,
                        "keys are read from .yaml, .yml, .json, .toml and .py files; " STR_FMT
                        " is none (name it without keys, and its bytes count)",
                        STR_ARG(params->path));
    if (parsed && found && !S_ISREG(st.st_mode))
        return error_at(err, STATUS_MANIFEST, manifest_file, params->at.line, params->at.column,
                        STR_FMT " is not a regular file, and no parameters can be read from it", STR_ARG(params->path));
    enum status status = parsed ? load_parsed(fp, *out, err) : load_digest(fp, *out, err);
    if (status == STATUS_NOT_FOUND)
        return error_at(err, STATUS_MANIFEST, manifest_file, params->at.line, params->at.column,
                        "the parameter file " STR_FMT " does not exist; make it, or correct the name",
                        STR_ARG(params->path));
    (*out)->loaded = status == STATUS_OK;
    return status;
}

void fingerprint_doubt_params(struct fingerprint *fp, const struct graph *graph, struct stage_id id)
{
    const struct manifest_stage *stage = graph->stages[id.index].declared;
    for (uint32_t i = 0; i < stage->params_count; i++) {
        struct params_file *file = remember(fp, stage->params[i].path);
        file->loaded &= file->settled;
    }
}

bool fingerprint_params_stand(const struct fingerprint *fp, struct str path)
{
    uint32_t index = table_get(&fp->params_index, path);
    struct stat st;
    if (index == TABLE_NONE || stat(path.ptr, &st) != 0)
        return false;
    struct file_stat now = file_stat_of(&st);
    return fp->params[index].loads == 1 && file_stat_equal(&now, &fp->params[index].stat);
}
