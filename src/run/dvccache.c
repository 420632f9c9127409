/*
 * Taking content from DVC's cache into the store, verified by the MD5 that names it. From there it is restored like
 * everything else.
 */
#include "run/dvccache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/md5.h"
#include "refit/base/path.h"
#include "refit/dvc.h"

enum { CONFIG_BYTES_MAX = 1 << 20, LIST_BYTES_MAX = 1 << 30 };

struct dvc_cache {
    struct project *project;
    struct arena arena;
    struct str folder; /* as configured, or .dvc/cache */
    struct md5 *md5;   /* made when first needed */
};

static enum status read_config(struct dvc_cache *cache, const char *path, struct error *err)
{
    struct buf text = {0};
    struct str folder;
    struct error why;
    enum status status = fs_read(path, CONFIG_BYTES_MAX, &text, &why);
    if (status == STATUS_OK &&
        dvc_config_get(&cache->arena, buf_view(&text), STR("cache"), STR("dir"), &folder) && folder.len > 0) {
        const char *home = getenv("HOME");
        if (str_starts(folder, STR("~/")) && home != NULL)
            folder = str_format(&cache->arena, "%s" STR_FMT, home, STR_ARG(str_slice(folder, 1, folder.len)));
        else if (folder.ptr[0] != '/') /* relative to where it is written */
            folder = str_format(&cache->arena, ".dvc/" STR_FMT, STR_ARG(folder));
        cache->folder = folder;
    }
    buf_finish(&text);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        *err = why;
        return status;
    }
    return STATUS_OK;
}

enum status dvc_cache_open(struct project *project, struct dvc_cache **out, struct error *err)
{
    struct dvc_cache *cache = mem_alloc(sizeof *cache);
    arena_init(&cache->arena);
    cache->project = project;
    cache->folder = STR(".dvc/cache");
    enum status status = read_config(cache, ".dvc/config", err);
    if (status == STATUS_OK)
        status = read_config(cache, ".dvc/config.local", err);
    if (status != STATUS_OK) {
        dvc_cache_close(cache);
        return status;
    }
    *out = cache;
    return STATUS_OK;
}

void dvc_cache_close(struct dvc_cache *cache)
{
    if (cache == NULL)
        return;
    md5_destroy(cache->md5);
    arena_finish(&cache->arena);
    free(cache);
}

static bool is_file(struct str path)
{
    struct stat st;
    return stat(path.ptr, &st) == 0 && S_ISREG(st.st_mode); /* links to a shared cache are followed */
}

bool dvc_cache_find(struct dvc_cache *cache, struct arena *arena, struct str md5, struct str *path)
{
    struct str begin = str_slice(md5, 0, 2), rest = str_slice(md5, 2, md5.len);
    *path = str_format(arena, STR_FMT "/files/md5/" STR_FMT "/" STR_FMT, STR_ARG(cache->folder), STR_ARG(begin),
                       STR_ARG(rest));
    if (is_file(*path))
        return true;
    *path = str_format(arena, STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(cache->folder), STR_ARG(begin), STR_ARG(rest));
    return is_file(*path); /* where DVC kept it before 3.0 */
}

enum status dvc_cache_md5(struct dvc_cache *cache, struct md5 **out, struct error *err)
{
    enum status status = cache->md5 == NULL ? md5_create(&cache->md5, err) : STATUS_OK;
    *out = cache->md5;
    return status;
}

/* Is it what its name says? Before 3.0 DVC did not count how the lines of a text end. */
static enum status verify(struct dvc_cache *cache, struct str path, struct str md5, struct error *err)
{
    char hex[MD5_HEX + 1];
    struct md5 *hasher;
    enum status status = dvc_cache_md5(cache, &hasher, err);
    struct str wanted = str_slice(md5, 0, MD5_HEX);
    for (int unix_lines = 0; unix_lines <= 1 && status == STATUS_OK; unix_lines++) {
        status = md5_file(hasher, path.ptr, unix_lines != 0, hex, err);
        if (status == STATUS_OK && str_is(wanted, hex))
            return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    return error_set(err, STATUS_FAILED,
                     STR_FMT " is damaged: its MD5 is not that of its name; remove it, and `dvc pull` again",
                     STR_ARG(path));
}

static enum status not_there(struct str md5, struct error *err)
{
    return error_set(err, STATUS_FAILED, "DVC's cache does not have " STR_FMT "; `dvc pull` fetches it", STR_ARG(md5));
}

/* The bytes are looked at twice, before and while they are put: what changes in between has another digest. */
static enum status take_file(struct dvc_cache *cache, struct arena *arena, struct str md5, struct digest *digest,
                             uint64_t *size, struct error *err)
{
    struct str path;
    if (!dvc_cache_find(cache, arena, md5, &path))
        return not_there(md5, err);
    enum status status = interrupt_check(false, err);
    if (status == STATUS_OK)
        status = verify(cache, path, md5, err);
    int fd = status == STATUS_OK ? open(path.ptr, O_RDONLY | O_CLOEXEC) : -1;
    if (status == STATUS_OK && fd < 0)
        return not_there(md5, err);
    if (status == STATUS_OK)
        status = store_put_fd(cache->project->store, fd, path.ptr, digest, size, NULL, NULL, err);
    if (fd >= 0)
        close(fd);
    return status;
}

static enum status read_list(struct dvc_cache *cache, struct arena *arena, struct str md5, struct dvc_entry **entries,
                             uint32_t *count, struct error *err)
{
    struct str path;
    struct buf text = {0};
    if (!dvc_cache_find(cache, arena, md5, &path))
        return not_there(md5, err);
    enum status status = verify(cache, path, md5, err);
    if (status == STATUS_OK)
        status = fs_read(path.ptr, LIST_BYTES_MAX, &text, err);
    if (status == STATUS_OK)
        status = dvc_parse_folder(arena, str_dup(arena, buf_view(&text)), path.ptr, entries, count, err);
    buf_finish(&text);
    return status;
}

static enum status take_folder(struct dvc_cache *cache, struct arena *arena, struct str md5, struct record_out *out,
                               struct error *err)
{
    struct dvc_entry *entries;
    struct tree tree = {0};
    enum status status = read_list(cache, arena, md5, &entries, &tree.count, err);
    if (status != STATUS_OK)
        return status;
    tree.entries = arena_array(arena, struct tree_entry, tree.count);
    for (uint32_t i = 0; i < tree.count && status == STATUS_OK; i++) {
        struct tree_entry *entry = &tree.entries[i];
        *entry = (struct tree_entry){.path = entries[i].path, .kind = ENTRY_FILE, .link = STR("")};
        status = take_file(cache, arena, entries[i].md5, &entry->digest, &entry->size, err);
        out->size += entry->size;
    }
    struct buf bytes = {0};
    if (status == STATUS_OK) {
        tree_encode(&tree, &bytes);
        status = store_put_bytes(cache->project->store, buf_view(&bytes), &out->digest, err);
    }
    buf_finish(&bytes);
    return status;
}

enum status dvc_cache_take(struct dvc_cache *cache, struct arena *arena, struct str path, struct str md5,
                           bool executable, struct record_out *out, struct error *err)
{
    bool folder = str_ends(md5, STR(".dir"));
    *out = (struct record_out){.path = path,
                               .kind = folder ? ENTRY_DIRECTORY : ENTRY_FILE,
                               .executable = executable && !folder,
                               .stored = true};
    enum status status = folder ? take_folder(cache, arena, md5, out, err)
                                : take_file(cache, arena, md5, &out->digest, &out->size, err);
    return status == STATUS_FAILED ? error_wrap(err, STR_FMT, STR_ARG(path)) : status;
}
