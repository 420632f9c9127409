/* The stat cache: digests of files whose stat has not changed, one sorted pack for each folder. */
#include "store/state.h"

#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"

static int64_t time_ns(struct timespec t)
{
    /* Unsigned, so that a date that a hostile file system makes up wraps instead of overflowing. */
    return (int64_t)((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}

struct file_stat file_stat_of(const struct stat *st)
{
    return (struct file_stat){(uint64_t)st->st_ino, (uint64_t)st->st_size, time_ns(st->st_mtim), time_ns(st->st_ctim)};
}

bool file_stat_equal(const struct file_stat *a, const struct file_stat *b)
{
    return a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

/* ---- folders (the lock is held) ---- */

static int compare_names(const void *a, const void *b)
{
    return digest_compare(&((const struct pack_entry *)a)->name, &((const struct pack_entry *)b)->name);
}

/* A pack that is malformed is as good as none. */
static void load(struct state *state, struct folder *folder)
{
    struct str bytes;
    struct error ignored;
    bool found;
    if (state_lookup(state, STATE_STAT, folder->path, &bytes, &found, &ignored) != STATUS_OK || !found)
        return;
    if (bytes.len == 0 || bytes.len % sizeof *folder->loaded != 0)
        return;
    folder->loaded = mem_resize(NULL, bytes.len);
    memcpy(folder->loaded, bytes.ptr, bytes.len);
    folder->loaded_count = bytes.len / sizeof *folder->loaded;
}

static struct folder *folder_of(struct state *state, struct str path)
{
    uint32_t at = table_get(&state->folder_table, path);
    if (at == TABLE_NONE) {
        at = state->folder_count;
        MEM_GROW(state->folders, state->folder_count, state->folder_cap);
        state->folders[state->folder_count++] = (struct folder){.path = digest_of(path.ptr, path.len)};
        table_add(&state->folder_table, str_dup(&state->arena, path), at);
        load(state, &state->folders[at]);
    }
    return &state->folders[at];
}

static struct pack_entry *find_loaded(const struct folder *folder, struct digest name)
{
    struct pack_entry wanted = {.name = name};
    if (folder->loaded_count == 0)
        return NULL;
    return bsearch(&wanted, folder->loaded, folder->loaded_count, sizeof wanted, compare_names);
}

static struct pack_entry *find_put(const struct folder *folder, const struct digest *name)
{
    uint32_t at = table_get(&folder->overlay, (struct str){(const char *)name->bytes, DIGEST_SIZE});
    return at == TABLE_NONE ? NULL : folder->put[at];
}

/* The entry of a file, if its stat is the same. *mine: this process hashed it. */
static const struct pack_entry *find(struct state *state, struct str path, const struct file_stat *stat, bool *mine)
{
    struct folder *folder = folder_of(state, path_parent(path));
    struct str name = path_name(path);
    struct digest digest = digest_of(name.ptr, name.len);
    const struct pack_entry *entry = find_put(folder, &digest);
    *mine = entry != NULL;
    if (entry == NULL)
        entry = find_loaded(folder, digest);
    return entry != NULL && file_stat_equal(&entry->stat, stat) ? entry : NULL;
}

bool stat_cache_get(struct state *state, struct str path, const struct file_stat *stat, struct digest *out)
{
    bool mine;
    pthread_mutex_lock(&state->lock);
    const struct pack_entry *entry = find(state, path, stat, &mine);
    bool believed = entry != NULL && (mine || !(entry->flags & PACK_RACY));
    if (believed)
        *out = entry->digest;
    pthread_mutex_unlock(&state->lock);
    return believed;
}

bool stat_cache_is_racy(struct state *state, struct str path, const struct file_stat *stat)
{
    bool mine;
    pthread_mutex_lock(&state->lock);
    const struct pack_entry *entry = find(state, path, stat, &mine);
    bool racy = entry != NULL && (entry->flags & PACK_RACY);
    pthread_mutex_unlock(&state->lock);
    return racy;
}

void stat_cache_put(struct state *state, struct str path, const struct file_stat *stat, int64_t hashed_ns,
                    struct digest digest)
{
    struct str name = path_name(path);
    struct pack_entry fresh = {.name = digest_of(name.ptr, name.len), .stat = *stat, .digest = digest};
    int64_t settled_ns = hashed_ns - STAT_CACHE_RACY_NS;
    if (stat->mtime_ns > settled_ns || stat->ctime_ns > settled_ns)
        fresh.flags = PACK_RACY;
    fresh.flags |= path_is_inside(path) ? 0 : PACK_OUTSIDE;
    pthread_mutex_lock(&state->lock);
    struct folder *folder = folder_of(state, path_parent(path));
    struct pack_entry *put = find_put(folder, &fresh.name);
    struct pack_entry *old = put ? put : find_loaded(folder, fresh.name);
    bool same = old != NULL && memcmp(old, &fresh, sizeof fresh) == 0;
    if (!same)
        folder->dirty = state->dirty = true;
    if (put != NULL) {
        *put = fresh;
    } else if (!same || (fresh.flags & PACK_RACY)) {
        /* Also a racy one that is kept already: from now on it is believed here. */
        put = arena_copy(&state->arena, &fresh, sizeof fresh);
        table_add(&folder->overlay, (struct str){(const char *)put->name.bytes, DIGEST_SIZE}, folder->put_count);
        MEM_GROW(folder->put, folder->put_count, folder->put_cap);
        folder->put[folder->put_count++] = put;
    }
    pthread_mutex_unlock(&state->lock);
}

/* ---- committing ---- */

/* What is loaded and what was put, together and sorted, into `out`, which has room for both; returns their count. */
static size_t merge(const struct folder *folder, struct pack_entry *out)
{
    size_t count = 0;
    for (size_t i = 0; i < folder->loaded_count; i++)
        if (find_put(folder, &folder->loaded[i].name) == NULL)
            out[count++] = folder->loaded[i];
    for (uint32_t i = 0; i < folder->put_count; i++)
        out[count++] = *folder->put[i];
    qsort(out, count, sizeof *out, compare_names);
    return count;
}

int stat_cache_write(struct state *state, MDB_txn *txn)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < state->folder_count; i++) {
        struct folder *folder = &state->folders[i];
        if (!folder->dirty)
            continue;
        struct pack_entry *pack =
            mem_resize(NULL, mem_product(folder->loaded_count + folder->put_count, sizeof *pack));
        size_t size = merge(folder, pack) * sizeof *pack;
        rc = state_put(state, txn, STATE_STAT, folder->path, (struct str){(const char *)pack, size});
        free(pack);
    }
    return rc;
}

void stat_cache_clean(struct state *state)
{
    for (uint32_t i = 0; i < state->folder_count; i++)
        state->folders[i].dirty = false;
}

void stat_cache_finish(struct state *state)
{
    for (uint32_t i = 0; i < state->folder_count; i++) {
        free(state->folders[i].loaded);
        free(state->folders[i].put);
        table_finish(&state->folders[i].overlay);
    }
    free(state->folders);
    table_finish(&state->folder_table);
}
