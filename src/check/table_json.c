/* Rows of JSON Lines (RFC 8259, one object a line): checked whole, and only wanted members kept. */
#include <stdlib.h>
#include <string.h>

#include "check/table_reader.h"

enum { DEPTH_MAX = 64, PATH_MAX_BYTES = 4096 };

struct parser {
    struct table_file *t;
    char *p, *end;
    char path[PATH_MAX_BYTES]; /* of the member that is read: "a.b" */
    size_t path_len;
    bool only_columns; /* make columns of the leaves, and keep nothing */
    bool twice;        /* a wanted member is there twice */
};

static void skip_space(struct parser *j)
{
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' || *j->p == '\r'))
        j->p++;
}

static bool take(struct parser *j, char c)
{
    if (j->p == j->end || *j->p != c)
        return false;
    j->p++;
    return true;
}

/* ---- strings ---- */

static bool read_hex(struct parser *j, uint32_t *out)
{
    *out = 0;
    if (j->end - j->p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = *j->p++;
        uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
                         : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (uint32_t)((c | 0x20) - 'a') + 10 : 16;
        if (digit == 16)
            return false;
        *out = *out << 4 | digit;
    }
    return true;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

/* Behind `\u`: one character, which may be two of them. A half of a pair alone is no character. */
static bool read_escaped_character(struct parser *j, char **to)
{
    uint32_t c, low;
    if (!read_hex(j, &c))
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (!take(j, '\\') || !take(j, 'u') || !read_hex(j, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
    } else if (c >= 0xdc00 && c < 0xe000) {
        return false;
    }
    *to = put_utf8(*to, c);
    return true;
}

static bool read_escape(struct parser *j, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    if (j->p == j->end)
        return false;
    char c = *j->p++;
    if (c == 'u')
        return read_escaped_character(j, to);
    const char *found = c != '\0' ? strchr(from, c) : NULL;
    if (found == NULL)
        return false;
    *(*to)++ = into[found - from];
    return true;
}

/* Escapes are resolved in place: what they stand for is never longer. */
static bool read_string(struct parser *j, struct str *out)
{
    if (!take(j, '"'))
        return false;
    char *start = j->p, *to = start;
    while (j->p < j->end && *j->p != '"') {
        char c = *j->p++;
        if ((unsigned char)c < 0x20)
            return false;
        if (c == '\\') {
            if (!read_escape(j, &to))
                return false;
        } else {
            *to++ = c;
        }
    }
    *out = (struct str){start, (size_t)(to - start)};
    return take(j, '"');
}

/* ---- members ---- */

static void keep(struct parser *j, struct cell cell)
{
    struct table_file *t = j->t;
    struct str path = {j->path, j->path_len};
    if (j->only_columns) { /* what is there twice is told when the row is read */
        if (path.len > 0 && table_get(&t->names, path) == TABLE_NONE)
            table_add_column(t, path);
        return;
    }
    for (uint32_t i = 0; i < t->want_count; i++) {
        if (!str_equal(t->wanted[i], path))
            continue;
        struct cell *place = table_cell(t, i);
        j->twice |= place->ptr != NULL;
        *place = cell;
        t->saw[i] = true;
    }
}

/* Is a member of the object at this path wanted, or the object itself? If not, nothing in it is kept. */
static bool is_near(const struct parser *j)
{
    for (uint32_t i = 0; i < j->t->want_count; i++)
        if (str_starts(j->t->wanted[i], (struct str){j->path, j->path_len}))
            return true;
    return j->only_columns;
}

static bool read_digits(struct parser *j)
{
    char *first = j->p;
    while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
        j->p++;
    return j->p > first;
}

static bool read_number(struct parser *j)
{
    char *first = j->p;
    take(j, '-');
    if (!take(j, '0') && !read_digits(j))
        return false;
    if (take(j, '.') && !read_digits(j))
        return false;
    if (j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
        j->p++;
        if (!take(j, '+'))
            take(j, '-');
        if (!read_digits(j))
            return false;
    }
    keep(j, (struct cell){first, (uint32_t)(j->p - first), CELL_NUMBER});
    return true;
}

static bool read_word(struct parser *j, const char *word, enum cell_kind kind)
{
    size_t len = strlen(word);
    if ((size_t)(j->end - j->p) < len || memcmp(j->p, word, len) != 0)
        return false;
    keep(j, (struct cell){j->p, (uint32_t)len, (uint8_t)kind});
    j->p += len;
    return true;
}

static bool read_value(struct parser *j, int depth);

static bool read_member(struct parser *j, int depth)
{
    struct str key;
    size_t before = j->path_len;
    skip_space(j);
    if (!read_string(j, &key))
        return false;
    skip_space(j);
    if (!take(j, ':'))
        return false;
    bool dot = before > 0, fits = before + dot + key.len <= sizeof j->path;
    if (fits) {
        if (dot)
            j->path[before] = '.';
        memcpy(j->path + before + dot, key.ptr, key.len);
        j->path_len = before + dot + key.len;
    }
    skip_space(j);
    struct table_file *t = j->t;
    uint32_t wanted = t->want_count;
    bool columns = j->only_columns;
    if (!fits || !is_near(j)) { /* nothing in it is wanted: it is only checked */
        t->want_count = 0;
        j->only_columns = false;
    }
    bool good = read_value(j, depth);
    t->want_count = wanted;
    j->only_columns = columns;
    j->path_len = before;
    skip_space(j);
    return good;
}

static bool read_object(struct parser *j, int depth)
{
    char *first = j->p++;
    skip_space(j);
    if (take(j, '}'))
        return keep(j, (struct cell){first, (uint32_t)(j->p - first), CELL_NESTED}), true;
    bool columns = j->only_columns;
    if (!columns && depth > 0) /* strings inside are resolved in place, so whoever wants the whole gets what is left */
        keep(j, (struct cell){first, 0, CELL_NESTED});
    do {
        if (!read_member(j, depth + 1))
            return false;
    } while (take(j, ','));
    return take(j, '}');
}

static bool read_list(struct parser *j, int depth)
{
    char *first = j->p++;
    struct table_file *t = j->t;
    uint32_t wanted = t->want_count;
    bool columns = j->only_columns, good = true;
    t->want_count = 0;
    j->only_columns = false;
    skip_space(j);
    if (!take(j, ']')) {
        do {
            skip_space(j);
            good = read_value(j, depth + 1);
            skip_space(j);
        } while (good && take(j, ','));
        good = good && take(j, ']');
    }
    t->want_count = wanted;
    j->only_columns = columns;
    if (good)
        keep(j, (struct cell){first, (uint32_t)(j->p - first), CELL_NESTED});
    return good;
}

static bool read_value(struct parser *j, int depth)
{
    struct str text;
    if (j->p == j->end || depth > DEPTH_MAX)
        return false;
    switch (*j->p) {
    case '{':
        return read_object(j, depth);
    case '[':
        return read_list(j, depth);
    case '"':
        if (!read_string(j, &text))
            return false;
        keep(j, (struct cell){text.ptr, (uint32_t)text.len, CELL_STRING});
        return true;
    case 't':
        return read_word(j, "true", CELL_BOOL);
    case 'f':
        return read_word(j, "false", CELL_BOOL);
    case 'n':
        return read_word(j, "null", CELL_NULL);
    default:
        return read_number(j);
    }
}

/* ---- rows ---- */

static bool read_line(struct parser *j)
{
    skip_space(j);
    if (j->p == j->end || *j->p != '{' || !read_object(j, 0))
        return false;
    skip_space(j);
    return j->p == j->end;
}

static enum row_end judge_line(struct table_file *t, size_t len)
{
    char *ptr = t->block + t->at;
    struct parser j = {.t = t, .p = ptr, .end = ptr + len};
    skip_space(&j);
    if (j.p == j.end && len <= t->options.line_bytes_max)
        return ROW_BLANK;
    enum table_fault_kind kind = FAULT_COUNT;
    for (uint32_t i = 0; i < t->want_count; i++)
        *table_cell(t, i) = (struct cell){NULL, 0, CELL_NULL};
    if (len > t->options.line_bytes_max)
        kind = FAULT_LONG_LINE;
    else if (memchr(ptr, '\0', len) != NULL)
        kind = FAULT_NUL;
    else if (!str_is_utf8((struct str){ptr, len}))
        kind = FAULT_ENCODING;
    else if (!read_line(&j))
        kind = FAULT_JSON;
    else if (j.twice)
        kind = FAULT_DOUBLE_COLUMN;
    for (uint32_t i = 0; i < t->want_count; i++) {
        struct cell *cell = table_cell(t, i);
        *cell = cell->ptr != NULL ? *cell : table_nothing;
    }
    if (kind == FAULT_COUNT)
        return ROW_GOOD;
    table_fault(t, kind, t->line);
    return ROW_BAD;
}

enum row_end json_read_row(struct table_file *t)
{
    const char *newline = memchr(t->block + t->at, '\n', t->end - t->at);
    if (newline == NULL && !t->eof)
        return ROW_MORE;
    size_t end = newline != NULL ? (size_t)(newline - t->block) : t->end;
    enum row_end answer = judge_line(t, end - t->at);
    t->at = end + (newline != NULL);
    t->line += newline != NULL;
    return answer;
}

enum row_end json_read_columns(struct table_file *t, struct table_file *from)
{
    const char *newline = memchr(from->block + from->at, '\n', from->end - from->at);
    size_t len = (newline != NULL ? (size_t)(newline - from->block) : from->end) - from->at;
    char *copy = mem_alloc(len + 1); /* reading the row resolves its escapes */
    memcpy(copy, from->block + from->at, len);
    enum row_end end = json_read_row(from);
    if (end == ROW_GOOD)
        read_line(&(struct parser){.t = t, .p = copy, .end = copy + len, .only_columns = true});
    free(copy);
    return end;
}
