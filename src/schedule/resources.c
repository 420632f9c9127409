/* Resources: what stages ask for against what there is, and which devices each got. */
#include <stdlib.h>

#include "schedule/schedule.h"

uint32_t resources_find(const struct schedule *s, struct str name)
{
    for (uint32_t i = 0; i < s->total_count; i++)
        if (str_equal(s->totals[i].name, name))
            return i;
    return s->total_count;
}

/* An amount in the unit that people write. */
static struct str amount_text(struct arena *arena, struct str name, uint64_t amount)
{
    if (str_is(name, "cpus"))
        return str_format(arena, "%.15g", (double)amount / 1000);
    if (str_is(name, "mem") && amount % ((uint64_t)1 << 30) == 0)
        return str_format(arena, "%lluG", (unsigned long long)(amount >> 30));
    if (str_is(name, "mem"))
        return str_format(arena, "%.1fM", (double)amount / (1 << 20));
    return str_format(arena, "%llu", (unsigned long long)amount);
}

enum status resources_check(const struct schedule *s, const struct manifest_stage *stage, struct error *err)
{
    struct arena scratch;
    arena_init(&scratch);
    enum status status = STATUS_OK;
    for (uint32_t j = 0; j < stage->resource_count && status == STATUS_OK; j++) {
        const struct manifest_resource *want = &stage->resources[j];
        uint32_t index = resources_find(s, want->name);
        const char *file = str_terminated(&scratch, stage->file);
        if (index == s->total_count)
            status = error_at(err, STATUS_MANIFEST, file, want->at.line, want->at.column,
                              "stage `" STR_FMT "` wants the resource `" STR_FMT
                              "`, of which there is no total; set resources." STR_FMT " in refit.config.yaml",
                              STR_ARG(stage->name), STR_ARG(want->name), STR_ARG(want->name));
        else if (want->amount > s->totals[index].amount)
            status = error_at(err, STATUS_MANIFEST, file, want->at.line, want->at.column,
                              "stage `" STR_FMT "` wants " STR_FMT " " STR_FMT ", but the total is " STR_FMT
                              "; lower it, or raise resources." STR_FMT " in .refit/config.yaml",
                              STR_ARG(stage->name), STR_ARG(amount_text(&scratch, want->name, want->amount)),
                              STR_ARG(want->name),
                              STR_ARG(amount_text(&scratch, want->name, s->totals[index].amount)), STR_ARG(want->name));
    }
    arena_finish(&scratch);
    return status;
}

bool resources_fit(const struct schedule *s, const struct manifest_stage *stage, const uint64_t *reserved)
{
    if (stage->console && s->console_taken)
        return false; /* there is one terminal */
    for (uint32_t j = 0; j < stage->resource_count; j++) {
        uint32_t index = resources_find(s, stage->resources[j].name);
        uint64_t spoken_for = s->used[index] + (reserved ? reserved[index] : 0);
        if (spoken_for > s->totals[index].amount || stage->resources[j].amount > s->totals[index].amount - spoken_for)
            return false;
    }
    return true;
}

static void take_devices(struct schedule *s, struct node *node, uint64_t count)
{
    node->devices = mem_alloc(mem_product(count, sizeof *node->devices));
    for (uint32_t d = 0; d < s->device_count && node->device_count < count; d++)
        if (!s->device_taken[d]) {
            s->device_taken[d] = true;
            node->devices[node->device_count++] = d;
        }
}

void resources_take(struct schedule *s, uint32_t stage)
{
    const struct manifest_stage *declared = s->graph->stages[stage].declared;
    s->console_taken |= declared->console;
    for (uint32_t j = 0; j < declared->resource_count; j++) {
        uint32_t index = resources_find(s, declared->resources[j].name);
        s->used[index] += declared->resources[j].amount;
        if (index == s->gpus)
            take_devices(s, &s->nodes[stage], declared->resources[j].amount);
    }
}

void resources_give(struct schedule *s, uint32_t stage)
{
    const struct manifest_stage *declared = s->graph->stages[stage].declared;
    struct node *node = &s->nodes[stage];
    if (declared->console)
        s->console_taken = false;
    for (uint32_t j = 0; j < declared->resource_count; j++)
        s->used[resources_find(s, declared->resources[j].name)] -= declared->resources[j].amount;
    for (uint32_t d = 0; d < node->device_count; d++)
        s->device_taken[node->devices[d]] = false;
    free(node->devices);
    node->devices = NULL;
    node->device_count = 0;
}
