/* The sources of a past build: files that no stage made. Those that the commit does not have as its refit.lock names
 * them come from the store, or from the workspace if nobody has changed them since. */
#include <stdlib.h>
#include <string.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "run/copy.h"
#include "run/reproduce.h"

/* What is behind a link counts, not its text: a copy may have the content itself. */
static struct str content_text(struct str value)
{
    const char *comma = str_starts(value, STR("link ")) ? memrchr(value.ptr, ',', value.len) : NULL;
    return comma != NULL ? str_slice(value, (size_t)(comma - value.ptr) + 2, value.len) : value;
}

bool source_parse(const struct field *dep, struct record_out *out)
{
    struct str text = content_text(dep->value);
    ptrdiff_t space = str_find(text, ' ');
    if (space < 0)
        return false;
    struct str kind = str_slice(text, 0, (size_t)space);
    *out = (struct record_out){.path = dep->name, .stored = true, .executable = str_is(kind, "exec")};
    out->kind = str_is(kind, "directory") ? ENTRY_DIRECTORY : ENTRY_FILE;
    return digest_parse(str_slice(text, (size_t)space + 1, text.len), &out->digest);
}

/* ---- in the workspace ---- */

/* Is it made by a stage, or in a folder that one makes? */
static bool is_made(const struct table *outs, struct str path)
{
    for (;; path = path_parent(path)) {
        if (table_get(outs, path) != TABLE_NONE)
            return true;
        if (str_is(path, ".") || str_is(path, "/"))
            return false;
    }
}

static enum status look(struct project *here, const struct field *dep, struct table *same, struct error *err)
{
    struct digest_options options = {.mode = DIGEST_DEP, .budget_bytes = UINT64_MAX};
    struct input now;
    bool complete;
    struct error ignored; /* what cannot be digested is not what it was */
    struct arena scratch;
    arena_init(&scratch);
    if (digest_path(here->fp, &scratch, dep->name, &options, &now, &complete, &ignored) == STATUS_OK &&
        str_equal(content_text(input_text(&scratch, &now)), content_text(dep->value)))
        table_add(same, dep->name, 1);
    arena_finish(&scratch);
    return interrupt_check(false, err);
}

enum status sources_look(struct project *here, const struct lock *lock, struct table *same, struct error *err)
{
    struct table outs = {0};
    for (uint32_t i = 0; i < lock->stage_count; i++)
        for (uint32_t k = 0; k < lock->stages[i].out_count; k++)
            table_add(&outs, lock->stages[i].outs[k].path, i);
    enum status status = project_open_state(here, err);
    if (status == STATUS_OK)
        status = fingerprint_create(here->state, &here->reader, &here->fp, err);
    for (uint32_t i = 0; i < lock->stage_count && status == STATUS_OK; i++)
        for (uint32_t k = 0; k < lock->stages[i].fields.count && status == STATUS_OK; k++) {
            const struct field *field = &lock->stages[i].fields.items[k];
            if (field->tag == FIELD_DEP && !is_made(&outs, field->name))
                status = look(here, field, same, err);
        }
    table_finish(&outs);
    return status;
}

/* ---- in the copy ---- */

struct bringing {
    struct reproduction *r;
    struct project *project;
    struct arena *arena;
    struct clearing *clearing;
    const struct restore_progress *progress;
    struct report *report;
};

static enum status is_there(struct bringing *b, const struct field *dep, struct input *now, bool *there,
                            struct error *err)
{
    struct digest_options options = {.mode = DIGEST_DEP, .budget_bytes = UINT64_MAX};
    bool complete;
    struct error ignored;
    *now = (struct input){.kind = ENTRY_MISSING};
    *there = digest_path(b->project->fp, b->arena, dep->name, &options, now, &complete, &ignored) == STATUS_OK &&
             str_equal(content_text(input_text(b->arena, now)), content_text(dep->value));
    return interrupt_check(false, err);
}

static enum status from_store(struct bringing *b, const struct record_out *out, bool *taken, struct error *err)
{
    struct error why;
    enum status status = store_has(b->project->store, out->digest, taken, err);
    if (status != STATUS_OK || !*taken)
        return status;
    status = restore_out(b->clearing, out, b->progress, &why);
    *taken = status == STATUS_OK;
    if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT) /* a part of it is gone */
        return STATUS_OK;
    if (status != STATUS_OK)
        *err = why;
    return status;
}

static enum status from_workspace(struct bringing *b, const struct field *dep, bool *taken, struct error *err)
{
    *taken = table_get(&b->r->sources, dep->name) != TABLE_NONE;
    if (!*taken)
        return STATUS_OK;
    enum status status = clear_out(b->clearing, dep->name, err);
    if (status == STATUS_OK)
        status = fs_copy(path_join(b->arena, b->r->copying->home, dep->name).ptr, dep->name.ptr, err);
    return status;
}

/* The last resort: the only one that needs a network, and that is said. *fault is why that failed too. */
static enum status from_url(struct bringing *b, const struct field *dep, struct str *fault, struct error *err)
{
    const struct manifest *m = &b->project->manifest;
    const struct manifest_data *set = NULL;
    char text[3072];
    struct error why;
    bool stored;
    for (uint32_t i = 0; i < m->data_count; i++)
        if (m->data[i].url.len > 0 && str_equal(m->data[i].path, dep->name))
            set = &m->data[i];
    if (set == NULL)
        return STATUS_OK;
    report_note(b->report,
                str_format(b->arena, STR_FMT " is neither in the store nor in the workspace; getting it from " STR_FMT,
                           STR_ARG(str_printable(b->arena, set->path)), STR_ARG(str_printable(b->arena, set->url))));
    enum status status = clear_out(b->clearing, dep->name, err);
    if (status == STATUS_OK)
        status = fetch_set(b->project, b->arena, set, NULL, 0, &stored, &why);
    else
        return status;
    if (status == STATUS_OK)
        return STATUS_OK;
    *fault = str_format(b->arena, ", nor could it be got: %s", error_text(&why, text, sizeof text));
    if (status == STATUS_INTERRUPTED)
        *err = why;
    return status == STATUS_INTERRUPTED ? status : STATUS_OK;
}

static struct str why_lost(struct bringing *b, const struct field *dep, const struct input *commit)
{
    const char *has = commit->kind == ENTRY_MISSING ? "the commit does not have it" : "the commit has another content";
    for (uint32_t i = 0; i < b->r->lack_count; i++) {
        const struct lacking *lack = &b->r->lacks[i];
        if (str_equal(lack->path, dep->name) || path_is_below(dep->name, lack->path))
            return str_format(b->arena, STR_FMT ", and neither store nor workspace have that of " STR_FMT,
                              STR_ARG(lack->reason), STR_ARG(b->r->name));
    }
    return str_format(b->arena, "%s, and neither store nor workspace have that of " STR_FMT, has, STR_ARG(b->r->name));
}

static void set_lack(struct bringing *b, struct str path, struct str reason)
{
    struct reproduction *r = b->r;
    struct lacking *grown = arena_array(r->arena, struct lacking, r->lack_count + 1u);
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->lack_count; i++)
        if (!str_equal(r->lacks[i].path, path))
            grown[count++] = r->lacks[i];
    if (reason.len > 0)
        grown[count++] = (struct lacking){path, reason};
    r->lacks = grown;
    r->lack_count = count;
}

static enum status bring(struct bringing *b, const struct field *dep, struct error *err)
{
    struct input commit, now;
    struct record_out out;
    bool there, taken = false;
    struct str reason = STR(""), fault = STR("");
    enum status status = is_there(b, dep, &commit, &there, err);
    if (status != STATUS_OK || there)
        return status;
    if (!source_parse(dep, &out) || !copy_has_room(b->r->copying, b->arena, dep->name)) {
        set_lack(b, dep->name,
                 str_format(b->arena, "it is not in the copy as it was in " STR_FMT, STR_ARG(b->r->name)));
        return STATUS_OK;
    }
    b->clearing->stage = STR("");
    status = from_store(b, &out, &taken, err);
    if (status == STATUS_OK && taken)
        status = is_there(b, dep, &now, &there, err);
    if (status == STATUS_OK && !there)
        status = from_workspace(b, dep, &taken, err);
    if (status == STATUS_OK && taken && !there)
        status = is_there(b, dep, &now, &there, err);
    if (status == STATUS_OK && !there)
        status = from_url(b, dep, &fault, err);
    if (status == STATUS_OK && !there)
        status = is_there(b, dep, &now, &there, err);
    if (status == STATUS_OK && !there)
        reason = str_format(b->arena, STR_FMT STR_FMT, STR_ARG(why_lost(b, dep, &commit)), STR_ARG(fault));
    if (status == STATUS_OK)
        set_lack(b, dep->name, reason);
    return status;
}

enum status sources_bring(struct reproduction *r, struct clearing *clearing, const struct restore_progress *progress,
                          const bool *selected, struct report *report, struct error *err)
{
    struct project *p = r->project;
    struct bringing b = {r, p, &p->arena, clearing, progress, report};
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < p->graph.stage_count && status == STATUS_OK; i++) {
        const struct lock_stage *stage =
            selected[i] ? lock_find(&r->lock, p->graph.stages[i].declared->name) : NULL;
        for (uint32_t k = 0; stage != NULL && k < stage->fields.count && status == STATUS_OK; k++)
            if (stage->fields.items[k].tag == FIELD_DEP &&
                !graph_touches_outs(&p->graph, stage->fields.items[k].name))
                status = bring(&b, &stage->fields.items[k], err);
    }
    return status;
}

const struct lacking *sources_find_lack(const struct reproduction *r, struct str path)
{
    for (uint32_t i = 0; i < r->lack_count; i++)
        if (str_equal(r->lacks[i].path, path))
            return &r->lacks[i];
    return NULL;
}
