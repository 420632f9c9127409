/* What the files of rules share. */
#ifndef MANIFEST_RULE_H
#define MANIFEST_RULE_H

#include "manifest/loader.h"
#include "refit/rule.h"

/* A rule that is in use, kept for the next stage that uses it. */
struct rule_loaded {
    struct rule rule;
    struct rule_loaded *next;
};

/* An argument, or NULL. */
const struct rule_argument *rule_argument(const struct rule *rule, struct str name);

bool rule_path_leaves(struct str path); /* is there a `..` in it? */

/* Is it a value of the argument's type, and among its choices? */
enum status rule_check_value(struct loader *l, const struct rule *rule, const struct rule_argument *argument,
                             const struct value *v, struct error *err);

/* What the arguments are, in the rule's order, and behind them the name of the stage; NULL for one without a value.
 * `at` is where one that is missing is missed. `with` may be NULL. */
enum status rule_bind(struct loader *l, const struct rule *rule, const struct value *with, struct position at,
                      const struct value *const **values, struct error *err);

/*
 * A shell's command while it is read from its start: can a word of its own be put in here?
 */
struct shell_text {
    char mode;        /* 0, a quote, or # */
    char last;        /* the character before; 0 at the start */
    bool after_duplication, in_duplication; /* behind `>&`, before and in the word */
    const char *lost; /* what makes the rest too hard to follow; NULL = nothing yet */
};

void shell_read(struct shell_text *shell, struct str text);
/* NULL if a quoted word stands as one here; otherwise where we are: "inside quotes". */
const char *shell_obstacle(const struct shell_text *shell);
/* One word that the shell takes for exactly this text; `next` is the character behind it, 0 = none. */
void shell_append_word(struct buf *out, struct str text, char next);

/*
 * The rule's stage with its templates filled in. What comes from the rule is placed `at` (line 0: where it stands in
 * the rule's file, which is then l->file).
 */
enum status rule_fill(struct loader *l, const struct rule *rule, const struct value *const *values,
                      struct position at, struct value **out, struct error *err);

#endif
