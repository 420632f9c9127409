/*
 * A tree of typed values, as YAML, JSON and parameter files give it, with the place of each in its file.
 *
 * Immutable once built; everything is in one arena. Maps keep the order in which they were written.
 */
#ifndef REFIT_BASE_VALUE_H
#define REFIT_BASE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "refit/base/str.h"

enum value_type { VALUE_NULL, VALUE_BOOL, VALUE_INT, VALUE_FLOAT, VALUE_STRING, VALUE_LIST, VALUE_MAP };

struct value_pair;

struct value {
    enum value_type type;
    uint32_t line, column; /* 1-based; 0 = unknown */
    bool resolved;         /* a scalar that stands for a template: where a string is wanted, `text` is one */
    struct str text;       /* scalars: as written (a string's content); points into the arena */
    union {
        bool boolean;
        int64_t integer; /* decimal integers that fit; others are VALUE_FLOAT */
        double real;
        struct {
            struct value **items;
            uint32_t count;
        } list;
        struct {
            struct value_pair *pairs;
            uint32_t count;
        } map;
    };
};

struct value_pair {
    struct str key;
    uint32_t line, column;
    struct value *value;
};

const char *value_type_name(enum value_type type); /* "a string", "a list", ... for messages */

/* The value of a key of a map, or NULL (also if `map` is not a map). */
struct value *value_get(const struct value *map, struct str key);

double value_number(const struct value *v); /* NaN if it is none, or NULL */

/* Follow a dotted path (`train.lr`, `layers.0.size`) through maps and lists. A key that itself contains dots is found
 * if no shorter split matches. NULL if there is nothing. */
struct value *value_find(const struct value *root, struct str dotted);

/*
 * The canonical text of a value, one form for one meaning, typed: JSON with map keys sorted by bytes, no white space,
 * strings quoted, integers in decimal, floats as the shortest decimal that reads back the same and always with a `.`
 * or an exponent (so 1 and 1.0 differ), `.nan` and `.inf` spelled as in YAML. Appended to `out`.
 */
void value_canonical(const struct value *value, struct buf *out);

bool value_equal(const struct value *a, const struct value *b); /* same canonical text */

/* Constructors, for parsers. */
struct value *value_new(struct arena *arena, enum value_type type, uint32_t line, uint32_t column);

#endif
