/* A stage: its name, and one table of its keys with what reads each. */
#include <string.h>

#include "manifest/loader.h"
#include "refit/base/path.h"

const char *stage_kind_name(enum stage_kind kind)
{
    static const char *const names[] = {
        [STAGE_PLAIN] = "",      [STAGE_DATA] = "data",     [STAGE_CODE] = "code",
        [STAGE_MODEL] = "model", [STAGE_DEPLOY] = "deploy",
    };
    return names[kind];
}

/* ---- keys with one value ---- */

static enum status load_wdir(struct loader *l, const struct value *v, struct error *err)
{
    struct manifest_stage *stage = l->stage;
    struct str raw;
    enum status status = read_string(l, v, "`wdir`", &raw, err);
    if (status == STATUS_OK)
        status = read_path(l, l->base, raw, (struct position){v->line, v->column}, &stage->wdir, err);
    if (status == STATUS_OK && !path_is_inside(stage->wdir))
        return REFUSE(l, v, err, "the working directory `" STR_FMT "`%s is outside the project; choose one inside",
                      STR_ARG(stage->wdir), loader_where(l));
    return status;
}

static enum status load_kind(struct loader *l, const struct value *v, struct error *err)
{
    static const struct str kinds[] = {{"data", 4}, {"code", 4}, {"model", 5}, {"deploy", 6}};
    struct str name;
    enum status status = read_string(l, v, "`kind`", &name, err);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_equal(name, kinds[i])) {
            l->stage->kind = (enum stage_kind)(STAGE_DATA + i);
            return STATUS_OK;
        }
    return REFUSE(l, v, err, "unknown kind `" STR_FMT "`%s%s", STR_ARG(name), loader_where(l),
                  loader_hint(l, name, kinds, sizeof kinds / sizeof *kinds));
}

static enum status load_shell(struct loader *l, const struct value *v, struct error *err)
{
    return read_shell(l, v, &l->stage->shell, err);
}

enum status read_shell(struct loader *l, const struct value *v, struct str *out, struct error *err)
{
    enum status status = read_string(l, v, "`shell`", out, err);
    if (status == STATUS_OK && str_find(*out, ' ') >= 0 && str_find(*out, '/') < 0)
        return REFUSE(l, v, err, "`shell`%s is the name or path of one program, without options; put them into `cmd`",
                      loader_where(l));
    return status;
}

static enum status load_desc(struct loader *l, const struct value *v, struct error *err)
{
    if (v->type == VALUE_NULL)
        return STATUS_OK;
    if (!is_text(v))
        return read_type_error(l, v, "`desc`", "a string", err);
    return v->text.len > 0 ? read_string(l, v, "`desc`", &l->stage->desc, err) : STATUS_OK;
}

static enum status load_meta(struct loader *l, const struct value *v, struct error *err)
{
    (void)err;
    l->stage->meta = (struct value *)v;
    return STATUS_OK;
}

static enum status load_timeout(struct loader *l, const struct value *v, struct error *err)
{
    return read_duration(l, v, "`timeout`", &l->stage->timeout_ms, err);
}

static enum status load_retries(struct loader *l, const struct value *v, struct error *err)
{
    int64_t retries = 0;
    enum status status = read_integer(l, v, "`retries`", 0, 100, &retries, err);
    l->stage->retries = (uint32_t)retries;
    return status;
}

static enum status load_frozen(struct loader *l, const struct value *v, struct error *err)
{
    return read_bool(l, v, "`frozen`", &l->stage->frozen, err);
}

static enum status load_always_changed(struct loader *l, const struct value *v, struct error *err)
{
    return read_bool(l, v, "`always_changed`", &l->stage->always_changed, err);
}

static enum status load_portable(struct loader *l, const struct value *v, struct error *err)
{
    return read_bool(l, v, "`portable`", &l->stage->portable, err);
}

static enum status load_console(struct loader *l, const struct value *v, struct error *err)
{
    return read_bool(l, v, "`console`", &l->stage->console, err);
}

static enum status load_environment(struct loader *l, const struct value *v, struct error *err)
{
    if (l->stage->kind != STAGE_DEPLOY)
        return REFUSE(l, v, err, "`environment`%s: only a stage of `kind: deploy` goes to one", loader_where(l));
    return read_string(l, v, "`environment`", &l->stage->environment, err);
}

/* ---- the table ---- */

typedef enum status (*key_loader)(struct loader *l, const struct value *v, struct error *err);

/* In the order in which they are read: paths need `wdir`; the three kinds of outs are read together. DVC knows those
 * before `kind`. */
#define KEY_TABLE(X)               \
    X(wdir, load_wdir)             \
    X(cmd, load_cmd)               \
    X(deps, load_deps)             \
    X(params, load_params)         \
    X(outs, NULL)                  \
    X(metrics, NULL)               \
    X(plots, NULL)                 \
    X(desc, load_desc)             \
    X(meta, load_meta)             \
    X(frozen, load_frozen)         \
    X(always_changed, load_always_changed) \
    X(kind, load_kind)             \
    X(env, load_env)               \
    X(resources, load_resources)   \
    X(timeout, load_timeout)       \
    X(retries, load_retries)       \
    X(shell, load_shell)           \
    X(needs, load_needs)           \
    X(depfile, load_depfile)       \
    X(tools, load_tools)           \
    X(portable, load_portable)     \
    X(console, load_console)       \
    X(environment, load_environment) \
    X(use, NULL)                   \
    X(with, NULL)

enum stage_key {
#define X(name, load) KEY_##name,
    KEY_TABLE(X)
#undef X
        KEY_COUNT,
    KEY_OWN = KEY_kind /* the first that DVC does not know */
};

static const struct str key_names[] = {
#define X(name, load) {#name, sizeof #name - 1},
    KEY_TABLE(X)
#undef X
};

static const key_loader key_loaders[] = {
#define X(name, load) load,
    KEY_TABLE(X)
#undef X
};

static enum status unknown_key(struct loader *l, const struct value_pair *pair, struct error *err)
{
    if (str_is(pair->key, "expect") || str_is(pair->key, "gates"))
        return REFUSE(l, pair, err, "`" STR_FMT "`%s belongs to the top level, where checks have names of their own",
                      STR_ARG(pair->key), loader_where(l));
    return REFUSE(l, pair, err, "unknown key `" STR_FMT "`%s%s", STR_ARG(pair->key), loader_where(l),
                  loader_hint(l, pair->key, key_names, l->dialect == MANIFEST_DVC ? KEY_OWN : KEY_COUNT));
}

/* Sorts the pairs of a stage into `values` by what they are. */
static enum status find_keys(struct loader *l, const struct value *map, const struct value *values[KEY_COUNT],
                             struct error *err)
{
    for (uint32_t i = 0; i < map->map.count; i++) {
        const struct value_pair *pair = &map->map.pairs[i];
        int key = 0;
        while (key < KEY_COUNT && !str_equal(pair->key, key_names[key]))
            key++;
        if (key == KEY_COUNT)
            return unknown_key(l, pair, err);
        if (l->dialect == MANIFEST_DVC && key >= KEY_OWN)
            return REFUSE(l, pair, err, "`" STR_FMT "`%s " OWN_KEY, STR_ARG(pair->key), loader_where(l));
        values[key] = pair->value;
    }
    return STATUS_OK;
}

static enum status load_keys(struct loader *l, const struct value *map, struct error *err)
{
    const struct value *values[KEY_COUNT] = {0};
    enum status status = find_keys(l, map, values, err);
    if (status == STATUS_OK && values[KEY_cmd] == NULL)
        status = REFUSE(l, &l->stage->at, err, "stage `" STR_FMT "` has no `cmd`; say what to run",
                        STR_ARG(l->stage->name));
    for (int key = 0; key < KEY_COUNT && status == STATUS_OK; key++)
        if (values[key] != NULL && key_loaders[key] != NULL)
            status = key_loaders[key](l, values[key], err);
    if (status == STATUS_OK)
        status = check_quotes(l, err);
    const struct value *const outs[3] = {values[KEY_outs], values[KEY_metrics], values[KEY_plots]};
    if (status == STATUS_OK)
        status = load_outs(l, outs, err);
    return status == STATUS_OK ? check_depfile(l, err) : status;
}

/* ---- names ---- */

bool is_stage_name_byte(unsigned char c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || c >= 0x80 || (c != '\0' && strchr("_-.@+", c) != NULL);
}

/* White space and controls outside ASCII: U+0080 to U+00A0, U+2028 and U+2029, U+3000, U+FEFF. */
static bool has_odd_space(struct str name)
{
    for (size_t i = 0; i + 1 < name.len; i++) {
        struct str rest = str_slice(name, i, name.len);
        unsigned char c = (unsigned char)rest.ptr[1];
        if ((rest.ptr[0] == '\xc2' && c <= 0xa0) || str_starts(rest, STR("\xe2\x80\xa8")) ||
            str_starts(rest, STR("\xe2\x80\xa9")) || str_starts(rest, STR("\xe3\x80\x80")) ||
            str_starts(rest, STR("\xef\xbb\xbf")))
            return true;
    }
    return false;
}

/* A name for a message, however long and odd it is. */
static struct str printable_start(struct loader *l, struct str name)
{
    return str_printable(l->arena, name.len > 80 ? str_slice(name, 0, 80) : name);
}

enum status check_stage_name(struct loader *l, struct str name, uint32_t line, uint32_t column, struct error *err)
{
    enum { NAME_BYTES_MAX = 200 }; /* names become file names, with something behind them */
    struct position at = {line, column};
    if (name.len == 0)
        return REFUSE(l, &at, err, "the name of a stage cannot be empty");
    if (name.len > NAME_BYTES_MAX) {
        struct str start = printable_start(l, name);
        return REFUSE(l, &at, err, "the stage name `" STR_FMT "...` is longer than %d bytes; shorten it",
                      STR_ARG(start), NAME_BYTES_MAX);
    }
    bool dvc = l->dialect == MANIFEST_DVC; /* which takes what it is given */
    bool good = name.ptr[0] != '-' && name.ptr[0] != '.' && str_is_utf8(name) && !has_odd_space(name);
    /* Behind the mark is whatever a group goes through: paths, words, numbers. */
    ptrdiff_t mark = dvc ? 0 : str_find(name, '@');
    for (size_t i = 0; i < name.len && good; i++)
        good = is_stage_name_byte((unsigned char)name.ptr[i]) ||
               (mark >= 0 && (dvc || i > (size_t)mark) && (unsigned char)name.ptr[i] >= ' ' && name.ptr[i] != 0x7f);
    if (good)
        return STATUS_OK;
    struct str start = printable_start(l, name);
    if (dvc)
        return REFUSE(l, &at, err, "`" STR_FMT "` cannot name a stage; take out what is not printable", STR_ARG(start));
    return REFUSE(l, &at, err,
                  "`" STR_FMT "` cannot name a stage; use letters, digits and `_ - . @ +`, not `-` or `.` first",
                  STR_ARG(start));
}

enum status load_stage(struct loader *l, const struct value_pair *pair, struct manifest_stage *out, struct error *err)
{
    *out = (struct manifest_stage){
        .name = stage_full_name(l, pair->key),
        .file = str_from(l->file),
        .at = {pair->line, pair->column},
        .wdir = l->base,
        .shell = l->shell.len > 0 ? l->shell : STR("/bin/sh"),
        .tools = l->tools,
        .tool_count = l->tool_count,
        .depfile = STR(""),
        .rule = STR(""),
        .desc = STR(""),
        .environment = STR(""),
    };
    enum status status = check_stage_name(l, pair->key, pair->line, pair->column, err);
    if (status != STATUS_OK)
        return status;
    if (pair->value->type != VALUE_MAP)
        return REFUSE(l, pair, err, "stage `" STR_FMT "` must be a map with `cmd`, not %s", STR_ARG(pair->key),
                      value_type_name(pair->value->type));
    l->stage = out;
    const struct value *map = pair->value;
    if (l->dialect == MANIFEST_REFIT)
        status = rule_expand(l, &map, &out->rule, err);
    if (out->rule.len > 0) /* words of a rule are quoted for this one, whatever the file's is */
        out->shell = STR("/bin/sh");
    if (status == STATUS_OK)
        status = load_keys(l, map, err);
    l->stage = NULL;
    return status;
}
