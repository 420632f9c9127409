/* SHA-256 of files and folders, as others can compute it. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "refit/base/fs.h"
#include "refit/base/json.h"
#include "refit/base/sha256.h"

struct tree {
    struct arena *arena;
    struct path_digest *files; /* path in the folder, and digest; malloc'd */
    uint32_t count, cap;
    uint64_t bytes;
};

static void add_file(struct tree *t, struct str path, struct str digest)
{
    MEM_GROW(t->files, t->count, t->cap);
    t->files[t->count++] = (struct path_digest){path, digest};
}

static enum status digest_file(struct arena *arena, const char *path, struct str *sha256, struct error *err)
{
    char hex[SHA256_HEX + 1];
    enum status status = sha256_file(path, hex, NULL, err);
    if (status == STATUS_OK)
        *sha256 = str_dup(arena, str_from(hex));
    return status;
}

static enum status walk(struct tree *t, const char *top, struct str below, struct error *err);

static enum status visit(struct tree *t, const char *top, struct str path, struct error *err)
{
    const char *full = str_format(t->arena, "%s/" STR_FMT, top, STR_ARG(path)).ptr;
    struct stat st;
    struct str digest = STR(""), text;
    bool found;
    enum status status = fs_lstat(full, &st, &found, err);
    if (status == STATUS_OK && !found)
        return error_set(err, STATUS_IO, "%s went away while it was read", full);
    if (status == STATUS_OK && S_ISDIR(st.st_mode))
        return walk(t, top, path, err);
    if (status == STATUS_OK && S_ISLNK(st.st_mode)) {
        status = fs_read_link(t->arena, full, &text, err);
        if (status == STATUS_OK)
            digest = str_format(t->arena, "link:" STR_FMT, STR_ARG(text));
    } else if (status == STATUS_OK && S_ISREG(st.st_mode)) {
        status = digest_file(t->arena, full, &digest, err);
        t->bytes += (uint64_t)st.st_size;
    } else if (status == STATUS_OK) {
        status = error_set(err, STATUS_IO, "%s is neither a file nor a folder nor a link", full);
    }
    if (status == STATUS_OK && (!str_is_utf8(path) || !str_is_utf8(digest)))
        return error_set(err, STATUS_MANIFEST, "what is digested for others must have names in UTF-8: " STR_FMT,
                         STR_ARG(str_printable(t->arena, path)));
    if (status == STATUS_OK)
        add_file(t, path, digest);
    return status;
}

static enum status walk(struct tree *t, const char *top, struct str below, struct error *err)
{
    const char *full = below.len > 0 ? str_format(t->arena, "%s/" STR_FMT, top, STR_ARG(below)).ptr : top;
    DIR *open = opendir(full);
    if (open == NULL)
        return error_errno(err, STATUS_IO, errno, "cannot read the folder %s", full);
    enum status status = STATUS_OK;
    for (const struct dirent *e = readdir(open); e != NULL && status == STATUS_OK; e = readdir(open)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        struct str path = below.len > 0 ? str_format(t->arena, STR_FMT "/%s", STR_ARG(below), e->d_name)
                                        : str_dup(t->arena, str_from(e->d_name));
        status = visit(t, top, path, err);
    }
    closedir(open);
    return status;
}

static int compare_files(const void *a, const void *b)
{
    return str_compare(((const struct path_digest *)a)->path, ((const struct path_digest *)b)->path);
}

enum status sha256_map(struct arena *arena, struct path_digest *files, uint32_t count, struct str *sha256,
                       struct error *err)
{
    struct buf text = {0};
    struct json j;
    if (count > 1)
        qsort(files, count, sizeof *files, compare_files);
    json_init(&j, &text);
    json_open_object(&j);
    for (uint32_t i = 0; i < count; i++) {
        json_key_str(&j, files[i].path);
        json_str(&j, files[i].sha256);
    }
    json_close_object(&j);
    char hex[SHA256_HEX + 1];
    enum status status = sha256_bytes(text.ptr, text.len, hex, err);
    if (status == STATUS_OK)
        *sha256 = str_dup(arena, str_from(hex));
    buf_finish(&text);
    return status;
}

enum status sha256_path(struct arena *arena, const char *path, struct str *sha256, uint64_t *bytes, struct error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return error_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot read %s", path);
    if (bytes != NULL)
        *bytes = (uint64_t)st.st_size;
    if (S_ISREG(st.st_mode))
        return digest_file(arena, path, sha256, err);
    if (!S_ISDIR(st.st_mode))
        return error_set(err, STATUS_IO, "%s is a FIFO, socket or device, and no file", path);
    struct tree t = {.arena = arena};
    enum status status = walk(&t, path, STR(""), err);
    if (status == STATUS_OK)
        status = sha256_map(arena, t.files, t.count, sha256, err);
    if (bytes != NULL)
        *bytes = t.bytes;
    free(t.files);
    return status;
}
