/* `refit approvals`: what was signed, and whether it counts. A reader. */
#include <stdlib.h>

#include "cli/gates.h"
#include "refit/base/fs.h"

struct listing {
    struct invocation *in;
    struct gates gates;
    struct json j;
    struct sheet sheet;
    struct judged { /* a gate in an environment */
        struct str gate, environment;
        struct gate_judgement judgement;
        enum status status;
        struct error why;
    } **judged; /* malloc'd */
    uint32_t count, cap;
};

/* Each gate is judged once for each environment that a statement names. */
static const struct judged *judge(struct listing *l, struct str gate, struct str environment)
{
    struct gate_question question;
    for (uint32_t i = 0; i < l->count; i++)
        if (str_equal(l->judged[i]->gate, gate) && str_equal(l->judged[i]->environment, environment))
            return l->judged[i];
    struct judged *made = arena_new(&l->in->arena, struct judged);
    *made = (struct judged){.gate = gate, .environment = environment};
    made->status = gates_question(l->in, &l->gates, gate, environment, &question, &made->why);
    if (made->status == STATUS_OK)
        made->status = gate_judge(&l->in->arena, &question, &l->gates.trust, clock_wall_ms(), &made->judgement,
                                  &made->why);
    MEM_GROW(l->judged, l->count, l->cap);
    return l->judged[l->count++] = made;
}

static enum paint paint_of(enum gate_state state)
{
    static const enum paint paints[] = {[GATE_VALID] = PAINT_GOOD, [GATE_VOID] = PAINT_DIM,
                                        [GATE_EXPIRED] = PAINT_CHANGE, [GATE_REJECTION] = PAINT_BAD,
                                        [GATE_NOT_COUNTED] = PAINT_CHANGE};
    return paints[state];
}

static void put_time(struct json *j, const char *key, int64_t at_ms)
{
    json_key(j, key);
    if (at_ms != 0)
        json_int(j, at_ms);
    else
        json_null(j);
}

static void print_json(struct listing *l, const struct gate_entry *entry)
{
    const struct gate_statement *s = &entry->statement;
    struct json *j = &l->j;
    json_open_object(j);
    json_path(j, "file", entry->file);
    json_put_str(j, "state", str_from(gate_state_name(entry->state)));
    json_put_str(j, "why", entry->why);
    json_put_str(j, "id", entry->id);
    json_put_str(j, "decision",
                 !entry->parsed ? STR("") : s->decision == GATE_APPROVE ? STR("approve") : STR("reject"));
    json_put_str(j, "who", entry->principal);
    json_put_str(j, "key", entry->fingerprint);
    json_put_str(j, "gate", s->binding.gate);
    json_put_str(j, "environment", s->binding.environment);
    json_put_str(j, "model", s->binding.model);
    json_put_str(j, "model_sha256", s->binding.model_sha256);
    json_put_str(j, "reason", s->reason);
    put_time(j, "signed_at_ms", s->signed_at_ms);
    put_time(j, "expires_at_ms", s->expires_at_ms);
    json_key(j, "protected_only");
    json_bool(j, entry->protected_only);
    json_close_object(j);
}

static void print(struct listing *l, const struct gate_entry *entry)
{
    struct arena *arena = &l->in->arena;
    if (l->in->json) {
        print_json(l, entry);
        return;
    }
    struct str who = entry->principal.len > 0 ? entry->principal : STR("unknown");
    struct str until = entry->state == GATE_VALID
                           ? str_format(arena, "until " STR_FMT,
                                        STR_ARG(output_time(arena, entry->statement.expires_at_ms)))
                           : entry->why;
    struct str environment = entry->statement.binding.environment;
    if (environment.len > 0)
        until = str_format(arena, "for " STR_FMT ", " STR_FMT, STR_ARG(str_printable(arena, environment)),
                           STR_ARG(until));
    sheet_add(&l->sheet, paint_of(entry->state), entry->file, str_from(gate_state_name(entry->state)), who, until);
}

/* A fault of this machine, and not one of what is judged. */
static bool is_ours(enum status status)
{
    return status != STATUS_OK && (status == STATUS_INTERRUPTED || status_exit(status) == status_exit(STATUS_IO));
}

/* As it was judged for the environment that it is for. */
static void take_state(struct listing *l, const struct judged *judged, struct gate_entry *entry)
{
    const struct gate_entries *entries = &judged->judgement.entries;
    for (uint32_t i = 0; i < entries->count; i++)
        if (str_equal(entries->items[i].file, entry->file) &&
            entries->items[i].protected_only == entry->protected_only)
            *entry = entries->items[i];
    if (judged->status != STATUS_OK && entry->state == GATE_VALID) { /* there is nothing now that it could be for */
        entry->state = GATE_VOID;
        entry->why = str_dup(&l->in->arena, str_from(judged->why.message));
    }
}

static enum status list(struct listing *l, struct gate_entry *entry, struct error *err)
{
    if (entry->state == GATE_VALID || entry->state == GATE_REJECTION) {
        const struct gate_binding *b = &entry->statement.binding;
        const struct judged *judged = judge(l, b->gate, b->environment);
        if (is_ours(judged->status)) {
            *err = judged->why;
            return judged->status;
        }
        take_state(l, judged, entry);
    }
    print(l, entry);
    return STATUS_OK;
}

/* ---- gates ---- */

static void print_gate(struct listing *l, struct str gate, const struct gate_judgement *judgement, const char *fault)
{
    struct json *j = &l->j;
    struct arena *arena = &l->in->arena;
    struct str outcome = fault != NULL ? STR("") : str_from(gate_outcome_name(judgement->outcome));
    struct str message = fault != NULL ? str_dup(arena, str_from(fault)) : judgement->message;
    if (!l->in->json) {
        printf("%s" STR_FMT "\n", outcome.len > 0 && message.len == 0 ? "pass: gate " : "",
               STR_ARG(output_text(arena, message.len > 0 ? message : gate)));
        return;
    }
    json_open_object(j);
    json_put_str(j, "gate", gate);
    json_put_str(j, "outcome", outcome);
    json_put_str(j, "message", message);
    json_key(j, "have");
    json_int(j, fault != NULL ? 0 : judgement->have);
    json_key(j, "need");
    json_int(j, fault != NULL ? 0 : judgement->need);
    json_close_object(j);
}

/* What comes of it, for each gate that is declared. */
static enum status list_gates(struct listing *l, struct str only, struct error *err)
{
    const struct value *declared = l->gates.declared;
    uint32_t count = declared != NULL && declared->type == VALUE_MAP ? declared->map.count : 0;
    struct str environment = str_from(option_text(l->in, OPTION_ENVIRONMENT));
    for (uint32_t i = 0; i < count; i++) {
        struct str gate = declared->map.pairs[i].key;
        if (only.len > 0 && !str_equal(only, gate))
            continue;
        const struct judged *judged = judge(l, gate, environment);
        if (is_ours(judged->status)) {
            *err = judged->why;
            return judged->status;
        }
        print_gate(l, gate, &judged->judgement, judged->status != STATUS_OK ? judged->why.message : NULL);
    }
    return STATUS_OK;
}

static enum status list_all(struct listing *l, struct error *err)
{
    struct gate_entries entries;
    struct str gate = l->in->argument_count > 0 ? l->in->arguments[0] : STR("");
    struct buf document = {0};
    enum status status = gate_statements_read(&l->in->arena, &l->gates.trust, gate, &entries, err);
    if (status == STATUS_OK && gate.len > 0 && entries.count == 0 && value_get(l->gates.declared, gate) == NULL)
        status = error_set(err, STATUS_NOT_FOUND, "there is no gate `" STR_FMT "`, and nothing was signed for one",
                           STR_ARG(str_printable(&l->in->arena, gate)));
    if (status != STATUS_OK)
        return status;
    json_init(&l->j, &document);
    json_open_object(&l->j);
    json_key(&l->j, "approvals");
    json_open_array(&l->j);
    for (uint32_t i = 0; i < entries.count && status == STATUS_OK; i++)
        status = list(l, &entries.items[i], err);
    json_close_array(&l->j);
    sheet_print(&l->sheet, output_color(l->in));
    if (status == STATUS_OK && !l->in->json && entries.count == 0)
        printf("no approvals\n");
    json_key(&l->j, "gates");
    json_open_array(&l->j);
    if (status == STATUS_OK)
        status = list_gates(l, gate, err);
    json_close_array(&l->j);
    json_key(&l->j, "pinned");
    json_bool(&l->j, l->gates.trust.pinned);
    json_close_object(&l->j);
    if (status == STATUS_OK && l->in->json)
        output_json(&document);
    else
        buf_finish(&document);
    return status;
}

static enum status run_approvals(struct invocation *in, struct error *err)
{
    struct listing l = {.in = in, .sheet.arena = &in->arena};
    enum status status = gates_open(in, false, &l.gates, err);
    if (status == STATUS_OK && !l.gates.trust.pinned)
        output_warn(in, STR("no policy is pinned (approvals.policy, approvals.signers), so nobody's approval counts"));
    if (status == STATUS_OK)
        status = list_all(&l, err);
    gates_close(&l.gates);
    free(l.judged);
    return status;
}

static const struct option_spec options[] = {
    {OPTION_ENVIRONMENT, "environment", "NAME", "judge the gates for this environment"},
    {0, NULL, NULL, NULL},
};

const struct command command_approvals = {
    .name = "approvals",
    .summary = "list approvals and rejections, and whether they count",
    .arguments = "[GATE]",
    .description =
        "Each has a state: valid; void, since something that it was given for has changed; expired; rejected, a\n"
        "rejection that holds; not counted, with the reason. Signatures are verified with the allowed signers that\n"
        "this machine's configuration pins, and the protected branch is read where the policy names one. At the\n"
        "end it says what comes of it for each gate.",
    .examples = "  refit approvals\n"
                "  refit approvals release --json",
    .options = options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_max = 1,
    .run = run_approvals,
};
