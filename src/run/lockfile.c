/* refit.lock: what each stage was built from and what it produced, for git.
 *
 * YAML, stages and names sorted, one line a fact, so that merges are mostly clean:
 *
 *   refit_lock: 1
 *   stages:
 *     train:
 *       key: 0123...
 *       cmd:
 *         - python3 src/train.py
 *       deps:
 *         src/train.py: file 89ab...
 *       params:
 *         params.yaml:train.lr: "0.1"
 *       found:
 *         src/loss.py: file cdef...
 *       produced:
 *         models/m.json: file 4567... 1234
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "run/run.h"

enum { LOCK_FORMAT = 1, LOCK_BYTES_MAX = 1 << 30 };

/* ---- printing ---- */

/* YAML parsers refuse a plain key of more than 1024 characters: a long one is marked by `?`. */
enum { KEY_MAX = 1000 };

static void print_key(struct buf *out, const char *indent, struct str name)
{
    struct buf key = {0};
    yaml_append_string(&key, name);
    buf_print(out, key.len > KEY_MAX ? "%s? %s\n%s:" : "%s%s:", indent, key.ptr, indent);
    buf_finish(&key);
}

static void print_pair(struct buf *out, const char *indent, struct str name, struct str value)
{
    print_key(out, indent, name);
    buf_char(out, ' ');
    yaml_append_string(out, value);
    buf_char(out, '\n');
}

static bool is_single(enum field_tag tag)
{
    return tag == FIELD_PLATFORM || tag == FIELD_SHELL || tag == FIELD_WDIR || tag == FIELD_DEPFILE;
}

static void print_fields(const struct fields *fields, struct buf *out)
{
    enum field_tag last = FIELD_TAG_END;
    for (uint32_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->items[i];
        if (is_single(field->tag)) {
            print_pair(out, "    ", str_from(field_tag_name(field->tag)), field->value);
            continue;
        }
        if (field->tag != last)
            buf_print(out, "    %s:\n", field_tag_name(field->tag));
        last = field->tag;
        if (field->tag == FIELD_COMMAND) {
            buf_str(out, STR("      - "));
            yaml_append_string(out, field->value);
            buf_char(out, '\n');
        } else {
            print_pair(out, "      ", field->name, field->value);
        }
    }
}

static const char *const kind_names[] = {[ENTRY_FILE] = "file", [ENTRY_LINK] = "link", [ENTRY_DIRECTORY] = "directory"};

static void print_out(const struct record_out *made, struct buf *out)
{
    char hex[DIGEST_HEX + 1], value[128];
    const char *kind = made->kind == ENTRY_FILE && made->executable ? "exec" : kind_names[made->kind];
    snprintf(value, sizeof value, "%s %s %" PRIu64 "%s", kind, digest_hex(made->digest, hex), made->size,
             made->stored ? "" : " unstored");
    print_pair(out, "      ", made->path, str_from(value));
}

void lock_print(const struct lock *lock, struct buf *out)
{
    buf_print(out,
              "# Written by refit; commit it. What each stage was built from, and what it produced.\nrefit_lock: %d\n",
              LOCK_FORMAT);
    buf_print(out, lock->stage_count ? "stages:\n" : "stages: {}\n");
    for (uint32_t i = 0; i < lock->stage_count; i++) {
        const struct lock_stage *stage = &lock->stages[i];
        char hex[DIGEST_HEX + 1];
        print_key(out, "  ", stage->name);
        buf_print(out, "\n    key: \"%s\"\n", digest_hex(stage->key, hex));
        print_fields(&stage->fields, out);
        print_fields(&stage->found, out);
        if (stage->out_count > 0)
            buf_str(out, STR("    produced:\n"));
        for (uint32_t j = 0; j < stage->out_count; j++)
            print_out(&stage->outs[j], out);
    }
}

/* ---- parsing ---- */

static enum status broken(const struct value *at, struct error *err, const char *what)
{
    return error_at(err, STATUS_MANIFEST, LOCK_FILE, at->line, at->column,
                    "%s; take the file from git again, or remove it and run refit", what);
}

static struct str next_word(struct str *rest)
{
    ptrdiff_t space = str_find(*rest, ' ');
    struct str word = space < 0 ? *rest : str_slice(*rest, 0, (size_t)space);
    *rest = space < 0 ? STR("") : str_slice(*rest, (size_t)space + 1, rest->len);
    return word;
}

static bool parse_size(struct str text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || *out > (UINT64_MAX - 9) / 10)
            return false;
        *out = *out * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return text.len > 0;
}

/* Restoring writes to these paths: canonical and below the root, or none. */
static bool is_out_path(struct arena *arena, struct str path)
{
    struct str made;
    struct error ignored;
    return path_make(arena, STR("/"), STR("."), path, &made, &ignored) == STATUS_OK && str_equal(made, path) &&
           !str_is(path, ".");
}

static enum status parse_out(struct arena *arena, const struct value_pair *pair, struct record_out *out,
                             struct error *err)
{
    const struct value *value = pair->value;
    if (!is_out_path(arena, pair->key))
        return broken(value, err, "an out's path is not one inside the project");
    if (value->type != VALUE_STRING)
        return broken(value, err, "an out is written as `KIND DIGEST SIZE`");
    struct str rest = value->text, kind = next_word(&rest);
    *out = (struct record_out){.path = pair->key, .stored = true};
    if (str_is(kind, "exec"))
        out->executable = true;
    out->kind = str_is(kind, "file") || out->executable ? ENTRY_FILE
                : str_is(kind, "link")                  ? ENTRY_LINK
                                                        : ENTRY_DIRECTORY;
    if (out->kind == ENTRY_DIRECTORY && !str_is(kind, "directory"))
        return broken(value, err, "an out is a file, exec, link or directory");
    if (!digest_parse(next_word(&rest), &out->digest) || !parse_size(next_word(&rest), &out->size))
        return broken(value, err, "the digest or the size of an out is malformed");
    if (rest.len > 0 && !str_is(rest, "unstored"))
        return broken(value, err, "there is something behind the size of an out");
    out->stored = rest.len == 0;
    return STATUS_OK;
}

static enum status parse_outs(struct arena *arena, const struct value *map, struct lock_stage *stage, struct error *err)
{
    if (map->type != VALUE_MAP)
        return broken(map, err, "`produced` is a map of paths");
    stage->out_count = map->map.count;
    stage->outs = arena_array(arena, struct record_out, stage->out_count);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < stage->out_count && status == STATUS_OK; i++)
        status = parse_out(arena, &map->map.pairs[i], &stage->outs[i], err);
    return status;
}

/* Fields as they are read; malloc'd. */
struct list {
    struct field *items;
    uint32_t count, cap;
};

static enum status add_field(struct list *list, enum field_tag tag, struct str name, const struct value *value,
                             struct error *err)
{
    if (value->type == VALUE_LIST || value->type == VALUE_MAP)
        return broken(value, err, "a single value is expected here");
    MEM_GROW(list->items, list->count, list->cap);
    list->items[list->count++] = (struct field){tag, name, value->text};
    return STATUS_OK;
}

static enum status parse_field(struct arena *arena, const struct value_pair *pair, struct list *list, struct error *err)
{
    enum field_tag tag;
    const struct value *value = pair->value;
    if (!field_tag_parse(pair->key, &tag))
        return broken(value, err, "an unknown key in a stage (written by a newer refit?)");
    if (is_single(tag))
        return add_field(list, tag, STR(""), value, err);
    enum status status = STATUS_OK;
    if (tag == FIELD_COMMAND && value->type == VALUE_LIST) {
        for (uint32_t i = 0; i < value->list.count && status == STATUS_OK; i++)
            status = add_field(list, tag, str_format(arena, "%u", i), value->list.items[i], err);
        return status;
    }
    if (tag == FIELD_COMMAND || value->type != VALUE_MAP)
        return broken(value, err, "`cmd` is a list, and what else a stage was built from are maps");
    for (uint32_t i = 0; i < value->map.count && status == STATUS_OK; i++)
        status = add_field(list, tag, value->map.pairs[i].key, value->map.pairs[i].value, err);
    return status;
}

static enum status parse_stage(struct arena *arena, const struct value_pair *pair, struct lock_stage *out,
                               struct error *err)
{
    const struct value *map = pair->value;
    *out = (struct lock_stage){.name = pair->key};
    if (map->type != VALUE_MAP)
        return broken(map, err, "a stage is a map");
    struct list list = {0};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < map->map.count && status == STATUS_OK; i++) {
        const struct value_pair *item = &map->map.pairs[i];
        if (str_is(item->key, "key"))
            status = digest_parse(item->value->text, &out->key) ? STATUS_OK : broken(item->value, err, "malformed key");
        else if (str_is(item->key, "produced"))
            status = parse_outs(arena, item->value, out, err);
        else
            status = parse_field(arena, item, &list, err);
    }
    out->fields = (struct fields){arena_copy(arena, list.items, list.count * sizeof *list.items), list.count};
    fields_sort(&out->fields); /* people may have sorted it otherwise, or merged it by hand */
    fields_split_found(&out->fields, &out->found);
    outs_sort(out->outs, out->out_count);
    free(list.items);
    return status;
}

static int compare_stages(const void *a, const void *b)
{
    return str_compare(((const struct lock_stage *)a)->name, ((const struct lock_stage *)b)->name);
}

/* The line on which git's conflict marker stands, or 0. */
static uint32_t find_conflict(struct str text)
{
    uint32_t line = 1;
    while (text.len > 0) {
        if (str_starts(text, STR("<<<<<<< ")))
            return line;
        ptrdiff_t end = str_find(text, '\n');
        text = end < 0 ? STR("") : str_slice(text, (size_t)end + 1, text.len);
        line++;
    }
    return 0;
}

enum status lock_parse(struct arena *arena, struct str text, struct lock *out, struct error *err)
{
    *out = (struct lock){0};
    uint32_t conflict = find_conflict(text);
    if (conflict != 0)
        return error_at(
            err, STATUS_MANIFEST, LOCK_FILE, conflict, 1,
            "git left a merge conflict here; take either side (git checkout --ours refit.lock) and run refit");
    struct value *root;
    enum status status = yaml_parse(arena, text, STR(LOCK_FILE), &root, err);
    if (status != STATUS_OK)
        return status;
    const struct value *format = value_get(root, STR("refit_lock")), *stages = value_get(root, STR("stages"));
    if (format == NULL || format->type != VALUE_INT || stages == NULL || stages->type != VALUE_MAP)
        return broken(root, err, "this is no refit.lock");
    if (format->integer != LOCK_FORMAT)
        return error_at(err, STATUS_MANIFEST, LOCK_FILE, format->line, format->column,
                        "format %lld is not one that this refit knows (%d); use the refit that wrote it",
                        (long long)format->integer, LOCK_FORMAT);
    out->stage_count = stages->map.count;
    out->stages = arena_array(arena, struct lock_stage, out->stage_count);
    for (uint32_t i = 0; i < out->stage_count && status == STATUS_OK; i++)
        status = parse_stage(arena, &stages->map.pairs[i], &out->stages[i], err);
    if (status == STATUS_OK && out->stage_count > 1)
        qsort(out->stages, out->stage_count, sizeof *out->stages, compare_stages);
    return status;
}

enum status lock_load(struct arena *arena, struct lock *out, struct error *err)
{
    *out = (struct lock){0};
    struct buf text = {0};
    struct error why;
    enum status status = fs_read(LOCK_FILE, LOCK_BYTES_MAX, &text, &why);
    if (status == STATUS_OK) {
        status = lock_parse(arena, str_dup(arena, buf_view(&text)), out, err);
        out->text = digest_of(text.ptr, text.len);
    } else if (status == STATUS_NOT_FOUND)
        status = STATUS_OK;
    else
        *err = why;
    buf_finish(&text);
    return status;
}

const struct lock_stage *lock_find(const struct lock *lock, struct str name)
{
    struct lock_stage wanted = {.name = name};
    return lock->stage_count
               ? bsearch(&wanted, lock->stages, lock->stage_count, sizeof *lock->stages, compare_stages)
               : NULL;
}
