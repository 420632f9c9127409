/* The log: is everything there that was, as it was signed? */
#include "gate/gate.h"

struct auditing {
    struct arena *arena;
    const struct gate_trust *trust;
    struct gate_entries entries; /* in the order of the log */
    struct table index;          /* id → entry of the folder */
    struct gate_names heads;     /* those of approvals/heads here */
    struct gate_names pinned;    /* those of the protected branch */
    struct gate_audit *out;
};

/* The first fault stays. */
static void fault(struct auditing *a, struct str text)
{
    if (a->out->fault.len == 0)
        a->out->fault = text;
    a->out->whole = false;
}

bool gate_heads_parse(struct arena *arena, struct str text, struct gate_names *out)
{
    out->count = 0;
    out->items = arena_array(arena, struct str, text.len / (SHA256_HEX + 1) + 1);
    while (text.len > 0) {
        if (text.len <= SHA256_HEX || text.ptr[SHA256_HEX] != '\n' ||
            !gate_is_hex(str_slice(text, 0, SHA256_HEX), SHA256_HEX))
            return false;
        out->items[out->count++] = str_slice(text, 0, SHA256_HEX);
        text = str_slice(text, SHA256_HEX + 1, text.len);
    }
    return true;
}

bool gate_entries_have(const struct gate_entries *entries, struct str id)
{
    for (uint32_t i = 0; i < entries->count; i++)
        if (entries->items[i].genuine && !entries->items[i].protected_only && str_equal(entries->items[i].id, id))
            return true;
    return false;
}

/* ---- entries ---- */

static void check_entry(struct auditing *a, const struct gate_entry *entry)
{
    struct str file = str_printable(a->arena, entry->file);
    if (entry->protected_only)
        fault(a, str_format(a->arena, STR_FMT ": the protected branch has it, and here it is missing or not the same",
                            STR_ARG(file)));
    else if (!entry->genuine)
        fault(a, str_format(a->arena, STR_FMT ": " STR_FMT, STR_ARG(file),
                            STR_ARG(str_printable(a->arena, entry->why))));
    a->out->entries += entry->genuine && !entry->protected_only;
}

static void check_parents(struct auditing *a, const struct gate_entry *entry)
{
    const struct gate_names *parents = &entry->statement.parents;
    for (uint32_t i = 0; i < parents->count && entry->genuine; i++)
        if (table_get(&a->index, parents->items[i]) == TABLE_NONE)
            fault(a, str_format(a->arena, STR_FMT ": the entry before it is missing, " STR_FMT ".json",
                                STR_ARG(str_printable(a->arena, entry->file)),
                                STR_ARG(str_slice(parents->items[i], 0, 16))));
}

/* ---- heads ---- */

static void check_heads(struct auditing *a, const struct gate_names *heads, const char *where)
{
    for (uint32_t i = 0; i < heads->count; i++)
        if (table_get(&a->index, heads->items[i]) == TABLE_NONE)
            fault(a, str_format(a->arena, STR_FMT ".json: %s names it, and it is missing",
                                STR_ARG(str_slice(heads->items[i], 0, 16)), where));
}

static void read_pin(struct auditing *a)
{
    for (uint32_t i = 0; i < a->trust->file_count; i++)
        if (str_is(a->trust->files[i].path, GATE_HEADS) &&
            !gate_heads_parse(a->arena, a->trust->files[i].bytes, &a->pinned))
            fault(a, STR(GATE_HEADS " of the protected branch has lines that are no SHA-256"));
}

/* A depth-first walk from the heads; what it does not reach is not pinned. */
static void find_unpinned(struct auditing *a)
{
    const struct gate_names *heads = a->trust->protected_known ? &a->pinned : &a->heads;
    uint32_t count = a->entries.count, depth = 0;
    bool *seen = arena_array(a->arena, bool, count);
    uint32_t *stack = arena_array(a->arena, uint32_t, count);
    a->out->unpinned = (struct gate_names){arena_array(a->arena, struct str, count), 0};
    for (uint32_t i = 0; i < heads->count; i++) {
        const struct gate_names *next = &(struct gate_names){&heads->items[i], 1};
        while (next != NULL) {
            for (uint32_t k = 0; k < next->count; k++) {
                uint32_t at = table_get(&a->index, next->items[k]);
                if (at == TABLE_NONE || seen[at])
                    continue;
                seen[at] = true;
                stack[depth++] = at;
            }
            next = depth > 0 ? &a->entries.items[stack[--depth]].statement.parents : NULL;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        if (!seen[i] && a->entries.items[i].genuine && !a->entries.items[i].protected_only)
            a->out->unpinned.items[a->out->unpinned.count++] = a->entries.items[i].file;
}

/* ---- all of it ---- */

static enum status read_all(struct auditing *a, struct error *err)
{
    bool found;
    struct str text;
    enum status status = gate_statements_read(a->arena, a->trust, STR(""), &a->entries, err);
    if (status == STATUS_OK)
        status = gate_folder_read(a->arena, STR(GATE_HEADS), &found, &text, err);
    if (status != STATUS_OK)
        return status;
    gate_entries_sort(&a->entries);
    for (uint32_t i = 0; i < a->entries.count; i++)
        if (a->entries.items[i].genuine && !a->entries.items[i].protected_only)
            table_add(&a->index, a->entries.items[i].id, i);
    if (!gate_heads_parse(a->arena, text, &a->heads))
        fault(a, STR(GATE_HEADS " has lines that are no SHA-256"));
    else if (!found && a->index.count > 0)
        fault(a, STR(GATE_HEADS " is missing"));
    else if (a->heads.count == 0 && a->index.count > 0)
        fault(a, STR(GATE_HEADS " is empty, and there are entries"));
    return STATUS_OK;
}

enum status gate_audit(struct arena *arena, const struct gate_trust *trust, struct gate_audit *out, struct error *err)
{
    struct auditing a = {.arena = arena, .trust = trust, .out = out};
    *out = (struct gate_audit){.whole = true, .fault = STR("")};
    enum status status = read_all(&a, err);
    if (status == STATUS_OK) {
        for (uint32_t i = 0; i < a.entries.count; i++)
            check_entry(&a, &a.entries.items[i]);
        for (uint32_t i = 0; i < a.entries.count; i++) /* what is there tells more than what is not */
            check_parents(&a, &a.entries.items[i]);
        read_pin(&a);
        check_heads(&a, &a.pinned, GATE_HEADS " of the protected branch");
        check_heads(&a, &a.heads, GATE_HEADS);
        find_unpinned(&a);
    }
    table_finish(&a.index);
    return status;
}
