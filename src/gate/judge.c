/* A verdict and the approvals that there are: may what depends on the gate go on? */
#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>

enum { CLOCKS_DIFFER_MS = 5 * 60 * 1000 };

struct judging {
    struct arena *arena;
    const struct gate_question *question;
    const struct gate_trust *trust;
    int64_t now_ms;
    struct gate_strict_rule rule;
    struct gate_verdict verdict;
    struct gate_binding binding; /* as of now */
    struct gate_authors authors;
    bool authors_read;
    struct gate_names people, keys; /* that were counted */
    struct gate_judgement *out;
};

const char *gate_outcome_name(enum gate_outcome outcome)
{
    static const char *const names[] = {[GATE_PASS] = "pass", [GATE_APPROVED] = "approved",
                                        [GATE_NEEDS_APPROVAL] = "needs approval", [GATE_REJECTED] = "rejected",
                                        [GATE_FAIL] = "fail"};
    return names[outcome];
}

/* ---- people ---- */

static bool is_member(const struct judging *j, struct str group, struct str principal)
{
    for (uint32_t i = 0; i < j->trust->policy.group_count; i++)
        if (str_equal(j->trust->policy.groups[i].name, group))
            for (uint32_t k = 0; k < j->trust->policy.groups[i].members.count; k++)
                if (gate_same_principal(j->trust->policy.groups[i].members.items[k], principal))
                    return true;
    return false;
}

static bool has_person(const struct gate_names *people, struct str principal)
{
    for (uint32_t i = 0; i < people->count; i++)
        if (gate_same_principal(people->items[i], principal))
            return true;
    return false;
}

/* ---- one statement ---- */

/* The first thing that it is bound to and that is not so now; "" = none. */
static struct str changed(const struct judging *j, const struct gate_binding *then)
{
    const struct gate_binding *now = &j->binding;
    const struct {
        const struct str *then, *now;
        const char *what;
    } parts[] = {
        {&then->repository, &now->repository, "it is for another repository"},
        {&then->model_sha256, &now->model_sha256, "the model has changed"},
        {&then->model, &now->model, "it is for a model at another path"},
        {&then->environment, &now->environment, "it is for another environment"},
        {&then->policy, &now->policy, "the definition of the gate has changed"},
        {&then->test_set, &now->test_set, "the test data has changed"},
        {&then->baseline, &now->baseline, "the baseline has changed"},
        {&then->report, &now->report, "the report has changed"},
        {&then->stage_key, &now->stage_key, "what the gate was judged from has changed"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!str_equal(*parts[i].then, *parts[i].now))
            return str_from(parts[i].what);
    return STR("");
}

static void set(struct gate_entry *entry, enum gate_state state, struct str why)
{
    entry->state = state;
    entry->why = why;
}

/* A rejection stands as long as the model is the same, whatever is changed around it. */
static void judge_rejection(struct judging *j, struct gate_entry *entry)
{
    const struct gate_binding *b = &entry->statement.binding;
    if (!str_equal(b->repository, j->binding.repository))
        set(entry, GATE_VOID, STR("it is for another repository"));
    else if (!str_equal(b->model_sha256, j->binding.model_sha256))
        set(entry, GATE_VOID, STR("the model has changed"));
    else if (b->environment.len > 0 && !str_equal(b->environment, j->binding.environment))
        set(entry, GATE_VOID, STR("it is for another environment"));
    else if (!is_member(j, j->rule.rule.group, entry->principal))
        set(entry, GATE_NOT_COUNTED, str_format(j->arena, STR_FMT " is not in the group `" STR_FMT "`",
                                                STR_ARG(entry->principal), STR_ARG(j->rule.rule.group)));
    else
        entry->why = entry->statement.reason;
}

static bool judge_time(struct judging *j, struct gate_entry *entry)
{
    const struct gate_statement *s = &entry->statement;
    int64_t end_ms = s->expires_at_ms;
    if (s->signed_at_ms > j->now_ms + CLOCKS_DIFFER_MS) {
        set(entry, GATE_NOT_COUNTED, STR("it says that it was signed in the future"));
        return false;
    }
    if (j->rule.rule.expires_ms > 0 && s->signed_at_ms + j->rule.rule.expires_ms < end_ms)
        end_ms = s->signed_at_ms + j->rule.rule.expires_ms;
    if (j->now_ms < end_ms)
        return true;
    struct str end = gate_time_text(j->arena, end_ms);
    set(entry, GATE_EXPIRED, str_format(j->arena, "it was good until " STR_FMT, STR_ARG(end)));
    return false;
}

static bool judge_person(struct judging *j, struct gate_entry *entry)
{
    struct str who = entry->principal, group = j->rule.rule.group;
    if (is_member(j, group, who) && j->rule.also_group.len > 0)
        group = j->rule.also_group;
    if (!is_member(j, group, who))
        set(entry, GATE_NOT_COUNTED,
            str_format(j->arena, STR_FMT " is not in the group `" STR_FMT "`", STR_ARG(who), STR_ARG(group)));
    else if (has_person(&j->people, who))
        set(entry, GATE_NOT_COUNTED, str_format(j->arena, STR_FMT " is counted already", STR_ARG(who)));
    else if (gate_names_have(&j->keys, entry->fingerprint))
        set(entry, GATE_NOT_COUNTED, STR("the key is counted already"));
    return entry->state == GATE_VALID;
}

static struct str since(const struct judging *j)
{
    if (j->question->since.len > 0)
        return j->question->since;
    const struct gate_environment *e = gate_policy_environment(&j->trust->policy, j->question->environment);
    return e != NULL ? e->since : STR("");
}

static enum status judge_author(struct judging *j, struct gate_entry *entry, struct error *err)
{
    enum status status = STATUS_OK;
    if (!j->rule.rule.not_author)
        return status;
    if (!j->authors_read)
        status = gate_authors_read(j->arena, &j->trust->signers, since(j), &j->authors, err);
    if (status != STATUS_OK)
        return status;
    j->authors_read = true;
    if (!j->authors.known)
        set(entry, GATE_NOT_COUNTED, j->authors.why);
    else if (has_person(&j->authors.people, entry->principal))
        set(entry, GATE_NOT_COUNTED, str_format(j->arena, STR_FMT " is an author of what is to be approved",
                                                STR_ARG(entry->principal)));
    return status;
}

static enum status judge_approval(struct judging *j, struct gate_entry *entry, struct error *err)
{
    struct str what = changed(j, &entry->statement.binding);
    if (what.len > 0)
        set(entry, GATE_VOID, what);
    if (what.len > 0 || !judge_time(j, entry) || !judge_person(j, entry))
        return STATUS_OK;
    enum status status = judge_author(j, entry, err);
    if (status == STATUS_OK && entry->state == GATE_VALID) {
        j->people.items[j->people.count++] = entry->principal;
        j->keys.items[j->keys.count++] = entry->fingerprint;
    }
    return status;
}

/* ---- all of them ---- */

static enum status judge_entries(struct judging *j, struct error *err)
{
    struct gate_entries *entries = &j->out->entries;
    enum status status = gate_statements_read(j->arena, j->trust, j->question->gate, entries, err);
    j->people.items = arena_array(j->arena, struct str, entries->count);
    j->keys.items = arena_array(j->arena, struct str, entries->count);
    for (uint32_t i = 0; i < entries->count && status == STATUS_OK; i++) {
        struct gate_entry *entry = &entries->items[i];
        if (entry->state == GATE_REJECTION)
            judge_rejection(j, entry);
        else if (entry->state == GATE_VALID)
            status = judge_approval(j, entry, err);
    }
    return status;
}

static const struct gate_entry *find_state(const struct gate_entries *entries, enum gate_state state)
{
    for (uint32_t i = entries->count; i-- > 0;)
        if (entries->items[i].state == state)
            return &entries->items[i];
    return NULL;
}

/* Why is what somebody signed not enough? The last one tells most. */
static void append_why_not(struct judging *j, struct buf *text)
{
    static const enum gate_state states[] = {GATE_VOID, GATE_EXPIRED, GATE_NOT_COUNTED};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const struct gate_entry *entry = find_state(&j->out->entries, states[i]);
        if (entry == NULL)
            continue;
        struct str who = entry->principal.len > 0 ? entry->principal : entry->file;
        buf_print(text, "; that of " STR_FMT " is %s: " STR_FMT, STR_ARG(who), gate_state_name(states[i]),
                  STR_ARG(str_printable(j->arena, entry->why)));
        return;
    }
}

static struct str describe_need(struct judging *j)
{
    const struct gate_judgement *out = j->out;
    struct buf text = {0};
    buf_print(&text, "gate `" STR_FMT "` needs %u approval%s by `" STR_FMT "`", STR_ARG(j->question->gate), out->need,
              out->need == 1 ? "" : "s", STR_ARG(j->rule.rule.group));
    if (out->need > j->rule.rule.need)
        buf_print(&text, " (one more than usual, since " STR_FMT ")", STR_ARG(j->authors.unsigned_commit));
    buf_print(&text, ", and has %u", out->have);
    append_why_not(j, &text);
    if (j->question->environment.len > 0)
        buf_print(&text, " (`refit approve " STR_FMT " --environment " STR_FMT "`)", STR_ARG(j->question->gate),
                  STR_ARG(j->question->environment));
    struct str made = str_dup(j->arena, buf_view(&text));
    buf_finish(&text);
    return made;
}

static void set_outcome(struct judging *j, enum gate_outcome outcome, struct str message)
{
    j->out->outcome = outcome;
    j->out->message = message;
}

static void count(struct judging *j, bool passes)
{
    struct gate_judgement *out = j->out;
    const struct gate_entry *rejection = find_state(&out->entries, GATE_REJECTION);
    bool more = j->authors_read && j->authors.known && j->authors.unsigned_commit.len > 0;
    out->have = j->people.count;
    out->need = j->rule.rule.need + more;
    if (rejection != NULL)
        set_outcome(j, GATE_REJECTED,
                    str_format(j->arena, "gate `" STR_FMT "` was rejected by " STR_FMT ": " STR_FMT,
                               STR_ARG(j->question->gate), STR_ARG(rejection->principal),
                               STR_ARG(str_printable(j->arena, rejection->statement.reason))));
    else if (passes)
        set_outcome(j, GATE_PASS, STR(""));
    else if (out->have >= out->need)
        set_outcome(j, GATE_APPROVED, str_format(j->arena, "gate `" STR_FMT "` was approved by %u of `" STR_FMT "`",
                                                 STR_ARG(j->question->gate), out->have, STR_ARG(j->rule.rule.group)));
    else
        set_outcome(j, GATE_NEEDS_APPROVAL, describe_need(j));
}

/* Nobody's approval counts: the policy does not know the gate, or there is no policy. */
static void judge_alone(struct judging *j, bool passes)
{
    struct str gate = j->question->gate;
    if (passes)
        set_outcome(j, GATE_PASS, STR(""));
    else if (!j->trust->pinned)
        set_outcome(j, GATE_NEEDS_APPROVAL,
                    str_format(j->arena, "gate `" STR_FMT "` needs an approval, and no policy says whose counts; set "
                               "`approvals.policy` and `approvals.signers` in ~/.config/refit/config.yaml",
                               STR_ARG(gate)));
    else
        set_outcome(j, GATE_NEEDS_APPROVAL,
                    str_format(j->arena, "gate `" STR_FMT "` needs an approval, and the policy has no rule for it",
                               STR_ARG(gate)));
}

enum status gate_judge(struct arena *arena, const struct gate_question *question, const struct gate_trust *trust,
                       int64_t now_ms, struct gate_judgement *out, struct error *err)
{
    struct judging j = {.arena = arena, .question = question, .trust = trust, .now_ms = now_ms, .out = out};
    *out = (struct gate_judgement){.outcome = GATE_NEEDS_APPROVAL, .message = STR("")};
    const struct gate_rule *rule = trust->pinned ? gate_policy_rule(&trust->policy, question->gate) : NULL;
    enum status status = rule != NULL ? gate_bind(arena, question, trust, &j.verdict, &j.binding, err)
                                      : gate_verdict_read(arena, question, &j.verdict, err);
    if (status != STATUS_OK)
        return status;
    bool clean = j.verdict.outcome == GATE_VERDICT_PASS || j.verdict.outcome == GATE_VERDICT_WARN;
    bool passes = clean && (!trust->pinned || question->altered.len == 0);
    if (rule != NULL) {
        status = gate_rule_make_strict(rule, question, &j.rule, err);
        if (status == STATUS_OK)
            status = judge_entries(&j, err);
    }
    if (status != STATUS_OK)
        return status;
    if (rule != NULL)
        count(&j, passes);
    else
        judge_alone(&j, passes);
    if (clean && out->outcome == GATE_NEEDS_APPROVAL)
        out->message = str_format(arena, STR_FMT "; it would pass, but " STR_FMT, STR_ARG(out->message),
                                  STR_ARG(question->altered));
    if (j.verdict.outcome == GATE_VERDICT_FAIL && out->outcome != GATE_REJECTED)
        set_outcome(&j, GATE_FAIL, str_format(arena, "gate `" STR_FMT "` failed; " STR_FMT " says why",
                                              STR_ARG(question->gate), STR_ARG(question->verdict_file)));
    return STATUS_OK;
}
