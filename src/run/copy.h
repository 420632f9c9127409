/* Copies of a project in folders of their own: what reproducing a revision and checking determinism share. */
#ifndef REFIT_RUN_COPY_H
#define REFIT_RUN_COPY_H

#include "run/run.h"

/* A folder that a copy is made in. */
struct copying {
    struct str home;   /* the root of the project that is copied */
    struct str folder; /* of the copy; absolute, without links */
    struct str root;   /* of the project in it */
    struct str store;  /* absolute */
    struct str settings; /* of .refit/config.yaml there */
    struct project *held; /* keeps others out while the folder is filled; NULL = the copy itself does */
};

/* Make the folder, or take one that an earlier call made, and keep others out of it; what is in it goes, but for
 * `.refit` in `inside` (canonical, the root of the project seen from the folder; "." = the folder itself). */
enum status copy_begin(struct project *here, struct str folder, struct str inside, struct copying *out,
                       struct error *err);

/* Open what was put there. The working directory is the root of it then. */
enum status copy_open(struct copying *c, struct str manifest, const struct config_source *overrides, uint32_t count,
                      struct project **out, struct error *err);
void copy_end(struct copying *c);

/* ---- what was put there, and what was not (copied.c) ---- */

/* Remember all that is in the folder. */
enum status copied_note(const struct copying *c, struct arena *arena, struct error *err);

/* From now on it is being filled, and nothing is known of it. */
enum status copied_forget(struct arena *arena, struct str folder, struct error *err);

/* What somebody changed, or added, in a folder that was noted: how many paths, and the first of them. *noted is false
 * if it never was, or a kill came in between: then nothing can be told. */
struct edits {
    bool noted;
    uint32_t count;
    struct str first;
    struct str root; /* of the project in the folder; "." = the folder itself */
};
enum status copied_compare(struct arena *arena, struct str folder, struct edits *out, struct error *err);

/* "FOLDER: a.txt and 2 more were changed there since"; in `arena`. */
struct str copied_edit_text(struct arena *arena, struct str folder, const struct edits *edits);

/* Was this folder made to be a copy? */
enum status copy_is_one(struct arena *arena, struct str folder, bool *is, struct error *err);

/* Does writing to this path of the copy (the working directory) stay in its folder, links on the way resolved? */
bool copy_has_room(const struct copying *c, struct arena *arena, struct str path);

/* ---- what differs (differ.c) ---- */

struct differing {
    struct project *project; /* whose store has both */
    struct arena *arena;
    struct str name;   /* of the build that it was */
    struct str *lines; /* malloc'd */
    uint32_t count, cap;
};

/* Add a line for each way in which an out is not what it was. Nothing is added if it is the same. */
enum status differ_out(struct differing *d, const struct record_out *was, const struct record_out *is,
                       struct error *err);

#endif
