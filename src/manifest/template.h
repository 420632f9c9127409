/*
 * Templates: `${name}` in a string stands for the value of a name. What one may look like, what it means and how its
 * value is spelled is as in DVC (reference of dvc.yaml).
 *
 * A scope says which names there are. Nothing here knows where its values come from: from files of variables, from the
 * items of a list, from the arguments of a rule. Values are never templates themselves, so nothing is resolved twice.
 */
#ifndef MANIFEST_TEMPLATE_H
#define MANIFEST_TEMPLATE_H

#include "refit/base/table.h"
#include "refit/manifest.h"

/* Names and values. */
struct scope {
    const struct value *vars;   /* a map; NULL = none */
    const struct table *index;  /* name → index in `vars`, if there are many; NULL = they are compared one by one */
    const struct scope *parent; /* where a name is looked for that is not in `vars`; NULL = nowhere */
};

/* What resolving has cost so far, all templates of a manifest together, and memory that it uses again. */
struct template_work {
    uint64_t nodes, bytes, steps; /* steps: names that were compared */
    struct buf text, name;
};

/* What takes to resolve templates. */
struct templates {
    struct arena *arena;
    const struct scope *scope;  /* NULL = no names at all */
    struct template_work *work; /* bounded: a manifest may come to 5,000,000 nodes and 256 MiB */
    const char *file;           /* where the templates stand, for messages */
    struct str text;            /* the bytes of that file: an error points at the template inside its string */
    const char *where;          /* " in stage `train`", or "" */
};

/* What may stand for a template that is a whole string. */
enum template_use {
    TEMPLATE_SCALAR,  /* a scalar, which keeps its type */
    TEMPLATE_COMMAND, /* a map too, which is spelled as options: `--lr 0.1 --name 'a b'`; also inside a string */
    TEMPLATE_ITEMS,   /* anything, as it is */
    TEMPLATE_ARGUMENT, /* anything, placed where the template stands */
};

/* Does any string or key in the tree contain a template? `\${` is none. */
bool template_is_in(const struct value *value);

/*
 * The tree with values for templates, and `${` for `\${`. What has none is shared with `value`. A scalar that stands
 * for a whole string is marked as `resolved`: it reads as a string too. STATUS_MANIFEST, with the template's place.
 */
enum status template_resolve(const struct templates *t, const struct value *value, enum template_use use,
                             const struct value **out, struct error *err);

/* The same for the definition of a stage: a map whose `cmd` may contain maps, and whose `with` anything. */
enum status template_resolve_stage(const struct templates *t, const struct value *definition,
                                   const struct value **out, struct error *err);

/* Refuses templates in a tree; `what` must not have them: "`vars`". */
enum status template_refuse(const struct templates *t, const struct value *value, const char *what, struct error *err);

/* One unit of work: STATUS_MANIFEST once there are too many. */
enum status template_charge(const struct templates *t, struct position at, uint64_t nodes, uint64_t bytes,
                            struct error *err);

#endif
