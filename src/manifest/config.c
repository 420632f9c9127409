/*
 * Configuration: one table of settings, filled from sources in order of priority.
 *
 * A file is a map of settings; `store: {path: X}` and `store.path: X` are the same. The command line comes as a source
 * named "command line" and is stronger than the environment, which is stronger than files.
 */
#include <stdlib.h>
#include <string.h>

#include "manifest/loader.h"
#include "manifest/machine.h"

static const char command_line[] = "command line";

/* Settings while they are gathered. */
struct settings {
    struct loader l;
    struct config *config;
    struct config_entry *entries; /* malloc'd */
    uint32_t count, cap;
    struct manifest_resource *resources; /* malloc'd */
    uint32_t resource_count, resource_cap;
    struct table index; /* the names of entries */
};

/* A setting as somebody wrote it. */
struct given {
    struct str name; /* dotted */
    const struct value_pair *pair;
    struct str origin;
};

typedef enum status (*setting_reader)(struct settings *s, const struct value *v, struct config *out, struct error *err);

/* ---- the settings ---- */

static enum status read_jobs(struct settings *s, const struct value *v, struct config *out, struct error *err)
{
    int64_t jobs = 0;
    enum status status = read_integer(&s->l, v, "`jobs`", 1, 65535, &jobs, err);
    out->jobs = (uint32_t)jobs;
    return status;
}

static enum status read_keep_going(struct settings *s, const struct value *v, struct config *out, struct error *err)
{
    int64_t failures = 0;
    enum status status = read_integer(&s->l, v, "`keep_going`", 0, UINT32_MAX, &failures, err);
    out->keep_going = (uint64_t)failures;
    return status;
}

static enum status read_grace(struct settings *s, const struct value *v, struct config *out, struct error *err)
{
    return read_duration(&s->l, v, "`grace`", &out->grace_ms, err);
}

static enum status read_compression(struct settings *s, const struct value *v, struct config *out, struct error *err)
{
    int64_t level = 0;
    enum status status = read_integer(&s->l, v, "`compression`", 0, 19, &level, err);
    out->compression = (int)level;
    return status;
}

static enum status read_store_path(struct settings *s, const struct value *v, struct config *out, struct error *err)
{
    struct loader *l = &s->l;
    enum status status = read_string(l, v, "`store.path`", &out->store_path, err);
    if (status == STATUS_OK && out->store_path.ptr[0] == '~')
        return REFUSE(l, v, err, "`~` means nothing in `store.path`; write the absolute path");
    return status;
}

static enum status read_store_budget(struct settings *s, const struct value *v, struct config *out, struct error *err)
{
    struct str text;
    if (!read_scalar_text(&s->l, v, &text))
        return read_type_error(&s->l, v, "`store.budget`", "a size, such as 10G", err);
    if (str_is(text, "none"))
        out->store_budget_bytes = UINT64_MAX;
    else if (!parse_bytes(text, &out->store_budget_bytes))
        return REFUSE(&s->l, v, err, "`store.budget` is `" STR_FMT "`; write a size, such as 500M or 10G, or none",
                      STR_ARG(text));
    return STATUS_OK;
}

/* Settings of approvals are text that is read where they are used. Whoever changes the checkout must not be able to
 * say whose approval counts. */
static enum status read_approvals(struct settings *s, const struct value *v, struct config *out, struct error *err)
{
    struct str text;
    (void)out;
    if (strcmp(s->l.file, "refit.config.yaml") == 0)
        return REFUSE(&s->l, v, err, "whose approvals count cannot be said in the checkout; write this into "
                      "~/.config/refit/config.yaml, or into .refit/config.yaml on this machine");
    return read_string(&s->l, v, "a setting of `approvals`", &text, err);
}

static const struct setting {
    struct str name;
    setting_reader read;
    const char *fallback; /* the default as text; NULL = of this machine */
} settings_table[] = {
    {{"approvals.key", 13}, read_approvals, ""},
    {{"approvals.policy", 16}, read_approvals, ""},
    {{"approvals.policy_sha256", 23}, read_approvals, ""},
    {{"approvals.ref", 13}, read_approvals, ""},
    {{"approvals.signers", 17}, read_approvals, ""},
    {{"approvals.signers_sha256", 24}, read_approvals, ""},
    {{"approvals.url", 13}, read_approvals, ""},
    {{"compression", 11}, read_compression, "3"},
    {{"grace", 5}, read_grace, "10s"},
    {{"jobs", 4}, read_jobs, NULL},
    {{"keep_going", 10}, read_keep_going, "1"},
    {{"store.budget", 12}, read_store_budget, "none"},
    {{"store.path", 10}, read_store_path, ".refit/store"},
};
enum { SETTING_COUNT = sizeof settings_table / sizeof *settings_table };

static const struct str resources_prefix = {"resources.", 10};

/* ---- gathering ---- */

static bool is_set(const struct settings *s, struct str name)
{
    return table_get(&s->index, name) != TABLE_NONE;
}

static void add_entry(struct settings *s, struct str name, struct str value, struct str origin)
{
    MEM_GROW(s->entries, s->count, s->cap);
    table_add(&s->index, name, s->count);
    s->entries[s->count++] = (struct config_entry){name, value, origin};
}

static void add_resource(struct settings *s, struct manifest_resource resource)
{
    MEM_GROW(s->resources, s->resource_count, s->resource_cap);
    s->resources[s->resource_count++] = resource;
}

/* Reads a setting even if a stronger source has set it: a mistake in a file is always told. */
static enum status take_resource(struct settings *s, const struct given *given, struct error *err)
{
    struct value_pair pair = *given->pair;
    pair.key = str_slice(given->name, resources_prefix.len, given->name.len);
    struct manifest_resource resource;
    enum status status = read_resource(&s->l, &pair, &resource, err);
    if (status == STATUS_OK && str_is(resource.name, "gpus") && resource.amount > RESOURCE_GPUS_MAX)
        status = REFUSE(&s->l, pair.value, err, "`resources.gpus` is %llu, and at most %d are handed out; lower it",
                        (unsigned long long)resource.amount, RESOURCE_GPUS_MAX);
    if (status != STATUS_OK || is_set(s, given->name))
        return status;
    struct str text = STR("");
    read_scalar_text(&s->l, pair.value, &text);
    add_resource(s, resource);
    add_entry(s, given->name, text, given->origin);
    return STATUS_OK;
}

static enum status unknown_setting(struct settings *s, const struct given *given, struct error *err)
{
    struct str names[SETTING_COUNT + 1];
    for (int i = 0; i < SETTING_COUNT; i++)
        names[i] = settings_table[i].name;
    names[SETTING_COUNT] = STR("resources");
    return REFUSE(&s->l, given->pair, err, "unknown setting `" STR_FMT "`%s", STR_ARG(given->name),
                  loader_hint(&s->l, given->name, names, SETTING_COUNT + 1));
}

static enum status take_setting(struct settings *s, const struct given *given, struct error *err)
{
    if (str_starts(given->name, resources_prefix))
        return take_resource(s, given, err);
    const struct setting *setting = settings_table;
    while (setting < settings_table + SETTING_COUNT && !str_equal(setting->name, given->name))
        setting++;
    if (setting == settings_table + SETTING_COUNT)
        return unknown_setting(s, given, err);
    struct config scratch = *s->config;
    enum status status = setting->read(s, given->pair->value, &scratch, err);
    if (status != STATUS_OK || is_set(s, given->name))
        return status;
    struct str text = STR("");
    read_scalar_text(&s->l, given->pair->value, &text);
    *s->config = scratch;
    add_entry(s, given->name, text, given->origin);
    return STATUS_OK;
}

static struct str origin_of(struct settings *s, struct str file, uint32_t line)
{
    if (str_is(file, command_line))
        return STR("command line");
    return str_format(s->l.arena, STR_FMT ":%u", STR_ARG(file), line);
}

/* ---- sources ---- */

/* Settings that may be written as a map, and such a map. */
static const struct group {
    struct str name;
    const char *what, *example;
} groups[] = {{{"approvals", 9}, "`approvals`", "a map such as {policy: FILE, signers: FILE}"},
              {{"resources", 9}, "`resources`", "a map such as {gpus: 2}"},
              {{"store", 5}, "`store`", "a map such as {path: FOLDER}"}};

static const struct group *find_group(struct str name)
{
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (str_equal(groups[i].name, name))
            return &groups[i];
    return NULL;
}

/* A map directly under the name of a group is spread into dotted names. */
static enum status take_pair(struct settings *s, struct str file, const struct value_pair *pair, struct seen *seen,
                             struct str prefix, struct error *err)
{
    struct str name = prefix.len ? str_format(s->l.arena, STR_FMT "." STR_FMT, STR_ARG(prefix), STR_ARG(pair->key))
                                 : pair->key;
    const struct group *group = prefix.len == 0 ? find_group(pair->key) : NULL;
    if (group != NULL && pair->value->type == VALUE_NULL)
        return STATUS_OK;
    if (group != NULL && pair->value->type != VALUE_MAP)
        return read_type_error(&s->l, pair->value, group->what, group->example, err);
    if (group != NULL) {
        enum status status = STATUS_OK;
        for (uint32_t i = 0; i < pair->value->map.count && status == STATUS_OK; i++)
            status = take_pair(s, file, &pair->value->map.pairs[i], seen, name, err);
        return status;
    }
    if (seen_add(seen, name, 0) != TABLE_NONE)
        return REFUSE(&s->l, pair, err, "the setting `" STR_FMT "` is there twice; remove one", STR_ARG(name));
    struct given given = {name, pair, origin_of(s, file, pair->line)};
    return take_setting(s, &given, err);
}

static enum status take_source(struct settings *s, const struct config_source *source, struct error *err)
{
    struct arena *arena = s->l.arena;
    struct str file = str_dup(arena, source->file);
    s->l.file = file.ptr;
    struct value *root;
    enum status status = yaml_parse(arena, source->text, file, &root, err);
    if (status != STATUS_OK || root->type == VALUE_NULL)
        return status;
    if (root->type != VALUE_MAP)
        return read_type_error(&s->l, root, "the configuration", "a map of settings", err);
    struct seen seen = {0};
    for (uint32_t i = 0; i < root->map.count && status == STATUS_OK; i++)
        status = take_pair(s, file, &root->map.pairs[i], &seen, STR(""), err);
    seen_finish(&seen);
    return status;
}

/* An empty variable counts as unset. */
static struct str environment(struct arena *arena, const char *name)
{
    return str_dup(arena, str_from(getenv(name)));
}

static enum status take_environment(struct settings *s, struct error *err)
{
    struct arena *arena = s->l.arena;
    struct str store = environment(arena, "REFIT_STORE"), jobs = environment(arena, "REFIT_JOBS");
    if (store.len > 0 && !is_set(s, STR("store.path"))) {
        s->config->store_path = store;
        add_entry(s, STR("store.path"), store, STR("environment REFIT_STORE"));
    }
    if (jobs.len == 0)
        return STATUS_OK;
    uint64_t milli;
    if (!parse_milli(jobs, &milli) || milli % 1000 != 0 || milli == 0 || milli / 1000 > 65535)
        return error_set(err, STATUS_MANIFEST, "the environment variable REFIT_JOBS must be a whole number from 1 to "
                         "65535, not `" STR_FMT "`; correct or unset it", STR_ARG(jobs));
    if (!is_set(s, STR("jobs"))) {
        s->config->jobs = (uint32_t)(milli / 1000);
        add_entry(s, STR("jobs"), jobs, STR("environment REFIT_JOBS"));
    }
    return STATUS_OK;
}

static void add_machine_default(struct settings *s, struct str name, struct str shown, uint64_t amount)
{
    struct str full = str_format(s->l.arena, "resources." STR_FMT, STR_ARG(name));
    if (is_set(s, full))
        return;
    add_resource(s, (struct manifest_resource){.name = name, .amount = amount});
    add_entry(s, full, shown, STR("default"));
}

static void add_defaults(struct settings *s)
{
    struct arena *arena = s->l.arena;
    struct str cpus = str_format(arena, "%u", machine_cpus());
    for (int i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &settings_table[i];
        if (!is_set(s, setting->name))
            add_entry(s, setting->name, setting->fallback ? str_from(setting->fallback) : cpus, STR("default"));
    }
    uint64_t memory = machine_memory_bytes();
    uint32_t gpus = machine_gpus() < RESOURCE_GPUS_MAX ? machine_gpus() : RESOURCE_GPUS_MAX;
    add_machine_default(s, STR("cpus"), cpus, (uint64_t)machine_cpus() * 1000);
    add_machine_default(s, STR("mem"), str_format(arena, "%lluM", (unsigned long long)(memory >> 20)), memory);
    add_machine_default(s, STR("gpus"), str_format(arena, "%u", gpus), gpus);
}

static int compare_entries(const void *a, const void *b)
{
    const struct config_entry *x = a, *y = b;
    return str_compare(x->name, y->name);
}

/* Sources that come before the environment, or those that come after it. */
static enum status take_sources(struct settings *s, const struct config_source *sources, uint32_t count, bool strong,
                                struct error *err)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        if (str_is(sources[i].file, command_line) == strong)
            status = take_source(s, &sources[i], err);
    return status;
}

enum status config_load(struct arena *arena, const struct config_source *sources, uint32_t count, struct config *out,
                        struct error *err)
{
    struct config config = {
        .store_path = STR(""),
        .store_budget_bytes = UINT64_MAX,
        .jobs = machine_cpus(),
        .keep_going = 1,
        .grace_ms = 10000,
        .compression = 3,
    };
    struct settings s = {.l = {.arena = arena}, .config = &config};
    enum status status = take_sources(&s, sources, count, true, err);
    if (status == STATUS_OK)
        status = take_environment(&s, err);
    if (status == STATUS_OK)
        status = take_sources(&s, sources, count, false, err);
    if (status != STATUS_OK)
        goto out;
    add_defaults(&s);
    qsort(s.entries, s.count, sizeof *s.entries, compare_entries);
    sort_resources(s.resources, s.resource_count);
    config.entries = arena_copy(arena, s.entries, mem_product(s.count, sizeof *s.entries));
    config.entry_count = s.count;
    config.resources = arena_copy(arena, s.resources, mem_product(s.resource_count, sizeof *s.resources));
    config.resource_count = s.resource_count;
    *out = config;
out:
    free(s.entries);
    free(s.resources);
    table_finish(&s.index);
    return status;
}
