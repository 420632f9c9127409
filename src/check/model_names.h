/* Names as numbers: classes, clusters, values of slices. Private to check. */
#ifndef CHECK_MODEL_NAMES_H
#define CHECK_MODEL_NAMES_H

#include "refit/base/str.h"

#define MODEL_NAME_NONE UINT32_MAX

struct model_names;
struct model_names *model_names_create(struct arena *arena);
void model_names_destroy(struct model_names *names); /* NULL is fine */
uint32_t model_names_add(struct model_names *names, struct str text); /* the number of what is there already, too */
uint32_t model_names_find(const struct model_names *names, struct str text); /* MODEL_NAME_NONE = not there */
uint32_t model_names_count(const struct model_names *names);
struct str model_names_text(const struct model_names *names, uint32_t number);

/* The place of each in the order of their bytes, so that what follows does not depend on which came first. */
const uint32_t *model_names_ranks(const struct model_names *names, struct arena *arena);

#endif
