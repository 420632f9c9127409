/* Names as numbers. */
#include "check/model_names.h"

#include <stdlib.h>

#include "refit/base/table.h"

struct model_names {
    struct arena *arena;
    struct table numbers;
    struct str *texts; /* malloc'd */
    uint32_t count, cap;
};

struct model_names *model_names_create(struct arena *arena)
{
    struct model_names *names = mem_alloc(sizeof *names);
    names->arena = arena;
    return names;
}

void model_names_destroy(struct model_names *names)
{
    if (names == NULL)
        return;
    table_finish(&names->numbers);
    free(names->texts);
    free(names);
}

uint32_t model_names_find(const struct model_names *names, struct str text)
{
    return table_get(&names->numbers, text); /* TABLE_NONE is MODEL_NAME_NONE */
}

uint32_t model_names_add(struct model_names *names, struct str text)
{
    uint32_t number = table_get(&names->numbers, text);
    if (number != TABLE_NONE)
        return number;
    MEM_GROW(names->texts, names->count, names->cap);
    names->texts[names->count] = str_dup(names->arena, text);
    table_add(&names->numbers, names->texts[names->count], names->count);
    return names->count++;
}

uint32_t model_names_count(const struct model_names *names)
{
    return names->count;
}

struct str model_names_text(const struct model_names *names, uint32_t number)
{
    return names->texts[number];
}

struct place {
    struct str text;
    uint32_t number;
};

static int compare_places(const void *a, const void *b)
{
    return str_compare(((const struct place *)a)->text, ((const struct place *)b)->text);
}

const uint32_t *model_names_ranks(const struct model_names *names, struct arena *arena)
{
    uint32_t *ranks = arena_array(arena, uint32_t, names->count);
    struct place *places = mem_alloc(mem_product(names->count + 1u, sizeof *places));
    for (uint32_t i = 0; i < names->count; i++)
        places[i] = (struct place){names->texts[i], i};
    if (names->count > 1)
        qsort(places, names->count, sizeof *places, compare_places);
    for (uint32_t i = 0; i < names->count; i++)
        ranks[places[i].number] = i;
    free(places);
    return ranks;
}
