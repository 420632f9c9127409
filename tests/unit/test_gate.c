/* What is read about approvals: policies, allowed signers, statements, verdicts, heads; and times. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "gate/gate.h"
#include "in_arena.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY_A "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA"
#define KEY_B "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB"

/* ---- policies ---- */

static const char good_policy[] =
    "repository: corp/digits\n"
    "protected: {url: /srv/digits.git, ref: refs/heads/main}\n"
    "groups:\n"
    "  leads: [ana@example.org, bo@example.org]\n"
    "gates:\n"
    "  release: {group: leads, need: 2, not_author: false, expires: 14d}\n"
    "  plain: {group: leads}\n"
    "environments:\n"
    "  production: {gates: [release], since: 0123456789012345678901234567890123456789}\n"
    "  staging: {gates: []}\n";

static void reads_a_policy(void **state)
{
    (void)state;
    struct gate_policy policy;
    struct error err;
    assert_int_equal(gate_policy_parse(&arena, STR(""), STR("p"), &policy, &err), STATUS_MANIFEST);
    assert_int_equal(gate_policy_parse(&arena, str_from(good_policy), STR("p"), &policy, &err), STATUS_OK);
    const struct gate_rule *release = gate_policy_rule(&policy, STR("release")), *plain =
        gate_policy_rule(&policy, STR("plain"));
    assert_true(str_is(policy.repository, "corp/digits") && str_is(policy.url, "/srv/digits.git"));
    assert_true(str_is(policy.ref, "refs/heads/main") && policy.protection_given);
    assert_true(release->need == 2 && !release->not_author && release->expires_ms == 14LL * 24 * 3600 * 1000);
    assert_true(plain->need == 1 && plain->not_author && plain->expires_ms == 0);
    assert_null(gate_policy_rule(&policy, STR("other")));
    const struct gate_environment *production = gate_policy_environment(&policy, STR("production"));
    assert_true(production->gates.count == 1 && str_is(production->gates.items[0], "release"));
    assert_true(str_is(production->since, "0123456789012345678901234567890123456789"));
    assert_int_equal(gate_policy_environment(&policy, STR("staging"))->gates.count, 0);
    assert_null(gate_policy_environment(&policy, STR("moon")));
}

static void refuses_policies(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line;
        const char *message;
    } cases[] = {
        {"[]", 1, "the policy is a list"},
        {"groups: {}", 1, "`repository` must be there"},
        {"repository: a\nsigners: x", 2, "the policy has no `signers`"},
        {"repository: a\nprotected: main", 2, "`protected` is a string"},
        {"repository: a\nprotected: {url: x}", 2, "`ref` must be there"},
        {"repository: a\nprotected: {url: x, ref: y, more: z}", 2, "`protected` has no `more`"},
        {"repository: a\ngroups: {g: a}", 2, "a group is a string"},
        {"repository: a\ngroups: {g: [A@x, a@X]}", 2, "`a@X` is there twice"},
        {"repository: a\ngates: {r: {group: g}}", 2, "there is no group `g`"},
        {"repository: a\ngroups: {g: [a]}\ngates: {r: {group: g, need: 2}}", 3, "2 approvals are needed"},
        {"repository: a\ngroups: {g: [a]}\ngates: {r: {group: g, need: 0}}", 3, "`need` is a number of people"},
        {"repository: a\ngroups: {g: [a]}\ngates: {r: {group: g, need: 1.5}}", 3, "`need` is a number of people"},
        {"repository: a\ngroups: {g: [a]}\ngates: {r: {group: g, expires: 0}}", 3, "`expires` is a duration"},
        {"repository: a\ngroups: {g: [a]}\ngates: {r: {group: g, not_author: no}}", 3, "`not_author` is true or false"},
        {"repository: a\ngroups: {g: [a]}\ngates: {../r: {group: g}}", 3, "cannot be the name of a gate"},
        {"repository: a\ngroups: {g: [a]}\ngates: {r: {group: g, who: x}}", 3, "a gate has no `who`"},
        {"repository: a\nenvironments: {p: {}}", 2, "`gates` must be there"},
        {"repository: a\nenvironments: {p: {gates: [r]}}", 2, "there is no gate `r`"},
        {"repository: a\nenvironments: {p: {gates: [], since: v1.0}}", 2, "`since` is the full id of a commit"},
        {"repository: a\nrepository: b", 2, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gate_policy policy;
        struct error err;
        struct str text = str_from(cases[i].text);
        assert_int_equal(gate_policy_parse(&arena, text, STR("p.yaml"), &policy, &err), STATUS_MANIFEST);
        if (err.line != cases[i].line || strstr(err.message, cases[i].message) == NULL)
            fail_msg("%s\n%u: %s", cases[i].text, err.line, err.message);
        assert_string_equal(err.file, "p.yaml");
    }
}

/* ---- signers ---- */

static void reads_signers(void **state)
{
    (void)state;
    struct gate_signers signers;
    struct error err;
    struct str text = STR("# people\n\na@x " KEY_A " a comment\r\n"
                          "  b@x\tnamespaces=\"a b,git\",valid-before=\"20300101\" " KEY_B "\nA@x " KEY_A);
    assert_int_equal(gate_signers_parse(&arena, text, STR("s"), &signers, &err), STATUS_OK);
    assert_int_equal(signers.count, 3);
    assert_true(str_is(signers.items[0].principal, "a@x") && str_is(signers.items[0].options, ""));
    assert_true(str_is(signers.items[1].options, "namespaces=\"a b,git\",valid-before=\"20300101\""));
    assert_true(str_is(signers.items[1].type, "ssh-ed25519") && signers.items[1].line == 4);
    assert_int_equal(gate_signers_parse(&arena, STR(""), STR("s"), &signers, &err), STATUS_OK);
    assert_int_equal(signers.count, 0);
}

static void refuses_signers(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"*@x " KEY_A, "is a pattern"},
        {"a?@x " KEY_A, "is a pattern"},
        {"!a@x " KEY_A, "is a pattern"},
        {"a@x,b@x " KEY_A, "one key to several people"},
        {"\"a@x\" " KEY_A, "without quotes"},
        {"a@x cert-authority " KEY_A, "certificate authority"},
        {"a@x Cert-Authority,namespaces=\"n\" " KEY_A, "certificate authority"},
        {"a@x namespaces=\"n\",cert-authority " KEY_A, "certificate authority"},
        {"a@x no-touch-required " KEY_A, "no option that is known here"},
        {"a@x namespaces=\"n " KEY_A, "no option that is known here"},
        {"a@x ssh-ed25519-cert-v01@openssh.com AAAA", "a certificate is no key"},
        {"a@x ssh-ed25519", "a line is PRINCIPAL"},
        {"a@x ssh-ed25519 AA*A", "a line is PRINCIPAL"},
        {"a@x", "a line is PRINCIPAL"},
        {KEY_A, "no option that is known here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gate_signers signers;
        struct error err;
        struct str text = str_format(&arena, "# one\n%s\n", cases[i].text);
        assert_int_equal(gate_signers_parse(&arena, text, STR("s"), &signers, &err), STATUS_MANIFEST);
        if (err.line != 2 || strstr(err.message, cases[i].message) == NULL)
            fail_msg("%s\n%u: %s", cases[i].text, err.line, err.message);
    }
    struct gate_signers signers;
    struct error err;
    struct str text = STR("a@x " KEY_A "\nb@x " KEY_A "\n");
    assert_int_equal(gate_signers_parse(&arena, text, STR("s"), &signers, &err), STATUS_MANIFEST);
    assert_non_null(strstr(err.message, "the key of `b@x` is that of `a@x` in line 1"));
}

/* ---- statements ---- */

static struct gate_statement some_statement(void)
{
    static struct str parents[] = {{HEX64, 64},
                                   {"1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64}};
    return (struct gate_statement){
        .decision = GATE_APPROVE,
        .binding = {.gate = STR("release"), .repository = STR("corp/digits"), .environment = STR(""),
                    .stage_key = STR("00"), .model = STR("m\xc3\xb6\"del"), .model_sha256 = STR(HEX64),
                    .test_set = STR(HEX64), .report = STR(HEX64), .policy = STR(HEX64), .baseline = STR(HEX64)},
        .reason = STR("fine\nreally"),
        .signer = STR("SHA256:x"),
        .signed_at_ms = 1700000000000,
        .expires_at_ms = 1800000000000,
        .parents = {parents, 2},
    };
}

static void a_statement_reads_back(void **state)
{
    (void)state;
    struct gate_statement made = some_statement(), back;
    struct buf text = {0};
    struct error err;
    gate_statement_print(&made, &text);
    assert_non_null(strstr(text.ptr, "\"signedAt\":\"2023-11-14T22:13:20Z\""));
    assert_int_equal(gate_statement_parse(&arena, buf_view(&text), STR("s"), &back, &err), STATUS_OK);
    assert_true(str_equal(back.reason, made.reason) && str_equal(back.binding.model, made.binding.model));
    assert_true(back.signed_at_ms == made.signed_at_ms && back.expires_at_ms == made.expires_at_ms);
    assert_true(back.parents.count == 2 && str_equal(back.parents.items[1], made.parents.items[1]));
    buf_finish(&text);
}

static void refuse_change(const char *from, const char *to)
{
    struct gate_statement made = some_statement(), back;
    struct buf text = {0}, changed = {0};
    struct error err = {.status = STATUS_OK};
    gate_statement_print(&made, &text);
    const char *at = strstr(text.ptr, from);
    assert_non_null(at);
    buf_append(&changed, text.ptr, (size_t)(at - text.ptr));
    buf_str(&changed, str_from(to));
    buf_str(&changed, str_from(at + strlen(from)));
    if (gate_statement_parse(&arena, buf_view(&changed), STR("s"), &back, &err) != STATUS_MANIFEST)
        fail_msg("accepted: %s", changed.ptr);
    buf_finish(&text);
    buf_finish(&changed);
}

/* What reads as the same JSON is not the same statement. */
static void there_is_one_form(void **state)
{
    (void)state;
    refuse_change("\"decision\":\"approve\"", "\"decision\": \"approve\"");
    refuse_change("\"decision\":\"approve\",", "");
    refuse_change("\"decision\":\"approve\"", "\"decision\":\"Approve\"");
    refuse_change("\"decision\":\"approve\"", "\"decision\":\"approve\",\"decision\":\"approve\"");
    refuse_change("\"expiresAt\":\"2027", "\"expiresAt\":\"20270");
    refuse_change("\"expiresAt\":\"2027-01-15T08:00:00Z\"", "\"expiresAt\":null");
    refuse_change("-01-15T08", "-02-31T08");
    refuse_change("\"gate\":\"release\"", "\"gate\":\"../release\"");
    refuse_change("\"parents\":[\"0", "\"parents\":[\"9");
    refuse_change("\"parents\":[", "\"parents\":[1,");
    refuse_change("release", "rel\\u0065ase");
    refuse_change("urn:refit:approval:1", "urn:refit:approval:2");
    refuse_change("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1");
    refuse_change("\"subject\":[", "\"subject\":[{},");
    refuse_change("}\n", "}");
    refuse_change("}\n", "}\n\n");
    refuse_change("\"sha256\":\"0", "\"sha256\":\"X");
}

/* ---- verdicts ---- */

static void reads_a_verdict(void **state)
{
    (void)state;
    struct gate_verdict verdict;
    struct error err;
    struct str text = STR("{\"format\":\"refit-verdict/1\",\"name\":\"r\",\"outcome\":\"warn\","
                          "\"policy_sha256\":\"" HEX64
                          "\",\"inputs\":{\"b\":{\"sha256\":\"" HEX64 "\",\"bytes\":1,\"role\":\"baseline\"},\"a\":{"
                          "\"sha256\":\"" HEX64 "\"}},\"results\":[]}");
    assert_int_equal(gate_verdict_parse(&arena, text, STR("v"), &verdict, &err), STATUS_OK);
    assert_true(str_is(verdict.name, "r") && verdict.outcome == GATE_VERDICT_WARN && verdict.input_count == 2);
    assert_true(str_is(verdict.inputs[0].path, "a") && str_is(verdict.inputs[0].role, ""));
    assert_true(str_is(verdict.inputs[1].path, "b") && str_is(verdict.inputs[1].role, "baseline"));
    assert_int_equal(verdict.sha256.len, 64);
}

static void refuses_verdicts(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "", "[]", "{}", "{\"format\":\"refit-verdict/2\"}", "{\"format\":\"refit-verdict/1\"}",
        "{\"format\":\"refit-verdict/1\",\"name\":\"r\",\"outcome\":\"fine\"}",
        "{\"format\":\"refit-verdict/1\",\"name\":\"r\",\"outcome\":\"pass\",\"policy_sha256\":\"00\"}",
        "{\"format\":\"refit-verdict/1\",\"name\":\"r\",\"outcome\":\"pass\",\"policy_sha256\":\"" HEX64 "\"}",
        "{\"format\":\"refit-verdict/1\",\"name\":\"r\",\"outcome\":\"pass\",\"policy_sha256\":\"" HEX64
        "\",\"inputs\":{\"a\":\"b\"}}",
        "{\"format\":\"refit-verdict/1\",\"name\":\"r\",\"outcome\":\"pass\",\"policy_sha256\":\"" HEX64
        "\",\"inputs\":{\"\":{\"sha256\":\"" HEX64 "\"}}}",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gate_verdict verdict;
        struct error err;
        if (gate_verdict_parse(&arena, str_from(cases[i]), STR("v"), &verdict, &err) != STATUS_MANIFEST)
            fail_msg("accepted: %s", cases[i]);
    }
}

/* ---- small things ---- */

static void times_are_exact(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "2026-11-26T08:00:00", "2026-11-26 08:00:00Z", "2026-13-01T00:00:00Z",
                                      "2026-02-29T00:00:00Z", "2026-11-26T24:00:00Z", "2026-11-26T08:00:60Z",
                                      "+026-11-26T08:00:00Z", "1969-12-31T23:59:59Z", "2026-11-26T08:00:00ZZ"};
    int64_t at_ms;
    assert_true(gate_time_parse(STR("2026-11-26T08:00:00Z"), &at_ms));
    assert_int_equal(at_ms, 1795680000000);
    assert_true(str_is(gate_time_text(&arena, at_ms), "2026-11-26T08:00:00Z"));
    assert_true(gate_time_parse(STR("2024-02-29T23:59:59Z"), &at_ms));
    assert_true(str_is(gate_time_text(&arena, INT64_MAX), ""));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(gate_time_parse(str_from(bad[i]), &at_ms));
}

static void heads_are_lines(void **state)
{
    (void)state;
    struct gate_names heads;
    assert_true(gate_heads_parse(&arena, STR(""), &heads) && heads.count == 0);
    assert_true(gate_heads_parse(&arena, STR(HEX64 "\n" HEX64 "\n"), &heads) && heads.count == 2);
    assert_false(gate_heads_parse(&arena, STR(HEX64), &heads));
    assert_false(gate_heads_parse(&arena, STR(HEX64 "\n\n"), &heads));
    assert_false(gate_heads_parse(&arena, STR("<<<<<<< HEAD\n" HEX64 "\n"), &heads));
}

static void names_are_no_paths(void **state)
{
    (void)state;
    assert_true(gate_is_name(STR("release")) && gate_is_name(STR("r.1")) && gate_is_name(STR("\xc3\xb6")));
    assert_false(gate_is_name(STR("")) || gate_is_name(STR("..")) || gate_is_name(STR("a/b")));
    assert_false(gate_is_name(STR("-x")));
    assert_false(gate_is_name(STR("a b")) || gate_is_name(STR("a\nb")) || gate_is_name(STR("\xff")));
    assert_true(gate_same_principal(STR("Ana@X"), STR("aNA@x")));
    assert_false(gate_same_principal(STR("ana@x"), STR("ana@xy")) || gate_same_principal(STR("@"), STR("`")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_a_policy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_policies, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_signers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_signers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_statement_reads_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_is_one_form, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_a_verdict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_verdicts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_are_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(heads_are_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_no_paths, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
