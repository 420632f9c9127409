/* `refit approve` and `refit reject`: a signed word about a model at a gate. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/gates.h"
#include "refit/base/fs.h"
#include "refit/base/path.h"

enum { EXPIRES_DAYS = 14, FINDINGS_MAX = 20 };

static const struct option_spec approve_options[] = {
    {OPTION_KEY, "key", "FILE", "sign with this SSH key (default: approvals.key, or the first in ~/.ssh)"},
    {OPTION_EXPIRES, "expires", "TIME", "how long it is good, such as 14d (default: as the policy says, at most 14d)"},
    {OPTION_ENVIRONMENT, "environment", "NAME", "approve for this environment of the policy alone"},
    {OPTION_REASON, "reason", "TEXT", "why"},
    {0, NULL, NULL, NULL},
};

static const struct option_spec reject_options[] = {
    {OPTION_KEY, "key", "FILE", "sign with this SSH key (default: approvals.key, or the first in ~/.ssh)"},
    {OPTION_ENVIRONMENT, "environment", "NAME", "reject for this environment of the policy alone"},
    {OPTION_REASON, "reason", "TEXT", "why; must be given"},
    {0, NULL, NULL, NULL},
};

struct approving {
    struct invocation *in;
    struct gates gates;
    struct gate_question question;
    struct gate_verdict verdict;
    struct gate_statement statement;
    const char *key;
    struct str file;
    struct gate_judgement judgement;
};

/* ---- what was asked for ---- */

static enum status find_key(struct approving *a, struct error *err)
{
    static const char *const usual[] = {"id_ed25519", "id_ecdsa", "id_ed25519_sk", "id_ecdsa_sk", "id_rsa"};
    struct arena *arena = &a->in->arena;
    const struct project *p = a->gates.project;
    const char *given = option_text(a->in, OPTION_KEY), *home = getenv("HOME");
    struct str path;
    if (given != NULL) {
        enum status status = path_make(arena, p->root, p->cwd, str_from(given), &path, err);
        a->key = status == STATUS_OK ? path.ptr : NULL;
        return status;
    }
    for (uint32_t i = 0; i < p->config.entry_count; i++)
        if (str_is(p->config.entries[i].name, "approvals.key") && p->config.entries[i].value.len > 0)
            a->key = str_terminated(arena, p->config.entries[i].value);
    for (size_t i = 0; a->key == NULL && home != NULL && i < sizeof usual / sizeof *usual; i++) {
        const char *name = str_format(arena, "%s/.ssh/%s", home, usual[i]).ptr;
        if (access(name, R_OK) == 0)
            a->key = name;
    }
    if (a->key == NULL)
        return error_set(err, STATUS_NOT_FOUND, "there is no SSH key in ~/.ssh to sign with; name one with --key, or "
                         "make one with ssh-keygen");
    return STATUS_OK;
}

static enum status find_environment(struct approving *a, struct str *out, struct error *err)
{
    const struct gate_policy *policy = &a->gates.trust.policy;
    const char *given = option_text(a->in, OPTION_ENVIRONMENT);
    *out = str_from(given);
    if (given != NULL && gate_policy_environment(policy, *out) == NULL)
        return error_set(err, STATUS_USAGE, "the policy has no environment `%s`", given);
    return STATUS_OK;
}

static enum status find_expiry(struct approving *a, const struct gate_rule *rule, int64_t now_ms, struct error *err)
{
    const char *given = option_text(a->in, OPTION_EXPIRES);
    uint64_t lasts_ms = (uint64_t)EXPIRES_DAYS * 24 * 3600 * 1000;
    if (rule->expires_ms > 0 && (given != NULL || (uint64_t)rule->expires_ms < lasts_ms))
        lasts_ms = (uint64_t)rule->expires_ms;
    uint64_t most_ms = rule->expires_ms > 0 ? (uint64_t)rule->expires_ms : (uint64_t)3650 * 24 * 3600 * 1000;
    if (given != NULL && (!parse_duration_ms(str_from(given), &lasts_ms) || lasts_ms < 1000))
        return error_set(err, STATUS_USAGE, "--expires takes a duration, such as 14d, not `%s`", given);
    if (lasts_ms > most_ms)
        return error_set(err, STATUS_USAGE, "--expires %s is longer than the policy lets an approval last, %llu hours",
                         given, (unsigned long long)(most_ms / 3600000));
    a->statement.expires_at_ms = now_ms + (int64_t)(lasts_ms / 1000 * 1000);
    return STATUS_OK;
}

/* ---- showing it ---- */

static struct str short_digest(struct str digest)
{
    return str_slice(digest, 0, digest.len < 16 ? digest.len : 16);
}

static void show_binding(struct approving *a)
{
    const struct gate_binding *b = &a->statement.binding;
    struct sheet sheet = {.arena = &a->in->arena};
    static const char *const outcomes[] = {"pass", "pass, with warnings", "fail", "needs approval"};
    bool approval = a->statement.decision == GATE_APPROVE;
    sheet_add(&sheet, PAINT_NONE, approval ? STR("approving") : STR("rejecting"), b->model,
              short_digest(b->model_sha256), STR(""));
    sheet_add(&sheet, PAINT_NONE, STR("at gate"), b->gate, str_from(outcomes[a->verdict.outcome]), STR(""));
    for (uint32_t i = 0; i < a->verdict.findings.count && i < FINDINGS_MAX; i++)
        sheet_add(&sheet, PAINT_NONE, STR("finding"), STR(""), a->verdict.findings.items[i], STR(""));
    if (a->verdict.findings.count > FINDINGS_MAX)
        sheet_add(&sheet, PAINT_NONE, STR("findings"),
                  str_format(&a->in->arena, "%u more", a->verdict.findings.count - FINDINGS_MAX), STR(""), STR(""));
    sheet_add(&sheet, PAINT_NONE, STR("report"), a->question.verdict_file, short_digest(b->report), STR(""));
    sheet_add(&sheet, PAINT_NONE, STR("definition"), STR(""), short_digest(b->policy), STR(""));
    sheet_add(&sheet, PAINT_NONE, STR("test data"), STR(""), short_digest(b->test_set), STR(""));
    sheet_add(&sheet, PAINT_NONE, STR("baseline"), STR(""), short_digest(b->baseline), STR(""));
    sheet_add(&sheet, PAINT_NONE, STR("repository"), b->repository, STR(""), STR(""));
    if (b->environment.len > 0)
        sheet_add(&sheet, PAINT_NONE, STR("environment"), b->environment, STR(""), STR(""));
    if (a->statement.reason.len > 0)
        sheet_add(&sheet, PAINT_NONE, STR("reason"), a->statement.reason, STR(""), STR(""));
    if (approval)
        sheet_add(&sheet, PAINT_NONE, STR("good until"), output_time(&a->in->arena, a->statement.expires_at_ms),
                  STR(""), STR(""));
    sheet_print(&sheet, output_color(a->in));
    fflush(stdout); /* before ssh-keygen asks for a passphrase */
}

static const struct gate_entry *written_entry(const struct approving *a)
{
    for (uint32_t i = 0; i < a->judgement.entries.count; i++)
        if (str_equal(a->judgement.entries.items[i].file, a->file))
            return &a->judgement.entries.items[i];
    return NULL;
}

static void show_result(struct approving *a)
{
    const struct gate_entry *entry = written_entry(a);
    struct str state = entry != NULL ? str_from(gate_state_name(entry->state)) : STR("");
    if (a->in->json) {
        struct buf document = {0};
        struct json j;
        json_init(&j, &document);
        json_open_object(&j);
        json_path(&j, "file", a->file);
        json_key(&j, "state");
        json_str(&j, state);
        json_key(&j, "why");
        json_str(&j, entry != NULL ? entry->why : STR(""));
        json_key(&j, "outcome");
        json_str(&j, str_from(gate_outcome_name(a->judgement.outcome)));
        json_key(&j, "message");
        json_str(&j, a->judgement.message);
        json_close_object(&j);
        output_json(&document);
        return;
    }
    printf("wrote " STR_FMT "; commit it with its .sig and " GATE_HEADS "\n", STR_ARG(a->file));
    if (entry != NULL && entry->state == GATE_NOT_COUNTED)
        output_warn(a->in, str_format(&a->in->arena, "it does not count: " STR_FMT, STR_ARG(entry->why)));
    if (a->judgement.message.len > 0)
        printf(STR_FMT "\n", STR_ARG(output_text(&a->in->arena, a->judgement.message)));
}

/* ---- doing it ---- */

static enum status prepare(struct approving *a, enum gate_decision decision, struct error *err)
{
    struct str gate = a->in->arguments[0], environment;
    int64_t now_ms = clock_wall_ms() / 1000 * 1000;
    enum status status = find_environment(a, &environment, err);
    if (status == STATUS_OK)
        status = gates_question(a->in, &a->gates, gate, environment, &a->question, err);
    if (status != STATUS_OK)
        return status;
    const struct gate_rule *rule = gate_policy_rule(&a->gates.trust.policy, gate);
    if (rule == NULL)
        return error_set(err, STATUS_MANIFEST, "the policy has no rule for gate `" STR_FMT "`, so nobody's word "
                         "counts; add it there", STR_ARG(gate));
    a->statement.decision = decision;
    a->statement.signed_at_ms = now_ms;
    a->statement.reason = str_from(option_text(a->in, OPTION_REASON));
    if (decision == GATE_APPROVE)
        status = find_expiry(a, rule, now_ms, err);
    else if (a->statement.reason.len == 0)
        status = error_set(err, STATUS_USAGE, "a rejection needs its reason; say it with --reason TEXT");
    if (status == STATUS_OK)
        status = find_key(a, err);
    if (status == STATUS_OK)
        status = gate_bind(&a->in->arena, &a->question, &a->gates.trust, &a->verdict, &a->statement.binding, err);
    return status;
}

static enum status decide(struct approving *a, enum gate_decision decision, struct error *err)
{
    struct arena *arena = &a->in->arena;
    enum status status = gates_open(a->in, true, &a->gates, err);
    if (status == STATUS_OK)
        status = prepare(a, decision, err);
    if (status != STATUS_OK)
        return status;
    if (decision == GATE_APPROVE && a->verdict.outcome == GATE_VERDICT_FAIL) {
        a->in->exit_status = 4;
        return error_set(err, STATUS_FAILED, "gate `" STR_FMT "` failed, and no approval helps; " STR_FMT " says why",
                         STR_ARG(a->question.gate), STR_ARG(a->question.verdict_file));
    }
    if (!a->in->json && !a->in->quiet)
        show_binding(a);
    status = gate_sign(arena, &a->gates.trust, a->key, &a->statement, &a->file, err);
    if (status == STATUS_OK)
        status = gate_judge(arena, &a->question, &a->gates.trust, clock_wall_ms(), &a->judgement, err);
    if (status == STATUS_OK)
        show_result(a);
    return status;
}

static enum status run(struct invocation *in, enum gate_decision decision, struct error *err)
{
    struct approving a = {.in = in};
    enum status status = decide(&a, decision, err);
    gates_close(&a.gates);
    return status;
}

static enum status run_approve(struct invocation *in, struct error *err)
{
    return run(in, GATE_APPROVE, err);
}

static enum status run_reject(struct invocation *in, struct error *err)
{
    return run(in, GATE_REJECT, err);
}

const struct command command_approve = {
    .name = "approve",
    .summary = "let a model through a gate, signed with your SSH key",
    .arguments = "GATE",
    .description =
        "Signs what the gate's verdict is about: the model, the report, the test data, the gate's definition and\n"
        "the baseline, as they are on disk. When one of them changes, the approval is void. It is written to\n"
        "approvals/GATE, for git. Whether it counts is decided by the policy and the list of allowed signers that\n"
        "this machine's configuration pins (approvals.policy, approvals.signers).",
    .examples = "  refit approve release\n"
                "  refit approve release --key ~/.ssh/id_work --expires 7d --reason 'slice 7 has 40 rows'",
    .options = approve_options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run_approve,
};

const struct command command_reject = {
    .name = "reject",
    .summary = "stop a model at a gate, signed with your SSH key",
    .arguments = "GATE",
    .description =
        "A rejection wins over all approvals, and holds for the model's bytes whatever else is changed. It is\n"
        "written to approvals/GATE; on the protected branch of the policy nobody can take it away.",
    .examples = "  refit reject release --reason 'worse on handwritten sevens'",
    .options = reject_options,
    .common = COMMON_PROJECT | COMMON_OUTPUT | COMMON_JSON,
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run_reject,
};
