/* What a verdict and approvals come to, with keys and signatures of the real ssh-keygen. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "refit/base/fs.h"
#include "refit/execute.h"
#include "gate/gate.h"
#include "in_arena.h"
#include "scratch.h"

static char folder[SCRATCH_SIZE];
static struct gate_trust trust;
static struct gate_question question;

/* ---- a project in a folder, with a policy that is already read ---- */

static void write_text(const char *path, const char *text)
{
    struct error err;
    if (fs_write_atomic(path, "temporary", str_from(text), 0600, false, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

static struct str make_key(const char *name)
{
    struct buf output = {0}, complaint = {0};
    struct error err;
    int code;
    const char *const words[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name, NULL};
    assert_int_equal(helper_run(words, STR(""), &output, &complaint, &code, &err), STATUS_OK);
    assert_int_equal(code, 0);
    buf_clear(&output);
    assert_int_equal(fs_read(str_format(&arena, "%s.pub", name).ptr, 4096, &output, &err), STATUS_OK);
    struct str line = str_dup(&arena, buf_view(&output));
    buf_finish(&output);
    buf_finish(&complaint);
    return line;
}

static void parse_trust(const char *rule)
{
    struct error err;
    struct str policy = str_format(&arena, "repository: r\nprotected: none\ngroups: {leads: [ana@x, bo@x]}\n"
                                   "gates: {release: {group: leads, %s}}\n", rule);
    if (gate_policy_parse(&arena, policy, STR("p"), &trust.policy, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    trust.pinned = true;
}

static void write_verdict(const char *outcome, const char *role)
{
    struct str model, rows;
    struct error err;
    assert_int_equal(sha256_path(&arena, "model", &model, NULL, &err), STATUS_OK);
    assert_int_equal(sha256_path(&arena, "rows", &rows, NULL, &err), STATUS_OK);
    struct str inputs = str_format(&arena, "{\"model\":{\"sha256\":\"" STR_FMT "\"},\"rows\":{\"sha256\":\"" STR_FMT
                                   "\",\"role\":\"%s\"}}", STR_ARG(model), STR_ARG(rows), role);
    struct str text = str_format(&arena, "{\"format\":\"refit-verdict/1\",\"name\":\"release\",\"outcome\":\"%s\","
                                 "\"policy_sha256\":\"" STR_FMT "\",\"inputs\":" STR_FMT ",\"results\":[]}", outcome,
                                 STR_ARG(rows), STR_ARG(inputs));
    write_text("verdict.json", text.ptr);
}

static int set_up_project(void **state)
{
    struct value *definition;
    struct error err;
    set_up(state);
    assert_non_null(mkdtemp(scratch_name(folder, "gate")));
    assert_int_equal(chdir(folder), 0);
    struct str ana = make_key("ana"), bo = make_key("bo");
    struct str lines = str_format(&arena, "ana@x " STR_FMT "bo@x " STR_FMT, STR_ARG(ana), STR_ARG(bo));
    trust = (struct gate_trust){.pinned = true};
    assert_int_equal(gate_signers_parse(&arena, lines, STR("s"), &trust.signers, &err), STATUS_OK);
    parse_trust("not_author: false");
    write_text("model", "weights");
    write_text("rows", "1,2\n");
    write_verdict("needs_approval", "test");
    assert_int_equal(yaml_parse(&arena, STR("model: model\n"), STR("d"), &definition, &err), STATUS_OK);
    question = (struct gate_question){STR("release"), STR("verdict.json"), definition, STR("k"), STR(""), STR(""),
                                      STR("")};
    return 0;
}

static int tear_down_project(void **state)
{
    struct error err;
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(fs_remove_tree(folder, &err), STATUS_OK);
    return tear_down(state);
}

static void sign(const char *key, enum gate_decision decision)
{
    struct gate_verdict verdict;
    struct gate_statement statement = {.decision = decision, .reason = STR("why"), .signed_at_ms = 1700000000000};
    struct error err;
    struct str file;
    statement.expires_at_ms = decision == GATE_APPROVE ? 1800000000000 : 0;
    if (gate_bind(&arena, &question, &trust, &verdict, &statement.binding, &err) != STATUS_OK ||
        gate_sign(&arena, &trust, key, &statement, &file, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

static struct gate_judgement judge_at(int64_t now_ms)
{
    struct gate_judgement out;
    struct error err;
    if (gate_judge(&arena, &question, &trust, now_ms, &out, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return out;
}

static void comes_to(enum gate_outcome outcome, const char *message)
{
    struct gate_judgement out = judge_at(1700000001000);
    if (out.outcome != outcome || strstr(str_terminated(&arena, out.message), message) == NULL)
        fail_msg("%s: " STR_FMT, gate_outcome_name(out.outcome), STR_ARG(out.message));
}

/* ---- tests ---- */

static void a_pass_needs_nobody(void **state)
{
    (void)state;
    write_verdict("pass", "test");
    comes_to(GATE_PASS, "");
    write_verdict("warn", "test");
    comes_to(GATE_PASS, "");
    trust.pinned = false;
    comes_to(GATE_PASS, "");
}

/* The author of the predictions can write a test that they pass. */
static void a_pass_of_an_altered_evaluation_needs_approval(void **state)
{
    (void)state;
    write_verdict("pass", "test");
    question.altered = STR("the test data is not that of the protected branch");
    comes_to(GATE_NEEDS_APPROVAL, "it would pass, but the test data is not that of the protected branch");
    sign("ana", GATE_APPROVE);
    comes_to(GATE_APPROVED, "was approved by 1 of `leads`");
}

static void a_failure_cannot_be_approved(void **state)
{
    (void)state;
    write_verdict("fail", "test");
    comes_to(GATE_FAIL, "verdict.json says why");
    sign("ana", GATE_APPROVE);
    sign("bo", GATE_APPROVE);
    comes_to(GATE_FAIL, "gate `release` failed");
    trust.pinned = false;
    comes_to(GATE_FAIL, "gate `release` failed");
}

static void a_rejection_wins(void **state)
{
    (void)state;
    sign("ana", GATE_APPROVE);
    comes_to(GATE_APPROVED, "");
    sign("bo", GATE_REJECT);
    comes_to(GATE_REJECTED, "was rejected by bo@x: why");
    write_verdict("pass", "test");
    comes_to(GATE_REJECTED, "");
    question.environment = STR("production");
    comes_to(GATE_REJECTED, "");
    write_text("model", "other weights");
    write_verdict("pass", "test");
    comes_to(GATE_PASS, "");
}

static void roles_are_bound_apart(void **state)
{
    (void)state;
    struct gate_verdict verdict;
    struct gate_binding test, baseline;
    struct error err;
    assert_int_equal(gate_bind(&arena, &question, &trust, &verdict, &test, &err), STATUS_OK);
    write_verdict("needs_approval", "baseline");
    assert_int_equal(gate_bind(&arena, &question, &trust, &verdict, &baseline, &err), STATUS_OK);
    assert_true(str_equal(test.test_set, baseline.baseline) && str_equal(test.baseline, baseline.test_set));
    assert_false(str_equal(test.test_set, test.baseline));
}

static void time_is_the_callers(void **state)
{
    (void)state;
    sign("ana", GATE_APPROVE);
    assert_int_equal(judge_at(1799999999999).outcome, GATE_APPROVED);
    assert_int_equal(judge_at(1800000000000).outcome, GATE_NEEDS_APPROVAL);
    assert_int_equal(judge_at(1700000000000 - 5 * 60 * 1000).outcome, GATE_APPROVED);
    assert_int_equal(judge_at(1700000000000 - 5 * 60 * 1000 - 1).outcome, GATE_NEEDS_APPROVAL);
    parse_trust("not_author: false, expires: 1h");
    assert_int_equal(judge_at(1700000000000 + 3599999).outcome, GATE_APPROVED);
    assert_int_equal(judge_at(1700000000000 + 3600000).outcome, GATE_NEEDS_APPROVAL);
}

static void the_key_of_the_stage_counts(void **state)
{
    (void)state;
    sign("ana", GATE_APPROVE);
    question.stage_key = STR("other");
    comes_to(GATE_NEEDS_APPROVAL, "is void: what the gate was judged from has changed");
}

static void without_a_rule_nobody_approves(void **state)
{
    (void)state;
    sign("ana", GATE_APPROVE);
    trust.policy.rule_count = 0;
    comes_to(GATE_NEEDS_APPROVAL, "the policy has no rule for it");
    trust.pinned = false;
    comes_to(GATE_NEEDS_APPROVAL, "no policy says whose counts");
}

static void refuses_what_cannot_be_bound(void **state)
{
    (void)state;
    struct gate_judgement out;
    struct error err;
    struct value *definition;
    assert_int_equal(yaml_parse(&arena, STR("rows: {}\n"), STR("d"), &definition, &err), STATUS_OK);
    question.definition = definition;
    assert_int_equal(gate_judge(&arena, &question, &trust, 0, &out, &err), STATUS_MANIFEST);
    assert_non_null(strstr(err.message, "names no `model`"));
    question.gate = STR("plain");
    assert_int_equal(gate_judge(&arena, &question, &trust, 0, &out, &err), STATUS_MANIFEST);
    assert_non_null(strstr(err.message, "is the verdict of `release`, not of gate `plain`"));
    question.verdict_file = STR("none.json");
    assert_int_equal(gate_judge(&arena, &question, &trust, 0, &out, &err), STATUS_NOT_FOUND);
}

/* ---- the pin ---- */

static void git(const char *const *words)
{
    const char *all[16] = {"git", "-c", "user.name=a", "-c", "user.email=a@x"};
    size_t count = 5;
    struct buf output = {0}, complaint = {0};
    struct error err;
    int code;
    while (*words != NULL)
        all[count++] = *words++;
    assert_int_equal(helper_run(all, STR(""), &output, &complaint, &code, &err), STATUS_OK);
    if (code != 0)
        fail_msg("%s", complaint.ptr);
    buf_finish(&output);
    buf_finish(&complaint);
}

static enum status open_pinned(const char *policy, struct error *err)
{
    struct config_entry entries[] = {{STR("approvals.policy"), str_from(policy), STR("user:1")},
                                     {STR("approvals.ref"), STR("refs/heads/main"), STR("user:2")},
                                     {STR("approvals.signers"), STR("signers"), STR("user:3")},
                                     {STR("approvals.url"), str_from(folder), STR("user:4")}};
    struct config config = {.entries = entries, .entry_count = 4};
    return gate_trust_open(&arena, &config, str_format(&arena, "%s/below", folder), &trust, err);
}

/* Of a project below the top of its repository the branch's files have names that begin at the project. */
static void reads_the_protected_branch(void **state)
{
    (void)state;
    struct error err;
    write_text("policy.yaml", "repository: r\ngroups: {}\n");
    write_text("signers", "");
    assert_int_equal(fs_make_directories("below/approvals/release", &err), STATUS_OK);
    write_text("below/refit.lock", "the lock\n");
    write_text("below/approvals/heads", "heads\n");
    write_text("below/approvals/release/a.json", "{}");
    git((const char *const[]){"init", "-q", "-b", "main", NULL});
    git((const char *const[]){"add", "policy.yaml", "signers", "below", NULL});
    git((const char *const[]){"commit", "-q", "-m", "m", NULL});
    assert_int_equal(chdir("below"), 0);
    if (open_pinned("policy.yaml", &err) != STATUS_OK)
        fail_msg("%s", err.message);
    assert_true(trust.pinned && trust.protected_known && str_is(trust.policy.ref, "refs/heads/main"));
    assert_true(str_is(trust.lock, "the lock\n") && trust.file_count == 2);
    assert_true(str_is(trust.files[0].path, "approvals/heads") && str_is(trust.files[0].bytes, "heads\n"));
    assert_true(str_is(trust.files[1].path, "approvals/release/a.json") && str_is(trust.files[1].bytes, "{}"));
    assert_int_equal(open_pinned("none.yaml", &err), STATUS_MANIFEST);
    assert_false(trust.pinned);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_project, tear_down_project)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pass_needs_nobody),
        TEST(a_pass_of_an_altered_evaluation_needs_approval),
        TEST(a_failure_cannot_be_approved),
        TEST(a_rejection_wins),
        TEST(roles_are_bound_apart),
        TEST(time_is_the_callers),
        TEST(the_key_of_the_stage_counts),
        TEST(without_a_rule_nobody_approves),
        TEST(refuses_what_cannot_be_bound),
        TEST(reads_the_protected_branch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
