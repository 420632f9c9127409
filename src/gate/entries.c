/* Statements of the folder and of the protected branch, and whose signatures they have. */
#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>

#include "refit/base/path.h"

struct gathering {
    struct arena *arena;
    const struct gate_trust *trust;
    struct gate_checker checker;
    struct str gate; /* "" = all */
    struct gate_entry *items; /* malloc'd */
    uint32_t count, cap;
};

const char *gate_state_name(enum gate_state state)
{
    static const char *const names[] = {[GATE_VALID] = "valid", [GATE_VOID] = "void", [GATE_EXPIRED] = "expired",
                                        [GATE_REJECTION] = "rejected", [GATE_NOT_COUNTED] = "not counted"};
    return names[state];
}

/* ---- one statement ---- */

static void not_counted(struct gate_entry *entry, struct str why)
{
    entry->state = GATE_NOT_COUNTED;
    entry->why = why;
}

/* Does it matter when a key was used? */
static bool keys_end(const struct gathering *g)
{
    for (uint32_t i = 0; i < g->trust->signers.count; i++)
        if (strstr(str_terminated(g->arena, g->trust->signers.items[i].options), "valid-") != NULL)
            return true;
    return false;
}

/* Whose key was it when it was used? What it signed stays in the log when its time is over. */
static enum status check_then(struct gathering *g, struct gate_entry *entry, struct str text, struct str signature,
                              enum gate_signature *result, struct error *err)
{
    return gate_checker_check(&g->checker, GATE_NAMESPACE, text, signature, entry->statement.signed_at_ms, result,
                              &entry->principal, &entry->fingerprint, err);
}

static enum status check_signature(struct gathering *g, struct gate_entry *entry, struct str text,
                                   struct str signature, struct error *err)
{
    bool approval = entry->statement.decision == GATE_APPROVE;
    enum gate_signature result, now = GATE_SIGNATURE_GOOD;
    struct str who, key;
    enum status status = check_then(g, entry, text, signature, &result, err);
    /* A rejection holds although the key has expired since: nobody gains by that. */
    if (status == STATUS_OK && approval && result == GATE_SIGNATURE_GOOD && keys_end(g))
        status = gate_checker_check(&g->checker, GATE_NAMESPACE, text, signature, 0, &now, &who, &key, err);
    if (status != STATUS_OK)
        return status;
    entry->genuine = result == GATE_SIGNATURE_GOOD && str_equal(entry->fingerprint, entry->statement.signer);
    if (result == GATE_SIGNATURE_EXPIRED || (result == GATE_SIGNATURE_GOOD && now != GATE_SIGNATURE_GOOD))
        not_counted(entry, STR("the key is outside the time for which the allowed signers have it"));
    else if (result == GATE_SIGNATURE_FOREIGN)
        not_counted(entry, STR("it is not signed by an allowed signer"));
    else if (result == GATE_SIGNATURE_BAD)
        not_counted(entry, STR("the signature is not one of this statement for the namespace " GATE_NAMESPACE));
    else if (!str_equal(entry->fingerprint, entry->statement.signer))
        not_counted(entry, STR("it names another key than the one that signed it"));
    else
        entry->state = approval ? GATE_VALID : GATE_REJECTION;
    return STATUS_OK;
}

static struct str gate_of_path(struct str path)
{
    return path_name(path_parent(path));
}

static enum status check_text(struct gathering *g, struct gate_entry *entry, struct str text, struct error *err)
{
    struct error fault;
    enum status status = gate_sha256(g->arena, text, &entry->id, err);
    if (status != STATUS_OK)
        return status;
    entry->parsed = gate_statement_parse(g->arena, text, entry->file, &entry->statement, &fault) == STATUS_OK;
    if (!entry->parsed) {
        entry->statement = (struct gate_statement){.signed_at_ms = 0};
        not_counted(entry, str_dup(g->arena, str_from(fault.message)));
        return STATUS_OK;
    }
    struct str name = str_slice(path_name(entry->file), 0, path_name(entry->file).len - STR(".json").len);
    if (!str_equal(name, str_slice(entry->id, 0, 16)))
        not_counted(entry, STR("its name is not that of what it says"));
    else if (!str_equal(entry->statement.binding.gate, gate_of_path(entry->file)))
        not_counted(entry, STR("it is of another gate than the folder"));
    return STATUS_OK;
}

static enum status add(struct gathering *g, struct str file, struct str text, bool has_signature,
                       struct str signature, bool protected_only, struct error *err)
{
    struct gate_entry entry = {.file = file, .protected_only = protected_only, .why = STR(""), .id = STR(""),
                               .principal = STR(""), .fingerprint = STR("")};
    enum status status = check_text(g, &entry, text, err);
    if (status == STATUS_OK && entry.why.len == 0 && !has_signature)
        not_counted(&entry, STR("its signature is not there"));
    if (status == STATUS_OK && entry.why.len == 0)
        status = check_signature(g, &entry, text, signature, err);
    if (status != STATUS_OK)
        return status;
    MEM_GROW(g->items, g->count, g->cap);
    g->items[g->count++] = entry;
    return STATUS_OK;
}

/* ---- all of them ---- */

static const struct gate_file *find_protected(const struct gate_trust *trust, struct str path)
{
    for (uint32_t i = 0; i < trust->file_count; i++)
        if (str_equal(trust->files[i].path, path))
            return &trust->files[i];
    return NULL;
}

static struct str signature_path(struct gathering *g, struct str file)
{
    return str_format(g->arena, STR_FMT ".sig", STR_ARG(str_slice(file, 0, file.len - STR(".json").len)));
}

static bool is_wanted(const struct gathering *g, struct str file)
{
    struct str folder = path_parent(file);
    return str_ends(file, STR(".json")) && str_is(path_parent(folder), GATE_FOLDER) &&
           (g->gate.len == 0 || str_equal(path_name(folder), g->gate));
}

static enum status add_local(struct gathering *g, struct str file, struct error *err)
{
    bool found, has_signature;
    struct str text, signature;
    enum status status = gate_folder_read(g->arena, file, &found, &text, err);
    if (status == STATUS_OK)
        status = gate_folder_read(g->arena, signature_path(g, file), &has_signature, &signature, err);
    return status == STATUS_OK && found ? add(g, file, text, has_signature, signature, false, err) : status;
}

/* What the protected branch has and the folder has not, or has otherwise. */
static enum status add_protected(struct gathering *g, const struct gate_file *file, struct error *err)
{
    bool found, has_signature;
    struct str text, signature, path = signature_path(g, file->path);
    const struct gate_file *other = find_protected(g->trust, path);
    enum status status = gate_folder_read(g->arena, file->path, &found, &text, err);
    if (status == STATUS_OK)
        status = gate_folder_read(g->arena, path, &has_signature, &signature, err);
    if (status != STATUS_OK)
        return status;
    bool same = found && str_equal(text, file->bytes) && has_signature == (other != NULL) &&
                (other == NULL || str_equal(signature, other->bytes));
    if (same)
        return STATUS_OK;
    return add(g, file->path, file->bytes, other != NULL, other != NULL ? other->bytes : STR(""), true, err);
}

static int compare_entries(const void *a, const void *b)
{
    const struct gate_entry *x = a, *y = b;
    int order = str_compare(gate_of_path(x->file), gate_of_path(y->file));
    if (order == 0 && x->statement.signed_at_ms != y->statement.signed_at_ms)
        order = x->statement.signed_at_ms < y->statement.signed_at_ms ? -1 : 1;
    if (order == 0 && x->depth != y->depth)
        order = x->depth < y->depth ? -1 : 1;
    if (order == 0)
        order = str_compare(x->file, y->file);
    return order != 0 ? order : x->protected_only - y->protected_only;
}

static int compare_depths(const void *a, const void *b)
{
    const struct gate_entry *x = a, *y = b;
    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    return compare_entries(a, b);
}

void gate_entries_sort(struct gate_entries *entries)
{
    if (entries->count > 1)
        qsort(entries->items, entries->count, sizeof *entries->items, compare_depths);
}

static bool deepen(struct gathering *g, const struct table *index)
{
    bool changed = false;
    for (uint32_t i = 0; i < g->count; i++) {
        const struct gate_names *parents = &g->items[i].statement.parents;
        for (uint32_t j = 0; j < parents->count; j++) {
            uint32_t at = table_get(index, parents->items[j]);
            if (at == TABLE_NONE || g->items[at].depth < g->items[i].depth || g->items[i].depth >= g->count)
                continue;
            g->items[i].depth = g->items[at].depth + 1;
            changed = true;
        }
    }
    return changed;
}

/* Nearly in order by time, so that a pass or two will do. There are no circles: a digest cannot contain itself. */
static void measure_depths(struct gathering *g)
{
    struct table index = {0};
    for (uint32_t i = 0; i < g->count; i++)
        if (g->items[i].parsed)
            table_add(&index, g->items[i].id, i);
    for (uint32_t i = 0; i < g->count && deepen(g, &index); i++)
        continue;
    table_finish(&index);
}

static enum status gather(struct gathering *g, struct error *err)
{
    struct gate_names files;
    enum status status = gate_folder_list(g->arena, &files, err);
    for (uint32_t i = 0; i < files.count && status == STATUS_OK; i++)
        if (is_wanted(g, files.items[i]))
            status = add_local(g, files.items[i], err);
    for (uint32_t i = 0; i < g->trust->file_count && status == STATUS_OK; i++)
        if (is_wanted(g, g->trust->files[i].path))
            status = add_protected(g, &g->trust->files[i], err);
    return status;
}

enum status gate_statements_read(struct arena *arena, const struct gate_trust *trust, struct str gate,
                                 struct gate_entries *out, struct error *err)
{
    struct gathering g = {.arena = arena, .trust = trust, .gate = gate};
    enum status status = gate_checker_open(arena, &trust->signers, &g.checker, err);
    if (status == STATUS_OK)
        status = gather(&g, err);
    gate_checker_close(&g.checker);
    if (g.count > 1)
        qsort(g.items, g.count, sizeof *g.items, compare_entries);
    measure_depths(&g);
    if (g.count > 1)
        qsort(g.items, g.count, sizeof *g.items, compare_entries);
    *out = (struct gate_entries){arena_copy(arena, g.items, mem_product(g.count, sizeof *g.items)), g.count};
    free(g.items);
    return status;
}

/* ---- heads ---- */

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

void gate_entries_heads(struct arena *arena, const struct gate_entries *entries, struct gate_names *out)
{
    struct table parents = {0};
    for (uint32_t i = 0; i < entries->count; i++)
        for (uint32_t j = 0; entries->items[i].genuine && j < entries->items[i].statement.parents.count; j++)
            table_add(&parents, entries->items[i].statement.parents.items[j], 0);
    *out = (struct gate_names){arena_array(arena, struct str, entries->count), 0};
    for (uint32_t i = 0; i < entries->count; i++) {
        struct str id = entries->items[i].id;
        if (entries->items[i].genuine && table_add(&parents, id, 1) == 1 && !gate_names_have(out, id))
            out->items[out->count++] = id;
    }
    table_finish(&parents);
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, compare_names);
}
