/* `refit audit`: the log of approvals, and whether it is whole. A reader. */
#include "cli/gates.h"

static const struct option_spec options[] = {
    {OPTION_VERIFY, "verify", NULL, "is every entry there, as it was signed? Exit 4 if not"},
    {0, NULL, NULL, NULL},
};

static void print_entry(struct invocation *in, struct json *j, struct sheet *sheet, const struct gate_entry *entry)
{
    struct str decision = !entry->parsed ? STR("unreadable")
                          : entry->statement.decision == GATE_APPROVE ? STR("approved") : STR("rejected");
    struct str who = entry->principal.len > 0 ? entry->principal : STR("unknown");
    if (!in->json) {
        sheet_add(sheet, PAINT_NONE, output_time(&in->arena, entry->statement.signed_at_ms), decision, who,
                  entry->file);
        return;
    }
    json_open_object(j);
    json_path(j, "file", entry->file);
    json_key(j, "id");
    json_str(j, entry->id);
    json_key(j, "decision");
    json_str(j, decision);
    json_key(j, "who");
    json_str(j, entry->principal);
    json_key(j, "signed_at_ms");
    json_int(j, entry->statement.signed_at_ms);
    json_key(j, "parents");
    json_open_array(j);
    for (uint32_t i = 0; i < entry->statement.parents.count; i++)
        json_str(j, entry->statement.parents.items[i]);
    json_close_array(j);
    json_close_object(j);
}

static enum status list(struct invocation *in, const struct gates *gates, struct error *err)
{
    struct gate_entries entries;
    struct sheet sheet = {.arena = &in->arena};
    struct buf document = {0};
    struct json j;
    enum status status = gate_statements_read(&in->arena, &gates->trust, STR(""), &entries, err);
    if (status != STATUS_OK)
        return status;
    gate_entries_sort(&entries);
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "entries");
    json_open_array(&j);
    for (uint32_t i = 0; i < entries.count; i++)
        print_entry(in, &j, &sheet, &entries.items[i]);
    json_close_array(&j);
    json_close_object(&j);
    if (in->json)
        output_json(&document);
    else
        buf_finish(&document);
    sheet_print(&sheet, output_color(in));
    return STATUS_OK;
}

static void print_audit_json(const struct gate_audit *audit)
{
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "whole");
    json_bool(&j, audit->whole);
    json_key(&j, "entries");
    json_int(&j, audit->entries);
    json_key(&j, "fault");
    json_str(&j, audit->fault);
    json_key(&j, "unpinned");
    json_open_array(&j);
    for (uint32_t i = 0; i < audit->unpinned.count; i++)
        json_path_item(&j, audit->unpinned.items[i]);
    json_close_array(&j);
    json_close_object(&j);
    output_json(&document);
}

static enum status verify(struct invocation *in, const struct gates *gates, struct error *err)
{
    struct gate_audit audit;
    enum status status = gate_audit(&in->arena, &gates->trust, &audit, err);
    if (status != STATUS_OK)
        return status;
    in->exit_status = audit.whole ? 0 : 4;
    if (in->json)
        print_audit_json(&audit);
    else if (audit.whole)
        printf("the log is whole: %u entr%s\n", audit.entries, audit.entries == 1 ? "y" : "ies");
    else
        printf("the log is broken: " STR_FMT "\n", STR_ARG(output_text(&in->arena, audit.fault)));
    if (!in->json && !in->quiet)
        for (uint32_t i = 0; i < audit.unpinned.count; i++)
            printf("not pinned yet: " STR_FMT "\n", STR_ARG(output_text(&in->arena, audit.unpinned.items[i])));
    return STATUS_OK;
}

static enum status run_audit(struct invocation *in, struct error *err)
{
    struct gates gates;
    enum status status = gates_open(in, true, &gates, err);
    if (status == STATUS_OK)
        status = option_given(in, OPTION_VERIFY) ? verify(in, &gates, err) : list(in, &gates, err);
    gates_close(&gates);
    return status;
}

const struct command command_audit = {
    .name = "audit",
    .summary = "list or verify the log of approvals",
    .arguments = "",
    .description =
        "Each statement is a signed entry that names those before it. With --verify: every entry is signed by an\n"
        "allowed signer, every entry that another one or approvals/heads names is there, and so is everything that\n"
        "the protected branch of the policy has. The first broken or missing entry is told, and exit is 4.",
    .examples = "  refit audit\n"
                "  refit audit --verify --json",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .run = run_audit,
};
