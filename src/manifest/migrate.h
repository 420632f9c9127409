/* What the two halves of migrating share: text that is kept (migrate_text.c), and stages that are written out
 * (migrate_stage.c). */
#ifndef MANIFEST_MIGRATE_H
#define MANIFEST_MIGRATE_H

#include "refit/base/table.h"
#include "refit/dvc.h"

struct migration {
    struct arena *arena;
    const struct manifest *manifest;
    const struct manifest_source *sources;
    uint32_t count;
    const struct value **trees; /* of the sources */
    struct str *names;          /* of the stages, in refit.yaml; of generated ones that of their group, then @ and so on */
    enum dvc_kept kept;
    uint32_t indent;            /* of the names of stages */
};

/* Append a stage, all that it is, as an entry of `stages`. */
void migrate_write_stage(const struct migration *m, uint32_t stage, struct buf *out);

/* Append the stages of a dvc.yaml below the root as they are written there, with their names, their places and the
 * indent of this refit.yaml. False, with nothing appended, if that cannot be done by moving text. */
bool migrate_move_stages(const struct migration *m, uint32_t source, struct buf *out);

/* The text of the dvc.yaml at the root, with `head` before its first key, `stages` behind its stages, and `metrics`
 * among its own. False if that cannot be done by moving text. */
bool migrate_keep_root(const struct migration *m, const struct value *tree, struct str text, struct str head,
                       struct str stages, const struct str *metrics, uint32_t metric_count, struct buf *out);

/* A string as a scalar that refit.yaml reads as this, templates apart. */
void migrate_append_string(struct buf *out, struct str text);

/* Is a stage one of this source? Its name there, if so: that of a generated one has what came of its group behind @. */
bool migrate_is_of(const struct migration *m, uint32_t stage, uint32_t source, struct str *name);

#endif
