/*
 * MD5s as DVC has them: of a file, or of a folder, which is that of a JSON list of its files and their MD5s, as Python
 * writes it, with ".dir" behind. Links are followed, and what .dvcignore names does not count.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/md5.h"
#include "refit/base/path.h"
#include "run/dvccache.h"

enum { DEPTH_MAX = 256, PLANE_BEGIN = 0x10000 };

struct member {
    struct str path; /* below the folder */
    char md5[MD5_HEX + 1];
};

struct listing {
    struct project *project;
    struct arena *arena;
    struct md5 *md5;
    struct str top;
    struct member *members; /* malloc'd */
    uint32_t count, cap;
    unsigned depth;
    bool odd; /* there is something that DVC could not have kept */
};

static enum status visit(struct listing *l, struct str folder, struct error *err);

static enum status visit_entry(struct listing *l, struct str path, struct error *err)
{
    struct stat st;
    if (stat(path.ptr, &st) != 0) {
        l->odd = true;
        return STATUS_OK;
    }
    if (ignore_matches(l->project->dvc_ignore, path, S_ISDIR(st.st_mode)))
        return STATUS_OK;
    if (S_ISDIR(st.st_mode))
        return visit(l, path, err);
    l->odd |= !S_ISREG(st.st_mode) || !str_is_utf8(path);
    if (l->odd)
        return STATUS_OK;
    MEM_GROW(l->members, l->count, l->cap);
    struct member *member = &l->members[l->count++];
    size_t prefix = str_is(l->top, ".") ? 0 : l->top.len + 1;
    member->path = str_slice(path, prefix, path.len);
    return md5_file(l->md5, path.ptr, false, member->md5, err);
}

static enum status visit(struct listing *l, struct str folder, struct error *err)
{
    DIR *stream = l->depth < DEPTH_MAX ? opendir(folder.ptr) : NULL;
    if (stream == NULL) {
        l->odd = true;
        return STATUS_OK;
    }
    l->depth++;
    enum status status = STATUS_OK;
    struct dirent *entry;
    while (status == STATUS_OK && !l->odd && (entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            (status = interrupt_check(false, err)) == STATUS_OK)
            status = visit_entry(l, path_join(l->arena, folder, str_from(entry->d_name)), err);
    closedir(stream);
    l->depth--;
    return status;
}

static int compare_members(const void *a, const void *b)
{
    return str_compare(((const struct member *)a)->path, ((const struct member *)b)->path);
}

/* As json.dumps() writes a string: all but ASCII escaped, by UTF-16. */
static void append_json(struct buf *out, struct str text)
{
    static const char escaped[] = "\"\\\n\r\t\b\f", letters[] = "\"\\nrtbf";
    buf_char(out, '"');
    for (size_t i = 0; i < text.len;) {
        unsigned char c = (unsigned char)text.ptr[i];
        size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        uint32_t point = len == 1 ? c : c & (0x7fu >> len);
        for (size_t k = 1; k < len; k++)
            point = point << 6 | ((unsigned char)text.ptr[i + k] & 0x3fu);
        i += len;
        const char *short_form = point > 0 && point < 0x80 ? strchr(escaped, (int)point) : NULL;
        if (short_form != NULL)
            buf_print(out, "\\%c", letters[short_form - escaped]);
        else if (point >= ' ' && point < 0x7f)
            buf_char(out, (char)point);
        else if (point < PLANE_BEGIN)
            buf_print(out, "\\u%04x", point);
        else
            buf_print(out, "\\u%04x\\u%04x", 0xd800 + ((point - PLANE_BEGIN) >> 10),
                      0xdc00 + ((point - PLANE_BEGIN) & 0x3ff));
    }
    buf_char(out, '"');
}

static enum status folder_md5(struct listing *l, char *out, struct error *err)
{
    struct buf json = {0};
    if (l->count > 1)
        qsort(l->members, l->count, sizeof *l->members, compare_members);
    buf_char(&json, '[');
    for (uint32_t i = 0; i < l->count; i++) {
        buf_print(&json, "%s{\"md5\": \"%s\", \"relpath\": ", i > 0 ? ", " : "", l->members[i].md5);
        append_json(&json, l->members[i].path);
        buf_char(&json, '}');
    }
    buf_char(&json, ']');
    enum status status = md5_bytes(l->md5, buf_view(&json), out, err);
    buf_finish(&json);
    return status;
}

enum status dvc_digest(struct dvc_cache *cache, struct project *project, struct arena *arena, struct str path,
                       struct str wanted, bool *same, struct error *err)
{
    struct listing l = {.project = project, .arena = arena, .top = path};
    struct stat st;
    char hex[MD5_HEX + 1];
    bool folder = str_ends(wanted, STR(".dir"));
    *same = false;
    if (stat(path.ptr, &st) != 0 || (folder ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)))
        return STATUS_OK;
    enum status status = dvc_cache_md5(cache, &l.md5, err);
    if (status == STATUS_OK && folder) {
        status = visit(&l, path, err);
        if (status == STATUS_OK && !l.odd)
            status = folder_md5(&l, hex, err);
    } else if (status == STATUS_OK) {
        status = md5_file(l.md5, path.ptr, false, hex, err);
        if (status == STATUS_OK && !str_is(wanted, hex)) /* as it was before 3.0 */
            status = md5_file(l.md5, path.ptr, true, hex, err);
    }
    *same = status == STATUS_OK && !l.odd && str_is(str_slice(wanted, 0, MD5_HEX), hex);
    free(l.members);
    return status;
}
