/* Which rows are in which slice. */
#include <stdlib.h>

#include "check/model.h"

static int compare_slices(const void *a, const void *b)
{
    return str_compare(((const struct model_slice *)a)->name, ((const struct model_slice *)b)->name);
}

static void add_row(struct model_slice *slice, uint32_t row)
{
    slice->rows[slice->count++] = row;
}

/* The slices of one `by`, one after the other. */
static void split(struct arena *arena, const struct model_rows *rows, uint32_t by, struct model_slice *slices)
{
    const struct model_file *file = &rows->files[MODEL_CANDIDATE];
    uint32_t count = model_names_count(rows->groups[by]);
    uint32_t *sizes = mem_alloc(mem_product(count, sizeof *sizes));
    for (uint32_t i = 0; i < file->count; i++)
        sizes[file->rows[i].groups[by]]++;
    for (uint32_t g = 0; g < count; g++)
        slices[g] = (struct model_slice){.name = model_names_text(rows->groups[by], g),
                                         .rows = arena_array(arena, uint32_t, sizes[g])};
    for (uint32_t i = 0; i < file->count; i++)
        add_row(&slices[file->rows[i].groups[by]], i);
    free(sizes);
}

static void filter(struct arena *arena, const struct model_spec *spec, const struct model_rows *rows, uint32_t where,
                   struct model_slice *slice)
{
    const struct model_file *file = &rows->files[MODEL_CANDIDATE];
    *slice = (struct model_slice){spec->where[where].name, arena_array(arena, uint32_t, file->count), 0};
    for (uint32_t i = 0; i < file->count; i++)
        if (file->rows[i].groups[spec->by_count + where])
            add_row(slice, i);
}

enum status model_slices_make(struct arena *arena, const struct model_spec *spec, const struct model_rows *rows,
                              struct model_slices *out, struct error *err)
{
    uint64_t count = 1 + spec->where_count;
    for (uint32_t i = 0; i < spec->by_count; i++)
        count += model_names_count(rows->groups[i]);
    if (count > SLICES_MAX)
        return error_set(err, STATUS_MANIFEST, "gate `" STR_FMT "`: `by` makes %llu slices, more than %d; slice by "
                         "columns of fewer values", STR_ARG(spec->name), (unsigned long long)count, SLICES_MAX);
    *out = (struct model_slices){arena_array(arena, struct model_slice, count), 0};
    struct model_slice *all = &out->items[out->count++];
    uint32_t rows_count = rows->files[MODEL_CANDIDATE].count;
    *all = (struct model_slice){STR(""), arena_array(arena, uint32_t, rows_count), 0};
    for (uint32_t i = 0; i < rows_count; i++)
        add_row(all, i);
    for (uint32_t i = 0; i < spec->by_count; i++) {
        split(arena, rows, i, &out->items[out->count]);
        out->count += model_names_count(rows->groups[i]);
    }
    for (uint32_t i = 0; i < spec->where_count; i++)
        filter(arena, spec, rows, i, &out->items[out->count++]);
    if (out->count > 2)
        qsort(out->items + 1, out->count - 1, sizeof *out->items, compare_slices);
    return STATUS_OK;
}
