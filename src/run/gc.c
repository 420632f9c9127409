/* `refit gc`: which roots there are, what the store drops, whether its file is worth compacting. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "run/run.h"

/* Copying the file must give something back. */
#define COMPACT_BYTES_MIN ((uint64_t)1 << 20)
enum { COMPACT_PART_MIN = 5 }; /* a fifth of the file */

#define RESCUE ".refit/rescue"
#define TEMPORARIES ".refit/tmp"
#define ATTEMPTS ".refit/attempts"

/* ---- the workspace's own folders ---- */

/* The bytes of the files below an open folder, which is closed. What cannot be read counts for nothing. */
static uint64_t count_bytes(int fd)
{
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    struct stat st;
    uint64_t bytes = 0;
    if (stream == NULL) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    while ((entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(st.st_mode))
            bytes += count_bytes(openat(dirfd(stream), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        else if (S_ISREG(st.st_mode))
            bytes += (uint64_t)st.st_size;
    }
    closedir(stream);
    return bytes;
}

uint64_t folder_bytes(const char *path)
{
    return count_bytes(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* What a run that was killed left, and what the user does not want any more. */
static enum status remove_leftovers(const struct gc_options *options, struct error *err)
{
    int fd;
    enum status status = workspace_claim(&fd, err);
    if (status != STATUS_OK)
        return status;
    if (fd < 0) {
        if (options->rescue)
            options->warn(options->ctx, STR("a run is at work here: .refit/rescue and .refit/attempts stay"));
        return STATUS_OK;
    }
    status = fs_remove_tree(TEMPORARIES, err);
    if (status == STATUS_OK && options->rescue)
        status = fs_remove_tree(RESCUE, err);
    if (status == STATUS_OK && options->rescue)
        status = fs_remove_tree(ATTEMPTS, err);
    close(fd);
    return status;
}

/* Of the workspace that gc runs in, if it is one. */
static enum status clean_workspace(struct project *p, const struct gc_options *options, struct gc_result *out,
                                   struct error *err)
{
    out->rescue_bytes = folder_bytes(RESCUE);
    out->attempt_bytes = folder_bytes(ATTEMPTS);
    enum status status = copies_clean(p, options, out, err);
    if (status != STATUS_OK)
        return status;
    if (options->dry_run || access(".refit/state/data.mdb", F_OK) != 0)
        return STATUS_OK;
    status = remove_leftovers(options, err);
    return status == STATUS_OK ? prune_stat_cache(p, &out->forgotten_files, err) : status;
}

/* ---- the store ---- */

static enum status collect(struct project *p, const struct gc_options *options, struct gc_result *out,
                           struct error *err)
{
    struct roots roots;
    enum status status = roots_read(p, options, &roots, err);
    if (status == STATUS_OK && !options->dry_run)
        status = store_replace_refs(p->store, roots.published, roots.published_count, roots.dropped,
                                    roots.dropped_count, roots.sequence, err);
    if (status != STATUS_OK)
        return status;
    out->workspaces = roots.workspaces;
    out->workspace_count = roots.workspace_count;
    struct store_collect_options collecting = {.budget_bytes = options->budget_bytes,
                                               .dry_run = options->dry_run,
                                               .refs = roots.refs,
                                               .ref_count = roots.count,
                                               .sequence = roots.sequence};
    return store_collect(p->store, &collecting, &out->counts, err);
}

static bool is_worth_it(const struct gc_result *out, uint64_t budget_bytes)
{
    uint64_t left = out->counts.left_bytes, file = out->file_bytes;
    uint64_t free_bytes = file > left ? file - left : 0;
    return free_bytes >= COMPACT_BYTES_MIN && (free_bytes >= file / COMPACT_PART_MIN || file > budget_bytes);
}

static enum status compact(struct project *p, const struct gc_options *options, struct gc_result *out,
                           struct error *err)
{
    struct stat st;
    const char *data = str_format(&p->arena, STR_FMT "/data.mdb", STR_ARG(p->store_directory)).ptr;
    if (stat(data, &st) == 0)
        out->file_bytes = (uint64_t)st.st_size;
    if (options->dry_run || !options->compact || !is_worth_it(out, options->budget_bytes))
        return STATUS_OK;
    out->compacted = true;
    return store_compact(p->store_directory.ptr, &out->compaction, &out->file_bytes, err);
}

static void close_store(struct project *p)
{
    store_close(p->store);
    p->store = NULL;
}

enum status run_gc(struct project *p, const struct gc_options *options, struct gc_result *out, struct error *err)
{
    int alone = -1;
    *out = (struct gc_result){0};
    enum status status = options->dry_run ? STATUS_OK : store_lock_gc(p->store_directory.ptr, &alone, err);
    if (status == STATUS_OK)
        status = collect(p, options, out, err);
    if (status == STATUS_OK)
        status = baselines_clean(p, options, out, err);
    close_store(p); /* nobody may have it open, not even this process */
    if (status == STATUS_OK)
        status = compact(p, options, out, err);
    if (alone >= 0)
        close(alone);
    return status == STATUS_OK ? clean_workspace(p, options, out, err) : status;
}
