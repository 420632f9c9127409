/* Ignore patterns in gitignore's syntax. A pattern is a list of components, matched one by one; `**` stands for any
 * number of them. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"
#include "refit/fingerprint.h"

enum { MATCH_PARTS_MAX = 1024 };

static const char built_in[] = "__pycache__/\n*.pyc\n.ipynb_checkpoints/\n.git/\n.refit/\n/refit.lock\n";

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

static void split(struct ignore *ignore, struct pattern *pattern, struct str text, bool anchored)
{
    uint32_t slashes = 0;
    for (size_t i = 0; i < text.len; i++)
        slashes += text.ptr[i] == '/';
    pattern->components = arena_array(&ignore->arena, const char *, slashes + 2u);
    if (!anchored)
        pattern->components[pattern->count++] = "**";
    while (text.len > 0) {
        ptrdiff_t slash = str_find(text, '/');
        struct str part = slash < 0 ? text : str_slice(text, 0, (size_t)slash);
        text = slash < 0 ? STR("") : str_slice(text, (size_t)slash + 1, text.len);
        if (part.len > 0)
            pattern->components[pattern->count++] = str_terminated(&ignore->arena, part);
    }
}

static void add_line(struct ignore *ignore, struct str line)
{
    struct pattern pattern = {0};
    if (str_ends(line, STR("\r")))
        line.len--;
    /* White space at the end does not count unless it is escaped. */
    while (line.len > 0 && line.ptr[line.len - 1] == ' ' && !(line.len > 1 && line.ptr[line.len - 2] == '\\'))
        line.len--;
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
    if (line.len == 0)
        return;
    bool anchored = str_find(line, '/') >= 0;
    split(ignore, &pattern, line, anchored);
    if (pattern.count == 0)
        return;
    MEM_GROW(ignore->patterns, ignore->count, ignore->cap);
    ignore->patterns[ignore->count++] = pattern;
}

static void add_lines(struct ignore *ignore, struct str text)
{
    while (text.len > 0) {
        ptrdiff_t end = str_find(text, '\n');
        add_line(ignore, end < 0 ? text : str_slice(text, 0, (size_t)end));
        text = end < 0 ? STR("") : str_slice(text, (size_t)end + 1, text.len);
    }
}

struct ignore *ignore_create(struct str text)
{
    struct ignore *ignore = mem_alloc(sizeof *ignore);
    add_lines(ignore, str_from(built_in));
    add_lines(ignore, text);
    return ignore;
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
