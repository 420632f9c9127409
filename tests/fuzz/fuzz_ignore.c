/* Ignore files from hostile bytes: up to the first NUL the patterns, behind it a path. A path's answer does not depend
 * on blank lines and comments, and `!` over everything takes it back. */
#include <stdlib.h>
#include <string.h>

#include "refit/fingerprint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* fnmatch(3) tries every way to match several stars: names and stars are bounded here, so that an input ends. */
enum { STARS_MAX = 12, PATH_MAX_HERE = 48 };

static bool asks(struct str patterns, struct str path, bool directory)
{
    struct ignore *ignore = ignore_create(patterns);
    bool ignored = ignore_matches(ignore, path, directory);
    ignore_destroy(ignore);
    return ignored;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size}, path = STR("a/b.c");
    ptrdiff_t zero = str_find(text, '\0');
    if (zero >= 0) {
        path = str_slice(text, (size_t)zero + 1, size);
        text = str_slice(text, 0, (size_t)zero);
    }
    size_t stars = 0;
    for (size_t i = 0; i < text.len; i++)
        stars += text.ptr[i] == '*';
    if (stars > STARS_MAX || path.len > PATH_MAX_HERE || str_find(path, '\0') >= 0)
        return 0;
    bool file = asks(text, path, false), folder = asks(text, path, true);
    struct buf more = {0};
    buf_str(&more, text);
    buf_str(&more, STR("\n\n# a comment\n   \n"));
    if (asks(buf_view(&more), path, false) != file || asks(buf_view(&more), path, true) != folder)
        abort();
    buf_str(&more, STR("!*"));
    if (path.len > 0 && asks(buf_view(&more), path, true))
        abort();
    buf_finish(&more);
    return 0;
}
