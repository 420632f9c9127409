/* What differs between two pictures: what each stage was made from, what it made, and the values of its metrics. */
#include <math.h>
#include <stdlib.h>

#include "refit/base/fs.h"
#include "refit/base/interrupt.h"
#include "refit/base/path.h"
#include "refit/vcs.h"
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
static enum status find_tree(struct comparing *c, const struct picture *picture, const struct record_out *what,
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
    enum status status = find_tree(c, c->old, was, mode, &old, &out->unknown, err);
    if (status == STATUS_OK && out->unknown.len == 0)
        status = find_tree(c, c->now, is, mode, &now, &out->unknown, err);
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

/* ---- metrics ---- */

struct leaves {
    struct arena *arena;
    struct str path;
    struct history_metric *items; /* malloc'd; sorted by name in the end */
    uint32_t count, cap;
};

static void add_leaf(void *ctx, struct str name, const struct value *value)
{
    struct leaves *l = ctx;
    struct buf text = {0};
    value_canonical(value, &text);
    MEM_GROW(l->items, l->count, l->cap);
    l->items[l->count++] =
        (struct history_metric){l->path, str_dup(l->arena, name), str_dup(l->arena, buf_view(&text))};
    buf_finish(&text);
}

static int compare_leaves(const void *a, const void *b)
{
    return str_compare(((const struct history_metric *)a)->name, ((const struct history_metric *)b)->name);
}

/* What the history kept of it, where the file itself cannot be had. */
static bool take_kept(const struct picture *picture, struct leaves *out)
{
    for (uint32_t i = 0; i < picture->value_count; i++) {
        if (!str_equal(picture->values[i].path, out->path))
            continue;
        MEM_GROW(out->items, out->count, out->cap);
        out->items[out->count++] = picture->values[i];
    }
    return out->count > 0;
}

static void sort_leaves(struct leaves *leaves)
{
    if (leaves->count > 1)
        qsort(leaves->items, leaves->count, sizeof *leaves->items, compare_leaves);
}

static void parse_leaves(struct comparing *c, const struct picture *picture, struct str text, struct leaves *leaves,
                         struct str *fault)
{
    struct value *value;
    struct error why;
    if (metric_parse(c->arena, leaves->path, text, &c->project->reader, &value, &why) == STATUS_OK)
        metric_flatten(c->arena, value, add_leaf, leaves);
    else
        *fault = str_format(c->arena, "that of " STR_FMT " cannot be read: %s", STR_ARG(picture->name), why.message);
    sort_leaves(leaves);
}

/* *fault is "" if they are known; without an out there are none. */
static void read_leaves(struct comparing *c, const struct picture *picture, const struct record_out *out,
                        struct leaves *leaves, struct str *fault)
{
    struct str text;
    if (out == NULL || fault->len > 0)
        return;
    if (out->kind != ENTRY_FILE) {
        *fault = str_format(c->arena, "that of " STR_FMT " is no file", STR_ARG(picture->name));
    } else if (out->size > METRIC_BYTES_MAX) {
        *fault = str_format(c->arena, "that of " STR_FMT " has %llu bytes, and metrics have at most %u",
                            STR_ARG(picture->name), (unsigned long long)out->size, METRIC_BYTES_MAX);
    } else if (metric_read(c->project, c->arena, out, &text)) {
        parse_leaves(c, picture, text, leaves, fault);
    } else if (!take_kept(picture, leaves)) {
        *fault = str_format(c->arena, "that of " STR_FMT " is not in the store; `refit reproduce` makes past builds "
                            "again", STR_ARG(picture->name));
    }
    sort_leaves(leaves);
}

static bool as_number(struct str canonical, double *out)
{
    char *end;
    *out = canonical.len > 0 ? strtod(canonical.ptr, &end) : NAN;
    return canonical.len > 0 && end == canonical.ptr + canonical.len && isfinite(*out);
}

static void add_values(struct comparing *c, const struct leaves *old, const struct leaves *now)
{
    struct stage_difference *s = c->stage;
    for (uint32_t i = 0, j = 0; i < old->count || j < now->count;) {
        int order = i == old->count ? 1 : j == now->count ? -1 : compare_leaves(&old->items[i], &now->items[j]);
        const struct history_metric *was = order <= 0 ? &old->items[i++] : NULL;
        const struct history_metric *is = order >= 0 ? &now->items[j++] : NULL;
        struct metric_difference d = {.path = old->path, .name = was != NULL ? was->name : is->name};
        double before, after;
        d.old = was != NULL ? was->value : STR("");
        d.now = is != NULL ? is->value : STR("");
        d.is_number = as_number(d.old, &before) && as_number(d.now, &after);
        d.change = d.is_number ? after - before : 0;
        if (!str_equal(d.old, d.now))
            s->metrics[s->metric_count++] = d;
    }
}

/* Room for `more` metrics besides those that there are. */
static void grow_metrics(struct comparing *c, size_t more)
{
    struct stage_difference *s = c->stage;
    struct metric_difference *grown = arena_array(c->arena, struct metric_difference, s->metric_count + more);
    for (uint32_t i = 0; i < s->metric_count; i++)
        grown[i] = s->metrics[i];
    s->metrics = grown;
}

/* The leaves are freed. */
static void add_difference(struct comparing *c, struct leaves *old, struct leaves *now, struct str fault)
{
    grow_metrics(c, (size_t)old->count + now->count + 1);
    if (fault.len == 0)
        add_values(c, old, now);
    else
        c->stage->metrics[c->stage->metric_count++] = (struct metric_difference){.path = old->path, .fault = fault};
    free(old->items);
    free(now->items);
}

static void compare_metric(struct comparing *c, const struct out_difference *out)
{
    struct leaves old = {.arena = c->arena, .path = out->path}, now = old;
    struct str fault = STR("");
    read_leaves(c, c->old, out->old, &old, &fault);
    read_leaves(c, c->now, out->now, &now, &fault);
    add_difference(c, &old, &now, fault);
}

static bool has_values(const struct picture *picture, struct str path)
{
    for (uint32_t i = 0; i < picture->value_count; i++)
        if (str_equal(picture->values[i].path, path))
            return true;
    return false;
}

static bool is_metric(const struct comparing *c, struct str path)
{
    const struct graph *g = &c->project->graph;
    struct stage_id maker = {GRAPH_NONE};
    if (g->stage_count > 0)
        maker = graph_find_maker(g, path);
    const struct manifest_stage *declared = maker.index != GRAPH_NONE ? g->stages[maker.index].declared : NULL;
    for (uint32_t i = 0; declared != NULL && i < declared->out_count; i++)
        if (str_equal(declared->outs[i].path, path) && manifest_is_metric(&c->project->manifest, &declared->outs[i]))
            return true;
    return has_values(c->old, path) || has_values(c->now, path);
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
        if (status == STATUS_OK && is_metric(c, d.path))
            compare_metric(c, &d);
        s->outs[s->out_count++] = d;
    }
    return status;
}

/* ---- metrics of the top level ---- */

/* The out that a path is, or that it is in; NULL = none. */
static const struct record_out *find_out(const struct lock *lock, struct str path)
{
    for (uint32_t i = 0; i < lock->stage_count; i++)
        for (uint32_t k = 0; k < lock->stages[i].out_count; k++)
            if (str_equal(lock->stages[i].outs[k].path, path) || path_is_below(path, lock->stages[i].outs[k].path))
                return &lock->stages[i].outs[k];
    return NULL;
}

/* A file in a folder that a stage makes. */
static enum status read_within(struct comparing *c, const struct picture *picture, const struct record_out *folder,
                               struct str path, struct str *text, bool *found, struct str *fault, struct error *err)
{
    struct tree tree = {0};
    enum status status = find_tree(c, picture, folder, DIGEST_OUT, &tree, fault, err);
    if (status != STATUS_OK || fault->len > 0)
        return status;
    for (uint32_t i = 0; i < tree.count; i++) {
        const struct tree_entry *e = &tree.entries[i];
        if (!str_equal(path_join(c->arena, folder->path, e->path), path))
            continue;
        struct record_out out = {.path = path, .kind = e->kind, .stored = true, .digest = e->digest, .size = e->size};
        *found = metric_read(c->project, c->arena, &out, text);
        if (!*found)
            *fault = str_format(c->arena, "that of " STR_FMT " is no file that could be read", STR_ARG(picture->name));
    }
    return STATUS_OK;
}

/* One that no stage makes: as it is in the workspace, or in the commit. */
static enum status read_source(struct comparing *c, const struct picture *picture, struct str path, struct str *text,
                               bool *found, struct str *fault, struct error *err)
{
    struct vcs_commit commit;
    struct buf bytes = {0};
    struct error why;
    enum status status = STATUS_OK;
    if (picture->kind == PICTURE_RUN) {
        *fault = str_format(c->arena, "no stage makes it, so nothing says what it was at the run " STR_FMT,
                            STR_ARG(picture->name));
        return STATUS_OK;
    }
    if (picture->kind == PICTURE_WORKSPACE) {
        status = fs_read(path.ptr, METRIC_BYTES_MAX, &bytes, &why);
        *text = str_dup(c->arena, buf_view(&bytes));
        buf_finish(&bytes);
    } else {
        status = vcs_find_commit(c->arena, c->project->root.ptr, str_terminated(c->arena, picture->commit), &commit,
                                 err);
        if (status != STATUS_OK)
            return status;
        status = vcs_read_file(c->arena, c->project->root.ptr, &commit, path.ptr, text, found, &why);
    }
    *found = status == STATUS_OK && (*found || picture->kind == PICTURE_WORKSPACE);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        *fault = str_format(c->arena, "that of " STR_FMT " cannot be read: %s", STR_ARG(picture->name), why.message);
    return STATUS_OK;
}

static enum status read_common(struct comparing *c, const struct picture *picture, struct leaves *leaves,
                               struct str *fault, struct error *err)
{
    const struct record_out *folder = find_out(&picture->lock, leaves->path);
    struct str text = STR("");
    bool found = false;
    if (fault->len > 0)
        return STATUS_OK;
    enum status status = folder != NULL ? read_within(c, picture, folder, leaves->path, &text, &found, fault, err)
                                        : read_source(c, picture, leaves->path, &text, &found, fault, err);
    if (status == STATUS_OK && found && fault->len == 0)
        parse_leaves(c, picture, text, leaves, fault);
    return status;
}

/* Those that the top level names and that are no out by themselves. They are told as of a stage without a name. */
static enum status compare_common(struct comparing *c, struct stage_difference *s, bool *differs, struct error *err)
{
    const struct manifest *m = &c->project->manifest;
    enum status status = STATUS_OK;
    *s = (struct stage_difference){.name = STR(""), .note = STR(""), .before = STR(""), .was = true, .is = true};
    c->stage = s;
    for (uint32_t i = 0; i < m->metric_count && status == STATUS_OK; i++) {
        struct leaves old = {.arena = c->arena, .path = m->metrics[i].path}, now = old;
        const struct record_out *made[] = {find_out(&c->old->lock, old.path), find_out(&c->now->lock, old.path)};
        struct str fault = STR("");
        if ((made[0] != NULL && str_equal(made[0]->path, old.path)) ||
            (made[1] != NULL && str_equal(made[1]->path, old.path)))
            continue; /* with its stage */
        status = read_common(c, c->old, &old, &fault, err);
        if (status == STATUS_OK)
            status = read_common(c, c->now, &now, &fault, err);
        add_difference(c, &old, &now, fault);
    }
    *differs = s->metric_count > 0;
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
        status = compare_common(&c, &(*out)[*count], &differs, err);
    *count += differs;
    return status;
}
