/* What an expression is made of, for those who parse it and those who test rows with it. */
#ifndef CHECK_EXPRESSION_TREE_H
#define CHECK_EXPRESSION_TREE_H

#include "check/expression.h"

enum operand_kind { OPERAND_COLUMN, OPERAND_NUMBER, OPERAND_TEXT };

struct operand {
    enum operand_kind kind;
    uint32_t column; /* of expression_columns() */
    double number;
    struct str text;
};

enum comparison { EQUAL, UNEQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL };

enum node_kind {
    NODE_AND, NODE_OR,                /* parts: two or more, so that long chains are not deep */
    NODE_NOT,                         /* parts: one */
    NODE_COMPARE,                     /* left, comparison, right */
    NODE_IN, NODE_NOT_IN,             /* left, items */
    NODE_IS_NULL, NODE_IS_NOT_NULL,   /* left */
};

struct node {
    enum node_kind kind;
    struct node **parts;
    uint32_t part_count, part_cap;
    struct operand left, right;
    enum comparison comparison;
    struct operand *items;
    uint32_t item_count;
};

struct expression {
    struct node *root;
    struct str *columns;
    uint32_t column_count;
};

#endif
