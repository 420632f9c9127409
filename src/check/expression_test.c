/* Testing rows with an expression. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/expression_tree.h"

/* What an operand is in a row. */
struct term {
    bool null, has_number, has_text;
    double number;
    struct str text;
};

static struct term look(const struct operand *operand, const struct cell *cells)
{
    struct term term = {0};
    if (operand->kind == OPERAND_NUMBER) {
        term.has_number = true;
        term.number = operand->number;
        return term;
    }
    if (operand->kind == OPERAND_TEXT) {
        term.has_text = true;
        term.text = operand->text;
        return term;
    }
    const struct cell *cell = &cells[operand->column];
    term.null = cell->kind == CELL_NULL;
    term.has_text = !term.null;
    term.text = (struct str){cell->ptr, cell->len};
    term.has_number = !term.null && cell_number(cell, &term.number);
    return term;
}

static bool decide(enum comparison comparison, int order)
{
    switch (comparison) {
    case EQUAL:
        return order == 0;
    case UNEQUAL:
        return order != 0;
    case LESS:
        return order < 0;
    case LESS_EQUAL:
        return order <= 0;
    case GREATER:
        return order > 0;
    case GREATER_EQUAL:
        return order >= 0;
    }
    return false;
}

/* As numbers if one of them can be nothing else, or if both are and neither is a string of the expression. */
static bool compare(const struct term *a, const struct term *b, enum comparison comparison)
{
    if (a->null || b->null)
        return false;
    bool only_number = !a->has_text || !b->has_text;
    if (only_number && !(a->has_number && b->has_number))
        return comparison == UNEQUAL;
    if (only_number || (a->has_number && b->has_number)) {
        if (isnan(a->number) || isnan(b->number))
            return comparison == UNEQUAL;
        return decide(comparison, (a->number > b->number) - (a->number < b->number));
    }
    return decide(comparison, str_compare(a->text, b->text));
}

static bool is_in(const struct node *node, const struct cell *cells)
{
    struct term left = look(&node->left, cells);
    for (uint32_t i = 0; i < node->item_count; i++) {
        struct term item = look(&node->items[i], cells);
        if (compare(&left, &item, EQUAL))
            return true;
    }
    return false;
}

static bool test(const struct node *node, const struct cell *cells)
{
    struct term left, right;
    switch (node->kind) {
    case NODE_AND:
    case NODE_OR:
        for (uint32_t i = 0; i < node->part_count; i++)
            if (test(node->parts[i], cells) == (node->kind == NODE_OR))
                return node->kind == NODE_OR;
        return node->kind == NODE_AND;
    case NODE_NOT:
        return !test(node->parts[0], cells);
    case NODE_COMPARE:
        left = look(&node->left, cells);
        right = look(&node->right, cells);
        return compare(&left, &right, node->comparison);
    case NODE_IN:
        return is_in(node, cells);
    case NODE_NOT_IN:
        left = look(&node->left, cells);
        return !left.null && !is_in(node, cells);
    case NODE_IS_NULL:
        return look(&node->left, cells).null;
    case NODE_IS_NOT_NULL:
        return !look(&node->left, cells).null;
    }
    return false;
}

bool expression_test(const struct expression *expression, const struct cell *cells)
{
    return test(expression->root, cells);
}

void expression_test_batch(const struct expression *expression, const struct table_batch *batch, const uint32_t *at,
                           bool *out)
{
    enum { NEAR = 32 };
    struct cell near[NEAR];
    struct cell *cells = expression->column_count <= NEAR ? near : mem_alloc(expression->column_count * sizeof *cells);
    for (uint32_t row = 0; row < batch->rows; row++) {
        for (uint32_t i = 0; i < expression->column_count; i++)
            cells[i] = batch->columns[at[i]][row];
        out[row] = test(expression->root, cells);
    }
    if (cells != near)
        free(cells);
}
