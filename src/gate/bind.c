/* What an approval is bound to: digests of what is there now. */
#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>

#include "refit/base/sha256.h"

/* ---- the binding ---- */

static struct str text_at(const struct value *definition, const char *dotted)
{
    const struct value *v = value_find(definition, str_from(dotted));
    return v != NULL && v->type == VALUE_STRING ? v->text : STR("");
}

/* The verdict names roles where it knows them; else the definition does. */
static bool is_baseline(const struct gate_question *q, const struct gate_input *input)
{
    static const char *const places[] = {"baseline", "anchor", "rows.baseline", "rows.anchor"};
    if (input->role.len > 0)
        return str_is(input->role, "baseline") || str_is(input->role, "anchor");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (str_equal(text_at(q->definition, places[i]), input->path))
            return true;
    return false;
}

static enum status check_input(struct arena *arena, const struct gate_question *q, const struct gate_input *input,
                               struct error *err)
{
    struct str now;
    enum status status = sha256_path(arena, str_terminated(arena, input->path), &now, NULL, err);
    if (status != STATUS_OK)
        return error_wrap(err, "gate `" STR_FMT "`", STR_ARG(q->gate));
    if (str_equal(now, input->sha256))
        return STATUS_OK;
    return error_set(err, STATUS_MANIFEST, "the verdict of gate `" STR_FMT "` is about another content of " STR_FMT
                     " than is there now; run the gate again", STR_ARG(q->gate), STR_ARG(input->path));
}

static enum status bind_inputs(struct arena *arena, const struct gate_question *q, const struct gate_verdict *verdict,
                               struct gate_binding *out, struct error *err)
{
    struct path_digest *test = arena_array(arena, struct path_digest, verdict->input_count);
    struct path_digest *base = arena_array(arena, struct path_digest, verdict->input_count);
    uint32_t test_count = 0, base_count = 0;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < verdict->input_count && status == STATUS_OK; i++) {
        const struct gate_input *input = &verdict->inputs[i];
        struct path_digest file = {input->path, input->sha256};
        status = check_input(arena, q, input, err);
        if (is_baseline(q, input))
            base[base_count++] = file;
        else if (!str_equal(input->path, out->model))
            test[test_count++] = file;
    }
    if (status == STATUS_OK)
        status = sha256_map(arena, test, test_count, &out->test_set, err);
    if (status == STATUS_OK)
        status = sha256_map(arena, base, base_count, &out->baseline, err);
    return status;
}

enum status gate_verdict_read(struct arena *arena, const struct gate_question *q, struct gate_verdict *out,
                              struct error *err)
{
    bool found;
    struct str text;
    enum status status = gate_folder_read(arena, q->verdict_file, &found, &text, err);
    if (status == STATUS_OK && !found)
        return error_set(err, STATUS_NOT_FOUND, "gate `" STR_FMT "` has no verdict yet (" STR_FMT "); run it first",
                         STR_ARG(q->gate), STR_ARG(q->verdict_file));
    if (status == STATUS_OK)
        status = gate_verdict_parse(arena, text, q->verdict_file, out, err);
    if (status == STATUS_OK && !str_equal(out->name, q->gate))
        return error_set(err, STATUS_MANIFEST, STR_FMT " is the verdict of `" STR_FMT "`, not of gate `" STR_FMT "`",
                         STR_ARG(q->verdict_file), STR_ARG(out->name), STR_ARG(q->gate));
    return status;
}

enum status gate_bind(struct arena *arena, const struct gate_question *q, const struct gate_trust *trust,
                      struct gate_verdict *verdict, struct gate_binding *out, struct error *err)
{
    enum status status = gate_verdict_read(arena, q, verdict, err);
    if (status != STATUS_OK)
        return status;
    *out = (struct gate_binding){
        .gate = q->gate,
        .repository = trust->policy.repository,
        .environment = q->environment,
        .stage_key = q->stage_key,
        .model = text_at(q->definition, "model"),
        .report = verdict->sha256,
        .policy = verdict->policy_sha256,
    };
    if (out->model.len == 0 || memchr(out->model.ptr, 0, out->model.len) != NULL)
        return error_set(err, STATUS_MANIFEST, "gate `" STR_FMT "` names no `model`, so there is nothing that could be "
                         "approved; add it to the definition", STR_ARG(q->gate));
    if (!str_is_utf8(out->model))
        return error_set(err, STATUS_MANIFEST, "the path of the model of gate `" STR_FMT "` is not UTF-8; rename it",
                         STR_ARG(q->gate));
    status = sha256_path(arena, str_terminated(arena, out->model), &out->model_sha256, NULL, err);
    if (status != STATUS_OK)
        return error_wrap(err, "the model of gate `" STR_FMT "`", STR_ARG(q->gate));
    return bind_inputs(arena, q, verdict, out, err);
}
