/* Depfiles as compilers write them: Make rules whose targets do not matter and whose prerequisites do.
 *
 * Escapes, as GCC and Clang write them: 2N+1 backslashes before white space for N of them and the character, 2N for N
 * of them at the end of a name; backslash-# for #, $$ for $, a backslash before a line's end to go on; any other
 * backslash is itself. */
#include <stdlib.h>
#include <string.h>

#include "refit/fingerprint.h"

struct scanner {
    struct str text;
    size_t at;
    uint32_t line, column;
};

static int peek(const struct scanner *s, size_t ahead)
{
    return s->at + ahead < s->text.len ? (unsigned char)s->text.ptr[s->at + ahead] : -1;
}

static void advance(struct scanner *s, size_t count)
{
    for (; count > 0; count--, s->at++) {
        bool newline = s->text.ptr[s->at] == '\n';
        s->line += newline;
        s->column = newline ? 1 : s->column + 1;
    }
}

/* The length of a backslash and a line's end, or 0. */
static size_t continuation(const struct scanner *s)
{
    if (peek(s, 0) != '\\')
        return 0;
    if (peek(s, 1) == '\n')
        return 2;
    return peek(s, 1) == '\r' && peek(s, 2) == '\n' ? 3 : 0;
}

static void skip_space(struct scanner *s)
{
    for (;;) {
        size_t more = continuation(s);
        if (more > 0)
            advance(s, more);
        else if (peek(s, 0) == ' ' || peek(s, 0) == '\t' || peek(s, 0) == '\r')
            advance(s, 1);
        else
            return;
    }
}

static bool ends_word(const struct scanner *s, bool target)
{
    int c = peek(s, 0);
    if (c < 0 || c == ' ' || c == '\t' || c == '\n' || c == '\r' || continuation(s) > 0)
        return true;
    int next = peek(s, 1);
    return target && c == ':' &&
           (next < 0 || next == ' ' || next == '\t' || next == '\n' || next == '\r' || next == '\\');
}

/* Backslashes before white space come in pairs, and an odd one makes the space part of the name. Elsewhere each is
 * itself; the last one is left, since a `#` or a line's end may follow. False if nothing was taken. */
static bool scan_backslashes(struct scanner *s, struct buf *word)
{
    size_t run = 0;
    while (peek(s, run) == '\\')
        run++;
    bool spaced = run > 0 && (peek(s, run) == ' ' || peek(s, run) == '\t');
    if (run < 2 && !spaced)
        return false;
    size_t kept = spaced ? run / 2 : run - 1;
    for (size_t i = 0; i < kept; i++)
        buf_char(word, '\\');
    advance(s, spaced ? run : run - 1);
    if (spaced && run % 2 != 0) {
        buf_char(word, s->text.ptr[s->at]);
        advance(s, 1);
    }
    return true;
}

static void scan_word(struct scanner *s, bool target, struct buf *word)
{
    buf_clear(word);
    while (!ends_word(s, target)) {
        if (scan_backslashes(s, word))
            continue;
        int c = peek(s, 0), next = peek(s, 1);
        if (c == '\\' && (next == '#' || (target && next == ':')))
            advance(s, 1);
        else if (c == '$' && next == '$')
            advance(s, 1);
        buf_char(word, s->text.ptr[s->at]);
        advance(s, 1);
    }
}

static enum status scan_rule(struct scanner *s, const char *file, struct arena *arena, struct str **paths,
                             uint32_t *count, uint32_t *cap, struct error *err)
{
    struct buf word = {0};
    enum status status = STATUS_OK;
    uint32_t line = s->line, column = s->column;
    for (;;) { /* targets, up to the colon */
        skip_space(s);
        if (peek(s, 0) == ':')
            break;
        if (peek(s, 0) < 0 || peek(s, 0) == '\n') {
            status = error_at(err, STATUS_FAILED, file, line, column,
                              "not a Make rule: there is no colon after the target");
            goto out;
        }
        scan_word(s, true, &word);
    }
    advance(s, 1);
    for (;;) {
        skip_space(s);
        if (peek(s, 0) < 0 || peek(s, 0) == '\n')
            break;
        scan_word(s, false, &word);
        if (str_find(buf_view(&word), '\0') >= 0) {
            status = error_at(err, STATUS_FAILED, file, s->line, s->column, "a NUL byte in a path");
            goto out;
        }
        MEM_GROW(*paths, *count, *cap);
        (*paths)[(*count)++] = str_dup(arena, buf_view(&word));
    }
out:
    buf_finish(&word);
    return status;
}

enum status depfile_parse(struct arena *arena, struct str text, const char *file, struct str **paths, uint32_t *count,
                          struct error *err)
{
    struct scanner s = {text, 0, 1, 1};
    struct str *found = NULL;
    uint32_t cap = 0;
    *count = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        skip_space(&s);
        int c = peek(&s, 0);
        if (c < 0)
            break;
        if (c == '#')
            while (peek(&s, 0) >= 0 && peek(&s, 0) != '\n')
                advance(&s, 1);
        else if (c == '\n')
            advance(&s, 1);
        else
            status = scan_rule(&s, file, arena, &found, count, &cap, err);
    }
    *paths = arena_copy(arena, found, *count * sizeof *found);
    free(found);
    return status;
}
