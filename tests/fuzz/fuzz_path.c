/* Paths from hostile bytes: the first byte says how much of the input is the folder that the rest is relative to. What
 * is made is canonical, is the same when it is made again, and comes back from path_relative(). */
#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct str root = {"/r/p", 4};

static void require(bool held)
{
    if (!held)
        abort();
}

static void check_canonical(struct str path)
{
    require(path.len > 0 && path.len <= PATH_BYTES_MAX && path.ptr[path.len] == '\0');
    require(str_find(path, '\0') < 0);
    if (str_is(path, ".") || str_is(path, "/"))
        return;
    bool absolute = path.ptr[0] == '/', named = absolute;
    for (struct str rest = str_slice(path, absolute, path.len);;) {
        ptrdiff_t slash = str_find(rest, '/');
        struct str part = slash < 0 ? rest : str_slice(rest, 0, (size_t)slash);
        require(part.len > 0 && !str_is(part, "."));
        require(!(named && str_is(part, "..")));
        named |= !str_is(part, "..");
        if (slash < 0)
            return;
        rest = str_slice(rest, (size_t)slash + 1, rest.len);
    }
}

static void check_parts(struct arena *arena, struct str path)
{
    if (str_is(path, ".") || str_is(path, "/"))
        return;
    require(str_equal(path_join(arena, path_parent(path), path_name(path)), path));
    require(!path_is_inside(path) || path_is_below(path, path_parent(path)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t first = data[0] < size - 1 ? data[0] : size - 1;
    struct str raw_wdir = {(const char *)data + 1, first}, raw = {(const char *)data + 1 + first, size - 1 - first};
    struct str wdir = {".", 1}, path, again;
    struct arena arena;
    struct error err;
    arena_init(&arena);
    if (path_make(&arena, root, STR("."), raw_wdir, &wdir, &err) == STATUS_OK)
        check_canonical(wdir);
    else
        wdir = STR(".");
    if (path_make(&arena, root, wdir, raw, &path, &err) == STATUS_OK) {
        check_canonical(path);
        check_parts(&arena, path);
        require(path_make(&arena, root, STR("."), path, &again, &err) == STATUS_OK && str_equal(path, again));
        if (path_is_inside(wdir)) {
            struct str seen = path_relative(&arena, wdir, path);
            if (seen.len <= PATH_BYTES_MAX)
                require(path_make(&arena, root, wdir, seen, &again, &err) == STATUS_OK && str_equal(path, again));
        }
    }
    arena_finish(&arena);
    return 0;
}
