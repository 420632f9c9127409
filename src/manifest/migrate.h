/* What the two halves of migrating share: text that is kept (migrate_text.c), and stages that are written out
 * (migrate_stage.c). */
#ifndef MANIFEST_MIGRATE_H
#define MANIFEST_MIGRATE_H

#include "refit/base/table.h"
#include "refit/dvc.h"

/* How much of the text is kept as it was written, comments and templates too. */
enum migrate_way {
    KEEP_ALL,  /* of every dvc.yaml, but those below the root that have templates */
    KEEP_ROOT, /* of the one at the root */
    KEEP_NONE,
};

struct migration {
    struct arena *arena;
    const struct manifest *manifest;
    const struct manifest_source *sources;
    uint32_t count;
    const struct value **trees; /* of the sources */
    struct str *names;          /* of the stages, in refit.yaml; of a generated one that of its group, then @... */
    enum migrate_way way;
    uint32_t written_out;       /* dvc.yaml of which nothing is kept, and that declare something */
    uint32_t indent;            /* of the names of stages */
};

/* Append a stage, all that it is, as an entry of `stages`. */
void migrate_write_stage(const struct migration *m, uint32_t stage, struct buf *out);

/* Append the stages of a dvc.yaml below the root as they are written there, with their names, their places and the
 * indent of this refit.yaml. False, with nothing appended, if that cannot be done by moving text. */
bool migrate_move_stages(const struct migration *m, uint32_t source, struct buf *out);

/* The text of the dvc.yaml at the root, with `head` at its beginning, `stages` behind its stages, and `metrics`
 * among its own. False if that cannot be done by moving text. */
bool migrate_keep_root(const struct migration *m, const struct value *tree, struct str text, struct str head,
                       struct str stages, const struct str *metrics, uint32_t metric_count, struct buf *out);

/* A string as a scalar that refit.yaml reads as this, templates apart. */
void migrate_append_string(struct buf *out, struct str text);

/* Is a stage one of this source? Its name there, if so: that of a generated one has what came of its group behind @. */
bool migrate_is_of(const struct migration *m, uint32_t stage, uint32_t source, struct str *name);

#endif
