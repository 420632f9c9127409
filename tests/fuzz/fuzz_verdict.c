/* What others wrote about a gate: statements, verdicts, heads, lists of signers and policies. A statement that is read
 * is written the same again, byte by byte, since its digest is its name; heads are lines; a signer that is accepted is
 * one person with one key; digests and names are what they should be. */
#include <stdlib.h>
#include <string.h>

#include "gate/gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_statement(struct arena *arena, struct str text)
{
    struct gate_statement statement, back;
    struct error err = {.status = STATUS_OK};
    struct buf again = {0};
    if (gate_statement_parse(arena, text, STR("s"), &statement, &err) != STATUS_OK) {
        check(err.status == STATUS_MANIFEST && err.message[0] != '\0');
        return;
    }
    const struct gate_binding *b = &statement.binding;
    check(gate_is_name(b->gate) && gate_is_hex(b->model_sha256, SHA256_HEX) && gate_is_hex(b->report, SHA256_HEX));
    check(statement.signed_at_ms > 0 && statement.signed_at_ms % 1000 == 0);
    check(statement.decision == GATE_REJECT || statement.expires_at_ms > 0);
    gate_statement_print(&statement, &again);
    check(str_equal(buf_view(&again), text));
    check(gate_statement_parse(arena, buf_view(&again), STR("s"), &back, &err) == STATUS_OK);
    check(str_equal(back.reason, statement.reason) && back.parents.count == statement.parents.count);
    buf_finish(&again);
}

static void check_verdict(struct arena *arena, struct str text)
{
    struct gate_verdict verdict;
    struct error err = {.status = STATUS_OK};
    if (gate_verdict_parse(arena, text, STR("v"), &verdict, &err) != STATUS_OK) {
        check(err.status == STATUS_MANIFEST && err.message[0] != '\0');
        return;
    }
    check(verdict.name.len > 0 && gate_is_hex(verdict.policy_sha256, SHA256_HEX));
    for (uint32_t i = 0; i < verdict.input_count; i++) {
        check(gate_is_hex(verdict.inputs[i].sha256, SHA256_HEX) && verdict.inputs[i].path.len > 0);
        check(i == 0 || str_compare(verdict.inputs[i - 1].path, verdict.inputs[i].path) < 0);
    }
}

static void check_signers(struct arena *arena, struct str text)
{
    struct gate_signers signers;
    struct error err = {.status = STATUS_OK};
    if (gate_signers_parse(arena, text, STR("s"), &signers, &err) != STATUS_OK) {
        check(err.status == STATUS_MANIFEST && err.line > 0);
        return;
    }
    for (uint32_t i = 0; i < signers.count; i++) {
        const struct gate_signer *s = &signers.items[i];
        check(s->principal.len > 0 && s->key.len > 0);
        check(strpbrk(str_terminated(arena, s->principal), "*?!,\" \t") == NULL);
        check(strstr(str_terminated(arena, s->options), "authority") == NULL || str_find(s->options, '"') >= 0);
        for (uint32_t j = 0; j < i; j++)
            check(!str_equal(s->key, signers.items[j].key) ||
                  gate_same_principal(s->principal, signers.items[j].principal));
    }
}

static void check_policy(struct arena *arena, struct str text)
{
    struct gate_policy policy;
    struct error err = {.status = STATUS_OK};
    if (gate_policy_parse(arena, text, STR("p"), &policy, &err) != STATUS_OK) {
        check(err.status == STATUS_MANIFEST && err.message[0] != '\0');
        return;
    }
    check(policy.repository.len > 0 && (policy.url.len > 0) == (policy.ref.len > 0));
    for (uint32_t i = 0; i < policy.rule_count; i++)
        check(policy.rules[i].need > 0 && gate_is_name(policy.rules[i].gate));
    for (uint32_t i = 0; i < policy.environment_count; i++)
        for (uint32_t j = 0; j < policy.environments[i].gates.count; j++)
            check(gate_policy_rule(&policy, policy.environments[i].gates.items[j]) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct gate_names heads;
    struct str text = {(const char *)data, size};
    arena_init(&arena);
    check_statement(&arena, text);
    check_verdict(&arena, text);
    check_signers(&arena, text);
    check_policy(&arena, text);
    if (gate_heads_parse(&arena, text, &heads))
        check(heads.count * (SHA256_HEX + 1) == size);
    arena_finish(&arena);
    return 0;
}
