/* What differs between an out as it was and as it is: the first byte, or the numbers of a file of metrics. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "run/copy.h"

enum { READ_BYTES = 64 << 10, PARSED_BYTES_MAX = 4 << 20, VALUES_SHOWN_MAX = 20, ENTRIES_SHOWN_MAX = 20 };

static void add(struct differing *d, struct str line)
{
    MEM_GROW(d->lines, d->count, d->cap);
    d->lines[d->count++] = line;
}

static struct str shown(const struct differing *d, struct str path)
{
    return str_printable(d->arena, path);
}

/* ---- numbers ---- */

struct leaf {
    struct str name, value;
};

struct leaves {
    struct arena *arena;
    struct leaf *items; /* malloc'd; sorted by name in the end */
    uint32_t count, cap;
};

static void add_leaf(struct leaves *l, struct str name, const struct value *value)
{
    struct buf text = {0};
    value_canonical(value, &text);
    MEM_GROW(l->items, l->count, l->cap);
    l->items[l->count++] = (struct leaf){name, str_dup(l->arena, buf_view(&text))};
    buf_finish(&text);
}

static void flatten(struct leaves *l, struct str name, const struct value *value)
{
    const char *dot = name.len > 0 ? "." : "";
    if (value->type == VALUE_MAP)
        for (uint32_t i = 0; i < value->map.count; i++)
            flatten(l, str_format(l->arena, STR_FMT "%s" STR_FMT, STR_ARG(name), dot, STR_ARG(value->map.pairs[i].key)),
                    value->map.pairs[i].value);
    else if (value->type == VALUE_LIST)
        for (uint32_t i = 0; i < value->list.count; i++)
            flatten(l, str_format(l->arena, STR_FMT "%s%u", STR_ARG(name), dot, i), value->list.items[i]);
    else
        add_leaf(l, name, value);
}

static int compare_leaves(const void *a, const void *b)
{
    return str_compare(((const struct leaf *)a)->name, ((const struct leaf *)b)->name);
}

static bool parse(struct differing *d, struct str path, struct buf *text, struct leaves *out)
{
    struct value *root;
    struct error ignored; /* then bytes are compared */
    out->arena = d->arena;
    if (params_parse(d->arena, str_dup(d->arena, buf_view(text)), path, &d->project->reader, &root, &ignored) !=
        STATUS_OK)
        return false;
    flatten(out, STR(""), root);
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, compare_leaves);
    return true;
}

static void compare_values(struct differing *d, struct str path, const struct leaves *was, const struct leaves *is)
{
    uint32_t i = 0, j = 0, found = 0;
    while (i < was->count || j < is->count) {
        int order = i == was->count ? 1 : j == is->count ? -1 : compare_leaves(&was->items[i], &is->items[j]);
        struct str old = order <= 0 ? was->items[i].value : STR("nothing");
        struct str now = order >= 0 ? is->items[j].value : STR("nothing");
        struct str name = order <= 0 ? was->items[i].name : is->items[j].name;
        i += order <= 0;
        j += order >= 0;
        if ((order != 0 || !str_equal(old, now)) && found++ < VALUES_SHOWN_MAX)
            add(d, str_format(d->arena, STR_FMT ": " STR_FMT " was " STR_FMT ", is " STR_FMT, STR_ARG(shown(d, path)),
                              STR_ARG(str_printable(d->arena, name)), STR_ARG(old), STR_ARG(now)));
    }
    if (found > VALUES_SHOWN_MAX)
        add(d, str_format(d->arena, STR_FMT ": and %u more values", STR_ARG(shown(d, path)), found - VALUES_SHOWN_MAX));
}

/* *told is false if they are no files of values, or the values are the same. */
static enum status differ_values(struct differing *d, struct str path, struct digest was, struct digest is, bool *told,
                                 struct error *err)
{
    struct buf old = {0}, now = {0};
    struct leaves before = {0}, after = {0};
    uint32_t lines = d->count;
    enum status status = store_get_bytes(d->project->store, was, &old, err);
    if (status == STATUS_OK)
        status = store_get_bytes(d->project->store, is, &now, err);
    if (status == STATUS_OK && parse(d, path, &old, &before) && parse(d, path, &now, &after))
        compare_values(d, path, &before, &after);
    *told = d->count > lines;
    free(before.items);
    free(after.items);
    buf_finish(&old);
    buf_finish(&now);
    return status;
}

/* ---- bytes ---- */

/* An object as a file without a name. */
static enum status spill(struct differing *d, struct digest digest, int *fd, struct error *err)
{
    static const char place[] = ".refit/tmp/differing";
    enum status status = fs_make_parents(place, err);
    if (status == STATUS_OK)
        status = fs_remove_tree(place, err);
    if (status != STATUS_OK)
        return status;
    *fd = open(place, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*fd < 0)
        return error_errno(err, STATUS_IO, errno, "cannot make %s", place);
    status = store_get_fd(d->project->store, digest, *fd, place, NULL, NULL, err);
    if (unlink(place) != 0 && status == STATUS_OK)
        status = error_errno(err, STATUS_IO, errno, "cannot remove %s", place);
    return status;
}

static enum status read_at(int fd, uint64_t at, char *bytes, size_t *len, struct error *err)
{
    *len = 0;
    while (*len < READ_BYTES) {
        ssize_t n = pread(fd, bytes + *len, READ_BYTES - *len, (off_t)(at + *len));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, STATUS_IO, errno, "cannot read what was taken from the store");
        if (n == 0)
            break;
        *len += (size_t)n;
    }
    return STATUS_OK;
}

static enum status first_difference(int was, int is, uint64_t *at, struct error *err)
{
    char *old = mem_alloc(READ_BYTES), *now = mem_alloc(READ_BYTES);
    size_t old_len = 1, now_len = 1, same = 0;
    enum status status = STATUS_OK;
    for (*at = 0; status == STATUS_OK; *at += same) {
        status = read_at(was, *at, old, &old_len, err);
        if (status == STATUS_OK)
            status = read_at(is, *at, now, &now_len, err);
        size_t least = old_len < now_len ? old_len : now_len;
        for (same = 0; status == STATUS_OK && same < least && old[same] == now[same];)
            same++;
        if (status == STATUS_OK && (same < least || old_len != now_len || least == 0)) {
            *at += same;
            break;
        }
    }
    free(old);
    free(now);
    return status;
}

static enum status differ_bytes(struct differing *d, struct str path, struct digest was, uint64_t was_size,
                                struct digest is, uint64_t is_size, struct error *err)
{
    int old = -1, now = -1;
    uint64_t at = 0;
    enum status status = spill(d, was, &old, err);
    if (status == STATUS_OK)
        status = spill(d, is, &now, err);
    if (status == STATUS_OK)
        status = first_difference(old, now, &at, err);
    if (status == STATUS_OK)
        add(d, str_format(d->arena, STR_FMT ": the first different byte is at offset %" PRIu64 " (%" PRIu64 " bytes, %"
                          PRIu64 " before)", STR_ARG(shown(d, path)), at, is_size, was_size));
    if (old >= 0)
        close(old);
    if (now >= 0)
        close(now);
    return status;
}

static enum status both_stored(struct differing *d, struct str path, struct digest was, struct digest is, bool *both,
                               struct error *err)
{
    bool has_was, has_is = false;
    enum status status = store_has(d->project->store, was, &has_was, err);
    if (status == STATUS_OK)
        status = store_has(d->project->store, is, &has_is, err);
    *both = status == STATUS_OK && has_was && has_is;
    if (status == STATUS_OK && !*both)
        add(d, str_format(d->arena, STR_FMT ": the content differs; the store does not have %s" STR_FMT,
                          STR_ARG(shown(d, path)), has_was ? "what it is now" : "that of ",
                          STR_ARG(has_was ? STR("") : d->name)));
    return status;
}

static enum status differ_file(struct differing *d, struct str path, struct digest was, uint64_t was_size,
                               struct digest is, uint64_t is_size, struct error *err)
{
    bool both, told = false;
    enum status status = both_stored(d, path, was, is, &both, err);
    if (status != STATUS_OK || !both)
        return status;
    if (params_has_keys(path) && was_size <= PARSED_BYTES_MAX && is_size <= PARSED_BYTES_MAX)
        status = differ_values(d, path, was, is, &told, err);
    return status == STATUS_OK && !told ? differ_bytes(d, path, was, was_size, is, is_size, err) : status;
}

/* ---- trees ---- */

static const char *kind_text(enum entry_kind kind, bool executable)
{
    static const char *const kinds[] = {
        [ENTRY_FILE] = "a file", [ENTRY_LINK] = "a link", [ENTRY_DIRECTORY] = "a folder", [ENTRY_MISSING] = "missing"};
    return kind == ENTRY_FILE && executable ? "an executable file" : kinds[kind];
}

static void differ_kind(struct differing *d, struct str path, const char *was, const char *is)
{
    add(d, str_format(d->arena, STR_FMT ": was %s, is %s", STR_ARG(shown(d, path)), was, is));
}

static enum status differ_entry(struct differing *d, struct str path, const struct tree_entry *was,
                                const struct tree_entry *is, struct error *err)
{
    static const struct tree_entry none = {.kind = ENTRY_MISSING};
    was = was != NULL ? was : &none;
    is = is != NULL ? is : &none;
    if (was->kind != is->kind || was->executable != is->executable)
        differ_kind(d, path, kind_text(was->kind, was->executable), kind_text(is->kind, is->executable));
    else if (was->kind == ENTRY_LINK && !str_equal(was->link, is->link))
        add(d, str_format(d->arena, STR_FMT ": was a link to " STR_FMT ", is one to " STR_FMT, STR_ARG(shown(d, path)),
                          STR_ARG(shown(d, was->link)), STR_ARG(shown(d, is->link))));
    else if (was->kind == ENTRY_FILE && !digest_equal(was->digest, is->digest))
        return differ_file(d, path, was->digest, was->size, is->digest, is->size, err);
    return STATUS_OK;
}

static enum status differ_entries(struct differing *d, struct str path, const struct tree *was, const struct tree *is,
                                  struct error *err)
{
    uint32_t i = 0, j = 0, lines = d->count;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (i < was->count || j < is->count) && d->count - lines < ENTRIES_SHOWN_MAX) {
        int order = i == was->count  ? 1
                    : j == is->count ? -1
                                     : str_compare(was->entries[i].path, is->entries[j].path);
        const struct tree_entry *old = order <= 0 ? &was->entries[i++] : NULL;
        const struct tree_entry *now = order >= 0 ? &is->entries[j++] : NULL;
        status = differ_entry(d, path_join(d->arena, path, old != NULL ? old->path : now->path), old, now, err);
    }
    return status;
}

static enum status load_tree(struct differing *d, struct digest digest, struct tree *out, struct error *err)
{
    struct buf bytes = {0};
    enum status status = store_get_bytes(d->project->store, digest, &bytes, err);
    if (status == STATUS_OK)
        status = tree_decode(d->arena, str_dup(d->arena, buf_view(&bytes)), out, err);
    buf_finish(&bytes);
    return status;
}

static enum status differ_tree(struct differing *d, struct str path, struct digest was, struct digest is,
                               struct error *err)
{
    struct tree old, now;
    bool both;
    enum status status = both_stored(d, path, was, is, &both, err);
    if (status != STATUS_OK || !both)
        return status;
    status = load_tree(d, was, &old, err);
    if (status == STATUS_OK)
        status = load_tree(d, is, &now, err);
    return status == STATUS_OK ? differ_entries(d, path, &old, &now, err) : status;
}

enum status differ_out(struct differing *d, const struct record_out *was, const struct record_out *is,
                       struct error *err)
{
    if (was->kind != is->kind || was->executable != is->executable) {
        differ_kind(d, was->path, kind_text(was->kind, was->executable), kind_text(is->kind, is->executable));
        return STATUS_OK;
    }
    if (digest_equal(was->digest, is->digest))
        return STATUS_OK;
    if (was->kind == ENTRY_DIRECTORY)
        return differ_tree(d, was->path, was->digest, is->digest, err);
    return differ_file(d, was->path, was->digest, was->size, is->digest, is->size, err);
}
