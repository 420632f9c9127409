/* Gates as the manifest declares them, and what is trusted about approvals. Runs nothing of the project. */
#include "cli/gates.h"

enum status gates_open(struct invocation *in, bool pinned, struct gates *out, struct error *err)
{
    *out = (struct gates){.project = NULL};
    enum status status = cli_open_bare(in, &out->project, err);
    if (status == STATUS_OK)
        status = project_read_section(out->project, &in->arena, STR("gates"), &out->declared, err);
    if (status == STATUS_OK)
        status = lock_load(&in->arena, &out->lock, err);
    if (status == STATUS_OK)
        status = gate_trust_open(&in->arena, &out->project->config, out->project->root, &out->trust, err);
    if (status == STATUS_OK && pinned && !out->trust.pinned)
        status = error_set(err, STATUS_MANIFEST, "no policy says whose approvals count; set `approvals.policy` and "
                           "`approvals.signers` in ~/.config/refit/config.yaml");
    return status;
}

void gates_close(struct gates *gates)
{
    project_close(gates->whole);
    project_close(gates->project);
}

static enum status unknown_gate(struct invocation *in, const struct gates *gates, struct str gate, struct error *err)
{
    uint32_t count = gates->declared != NULL && gates->declared->type == VALUE_MAP ? gates->declared->map.count : 0;
    struct str *names = arena_array(&in->arena, struct str, count);
    for (uint32_t i = 0; i < count; i++)
        names[i] = gates->declared->map.pairs[i].key;
    const struct str *nearest = str_nearest(gate, names, count);
    if (nearest != NULL)
        return error_set(err, STATUS_USAGE, "no gate is called `" STR_FMT "`; did you mean `" STR_FMT "`?",
                         STR_ARG(gate), STR_ARG(*nearest));
    return error_set(err, STATUS_USAGE, "no gate is called `" STR_FMT "`; `gates` in the manifest declares them",
                     STR_ARG(gate));
}

/* Only a protected branch asks for the graph: without one, gates can be judged in a project that does not load. */
static enum status find_altered(struct invocation *in, struct gates *gates, struct str gate, struct str *altered,
                                struct error *err)
{
    const struct project *bare = gates->project;
    struct project_options options = {.directory = str_terminated(&in->arena, bare->root)};
    enum status status = STATUS_OK;
    if (!gates->trust.protected_known)
        return STATUS_OK;
    if (in->manifest != NULL && bare->manifest_path.len > 0) /* from the root, where this process is now */
        options.manifest = str_terminated(&in->arena, bare->manifest_path);
    if (gates->whole == NULL)
        status = project_open(&options, &gates->whole, err);
    return status == STATUS_OK ? run_gate_altered(gates->whole, &in->arena, gate, &gates->trust, altered, err) : status;
}

enum status gates_question(struct invocation *in, struct gates *gates, struct str gate, struct str environment,
                           struct gate_question *out, struct error *err)
{
    const struct value *definition = value_get(gates->declared, gate);
    const struct value *verdict = value_get(definition, STR("verdict"));
    const struct lock_stage *stage = lock_find(&gates->lock, gate);
    char hex[DIGEST_HEX + 1];
    if (definition == NULL)
        return unknown_gate(in, gates, gate, err);
    *out = (struct gate_question){
        .gate = gate,
        .definition = definition,
        .verdict_file = verdict != NULL && verdict->type == VALUE_STRING
                            ? verdict->text
                            : str_format(&in->arena, "checks/" STR_FMT ".json", STR_ARG(gate)),
        .environment = environment,
        .stage_key = stage != NULL ? str_dup(&in->arena, str_from(digest_hex(stage->key, hex))) : STR(""),
        .since = STR(""),
        .altered = STR(""),
    };
    return find_altered(in, gates, gate, &out->altered, err);
}
