/* The statement that is signed: in-toto Statement v1, in one form only. */
#include "gate/gate.h"

#include <string.h>

#include "refit/base/json.h"

static const char statement_type[] = "https://in-toto.io/Statement/v1";
static const char predicate_type[] = "urn:refit:approval:1";

/* ---- writing: the keys of each object in the order of their bytes ---- */

static void put_time(struct json *j, const char *key, int64_t at_ms)
{
    struct arena arena;
    arena_init(&arena);
    json_key(j, key);
    if (at_ms != 0)
        json_str(j, gate_time_text(&arena, at_ms));
    else
        json_null(j);
    arena_finish(&arena);
}

static void put_predicate(struct json *j, const struct gate_statement *s)
{
    const struct gate_binding *b = &s->binding;
    json_open_object(j);
    json_put_str(j, "baselineDigest", b->baseline);
    json_put_str(j, "decision", s->decision == GATE_APPROVE ? STR("approve") : STR("reject"));
    json_put_str(j, "environment", b->environment);
    put_time(j, "expiresAt", s->expires_at_ms);
    json_put_str(j, "gate", b->gate);
    json_key(j, "parents");
    json_open_array(j);
    for (uint32_t i = 0; i < s->parents.count; i++)
        json_str(j, s->parents.items[i]);
    json_close_array(j);
    json_put_str(j, "policyDigest", b->policy);
    json_put_str(j, "reason", s->reason);
    json_put_str(j, "reportDigest", b->report);
    json_put_str(j, "repository", b->repository);
    put_time(j, "signedAt", s->signed_at_ms);
    json_put_str(j, "signer", s->signer);
    json_put_str(j, "stageKey", b->stage_key);
    json_put_str(j, "testSetDigest", b->test_set);
    json_close_object(j);
}

void gate_statement_print(const struct gate_statement *statement, struct buf *out)
{
    struct json j;
    json_init(&j, out);
    json_open_object(&j);
    json_put_str(&j, "_type", str_from(statement_type));
    json_key(&j, "predicate");
    put_predicate(&j, statement);
    json_put_str(&j, "predicateType", str_from(predicate_type));
    json_key(&j, "subject");
    json_open_array(&j);
    json_open_object(&j);
    json_key(&j, "digest");
    json_open_object(&j);
    json_put_str(&j, "sha256", statement->binding.model_sha256);
    json_close_object(&j);
    json_put_str(&j, "name", statement->binding.model);
    json_close_object(&j);
    json_close_array(&j);
    json_close_object(&j);
    buf_char(out, '\n');
}

/* ---- reading ---- */

struct reading {
    struct arena *arena;
    const char *file;
    struct str fault; /* what is wrong; "" = nothing */
};

static struct str get(struct reading *r, const struct value *map, const char *key)
{
    const struct value *v = value_get(map, str_from(key));
    if (v != NULL && v->type == VALUE_STRING)
        return v->text;
    r->fault = str_format(r->arena, "`%s` is missing or no text", key);
    return STR("");
}

static struct str get_digest(struct reading *r, const struct value *map, const char *key)
{
    struct str text = get(r, map, key);
    if (!gate_is_hex(text, SHA256_HEX))
        r->fault = str_format(r->arena, "`%s` is no SHA-256", key);
    return text;
}

static int64_t get_time(struct reading *r, const struct value *map, const char *key)
{
    int64_t at_ms = 0;
    if (!gate_time_parse(get(r, map, key), &at_ms) || at_ms == 0)
        r->fault = str_format(r->arena, "`%s` is no time", key);
    return at_ms;
}

static void get_parents(struct reading *r, const struct value *predicate, struct gate_names *out)
{
    const struct value *parents = value_get(predicate, STR("parents"));
    bool good = parents != NULL && parents->type == VALUE_LIST;
    uint32_t count = good ? parents->list.count : 0;
    out->items = arena_array(r->arena, struct str, count);
    for (uint32_t i = 0; i < count && good; i++) {
        struct str id = parents->list.items[i]->type == VALUE_STRING ? parents->list.items[i]->text : STR("");
        good = gate_is_hex(id, SHA256_HEX) && (i == 0 || str_compare(out->items[i - 1], id) < 0);
        out->items[out->count++] = id;
    }
    if (!good)
        r->fault = STR("`parents` is no sorted list of SHA-256");
}

static void get_decision(struct reading *r, const struct value *predicate, struct gate_statement *out)
{
    struct str decision = get(r, predicate, "decision");
    const struct value *expires = value_get(predicate, STR("expiresAt"));
    bool never = expires != NULL && expires->type == VALUE_NULL;
    if (!str_is(decision, "approve") && !str_is(decision, "reject"))
        r->fault = STR("`decision` is neither approve nor reject");
    out->decision = str_is(decision, "approve") ? GATE_APPROVE : GATE_REJECT;
    out->expires_at_ms = never ? 0 : get_time(r, predicate, "expiresAt");
    if (never && out->decision == GATE_APPROVE)
        r->fault = STR("an approval must expire");
}

static void get_binding(struct reading *r, const struct value *root, struct gate_binding *out)
{
    const struct value *predicate = value_get(root, STR("predicate")), *subject = value_get(root, STR("subject"));
    const struct value *model = subject != NULL && subject->type == VALUE_LIST && subject->list.count == 1
                                    ? subject->list.items[0] : NULL;
    *out = (struct gate_binding){
        .gate = get(r, predicate, "gate"),
        .repository = get(r, predicate, "repository"),
        .environment = get(r, predicate, "environment"),
        .stage_key = get(r, predicate, "stageKey"),
        .model = get(r, model, "name"),
        .model_sha256 = get_digest(r, value_get(model, STR("digest")), "sha256"),
        .test_set = get_digest(r, predicate, "testSetDigest"),
        .report = get_digest(r, predicate, "reportDigest"),
        .policy = get_digest(r, predicate, "policyDigest"),
        .baseline = get_digest(r, predicate, "baselineDigest"),
    };
    if (!gate_is_name(out->gate))
        r->fault = STR("`gate` is no name of a gate");
}

/* Other bytes with the same meaning would be another statement with another digest: there is one form. */
static void check_form(struct reading *r, struct str text, const struct gate_statement *statement)
{
    struct buf again = {0};
    gate_statement_print(statement, &again);
    if (!str_equal(buf_view(&again), text))
        r->fault = STR("it is not in the form that refit writes, with these keys alone");
    buf_finish(&again);
}

enum status gate_statement_parse(struct arena *arena, struct str text, struct str file, struct gate_statement *out,
                                 struct error *err)
{
    struct reading r = {arena, str_terminated(arena, file), STR("")};
    struct value *root;
    *out = (struct gate_statement){.signed_at_ms = 0};
    enum status status = json_parse(arena, text, r.file, &root, err);
    if (status != STATUS_OK)
        return status;
    const struct value *predicate = value_get(root, STR("predicate"));
    get_binding(&r, root, &out->binding);
    get_decision(&r, predicate, out);
    get_parents(&r, predicate, &out->parents);
    out->reason = get(&r, predicate, "reason");
    out->signer = get(&r, predicate, "signer");
    out->signed_at_ms = get_time(&r, predicate, "signedAt");
    if (r.fault.len == 0)
        check_form(&r, text, out);
    if (r.fault.len == 0)
        return STATUS_OK;
    return error_at(err, STATUS_MANIFEST, r.file, 0, 0, "this is no approval: " STR_FMT, STR_ARG(r.fault));
}
