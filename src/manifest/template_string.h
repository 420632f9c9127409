/* What resolving a tree needs to know of one string. */
#ifndef MANIFEST_TEMPLATE_STRING_H
#define MANIFEST_TEMPLATE_STRING_H

#include "manifest/template.h"

enum { TEMPLATE_NODES_MAX = 5000000, TEMPLATE_BYTES_MAX = 256 << 20 };
#define TEMPLATE_STEPS_MAX UINT64_C(500000000) /* a second or two */

/* `${...}` at text[start, end). */
struct match {
    size_t start, end;
};

bool template_is_in_string(struct str text);

/* Is there a `${`, be it escaped or never closed? Otherwise a string needs no resolving. */
bool template_opens_in(struct str text);
bool template_opens_in_tree(const struct value *value);

/* Is the string one template and nothing else? */
bool template_is_whole(struct str text, struct match *match);

/* The string with values for its templates, unescaped. */
enum status template_resolve_text(const struct templates *t, struct str text, struct position at, enum template_use use,
                                  struct str *out, struct error *err);

/* The value of a string that is one template. */
enum status template_resolve_whole(const struct templates *t, struct str text, struct position at, struct match match,
                                   enum template_use use, const struct value **out, struct error *err);

#endif
