/*
 * Words put into shell commands, so that they stay words.
 *
 * A word between single quotes is itself, wherever the shell expects a word. Where it does not, or where quotes mean
 * something else, nothing is put in: inside quotes, comments, backquotes, here-documents, arithmetic. What would take a
 * whole shell to follow counts as such a place to the end of the command.
 */
#include <string.h>

#include "manifest/rule.h"

static bool is_blank_before(char last)
{
    return last == '\0' || strchr(" \t\n;&|()<>", last) != NULL;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* `>&` and its word, which bash expands twice unless it is a number. */
static void follow_duplication(struct shell_text *s, char c)
{
    bool ends_word = is_blank_before(c);
    if (c == '&' && (s->last == '>' || s->last == '<')) {
        s->after_duplication = true;
    } else if (s->after_duplication && !ends_word) {
        s->after_duplication = false;
        s->in_duplication = true;
    } else if (ends_word) {
        s->in_duplication = false;
    }
}

/* A character outside of quotes; gives how many it takes. */
static size_t read_plain(struct shell_text *s, struct str rest)
{
    char c = rest.ptr[0], next = rest.len > 1 ? rest.ptr[1] : '\0';
    follow_duplication(s, c);
    if (c == '\\')
        return rest.len > 1 ? 2 : 1;
    if (c == '\'' || c == '"')
        s->mode = c;
    if (c == '#' && is_blank_before(s->last))
        s->mode = '#';
    if (c == '`')
        s->lost = "after a backquote (write $(...))";
    else if (c == '<' && next == '<')
        s->lost = "after `<<`";
    else if (c == '(' && next == '(')
        s->lost = "after `((`";
    else if (c == '$' && next == '\'')
        s->lost = "after `$'`";
    else if (c == '[' && (next == '[' || is_name_byte(s->last)))
        s->lost = "after `[[` or a subscript";
    return 1;
}

/* A character inside double quotes. */
static size_t read_quoted(struct shell_text *s, struct str rest)
{
    char c = rest.ptr[0], next = rest.len > 1 ? rest.ptr[1] : '\0';
    if (c == '\\')
        return rest.len > 1 ? 2 : 1;
    if (c == '"')
        s->mode = '\0';
    if (c == '`' || (c == '$' && (next == '(' || next == '{')))
        s->lost = "after an expansion inside double quotes";
    return 1;
}

void shell_read(struct shell_text *s, struct str text)
{
    size_t at = 0;
    while (at < text.len && s->lost == NULL) {
        struct str rest = str_slice(text, at, text.len);
        size_t step = 1;
        if (s->mode == '\0')
            step = read_plain(s, rest);
        else if (s->mode == '"')
            step = read_quoted(s, rest);
        else if (rest.ptr[0] == (s->mode == '#' ? '\n' : s->mode))
            s->mode = '\0';
        at += step;
        s->last = text.ptr[at - 1];
    }
}

const char *shell_obstacle(const struct shell_text *s)
{
    if (s->lost != NULL)
        return s->lost;
    if (s->after_duplication || s->in_duplication)
        return "as the word behind `>&`";
    if (s->mode == '\0' && s->last == '$')
        return "after a `$`";
    return s->mode == '\0' ? NULL : s->mode == '#' ? "in a comment" : "inside quotes";
}

/* Is it the same to the shell without quotes? Digits before `<` and `>` are a descriptor. */
static bool is_plain_word(struct str text, char next)
{
    bool digits = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!digit && !letter && (c == '\0' || strchr("_./:,+@-", c) == NULL))
            return false;
        digits = digits && digit;
    }
    return text.len > 0 && !(digits && (next == '<' || next == '>'));
}

void shell_append_word(struct buf *out, struct str text, char next)
{
    if (is_plain_word(text, next)) {
        buf_str(out, text);
        return;
    }
    buf_quoted(out, text);
}
