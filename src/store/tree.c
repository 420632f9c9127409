/* Trees to bytes and back. What is read back may be hostile: it decides where files are written. */
#include "refit/store.h"

#include <assert.h>
#include <string.h>

#include "refit/base/path.h"

/* magic, version u32, count u32; then for each entry kind u8, executable u8, digest, size u64, path, link. */
#define TREE_MAGIC "refT"
#define TREE_VERSION 1
#define TREE_ENTRY_MIN (2 + DIGEST_SIZE + 8 + 4 + 4)

void tree_encode(const struct tree *tree, struct buf *out)
{
    buf_append(out, TREE_MAGIC, 4);
    buf_u32(out, TREE_VERSION);
    buf_u32(out, tree->count);
    for (uint32_t i = 0; i < tree->count; i++) {
        const struct tree_entry *e = &tree->entries[i];
        assert(i == 0 || str_compare(tree->entries[i - 1].path, e->path) < 0);
        buf_u8(out, (uint8_t)e->kind);
        buf_u8(out, e->executable);
        buf_append(out, e->digest.bytes, DIGEST_SIZE);
        buf_u64(out, e->size);
        buf_lstr(out, e->path);
        buf_lstr(out, e->kind == ENTRY_LINK ? e->link : STR(""));
    }
}

struct digest tree_digest(const struct tree *tree)
{
    struct buf bytes = {0};
    tree_encode(tree, &bytes);
    struct digest digest = digest_of(bytes.ptr, bytes.len);
    buf_finish(&bytes);
    return digest;
}

/* Relative, with components that are neither empty nor `.` nor `..`, and without NUL. */
static bool path_is_safe(struct str path)
{
    if (path.len == 0 || path.len > PATH_BYTES_MAX || memchr(path.ptr, '\0', path.len) != NULL)
        return false;
    size_t start = 0;
    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.ptr[i] != '/')
            continue;
        struct str name = str_slice(path, start, i);
        if (name.len == 0 || str_is(name, ".") || str_is(name, ".."))
            return false;
        start = i + 1;
    }
    return true;
}

static const struct tree_entry *find(const struct tree_entry *entries, uint32_t count, struct str path)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = str_compare(entries[middle].path, path);
        if (order == 0)
            return &entries[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Is nothing above this path a file or a link? What is above sorts before, so it is among the first `count` entries. */
static bool parents_are_directories(const struct tree_entry *entries, uint32_t count, struct str path)
{
    struct str before = count > 0 ? entries[count - 1].path : STR("");
    for (size_t i = path.len; i-- > 0;) {
        if (path.ptr[i] != '/')
            continue;
        struct str parent = str_slice(path, 0, i);
        /* The entry before has been through this already. */
        if (before.len > i && before.ptr[i] == '/' && str_starts(before, parent))
            return true;
        const struct tree_entry *above = find(entries, count, parent);
        if (above != NULL && above->kind != ENTRY_DIRECTORY)
            return false;
    }
    return true;
}

static bool read_entry(struct reader *r, struct tree_entry *e)
{
    uint8_t kind = reader_u8(r), executable = reader_u8(r);
    e->digest = reader_digest(r);
    if (r->bad || executable > 1)
        return false;
    e->kind = kind;
    e->executable = executable;
    e->size = reader_u64(r);
    e->path = reader_lstr(r);
    e->link = reader_lstr(r);
    if (r->bad || !path_is_safe(e->path))
        return false;
    if (kind == ENTRY_LINK)
        return !executable && e->link.len > 0 && memchr(e->link.ptr, '\0', e->link.len) == NULL;
    return e->link.len == 0 && (kind == ENTRY_FILE || (kind == ENTRY_DIRECTORY && !executable));
}

enum status tree_decode(struct arena *arena, struct str bytes, struct tree *out, struct error *err)
{
    struct reader r = reader_from(bytes.ptr, bytes.len);
    const void *magic = reader_bytes(&r, 4);
    uint32_t version = reader_u32(&r), count = reader_u32(&r);
    if (r.bad || memcmp(magic, TREE_MAGIC, 4) != 0)
        return error_set(err, STATUS_CORRUPT, "the bytes of a directory's tree are damaged: no header");
    if (version != TREE_VERSION)
        return error_set(err, STATUS_CORRUPT, "a directory's tree has format %u, and this refit reads format %u",
                         version, TREE_VERSION);
    if (count > (size_t)(r.end - r.ptr) / TREE_ENTRY_MIN)
        return error_set(err, STATUS_CORRUPT, "the bytes of a directory's tree are damaged: too few for its %u entries",
                         count);
    struct tree_entry *entries = arena_array(arena, struct tree_entry, count);
    for (uint32_t i = 0; i < count; i++) {
        struct tree_entry *e = &entries[i];
        if (!read_entry(&r, e) || (i > 0 && str_compare(entries[i - 1].path, e->path) >= 0) ||
            !parents_are_directories(entries, i, e->path))
            return error_set(err, STATUS_CORRUPT, "the bytes of a directory's tree are damaged: entry %u is malformed",
                             i + 1);
    }
    if (!reader_done(&r))
        return error_set(err, STATUS_CORRUPT, "the bytes of a directory's tree are damaged: more follow its entries");
    *out = (struct tree){entries, count};
    return STATUS_OK;
}
