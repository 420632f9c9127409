/* Reading the verdict of a gate. */
#include "gate/gate.h"

#include <stdlib.h>
#include <string.h>

#include "refit/base/json.h"

static enum status refuse(const char *file, struct error *err, const char *what)
{
    return error_at(err, STATUS_MANIFEST, file, 0, 0, "this is no verdict that can be judged: %s; run the gate again",
                    what);
}

static struct str text_of(const struct value *map, const char *key)
{
    const struct value *v = value_get(map, str_from(key));
    return v != NULL && v->type == VALUE_STRING ? v->text : STR("");
}

static bool read_outcome(struct str text, enum gate_verdict_outcome *out)
{
    static const char *const names[] = {"pass", "warn", "fail", "needs_approval"};
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        if (str_is(text, names[i])) {
            *out = (enum gate_verdict_outcome)i;
            return true;
        }
    return false;
}

static int compare_inputs(const void *a, const void *b)
{
    return str_compare(((const struct gate_input *)a)->path, ((const struct gate_input *)b)->path);
}

static bool read_inputs(struct arena *arena, const struct value *inputs, struct gate_verdict *out)
{
    if (inputs == NULL || inputs->type != VALUE_MAP)
        return false;
    out->inputs = arena_array(arena, struct gate_input, inputs->map.count);
    for (uint32_t i = 0; i < inputs->map.count; i++) {
        const struct value_pair *pair = &inputs->map.pairs[i];
        struct gate_input input = {pair->key, text_of(pair->value, "sha256"), text_of(pair->value, "role")};
        if (!gate_is_hex(input.sha256, SHA256_HEX) || input.path.len == 0 ||
            memchr(input.path.ptr, 0, input.path.len) != NULL)
            return false;
        out->inputs[out->input_count++] = input;
    }
    if (out->input_count > 1)
        qsort(out->inputs, out->input_count, sizeof *out->inputs, compare_inputs);
    return true;
}

struct str gate_finding(struct arena *arena, const struct value *result)
{
    struct str metric = text_of(result, "metric"), slice = text_of(result, "slice");
    struct str message = text_of(result, "message");
    if (metric.len == 0 || message.len == 0)
        return message;
    return str_format(arena, STR_FMT "%s" STR_FMT ": " STR_FMT, STR_ARG(metric), slice.len > 0 ? " of " : "",
                      STR_ARG(slice), STR_ARG(message));
}

static void read_findings(struct arena *arena, const struct value *results, struct gate_names *out)
{
    uint32_t count = results != NULL && results->type == VALUE_LIST ? results->list.count : 0;
    *out = (struct gate_names){arena_array(arena, struct str, count), 0};
    for (uint32_t i = 0; i < count; i++) {
        struct str finding = gate_finding(arena, results->list.items[i]);
        if (!str_is(text_of(results->list.items[i], "outcome"), "pass") && finding.len > 0)
            out->items[out->count++] = finding;
    }
}

enum status gate_verdict_parse(struct arena *arena, struct str text, struct str file, struct gate_verdict *out,
                               struct error *err)
{
    const char *name = str_terminated(arena, file);
    struct value *root;
    *out = (struct gate_verdict){.input_count = 0};
    enum status status = json_parse(arena, text, name, &root, err);
    if (status != STATUS_OK)
        return status;
    if (!str_is(text_of(root, "format"), "refit-verdict/1"))
        return refuse(name, err, "its format is not refit-verdict/1");
    out->name = text_of(root, "name");
    if (out->name.len == 0)
        return refuse(name, err, "it has no `name`");
    if (!read_outcome(text_of(root, "outcome"), &out->outcome))
        return refuse(name, err, "it has no `outcome`");
    out->policy_sha256 = text_of(root, "policy_sha256");
    if (!gate_is_hex(out->policy_sha256, SHA256_HEX))
        return refuse(name, err, "`policy_sha256` is no SHA-256");
    if (!read_inputs(arena, value_get(root, STR("inputs")), out))
        return refuse(name, err, "`inputs` is no map of files with their SHA-256");
    read_findings(arena, value_get(root, STR("results")), &out->findings);
    return gate_sha256(arena, text, &out->sha256, err);
}
