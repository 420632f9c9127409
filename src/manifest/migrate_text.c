/* Text that is kept: the lines of a dvc.yaml in a refit.yaml, changed only where names and places must be. What comes
 * of it is loaded and compared by the caller, so that a form that is not foreseen here does no harm. */
#include <stdlib.h>
#include <string.h>

#include "manifest/migrate.h"
#include "refit/base/path.h"

/* ---- lines ---- */

struct lines {
    struct str *items; /* without their ends; malloc'd */
    uint32_t count, cap;
};

/* Are there line breaks that YAML counts, and split() does not? Then lines are not where they are said to be. */
static bool has_odd_breaks(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        struct str rest = str_slice(text, i, text.len);
        if ((rest.ptr[0] == '\r' && !str_starts(rest, STR("\r\n"))) || str_starts(rest, STR("\xc2\x85")) ||
            str_starts(rest, STR("\xe2\x80\xa8")) || str_starts(rest, STR("\xe2\x80\xa9")))
            return true;
    }
    return false;
}

static struct lines split(struct str text)
{
    struct lines lines = {0};
    while (text.len > 0) {
        ptrdiff_t end = str_find(text, '\n');
        MEM_GROW(lines.items, lines.count, lines.cap);
        lines.items[lines.count++] = end < 0 ? text : str_slice(text, 0, (size_t)end);
        text = end < 0 ? STR("") : str_slice(text, (size_t)end + 1, text.len);
    }
    return lines;
}

static bool is_remark(struct str line)
{
    line = str_trim(line);
    return line.len == 0 || line.ptr[0] == '#';
}

/* The first of the remarks right before a line: they belong to what it begins. Not before `first`. */
static uint32_t with_remarks(const struct lines *lines, uint32_t line, uint32_t first)
{
    while (line > first && is_remark(lines->items[line - 1]))
        line--;
    return line;
}

/* Of the last line that says something before `end`, the next one. */
static uint32_t without_remarks(const struct lines *lines, uint32_t end)
{
    while (end > 0 && is_remark(lines->items[end - 1]))
        end--;
    return end;
}

/* The 0-based line on which the next key of a map after `pair` begins; `end` if it is the last. */
static uint32_t next_key(const struct value *map, const struct value_pair *pair, uint32_t end)
{
    uint32_t next = end;
    for (uint32_t i = 0; i < map->map.count; i++)
        if (map->map.pairs[i].line > pair->line && map->map.pairs[i].line - 1 < next)
            next = map->map.pairs[i].line - 1;
    return next;
}

static const struct value_pair *find_pair(const struct value *map, const char *key)
{
    for (uint32_t i = 0; map->type == VALUE_MAP && i < map->map.count; i++)
        if (str_is(map->map.pairs[i].key, key))
            return &map->map.pairs[i];
    return NULL;
}

/* ---- edits within lines ---- */

/* A place in the text, 1-based, and what takes the place of `taken` bytes there. */
struct edit {
    uint32_t line, column;
    size_t taken;
    struct str text;
};

struct edits {
    struct edit *items; /* malloc'd */
    uint32_t count, cap;
};

static void add_edit(struct edits *edits, uint32_t line, uint32_t column, size_t taken, struct str text)
{
    MEM_GROW(edits->items, edits->count, edits->cap);
    edits->items[edits->count++] = (struct edit){line, column, taken, text};
}

static int compare_edits(const void *a, const void *b)
{
    const struct edit *one = a, *two = b;
    if (one->line != two->line)
        return one->line < two->line ? -1 : 1;
    return (one->column > two->column) - (one->column < two->column);
}

/* Columns count characters. */
static size_t byte_of_column(struct str line, uint32_t column)
{
    size_t at = 0;
    for (uint32_t passed = 1; at < line.len && passed < column; passed++) {
        at++;
        while (at < line.len && ((unsigned char)line.ptr[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

/* A line with its edits, `shift` columns further to the right. */
static void append_line(const struct lines *lines, uint32_t index, const struct edits *edits, int32_t shift,
                        struct buf *out)
{
    struct str line = lines->items[index];
    size_t at = 0;
    if (str_trim(line).len > 0)
        for (int32_t i = 0; i < shift; i++)
            buf_char(out, ' ');
    while (shift < 0 && at < (size_t)-shift && at < line.len && line.ptr[at] == ' ')
        at++;
    for (uint32_t i = 0; i < edits->count; i++) {
        const struct edit *edit = &edits->items[i];
        if (edit->line != index + 1)
            continue;
        size_t place = byte_of_column(line, edit->column);
        if (place < at)
            continue;
        buf_str(out, str_slice(line, at, place));
        buf_str(out, edit->text);
        at = place + edit->taken < line.len ? place + edit->taken : line.len;
    }
    buf_str(out, str_slice(line, at, line.len));
    buf_char(out, '\n');
}

/* Does a token stand there as it reads, or in quotes? Its length as it is written; 0 = neither. */
static size_t token_length(const struct lines *lines, uint32_t line, uint32_t column, struct str token)
{
    if (line == 0 || line > lines->count)
        return 0;
    struct str text = lines->items[line - 1];
    struct str rest = str_slice(text, byte_of_column(text, column), text.len);
    if (token.len > 0 && str_starts(rest, token))
        return token.len;
    bool quoted = rest.len > token.len + 1 && (rest.ptr[0] == '"' || rest.ptr[0] == '\'') &&
                  str_starts(str_slice(rest, 1, rest.len), token) && rest.ptr[token.len + 1] == rest.ptr[0];
    return quoted ? token.len + 2 : 0;
}

/* ---- the root's own file ---- */

/* Among the items of a list: before the first, in the form of that one. */
static bool add_items(struct arena *arena, const struct lines *lines, const struct value *list, const struct str *items,
                      uint32_t count, struct edits *edits)
{
    if (list->type != VALUE_LIST || list->list.count == 0)
        return false;
    const struct value *first = list->list.items[0];
    if (first->line == 0 || first->line > lines->count)
        return false;
    struct str line = lines->items[first->line - 1];
    size_t at = byte_of_column(line, first->column);
    struct str before = str_trim(str_slice(line, 0, at));
    bool block = str_is(before, "-");
    if (!block && !str_ends(before, STR("[")))
        return false;
    struct buf text = {0};
    for (uint32_t i = 0; i < count; i++) {
        migrate_append_string(&text, items[i]);
        if (block) {
            buf_char(&text, '\n');
            buf_str(&text, str_slice(line, 0, at));
        } else {
            buf_str(&text, STR(", "));
        }
    }
    add_edit(edits, first->line, first->column, 0, str_dup(arena, buf_view(&text)));
    buf_finish(&text);
    return true;
}

static void append_metrics(const struct str *metrics, uint32_t count, struct buf *out)
{
    buf_str(out, STR("metrics:\n"));
    for (uint32_t i = 0; i < count; i++) {
        buf_str(out, STR("  - "));
        migrate_append_string(out, metrics[i]);
        buf_char(out, '\n');
    }
}

bool migrate_keep_root(const struct migration *m, const struct value *tree, struct str text, struct str head,
                       struct str stages, const struct str *metrics, uint32_t metric_count, struct buf *out)
{
    const struct value_pair *own = find_pair(tree, "metrics"), *declared = find_pair(tree, "stages");
    if (tree->type != VALUE_MAP || tree->map.count == 0 || has_odd_breaks(text))
        return false;
    struct lines lines = split(text);
    struct edits edits = {0};
    uint32_t first = tree->map.pairs[0].line - 1, end = lines.count;
    while (first > 0 && !str_starts(lines.items[first - 1], STR("---")))
        first--;
    if (declared != NULL)
        end = with_remarks(&lines, next_key(tree, declared, lines.count), declared->line);
    if (declared != NULL && end == lines.count)
        end = without_remarks(&lines, end);
    bool good = metric_count == 0 || own == NULL ||
                add_items(m->arena, &lines, own->value, metrics, metric_count, &edits);
    for (uint32_t i = 0; good && i <= lines.count; i++) {
        if (i == first) {
            buf_str(out, head);
            if (metric_count > 0 && own == NULL)
                append_metrics(metrics, metric_count, out);
        }
        if (i == end && stages.len > 0) {
            buf_str(out, declared == NULL ? STR("stages:\n") : STR(""));
            buf_str(out, stages);
        }
        if (i < lines.count)
            append_line(&lines, i, &edits, 0, out);
    }
    free(lines.items);
    free(edits.items);
    return good;
}

/* ---- a file below the root ---- */

static bool set_name(const struct migration *m, const struct lines *lines, const struct value_pair *pair,
                     struct str name, struct edits *edits)
{
    size_t length = token_length(lines, pair->line, pair->column, pair->key);
    if (length == 0)
        return false;
    if (str_equal(name, pair->key))
        return true;
    struct buf text = {0};
    migrate_append_string(&text, name);
    add_edit(edits, pair->line, pair->column, length, str_dup(m->arena, buf_view(&text)));
    buf_finish(&text);
    return true;
}

/* The key of a stage that is written first, and on the stage's own lines. */
static const struct value_pair *first_key(const struct value_pair *stage, uint32_t end)
{
    const struct value_pair *first = NULL;
    for (uint32_t i = 0; i < stage->value->map.count; i++) {
        const struct value_pair *pair = &stage->value->map.pairs[i];
        bool here = pair->line >= stage->line && pair->line <= end;
        if (here && (first == NULL || pair->line < first->line ||
                     (pair->line == first->line && pair->column < first->column)))
            first = pair;
    }
    return first;
}

/* Paths are relative to `wdir`, and that was relative to the folder of the file. */
static bool set_wdir(const struct migration *m, const struct lines *lines, const struct value_pair *stage, uint32_t end,
                     int32_t shift, struct str wdir, struct edits *edits)
{
    const struct value_pair *own = find_pair(stage->value, "wdir"), *first = first_key(stage, end);
    struct buf text = {0};
    bool good = first != NULL;
    migrate_append_string(&text, wdir);
    struct str word = str_dup(m->arena, buf_view(&text));
    buf_finish(&text);
    if (good && own != NULL && own->line >= stage->line && own->line <= end) {
        size_t length = token_length(lines, own->value->line, own->value->column, own->value->text);
        good = own->value->type == VALUE_STRING && length > 0;
        if (good)
            add_edit(edits, own->value->line, own->value->column, length, word);
    } else if (good && first->line == stage->line) { /* {cmd: ...} */
        add_edit(edits, first->line, first->column, 0, str_format(m->arena, "wdir: " STR_FMT ", ", STR_ARG(word)));
    } else if (good) {
        struct str line = lines->items[first->line - 1];
        int indent = (int)first->column - 1 + shift;
        good = str_trim(str_slice(line, 0, byte_of_column(line, first->column))).len == 0 && indent > 0;
        add_edit(edits, first->line, first->column, 0,
                 str_format(m->arena, "wdir: " STR_FMT "\n%*s", STR_ARG(word), indent, ""));
    }
    return good;
}

/* The stage of the manifest that a key of the source declares. */
static const struct manifest_stage *declared_by(const struct migration *m, uint32_t source, struct str key,
                                                struct str *name)
{
    struct str its;
    for (uint32_t i = 0; i < m->manifest->stage_count; i++)
        if (migrate_is_of(m, i, source, &its) && str_equal(its, key)) {
            *name = m->names[i];
            return &m->manifest->stages[i];
        }
    return NULL;
}

bool migrate_move_stages(const struct migration *m, uint32_t source, struct buf *out)
{
    const struct value *tree = m->trees[source];
    const struct value_pair *stages = find_pair(tree, "stages");
    if (stages == NULL || stages->value->type == VALUE_NULL)
        return true;
    const struct value *map = stages->value;
    if (map->map.count == 0)
        return true;
    if (has_odd_breaks(m->sources[source].text))
        return false;
    struct lines lines = split(m->sources[source].text);
    struct edits edits = {0};
    uint32_t end = without_remarks(&lines, next_key(tree, stages, lines.count));
    bool good = map->map.pairs[0].line > stages->line;
    int32_t shift = (int32_t)m->indent - ((int32_t)map->map.pairs[0].column - 1);
    for (uint32_t i = 0; i < map->map.count && good; i++) {
        const struct value_pair *pair = &map->map.pairs[i];
        struct str name;
        const struct manifest_stage *stage = declared_by(m, source, pair->key, &name);
        uint32_t last = next_key(map, pair, end);
        good = stage != NULL && pair->value->type == VALUE_MAP && set_name(m, &lines, pair, name, &edits) &&
               set_wdir(m, &lines, pair, last, shift, stage->wdir, &edits);
    }
    if (edits.count > 1)
        qsort(edits.items, edits.count, sizeof *edits.items, compare_edits);
    for (uint32_t i = stages->line; i < end && good; i++)
        append_line(&lines, i, &edits, shift, out);
    free(lines.items);
    free(edits.items);
    return good;
}
