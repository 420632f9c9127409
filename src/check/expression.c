/* Parsing expressions: by descent, one function a line of the grammar. */
#include "check/expression.h"

#include <string.h>

#include "check/expression_tree.h"

struct parser {
    struct arena *arena;
    struct str text;
    size_t at;    /* of the token that comes next */
    size_t end;   /* behind it */
    unsigned depth;
    struct expression *out;
    uint32_t column_cap;
    struct error *err;
};

/* ---- tokens ---- */

static bool is_word_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c >= 0x80;
}

static bool is_quote(char c)
{
    return c == '\'' || c == '"' || c == '`';
}

/* Behind a quoted thing, doubled quotes inside; beyond the text if it is not closed. */
static size_t quoted_end(struct str text, size_t at)
{
    char quote = text.ptr[at++];
    while (at < text.len) {
        if (text.ptr[at] != quote)
            at++;
        else if (at + 1 < text.len && text.ptr[at + 1] == quote)
            at += 2;
        else
            return at + 1;
    }
    return text.len + 1;
}

static size_t number_end(struct str text, size_t at)
{
    if (text.ptr[at] == '-' || text.ptr[at] == '+')
        at++;
    while (at < text.len && is_word_byte((unsigned char)text.ptr[at])) {
        bool exponent = text.ptr[at] == 'e' || text.ptr[at] == 'E';
        at++;
        if (exponent && at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+'))
            at++;
    }
    return at;
}

static bool starts_number(struct str text, size_t at)
{
    size_t digit = at + (text.ptr[at] == '-' || text.ptr[at] == '+');
    digit += digit < text.len && text.ptr[digit] == '.';
    return digit < text.len && text.ptr[digit] >= '0' && text.ptr[digit] <= '9';
}

static void scan(struct parser *p)
{
    struct str text = p->text;
    while (p->at < text.len && strchr(" \t\r\n", text.ptr[p->at]) != NULL && text.ptr[p->at] != '\0')
        p->at++;
    p->end = p->at;
    if (p->at == text.len)
        return;
    char c = text.ptr[p->at];
    if (is_quote(c)) {
        p->end = quoted_end(text, p->at);
    } else if (starts_number(text, p->at)) {
        p->end = number_end(text, p->at);
    } else if (is_word_byte((unsigned char)c)) {
        while (p->end < text.len && is_word_byte((unsigned char)text.ptr[p->end]))
            p->end++;
    } else {
        bool two = p->at + 1 < text.len && ((text.ptr[p->at + 1] == '=' && strchr("=!<>", c) != NULL && c != '\0') ||
                                            (c == '<' && text.ptr[p->at + 1] == '>'));
        p->end = p->at + (two ? 2 : 1);
    }
}

static void advance(struct parser *p)
{
    p->at = p->end;
    scan(p);
}

static struct str token(const struct parser *p)
{
    return str_slice(p->text, p->at, p->end > p->text.len ? p->text.len : p->end);
}

/* Is the next token this word, of any case? */
static bool is_keyword(const struct parser *p, const char *word)
{
    struct str t = token(p);
    if (t.len != strlen(word))
        return false;
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != word[i])
            return false;
    }
    return true;
}

static bool take(struct parser *p, const char *word)
{
    bool there = is_keyword(p, word);
    if (there)
        advance(p);
    return there;
}

static bool is_reserved(const struct parser *p)
{
    static const char *const words[] = {"and", "or", "not", "in", "is", "null", NULL};
    for (const char *const *word = words; *word != NULL; word++)
        if (is_keyword(p, *word))
            return true;
    return false;
}

static enum status expected(struct parser *p, const char *what)
{
    struct str found = token(p);
    enum { SHOWN = 40 };
    if (found.len > SHOWN)
        found.len = SHOWN;
    uint32_t column = (uint32_t)p->at + 1;
    if (found.len == 0)
        return error_at(p->err, STATUS_MANIFEST, "", 0, column, "the expression ends where %s should come", what);
    return error_at(p->err, STATUS_MANIFEST, "", 0, column, "%s should come where `" STR_FMT "` stands (byte %u)", what,
                    STR_ARG(str_printable(p->arena, found)), column);
}

/* ---- operands ---- */

static struct str unquote(struct parser *p)
{
    struct str t = token(p);
    char quote = t.ptr[0];
    char *out = arena_alloc(p->arena, t.len, 1);
    size_t len = 0;
    for (size_t i = 1; i + 1 < t.len; i++) {
        out[len++] = t.ptr[i];
        i += t.ptr[i] == quote; /* doubled */
    }
    return (struct str){out, len};
}

static uint32_t column_index(struct parser *p, struct str name)
{
    struct expression *e = p->out;
    for (uint32_t i = 0; i < e->column_count; i++)
        if (str_equal(e->columns[i], name))
            return i;
    if (e->column_count == p->column_cap) {
        uint32_t cap = p->column_cap ? 2 * p->column_cap : 8;
        struct str *columns = arena_array(p->arena, struct str, cap);
        if (e->column_count > 0)
            memcpy(columns, e->columns, e->column_count * sizeof *columns);
        e->columns = columns;
        p->column_cap = cap;
    }
    e->columns[e->column_count] = str_dup(p->arena, name);
    return e->column_count++;
}

static enum status read_operand(struct parser *p, struct operand *out)
{
    *out = (struct operand){0};
    if (p->at == p->text.len || is_reserved(p))
        return expected(p, "a column, a number or a string");
    char c = p->text.ptr[p->at];
    if (is_quote(c)) {
        if (p->end > p->text.len)
            return error_at(p->err, STATUS_MANIFEST, "", 0, (uint32_t)p->at + 1, "the quote %c is not closed", c);
        struct str text = unquote(p);
        if (c == '`')
            *out = (struct operand){.kind = OPERAND_COLUMN, .column = column_index(p, text)};
        else
            *out = (struct operand){.kind = OPERAND_TEXT, .text = text};
    } else if (starts_number(p->text, p->at)) {
        struct str t = token(p);
        struct cell cell = {t.ptr, (uint32_t)t.len, CELL_TEXT};
        *out = (struct operand){.kind = OPERAND_NUMBER};
        if (!cell_number(&cell, &out->number))
            return expected(p, "a number");
    } else if (is_word_byte((unsigned char)c)) {
        *out = (struct operand){.kind = OPERAND_COLUMN, .column = column_index(p, token(p))};
    } else {
        return expected(p, "a column, a number or a string");
    }
    advance(p);
    return STATUS_OK;
}

/* ---- tests and what joins them ---- */

static struct node *new_node(struct parser *p, enum node_kind kind)
{
    struct node *node = arena_new(p->arena, struct node);
    *node = (struct node){.kind = kind};
    return node;
}

static void add_part(struct parser *p, struct node *node, struct node *part)
{
    if (node->part_count == node->part_cap) {
        uint32_t cap = node->part_cap ? 2 * node->part_cap : 2;
        struct node **parts = arena_array(p->arena, struct node *, cap);
        if (node->part_count > 0)
            memcpy(parts, node->parts, node->part_count * sizeof *parts);
        node->parts = parts;
        node->part_cap = cap;
    }
    node->parts[node->part_count++] = part;
}

static enum status read_list(struct parser *p, struct node *node)
{
    uint32_t cap = 0;
    if (!take(p, "("))
        return expected(p, "`(`");
    do {
        if (node->item_count == cap) {
            cap = cap ? 2 * cap : 4;
            struct operand *items = arena_array(p->arena, struct operand, cap);
            if (node->item_count > 0)
                memcpy(items, node->items, node->item_count * sizeof *items);
            node->items = items;
        }
        enum status status = read_operand(p, &node->items[node->item_count++]);
        if (status != STATUS_OK)
            return status;
    } while (take(p, ","));
    return take(p, ")") ? STATUS_OK : expected(p, "`,` or `)`");
}

static bool read_comparison(struct parser *p, enum comparison *out)
{
    static const struct {
        const char *text;
        enum comparison comparison;
    } table[] = {{"=", EQUAL}, {"==", EQUAL}, {"!=", UNEQUAL}, {"<>", UNEQUAL},
                 {"<", LESS},  {"<=", LESS_EQUAL}, {">", GREATER}, {">=", GREATER_EQUAL}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (take(p, table[i].text)) {
            *out = table[i].comparison;
            return true;
        }
    return false;
}

static enum status read_test(struct parser *p, struct node **out)
{
    struct operand left;
    enum comparison comparison;
    enum status status = read_operand(p, &left);
    if (status != STATUS_OK)
        return status;
    if (take(p, "is")) {
        bool negated = take(p, "not");
        *out = new_node(p, negated ? NODE_IS_NOT_NULL : NODE_IS_NULL);
        (*out)->left = left;
        return take(p, "null") ? STATUS_OK : expected(p, "`null`");
    }
    bool negated = take(p, "not");
    if (take(p, "in")) {
        *out = new_node(p, negated ? NODE_NOT_IN : NODE_IN);
        (*out)->left = left;
        return read_list(p, *out);
    }
    if (negated || !read_comparison(p, &comparison))
        return expected(p, negated ? "`in`" : "a comparison, `in` or `is`");
    *out = new_node(p, NODE_COMPARE);
    (*out)->left = left;
    (*out)->comparison = comparison;
    return read_operand(p, &(*out)->right);
}

static enum status read_expression(struct parser *p, struct node **out);

static enum status read_factor(struct parser *p, struct node **out)
{
    enum status status;
    if (p->depth >= EXPRESSION_DEPTH_MAX)
        return error_at(p->err, STATUS_MANIFEST, "", 0, (uint32_t)p->at + 1,
                        "the expression is nested more than %d levels deep", EXPRESSION_DEPTH_MAX);
    p->depth++;
    if (take(p, "not")) {
        struct node *part;
        *out = new_node(p, NODE_NOT);
        status = read_factor(p, &part);
        if (status == STATUS_OK)
            add_part(p, *out, part);
    } else if (take(p, "(")) {
        status = read_expression(p, out);
        if (status == STATUS_OK && !take(p, ")"))
            status = expected(p, "`and`, `or` or `)`");
    } else {
        status = read_test(p, out);
    }
    p->depth--;
    return status;
}

/* What one word joins. */
static enum status read_chain(struct parser *p, const char *word, enum node_kind kind,
                              enum status (*read)(struct parser *p, struct node **out), struct node **out)
{
    struct node *chain = NULL, *part;
    enum status status = read(p, out);
    while (status == STATUS_OK && take(p, word)) {
        if (chain == NULL) {
            chain = new_node(p, kind);
            add_part(p, chain, *out);
        }
        status = read(p, &part);
        if (status == STATUS_OK)
            add_part(p, chain, part);
    }
    if (chain != NULL)
        *out = chain;
    return status;
}

static enum status read_term(struct parser *p, struct node **out)
{
    return read_chain(p, "and", NODE_AND, read_factor, out);
}

static enum status read_expression(struct parser *p, struct node **out)
{
    return read_chain(p, "or", NODE_OR, read_term, out);
}

enum status expression_parse(struct arena *arena, struct str text, struct expression **out, struct error *err)
{
    struct parser p = {.arena = arena, .text = text, .err = err};
    if (text.len > EXPRESSION_BYTES_MAX)
        return error_at(err, STATUS_MANIFEST, "", 0, 1, "the expression is longer than %d bytes", EXPRESSION_BYTES_MAX);
    p.out = arena_new(arena, struct expression);
    *p.out = (struct expression){0};
    scan(&p);
    enum status status = read_expression(&p, &p.out->root);
    if (status == STATUS_OK && p.at < text.len)
        status = expected(&p, "`and`, `or` or the end");
    *out = p.out;
    return status;
}

const struct str *expression_columns(const struct expression *expression, uint32_t *count)
{
    *count = expression->column_count;
    return expression->columns;
}
