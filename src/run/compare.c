/* What differs between two pictures: what each stage was made from, what it made, and the values of its metrics. */
#include <stdlib.h>

#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "refit/vcs.h"
#include "run/compare.h"

/* ---- who makes what ---- */

static void add_makers(struct comparing *c, const struct lock *lock)
{
    for (uint32_t i = 0; i < lock->stage_count; i++) {
        c->names[c->name_count] = lock->stages[i].name;
        for (uint32_t k = 0; k < lock->stages[i].out_count; k++)
            table_add(&c->makers, lock->stages[i].outs[k].path, c->name_count);
        c->name_count++;
    }
}

/* The stage that makes a path, or a folder that it is in; "" = none. */
static struct str find_maker(const struct comparing *c, struct str path)
{
    for (;; path = path_parent(path)) {
        uint32_t index = table_get(&c->makers, path);
        if (index != TABLE_NONE)
            return c->names[index];
        if (str_is(path, ".") || str_is(path, "/"))
            return STR("");
    }
}

/* ---- folders ---- */

/* What a dep leaves out, with all that is below it. */
static bool is_ignored(void *ctx, struct str path)
{
    const struct comparing *c = ctx;
    const struct ignore *ignore = fingerprint_ignore(c->project->fp);
    return ignore_matches(ignore, path, false) || ignore_matches(ignore, path, true);
}

/* As the commit has it: a digest that is the same is the proof that it was read like that. */
static enum status tree_of_commit(struct comparing *c, const struct picture *picture, struct str path,
                                  struct digest digest, struct tree *out, bool *found, struct error *err)
{
    struct project *p = c->project;
    struct vcs_commit commit;
    struct error ignored; /* then it is not known */
    *found = false;
    if (picture->commit.len == 0 || p->fp == NULL)
        return STATUS_OK;
    const char *id = str_terminated(c->arena, picture->commit);
    *found = vcs_find_commit(c->arena, p->root.ptr, id, &commit, &ignored) == STATUS_OK &&
             vcs_read_folder(c->arena, p->root.ptr, &commit, path, is_ignored, c, out, found, &ignored) == STATUS_OK &&
             *found && digest_equal(tree_digest(out), digest);
    return interrupt_check(false, err);
}

static struct str why_unknown(struct comparing *c, const struct picture *picture, enum digest_mode mode)
{
    const char *git = mode == DIGEST_OUT              ? ""
                      : picture->commit.len == 0      ? ", and no commit is known that could have it"
                      : c->project->fp == NULL        ? ", and the manifest cannot be read"
                                                      : ", nor has git its files as they were read";
    return str_format(c->arena, "that of " STR_FMT " is neither in the store nor here%s", STR_ARG(picture->name), git);
}

/* From the store, from the workspace if it is still that, or from git. */
enum status compare_find_tree(struct comparing *c, const struct picture *picture, const struct record_out *what,
                              enum digest_mode mode, struct tree *out, struct str *unknown, struct error *err)
{
    struct project *p = c->project;
    struct digest_options options = {.mode = mode, .budget_bytes = UINT64_MAX};
    struct buf bytes = {0};
    struct error ignored;
    bool found = false;
    enum status status = p->store != NULL ? store_has(p->store, what->digest, &found, err) : STATUS_OK;
    if (status == STATUS_OK && found) {
        status = store_get_bytes(p->store, what->digest, &bytes, err);
        if (status == STATUS_OK)
            status = tree_decode(c->arena, str_dup(c->arena, buf_view(&bytes)), out, err);
        buf_finish(&bytes);
    } else if (status == STATUS_OK && p->fp != NULL) {
        found = digest_tree(p->fp, c->arena, what->path, &options, out, &ignored) == STATUS_OK &&
                digest_equal(tree_digest(out), what->digest);
    }
    if (status == STATUS_OK && !found && mode == DIGEST_DEP)
        status = tree_of_commit(c, picture, what->path, what->digest, out, &found, err);
    if (status == STATUS_OK && !found)
        *unknown = why_unknown(c, picture, mode);
    return status;
}

static bool same_entry(const struct tree_entry *a, const struct tree_entry *b)
{
    return a->kind == b->kind && a->executable == b->executable && digest_equal(a->digest, b->digest);
}

static void compare_entries(struct comparing *c, const struct tree *old, const struct tree *now,
                            struct path_changes *out)
{
    out->items = arena_array(c->arena, struct path_change, PATH_CHANGES_MAX);
    for (uint32_t i = 0, j = 0; i < old->count || j < now->count;) {
        int order = i == old->count   ? 1
                    : j == now->count ? -1
                                      : str_compare(old->entries[i].path, now->entries[j].path);
        const struct tree_entry *was = order <= 0 ? &old->entries[i++] : NULL;
        const struct tree_entry *is = order >= 0 ? &now->entries[j++] : NULL;
        if (was != NULL && is != NULL && same_entry(was, is))
            continue;
        if (out->count < PATH_CHANGES_MAX)
            out->items[out->count++] =
                (struct path_change){was != NULL ? was->path : is->path, was != NULL, is != NULL};
        else
            out->more++;
    }
}

static enum status compare_folders(struct comparing *c, enum digest_mode mode, const struct record_out *was,
                                   const struct record_out *is, struct path_changes *out, struct error *err)
{
    struct tree old, now;
    out->unknown = STR("");
    if (was->kind != ENTRY_DIRECTORY || is->kind != ENTRY_DIRECTORY)
        return STATUS_OK;
    enum status status = compare_find_tree(c, c->old, was, mode, &old, &out->unknown, err);
    if (status == STATUS_OK && out->unknown.len == 0)
        status = compare_find_tree(c, c->now, is, mode, &now, &out->unknown, err);
    if (status == STATUS_OK && out->unknown.len == 0)
        compare_entries(c, &old, &now, out);
    return status;
}

/* ---- what it was made from ---- */

static void add_field(void *ctx, const struct field *old, const struct field *now)
{
    struct comparing *c = ctx;
    const struct field *any = now != NULL ? now : old;
    struct field_difference *difference = &c->stage->fields[c->stage->field_count++];
    *difference = (struct field_difference){.old = old, .now = now};
    if (any->tag == FIELD_DEP || any->tag == FIELD_FOUND)
        difference->maker = find_maker(c, any->name);
}

/* A stage with a depfile of which nothing was kept: an older refit built it, or it found nothing. */
static bool knows_found(const struct lock_stage *stage)
{
    for (uint32_t i = 0; i < stage->fields.count; i++)
        if (stage->fields.items[i].tag == FIELD_DEPFILE && stage->found.count == 0)
            return false;
    return true;
}

static enum status compare_fields(struct comparing *c, const struct lock_stage *old, const struct lock_stage *now,
                                  struct error *err)
{
    struct stage_difference *s = c->stage;
    enum status status = STATUS_OK;
    s->fields = arena_array(c->arena, struct field_difference, (size_t)old->fields.count + now->fields.count +
                                                                   old->found.count + now->found.count);
    fields_compare(&old->fields, &now->fields, add_field, c);
    s->found_unknown = !knows_found(old) || !knows_found(now);
    if (!s->found_unknown)
        fields_compare(&old->found, &now->found, add_field, c);
    for (uint32_t i = 0; i < s->field_count && status == STATUS_OK; i++) {
        struct field_difference *d = &s->fields[i];
        struct record_out was, is;
        if (d->old != NULL && d->now != NULL &&
            (d->old->tag == FIELD_DEP || d->old->tag == FIELD_FOUND) && source_parse(d->old, &was) &&
            source_parse(d->now, &is))
            status = compare_folders(c, DIGEST_DEP, &was, &is, &d->files, err);
    }
    return status;
}

/* ---- what it made ---- */

/* A link is no content of the store's. */
static enum status is_lacking(const struct comparing *c, const struct record_out *out, bool *lacks, struct error *err)
{
    bool has = out->kind == ENTRY_LINK;
    enum status status = has || c->project->store == NULL ? STATUS_OK
                                                          : store_has(c->project->store, out->digest, &has, err);
    *lacks = status == STATUS_OK && !has;
    return status;
}

static enum status look_closer(struct comparing *c, struct out_difference *d, struct error *err)
{
    struct store *store = c->project->store;
    if (d->old == NULL || d->now == NULL)
        return STATUS_OK;
    enum status status = STATUS_OK;
    if (store != NULL && d->old->kind != ENTRY_LINK && d->now->kind != ENTRY_LINK) {
        status = store_get_overlap(store, d->old->digest, d->old->kind == ENTRY_DIRECTORY, d->now->digest,
                                   d->now->kind == ENTRY_DIRECTORY, &d->overlap, err);
        d->compared = status == STATUS_OK && d->overlap.whole;
    }
    if (status == STATUS_OK && !d->compared)
        status = is_lacking(c, d->old, &d->lacks_old, err);
    if (status == STATUS_OK && !d->compared)
        status = is_lacking(c, d->now, &d->lacks_now, err);
    return status != STATUS_OK ? status : compare_folders(c, DIGEST_OUT, d->old, d->now, &d->files, err);
}

static bool same_out(const struct record_out *a, const struct record_out *b)
{
    return a->kind == b->kind && a->executable == b->executable && digest_equal(a->digest, b->digest);
}

static enum status compare_outs(struct comparing *c, const struct lock_stage *old, const struct lock_stage *now,
                                struct error *err)
{
    struct stage_difference *s = c->stage;
    enum status status = STATUS_OK;
    s->outs = arena_array(c->arena, struct out_difference, (size_t)old->out_count + now->out_count);
    for (uint32_t i = 0, j = 0; status == STATUS_OK && (i < old->out_count || j < now->out_count);) {
        int order = i == old->out_count   ? 1
                    : j == now->out_count ? -1
                                          : str_compare(old->outs[i].path, now->outs[j].path);
        struct out_difference d = {.old = order <= 0 ? &old->outs[i++] : NULL,
                                   .now = order >= 0 ? &now->outs[j++] : NULL};
        if (d.old != NULL && d.now != NULL && same_out(d.old, d.now))
            continue;
        d.path = d.old != NULL ? d.old->path : d.now->path;
        status = look_closer(c, &d, err);
        if (status == STATUS_OK && compare_is_metric(c, d.path))
            compare_metric(c, &d);
        s->outs[s->out_count++] = d;
    }
    return status;
}

/* ---- stages ---- */

/* False if it does not differ. */
static enum status compare_one(struct comparing *c, const struct lock_stage *old, const struct lock_stage *now,
                               struct stage_difference *s, bool *differs, struct error *err)
{
    static const struct lock_stage none;
    *s = (struct stage_difference){.name = now != NULL ? now->name : old->name, .was = old != NULL, .is = now != NULL};
    s->before = old != NULL && now != NULL && !str_equal(old->name, now->name) ? old->name : STR("");
    c->stage = s;
    if (now != NULL && c->now->notes != NULL)
        s->note = c->now->notes[now - c->now->lock.stages];
    enum status status = compare_fields(c, old != NULL ? old : &none, now != NULL ? now : &none, err);
    if (status == STATUS_OK)
        status = compare_outs(c, old != NULL ? old : &none, now != NULL ? now : &none, err);
    *differs = !s->was || !s->is || s->before.len > 0 || s->field_count > 0 || s->out_count > 0;
    bool settled = s->note.len == 0 && (old == NULL || c->old->notes == NULL ||
                                        c->old->notes[old - c->old->lock.stages].len == 0);
    s->undetermined = s->was && s->is && s->field_count == 0 && s->out_count > 0 && settled;
    return status;
}

static int compare_places(const void *a, const void *b)
{
    const struct stage_difference *x = a, *y = b;
    return x->place != y->place ? (x->place < y->place ? -1 : 1) : str_compare(x->name, y->name);
}

/* What follows from something comes after it. */
static void put_in_order(const struct graph *g, struct stage_difference *stages, uint32_t count)
{
    struct table places = {0};
    for (uint32_t k = 0; k < g->stage_count; k++)
        table_add(&places, g->stages[g->order[k].index].declared->name, k);
    for (uint32_t i = 0; i < count; i++)
        stages[i].place = table_get(&places, stages[i].name);
    table_finish(&places);
    if (count > 1)
        qsort(stages, count, sizeof *stages, compare_places);
}

/* ---- stages with another name ---- */

struct renaming {
    const struct lock *old, *now;
    struct table old_makers, now_makers; /* path of an out → index of its stage */
};

static void find_makers(const struct lock *lock, struct table *makers)
{
    for (uint32_t i = 0; i < lock->stage_count; i++)
        for (uint32_t k = 0; k < lock->stages[i].out_count; k++)
            table_add(makers, lock->stages[i].outs[k].path, i);
}

/* The first stage on the other side that makes one of its outs, and that is not on this side by its name. */
static const struct lock_stage *find_successor(const struct lock_stage *stage, const struct lock *here,
                                               const struct lock *there, const struct table *makers)
{
    for (uint32_t k = 0; k < stage->out_count; k++) {
        uint32_t index = table_get(makers, stage->outs[k].path);
        if (index != TABLE_NONE && lock_find(here, there->stages[index].name) == NULL)
            return &there->stages[index];
    }
    return NULL;
}

/* What a stage of one side alone was called on the other: each is the other's successor. */
static const struct lock_stage *find_renamed(const struct renaming *r, const struct lock_stage *stage, bool is_new)
{
    const struct lock *here = is_new ? r->now : r->old, *there = is_new ? r->old : r->now;
    const struct table *ours = is_new ? &r->now_makers : &r->old_makers;
    const struct table *theirs = is_new ? &r->old_makers : &r->now_makers;
    const struct lock_stage *other = find_successor(stage, here, there, theirs);
    return other != NULL && find_successor(other, there, here, ours) == stage ? other : NULL;
}

enum status run_compare(struct project *p, const struct picture *old, const struct picture *now, struct arena *arena,
                        struct stage_difference **out, uint32_t *count, struct error *err)
{
    const struct lock *a = &old->lock, *b = &now->lock;
    size_t most = (size_t)a->stage_count + b->stage_count + 1;
    struct comparing c = {.project = p, .arena = arena, .old = old, .now = now};
    *count = 0;
    *out = arena_array(arena, struct stage_difference, most);
    c.names = arena_array(arena, struct str, most);
    add_makers(&c, b);
    add_makers(&c, a);
    struct renaming renaming = {.old = a, .now = b};
    find_makers(a, &renaming.old_makers);
    find_makers(b, &renaming.now_makers);
    enum status status = project_open_store(p, err);
    for (uint32_t i = 0, j = 0; status == STATUS_OK && (i < a->stage_count || j < b->stage_count);) {
        int order = i == a->stage_count   ? 1
                    : j == b->stage_count ? -1
                                          : str_compare(a->stages[i].name, b->stages[j].name);
        const struct lock_stage *was = order <= 0 ? &a->stages[i++] : NULL, *is = order >= 0 ? &b->stages[j++] : NULL;
        bool differs = false;
        if (is == NULL && find_renamed(&renaming, was, false) != NULL)
            continue; /* told of under its new name */
        if (was == NULL)
            was = find_renamed(&renaming, is, true);
        status = interrupt_check(false, err);
        if (status == STATUS_OK)
            status = compare_one(&c, was, is, &(*out)[*count], &differs, err);
        *count += differs;
    }
    table_finish(&c.makers);
    table_finish(&renaming.old_makers);
    table_finish(&renaming.now_makers);
    put_in_order(&p->graph, *out, *count);
    bool differs = false;
    if (status == STATUS_OK)
        status = compare_common_metrics(&c, &(*out)[*count], &differs, err);
    *count += differs;
    return status;
}
