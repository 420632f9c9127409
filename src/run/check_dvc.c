/* What a .dvc file is a source of: is it there, or to be had from DVC's cache? */
#include "refit/base/fs.h"
#include "run/dvccache.h"

/* What will be where DVC's cache has an out that is missing: of a file its digest, of a folder only that it is one.
 * *has is false if the cache does not have it, or what there is of it cannot be read. */
static enum status look_in_dvc_cache(struct check_context *c, const struct manifest_out *out, struct check *check,
                                     struct record_out *found, bool *has, struct error *err)
{
    struct dvc_cache *cache;
    struct str path;
    enum status status = dvc_cache_open(c->project, &cache, err);
    if (status != STATUS_OK)
        return status;
    *has = dvc_cache_find(cache, c->arena, out->md5, &path);
    dvc_cache_close(cache);
    bool folder = str_ends(out->md5, STR(".dir"));
    *found = (struct record_out){.path = out->path, .kind = folder ? ENTRY_DIRECTORY : ENTRY_FILE, .stored = true};
    if (!*has || folder)
        return STATUS_OK;
    struct digest_options options = {.mode = DIGEST_DEP, .budget_bytes = c->budget_bytes};
    struct input now;
    bool complete;
    status = digest_path(c->project->fp, c->arena, path, &options, &now, &complete, err);
    if (status != STATUS_OK)
        return status;
    if (!complete) {
        check_want_read(c, check, path, DIGEST_DEP, false, now.size);
        return STATUS_OK;
    }
    found->executable = out->executable;
    found->digest = now.digest;
    found->size = now.size;
    return STATUS_OK;
}

/* The outs of a .dvc file: there, whatever they are, or to be had from DVC's cache. */
enum status check_dvc_data(struct check_context *c, const struct manifest_stage *stage, struct check *out,
                                  struct error *err)
{
    struct record *record = arena_new(c->arena, struct record);
    record->outs = arena_array(c->arena, struct record_out, stage->out_count);
    out->record = record;
    out->outcome = CHECK_FRESH;
    for (uint32_t i = 0; i < stage->out_count; i++) {
        const struct manifest_out *declared = &stage->outs[i];
        struct stat st;
        struct error why;
        bool found, has = false;
        enum status status = fs_lstat(declared->path.ptr, &st, &found, &why);
        if (status == STATUS_OK && found)
            continue;
        if (status == STATUS_OK && declared->md5.len > 0)
            status = look_in_dvc_cache(c, declared, out, &record->outs[record->out_count], &has, &why);
        if (status != STATUS_OK)
            return check_fail_or_pass(c, out, &why, err);
        if (!has) {
            check_fail(out, 1,
                 str_format(c->arena, STR_FMT " is missing, and DVC's cache does not have it; `dvc pull " STR_FMT
                            "` fetches it", STR_ARG(str_printable(c->arena, declared->path)),
                            STR_ARG(str_printable(c->arena, stage->name))));
            return STATUS_OK;
        }
        record->out_count++;
        if (out->outcome != CHECK_READ)
            out->outcome = CHECK_RESTORE;
        out->reason = str_format(c->arena, STR_FMT " is in DVC's cache",
                                 STR_ARG(str_printable(c->arena, declared->path)));
    }
    if (out->outcome == CHECK_FRESH)
        out->record = NULL;
    return STATUS_OK;
}
