/* Expressions from hostile bytes: what is accepted names each column once, has one answer for a row, and `not` turns
 * that around; an error has a place in the text. The first bytes choose the row. */
#include <stdlib.h>
#include <string.h>

#include "check/expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KINDS = 8 };

static struct cell cell_of(uint8_t choice)
{
    static const struct cell cells[KINDS] = {
        {"", 0, CELL_NULL},      {"", 0, CELL_TEXT},     {"5", 1, CELL_TEXT},     {"-1e3", 4, CELL_NUMBER},
        {"nan", 3, CELL_TEXT},   {"true", 4, CELL_BOOL}, {"abc", 3, CELL_TEXT},   {"{}", 2, CELL_NESTED},
    };
    return cells[choice % KINDS];
}

static void check(struct arena *arena, struct expression *e, struct str text, const uint8_t *choices)
{
    uint32_t count, count_not;
    const struct str *columns = expression_columns(e, &count);
    struct cell *cells = arena_array(arena, struct cell, count);
    for (uint32_t i = 0; i < count; i++) {
        cells[i] = cell_of((uint8_t)(choices[i % 4] + i / 4));
        for (uint32_t j = 0; j < i; j++)
            if (str_equal(columns[i], columns[j]))
                abort();
    }
    struct expression *inverse;
    struct error err;
    struct str inverted = str_format(arena, "not (" STR_FMT ")", STR_ARG(text));
    if (expression_parse(arena, inverted, &inverse, &err) != STATUS_OK)
        return; /* one level too deep, or too long */
    expression_columns(inverse, &count_not);
    if (count_not != count || expression_test(e, cells) == expression_test(inverse, cells))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { CHOICES = 4 };
    if (size < CHOICES)
        return 0;
    struct arena arena;
    struct expression *e;
    struct error err = {0};
    struct str text = {(const char *)data + CHOICES, size - CHOICES};
    arena_init(&arena);
    if (expression_parse(&arena, text, &e, &err) == STATUS_OK)
        check(&arena, e, text, data);
    else if (err.column < 1 || err.column > text.len + 1 || err.message[0] == '\0')
        abort();
    arena_finish(&arena);
    return 0;
}
