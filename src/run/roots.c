/* What gc must leave: what each workspace's refit.lock names, in its folder and at the tips of its branches and tags.
 *
 * A run publishes what its refit.lock says, what stages read of data sets included, and so does a restore. gc looks
 * again at every workspace whose folder is there, and publishes one ref for each version of refit.lock that git has.
 * Whatever cannot be read leaves what was published as it was. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/base/path.h"
#include "refit/vcs.h"
#include "run/reproduce.h"

enum { LOCK_BYTES_MAX = 1 << 30 };

#define GIT_PREFIX "git "
#define RUN_PREFIX "run "

static struct str host_name(struct arena *arena)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    return str_dup(arena, str_from(host));
}

/* ---- data sets ---- */

/* Which deps of a refit.lock are to be kept. */
struct keeping {
    const struct manifest *manifest; /* those that it says; NULL = those that the store has and that no stage makes */
    struct store *store;
    struct table outs; /* of all stages */
};

static enum status is_kept(const struct keeping *k, const struct record_out *dep, bool *kept, struct error *err)
{
    *kept = false;
    if (table_get(&k->outs, dep->path) != TABLE_NONE || (k->manifest != NULL && k->manifest->data_count == 0))
        return STATUS_OK;
    *kept = k->manifest != NULL && manifest_keeps(k->manifest, dep->path);
    return k->manifest != NULL ? STATUS_OK : store_has(k->store, dep->digest, kept, err);
}

/* One more root for a stage: what it read of data sets. */
static enum status add_sources(struct arena *arena, const struct keeping *k, const struct lock_stage *stage,
                               struct store_ref *ref, struct error *err)
{
    struct record_out *kept = NULL;
    uint32_t count = 0, cap = 0;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < stage->fields.count && status == STATUS_OK; i++) {
        struct record_out dep;
        bool keep = false;
        if (stage->fields.items[i].tag != FIELD_DEP || !source_parse(&stage->fields.items[i], &dep))
            continue;
        status = is_kept(k, &dep, &keep, err);
        if (status != STATUS_OK || !keep)
            continue;
        MEM_GROW(kept, count, cap);
        kept[count++] = dep;
    }
    if (status == STATUS_OK && count > 0)
        ref->roots[ref->root_count++] = (struct store_root){
            .outs = arena_copy(arena, kept, count * sizeof *kept), .out_count = count};
    free(kept);
    return status;
}

static enum status make_ref(struct arena *arena, struct str host, struct str workspace, struct str name,
                            struct str note, const struct lock *lock, struct keeping k, struct store_ref *out,
                            struct error *err)
{
    *out = (struct store_ref){.host = host,
                              .workspace = workspace,
                              .name = name,
                              .note = note,
                              .seen_ms = clock_wall_ms(),
                              .roots = arena_array(arena, struct store_root, 2u * (size_t)lock->stage_count)};
    for (uint32_t i = 0; i < lock->stage_count; i++) {
        const struct lock_stage *stage = &lock->stages[i];
        out->roots[out->root_count++] = (struct store_root){stage->key, stage->outs, stage->out_count};
        for (uint32_t j = 0; j < stage->out_count; j++)
            table_add(&k.outs, stage->outs[j].path, i);
    }
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < lock->stage_count && status == STATUS_OK; i++)
        status = add_sources(arena, &k, &lock->stages[i], out, err);
    table_finish(&k.outs);
    return status;
}

enum status roots_publish(struct project *p, const struct lock *lock, struct error *err)
{
    struct store_ref ref;
    if (p->copy)
        return STATUS_OK;
    enum status status = make_ref(&p->arena, host_name(&p->arena), p->root, STR(LOCK_FILE), STR(""), lock,
                                  (struct keeping){.manifest = &p->manifest}, &ref, err);
    return status == STATUS_OK ? store_publish(p->store, &ref, err) : status;
}

enum status roots_republish(struct project *p, const struct lock *lock, struct error *err)
{
    struct store_ref ref;
    enum status status = make_ref(&p->arena, host_name(&p->arena), p->root, STR(LOCK_FILE), STR(""), lock,
                                  (struct keeping){.store = p->store}, &ref, err);
    return status == STATUS_OK ? store_publish(p->store, &ref, err) : status;
}

/* Under a name of its own, so that nothing that a later run publishes takes its place. What the run read of data sets
 * is what the store has of it: the manifest may say something else by now. */
enum status roots_of_pin(struct project *p, struct str run, const struct lock *lock, struct store_ref *ref,
                         struct error *err)
{
    struct str name = str_format(&p->arena, RUN_PREFIX STR_FMT, STR_ARG(run));
    return make_ref(&p->arena, host_name(&p->arena), p->root, name, run, lock, (struct keeping){.store = p->store}, ref,
                    err);
}

enum status roots_pin(struct project *p, struct str run, const struct lock *lock, struct error *err)
{
    struct store_ref ref;
    enum status status = roots_of_pin(p, run, lock, &ref, err);
    if (status == STATUS_OK)
        status = store_publish(p->store, &ref, err);
    return status == STATUS_OK ? store_flush(p->store, err) : status;
}

enum status roots_unpin(struct project *p, struct str run, struct error *err)
{
    static const struct lock nothing;
    struct store_ref ref, *known;
    uint32_t count;
    uint64_t sequence;
    enum status status = roots_of_pin(p, run, &nothing, &ref, err);
    if (status == STATUS_OK)
        status = store_get_refs(p->store, &p->arena, &known, &count, &sequence, err);
    return status == STATUS_OK ? store_replace_refs(p->store, NULL, 0, &ref, 1, sequence, err) : status;
}

/* ---- reading ---- */

struct gathering {
    struct arena *arena;
    struct store *store;
    const struct gc_options *options;
    char *forgotten; /* options->forget without links, malloc'd; NULL = there is nothing */
    struct str host;
    struct store_ref *known; /* published */
    uint32_t known_count;
    struct store_ref *pins; /* of the workspace that gc runs in, as its history has them */
    uint32_t pin_count;
    struct roots *out;
    bool blind;        /* there are repositories, and no way to read any */
    struct error why;  /* then */
    uint32_t ref_cap, published_cap, dropped_cap, workspace_cap; /* malloc'd until the end */
};

static void __attribute__((format(printf, 2, 3))) warn(struct gathering *g, const char *format, ...)
{
    char text[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    g->options->warn(g->options->ctx, str_from(text));
}

static bool is_of(const struct store_ref *ref, const struct gc_workspace *w)
{
    return str_equal(ref->host, w->host) && str_equal(ref->workspace, w->path);
}

static const struct store_ref *find_known(const struct gathering *g, const struct gc_workspace *w, struct str name)
{
    for (uint32_t i = 0; i < g->known_count; i++)
        if (is_of(&g->known[i], w) && str_equal(g->known[i].name, name))
            return &g->known[i];
    return NULL;
}

static void count_ref(struct gathering *g, struct gc_workspace *w, struct store_ref ref)
{
    struct roots *out = g->out;
    MEM_GROW(out->refs, out->count, g->ref_cap);
    out->refs[out->count++] = ref;
    w->refs++;
    w->roots += ref.root_count;
}

static void count_new(struct gathering *g, struct gc_workspace *w, struct store_ref ref)
{
    struct roots *out = g->out;
    count_ref(g, w, ref);
    MEM_GROW(out->published, out->published_count, g->published_cap);
    out->published[out->published_count++] = ref;
}

static void drop(struct gathering *g, const struct store_ref *ref)
{
    struct roots *out = g->out;
    MEM_GROW(out->dropped, out->dropped_count, g->dropped_cap);
    out->dropped[out->dropped_count++] = *ref;
}

static void keep_known(struct gathering *g, struct gc_workspace *w, const struct store_ref *ref)
{
    if (ref != NULL)
        count_ref(g, w, *ref);
}

static const char *reason_of(struct gathering *g, const struct error *why)
{
    char text[3072];
    return str_dup(g->arena, str_from(error_text(why, text, sizeof text))).ptr;
}

#define STAYS "what it has published stays"

static bool is_forgotten(const struct gathering *g, struct str host, struct str workspace)
{
    const char *path = g->options->forget, *elsewhere = g->options->forget_host;
    if (path == NULL || !(elsewhere != NULL ? str_is(host, elsewhere) : str_equal(host, g->host)))
        return false;
    return str_is(workspace, path) || (g->forgotten != NULL && str_is(workspace, g->forgotten));
}

/* Containers come with a new host name each time, and none of them comes back to say so. */
static bool is_unseen(const struct gathering *g, const struct gc_workspace *w)
{
    uint64_t unseen_ms = g->options->forget_unseen_ms;
    int64_t now_ms = clock_wall_ms();
    return unseen_ms > 0 && now_ms > w->seen_ms && (uint64_t)(now_ms - w->seen_ms) > unseen_ms;
}

static void let_go(struct gathering *g, struct gc_workspace *w)
{
    w->state = WORKSPACE_FORGOTTEN;
    for (uint32_t i = 0; i < g->known_count; i++) {
        if (!is_of(&g->known[i], w))
            continue;
        w->refs++;
        w->roots += g->known[i].root_count;
        drop(g, &g->known[i]);
    }
}

/* refit.lock as it is in the folder. A run publishes what it is about to write: while one is at work both count. */
static void read_folder(struct gathering *g, struct gc_workspace *w)
{
    const struct store_ref *known = find_known(g, w, STR(LOCK_FILE));
    struct buf text = {0};
    struct lock lock;
    struct error why;
    bool running = workspace_is_held(g->arena, w->path);
    enum status status = fs_read(path_join(g->arena, w->path, STR(LOCK_FILE)).ptr, LOCK_BYTES_MAX, &text, &why);
    if (status == STATUS_OK)
        status = lock_parse(g->arena, str_dup(g->arena, buf_view(&text)), &lock, &why);
    buf_finish(&text);
    struct store_ref ref;
    if (status == STATUS_OK)
        status = make_ref(g->arena, w->host, w->path, STR(LOCK_FILE), STR(""), &lock,
                          (struct keeping){.store = g->store}, &ref, &why);
    if (status == STATUS_OK) {
        if (!running) {
            count_new(g, w, ref);
            return;
        }
        count_ref(g, w, ref);
    } else if (running && status == STATUS_NOT_FOUND) {
        status = STATUS_OK; /* its first one */
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        warn(g, STR_FMT ": %s; " STAYS, STR_ARG(w->path), reason_of(g, &why));
    else if (status == STATUS_NOT_FOUND && known != NULL && known->root_count > 0)
        warn(g, STR_FMT " has no refit.lock any more; " STAYS " (`refit gc --forget` removes it)", STR_ARG(w->path));
    keep_known(g, w, known);
}

static struct str tip_note(struct gathering *g, const struct vcs_tip *tip)
{
    return tip->others > 0 ? str_format(g->arena, STR_FMT " and %u more", STR_ARG(tip->name), tip->others) : tip->name;
}

/* False if it cannot be read. */
static bool read_tip(struct gathering *g, struct gc_workspace *w, const struct vcs_tip *tip)
{
    struct str name = str_format(g->arena, GIT_PREFIX STR_FMT, STR_ARG(tip->id));
    const struct store_ref *known = find_known(g, w, name);
    struct lock lock;
    struct error why;
    if (known != NULL) { /* the same bytes */
        count_ref(g, w, *known);
        return true;
    }
    struct store_ref ref;
    enum status status = lock_parse(g->arena, tip->bytes, &lock, &why);
    if (status == STATUS_OK)
        status = make_ref(g->arena, w->host, w->path, name, tip_note(g, tip), &lock,
                          (struct keeping){.store = g->store}, &ref, &why);
    if (status != STATUS_OK) {
        warn(g, STR_FMT ": in " STR_FMT ": %s; " STAYS, STR_ARG(w->path), STR_ARG(tip_note(g, tip)),
             reason_of(g, &why));
        return false;
    }
    count_new(g, w, ref);
    return true;
}

static bool is_tip(const struct vcs_tips *tips, struct str name)
{
    for (uint32_t i = 0; i < tips->count; i++)
        if (str_equal(str_slice(name, strlen(GIT_PREFIX), name.len), tips->tips[i].id))
            return true;
    return false;
}

/* What branches and tags have. Where one cannot be read, all that was published before stays. */
static void read_branches(struct gathering *g, struct gc_workspace *w)
{
    struct vcs_tips tips;
    struct error why;
    enum status status = vcs_read_tips(g->arena, w->path.ptr, LOCK_FILE, &tips, &why);
    bool all = status == STATUS_OK, warned = !all;
    if (status == STATUS_NOT_FOUND) {
        g->blind = true;
        g->why = why;
    } else if (!all)
        warn(g, STR_FMT ": %s; " STAYS, STR_ARG(w->path), reason_of(g, &why));
    for (uint32_t i = 0; i < tips.count; i++)
        all &= read_tip(g, w, &tips.tips[i]);
    for (uint32_t i = 0; i < g->known_count; i++) {
        const struct store_ref *ref = &g->known[i];
        if (!is_of(ref, w) || !str_starts(ref->name, STR(GIT_PREFIX)) || is_tip(&tips, ref->name))
            continue;
        if (all && tips.repository) {
            drop(g, ref);
            continue;
        }
        if (!tips.repository && !warned)
            warn(g, STR_FMT " is in no git repository any more; what its branches have published stays (`refit gc "
                 "--forget` removes it)", STR_ARG(w->path));
        warned = true;
        keep_known(g, w, ref);
    }
}

/* More than was published, if anything was: the store may not have had it then. */
static bool is_news(const struct gathering *g, const struct gc_workspace *w, const struct store_ref *pin)
{
    const struct store_ref *known = find_known(g, w, pin->name);
    return known == NULL || known->root_count < pin->root_count;
}

static bool is_replaced(const struct gathering *g, const struct gc_workspace *w, const struct store_ref *known)
{
    for (uint32_t i = 0; i < g->pin_count; i++)
        if (is_of(&g->pins[i], w) && str_equal(g->pins[i].name, known->name))
            return is_news(g, w, &g->pins[i]);
    return false;
}

/* Pinned runs; and names that are not known here were given by a newer refit. */
static void read_pins(struct gathering *g, struct gc_workspace *w)
{
    for (uint32_t i = 0; i < g->pin_count && w->state == WORKSPACE_READ; i++)
        if (is_of(&g->pins[i], w) && is_news(g, w, &g->pins[i]))
            count_new(g, w, g->pins[i]);
    for (uint32_t i = 0; i < g->known_count; i++) {
        const struct store_ref *ref = &g->known[i];
        bool looked_at = str_is(ref->name, LOCK_FILE) || str_starts(ref->name, STR(GIT_PREFIX)) ||
                         is_replaced(g, w, ref);
        if (is_of(ref, w) && (w->state != WORKSPACE_READ || !looked_at))
            count_ref(g, w, *ref);
    }
}

static void read_workspace(struct gathering *g, struct gc_workspace *w)
{
    struct stat st;
    bool found;
    struct error why;
    for (uint32_t i = 0; i < g->known_count; i++)
        if (is_of(&g->known[i], w) && g->known[i].seen_ms > w->seen_ms)
            w->seen_ms = g->known[i].seen_ms;
    if (is_forgotten(g, w->host, w->path)) {
        let_go(g, w);
        return;
    }
    w->state = str_equal(w->host, g->host) ? WORKSPACE_READ : WORKSPACE_ELSEWHERE;
    if (w->state == WORKSPACE_READ) {
        found = stat(w->path.ptr, &st) == 0;
        if (!found && errno != ENOENT && errno != ENOTDIR) {
            error_errno(&why, STATUS_IO, errno, "cannot look at " STR_FMT, STR_ARG(w->path));
            warn(g, "%s; " STAYS, reason_of(g, &why));
        }
        if (!found)
            w->state = WORKSPACE_GONE;
    }
    if (w->state != WORKSPACE_READ && is_unseen(g, w)) {
        let_go(g, w);
        return;
    }
    if (w->state == WORKSPACE_READ) {
        read_folder(g, w);
        read_branches(g, w);
    }
    read_pins(g, w);
}

static void add_workspace(struct gathering *g, struct str host, struct str path)
{
    struct gc_workspace w = {.host = host, .path = path};
    for (uint32_t i = 0; i < g->out->workspace_count; i++)
        if (str_equal(g->out->workspaces[i].host, host) && str_equal(g->out->workspaces[i].path, path))
            return;
    MEM_GROW(g->out->workspaces, g->out->workspace_count, g->workspace_cap);
    g->out->workspaces[g->out->workspace_count++] = w;
}

static int compare_workspaces(const void *a, const void *b)
{
    const struct gc_workspace *x = a, *y = b;
    int order = str_compare(x->path, y->path);
    return order != 0 ? order : str_compare(x->host, y->host);
}

/* ---- forgetting ---- */

/* A name that is mistyped lets nothing go. */
static enum status check_forget(const struct gathering *g, struct error *err)
{
    const char *path = g->options->forget;
    const struct store_ref *elsewhere = NULL;
    for (uint32_t i = 0; path != NULL && i < g->known_count; i++) {
        if (is_forgotten(g, g->known[i].host, g->known[i].workspace))
            return STATUS_OK;
        if (str_is(g->known[i].workspace, path))
            elsewhere = &g->known[i];
    }
    if (path == NULL)
        return STATUS_OK;
    if (elsewhere != NULL)
        return error_set(err, STATUS_USAGE, "no workspace at %s%s%s has published anything in this store, but one on "
                         STR_FMT "; write `--forget " STR_FMT ":%s`", path, g->options->forget_host ? " on " : "",
                         g->options->forget_host ? g->options->forget_host : "", STR_ARG(elsewhere->host),
                         STR_ARG(elsewhere->host), path);
    return error_set(err, STATUS_USAGE, "no workspace at %s has published anything in this store; `refit gc --dry-run` "
                     "lists those that have", path);
}

static void *settle(struct arena *arena, void *items, size_t count, size_t size)
{
    void *copy = arena_copy(arena, items, count * size);
    free(items);
    return copy;
}

/* The workspace that gc runs in counts, published or not, unless it is to be forgotten. */
static bool is_current_wanted(const struct gathering *g, const struct project *p)
{
    struct error ignored;
    struct stat st;
    bool found;
    if (is_forgotten(g, g->host, p->root))
        return false;
    return g->pin_count > 0 || (fs_lstat(LOCK_FILE, &st, &found, &ignored) == STATUS_OK && found);
}

/* What was published of pins stays where the history cannot say more. */
static void find_pins(struct gathering *g, struct project *p)
{
    struct error why;
    if (pins_read(p, &g->pins, &g->pin_count, &why) == STATUS_OK)
        return;
    g->pin_count = 0;
    warn(g, "%s; what pinned runs have published stays", reason_of(g, &why));
}

enum status roots_read(struct project *p, const struct gc_options *options, struct roots *out, struct error *err)
{
    struct gathering g = {
        .arena = &p->arena, .store = p->store, .options = options, .out = out, .host = host_name(&p->arena)};
    *out = (struct roots){0};
    g.forgotten = options->forget != NULL && options->forget_host == NULL ? realpath(options->forget, NULL) : NULL;
    enum status status = store_get_refs(p->store, &p->arena, &g.known, &g.known_count, &out->sequence, err);
    if (status == STATUS_OK)
        status = check_forget(&g, err);
    if (status == STATUS_OK) {
        find_pins(&g, p);
        for (uint32_t i = 0; i < g.known_count; i++)
            add_workspace(&g, g.known[i].host, g.known[i].workspace);
        if (is_current_wanted(&g, p))
            add_workspace(&g, g.host, p->root);
        for (uint32_t i = 0; i < out->workspace_count; i++)
            read_workspace(&g, &out->workspaces[i]);
        if (out->workspace_count > 1)
            qsort(out->workspaces, out->workspace_count, sizeof *out->workspaces, compare_workspaces);
    }
    if (status == STATUS_OK && g.blind) { /* what branches name may never have been published */
        *err = g.why;
        err->status = status = STATUS_STORE;
    }
    free(g.forgotten);
    out->refs = settle(&p->arena, out->refs, out->count, sizeof *out->refs);
    out->published = settle(&p->arena, out->published, out->published_count, sizeof *out->published);
    out->dropped = settle(&p->arena, out->dropped, out->dropped_count, sizeof *out->dropped);
    out->workspaces = settle(&p->arena, out->workspaces, out->workspace_count, sizeof *out->workspaces);
    return status;
}
