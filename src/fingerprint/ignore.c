/* Ignore patterns in gitignore's syntax. A pattern is a list of components, matched one by one; `**` stands for any
 * number of them. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"
#include "refit/fingerprint.h"

enum { MATCH_PARTS_MAX = PATH_BYTES_MAX / 2 + 1 };

static const char built_in[] = "__pycache__/\n*.pyc\n.ipynb_checkpoints/\n.git/\n.refit/\n.dvc/\nrefit.lock\n";

struct pattern {
    bool negated, directory_only;
    const char **components;
    uint32_t count;
};

struct ignore {
    struct arena arena;
    struct pattern *patterns;
    uint32_t count, cap;
};

/* Stars alone, two or more. */
static bool is_any_depth(struct str part)
{
    size_t stars = 0;
    while (stars < part.len && part.ptr[stars] == '*')
        stars++;
    return stars == part.len && stars >= 2;
}

static uint32_t count_slashes(struct str text)
{
    uint32_t slashes = 0;
    for (size_t i = 0; i < text.len; i++)
        slashes += text.ptr[i] == '/';
    return slashes;
}

/* The components of a folder, to be matched as they are. */
static void add_folder(struct ignore *ignore, struct pattern *pattern, struct str folder)
{
    while (folder.len > 0) {
        ptrdiff_t slash = str_find(folder, '/');
        struct str part = slash < 0 ? folder : str_slice(folder, 0, (size_t)slash);
        struct buf literal = {0};
        for (size_t i = 0; i < part.len; i++) {
            if (strchr("*?[]\\", part.ptr[i]) != NULL)
                buf_char(&literal, '\\');
            buf_char(&literal, part.ptr[i]);
        }
        pattern->components[pattern->count++] = str_terminated(&ignore->arena, buf_view(&literal));
        buf_finish(&literal);
        folder = slash < 0 ? STR("") : str_slice(folder, (size_t)slash + 1, folder.len);
    }
}

/* False for a pattern with an empty component, which matches nothing. */
static bool split(struct ignore *ignore, struct pattern *pattern, struct str folder, struct str text)
{
    uint32_t slashes = count_slashes(text);
    pattern->components = arena_array(&ignore->arena, const char *, slashes + count_slashes(folder) + 3u);
    add_folder(ignore, pattern, folder);
    if (slashes == 0)
        pattern->components[pattern->count++] = "**";
    if (str_starts(text, STR("/")))
        text = str_slice(text, 1, text.len);
    for (;;) {
        ptrdiff_t slash = str_find(text, '/');
        struct str part = slash < 0 ? text : str_slice(text, 0, (size_t)slash);
        if (part.len == 0)
            return false;
        pattern->components[pattern->count++] = is_any_depth(part) ? "**" : str_terminated(&ignore->arena, part);
        if (slash < 0)
            return true;
        text = str_slice(text, (size_t)slash + 1, text.len);
    }
}

/* Spaces at the end do not count unless they are escaped. */
static struct str without_trailing_spaces(struct str line)
{
    size_t kept = 0;
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '\\' && i + 1 < line.len)
            i++;
        else if (line.ptr[i] == ' ')
            continue;
        kept = i + 1;
    }
    return str_slice(line, 0, kept);
}

static void add_line(struct ignore *ignore, struct str folder, struct str line)
{
    struct pattern pattern = {0};
    if (str_ends(line, STR("\r")))
        line.len--;
    line = without_trailing_spaces(line);
    if (line.len == 0 || line.ptr[0] == '#' || str_find(line, '\0') >= 0)
        return;
    if (line.ptr[0] == '!') {
        pattern.negated = true;
        line = str_slice(line, 1, line.len);
    }
    if (str_ends(line, STR("/"))) {
        pattern.directory_only = true;
        line.len--;
    }
    if (!split(ignore, &pattern, folder, line))
        return;
    MEM_GROW(ignore->patterns, ignore->count, ignore->cap);
    ignore->patterns[ignore->count++] = pattern;
}

static void add_lines(struct ignore *ignore, struct str folder, struct str text)
{
    while (text.len > 0) {
        ptrdiff_t end = str_find(text, '\n');
        add_line(ignore, folder, end < 0 ? text : str_slice(text, 0, (size_t)end));
        text = end < 0 ? STR("") : str_slice(text, (size_t)end + 1, text.len);
    }
}

struct ignore *ignore_create(struct str text)
{
    struct ignore *ignore = mem_alloc(sizeof *ignore);
    add_lines(ignore, STR(""), str_from(built_in));
    ignore_add(ignore, STR("."), text);
    return ignore;
}

void ignore_add(struct ignore *ignore, struct str folder, struct str text)
{
    if (str_starts(text, STR("\xef\xbb\xbf"))) /* a byte order mark, as some editors write it */
        text = str_slice(text, 3, text.len);
    add_lines(ignore, str_is(folder, ".") ? STR("") : folder, text);
}

void ignore_destroy(struct ignore *ignore)
{
    if (ignore == NULL)
        return;
    arena_finish(&ignore->arena);
    free(ignore->patterns);
    free(ignore);
}

/* Greedy with one step back: `**` takes as little as it can, and more when what follows does not match. */
static bool matches(const struct pattern *pattern, char *const *parts, uint32_t count)
{
    uint32_t p = 0, s = 0, star = UINT32_MAX, star_at = 0;
    while (s < count) {
        if (p < pattern->count && strcmp(pattern->components[p], "**") == 0) {
            star = p++;
            star_at = s;
        } else if (p < pattern->count && fnmatch(pattern->components[p], parts[s], 0) == 0) {
            p++;
            s++;
        } else if (star != UINT32_MAX) {
            p = star + 1;
            s = ++star_at;
        } else {
            return false;
        }
    }
    return p == pattern->count;
}

bool ignore_matches(const struct ignore *ignore, struct str path, bool is_directory)
{
    char copy[PATH_BYTES_MAX + 1], *parts[MATCH_PARTS_MAX];
    if (path.len >= sizeof copy)
        return false;
    memcpy(copy, path.ptr, path.len);
    copy[path.len] = '\0';
    uint32_t count = 0;
    for (char *at = copy; at != NULL && count < MATCH_PARTS_MAX;) {
        parts[count++] = at;
        at = strchr(at, '/');
        if (at != NULL)
            *at++ = '\0';
    }
    bool ignored = false;
    for (uint32_t i = 0; i < ignore->count; i++) {
        const struct pattern *pattern = &ignore->patterns[i];
        if (pattern->negated == ignored && (is_directory || !pattern->directory_only) &&
            matches(pattern, parts, count))
            ignored = !pattern->negated;
    }
    return ignored;
}
