/* Files of past builds that gates compare with: out of the store, or of git, into a folder of refit's own, under the
 * digest of what is in them. So a verdict that names them says the same everywhere. */
#include <stdlib.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/vcs.h"
#include "run/run.h"

#define FOLDERS ".refit/baselines"
#define FOLDER FOLDERS "/"

static const struct record_out *find(const struct lock *lock, struct str path)
{
    for (uint32_t i = 0; i < lock->stage_count; i++)
        for (uint32_t k = 0; k < lock->stages[i].out_count; k++)
            if (str_equal(lock->stages[i].outs[k].path, path))
                return &lock->stages[i].outs[k];
    return NULL;
}

static enum status write_place(struct arena *arena, struct str place, struct str bytes, struct error *err)
{
    const char *path = str_terminated(arena, place);
    enum status status = fs_make_parents(path, err);
    return status == STATUS_OK
               ? fs_write_atomic(path, str_format(arena, "%s.%d", path, (int)getpid()).ptr, bytes, 0666, false, err)
               : status;
}

/* Is it there as it should be? Otherwise it is made again. */
static enum status from_store(struct project *p, struct arena *arena, struct str place, struct digest digest,
                              bool *there, struct error *err)
{
    struct buf bytes = {0};
    struct error why;
    enum status status = fs_read(str_terminated(arena, place), UINT64_MAX, &bytes, &why);
    *there = status == STATUS_OK && digest_equal(digest_of(bytes.ptr, bytes.len), digest);
    status = *there ? STATUS_OK : project_open_store(p, err);
    if (status == STATUS_OK && !*there && p->store != NULL) {
        buf_clear(&bytes);
        status = store_get_bytes(p->store, digest, &bytes, &why);
        *there = status == STATUS_OK;
        if (*there)
            status = write_place(arena, place, buf_view(&bytes), err);
        else if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT)
            status = STATUS_OK;
        else
            *err = why;
    }
    buf_finish(&bytes);
    return status;
}

/* What is committed, such as metrics that are not cached, is in git alone. */
static enum status from_git(struct project *p, struct arena *arena, const struct picture *picture, struct str path,
                            struct str place, struct digest digest, bool *there, struct error *err)
{
    struct vcs_commit commit;
    struct str bytes;
    struct error ignored; /* then it is not there either */
    bool found;
    if (picture->commit.len == 0 ||
        vcs_find_commit(arena, p->root.ptr, str_terminated(arena, picture->commit), &commit, &ignored) != STATUS_OK ||
        vcs_read_file(arena, p->root.ptr, &commit, str_terminated(arena, path), &bytes, &found, &ignored) != STATUS_OK)
        return STATUS_OK;
    *there = found && digest_equal(digest_of(bytes.ptr, bytes.len), digest);
    return *there ? write_place(arena, place, bytes, err) : STATUS_OK;
}

enum status run_baseline_file(struct project *p, struct arena *arena, const struct picture *picture, struct str path,
                              struct str *place, struct str *lacking, struct error *err)
{
    const struct record_out *out = find(&picture->lock, path);
    struct str name = str_printable(arena, path);
    char hex[DIGEST_HEX + 1];
    bool there;
    *lacking = STR("");
    if (out == NULL || out->kind != ENTRY_FILE) {
        *lacking = str_format(arena, "its refit.lock names no file " STR_FMT, STR_ARG(name));
        return STATUS_OK;
    }
    *place = str_format(arena, FOLDER "%s/" STR_FMT, digest_hex(out->digest, hex), STR_ARG(path_name(path)));
    enum status status = from_store(p, arena, *place, out->digest, &there, err);
    if (status == STATUS_OK && !there)
        status = from_git(p, arena, picture, path, *place, out->digest, &there, err);
    if (status == STATUS_OK && !there)
        *lacking = str_format(arena, "neither the store nor git has its " STR_FMT, STR_ARG(name));
    return status;
}

enum status run_baseline_bring(struct project *p, struct arena *arena, struct str place, struct error *err)
{
    struct digest digest;
    bool there;
    size_t at = sizeof FOLDER - 1;
    if (!str_starts(place, STR(FOLDER)) || place.len <= at + DIGEST_HEX ||
        !digest_parse(str_slice(place, at, at + DIGEST_HEX), &digest))
        return STATUS_OK;
    return from_store(p, arena, place, digest, &there, err);
}

/* ---- removing ---- */

static enum status remove_one(struct project *p, struct str name, bool dry_run, struct gc_result *out,
                              struct error *err)
{
    struct digest digest;
    const char *path = str_format(&p->arena, FOLDER STR_FMT, STR_ARG(name)).ptr;
    uint64_t bytes = folder_bytes(path);
    struct buf kept = {0};
    struct error why;
    if (!digest_parse(name, &digest))
        return STATUS_OK;
    enum status status = store_get_bytes(p->store, digest, &kept, &why);
    bool has = status == STATUS_OK; /* and it is whole */
    buf_finish(&kept);
    if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT)
        status = STATUS_OK;
    else if (status != STATUS_OK)
        *err = why;
    if (status == STATUS_OK && has && !dry_run)
        status = fs_remove_tree(path, err);
    out->removed_baseline_bytes += status == STATUS_OK && has ? bytes : 0;
    return status;
}

static enum status remove_all(struct project *p, bool dry_run, struct gc_result *out, struct error *err)
{
    struct str *names;
    uint32_t count;
    enum status status = folder_names(&p->arena, FOLDERS, &names, &count, err);
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = remove_one(p, names[i], dry_run, out, err);
    free(names);
    return status;
}

enum status baselines_clean(struct project *p, const struct gc_options *options, struct gc_result *out,
                            struct error *err)
{
    struct stat st;
    int alone = -1;
    bool found;
    enum status status = fs_lstat(FOLDERS, &st, &found, err);
    if (status != STATUS_OK || !found || !S_ISDIR(st.st_mode))
        return status;
    out->baseline_bytes = folder_bytes(FOLDERS);
    if (options->reproduced && !options->dry_run)
        status = workspace_claim(&alone, err);
    if (status == STATUS_OK && options->reproduced && (alone >= 0 || options->dry_run))
        status = remove_all(p, options->dry_run, out, err);
    else if (status == STATUS_OK && options->reproduced)
        options->warn(options->ctx, STR("a run is at work here: " FOLDERS " stays"));
    if (alone >= 0)
        close(alone);
    return status;
}
