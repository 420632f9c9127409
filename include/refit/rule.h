/*
 * Rules: templates of stages, each a YAML file of its own, in the project's `rules/` or among those that refit ships.
 *
 *     desc: count the words of a text
 *     args:
 *       text: {type: path, desc: what to count, required: true}
 *       out: {type: path, desc: where the number goes, default: words.txt}
 *       options: {type: list, desc: more words for wc}
 *     example: {text: book.txt}
 *     stage:
 *       cmd: wc -w ${options} < ${text} > ${out}
 *       deps: ["${text}"]
 *       outs: ["${out}"]
 *
 * A stage uses it with `use: NAME` and `with: {ARGUMENT: value}`. Its templates see the arguments, and the name of the
 * stage (as that of a file) as `${stage}`, and nothing else:
 *   - `${x}`, alone in a string, is the argument as it is. Without a value (neither given nor `default`), the key or
 *     the item that it stands for is left out; as an item of a list, a list gives its items.
 *   - `${x}` within a string is its text, and nothing if it has no value.
 *   - In `cmd` and `tools` it is one word for the shell, quoted so that it stays one whatever it has in it; a list
 *     is a word for each item, a map is one word of JSON. `${--seed x}` writes what stands before the name in front of
 *     each word, and nothing at all if there is none. Inside quotes, comments and the like there can be no template.
 *   - `\${` is `${` for the shell.
 * An item of `cmd` is one command; a string of several lines is refused. No path may have a `..` in it.
 *
 * The stage's own keys win over the rule's. Its lists (deps, params, outs, metrics, plots, env, needs, tools) are added
 * to the rule's, what is the same once; of `resources` and `meta` its entries win. A rule uses no rule.
 *
 * The example shows the use, and checks the rule: it is expanded and read as a stage when the rule is loaded, so that
 * what is wrong with a rule is told with the rule's own line.
 */
#ifndef REFIT_RULE_H
#define REFIT_RULE_H

#include <stdbool.h>

#include "refit/base/digest.h"
#include "refit/base/error.h"
#include "refit/base/value.h"

#define RULE_TYPE_TABLE(X)                                             \
    X(STRING, "string", "a string")                                    \
    X(PATH, "path", "a path")                                          \
    X(INTEGER, "integer", "an integer")                                \
    X(NUMBER, "number", "a number")                                    \
    X(BOOLEAN, "boolean", "true or false")                             \
    X(LIST, "list", "a list of strings")                               \
    X(PATHS, "paths", "a list of paths")                               \
    X(MAP, "map", "a map")

enum rule_type {
#define X(name, word, text) RULE_##name,
    RULE_TYPE_TABLE(X)
#undef X
};

const char *rule_type_name(enum rule_type type); /* "string", "path", ... */

struct rule_argument {
    struct str name, desc;
    enum rule_type type;
    bool required;
    const struct value *fallback; /* `default`; NULL = none */
    const struct value *choices;  /* a list; NULL = any value of its type */
};

struct rule {
    struct str name, file, desc;
    struct rule_argument *arguments; /* in the order of the file */
    uint32_t argument_count;
    const struct value *stage;       /* with its templates */
    const struct value *example;     /* a map */
    const struct value *expansion;   /* the stage that the example gives */
};

/* Parse and check a rule. `file` is for messages. Everything is in `arena`, or points into `text`. */
enum status rule_parse(struct arena *arena, struct str name, struct str file, struct str text, struct rule *out,
                       struct error *err);

/* What refit ships: name and text of each, sorted by name. A part of the program. */
struct rule_shipped {
    const char *name, *text;
};
extern const struct rule_shipped rules_shipped[]; /* NULL at the end */

/* Of all that is shipped: whoever keeps what was loaded keeps it under this too. */
struct digest rules_shipped_digest(void);

#endif
