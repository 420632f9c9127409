/* Which files there are, so that the stat cache forgets the others: all of the project's folders, not through links;
 * and where deps and outs are reached through links, those folders too. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "refit/base/table.h"
#include "run/run.h"

struct listing {
    struct arena *arena;
    struct state_folder *folders; /* malloc'd */
    uint32_t count, cap;
    struct table index; /* path → folder */
};

static bool is_folder(const struct dirent *entry, const char *path)
{
    struct stat st;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The names in an open folder; those of folders also to `below`, joined by NULs. */
static void read_names(struct listing *l, struct state_folder *folder, DIR *stream, struct buf *below)
{
    struct dirent *entry;
    size_t cap = 0;
    while ((errno = 0, entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        MEM_GROW(folder->names, folder->count, cap);
        folder->names[folder->count++] = digest_of(name, strlen(name));
        struct arena_mark mark = arena_get_mark(l->arena);
        if (is_folder(entry, path_join(l->arena, folder->path, str_from(name)).ptr))
            buf_append(below, name, strlen(name) + 1);
        arena_rewind(l->arena, mark);
    }
    folder->unreadable = errno != 0;
}

static enum status list_folder(struct listing *l, struct str path, bool deep, struct error *err)
{
    struct state_folder folder = {.path = path};
    struct buf below = {0};
    enum status status = interrupt_check(false, err);
    if (status != STATUS_OK || table_get(&l->index, path) != TABLE_NONE)
        return status;
    DIR *stream = opendir(path.ptr);
    if (stream != NULL) {
        read_names(l, &folder, stream, &below);
        closedir(stream);
    } else {
        folder.unreadable = errno != ENOENT && errno != ENOTDIR;
    }
    table_add(&l->index, path, l->count);
    MEM_GROW(l->folders, l->count, l->cap);
    l->folders[l->count++] = folder;
    for (size_t at = 0; deep && status == STATUS_OK && at < below.len; at += strlen(below.ptr + at) + 1) {
        struct str name = str_from(below.ptr + at);
        if (!str_is(name, ".git") && !str_is(name, ".refit"))
            status = list_folder(l, path_join(l->arena, path, name), true, err);
    }
    buf_finish(&below);
    return status;
}

/* A path of refit.lock that the walk through the project has not come to. */
static enum status list_path(struct listing *l, struct str path, struct error *err)
{
    struct stat st;
    path = str_dup(l->arena, path);
    if (!path_is_inside(path))
        return STATUS_OK; /* what is outside is not pruned */
    enum status status = list_folder(l, str_dup(l->arena, path_parent(path)), false, err);
    if (status == STATUS_OK && stat(path.ptr, &st) == 0 && S_ISDIR(st.st_mode))
        status = list_folder(l, path, true, err);
    return status;
}

static enum status list_lock(struct listing *l, struct error *err)
{
    struct lock lock;
    struct error ignored; /* gc has said it */
    enum status status = STATUS_OK;
    if (lock_load(l->arena, &lock, &ignored) != STATUS_OK)
        return STATUS_OK;
    for (uint32_t i = 0; i < lock.stage_count; i++) {
        const struct lock_stage *stage = &lock.stages[i];
        for (uint32_t j = 0; status == STATUS_OK && j < stage->fields.count; j++)
            if (stage->fields.items[j].tag == FIELD_DEP)
                status = list_path(l, stage->fields.items[j].name, err);
        for (uint32_t j = 0; status == STATUS_OK && j < stage->out_count; j++)
            status = list_path(l, stage->outs[j].path, err);
    }
    return status;
}

enum status prune_stat_cache(struct project *p, uint64_t *forgotten, struct error *err)
{
    struct arena arena;
    arena_init(&arena);
    struct listing l = {.arena = &arena};
    enum status status = list_folder(&l, STR("."), true, err);
    if (status == STATUS_OK)
        status = list_lock(&l, err);
    if (status == STATUS_OK)
        status = project_open_state(p, err);
    if (status == STATUS_OK)
        status = state_prune(p->state, l.folders, l.count, forgotten, err);
    for (uint32_t i = 0; i < l.count; i++)
        free(l.folders[i].names);
    free(l.folders);
    table_finish(&l.index);
    arena_finish(&arena);
    return status;
}
