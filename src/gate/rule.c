/* The rule that a gate is judged by: the policy's, and what the definition asks for beyond it. */
#include "gate/gate.h"

static enum status refuse(const struct gate_question *question, const char *what, struct error *err)
{
    return error_set(err, STATUS_MANIFEST, "`approval` of gate `" STR_FMT "`: %s", STR_ARG(question->gate), what);
}

/* What the definition asks for can only add to the policy: it is in the checkout. */
enum status gate_rule_make_strict(const struct gate_rule *rule, const struct gate_question *question,
                                  struct gate_strict_rule *out, struct error *err)
{
    const struct value *approval = value_get(question->definition, STR("approval"));
    const struct value *need = value_get(approval, STR("need")), *group = value_get(approval, STR("group")),
                       *author = value_get(approval, STR("not_author")), *expires = value_get(approval, STR("expires"));
    uint64_t lasts_ms = 0;
    *out = (struct gate_strict_rule){*rule, STR("")};
    if (approval != NULL && approval->type != VALUE_MAP && approval->type != VALUE_NULL)
        return refuse(question, "it is a map such as {need: 2, expires: 14d}", err);
    if (need != NULL && (need->type != VALUE_INT || need->integer < 1 || need->integer > 1000))
        return refuse(question, "`need` is a number of people, from 1 on", err);
    if (group != NULL && group->type != VALUE_STRING)
        return refuse(question, "`group` is the name of a group of the policy", err);
    if (author != NULL && author->type != VALUE_BOOL)
        return refuse(question, "`not_author` is true or false", err);
    if (expires != NULL && (!parse_duration_ms(expires->text, &lasts_ms) || lasts_ms < 1000 ||
                            lasts_ms > INT64_MAX / 2))
        return refuse(question, "`expires` is a duration, such as 14d", err);
    if (need != NULL && (uint32_t)need->integer > rule->need)
        out->rule.need = (uint32_t)need->integer;
    if (group != NULL && !str_equal(group->text, rule->group))
        out->also_group = group->text;
    out->rule.not_author = rule->not_author || (author != NULL && author->boolean);
    if (lasts_ms > 0 && (rule->expires_ms == 0 || (int64_t)lasts_ms < rule->expires_ms))
        out->rule.expires_ms = (int64_t)lasts_ms;
    return STATUS_OK;
}
