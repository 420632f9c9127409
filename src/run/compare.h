/* Shared by the files that compare two pictures: the workspace, revisions, runs. */
#ifndef RUN_COMPARE_H
#define RUN_COMPARE_H

#include "run/reproduce.h"

struct comparing {
    struct project *project;
    struct arena *arena;
    const struct picture *old, *now;
    struct table makers; /* path of an out → index into names */
    struct str *names;
    uint32_t name_count;
    struct stage_difference *stage; /* the one at hand */
};

/* The tree of a folder as a picture has it. *fault says why, where it cannot be had (compare.c). */
enum status compare_find_tree(struct comparing *c, const struct picture *picture, const struct record_out *what,
                              enum digest_mode mode, struct tree *tree, struct str *fault, struct error *err);

/* Of the stage at hand, into its metrics (compare_metrics.c). */
bool compare_is_metric(const struct comparing *c, struct str path);
void compare_metric(struct comparing *c, const struct out_difference *out);

/* Those that the top level names and that are no out by themselves, as of a stage without a name. */
enum status compare_common_metrics(struct comparing *c, struct stage_difference *out, bool *differs,
                                   struct error *err);

#endif
