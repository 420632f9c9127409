/* Depfiles from hostile bytes: what is accepted has no NUL in a path, and reads the same with the paths written back
 * as a compiler would escape them. */
#include <stdlib.h>
#include <string.h>

#include "refit/fingerprint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Can this name be written in a depfile at all? A line's end cannot, nor a backslash in front of one or of a `#`. */
static bool is_writable(struct str path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '\r' || path.ptr[i] == '\n')
            return false;
    return !str_ends(path, STR("\\"));
}

static void write_path(struct buf *out, struct str path)
{
    size_t backslashes = 0;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (c == ' ' || c == '\t') {
            for (size_t j = 0; j <= backslashes; j++)
                buf_char(out, '\\');
        } else if (c == '#') {
            buf_char(out, '\\');
        } else if (c == '$') {
            buf_char(out, '$');
        }
        buf_char(out, c);
        backslashes = c == '\\' ? backslashes + 1 : 0;
    }
}

static void check_round_trip(struct arena *arena, const struct str *paths, uint32_t count)
{
    struct buf text = {0};
    struct str *again;
    uint32_t again_count;
    struct error err;
    buf_str(&text, STR("target:"));
    for (uint32_t i = 0; i < count; i++) {
        if (!is_writable(paths[i]))
            goto out;
        buf_char(&text, ' ');
        write_path(&text, paths[i]);
    }
    if (depfile_parse(arena, buf_view(&text), "again.d", &again, &again_count, &err) != STATUS_OK ||
        again_count != count)
        abort();
    for (uint32_t i = 0; i < count; i++)
        if (!str_equal(paths[i], again[i]))
            abort();
out:
    buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct str *paths;
    uint32_t count;
    struct error err;
    arena_init(&arena);
    if (depfile_parse(&arena, (struct str){(const char *)data, size}, "x.d", &paths, &count, &err) == STATUS_OK) {
        for (uint32_t i = 0; i < count; i++)
            if (paths[i].len == 0 || str_find(paths[i], '\0') >= 0)
                abort();
        check_round_trip(&arena, paths, count);
    } else if (err.line == 0 || err.column == 0) {
        abort();
    }
    arena_finish(&arena);
    return 0;
}
