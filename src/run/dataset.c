/* Data sets with a declared SHA-256: what has another one fails whatever reads it, and what is missing is got, if it is
 * known from where. What SHA-256 a content has is found once and kept in the state under its digest. */
#include <stdlib.h>

#include "refit/base/path.h"
#include "refit/base/sha256.h"
#include "run/run.h"

/* Both ways: a digest's SHA-256, and the digest of the content that has one. */
static struct str name_of_sum(struct arena *arena, struct digest content)
{
    char hex[DIGEST_HEX + 1];
    return str_format(arena, "sha256 of %s", digest_hex(content, hex));
}

static struct str name_of_content(struct arena *arena, struct str sha256)
{
    return str_format(arena, "content of " STR_FMT, STR_ARG(sha256));
}

enum status dataset_sum(struct project *p, struct arena *arena, const struct manifest_data *set, struct error *err)
{
    char sum[SHA256_HEX + 1];
    struct digest content;
    enum status status = sha256_file(set->path.ptr, sum, &content, err);
    if (status != STATUS_OK)
        return status;
    state_set_value(p->state, name_of_sum(arena, content), str_from(sum));
    state_set_value(p->state, name_of_content(arena, str_from(sum)),
                    (struct str){(const char *)content.bytes, DIGEST_SIZE});
    return STATUS_OK;
}

static void fail(struct check_context *c, const struct manifest_data *set, struct check *out, int exit_status,
                 struct str words)
{
    check_fail(out, exit_status,
               str_format(c->arena, STR_FMT ":%u:%u: " STR_FMT " " STR_FMT, STR_ARG(c->project->manifest_path),
                          set->at.line, set->at.column, STR_ARG(str_printable(c->arena, set->path)), STR_ARG(words)));
}

static void want(struct check_context *c, struct check *out, const struct manifest_data *set, enum unread_work work)
{
    check_want_read(c, out, set->path, DIGEST_DEP, false, 0);
    struct unread *unread = &out->unread[out->unread_count - 1];
    unread->work = work;
    unread->set = set;
}

/* ---- what is missing ---- */

static void add_known(struct check_context *c, struct unread *unread, struct digest content)
{
    for (uint32_t i = 0; i < unread->known_count; i++)
        if (digest_equal(unread->known[i], content))
            return;
    struct digest *grown = arena_array(c->arena, struct digest, unread->known_count + 1u);
    for (uint32_t i = 0; i < unread->known_count; i++)
        grown[i] = unread->known[i];
    grown[unread->known_count++] = content;
    unread->known = grown;
}

/* Digests that its content may have: by the state, and by what refit.lock says that stages have read. */
static enum status find_known(struct check_context *c, struct unread *unread, struct error *err)
{
    struct str kept;
    bool found;
    enum status status = state_get_value(c->project->state, name_of_content(c->arena, unread->set->sha256), c->arena,
                                         &kept, &found, err);
    if (status == STATUS_OK && found && kept.len == DIGEST_SIZE) {
        struct digest content;
        for (size_t i = 0; i < DIGEST_SIZE; i++)
            content.bytes[i] = (uint8_t)kept.ptr[i];
        add_known(c, unread, content);
    }
    if (status == STATUS_OK)
        status = check_load_lock(c, err);
    for (uint32_t i = 0; status == STATUS_OK && i < c->lock->stage_count; i++)
        for (uint32_t k = 0; k < c->lock->stages[i].fields.count; k++) {
            const struct field *field = &c->lock->stages[i].fields.items[k];
            struct record_out content;
            if (field->tag == FIELD_DEP && str_equal(field->name, unread->set->path) &&
                source_parse(field, &content) && content.kind == ENTRY_FILE)
                add_known(c, unread, content.digest);
        }
    return status;
}

static const struct fetch *find_fetch(const struct fetches *fetches, const struct manifest_data *set)
{
    for (uint32_t i = 0; fetches != NULL && i < fetches->count; i++)
        if (fetches->items[i].set == set)
            return &fetches->items[i];
    return NULL;
}

static enum status check_missing(struct check_context *c, const struct manifest_data *set, struct check *out,
                                 struct error *err)
{
    if (c->planning) {
        out->outcome = CHECK_UNKNOWN;
        out->reason = str_format(c->arena, STR_FMT " is missing; a run takes it from the store, or from " STR_FMT,
                                 STR_ARG(str_printable(c->arena, set->path)),
                                 STR_ARG(str_printable(c->arena, set->url)));
        return STATUS_OK;
    }
    want(c, out, set, UNREAD_FETCH);
    return find_known(c, &out->unread[out->unread_count - 1], err);
}

/* ---- what is there ---- */

static enum status check_content(struct check_context *c, const struct manifest_data *set, struct digest content,
                                 struct check *out, struct error *err)
{
    struct str name = name_of_sum(c->arena, content), sum;
    struct error why;
    bool known;
    enum status status = state_get_value(c->project->state, name, c->arena, &sum, &known, err);
    if (status == STATUS_OK && !known && c->planning) {
        status = dataset_sum(c->project, c->arena, set, &why);
        if (status != STATUS_OK)
            return check_fail_or_pass(c, out, &why, err);
        status = state_get_value(c->project->state, name, c->arena, &sum, &known, err);
    }
    if (status != STATUS_OK)
        return status;
    if (!known && c->planning) { /* it is being written */
        out->outcome = CHECK_UNKNOWN;
        out->reason = str_format(c->arena, STR_FMT " changes while it is read",
                                 STR_ARG(str_printable(c->arena, set->path)));
    } else if (!known) {
        want(c, out, set, UNREAD_SUM);
    } else if (!str_equal(sum, set->sha256)) {
        fail(c, set, out, 1,
             str_format(c->arena, "is not what the data set `" STR_FMT "` declares: its sha256 is " STR_FMT ", not "
                        STR_FMT "; put that file there%s, or correct the `sha256`", STR_ARG(set->name), STR_ARG(sum),
                        STR_ARG(set->sha256), set->url.len > 0 ? " (a run gets it if there is none)" : ""));
    }
    return STATUS_OK;
}

enum status dataset_check_found(struct project *p, struct arena *arena, struct str path, const struct input *input,
                                struct str *fault, struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < p->manifest.data_count && status == STATUS_OK && fault->len == 0; i++) {
        const struct manifest_data *set = &p->manifest.data[i];
        struct str sum;
        bool known = false;
        if (set->sha256.len == 0 || !str_equal(set->path, path) || input->kind != ENTRY_FILE)
            continue;
        struct str name = name_of_sum(arena, input->digest);
        status = state_get_value(p->state, name, arena, &sum, &known, err);
        if (status == STATUS_OK && !known)
            status = dataset_sum(p, arena, set, err);
        if (status == STATUS_OK && !known)
            status = state_get_value(p->state, name, arena, &sum, &known, err);
        if (status == STATUS_OK && !(known && str_equal(sum, set->sha256)))
            *fault = str_format(arena, "it read " STR_FMT ", which is not what the data set `" STR_FMT
                                "` declares: its sha256 is " STR_FMT ", not " STR_FMT,
                                STR_ARG(str_printable(arena, path)), STR_ARG(set->name),
                                STR_ARG(known ? sum : STR("another one now")), STR_ARG(set->sha256));
    }
    return status;
}

static enum status check_set(struct check_context *c, const struct manifest_data *set, struct str dep,
                             struct check *out, struct error *err)
{
    struct digest_options options = {.mode = DIGEST_DEP, .budget_bytes = c->budget_bytes};
    const struct fetch *fetch = find_fetch(c->fetches, set);
    struct input now;
    bool complete;
    struct error why;
    if (path_is_below(dep, set->path)) {
        fail(c, set, out, 2,
             str_format(c->arena, "is a file, as the data set `" STR_FMT "` has a `sha256`, and " STR_FMT
                        " would be in it; name the file itself", STR_ARG(set->name),
                        STR_ARG(str_printable(c->arena, dep))));
        return STATUS_OK;
    }
    enum status status = digest_path(c->project->fp, c->arena, set->path, &options, &now, &complete, &why);
    if (status != STATUS_OK)
        return check_fail_or_pass(c, out, &why, err);
    if (!complete || (now.kind == ENTRY_MISSING && set->url.len == 0))
        return STATUS_OK; /* it is read first, as a dep; or whoever wants it says that it is missing */
    if (now.kind == ENTRY_DIRECTORY)
        fail(c, set, out, 2, str_format(c->arena, "is a folder, and a `sha256` is of a file; declare the data set `"
                                        STR_FMT "` without it, or name a file", STR_ARG(set->name)));
    else if (fetch != NULL && fetch->fault.len > 0)
        fail(c, set, out, fetch->exit_status, fetch->fault);
    else if (now.kind == ENTRY_MISSING && now.link.len > 0)
        fail(c, set, out, 1, STR("is a link that leads nowhere, so nothing is got from its `url`; mend or remove it"));
    else if (now.kind == ENTRY_MISSING)
        return check_missing(c, set, out, err);
    else
        return check_content(c, set, now.digest, out, err);
    return STATUS_OK;
}

enum status dataset_check(struct check_context *c, struct str dep, struct check *out, bool *settled, struct error *err)
{
    const struct manifest *m = &c->project->manifest;
    enum status status = STATUS_OK;
    uint32_t wanted = out->unread_count;
    *settled = false;
    for (uint32_t i = 0; i < m->data_count && status == STATUS_OK && !*settled; i++) {
        if (m->data[i].sha256.len == 0 || !manifest_data_concerns(&m->data[i], dep))
            continue;
        status = check_set(c, &m->data[i], dep, out, err);
        *settled = out->outcome == CHECK_FAILED || out->outcome == CHECK_UNKNOWN || out->unread_count > wanted;
    }
    return status;
}

/* ---- what is at work ---- */

static struct fetch *claim(struct fetches *fetches, const struct manifest_data *set)
{
    for (uint32_t i = 0; i < fetches->count; i++)
        if (fetches->items[i].set == set)
            return &fetches->items[i];
    MEM_GROW(fetches->items, fetches->count, fetches->cap);
    fetches->items[fetches->count] = (struct fetch){.set = set, .fault = STR("")};
    return &fetches->items[fetches->count++];
}

bool fetches_are_busy(const struct fetches *fetches, const struct check *check)
{
    for (uint32_t i = 0; i < check->unread_count; i++) {
        const struct fetch *fetch = check->unread[i].set ? find_fetch(fetches, check->unread[i].set) : NULL;
        if (fetch != NULL && fetch->busy)
            return true;
    }
    return false;
}

bool fetches_begin(struct fetches *fetches, const struct check *check)
{
    bool changes = false;
    for (uint32_t i = 0; i < check->unread_count; i++) {
        if (check->unread[i].set != NULL)
            claim(fetches, check->unread[i].set)->busy = true;
        changes |= check->unread[i].work == UNREAD_FETCH;
    }
    return changes;
}

void fetches_end(struct fetches *fetches, struct arena *arena, const struct check *check)
{
    for (uint32_t i = 0; i < check->unread_count; i++) {
        if (check->unread[i].set == NULL)
            continue;
        struct fetch *fetch = claim(fetches, check->unread[i].set);
        fetch->busy = false;
        fetch->fault = str_dup(arena, check->unread[i].fault);
        fetch->exit_status = check->unread[i].exit_status;
    }
}

void fetches_finish(struct fetches *fetches)
{
    free(fetches->items);
    free(fetches->waiting);
}
