/* The one function that makes paths, and what can be asked of them. */
#include "refit/base/path.h"

#include <string.h>

/* Puts the components of `raw` behind what is in `out` (canonical already), resolving `.` and `..`. */
static void append_components(struct buf *out, struct str raw)
{
    while (raw.len > 0) {
        ptrdiff_t slash = str_find(raw, '/');
        struct str part = slash < 0 ? raw : str_slice(raw, 0, (size_t)slash);
        raw = slash < 0 ? STR("") : str_slice(raw, (size_t)slash + 1, raw.len);
        if (part.len == 0 || str_is(part, "."))
            continue;
        if (!str_is(part, "..")) {
            if (out->len > 0 && out->ptr[out->len - 1] != '/')
                buf_char(out, '/');
            buf_str(out, part);
            continue;
        }
        struct str so_far = buf_view(out);
        if (str_is(so_far, "/"))
            continue; /* the parent of the root is the root */
        if (so_far.len == 0 || str_is(so_far, "..") || str_ends(so_far, STR("/.."))) {
            buf_str(out, so_far.len ? STR("/..") : STR(".."));
            continue;
        }
        char *last = memrchr(out->ptr, '/', out->len);
        out->len = last == NULL ? 0 : last == out->ptr ? 1 : (size_t)(last - out->ptr);
        out->ptr[out->len] = '\0';
    }
}

enum status path_make(struct arena *arena, struct str root, struct str wdir, struct str raw, struct str *out,
                      struct error *err)
{
    if (raw.len == 0)
        return error_set(err, STATUS_USAGE, "a path cannot be empty");
    if (str_find(raw, '\0') >= 0)
        return error_set(err, STATUS_USAGE, "a path cannot contain a NUL byte");
    struct buf path = {0}, absolute = {0};
    if (raw.ptr[0] == '/')
        buf_char(&path, '/');
    else if (!str_is(wdir, "."))
        buf_str(&path, wdir);
    append_components(&path, raw);
    struct str made = buf_view(&path);
    if (str_is(made, "..") || str_starts(made, STR("../"))) { /* it may lead out of the project and in again */
        buf_str(&absolute, root);
        append_components(&absolute, made);
        if (str_equal(buf_view(&absolute), root) || path_is_below(buf_view(&absolute), root))
            made = buf_view(&absolute);
    }
    if (str_equal(made, root))
        made = STR(".");
    else if (made.len > 0 && made.ptr[0] == '/' && path_is_below(made, root))
        made = str_slice(made, str_is(root, "/") ? 1 : root.len + 1, made.len);
    else if (made.len == 0)
        made = STR(".");
    enum status status = STATUS_OK;
    if (made.len > PATH_BYTES_MAX)
        status = error_set(err, STATUS_USAGE, "a path of %zu bytes is longer than the %d that the system allows",
                           made.len, PATH_BYTES_MAX);
    else
        *out = str_dup(arena, made);
    buf_finish(&path);
    buf_finish(&absolute);
    return status;
}

bool path_is_inside(struct str path)
{
    return path.len > 0 && path.ptr[0] != '/' && !str_is(path, "..") && !str_starts(path, STR("../"));
}

bool path_is_below(struct str path, struct str directory)
{
    if (str_is(directory, "."))
        return path_is_inside(path) && !str_is(path, ".");
    if (str_is(directory, "/"))
        return path.len > 1 && path.ptr[0] == '/';
    return path.len > directory.len + 1 && path.ptr[directory.len] == '/' && str_starts(path, directory);
}

struct str path_parent(struct str path)
{
    const char *slash = memrchr(path.ptr, '/', path.len);
    if (slash == NULL)
        return STR(".");
    return slash == path.ptr ? str_slice(path, 0, 1) : str_slice(path, 0, (size_t)(slash - path.ptr));
}

struct str path_name(struct str path)
{
    const char *slash = memrchr(path.ptr, '/', path.len);
    return slash == NULL ? path : str_slice(path, (size_t)(slash - path.ptr) + 1, path.len);
}

struct str path_join(struct arena *arena, struct str directory, struct str name)
{
    if (str_is(directory, "."))
        return str_dup(arena, name);
    bool slash = directory.len > 0 && directory.ptr[directory.len - 1] != '/';
    size_t start = directory.len + slash;
    char *joined = arena_alloc(arena, start + name.len + 1, 1);
    memcpy(joined, directory.ptr, directory.len);
    if (slash)
        joined[directory.len] = '/';
    memcpy(joined + start, name.ptr, name.len);
    return (struct str){joined, start + name.len};
}

struct str path_relative(struct arena *arena, struct str from, struct str path)
{
    if (str_is(from, ".") || (path.len > 0 && path.ptr[0] == '/'))
        return str_dup(arena, path);
    struct buf out = {0};
    while (!str_is(from, ".") && !str_equal(path, from) && !path_is_below(path, from)) {
        buf_str(&out, out.len ? STR("/..") : STR(".."));
        from = path_parent(from);
    }
    if (!str_equal(path, from)) {
        struct str rest = str_is(from, ".") ? path : str_slice(path, from.len + 1, path.len);
        if (out.len > 0)
            buf_char(&out, '/');
        buf_str(&out, rest);
    }
    struct str result = str_dup(arena, out.len ? buf_view(&out) : STR("."));
    buf_finish(&out);
    return result;
}
