/* The folder of approvals in the working tree. */
#include "gate/gate.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "refit/base/fs.h"

struct listing {
    struct arena *arena;
    struct str *items; /* malloc'd */
    uint32_t count, cap;
};

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* The entries of one folder: files (`folders` false) or folders, but no links. What is not there is empty. */
static enum status list(struct listing *l, struct str folder, bool folders, struct error *err)
{
    const char *path = str_terminated(l->arena, folder);
    DIR *open = opendir(path);
    if (open == NULL && errno == ENOENT)
        return STATUS_OK;
    if (open == NULL)
        return error_errno(err, STATUS_IO, errno, "cannot read the folder %s", path);
    enum status status = STATUS_OK;
    for (const struct dirent *entry = readdir(open); entry != NULL && status == STATUS_OK; entry = readdir(open)) {
        struct stat st;
        bool found;
        struct str name = str_from(entry->d_name);
        struct str full = str_format(l->arena, "%s/%s", path, entry->d_name);
        if (!gate_is_name(name))
            continue;
        status = fs_lstat(full.ptr, &st, &found, err);
        if (status != STATUS_OK || !found || (folders ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)))
            continue;
        if (!folders && !str_ends(name, STR(".json")))
            continue;
        MEM_GROW(l->items, l->count, l->cap);
        l->items[l->count++] = full;
    }
    closedir(open);
    return status;
}

enum status gate_folder_list(struct arena *arena, struct gate_names *out, struct error *err)
{
    struct listing gates = {.arena = arena}, files = {.arena = arena};
    struct stat st;
    bool found;
    *out = (struct gate_names){.count = 0};
    enum status status = fs_lstat(GATE_FOLDER, &st, &found, err);
    if (status == STATUS_OK && found && !S_ISDIR(st.st_mode))
        status = error_set(err, STATUS_MANIFEST, "`" GATE_FOLDER "` must be a folder, and no link to one");
    if (status == STATUS_OK && found)
        status = list(&gates, STR(GATE_FOLDER), true, err);
    for (uint32_t i = 0; i < gates.count && status == STATUS_OK; i++)
        status = list(&files, gates.items[i], false, err);
    if (files.count > 1)
        qsort(files.items, files.count, sizeof *files.items, compare_names);
    out->items = arena_copy(arena, files.items, mem_product(files.count, sizeof *files.items));
    out->count = files.count;
    free(gates.items);
    free(files.items);
    return status;
}

enum status gate_folder_read(struct arena *arena, struct str path, bool *found, struct str *bytes, struct error *err)
{
    struct buf text = {0};
    struct stat st;
    const char *name = str_terminated(arena, path);
    *bytes = STR("");
    enum status status = fs_lstat(name, &st, found, err);
    if (status == STATUS_OK && *found && !S_ISREG(st.st_mode))
        status = error_set(err, STATUS_MANIFEST, "`%s` must be a file, and no link to one", name);
    if (status == STATUS_OK && *found)
        status = fs_read(name, GATE_FILE_BYTES_MAX, &text, err);
    if (status == STATUS_OK && *found)
        *bytes = str_dup(arena, buf_view(&text));
    buf_finish(&text);
    return status;
}
