/* The words for a change of a field. */
#include "refit/fingerprint.h"

/* A value as people read it: an environment value without its mark, and nothing endless. */
static struct str shown(struct arena *arena, const struct field *field)
{
    enum { SHOWN_MAX = 120 };
    struct str value = field->value;
    if (field->tag == FIELD_ENV && str_starts(value, STR("=")))
        value = str_slice(value, 1, value.len);
    if (value.len > SHOWN_MAX) {
        size_t kept = SHOWN_MAX; /* no character is cut in two */
        while (kept > SHOWN_MAX - 4 && ((unsigned char)value.ptr[kept] & 0xc0) == 0x80)
            kept--;
        return str_format(arena, STR_FMT "...", STR_ARG(str_printable(arena, str_slice(value, 0, kept))));
    }
    return str_printable(arena, value);
}

/* Values that say nothing to a reader: digests. */
static bool is_opaque(const struct field *field)
{
    return field->tag == FIELD_DEP || field->tag == FIELD_FOUND ||
           (field->tag == FIELD_ENV && str_starts(field->value, STR("xxh3 "))) ||
           (field->tag == FIELD_PARAM && str_starts(field->value, STR("file ")));
}

static const char *noun(enum field_tag tag)
{
    switch (tag) {
    case FIELD_DEP:
    case FIELD_FOUND:
        return "dep ";
    case FIELD_OUT:
        return "out ";
    case FIELD_ENV:
        return "env ";
    case FIELD_TOOL:
        return "tool ";
    case FIELD_PARAM:
    case FIELD_COMMAND:
    case FIELD_PLATFORM:
    case FIELD_SHELL:
    case FIELD_WDIR:
    case FIELD_DEPFILE:
    case FIELD_TAG_END:
        break;
    }
    return "";
}

struct str field_change_text(struct arena *arena, const struct field *old, const struct field *now)
{
    const struct field *any = now ? now : old;
    struct str name = str_printable(arena, any->name);
    if (any->tag == FIELD_COMMAND)
        name = str_is(any->name, "0") ? STR("cmd") : str_format(arena, "cmd[" STR_FMT "]", STR_ARG(any->name));
    else if (any->name.len == 0)
        name = str_from(field_tag_name(any->tag));
    else if (any->tag == FIELD_FOUND)
        name = str_format(arena, STR_FMT " (found while running)", STR_ARG(name));
    const char *what = noun(any->tag);
    if (old == NULL && is_opaque(now))
        return str_format(arena, "new %s" STR_FMT, what, STR_ARG(name));
    if (now == NULL && is_opaque(old))
        return str_format(arena, "no more %s" STR_FMT, what, STR_ARG(name));
    if (old == NULL)
        return str_format(arena, "new %s" STR_FMT ": " STR_FMT, what, STR_ARG(name), STR_ARG(shown(arena, now)));
    if (now == NULL)
        return str_format(arena, "no more %s" STR_FMT " (was " STR_FMT ")", what, STR_ARG(name),
                          STR_ARG(shown(arena, old)));
    if (is_opaque(old) && is_opaque(now))
        return str_format(arena, "%s" STR_FMT " changed", what, STR_ARG(name));
    return str_format(arena, "%s" STR_FMT " " STR_FMT " → " STR_FMT, what, STR_ARG(name), STR_ARG(shown(arena, old)),
                      STR_ARG(shown(arena, now)));
}
